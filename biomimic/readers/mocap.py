"""The Motion of any motion-capture file, its kind told by what is in it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, BadValue
from biomimic.motion import Motion
from biomimic.readers import arrays

KINDS = {
    "amass": "AMASS or other SMPL files (.npz)",
    "motion": "motions saved by biomimic (.npz)",
    "bvh": "BVH (.bvh)",
    "amc": "ASF/AMC (.amc beside its .asf)",
    "deepmimic": "DeepMimic (.txt, .json)",
    "trc": "markers (.trc)",
    "c3d": "markers (.c3d)",
    "coordinates": "OpenSim joint angles of a whole person (.mot, .sto)",
}
_SUFFIXES = {".bvh": "bvh", ".amc": "amc", ".trc": "trc", ".c3d": "c3d"}
_ELSEWHERE = {
    ".asf": "it is a skeleton without frames; give the .amc file",
    ".osim": "it is a body, no motion; give it as the model of a marker file",
    ".pkl": "pickles are not opened; save the same arrays as .npz",
    ".fbx": "export the clip as .bvh",
}
_FIXED_UP = {"deepmimic": "y", "motion": "z", "coordinates": "y"}
_PEEK = 16384  # bytes of an OpenSim table that hold its labels; those with the states of all muscles are long


def read_motion(
    path: str | Path,
    *,
    up: str | None = None,
    body_model: str | Path | None = None,
    skeleton: str | Path | None = None,
    places: Mapping[str, np.ndarray] | None = None,
) -> Motion:
    """Joints or markers of a person in the house frame [m], heading as recorded.

    Args:
        path: a file of one of `KINDS`.
        up: axis of the file's world that points up, one of x y z -x -y -z; None finds it.
        body_model: SMPL-H or SMPL-X body for AMASS files, see `amass.read`.
        skeleton: .asf file of an .amc file, see `amc.read`.
        places: of the joints of the person whose OpenSim angles these are, see `coordinates.read`.

    Raises:
        BadFile: no such file, of no kind known here, damaged, or of impossible content.
        UnknownName: a skeleton that no family knows.
    """
    path = Path(path)
    kind = kind_of(path)
    if up is not None and up != _FIXED_UP.get(kind, up):
        raise BadValue(f'up="{up}" was given for {path}, but in {KINDS[kind]} {_FIXED_UP[kind]} always points up.')
    if kind == "motion":
        arrays.check(path)
        return Motion.load(path)
    if kind in ("trc", "c3d"):
        return _markers(path, kind, up)
    from biomimic.readers import amass, amc, bvh, coordinates, deepmimic

    if kind == "coordinates":
        return coordinates.read(path, places=places)
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
    if suffix in (".mot", ".sto"):
        return _table(path)
    kind = _SUFFIXES.get(suffix) or _beginning(path)
    if kind is None:
        raise BadFile(f"{path} is of no kind that is known here; known are {', '.join(KINDS.values())}.")
    return kind


def _table(path: Path) -> str:
    from biomimic.readers import coordinates

    if coordinates.begins(_start(path, _PEEK).decode("utf-8", errors="replace")):
        return "coordinates"
    raise BadFile(
        f"{path} is no motion: its columns are not a whole person's joint angles of OpenSim (pelvis_tx, hip_flexion_r, "
        "knee_angle_r …); give forces with the motion that they belong to."
    )


def _start(path: Path, count: int) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(count)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None


def _beginning(path: Path) -> str | None:
    start = _start(path, 512)
    if start.startswith(b"PK") or path.suffix.lower() == ".npz":
        return _arrays(path)
    text = start.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    for word, kind in (("HIERARCHY", "bvh"), ("PathFileType", "trc"), ("{", "deepmimic"), (":FULLY", "amc")):
        if text.startswith(word):
            return kind
    return "c3d" if start[1:2] == b"\x50" else None  # the second byte of every C3D file


def _arrays(path: Path) -> str:
    """Kind of an npz file by the names of its arrays."""
    names = set(arrays.names(path))
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
