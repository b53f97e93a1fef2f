import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.gait.strides import Curves, Strides
from biomimic.metrics import activation
from biomimic.metrics.estimate import Resampling

PERCENT = np.arange(101)
QUICK = Resampling(draws=200)


def burst(centre, width=10.0, height=0.5):
    """A bell on the circle of the stride."""
    away = (PERCENT - centre + 50) % 100 - 50
    return height * np.exp(-((away / width) ** 2))


def strides(*curves, duration=1.0):
    count = len(curves)
    return Strides(
        side="right",
        names=("soleus",),
        unit="1",
        values=np.array(curves, float)[:, :, None],
        duration=np.full(count, duration),
        stance=np.full(count, 0.6),
        trial=np.zeros(count, int),
    )


def emg(curve):
    return Curves(("soleus",), "1", np.asarray(curve)[:, None], None, 1, "subjects")


def test_identical_shapes_correlate_whatever_their_scale():
    found = activation.correlation(strides(burst(45), burst(45)), emg(37.0 * burst(45)), "soleus", QUICK)
    assert found.value == pytest.approx(1.0) and found.n == 2


@pytest.mark.published("best_lag")
def test_a_curve_rolled_by_seven_samples_is_seven_percent_late():
    late = np.append(np.roll(burst(45)[:-1], 7), np.roll(burst(45)[:-1], 7)[0])
    found = activation.best_lag(strides(late, late), emg(burst(45)), "soleus", QUICK)
    assert found.lag.value == pytest.approx(0.07)  # 7 % of a stride of 1 s, positive: the muscle is later
    assert found.correlation.value == pytest.approx(1.0)
    assert found.lag.unit == "s"


def test_lag_is_circular_bounded_and_scaled_by_the_stride_time():
    early = strides(burst(97), duration=1.2)
    found = activation.best_lag(early, emg(burst(3)), "soleus", QUICK)
    assert found.lag.value == pytest.approx(-0.06 * 1.2)
    far = activation.best_lag(strides(burst(70), duration=1.2), emg(burst(45)), "soleus", QUICK)
    assert abs(far.lag.value) <= 0.1 and far.lag.value == pytest.approx(0.08 * 1.2)  # 8 whole percents fit in 0.1 s
    assert far.correlation.value < 0.9


def test_no_lag_allowed_is_lag_zero():
    both = strides(burst(50), burst(46))
    still = activation.best_lag(both, emg(burst(45)), "soleus", QUICK, max_lag=0.0)
    assert still.correlation.value == pytest.approx(
        activation.correlation(both, emg(burst(45)), "soleus", QUICK).value, abs=1e-12
    )
    assert still.lag.value == 0.0


def test_best_lag_never_does_worse_than_lag_zero():
    generator = np.random.default_rng(4)
    for _ in range(5):
        simulated = strides(*(burst(c, height=0.3) + 0.1 for c in generator.uniform(0, 100, 4)))
        human = emg(burst(generator.uniform(0, 100)))
        free = activation.best_lag(simulated, human, "soleus", QUICK)
        assert free.correlation.value >= activation.correlation(simulated, human, "soleus", QUICK).value - 1e-12


def test_silent_and_constant_muscles_have_no_correlation_but_a_reason():
    found = activation.correlation(strides(burst(45, height=0.02)), emg(burst(45)), "soleus", QUICK)
    assert np.isnan(found.value)
    assert found.note == "soleus is silent: its mean activation never exceeds 2.0 %"
    constant = activation.correlation(strides(np.full(101, 0.4)), emg(burst(45)), "soleus", QUICK)
    assert np.isnan(constant.value) and "constant" in constant.note
    flat = activation.best_lag(strides(burst(45)), emg(np.full(101, 0.4)), "soleus", QUICK)
    assert np.isnan(flat.lag.value) and flat.lag.note == "the reference of soleus is constant"
    assert activation.is_silent(strides(burst(45, height=0.02)), "soleus")
    assert not activation.is_silent(strides(burst(45)), "soleus")


@pytest.mark.published("overlap")
def test_overlap_by_hand():
    # on in 10 ... 39 and in 20 ... 49 %: 20 common of 40
    first = ((PERCENT >= 10) & (PERCENT < 40)).astype(float)
    second = ((PERCENT >= 20) & (PERCENT < 50)).astype(float)
    found = activation.overlap(strides(first, first), emg(second), "soleus", QUICK)
    assert found.value == pytest.approx(0.5)


def test_short_bursts_are_dropped_and_short_gaps_closed_across_the_end():
    curve = np.zeros(101)
    curve[[97, 98, 99, 0, 100, 1, 4, 5, 6]] = 1.0  # 97 ... 6 with a gap of 2 %
    curve[50:54] = 1.0  # a burst of 4 %
    active = activation.on(curve)
    assert np.flatnonzero(active).tolist() == [0, 1, 2, 3, 4, 5, 6, 97, 98, 99]


def test_scaled_to_the_peak_of_the_mean():
    scaled = activation.relative_to_peak(strides(burst(45), burst(45, height=0.25)))
    assert scaled.summary().mean.max() == pytest.approx(1.0)
    assert np.isnan(activation.relative_to_peak(strides(burst(45, height=0.02))).values).all()
    emg_like = activation.relative_to_peak(strides(burst(45, height=0.02)), silent=0.0)  # any scale will do
    assert emg_like.values.max() == pytest.approx(1.0) and not activation.is_silent(emg_like, "soleus")
    assert np.isnan(activation.relative_to_peak(strides(np.zeros(101)), silent=0.0).values).all()
    assert activation.curves_relative_to_peak(emg(burst(45, height=0.02))).mean.max() == pytest.approx(1.0)


