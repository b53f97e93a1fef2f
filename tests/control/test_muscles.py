"""The muscle law and the activation dynamics against the engine's own."""

import mujoco
import numpy as np
import pytest

from biomimic.control.muscles import Muscles
from biomimic.errors import BadValue

STEPS, DT = 5, 0.002  # physics steps of one control step [s]


@pytest.fixture(scope="module")
def muscles(body) -> Muscles:
    return Muscles(body.model)


def wild(body, seed: int) -> mujoco.MjData:
    """A random pose within the joints' ranges, fast, with random activations."""
    rng = np.random.default_rng(seed)
    model, data = body.model, mujoco.MjData(body.model)
    hinges = np.flatnonzero(model.jnt_type != mujoco.mjtJoint.mjJNT_FREE)
    qpos = model.qpos0.copy()
    qpos[model.jnt_qposadr[hinges]] = rng.uniform(*model.jnt_range[hinges].T)
    data.qpos[:] = body.couplings.expand(qpos)
    data.qvel[:] = 5.0 * rng.normal(size=model.nv)
    data.act[:] = rng.uniform(size=model.nu)
    mujoco.mj_forward(model, data)
    return data


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(5))
def test_force_is_that_of_the_engine(body, muscles, seed):
    data = wild(body, seed)
    gain, bias, _ = muscles.law(data.actuator_length, data.actuator_velocity)
    assert np.abs((gain * data.act + bias - data.actuator_force) / muscles.force).max() < 1e-6
    assert np.allclose(gain * data.act + bias, data.actuator_force, rtol=1e-6, atol=1e-6)
    assert (bias < -1.0).any()  # some passive fibres pull, so that the bias is tested too


def test_slope_is_the_derivative_of_the_gain(body, muscles):
    data = wild(body, 9)
    length, speed = data.actuator_length, data.actuator_velocity
    step = 1e-6 * muscles.optimal
    slope = muscles.law(length, speed)[2]
    ahead, behind = (muscles.law(length, speed + sign * step)[0] for sign in (1, -1))
    kink = np.abs(speed) < 2 * step
    assert np.allclose(((ahead - behind) / (2 * step))[~kink], slope[~kink], rtol=1e-4, atol=1e-3)


@pytest.mark.published
def test_law_by_hand(muscles):
    # Isometric at optimal length: the whole peak force, no passive force. Shortening at the largest speed: no force.
    # Lengthening faster than (eccentric - 1) of the largest speed: the whole eccentric force (MuJoCo, mju_muscleGain).
    length = muscles.shortest + (1.0 - muscles.offset) * muscles.optimal
    fast = muscles.fastest * muscles.optimal
    still = muscles.law(length, 0.0 * length)[0]
    assert still == pytest.approx(-muscles.force)
    assert muscles.law(length, -fast)[0] == pytest.approx(0.0 * length)
    assert muscles.law(length, (muscles.eccentric - 0.5) * fast)[0] == pytest.approx(-muscles.eccentric * muscles.force)


@pytest.mark.oracle
def test_activation_advances_as_in_the_engine(body, muscles):
    rng = np.random.default_rng(1)
    data = mujoco.MjData(body.model)
    data.qpos[:] = body.couplings.expand(body.model.qpos0)
    data.act[:] = rng.uniform(size=body.model.nu)
    data.ctrl[:] = rng.uniform(size=body.model.nu)
    expected = muscles.advance(data.act.copy(), data.ctrl.copy(), STEPS, DT)
    for _ in range(STEPS):
        mujoco.mj_step(body.model, data)
    assert np.allclose(data.act, expected, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize(("steps", "dt"), [(STEPS, DT), (10, 0.001)])
def test_excitation_is_the_inverse_of_advance(muscles, steps, dt):
    rng = np.random.default_rng(2)
    for _ in range(20):
        activation = rng.uniform(size=len(muscles.rise))
        low, high = muscles.reachable(activation, steps, dt)
        assert np.all(low <= activation) and np.all(activation <= high)
        wanted = rng.uniform(low, high)
        found = muscles.excitation(activation, wanted, steps, dt)
        assert found.min() >= 0.0 and found.max() <= 1.0
        assert np.abs(muscles.advance(activation, found, steps, dt) - wanted).max() < 1e-9


def test_what_cannot_be_reached_is_approached_as_far_as_possible(muscles):
    activation = np.full(len(muscles.rise), 0.5)
    assert np.all(muscles.excitation(activation, np.zeros_like(activation), STEPS, DT) == 0.0)
    assert np.all(muscles.excitation(activation, np.ones_like(activation), STEPS, DT) == 1.0)


def test_a_motor_among_the_actuators_is_one_sentence():
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><worldbody><body><joint name="j" type="hinge"/><geom size="0.1"/></body></worldbody>'
        '<actuator><motor joint="j"/></actuator></mujoco>'
    )
    with pytest.raises(BadValue, match="needs a body with no actuators but muscles of unsmoothed activation"):
        Muscles(model)
