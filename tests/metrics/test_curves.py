from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.oneway import anova_oneway

from biomimic.errors import BadValue, NotEnoughData, UnknownName
from biomimic.metrics.curve_tests import anova, one_sample, paired, regression, two_sample
from biomimic.metrics.curves import Inference, Sample, compare, compare_groups, judge, relate, stretches
from biomimic.metrics.permutation import null_curves
from biomimic.metrics.random_field import Law, critical_height, smoothness

PHASE = 2 * np.pi * np.linspace(0, 1, 101)
ORDERS = np.arange(1, 7)


def smooth(generator, n):
    """Six random harmonics."""
    cosine, sine = generator.normal(size=(2, n, 6))
    return cosine @ np.cos(np.outer(ORDERS, PHASE)) + sine @ np.sin(np.outer(ORDERS, PHASE))


def field(test, *, two_sided=True):
    return judge(test, Inference("random field", two_sided=two_sided, minimum=3), "subjects")


def nodes(found, last):
    """Ends of the stretches in points, as the other program prints them."""
    return [(cluster.start * last / 100, cluster.end * last / 100) for cluster in found.clusters]


@pytest.fixture(scope="module")
def data():
    """The curves that come with spm1d; they are not ours to ship."""
    spm1d = pytest.importorskip("spm1d")
    one, single = spm1d.data.uv1d, spm1d.data.uv0d
    return SimpleNamespace(
        random=one.t1.Random().get_data()[0],
        pataky_a=one.t1.SimulatedPataky2015a().get_data()[0],
        pataky_b=one.t1.SimulatedPataky2015b().get_data()[0],
        arch=one.tpaired.PlantarArchAngle().get_data(),
        arch_groups=one.t2.PlantarArchAngle().get_data(),
        speed=one.regress.SpeedGRF().get_data(),
        pataky_c=one.regress.SimulatedPataky2015c().get_data(),
        weather=one.anova1.Weather().get_data(),
        weight=single.t1.RSWeightReduction().get_data()[0],
        flavor=single.t2.RSFlavor().get_data(),
        mileage=single.tpaired.ColumbiaMileage().get_data(),
        relation=single.regress.RSRegression().get_data(),
    )


@pytest.mark.oracle("random_field", "one_sample", "smoothness", "critical_height", "cluster_chance")
@pytest.mark.parametrize(
    "name, fwhm, resels, height, extreme, ends, p",
    [
        ("random", 11.2615, 8.7910, 3.8213, 3.9467, (15.05, 18.28), 0.0310),
        ("pataky_a", 26.5475, 3.7668, 3.2270, 2.5759, None, None),
        ("pataky_b", 26.5474, 3.7669, 3.2270, 3.9586, (72.82, 77.25), 0.0444),
    ],
)
def test_one_sample_curves(data, name, fwhm, resels, height, extreme, ends, p):
    test = one_sample(getattr(data, name))
    found = field(test, two_sided=False)
    assert test.law.df == (9,)
    assert smoothness(test.residuals) == pytest.approx((fwhm, resels), abs=1e-4)
    assert (found.threshold, found.extreme) == pytest.approx((height, extreme), abs=1e-4)
    assert len(found.clusters) == (ends is not None)
    if ends:
        assert nodes(found, len(test.curve) - 1)[0] == pytest.approx(ends, abs=0.01)
        assert found.clusters[0].p == pytest.approx(p, abs=1e-4)


@pytest.mark.oracle("random_field", "paired", "smoothness", "critical_height", "cluster_chance")
@pytest.mark.parametrize("two_sided, height, start, p", [(True, 3.9395, 95.57, 0.0373), (False, 3.4059, 94.46, 0.0353)])
def test_paired_curves(data, two_sided, height, start, p):
    test = paired(*data.arch)
    found = field(test, two_sided=two_sided)
    assert smoothness(test.residuals) == pytest.approx((20.3720, 4.9087), abs=1e-4)
    assert (found.threshold, found.extreme) == pytest.approx((height, 6.5518), abs=1e-4)
    assert found.clusters[0][:2] == pytest.approx((start, 100.0), abs=0.01)
    assert found.clusters[0].p == pytest.approx(p, abs=1e-4)


