"""Places, turns and speeds of the imitated sites, and how they relate to the reference site: one body, JAX."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from biomimic.training.body import Body
from biomimic.training.view import BodyView


class Sites(NamedTuple):
    """All sites, the reference first.

    Attributes:
        place: in the world, (K, 3) [m].
        turn: orientation in the world, (K, 3, 3).
        speed: rotation, then translation of the site, along the world's axes, (K, 6) [rad/s, m/s].
    """

    place: jax.Array
    turn: jax.Array
    speed: jax.Array


class Relative(NamedTuple):
    """The sites but the reference, relative to it, as MuscleMimic 0.1.0 takes them.

    Attributes:
        position: difference of the places along the world's axes, (K - 1, 3) [m].
        quaternion: of the turn in the reference's frame, w x y z, (K - 1, 4).
        velocity: see `relative`, (K - 1, 6) [rad/s, m/s].
    """

    position: jax.Array
    quaternion: jax.Array
    velocity: jax.Array


def sites(view: BodyView, body: Body) -> Sites:
    """The sites of one body.

    Source:
        rigid motion: v_site = v_centre + omega x (site - centre); cvel is taken at the figure's centre of mass.
    """
    turn = view.xmat[body.site_body]
    place = view.xpos[body.site_body] + jnp.einsum("kij,kj->ki", turn, body.site_offset.astype("float32"))
    spin, drift = view.cvel[body.site_body, :3], view.cvel[body.site_body, 3:]
    speed = jnp.concatenate([spin, drift + jnp.cross(spin, place - view.centre)], axis=-1)
    return Sites(place, turn, speed)


def relative(found: Sites) -> Relative:
    """The sites relative to the reference a, with rotation matrices R and world speeds (w, v):

    position x_i - x_a; turn R_a' R_i; rotational velocity (R_a' R_i)' w_i - w_a; linear velocity R_a (v_a - v_i).

    Source:
        the definitions of MuscleMimic 0.1.0, which leaves positions along the world's axes and mixes frames in the
        velocities; they are zero for equal motions, as they should, and kept so that its figures can be compared.
    """
    turn = jnp.einsum("ji,kjl->kil", found.turn[0], found.turn[1:])
    spin = jnp.einsum("kji,kj->ki", turn, found.speed[1:, :3]) - found.speed[0, :3]
    drift = (found.speed[0, 3:] - found.speed[1:, 3:]) @ found.turn[0].T
    return Relative(
        position=found.place[1:] - found.place[0],
        quaternion=quaternion(turn),
        velocity=jnp.concatenate([spin, drift], axis=-1),
    )


def quaternion(turn: jax.Array) -> jax.Array:
    """Unit quaternions w x y z with w >= 0 of rotation matrices, (..., 3, 3) -> (..., 4).

    Of four equivalent formulas the one with the largest divisor is taken, so that every angle is accurate.
    """
    m = [[turn[..., i, j] for j in range(3)] for i in range(3)]
    trace = m[0][0] + m[1][1] + m[2][2]
    w, x, y, z = 1 + trace, *(1 + 2 * m[i][i] - trace for i in range(3))
    wx, wy, wz = m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]
    xy, xz, yz = m[0][1] + m[1][0], m[0][2] + m[2][0], m[1][2] + m[2][1]
    rows = jnp.stack(
        [jnp.stack(row, axis=-1) for row in ((w, wx, wy, wz), (wx, x, xy, xz), (wy, xy, y, yz), (wz, xz, yz, z))],
        axis=-2,
    )
    largest = jnp.argmax(jnp.stack([w, x, y, z], axis=-1), axis=-1)
    chosen = jnp.take_along_axis(rows, largest[..., None, None], axis=-2)[..., 0, :]
    chosen = chosen / jnp.linalg.norm(chosen, axis=-1, keepdims=True)
    return jnp.where(chosen[..., :1] < 0, -chosen, chosen)


def rotation_vector(quaternions: jax.Array) -> jax.Array:
    """Rotation vectors of at most pi, of quaternions w x y z, (..., 4) -> (..., 3) [rad]."""
    quaternions = jnp.where(quaternions[..., :1] < 0, -quaternions, quaternions)
    square = jnp.sum(quaternions[..., 1:] ** 2, axis=-1, keepdims=True)
    is_small = square < 1e-14
    sine = jnp.sqrt(jnp.where(is_small, 1.0, square))
    angle = 2 * jnp.arctan2(sine, quaternions[..., :1])
    return quaternions[..., 1:] * jnp.where(is_small, 2.0, angle / sine)


def angle_between(first: jax.Array, second: jax.Array) -> jax.Array:
    """Angle of the rotation from one to the other, quaternions of any length, (..., 4) -> (...) [rad], 0 to pi.

    From the vector part of the difference, which is accurate at small angles where an arc cosine is not.
    """
    w = jnp.sum(first * second, axis=-1)
    cross = jnp.cross(first[..., 1:], second[..., 1:])
    vector = first[..., :1] * second[..., 1:] - second[..., :1] * first[..., 1:] - cross
    square = jnp.sum(vector**2, axis=-1)
    sine = jnp.sqrt(jnp.where(square < 1e-30, 1.0, square))
    return jnp.where(square < 1e-30, 0.0, 2 * jnp.arctan2(sine, jnp.abs(w)))
