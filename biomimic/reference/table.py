"""CSV files and the registry entry of a derived data set; the counterpart of `reference.load`."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from biomimic import config
from biomimic.gait.strides import POINTS, Strides
from biomimic.reference import FIGURES, UNITS, Entry

Row = tuple[str, str, int, str, float]  # name, side, trial, unit, value


def curves_file(strides: Strides, quantity: str) -> tuple[str, str]:
    """File name and CSV text of strides: trial, percent, then a column per channel in the unit of the quantity."""
    assert strides.unit == UNITS[quantity], (strides.unit, quantity)
    middle = "_stance" if strides.phase == "stance" else ""
    rows = [("trial", "percent", *strides.names)]
    for number, values in zip(strides.trial, strides.values):
        for percent in range(POINTS):
            rows.append((str(number), str(percent), *(_text(value) for value in values[percent])))
    return f"{quantity}{middle}_{strides.side}.csv", _csv(rows)


def figures_file(rows: Sequence[Row]) -> tuple[str, str]:
    """File name and CSV text of the spatiotemporal figures."""
    head = ("name", "side", "trial", "unit", "value")
    body = [(name, side, str(trial), unit, _text(value)) for name, side, trial, unit, value in rows]
    return FIGURES, _csv([head, *body])


def entry_text(name: str, entry: Entry, content: Mapping[str, str]) -> str:
    """The registry's table of a data set, with the hash of each CSV file."""
    files = {
        file: f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        for file, text in sorted(content.items())
        if file.endswith(".csv")
    }
    return dumps(name, replace(entry, files=files))


def dumps(name: str, entry: Entry) -> str:
    """One table of the registry."""
    lines = config.dumps(entry).replace("[files]", f"[{name}.files]").replace("[filters]", f"[{name}.filters]")
    return f"[{name}]\n{lines}"


def _csv(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _text(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6g}"
