"""Muscle activation against EMG: shape and timing, never amplitude; and how much of it is jitter."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import POINTS, Curves, Strides
from biomimic.metrics.estimate import NONE, Estimate, Resampling, bootstrap, mean, measured, undefined, weighted
from biomimic.metrics.waveform import is_flat, lagged, matched, pearson

SILENT = 0.03  # a muscle whose mean curve never reaches this activation has no shape to compare
ON = 0.2  # of the peak of the mean curve: a muscle is on above it
SHORTEST = 5  # [% of the stride] shorter bursts are dropped, shorter gaps closed
SLOW = 6.0  # [Hz] EMG envelopes end here; what lies above it in an activation is noise of the control
CYCLE = POINTS - 1  # the last point of a stride is the first of the next


class Lagged(NamedTuple):
    """Best correlation within the allowed lag, and that lag."""

    correlation: Estimate
    lag: Estimate  # [s], positive: the strides come later than the reference


def correlation(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Correlation of the mean activation with the mean EMG at lag 0.

    NaN with the reason for a muscle that is silent (peak of its mean under 3 %) or a reference that is constant.
    Both sides must have passed the same envelope filter.
    """
    rows, trial, emg = matched(strides, reference, channel)
    if note := unusable(rows, emg, channel):
        return undefined(note, trial, resampling, "1")
    return bootstrap(lambda weights: pearson(weighted(weights, rows)[:, :-1], emg[:-1]), trial, resampling, "1")


def best_lag(
    strides: Strides, reference: Curves, channel: str, resampling: Resampling, *, max_lag: float = 0.1
) -> Lagged:
    """Highest correlation when the EMG is shifted around the stride by at most `max_lag`, and the shift.

    Shifts are whole percents of the stride, converted with the mean stride time. The same freedom must be given to
    pairs of humans; the mean over muscles of a best lag is not a score.

    Args:
        strides: activation.
        reference: EMG.
        channel: muscle.
        resampling: draws, level and seed.
        max_lag: largest shift to either side [s].
    """
    rows, trial, emg = matched(strides, reference, channel)
    if note := unusable(rows, emg, channel):
        return Lagged(undefined(note, trial, resampling, "1"), undefined(note, trial, resampling, "s"))
    known = np.isfinite(strides.duration)
    if not known.any():
        raise BadValue(f"A lag in seconds needs the stride times; those of the {strides.side} strides are not known.")
    seconds = float(strides.duration[known].mean()) / CYCLE  # per percent
    return lagged((rows, trial), emg, seconds, resampling, max_lag=max_lag)


def overlap(
    strides: Strides, reference: Curves, channel: str, resampling: Resampling, *, threshold: float = ON
) -> Estimate:
    """Time in which both muscle and EMG are on, as a share of the time in which either is (Jaccard).

    On: above 20 % of the peak of the mean curve; gaps and bursts shorter than 5 % of the stride are removed.
    """
    rows, trial, emg = matched(strides, reference, channel)
    if note := unusable(rows, emg, channel):
        return undefined(note, trial, resampling, "1")
    human = on(emg, threshold=threshold)

    def share(weights: np.ndarray) -> np.ndarray:
        simulated = on(weighted(weights, rows), threshold=threshold)
        return (simulated & human).sum(axis=1) / (simulated | human).sum(axis=1)

    return bootstrap(share, trial, resampling, "1")


def on(curves: np.ndarray, *, threshold: float = ON) -> np.ndarray:
    """Percents of the stride in which a muscle is on, (..., 100) bool.

    First gaps shorter than 5 % of the stride are closed, then bursts shorter than 5 % are dropped, around the circle.

    Args:
        curves: (..., 101) mean activation or EMG.
        threshold: share of each curve's peak.
    """
    active = curves[..., :-1] >= threshold * curves.max(axis=-1, keepdims=True)
    return _without_short(~_without_short(~active))


