"""Three questions kept apart: tracking of the target, likeness to people, and what the retargeting cost."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_walk import person, record

from biomimic.validate import subject
from biomimic.validate.evaluate import About, assess
from biomimic.validate.people import TARGET


@pytest.fixture(scope="module")
def told(short, people, recordings):
    """The formula walk, whose target lies 2 degrees above it, while the tracked person lies 3 degrees above it."""
    goal = person(TARGET, rows=1, sides=("right", "left"), offset_deg=2.0)
    about = About("formula", target={key: rows for key, rows in goal.parts.items() if key[0] in ("angles", "force")})
    return assess(subject.planned(recordings, short), people, short, about)


def _value(results, metric: str, **where: str) -> float:
    found = results.find(metric, channel="knee_flexion", side="right", **where)
    assert len(found) == 1, found
    return float(np.degrees(found[0].value))


def test_each_question_has_its_own_number(told):
    # walk 0, target +2 deg, person +3 deg: tracking error 2, retargeting error 1, difference from the person 3
    assert _value(told, "rmse", domain="kinematics", reference=TARGET) == pytest.approx(2.0, abs=0.1)
    assert _value(told, "rmse", domain="retargeting", reference="rajagopal2016_walking") == pytest.approx(1.0, abs=1e-6)
    assert _value(told, "rmse", domain="kinematics", reference="rajagopal2016_walking") == pytest.approx(3.0, abs=0.1)


def test_the_target_is_no_person(told):
    finding = told.find("correlation", domain="kinematics", channel="knee_flexion", side="right", reference=TARGET)[0]
    assert finding.ceiling_from == "none: the target is no person"
    assert finding.shaped == "shaped the walk"
    assert np.isnan(finding.score)
    assert not any(score.reference == TARGET for score in told.scores)
    assert not told.find("correlation", domain="muscles", reference=TARGET)


def test_without_a_target_nothing_is_said_of_it(results):
    assert not [
        finding for finding in results.findings if finding.reference == TARGET or finding.domain == "retargeting"
    ]


def test_one_stride_of_what_repeats_itself(short):
    walk = replace(record(short.planned[0], seed=0), position=None, applied=None)
    cut = subject.one_stride(walk, short)
    assert {len(rows) for rows in cut.values()} == {1}
    assert ("angles", "left", "stride") in cut
