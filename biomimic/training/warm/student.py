"""The student: a phase-scheduled linear map, and a network that learns what is left of the labels."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from biomimic.training import network, normalize
from biomimic.training.warm.settings import WarmStart

BLOCK = 300  # samples: neighbours in time are alike, so what is held out is held out in blocks
CLIP = 1.0  # norm of a gradient at most
WORTH = 4.0  # error in units of action beyond which a sample pulls no harder (Huber)


class Taught(NamedTuple):
    """A policy and how well it repeats its labels.

    Attributes:
        params: with normaliser.
        loss: of the last epoch, mean squared error in units of action; NaN without a network.
        held_out: the same for labels that the network was not shown; NaN without a network.
        skip: the same for the linear map alone, on all labels.
    """

    params: network.Parameters
    loss: float
    held_out: float
    skip: float


def teach(params: network.Parameters, data: tuple[np.ndarray, np.ndarray], settings: WarmStart, seed: int) -> Taught:
    """The network fitted to labels beside the linear map that it holds already.

    Args:
        params: of the student so far; the skip path stays as it is, the critic too.
        data: observations (N, O) and actions (N, A).
        settings: of the warm start.
        seed: of the order of samples.
    """
    observation, action = data
    blocks = np.arange(len(action)) // BLOCK
    rng = np.random.default_rng(seed)
    aside = rng.permutation(blocks[-1] + 1)[: round(settings.hold_out * (blocks[-1] + 1))]
    is_aside = np.isin(blocks, aside)
    left = action - _batched(_skipped, params, observation)
    skip = float(np.mean(left**2))
    if not settings.epochs:
        return Taught(params, float("nan"), float("nan"), skip)
    statistics = normalize.update(normalize.init(observation.shape[1]), jnp.asarray(observation))
    params = params | {"normaliser": statistics}
    shown = np.flatnonzero(~is_aside)
    steps = settings.epochs * (len(shown) // settings.batch or 1)
    rate = optax.cosine_decay_schedule(settings.rate, steps)
    optimiser = optax.chain(optax.clip_by_global_norm(CLIP), optax.adam(rate))
    moments, loss = optimiser.init(params["actor"]), float("nan")
    for _ in range(settings.epochs):
        order = rng.permutation(shown)
        order = order[: max(len(order) // settings.batch, 1) * settings.batch]
        batches = np.array_split(order, max(len(order) // settings.batch, 1))
        losses = []
        for rows in batches:
            actor, moments, own = _step(optimiser, params, moments, (observation[rows], left[rows]))
            params = params | {"actor": actor}
            losses.append(own)
        loss = float(np.mean(jax.device_get(losses)))
    held = left[is_aside] - _batched(_added, params, observation[is_aside]) if is_aside.any() else np.array(np.nan)
    return Taught(params, loss, float(np.mean(held**2)), skip)


@partial(jax.jit, static_argnums=0)
def _step(optimiser, params: network.Parameters, moments, batch: tuple[jax.Array, jax.Array]):
    """One step of the optimiser on a batch; the actor's layers, its moments and the loss."""
    observation, left = batch

    def loss(actor: network.Layers) -> jax.Array:
        error = _added(params | {"actor": actor}, observation) - left
        size = jnp.abs(error)
        return jnp.mean(jnp.where(size < WORTH, error**2, WORTH * (2 * size - WORTH)))

    value, gradient = jax.value_and_grad(loss)(params["actor"])
    change, moments = optimiser.update(gradient, moments, params["actor"])
    return optax.apply_updates(params["actor"], change), moments, value


def _added(params: network.Parameters, observation: jax.Array) -> jax.Array:
    """What the network adds to the linear map."""
    return network.mode({name: part for name, part in params.items() if name != "skip"}, observation)


def _skipped(params: network.Parameters, observation: jax.Array) -> jax.Array:
    """What the linear map says."""
    return network.mode(params, observation) - _added(params, observation)


def _batched(function, params: network.Parameters, observation: np.ndarray, size: int = 8192) -> np.ndarray:
    """A function of many observations, a part at a time."""
    run = jax.jit(function)
    parts = [np.asarray(run(params, observation[i : i + size])) for i in range(0, len(observation), size)]
    return np.concatenate(parts) if parts else np.zeros((0,))
