"""Tables of OpenSim (.mot, .sto): every form of header, SI units."""

import logging
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, BadValue
from biomimic.readers import text
from biomimic.signals import Signals

_LOG = logging.getLogger(__name__)
_TRANSLATION = re.compile(r"_t[xyz]$")
_NO_ANGLE = re.compile(r"force|torque|moment|activation|excitation|fiber|power|pressure|emg|marker", re.IGNORECASE)
_PATH_PARTS = re.compile(r"[/|]")


@dataclass(frozen=True, eq=False)
class Storage:
    """A table and what its header says about it.

    Args:
        path: of the file.
        table: all columns, rotations in radians, the unit "SI".
        degrees: whether the file has its angles in degrees.
        is_stated: whether the header says so, or its form only implies it.
        notes: what does not fit, in words.
    """

    path: Path
    table: Signals
    degrees: bool
    is_stated: bool
    notes: tuple[str, ...]


def read_table(path: str | Path) -> Signals:
    """All columns of a .mot or .sto file, in SI units.

    Rotations are turned into radians where the file says `inDegrees=yes`, or has the older header with `datacolumns`
    and says nothing; translations stay metres and forces stay newtons either way. State paths are shortened:
    /jointset/hip_r/hip_flexion_r/value becomes hip_flexion_r.

    Returns:
        Signals with the unit "SI", since angles, lengths and forces may stand side by side.

    Raises:
        BadFile: no such file, no "endheader", no time column, a row that is cut short or no numbers, times that do
            not increase, or two columns of one name.
    """
    return read(path).table


def read(path: str | Path, *, degrees: bool | None = None) -> Storage:
    """A .mot or .sto file with what its header says.

    Args:
        path: of the file.
        degrees: whether its angles are degrees, for a file that does not say it; None takes what its form implies.

    Raises:
        BadFile: as `read_table`.
        BadValue: `degrees` contradicts the header.
    """
    path = Path(path)
    header, labels, rows = _split(path)
    if labels[0].lower() != "time":
        raise BadFile(f'{path}: the first column is "{labels[0]}"; an OpenSim table begins with time.')
    columns = [short(label) for label in labels[1:]]
    text.check_names(columns, path)
    for line, row in rows:
        if len(row) != len(labels):
            raise BadFile(f"{path} is cut short or damaged: line {line} has {len(row)} of {len(labels)} columns.")
    values = text.table(rows, labels, path)
    text.check_time(values[:, 0], [line for line, _ in rows], path)
    notes = _counts(header, labels, len(values), path)
    stated = _stated(header, path)
    if degrees is not None and stated is not None and stated != degrees:
        raise BadValue(f"{path} says inDegrees={'yes' if stated else 'no'} and the opposite was given; leave it out.")
    used = next((one for one in (stated, degrees) if one is not None), "datacolumns" in header)
    if used:
        turn = [not (_TRANSLATION.search(name) or _NO_ANGLE.search(name)) for name in columns]
        values[:, 1:][:, turn] *= math.pi / 180.0
    try:
        table = Signals(values[:, 0], values[:, 1:], tuple(columns), "SI")
    except BadValue as error:
        raise BadFile(f"{path}: {error}") from None
    return Storage(path, table, used, stated is not None or degrees is not None, tuple(notes))


def short(label: str) -> str:
    """/jointset/hip_r/hip_flexion_r/value → hip_flexion_r; hip_r/hip_flexion_r/value of older versions too."""
    parts = _PATH_PARTS.split(label.strip("/|"))
    if len(parts) == 1:
        return label
    return parts[-2] if parts[-1] == "value" else "/".join(parts[-2:])


def labels_of(path: str | Path) -> tuple[str, ...]:
    """Column names of a table, time left out, shortened."""
    return tuple(short(label) for label in _split(Path(path))[1][1:])


def _split(path: Path) -> tuple[dict[str, str], list[str], list[tuple[int, list[str]]]]:
    """Header keys in lower case, column labels, and the non-empty data rows with their line numbers."""
    lines = text.lines(path)
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
    if not labels:
        raise BadFile(f"{path}: line {body[0][0]} should name the columns, and is blank.")
    return header, labels, [(number, _cells(line, len(labels))) for number, line in body[1:]]


def _cells(line: str, count: int) -> list[str]:
    cells = line.split()
    if len(cells) == count or "\t" not in line:
        return cells
    cells = [cell.strip() for cell in line.split("\t")]
    while len(cells) > count and not cells[-1]:
        cells.pop()
    return ["nan" if cell == "" else cell for cell in cells]


def _counts(header: dict[str, str], labels: list[str], rows: int, path: Path) -> list[str]:
    """What the header promises and the file does not hold; real files do, so it is no error."""
    promised = header.get("nrows", header.get("datarows", ""))
    notes = []
    if promised.isdecimal() and int(promised) != rows:
        more = "if the trial was longer, export it again" if int(promised) > rows else "all were read"
        notes.append(f"{path.name}: its header promises {promised} rows, it has {rows}; {more}")
    columns = header.get("ncolumns", header.get("datacolumns", ""))
    if columns.isdecimal() and int(columns) != len(labels):
        notes.append(f"{path.name}: its header promises {columns} columns, it names {len(labels)}; those were read")
    for note in notes:
        _LOG.warning("%s", note)
    return notes


def _stated(header: dict[str, str], path: Path) -> bool | None:
    word = header.get("indegrees", "").lower()
    if word in ("yes", "no", "true", "false", "1", "0"):
        return word in ("yes", "true", "1")
    if word:
        raise BadFile(f'{path}: inDegrees is "{word[:40]}"; it may be yes or no.')
    return None


def largest(values: np.ndarray) -> float:
    """Largest absolute value that is known; 0 where none is."""
    return float(np.nanmax(np.abs(values), initial=0.0)) if values.size else 0.0
