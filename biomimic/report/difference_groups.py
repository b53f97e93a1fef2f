"""Groups of runs in the report: where their whole curves differ, and mixed models of measures of single strides."""

import math
from collections.abc import Sequence

import numpy as np

from biomimic.report import figures, named, panels, wording
from biomimic.report.blocks import Block, Figure, Paragraph, Section, Table
from biomimic.report.difference_tables import DASH, group_names, p_text
from biomimic.report.figures import Line, Panel
from biomimic.report.references import cite

DRAWN = 12  # panels
HOLM, FIELD = "Holm", "random field theory"
ALPHA = 0.05


def sections(compared) -> list[Section]:
    """Whole curves and single strides of a comparison of groups; empty without them."""
    curves: list[Block] = []
    if compared.curves:
        curves = [Paragraph(text) for text in (counts(compared), _reach(compared)) if text]
        curves += [*_figures(compared), _curve_table(compared)]
    found = [Section("curves", "Where whole curves differ", tuple(curves))]
    if compared.strides:
        found.append(Section("strides", "Single strides in mixed models", (_stride_table(compared),)))
    return found


def counts(compared) -> str:
    """How many curves were tested and which of them differ where; empty without curves."""
    tested = [one for one in compared.curves if math.isfinite(one.p)]
    if not tested:
        notes = [one.note for one in compared.curves if one.note]
        return f"No whole curve was tested: {max(set(notes), key=notes.count)}." if notes else ""
    sure = sorted((one for one in tested if one.is_sure), key=lambda one: (one.adjusted, -abs(one.extreme)))
    text = f"Of {len(tested)} whole curves tested {len(sure)} differ after correction"
    names = [f"{_what(one)} ({one.where})" for one in sure[:DRAWN]]
    more = f"; {len(sure) - DRAWN} more are in the table" if len(sure) > DRAWN else ""
    return f"{text}: {'; '.join(names)}{more}." if names else f"{text}; that is not the same as equal."


def _reach(compared) -> str:
    """Families in which so few runs could not find a difference, however large."""
    sizes: dict[str, list] = {}
    for one in compared.curves:
        if one.method == HOLM and math.isfinite(one.p):
            sizes.setdefault(one.family, []).append(one.floor)
    short = [family for family, floors in sizes.items() if min(floors) * len(floors) > ALPHA]
    if not short:
        return ""
    return (
        f"So few runs cannot reach a corrected p of {ALPHA:g} on a single curve of these families, however large its "
        f"difference: {'; '.join(short)}. More runs are needed for that; the table shows the uncorrected stretches."
    )


def _what(one) -> str:
    return f"{named.channel(one.domain, one.channel)}, {one.side}"


def _curve_table(compared) -> Table:
    rows, tones = [], []
    for one in compared.curves:
        has_p = math.isfinite(one.p)
        rows.append(
            (
                _what(one),
                "stance" if one.phase == "stance" else "stride",
                f"{one.n[0]} and {one.n[1]}",
                f"{_number(one.extreme)} at {one.at:.0f} %" if has_p else DASH,
                _number(one.threshold) if has_p else DASH,
                one.where.partition(" % of ")[0] + " %" if one.where else DASH,
                _plain_p(one.p),
                _plain_p(one.adjusted),
                _verdict(one),
            )
        )
        tones.append("" if one.is_sure else "muted")
    tests = sorted({one.test for one in compared.curves})
    first, second = group_names(compared)
    caption = (
        f"Whole curves: {first} minus {second}, {wording.listed(tests)}. n: runs, each with one mean curve of its "
        f"strides; activity relative to the peak of the run. t: largest along the curve; threshold and stretches at "
        f"{100 * ALPHA:.0f} % for the one curve; corrected: for all curves of the domain (Holm; powers: Benjamini and "
        "Hochberg). With fewer than five runs there is neither p nor threshold."
    )
    header = ("Curve", "Of", "n", "Largest t", "Threshold", "Stretches", "p, whole curve", "Corrected", "Verdict")
    return Table(caption, header, tuple(rows), "lllrrlrrl", tuple(tones), "whole_curves")


def _number(value: float) -> str:
    return "out of reach" if math.isinf(value) else wording.number(value)


def _plain_p(value: float) -> str:
    return p_text(value).removeprefix("= ") if math.isfinite(value) else DASH


def _verdict(one) -> str:
    if one.note:
        return f"not tested: {one.note}"
    return "differs" if one.is_sure else "not after correction" if one.clusters else "undecided"


def _figures(compared) -> list[Figure]:
    """Curves that differ, both groups over each other, with the stretches as bars."""
    sure = sorted((one for one in compared.curves if one.is_sure), key=lambda one: (one.adjusted, -abs(one.extreme)))
    shown = [panel for panel in (_panel(compared, one) for one in sure[:DRAWN]) if panel]
    if not shown:
        return []
    first, second = group_names(compared)
    caption = (
        f"Mean curves of {first} and {second} with ± 1 SD between runs, where the corrected test of the whole curve "
        "finds a difference. Bars at the foot: stretches in which t exceeds its threshold for the one curve; their "
        "ends are not sure to the per cent. Dotted upright line: toe-off."
    )
    words = f"Curves of {first} and {second}: {'; '.join(f'{panel.title}: {panel.note}' for panel in shown)}."
    return [Figure("curves_of_groups", figures.curves(shown, columns=3), caption, words)]


