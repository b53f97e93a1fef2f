"""CSV with a TOML beside it that states what no CSV says: units, signs, sides, rate.

walk.csv needs walk.toml:

    mass_kg = 70.0
    time = "t"                     # column of the time [s]; or rate_hz = 100.0 and start_s = 0.0
    delimiter = ","                # or ";" or "tab"; decimal = "." or ","
    ignore = ["frame"]             # every other column has to be described

    [[columns]]
    name = "KneeR"                 # heading in the CSV
    quantity = "angles"            # angles, force, pressure, free_moment, moment, position, activity or emg (raw)
    channel = "knee_flexion_right" # house name, with its side
    unit = "deg"
    sign = -1                      # the house's positive direction times this is the file's
"""

import csv
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from biomimic import config, errors
from biomimic.errors import BadFile, BadValue
from biomimic.gait.strides import SIDES, STANDARD_GRAVITY
from biomimic.provenance import Provenance, sha256
from biomimic.readers import emg, text
from biomimic.recording import UNITS as HOUSE_UNITS
from biomimic.recording import Recording
from biomimic.signals import Signals

_DEGREE = math.pi / 180.0
_SIDED_ANGLES = (
    *("hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion", "ankle_dorsiflexion", "subtalar_inversion"),
)
ANGLES = (
    *(f"{name}_{side}" for name in _SIDED_ANGLES for side in SIDES),
    *("pelvis_tilt", "pelvis_list", "pelvis_rotation", "lumbar_extension", "lumbar_bending", "lumbar_rotation"),
)
_MUSCLES = (
    *("soleus", "gastrocnemius", "tibialis_anterior", "medial_hamstrings", "biceps_femoris", "vastus_lateralis"),
    *("vastus_medialis", "rectus_femoris", "gluteus_maximus", "gluteus_medius"),
)
_POINTS = ("com", "pelvis", *(f"{point}_{side}" for point in ("heel", "toe") for side in SIDES))
CHANNELS = {
    "angles": ANGLES,
    "moment": ANGLES,
    "force": tuple(f"{name}_{side}" for name in ("vertical", "anterior", "lateral") for side in SIDES),
    "pressure": tuple(f"pressure_{axis}_{side}" for axis in "xy" for side in SIDES),
    "free_moment": tuple(f"free_moment_{side}" for side in SIDES),
    "activity": tuple(f"{name}_{side}" for name in _MUSCLES for side in SIDES),
    "emg": tuple(f"{name}_{side}" for name in _MUSCLES for side in SIDES),
    "position": tuple(f"{point}_{axis}" for point in _POINTS for axis in "xyz"),
}
_LENGTHS = {"m": 1.0, "cm": 0.01, "mm": 0.001}
_TORQUES = {"N m": 1.0, "Nm": 1.0, "N mm": 0.001, "Nmm": 0.001}
_ANY = {"V": 1.0, "mV": 1.0, "uV": 1.0, "1": 1.0, "%": 1.0}  # EMG is divided by its own largest value


def units(quantity: str, mass: float) -> dict[str, float]:
    """Unit → factor to the house's unit of a quantity; some hold for a person of this mass [kg]."""
    weight = mass * STANDARD_GRAVITY
    return {
        "angles": {"deg": _DEGREE, "rad": 1.0},
        "force": {"N": 1.0, "kN": 1000.0, "BW": weight, "% BW": weight / 100.0, "N/kg": mass},
        "pressure": _LENGTHS,
        "position": _LENGTHS,
        "free_moment": _TORQUES,
        "moment": {**_TORQUES, "N m/kg": mass, "Nm/kg": mass},
        "activity": {"1": 1.0, "%": 0.01},
        "emg": _ANY,
    }[quantity]


@dataclass(frozen=True)
class Column:
    """What one column of a CSV is."""

    name: str
    quantity: str = config.one_of(*CHANNELS)
    channel: str
    unit: str
    sign: int = config.ranged(low=-1, high=1)


@dataclass(frozen=True)
class Sheet:
    """What a CSV does not say."""

    columns: tuple[Column, ...]
    mass_kg: float = config.ranged(low=2.0, high=500.0)
    time: str = ""
    rate_hz: float = config.ranged(0.0, low=0.0)
    start_s: float = 0.0
    delimiter: str = config.one_of(",", ";", "tab", default=",")
    decimal: str = config.one_of(".", ",", default=".")
    ignore: tuple[str, ...] = ()
    trial: str = ""
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        if not self.columns:
            raise BadValue("No column is described; give a [[columns]] table for each.")
        if bool(self.time) == (self.rate_hz > 0):
            raise BadValue("Give either time, the column that holds it, or rate_hz; exactly one of them.")
        if self.delimiter == self.decimal:
            raise BadValue('delimiter and decimal are both ","; columns could not be told from decimals.')
        for column in self.columns:
            if column.channel not in CHANNELS[column.quantity]:
                raise errors.unknown(
                    f"channel of {column.quantity}", column.channel, CHANNELS[column.quantity], where=f"[{column.name}]"
                )
            known = units(column.quantity, self.mass_kg)
            if column.unit not in known:
                raise errors.unknown(f"unit of {column.quantity}", column.unit, known, where=f"[{column.name}]")
            if column.sign == 0:
                raise BadValue(
                    f'The sign of "{column.name}" is 0; it is 1, or -1 where the file is the other way round.'
                )


