"""The first page: one line a domain, the table of criteria, and what the report cannot claim."""

import math

from biomimic.report import figures, panels, wording
from biomimic.report.blocks import Block, Box, Bullets, Figure, Paragraph, Section, Table
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Outcome, Results

OVERVIEW = (
    ("angles", "stride", "hip_flexion"),
    ("angles", "stride", "knee_flexion"),
    ("angles", "stride", "ankle_dorsiflexion"),
    ("force", "stance", "vertical"),
    ("activity", "stride", "soleus"),
    ("activity", "stride", "tibialis_anterior"),
)


def section(results: Results, protocol: Protocol) -> Section:
    """Verdict: lines, overview figure, table of criteria, and the box."""
    blocks: list[Block] = [Paragraph(_headline(results)), Bullets(lines(results))]
    note = results.identity.get("run", {}).get("note", "")
    if note:
        blocks.append(Paragraph(f"About this run: {note}"))
    shown = [panels.panel(results, protocol, (q, "right", phase), c) for q, phase, c in OVERVIEW]
    shown = [one for one in shown if one is not None]
    if shown:
        blocks.append(
            Figure(
                "overview",
                figures.curves(shown, columns=3),
                "The walk at a glance, right leg: joint angles and muscle activity over the gait cycle from heel "
                "strike (0 %) to the next, vertical ground reaction force over stance. Dotted upright line: "
                f"toe-off. Under each title: r with {_people(protocol)}. Activity is scaled to "
                f"its own peak. {counts_sentence(results, protocol)}",
                _overview_words(results, protocol),
            )
        )
    return Section("verdict", "Verdict", (*blocks, _criteria(results), _cannot(results, protocol)))


def lines(results: Results) -> tuple[str, ...]:
    """One sentence a domain, in the protocol's order."""
    domains = list(dict.fromkeys(outcome.domain for outcome in results.outcomes))
    return tuple(_line(domain, [o for o in results.outcomes if o.domain == domain]) for domain in domains)


def counts_sentence(results: Results, protocol: Protocol) -> str:
    """What n is in every figure."""
    words = [panels.simulated_label(results)]
    words += [panels.human_label(results, human.role, human.name) for human in protocol.humans]
    return wording.first_upper("; ".join(words)) + "."


def named(outcome: Outcome) -> str:
    """What a criterion is about."""
    what = wording.metric(outcome.metric)
    if outcome.channel:
        return f"{wording.channel(outcome.channel)}: {what}"
    return wording.first_upper(f"{outcome.domain}: {what}" if outcome.metric == "mean_correlation" else what)


def reached(outcome: Outcome) -> str:
    """The worst value a criterion met, with its interval; for a correlation with its null and ceiling."""
    if outcome.worst is None:
        return "–"
    text = wording.estimate(outcome.worst.estimate, metric_name=outcome.metric)
    if "correlation" not in outcome.metric:
        return text
    return f"{text} (null {wording.number(outcome.worst.null)}, ceiling {wording.number(outcome.worst.ceiling)})"


def limits(outcome: Outcome) -> str:
    """The limit of a criterion as text."""
    unit = outcome.worst.estimate.unit if outcome.worst is not None else "1"
    return wording.limit(outcome.low, outcome.high, wording.unit_of(outcome.metric, unit))


def _headline(results: Results) -> str:
    met = sum(outcome.passed for outcome in results.outcomes)
    total = len(results.outcomes)
    verdict = f"Run {results.run} meets {'all' if met == total else f'{met} of'} {total} criteria of this protocol."
    falls = sum(walk.fell for walk in results.walks)
    time = sum(walk.walked for walk in results.walks)
    return f"{verdict} It walked {time:.0f} s in {len(results.walks)} trials and fell in {falls} of them."


def _line(domain: str, outcomes: list[Outcome]) -> str:
    met = sum(outcome.passed for outcome in outcomes)
    verdict = "met" if met == len(outcomes) else "not met"
    text = f"{wording.first_upper(domain)}: {verdict}, {met} of {len(outcomes)} criteria"
    missed = [o for o in outcomes if not o.passed]
    if missed:
        each = [
            f"{named(o)} {reached(o)}{_side(o)} (limit {limits(o)}{'; ' + o.note if o.note else ''})" for o in missed
        ]
        text += f"; missed: {'; '.join(each)}"
    return text + "."


def _side(outcome: Outcome) -> str:
    return f", {outcome.worst.side}" if outcome.worst is not None and outcome.worst.side else ""


