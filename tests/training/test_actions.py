"""Actions: no dead half, and activation dynamics that are MuJoCo's and the tracker's."""

import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from biomimic.control.muscles import Muscles
from biomimic.errors import BadValue
from biomimic.training import actions
from biomimic.training.actions import Actions

XML = """
<mujoco><option timestep="0.002"/>
  <worldbody><body><joint name="hinge" axis="0 1 0" range="-1 1" limited="true"/>
    <geom type="capsule" size="0.02" fromto="0 0 0 0 0 0.3" mass="1"/></body></worldbody>
  <actuator>
    <muscle name="quick" joint="hinge" timeconst="0.010 0.040" force="100"/>
    <muscle name="slow" joint="hinge" timeconst="0.015 0.050" force="100"/>
  </actuator>
</mujoco>"""


@pytest.fixture(scope="module")
def model():
    return mujoco.MjModel.from_xml_string(XML)


@pytest.fixture(scope="module")
def muscles(model):
    return actions.dynamics(model, 0.01)


def test_the_default_puts_all_of_the_drive_on_actions_within_one():
    action = jnp.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    drive = actions.command(Actions(), None, None, action)
    np.testing.assert_allclose(drive, [0, 0, 0.25, 0.5, 0.75, 1, 1])
    np.testing.assert_allclose(actions.rest_of(Actions(), drive[1:-1]), action[1:-1])


def test_a_control_step_is_mujocos(model, muscles):
    data = mujoco.MjData(model)
    data.act[:], data.ctrl[:] = (0.2, 0.7), (0.9, 0.1)
    found = actions.advance(muscles, jnp.array(data.act), jnp.array(data.ctrl))
    mujoco.mj_step(model, data, nstep=5)
    np.testing.assert_allclose(found, data.act, atol=1e-6)


def test_dynamics_and_inverse_are_the_trackers(model, muscles):
    twin, draw = Muscles(model), np.random.default_rng(0)
    for _ in range(20):
        activation, wanted = draw.uniform(0, 1, (2, 2))
        low, high = actions.reachable(muscles, jnp.array(activation))
        for found, known in zip((low, high), twin.reachable(activation, 5, 0.002)):
            np.testing.assert_allclose(found, known, atol=1e-6)
        found = actions.excitation(muscles, jnp.array(activation), jnp.array(wanted))
        np.testing.assert_allclose(found, twin.excitation(activation, wanted, 5, 0.002), atol=2e-4)


def test_the_inverse_reaches_what_can_be_reached(muscles):
    draw = np.random.default_rng(1)
    activation = jnp.array(draw.uniform(0, 1, (500, 2)), jnp.float32)
    low, high = actions.reachable(muscles, activation)
    wanted = low + jnp.array(draw.uniform(0, 1, (500, 2)), jnp.float32) * (high - low)
    drive = actions.command(Actions("activation", rest=0.0, gain=1.0), muscles, activation, wanted)
    assert float(drive.min()) >= 0 and float(drive.max()) <= 1
    np.testing.assert_allclose(actions.advance(muscles, activation, drive), wanted, atol=3e-6)


def test_beyond_reach_is_as_near_as_possible(muscles):
    drive = actions.excitation(muscles, jnp.array([[0.9, 0.1]]), jnp.array([[0.0, 1.0]]))
    np.testing.assert_allclose(drive, [[0.0, 1.0]], atol=1e-6)


def test_steps_that_do_not_divide(model):
    with pytest.raises(BadValue, match=r"control step of 0\.011 s is no whole number of physics steps of 0\.002 s"):
        actions.dynamics(model, 0.011)


def test_motors_have_no_activation():
    motor = XML.replace("</actuator>", '<motor joint="hinge"/></actuator>')
    with pytest.raises(BadValue, match="only of muscles"):
        actions.dynamics(mujoco.MjModel.from_xml_string(motor), 0.01)
