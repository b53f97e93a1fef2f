"""What was measured beside a clip's motion, on the clip's own time: joint angles and plate forces, foot by foot."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, BadValue
from biomimic.motion import Motion
from biomimic.readers import opensim
from biomimic.signals import Signals

SIDES = ("right", "left")
_LOADED = 30.0  # [N] above this a plate bears a foot
_LOW = 0.15  # [m] above the lowest landmark of all, landmarks that ever get there are of the feet
_NEAR = 0.35  # [m] a centre of pressure farther from both feet is none of theirs
_AXES = ("x", "y", "z")


def angles(path: str | Path, start: float = 0.0) -> Signals:
    """Joint angles of an OpenSim file in house names and signs [rad], time 0 at the clip's first frame.

    Models differ in the sign of the knee; the file itself tells it.

    Args:
        path: of the file (.mot, .sto).
        start: time of the clip's first frame in the file [s].

    Raises:
        BadFile: no such file, or angles that are not in the unit the header says.
        UnknownName: no column is a known coordinate.
    """
    table = opensim.read_table(path)
    found = opensim.house_angles(table, opensim.names_of(table), path)
    return replace(found, time=found.time - start)


def forces(path: str | Path, motion: Motion, rate: float, start: float = 0.0) -> np.ndarray:
    """Ground reaction on the right and the left foot at the frames of a clip, house frame, (T, 6) [N].

    Columns that name the foot are its; else each stretch of time in which a plate is loaded belongs to the foot whose
    lowest landmarks are nearest to the centre of pressure. Frames outside of the record are NaN.

    Args:
        path: OpenSim file of forces with centres of pressure, in the motion's laboratory frame.
        motion: of the clip, as recorded.
        rate: of the frames [Hz], counted from the motion's first.
        start: time of the clip's first frame in the file [s].

    Raises:
        BadFile: no force columns in the file.
        BadValue: neither columns nor centres of pressure tell the foot.
    """
    table = opensim.read_table(path)
    time = table.time - start
    prefixes = [name[:-2] for name in table.names if name.endswith("vy") and _has(table, name[:-2], "v")]
    if not prefixes:
        raise BadFile(f"{path} has no force columns (…vx, …vy, …vz); it has: {', '.join(table.names[:10])}.")
    known = opensim.names("rajagopal2016").plates
    total = {side: np.zeros((len(time), 3)) for side in SIDES}
    for prefix in prefixes:
        force = _house(table, prefix, "v")
        for side, share in _shares(table, prefix, known, motion, time).items():
            total[side] += force * share[:, None]
    frames = np.arange(int(np.floor(motion.duration * rate + 1e-6)) + 1) / rate
    return np.hstack([_at(time, total[side], frames) for side in SIDES])


def _has(table: Signals, prefix: str, kind: str) -> bool:
    return all(f"{prefix}{kind}{axis}" in table.names for axis in _AXES)


def _house(table: Signals, prefix: str, kind: str) -> np.ndarray:
    """Columns x forward, y up, z right of OpenSim in the house frame, (T, 3)."""
    forward, up, right = (table.channel(f"{prefix}{kind}{axis}") for axis in _AXES)
    return np.column_stack([forward, -right, up])


def _shares(
    table: Signals, prefix: str, known: dict[str, str], motion: Motion, time: np.ndarray
) -> dict[str, np.ndarray]:
    """Which of a plate's samples belong to each foot, 0 or 1."""
    if prefix in known:
        return {known[prefix]: np.ones(len(time))}
    if not _has(table, prefix, "p"):
        raise BadValue(
            f'The force columns "{prefix}v…" do not say the foot and have no centre of pressure "{prefix}p…"; '
            "name them ground_force_r_v… and ground_force_l_v…, or give their centres of pressure."
        )
    pressure = _house(table, prefix, "p")
    feet = {side: _feet(motion, side) for side in SIDES}
    shares = {side: np.zeros(len(time)) for side in SIDES}
    loaded = table.channel(f"{prefix}vy") > _LOADED
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loaded, [False]]).astype(int)))
    for first, last in zip(edges[::2], edges[1::2]):
        apart = {side: _apart(feet[side], motion.rate, time[first:last], pressure[first:last]) for side in SIDES}
        nearest = min(SIDES, key=lambda side: apart[side])
        if apart[nearest] < _NEAR:
            shares[nearest][first:last] = 1.0
    return shares


def _feet(motion: Motion, side: str) -> np.ndarray:
    """Landmarks of one foot, (T, n, 3) [m]: named for the side, and low at some time."""
    with_side = re.compile(rf"(_{side}$)|^{side[0]}", re.IGNORECASE)
    lowest = np.nanmin(motion.position[..., 2], axis=0, initial=np.inf)
    low = lowest < np.nanmin(lowest) + _LOW
    chosen = [k for k, name in enumerate(motion.landmarks) if low[k] and with_side.search(name)]
    if not chosen:
        raise BadValue(
            f"No landmark of the {side} foot is known by its name, so that forces cannot be given to a foot; names "
            f'begin with "{side[0].upper()}" or end with "_{side}".'
        )
    return motion.position[:, chosen]


def _apart(foot: np.ndarray, rate: float, time: np.ndarray, pressure: np.ndarray) -> float:
    """Median distance of a foot's middle from centres of pressure in the plane [m]; endless where it was not seen."""
    frame = np.round(time * rate).astype(int)
    inside = (frame >= 0) & (frame < len(foot))
    there = foot[frame[inside]]
    seen = np.isfinite(there).all(axis=2).any(axis=1)
    if not seen.any():
        return float("inf")
    middle = np.nanmean(there[seen], axis=1)[:, :2]
    return float(np.median(np.linalg.norm(middle - pressure[inside][seen, :2], axis=1)))


def _at(time: np.ndarray, values: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Means over one frame's time around each frame; NaN outside of the record, (T, 3)."""
    half = 0.5 * (frames[1] - frames[0]) if len(frames) > 1 else 0.0
    total = np.vstack([np.zeros(3), np.cumsum(values, axis=0)])
    first, last = np.searchsorted(time, frames - half), np.searchsorted(time, frames + half)
    count = last - first
    mean = (total[last] - total[first]) / np.maximum(count, 1)[:, None]
    between = np.column_stack([np.interp(frames, time, column) for column in values.T])
    found = np.where((count > 1)[:, None], mean, between)
    found[(frames < time[0] - half) | (frames > time[-1] + half)] = np.nan
    return found
