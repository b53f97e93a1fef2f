import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.readers import quaternions
from biomimic.readers.joints import Skeleton, recognise

LEGS = ["Hips", "LeftUpLeg", "LeftLeg", "LeftFoot", "RightUpLeg", "RightLeg", "RightFoot"]


def test_two_bones_bend_by_hand():
    """A bone of 2 down, turned 90 deg about z, carries a bone of 1 down that is turned back."""
    skeleton = Skeleton(("a", "b", "c"), (-1, 0, 1), np.array([[9.0, 9, 9], [0, -2, 0], [0, -1, 0]]))
    quarter = quaternions.of_axis_angle(np.array([0, 0, np.pi / 2]))
    local = np.array([[quarter, quaternions.conjugate(quarter), [1.0, 0, 0, 0]]])
    position, rotation = skeleton.pose(local, np.array([[1.0, 0, 0]]))
    np.testing.assert_allclose(position[0], [[1, 0, 0], [3, 0, 0], [3, -1, 0]], atol=1e-15)
    np.testing.assert_allclose(rotation[0, 2], [1, 0, 0, 0], atol=1e-15)
    np.testing.assert_array_equal(skeleton.rest(), [[0, 0, 0], [0, -2, 0], [0, -3, 0]])


def test_parents_come_first():
    with pytest.raises(BadValue, match="before its children"):
        Skeleton(("a", "b"), (1, -1), np.zeros((2, 3)))


@pytest.mark.parametrize("prefix", ["", "mixamorig:", "mixamorig1:", "mixamorig_", "Bob:"])
def test_prefixes_do_not_matter(prefix):
    known = recognise([prefix + name for name in LEGS], "a.bvh")
    assert known.joints["knee_right"] == 5 and list(known.joints)[0] == "pelvis"


@pytest.mark.parametrize(
    ("names", "family", "joint", "file_joint"),
    [
        ([*LEGS, "Spine", "Spine1", "Spine2", "Neck", "LeftShoulder", "LeftArm"], "motionbuilder", "spine3", "Spine2"),
        ([*LEGS, "LowerBack", "Spine", "Spine1", "Neck", "Neck1"], "cmu", "neck", "Neck1"),
        (
            "Hips LHipJoint LeftHip LeftKnee LeftAnkle RightHip RightKnee RightAnkle Chest LeftCollar LeftShoulder"
            " LeftElbow".split(),
            "jointnames",
            "shoulder_left",
            "LeftShoulder",
        ),
        (
            "Hips UpperLeg_L LowerLeg_L Foot_L UpperLeg_R LowerLeg_R Foot_R Shoulder_L UpperArm_L".split(),
            "bandai",
            "clavicle_left",
            "Shoulder_L",
        ),
        ("pelvis thigh_l calf_l foot_l ball_l thigh_r calf_r foot_r".split(), "mannequin", "toe_left", "ball_l"),
        (
            ["Bip01"] + [f"Bip01 {side} {bone}" for side in "LR" for bone in ("Thigh", "Calf", "Foot")],
            "biped",
            "ankle_right",
            "Bip01 R Foot",
        ),
    ],
)
def test_families(names, family, joint, file_joint):
    known = recognise(names, "a.bvh")
    assert known.family == family
    assert names[known.joints[joint]] == file_joint


def test_shoulder_is_the_clavicle_where_the_arm_has_its_own_name():
    known = recognise([*LEGS, "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand"], "a.bvh")
    assert (known.joints["clavicle_left"], known.joints["shoulder_left"], known.joints["wrist_left"]) == (7, 8, 10)


def test_missing_joint_is_named():
    with pytest.raises(UnknownName, match=r"a\.bvh has a skeleton .* without knee_left \(would be LeftLeg"):
        recognise([name for name in LEGS if name != "LeftLeg"], "a.bvh")


def test_unknown_skeleton_lists_its_joints():
    with pytest.raises(UnknownName, match=r"not known here.*tentacle1, tentacle2.*Known families: cmu"):
        recognise(["tentacle1", "tentacle2"], "octopus.bvh")
