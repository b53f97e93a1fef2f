"""Marker trajectories from .c3d files (the binary form of most motion laboratories)."""

import re
from pathlib import Path

import ezc3d
import numpy as np

from biomimic.errors import BadFile
from biomimic.motion import Motion
from biomimic.readers import c3d_layout, markers
from biomimic.readers.markers import Markers

_UP = "z"  # where the file does not say which way its screen's vertical points
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
    return markers.to_motion(points(load(path), path), up=up, subject=subject)


def load(path: str | Path) -> ezc3d.c3d:
    """Everything in a C3D file, once its parts were found to fit into each other.

    Raises:
        BadFile: no such file, no C3D file, or one that is damaged or cut short.
    """
    path = Path(path)
    layout = c3d_layout.check(path)
    try:
        content = ezc3d.c3d(str(path))
    except (OSError, RuntimeError, ValueError, IndexError, KeyError, TypeError, MemoryError) as error:
        raise BadFile(f"{path} is no C3D file or is damaged: {error or type(error).__name__}.") from None
    found = content["data"]["points"].shape[2]
    if layout.last < 65535 and found < layout.last - layout.first + 1:
        raise BadFile(
            f"{path} is cut short: its header promises {layout.last - layout.first + 1} frames, {found} are there."
        )
    rate = float(content["header"]["points"]["frame_rate"])
    if not (np.isfinite(rate) and rate > 0):
        raise BadFile(f"{path} gives a frame rate of {rate:g} Hz; it must be positive.")
    return content


def points(content: ezc3d.c3d, path: Path) -> Markers:
    """The named markers of a file that was loaded, in its own unit and axes.

    Raises:
        BadFile: none, or no frames of them.
    """
    if content["data"]["points"].shape[2] == 0:
        raise BadFile(f"{path} has no frames of markers.")
    labels = labels_of(content)
    kept = [place for place, keep in enumerate(is_marker(content)) if keep]
    if not kept:
        raise BadFile(f"{path} has {len(labels)} points, but none of them is a named marker.")
    notes, names = [], _numbered([labels[place] for place in kept])
    twice = sorted(name for name in names if name not in labels)
    if twice:
        notes.append(f"second markers of the same name: {', '.join(twice)}")
    unit = word(content, "POINT", "UNITS")
    if not unit:
        unit = "mm"
        notes.append("no unit is given, mm taken")
    rate = float(content["header"]["points"]["frame_rate"])
    return Markers(path, rate, places(content, kept), names, unit, vertical(content), "; ".join(notes))


def places(content: ezc3d.c3d, chosen: list[int]) -> np.ndarray:
    """(T, K, 3) the points with these numbers in the file's unit and axes, NaN where one was not seen."""
    position = np.moveaxis(content["data"]["points"][:3, chosen], 0, -1).transpose(1, 0, 2).copy()
    position[(position == 0).all(axis=2) | ~np.isfinite(position).all(axis=2)] = np.nan
    return position


def first_time(path: str | Path) -> float:
    """Time of the first frame [s], on the clock that the file's events have.

    Raises:
        BadFile: no such file, or no C3D file.
    """
    content = load(path)
    return (c3d_layout.check(path).first - 1) / float(content["header"]["points"]["frame_rate"])


def values(content: ezc3d.c3d, group: str, name: str) -> np.ndarray:
    """Values of a parameter; empty where there is none."""
    entry = content["parameters"].get(group, {}).get(name)
    return np.asarray([] if entry is None else entry["value"])


def word(content: ezc3d.c3d, group: str, name: str) -> str:
    """First word of a parameter; empty where there is none."""
    found = values(content, group, name)
    return str(found.flat[0]).strip() if found.size else ""


def words(content: ezc3d.c3d, group: str, name: str) -> list[str]:
    """All words of a parameter, also those that go on in <name>2, <name>3 …"""
    found, number = [str(one).strip() for one in values(content, group, name).flat], 2
    while f"{name}{number}" in content["parameters"].get(group, {}):
        found += [str(one).strip() for one in values(content, group, f"{name}{number}").flat]
        number += 1
    return found


def labels_of(content: ezc3d.c3d) -> list[str]:
    """Names of all points; unnamed ones are empty."""
    count = content["data"]["points"].shape[1]
    labels = words(content, "POINT", "LABELS")[:count]
    return labels + [""] * (count - len(labels))


def vertical(content: ezc3d.c3d) -> str:
    """Axis that points up on the laboratory's screen."""
    screen = word(content, "POINT", "Y_SCREEN").lower().removeprefix("+")
    return screen if screen in ("x", "y", "z", "-x", "-y", "-z") else _UP


def is_marker(content: ezc3d.c3d) -> list[bool]:
    """Which points are markers, and not what a gait model computed."""
    labels, point = labels_of(content), content["parameters"]["POINT"]
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
