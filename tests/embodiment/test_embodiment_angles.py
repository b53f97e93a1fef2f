"""Signs of every angle by watching a distal point in the house frame; angles that are no coordinate; landmarks."""

import mujoco
import numpy as np
import pytest

from biomimic import embodiment

X, Y, Z = 0, 1, 2
OUTWARD = {"right": -1.0, "left": 1.0}  # house y points to the left

# angle, joint, landmark watched, axis, direction of motion for a positive angle ("inward": towards the midline)
SIGNS = [
    ("hip_flexion", "hip_flexion", "ankle", X, +1),
    ("hip_adduction", "hip_adduction", "ankle", Y, "inward"),
    ("hip_rotation", "hip_rotation", "toe", Y, "inward"),
    ("knee_flexion", "knee_angle", "ankle", X, -1),
    ("ankle_dorsiflexion", "ankle_angle", "toe", Z, +1),
    ("subtalar_inversion", "subtalar_angle", "toe", Y, "inward"),
]


def moved(body, posed, joint: str, landmark: str) -> np.ndarray:
    """Displacement of a landmark when a joint turns by +15 deg, house frame (3,) [m]."""
    k = list(body.landmarks).index(landmark)
    return (body.landmark_position(posed(body, **{joint: 15})) - body.landmark_position(posed(body)))[k]


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize(("angle", "joint", "landmark", "axis", "direction"), SIGNS)
def test_sign_of_leg_angles(body, posed, side, angle, joint, landmark, axis, direction):
    joint = f"{joint}_{side[0]}"
    expected = -OUTWARD[side] if direction == "inward" else direction
    assert moved(body, posed, joint, f"{landmark}_{side}")[axis] * expected > 0.005
    column = body.angle_names.index(f"{angle}_{side}")
    change = body.joint_angles(posed(body, **{joint: 15})) - body.joint_angles(posed(body))
    assert change[column] == pytest.approx(np.deg2rad(15))
    assert np.abs(np.delete(change, column)).max() < 1e-9


@pytest.mark.parametrize(
    ("angle", "joint", "axis", "direction"),
    [
        ("lumbar_extension", "flex_extension", X, -1),  # head moves back
        ("lumbar_bending", "lat_bending", Y, -1),  # head moves to the right
    ],
)
def test_sign_of_lumbar_angles(body, posed, angle, joint, axis, direction):
    assert moved(body, posed, joint, "head")[axis] * direction > 0.05
    assert body.joint_angles(posed(body, **{joint: 15}))[body.angle_names.index(angle)] > 0


def test_positive_lumbar_rotation_brings_the_right_shoulder_forward(body, posed):
    assert moved(body, posed, "axial_rotation", "shoulder_right")[X] > 0.02
    assert moved(body, posed, "axial_rotation", "shoulder_left")[X] < -0.02


@pytest.mark.published
@pytest.mark.parametrize(
    ("angle", "joint", "expected"),
    [
        ("lumbar_extension", "flex_extension", 18.75),
        ("lumbar_bending", "lat_bending", 18.64),
        ("lumbar_rotation", "axial_rotation", 11.36),
    ],
)
def test_ten_degrees_of_a_trunk_joint_turn_the_torso_further(body, posed, angle, joint, expected):
    """The coordinate is not the angle: values measured on the package with the joint equalities applied."""
    found = body.joint_angles(posed(body, **{joint: 10}))[body.angle_names.index(angle)]
    assert np.rad2deg(found) == pytest.approx(expected, abs=0.01)


def test_pelvis_angles_are_taken_in_the_order_tilt_list_rotation(body):
    """Root turned by Ry(12) Rx(-5) Rz(40) in house axes reads back as 12, -5, 40 deg; no joint angle changes."""
    data = mujoco.MjData(body.model)
    mujoco.mj_forward(body.model, data)
    before = body.joint_angles(data)
    turn = np.array([1.0, 0.0, 0.0, 0.0])
    for axis, degrees in (((0, 1, 0), 12), ((1, 0, 0), -5), ((0, 0, 1), 40)):
        step, product = np.empty(4), np.empty(4)
        mujoco.mju_axisAngle2Quat(step, body.to_model(np.array(axis, dtype=float)), np.deg2rad(degrees))
        mujoco.mju_mulQuat(product, turn, step)
        turn = product
    data.qpos[3:7] = turn
    mujoco.mj_forward(body.model, data)
    after = dict(zip(body.angle_names, np.rad2deg(body.joint_angles(data) - before), strict=True))
    pelvis = [after.pop(name) for name in ("pelvis_tilt", "pelvis_list", "pelvis_rotation")]
    assert pelvis == pytest.approx([12, -5, 40])
    assert max(abs(value) for value in after.values()) < 1e-9


