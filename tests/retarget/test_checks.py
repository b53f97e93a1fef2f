from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from biomimic.errors import BadValue, NotEnoughData
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.readers import trc
from biomimic.retarget import checks

PLACES = {
    "pelvis": (0.0, 0.0, 0.95),
    "head": (0.0, 0.0, 1.65),
    "knee_right": (0.05, -0.1, 0.5),
    "ankle_right": (0.0, -0.1, 0.08),
    "toe_right": (0.15, -0.1, 0.02),
    "knee_left": (0.05, 0.1, 0.5),
    "ankle_left": (0.0, 0.1, 0.08),
    "toe_left": (0.15, 0.1, 0.02),
}


def _motion(rate=100.0, seconds=2.0, skeleton=True):
    """A person gliding forward at 1.2 m/s who nods and turns."""
    time = np.arange(int(seconds * rate) + 1) / rate
    position = np.array(list(PLACES.values()))[None] + np.zeros((len(time), 1, 1))
    position[..., 0] += 1.2 * time[:, None]
    position[:, 1, 2] += 0.02 * np.sin(2 * np.pi * time)
    angle = np.outer(np.sin(2 * np.pi * time), np.arange(1, 9) / 8)
    turn = np.stack([np.cos(angle / 2), np.sin(angle / 2), 0 * angle, 0 * angle], axis=-1)
    return Motion(rate, position, tuple(PLACES), Provenance("made"), rotation=turn if skeleton else None)


def _moved(motion, change):
    position = motion.position.copy()
    change(position)
    return replace(motion, position=position)


@pytest.mark.parametrize("skeleton", [True, False])
def test_a_person_passes(skeleton):
    checks.check_motion(_motion(skeleton=skeleton))
    checks.check_motion(_motion(rate=30.0, seconds=0.4, skeleton=skeleton))


def test_markers_may_have_gaps():
    def lose(position):
        position[20:60, 3] = np.nan
        position[:10, 4] = np.nan

    checks.check_motion(_moved(_motion(skeleton=False), lose))


@pytest.mark.parametrize(
    ("motion", "kind", "words"),
    [
        (lambda: replace(_motion(), position=np.zeros((0, 8, 3)), rotation=None), NotEnoughData, "0 frames"),
        (lambda: _motion(seconds=0.2), NotEnoughData, "lasts 0.2 s"),
        (lambda: _motion(rate=5.0, seconds=4.0), BadValue, "5 frames per second"),
        (lambda: _motion(rate=5000.0, seconds=0.4), BadValue, "5000 frames per second"),
        (lambda: _moved(_motion(), lambda p: p[7].__setitem__((2, 1), np.nan)), BadValue, '"knee_right".*frame 7'),
        (
            lambda: _moved(_motion(skeleton=False), lambda p: p.__setitem__((slice(None), 4), np.nan)),
            BadValue,
            "never seen: toe_right",
        ),
        (lambda: _moved(_motion(), lambda p: p.__imul__(1000)), BadValue, "look like mm"),
        (lambda: _moved(_motion(), lambda p: p.__imul__(100)), BadValue, "look like cm"),
        (lambda: _moved(_motion(), lambda p: p.__imul__(17.7)), BadValue, "look like CMU units"),
        (lambda: _moved(_motion(), lambda p: p.__imul__(0.001)), BadValue, "no person in metres"),
        (lambda: _moved(_motion(), lambda p: p[..., 2].__imul__(-1)), BadValue, "feet are above"),
        (lambda: _moved(_motion(), lambda p: p.__setitem__(..., p[..., [0, 2, 1]])), BadValue, "along y.*up axis"),
        (
            lambda: _moved(_motion(), lambda p: p.__setitem__(slice(50, 150), p[50])),
            BadValue,
            "no landmark moves at all for 0.99 s from",
        ),
        (
            lambda: _moved(_motion(), lambda p: p.__setitem__(slice(None), p[50])),
            BadValue,
            "shows one pose for all its",
        ),
        (
            lambda: _moved(_motion(), lambda p: p[70:, 3, 1].__iadd__(0.5)),
            BadValue,
            '"ankle_right" jumps by 0.5 m at frame 70 ',
        ),
    ],
)
def test_bad_motion_is_named(motion, kind, words):
    with pytest.raises(kind, match=words):
        checks.check_motion(motion())


def test_jump_across_a_gap_counts_its_whole_time():
    def shift(position):  # 0.5 m in 5 frames at 100 Hz is 10 m/s, in 1 frame 50 m/s
        position[60:64, 3] = np.nan
        position[60:, 3, 1] += 0.5

    checks.check_motion(_moved(_motion(skeleton=False), shift))
    with pytest.raises(BadValue, match="jumps by 0.5"):
        checks.check_motion(_moved(_motion(skeleton=False), lambda p: p[60:, 3, 1].__iadd__(0.5)))


