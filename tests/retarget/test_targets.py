"""What Targets accepts."""

import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.retarget.targets import Targets


def made(**changes) -> Targets:
    fields = {
        "names": ("a", "b"),
        "position": np.full((3, 2, 3), np.nan),
        "bodies": np.array([1, 2]),
        "offsets": np.zeros((2, 3)),
        "spread": np.array([0.01, np.inf]),
        "weights": np.ones(2),
    }
    return Targets(**(fields | changes))


def test_unseen_points_and_free_places_are_allowed():
    aim = made()
    assert aim.names == ("a", "b") and not aim.bodies.flags.writeable


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"names": ("a", "a")}, "unique"),
        ({"bodies": np.array([1])}, "one body"),
        ({"offsets": np.full((2, 3), np.nan)}, "Places must be finite"),
        ({"spread": np.zeros(2)}, "positive"),
        ({"weights": np.ones(3)}, "weights"),
    ],
)
def test_nonsense_is_refused(changes, words):
    with pytest.raises(BadValue, match=words):
        made(**changes)
