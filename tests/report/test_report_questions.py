"""Three questions kept apart, and the same report of a person: findings made by hand, so every number is known."""

import math

import pytest

from biomimic.metrics.estimate import Estimate
from biomimic.report import background, claims, comparisons, methods, people, questions, verdict
from biomimic.report.blocks import Paragraph, Section, Table, words
from biomimic.validate.protocol import Human, Protocol
from biomimic.validate.results import DomainScore, Evidence, Finding, Gate, Results

SAME, OTHER = "tracked", "neighbour"
PERSON = Gate("G3", "no hand of God", "not applicable", "a person was measured", "nothing but the ground acts")


def _estimate(value: float, unit: str = "1") -> Estimate:
    return Estimate(value, value - 0.01, value + 0.01, 0.95, 40, "strides in 4 trials", unit)


def _finding(metric: str, value: float, reference: str, **more) -> Finding:
    unit = "rad" if metric.startswith("rmse") else "1"
    given = {"domain": "kinematics", "channel": "knee_flexion", "side": "right", "n_human": 3, "of_human": "trials"}
    return Finding(metric=metric, estimate=_estimate(value, unit), reference=reference, **(given | more))


def _results(*findings: Finding, kind: str = "simulated", **more) -> Results:
    identity = {"run": {"kind": kind}}
    given = {"outcomes": (), "walks": (), "exclusions": (), "audit": (), "identity": identity, "evidence": Evidence()}
    return Results(run="made", findings=findings, **(given | more))


@pytest.fixture
def protocol() -> Protocol:
    return Protocol("Level walking", "1.0", (Human(SAME, "same"), Human(OTHER, "other")), (), ())


def _table(section: Section, part: int = 0) -> Table:
    return [block for block in section.blocks if isinstance(block, Table)][part]


def _text(section: Section) -> str:
    return " ".join(text for block in section.blocks for text in words(block))


@pytest.mark.parametrize(
    ("degrees", "verdict", "tone"), [(1.9, "within 2°", "good"), (4.0, "within 5°", ""), (5.2, "above 5°", "bad")]
)
def test_tracking_is_held_against_the_checklist(degrees, verdict, tone):
    radians = math.radians(degrees)
    tracked = _results(_finding("correlation", 0.98, "target", null=0.1), _finding("rmse", radians, "target"))
    table = _table(questions.tracking(tracked))
    assert table.rows[0][-1] == verdict and table.tones == (tone,)
    assert table.rows[0][2:4] == ("0.98 [0.97, 0.99]", "0.10")
    assert "No ceiling: the target is no person" in table.caption


def test_tracking_says_how_many_angles_keep_the_limit():
    errors = [
        _finding("rmse", math.radians(value), "target", channel=channel)
        for channel, value in (("hip_flexion", 1.0), ("knee_flexion", 3.0), ("ankle_dorsiflexion", 7.0))
    ]
    text = _text(questions.tracking(_results(*errors)))
    assert "is 3.0° in the median and 7.0° at most (ankle dorsiflexion, right)" in text
    assert "1 stay within 2°, 2 within 5°" in text


def test_retargeting_stands_beside_the_walk():
    fit = {"domain": "retargeting", "note": "kinematics"}
    found = _results(
        _finding("correlation", 0.99, SAME, null=0.1, ceiling=0.97, **fit),
        _finding("rmse", math.radians(2.0), SAME, **fit),
        _finding("rmse", math.radians(3.0), "target"),
        _finding("rmse", math.radians(4.0), SAME),
        _finding("correlation", 0.95, SAME, null=0.1, ceiling=0.97),
    )
    section = questions.retargeting(found)
    assert "2.0° from the target to the person, 3.0° from the walk to the target and 4.0° from the walk" in _text(
        section
    )
    row = _table(section).rows[0]
    assert row[:6] == ("Knee flexion", "right", "0.10", "0.97", "0.99 [0.98, 1.00]", "0.95")
    assert [cell.partition(" ")[0] for cell in row[6:]] == ["2.0", "3.0", "4.0"]


