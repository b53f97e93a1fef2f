"""Lengths of the muscles along a motion, and jumps of them: a path that slips off the body it wraps around."""

from dataclasses import dataclass

import numpy as np

_SMALLEST_REST = 1e-6  # [m] as in the published rule


@dataclass(frozen=True)
class JumpRule:
    """The published rule: a relative step above both `factor` x its running mean and `least` is a jump.

    Source: metrics of the retargeting of Li et al. 2026 (arXiv 2603.25544). The running mean starts at the first step,
    and each step enters it before it is compared with it, so that a jump is a step above 11 x the mean of the steps
    before.
    """

    factor: float = 10.0
    least: float = 1e-3  # share of the rest length, per frame
    memory: float = 0.01  # weight of the newest step in the running mean


@dataclass(frozen=True)
class Jumps:
    """Steps of muscle length that a rule calls jumps.

    Attributes:
        count: pairs of step and muscle.
        muscles: how many muscles jump at least once.
        largest: of the jumps [share of the rest length]; 0 without any.
        frame: after the largest one; -1 without any.
        tendon: of the largest one.
    """

    count: int = 0
    muscles: int = 0
    largest: float = 0.0
    frame: int = -1
    tendon: str = ""


def relative_steps(lengths: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Absolute change of length from frame to frame as a share of the rest length, (T, n), (n,) -> (T - 1, n)."""
    return np.abs(np.diff(lengths, axis=0)) / np.maximum(rest, _SMALLEST_REST)


def flagged(steps: np.ndarray, rule: JumpRule | None = None) -> np.ndarray:
    """Which steps the published rule calls jumps, (T - 1, n) -> (T - 1, n)."""
    rule = rule or JumpRule()
    found = np.zeros(steps.shape, dtype=bool)
    if not len(steps):
        return found
    mean = steps[0].copy()
    for k, step in enumerate(steps):
        mean += rule.memory * (step - mean)
        found[k] = step > np.maximum(rule.factor * mean, rule.least)
    return found


def published_jumps(lengths: np.ndarray, rest: np.ndarray, names: tuple[str, ...]) -> Jumps:
    """Jumps by the published rule.

    Args:
        lengths: (T, n) [m], one row per frame.
        rest: (n,) [m], lengths in the model's reference pose.
        names: of the n tendons.
    """
    steps = relative_steps(lengths, rest)
    found = flagged(steps)
    if not found.any():
        return Jumps()
    frame, tendon = np.unravel_index(np.where(found, steps, -1.0).argmax(), steps.shape)
    return Jumps(
        count=int(found.sum()),
        muscles=int(found.any(axis=0).sum()),
        largest=float(steps[frame, tendon]),
        frame=int(frame) + 1,
        tendon=names[tendon],
    )
