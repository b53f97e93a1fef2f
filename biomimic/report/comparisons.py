"""Sections that hold the walk against people: kinematics, ground reaction force, muscles, joint moments."""

import math
from collections.abc import Iterable
from dataclasses import replace

from biomimic.report import figures, panels, tables, wording
from biomimic.report.blocks import Block, Figure, Paragraph, Section, Table
from biomimic.report.verdict import counts_sentence
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Finding, Results

SAGITTAL = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
AT_REST = "Bands: ± 1 SD of strides or trials, not a range of healthy people."
COLUMNS = (
    "Null: r that the person's other channels, or the same channel at any phase, reach. Ceiling: r of people among "
    "themselves."
)
STANCE_NULL = (
    "Null: r that a shape without a walk reaches: a trapezoid or a half-sine (vertical, sideways), a straight line "
    "(fore-aft). Ceiling: r of people among themselves."
)


def kinematics(results: Results, protocol: Protocol) -> Section:
    """Joint, pelvis and trunk angles on both sides."""
    channels = _channels(results, "kinematics")
    blocks: list[Block] = [Paragraph(text) for text in _summary(results, protocol, "kinematics")]
    sagittal = [name for name in channels if name in SAGITTAL]
    rest = [name for name in channels if name not in SAGITTAL]
    for name, part, columns, words in (
        ("angles", sagittal, 3, "Joint angles in the sagittal plane"),
        ("angles_other", rest, 4, "Hip angles in the other planes, pelvis and trunk"),
    ):
        shown = panels.panels(results, protocol, "angles", part)
        if shown:
            blocks.append(_figure(name, shown, columns, words, (results, protocol, "kinematics")))
    for human in protocol.humans:
        blocks += tables.agreement(results, "kinematics", human.name, COLUMNS)
    return Section("kinematics", "Kinematics", tuple(blocks))


def force(results: Results, protocol: Protocol) -> Section:
    """Ground reaction force over stance."""
    domain = "ground reaction force"
    blocks: list[Block] = [Paragraph(text) for text in _summary(results, protocol, domain)]
    shown = panels.panels(results, protocol, "force", ("vertical", "anterior", "lateral"), "stance")
    if shown:
        blocks.append(_figure("force", shown, 3, "Ground reaction force over stance", (results, protocol, domain)))
    for human in protocol.humans:
        blocks += tables.agreement(results, domain, human.name, STANCE_NULL)
    blocks += _numbers(results, protocol, domain)
    return Section("force", "Ground reaction force", tuple(blocks))


def muscles(results: Results, protocol: Protocol) -> Section:
    """Activation against EMG."""
    blocks: list[Block] = [Paragraph(text) for text in _summary(results, protocol, "muscles")]
    blocks.append(
        Paragraph(
            "Simulated is the activation state of each muscle, measured is the EMG envelope, both through the same "
            "low-pass filter. EMG precedes force and is nearer to excitation than to activation; the headline r allows "
            f"no lag. The best r allows the EMG to move around the stride by up to {1000 * protocol.max_lag_s:.0f} ms "
            "either way (null and ceiling get the same freedom); a positive lag means that the simulation is later."
        )
    )
    shown = panels.panels(results, protocol, "activity", wording.MUSCLES)
    right = [replace(one, title=one.title.partition(",")[0]) for one in shown if one.title.endswith("right")]
    if right:
        words = "Muscle activation and EMG, right leg, each scaled to the peak of its mean curve"
        blocks.append(_figure("muscles", right, 5, words, (results, protocol, "muscles")))
    for human in protocol.humans:
        blocks += tables.agreement(results, "muscles", human.name, COLUMNS)
        blocks += tables.lags(results, human.name)
    blocks += tables.sides(results)
    return Section("muscles", "Muscles", tuple(blocks))


def moments(results: Results, protocol: Protocol) -> Section:
    """Net joint moments against inverse dynamics."""
    if not _channels(results, "moments"):
        text = "The recordings hold no joint moments, or no person's moments are known: nothing was compared."
        return Section("moments", "Joint moments", (Paragraph(text),))
    blocks: list[Block] = [Paragraph(text) for text in _summary(results, protocol, "moments")]
    blocks.append(
        Paragraph(
            "Simulated moments are the sum of muscle and passive moments about each joint, measured ones come from "
            "inverse dynamics; both per kilogram of their own body mass. A correlation hides a moment that is three "
            "times too large: the ratio of the largest moments stands beside it."
        )
    )
    shown = panels.panels(results, protocol, "moment", _channels(results, "moments"))
    blocks.append(_figure("moments", shown, 4, "Net joint moments", (results, protocol, "moments")))
    for human in protocol.humans:
        blocks += tables.agreement(results, "moments", human.name, COLUMNS)
    return Section("moments", "Joint moments", tuple(blocks))