@pytest.mark.oracle("smoothness")
def test_residuals_are_not_scaled_before_their_width_is_taken(data):
    left = paired(*data.arch).residuals
    assert smoothness(left / left.std(axis=0)).fwhm == pytest.approx(23.88, abs=0.01)
    assert smoothness(left).fwhm == pytest.approx(20.37, abs=0.01)


@pytest.mark.oracle("random_field", "two_sample", "smoothness")
def test_two_groups_of_curves(data):
    test = two_sample(*data.arch_groups, equal_variance=False)
    found = field(test)
    # the other program stops its iteration for the ratio of variances at 17.991; its end, in closed form, is 17.990
    assert test.law.df[0] == pytest.approx(17.991, abs=3e-3)
    assert smoothness(test.residuals) == pytest.approx((20.5956, 4.8554), abs=1e-4)
    assert (found.threshold, found.extreme) == pytest.approx((3.2949, 5.8192), abs=1.5e-4)
    assert found.clusters[0][:2] == pytest.approx((93.28, 100.0), abs=0.01)
    assert found.clusters[0].p == pytest.approx(0.0312, abs=1e-4)
    pooled = field(two_sample(*data.arch_groups))
    assert (pooled.df, pooled.threshold) == ((18,), pytest.approx(3.294693, abs=1e-5))
    assert pooled.clusters[0].p == pytest.approx(0.0312255, abs=1e-6)


@pytest.mark.oracle("random_field", "regression", "smoothness")
def test_regression_of_force_on_speed(data):
    test = regression(*data.speed)
    found = field(test)
    assert smoothness(test.residuals) == pytest.approx((6.1343, 16.3017), abs=1e-4)
    assert (found.threshold, found.extreme) == pytest.approx((3.3945, -35.4368), abs=1e-4)
    assert (test.law.df, len(found.clusters)) == ((58,), 4)
    assert found.clusters[-1][:2] == pytest.approx((94.03, 99.28), abs=0.01)
    assert found.clusters[-1].p == pytest.approx(0.00167, abs=1e-5)
    assert [np.sign(cluster.extreme) for cluster in found.clusters] == [1, -1, 1, 1]


@pytest.mark.oracle("random_field", "regression", "smoothness")
def test_regression_of_simulated_curves(data):
    test = regression(*data.pataky_c)
    found = field(test)
    assert smoothness(test.residuals) == pytest.approx((24.1332, 4.1437), abs=1e-4)
    assert (found.threshold, found.extreme) == pytest.approx((4.0046, 5.2773), abs=1e-4)
    assert found.clusters[0][:2] == pytest.approx((32.19, 44.29), abs=0.01)
    assert found.clusters[0].p == pytest.approx(0.0099, abs=1e-4)


@pytest.mark.oracle("random_field", "anova", "smoothness", "critical_height")
def test_weather_of_four_regions(data):
    rows, region = data.weather
    groups = [rows[region == k] for k in np.unique(region)]
    test = anova(groups)
    found = field(test)
    width = smoothness(test.residuals)
    assert width == pytest.approx((134.914, 2.698), abs=1e-3)
    assert (found.df, found.threshold, found.extreme) == ((3, 31), pytest.approx(4.845132, abs=1e-5), found.extreme)
    assert found.extreme == pytest.approx(33.08, abs=0.005)
    assert nodes(found, 364) == [pytest.approx((0, 364))]
    # the other program's degrees of freedom for unequal variances count the mean as an effect (3.361 of 3 contrasts)
    assert critical_height(Law("F", (3.3608064, 28.1701152)), 0.05, width.resels) == pytest.approx(4.7214, abs=1e-4)


@pytest.mark.oracle("anova")
def test_groups_of_unequal_variance_agree_with_brown_and_forsythe():
    generator = np.random.default_rng(3)
    groups = [generator.normal(0.5 * k, 1 + k, size=n) for k, n in enumerate((15, 9, 6))]
    other = anova_oneway(groups, use_var="bf")
    test = anova(groups, equal_variance=False)
    assert test.curve[0] == pytest.approx(other.statistic, rel=1e-10)
    assert test.law.df == pytest.approx((other.df_num, other.df_denom), rel=1e-10)


