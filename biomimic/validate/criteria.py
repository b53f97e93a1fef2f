"""Findings against the protocol's limits."""

import math
from collections.abc import Sequence

from biomimic.validate.protocol import Criterion, Protocol
from biomimic.validate.results import Finding, Outcome


def outcomes(findings: Sequence[Finding], protocol: Protocol) -> tuple[Outcome, ...]:
    """One outcome a criterion, in the protocol's order; a criterion is met when every finding it covers meets it."""
    return tuple(_outcome(criterion, findings, protocol.trials.min_strides) for criterion in protocol.criteria)


def covers(criterion: Criterion, finding: Finding) -> bool:
    """Whether a criterion speaks of a finding."""
    same = criterion.domain == finding.domain and criterion.metric == finding.metric
    channel = not criterion.channel or criterion.channel == finding.channel
    return same and channel and criterion.reference == finding.reference


def _outcome(criterion: Criterion, findings: Sequence[Finding], least: int) -> Outcome:
    covered = [finding for finding in findings if covers(criterion, finding)]
    worst = min(covered, key=lambda finding: _margin(criterion, finding.value), default=None)
    note = _note(covered, least)
    low, high = criterion.bounds
    return Outcome(
        domain=criterion.domain,
        metric=criterion.metric,
        channel=criterion.channel,
        reference=criterion.reference,
        low=low,
        high=high,
        source=criterion.source,
        worst=worst,
        findings=len(covered),
        passed=not note and all(criterion.met(finding.value) for finding in covered),
        note=note,
    )


def _margin(criterion: Criterion, value: float) -> float:
    """Distance to the nearer limit, negative when broken; a value that is missing is worst of all."""
    if math.isnan(value):
        return -math.inf
    low, high = criterion.bounds
    return min(value - low, high - value)


def _note(covered: Sequence[Finding], least: int) -> str:
    """Why a criterion cannot be met; empty if it can."""
    if not covered:
        return "nothing was measured"
    for finding in covered:
        if math.isnan(finding.value):
            return finding.note or finding.estimate.note or "could not be measured"
        few = finding.estimate.of.startswith("strides") and finding.estimate.n < least
        if few and finding.metric != "strides":
            return f"rests on {finding.estimate.n} strides, fewer than {least}"
    return ""
