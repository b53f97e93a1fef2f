"""Inverse kinematics of a whole clip: one damped Gauss-Newton search over all frames, with hard joint limits.

The unknowns are the independent coordinates of every frame. Points pull on each frame alone; the bend of the motion
(second difference) ties frames together, so the normal equations are block diagonal plus five diagonals: one banded
Cholesky factorisation a step. Coordinates at a limit that want to go beyond are held (projected Newton).

Source:
    Projected Newton with an active set: Bertsekas, SIAM J Control Optim 20:221, 1982, doi:10.1137/0320018.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded

from biomimic.retarget.guards import Guard
from biomimic.retarget.skeleton import ROOT, Pose, Skeleton

_STENCIL = np.array([1.0, -2.0, 1.0])
_DAMPING = 1e-6  # least share added to the diagonal
_NEAR = 0.004  # [m] points that are less above their least height resist every vertical motion in a step,
_STAY = 0.05  # with this share of their weight, lest a step that knows nothing of the floor pushes them through it
_SHARES = (0.5, 0.25, 0.1)  # of a step that are tried when all of it does not help
_REPEATS = 2  # times a step is solved again with more coordinates at their limits
_GRAZE = 2e-3  # [rad or m] what would cross a limit by less is only cut off


@dataclass(frozen=True, eq=False)
class Pull:
    """Points on bodies and where they shall be.

    Attributes:
        bodies: (P,).
        places: in the bodies, (P, 3) [m].
        target: in the model's world, (T, P, 3) [m]; NaN where not known.
        weight: 1 / deviation^2, broadcastable to (T, P, 3) [1/m^2].
    """

    bodies: np.ndarray
    places: np.ndarray
    target: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, eq=False)
class Above:
    """Points that must not be lower than a height.

    Attributes:
        bodies: (P,).
        places: in the bodies, (P, 3) [m].
        least: height, broadcastable to (T, P) [m]; minus infinity where free.
        weight: 1 / deviation^2 [1/m^2].
    """

    bodies: np.ndarray
    places: np.ndarray
    least: np.ndarray
    weight: float


@dataclass(frozen=True, eq=False)
class Problem:
    """What a clip's poses shall satisfy.

    Attributes:
        skeleton: whose coordinates are sought.
        pulls: points with targets.
        above: points that stay above the floor.
        bend: 1 / deviation^2 of each coordinate's acceleration, (I,) or (T - 2, I) [s^4/rad^2 or s^4/m^2].
        rest: preferred joint coordinates, (J,) or (T, J), without the root [rad].
        rest_weight: 1 / deviation^2 from them, (J,) [1/rad^2].
        rate: frames per second [Hz].
        guards: half spaces of joint coordinates.
        guard_weight: 1 / deviation^2 [1/rad^2].
    """

    skeleton: Skeleton
    pulls: tuple[Pull, ...]
    bend: np.ndarray
    rest: np.ndarray
    rest_weight: np.ndarray
    rate: float
    above: tuple[Above, ...] = ()
    guards: tuple[Guard, ...] = ()
    guard_weight: float = 1e6


@dataclass(frozen=True, eq=False)
class Solved:
    """Poses found.

    Attributes:
        qpos: (T, nq); limits and couplings hold.
        cost: half the weighted sum of squares.
        steps: accepted ones.
    """

    qpos: np.ndarray
    cost: float
    steps: int


@dataclass(frozen=True, eq=False)
class _Equations:
    matrix: np.ndarray  # (T, I, I)
    gradient: np.ndarray  # (T, I)
    cost: float


def solve(problem: Problem, start: np.ndarray, *, most_steps: int, tolerance: float = 1e-3) -> Solved:
    """Poses of a clip near `start`, (T, nq).

    The search ends after `most_steps`, or when a step lowers the cost by less than `tolerance` of it.
    """
    skeleton = problem.skeleton
    qpos = skeleton.move(start, np.zeros((len(start), skeleton.size)))
    now = _equations(problem, qpos)
    damping, taken = _DAMPING, 0
    for _ in range(most_steps):
        step = _step(problem, now, qpos, damping)
        moved = skeleton.move(qpos, step)
        then = _equations(problem, moved)
        if then.cost >= now.cost:
            moved = _shortened(problem, qpos, step, now.cost)
            if moved is None:
                damping *= 100.0
                if damping > 1e3:
                    break
                continue
            then = _equations(problem, moved)
        gain = now.cost - then.cost
        qpos, now, taken = moved, then, taken + 1
        damping = max(0.1 * damping, _DAMPING)
        if gain < tolerance * now.cost:
            break
    return Solved(qpos, now.cost, taken)


def _shortened(problem: Problem, qpos: np.ndarray, step: np.ndarray, cost: float) -> np.ndarray | None:
    """A part of the step that lowers the cost, the largest first; None where none does."""
    for share in _SHARES:
        moved = problem.skeleton.move(qpos, share * step)
        if _cost(problem, moved) < cost:
            return moved
    return None


def _cost(problem: Problem, qpos: np.ndarray) -> float:
    """Half the weighted sum of squares."""
    pose = problem.skeleton.pose(qpos)
    _, _, pull, weight = _pulled(problem, pose)
    joints = qpos[:, problem.skeleton.joint_places]
    total = float((weight * pull**2).sum()) + float((problem.rest_weight * (joints - problem.rest) ** 2).sum())
    for over in _over(problem, joints):
        total += problem.guard_weight * float((np.maximum(over, 0.0) ** 2).sum())
    if len(qpos) > 2:
        total += float((problem.bend * _bend(problem.skeleton, qpos, problem.rate) ** 2).sum())
    return 0.5 * total


def _equations(problem: Problem, qpos: np.ndarray) -> _Equations:
    skeleton = problem.skeleton
    pose = skeleton.pose(qpos)
    bodies, world, pull, weight = _pulled(problem, pose)
    normal = skeleton.normal(pose, bodies, world, pull, weight)
    matrix, gradient, cost = normal.matrix, normal.gradient, float(normal.cost.sum())
    joints = qpos[:, skeleton.joint_places]
    off = joints - problem.rest
    own = np.arange(ROOT, skeleton.size)
    matrix[:, own, own] += problem.rest_weight
    gradient[:, ROOT:] += problem.rest_weight * off
    cost += 0.5 * float((problem.rest_weight * off**2).sum())
    cost += _guard(problem, joints, matrix, gradient)
    if len(qpos) > 2:
        bend = _bend(skeleton, qpos, problem.rate)
        for k, share in enumerate(_STENCIL):
            gradient[k : len(qpos) - 2 + k] += share * problem.rate**2 * problem.bend * bend
        cost += 0.5 * float((problem.bend * bend**2).sum())
    return _Equations(matrix, gradient, cost)


def _pulled(problem: Problem, pose: Pose) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All points that act on this pose: bodies, places, pulls and weights."""
    parts = []
    for one in problem.pulls:
        world = pose.points(one.bodies, one.places)
        pull = one.target - world
        known = np.isfinite(pull)
        parts.append((one.bodies, world, np.where(known, pull, 0.0), np.where(known, one.weight, 0.0)))
    for one in problem.above:
        world = pose.points(one.bodies, one.places)
        pull, weight = np.zeros_like(world), np.zeros_like(world)
        below = one.least - world[..., 2]
        pull[..., 2] = np.maximum(below, 0.0)
        weight[..., 2] = np.where(below > 0, one.weight, np.where(below > -_NEAR, _STAY * one.weight, 0.0))
        parts.append((one.bodies, world, pull, weight))
    bodies, world, pull, weight = zip(*parts)
    return np.concatenate(bodies), *(np.concatenate(some, axis=1) for some in (world, pull, weight))


