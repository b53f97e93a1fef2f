import numpy as np
import pytest

from biomimic.errors import NotEnoughData
from biomimic.reference.fold import fold
from biomimic.signals import Signals


def _record(first, last, function, rate=100.0):
    time = np.arange(round(first * rate), round(last * rate) + 1) / rate
    return Signals(time, function(time)[:, None], ("a",), "rad")


@pytest.mark.parametrize("start", [0.2665, -3.0, 9.1])
def test_a_periodic_record_is_returned_wherever_it_starts(start):
    wave = lambda time: np.sin(2 * np.pi * time / 1.1)  # noqa: E731
    cycle = fold(_record(0.45, 1.80, wave), start=start, period=1.1)
    np.testing.assert_allclose(cycle.values[:, 0], wave(cycle.time), atol=5e-4)  # linear interpolation between samples
    assert cycle.time[0] == start and abs(cycle.time[-1] - start - 1.1) < 1e-12
    assert cycle.values[0] == cycle.values[-1]


def test_two_passes_are_cross_faded_linearly():
    """A drift of one unit per second over 1.5 s and a period of 1 s: from 0.0 to 0.5 two passes, one unit apart.

    At 0.25, halfway, they have equal weight: (0.25 + 1.25) / 2 = 0.75. At 0.1: weights 0.1 of the first, whose begin is
    0.1 s away, and 0.4 of the second, whose end is 0.4 s away: (0.1 * 0.1 + 0.4 * 1.1) / 0.5 = 0.9.
    """
    cycle = fold(_record(0.0, 1.5, lambda time: time), start=0.0, period=1.0)
    value = dict(zip(np.round(cycle.time, 6), cycle.values[:, 0]))
    assert abs(value[0.25] - 0.75) < 1e-12 and abs(value[0.1] - 0.9) < 1e-12
    assert abs(value[0.7] - 0.7) < 1e-12  # seen once
    assert np.abs(np.diff(cycle.values[:, 0])).max() < 0.012  # no step where one pass takes over


def test_a_record_shorter_than_a_period():
    with pytest.raises(
        NotEnoughData, match=r"cycle of 1\.1 s was asked of a record from 0\.5 to 1\.5 s, which is shorter"
    ):
        fold(_record(0.5, 1.5, np.sin), start=0.0, period=1.1)
