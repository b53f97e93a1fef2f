"""Tables of a comparison of runs: identities, verdicts side by side, scores, every difference, groups of runs."""

import math

from biomimic.report import named, verdict, wording
from biomimic.report.blocks import Block, Bullets, Chip, Chips, Paragraph, Section, Table
from biomimic.report.references import cite

DASH = wording.MISSING
TONES = {"differs": "", "within the limit": "muted", "undecided": "muted"}
CONFIRMATORY = "Holm"
STATES = {"pass": "passed", "fail": "failed", "warning": "warning", "not applicable": "not applicable"}
HASH = "sha256"
LIKENESS = "does it look human?"  # question of a domain score
ALIKE = 0.10  # difference of scores, as of single channels


def glance(compared) -> list[Block]:
    """A row of chips a pair: which of the two is more like people, domain by domain, by the median score."""
    return [Chips(f"{pair.run} beside {pair.against}", _chips(pair)) for pair in compared.pairs if pair.scores]


def _chips(pair) -> tuple[Chip, ...]:
    found = {}
    for one in pair.scores:  # likeness to people in general counts more than to the one whose motion is tracked
        if one.domain not in found or one.question == LIKENESS:
            found[one.domain] = one
    chips = []
    for one in found.values():
        status, tone = "undecided", "muted"
        if -ALIKE <= one.low and one.high <= ALIKE:
            status, tone = "alike", ""
        elif abs(one.value) > ALIKE and (one.low > 0 or one.high < 0):
            status, tone = ("more human", "good") if one.value > 0 else ("less human", "bad")
        detail = f"score {wording.number(one.first)} beside {wording.number(one.second)}"
        chips.append(Chip(wording.domain(one.domain), status, tone, detail, "named"))
    return tuple(chips)


def runs(compared) -> list[Block]:
    """What the runs are, and what differs between them before they walk."""
    rows = []
    for name, one in compared.runs.items():
        run = one.identity.get("run", {})
        right, left = (sum(getattr(walk, f"strides_{side}") for walk in one.walks) for side in ("right", "left"))
        role = "held against" if name in compared.against else ""
        cells = (str(run.get("controller", "") or DASH), str(run.get("shaped by", "") or DASH))
        rows.append((name, role, *cells, str(len(one.walks)), f"{right} right, {left} left"))
    header = ("Run", "Role", "Controller", "Shaped by", "Trials", "Strides")
    notes = {name: one.identity.get("run", {}).get("note", "") for name, one in compared.runs.items()}
    said = tuple(f"{name}: {note}" for name, note in notes.items() if note)
    blocks: list[Block] = [Table("Runs.", header, tuple(rows), "llllrl")]
    blocks += [Paragraph("What their makers say of them:"), Bullets(said)] if said else []
    if not compared.settings:
        return [*blocks, Paragraph("Their settings and their identity do not differ in anything that was recorded.")]
    values = tuple((one.name, *(_short(one.name, value) for value in one.values)) for one in compared.settings)
    caption = "What differs between the runs before they walk. Hashes are cut to ten signs."
    return [*blocks, Table(caption, ("Setting", *compared.runs), values, "l" + "l" * len(compared.runs))]


def _short(name: str, value: str) -> str:
    return (value[:10] if name.startswith(HASH) else value) or DASH


def verdicts(compared) -> Section:
    """Flips first, then criteria, gates and scores of all runs side by side."""
    texts = flips(compared)
    blocks: list[Block] = [Bullets(texts)] if texts else [Paragraph("All gates and criteria are alike in all runs.")]
    blocks += [*_criteria(compared), *_gates(compared), *_scores(compared)]
    return Section("verdicts", "Verdicts side by side", tuple(blocks))


def flips(compared) -> tuple[str, ...]:
    """Gates and criteria that are not alike, in sentences."""
    texts, parts = [], {}
    for flip in compared.flips:
        if flip.kind == "gate":
            states = [f"{name} {STATES.get(state, state)}" for name, state in zip(compared.runs, flip.states)]
            texts.append(f"Gate {flip.name[0]} ({flip.name[1]}): {', '.join(states)}.")
            continue
        keeps = [name for name, state in zip(compared.runs, flip.states) if state == "met"]
        fails = [name for name, state in zip(compared.runs, flip.states) if state != "met"]
        words = f"met by {wording.listed(keeps)}, not by {wording.listed(fails)}"
        parts.setdefault(words, []).append(_flip_name(flip))
    return (*texts, *(f"Criteria {words}: {'; '.join(names)}." for words, names in parts.items()))


def _flip_name(flip) -> str:
    domain, metric, channel, _ = flip.name
    name = named.channel(domain, channel) if channel else wording.domain(domain)
    return f"{name}: {wording.metric(metric)}"


