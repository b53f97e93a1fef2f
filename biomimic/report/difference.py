"""Comparison of runs → Report and sentences: what differs between them, by how much, and who is nearer to people."""

import math

from biomimic.report import difference_groups, difference_tables, figures, named, panels, people, references, wording
from biomimic.report.blocks import Block, Box, Bullets, Figure, Paragraph, Report, Section
from biomimic.report.figures import Line, Panel
from biomimic.report.references import cite
from biomimic.validate.protocol import DOMAIN_OF, Protocol
from biomimic.validate.results import Results

TOLD, LISTED = 8, 24  # sentences with people on the terminal and in the report; the tables hold the rest
ALONE = 4  # sentences where there are no people to hold it against, on the terminal
PANELS = 12
GROUPS = "groups"  # scheme of a comparison in which runs are the units
QUANTITIES = {domain: quantity for quantity, domain in DOMAIN_OF.items()}
USUAL = (  # drawn where fewer differences are named than there is room for
    ("angles", "stride", "hip_flexion"),
    ("angles", "stride", "knee_flexion"),
    ("angles", "stride", "ankle_dorsiflexion"),
    ("force", "stance", "vertical"),
    ("activity", "stride", "soleus"),
    ("activity", "stride", "tibialis_anterior"),
)


def build(compared, protocol: Protocol) -> Report:
    """The report on the differences between runs.

    Args:
        compared: a `validate.compare.Comparison`.
        protocol: under which all were measured.
    """
    sections = [_compared(compared), difference_tables.verdicts(compared), _named(compared), *_curves(compared)]
    sections += difference_groups.sections(compared) if compared.scheme == GROUPS else []
    sections += [difference_tables.full(compared), _methods(compared), _cannot(compared)]
    sections = [section for section in sections if section.blocks]
    held, against = (wording.listed(names) for names in (compared.held, compared.against))
    return Report(
        f"{held} against {against}",
        f"{protocol.title}. Differences between {len(compared.runs)} runs, measured by the same protocol.",
        (*sections, references.section(sections)),
    )


def lines(compared) -> tuple[str, ...]:
    """What the terminal says: verdicts, flips, scores, and the largest differences."""
    texts = [*_headline(compared), *difference_tables.flips(compared)]
    for pair in compared.pairs:
        head = f"{pair.run} against {pair.against}: " if len(compared.pairs) > 1 else ""
        with_people, alone = _sentences(compared, pair)
        shown = [*with_people[:TOLD], *alone[:ALONE]]
        texts += [f"{head}{text}" for text in shown]
        texts.append(f"{head}{_counts(pair, len(with_people) + len(alone) - len(shown))}")
    if compared.scheme == GROUPS:
        found = difference_tables.group_sentences(compared)
        texts += [*found[:TOLD], difference_tables.group_counts(compared)]
        texts += [text for text in (difference_groups.counts(compared),) if text]
    return tuple(texts)


def _headline(compared) -> list[str]:
    """Criteria, gates and falls of each run."""
    texts = []
    for name, one in compared.runs.items():
        met, total = sum(outcome.passed for outcome in one.outcomes), len(one.outcomes)
        failed = [gate.name for gate in one.failed_gates]
        falls = sum(walk.fell for walk in one.walks)
        text = f"{name}: meets {met} of {total} criteria, "
        text += f"fails {wording.listed(failed)}" if failed else "fails no gate"
        texts.append(f"{text}, fell in {falls} of {len(one.walks)} trials.")
    return texts


def _sentences(compared, pair) -> tuple[list[str], list[str]]:
    """What is named against people, and what people say nothing about."""
    whom = named.words_for(compared.runs[pair.run], compared.protocol)
    found = named.named(pair)
    said = [named.sentence(one, (pair.run, pair.against), whom) for one in found]
    count = sum(one.is_of_people for one in found)
    return said[:count], said[count:]


def _counts(pair, more: int) -> str:
    counts = {verdict: len(pair.having(verdict)) for verdict in ("differs", "within the limit", "undecided")}
    text = f"{more} more are in the tables of the report. " if more else ""
    return (
        f"{text}Of {sum(counts.values())} measures with an interval {counts['differs']} differ by more than their "
        f"limit, {counts['within the limit']} lie within it, and {counts['undecided']} are undecided, which is not the "
        "same as equal."
    )


def _compared(compared) -> Section:
    blocks: list[Block] = [Paragraph(_how(compared)), Bullets(tuple(_headline(compared)))]
    blocks += [*difference_tables.glance(compared), *difference_tables.runs(compared)]
    return Section("compared", "What is compared", tuple(blocks))


