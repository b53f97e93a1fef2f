"""Audit of the signals before anything is compared: units, constant channels, signs, sides, and one clock for all.

Most wrong comparisons of walks are wrong here: a knee that flexes the other way, force in newtons taken for body
weights, a leg taken for the other one, force plates that started later than the cameras.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from biomimic.gait.strides import SIDES, STANDARD_GRAVITY, Strides
from biomimic.metrics.waveform import is_flat, pearson
from biomimic.validate import ceiling
from biomimic.validate.people import Person
from biomimic.validate.physics import counted
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Check, Finding
from biomimic.validate.subject import Subject
from biomimic.validate.walks import Key

SIGN, TURNED, CURVE, MUSCLE = "sign and side", "side of the trunk", "plausible curve", "muscle name"
UNIT, CONSTANT, CLOCK = "unit", "constant", "clock"
SIGN_MARGIN = 0.3  # by which a channel with its sign or side exchanged may not agree better
SAGITTAL = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
TRUNK = ("pelvis_list", "pelvis_rotation", "lumbar_bending", "lumbar_rotation")  # mirrored when sides are exchanged
LARGEST_ANGLE = math.pi  # [rad] of a joint
VERTICAL_PEAK = (0.5, 5.0)  # body weights a loaded foot reaches, walking to sprinting
LARGEST_MOMENT = 8.0  # [N m/kg] about any joint of a walking or running person
MUSCLE_MARGIN = 0.3  # of mean r, by which other names for the same muscles may not agree better
HALF = 50  # points of the cycle between the two feet's heel strikes
LARGEST_LAG = 5.0  # [% of the cycle] by which all angles together may be early or late


def checks(walker: Subject, people: Sequence[Person], protocol: Protocol) -> list[Check]:
    """All checks of a walk's signals, each with what was found.

    Args:
        walker: its strides, and its recordings for the units.
        people: compared with; the mean of several is preferred, then the tracked person.
        protocol: which channels are compared.
    """
    found = _units(walker) + _constant(walker.cut, protocol)
    for side, other in (("right", "left"), ("left", "right")):
        key, opposite = ("angles", side, "stride"), ("angles", other, "stride")
        if key not in walker.cut:
            continue
        for channel in (name for name in SAGITTAL if name in walker.cut[key].names):
            own = _curve(walker.cut, key, channel)
            found.append(_plausible(channel, side, own))
            found += _signs(walker.cut, people, (key, opposite), channel)
        for channel in (name for name in TRUNK if name in walker.cut[key].names):
            found += _turned(walker.cut, people, key, channel)
        force = ("force", side, "stance")
        if force in walker.cut and "anterior" in walker.cut[force].names:
            found += _signs(walker.cut, people, (force, None), "anterior")
        found += _muscles(walker.cut, people, ("activity", side, "stride"))
    return found + _clock(walker.cut, people)


def finding(found: Sequence[Check]) -> Finding:
    """Share of the sign checks that passed."""
    signs = [check.passed for check in found if check.name == SIGN]
    value = float(np.mean(signs)) if signs else math.nan
    note = "" if signs else "no angle could be checked"
    return Finding("physics", "sign_checks", counted(value, len(signs), "checks", "share", note))


def _curve(cut: dict[Key, Strides], key: Key, channel: str) -> np.ndarray:
    """Mean curve of a channel, (101,)."""
    return cut[key].summary().channel(channel)


def _human(people: Sequence[Person], key: Key, channel: str) -> np.ndarray | None:
    """Curve to audit by: of several people, else of one; None where r cannot judge the channel."""
    order = {"group": 0, "same": 1, "other": 2}
    able = [one for one in people if one.role in order and one.has(key, channel)]
    if not able or ceiling.doubt(people, key, channel):
        return None
    return min(able, key=lambda one: order[one.role]).curves(key).channel(channel)


def _signs(
    cut: dict[Key, Strides], people: Sequence[Person], keys: tuple[Key, Key | None], channel: str
) -> list[Check]:
    """Whether a channel would agree better with its sign changed or with what is called the other side.

    The other side's curve is taken half a cycle later: its strides were cut by the events of its own foot.
    """
    human = _human(people, keys[0], channel)
    own = _curve(cut, keys[0], channel)
    if human is None or not np.isfinite(own).all():
        return []
    declared = float(pearson(own, human))
    crossed = math.nan
    if keys[1] in cut and channel in cut[keys[1]].names:
        crossed = float(pearson(np.roll(_curve(cut, keys[1], channel)[:-1], HALF), human[:-1]))
    if is_flat(own):
        return []
    lead = float(np.nanmax([-2.0 * declared, crossed - declared]))
    words = f"r {declared:.2f} as declared, {-declared:.2f} with the sign changed"
    words += f", {crossed:.2f} with the other side" if math.isfinite(crossed) else ""
    return [Check(SIGN, channel, keys[0][1], not lead > SIGN_MARGIN, words)]


def _turned(cut: dict[Key, Strides], people: Sequence[Person], key: Key, channel: str) -> list[Check]:
    """The same for a rotation of the trunk, whose sign changes when right and left are exchanged."""
    human = _human(people, key, channel)
    own = _curve(cut, key, channel)
    if human is None or not np.isfinite(own).all() or is_flat(own):
        return []
    declared = float(pearson(own, human))
    words = f"r {declared:.2f} as declared, {-declared:.2f} with right and left exchanged"
    return [Check(TURNED, channel, key[1], not -2.0 * declared > SIGN_MARGIN, words)]


def _muscles(cut: dict[Key, Strides], people: Sequence[Person], key: Key) -> list[Check]:
    """Whether the muscles would agree better under exchanged names: cables are mixed up easily."""
    names = [name for name in (cut[key].names if key in cut else ()) if _human(people, key, name) is not None]
    curves = {name: _curve(cut, key, name)[:-1] for name in names}
    names = [name for name in names if np.isfinite(curves[name]).all() and not is_flat(curves[name])]
    if len(names) < 3:
        return []
    human = np.array([_human(people, key, name)[:-1] for name in names])
    agreement = np.array([pearson(human, curves[name]) for name in names])
    own, other = linear_sum_assignment(agreement, maximize=True)
    declared, best = float(np.trace(agreement) / len(names)), float(agreement[own, other].mean())
    words = f"mean r {declared:.2f} as named, {best:.2f} under the names that fit best"
    moved = [f"{names[i]} fits {names[j]}" for i, j in zip(own, other) if i != j]
    passed = not best - declared > MUSCLE_MARGIN
    return [
        Check(MUSCLE, "muscles", key[1], passed, words if passed else f"{words}: {', '.join(moved)}", best - declared)
    ]


def _clock(cut: dict[Key, Strides], people: Sequence[Person]) -> list[Check]:
    """Lag of each sagittal angle behind people's, in points of the cycle that the force cuts out."""
    found = []
    for side in SIDES:
        key = ("angles", side, "stride")
        for channel in SAGITTAL if key in cut else ():
            human = _human(people, key, channel) if channel in cut[key].names else None
            own = None if human is None else _curve(cut, key, channel)
            if own is None or not np.isfinite(own).all() or is_flat(own):
                continue
            lag = best_lag(own, human)
            words = f"{abs(lag):.0f} % of the cycle {'late' if lag > 0 else 'early' if lag < 0 else 'off'}"
            found.append(Check(CLOCK, channel, side, abs(lag) <= LARGEST_LAG, words, lag))
    return found


