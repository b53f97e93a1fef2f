"""Motion of OpenSim joint angles (.mot, .sto of inverse kinematics): a generic or the own person, posed by them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, UnknownName
from biomimic.motion import Motion
from biomimic.readers import opensim, quaternions, standing
from biomimic.readers.joints import Known, Skeleton
from biomimic.signals import Signals

_TABLE = Path(__file__).with_name("coordinates.toml")
_SIDES = {"r": "right", "l": "left"}
_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # x forward, y up, z right → house
_PELVIS = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
REQUIRED = (
    *("pelvis_tilt", "pelvis_list", "pelvis_rotation", *_PELVIS),
    *(f"{joint}_{s}" for s in _SIDES for joint in ("hip_flexion", "knee_angle", "ankle_angle")),
)
_EVEN = 0.05  # share of a time step by which frames may be off, since times are written with few digits
_TOE = 0.01  # [m] height of the joint of the toes above the sole
_GENERIC = (0.75, 1.35)  # sizes of the table's person, whose legs are then 0.6 to 1.1 m long
_BONES = ("tibia_r", "talus_r", "tibia_l", "talus_l")  # whose places tell the person's size


@dataclass(frozen=True)
class _Turn:
    """About an axis of the body that turns, by a polynomial of an angle, highest power first [rad]."""

    axis: tuple[float, float, float]
    angle: str
    by: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class _Body:
    """One body on one side; what each field means stands in coordinates.toml."""

    name: str
    on: str
    place: np.ndarray
    shift: np.ndarray
    joint: str
    turned: str
    turns: tuple[_Turn, ...]


def read(path: str | Path, *, places: Mapping[str, np.ndarray] | None = None) -> Motion:
    """Joints of a person posed by the joint angles of an OpenSim file, in the house frame.

    Both signs of the knee are read: people flex it far more than they extend it, so the file's own mean says which it
    is. Angles are in the unit the header says. Angles that the file does not have (subtalar joint, toes, trunk, arms)
    are 0, its arms hang; the provenance names them.

    Args:
        path: of the file (.mot, .sto).
        places: of the joints of the person's own model: body of OpenSim (tibia_r, ...) → its origin in the frame of the
            body it hangs on, all coordinates zero, (3,) [m]. None poses a generic person, so tall that the feet come
            down to the file's floor.

    Raises:
        BadFile: no such file, a damaged one, a value that is no number, or angles in another unit than the header says.
        UnknownName: a coordinate of the pelvis, hips, knees or ankles is missing.
    """
    path = Path(path)
    table = _even(_checked(path))
    names = opensim.names_of(table)
    bodies = _bodies(names.family)
    angles, missing = _angles(table, names, bodies, path)
    local = _local(bodies, angles)
    pelvis = np.column_stack([table.channel(name) for name in _PELVIS])
    skeleton = _skeleton(bodies, _sized(bodies, places) if places is not None else _generic(bodies, local, pelvis))
    position, rotation = skeleton.pose(local, pelvis)
    index = {body.name: k for k, body in enumerate(bodies)}
    rotation = rotation[:, [index[body.turned] for body in bodies]]
    notes = (
        "posed by joint angles",
        "a generic person" if places is None else "joint places of the person's model",
        f"not in the file, at rest: {', '.join(missing)}" if missing else "",
    )
    known = Known(names.family, {body.joint: k for k, body in enumerate(bodies) if body.joint})
    posed = standing.Posed(path, _rate(table.time), skeleton, known, position, rotation, notes)
    return standing.motion(posed, unit=1.0, world=_WORLD)


def begins(text: str) -> bool:
    """Whether the begin of an OpenSim table, its column labels in it, names the coordinates of a whole person."""
    words = {word.removesuffix("/value").rsplit("/", 1)[-1] for word in text.split()}
    return {"pelvis_tx", "hip_flexion_r", "knee_angle_r"} <= words


def _checked(path: Path) -> Signals:
    """All columns of the file, none of which holds anything but numbers."""
    table = opensim.read_table(path)
    missing = [name for name in REQUIRED if name not in table.names]
    if missing:
        raise UnknownName(
            f"{path} has no {', '.join(missing)}; its columns are {', '.join(table.names[:12])}, … "
            f"To pose a person, {', '.join(REQUIRED)} must be there."
        )
    if len(table.time) < 2:
        raise BadFile(f"{path} holds {len(table.time)} frame; a motion has at least two.")
    unknown = np.isnan(table.values)
    if unknown.any():
        frame, column = np.argwhere(unknown)[0]
        raise BadFile(
            f"{path}: {table.names[column]} is no number at {table.time[frame]:g} s ({int(unknown.sum())} values in "
            "all); cut the trial or repair it."
        )
    return table


def _even(table: Signals) -> Signals:
    """At even times: files of simulations have steps of any length."""
    steps = np.diff(table.time)
    count = len(steps) if np.ptp(steps) <= 2.0 * _EVEN * steps.mean() else round(np.ptp(table.time) / np.median(steps))
    time = np.linspace(table.time[0], table.time[-1], count + 1)
    if np.abs(time[: len(table.time)] - table.time[: len(time)]).max() <= _EVEN * steps.mean():
        return table
    values = np.column_stack([np.interp(time, table.time, column) for column in table.values.T])
    return Signals(time, values, table.names, table.unit)


def _sided(coordinate: str) -> str:
    """arm_flex_r → arm_flex_right."""
    stem, _, side = coordinate.rpartition("_")
    return f"{stem}_{_SIDES[side]}" if side in _SIDES else coordinate


@cache
def _table() -> dict:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


@cache
def _bodies(family: str) -> tuple[_Body, ...]:
    """Bodies in the order of the table, parents first, right before left."""
    found = []
    for name, entry in _table()["bodies"].items():
        turns = _table()["knees"].get(family, entry["turns"]) if name == "tibia_{s}" else entry.get("turns", [])
        for side in _SIDES if "{s}" in name else ("",):
            found.append(_body(name, entry, turns, side))
    return tuple(found)


def _body(name: str, entry: Mapping[str, object], turns: list[dict], side: str) -> _Body:
    mirror = -1.0 if side == "l" else 1.0
    end = f"_{_SIDES[side]}" if side else ""
    return _Body(
        name.format(s=side),
        entry["on"].format(s=side),
        np.array(entry["place"]) * [1.0, 1.0, mirror],
        np.array(entry.get("shift", (0.0, 0.0, 0.0))) * [1.0, 1.0, mirror],
        entry["joint"] + end if "joint" in entry else "",
        entry.get("turned", name).format(s=side),
        tuple(_turn(turn, mirror, end) for turn in turns),
    )


def _turn(entry: Mapping[str, object], mirror: float, end: str) -> _Turn:
    x, y, z = np.array(entry["axis"]) / np.linalg.norm(entry["axis"])
    angle = entry.get("angle", "")
    return _Turn((mirror * x, mirror * y, z), angle + end if angle else "", tuple(entry.get("by", (1.0, 0.0))))


def _angles(
    table: Signals, names: opensim.Names, bodies: tuple[_Body, ...], path: Path
) -> tuple[dict[str, np.ndarray], list[str]]:
    """All angles that the bodies turn with (T,) [rad], in house signs, and which of them are not in the file."""
    house = opensim.house_angles(table, names, path)
    found = {_sided(name): table.channel(name) for name in table.names if name not in names.angles}
    found |= {name: house.channel(name) for name in house.names}
    missing = sorted({turn.angle for body in bodies for turn in body.turns if turn.angle} - set(found))
    rest, default = np.zeros(len(table.time)), _table()["defaults"]
    return found | {name: rest + default.get(name.rpartition("_")[0], 0.0) for name in missing}, missing


def _local(bodies: tuple[_Body, ...], angles: Mapping[str, np.ndarray]) -> np.ndarray:
    """Turn of each body against the one it hangs on, (T, J, 4)."""
    frames = len(angles["pelvis_tilt"])
    local = np.zeros((frames, len(bodies), 4))
    local[..., 0] = 1.0
    for k, body in enumerate(bodies):
        for turn in body.turns:
            value = np.polyval(turn.by, angles[turn.angle] if turn.angle else np.zeros(frames))
            single = quaternions.of_axis_angle(value[:, None] * np.array(turn.axis))
            local[:, k] = quaternions.multiply(local[:, k], single)
    return local


def _skeleton(bodies: tuple[_Body, ...], sizes: np.ndarray) -> Skeleton:
    """The bodies at sizes (J,) of the table's places."""
    names = tuple(body.name for body in bodies)
    parents = tuple(names.index(body.on) if body.on else -1 for body in bodies)
    shift = sizes[:, None] * [body.shift for body in bodies]
    offsets = sizes[:, None] * [body.place for body in bodies] + shift
    for k, parent in enumerate(parents):
        offsets[k] -= shift[parent] if parent >= 0 else 0.0
    return Skeleton(names, parents, offsets)


