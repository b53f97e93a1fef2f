"""Muscle activation against EMG: shape and timing, never amplitude."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import POINTS, Curves, Strides
from biomimic.metrics.estimate import NONE, Estimate, Resampling, bootstrap, measured, undefined
from biomimic.metrics.waveform import is_flat, matched, pearson

SILENT = 0.03  # a muscle whose mean curve never reaches this activation has no shape to compare
ON = 0.2  # of the peak of the mean curve: a muscle is on above it
SHORTEST = 5  # [% of the stride] shorter bursts are dropped, shorter gaps closed
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
    if note := _unusable(rows, emg, channel):
        return undefined(note, trial, resampling, "1")
    return bootstrap(lambda weights: pearson((weights @ rows)[:, :-1], emg[:-1]), trial, resampling, "1")


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
    if note := _unusable(rows, emg, channel):
        return Lagged(undefined(note, trial, resampling, "1"), undefined(note, trial, resampling, "s"))
    known = np.isfinite(strides.duration)
    if not known.any():
        raise BadValue(f"A lag in seconds needs the stride times; those of the {strides.side} strides are not known.")
    seconds = float(strides.duration[known].mean()) / CYCLE  # per percent
    most = int(np.floor(max_lag / seconds + 1e-9))
    shifts = np.arange(-most, most + 1)
    shifts = shifts[np.argsort(np.abs(shifts), kind="stable")]  # of equal correlations, the smallest lag
    shifted = np.array([np.roll(emg[:-1], shift) for shift in shifts])

    def table(weights: np.ndarray) -> np.ndarray:
        curves = (weights @ rows)[:, :-1]
        return np.stack([pearson(curves, late) for late in shifted], axis=1)  # (D, shifts)

    return Lagged(
        bootstrap(lambda weights: table(weights).max(axis=1), trial, resampling, "1"),
        bootstrap(lambda weights: shifts[table(weights).argmax(axis=1)] * seconds, trial, resampling, "s"),
    )


def overlap(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Time in which both muscle and EMG are on, as a share of the time in which either is.

    On: above 20 % of the peak of the mean curve; gaps and bursts shorter than 5 % of the stride are removed.
    """
    rows, trial, emg = matched(strides, reference, channel)
    if note := _unusable(rows, emg, channel):
        return undefined(note, trial, resampling, "1")
    human = on(emg)

    def share(weights: np.ndarray) -> np.ndarray:
        simulated = np.array([on(curve) for curve in weights @ rows])
        return (simulated & human).sum(axis=1) / (simulated | human).sum(axis=1)

    return bootstrap(share, trial, resampling, "1")


def on(curve: np.ndarray, *, threshold: float = ON) -> np.ndarray:
    """Percents of the stride in which a muscle is on, (100,) bool.

    Args:
        curve: (101,) mean activation or EMG.
        threshold: share of its peak.
    """
    active = curve[:-1] >= threshold * curve.max()
    if active.all() or not active.any():
        return active
    return _without_short(~_without_short(~active))


def relative_to_peak(strides: Strides) -> Strides:
    """Each muscle divided by the peak of its mean curve, the scale in which activation and EMG are drawn.

    A silent muscle (peak under 3 %) becomes NaN.
    """
    if not len(strides):
        return strides
    peak = np.nanmax(_mean(strides.values), axis=0, initial=-np.inf)  # (C,)
    scale = np.where(peak >= SILENT, peak, np.nan)
    return replace(strides, values=strides.values / scale)


def curves_relative_to_peak(curves: Curves) -> Curves:
    """Each muscle of a reference divided by its own peak; EMG has an arbitrary scale, so none is silent."""
    peak = curves.mean.max(axis=0)
    scale = np.where(peak > 0, peak, np.nan)
    return replace(curves, mean=curves.mean / scale, sd=None if curves.sd is None else curves.sd / scale)


def is_silent(strides: Strides, channel: str) -> bool:
    """Whether the mean activation of a muscle stays under 3 %."""
    rows, _ = measured(strides, channel)
    return bool(len(rows)) and bool(rows.mean(axis=0).max() < SILENT)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over strides (101, C), NaN left out."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _unusable(rows: np.ndarray, emg: np.ndarray, channel: str) -> str:
    """Why activation and EMG have no correlation; empty if they have one."""
    if not len(rows):
        return NONE
    mean = rows.mean(axis=0)
    if mean.max() < SILENT:
        return f"{channel} is silent: its mean activation never exceeds {100 * mean.max():.1f} %"
    if is_flat(mean):
        return f"{channel} of the strides is constant"
    return f"the reference of {channel} is constant" if is_flat(emg) else ""


def _without_short(active: np.ndarray) -> np.ndarray:
    """The same circular pattern without runs of True shorter than 5 %."""
    if active.all() or not active.any():
        return active
    turn = int(np.argmin(active))  # begin where it is off, so that no run crosses the end
    rolled = np.roll(active, -turn)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], rolled, [0]))))
    for start, end in zip(edges[::2], edges[1::2]):
        if end - start < SHORTEST:
            rolled[start:end] = False
    return np.roll(rolled, turn)
