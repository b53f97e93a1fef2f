"""Marker trajectories from .trc files (the text table of Motion Analysis and OpenSim)."""

import math
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.motion import Motion
from biomimic.readers import markers, text
from biomimic.readers.markers import Markers

_UP = "y"  # OpenSim's
_HEADER = 12  # lines within which the header ends
_NEARLY = 0.005  # share by which the rate of the times may differ from a header that still holds


def read(path: str | Path, *, up: str | None = None, subject: str | None = None) -> Motion:
    """Markers in the house frame, in metres, NaN where a marker was not seen (blank, NaN, or exactly 0 0 0).

    Marker names are the file's own without "<subject>:". The frame rate is that of the times; the header's where both
    agree within 0.5 %.

    Args:
        path: of the file.
        up: axis of the file that points up, e.g. "y"; None finds it by the feet and the trunk.
        subject: whose markers to take, where there are several people.

    Raises:
        BadFile: no such file, no TRC header, a row cut short, times that do not increase evenly, an unknown unit, or a
            person of impossible size.
        BadValue: the up axis cannot be found.
    """
    path = Path(path)
    lines = text.lines(path)
    stated, names, begin = _header(lines, path)
    rows = [(number, line) for number, line in enumerate(lines[begin:], begin + 1) if line.strip()]
    table = _table(rows, names, path)
    text.check_time(table[:, 1], [number for number, _ in rows], path)
    rate, notes = _rate(table[:, 1], stated.get("datarate", ""), path)
    count = stated.get("numframes", "")
    if count.isdigit() and int(count) != len(table):
        notes.append(f"its header promises {count} frames, it has {len(table)}")
    position = table[:, 2:].reshape(len(table), len(names), 3)
    position[(position == 0).all(axis=2)] = np.nan
    unit = stated.get("units", "")
    return markers.to_motion(Markers(path, rate, position, names, unit, _UP, "; ".join(notes)), up=up, subject=subject)


def first_time(path: str | Path) -> float:
    """Time of the first frame [s], on the clock that the forces of the same trial have.

    Raises:
        BadFile: no such file, or no TRC file.
    """
    path = Path(path)
    lines = text.lines(path)
    _, names, begin = _header(lines, path)
    first = next(((number, line) for number, line in enumerate(lines[begin:], begin + 1) if line.strip()), None)
    return float(_table([first] if first else [], names, path)[0, 1])


def _header(lines: list[str], path: Path) -> tuple[dict[str, str], tuple[str, ...], int]:
    """Header keys in lower case, marker names, and the index of the line after the row of X1 Y1 Z1."""
    place = next((i for i, line in enumerate(lines[:_HEADER]) if line.strip().lower().startswith("frame#")), None)
    if place is None or place + 1 >= len(lines):
        raise BadFile(f'{path} is no TRC file: no row that begins with "Frame#" and names the markers.')
    labels = lines[place].strip("\r\n")
    cells = [cell.strip() for cell in (labels.split("\t") if "\t" in labels else labels.split())]
    names = tuple(cell for cell in cells[2:] if cell)
    keys = next((i for i in range(place) if lines[i].strip().lower().startswith("datarate")), None)
    if keys is None or not names:
        raise BadFile(f"{path} is no TRC file: {'no marker names' if not names else 'no row with DataRate and Units'}.")
    stated = dict(zip((key.lower() for key in lines[keys].split()), lines[keys + 1].split()))
    begin = place + 1
    while begin < len(lines) and not lines[begin].strip():
        begin += 1
    if begin < len(lines) and lines[begin].split()[0].upper().startswith("X"):
        begin += 1
    return stated, names, begin


def _table(rows: list[tuple[int, str]], names: tuple[str, ...], path: Path) -> np.ndarray:
    """All rows as numbers: frame, time [s], x y z of each marker, NaN where blank, (T, 2 + 3 K)."""
    columns = 2 + 3 * len(names)
    if not rows:
        raise BadFile(f"{path} has no frames; it ends after its header.")
    table = []
    for number, line in rows:
        cells = line.split()
        table.append((number, cells if len(cells) == columns else _blanks(line, columns, number, path)))
    return text.table(table, ["frame", "time", *(f"{name} {axis}" for name in names for axis in "xyz")], path)


def _blanks(line: str, columns: int, number: int, path: Path) -> list[str]:
    """Cells of a row in which some are empty."""
    cells = [cell.strip() for cell in line.split("\t")]
    while len(cells) > columns and not cells[-1]:
        cells.pop()
    if len(cells) != columns:
        raise BadFile(
            f"{path} is cut short or damaged: line {number} has {len(cells)} columns; the {(columns - 2) // 3} "
            f"markers that are named need {columns}."
        )
    return [cell or "nan" for cell in cells]


def _rate(time: np.ndarray, header: str, path: Path) -> tuple[float, list[str]]:
    """Frames per second [Hz], and what is odd about it."""
    try:
        stated = float(header)
    except ValueError:
        stated = math.nan
    if len(time) == 1:
        if not stated > 0:
            raise BadFile(f"{path} has one frame and no DataRate.")
        return stated, []
    found = (len(time) - 1) / (time[-1] - time[0])
    late = np.abs((time - time[0]) * found - np.arange(len(time)))
    if late.max() > 0.5:
        steps = np.diff(time)
        row = int(np.argmax(steps))
        raise BadFile(
            f"{path}: frames are missing; a time step is {np.median(steps):.4g} s, but {steps[row]:.4g} s after "
            f"{time[row]:g} s."
        )
    if abs(found - stated) <= _NEARLY * found:
        return stated, []
    return found, [f"its header says {header or 'no rate'} Hz, its times {found:.4g} Hz, which is used"]
