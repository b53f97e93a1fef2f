"""What the joint moments of a motion leave open: the range of each muscle's activation at each instant.

At one instant the moments that muscles have to make are linear in activation: active' a = required - passive, with
0 <= a <= 1. A muscle that could be anywhere in that set was chosen by the controller; one that could not was set by
the motion and the body. Instants are independent: how fast activation can change is not asked.

Source:
    Sohn, McKay & Ting, J Biomech 46 (2013) 1363-1368; Simpson, Sohn, Allen & Ting, J Biomech 48 (2015) 2990-2997.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_diag, csr_matrix, hstack, identity
from scipy.sparse.csgraph import connected_components

from biomimic import errors
from biomimic.errors import BadValue
from biomimic.signals import frozen_array

TOLERANCE = 1e-6  # of the moment of the strongest muscle of a coordinate: how exactly a moment is met
WIDE = 0.95  # a range wider than this is unconstrained (Simpson 2015)
CYCLE = 0.95  # of the instants: how often it has to be (Simpson 2015)
NEEDED = 0.01  # a muscle whose least activation is above this is necessary
AT_BOUND = 0.01  # an activation this close to an end of its range is at it
NARROW = 0.01  # in a range under this, an activation has no place to speak of
SILENT_ARM = 1e-9  # [N m or N per unit of activation] a muscle with less does not act on a coordinate
WITNESS = 1e-9  # a solution this close to 0 or 1 shows that 0 or 1 is feasible
ROUNDS = 4  # of programmes for many muscles at once before each muscle is asked for
STACKED = 50  # programmes that are solved as one


@dataclass(frozen=True, eq=False)
class Capacity:
    """What muscles can do at N instants: generalised force, affine in the activation of M muscles, on D coordinates.

    Attributes:
        times: (N,) [s].
        muscles: M names.
        coordinates: D names.
        active: force per unit of activation at that length and speed, (N, M, D) [N m or N].
        passive: force of the muscles without activation, (N, D).
        required: force that the muscles have to make in all, (N, D).
        activation: what the controller chose, (N, M).
    """

    times: np.ndarray
    muscles: tuple[str, ...]
    coordinates: tuple[str, ...]
    active: np.ndarray
    passive: np.ndarray
    required: np.ndarray
    activation: np.ndarray

    def __post_init__(self) -> None:
        n, m, d = len(self.times), len(self.muscles), len(self.coordinates)
        shapes = {"active": (n, m, d), "passive": (n, d), "required": (n, d), "activation": (n, m)}
        object.__setattr__(self, "times", frozen_array(self.times, shape=(n,), what="times"))
        for name, shape in shapes.items():
            values = frozen_array(getattr(self, name), shape=shape, what=name)
            if not np.isfinite(values).all():
                raise BadValue(f"{name} of a capacity is not finite at every instant; check the states it was made of.")
            object.__setattr__(self, name, values)

    @property
    def demand(self) -> np.ndarray:
        """Force that activation has to make, (N, D)."""
        return self.required - self.passive

    def of_muscles(self, names: Sequence[str]) -> Capacity:
        """The same for some muscles and the coordinates that they act on, e.g. for the legs alone.

        Raises:
            UnknownName: no such muscle.
            BadValue: a muscle that is left out acts on a coordinate of one that is kept.
        """
        for name in names:
            if name not in self.muscles:
                raise errors.unknown("muscle", name, self.muscles, where="in this capacity")
        kept = np.isin(self.muscles, names)
        acts = (np.abs(self.active) > SILENT_ARM).any(axis=0)  # (M, D)
        columns = acts[kept].any(axis=0)
        sharing = np.flatnonzero(~kept & acts[:, columns].any(axis=1))
        if len(sharing):
            raise BadValue(
                f"{self.muscles[sharing[0]]} was left out, yet it moves a coordinate of the muscles asked for; "
                "ask for all muscles of the coordinates together."
            )
        return replace(
            self,
            muscles=tuple(np.array(self.muscles)[kept].tolist()),
            coordinates=tuple(np.array(self.coordinates)[columns].tolist()),
            active=self.active[:, kept][:, :, columns],
            passive=self.passive[:, columns],
            required=self.required[:, columns],
            activation=self.activation[:, kept],
        )

    def without(self, coordinates: Sequence[str]) -> Capacity:
        """The same with some moments left open, to see how much they constrain."""
        for name in coordinates:
            if name not in self.coordinates:
                raise errors.unknown("coordinate", name, self.coordinates, where="in this capacity")
        kept = ~np.isin(self.coordinates, coordinates)
        return replace(
            self,
            coordinates=tuple(np.array(self.coordinates)[kept].tolist()),
            active=self.active[:, :, kept],
            passive=self.passive[:, kept],
            required=self.required[:, kept],
        )


@dataclass(frozen=True, eq=False)
class Part:
    """Muscles and coordinates that have nothing to do with the others, in units of the strongest muscle.

    Attributes:
        muscles, coordinates: their numbers, (m,) and (d,).
        matrix: matrix @ activation = force, (N, d, m).
        force: demand; where that cannot be met exactly, what `closest` makes, (N, d).
        scale: of one unit of each coordinate, (N, d) [N m or N].
        closest: activation that meets the demand best (least sum of absolute differences), (N, m).
        residual: demand less what `closest` makes, (N, d), in units of `scale`.
    """

    muscles: np.ndarray
    coordinates: np.ndarray
    matrix: np.ndarray
    force: np.ndarray
    scale: np.ndarray
    closest: np.ndarray
    residual: np.ndarray

    @property
    def feasible(self) -> np.ndarray:
        """Instants at which every coordinate is met within the tolerance, (N,) bool."""
        return (np.abs(self.residual) <= TOLERANCE).all(axis=1)


@dataclass(frozen=True, eq=False)
class Ranges:
    """Feasible activation of every muscle at every instant.

    Attributes:
        muscles: M names.
        low, high: ends of the range, (N, M); NaN where no activation makes the required moments.
        missing: required less what the closest solution makes, (N, D) [N m or N]; 0 where the demand can be met.
    """

    muscles: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    missing: np.ndarray

    @property
    def width(self) -> np.ndarray:
        """(N, M)."""
        return self.high - self.low

    @property
    def infeasible(self) -> np.ndarray:
        """Instants at which some coordinate cannot be met, (N,) bool."""
        return (self.missing != 0).any(axis=1)


class Freedom(NamedTuple):
    """What the motion leaves to one muscle, over the instants, and where the controller is in it."""

    muscle: str
    width: float  # mean, 0 to 1
    wide: float  # share of all instants with a range above 95 %; an instant without solution is not wide
    necessary: float  # share with a least activation above 1 %
    at_low: float  # share with an activation within 1 % of the low end
    at_high: float  # share with an activation within 1 % of the high end
    place: float  # mean of (activation - low) / (high - low); NaN if the range is never wider than 1 %
    instants: int  # with a solution; the shares but `wide` count these


class Openness(NamedTuple):
    """What the motion leaves to the muscles together."""

    unconstrained: float  # share of the muscles with a range above 95 % in more than 95 % of the cycle
    necessary: float  # share of the muscles with a least activation above 1 %, mean over the instants
    ever_necessary: float  # share of the muscles that are necessary at some instant
    width: float  # mean over muscles and instants
    muscles: int
    instants: int
    infeasible: int  # instants at which the moments cannot be made


def feasible_range(capacity: Capacity) -> Ranges:
    """Least and largest activation of each muscle that some activation of the others allows, by linear programmes.

    Each moment is met within 1e-6 of the moment of the strongest muscle of its coordinate. Where that is not
    possible, the range is NaN for the muscles concerned and `missing` tells by how much.
    """
    shape = capacity.activation.shape
    low, high = np.zeros(shape), np.ones(shape)
    missing = np.where(np.abs(capacity.demand) > TOLERANCE, capacity.demand, 0.0)  # of coordinates without a muscle
    for part in parts(capacity):
        low[:, part.muscles] = high[:, part.muscles] = np.nan
        missing[:, part.coordinates] = np.where(np.abs(part.residual) > TOLERANCE, part.residual * part.scale, 0.0)
        for instants in _batches(np.flatnonzero(part.feasible), STACKED):
            ends = _ends(part, instants)
            low[np.ix_(instants, part.muscles)], high[np.ix_(instants, part.muscles)] = ends
    return Ranges(capacity.muscles, low, high, missing)


def freedoms(ranges: Ranges, activation: np.ndarray) -> tuple[Freedom, ...]:
    """One row for each muscle.

    Args:
        ranges: N instants.
        activation: what the controller chose, (N, M).
    """
    activation = frozen_array(activation, shape=ranges.low.shape, what="activation")
    return tuple(
        _freedom(muscle, ranges.low[:, k], ranges.high[:, k], activation[:, k])
        for k, muscle in enumerate(ranges.muscles)
    )


def openness(ranges: Ranges) -> Openness:
    """How much the motion leaves open; in human walking 73 % of the muscles are unconstrained (Simpson 2015)."""
    known = np.isfinite(ranges.low).any(axis=1)
    if not len(ranges.muscles) or not known.any():
        nan = float("nan")
        return Openness(nan, nan, nan, nan, len(ranges.muscles), len(known), int(ranges.infeasible.sum()))
    width, low = ranges.width, ranges.low
    return Openness(
        unconstrained=float(((width > WIDE).mean(axis=0) > CYCLE).mean()),
        necessary=float((low > NEEDED).sum() / np.isfinite(low).sum()),
        ever_necessary=float((low > NEEDED).any(axis=0).mean()),
        width=float(np.nanmean(width)),
        muscles=len(ranges.muscles),
        instants=len(known),
        infeasible=int(ranges.infeasible.sum()),
    )


def parts(capacity: Capacity) -> tuple[Part, ...]:
    """The capacity, taken apart where no muscle joins the coordinates; muscles that act on nothing are in no part."""
    acts = csr_matrix((np.abs(capacity.active) > SILENT_ARM).any(axis=0))  # (M, D)
    count = acts.shape[0]
    joined = block_diag([csr_matrix((count, count)), csr_matrix((acts.shape[1],) * 2)], format="lil")
    joined[:count, count:] = acts
    _, label = connected_components(joined, directed=False)
    found = []
    for one in np.unique(label):
        muscles, coordinates = np.flatnonzero(label[:count] == one), np.flatnonzero(label[count:] == one)
        if len(muscles) and len(coordinates):
            found.append(_part(capacity, muscles, coordinates))
    return tuple(found)


def solve(cost: np.ndarray, matrix: Sequence[np.ndarray], force: np.ndarray) -> np.ndarray:
    """Corners x in [0, 1] of least cost x with matrix x = force, many programmes as one.

    Args:
        cost: (B, m).
        matrix: B of (d, m).
        force: (B, d).

    Returns:
        (B, m).
    """
    if not len(cost):
        return np.zeros(cost.shape)
    stacked = block_diag(list(matrix), format="csc")
    found = linprog(
        cost.ravel(), A_eq=stacked, b_eq=force.ravel(), bounds=(0, 1), method="highs-ds", options={"presolve": False}
    )
    if found.x is None:  # rows that depend on each other can mislead the quick way
        found = linprog(cost.ravel(), A_eq=stacked, b_eq=force.ravel(), bounds=(0, 1), method="highs")
    if found.x is None:
        raise BadValue(f"The linear programmes of the feasible ranges were not solved: {found.message}")
    return np.clip(found.x, 0.0, 1.0).reshape(cost.shape)


def _part(capacity: Capacity, muscles: np.ndarray, coordinates: np.ndarray) -> Part:
    matrix = capacity.active[:, muscles][:, :, coordinates].transpose(0, 2, 1)
    strongest = np.abs(matrix).max(axis=2)
    scale = np.where(strongest > SILENT_ARM, strongest, 1.0)
    matrix = matrix / scale[:, :, None]
    demand = capacity.demand[:, coordinates] / scale
    closest = np.concatenate(
        [_closest(matrix[some], demand[some]) for some in _batches(np.arange(len(demand)), STACKED)]
        or [np.zeros((0, len(muscles)))]
    )
    made = np.einsum("ndm,nm->nd", matrix, closest)
    return Part(muscles, coordinates, matrix, made, scale, closest, demand - made)


def _closest(matrix: np.ndarray, demand: np.ndarray) -> np.ndarray:
    """Activation (B, m) that leaves the least sum of absolute differences."""
    count, rows, muscles = matrix.shape
    slack = identity(count * rows, format="csc")
    stacked = hstack([block_diag(list(matrix)), slack, -slack], format="csc")
    size = count * muscles
    cost = np.concatenate([np.zeros(size), np.ones(2 * count * rows)])
    bounds = np.stack([np.zeros(len(cost)), np.where(np.arange(len(cost)) < size, 1.0, np.inf)], axis=1)
    found = linprog(cost, A_eq=stacked, b_eq=demand.ravel(), bounds=bounds, method="highs")
    if found.x is None:
        raise BadValue(f"The closest activation was not found: {found.message}")
    return np.clip(found.x[:size], 0.0, 1.0).reshape(count, muscles)


def _ends(part: Part, instants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the ranges at some instants, (B, m) each.

    Nearly all activations of a corner are 0 or 1, so that a corner shows for many muscles at once that they can be
    there. Programmes that press all muscles not yet seen at an end towards it go first; each of those that are left
    then gets a programme of its own.
    """
    low = part.closest[instants].copy()
    high = low.copy()
    rng = np.random.default_rng(0)
    for _ in range(ROUNDS):
        for open_ends, sign in ((low > WITNESS, 1.0), (high < 1 - WITNESS, -1.0)):
            rows = np.flatnonzero(open_ends.any(axis=1))
            cost = sign * open_ends[rows] * rng.uniform(0.5, 1.5, size=open_ends[rows].shape)
            _see(part, instants, rows, cost, (low, high))
    for open_ends, sign in ((low > WITNESS, 1.0), (high < 1 - WITNESS, -1.0)):
        for one in _batches(np.argwhere(open_ends), STACKED):
            cost = np.zeros((len(one), low.shape[1]))
            cost[np.arange(len(one)), one[:, 1]] = sign
            _see(part, instants, one[:, 0], cost, (low, high))
    low[low <= WITNESS], high[high >= 1 - WITNESS] = 0.0, 1.0
    return low, high


