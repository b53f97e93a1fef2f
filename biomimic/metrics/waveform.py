"""Agreement of two curves over the stride or the stance, and what a correlation is worth.

A correlation is blind to offset and gain, and a curve that is no walk at all can correlate well: `rmse`, `offset` and
`null_correlation` belong beside every one. The 101 points of a curve are not 101 samples: intervals come from strides.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import POINTS, Curves, Strides
from biomimic.metrics.estimate import NONE, Estimate, Resampling, bootstrap, measured, undefined, weighted

FLAT = 1e-6  # a curve whose range is below this share of its size is constant
CLIP = 0.9999  # correlations are clipped here before Fisher's transformation
SD_FLOOR = 0.05  # of the range of the reference: least SD by which an error is divided
RAMP = 0.15  # of stance: ramps of the trapezoid that stands for a force without shape


class Lagged(NamedTuple):
    """Best correlation within the allowed lag, and that lag."""

    correlation: Estimate
    lag: Estimate  # [s], positive: the strides come later than the reference


class Null(NamedTuple):
    """Correlation that a curve without the human shape reaches."""

    value: float  # the floor a score starts from
    highest: float  # the best of the parts
    parts: tuple[tuple[str, float], ...]  # each null and its correlation


def pearson(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlation along the last axis, (...,); NaN where one curve is constant or incomplete.

    Args:
        first: (..., T).
        second: (T,) or (..., T).
    """
    constant = is_flat(first) | is_flat(second)
    first = first - first.mean(axis=-1, keepdims=True)
    second = second - second.mean(axis=-1, keepdims=True)
    size = np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    product = (first * second).sum(axis=-1)
    defined = ~constant & (size > 0)
    return np.clip(np.where(defined, product / np.where(defined, size, 1.0), np.nan), -1.0, 1.0)


def is_flat(curve: np.ndarray) -> np.ndarray:
    """Whether a curve is constant along its last axis."""
    return np.ptp(curve, axis=-1) <= FLAT * np.abs(curve).max(axis=-1)


def fisher_mean(correlations: Sequence[float] | np.ndarray) -> float:
    """Mean of correlations by Fisher's z, NaN left out; the mean of 0.3 and 0.9 is 0.7118.

    Source:
        Fisher, Metron 1 (1921) 3-32.
    """
    known = np.asarray(correlations, float)
    known = known[np.isfinite(known)]
    return float(np.tanh(to_z(known).mean())) if len(known) else float("nan")


def to_z(correlation: np.ndarray) -> np.ndarray:
    """Fisher's z of a correlation, clipped at 0.9999."""
    return np.arctanh(np.clip(correlation, -CLIP, CLIP))


