"""Files of OpenSim that belong to one trial, put together: which is which, whose names, whose foot, whose mass."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from biomimic import errors
from biomimic.errors import BadFile, BadValue
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.readers import coordinates, emg, families, feet, kinds, loads, opensim, points, storage, trc
from biomimic.readers.loads import Loads, Model
from biomimic.readers.opensim import Plate
from biomimic.readers.storage import Storage
from biomimic.readers.told import NOBODY, Told
from biomimic.recording import Recording
from biomimic.signals import Signals

_NAMES = "rajagopal2016"  # whose tables of muscles and plates are used; all families share them
_TRAVEL = 0.5  # [m] a pelvis that goes less far tells no direction
_OFF = np.radians(25.0)  # off x that a walkway may run
_WORDS = {"angles": "joint angles", "forces": "forces", "moments": "joint moments", "emg": "EMG"}


@dataclass(frozen=True, eq=False)
class Parts:
    """The files of one trial by what they are; None where there is none."""

    angles: Storage | None = None
    forces: Storage | None = None
    moments: Storage | None = None
    emg: Storage | None = None
    loads: Loads | None = None
    model: Model | None = None
    trc: Path | None = None
    anc: Path | None = None

    @property
    def first(self) -> Path:
        """The file after which the trial is called."""
        tables = [one.path for one in (self.angles, self.forces, self.emg, self.moments) if one is not None]
        return (tables + [one for one in (self.anc, self.trc) if one is not None])[0]


def sort(found: dict[Path, str], told: Told) -> Parts:
    """Open the files and see what each is.

    Args:
        found: file → kind, of those that make one trial together.
        told: whether angles are degrees.

    Raises:
        BadFile: a damaged file, or a table that holds nothing a trial has.
        BadValue: two files of one kind, or no trial among them.
    """
    parts: dict[str, object] = {}
    files: dict[str, Path] = {}
    for path, kind in found.items():
        for name, content in _opened(path, kind, told).items():
            if name in parts:
                raise BadValue(
                    f"{files[name]} and {path} both hold {_WORDS.get(name, kinds.KINDS.get(name, name))}; a trial has "
                    "one such file, so give one of them."
                )
            parts[name], files[name] = content, path
    if "loads" in parts and "forces" not in parts and parts["loads"].data:
        beside = files["loads"].with_name(parts["loads"].data)
        if not beside.is_file():
            raise BadFile(
                f"{files['loads']} takes its forces from {beside.name}, which is not beside it; give that file."
            )
        parts["forces"] = storage.read(beside, degrees=told.degrees)
    if not {"angles", "forces", "moments", "emg", "anc"} & parts.keys():
        raise BadValue(f"{', '.join(str(path) for path in found)}: there is no trial among these files; give its data.")
    return Parts(**parts)


def join(parts: Parts, told: Told) -> tuple[Recording, list[str]]:
    """The trial and what was decided, in words; raw EMG is not in it yet.

    Raises:
        BadValue: mass, family, sides or direction are needed and no file says them, or do not fit.
    """
    mass = _mass(parts, told)
    notes = [note for one in (parts.angles, parts.forces, parts.moments, parts.emg) if one for note in one.notes]
    recording = Recording("measured", parts.first.stem, mass, Provenance(parts.first.name))
    force = None
    if parts.forces is not None:
        force, pressure, free, said = _forces(parts, told)
        recording = replace(recording, force=force, pressure=pressure, free_moment=free)
        notes += said
    names = families.names(told.family or _NAMES)
    if parts.angles is not None:
        table, path = parts.angles.table, parts.angles.path
        recording = replace(recording, position=opensim.pelvis(table, path))
        families.check_unit(table, path, _moves(recording))
        family, why = _family(parts, told)
        found = families.find(table, path, family=family, why=why, force=force, accepted=told.accepted)
        names, notes = found.names, [*notes, found.note, *_degrees(parts.angles)]
        recording = replace(recording, angles=found.angles)
    if parts.moments is not None:
        recording = replace(recording, moment=opensim.moments(parts.moments.table, names, parts.moments.path))
        if parts.angles is None and told.family is None:
            raise BadValue(
                f"{parts.moments.path}: joint moments alone do not show their signs; name the model's family, one of "
                f"{', '.join(families.known())}, or give the joint angles too."
            )
    if parts.emg is not None:
        activity, words = _activity(parts.emg, told)
        recording, notes = replace(recording, activity=activity), [*notes, words]
    if parts.trc is not None:
        recording = replace(recording, position=_positions(recording, parts, told))
    return _headed(recording, told, parts.first), notes


def _opened(path: Path, kind: str, told: Told) -> dict[str, object]:
    if kind == "loads":
        return {"loads": loads.read(path)}
    if kind == "model":
        return {"model": loads.read_model(path)}
    if kind in ("trc", "anc"):
        return {kind: path}
    table = storage.read(path, degrees=told.degrees)
    held = kinds.of_table(table.table)
    if not held:
        raise BadFile(
            f"{path} holds neither joint angles, forces, joint moments nor EMG that are known here; it has: "
            f"{', '.join(table.table.names[:10])}."
        )
    return dict.fromkeys(held, table)


def _mass(parts: Parts, told: Told) -> float:
    if told.mass is not None:
        return told.mass
    if parts.model is not None:
        return parts.model.mass
    raise BadValue(
        f"{parts.first} does not say the mass of the person; give it in kg, or the trial's model (.osim) as well."
    )


def _family(parts: Parts, told: Told) -> tuple[str | None, str]:
    """The family as given, or as the range of the model's knee tells, and which of both; else the trial has to tell."""
    sign = None if parts.model is None else parts.model.knee
    if sign is None:
        return told.family, "as given"
    if told.family is None:
        return (_NAMES if sign > 0 else "gait2392"), f"by the knee of the model {parts.model.name}"
    said = families.names(told.family).angles.get("knee_angle_r")
    if said is not None and said[1] != sign:
        raise BadValue(
            f'{parts.first}: the family "{told.family}" was given, but the knee of the model {parts.model.name} bends '
            "the other way; give the family of that model."
        )
    return told.family, "as given"


