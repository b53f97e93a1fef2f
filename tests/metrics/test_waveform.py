import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.gait.strides import Curves, Strides
from biomimic.metrics import waveform
from biomimic.metrics.estimate import Resampling

PHASE = 2 * np.pi * np.linspace(0, 1, 101)
QUICK = Resampling(draws=200)


def strides(*curves, unit="rad", phase="stride", trial=None):
    count = len(curves)
    return Strides(
        side="right",
        names=("knee",),
        unit=unit,
        values=np.array(curves, float)[:, :, None],
        duration=np.full(count, 1.1),
        stance=np.full(count, 0.6),
        trial=np.zeros(count, int) if trial is None else trial,
        phase=phase,
    )


def reference(*curves, names=("knee",), sd=None, unit="rad", phase="stride"):
    mean = np.column_stack(curves)
    spread = None if sd is None else np.full(mean.shape, sd)
    return Curves(names, unit, mean, spread, 1 if sd is None else 10, "subjects", phase=phase)


def around(curve, *, n=8, noise=0.05, seed=0):
    generator = np.random.default_rng(seed)
    return [curve + noise * np.sin(PHASE * generator.integers(2, 6) + generator.uniform(0, 6)) for _ in range(n)]


@pytest.mark.published("fisher_mean")
def test_fisher_mean_of_two_correlations():
    # arithmetic mean 0.600; by Fisher's z 0.711823 (tanh of the mean of 0.309520 and 1.472219)
    assert waveform.fisher_mean([0.3, 0.9]) == pytest.approx(0.711823, abs=1e-6)
    assert waveform.fisher_mean([0.3, np.nan, 0.9]) == pytest.approx(0.711823, abs=1e-6)
    assert np.isnan(waveform.fisher_mean([np.nan]))


@pytest.mark.published("pearson", "correlation")
@pytest.mark.parametrize(
    "curve, expected", [(np.sin(PHASE[:-1]), 1.0), (-np.sin(PHASE[:-1]), -1.0), (np.cos(PHASE[:-1]), 0.0)]
)
def test_sine_against_sine(curve, expected):
    assert waveform.pearson(curve, np.sin(PHASE[:-1])) == pytest.approx(expected, abs=1e-12)


@pytest.mark.oracle("pearson", "correlation")
def test_pearson_is_that_of_numpy():
    first, second = np.random.default_rng(2).normal(size=(2, 101))
    assert waveform.pearson(first, second) == pytest.approx(np.corrcoef(first, second)[0, 1], abs=1e-12)


def test_correlation_is_blind_to_gain_and_offset_and_rmse_is_not():
    human = reference(np.sin(PHASE))
    same = strides(*around(np.sin(PHASE)))
    other = strides(*[2.0 * curve + np.radians(3.0) for curve in same.channel("knee")])
    assert waveform.correlation(other, human, "knee", QUICK).value == pytest.approx(
        waveform.correlation(same, human, "knee", QUICK).value
    )
    assert waveform.gain(other, human, "knee", QUICK).value == pytest.approx(
        2 * waveform.gain(same, human, "knee", QUICK).value
    )
    assert waveform.rmse(other, human, "knee", QUICK).value > 10 * waveform.rmse(same, human, "knee", QUICK).value


@pytest.mark.published("rmse", "offset", "rmse_without_offset")
def test_an_offset_of_three_degrees():
    # RMSE 3.000 degrees, of which nothing is left without the offset
    late = strides(np.sin(PHASE) + np.radians(3.0))
    human = reference(np.sin(PHASE))
    assert np.degrees(waveform.rmse(late, human, "knee", QUICK).value) == pytest.approx(3.0)
    assert np.degrees(waveform.offset(late, human, "knee", QUICK).value) == pytest.approx(3.0)
    assert waveform.rmse_without_offset(late, human, "knee", QUICK).value == pytest.approx(0.0, abs=1e-12)


def test_intervals_come_from_strides():
    found = waveform.correlation(strides(*around(np.sin(PHASE), noise=0.5)), reference(np.sin(PHASE)), "knee", QUICK)
    assert found.low < found.value <= found.high and found.n == 8 and found.unit == "1"
    one = waveform.correlation(strides(np.cos(PHASE)), reference(np.sin(PHASE)), "knee", QUICK)
    assert np.isnan(one.low) and one.note == "one stride: no interval"


def test_each_stride_agrees_less_than_their_mean():
    noisy = strides(*around(np.sin(PHASE), n=20, noise=0.5))
    human = reference(np.sin(PHASE))
    each = waveform.stride_correlation(noisy, human, "knee", QUICK)
    assert each.value < waveform.correlation(noisy, human, "knee", QUICK).value
    by_hand = np.tanh(np.mean([np.arctanh(np.corrcoef(row, np.sin(PHASE))[0, 1]) for row in noisy.channel("knee")]))
    assert each.value == pytest.approx(by_hand)


