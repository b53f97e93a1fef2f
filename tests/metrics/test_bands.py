import time

import numpy as np
import pytest
from scipy import stats

from biomimic.errors import BadValue
from biomimic.metrics.bands import held_out, position, prediction_band
from biomimic.metrics.estimate import Resampling

PHASE = 2 * np.pi * np.linspace(0, 1, 101)
ORDERS = np.arange(1, 7)


def rigid(generator, n):
    """Constant curves: one normal number each."""
    return generator.normal(size=(n, 1)) * np.ones(101)


def harmonic(generator, n):
    """Six harmonics of equal size, unit variance in all."""
    cosine, sine = generator.normal(size=(2, n, 6)) / np.sqrt(6)
    return cosine @ np.cos(np.outer(ORDERS, PHASE)) + sine @ np.sin(np.outer(ORDERS, PHASE))


def made(rows, *, level=0.9, draws=300, seed=0):
    return prediction_band(rows, np.arange(len(rows)), resampling=Resampling(draws, level, seed))


@pytest.mark.published("prediction_band")
def test_factor_of_constant_curves_is_that_of_the_normal_law():
    factor = made(rigid(np.random.default_rng(2), 4000), draws=50).factor
    assert factor == pytest.approx(stats.norm.ppf(0.95), abs=0.05)  # 1.645


@pytest.mark.published("prediction_band")
def test_factor_of_forty_constant_curves_is_that_of_the_t_law():
    generator = np.random.default_rng(0)
    factors = [made(rigid(generator, 40), seed=k).factor for k in range(30)]
    theory = stats.t.ppf(0.95, 39) * np.sqrt(1 + 1 / 40)
    assert theory == pytest.approx(1.706, abs=5e-4)
    assert np.mean(factors) == pytest.approx(theory, abs=0.04)


@pytest.mark.published("prediction_band")
@pytest.mark.parametrize("level", [0.90, 0.95])
def test_factor_of_smooth_periodic_curves_follows_from_their_upcrossings(level):
    # Rice: both edges together are crossed upwards 2 sqrt(mean squared order) exp(-C^2 / 2) times per cycle
    rate = 2 * np.sqrt((ORDERS**2).mean())
    theory = np.sqrt(-2 * np.log(-np.log(level) / rate))  # 2.93 and 3.17
    factor = made(harmonic(np.random.default_rng(3), 2000), level=level, draws=60).factor
    assert factor == pytest.approx(theory, abs=0.06)


@pytest.mark.published("prediction_band", "position")
@pytest.mark.parametrize("curves", [rigid, harmonic])
def test_whole_curves_are_inside_as_often_as_the_level_says(curves):
    generator = np.random.default_rng(5)
    inside = [
        position(made(curves(generator, 40), draws=150, seed=k), curves(generator, 100)).inside.mean()
        for k in range(200)
    ]
    assert 0.86 <= np.mean(inside) <= 0.93


@pytest.mark.published("prediction_band")
def test_strides_of_a_person_count_as_one_person():
    generator = np.random.default_rng(6)
    inside, as_if_independent = [], []
    for k in range(40):
        rows = np.repeat(harmonic(generator, 12), 10, axis=0) + 0.3 * harmonic(generator, 120)
        new = harmonic(generator, 100) + 0.3 * harmonic(generator, 100)
        nested = prediction_band(rows, np.repeat(np.arange(12), 10), resampling=Resampling(200, 0.9, k))
        assert (nested.n, nested.rows) == (12, 120)
        inside.append(position(nested, new).inside.mean())
        as_if_independent.append(position(made(rows, draws=50, seed=k), new).inside.mean())
    assert 0.86 <= np.mean(inside) <= 0.97
    assert np.mean(as_if_independent) < 0.8


def test_band_follows_its_unit_of_measure():
    rows = harmonic(np.random.default_rng(7), 20)
    band, turned = made(rows), made(-3.0 * rows + 5.0)
    assert turned.factor == pytest.approx(band.factor)
    assert turned.half_width == pytest.approx(3 * band.half_width)
    assert turned.low == pytest.approx(5 - 3 * band.high)


def test_band_does_not_depend_on_the_names_of_the_units():
    rows = harmonic(np.random.default_rng(8), 30)
    unit = np.repeat(np.arange(10), 3)
    named = prediction_band(rows, np.array([f"subject {k}" for k in unit]))
    assert named.factor == prediction_band(rows, unit).factor
    shuffled = np.random.default_rng(0).permutation(30)
    assert prediction_band(rows[shuffled], unit[shuffled]).factor == pytest.approx(named.factor, rel=0.15)
    assert prediction_band(rows[shuffled], unit[shuffled]).sd == pytest.approx(named.sd)


