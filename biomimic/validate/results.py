"""Finding and Results: what was measured, how sure it is, against whom, and whether it keeps its limit."""

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass

import numpy as np

from biomimic.gait.strides import Curves, Strides
from biomimic.metrics.bands import Band
from biomimic.metrics.estimate import Estimate, interval

SCHEMA = 2
ERRORS = ("rmse", "rmse_without_offset")  # measures whose score is human error over this error
ANOTHER_SPEED = "compared all the same, as was asked for"  # in the speed gate's words, and on the report's first page
STATUSES = ("pass", "fail", "warning", "not applicable")
DIGITS = 6  # significant digits in files

COLUMNS = (
    "run",
    "domain",
    "reference",
    "channel",
    "side",
    "metric",
    "value",
    "unit",
    "ci_lo",
    "ci_hi",
    "level",
    "n",
    "of",
    "human",
    "n_human",
    "of_human",
    "null",
    "ceiling",
    "ceiling_from",
    "score",
    "score_lo",
    "score_hi",
    "score_of",
    "shaped",
    "note",
    "doubt",
)


@dataclass(frozen=True)
class Finding:
    """One measured number.

    Args:
        domain: part of the report it belongs to.
        metric: name of the measure.
        estimate: value, interval, n and what n counts, unit.
        channel: what it was measured on; empty for the whole body.
        side: "right", "left" or empty.
        reference: human data set it compares with, or empty.
        human: the same measure on the human alone, NaN where it means nothing.
        n_human: how many rows the human figure rests on; 0 without a reference.
        of_human: what `n_human` counts.
        null: the same measure for a trivial prediction, NaN where none is defined.
        ceiling: the same measure between or within people, NaN where there is none.
        ceiling_from: what the ceiling is, or why there is none; never empty for a correlation.
        score_draws: (D,) the score in resamples, or None; in memory only.
        score_of: what was resampled for the interval of the score: "subjects", "strides in 10 trials", or empty.
        shaped: whether the human signal also shaped the walk: "shaped the walk", "independent", or empty.
        note: what a reader must know; says why a value is NaN.
        doubt: why r cannot judge this channel, or empty.
    """

    domain: str
    metric: str
    estimate: Estimate
    channel: str = ""
    side: str = ""
    reference: str = ""
    human: float = math.nan
    n_human: int = 0
    of_human: str = ""
    null: float = math.nan
    ceiling: float = math.nan
    ceiling_from: str = ""
    score_draws: np.ndarray | None = field(default=None, repr=False, compare=False)
    score_of: str = ""
    shaped: str = ""
    note: str = ""
    doubt: str = ""

    @property
    def value(self) -> float:
        """The estimate's value."""
        return self.estimate.value

    @property
    def score(self) -> float:
        """How human the value is: 1 is a typical human; NaN where null or ceiling are missing. Never clipped.

        A correlation stands between its null (0) and its ceiling (1) on Fisher's z scale; an error is divided into
        the human error, so that twice the human error scores 0.5.

        Source:
            noise-ceiling normalisation on atanh r; a convention of this project, not of a paper.
        """
        if self.metric in ERRORS:
            return self.ceiling / self.value if self.value > 0 else math.nan
        if "correlation" not in self.metric or not all(map(math.isfinite, (self.value, self.null, self.ceiling))):
            return math.nan
        z, null, ceiling = (math.atanh(max(-0.9999, min(0.9999, r))) for r in (self.value, self.null, self.ceiling))
        return (z - null) / (ceiling - null) if ceiling > null else math.nan

    @property
    def score_interval(self) -> tuple[float, float]:
        """Percentile interval of the score at the level of the estimate; NaN without resamples."""
        drawn = self.score_draws
        if drawn is None or not np.isfinite(drawn).any() or not math.isfinite(self.score):
            return math.nan, math.nan
        return interval(self.score, drawn, self.estimate.level)


