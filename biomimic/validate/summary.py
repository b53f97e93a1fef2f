"""Scores of whole domains: three questions, each with a median over its channels and the worst of them."""

import math
from collections.abc import Sequence

import numpy as np

from biomimic.metrics.estimate import interval
from biomimic.validate.people import FEW, Person, compared
from biomimic.validate.results import DomainScore, Finding

QUESTIONS = {
    "same": "does it repeat its person?",
    "other": "does it look human?",
    "group": "does it look human?",
    "target": "does it track its target?",
}
SCORED = ("kinematics", "ground reaction force", "muscles", "moments", "powers")


def scores(findings: Sequence[Finding], people: Sequence[Person]) -> tuple[DomainScore, ...]:
    """One score a domain and person: the median over channels and sides that r can judge.

    Channels whose spread between people exceeds half their range, and those without a ceiling above their null, are
    left out and named.
    """
    found = []
    for domain in SCORED:
        for one in (one for one in compared(people) if one.role != "target"):
            several = [f for f in findings if _belongs(f, domain, one.name)]
            if several:
                found.append(_score(domain, one, several, _count(people)))
    return tuple(found)


def _belongs(finding: Finding, domain: str, reference: str) -> bool:
    return (finding.domain, finding.metric, finding.reference) == (domain, "correlation", reference)


def _count(people: Sequence[Person]) -> int:
    """Number of people who can stand behind a ceiling."""
    return sum(one.entry.subjects if one.is_several else 1 for one in people if one.role in ("same", "other"))


def _score(domain: str, one: Person, several: Sequence[Finding], people: int) -> DomainScore:
    able = [f for f in several if math.isfinite(f.score) and not f.doubt]
    left_out = tuple(f"{f.channel} {f.side}: {_why(f)}" for f in several if f not in able)
    value = float(np.median([f.score for f in able])) if able else math.nan
    low, high, level = math.nan, math.nan, several[0].estimate.level
    drawn = [f.score_draws for f in able]
    if able and all(draws is not None for draws in drawn):
        together = np.array(drawn)
        keep = np.isfinite(together).all(axis=0)
        if keep.any():
            low, high = interval(value, np.median(together[:, keep], axis=0), level)
    worst = min(able, key=lambda f: f.score, default=None)
    return DomainScore(
        domain=domain,
        question=QUESTIONS[one.role],
        reference=one.name,
        value=value,
        low=low,
        high=high,
        level=level,
        n=len(able),
        of=able[0].score_of if able else "",
        worst=math.nan if worst is None else worst.score,
        worst_channel="" if worst is None else f"{worst.channel} {worst.side}",
        left_out=left_out,
        provisional=_weak(one, able, people),
    )


def _why(finding: Finding) -> str:
    if finding.doubt:
        return finding.doubt
    if not math.isfinite(finding.value):
        return finding.note or "r is not defined"
    if not math.isfinite(finding.ceiling):
        return "no ceiling"
    return f"the null of {finding.null:.2f} is not below the ceiling of {finding.ceiling:.2f}"


def _weak(one: Person, able: Sequence[Finding], people: int) -> str:
    if not able:
        return "no channel has a ceiling above its null"
    if one.role == "same":
        return "the ceiling is how well one person repeats a stride"
    count = one.entry.subjects if one.role == "group" else people
    return f"the ceiling rests on {count} people, fewer than {FEW}" if count < FEW else ""
