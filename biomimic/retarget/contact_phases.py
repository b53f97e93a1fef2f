"""Runs of true frames in each column: finding, cleaning and averaging over them, without a loop over frames."""

from typing import NamedTuple

import numpy as np


class Runs(NamedTuple):
    """Stretches of true frames, ordered by column, then by time.

    Attributes:
        column: (R,).
        first: first frame, (R,).
        last: last frame, inclusive, (R,).
    """

    column: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @property
    def length(self) -> np.ndarray:
        """Frames in each run, (R,)."""
        return self.last - self.first + 1

    def keep(self, which: np.ndarray) -> "Runs":
        """The runs chosen by a mask or by indices."""
        return Runs(self.column[which], self.first[which], self.last[which])


def runs(mask: np.ndarray) -> Runs:
    """All runs of true frames of a mask (T, P)."""
    frames, columns = mask.shape
    padded = np.zeros((columns, frames + 2), dtype=np.int8)
    padded[:, 1:-1] = mask.T
    change = np.diff(padded, axis=1)
    column, first = np.nonzero(change == 1)
    last = np.nonzero(change == -1)[1] - 1
    return Runs(column, first, last)


def paint(found: Runs, shape: tuple[int, int]) -> np.ndarray:
    """The mask whose runs these are, (T, P)."""
    return number(found, shape) >= 0


def number(found: Runs, shape: tuple[int, int]) -> np.ndarray:
    """Index of the run that each frame belongs to, -1 outside of all, (T, P)."""
    steps = np.zeros((shape[1], shape[0] + 1), dtype=np.int64)
    index = np.arange(len(found.column)) + 1
    np.add.at(steps, (found.column, found.first), index)
    np.add.at(steps, (found.column, found.last + 1), -index)
    return np.cumsum(steps, axis=1)[:, :-1].T - 1


def hysteresis(strict: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """Runs of `loose` that hold a true frame of `strict`, (T, P)."""
    found = runs(loose)
    before = np.zeros((strict.shape[0] + 1, strict.shape[1]), dtype=np.int64)
    np.cumsum(strict & loose, axis=0, out=before[1:])
    holds = before[found.last + 1, found.column] > before[found.first, found.column]
    return paint(found.keep(holds), loose.shape)


def tidy(mask: np.ndarray, *, longest_gap: int, least: int, bridge: np.ndarray | None = None) -> np.ndarray:
    """The mask without short gaps, then without short runs; what the record cuts off is never too short.

    Args:
        mask: (T, P).
        longest_gap: interior gaps of at most so many frames are closed.
        least: interior runs of fewer frames are dropped.
        bridge: frames that a closed gap may consist of, (T, P), or None for all.
    """
    end = len(mask) - 1
    gaps = runs(~mask)
    close = (gaps.first > 0) & (gaps.last < end) & (gaps.length <= longest_gap)
    filling = paint(gaps.keep(close), mask.shape)
    closed = mask | (filling if bridge is None else filling & ~_spoiled(filling, bridge))
    found = runs(closed)
    whole = (found.length >= least) | (found.first == 0) | (found.last == end)
    return paint(found.keep(whole), mask.shape)


def _spoiled(filling: np.ndarray, bridge: np.ndarray) -> np.ndarray:
    """Gaps with at least one frame outside `bridge`, (T, P)."""
    return hysteresis(filling & ~bridge, filling)


def mean(values: np.ndarray, weights: np.ndarray, label: np.ndarray, count: int) -> np.ndarray:
    """Weighted mean over each run, NaN where all weights are zero, (count, K).

    Args:
        values: (T, P, K).
        weights: (T, P), not negative.
        label: from `number`, (T, P).
        count: number of runs.
    """
    inside = label >= 0
    index, weight = label[inside], weights[inside]
    total = np.bincount(index, weight, count)
    sums = np.column_stack([np.bincount(index, weight * column, count) for column in values[inside].T])
    return np.divide(sums, total[:, None], out=np.full(sums.shape, np.nan), where=total[:, None] > 0)
