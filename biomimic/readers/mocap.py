"""The Motion of any motion-capture file, its kind told by what is in it."""

import zipfile
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, BadValue
from biomimic.motion import Motion

KINDS = {
    "amass": "AMASS or other SMPL files (.npz)",
    "motion": "motions saved by biomimic (.npz)",
    "bvh": "BVH (.bvh)",
    "amc": "ASF/AMC (.amc beside its .asf)",
    "deepmimic": "DeepMimic (.txt, .json)",
    "trc": "markers (.trc)",
    "c3d": "markers (.c3d)",
}
_SUFFIXES = {".bvh": "bvh", ".amc": "amc", ".trc": "trc", ".c3d": "c3d"}
_ELSEWHERE = {
    ".asf": "it is a skeleton without frames; give the .amc file",
    ".mot": "it holds joint angles or forces of OpenSim, no landmarks; give it with a marker file",
    ".sto": "it holds joint angles or forces of OpenSim, no landmarks; give it with a marker file",
    ".osim": "it is a body, no motion; give it as the model of a marker file",
    ".pkl": "pickles are not opened; save the same arrays as .npz",
    ".fbx": "export the clip as .bvh",
}
_FIXED_UP = {"deepmimic": "y", "motion": "z"}


def read_motion(
    path: str | Path,
    *,
    up: str | None = None,
    body_model: str | Path | None = None,
    skeleton: str | Path | None = None,
) -> Motion:
    """Joints or markers of a person in the house frame [m], heading as recorded.

    Args:
        path: a file of one of `KINDS`.
        up: axis of the file's world that points up, one of x y z -x -y -z; None finds it.
        body_model: SMPL-H or SMPL-X body for AMASS files, see `amass.read`.
        skeleton: .asf file of an .amc file, see `amc.read`.

    Raises:
        BadFile: no such file, of no kind known here, damaged, or of impossible content.
        UnknownName: a skeleton that no family knows.
    """
    path = Path(path)
    kind = kind_of(path)
    if up is not None and up != _FIXED_UP.get(kind, up):
        raise BadValue(f'up="{up}" was given for {path}, but in {KINDS[kind]} {_FIXED_UP[kind]} always points up.')
    if kind == "motion":
        return Motion.load(path)
    if kind in ("trc", "c3d"):
        return _markers(path, kind, up)
    from biomimic.readers import amass, amc, bvh, deepmimic

    if kind == "amass":
        return amass.read(path, body_model=body_model, up=up)
    if kind == "amc":
        return amc.read(path, skeleton=skeleton, up=up)
    return bvh.read(path, up=up) if kind == "bvh" else deepmimic.read(path)


def kind_of(path: str | Path) -> str:
    """Which of `KINDS` a file is, by its suffix and, where that does not say, by how it begins.

    Raises:
        BadFile: no such file, or none of them.
    """
    path = Path(path)
    if not path.is_file():
        raise BadFile(f"{path} was asked for as a motion and does not exist or is a folder.")
    suffix = path.suffix.lower()
    if suffix in _ELSEWHERE:
        raise BadFile(f"{path} is no motion: {_ELSEWHERE[suffix]}.")
    kind = _SUFFIXES.get(suffix) or _beginning(path)
    if kind is None:
        raise BadFile(f"{path} is of no kind that is known here; known are {', '.join(KINDS.values())}.")
    return kind


def _beginning(path: Path) -> str | None:
    try:
        with open(path, "rb") as file:
            start = file.read(512)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    if start.startswith(b"PK") or path.suffix.lower() == ".npz":
        return _arrays(path)
    text = start.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    for word, kind in (("HIERARCHY", "bvh"), ("PathFileType", "trc"), ("{", "deepmimic"), (":FULLY", "amc")):
        if text.startswith(word):
            return kind
    return "c3d" if start[1:2] == b"\x50" else None  # the second byte of every C3D file


def _arrays(path: Path) -> str:
    """Kind of an npz file by the names of its arrays."""
    try:
        with np.load(path, allow_pickle=False) as package:
            names = set(package.files)
    except (zipfile.BadZipFile, ValueError, EOFError, OSError):
        raise BadFile(f"{path} is truncated or no npz file; copy it again.") from None
    if {"kind", "schema"} <= names:
        return "motion"
    if "qpos" in names:
        raise BadFile(f"{path} holds states of a body (qpos), which are retargeted already, and no landmarks.")
    return "amass"


def _markers(path: Path, kind: str, up: str | None) -> Motion:
    if kind == "trc":
        from biomimic.readers import trc

        return trc.read(path, up=up)
    from biomimic.readers import c3d

    return c3d.read(path, up=up)
