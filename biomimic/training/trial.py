"""A short look at a policy during training: without exploration, on MuJoCo C, from the same starts every time."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from biomimic.training import network
from biomimic.training.engine import CONTROL_STEP
from biomimic.training.env import Env, Stage

_mode = jax.jit(network.mode)


class Walked(NamedTuple):
    """What became of B bodies.

    Attributes:
        time: until a body failed or was done, (B,) [s].
        failed: (B,) bool.
        gathered: sum of its rewards, (B,).
    """

    time: np.ndarray
    failed: np.ndarray
    gathered: np.ndarray


def walk(env: Env, policy: network.Parameters, steps: int, key: jax.Array) -> Walked:
    """Let the bodies follow their targets until they fail.

    Args:
        env: of the bodies that are looked at; not the one that is trained in.
        policy: parameters with observation statistics.
        steps: control steps at most; a body that fails, or whose clip or horizon is over, is not looked at further.
        key: of the starts and pushes: the same key, the same ones for every policy.
    """
    size = env.engine.size
    stage = Stage(jnp.full(env.clips.count, 1.0 / env.clips.count), {}, None)
    state = env.reset(key, stage)
    going, failed = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    time, total = np.zeros(size), np.zeros(size)
    for _ in range(steps):
        state, outcome = env.step(state, _mode(policy, state.observation), stage)
        time += going
        total += going * np.asarray(outcome.reward)
        failed |= going & np.asarray(outcome.terminated)
        going &= ~np.asarray(outcome.done)
        if not going.any():
            break
    return Walked(time * CONTROL_STEP, failed, total)


def measure(env: Env, policy: network.Parameters, steps: int, key: jax.Array) -> dict[str, float]:
    """How long and how well the bodies follow their targets; see `walk` for the arguments.

    Returns:
        `time`, mean and median until a body failed or was done [s]; `survived`, share that did not fail; `return`, mean
        sum of rewards; `reward`, mean per step; `falls_per_second`.
    """
    walked = walk(env, policy, steps, key)
    seconds = walked.time.sum()
    return {
        "time": float(walked.time.mean()),
        "time_median": float(np.median(walked.time)),
        "survived": float(1.0 - walked.failed.mean()),
        "return": float(walked.gathered.mean()),
        "reward": float(walked.gathered.sum() / seconds * CONTROL_STEP),
        "falls_per_second": float(walked.failed.sum() / seconds),
    }
