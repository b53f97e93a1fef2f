"""A short look at a policy during training: without exploration, on MuJoCo C, from the same starts every time."""

import jax
import jax.numpy as jnp
import numpy as np

from biomimic.training import network
from biomimic.training.engine import CONTROL_STEP
from biomimic.training.env import Env, Stage

_mode = jax.jit(network.mode)


def measure(env: Env, policy: network.Parameters, steps: int, key: jax.Array) -> dict[str, float]:
    """How long and how well the bodies follow their targets.

    Args:
        env: of the bodies that are looked at; not the one that is trained in.
        policy: parameters with observation statistics.
        steps: control steps at most; a body that fails, or whose clip or horizon is over, is not looked at further.
        key: of the starts.

    Returns:
        `time`, mean and median until a body failed or was done [s]; `survived`, share that did not fail; `return`, mean
        sum of rewards; `reward`, mean per step; `falls_per_second`.
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
    seconds = time * CONTROL_STEP
    return {
        "time": float(seconds.mean()),
        "time_median": float(np.median(seconds)),
        "survived": float(1.0 - failed.mean()),
        "return": float(total.mean()),
        "reward": float(total.sum() / time.sum()),
        "falls_per_second": float(failed.sum() / seconds.sum()),
    }
