from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from statsmodels.multivariate.manova import MANOVA

from biomimic.errors import BadValue, NotEnoughData
from biomimic.metrics.curve_tests import one_sample, two_sample
from biomimic.metrics.curves import Inference, Sample, compare, compare_groups, judge, relate
from biomimic.metrics.multivariate import (
    canonical_correlation,
    hotelling_one_sample,
    hotelling_paired,
    hotelling_two_sample,
    manova,
)
from biomimic.metrics.permutation import null_curves
from biomimic.metrics.random_field import smoothness


def field(test):
    return judge(test, Inference("random field", minimum=2), "subjects")


def curves(generator, n, components=3, points=101):
    phase, orders = 2 * np.pi * np.linspace(0, 1, points), np.arange(1, 5)
    size = generator.normal(size=(n, components, 4))
    return np.moveaxis(size @ np.sin(np.outer(orders, phase) + orders[:, None]), 1, 2) + generator.normal(
        size=(n, 1, components)
    )


@pytest.fixture(scope="module")
def data():
    """The curves that come with spm1d; they are not ours to ship."""
    spm1d = pytest.importorskip("spm1d")
    many, single = spm1d.data.mv1d, spm1d.data.mv0d
    return SimpleNamespace(
        muscles=many.hotellings2.Besier2009muscleforces().get_data(),
        knee=many.hotellings_paired.Neptune1999kneekin().get_data(),
        speed=many.cca.Dorn2012().get_data(),
        speeds=many.manova1.Dorn2012().get_data(),
        sweat=single.hotellings1.RSXLHotellings1().get_data(),
        stevens=single.manova1.Stevens2002().get_data(),
    )


@pytest.mark.oracle("hotelling_two_sample", "smoothness")
def test_muscle_forces_of_two_groups(data):
    # 48.857 and 83.68-90.14 are reached with the other program's density, see test_random_field
    test = hotelling_two_sample(*data.muscles)
    found = field(test)
    assert test.law.df == (10, 39)
    assert smoothness(test.residuals) == pytest.approx((13.796, 7.176), abs=5e-4)
    assert found.extreme == pytest.approx(55.18, abs=0.005)
    assert found.threshold == pytest.approx(49.881, abs=1e-3)
    (cluster,) = found.clusters
    assert (cluster.start * 0.99, cluster.end * 0.99) == pytest.approx((83.84, 89.92), abs=0.01)
    assert cluster.p == pytest.approx(0.0117, abs=0.003)


@pytest.mark.oracle("hotelling_paired", "smoothness")
def test_knee_of_pairs(data):
    test = hotelling_paired(*data.knee)
    found = field(test)
    assert test.law.df == (3, 7)
    assert smoothness(test.residuals) == pytest.approx((19.2825, 5.1861), abs=1e-4)
    assert found.extreme == pytest.approx(58.13, abs=0.005)
    assert found.clusters == () and found.threshold > 106.09


@pytest.mark.oracle("canonical_correlation", "random_field", "smoothness", "critical_height")
def test_forces_and_running_speed(data):
    test = canonical_correlation(*data.speed)
    found = field(test)
    assert test.law.df == (3,)
    assert smoothness(test.residuals) == pytest.approx((8.897, 11.127), abs=5e-4)
    assert (found.threshold, found.extreme) == pytest.approx((14.975, 20.70), abs=5e-3)
    ends = [(0.99 * cluster.start, 0.99 * cluster.end) for cluster in found.clusters]
    assert ends == [pytest.approx((27.32, 38.56), abs=0.01), pytest.approx((65.49, 79.03), abs=0.01)]


@pytest.mark.oracle("manova", "random_field", "smoothness")
def test_forces_at_four_speeds(data):
    rows, speed = data.speeds
    test = manova([rows[speed == k] for k in np.unique(speed)])
    found = field(test)
    assert test.law.df == (9,)
    assert smoothness(test.residuals).fwhm == pytest.approx(8.96004, abs=1e-5)
    assert (found.threshold, found.extreme) == pytest.approx((26.433277, 34.911341), abs=1e-5)
    assert [cluster.p for cluster in found.clusters] == pytest.approx([0.0477344, 0.000286906, 5.3195e-7], rel=1e-4)


@pytest.mark.published("hotelling_one_sample", "manova")
def test_published_single_numbers(data):
    # textbook values that come with the data of spm1d
    rows, expected = data.sweat
    found = field(hotelling_one_sample(rows[:, None, :], np.asarray(expected)))
    assert (found.extreme, found.p) == pytest.approx((52.6724, 0.000155), abs=5e-5)
    rows, group = data.stevens
    found = field(manova([rows[group == k][:, None, :] for k in np.unique(group)]))
    assert (found.extreme, found.p) == pytest.approx((20.4983, 0.000398), abs=5e-5)


@pytest.mark.published("hotelling_one_sample", "hotelling_two_sample", "canonical_correlation")
def test_one_component_is_the_square_of_t():
    generator = np.random.default_rng(0)
    one, two = curves(generator, 9, 1), curves(generator, 7, 1)
    assert hotelling_one_sample(one).curve == pytest.approx(one_sample(one[:, :, 0]).curve ** 2)
    assert hotelling_two_sample(one, two).curve == pytest.approx(two_sample(one[:, :, 0], two[:, :, 0]).curve ** 2)
    # Bartlett: X2 = -(n - 1 - (C + K + 1) / 2) ln(1 - r^2), here -(9 - 2.5) ln(1 - r^2)
    x = generator.normal(size=9)
    r = np.array([np.corrcoef(x, one[:, k, 0])[0, 1] for k in (0, 50)])
    assert canonical_correlation(one, x).curve[[0, 50]] == pytest.approx(-6.5 * np.log(1 - r**2))


