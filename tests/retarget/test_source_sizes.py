"""Sizes of segments from lengths of bones: a person that is the body at another size, and one with a short trunk."""

import numpy as np
import pytest
from posed_people import JOINTS, recorded, walking

from biomimic import embodiment
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.retarget.body_frames import BodyFrames
from biomimic.retarget.source_sizes import sizes
from biomimic.retarget.targets import targets


@pytest.fixture(scope="module")
def upright(body) -> Motion:
    return recorded(body, np.tile(body.couplings.expand(body.model.qpos0), (3, 1)))


def moved(motion: Motion, position: np.ndarray) -> Motion:
    return Motion(100.0, position, motion.landmarks, Provenance("made by this test"), rotation=motion.rotation)


@pytest.mark.parametrize("size", [0.6, 0.9, 1.25])
def test_person_at_another_size_has_that_size_in_all_segments(body, upright, size):
    found = targets(moved(upright, size * upright.position), body).sizes
    assert set(found) == set(body.segments)
    np.testing.assert_allclose([*found.values()], size, atol=1e-6)


def test_bent_joints_do_not_change_sizes(body):
    found = targets(recorded(body, walking(body)), body).sizes
    np.testing.assert_allclose([*found.values()], 1.0, atol=0.02)


def test_short_trunk_is_short_above_the_lumbar_spine(body, upright):
    # the lowest lumbar joint stands 0.149 m above the hips, the shoulders 0.552 m; all above sinks by 0.152 m
    position = upright.position.copy()
    upper = [
        k for k, name in enumerate(JOINTS) if name.startswith(("spine", "neck", "head", "should", "elb", "wri", "han"))
    ]
    position[:, upper, 2] -= 0.152
    found = targets(moved(upright, position), body).sizes
    assert found["trunk"] == pytest.approx((0.552 - 0.152 - 0.149) / (0.552 - 0.149), abs=0.02)
    assert found["thigh"] == pytest.approx(1.0, abs=1e-6) and found["upper_arm"] == pytest.approx(1.0, abs=1e-6)


def test_place_of_the_neck_is_given_at_the_size_of_the_trunk(body, upright):
    small = targets(moved(upright, 0.8 * upright.position), body)
    own = targets(upright, body)
    for name in ("neck", "spine", "pelvis", "toe_right"):
        np.testing.assert_allclose(
            small.offsets[small.names.index(name)], own.offsets[own.names.index(name)], atol=1e-6, err_msg=name
        )


def test_unknown_lengths_give_no_sizes(body):
    assert sizes({}, BodyFrames(body)) == {}
    assert sizes({"shoulders": 0.35}, BodyFrames(body)) == {}


def test_arms_alone_are_sized_by_the_arms(upright):
    arms = embodiment.load("bimanual")
    found = targets(moved(upright, 0.9 * upright.position), arms).sizes
    for segment in arms.segments:
        assert found[segment] == pytest.approx(0.9, abs=0.02), segment
