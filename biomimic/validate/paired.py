"""Two runs, measure by measure: the difference with its interval, whether it matters, and who is nearer to people.

Two runs are two walks. The intervals are over their trials and strides, drawn in pairs where both walked the same
trials; they say nothing of other runs of the same controller, and there is no p value.
"""

import math
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from biomimic.gait.strides import SIDES
from biomimic.metrics.estimate import interval
from biomimic.validate import relevance
from biomimic.validate.relevance import Limit
from biomimic.validate.results import Finding, Results

DIFFERS, WITHIN, UNDECIDED, NOT_JUDGED = "differs", "within the limit", "undecided", "not judged"
VERDICTS = (DIFFERS, WITHIN, UNDECIDED, NOT_JUDGED)
OF_SHAPE = ("gain", "cmc", "best_correlation", "best_lag")  # mean nothing on a curve without a shape
NAN = math.nan

Key = tuple[str, str, str, str, str]  # domain, metric, channel, side, reference


@dataclass(frozen=True)
class Difference:
    """One measure of a run minus the same measure of the run it is held against.

    Attributes:
        domain, metric, channel, side, reference: of the finding.
        first, second: values of the run and of the one it is held against.
        value: first minus second; NaN where one is missing.
        low, high: percentile interval over trials and strides; NaN where nothing was resampled.
        level: of the interval.
        of: what was resampled, and whether in pairs.
        unit: of all of them.
        limit: smallest difference that matters.
        size: |difference| over the limit, on the scale of the limit.
        verdict: one of `VERDICTS`.
        nearer: 1 or 2, the walk that is nearer to people; 0 where that is not sure or people say nothing.
        human: the same measure on the human alone, NaN where it means nothing.
        note: why it was not judged; empty if it was.
        null, ceiling: of the finding of the run, without which a correlation says nothing.
    """

    domain: str
    metric: str
    channel: str
    side: str
    reference: str
    first: float
    second: float
    value: float
    low: float
    high: float
    level: float
    of: str
    unit: str
    limit: Limit
    size: float
    verdict: str
    nearer: int = 0
    human: float = NAN
    note: str = ""
    null: float = NAN
    ceiling: float = NAN


@dataclass(frozen=True)
class ScoreDifference:
    """Median scores of a domain, over the channels that r can judge in both walks, and their difference.

    Attributes:
        domain, reference, question: as in DomainScore.
        first, second, value, low, high, level: as in Difference.
        n: channels and sides.
    """

    domain: str
    reference: str
    question: str
    first: float
    second: float
    value: float
    low: float
    high: float
    level: float
    n: int


@dataclass(frozen=True)
class Pair:
    """A run and the run it is held against.

    Attributes:
        run, against: names.
        is_paired: whether both walked the same trials, so that trials were drawn in pairs.
        differences: one a measure that both have, in the order of the findings.
        scores: one a domain and person.
        only: measures that only one of the two has.
    """

    run: str
    against: str
    is_paired: bool
    differences: tuple[Difference, ...]
    scores: tuple[ScoreDifference, ...]
    only: tuple[Key, ...] = ()

    def having(self, verdict: str) -> tuple[Difference, ...]:
        """Differences with a verdict, the largest first."""
        return tuple(sorted((one for one in self.differences if one.verdict == verdict), key=lambda one: -one.size))


@dataclass(frozen=True, eq=False)
class _Match:
    """The same measure of two walks, with resamples that belong together, (D,) each, or None."""

    first: Finding
    second: Finding
    draws: tuple[np.ndarray, np.ndarray] | None
    of: str
    limit: Limit

    @property
    def level(self) -> float:
        return min(self.first.estimate.level, self.second.estimate.level)

    def apart(self, on) -> tuple[float, float, float]:
        """Difference on a scale (of `relevance`) with its interval."""
        value = float(on(self.first, self.second, self.first.value) - on(self.second, self.first, self.second.value))
        around = self.first.metric in relevance.CIRCULAR and on is not relevance.distance
        value = float(_wrapped(value)) if around else value
        if self.draws is None or not math.isfinite(value):
            return value, NAN, NAN
        drawn = on(self.first, self.second, self.draws[0]) - on(self.second, self.first, self.draws[1])
        drawn = value + _wrapped(drawn - value) if around else drawn
        return (value, *interval(value, drawn, self.level)) if np.isfinite(drawn).any() else (value, NAN, NAN)


def pair(names: tuple[str, str], first: Results, second: Results) -> Pair:
    """Two runs, measure by measure.

    Args:
        names: of the run and of the one it is held against.
        first, second: their results, under one protocol.
    """
    is_paired = bool(_trials(first)) and _trials(first) == _trials(second)
    own, theirs = ({key_of(finding): finding for finding in _doubted(one)} for one in (first, second))
    return Pair(
        *names,
        is_paired,
        tuple(_difference(_match(own[key], theirs[key], is_paired)) for key in own if key in theirs),
        tuple(_scores(first, second, is_paired)),
        tuple(key for key in chain(own, theirs) if (key in own) != (key in theirs)),
    )


def _wrapped(percent: np.ndarray | float) -> np.ndarray:
    """The shorter way around the stride, in [-50, 50) %."""
    return (np.asarray(percent, float) + 50.0) % 100.0 - 50.0


