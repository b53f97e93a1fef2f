"""Sections that hold the walk against people: kinematics, ground reaction force, joint moments, any other domain."""

import math
from collections.abc import Iterable

from biomimic.report import figures, numbers, panels, people, scores, tables, wording
from biomimic.report.blocks import Block, Figure, Paragraph, Section, Table
from biomimic.report.people import Partner
from biomimic.validate.protocol import DOMAIN_OF, Protocol
from biomimic.validate.results import Finding, Results

SAGITTAL = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
AT_REST = "Shaded: ± 1 SD of strides, trials or people, which is not a range of healthy people; thin lines: strides."
STRIDE_NULL = "Null: r that the person's other channels, or the same channel at any phase, reach."
STANCE_NULL = (
    "Null: r that a shape without a walk reaches: a trapezoid or a half-sine (vertical, sideways), a straight line "
    "(fore-aft)."
)
AGREED = ("correlation", "rmse", "rmse_without_offset", "best_correlation", "best_lag")  # tables of agreement and lag
OWN = ("kinematics", "ground reaction force", "muscles", "moments", "redundancy")  # domains with a section of their own
ELSEWHERE = ("physics", "stability", "spatiotemporal", "effort", "retargeting")  # shown by other sections


def kinematics(results: Results, protocol: Protocol) -> Section:
    """Joint, pelvis and trunk angles on both sides."""
    channels = channels_of(results, "kinematics")
    blocks = summary(results, protocol, "kinematics")
    sagittal = [name for name in channels if name in SAGITTAL]
    rest = [name for name in channels if name not in SAGITTAL]
    for name, part, columns, words in (
        ("angles", sagittal, 3, "Joint angles in the sagittal plane"),
        ("angles_other", rest, 4, "Hip angles in the other planes, pelvis and trunk"),
    ):
        shown = panels.panels(results, protocol, "angles", part)
        if shown:
            blocks.append(figure(name, shown, columns, words, (results, protocol, "kinematics")))
    blocks += agreements(results, protocol, "kinematics", STRIDE_NULL)
    blocks += numbers.rest(results, protocol, "kinematics", AGREED)
    return Section("kinematics", "Kinematics", tuple(blocks))


def force(results: Results, protocol: Protocol) -> Section:
    """Ground reaction force over stance."""
    domain, title = "ground reaction force", "Ground reaction force"
    blocks = summary(results, protocol, domain)
    shown = panels.panels(results, protocol, "force", ("vertical", "anterior", "lateral"), "stance")
    if shown:
        blocks.append(figure("force", shown, 3, f"{title} over stance", (results, protocol, domain)))
    blocks += agreements(results, protocol, domain, STANCE_NULL)
    names = _of_one_channel([f for f in results.findings if f.domain == domain and f.metric not in AGREED])
    if names:
        words = (
            "Numbers of single strides, averaged; times in per cent of stance. A double peak needs a valley at least "
            f"{protocol.valley_prominence_bw:g} BW below the smaller peak; peaks are averaged over the strides that "
            "have one."
        )
        blocks.append(tables.side_by_side(results, protocol, domain, names, words))
    blocks += numbers.rest(results, protocol, domain, (*AGREED, *names))
    return Section("force", title, tuple(blocks))


def moments(results: Results, protocol: Protocol) -> Section:
    """Net joint moments against inverse dynamics."""
    channels = channels_of(results, "moments")
    if not channels:
        text = "The recordings hold no joint moments, or no person's moments are known: nothing was compared."
        return Section("moments", "Joint moments", (Paragraph(text),))
    blocks = summary(results, protocol, "moments")
    own = "Moments of the walk are the sum of muscle and passive moments about each joint, those of people come from"
    if not people.is_simulated(results):
        own = "All moments come from"
    blocks.append(
        Paragraph(
            f"{own} inverse dynamics; each per kilogram of the body's own mass. A correlation hides a moment that is "
            "three times too large: the ratio of the largest moments stands beside it."
        )
    )
    shown = panels.panels(results, protocol, "moment", channels)
    if shown:
        blocks.append(figure("moments", shown, 4, "Net joint moments", (results, protocol, "moments")))
    blocks += agreements(results, protocol, "moments", STRIDE_NULL)
    blocks += numbers.rest(results, protocol, "moments", AGREED)
    return Section("moments", "Joint moments", tuple(blocks))


