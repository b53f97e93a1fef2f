"""Several processes of one training: each moves its own bodies, all learn the same."""

from typing import TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils

from biomimic.errors import BadValue

Tree = TypeVar("Tree")


def count() -> int:
    """How many there are."""
    return jax.process_count()


def index() -> int:
    """Number of this one, from 0; the first writes the run."""
    return jax.process_index()


def share(bodies: int) -> int:
    """Bodies of each process.

    Raises:
        BadValue: they cannot be dealt out evenly.
    """
    if bodies % count():
        raise BadValue(
            f"{bodies} environments cannot be dealt out to {count()} processes; set environments of the recipe's PPO "
            f"to a multiple of {count()}."
        )
    return bodies // count()


def own(tree: Tree) -> Tree:
    """What this process holds of arrays on a mesh, on its first device: its rows, or all of what is everywhere."""
    first = jax.local_devices()[0]

    def held(leaf: jax.Array) -> jax.Array:
        if leaf.is_fully_replicated:
            return jax.device_put(leaf.addressable_data(0), first)
        parts = sorted(leaf.addressable_shards, key=lambda part: part.index[0].start or 0)
        return jax.device_put(np.concatenate([np.asarray(part.data) for part in parts]), first)

    return jax.tree.map(held, tree)


def summed(figures: dict[str, jax.Array]) -> dict[str, np.ndarray]:
    """Figures added up over all processes."""
    if count() == 1:
        return {name: np.asarray(value) for name, value in figures.items()}
    everywhere = multihost_utils.process_allgather(figures)
    return {name: np.asarray(value).sum(axis=0) for name, value in everywhere.items()}


def meet(place: str) -> None:
    """Wait until all processes are at the same place."""
    if count() > 1:
        multihost_utils.sync_global_devices(place)