@pytest.mark.published("one_sample", "two_sample", "paired", "regression")
def test_published_single_numbers(data):
    # textbook values that come with the data of spm1d
    found = [
        field(one_sample(data.weight), two_sided=False),
        field(two_sample(*data.flavor), two_sided=False),
        field(paired(*data.mileage), two_sided=False),
        field(regression(*data.relation)),
    ]
    assert [one.extreme for one in found] == pytest.approx([1.449255, 2.176768, 4.4721, -3.67092], abs=5e-5)
    assert [one.p for one in found] == pytest.approx([0.087585, 0.021526, 0.000775, 0.002822], abs=1e-6)


@pytest.mark.published("two_sample")
def test_sleep_of_ten_patients():
    # Welch: t -1.8608, df 17.776, p 0.07939 (documentation of R, t.test of the sleep data)
    first = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    found = field(two_sample(first, second, equal_variance=False))
    assert (found.extreme, found.df[0], found.p) == pytest.approx((-1.8608, 17.776, 0.07939), abs=5e-4)


@pytest.mark.oracle("one_sample", "two_sample", "paired", "regression", "anova")
def test_every_point_agrees_with_the_test_of_a_number():
    generator = np.random.default_rng(0)
    one, two, three = smooth(generator, 12), smooth(generator, 12) + 0.5, 2 * smooth(generator, 7)
    x = generator.normal(size=12)
    assert one_sample(one, 0.3).curve == pytest.approx(stats.ttest_1samp(one, 0.3).statistic)
    assert paired(one, two).curve == pytest.approx(stats.ttest_rel(one, two).statistic)
    assert two_sample(one, three).curve == pytest.approx(stats.ttest_ind(one, three).statistic)
    welch = stats.ttest_ind(one, three, equal_var=False).statistic
    assert two_sample(one, three, equal_variance=False).curve == pytest.approx(welch)
    assert anova([one, two, three]).curve == pytest.approx(stats.f_oneway(one, two, three).statistic)
    assert anova([one, three], equal_variance=False).curve == pytest.approx(welch**2)
    slope = [stats.linregress(x, one[:, k]) for k in (0, 40, 100)]
    assert regression(one, x).curve[[0, 40, 100]] == pytest.approx([fit.slope / fit.stderr for fit in slope])


@pytest.mark.oracle("permutation", "compare")
def test_permutation_of_all_signs(data):
    test = paired(*data.arch)
    found = judge(test, Inference(), "subjects")
    null = null_curves(test.exchange, 10_000, 0)
    largest = np.sort(np.abs(null.curves).max(axis=1))[::-1]
    assert null.exact and found.how == "all 1024 changes of sign"
    # the other program interpolates the 95th percentile of the half that is not a mirror image: 3.59694, between two
    # attainable values; ours is the upper of these, so that exactly what is above it has p <= 0.05
    assert np.percentile(np.abs(null.curves[:512]).max(axis=1), 95) == pytest.approx(3.596938, abs=1e-6)
    assert found.threshold == largest[51] and largest[52] < 3.596938 < largest[51]
    assert (np.mean(largest > found.threshold), np.mean(largest >= found.threshold)) == (50 / 1024, 52 / 1024)
    assert stretches(test.curve, 3.596938)[0][:2] == pytest.approx((94.97, 100.0), abs=0.005)
    assert found.clusters[0][:2] == pytest.approx((94.97, 100.0), abs=0.05)
    assert judge(test, Inference(two_sided=False), "subjects").p == 2 / 1024  # the extreme; printed as 0.00195


@pytest.mark.selfmade
def test_area_beyond_the_threshold_over_all_signs(data):
    # upward and downward stretches counted: 8 of 1024. The other program prints 2 of 1024, for it measures the
    # stretches of the exchanges upward only and without interpolation, so that what was found does not reach itself
    found = judge(paired(*data.arch), Inference(), "subjects")
    assert found.clusters[0].p == 8 / 1024


