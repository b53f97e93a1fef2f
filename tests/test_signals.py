import numpy as np
import pytest

from biomimic.errors import BadValue, NotEnoughData, UnknownName
from biomimic.signals import Signals


def _signals():
    return Signals([0.0, 0.1, 0.2, 0.3], np.arange(8.0).reshape(4, 2), ("a", "b"), "N")


def test_channel_select_and_between():
    signals = _signals()
    np.testing.assert_array_equal(signals.channel("b"), [1, 3, 5, 7])
    assert signals.select(("b", "a")).names == ("b", "a")
    np.testing.assert_array_equal(signals.between(0.1, 0.2).values, [[2, 3], [4, 5]])
    assert len(signals) == 4 and abs(signals.rate - 10.0) < 1e-12


def test_parts_joined_are_the_whole():
    signals = _signals()
    parts = [signals.between(0.0, 0.15).values, signals.between(0.15, 0.3).values]
    np.testing.assert_array_equal(np.concatenate(parts), signals.values)


def test_arrays_are_copies_and_read_only():
    values = np.zeros((2, 1))
    signals = Signals([0, 1], values, ("a",), "1")
    values[0] = 5.0
    assert signals.values[0, 0] == 0.0
    with pytest.raises(ValueError):
        signals.values[0, 0] = 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": [0, 0.2, 0.1, 0.3]}, r"increase strictly; after 0\.2 s comes 0\.1 s \(row 2\)"),
        ({"names": ("a", "a")}, "must be unique; more than once: a"),
        ({"values": [[0, 0], [0, np.inf], [0, 0], [0, 0]]}, r'"b" is infinite at 0\.1 s'),
        ({"values": np.zeros((3, 2))}, r"values has shape \(3, 2\), expected \(4, 2\)"),
    ],
)
def test_bad_content_is_refused(change, message):
    content = {"time": [0.0, 0.1, 0.2, 0.3], "values": np.zeros((4, 2)), "names": ("a", "b"), "unit": "N"}
    with pytest.raises(BadValue, match=message):
        Signals(**{**content, **change})


def test_missing_values_are_allowed():
    assert np.isnan(Signals([0, 1], [[np.nan], [1]], ("a",), "1").values[0, 0])


def test_unknown_channel_offers_the_closest():
    with pytest.raises(UnknownName, match=r'No channel "vertical_rigth" .* Did you mean "vertical_right"'):
        Signals([0], [[1.0]], ("vertical_right",), "N").channel("vertical_rigth")


def test_rate_of_one_sample():
    with pytest.raises(NotEnoughData, match="at least two samples"):
        _ = Signals([0], [[1.0]], ("a",), "N").rate
