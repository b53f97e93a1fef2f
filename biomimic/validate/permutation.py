"""Permutation of the means of units: a test that assumes neither normal numbers nor equal spreads."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

MOST = 10_000  # arrangements that are all made; of more, a random part is drawn
EQUAL = 1e-9  # statistics closer than this share count as equal
NAN = math.nan


@dataclass(frozen=True)
class Permutation:
    """Difference of two groups of units, its interval and its permutation test.

    Attributes:
        value: first group minus second, adjusted for the covariates.
        low, high: interval from its robust standard error.
        freedom: degrees of freedom of the interval; without covariates Welch's.
        statistic: value over its standard error.
        p: two-sided.
        floor: smallest p that the arrangements allow.
        n: number of units.
        of: what n counts.
        words: what was permuted.
        note: why nothing could be tested; empty if it could.
    """

    value: float
    low: float
    high: float
    freedom: float
    statistic: float
    p: float
    floor: float
    n: int
    of: str = "units"
    words: str = "none"
    note: str = ""


def permute(
    value: np.ndarray,
    member: np.ndarray,
    covariates: np.ndarray,
    *,
    draws: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> Permutation:
    """Permutation test of a group difference among units, studentised so that unequal spreads do no harm.

    Without covariates the labels are permuted, all arrangements if there are at most 10,000. With covariates the
    residuals of the model without the group are permuted (Freedman and Lane). The statistic divides by the standard
    error of White with HC2 weights, which for two groups is Welch's.

    Args:
        value: (U,) one number a unit.
        member: (U,) 1 in the first group, 0 in the second.
        covariates: (U, K); columns that the others already span are left out.
        draws: random arrangements, where not all can be made; then p = (b + 1) / (draws + 1).
        seed: of the random arrangements.
        level: of the interval.

    Source:
        Freedman & Lane, Journal of Business & Economic Statistics 1 (1983) 292-298; Janssen, Statistics & Probability
        Letters 36 (1997) 9-21 (studentised); Phipson & Smyth, Statistical Applications in Genetics and Molecular
        Biology 9 (2010) 39 (p of random permutations).
    """
    count = len(value)
    reduced = _independent(np.column_stack((np.ones(count), covariates)))
    full = np.column_stack((reduced, member))
    rank = np.linalg.matrix_rank(full)
    if rank < full.shape[1] or count <= rank:
        nan = (NAN,) * 7
        note = "the covariates already tell the groups apart" if count > rank else "more columns than units"
        return Permutation(*nan, n=count, note=note)
    found, error = (float(part[0]) for part in _studentised(value[None], full))
    statistic = _ratio(found, error)
    freedom = _welch(value, member) if full.shape[1] == 2 else float(count - rank)
    wide = float(stats.t.ppf(0.5 + level / 2.0, freedom)) * error
    orders, exact = _orders(member, reduced.shape[1] == 1, draws, seed)
    fitted = reduced @ np.linalg.lstsq(reduced, value, rcond=None)[0]
    values, errors = _studentised(fitted + (value - fitted)[orders], full)
    extreme = (
        np.abs(_ratio(values, errors)) >= abs(statistic) * (1.0 - EQUAL) if error > 0 else _at_least(values, found)
    )
    many = len(orders)
    p = float(extreme.mean()) if exact else (float(extreme.sum()) + 1.0) / (many + 1.0)
    even = exact and 2 * int(member.sum()) == count
    floor = (2.0 if even else 1.0) / many if exact else 1.0 / (many + 1.0)
    what = f"means of {count} units" + (", adjusted for covariates" if reduced.shape[1] > 1 else "")
    words = f"permutation of the {what}: {f'all {many}' if exact else f'{many} random'} arrangements"
    return Permutation(found, found - wide, found + wide, freedom, statistic, p, floor, count, words=words)


def _independent(columns: np.ndarray) -> np.ndarray:
    """The columns that raise the rank, from left to right."""
    kept = columns[:, :1]
    for column in columns.T[1:]:
        wider = np.column_stack((kept, column))
        if np.linalg.matrix_rank(wider) > kept.shape[1]:
            kept = wider
    return kept


def _studentised(values: np.ndarray, full: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficient of the last column and its HC2 standard error, (D,) each, for values (D, U)."""
    inverse = np.linalg.pinv(full)  # (columns, U)
    residuals = values - values @ inverse.T @ full.T
    leverage = np.clip(np.einsum("uc,cu->u", full, inverse), 0.0, 1.0 - 1e-12)
    variance = (residuals**2 / (1.0 - leverage)) @ inverse[-1] ** 2
    small = np.abs(values).max() * 1e-12
    return values @ inverse[-1], np.where(variance > small**2, np.sqrt(variance), 0.0)


def _ratio(value, error):
    """value / error; 0 / 0 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(np.divide(value, error), nan=0.0, posinf=np.inf, neginf=-np.inf)


def _at_least(values: np.ndarray, found: float) -> np.ndarray:
    """Without any spread within the groups the difference itself is the statistic."""
    return np.abs(values) >= abs(found) * (1.0 - EQUAL)


def _welch(value: np.ndarray, member: np.ndarray) -> float:
    """Degrees of freedom of Welch and Satterthwaite."""
    groups = [value[member == label] for label in (1, 0)]
    if min(len(group) for group in groups) < 2:
        return float(max(len(value) - 2, 1))
    parts = np.array([group.var(ddof=1) / len(group) for group in groups])
    below = sum(part**2 / (len(group) - 1) for part, group in zip(parts, groups))
    return float(parts.sum() ** 2 / below) if below > 0 else float(len(value) - 2)


def _orders(member: np.ndarray, labels_only: bool, draws: int, seed: int) -> tuple[np.ndarray, bool]:
    """Arrangements of the units (D, U), and whether they are all there are."""
    count, first = len(member), np.flatnonzero(member == 1)
    second = np.flatnonzero(member != 1)
    if labels_only and math.comb(count, len(first)) <= MOST:
        chosen = np.array(list(combinations(range(count), len(first))))
        rest = np.ones((len(chosen), count), bool)
        np.put_along_axis(rest, chosen, False, axis=1)
        orders = np.empty((len(chosen), count), int)
        orders[:, first] = chosen
        orders[:, second] = np.nonzero(rest)[1].reshape(len(chosen), -1)
        return orders, True
    generator = np.random.default_rng(seed)
    return generator.permuted(np.tile(np.arange(count), (draws, 1)), axis=1), False
