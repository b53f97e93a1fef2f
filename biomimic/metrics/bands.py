"""Simultaneous prediction bands: where the whole curve of one more unit lies with a chosen chance.

A band of one SD is no such thing: a human curve lies wholly within it a few times in a hundred. Here the half width is
C SD, with C from the bootstrap; where several strides of a unit are given, units are resampled and strides within them.
The same question asked of each unit left out says how often a human stays inside, the ceiling of this measure.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.metrics.estimate import Resampling

NINETY = Resampling(level=0.90)
MINIMUM = 5  # units below which a band is not made
SD_FLOOR = 0.01  # of the range of the mean curve: least SD, where all units agree (force of a foot in the air)
BLOCK = 1_000_000  # numbers held at once


@dataclass(frozen=True, eq=False)
class Band:
    """Where the whole curve of a new unit lies with chance `level`.

    Attributes:
        mean: (Q,), each unit counted alike.
        sd: (Q,) of one curve of a new unit.
        factor: half width in SD; NaN where there is no band, with the reason in `note`.
        level: chance that the whole curve lies inside.
        n: units.
        of: what n counts.
        rows: curves of these units.
        note: why there is no band; empty if there is one.
    """

    mean: np.ndarray
    sd: np.ndarray
    factor: float
    level: float
    n: int
    of: str
    rows: int
    note: str = ""

    @property
    def half_width(self) -> np.ndarray:
        """Half width, (Q,)."""
        return self.factor * self.sd

    @property
    def low(self) -> np.ndarray:
        """Lower edge, (Q,)."""
        return self.mean - self.half_width

    @property
    def high(self) -> np.ndarray:
        """Upper edge, (Q,)."""
        return self.mean + self.half_width


class Position(NamedTuple):
    """Where curves lie with respect to a band; NaN where there is none or a curve was not measured."""

    outside: np.ndarray  # (S,) share of the cycle outside
    inside: np.ndarray  # (S,) 1 where the whole curve is inside, 0 where it is not
    farthest: np.ndarray  # (S,) largest distance from the mean, in half widths; at most 1 inside
    at: np.ndarray  # (S,) where that is [% of the cycle]


class HeldOut(NamedTuple):
    """How units fare against the band of the others."""

    unit: np.ndarray  # (n,)
    outside: np.ndarray  # (n,) share of the cycle outside, mean of the curves of the unit
    inside: np.ndarray  # (n,) share of its curves that are wholly inside
    mean_outside: float  # of the units: what a human reaches
    mean_inside: float
    level: float
    n: int
    of: str
    note: str  # why it is missing; empty if it is not


def prediction_band(
    rows: np.ndarray, unit: np.ndarray, of: str = "subjects", resampling: Resampling = NINETY, *, minimum: int = MINIMUM
) -> Band:
    """The band mean ± C SD that holds the whole curve of a new unit with chance `resampling.level`.

    In each resample C must be such that the curves lie within C of its SDs of its mean; C is taken over all resamples.
    With one curve per unit (its mean), the band is for the mean curve of a new unit; with its strides, for one stride.

    Args:
        rows: (S, Q); a row with a missing point is left out.
        unit: (S,) subject or trial of each row.
        of: what a unit is.
        resampling: draws, level and seed.
        minimum: units below which no band is made.

    Source:
        Lenhoff et al., Gait & Posture 9 (1999) 10-17; with nested curves Koska, Oriwol & Maiwald, 2023 (cluster
        bootstrap).
    """
    rows, unit = _measured(rows, unit)
    names, place, sizes = np.unique(unit, return_inverse=True, return_counts=True)
    count = len(names)
    if count < minimum:
        nan = np.full(rows.shape[1], np.nan)
        note = f"no band from n = {count} ({of}); at least {minimum} are needed"
        return Band(nan, nan, float("nan"), resampling.level, count, of, len(rows), note)
    mean, sd = _moments(rows, place, sizes)
    floor = SD_FLOOR * np.ptp(mean)
    largest, _ = _resampled(rows - mean, place, sizes, floor, resampling)
    factor = _quantile(largest, resampling.level)
    return Band(mean, np.maximum(sd, floor), factor, resampling.level, count, of, len(rows))


def position(band: Band, curves: np.ndarray) -> Position:
    """Where curves (S, Q) or one curve (Q,) lie with respect to a band."""
    curves = np.atleast_2d(np.asarray(curves, float))
    if curves.shape[1] != len(band.mean):
        raise BadValue(f"The band has {len(band.mean)} points; the curves have {curves.shape[1]}.")
    distance = _distance(np.abs(curves - band.mean), band.half_width)
    known = np.isfinite(curves).all(axis=1) & np.isfinite(band.factor)
    last = max(curves.shape[1] - 1, 1)
    return Position(
        outside=np.where(known, (distance > 1.0).mean(axis=1), np.nan),
        inside=np.where(known, (distance <= 1.0).all(axis=1), np.nan),
        farthest=np.where(known, distance.max(axis=1), np.nan),
        at=np.where(known, 100.0 * distance.argmax(axis=1) / last, np.nan),
    )


def held_out(
    rows: np.ndarray, unit: np.ndarray, of: str = "subjects", resampling: Resampling = NINETY, *, minimum: int = MINIMUM
) -> HeldOut:
    """Each unit against the band of the others: the share of the cycle outside and the rate of whole curves inside.

    The factor C of the others is taken from the resamples that happen to lack the unit (about a third of them).

    Args:
        rows, unit, of, resampling, minimum: as in `prediction_band`; minimum is of the units that remain.

    Source:
        Efron, J. R. Stat. Soc. B 54 (1992) 83-127 (jackknife after bootstrap).
    """
    rows, unit = _measured(rows, unit)
    names = np.unique(unit)
    nan, level = float("nan"), resampling.level
    if len(names) - 1 < minimum:
        empty = np.full(len(names), nan)
        note = f"no band from the others of n = {len(names)} ({of}); at least {minimum} others are needed"
        return HeldOut(names, empty, empty, nan, nan, level, len(names), of, note)
    _, place, sizes = np.unique(unit, return_inverse=True, return_counts=True)
    mean, _ = _moments(rows, place, sizes)
    largest, picked = _resampled(rows - mean, place, sizes, SD_FLOOR * np.ptp(mean), resampling)
    found = []
    for k in range(len(names)):
        left = place == k
        mean, sd = _moments(rows[~left], np.delete(place, left) - (np.delete(place, left) > k), np.delete(sizes, k))
        without = np.delete(largest[picked[:, k] == 0], k, axis=1)
        sd = np.maximum(sd, SD_FLOOR * np.ptp(mean))
        band = Band(mean, sd, _quantile(without, level), level, len(names) - 1, of, int((~left).sum()))
        where = position(band, rows[left])
        found.append((where.outside.mean(), where.inside.mean()))
    outside, inside = np.array(found).T
    return HeldOut(names, outside, inside, float(outside.mean()), float(inside.mean()), level, len(names), of, "")


def _moments(rows: np.ndarray, place: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD of one curve of a new unit, each unit counted alike."""
    count = len(sizes)
    share = 1.0 / (count * sizes[place])
    mean = share @ rows
    return mean, np.sqrt(share @ (rows - mean) ** 2 * count / (count - 1))


