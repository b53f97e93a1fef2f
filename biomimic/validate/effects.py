"""Sizes of differences with intervals, and the signed-rank test of pairs: one number per person or seed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special, stats

from biomimic.errors import BadValue
from biomimic.validate.statistics import too_few

NAN = math.nan
NODES = 400  # of the quadrature of the non-central t


@dataclass(frozen=True)
class EffectSize:
    """How far apart two samples of units are.

    Attributes:
        name: "Hedges g" or "Cliff delta".
        value: positive where the first sample is larger.
        low, high: interval; NaN where there is none.
        level: of the interval.
        n: units in the first and the second sample.
        of: what n counts.
        note: why the value or the interval is missing; empty if neither is.
    """

    name: str
    value: float
    low: float
    high: float
    level: float
    n: tuple[int, int]
    of: str
    note: str = ""


@dataclass(frozen=True)
class SignedRank:
    """Wilcoxon's test of paired units.

    Attributes:
        value: Hodges-Lehmann estimate of the median difference, first minus second.
        low, high: its interval; NaN with fewer pairs than the level needs (six for 95 %).
        level: of the interval.
        statistic: sum of the ranks of the positive differences.
        p: two-sided, exact; NaN below five pairs.
        p_floor: smallest two-sided p that this number of pairs can reach, 2 / 2^n.
        n: pairs with a difference other than zero.
        of: what n counts.
        equal: pairs without a difference, left out.
        note: why p is missing; empty if it is not.
    """

    value: float
    low: float
    high: float
    level: float
    statistic: float
    p: float
    p_floor: float
    n: int
    of: str
    equal: int
    note: str = ""


def hedges_g(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    *,
    level: float = 0.95,
    of: str = "subjects",
) -> EffectSize:
    """Difference of two means in pooled standard deviations, corrected for small samples.

    The interval inverts the non-central t distribution; the correction is exact (a ratio of gamma functions).

    Args:
        first, second: one number a unit; NaN is left out.
        level: of the interval.
        of: what the units are.

    Source:
        Hedges, Journal of Educational Statistics 6 (1981) 107-128; interval: Steiger & Fouladi 1997.
    """
    first, second = _known(first), _known(second)
    n = (len(first), len(second))
    none = EffectSize("Hedges g", NAN, NAN, NAN, level, n, of)
    freedom = sum(n) - 2
    if min(n) < 1 or freedom < 2:
        return replace(none, note=f"{n[0]} and {n[1]} {of}: too few for a standard deviation")
    pooled = math.sqrt((((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum()) / freedom)
    if not pooled > 0:
        return replace(none, note="no spread within the samples")
    shrink = math.exp(special.gammaln(freedom / 2) - special.gammaln((freedom - 1) / 2)) / math.sqrt(freedom / 2)
    scale = math.sqrt(1.0 / n[0] + 1.0 / n[1])
    d = float(first.mean() - second.mean()) / pooled
    low, high = (shrink * scale * end for end in _noncentral(d / scale, freedom, level))
    return replace(none, value=shrink * d, low=low, high=high)


def cliffs_delta(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    *,
    level: float = 0.95,
    of: str = "subjects",
) -> EffectSize:
    """Share of pairs in which the first is larger minus the share in which it is smaller; for bounded scores.

    The interval is the asymmetric one with the unbiased variance and Student's t. Where the samples do not overlap the
    variance is zero and the bound is that of a proportion of min(n) units without a single exception.

    Args:
        first, second: one number a unit; NaN is left out.
        level: of the interval.
        of: what the units are.

    Source:
        Cliff, Ordinal methods for behavioral data analysis, 1996; Feng & Cliff, Journal of Modern Applied Statistical
        Methods 3 (2004) 322-332.
    """
    first, second = _known(first), _known(second)
    n = (len(first), len(second))
    none = EffectSize("Cliff delta", NAN, NAN, NAN, level, n, of)
    if min(n) < 1:
        return replace(none, note=f"{n[0]} and {n[1]} {of}: nothing to compare")
    dominance = np.sign(first[:, None] - second[None, :])  # (n first, n second)
    delta = float(dominance.mean())
    if min(n) < 2:
        return replace(none, value=delta, note=f"{n[0]} and {n[1]} {of}: no interval")
    z = float(stats.t.ppf(0.5 + level / 2.0, sum(n) - 2))
    if abs(delta) == 1.0:
        bound = (min(n) - z**2) / (min(n) + z**2)
        low, high = (bound, 1.0) if delta > 0 else (-1.0, -bound)
        return replace(none, value=delta, low=low, high=high)
    rows = ((dominance.mean(axis=1) - delta) ** 2).sum()
    columns = ((dominance.mean(axis=0) - delta) ** 2).sum()
    total = ((dominance - delta) ** 2).sum()
    m, k = n
    variance = float((k**2 * rows + m**2 * columns - total) / (m * k * (m - 1) * (k - 1)))
    variance = max(variance, (1.0 - delta**2) / (m * k - 1.0))
    half = z * math.sqrt(variance) * math.sqrt((1.0 - delta**2) ** 2 + z**2 * variance)
    below = 1.0 - delta**2 + z**2 * variance
    low, high = ((delta - delta**3 + sign * half) / below for sign in (-1.0, 1.0))
    return replace(none, value=delta, low=max(low, -1.0), high=min(high, 1.0))


def wilcoxon(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    *,
    level: float = 0.95,
    of: str = "pairs",
) -> SignedRank:
    """Signed-rank test of two policies on the same subjects, exact also with tied differences.

    Args:
        first, second: one number a subject, in the same order; pairs with a gap are left out.
        level: of the interval of the median difference.
        of: what a pair is, e.g. "subjects".

    Raises:
        BadValue: unequal numbers.

    Source:
        Wilcoxon, Biometrics Bulletin 1 (1945) 80-83; interval: Hodges & Lehmann, Annals of Mathematical Statistics 34
        (1963) 598-611.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if len(first) != len(second):
        raise BadValue(f"Pairs need as many first as second values; got {len(first)} and {len(second)}.")
    difference = first - second
    difference = difference[np.isfinite(difference)]
    equal = int((difference == 0).sum())
    difference = difference[difference != 0]
    count = len(difference)
    none = SignedRank(NAN, NAN, NAN, level, NAN, NAN, NAN, count, of, equal)
    if not count:
        return replace(none, note="no pair differs")
    twice = np.rint(2.0 * stats.rankdata(np.abs(difference))).astype(int)  # ranks are halves where tied
    chance = _rank_sums(twice)
    place = int(twice[difference > 0].sum())
    p = min(1.0, 2.0 * float(min(chance[: place + 1].sum(), chance[place:].sum())))
    walsh = np.sort(((difference[:, None] + difference[None, :]) / 2.0)[np.triu_indices(count)])
    low, high = _order_bounds(walsh, count, level)
    note = too_few((count,), of)
    return replace(
        none,
        value=float(np.median(walsh)),
        low=low,
        high=high,
        statistic=place / 2.0,
        p=NAN if note else p,
        p_floor=2.0 ** (1 - count),
        note=note,
    )


