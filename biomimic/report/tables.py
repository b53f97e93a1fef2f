"""Tables of a comparison: r and errors against one person, many people at once, lags, numbers beside people's."""

import math
import re
from collections.abc import Sequence

from biomimic.gait.strides import SIDES
from biomimic.report import people, wording
from biomimic.report.blocks import Block, Table
from biomimic.report.people import Partner
from biomimic.report.scores import grade
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Finding, Results

ERRORS = ("rmse", "rmse_without_offset")
MOST = 6  # people that each have a column of their own
DASH = wording.MISSING
PLACE = re.compile(r"([+-]\d+\.\d) SD from the mean of (\d+) people, percentile (\d+)")


def least_and_most(found: Sequence[Finding]) -> str:
    """Least and largest n of the human rows behind these findings."""
    unit = "people" if found[0].reference == people.GROUP else found[0].of_human
    return wording.span([finding.n_human for finding in found], unit)


def agreement(results: Results, domain: str, partner: Partner, note: str) -> list[Block]:
    """Two tables against one partner: r with null, ceiling and score; errors with the human error and score.

    Args:
        results: with the findings.
        domain: of the findings.
        partner: compared with.
        note: what the null is.
    """
    found = results.find("correlation", domain=domain, reference=partner.name)
    if not found:
        return []
    header = ("Channel", "Side", "n", "r", "Null", "Ceiling", "Score", "Grade", "Remark")
    rows = [_row(finding) for finding in found]
    is_noted = any(row[-1] for row in rows)
    caption = (
        f"{wording.domain(domain)}: agreement with {people.named(partner)}{_shaped(found[0], results)}. n counts that "
        f"{'group' if partner.role == 'group' else 'person'}; the walk's n = {wording.basis(found[0].estimate)} a "
        f"side. {note} {_ceilings(found)}{_resampled(found)}"
    )
    table = Table(
        caption + (" In grey, channels that r cannot judge." if any(f.doubt for f in found) else ""),
        header if is_noted else header[:-1],
        tuple(row if is_noted else row[:-1] for row in rows),
        "lllrrrrl" + ("l" if is_noted else ""),
        tuple("muted" if finding.doubt else "" for finding in found),
        name=f"{_short(domain)}_r_{partner.name}",
    )
    return [table, *_errors(results, domain, partner)]


def each_alone(results: Results, protocol: Protocol, domain: str) -> list[Block]:
    """r and score against every single person, where their mean is compared with in full."""
    partners = people.alone(results, protocol)
    found = {p.name: results.find("correlation", domain=domain, reference=p.name) for p in partners}
    found = {name: part for name, part in found.items() if part}
    if not found:
        return []
    several = [finding for part in found.values() for finding in part]
    places = list(dict.fromkeys((f.channel, f.side) for f in several))
    by_place = {place: {f.reference: f for f in several if (f.channel, f.side) == place} for place in places}
    ceiling = {place: next(iter(part.values())) for place, part in by_place.items()}
    if len(found) <= MOST:
        heads = tuple(found)
        cells = {place: tuple(_alone(part.get(name)) for name in heads) for place, part in by_place.items()}
    else:
        heads = ("n", "Lowest r", "Median r", "Highest r", "Median score")
        cells = {place: _spread(list(part.values())) for place, part in by_place.items()}
    rows = tuple(
        (wording.channel(place[0]), place[1], *cells[place], wording.number(ceiling[place].ceiling)) for place in places
    )
    caption = (
        f"{wording.domain(domain)}: agreement with each of {len(found)} people alone, r with the score in brackets. "
        f"Null as against their mean, made from each person's own curves. {_ceilings(list(ceiling.values()))}"
    )
    tones = tuple("muted" if ceiling[place].doubt else "" for place in places)
    align = "ll" + "r" * (len(heads) + 1)
    return [Table(caption, ("Channel", "Side", *heads, "Ceiling"), rows, align, tones, name=f"{_short(domain)}_alone")]


