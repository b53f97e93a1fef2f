"""Tables of any domain's numbers, laid out by what its findings hold: a new measure needs only its words and unit.

A measure with a null or a score has a table of its own, so that no such number stands alone; the others share tables,
one column a measure beside the human figures that are known, with a row for each channel, side and person; numbers of
the whole body stand one a row.
"""

import math
from collections.abc import Iterable, Sequence

from biomimic.report import people, wording
from biomimic.report.blocks import Block, Table
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Finding, Results

WIDTH = 7  # of the numbers side by side; one with an interval takes two, one without it one
DASH = wording.MISSING
AMONG = "Among people"  # head of what people reach against each other
NARROW = 3  # numbers beside which a remark has room
NOTES = 2  # remarks that a caption repeats
PLACES = 5  # channels that a reason names
REASONS = 4  # reasons for missing numbers that a caption names


def rest(results: Results, protocol: Protocol, domain: str, shown: Iterable[str] = ()) -> list[Block]:
    """Tables of all findings of a domain but those of the measures, and of the references, shown elsewhere.

    Args:
        results: with the findings.
        protocol: says against whom the walk is held in full; single people beside their mean stand in metrics.csv.
        domain: of the findings.
        shown: measures that other tables of the section hold.
    """
    skip = set(shown)
    away = {people.TARGET, *(one.name for one in people.alone(results, protocol))}
    found = [f for f in results.findings if f.domain == domain and f.metric not in skip]
    return tables([finding for finding in found if finding.reference not in away])


def tables(found: Sequence[Finding]) -> list[Block]:
    """Tables of findings, in the order of their measures."""
    by_metric: dict[str, list[Finding]] = {}
    for finding in found:
        by_metric.setdefault(finding.metric, []).append(finding)
    blocks: list[Block] = []
    single = [part for part in by_metric.values() if not _has_place(part)]
    if single:
        blocks.append(_whole(single))
    several: dict[tuple, list[list[Finding]]] = {}
    for part in (part for part in by_metric.values() if _has_place(part)):
        if _is_judged(part):
            blocks.append(_judged(part))
        else:
            several.setdefault(tuple(dict.fromkeys(map(_place, part))), []).append(part)
    for groups in several.values():
        blocks += [_beside(part) for part in _chunks(groups)]
    return blocks


def name(metric: str, unit: str = "") -> str:
    """A measure as the head of a column or row, with its unit."""
    written = wording.written_unit(metric, unit) if unit else ""
    return wording.first_upper(wording.metric(metric)) + (f" [{written}]" if written else "")


def reasons(found: Sequence[Finding]) -> str:
    """Why numbers are missing, for a caption: each reason once with the channels it holds for."""
    by_reason: dict[str, dict[str, None]] = {}
    for finding in found:
        note = finding.note or finding.estimate.note
        if note and not math.isfinite(finding.value):
            by_reason.setdefault(wording.sentence(note), {})[_where(finding)] = None
    parts = [f"{_listed(places)}: {note}".removeprefix(": ") for note, places in by_reason.items()]
    more = f"; and {len(parts) - REASONS} more reasons in metrics.csv" if len(parts) > REASONS else ""
    return f" No value: {'; '.join(parts[:REASONS])}{more}." if parts else ""


def _listed(places: Iterable[str]) -> str:
    """Channels and sides by name, or how many they are when they are many."""
    known = [place for place in places if place]
    return ", ".join(known) if len(known) <= PLACES else f"{len(known)} channels and sides"


def remarks(found: Sequence[Finding]) -> str:
    """What is noted of numbers that exist, where it is the same for many."""
    notes = list(dict.fromkeys(f.note or f.estimate.note for f in found if math.isfinite(f.value)))
    notes = [wording.sentence(note) for note in notes if note]
    return f" Note: {'; '.join(notes)}." if notes and len(notes) <= NOTES else ""


def basis(found: Sequence[Finding]) -> str:
    """What n is, when it is the same for all; else its span."""
    units = list(dict.fromkeys(finding.estimate.of for finding in found))
    spans = [wording.span([f.estimate.n for f in found if f.estimate.of == unit], unit) for unit in units]
    return f" n = {' or '.join(spans)}." if spans else ""


def _chunks(groups: Sequence[list[Finding]]) -> list[list[list[Finding]]]:
    """Measures in tables that are not too wide; human figures beside a measure take one each."""
    parts: list[list[list[Finding]]] = [[]]
    width = 0
    for group in groups:
        own = len(_columns(group)) + any(math.isfinite(finding.estimate.low) for finding in group)
        if parts[-1] and width + own > WIDTH:
            parts.append([])
            width = 0
        parts[-1].append(group)
        width += own
    return parts


def _whole(groups: Sequence[list[Finding]]) -> Table:
    """Numbers of the whole body: one measure and person a row."""
    found = [finding for part in groups for finding in part]
    rows = [
        (
            wording.first_upper(wording.metric(f.metric)),
            f.reference or DASH,
            wording.estimate(f.estimate, metric_name=f.metric),
            wording.basis(f.estimate),
            _quantity(f, f.human),
            _bound(f, f.null),
            _bound(f, f.ceiling),
            _score(f),
            wording.sentence(f.note),
        )
        for f in found
    ]
    header = ("Measure", "Against", "Value", "n", "Human", "Null", "Ceiling", "Score", "Remark")
    caption = f"{wording.domain(found[0].domain)}: numbers of the whole walk.{_ceilings(found)}"
    return _table(caption, header, rows, "llrlrrrrl", found)


