import numpy as np
import pytest

from biomimic.errors import BadValue, NotEnoughData
from biomimic.gait import filters
from biomimic.signals import Signals


def signals(values, rate=100.0, unit="N"):
    values = np.asarray(values, float)
    values = values[:, None] if values.ndim == 1 else values
    names = tuple(f"channel_{k}" for k in range(values.shape[1]))
    return Signals(np.arange(len(values)) / rate, values, names, unit)


def gain(frequency, *, order, cutoff, rate=100.0, passes=filters.low_pass):
    """Amplitude of a filtered sine in the middle of a long record."""
    time = np.arange(0, 60, 1 / rate)
    filtered = passes(signals(np.sin(2 * np.pi * frequency * time), rate), order=order, cutoff=cutoff)
    middle = filtered.values[len(time) // 3 : 2 * len(time) // 3, 0]
    return np.sqrt(2) * middle.std()


@pytest.mark.published
def test_correction_is_the_textbook_factor():
    # Winter 2009: C = (2^(1/n passes) - 1)^(1/4) = 0.802 for two passes of a second-order filter
    assert filters.correction(4) == pytest.approx(0.8022433, abs=1e-7)


@pytest.mark.parametrize("order", [2, 4, 8])
@pytest.mark.parametrize("rate, cutoff", [(100.0, 6.0), (1000.0, 20.0), (100.0, 30.0)])
def test_gain_at_the_cutoff_is_half_power(order, rate, cutoff):
    # -3 dB net: 1 / sqrt(2); uncorrected filtering in two passes would give 0.500
    assert gain(cutoff, order=order, cutoff=cutoff, rate=rate) == pytest.approx(0.70711, abs=2e-4)


def test_high_pass_has_its_half_power_point_too():
    assert gain(20.0, order=4, cutoff=20.0, rate=1000.0, passes=filters.high_pass) == pytest.approx(0.70711, abs=2e-4)


def test_slope_of_the_result_is_that_of_its_order():
    # far above the cut-off a filter of resulting order 4 loses 4 * 20 dB a decade: a factor 2^4 per octave
    ratio = gain(4.0, order=4, cutoff=0.5, rate=1000.0) / gain(8.0, order=4, cutoff=0.5, rate=1000.0)
    assert ratio == pytest.approx(16.0, rel=0.03)


def test_no_lag_and_no_change_of_a_straight_line():
    time = np.arange(0, 4, 0.01)
    pulse = np.exp(-(((time - 2) / 0.2) ** 2))
    filtered = filters.low_pass(signals(np.column_stack([pulse, 3 + 2 * time])), order=4, cutoff=6.0).values
    assert time[filtered[:, 0].argmax()] == pytest.approx(2.0, abs=1e-9)
    np.testing.assert_allclose(filtered[:, 1], 3 + 2 * time, atol=1e-6)  # odd padding continues the line


def test_filter_is_linear_and_channels_are_independent():
    noise = np.random.default_rng(0).normal(size=(300, 2))
    both = filters.low_pass(signals(noise), order=4, cutoff=6.0).values
    one = filters.low_pass(signals(2.5 * noise[:, 1]), order=4, cutoff=6.0).values
    np.testing.assert_allclose(one[:, 0], 2.5 * both[:, 1], atol=1e-12)


def test_gaps_stay_gaps_and_do_not_leak():
    noise = np.random.default_rng(1).normal(size=400)
    holed = noise.copy()
    holed[200:210] = np.nan
    holed[215:220] = np.nan  # leaves 5 samples, too few for order 4
    filtered = filters.low_pass(signals(np.column_stack([holed, noise])), order=4, cutoff=6.0).values
    alone = filters.low_pass(signals(noise[:200]), order=4, cutoff=6.0).values
    np.testing.assert_allclose(filtered[:200, 0], alone[:, 0])
    assert np.isnan(filtered[200:220, 0]).all() and np.isfinite(filtered[220:, 0]).all()
    assert np.isfinite(filtered[:, 1]).all()


def test_envelope_of_a_tone_is_its_rectified_mean():
    # mean of |sin| is 2 / pi (0.1 % less at 12.5 samples a period); the ripple at 160 Hz is far above 6 Hz
    time = np.arange(0, 5, 0.001)
    tone = signals(0.3 * np.sin(2 * np.pi * 80 * time), 1000.0, "1")
    envelope = filters.envelope(tone, order=4, cutoff=6.0).values[1000:-1000, 0]
    np.testing.assert_allclose(envelope, 0.3 * 2 / np.pi, rtol=2e-3)


def test_envelope_treats_activation_like_a_low_pass():
    time = np.arange(0, 5, 0.01)
    activation = signals(0.5 + 0.4 * np.sin(2 * np.pi * time), unit="1")
    same = filters.low_pass(activation, order=4, cutoff=6.0).values
    np.testing.assert_array_equal(filters.envelope(activation).values, same)


def test_rounded_times_are_made_regular():
    exact = np.arange(0, 1, 1 / 600)
    rounded = Signals(np.round(exact, 4), np.sin(exact)[:, None], ("a",), "N")
    with pytest.raises(BadValue, match="equal time steps.*between 0.0016 and 0.0017 s.*filters.regular"):
        filters.low_pass(rounded, order=4, cutoff=20.0)
    regular = filters.regular(rounded)
    assert regular.rate == pytest.approx(600, rel=1e-3)
    assert len(filters.regular(rounded, rate=100)) == 100
    filters.low_pass(regular, order=4, cutoff=20.0)


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"order": 3, "cutoff": 6.0}, "even resulting order.*got 3"),
        ({"order": 4, "cutoff": 60.0}, "60 Hz does not fit signals sampled at 100 Hz.*between 0 and 50 Hz"),
    ],
)
def test_impossible_filters_are_refused(settings, words):
    with pytest.raises(BadValue, match=words):
        filters.low_pass(signals(np.zeros(100)), **settings)


def test_too_short_a_record_is_refused():
    with pytest.raises(NotEnoughData, match="more than 12 samples; there are 10"):
        filters.low_pass(signals(np.zeros(10)), order=4, cutoff=6.0)