def _panel(compared, one) -> Panel | None:
    """One curve that differs: both groups, mean and SD over their runs."""
    key, lines, own = (one.quantity, one.side, one.phase), [], None
    groups = zip(("simulated", "other"), group_names(compared), (compared.held, compared.against))
    for kind, name, runs in groups:
        drawn = [panels.panel(compared.runs[run], compared.protocol, key, one.channel, single=False) for run in runs]
        drawn = [panel for panel in drawn if panel is not None]
        if not drawn:
            return None
        own = own or drawn[0]
        lines.append(_line(kind, name, [panel.lines[0].mean for panel in drawn]))
    marks = own.marks
    return Panel(_what(one), own.axis, tuple(lines), _foot(one), marks, own.x_label, _bars(one))


def _line(kind: str, name: str, means: Sequence[np.ndarray]) -> Line:
    rows = np.array(means)
    spread = rows.std(axis=0, ddof=1) if len(rows) > 1 else None
    words = f"mean ± SD, n = {len(rows)} runs" if len(rows) > 1 else "n = 1 run"
    return Line(kind, f"{name}: {words}", rows.mean(axis=0), spread)


def _foot(one) -> str:
    return one.where.replace(" of the stride", "").replace(" of stance", "")


def _bars(one) -> tuple[tuple[float, float], ...]:
    return tuple((cluster.start, cluster.end) for cluster in one.clusters)


def _stride_table(compared) -> Table:
    rows, tones = [], []
    for one in compared.strides:
        unit = wording.unit_of(one.metric, one.unit)
        spread = [wording.quantity(value, unit, bare=True) for value in (one.between, one.within)]
        rows.append(
            (
                named.what(one),
                *named.written(one),
                named.difference(one),
                *spread,
                f"{one.n[0]} and {one.n[1]}",
                f"{one.rows[0]} and {one.rows[1]}",
                _plain_p(one.adjusted),
                one.note or one.model,
            )
        )
        tones.append("" if one.is_sure else "muted")
    first, second = group_names(compared)
    some = compared.strides[0]
    caption = (
        f"Measures of one number a stride: {first} minus {second} with {100 * some.level:.0f} % intervals over runs, "
        "strides nested in runs; the mean difference between the sides of the body is taken out. SD between the runs "
        "of a group and within a run, in the unit of the measure. n counts runs, which are the units; strides are "
        "counted beside them and never tested. Corrected: Benjamini and Hochberg over these measures of a domain; "
        "with fewer than five runs in a group there is neither p nor interval."
    )
    header = ("Measure", "First group", "Second group", "Difference", "SD between", "SD within", "n", "Strides")
    return Table(caption, (*header, "Corrected p", "How"), tuple(rows), "lrrrrrllrl", tuple(tones), "single_strides")


def methods(compared) -> list[str]:
    """How whole curves and single strides were tested, in paragraphs."""
    return [text for text in (_curve_methods(compared), _stride_methods(compared)) if text]


def _curve_methods(compared) -> str:
    tested = [one for one in compared.curves if math.isfinite(one.p)]
    if not compared.curves:
        return ""
    if not tested:
        return "Whole curves are tested from five runs in a group on."
    how = sorted({one.how for one in tested})
    text = (
        "Whole curves: each run gives the mean of its strides; t is computed at every point of the curve and judged by "
        f"its largest value along the curve under exchange of the runs ({'; '.join(how)}), so that the chance of any "
        f"false find on a curve is 5 % {cite('nichols2002', 'pataky2015')}. A test of a curve is corrected for the "
        f"other channels and sides of its domain by Holm {cite('holm1979')}, in powers by Benjamini and Hochberg "
        f"{cite('benjamini1995')}; these families are apart from those of single measures. A stretch says where t "
        "exceeds its threshold, not where the difference begins."
    )
    crossed = [one for one in tested if math.isfinite(one.field.p)]
    if not crossed:
        return text
    alike = sum((one.p <= ALPHA) == (one.field.p <= ALPHA) for one in crossed)
    return (
        f"{text} As a cross-check, {FIELD} {cite('kiebel1999', 'pataky2015')} agrees with the permutation at 5 % on "
        f"{alike} of {len(crossed)} curves."
    )


def _stride_methods(compared) -> str:
    if not compared.strides:
        return ""
    fitted = sum(one.model.startswith("mixed model") for one in compared.strides)
    tests = sorted({one.test for one in compared.strides if one.test})
    text = (
        f"Measures of single strides: a linear mixed model with the group as fixed effect and the run as random effect "
        f"{cite('laird1982')}, by restricted maximum likelihood, for {fitted} of {len(compared.strides)} measures; "
        "where it could not be fitted or there are fewer than five runs in a group, the difference is that of means of "
        "runs and the SDs are from mean squares. The model takes all runs as independent, also those of one seed."
    )
    if not tests:
        return f"{text} With fewer than five runs in a group nothing is tested."
    return f"{text} Tests: {'; '.join(tests)} {cite('phipson2010')}, corrected as exploratory {cite('benjamini1995')}."
