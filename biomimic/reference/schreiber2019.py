"""Adapter of Schreiber and Moissenet 2019: 50 adults overground at five speeds, markers, two force plates and EMG.

Layout, from the data descriptor and from public readers: a folder a person, e.g. 2014001, with 2014001_C1_01.c3d and
the like; C1 is 0 to 0.4 m/s, C2 0.4 to 0.8, C3 0.8 to 1.2, C4 the person's own speed, C5 fast. Markers of the feet are
R_FCC (heel), R_FM1, R_FM2, R_FM5 and the same with L_. A trial has one or two contacts with a plate, so force is read
over the stance, not over the stride.

Not confirmed, so asked for by name: masses. Write people.csv into the folder with the columns person and mass_kg.
Labels of the EMG channels were not confirmed either; those that name a muscle plainly are taken, and only in trials
where somebody marked two successive strikes of the foot.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, BiomimicError
from biomimic.gait import events
from biomimic.gait.strides import POINTS, SIDES, STANDARD_GRAVITY, Strides
from biomimic.readers import Told, laboratory
from biomimic.recording import Recording
from biomimic.reference import sheets
from biomimic.reference.population import Walk
from biomimic.reference.store import Source
from biomimic.signals import Signals

SOURCE = Source(
    name="schreiber2019",
    title="Schreiber and Moissenet 2019, 50 adults walking at five speeds, with force and EMG",
    doi="10.6084/m9.figshare.7734767",
    licence="CC BY 4.0",
    citation="Schreiber C, Moissenet F. A multimodal dataset of human gait at different walking speeds established on "
    "injury-free adult participants. Scientific Data 6 (2019) 111, doi:10.1038/s41597-019-0124-4.",
    wanted=("*.zip", "*.csv", "*.txt"),
    note="Vertical and fore-aft force over the stance; a contact counts where it begins and ends on a plate.",
)
FACTS: Mapping[str, str] = {}  # masses are told in people.csv
PEOPLE = "people.csv"
CONDITIONS = {
    "C1": "0_to_40_cm_per_s",
    "C2": "40_to_80_cm_per_s",
    "C3": "80_to_120_cm_per_s",
    "C4": "own",
    "C5": "fast",
}
_FILE = re.compile(r"(\w+)_(C[1-5])_(\d+)\.c3d", re.IGNORECASE)
THRESHOLD = 20.0  # [N]
SHORTEST, LONGEST = 0.3, 3.0  # [s] of a stance, from fast to 0.2 m/s


def read(folder: Path, facts: Mapping[str, float]) -> list[Walk]:
    """Every person in every condition of an unpacked folder.

    Args:
        folder: with the folders of the people, and people.csv.
        facts: not needed.

    Raises:
        BadFile: no masses, no trial, or in all trials of a person and condition no contact of either foot.
    """
    masses = _masses(folder)
    found: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.rglob("*.c3d")):
        named = _FILE.fullmatch(path.name)
        if named:
            found.setdefault((named.group(1), named.group(2).upper()), []).append(path)
    if not found:
        raise BadFile(f"{folder} has no files like 2014001/2014001_C1_01.c3d.")
    lacking = sorted({person for person, _ in found} - set(masses))
    if lacking:
        raise BadFile(f"{folder / PEOPLE} says no mass of {', '.join(lacking[:10])}.")
    return [_walk(person, stage, paths, masses[person]) for (person, stage), paths in found.items()]


def _walk(person: str, stage: str, paths: list[Path], mass: float) -> Walk:
    rows: dict[str, list[tuple[np.ndarray, float]]] = {side: [] for side in SIDES}
    muscles: dict[str, list[tuple[tuple[str, ...], np.ndarray, float]]] = {side: [] for side in SIDES}
    speeds, reason = [], ""
    for path in paths:
        try:
            trial = laboratory.read(path, Told(mass=mass))
            marked = laboratory.read_events(path)
        except BiomimicError as error:
            reason = str(error)
            continue
        speeds.append(_speed(trial))
        for side in SIDES:
            rows[side] += _stances(trial, side)
            muscles[side] += _strides(trial, side, marked[side].heel_strike)
    parts = {}
    for side in SIDES:
        if rows[side]:
            values, nan = np.array([row for row, _ in rows[side]]), [math.nan] * len(rows[side])
            parts["force", side, "stance"] = Strides(
                side, ("vertical", "anterior"), "BW", values, nan, nan, np.arange(len(values)), "stance"
            )
        if muscles[side]:
            parts["activity", side, "stride"] = _muscles(muscles[side], side)
    if not parts:
        raise BadFile(f"{paths[0].parent}: no trial of {stage} has a whole contact of a foot. {reason}".strip())
    known = [speed for speed in speeds if math.isfinite(speed)]
    speed = float(np.mean(known)) if known else math.nan
    return Walk(person, CONDITIONS[stage], speed, mass, parts, str(paths[0].parent))


def _stances(trial: Recording, side: str) -> list[tuple[np.ndarray, float]]:
    """Vertical and fore-aft force of every whole contact, (101, 2) [BW], and how long it lasted [s]."""
    if trial.force is None or f"vertical_{side}" not in trial.force.names:
        return []
    found = events.detect(trial.force, side=side, threshold=THRESHOLD)
    weight = trial.mass * STANDARD_GRAVITY
    rows = []
    for begin, end in zip(found.heel_strike, found.toe_off):
        if not SHORTEST <= end - begin <= LONGEST:  # also where one of them is NaN
            continue
        names = (f"vertical_{side}", f"anterior_{side}")
        rows.append((_at(trial.force, names, begin, end) / weight, float(end - begin)))
    return rows


def _strides(trial: Recording, side: str, strikes: np.ndarray) -> list[tuple[tuple[str, ...], np.ndarray, float]]:
    """Envelopes of the muscles of a side over every stride between marked strikes."""
    if trial.activity is None:
        return []
    names = tuple(name for name in trial.activity.names if name.endswith(side))
    rows = []
    for begin, end in zip(strikes, strikes[1:]):
        covered = trial.activity.time[0] <= begin and end <= trial.activity.time[-1]
        if names and covered and SHORTEST <= end - begin <= LONGEST:
            rows.append((names, _at(trial.activity, names, begin, end), float(end - begin)))
    return rows


def _muscles(rows: list[tuple[tuple[str, ...], np.ndarray, float]], side: str) -> Strides:
    names = tuple(dict.fromkeys(name for own, _, _ in rows for name in own))
    values = np.full((len(rows), POINTS, len(names)), np.nan)
    for number, (own, curve, _) in enumerate(rows):
        values[number][:, [names.index(name) for name in own]] = curve
    plain = tuple(name.removesuffix(f"_{side}") for name in names)
    duration, nan = [one[2] for one in rows], [math.nan] * len(rows)
    return Strides(side, plain, "1", values, duration, nan, np.arange(len(rows)))


def _at(signals: Signals, names: tuple[str, ...], begin: float, end: float) -> np.ndarray:
    """Channels at 101 points of a span, (101, C)."""
    at = np.linspace(begin, end, POINTS)
    return np.column_stack([np.interp(at, signals.time, signals.channel(name)) for name in names])


def _speed(trial: Recording) -> float:
    """Mean forward speed of the pelvis [m/s]; NaN where it was not seen."""
    if trial.position is None or "pelvis_x" not in trial.position.names:
        return math.nan
    place, time = trial.position.channel("pelvis_x"), trial.position.time
    known = np.flatnonzero(np.isfinite(place))
    if len(known) < 2:
        return math.nan
    return float(abs(place[known[-1]] - place[known[0]]) / (time[known[-1]] - time[known[0]]))


def _masses(folder: Path) -> dict[str, float]:
    path = folder / PEOPLE
    if not path.is_file():
        raise BadFile(
            f"{folder} has no {PEOPLE}. These C3D files were not confirmed to say masses: write it with the columns "
            "person and mass_kg, one row a person."
        )
    rows = sheets.rows(path)
    if rows[0][:2] != ["person", "mass_kg"]:
        raise BadFile(f"{path} begins with {', '.join(rows[0][:5])}; its columns are person and mass_kg.")
    try:
        return {row[0]: float(row[1]) for row in rows[1:]}
    except (ValueError, IndexError):
        raise BadFile(f"{path}: every row is a person and a mass in kg, e.g. 2014001,70.5.") from None
