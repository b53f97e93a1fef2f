"""verdict.json keeps to its published form."""

import json
import math

import pytest

from biomimic import share
from biomimic.gait.strides import SIDES
from biomimic.metrics.estimate import Estimate
from biomimic.report import machine
from biomimic.validate.results import STATUSES, DomainScore, Evidence, Finding, Gate, Outcome, Results

jsonschema = pytest.importorskip("jsonschema")


@pytest.fixture(scope="module")
def schema() -> dict:
    return json.loads((share.folder("validation") / "verdict.schema.json").read_text(encoding="utf-8"))


def _results(**changes) -> Results:
    estimate = Estimate(0.912345678, math.nan, math.nan, 0.95, 10, "strides", "1")
    worst = Finding("kinematics", "correlation", estimate, "knee_flexion", "left", "a", null=-0.1, ceiling=math.nan)
    outcomes = (
        Outcome("kinematics", "correlation", "", "a", 0.9, math.inf, "a paper", worst, 2, True),
        Outcome("stability", "walked", "", "", -math.inf, 3.0, "this project", None, 0, False, "nothing was measured"),
    )
    gates = tuple(Gate(f"G{k}", "Signs", status, "1", "≤ 2", "s", ("a",)) for k, status in enumerate(STATUSES, 1))
    scores = (
        DomainScore("kinematics", "does it look human?", "people", 0.8, 0.7, math.inf, 0.95, 12, "people"),
        DomainScore("muscles", "does it look human?", "a", *(math.nan,) * 4, 0, "", left_out=("x: y",)),
    )
    fields = {"findings": (worst,), "outcomes": outcomes, "walks": (), "exclusions": (), "audit": ()}
    identity = {"versions": {"numpy": "2.1"}}
    fields |= {"identity": identity, "evidence": Evidence(), "gates": gates, "scores": scores}
    return Results(**({"run": "run42"} | fields | changes))


def _checked(results: Results, schema: dict) -> dict:
    text = machine.to_json(machine.verdict(results, protocol="level_walking", version="1.0"))
    record = json.loads(text)
    jsonschema.Draft202012Validator(schema).validate(record)
    return record


def test_the_schema_is_a_schema_without_a_private_address(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith("urn:") and "http" not in json.dumps(schema).replace("https://json-schema.org", "")


def test_a_verdict_keeps_to_the_schema(schema):
    record = _checked(_results(), schema)
    assert record["passed"] is False and record["exit_code"] == 1
    first, second = record["criteria"]
    assert (first["value"], first["at_least"], first["at_most"], first["ceiling"]) == (0.912346, 0.9, None, None)
    assert (first["side"], second["value"], second["unit"]) == ("left", None, "")
    assert record["scores"][0]["high"] is None and record["scores"][1]["median"] is None


def test_a_passed_run_has_exit_code_zero(schema):
    results = _results(outcomes=_results().outcomes[:1], gates=_results().gates[:1])
    assert _checked(results, schema)["exit_code"] == 0


def test_the_schema_knows_every_status_and_side(schema):
    assert tuple(schema["$defs"]["gate"]["properties"]["status"]["enum"][:2]) == STATUSES[:2]
    assert set(schema["$defs"]["gate"]["properties"]["status"]["enum"]) == set(STATUSES)
    assert set(schema["$defs"]["criterion"]["properties"]["side"]["enum"]) == {*SIDES, ""}


def test_a_field_too_many_breaks_the_schema(schema):
    record = machine.verdict(_results(), protocol="p", version="1") | {"mood": "good"}
    with pytest.raises(jsonschema.ValidationError, match="mood"):
        jsonschema.Draft202012Validator(schema).validate(json.loads(machine.to_json(record)))


def test_the_same_results_give_the_same_text():
    one, two = (machine.to_json(machine.verdict(_results(), protocol="p", version="1")) for _ in range(2))
    assert one == two and one.endswith("}\n")