def _quantile(largest: np.ndarray, level: float) -> float:
    """C: quantile of the largest distances; 0 where no resample varied."""
    known = largest[np.isfinite(largest[:, 0])] if len(largest) else largest
    return float(np.quantile(known, level)) if known.size else 0.0


def _resampled(
    centred: np.ndarray, place: np.ndarray, sizes: np.ndarray, floor: float, resampling: Resampling
) -> tuple[np.ndarray, np.ndarray]:
    """Largest distance of a curve of each unit from the resampled mean, in resampled SDs, and how often it was drawn.

    Returns:
        Distances (draws, n), NaN where the resample is one unit many times over; times each unit was drawn (draws, n).
    """
    generator = np.random.default_rng(resampling.seed)
    count, points = len(sizes), centred.shape[1]
    first = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    order = np.argsort(place, kind="stable")
    centred, squared = centred[order], centred[order] ** 2
    block = max(BLOCK // (count * points), 1)
    largest, picked = np.empty((resampling.draws, count)), np.empty((resampling.draws, count), int)
    for start in range(0, resampling.draws, block):
        now = slice(start, min(start + block, resampling.draws))
        draws = now.stop - start
        picked[now] = generator.multinomial(count, np.full(count, 1.0 / count), size=draws)
        weights = _weights(generator, picked[now], sizes)
        mean = weights @ centred  # (draws, Q)
        variance = np.maximum(weights @ squared - mean**2, 0.0) * count / (count - 1)
        sd = np.maximum(np.sqrt(variance), floor)
        chosen = first + (generator.random((draws, count)) * sizes).astype(int)  # one curve of each unit
        curves = centred[chosen] if sizes.max() > 1 else centred[None]
        distance = np.abs(curves - mean[:, None])
        distance = distance / sd[:, None] if sd.all() else _distance(distance, sd[:, None])
        largest[now] = distance.max(axis=2)
    largest[(picked > 0).sum(axis=1) == 1] = np.nan
    return largest, picked


def _weights(generator: np.random.Generator, picked: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Weight of each curve when units were drawn `picked` (draws, n) times and curves within them; rows sum to 1."""
    count = len(sizes)
    if sizes.max() == 1:
        return picked / count
    parts = [
        generator.multinomial(picked[:, k] * size, np.full(size, 1.0 / size)) / (count * size)
        for k, size in enumerate(sizes)
    ]
    return np.concatenate(parts, axis=1)


def _distance(size: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Size in widths; where the width is zero, nothing is inside but zero itself."""
    width = np.broadcast_to(width, size.shape)
    apart = np.where(size > 0, np.inf, np.where(np.isnan(size), np.nan, 0.0))
    return np.divide(size, width, out=apart, where=width > 0)


def _measured(rows: np.ndarray, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, unit = np.asarray(rows, float), np.asarray(unit)
    if rows.ndim != 2 or unit.shape != rows.shape[:1]:
        raise BadValue(f"A band is made of rows (S, points) with one unit each; found {rows.shape} and {unit.shape}.")
    known = np.isfinite(rows).all(axis=1)
    return rows[known], unit[known]
