"""Phase-scheduled linear map beside the network: the strongest cheap student of the tracker, as a skip path.

The table (combinations 4, knots K, inputs + 1, outputs) holds one affine map for each combination of the two feet's
stance flags and each of K phases spread evenly over the stride, the first at phase 0. Between two knots the maps are
interpolated linearly and cyclically; combination 2 * right + left. The last row of a map is its constant.

It reads the block "stride" as it stands, which comes first in an observation: phase in [0, 1), stance flag right,
stance flag left (0 or 1), then `inputs` errors. Only the errors are inputs of the maps; phase and flags choose the map.
"""

from __future__ import annotations

import jax
from jax import numpy as jnp

from biomimic.errors import BadValue

COMBINATIONS = 4  # two feet, each on the ground or not
SCHEDULE = 3  # leading entries of the block: phase, stance right, stance left
GATHERED = 2**25  # numbers of maps that are copied out for a batch at most; larger batches use one matrix product


def init(inputs: int, outputs: int, knots: int = 32) -> jax.Array:
    """A table of zeros, (4, knots, inputs + 1, outputs).

    Args:
        inputs: errors in the stride block, that is its width less 3.
        outputs: width of an action.
        knots: phases per stride.

    Raises:
        BadValue: a size is below 1.
    """
    if min(inputs, outputs, knots) < 1:
        found = f"{inputs} inputs, {outputs} outputs and {knots} knots"
        raise BadValue(f"A skip table with {found} was asked for; each must be 1 or more (stride block: inputs + 3).")
    return jnp.zeros(shape(inputs, outputs, knots), jnp.float32)


def shape(inputs: int, outputs: int, knots: int) -> tuple[int, int, int, int]:
    """Shape of a table."""
    return COMBINATIONS, knots, inputs + 1, outputs


def width(table: jax.Array) -> int:
    """Entries of the stride block that the table reads, phase and flags included."""
    return SCHEDULE + table.shape[2] - 1


def apply(table: jax.Array, stride: jax.Array) -> jax.Array:
    """Linear map of the errors at the stride's phase and stance.

    Args:
        table: (4, knots, inputs + 1, outputs).
        stride: (..., 3 + inputs), raw.

    Returns:
        (..., outputs).
    """
    knots, outputs = table.shape[1], table.shape[3]
    flat = stride.reshape(-1, stride.shape[-1])
    errors = jnp.concatenate([flat[:, SCHEDULE:], jnp.ones_like(flat[:, :1])], axis=1)  # (N, inputs + 1)
    chosen, weight = _neighbours(flat, knots)
    maps = table.reshape(-1, *table.shape[2:])  # (4 * knots, inputs + 1, outputs)
    if len(flat) * errors.shape[1] * outputs <= GATHERED:
        near = jnp.einsum("ni,ntio->nto", errors, maps[chosen])
        mapped = jnp.einsum("nt,nto->no", weight, near)
    else:
        spread = jnp.einsum("ntk,nt->nk", jax.nn.one_hot(chosen, len(maps), dtype=errors.dtype), weight)
        mapped = (spread[:, :, None] * errors[:, None, :]).reshape(len(flat), -1) @ maps.reshape(-1, outputs)
    return mapped.reshape(*stride.shape[:-1], outputs)


def _neighbours(stride: jax.Array, knots: int) -> tuple[jax.Array, jax.Array]:
    """Flat indices (N, 2) of the two knots around each phase and their weights (N, 2), which sum to 1."""
    place = stride[:, 0] * knots
    before = jnp.floor(place)
    share = place - before
    row = 2 * (stride[:, 1] > 0.5) + (stride[:, 2] > 0.5)
    low = before.astype(jnp.int32) % knots
    chosen = row[:, None] * knots + jnp.stack([low, (low + 1) % knots], axis=1)
    return chosen, jnp.stack([1 - share, share], axis=1)
