"""Groups of runs, e.g. of two policies trained with several seeds: the runs are the units, never their strides.

With fewer than five runs on both sides there is no p value. Families are fixed before looking: in each domain of
`CONFIRMATORY` the correlation of every channel with the people who judge human likeness, corrected by Holm; all other
measures of a domain are one exploratory family, corrected by Benjamini and Hochberg.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from biomimic.validate import relevance
from biomimic.validate.effects import hedges_g, wilcoxon
from biomimic.validate.people import PEOPLE
from biomimic.validate.permutation import permute
from biomimic.validate.protocol import Protocol
from biomimic.validate.relevance import Limit
from biomimic.validate.results import Finding, Results
from biomimic.validate.statistics import benjamini_hochberg, holm, too_few

CONFIRMATORY = ("kinematics", "ground reaction force", "muscles", "moments")
PRIMARY = "correlation"
ALPHA = 0.05
DRAWS = 10_000
NAN = math.nan


@dataclass(frozen=True)
class OverRuns:
    """One measure, mean of both sides of the body, over the runs of one group minus those of another.

    Attributes:
        domain, metric, channel, reference: of the findings.
        first, second: means over the runs of each group.
        value: first minus second.
        low, high: Student's interval over runs (Welch's with two groups); NaN below two runs a group.
        level: of the interval.
        n: runs with a value in each group.
        unit: of the values.
        limit: smallest difference that matters.
        size: |difference| over the limit, on the scale of the limit.
        is_within: whether the 90 % interval over runs lies inside the limit, on the scale of the limit; False below
            five runs.
        g, g_low, g_high: Hedges g and its interval.
        test: what gave p; empty where there is none.
        p: two-sided; NaN below five runs.
        floor: smallest p that so many runs can reach.
        family, method: the family of tests it belongs to and how that was corrected.
        adjusted: p after the correction.
        nearer: 1 or 2, the group nearer to people on average; 0 where people say nothing.
        note: why there is no p; empty if there is.
        null, ceiling: without which a correlation says nothing.
    """

    domain: str
    metric: str
    channel: str
    reference: str
    first: float
    second: float
    value: float
    low: float
    high: float
    level: float
    n: tuple[int, int]
    unit: str
    limit: Limit
    size: float
    is_within: bool
    g: float
    g_low: float
    g_high: float
    test: str = ""
    p: float = NAN
    floor: float = NAN
    family: str = ""
    method: str = ""
    adjusted: float = NAN
    nearer: int = 0
    note: str = ""
    null: float = NAN
    ceiling: float = NAN

    @property
    def is_sure(self) -> bool:
        """Whether the corrected test finds a difference."""
        return self.adjusted <= ALPHA


def over_runs(
    first: Sequence[Results], second: Sequence[Results], protocol: Protocol, *, same_seeds: bool = False
) -> tuple[OverRuns, ...]:
    """Every measure that all runs have, over two groups of runs.

    Args:
        first, second: groups; a single run in a group is taken as given, and the test is about the other group.
        protocol: for the level of the intervals and the seed.
        same_seeds: whether the runs of both groups belong together in order.
    """
    groups = ([_by_measure(one) for one in first], [_by_measure(one) for one in second])
    keys = [key for key in groups[0][0] if all(key in one for group in groups for one in group)]
    found = []
    for key in keys:
        several = tuple([one[key] for one in group] for group in groups)
        found.append(_measure(key, several, protocol, same_seeds and len(first) == len(second)))
    return tuple(_corrected(found, _judge(protocol, {key[3] for key in keys})))


def _by_measure(results: Results) -> dict[tuple[str, str, str, str], list[Finding]]:
    """Findings of both sides of the body under one key."""
    found: dict[tuple[str, str, str, str], list[Finding]] = {}
    for one in results.findings:
        if one.domain not in relevance.NOT_JUDGED and not one.doubt:
            found.setdefault((one.domain, one.metric, one.channel, one.reference), []).append(one)
    return found


def _measure(key: tuple, several: tuple[list[list[Finding]], ...], protocol: Protocol, is_paired: bool) -> OverRuns:
    examples = several[0][0][0], several[1][0][0]
    limit = relevance.limit(*examples)
    values = tuple(np.array([_mean([f.value for f in run]) for run in group]) for group in several)
    scaled = tuple(_on_scale(relevance.judged, group, examples) for group in several)
    far = tuple(_on_scale(relevance.distance, group, examples) for group in several)
    level = protocol.resampling.level
    known = tuple(int(np.isfinite(part).sum()) for part in values)
    value, low, high = _interval(*values, level, is_paired)
    shift, least, most = _interval(*scaled, 1.0 - 2.0 * ALPHA, is_paired)
    effect = hedges_g(*values, level=level, of="runs")
    means = tuple(_mean(part) for part in values)
    note = too_few((max(known),) if min(known) == 1 else known, "runs")
    apart = _mean(far[0]) - _mean(far[1])
    tested = {"note": note} if note else _test(values, is_paired, protocol)
    return OverRuns(
        *key,
        *means,
        value,
        low,
        high,
        level,
        known,
        examples[0].estimate.unit,
        limit,
        relevance.size(shift, limit),
        not note and -limit.value <= least and most <= limit.value,
        effect.value,
        effect.low,
        effect.high,
        null=examples[0].null,
        ceiling=examples[0].ceiling,
        nearer=0 if not math.isfinite(apart) or apart == 0 else 1 if apart < 0 else 2,
        **tested,
    )


def _on_scale(on, group: list[list[Finding]], examples: tuple[Finding, Finding]) -> np.ndarray:
    return np.array([_mean([float(on(f, examples[1], f.value)) for f in run]) for run in group])


def _mean(values) -> float:
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else NAN


def _interval(first: np.ndarray, second: np.ndarray, level: float, is_paired: bool) -> tuple[float, float, float]:
    """Difference of means and its interval over runs: of pairs, of one group against a fixed run, or Welch's."""
    if is_paired:
        first, second = first - second, np.zeros(1)
    first, second = (part[np.isfinite(part)] for part in (first, second))
    if not len(first) or not len(second):
        return NAN, NAN, NAN
    value = float(first.mean() - second.mean())
    several = [part for part in (first, second) if len(part) > 1]
    if not several:
        return value, NAN, NAN
    shares = np.array([part.var(ddof=1) / len(part) for part in several])
    below = sum(share**2 / (len(part) - 1) for share, part in zip(shares, several))
    freedom = float(shares.sum() ** 2 / below) if below > 0 else float(sum(len(part) - 1 for part in several))
    wide = float(stats.t.ppf(0.5 + level / 2.0, freedom)) * math.sqrt(shares.sum())
    return value, value - wide, value + wide


