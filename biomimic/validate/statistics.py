"""Inference on one number per person or seed: equivalence, corrections for many tests, position among people.

Numbers here are means of units: persons or seeds, never strides. With fewer than five units there is no p value: the
position of the value among people stands in its place. A difference that is not significant is never agreement;
agreement is what `equivalence` shows.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from biomimic.errors import BadValue, unknown

LEAST_UNITS = 5  # per group: below it no p value, by a rule of this project
KINDS = ("welch", "pooled", "paired")
NAN = math.nan


@dataclass(frozen=True)
class Margin:
    """Largest difference that still counts as equivalent.

    Attributes:
        metric: what it is for.
        value: the margin, both ways.
        unit: of the value.
        source: where it comes from.
        relative: whether value is a share of the human mean.
    """

    metric: str
    value: float
    unit: str
    source: str
    relative: bool = False


_ANGLE = "McGinley et al., Gait & Posture 29 (2009) 360-369: errors above 5° mislead"
_PROFILE = "Baker et al., Gait & Posture 35 (2012) 612-615: least important difference 1.6°"
_OURS = "limit of this project"
DEGREE = math.pi / 180.0
MARGINS = (
    Margin("highest_difference", 5.0 * DEGREE, "rad", _ANGLE),
    Margin("lowest_difference", 5.0 * DEGREE, "rad", _ANGLE),
    Margin("range_of_motion", 5.0 * DEGREE, "rad", _ANGLE),
    Margin("gait_profile_score", 1.6 * DEGREE, "rad", _PROFILE),
    Margin("first_peak", 0.10, "BW", _OURS),
    Margin("valley", 0.10, "BW", _OURS),
    Margin("second_peak", 0.10, "BW", _OURS),
    Margin("first_peak_time", 0.03, "1", _OURS),
    Margin("valley_time", 0.03, "1", _OURS),
    Margin("second_peak_time", 0.03, "1", _OURS),
    Margin("stance", 0.03, "1", _OURS),
    Margin("double_support", 0.03, "1", _OURS),
    Margin("event_time", 0.03, "1", _OURS),
    Margin("cadence", 0.05, "1", _OURS, relative=True),
    Margin("speed", 0.05, "1", _OURS, relative=True),
    Margin("stride_time", 0.05, "1", _OURS, relative=True),
    Margin("stride_length", 0.05, "1", _OURS, relative=True),
    Margin("step_length", 0.05, "1", _OURS, relative=True),
)


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of a difference against a margin.

    Attributes:
        value: first mean minus second mean.
        low, high: interval of level 1 - 2 alpha, 90 % by default.
        level: of the interval.
        margin: lower and upper end of what counts as equivalent.
        t_lower, t_upper: statistics against the lower and the upper end.
        p_lower, p_upper: their one-sided p values; NaN below five units.
        freedom: degrees of freedom.
        shown: whether equivalence is shown: the interval lies inside the margin, and there are five units.
        kind: "welch", "pooled" or "paired".
        n: units in the first and the second sample; the number of pairs twice when paired.
        of: what n counts.
        note: why nothing could be tested; empty if it could.
    """

    value: float
    low: float
    high: float
    level: float
    margin: tuple[float, float]
    t_lower: float
    t_upper: float
    p_lower: float
    p_upper: float
    freedom: float
    shown: bool
    kind: str
    n: tuple[int, int]
    of: str
    note: str = ""

    @property
    def p(self) -> float:
        """The larger of the two one-sided p values."""
        return max(self.p_lower, self.p_upper) if math.isfinite(self.p_lower + self.p_upper) else NAN


@dataclass(frozen=True)
class Position:
    """Where one value lies among people: given instead of a p value when there are few units.

    Attributes:
        value: the value placed.
        mean, sd: of the people, one number each.
        z: (value - mean) / sd; NaN with fewer than two people or without spread.
        percentile: share of the people below it, equals counted half [%].
        n: number of people.
        of: what n counts.
        note: why z or percentile is missing; empty if neither is.
    """

    value: float
    mean: float
    sd: float
    z: float
    percentile: float
    n: int
    of: str
    note: str = ""