def _generic(bodies: tuple[_Body, ...], local: np.ndarray, pelvis: np.ndarray) -> np.ndarray:
    """(J,) size of the table's person that is as tall as the pelvis is high over the file's floor.

    Else the legs were too short or too long for the way that the pelvis goes, and the feet would slide.
    """
    ones = np.ones(len(bodies))
    position, _ = _skeleton(bodies, ones).pose(local, pelvis)
    toes = position[:, [k for k, body in enumerate(bodies) if body.joint.startswith("toe")], 1].min(axis=1)
    lowest = int(np.argmin(toes))
    size = (pelvis[lowest, 1] - _TOE) / (pelvis[lowest, 1] - toes[lowest])
    return ones * (size if _GENERIC[0] <= size <= _GENERIC[1] else 1.0)


def _sized(bodies: tuple[_Body, ...], places: Mapping[str, np.ndarray]) -> np.ndarray:
    """(J,) size of each place: the person's, where it is known, else that of the legs."""
    known = {body.name: body.place for body in bodies if body.name in places and body.place.any()}
    ratio = {name: float(np.linalg.norm(places[name]) / np.linalg.norm(place)) for name, place in known.items()}
    legs = [ratio[name] for name in _BONES if name in ratio]
    person = float(np.mean(legs)) if legs else 1.0
    return np.array([ratio.get(body.name, person) for body in bodies])


def _rate(time: np.ndarray) -> float:
    """Frames per second; written times have few digits."""
    rate = (len(time) - 1) / float(time[-1] - time[0])
    return float(round(rate)) if abs(rate - round(rate)) < 1e-3 * rate else rate