def _how(compared) -> str:
    protocol, held, against = compared.protocol, wording.listed(compared.held), wording.listed(compared.against)
    text = f"Protocol “{protocol.title}”, version {protocol.version}, gave all figures. "
    if compared.scheme == GROUPS:
        other = f"{against} are the other" if len(compared.against) > 1 else f"{against} is held against it"
        return f"{text}{held} are one group, {other}: the runs are the units, and differences are mean minus mean."
    why = "" if compared.scheme == "named run" else ", the first one named, since none was named to hold them against"
    each = f"{held} is" if len(compared.held) == 1 else f"Each of {held} is"
    return f"{text}{each} held against {against}{why}; every difference is its value minus that of {against}."


def _named(compared) -> Section:
    blocks: list[Block] = []
    for pair in compared.pairs:
        with_people, alone = _sentences(compared, pair)
        blocks.append(Paragraph(_about(pair, len(with_people) + len(alone))))
        blocks += [Bullets(tuple(with_people[:LISTED]))] if with_people else []
        if alone:
            words = "Where no person was measured, or both are the walk's own, e.g. one side against the other:"
            blocks += [Paragraph(words), Bullets(tuple(alone[: LISTED // 2]))]
        more = max(len(with_people) - LISTED, 0) + max(len(alone) - LISTED // 2, 0)
        blocks += [Paragraph(text) for text in (named.tracking(pair), _counts(pair, more)) if text]
    if compared.scheme == GROUPS:
        texts = difference_tables.group_sentences(compared)
        blocks += [Bullets(tuple(texts[:LISTED]))] if texts else []
        blocks.append(Paragraph(difference_tables.group_counts(compared)))
    return Section("named", "The differences", tuple(blocks))


def _about(pair, count: int) -> str:
    if not count:
        return (
            f"{pair.run} against {pair.against}: no difference is larger than its limit with an interval beside zero."
        )
    return (
        f"{pair.run} against {pair.against}: differences whose interval excludes zero and which are larger than the "
        "smallest that matters, the largest first. What belongs together on one channel is named once, by its plainest "
        "measure on the side and with the person where it differs most."
    )


def _curves(compared) -> list[Section]:
    """Curves of both runs and of one person over each other, where they differ most."""
    blocks = []
    for number, pair in enumerate(compared.pairs, start=1):
        both = compared.runs[pair.run], compared.runs[pair.against]
        shown = [panel for panel in (_panel(both, pair, compared.protocol, *place) for place in _places(pair)) if panel]
        if shown:
            blocks.append(_figure(f"curves_{number}", pair, both, shown))
    return [Section("curves", "Curves over each other", tuple(blocks))] if blocks else []


def _figure(name: str, pair, both: tuple[Results, Results], shown: list[Panel]) -> Figure:
    counts = "; ".join(line.label for line in shown[0].lines)
    caption = (
        f"Mean curves of {pair.run} and {pair.against} with ± 1 SD of their strides, on the channels that differ most. "
        f"n of each: {counts}. Under each title: score of the correlation with the person drawn. Dotted "
        "upright line: toe-off."
    )
    words = f"Curves of {pair.run} and {pair.against}: {'; '.join(f'{p.title}: {p.note}' for p in shown)}."
    return Figure(name, figures.curves(shown, columns=3), caption, words)


def _places(pair) -> list[tuple[tuple[str, str, str], str]]:
    """Keys of evidence and channels of what is named, filled up with the usual ones."""
    found = {}
    for one in named.named(pair):
        quantity = QUANTITIES.get(one.lead.domain)
        if quantity and one.lead.side and one.lead.channel:
            phase = "stance" if quantity == "force" else "stride"
            found.setdefault((quantity, one.lead.channel), ((quantity, one.lead.side, phase), one.lead.channel))
    for quantity, phase, channel in USUAL:
        if len(found) < len(USUAL):
            found.setdefault((quantity, channel), ((quantity, "right", phase), channel))
    return list(found.values())[:PANELS]


def _panel(both: tuple[Results, Results], pair, protocol: Protocol, key: tuple, channel: str) -> Panel | None:
    drawn = [panels.panel(one, protocol, key, channel, single=False) for one in both]
    if any(one is None for one in drawn):
        return None
    lines_ = []
    for kind, name, one in zip(("simulated", "other"), (pair.run, pair.against), drawn):
        line = one.lines[0]
        lines_.append(Line(kind, f"{name}: {line.label.partition(': ')[2]}", line.mean, line.spread))
    persons = [line for line in drawn[0].lines[1:]]
    if persons:
        best = next((line for line in persons if line.kind == "same"), persons[0])
        lines_.append(Line("same", best.label, best.mean, best.spread))
    own = drawn[0]
    title = f"{named.channel(DOMAIN_OF[key[0]], channel)}, {key[1]}"
    return Panel(title, own.axis, tuple(lines_), _note(both, pair, protocol, key, channel), own.marks, own.x_label)


def _note(both: tuple[Results, Results], pair, protocol: Protocol, key: tuple, channel: str) -> str:
    """Scores of both with the person drawn."""
    person = next(iter(people.partners(both[0], protocol)), None)
    if person is None:
        return ""
    place = {"domain": DOMAIN_OF[key[0]], "channel": channel, "side": key[1], "reference": person.name}
    found = [one.find("correlation", **place) for one in both]
    values = [part[0].score if part else math.nan for part in found]
    if not any(map(math.isfinite, values)):
        return ""
    return f"S {wording.number(values[0])} ({pair.run}), {wording.number(values[1])} ({pair.against})"


def _methods(compared) -> Section:
    resampling = compared.protocol.resampling
    texts = [
        "How each run was measured stands in its own report. Findings of two runs belong together when domain, "
        "measure, channel, side and person are the same.",
        _limits(),
    ]
    if compared.pairs:
        texts.append(
            f"Differences of two runs have {100 * resampling.level:.0f} % percentile intervals "
            f"{cite('davison1997')} from {resampling.draws} resamples of trials and of the strides within them (seed "
            f"{resampling.seed}). {_paired(compared)} A difference is named when its interval excludes zero and it is "
            "larger than its limit; it lies within the limit when its whole interval does; all others are undecided. "
            "A run is nearer to a person when the interval of the difference of their distances excludes zero. Medians "
            "of scores are taken over the channels that r can judge in both runs."
        )
    if compared.scheme == GROUPS:
        texts += [difference_tables.group_methods(compared), *difference_groups.methods(compared)]
    return Section("methods", "Methods of the comparison", tuple(Paragraph(text) for text in texts))


def _limits() -> str:
    return (
        "The smallest difference that matters is, in this order: a tenth of the way from null to a typical human for a "
        "correlation with both (0.05 in r without them; what lies above a typical human is not counted); a quarter of "
        "the human error for an error (below the human error nothing is counted); the margins of equivalence "
        f"{cite('mcginley2009', 'baker2012')} where there is one; 10 % of the human figure; the limit of the unit; "
        "10 % of the larger value. Each stands in the tables; all but the cited ones are choices of this project."
    )


def _paired(compared) -> str:
    apart = [f"{pair.run} and {pair.against}" for pair in compared.pairs if not pair.is_paired]
    if not apart:
        return "Both runs walked the same trials from the same phases, so trials were drawn in pairs."
    return f"Not all trials gave strides in both of {wording.listed(apart)}, so their trials were drawn apart."


def _cannot(compared) -> Section:
    items = []
    if compared.scheme == GROUPS:
        n = f"{len(compared.held)} and {len(compared.against)} runs"
        items.append(f"What is said holds for runs like these {n}, not for other bodies, settings or tasks.")
    else:
        items.append(
            "Intervals are over trials and strides: they are about these walks only. They say nothing of other runs of "
            "the same controllers, e.g. with another seed, so there is no p value; five runs on a side are needed."
        )
        count = sum(math.isfinite(one.low) for pair in compared.pairs for one in pair.differences)
        chance = (1.0 - compared.protocol.resampling.level) * count
        items.append(
            f"{count} intervals were made: by chance alone about {chance:.0f} of them would exclude zero in two "
            "walks of one controller. Many are of the same curves. The limits, not the intervals, keep small "
            "differences out."
        )
    items.append("“Undecided” is not “equal”: only a difference whose whole interval lies within its limit is small.")
    items.append(
        "Why the runs differ is not tested: what differs in their settings is listed, not which of it matters."
    )
    items.append("Nearer to a person means nearer in this one measure to these few people.")
    for name, one in compared.runs.items():
        items += [
            f"{name}: gate {gate.name} ({gate.title}) failed, {wording.sentence(gate.found)}; its figures are in doubt "
            "where its own report says so."
            for gate in one.failed_gates
        ]
    return Section("cannot", "Limits", (Box("What this comparison cannot claim", tuple(items)),))
