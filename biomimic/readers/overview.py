"""A few figures of a trial that anybody can check: knee in swing, vertical force, EMG, speed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from biomimic.gait import events as gait_events
from biomimic.gait import filters
from biomimic.gait.events import Events
from biomimic.gait.strides import SIDES, STANDARD_GRAVITY
from biomimic.motion import Motion
from biomimic.readers import points
from biomimic.recording import Recording
from biomimic.signals import Signals

THRESHOLD, MIN_STANCE = 30.0, 0.15  # [N], [s] of a contact
FORCE_HZ = 20.0  # [Hz] low-pass of the force before its peaks are taken, order 4
_MOVES = 20.0  # [deg] a knee that moves less stands
_WALKS = 0.3  # [m/s] a pelvis alone that goes slower may be on a belt


@dataclass(frozen=True)
class Overview:
    """Figures of one trial; what it does not have is missing or NaN.

    Args:
        trial: its label.
        gait: "walking", "running", or "" where nothing tells.
        speed: over the ground, also on a belt [m/s].
        knee: side → largest flexion in the trial [deg].
        vertical: side → peak of the first and of the second half of stance, median of the steps [BW]; a runner has
            one peak, which stands twice.
        emg: muscle with its side → where in the stride (from heel strike) its envelope is largest, circular mean of
            the strides [%].
    """

    trial: str
    gait: str = ""
    speed: float = float("nan")
    knee: Mapping[str, float] = field(default_factory=dict)
    vertical: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    emg: Mapping[str, float] = field(default_factory=dict)


def overview(found: Recording | Motion, marked: Mapping[str, Events] | None = None) -> Overview:
    """Figures of what `read` gave.

    Args:
        found: a trial.
        marked: events of each side that somebody marked, for trials whose force does not hold whole strides.
    """
    if isinstance(found, Motion):
        return Overview(found.provenance.source, speed=points.speed(found), knee=_bent(found))
    force = None if found.force is None else _smooth(found.force)
    contacts = {} if force is None else _contacts(force)
    gait = gait_events.recognise(*(contacts[side] for side in SIDES)).name if len(contacts) == 2 else ""
    vertical = {side: _peaks(force, one, found.mass, gait) for side, one in contacts.items()}
    strikes = {side: one.heel_strike for side, one in contacts.items()}
    for side, one in (marked or {}).items():
        if np.isfinite(strikes.get(side, np.zeros(0))).sum() < 2:
            strikes[side] = one.heel_strike
    return Overview(
        found.trial,
        gait,
        _speed(found),
        {} if found.angles is None else _flexed(found.angles),
        {side: pair for side, pair in vertical.items() if pair is not None},
        {} if found.activity is None else _phases(found.activity, strikes),
    )


def lines(one: Overview) -> list[str]:
    """The figures in words, one line each."""
    words = [f"{one.trial}{f': {one.gait}' if one.gait else ''}"]
    if np.isfinite(one.speed):
        words.append(f"  speed {one.speed:.2f} m/s")
    words += [f"  knee flexes to {peak:.0f}° ({side})" for side, peak in one.knee.items()]
    for side, (first, second) in one.vertical.items():
        words.append(f"  vertical force peaks at {first:.2f} and {second:.2f} body weights ({side})")
    words += [f"  {muscle} peaks at {percent:.0f} % of the stride" for muscle, percent in one.emg.items()]
    return words


def _smooth(force: Signals) -> Signals:
    even = force if filters.is_regular(force) else filters.regular(force)
    if even.rate <= 2.0 * FORCE_HZ or len(even) < 20:
        return even
    return filters.low_pass(even, order=4, cutoff=FORCE_HZ)


def _contacts(force: Signals) -> dict[str, Events]:
    return {
        side: gait_events.detect(force, side=side, threshold=THRESHOLD, min_stance=MIN_STANCE)
        for side in SIDES
        if f"vertical_{side}" in force.names and np.isfinite(force.channel(f"vertical_{side}")).all()
    }


def _peaks(force: Signals, contacts: Events, mass: float, gait: str) -> tuple[float, float] | None:
    """Median over the whole contacts."""
    found = []
    for start, end in zip(contacts.heel_strike, contacts.toe_off):
        part = force.between(start, end).channel(f"vertical_{contacts.side}")
        if np.isfinite(start + end) and len(part) > 3:
            halves = part[: len(part) // 2], part[len(part) // 2 :]
            found.append([part.max()] * 2 if gait == "running" else [half.max() for half in halves])
    if not found:
        return None
    first, second = np.median(found, axis=0) / (mass * STANDARD_GRAVITY)
    return float(first), float(second)


def _flexed(angles: Signals) -> dict[str, float]:
    """Largest flexion of each knee that moves [deg]."""
    found = {}
    for side in SIDES:
        if f"knee_flexion_{side}" not in angles.names:
            continue
        degrees = np.degrees(angles.channel(f"knee_flexion_{side}"))
        if np.isfinite(degrees).any() and np.nanmax(degrees) - np.nanmin(degrees) > _MOVES:
            found[side] = float(np.nanmax(degrees))
    return found


def _bent(motion: Motion) -> dict[str, float]:
    """Largest bend of each knee between the joints of hip, knee and ankle [deg]."""
    found = {}
    for side in SIDES:
        names = [f"{joint}_{side}" for joint in ("hip", "knee", "ankle")]
        if not set(names) <= set(motion.landmarks):
            continue
        hip, knee, ankle = (motion.position[:, motion.landmarks.index(name)] for name in names)
        thigh, shank = knee - hip, ankle - knee
        length = np.linalg.norm(thigh, axis=1) * np.linalg.norm(shank, axis=1)
        cosine = np.sum(thigh * shank, axis=1)[length > 0] / length[length > 0]
        if len(cosine):
            found[side] = float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))).max())
    return found


def _speed(recording: Recording) -> float:
    position = recording.position
    if position is None or "pelvis_x" not in position.names or len(position) < 2:
        return float("nan")
    names = tuple(dict.fromkeys(name[:-2] for name in position.names))
    if any(name.startswith(("heel", "toe")) for name in names):
        places = np.stack([position.select([f"{name}_{axis}" for axis in "xyz"]).values for name in names], axis=1)
        return points.speed(Motion(position.rate, places, names, recording.provenance))
    way = position.select(["pelvis_x", "pelvis_y"]).values
    way = way[np.isfinite(way).all(axis=1)]
    found = float(np.linalg.norm(way[-1] - way[0]) / np.ptp(position.time)) if len(way) else float("nan")
    return found if found > _WALKS else float("nan")


def _phases(activity: Signals, strikes: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Where in the stride each muscle is most active [%]."""
    found = {}
    for name in activity.names:
        side = name.rpartition("_")[2]
        times = strikes.get(side, np.zeros(0))
        times = times[np.isfinite(times)]
        angles = []
        for start, end in zip(times[:-1], times[1:]):
            if start < activity.time[0] or end > activity.time[-1]:
                continue
            part = activity.between(start, end)
            values = part.channel(name)
            if len(part) > 10 and np.isfinite(values).all() and values.max() > 0:
                angles.append(2.0 * np.pi * (part.time[int(values.argmax())] - start) / (end - start))
        if angles:
            mean = np.arctan2(np.sin(angles).mean(), np.cos(angles).mean())
            found[name] = float(100.0 * (mean / (2.0 * np.pi) % 1.0))
    return found
