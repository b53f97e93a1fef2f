"""Tables of a comparison: agreement with one person, numbers of single strides, lags, right against left."""

import math
import re

from biomimic.gait.strides import SIDES
from biomimic.report import panels, wording
from biomimic.report.blocks import Block, Table
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Finding, Results

ERRORS = ("rmse", "rmse_without_offset", "peak_ratio")


def least_and_most(found: list[Finding]) -> str:
    """Least and largest n of the human rows behind these findings."""
    return wording.span([finding.n_human for finding in found], found[0].of_human)


def agreement(results: Results, domain: str, reference: str, note: str) -> list[Block]:
    """Table of r with null, ceiling and score, and errors, against one person."""
    found = results.find("correlation", domain=domain, reference=reference)
    if not found:
        return []
    errors = [name for name in ERRORS if results.find(name, domain=domain, reference=reference)]
    units = {name: results.find(name, domain=domain, reference=reference)[0].estimate.unit for name in errors}
    written = {name: wording.UNITS.get(unit, (1.0, 3, unit))[2] for name, unit in units.items()}
    head = [f"{wording.first_upper(wording.metric(m))}{f' [{written[m]}]' if written[m] else ''}" for m in errors]
    header = ("Channel", "Side", "n", "r", "Null", "Ceiling", "Score", *head)
    rows = tuple(_agreement_row(results, finding, errors) for finding in found)
    tones = tuple("muted" if finding.doubt else "" for finding in found)
    caption = (
        f"Agreement with {reference} ({found[0].shaped}); n is that of this person. Simulated n = "
        f"{wording.basis(found[0].estimate)} a side. {note} {_ceilings(found)} Score: 0 at the null, 1 at the "
        "ceiling, on Fisher's scale."
    )
    missing = dict.fromkeys(f"{wording.channel(f.channel)}, {f.side}: {f.note}" for f in found if f.note)
    caption += f" No value: {'; '.join(missing)}." if missing else ""
    doubts = dict.fromkeys(f"{wording.channel(f.channel).lower()}: {f.doubt}" for f in found if f.doubt)
    caption += f" In grey, channels that r cannot judge ({'; '.join(doubts)})." if doubts else ""
    return [Table(caption, header, rows, "lllrrrr" + "r" * len(errors), tones)]


def _agreement_row(results: Results, finding: Finding, errors: list[str]) -> tuple[str, ...]:
    place = {"domain": finding.domain, "channel": finding.channel, "side": finding.side, "reference": finding.reference}
    rest = [results.find(name, **place) for name in errors]
    values = [
        wording.estimate(part[0].estimate, metric_name=part[0].metric, bare=True) if part else "–" for part in rest
    ]
    bounds = (wording.number(finding.null), wording.number(finding.ceiling), wording.number(finding.score))
    count = wording.counted(finding.n_human, finding.of_human)
    name = wording.channel(finding.channel)
    return (name, finding.side, count, wording.estimate(finding.estimate), *bounds, *values)


def _ceilings(found: list[Finding]) -> str:
    """What the ceilings are, said once with the span of their n; where there is none, why."""
    known = [finding.ceiling_from for finding in found if math.isfinite(finding.ceiling)]
    counts = [int(n) for words in known for n in re.findall(r"n = (\d+)", words)]
    text = ""
    if known:
        span = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
        text = f"It is {'; '.join(dict.fromkeys(re.sub(r'n = [0-9]+', f'n = {span}', words) for words in known))}."
    none: dict[str, dict[str, None]] = {}
    for finding in found:
        if not math.isfinite(finding.ceiling):
            none.setdefault(finding.ceiling_from, {})[wording.channel(finding.channel).lower()] = None
    parts = [
        text,
        *(
            f"No ceiling for {wording.listed(list(channels))}: {why.removeprefix('none: ')}."
            for why, channels in none.items()
        ),
    ]
    return " ".join(part for part in parts if part)


def side_by_side(results: Results, protocol: Protocol, domain: str, names: list[str], words: str) -> Table:
    """Numbers of single strides on both sides, beside those of each person; units stand with the name.

    Args:
        results: with the findings.
        protocol: says who is who.
        domain: of the findings.
        names: metrics, one a row.
        words: begin of the caption.
    """
    rows = [_row(results, protocol, domain, name) for name in names]
    people = [f"{panels.SHORT[human.role]}, {side}" for human in protocol.humans for side in SIDES]
    header = ["Measure", *(f"Simulated, {side}" for side in SIDES), *people]
    kept = [k for k in range(len(header)) if k < 3 or any(row[k] != "–" for row in rows)]
    found = results.find(names[0], domain=domain)
    basis = f" Simulated: mean with interval, n = {wording.basis(found[0].estimate)} a side;" if found else ""
    labels = "; ".join(panels.human_label(results, human.role, human.name) for human in protocol.humans)
    table = tuple(tuple(row[k] for k in kept) for row in rows)
    align = "l" + "r" * (len(kept) - 1)
    return Table(f"{words}{basis} {labels}.", tuple(header[k] for k in kept), table, align)


def _row(results: Results, protocol: Protocol, domain: str, name: str) -> tuple[str, ...]:
    same = next((human.name for human in protocol.humans if human.role == "same"), "")
    cells, unit = [], "1"
    for side in SIDES:
        found = results.find(name, domain=domain, side=side, reference=same)
        found = found or results.find(name, domain=domain, side=side)
        cells.append(wording.estimate(found[0].estimate, metric_name=name, bare=True) if found else "–")
        unit = wording.unit_of(name, found[0].estimate.unit) if found else unit
    for human in protocol.humans:
        for side in SIDES:
            found = results.find(name, domain=domain, side=side, reference=human.name)
            is_own = found and found[0].n_human and not name.endswith("difference")
            cells.append(wording.quantity(found[0].human, unit, bare=True) if is_own else "–")
    written = wording.UNITS.get(unit, (1.0, 3, unit))[2]
    return (wording.first_upper(wording.metric(name)) + (f" [{written}]" if written else ""), *cells)


def lags(results: Results, reference: str) -> list[Block]:
    """Table of the best lag and the r reached there."""
    found = results.find("best_correlation", domain="muscles", reference=reference)
    rows = []
    for finding in found:
        lag = results.find(
            "best_lag", domain="muscles", channel=finding.channel, side=finding.side, reference=reference
        )
        bounds = (wording.number(finding.null), wording.number(finding.ceiling))
        late = wording.estimate(lag[0].estimate, metric_name="best_lag") if lag else "–"
        rows.append((wording.channel(finding.channel), finding.side, wording.estimate(finding.estimate), *bounds, late))
    if not rows:
        return []
    caption = (
        f"Best r within the allowed lag, against {reference} (n = "
        f"{least_and_most(found)}); simulated n = {wording.basis(found[0].estimate)}. "
        "The freedom to shift raises null and ceiling as well."
    )
    return [Table(caption, ("Muscle", "Side", "Best r", "Null", "Ceiling", "Lag at best r"), tuple(rows), "llrrrr")]


def sides(results: Results) -> list[Block]:
    """Whether the two simulated legs agree, since EMG of one leg only can speak for one leg."""
    found = results.find("side_correlation", domain="muscles")
    if not found:
        return []
    rows = tuple((wording.channel(f.channel), wording.estimate(f.estimate), wording.number(f.null)) for f in found)
    caption = (
        "Right against left simulated leg: r of the mean activations. Null: other muscles and other phases of the "
        f"same leg. No ceiling: EMG of both legs was not recorded. n = {wording.basis(found[0].estimate)}."
    )
    return [Table(caption, ("Muscle", "r of right and left", "Null"), rows, "lrr")]
