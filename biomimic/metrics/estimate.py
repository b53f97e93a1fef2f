"""Estimate: a number with the interval and the count it rests on; resampling of strides within resampled trials."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import Strides

ONE = "one stride: no interval"
NONE = "no stride could be measured"

REMEMBERED = 32  # channels of which the strides, and the means of their resamples, are kept for the next measure

Statistic = Callable[[np.ndarray], np.ndarray]  # weights of the strides (D, S), each row summing to 1 -> (D,)


@dataclass(frozen=True)
class Resampling:
    """How intervals are made.

    Args:
        draws: resamples.
        level: share of the resamples inside the interval.
        seed: of the random numbers; the same seed gives the same interval.
    """

    draws: int = 2000
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise BadValue(f"An interval needs at least one resample; got {self.draws}.")
        if not 0 < self.level < 1:
            raise BadValue(f"The level of an interval lies between 0 and 1; got {self.level:g}. Give 0.95 for 95 %.")


@dataclass(frozen=True)
class Estimate:
    """A value, its percentile bootstrap interval, and what was counted and resampled.

    Attributes:
        value: NaN if it is not defined, with the reason in `note`.
        low, high: ends of the interval, widened to contain the value; NaN where nothing could be resampled.
        level: of the interval.
        n: how many strides.
        of: what n counts and what was resampled: "strides", or "strides in 10 trials".
        unit: of value, low and high.
        note: why the value or the interval is missing; empty if neither is.
        draws: (D,) the resamples behind the interval, NaN where one is not defined, or None; in memory only. Two
            estimates with the same resampling and the same number of trials drew the same trials.
    """

    value: float
    low: float
    high: float
    level: float
    n: int
    of: str
    unit: str
    note: str = ""
    draws: np.ndarray | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        bounds = np.isnan((self.low, self.high))
        if not (bounds.all() or self.low <= self.value <= self.high):
            raise BadValue(f"An interval contains its value; found {self.low:g} ... {self.high:g} and {self.value:g}.")


def bootstrap(statistic: Statistic, trial: np.ndarray, resampling: Resampling, unit: str) -> Estimate:
    """A statistic of weighted strides with its percentile interval.

    With several trials, trials are drawn with replacement and strides within each drawn trial; with one trial, only
    its strides. Strides of one controller are not independent subjects: `of` says what was resampled.

    Args:
        statistic: maps weights of the strides (D, S) to D values; equal weights give the value itself.
        trial: (S,) trial number of each stride.
        resampling: draws, level and seed.
        unit: of the statistic.

    Source:
        Davison & Hinkley, Bootstrap methods and their application, 1997, sections 3.8 (nested data) and 5.3.
    """
    count = len(trial)
    if not count:
        return undefined(NONE, trial, resampling, unit)
    value = float(statistic(np.full((1, count), 1.0 / count))[0])
    if count == 1 or np.isnan(value):
        return replace(undefined(ONE if count == 1 else "not defined", trial, resampling, unit), value=value)
    drawn = np.asarray(statistic(stride_weights(trial, resampling)), float)
    if not np.isfinite(drawn).any():
        return replace(undefined("the resamples are not defined", trial, resampling, unit), value=value)
    low, high = interval(value, drawn, resampling.level)
    drawn.flags.writeable = False
    return Estimate(value, low, high, resampling.level, count, counted(trial), unit, draws=drawn)


def interval(value: float, drawn: np.ndarray, level: float) -> tuple[float, float]:
    """Percentile interval of resamples, NaN ones left out, widened to contain the value."""
    tail = 50.0 * (1.0 - level)
    low, high = np.percentile(drawn[np.isfinite(drawn)], (tail, 100.0 - tail))
    return min(float(low), value), max(float(high), value)


def mean(values: np.ndarray, trial: np.ndarray, resampling: Resampling, unit: str) -> Estimate:
    """Mean over strides of one number per stride; strides where it is NaN are left out and not counted.

    Args:
        values: (S,).
        trial: (S,).
        resampling: draws, level and seed.
        unit: of the values.
    """
    values, trial = np.asarray(values, float), np.asarray(trial)
    known = np.isfinite(values)
    return bootstrap(lambda weights: weights @ values[known], trial[known], resampling, unit)


def undefined(note: str, trial: np.ndarray, resampling: Resampling, unit: str) -> Estimate:
    """An Estimate without a value, and the reason."""
    nan = float("nan")
    return Estimate(nan, nan, nan, resampling.level, len(trial), counted(trial), unit, note)


def counted(trial: np.ndarray) -> str:
    """What a count of strides of these trials counts."""
    trials = len(np.unique(trial))
    return f"strides in {trials} trials" if trials > 1 else "strides"


@lru_cache(maxsize=REMEMBERED)  # every measure of a channel, and every person it is compared with, asks for the same
def measured(strides: Strides, channel: str) -> tuple[np.ndarray, np.ndarray]:
    """Strides of one channel without missing points (S, 101) and their trials (S,); read-only."""
    rows = strides.channel(channel)
    known = np.isfinite(rows).all(axis=1)
    rows, trial = rows[known], strides.trial[known]
    rows.flags.writeable = trial.flags.writeable = False
    return rows, trial


_MEANS: OrderedDict[tuple[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]] = OrderedDict()


def weighted(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Mean curve of each resample, weights @ rows, (D, S), (S, 101) -> (D, 101).

    Of rows from `measured` and weights from `stride_weights` it is remembered and read-only: the measures of a channel
    share it.
    """
    if weights.flags.writeable or rows.flags.writeable:
        return weights @ rows
    key = (id(weights), id(rows))  # both are kept with the product, so that no other array can have their places
    if key not in _MEANS:
        product = weights @ rows
        product.flags.writeable = False
        _MEANS[key] = (weights, rows, product)
        if len(_MEANS) > REMEMBERED:
            _MEANS.popitem(last=False)
    _MEANS.move_to_end(key)
    return _MEANS[key][2]


def stride_weights(trial: np.ndarray, resampling: Resampling) -> np.ndarray:
    """Share of each stride in each resample, (D, S), rows summing to 1; read-only."""
    return _stride_weights(tuple(np.asarray(trial).tolist()), resampling)


@lru_cache(maxsize=16)  # the channels of one quantity share their strides, and so their resamples
def _stride_weights(trial: tuple[int, ...], resampling: Resampling) -> np.ndarray:
    generator = np.random.default_rng(resampling.seed)
    numbers, place, sizes = np.unique(trial, return_inverse=True, return_counts=True)
    draws, trials = resampling.draws, len(numbers)
    if trials == 1:
        picked = np.ones((draws, 1), int)
    else:
        picked = generator.multinomial(trials, np.full(trials, 1.0 / trials), size=draws)  # (D, trials)
    counts = np.zeros((draws, len(trial)))
    for k, size in enumerate(sizes):
        counts[:, place == k] = generator.multinomial(picked[:, k] * size, np.full(size, 1.0 / size))
    weights = counts / counts.sum(axis=1, keepdims=True)
    weights.flags.writeable = False
    return weights
