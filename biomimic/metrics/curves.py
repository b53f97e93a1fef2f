"""Are two groups of curves different, and where: a test statistic along the curve with one error rate for all of it.

The default is the permutation test of the largest value along the curve; random field theory is the cross-check.
Units are subjects or seeds: several strides of one unit are averaged first. Below `minimum` units there is no p value,
and the reason stands in its place; the position within the human spread (`bands`) is what can be said then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue, UnknownName
from biomimic.metrics import curve_tests, multivariate
from biomimic.metrics.curve_tests import CurveTest
from biomimic.metrics.permutation import SIGNS, NullCurves, null_curves
from biomimic.metrics.random_field import chance, cluster_chance, critical_height, smoothness

PERMUTATION, RANDOM_FIELD = "permutation", "random field"
MINIMUM = 5  # units in the smallest group for any p value


@dataclass(frozen=True)
class Inference:
    """How a statistic along the curve is judged.

    Attributes:
        method: "permutation" or "random field".
        alpha: chance of any false alarm along the curve.
        two_sided: for t, which has a direction; F, T2 and X2 have none.
        draws: permutation: all exchanges if there are no more than these, otherwise so many random ones.
        seed: of the random exchanges.
        minimum: units in the smallest group below which there is no p value.
    """

    method: str = PERMUTATION
    alpha: float = 0.05
    two_sided: bool = True
    draws: int = 10_000
    seed: int = 0
    minimum: int = MINIMUM

    def __post_init__(self) -> None:
        if self.method not in (PERMUTATION, RANDOM_FIELD):
            raise UnknownName(f'Curves are judged by "{PERMUTATION}" or by "{RANDOM_FIELD}", not "{self.method}".')
        if not 0 < self.alpha < 1:
            raise BadValue(f"The error rate of a test lies between 0 and 1; got {self.alpha:g}. Give 0.05 for 5 %.")


@dataclass(frozen=True, eq=False)
class Sample:
    """Curves and the independent unit each belongs to.

    Attributes:
        rows: (S, Q) or (S, Q, C); a row with a missing point is left out.
        unit: (S,) subject or seed of each row.
        of: what a unit is: "subjects", "seeds".
    """

    rows: np.ndarray
    unit: np.ndarray
    of: str = "subjects"

    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean curve of each unit, (n, Q) or (n, Q, C), and the units (n,) in sorted order."""
        rows, unit = np.asarray(self.rows, float), np.asarray(self.unit)
        if rows.ndim < 2 or unit.shape != rows.shape[:1]:
            raise BadValue(f"Each row of a sample has one unit; found rows {rows.shape} and units {unit.shape}.")
        known = np.isfinite(rows.reshape(len(rows), -1)).all(axis=1)
        names, place = np.unique(unit[known], return_inverse=True)
        total = np.zeros((len(names), *rows.shape[1:]))
        np.add.at(total, place, rows[known])
        count = np.bincount(place, minlength=len(names))
        return total / count.reshape(-1, *[1] * (rows.ndim - 1)), names


