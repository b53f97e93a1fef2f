"""Adapter of Gait120: 120 men, two strides in each of five trials of level walking.

Layout, from the data set's description and from public readers: Gait120_001_to_010/S001/JointAngle/LevelWalking/
Trial01/step01.mot (OpenSim, degrees; hip_flexion, hip_adduction, hip_rotation, knee_angle, ankle_angle with _r and _l).
The knees and the left hip's adduction have the opposite of OpenSim's sign in Rajagopal's model; this is used, and each
knee has to prove it. Public readers agree that a file covers one stride that begins with the heel strike of the left
foot, and each left knee has to prove that too. So the left leg is read.

Not confirmed, so asked for by name: at which share of that stride the right foot strikes (--assume right_strike=0.5).
With it the right leg's angles and the EMG (EMG/ConvertedData.mat, LevelWalking.Trial01.Step01.EMGs_interpolated, eleven
muscles taken to be of the right leg) are turned to begin there; without it they are left out. The speed is not in these
files (--assume LevelWalking=1.3). Ground reaction force is left out: which column is which foot was not confirmed.
The mean mass, 74.2 kg, is that of the description; nothing here is divided by it.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, BadValue
from biomimic.gait.strides import POINTS, Strides
from biomimic.readers import opensim
from biomimic.reference import matlab
from biomimic.reference.population import Walk
from biomimic.reference.store import Source

SOURCE = Source(
    name="gait120",
    title="Gait120, 120 men walking on level ground",
    doi="10.6084/m9.figshare.27677016",
    licence="CC BY 4.0",
    citation="Boo J, Seo D, Kim M, Koo S. Comprehensive human locomotion and electromyography dataset: Gait120. "
    "Scientific Data (2025), doi:10.1038/s41597-025-05391-0.",
    wanted=("*.zip",),
    note="All men; S001 to S060 are of 20 to 25 and S061 to S120 of 40 to 59 years, so label and age go together.",
)
FACTS: Mapping[str, str] = {
    "right_strike": "share of the left stride at which the right foot strikes",
    "LevelWalking": "mean speed [m/s]",
}
MEAN_MASS = 74.2  # [kg]
TASK = "LevelWalking"
_STEP = re.compile(r"step(\d+)\.mot", re.IGNORECASE)
_OPPOSITE = ("knee_angle_r", "knee_angle_l", "hip_adduction_l")
_HOUSE = {
    "hip_flexion": "hip_flexion",
    "hip_adduction": "hip_adduction",
    "hip_rotation": "hip_rotation",
    "knee_flexion": "knee_angle",
    "ankle_dorsiflexion": "ankle_angle",
}
_MUSCLES = {  # field → house name
    "VastusLateralis": "vastus_lateralis",
    "RectusFemoris": "rectus_femoris",
    "VastusMedialis": "vastus_medialis",
    "TibialisAnterior": "tibialis_anterior",
    "BicepsFemoris": "biceps_femoris",
    "Semitendinosus": "medial_hamstrings",
    "GastrocnemuisMedialis": "gastrocnemius",  # spelt so in the files
    "GastrocnemiusLateralis": "gastrocnemius",
    "SoleusMedialis": "soleus",
}


def read(folder: Path, facts: Mapping[str, float]) -> list[Walk]:
    """The level walking of every person of an unpacked folder.

    Args:
        folder: with S001/JointAngle/LevelWalking/Trial01/step01.mot and the like at any depth.
        facts: "right_strike" and "LevelWalking" as far as they are known.

    Raises:
        BadFile: no such file, or one of another layout.
        BadValue: a share of the stride that is none.
    """
    strike = facts.get("right_strike", math.nan)
    if not math.isnan(strike) and not 0.3 < strike < 0.7:
        raise BadValue(f"right_strike is the share of a left stride, near its middle; got {strike:g}.")
    people = sorted(path.parents[1] for path in folder.rglob(f"JointAngle/{TASK}") if path.is_dir())
    if not people:
        raise BadFile(f"{folder} has no folders like S001/JointAngle/{TASK}.")
    return [_walk(person, strike, facts.get(TASK, math.nan)) for person in people]


def _walk(person: Path, strike: float, speed: float) -> Walk:
    files = sorted(path for path in (person / "JointAngle" / TASK).rglob("*.mot") if _STEP.fullmatch(path.name))
    if not files:
        raise BadFile(f"{person / 'JointAngle' / TASK} has no files like Trial01/step01.mot.")
    tables = [opensim.read_table(path) for path in files]
    duration = [table.time[-1] - table.time[0] for table in tables]
    parts = {("angles", "left", "stride"): _angles(tables, files, "left", 0.0, duration)}
    if not math.isnan(strike):
        parts["angles", "right", "stride"] = _angles(tables, files, "right", strike, duration)
        emg = person / "EMG" / "ConvertedData.mat"
        if emg.is_file():
            parts["activity", "right", "stride"] = _activity(emg, files, strike)
    return Walk(person.name, "level_walking", speed, math.nan, parts, str(person))


def _angles(tables: list, files: list[Path], side: str, strike: float, duration: list[float]) -> Strides:
    rows = []
    for table, path in zip(tables, files):
        columns = []
        for coordinate in _HOUSE.values():
            name = f"{coordinate}_{side[0]}"
            if name not in table.names:
                raise BadFile(f"{path} has no column {name}; it has: {', '.join(table.names[:10])}.")
            columns.append((-1.0 if name in _OPPOSITE else 1.0) * table.channel(name))
        rows.append(_turned(np.column_stack(columns), strike))
    count, nan = len(rows), [math.nan] * len(rows)
    return Strides(side, tuple(_HOUSE), "rad", np.array(rows), duration, nan, np.arange(count))


def _activity(path: Path, files: list[Path], strike: float) -> Strides:
    content = matlab.load(path)
    names = tuple(dict.fromkeys(_MUSCLES.values()))
    rows = []
    for file in files:
        trial, step = file.parent.name, f"Step{int(_STEP.fullmatch(file.name).group(1)):02d}"
        known = matlab.names(matlab.at(content, TASK, path))
        if trial not in known or step not in matlab.names(matlab.at(content, f"{TASK}.{trial}", path)):
            continue  # some steps have no EMG
        place = f"{TASK}.{trial}.{step}.EMGs_interpolated"
        heads = {field: matlab.numbers(content, f"{place}.{field}", path).ravel() for field in _MUSCLES}
        columns = [np.mean([heads[f] for f, own in _MUSCLES.items() if own == name], axis=0) for name in names]
        rows.append(_turned(np.column_stack(columns), strike))
    if not rows:
        raise BadFile(f"{path} has EMG of none of the steps in JointAngle/{TASK}.")
    nan = [math.nan] * len(rows)
    return Strides("right", names, "1", np.array(rows), nan, nan, np.arange(len(rows)))


def _turned(values: np.ndarray, strike: float) -> np.ndarray:
    """(n, C) of a stride → (101, C) that begin at another share of it; its last point closes the stride."""
    if len(values) < 2 or not np.isfinite(values).all():
        return np.full((POINTS, values.shape[1]), np.nan)
    share = np.linspace(0.0, 1.0, len(values))
    at = strike + np.linspace(0.0, 1.0, POINTS)
    wrapped = np.where(at > 1.0, at - 1.0, at)
    return np.column_stack([np.interp(wrapped, share, column) for column in values.T])
