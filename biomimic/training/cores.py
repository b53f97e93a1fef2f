"""All cores at work on compiled functions of many bodies: XLA runs one such function on one core."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import jax
import numpy as np
from jax import numpy as jnp


def share(function: Callable, given: tuple) -> object:
    """A compiled function of arrays of B bodies, which treats each by itself, with the bodies shared out to all cores.

    Args:
        function: of arrays whose leading axis is that of the bodies, to arrays of that kind.
        given: its arguments.
    """
    bodies = len(jax.tree.leaves(given)[0])
    edges = np.linspace(0, bodies, min(_cores(), bodies) + 1).astype(int)
    spans = [slice(first, last) for first, last in zip(edges, edges[1:])]
    with ThreadPoolExecutor(len(spans)) as pool:
        waiting = [pool.submit(function, *_part(given, span)) for span in spans]
        found = [one.result() for one in waiting]
    return jax.tree.map(lambda *rows: jnp.concatenate(rows), *found)


def _part(given: tuple, span: slice) -> tuple:
    return jax.tree.map(lambda rows: rows[span], given)


@cache
def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
