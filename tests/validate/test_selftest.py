"""The known answers hold, and a wrong one is called wrong."""

from dataclasses import replace

import numpy as np
import pytest

from biomimic.validate import selftest
from biomimic.validate.answer import ORACLE, PUBLISHED, Answer


@pytest.fixture(scope="module")
def answers():
    return selftest.run()


def test_every_answer_is_as_expected(answers):
    assert [f"{one.name}: {one.value!r}, not {one.expected!r}" for one in selftest.failed(answers)] == []


def test_each_vouches_for_something_and_says_where_it_is_from(answers):
    for one in answers:
        assert one.metrics and one.source and one.kind in (PUBLISHED, ORACLE), one.name
    asked = [(one.name, one.metrics) for one in answers]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize(
    "value, expected, passed",
    [(0.5, 0.5, True), (0.51, 0.5, False), (np.nan, 0.5, False), (np.nan, np.nan, True), (0.5, np.nan, False)],
)
def test_a_number_or_its_absence(value, expected, passed):
    assert Answer("r", ("correlation",), value, expected, 1e-3, "by hand").passed is passed


def test_a_wrong_answer_is_shown_last_with_what_it_should_be(answers):
    wrong = replace(answers[0], name="a broken r", value=0.7, expected=1.0)
    found = selftest.lines([wrong, *answers[1:]])
    assert found[-2] == f"WRONG a broken r: 0.7, expected 1 within {wrong.tolerance:.0e} ({wrong.source})"
    assert found[-1] == f"{len(answers)} known answers, 1 of them wrong"
    assert selftest.lines(answers)[-1] == f"{len(answers)} known answers, all as expected"
    assert selftest.failed([wrong]) == (wrong,)


def test_rows_for_a_report(answers):
    header, rows = selftest.table(answers)
    assert {len(row) for row in rows} == {len(header)} and {row[-1] for row in rows} == {"as expected"}
    cosine = next(row for row in rows if row[0] == "r of a sine with a cosine")
    assert cosine[2] == "0"  # not the 1e-17 that another computer would give otherwise
    assert next(row for row in rows if "offsets of -2" in row[0])[2:4] == ("nan", "nan")
    assert selftest.table(selftest.run()) == (header, rows)
