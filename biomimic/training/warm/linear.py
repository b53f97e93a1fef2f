"""A phase-scheduled linear map to activations, fitted to samples that the muscles' reach cuts off.

Two maps are added up: one of all samples, which changes with the phase, and for each combination of stance flags what
is left; so a combination that is rare borrows the gains of its phase. Inputs are standardised, gains shrink towards
zero and towards those of the neighbouring knots, constants hardly. Where a label lies at the edge of what the muscle
can reach in one control step, the map may ask for more than that: the muscle does the same. Such labels are moved to
what the map asks for and the fit is repeated.

The table is that of `biomimic.training.skip`. The normal equations are cyclic block-tridiagonal and solved exactly.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from biomimic.errors import BadValue
from biomimic.training.skip import COMBINATIONS, SCHEDULE

EDGE = 0.004  # activation: a label this close to the reach lies at its edge
BEYOND = 0.2  # activation that may be asked for beyond the reach
FAR = 8.0  # standard deviations at which an input is cut while fitting
FEW = 200  # samples below which a combination has no map of its own
CONSTANT = 1e-3  # shrinkage of constants as a share of that of gains


class Samples(NamedTuple):
    """Labelled states.

    Attributes:
        stride: phase, stance flags right and left, n inputs, (N, 3 + n).
        label: activations wanted, (N, A).
        low, high: activations that can be reached in the control step, (N, A) each.
    """

    stride: np.ndarray
    label: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Shrinkage(NamedTuple):
    """How a fit is held back, in samples per knot of standardised inputs.

    Attributes:
        common: of the map of all samples.
        own: of the maps of combinations.
        smooth: between neighbouring knots.
        repeats: fits after the first one, each with the labels at the edge moved.
    """

    common: float = 10.0
    own: float = 30.0
    smooth: float = 30.0
    repeats: int = 2

    @classmethod
    def of(cls, ridge: float) -> "Shrinkage":
        """The usual proportions for one number, that of the common map."""
        return cls(common=ridge, own=3 * ridge, smooth=3 * ridge)


def fit(samples: Samples, knots: int, shrinkage: Shrinkage | None = None, used: np.ndarray | None = None) -> np.ndarray:
    """Table (4, knots, n + 1, A), float32.

    Args:
        samples: see Samples.
        knots: phases per stride, 3 or more.
        shrinkage: see Shrinkage.
        used: which inputs may count, (n,) bool; None: all. Legs, for instance, gain nothing from errors of the arms.

    Raises:
        BadValue: no samples, shapes that do not fit or fewer than 3 knots.
    """
    shrinkage = shrinkage or Shrinkage()
    _check(samples, knots)
    count = samples.stride.shape[1] - SCHEDULE
    chosen = np.arange(count) if used is None else np.flatnonzero(used)
    inputs = samples.stride[:, SCHEDULE + chosen].astype(float)
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    rows = np.concatenate([np.clip((inputs - mean) / spread, -FAR, FAR), np.ones((len(inputs), 1))], axis=1)
    scaled = _levels(samples, rows, (knots, shrinkage))
    table = np.zeros((COMBINATIONS, knots, count + 1, samples.label.shape[1]))
    table[:, :, chosen] = scaled[:, :, :-1] / spread[:, None]
    table[:, :, -1] = scaled[:, :, -1] - np.einsum("qkio,i->qko", table[:, :, chosen], mean)
    return table.astype(np.float32)


def _levels(samples: Samples, rows: np.ndarray, held: tuple[int, Shrinkage]) -> np.ndarray:
    """Both levels together for standardised rows, (4, knots, inputs + 1, A)."""
    knots, shrinkage = held
    place = samples.stride[:, 0].astype(float) * knots
    knot, late = np.floor(place).astype(int) % knots, place - np.floor(place)
    flags = (2 * (samples.stride[:, 1] > 0.5) + (samples.stride[:, 2] > 0.5)).astype(int)
    solvers = [(None, _Knots(rows, (knot, late), knots, (shrinkage.common, shrinkage.smooth)))]
    for c in range(COMBINATIONS):
        own = np.flatnonzero(flags == c)
        if len(own) >= FEW:
            part = _Knots(rows[own], (knot[own], late[own]), knots, (shrinkage.own, shrinkage.smooth))
            solvers.append((c, part))
    wanted = samples.label
    for _ in range(shrinkage.repeats + 1):
        found = np.zeros((COMBINATIONS, knots, rows.shape[1], wanted.shape[1]))
        asked = np.zeros(wanted.shape)
        for c, solver in solvers:
            own = slice(None) if c is None else flags == c
            maps = solver.solve(wanted[own] - asked[own])
            asked[own] += solver.apply(maps)
            found[slice(None) if c is None else c] += maps
        wanted = beyond(samples, asked)
    return found


def beyond(samples: Samples, asked: np.ndarray) -> np.ndarray:
    """Labels (N, A), those at the edge of the reach moved to what is `asked` for if that lies beyond it, (N, A)."""
    label = samples.label
    low, high = label <= samples.low + EDGE, label >= samples.high - EDGE
    moved = np.where(low, np.clip(asked, label - BEYOND, label), label)
    return np.where(high & ~low, np.clip(asked, label, label + BEYOND), moved)


class _Knots:
    """Least squares of maps at knots, interpolated linearly and cyclically, factored once."""

    def __init__(
        self, rows: np.ndarray, where: tuple[np.ndarray, np.ndarray], knots: int, held: tuple[float, float]
    ) -> None:
        self._rows, (self._knot, self._late), self._knots = rows, where, knots
        size, (ridge, smooth) = rows.shape[1], held
        own, following = np.zeros((knots, size, size)), np.zeros((knots, size, size))
        for _, here, there, k, after in self._parts():
            own[k] += here.T @ here
            following[k] += here.T @ there
            own[after] += there.T @ there
        diagonal, shrink = np.arange(size), np.full(size, ridge)
        shrink[-1] = CONSTANT * ridge + 1e-9
        own[:, diagonal, diagonal] += shrink + 2 * smooth
        following[:, diagonal, diagonal] -= smooth
        self._factor(own, following)

    def _factor(self, own: np.ndarray, following: np.ndarray) -> None:
        """Cholesky factors of a chain of knots, the last of which closes the circle."""
        last = len(own) - 1
        self._own, self._next, self._close = [], [], []
        here, closing, corner = own[0], following[last].T, own[last].copy()
        for k in range(last):
            factor = np.linalg.cholesky(here)
            closing = closing + following[k] if k == last - 1 else closing
            close = solve_triangular(factor, closing, lower=True)
            corner -= close.T @ close
            self._own.append(factor)
            self._close.append(close)
            if k < last - 1:
                step = solve_triangular(factor, following[k], lower=True)
                self._next.append(step)
                here, closing = own[k + 1] - step.T @ step, -step.T @ close
        self._corner = np.linalg.cholesky(corner)

    def solve(self, label: np.ndarray) -> np.ndarray:
        """Maps (knots, inputs + 1, A) for labels (N, A)."""
        right = np.zeros((self._knots, self._rows.shape[1], label.shape[1]))
        for rows, here, there, k, after in self._parts():
            right[k] += here.T @ label[rows]
            right[after] += there.T @ label[rows]
        last, done = self._knots - 1, []
        here, corner = right[0], right[-1].copy()
        for k in range(last):
            done.append(solve_triangular(self._own[k], here, lower=True))
            corner -= self._close[k].T @ done[k]
            here = right[k + 1] - self._next[k].T @ done[k] if k < last - 1 else here
        found = np.empty_like(right)
        found[last] = solve_triangular(
            self._corner, solve_triangular(self._corner, corner, lower=True), lower=True, trans=1
        )
        for k in reversed(range(last)):
            left = done[k] - self._close[k] @ found[last]
            left = left - self._next[k] @ found[k + 1] if k < last - 1 else left
            found[k] = solve_triangular(self._own[k], left, lower=True, trans=1)
        return found

    def apply(self, maps: np.ndarray) -> np.ndarray:
        """What maps (knots, inputs + 1, A) give for the rows, (N, A)."""
        mapped = np.empty((len(self._rows), maps.shape[2]))
        for rows, here, there, k, after in self._parts():
            mapped[rows] = here @ maps[k] + there @ maps[after]
        return mapped

    def _parts(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, int, int]]:
        """For each knot: its samples, their rows with the share of it and of the next one, and both knots."""
        for k in np.unique(self._knot):
            rows = np.flatnonzero(self._knot == k)
            late = self._late[rows, None]
            yield rows, self._rows[rows] * (1 - late), self._rows[rows] * late, int(k), (int(k) + 1) % self._knots


def _check(samples: Samples, knots: int) -> None:
    count, width = samples.stride.shape
    if knots < 3:
        raise BadValue(f"A phase-scheduled map of {knots} knots was asked for; it needs 3 or more.")
    if not count or width < SCHEDULE:
        raise BadValue(f"{count} samples of {width} numbers were given; a fit needs at least 1 of {SCHEDULE} or more.")
    for name in ("label", "low", "high"):
        found = getattr(samples, name).shape
        if found != samples.label.shape or found[0] != count:
            raise BadValue(f'"{name}" has shape {found} beside {count} samples with labels {samples.label.shape}.')
