"""Files that OpenSim opens, written without it: tables (.mot, .sto) and marker trajectories (.trc).

OpenSim's frame: x forward, y up, z to the right. Angles are written in radians: OpenSim does not convert coordinates
that another one drives (a kneecap's), so a file in degrees mixes both units.
"""

import io
from pathlib import Path

import numpy as np

from biomimic import files
from biomimic.errors import BadValue
from biomimic.signals import Signals

_DIGITS = "%.12g"
_TIME = 1e-3  # largest share of a time step by which the frames of a .trc file may be uneven


def to_opensim(vectors: np.ndarray) -> np.ndarray:
    """Vectors or points of the house frame (forward, left, up) in OpenSim's (forward, up, right), (..., 3)."""
    forward, left, up = np.moveaxis(np.asarray(vectors, dtype=float), -1, 0)
    return np.stack([forward, up, -left], axis=-1)


def to_house(vectors: np.ndarray) -> np.ndarray:
    """Vectors or points of OpenSim's frame (forward, up, right) in the house frame (forward, left, up), (..., 3)."""
    forward, up, right = np.moveaxis(np.asarray(vectors, dtype=float), -1, 0)
    return np.stack([forward, -right, up], axis=-1)


def write_table(path: str | Path, table: Signals) -> Path:
    """One .mot or .sto file; angles in radians, NaN as nan.

    Args:
        path: with the ending .mot or .sto; the file's name is also the title in it.
        table: (T, C).

    Raises:
        BadValue: no rows, no columns, or a column name that a table cannot hold.
    """
    path = Path(path)
    if not len(table) or not table.names:
        raise BadValue(f"{path.name} would be empty: a table needs at least one row and one column.")
    wrong = [name for name in table.names if not name or any(letter.isspace() for letter in name)]
    if wrong:
        raise BadValue(f'{path.name}: the column "{wrong[0]}" has a blank in its name; OpenSim splits columns there.')
    head = [path.stem, "version=1", f"nRows={len(table)}", f"nColumns={len(table.names) + 1}", "inDegrees=no"]
    rows = _rows(np.column_stack([table.time, table.values]))
    return files.write(path, "\n".join([*head, "endheader", "\t".join(("time", *table.names)), rows]))


def write_markers(path: str | Path, time: np.ndarray, position: np.ndarray, names: tuple[str, ...]) -> Path:
    """One .trc file in metres and OpenSim's frame.

    Args:
        path: with the ending .trc.
        time: (T,) at equal steps [s].
        position: house frame, (T, K, 3) [m]; NaN where a marker was not seen becomes blank.
        names: K markers.

    Raises:
        BadValue: nothing to write, shapes that do not fit, or uneven time steps.
    """
    path = Path(path)
    time, position = np.asarray(time, dtype=float), np.asarray(position, dtype=float)
    if position.shape != (len(time), len(names), 3) or not position.size:
        raise BadValue(
            f"{path.name}: positions of {len(names)} markers at {len(time)} times were asked for, but the array has "
            f"the shape {position.shape}."
        )
    steps = np.diff(time)
    if len(steps) and not np.abs(steps - steps.mean()).max() <= _TIME * steps.mean():
        raise BadValue(f"{path.name}: a .trc file has equal time steps; use filters.regular first.")
    rate = _DIGITS % (1.0 / steps.mean() if len(steps) else 1.0)
    count = f"{len(time)}\t{len(names)}\tm"
    head = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{count}\t{rate}\t1\t{len(time)}",
        "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{k}" for k in range(1, len(names) + 1) for axis in "XYZ"),
        "",
    ]
    turned = to_opensim(position).reshape(len(time), -1)
    lines = []
    for frame, (moment, row) in enumerate(zip(time, turned), 1):
        cells = ["" if np.isnan(value) else _DIGITS % value for value in row]
        lines.append("\t".join([str(frame), _DIGITS % moment, *cells]))
    return files.write(path, "\n".join([*head, *lines, ""]))


def _rows(values: np.ndarray) -> str:
    text = io.StringIO()
    np.savetxt(text, values, fmt=_DIGITS, delimiter="\t")
    return text.getvalue()
