"""What the body needs that the person did not: arms off the thighs, legs apart, and feet that do not roll.

A clip shows where a person's joints were. The body's own limbs are thicker and stand elsewhere, so that its forearms
and thighs, or its shanks, may meet; its shoulders are too weak for a wide swing of the arms, and then the pelvis turns;
and how a foot rolls is the least that markers or a skeleton know.
"""

from dataclasses import replace

import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.retarget import arms
from biomimic.retarget.cycle import SIDES
from biomimic.retarget.poses import Poses, joint_names, positions
from biomimic.retarget.stride.options import StrideOptions


def clear(poses: Poses, embodiment: Embodiment, options: StrideOptions) -> Poses:
    """The same stride with arms that swing beside the body, quiet subtalar joints, and ankles' lines apart."""
    names = joint_names(embodiment)
    joints = poses.joints.copy()
    for side in SIDES:
        _swing(joints, side, embodiment, options)
        joints[:, names.index(f"subtalar_angle_{side[0]}")] *= options.subtalar
    poses = replace(poses, joints=joints)
    missing = options.apart - apart(poses, embodiment)
    if missing <= 0.0:
        return poses
    for side in SIDES:
        joints[:, names.index(f"hip_adduction_{side[0]}")] -= 0.5 * missing / embodiment.leg_length
    return replace(poses, joints=joints)


def apart(poses: Poses, embodiment: Embodiment) -> float:
    """Sideways distance of the ankles' mean places [m]."""
    places = embodiment.trajectory_landmarks(positions(embodiment, poses))
    marks = list(embodiment.landmarks)
    right, left = (places[:, marks.index(f"ankle_{side}"), 1].mean() for side in SIDES)
    return float(left - right)


def _swing(joints: np.ndarray, side: str, embodiment: Embodiment, options: StrideOptions) -> None:
    """Let elbow and wrist of one arm swing as in the clip, but less and beside the body; the hand stays straight."""
    names, arm = joint_names(embodiment), arms.Arm(embodiment, side)
    columns = [names.index(f"{name}_{side[0]}") for name in arms.JOINTS]
    places = np.array([arm.at(pose)[0] for pose in joints[:, columns]])
    parts = np.diff(places, axis=1)
    mean = parts.mean(axis=0)
    parts = mean + options.arm_swing * (parts - mean)
    parts /= np.linalg.norm(parts, axis=2, keepdims=True)
    joints[:, columns] = arms.follow(embodiment, side, (parts[:, 0], parts[:, 1]), options.cycle)
    joints[:, names.index(f"pro_sup_{side[0]}")] = options.cycle.arms.pronation
    for name in ("deviation", "flexion"):
        joints[:, names.index(f"{name}_{side[0]}")] = 0.0
