"""Made-up problems with the shape and scaling of the tracker's: muscles and contact rays, strong and weak task rows."""

from __future__ import annotations

import numpy as np

from biomimic.control.qp import Problem

MUSCLES = 354
STEP = 10.0  # control step [ms]


def single(rng: np.random.Generator, rows: int = 45, rays: int = 26) -> Problem:
    """One problem with activations within 0.05 to 0.25 of a random activation and rays without an upper bound."""
    A = _tasks(rng, rows, rays)
    activation = rng.beta(0.3, 1.5, MUSCLES)
    low = np.maximum(0, activation - rng.uniform(0.05, 0.25, MUSCLES))
    high = np.minimum(1, activation + rng.uniform(0.05, 0.25, MUSCLES))
    aim = np.concatenate([rng.uniform(low, high), rng.uniform(0, 3, rays) * (rng.uniform(size=rays) > 0.5)])
    effort = np.concatenate([rng.uniform(10, 30, MUSCLES), np.full(rays, 0.3)])
    slope = np.concatenate([-0.5 * activation, np.zeros(rays)])
    bounds = np.concatenate([low, np.zeros(rays)]), np.concatenate([high, np.full(rays, np.inf)])
    return Problem(A, A @ aim + 30 * rng.normal(size=rows), effort, slope, *bounds)


def sequence(rng: np.random.Generator, solve, steps: int = 20, rows: int = 45, rays: int = 26) -> list:
    """Consecutive problems, each with the solution of the one before: the bounds are what activation can reach.

    Activation rises with 10 ms (0.5 + 1.5 a) and falls with 40 ms / (0.5 + 1.5 a), as in MuJoCo's muscle.
    """
    first = single(rng, rows, rays)
    x = np.concatenate([rng.beta(0.3, 1.5, MUSCLES), np.zeros(rays)])
    A, drift = first.A, np.zeros(rows)
    aim = A @ x
    pairs = []
    for _ in range(steps):
        A = A * (1 + 0.01 * rng.normal(size=A.shape))
        drift = 0.95 * drift + 0.1 * np.std(aim) * rng.normal(size=rows)
        activation = x[:MUSCLES]
        pace = 0.5 + 1.5 * activation
        low = np.concatenate([activation * np.exp(-STEP * pace / 40), np.zeros(rays)])
        high = np.concatenate([1 - (1 - activation) * np.exp(-STEP / (10 * pace)), np.full(rays, np.inf)])
        slope = np.concatenate([-0.5 * activation, np.zeros(rays)])
        problem = Problem(A, aim + drift, first.d, slope, low, high)
        pairs.append((problem, x))
        x = solve(problem, x).x
    return pairs


def _tasks(rng: np.random.Generator, rows: int, rays: int) -> np.ndarray:
    """Weighted task matrix (rows, muscles + rays): factor of a weight times sparse moment arms and contact rays."""
    factor = np.tril(0.3 * rng.normal(size=(rows, rows))) + np.diag(rng.uniform(0.5, 2, rows))
    weight = np.sqrt(10 ** rng.uniform(0, 3, rows))[:, None]
    arms = np.zeros((rows, MUSCLES))
    for muscle in range(MUSCLES):
        joints = rng.choice(np.arange(6, rows), rng.integers(2, 6), replace=False)
        arms[joints, muscle] = rng.uniform(0, 5, joints.size) * rng.choice([-1, 1], joints.size)
    contact = 10 * rng.normal(size=(rows, rays)) * rng.uniform(size=(rows, rays))
    return weight * (factor @ np.hstack([arms, contact]))