def test_gap_in_a_parabola_is_filled_exactly():
    time = np.arange(101) / 100.0
    truth = np.stack([1.2 * time, 0.3 + 0 * time, 1.0 + time - 4.9 * time**2], axis=1)
    position = np.stack([truth, truth + [0, 0.5, 0]], axis=1)
    broken = position.copy()
    broken[30:45, 0] = np.nan
    broken[60:90, 1] = np.nan
    broken[:4, 1] = np.nan
    motion = Motion(100.0, broken, ("a", "b"), Provenance("made"))
    filled = checks.fill_gaps(motion, longest=0.2)
    np.testing.assert_allclose(filled.position[:, 0], position[:, 0], atol=1e-9)
    np.testing.assert_array_equal(filled.position[:, 1], broken[:, 1])  # 0.31 s and the begin stay open
    assert "1 gaps of up to 0.16 s" in filled.provenance.note
    longer = checks.fill_gaps(motion, longest=0.4)
    np.testing.assert_allclose(longer.position[4:], position[4:], atol=1e-9)
    assert np.isnan(longer.position[:4, 1]).all()


def test_gap_beside_single_frames_is_filled_straight():
    position = np.full((9, 1, 3), np.nan)
    position[[0, 3, 6, 8], 0] = np.array([0.0, 3.0, 6.0, 8.0])[:, None]
    filled = checks.fill_gaps(Motion(100.0, position, ("a",), Provenance("made")))
    np.testing.assert_allclose(filled.position[:, 0, 0], np.arange(9.0), atol=1e-12)


def test_gap_of_a_swinging_marker_is_filled_within_a_millimetre():
    time = np.arange(201) / 100.0
    truth = np.stack([0.3 * np.sin(2 * np.pi * time), 0.05 * np.cos(4 * np.pi * time), 0 * time], axis=1)[:, None]
    noisy = truth + 0.0003 * np.random.default_rng(1).standard_normal(truth.shape)
    broken = noisy.copy()
    for first in (20, 70, 120, 170):
        broken[first : first + 9] = np.nan
    filled = checks.fill_gaps(Motion(100.0, broken, ("a",), Provenance("made")))
    assert np.abs(filled.position - truth).max() < 0.005
    assert np.sqrt(np.mean((filled.position - truth) ** 2)) < 0.001


@pytest.mark.parametrize("rate", [30.0, 59.94, 120.0, 250.0])
def test_resampled_motion_follows_its_closed_form(rate):
    seconds = 3.0
    time = np.arange(int(seconds * rate) + 1) / rate

    def place(t):
        return np.stack([1.3 * t, 0.02 * np.sin(2 * np.pi * t), 0.95 + 0.02 * np.cos(4 * np.pi * t)], axis=-1)

    def turn(t):
        vector = np.stack([0.4 * np.sin(2 * np.pi * t), 0.1 * np.cos(2 * np.pi * t), 1.5 * t], axis=-1)
        return Rotation.from_rotvec(vector)

    quaternion = turn(time).as_quat(scalar_first=True)
    quaternion *= np.where(np.arange(len(time)) % 3, 1, -1)[:, None]  # signs are free
    motion = Motion(rate, place(time)[:, None], ("pelvis",), Provenance("made"), rotation=quaternion[:, None])
    found = checks.resample(motion, 100.0)
    at = np.arange(len(found.position)) / 100.0
    assert found.rate == 100.0 and at[-1] <= time[-1] + 1e-9 and time[-1] - at[-1] < 0.01 + 1e-9
    np.testing.assert_allclose(found.position[:, 0], place(at), atol=2e-5)
    angle = (turn(at).inv() * Rotation.from_quat(found.rotation[:, 0], scalar_first=True)).magnitude()
    assert angle.max() < 1e-3
    np.testing.assert_allclose(np.linalg.norm(found.rotation, axis=2), 1.0, atol=1e-12)


def test_same_rate_is_the_same_motion():
    motion = _motion()
    assert checks.resample(motion, 100.0) is motion


