"""What the report says about its own limits: the box, gates that fail, grades, walks of people."""

import math
from dataclasses import replace

import pytest

from biomimic.report import Film, build, claims, gates, scores
from biomimic.report.blocks import Bullets, Chips, Paragraph, Section, Table, words
from biomimic.validate.results import Gate

WRONG = Gate("G4", "weight support", "fail", "0.900 body weights", "0.98 to 1.02 body weights", channels=("vertical",))
FAST = Gate("G8", "speed", "fail", "0.70 m/s from a", "within 0.1 m/s of the people compared with", channels=("a",))
FINE = Gate("G1", "schema and units", "pass", "8 checks", "every quantity has the size its unit gives it")


@pytest.fixture(scope="module")
def doubted(results, protocol):
    """The same walk as in `report`, with a wrong mass and without pictures."""
    return build(_with(results, FINE, WRONG), protocol, Film(reason="No renderer works."))


def _with(results, *found: Gate):
    return replace(results, gates=found)


def _section(report, name: str) -> Section:
    return next(section for section in report.sections if section.name == name)


def _text(section: Section) -> str:
    return " ".join(text for block in section.blocks for text in words(block))


def test_the_box_says_what_cannot_be_claimed(results, protocol):
    text = " ".join(claims.box(results, protocol).items)
    for claim in (
        "One walk is one unit",
        "No p value is given below 5 independent units",
        "Activations are not per cent of a voluntary maximum",
        "many activations make the same motion",
        "provisional below 8 people",
        "Ground force passed a 20 Hz low-pass filter: nothing is said about impacts",
    ):
        assert claim in text


def test_the_box_counts_the_strides_it_speaks_of(results, protocol):
    right = len(results.evidence.simulated["angles", "right", "stride"])
    assert f"its {right} right and" in claims.box(results, protocol).items[0]


@pytest.mark.parametrize(
    ("value", "low", "letter"),
    [(0.95, 0.9, "A"), (0.95, 0.89, "B"), (0.7, 0.3, "C"), (0.35, 0.29, "D"), (-2.0, -3.0, "D")],
)
def test_a_grade_is_that_of_the_lower_end(value, low, letter):
    assert scores.grade(value, low) == letter


def test_a_grade_without_an_interval_has_a_star_and_without_a_score_a_dash():
    assert scores.grade(0.95, math.nan) == "A*"
    assert scores.grade(math.nan, math.nan) == "–"


def test_grades_are_called_a_choice(report):
    assert "design choice of this project" in _text(_section(report, "verdict"))


def test_every_score_has_a_row_and_a_chip(results, report):
    verdict = _section(report, "verdict")
    table = next(b for b in verdict.blocks if isinstance(b, Table) and b.name == "scores")
    chips = next(b for b in verdict.blocks if isinstance(b, Chips))
    assert len(table.rows) == len(results.scores) > 0
    assert len(chips.items) == len(results.scores) + 2
    assert {row[0] for row in table.rows} == {"Looks human", "Repeats its person"}


def test_without_a_failed_gate_nothing_is_grey(results):
    section = Section("a", "A", ())
    assert gates.grey(section, _with(results, FINE)) is section


def test_a_wrong_mass_greys_all_that_was_measured_and_hides_nothing(report, doubted):
    assert [section.name for section in report.sections] == [section.name for section in doubted.sections]
    grey = {section.name for section in doubted.sections if section.tone == "grey"}
    assert {"tracking", "human", "kinematics", "force", "stability", "steps", "published"} <= grey
    assert not grey & {"verdict", "gates", "methods", "references", "provenance", "files"}
    reason = _section(doubted, "force").reason
    assert "G4 (weight support)" in reason and "0.900 body weights" in reason and "body mass" in reason


def test_without_pictures_a_sentence_stands_there(doubted):
    assert _section(doubted, "film").blocks == (Paragraph("No renderer works."),)


def test_another_speed_greys_comparisons_with_people_only(results):
    section, fast = Section("a", "A", ()), _with(results, FINE, FAST)
    assert gates.grey(section, fast, gates.PEOPLE).tone == "grey"
    assert not gates.grey(section, fast, gates.ALL).tone


def test_a_failed_gate_is_said_with_what_it_makes_doubtful(results):
    bullets = next(b for b in gates.blocks(_with(results, WRONG, FAST)) if isinstance(b, Bullets))
    assert bullets.items[0].startswith("G4 (weight support): 0.900 body weights; must hold: 0.98 to 1.02")
    assert "Doubtful: forces, moments" in bullets.items[0] and "Concerned: vertical." in bullets.items[0]


def test_a_gate_that_is_not_known_makes_everything_doubtful(results):
    new = replace(WRONG, name="G99", title="something new")
    assert gates.grey(Section("a", "A", ()), _with(results, new), gates.ALL).tone == "grey"


def test_only_the_people_named_by_a_speed_gate_are_doubted(results):
    assert gates.doubted(_with(results, FAST), "a") == ("G8",)
    assert gates.doubted(_with(results, FAST), "b") == ()


def test_the_gates_table_says_each_status_as_a_word(results):
    table = gates.blocks(_with(results, FINE, WRONG, replace(FINE, status="not applicable")))[0]
    assert [row[-1] for row in table.rows] == ["pass", "fail", "not applicable"]
    assert table.tones == ("good", "bad", "muted")


def test_without_gates_and_scores_sentences_stand(results, protocol):
    bare = replace(results, gates=(), scores=())
    assert gates.blocks(bare) == ()
    assert "No domain has a score" in scores.blocks(bare, protocol)[0].text


def test_a_reason_stands_where_no_target_is_known(report):
    blocks = _section(report, "tracking").blocks
    assert len(blocks) == 1 and isinstance(blocks[0], Paragraph)
    assert blocks[0].text.startswith("No target is known of this run")
