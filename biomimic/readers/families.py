"""Which family of models a file comes from: names and signs of each, and how the file itself proves or denies them."""

import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from biomimic import errors
from biomimic.errors import BadFile, BadValue
from biomimic.readers import signs
from biomimic.readers.storage import largest
from biomimic.signals import Signals

_TABLES = Path(__file__).with_name("opensim.toml")
_NO_FAMILIES = ("muscles", "plates")
_SIDES = {"_r": "right", "_l": "left"}
_STIFF = math.radians(3.5)  # a knee of a moving person moves more than this


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


def known() -> dict[str, str]:
    """Family → what people call it."""
    return {name: entry["title"] for name, entry in _tables().items() if name not in _NO_FAMILIES}


def names(family: str, *, plates: dict[str, str] | None = None, emg_side: str = "right") -> Names:
    """Names and signs of a model family.

    Args:
        family: one of `known`, e.g. "rajagopal2016" or "gait2392".
        plates: prefix of force columns → side, for files whose columns do not say the foot, e.g.
            {"ground_force_": "right", "1_ground_force_": "left"}; the side stands in the trial's external loads.
        emg_side: side the EMG was recorded on.

    Raises:
        UnknownName: no such family.
    """
    tables = _tables()
    if family not in known():
        raise errors.unknown("OpenSim model family", family, known())
    entry = tables[tables[family].get("like", family)]
    angles = {coordinate: (house, sign) for house, (coordinate, sign) in entry["unsided"].items()}
    for house, (coordinate, sign) in entry["sided"].items():
        for suffix, side in _SIDES.items():
            angles[coordinate + suffix] = (f"{house}_{side}", sign)
    muscles = {alias: house for house, aliases in tables["muscles"].items() for alias in aliases}
    muscles |= {house: house for house in tables["muscles"]}
    return Names(family, angles, muscles, dict(plates) if plates is not None else dict(tables["plates"]), emg_side)


def names_of(table: Signals) -> Names:
    """Names of the family whose sign of the knee a table has.

    People flex the knee far more than they extend it, so the mean of the file's own knees says which it is.
    """
    knees = [name for name in ("knee_angle_r", "knee_angle_l") if name in table.names]
    is_negative = bool(knees) and float(np.nanmean(table.select(knees).values)) < 0.0
    return names("gait2392" if is_negative else "rajagopal2016")


def house_angles(table: Signals, names: Names, path: str | Path, *, unit: str = "rad") -> Signals:
    """Those columns of a table that `names` knows, in house names and signs.

    Args:
        table: columns of the file, rotations in radians.
        names: of the family.
        path: of the file, for errors.
        unit: "rad" of angles, "N m" of moments.

    Raises:
        UnknownName: it knows none of them.
        BadFile: they are degrees, while the header of the file says radians.
    """
    columns = [column for column in table.names if column in names.angles]
    if not columns:
        raise errors.unknown(f"column of {names.family}", "hip_flexion_r", table.names, where=f"in {path}")
    values = np.column_stack([names.angles[column][1] * table.channel(column) for column in columns])
    if unit == "rad" and largest(values) > signs.TURNS:
        raise BadFile(
            f"{path} says that its angles are radians, but they reach {largest(values):.3g}. "
            "Put inDegrees=yes into its header if they are degrees."
        )
    return Signals(table.time, values, tuple(names.angles[column][0] for column in columns), unit)


@dataclass(frozen=True, eq=False)
class Found:
    """The family of a table, proved by the table.

    Args:
        names: of the family.
        angles: of the table, house names and signs [rad].
        checks: of the signs.
        note: which family, why, and which others say the same.
    """

    names: Names
    angles: Signals
    checks: tuple[signs.Sign, ...]
    note: str