@pytest.mark.published("rmse_in_sd", "coverage")
def test_one_sd_away_everywhere_is_one_and_uncovered():
    away = strides(np.sin(PHASE) + 0.2, np.sin(PHASE) + 0.2)
    human = reference(np.sin(PHASE), sd=0.2)
    assert waveform.rmse_in_sd(away, human, "knee", QUICK).value == pytest.approx(1.0)
    assert waveform.coverage(away, human, "knee", QUICK, width=1.01).value == 1.0
    assert waveform.coverage(away, human, "knee", QUICK, width=0.99).value == 0.0


def test_a_reference_of_one_person_has_no_band():
    alone = reference(np.sin(PHASE))
    for found in (
        waveform.coverage(strides(np.sin(PHASE)), alone, "knee", QUICK),
        waveform.rmse_in_sd(strides(np.sin(PHASE)), alone, "knee", QUICK),
    ):
        assert np.isnan(found.value) and "n = 1" in found.note


def test_constant_channels_have_no_correlation_but_a_reason():
    flat, wave = np.full(101, 0.3), np.sin(PHASE)
    for simulated, human, words in (
        (flat, wave, "knee of the strides is constant"),
        (wave, flat, "the reference of knee is constant"),
        (wave, np.zeros(101), "the reference of knee is constant"),
    ):
        for metric in (waveform.correlation, waveform.stride_correlation):
            found = metric(strides(simulated, simulated), reference(human), "knee", QUICK)
            assert np.isnan(found.value) and found.note == words


def test_no_strides_is_said():
    missing = strides(np.full(101, np.nan))
    for metric in (waveform.correlation, waveform.rmse, waveform.gain):
        found = metric(missing, reference(np.sin(PHASE)), "knee", QUICK)
        assert np.isnan(found.value) and found.n == 0 and "no stride" in found.note


def test_nulls_over_the_stride():
    human = reference(np.sin(PHASE), np.cos(PHASE), -np.sin(PHASE), names=("knee", "hip", "ankle"))
    null = waveform.null_correlation(human, "knee", others=("hip",))
    assert dict(null.parts)["hip"] == pytest.approx(0.0, abs=1e-9)
    assert dict(null.parts)["circular shift"] == pytest.approx(0.0, abs=0.15)  # mean of cos of random angles
    assert waveform.null_correlation(human, "knee").parts[1] == ("ankle", pytest.approx(-1.0))
    assert null == waveform.null_correlation(human, "knee", others=("hip",))


def test_nulls_over_the_stance_know_only_the_contact():
    share = np.linspace(0, 1, 101)
    trapezoid = np.interp(share, (0, 0.15, 0.85, 1), (0, 1, 1, 0))
    null = waveform.null_correlation(reference(trapezoid, unit="BW", phase="stance"), "knee")
    assert null.value == pytest.approx(1.0)  # such a force scores 0
    half = waveform.null_correlation(reference(np.sin(np.pi * share), unit="BW", phase="stance"), "knee")
    assert dict(half.parts)["half-sine"] == pytest.approx(1.0)


def test_repeatability_of_strides():
    found, pairs = waveform.pairwise_correlation(strides(np.sin(PHASE), np.sin(PHASE), 2 * np.sin(PHASE)), "knee")
    assert pairs == 3 and found == pytest.approx(0.9999)  # clipped before Fisher's z
    alone, none = waveform.pairwise_correlation(strides(np.sin(PHASE)), "knee")
    assert np.isnan(alone) and none == 0


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(BadValue, match='knee: strides of unit "deg" cannot be compared with curves of unit "rad"'):
        waveform.correlation(strides(np.sin(PHASE), unit="deg"), reference(np.sin(PHASE)), "knee", QUICK)
    with pytest.raises(BadValue, match='phase "stance" cannot be compared with curves of phase "stride"'):
        waveform.rmse(strides(np.sin(PHASE), phase="stance"), reference(np.sin(PHASE)), "knee", QUICK)
    with pytest.raises(UnknownName, match='No channel "knie".*Did you mean "knee"'):
        waveform.rmse(strides(np.sin(PHASE)), reference(np.sin(PHASE)), "knie", QUICK)


