"""All cores at work on compiled functions of many bodies: XLA runs one such function on one core."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import jax
import numpy as np
from jax import numpy as jnp

BLOCK = 4  # bodies


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


def some(function: Callable, given: tuple, rows: np.ndarray) -> np.ndarray:
    """The same for some of the bodies: in blocks of one size, so that any number of them needs one compilation.

    Args:
        function: see `share`; its value is one array.
        given: its arguments, for all bodies.
        rows: which bodies, (n,), at least one.
    """
    here = jax.tree.map(np.asarray, given)
    padded = np.append(rows, np.full(-len(rows) % BLOCK, rows[-1]))
    with ThreadPoolExecutor(_cores()) as pool:
        found = pool.map(lambda block: np.asarray(function(*_part(here, block))), padded.reshape(-1, BLOCK))
        return np.concatenate(list(found))[: len(rows)]


def _part(given: tuple, span: slice | np.ndarray) -> tuple:
    return jax.tree.map(lambda rows: rows[span], given)


@cache
def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
