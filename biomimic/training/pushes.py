"""Pushes on the trunk while a policy learns: what it has never felt it will not withstand."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

from biomimic import config
from biomimic.errors import BadValue
from biomimic.training.engine import CONTROL_STEP


@dataclass(frozen=True)
class Pushes:
    """Horizontal forces at the origin of a free root, one in every stretch of time, at any moment and in any direction.

    Args:
        force: of the strongest [N]; 0: none at all.
        least: of the weakest, as a share of that.
        lasting: of each [s].
        every: length of a stretch [s].
    """

    force: float = config.ranged(0.0, low=0.0)
    least: float = config.ranged(0.0, low=0.0, high=1.0)
    lasting: float = config.ranged(0.1, low=CONTROL_STEP)
    every: float = config.ranged(3.0, low=CONTROL_STEP)

    def __post_init__(self) -> None:
        if self.lasting > self.every:
            raise BadValue(
                f"Pushes of {self.lasting:g} s, one in every {self.every:g} s, were asked for; `every` must not be the "
                "shorter one."
            )


@partial(jax.jit, static_argnums=0)
def forces(pushes: Pushes, keys: jax.Array, age: jax.Array) -> jax.Array:
    """Force at the root of B bodies in the control step that begins now, (B, 3) [N], in the world.

    Args:
        pushes: see Pushes.
        keys: random keys of the episodes, (B,); what an episode feels depends on its key and age alone.
        age: control steps since the start, (B,).
    """
    stretch, steps = round(pushes.every / CONTROL_STEP), round(pushes.lasting / CONTROL_STEP)

    def one(key: jax.Array, age: jax.Array) -> jax.Array:
        first, second, third = jax.random.split(jax.random.fold_in(key, age // stretch), 3)
        begin = jax.random.randint(first, (), 0, stretch - steps + 1)
        size = pushes.force * (pushes.least + (1.0 - pushes.least) * jax.random.uniform(second))
        angle = 2 * jnp.pi * jax.random.uniform(third)
        within = age % stretch - begin
        is_pushed = (within >= 0) & (within < steps)
        return jnp.where(is_pushed, size, 0.0) * jnp.stack([jnp.cos(angle), jnp.sin(angle), jnp.zeros(())])

    return jax.vmap(one)(keys, age)
