"""The small body of our own: counts, couplings, signs of joints and muscles, feet, and what is refused."""

import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import UnknownName


@pytest.fixture(scope="module")
def tiny() -> embodiment.Embodiment:
    return embodiment.load("tiny", timestep=0.002)


def test_counts_and_mass(tiny):
    """Mass by hand: trunk 3 + 7 + 2, each leg 2 + 1.1 + 0.5 and a patella of 0.05 kg."""
    model = tiny.model
    assert (model.nu, model.na, model.njnt, model.neq, model.nq, model.nv) == (10, 10, 9, 2, 15, 14)
    assert tiny.mass == pytest.approx(12.0 + 2 * 3.65)
    assert tiny.leg_length == pytest.approx(0.24 + 0.22)
    assert tiny.muscle_parameters == "tiny" and "tiny" in embodiment.bodies()
    assert [model.sensor(i).name for i in range(model.nsensor)] == ["r_foot", "r_toes", "l_foot", "l_toes"]


def test_house_frame_and_places(tiny):
    data = mujoco.MjData(tiny.model)
    mujoco.mj_forward(tiny.model, data)
    places = dict(zip(tiny.landmarks, tiny.landmark_position(data)))
    assert places["toe_right"][0] > places["heel_right"][0]
    assert places["hip_left"][1] == pytest.approx(0.08) and places["hip_right"][1] == pytest.approx(-0.08)
    assert places["head"][2] > places["torso"][2] > places["pelvis"][2] == pytest.approx(0.5)
    for side in ("right", "left"):
        assert tiny.feet[side].geoms == (f"heel_{side[0]}", f"ball_{side[0]}")


@pytest.mark.parametrize(
    ("joint", "landmark", "axis", "direction"),
    [
        ("hip_flexion_r", "knee_right", 0, 1),
        ("knee_angle_r", "ankle_right", 0, -1),
        ("ankle_angle_r", "toe_right", 2, 1),
    ],
)
def test_sign_of_leg_angles(tiny, posed, joint, landmark, axis, direction):
    """Flexion brings the knee forward and the ankle back; dorsiflexion lifts the toe."""
    places = [dict(zip(tiny.landmarks, tiny.landmark_position(posed(tiny, **{joint: d})))) for d in (0.0, 20.0)]
    assert direction * (places[1][landmark] - places[0][landmark])[axis] > 0.02


def test_patella_follows_its_polynomial(tiny, posed):
    """By hand at 90 deg: 0.4 x + 0.1 x^2 with x = pi / 2."""
    data = posed(tiny, knee_angle_r=90.0)
    x = np.pi / 2
    assert data.joint("patella_angle_r").qpos[0] == pytest.approx(0.4 * x + 0.1 * x**2)
    assert np.abs(tiny.couplings.residual(data.qpos)).max() == 0.0


@pytest.mark.parametrize(
    ("muscle", "joint", "sign"),
    [("iliopsoas", "hip_flexion", 1), ("gluteus", "hip_flexion", -1), ("vastus", "knee_angle", -1)]
    + [("soleus", "ankle_angle", -1), ("tibant", "ankle_angle", 1)],
)
def test_muscles_pull_their_way_over_the_whole_range(tiny, muscle, joint, sign):
    """A muscle's moment arm keeps its sign, is longer than 1 cm, and its path stays within its length range."""
    model, data = tiny.model, mujoco.MjData(tiny.model)
    low, high = model.joint(f"{joint}_r").range
    actuator, column = model.actuator(f"{muscle}_r").id, tiny.couplings.column(f"{joint}_r")
    for value in np.linspace(low, high, 30):
        data.qpos[:] = model.qpos0
        data.joint(f"{joint}_r").qpos[0] = value
        data.qpos[:] = tiny.couplings.expand(data.qpos)
        mujoco.mj_fwdPosition(model, data)
        moment = np.zeros((model.nu, model.nv))
        mujoco.mju_sparse2dense(
            moment, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
        )
        arm = -(moment @ tiny.couplings.jacobian(data.qpos))[actuator, column]
        assert sign * arm > 0.01, (value, arm)
        shortest, longest = model.actuator_lengthrange[actuator]
        assert shortest <= data.actuator_length[actuator] <= longest


def test_left_mirrors_right(tiny):
    half = tiny.model.nu // 2
    assert [name[:-2] for name in tiny.actuators[:half]] == [name[:-2] for name in tiny.actuators[half:]]
    assert np.array_equal(tiny.model.actuator_gainprm[:half], tiny.model.actuator_gainprm[half:])
    data = mujoco.MjData(tiny.model)
    mujoco.mj_forward(tiny.model, data)
    assert np.allclose(data.actuator_length[:half], data.actuator_length[half:], atol=1e-15)


def test_it_rests_on_the_floor_with_its_weight(tiny):
    """Standing still for half a second: the floor carries the weight, which the four touch sensors feel."""
    data = mujoco.MjData(tiny.model)
    mujoco.mj_step(tiny.model, data, nstep=250)
    weight = tiny.mass * 9.81
    assert data.qfrc_constraint[:3] == pytest.approx([0.0, 0.0, weight], abs=0.03 * weight)
    assert data.sensordata.sum() == pytest.approx(weight, rel=0.05)
    assert np.abs(tiny.couplings.residual(data.qpos)).max() < 2e-3


def test_sets_of_other_bodies_are_refused():
    with pytest.raises(
        UnknownName, match='No muscle parameter set "corrected-trunk" for embodiment tiny. It has: tiny'
    ):
        embodiment.load("tiny", muscle_parameters="corrected-trunk")
    with pytest.raises(UnknownName, match='"tiny" for embodiment bimanual. It has: musclemimic-1.0.6, corrected-trunk'):
        embodiment.load("bimanual", muscle_parameters="tiny")
