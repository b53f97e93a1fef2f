"""Ground force as OpenSim takes it: a table of force, point and free moment of each foot, and ExternalLoads.xml."""

from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from biomimic.errors import BadValue, NotEnoughData
from biomimic.gait import filters
from biomimic.lab import setup
from biomimic.lab.tables import to_opensim, write_table
from biomimic.recording import Recording
from biomimic.signals import Signals

SIDES = ("right", "left")
OUTWARD = {"right": -1.0, "left": 1.0}  # sign of the house frame's y
CALCANEI = {"right": "calcn_r", "left": "calcn_l"}  # bodies that the force acts on, in most models
LOADED = 20.0  # [N] below this vertical force a filtered centre of pressure is noise
EDGE = (
    0.05  # [s] before and after a contact in which a foot's small force is real, though its centre of pressure is not
)


@dataclass(frozen=True, eq=False)
class Loads:
    """Wrench of the ground on each foot, house frame.

    Args:
        time: (T,) [s].
        sides: of the S feet, "right" or "left".
        force: (T, S, 3) [N].
        point: of application on the floor, (T, S, 3) [m]; finite everywhere.
        moment: about that point, (T, S, 3) [N m]; about the vertical alone where the point is the centre of pressure.
    """

    time: np.ndarray
    sides: tuple[str, ...]
    force: np.ndarray
    point: np.ndarray
    moment: np.ndarray


def of_recording(recording: Recording) -> Loads:
    """Loads of a trial.

    Where a foot is loaded too little to have a centre of pressure, its force acts where it was last or will be next,
    up to 0.05 s from there: 20 N left out at heel strike would change the hip's moment by several N m. Farther from any
    contact it has no force, and its point moves evenly from the last place to the next, so that it does not jump in
    OpenSim's window.

    Raises:
        NotEnoughData: the trial has no force or no centre of pressure, or a foot is never loaded.
    """
    force, pressure, free = recording.force, recording.pressure, recording.free_moment
    if force is None or pressure is None:
        lacks = "ground force" if force is None else "centre of pressure"
        raise NotEnoughData(f'Trial "{recording.trial}" has no {lacks}; OpenSim needs force and its point of attack.')
    sides = tuple(
        side for side in SIDES if f"vertical_{side}" in force.names and f"pressure_x_{side}" in pressure.names
    )
    if not sides:
        raise NotEnoughData(f'Trial "{recording.trial}" has no foot with both a force and a centre of pressure.')
    parts = [_foot(force, pressure, free, side) for side in sides]
    return Loads(force.time, sides, *(np.stack(column, axis=1) for column in zip(*parts)))


