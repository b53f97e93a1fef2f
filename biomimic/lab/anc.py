"""Analog signals from .anc files (text of Motion Analysis): EMG and force plates as the converter's counts."""

import re
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, BadValue
from biomimic.signals import Signals

_HEADER = 20  # lines within which the header ends


def read(path: str | Path) -> Signals:
    """All channels in volts: counts x range / 2^(bits - 1), the range being that of the header in millivolts.

    Args:
        path: of the file.

    Raises:
        BadFile: no such file, no .anc header, channels of different rates, a row that is cut short or no numbers, or
            fewer rows than the header's duration asks for.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    place = next((k for k, line in enumerate(lines[:_HEADER]) if line.split()[:1] == ["Name"]), None)
    if place is None or place + 3 >= len(lines):
        raise BadFile(f'{path} is no .anc file or is cut short: no row "Name" with rows "Rate" and "Range" after it.')
    names = tuple(lines[place].split()[1:])
    rate, span = (_header(lines[place + k], word, len(names), path) for k, word in ((1, "Rate"), (2, "Range")))
    if np.ptp(rate):
        raise BadFile(f"{path} has channels of {rate.min():g} to {rate.max():g} Hz; one rate for all is needed.")
    head = "\t".join(lines[:place])
    bits = re.search(r"BitDepth:\s*(\d+)", head)
    if bits is None:
        raise BadFile(f"{path} does not say its BitDepth, so its counts have no unit; export it again.")
    table = _table(lines, place + 3, len(names) + 1, path)
    length = re.search(r"Duration\(Sec\.\):\s*([0-9.]+)", head)
    if length and len(table) < float(length[1]) * rate[0] * 0.999:
        raise BadFile(
            f"{path} is cut short: {length[1]} s at {rate[0]:g} Hz are promised, {len(table)} rows are there."
        )
    volts = table[:, 1:] * span / 1000.0 / 2.0 ** (int(bits[1]) - 1)
    try:
        return Signals(table[0, 0] + np.arange(len(table)) / rate[0], volts, names, "V")
    except BadValue as error:
        raise BadFile(f"{path}: {error}") from None


def _header(line: str, word: str, count: int, path: Path) -> np.ndarray:
    cells = line.split()
    try:
        values = np.array(cells[1:], dtype=float)
    except ValueError:
        values = np.zeros(0)
    if cells[:1] != [word] or len(values) != count or not (values > 0).all():
        raise BadFile(f'{path}: the row "{word}" must give a positive number for each of the {count} channels.')
    return values


def _table(lines: list[str], begin: int, columns: int, path: Path) -> np.ndarray:
    rows = [(number, line.split()) for number, line in enumerate(lines[begin:], begin + 1) if line.strip()]
    for number, cells in rows:
        if len(cells) != columns:
            raise BadFile(f"{path} is cut short or damaged: line {number} has {len(cells)} of {columns} columns.")
    try:
        return np.array([cells for _, cells in rows], dtype=float)
    except ValueError:
        raise BadFile(f"{path} holds something that is no number after line {begin}.") from None
