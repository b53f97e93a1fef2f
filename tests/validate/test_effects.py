import numpy as np
import pytest
from scipy import stats

from biomimic.errors import BadValue
from biomimic.validate import effects

# miles per gallon, automatic and manual cars (Henderson & Velleman, Biometrics 37, 1981)
AUTOMATIC = (
    *(21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3),
    *(15.2, 10.4, 10.4, 14.7, 21.5, 15.5, 15.2, 13.3, 19.2),
)
MANUAL = (21.0, 21.0, 22.8, 32.4, 30.4, 33.9, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4)
# depression scores at two visits (Hollander & Wolfe 1973, p. 29)
BEFORE = (1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30)
AFTER = (0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29)


def sample(mean, sd, count):
    """Numbers with exactly this mean and SD."""
    numbers = np.linspace(-1, 1, count)
    return mean + sd * numbers / numbers.std(ddof=1)


@pytest.mark.oracle("hedges_g")
def test_hedges_g_of_the_cars():
    # R, effectsize: -1.44 [-2.21, -0.65]
    found = effects.hedges_g(AUTOMATIC, MANUAL)
    assert (found.value, found.low, found.high) == pytest.approx((-1.44, -2.21, -0.65), abs=0.005)
    assert found.n == (19, 13) and found.level == 0.95


@pytest.mark.published("hedges_g")
def test_hedges_g_of_the_textbook():
    # Borenstein et al. 2009, chapter 4: means 103 and 100, SD 5.5 and 4.5, 50 each: d 0.5970, J 0.9923, g 0.5924
    found = effects.hedges_g(sample(103, 5.5, 50), sample(100, 4.5, 50))
    assert found.value == pytest.approx(0.5924, abs=5e-5)


@pytest.mark.oracle("hedges_g")
def test_interval_of_g_inverts_the_noncentral_t():
    first, second = sample(2.0, 1.0, 6), sample(1.0, 1.0, 6)
    found = effects.hedges_g(first, second)
    t, scale = 1.0 / np.sqrt(1 / 3), np.sqrt(1 / 3)
    shrink = found.value  # d is 1
    for end, chance in ((found.low, 0.975), (found.high, 0.025)):
        assert stats.nct.cdf(t, 10, end / shrink / scale) == pytest.approx(chance, abs=2e-6)


def test_g_does_not_know_the_unit_and_turns_with_the_order():
    found = effects.hedges_g(AUTOMATIC, MANUAL)
    other = effects.hedges_g(0.425 * np.array(MANUAL) + 3, 0.425 * np.array(AUTOMATIC) + 3)
    assert (other.value, other.low, other.high) == pytest.approx((-found.value, -found.high, -found.low))
    few = effects.hedges_g([1.0], [2.0], of="seeds")
    assert np.isnan(few.value) and few.note == "1 and 1 seeds: too few for a standard deviation"
    assert effects.hedges_g([1, 1, 1], [2, 2]).note == "no spread within the samples"


@pytest.mark.oracle("cliffs_delta")
def test_cliffs_delta_with_ties():
    # R, effsize: -0.25 [-0.7265846, 0.3890062]; by hand 18 pairs larger, 33 smaller, 9 equal of 60: -15 / 60
    found = effects.cliffs_delta([10, 10, 20, 20, 20, 30, 30, 30, 40, 50], [10, 20, 30, 40, 40, 50])
    assert found.value == pytest.approx(-0.25)
    assert (found.low, found.high) == pytest.approx((-0.7265846, 0.3890062), abs=1e-7)


@pytest.mark.published("cliffs_delta")
def test_cliffs_delta_by_hand():
    # 3 > 2; 1 < 2 and 1, 3 < 4: one of four larger, three smaller
    assert effects.cliffs_delta([1, 3], [2, 4]).value == pytest.approx(-0.5)
    apart = effects.cliffs_delta([5, 6, 7, 8], [1, 2, 3, 4])
    assert apart.value == 1.0 and apart.high == 1.0 and apart.low < 1.0
    assert np.isnan(effects.cliffs_delta([1.0], [1.0, 2.0]).low)
    assert np.isnan(effects.cliffs_delta([], [1.0]).value)


@pytest.mark.published("wilcoxon")
def test_signed_ranks_of_the_depression_scores():
    # V = 40; P(W >= 40) = 10 / 512 one-sided, so 0.0390625
    found = effects.wilcoxon(BEFORE, AFTER, of="patients")
    assert found.statistic == 40.0 and found.p == pytest.approx(20 / 512) and found.n == 9 and found.of == "patients"
    assert found.p_floor == pytest.approx(2 / 2**9)


@pytest.mark.oracle("wilcoxon")
def test_signed_ranks_of_another_program():
    found = effects.wilcoxon(BEFORE, AFTER)
    assert found.p == pytest.approx(stats.wilcoxon(BEFORE, AFTER, method="exact").pvalue)
    assert (found.value, found.low, found.high) == pytest.approx((0.46, 0.010, 0.786), abs=1e-9)  # R, wilcox.test


@pytest.mark.published("wilcoxon")
@pytest.mark.parametrize("count, floor", [(5, 0.0625), (6, 0.03125), (10, 0.001953125)])
def test_attainable_floor(count, floor):
    # all differences of one sign: 2 / 2^n; six is the smallest number that can reach 0.05
    found = effects.wilcoxon(np.arange(count) + 1.0, np.zeros(count))
    assert found.p == pytest.approx(floor) and found.p_floor == pytest.approx(floor)
    assert np.isnan(found.low) == (count < 6)


@pytest.mark.published("wilcoxon")
def test_tied_differences_by_hand():
    # differences 1 1 1 1 -1, all of rank 3: sums 0 ... 15 in threes; P(W >= 12) = 6 / 32, twice that
    found = effects.wilcoxon([1, 1, 1, 1, -1], np.zeros(5))
    assert found.statistic == 12.0 and found.p == pytest.approx(12 / 32)


def test_pairs_that_say_nothing():
    few = effects.wilcoxon([1, 2, 3, 4, 5], [1, 1, 1, 1, 1], of="subjects")
    assert np.isnan(few.p) and few.n == 4 and few.equal == 1 and few.note == "4 subjects: no p value below 5 of them"
    assert effects.wilcoxon([1, 2], [1, 2]).note == "no pair differs"
    with pytest.raises(BadValue, match="as many first as second values; got 2 and 1"):
        effects.wilcoxon([1, 2], [1])
