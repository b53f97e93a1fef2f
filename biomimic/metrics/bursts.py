"""When a muscle is on: its main burst and the centre of its activity, against a human curve, around the circle.

All places are in % of the stride, differences lie between -50 and 50 %, positive: the strides come later than the
reference. Thresholds other than 20 % of the peak are for sensitivity: a difference that depends on it is none.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import Curves, Strides
from biomimic.metrics.activation import CYCLE, ON, on, unusable
from biomimic.metrics.estimate import (
    Estimate,
    Resampling,
    Statistic,
    bootstrap,
    measured,
    stride_weights,
    undefined,
    weighted,
)
from biomimic.metrics.waveform import matched

SENSITIVITY = (0.1, 0.3)  # other thresholds, shares of the peak
CONCENTRATED = 0.01  # a centre needs a resultant of more than this share of the activity


class Bursts(NamedTuple):
    """Main burst of each curve, the one with the most activity in it, (D,) [%]; NaN if it is never off or never on."""

    onset: np.ndarray  # [0, 100)
    offset: np.ndarray  # [0, 100); before the onset if the burst runs across heel strike


class Timing(NamedTuple):
    """Main burst of the mean activation minus that of the reference."""

    onset: Estimate  # [%]
    offset: Estimate  # [%]
    onset_time: Estimate  # [s]
    offset_time: Estimate  # [s]


def main_bursts(curves: np.ndarray, *, threshold: float = ON) -> Bursts:
    """Main burst of each curve: above a share of its peak, gaps and bursts shorter than 5 % of the stride removed.

    On- and offset are where the straight line between two points crosses the threshold.

    Args:
        curves: (D, 101) mean activation or EMG.
        threshold: share of each curve's peak.
    """
    found = Bursts(np.full(len(curves), np.nan), np.full(len(curves), np.nan))
    active = on(curves, threshold=threshold)
    has = active.any(axis=1) & ~active.all(axis=1)
    if not has.any():
        return found
    level = threshold * curves[has].max(axis=1)
    turn = active[has].argmin(axis=1)  # begin where the muscle is off, so that no burst crosses the end
    place = (turn[:, None] + np.arange(CYCLE)) % CYCLE
    active = np.take_along_axis(active[has], place, axis=1)
    values = np.take_along_axis(curves[has], place, axis=1)
    edges = np.diff(active.astype(int), axis=1, prepend=0, append=0)
    row, start = np.nonzero(edges[:, :CYCLE] == 1)
    _, end = np.nonzero(edges == -1)  # the first sample that is off again
    area = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    size = area[row, end] - area[row, start]
    order = np.lexsort((-size, row))
    main = order[np.unique(row[order], return_index=True)[1]]
    after, before = values[row[main], start[main]], values[row[main], start[main] - 1]
    last, off = values[row[main], end[main] - 1], values[row[main], end[main] % CYCLE]
    found.onset[has] = (turn + start[main] - 1 + (level - before) / (after - before)) % CYCLE
    found.offset[has] = (turn + end[main] - 1 + (last - level) / (last - off)) % CYCLE
    return found


def timing(
    strides: Strides, reference: Curves, channel: str, resampling: Resampling, *, threshold: float = ON
) -> Timing:
    """On- and offset of the main burst of the mean activation, later than those of the reference.

    NaN with the reason for a silent or constant muscle, and where one of the two is on all the time.

    Args:
        strides: activation.
        reference: EMG.
        channel: muscle.
        resampling: draws, level and seed.
        threshold: share of the peak.

    Source:
        threshold and shortest burst: validation protocol of this package, section EMG and muscle activation.
    """
    rows, trial, emg = matched(strides, reference, channel)
    human = main_bursts(emg[None], threshold=threshold)
    note = unusable(rows, emg, channel)
    if not note and np.isnan(human.onset[0]):
        note = f"the reference of {channel} is never below {100 * threshold:.0f} % of its peak"
    if not note and np.isnan(main_bursts(rows.mean(axis=0)[None], threshold=threshold).onset[0]):
        note = f"{channel} of the strides is never below {100 * threshold:.0f} % of its peak"
    if note:
        return Timing(*(undefined(note, trial, resampling, unit) for unit in ("%", "%", "s", "s")))

    def late(edge: str) -> Statistic:
        theirs = getattr(human, edge)[0]

        def later(weights: np.ndarray) -> np.ndarray:
            if weights.flags.writeable:  # equal weights, for the value itself
                found = main_bursts(weights @ rows, threshold=threshold)
            else:
                found = _resampled(strides, channel, resampling, threshold)
            return getattr(found, edge) - theirs

        return later

    seconds = _seconds_per_percent(strides)
    parts = [(edge, unit) for unit in ("%", "s") for edge in ("onset", "offset")]
    scale = {"%": 1.0, "s": seconds}
    return Timing(*(_circular(late(edge), trial, resampling, unit, scale[unit]) for edge, unit in parts))


def centre(strides: Strides, channel: str, resampling: Resampling) -> Estimate:
    """Centre of the mean activation on the circle of the stride, in [0, 100) % [%]; the interval may run across 0.

    Source:
        circular mean: Fisher, Statistical analysis of circular data, 1993.
    """
    rows, trial = measured(strides, channel)
    if note := unusable(rows, None, channel) or _spread_out(rows.mean(axis=0), channel, "of the strides"):
        return undefined(note, trial, resampling, "%")
    middle = centre_of(rows.mean(axis=0))
    return bootstrap(
        lambda weights: middle + _wrapped(centre_of(weighted(weights, rows)) - middle), trial, resampling, "%"
    )


def centre_difference(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """How much later than the reference's the centre of the mean activation is [%]."""
    rows, trial, emg = matched(strides, reference, channel)
    note = unusable(rows, emg, channel) or _spread_out(emg, channel, "of the reference")
    if note := note or _spread_out(rows.mean(axis=0), channel, "of the strides"):
        return undefined(note, trial, resampling, "%")
    theirs = centre_of(emg)
    return _circular(lambda weights: centre_of(weighted(weights, rows)) - theirs, trial, resampling, "%")


