"""Agreement of two measurements of the same units: intraclass correlation, limits of agreement."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, stats

from biomimic.errors import BadValue, unknown

FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
LIMIT = 1.96  # standard deviations from the bias to a limit of agreement
SHARES = (-16.0, 12.0)  # log of the variance between over within units that is searched
NAN = math.nan


@dataclass(frozen=True)
class MeanSquares:
    """Two-way analysis of variance of a table of targets by raters; MS of all within a target is `within`."""

    targets: float
    within: float
    raters: float
    error: float


@dataclass(frozen=True)
class IntraclassCorrelation:
    """One form of the intraclass correlation.

    Attributes:
        form: "ICC(2,1)": model 2, single measurement; k instead of 1: the mean of all raters.
        value: may be negative; NaN where it is not defined.
        low, high: interval.
        level: of the interval.
        n: number of targets.
        of: what n counts.
        raters: number of raters, sessions or methods.
        squares: mean squares behind it.
        note: why the value is missing, or what was left out; else empty.
    """

    form: str
    value: float
    low: float
    high: float
    level: float
    n: int
    of: str
    raters: int
    squares: MeanSquares
    note: str = ""


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Bland and Altman's bias and limits of agreement, first measurement minus second.

    Attributes:
        bias: mean difference, with its interval `bias_interval`.
        sd: standard deviation of the difference of one new pair.
        lower, upper: limits, with `lower_interval` and `upper_interval`.
        between, within: standard deviations between and within units; NaN with one pair a unit.
        slope: of the difference on the mean of the pair (of the units' means when pairs are nested): proportional
            bias; with `slope_interval`.
        level: of the intervals.
        n: number of units.
        of: what n counts.
        pairs: number of pairs nested in them.
        note: why something is missing; empty if nothing is.
    """

    bias: float
    bias_interval: tuple[float, float]
    sd: float
    lower: float
    lower_interval: tuple[float, float]
    upper: float
    upper_interval: tuple[float, float]
    between: float
    within: float
    slope: float
    slope_interval: tuple[float, float]
    level: float
    n: int
    of: str
    pairs: int
    note: str = ""


def icc(
    ratings: np.ndarray, form: str = "ICC(2,1)", *, level: float = 0.95, of: str = "subjects"
) -> IntraclassCorrelation:
    """Intraclass correlation of a table of targets by raters (sessions, methods).

    Model 1: each target has its own raters; 2: raters are a sample, absolute agreement (McGraw & Wong's A);
    3: these raters only, consistency (C).

    Args:
        ratings: (n, k); targets with a gap are left out.
        form: one of `FORMS`.
        level: of the interval.
        of: what the targets are.

    Raises:
        UnknownName: no such form.
        BadValue: not a table.

    Source:
        Shrout & Fleiss, Psychological Bulletin 86 (1979) 420-428; McGraw & Wong, Psychological Methods 1 (1996) 30-46.
    """
    if form not in FORMS:
        raise unknown("form of the intraclass correlation", form, FORMS)
    ratings = np.asarray(ratings, float)
    if ratings.ndim != 2:
        raise BadValue(f"Ratings are a table of targets by raters; got {ratings.ndim} dimensions.")
    complete = ratings[np.isfinite(ratings).all(axis=1)]
    n, k = complete.shape
    left = f"{len(ratings) - n} targets with a gap left out" if n < len(ratings) else ""
    empty = MeanSquares(NAN, NAN, NAN, NAN)
    none = IntraclassCorrelation(form, NAN, NAN, NAN, level, n, of, k, empty, left)
    if n < 2 or k < 2:
        return replace(none, note=f"{n} targets and {k} raters: at least two of each are needed")
    squares = _mean_squares(complete)
    if not squares.targets + squares.within > 0:
        return replace(none, squares=squares, note="all ratings are equal")
    value, low, high = _bounded(squares, n, k, form[4], level)
    if form.endswith("k)"):
        value, low, high = (_stepped_up(one, k) for one in (value, low, high))
    return replace(none, value=value, low=low, high=high, squares=squares)


