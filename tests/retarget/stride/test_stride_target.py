"""From a clip to a target: what comes out is the stride that went in."""

from dataclasses import replace

import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.motion import Trajectory
from biomimic.readers import amass
from biomimic.retarget.clip import retarget
from biomimic.retarget.stride import StrideOptions, periodic_stride
from biomimic.retarget.stride.__main__ import main


@pytest.fixture(scope="module")
def with_force(clip, body):
    return periodic_stride(clip, body)


@pytest.fixture(scope="module")
def without(clip, body):
    return periodic_stride(replace(clip, force=None), body)


def _curve(values: np.ndarray, count: int = 100) -> np.ndarray:
    at = np.arange(count) / count
    return np.column_stack([np.interp(at, np.arange(len(values)) / len(values), column) for column in values.T])


def test_target_is_the_stride_that_was_walked(with_force, walked, body):
    target = with_force.target
    assert target.period == pytest.approx(walked.period, abs=0.006)
    found, known = (body.trajectory_angles(_curve(one.qpos)) for one in (target, walked))
    legs = [body.angle_names.index(f"{name}_{side}") for name in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
            for side in ("right", "left")]  # fmt: skip
    apart = np.degrees(np.sqrt(np.mean((found - known)[:, legs] ** 2, axis=0)))
    assert apart.max() < 2.0


def test_target_walks_along_house_x(with_force, walked, body):
    speed = body.to_house(with_force.target.qvel[:, :3].mean(axis=0))
    assert speed[0] == pytest.approx(np.linalg.norm(walked.qvel[:, :2].mean(axis=0)), rel=0.01)
    assert abs(speed[1]) < 0.005
    assert abs(speed[2]) < 1e-9
    assert with_force.closed.heading == pytest.approx(np.deg2rad(30.0), abs=0.01)


def test_forces_of_the_clip_are_kept(with_force, walked):
    found, known = _curve(with_force.target.force), _curve(walked.force)
    for column in (0, 2, 3, 5):
        assert np.corrcoef(found[:, column], known[:, column])[0, 1] > 0.98
    assert found[:, [2, 5]].sum(axis=1).mean() == pytest.approx(84.27 * 9.80665, rel=0.01)


@pytest.mark.selfmade
def test_forces_without_plates_are_near_those_measured(without, walked):
    found, known = _curve(without.target.force), _curve(walked.force)
    for column in (2, 5):
        assert np.corrcoef(found[:, column], known[:, column])[0, 1] > 0.95
    for column in (0, 3):
        assert np.corrcoef(found[:, column], known[:, column])[0, 1] > 0.85


def test_forces_without_plates_move_the_targets_own_centre_of_mass(without, body):
    target = without.target
    frames, step = len(target.com), target.period / len(target.com)
    travel = target.qvel[:, :3].mean(axis=0) * target.period * [1.0, 1.0, 0.0]
    around = np.vstack([target.com[-1] - travel, target.com, target.com[0] + travel])
    moved = body.to_house(np.diff(around, 2, axis=0)) / step**2
    total = (target.force[:, :3] + target.force[:, 3:]) / body.mass - [0.0, 0.0, 9.80665]
    assert frames == 100
    assert np.allclose(moved, total, atol=0.15)


def test_target_closes_and_stands_on_the_floor(without, body):
    target, found = without.target, without.quality
    assert found.penetration[0] < 0.02
    assert found.floating < 0.005
    assert found.coupling < 1e-9
    travel = target.qvel[:, :3].mean(axis=0) * target.period * [1.0, 1.0, 0.0]
    joints = np.vstack([target.qpos, target.qpos[:1]])[:, 7:]
    steps = np.abs(np.diff(joints, axis=0)).max(axis=1)
    assert steps[-1] <= steps[:-1].max()  # the seam is no larger a step than any other
    onward = target.qpos[0, :3] + travel - target.qpos[-1, :3]
    assert np.linalg.norm(onward) < 1.5 * np.linalg.norm(np.diff(target.qpos[:, :3], axis=0), axis=1).max()


def test_provenance_tells_the_stride(without):
    assert "one stride closed:" in without.target.provenance.note
    assert "forces from the motion of the centre of mass" in without.target.provenance.note


def test_stride_beside_the_plates_takes_forces_from_its_motion(clip, body):
    force = clip.force.copy()
    force[:, 3:] = 0.0  # the left plate was missed
    assert periodic_stride(replace(clip, force=force), body).closed.force is None


def test_time_ratio_stretches_the_stride_only(clip, body, with_force):
    slow = periodic_stride(clip, body, StrideOptions(time_ratio=1.1))
    assert slow.target.period == pytest.approx(1.1 * with_force.target.period)
    travel = slow.target.qvel[:, :3].mean(axis=0) * slow.target.period
    assert np.allclose(travel, with_force.target.qvel[:, :3].mean(axis=0) * with_force.target.period, atol=1e-6)


def test_body_without_feet_is_refused(clip):
    from biomimic import embodiment

    with pytest.raises(BadValue, match="has no feet"):
        periodic_stride(clip, embodiment.load("bimanual"))


def test_command_writes_a_target(clip, tmp_path, capsys):
    clip.save(tmp_path / "clip.npz")
    words = [str(tmp_path / "clip.npz"), "--out", str(tmp_path / "target.npz")]
    assert main([*words, "--source", "made here", "--licence", "CC0"]) == 0
    target = Trajectory.load(tmp_path / "target.npz")
    assert (target.provenance.source, target.provenance.licence) == ("made here", "CC0")
    assert target.period == pytest.approx(1.14, abs=0.02)
    assert "forces: the clip's forces" in capsys.readouterr().out


def test_command_says_what_is_wrong(tmp_path, capsys):
    assert main([str(tmp_path / "none.npz"), "--out", str(tmp_path / "target.npz")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_retargeted_cmu_walk_becomes_a_target(shared, body):
    """1.36 m/s by the data's own description; the body's legs stretch or shorten its way, not its time."""
    motion = amass.read(shared / "cmu-mocap-amass-format" / "CMU_07_01_walk_poses.npz")
    made = periodic_stride(retarget(motion, body)[0], body)
    assert made.choice.period == pytest.approx(1.08, abs=0.03)
    assert 1.3 < made.choice.speed < 1.5
    assert made.choice.left_strike == pytest.approx(0.5, abs=0.04)
    assert 0.57 < made.choice.stance < 0.66
    assert np.degrees(made.choice.angle) < 3.0
    for name in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion"):
        for side in ("right", "left"):
            assert np.degrees(made.quality.angles[f"{name}_{side}"].rmse) < 4.0
    assert not made.quality.arm_contacts
    vertical = made.target.force[:, [2, 5]].sum(axis=1) / (body.mass * 9.80665)
    assert 0.65 <= vertical.min() and vertical.max() <= 1.3