def key_of(finding: Finding) -> Key:
    """What makes two findings the same measure."""
    return finding.domain, finding.metric, finding.channel, finding.side, finding.reference


def _doubted(results: Results) -> list[Finding]:
    """All findings; what rests on the shape of a curve that r cannot judge shares its doubt."""
    doubts = {
        (one.domain, one.channel, one.side, one.reference): one.doubt
        for one in results.find("correlation")
        if one.doubt and one.channel
    }
    return [
        replace(one, doubt=one.doubt or doubts.get((one.domain, one.channel, one.side, one.reference), ""))
        if one.metric in OF_SHAPE
        else one
        for one in results.findings
    ]


def _trials(results: Results) -> tuple[tuple[str, str], ...]:
    """Trials that gave strides, by side: what was resampled."""
    counts = [(walk.trial, side, getattr(walk, f"strides_{side}")) for walk in results.walks for side in SIDES]
    return tuple((trial, side) for trial, side, count in counts if count)


def _match(first: Finding, second: Finding, is_paired: bool) -> _Match:
    drawn = first.estimate.draws, second.estimate.draws
    limit = relevance.limit(first, second)
    if any(one is None for one in drawn) or len(drawn[0]) != len(drawn[1]):
        return _Match(first, second, None, "nothing was resampled", limit)
    counts = [estimate.of for estimate in (first.estimate, second.estimate)]
    if is_paired and counts[0] == counts[1] and "trials" in counts[0]:
        return _Match(first, second, drawn, f"{counts[0]}, trials drawn in pairs", limit)
    order = np.random.default_rng(len(drawn[1])).permutation(len(drawn[1]))  # the same trials were not drawn together
    of = f"{counts[0]} and {counts[1]}, drawn apart"
    return _Match(first, second, (drawn[0], drawn[1][order]), of, limit)


def _difference(match: _Match) -> Difference:
    first, second = match.first, match.second
    value, low, high = match.apart(lambda finding, other, values: np.asarray(values, float))
    scaled, least, most = match.apart(relevance.judged)
    size = relevance.size(scaled, match.limit)
    note = _not_judged(match, value, low)
    is_apart = low > 0 or high < 0
    if note:
        verdict = NOT_JUDGED
    elif is_apart and size > 1.0:
        verdict = DIFFERS
    else:
        verdict = WITHIN if -match.limit.value <= least and most <= match.limit.value else UNDECIDED
    return Difference(
        *key_of(first),
        first.value,
        second.value,
        value,
        low,
        high,
        match.level,
        match.of,
        first.estimate.unit,
        match.limit,
        size,
        verdict,
        _nearer(match) if verdict == DIFFERS else 0,
        first.human,
        note,
        first.null,
        first.ceiling,
    )


def _not_judged(match: _Match, value: float, low: float) -> str:
    """Why a difference gets no verdict; empty if it does."""
    first, second = match.first, match.second
    if first.domain in relevance.NOT_JUDGED:
        return relevance.NOT_JUDGED[first.domain]
    if first.doubt or second.doubt:
        return f"r cannot judge this channel: {first.doubt or second.doubt}"
    if not math.isfinite(value):
        missing = first if not math.isfinite(first.value) else second
        return missing.note or missing.estimate.note or "not measured"
    return "" if math.isfinite(low) else "no interval: nothing was resampled"


def _nearer(match: _Match) -> int:
    value, low, high = match.apart(relevance.distance)
    if not math.isfinite(low) or low <= 0 <= high:
        return 0
    return 1 if value < 0 else 2


def _scores(first: Results, second: Results, is_paired: bool) -> list[ScoreDifference]:
    """Medians over the same channels, so that their resamples are differences of like things."""
    theirs = {key_of(finding): finding for finding in second.findings}
    found = []
    for score in first.scores:
        able = [
            (finding, theirs[key_of(finding)])
            for finding in first.find("correlation", domain=score.domain, reference=score.reference)
            if key_of(finding) in theirs and _has_score(finding, theirs[key_of(finding)])
        ]
        if not able:
            continue
        medians = [float(np.median([one.score for one in part])) for part in zip(*able)]
        value = medians[0] - medians[1]
        low, high = _score_interval(value, able, is_paired)
        level = able[0][0].estimate.level
        place = (score.domain, score.reference, score.question)
        found.append(ScoreDifference(*place, *medians, value, low, high, level, len(able)))
    return found


def _has_score(*findings: Finding) -> bool:
    return all(math.isfinite(finding.score) and not finding.doubt for finding in findings)


def _score_interval(value: float, able: list[tuple[Finding, Finding]], is_paired: bool) -> tuple[float, float]:
    drawn = [[finding.score_draws for finding in part] for part in zip(*able)]
    if any(one is None or len(one) != len(drawn[0][0]) for part in drawn for one in part):
        return NAN, NAN
    medians = [np.median(np.array(part), axis=0) for part in drawn]  # (D,) each; NaN where a channel has none
    if not is_paired:
        medians[1] = np.random.default_rng(len(medians[1])).permutation(medians[1])
    apart = medians[0] - medians[1]
    return interval(value, apart, able[0][0].estimate.level) if np.isfinite(apart).any() else (NAN, NAN)