def others(results: Results, protocol: Protocol) -> tuple[Section, ...]:
    """One section for each domain that has none of its own: its curves where there are some, and all its numbers."""
    domains = dict.fromkeys(f.domain for f in results.findings if f.domain not in (*OWN, *ELSEWHERE))
    return tuple(_other(results, protocol, domain) for domain in domains)


def published(results: Results, protocol: Protocol) -> Section:
    """Figures of other work beside those of this walk."""
    partners = people.partners(results, protocol)
    rows = []
    for other in protocol.published:
        place = {"domain": other.domain, "channel": other.channel, "side": "right"}
        own = [results.find(other.metric, reference=partner.name, **place) for partner in partners]
        cells = [wording.reached(part[0]) if part else "–" for part in own]
        name = wording.channel(other.channel) if other.channel else wording.first_upper(other.domain)
        what = f"{name}{' moment' if other.domain == 'moments' else ''}: {wording.metric(other.metric)}"
        rows.append((what, *cells, wording.number(other.value), f"{other.who}; {other.source}"))
    if not rows:
        return Section("published", "Beside published work", (Paragraph("The protocol names no published figures."),))
    text = (
        "Other people, other walks, other filters and other rules: these figures say where this walk stands, not which "
        "work is better. Where both are correlations, neither says anything about size; null and ceiling of the "
        "others' are not known."
    )
    header = ("Measure", *(f"With {partner.short.lower()}" for partner in partners), "Published", "Whose")
    caption = f"Figures of published work beside this walk's right leg. {people.counts(results, protocol)}"
    table = Table(caption, header, tuple(rows), "l" + "r" * len(partners) + "rl", name="published")
    return Section("published", "Beside published work", (Paragraph(text), table))


def channels_of(results: Results, domain: str) -> list[str]:
    """Channels that are compared in this domain, in order."""
    found = (f.channel for f in results.findings if f.domain == domain and f.channel and f.reference)
    return list(dict.fromkeys(found))


def agreements(results: Results, protocol: Protocol, domain: str, null: str) -> list[Block]:
    """Tables of r and errors against each partner, then against each single person where their mean was one."""
    blocks: list[Block] = []
    for partner in people.partners(results, protocol):
        blocks += tables.agreement(results, domain, partner, null)
        blocks += tables.lags(results, domain, partner)
    return blocks + tables.each_alone(results, protocol, domain)


def summary(results: Results, protocol: Protocol, domain: str) -> list[Block]:
    """A sentence or two for each partner: median score, span of r with its null and ceiling, what shaped the walk."""
    return [Paragraph(text) for text in _texts(results, protocol, domain)]


def figure(name: str, shown: list, columns: int, words: str, where: tuple[Results, Protocol, str]) -> Figure:
    """Panels with a caption that says what n is, whose score stands under the titles, and what the shading is."""
    results, protocol, domain = where
    upright = " Dotted upright line: toe-off." if shown[0].marks else ""
    caption = (
        f"{words}. {score_note(results, protocol)}{upright} {AT_REST} {panels.band_words(results)} "
        f"{people.counts(results, protocol)}"
    )
    texts = _texts(results, protocol, domain)
    drawing = figures.curves(shown, columns=columns, height=1.5 if columns < 4 else 1.35)
    return Figure(name, drawing, caption.replace("  ", " "), f"{words}. {' '.join(texts)}")


def score_note(results: Results, protocol: Protocol) -> str:
    """What the note under each title is; empty when nobody was compared with."""
    order = " / ".join(partner.words for partner in people.partners(results, protocol))
    return f"Under each title: score S of r (0 null, 1 typical human) against {order}." if order else ""