@pytest.mark.published("hotelling_two_sample", "hotelling_one_sample")
def test_points_agree_with_the_printed_definition():
    generator = np.random.default_rng(1)
    one, two = curves(generator, 11), curves(generator, 8)
    at = 37
    difference = one[:, at].mean(axis=0) - two[:, at].mean(axis=0)
    pooled = (10 * np.cov(one[:, at].T) + 7 * np.cov(two[:, at].T)) / 17
    expected = 11 * 8 / 19 * difference @ np.linalg.solve(pooled, difference)
    assert hotelling_two_sample(one, two).curve[at] == pytest.approx(expected)
    mean = one[:, at].mean(axis=0)
    alone = 11 * mean @ np.linalg.solve(np.cov(one[:, at].T), mean)
    assert hotelling_one_sample(one).curve[at] == pytest.approx(alone)
    assert hotelling_paired(one, np.zeros_like(one)).curve[at] == pytest.approx(alone)


@pytest.mark.oracle("manova", "canonical_correlation")
@pytest.mark.parametrize("components", [2, 4])
def test_wilks_lambda_agrees(components):
    generator = np.random.default_rng(2)
    groups = [curves(generator, n, components, points=1) for n in (6, 7, 5, 8)]
    rows = np.concatenate(groups)[:, 0]
    label = np.repeat(np.arange(4), [len(group) for group in groups])
    design = np.column_stack([np.ones(26), label[:, None] == np.arange(3)])
    contrast = np.eye(4)[1:]
    result = MANOVA(rows, design.astype(float)).mv_test([("group", contrast)]).results["group"]["stat"]
    wilks = float(result.loc["Wilks' lambda", "Value"])
    expected = -(25 - 0.5 * (components + 4)) * np.log(wilks)
    assert manova(groups).curve[0] == pytest.approx(expected)
    predictors = (label[:, None] == np.arange(3)).astype(float)
    assert canonical_correlation(rows[:, None], predictors).curve[0] == pytest.approx(expected)


def test_components_may_be_turned_and_scaled():
    generator = np.random.default_rng(3)
    one, two = curves(generator, 9), curves(generator, 9)
    turn = generator.normal(size=(3, 3))
    for test in (hotelling_two_sample, hotelling_paired, lambda *groups: manova(groups)):
        assert test(one @ turn, two @ turn).curve == pytest.approx(test(one, two).curve)


def test_exchanges_give_what_exchanged_rows_give():
    generator = np.random.default_rng(4)
    one, two = curves(generator, 5), curves(generator, 5)
    test = hotelling_two_sample(one, two)
    null = null_curves(test.exchange, 10_000, 0)
    assert null.exact and len(null.curves) == 252
    rows = np.concatenate([one, two])
    first = np.array([0, 2, 4, 6, 8])
    by_hand = hotelling_two_sample(rows[first], rows[np.setdiff1d(np.arange(10), first)]).curve
    assert np.abs(null.curves - by_hand).max(axis=1).min() < 1e-8
    flipped = hotelling_one_sample(one * np.array([1, -1, 1, 1, -1])[:, None, None]).curve
    signs = null_curves(hotelling_one_sample(one).exchange, 10_000, 0).curves
    assert np.abs(signs - flipped).max(axis=1).min() < 1e-8


def test_compare_takes_several_components_together():
    generator = np.random.default_rng(5)
    who = np.arange(10)
    one, two = Sample(curves(generator, 10), who), Sample(curves(generator, 10) + 3.0, who)
    found = [compare(one, two), compare(one, two, paired=True), compare(two)]
    assert [one.statistic for one in found] == ["T2"] * 3
    assert [one.df for one in found] == [(3, 18), (3, 9), (3, 9)]
    assert found[0].p < 0.01 and not found[0].two_sided
    assert compare_groups([one, two]).statistic == "X2"
    assert relate(one, np.arange(10.0)).statistic == "X2"


def test_small_t_of_few_units_is_no_false_alarm():
    generator = np.random.default_rng(6)
    found = [
        compare(
            Sample(curves(generator, 8), np.arange(8)),
            Sample(curves(generator, 8), np.arange(8)),
            Inference(draws=99, seed=k),
        ).p
        for k in range(150)
    ]
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 150))
    assert stats.kstest(found, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(
    "kind, call, text",
    [
        (NotEnoughData, lambda rows: hotelling_one_sample(rows[:3]), "more units or fewer components"),
        (NotEnoughData, lambda rows: canonical_correlation(rows[:4], np.arange(4)), "need at least 5 units"),
        (BadValue, lambda rows: hotelling_one_sample(rows[:, :, 0]), "several components"),
        (BadValue, lambda rows: hotelling_one_sample(np.repeat(rows, 2, axis=2)), "depend on each other"),
        (BadValue, lambda rows: hotelling_two_sample(rows, rows[:, :, :2]), "same points and components"),
        (BadValue, lambda rows: hotelling_paired(rows, rows[:5]), "both groups"),
        (BadValue, lambda rows: hotelling_one_sample(rows * [1, 1, 0]), "does not vary at point 0"),
    ],
)
def test_likely_mistakes(kind, call, text):
    with pytest.raises(kind, match=text):
        call(curves(np.random.default_rng(7), 9))
