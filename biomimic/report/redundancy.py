"""The section on what the muscles could have done: the freedom a motion leaves them, and what was made of it."""

import math

from biomimic.report import numbers, people, wording
from biomimic.report.blocks import Block, Paragraph, Section, Table
from biomimic.report.references import cite
from biomimic.report.scores import grade
from biomimic.validate.results import Finding, Results

DOMAIN = "redundancy"
AGAINST_EMG = "correlation_"  # begin of the names of measures against EMG; the way to choose activations follows
WALKED = "controller"
MUSCLE = ("muscle_width", "muscle_place")
LEAST_FREE = 12  # muscles that the table lists
DASH = wording.MISSING


def sections(results: Results) -> tuple[Section, ...]:
    """The section; nothing where the solution space of no stride was looked at."""
    found = [finding for finding in results.findings if finding.domain == DOMAIN]
    if not found:
        return ()
    whole = [f for f in found if not f.channel]
    others = [f for f in found if f.channel and f.metric not in MUSCLE and not f.metric.startswith(AGAINST_EMG)]
    blocks: list[Block] = [Paragraph(_words(found)), *numbers.tables(whole)]
    blocks += [*_against_emg(results, found), *_least_free(found), *numbers.tables(others)]
    return (Section(DOMAIN, wording.domain(DOMAIN), tuple(blocks)),)


def _words(found: list[Finding]) -> str:
    widths = [f.value for f in found if f.metric == "muscle_width" and math.isfinite(f.value) and _is_own(f)]
    text = (
        "Many activations make the same joint moments. Of one stride, instant by instant, the range that each "
        f"activation could have had was found by linear programmes {cite('sohn2013', 'simpson2015')}, and with it the "
        "least effort that makes the same moments and the activation nearest to EMG. They tell apart a body that "
        "cannot and a controller that does not: where even the nearest solution is far from EMG, no controller of this "
        "body that makes these moments comes closer in that sense."
    )
    if not widths:
        return text
    middle = 100 * wording.median(widths)
    return f"{text} The median width of that range over the muscles of a stride's own side is {middle:.0f} %."


def _against_emg(results: Results, found: list[Finding]) -> list[Block]:
    """r with EMG of the controller's activation and of the others that make the same moments, in one stride."""
    judged = [f for f in found if f.metric.startswith(AGAINST_EMG)]
    blocks: list[Block] = []
    for reference in dict.fromkeys(f.reference for f in judged):
        own = [f for f in judged if f.reference == reference]
        ways = list(dict.fromkeys(f.metric for f in own))
        by_place = {(f.channel, f.side): {} for f in own}
        for finding in own:
            by_place[finding.channel, finding.side][finding.metric] = finding
        rows = []
        for (channel, side), part in by_place.items():
            first = next(iter(part.values()))
            bounds = (wording.number(first.null), wording.number(first.ceiling))
            rows.append((wording.channel(channel), side, *bounds, *(_r(part.get(way)) for way in ways)))
        heads = tuple(f"r, {way.removeprefix(AGAINST_EMG).replace('_', ' ')}" for way in ways)
        ceilings = dict.fromkeys(f.ceiling_from for f in own if math.isfinite(f.ceiling))
        whom = reference if reference != people.GROUP else f"people (mean of {people.group_count(results)})"
        caption = (
            f"EMG of {whom} against activations that all make the same joint moments, r with the score in brackets. n "
            f"= {wording.basis(own[0].estimate)}, so no interval. {_medians(own, ways)} Null: other muscles and other "
            f"phases.{f' Ceiling: {next(iter(ceilings))}' if ceilings else ' No ceiling: nobody was recorded twice'}."
        )
        header = ("Muscle", "Side", "Null", "Ceiling", *heads)
        align = "llrr" + "r" * len(ways)
        blocks.append(Table(caption, header, tuple(rows), align, name=f"redundancy_emg_{reference}"))
    return blocks


def _medians(own: list[Finding], ways: list[str]) -> str:
    """Median score of each way, where there are scores."""
    parts = []
    for way in ways:
        values = [f.score for f in own if f.metric == way and math.isfinite(f.score)]
        if values:
            middle = wording.median(values)
            words = way.removeprefix(AGAINST_EMG).replace("_", " ")
            parts.append(f"{words} {wording.number(middle)} (grade {grade(middle, math.nan)})")
    return f"Median score: {'; '.join(parts)}." if parts else ""


def _r(finding: Finding | None) -> str:
    if finding is None or not math.isfinite(finding.value):
        return DASH
    return f"{wording.number(finding.value)} ({wording.number(finding.score)})"


def _is_own(finding: Finding) -> bool:
    """Whether a muscle is of the leg whose stride it is, or of none."""
    ends = {"right": "_l", "left": "_r"}
    return not finding.channel.endswith(ends.get(finding.side, "?"))


def _least_free(found: list[Finding]) -> list[Block]:
    """The muscles whose activation the motion fixes most."""
    widths = [f for f in found if f.metric == "muscle_width" and math.isfinite(f.value) and _is_own(f)]
    if not widths:
        return []
    places = {(f.channel, f.side): f for f in found if f.metric == "muscle_place"}
    chosen = sorted(widths, key=lambda f: f.value)[:LEAST_FREE]
    rows = tuple(
        (
            f.channel.replace("_", " "),
            f.side,
            wording.quantity(f.value, "share"),
            wording.quantity(places[f.channel, f.side].value, "share") if (f.channel, f.side) in places else DASH,
            wording.sentence(f.note.partition("; ")[0]),
        )
        for f in chosen
    )
    shared = wording.first_upper(wording.sentence(chosen[0].note.partition("; ")[2]))
    caption = (
        f"The {len(chosen)} least free of {len(widths)} muscles, each in the stride of its own side. Width: mean over "
        "the stride of the range that the activation could have had. Place: where in it the controller's lies, 0 % at "
        f"the least, 100 % at the most. {shared}. All stand in metrics.csv."
    )
    header = ("Muscle", "Stride", "Width", "Place", "Remark")
    return [Table(caption, header, rows, "llrrl", name="redundancy_least_free")]