def _degrees(one: Storage) -> list[str]:
    if one.is_stated:
        return []
    return [f"{one.path.name} does not say inDegrees: {'degrees' if one.degrees else 'radians'} by its header's form"]


def _moves(recording: Recording) -> bool:
    """Whether the person goes or steps, by pelvis or force."""
    if recording.position is not None:
        way = recording.position.values[-1, :2] - recording.position.values[0, :2]
        if np.linalg.norm(np.nan_to_num(way)) > _TRAVEL:
            return True
    return False


def _activity(one: Storage, told: Told) -> tuple[Signals, str]:
    table = one.table
    chosen = emg.channels(table.names, families.names(_NAMES), told.emg_side, told.muscles, one.path)
    if not chosen:
        raise errors.unknown("EMG channel", "soleus", table.names, where=f"in {one.path}")
    raw = replace(table.select(list(chosen)), names=tuple(chosen.values()))
    return emg.activity(raw, one.path)


def _forces(parts: Parts, told: Told) -> tuple[Signals, Signals | None, Signals | None, list[str]]:
    """Force on each foot, by the external loads, by what was told, by the columns' names, or by the feet."""
    table, path = parts.forces.table, parts.forces.path
    if parts.loads is not None:
        return *opensim.forces(table, parts.loads.plates, path), ["sides of the forces by the external loads"]
    prefixes = opensim.prefixes_of(table.names)
    absent = [prefix for prefix in told.plates if prefix not in prefixes]
    if absent:
        raise errors.unknown("prefix of force columns", absent[0], prefixes, where=f"in {path}")
    sides = {**{p: s for p, s in families.names(_NAMES).plates.items() if p in prefixes}, **told.plates}
    fixed = [opensim.plate(table, prefix, side) for prefix, side in sides.items() if side != NOBODY]
    open_ones = [prefix for prefix in prefixes if prefix not in sides]
    notes = [f"{one.force}: {one.side}" for one in fixed]
    if open_ones:
        motion, start = _feet(parts, told, open_ones)
        table, more, said = _shared(table, open_ones, motion, (start, path))
        fixed, notes = fixed + more, notes + said
    if not fixed:
        raise BadValue(f"{path}: every force column was left out; give the side of at least one.")
    return *opensim.forces(table, tuple(fixed), path), notes


def _feet(parts: Parts, told: Told, prefixes: list[str]) -> tuple[Motion, float]:
    """The person's feet: of the markers, else posed by the joint angles; and the time of the first frame."""
    if parts.trc is not None:
        return trc.read(parts.trc, up=told.up, subject=told.subject), trc.first_time(parts.trc)
    if parts.angles is not None and set(coordinates.REQUIRED) <= set(parts.angles.table.names):
        return coordinates.read(parts.angles.path), float(parts.angles.table.time[0])
    raise BadValue(
        f"{parts.forces.path}: the columns {prefixes[0]}v… do not say the foot. Say the side of each "
        f"({', '.join(prefixes)}), or give the external loads (.xml), the markers (.trc) or the joint angles as well."
    )


