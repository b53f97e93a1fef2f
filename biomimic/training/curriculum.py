"""What changes while a policy learns: a limit that tightens, and velocity weights that grow."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from biomimic import config
from biomimic.errors import BadValue
from biomimic.training.reward import Weights

RAISED = ("joint_velocity", "root_velocity")  # matches whose weights grow


@dataclass(frozen=True)
class Tightening:
    """The limit of the sites shrinks while few episodes terminate. The defaults are MuscleMimic's.

    Args:
        first: limit at the beginning, never exceeded [m].
        least: never undercut [m].
        factor: by which it shrinks, and by whose inverse it grows again.
        low: rate of termination below which it shrinks.
        high: above which it grows.
        smoothing: share of the newest rate in the running one.
        patience: updates in a row on the same side before the limit is changed.
        before: running rate at the beginning.
    """

    first: float = config.ranged(0.5, low=0.0)
    least: float = config.ranged(0.1, low=0.0)
    factor: float = config.ranged(0.95, low=0.01, high=0.999)
    low: float = config.ranged(0.1, low=0.0, high=1.0)
    high: float = config.ranged(0.2, low=0.0, high=1.0)
    smoothing: float = config.ranged(0.1, low=1e-6, high=1.0)
    patience: int = config.ranged(5, low=1)
    before: float = config.ranged(1.0, low=0.0, high=1.0)

    def __post_init__(self) -> None:
        if self.least > self.first:
            raise BadValue(f"A limit may not shrink from {self.first:g} m to {self.least:g} m; the last must be less.")
        if self.low >= self.high:
            raise BadValue(f"Rates of {self.low:g} and {self.high:g} were given as low and high; low must be less.")


@dataclass(frozen=True)
class Growing:
    """The weights of joint and root velocity grow while few episodes terminate. The defaults are MuscleMimic's.

    Args:
        most: weight of either at the end.
        growth: by which share they grow.
        low: rate of termination below which they do.
        smoothing: share of the newest rate in the running one.
        patience: updates in a row before they grow.
    """

    most: float = config.ranged(0.4, low=0.0)
    growth: float = config.ranged(0.02, low=0.0)
    low: float = config.ranged(0.08, low=0.0, high=1.0)
    smoothing: float = config.ranged(0.2, low=1e-6, high=1.0)
    patience: int = config.ranged(5, low=1)


@dataclass(frozen=True)
class Curriculum:
    """Neither is used if it is not in the recipe."""

    tightening: Tightening | None = None
    growing: Growing | None = None


class State(NamedTuple):
    """Where the curriculum is; all arrays are ().

    Attributes:
        limit: of the sites [m]; has no meaning without tightening.
        limit_rate: running rate of termination.
        limit_count: updates in a row on one side.
        limit_side: -1 below low, 1 above high, 0 between.
        weights: of joint and root velocity, (2,).
        weight_rate: running rate of termination; below 0 before the first.
        weight_count: updates in a row below.
    """

    limit: jax.Array
    limit_rate: jax.Array
    limit_count: jax.Array
    limit_side: jax.Array
    weights: jax.Array
    weight_rate: jax.Array
    weight_count: jax.Array


def start(settings: Curriculum, weights: Weights) -> State:
    """The curriculum before the first update, with the weights of the recipe."""
    tightening = settings.tightening or Tightening()
    return State(
        limit=jnp.array(tightening.first, dtype=jnp.float32),
        limit_rate=jnp.array(tightening.before, dtype=jnp.float32),
        limit_count=jnp.array(0, dtype=jnp.int32),
        limit_side=jnp.array(0, dtype=jnp.int32),
        weights=jnp.array([getattr(weights, name) for name in RAISED], dtype=jnp.float32),
        weight_rate=jnp.array(-1.0, dtype=jnp.float32),
        weight_count=jnp.array(0, dtype=jnp.int32),
    )


def limit(state: State, settings: Curriculum) -> jax.Array | None:
    """The limit of the sites to use, or None for that of the recipe; see `termination.is_lost`."""
    return None if settings.tightening is None else state.limit


def raised(state: State, settings: Curriculum) -> dict[str, jax.Array]:
    """Weights of matches that take the place of the recipe's; see `reward.total`."""
    return {} if settings.growing is None else dict(zip(RAISED, state.weights))


def rate(terminated: jax.Array, truncated: jax.Array) -> jax.Array:
    """Share of the episodes that ended which terminated, (); 0 if none ended."""
    ended = jnp.sum(terminated | truncated)
    return jnp.where(ended > 0, jnp.sum(terminated) / jnp.maximum(ended, 1), 0.0)


def update(state: State, terminations: jax.Array, settings: Curriculum) -> State:
    """The curriculum after an update with a rate of termination, ()."""
    if settings.tightening is not None:
        state = _tightened(state, terminations, settings.tightening)
    if settings.growing is not None:
        state = _grown(state, terminations, settings.growing)
    return state


def _tightened(state: State, terminations: jax.Array, settings: Tightening) -> State:
    running = (1 - settings.smoothing) * state.limit_rate + settings.smoothing * terminations
    side = jnp.where(running < settings.low, -1, jnp.where(running > settings.high, 1, 0))
    in_row = jnp.where(side == state.limit_side, state.limit_count + 1, 1)
    in_row = jnp.where(side == 0, 0, in_row)
    is_due = (side != 0) & (in_row >= settings.patience)
    changed = state.limit * jnp.where(side < 0, settings.factor, 1 / settings.factor)
    return state._replace(
        limit=jnp.where(is_due, jnp.clip(changed, settings.least, settings.first), state.limit),
        limit_rate=running,
        limit_count=jnp.where(is_due, 0, in_row),
        limit_side=side,
    )


def _grown(state: State, terminations: jax.Array, settings: Growing) -> State:
    is_first = state.weight_rate < 0
    running = (1 - settings.smoothing) * state.weight_rate + settings.smoothing * terminations
    running = jnp.where(is_first, terminations, running)
    in_row = jnp.where(~is_first & (running < settings.low), state.weight_count + 1, 0)
    is_due = in_row >= settings.patience
    most = jnp.maximum(settings.most, state.weights)  # a weight above it from the start stays
    grown = jnp.minimum(state.weights * (1 + settings.growth), most)
    return state._replace(
        weights=jnp.where(is_due, grown, state.weights),
        weight_rate=running.astype(jnp.float32),
        weight_count=jnp.where(is_due, 0, in_row),
    )
