"""Ground reaction force over stance: double peak, loading rate, impulse, braking and propulsion, symmetry."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.signal import find_peaks

from biomimic.errors import BadValue
from biomimic.gait.strides import POINTS, Strides
from biomimic.metrics.estimate import ONE, Estimate, Resampling, counted, mean, stride_weights, undefined

PROMINENCE = 0.02  # [BW] least prominence of a peak
DEPTH = 0.05  # [BW] least height of the lower peak above the valley
HALF = POINTS // 2  # mid-stance
LOADING = (0.2, 0.8)  # of the first peak: the part of the rise whose slope is the loading rate


class DoublePeak(NamedTuple):
    """First peak, valley and second peak of each stride, (S,); NaN where a stride has no double peak."""

    first: np.ndarray  # [BW] F1, weight acceptance
    first_time: np.ndarray  # [% of stance]
    valley: np.ndarray  # [BW] F2, mid-stance
    valley_time: np.ndarray
    second: np.ndarray  # [BW] F3, push-off
    second_time: np.ndarray
    present: np.ndarray  # bool
    depth: np.ndarray  # [BW] (F1 + F3) / 2 - F2
    measured: np.ndarray  # bool: False where the force of the stride is missing


class Shear(NamedTuple):
    """Braking and propulsion of each stride, (S,)."""

    braking: np.ndarray  # [BW] minimum, negative
    braking_time: np.ndarray  # [% of stance]
    propulsion: np.ndarray  # [BW] maximum
    propulsion_time: np.ndarray
    braking_impulse: np.ndarray  # [BW s] negative
    propulsion_impulse: np.ndarray
    net_impulse: np.ndarray  # near 0 at constant speed


def double_peak(
    strides: Strides, channel: str = "vertical", *, prominence: float = PROMINENCE, depth: float = DEPTH
) -> DoublePeak:
    """The two peaks and the valley of the vertical force in each stance.

    F1 and F3 are the highest local maxima of at least this prominence in 0 ... 50 % and 50 ... 100 % of stance, F2
    the minimum between them. A stride has a double peak if both exist and the lower one stands `depth` above F2.

    Args:
        strides: force over stance [BW].
        channel: "vertical".
        prominence: [BW].
        depth: [BW].

    Source:
        Chao et al., J Biomech 16 (1983) 219-233 (F1, F2, F3); prominence and depth: this package's protocol.
    """
    rows = _stance_force(strides, channel)
    known = np.isfinite(rows).all(axis=1)
    places = np.full((len(rows), 3), -1)  # point of F1, F2, F3; -1 where there is none
    for k in np.flatnonzero(known):
        places[k] = _three(rows[k], prominence)
    found = (places >= 0).all(axis=1)
    force = np.take_along_axis(rows, np.maximum(places, 0), axis=1)
    present = found & (np.minimum(force[:, 0], force[:, 2]) - force[:, 1] >= depth)
    force = np.where(present[:, None], force, np.nan)
    time = np.where(present[:, None], places * 100.0 / (POINTS - 1), np.nan)
    return DoublePeak(
        first=force[:, 0],
        first_time=time[:, 0],
        valley=force[:, 1],
        valley_time=time[:, 1],
        second=force[:, 2],
        second_time=time[:, 2],
        present=present,
        depth=0.5 * (force[:, 0] + force[:, 2]) - force[:, 1],
        measured=known,
    )


def double_peak_share(peaks: DoublePeak, trial: np.ndarray, resampling: Resampling) -> Estimate:
    """Share of the measured strides that have a double peak."""
    return mean(np.where(peaks.measured, peaks.present, np.nan), trial, resampling, "1")


def loading_rate(strides: Strides, channel: str = "vertical") -> np.ndarray:
    """Slope of the vertical force between 20 and 80 % of its first peak, (S,) [BW/s].

    The crossings are interpolated. Without a first peak, the highest force of the first half of stance takes its
    place. Force filtered below 20 Hz, or a reference published at 6 Hz, has no meaningful loading rate.
    """
    time, rows, crossing = _loading(strides, channel)
    return np.array([_rate(t, row, c) for t, row, c in zip(time, rows, crossing)])


def steepest_loading(strides: Strides, channel: str = "vertical") -> np.ndarray:
    """Largest slope of the vertical force in the same part of its rise, (S,) [BW/s]."""
    time, rows, crossing = _loading(strides, channel)
    result = np.full(len(rows), np.nan)
    for k in np.flatnonzero(np.isfinite(crossing).all(axis=1)):
        middle = (time[k, 1:] + time[k, :-1]) / 2
        slope = np.diff(rows[k]) / np.diff(time[k])
        inside = (middle >= crossing[k, 0]) & (middle <= crossing[k, 1])
        result[k] = slope[inside].max() if inside.any() else _rate(time[k], rows[k], crossing[k])
    return result


def impulse(strides: Strides, channel: str = "vertical") -> np.ndarray:
    """Integral of one force over stance, (S,) [BW s]."""
    return _integral(_stance_force(strides, channel), strides)


def braking_and_propulsion(strides: Strides, channel: str = "anterior") -> Shear:
    """Peaks, times and impulses of the force along the direction of travel in each stance."""
    rows = _stance_force(strides, channel)
    known = np.isfinite(rows).all(axis=1)
    filled = np.where(known[:, None], rows, 0.0)
    percent = 100.0 / (POINTS - 1)
    return Shear(
        braking=rows.min(axis=1),
        braking_time=np.where(known, filled.argmin(axis=1) * percent, np.nan),
        propulsion=rows.max(axis=1),
        propulsion_time=np.where(known, filled.argmax(axis=1) * percent, np.nan),
        braking_impulse=_integral(np.minimum(rows, 0.0), strides),
        propulsion_impulse=_integral(np.maximum(rows, 0.0), strides),
        net_impulse=_integral(rows, strides),
    )


def lateral_peaks(strides: Strides, channel: str = "lateral") -> tuple[np.ndarray, np.ndarray]:
    """Largest outward and largest inward force of each stance, (S,) each [BW]; inward is negative."""
    rows = _stance_force(strides, channel)
    return rows.max(axis=1), rows.min(axis=1)


def symmetry_index(right: float, left: float) -> float:
    """100 (R - L) / mean of R and L [%]; 0 is symmetric, NaN where the mean is 0.

    Source:
        Robinson, Herzog & Nigg, J Manipulative Physiol Ther 10 (1987) 172-176.
    """
    middle = 0.5 * (right + left)
    return 100.0 * (right - left) / middle if middle else float("nan")


def symmetry_angle(right: float, left: float) -> float:
    """Angle of the point (R, L) from the line of equality, in % of 90 degrees; 0 is symmetric, positive if R is larger.

    Does not explode where both are small, unlike the symmetry index.

    Source:
        Zifchock et al., Gait & Posture 27 (2008) 622-627, doi:10.1016/j.gaitpost.2007.08.006.
    """
    if right == 0 and left == 0:
        return float("nan")
    angle = 45.0 - np.degrees(np.arctan2(left, right))
    return float((angle - 180.0 if angle > 90.0 else angle) / 90.0 * 100.0)


def symmetry(
    right: Strides, left: Strides, figure: Callable[[Strides], np.ndarray], resampling: Resampling
) -> Estimate:
    """Symmetry angle of the side means of one number per stride, e.g. `impulse`, with the sides resampled apart.

    Args:
        right: strides of the right side.
        left: strides of the left side.
        figure: maps strides to one number per stride, (S,).
        resampling: draws, level and seed.
    """
    values, trials = [], []
    for strides in (right, left):
        each = figure(strides)
        known = np.isfinite(each)
        values.append(each[known])
        trials.append(strides.trial[known])
    both = np.concatenate(trials)
    if not all(len(each) for each in values):
        return undefined("one side has no measured stride", both, resampling, "%")
    value = symmetry_angle(values[0].mean(), values[1].mean())
    if min(len(each) for each in values) == 1:
        return replace(undefined(ONE, both, resampling, "%"), value=value)
    seeds = (resampling, replace(resampling, seed=resampling.seed + 1))
    means = [stride_weights(trial, seed) @ each for trial, seed, each in zip(trials, seeds, values)]
    drawn = [symmetry_angle(one, other) for one, other in zip(*means)]
    tail = 50.0 * (1.0 - resampling.level)
    low, high = np.nanpercentile(drawn, (tail, 100.0 - tail))
    return Estimate(
        value=value,
        low=min(float(low), value),
        high=max(float(high), value),
        level=resampling.level,
        n=len(both),
        of=f"{counted(both)} of both sides",
        unit="%",
    )


def _stance_force(strides: Strides, channel: str) -> np.ndarray:
    """(S, 101) force over stance [BW]."""
    if strides.phase != "stance" or strides.unit != "BW":
        raise BadValue(
            f'Ground force is measured over the stance, in "BW"; these strides span the {strides.phase}, in '
            f'"{strides.unit}". Use cut(..., phase="stance") and in_body_weights.'
        )
    return strides.channel(channel)


def _three(force: np.ndarray, prominence: float) -> tuple[int, int, int]:
    """Points of first peak, valley and second peak; -1 where there is none."""
    peaks, _ = find_peaks(force, prominence=prominence)
    early, late = peaks[peaks <= HALF], peaks[peaks > HALF]
    first = int(early[np.argmax(force[early])]) if len(early) else -1
    second = int(late[np.argmax(force[late])]) if len(late) else -1
    valley = first + int(np.argmin(force[first : second + 1])) if first >= 0 and second >= 0 else -1
    return first, valley, second


def _loading(strides: Strides, channel: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time since heel strike (S, 101) [s], force (S, 101) [BW], and times of the 20 and 80 % crossings (S, 2) [s]."""
    rows = _stance_force(strides, channel)
    time = _stance_time(strides)[:, None] * np.linspace(0.0, 1.0, POINTS)
    crossing = np.full((len(rows), 2), np.nan)
    for k in np.flatnonzero(np.isfinite(rows).all(axis=1)):
        first = _three(rows[k], PROMINENCE)[0]
        top = first if first > 0 else int(np.argmax(rows[k, : HALF + 1]))
        crossing[k] = [_last_rise(time[k, : top + 1], rows[k, : top + 1], share * rows[k, top]) for share in LOADING]
    return time, rows, crossing


def _last_rise(time: np.ndarray, force: np.ndarray, level: float) -> float:
    """Time at which the force last rises through a level before its end, the peak; NaN if it starts above it."""
    below = np.flatnonzero(force < level)
    if not len(below) or below[-1] + 1 >= len(force):
        return float("nan")
    k = below[-1]
    return float(time[k] + (level - force[k]) / (force[k + 1] - force[k]) * (time[k + 1] - time[k]))


def _rate(time: np.ndarray, force: np.ndarray, crossing: np.ndarray) -> float:
    if np.isnan(crossing).any() or crossing[1] <= crossing[0]:
        return float("nan")
    low, high = np.interp(crossing, time, force)
    return float((high - low) / (crossing[1] - crossing[0]))


def _stance_time(strides: Strides) -> np.ndarray:
    return strides.duration * strides.stance


def _integral(rows: np.ndarray, strides: Strides) -> np.ndarray:
    return np.trapezoid(rows, axis=1) * _stance_time(strides) / (POINTS - 1)