def side_by_side(results: Results, protocol: Protocol, domain: str, names: Sequence[str], words: str) -> Table:
    """Numbers of single strides on both sides, beside those of each person; units stand with the name.

    Args:
        results: with the findings.
        protocol: says who is who.
        domain: of the findings.
        names: metrics, one a row.
        words: begin of the caption.
    """
    partners = people.partners(results, protocol)
    rows = [(*_beside(results, partners, domain, name), *_places(results, domain, name)) for name in names]
    own = "Simulated" if people.is_simulated(results) else "Measured"
    heads = [f"{partner.short}, {side}" for partner in partners for side in SIDES]
    header = ["Measure", *(f"{own}, {side}" for side in SIDES), *heads, *(f"Place, {side}" for side in SIDES)]
    kept = [k for k in range(len(header)) if k < 1 or any(row[k] != DASH for row in rows)]
    found = results.find(names[0], domain=domain)
    basis = f" {own}: mean with interval, n = {wording.basis(found[0].estimate)} a side;" if found else ""
    labels = "; ".join(people.label(results, partner) for partner in partners)
    table = tuple(tuple(row[k] for k in kept) for row in rows)
    align = "l" + "r" * (len(kept) - 1)
    caption = f"{words}{basis} {labels}."
    if any(row[-1] != DASH or row[-2] != DASH for row in rows):
        caption += " Place: distance from the mean of people in SD between them, and percentile."
    return Table(caption, tuple(header[k] for k in kept), table, align, name=f"{_short(domain)}_numbers")


def lags(results: Results, domain: str, partner: Partner) -> list[Block]:
    """Table of the best lag and the r reached there."""
    found = results.find("best_correlation", domain=domain, reference=partner.name)
    if not found:
        return []
    rows = []
    for finding in found:
        place = {"channel": finding.channel, "side": finding.side, "reference": partner.name}
        lag = results.find("best_lag", domain=domain, **place)
        bounds = (wording.number(finding.null), wording.number(finding.ceiling), wording.number(finding.score))
        late = wording.estimate(lag[0].estimate, metric_name="best_lag", bare=True) if lag else DASH
        among = wording.quantity(lag[0].ceiling, "ms", bare=True) if lag else DASH
        r = wording.estimate(finding.estimate)
        rows.append((wording.channel(finding.channel), finding.side, r, *bounds, late, among))
    caption = (
        f"{wording.domain(domain)}: best r within the allowed lag, against {people.named(partner)} (n = "
        f"{least_and_most(found)}). The walk's n = {wording.basis(found[0].estimate)} a side; a positive lag means "
        f"that the walk is later. The freedom to shift raises null and ceiling as well. {_ceilings(found)}"
    )
    header = ("Channel", "Side", "Best r", "Null", "Ceiling", "Score", "Lag at best r [ms]", "Lag among people [ms]")
    kept = len(header) if any(row[-1] != DASH for row in rows) else len(header) - 1
    tones = tuple("muted" if finding.doubt else "" for finding in found)
    name = f"{_short(domain)}_lags_{partner.name}"
    cells = tuple(row[:kept] for row in rows)
    return [Table(caption, header[:kept], cells, "llrrrrrr"[:kept], tones if any(tones) else (), name=name)]


def sides(results: Results) -> list[Block]:
    """Whether the two legs agree, since EMG of one leg only can speak for one leg."""
    found = results.find("side_correlation", domain="muscles")
    if not found:
        return []
    rows = tuple(
        (wording.channel(f.channel), wording.estimate(f.estimate), wording.number(f.null), wording.number(f.ceiling))
        for f in found
    )
    caption = (
        "Right against left leg of the walk: r of the mean activity. Null: other muscles and other phases of the same "
        f"leg. {_ceilings(found)} n = {wording.basis(found[0].estimate)}."
    )
    return [Table(caption, ("Muscle", "r of right and left", "Null", "Ceiling"), rows, "lrrr", name="muscle_sides")]


def _row(finding: Finding) -> tuple[str, ...]:
    remark = finding.doubt or (finding.note if not math.isfinite(finding.value) else "")
    unit = "people" if finding.reference == people.GROUP else finding.of_human
    letter = DASH if finding.doubt else grade(finding.score, finding.score_interval[0])
    return (
        wording.channel(finding.channel),
        finding.side,
        wording.counted(finding.n_human, unit),
        wording.estimate(finding.estimate),
        wording.number(finding.null),
        wording.number(finding.ceiling),
        DASH if finding.doubt else wording.score(finding.score, *finding.score_interval),
        letter,
        wording.sentence(remark),
    )


def _errors(results: Results, domain: str, partner: Partner) -> list[Block]:
    """RMS errors with the human error and the score."""
    by_metric = {name: results.find(name, domain=domain, reference=partner.name) for name in ERRORS}
    by_metric = {name: part for name, part in by_metric.items() if part}
    if not by_metric:
        return []
    places = list(dict.fromkeys((f.channel, f.side) for part in by_metric.values() for f in part))
    header, columns = ["Channel", "Side"], []
    for name, part in by_metric.items():
        unit = part[0].estimate.unit
        written = wording.written_unit(name, unit)
        columns.append({(f.channel, f.side): _error(f, unit) for f in part})
        header += [f"{wording.metric(name)} [{written}]", f"Human [{written}]", "Score"]
    rows = tuple(
        (wording.channel(place[0]), place[1], *(cell for part in columns for cell in part.get(place, (DASH,) * 3)))
        for place in places
    )
    first = next(iter(by_metric.values()))
    caption = (
        f"{wording.domain(domain)}: root mean square errors against {people.named(partner)}. Score: human error over "
        f"this error. {_ceilings(first, 'Human error', 'human error')}"
    )
    align = "ll" + "r" * (len(header) - 2)
    return [Table(caption, tuple(header), rows, align, name=f"{_short(domain)}_rmse_{partner.name}")]