@pytest.mark.published("permutation", "compare")
def test_five_against_five_by_hand():
    # fully separated groups are the most extreme of 252 exchanges, and their mirror image
    separate = judge(two_sample(np.arange(5.0), np.arange(10.0, 15.0)), Inference(), "subjects")
    assert (separate.p, separate.how) == (2 / 252, "all 252 exchanges of labels")
    one_way = judge(two_sample(np.arange(10.0, 15.0), np.arange(5.0)), Inference(two_sided=False), "subjects")
    assert one_way.p == 1 / 252
    signs = judge(one_sample(np.array([1.0, 2.0, 3.0, 4.0, 5.0])), Inference(two_sided=False), "subjects")
    assert signs.p == 1 / 32


@pytest.mark.published("permutation")
def test_random_exchanges_never_give_zero():
    # Phipson & Smyth 2010: (b + 1) / (m + 1)
    generator = np.random.default_rng(1)
    test = two_sample(smooth(generator, 12), smooth(generator, 12) + 50.0)
    found = judge(test, Inference(draws=999), "subjects")
    assert (found.p, found.how) == (1 / 1000, "999 random exchanges of labels, seed 0")
    assert found.clusters[0].p == 1 / 1000 and found.share == 1.0


@pytest.mark.published("permutation")
def test_false_alarms_are_as_rare_as_promised():
    generator = np.random.default_rng(2)
    found = [
        judge(two_sample(smooth(generator, 7), smooth(generator, 8)), Inference(draws=199, seed=k), "subjects")
        for k in range(300)
    ]
    alarms = np.mean([one.p <= 0.05 for one in found])
    assert alarms == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 300))
    assert all((one.p <= 0.05) == bool(one.clusters) for one in found)


@pytest.mark.parametrize("method", ["permutation", "random field"])
def test_comparison_knows_no_unit_of_measure_and_no_order(method):
    generator = np.random.default_rng(4)
    first, second, who = smooth(generator, 6), smooth(generator, 6) + np.sin(PHASE), np.arange(6)
    inference = Inference(method)
    found = compare(Sample(first, who), Sample(second, who), inference)
    scaled = compare(Sample(57.3 * first, who), Sample(57.3 * second, who), inference)
    turned = compare(Sample(first[::-1], who[::-1] + 10), Sample(second[[3, 1, 0, 5, 4, 2]], who), inference)
    for other in (scaled, turned):
        assert (other.p, other.threshold) == pytest.approx((found.p, found.threshold))
        assert other.extreme == pytest.approx(found.extreme)
    back = compare(Sample(second, who), Sample(first, who), inference)
    assert (back.p, back.extreme) == pytest.approx((found.p, -found.extreme))


def test_strides_of_one_subject_count_once():
    generator = np.random.default_rng(5)
    rows = smooth(generator, 12)
    unit = np.repeat(np.arange(6), 2)
    found = compare(Sample(rows, unit), None)
    assert (found.n, found.of, found.df) == ((6,), "subjects", (5,))
    assert found.curve == pytest.approx(one_sample(rows.reshape(6, 2, 101).mean(axis=1)).curve)


def test_pairs_are_matched_by_subject():
    generator = np.random.default_rng(6)
    first, second = smooth(generator, 7), smooth(generator, 7)
    found = compare(Sample(first, np.arange(7)), Sample(second[::-1], np.arange(8, 1, -1)), paired=True)
    assert found.n == (5,)
    assert found.curve == pytest.approx(paired(first[2:], second[:5]).curve)


def test_rows_that_were_not_measured_are_left_out():
    rows = smooth(np.random.default_rng(7), 8)
    broken = np.concatenate([rows, rows])
    broken[8:, 50] = np.nan
    who = np.arange(8)
    assert compare(Sample(broken, np.tile(who, 2))).p == compare(Sample(rows, who)).p


