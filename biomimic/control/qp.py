"""Box-constrained least squares of the muscle tracker: one control step as a quadratic programme.

    minimise  1/2 |A x - b|^2 + 1/2 x' diag(d) x + c' x    subject to    low <= x <= high

Unknowns are muscle activations and contact rays; the m task rows are few, so the Hessian is diagonal plus low rank.
A Mehrotra predictor-corrector interior point solves it with one m x m Cholesky factor per iteration. The iterates stay
inside the box, and the stopping rule is a bound on how far the objective is above its minimum, not a heuristic.

Two forms with the same arguments: `solve` (NumPy and LAPACK, one problem, float64) and `solve_jax` (pure JAX, for `jit`
and `vmap`, in the precision of its input).

Source:
    Mehrotra, SIAM J. Optim. 2, 1992 (predictor-corrector); Wright, Primal-Dual Interior-Point Methods, 1997, ch. 10.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from biomimic.errors import BadValue

TOLERANCE = 1e-5  # mean bound on the suboptimality per unknown, in units of the objective
ITERATIONS = 40  # most that are done; 10 to 15 are usual
FAR = 1e20  # stands for a bound at infinity
STEP = 0.995  # share of the way to the nearest bound


class Problem(NamedTuple):
    """A box-constrained least-squares problem with n unknowns and m rows; stack a leading axis for `jax.vmap`."""

    A: np.ndarray  # (m, n) task matrix, already weighted
    b: np.ndarray  # (m,) wanted A x
    d: np.ndarray  # (n,) diagonal weight, > 0
    c: np.ndarray  # (n,) slope
    low: np.ndarray  # (n,) may be -inf; low == high switches an unknown off
    high: np.ndarray  # (n,) may be inf


class Solution(NamedTuple):
    """Minimiser and how good it is."""

    x: np.ndarray  # (n,) inside the box
    gap: float  # objective(x) - minimum is at most this
    iterations: int  # interior-point iterations done


def objective(problem: Problem, x: np.ndarray) -> float:
    """Value that `solve` minimises at x (n,)."""
    residual = problem.A @ x - problem.b
    return float(0.5 * residual @ residual + 0.5 * x @ (problem.d * x) + problem.c @ x)


def solve(
    problem: Problem, start: np.ndarray | None = None, *, tolerance: float = TOLERANCE, iterations: int = ITERATIONS
) -> Solution:
    """Minimiser of one problem on the CPU, in float64.

    Args:
        problem: see Problem.
        start: (n,) a guess, for instance the solution of the step before; it need not lie in the box.
        tolerance: stop when the bound on the suboptimality divided by n is below this.
        iterations: largest number of iterations.

    Raises:
        BadValue: a shape does not fit, a value is NaN, d is not positive or low is above high.
    """
    problem = _checked(problem)
    A, b, d, c, low, high = problem
    m, n = A.shape
    free, base, slack = _start(problem, start)
    x = base.copy()
    residual = A @ x - b
    pull = A.T @ residual
    dual = _first_dual(pull + d * x + c, slack)
    scaled, move = np.empty((m, n)), np.empty((2, n))
    identity = np.eye(m)
    for k in range(iterations + 1):
        slope = d * x + c
        gap = _suboptimality(x, pull + slope, problem)
        if gap <= tolerance * n or k == iterations:
            break
        ratio = dual / slack
        inverse = free / (d + ratio[0] + ratio[1])
        np.multiply(A, np.sqrt(inverse), out=scaled)
        factor, failed = dpotrf(scaled @ scaled.T + identity, lower=1, clean=0, overwrite_a=1)
        if failed:
            break
        # Affine step, then the step with centring and second-order correction.
        wanted = dpotrs(factor, residual - A @ (inverse * slope), lower=1)[0]
        move[0] = inverse * (-slope - wanted @ A)
        np.negative(move[0], out=move[1])
        change = -dual - ratio * move
        length = min(1.0, _room(slack, move), _room(dual, change))
        mean = np.vdot(slack, dual) / (2 * n)
        ahead = np.vdot(slack + length * move, dual + length * change) / (2 * n)
        target = mean * (ahead / mean) ** 3 - move * change
        bend = target / slack
        push = slope - bend[0] + bend[1]
        wanted = dpotrs(factor, residual - A @ (inverse * push), lower=1)[0]
        reaction = wanted @ A
        move[0] = inverse * (-push - reaction)
        np.negative(move[0], out=move[1])
        change = bend - dual - ratio * move
        length = min(1.0, STEP * _room(slack, move), STEP * _room(dual, change))
        x += length * move[0]
        slack += length * move
        dual += length * change
        residual += length * (wanted - residual)
        pull += length * (reaction - pull)
    return Solution(np.clip(x, low, high), float(gap), k)


def _start(problem: Problem, start: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which unknowns can move (n,) 0 or 1, a first x inside the box (n,), its distance to both bounds (2, n)."""
    low, high = problem.low, problem.high
    width = high - low
    free = (width > 1e-12).astype(float)
    inset = np.minimum(0.5 * width, 1.0)
    wish = np.where(np.isfinite(low), low + inset, np.where(np.isfinite(high), high - inset, 0.0))
    if start is not None:
        inset = np.minimum(0.1 * width, 0.1)
        wish = np.clip(start, low + inset, high - inset)
    x = np.where(free > 0, wish, low)
    slack = np.where(free > 0, np.minimum(np.stack([x - low, high - x]), FAR), 1.0)
    return free, x, slack


