"""People measured as if each were the walk: how far they are from one another, and where a walk lies among them."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from biomimic.gait.strides import Strides
from biomimic.metrics import activation
from biomimic.metrics.estimate import Estimate
from biomimic.validate import statistics
from biomimic.validate.ceiling import Ceiling
from biomimic.validate.measures import BETWEEN, EACH, METRICS, Pair
from biomimic.validate.people import FEW, Person
from biomimic.validate.walks import Key

MOST = 12  # people who are measured for it, evenly spaced over all of them


def people(metric: str, pair: Pair, one: Person, everybody: Sequence[Person]) -> Ceiling:
    """The same measure of other people against the same person: its mean size is what people differ by.

    Args:
        metric: key of `BETWEEN`.
        pair: the comparison of the walk.
        one: compared with.
        everybody: all people; each other one takes the place of the walk.
    """
    key = (pair.quantity, pair.strides.side, pair.strides.phase)
    found = []
    for rows in _walkers(everybody, one, key, pair.channel):
        quick = replace(pair.resampling, draws=1)
        estimate = METRICS[metric](replace(pair, strides=rows, resampling=quick))
        if math.isfinite(estimate.value):
            found.append(BETWEEN[metric](estimate.value))
    if not found:
        return Ceiling(math.nan, "none: nobody else was recorded on this channel and side")
    weak = f", provisional: fewer than {FEW}" if len(found) < FEW else ""
    persons = "other person" if len(found) == 1 else "other people"
    return Ceiling(float(np.mean(found)), f"{len(found)} {persons} against the same{weak}", len(found))


def position(metric: str, pair: Pair, estimate: Estimate, one: Person) -> str:
    """Where one number a stride lies among several people, in words: what stands in place of a p value."""
    if one.role != "group" or metric not in EACH:
        return ""
    values = EACH[metric][0](pair.rows, pair.protocol).values
    place = statistics.position(estimate.value, values)
    if not math.isfinite(place.z):
        return ""
    return f"{place.z:+.1f} SD from the mean of {place.n} people, percentile {place.percentile:.0f}"


def _walkers(everybody: Sequence[Person], one: Person, key: Key, channel: str) -> list[Strides]:
    """Rows of each other person with the channel; of several people in one data set each row."""
    found = []
    for other in everybody:
        if other.role not in ("same", "other") or not other.has(key, channel) or other.name == one.name:
            continue
        rows = other.strides[key].select((channel,))
        rows = rows.take(np.isfinite(rows.channel(channel)).all(axis=1))
        rows = activation.relative_to_peak(rows, silent=0.0) if key[0] == "activity" else rows
        found += [rows.take(np.array([k])) for k in range(len(rows))] if other.is_several else [rows]
    kept = np.unique(np.linspace(0, len(found) - 1, MOST).astype(int)) if len(found) > MOST else range(len(found))
    return [found[k] for k in kept]
