"""What a correlation must be read against: a null (a trivial prediction) and a ceiling (people among themselves).

The ceilings are provisional: they rest on two people. Between people there is one pair, within a person the trials
of one person.
"""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from biomimic.gait.strides import SIDES, Curves
from biomimic.metrics.waveform import fisher_mean, null_correlation, pearson
from biomimic.validate.walks import Person

SPREAD = 0.5  # SD over range above which a channel cannot be judged by r
Key = tuple[str, str, str]  # quantity, side, phase


class Ceiling(NamedTuple):
    """How well people agree: r (NaN when unknown), and in words what it is or why there is none."""

    value: float
    words: str


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
        found = null_correlation(human, channel)
        shapes = [abs(r) for _, r in found.parts] if human.phase == "stance" else []
        return max(shapes) if shapes else found.value
    wrong = [best(human.channel(name), curve, lag) for name in human.names if name != channel]
    every = [best(np.append(np.roll(curve[:-1], shift), 0.0), curve, lag) for shift in range(len(curve) - 1)]
    return fisher_mean([fisher_mean(wrong), fisher_mean(every)])


def ceiling(people: Sequence[Person], one: Person, key: Key, channel: str, lag: int = 0) -> Ceiling:
    """How well people agree on a channel, for a comparison with one person.

    For a comparison with the person who was tracked: trial against trial of one person, because the best a
    walk can do is to repeat that person; where a side was recorded only once, the other leg's trials stand in.
    For a comparison with another person: the people's mean curves.

    Args:
        people: all data sets of the protocol.
        one: the person compared with.
        key: quantity, side, phase.
        channel: the channel compared.
        lag: as in `null`.
    """
    able = [person for person in people if person.has(key, channel)]
    if one.role == "other":
        return _between(able, one, key, channel, lag)
    own = _within(able, key, channel, lag)
    mirrored = (key[0], SIDES[1 - SIDES.index(key[1])], key[2])
    other = [person for person in people if person.has(mirrored, channel)]
    return own if math.isfinite(own.value) else _within(other, mirrored, channel, lag)


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
    for person in people:
        spread = person.curves(key).spread(channel) if person.has(key, channel) else None
        if spread is None:
            continue
        share = float(np.sqrt(np.mean(spread**2)) / np.ptp(person.curves(key).channel(channel)))
        if share > SPREAD:
            return f"spread of {share:.2f} of its range in {person.name}"
    return ""


def _within(able: Sequence[Person], key: Key, channel: str, lag: int) -> Ceiling:
    """Mean r over all pairs of trials of the person who has most of them."""
    most = max(able, key=lambda person: person.complete(key, channel), default=None)
    if most is None or most.complete(key, channel) < 2:
        return Ceiling(math.nan, "none: nobody was recorded more than once on this channel")
    rows = [row for row in most.strides[key].channel(channel) if np.isfinite(row).all()]
    value = fisher_mean([best(a, b, lag) for a, b in combinations(rows, 2)])
    return Ceiling(value, f"within one person ({most.name}, {key[1]} leg, n = {len(rows)} {most.entry.of})")


def _between(able: Sequence[Person], one: Person, key: Key, channel: str, lag: int) -> Ceiling:
    """r between the mean curves of this person and of each other one."""
    others = [person for person in able if person.name != one.name]
    if not others or not one.has(key, channel):
        return Ceiling(math.nan, "none: only one person was recorded on this channel and side")
    curve = one.curves(key).channel(channel)
    values = [best(curve, person.curves(key).channel(channel), lag) for person in others]
    pairs = "pair" if len(values) == 1 else "pairs"
    return Ceiling(fisher_mean(values), f"between people (n = {len(values)} {pairs})")
