"""Gauss-Newton over a whole cycle: unknowns are Fourier coefficients, residuals are added block by block."""

from collections.abc import Sequence

import numpy as np

from biomimic.retarget import fourier


class Series:
    """A correction of several coordinates over one cycle, each with its own number of harmonics.

    Attributes:
        owner: coordinate of each coefficient, (U,).
        table: value of each coefficient's function at each frame, (N, U).
        bend: second difference of it, per frame squared at 100 frames a cycle, (N, U).
    """

    def __init__(self, count: int, harmonics: Sequence[int]) -> None:
        parts = [fourier.basis(count, number) for number in harmonics]
        self.owner = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
        self.table = np.hstack(parts)
        second = np.roll(self.table, -1, axis=0) - 2.0 * self.table + np.roll(self.table, 1, axis=0)
        self.bend = second * (count / 100.0) ** 2

    def values(self, coefficients: np.ndarray) -> np.ndarray:
        """(U,) -> (N, coordinates)."""
        return self._gather(self.table, coefficients)

    def bends(self, coefficients: np.ndarray) -> np.ndarray:
        """(U,) -> (N, coordinates)."""
        return self._gather(self.bend, coefficients)

    def rows(self, jacobian: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Rows by coordinates, each at one frame, as rows by coefficients: (R, coordinates), (R,) -> (R, U)."""
        return jacobian[:, self.owner] * self.table[frames]

    def _gather(self, table: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
        total = np.zeros((len(table), self.owner[-1] + 1))
        for coordinate in range(total.shape[1]):
            mine = self.owner == coordinate
            total[:, coordinate] = table[:, mine] @ coefficients[mine]
        return total


class Normal:
    """Normal equations of a least-squares problem, filled block by block.

    Attributes:
        cost: sum of squares of all residuals.
    """

    def __init__(self, unknowns: int) -> None:
        self._matrix = np.zeros((unknowns, unknowns))
        self._right = np.zeros(unknowns)
        self.cost = 0.0

    def add(self, jacobian: np.ndarray, residual: np.ndarray, width: np.ndarray | float) -> None:
        """Rows (R, U) and residuals (R,), both divided by `width`; fewer columns than unknowns: the first ones."""
        scale = 1.0 / np.broadcast_to(width, residual.shape)
        rows, right = jacobian * scale[:, None], residual * scale
        columns = rows.shape[1]
        self._matrix[:columns, :columns] += rows.T @ rows
        self._right[:columns] += rows.T @ right
        self.cost += float(right @ right)

    def step(self) -> np.ndarray:
        """Change of the unknowns that makes the linearised residuals least."""
        ridge = 1e-9 * np.diag(self._matrix) + 1e-12
        return -np.linalg.solve(self._matrix + np.diag(ridge), self._right)