def _criteria(compared) -> list[Table]:
    first, *rest = compared.runs.values()
    if not first.outcomes:
        return []
    key = lambda o: (o.domain, o.metric, o.channel, o.reference)  # noqa: E731
    others = [{key(outcome): outcome for outcome in one.outcomes} for one in rest]
    rows, tones = [], []
    for outcome in first.outcomes:
        several = [outcome, *(one.get(key(outcome)) for one in others)]
        cells = [f"{verdict.reached(o)}, {_met(o)}" if o else DASH for o in several]
        flips_ = len({bool(o and o.passed) for o in several}) > 1
        rows.append((verdict.named(outcome), verdict.limits(outcome), *cells, "flips" if flips_ else "alike"))
        tones.append("bad" if flips_ else "")
    header = ("Criterion", "Limit", *compared.runs, "Verdicts")
    caption = "Criteria of all runs: the worse side with its interval, and whether the limit is kept."
    return [Table(caption, header, tuple(rows), "ll" + "l" * len(compared.runs) + "l", tuple(tones))]


def _met(outcome) -> str:
    return "met" if outcome.passed else "not met"


def _gates(compared) -> list[Table]:
    several = [{gate.name: gate for gate in one.gates} for one in compared.runs.values()]
    rows = []
    for gate in next(iter(compared.runs.values())).gates:
        found = [one.get(gate.name) for one in several]
        cells = [f"{STATES.get(g.status, g.status)}: {wording.sentence(g.found)}" if g else DASH for g in found]
        rows.append((gate.name, wording.first_upper(gate.title), *cells))
    header = ("Gate", "What", *compared.runs)
    return [Table("Gates of all runs.", header, tuple(rows), "ll" + "l" * len(compared.runs))] if rows else []


def _scores(compared) -> list[Table]:
    tables = []
    for pair in compared.pairs:
        whom = named.words_for(compared.runs[pair.run], compared.protocol)
        rows = [
            (
                wording.domain(one.domain),
                wording.first_upper(whom(one.reference)),
                wording.number(one.first),
                wording.number(one.second),
                wording.score(one.value, one.low, one.high),
                str(one.n),
            )
            for one in pair.scores
        ]
        caption = (
            f"Median scores: {pair.run} minus {pair.against}. 0 is the null, 1 a typical human; n: channels and sides "
            "that r can judge in both, which may be fewer than in a run's own report."
        )
        header = ("Domain", "With", pair.run, pair.against, "Difference", "n")
        tables += [Table(caption, header, tuple(rows), "llrrrr")] if rows else []
    return tables


def full(compared) -> Section:
    """Every measure of every pair that could be judged, or of the groups, a table a domain."""
    text = (
        "Measures that could not be judged, since nothing was resampled or r cannot judge the channel, are counted "
        "here and listed in differences.csv with the reason."
    )
    blocks: list[Block] = [Paragraph(text)]
    for pair in compared.pairs:
        domains = dict.fromkeys(one.domain for one in pair.differences if one.domain != "retargeting")
        blocks += [table for domain in domains for table in _domain(compared, pair, domain)]
    if compared.groups:
        domains = dict.fromkeys(one.domain for one in compared.groups)
        blocks += [_group_table(compared, domain) for domain in domains]
    return Section("all", "All differences", tuple(blocks))


def _domain(compared, pair, domain: str) -> list[Table]:
    found = [one for one in pair.differences if one.domain == domain]
    shown = [one for one in found if not one.note]
    if not shown:
        return []
    whom = named.words_for(compared.runs[pair.run], compared.protocol)
    rows = tuple(_row(one, pair, whom) for one in shown)
    caption = (
        f"{wording.domain(domain)}: {pair.run} minus {pair.against}, {100 * shown[0].level:.0f} % intervals over "
        f"{shown[0].of}. Limit: smallest difference that matters (S: on the scale of the score), and how many times it "
        "the difference is."
    )
    dropped = len(found) - len(shown)
    caption += f" Not judged: {wording.counted(dropped, 'measures')}." if dropped else ""
    header = ("Measure", "With", pair.run, pair.against, "Difference", "Limit", "Times", "Verdict", "Nearer")
    tones = tuple(TONES[one.verdict] for one in shown)
    return [Table(caption, header, rows, "llrrrrrll", tones)]


def _row(one, pair, whom) -> tuple[str, ...]:
    bare = [text.replace(wording.TIE, " ") for text in named.written(one)]
    return (
        named.what(one),
        whom(one.reference) if one.reference else DASH,
        *bare,
        named.difference(one),
        _limit(one.metric, one.limit),
        f"{one.size:.1f}" if math.isfinite(one.size) else DASH,
        one.verdict,
        ("", pair.run, pair.against)[one.nearer] or DASH,
    )


