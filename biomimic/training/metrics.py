"""Figures of a training: metrics.csv, one row for each update or evaluation, and the same for TensorBoard."""

import csv
import io
import math
import time
from collections.abc import Mapping
from pathlib import Path

from biomimic import files
from biomimic.errors import BadFile
from biomimic.training.events import Events

FILE = "metrics.csv"
FOLDER = "tensorboard"
STAGE, STEP = "stage", "step"  # what orders rows; every row has both
ELAPSED = "seconds"  # since the first start of the training, pauses left out


class Metrics:
    """Rows that are appended one by one and survive a kill; a row cut short is dropped when the file is opened again.

    Args:
        folder: of the run.
        after: last step of each stage that counts; later rows of these stages will be made again and are dropped.
            None: all will be made again.
    """

    def __init__(self, folder: str | Path, after: Mapping[str, int] | None = None) -> None:
        self._path = Path(folder) / FILE
        self._columns, rows = read(self._path)
        if after is None:
            self._columns, rows = [STAGE, STEP], []
        limits = dict(after or {})
        self.rows = [row for row in rows if int(row[STEP]) <= limits.get(row[STAGE], math.inf)]
        if self._path.exists():
            self._rewrite()
        begin = time.time() - max((float(row.get(ELAPSED) or 0) for row in self.rows), default=0.0)
        self._events = Events(Path(folder) / FOLDER, begin)
        for row in self.rows:
            self._show(row)

    def add(self, row: Mapping[str, float | int | str]) -> None:
        """Append one row; a column that is new is added to the file.

        Args:
            row: column → number or word; holds "stage" and "step".
        """
        written = {name: _cell(value) for name, value in row.items()}
        if not written.keys() <= set(self._columns):
            self._columns += [name for name in written if name not in self._columns]
            self.rows.append(written)
            self._rewrite()
        else:
            self.rows.append(written)
            self._append(written)
        self._show(written)

    def close(self) -> None:
        """Close the file for TensorBoard."""
        self._events.close()

    def _rewrite(self) -> None:
        files.write(self._path, _text(self._columns) + "".join(self._line(row) for row in self.rows))

    def _append(self, row: Mapping[str, str]) -> None:
        try:
            with open(self._path, "a", encoding="utf-8", newline="") as file:
                file.write(self._line(row))
        except OSError as error:
            reason = error.strerror or "the system refused"
            raise BadFile(
                f"{self._path} cannot be written: {reason}. What was written before is kept: make room there, then "
                "start the same command again."
            ) from None

    def _line(self, row: Mapping[str, str]) -> str:
        return _text([row.get(name, "") for name in self._columns])

    def _show(self, row: Mapping[str, str]) -> None:
        numbers = {}
        for name, cell in row.items():
            value = _number(cell)
            if value is not None and name not in (STAGE, STEP):
                numbers[f"{row[STAGE]}/{name}"] = value
        self._events.add(int(row[STEP]), float(row.get(ELAPSED) or 0), numbers)


def read(path: str | Path) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and complete rows of a metrics file; nothing if there is none."""
    path = Path(path)
    if not path.exists():
        return [STAGE, STEP], []
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = list(csv.reader(io.StringIO(text[: text.rfind("\n") + 1])))
    if not lines or not {STAGE, STEP} <= set(lines[0]):
        raise BadFile(f"{path} has no columns {STAGE} and {STEP}; move it away, and it will be begun anew.")
    columns = lines[0]
    rows = [dict(zip(columns, line)) for line in lines[1:] if len(line) == len(columns)]
    return columns, [{name: cell for name, cell in row.items() if cell} for row in rows if row[STEP].isdigit()]


def _text(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _cell(value: float | int | str) -> str:
    if isinstance(value, str):
        return value
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.7g}"


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
