"""Test statistics along a curve of several components: Hotelling's T2, and Bartlett's X2 for groups or predictors.

Rows are independent units, (n, Q, C) for C components along the curve or (n, C) given as (n, 1, C) for numbers.
"""

from collections.abc import Sequence

import numpy as np

from biomimic.errors import BadValue, NotEnoughData
from biomimic.metrics.curve_tests import FULL, CurveTest, as_curves, coded_design, indicators, residuals
from biomimic.metrics.permutation import LABELS, SIGNS, Exchange, projection
from biomimic.metrics.random_field import Law


def hotelling_one_sample(rows: np.ndarray, expected: np.ndarray | float = 0.0) -> CurveTest:
    """T2 of the mean of the units against expected curves.

    Args:
        rows: (n, Q, C).
        expected: (Q, C) or a number.
    """
    rows = _components(rows) - expected
    units = len(rows)
    error = _error(units - 1, rows.shape[2])
    project = projection(rows, np.array([[1.0], [-1.0]]) / np.sqrt(units))

    def statistic(codes: np.ndarray) -> np.ndarray:
        return _t2(project(codes)[:, 0], error)

    exchange = Exchange(SIGNS, np.zeros(units, int), statistic)
    law = Law("T2", (float(rows.shape[2]), float(error)))
    return CurveTest(law, statistic(exchange.codes[None])[0], rows - rows.mean(axis=0), (units,), exchange)


def hotelling_paired(first: np.ndarray, second: np.ndarray) -> CurveTest:
    """T2 of the mean difference of pairs, first minus second, each (n, Q, C)."""
    first, second = _components(first), _components(second)
    if first.shape != second.shape:
        raise BadValue(f"Pairs have one curve of each unit in both groups; found {first.shape} and {second.shape}.")
    return hotelling_one_sample(first - second)


def hotelling_two_sample(first: np.ndarray, second: np.ndarray) -> CurveTest:
    """T2 of the difference of two groups, each (n, Q, C), with pooled covariance."""
    groups = _components(first), _components(second)
    sizes = tuple(len(group) for group in groups)
    rows = _together(groups)
    error = _error(len(rows) - 2, rows.shape[2])
    codes, levels = coded_design(indicators(sizes), len(rows))
    centred = rows - rows.mean(axis=0)
    project = projection(centred, levels)

    def statistic(codes: np.ndarray) -> np.ndarray:
        return _t2(project(codes)[:, 0], error)

    exchange = Exchange(LABELS, codes, statistic)
    law = Law("T2", (float(rows.shape[2]), float(error)))
    return CurveTest(law, statistic(codes[None])[0], residuals(centred, levels[codes]), sizes, exchange)


def canonical_correlation(rows: np.ndarray, predictors: np.ndarray) -> CurveTest:
    """X2 of the relation of several components to one or more numbers per unit.

    Args:
        rows: (n, Q, C).
        predictors: (n,) or (n, K).

    Source:
        Bartlett, Proc. Camb. Philos. Soc. 34 (1938) 33-40.
    """
    rows = _components(rows)
    predictors = np.asarray(predictors, float).reshape(len(rows), -1)
    return _bartlett(rows, predictors, (len(rows),))


def manova(groups: Sequence[np.ndarray]) -> CurveTest:
    """X2 of the differences between groups, each (n, Q, C)."""
    groups = [_components(group) for group in groups]
    sizes = tuple(len(group) for group in groups)
    return _bartlett(_together(groups), indicators(sizes), sizes)


def _bartlett(rows: np.ndarray, predictors: np.ndarray, sizes: tuple[int, ...]) -> CurveTest:
    units, _, components = rows.shape
    effects = predictors.shape[1]
    factor = units - 1.0 - 0.5 * (components + effects + 1.0)
    if units - 1 - effects < components or factor <= 0:
        raise NotEnoughData(
            f"{components} components and {effects} predictors need at least {components + effects + 1} units; "
            f"there are {units}."
        )
    codes, levels = coded_design(predictors, units)
    centred = rows - rows.mean(axis=0)
    project = projection(centred, levels)

    def statistic(codes: np.ndarray) -> np.ndarray:
        found = np.moveaxis(project(codes), 1, 2)  # (B, Q, K, C)
        if components < effects:
            found = np.swapaxes(found, 2, 3)
        left = np.eye(found.shape[2]) - found @ np.swapaxes(found, 2, 3)
        return -factor * np.log(np.maximum(np.linalg.det(left), 1.0 - FULL))

    exchange = Exchange(LABELS, codes, statistic)
    law = Law("X2", (float(components * effects),))
    return CurveTest(law, statistic(codes[None])[0], residuals(centred, levels[codes]), sizes, exchange)


def _components(rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows, float)
    if rows.ndim != 3:
        raise BadValue(f"Curves of several components have the shape (n, points, components); found {rows.shape}.")
    return as_curves(rows)


def _together(groups: Sequence[np.ndarray]) -> np.ndarray:
    if len({group.shape[1:] for group in groups}) != 1:
        found = ", ".join(str(group.shape[1:]) for group in groups)
        raise BadValue(f"Groups to compare have the same points and components; found {found}.")
    return np.concatenate(groups)


def _error(error: int, components: int) -> int:
    if error < components:
        raise NotEnoughData(
            f"T2 of {components} components needs at least {components} error degrees of freedom; there are {error}. "
            "Take more units or fewer components."
        )
    return error


def _t2(cosines: np.ndarray, error: int) -> np.ndarray:
    """T2 from the projection (B, Q, C) of the design on the components."""
    explained = np.minimum((cosines**2).sum(axis=-1), FULL)
    return error * explained / (1.0 - explained)