def test_a_lag_needs_stride_times():
    with pytest.raises(BadValue, match="right strides are not known"):
        activation.best_lag(strides(burst(45), duration=np.nan), emg(burst(45)), "soleus", QUICK)


@pytest.mark.published("correlation", "best_correlation")
def test_identical_is_one_and_a_wrong_muscle_is_none():
    # waves a quarter of a stride apart are uncorrelated over the stride, half a stride apart opposite
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * PERCENT / 100)
    for late, expected in ((0, 1.0), (25, 0.0), (50, -1.0)):
        other = 0.5 + 0.4 * np.sin(2 * np.pi * (PERCENT - late) / 100)
        found = activation.correlation(strides(wave, wave), emg(other), "soleus", QUICK)
        assert found.value == pytest.approx(expected, abs=1e-9)
    shifted = activation.best_lag(strides(wave, wave), emg(np.roll(wave[:-1], 7)[np.r_[0:100, 0]]), "soleus", QUICK)
    assert shifted.correlation.value == pytest.approx(1.0) and shifted.lag.value == pytest.approx(-0.07)


@pytest.mark.published("overlap", "on")
@pytest.mark.parametrize(("threshold", "share"), [(0.1, 0.5), (0.2, 0.5), (0.3, 0.5)])
def test_overlap_of_boxes_does_not_depend_on_the_threshold(threshold, share):
    first = ((PERCENT >= 10) & (PERCENT < 40)).astype(float)
    second = ((PERCENT >= 20) & (PERCENT < 50)).astype(float)
    found = activation.overlap(strides(first, first), emg(second), "soleus", QUICK, threshold=threshold)
    assert found.value == pytest.approx(share)  # 20 of 40 %


def test_overlap_of_slopes_depends_on_the_threshold():
    triangle = np.interp(PERCENT, (30, 50, 70), (0.0, 1.0, 0.0))
    human = emg(np.interp(PERCENT, (40, 50, 60), (0.0, 1.0, 0.0)))
    both = [
        activation.overlap(strides(triangle), human, "soleus", QUICK, threshold=at).value
        for at in (0.099, 0.201, 0.301)
    ]
    # on where 20 (1 - p) and 10 (1 - p) % from the middle at most: 19 of 37, 15 of 31, 13 of 27 whole percents
    assert both == pytest.approx([19 / 37, 15 / 31, 13 / 27])


def test_many_curves_are_on_as_each_alone():
    many = np.random.default_rng(2).normal(size=(40, 101)).cumsum(axis=1)
    many -= many.min(axis=1, keepdims=True)
    together = activation.on(many)
    assert (together == [activation.on(curve) for curve in many]).all()
    runs = [np.diff(np.flatnonzero(np.diff(np.r_[row, row].astype(int)))) for row in together]
    assert min(run.min() for run in runs if len(run)) >= 5  # neither bursts nor gaps are shorter


@pytest.mark.published("high_frequency_share")
def test_power_above_six_hertz_by_hand():
    # 1 at 3 Hz and 0.5 at 10 Hz: 0.25 of 1.25; in a stride of 2 s the same shape has 1.5 and 5 Hz
    wave = 0.5 + 0.2 * (np.sin(2 * np.pi * 3 * PERCENT / 100) + 0.5 * np.cos(2 * np.pi * 10 * PERCENT / 100))
    found = activation.high_frequency_share(strides(wave, wave), "soleus", QUICK)
    assert found.value == pytest.approx(0.2) and found.unit == "1"
    slow = activation.high_frequency_share(strides(wave, wave, duration=2.0), "soleus", QUICK)
    assert slow.value == pytest.approx(0.0, abs=1e-12)
    drift = wave + 0.3 * PERCENT / 100  # a drift over the stride is no jitter
    assert activation.high_frequency_share(strides(drift), "soleus", QUICK).value == pytest.approx(0.2)
    with pytest.raises(BadValue, match="right strides are not known"):
        activation.high_frequency_share(strides(wave, duration=np.nan), "soleus", QUICK)


@pytest.mark.published("total_variation")
def test_total_variation_by_hand():
    once = activation.total_variation(strides(np.interp(PERCENT, (0, 30, 60, 100), (0, 1, 0, 0))), "soleus", QUICK)
    assert once.value == pytest.approx(2.0)  # up one, down one
    ripple = activation.total_variation(strides(0.5 + 0.1 * (-1.0) ** PERCENT), "soleus", QUICK)
    assert ripple.value == pytest.approx(100 * 0.2)


@pytest.mark.published("silent_muscles")
def test_silent_muscles_are_listed():
    # the rule: the peak of the mean stays under 3 %
    names = ("soleus", "gluteus_medius", "rectus_femoris")
    values = np.stack([burst(45, height=height) for height in (0.5, 0.029, 0.031)], axis=-1)[None]
    walk = Strides("right", names, "1", values, np.ones(1), np.full(1, 0.6), np.zeros(1, int))
    assert activation.silent_muscles(walk) == ("gluteus_medius",)
    quiet = activation.high_frequency_share(walk, "gluteus_medius", QUICK)
    assert np.isnan(quiet.value) and "gluteus_medius is silent" in quiet.note