def _first_dual(gradient: np.ndarray, slack: np.ndarray) -> np.ndarray:
    """Multipliers of both bounds (2, n) that make the first point central."""
    near = np.minimum(slack[0], slack[1])
    return np.mean(np.abs(gradient) * np.minimum(near, 1.0)) / slack


def _suboptimality(x: np.ndarray, gradient: np.ndarray, problem: Problem) -> float:
    """Bound on objective(x) - minimum: the decrease that the gradient and the diagonal alone would allow."""
    step = np.clip(x - gradient / problem.d, problem.low, problem.high) - x
    return float(-(gradient @ step + 0.5 * step @ (problem.d * step)))


def _room(value: np.ndarray, change: np.ndarray) -> float:
    """Largest step for which value + step * change stays non-negative; at most 1e20."""
    worst = -np.min(change / value)
    return 1.0 / worst if worst > 1e-20 else 1e20


def _checked(problem: Problem) -> Problem:
    """The problem as float64 arrays, or BadValue with the first thing that is wrong."""
    arrays = Problem(*(np.asarray(part, dtype=float) for part in problem))
    m, n = arrays.A.shape if arrays.A.ndim == 2 else (-1, -1)
    shapes = {"A": (m, n), "b": (m,), "d": (n,), "c": (n,), "low": (n,), "high": (n,)}
    for name, part in zip(Problem._fields, arrays, strict=True):
        what = f'"{name}" of the problem'
        if part.shape != shapes[name]:
            raise BadValue(f"{what} has shape {part.shape}; with A {arrays.A.shape} it should be {shapes[name]}.")
        if np.isnan(part).any():
            raise BadValue(f"{what} has {np.isnan(part).sum()} NaN in {part.size} values; all must be numbers.")
        if name not in ("low", "high") and not np.isfinite(part).all():
            raise BadValue(f'{what} has an infinite value; only "low" and "high" may be infinite.')
    if n and arrays.d.min() <= 0:
        raise BadValue(f'"d" of the problem has smallest value {arrays.d.min():g}; every weight must be above 0.')
    above = int(np.sum(arrays.low > arrays.high))
    if above:
        raise BadValue(f'"low" is above "high" for {above} of {n} unknowns; swap the bounds or move them apart.')
    return arrays
