"""OpenSim tables (.mot, .sto) and trials made of them, in house names, frames and signs."""

import logging
import math
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from biomimic import errors
from biomimic.errors import BadFile, BadValue
from biomimic.provenance import Provenance, sha256
from biomimic.recording import Recording
from biomimic.signals import Signals

_LOG = logging.getLogger(__name__)
_TABLES = Path(__file__).with_name("opensim.toml")
_SIDES = {"_r": "right", "_l": "left"}
_LOADED = 20.0  # [N] below this a centre of pressure is noise
_TRANSLATION = re.compile(r"_t[xyz]$")
_NO_ANGLE = re.compile(r"force|torque|moment|activation|excitation|fiber|power|pressure|emg|marker", re.IGNORECASE)
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
_MISSING = {"nan", "-nan", "-1.#ind", "1.#qnan", "-1.#qnan", "1.#ind", ""}


@dataclass(frozen=True)
class Names:
    """How a family of files names things, and with which signs.

    Args:
        family: name of the model family.
        angles: coordinate of the model → (house name, sign).
        muscles: EMG channel in lower case → house name.
        plates: prefix of force columns → side.
        emg_side: side the EMG was recorded on.
    """

    family: str
    angles: dict[str, tuple[str, int]]
    muscles: dict[str, str]
    plates: dict[str, str] = field(default_factory=dict)
    emg_side: str = "right"


def names(family: str, *, plates: dict[str, str] | None = None, emg_side: str = "right") -> Names:
    """Names and signs of a model family.

    Args:
        family: "rajagopal2016" or "gait2392".
        plates: prefix of force columns → side, for files whose columns do not say the foot, e.g.
            {"ground_force_": "right", "1_ground_force_": "left"}; the side stands in the trial's external loads.
        emg_side: side the EMG was recorded on.

    Raises:
        UnknownName: no such family.
    """
    tables = tomllib.loads(_TABLES.read_text(encoding="utf-8"))
    families = [key for key in tables if key not in ("muscles", "plates")]
    if family not in families:
        raise errors.unknown("OpenSim model family", family, families)
    angles = {coordinate: (house, sign) for house, (coordinate, sign) in tables[family]["unsided"].items()}
    for house, (coordinate, sign) in tables[family]["sided"].items():
        for suffix, side in _SIDES.items():
            angles[coordinate + suffix] = (f"{house}_{side}", sign)
    muscles = {alias: house for house, aliases in tables["muscles"].items() for alias in aliases}
    return Names(family, angles, muscles, dict(plates) if plates is not None else dict(tables["plates"]), emg_side)


def names_of(table: Signals) -> Names:
    """Names of the family whose sign of the knee a table has.

    People flex the knee far more than they extend it, so the mean of the file's own knees says which it is.
    """
    knees = [name for name in ("knee_angle_r", "knee_angle_l") if name in table.names]
    is_negative = bool(knees) and float(np.nanmean(table.select(knees).values)) < 0.0
    return names("gait2392" if is_negative else "rajagopal2016")


def house_angles(table: Signals, names: Names, path: str | Path) -> Signals:
    """Those columns of a table of coordinates that `names` knows, in house names and signs [rad].

    Raises:
        UnknownName: it knows none of them.
        BadFile: they are degrees, while the header of the file, `path`, says radians.
    """
    return _angles(table, names, Path(path), unit="rad")


