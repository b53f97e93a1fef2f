"""How numbers and units are written."""

import math

import pytest

from biomimic.metrics.estimate import Estimate
from biomimic.report import wording


def _estimate(value: float, low: float = math.nan, high: float = math.nan, unit: str = "1") -> Estimate:
    return Estimate(value, low, high, 0.95, 10, "strides", unit)


def _plain(text: str) -> str:
    """The text with breakable spaces."""
    return text.replace(wording.TIE, " ")


def test_radians_are_written_in_degrees():
    assert _plain(wording.quantity(math.pi / 6, "rad")) == "30.0 °"


def test_minus_is_a_minus_and_zero_has_no_sign():
    assert wording.number(-0.5) == "−0.50"
    assert wording.number(-0.001) == "0.00"


def test_what_is_missing_is_a_dash():
    assert wording.estimate(_estimate(math.nan)) == "–"


def test_an_interval_stands_behind_its_value_unless_it_rounds_to_it():
    assert wording.estimate(_estimate(0.95, 0.94, 0.96)) == "0.95 [0.94, 0.96]"
    assert wording.estimate(_estimate(0.95, 0.949, 0.951)) == "0.95"


@pytest.mark.parametrize(
    ("metric", "value", "unit", "text"),
    [
        ("double_peak_share", 0.97, "1", "97.0 %"),
        ("best_lag", -0.044, "s", "−44 ms"),
        ("newton_residual", 0.0034, "BW", "0.34 % BW"),
        ("rmse", 0.145, "BW", "0.145 BW"),
    ],
)
def test_a_measure_is_written_in_its_customary_unit(metric, value, unit, text):
    assert _plain(wording.estimate(_estimate(value, unit=unit), metric_name=metric)) == text


def test_limits():
    assert _plain(wording.limit(0.98, 1.02, "BW")) == "0.980 to 1.020 BW"
    assert _plain(wording.limit(-math.inf, 0.15, "BW")) == "≤ 0.150 BW"
    assert _plain(wording.limit(0.95, math.inf, "share")) == "≥ 95.0 %"


def test_counts():
    assert wording.counted(1, "strides") == "1 stride"
    assert wording.counted(1, "pushes") == "1 push"
    assert wording.counted(152, "strides in 10 trials") == "152 strides in 10 trials"
    assert wording.span([6, 11, 8], "trials") == "6 to 11 trials"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"
    assert wording.counted(1, "mean curves") == "1 mean curve"
    assert wording.counted(1, "strides in 1 trial") == "1 stride in 1 trial"


def test_texts_of_the_measuring_parts_are_printed_in_words():
    assert wording.sentence("knee_flexion right: r -0.94 to 0.2") == "knee flexion right: r −0.94 to 0.2"
    assert wording.sentence("falisse2019_walking, doi:10.1016/j.x-1") == "falisse2019_walking, doi:10.1016/j.x-1"


def test_a_score_has_its_interval_unless_it_rounds_to_it():
    assert wording.score(0.5, -0.2, 0.7) == "0.50 [−0.20, 0.70]"
    assert wording.score(0.5, 0.499, 0.501) == "0.50"
    assert wording.score(0.5, math.nan, math.nan) == "0.50"
    assert wording.score(math.nan, 0.1, 0.2) == "–"


def test_unknown_names_fall_back_to_themselves():
    assert wording.metric("never_heard_of") == "never heard of"
    assert wording.domain("new things") == "New things"
    assert _plain(wording.quantity(2.0, "furlong")) == "2.000 furlong"


def test_the_middle_of_nothing_is_missing():
    assert wording.median([1.0, 9.0, 2.0]) == 2.0
    assert math.isnan(wording.median([]))