@pytest.mark.published("rmse_in_sd")
def test_little_spread_is_floored_at_five_percent_of_the_range():
    # range 2, so SD 0.01 counts as 0.1: 0.1 away is 1, and where the SD is 0.2 it is 0.5; both halves: sqrt(0.625)
    away = strides(np.sin(PHASE) + 0.1, np.sin(PHASE) + 0.1)
    assert waveform.rmse_in_sd(away, reference(np.sin(PHASE), sd=0.01), "knee", QUICK).value == pytest.approx(1.0)
    half = np.where(np.arange(101) < 50, 0.01, 0.2)
    mixed = Curves(("knee",), "rad", np.sin(PHASE)[:, None], half[:, None], 10, "subjects")
    expected = np.sqrt((50 * 1.0 + 51 * 0.25) / 101)
    assert waveform.rmse_in_sd(away, mixed, "knee", QUICK).value == pytest.approx(expected)
    still = waveform.rmse_in_sd(away, reference(np.zeros(101), sd=0.0), "knee", QUICK)
    assert np.isnan(still.value) and still.note == "the reference of knee is constant and has no SD"


@pytest.mark.published("cmc", "multiple_correlation")
@pytest.mark.parametrize(
    "curves, expected",
    [
        ([np.sin(PHASE)] * 3, 1.0),
        ([np.sin(PHASE) + offset for offset in (-0.5, 0.0, 0.5)], 0.789583),
        ([np.sin(PHASE), 0.5 * np.sin(PHASE)], 0.894981),
        ([[0, 1, 2, 3], [0, 2, 2, 4], [1, 1, 3, 3]], 0.890198),
    ],
)
def test_multiple_correlation_of_the_protocol(curves, expected):
    # Kadaba's within-day form; the last by hand: mean curve 1/3 4/3 7/3 10/3, radicand 1 - (1/3) / (53/33) = 42/53
    value, note = waveform.multiple_correlation(np.array(curves, float))
    assert value == pytest.approx(expected, abs=1e-6) and not note


@pytest.mark.published("cmc", "multiple_correlation")
def test_multiple_correlation_that_does_not_exist():
    value, note = waveform.multiple_correlation(np.array([np.sin(PHASE) + offset for offset in (-2.0, 0.0, 2.0)]))
    assert np.isnan(value) and note.startswith("CMC not defined (radicand -0.")
    assert waveform.multiple_correlation(np.ones((3, 101)))[1] == "the curves are constant"
    assert waveform.multiple_correlation(np.sin(PHASE)[None])[1] == "a CMC needs two curves"


def test_cmc_of_strides_has_no_interval_but_a_count():
    found = waveform.cmc(strides(*[np.sin(PHASE) + offset for offset in (-0.5, 0.0, 0.5)]), "knee", QUICK)
    assert found.value == pytest.approx(0.789583, abs=1e-6) and found.n == 3 and np.isnan(found.low)
    assert found.note.startswith("no interval") and found.of == "strides"
    assert "not defined" in waveform.cmc(strides(np.sin(PHASE) - 9, np.sin(PHASE) + 9), "knee", QUICK).note
    assert waveform.cmc(strides(np.full(101, np.nan)), "knee", QUICK).note == "no stride could be measured"


@pytest.mark.published("best_lag")
def test_rolled_by_seven_samples_is_a_lag_of_seven():
    # positive: the strides come later than the reference; 7 % of 1.1 s
    human = np.exp(np.cos(PHASE - 1.0))
    late = np.append(np.roll(human[:-1], 7), np.roll(human[:-1], 7)[0])
    found = waveform.best_lag(strides(late, late), reference(human), "knee", QUICK)
    assert found.lag.value == pytest.approx(0.077) and found.lag.unit == "s"
    assert found.correlation.value == pytest.approx(1.0)
    short = waveform.best_lag(strides(late, late), reference(human), "knee", QUICK, max_lag=0.05)
    assert short.lag.value == pytest.approx(0.044) and short.correlation.value < 1.0


def test_a_lag_needs_a_circle_and_a_shape():
    flat = waveform.best_lag(strides(np.ones(101)), reference(np.sin(PHASE)), "knee", QUICK)
    assert np.isnan(flat.lag.value) and flat.correlation.note == "knee of the strides is constant"
    with pytest.raises(BadValue, match="a stance is no circle"):
        stance = reference(np.sin(PHASE), phase="stance")
        waveform.best_lag(strides(np.sin(PHASE), phase="stance"), stance, "knee", QUICK)


@pytest.mark.published("gain", "intercept")
def test_linear_fit_by_hand():
    # y = 2 x + 0.3 about a reference that is not centred on 0
    human = 0.5 + np.sin(PHASE)
    fitted = strides(2 * human + 0.3, 2 * human + 0.3)
    assert waveform.gain(fitted, reference(human), "knee", QUICK).value == pytest.approx(2.0)
    found = waveform.intercept(fitted, reference(human), "knee", QUICK)
    assert found.value == pytest.approx(0.3) and found.unit == "rad"
    assert "constant" in waveform.intercept(fitted, reference(np.ones(101)), "knee", QUICK).note
