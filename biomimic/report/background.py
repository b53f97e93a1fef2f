"""Sections on what the numbers stand on: physics and audit, stability, steps and effort, provenance, exclusions."""

import math
from collections import Counter

from biomimic.report import figures, people, tables, wording
from biomimic.report.blocks import Block, Bullets, Figure, Paragraph, Section, Table
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Check, Finding, Results, Walk

EVENTS = 0.02  # [s] median difference of two event methods that deserves a warning
HUMAN = ("title", "source", "licence", "attribution", "sha256")


def physics(results: Results) -> Section:
    """The numbers behind the gates: physics, events, and the audit of the signals."""
    met = {(o.metric, o.channel): o for o in results.outcomes if o.domain == "physics"}
    is_judged = bool(met)
    rows, tones = [], []
    for finding in (f for f in results.findings if f.domain == "physics"):
        outcome = met.get((finding.metric, finding.channel))
        verdict = wording.MISSING if outcome is None else "met" if outcome.passed else "not met"
        limit = wording.MISSING if outcome is None else _limit(outcome, finding)
        name = wording.first_upper(wording.metric(finding.metric)) + (f", {finding.side}" if finding.side else "")
        found = wording.estimate(finding.estimate, metric_name=finding.metric)
        note = finding.note or finding.estimate.note
        found = f"{wording.MISSING} ({wording.sentence(note)})" if found == wording.MISSING and note else found
        rows.append((name, found, wording.basis(finding.estimate), limit, verdict)[: 5 if is_judged else 3])
        tones.append("" if outcome is None else "good" if outcome.passed else "bad")
    table = Table(
        "Physics. Outside the pushes nothing but the ground may act on the body; the floor's force must explain the "
        "motion of the centre of mass; over whole strides the ground carries the body's weight.",
        ("Measure", "Found", "n", "Limit", "Verdict")[: 5 if is_judged else 3],
        tuple(rows),
        "lllll"[: 5 if is_judged else 3],
        tuple(tones),
        name="physics",
    )
    intro = (
        "The numbers behind the gates. The Newton residual is the length of the vector from mass × (acceleration − "
        "gravity) to the sum of all floor contact forces, sample by sample, averaged over each stride."
    )
    blocks = (Paragraph(intro), table, Paragraph(_events(results)), *_audit(results))
    return Section("gates", "Behind the gates: physics and audit", blocks)


def _events(results: Results) -> str:
    """Whether force and foot positions agree about the events, against the 20 ms of the protocol's notes."""
    parts = []
    for name, words in (("heel_strike_disagreement", "heel strike"), ("toe_off_disagreement", "toe-off")):
        known = [f.value for f in results.find(name, domain="physics") if math.isfinite(f.value)]
        if known:
            verdict = "more than" if max(known) > EVENTS else "no more than"
            parts.append(f"at {words} by {1000 * max(known):.0f} ms, {verdict} {1000 * EVENTS:.0f} ms")
    if not parts:
        return "Without foot positions the events from force could not be checked."
    return (
        "Events from force and from foot positions differ, by the median of the side that differs more, "
        f"{' and '.join(parts)}; the strides are those from force."
    )


def _limit(outcome, finding: Finding) -> str:
    return wording.limit(outcome.low, outcome.high, wording.unit_of(finding.metric, finding.estimate.unit))


