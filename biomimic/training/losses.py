"""Terms of the losses of PPO, each for single samples, and means that leave samples out."""

from __future__ import annotations

import jax
from jax import numpy as jnp

FAR = 20.0  # logarithms of ratios are clipped to +- this, so that one sample cannot overflow a batch
FLOOR = 1e-8  # added to a spread before dividing by it


def surrogate(log_ratio: jax.Array, advantage: jax.Array, clip: float) -> jax.Array:
    """Loss of each sample under the clipped ratio of probabilities."""
    ratio = jnp.exp(log_ratio)
    return -jnp.minimum(ratio * advantage, jnp.clip(ratio, 1 - clip, 1 + clip) * advantage)


def value_loss(value: jax.Array, old: jax.Array, target: jax.Array, clip: float) -> jax.Array:
    """Half the squared error of each value, or that of the value moved by `clip` at most, if it is larger."""
    error = (value - target) ** 2
    if clip > 0:
        error = jnp.maximum(error, (old + jnp.clip(value - old, -clip, clip) - target) ** 2)
    return 0.5 * error


def bounded(error: jax.Array, worth: float) -> jax.Array:
    """Square of an error up to `worth`, and from there on a straight line with the same slope (Huber, times 2)."""
    size = jnp.abs(error)
    return jnp.where(size < worth, error**2, worth * (2 * size - worth))


def divergence(log_ratio: jax.Array) -> jax.Array:
    """Estimate of KL(old | new) of each sample, never negative: ratio - 1 - log ratio.

    Source:
        Schulman, Approximating KL divergence, 2020 (joschu.net/blog/kl-approx.html): k3.
    """
    return jnp.expm1(log_ratio) - log_ratio


def mean(values: jax.Array, weight: jax.Array) -> jax.Array:
    """Weighted mean, (); 0 when all weights are 0."""
    return jnp.sum(values * weight) / jnp.maximum(jnp.sum(weight), jnp.finfo(jnp.float32).tiny)


def standard(values: jax.Array, weight: jax.Array) -> jax.Array:
    """Values less their weighted mean, divided by their weighted standard deviation; same shape."""
    centred = values - mean(values, weight)
    return centred / (jnp.sqrt(mean(centred**2, weight)) + FLOOR)


def explained(values: jax.Array, target: jax.Array, weight: jax.Array) -> jax.Array:
    """Share of the variance of the target that the values explain: 1 is all of it, 0 no better than a constant."""
    error = target - values
    left = mean((error - mean(error, weight)) ** 2, weight)
    return 1.0 - left / jnp.maximum(mean((target - mean(target, weight)) ** 2, weight), FLOOR)
