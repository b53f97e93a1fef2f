"""Audit of a trial's signs and sides by what every walking or running person does; each reading goes through it.

A sign that is wrong here is wrong everywhere after: so a trial that does not do it is refused, with the channel named.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from biomimic.gait import events
from biomimic.gait.strides import SIDES, STANDARD_GRAVITY
from biomimic.signals import Signals

MOVING = 20.0  # [deg] a knee that moves less than this tells no sign
TURNS = 2.0 * np.pi  # [rad] no joint reaches this
THRESHOLD = 30.0  # [N]
MIN_STANCE = 0.15  # [s]
PEAK = (0.5, 6.0)  # body weights that a loaded foot reaches at its largest, from a careful step to a sprint
SWING = 0.3  # [s] after toe-off in which the knee reaches its swing peak
_ROCKER = (0.5, 0.8)  # share of stance in which the shank goes over the foot and the ankle bends most
CLEAR = np.radians(3.0)  # by which an angle has to differ before it speaks
_UNITS = {"N": 1.0, "body weights": None, "kN": 1000.0, "kgf": STANDARD_GRAVITY}


class Sign(NamedTuple):
    """One check.

    Args:
        rule: what a person does, in words.
        channel: house name.
        passed: whether the channel does it.
        found: numbers, in words.
        margin: how clearly, in the channel's unit; negative where it failed.
    """

    rule: str
    channel: str
    passed: bool
    found: str
    margin: float


def audit(angles: Signals | None, force: Signals | None, mass: float | None = None) -> tuple[Sign, ...]:
    """All checks that the signals allow; a standing person allows few.

    Args:
        angles: of joints, house names [rad].
        force: of the ground on the feet, house names [N].
        mass: of the person [kg]; None leaves the size of the force open.
    """
    found = _knees(angles) if angles is not None else []
    if force is None:
        return tuple(found)
    found += _vertical(force, mass)
    if any(not one.passed for one in found if one.channel.startswith("vertical")):
        return tuple(found)
    for side in SIDES:
        contacts = _contacts(force, side)
        if contacts:
            found += _anterior(force, side, contacts)
        if angles is not None:
            found += _leg(angles, side, contacts)
    return tuple(found)


def refused(found: Sequence[Sign], accepted: Sequence[str] = ()) -> str:
    """What does not fit, in words; empty where everything does.

    Args:
        found: of `audit`.
        accepted: channels whose checks were waived by the user.
    """
    bad = [one for one in found if not one.passed and one.channel not in accepted]
    return "; ".join(f"{one.channel} {one.found}, while {one.rule}" for one in bad[:2])


def swapped(angles: Signals, force: Signals, found: Sequence[Sign]) -> bool:
    """Whether the legs fit the force once right and left are exchanged, and do not as they are."""
    if not any(not one.passed for one in found if one.rule in (_KNEE_SWINGS, _HIP_EXTENDS)):
        return False
    other = {"right": "left", "left": "right"}
    names = tuple(
        f"{name.rpartition('_')[0]}_{other[name.rpartition('_')[2]]}" if name.endswith(SIDES) else name
        for name in angles.names
    )
    again = audit(Signals(angles.time, angles.values, names, angles.unit), force)
    return all(one.passed for one in again if one.rule in (_KNEE_SWINGS, _HIP_EXTENDS))


_KNEE_BENDS = "a knee flexes much further than it extends"
_KNEE_SWINGS = "the knee flexes more just after its foot leaves the ground than while it bears the body"
_HIP_EXTENDS = "the hip is more extended when its foot leaves the ground than when it lands"
_ANKLE_PUSHES = "the ankle turns its toes down as its foot leaves the ground"
_UPWARD = "the ground can only push upward"
_SIZE = f"a loaded foot bears {PEAK[0]:g} to {PEAK[1]:g} body weights at its largest"
_BRAKES = "the ground first brakes a step and then drives it forward"


def _knees(angles: Signals) -> list[Sign]:
    found = []
    for name in (name for name in angles.names if name.startswith("knee_flexion")):
        values = angles.channel(name)
        if not np.isfinite(values).any():
            continue
        high, low = np.degrees(np.nanmax(values)), np.degrees(np.nanmin(values))
        if high - low < MOVING:
            continue
        words = f"flexes to {high:.0f}° and extends to {-low:.0f}°"
        found.append(Sign(_KNEE_BENDS, name, bool(high > -low), words, float(np.radians(high + low))))
    return found


def _vertical(force: Signals, mass: float | None) -> list[Sign]:
    found = []
    for name in (name for name in force.names if name.startswith("vertical_")):
        values = force.channel(name)
        if not np.isfinite(values).any():
            continue
        high, low = float(np.nanmax(values)), float(np.nanmin(values))
        if max(high, -low) <= 0.0:
            continue
        words = f"reaches {high:.0f} N upward and {-low:.0f} N downward"
        found.append(Sign(_UPWARD, name, high > -low, words, high + low))
        if mass is not None and high > -low:
            found += _size(name, high, mass)
    return found


def _size(name: str, peak: float, mass: float) -> list[Sign]:
    weight = mass * STANDARD_GRAVITY
    kept = PEAK[0] * weight <= peak <= PEAK[1] * weight
    words = f"reaches {peak:.4g} N, {peak / weight:.2g} times the weight of {mass:g} kg"
    if not kept:
        fits = [
            unit for unit, size in _UNITS.items() if PEAK[0] * weight <= peak * (size or weight) <= PEAK[1] * weight
        ]
        words += f" (it would fit in {' or '.join(fits)})" if fits else ""
    return [Sign(_SIZE, name, kept, words, min(peak / weight - PEAK[0], PEAK[1] - peak / weight))]


def _contacts(force: Signals, side: str) -> list[tuple[float, float]]:
    """Begin and end of each whole contact [s]."""
    name = f"vertical_{side}"
    if name not in force.names or np.isnan(force.channel(name)).any() or len(force) < 3:
        return []
    threshold = max(THRESHOLD, 0.05 * float(force.channel(name).max()))
    found = events.detect(force, side=side, threshold=threshold, min_stance=MIN_STANCE)
    return [(a, b) for a, b in zip(found.heel_strike, found.toe_off) if np.isfinite(a) and np.isfinite(b)]


def _anterior(force: Signals, side: str, contacts: list[tuple[float, float]]) -> list[Sign]:
    name = f"anterior_{side}"
    if name not in force.names:
        return []
    halves = []
    for start, end in contacts:
        middle = 0.5 * (start + end)
        first, second = (force.between(*part).channel(name) for part in ((start, middle), (middle, end)))
        if len(first) and len(second):
            halves.append((np.nanmean(first), np.nanmean(second)))
    if not halves:
        return []
    before, after = np.median(np.array(halves), axis=0)
    words = f"is {before:.0f} N on average in the first half of a step and {after:.0f} N in the second"
    return [Sign(_BRAKES, name, bool(after > before), words, float(after - before))]


def _leg(angles: Signals, side: str, contacts: list[tuple[float, float]]) -> list[Sign]:
    """Checks of one leg against the contacts of its foot; the median over steps decides."""
    found = []
    for joint, rule, measure in (
        ("knee_flexion", _KNEE_SWINGS, _knee_swing),
        ("hip_flexion", _HIP_EXTENDS, _hip_extension),
        ("ankle_dorsiflexion", _ANKLE_PUSHES, _ankle_push),
    ):
        name = f"{joint}_{side}"
        if name not in angles.names:
            continue
        values = angles.channel(name)
        known = np.isfinite(values)
        pairs = [measure(angles.time[known], values[known], *contact) for contact in contacts] if known.any() else []
        pairs = np.array([pair for pair in pairs if pair is not None])
        if not len(pairs):
            continue
        more, less = np.median(pairs, axis=0)
        if abs(more - less) < CLEAR:
            continue
        words = f"shows {np.degrees(more):.0f}° against {np.degrees(less):.0f}°"
        found.append(Sign(rule, name, bool(more > less), words, float(more - less)))
    return found


def _within(time: np.ndarray, start: float, end: float) -> np.ndarray | None:
    """Mask of the samples between two times, where the record covers both."""
    if start < time[0] or end > time[-1]:
        return None
    mask = (time >= start) & (time <= end)
    return mask if mask.any() else None


def _knee_swing(time: np.ndarray, values: np.ndarray, start: float, end: float) -> tuple[float, float] | None:
    swing = _within(time, end, end + SWING)
    stance = _within(time, max(start, time[0]), start + 0.8 * (end - start))
    if swing is None or stance is None:
        return None
    return float(values[swing].max()), float(values[stance].max())


def _hip_extension(time: np.ndarray, values: np.ndarray, start: float, end: float) -> tuple[float, float] | None:
    if _within(time, start, end) is None:
        return None
    return float(np.interp(start, time, values)), float(np.interp(end, time, values))


def _ankle_push(time: np.ndarray, values: np.ndarray, start: float, end: float) -> tuple[float, float] | None:
    middle = _within(time, start + _ROCKER[0] * (end - start), start + _ROCKER[1] * (end - start))
    if middle is None or end > time[-1]:
        return None
    return float(values[middle].mean()), float(np.interp(end, time, values))
