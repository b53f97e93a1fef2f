"""What all marker files share: names, units, the axis that points up, and the Motion made of them."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biomimic import errors
from biomimic.errors import BadFile, BadValue
from biomimic.motion import Motion
from biomimic.provenance import Provenance, sha256

_LOG = logging.getLogger(__name__)
METRES = {"m": 1.0, "meters": 1.0, "metres": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "millimeters": 0.001}
METRES |= {"millimetres": 0.001, "centimeters": 0.01, "centimetres": 0.01}
SIZE = (0.15, 1.5)  # [m] where the size of a person, as `size` counts it, may lie: from arms alone to giants in T-pose
UPRIGHT = 0.5  # least cosine of the angle between vertical and the line from the feet to the trunk
_SAMPLE = 64  # frames that size and posture are judged by
# row 1, 2, 3: which file axis, with which sign, is the house's x, y, z; every one is a rotation
_TURNS = {
    "z": ((0, 1), (1, 1), (2, 1)),
    "-z": ((0, 1), (1, -1), (2, -1)),
    "y": ((0, 1), (2, -1), (1, 1)),
    "-y": ((0, 1), (2, 1), (1, -1)),
    "x": ((1, 1), (2, 1), (0, 1)),
    "-x": ((1, 1), (2, -1), (0, -1)),
}
_FEET = re.compile(
    r"toe|hallux|heel|hee$|(^|[^a-z])[lr]?[ ._]?cal$|calc|(?<!sh)ank|mal$|malleol|mt[1-5h]?$|meta|foot", re.IGNORECASE
)
_TRUNK = re.compile(
    r"asis?$|psis?$|sacr|^s[12]$|hip|hjc|pelvis|spine|should|sho$|acr|clav|stern|strn|^c7|^t10|neck|head|hd$",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class Markers:
    """Markers as their file has them.

    Args:
        path: of the file.
        rate: frames per second [Hz].
        position: (T, K, 3) in the file's unit and axes, NaN where a marker was not seen.
        names: K names as written.
        unit: as written.
        up: axis that points up in files of this kind: "x", "y", "z", "-x", "-y" or "-z".
        note: what the reader noticed.
    """

    path: Path
    rate: float
    position: np.ndarray
    names: tuple[str, ...]
    unit: str
    up: str
    note: str = ""


def sample(position: np.ndarray) -> np.ndarray:
    """At most 64 frames, evenly spread over the motion, (S, K, 3)."""
    frames = np.unique(np.linspace(0, len(position) - 1, _SAMPLE).round().astype(int))
    return position[frames]


def size(position: np.ndarray) -> float:
    """Size of the cloud of landmarks: the upper quartile of the distances from their middle [unit of `position`].

    Median over frames; about 0.8 m for a standing adult, 0.5 m for legs alone. A few stray landmarks do not change it.

    Args:
        position: (T, K, 3), NaN where a landmark was not seen.
    """
    few = sample(position)
    few = few[np.isfinite(few).all(axis=2).sum(axis=1) >= 2]
    if not len(few):
        return float("nan")
    middle = np.nanmedian(few, axis=1, keepdims=True)
    distance = np.linalg.norm(few - middle, axis=2)
    return float(np.median(np.nanpercentile(distance, 75, axis=1)))


def upward(position: np.ndarray, names: tuple[str, ...]) -> np.ndarray | None:
    """Direction from the feet to the trunk, a unit vector (3,); None where the names do not say which is which.

    Args:
        position: (T, K, 3), NaN where a landmark was not seen.
        names: K names, with or without the side.
    """
    plain = [re.sub(r"_(right|left)$", "", name) for name in names]
    feet = [i for i, name in enumerate(plain) if _FEET.search(name)]
    trunk = [i for i, name in enumerate(plain) if _TRUNK.search(name) and i not in feet]
    if not feet or not trunk:
        return None
    few = sample(position)
    few = few[np.isfinite(few[:, feet]).all(axis=2).any(axis=1) & np.isfinite(few[:, trunk]).all(axis=2).any(axis=1)]
    if not len(few):
        return None
    direction = np.median(np.nanmean(few[:, trunk], axis=1) - np.nanmean(few[:, feet], axis=1), axis=0)
    length = np.linalg.norm(direction)
    return direction / length if length > 0 else None


def to_house(position: np.ndarray, up: str) -> np.ndarray:
    """Positions with z up; the heading stays as it was recorded.

    With y up it is OpenSim's turn to the house frame, [x, -z, y].

    Args:
        position: (..., 3) in the file's axes.
        up: "x", "y", "z", "-x", "-y" or "-z".
    """
    if up not in _TURNS:
        raise errors.unknown("up axis", up, _TURNS)
    return np.stack([sign * position[..., axis] for axis, sign in _TURNS[up]], axis=-1)


def to_motion(markers: Markers, *, up: str | None = None, subject: str | None = None) -> Motion:
    """The markers in the house frame, in metres, without those that were never seen.

    Args:
        markers: as their file has them.
        up: axis of the file that points up; None finds it by the feet and the trunk, and where the names do not tell
            them apart takes the one usual for this kind of file.
        subject: whose markers to take where the names are "<subject>:<marker>" of several people.

    Raises:
        BadFile: unknown unit, a person of impossible size, the same name twice, or no marker at all.
    """
    return oriented(markers, up=up, subject=subject)[0]


def oriented(markers: Markers, *, up: str | None = None, subject: str | None = None) -> tuple[Motion, str]:
    """As `to_motion`, with the axis of the file that was taken to point up."""
    notes = [markers.note] if markers.note else []
    kept, names = _names(markers, subject)
    position = markers.position[:, kept]
    seen = np.isfinite(position).all(axis=2)
    position = np.where(seen[..., None], position, np.nan)
    never = ~seen.any(axis=0)
    if never.all():
        raise BadFile(f"{markers.path} has no marker that was ever seen; markers with positions are needed.")
    if never.any():
        dropped = [name for name, gone in zip(names, never) if gone]
        notes.append(f"never seen and dropped: {', '.join(dropped)}")
        position, names = position[:, ~never], tuple(name for name, gone in zip(names, never) if not gone)
    position = position * _metres(markers, position)
    chosen = up if up is not None else _find_up(markers, position, names, notes)
    note = "; ".join([*notes, f"unit {markers.unit}, {chosen} up"])
    _LOG.debug("%s: %s", markers.path.name, note)
    source = Provenance(markers.path.name, sha256=sha256(markers.path), note=note)
    return Motion(markers.rate, to_house(position, chosen), names, source), chosen


def _names(markers: Markers, subject: str | None) -> tuple[list[int], tuple[str, ...]]:
    """Columns to keep, and their names without the subject."""
    parts = [name.rpartition(":") for name in markers.names]
    people = list(dict.fromkeys(person for person, colon, _ in parts if colon))
    if subject is not None and subject not in people:
        raise errors.unknown("subject", subject, people, where=f"in {markers.path}")
    kept = [
        place
        for place, (person, _, name) in enumerate(parts)
        if name and not name.startswith("*") and (subject is None or person == subject)
    ]
    names = tuple(parts[place][2].strip() for place in kept)
    if not names:
        raise BadFile(f"{markers.path} has no named marker; markers with names are needed.")
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        who = f' It holds the subjects {", ".join(people)}: name one with subject="{people[0]}".' if people[1:] else ""
        raise BadFile(f"{markers.path} has more than one marker called {', '.join(double[:5])}.{who}")
    return kept, names


def _metres(markers: Markers, position: np.ndarray) -> float:
    """Factor from the file's unit to metres, once a person of that size is possible."""
    factor = METRES.get(markers.unit.strip().lower())
    if factor is None:
        raise BadFile(f'{markers.path} gives its positions in "{markers.unit}"; m, cm or mm is needed.')
    found = size(position) * factor
    if not np.isfinite(found):
        raise BadFile(f"{markers.path} never shows two markers at once; a person needs more.")
    if SIZE[0] <= found <= SIZE[1]:
        return factor
    raise BadFile(f"{markers.path} says {markers.unit}, but then {size_words(found, factor)}")