def _test(values: tuple[np.ndarray, np.ndarray], is_paired: bool, protocol: Protocol) -> dict:
    """p, its floor and the words of the test: signed ranks of pairs or against a fixed run, else permutation."""
    first, second = values
    if is_paired or min(len(first), len(second)) == 1:
        found = wilcoxon(*np.broadcast_arrays(first, second), of="runs")
        words = "signed ranks of pairs of runs" if is_paired else "signed ranks of runs against one run, taken as given"
        return {"test": words, "p": found.p, "floor": found.p_floor, "note": found.note}
    first, second = (part[np.isfinite(part)] for part in values)
    member = np.repeat((1.0, 0.0), (len(first), len(second)))
    together = np.concatenate((first, second))
    found = permute(together, member, np.empty((len(member), 0)), draws=DRAWS, seed=protocol.resampling.seed)
    return {"test": found.words, "p": found.p, "floor": found.floor, "note": found.note}


def _judge(protocol: Protocol, references: set[str]) -> str:
    """Whose agreement the confirmatory families test: the mean of people, else the first other person."""
    others = [human.name for human in protocol.humans if human.role == "other" and human.name in references]
    return PEOPLE if PEOPLE in references else others[0] if others else ""


def _corrected(found: Sequence[OverRuns], judge: str) -> list[OverRuns]:
    """Each with its family and the corrected p."""
    families: dict[str, list[int]] = {}
    for place, one in enumerate(found):
        is_primary = one.domain in CONFIRMATORY and one.metric == PRIMARY and one.reference == judge
        families.setdefault(one.domain if is_primary else f"{one.domain}, exploratory", []).append(place)
    done = list(found)
    for family, places in families.items():
        correct = benjamini_hochberg if family.endswith("exploratory") else holm
        tests = {str(place): found[place].p for place in places}
        result = correct(tests, family=family, alpha=ALPHA)
        for place, adjusted in zip(places, result.adjusted):
            done[place] = replace(found[place], family=family, method=result.method, adjusted=adjusted)
    return done