@dataclass(frozen=True)
class Family:
    """A family of tests with its corrected p values; tests without a p value stay NaN and are not counted.

    Attributes:
        name: of the family, stated before looking.
        method: "Holm" or "Benjamini-Hochberg".
        alpha: family-wise error, or false discovery rate.
        tests: names.
        p, adjusted: one a test.
        rejected: whether adjusted <= alpha.
        n: number of tests with a p value.
        of: what n counts.
    """

    name: str
    method: str
    alpha: float
    tests: tuple[str, ...]
    p: tuple[float, ...]
    adjusted: tuple[float, ...]
    rejected: tuple[bool, ...]
    n: int
    of: str = "tests"


def too_few(counts: Sequence[int], of: str) -> str:
    """Why there is no p value with these numbers of units; empty if there may be one."""
    if min(counts) >= LEAST_UNITS:
        return ""
    found = " and ".join(str(count) for count in counts)
    return f"{found} {of}: no p value below {LEAST_UNITS} of them"


def margin(metric: str, *, human_mean: float = NAN, human_sd: float = NAN, unit: str = "") -> Margin:
    """The margin of a metric in its own unit: from the table, else one standard deviation between people.

    Args:
        metric: a name of `MARGINS`, or any other.
        human_mean: of the metric, for a margin that is a share of it.
        human_sd: between people, for a metric without an entry.
        unit: of the metric.

    Raises:
        BadValue: the margin needs a human figure that was not given.
    """
    for one in MARGINS:
        if one.metric == metric and not one.relative:
            return one
        if one.metric == metric and math.isfinite(human_mean):
            return Margin(metric, one.value * abs(human_mean), unit, f"{100 * one.value:g} % of the mean; {one.source}")
        if one.metric == metric:
            raise BadValue(f'The margin of "{metric}" is {100 * one.value:g} % of the human mean; give human_mean.')
    if not human_sd > 0:
        raise BadValue(f'"{metric}" has no margin in the table; give human_sd, the SD between people, to use one SD.')
    return Margin(metric, float(human_sd), unit, "one standard deviation between people")


def equivalence(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    limits: Margin | float | tuple[float, float],
    *,
    kind: str = "welch",
    alpha: float = 0.05,
    of: str = "subjects",
) -> Equivalence:
    """Whether two means of units differ by less than a margin (two one-sided tests).

    Args:
        first, second: one number a unit; NaN is left out, in pairs when paired.
        limits: a margin, a half-width, or a lower and an upper end.
        kind: "welch" (unequal spreads), "pooled" (equal spreads) or "paired".
        alpha: of each test; the interval has level 1 - 2 alpha.
        of: what the units are.

    Raises:
        BadValue: unknown kind, limits that do not enclose anything, or pairs of unequal number.

    Source:
        Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987) 657-680.
    """
    low_end, high_end = _ends(limits)
    first, second = _complete(first, second, kind)
    n = (len(first), len(second))
    if min(n) < 2:
        none = Equivalence(
            NAN, NAN, NAN, 1 - 2 * alpha, (low_end, high_end), NAN, NAN, NAN, NAN, NAN, False, kind, n, of
        )
        return replace(none, note=f"{n[0]} and {n[1]} {of}: a difference with an interval needs two of each")
    value, error, freedom = _difference(first, second, kind)
    wide = float(stats.t.ppf(1.0 - alpha, freedom)) * error
    t_lower, t_upper = (_over(value - end, error) for end in (low_end, high_end))
    note = too_few(n[:1] if kind == "paired" else n, "pairs" if kind == "paired" else of)
    return Equivalence(
        value=value,
        low=value - wide,
        high=value + wide,
        level=1.0 - 2.0 * alpha,
        margin=(low_end, high_end),
        t_lower=t_lower,
        t_upper=t_upper,
        p_lower=NAN if note else float(stats.t.sf(t_lower, freedom)),
        p_upper=NAN if note else float(stats.t.cdf(t_upper, freedom)),
        freedom=freedom,
        shown=not note and low_end < value - wide and value + wide < high_end,
        kind=kind,
        n=n,
        of=of,
        note=note,
    )


