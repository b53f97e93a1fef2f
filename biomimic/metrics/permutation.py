"""What a statistic along a curve would be if nothing were there: signs or labels exchanged between units.

The largest value along the curve, over all exchanges, is compared with the one that was found (max-t): no smoothness
and no normality is assumed, and the chance of any false alarm along the curve is at most the chosen one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import factorial

import numpy as np

from biomimic.errors import BadValue

SIGNS, LABELS = "signs", "labels"
SLACK = 1e-9  # two statistics closer than this share are one and the same
BLOCK = 4_000_000  # numbers held at once while statistics are made

Statistic = Callable[[np.ndarray], np.ndarray]  # codes of the units (B, n) -> statistic (B, Q)


@dataclass(frozen=True, eq=False)
class Exchange:
    """How units may be exchanged under the null hypothesis, and the statistic that each exchange gives.

    Attributes:
        kind: "signs" (each unit may be turned round) or "labels" (units may swap groups or predictors).
        codes: (n,) as found; 0 for every unit of "signs", the number of its group or predictor for "labels".
        statistic: maps codes (B, n) to the statistic along the curve (B, Q).
    """

    kind: str
    codes: np.ndarray
    statistic: Statistic

    def __post_init__(self) -> None:
        if self.kind not in (SIGNS, LABELS):
            raise BadValue(f'What is exchanged is "signs" or "labels", not "{self.kind}".')

    @property
    def count(self) -> int:
        """Number of different exchanges, that which was found included."""
        if self.kind == SIGNS:
            return 2 ** len(self.codes)
        ways = factorial(len(self.codes))
        for repeats in np.unique(self.codes, return_counts=True)[1]:
            ways //= factorial(int(repeats))
        return ways


@dataclass(frozen=True, eq=False)
class NullCurves:
    """Statistics along the curve under exchange.

    Attributes:
        curves: (B, Q); for a two-sided test of t, t itself.
        exact: whether these are all exchanges; otherwise they are drawn at random, without the one that was found.
    """

    curves: np.ndarray
    exact: bool

    def p_value(self, null: np.ndarray, found: float) -> float:
        """Share of all exchanges that reach what was found, or (b + 1) / (m + 1) of those drawn.

        Source:
            Phipson & Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010) article 39.
        """
        reached = int((null >= found - SLACK * abs(found)).sum())
        return reached / len(null) if self.exact else (reached + 1) / (len(null) + 1)

    def critical_height(self, largest: np.ndarray, alpha: float) -> float:
        """Smallest of the null values above which everything has p <= alpha; infinite if there are too few exchanges.

        Source:
            Nichols & Holmes, Hum. Brain Mapp. 15 (2002) 1-25.
        """
        total = len(largest) if self.exact else len(largest) + 1
        allowed = int(np.floor(alpha * total + SLACK)) - (0 if self.exact else 1)
        return float(np.sort(largest)[::-1][allowed]) if 0 <= allowed < len(largest) else float("inf")


def null_curves(exchange: Exchange, draws: int, seed: int) -> NullCurves:
    """The statistic under all exchanges if there are at most `draws`, otherwise under that many random ones."""
    if draws < 1:
        raise BadValue(f"A permutation test needs at least one exchange; got {draws}.")
    exact = exchange.count <= draws
    codes = _all_codes(exchange) if exact else _random_codes(exchange, draws, seed)
    width = exchange.statistic(exchange.codes[None]).size
    block = max(BLOCK // (8 * width + exchange.codes.size), 1)
    return NullCurves(np.concatenate([exchange.statistic(part) for part in _parts(codes, block)]), exact)


def _parts(codes: np.ndarray, block: int) -> Iterator[np.ndarray]:
    for start in range(0, len(codes), block):
        yield codes[start : start + block]


def _all_codes(exchange: Exchange) -> np.ndarray:
    """Every different exchange, (count, n)."""
    if exchange.kind == SIGNS:
        return np.array(list(product((0, 1), repeat=len(exchange.codes))))
    numbers, repeats = np.unique(exchange.codes, return_counts=True)
    partial = [((), tuple(repeats.tolist()))]
    for _ in exchange.codes:
        partial = [
            ((*taken, number), (*left[:number], left[number] - 1, *left[number + 1 :]))
            for taken, left in partial
            for number in range(len(numbers))
            if left[number]
        ]
    return np.array([taken for taken, _ in partial])


def _random_codes(exchange: Exchange, draws: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    if exchange.kind == SIGNS:
        return generator.integers(0, 2, size=(draws, len(exchange.codes)))
    return generator.permuted(np.broadcast_to(exchange.codes, (draws, len(exchange.codes))), axis=1)


@dataclass(frozen=True, eq=False)
class Projection:
    """Curves of n units in an orthonormal basis at each point, onto which a design is projected.

    Every statistic of the general linear model is a function of the projection alone, and exchanging units leaves the
    basis and the length of the design as they are: an exchange costs one product.

    Attributes:
        basis: (n, Q, C), at each point orthonormal over the units, or zero where nothing varies.
        levels: (L, K) orthonormal design of each code.
    """

    basis: np.ndarray
    levels: np.ndarray

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """Projections (B, K, Q, C) of exchanges (B, n)."""
        units, points, components = self.basis.shape
        design = np.moveaxis(self.levels[codes], 2, 1)  # (B, K, n)
        flat = design @ self.basis.reshape(units, points * components)
        return flat.reshape(*design.shape[:2], points, components)


def projection(centred: np.ndarray, levels: np.ndarray) -> Projection:
    """The basis of curves from which the mean (if the design has one) is taken off.

    Args:
        centred: (n, Q, C).
        levels: (L, K).
    """
    size = np.sqrt((centred**2).sum(axis=0))  # (Q, C)
    still = size <= 1e-12 * max(float(size.max()), np.finfo(float).tiny)
    scaled = np.where(still, 0.0, centred / np.where(still, 1.0, size))
    if centred.shape[2] == 1:
        return Projection(scaled, levels)
    varies = ~still.any(axis=1)
    if not (varies | still.all(axis=1)).all():
        where = int(np.argmin(varies | still.all(axis=1)))
        raise BadValue(f"A component does not vary at point {where} where others do; leave it or this point out.")
    basis, triangle = np.linalg.qr(np.moveaxis(scaled[:, varies], 1, 0))  # (points, n, C), (points, C, C)
    diagonal = np.abs(np.diagonal(triangle, axis1=1, axis2=2)).min(axis=1, initial=1.0)
    if (diagonal < 1e-9).any():
        where = int(np.flatnonzero(varies)[np.argmin(diagonal)])
        raise BadValue(f"The components depend on each other at point {where}; leave one of them out.")
    scaled[:, varies] = np.moveaxis(basis, 0, 1)
    scaled[:, ~varies] = 0.0
    return Projection(scaled, levels)
