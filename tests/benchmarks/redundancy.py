"""Time of the feasible ranges and least efforts of a leg over a stride, against the plain ways to find them.

    python tests/benchmarks/redundancy.py

Pin the process to one core (`taskset -c 0`, OPENBLAS_NUM_THREADS=1). The plain ways are one call of a general solver
for each end of each range, and for each instant; they are timed on every tenth instant, and all must agree.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import linprog, lsq_linear, minimize

sys.path.insert(0, str(Path(__file__).parents[2]))

from biomimic.metrics import least_effort, redundancy  # noqa: E402
from biomimic.metrics.redundancy import Capacity  # noqa: E402

INSTANTS, MUSCLES, COORDINATES = 51, 40, 7
EVERY = 10
PRICE = 1e4  # of a missing moment in the bounded least squares


def leg(seed: int = 0) -> Capacity:
    """Muscles that cross one to three of seven neighbouring coordinates, at a smooth demand that they can make."""
    rng = np.random.default_rng(seed)
    arms = np.zeros((MUSCLES, COORDINATES))
    for muscle, first in enumerate(rng.integers(0, COORDINATES, size=MUSCLES)):
        last = min(first + rng.integers(1, 4), COORDINATES)
        arms[muscle, first:last] = rng.normal(0, 40, size=last - first)
    phase = 2 * np.pi * np.arange(INSTANTS)[:, None] / (INSTANTS - 1)
    chosen = np.clip(0.15 + 0.3 * np.sin(phase + rng.uniform(0, 2 * np.pi, MUSCLES)), 0.01, 1.0)
    strength = 1.0 + 0.3 * np.sin(phase + rng.uniform(0, 2 * np.pi, MUSCLES))
    active = strength[:, :, None] * arms
    return Capacity(
        times=0.022 * np.arange(INSTANTS),
        muscles=tuple(f"m{k}" for k in range(MUSCLES)),
        coordinates=tuple(f"q{k}" for k in range(COORDINATES)),
        active=active,
        passive=np.zeros((INSTANTS, COORDINATES)),
        required=np.einsum("nmd,nm->nd", active, chosen),
        activation=chosen,
    )


def plain_ranges(body: Capacity, instant: int) -> np.ndarray:
    """Two programmes for each muscle, (2, M)."""
    equal, force = body.active[instant].T, body.demand[instant]
    ends = [
        linprog(sign * cost, A_eq=equal, b_eq=force, bounds=(0, 1)).x[muscle]
        for sign in (1, -1)
        for muscle, cost in enumerate(np.eye(MUSCLES))
    ]
    return np.reshape(ends, (2, MUSCLES))


def least_squares(body: Capacity, instant: int, power: int) -> np.ndarray:
    """Bounded least squares in which a missing moment has a high price, (M,)."""
    rows = np.vstack([PRICE * body.active[instant].T, np.eye(MUSCLES)])
    return lsq_linear(rows, np.concatenate([PRICE * body.demand[instant], np.zeros(MUSCLES)]), (0, 1), "bvls").x


def sequential(body: Capacity, instant: int, power: int) -> np.ndarray:
    """Sequential least squares programming, (M,)."""
    equal, force = body.active[instant].T, body.demand[instant]
    return minimize(
        lambda a: (a**power).sum(),
        np.full(MUSCLES, 0.1),
        jac=lambda a: power * a ** (power - 1),
        bounds=[(0, 1)] * MUSCLES,
        constraints={"type": "eq", "fun": lambda a: equal @ a - force, "jac": lambda a: equal},
        method="SLSQP",
        options={"ftol": 1e-10, "maxiter": 500},
    ).x


def timed(work, repeats: int = 3):
    """Result and best time [s]."""
    spent = []
    for _ in range(repeats):
        begun = time.perf_counter()
        found = work()
        spent.append(time.perf_counter() - begun)
    return found, min(spent)


def report_ranges(body: Capacity, some: range) -> None:
    ranges, own = timed(lambda: redundancy.feasible_range(body))
    plain, spent = timed(lambda: np.array([plain_ranges(body, k) for k in some]), repeats=1)
    spent *= INSTANTS / len(some)
    apart = max(np.abs(ranges.low[some] - plain[:, 0]).max(), np.abs(ranges.high[some] - plain[:, 1]).max())
    print(f"ranges, {INSTANTS} instants, {MUSCLES} muscles, {COORDINATES} coordinates: {own:.3f} s")
    print(f"  one programme for each end: {spent:.2f} s, {spent / own:.0f} times as long; apart {apart:.1e}")
    print(f"  unconstrained muscles: {100 * redundancy.openness(ranges).unconstrained:.0f} %")


def report_effort(body: Capacity, some: range) -> None:
    for power, others in ((2, (least_squares, sequential)), (3, (sequential,))):
        best, own = timed(lambda: least_effort.least_effort(body, power=power))  # noqa: B023
        print(f"least sum of powers {power}: {own:.3f} s")
        for other in others:
            found, spent = timed(lambda: np.array([other(body, k, power) for k in some]), repeats=1)  # noqa: B023
            spent *= INSTANTS / len(some)
            apart = np.abs(best[some] - found).max()
            name = other.__name__.replace("_", " ")
            print(f"  {name}: {spent:.2f} s, {spent / own:.1f} times as long; apart {apart:.1e}")


if __name__ == "__main__":
    made = leg()
    report_ranges(made, range(0, INSTANTS, EVERY))
    report_effort(made, range(0, INSTANTS, EVERY))
