"""What the tracker would do in the states of an environment."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from biomimic.training import cores
from biomimic.training import env as environment
from biomimic.training.env import Env, Memory, State, Task
from biomimic.training.view import BodyView


def told(env: Env, state: State, chosen: np.ndarray) -> jax.Array:
    """The tracker's actions, (B, A); zeros for bodies that were not chosen (B,), which cost nothing."""
    action, rows = np.zeros((env.engine.size, env.task.action_size), np.float32), np.flatnonzero(chosen)
    if len(rows):
        action[rows] = cores.some(partial(_asked, env.task), (state.memory, state.view), rows)
    return jnp.asarray(action)


@partial(jax.jit, static_argnums=0)
def _asked(task: Task, memory: Memory, view: BodyView) -> jax.Array:
    """The tracker's actions in each of B views, one after the other, (B, A)."""

    def one(given: tuple[Memory, BodyView]) -> jax.Array:
        own, seen = given
        stride, look = task.layer.look(own.stride, seen)
        return environment.advice(task, stride, seen, look)

    return jax.lax.map(one, (memory, view))
