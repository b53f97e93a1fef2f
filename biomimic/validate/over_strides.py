"""Strides of groups of runs: measures of one number a stride in a mixed model, strides nested in runs.

The runs are the units, however many strides they have. What the mixed model adds to means over runs is how far runs of
a group lie apart and how far the strides of a run do. Below five runs in a group there is an estimate and no p value.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from biomimic.gait.strides import SIDES
from biomimic.validate.measures import EACH
from biomimic.validate.mixed import Design, GroupDifference, Inference, group_difference
from biomimic.validate.over_runs import ALPHA, DRAWS
from biomimic.validate.protocol import Comparison, Protocol
from biomimic.validate.results import Results
from biomimic.validate.statistics import benjamini_hochberg

FIRST, SECOND = "first", "second"
DESIGN = Design("value", "group", "run", of="runs")
STILL = 1e-9  # share of the largest value below which differences between strides are rounding
ALIKE = "the measure is the same in all strides"
NAN = math.nan


@dataclass(frozen=True)
class OverStrides:
    """One measure of single strides over the runs of one group minus those of another.

    Attributes:
        domain, metric, channel: what was measured.
        first, second: means of the means of the runs of each group.
        value: first minus second.
        low, high: its interval over runs; NaN below five runs in a group.
        level: of the interval.
        unit: of the values.
        between: SD between the runs of a group.
        within: SD between the strides of a run.
        model: how the difference and its interval were found, in words.
        spread_from: how the two SDs were found, in words.
        test: what gave p; empty where there is none.
        p: two-sided; NaN below five runs in a group.
        floor: smallest p that the test could have given.
        family, method, adjusted: the measures it is corrected with, how, and the corrected p.
        n: runs in each group.
        rows: strides in each group.
        note: why p, the interval or the mixed model is missing; empty if none is.
    """

    domain: str
    metric: str
    channel: str
    first: float
    second: float
    value: float
    low: float
    high: float
    level: float
    unit: str
    between: float
    within: float
    model: str
    spread_from: str
    test: str
    p: float
    floor: float
    n: tuple[int, int]
    rows: tuple[int, int]
    family: str = ""
    method: str = ""
    adjusted: float = NAN
    note: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether the corrected test finds a difference."""
        return self.adjusted <= ALPHA


def over_strides(
    first: Sequence[Results], second: Sequence[Results], protocol: Protocol, *, draws: int = DRAWS
) -> tuple[OverStrides, ...]:
    """Every measure of one number a stride that runs of both groups have.

    Runs of the same seeds are not paired here: all runs count as independent of each other.

    Args:
        first, second: groups, with their evidence.
        protocol: says what is measured on which channel; gives level and seed.
        draws: arrangements of the runs, where not all can be made.

    Source:
        Laird & Ware, Biometrics 38 (1982) 963-974.
    """
    inference = Inference(protocol.resampling.level, draws, protocol.resampling.seed)
    found = []
    for comparison in protocol.comparisons:
        for metric in (name for name in comparison.metrics if name in EACH):
            table = strides_of((first, second), comparison, metric, protocol)
            groups = set(table["group"])
            if {FIRST, SECOND} <= groups:
                found += [_measure(table, comparison, metric, channel, inference) for channel in comparison.channels]
    return tuple(_corrected(found))


def strides_of(
    groups: tuple[Sequence[Results], Sequence[Results]], comparison: Comparison, metric: str, protocol: Protocol
):
    """A table with one row a stride that has the measure: value, group, run, side.

    Args:
        groups: first and second.
        comparison: whose quantity and phase are taken.
        metric: a name of `measures.EACH`.
        protocol: for its limits.
    """
    import pandas as pd  # takes a while to import

    rows = []
    for group, runs in zip((FIRST, SECOND), groups):
        for number, one in enumerate(runs):
            for side in SIDES:
                strides = one.evidence.simulated.get((comparison.quantity, side, comparison.phase))
                if strides is None or not set(comparison.channels) <= set(strides.names):
                    continue
                values = EACH[metric][0](strides, protocol).values
                rows += [(value, group, f"{group} {number}", side) for value in values[np.isfinite(values)].tolist()]
    return pd.DataFrame(rows, columns=["value", "group", "run", "side"])


