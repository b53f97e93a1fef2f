"""Test statistics along a curve: one sample, pairs, groups, a predictor; each knows its law and its exchanges.

Rows are independent units (subjects or seeds), one curve each: (n, 101), or (n,) for a single number per unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biomimic.errors import BadValue, NotEnoughData
from biomimic.metrics.permutation import LABELS, SIGNS, Exchange, projection
from biomimic.metrics.random_field import Law

FULL = 1.0 - 1e-12  # largest share of the scatter that a design can explain


@dataclass(frozen=True, eq=False)
class CurveTest:
    """A statistic along the curve, before it is judged.

    Attributes:
        law: of the statistic at one point, under normal errors.
        curve: (Q,).
        residuals: (n, Q) or (n, Q, C), for the smoothness.
        n: units in each group.
        exchange: how units may be exchanged under the null hypothesis.
    """

    law: Law
    curve: np.ndarray
    residuals: np.ndarray
    n: tuple[int, ...]
    exchange: Exchange

    @property
    def signed(self) -> bool:
        """Whether the statistic has a direction."""
        return self.law.kind == "t"


def one_sample(rows: np.ndarray, expected: np.ndarray | float = 0.0) -> CurveTest:
    """t of the mean of the units against an expected curve.

    Args:
        rows: (n, Q) or (n,).
        expected: (Q,) or a number.
    """
    rows = _single(rows) - expected
    units = _enough(len(rows), 2, "a one-sample test")
    signs = np.array([[1.0], [-1.0]]) / np.sqrt(units)
    project = projection(rows[:, :, None], signs)

    def statistic(codes: np.ndarray) -> np.ndarray:
        return _t(project(codes)[:, 0, :, 0], units - 1)

    exchange = Exchange(SIGNS, np.zeros(units, int), statistic)
    curve = statistic(exchange.codes[None])[0]
    return CurveTest(Law("t", (units - 1.0,)), curve, rows - rows.mean(axis=0), (units,), exchange)


def paired(first: np.ndarray, second: np.ndarray) -> CurveTest:
    """t of the mean difference of pairs, first minus second.

    Args:
        first, second: (n, Q) or (n,), row for row of the same unit.
    """
    return one_sample(_differences(first, second))


def two_sample(first: np.ndarray, second: np.ndarray, *, equal_variance: bool = True) -> CurveTest:
    """t of the difference of two groups, first minus second.

    With unequal variances the statistic is Welch's; its degrees of freedom are one number for the whole curve, from
    the ratio of the variances of the groups averaged over the points (each point divided by its pooled variance).

    Args:
        first, second: (n, Q) or (n,).
        equal_variance: whether the variance is pooled at each point.
    """
    groups = [_single(rows) for rows in (first, second)]
    member = np.repeat([1.0, 0.0], [len(rows) for rows in groups])
    if equal_variance:
        test = regression(np.concatenate(groups), member)
        return CurveTest(test.law, test.curve, test.residuals, tuple(len(rows) for rows in groups), test.exchange)
    test, variances, sizes = _separate(groups)
    share = variances / sizes
    error = share.sum() ** 2 / (share**2 / (sizes - 1)).sum()
    rows, squared = np.concatenate(groups), test.exchange.statistic

    def statistic(codes: np.ndarray) -> np.ndarray:
        return _signed_root(squared(codes), codes, rows)

    exchange = Exchange(LABELS, test.exchange.codes, statistic)
    curve = statistic(exchange.codes[None])[0]
    return CurveTest(Law("t", (float(error),)), curve, test.residuals, test.n, exchange)


def regression(rows: np.ndarray, predictor: np.ndarray) -> CurveTest:
    """t of the slope of the curves on one number per unit, such as walking speed.

    Args:
        rows: (n, Q) or (n,).
        predictor: (n,).
    """
    rows = _single(rows)[:, :, None]
    units = _enough(len(rows), 3, "a regression")
    codes, levels = coded_design(np.asarray(predictor, float)[:, None], units)
    centred = rows - rows.mean(axis=0)
    project = projection(centred, levels)

    def statistic(codes: np.ndarray) -> np.ndarray:
        return _t(project(codes)[:, 0, :, 0], units - 2)

    exchange = Exchange(LABELS, codes, statistic)
    curve = statistic(codes[None])[0]
    return CurveTest(Law("t", (units - 2.0,)), curve, residuals(centred, levels[codes])[:, :, 0], (units,), exchange)


def anova(groups: Sequence[np.ndarray], *, equal_variance: bool = True) -> CurveTest:
    """F of the differences between groups.

    With unequal variances it is the statistic of Brown and Forsythe with the degrees of freedom of Box and Mehrotra,
    one pair for the whole curve, from variances averaged as in `two_sample`; for two groups it is Welch's t squared.

    Args:
        groups: each (n, Q) or (n,).
        equal_variance: whether the variance is pooled at each point.

    Source:
        Brown & Forsythe, Technometrics 16 (1974) 129-132; Mehrotra, Commun. Stat. Simul. Comput. 26 (1997) 1139-1145.
    """
    curves = [_single(rows) for rows in groups]
    if not equal_variance:
        return _separate(curves)[0]
    sizes = tuple(len(rows) for rows in curves)
    rows = np.concatenate(curves)[:, :, None]
    effect, error = len(curves) - 1, len(rows) - len(curves)
    _enough(len(rows), len(curves) + 1, f"a comparison of {len(curves)} groups")
    codes, levels = coded_design(indicators(sizes), len(rows))
    centred = rows - rows.mean(axis=0)
    project = projection(centred, levels)

    def statistic(codes: np.ndarray) -> np.ndarray:
        explained = np.minimum((project(codes)[..., 0] ** 2).sum(axis=1), FULL)
        return explained / effect / ((1.0 - explained) / error)

    exchange = Exchange(LABELS, codes, statistic)
    law = Law("F", (float(effect), float(error)))
    return CurveTest(law, statistic(codes[None])[0], residuals(centred, levels[codes])[:, :, 0], sizes, exchange)


def as_curves(rows: np.ndarray) -> np.ndarray:
    """Rows (n,), (n, Q) or (n, Q, C) as (n, Q, C), without missing points."""
    rows = np.asarray(rows, float)
    if not 1 <= rows.ndim <= 3 or not rows.size:
        raise BadValue(f"Curves have the shape (n, points) or (n, points, components); found {rows.shape}.")
    if not np.isfinite(rows).all():
        raise BadValue("Curves to be tested have no missing points; leave out the units that were not measured.")
    return rows.reshape(len(rows), -1, 1) if rows.ndim < 3 else rows


def coded_design(predictors: np.ndarray, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Units (n,) coded by their predictors, and the centred orthonormal design of each code (L, K).

    Args:
        predictors: (n, K).
        units: n of the curves.
    """
    if predictors.shape[0] != units or not np.isfinite(predictors).all():
        raise BadValue(f"{units} units need {units} known predictors; found {np.isfinite(predictors).sum()}.")
    centred = predictors - predictors.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    if (size <= 1e-12 * np.abs(predictors).max(axis=0)).any():
        raise BadValue("A predictor is the same for all units; it predicts nothing.")
    design = centred / size
    if design.shape[1] > 1:
        design, triangle = np.linalg.qr(design)
        if np.abs(np.diagonal(triangle)).min() < 1e-9:
            raise BadValue("The predictors depend on each other; leave one of them out.")
    _, first, codes = np.unique(predictors, axis=0, return_index=True, return_inverse=True)
    return codes.reshape(-1), design[first]