class Cluster(NamedTuple):
    """A stretch of the curve in which the statistic exceeds its critical height."""

    start: float  # % of the cycle, interpolated
    end: float
    p: float  # corrected for the whole curve
    extreme: float  # of the statistic, with its sign
    mass: float  # area above the critical height [statistic times points]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a test along a curve found.

    Attributes:
        statistic: "t", "F", "T2" or "X2".
        curve: (Q,) of the statistic.
        df: its degrees of freedom.
        threshold: critical height for the whole curve; NaN where there is no p value.
        extreme: of the statistic, with its sign.
        at: where it lies [% of the cycle].
        p: of the extreme, corrected for the whole curve; NaN where there is none, with the reason in `note`.
        clusters: stretches beyond the threshold.
        method: "permutation" or "random field".
        how: what p rests on, in words.
        alpha, two_sided: as asked; two_sided is False for a statistic without direction.
        n: units in each group.
        of: what n counts.
        note: why there is no p value; empty if there is one.
    """

    statistic: str
    curve: np.ndarray
    df: tuple[float, ...]
    threshold: float
    extreme: float
    at: float
    p: float
    clusters: tuple[Cluster, ...]
    method: str
    how: str
    alpha: float
    two_sided: bool
    n: tuple[int, ...]
    of: str
    note: str = ""

    @property
    def share(self) -> float:
        """Share of the curve beyond the threshold; NaN where there is no p value."""
        if self.note:
            return float("nan")
        return float(sum(cluster.end - cluster.start for cluster in self.clusters) / 100.0)


def compare(
    first: Sample,
    second: Sample | None = None,
    inference: Inference | None = None,
    *,
    paired: bool = False,
    equal_variance: bool = True,
) -> Comparison:
    """Whether two samples differ anywhere along the curve, or one differs from zero; first minus second.

    Rows of several components are tested together (Hotelling's T2).

    Args:
        first: curves of the first group.
        second: of the second, or None to test the first against zero.
        inference: how to judge; by default all permutations or 10 000 random ones, two-sided, 5 %.
        paired: whether both samples are of the same units; units in only one of them are left out.
        equal_variance: of the two groups; otherwise Welch's t.
    """
    inference = inference or Inference()
    (one, names), several = first.means(), np.ndim(first.rows) == 3
    if second is None:
        test = multivariate.hotelling_one_sample if several else curve_tests.one_sample
        return _judge_groups(test, (one,), first.of, inference)
    two, others = second.means()
    of = first.of if first.of == second.of else f"{first.of} and {second.of}"
    if paired:
        _, here, there = np.intersect1d(names, others, return_indices=True)
        test = multivariate.hotelling_paired if several else curve_tests.paired
        return _judge_groups(test, (one[here], two[there]), of, inference, pairs=True)
    if several:
        return _judge_groups(multivariate.hotelling_two_sample, (one, two), of, inference)
    return _judge_groups(partial(curve_tests.two_sample, equal_variance=equal_variance), (one, two), of, inference)


def compare_groups(samples: Sequence[Sample], inference: Inference | None = None) -> Comparison:
    """Whether several groups differ anywhere along the curve: F, or X2 for several components."""
    groups = tuple(sample.means()[0] for sample in samples)
    test = multivariate.manova if groups[0].ndim == 3 else curve_tests.anova
    return _judge_groups(lambda *rows: test(rows), groups, samples[0].of, inference or Inference())


def relate(sample: Sample, predictor: np.ndarray, inference: Inference | None = None) -> Comparison:
    """Whether the curves go with one number per row (walking speed) anywhere: t, or X2 for several components.

    Args:
        sample: curves.
        predictor: (S,) one per row; rows and predictors of one unit are averaged.
        inference: how to judge.
    """
    known = np.isfinite(np.asarray(sample.rows, float).reshape(len(sample.rows), -1)).all(axis=1)
    rows, unit = np.asarray(sample.rows, float)[known], np.asarray(sample.unit)[known]
    means, _ = Sample(rows, unit, sample.of).means()
    level, _ = Sample(np.asarray(predictor, float)[known][:, None], unit, sample.of).means()
    if len(level) != len(means):
        raise BadValue(f"Each of the {len(means)} units needs a known predictor; {len(level)} have one.")
    test = multivariate.canonical_correlation if means.ndim == 3 else curve_tests.regression
    return _judge_groups(lambda rows: test(rows, level[:, 0]), (means,), sample.of, inference or Inference())


def judge(test: CurveTest, inference: Inference, of: str) -> Comparison:
    """The critical height of a statistic along the curve, and what lies beyond it."""
    two_sided = inference.two_sided and test.signed
    size = np.abs(test.curve) if two_sided else test.curve
    at = int(np.argmax(size))
    note = _too_few(test.n, inference, of)
    if note:
        found = _Found(float("nan"), float("nan"), (), "")
    else:
        found = (_permuted if inference.method == PERMUTATION else _predicted)(test, inference, two_sided)
    return Comparison(
        statistic=test.law.kind,
        curve=test.curve,
        df=test.law.df,
        threshold=found.threshold,
        extreme=float(test.curve[at]),
        at=100.0 * at / max(len(test.curve) - 1, 1),
        p=found.p,
        clusters=found.clusters,
        method=inference.method,
        how=found.how,
        alpha=inference.alpha,
        two_sided=two_sided,
        n=test.n,
        of=of,
        note=note,
    )


def _judge_groups(
    test: Callable[..., CurveTest], groups: tuple[np.ndarray, ...], of: str, inference: Inference, pairs: bool = False
) -> Comparison:
    """Judge a test of mean curves; with too few units nothing is computed."""
    sizes = tuple(len(rows) for rows in (groups[:1] if pairs else groups))
    note = _too_few(sizes, inference, of)
    if not note:
        return judge(test(*groups), inference, of)
    nan = float("nan")
    return Comparison(
        statistic="",
        curve=np.full(groups[0].shape[1], nan),
        df=(),
        threshold=nan,
        extreme=nan,
        at=nan,
        p=nan,
        clusters=(),
        method=inference.method,
        how="",
        alpha=inference.alpha,
        two_sided=inference.two_sided,
        n=sizes,
        of=of,
        note=note,
    )


def _too_few(sizes: tuple[int, ...], inference: Inference, of: str) -> str:
    """Why there is no p value; empty if there may be one."""
    if min(sizes) >= inference.minimum:
        return ""
    return f"no p value from n = {min(sizes)} ({of}); at least {inference.minimum} are needed"


class Stretch(NamedTuple):
    """Where a curve is above a height, in points, interpolated; the curve's ends close it."""

    start: float
    end: float
    extreme: float
    mass: float


def stretches(curve: np.ndarray, height: float) -> tuple[Stretch, ...]:
    """Stretches of a curve (Q,) above a height.

    A single number above the height is a stretch of no length whose mass is what it exceeds the height by.
    """
    above = np.concatenate(([False], curve > height, [False])).astype(int)
    starts, ends = np.flatnonzero(np.diff(above) == 1), np.flatnonzero(np.diff(above) == -1) - 1
    found = []
    for first, last in zip(starts, ends):
        x, y = np.arange(first, last + 1, dtype=float), curve[first : last + 1] - height
        if first > 0:
            x = np.concatenate(([first - _crossing(curve[first], curve[first - 1], height)], x))
            y = np.concatenate(([0.0], y))
        if last < len(curve) - 1:
            x = np.concatenate((x, [last + _crossing(curve[last], curve[last + 1], height)]))
            y = np.concatenate((y, [0.0]))
        mass = float(np.trapezoid(y, x)) if len(x) > 1 else float(y[0])
        found.append(Stretch(float(x[0]), float(x[-1]), float(curve[first : last + 1].max()), mass))
    return tuple(found)


class _Found(NamedTuple):
    threshold: float
    p: float
    clusters: tuple[Cluster, ...]
    how: str


def _crossing(inside: float, outside: float, height: float) -> float:
    """Way from the point inside to the height, in points; infinite values cross at the point inside."""
    return (inside - height) / (inside - outside) if np.isfinite(inside - outside) else 0.0


def _beyond(curve: np.ndarray, height: float, two_sided: bool) -> list[tuple[int, Stretch]]:
    """Stretches above the height and, two-sided, below its negative, each with its sign, in order."""
    if not np.isfinite(height):
        return []
    found = [(1, stretch) for stretch in stretches(curve, height)]
    found += [(-1, stretch) for stretch in stretches(-curve, height)] if two_sided else []
    return sorted(found, key=lambda pair: pair[1].start)


def _clusters(beyond: list[tuple[int, Stretch]], p: Sequence[float], points: int) -> tuple[Cluster, ...]:
    last = max(points - 1, 1)
    return tuple(
        Cluster(100.0 * stretch.start / last, 100.0 * stretch.end / last, value, sign * stretch.extreme, stretch.mass)
        for (sign, stretch), value in zip(beyond, p)
    )


def _predicted(test: CurveTest, inference: Inference, two_sided: bool) -> _Found:
    """Random field theory; two-sided, each side has half the error rate and p is doubled."""
    points, sides = len(test.curve), 2 if two_sided else 1
    width = smoothness(test.residuals)
    height = critical_height(test.law, inference.alpha / sides, width.resels)
    extreme = float(np.abs(test.curve).max() if two_sided else test.curve.max())
    p = min(sides * chance(test.law, extreme, width.resels), 1.0)
    beyond = _beyond(test.curve, height, two_sided)
    if points == 1:
        return _Found(height, p, _clusters(beyond, [p], 1), "a single number")
    values = [
        min(sides * cluster_chance(test.law, height, (s.end - s.start) / width.fwhm, width.resels), 1.0)
        for _, s in beyond
    ]
    how = f"FWHM {width.fwhm:.1f} points, {width.resels:.1f} resels"
    return _Found(height, p, _clusters(beyond, values, points), how)


def _permuted(test: CurveTest, inference: Inference, two_sided: bool) -> _Found:
    """Largest value, and largest mass of a stretch beyond the critical height, under exchange of the units."""
    null = null_curves(test.exchange, inference.draws, inference.seed)
    size = np.abs(null.curves) if two_sided else null.curves
    largest = size.max(axis=1)
    extreme = float(np.abs(test.curve).max() if two_sided else test.curve.max())
    height = null.critical_height(largest, inference.alpha)
    beyond = _beyond(test.curve, height, two_sided)
    values: list[float] = []
    if beyond:
        mass = np.zeros(len(largest))
        for k in np.flatnonzero(largest > height):
            mass[k] = max(stretch.mass for _, stretch in _beyond(null.curves[k], height, two_sided))
        values = [null.p_value(mass, stretch.mass) for _, stretch in beyond]
    p = null.p_value(largest, extreme)
    return _Found(height, p, _clusters(beyond, values, len(test.curve)), _exchanged(test, null, inference.seed))


def _exchanged(test: CurveTest, null: NullCurves, seed: int) -> str:
    what = "changes of sign" if test.exchange.kind == SIGNS else "exchanges of labels"
    count = len(null.curves)
    return f"all {count} {what}" if null.exact else f"{count} random {what}, seed {seed}"