def read_table(path: str | Path) -> Signals:
    """All columns of a .mot or .sto file, in SI units.

    Rotations are turned into radians where the file says `inDegrees=yes`, or has the older header with `datacolumns`
    and says nothing; translations stay metres and forces stay newtons either way. State paths are shortened:
    /jointset/hip_r/hip_flexion_r/value becomes hip_flexion_r.

    Returns:
        Signals with the unit "SI", since angles, lengths and forces may stand side by side.

    Raises:
        BadFile: no such file, no "endheader", no time column, or a row that is cut short or no numbers.
    """
    path = Path(path)
    header, labels, rows = _split(path)
    if labels[0].lower() != "time":
        raise BadFile(f'{path}: the first column is "{labels[0]}"; an OpenSim table begins with time.')
    values = np.array([_numbers(row, labels, number, path) for number, row in rows])
    _check_rows(header, len(values), path)
    columns = [_short(label) for label in labels[1:]]
    if _in_degrees(header, path):
        turn = [not (_TRANSLATION.search(name) or _NO_ANGLE.search(name)) for name in columns]
        values[:, 1:][:, turn] *= math.pi / 180.0
    try:
        return Signals(values[:, 0], values[:, 1:], tuple(columns), "SI")
    except BadValue as error:
        raise BadFile(f"{path}: {error}") from None


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
        angles = _angles(table, names, Path(coordinates), unit="rad")
        recording = replace(recording, angles=angles, position=_pelvis(table))
    if forces is not None:
        force, pressure, free_moment = read_forces(forces, names)
        recording = replace(recording, force=force, pressure=pressure, free_moment=free_moment)
    if emg is not None:
        recording = replace(recording, activity=_activity(read_table(emg), names, Path(emg)))
    return recording


def read_moments(path: str | Path, names: Names) -> Signals:
    """Net joint moments of an inverse-dynamics file [N m], named and signed as the angles they act on."""
    table = read_table(path)
    kept = [name for name in table.names if name.endswith("_moment")]
    if not kept:
        raise errors.unknown("column", "…_moment", table.names, where=f"in {path}")
    moments = replace(table.select(kept), names=tuple(name.removesuffix("_moment") for name in kept))
    return _angles(moments, names, Path(path), unit="N m")


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
    found = {prefix: side for prefix, side in names.plates.items() if f"{prefix}vy" in table.names}
    if not found:
        raise errors.UnknownName(
            f"{path} has no force columns that say which foot they belong to; it has: {', '.join(table.names[:10])}. "
            'Give names(family, plates={"<prefix>": "right", …}) with the prefix before vy, as in ground_force_vy.'
        )
    force, pressure, moment = {}, {}, {}
    for prefix, side in found.items():
        outward = 1.0 if side == "right" else -1.0  # OpenSim's z points to the right
        vertical = table.channel(f"{prefix}vy")
        for name, values in (
            (f"vertical_{side}", vertical),
            (f"anterior_{side}", table.channel(f"{prefix}vx")),
            (f"lateral_{side}", outward * table.channel(f"{prefix}vz")),
        ):
            force[name] = force.get(name, 0.0) + values
        torque = _torque_column(prefix, table.names)
        if torque:
            moment[f"free_moment_{side}"] = moment.get(f"free_moment_{side}", 0.0) + table.channel(torque)
        if f"{prefix}px" in table.names:
            loaded = vertical >= _LOADED
            pressure[f"pressure_x_{side}"] = np.where(loaded, table.channel(f"{prefix}px"), np.nan)
            pressure[f"pressure_y_{side}"] = np.where(loaded, -table.channel(f"{prefix}pz"), np.nan)
    return tuple(_signals(table.time, part, unit) for part, unit in ((force, "N"), (pressure, "m"), (moment, "N m")))


def _signals(time: np.ndarray, channels: dict[str, np.ndarray], unit: str) -> Signals | None:
    return Signals(time, np.column_stack(list(channels.values())), tuple(channels), unit) if channels else None


def _torque_column(prefix: str, columns: tuple[str, ...]) -> str | None:
    candidates = (prefix.replace("force", "torque") + "y", f"{prefix}my")
    return next((name for name in candidates if name in columns), None)


