"""Marker trajectories from .c3d files (the binary form of most motion laboratories)."""

import re
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.motion import Motion
from biomimic.readers import c3d_file, markers
from biomimic.readers.c3d_file import File
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
    return markers.to_motion(points(c3d_file.read(path)), up=up, subject=subject)


def points(file: File) -> Markers:
    """The named markers of a file, in its own unit and axes.

    Raises:
        BadFile: there is none.
    """
    kept = [place for place, keep in enumerate(is_marker(file)) if keep]
    if not kept:
        raise BadFile(f"{file.path} has {len(file.labels)} points, but none of them is a named marker.")
    notes, names = [], _numbered([file.labels[place] for place in kept])
    twice = sorted(name for name in names if name not in file.labels)
    if twice:
        notes.append(f"second markers of the same name: {', '.join(twice)}")
    unit = file.word("POINT", "UNITS")
    if not unit:
        unit = "mm"
        notes.append("no unit is given, mm taken")
    return Markers(file.path, file.rate, places(file, kept), names, unit, vertical(file), "; ".join(notes))


def places(file: File, chosen: list[int]) -> np.ndarray:
    """(T, K, 3) the points with these numbers in the file's unit and axes, NaN where one was not seen."""
    position = file.points[:, chosen].copy()
    position[(position == 0).all(axis=2)] = np.nan
    return position


def first_time(path: str | Path) -> float:
    """Time of the first frame [s], on the clock that the file's events have.

    Raises:
        BadFile: no such file, or no C3D file.
    """
    return c3d_file.read(path).start


def vertical(file: File) -> str:
    """Axis that points up on the laboratory's screen."""
    screen = file.word("POINT", "Y_SCREEN").lower().removeprefix("+")
    return screen if screen in ("x", "y", "z", "-x", "-y", "-z") else _UP


def is_marker(file: File) -> list[bool]:
    """Which points are markers, and not what a gait model computed."""
    labels = file.labels
    computed = {name for key in _OUTPUTS for name in file.words("POINT", key)}
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
