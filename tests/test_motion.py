from dataclasses import replace

import numpy as np
import pytest

from biomimic import archive
from biomimic.errors import BadFile, BadValue
from biomimic.motion import Motion, Trajectory
from biomimic.provenance import Provenance

UPRIGHT = np.tile([1.0, 0.0, 0.0, 0.0], (5, 2, 1))


def _trajectory(**more):
    return Trajectory(
        rate=100.0,
        qpos=np.arange(15.0).reshape(5, 3),
        qvel=np.zeros((5, 2)),
        landmark_position=np.zeros((5, 2, 3)),
        landmark_rotation=UPRIGHT,
        landmarks=("pelvis", "head"),
        embodiment="tiny",
        model_sha256="ab",
        provenance=Provenance("here"),
        **more,
    )


def test_motion_round_trip(tmp_path):
    motion = Motion(120.0, np.full((5, 2, 3), np.nan), ("a", "b"), Provenance("file.trc"), UPRIGHT, mass=70.0)
    back = Motion.load(motion.save(tmp_path / "m.npz"))
    np.testing.assert_array_equal(back.position, motion.position)
    assert (back.landmarks, back.rate, back.mass, back.height) == (("a", "b"), 120.0, 70.0, None)
    assert back.provenance == motion.provenance and abs(back.duration - 4 / 120.0) < 1e-15


def test_periodic_trajectory_round_trip(tmp_path):
    whole = _trajectory(
        period=0.05,
        contact=[[True, False]] * 5,
        contact_points=("heel_right", "toe_right"),
        force=np.ones((5, 6)),
        moment=np.ones((5, 1)),
        moment_names=("knee_flexion_right",),
        com=np.zeros((5, 3)),
    )
    back = Trajectory.load(whole.save(tmp_path / "t.npz"))
    np.testing.assert_array_equal(back.qpos, whole.qpos)
    assert back.contact.dtype == bool and back.contact_points == whole.contact_points
    assert back.moment_names == whole.moment_names and back.period == back.duration == 0.05
    assert back.save(tmp_path / "again.npz").read_bytes() == (tmp_path / "t.npz").read_bytes()


def test_optional_arrays_stay_absent(tmp_path):
    back = Trajectory.load(_trajectory().save(tmp_path / "t.npz"))
    assert back.period is back.contact is back.force is back.moment is back.com is None
    assert abs(back.duration - 0.04) < 1e-15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"qpos": np.full((5, 3), np.nan)}, r"qpos is not a number at frame 0, column \[0\]"),
        ({"qvel": np.zeros((4, 2))}, r"qvel has shape \(4, 2\), expected \(5, any\)"),
        ({"landmark_rotation": 1.1 * UPRIGHT}, r"unit quaternions w x y z; frame 0, landmark 0 has length 1\.1"),
        ({"contact": np.ones((5, 2), bool)}, r"contact has shape \(5, 2\), expected \(5, 0\)"),
        ({"period": 0.0}, r"period of 0\.0 s was given; it must be positive"),
        ({"rate": -1.0}, r"rate of -1\.0 Hz"),
    ],
)
def test_bad_trajectory_is_refused(change, message):
    with pytest.raises(BadValue, match=message):
        replace(_trajectory(), **change)


def test_a_nan_in_a_file_names_the_file(tmp_path):
    path = _trajectory().save(tmp_path / "target.npz")
    content = archive.load(path, "trajectory", 1)
    content["qpos"][2, 1] = np.nan
    archive.save(path, "trajectory", 1, content)
    with pytest.raises(BadFile, match=r"target\.npz: qpos is not a number at frame 2, column \[1\]"):
        Trajectory.load(path)


def test_a_file_without_an_array_names_it(tmp_path):
    path = _trajectory().save(tmp_path / "target.npz")
    content = archive.load(path, "trajectory", 1)
    del content["qvel"]
    archive.save(path, "trajectory", 1, content)
    with pytest.raises(BadFile, match=r'target\.npz lacks "qvel"'):
        Trajectory.load(path)