def without_side(table):
    """The table with the mean difference between the sides of the body, a mean over runs, taken out of every stride.

    So the model needs no term for the side, and a run with one right stride more than left ones is not apart.

    Args:
        table: value, run, side.
    """
    means = table.groupby(["run", "side"])["value"].mean().unstack()
    if len(means.columns) < len(SIDES):
        return table
    apart = float((means[SIDES[0]] - means[SIDES[1]]).mean())
    half = np.where(table["side"] == SIDES[0], 0.5, -0.5)
    return table.assign(value=table["value"] - half * apart) if math.isfinite(apart) else table


def spreads(table) -> tuple[float, float]:
    """SD between the runs of a group and within runs, by mean squares; NaN without two runs in any group.

    Args:
        table: value, group, run.

    Source:
        analysis of variance of one nested factor, unequal counts by their harmonic mean; a negative variance is 0.
    """
    runs = table.groupby("run")["value"].agg(["mean", "count", "var"])
    group = table.groupby("run")["group"].first()
    freedom = int((runs["count"] - 1).sum())
    within = float(((runs["count"] - 1) * runs["var"].fillna(0.0)).sum() / freedom) if freedom else NAN
    apart = runs["mean"] - runs["mean"].groupby(group).transform("mean")
    between = len(runs) - group.nunique()
    if not between:
        return NAN, math.sqrt(within)
    share = within * float((1.0 / runs["count"]).mean())
    return math.sqrt(max(float((apart**2).sum()) / between - share, 0.0)), math.sqrt(within)


def _measure(table, comparison: Comparison, metric: str, channel: str, inference: Inference) -> OverStrides:
    flat = without_side(table)
    found = _difference(flat, inference)
    means = flat.groupby(["group", "run"])["value"].mean().groupby("group").mean()
    between, within, words = _spread(flat, found)
    return OverStrides(
        comparison.domain,
        metric,
        channel,
        float(means[FIRST]),
        float(means[SECOND]),
        found.value,
        found.low,
        found.high,
        found.level,
        EACH[metric][1],
        between,
        within,
        found.method,
        words,
        found.p_from if math.isfinite(found.p) else "",
        found.p,
        found.p_floor,
        found.n,
        found.rows,
        note=found.note.partition("; the position")[0],
    )


def _difference(table, inference: Inference) -> GroupDifference:
    """Of the groups; where nothing varies nothing is tested, since only rounding would be."""
    values = table["value"].to_numpy()
    if np.ptp(values) > STILL * np.abs(values).max():
        return group_difference(table, DESIGN, groups=(FIRST, SECOND), inference=inference)
    n, rows = (tuple(int(count[name]) for name in (FIRST, SECOND)) for count in _counts(table))
    means = "means of the units"
    return GroupDifference(
        (FIRST, SECOND), 0.0, NAN, NAN, inference.level, means, NAN, "none", NAN, n, DESIGN.of, rows, note=ALIKE
    )


def _counts(table):
    """Runs and strides of each group."""
    groups = table.groupby("group")
    return groups["run"].nunique(), groups.size()


def _spread(table, found: GroupDifference) -> tuple[float, float, str]:
    """SD between and within runs: of the mixed model, or by mean squares where there is none."""
    if math.isfinite(found.between):
        return found.between, found.within, found.method
    return *spreads(table), "mean squares"


def _corrected(found: Sequence[OverStrides]) -> list[OverStrides]:
    """Each with its family, all measures of strides of a domain, and the corrected p."""
    done = []
    for domain in dict.fromkeys(one.domain for one in found):
        several, family = [one for one in found if one.domain == domain], f"{domain}, strides, exploratory"
        result = benjamini_hochberg({str(k): one.p for k, one in enumerate(several)}, family=family, alpha=ALPHA)
        done += [
            replace(one, family=family, method=result.method, adjusted=adjusted)
            for one, adjusted in zip(several, result.adjusted)
        ]
    return done
