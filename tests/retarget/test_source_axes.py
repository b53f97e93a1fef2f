"""Anatomical axes of a source's joints: rest poses by hand, alignment worked by hand."""

import numpy as np
import pytest
from posed_people import recorded, walking

from biomimic.retarget import source_axes
from biomimic.retarget.source_axes import Joints

UPRIGHT = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # house: forward x, up z, right -y
SMPL = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])  # forward z, up y, right -x


def degrees(angle: float) -> np.ndarray:
    """Turn about the first axis."""
    cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    return np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])


@pytest.fixture(scope="module")
def standing(body):
    """The body itself as a source whose joints have SMPL's axes."""
    axes = {joint: SMPL.T for joint in ("pelvis", "spine")}
    axes |= {f"{joint}_{side}": SMPL.T for joint in ("hip", "knee", "ankle") for side in ("right", "left")}
    return Joints.of(recorded(body, walking(body), own_axes=axes))


def test_rest_pose_with_y_up_and_z_forward_is_found(standing):
    np.testing.assert_allclose(source_axes.rest_axes(standing, "spine"), SMPL, atol=1e-12)


def test_skeleton_whose_joints_have_axes_along_their_bones_has_no_rest_pose(standing):
    turned = dict(standing.turn, hip_right=standing.turn["hip_right"] @ degrees(90.0))
    assert source_axes.rest_axes(Joints(standing.place, turned), "spine") is None


def test_feet_of_a_rest_pose_with_legs_20_degrees_apart_are_in_line_with_the_shanks():
    # CMU: the right leg points down and 20 degrees outwards; what is up for the foot then leans inwards at the top
    bone = np.array([0.0, -np.sin(np.deg2rad(20.0)), -np.cos(np.deg2rad(20.0))])  # house: right is -y
    _, up, right = source_axes.rolled(UPRIGHT, bone).T
    np.testing.assert_allclose(up, -bone, atol=1e-12)
    np.testing.assert_allclose(right, [0.0, -np.cos(np.deg2rad(20.0)), np.sin(np.deg2rad(20.0))], atol=1e-12)


def test_alignment_takes_a_hanging_arm_to_a_t_pose_with_the_palm_down():
    # right arm: forward (the thumb) stays forward, the outer side (right) turns up
    aligned = source_axes.align(UPRIGHT, np.array([0.0, -1.0, 0.0]), np.array([0.0, -1.0, 0.0]))
    np.testing.assert_allclose(aligned[:, 0], [1.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(aligned[:, 2], [0.0, 0.0, 1.0], atol=1e-12)


def test_level_alignment_keeps_a_foot_flat():
    aligned = source_axes.align(UPRIGHT, np.array([0.13, -0.04, 0.0]), np.array([0.1, 0.1, -0.07]), level=True)
    np.testing.assert_allclose(aligned[:, 1], [0.0, 0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(aligned[:, 0], np.array([1.0, 1.0, 0.0]) / np.sqrt(2.0), atol=1e-12)


def test_axis_of_the_elbow_tells_the_twist_of_the_upper_arm(body):
    axes = {"shoulder_right": degrees(0.0)}
    motion = recorded(body, walking(body), own_axes=axes)
    found = source_axes.arm_axes(Joints.of(motion), "shoulder_right", ("shoulder_right", "elbow_right"))
    # the model's elbow turns about 0.049 0.037 0.998 of its own frame
    assert found[2, 2] == pytest.approx(0.998, abs=0.003)


def test_straight_arms_tell_no_twist(body):
    stiff = walking(body)
    stiff[:, body.model.joint("elbow_flex_r").qposadr[0]] = 0.3
    joints = Joints.of(recorded(body, stiff))
    assert source_axes.arm_axes(joints, "shoulder_right", ("shoulder_right", "elbow_right")) is None
