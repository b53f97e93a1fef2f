"""The first page: at a glance, the walk in one figure, gates, scores, criteria, and what the report cannot claim."""

from biomimic.report import claims, figures, gates, panels, people, scores, wording
from biomimic.report.blocks import Block, Bullets, Figure, Paragraph, Section, Table
from biomimic.report.comparisons import score_note
from biomimic.validate.protocol import DOMAIN_OF, Protocol
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
    """Verdict: chips, one line a domain, overview figure, gates, scores, table of criteria, and the box."""
    blocks: list[Block] = [Paragraph(_headline(results)), scores.chips(results, protocol)]
    if results.outcomes:
        blocks.append(Bullets(lines(results)))
    blocks += _overview(results, protocol)
    note = results.identity.get("run", {}).get("note", "")
    if note:
        blocks.append(Paragraph(f"About this {'run' if people.is_simulated(results) else 'person'}: {note}"))
    blocks += [*gates.blocks(results), *scores.blocks(results, protocol)]
    if results.outcomes:
        blocks.append(_criteria(results))
    return Section("verdict", "Verdict", (*blocks, claims.box(results, protocol)))


def lines(results: Results) -> tuple[str, ...]:
    """One sentence on the gates, and one a domain on its criteria, in the protocol's order."""
    domains = list(dict.fromkeys(outcome.domain for outcome in results.outcomes))
    found = [_line(domain, [o for o in results.outcomes if o.domain == domain]) for domain in domains]
    words = gates.headline(results)
    return ((f"Gates: {words}.",) if words else ()) + tuple(found)


def named(outcome: Outcome) -> str:
    """What a criterion is about."""
    what = wording.metric(outcome.metric)
    if outcome.channel:
        return f"{wording.channel(outcome.channel)}: {what}"
    return wording.first_upper(f"{outcome.domain}: {what}" if outcome.metric == "mean_correlation" else what)


def reached(outcome: Outcome) -> str:
    """The worst value a criterion met, with its interval; for a correlation with its null and ceiling."""
    return wording.MISSING if outcome.worst is None else wording.reached(outcome.worst)


def limits(outcome: Outcome) -> str:
    """The limit of a criterion as text."""
    unit = outcome.worst.estimate.unit if outcome.worst is not None else "1"
    return wording.limit(outcome.low, outcome.high, wording.unit_of(outcome.metric, unit))


def _headline(results: Results) -> str:
    met, total = sum(outcome.passed for outcome in results.outcomes), len(results.outcomes)
    if not people.is_simulated(results):
        text = f"{results.run} is a measured walk, taken through the same gates and measures as a simulated one."
        return text + (f" It meets {met} of {total} criteria of this protocol." if total else "")
    share = "all" if met == total else f"{met} of"
    falls = sum(walk.fell for walk in results.walks)
    time = sum(walk.walked for walk in results.walks)
    failed = [gate.name for gate in results.failed_gates]
    text = f"Run {results.run} meets {share} {total} criteria of this protocol" if total else f"Run {results.run}"
    text += f"{' but' if total else ''} fails {wording.listed(failed)} of its gates" if failed else ""
    walked = f" It walked {time:.0f} s in {len(results.walks)} trials and fell in {falls} of them."
    return f"{text}.{walked if results.walks else ''}"


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


def _overview(results: Results, protocol: Protocol) -> tuple[Figure, ...]:
    keys = [((quantity, _side_shown(results), phase), channel) for quantity, phase, channel in OVERVIEW]
    shown = [panels.panel(results, protocol, key, channel, single=False) for key, channel in keys]
    shown = [one for one in shown if one is not None]
    if not shown:
        return ()
    caption = (
        f"The walk at a glance, {_side_shown(results)} leg: joint angles and muscle activity over the gait cycle from "
        "heel strike (0 %) to the next, vertical ground reaction force over stance. Dotted upright line: toe-off. "
        f"{score_note(results, protocol)} Activity is scaled to its own peak. {panels.band_words(results)} "
        f"{people.counts(results, protocol)}"
    )
    words = _overview_words(results, protocol)
    return (Figure("overview", figures.curves(shown, columns=3), caption.replace("  ", " "), words),)


def _side_shown(results: Results) -> str:
    """The right leg, unless only the left one was measured."""
    sides = {side for _, side, _ in results.evidence.simulated}
    return "right" if "right" in sides or not sides else "left"


def _overview_words(results: Results, protocol: Protocol) -> str:
    """The scores of the panels, for readers who cannot see them."""
    parts = []
    for partner in people.partners(results, protocol):
        values = []
        for quantity, _, channel in OVERVIEW:
            place = {"channel": channel, "side": _side_shown(results), "reference": partner.name}
            found = results.find("correlation", domain=DOMAIN_OF[quantity], **place)
            if found and wording.number(found[0].score) != wording.MISSING:
                values.append(f"{wording.channel(channel).lower()} {wording.number(found[0].score)}")
        if values:
            parts.append(f"score against {partner.words}: {', '.join(values)}")
    return wording.first_upper("; ".join(parts)) + "." if parts else f"Mean curves of the {people.walk(results)}."


def _criteria(results: Results) -> Table:
    rows, tones = [], []
    for outcome in results.outcomes:
        verdict = "met" if outcome.passed else f"not met: {outcome.note}" if outcome.note else "not met"
        n = wording.basis(outcome.worst.estimate) if outcome.worst is not None else wording.MISSING
        side = _side(outcome).removeprefix(", ") or wording.MISSING
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
        name="criteria",
    )
