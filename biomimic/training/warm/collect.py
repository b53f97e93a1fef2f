"""Walks of the tracker and of its students, with what the tracker would do at every step."""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from biomimic.training import network, noise
from biomimic.training.engine import CONTROL_STEP
from biomimic.training.env import Env, Stage, State
from biomimic.training.noise import Noise
from biomimic.training.pushes import Pushes
from biomimic.training.warm import teacher
from biomimic.training.warm.foreign import Visits
from biomimic.training.warm.settings import WarmStart

PUSHED_EVERY = 2.0  # [s] when the warm start pushes


class Labels(NamedTuple):
    """Samples for a student, in the order in which they were walked, one body after the other.

    Attributes:
        observation: (N, O) float32.
        action: of the tracker there, (N, A) float32.
        activation: of the muscles there, which bounds what they can reach, (N, na) float16; (N, 0) for accelerations.
        falls: how many walks failed or were given up.
        seconds: that all bodies walked.
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


class Walks:
    """What is drawn for each body: who drives it, and how much noise its walk gets.

    Attributes:
        spread: of the noise, (B,).
        is_taught: whether the tracker drives, (B,) bool.
    """

    def __init__(self, settings: WarmStart, bodies: int, share: float, rng: np.random.Generator) -> None:
        self._settings, self._share, self._rng = settings, share, rng
        self.spread, self.is_taught = np.zeros(bodies), np.zeros(bodies, bool)
        self._left = np.zeros(bodies)
        self.begin(np.ones(bodies, bool))

    def begin(self, begun: np.ndarray) -> None:
        """Draw the noise of walks that begin, (B,) bool."""
        drawn, least = self._rng.uniform(size=(2, len(begun))), self._settings.noise_least
        noisy = drawn[1] >= self._settings.clean
        self.spread = np.where(begun, noisy * self._settings.noise * (least + (1 - least) * drawn[0]), self.spread)

    def step(self) -> None:
        """Draw who drives where the last turn is over."""
        drawn, over = self._rng.uniform(size=(2, len(self._left))), self._left <= 0
        self.is_taught = np.where(over, drawn[0] < self._share, self.is_taught)
        low, high = self._settings.turns
        lasting = low + (high - low) * drawn[1] if high > 0 else np.inf
        self._left = np.where(over, lasting, self._left) - CONTROL_STEP


def calmed(settings: WarmStart) -> WarmStart:
    """The settings for rounds in which a policy drives."""
    return replace(settings, noise=settings.calm * settings.noise, push=settings.calm * settings.push)


def pushed(env: Env, settings: WarmStart) -> Env:
    """The environment with the pushes of the warm start in place of the recipe's."""
    if settings.push == env.task.pushes.force == 0:
        return env
    return replace(env, task=replace(env.task, pushes=Pushes(force=settings.push, every=PUSHED_EVERY)))


def labels(env: Env, settings: WarmStart, policy: network.Parameters | None, key: jax.Array) -> Labels:
    """Let bodies walk and ask the tracker what it would do.

    Args:
        env: of as many bodies as are to walk, on MuJoCo C; see `pushed`.
        settings: of the warm start; see `calmed`.
        policy: drives the bodies that the tracker does not; None: the tracker drives all.
        key: of everything that is drawn.
    """
    steps, bodies = round(settings.seconds / CONTROL_STEP), env.engine.size
    first, second, third, key = jax.random.split(key, 4)
    rng = np.random.default_rng(np.asarray(jax.random.key_data(first)))
    walks = Walks(settings, bodies, 1.0 if policy is None else settings.teacher, rng)
    stage, filtered = plain(env), Noise(settings.noise_time)
    state, unit = env.reset(second, stage), jnp.ones(env.task.action_size)
    offset = noise.start(third, unit, bodies)
    is_muscular = env.task.actions.kind != "acceleration"
    found, visits, everyone = _Found(is_muscular * env.task.action_size), Visits(rng), np.ones(bodies, bool)
    for step, own in enumerate(jax.random.split(key, steps)):
        walks.step()
        is_told = step % settings.every == 0
        label = teacher.told(env, state, everyone if is_told else walks.is_taught)
        mean = label if policy is None else _mixed(policy, state.observation, label, walks.is_taught)
        if is_told:
            found.keep(state, label, everyone)
            other = visits.samples(env, state, settings.foreign)
            if other is not None:
                found.keep(*other)
        drawn = noise.draw(filtered, own, jnp.zeros_like(mean), unit, offset)
        offset = drawn.offset
        state, outcome = env.step(state, mean + walks.spread[:, None] * offset, stage)
        done = np.asarray(outcome.done)
        lost = ~done & _is_off_course(state, settings.off_course)
        state = env.renew(state, lost, stage) if lost.any() else state
        found.end(np.asarray(outcome.terminated) | lost, done | lost)
        walks.begin(done | lost)
    return found.labels(round(settings.before_fall / CONTROL_STEP), steps * bodies * CONTROL_STEP)


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


class _Found:
    """Samples on their way: what was seen and told, when and to whom, and where walks ended."""

    def __init__(self, muscles: int) -> None:
        self._muscles = muscles
        self._samples, self._fell, self._done = [], [], []

    def keep(self, state: State, label: np.ndarray, chosen: np.ndarray) -> None:
        """Add the states of the chosen bodies, (B,) bool, in the control step that comes."""
        bodies = np.flatnonzero(chosen)
        parts = state.observation, label, np.asarray(state.view.activation[:, : self._muscles], np.float16)
        values = [np.asarray(part)[bodies] for part in parts]
        self._samples.append((*values, bodies, np.full(len(bodies), len(self._done))))

    def end(self, fell: np.ndarray, done: np.ndarray) -> None:
        """Whose walk failed, and whose was over, (B,) bool each, in the control step just done."""
        self._fell.append(fell)
        self._done.append(done)

    def labels(self, before_fall: int, seconds: float) -> Labels:
        """All samples but those in the last steps before a fall and those that are no numbers."""
        observation, action, activation, body, step = (np.concatenate(part) for part in zip(*self._samples))
        kept = _before_falls(np.array(self._fell), np.array(self._done), before_fall)[step, body]
        kept &= np.isfinite(observation).all(axis=1) & np.isfinite(action).all(axis=1)
        rows = np.flatnonzero(kept)
        rows = rows[np.lexsort((step[rows], body[rows]))]
        return Labels(observation[rows], action[rows], activation[rows], int(np.sum(self._fell)), seconds)


def _is_off_course(state: State, limit: float) -> np.ndarray:
    """Whose capture point is too far from where it should be, (B,) bool."""
    return np.linalg.norm(np.asarray(state.memory.stride.footing.error), axis=1) > limit


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
