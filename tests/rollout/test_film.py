"""Pictures: what goes in, and that the body is in them where a renderer works."""

import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import BadValue
from biomimic.rollout import film


def test_poses_and_activations_belong_together():
    with pytest.raises(BadValue, match="as many activations"):
        film.draw("myofullbody", np.zeros((2, 89)), np.zeros((3, 354)))


@pytest.mark.slow
def test_the_body_stands_in_the_middle_of_the_picture_on_the_ground():
    body = embodiment.load("myofullbody")
    pose = body.couplings.expand(body.model.qpos0)
    drawn = film.draw("myofullbody", pose[None], np.zeros((1, body.model.nu)), size=(120, 240))
    if not drawn.frames:
        assert drawn.reason == film.NONE
        pytest.skip(drawn.reason)
    picture = drawn.frames[0]
    assert picture.shape == (240, 120, 3) and picture.dtype == np.uint8
    is_body = (picture != film.BACKGROUND).any(axis=2) & (picture != film.GROUND).any(axis=2)
    # a standing body of 1.6 to 1.8 m in a picture that shows 2 x 3 m x tan 18 degrees = 1.95 m
    rows = np.flatnonzero(is_body.any(axis=1))
    assert 0.75 < np.ptp(rows) / 240 < 0.95
    assert abs(np.flatnonzero(is_body.any(axis=0)).mean() - 60) < 15
