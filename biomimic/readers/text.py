"""Text files as lines, and what is wrong with those that are none; numbers in them."""

import math
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile

MISSING = frozenset(("", "nan", "-nan", "+nan", "-1.#ind", "-1.#qnan", "1.#qnan", "1.#ind", "na", "n/a"))
_SIXTEEN = (b"\xff\xfe", b"\xfe\xff")  # how text of two bytes a letter begins
_HEAD = 65536  # bytes that are searched for what no text holds


def lines(path: str | Path) -> list[str]:
    """The lines of a text file, without their ends.

    Raises:
        BadFile: no such file, an empty one, or one that is no text.
    """
    return content(path).splitlines()


def content(path: str | Path) -> str:
    """The text of a file in UTF-8, a mark at its begin left out; letters in another coding become �.

    Raises:
        BadFile: no such file, an empty one, or one that is no text.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    if not raw.strip():
        kind = path.suffix[1:].upper()
        raise BadFile(f"{path} is empty{f', so it is no {kind} file' if kind else ''}; copy or export it again.")
    if raw.startswith(_SIXTEEN):
        raise BadFile(f"{path} is text of two bytes a letter (UTF-16); save it as UTF-8.")
    if b"\0" in raw[:_HEAD]:
        raise BadFile(
            f"{path} is no text: it holds binary data (byte {raw.index(0)} is 0). Give it the ending of what it is "
            "(.c3d, .npz), or export it as text."
        )
    return raw.decode("utf-8-sig", errors="replace")


def number(cell: str) -> float:
    """A number as files write it; NaN where it is missing. ValueError: it is none."""
    if "_" in cell:
        raise ValueError(cell)
    return math.nan if cell.lower() in MISSING else float(cell)


def table(rows: list[tuple[int, list[str]]], labels: list[str], path: Path) -> np.ndarray:
    """Cells as numbers, NaN where missing, (T, C).

    Args:
        rows: line number and as many cells as there are labels.
        labels: C names of the columns.
        path: of the file.

    Raises:
        BadFile: a cell holds no number; its line and column are named.
    """
    cells = [cell for _, cell in rows]
    try:
        if any("_" in word for row in cells for word in row):
            raise ValueError
        return np.array(cells, dtype=np.float64).reshape(len(rows), len(labels))
    except ValueError:
        return np.array([[_cell(word, line, name, path) for word, name in zip(row, labels)] for line, row in rows])


def _cell(word: str, line: int, name: str, path: Path) -> float:
    try:
        return number(word)
    except ValueError:
        raise BadFile(f'{path}: line {line}, column "{name}", {not_a_number(word)}') from None


def not_a_number(word: str) -> str:
    """What is wrong with a cell, and what would work."""
    shown = word[:40]
    if "," in word and is_number(word.replace(",", ".", 1)):
        return f'holds "{shown}", which has a decimal comma; export the file with decimal points.'
    return f'holds "{shown}", which is no number; correct it, or write nan where nothing was measured.'


def is_number(word: str) -> bool:
    """Whether a cell can be read."""
    try:
        number(word)
    except ValueError:
        return False
    return True


def check_time(time: np.ndarray, line: list[int], path: Path) -> None:
    """Times must be known and increase.

    Args:
        time: (T,) [s].
        line: T line numbers.
        path: of the file.

    Raises:
        BadFile: they do not; the line is named.
    """
    bad = ~np.isfinite(time)
    if bad.any():
        raise BadFile(f"{path}: line {line[int(np.argmax(bad))]} has no time; every row needs one.")
    steps = np.diff(time)
    if not (steps > 0).all():
        row = int(np.argmin(steps > 0))
        again = "the same time again" if steps[row] == 0 else f"{time[row + 1]:.6g} s"
        raise BadFile(
            f"{path}: time must increase; line {line[row + 1]} has {again} after {time[row]:.6g} s. Leave out rows "
            "that are there twice, or cut the file where it begins anew."
        )


def check_names(names: list[str], path: Path, what: str = "column") -> None:
    """Names must differ.

    Raises:
        BadFile: they do not; the names are given.
    """
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise BadFile(
            f"{path} has more than one {what} called {', '.join(double[:5])}; rename or remove all but one of them."
        )