def beside(path: str | Path) -> Path:
    """The description of a CSV: the same name with .toml.

    Raises:
        BadFile: there is none.
    """
    path = Path(path)
    found = path.with_suffix(".toml")
    if not found.is_file():
        raise BadFile(
            f"{path} does not say its units, signs, sides and rate; describe its columns in {found.name} beside it "
            "(mass_kg, time or rate_hz, and for each column name, quantity, channel, unit and sign)."
        )
    return found


def read(path: str | Path) -> Recording:
    """A recording from a CSV and the TOML of the same name beside it.

    Raises:
        BadFile: no description, columns that are not described, a row cut short, a cell that is no number, or times
            that do not increase.
        BadValue, UnknownName: the description has another channel, unit or sign than there is.
    """
    path = Path(path)
    described = beside(path)
    try:
        sheet = config.load(Sheet, described)
    except (BadValue, errors.UnknownName) as error:
        raise type(error)(str(error) if str(described) in str(error) else f"{described}: {error}") from None
    labels, rows = _rows(path, sheet)
    _check_columns(labels, sheet, path, described)
    values = text.table(rows, labels, path)
    time = _time(values, labels, [line for line, _ in rows], sheet, path)
    parts: dict[str, dict[str, np.ndarray]] = {}
    for column in sheet.columns:
        factor = column.sign * units(column.quantity, sheet.mass_kg)[column.unit]
        channels = parts.setdefault(column.quantity, {})
        if column.channel in channels:
            raise BadValue(f"{described}: {column.channel} is given by two columns; leave one of them out.")
        channels[column.channel] = factor * values[:, labels.index(column.name)]
    return _recording(parts, time, sheet, path)


def _recording(parts: dict[str, dict[str, np.ndarray]], time: np.ndarray, sheet: Sheet, path: Path) -> Recording:
    if {"emg", "activity"} <= parts.keys():
        raise BadValue(f"{path}: both raw EMG and envelopes are described; give one of them.")
    note = f"units, signs and sides as described in {path.with_suffix('.toml').name}"
    source = Provenance(sheet.source or path.name, licence=sheet.licence, sha256=sha256(path), note=note)
    recording = Recording("measured", sheet.trial or path.stem, sheet.mass_kg, source)
    for quantity, channels in parts.items():
        try:
            signals = Signals(time, np.column_stack(list(channels.values())), tuple(channels), "1")
        except BadValue as error:
            raise BadFile(f"{path}: {error}") from None
        if quantity == "emg":
            signals, words = emg.activity(signals, path)
            recording = replace(recording, provenance=replace(source, note=f"{note}; {words}"))
        name = "activity" if quantity == "emg" else quantity
        recording = replace(recording, **{name: replace(signals, unit=HOUSE_UNITS[name])})
    return recording


def _rows(path: Path, sheet: Sheet) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Names of the columns, and the rows with their line numbers, decimal commas made points."""
    delimiter = "\t" if sheet.delimiter == "tab" else sheet.delimiter
    reader = csv.reader(text.lines(path), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise BadFile(f"{path}: line {reader.line_num} cannot be read as CSV: {error}.") from None
    if len(rows) < 2:
        raise BadFile(f"{path} holds no data: a line of column names and rows of numbers after it are expected.")
    labels = rows[0][1]
    while labels and not labels[-1]:
        labels.pop()
    return labels, [(line, _cells(cells, len(labels), line, sheet, path)) for line, cells in rows[1:]]


def _cells(cells: list[str], count: int, line: int, sheet: Sheet, path: Path) -> list[str]:
    while len(cells) > count and not cells[-1]:
        cells.pop()
    if len(cells) != count:
        hint = " A decimal comma in a file with commas between its columns does that." if len(cells) > count else ""
        raise BadFile(f"{path} is cut short or damaged: line {line} has {len(cells)} of {count} columns.{hint}")
    if sheet.decimal == ",":
        mixed = next((cell for cell in cells if "." in cell), None)
        if mixed is not None:
            raise BadFile(
                f'{path}: line {line} holds "{mixed[:40]}", but decimal is ","; use one of the two throughout.'
            )
        cells = [cell.replace(",", ".") for cell in cells]
    return ["nan" if cell == "" else cell for cell in cells]


def _check_columns(labels: list[str], sheet: Sheet, path: Path, described: Path) -> None:
    text.check_names(labels, path)
    wanted = [column.name for column in sheet.columns] + ([sheet.time] if sheet.time else [])
    for name in (*wanted, *sheet.ignore):
        if name not in labels:
            raise errors.unknown("column", name, labels, where=f"in {path}, which {described.name} describes")
    silent = [name for name in labels if name not in wanted and name not in sheet.ignore]
    if silent:
        raise BadFile(
            f"{path} has columns that {described.name} does not describe: {', '.join(silent[:10])}. Describe them or "
            "list them under ignore."
        )


def _time(values: np.ndarray, labels: list[str], lines: list[int], sheet: Sheet, path: Path) -> np.ndarray:
    if not sheet.time:
        return sheet.start_s + np.arange(len(values)) / sheet.rate_hz
    time = values[:, labels.index(sheet.time)]
    text.check_time(time, lines, path)
    return time
