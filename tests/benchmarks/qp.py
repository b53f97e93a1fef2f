"""Time of one tracker programme in every form, and of the JAX form in batches.

    python tests/benchmarks/qp.py

Pin the process to one core (`taskset -c 0`, OPENBLAS_NUM_THREADS=1) for figures of one core. All forms solve the same
problems in turn, so that ratios hold on a busy machine. The NumPy form does the same iterations through BLAS and
LAPACK; it is here to show that a compiled form beside JAX is not worth keeping.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "control")]

from test_qp import by_clarabel, by_piqp  # noqa: E402
from tracker_problems import sequence, single  # noqa: E402

from biomimic.control.qp import (  # noqa: E402
    EAGER,
    FAR,
    ITERATIONS,
    STEP,
    TOLERANCE,
    Problem,
    Solution,
    minimise,
    objective,
    solve,
)

BATCHES = (1, 64, 1024)


def by_numpy(problem: Problem, start: np.ndarray | None = None) -> Solution:
    """The interior point of `solve` in NumPy, for movable unknowns with a finite lower bound."""
    A, b, d, c, low, high = problem
    width = high - low
    inset = np.minimum(0.25 * width, 0.3) if start is not None else np.minimum(0.5 * width, 1.0)
    x = low + inset if start is None else np.clip(start, low + inset, high - inset)
    slack = np.minimum(np.stack([x - low, high - x]), FAR)
    residual = A @ x - b
    pull = residual @ A
    near = np.minimum(slack.min(axis=0), 1.0)
    dual = EAGER * np.mean(np.abs(pull + d * x + c) * near) / slack
    identity, scaled = np.eye(b.size), np.empty_like(A)
    for count in range(ITERATIONS + 1):
        slope = d * x + c
        gradient = pull + slope
        step = np.clip(x - gradient / d, low, high) - x
        gap = -np.vdot(step, gradient + 0.5 * d * step)
        if gap <= TOLERANCE * x.size or count == ITERATIONS:
            break
        ratio = dual / slack
        inverse = 1.0 / (d + ratio[0] + ratio[1])
        np.multiply(A, np.sqrt(inverse), out=scaled)
        factor = dpotrf(scaled @ scaled.T + identity, lower=1, clean=0, overwrite_a=1)[0]
        _, _, move = _numpy_direction(A, factor, inverse, residual, slope)
        change = -dual - ratio * move
        length = min(1.0, 1 / max(np.max(-move / slack), np.max(-change / dual), 1 / FAR))
        mean = np.vdot(slack, dual) / slack.size
        ahead = np.vdot(slack + length * move, dual + length * change) / slack.size
        bend = (mean * (ahead / mean) ** 3 - move * change) / slack
        force, reaction, move = _numpy_direction(A, factor, inverse, residual, slope - bend[0] + bend[1])
        change = bend - dual - ratio * move
        length = min(1.0, STEP / max(np.max(-move / slack), np.max(-change / dual), 1 / FAR))
        x = x + length * move[0]
        slack += length * move
        dual += length * change
        residual += length * (force - residual)
        pull += length * (reaction - pull)
    return Solution(np.clip(x, low, high), gap, count)


def _numpy_direction(A, factor, inverse, residual, push):
    force = dpotrs(factor, residual - A @ (inverse * push), lower=1)[0]
    reaction = force @ A
    move = -inverse * (push + reaction)
    return force, reaction, np.stack([move, -move])


def forms() -> dict:
    """Name of each form -> function of (problem, start) that returns x (n,)."""
    import jax

    compiled = jax.jit(minimise)

    def wide(problem, start):
        with jax.enable_x64(True):
            return np.asarray(compiled(problem, start).x)

    def narrow(problem, start):
        small = Problem(*(part.astype(np.float32) for part in problem))
        return np.asarray(compiled(small, start.astype(np.float32), 1e-2).x, dtype=float)

    return {
        "solve, with start": lambda problem, start: solve(problem, start).x,
        "solve, without start": lambda problem, start: solve(problem).x,
        "minimise, float64, with start": wide,
        "minimise, float32, with start, tolerance 1e-2": narrow,
        "NumPy, with start": lambda problem, start: by_numpy(problem, start).x,
        "NumPy, without start": lambda problem, start: by_numpy(problem).x,
        "PIQP, dense": lambda problem, start: by_piqp(problem),
        "Clarabel, lifted sparse": lambda problem, start: by_clarabel(problem),
    }


def compare(rows: int, rays: int, repeats: int = 3) -> list[tuple[str, float, float, float, float]]:
    """Per form: its name, median and 90th percentile [ms], ratio to the first, largest relative suboptimality."""
    pairs = sequence(np.random.default_rng(0), solve, steps=25, rows=rows, rays=rays)[5:]
    best = [objective(problem, solve(problem, tolerance=1e-9).x) for problem, _ in pairs]
    todo, times, excess = forms(), {}, {}
    for turn in range(repeats + 1):
        for (problem, start), floor in zip(pairs, best, strict=True):
            for name, form in todo.items():
                form(problem, start)  # so that every form starts with its own data in the cache
                begun = time.perf_counter()
                x = form(problem, start)
                spent = time.perf_counter() - begun
                if turn:  # the first turn compiles
                    times.setdefault(name, []).append(1e3 * spent)
                excess[name] = max(excess.get(name, 0.0), (objective(problem, x) - floor) / floor)
    first = np.median(times[next(iter(todo))])
    return [(name, np.median(t), np.percentile(t, 90), np.median(t) / first, excess[name]) for name, t in times.items()]


def batches(dtype: type, tolerance: float, spread, repeats: int = 2) -> list[tuple[int, float, float]]:
    """Per batch size, spread by `jax.vmap` or `jax.lax.map`: milliseconds for the batch, microseconds per problem."""
    import jax

    def one(problem):
        return minimise(problem, None, tolerance)

    rng = np.random.default_rng(1)
    problems = [single(rng, 45, 26) for _ in range(64)]
    found = []
    with jax.enable_x64(dtype is np.float64):
        many = jax.jit(lambda stack: spread(one)(stack))
        for size in BATCHES:
            stacked = Problem(*(np.stack([p[k] for p in problems] * (size // 64 or 1)) for k in range(6)))
            stacked = jax.device_put(Problem(*(part[:size].astype(dtype) for part in stacked)))
            many(stacked).x.block_until_ready()
            spent = []
            for _ in range(repeats):
                begun = time.perf_counter()
                many(stacked).x.block_until_ready()
                spent.append(time.perf_counter() - begun)
            found.append((size, 1e3 * min(spent), 1e6 * min(spent) / size))
    return found


if __name__ == "__main__":
    import jax

    for rows, rays in ((45, 26), (64, 32)):
        print(f"{354 + rays} unknowns, {rows} rows: median ms, 90 % ms, ratio, largest relative suboptimality")
        for name, middle, late, ratio, above in compare(rows, rays):
            print(f"  {name:48s}{middle:8.3f}{late:8.3f}{ratio:8.2f}{above:10.1e}")
    print(f"minimise in batches without start, 45 rows, 380 unknowns, on {jax.devices()[0].device_kind}")
    spreads = {"vmap": jax.vmap, "lax.map": lambda one: lambda stack: jax.lax.map(one, stack)}
    for dtype, tolerance in ((np.float64, TOLERANCE), (np.float32, 1e-2)):
        for word, spread in spreads.items():
            for size, total, each in batches(dtype, tolerance, spread):
                print(f"  {dtype.__name__} {word:8s} batch {size:5d}: {total:9.2f} ms, {each:8.1f} us each")
