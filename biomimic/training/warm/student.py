"""The student: a phase-scheduled linear map, and a network that learns what is left of the labels."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from biomimic.training import losses, network, normalize
from biomimic.training.actions import Actions, Dynamics, reachable, rest_of
from biomimic.training.warm.settings import WarmStart

BLOCK = 300  # samples: neighbours in time are alike, so what is held out is held out in blocks
CLIP = 1.0  # norm of a gradient at most
WORTH = 4.0  # error in units of action beyond which a sample pulls no harder (Huber)
LEAK = 0.1  # share of what an action asks for beyond the muscles' reach that counts as an error
SLACK = 0.1  # in units of action, that it may ask for beyond
PART = 8192  # samples that are measured at once


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


class Lesson(NamedTuple):
    """Labels, and what muscles make of an action.

    Attributes:
        observation: (N, O).
        action: of the tracker, (N, A).
        activation: of the muscles before it, (N, na), or (N, 0) for accelerations.
        actions: what an action means.
        muscles: activation dynamics.
    """

    observation: np.ndarray
    action: np.ndarray
    activation: np.ndarray
    actions: Actions
    muscles: Dynamics

    def rows(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Observations, actions and activations of some samples."""
        return self.observation[chosen], self.action[chosen], self.activation[chosen]

    def reach(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and largest action that makes a difference to the muscles, (N, A) each; accelerations have none."""
        if self.actions.kind == "acceleration":
            return np.full(self.action.shape, -np.inf), np.full(self.action.shape, np.inf)
        if self.actions.kind == "excitation":
            edges = np.zeros(self.action.shape), np.ones(self.action.shape)
        else:
            edges = reachable(self.muscles, jnp.asarray(self.activation, jnp.float32))
        return tuple(np.asarray(rest_of(self.actions, edge)) for edge in edges)


def teach(params: network.Parameters, lesson: Lesson, settings: WarmStart, seed: int) -> Taught:
    """The network fitted to labels beside the linear map that it holds already.

    Args:
        params: of the student so far; the skip path stays as it is, the critic too.
        lesson: the labels.
        settings: of the warm start.
        seed: of the order of samples.
    """
    blocks = np.arange(len(lesson.action)) // BLOCK
    rng = np.random.default_rng(seed)
    aside = rng.permutation(blocks[-1] + 1)[: round(settings.hold_out * (blocks[-1] + 1))]
    is_aside = np.isin(blocks, aside)
    measure = _measure(lesson)
    skip = measure({name: part for name, part in params.items() if name != "actor"}, np.arange(len(blocks)))
    if not settings.epochs:
        return Taught(params, float("nan"), float("nan"), skip)
    params = params | {"normaliser": normalize.update(normalize.init(lesson.observation.shape[1]), lesson.observation)}
    shown = np.flatnonzero(~is_aside)
    count = max(len(shown) // settings.batch, 1)
    rate = optax.cosine_decay_schedule(settings.rate, settings.epochs * count)
    optimiser = optax.chain(optax.clip_by_global_norm(CLIP), optax.adam(rate))
    step = _stepper(optimiser, lesson.actions, lesson.muscles)
    moments, seen = optimiser.init(params["actor"]), []
    for _ in range(settings.epochs):
        seen = []
        for rows in np.array_split(rng.permutation(shown)[: count * settings.batch], count):
            actor, moments, loss = step(params, moments, lesson.rows(rows))
            params = params | {"actor": actor}
            seen.append(loss)
    held = measure(params, np.flatnonzero(is_aside)) if is_aside.any() else float("nan")
    return Taught(params, float(np.mean(jax.device_get(seen))), held, skip)


def _stepper(optimiser, actions: Actions, muscles: Dynamics):
    """One step of the optimiser on a batch: the actor's layers, its moments and the loss."""

    @jax.jit
    def step(params: network.Parameters, moments, batch: tuple[jax.Array, jax.Array, jax.Array]):
        def loss(actor: network.Layers) -> jax.Array:
            error = _error(params | {"actor": actor}, batch, actions, muscles)
            return jnp.mean(losses.bounded(error, WORTH))

        value, gradient = jax.value_and_grad(loss)(params["actor"])
        change, moments = optimiser.update(gradient, moments, params["actor"])
        return optax.apply_updates(params["actor"], change), moments, value

    return step


def _error(
    params: network.Parameters, batch: tuple[jax.Array, jax.Array, jax.Array], actions: Actions, muscles: Dynamics
) -> jax.Array:
    """What the muscles would do less what they should, (N, A).

    A muscle that is to relax as fast as it can does so whatever is asked for below; so what is asked for is cut to what
    can be reached before it is compared. A little of the uncut error stays, to lead back what is far outside.
    """
    observation, wanted, activation = batch
    asked = network.mode(params, observation)
    if not activation.shape[-1]:
        return asked - wanted
    low, high = (rest_of(actions, edge) for edge in reachable(muscles, jnp.asarray(activation, jnp.float32)))
    return jnp.clip(asked, low, high) - wanted + LEAK * (asked - jnp.clip(asked, low - SLACK, high + SLACK))


def _measure(lesson: Lesson):
    """A function of parameters and rows: the mean squared error, a part at a time."""

    @jax.jit
    def squares(params: network.Parameters, batch: tuple[jax.Array, jax.Array, jax.Array]) -> jax.Array:
        return jnp.sum(_error(params, batch, lesson.actions, lesson.muscles) ** 2)

    def measure(params: network.Parameters, rows: np.ndarray) -> float:
        if "actor" not in params:
            params = params | {"actor": {"out": _nothing(lesson)}}
        total = sum(float(squares(params, lesson.rows(rows[i : i + PART]))) for i in range(0, len(rows), PART))
        return total / (len(rows) * lesson.action.shape[1])

    return measure


def _nothing(lesson: Lesson) -> dict[str, jax.Array]:
    """The last layer of a network that adds nothing."""
    size = lesson.observation.shape[1], lesson.action.shape[1]
    return {"w": jnp.zeros(size, jnp.float32), "b": jnp.zeros(size[1], jnp.float32)}
