"""The phase-scheduled linear map that fits labels best: the table of `biomimic.training.skip`.

The sums that least squares needs are kept, not the samples, so labels can be added for ever and a fit takes seconds.
Shrinkage goes by levels: all samples give one map, each combination of stance flags is drawn towards it, and each phase
knot towards its combination; so a knot that has seen little does what its neighbours do.
"""

from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.training.skip import COMBINATIONS, SCHEDULE

SWEEPS = 200  # of block relaxation at most
CLOSE = 1e-6  # relative change of a sweep at which it ends
PRIOR = 1.0  # samples that the map of all is worth for the map of a combination
LARGEST = 1e6  # a number beyond this in a sample is no observation


class Sums(NamedTuple):
    """Sums over labelled samples; K knots, n inputs and the constant, A outputs.

    Attributes:
        own: products of inputs at a knot, (4, K, n, n).
        next: products of inputs at a knot and the next one, (4, K, n, n).
        label: products of inputs and labels at a knot, (4, K, n, A).
        count: weight of the samples of each combination, (4,).
    """

    own: np.ndarray
    next: np.ndarray
    label: np.ndarray
    count: np.ndarray


def empty(inputs: int, outputs: int, knots: int) -> Sums:
    """No samples yet, of a stride block with this many errors."""
    size = inputs + 1
    return Sums(
        np.zeros((COMBINATIONS, knots, size, size)),
        np.zeros((COMBINATIONS, knots, size, size)),
        np.zeros((COMBINATIONS, knots, size, outputs)),
        np.zeros(COMBINATIONS),
    )


def add(sums: Sums, stride: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None) -> Sums:
    """The sums with more samples; rows that are not finite are left out.

    Args:
        sums: so far.
        stride: blocks, (N, 3 + inputs): phase, stance flags right and left, errors.
        label: (N, A).
        weight: of the samples, (N,), or None for 1 each.

    Raises:
        BadValue: the widths do not fit.
    """
    own, following, right, count = (part.copy() for part in sums)
    knots, size, outputs = right.shape[1:]
    if stride.shape[1] != SCHEDULE + size - 1 or label.shape != (len(stride), outputs):
        raise BadValue(
            f"Samples of {stride.shape[1]} numbers with labels {label.shape} were given; these sums hold "
            f"{SCHEDULE + size - 1} numbers with {outputs} labels each."
        )
    weight = np.ones(len(stride)) if weight is None else np.asarray(weight, float)
    good = (np.abs(stride) < LARGEST).all(axis=1) & (np.abs(label) < LARGEST).all(axis=1)
    stride, label, weight = stride[good].astype(float), label[good].astype(float), weight[good]
    inputs = np.concatenate([stride[:, SCHEDULE:], np.ones((len(stride), 1))], axis=1)
    combination = (2 * (stride[:, 1] > 0.5) + (stride[:, 2] > 0.5)).astype(int)
    place = stride[:, 0] * knots
    knot, share = np.floor(place).astype(int) % knots, place - np.floor(place)
    for c, k in {(int(c), int(k)) for c, k in zip(combination, knot)}:
        chosen = (combination == c) & (knot == k)
        root = np.sqrt(weight[chosen])[:, None]
        late = share[chosen][:, None]
        x, y = root * inputs[chosen], root * label[chosen]
        here, there, after = x * (1 - late), x * late, (k + 1) % knots
        own[c, k] += here.T @ here
        own[c, after] += there.T @ there
        following[c, k] += here.T @ there
        right[c, k] += here.T @ y
        right[c, after] += there.T @ y
        count[c] += weight[chosen].sum()
    return Sums(own, following, right, count)


def fit(sums: Sums, ridge: float) -> np.ndarray:
    """The table (4, K, n, A), float32, that fits the labels best under shrinkage.

    Args:
        sums: of the samples.
        ridge: strength with which a knot is drawn to its combination, as a share of the samples per knot.

    Raises:
        BadValue: there are no samples.
    """
    if not sums.count.sum() > 0:
        raise BadValue("A linear map was asked for and there are no labels to fit; collect some first.")
    knots, size = sums.own.shape[1:3]
    scale = np.sqrt(sum(np.diagonal(_whole(sums, c)) for c in range(COMBINATIONS)) / sums.count.sum()) + 1e-6
    grid = np.outer(scale, scale)
    total = sum(_whole(sums, c) for c in range(COMBINATIONS)) / grid
    right = sums.label.sum(axis=(0, 1)) / scale[:, None]
    everyone = np.linalg.solve(total + 1e-3 * sums.count.sum() * np.eye(size), right)
    table = np.empty(sums.label.shape)
    for c in range(COMBINATIONS):
        shared = np.linalg.solve(
            _whole(sums, c) / grid + PRIOR * np.eye(size),
            sums.label[c].sum(axis=0) / scale[:, None] + PRIOR * everyone,
        )
        own, following = sums.own[c] / grid, sums.next[c] / grid
        drawn = _neighbours(own, following, np.broadcast_to(shared, (knots, *shared.shape)))
        change = _relax(own, following, sums.label[c] / scale[:, None] - drawn, ridge * sums.count[c] / knots + 1e-3)
        table[c] = (shared + change) / scale[:, None]
    return table.astype(np.float32)


def _whole(sums: Sums, c: int) -> np.ndarray:
    """Products of inputs over all samples of a combination: the two shares of a sample add up to one."""
    side = sums.next[c].sum(axis=0)
    return sums.own[c].sum(axis=0) + side + side.T


def _neighbours(own: np.ndarray, following: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The normal equations' matrix times a table of knots."""
    after, before = np.roll(table, -1, axis=0), np.roll(table, 1, axis=0)
    return own @ table + following @ after + np.roll(following, 1, axis=0).transpose(0, 2, 1) @ before


def _relax(own: np.ndarray, following: np.ndarray, right: np.ndarray, ridge: float) -> np.ndarray:
    """Solve the cyclic block-tridiagonal normal equations with a ridge by block Gauss-Seidel."""
    knots, size = own.shape[:2]
    inverse = np.linalg.inv(own + ridge * np.eye(size))
    found = np.zeros_like(right)
    for _ in range(SWEEPS):
        largest = 0.0
        for k in range(knots):
            after, before = (k + 1) % knots, k - 1
            new = inverse[k] @ (right[k] - following[k] @ found[after] - following[before].T @ found[before])
            largest = max(largest, float(np.abs(new - found[k]).max()))
            found[k] = new
        if largest <= CLOSE * max(float(np.abs(found).max()), 1e-12):
            break
    return found
