"""Running mean and variance of observations, and the running scale of rewards.

Statistics change only in `update` and `scaled`: acting, evaluating and the passes of PPO over a batch leave them alone.
Both merge a whole batch at once and drop what is not finite.

Source:
    Chan, Golub, LeVeque, The American Statistician 37, 1983: merging means and variances of two samples.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
from jax import numpy as jnp

LIMIT = 10.0  # normalised values are clipped to +- this; 10 is usual in PPO codes
FLOOR = 1e-8  # added to a variance before its root is taken


class Scale(NamedTuple):
    """Running spread of the discounted return, by which rewards are divided; B bodies."""

    running: jax.Array  # (B,) discounted return of the episode so far
    mean: jax.Array  # ()
    variance: jax.Array  # ()
    count: jax.Array  # ()


def init(size: int) -> dict[str, jax.Array]:
    """Statistics of no data: mean 0, variance 1, count 0; a dict so that its paths are keys of a checkpoint."""
    return {
        "mean": jnp.zeros(size, jnp.float32),
        "variance": jnp.ones(size, jnp.float32),
        "count": jnp.zeros((), jnp.float32),
    }


def update(statistics: dict[str, jax.Array], batch: jax.Array) -> dict[str, jax.Array]:
    """Statistics of the old data and the batch (..., O) together; rows that are not finite are left out."""
    good = jnp.all(jnp.isfinite(batch), axis=-1)
    rows = jnp.where(good[..., None], batch, 0.0)
    mean, variance, count = _merge((statistics["mean"], statistics["variance"], statistics["count"]), rows, good)
    return {"mean": mean, "variance": variance, "count": count}


def apply(statistics: dict[str, jax.Array], observation: jax.Array) -> jax.Array:
    """Observation (..., O) less the mean, divided by the standard deviation, clipped to +- 10."""
    centred = observation - statistics["mean"]
    return jnp.clip(centred * jax.lax.rsqrt(statistics["variance"] + FLOOR), -LIMIT, LIMIT)


def scale(bodies: int) -> Scale:
    """Scale of no data: rewards stay as they are until the first batch."""
    zero = jnp.zeros((), jnp.float32)
    return Scale(jnp.zeros(bodies, jnp.float32), zero, jnp.ones((), jnp.float32), zero)


def scaled(current: Scale, reward: jax.Array, done: jax.Array, discount: float) -> tuple[Scale, jax.Array]:
    """New scale with the batch merged in, and the rewards (T, B) divided by the standard deviation of the return.

    The return of a body runs on from batch to batch and starts anew after a step that is `done` (T, B).

    Source:
        Engstrom et al., Implementation matters in deep policy gradients, ICLR 2020: reward scaling.
    """

    def advance(running: jax.Array, row: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        gained, over = row
        total = discount * running + jnp.where(jnp.isfinite(gained), gained, 0.0)
        return jnp.where(over, 0.0, total), total

    running, returns = jax.lax.scan(advance, current.running, (reward, done))
    good = jnp.isfinite(reward)
    old = (current.mean[None], current.variance[None], current.count)
    mean, variance, count = _merge(old, returns[..., None], good)
    new = Scale(running, mean[0], variance[0], count)
    return new, reward / spread(new)


def spread(current: Scale) -> jax.Array:
    """What rewards are divided by: the standard deviation of the discounted return, () ; 1 before any data."""
    return jnp.sqrt(current.variance + FLOOR)


def _merge(old: tuple[jax.Array, ...], rows: jax.Array, good: jax.Array) -> tuple[jax.Array, ...]:
    """Mean (O,), variance (O,) and count () of the old sample and the good (...) ones of the rows (..., O).

    The leading axes are summed as they are: flattening them would gather rows that are dealt out to devices.
    """
    mean, variance, count = old
    axes = tuple(range(good.ndim))
    weight = good[..., None].astype(jnp.float32)
    fresh = jnp.sum(weight)
    centre = jnp.sum(rows * weight, axis=axes) / jnp.maximum(fresh, 1.0)
    width = jnp.sum(weight * (rows - centre) ** 2, axis=axes) / jnp.maximum(fresh, 1.0)
    total = jnp.maximum(count + fresh, 1.0)
    gap = centre - mean
    merged = (count * variance + fresh * width + gap**2 * (count * fresh / total)) / total
    is_empty = fresh == 0
    return (
        jnp.where(is_empty, mean, mean + gap * (fresh / total)),
        jnp.where(is_empty, variance, merged),
        count + fresh,
    )