def test_where_a_curve_leaves_the_band():
    band = made(np.sin(PHASE) + harmonic(np.random.default_rng(9), 20))
    curve = band.mean.copy()
    curve[40:50] = band.mean[40:50] + 2 * band.half_width[40:50]
    curve[60] = band.mean[60] - 3 * band.half_width[60]
    where = position(band, np.stack([curve, band.mean, np.full(101, np.nan)]))
    assert where.outside[:2] == pytest.approx([11 / 101, 0.0])
    assert list(where.inside[:2]) == [0.0, 1.0]
    assert (where.farthest[0], where.at[0]) == (pytest.approx(3.0), 60.0)
    assert np.isnan(where.outside[2]) and np.isnan(where.inside[2])
    assert position(band, band.high * (1 - 1e-12) + band.mean * 1e-12).inside == [1.0]


def test_force_of_a_foot_in_the_air_has_a_band_too():
    rows = np.where(PHASE < 4, np.sin(PHASE * np.pi / 4), 0.0) * (1 + 0.05 * rigid(np.random.default_rng(1), 12))
    band = made(rows)
    assert band.sd[-1] == pytest.approx(0.01 * np.ptp(band.mean))
    assert position(band, band.mean + 0.005 * (PHASE > 4)).inside == [1.0]
    assert position(band, band.mean + 0.1 * (PHASE > 4)).inside == [0.0]


def test_units_that_agree_entirely_leave_no_room():
    band = made(np.zeros((8, 101)))
    assert np.all(band.half_width == 0)
    where = position(band, np.stack([np.zeros(101), np.full(101, 1e-3)]))
    assert list(where.inside) == [1.0, 0.0]
    assert np.isinf(where.farthest[1])


def test_held_out_units_are_inside_about_as_often_as_the_level_says():
    generator = np.random.default_rng(11)
    found = [held_out(harmonic(generator, 30), np.arange(30), resampling=Resampling(300, 0.9, k)) for k in range(20)]
    assert np.mean([held.mean_inside for held in found]) == pytest.approx(0.9, abs=0.05)
    assert found[0].outside.shape == (30,)
    assert found[0].mean_outside < 0.05


def test_held_out_unit_that_is_no_human_is_outside():
    rows = harmonic(np.random.default_rng(12), 20)
    rows[7] += 20.0
    held = held_out(rows, np.arange(20))
    assert held.outside[7] == 1.0 and held.inside[7] == 0.0
    assert held.mean_inside > 0.8


def test_held_out_agrees_with_a_band_made_anew_without_the_unit():
    rows = np.repeat(harmonic(np.random.default_rng(13), 15), 4, axis=0)
    rows = rows + 0.2 * harmonic(np.random.default_rng(14), 60)
    unit = np.repeat(np.arange(15), 4)
    held = held_out(rows, unit)
    for k in (0, 7, 14):
        anew = prediction_band(rows[unit != k], unit[unit != k])
        assert position(anew, rows[unit == k]).outside.mean() == pytest.approx(held.outside[k], abs=0.05)


@pytest.mark.parametrize("count", [1, 4])
def test_few_units_have_no_band_and_a_reason(count):
    rows = np.ones((8, 101)) * np.arange(8)[:, None]
    band = prediction_band(rows, np.arange(8) % count, "seeds")
    assert np.isnan(band.factor) and np.isnan(band.high).all()
    assert band.note == f"no band from n = {count} (seeds); at least 5 are needed"
    assert np.isnan(position(band, rows[0]).inside).all()
    held = held_out(rows, np.arange(8) % 5)
    assert np.isnan(held.mean_inside) and "at least 5 others" in held.note


def test_rows_that_were_not_measured_are_left_out():
    rows = harmonic(np.random.default_rng(15), 10)
    broken = np.concatenate([rows, rows[:2]])
    broken[10:, 3] = np.nan
    assert made(broken).factor == made(rows).factor
    assert made(broken).rows == 10


def test_seed_decides_the_band():
    rows = harmonic(np.random.default_rng(16), 10)
    assert made(rows, seed=1).factor == made(rows, seed=1).factor != made(rows, seed=2).factor


def test_band_of_forty_subjects_takes_less_than_a_second():
    rows = harmonic(np.random.default_rng(17), 40)
    start = time.perf_counter()
    prediction_band(rows, np.arange(40))
    assert time.perf_counter() - start < 1.0


def test_curve_of_another_length_is_refused():
    band = made(harmonic(np.random.default_rng(18), 8))
    with pytest.raises(BadValue, match="101 points; the curves have 51"):
        position(band, np.zeros(51))
    with pytest.raises(BadValue, match="one unit each"):
        prediction_band(np.zeros((4, 101)), np.arange(3))
