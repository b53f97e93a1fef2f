"""Three questions kept apart: does it track its target, does it look human, how much is retargeting."""

import math
from collections.abc import Sequence

from biomimic.report import panels, people, scores, wording
from biomimic.report.blocks import Block, Paragraph, Section, Table
from biomimic.report.people import TARGET
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Finding, Results

CHECKLIST = (2.0, 5.0)  # [degrees] RMS of orientation that the OpenSim checklist asks to stay below, strict and wide
SOURCE = "OpenSim documentation, “Simulation with OpenSim – Best Practices”, checklist"
QUANTITIES = {
    "kinematics": ("angles", "stride"),
    "ground reaction force": ("force", "stance"),
    "muscles": ("activity", "stride"),
    "moments": ("moment", "stride"),
    "powers": ("power", "stride"),
}
DASH = wording.MISSING
DEGREES = 180.0 / math.pi

Place = tuple[str, str]  # channel, side


def tracking(results: Results) -> Section:
    """Whether the walk does what its controller was asked to do; nothing human in it."""
    title = "Does it track its target?"
    if not people.has_target(results):
        return Section("tracking", title, (Paragraph(_no_target(results)),))
    domains = dict.fromkeys(f.domain for f in results.findings if f.reference == TARGET)
    blocks: list[Block] = [Paragraph(_tracked(results))]
    blocks += [_tracking_table(results, domain) for domain in domains]
    return Section("tracking", title, tuple(blocks))


def human(results: Results, protocol: Protocol) -> Section:
    """The score of every channel, against people and against the person whose motion is tracked."""
    title = "Does it look human?"
    columns = [one for one in (people.judge(results, protocol), people.same(results, protocol)) if one is not None]
    found = [f for f in results.findings if f.metric == "correlation" and f.reference in {c.name for c in columns}]
    found = [f for f in found if f.domain in QUANTITIES]
    if not found:
        return Section("human", title, (Paragraph("Nobody was compared with on a channel of these recordings."),))
    text = "Against other people, 1 is what people reach among themselves."
    if people.same(results, protocol) is not None:
        text = (
            f"Looking human and repeating one person are two questions. {text} Against the person whose motion was "
            "tracked, 1 is what that person, or one like them, reaches from stride to stride, which is harder."
        )
    words = Paragraph(f"{text} r, null and ceiling of every row stand in the sections that follow.")
    return Section("human", title, (words, _matrix(results, found, columns), *scores.left_out(results, protocol)))


def retargeting(results: Results) -> Section:
    """How far the target itself is from its person: what no controller can be blamed for."""
    title = "How much of the difference is retargeting?"
    found = [f for f in results.findings if f.domain == "retargeting"]
    if not found:
        text = _no_target(results)
        if people.has_target(results):
            text = "The target has nothing in common with a recorded person: retargeting could not be told apart."
        return Section("retargeting", title, (Paragraph(text),))
    domains = dict.fromkeys(f.note for f in found)
    tables = [_retargeting_table(results, [f for f in found if f.note == domain], domain) for domain in domains]
    return Section("retargeting", title, (Paragraph(_budget(results, found)), *tables))


def _no_target(results: Results) -> str:
    if not people.is_simulated(results):
        return "A person was measured: no controller tracked a target, and no motion was fitted to another body."
    return "No target is known of this run: what it was asked to do cannot be told apart from what it did."


def _tracked(results: Results) -> str:
    """Median and worst error of the angles, against the checklist."""
    text = (
        "Here the walk is held against the motion that its controller was given, not against a person: a good walk "
        "here may still not look human, and the other way round. The target is a motion, so there is no ceiling and "
        "no score."
    )
    errors = _known(results.find("rmse", domain="kinematics", reference=TARGET))
    if not errors:
        return text
    worst = max(errors, key=lambda f: f.value)
    low, high = CHECKLIST
    values = [DEGREES * f.value for f in errors]
    return (
        f"{text} Over {len(errors)} angles and sides the root mean square error is {wording.median(values):.1f}° in "
        f"the median and {DEGREES * worst.value:.1f}° at most ({_where(worst)}); {sum(v <= low for v in values)} stay "
        f"within {low:g}°, {sum(v <= high for v in values)} within {high:g}°."
    )