@pytest.mark.parametrize("paired_samples", [False, True])
def test_no_p_value_below_five_units(paired_samples):
    generator = np.random.default_rng(8)
    seeds = Sample(smooth(generator, 4), np.arange(4), "seeds")
    people = Sample(smooth(generator, 20), np.arange(20))
    found = compare(seeds, people, paired=paired_samples)
    assert np.isnan(found.p) and np.isnan(found.threshold) and np.isnan(found.share) and not found.clusters
    assert found.note == "no p value from n = 4 (seeds and subjects); at least 5 are needed"
    assert compare(seeds, people, Inference(minimum=4), paired=paired_samples).note == ""
    alone = compare(Sample(smooth(generator, 3), np.zeros(3), "seeds"), people)
    assert alone.n == (1, 20) and alone.note


def test_speed_explains_the_curves_where_it_does():
    generator = np.random.default_rng(9)
    speed = np.linspace(0.8, 1.6, 12)
    bump = np.exp(-0.5 * ((np.arange(101) - 30) / 5) ** 2)
    rows = 0.1 * smooth(generator, 12) + 20 * speed[:, None] * bump
    found = relate(Sample(np.repeat(rows, 2, axis=0), np.repeat(np.arange(12), 2)), np.repeat(speed, 2))
    assert found.n == (12,) and found.p < 0.01
    assert found.at == pytest.approx(30, abs=6)
    assert any(cluster.start < 30 < cluster.end for cluster in found.clusters)


def test_several_groups():
    generator = np.random.default_rng(10)
    samples = [Sample(smooth(generator, 8) + k * np.sin(PHASE), np.arange(8)) for k in (0, 0, 4)]
    found = compare_groups(samples, Inference(draws=499))
    assert (found.statistic, found.df, found.n, found.two_sided) == ("F", (2, 21), (8, 8, 8), False)
    assert found.p < 0.05


def test_force_of_a_foot_in_the_air_is_no_evidence():
    generator = np.random.default_rng(11)
    air = np.arange(101) > 60
    first, second = np.where(air, 0.0, smooth(generator, 8)), np.where(air, 0.0, smooth(generator, 8))
    for equal in (True, False):
        assert np.all(two_sample(first, second, equal_variance=equal).curve[air] == 0)
    for method in ("permutation", "random field"):
        assert np.isfinite(compare(Sample(first, np.arange(8)), Sample(second, np.arange(8)), Inference(method)).p)


def test_stretches_of_a_triangle():
    # 0 1 2 3 2 1 0 is above 1.5 between the points 1.5 and 4.5, by a triangle of area 3 * 1.5 / 2
    (found,) = stretches(np.array([0.0, 1, 2, 3, 2, 1, 0]), 1.5)
    assert found == pytest.approx((1.5, 4.5, 3.0, 2.25))
    assert [s[:2] for s in stretches(np.array([3.0, 1, 3]), 2.0)] == [(0.0, 0.5), (1.5, 2.0)]
    assert stretches(np.array([3.0]), 2.0)[0] == (0.0, 0.0, 3.0, 1.0)
    assert stretches(np.zeros(5), 0.0) == ()


@pytest.mark.parametrize(
    "kind, call, text",
    [
        (BadValue, lambda: one_sample(np.full((6, 101), np.nan)), "no missing points"),
        (BadValue, lambda: one_sample(np.ones((6, 101, 2))), "Hotelling"),
        (BadValue, lambda: paired(np.ones((6, 101)), np.ones((5, 101))), "both groups"),
        (BadValue, lambda: regression(np.ones((6, 101)), np.ones(6)), "same for all units"),
        (BadValue, lambda: regression(np.ones((6, 101)), np.ones(5)), "6 units need 6 known predictors"),
        (NotEnoughData, lambda: regression(np.ones((2, 101)), np.arange(2)), "needs at least 3 units"),
        (BadValue, lambda: two_sample(np.ones((6, 9)), np.ones((6, 9)), equal_variance=False), "do not vary"),
        (BadValue, lambda: Sample(np.ones((6, 9)), np.ones(5)).means(), "one unit"),
        (UnknownName, lambda: Inference("bayes"), '"permutation" or by "random field"'),
        (BadValue, lambda: Inference(alpha=5), "0.05 for 5 %"),
    ],
)
def test_likely_mistakes(kind, call, text):
    with pytest.raises(kind, match=text):
        call()
