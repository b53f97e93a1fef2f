import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.metrics import estimate
from biomimic.metrics.estimate import Estimate, Resampling


def test_mean_and_its_interval_match_the_normal_one():
    # SD 1, n = 100: standard error 0.1, 95 % interval about +-0.196
    values = np.random.default_rng(5).normal(size=100)
    values = (values - values.mean()) / values.std() + 2.0
    found = estimate.mean(values, np.zeros(100, int), Resampling(), "s")
    assert found.value == pytest.approx(2.0)
    assert found.low == pytest.approx(2 - 0.196, abs=0.02) and found.high == pytest.approx(2 + 0.196, abs=0.02)
    assert (found.n, found.of, found.unit, found.level) == (100, "strides", "s", 0.95)


def test_strides_of_few_trials_are_not_independent():
    # all spread is between the trials: two trials with means 0 and 1 and 50 equal strides each
    trial = np.repeat([0, 1], 50)
    nested = estimate.mean(trial.astype(float), trial, Resampling(), "1")
    naive = estimate.mean(trial.astype(float), np.zeros(100, int), Resampling(), "1")
    assert (nested.low, nested.high) == (0.0, 1.0)  # a resample may hold one trial twice
    assert naive.high - naive.low < 0.25
    assert nested.of == "strides in 2 trials" and nested.n == 100


def test_coverage_of_the_interval_is_near_its_level():
    generator = np.random.default_rng(11)
    draws = generator.normal(size=(300, 30))
    found = [estimate.mean(row, np.zeros(30, int), Resampling(draws=400), "1") for row in draws]
    inside = np.mean([one.low <= 0 <= one.high for one in found])
    assert 0.89 <= inside <= 0.97  # percentile intervals of 30 are a little short of 95 %


def test_same_seed_same_interval():
    values, trial = np.arange(12.0), np.repeat([0, 1, 2], 4)
    first, second = (estimate.mean(values, trial, Resampling(seed=3), "1") for _ in range(2))
    assert first == second
    assert first != estimate.mean(values, trial, Resampling(seed=4), "1")


def test_missing_strides_are_not_counted():
    values = np.array([1.0, np.nan, 3.0])
    found = estimate.mean(values, np.zeros(3, int), Resampling(), "1")
    assert (found.value, found.n) == (2.0, 2)


def test_one_stride_has_no_interval_and_none_no_value():
    one = estimate.mean(np.array([2.0]), np.zeros(1, int), Resampling(), "1")
    assert one.value == 2.0 and np.isnan(one.low) and one.note == "one stride: no interval"
    none = estimate.mean(np.array([np.nan]), np.zeros(1, int), Resampling(), "1")
    assert np.isnan(none.value) and none.n == 0 and none.note == "no stride could be measured"


def test_weights_are_whole_strides_of_drawn_trials():
    trial = np.array([0, 0, 0, 1, 1, 2])
    weights = estimate.stride_weights(trial, Resampling(draws=500))
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights.mean(axis=0)[:3], weights.mean(axis=0)[0], atol=0.02)
    assert (weights[:, 5] == 0).mean() == pytest.approx((2 / 3) ** 3, abs=0.06)  # trial 2 left out of 3 draws


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Resampling(level=95), "between 0 and 1; got 95. Give 0.95 for 95 %"),
        (lambda: Resampling(draws=0), "at least one resample; got 0"),
        (lambda: Estimate(3.0, 1.0, 2.0, 0.95, 5, "strides", "1"), "contains its value; found 1 ... 2 and 3"),
    ],
)
def test_impossible_estimates_are_refused(make, words):
    with pytest.raises(BadValue, match=words):
        make()
