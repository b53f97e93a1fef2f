"""Box-constrained least squares of the muscle tracker: one control step as a quadratic programme.

    minimise  1/2 |A x - b|^2 + 1/2 x' diag(d) x + c' x    subject to    low <= x <= high

Unknowns are muscle activations and contact rays; the m task rows are few, so the Hessian is diagonal plus low rank.
A Mehrotra predictor-corrector interior point solves it with one m x m Cholesky factor per iteration. The iterates stay
inside the box, and the stopping rule is a bound on how far the objective is above its minimum, not a heuristic.

`minimise` is pure JAX, for `jit` and `vmap` on any device, in the precision of its input. `solve` is the same compiled
for one problem on the CPU in float64, with checks, NumPy in and NumPy out. JAX is imported by the first call only.

Source:
    Mehrotra, SIAM J. Optim. 2, 1992 (predictor-corrector); Wright, Primal-Dual Interior-Point Methods, 1997, ch. 10.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from biomimic.errors import BadValue

if TYPE_CHECKING:
    from collections.abc import Callable

    import jax

TOLERANCE = 1e-5  # mean bound on the suboptimality per unknown, in units of the objective
ITERATIONS = 40  # most that are done; 9 after a good start and 12 without one are usual
FAR = 1e20  # stands for the distance to a bound at infinity
STEP = 0.995  # share of the way to the nearest bound
EAGER = 0.01  # first complementarity, as a share of mean |gradient| * distance to the nearest bound
ROUNDING = 32  # times machine epsilon times |b|^2 / 2: what is added to the bound that stops the iterations
FLOOR = 0.1  # complementarity is not pushed below this share of the tolerance


class Problem(NamedTuple):
    """A box-constrained least-squares problem with n unknowns and m rows; stack a leading axis for `jax.vmap`."""

    A: np.ndarray  # (m, n) task matrix, already weighted
    b: np.ndarray  # (m,) wanted A x
    d: np.ndarray  # (n,) diagonal weight, > 0
    c: np.ndarray  # (n,) slope
    low: np.ndarray  # (n,) may be -inf; low == high holds an unknown fixed
    high: np.ndarray  # (n,) may be inf


class Solution(NamedTuple):
    """Minimiser and how good it is."""

    x: np.ndarray  # (n,) inside the box
    gap: float  # objective(x) - minimum is at most this; larger than asked for if the iterations were used up
    iterations: int  # interior-point iterations done


class _State(NamedTuple):
    """One iterate: x (n,) strictly inside the box and its multipliers."""

    x: jax.Array  # (n,)
    slack: jax.Array  # (2, n) distance to low and to high
    dual: jax.Array  # (2, n) multipliers of low and high
    residual: jax.Array  # (m,) A x - b
    force: jax.Array  # (m,) multiplier of residual = A x - b; equal to the residual at the minimum
    pull: jax.Array  # (n,) A' force
    gap: jax.Array  # () bound on objective(x) - minimum
    count: jax.Array  # () iterations done


def objective(problem: Problem, x: np.ndarray) -> float:
    """Value that `solve` minimises, at x (n,)."""
    residual = problem.A @ x - problem.b
    return float(0.5 * residual @ residual + 0.5 * x @ (problem.d * x) + problem.c @ x)


def solve(
    problem: Problem, start: np.ndarray | None = None, *, tolerance: float = TOLERANCE, iterations: int = ITERATIONS
) -> Solution:
    """Minimiser of one problem on the CPU, in float64; compiled once for each shape.

    Args:
        problem: see Problem.
        start: (n,) a guess, for instance the solution of the step before; it need not lie in the box.
        tolerance: stop when the bound on the suboptimality divided by n is below this.
        iterations: largest number of iterations.

    Raises:
        BadValue: a shape does not fit, a value is NaN, d is not positive or low is above high.
    """
    import jax

    problem = _checked(problem)
    if start is not None:
        start = np.asarray(start, dtype=float)
        _check_part("start", start, problem.low.shape, finite=True)
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        x, gap, count = _compiled()(problem, start, float(tolerance), int(iterations))
        return Solution(np.asarray(x), float(gap), int(count))


def minimise(
    problem: Problem, start: jax.Array | None = None, tolerance: float = TOLERANCE, iterations: int = ITERATIONS
) -> Solution:
    """Minimiser of one problem as a pure JAX function of arrays of one precision; unchecked.

    In float32 the objective is known to about 4e-6 of |b|^2 / 2 only, and the iterations stop there (in problems like
    the tracker's at 1e-4 to 1e-2 of the minimum). On a CPU, `lax.map` over a batch is quicker than `jax.vmap`.

    Args:
        problem: see Problem.
        start: (n,) a guess, or None.
        tolerance: as for `solve`.
        iterations: as for `solve`.
    """
    import jax
    from jax import lax
    from jax import numpy as jnp

    rounding = ROUNDING * jnp.finfo(problem.b.dtype).eps * 0.5 * jnp.sum(problem.b**2)
    limit = tolerance * problem.d.shape[-1] + rounding

    def unfinished(state: _State) -> jax.Array:
        return (state.gap > limit) & (state.count < iterations)

    def advance(state: _State) -> _State:
        new = _iterate(problem, state, FLOOR * tolerance)
        kept = jax.tree.map(lambda after, before: jnp.where(jnp.isfinite(new.gap), after, before), new, state)
        return kept._replace(count=jnp.where(jnp.isfinite(new.gap), new.count, iterations))

    with jax.default_matmul_precision("highest"):
        state = lax.while_loop(unfinished, advance, _begin(problem, start))
    return Solution(jnp.clip(state.x, problem.low, problem.high), state.gap, state.count)


@cache
def _compiled() -> Callable:
    """`minimise` for one shape after the other; tolerance and iterations are traced."""
    import jax

    return jax.jit(minimise)


def _begin(problem: Problem, start: jax.Array | None) -> _State:
    """First iterate: inside the box, with equal complementarity for every bound."""
    from jax import numpy as jnp

    A, b, d, c, low, high = problem
    width = high - low
    if start is None:
        inset = jnp.minimum(0.5 * width, 1.0)
        wish = jnp.where(jnp.isfinite(low), low + inset, jnp.where(jnp.isfinite(high), high - inset, 0.0))
    else:
        inset = jnp.minimum(0.25 * width, 0.3)
        wish = jnp.clip(start, low + inset, high - inset)
    free = _free(problem)
    x = jnp.where(free, wish, low)
    slack = jnp.where(free, jnp.minimum(jnp.stack([x - low, high - x]), FAR), 1.0)
    residual = A @ x - b
    pull = residual @ A
    near = jnp.minimum(jnp.min(slack, axis=0), 1.0)
    size = jnp.abs(pull + d * x + c) * near
    dual = jnp.maximum(EAGER * jnp.mean(size), jnp.finfo(A.dtype).eps) / slack
    gap = _gap(problem, x, pull, residual - residual)
    return _State(x, slack, dual, residual, residual, pull, gap, jnp.zeros((), int))


def _iterate(problem: Problem, state: _State, floor: float) -> _State:
    """The next iterate: an affine step, then one with centring and second-order correction."""
    from jax import numpy as jnp
    from jax.scipy.linalg import cho_solve

    A, b, d, c, _, _ = problem
    x, slack, dual = state.x, state.slack, state.dual
    slope, ratio = d * x + c, dual / slack
    inverse = jnp.where(_free(problem), 1.0 / (d + ratio[0] + ratio[1]), 0.0)
    gram = (A * inverse) @ A.T
    # The diagonal grows by its rounding error, so that the factor exists in float32 too.
    gram = gram + jnp.diag(1.0 + 4 * jnp.finfo(A.dtype).eps * jnp.diagonal(gram))
    factor = jnp.linalg.cholesky(gram, symmetrize_input=False)

    def direction(push: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        wanted = state.residual - A @ (inverse * push)  # (m,)
        force = cho_solve((factor, True), wanted)
        if A.dtype == jnp.float32:  # one refinement: ten times closer to the minimum
            force = force + cho_solve((factor, True), wanted - force - A @ (inverse * (force @ A)))
        pull = force @ A  # (n,)
        move = -inverse * (push + pull)
        return force, pull, jnp.stack([move, -move])

    move = direction(slope)[2]
    change = -dual - ratio * move
    length = jnp.minimum(1.0, _room(slack, move, dual, change))
    mean = jnp.mean(slack * dual)
    ahead = jnp.mean((slack + length * move) * (dual + length * change))
    bend = (jnp.maximum(mean * (ahead / mean) ** 3, floor) - move * change) / slack
    force, pull, move = direction(slope - bend[0] + bend[1])
    change = bend - dual - ratio * move
    length = jnp.minimum(1.0, STEP * _room(slack, move, dual, change))
    x = x + length * move[0]
    residual = A @ x - b
    force = state.force + length * (force - state.force)
    pull = state.pull + length * (pull - state.pull)
    gap = _gap(problem, x, pull, residual - force)
    slack, dual = slack + length * move, dual + length * change
    return _State(x, slack, dual, residual, force, pull, gap, state.count + 1)


def _free(problem: Problem) -> jax.Array:
    """Which unknowns can move (n,)."""
    from jax import numpy as jnp

    size = jnp.where(jnp.isfinite(problem.low), jnp.maximum(jnp.abs(problem.low), 1.0), 1.0)
    return problem.high - problem.low > 16 * jnp.finfo(problem.low.dtype).eps * size


def _gap(problem: Problem, x: jax.Array, pull: jax.Array, mismatch: jax.Array) -> jax.Array:
    """Objective at x minus the dual objective at force, where pull = A' force and mismatch = A x - b - force.

    The dual minimises over the box one unknown at a time, because all that is left there is the diagonal.
    """
    from jax import numpy as jnp

    gradient = pull + problem.d * x + problem.c
    step = jnp.clip(x - gradient / problem.d, problem.low, problem.high) - x
    return 0.5 * mismatch @ mismatch - jnp.sum(step * (gradient + 0.5 * problem.d * step))


def _room(slack: jax.Array, move: jax.Array, dual: jax.Array, change: jax.Array) -> jax.Array:
    """Largest common step (at most 1e20) for which slack and dual stay non-negative."""
    from jax import numpy as jnp

    return 1.0 / jnp.maximum(jnp.maximum(jnp.max(-move / slack), jnp.max(-change / dual)), 1.0 / FAR)


def _checked(problem: Problem) -> Problem:
    """The problem as float64 arrays, or BadValue with the first thing that is wrong."""
    arrays = Problem(*(np.asarray(part, dtype=float) for part in problem))
    if arrays.A.ndim != 2:
        raise BadValue(f'"A" of the problem has shape {arrays.A.shape}; it should be (rows, unknowns).')
    m, n = arrays.A.shape
    for name, part in zip(Problem._fields, arrays, strict=True):
        shape = {"A": (m, n), "b": (m,)}.get(name, (n,))
        _check_part(name, part, shape, finite=name not in ("low", "high"))
    if arrays.d.min() <= 0:
        raise BadValue(f'"d" of the problem has smallest value {arrays.d.min():g}; every weight must be above 0.')
    if (arrays.low > arrays.high).any():
        above = int(np.sum(arrays.low > arrays.high))
        raise BadValue(f'"low" is above "high" for {above} of {n} unknowns; swap the bounds or move them apart.')
    return arrays


def _check_part(name: str, part: np.ndarray, shape: tuple[int, ...], *, finite: bool) -> None:
    """BadValue if an array of the problem has another shape or holds something that is not a number."""
    if part.shape != shape:
        raise BadValue(f'"{name}" of the problem has shape {part.shape}; with this "A" it should be {shape}.')
    if np.isfinite(part.sum()):
        return
    if np.isnan(part).any():
        raise BadValue(f'"{name}" of the problem has {np.isnan(part).sum()} NaN in {part.size} values; give numbers.')
    if finite and not np.isfinite(part).all():
        raise BadValue(f'"{name}" of the problem has an infinite value; only "low" and "high" may be infinite.')