def _tracking_table(results: Results, domain: str) -> Table:
    r = _by_place(results.find("correlation", domain=domain, reference=TARGET))
    errors = _by_place(results.find("rmse", domain=domain, reference=TARGET))
    rest = _by_place(results.find("rmse_without_offset", domain=domain, reference=TARGET))
    places = list(dict.fromkeys((*r, *errors, *rest)))
    is_angle = domain == "kinematics"
    rows, tones = [], []
    for place in places:
        verdict, tone = _checked(errors.get(place)) if is_angle else (DASH, "")
        rows.append(
            (wording.channel(place[0]), place[1], *_r(r.get(place)), _e(errors, place), _e(rest, place), verdict)
        )
        tones.append(tone)
    unit = next((f.estimate.unit for f in errors.values()), "1")
    written = wording.written_unit("rmse", unit)
    header = ("Channel", "Side", "r", "Null", f"RMSE [{written}]", f"RMSE without offset [{written}]", "Checklist")
    first = next(iter((r or errors).values()))
    limit = f" Checklist: at most {CHECKLIST[0]:g} to {CHECKLIST[1]:g}° RMS ({SOURCE})." if is_angle else ""
    caption = (
        f"{wording.domain(domain)}: the walk against its target. n = {wording.basis(first.estimate)} a side; the "
        f"target has n = 1 stride. No ceiling: the target is no person.{limit}"
    )
    kept = [k for k in range(len(header)) if any(row[k] != DASH for row in rows)]
    align = "llrrrrl"
    return Table(
        caption,
        tuple(header[k] for k in kept),
        tuple(tuple(row[k] for k in kept) for row in rows),
        "".join(align[k] for k in kept),
        tuple(tones) if is_angle else (),
        name=f"tracking_{QUANTITIES.get(domain, (domain.replace(' ', '_'),))[0]}",
    )


def _checked(finding: Finding | None) -> tuple[str, str]:
    if finding is None or not math.isfinite(finding.value):
        return DASH, ""
    low, high = CHECKLIST
    value = DEGREES * finding.value
    if value <= low:
        return f"within {low:g}°", "good"
    return (f"within {high:g}°", "") if value <= high else (f"above {high:g}°", "bad")


def _matrix(results: Results, found: Sequence[Finding], columns: Sequence[people.Partner]) -> Table:
    """One row a channel and side: score, grade and error score against people and against the tracked person."""
    places = list(dict.fromkeys((f.domain, f.channel, f.side) for f in found))
    by_key = {(f.domain, f.channel, f.side, f.reference): f for f in found}
    errors, outside = (
        {(f.domain, f.channel, f.side, f.reference): f for f in results.findings if f.metric == metric}
        for metric in ("rmse", "outside_band")
    )
    judge = next((column for column in columns if column.role != "same"), None)
    rows, tones = [], []
    for place in places:
        cells: list[str] = []
        own = [by_key.get((*place, column.name)) for column in columns]
        for column, finding in zip(columns, own):
            error = errors.get((*place, column.name))
            cells += [*_scored(finding), wording.number(error.score) if error else DASH]
        away = outside.get((*place, judge.name)) if judge else None
        rows.append((wording.domain(place[0]), wording.channel(place[1]), place[2], *cells, _percent(away)))
        tones.append("muted" if any(f is not None and f.doubt for f in own) else "")
    header = ["Domain", "Channel", "Side"]
    for column in columns:
        whom = "people" if column.role == "group" else column.short.lower()
        header += [f"S, {whom}", "Grade", "S of RMSE"]
    header.append("Outside band [%]")
    kept = [k for k in range(len(header)) if k < 3 or any(row[k] != DASH for row in rows)]
    labels = "; ".join(f"{column.short.lower()}: {people.named(column)}" for column in columns)
    caption = (
        f"Score of every channel and side ({labels}). S: score of r with its interval. S of RMSE: human error over "
        "this error. In grey, channels that r cannot judge; they count in no median. "
        f"{panels.band_words(results)}"
    ).strip()
    align = "lll" + "rlr" * len(columns) + "r"
    return Table(
        caption,
        tuple(header[k] for k in kept),
        tuple(tuple(row[k] for k in kept) for row in rows),
        "".join(align[k] for k in kept),
        tuple(tones),
        name="scores_of_channels",
    )


