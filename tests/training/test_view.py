"""The view of a body: weights worked by hand, MuJoCo's own structures, and what is said of a broken state."""

import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import BadValue
from biomimic.training import view

MASS, GRAVITY = 2.0, 9.81
BALL = f"""
<mujoco><option timestep="0.002" gravity="0 0 -{GRAVITY}"/><worldbody>
  <geom type="plane" size="0 0 1"/>
  <body pos="0 0 0.1"><freejoint/><geom size="0.1" mass="{MASS}"/><site name="s" size="0.12"/></body>
</worldbody><sensor><framelinvel objtype="site" objname="s"/><touch site="s"/></sensor></mujoco>
"""
PENDULUM = """
<mujoco><option timestep="0.002"/><worldbody>
  <body><joint name="j" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 0 0 -1" size="0.05" mass="1"/>
    <site name="s" pos="0 0 -1"/></body>
</worldbody><actuator>{actuator}</actuator></mujoco>
"""


@pytest.fixture(scope="module")
def tiny() -> mujoco.MjModel:
    return embodiment.load("tiny", timestep=0.002).model


def test_a_ball_at_rest_weighs_its_weight():
    """After it has settled, contact force and touch are m g, and the centre stands still at the ball's."""
    model = mujoco.MjModel.from_xml_string(BALL)
    data = mujoco.MjData(model)
    for _ in range(2000):
        mujoco.mj_step(model, data)
    mujoco.mj_step1(model, data)
    seen = view.of_data(model, data)
    np.testing.assert_allclose(seen.constraint[:3], [0, 0, MASS * GRAVITY], atol=1e-3)
    np.testing.assert_allclose(seen.touch, [MASS * GRAVITY], atol=1e-3)
    np.testing.assert_allclose(seen.centre, seen.xpos[1], atol=1e-6)
    assert seen.dynamics is None and seen.muscle_force.shape == (0,)
    assert seen.xmat.shape == (2, 3, 3) and seen.cvel.shape == (2, 6)


def test_dynamics_of_a_free_ball():
    """M = diag(m, m, m, 2/5 m r^2 ...), bias = m g upwards."""
    model = mujoco.MjModel.from_xml_string(BALL)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    dynamics = view.of_data(model, data, dynamics=True, dtype=np.float64).dynamics
    full = np.zeros((6, 6))
    mujoco.mju_sparse2dense(full, dynamics.mass_matrix, model.M_rownnz, model.M_rowadr, model.M_colind)
    np.testing.assert_allclose(full, np.diag([MASS] * 3 + [0.4 * MASS * 0.01] * 3), atol=1e-12)
    np.testing.assert_allclose(dynamics.bias, [0, 0, MASS * GRAVITY, 0, 0, 0], atol=1e-12)


def test_a_view_is_a_copy_in_single_precision(tiny):
    data = mujoco.MjData(tiny)
    mujoco.mj_forward(tiny, data)
    seen = view.of_data(tiny, data, dynamics=True)
    height = seen.xpos[1, 2].copy()
    data.qpos[2] += 1
    mujoco.mj_forward(tiny, data)
    assert seen.xpos[1, 2] == height
    assert {values.dtype for values in (*seen[:-1], *seen.dynamics)} == {np.dtype(np.float32)}


def test_a_fixed_root_has_no_constraint_force():
    model = mujoco.MjModel.from_xml_string(PENDULUM.format(actuator=""))
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    assert not view.has_free_root(model)
    np.testing.assert_array_equal(view.of_data(model, data).constraint, np.zeros(6))


def test_moment_arms_keep_their_places_in_every_pose(tiny):
    """Values of the view at the places of `moment_structure` are MuJoCo's dense moment arms."""
    structure = view.moment_structure(tiny)
    data, rng = mujoco.MjData(tiny), np.random.default_rng(0)
    for _ in range(20):
        data.qpos[:] = rng.uniform(-3, 3, tiny.nq)
        mujoco.mj_forward(tiny, data)
        expected = np.zeros((tiny.nu, tiny.nv))
        mujoco.mju_sparse2dense(
            expected, data.actuator_moment.ravel(), data.moment_rownnz, data.moment_rowadr, data.moment_colind.ravel()
        )
        dense = np.zeros_like(expected)
        dense[structure.rows, structure.columns] = view.of_data(tiny, data, dynamics=True, dtype=float).dynamics.moment
        np.testing.assert_array_equal(dense, expected)


def test_actuators_whose_moment_arms_wander_are_refused():
    model = mujoco.MjModel.from_xml_string(PENDULUM.format(actuator='<general site="s" gear="1 0 0 0 0 0"/>'))
    with pytest.raises(BadValue, match="only actuators on tendons and joints"):
        view.moment_structure(model)


@pytest.mark.parametrize(
    ("field", "value", "sound"),
    [
        ("qpos", np.nan, False),
        ("qpos", 2e10, False),
        ("qvel", -np.inf, False),
        ("qvel", 9e9, True),
        ("activation", np.nan, False),
        ("muscle_force", np.inf, False),
    ],
)
def test_a_broken_state_is_not_sound(tiny, field, value, sound):
    data = mujoco.MjData(tiny)
    mujoco.mj_forward(tiny, data)
    seen = view.of_data(tiny, data)
    assert view.is_sound(seen)
    getattr(seen, field)[3] = value
    assert bool(view.is_sound(seen)) == sound
