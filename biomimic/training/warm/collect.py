"""Walks of the tracker and of its students, with what the tracker would do at every step."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from biomimic.training import cores, network, noise
from biomimic.training import env as environment
from biomimic.training.engine import CONTROL_STEP
from biomimic.training.env import Env, Memory, Stage, Task
from biomimic.training.noise import Noise
from biomimic.training.view import BodyView
from biomimic.training.warm.settings import WarmStart


class Labels(NamedTuple):
    """Samples for a student, in the order in which they were walked, one body after the other.

    Attributes:
        observation: (N, O) float32.
        action: of the tracker there, (N, A) float32.
        activation: of the muscles there, which bounds what they can reach, (N, na) float16; (N, 0) for accelerations.
        falls: how many bodies fell.
        seconds: that all of them walked.
    """

    observation: np.ndarray
    action: np.ndarray
    activation: np.ndarray
    falls: int
    seconds: float


class Rewards(NamedTuple):
    """What was gathered on a walk: leading axes (T, B)."""

    observation: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray


def labels(env: Env, settings: WarmStart, policy: network.Parameters | None, key: jax.Array) -> Labels:
    """Let bodies walk and ask the tracker at every step.

    Args:
        env: of as many bodies as are to walk.
        settings: of the warm start.
        policy: drives the bodies that the tracker does not; None: the tracker drives all.
        key: of everything that is drawn.
    """
    steps, bodies, size = round(settings.seconds / CONTROL_STEP), env.engine.size, env.task.action_size
    first, second, third, key = jax.random.split(key, 4)
    stage, filtered = plain(env), Noise(settings.noise_time)
    std = jnp.full(size, settings.noise)
    is_taught = np.ones(bodies, bool)
    if policy is not None:
        is_taught = np.asarray(jax.random.uniform(first, (bodies,))) < settings.teacher
    state, offset = env.reset(second, stage), noise.start(third, std, bodies)
    seen, told, done, fell, active = [], [], [], [], []
    is_muscular = env.task.actions.kind != "acceleration"
    for own in jax.random.split(key, steps):
        label = cores.share(partial(asked, env.task), (state.memory, state.view))
        mean = label if policy is None else _mixed(policy, state.observation, label, is_taught)
        drawn = noise.draw(filtered, own, mean, std, offset)
        seen.append(np.asarray(state.observation))
        told.append(np.asarray(label))
        active.append(np.asarray(state.view.activation[:, : is_muscular * size], np.float16))
        state, outcome = env.step(state, drawn.action, stage)
        offset = drawn.offset
        done.append(np.asarray(outcome.done))
        fell.append(np.asarray(outcome.terminated))
    kept = _before_falls(np.array(fell), np.array(done), round(settings.before_fall / CONTROL_STEP))
    observation, action = np.array(seen), np.array(told)
    kept &= np.isfinite(observation).all(axis=2) & np.isfinite(action).all(axis=2)
    order = np.ascontiguousarray(kept.T)
    return Labels(
        observation=observation.swapaxes(0, 1)[order],
        action=action.swapaxes(0, 1)[order],
        activation=np.array(active).swapaxes(0, 1)[order],
        falls=int(np.sum(fell)),
        seconds=steps * bodies * CONTROL_STEP,
    )


def rewards(env: Env, policy: network.Parameters, seconds: float, key: jax.Array) -> Rewards:
    """Let bodies walk without noise and keep what they gather."""
    stage, rows = plain(env), []
    state = env.reset(key, stage)
    for _ in range(round(seconds / CONTROL_STEP)):
        observation = np.asarray(state.observation)
        state, outcome = env.step(state, _mode(policy, state.observation), stage)
        rows.append([observation, *map(np.asarray, (outcome.reward, outcome.terminated, outcome.truncated))])
    return Rewards(*map(np.array, zip(*rows)))


def plain(env: Env) -> Stage:
    """All clips alike, weights and limits as the recipe has them."""
    return Stage(np.full(env.clips.count, 1.0 / env.clips.count, np.float32), {}, None)


@partial(jax.jit, static_argnums=0)
def asked(task: Task, memory: Memory, view: BodyView) -> jax.Array:
    """What the tracker would do in each of B views, in units of action, (B, A)."""

    def one(given: tuple[Memory, BodyView]) -> jax.Array:
        own, seen = given
        stride, look = task.layer.look(own.stride, seen)
        return environment.advice(task, stride, seen, look)

    return jax.lax.map(one, (memory, view))


@jax.jit
def _mixed(policy: network.Parameters, observation: jax.Array, label: jax.Array, is_taught: jax.Array) -> jax.Array:
    return jnp.where(is_taught[:, None], label, network.mode(policy, observation))


_mode = jax.jit(network.mode)


def _before_falls(fell: np.ndarray, done: np.ndarray, steps: int) -> np.ndarray:
    """Which steps (T, B) are not among the last `steps` before a fall; the step that led to a fall counts as one."""
    kept = np.ones(fell.shape, bool)
    for time, body in np.argwhere(fell):
        ends = np.flatnonzero(done[:time, body])
        begin = ends[-1] + 1 if len(ends) else 0
        kept[max(begin, time + 1 - steps) : time + 1, body] = False
    return kept
