"""Groups of runs in the report of differences: whole curves with their stretches, strides in mixed models."""

import re

import numpy as np
import pytest
from made_runs import STRETCH, walk

from biomimic.report import difference, difference_groups, html, pdf
from biomimic.report.blocks import Figure, Paragraph, Table, words
from biomimic.report.wording import TIE
from biomimic.validate.compare import compare

P_VALUE = re.compile(r"\bp\s*[=<>≤≥]|\bp of\b|(?<!no )\bp value")
STEPS = np.linspace(-0.05, 0.05, 7)  # of the force between strides


def _group(count: int, head: int, *, bend: float = 0.0, shift: float = 0.0) -> list:
    return [
        walk(f"{'ab'[head % 2]}{k}", 100 * head + k, bend=bend, amplitude=1.0 + shift + 0.01 * k + STEPS)
        for k in range(count)
    ]


@pytest.fixture(scope="module")
def compared(protocol):
    """Six runs that bend the right knee further in one stretch and push harder, against six."""
    return compare(_group(6, 6, bend=0.6, shift=0.3), _group(6, 5), protocol)


@pytest.fixture(scope="module")
def built(compared, protocol):
    return difference.build(compared, protocol)


def _section(report, name: str):
    return next(section for section in report.sections if section.name == name)


def _table(report, section: str, slug: str):
    tables = [block for block in _section(report, section).blocks if isinstance(block, Table)]
    return next(table for table in tables if table.slug == slug)


def _texts(report) -> list[str]:
    return [text for section in report.sections for block in section.blocks for text in words(block)]


def test_the_stretch_stands_in_table_sentence_and_figure(built, compared):
    table = _table(built, "curves", "whole_curves")
    knee = next(row for row in table.rows if row[0] == "Knee flexion, right")
    start, end = (int(part) for part in re.match(r"(\d+) to (\d+) %$", knee[5]).groups())
    assert STRETCH[0] <= start <= STRETCH[0] + 5 and STRETCH[1] - 5 <= end <= STRETCH[1]
    assert knee[1:3] == ("stride", "6 and 6") and knee[6:] == ("0.0022", "0.013", "differs")
    assert f"Knee flexion, right ({knee[5]} of the stride)" in difference_groups.counts(compared)
    assert difference_groups.counts(compared) in difference.lines(compared)
    figure = next(block for block in _section(built, "curves").blocks if isinstance(block, Figure))
    ends = [row[3] for row in figure.data.rows if row[0] == "Knee flexion, right" and row[4] == "cluster 1"]
    assert ends == pytest.approx((start, end), abs=0.5)
    assert {row[4] for row in figure.data.rows} >= {"a0 and 5 more", "b0 and 5 more"}


def test_what_n_counts_and_how_it_was_corrected_is_said(built):
    curves, strides = (
        _table(built, *place).caption for place in (("curves", "whole_curves"), ("strides", "single_strides"))
    )
    assert "n: runs" in curves and "Holm" in curves and "fewer than five runs" in curves
    assert "n counts runs" in strides and "Benjamini and Hochberg" in strides and "fewer than five runs" in strides


def test_a_mixed_model_gives_difference_spreads_and_counts(built):
    row = next(row for row in _table(built, "strides", "single_strides").rows if row[0].endswith(": first peak"))
    assert row[3].replace(TIE, " ").startswith("+0.") and "[" in row[3] and row[3].endswith("BW")
    assert row[6:8] == ("6 and 6", "84 and 84") and row[9] == "mixed model (REML)"
    between, within = float(row[4]), float(row[5])
    assert within / between == pytest.approx(2.0, rel=0.2)  # SD of 7 even steps of 1/60 and of 6 of 1/100


def test_methods_cite_what_the_tests_rest_on(built):
    text = " ".join(block.text for block in _section(built, "methods").blocks if isinstance(block, Paragraph))
    for key in ("nichols2002", "pataky2015", "holm1979", "laird1982", "benjamini1995"):
        assert f"@{key}" in text
    assert "all 924 exchanges of labels" in text


def test_both_layouts_take_it_and_no_number_is_missing(built):
    assert html.render(built) == html.render(built) and pdf.render(built).startswith(b"%PDF")
    assert not [text for text in _texts(built) if re.search(r"\bnan\b|\binf\b|None", text)]


@pytest.mark.parametrize(("first", "second"), [(4, 4), (6, 4), (4, 1)])
def test_below_five_runs_no_text_holds_a_p_value(protocol, first, second):
    if second == 1:  # several runs held against one are groups from five on, so the one is held against several
        first, second = second, first
    compared = compare(_group(first, 6, bend=0.6), _group(second, 5), protocol)
    report = difference.build(compared, protocol)
    texts = [*_texts(report), *difference.lines(compared)]
    assert not [text for text in texts if P_VALUE.search(text) or re.search(r"\bnan\b|\binf\b", text)]
    assert any("No whole curve was tested" in text for text in texts)
    assert not any(isinstance(block, Figure) for block in _section(report, "curves").blocks)


def test_five_against_five_say_that_their_family_is_out_of_reach(protocol):
    """2 of 252 arrangements times 6 curves: 0.048 can be reached; against one run 2 / 2^5 cannot."""
    able = compare(_group(5, 6, bend=0.6), _group(5, 5), protocol)
    assert "cannot reach" not in " ".join(_texts(difference.build(able, protocol)))
    unable = compare(_group(5, 6, bend=0.6), _group(1, 5)[0], protocol)
    report = difference.build(unable, protocol)
    assert any("cannot reach a corrected p of 0.05" in text and "kinematics, curves" in text for text in _texts(report))
    knee = next(row for row in _table(report, "curves", "whole_curves").rows if row[0] == "Knee flexion, right")
    assert "out of reach" in knee[4] and knee[8] == "undecided"
