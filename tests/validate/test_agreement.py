import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.validate.agreement import FORMS, bland_altman, icc

# six targets, four judges (Shrout & Fleiss 1979, table 2)
JUDGED = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))
# peak expiratory flow, first readings of both meters [l/min] (Bland & Altman 1986)
WRIGHT = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
MINI = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)
# cardiac output of twelve subjects by two methods [l/min] (Bland & Altman 1999, table 4): subject, first, second
CARDIAC = """1 7.83 6.57, 1 7.42 5.62, 1 7.89 6.90, 1 7.12 6.57, 1 7.88 6.35, 2 6.16 4.06, 2 7.26 4.29, 2 6.71 4.26,
2 6.54 4.09, 3 4.75 4.71, 3 5.24 5.50, 3 4.86 5.08, 3 4.78 5.02, 3 6.05 6.01, 3 5.42 5.67, 4 4.21 4.14, 4 3.61 4.20,
4 3.72 4.61, 4 3.87 4.68, 4 3.92 5.04, 5 3.13 3.03, 5 2.98 2.86, 5 2.85 2.77, 5 3.17 2.46, 5 3.09 2.32, 5 3.12 2.43,
6 5.92 5.90, 6 6.42 5.81, 6 5.92 5.70, 6 6.27 5.76, 7 7.13 5.09, 7 6.62 4.63, 7 6.58 4.61, 7 6.93 5.09, 8 4.54 4.72,
8 4.81 4.61, 8 5.11 4.36, 8 5.29 4.20, 8 5.39 4.36, 8 5.57 4.20, 9 4.48 3.17, 9 4.92 3.12, 9 3.97 2.96, 10 4.22 4.35,
10 4.65 4.62, 10 4.74 3.16, 10 4.44 3.53, 10 4.50 3.53, 11 6.78 7.20, 11 6.07 6.09, 11 6.52 7.00, 11 6.42 7.10,
11 6.41 7.40, 11 5.76 6.80, 12 5.06 4.50, 12 4.72 4.20, 12 4.90 3.80, 12 4.80 3.80, 12 4.90 4.20, 12 5.10 4.50"""


def cardiac():
    return np.array([row.split() for row in CARDIAC.split(",")], float).T


@pytest.mark.published("icc")
def test_judges_of_shrout_and_fleiss():
    # the paper prints .17 .29 .71 .44 .62 .91
    expected = (0.165742, 0.289764, 0.714841, 0.442797, 0.620051, 0.909316)
    assert [icc(JUDGED, form).value for form in FORMS] == pytest.approx(expected, abs=1e-6)
    squares = icc(JUDGED).squares
    assert (squares.targets, squares.within, squares.raters, squares.error) == pytest.approx(
        (11.2417, 6.2639, 32.4861, 1.0194), abs=5e-5
    )


@pytest.mark.oracle("icc")
def test_intervals_of_the_judges():
    # R, psych
    expected = (-0.133, 0.72, 0.019, 0.76, 0.342, 0.95, -0.884, 0.91, 0.071, 0.93, 0.676, 0.99)
    found = [end for form in FORMS for end in (icc(JUDGED, form).low, icc(JUDGED, form).high)]
    assert found == pytest.approx(expected, abs=0.005)


def test_icc_knows_what_it_is_blind_to():
    shifted = np.array(JUDGED[:6], float)
    shifted[:, 1] += 100.0  # consistency does not see a shift of one rater, agreement does
    assert icc(shifted, "ICC(3,1)").value == pytest.approx(icc(JUDGED, "ICC(3,1)").value)
    assert icc(shifted, "ICC(2,1)").value < 0.01
    same = icc(np.arange(6.0)[:, None] * np.ones(3), "ICC(2,1)")
    assert same.value == same.low == same.high == 1.0 and same.n == 6 and same.raters == 3


def test_icc_without_data_says_why():
    holed = np.array(JUDGED, float)
    holed[0, 0] = np.nan
    found = icc(holed)
    assert found.n == 5 and found.note == "1 targets with a gap left out"
    assert icc(holed[:1]).note == "0 targets and 4 raters: at least two of each are needed"
    assert icc(np.ones((4, 3))).note == "all ratings are equal" and np.isnan(icc(np.ones((4, 3))).value)
    with pytest.raises(UnknownName, match=r'No form of the intraclass correlation "ICC2"'):
        icc(JUDGED, "ICC2")
    with pytest.raises(BadValue, match="table of targets by raters; got 1 dimensions"):
        icc([1.0, 2.0])


