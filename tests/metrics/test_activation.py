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


@pytest.mark.published
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
    assert activation.curves_relative_to_peak(emg(burst(45, height=0.02))).mean.max() == pytest.approx(1.0)


def test_a_lag_needs_stride_times():
    with pytest.raises(BadValue, match="right strides are not known"):
        activation.best_lag(strides(burst(45), duration=np.nan), emg(burst(45)), "soleus", QUICK)