def test_the_matrix_keeps_looking_human_and_repeating_apart(protocol):
    found = _results(
        _finding("correlation", 0.90, SAME, null=0.0, ceiling=0.90),
        _finding("correlation", 0.0, OTHER, null=0.0, ceiling=0.90),
        _finding("correlation", 0.5, OTHER, null=0.0, ceiling=0.90, channel="pelvis_tilt", doubt="too wide a spread"),
    )
    table = _table(questions.human(found, protocol))
    knee, tilt = table.rows
    assert table.header[3:] == ("S, another", "Grade", "S, recorded", "Grade")
    assert knee == ("Kinematics", "Knee flexion", "right", "0.00", "D*", "1.00", "A*")
    assert tilt[3:5] == ("–", "–") and table.tones == ("", "muted")


def test_r_stands_with_null_ceiling_score_and_count(protocol):
    found = _results(_finding("correlation", 0.9, OTHER, null=0.2, ceiling=0.9, ceiling_from="between (n = 1 pair)"))
    table = comparisons.kinematics(found, protocol).blocks[-1]
    assert table.rows[0] == ("Knee flexion", "right", "3 trials", "0.90 [0.89, 0.91]", "0.20", "0.90", "1.00", "A*")
    assert "Ceiling: between (n = 1 pair)." in table.caption and "40 strides in 4 trials" in table.caption


def test_what_r_cannot_judge_is_muted_with_the_reason(protocol):
    doubt = "spread of 0.60 of its range in neighbour"
    found = _results(_finding("correlation", 0.9, OTHER, null=0.2, ceiling=0.9, doubt=doubt))
    table = comparisons.kinematics(found, protocol).blocks[-1]
    assert table.tones == ("muted",) and table.rows[0][-1] == doubt and table.rows[0][6:8] == ("–", "–")


def test_errors_stand_with_the_human_error(protocol):
    found = _results(
        _finding("correlation", 0.9, OTHER, null=0.2, ceiling=0.9),
        _finding("rmse", math.radians(8.0), OTHER, ceiling=math.radians(4.0), ceiling_from="between (n = 1 pair)"),
    )
    table = comparisons.kinematics(found, protocol).blocks[-1]
    assert table.header == ("Channel", "Side", "RMSE [°]", "Human [°]", "Score")
    assert table.rows[0][3:] == ("4.0", "0.50") and "Human error: between (n = 1 pair)." in table.caption


def test_several_people_are_named_by_their_count(protocol):
    found = _results(
        _finding("correlation", 0.9, people.GROUP, n_human=4, of_human="subjects"),
        _finding("correlation", 0.8, OTHER),
    )
    assert [one.words for one in people.partners(found, protocol)] == ["the recorded person", "people (mean of 4)"]
    assert [one.name for one in people.alone(found, protocol)] == [OTHER]
    assert people.judge(found, protocol).name == people.GROUP
    alone = comparisons.kinematics(found, protocol).blocks[-1]
    assert alone.header == ("Channel", "Side", OTHER, "Ceiling") and alone.rows[0][2] == "0.80 (–)"


def test_a_person_is_reported_without_a_controller(protocol):
    found = _results(_finding("correlation", 0.9, OTHER, null=0.2, ceiling=0.9), kind="measured", gates=(PERSON,))
    sections = (
        verdict.section(found, protocol),
        questions.tracking(found),
        questions.human(found, protocol),
        questions.retargeting(found),
        comparisons.kinematics(found, protocol),
        background.stability(found, protocol),
        background.steps(found, protocol),
        methods.section(found, protocol),
    )
    text = " ".join(_text(section) for section in sections)
    assert "made is a measured walk" in text
    assert "stability was not tested" in text
    assert text.count("A person was measured: no controller tracked a target") == 2
    assert "enter the controller" not in text and "MuJoCo" not in text and "Activations are not" not in text


def test_without_a_stated_kind_the_gate_on_outside_forces_tells_a_person(protocol):
    assert people.is_simulated(_results(kind=""))
    assert not people.is_simulated(_results(kind="", gates=(PERSON,)))


def test_provisional_ceilings_are_said_in_the_box(protocol):
    score = DomainScore(
        "kinematics", "does it look human?", OTHER, 0.9, 0.8, 1.0, 0.95, 3, "strides", provisional="few"
    )
    assert any("Here: few." in item for item in claims.box(_results(scores=(score,)), protocol).items)


def test_a_walk_compared_with_nobody_still_has_its_sections(protocol):
    bare = _results()
    for section in (questions.human(bare, protocol), comparisons.moments(bare, protocol)):
        assert isinstance(section.blocks[0], Paragraph)
    assert comparisons.others(bare, protocol) == ()