def indicators(sizes: Sequence[int]) -> np.ndarray:
    """Membership of all groups but the last, (n, groups - 1)."""
    if len(sizes) < 2 or min(sizes) < 1:
        raise NotEnoughData(f"Groups to compare have at least one unit each; found {list(sizes)}.")
    group = np.repeat(np.arange(len(sizes)), sizes)
    return (group[:, None] == np.arange(len(sizes) - 1)).astype(float)


def residuals(centred: np.ndarray, design: np.ndarray) -> np.ndarray:
    """What an orthonormal design (n, K) leaves of centred curves (n, Q, C)."""
    return centred - np.tensordot(design, np.tensordot(design.T, centred, axes=1), axes=1)


def _single(rows: np.ndarray) -> np.ndarray:
    rows = as_curves(rows)
    if rows.shape[2] > 1:
        raise BadValue(f"This test is of one component; the curves have {rows.shape[2]}. Use its Hotelling form.")
    return rows[:, :, 0]


def _differences(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape:
        raise BadValue(f"Pairs have one curve of each unit in both groups; found {first.shape} and {second.shape}.")
    return first - second


def _t(cosine: np.ndarray, error: float) -> np.ndarray:
    """t from the cosine between the curves of the units and the design."""
    return cosine * np.sqrt(error / (1.0 - np.minimum(cosine**2, FULL)))


def _enough(units: int, needed: int, what: str) -> int:
    if units < needed:
        raise NotEnoughData(f"{what[0].upper()}{what[1:]} needs at least {needed} units; there are {units}.")
    return units


def _separate(groups: Sequence[np.ndarray]) -> tuple[CurveTest, np.ndarray, np.ndarray]:
    """Brown and Forsythe's F, the relative variances of the groups, and their sizes."""
    sizes = np.array([len(rows) for rows in groups], float)
    _enough(int(sizes.min()), 2, "each group with its own variance")
    total, rows = sizes.sum(), np.concatenate(groups)
    rows = rows - rows.mean(axis=0)
    left = np.concatenate([group - group.mean(axis=0) for group in groups])

    def statistic(codes: np.ndarray) -> np.ndarray:
        between = np.zeros((len(codes), rows.shape[1]))
        within = np.zeros_like(between)
        for k, size in enumerate(sizes):
            member = (codes == k).astype(float)
            mean = member @ rows / size
            between += size * mean**2
            within += (1.0 - size / total) * np.maximum(member @ rows**2 - size * mean**2, 0.0) / (size - 1.0)
        least = (1.0 - FULL) * (between + within)
        return np.divide(between, np.maximum(within, least), out=np.zeros_like(between), where=least > 0)

    codes = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    squares = np.array([((group - group.mean(axis=0)) ** 2).sum(axis=0) for group in groups])  # (groups, Q)
    varies = squares.sum(axis=0) > 0
    if not varies.any():
        raise BadValue("The curves do not vary within the groups, so nothing can be tested.")
    variances = (squares[:, varies] / squares[:, varies].sum(axis=0)).mean(axis=1) / (sizes - 1.0)
    weighted = (sizes * variances).sum() / total
    part = (1.0 - sizes / total) * variances
    effect = part.sum() ** 2 / ((variances**2).sum() + weighted**2 - 2.0 * (sizes * variances**2).sum() / total)
    error = part.sum() ** 2 / (part**2 / (sizes - 1.0)).sum()
    exchange = Exchange(LABELS, codes, statistic)
    law = Law("F", (float(effect), float(error)))
    test = CurveTest(law, statistic(codes[None])[0], left, tuple(int(size) for size in sizes), exchange)
    return test, variances, sizes


def _signed_root(squared: np.ndarray, codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Root of the statistic of two groups with the sign of first minus second."""
    first, second = (codes == 0).astype(float), (codes == 1).astype(float)
    difference = first @ rows / first.sum(axis=1)[:, None] - second @ rows / second.sum(axis=1)[:, None]
    return np.sign(difference) * np.sqrt(squared)