def size_words(found: float, factor: float = 1.0) -> str:
    """What is wrong with a size [m] outside SIZE, and which unit would explain it.

    Args:
        found: size of the cloud of landmarks [m], if the stated unit holds.
        factor: the stated unit [m].
    """
    units = {"m": 1.0, "cm": 0.01, "mm": 0.001, "CMU units of 56.4 mm": 0.056444}
    fitting = [name for name, unit in units.items() if 0.3 <= found / factor * unit <= 1.1]
    words = f"a quarter of the landmarks lies more than {found:.3g} m from their middle; in a person it is "
    words += f"{SIZE[0]:g} to {SIZE[1]:g} m."
    return words + (f" They look like {' or '.join(fitting)}: correct the unit." if fitting else "")


def _find_up(markers: Markers, position: np.ndarray, names: tuple[str, ...], notes: list[str]) -> str:
    direction = upward(position, names)
    if direction is None:
        notes.append("no marker names tell feet from trunk, so the axis usual for such files is taken")
        return markers.up
    axis = int(np.argmax(np.abs(direction)))
    if abs(direction[axis]) < np.sqrt(0.5):
        told = np.array2string(direction, precision=2)
        raise BadValue(
            f"{markers.path}: the line from the feet to the trunk, {told}, follows no axis of the file, so it is "
            'unclear which one points up; name it, e.g. up="z".'
        )
    found = ("-" if direction[axis] < 0 else "") + "xyz"[axis]
    if found != markers.up:
        notes.append(f"not {markers.up} up as usual for such files")
    return found