@dataclass(frozen=True)
class Gate:
    """One condition without which the numbers behind it mean nothing.

    Args:
        name: "G1" and so on, as in the protocol's documentation.
        title: what it guards.
        status: one of `STATUSES`.
        found: what was found, in words with numbers.
        limit: what must hold, in words with numbers.
        source: where the limit comes from.
        channels: what broke it.
    """

    name: str
    title: str
    status: str
    found: str
    limit: str
    source: str = ""
    channels: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether what follows must not be believed."""
        return self.status == "fail"


@dataclass(frozen=True)
class DomainScore:
    """How human a domain is: the median score over its identifiable channels, and the worst of them.

    Args:
        domain: part of the report.
        question: "does it look human?", "does it repeat its person?" or "does it track its target?".
        reference: human data set, or "people" for the mean of several.
        value: median score; NaN where no channel has a ceiling.
        low, high: interval of the median at `level`; NaN without resamples.
        level: of the interval.
        n: how many channels and sides have a score.
        of: what the interval resampled.
        worst, worst_channel: lowest score and whose it is.
        left_out: channels that r cannot judge, with the reason.
        provisional: why the ceiling is weak; empty if it is not.
    """

    domain: str
    question: str
    reference: str
    value: float
    low: float
    high: float
    level: float
    n: int
    of: str
    worst: float = math.nan
    worst_channel: str = ""
    left_out: tuple[str, ...] = ()
    provisional: str = ""


@dataclass(frozen=True)
class Outcome:
    """One criterion and what it met.

    Args:
        domain, metric, channel, reference: as in the criterion.
        low, high: limits; infinite where open.
        source: where the limit comes from.
        worst: the finding furthest from the limit, or None when nothing was measured.
        findings: how many findings it covers.
        passed: all of them keep the limit.
        note: why it is unmet although nothing broke the limit; else empty.
    """

    domain: str
    metric: str
    channel: str
    reference: str
    low: float
    high: float
    source: str
    worst: Finding | None
    findings: int
    passed: bool
    note: str = ""


@dataclass(frozen=True)
class Walk:
    """One trial: planned and walked time [s], fall, push, counted strides."""

    trial: str
    planned: float
    walked: float
    phase: float
    fell: bool
    push: str = ""
    pushed_at: float = math.nan
    strides_right: int = 0
    strides_left: int = 0


@dataclass(frozen=True)
class Exclusion:
    """One stride that was left out and why."""

    trial: str
    side: str
    start: float  # heel strike [s]
    code: str
    reason: str


@dataclass(frozen=True)
class Check:
    """A sign or audit check: what was expected, what was found, and the number behind it where there is one."""

    name: str
    channel: str
    side: str
    passed: bool
    found: str
    value: float = math.nan


@dataclass(frozen=True, eq=False)
class Evidence:
    """Curves behind the numbers, in memory only: keys are (quantity, side, phase)."""

    simulated: dict[tuple[str, str, str], Strides] = field(default_factory=dict)
    human: dict[tuple[str, str, str, str], Curves] = field(default_factory=dict)  # first key: the data set
    bands: dict[tuple[str, str, str, str, str], Band] = field(default_factory=dict)  # last key: the channel


@dataclass(frozen=True, eq=False)
class Results:
    """All findings of one run under one protocol.

    Args:
        run: name of the run.
        findings: in the protocol's order.
        outcomes: one a criterion, in the protocol's order.
        walks: one a trial.
        exclusions: strides left out.
        audit: sign checks.
        identity: hashes, versions and names that pin what was measured; nested text only.
        evidence: curves behind the numbers, not written to results.json.
        gates: conditions on everything else, in order.
        scores: one a domain and question.
    """

    run: str
    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    walks: tuple[Walk, ...]
    exclusions: tuple[Exclusion, ...]
    audit: tuple[Check, ...]
    identity: dict
    evidence: Evidence
    gates: tuple[Gate, ...] = ()
    scores: tuple[DomainScore, ...] = ()

    def find(
        self, metric: str, *, domain: str = "", channel: str = "", side: str = "", reference: str = ""
    ) -> list[Finding]:
        """Findings of a metric, in order; an empty argument matches all."""
        wanted = {"domain": domain, "channel": channel, "side": side, "reference": reference}
        return [
            finding
            for finding in self.findings
            if finding.metric == metric
            and all(getattr(finding, key) == value for key, value in wanted.items() if value)
        ]

    @property
    def passed(self) -> bool:
        """Whether every criterion is met and no gate failed."""
        return all(outcome.passed for outcome in self.outcomes) and not self.failed_gates

    @property
    def failed_gates(self) -> tuple[Gate, ...]:
        """Gates that failed; what follows them is shown, but greyed."""
        return tuple(gate for gate in self.gates if gate.failed)


def to_json(results: Results) -> str:
    """results.json: keys sorted, six significant digits, null for what could not be measured."""
    content = {
        "schema": SCHEMA,
        "run": results.run,
        "identity": results.identity,
        "gates": [vars(gate) for gate in results.gates],
        "scores": [vars(score) for score in results.scores],
        "findings": [_finding_record(finding) for finding in results.findings],
        "outcomes": [_outcome_record(outcome) for outcome in results.outcomes],
        "trials": [vars(walk) for walk in results.walks],
        "audit": [vars(check) for check in results.audit],
        "excluded_strides": len(results.exclusions),
        "passed": results.passed,
    }
    return json.dumps(rounded(content), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def metrics_csv(results: Results) -> str:
    """metrics.csv, long form: one row a finding."""
    rows = [[text(_row(results.run, finding)[column]) for column in COLUMNS] for finding in results.findings]
    return _csv([COLUMNS, *rows])


def exclusions_csv(results: Results) -> str:
    """exclusions.csv: one row a stride left out, with its reason code."""
    header = ("trial", "side", "start_s", "code", "reason")
    rows = [(e.trial, e.side, text(e.start), e.code, e.reason) for e in results.exclusions]
    return _csv([header, *rows])


def _finding_record(finding: Finding) -> dict:
    record = _plain(finding) | _plain(finding.estimate)
    low, high = finding.score_interval
    return record | {"score": finding.score, "score_low": low, "score_high": high}


def _plain(thing: Finding | Estimate) -> dict:
    """The fields that are written: all but nested records and resamples."""
    return {key: value for key, value in vars(thing).items() if key not in ("estimate", "draws", "score_draws")}


def _outcome_record(outcome: Outcome) -> dict:
    record = {key: value for key, value in vars(outcome).items() if key != "worst"}
    worst = outcome.worst
    return record | {
        "value": math.nan if worst is None else worst.value,
        "side": "" if worst is None else worst.side,
        "unit": "" if worst is None else worst.estimate.unit,
    }


def _row(run: str, finding: Finding) -> dict:
    estimate, (low, high) = finding.estimate, finding.score_interval
    record = _plain(finding) | {"run": run, "value": estimate.value, "unit": estimate.unit}
    record |= {"ci_lo": estimate.low, "ci_hi": estimate.high, "level": estimate.level}
    record |= {"n": estimate.n, "of": estimate.of, "score": finding.score, "score_lo": low, "score_hi": high}
    return record


def rounded(value: object) -> object:
    """The same for JSON: six significant digits, null for what is not a number."""
    if is_dataclass(value):
        return rounded({name: getattr(value, name) for name in value.__dataclass_fields__})
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def text(value: object) -> str:
    """The same for a table: six significant digits, nothing for what is not a number."""
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}" if math.isfinite(value) else ""
    return str(value)


def _csv(rows: list) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