def bland_altman(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    unit: Sequence | np.ndarray | None = None,
    *,
    multiple: float = LIMIT,
    level: float = 0.95,
    of: str = "subjects",
) -> LimitsOfAgreement:
    """Bias and limits of agreement of two measurements, with intervals.

    With several pairs a unit (strides in a person) the spread is that of a mixed model with a random intercept for
    each unit (REML), so that a person with many strides does not count as many persons; the intervals then combine
    those of the two variances (MOVER). With one pair a unit they are Bland and Altman's.

    Args:
        first, second: measurements in pairs; pairs with a gap are left out.
        unit: whose pair it is; None: every pair is its own unit.
        multiple: standard deviations from the bias to a limit.
        level: of the intervals.
        of: what a unit is.

    Raises:
        BadValue: unequal lengths.

    Source:
        Bland & Altman, Lancet 327 (1986) 307-310; Statistical Methods in Medical Research 8 (1999) 135-160. Nested
        intervals: Zou, Statistical Methods in Medical Research 22 (2013) 630-642.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    unit = np.arange(len(first)) if unit is None else np.asarray(unit)
    if not len(first) == len(second) == len(unit):
        raise BadValue(f"Pairs need equal lengths; got {len(first)}, {len(second)} and {len(unit)} units.")
    both = np.isfinite(first) & np.isfinite(second)
    difference, mean, unit = (first - second)[both], (first + second)[both] / 2.0, unit[both]
    names, place, counts = np.unique(unit, return_inverse=True, return_counts=True)
    n, pairs, gap = len(names), len(difference), (NAN, NAN)
    none = LimitsOfAgreement(NAN, gap, NAN, NAN, gap, NAN, gap, NAN, NAN, NAN, gap, level, n, of, pairs)
    if n < 3:
        return replace(none, note=f"{n} {of}: limits of agreement need three")
    means = np.bincount(place, difference) / counts
    levels = np.bincount(place, mean) / counts
    slope, ends = _slope(levels, means, level)
    flat = "" if math.isfinite(slope) else "all units have the same mean: no slope"
    none = replace(none, slope=slope, slope_interval=ends, note=flat)
    if pairs == n:
        return _simple(none, difference, multiple)
    within = float(((difference - means[place]) ** 2).sum())
    return _nested(none, means, counts, within, multiple)


def _mean_squares(table: np.ndarray) -> MeanSquares:
    n, k = table.shape
    rows, columns, whole = table.mean(axis=1), table.mean(axis=0), table.mean()
    between = k * ((rows - whole) ** 2).sum()
    raters = n * ((columns - whole) ** 2).sum()
    within = ((table - rows[:, None]) ** 2).sum()
    return MeanSquares(
        targets=float(between / (n - 1)),
        within=float(within / (n * (k - 1))),
        raters=float(raters / (k - 1)),
        error=float(max(within - raters, 0.0) / ((n - 1) * (k - 1))),
    )


def _bounded(squares: MeanSquares, n: int, k: int, model: str, level: float) -> tuple[float, float, float]:
    """Value and interval of a single measurement under model 1, 2 or 3."""
    tail = 0.5 + level / 2.0
    above = squares.targets
    if model != "2":
        below = squares.within if model == "1" else squares.error
        freedom = (n - 1, n * (k - 1) if model == "1" else (n - 1) * (k - 1))
        value = (above - below) / (above + (k - 1) * below)
        if not below > 0:
            return float(value), 1.0, 1.0
        ratio = above / below
        ends = ratio / stats.f.ppf(tail, *freedom), ratio * stats.f.ppf(tail, *reversed(freedom))
        low, high = ((end - 1.0) / (end + k - 1.0) for end in ends)
        return float(value), float(low), float(high)
    error, raters = squares.error, squares.raters
    value = (above - error) / (above + (k - 1) * error + k * (raters - error) / n)
    if not error + raters > 0 or value >= 1.0:
        return float(value), float(value), float(value)
    a = k * value / (n * (1.0 - value))
    b = 1.0 + k * value * (n - 1) / (n * (1.0 - value))
    freedom = (a * raters + b * error) ** 2 / (
        (a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    )  # Satterthwaite
    lower, upper = stats.f.ppf(tail, n - 1, freedom), stats.f.ppf(tail, freedom, n - 1)
    rest = k * raters + (k * n - k - n) * error
    low = n * (above - lower * error) / (lower * rest + n * above)
    high = n * (upper * above - error) / (rest + n * upper * above)
    return float(value), float(low), float(high)


def _stepped_up(single: float, k: int) -> float:
    """Spearman and Brown: the mean of k measurements."""
    return k * single / (1.0 + (k - 1) * single)


def _slope(x: np.ndarray, y: np.ndarray, level: float) -> tuple[float, tuple[float, float]]:
    """Least-squares slope with its interval."""
    square = float(((x - x.mean()) ** 2).sum())
    if not square > 0:
        return NAN, (NAN, NAN)
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / square)
    left = y - y.mean() - slope * (x - x.mean())
    error = math.sqrt(float((left**2).sum()) / (len(x) - 2) / square)
    wide = float(stats.t.ppf(0.5 + level / 2.0, len(x) - 2)) * error
    return slope, (slope - wide, slope + wide)


def _simple(none: LimitsOfAgreement, difference: np.ndarray, multiple: float) -> LimitsOfAgreement:
    """One pair a unit."""
    n = len(difference)
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    wide = float(stats.t.ppf(0.5 + none.level / 2.0, n - 1)) * sd
    around = wide / math.sqrt(n)
    limit = wide * math.sqrt(1.0 / n + multiple**2 / (2.0 * (n - 1)))
    lower, upper = bias - multiple * sd, bias + multiple * sd
    return replace(
        none,
        bias=bias,
        bias_interval=(bias - around, bias + around),
        sd=sd,
        lower=lower,
        lower_interval=(lower - limit, lower + limit),
        upper=upper,
        upper_interval=(upper - limit, upper + limit),
    )


def _nested(
    none: LimitsOfAgreement, means: np.ndarray, counts: np.ndarray, within: float, multiple: float
) -> LimitsOfAgreement:
    """Several pairs a unit: REML for the values, MOVER for the intervals."""
    n, pairs = len(means), int(counts.sum())
    bias, between, inside = _variances(means, counts, within)
    sd = math.sqrt(between + inside)
    tail = 0.5 + none.level / 2.0
    around = float(stats.t.ppf(tail, n - 1)) * float(means.std(ddof=1)) / math.sqrt(n)
    parts = np.array([means.var(ddof=1), (1.0 - float((1.0 / counts).mean())) * within / (pairs - n)])
    freedom = np.array([n - 1, pairs - n])
    whole = float(parts.sum())
    below = whole - math.sqrt(float(((parts * (1.0 - freedom / stats.chi2.ppf(tail, freedom))) ** 2).sum()))
    above = whole + math.sqrt(float(((parts * (freedom / stats.chi2.ppf(1.0 - tail, freedom) - 1.0)) ** 2).sum()))
    # how far the spread may be off, as shares, so that the interval surrounds the REML value
    narrow, broad = (math.sqrt(max(end, 0.0) / whole) if whole > 0 else 1.0 for end in (below, above))
    outward = math.hypot(around, multiple * sd * (broad - 1.0))
    inward = math.hypot(around, multiple * sd * (1.0 - narrow))
    lower, upper = bias - multiple * sd, bias + multiple * sd
    return replace(
        none,
        bias=bias,
        bias_interval=(bias - around, bias + around),
        sd=sd,
        lower=lower,
        lower_interval=(lower - outward, lower + inward),
        upper=upper,
        upper_interval=(upper - inward, upper + outward),
        between=math.sqrt(between),
        within=math.sqrt(inside),
    )


def _variances(means: np.ndarray, counts: np.ndarray, within: float) -> tuple[float, float, float]:
    """Mean, variance between and variance within units by REML of the one-way random model.

    Args:
        means: (n,) of the units.
        counts: (n,) pairs in each.
        within: sum of squares within units.
    """
    pairs = int(counts.sum())

    def parts(share: float) -> tuple[float, float, float]:
        weights = counts / (1.0 + share * counts)
        mean = float((weights * means).sum() / weights.sum())
        inside = (within + float((weights * (means - mean) ** 2).sum())) / (pairs - 1)
        return mean, inside, float(np.log1p(share * counts).sum() + np.log(weights.sum()))

    def deviance(logarithm: float) -> float:
        _, inside, rest = parts(math.exp(logarithm))
        return (pairs - 1) * math.log(inside) + rest

    if not within > 0:
        return float(means.mean()), float(means.var(ddof=1)), 0.0
    best = optimize.minimize_scalar(deviance, bounds=SHARES, method="bounded", options={"xatol": 1e-9})
    share = 0.0 if deviance(SHARES[0]) <= best.fun else math.exp(best.x)
    mean, inside, _ = parts(share)
    return mean, share * inside, inside
