"""Packed clips: motions known at every instant, the ends of clips, wrapping periods, loads of a body that stands."""

import jax
import numpy as np
import pytest
from made_swings import PERIOD, SPEED, data_at, made, swing, swinging, trajectory, view_of

from biomimic.errors import BadValue
from biomimic.training import clip_rows, clips
from biomimic.training.examples import tiny_targets
from biomimic.training.sites import relative, rotation_vector, sites

at, begin = jax.jit(clips.at), jax.jit(clips.begin)


@pytest.fixture(scope="module")
def packed():
    """Two clips of the tiny body: 40 frames at 100 Hz, and one period in 60 frames."""
    embodiment, body = made("tiny")
    return clips.pack([swinging(embodiment, 100.0, 40), swinging(embodiment, 0, 60, is_periodic=True)], body)


def test_shapes_and_lengths(packed):
    """A period of 1.3 s: 130 control frames, laid out twice as fine."""
    _, body = made("tiny")
    assert packed.count == 2 and packed.rows.tolist() == [40, 260] and packed.start.tolist() == [0, 40]
    assert packed.cycle.tolist() == [40, 130] and packed.frames.tolist() == [40, clips.ENDLESS]
    np.testing.assert_allclose(packed.stride, [1.0, 2.0], rtol=1e-6)
    assert packed.position.shape == (300, body.relatives, 3) and packed.load is None and packed.com is None
    np.testing.assert_allclose(packed.progress, [[0, 0, 0], [SPEED * PERIOD, 0, 0]], atol=1e-6)


def test_a_clip_at_the_control_rate_is_not_changed(packed):
    embodiment, _ = made("tiny")
    own = swinging(embodiment, 100.0, 40)
    for frame in (0, 17, 39):
        found = at(packed, 0, frame)
        np.testing.assert_allclose(found.qpos, own.qpos[frame], atol=1e-6)
        np.testing.assert_allclose(found.qvel, own.qvel[frame], atol=1e-6)


def test_targets_show_what_a_body_in_the_same_state_shows(packed):
    """Sites of a target and of a view of the same state are equal: what makes a perfect match perfect."""
    embodiment, body = made("tiny")
    for clip, frame in ((0, 11), (1, 50)):
        found = at(packed, clip, frame)
        seen = sites(view_of(embodiment, data_at(embodiment, found.qpos, found.qvel)), body)
        own = relative(seen)
        np.testing.assert_allclose(found.place, seen.place[0], atol=1e-5)
        np.testing.assert_allclose(found.position, own.position, atol=1e-5)
        np.testing.assert_allclose(found.rotation, rotation_vector(own.quaternion), atol=1e-4)
        np.testing.assert_allclose(found.velocity, own.velocity, atol=1e-3)


def test_a_clip_stays_at_its_last_frame(packed):
    last, later = at(packed, 0, 39), at(packed, 0, 1000)
    jax.tree.map(np.testing.assert_array_equal, last, later)
    assert float(last.phase) == pytest.approx(39 / 40)
    assert bool(clips.is_over(packed, 0, 39)) and not bool(clips.is_over(packed, 0, 38))


def test_a_period_goes_on_for_ever(packed):
    """Known at every instant, also on the way from the last row to the first of the next period, and 20 periods on."""
    embodiment, _ = made("tiny")
    for frame in (0, 63, 129.3, 129.8, 130, 131.5, 2603):
        found = at(packed, 1, frame)
        qpos, qvel = swing(embodiment, np.array([0.01 * frame]))
        np.testing.assert_allclose(found.qpos, qpos[0], atol=2e-3 if frame > 2000 else 3e-4)
        np.testing.assert_allclose(found.qvel, qvel[0], atol=0.02)
        assert 0 <= float(found.phase) < 1
    assert float(at(packed, 1, 65).phase) == pytest.approx(0.5)
    assert not bool(clips.is_over(packed, 1, 10**6))


def test_other_rates_are_brought_to_the_control_rate():
    """30 Hz, cubic between frames: within h^4 / 384 of the fourth derivative, here below 2e-3; 0.3 s are 31 frames."""
    embodiment, body = made("tiny")
    found = clips.pack([swinging(embodiment, 30.0, 10)], body)
    assert found.rows.tolist() == [31]
    qpos, qvel = swing(embodiment, np.arange(31) * 0.01)
    np.testing.assert_allclose(found.qpos, qpos, atol=2e-3)
    np.testing.assert_allclose(found.qvel, qvel, atol=0.3)


