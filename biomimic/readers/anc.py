"""Analog files (.anc) of Motion Analysis: raw EMG and plates in counts, turned into volts."""

from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.readers import text
from biomimic.signals import Signals

_KEYS = ("Name", "Rate", "Range")
_RATE_ERROR = 0.01  # share by which the rates of the header and of the times may differ


def read(path: str | Path) -> Signals:
    """All channels in volts at the amplifier's output: counts times range over half of what the bits can hold.

    Raises:
        BadFile: no such file, no header with Name, Rate, Range and BitDepth, rows cut short, or times that do not
            increase as the rate says.
    """
    path = Path(path)
    lines = text.lines(path)
    head = {line.split("\t")[0].strip(): (number, line) for number, line in enumerate(lines[:40], 1) if line.strip()}
    missing = [key for key in _KEYS if key not in head]
    if missing:
        raise BadFile(f"{path} is no analog file of Motion Analysis: no line that begins with {missing[0]}.")
    names = _cells(head["Name"][1])
    text.check_names(names, path, "channel")
    rates, ranges = (_numbers(head[key], len(names), path) for key in ("Rate", "Range"))
    if len(set(rates)) > 1 or not rates[0] > 0:
        raise BadFile(f"{path}: its channels have rates from {min(rates):g} to {max(rates):g} Hz; one rate is read.")
    body = [(n, line) for n, line in enumerate(lines[head["Range"][0] :], head["Range"][0] + 1) if line.strip()]
    rows = [(number, line.split()) for number, line in body]
    for number, cells in rows:
        if len(cells) != len(names) + 1:
            raise BadFile(
                f"{path} is cut short or damaged: line {number} has {len(cells)} of {len(names) + 1} columns."
            )
    if len(rows) < 2:
        raise BadFile(f"{path} has {len(rows)} rows of data; at least two are needed.")
    values = text.table(rows, ["time", *names], path)
    time = values[:, 0]
    text.check_time(time, [number for number, _ in rows], path)
    found = (len(time) - 1) / (time[-1] - time[0])
    if abs(found - rates[0]) > _RATE_ERROR * rates[0]:
        raise BadFile(f"{path}: its header says {rates[0]:g} Hz, its times {found:.6g} Hz; correct one of them.")
    counts = values[:, 1:]
    if not np.isfinite(counts).all():
        raise BadFile(f"{path}: the channel {names[int(np.argwhere(~np.isfinite(counts))[0, 1])]} has gaps.")
    volts = counts * (np.array(ranges) / 1000.0) / 2.0 ** (_bits(lines, path) - 1)  # the range is in millivolts
    return Signals(time, volts, tuple(names), "V")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("\t")[1:] if cell.strip()]


def _numbers(entry: tuple[int, str], count: int, path: Path) -> list[float]:
    number, line = entry
    cells = _cells(line)
    if len(cells) != count or not all(text.is_number(cell) for cell in cells):
        raise BadFile(f"{path}: line {number} should give a number for each of {count} channels.")
    return [float(cell) for cell in cells]


def _bits(lines: list[str], path: Path) -> int:
    """Bits of the converter, by the header."""
    for line in lines[:40]:
        words = [word.strip() for word in line.split("\t")]
        for key, value in zip(words, words[1:]):
            if key.rstrip(":").lower() == "bitdepth" and value.isdecimal() and 8 <= int(value) <= 32:
                return int(value)
    raise BadFile(f"{path} does not say how many bits its counts have; its header needs BitDepth: 16 or the like.")
