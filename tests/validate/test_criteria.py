"""Findings against limits."""

import math

import pytest

from biomimic.metrics.estimate import Estimate
from biomimic.validate.criteria import outcomes
from biomimic.validate.protocol import Criterion, Human, Protocol
from biomimic.validate.results import Finding


def _finding(value: float, side: str = "", *, n: int = 50, of: str = "strides", note: str = "") -> Finding:
    return Finding("muscles", "rmse", Estimate(value, math.nan, math.nan, 0.95, n, of, "1"), side=side, note=note)


def _outcome(*findings: Finding, **limit: float):
    criterion = Criterion("muscles", "rmse", "a test", **limit)
    protocol = Protocol("T", "1", (Human("a", "same"),), (), (criterion,))
    return outcomes(findings, protocol)[0]


def test_the_worse_side_decides():
    outcome = _outcome(_finding(0.95, "right"), _finding(0.85, "left"), at_least=0.9)
    assert not outcome.passed
    assert (outcome.worst.side, outcome.findings) == ("left", 2)


def test_all_sides_within():
    outcome = _outcome(_finding(1.01, "right"), _finding(0.99, "left"), within=(0.98, 1.02))
    assert outcome.passed
    # both are 0.01 from the nearer limit
    assert min(abs(outcome.worst.value - 0.98), abs(outcome.worst.value - 1.02)) == pytest.approx(0.01)


def test_what_was_not_measured_is_unmet():
    assert _outcome(at_least=0.9).note == "nothing was measured"


def test_a_missing_value_is_unmet_and_says_why():
    outcome = _outcome(_finding(math.nan, note="soleus is silent"), at_least=0.9)
    assert (outcome.passed, outcome.note) == (False, "soleus is silent")


def test_too_few_strides_are_unmet_even_when_the_value_is_good():
    outcome = _outcome(_finding(0.99, n=4), at_least=0.9)
    assert (outcome.passed, outcome.note) == (False, "rests on 4 strides, fewer than 5")
