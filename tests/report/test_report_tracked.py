"""The section on tracking with an evaluation: figures in degrees and centimetres, single clips, and what is missing."""

from dataclasses import replace

import numpy as np

from biomimic.evaluation import Attempt, Evaluation
from biomimic.report import build, tracked
from biomimic.report.blocks import Paragraph, Section, Table, words
from biomimic.validate.results import Evidence, Gate, Results

WON = Attempt("walk", 0.0, 4.0, 4.0, "", "first frame", np.radians(6.0), np.radians(30.0), 0.07, 0.02)
LOST = Attempt("turn", 0.0, 6.0, 1.5, "sites", "first frame", np.radians(9.0), np.radians(50.0), 0.10, 0.04)
LATER = Attempt("turn", 2.0, 4.0, 4.0, "", "random", np.radians(5.0), np.radians(20.0), 0.05, 0.03)
MADE = Evaluation("run9", "ab" * 32, "MuJoCo 4.0.0", 0.3, 0.5, (WON, LOST, LATER))
EMPTY = Section("tracking", "Does it track its target?", (Paragraph("No target is known of this run."),))


def _results(controller: str) -> Results:
    run = {"kind": "simulated", "controller": controller}
    given = {"outcomes": (), "walks": (), "exclusions": (), "audit": (), "evidence": Evidence()}
    return Results(run="run9", findings=(), identity={"run": run}, **given)


def _one(walks: Section, results: Results, evaluation: Evaluation | None) -> Section:
    (section,) = tracked.sections(walks, results, evaluation)
    return section


def _tables(section: Section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


def test_figures_stand_in_degrees_and_centimetres_beside_the_published_ones():
    section = _one(EMPTY, _results("policy"), MADE)
    summary = _tables(section)[0]
    first = summary.rows[0]
    assert first[0] == "first frame" and first[-1] == "2 clips"
    assert first[1].startswith("50.0 [") and first[2].startswith("55.0 [")  # 1 of 2 clips; 5.5 of 10 s
    assert first[3].startswith("6.82 [")  # (4 s x 6 deg + 1.5 s x 9 deg) / 5.5 s
    assert first[5].startswith("7.8 [")  # (4 x 7 cm + 1.5 x 10 cm) / 5.5
    assert summary.rows[-1][0] == "Published, 108 unseen clips" and summary.rows[-1][1] == "92.6 ± 0.0"
    text = " ".join(text for block in section.blocks for text in words(block))
    assert "1 of 2 attempts from the first frame came to the end" in text and "0.3 m" in text
    assert "No target is known" not in text


def test_every_clip_has_a_row_that_says_what_ended_it():
    rows = _tables(_one(EMPTY, _results("policy"), MADE))[1]
    assert rows.rows[0] == ("walk", "first frame", "1 of 1", "4.0", "4.0", "the end")
    assert rows.rows[1] == ("turn", "first frame", "0 of 1", "1.5", "6.0", "sites too far")
    assert rows.tones == ("good", "bad", "good")


def test_of_many_clips_those_followed_least_are_shown():
    many = tuple(replace(LOST, clip=f"clip {k}", followed=0.1 * k) for k in range(30))
    table = _tables(_one(EMPTY, _results("policy"), replace(MADE, attempts=many)))[1]
    assert len(table.rows) == tracked.SHOWN and table.rows[0][0] == "clip 0"
    assert "20 rows followed least of 30" in table.caption


def test_a_policy_without_evaluation_says_so_and_a_tracker_is_not_asked():
    missing = _one(EMPTY, _results("policy"), None)
    assert "python -m biomimic.rollout --run run9 --evaluate" in missing.blocks[-1].text
    assert _one(EMPTY, _results("tracker"), None) == EMPTY


def test_a_failed_gate_of_the_walks_does_not_grey_the_evaluation():
    fell = Gate("G10", "early ends counted", "fail", "all fell", "none falls")
    gated = replace(_results("policy"), gates=(fell,))
    assert _one(EMPTY, gated, None).tone == "grey" and _one(EMPTY, gated, MADE).tone == ""


def test_the_whole_report_holds_it_and_cites_the_limits(results, protocol):
    built = build(results, protocol, evaluation=MADE)
    tables = [table.slug for section in built.sections for table in _tables(section)]
    assert "evaluation" in tables and "evaluation_clips" in tables
    sources = next(section for section in built.sections if section.name == "references")
    assert "MuscleMimic" in str(sources.blocks)