def _guard(problem: Problem, joints: np.ndarray, matrix: np.ndarray, gradient: np.ndarray) -> float:
    """Adds the guards that are overstepped; their cost."""
    cost = 0.0
    for guard, over in zip(problem.guards, _over(problem, joints)):
        rows = slice(guard.first, guard.last + 1)
        over = np.maximum(over, 0.0)
        weight = np.where(over > 0, problem.guard_weight, 0.0)
        matrix[rows] += weight[:, None, None] * np.outer(guard.normal, guard.normal)
        gradient[rows] += (weight * over)[:, None] * guard.normal
        cost += 0.5 * float((weight * over**2).sum())
    return cost


def _bend(skeleton: Skeleton, qpos: np.ndarray, rate: float) -> np.ndarray:
    """Acceleration of the independent coordinates, (T - 2, I)."""
    speed = skeleton.difference(qpos[:-1], qpos[1:])
    return np.diff(speed, axis=0) * rate**2


def _step(problem: Problem, now: _Equations, qpos: np.ndarray, damping: float) -> np.ndarray:
    """Damped Newton step within the limits: what would cross a limit goes to it, and the rest is solved again."""
    skeleton = problem.skeleton
    low, high = np.full(now.gradient.shape, -np.inf), np.full(now.gradient.shape, np.inf)
    joints = qpos[:, skeleton.joint_places]
    low[:, ROOT:], high[:, ROOT:] = skeleton.lower[ROOT:] - joints, skeleton.upper[ROOT:] - joints
    held = (low >= -1e-9) & (now.gradient > 0) | (high <= 1e-9) & (now.gradient < 0)
    fixed = np.zeros_like(now.gradient)
    acting = [over > 0 for over in _over(problem, joints)]
    for _ in range(_REPEATS):
        step = _free_step(problem, now, held, fixed, damping)
        across = ~held & ((step < low - _GRAZE) | (step > high + _GRAZE))
        met = [over > 0 for over in _over(problem, joints, step)]
        if not across.any() and not any((new & ~old).any() for new, old in zip(met, acting)):
            break
        now = _resisted(problem, now, joints, [new & ~old for new, old in zip(met, acting)])
        acting = [new | old for new, old in zip(met, acting)]
        fixed = np.where(across, np.clip(step, low, high), fixed)
        held |= across
    return np.clip(step, low, high)