def _texts(results: Results, protocol: Protocol, domain: str) -> list[str]:
    texts = []
    for partner in people.partners(results, protocol):
        found = results.find("correlation", domain=domain, reference=partner.name)
        known = [finding for finding in found if math.isfinite(finding.value) and not finding.doubt]
        if not known:
            texts.append(f"Against {people.named(partner)} no correlation could be computed.")
            continue
        low, high = min(known, key=_value), max(known, key=_value)
        null, top = _mean(finding.null for finding in known), _mean(finding.ceiling for finding in known)
        average = wording.number(_mean(map(_value, known)))
        whose = " where there is one" if math.isfinite(top) else ""
        texts.append(
            f"Against {people.named(partner)}, n = {tables.least_and_most(known)}: "
            f"{_scored(results, domain, partner)}. Over {len(known)} channels and sides that r can judge, r of the "
            f"mean curves lies between {_place(low)} and {_place(high)}; on average {average}, its null "
            f"{wording.number(null)}, its ceiling {wording.number(top)}{whose}. "
            f"{_shaped(low, results)}".strip()
        )
    return texts


def _scored(results: Results, domain: str, partner: Partner) -> str:
    found = scores.summary(results, domain, partner.name)
    if found is None or not math.isfinite(found.value):
        return "no score" + (f", since {found.provisional}" if found is not None and found.provisional else "")
    value = wording.score(found.value, found.low, found.high)
    return f"median score {value}, grade {scores.grade(found.value, found.low)}"


def _other(results: Results, protocol: Protocol, domain: str) -> Section:
    blocks: list[Block] = []
    if results.find("correlation", domain=domain):
        blocks += summary(results, protocol, domain)
    quantity = next((quantity for quantity, one in DOMAIN_OF.items() if one == domain), "")
    shown = panels.panels(results, protocol, quantity, channels_of(results, domain)) if quantity else []
    if shown:
        blocks.append(figure(domain.replace(" ", "_"), shown, 4, wording.domain(domain), (results, protocol, domain)))
    agreed = agreements(results, protocol, domain, STRIDE_NULL)
    blocks += agreed
    blocks += numbers.rest(results, protocol, domain, AGREED if agreed else ())
    return Section(domain.replace(" ", "_"), wording.domain(domain), tuple(blocks))


def _of_one_channel(found: list[Finding]) -> list[str]:
    """Measures of single strides whose name tells the channel: one channel, a side, no null, no ceiling."""
    names = dict.fromkeys(f.metric for f in found)
    several = {f.metric for f in found if not f.side or math.isfinite(f.null) or math.isfinite(f.ceiling)}
    for name in names:
        if len({f.channel for f in found if f.metric == name}) > 1:
            several.add(name)
    return [name for name in names if name not in several]


def _mean(values: Iterable[float]) -> float:
    """Mean of what is known; NaN when nothing is."""
    known = [value for value in values if math.isfinite(value)]
    return sum(known) / len(known) if known else math.nan


def _shaped(finding: Finding, results: Results) -> str:
    if not people.is_simulated(results):
        return ""
    if finding.shaped == "shaped the walk":
        return "This person's signals also shaped the walk, so these figures measure tracking."
    if finding.domain == "powers" and any(
        f.shaped == "shaped the walk" for f in results.find("rmse", domain="moments")
    ):
        return "Powers did not enter the controller, but the moments and angles that they are made of did."
    if finding.shaped == "independent":
        return "These signals did not enter the controller: the comparison is not one of tracking."
    return "The run does not state whether these signals shaped the walk."


def _value(finding: Finding) -> float:
    return finding.value


def _place(finding: Finding) -> str:
    side = f", {finding.side}" if finding.side else ""
    return f"{wording.number(finding.value)} ({wording.channel(finding.channel).lower()}{side})"
