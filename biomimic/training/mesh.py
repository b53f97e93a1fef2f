"""One update on many devices: the bodies are dealt out, the parameters are everywhere, gradients are summed by XLA.

Every device holds the samples of its own bodies. `ppo.PPO.groups` must be a multiple of the number of devices, so that
no minibatch needs the observation of another device; the update is then that of one device up to the order of sums.
With several processes (`jax.distributed`) each hands in its own bodies, in the order of the processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from biomimic.errors import BadValue
from biomimic.training import normalize, optimise, ppo

AXIS = "bodies"
Tree = TypeVar("Tree")


def build(devices: Sequence[jax.Device], settings: ppo.PPO) -> Mesh:
    """A row of devices.

    Raises:
        BadValue: the recipe's groups cannot be dealt out to them evenly.
    """
    if settings.groups % len(devices):
        raise BadValue(
            f"{settings.groups} groups of bodies cannot be dealt out to {len(devices)} devices; set groups of the "
            f"recipe's PPO to {len(devices)} or a multiple of it that divides {settings.environments} environments."
        )
    return Mesh(np.asarray(devices), (AXIS,))


def everywhere(mesh: Mesh, tree: Tree) -> Tree:
    """The same arrays on every device; every process hands in the same."""
    return jax.tree.map(lambda leaf: jax.device_put(leaf, NamedSharding(mesh, PartitionSpec())), tree)


def deal(mesh: Mesh, tree: Tree, axis: int) -> Tree:
    """Arrays dealt out along the axis of the bodies; a process hands in those of its own devices."""
    sharding = NamedSharding(mesh, PartitionSpec(*[None] * axis, AXIS))

    def dealt(leaf: jax.Array) -> jax.Array:
        if jax.process_count() == 1:
            return jax.device_put(leaf, sharding)
        return jax.make_array_from_process_local_data(sharding, np.asarray(leaf))

    return jax.tree.map(dealt, tree)


def place(mesh: Mesh, learner: ppo.Learner) -> ppo.Learner:
    """A learner for `updater`: everywhere, but the running returns of the bodies, which are dealt out."""
    scale = everywhere(mesh, learner.scale._replace(running=()))
    running = deal(mesh, learner.scale.running, 0)
    return everywhere(mesh, learner._replace(scale=()))._replace(scale=scale._replace(running=running))


def updater(
    mesh: Mesh, settings: ppo.PPO, optimiser: optimise.Optimiser
) -> Callable[[ppo.Learner, ppo.Unroll, jax.Array], tuple[ppo.Learner, dict[str, jax.Array]]]:
    """`ppo.update` compiled for the mesh: (learner from `place`, unroll dealt along axis 1, key) → learner, figures."""
    common = NamedSharding(mesh, PartitionSpec())
    scale = normalize.Scale(NamedSharding(mesh, PartitionSpec(AXIS)), common, common, common)
    learner = ppo.Learner(*[common] * len(ppo.Learner._fields))._replace(scale=scale)
    return jax.jit(partial(ppo.update, settings, optimiser), out_shardings=(learner, common))
