"""What a simulated Recording holds: angles, muscles, moments by source, positions, effort."""

import mujoco
import numpy as np
import pytest
from rollout_bodies import Constant

from biomimic.recording import UNITS, Recording
from biomimic.rollout import Plan, simulate
from biomimic.rollout.log import reduced

EXCITATION = 0.1


@pytest.fixture(scope="module")
def short(body, standing) -> Recording:
    """The full body with all muscles at 10 % for a short time, knees bent."""
    qpos = standing.copy()
    for side in "rl":
        qpos[body.model.joint(f"knee_angle_{side}").qposadr[0]] = 0.4
    return simulate(body, Constant(body.couplings.expand(qpos), EXCITATION), Plan("short", 0.05))


def _pose(body, recording: Recording, row: int) -> mujoco.MjData:
    data = mujoco.MjData(body.model)
    data.qpos[:] = recording.coordinates.values[row]
    data.act[:] = recording.activation.values[row]
    mujoco.mj_forward(body.model, data)
    return data


def test_every_field_is_there_and_survives_saving(short, tmp_path):
    assert all(getattr(short, name) is not None for name in UNITS)
    back = Recording.load(short.save(tmp_path / "short.npz"))
    for name in UNITS:
        assert getattr(back, name).names == getattr(short, name).names, name
    np.testing.assert_array_equal(back.coordinates.values, short.coordinates.values)


def test_states_are_those_of_the_stated_time(body, short, standing):
    assert short.angles.time == pytest.approx([0.0, 0.01, 0.02, 0.03, 0.04])
    assert short.angles.channel("knee_flexion_right")[0] == pytest.approx(0.4)
    assert short.angles.names == body.angle_names
    for row in (0, 4):
        data = _pose(body, short, row)
        np.testing.assert_allclose(short.angles.values[row], body.joint_angles(data), atol=1e-12)
        com = data.subtree_com[1]
        np.testing.assert_allclose(short.position.values[row, :3], [-com[1], com[0], com[2]], atol=1e-12)
        np.testing.assert_allclose(short.muscle_length.values[row], data.actuator_length, atol=1e-12)
    place = list(body.landmarks).index("heel_left")
    heel = body.landmark_position(_pose(body, short, 2))[place]
    found = [short.position.channel(f"heel_left_{axis}")[2] for axis in "xyz"]
    np.testing.assert_allclose(found, heel, atol=1e-12)


def test_muscles_are_excited_and_pull(body, short):
    assert short.excitation.names == body.actuators
    np.testing.assert_array_equal(short.excitation.values, EXCITATION)
    np.testing.assert_allclose(short.activation.values, EXCITATION, atol=1e-6)
    assert short.muscle_force.values.min() >= 0.0 and short.muscle_force.channel("soleus_r")[0] > 50.0
    assert short.activity.channel("gluteus_maximus_left") == pytest.approx(EXCITATION)


def test_effort_is_the_sum_of_squares_by_group(short):
    # 80 leg, 210 trunk and 64 arm muscles at 0.1: 0.8, 2.1 and 0.64
    expected = {"legs": 0.80, "trunk": 2.10, "arms": 0.64}
    for name, value in expected.items():
        assert short.effort.channel(name)[0] == pytest.approx(value)


@pytest.mark.parametrize("angle", ["knee_flexion_right", "ankle_dorsiflexion_left", "hip_rotation_left"])
def test_muscle_moment_is_tension_times_the_change_of_length(body, short, angle):
    # Virtual work: the moment of an angle is minus the sum of tension x d length / d angle, couplings followed.
    joint, sign, row, step = body.angles[angle].joint, body.angles[angle].sign, 0, 1e-5
    column = body.model.joint(joint).qposadr[0]
    lengths = []
    for change in (-step, step):
        data = mujoco.MjData(body.model)
        qpos = short.coordinates.values[row].copy()
        qpos[column] += sign * change
        data.qpos[:] = body.couplings.expand(qpos)
        mujoco.mj_forward(body.model, data)
        lengths.append(data.actuator_length.copy())
    work = -short.muscle_force.values[row] @ (lengths[1] - lengths[0]) / (2 * step)
    assert short.moment.channel(f"muscle/{angle}")[row] == pytest.approx(work, rel=2e-3, abs=0.02)


def test_net_moment_is_the_sum_of_its_sources(body, short):
    for angle in body.moments:
        parts = [short.moment.channel(f"{source}/{angle}") for source in ("muscle", "passive", "limit")]
        np.testing.assert_allclose(short.moment.channel(angle), sum(parts), atol=1e-12)


def test_a_knee_held_by_its_limit_shows_it(body, standing):
    # The knee is bent backwards by 0.05 rad: its limit pushes it into flexion.
    qpos = standing.copy()
    qpos[body.model.joint("knee_angle_r").qposadr[0]] = body.model.joint("knee_angle_r").range[0] - 0.05
    recording = simulate(body, Constant(body.couplings.expand(qpos)), Plan("limit", 0.01))
    assert recording.moment.channel("limit/knee_flexion_right")[0] > 1.0
    assert recording.moment.channel("limit/knee_flexion_left")[0] < 1.0


def test_reduction_of_forces_is_that_of_the_couplings(body, short):
    qpos = short.coordinates.values
    force = np.random.default_rng(0).normal(size=(len(qpos), body.model.nv))
    found = reduced(body.couplings, qpos, force)
    for row in range(len(qpos)):
        np.testing.assert_allclose(found[row], body.couplings.jacobian(qpos[row]).T @ force[row], atol=1e-12)