def _scored(finding: Finding | None) -> tuple[str, str]:
    if finding is None or finding.doubt:
        return (DASH, DASH)
    low, high = finding.score_interval
    return wording.score(finding.score, low, high), scores.grade(finding.score, low)


def _budget(results: Results, found: Sequence[Finding]) -> str:
    """Three distances of the angles: target to person, walk to target, walk to person."""
    text = (
        "The target was made by fitting a recorded person's motion to another body. What the fit lost, no controller "
        "can give back: the target's own distance from the person stands beside the walk's. The three distances do "
        "not add up, because errors may point against each other."
    )
    person = found[0].reference
    fit = [f for f in found if f.metric == "rmse" and f.note == "kinematics"]
    walk = _by_place(results.find("rmse", domain="kinematics", reference=person))
    tracked = _by_place(results.find("rmse", domain="kinematics", reference=TARGET))
    able = [f for f in _known(fit) if _place(f) in walk and _place(f) in tracked]
    if not able:
        return text
    three = [[DEGREES * f.value for f in able]]
    three += [[DEGREES * part[_place(f)].value for f in able] for part in (tracked, walk)]
    a, b, c = map(wording.median, three)
    closer = sum(walk[_place(f)].value < f.value for f in able)
    return (
        f"{text} Over {len(able)} angles and sides the median root mean square error is {a:.1f}° from the target to "
        f"the person, {b:.1f}° from the walk to the target and {c:.1f}° from the walk to the person; in {closer} the "
        "walk is closer to the person than its target."
    )


def _retargeting_table(results: Results, found: Sequence[Finding], domain: str) -> Table:
    person = found[0].reference
    fit = {name: _by_place([f for f in found if f.metric == name]) for name in ("correlation", "rmse")}
    walk = {name: _by_place(results.find(name, domain=domain, reference=person)) for name in fit}
    tracked = _by_place(results.find("rmse", domain=domain, reference=TARGET))
    rows = []
    for place in dict.fromkeys(map(_place, found)):
        one = fit["correlation"].get(place)
        own = walk["correlation"].get(place)
        bounds = (wording.number(one.null), wording.number(one.ceiling)) if one else (DASH, DASH)
        rs = (_r(one)[0], wording.number(own.value) if own else DASH)
        rmse = (_e(fit["rmse"], place), _e(tracked, place), _e(walk["rmse"], place))
        rows.append((wording.channel(place[0]), place[1], *bounds, *rs, *rmse))
    unit = next((f.estimate.unit for f in fit["rmse"].values()), "1")
    written = wording.written_unit("rmse", unit)
    header = ("Channel", "Side", "Null", "Ceiling", "r, target to person", "r, walk to person")
    header += tuple(f"RMSE, {pair} [{written}]" for pair in ("target to person", "walk to target", "walk to person"))
    caption = (
        f"{wording.domain(domain)}: the target and the walk against {person} (n = "
        f"{wording.counted(found[0].n_human, found[0].of_human)} a side; the target has n = 1 stride). Null and "
        "ceiling are those of the person, the same for both."
    )
    name = f"retargeting_{QUANTITIES.get(domain, (domain.replace(' ', '_'),))[0]}"
    return Table(caption, header, tuple(rows), "llrrrrrrr", name=name)


def _r(finding: Finding | None) -> tuple[str, str]:
    if finding is None:
        return DASH, DASH
    return wording.estimate(finding.estimate), wording.number(finding.null)


def _e(part: dict[Place, Finding], place: Place) -> str:
    found = part.get(place)
    return wording.estimate(found.estimate, metric_name=found.metric, bare=True) if found else DASH


def _by_place(found: Sequence[Finding]) -> dict[Place, Finding]:
    return {_place(finding): finding for finding in found}


def _known(found: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in found if math.isfinite(finding.value)]


def _place(finding: Finding) -> Place:
    return finding.channel, finding.side


def _where(finding: Finding) -> str:
    return f"{wording.channel(finding.channel).lower()}, {finding.side}"


def _percent(share: Finding | None) -> str:
    return wording.number(100.0 * share.value, 0) if share is not None else DASH
