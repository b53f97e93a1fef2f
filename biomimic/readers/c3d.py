"""Marker trajectories from .c3d files (the binary form of most motion laboratories)."""

import re
from pathlib import Path

import ezc3d
import numpy as np

from biomimic.errors import BadFile
from biomimic.motion import Motion
from biomimic.readers import markers
from biomimic.readers.markers import Markers

_UP = "z"  # where the file does not say which way its screen's vertical points
_BLOCK = 512  # bytes
_MIPS = 86  # processor whose files have the high byte first
_OUTPUTS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS")  # lists of POINT that name what are no positions
_COMPUTED = re.compile(r"(angles?|force|moment|power|grf|progress)$|^centreofmass|^centerofmass", re.IGNORECASE)
_SEGMENT_ENDS = "OALP"  # Plug-in Gait draws each segment by four points: origin, anterior, lateral, proximal


def read(path: str | Path, *, up: str | None = None, subject: str | None = None) -> Motion:
    """Markers in the house frame, in metres, NaN where a marker was not seen.

    Points that are no markers are left out: unnamed ones, angles, forces, moments and powers of a gait model, its
    segment axes and its centre of mass. Of two markers with the same name the second is called <name>_2.

    Args:
        path: of the file.
        up: axis of the file that points up, e.g. "z"; None finds it by the feet and the trunk.
        subject: whose markers to take, where there are several people.

    Raises:
        BadFile: no such file, no C3D file, one cut short or without markers, an unknown unit, or a person of
            impossible size.
        BadValue: the up axis cannot be found.
    """
    path = Path(path)
    content = _content(path)
    point = content["parameters"]["POINT"]
    rate = float(content["header"]["points"]["frame_rate"])
    if not (np.isfinite(rate) and rate > 0):
        raise BadFile(f"{path} gives a frame rate of {rate:g} Hz; it must be positive.")
    labels = _labels(point, content["data"]["points"].shape[1])
    kept = [place for place, keep in enumerate(_is_marker(labels, point)) if keep]
    if not kept:
        raise BadFile(f"{path} has {len(labels)} points, but none of them is a named marker.")
    position = np.moveaxis(content["data"]["points"][:3, kept], 0, -1).transpose(1, 0, 2).copy()
    position[(position == 0).all(axis=2)] = np.nan
    notes, names = [], _numbered([labels[place] for place in kept])
    twice = sorted(name for name in names if name not in labels)
    if twice:
        notes.append(f"second markers of the same name: {', '.join(twice)}")
    unit = _text(point, "UNITS")
    if not unit:
        unit = "mm"
        notes.append("no unit is given, mm taken")
    found = Markers(path, rate, position, names, unit, _vertical(point), "; ".join(notes))
    return markers.to_motion(found, up=up, subject=subject)


def first_time(path: str | Path) -> float:
    """Time of the first frame [s], on the clock that the file's events have.

    Raises:
        BadFile: no such file, or no C3D file.
    """
    first, _ = _promised(Path(path))
    rate = float(_content(Path(path))["header"]["points"]["frame_rate"])
    return (first - 1) / rate


def _promised(path: Path) -> tuple[int, int]:
    """First and last frame by the file's header; frames are counted from 1."""
    try:
        with open(path, "rb") as file:
            header = file.read(_BLOCK)
            start = (header[0] - 1) * _BLOCK if header else 0
            file.seek(max(start, 0))
            parameters = file.read(4)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    if len(header) < _BLOCK or header[1] != 0x50 or len(parameters) < 4:
        raise BadFile(f"{path} is no C3D file: it does not begin as one.")
    order = ">" if parameters[3] == _MIPS else "<"
    first, last = np.frombuffer(header[6:10], dtype=f"{order}u2")
    return int(first), int(last)


def _content(path: Path) -> ezc3d.c3d:
    first, last = _promised(path)
    try:
        content = ezc3d.c3d(str(path))
    except (OSError, RuntimeError, ValueError, IndexError, KeyError) as error:
        raise BadFile(f"{path} is no C3D file or is damaged: {error}.") from None
    found = content["data"]["points"].shape[2]
    if last < 65535 and found < last - first + 1:
        raise BadFile(f"{path} is cut short: its header promises {last - first + 1} frames, {found} are there.")
    if found == 0:
        raise BadFile(f"{path} has no frames of markers.")
    return content


def _labels(point: dict, count: int) -> list[str]:
    """Names of the points; lists of more than 255 go on in LABELS2 and so on."""
    labels = list(point["LABELS"]["value"])
    number = 2
    while f"LABELS{number}" in point:
        labels += point[f"LABELS{number}"]["value"]
        number += 1
    labels = [label.strip() for label in labels[:count]]
    return labels + [""] * (count - len(labels))


def _is_marker(labels: list[str], point: dict) -> list[bool]:
    computed = {name.strip() for key in _OUTPUTS if key in point for name in point[key]["value"]}
    plain = [label.rpartition(":")[2] for label in labels]
    known = set(plain)
    axes = {
        name
        for name in known
        if len(name) > 2 and name[-1:] in _SEGMENT_ENDS and all(name[:-1] + end in known for end in _SEGMENT_ENDS)
    }
    return [
        bool(name)
        and not name.startswith("*")
        and label not in computed
        and name not in computed
        and name not in axes
        and not _COMPUTED.search(name)
        for label, name in zip(labels, plain)
    ]


def _numbered(labels: list[str]) -> tuple[str, ...]:
    count: dict[str, int] = {}
    names = []
    for label in labels:
        count[label] = count.get(label, 0) + 1
        names.append(label if count[label] == 1 else f"{label}_{count[label]}")
    return tuple(names)


def _text(point: dict, key: str) -> str:
    values = point[key]["value"] if key in point else []
    return str(values[0]).strip() if len(values) else ""


def _vertical(point: dict) -> str:
    """Axis that points up on the laboratory's screen."""
    screen = _text(point, "Y_SCREEN").lower().removeprefix("+")
    return screen if screen in ("x", "y", "z", "-x", "-y", "-z") else _UP