def centre_of(curves: np.ndarray) -> np.ndarray:
    """Centre of activity, (..., 101) -> (...), in [0, 100) [%]: the argument of the sum of a exp(2 pi i k / 100)."""
    return np.angle(_resultant(curves)) / (2 * np.pi) * CYCLE % CYCLE


def _resultant(curves: np.ndarray) -> np.ndarray:
    return curves[..., :-1] @ np.exp(2j * np.pi * np.arange(CYCLE) / CYCLE)


def _spread_out(curve: np.ndarray, channel: str, whose: str) -> str:
    """Why a curve has no centre; empty if it has one."""
    size = np.abs(curve[:-1]).sum()
    if np.abs(_resultant(curve)) > CONCENTRATED * size:
        return ""
    return f"{channel} {whose} is spread evenly over the stride and has no centre"


@lru_cache(maxsize=8)  # both edges, in both units, against every person, are those of the same bursts
def _resampled(strides: Strides, channel: str, resampling: Resampling, threshold: float) -> Bursts:
    rows, trial = measured(strides, channel)
    return main_bursts(weighted(stride_weights(trial, resampling), rows), threshold=threshold)


def _circular(
    statistic: Statistic, trial: np.ndarray, resampling: Resampling, unit: str, scale: float = 1.0
) -> Estimate:
    """A circular difference [%] with its interval around the value, so that it cannot be torn at half a stride."""
    count = len(trial)
    middle = _wrapped(statistic(np.full((1, count), 1.0 / count)))[0]
    return bootstrap(lambda weights: scale * (middle + _wrapped(statistic(weights) - middle)), trial, resampling, unit)


def _wrapped(percent: np.ndarray) -> np.ndarray:
    """The same places on the circle, in [-50, 50)."""
    return (percent + CYCLE / 2) % CYCLE - CYCLE / 2


def _seconds_per_percent(strides: Strides) -> float:
    known = np.isfinite(strides.duration)
    if not known.any():
        raise BadValue(f"Timing in seconds needs the stride times; those of the {strides.side} strides are not known.")
    return float(strides.duration[known].mean()) / CYCLE