@pytest.mark.parametrize(
    ("axis", "angle", "landmark", "along", "direction"),
    [
        ((0, 1, 0), "pelvis_tilt", "head", X, +1),  # anterior tilt: head forward
        ((1, 0, 0), "pelvis_list", "hip_right", Z, -1),  # right side down
        ((0, 0, 1), "pelvis_rotation", "hip_right", X, +1),  # right side forward
    ],
)
def test_sign_of_pelvis_angles(body, axis, angle, landmark, along, direction):
    data = mujoco.MjData(body.model)
    places = []
    for degrees in (0, 15):
        mujoco.mju_axisAngle2Quat(data.qpos[3:7], body.to_model(np.array(axis, dtype=float)), np.deg2rad(degrees))
        mujoco.mj_forward(body.model, data)
        places.append(body.landmark_position(data)[list(body.landmarks).index(landmark)])
    assert body.joint_angles(data)[body.angle_names.index(angle)] == pytest.approx(np.deg2rad(15))
    assert (places[1] - places[0])[along] * direction > 0.005


def test_landmarks_stand_where_a_person_has_them(body, posed):
    place = dict(zip(body.landmarks, body.landmark_position(posed(body)), strict=True))
    for side in ("right", "left"):
        assert place[f"hip_{side}"][Z] > place[f"knee_{side}"][Z] > place[f"ankle_{side}"][Z] > place[f"heel_{side}"][Z]
        assert place[f"toe_{side}"][X] - place[f"heel_{side}"][X] > 0.15
        assert place[f"ankle_{side}"][Y] * OUTWARD[side] > 0.0
        assert place[f"anterior_spine_{side}"][X] > place[f"posterior_spine_{side}"][X]
    assert place["head"][Z] > place["neck"][Z] > place["pelvis"][Z]


def test_many_poses_at_once_are_the_same_as_one_by_one(body, posed):
    poses = [posed(body, hip_flexion_r=k, flex_extension=-k, knee_angle_l=2 * k) for k in (0.0, 10.0, 20.0)]
    qpos = np.array([data.qpos for data in poses])
    assert body.trajectory_angles(qpos) == pytest.approx(np.array([body.joint_angles(data) for data in poses]))
    assert body.trajectory_landmarks(qpos) == pytest.approx(np.array([body.landmark_position(d) for d in poses]))


def test_moments_do_the_work_of_their_angles(body, posed):
    """A torque of 7 N m on the torso about the pelvis' left axis, equal and opposite on the pelvis, reads as -7."""
    data = posed(body)
    torque = body.to_model(np.array([0.0, 7.0, 0.0]))
    force = np.zeros(body.model.nv)
    for name, sign in (("torso", 1.0), ("pelvis", -1.0)):
        part = data.body(name)
        mujoco.mj_applyFT(body.model, data, np.zeros(3), sign * torque, part.xpos, part.id, force)
    moment = body.moments["lumbar_extension"]
    reduced = body.couplings.jacobian(data.qpos).T @ force
    # The abdomen is coupled too, but it carries none of this torque. Axes of the model's trunk are within .1 deg.
    assert reduced[moment.column] * moment.scale == pytest.approx(-7.0, abs=0.01)


def test_arms_alone_share_the_house_frame():
    arms = embodiment.load("bimanual")
    data = mujoco.MjData(arms.model)
    mujoco.mj_forward(arms.model, data)
    before = dict(zip(arms.landmarks, arms.landmark_position(data), strict=True))
    assert before["shoulder_left"][Y] > before["shoulder_right"][Y]
    data.qpos[arms.model.joint("elbow_flex_r").qposadr[0]] = 1.0
    mujoco.mj_forward(arms.model, data)
    after = dict(zip(arms.landmarks, arms.landmark_position(data), strict=True))
    assert after["hand_right"][X] > before["hand_right"][X] + 0.1
    assert arms.joint_angles(data)[arms.angle_names.index("elbow_flexion_right")] == pytest.approx(1.0)