def _over(problem: Problem, joints: np.ndarray, step: np.ndarray | None = None) -> list[np.ndarray]:
    """How far each guard is overstepped in its own frames, now or after a step [rad]; negative where it is kept."""
    overs = []
    for guard in problem.guards:
        rows = slice(guard.first, guard.last + 1)
        over = joints[rows] @ guard.normal[ROOT:] - guard.bound
        overs.append(over if step is None else over + step[rows] @ guard.normal)
    return overs


def _resisted(problem: Problem, now: _Equations, joints: np.ndarray, met: list[np.ndarray]) -> _Equations:
    """With guards that a step would overstep in some of their frames: else it goes too far, is refused and shrinks."""
    if not any(rows.any() for rows in met):
        return now
    matrix, gradient = now.matrix.copy(), now.gradient.copy()
    for guard, frames, over in zip(problem.guards, met, _over(problem, joints)):
        rows = slice(guard.first, guard.last + 1)
        weight = np.where(frames, problem.guard_weight, 0.0)
        matrix[rows] += weight[:, None, None] * np.outer(guard.normal, guard.normal)
        gradient[rows] += (weight * over)[:, None] * guard.normal
    return replace(now, matrix=matrix, gradient=gradient)


def _free_step(problem: Problem, now: _Equations, held: np.ndarray, fixed: np.ndarray, damping: float) -> np.ndarray:
    """Step of all coordinates that are not held; those go by `fixed`, (T, I)."""
    frames, size = now.gradient.shape
    own = np.arange(size)
    matrix = now.matrix.copy()
    matrix[:, own, own] = matrix[:, own, own] * (1.0 + damping) + 1e-6
    smooth = np.broadcast_to(problem.bend * problem.rate**4, (max(frames - 2, 0), size))
    right = -now.gradient
    if fixed.any():
        right = right - (matrix @ fixed[..., None])[..., 0] - _bent_twice(fixed, smooth)
    free = ~held
    matrix *= free[:, :, None] & free[:, None, :]
    matrix[:, own, own] += held
    right = np.where(held, fixed, right)
    if frames < 3:
        return np.linalg.solve(matrix, right[..., None])[..., 0]
    band = _band(matrix)
    for apart, diagonal in enumerate(_bend_diagonals(smooth)):
        both = free[: frames - apart] & free[apart:]
        added = diagonal * both
        band[apart * size, : added.size] += added.ravel()
    factor = cholesky_banded(band, lower=True, overwrite_ab=True, check_finite=False)
    return cho_solve_banded((factor, True), right.ravel(), check_finite=False).reshape(frames, size)


def _bent_twice(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """D'WD values, D the second difference over frames, (T, I), (T - 2, I) -> (T, I)."""
    bent = weight * np.diff(values, n=2, axis=0)
    result = np.zeros_like(values)
    for k, share in enumerate(_STENCIL):
        result[k : k + len(bent)] += share * bent
    return result


def _band(matrix: np.ndarray) -> np.ndarray:
    """Lower banded form of a block diagonal matrix with room for two blocks further, (2 I + 1, T I)."""
    frames, size = matrix.shape[:2]
    band = np.zeros((2 * size + 1, frames, size))
    for offset in range(size):
        rows = np.arange(offset, size)
        band[offset, :, : size - offset] = matrix[:, rows, rows - offset]
    return band.reshape(2 * size + 1, frames * size)


def _bend_diagonals(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Diagonals of D'WD, D the second difference, W weights (T - 2, I): (T, I), (T - 1, I), (T - 2, I)."""
    count, size = weight.shape
    diagonals = tuple(np.zeros((count + 2 - apart, size)) for apart in range(3))
    for apart, diagonal in enumerate(diagonals):
        for k in range(3 - apart):
            diagonal[k : k + count] += _STENCIL[k] * _STENCIL[k + apart] * weight
    return diagonals
