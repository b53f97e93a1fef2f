"""The activation with the least effort that makes the moments of a motion, instant by instant, and what it is worth."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog, lsq_linear
from scipy.sparse import block_diag, bmat, csr_matrix, identity

from biomimic.errors import BadValue
from biomimic.gait import filters
from biomimic.gait.strides import POINTS, Strides
from biomimic.metrics.redundancy import TOLERANCE, Capacity, Part, parts
from biomimic.signals import Signals, frozen_array

POWERS = (2, 3)
EXACT = 1e-10  # how exactly moments are met, in units of the strongest muscle; less than TOLERANCE
DAMPING = 0.01  # of a step, per force that is missing: where few muscles are free, a full step goes much too far
STEPS = 100  # of Newton's method; about ten are needed
PRICES = (1e5, 1e6, 1e7)  # root of the price of missing force, where it is a price
GAP = 1e-9  # largest distance of the sum of cubes from its least
UNKNOWN = 0.01  # weight of the muscles of which nothing is wanted
PROXIMITY = 1e-3  # least curvature of the model of a cube


class Effort(NamedTuple):
    """Effort of the controller and the least there is, mean over the instants with a solution."""

    chosen: float
    least: float
    ratio: float  # chosen / least; NaN if nothing has to be done
    instants: int


class Quadratic(NamedTuple):
    """Least of 1/2 sum w a^2 + c a with matrix a = force and 0 <= a <= 1."""

    matrix: np.ndarray  # (d, m)
    force: np.ndarray  # (d,)
    weight: np.ndarray  # w, positive, (m,)
    slope: np.ndarray  # c, (m,)


def least_effort(capacity: Capacity, *, power: int = 2) -> np.ndarray:
    """Activation of least sum of squares or cubes that makes the required moments, (N, M).

    NaN for the muscles of moments that cannot be made at that instant; 0 for muscles that act on nothing.

    Args:
        capacity: N instants.
        power: 2 for squares, 3 for cubes.

    Source:
        Crowninshield & Brand, J Biomech 14 (1981) 793-801 (cubes).
    """
    if power not in POWERS:
        raise BadValue(f"Effort is a sum of activations to the power of 2 or 3; got {power}.")
    best = np.zeros(capacity.activation.shape)
    one: Callable[[Part, int], np.ndarray] = _squares if power == 2 else _cubes
    for part in parts(capacity):
        for instant, feasible in enumerate(part.feasible):
            best[instant, part.muscles] = one(part, instant) if feasible else np.nan
    return best


def nearest(capacity: Capacity, wanted: np.ndarray) -> np.ndarray:
    """Activation that makes the required moments and is closest to a wanted one in least squares, (N, M).

    With measured EMG as what is wanted it tells what the motion allows: what this activation reaches, a controller
    that moves the same way could have reached but for the time that activation takes to rise and fall.

    Args:
        capacity: N instants.
        wanted: (N, M); NaN for muscles of which nothing is known: they are kept low, with 1 % of the weight.
    """
    wanted = frozen_array(wanted, shape=capacity.activation.shape, what="wanted activation")
    weight = np.where(np.isnan(wanted), UNKNOWN, 1.0)
    slope = -weight * np.where(np.isnan(wanted), 0.0, wanted)
    best = np.clip(-slope / weight, 0.0, 1.0)
    for part in parts(capacity):
        mine = part.muscles
        for instant, feasible in enumerate(part.feasible):
            force = part.matrix[instant], part.force[instant]
            problem = Quadratic(*force, weight[instant, mine], slope[instant, mine])
            best[instant, mine] = minimise(problem)[0] if feasible else np.nan
    return best


def least_peak(capacity: Capacity) -> np.ndarray:
    """How little the most active muscle can be active at least, (N,); NaN where the moments cannot be made.

    Source:
        Rasmussen, Damsgaard & Voigt, J Biomech 34 (2001) 409-415 (min/max criterion).
    """
    peak = np.zeros(len(capacity.times))
    for part in parts(capacity):
        feasible = np.flatnonzero(part.feasible)
        mine = np.full(len(peak), np.nan)
        if len(feasible):
            mine[feasible] = _peaks(part.matrix[feasible], part.force[feasible])
        peak = np.maximum(peak, mine)
    return peak


def effort(activation: np.ndarray, least: np.ndarray, *, power: int = 2) -> Effort:
    """Sum over muscles of activation to a power, against the least.

    Args:
        activation: of the controller, (N, M).
        least: by `least_effort`, (N, M).
        power: as there.
    """
    known = np.isfinite(least).all(axis=1)
    if not known.any():
        return Effort(float("nan"), float("nan"), float("nan"), 0)
    chosen, fewest = (float((values[known] ** power).sum(axis=1).mean()) for values in (activation, least))
    return Effort(chosen, fewest, chosen / fewest if fewest > 0 else float("nan"), int(known.sum()))


def as_stride(
    activity: Signals, start: float, end: float, side: str, *, order: int = 4, cutoff: float = 6.0
) -> Strides:
    """Activity at instants of one stride in the form in which it meets EMG: one stride of 101 points, one envelope.

    The stride is taken as one period of a periodic walk, so that the filter has no ends. The controller's activation
    goes through the same function: only then do two correlations with EMG compare.

    Args:
        activity: at instants that span the stride, channels as soleus_right; NaN where nothing was found.
        start, end: of the stride [s].
        side: whose channels are kept, without their suffix.
        order, cutoff: of the envelope filter, as in `filters.envelope` [Hz].
    """
    phase = (activity.time - start) / (end - start)
    inside = phase < phase[0] + 1.0 - 0.25 / len(phase)  # the last instant is the first of the next period
    phase, values = phase[inside], activity.values[inside]
    names = [name for name in activity.names if name.endswith(f"_{side}")]
    if not names:
        raise BadValue(f'No channel of the {side} side among {", ".join(activity.names[:5])}; they end in "_{side}".')
    grid = np.arange(3 * (POINTS - 1) + 1) / (POINTS - 1)  # three periods, the one in the middle is kept
    columns = [np.interp(grid, phase, values[:, activity.index(name)], period=1.0) for name in names]
    steps = Signals(grid * (end - start), np.column_stack(columns), tuple(names), "1")
    smooth = filters.envelope(steps, order=order, cutoff=cutoff).values[POINTS - 1 : 2 * POINTS - 1]
    return Strides(
        side=side,
        names=tuple(name.removesuffix(f"_{side}") for name in names),
        unit="1",
        values=smooth[None],
        duration=np.array([end - start]),
        stance=np.array([np.nan]),
        trial=np.zeros(1, int),
    )


def minimise(problem: Quadratic) -> tuple[np.ndarray, np.ndarray]:
    """Exact solution by Newton's method on the dual, whose slope is piecewise linear.

    For a multiplier y, the best activation is clip((matrix' y - c) / w, 0, 1); y is right when that makes the force.

    Returns:
        activation (m,) and multipliers (d,).

    Raises:
        BadValue: no activation makes the force.
    """
    matrix, force, weight, slope = problem
    multiplier = np.zeros(len(force))
    for _ in range(STEPS):
        wish = (matrix.T @ multiplier - slope) / weight
        activation = np.clip(wish, 0.0, 1.0)
        left = force - matrix @ activation
        most = np.abs(left).max(initial=0.0)
        if most <= EXACT:
            return activation, multiplier
        free = (wish > 0) & (wish < 1)
        curvature = (matrix[:, free] / weight[free]) @ matrix[:, free].T
        curvature[np.diag_indices(len(force))] += DAMPING * min(most, 1.0) + 1e-13 * (1.0 + curvature.trace())
        direction = np.linalg.solve(curvature, left)
        multiplier = multiplier + _length(problem, wish, direction) * direction
    for price in PRICES:
        activation, multiplier = _penalised(problem, price)
        if np.abs(force - matrix @ activation).max() <= TOLERANCE:
            return activation, multiplier
    raise BadValue(f"No activation of {len(weight)} muscles was found that makes the force asked for.")


def _penalised(problem: Quadratic, price: float) -> tuple[np.ndarray, np.ndarray]:
    """The same as bounded least squares with missing force at a high price; for a force only a corner makes."""
    matrix, force, weight, slope = problem
    root = np.sqrt(weight)
    rows = np.vstack([price * matrix, np.diag(root)])
    found = lsq_linear(rows, np.concatenate([price * force, -slope / root]), bounds=(0, 1), method="bvls")
    activation = np.clip(found.x, 0.0, 1.0)
    return activation, price**2 * (force - matrix @ activation)


def _length(problem: Quadratic, wish: np.ndarray, direction: np.ndarray) -> float:
    """Where along a direction the dual is highest: the zero of a falling, piecewise linear slope."""
    change = (problem.matrix.T @ direction) / problem.weight
    target = float(direction @ problem.force)
    pull = problem.matrix.T @ direction

    def slopes(at: np.ndarray) -> np.ndarray:
        return target - np.clip(wish + at[:, None] * change, 0.0, 1.0) @ pull

    first, full = slopes(np.array([0.0, 1.0]))
    if abs(full) <= 0.1 * abs(first):
        return 1.0
    moving = np.abs(change) > 0
    with np.errstate(over="ignore"):
        bends = np.concatenate([-wish[moving] / change[moving], (1.0 - wish[moving]) / change[moving]])
    bends = np.unique(np.concatenate([[0.0, 1.0], bends[(bends > 0) & np.isfinite(bends)]]))
    at = slopes(bends)
    after = int(np.searchsorted(-at, 0.0))  # the first bend at which the slope is no longer positive
    if after in (0, len(bends)):
        return float(bends[min(after, len(bends) - 1)])
    below, above = bends[after - 1], bends[after]
    fall = at[after - 1] - at[after]
    return float(below + (above - below) * at[after - 1] / fall) if fall > 0 else float(above)


def _squares(part: Part, instant: int) -> np.ndarray:
    ones = np.ones(len(part.muscles))
    return minimise(Quadratic(part.matrix[instant], part.force[instant], 2.0 * ones, 0.0 * ones))[0]


def _cubes(part: Part, instant: int) -> np.ndarray:
    """Sum of cubes, by quadratic models of it at the solution so far."""
    matrix, force = part.matrix[instant], part.force[instant]
    activation = _squares(part, instant)
    for _ in range(STEPS):
        weight = 6.0 * activation + PROXIMITY
        slope = 3.0 * activation**2 - weight * activation
        target, multiplier = minimise(Quadratic(matrix, force, weight, slope))
        if (activation**3).sum() - _cubes_at_least(matrix, force, multiplier) <= GAP:
            break
        activation = _between(activation, target)
    return activation


def _cubes_at_least(matrix: np.ndarray, force: np.ndarray, multiplier: np.ndarray) -> float:
    """What no activation that makes the force can go below: the dual of the sum of cubes."""
    price = np.maximum(matrix.T @ multiplier, 0.0)
    best = np.minimum(np.sqrt(price / 3.0), 1.0)
    return float(multiplier @ force - (price * best - best**3).sum())


def _between(activation: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The point on the way to the target at which the sum of cubes is least."""
    step = target - activation

    def rise(at: float) -> float:
        return float(((activation + at * step) ** 2 * step).sum())

    if rise(1.0) <= 0:
        return target
    below, above = 0.0, 1.0
    for _ in range(40):
        middle = 0.5 * (below + above)
        below, above = (middle, above) if rise(middle) < 0 else (below, middle)
    return activation + above * step


def _peaks(matrix: np.ndarray, force: np.ndarray) -> np.ndarray:
    """Least largest activation of B programmes, (B,)."""
    count, rows, muscles = matrix.shape
    equal = bmat([[block_diag(list(matrix)), csr_matrix((count * rows, count))]], format="csc")
    each = block_diag([np.ones((muscles, 1))] * count)
    below = bmat([[identity(count * muscles), -each]], format="csc")
    cost = np.concatenate([np.zeros(count * muscles), np.ones(count)])
    found = linprog(
        cost, A_ub=below, b_ub=np.zeros(count * muscles), A_eq=equal, b_eq=force.ravel(), bounds=(0, 1), method="highs"
    )
    if found.x is None:
        raise BadValue(f"The least largest activation was not found: {found.message}")
    return found.x[count * muscles :]
