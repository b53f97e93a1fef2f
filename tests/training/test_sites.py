"""Imitated sites: rotations against SciPy, speeds against MuJoCo and differences, relations worked by hand."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from made_swings import data_at, made, swing, view_of
from scipy.spatial.transform import Rotation

from biomimic.training import sites

HALF = np.sqrt(0.5)
quaternion, rotation_vector, angle_between = (
    jax.jit(function) for function in (sites.quaternion, sites.rotation_vector, sites.angle_between)
)


@pytest.mark.oracle
def test_rotations_at_every_angle():
    """SciPy's quaternions and rotation vectors, also near 0 and near a half turn."""
    random = np.random.default_rng(1)
    axes = random.normal(size=(60, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    angles = np.concatenate([np.linspace(0, np.pi - 1e-3, 40), 10.0 ** np.linspace(-6, -1, 20)])
    turns = Rotation.from_rotvec(axes * angles[:, None])
    found = quaternion(jnp.asarray(turns.as_matrix(), dtype=jnp.float32))
    expected = turns.as_quat(canonical=True)[:, [3, 0, 1, 2]]
    np.testing.assert_allclose(found, expected, atol=5e-7)
    np.testing.assert_allclose(rotation_vector(jnp.asarray(expected)), axes * angles[:, None], atol=2e-6)
    np.testing.assert_allclose(
        rotation_vector(-jnp.asarray(expected)), axes * angles[:, None], atol=2e-6
    )  # the same rotation


def test_quarter_turn_by_hand():
    """A quarter turn about z: quaternion (cos 45, 0, 0, sin 45), vector (0, 0, pi / 2)."""
    turn = jnp.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    found = quaternion(turn)
    np.testing.assert_allclose(found, [HALF, 0, 0, HALF], atol=1e-7)
    np.testing.assert_allclose(rotation_vector(found), [0, 0, np.pi / 2], atol=1e-6)
    still = jnp.array([1.0, 0.0, 0.0, 0.0])
    assert float(angle_between(still, found)) == pytest.approx(np.pi / 2, abs=1e-6)
    assert float(angle_between(still, -3 * found)) == pytest.approx(np.pi / 2, abs=1e-6)
    assert float(angle_between(found, found)) == pytest.approx(0.0, abs=1e-7)


def test_gradients_are_finite_where_nothing_differs():
    still = jnp.array([1.0, 0.0, 0.0, 0.0])
    assert np.isfinite(jax.jit(jax.jacobian(sites.rotation_vector))(still)).all()
    assert np.isfinite(jax.jit(jax.grad(sites.angle_between))(still, still)).all()


@pytest.mark.oracle
def test_places_and_speeds_are_those_of_mujoco():
    """mj_objectVelocity of the site or body in the world's axes, on a walking body with sites off the origins."""
    embodiment, body = made("tiny")
    qpos, qvel = swing(embodiment, np.array([0.37]))
    data = data_at(embodiment, qpos[0], qvel[0])
    found = sites.sites(view_of(embodiment, data), body)
    speed = np.zeros(6)
    for k, name in enumerate(body.site_names):
        mark = embodiment.landmarks[name]
        if mark.site:
            site = embodiment.model.site(mark.site).id
            place, kind, number = data.site_xpos[site], mujoco.mjtObj.mjOBJ_SITE, site
        else:
            number = embodiment.model.body(mark.body).id
            place, kind = data.xpos[number], mujoco.mjtObj.mjOBJ_XBODY
        mujoco.mj_objectVelocity(embodiment.model, data, kind, number, speed, 0)
        np.testing.assert_allclose(found.place[k], place, atol=1e-6)
        np.testing.assert_allclose(found.speed[k], speed, atol=2e-5)


def test_relations_by_hand():
    """The reference stands at (1, 0, 0), turned a quarter about z; the other at (1, 2, 0), not turned.

    Position (0, 2, 0); turn minus a quarter, Q. Speeds w = (0, 0, 1), v = (1, 0, 0) and w = (1, 0, 0), v = (0, 0, 2):
    rotation Q' (1, 0, 0) - (0, 0, 1) = (0, 1, -1), as Q' is a quarter about z; translation R (1, 0, -2) = (0, 1, -2).
    """
    quarter = jnp.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    found = jax.jit(sites.relative)(
        sites.Sites(
            place=jnp.array([[1.0, 0.0, 0.0], [1.0, 2.0, 0.0]]),
            turn=jnp.stack([quarter, jnp.eye(3)]),
            speed=jnp.array([[0.0, 0.0, 1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0, 2.0]]),
        )
    )
    np.testing.assert_allclose(found.position, [[0, 2, 0]])
    np.testing.assert_allclose(found.quaternion, [[HALF, 0, 0, -HALF]], atol=1e-6)
    np.testing.assert_allclose(found.velocity, [[0, 1, -1, 0, 1, -2]], atol=1e-6)


def test_relations_do_not_change_when_the_body_is_moved():
    embodiment, body = made("tiny")
    qpos, qvel = swing(embodiment, np.array([0.2]))
    moved = qpos[0].copy()
    moved[:2] += [3.0, -2.0]
    here, there = (
        sites.relative(sites.sites(view_of(embodiment, data_at(embodiment, pose, qvel[0])), body))
        for pose in (qpos[0], moved)
    )
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=5e-6), here, there)
