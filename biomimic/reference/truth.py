"""What is true of a made-up cohort: mean, covariance, effect of speed, ceilings; from its formula, not its strides.

Mean and covariance are exact to the quadrature over the phase shift. A ceiling is the mean of Fisher's z of
correlations, which no formula gives: `expected_ceilings` draws many people by the formula alone and says with what
error, and `first_ceilings` is the first-order answer on paper, which the former must be near.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import POINTS
from biomimic.reference.cohort import HARMONICS, SHARE, Channel, Cohort, Shape, draw

NODES = 15  # of the quadrature over the phase shift
CLIP = 0.9999  # of r before Fisher's z, as everywhere in this package
AT_ONCE = 500  # groups of people drawn at once


class Truth(NamedTuple):
    """Of one channel, in its unit.

    Attributes:
        mean: of the population, (101,).
        between: covariance of the expected curves of people, (101, 101).
        within: covariance of the strides of a person, mean over people, (101, 101).
        per_speed: change of the mean curve for 1 m/s more, (101,).
    """

    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray
    per_speed: np.ndarray


class Ceilings(NamedTuple):
    """Correlations that people reach, and the error of their z where they were drawn (0 where on paper)."""

    pair: float  # mean curves of two people
    left_out: float  # mean curve of one person and the mean of n - 1 others
    within: float  # two strides of one person
    errors: tuple[float, float, float]  # of Fisher's z of the three


def truth(cohort: Cohort, name: str) -> Truth:
    """Mean and covariance of one channel.

    Args:
        cohort: whose formula it is; its seed and numbers of people and strides do not matter.
        name: of the channel.
    """
    channel = cohort.channel(name)
    shifts, weights = _shifts(cohort, channel)
    blur = cohort.timing_within if channel.phase == "stride" else 0.0
    every = math.hypot(blur, cohort.timing_between) if channel.phase == "stride" else 0.0
    at = SHARE + shifts[:, None]  # (K, 101)
    own, slope = channel.mean.at(at, blur), channel.per_speed.at(at, blur)  # of people with this shift
    mean, per_speed = weights @ own, weights @ slope
    person = _second(own, weights) + cohort.speed_between**2 * _second(slope, weights)
    speeds = cohort.speed_between**2 + cohort.speed_within**2
    stride = _spread_over(channel.mean, every) + speeds * _spread_over(channel.per_speed, every)
    between, within = _differences(channel, cohort)
    if channel.multiplies:
        person, stride = person * np.exp(between), stride * np.exp(between + within)
    else:
        person, stride = person + between, stride + between + within
    lift = cohort.lift.get(name, 0.0)
    return Truth(mean + lift, person - np.outer(mean, mean), stride - person, per_speed)


def value_truth(cohort: Cohort, name: str, percent: int) -> tuple[float, float, float, float]:
    """Of a channel's value at a percent of the cycle: mean, SD between people and within, and change per m/s.

    The SDs are those that remain when speed is known, as in a model with speed as a covariate.
    """
    still = replace(cohort, speed_between=0.0, speed_within=0.0)
    found = truth(still, name)
    sd = (math.sqrt(max(float(part[percent, percent]), 0.0)) for part in (found.between, found.within))
    return (float(found.mean[percent]), *sd, float(found.per_speed[percent]))


def first_ceilings(cohort: Cohort, name: str, people: int | None = None) -> Ceilings:
    """Ceilings to first order, from the differences that change the shape: a constant and a gain do not lower r.

    Args:
        cohort: its number of strides counts, as people are compared by the means of theirs.
        name: of the channel.
        people: in the group from which one is left out; None takes the cohort's.
    """
    found, count = truth(cohort, name), people or cohort.people
    shared = float(np.var(found.mean))
    between, within = (_of_shape(part, found.mean) for part in (found.between, found.within))
    own = between + within / cohort.strides
    pair = shared / (shared + own)
    left_out = shared / math.sqrt((shared + own) * (shared + own / max(count - 1, 1)))
    return Ceilings(pair, left_out, (shared + between) / (shared + between + within), (0.0, 0.0, 0.0))


def expected_ceilings(
    cohort: Cohort, name: str, *, people: int | None = None, groups: int = 4000, seed: int = 20_000
) -> Ceilings:
    """Ceilings by drawing groups of people of this cohort; one comparison of each kind a group, so all are independent.

    Args:
        cohort, name, people: as in `first_ceilings`.
        groups: how many.
        seed: of the drawing; not one of those the estimates are made of.
    """
    count = people or cohort.people
    if count < 2:
        raise BadValue(f"A ceiling between people needs two of them; got {count}.")
    z = []
    for start in range(0, groups, AT_ONCE):
        many = min(AT_ONCE, groups - start)
        drawn = replace(cohort.only(name), people=many * count, seed=seed + start)
        rows = np.array([one.values[name] for one in draw(drawn)])  # (groups × people, strides, 101)
        means = rows.mean(axis=1).reshape(many, count, POINTS)
        pair = _z(means[:, 0], means[:, 1])
        left = _z(means[:, 0], means[:, 1:].mean(axis=1))
        two = rows.reshape(many, count, cohort.strides, POINTS)[:, 0]
        own = _z(two[:, 0], two[:, 1]) if cohort.strides > 1 else np.full(many, np.nan)
        z.append(np.stack((pair, left, own)))
    every = np.concatenate(z, axis=1)  # (3, groups)
    error = every.std(axis=1, ddof=1) / math.sqrt(groups)
    return Ceilings(*np.tanh(every.mean(axis=1)).tolist(), tuple(error.tolist()))


def with_ceiling(cohort: Cohort, name: str, pair: float) -> Cohort:
    """The same cohort with its spread chosen so that two people agree on this channel with this r, to first order.

    Raises:
        BadValue: timing and speed alone already let people differ more, or r is not between 0 and 1.
    """
    low, high = 0.0, 64.0
    reach = first_ceilings(replace(cohort, spread=low), name).pair
    if not 0.0 < pair < reach:
        raise BadValue(
            f"A ceiling of {pair:g} was asked for on {name}; with its timing and speed this cohort can have any "
            f"between 0 and {reach:.4f}."
        )
    for _ in range(60):
        middle = 0.5 * (low + high)
        agree = first_ceilings(replace(cohort, spread=middle), name).pair
        low, high = (middle, high) if agree > pair else (low, middle)
    return replace(cohort, spread=0.5 * (low + high))


def _shifts(cohort: Cohort, channel: Channel) -> tuple[np.ndarray, np.ndarray]:
    """Phase shifts of people and their weights (Gauss-Hermite)."""
    if channel.phase == "stance" or not cohort.timing_between:
        return np.zeros(1), np.ones(1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return cohort.timing_between * nodes, weights / weights.sum()


def _second(curves: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of the products of a curve's points, (K, 101), (K,) -> (101, 101)."""
    return curves.T @ (weights[:, None] * curves)


