"""Scores: what they mean, their grades, the table of domains, and the chips at the head of the report."""

import math

from biomimic.report import gates, people, wording
from biomimic.report.blocks import Block, Bullets, Chip, Chips, Paragraph, Table
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import DomainScore, Results

GRADES = (("A", 0.9), ("B", 0.6), ("C", 0.3))  # least lower bound of each; a design choice of this project
LAST = "D"
GRADE_TONES = {"A": "good", "B": "good", "D": "bad"}
SECTIONS = {"ground reaction force": "force"}  # domain → name of its section, where they differ
SHORT = {
    "does it look human?": "looks human",
    "does it repeat its person?": "repeats its person",
    "does it track its target?": "tracks its target",
}


def grade(value: float, low: float) -> str:
    """Letter of a score by the lower bound of its interval; with a star by the score itself where there is none.

    Args:
        value: score; NaN where r cannot judge.
        low: lower bound; NaN where nothing could be resampled.
    """
    if not math.isfinite(value):
        return wording.MISSING
    bound, star = (low, "") if math.isfinite(low) else (value, "*")
    return next((letter for letter, least in GRADES if bound >= least), LAST) + star


def definition() -> str:
    """What a score is, in sentences."""
    return (
        "Score: 0 is the null, an r that needs no walker; 1 is a typical human. Between them it is linear in "
        "Fisher's z for r; for an error it is the human error over this error. It is never clipped: below 0 is worse "
        "than the null, above 1 is closer than people are to each other."
    )


def grades_sentence() -> str:
    """The grades and that they are a choice."""
    steps = ", ".join(f"{letter} from {least:g}" for letter, least in GRADES)
    return (
        f"Grades by the lower end of the interval: {steps}, {LAST} below; {wording.MISSING} where r cannot judge; with "
        "a star where there is no interval and the score itself was graded. The steps are a design choice of this "
        "project, set against people and taken from no paper."
    )


def blocks(results: Results, protocol: Protocol) -> tuple[Block, ...]:
    """Definition, grades and the table of domains; a sentence where no domain has a score."""
    found = of_partners(results, protocol)
    if not found:
        return (Paragraph("No domain has a score: nobody was compared with on a channel of these recordings."),)
    return (Paragraph(f"{definition()} {grades_sentence()}"), _table(found, results))


def of_partners(results: Results, protocol: Protocol) -> list[DomainScore]:
    """Scores against those compared with in full: first what looks human, then what repeats its person."""
    names = {partner.name for partner in people.partners(results, protocol)}
    order = list(SHORT)
    found = [score for score in results.scores if score.reference in names]
    return sorted(found, key=lambda s: order.index(s.question) if s.question in order else len(order))


def chips(results: Results, protocol: Protocol) -> Chips:
    """Gates, criteria, and one chip a question and domain."""
    items = []
    if results.gates:
        tone = "bad" if results.failed_gates else "good"
        status = "failed" if results.failed_gates else "none failed"
        items.append(Chip("Gates", status, tone, gates.headline(results), "gates"))
    if results.outcomes:
        met, total = sum(outcome.passed for outcome in results.outcomes), len(results.outcomes)
        words = f"{total - met} missed" if met < total else ""
        items.append(Chip("Criteria", f"{met} of {total} met", "good" if met == total else "bad", words, "verdict"))
    items += [_chip(score, results) for score in of_partners(results, protocol)]
    return Chips("At a glance", tuple(items))


def left_out(results: Results, protocol: Protocol) -> tuple[Block, ...]:
    """Channels that no median counts, with the reason, one line a domain and person; nothing if all count."""
    items = [
        f"{wording.domain(score.domain)}, against {score.reference}: "
        f"{wording.sentence('; '.join(dict.fromkeys(score.left_out)))}."
        for score in of_partners(results, protocol)
        if score.left_out
    ]
    if not items:
        return ()
    return (
        Paragraph("Left out of the medians, because r cannot judge them or no ceiling is known:"),
        Bullets(tuple(items)),
    )


def summary(results: Results, domain: str, reference: str) -> DomainScore | None:
    """The score of a domain against one person, or None."""
    return next((s for s in results.scores if (s.domain, s.reference) == (domain, reference)), None)


def _chip(score: DomainScore, results: Results) -> Chip:
    letter = grade(score.value, score.low)
    title = f"{wording.domain(score.domain)}: {SHORT.get(score.question, score.question)}"
    section = SECTIONS.get(score.domain, score.domain.replace(" ", "_"))
    failed = gates.doubted(results, score.reference)
    if not math.isfinite(score.value):
        return Chip(title, "cannot be said", "muted", score.provisional, section)
    counted = wording.counted(score.n, "channels")
    detail = f"median score {wording.score(score.value, score.low, score.high)} of {counted} and sides"
    detail += f"; doubtful: {wording.listed(failed)} failed" if failed else ""
    tone = "muted" if failed else GRADE_TONES.get(letter[0], "")
    return Chip(title, f"grade {letter}", tone, detail, section)


def _table(found: list[DomainScore], results: Results) -> Table:
    is_all = len({score.of for score in found if math.isfinite(score.low)}) == 1
    rows, tones = [], []
    for score in found:
        failed = gates.doubted(results, score.reference)
        remarks = [f"doubtful: {wording.listed(failed)} failed"] if failed else []
        remarks += ["provisional" if score.n else score.provisional] if score.provisional else []
        worst = f"{wording.number(score.worst)} ({_worst(score)})" if score.n else wording.MISSING
        rows.append(
            (
                wording.first_upper(SHORT.get(score.question, score.question)),
                wording.domain(score.domain),
                score.reference,
                wording.score(score.value, score.low, score.high),
                grade(score.value, score.low),
                str(score.n),
                worst,
                *(() if is_all else (score.of if math.isfinite(score.low) else "nothing",)),
                "; ".join(remarks),
            )
        )
        tones.append("muted" if failed or not score.n else "")
    header = ("Question", "Domain", "Against", "Median score", "Grade", "n", "Worst", "Resampled", "Remark")
    return Table(
        _caption(found, is_all),
        tuple(head for head in header if not (is_all and head == "Resampled")),
        tuple(rows),
        "lllrlrl" + ("l" if is_all else "ll"),
        tuple(tones),
        name="scores",
    )


def _worst(score: DomainScore) -> str:
    """Channel and side in words."""
    channel, _, side = score.worst_channel.rpartition(" ")
    return f"{wording.channel(channel or side).lower()}{f', {side}' if channel else ''}"


def _caption(found: list[DomainScore], is_all: bool) -> str:
    resampled = next((score.of for score in found if math.isfinite(score.low)), "")
    weak: dict[str, dict[str, None]] = {}
    for score in (one for one in found if one.provisional and one.n):
        weak.setdefault(score.provisional, {})[SHORT.get(score.question, score.question)] = None
    words = "; ".join(f"{wording.listed(list(asked))}, since {why}" for why, asked in weak.items())
    return (
        f"Scores of the domains: median over the channels and sides that r can judge, with the "
        f"{100 * found[0].level:.0f} % interval of the median"
        + (f", which resamples {resampled}" if is_all else "")
        + ". n counts channels and sides. Two questions are kept apart: looking human, and repeating the one person "
        "whose motion was tracked." + (f" Provisional: {words}." if words else "")
    )