def _audit(results: Results) -> list[Block]:
    """Checks that failed, or that no gate counts, one a row; those that passed in one row a kind."""
    if not results.audit:
        return []
    kinds = dict.fromkeys(check.name for check in results.audit)
    rows, tones = [], []
    for kind in kinds:
        several = [check for check in results.audit if check.name == kind]
        good = [check for check in several if check.passed]
        for check in (check for check in several if not check.passed):
            where = ", ".join(part for part in (wording.channel(check.channel), check.side) if part)
            rows.append((wording.first_upper(kind), where, wording.sentence(check.found), "no"))
            tones.append("bad")
        if good:
            where = wording.counted(len(good), "channels")
            rows.append((wording.first_upper(kind), f"{where} and sides", _example(good), "yes"))
            tones.append("")
    signs = next((gate.limit for gate in results.gates if gate.name == "G2"), "")
    caption = (
        "Audit of the signals, on mean curves and before anything was compared; what passed is counted, with one "
        f"example, and stands in full in results.json. {f'Sign and side: {signs}. ' if signs else ''}Plausible curve: "
        "what a walking stride shows; it is listed, not judged."
    )
    header = ("Check", "Where", "Found", "Passed")
    return [Table(caption, header, tuple(rows), "llll", tuple(tones), name="audit")]


def _example(checks: list[Check]) -> str:
    first = checks[0]
    where = ", ".join(part for part in (wording.channel(first.channel), first.side) if part)
    return f"e.g. {where}: {wording.sentence(first.found)}"


def stability(results: Results, protocol: Protocol) -> Section:
    """Falls, the long walk, the pushes."""
    walks = results.walks
    if not people.is_simulated(results) or not walks:
        text = "No trial was planned and nobody was pushed: stability was not tested."
        return Section("stability", "Stability and pushes", (Paragraph(text),))
    starts = [walk for walk in walks if not walk.push][: protocol.trials.count]
    pushes = [walk for walk in walks if walk.push]
    stood = sum(not walk.fell for walk in starts)
    longest = max(walk.walked for walk in walks if not walk.push)
    text = (
        f"Started from {len(starts)} phases spread evenly over the gait cycle, {stood} of {len(starts)} walked the "
        f"whole {protocol.trials.duration_s:g} s. The longest walk lasted {longest:g} s."
    )
    blocks: list[Block] = [Paragraph(text)]
    if pushes:
        kept = sum(not walk.fell for walk in pushes)
        push = protocol.pushes
        blocks.append(
            Paragraph(
                f"Pushed at the pelvis with {push.force_n:g} N for {push.duration_s:g} s at {push.at_s:g} s, it was "
                f"still walking {push.watch_s:g} s later in {kept} of {len(pushes)} directions: "
                f"{_directions(pushes)}."
            )
        )
    bars = [figures.Bar(walk.trial.replace("_", " "), walk.planned, walk.walked, _time(walk)) for walk in walks]
    caption = (
        f"Time walked in each of the {len(walks)} trials (n = {len(walks)} trials). Frame: planned time. Filled: "
        f"walked. The {len(starts)} starts begin at phases spread evenly over the cycle."
    )
    words = f"{text} Falls: {_falls(walks)}."
    blocks.append(Figure("trials", figures.trials(bars), caption, words))
    return Section("stability", "Stability and pushes", tuple(blocks))


def _time(walk: Walk) -> float | None:
    return walk.pushed_at if math.isfinite(walk.pushed_at) else None


def _directions(pushes: list[Walk]) -> str:
    return ", ".join(
        f"{w.push} {'fell at ' + wording.quantity(w.walked, 's') if w.fell else 'kept walking'}" for w in pushes
    )


def _falls(walks: tuple[Walk, ...]) -> str:
    fallen = [f"{walk.trial.replace('_', ' ')} at {walk.walked:.1f} s" for walk in walks if walk.fell]
    return ", ".join(fallen) or "none"


def steps(results: Results, protocol: Protocol) -> Section:
    """Spatiotemporal figures and effort."""
    names = list(dict.fromkeys(f.metric for f in results.findings if f.domain == "spatiotemporal"))
    blocks: list[Block] = [Paragraph(_speed(results, protocol))]
    if names:
        words = "Steps. A difference is listed where the protocol limits it."
        blocks.append(tables.side_by_side(results, protocol, "spatiotemporal", names, words))
    if people.is_simulated(results):
        return Section("steps", "Steps and effort", (*blocks, *_effort(results)))
    return Section("steps", "Steps", tuple(blocks))