def _spread_over(shape: Shape, sd: float) -> np.ndarray:
    """Mean over a normal phase shift of the products of a curve's points, (101, 101)."""
    if not sd:
        return np.outer(shape.at(SHARE), shape.at(SHARE))
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return _second(shape.at(SHARE + sd * nodes[:, None]), weights / weights.sum())


def _differences(channel: Channel, cohort: Cohort) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of A and of B, (101, 101) each."""
    apart = np.subtract.outer(SHARE, SHARE)
    alike = np.cos(2.0 * np.pi * np.multiply.outer(apart, HARMONICS)).mean(axis=2)
    window = np.outer(channel.window, channel.window)
    between, level, within = (cohort.spread * sd for sd in (channel.between, channel.level, channel.within))
    return (level**2 + between**2 * alike) * window, within**2 * alike * window


def _of_shape(covariance: np.ndarray, mean: np.ndarray) -> float:
    """Mean over the cycle of the variance of a curve less its own mean and less its part along the mean curve."""
    along = mean - mean.mean()
    along = along / np.linalg.norm(along)
    without = np.trace(covariance) / POINTS - covariance.mean()
    return float(without - along @ covariance @ along / POINTS)


def _z(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Fisher's z of the correlation of curves, row by row."""
    first, second = (rows - rows.mean(axis=1, keepdims=True) for rows in (first, second))
    size = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return np.arctanh(np.clip((first * second).sum(axis=1) / size, -CLIP, CLIP))
