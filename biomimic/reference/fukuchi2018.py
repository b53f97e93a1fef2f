"""Adapter of Fukuchi 2018 (WBDS): 42 adults, overground at three speeds and on a treadmill at eight.

Layout, from the data descriptor and from public readers of the files:
WBDSinfo.xlsx (or .csv) with one row a file: FileName, Mass [kg], GaitSpeed(m/s), "--" where there is none; and in
WBDSascii.zip one averaged stride a person and speed, 101 points from heel strike to heel strike, tab separated:
WBDS01walkOCang.txt (overground; S, C, F for slow, comfortable, fast) and WBDS01walkT03ang.txt (treadmill, speed 1 to
8) with RHipAngleZ, RKneeAngleZ, RAnkleAngleZ and the same with L [deg], flexion and dorsiflexion positive; …knt.txt
beside each with RGRFX (fore-aft), RGRFY (vertical) [N/kg] and the same with L.

Not confirmed, so not read: signs of the other planes' angles, of the sideways force and of the joint moments. The sign
of the fore-aft force is proven by each curve, which has to brake before it pushes.
"""

import csv
import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.gait.strides import POINTS, SIDES, STANDARD_GRAVITY
from biomimic.reference import sheets
from biomimic.reference.population import Walk, one_stride
from biomimic.reference.store import Source

SOURCE = Source(
    name="fukuchi2018",
    title="Fukuchi 2018, 42 adults walking overground and on a treadmill",
    doi="10.6084/m9.figshare.5722711",
    licence="CC BY 4.0",
    citation="Fukuchi CA, Fukuchi RK, Duarte M. A public dataset of overground and treadmill walking kinematics and "
    "kinetics in healthy individuals. PeerJ 6 (2018) e4640, doi:10.7717/peerj.4640.",
    wanted=("WBDSascii.zip", "WBDSinfo.*"),
    note="One averaged stride a person and speed, as the source gives it; overground speeds are means of the trials.",
)
FACTS: Mapping[str, str] = {}  # nothing has to be told
_FILE = re.compile(r"WBDS(\d+)walk(?:O([SCF])|T(\d+))ang\.txt", re.IGNORECASE)
_SPEEDS = {"S": "slow", "C": "comfortable", "F": "fast"}
_ANGLES = {"hip_flexion": "HipAngleZ", "knee_flexion": "KneeAngleZ", "ankle_dorsiflexion": "AnkleAngleZ"}
_FORCES = {"vertical": "GRFY", "anterior": "GRFX"}
_LETTER = {"right": "R", "left": "L"}


def read(folder: Path, facts: Mapping[str, float]) -> list[Walk]:
    """Every person in every condition of an unpacked folder.

    Args:
        folder: with WBDSinfo and, at any depth, the text files.
        facts: not needed.

    Raises:
        BadFile: no information, no curves, or a file of another layout.
    """
    about = _about(folder)
    found = sorted(path for path in folder.rglob("WBDS*ang.txt") if _FILE.fullmatch(path.name))
    if not found:
        raise BadFile(f"{folder} has no files like WBDS01walkOCang.txt; unpack WBDSascii.zip into it.")
    return [_walk(path, about) for path in found]


def _walk(path: Path, about: Mapping[str, tuple[float, float]]) -> Walk:
    number, letter, stage = _FILE.fullmatch(path.name).groups()
    person = f"WBDS{number}"
    condition = f"overground_{_SPEEDS[letter.upper()]}" if letter else f"treadmill_{int(stage)}"
    trial = rf"{person}walkO\d*{letter}\.c3d" if letter else rf"{person}walkT{stage}(ang\.txt|\.c3d)"
    rows = [value for name, value in about.items() if re.fullmatch(trial, name, re.IGNORECASE)]
    own = [value for name, value in about.items() if name.lower().startswith(person.lower())]
    if not own:
        raise BadFile(f"{path}: WBDSinfo has no row of {person}.")
    angles, kinetics = _table(path), path.with_name(re.sub("ang", "knt", path.name, flags=re.IGNORECASE))
    parts = {}
    for side in SIDES:
        columns = {name: np.radians(_column(angles, _LETTER[side] + label, path)) for name, label in _ANGLES.items()}
        parts["angles", side, "stride"] = one_stride(side, columns, "rad")
        if kinetics.is_file():
            table = _table(kinetics)
            forces = {
                name: _column(table, _LETTER[side] + label, kinetics) / STANDARD_GRAVITY
                for name, label in _FORCES.items()
            }
            parts["force", side, "stride"] = one_stride(side, forces, "BW")
    return Walk(person, condition, _mean([row[1] for row in rows]), _mean([row[0] for row in own]), parts, str(path))


def _about(folder: Path) -> dict[str, tuple[float, float]]:
    """File name → mass [kg] and speed [m/s] of WBDSinfo; NaN where it has none."""
    files = [path for ending in ("csv", "xlsx") for path in sorted(folder.rglob(f"WBDSinfo.{ending}"))]
    if not files:
        raise BadFile(f"{folder} has no WBDSinfo.xlsx or WBDSinfo.csv, which says masses and speeds.")
    rows = sheets.rows(files[0])
    wanted = ("FileName", "Mass", "GaitSpeed(m/s)")
    missing = [name for name in wanted if name not in rows[0]]
    if missing:
        raise BadFile(f"{files[0]} has no column {', '.join(missing)}; it has: {', '.join(rows[0][:10])}.")
    place = [rows[0].index(name) for name in wanted]
    body = [[(row + [""] * len(rows[0]))[k].strip() for k in place] for row in rows[1:]]
    return {name: (_number(mass), _number(speed)) for name, mass, speed in body if name}


def _table(path: Path) -> dict[str, np.ndarray]:
    """Column → 101 numbers."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if any(cell.strip() for cell in row)]
    names = [name.strip() for name in rows[0]] if rows else []
    if len(rows) != POINTS + 1 or any(len(row) < len(names) for row in rows):
        raise BadFile(
            f"{path} has {max(len(rows) - 1, 0)} rows of {len(names)} columns; one stride of 101 was expected."
        )
    values = np.array([[_number(cell) for cell in row[: len(names)]] for row in rows[1:]])
    return dict(zip(names, values.T))


def _column(table: Mapping[str, np.ndarray], name: str, path: Path) -> np.ndarray:
    if name not in table:
        raise BadFile(f"{path} has no column {name}; it has: {', '.join(list(table)[:10])}.")
    return table[name]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _mean(values: list[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return float(np.mean(known)) if known else math.nan
