"""What a number must be read against: a null (a trivial prediction) and a ceiling (people among themselves).

Three ceilings, one for each comparison: within a person, for a walk that repeats that person; between pairs of people,
for a walk compared with one other person; one person left out, for a walk compared with the mean of several. All are
computed from the data at hand and are called provisional where few people stand behind them.
"""

import math
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from biomimic.gait.strides import SIDES, Curves
from biomimic.metrics.estimate import Estimate, Resampling, counted, stride_weights, weighted
from biomimic.metrics.waveform import fisher_mean, null_correlation, pearson, to_z
from biomimic.validate.people import FEW, Person, members
from biomimic.validate.walks import Key

MOST = 40  # strides of one person that are paired, evenly spaced over all of them
SPREAD = 0.5  # SD over range above which a channel cannot be judged by r

Agreement = Callable[[np.ndarray, np.ndarray], float]  # of two curves (101,)


class Ceiling(NamedTuple):
    """How well people agree (NaN when unknown), and in words what it is or why there is none."""

    value: float
    words: str
    people: int = 0  # how many stand behind it


def null(human: Curves, channel: str, lag: int = 0) -> float:
    """Correlation that a trivial prediction reaches with the human curve of a channel.

    Over the stance, shapes of force that need no walker, the sign chosen to fit: a straight line for the fore-aft
    force, a trapezoid or a half-sine for the others. Over the stride, the person's other channels and other phases.

    Args:
        human: curves of one data set and side.
        channel: the one compared.
        lag: largest shift to either side that the comparison allows itself [points]; the null gets the same.

    Returns:
        r, NaN when the human curve is constant.
    """
    curve = human.channel(channel)
    if human.phase == "stance" and channel == "anterior":
        return abs(float(pearson(np.linspace(-1.0, 1.0, len(curve)), curve)))
    if not lag:
        able = tuple(name for name in human.names if np.isfinite(human.channel(name)).all())
        found = null_correlation(human, channel, others=able)
        shapes = [abs(r) for _, r in found.parts] if human.phase == "stance" else []
        return max(shapes) if shapes else found.value
    wrong = [best(human.channel(name), curve, lag) for name in human.names if name != channel]
    every = [best(np.append(np.roll(curve[:-1], shift), 0.0), curve, lag) for shift in range(len(curve) - 1)]
    return fisher_mean([fisher_mean(wrong), fisher_mean(every)])


def ceiling(people: Sequence[Person], one: Person, key: Key, channel: str, lag: int = 0) -> Ceiling:
    """How well people agree on a channel by r, for a comparison with one person or with the mean of several.

    For a comparison with the person who was tracked: trial against trial of one person, because the best a
    walk can do is to repeat that person; where a side was recorded only once, the other leg's trials stand in.
    For a comparison with another person: all pairs of people. With the mean of several: each against the mean of the
    others.

    Args:
        people: all data sets of the protocol.
        one: compared with.
        key: quantity, side, phase.
        channel: the channel compared.
        lag: as in `null`.
    """
    return _ceiling(people, one, (key, channel), lambda a, b: best(a, b, lag), fisher_mean)


def error_ceiling(people: Sequence[Person], one: Person, key: Key, channel: str, *, offset: bool) -> Ceiling:
    """Human error that an error is divided into: RMS difference of people, by the same three comparisons.

    Args:
        people, one, key, channel: as in `ceiling`.
        offset: whether a constant difference counts.
    """

    def difference(first: np.ndarray, second: np.ndarray) -> float:
        gap = first - second
        return float(np.sqrt(np.mean(gap**2)) if offset else np.std(gap))

    return _ceiling(people, one, (key, channel), difference, lambda values: float(np.mean(values)))


def best(first: np.ndarray, second: np.ndarray, lag: int) -> float:
    """Highest correlation of two strides (101,) when one may be shifted around the stride by up to `lag` points."""
    if not lag:
        return float(pearson(first, second))
    cycle = first[:-1]
    shifted = cycle[(np.arange(len(cycle)) - np.arange(-lag, lag + 1)[:, None]) % len(cycle)]  # (shifts, 100)
    return float(pearson(shifted, second[:-1]).max())


def doubt(people: Sequence[Person], key: Key, channel: str) -> str:
    """Why r cannot judge a channel: people repeat it with a spread of more than half its range. Empty if it can.

    Source:
        limit of this project; a channel whose spread exceeds half its range has no shape to compare.
    """
    several = members(people, key, channel)
    if len(several) >= 3 and (share := _spread(np.array(several))) > SPREAD:
        return f"spread of {share:.2f} of its range between {len(several)} people"
    for person in people:
        rows = person.rows(key, channel) if person.has(key, channel) else ()
        if len(rows) > 1 and (share := _spread(rows)) > SPREAD:
            return f"spread of {share:.2f} of its range in {person.name}"
    return ""


class Scores(NamedTuple):
    """Resamples of a score, (D,), and what was resampled."""

    draws: np.ndarray
    of: str