def _limit(metric: str, limit) -> str:
    if limit.unit == "score":
        return f"{wording.number(limit.value)} S"
    return wording.quantity(limit.value, wording.unit_of(metric, limit.unit))


def _group_table(compared, domain: str) -> Table:
    some = next(iter(compared.runs.values()))
    whom = named.words_for(some, compared.protocol)
    found = [one for one in compared.groups if one.domain == domain]
    rows, tones = [], []
    for one in found:
        p = p_text(one.adjusted).removeprefix("= ") if math.isfinite(one.adjusted) else DASH
        g = wording.score(one.g, one.g_low, one.g_high)
        rows.append(
            (
                named.what(one),
                whom(one.reference) if one.reference else DASH,
                *named.written(one),
                named.difference(one),
                _limit(one.metric, one.limit),
                g,
                f"{p} ({one.method})" if p != DASH else p,
                _group_verdict(one),
            )
        )
        tones.append("" if _is_named(one) else "muted")
    caption = (
        f"{wording.domain(domain)}: mean over runs, {100 * found[0].level:.0f} % intervals over runs, mean of both "
        "sides of the body within each run; Hedges g in standard deviations between runs; corrected p where there are "
        "five runs."
    )
    header = ("Measure", "With", "First group", "Second group", "Difference", "Limit", "Hedges g", "p", "Verdict")
    return Table(caption, header, tuple(rows), "llrrrrrrl", tuple(tones))


def group_sentences(compared) -> list[str]:
    """Differences of groups that the corrected test finds and that are larger than their limit, largest first."""
    whom = named.words_for(next(iter(compared.runs.values())), compared.protocol)
    found = sorted((one for one in compared.groups if _is_named(one)), key=lambda one: -one.size)
    groups = group_names(compared)
    return [_group_sentence(one, groups, whom) for one in found]


def _group_sentence(one, groups: tuple[str, str], whom) -> str:
    person = f" with {whom(one.reference)}" if one.reference else ""
    values = ", ".join(f"{name} {value}" for name, value in zip(groups, named.written(one)))
    text = (
        f"{named.what(one)}{person}: {values}, difference {named.difference(one)} over {one.n[0]} and {one.n[1]} runs, "
        f"{named.times(one.size)} the limit, Hedges g {wording.score(one.g, one.g_low, one.g_high)}, "
        f"p {p_text(one.adjusted)} ({one.method} in {one.family}; smallest possible before correction {one.floor:.2g})"
    )
    return f"{text}; {groups[one.nearer - 1]} is nearer to {whom(one.reference)}." if one.nearer else f"{text}."


def group_counts(compared) -> str:
    """How many measures were tested, and why the rest were not."""
    tested = [one for one in compared.groups if math.isfinite(one.p)]
    if not tested:
        notes = [one.note for one in compared.groups if one.note]
        why = max(set(notes), key=notes.count) if notes else "nothing could be tested"
        return f"Nothing was tested: {why}. Means and intervals over runs stand in the tables."
    apart, within = sum(map(_is_named, tested)), sum(one.is_within for one in tested)
    return (
        f"Of {len(tested)} measures tested {apart} differ after correction by more than their limit and {within} are "
        "shown to lie within it; the others are undecided, which is not the same as equal."
    )


def group_methods(compared) -> str:
    """What was tested, in which families."""
    tests = sorted({one.test for one in compared.groups if one.test})
    families = sorted({one.family for one in compared.groups if one.method == CONFIRMATORY and math.isfinite(one.p)})
    text = (
        "The runs are the units: each gives one number, the mean of both sides of the body, and strides are never "
        "counted as units. Intervals are Student's over runs (Welch's for two groups); a single run held against is "
        f"taken as given. Equivalence needs the 90 % interval inside the limit {cite('schuirmann1987')}. "
    )
    if not tests:
        return f"{text}With fewer than five runs in a group nothing is tested."
    return (
        f"{text}Tests: {'; '.join(tests)} {cite('phipson2010')}. Families, fixed before looking: r with the people who "
        f"judge likeness, all channels of a domain ({', '.join(families)}), corrected by Holm {cite('holm1979')}; all "
        f"other measures of a domain are exploratory, corrected by Benjamini and Hochberg {cite('benjamini1995')}."
    )


def group_names(compared) -> tuple[str, str]:
    """Each group by its first run and how many more there are."""
    return tuple(
        names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        for names in (compared.held, compared.against)
    )


def _is_named(one) -> bool:
    return one.is_sure and one.size > 1.0


def _group_verdict(one) -> str:
    if _is_named(one):
        return "differs"
    return "within the limit" if one.is_within else f"not tested: {one.note}" if one.note else "undecided"


def p_text(value: float) -> str:
    """A p value with its sign: "= 0.012", "< 0.001"."""
    return f"= {value:.2g}" if value >= 0.001 else "< 0.001"