def high_frequency_share(strides: Strides, channel: str, resampling: Resampling, *, cutoff: float = SLOW) -> Estimate:
    """Share of the power of an activation above a frequency: jitter of the control, or none.

    Each stride's power spectrum without its mean and without the straight line from its first to its last point.

    Args:
        strides: activation that was not filtered.
        channel: muscle.
        resampling: draws, level and seed.
        cutoff: [Hz].
    """
    rows, trial = measured(strides, channel)
    known = np.isfinite(strides.channel(channel)).all(axis=1)
    duration = strides.duration[known]
    if note := unusable(rows, None, channel):
        return undefined(note, trial, resampling, "1")
    if not np.isfinite(duration).any():
        raise BadValue(f"A frequency needs the stride times; those of the {strides.side} strides are not known.")
    ramp = np.linspace(0.0, 1.0, POINTS)
    level = rows - (rows[:, :1] + (rows[:, -1:] - rows[:, :1]) * ramp)
    power = np.abs(np.fft.rfft(level[:, :-1], axis=1)[:, 1:]) ** 2  # (S, 50)
    power[:, -1] /= 2  # all others stand for two frequencies, plus and minus
    total = power.sum(axis=1)
    fast = np.arange(1, power.shape[1] + 1) > cutoff * duration[:, None]
    share = np.divide((power * fast).sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)
    return mean(np.where(np.isfinite(duration), share, np.nan), trial, resampling, "1")


def total_variation(strides: Strides, channel: str, resampling: Resampling) -> Estimate:
    """Sum of all rises and falls of an activation over a stride; one smooth burst from 0 to 1 and back has 2.

    In the scale of the strides: for activation against EMG, both relative to their peak.
    """
    rows, trial = measured(strides, channel)
    return mean(np.abs(np.diff(rows, axis=1)).sum(axis=1), trial, resampling, strides.unit)


def relative_to_peak(strides: Strides, *, silent: float = SILENT) -> Strides:
    """Each muscle divided by the peak of its mean curve, the scale in which activation and EMG are drawn.

    A silent muscle becomes NaN. A person's EMG has an arbitrary scale: give 0 for it, here and before any measure that
    calls muscles silent, e.g. when one person is measured against another.

    Args:
        strides: activation or EMG.
        silent: a muscle whose peak lies below this is silent.
    """
    if not len(strides):
        return strides
    peak = np.nanmax(_mean(strides.values), axis=0, initial=-np.inf)  # (C,)
    scale = np.where((peak >= silent) & (peak > 0), peak, np.nan)
    return replace(strides, values=strides.values / scale)


def curves_relative_to_peak(curves: Curves) -> Curves:
    """Each muscle of a reference divided by its own peak; EMG has an arbitrary scale, so none is silent."""
    peak = curves.mean.max(axis=0)
    scale = np.where(peak > 0, peak, np.nan)
    return replace(curves, mean=curves.mean / scale, sd=None if curves.sd is None else curves.sd / scale)


def silent_muscles(strides: Strides) -> tuple[str, ...]:
    """Channels whose mean activation stays under 3 %: they have no shape, no timing and no synergy."""
    return tuple(name for name in strides.names if is_silent(strides, name))


def is_silent(strides: Strides, channel: str) -> bool:
    """Whether the mean activation of a muscle stays under 3 %."""
    rows, _ = measured(strides, channel)
    return bool(len(rows)) and bool(rows.mean(axis=0).max() < SILENT)


def unusable(rows: np.ndarray, emg: np.ndarray | None, channel: str) -> str:
    """Why an activation, or the pair of activation and EMG, has no shape to measure; empty if it has one.

    Args:
        rows: strides of the activation, (S, 101).
        emg: mean EMG, (101,); None if it is not needed.
        channel: muscle.
    """
    if not len(rows):
        return NONE
    mean_curve = rows.mean(axis=0)
    if mean_curve.max() < SILENT:
        return f"{channel} is silent: its mean activation never exceeds {100 * mean_curve.max():.1f} %"
    if is_flat(mean_curve):
        return f"{channel} of the strides is constant"
    return f"the reference of {channel} is constant" if emg is not None and is_flat(emg) else ""


def _without_short(active: np.ndarray) -> np.ndarray:
    """The same circular patterns, (..., 100), without runs of True shorter than 5 %: erosion, then dilation."""
    places = range(SHORTEST)
    kept = np.logical_and.reduce([np.roll(active, -place, axis=-1) for place in places])
    return np.logical_or.reduce([np.roll(kept, place, axis=-1) for place in places])


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over strides (101, C), NaN left out."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