def _angles(table: Signals, names: Names, path: Path, *, unit: str) -> Signals:
    known = [column for column in table.names if column in names.angles]
    if not known:
        raise errors.unknown(f"column of {names.family}", "hip_flexion_r", table.names, where=f"in {path}")
    values = np.column_stack([names.angles[column][1] * table.channel(column) for column in known])
    if unit == "rad" and np.nanmax(np.abs(values)) > 2.0 * math.pi:
        raise BadFile(
            f"{path} says that its angles are radians, but they reach {np.nanmax(np.abs(values)):.3g}. "
            "Put inDegrees=yes into its header if they are degrees."
        )
    return Signals(table.time, values, tuple(names.angles[column][0] for column in known), unit)


def _pelvis(table: Signals) -> Signals | None:
    if not {"pelvis_tx", "pelvis_ty", "pelvis_tz"} <= set(table.names):
        return None
    forward, up, right = (table.channel(f"pelvis_t{axis}") for axis in "xyz")
    return Signals(table.time, np.column_stack([forward, -right, up]), ("pelvis_x", "pelvis_y", "pelvis_z"), "m")


def _activity(table: Signals, names: Names, path: Path) -> Signals:
    house = {column: names.muscles.get(re.sub(r"[- ]", "_", column.lower())) for column in table.names}
    channels = {f"{muscle}_{names.emg_side}": table.channel(column) for column, muscle in house.items() if muscle}
    if not channels:
        raise errors.unknown("EMG channel", "soleus", table.names, where=f"in {path}")
    return _signals(table.time, channels, "1")


def _short(label: str) -> str:
    if not label.startswith("/"):
        return label
    parts = label.strip("/").split("/")
    return parts[-2] if parts[-1] == "value" and len(parts) > 1 else "/".join(parts[-2:])


def _split(path: Path) -> tuple[dict[str, str], list[str], list[tuple[int, list[str]]]]:
    """Header keys in lower case, column labels, and the non-empty data rows with their line numbers."""
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    end = next((i for i, line in enumerate(lines) if line.strip().lower() == "endheader"), None)
    body = [] if end is None else [(i + 1, lines[i]) for i in range(end + 1, len(lines)) if lines[i].strip()]
    if len(body) < 2:
        raise BadFile(f'{path} is no OpenSim table or is cut short: no line "endheader" with labels and data after it.')
    header = {}
    for line in lines[:end]:
        match = re.match(r"\s*(\w+)\s*[=\s]\s*(.*?)\s*$", line)
        if match:
            header.setdefault(match[1].lower(), match[2])
    labels = [label.strip() for label in body[0][1].rstrip().split("\t")] if "\t" in body[0][1] else body[0][1].split()
    labels = [label for label in labels if label]
    return header, labels, [(number, _cells(line, len(labels))) for number, line in body[1:]]


def _cells(line: str, count: int) -> list[str]:
    cells = line.split()
    if len(cells) == count or "\t" not in line:
        return cells
    cells = [cell.strip() for cell in line.split("\t")]
    while len(cells) > count and not cells[-1]:
        cells.pop()
    return cells


def _numbers(cells: list[str], labels: list[str], number: int, path: Path) -> list[float]:
    if len(cells) != len(labels):
        raise BadFile(f"{path} is cut short or damaged: line {number} has {len(cells)} of {len(labels)} columns.")
    try:
        return [math.nan if cell.lower() in _MISSING else float(cell) for cell in cells]
    except ValueError:
        raise BadFile(f"{path}: line {number} holds something that is no number.") from None


def _check_rows(header: dict[str, str], found: int, path: Path) -> None:
    stated = header.get("nrows", header.get("datarows", ""))
    if stated.isdigit() and int(stated) != found:
        _LOG.warning("%s: its header promises %s rows, it has %d", path.name, stated, found)


def _in_degrees(header: dict[str, str], path: Path) -> bool:
    stated = header.get("indegrees", "").lower()
    if stated in ("yes", "no"):
        return stated == "yes"
    if stated:
        raise BadFile(f'{path}: inDegrees is "{stated}"; it may be yes or no.')
    return "datacolumns" in header
