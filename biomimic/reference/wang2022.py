"""Adapter of Wang 2022: walking and running of a dozen people, averaged strides with EMG of nine muscles.

Layout, from a public reader of the files: Subj04/Subj04_walk_45.mat, in which
Datastr.Resample.Sych.Average.IKAngData.ave_r is (100, 24): time, pelvis_tilt … lumbar_rotation in the order of
`_ANGLES`, degrees, knee flexion negative (OpenSim's gait2392); Datastr.Resample.Sych.Average.EMG.ave_r is (100, 10):
time and nine muscles of the right leg in the order of `_MUSCLES`; 100 points of a right stride without its last point.

Not confirmed, so asked for by name: the speed of a condition (--assume walk_45=1.25) and the mean mass of the people
(--assume mass_kg=70). The left leg's averages are not read. That the stride begins with the right heel strike is proven
by each curve of the knee.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.reference import matlab
from biomimic.reference.population import Walk, one_stride, periodic
from biomimic.reference.store import Source

SOURCE = Source(
    name="wang2022",
    title="Wang 2022, walking with EMG of nine muscles",
    doi="10.5281/zenodo.6457662",
    licence="as stated on the page of the data; read it before use",
    citation="Wang H et al. (2022), Zenodo, doi:10.5281/zenodo.6457662.",
    wanted=("*.zip", "*.mat"),
    note="Averages of right strides, as the source gives them. EMG on the scale of the source: only its shape "
    "and timing can be compared. Its licence was not confirmed here.",
)
FACTS: Mapping[str, str] = {
    "mass_kg": "mean mass of the people [kg]",
    "walk_45": "speed of the condition walk_45 [m/s], and likewise of each other",
}
_FILE = re.compile(r"Subj(\d+)_(walk_\d+)\.mat", re.IGNORECASE)
_AVERAGE = "Datastr.Resample.Sych.Average"
_ANGLES = (
    *("time", "pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz"),
    *("hip_flexion_r", "hip_adduction_r", "hip_rotation_r", "knee_angle_r", "ankle_angle_r", "subtalar_angle_r"),
    *("mtp_angle_r", "hip_flexion_l", "hip_adduction_l", "hip_rotation_l", "knee_angle_l", "ankle_angle_l"),
    *("subtalar_angle_l", "mtp_angle_l", "lumbar_extension", "lumbar_bending", "lumbar_rotation"),
)
_HOUSE = {  # house name → column, sign
    "hip_flexion": ("hip_flexion_r", 1),
    "hip_adduction": ("hip_adduction_r", 1),
    "hip_rotation": ("hip_rotation_r", 1),
    "knee_flexion": ("knee_angle_r", -1),
    "ankle_dorsiflexion": ("ankle_angle_r", 1),
    "pelvis_tilt": ("pelvis_tilt", -1),
}
_MUSCLES = (  # column → house name; two heads of one muscle are averaged
    *("", "soleus", "gastrocnemius", "gastrocnemius", "tibialis_anterior", "medial_hamstrings", "biceps_femoris"),
    *("vastus_lateralis", "rectus_femoris", "vastus_medialis"),
)
POINTS_THERE = 100


def read(folder: Path, facts: Mapping[str, float]) -> list[Walk]:
    """The walking of every person of an unpacked folder.

    Args:
        folder: with Subj01/Subj01_walk_45.mat and the like at any depth.
        facts: condition → speed [m/s], as far as it is known.

    Raises:
        BadFile: no such file, or one of another layout.
    """
    found = sorted(path for path in folder.rglob("*.mat") if _FILE.fullmatch(path.name))
    if not found:
        raise BadFile(f"{folder} has no files like Subj04/Subj04_walk_45.mat.")
    return [_walk(path, facts) for path in found]


def _walk(path: Path, facts: Mapping[str, float]) -> Walk:
    number, condition = _FILE.fullmatch(path.name).groups()
    content = matlab.load(path)
    angles = _averages(content, f"{_AVERAGE}.IKAngData.ave_r", len(_ANGLES), path)
    muscles = _averages(content, f"{_AVERAGE}.EMG.ave_r", len(_MUSCLES), path)
    turned = {
        name: sign * np.radians(periodic(angles[:, _ANGLES.index(column)])) for name, (column, sign) in _HOUSE.items()
    }
    active = {
        name: periodic(muscles[:, [k for k, one in enumerate(_MUSCLES) if one == name]].mean(axis=1))
        for name in dict.fromkeys(_MUSCLES[1:])
    }
    parts = {
        ("angles", "right", "stride"): one_stride("right", turned, "rad"),
        ("activity", "right", "stride"): one_stride("right", active, "1"),
    }
    return Walk(f"Subj{number}", condition.lower(), facts.get(condition.lower(), math.nan), math.nan, parts, str(path))


def _averages(content: dict, dotted: str, columns: int, path: Path) -> np.ndarray:
    values = matlab.numbers(content, dotted, path)
    if values.shape != (POINTS_THERE, columns):
        raise BadFile(f"{path}: {dotted} is {values.shape}; ({POINTS_THERE}, {columns}) was expected.")
    if not np.isfinite(values).all():
        raise BadFile(f"{path}: {dotted} has gaps.")
    return values