def published(results: Results, protocol: Protocol) -> Section:
    """Figures of other work beside those of this walk."""
    rows = []
    for other in protocol.published:
        place = {"domain": other.domain, "channel": other.channel, "side": "right"}
        own = [results.find(other.metric, reference=human.name, **place) for human in protocol.humans]
        cells = [wording.estimate(part[0].estimate, metric_name=other.metric) if part else "–" for part in own]
        name = wording.channel(other.channel) if other.channel else wording.first_upper(other.domain)
        what = f"{name}{' moment' if other.domain == 'moments' else ''}: {wording.metric(other.metric)}"
        rows.append((what, *cells, wording.number(other.value), f"{other.who}; {other.source}"))
    if not rows:
        return Section("published", "Beside published work", (Paragraph("The protocol names no published figures."),))
    text = (
        "Other people, other walks, other filters and other rules: these figures say where this walk stands, not which "
        "work is better. Where both are correlations, neither says anything about size."
    )
    header = (
        "Measure",
        *(f"With {panels.SHORT[h.role].lower()}" for h in protocol.humans),
        "Published",
        "Whose",
    )
    counts = counts_sentence(results, protocol)
    caption = (
        f"Figures of published work beside this walk's right leg (with the recorded person, with another). {counts}"
    )
    table = Table(caption, header, tuple(rows), "l" + "r" * len(protocol.humans) + "rl")
    return Section("published", "Beside published work", (Paragraph(text), table))


def _channels(results: Results, domain: str) -> list[str]:
    """Channels with a finding in this domain, in order."""
    return list(dict.fromkeys(f.channel for f in results.findings if f.domain == domain and f.channel and f.reference))


def _summary(results: Results, protocol: Protocol, domain: str) -> list[str]:
    """Per person: mean, worst and best r, and whether the person's signal shaped the walk."""
    texts = []
    for human in protocol.humans:
        found = results.find("correlation", domain=domain, reference=human.name)
        known = [finding for finding in found if math.isfinite(finding.value) and not finding.doubt]
        if not known:
            texts.append(f"With {panels.PEOPLE[human.role]} ({human.name}) no correlation could be computed.")
            continue
        low, high = min(known, key=_value), max(known, key=_value)
        mean = sum(map(_value, known)) / len(known)
        null, top = _mean(finding.null for finding in known), _mean(finding.ceiling for finding in known)
        texts.append(
            f"With {panels.PEOPLE[human.role]} ({human.name}, n = {tables.least_and_most(known)}), r of the mean "
            f"curves is {wording.number(mean)} on average over {len(known)} channels and sides that r can judge "
            f"(their null {wording.number(null)}, their ceiling {wording.number(top)} where there is one); "
            f"lowest {_place(low)}, highest {_place(high)}. {_shaped(low)}"
        )
    return texts


def _mean(values: Iterable[float]) -> float:
    """Mean of what is known; NaN when nothing is."""
    known = [value for value in values if math.isfinite(value)]
    return sum(known) / len(known) if known else math.nan


def _shaped(finding: Finding) -> str:
    if finding.shaped == "shaped the walk":
        return "This person's signals also shaped the walk, so these figures measure tracking."
    if finding.shaped == "independent":
        return "These signals did not enter the controller: the comparison is not one of tracking."
    return "The run does not state whether these signals shaped the walk."


def _value(finding: Finding) -> float:
    return finding.value


def _place(finding: Finding) -> str:
    side = f", {finding.side}" if finding.side else ""
    return f"{wording.number(finding.value)} ({wording.channel(finding.channel).lower()}{side})"


def _figure(name: str, shown: list, columns: int, words: str, where: tuple[Results, Protocol, str]) -> Figure:
    results, protocol, domain = where
    order = " / ".join(panels.PEOPLE[human.role] for human in protocol.humans)
    upright = " Dotted upright line: toe-off." if shown[0].marks else ""
    caption = f"{words}. Under each title: r with {order}.{upright} {AT_REST} {counts_sentence(results, protocol)}"
    texts = _summary(results, protocol, domain)
    svg = figures.curves(shown, columns=columns, height=1.5 if columns < 4 else 1.35)
    return Figure(name, svg, caption, f"{words}. {' '.join(texts)}")


def _numbers(results: Results, protocol: Protocol, domain: str) -> list[Block]:
    """Table of the numbers of single strides."""
    skip = ("correlation", "rmse", "rmse_without_offset", "mean_correlation")
    names = [m for m in dict.fromkeys(f.metric for f in results.findings if f.domain == domain) if m not in skip]
    words = (
        "Numbers of single strides, averaged; times in per cent of stance. A double peak needs a valley at least "
        f"{protocol.valley_prominence_bw:g} BW below the smaller peak; peaks are averaged over the strides that have "
        "one."
    )
    return [tables.side_by_side(results, protocol, domain, names, words)] if names else []