def _criteria(results: Results) -> Table:
    rows, tones = [], []
    for outcome in results.outcomes:
        verdict = "met" if outcome.passed else f"not met: {outcome.note}" if outcome.note else "not met"
        n = wording.basis(outcome.worst.estimate) if outcome.worst is not None else "–"
        side = _side(outcome).removeprefix(", ") or "–"
        rows.append((named(outcome), reached(outcome), side, limits(outcome), n, outcome.source, verdict))
        tones.append("good" if outcome.passed else "bad")
    level = next((o.worst.estimate.level for o in results.outcomes if o.worst is not None), 0.95)
    return Table(
        f"Criteria. Reached: value with its {100 * level:.0f} % interval where strides could be resampled; of the two "
        "sides the worse one. Null: r that a shape without a walk reaches; ceiling: r of people among themselves, for "
        "a mean over the channels that have one. Every limit stands with its source.",
        ("Criterion", "Reached", "Side", "Limit", "n", "Where the limit comes from", "Verdict"),
        tuple(rows),
        "lllllll",
        tuple(tones),
    )


def _cannot(results: Results, protocol: Protocol) -> Box:
    strides = sum(walk.strides_right for walk in results.walks[: protocol.trials.count])
    items = [
        f"The {strides} right strides are repeats of one controller on one body, not a sample of walkers: "
        "intervals describe this walk only, and no p value is given.",
    ]
    same = [human for human in protocol.humans if human.role == "same"]
    items += [_shaping(results, human.name) for human in same]
    subjects = sum(int(one.get("subjects", 1)) for one in results.identity.get("humans", {}).values())
    people = wording.counted(subjects or len(protocol.humans), "people") if subjects != 1 else "one person"
    items += [
        f"The human data are of {people}: nothing here says whether the walk lies within the range of healthy people.",
        "The ceilings are provisional: between people they rest on one pair, within a person on the trials of one "
        "adult.",
        "Muscle activity is compared in shape and timing only. Each side is scaled to its own peak, and the body's "
        "leg muscles are stronger than most people's, so the size of an activation means nothing here.",
        "The motion that was tracked had to be fitted to another body first: errors of that fit are not told apart "
        "from those of the control.",
        "The muscles have rigid tendons: nothing is said about fibre speed, tendon energy or metabolic cost.",
        "A good fit of angles and forces does not show that the muscles are used as in people; only the comparison "
        "with EMG speaks of that, for the muscles and the side that were recorded.",
        "One speed on level ground was tested: other speeds, slopes, turns and uneven ground were not.",
    ]
    notes = results.identity.get("humans", {})
    items += [f"{name}: {notes[name]['note']}" for name in notes if notes[name].get("note")]
    return Box("What this report cannot claim", tuple(items))


MOMENTS = ", but the joint moments of the same person did, and muscles make moments"


def _shaping(results: Results, name: str) -> str:
    """Which comparisons with the tracked person are a test of tracking, and which are independent."""
    words = {}
    for finding in results.findings:
        if finding.reference == name and finding.shaped:
            words.setdefault(finding.shaped, {})[finding.domain] = None
    parts = []
    for shaped, domains in words.items():
        listed = wording.listed([d for d in domains])
        if shaped == "shaped the walk":
            parts.append(
                f"{listed}: the recorded person's own signals shaped the walk, so agreement there shows tracking"
            )
        elif shaped == "independent":
            parts.append(
                f"{listed}: these signals of the recorded person did not enter the controller, so agreement is no "
                "tracking" + (MOMENTS if "muscles" in domains and "moments" in words.get("shaped the walk", {}) else "")
            )
        else:
            parts.append(f"{listed}: the run does not state whether the recorded person's signals shaped the walk")
    return (
        f"Comparison with {name}. {wording.first_upper('; '.join(parts))}."
        if parts
        else f"Nothing was compared with {name}."
    )


def _people(protocol: Protocol) -> str:
    return " / ".join(f"{panels.PEOPLE[human.role]}" for human in protocol.humans)


def _overview_words(results: Results, protocol: Protocol) -> str:
    parts = []
    for human in protocol.humans:
        values = [
            f"{wording.channel(finding.channel)} {wording.number(finding.value)}"
            for _, _, channel in OVERVIEW
            for finding in results.find("correlation", channel=channel, side="right", reference=human.name)
            if finding.domain != "moments" and math.isfinite(finding.value)
        ]
        if values:
            parts.append(f"r with {panels.PEOPLE[human.role]}: {', '.join(values)}")
    return wording.first_upper("; ".join(parts)) + "." if parts else "Curves of the simulated walk."
