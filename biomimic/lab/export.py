"""Any Recording, measured or simulated, as files that OpenSim opens, so that its own inverse dynamics can be run on it.

A simulated trial gets its body as an OpenSim model too; then coordinates, forces and moments belong to one body.
"""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from biomimic import files
from biomimic.embodiment import Embodiment
from biomimic.errors import NotEnoughData
from biomimic.gait import filters
from biomimic.lab import body, loads, setup
from biomimic.lab.tables import write_markers, write_table
from biomimic.readers import opensim
from biomimic.recording import Recording
from biomimic.signals import Signals


def write(
    recording: Recording,
    folder: str | Path,
    *,
    embodiment: Embodiment | None = None,
    family: str = "rajagopal2016",
    cutoff: float = 0.0,
) -> dict[str, Path]:
    """All that a trial holds, one file each, in OpenSim's frame, names and signs.

    angles.mot has the house angles under the names of the family; body.osim and coordinates.mot are those of the
    simulated body, with grf.mot, external_loads.xml and id_setup.xml ready for inverse dynamics.

    Args:
        recording: measured or simulated.
        folder: for the files.
        embodiment: body of a simulated trial; None writes no model.
        family: whose names and signs `angles.mot` and `moments.sto` get.
        cutoff: low pass of coordinates, forces and moments alike [Hz]; 0 leaves them as they are.

    Returns:
        What it is → file.

    Raises:
        NotEnoughData: the trial holds nothing that OpenSim could open.
    """
    folder = files.check_writable(folder)
    recording = smoothed(recording, cutoff)
    names = opensim.names(family)
    left: dict[str, Path] = {}
    if recording.angles is not None:
        left["angles"] = write_table(folder / "angles.mot", angles(recording, names))
    if recording.moment is not None:
        table = _renamed(recording.moment, names, "_moment")
        left |= {"moments": write_table(folder / "moments.sto", table)} if table else {}
    for what in ("activity", "activation", "excitation", "muscle_force", "muscle_length"):
        signals = getattr(recording, what)
        if signals is not None:
            left[what] = write_table(folder / f"{what}.sto", signals)
    if recording.force is not None and recording.pressure is not None:
        feet = {side: body.plain(foot.bodies[0]) for side, foot in embodiment.feet.items()} if embodiment else {}
        left |= _ground(recording, folder, cutoff, loads.CALCANEI | feet)
    if embodiment is not None:
        left |= _body(recording, folder, embodiment, cutoff)
        if "external_loads" in left:
            left["id_setup"] = _id_setup(folder, left["coordinates"])
    elif recording.position is not None:
        left |= _points(recording, folder)
    if not left:
        raise NotEnoughData(f'Trial "{recording.trial}" has nothing that OpenSim opens: no angles, forces or points.')
    return left


def smoothed(recording: Recording, cutoff: float) -> Recording:
    """The trial with angles and moments low-passed (order 4, no lag); 0 leaves it as it is."""
    parts = {name: getattr(recording, name) for name in ("angles", "moment")}
    able = {name: signals for name, signals in parts.items() if cutoff and signals is not None}
    return replace(recording, **{name: filters.low_pass(one, order=4, cutoff=cutoff) for name, one in able.items()})


def angles(recording: Recording, names: opensim.Names) -> Signals:
    """House angles as coordinates of a model family, with the pelvis's place where it is known [rad, m].

    Raises:
        NotEnoughData: the trial has no angle that the family knows.
    """
    table = _renamed(recording.angles, names, "") if recording.angles is not None else None
    if table is None:
        raise NotEnoughData(f'Trial "{recording.trial}" has no angle that the family {names.family} knows.')
    position = recording.position
    if position is None or not {"pelvis_x", "pelvis_y", "pelvis_z"} <= set(position.names):
        return table
    place = [np.interp(table.time, position.time, position.channel(f"pelvis_{axis}")) for axis in "xyz"]
    columns = np.column_stack([table.values, place[0], place[2], -place[1]])
    return Signals(table.time, columns, (*table.names, "pelvis_tx", "pelvis_ty", "pelvis_tz"), "SI")


def _renamed(signals: Signals, names: opensim.Names, ending: str) -> Signals | None:
    """House channels under the family's names and signs, those that it knows."""
    found = {
        coordinate + ending: sign * signals.channel(house)
        for coordinate, (house, sign) in names.angles.items()
        if house in signals.names
    }
    return Signals(signals.time, np.column_stack(list(found.values())), tuple(found), "SI") if found else None


def _ground(recording: Recording, folder: Path, cutoff: float, feet: dict[str, str]) -> dict[str, Path]:
    found = loads.of_recording(recording)
    if cutoff:
        found = loads.filtered(found, order=4, cutoff=cutoff)
    table, xml = loads.write(found, folder / "grf.mot", folder / "external_loads.xml", feet)
    return {"forces": table, "external_loads": xml}


def _points(recording: Recording, folder: Path) -> dict[str, Path]:
    """Points whose three coordinates are known, as markers."""
    position = recording.position
    points = [name[:-2] for name in position.names if name.endswith("_x")]
    points = [name for name in points if {f"{name}_y", f"{name}_z"} <= set(position.names)]
    if not points:
        return {}
    place = np.stack([[position.channel(f"{name}_{axis}") for axis in "xyz"] for name in points])
    return {"markers": write_markers(folder / "points.trc", position.time, place.transpose(2, 0, 1), tuple(points))}


def _body(recording: Recording, folder: Path, embodiment: Embodiment, cutoff: float) -> dict[str, Path]:
    """The body, its coordinates, and its landmarks as markers."""
    table = body.coordinates(embodiment, recording)
    table = filters.low_pass(table, order=4, cutoff=cutoff) if cutoff else table
    places = embodiment.trajectory_landmarks(embodiment.couplings.expand(recording.coordinates.values))
    return {
        "body": body.write(folder / "body.osim", embodiment),
        "coordinates": write_table(folder / "coordinates.mot", table),
        "markers": write_markers(folder / "markers.trc", table.time, places, tuple(embodiment.landmarks)),
    }


def _id_setup(folder: Path, coordinates: Path) -> Path:
    """Setup of inverse dynamics of the whole trial; the coordinates are already as smooth as they shall be."""
    time = opensim.read_table(coordinates).time
    element = ElementTree.Element("InverseDynamicsTool", name="id")
    setup.fill(element, results_directory=".", model_file="body.osim", time_range=(float(time[0]), float(time[-1])))
    setup.fill(element, forces_to_exclude="Muscles", external_loads_file="external_loads.xml")
    setup.fill(element, coordinates_file=coordinates.name, lowpass_cutoff_frequency_for_coordinates=-1)
    setup.fill(element, output_gen_force_file="id.sto")
    return setup.write(folder / "id_setup.xml", element)
