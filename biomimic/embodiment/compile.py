"""Compile a body of the package musclemimic-models or one of our own, with or without fingers."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import mujoco
import musclemimic_models

from biomimic.embodiment.description import Description

_FOLDER = Path(__file__).parent


def source(description: Description) -> Path:
    """The XML file of a body."""
    if description.file:
        return _FOLDER / description.file
    return Path(musclemimic_models.get_xml_path(description.package_name))


def compile_model(
    path: Path,
    *,
    without_joints: Sequence[str],
    without_muscles: Sequence[str],
    timestep: float,
    visual: bool,
) -> mujoco.MjModel:
    """The compiled model of a file, less the joints and muscles whose names match the patterns.

    A muscle goes together with its tendon; bodies, geoms and sites stay, so a joint that goes leaves its body rigid
    and no mass changes. The elements are left out of the XML, which takes 0.03 s; deleting them one by one from an
    MjSpec gives the same model (every array equal) in 2.3 s.

    Args:
        path: of the XML.
        without_joints: shell patterns of joint names.
        without_muscles: shell patterns of actuator names.
        timestep: of the physics [s].
        visual: keep meshes, materials and textures; without them the model compiles three times as fast and its
            dynamics are the same.
    """
    root = _expanded(path)
    _drop(root, without_joints, without_muscles)
    spec = mujoco.MjSpec.from_string(ElementTree.tostring(root, encoding="unicode"))
    spec.option.timestep = timestep
    spec.compiler.discardvisual = not visual
    return spec.compile()


def _expanded(path: Path) -> ElementTree.Element:
    """The XML of a model with its includes put in place and its folders made absolute."""
    root = ElementTree.parse(path).getroot()
    for texture in root.iter("texture"):
        if "file" in texture.attrib:
            texture.set("file", str((path.parent / texture.get("file")).resolve()))
    for compiler in root.iter("compiler"):
        for folder in {"meshdir", "texturedir"} & set(compiler.attrib):
            compiler.set(folder, str((path.parent / compiler.get(folder)).resolve()))
    _fill(root, path.parent)
    return root


def _fill(element: ElementTree.Element, folder: Path) -> None:
    filled = []
    for child in element:
        if child.tag == "include":
            filled.extend(_expanded(folder / child.get("file")))
        else:
            _fill(child, folder)
            filled.append(child)
    element[:] = filled


def _drop(root: ElementTree.Element, joints: Sequence[str], muscles: Sequence[str]) -> None:
    tendons = [m.get("tendon") for section in root.iter("actuator") for m in section if _matches(m, muscles)]
    for section in root.iter("actuator"):
        section[:] = [m for m in section if not _matches(m, muscles)]
    for section in root.iter("tendon"):
        section[:] = [t for t in section if t.get("name") not in tendons]
    for body in root.iter("body"):
        body[:] = [child for child in body if child.tag != "joint" or not _matches(child, joints)]


def _matches(element: ElementTree.Element, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(element.get("name", ""), pattern) for pattern in patterns)
