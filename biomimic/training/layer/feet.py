"""The feet as the tracker sees them: points that can bear load, and whether a foot touches the floor, in JAX."""

from typing import NamedTuple

import mujoco
import numpy as np
from jax import numpy as jnp

from biomimic.control.contact import POINTS
from biomimic.embodiment import Embodiment

SIDES = ("right", "left")


class Feet(NamedTuple):
    """Ends of the capsules of both feet, the right foot first, and ellipsoids that can touch the floor too.

    Attributes:
        body: of each point, (POINTS,); end: place in it, (POINTS, 3) [m]; radius: (POINTS,) [m].
        round_body: of each ellipsoid, (E,); round_place: (E, 3) [m]; round_turn: (E, 3, 3); round_size: (E, 3) [m];
            round_side: 0 right, 1 left, (E,).
        ankles: bodies, right and left.
    """

    body: np.ndarray
    end: np.ndarray
    radius: np.ndarray
    round_body: np.ndarray
    round_place: np.ndarray
    round_turn: np.ndarray
    round_size: np.ndarray
    round_side: np.ndarray
    ankles: np.ndarray


def feet(embodiment: Embodiment) -> Feet:
    """The feet of a body whose foot geoms are capsules and ellipsoids on a floor at height 0."""
    model = embodiment.model
    geoms = np.concatenate([embodiment.feet[side].geom_ids for side in SIDES])
    side = np.repeat([0, 1], [len(embodiment.feet[name].geom_ids) for name in SIDES])
    capsules = geoms[model.geom_type[geoms] == mujoco.mjtGeom.mjGEOM_CAPSULE]
    is_round = model.geom_type[geoms] == mujoco.mjtGeom.mjGEOM_ELLIPSOID
    rounds = geoms[is_round]
    ends = []
    for geom in capsules:
        axis = _turn(model.geom_quat[geom])[:, 2] * model.geom_size[geom, 1]
        ends += [model.geom_pos[geom] - axis, model.geom_pos[geom] + axis]
    return Feet(
        body=np.repeat(model.geom_bodyid[capsules], 2),
        end=np.array(ends),
        radius=np.repeat(model.geom_size[capsules, 0], 2),
        round_body=model.geom_bodyid[rounds],
        round_place=model.geom_pos[rounds].copy(),
        round_turn=np.array([_turn(model.geom_quat[geom]) for geom in rounds]).reshape(-1, 3, 3),
        round_size=model.geom_size[rounds].copy(),
        round_side=side[is_round],
        ankles=np.array([model.body(embodiment.landmarks[f"ankle_{name}"].body).id for name in SIDES]),
    )


def places(feet: Feet, view) -> tuple[jnp.ndarray, jnp.ndarray]:
    """Points of both feet in the world, (POINTS, 3) [m], and how high their spheres are above the floor, (POINTS,)."""
    place = view.xpos[feet.body] + jnp.einsum("kij,kj->ki", view.xmat[feet.body], feet.end)
    return place, place[:, 2] - feet.radius


def touching(feet: Feet, view, height: jnp.ndarray) -> jnp.ndarray:
    """Whether the right and the left foot touch the floor, (2,) bool."""
    lowest = jnp.min(height.reshape(2, POINTS // 2), axis=1)
    if len(feet.round_body):
        turn = view.xmat[feet.round_body]
        centre = view.xpos[feet.round_body, 2] + jnp.einsum("ej,ej->e", turn[:, 2], feet.round_place)
        up = jnp.einsum("ej,ejk->ek", turn[:, 2], feet.round_turn)
        bottom = centre - jnp.sqrt(jnp.sum((up * feet.round_size) ** 2, axis=1))
        own = jnp.stack([jnp.min(jnp.where(feet.round_side == k, bottom, jnp.inf)) for k in (0, 1)])
        lowest = jnp.minimum(lowest, own)
    return lowest < 0.0


def _turn(quaternion: np.ndarray) -> np.ndarray:
    turn = np.zeros(9)
    mujoco.mju_quat2Mat(turn, quaternion)
    return turn.reshape(3, 3)