def _judged(found: Sequence[Finding]) -> Table:
    """One measure with what it is read against."""
    rows = [
        (
            _channel(f),
            f.side or DASH,
            f.reference or DASH,
            wording.estimate(f.estimate, metric_name=f.metric, bare=True),
            _quantity(f, f.human, bare=True),
            _bound(f, f.null),
            _bound(f, f.ceiling),
            _score(f),
            wording.sentence(f.doubt),
        )
        for f in found
    ]
    head = name(found[0].metric, found[0].estimate.unit)
    header = ("Channel", "Side", "Against", head, "Human", "Null", "Ceiling", "Score", "Remark")
    caption = f"{wording.domain(found[0].domain)}: {wording.metric(found[0].metric)}.{basis(found)}{_ceilings(found)}"
    return _table(caption + reasons(found) + remarks(found), header, rows, "lllrrrrrl", found)


def _beside(groups: Sequence[Sequence[Finding]]) -> Table:
    """Measures of the same channels, sides and people, side by side, each beside the human figures that are known."""
    found = [finding for part in groups for finding in part]
    by_place = {_place(finding): finding for finding in reversed(found)}
    columns = [column for part in groups for column in _columns(part)]
    noted = {place: _notes(found, place) for place in by_place} if len(columns) <= NARROW else {}
    is_noted = len(set(noted.values())) > NOTES
    rows = []
    for place in dict.fromkeys(map(_place, found)):
        one = by_place[place]
        cells = [cells.get(place, DASH) for _, cells in columns]
        remark = (noted[place],) if is_noted else ()
        rows.append((_channel(one), one.side or DASH, one.reference or DASH, *cells, *remark))
    header = ("Channel", "Side", "Against", *(head for head, _ in columns), *(("Remark",) if is_noted else ()))
    words = wording.listed([wording.metric(part[0].metric) for part in groups])
    caption = f"{wording.domain(found[0].domain)}: {words}.{basis(found)}{_ceilings(found, AMONG)}{reasons(found)}"
    align = "lll" + "r" * len(columns) + ("l" if is_noted else "")
    return _table(caption + remarks(found), header, rows, align, [])


def _columns(part: Sequence[Finding]) -> list[tuple[str, dict]]:
    """A measure, then the same of the person, then of people among themselves, as far as they are known."""
    metric, unit = part[0].metric, part[0].estimate.unit
    found = [
        (name(metric, unit), {_place(f): wording.estimate(f.estimate, metric_name=metric, bare=True) for f in part})
    ]
    for head, values in (
        ("Human", {_place(f): _quantity(f, f.human, bare=True) for f in part}),
        (AMONG, {_place(f): _bound(f, f.ceiling) for f in part}),
    ):
        if any(value != DASH for value in values.values()):
            found.append((head, values))
    return found


def _notes(found: Sequence[Finding], place: tuple[str, str, str]) -> str:
    notes = dict.fromkeys(f.note or f.estimate.note for f in found if _place(f) == place and math.isfinite(f.value))
    return "; ".join(wording.sentence(note) for note in notes if note)


def _table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], align: str, found: Sequence[Finding]
) -> Table:
    """A table without the columns that hold nothing; rows that r cannot judge are muted."""
    kept = [k for k in range(len(header)) if any(row[k] not in (DASH, "") for row in rows)] or [0]
    tones = tuple("muted" if finding.doubt else "" for finding in found)
    return Table(
        caption,
        tuple(header[k] for k in kept),
        tuple(tuple(row[k] for k in kept) for row in rows),
        "".join(align[k] for k in kept),
        tones if any(tones) else (),
    )


def _ceilings(found: Sequence[Finding], what: str = "Ceiling") -> str:
    """What the ceilings are, or why there is none, where a finding says so."""
    with_one = dict.fromkeys(f.ceiling_from for f in found if math.isfinite(f.ceiling) and f.ceiling_from)
    none = dict.fromkeys(
        f.ceiling_from.removeprefix("none: ") for f in found if not math.isfinite(f.ceiling) and f.ceiling_from
    )
    is_asked = any(math.isfinite(f.null) for f in found)
    text = f" {what}: {'; '.join(with_one)}." if with_one else ""
    return text + (f" No ceiling: {'; '.join(none)}." if none and is_asked else "")


def _is_judged(found: Sequence[Finding]) -> bool:
    return any(map(math.isfinite, (v for f in found for v in (f.null, f.score))))


def _has_place(found: Sequence[Finding]) -> bool:
    return any(finding.channel or finding.side for finding in found)


def _place(finding: Finding) -> tuple[str, str, str]:
    return finding.channel, finding.side, finding.reference


def _where(finding: Finding) -> str:
    return " ".join(part for part in (_channel(finding).lower(), finding.side) if part and part != DASH.lower())


def _channel(finding: Finding) -> str:
    return wording.channel(finding.channel) if finding.channel else DASH


def _unit(finding: Finding) -> str:
    return wording.unit_of(finding.metric, finding.estimate.unit)


def _quantity(finding: Finding, value: float, *, bare: bool = False) -> str:
    return wording.quantity(value, _unit(finding), bare=bare)


def _bound(finding: Finding, value: float) -> str:
    """A null or a ceiling, in the unit of its measure, which stands with the name or the value."""
    return wording.quantity(value, _unit(finding), bare=True)


def _score(finding: Finding) -> str:
    return wording.score(finding.score, *finding.score_interval)