def test_missing_markers_stay_missing():
    def lose(position):
        position[24:48, 2] = np.nan
        position[60, 3] = np.nan
        position[100:102, 4] = np.nan
        position[103:, 4] = np.nan  # frame 102 alone

    motion = _moved(_motion(rate=120.0, skeleton=False), lose)
    found = checks.resample(motion, 100.0)
    np.testing.assert_allclose(found.position[:, 0], checks.resample(_motion(rate=120.0), 100.0).position[:, 0])
    missing = np.isnan(found.position).any(axis=2)
    place = np.arange(len(found.position)) * 1.2
    np.testing.assert_array_equal(missing[:, 2], (place > 23 + 1e-6) & (place < 48 - 1e-6))
    np.testing.assert_array_equal(np.flatnonzero(missing[:, 3]), [50])
    assert found.position[85, 4, 0] == pytest.approx(motion.position[102, 4, 0]) and missing[86:, 4].all()
    assert not missing[:, [0, 1, 5, 6, 7]].any()


def test_low_pass_takes_noise_and_leaves_the_walk():
    motion = _motion(rate=200.0, seconds=4.0)
    noise = 0.002 * np.random.default_rng(0).standard_normal(motion.position.shape)
    noisy = replace(motion, position=motion.position + noise)
    found = checks.resample(noisy, 100.0, low_pass=6.0)
    plain = checks.resample(noisy, 100.0)
    truth = motion.position[::2]
    inner = slice(50, -50)
    assert np.std((found.position - truth)[inner]) < 0.3 * np.std((plain.position - truth)[inner])
    assert "low-passed at 6 Hz" in found.provenance.note and "200 to 100 Hz" in found.provenance.note


def test_low_pass_halves_the_power_at_its_cut_off():
    time = np.arange(801) / 200.0
    position = np.zeros((801, 2, 3))
    position[:, 0, 2] = np.sin(2 * np.pi * 6.0 * time)
    position[:, 1] = 1.0
    found = checks.resample(Motion(200.0, position, ("a", "b"), Provenance("made")), 200.0, low_pass=6.0)
    middle = slice(200, 600)
    np.testing.assert_allclose(found.position[middle, 0, 2], np.sqrt(0.5) * position[middle, 0, 2], atol=2e-3)


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan])
def test_impossible_wanted_rate_is_named(rate):
    with pytest.raises(BadValue, match="a rate is positive"):
        checks.resample(_motion(), rate)


def test_cut_off_beyond_half_the_rate_is_named():
    with pytest.raises(BadValue, match="cut-off of 20 Hz"):
        checks.resample(_motion(rate=30.0), 100.0, low_pass=20.0)


def test_person_walking_into_view_is_cut_to_where_most_is_seen():
    def lose(position):
        position[:31, 2:] = np.nan
        position[31:40, 6:] = np.nan  # 6 of 8 are seen: enough
        position[100:115, :5] = np.nan  # a dip of 0.15 s
        position[160:, :5] = np.nan
        position[195:] = 0.5

    motion, first = checks.trim(_moved(_motion(skeleton=False), lose), 0.5)
    assert first == 31 and len(motion.position) == 160 - 31
    assert "frames 31 to 159 of 201 kept, where 50% of the landmarks are seen" in motion.provenance.note
    whole = _motion()
    assert checks.trim(whole) == (whole, 0)


@pytest.mark.parametrize(
    ("least", "words"), [(1.0, "100% of its 8 landmarks at once .at most 88%"), (1.2, "between 0")]
)
def test_trim_of_what_is_never_whole_is_named(least, words):
    with pytest.raises(BadValue, match=words):
        checks.trim(_moved(_motion(skeleton=False), lambda p: p[:, 3].fill(np.nan)), least)


def test_ghost_markers_are_dropped_and_walking_stays():
    def jump(position):
        position[80, 3, 1] += 0.05
        position[120:123, 5] += 0.04

    motion = checks.drop_spikes(_moved(_motion(skeleton=False), jump))
    missing = np.isnan(motion.position).any(axis=2)
    assert np.flatnonzero(missing.any(axis=1)).tolist() == [79, 80, 81, 119, 120, 122, 123]
    assert missing[:, 3].sum() == 3 and missing[:, 5].sum() == 4
    assert "7 frames of markers that jump and return dropped (ankle_right, knee_left)" in motion.provenance.note
    plain = _motion(skeleton=False)
    assert checks.drop_spikes(plain) is plain
    skeleton = _moved(_motion(), jump)
    assert checks.drop_spikes(skeleton) is skeleton


def test_recorded_marker_trials_pass(shared_data):
    for name in ("opencap-walk-subject4/walking1.trc", "hamner2010-run-subject02/subject02_running.trc"):
        motion, first = checks.trim(trc.read(shared_data / name))
        checks.check_motion(motion)
        clean = checks.resample(checks.fill_gaps(checks.drop_spikes(motion)), 100.0)
        assert first == 0 and np.nanmax(np.linalg.norm(np.diff(clean.position, axis=0), axis=2)) * 100.0 < 6.5