def position(value: float, people: Sequence[float] | np.ndarray, *, of: str = "subjects") -> Position:
    """Where a value lies in the spread of people, each counted once.

    Args:
        value: of the simulation, or of one person.
        people: one number each; NaN is left out.
        of: what they are.
    """
    known = np.asarray(people, float)
    known = known[np.isfinite(known)]
    count = len(known)
    mean = float(known.mean()) if count else NAN
    sd = float(known.std(ddof=1)) if count > 1 else NAN
    if not count or not math.isfinite(value):
        note = "nobody to compare with" if not count else "the value could not be measured"
        return Position(value, mean, sd, NAN, NAN, count, of, note)
    percentile = 100.0 * float((known < value).mean() + 0.5 * (known == value).mean())
    if not sd > 0:
        note = "one of them: no spread" if count == 1 else "they are all equal: no spread"
        return Position(value, mean, sd, NAN, percentile, count, of, note)
    return Position(value, mean, sd, (value - mean) / sd, percentile, count, of)


def holm(p: Mapping[str, float], *, family: str, alpha: float = 0.05) -> Family:
    """A confirmatory family with its family-wise error held at alpha.

    Source:
        Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.
    """
    return _corrected(p, family, alpha, ("Holm", "holm"))


def benjamini_hochberg(p: Mapping[str, float], *, family: str, alpha: float = 0.05) -> Family:
    """An exploratory scan with its false discovery rate held at alpha.

    Source:
        Benjamini & Hochberg, Journal of the Royal Statistical Society B 57 (1995) 289-300.
    """
    return _corrected(p, family, alpha, ("Benjamini-Hochberg", "fdr_bh"))


def _corrected(p: Mapping[str, float], family: str, alpha: float, method: tuple[str, str]) -> Family:
    from statsmodels.stats.multitest import multipletests  # takes seconds to import

    values = np.array(list(p.values()), float)
    if np.any((values < 0) | (values > 1)):
        raise BadValue(
            f'Family "{family}": p values lie between 0 and 1; found {np.nanmin(values):g} … {np.nanmax(values):g}.'
        )
    known = np.isfinite(values)
    adjusted, rejected = np.full(len(values), NAN), np.zeros(len(values), bool)
    if known.any():
        rejected[known], adjusted[known] = multipletests(values[known], alpha=alpha, method=method[1])[:2]
    return Family(
        family,
        method[0],
        alpha,
        tuple(p),
        tuple(values.tolist()),
        tuple(adjusted.tolist()),
        tuple(rejected.tolist()),
        int(known.sum()),
    )


def _ends(limits: Margin | float | tuple[float, float]) -> tuple[float, float]:
    if isinstance(limits, Margin):
        if limits.relative:
            raise BadValue(f'The margin of "{limits.metric}" is a share; make it absolute with statistics.margin.')
        limits = limits.value
    low, high = limits if isinstance(limits, tuple) else (-limits, limits)
    if not low < high:
        raise BadValue(f"The lower end of a margin lies below the upper one; got {low:g} and {high:g}.")
    return float(low), float(high)


def _complete(first, second, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Both samples without gaps; pairs stay pairs."""
    if kind not in KINDS:
        raise unknown("kind of equivalence test", kind, KINDS)
    first, second = np.asarray(first, float), np.asarray(second, float)
    if kind != "paired":
        return first[np.isfinite(first)], second[np.isfinite(second)]
    if len(first) != len(second):
        raise BadValue(f"Pairs need as many first as second values; got {len(first)} and {len(second)}.")
    both = np.isfinite(first) & np.isfinite(second)
    return first[both], second[both]


def _difference(first: np.ndarray, second: np.ndarray, kind: str) -> tuple[float, float, float]:
    """Difference of means, its standard error and degrees of freedom."""
    value = float(first.mean() - second.mean())
    if kind == "paired":
        return value, float((first - second).std(ddof=1) / math.sqrt(len(first))), len(first) - 1.0
    variances = np.array([first.var(ddof=1), second.var(ddof=1)])
    counts = np.array([len(first), len(second)])
    if kind == "pooled":
        freedom = float(counts.sum() - 2)
        pooled = float(((counts - 1) * variances).sum() / freedom)
        return value, math.sqrt(pooled * (1.0 / counts).sum()), freedom
    parts = variances / counts
    below = float((parts**2 / (counts - 1)).sum())
    freedom = float(parts.sum() ** 2 / below) if below > 0 else float(counts.sum() - 2)
    return value, math.sqrt(parts.sum()), freedom


def _over(value: float, error: float) -> float:
    """value / error; without any spread the sign decides."""
    if error > 0:
        return value / error
    return math.copysign(math.inf, value) if value else 0.0
