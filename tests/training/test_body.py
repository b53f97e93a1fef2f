"""Constants of bodies: published counts, and what is said where a body cannot be used."""

import dataclasses

import numpy as np
import pytest
from made_swings import made

from biomimic.errors import BadFile, BadValue
from biomimic.training.body import Body


@pytest.mark.published
def test_full_body_has_the_published_counts():
    """17 sites, the pelvis first; 89 coordinates of which 7 are the root's; 84.27 kg; 4 touch sensors (MuscleMimic)."""
    _, body = made("myofullbody")
    assert len(body.site_names) == 17 and body.site_names[0] == "pelvis" and body.relatives == 16
    assert (len(body.joint_qpos), len(body.joint_qvel), body.muscles) == (82, 82, 354)
    assert body.has_free_root and body.touch_side.tolist() == [0, 0, 1, 1]
    assert body.mass == pytest.approx(84.27, abs=0.01) and body.weight == pytest.approx(84.27 * 9.81, abs=0.1)
    assert not body.site_offset.any()
    assert sorted(set(body.rise)) == pytest.approx([0.010, 0.015])
    assert sorted(set(body.fall)) == pytest.approx([0.040, 0.050])


@pytest.mark.published
def test_arms_have_seven_sites_and_a_fixed_root():
    _, body = made("bimanual")
    assert len(body.site_names) == 7 and body.site_names[0] == "thorax"
    assert not body.has_free_root and body.touches == 0
    assert (len(body.joint_qpos), len(body.joint_qvel), body.muscles) == (76, 76, 126)


def test_another_body_takes_its_landmarks_the_pelvis_first():
    embodiment, body = made("tiny")
    assert body.site_names[0] == "pelvis" and set(body.site_names) == set(embodiment.landmarks)
    toe = body.site_names.index("toe_right")
    np.testing.assert_allclose(body.site_offset[toe], embodiment.model.site("RTOE").pos)
    assert body.site_body[toe] == embodiment.model.body("foot_r").id
    assert body.touch_side.tolist() == [0, 0, 1, 1]


def test_limits_belong_to_coordinates():
    embodiment, body = made("tiny")
    assert np.isinf(body.low[:7]).all() and np.isinf(body.high[:7]).all()
    knee = embodiment.model.joint("knee_angle_r")
    assert (body.low[knee.qposadr[0]], body.high[knee.qposadr[0]]) == tuple(knee.range)


def test_bodies_that_cannot_be_used():
    embodiment, _ = made("tiny")
    with pytest.raises(BadFile, match='lacks the body "lumbar1" to imitate'):
        Body.of(dataclasses.replace(embodiment, name="myofullbody"))
    with pytest.raises(BadValue, match="z is needed"):
        Body.of(dataclasses.replace(embodiment, house=np.eye(3)[[0, 2, 1]]))
    with pytest.raises(BadValue, match="0 landmarks; a reference and one more"):
        Body.of(dataclasses.replace(embodiment, landmarks={}))