@pytest.mark.published("bland_altman")
def test_peak_flow_meters():
    # the paper prints a bias of -2.1, SD 38.8 and limits of -79.7 and 75.5 at 2 SD
    found = bland_altman(WRIGHT, MINI)
    assert found.bias == pytest.approx(-2.1176, abs=5e-5) and found.sd == pytest.approx(38.7651, abs=5e-5)
    assert (found.lower, found.upper) == pytest.approx((-78.097, 73.862), abs=5e-4)
    two = bland_altman(WRIGHT, MINI, multiple=2.0)
    assert (two.lower, two.upper) == pytest.approx((-79.648, 75.413), abs=5e-4)
    assert np.corrcoef(WRIGHT, MINI)[0, 1] == pytest.approx(0.943279, abs=1e-6)
    assert found.n == found.pairs == 17


@pytest.mark.published("bland_altman")
def test_intervals_by_hand():
    # t(0.975, 16) = 2.119905; bias ± 2.119905 (38.7651) / sqrt 17; limits ± 2.119905 (38.7651) sqrt(1/17 + 1.96²/32)
    found = bland_altman(WRIGHT, MINI)
    assert found.bias_interval == pytest.approx((-22.0488, 17.8135), abs=5e-4)
    assert found.lower_interval == pytest.approx((-112.8534, -43.3412), abs=5e-4)
    assert found.upper_interval == pytest.approx((39.1059, 108.6181), abs=5e-4)
    low, high = found.slope_interval
    assert low < 0 < high  # no proportional bias


@pytest.mark.oracle("bland_altman")
def test_repeated_measurements_are_nested():
    # R, lme4 (REML) on the same data: bias 0.705, SD between 0.934, within 0.413, in all 1.022, limits -1.298 and 2.707
    subject, first, second = cardiac()
    found = bland_altman(first, second, subject)
    assert (found.bias, found.between, found.within, found.sd) == pytest.approx((0.705, 0.934, 0.413, 1.022), abs=6e-4)
    assert (found.lower, found.upper) == pytest.approx((-1.298, 2.707), abs=6e-4)
    assert found.n == 12 and found.pairs == 60


@pytest.mark.oracle("bland_altman")
def test_nested_intervals_are_those_of_a_parametric_bootstrap():
    # the same program, 999 draws: bias 0.159 to 1.223, limits -2.127 to -0.403 and 1.843 to 3.588. The variance of
    # twelve subjects is skew: intervals from variances reach further outward than percentiles do
    subject, first, second = cardiac()
    found = bland_altman(first, second, subject)
    assert found.bias_interval == pytest.approx((0.159, 1.223), abs=0.1)
    assert (found.upper_interval[0], found.lower_interval[1]) == pytest.approx((1.843, -0.403), abs=0.15)
    assert 3.588 < found.upper_interval[1] < 4.2 and -2.8 < found.lower_interval[0] < -2.127


def test_strides_do_not_count_as_people():
    generator = np.random.default_rng(3)
    person = np.repeat(np.arange(8), 30)
    difference = generator.normal(size=8)[person] + 0.1 * generator.normal(size=240)
    nested = bland_altman(difference, np.zeros(240), person)
    naive = bland_altman(difference, np.zeros(240))
    wide, narrow = (found.bias_interval[1] - found.bias_interval[0] for found in (nested, naive))
    assert wide > 4 * narrow and nested.within == pytest.approx(0.1, abs=0.02)
    balanced = difference.reshape(8, 30)  # REML is then the analysis of variance
    between = balanced.mean(axis=1).var(ddof=1) - balanced.var(axis=1, ddof=1).mean() / 30
    assert nested.between**2 == pytest.approx(between, rel=1e-5) and nested.bias == pytest.approx(difference.mean())


def test_no_spread_between_people_is_allowed():
    values = np.tile([1.0, -1.0], 10)
    found = bland_altman(values, np.zeros(20), np.repeat(np.arange(5), 4))
    assert found.between == 0.0 and found.sd == pytest.approx(values.std(ddof=1))
    assert found.note == "all units have the same mean: no slope"


def test_too_few_pairs():
    assert bland_altman([1, 2], [1, 1]).note == "2 subjects: limits of agreement need three"
    with pytest.raises(BadValue, match="equal lengths; got 2, 3 and 2 units"):
        bland_altman([1, 2], [1, 2, 3])
