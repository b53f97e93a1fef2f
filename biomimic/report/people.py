"""Who walks and with whom: words for the walk, for each person, for the mean of several people, for the target."""

from typing import NamedTuple

import numpy as np

from biomimic.gait.strides import SIDES
from biomimic.report import wording
from biomimic.validate.protocol import Human, Protocol
from biomimic.validate.results import Results

GROUP, TARGET = "people", "target"  # references of findings that are no data set of the protocol
HAND = "G3"  # the gate that does not apply to a measured person
WORDS = {"same": "the recorded person", "other": "another person"}
SHORT = {"same": "Recorded", "other": "Another", "group": "People"}


class Partner(NamedTuple):
    """One that the walk is compared with.

    Attributes:
        name: reference of its findings.
        role: "same" (the person whose motion is tracked), "other", or "group" (the mean of several people).
        words: in the run of a sentence.
        short: head of a column.
    """

    name: str
    role: str
    words: str
    short: str


def is_simulated(results: Results) -> bool:
    """Whether a controller walked; a measured person, or a data set taken for a walk, has none."""
    run = results.identity.get("run", {})
    if run.get("kind"):
        return run["kind"] == "simulated"
    hand = next((gate for gate in results.gates if gate.name == HAND), None)
    return hand is None or hand.status != "not applicable"


def walk(results: Results) -> str:
    """The walk in the run of a sentence."""
    return "simulated walk" if is_simulated(results) else "measured walk"


def partners(results: Results, protocol: Protocol) -> tuple[Partner, ...]:
    """Whom the walk is compared with in full: the recorded person, then the mean of people, else each other person."""
    same = [_one(human) for human in protocol.humans if human.role == "same"]
    others = [_one(human) for human in protocol.humans if human.role == "other"]
    count = group_count(results)
    if not count:
        return tuple(same + others)
    return (*same, Partner(GROUP, "group", f"people (mean of {count})", SHORT["group"]))


def alone(results: Results, protocol: Protocol) -> tuple[Partner, ...]:
    """Each single other person, where their mean is what the walk is compared with in full; else none."""
    if not group_count(results):
        return ()
    return tuple(_one(human)._replace(short=human.name) for human in protocol.humans if human.role == "other")


def judge(results: Results, protocol: Protocol) -> Partner | None:
    """Against whom "does it look human?" is asked: the mean of people, else another person; None without one."""
    able = [partner for partner in partners(results, protocol) if partner.role != "same"]
    return able[0] if able else None


def same(results: Results, protocol: Protocol) -> Partner | None:
    """The person whose motion is tracked, or None."""
    return next((partner for partner in partners(results, protocol) if partner.role == "same"), None)


def group_count(results: Results) -> int:
    """How many people stand behind the mean of several; 0 if there is no such mean."""
    found = [curves.n for (name, *_), curves in results.evidence.human.items() if name == GROUP]
    return max(found + [finding.n_human for finding in results.findings if finding.reference == GROUP], default=0)


def has_target(results: Results) -> bool:
    """Whether the walk was compared with the motion that the controller tracks."""
    return any(finding.reference == TARGET for finding in results.findings)


def walk_label(results: Results) -> str:
    """Legend of the walk: counts of both sides."""
    counts = {}
    for (_, side, _), strides in results.evidence.simulated.items():
        counts[side] = (len(strides), len(np.unique(strides.trial)))
    words = " and ".join(f"{counts[side][0]} {side}" for side in SIDES if side in counts)
    trials = max((count[1] for count in counts.values()), default=0)
    most = max((count[0] for count in counts.values()), default=0)
    spread = "mean ± SD, " if most > 1 else ""
    unit = "stride" if most == 1 and len(counts) == 1 else "strides"
    return f"{walk(results)}: {spread}n = {words or 0} {unit} of {wording.counted(trials, 'trials')}"


def label(results: Results, partner: Partner) -> str:
    """Legend of a person or of several: what n counts."""
    curves = [c for (one, *_), c in results.evidence.human.items() if one == partner.name]
    n, of = max(((c.n, c.of) for c in curves), default=(0, "strides"))
    if partner.role == "group":
        return f"{partner.words}: mean ± SD between people, n = {n} people"
    spread = "mean ± SD, " if n > 1 else ""
    each = " a side" if n == 1 else ""
    return f"{partner.words.removeprefix('the ')} ({partner.name}): {spread}n = {wording.counted(n, of)}{each}"


def counts(results: Results, protocol: Protocol) -> str:
    """What n is in every figure, as a sentence."""
    words = [walk_label(results), *(label(results, partner) for partner in partners(results, protocol))]
    return wording.first_upper("; ".join(words)) + "."


def named(partner: Partner) -> str:
    """A partner with its data set: "the recorded person (rajagopal2016_walking)"."""
    return partner.words if partner.role == "group" else f"{partner.words} ({partner.name})"


def _one(human: Human) -> Partner:
    return Partner(human.name, human.role, WORDS[human.role], SHORT[human.role])