def _shared(
    table: Signals, prefixes: list[str], motion: Motion, where: tuple[float, Path]
) -> tuple[Signals, list[Plate], list[str]]:
    """The table with the columns of each plate given to the foot that stood there, step by step, and who it was."""
    start, path = where
    names, values, plates, notes = list(table.names), [table.values], [], []
    for prefix in prefixes:
        one = opensim.plate(table, prefix, "right")
        vertical = table.channel(f"{one.force}y")
        if -np.nanmin(vertical, initial=0.0) > np.nanmax(vertical, initial=0.0):
            raise BadValue(
                f"{path}: {one.force}y reaches {np.nanmin(vertical):.0f} N; the ground can only push upward, so it is "
                "the force on the plate. Change the signs of that plate's force and moment."
            )
        point = None
        if one.point:
            there = np.column_stack([table.channel(f"{one.point}x"), -table.channel(f"{one.point}z")])
            point = np.where((vertical >= feet.LOADED)[:, None], there, np.nan)
        load = feet.Load(f"plate {prefix}v", table.time, vertical, point)
        shares = feet.shares(load, motion, start, path)
        bearing = [side for side, share in shares.items() if share.any()]
        notes.append(f"{prefix}v by the feet: {' and '.join(bearing) or 'nobody'}")
        for side, share in shares.items():
            columns = [f"{one.force}{axis}" for axis in "xyz"] + ([one.torque] if one.torque else [])
            values.append(np.column_stack([share * table.channel(name) for name in columns]))
            new = [f"{prefix}@{side}_{axis}" for axis in "xyz"] + ([f"{prefix}@{side}_t"] if one.torque else [])
            names += new
            plates.append(Plate(f"{prefix}@{side}_", one.point, f"{prefix}@{side}_t" if one.torque else "", side))
    return Signals(table.time, np.hstack(values), tuple(names), table.unit), plates, notes


def _positions(recording: Recording, parts: Parts, told: Told) -> Signals | None:
    """Pelvis, heels and toes of the markers; the pelvis of the joint angles where no marker tells it."""
    motion = trc.read(parts.trc, up=told.up, subject=told.subject)
    found = points.positions(motion, trc.first_time(parts.trc))
    return recording.position if found is None or "pelvis_x" not in found.names else found


def _headed(recording: Recording, told: Told, path: Path) -> Recording:
    """The trial turned so that the person goes along x; refused where it goes another way and nobody said so."""
    if told.forward is not None:
        return _turned(recording, told.forward)
    position = recording.position
    if position is None or "pelvis_x" not in position.names:
        return recording
    way = np.nan_to_num(position.values[-1] - position.values[0])
    x, y = (way[position.index(f"pelvis_{axis}")] for axis in "xy")
    if np.hypot(x, y) > _TRAVEL and abs(np.arctan2(y, x)) > _OFF:
        names = {"x": x, "-x": -x, "y": y, "-y": -y}
        raise BadValue(
            f"{path}: the pelvis travels {x:.2f} m forward and {y:.2f} m to the left, so the person does not go along "
            f'x as OpenSim\'s files do; say forward = "{max(names, key=lambda one: names[one])}".'
        )
    return recording


def _turned(recording: Recording, forward: str) -> Recording:
    empty = Motion(1.0, np.zeros((1, 0, 3)), (), recording.provenance)
    turn, _ = points.turn_to_forward(empty, forward)
    if np.array_equal(turn, np.eye(3)):
        return recording
    changed = {}
    if recording.force is not None:
        changed["force"] = _turned_force(recording.force, turn)
    for name, ends in (("position", ("x", "y")), ("pressure", ("x", "y"))):
        signals = getattr(recording, name)
        if signals is not None:
            changed[name] = _turned_points(signals, turn, ends)
    if recording.angles is not None and "pelvis_rotation" in recording.angles.names:
        values = recording.angles.values.copy()
        column = recording.angles.index("pelvis_rotation")
        heading = np.arctan2(turn[0, 1], turn[0, 0])
        values[:, column] = (values[:, column] - heading + np.pi) % (2.0 * np.pi) - np.pi
        changed["angles"] = recording.angles.with_values(values)
    return replace(recording, **changed)


def _turned_force(force: Signals, turn: np.ndarray) -> Signals:
    values = force.values.copy()
    for side, outward in (("right", -1.0), ("left", 1.0)):
        names = (f"anterior_{side}", f"lateral_{side}")
        if not set(names) <= set(force.names):
            continue
        x, y = force.channel(names[0]), outward * force.channel(names[1])
        values[:, force.index(names[0])] = turn[0, 0] * x + turn[0, 1] * y
        values[:, force.index(names[1])] = outward * (turn[1, 0] * x + turn[1, 1] * y)
    return force.with_values(values)


def _turned_points(signals: Signals, turn: np.ndarray, ends: tuple[str, str]) -> Signals:
    """Points <name>_x, <name>_y, or pressure_x_<side>, pressure_y_<side>, turned about the vertical."""
    values = signals.values.copy()
    for name in (one for one in signals.names if "_x" in one):
        other = name.replace("_x", f"_{ends[1]}")
        if other in signals.names and (name.endswith("_x") or name.startswith("pressure_x")):
            x, y = signals.channel(name), signals.channel(other)
            values[:, signals.index(name)] = turn[0, 0] * x + turn[0, 1] * y
            values[:, signals.index(other)] = turn[1, 0] * x + turn[1, 1] * y
    return signals.with_values(values)