def _foot(
    force: Signals, pressure: Signals, free: Signals | None, side: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Force, point and moment about it of one foot, (T, 3) each."""
    axes = (f"anterior_{side}", f"lateral_{side}", f"vertical_{side}")
    found = np.column_stack([force.channel(name) for name in axes]) * (1.0, OUTWARD[side], 1.0)
    place = np.column_stack([pressure.channel(f"pressure_{axis}_{side}") for axis in "xy"])
    name = f"free_moment_{side}"
    moment = free.channel(name) if free is not None and name in free.names else np.zeros(len(force))
    known = np.isfinite(place).all(axis=1) & np.isfinite(found).all(axis=1)
    if not known.any():
        raise NotEnoughData(f"The {side} foot is never loaded, so its force has no point of attack.")
    where = np.flatnonzero(known)
    later = np.minimum(np.searchsorted(where, np.arange(len(known))), len(where) - 1)
    around = where[np.stack([np.maximum(later - 1, 0), later])]  # the samples with a point before and after
    apart = np.abs(force.time[around] - force.time)
    nearest = around[apart.argmin(axis=0), np.arange(len(known))]
    is_near = apart.min(axis=0) <= EDGE
    held = np.column_stack([np.interp(force.time, force.time[known], column[known]) for column in place.T])
    point = np.where(is_near[:, None], place[nearest], held)
    found = np.where(is_near[:, None], np.nan_to_num(found), 0.0)
    still = np.zeros(len(force))
    turn = np.column_stack([still, still, np.where(known, np.nan_to_num(moment), 0.0)])
    return found, np.column_stack([point, still]), turn


def filtered(loads: Loads, *, order: int, cutoff: float) -> Loads:
    """Loads without what is faster than the cut-off.

    What is filtered is the wrench about the origin, and the point is computed anew from it: a filtered centre of
    pressure with a filtered force is another wrench than the one that was measured. Where the force is too small for a
    point, the point moves evenly from the last to the next and the rest of the wrench is a moment about it.

    Args:
        loads: at equal time steps.
        order: resulting order of the zero-lag filter.
        cutoff: [Hz].

    Raises:
        NotEnoughData: the filtered force of a foot never reaches 20 N.
    """
    turn = np.cross(loads.point, loads.force) + loads.moment
    wrench = np.concatenate([loads.force, turn], axis=2).reshape(len(loads.time), -1)
    names = tuple(str(column) for column in range(wrench.shape[1]))
    smooth = filters.low_pass(Signals(loads.time, wrench, names, "SI"), order=order, cutoff=cutoff)
    force, turn = np.split(smooth.values.reshape(len(loads.time), -1, 6), 2, axis=2)
    loaded = force[..., 2] >= LOADED
    vertical = np.where(loaded, force[..., 2], 1.0)
    point = np.zeros_like(force)
    for foot, side in enumerate(loads.sides):
        known = loaded[:, foot]
        if not known.any():
            raise NotEnoughData(f"The filtered force of the {side} foot never reaches {LOADED:g} N.")
        for axis, place in ((0, -turn[..., 1] / vertical), (1, turn[..., 0] / vertical)):
            point[:, foot, axis] = np.interp(loads.time, loads.time[known], place[known, foot])
    return replace(loads, force=force, point=point, moment=turn - np.cross(point, force))


def weight(loads: Loads, start: float, end: float) -> float:
    """Mean vertical force of all feet between two times [N]."""
    keep = (loads.time >= start) & (loads.time <= end)
    if not keep.any():
        raise BadValue(f"No force lies between {start:g} and {end:g} s; it was recorded from {loads.time[0]:g} s on.")
    return float(loads.force[keep, :, 2].sum(axis=1).mean())


def write(loads: Loads, table: str | Path, xml: str | Path, bodies: dict[str, str] = CALCANEI) -> tuple[Path, Path]:
    """The table and the ExternalLoads file that names it, side by side.

    Args:
        loads: of the trial.
        table: .mot or .sto file.
        xml: ExternalLoads file in the same folder.
        bodies: side → body of the model that the force acts on.
    """
    table, xml = Path(table), Path(xml)
    names, columns = [], []
    force, point, moment = (to_opensim(part) for part in (loads.force, loads.point, loads.moment))
    for foot, side in enumerate(loads.sides):
        names += [f"ground_force_{side}_v{axis}" for axis in "xyz"] + [f"ground_force_{side}_p{axis}" for axis in "xyz"]
        names += [f"ground_torque_{side}_{axis}" for axis in "xyz"]
        columns += [*force[:, foot].T, *point[:, foot].T, *moment[:, foot].T]
    write_table(table, Signals(loads.time, np.column_stack(columns), tuple(names), "SI"))
    tool = ElementTree.Element("ExternalLoads", name="ground")
    objects = ElementTree.SubElement(tool, "objects")
    for side in loads.sides:
        one = ElementTree.SubElement(objects, "ExternalForce", name=side)
        setup.fill(
            one,
            applied_to_body=bodies[side],
            force_expressed_in_body="ground",
            point_expressed_in_body="ground",
            force_identifier=f"ground_force_{side}_v",
            point_identifier=f"ground_force_{side}_p",
            torque_identifier=f"ground_torque_{side}_",
            data_source_name=table.stem,
        )
    ElementTree.SubElement(tool, "groups")
    setup.fill(tool, datafile=table.name)
    return table, setup.write(xml, tool)
