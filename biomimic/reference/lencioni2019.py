"""Adapter of Lencioni 2019: 50 people of 6 to 72 years; level walking at several speeds, with force and EMG.

Known from the data descriptor: one MATLAB file a person with markers, joint angles, forces, moments and EMG of every
task. The names of its fields, their units and signs were not confirmed here, so nothing of them is assumed: a file
lencioni2019.toml beside the data says them, in the words below. What it says is proven by the audit of each curve.

    files = "*.mat"
    strides = "s.Data"          # list of structs, one a stride
    mass = "s.BM"               # [kg]
    condition = "Task"          # field of a stride; so are the following ones
    keep = ["Walking"]          # conditions that are walked on level ground
    side = "Foot"
    right = "RX"                # what the field says of a right stride; anything else is a left one
    speed = "speed"             # [m/s]; leave out where there is none

    [[curves]]
    quantity = "angles"         # angles, force, activity or moment
    channel = "knee_flexion"
    field = "Ang.data"          # numbers (channels, points) or (points,), from heel strike to heel strike
    row = 6                     # from 0; leave out for a field of one curve
    unit = "deg"                # deg or rad; N, N/kg or BW; N m or N m/kg; 1
    sign = 1
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biomimic import config, errors
from biomimic.errors import BadFile
from biomimic.gait.strides import POINTS, STANDARD_GRAVITY, Strides
from biomimic.reference import UNITS, matlab
from biomimic.reference.population import Walk
from biomimic.reference.store import Source

SOURCE = Source(
    name="lencioni2019",
    title="Lencioni 2019, 50 people walking at several speeds, with force and EMG",
    doi="10.1038/s41597-019-0323-z",
    licence="CC BY 4.0",
    citation="Lencioni T, Carpinella I, Rabuffetti M, Marzegan A, Ferrarin M. Human kinematic, kinetic and EMG data "
    "during different walking and stair ascending and descending tasks. Scientific Data 6 (2019) 309, "
    "doi:10.1038/s41597-019-0323-z.",
    wanted=("*.mat", "*.zip"),
    note="6 to 72 years old: the people include children. The DOI is that of the paper, which links the data.",
    address="by hand",
)
FACTS: Mapping[str, str] = {}  # told in lencioni2019.toml
TOLD = "lencioni2019.toml"


@dataclass(frozen=True)
class Curve:
    """Where one channel lies in a stride, and how it is meant."""

    quantity: str = config.one_of(*UNITS)
    channel: str
    field: str
    unit: str
    row: int = config.ranged(-1, low=-1)
    sign: int = config.ranged(1, low=-1, high=1)


@dataclass(frozen=True)
class Layout:
    """What the files of a person look like."""

    strides: str
    mass: str
    condition: str
    keep: tuple[str, ...]
    side: str
    right: str
    curves: tuple[Curve, ...]
    files: str = "*.mat"
    speed: str = ""


def read(folder: Path, facts: Mapping[str, float]) -> list[Walk]:
    """The level walking of every person of a folder with a lencioni2019.toml.

    Args:
        folder: with the files of the people, at any depth, and their description.
        facts: not needed.

    Raises:
        BadFile: no description, or files that are not as it says.
    """
    described = folder / TOLD
    if not described.is_file():
        raise BadFile(
            f"{folder} has no {TOLD}. The fields, units and signs of these files were not confirmed here and are not "
            "guessed; write that file as the description of biomimic.reference.lencioni2019 shows."
        )
    layout = config.load(Layout, described)
    found = sorted(folder.rglob(layout.files))
    if not found:
        raise BadFile(f"{folder} has no files like {layout.files}, which {TOLD} names.")
    return [walk for path in found for walk in _walks(path, layout)]


def _walks(path: Path, layout: Layout) -> list[Walk]:
    content = matlab.load(path)
    mass = float(matlab.numbers(content, layout.mass, path))
    strides = np.atleast_1d(np.asarray(matlab.at(content, layout.strides, path), object))
    groups: dict[str, list] = {}
    for one in strides:
        said = str(matlab.at(_fields(one), layout.condition, path)).strip()
        if said in layout.keep:
            groups.setdefault(said, []).append(_fields(one))
    walks = []
    for said, own in groups.items():
        speeds = [float(matlab.numbers(one, layout.speed, path)) for one in own] if layout.speed else [math.nan]
        parts = {}
        for side in ("right", "left"):
            rows = [one for one in own if (str(matlab.at(one, layout.side, path)) == layout.right) == (side == "right")]
            parts |= _parts(rows, side, layout, (mass, path)) if rows else {}
        label = re.sub(r"[^A-Za-z0-9]+", "_", said).strip("_").lower()
        walks.append(Walk(path.stem, label, float(np.mean(speeds)), mass, parts, str(path)))
    return walks


def _parts(rows: list, side: str, layout: Layout, of: tuple[float, Path]) -> dict:
    nan, parts = [math.nan] * len(rows), {}
    for quantity in dict.fromkeys(curve.quantity for curve in layout.curves):
        own = [curve for curve in layout.curves if curve.quantity == quantity]
        values = [np.column_stack([_curve(row, curve, of) for curve in own]) for row in rows]
        names = tuple(curve.channel for curve in own)
        trial = np.arange(len(rows))
        parts[quantity, side, "stride"] = Strides(side, names, UNITS[quantity], np.array(values), nan, nan, trial)
    return parts


def _curve(row: dict, curve: Curve, of: tuple[float, Path]) -> np.ndarray:
    """101 points in the unit of the registry."""
    mass, path = of
    known = {
        "angles": {"deg": math.pi / 180.0, "rad": 1.0},
        "force": {"N": 1.0 / (mass * STANDARD_GRAVITY), "N/kg": 1.0 / STANDARD_GRAVITY, "BW": 1.0},
        "moment": {"N m": 1.0 / mass, "N m/kg": 1.0},
        "activity": {"1": 1.0},
    }[curve.quantity]
    if curve.unit not in known:
        raise errors.unknown(f"unit of {curve.quantity}", curve.unit, known, where=f"in {TOLD}")
    values = matlab.numbers(row, curve.field, path)
    if curve.row >= 0:
        if values.ndim != 2 or curve.row >= len(values):
            raise BadFile(f"{path}: {curve.field} is {values.shape}; {TOLD} wants its row {curve.row}.")
        values = values[curve.row]
    if values.ndim != 1 or len(values) < 20:
        raise BadFile(f"{path}: {curve.field} of {curve.channel} is {values.shape}, which is no stride.")
    share = np.linspace(0.0, 1.0, len(values))
    return curve.sign * known[curve.unit] * np.interp(np.linspace(0.0, 1.0, POINTS), share, values)


def _fields(one: object) -> dict:
    return {name: getattr(one, name) for name in matlab.names(one)}
