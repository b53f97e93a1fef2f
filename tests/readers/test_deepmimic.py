"""DeepMimic files: a pose by hand, the two cycles, and broken files."""

import json

import numpy as np
import pytest

from biomimic.errors import BadFile
from biomimic.readers import deepmimic

STRAIGHT = [1.0, 0.0, 0.0, 0.0]


def _frame(duration=0.033333, place=(0.0, 0.9, 0.0), right_knee=0.0, left_elbow=0.0, chest=None):
    ball = STRAIGHT
    right = [*ball, right_knee, *ball, *ball, 0.0]
    left = [*ball, 0.0, *ball, *ball, left_elbow]
    return [duration, *place, *ball, *(chest or ball), *ball, *right, *left]


def _write(path, frames, loop="wrap"):
    path.write_text(json.dumps({"Loop": loop, "Frames": frames}))
    return path


def _at(motion, joint):
    return motion.position[:, motion.landmarks.index(joint)]


def test_pose_by_hand(tmp_path):
    """A knee of -90 deg points the shank backwards, an elbow of +90 deg the forearm forwards."""
    frames = [_frame(place=(0.1 * k, 0.9, 0.2), right_knee=-np.pi / 2, left_elbow=np.pi / 2) for k in range(5)]
    motion = deepmimic.read(_write(tmp_path / "a.txt", frames))
    assert motion.rate == 30.0 and 'loop "wrap"' in motion.provenance.note
    np.testing.assert_allclose(_at(motion, "pelvis")[2], [0.2, -0.2, 0.9], atol=1e-12)
    np.testing.assert_allclose(_at(motion, "hip_right")[0], [0, -0.2 - 0.084887, 0.9], atol=1e-12)
    shank = (_at(motion, "ankle_right") - _at(motion, "knee_right"))[0]
    np.testing.assert_allclose(shank, [-0.40987, 0, 0], atol=1e-12)
    np.testing.assert_allclose(_at(motion, "knee_left")[0], [0, -0.2 + 0.084887, 0.9 - 0.421546], atol=1e-12)
    forearm = (_at(motion, "wrist_left") - _at(motion, "elbow_left"))[0]
    np.testing.assert_allclose(forearm, [0.258947, 0, 0], atol=1e-12)
    np.testing.assert_allclose(motion.rotation[0, 0], STRAIGHT, atol=1e-12)


def test_chest_bends_forward(tmp_path):
    """A quarter turn about -z (to the left) takes up to forward: the neck lies ahead of the chest."""
    half = np.sqrt(0.5)
    motion = deepmimic.read(_write(tmp_path / "a.txt", [_frame(chest=[half, 0.0, 0.0, -half])] * 5))
    neck = (_at(motion, "neck") - _at(motion, "spine1"))[0]
    np.testing.assert_allclose(neck, [0.223894, 0, 0], atol=1e-12)


def test_the_last_duration_says_nothing(tmp_path):
    motion = deepmimic.read(_write(tmp_path / "a.txt", [_frame(0.0625)] * 4 + [_frame(0.0)]))
    assert motion.rate == 16.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no DeepMimic motion or is cut short"),
        ("[]", "no DeepMimic motion"),
        (json.dumps({"Frames": []}), "holds no frames"),
        (json.dumps({"Frames": [[0.03] * 20] * 4}), "have 20 numbers, humanoid3d has 44"),
        (json.dumps({"Frames": [_frame(), _frame()[:-1]]}), "no DeepMimic motion or is cut short"),
        (json.dumps({"Frames": [_frame(), _frame(place=(0, float("nan"), 0))]}), "frame 1 holds something"),
        (json.dumps({"Frames": [_frame(0.03), _frame(0.06), _frame()]}), "last 0.03 to 0.06 s"),
        (json.dumps({"Frames": [_frame(-0.03)] * 3}), "only an even, positive duration"),
        (json.dumps({"Frames": [_frame(chest=[2.0, 0, 0, 0])] * 3}), "quaternion of chest in frame 0 has length 2"),
    ],
)
def test_broken_files(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(BadFile, match=message):
        deepmimic.read(tmp_path / "a.txt")


@pytest.mark.parametrize(
    ("clip", "frames", "speed", "knee"), [("walk", 39, 0.98, (60.0, 80.0)), ("run", 25, 3.56, (95.0, 120.0))]
)
def test_published_cycles(shared_data, clip, frames, speed, knee):
    """Frames and speeds as in the data's README; the walk lifts its foot high, its knees bend to 78 deg."""
    motion = deepmimic.read(shared_data / f"deepmimic-motions/humanoid3d_{clip}.txt")
    assert len(motion.position) == frames and motion.rate == 30.0
    travel = _at(motion, "pelvis")[-1] - _at(motion, "pelvis")[0]
    assert travel[0] / motion.duration == pytest.approx(speed, abs=0.02)
    for side in ("left", "right"):
        thigh = _at(motion, f"knee_{side}") - _at(motion, f"hip_{side}")
        shank = _at(motion, f"ankle_{side}") - _at(motion, f"knee_{side}")
        cosine = np.sum(thigh * shank, axis=1) / (0.421546 * 0.409870)
        assert knee[0] < np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < knee[1]
    assert -0.02 < min(_at(motion, f"ankle_{side}")[:, 2].min() for side in ("left", "right")) < 0.12  # run: too low