def best_lag(own: np.ndarray, human: np.ndarray) -> float:
    """Points by which a stride (101,) is late against another one, where they agree best around the cycle."""
    cycle = own[:-1]
    shifts = np.arange(-50, 50)
    shifted = cycle[(np.arange(100) + shifts[:, None]) % 100]  # row: `own` moved earlier by that many points
    return float(shifts[int(np.argmax(pearson(shifted, human[:-1])))])


def _units(walker: Subject) -> list[Check]:
    """Whether each quantity has the size that its unit gives it."""
    found = []
    for (quantity, side, phase), strides in walker.cut.items():
        if quantity == "angles":
            found += _angle_units(strides, side)
        elif quantity == "force" and phase == "stance" and "vertical" in strides.names:
            found.append(_force_unit(float(np.nanmax(strides.channel("vertical"), initial=0.0)), side))
        elif quantity == "moment":
            largest = float(np.nanmax(np.abs(strides.values), initial=0.0))
            words = f"largest moment {largest:.3g} N m/kg, expected at most {LARGEST_MOMENT:g}"
            found.append(Check(UNIT, "moment", side, largest <= LARGEST_MOMENT, words))
        elif quantity == "activity":
            lowest = float(np.nanmin(strides.values, initial=0.0))
            words = f"lowest activity {lowest:.2g}, expected none below 0"
            found.append(Check(UNIT, "activity", side, lowest >= -0.05, words))
    return found + _unloaded(walker)