def _see(part: Part, instants: np.ndarray, rows: np.ndarray, cost: np.ndarray, ends: tuple) -> None:
    """Solve one programme for each of the rows of `instants`, and widen the ranges by what was found."""
    at = instants[rows]
    corners = solve(cost, part.matrix[at], part.force[at])
    np.minimum.at(ends[0], rows, corners)
    np.maximum.at(ends[1], rows, corners)


def _batches(numbers: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for first in range(0, len(numbers), size):
        yield numbers[first : first + size]


def _freedom(muscle: str, low: np.ndarray, high: np.ndarray, activation: np.ndarray) -> Freedom:
    known = np.isfinite(low)
    wide = float(np.mean(np.where(known, high - low, 0.0) > WIDE)) if len(low) else float("nan")
    low, high, activation = low[known], high[known], activation[known]
    if not len(low):
        nan = float("nan")
        return Freedom(muscle, nan, wide, nan, nan, nan, nan, 0)
    width = high - low
    roomy = width > NARROW
    place = (activation - low)[roomy] / width[roomy]
    return Freedom(
        muscle=muscle,
        width=float(width.mean()),
        wide=wide,
        necessary=float((low > NEEDED).mean()),
        at_low=float((activation <= low + AT_BOUND).mean()),
        at_high=float((activation >= high - AT_BOUND).mean()),
        place=float(place.mean()) if len(place) else float("nan"),
        instants=len(low),
    )
