"""Exploration: Gaussian actions whose noise may be filtered over time, with the likelihood of what was really drawn.

With a time constant tau the noise of a body is the stationary first-order process

    offset = rho * previous + sqrt(1 - rho^2) * std * eps        rho = exp(-dt / tau), eps standard normal
    action = mean + offset

so that its spread is `std` at every moment and neighbouring steps are correlated by rho. Muscles are slow filters:
white noise at 100 Hz is lost in them, filtered noise of the same size moves the body.

The offset of the step before is known when an action is drawn: together with the observation it is the state the policy
acts on. Given both, the action is Gaussian with mean `mean + shift`, shift = rho * previous, and spread
sqrt(1 - rho^2) * std. That conditional likelihood is what PPO compares between the old and the new policy; the shift
belongs to the state and is stored with the step, so the ratio is that of a proper policy. `previous` starts from the
stationary spread at each reset. Without a time constant rho = 0 and all this is white noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
from jax import numpy as jnp

from biomimic.config import ranged

HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Noise:
    """How exploration noise runs over time."""

    time_constant_s: float = ranged(0.0, low=0.0)  # 0: white
    step_s: float = ranged(0.01, low=1e-6)  # one control step

    @property
    def rho(self) -> float:
        """Correlation of the noise of neighbouring control steps."""
        return math.exp(-self.step_s / self.time_constant_s) if self.time_constant_s > 0 else 0.0

    @property
    def fresh(self) -> float:
        """Share of the spread that is drawn anew in each step."""
        return math.sqrt(1 - self.rho**2)


class Draw(NamedTuple):
    """One action per body and what is kept of drawing it."""

    action: jax.Array  # (B, A)
    log_probability: jax.Array  # (B,) given observation and shift
    shift: jax.Array  # (B, A) part of the offset that was known before
    offset: jax.Array  # (B, A) action less mean; `previous` of the next step


def start(key: jax.Array, std: jax.Array, bodies: int) -> jax.Array:
    """Offsets (B, A) before a first step: drawn from the stationary spread."""
    return std * jax.random.normal(key, (bodies, *std.shape), std.dtype)


def draw(settings: Noise, key: jax.Array, mean: jax.Array, std: jax.Array, previous: jax.Array) -> Draw:
    """Actions around the mean (B, A), given the offsets of the step before (B, A)."""
    shift = settings.rho * previous
    spread = settings.fresh * std
    offset = shift + spread * jax.random.normal(key, mean.shape, mean.dtype)
    action = mean + offset
    return Draw(action, log_probability(action, mean + shift, spread), shift, offset)


def log_probability(action: jax.Array, mean: jax.Array, std: jax.Array) -> jax.Array:
    """Logarithm of the density of actions (..., A) under a diagonal Gaussian, (...)."""
    return jnp.sum(-0.5 * ((action - mean) / std) ** 2 - jnp.log(std) - HALF_LOG_TAU, axis=-1)


def entropy(std: jax.Array) -> jax.Array:
    """Entropy of a diagonal Gaussian with standard deviations (..., A), (...) [nats]."""
    return jnp.sum(jnp.log(std) + HALF_LOG_TAU + 0.5, axis=-1)
