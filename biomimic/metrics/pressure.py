"""Centre of pressure under the foot: how long its way is, how far it goes forward, and where the foot strikes."""

from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.cycles import Cycles
from biomimic.metrics.per_stride import PerStride, explained
from biomimic.signals import Signals

COVERED = 0.9  # share of the stance in which the centre of pressure has to be known; it is not just after the strike
MISSING = "centre of pressure is missing in the stance"
NO_FOOT = "the length of the foot is not known"
REARFOOT, FOREFOOT = 1.0 / 3.0, 2.0 / 3.0  # of the foot length from the heel: borders of the three strikes


class PressurePath(NamedTuple):
    """Way of the centre of pressure over each stance, (S,)."""

    length: PerStride  # [m] from sample to sample
    excursion: PerStride  # [m] between its hindmost and its foremost place
    excursion_share: PerStride  # of the foot length


def path(
    pressure: Signals,
    cycles: Cycles,
    *,
    heading: np.ndarray | float = 0.0,
    foot_length: float | None = None,
    belt: float = 0.0,
) -> PressurePath:
    """Length and forward extent of the centre of pressure's way in each stance.

    Samples that are not known, just after the strike and just before toe-off, are left out; a gap inside them or a
    stance known for less than nine tenths of its time is missing. The length grows with the noise of the record:
    filter both sides of a comparison alike.

    Args:
        pressure: pressure_x_<side>, pressure_y_<side>, NaN while unloaded [m].
        cycles: S strides of one side.
        heading: direction of travel, one or (S,), counter-clockwise from house x [rad].
        foot_length: heel to toe [m]; None if it is not known.
        belt: speed of a treadmill's belt, which carries the foot back [m/s].
    """
    if pressure.unit != "m":
        raise BadValue(f'A centre of pressure is in "m"; these signals are in "{pressure.unit}".')
    if foot_length is not None and not foot_length > 0:
        raise BadValue(f"The length of a foot is positive; got {foot_length:g} m.")
    place = np.column_stack([pressure.channel(f"pressure_{axis}_{cycles.side}") for axis in "xy"])
    forward = np.column_stack((np.cos(heading), np.sin(heading))) * np.ones((len(cycles), 1))  # (S, 2)
    length, excursion = np.full(len(cycles), np.nan), np.full(len(cycles), np.nan)
    for k, (start, end) in enumerate(zip(cycles.start, cycles.toe_off)):
        inside = _between(pressure.time, start, end)
        way = place[inside] + np.outer(belt * (pressure.time[inside] - start), forward[k])
        way = _known(way)
        if len(way) < 2 or len(way) < COVERED * (end - start) * pressure.rate:
            continue
        length[k] = np.linalg.norm(np.diff(way, axis=0), axis=1).sum()
        excursion[k] = np.ptp(way @ forward[k])
    faults = {MISSING: np.isnan(length)}
    share = excursion / (np.nan if foot_length is None else foot_length)
    unknown = {NO_FOOT: np.full(len(cycles), foot_length is None)}
    return PressurePath(explained(length, faults), explained(excursion, faults), explained(share, faults | unknown))


def loaded(pressure: Signals, force: Signals, least: float) -> Signals:
    """The centre of pressure where its foot carries at least this force; NaN elsewhere.

    A plate divides its moment by its force: just after the strike and before toe-off, the place is noise.

    Args:
        pressure: pressure_x_<side>, pressure_y_<side> of one or both sides [m].
        force: vertical_<side> of these sides [N].
        least: [N], e.g. a twentieth of the body weight.
    """
    values = pressure.values.copy()
    for column, name in enumerate(pressure.names):
        side = name.rsplit("_", 1)[-1]
        carried = np.interp(pressure.time, force.time, force.channel(f"vertical_{side}"))
        values[~(carried >= least), column] = np.nan
    return pressure.with_values(values)


def foot_length(position: Signals, side: str) -> float:
    """Median distance from heel to toe over the record [m]; with markers, that between the markers.

    Args:
        position: heel_<side>_x, _y, _z and toe_<side>_x, _y, _z [m].
        side: "right" or "left".
    """
    ends = [
        np.column_stack([position.channel(f"{point}_{side}_{axis}") for axis in "xyz"]) for point in ("heel", "toe")
    ]
    return float(np.nanmedian(np.linalg.norm(ends[1] - ends[0], axis=1)))


def strike_index(pressure: Signals, position: Signals, cycles: Cycles) -> PerStride:
    """Place of the first centre of pressure of each stance along the foot, heel 0 to toe 1, (S,).

    Up to a third is a strike with the rearfoot, up to two thirds with the midfoot, beyond with the forefoot.

    Args:
        pressure: pressure_x_<side>, pressure_y_<side> [m].
        position: heel_<side>_x, _y and toe_<side>_x, _y [m].
        cycles: S strides of one side.

    Source:
        Cavanagh & Lafortune, J Biomech 13 (1980) 397-406.
    """
    found = np.full(len(cycles), np.nan)
    place = np.column_stack([pressure.channel(f"pressure_{axis}_{cycles.side}") for axis in "xy"])
    known = np.isfinite(place).all(axis=1)
    for k, (start, end) in enumerate(zip(cycles.start, cycles.toe_off)):
        inside = _between(pressure.time, start, end)
        if not known[inside].any():
            continue
        first = inside.start + int(np.argmax(known[inside]))
        heel, toe = (_at(position, f"{point}_{cycles.side}", pressure.time[first]) for point in ("heel", "toe"))
        foot = toe - heel
        found[k] = (place[first] - heel) @ foot / (foot @ foot)
    return explained(found, {MISSING: np.isnan(found)})


def strike(index: float) -> str:
    """Name of a strike by its index: "rearfoot", "midfoot" or "forefoot"; empty where it is not known."""
    if np.isnan(index):
        return ""
    return "rearfoot" if index <= REARFOOT else "midfoot" if index <= FOREFOOT else "forefoot"


def _between(time: np.ndarray, start: float, end: float) -> slice:
    """Samples from start to end, both included."""
    return slice(int(np.searchsorted(time, start)), int(np.searchsorted(time, end, side="right")))


def _known(way: np.ndarray) -> np.ndarray:
    """The part of a way from its first to its last known place, (K, 2); empty if a place between them is missing."""
    known = np.flatnonzero(np.isfinite(way).all(axis=1))
    if not len(known) or known[-1] - known[0] + 1 != len(known):
        return way[:0]
    return way[known[0] : known[-1] + 1]


def _at(position: Signals, point: str, time: float) -> np.ndarray:
    return np.array([np.interp(time, position.time, position.channel(f"{point}_{axis}")) for axis in "xy"])
