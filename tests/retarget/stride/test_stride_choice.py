"""Which stride of a clip is taken."""

from dataclasses import replace

import numpy as np
import pytest

from biomimic.errors import BadValue, NotEnoughData
from biomimic.retarget.stride import StrideOptions, choose

OPTIONS = StrideOptions()


def test_period_strikes_and_stance_of_a_repeated_stride(clip, walked, body):
    found = choose(clip, body, OPTIONS)
    assert abs(found.period - walked.period) <= 0.5 / clip.rate + 1e-9  # the nearest frame
    begun = 0.35 * walked.period  # of the stride at the clip's first frame
    at = (found.strike + begun) / walked.period % 1.0
    assert min(at, 1.0 - at) < 0.02
    loaded = walked.force[:, 5] >= 20.0
    rise = np.flatnonzero(~np.roll(loaded, 1) & loaded)[0] / len(loaded)
    assert found.left_strike == pytest.approx(rise, abs=0.02)
    assert found.stance == pytest.approx((walked.force[:, [2, 5]] >= 20.0).mean(), abs=0.02)
    assert np.degrees(found.angle) < 1.0
    assert found.fade == pytest.approx(OPTIONS.fade)


def test_speed_is_that_of_the_walk(clip, walked, body):
    speed = np.linalg.norm(walked.qvel[:, :2].mean(axis=0))
    assert choose(clip, body, OPTIONS).speed == pytest.approx(speed, rel=0.02)


def test_disturbed_stride_is_left_out(clip, body):
    qpos = clip.qpos.copy()
    knee = body.model.jnt_qposadr[body.model.joint("knee_angle_r").id]
    qpos[:90, knee] += 0.3 * np.sin(np.linspace(0.0, np.pi, 90))
    disturbed = replace(clip, qpos=body.couplings.expand(qpos))
    assert choose(disturbed, body, OPTIONS).start > 0.85


def test_stride_holds_the_moment_that_was_asked_for(clip, body):
    early = choose(clip, body, OPTIONS, at=0.3)
    late = choose(clip, body, OPTIONS, at=2.5)
    assert early.start <= 0.3 <= early.start + early.period
    assert late.start <= 2.5 <= late.start + late.period


def test_steps_are_found_from_the_motion_where_there_are_no_contacts(clip, body):
    known = choose(clip, body, OPTIONS)
    bare = replace(clip, contact=None, contact_points=(), force=None)
    found = choose(bare, body, OPTIONS)
    assert found.period == pytest.approx(known.period, abs=0.011)
    assert _apart(found.strike, known.strike, known.period) < 0.06  # the heel is furthest ahead before it lands
    assert found.stance == pytest.approx(known.stance, abs=0.05)


def test_strike_is_where_the_contact_begins(clip, walked, body):
    found = choose(replace(clip, force=None), body, OPTIONS)
    begun = found.strike + 0.35 * walked.period
    assert _apart(begun, 0.0, walked.period) < 0.01


def test_contacts_that_break_off_do_not_spoil_the_steps(clip, body):
    contact = clip.contact.copy()
    contact[60:75] = False  # as where a foot is thought to hover
    broken = replace(clip, force=None, contact=contact)
    whole = choose(replace(clip, force=None), body, OPTIONS)
    assert choose(broken, body, OPTIONS).period == whole.period


def _apart(first: float, second: float, period: float) -> float:
    """Distance of two times within a cycle, as a share of it."""
    share = (first - second) / period % 1.0
    return min(share, 1.0 - share)


def test_motion_that_does_not_repeat_is_refused(clip, body):
    qpos = clip.qpos.copy()
    drift = np.linspace(0.0, 1.0, len(qpos))
    for side in "rl":
        qpos[:, body.model.jnt_qposadr[body.model.joint(f"knee_angle_{side}").id]] += drift
        qpos[:, body.model.jnt_qposadr[body.model.joint(f"hip_flexion_{side}").id]] += drift
    with pytest.raises(NotEnoughData, match="a clip of steady level walking would work"):
        choose(replace(clip, qpos=body.couplings.expand(qpos)), body, StrideOptions(most_relative=0.3))


def test_standing_is_no_stride(clip, body):
    frames = len(clip.qpos)
    still = replace(clip, qpos=np.tile(clip.qpos[:1], (frames, 1)), contact=None, contact_points=(), force=None)
    with pytest.raises(NotEnoughData, match="with 0 right and 0 left heel strikes; a clip of level walking"):
        choose(still, body, OPTIONS)


def test_half_a_stride_is_too_short(clip, body):
    half = slice(0, 60)
    short = replace(
        clip,
        qpos=clip.qpos[half],
        qvel=clip.qvel[half],
        contact=clip.contact[half],
        force=clip.force[half],
        landmark_position=clip.landmark_position[half],
        landmark_rotation=clip.landmark_rotation[half],
    )
    with pytest.raises(NotEnoughData, match="No stride of 0.7 to 1.8 s .* in 0.59 s"):
        choose(short, body, OPTIONS)


def test_clip_of_another_body_and_strange_contact_points_are_refused(clip, body):
    with pytest.raises(BadValue, match="The clip has 88 coordinates"):
        choose(replace(clip, qpos=clip.qpos[:, :-1]), body, OPTIONS)
    with pytest.raises(BadValue, match='contact point "hoof"'):
        choose(replace(clip, contact_points=("hoof", *clip.contact_points[1:])), body, OPTIONS)


def test_impossible_stride_times_are_refused():
    with pytest.raises(BadValue, match="Stride times from 2 to 1 s"):
        StrideOptions(shortest=2.0, longest=1.0)
    with pytest.raises(BadValue, match="time ratio of 3"):
        StrideOptions(time_ratio=3.0)
