from dataclasses import replace

import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue
from biomimic.provenance import Provenance
from biomimic.recording import UNITS, Recording
from biomimic.signals import Signals


def test_round_trip_of_a_measured_walk(analytic_walk, tmp_path):
    back = Recording.load(analytic_walk.save(tmp_path / "walk.npz"))
    for name in UNITS:
        one, two = getattr(analytic_walk, name), getattr(back, name)
        assert (one is None) == (two is None), name
        if one is not None:
            np.testing.assert_array_equal(one.values, two.values)
            assert one.names == two.names and one.unit == two.unit
    assert (back.kind, back.trial, back.mass, back.fall, back.push) == ("measured", "analytic", 80.0, None, "")
    assert back.save(tmp_path / "again.npz").read_bytes() == (tmp_path / "walk.npz").read_bytes()


def test_actuators_are_kept_in_single_precision(tmp_path):
    third = Signals([0.0, 0.01], [[1 / 3], [np.nan]], ("soleus_r",), "1")
    recording = Recording(
        "simulated",
        "start 3",
        84.27,
        Provenance("run42"),
        activation=third,
        fall=4.5,
        push="100 N for 0.1 s, left, at 5 s",
    )
    back = Recording.load(recording.save(tmp_path / "walk.npz"))
    assert back.activation.values[0, 0] == np.float32(1 / 3) and np.isnan(back.activation.values[1, 0])
    assert (back.fall, back.push) == (4.5, recording.push)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "guessed"}, '"measured" or "simulated", not "guessed"'),
        ({"mass": 0.0}, r"mass of 0\.0 kg; it must be positive"),
        (
            {"force": Signals([0.0], [[1.0]], ("vertical_right",), "BW")},
            'force of trial "analytic" is in "BW"; it must be in "N"',
        ),
    ],
)
def test_bad_recording_is_refused(analytic_walk, change, message):
    with pytest.raises(BadValue, match=message):
        replace(analytic_walk, **change)


def test_truncated_file_is_one_sentence(analytic_walk, tmp_path):
    path = analytic_walk.save(tmp_path / "walk.npz")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadFile, match=r"walk\.npz is truncated"):
        Recording.load(path)


def test_another_noun_is_refused(tmp_path):
    from biomimic.motion import Motion

    path = Motion(1.0, np.zeros((1, 1, 3)), ("a",), Provenance("x")).save(tmp_path / "m.npz")
    with pytest.raises(BadFile, match="holds a motion, and a recording was asked for"):
        Recording.load(path)
