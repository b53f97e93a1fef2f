"""Gains that follow from the filter's formula in closed form."""

import numpy as np
import pytest

from biomimic.gait import filters
from biomimic.signals import Signals

RATE, CUTOFF = 100.0, 6.0  # [Hz]


def gain(frequency, cutoff):
    """Amplitude of a sine after the filter of resulting order 4."""
    time = np.arange(0, 60, 1 / RATE)
    signals = Signals(time, np.sin(2 * np.pi * frequency * time)[:, None], ("a",), "N")
    filtered = filters.low_pass(signals, order=4, cutoff=cutoff).values[len(time) // 3 : 2 * len(time) // 3, 0]
    return np.sqrt(2) * filtered.std()


@pytest.mark.published("low_pass")
def test_half_power_at_the_stated_cutoff():
    assert gain(CUTOFF, CUTOFF) == pytest.approx(0.70711, abs=2e-4)


@pytest.mark.published("low_pass")
def test_half_amplitude_where_each_pass_loses_half_power():
    # a single second-order pass has its half-power point at tan(pi f / rate) = tan(pi 6 / rate) / 0.8022433, and two
    # passes give 1/2 there: the gain that an uncorrected filter would have at its stated cut-off
    own = RATE / np.pi * np.arctan(np.tan(np.pi * CUTOFF / RATE) / 0.8022433)
    assert own == pytest.approx(7.44, abs=0.01)
    assert gain(own, CUTOFF) == pytest.approx(0.5, abs=2e-4)
