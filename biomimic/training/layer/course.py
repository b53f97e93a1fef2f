"""The periodic target of the tracker as arrays: asked at any phase, for one body or many, in JAX."""

from typing import NamedTuple

import numpy as np
from jax import numpy as jnp

from biomimic.control.cycle import GRID, Cycle


class Course(NamedTuple):
    """What `biomimic.control.cycle.Cycle` holds, as constants of a JAX function.

    Attributes:
        table: values, first and second time derivatives at GRID phases, (GRID, 3, C).
        slices: name of a part -> its columns.
        progress: displacement of one cycle, (3,) [m].
        period: [s].
        left_strike: phase of the left heel strike.
        joints: coordinates (indices into qpos) of the part "joints", (J,).
        moment_names: angles of the part "moments".
    """

    table: np.ndarray
    slices: dict[str, slice]
    progress: np.ndarray
    period: float
    left_strike: float
    joints: np.ndarray
    moment_names: tuple[str, ...]


class Point(NamedTuple):
    """The target at one phase; each part is (3, n): value, first, second time derivative."""

    joints: jnp.ndarray  # independent joint coordinates
    turn: jnp.ndarray  # root orientation as a rotation vector
    root: jnp.ndarray  # root position [m], progress removed
    com: jnp.ndarray  # centre of mass [m], progress removed
    ankles: jnp.ndarray  # right and left [m], progress removed
    limbs: jnp.ndarray  # elbows and wrists in the trunk's frame [m]
    share: jnp.ndarray  # of the load that the right foot bears
    moments: jnp.ndarray  # net joint moments [N m]


def of(cycle: Cycle) -> Course:
    """The course of a tracker's target."""
    return Course(
        table=cycle.table,
        slices=cycle.slices,
        progress=cycle.progress,
        period=cycle.period,
        left_strike=cycle.left_strike,
        joints=cycle.joints,
        moment_names=cycle.moment_names,
    )


def at(course: Course, phase: jnp.ndarray, lead: float = 0.0) -> Point:
    """The target at a phase; accelerations and moments are those `lead` seconds later."""
    row = _row(course, phase)
    if lead:
        ahead = _row(course, phase + lead / course.period)
        moments = course.slices["moments"]
        row = row.at[2].set(ahead[2])
        row = row.at[:, moments].set(ahead[:, moments])
    return Point(**{name: row[:, span] for name, span in course.slices.items()})


def _row(course: Course, phase: jnp.ndarray) -> jnp.ndarray:
    place = (phase % 1.0) * GRID
    i = jnp.floor(place).astype(int) % GRID
    part = place - jnp.floor(place)
    table = jnp.asarray(course.table)
    return (1 - part) * table[i] + part * table[(i + 1) % GRID]
