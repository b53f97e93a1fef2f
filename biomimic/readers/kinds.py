"""What a laboratory's file is, by its ending and, where that does not say, by what is in it."""

from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.readers import arrays, emg, families, loads, mocap, opensim
from biomimic.readers.storage import labels_of
from biomimic.signals import Signals

KINDS = {
    "table": "OpenSim tables: joint angles, forces, moments, EMG (.mot, .sto)",
    "trc": "markers (.trc)",
    "c3d": "markers, force plates and EMG (.c3d)",
    "loads": "external loads of OpenSim (.xml)",
    "model": "OpenSim model, for mass and sign of the knee (.osim)",
    "anc": "raw EMG in counts (.anc)",
    "sheet": "CSV with a .toml of the same name (.csv)",
    "recording": "recordings of biomimic (.npz)",
    "rollout": "rollouts of MuscleMimic and mm-evalkit (.npz)",
    "amass": "AMASS and other SMPL motions (.npz)",
    "motion": "motions of biomimic (.npz)",
    "bvh": "BVH motions (.bvh)",
    "amc": "Acclaim motions (.amc beside its .asf)",
    "deepmimic": "DeepMimic motions (.txt, .json)",
}
MOTIONS = ("amass", "motion", "bvh", "amc", "deepmimic")
_SUFFIXES = {
    ".mot": "table",
    ".sto": "table",
    ".trc": "trc",
    ".c3d": "c3d",
    ".osim": "model",
    ".anc": "anc",
    ".csv": "sheet",
}
_ELSEWHERE = {
    ".mat": "save its arrays as .sto or as .csv with a .toml, or build a reference data set of it",
    ".xls": "export the sheet as .csv and describe its columns in a .toml of the same name",
    ".xlsx": "export the sheet as .csv and describe its columns in a .toml of the same name",
    ".toml": "it describes a .csv of the same name; give that one",
    ".tsv": 'name it .csv and describe it in a .toml with delimiter = "tab"',
    ".md": "it is a text for people",
}
_NAMES = "rajagopal2016"  # whose table of muscles is used; all families share it


def kind_of(path: str | Path) -> str:
    """Which of `KINDS` a file is.

    Raises:
        BadFile: no such file, or none of them; what would work is said.
    """
    path = Path(path)
    if not path.is_file():
        raise BadFile(f"{path} was asked for and does not exist or is a folder.")
    suffix = path.suffix.lower()
    if suffix in _ELSEWHERE:
        raise BadFile(f"{path} is no trial: {_ELSEWHERE[suffix]}.")
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if suffix == ".xml":
        return "model" if loads.is_model(path) else "loads"
    if suffix == ".npz":
        return _package(path)
    return mocap.kind_of(path)


def _package(path: Path) -> str:
    """Kind of an npz file by the names and the word in it."""
    names = arrays.names(path)
    if {"kind", "schema"} <= set(names):
        kind = str(arrays.load(path, ("kind",))["kind"])
        return "recording" if kind == "recording" else mocap.kind_of(path)
    return "rollout" if {"n_episodes", "joint_names"} <= set(names) else mocap.kind_of(path)


def columns(path: str | Path) -> set[str]:
    """What a table holds, by its column names: "angles", "forces", "moments" and "emg"."""
    return _columns(labels_of(path))


def of_table(table: Signals) -> set[str]:
    """What a table holds: as `columns`, without angles that never change, as they stand in some files of forces."""
    found = _columns(table.names)
    known = [name for name in table.names if _is_angle(name)]
    if "angles" in found and "forces" in found and not np.nan_to_num(table.select(known).values).any():
        found.discard("angles")
    return found


def _columns(names: tuple[str, ...]) -> set[str]:
    found = set()
    if any(_is_angle(name) for name in names):
        found.add("angles")
    if opensim.prefixes_of(names):
        found.add("forces")
    if any(name.endswith("_moment") for name in names):
        found.add("moments")
    muscles = families.names(_NAMES)
    if not found and any(emg.with_side(name, muscles) for name in names):
        found.add("emg")
    return found


def _is_angle(name: str) -> bool:
    return any(name in families.names(family).angles for family in families.known())