def _speed(results: Results, protocol: Protocol) -> str:
    texts, walked = [], ""
    for partner in people.partners(results, protocol):
        found = results.find("speed", domain="spatiotemporal", side="right", reference=partner.name)
        if found and math.isfinite(found[0].value) and math.isfinite(found[0].human):
            texts.append(f"{people.named(partner)} at {wording.quantity(found[0].human, 'm/s')}")
            walked = wording.quantity(found[0].value, "m/s")
    if not texts:
        return "No speed could be compared."
    return (
        f"The {people.walk(results)} moved at {walked}, {' and '.join(texts)}. Joint angles and forces change with "
        "speed, and a shorter leg takes shorter steps, so differences in speed bear on all comparisons."
    )


def _effort(results: Results) -> list[Block]:
    found = results.find("effort", domain="effort")
    if not found:
        return [Paragraph("Effort was not recorded.")]
    rows = tuple((wording.channel(f.channel), wording.estimate(f.estimate)) for f in found)
    caption = (
        "Effort: sum of squared activations over the muscles of a group, averaged over strides "
        f"(n = {wording.basis(found[0].estimate)}). An index of this body's control, not an energy."
    )
    return [Table(caption, ("Group", "Effort"), rows, "lr")]


def provenance(results: Results) -> Section:
    """What was measured, with what, from where; hashes."""
    identity = results.identity
    blocks: list[Block] = []
    for title, key in (("Run", "run"), ("Protocol", "protocol")):
        rows = tuple(
            (wording.first_upper(name.replace("_", " ")), str(value))
            for name, value in identity.get(key, {}).items()
            if value
        )
        if rows:
            blocks.append(Table(f"{title}.", ("Item", "Value"), rows, "ll"))
    for name, human in identity.get("humans", {}).items():
        rows = tuple((wording.first_upper(key), str(human[key])) for key in HUMAN if human.get(key))
        blocks.append(Table(f"Human data: {name}.", ("Item", "Value"), rows, "ll"))
    versions = identity.get("versions", {})
    if versions:
        blocks.append(
            Paragraph("Made with " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) + ".")
        )
    recordings = identity.get("recordings", {})
    if recordings:
        rows = tuple(recordings.items())
        blocks.append(Table("Recordings (SHA-256 of their content).", ("Trial", "SHA-256"), rows, "ll"))
    return Section("provenance", "Provenance", tuple(blocks) or (Paragraph("Nothing is known about the origin."),))


def exclusions(results: Results) -> Section:
    """How many strides were left out, and why."""
    if not results.exclusions:
        return Section("exclusions", "Exclusions", (Paragraph("No stride was left out."),))
    counts = Counter((e.code, e.reason) for e in results.exclusions)
    rows = tuple((code, reason, str(n)) for (code, reason), n in sorted(counts.items()))
    used = sum(walk.strides_right + walk.strides_left for walk in results.walks)
    text = (
        f"{used} strides were used and {len(results.exclusions)} left out; each stands in exclusions.csv with its time."
    )
    table = Table("Strides left out.", ("Code", "Reason", "Strides"), rows, "llr")
    return Section("exclusions", "Exclusions", (Paragraph(text), table))


def files() -> Section:
    """What lies beside the report."""
    items = (
        "verdict.json: gates, criteria and scores for programs, by a published schema.",
        "sensitivity.json: what each setting of the protocol changes, one step down and up.",
        "results.json: every number of this report, six significant digits.",
        "metrics.csv: one row a finding, with interval, n, null, ceiling, score and note.",
        "exclusions.csv: every stride left out, with its reason.",
        "figures/ and tables/: every figure as SVG and PDF with its numbers, every table as CSV and LaTeX; captions in "
        "captions.csv.",
        "methods.md and references.bib: the methods of this report and the sources it cites.",
    )
    return Section("files", "Files", (Bullets(items),))
