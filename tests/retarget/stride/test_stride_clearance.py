"""Arms, legs and feet of a stride keep clear of each other."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from biomimic.retarget import arms
from biomimic.retarget.poses import joint_names, positions
from biomimic.retarget.stride import StrideOptions, choose
from biomimic.retarget.stride.clearance import apart, clear
from biomimic.retarget.stride.closing import close

OPTIONS = StrideOptions()


@pytest.fixture(scope="module")
def poses(clip, body):
    return close(clip, body, choose(clip, body, OPTIONS), OPTIONS).poses


def _with(poses, body, **values):
    joints = poses.joints.copy()
    for name, value in values.items():
        joints[:, joint_names(body).index(name)] += value
    return replace(poses, joints=joints)


def test_narrow_stride_is_widened_to_the_least(poses, body):
    narrow = _with(poses, body, hip_adduction_r=0.06, hip_adduction_l=0.06)
    assert apart(narrow, body) < 0.03
    assert apart(clear(narrow, body, OPTIONS), body) == pytest.approx(OPTIONS.apart, abs=0.01)  # a bent leg is shorter


def test_wide_stride_keeps_its_legs(poses, body):
    wide = _with(poses, body, hip_adduction_r=-0.04, hip_adduction_l=-0.04)
    legs = [k for k, name in enumerate(joint_names(body)) if name.startswith(("hip", "knee", "ankle", "mtp"))]
    assert np.array_equal(clear(wide, body, OPTIONS).joints[:, legs], wide.joints[:, legs])


def test_subtalar_motion_is_reduced_to_its_share(poses, body):
    columns = [joint_names(body).index(f"subtalar_angle_{side}") for side in "rl"]
    found = clear(poses, body, OPTIONS).joints[:, columns]
    assert np.allclose(found, OPTIONS.subtalar * poses.joints[:, columns])


def test_arms_that_hang_into_the_body_are_moved_beside_it(poses, body):
    names = joint_names(body)
    joints = poses.joints.copy()
    swing = 0.4 * np.sin(2.0 * np.pi * np.arange(len(joints)) / len(joints))
    for side, sign in (("r", -1.0), ("l", 1.0)):
        for name, value in zip(arms.JOINTS, (sign * swing, 0.05, 0.3, 0.2)):
            joints[:, names.index(f"{name}_{side}")] = value
    hanging = replace(poses, joints=joints)
    assert _arm_contacts(body, hanging)
    assert not _arm_contacts(body, clear(hanging, body, OPTIONS))


def test_arms_swing_by_their_share(poses, body):
    names, arm = joint_names(body), arms.Arm(body, "right")
    columns = [names.index(f"{name}_r") for name in arms.JOINTS]

    def swing(share: float) -> float:
        found = clear(poses, body, replace(OPTIONS, arm_swing=share)).joints[:, columns]
        return float(np.ptp([arm.at(pose)[0][2, 0] for pose in found]))  # of the wrist, forward

    assert swing(1.0) > 0.1
    assert swing(0.5) == pytest.approx(0.5 * swing(1.0), rel=0.15)
    assert swing(0.0) < 0.005


def _arm_contacts(body, poses) -> set[tuple[str, str]]:
    """Pairs of geoms that touch, one of them of an arm."""
    model, data, found = body.model, mujoco.MjData(body.model), set()
    for pose in positions(body, poses):
        data.qpos[:] = pose
        mujoco.mj_fwdPosition(model, data)
        pairs = {tuple(sorted(model.geom(geom).name for geom in pair)) for pair in data.contact.geom[: data.ncon]}
        found |= {
            pair for pair in pairs if any(part in name for name in pair for part in ("humerus", "radius", "ulna"))
        }
    return found
