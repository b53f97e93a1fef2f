import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.validate import statistics
from biomimic.validate.statistics import Margin, equivalence, margin, position

# extra hours of sleep of ten patients under two drugs (Student, Biometrika 6, 1908)
FIRST = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)
# the fifteen p values of Benjamini & Hochberg 1995, section 4
FIFTEEN = (
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459),
    *(0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
)
NAN = float("nan")


def named(values):
    return {f"test_{k}": value for k, value in enumerate(values)}


@pytest.mark.oracle("equivalence")
@pytest.mark.parametrize(
    "kind, freedom, p_lower, p_upper",
    [("welch", 17.776, 0.89011, 0.012451), ("pooled", 18.0, 0.890210, 0.012380), ("paired", 9.0, 0.989241, None)],
)
def test_equivalence_on_the_sleep_data(kind, freedom, p_lower, p_upper):
    found = equivalence(FIRST, SECOND, 0.5, kind=kind)
    assert found.freedom == pytest.approx(freedom, abs=1e-3) and found.n == (10, 10)
    assert found.p_lower == pytest.approx(p_lower, abs=1e-5) and found.p == found.p_lower
    if p_upper is not None:
        assert found.p_upper == pytest.approx(p_upper, abs=1e-6)
    if kind == "welch":
        assert (found.t_lower, found.t_upper) == pytest.approx((-1.27195, -2.44968), abs=1e-5)
    assert not found.shown and found.level == pytest.approx(0.9)


@pytest.mark.published("equivalence")
def test_equivalence_is_the_interval_inside_the_margin():
    # pairs differ by 1, -1, 1, -1, 0: mean 0, SD 1, error 1 / sqrt 5; t(0.95, 4) = 2.131847 → ± 0.953391
    zeros = np.zeros(5)
    for half, shown in ((0.9535, True), (0.9533, False)):
        found = equivalence([1, -1, 1, -1, 0], zeros, half, kind="paired")
        assert found.high == pytest.approx(0.953391, abs=1e-6) and found.low == -found.high
        assert found.shown is shown and (found.p < 0.05) is shown


def test_no_p_value_below_five_units():
    few = equivalence([1.0, 1.1, 0.9, 1.0], [1.0, 1.1, 1.0, 0.9, 1.05], 1.0, of="seeds")
    assert np.isnan(few.p) and np.isnan(few.p_upper) and not few.shown
    assert few.note == "4 and 5 seeds: no p value below 5 of them" and np.isfinite(few.high)
    alone = equivalence([1.0], [1.0, 2.0], 1.0)
    assert np.isnan(alone.value) and "needs two of each" in alone.note
    assert equivalence([0.0] * 5, [0.0] * 5, 1.0).shown  # no spread at all


def test_margins_are_one_sided_or_wrong():
    wide = equivalence(FIRST, SECOND, (-4.0, 0.0))
    assert wide.shown and wide.margin == (-4.0, 0.0)
    with pytest.raises(BadValue, match="lower end of a margin lies below the upper one; got 1 and -1"):
        equivalence(FIRST, SECOND, -1.0)
    with pytest.raises(UnknownName, match='No kind of equivalence test "welsh".*Did you mean "welch"'):
        equivalence(FIRST, SECOND, 1.0, kind="welsh")
    with pytest.raises(BadValue, match="as many first as second values; got 10 and 9"):
        equivalence(FIRST, SECOND[:9], 1.0, kind="paired")


@pytest.mark.published("margin")
def test_default_margins():
    assert margin("first_peak").value == 0.10 and margin("first_peak").unit == "BW"
    assert np.degrees(margin("highest_difference").value) == pytest.approx(5.0)
    assert np.degrees(margin("gait_profile_score").value) == pytest.approx(1.6)
    assert margin("stance").value == 0.03 and margin("second_peak_time").value == 0.03
    cadence = margin("cadence", human_mean=110.0, unit="steps/min")
    assert cadence.value == pytest.approx(5.5) and cadence.source.startswith("5 % of the mean")
    other = margin("loading_rate", human_sd=2.5, unit="BW/s")
    assert other.value == 2.5 and other.source == "one standard deviation between people"
    assert all(one.source for one in statistics.MARGINS)
    with pytest.raises(BadValue, match='"loading_rate" has no margin in the table; give human_sd'):
        margin("loading_rate")
    with pytest.raises(BadValue, match='margin of "cadence" is 5 % of the human mean; give human_mean'):
        margin("cadence")
    with pytest.raises(BadValue, match='margin of "cadence" is a share'):
        equivalence(FIRST, SECOND, Margin("cadence", 0.05, "1", "", relative=True))


@pytest.mark.published("benjamini_hochberg", "holm")
def test_fifteen_p_values():
    # the paper's example: Bonferroni rejects three hypotheses, the false discovery rate four
    assert sum(statistics.benjamini_hochberg(named(FIFTEEN), family="scan").rejected) == 4
    assert sum(statistics.holm(named(FIFTEEN), family="kinematics").rejected) == 3
    assert sum(p <= 0.05 / 15 for p in FIFTEEN) == 3


@pytest.mark.published("holm", "benjamini_hochberg")
def test_corrections_by_hand():
    # Holm: 5 (.01), 4 (.02), 3 (.03) = .05 .08 .09, then never less; Benjamini-Hochberg: 5 p / rank = .05 throughout
    five = named((0.01, 0.02, 0.03, 0.04, 0.05))
    corrected = statistics.holm(five, family="force")
    assert corrected.adjusted == pytest.approx((0.05, 0.08, 0.09, 0.09, 0.09))
    assert corrected.rejected == (True, False, False, False, False) and corrected.n == 5
    assert statistics.benjamini_hochberg(five, family="scan").adjusted == pytest.approx((0.05,) * 5)


def test_tests_without_a_p_value_are_not_counted():
    found = statistics.holm({"a": 0.01, "b": NAN, "c": 0.04}, family="muscles")
    assert found.adjusted[0] == pytest.approx(0.02) and np.isnan(found.adjusted[1]) and found.n == 2
    assert found.tests == ("a", "b", "c") and found.rejected == (True, False, True) and found.of == "tests"
    assert statistics.holm({}, family="none").n == 0
    with pytest.raises(BadValue, match='Family "x": p values lie between 0 and 1; found 1.2'):
        statistics.holm({"a": 1.2}, family="x")


@pytest.mark.published("position")
def test_position_by_hand():
    # 1 2 3 4 5: mean 3, SD sqrt 2.5 = 1.581139; 4 is 0.632456 SD up, three below and itself: 3.5 of 5
    found = position(4.0, [1, 2, 3, 4, 5, NAN])
    assert found.z == pytest.approx(0.632456, abs=1e-6) and found.percentile == pytest.approx(70.0)
    assert found.n == 5 and found.of == "subjects" and not found.note


def test_position_without_people_or_spread():
    assert position(1.0, []).note == "nobody to compare with"
    alone = position(1.0, [2.0], of="trials")
    assert np.isnan(alone.z) and alone.percentile == 0.0 and "no spread" in alone.note and alone.of == "trials"
    assert np.isnan(position(1.0, [1.0, 1.0]).z) and position(1.0, [1.0, 1.0]).percentile == 50.0
    assert "could not be measured" in position(NAN, [1.0, 2.0]).note
