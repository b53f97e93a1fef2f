"""OpenSim's XML beside a trial: external loads (which columns act on which foot), models (mass, sign of the knee)."""

import math
import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

from biomimic.errors import BadFile, BadValue
from biomimic.readers import text
from biomimic.readers.opensim import Plate

_FOOT = re.compile(r"(calcn|calcaneus|talus|toes|foot|hindfoot|ankle)_?(?P<side>r|l|right|left)$", re.IGNORECASE)
_MASS = (2.0, 500.0)  # [kg] of a whole body, from a new-born child to the heaviest people


@dataclass(frozen=True)
class Loads:
    """External loads of a trial.

    Args:
        plates: columns of each force and the foot it acts on.
        data: name of the file of forces; empty where none is given.
    """

    plates: tuple[Plate, ...]
    data: str


@dataclass(frozen=True)
class Model:
    """What a trial needs of an OpenSim model.

    Args:
        name: of the model.
        mass: of all bodies [kg].
        knee: 1 where flexion is positive by the knee's range, -1 where it is negative, None where it does not say.
    """

    name: str
    mass: float
    knee: int | None


def read(path: str | Path) -> Loads:
    """An ExternalLoads file.

    Raises:
        BadFile: no such file, no XML, no external loads, or a force without columns or body.
        BadValue: a force that acts on no foot, or is expressed in another frame than the ground.
    """
    path = Path(path)
    root = _root(path)
    holder = next(iter(_named(root, "ExternalLoads")), None)
    forces = [] if holder is None else _named(holder, "ExternalForce")
    if not forces:
        raise BadFile(f"{path} holds no external loads: <ExternalLoads> with an <ExternalForce> a foot is expected.")
    return Loads(tuple(_plate(force, path) for force in forces), _file(_word(holder, "datafile")))


def read_model(path: str | Path) -> Model:
    """Mass and sign of the knee of an .osim file.

    Raises:
        BadFile: no such file, no XML, no model, or a mass that no person has.
    """
    path = Path(path)
    root = _root(path)
    model = next(iter(_named(root, "Model")), None)
    bodies = [] if model is None else _named(model, "Body")
    if not bodies:
        raise BadFile(f"{path} holds no model with bodies; give the .osim file that the trial was computed with.")
    mass = sum(_number(_word(body, "mass"), body.get("name", "?"), path) for body in bodies)
    if not _MASS[0] <= mass <= _MASS[1]:
        raise BadFile(f"{path}: its bodies have {mass:.4g} kg together, which no person has; give the mass yourself.")
    return Model(model.get("name", path.stem), mass, _knee(model))


def is_model(path: str | Path) -> bool:
    """Whether an XML file holds a model, rather than external loads."""
    return bool(_named(_root(Path(path)), "Model"))


def _root(path: Path) -> ElementTree.Element:
    content = text.content(path)
    if "<!ENTITY" in content:
        raise BadFile(f"{path} defines entities of its own, which OpenSim's files never do; it is not read.")
    try:
        return ElementTree.fromstring(content.encode())
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise BadFile(f"{path} is no XML or is cut short: {error}.") from None


def _named(element: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    return [one for one in element.iter() if one.tag == tag]


def _word(element: ElementTree.Element, tag: str) -> str:
    found = element.find(tag)
    return "" if found is None or found.text is None else found.text.strip()


def _file(name: str) -> str:
    """The last part of a path, of Windows or not."""
    return "" if name.lower() in ("", "unassigned") else PureWindowsPath(name).name


def _plate(force: ElementTree.Element, path: Path) -> Plate:
    name = force.get("name", "?")
    body = _word(force, "applied_to_body").rsplit("/", 1)[-1]
    columns = _word(force, "force_identifier")
    if not body or not columns:
        raise BadFile(f'{path}: the force "{name}" lacks applied_to_body or force_identifier; both are needed.')
    match = _FOOT.search(body)
    if match is None:
        raise BadValue(
            f'{path}: the force "{name}" acts on {body}, which is no foot; a recording holds the force of the ground '
            "on the feet (calcn_r, calcn_l), so leave that force out."
        )
    for key in ("force_expressed_in_body", "point_expressed_in_body"):
        frame = _word(force, key).rsplit("/", 1)[-1]
        if frame.lower() not in ("", "ground"):
            raise BadValue(f'{path}: "{name}" is expressed in {frame} ({key}); only forces in the ground are read.')
    point, torque = _word(force, "point_identifier"), _word(force, "torque_identifier")
    absent = ("", "unassigned")
    return Plate(
        columns,
        "" if point.lower() in absent else point,
        "" if torque.lower() in absent else f"{torque}y",
        "right" if match["side"].lower().startswith("r") else "left",
    )


def _number(word: str, name: str, path: Path) -> float:
    try:
        found = float(word)
    except ValueError:
        found = math.nan
    if not (math.isfinite(found) and found >= 0):
        raise BadFile(f'{path}: the body {name} has the mass "{word[:40]}"; a number of kg is needed.')
    return found


def _knee(model: ElementTree.Element) -> int | None:
    """Sign of flexion by the range of knee_angle_r: a knee flexes further than it extends."""
    for coordinate in _named(model, "Coordinate"):
        words = _word(coordinate, "range").split()
        if coordinate.get("name") in ("knee_angle_r", "knee_angle_l") and len(words) == 2:
            if not all(text.is_number(word) for word in words):
                return None
            low, high = (float(word) for word in words)
            return None if low + high == 0 or not math.isfinite(low + high) else 1 if low + high > 0 else -1
    return None
