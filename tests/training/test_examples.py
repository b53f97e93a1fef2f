"""Targets made from formulas: quality by the retargeting's own figures, laws of motion, repeatability, errors."""

import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import BadValue
from biomimic.retarget import record
from biomimic.training import examples


@pytest.fixture(scope="module")
def tiny():
    return embodiment.load("tiny", timestep=0.002)


@pytest.fixture(scope="module")
def arms():
    return embodiment.load("bimanual", timestep=0.002)


@pytest.fixture(scope="module")
def sways(tiny):
    return examples.tiny_targets(tiny, 4, seconds=3.0)


@pytest.fixture(scope="module")
def reaches(arms):
    return examples.reaching_targets(arms, 2, seconds=2.5)


def test_sways_are_as_good_as_a_target_can_be(tiny, sways):
    assert list(sways) == ["squat", "sway", "bow", "mixture 0"]
    for clip in sways.values():
        found = record.assess(clip, tiny)
        assert found.broken() == () and found.limits.published == 0.0
        assert found.coupling.largest == 0.0
        assert found.skate.largest < 1e-9 and found.ground.deepest < 1e-9
        assert clip.rate == 100.0 and len(clip.qpos) == 301


def test_reaches_are_as_good_as_a_target_can_be(arms, reaches):
    for clip in reaches.values():
        found = record.assess(clip, arms)
        assert found.broken() == () and found.limits.published == 0.0
        assert found.coupling.largest == 0.0
        hands = clip.landmark_position[:, [clip.landmarks.index(f"hand_{side}") for side in ("right", "left")]]
        assert (np.ptp(hands, axis=0).max(axis=-1) > 0.1).all()


def test_angles_are_those_asked_for(tiny, sways):
    """The knees of the squat begin at 0.25 rad and bend by 0.9 more after half a period of 2.5 s; hips by hand."""
    angles = dict(zip(tiny.angle_names, tiny.trajectory_angles(sways["squat"].qpos).T))
    knee, tilt = angles["knee_flexion_left"], angles["pelvis_tilt"]
    assert knee[[0, 125, 250]] == pytest.approx([0.25, 1.15, 0.25])
    assert tilt == pytest.approx(0.1 + 0.35 * (knee - 0.25))
    assert angles["hip_flexion_right"] == pytest.approx(tilt + knee - angles["ankle_dorsiflexion_right"])


def test_speeds_are_those_of_the_places(tiny, arms, sways, reaches):
    """Where the speed leads in one frame is where the next frame is, up to the acceleration's share."""
    for body, clips in ((tiny, sways), (arms, reaches)):
        for clip in clips.values():
            step, mean = np.empty(body.model.nv), 0.5 * (clip.qvel[:-1] + clip.qvel[1:])
            for k in range(0, len(mean), 7):
                mujoco.mj_differentiatePos(body.model, step, 0.01, clip.qpos[k], clip.qpos[k + 1])
                assert step == pytest.approx(mean[k], abs=0.02)


def test_forces_obey_newton(tiny, sways):
    """Both feet carry mass times (acceleration of the centre of mass - gravity), seen by second differences."""
    clip = sways["squat"]
    acceleration = np.diff(clip.com, n=2, axis=0) * clip.rate**2
    wanted = tiny.mass * (acceleration + [0.0, 0.0, 9.81])
    assert (clip.force[:, :3] + clip.force[:, 3:])[3:-3] == pytest.approx(wanted[2:-2], abs=0.2)
    assert np.array_equal(clip.force[:, :3], clip.force[:, 3:])


def test_moments_do_the_work_of_the_motion(tiny, sways):
    """The feet stand, so that the power of the joint moments is the change of kinetic and potential energy."""
    clip, model, data = sways["mixture 0"], tiny.model, mujoco.MjData(tiny.model)
    energy = np.empty(len(clip.qpos))
    for k, pose in enumerate(clip.qpos):
        data.qpos[:], data.qvel[:] = pose, clip.qvel[k]
        mujoco.mj_fwdPosition(model, data)
        mujoco.mj_energyPos(model, data)
        mujoco.mj_energyVel(model, data)
        energy[k] = data.energy.sum()
    angles = dict(zip(tiny.angle_names, tiny.trajectory_angles(clip.qpos).T))
    rates = np.gradient(np.column_stack([angles[name] for name in clip.moment_names]), 0.01, axis=0)
    power = (clip.moment * rates).sum(axis=1)
    assert np.abs(power).max() > 1.0
    assert power[3:-3] == pytest.approx(np.gradient(energy, 0.01)[3:-3], abs=0.05)


def test_the_same_seed_gives_the_same_clips(arms, reaches):
    again = examples.reaching_targets(arms, 1, seconds=2.5)
    assert np.array_equal(again["reach 0"].qpos, reaches["reach 0"].qpos)
    other = examples.reaching_targets(arms, 1, seconds=2.5, seed=1)
    assert not np.allclose(other["reach 0"].qpos, reaches["reach 0"].qpos)


def test_arms_without_fingers_reach_too():
    bare = embodiment.load("bimanual", fingers=False, timestep=0.002)
    clip = examples.reaching_targets(bare, 1, seconds=1.0)["reach 0"]
    assert clip.qpos.shape == (101, 36)


def test_another_body_is_refused(tiny, arms):
    with pytest.raises(BadValue, match='made for the body "bimanual", not for "tiny"'):
        examples.reaching_targets(tiny)
    with pytest.raises(BadValue, match="0 clips of 10 s were asked for"):
        examples.tiny_targets(tiny, 0)
    with pytest.raises(BadValue, match="1 clips of 0.01 s were asked for"):
        examples.reaching_targets(arms, 1, seconds=0.01)