def score_draws(
    estimate: Estimate,
    rows: tuple[np.ndarray, np.ndarray],
    several: Sequence[np.ndarray],
    bounds: tuple[float, float],
    resampling: Resampling,
) -> Scores | None:
    """Resamples of the score of a correlation, for its interval.

    With three people or more they are drawn anew as well as the strides: their mean, and the ceiling of each left
    out, follow. With fewer only the strides are, null and ceiling held.

    Args:
        estimate: the correlation with its resamples.
        rows: strides (S, 101) and their trials (S,).
        several: mean curves (101,) of the people whose mean was compared with; empty for a comparison with one.
        bounds: null and ceiling.
        resampling: as for the estimate.
    """
    if not all(map(math.isfinite, (estimate.value, *bounds))) or not bounds[0] < bounds[1]:
        return None
    low, high = to_z(np.array(bounds))
    if len(several) < 3:
        drawn = estimate.draws
        return None if drawn is None else Scores((to_z(drawn) - low) / (high - low), counted(rows[1]))
    found, top = _people_draws(
        weighted(stride_weights(rows[1], resampling), rows[0]), np.array(several), resampling.seed
    )
    span = np.where(top > low, top - low, np.nan)
    walk = f" and {counted(rows[1])}" if len(rows[0]) > 1 else ""
    return Scores((found - low) / span, f"{len(several)} people{walk}")


def _people_draws(walk: np.ndarray, curves: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """z of the walk with resampled people's mean, and of each of them with the mean of the rest, both (D,).

    Args:
        walk: mean curve of the resampled strides, (D, 101).
        curves: of n people, (n, 101).
        seed: of the drawing.
    """
    count = len(curves)
    times = np.random.default_rng([seed, count]).multinomial(count, np.full(count, 1.0 / count), size=len(walk))
    total = times @ curves  # (D, 101)
    found = to_z(pearson(walk, total / count))
    sums, weight = np.zeros(len(walk)), np.zeros(len(walk))
    for k, curve in enumerate(curves):
        rest = count - times[:, k]
        able = (times[:, k] > 0) & (rest > 0)
        others = (total[able] - times[able, k, None] * curve) / rest[able, None]
        sums[able] += times[able, k] * to_z(pearson(others, curve))
        weight[able] += times[able, k]
    return found, np.divide(sums, weight, out=np.full(len(walk), np.nan), where=weight > 0)


def _ceiling(
    people: Sequence[Person], one: Person, what: tuple[Key, str], agreement: Agreement, average: Callable
) -> Ceiling:
    key, channel = what
    if one.role == "target":
        return Ceiling(math.nan, "none: the target is no person")
    if one.role == "group":
        return _left_out(members(_others(people), key, channel), agreement, average)
    if one.role == "other":
        return _pairs(members(people, key, channel), agreement, average)
    able = [person for person in people if person.has(key, channel)]
    own = _within(able, key, channel, (agreement, average))
    mirrored = (key[0], SIDES[1 - SIDES.index(key[1])], key[2])
    other = [person for person in people if person.has(mirrored, channel)]
    return own if math.isfinite(own.value) else _within(other, mirrored, channel, (agreement, average))


def _others(people: Sequence[Person]) -> list[Person]:
    return [person for person in people if person.role == "other"]


def _within(able: Sequence[Person], key: Key, channel: str, how: tuple[Agreement, Callable]) -> Ceiling:
    """Mean over all pairs of trials of the person who has most of them."""
    single = [person for person in able if not person.is_several]
    most = max(single, key=lambda person: person.complete(key, channel), default=None)
    if most is None or most.complete(key, channel) < 2:
        return Ceiling(math.nan, "none: nobody was recorded more than once on this channel")
    rows = most.rows(key, channel)
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, MOST).astype(int))]
    value = how[1]([how[0](a, b) for a, b in combinations(rows, 2)])
    words = f"within one person ({most.name}, {key[1]} leg, n = {len(rows)} {most.entry.of})"
    return Ceiling(value, words, 1)


def _pairs(curves: Sequence[np.ndarray], agreement: Agreement, average: Callable) -> Ceiling:
    """Mean over all pairs of people."""
    if len(curves) < 2:
        return Ceiling(math.nan, "none: only one person was recorded on this channel and side")
    values = [agreement(a, b) for a, b in combinations(curves, 2)]
    pairs = "pair" if len(values) == 1 else "pairs"
    words = f"between people (n = {len(values)} {pairs}{_provisional(len(curves))})"
    return Ceiling(average(values), words, len(curves))


def _left_out(curves: Sequence[np.ndarray], agreement: Agreement, average: Callable) -> Ceiling:
    """Mean over people of each against the mean of the others."""
    if len(curves) < 2:
        return Ceiling(math.nan, "none: only one person was recorded on this channel and side")
    total = np.sum(curves, axis=0)
    values = [agreement(curve, (total - curve) / (len(curves) - 1)) for curve in curves]
    words = f"each person against the mean of the others (n = {len(curves)} people{_provisional(len(curves))})"
    return Ceiling(average(values), words, len(curves))


def _provisional(count: int) -> str:
    return f", provisional: fewer than {FEW}" if count < FEW else ""


def _spread(rows: np.ndarray) -> float:
    """RMS over the cycle of the SD between rows (n, 101), as a share of the range of their mean."""
    size = float(np.ptp(rows.mean(axis=0)))
    return float(np.sqrt(np.mean(np.var(rows, axis=0, ddof=1)))) / size if size > 0 else math.inf