def _known(values) -> np.ndarray:
    values = np.asarray(values, float)
    return values[np.isfinite(values)]


def _noncentral(t: float, freedom: int, level: float) -> tuple[float, float]:
    """Non-centralities for which t is the upper and the lower tail of the level.

    The non-central t is a normal over a chi; its distribution is the mean of a normal one over the chi, by Gauss.
    """
    tail = 0.5 - level / 2.0
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    centre = t * np.sqrt(stats.chi2.ppf(0.5 * (nodes + 1.0), freedom) / freedom)
    reach = 20.0 + 2.0 * abs(t)

    def solve(chance: float) -> float:
        def excess(shift: float) -> float:
            return float(0.5 * weights @ special.ndtr(centre - shift)) - chance

        return float(optimize.brentq(excess, t - reach, t + reach, xtol=1e-10))

    return solve(1.0 - tail), solve(tail)


def _rank_sums(ranks: np.ndarray) -> np.ndarray:
    """Chance of each sum of whole ranks when every sign is a coin toss, (sum of ranks + 1,)."""
    chance = np.zeros(int(ranks.sum()) + 1)
    chance[0] = 1.0
    for rank in ranks:
        moved = np.zeros_like(chance)
        moved[rank:] = chance[: len(chance) - rank]
        chance = 0.5 * (chance + moved)
    return chance


def _order_bounds(walsh: np.ndarray, count: int, level: float) -> tuple[float, float]:
    """Interval of the median difference from the sorted averages of pairs of differences."""
    below = np.cumsum(_rank_sums(np.arange(1, count + 1)))
    outside = int(np.searchsorted(below, 0.5 - level / 2.0 + 1e-12, side="right"))  # sums that are in the tail
    if not outside:
        return NAN, NAN
    return float(walsh[outside - 1]), float(walsh[len(walsh) - outside])
