"""verdict.json: the verdict of a report for programs, in the form that validation/verdict.schema.json publishes."""

import json
import math

from biomimic.validate.results import DomainScore, Gate, Outcome, Results

SCHEMA = 1
DIGITS = 6  # significant digits


def verdict(results: Results, *, protocol: str, version: str) -> dict:
    """The verdict as a record of plain values: numbers, words, lists; None for what could not be measured.

    Args:
        results: of one run.
        protocol: name of the protocol.
        version: of the protocol.
    """
    return {
        "schema": SCHEMA,
        "run": results.run,
        "protocol": {"name": protocol, "version": version},
        "passed": results.passed,
        "exit_code": 0 if results.passed else 1,
        "gates": [_gate(gate) for gate in results.gates],
        "criteria": [_criterion(outcome) for outcome in results.outcomes],
        "scores": [_score(score) for score in results.scores],
        "made_with": {name: str(version) for name, version in sorted(results.identity.get("versions", {}).items())},
    }


def to_json(record: dict) -> str:
    """A record as JSON text: keys sorted, one ending newline; the same record gives the same bytes."""
    return json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _gate(gate: Gate) -> dict:
    return {
        "id": gate.name,
        "title": gate.title,
        "status": gate.status,
        "found": gate.found,
        "limit": gate.limit,
        "source": gate.source,
        "channels": list(gate.channels),
    }


def _criterion(outcome: Outcome) -> dict:
    worst = outcome.worst
    return {
        "domain": outcome.domain,
        "metric": outcome.metric,
        "channel": outcome.channel,
        "reference": outcome.reference,
        "passed": outcome.passed,
        "side": "" if worst is None else worst.side,
        "value": None if worst is None else _number(worst.value),
        "unit": "" if worst is None else worst.estimate.unit,
        "at_least": _number(outcome.low),
        "at_most": _number(outcome.high),
        "null": None if worst is None else _number(worst.null),
        "ceiling": None if worst is None else _number(worst.ceiling),
        "findings": outcome.findings,
        "source": outcome.source,
        "note": outcome.note,
    }


def _score(score: DomainScore) -> dict:
    return {
        "domain": score.domain,
        "question": score.question,
        "reference": score.reference,
        "median": _number(score.value),
        "low": _number(score.low),
        "high": _number(score.high),
        "level": _number(score.level),
        "n": score.n,
        "of": score.of,
        "worst": _number(score.worst),
        "worst_channel": score.worst_channel,
        "left_out": list(score.left_out),
        "provisional": score.provisional,
    }


def _number(value: float) -> float | None:
    """Six significant digits; None for what is infinite or not a number."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