def _error(finding: Finding, unit: str) -> tuple[str, str, str]:
    value = wording.estimate(finding.estimate, metric_name=finding.metric, bare=True)
    human = wording.quantity(finding.ceiling, unit, bare=True)
    return value, human, wording.number(finding.score)


def _alone(finding: Finding | None) -> str:
    if finding is None or not math.isfinite(finding.value):
        return DASH
    return f"{wording.number(finding.value)} ({wording.number(finding.score)})"


def _spread(found: Sequence[Finding]) -> tuple[str, ...]:
    values = sorted(f.value for f in found if math.isfinite(f.value))
    scores = sorted(f.score for f in found if math.isfinite(f.score))
    if not values:
        return (DASH,) * 5
    figures = (values[0], wording.median(values), values[-1], wording.median(scores))
    return (wording.counted(len(values), "people"), *map(wording.number, figures))


def _shaped(finding: Finding, results: Results) -> str:
    return f" ({finding.shaped})" if finding.shaped and people.is_simulated(results) else ""


def _resampled(found: Sequence[Finding]) -> str:
    """What the intervals of the scores resampled."""
    known = dict.fromkeys(f.score_of for f in found if f.score_of)
    if not known:
        return " No interval of the scores: nothing could be resampled."
    what = f"{next(iter(known))}" if len(known) == 1 else wording.listed(list(known))
    return f" Intervals of the scores resample {what}."


def _ceilings(found: Sequence[Finding], what: str = "Ceiling", none_of: str = "ceiling") -> str:
    """What the ceilings, or human errors, are, said once with the span of their n; where there is none, why."""
    known = [f.ceiling_from for f in found if math.isfinite(f.ceiling) and f.ceiling_from]
    counts = [int(n) for words in known for n in re.findall(r"n = (\d+)", words)]
    span = f"{min(counts)} to {max(counts)}" if counts and min(counts) < max(counts) else "".join(map(str, counts[:1]))
    same = dict.fromkeys(re.sub(r"n = [0-9]+", f"n = {span}", words) for words in known)
    text = f"{what}: {'; '.join(same)}." if same else ""
    none: dict[str, dict[str, None]] = {}
    for finding in found:
        if not math.isfinite(finding.ceiling):
            none.setdefault(finding.ceiling_from, {})[wording.channel(finding.channel).lower()] = None
    every = len({finding.channel for finding in found})
    parts = [text]
    for why, channels in none.items():
        whom = "" if len(channels) == every else f" for {wording.listed(list(channels))}"
        parts.append(f"No {none_of}{whom}: {why.removeprefix('none: ')}.")
    return " ".join(part for part in parts if part)


def _short(domain: str) -> str:
    return "force" if domain == "ground reaction force" else domain.replace(" ", "_")


def _places(results: Results, domain: str, name: str) -> tuple[str, ...]:
    """Where the number lies among several people, for each side, as its note says."""
    cells = []
    for side in SIDES:
        found = results.find(name, domain=domain, side=side, reference=people.GROUP)
        place = PLACE.search(found[0].note) if found else None
        cells.append(f"{wording.sentence(place[1])} SD, {place[3]} %" if place else DASH)
    return tuple(cells)


def _beside(results: Results, partners: Sequence[Partner], domain: str, name: str) -> tuple[str, ...]:
    same = next((partner.name for partner in partners if partner.role == "same"), "")
    cells, unit = [], "1"
    for side in SIDES:
        found = results.find(name, domain=domain, side=side, reference=same)
        found = found or results.find(name, domain=domain, side=side)
        cells.append(wording.estimate(found[0].estimate, metric_name=name, bare=True) if found else DASH)
        unit = wording.unit_of(name, found[0].estimate.unit) if found else unit
    for partner in partners:
        for side in SIDES:
            found = results.find(name, domain=domain, side=side, reference=partner.name)
            is_own = found and found[0].n_human and not name.endswith("difference")
            cells.append(wording.quantity(found[0].human, unit, bare=True) if is_own else DASH)
    written = wording.UNITS.get(unit, (1.0, 3, unit))[2]
    return (wording.first_upper(wording.metric(name)) + (f" [{written}]" if written else ""), *cells)