def test_fourier_series_is_exact_between_samples():
    """cos(2 phase) + sin(phase) on 12 samples, asked for on 48."""
    few, many = 2 * np.pi * np.arange(12) / 12, 2 * np.pi * np.arange(48) / 48
    found = clip_rows.finer((np.cos(2 * few) + np.sin(few))[:, None], 48)
    np.testing.assert_allclose(found[:, 0], np.cos(2 * many) + np.sin(many), atol=1e-12)


def test_begin_puts_the_root_above_the_origin(packed):
    start = begin(packed, 1, 77)
    assert start.qpos[:2].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(at(packed, 1, 77, start.origin).qpos, start.qpos, atol=1e-6)
    later = at(packed, 1, 90, start.origin)
    np.testing.assert_allclose(later.qpos[:2], at(packed, 1, 90).qpos[:2] + start.origin, atol=1e-6)
    np.testing.assert_allclose(later.place - at(packed, 1, 90).place, [*start.origin, 0], atol=1e-6)


def test_loads_of_a_body_that_stands():
    """Nothing moves: the ground bears the weight, below the centre of mass."""
    embodiment, body = made("tiny")
    qpos = np.tile(embodiment.couplings.expand(embodiment.model.qpos0), (5, 1))
    still = trajectory(embodiment, qpos, np.zeros((5, embodiment.model.nv)))
    found = clips.pack([still], body, loads=True)
    data = data_at(embodiment, qpos[0], np.zeros(embodiment.model.nv))
    np.testing.assert_allclose(found.load[2], [0, 0, body.weight, 0, 0], atol=1e-2)
    np.testing.assert_allclose(found.pressure[2], data.subtree_com[1, :2] - qpos[0, :2], atol=1e-4)
    assert found.load_known.tolist() == [[True] * 3 + [False] * 2] and found.pressure_known.all()


def test_measured_forces_and_moments_come_along():
    """Of the feet the sum and the vertical parts; moments by their names; what is not known is marked."""
    embodiment, body = made("tiny")
    whole = tiny_targets(embodiment, 1, seconds=0.5)["squat"]
    bare = swinging(embodiment, 100.0, 20)
    found = clips.pack([whole, bare], body)
    force = whole.force[7]
    np.testing.assert_allclose(found.load[7], [*(force[:3] + force[3:]), force[2], force[5]], rtol=1e-5, atol=1e-4)
    assert found.load_known.tolist() == [[True] * 5, [False] * 5]
    knee = body.moment_names.index("knee_flexion_right")
    expected = whole.moment[7, whole.moment_names.index("knee_flexion_right")]
    np.testing.assert_allclose(found.moment[7, knee], expected, rtol=1e-5)
    assert not found.moment_known[1].any() and found.moment_known[0, knee]
    target = at(found, 0, 7)
    np.testing.assert_allclose(target.com, whole.com[7], atol=1e-6)
    assert target.load_known.all() and not at(found, 1, 7).load_known.any()


def test_arms_have_no_root_and_no_progress():
    embodiment, body = made("bimanual")
    found = clips.pack([swinging(embodiment, 100.0, 6)], body)
    assert found.progress.shape == (1, 0) and found.position.shape == (6, 6, 3)
    start = begin(found, 0, 3)
    assert start.origin.tolist() == [0.0, 0.0]
    np.testing.assert_allclose(start.qpos, found.qpos[3], atol=1e-6)
    np.testing.assert_allclose(at(found, 0, 99).place, found.place[5], atol=1e-6)


def test_targets_that_cannot_be_used():
    embodiment, body = made("tiny")
    arms, _ = made("bimanual")
    with pytest.raises(BadValue, match="No target was given"):
        clips.pack([], body)
    with pytest.raises(BadValue, match='target for "bimanual" with 76 coordinates .* was given for "tiny"'):
        clips.pack([swinging(arms, 100.0, 3)], body)
    with pytest.raises(BadValue, match="single frame"):
        clips.pack([swinging(embodiment, 100.0, 1)], body)
    qpos, qvel = swing(embodiment, np.arange(10) * 0.01)
    with pytest.raises(BadValue, match="10 frames at 100 Hz; they must fill one period"):
        clips.pack([trajectory(embodiment, qpos, qvel, period=1.0)], body)
