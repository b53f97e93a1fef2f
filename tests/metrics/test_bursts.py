"""Timing of bursts on curves whose answers follow from their definition."""

import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.gait.strides import Curves, Strides
from biomimic.metrics import bursts
from biomimic.metrics.estimate import Resampling

PERCENT = np.arange(101)
QUICK = Resampling(draws=200)


def box(start, end, height=1.0):
    """On from start to end [%], around the circle."""
    inside = (PERCENT - start) % 100 < (end - start) % 100
    return height * inside


def bell(centre, width=10.0, height=0.5):
    away = (PERCENT - centre + 50) % 100 - 50
    return height * np.exp(-((away / width) ** 2))


def strides(*curves, duration=1.2, trial=None):
    count = len(curves)
    return Strides(
        side="left",
        names=("soleus",),
        unit="1",
        values=np.array(curves, float)[:, :, None],
        duration=np.full(count, duration),
        stance=np.full(count, 0.6),
        trial=np.zeros(count, int) if trial is None else np.array(trial),
    )


def emg(curve):
    return Curves(("soleus",), "1", np.asarray(curve, float)[:, None], None, 1, "subjects")


def timing(simulated, human, **options):
    return bursts.timing(strides(simulated, simulated), emg(human), "soleus", QUICK, **options)


@pytest.mark.published("timing", "burst_onset", "burst_offset")
def test_a_burst_ten_percent_later():
    # the boxes of the overlap rule: [10, 40] against [20, 50] starts and ends 10 % early, 0.12 s of a 1.2 s stride
    found = timing(box(10, 40), box(20, 50))
    assert found.onset.value == pytest.approx(-10.0) and found.offset.value == pytest.approx(-10.0)
    assert found.onset_time.value == pytest.approx(-0.12) and found.offset_time.value == pytest.approx(-0.12)
    assert [part.unit for part in found] == ["%", "%", "s", "s"]


@pytest.mark.published("timing", "burst_onset", "burst_offset")
@pytest.mark.parametrize("threshold", [0.1, 0.2, 0.3])
def test_a_triangle_crosses_each_threshold_where_it_must(threshold):
    # rises from 0 at 30 % to 1 at 50 %, falls to 0 at 60 %: on from 30 + 20 p to 60 - 10 p
    found = bursts.main_bursts(np.interp(PERCENT, (30, 50, 60), (0.0, 1.0, 0.0))[None], threshold=threshold)
    assert found.onset[0] == pytest.approx(30 + 20 * threshold, abs=1e-9)
    assert found.offset[0] == pytest.approx(60 - 10 * threshold, abs=1e-9)


def test_differences_run_around_the_circle():
    late = timing(box(5, 25), box(95, 15))
    assert late.onset.value == pytest.approx(10.0) and late.offset.value == pytest.approx(10.0)
    early = timing(box(95, 15), box(5, 25))
    assert early.onset.value == pytest.approx(-10.0)
    wide = timing(box(80, 20), box(90, 10))  # across heel strike, ten earlier and ten later
    assert (wide.onset.value, wide.offset.value) == (pytest.approx(-10.0), pytest.approx(10.0))


def test_the_main_burst_holds_the_most_activity():
    tall, wide = box(5, 15, 1.0), box(50, 80, 0.6)  # 10 against 18
    found = bursts.main_bursts((tall + wide)[None])
    assert 49 < found.onset[0] <= 50 and 79 <= found.offset[0] < 80
    both = bursts.main_bursts(np.stack([tall + wide, tall, np.ones(101), tall + 0.3 * wide]))
    assert both.onset == pytest.approx([49 + 1 / 3, 4.2, np.nan, 4.2], nan_ok=True)


def test_gaps_and_bursts_under_five_percent_do_not_count():
    torn = box(10, 40) - box(20, 24) + box(60, 64)
    np.testing.assert_allclose(bursts.main_bursts(torn[None]), bursts.main_bursts(box(10, 40)[None]))
    split = bursts.main_bursts((box(10, 40) - box(20, 25))[None])
    assert split.onset[0] > 20  # a gap of 5 % is one; the later burst is the longer


def test_many_curves_at_once_are_each_alone():
    generator = np.random.default_rng(0)
    many = np.array([bell(c) + 0.8 * bell(c + d) for c, d in generator.uniform(0, 100, (50, 2))])
    alone = [bursts.main_bursts(curve[None]) for curve in many]
    together = bursts.main_bursts(many)
    assert together.onset == pytest.approx([one.onset[0] for one in alone], nan_ok=True)
    assert together.offset == pytest.approx([one.offset[0] for one in alone], nan_ok=True)


@pytest.mark.published("centre", "centre_difference", "centre_of_activity")
def test_centre_by_hand():
    # a symmetric burst has its centre in its middle, also across heel strike
    for middle in (3.0, 45.0, 98.0):
        assert bursts.centre_of(bell(middle)) == pytest.approx(middle, abs=1e-6)
    # spikes of 1 at 0 % and at 25 %: the resultant 1 + i points to 12.5 %
    quarter = np.zeros(101)
    quarter[[0, 25, 100]] = 1.0
    assert bursts.centre_of(quarter) == pytest.approx(12.5)


def test_centre_difference_is_circular_and_ignores_gain():
    found = bursts.centre_difference(strides(bell(2), bell(2)), emg(40.0 * bell(97)), "soleus", QUICK)
    assert found.value == pytest.approx(5.0, abs=1e-6) and found.unit == "%"
    around = bursts.centre(strides(bell(98), bell(4)), "soleus", QUICK)
    assert around.value % 100 == pytest.approx(1.0, abs=0.01)
    assert around.low < around.value < around.high and around.high - around.low < 7  # not torn at heel strike


def test_intervals_are_not_torn_at_half_a_stride():
    both = strides(bell(48), bell(54), bell(50), bell(52))
    found = bursts.centre_difference(both, emg(bell(1)), "soleus", Resampling())
    assert found.low <= found.value <= found.high and found.high - found.low < 7
    late = bursts.timing(both, emg(bell(1)), "soleus", Resampling())
    assert late.onset.high - late.onset.low < 12


def test_trials_are_resampled_before_strides():
    parts = strides(*[bell(40)] * 10, *[bell(50)] * 10, trial=[0] * 10 + [1] * 10)
    found = bursts.centre_difference(parts, emg(bell(45)), "soleus", Resampling())
    assert found.of == "strides in 2 trials" and found.low < -4.9 and found.high > 4.9


def test_what_has_no_timing_says_why():
    silent = timing(bell(45, height=0.02), bell(45))
    assert all(np.isnan(part.value) and "soleus is silent" in part.note for part in silent)
    always = timing(0.5 + bell(45), bell(45))
    assert np.isnan(always.onset.value) and always.onset.note == "soleus of the strides is never below 20 % of its peak"
    human = timing(bell(45), 0.5 + bell(45))
    assert human.onset.note == "the reference of soleus is never below 20 % of its peak"
    level = bursts.centre(strides(0.3 + 0.1 * np.cos(4 * np.pi * PERCENT / 100)), "soleus", QUICK)
    assert np.isnan(level.value) and "spread evenly over the stride and has no centre" in level.note
    missing = bursts.centre_difference(strides(np.full(101, np.nan)), emg(bell(45)), "soleus", QUICK)
    assert missing.n == 0 and "no stride" in missing.note
    with pytest.raises(BadValue, match="left strides are not known"):
        bursts.timing(strides(bell(45), duration=np.nan), emg(bell(45)), "soleus", QUICK)