def _angle_units(strides: Strides, side: str) -> list[Check]:
    joints = [name for name in strides.names if not name.startswith("pelvis")]
    found = []
    for name in joints:
        largest = float(np.nanmax(np.abs(strides.channel(name)), initial=0.0))
        if largest > LARGEST_ANGLE:
            words = f"reaches {largest:.3g} rad, more than a joint can; it is in degrees if that is {largest:.3g}°"
            found.append(Check(UNIT, name, side, False, words))
    size = float(np.nanmax(np.abs(strides.values), initial=0.0))
    words = f"{len(joints)} joint angles, largest of all {size:.3g} rad"
    return found or [Check(UNIT, "angles", side, True, words)]


def _force_unit(peak: float, side: str) -> Check:
    low, high = VERTICAL_PEAK
    words = f"vertical peak {peak:.3g} body weights, expected {low:g} to {high:g}"
    if peak > high:
        words += "; the force was multiplied by the weight twice, or the mass is wrong"
    return Check(UNIT, "vertical", side, low <= peak <= high, words)


def _unloaded(walker: Subject) -> list[Check]:
    """Trials whose force never carries a body: body weights, or kilonewtons, called newtons."""
    found = []
    for trial in walker.still:
        force = trial.recording.force
        for side in SIDES:
            peak = float(np.nanmax(force.channel(f"vertical_{side}"), initial=0.0))
            weight = trial.recording.mass * STANDARD_GRAVITY
            if 0.0 < peak < VERTICAL_PEAK[0] * weight and not len(trial.cycles[side]):
                words = f"{trial.recording.trial}: vertical peak {peak:.3g} N for a body of {weight:.0f} N"
                if 0.5 < peak < 5.0:
                    words += "; the force is in body weights, multiply it by the weight"
                found.append(Check(UNIT, "vertical", side, False, words))
    return found


def _constant(cut: dict[Key, Strides], protocol: Protocol) -> list[Check]:
    """Compared channels without any change over the cycle: a sensor or a coordinate that is not there."""
    compared = {
        (comparison.quantity, side, comparison.phase, channel): None
        for comparison in protocol.comparisons
        for side in SIDES
        for channel in comparison.channels
    }
    found = []
    for *key, channel in compared:
        strides = cut.get(tuple(key))
        if strides is None or channel not in strides.names:
            continue
        rows = strides.channel(channel)
        rows = rows[np.isfinite(rows).all(axis=1)]
        if not len(rows):
            found.append(Check(CONSTANT, channel, key[1], False, "holds no complete stride"))
        elif is_flat(rows).all():
            found.append(Check(CONSTANT, channel, key[1], False, "does not change over the cycle"))
    return found


def _plausible(channel: str, side: str, curve: np.ndarray) -> Check:
    """Events of a walking stride that tell a sign error from a poor walk; angles in degrees."""
    degrees = np.degrees(curve)
    if not np.isfinite(degrees).all():
        return Check(CURVE, channel, side, False, "no complete stride")
    if channel == "knee_flexion":
        peak, when = degrees[50:].max(), 50 + int(degrees[50:].argmax())
        passed = bool(degrees.mean() > 0 and 40 <= peak <= 75)
        return Check(CURVE, channel, side, passed, f"swing peak {peak:.0f}° at {when} %, expected 40 to 75°")
    if channel == "hip_flexion":
        low = int(degrees.argmin())
        return Check(CURVE, channel, side, 45 <= low <= 60, f"most extended at {low} %, expected 45 to 60 %")
    low = 40 + int(degrees[40:90].argmin())
    return Check(CURVE, channel, side, 55 <= low <= 75, f"most plantarflexed at {low} %, expected 55 to 75 %")
