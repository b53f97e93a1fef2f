"""OpenSim trials (.mot, .sto): coordinates, forces, moments and EMG in house names, frames and signs."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from biomimic import errors
from biomimic.errors import BadFile, BadValue
from biomimic.provenance import Provenance, sha256
from biomimic.readers import emg as emg_columns
from biomimic.readers.families import Names, house_angles, names, names_of
from biomimic.readers.storage import largest, read_table
from biomimic.recording import Recording
from biomimic.signals import Signals

__all__ = [
    "Names",
    "Plate",
    "house_angles",
    "names",
    "names_of",
    "read_forces",
    "read_moments",
    "read_recording",
    "read_residuals",
    "read_table",
]
_LOADED = 20.0  # [N] below this a centre of pressure is noise
_FAR = 50.0  # [m] farther from the origin no loaded foot stands: it is in millimetres
_HIGHEST = 1.6  # [m] above the floor no pelvis is
# force or moment that is left over at the pelvis: column of inverse dynamics, actuator of residual reduction, sign
_RESIDUALS = {
    "N": {
        "residual_x": ("pelvis_tx_force", "FX", 1),
        "residual_y": ("pelvis_tz_force", "FZ", -1),  # OpenSim's z points to the right
        "residual_z": ("pelvis_ty_force", "FY", 1),
    },
    "N m": {
        "residual_tilt": ("pelvis_tilt_moment", "MZ", -1),
        "residual_list": ("pelvis_list_moment", "MX", 1),
        "residual_rotation": ("pelvis_rotation_moment", "MY", 1),
    },
}


@dataclass(frozen=True)
class Plate:
    """Columns of one plate's force and the foot that stands on it.

    Args:
        force: columns of the force without the axis, e.g. "ground_force_v".
        point: columns of its centre of pressure without the axis; empty if there are none.
        torque: column of the moment about the vertical; empty if there is none.
        side: "right" or "left".
    """

    force: str
    point: str
    torque: str
    side: str


def read_recording(
    *,
    coordinates: str | Path | None,
    forces: str | Path | None = None,
    emg: str | Path | None = None,
    mass: float,
    names: Names,
    provenance: Provenance | None = None,
) -> Recording:
    """One measured trial from OpenSim files, in house names, frame (x forward, y left, z up) and signs.

    The names are taken as given; `biomimic.readers.read` proves them by the trial itself.

    Args:
        coordinates: file of joint angles, or None.
        forces: file of plate forces; force on the body, centre of pressure and free moment are read.
        emg: file of normalised EMG envelopes.
        mass: of the person [kg].
        names: from `names(family)`.
        provenance: None takes the name and hash of the first file.

    Raises:
        UnknownName: a file has no column that `names` knows.
        BadFile: a file that cannot be read, or angles that are degrees while the header says radians.
    """
    files = [Path(file) for file in (coordinates, forces, emg) if file is not None]
    if not files:
        raise BadValue("A recording was asked for without any file; give coordinates, forces or emg.")
    source = provenance or Provenance(files[0].name, sha256=sha256(files[0]))
    recording = Recording("measured", files[0].stem, mass, source)
    if coordinates is not None:
        table = read_table(coordinates)
        angles = house_angles(table, names, Path(coordinates))
        recording = replace(recording, angles=angles, position=pelvis(table, Path(coordinates)))
    if forces is not None:
        force, pressure, free_moment = read_forces(forces, names)
        recording = replace(recording, force=force, pressure=pressure, free_moment=free_moment)
    if emg is not None:
        recording = replace(recording, activity=emg_columns.envelopes(read_table(emg), names, emg))
    return recording


def read_moments(path: str | Path, names: Names) -> Signals:
    """Net joint moments of an inverse-dynamics file [N m], named and signed as the angles they act on."""
    return moments(read_table(path), names, path)


def moments(table: Signals, names: Names, path: str | Path) -> Signals:
    """As `read_moments`, of columns that were read."""
    kept = [name for name in table.names if name.endswith("_moment")]
    if not kept:
        raise errors.unknown("column", "…_moment", table.names, where=f"in {path}")
    plain = replace(table.select(kept), names=tuple(name.removesuffix("_moment") for name in kept))
    return house_angles(plain, names, path, unit="N m")


def read_residuals(path: str | Path) -> tuple[Signals, Signals]:
    """Force [N] and moment [N m] at the pelvis that nothing in the body or on the ground accounts for.

    Args:
        path: of inverse dynamics (pelvis_tx_force …, pelvis_tilt_moment …) or of the actuators of residual reduction
            (FX … MZ).

    Returns:
        residual_x, residual_y, residual_z along the house axes; residual_tilt, residual_list, residual_rotation with
        the signs of the pelvis's angles.
    """
    table = read_table(path)
    tables = []
    for unit, channels in _RESIDUALS.items():
        column = 0 if next(iter(channels.values()))[0] in table.names else 1
        missing = [entry[column] for entry in channels.values() if entry[column] not in table.names]
        if missing:
            raise errors.unknown("residual", missing[0], table.names, where=f"in {path}")
        found = {name: entry[2] * table.channel(entry[column]) for name, entry in channels.items()}
        tables.append(_signals(table.time, found, unit))
    return tables[0], tables[1]


def read_forces(path: str | Path, names: Names) -> tuple[Signals, Signals | None, Signals | None]:
    """Force on the body by the ground [N], centre of pressure [m] and free moment [N m] of each foot.

    Args:
        path: .mot or .sto file with columns <prefix>vx, vy, vz and, if there are any, px, pz and torque or m.
        names: its `plates` say which prefix belongs to which foot; two prefixes of one foot are added up.

    Returns:
        force: vertical, anterior, lateral (outward) of each side; pressure: pressure_x, pressure_y of each side, NaN
        under 20 N; free_moment about the vertical of each side. The last two are None where the file has none.
    """
    table = read_table(path)
    return forces(table, plates(table, names.plates, path), path)


def prefixes_of(columns: tuple[str, ...]) -> tuple[str, ...]:
    """What stands before vx, vy, vz in the names of force columns."""
    found = [name[:-2] for name in columns if name.endswith("vy")]
    return tuple(one for one in found if {f"{one}vx", f"{one}vz"} <= set(columns))


def plates(table: Signals, sides: dict[str, str], path: str | Path) -> tuple[Plate, ...]:
    """The plates of a table whose foot is known.

    Args:
        table: columns of the file.
        sides: prefix of the force columns → side.
        path: of the file, for the error.

    Raises:
        UnknownName: no prefix is among them.
    """
    found = [prefix for prefix in sides if f"{prefix}vy" in table.names]
    if not found:
        raise errors.UnknownName(
            f"{path} has no force columns that say which foot they belong to; it has: {', '.join(table.names[:10])}. "
            'Give names(family, plates={"<prefix>": "right", …}) with the prefix before vy, as in ground_force_vy.'
        )
    return tuple(plate(table, prefix, sides[prefix]) for prefix in found)


def plate(table: Signals, prefix: str, side: str) -> Plate:
    """The columns of one plate, by what stands before vx, vy, vz."""
    torques = (prefix.replace("force", "torque") + "y", f"{prefix}my")
    torque = next((name for name in torques if name in table.names), "")
    return Plate(f"{prefix}v", f"{prefix}p" if f"{prefix}px" in table.names else "", torque, side)


def forces(
    table: Signals, plates: tuple[Plate, ...], path: str | Path
) -> tuple[Signals, Signals | None, Signals | None]:
    """As `read_forces`, of columns that were read.

    Raises:
        UnknownName: a plate's column is not there.
        BadFile: a loaded foot stands farther away than any does.
    """
    force, pressure, moment = {}, {}, {}
    for one in plates:
        missing = [f"{one.force}{axis}" for axis in "xyz" if f"{one.force}{axis}" not in table.names]
        if missing:
            raise errors.unknown("force column", missing[0], table.names, where=f"in {path}")
        side, outward = one.side, 1.0 if one.side == "right" else -1.0  # OpenSim's z points to the right
        vertical = table.channel(f"{one.force}y")
        for name, values in (
            (f"vertical_{side}", vertical),
            (f"anterior_{side}", table.channel(f"{one.force}x")),
            (f"lateral_{side}", outward * table.channel(f"{one.force}z")),
        ):
            force[name] = force.get(name, 0.0) + values
        if one.torque:
            moment[f"free_moment_{side}"] = moment.get(f"free_moment_{side}", 0.0) + table.channel(one.torque)
        if one.point:
            loaded = np.abs(vertical) >= _LOADED
            for name, values in (("x", table.channel(f"{one.point}x")), ("y", -table.channel(f"{one.point}z"))):
                there = np.where(loaded, values, np.nan)
                before = pressure.get(f"pressure_{name}_{side}")
                pressure[f"pressure_{name}_{side}"] = there if before is None else np.where(loaded, there, before)
    if pressure and largest(np.column_stack(list(pressure.values()))) > _FAR:
        reach = largest(np.column_stack(list(pressure.values())))
        raise BadFile(
            f"{path}: the centre of pressure of a loaded foot is {reach:.4g} m from the origin; it looks like "
            "millimetres, so write it in metres."
        )
    return tuple(_signals(table.time, part, unit) for part, unit in ((force, "N"), (pressure, "m"), (moment, "N m")))


def pelvis(table: Signals, path: str | Path) -> Signals | None:
    """Position of the pelvis in the house frame [m]; None where the table has none.

    Raises:
        BadFile: it is higher or lower than any person's, so the file is not in metres.
    """
    if not {"pelvis_tx", "pelvis_ty", "pelvis_tz"} <= set(table.names):
        return None
    forward, up, right = (table.channel(f"pelvis_t{axis}") for axis in "xyz")
    height = float(np.nanmedian(np.abs(up))) if np.isfinite(up).any() else 0.0
    if height > _HIGHEST:
        fits = [unit for unit, size in (("cm", 0.01), ("mm", 0.001)) if height * size < _HIGHEST]
        raise BadFile(
            f"{path}: pelvis_ty is {height:.4g} m, higher than any person's pelvis; lengths are metres"
            + (f", these look like {fits[0]}." if fits else ".")
        )
    return Signals(table.time, np.column_stack([forward, -right, up]), ("pelvis_x", "pelvis_y", "pelvis_z"), "m")


def _signals(time: np.ndarray, channels: dict[str, np.ndarray], unit: str) -> Signals | None:
    return Signals(time, np.column_stack(list(channels.values())), tuple(channels), unit) if channels else None
