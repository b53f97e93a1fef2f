"""Joint moments of a stride, and the two checks that the forces of a walk hold together."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.integrate import cumulative_trapezoid

from biomimic.errors import BadValue
from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import POINTS, STANDARD_GRAVITY, Curves, Strides
from biomimic.metrics.estimate import NONE, Estimate, Resampling, bootstrap, undefined, weighted
from biomimic.metrics.waveform import matched
from biomimic.signals import Signals

AXES = "xyz"


class Extremes(NamedTuple):
    """Largest and smallest value of each stride, (S,), and when, in % of the phase."""

    highest: np.ndarray
    highest_time: np.ndarray
    lowest: np.ndarray
    lowest_time: np.ndarray


class PeakDifference(NamedTuple):
    """Peaks of the mean curve minus those of the reference's mean curve."""

    highest: Estimate
    lowest: Estimate


class Residual(NamedTuple):
    """What contact forces leave unexplained of the motion of the centre of mass, per stride, (S,), in body weights."""

    mean: np.ndarray  # of the length of the residual vector
    rms: np.ndarray
    axis_rms: np.ndarray  # (S, 3)


def per_kilogram(strides: Strides, mass: float) -> Strides:
    """Joint moments divided by body mass [N m/kg].

    Args:
        strides: moments [N m].
        mass: of the person or model [kg].
    """
    if strides.unit != "N m":
        raise BadValue(f'Moments per kilogram are made from "N m"; these strides are in "{strides.unit}".')
    if not mass > 0:
        raise BadValue(f"Body mass is positive; got {mass:g} kg.")
    return replace(strides, unit="N m/kg", values=strides.values / mass)


def extremes(strides: Strides, channel: str) -> Extremes:
    """Largest and smallest value of each stride and their times; NaN where the stride is missing."""
    rows = strides.channel(channel)
    known = np.isfinite(rows).all(axis=1)
    filled = np.where(known[:, None], rows, 0.0)
    percent = 100.0 / (POINTS - 1)
    return Extremes(
        highest=np.where(known, filled.max(axis=1), np.nan),
        highest_time=np.where(known, filled.argmax(axis=1) * percent, np.nan),
        lowest=np.where(known, filled.min(axis=1), np.nan),
        lowest_time=np.where(known, filled.argmin(axis=1) * percent, np.nan),
    )


def peak_difference(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> PeakDifference:
    """Highest and lowest point of the mean curve, strides minus reference.

    A published mean curve has no peaks per stride, so peaks of means are compared on both sides.
    """
    rows, trial, human = matched(strides, reference, channel)
    if not len(rows):
        missing = undefined(NONE, trial, resampling, strides.unit)
        return PeakDifference(missing, missing)
    return PeakDifference(
        bootstrap(lambda weights: weighted(weights, rows).max(axis=1) - human.max(), trial, resampling, strides.unit),
        bootstrap(lambda weights: weighted(weights, rows).min(axis=1) - human.min(), trial, resampling, strides.unit),
    )


def peak_ratio(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Largest size of the mean curve, strides over reference: the amplitude beside a correlation's shape."""
    rows, trial, human = matched(strides, reference, channel)
    if not len(rows):
        return undefined(NONE, trial, resampling, "1")
    largest = np.abs(human).max()
    if not largest > 0:
        return undefined("the reference is zero throughout", trial, resampling, "1")
    return bootstrap(lambda weights: np.abs(weighted(weights, rows)).max(axis=1) / largest, trial, resampling, "1")


def weight_support(force: Signals, cycles: Cycles, mass: float) -> np.ndarray:
    """Mean of the summed vertical force of both feet over each whole stride, (S,) [BW]; 1.00 for steady walking.

    Args:
        force: vertical_right and vertical_left [N].
        cycles: whole strides of either side.
        mass: [kg].

    Source:
        momentum: over a whole stride the mean vertical acceleration of the centre of mass is 0.
    """
    if force.unit != "N":
        raise BadValue(f'Weight support is measured on force in "N"; these signals are in "{force.unit}".')
    total = force.channel("vertical_right") + force.channel("vertical_left")
    means = _stride_means(force.time, total[:, None], cycles)[:, 0]
    return means / (mass * STANDARD_GRAVITY)


def newton_residual(
    floor: Signals, acceleration: Signals, cycles: Cycles, *, mass: float, gravity: float = STANDARD_GRAVITY
) -> Residual:
    """Difference of the floor's force and mass times (acceleration - gravity), per stride, in body weights.

    The two signals must be of the same instants: one time step apart the residual of a walk is ten times larger.

    Args:
        floor: floor_x, floor_y, floor_z, all contact with the floor [N].
        acceleration: com_x, com_y, com_z, aligned with the force [m/s^2].
        cycles: strides over which to average.
        mass: [kg].
        gravity: of the simulation or the place [m/s^2].

    Source:
        Newton's second law; the measure follows the residual rule of Hicks et al., J Biomech Eng 137 (2015) 020905.
    """
    if len(floor) != len(acceleration) or not np.allclose(floor.time, acceleration.time, rtol=0, atol=1e-9):
        raise BadValue(
            f"Force ({len(floor)} samples from {floor.time[0]:.6g} s) and acceleration ({len(acceleration)} from "
            f"{acceleration.time[0]:.6g} s) must be of the same instants to check Newton's law."
        )
    force = np.column_stack([floor.channel(f"floor_{axis}") for axis in AXES])
    motion = np.column_stack([acceleration.channel(f"com_{axis}") for axis in AXES])
    residual = (force - mass * (motion + np.array([0.0, 0.0, gravity]))) / (mass * STANDARD_GRAVITY)
    length = np.linalg.norm(residual, axis=1, keepdims=True)
    means = _stride_means(floor.time, np.hstack((length, length**2, residual**2)), cycles)
    return Residual(mean=means[:, 0], rms=np.sqrt(means[:, 1]), axis_rms=np.sqrt(means[:, 2:]))


def _stride_means(time: np.ndarray, values: np.ndarray, cycles: Cycles) -> np.ndarray:
    """Time averages of values (T, C) over each stride, (S, C), from the exact event times; NaN outside the record."""
    known = np.isfinite(values)
    area = cumulative_trapezoid(np.where(known, values, 0.0), time, axis=0, initial=0.0)
    ends = [np.column_stack([np.interp(at, time, column) for column in area.T]) for at in (cycles.start, cycles.end)]
    means = (ends[1] - ends[0]) / cycles.duration[:, None]
    missing = np.cumsum(~known.all(axis=1))
    first = np.maximum(np.searchsorted(time, cycles.start) - 1, 0)
    last = np.minimum(np.searchsorted(time, cycles.end), len(time) - 1)
    whole = (cycles.start >= time[0]) & (cycles.end <= time[-1]) & (missing[last] == missing[first])
    whole &= known[first].all(axis=1)
    return np.where(whole[:, None], means, np.nan)
