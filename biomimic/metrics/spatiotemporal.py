"""Speed, cadence, step length and width, and the parts of a stride."""

from typing import NamedTuple

import numpy as np

from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import SIDES
from biomimic.metrics.estimate import NONE, Estimate, Resampling, bootstrap, undefined
from biomimic.signals import Signals


class StrideFigures(NamedTuple):
    """One number per stride, (S,); NaN without positions, or without events of the other foot."""

    duration: np.ndarray  # [s]
    cadence: np.ndarray  # [steps/min]
    stance: np.ndarray  # share of the stride
    double_support: np.ndarray  # share of the stride with both feet loaded; 0 in running
    speed: np.ndarray  # [m/s] of the pelvis
    stride_length: np.ndarray  # [m] of the pelvis
    step_length: np.ndarray  # [m] this heel ahead of the other one at heel strike
    step_width: np.ndarray  # [m] outward distance of this heel from the other one at heel strike
    heading: np.ndarray  # [rad] direction of travel, counter-clockwise from house x
    single_support: np.ndarray  # share of the stride with only this foot loaded
    flight: np.ndarray  # share of the stride with no foot loaded; 0 in walking
    walk_ratio: np.ndarray  # [m min/step] half the stride length over the cadence


class Steadiness(NamedTuple):
    """Change from the stride before, (S,); 0 for the first."""

    turn: np.ndarray  # [rad]
    speed: np.ndarray  # share of the speed of the stride before


def figures(cycles: Cycles, position: Signals | None = None) -> StrideFigures:
    """Spatial and temporal figures of each stride of one side.

    Lengths are along and across the stride's own heading: the way of the pelvis from heel strike to heel strike.
    A stride in which the other foot lifts before it strikes walks, the others run: these have flight instead of double
    support.

    Args:
        cycles: S strides of one side.
        position: pelvis_x, pelvis_y, over ground [m]; heel_<side>_x, heel_<side>_y of both sides for the steps.

    Source:
        walk ratio: Sekiya & Nagasaki, Gait & Posture 7 (1998) 225-227.
    """
    duration = cycles.duration
    double, flight = _overlap(cycles)
    cadence = 120.0 / duration
    missing = np.full(len(cycles), np.nan)
    speed = length = step = width = heading = missing
    if position is not None:
        way = _at(position, "pelvis", cycles.end) - _at(position, "pelvis", cycles.start)  # (S, 2)
        length = np.linalg.norm(way, axis=1)
        heading = np.arctan2(way[:, 1], way[:, 0])
        forward = np.column_stack((np.cos(heading), np.sin(heading)))
        speed = length / duration
        if any(f"heel_{side}_x" in position.names for side in SIDES):
            leftward = np.column_stack((-forward[:, 1], forward[:, 0]))
            other = SIDES[1 - SIDES.index(cycles.side)]
            apart = _at(position, f"heel_{cycles.side}", cycles.start) - _at(position, f"heel_{other}", cycles.start)
            step = (apart * forward).sum(axis=1)
            width = (apart * leftward).sum(axis=1) * (1.0 if cycles.side == "left" else -1.0)
    return StrideFigures(
        duration=duration,
        cadence=cadence,
        stance=cycles.stance,
        double_support=double,
        speed=speed,
        stride_length=length,
        step_length=step,
        step_width=width,
        heading=heading,
        single_support=cycles.stance - double,
        flight=flight,
        walk_ratio=0.5 * length / cadence,
    )


def steadiness(strides: StrideFigures) -> Steadiness:
    """Change of direction and speed from stride to stride, to leave turning and accelerating strides out."""
    turn, speed = np.zeros(len(strides.speed)), np.zeros(len(strides.speed))
    if len(turn) > 1:
        step = np.diff(strides.heading)
        turn[1:] = np.abs((step + np.pi) % (2 * np.pi) - np.pi)
        speed[1:] = np.abs(strides.speed[1:] / strides.speed[:-1] - 1.0)
    return Steadiness(turn, speed)


def variation(values: np.ndarray, trial: np.ndarray, resampling: Resampling) -> Estimate:
    """Coefficient of variation over strides, SD / mean [%]; NaN with fewer than two strides.

    Args:
        values: (S,), one per stride, e.g. the duration.
        trial: (S,).
        resampling: draws, level and seed.
    """
    known = np.isfinite(values)
    values, trial = np.asarray(values, float)[known], np.asarray(trial)[known]
    if len(values) < 2:
        note = "a variation needs two strides" if len(values) else NONE
        return undefined(note, trial, resampling, "%")
    unbiased = np.sqrt(len(values) / (len(values) - 1.0))

    def spread(weights: np.ndarray) -> np.ndarray:
        mean = weights @ values
        square = np.maximum(weights @ (values - values.mean()) ** 2 - (mean - values.mean()) ** 2, 0.0)
        return 100.0 * unbiased * np.sqrt(square) / np.abs(mean)

    return bootstrap(spread, trial, resampling, "%")


def _overlap(cycles: Cycles) -> tuple[np.ndarray, np.ndarray]:
    """Shares of each stride with both feet loaded and with neither, (S,) each; NaN without events of the other foot."""
    walks = cycles.other_off < cycles.other_strike
    runs = cycles.other_off > cycles.other_strike
    both = (cycles.other_off - cycles.start + cycles.toe_off - cycles.other_strike) / cycles.duration
    neither = (cycles.other_strike - cycles.toe_off + cycles.end - cycles.other_off) / cycles.duration
    return np.where(runs, 0.0, both), np.where(walks, 0.0, neither)


def _at(position: Signals, point: str, times: np.ndarray) -> np.ndarray:
    """(S, 2) horizontal position of a point at these times [m]; NaN outside the record."""
    columns = [position.channel(f"{point}_{axis}") for axis in "xy"]
    return np.column_stack([np.interp(times, position.time, c, left=np.nan, right=np.nan) for c in columns])
