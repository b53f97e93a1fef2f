"""Whole curves of groups of runs: where in the cycle two groups differ, with one error rate for all of a curve.

The runs are the units: each gives one mean curve. Below five runs there is no p value. Families are fixed before
looking: all compared channels and sides of a domain, corrected by Holm where the domain is confirmatory, else by
Benjamini and Hochberg.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import POINTS, SIDES, Strides
from biomimic.metrics import activation, curves
from biomimic.metrics.curves import RANDOM_FIELD, Inference, Sample
from biomimic.validate.over_runs import ALPHA, CONFIRMATORY
from biomimic.validate.protocol import DOMAIN_OF, Protocol
from biomimic.validate.results import Results
from biomimic.validate.statistics import benjamini_hochberg, holm

Key = tuple[str, str, str]  # quantity, side, phase
LEAST_FOR_FIELD = 8  # runs in each group from which random field theory is set beside the permutation
GROUPS, PAIRS, AGAINST_ONE = "two groups of runs", "pairs of runs", "runs against one run, taken as given"
ARTICLE = {"stride": "the stride", "stance": "stance"}
STILL = 1e-9  # share of the largest value below which differences between runs are rounding
NAN = math.nan


@dataclass(frozen=True)
class Stretch:
    """A stretch of the curve in which the statistic exceeds its critical height.

    Attributes:
        start, end: interpolated [% of the stride or of stance].
        p: of its mass, corrected for the whole of this curve, not for the other curves.
        extreme: largest value of the statistic in it, with its sign.
    """

    start: float
    end: float
    p: float
    extreme: float


@dataclass(frozen=True)
class Field:
    """The same test by random field theory, which assumes normal and smooth curves; a cross-check, never the verdict.

    Attributes:
        threshold: critical height.
        p: of the extreme, for the whole of this curve.
        how: smoothness that was found.
    """

    threshold: float = NAN
    p: float = NAN
    how: str = ""


@dataclass(frozen=True)
class OverCurves:
    """One channel of one side: mean curves of the runs of one group minus those of another.

    Attributes:
        domain, channel, side, phase: which curve; phase is what 0 to 100 % spans.
        quantity: of the evidence.
        test: "two groups of runs", "pairs of runs" or "runs against one run, taken as given".
        n: runs with a whole curve in each group.
        threshold: critical height of t for the whole of this curve; NaN without p, infinite where so few runs can
            never reach it.
        extreme: of t, with its sign.
        at: where it lies [%].
        clusters: stretches beyond the threshold, before the correction for the other curves.
        where: the same in words; empty without any.
        how: what p rests on.
        p: of the extreme, for the whole of this curve; NaN below five runs.
        floor: smallest p that so many runs can reach.
        family, method, adjusted: the curves it is corrected with, how, and the corrected p.
        field: the cross-check, with eight runs in each group.
        note: why there is no p; empty if there is.
    """

    domain: str
    channel: str
    side: str
    phase: str
    quantity: str
    test: str
    n: tuple[int, int]
    threshold: float
    extreme: float
    at: float
    clusters: tuple[Stretch, ...] = ()
    where: str = ""
    how: str = ""
    p: float = NAN
    floor: float = NAN
    family: str = ""
    method: str = ""
    adjusted: float = NAN
    field: Field = Field()
    note: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether the corrected test finds a difference somewhere along the curve."""
        return self.adjusted <= ALPHA


def over_curves(
    first: Sequence[Results],
    second: Sequence[Results],
    protocol: Protocol,
    *,
    same_seeds: bool = False,
    inference: Inference | None = None,
) -> tuple[OverCurves, ...]:
    """Every compared channel and side that all runs have, over two groups of runs.

    Args:
        first, second: groups, with their evidence; a single run in a group is taken as given.
        protocol: says what is compared; gives the seed.
        same_seeds: whether the runs of both groups belong together in order.
        inference: of each curve; permutation by default.

    Source:
        Nichols & Holmes, Hum. Brain Mapp. 15 (2002) 1-25; Pataky et al., J. Biomech. 48 (2015) 1277-1285.
    """
    inference = inference or Inference(alpha=ALPHA, seed=protocol.resampling.seed)
    is_paired = same_seeds and len(first) == len(second) > 1
    found = []
    for key in dict.fromkeys((one.quantity, side, one.phase) for one in protocol.comparisons for side in SIDES):
        groups = tuple([_scaled(one, key) for one in group] for group in (first, second))
        for channel in _channels(protocol, key, [one for group in groups for one in group]):
            rows = tuple(np.array([one.summary().channel(channel) for one in group]) for group in groups)
            found.append(_curve((key, channel), rows, is_paired, inference))
    return tuple(_corrected(found))


