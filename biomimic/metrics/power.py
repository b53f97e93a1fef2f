"""Joint power: moment times angular velocity, and the bursts by which Winter named it."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from biomimic.errors import BadValue, NotEnoughData, unknown
from biomimic.gait.strides import MIRRORED, POINTS, Strides
from biomimic.metrics.per_stride import PerStride, explained
from biomimic.signals import Signals

UNIT = "W/kg"
LEAST = 4  # samples of a stretch that has a slope


class Burst(NamedTuple):
    """Where a named burst of power is looked for."""

    joint: str
    sign: int  # 1 generated, -1 absorbed
    start: float  # [% of the stride]
    end: float


# the bursts of Winter (1991); the windows are this package's, wide enough for slow and fast walks
BURSTS = {
    "A1": Burst("ankle_dorsiflexion", -1, 5, 45),  # shank turns over the foot
    "A2": Burst("ankle_dorsiflexion", 1, 35, 70),  # push-off
    "K1": Burst("knee_flexion", -1, 0, 20),  # knee yields as it takes the weight
    "K2": Burst("knee_flexion", 1, 8, 35),  # knee extends in mid-stance
    "K3": Burst("knee_flexion", -1, 45, 75),  # rectus femoris brakes the knee around toe-off
    "K4": Burst("knee_flexion", -1, 75, 100),  # hamstrings brake the swinging shank
    "H1": Burst("hip_flexion", 1, 0, 30),  # hip extends after the strike
    "H2": Burst("hip_flexion", -1, 20, 55),  # hip flexors are stretched
    "H3": Burst("hip_flexion", 1, 45, 80),  # pull-off
}


class Work(NamedTuple):
    """Work of one joint in each stride, (S,) [J/kg]; NaN where the stride is missing."""

    positive: np.ndarray
    negative: np.ndarray
    net: np.ndarray


def power(angles: Signals, moments: Signals, mass: float) -> Signals:
    """Power of the joints over time: moment times angular velocity, over body mass.

    Each angle that has a moment of the same name gets a channel. The velocity is the derivative of a cubic spline
    through the angle. Moments on another clock are interpolated to the times of the angles, NaN outside their record.
    Angles whose sign depends on the side (`strides.MIRRORED`) are left out: their power would lose its sign when cut.

    Args:
        angles: filtered [rad].
        moments: filtered at the same cut-off, same signs as the angles [N m].
        mass: [kg].

    Returns:
        Signals [W/kg] at the times of the angles; positive where the joint gives energy to the body.

    Source:
        Winter, Biomechanics and motor control of human movement, 4th ed. 2009, section 6.2.1.
    """
    if (angles.unit, moments.unit) != ("rad", "N m"):
        raise BadValue(
            f'Power is made of angles in "rad" and moments in "N m"; these are in "{angles.unit}" and "{moments.unit}".'
        )
    if not mass > 0:
        raise BadValue(f"Body mass is positive; got {mass:g} kg.")
    names = tuple(name for name in angles.names if name in moments.names and not _mirrored(name))
    if not names:
        raise NotEnoughData(
            f"No angle has a moment of its name: angles are {', '.join(angles.names[:6])}; moments are "
            f"{', '.join(moments.names[:6])}."
        )
    columns = [
        _on(angles.time, moments.time, moments.channel(name)) * _velocity(angles.time, angles.channel(name))
        for name in names
    ]
    return Signals(angles.time, np.column_stack(columns) / mass, names, UNIT)


def stride_power(angles: Strides, moments: Strides) -> Strides:
    """Power of the joints of strides that are cut already, e.g. of a published person.

    Prefer `power`, which takes the velocity before time is normalised: here 101 points have to do.

    Args:
        angles: [rad] over the stride.
        moments: the same strides [N m/kg].

    Returns:
        Strides [W/kg] with the channels that both have; NaN where a stride's duration is not known.
    """
    if (angles.unit, moments.unit) != ("rad", "N m/kg") or angles.phase != "stride" or moments.phase != "stride":
        raise BadValue(
            'Power of strides is made of angles in "rad" and moments in "N m/kg" over the stride; these are in '
            f'"{angles.unit}" over the {angles.phase} and "{moments.unit}" over the {moments.phase}.'
        )
    alike = len(angles) == len(moments) and angles.side == moments.side
    if not alike or not np.allclose(angles.duration, moments.duration, equal_nan=True):
        raise BadValue(
            f"Angles and moments must be of the same strides; found {len(angles)} of the {angles.side} and "
            f"{len(moments)} of the {moments.side} side."
        )
    names = tuple(name for name in angles.names if name in moments.names and not _mirrored(name))
    shares = np.linspace(0.0, 1.0, POINTS)
    values = np.full((len(angles), POINTS, len(names)), np.nan)
    for k, name in enumerate(names):
        rows = angles.channel(name)
        for stride in np.flatnonzero(np.isfinite(rows).all(axis=1)):
            velocity = CubicSpline(shares, rows[stride])(shares, 1) / angles.duration[stride]
            values[stride, :, k] = moments.channel(name)[stride] * velocity
    return replace(angles, names=names, unit=UNIT, values=values)


def burst(strides: Strides, name: str) -> PerStride:
    """Peak of a named burst in each stride, (S,) [W/kg]; negative where power is absorbed.

    Args:
        strides: power over the stride.
        name: A1, A2, K1 ... K4, H1 ... H3.

    Returns:
        PerStride; a stride whose power does not have the burst's sign anywhere in its window has none.

    Source:
        Winter, The biomechanics and motor control of human gait, 1991; Eng & Winter, J Biomech 28 (1995) 753-758.
    """
    if name not in BURSTS:
        raise unknown("burst of power", name, BURSTS)
    wanted = BURSTS[name]
    rows = _power_of(strides, wanted.joint)
    first, last = round(wanted.start * (POINTS - 1) / 100), round(wanted.end * (POINTS - 1) / 100)
    peak = wanted.sign * (wanted.sign * rows[:, first : last + 1]).max(axis=1)
    done = "generated" if wanted.sign > 0 else "absorbed"
    window = f"{wanted.start:g} to {wanted.end:g} % of the stride"
    return explained(
        peak,
        {
            "power is missing in the stride": ~np.isfinite(rows).all(axis=1),
            f"{name}: no power {done} at {window}": wanted.sign * peak <= 0,
        },
    )


def work(strides: Strides, joint: str) -> Work:
    """Positive, negative and net work of one joint in each stride.

    Args:
        strides: power over the stride [W/kg].
        joint: name of the angle.
    """
    rows = _power_of(strides, joint)
    step = strides.duration / (POINTS - 1)
    positive, negative = (np.trapezoid(part, axis=1) * step for part in (np.maximum(rows, 0.0), np.minimum(rows, 0.0)))
    return Work(positive, negative, positive + negative)


def _power_of(strides: Strides, joint: str) -> np.ndarray:
    if strides.unit != UNIT or strides.phase != "stride":
        raise BadValue(
            f'Bursts and work are measured on power in "{UNIT}" over the stride; these strides are in '
            f'"{strides.unit}" over the {strides.phase}.'
        )
    return strides.channel(joint)


def _mirrored(name: str) -> bool:
    return name.split("/")[-1] in MIRRORED


def _velocity(time: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Derivative of each stretch without gaps; NaN elsewhere and in stretches of fewer than four samples."""
    result = np.full(len(time), np.nan)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], np.isfinite(angle), [False])).astype(int)))
    for start, end in zip(edges[::2], edges[1::2]):
        if end - start >= LEAST:
            part = slice(start, end)
            result[part] = CubicSpline(time[part], angle[part])(time[part], 1)
    return result


def _on(wanted: np.ndarray, time: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at other times, NaN outside their record and beside a gap."""
    if len(wanted) == len(time) and np.allclose(wanted, time, rtol=0.0, atol=1e-9):
        return values
    if np.isnan(values).any() or len(time) < LEAST:
        return np.interp(wanted, time, values, left=np.nan, right=np.nan)
    return CubicSpline(time, values)(wanted, extrapolate=False)