def correlation(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Correlation of the mean of the strides with the mean of the reference."""
    rows, trial, mean = matched(strides, reference, channel)
    if not len(rows):
        return undefined(NONE, trial, resampling, "1")
    if note := _constant(rows.mean(axis=0), mean, channel):
        return undefined(note, trial, resampling, "1")
    return bootstrap(lambda weights: pearson(weighted(weights, rows), mean), trial, resampling, "1")


def stride_correlation(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Fisher mean over strides of each stride's correlation with the mean of the reference."""
    rows, trial, mean = matched(strides, reference, channel)
    if not len(rows):
        return undefined(NONE, trial, resampling, "1")
    each = pearson(rows, mean)
    if np.isnan(each).any():
        note = _constant(rows[np.argmax(np.isnan(each))], mean, channel)
        return undefined(note, trial, resampling, "1")
    return bootstrap(lambda weights: np.tanh(weights @ to_z(each)), trial, resampling, "1")


def rmse(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Root mean square difference of the two mean curves, in the unit of the strides."""
    return _of_difference(strides, reference, channel, resampling, lambda d: np.sqrt((d**2).mean(axis=-1)))


def offset(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Mean difference, strides minus reference."""
    return _of_difference(strides, reference, channel, resampling, lambda d: d.mean(axis=-1))


def rmse_without_offset(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Root mean square difference after the mean of each curve is taken off."""
    return _of_difference(strides, reference, channel, resampling, lambda d: d.std(axis=-1))


def rmse_in_sd(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Root mean square difference in standard deviations of the reference (z-RMSE); 1 is a typical human.

    sqrt(mean(((y - mean) / SD)^2)) over the 101 points, with the SD between people point by point, floored at 5 % of
    the range of their mean curve: where people hardly differ, a difference too small to matter would count for much.

    Source:
        validation protocol of this package, section waveform agreement.
    """
    _, trial, mean = matched(strides, reference, channel)
    spread = reference.spread(channel)
    if spread is None:
        return undefined(f"the reference has n = {reference.n} and no SD", trial, resampling, "SD")
    spread = np.maximum(spread, SD_FLOOR * np.ptp(mean))
    if not spread.min() > 0:
        return undefined(f"the reference of {channel} is constant and has no SD", trial, resampling, "SD")
    return _of_difference(
        strides, reference, channel, resampling, lambda d: np.sqrt(((d / spread) ** 2).mean(axis=-1)), unit="SD"
    )


def coverage(
    strides: Strides, reference: Curves, channel: str, resampling: Resampling, *, width: float = 1.0
) -> Estimate:
    """Share of the cycle in which the mean of the strides lies within `width` SD of the reference."""
    spread = reference.spread(channel)
    if spread is None:
        _, trial, _ = matched(strides, reference, channel)
        return undefined(f"the reference has n = {reference.n} and no band", trial, resampling, "1")
    return _of_difference(
        strides, reference, channel, resampling, lambda d: (np.abs(d) <= width * spread).mean(axis=-1), unit="1"
    )


def gain(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Slope of the mean of the strides on the reference: 1 for the same amplitude."""
    rows, trial, mean = matched(strides, reference, channel)
    if not len(rows) or is_flat(mean):
        note = f"the reference of {channel} is constant" if len(rows) else NONE
        return undefined(note, trial, resampling, "1")
    centred = (mean - mean.mean()) / ((mean - mean.mean()) ** 2).sum()
    return bootstrap(lambda weights: weighted(weights, rows) @ centred, trial, resampling, "1")


def intercept(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Intercept of the mean of the strides on the reference: its value where the reference is 0, in its unit.

    With `gain` (the slope) and the square of `correlation` it makes up the linear fit method: slope 1 and intercept 0
    for the same curve.

    Source:
        Iosa et al., BioMed Research International 2014, 214156.
    """
    rows, trial, mean = matched(strides, reference, channel)
    if not len(rows) or is_flat(mean):
        note = f"the reference of {channel} is constant" if len(rows) else NONE
        return undefined(note, trial, resampling, strides.unit)
    centred = (mean - mean.mean()) / ((mean - mean.mean()) ** 2).sum()

    def constant(weights: np.ndarray) -> np.ndarray:
        curves = weighted(weights, rows)
        return curves.mean(axis=-1) - (curves @ centred) * mean.mean()

    return bootstrap(constant, trial, resampling, strides.unit)


def best_lag(
    strides: Strides, reference: Curves, channel: str, resampling: Resampling, *, max_lag: float = 0.1
) -> Lagged:
    """Highest correlation of any channel when the reference is shifted around the stride, and the shift.

    Shifts are whole percents of the stride, converted with the mean stride time; of equal correlations the smallest
    shift counts. Give pairs of humans the same freedom.

    Args:
        strides: of the whole stride, which is a circle; a stance is not.
        reference: human curves.
        channel: compared.
        resampling: draws, level and seed.
        max_lag: largest shift to either side [s].

    Raises:
        BadValue: strides of the stance, or without stride times.
    """
    rows, trial, mean = matched(strides, reference, channel)
    if strides.phase != "stride":
        raise BadValue(f'{channel}: a stance is no circle and cannot be shifted around; give strides, not "stance".')
    note = NONE if not len(rows) else _constant(rows.mean(axis=0), mean, channel)
    if note:
        return Lagged(undefined(note, trial, resampling, "1"), undefined(note, trial, resampling, "s"))
    known = np.isfinite(strides.duration)
    if not known.any():
        raise BadValue(f"A lag in seconds needs the stride times; those of the {strides.side} strides are not known.")
    seconds = float(strides.duration[known].mean()) / (POINTS - 1)  # per percent
    return lagged((rows, trial), mean, seconds, resampling, max_lag=max_lag)


def lagged(
    strides: tuple[np.ndarray, np.ndarray], mean: np.ndarray, seconds: float, resampling: Resampling, *, max_lag: float
) -> Lagged:
    """Highest correlation over the shifts around the stride that are allowed, and the shift [s].

    Args:
        strides: rows (S, 101) and their trials (S,).
        mean: human curve, (101,).
        seconds: per percent of the stride.
        resampling: draws, level and seed.
        max_lag: largest shift to either side [s].
    """
    rows, trial = strides
    most = int(np.floor(max_lag / seconds + 1e-9))
    shifts = np.array(sorted(range(-most, most + 1), key=abs))  # of equal correlations the smallest shift counts
    shifted = np.array([np.roll(mean[:-1], shift) for shift in shifts])
    made: dict[bytes, np.ndarray] = {}  # correlation and shift need the same table

    def table(weights: np.ndarray) -> np.ndarray:
        which = weights.tobytes() if len(weights) == 1 else b"resamples"
        if which not in made:
            made[which] = correlations(weighted(weights, rows)[:, :-1], shifted)  # (D, shifts)
        return made[which]

    return Lagged(
        bootstrap(lambda weights: table(weights).max(axis=1), trial, resampling, "1"),
        bootstrap(lambda weights: shifts[table(weights).argmax(axis=1)] * seconds, trial, resampling, "s"),
    )


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlation of each curve with each other one, (D, T), (K, T) -> (D, K); NaN where one is constant."""
    bad = is_flat(first)[:, None] | is_flat(second)[None]
    first, second = (curves - curves.mean(axis=-1, keepdims=True) for curves in (first, second))
    size = np.sqrt(np.outer((first**2).sum(axis=-1), (second**2).sum(axis=-1)))
    defined = ~bad & (size > 0)
    return np.clip(np.where(defined, first @ second.T / np.where(defined, size, 1.0), np.nan), -1.0, 1.0)


def multiple_correlation(curves: np.ndarray) -> tuple[float, str]:
    """Coefficient of multiple correlation of curves of one session (CMC), and why it is NaN.

    With N curves of T points, sqrt(1 - [SS about the mean curve / T(N - 1)] / [SS about the grand mean / (NT - 1)]).
    Shape, offset and range of motion all enter: a channel of little range with offsets between curves has a negative
    radicand and no CMC, which is not the same as no agreement.

    Args:
        curves: (N, T).

    Source:
        Kadaba et al., Journal of Orthopaedic Research 7 (1989) 849-860, within-day form.
    """
    count, points = curves.shape
    if count < 2:
        return float("nan"), "a CMC needs two curves"
    whole = float(((curves - curves.mean()) ** 2).sum()) / (count * points - 1)
    if is_flat(curves.reshape(-1)):
        return float("nan"), "the curves are constant"
    radicand = 1.0 - float(((curves - curves.mean(axis=0)) ** 2).sum()) / (points * (count - 1)) / whole
    if radicand < 0:
        return float("nan"), f"CMC not defined (radicand {radicand:.2f}): the curves differ more than the cycle varies"
    return float(np.sqrt(radicand)), ""


def cmc(strides: Strides, channel: str, resampling: Resampling) -> Estimate:
    """CMC of the strides of a channel among themselves: how well they repeat.

    No interval: a resample that holds the same stride twice repeats itself better than any walk does.
    """
    rows, trial = measured(strides, channel)
    value, note = multiple_correlation(rows) if len(rows) else (float("nan"), NONE)
    return replace(
        undefined(note or "no interval: resampled strides would repeat", trial, resampling, "1"), value=value
    )


def pairwise_correlation(strides: Strides, channel: str) -> tuple[float, int]:
    """Fisher mean of the correlations of all pairs of strides, and the number of pairs: how well they repeat."""
    rows, _ = measured(strides, channel)
    first, second = np.triu_indices(len(rows), k=1)
    return fisher_mean(pearson(rows[first], rows[second])), len(first)


def null_correlation(
    reference: Curves, channel: str, *, others: tuple[str, ...] | None = None, draws: int = 1000, seed: int = 0
) -> Null:
    """Correlation with the human curve that a curve without its shape reaches.

    Over the stride (angles, moments, muscles): the human curves of the other channels ("wrong joint", "wrong
    muscle"), and random circular shifts of the channel itself; `value` is the Fisher mean of the two families.
    Over the stance (vertical force): a trapezoid with ramps of 15 % and a half-sine; `value` is the higher of the
    two, because a force that only knows when the foot is on the ground must score 0.

    Args:
        reference: human curves.
        channel: the one that is compared.
        others: channels that serve as wrong ones; all others by default.
        draws: random shifts.
        seed: of the shifts.

    Source:
        validation protocol of this package, section nulls.
    """
    human = reference.channel(channel)
    if reference.phase == "stance":
        share = np.linspace(0.0, 1.0, POINTS)
        trapezoid = np.interp(share, (0.0, RAMP, 1.0 - RAMP, 1.0), (0.0, 1.0, 1.0, 0.0))
        parts = (
            ("trapezoid", float(pearson(trapezoid, human))),
            ("half-sine", float(pearson(np.sin(np.pi * share), human))),
        )
        highest = _highest(parts)
        return Null(highest, highest, parts)
    others = tuple(name for name in reference.names if name != channel) if others is None else others
    wrong = [(name, float(pearson(reference.channel(name), human))) for name in others if name != channel]
    shift = np.random.default_rng(seed).integers(1, POINTS - 1, size=draws)
    place = (np.arange(POINTS - 1)[None, :] - shift[:, None]) % (POINTS - 1)
    circular = ("circular shift", fisher_mean(pearson(human[place], human[:-1])))
    families = [fisher_mean([r for _, r in wrong]), circular[1]]
    parts = (*wrong, circular)
    return Null(fisher_mean(families), _highest(parts), parts)


def matched(strides: Strides, reference: Curves, channel: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measured strides (S, 101), their trials (S,) and the reference (101,), after a check that they can be compared.

    Raises:
        BadValue: another unit or another phase.
        UnknownName: one of them has no such channel.
    """
    for what in ("unit", "phase"):
        have, want = getattr(strides, what), getattr(reference, what)
        if have != want:
            raise BadValue(f'{channel}: strides of {what} "{have}" cannot be compared with curves of {what} "{want}".')
    rows, trial = measured(strides, channel)
    return rows, trial, reference.channel(channel)


def _of_difference(
    strides: Strides, reference: Curves, channel: str, resampling: Resampling, statistic, unit: str = ""
) -> Estimate:
    rows, trial, mean = matched(strides, reference, channel)
    return bootstrap(lambda weights: statistic(weighted(weights, rows) - mean), trial, resampling, unit or strides.unit)


def _constant(curve: np.ndarray, mean: np.ndarray, channel: str) -> str:
    """Why the correlation of two curves is not defined; empty if it is."""
    if is_flat(mean):
        return f"the reference of {channel} is constant"
    return f"{channel} of the strides is constant" if is_flat(curve) else ""


def _highest(parts: tuple[tuple[str, float], ...]) -> float:
    known = [r for _, r in parts if np.isfinite(r)]
    return max(known) if known else float("nan")
