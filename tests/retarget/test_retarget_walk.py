"""Targets on the real body, from the shipped curves and, where they are at hand, from the raw files."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import BadFile, BadValue
from biomimic.motion import Trajectory
from biomimic.retarget import Options, arms, contact, fourier, periodic_target, quality, read_trial, walk
from biomimic.retarget.__main__ import main
from biomimic.retarget.cycle import GRAVITY, fold_trial
from biomimic.retarget.options import Ceilings
from biomimic.retarget.poses import positions, turn_jacobian

OPTIONS = Options()


@pytest.fixture(scope="module")
def human(shipped):
    return fold_trial(shipped, OPTIONS)


@pytest.fixture(scope="module")
def target(shipped, body):
    return periodic_target(shipped, body, OPTIONS)


@pytest.fixture(scope="module")
def found(target, human, body):
    return quality.assess(target, human, body, OPTIONS)


def test_legs_follow_the_person(found):
    for side in ("right", "left"):
        for name in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion"):
            assert found.angles[f"{name}_{side}"].r > 0.95, name
            assert found.angles[f"{name}_{side}"].rmse < np.deg2rad(3.0), name


def test_loaded_points_stand_still_on_the_floor(found):
    assert found.slip < 0.10  # [m/s], against 1.2 m/s of the body
    assert found.floating < 0.004  # [m]
    assert found.penetration[0] < 0.010


def test_a_target_can_start_physics(found, target):
    assert found.coupling < 1e-9
    assert found.limit[0] < np.deg2rad(1.0)
    assert found.arm_contacts == ()
    assert np.isfinite(target.qpos).all()


def test_first_poses_have_the_persons_angles(human, body):
    # sets pelvis, trunk and leg signs against the body's own definition of the angles; only harmonics are cut
    poses = walk.first_poses(human, body, OPTIONS)
    angles = dict(zip(body.angle_names, body.trajectory_angles(positions(body, poses)).T))
    pelvis, trunk = ("pelvis_tilt", "pelvis_list", "pelvis_rotation"), ("lumbar_extension", "lumbar_bending")
    for name in (*pelvis, *trunk, "lumbar_rotation", *walk.LEGS):
        fast = any(part in name for part in ("hip_flexion", "knee", "ankle"))
        harmonics = 3 if name in pelvis else 8 if fast else 4
        expected = fourier.smooth(human.angles[name], harmonics)
        # five coupled joints turn the trunk about three axes at once: its angles are not quite their sums
        allowed = np.deg2rad(0.8 if name.startswith("lumbar") else 0.1)
        np.testing.assert_allclose(angles[name], expected, atol=allowed, err_msg=name)


def test_centre_of_mass_moves_as_the_forces_say(target, human, body):
    still = target.com - np.arange(100)[:, None] / 100 * target.qvel[:, :3].mean(axis=0) * target.period
    acceleration = fourier.derivative(fourier.derivative(still, target.period), target.period)
    needed = body.to_house(acceleration) * body.mass + [0.0, 0.0, body.mass * GRAVITY]
    measured = target.force[:, :3] + target.force[:, 3:]
    weight = body.mass * GRAVITY
    assert measured[:, 2].mean() == pytest.approx(weight, rel=1e-6)
    measured = measured - [measured[:, 0].mean(), 0.0, 0.0]  # the speed after a stride is that before it
    for axis in (0, 2):
        np.testing.assert_allclose(needed[:, axis], fourier.smooth(measured[:, axis], 8), atol=1e-3 * weight)
    assert np.corrcoef(needed[:, 1], measured[:, 1])[0, 1] > 0.9  # the pendulum was not told the lateral force


def test_com_is_the_bodys(target, body):
    data = mujoco.MjData(body.model)
    for frame in (0, 37):
        data.qpos[:] = target.qpos[frame]
        mujoco.mj_kinematics(body.model, data)
        mujoco.mj_comPos(body.model, data)
        np.testing.assert_allclose(data.subtree_com[1], target.com[frame], atol=1e-9)


def test_velocity_is_the_derivative_of_position(target, body):
    # central differences of a cycle with 8 harmonics: error below (8 * 2 pi / 100)^2 / 6 = 4 % of the fastest part
    change = np.zeros(body.model.nv)
    for frame in range(1, 99, 7):
        before, after = target.qpos[frame - 1], target.qpos[frame + 1]
        mujoco.mj_differentiatePos(body.model, change, 2.0 / target.rate, before, after)
        np.testing.assert_allclose(target.qvel[frame], change, atol=0.25)
        assert np.abs(target.qvel[frame] - change).mean() < 0.01


def test_walks_straight_ahead_at_the_same_froude_number(target, shipped, body):
    speed = body.to_house(target.qvel[:, :3].mean(axis=0))
    human_speed = (shipped.position.values[-1, 0] - shipped.position.values[0, 0]) / np.ptp(shipped.position.time)
    assert speed[0] == pytest.approx(human_speed * np.sqrt(OPTIONS.length_ratio), rel=1e-3)
    np.testing.assert_allclose(speed[1:], 0.0, atol=1e-9)
    feet = body.to_house(target.landmark_position[:, [target.landmarks.index(f"ankle_{s}") for s in ("right", "left")]])
    assert abs(feet[:, :, 1].mean()) < 0.02  # the line of travel lies between the feet


def test_row_zero_is_the_right_heel_strike(target):
    heels = [name.startswith("r_foot") and name.endswith("-1") for name in target.contact_points]
    assert target.contact[0, heels].all() and not target.contact[-1, heels].any()
    assert target.force[0, 2] < 150.0 < target.force[12, 2]


def test_moments_are_scaled_by_weight_and_leg(target, human, shipped, body):
    factor = body.mass / shipped.mass * OPTIONS.length_ratio
    column = target.moment_names.index("ankle_dorsiflexion_left")
    np.testing.assert_allclose(target.moment[:, column], human.moment["ankle_dorsiflexion_left"] * factor)
    assert target.moment_names[:2] == ("hip_flexion_right", "hip_adduction_right")


def test_target_survives_its_file(target, tmp_path):
    again = Trajectory.load(target.save(tmp_path / "target.npz"))
    np.testing.assert_array_equal(again.qpos, target.qpos)
    assert again.contact_points == target.contact_points and again.period == target.period


def test_contact_points_are_the_ends_of_the_soles(body):
    points = contact.contact_points(body, OPTIONS.contact)
    assert len(points.names) == 16 and points.kinds.count("heel") == 4 and points.kinds.count("toe") == 2
    # mirror images: the same kinds on both sides, right first
    assert sorted(points.kinds[:8]) == sorted(points.kinds[8:]) and list(points.sides) == [0] * 8 + [1] * 8


def test_turn_jacobian_gives_angular_velocity():
    # about one axis: its rate; and against a finite difference of quaternions
    np.testing.assert_allclose(turn_jacobian(np.zeros((1, 3)))[0], np.eye(3), atol=1e-9)
    turn, rate = np.array([0.3, -0.5, 0.8]), np.array([1.0, 0.4, -0.7])
    poses = np.zeros((2, 4))
    for row, moved in enumerate((turn - 1e-5 * rate, turn + 1e-5 * rate)):
        poses[row] = [1.0, 0.0, 0.0, 0.0]
        mujoco.mju_quatIntegrate(poses[row], moved, 1.0)
    velocity = np.zeros(3)
    mujoco.mju_subQuat(velocity, poses[1], poses[0])
    np.testing.assert_allclose(turn_jacobian(turn[None])[0] @ rate, velocity / 2e-5, atol=1e-6)


def test_arm_directions_by_hand():
    # a hanging arm, elbow bent by 90 degrees: the forearm points forward, up to the elbow's slanted hinge
    names = ("arm_flexion", "arm_adduction", "arm_rotation", "elbow_flexion")
    angles = {f"{name}_{side}": np.zeros(1) for name in names for side in ("right", "left")}
    bent = angles | {f"elbow_flexion_{side}": np.full(1, np.pi / 2) for side in ("right", "left")}
    raised = angles | {f"arm_flexion_{side}": np.full(1, np.pi / 2) for side in ("right", "left")}
    for side, inward in (("right", 1.0), ("left", -1.0)):
        upper, lower = arms.directions(angles, side)
        assert upper[0, 2] < -0.99 and lower[0, 2] < -0.99
        assert arms.directions(bent, side)[1][0, 0] > 0.95
        assert arms.directions(raised, side)[0][0, 0] > 0.99
        inside = angles | {f"arm_adduction_{side}": np.full(1, 0.3)}
        assert inward * arms.directions(inside, side)[0][0, 1] > 0.2  # adduction brings the arm to the midline


def test_arms_swing_as_the_persons_and_stay_clear(body):
    phase = 2.0 * np.pi * np.arange(100) / 100
    angles = {}
    for side, sign in (("right", -1.0), ("left", 1.0)):
        angles[f"arm_flexion_{side}"] = 0.3 * sign * np.cos(phase)
        angles[f"arm_adduction_{side}"] = np.full(100, -0.1)
        angles[f"arm_rotation_{side}"] = np.full(100, -0.2)
        angles[f"elbow_flexion_{side}"] = 0.6 + 0.1 * np.cos(phase)
    joints = arms.swing(body, angles, OPTIONS)
    for side in ("right", "left"):
        assert joints[f"shoulder_elv_{side[0]}"].min() > 0.2
        # forward elevation: sin(elevation) x sin(plane), see the model's shoulder
        ahead = np.sin(joints[f"shoulder_elv_{side[0]}"]) * np.sin(joints[f"elv_angle_{side[0]}"])
        assert np.corrcoef(ahead, np.sin(angles[f"arm_flexion_{side}"]))[0, 1] > 0.98
        assert np.ptp(ahead) > 0.4  # of 0.59


def test_refusal_names_joint_and_frame(found):
    bad = replace(found, limit=(0.3, 17, "knee_angle_r"))
    with pytest.raises(
        BadValue, match=r'joint "knee_angle_r" over its range in frame 17 \[rad\] is 0.3, at most 0.0524'
    ):
        quality.refuse(bad, Ceilings())


def test_a_trial_without_a_knee(shipped, body):
    kept = [name for name in shipped.angles.names if name != "knee_flexion_left"]
    with pytest.raises(BadFile, match='No angle "knee_flexion_left" in the trial'):
        periodic_target(replace(shipped, angles=shipped.angles.select(kept)), body)


def test_a_body_without_feet(shipped):
    with pytest.raises(BadValue, match='"bimanual" has no feet'):
        periodic_target(shipped, embodiment.load("bimanual"))


def test_command_line_says_what_is_missing(tmp_path, capsys):
    out = tmp_path / "target.npz"
    asked = ["--coordinates", str(tmp_path / "no.sto"), "--forces", str(tmp_path / "no.mot"), "--out", str(out)]
    assert main(asked) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "no.sto cannot be read" in message
    assert not out.exists()


def test_command_line_on_the_raw_files(raw, tmp_path, capsys):
    out = tmp_path / "target.npz"
    files = {"coordinates": "coordinates.sto", "forces": "grf_walk.mot", "moments": "id_walk.sto"}
    asked = [text for option, name in files.items() for text in (f"--{option}", str(raw / name))]
    assert main([*asked, "--out", str(out), "--licence", "Apache-2.0"]) == 0
    assert "ankle_dorsiflexion_right: r 0.98" in capsys.readouterr().out
    target = Trajectory.load(out)
    assert target.period == pytest.approx(1.1444 * np.sqrt(0.9165), abs=1e-3)
    assert "id_walk.sto sha256" in target.provenance.note and target.provenance.licence == "Apache-2.0"


def test_arms_of_the_recorded_person(raw):
    trial = read_trial(coordinates=raw / "coordinates.sto", forces=raw / "grf_walk.mot")
    assert trial.mass == pytest.approx(85.0, abs=0.2)  # what the plates weigh; the scaled model says 85.27 kg
    human = fold_trial(trial, OPTIONS)
    assert arms.has_arms(human.angles)
    # arms swing against the legs: the left arm is ahead when the right heel strikes
    left, right = human.angles["arm_flexion_left"], human.angles["arm_flexion_right"]
    assert left[0] > left[50] and right[50] > right[0]