def find(
    table: Signals,
    path: str | Path,
    *,
    family: str | None = None,
    why: str = "as given",
    force: Signals | None = None,
    accepted: Sequence[str] = (),
) -> Found:
    """The family whose signs a table of coordinates obeys.

    Families that give every column of the table the same name and sign count as one answer. Between two that do not,
    the signs of the moving person decide; where they cannot, the family is asked for.

    Args:
        table: columns of the file, rotations in radians.
        path: of the file, for errors.
        family: as somebody says; it is proved all the same.
        why: how that is known, in words.
        force: on the feet, house names [N], if there is any.
        accepted: channels whose failed checks the user waived.

    Raises:
        UnknownName: no family of this name, or none that knows a column.
        BadValue: the signs deny the family, deny all, or do not tell two families apart.
        BadFile: angles that are degrees, while the header says radians.
    """
    asked = names(family) if family is not None else None
    tried = {one: _tried(table, names(one), path, force) for one in known() if _knows(table, one)}
    if not tried or (asked is not None and asked.family not in tried):
        raise errors.unknown(
            f"column of {family or 'any model family'}", "hip_flexion_r", table.names, where=f"in {path}"
        )
    fitting = {one: pair for one, pair in tried.items() if not signs.refused(pair[1], accepted)}
    if asked is not None:
        if asked.family not in fitting:
            raise BadValue(_denied(path, asked.family, tried, fitting, force))
        chosen = asked.family
    else:
        chosen = _only(path, table, tried, fitting, force)
    angles, checks = fitting[chosen]
    same = [one for one in fitting if one != chosen and _says(table, one) == _says(table, chosen)]
    note = f"names and signs of {chosen}" + (f" (the same as {', '.join(same)} here)" if same else "")
    note += f" {why}" if asked is not None else " found by the file's own signs" if checks else ""
    return Found(names(chosen), angles, checks, note)


def check_unit(table: Signals, path: str | Path, moves: bool) -> None:
    """Refuse angles that are so small that they were in radians when they were taken for degrees.

    Args:
        table: columns of the file, rotations in radians.
        path: of the file.
        moves: whether the person is known to walk.

    Raises:
        BadFile: the person walks with stiff knees.
    """
    knees = [name for name in ("knee_angle_r", "knee_angle_l") if name in table.names]
    if not moves or not knees:
        return
    values = np.nan_to_num(table.select(knees).values)
    reach = float(np.ptp(values, axis=0).max())
    if reach < _STIFF:
        raise BadFile(
            f"{path}: the knees move by only {math.degrees(reach):.2g}° while the person walks; if its angles are "
            "radians, put inDegrees=no into its header."
        )


@cache
def _tables() -> dict:
    return tomllib.loads(_TABLES.read_text(encoding="utf-8"))


def _knows(table: Signals, family: str) -> bool:
    return any(column in names(family).angles for column in table.names)


def _says(table: Signals, family: str) -> dict[str, tuple[str, int]]:
    """House name and sign of each column of a table that the family knows."""
    angles = names(family).angles
    return {column: angles[column] for column in table.names if column in angles}


def _tried(
    table: Signals, names: Names, path: str | Path, force: Signals | None
) -> tuple[Signals, tuple[signs.Sign, ...]]:
    angles = house_angles(table, names, path)
    legs = ("knee_flexion", "hip_flexion", "ankle_dorsiflexion")
    return angles, tuple(one for one in signs.audit(angles, force) if one.channel.startswith(legs))


def _only(path, table: Signals, tried: dict, fitting: dict, force: Signals | None) -> str:
    """The one family that fits; of several that say the same, the first that knows most columns."""
    if not fitting:
        nearest = min(tried, key=lambda one: sum(not check.passed for check in tried[one][1]))
        raise BadValue(_denied(path, nearest, tried, fitting, force))
    most = max(len(_says(table, one)) for one in fitting)
    chosen = next(one for one in fitting if len(_says(table, one)) == most)
    meant = _says(table, chosen)
    against = [one for one in fitting if any(meant.get(column) != said for column, said in _says(table, one).items())]
    if against:
        column = next(c for c, said in _says(table, against[0]).items() if meant.get(c) != said)
        raise BadValue(
            f"{path} fits {chosen} and {against[0]}, which give {column} opposite signs, and nobody in it moves enough "
            f"to tell; name the model's family, one of {', '.join(fitting)}."
        )
    return chosen


def _denied(path, family: str, tried: dict, fitting: dict, force: Signals | None) -> str:
    angles, checks = tried[family]
    words = f"{path} does not have the signs of {family}: {signs.refused(checks)}."
    if fitting:
        return f"{words} It fits {', '.join(fitting)}: name one of these as its family."
    if force is not None and any(signs.swapped(one[0], force, one[1]) for one in tried.values()):
        return f"{words} The legs fit the force once right and left are exchanged: correct the sides of one of the two."
    return f"{words} No family known here fits ({', '.join(known())}); correct the sign of that channel, or accept it."


def muscle(label: str, names: Names) -> str | None:
    """House name of the muscle that an EMG column is named after, the side left out; None for anything else."""
    return names.muscles.get(re.sub(r"[-. ]+", "_", label.strip().lower()))
