"""Steps down the gradient: Muon for matrices and Adam for the rest, or Adam alone; clip, schedules, weight decay.

The direction (optax) knows no learning rate; `step` multiplies it in. So the rate may follow the schedule, the recipe's
KL rule or both, without another compilation. Parameters named in `frozen` have no moments and never move.

Source:
    Jordan et al., Muon, 2024 (github.com/KellerJordan/Muon); Kingma, Ba, ICLR 2015 (Adam); Loshchilov, Hutter, ICLR
    2019 (decoupled decay, cosine); settings of muscle policies: Li et al., arXiv 2603.25544.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import optax
from jax import numpy as jnp

from biomimic.config import one_of, ranged
from biomimic.errors import BadValue, unknown

SPARSE = ("skip",)  # of these, a batch moves few entries: rows of knots that were visited; Adam, never Muon


@dataclass(frozen=True)
class Optimiser:
    """Rule and rate of the steps."""

    kind: str = one_of("muon", "adam", default="muon")
    rate: float = ranged(4e-4, low=0.0)  # learning rate
    vector_rate: float | None = ranged(None, low=0.0)  # of what Adam steps when kind is muon; None: the same
    schedule: str = one_of("constant", "linear", "cosine", default="constant")
    horizon: int = ranged(0, low=0)  # updates until the rate has fallen; 0 only with a constant rate
    warmup: int = ranged(0, low=0)  # updates in which it first rises from 0
    end_share: float = ranged(0.0, low=0.0, high=1.0)  # last rate as a share of the first
    clip: float = ranged(1.0, low=0.0)  # largest norm of the gradient; 0: none
    momentum: float = ranged(0.95, low=0.0, high=1.0)  # of Muon, Nesterov's
    iterations: int = ranged(5, low=1)  # Newton-Schulz steps of Muon
    beta1: float = ranged(0.9, low=0.0, high=1.0)  # of Adam
    beta2: float = ranged(0.999, low=0.0, high=1.0)
    epsilon: float = ranged(1e-5, low=0.0)
    decay: float = ranged(0.0, low=0.0)  # of matrices, per step, times the rate
    frozen: tuple[str, ...] = ()  # parts that stay as they are: actor, critic, std, skip


def rate(settings: Optimiser, update: jax.Array | int) -> jax.Array:
    """Learning rate of an update (counted from 0), ().

    Rises linearly over `warmup` updates, then stays, falls linearly or along half a cosine to rate * end_share at
    `horizon`, and stays there.

    Raises:
        BadValue: a falling schedule without a horizon beyond the warm-up.
    """
    now = jnp.asarray(update, jnp.float32)
    rising = jnp.minimum(1.0, now / settings.warmup) if settings.warmup else 1.0
    if settings.schedule == "constant":
        return jnp.asarray(settings.rate * rising, jnp.float32)
    if settings.horizon <= settings.warmup:
        raise BadValue(
            f'The schedule "{settings.schedule}" falls until update {settings.horizon}, but warms up for '
            f"{settings.warmup}; set horizon to the number of updates, or schedule to constant."
        )
    done = jnp.clip((now - settings.warmup) / (settings.horizon - settings.warmup), 0.0, 1.0)
    left = 1.0 - done if settings.schedule == "linear" else 0.5 * (1.0 + jnp.cos(jnp.pi * done))
    return jnp.asarray(settings.rate * rising * (settings.end_share + (1.0 - settings.end_share) * left), jnp.float32)


def trained(settings: Optimiser, params: dict) -> dict:
    """The parts of the parameters that move.

    Raises:
        UnknownName: a frozen part does not exist.
    """
    for name in settings.frozen:
        if name not in params:
            raise unknown("part", name, params, where="to freeze in this network")
    return {name: part for name, part in params.items() if name not in settings.frozen}


def init(settings: Optimiser, params: dict) -> optax.OptState:
    """Moments of a first step; `params` are all of the network's."""
    return _direction(settings).init(trained(settings, params))


def step(
    settings: Optimiser, gradient: dict, state: optax.OptState, params: dict, rate: jax.Array
) -> tuple[dict, optax.OptState]:
    """Parameters and moments after one step down the gradient.

    Args:
        settings: the recipe's optimiser.
        gradient: of the trained parts.
        state: from `init` or the step before.
        params: trained parts.
        rate: learning rate, ().
    """
    direction, state = _direction(settings).update(gradient, state, params)
    vector = 1.0 if settings.vector_rate is None or settings.rate == 0 else settings.vector_rate / settings.rate
    kinds = labels(settings, params)

    def moved(parameter: jax.Array, way: jax.Array, kind: str) -> jax.Array:
        share = vector if settings.kind == "muon" and kind == "adam" else 1.0
        shrink = settings.decay * parameter if parameter.ndim >= 2 else 0.0
        return parameter - rate * share * (way + shrink)

    return jax.tree.map(moved, params, direction, kinds), state


def size(gradient: dict) -> jax.Array:
    """Euclidean norm of a whole gradient, ()."""
    return optax.tree.norm(gradient)


def labels(settings: Optimiser, params: dict) -> dict:
    """Tree of "muon" and "adam", in the form of the parameters.

    Muon takes weights of two axes and stacks of them (experts); vectors, numbers, the constants of experts and the skip
    table are Adam's.
    """

    def label(path: tuple, leaf: jax.Array) -> str:
        name, part = path[-1].key, path[0].key
        is_matrix = leaf.ndim >= 2 and part not in SPARSE and name not in ("b", "enter_b")
        return "muon" if settings.kind == "muon" and is_matrix else "adam"

    return jax.tree_util.tree_map_with_path(label, params)


def _direction(settings: Optimiser) -> optax.GradientTransformation:
    """Clip, then Muon or Adam by parameter; positive multiples of it are subtracted."""
    adam = optax.scale_by_adam(b1=settings.beta1, b2=settings.beta2, eps=settings.epsilon)
    rules = {"adam": adam, "muon": _muon(settings)}
    split = optax.partition(rules, lambda params: labels(settings, params))
    return optax.chain(optax.clip_by_global_norm(settings.clip), split) if settings.clip > 0 else split


def _muon(settings: Optimiser) -> optax.GradientTransformation:
    axes = optax.contrib.MuonDimensionNumbers(-2, -1)

    def numbered(params: dict) -> dict:
        return jax.tree.map(lambda _: axes, params)

    orthogonal = optax.contrib.scale_by_muon(
        beta=settings.momentum, ns_steps=settings.iterations, nesterov=True, weight_dimension_numbers=numbered
    )
    return optax.chain(orthogonal, optax.stateless(_widened))


def _widened(updates: dict, params: dict | None = None) -> dict:
    """Updates times the root of out / in where that is above 1, so that a rate suits every shape."""
    del params
    return jax.tree.map(lambda leaf: leaf * max(1.0, leaf.shape[-1] / leaf.shape[-2]) ** 0.5, updates)
