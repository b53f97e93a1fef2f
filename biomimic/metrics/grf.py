"""Ground reaction force over a walking stance: double peak, loading, impulse, braking and propulsion, symmetry."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.signal import find_peaks

from biomimic.errors import BadValue, unknown
from biomimic.gait.events import DUTY
from biomimic.gait.strides import POINTS, Strides
from biomimic.metrics.estimate import ONE, Estimate, Resampling, counted, mean, stride_weights, undefined
from biomimic.metrics.per_stride import PerStride, explained

PROMINENCE = 0.02  # [BW] least prominence of a peak
DEPTH = 0.05  # [BW] least height of the lower peak above the valley
HALF = POINTS // 2  # mid-stance
LOADING = (0.2, 0.8)  # of the first peak: the part of the rise whose slope is the loading rate
LEAST_CUTOFF = 20.0  # [Hz] force filtered lower has no loading rate of a walk
BALANCED = 0.10  # of the braking impulse: largest net impulse of a walk at constant speed
MISSING = "{} force is missing in the stance"
RUNS = "running: a single active peak is expected"
RUNS_RAW = "running: loading is measured on the force as it was recorded"


class DoublePeak(NamedTuple):
    """First peak, valley and second peak of each stride, (S,); NaN where a stride has not both peaks."""

    first: np.ndarray  # [BW] F1, weight acceptance
    first_time: np.ndarray  # [% of stance]
    valley: np.ndarray  # [BW] F2, mid-stance
    valley_time: np.ndarray
    second: np.ndarray  # [BW] F3, push-off
    second_time: np.ndarray
    present: np.ndarray  # bool
    depth: np.ndarray  # [BW] (F1 + F3) / 2 - F2
    measured: np.ndarray  # bool: False where the force of the stride is missing, and in running
    reasons: tuple[str, ...]  # (S,) why there is no double peak; empty where there is one


class Shear(NamedTuple):
    """Braking and propulsion of each stride, (S,)."""

    braking: np.ndarray  # [BW] minimum, negative
    braking_time: np.ndarray  # [% of stance]
    propulsion: np.ndarray  # [BW] maximum
    propulsion_time: np.ndarray
    braking_impulse: np.ndarray  # [BW s] negative
    propulsion_impulse: np.ndarray
    net_impulse: np.ndarray  # near 0 at constant speed


class Balance(NamedTuple):
    """Whether braking and propulsion cancel, as they do at constant speed, per stride, (S,)."""

    share: PerStride  # size of the net impulse over that of the braking impulse
    steady: np.ndarray  # bool: the share is below 10 %; False where it is not defined


@lru_cache(maxsize=16)  # each of the eight figures made of it, against every person, asks for the same
def double_peak(
    strides: Strides, channel: str = "vertical", *, prominence: float = PROMINENCE, depth: float = DEPTH
) -> DoublePeak:
    """The two peaks and the valley of the vertical force in each stance.

    F1 and F3 are the highest local maxima of at least this prominence in 0 ... 50 % and 50 ... 100 % of stance, F2
    the minimum between them. A stride has a double peak if both exist and the lower one stands `depth` above F2.
    A stride whose foot is loaded for less than half of it runs: it has one active peak, so it is not judged here.

    Args:
        strides: force over stance [BW].
        channel: "vertical".
        prominence: [BW].
        depth: [BW].

    Source:
        Chao et al., J Biomech 16 (1983) 219-233 (F1, F2, F3); prominence and depth: this package's protocol.
    """
    rows = _stance_force(strides, channel)
    runs = running(strides)
    known = np.isfinite(rows).all(axis=1) & ~runs
    places = np.full((len(rows), 3), -1)  # point of F1, F2, F3; -1 where there is none
    for k in np.flatnonzero(known):
        places[k] = _three(rows[k], prominence)
    found = (places >= 0).all(axis=1)
    force = np.take_along_axis(rows, np.maximum(places, 0), axis=1)
    present = found & (np.minimum(force[:, 0], force[:, 2]) - force[:, 1] >= depth)
    force = np.where(found[:, None], force, np.nan)
    time = np.where(found[:, None], places * 100.0 / (POINTS - 1), np.nan)
    faults = {
        RUNS: runs,
        MISSING.format("vertical"): ~known,
        "no peak in the first half of stance": places[:, 0] < 0,
        "no peak in the second half of stance": places[:, 2] < 0,
        f"the lower peak stands less than {depth:g} BW above the valley": ~present,
    }
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
        reasons=explained(np.where(known, 1.0, np.nan), faults).reasons,
    )


def running(strides: Strides) -> np.ndarray:
    """(S,) mask of the strides whose foot is loaded for less than half of the stride."""
    return strides.stance < DUTY


def double_peak_share(peaks: DoublePeak, trial: np.ndarray, resampling: Resampling) -> Estimate:
    """Share of the measured strides that have a double peak."""
    return mean(np.where(peaks.measured, peaks.present, np.nan), trial, resampling, "1")


def loading_rate(strides: Strides, channel: str = "vertical") -> np.ndarray:
    """Slope of the vertical force between 20 and 80 % of its first peak (VALR), (S,) [BW/s].

    The crossings are interpolated. Without a first peak, the highest force of the first half of stance takes its
    place. Force filtered below 20 Hz, or a reference published at 6 Hz, has no meaningful loading rate: `figure` is
    told the cut-off and says so. Runs are measured by `metrics.running` on the force as it was recorded.
    """
    time, rows, crossing = _loading(strides, channel)
    return np.array([_rate(t, row, c) for t, row, c in zip(time, rows, crossing)])


def steepest_loading(strides: Strides, channel: str = "vertical") -> np.ndarray:
    """Largest slope of the vertical force in the same part of its rise (VILR), (S,) [BW/s]."""
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


def balance(shear: Shear) -> Balance:
    """Net impulse along the direction of travel as a share of the braking impulse, and whether it is small.

    Args:
        shear: from `braking_and_propulsion`.
    """
    braking = np.abs(shear.braking_impulse)
    share = np.divide(np.abs(shear.net_impulse), braking, out=np.full(len(braking), np.nan), where=braking > 0)
    named = explained(share, {MISSING.format("anterior"): np.isnan(braking), "no braking": braking == 0})
    return Balance(named, named.values < BALANCED)


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


def figure(strides: Strides, name: str, *, depth: float = DEPTH, cutoff: float | None = None) -> PerStride:
    """One figure of the ground force in each stride, with the reason where a stride has none.

    Args:
        strides: force over stance [BW] with the channels vertical, anterior and lateral.
        name: key of `FIGURES`; times are shares of the stance.
        depth: of a double peak [BW].
        cutoff: of the filter the force went through [Hz]; None if it went through none.

    Raises:
        UnknownName: there is no such figure.
    """
    if name not in FIGURES:
        raise unknown("figure of the ground force", name, FIGURES)
    if name in PEAKS:
        peak = double_peak(strides, depth=depth)
        scale = 0.01 if name.endswith("time") else 1.0
        values = np.where(peak.measured, getattr(peak, PEAKS[name]) * scale, np.nan)
        reasons = {reason: np.array([one == reason for one in peak.reasons]) for reason in set(peak.reasons)}
        return explained(values, {reason: mask & np.isnan(values) for reason, mask in reasons.items()})
    channel, function = OTHERS[name]
    faults = {MISSING.format(channel): ~np.isfinite(_stance_force(strides, channel)).all(axis=1)}
    if name in ("loading_rate", "steepest_loading"):
        faults[RUNS_RAW] = running(strides)
        if cutoff is not None and cutoff < LEAST_CUTOFF:
            reason = f"force filtered at {cutoff:g} Hz: loading needs {LEAST_CUTOFF:g} Hz or more"
            faults[reason] = np.ones(len(strides), bool)
    return explained(function(strides), faults)


def _shear(name: str) -> tuple[str, Callable[[Strides], np.ndarray]]:
    return "anterior", lambda strides: getattr(braking_and_propulsion(strides), name)


PEAKS = {
    "double_peak_share": "present",
    "first_peak": "first",
    "first_peak_time": "first_time",
    "valley": "valley",
    "valley_time": "valley_time",
    "second_peak": "second",
    "second_peak_time": "second_time",
    "depth_index": "depth",
}
OTHERS: dict[str, tuple[str, Callable[[Strides], np.ndarray]]] = {
    "vertical_impulse": ("vertical", impulse),
    "loading_rate": ("vertical", loading_rate),
    "steepest_loading": ("vertical", steepest_loading),
    "braking_peak": _shear("braking"),
    "propulsion_peak": _shear("propulsion"),
    "braking_impulse": _shear("braking_impulse"),
    "propulsion_impulse": _shear("propulsion_impulse"),
    "net_impulse": _shear("net_impulse"),
    "net_impulse_share": ("anterior", lambda strides: balance(braking_and_propulsion(strides)).share.values),
    "outward_peak": ("lateral", lambda strides: lateral_peaks(strides)[0]),
    "inward_peak": ("lateral", lambda strides: lateral_peaks(strides)[1]),
}
FIGURES = (*PEAKS, *OTHERS)


def last_rise(time: np.ndarray, force: np.ndarray, level: float) -> float:
    """Time at which the force last rises through a level before its end, the peak; NaN if it starts above it."""
    below = np.flatnonzero(force < level)
    if not len(below) or below[-1] + 1 >= len(force):
        return float("nan")
    k = below[-1]
    return float(time[k] + (level - force[k]) / (force[k + 1] - force[k]) * (time[k + 1] - time[k]))


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
        crossing[k] = [last_rise(time[k, : top + 1], rows[k, : top + 1], share * rows[k, top]) for share in LOADING]
    return time, rows, crossing


def _rate(time: np.ndarray, force: np.ndarray, crossing: np.ndarray) -> float:
    if np.isnan(crossing).any() or crossing[1] <= crossing[0]:
        return float("nan")
    low, high = np.interp(crossing, time, force)
    return float((high - low) / (crossing[1] - crossing[0]))


def _stance_time(strides: Strides) -> np.ndarray:
    return strides.duration * strides.stance


def _integral(rows: np.ndarray, strides: Strides) -> np.ndarray:
    return np.trapezoid(rows, axis=1) * _stance_time(strides) / (POINTS - 1)