def _channels(protocol: Protocol, key: Key, several: list[Strides | None]) -> list[str]:
    """Compared channels that all runs have strides of."""
    wanted = dict.fromkeys(
        name for one in protocol.comparisons if (one.quantity, one.phase) == (key[0], key[2]) for name in one.channels
    )
    return [name for name in wanted if all(one is not None and len(one) and name in one.names for one in several)]


def _scaled(results: Results, key: Key) -> Strides | None:
    """Strides of one run; activity relative to the peak of its mean curve, NaN where a muscle is silent."""
    strides = results.evidence.simulated.get(key)
    if strides is None or key[0] != "activity":
        return strides
    is_simulated = results.identity.get("run", {}).get("kind", "simulated") == "simulated"
    return activation.relative_to_peak(strides, silent=activation.SILENT if is_simulated else 0.0)


def _curve(
    place: tuple[Key, str], rows: tuple[np.ndarray, np.ndarray], is_paired: bool, inference: Inference
) -> OverCurves:
    """The test of one channel, uncorrected for the others."""
    (quantity, side, phase), channel = place
    rows = _without_rounding(*rows)
    whole = tuple(part[np.isfinite(part).all(axis=1)] for part in rows)
    counts = tuple(len(part) for part in whole)
    test, samples = GROUPS, [_sample(part) for part in rows]
    if is_paired:
        test, samples = PAIRS, [_sample(rows[0] - rows[1])]
        counts = (len(samples[0].means()[1]),) * 2
    elif min(map(len, rows)) == 1:
        test, samples = AGAINST_ONE, [_sample(_broad(whole[0]) - _broad(whole[1]))]
    found = curves.compare(*samples, inference=inference)
    floor = NAN if found.note else _floor(found.n, inference.draws)
    clusters = tuple(Stretch(one.start, one.end, one.p, one.extreme) for one in found.clusters)
    return OverCurves(
        DOMAIN_OF[quantity],
        channel,
        side,
        phase,
        quantity,
        test,
        counts,
        math.inf if floor > inference.alpha else found.threshold,
        found.extreme,
        found.at,
        clusters,
        _words(clusters, phase),
        found.how,
        found.p,
        floor,
        field=Field() if found.note else _field(samples, counts, test, inference),
        note=found.note,
    )


def _without_rounding(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both groups with 0 at points where no run differs from another by more than rounding, in place of its mean."""
    together = np.concatenate((first, second))
    lowest, highest = np.fmin.reduce(together), np.fmax.reduce(together)
    largest = np.fmax.reduce(np.abs(together), axis=None)
    still = (highest - lowest <= STILL * largest) & np.isfinite(together).any(axis=0)
    return tuple(np.where(still & np.isfinite(part), 0.0, part) for part in (first, second))


def _broad(rows: np.ndarray) -> np.ndarray:
    """Curves to subtract from each other: one curve stands for all, and where there is none nothing is left."""
    return rows if len(rows) else np.full((1, POINTS), NAN)


def _sample(rows: np.ndarray) -> Sample:
    return Sample(rows, np.arange(len(rows)), of="runs")


def _words(clusters: Sequence[Stretch], phase: str) -> str:
    """Stretches in words, e.g. "40 to 60 % of the stride"."""
    parts = [f"{one.start:.0f} to {one.end:.0f} %" for one in clusters]
    return f"{', '.join(parts)} of {ARTICLE[phase]}" if parts else ""


def _floor(n: tuple[int, ...], draws: int) -> float:
    """Smallest p: turning every sign or exchanging two equal groups gives the same extreme once more."""
    count = math.comb(sum(n), n[0]) if len(n) == 2 else 2 ** n[0]
    if count > draws:
        return 1.0 / (draws + 1.0)
    return (1.0 if len(set(n)) > 1 else 2.0) / count


def _field(samples: list[Sample], counts: tuple[int, int], test: str, inference: Inference) -> Field:
    """Random field theory beside the permutation, where there are enough runs for it."""
    if (max(counts) if test == AGAINST_ONE else min(counts)) < LEAST_FOR_FIELD:
        return Field()
    try:
        found = curves.compare(*samples, inference=replace(inference, method=RANDOM_FIELD))
    except BadValue as error:  # curves without any variation have no smoothness
        return Field(how=str(error))
    return Field(found.threshold, found.p, found.how)


def _corrected(found: Sequence[OverCurves]) -> Iterator[OverCurves]:
    """Each with its family and the corrected p."""
    for domain in dict.fromkeys(one.domain for one in found):
        several = [one for one in found if one.domain == domain]
        is_primary = domain in CONFIRMATORY
        family = f"{domain}, curves" if is_primary else f"{domain}, curves, exploratory"
        tests = {str(place): one.p for place, one in enumerate(several)}
        result = (holm if is_primary else benjamini_hochberg)(tests, family=family, alpha=ALPHA)
        for one, adjusted in zip(several, result.adjusted):
            yield replace(one, family=family, method=result.method, adjusted=adjusted)
