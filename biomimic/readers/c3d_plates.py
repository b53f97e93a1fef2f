"""The force plates that a C3D file describes, and what their channels measured, in SI units."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.readers import plates
from biomimic.readers.c3d_file import File
from biomimic.readers.markers import METRES
from biomimic.readers.plates import Plate

_FORCES = {"n": 1.0, "newton": 1.0, "newtons": 1.0, "kn": 1000.0}
_MOMENTS = {"nmm": 0.001, "n.mm": 0.001, "n mm": 0.001, "nm": 1.0, "n.m": 1.0, "n m": 1.0, "n*m": 1.0, "n*mm": 0.001}
_QUIET = 50.0  # [N] a plate that bears more at the begin is not empty then
_GROUP = "FORCE_PLATFORM"
_FORCE_CHANNELS = {1: 3, 2: 3, 3: 8}  # of each type, which come first


def count(file: File) -> int:
    """How many force plates a file has."""
    used = file.values(_GROUP, "USED")
    return int(used.flat[0]) if used.size else 0


def channel_numbers(file: File, plate: int, path: Path) -> list[int]:
    """Analog channels of a plate (from 0), counted from plate 1.

    Raises:
        BadFile: the file does not name them, or names such as are not there.
    """
    table = file.values(_GROUP, "CHANNEL")
    if table.ndim != 2 or table.shape[1] < plate:
        raise BadFile(f"{path} does not name the channels of force plate {plate} (FORCE_PLATFORM:CHANNEL).")
    numbers = [int(one) - 1 for one in table[:, plate - 1] if int(one) != 0]
    available = file.analogs.shape[1]
    wrong = [number + 1 for number in numbers if not 0 <= number < available]
    if wrong:
        raise BadFile(f"{path}: force plate {plate} names the analog channel {wrong[0]}; there are {available}.")
    return numbers


def plate(file: File, number: int, path: Path) -> Plate:
    """What the file says of one plate, lengths in metres.

    Raises:
        BadFile: a parameter is missing or has another shape than plates have.
    """
    length = _length(file, path)
    kinds, corners = file.values(_GROUP, "TYPE"), file.values(_GROUP, "CORNERS")
    origin = file.values(_GROUP, "ORIGIN")
    if kinds.size < number or corners.shape[:2] != (3, 4) or corners.ndim != 3 or corners.shape[2] < number:
        raise BadFile(f"{path} does not say type and corners of force plate {number}; write them, or leave it out.")
    if origin.ndim != 2 or origin.shape[0] != 3 or origin.shape[1] < number:
        raise BadFile(f"{path} does not say the origin of force plate {number} (FORCE_PLATFORM:ORIGIN).")
    kind = int(kinds.flat[number - 1])
    found = Plate(
        number,
        kind,
        length * corners[:, :, number - 1].T.astype(float),
        length * origin[:, number - 1].astype(float),
        _calibration(file, number, length, path) if kind == 4 else None,
    )
    plates.check(found, path)
    return found


def measured(file: File, found: Plate, path: Path) -> np.ndarray:
    """(T, 6 or 8) the plate's channels in N, N m and m, what it shows while empty taken off.

    Raises:
        BadFile: a channel in another unit than its type has, or gaps.
    """
    numbers = channel_numbers(file, found.number, path)
    values = file.analogs[:, numbers]
    if not np.isfinite(values).all():
        raise BadFile(f"{path}: force plate {found.number} has gaps or infinite values; repair or leave it out.")
    values = values - _empty(file, values, found)
    if found.kind == 4:
        return values
    units = file.words("ANALOG", "UNITS")
    scale = [
        _factor(file, found.kind, place, units[number] if number < len(units) else "", (found.number, path))
        for place, number in enumerate(numbers)
    ]
    return values * np.array(scale)


def _length(file: File, path: Path) -> float:
    unit = file.word("POINT", "UNITS") or "mm"
    if unit.lower() not in METRES:
        raise BadFile(f'{path} gives its lengths in "{unit}"; m, cm or mm is needed.')
    return METRES[unit.lower()]


def _calibration(file: File, number: int, length: float, path: Path) -> np.ndarray:
    """(6, 6) from the channels to N and N m; moments in the file are in N times the unit of length."""
    table = file.values(_GROUP, "CAL_MATRIX")
    if table.ndim != 3 or table.shape[:2] != (6, 6) or table.shape[2] < number:
        raise BadFile(f"{path}: force plate {number} is of type 4 and needs FORCE_PLATFORM:CAL_MATRIX of 6 by 6.")
    matrix = table[:, :, number - 1].astype(float).copy()
    if not np.isfinite(matrix).all() or not matrix.any():
        raise BadFile(f"{path}: FORCE_PLATFORM:CAL_MATRIX of plate {number} holds no calibration.")
    matrix[3:] *= length
    return matrix


def _factor(file: File, kind: int, place: int, unit: str, where: tuple[int, Path]) -> float:
    """From a channel's unit to SI; a missing unit of a moment or a length is that of the file's lengths."""
    number, path = where
    length = _length(file, path)
    word = unit.strip().lower()
    if place < _FORCE_CHANNELS[kind]:
        known, missing, wanted = _FORCES, 1.0, "N"
    elif kind == 1 and place in (3, 4):
        known, missing, wanted = METRES, length, "mm or m"
    else:
        known, missing, wanted = _MOMENTS, length, "Nmm or Nm"
    if word in known:
        return known[word]
    if word:
        raise BadFile(
            f'{path}: channel {place + 1} of force plate {number} is in "{unit}"; {wanted} is needed for type {kind}.'
        )
    return missing


def _empty(file: File, values: np.ndarray, found: Plate) -> np.ndarray:
    """What the plate shows in the frames that FORCE_PLATFORM:ZERO names; 0 where none or where it bears somebody."""
    zero = file.values(_GROUP, "ZERO")
    frames = file.layout.frames
    if zero.size < 2 or not 0 < int(zero.flat[0]) <= int(zero.flat[1]) or frames == 0:
        return np.zeros(values.shape[1])
    samples = len(values) // frames
    quiet = values[(int(zero.flat[0]) - 1) * samples : int(zero.flat[1]) * samples]
    if not len(quiet):
        return np.zeros(values.shape[1])
    mean = quiet.mean(axis=0)
    vertical = mean[2] if found.kind != 3 else mean[4:8].sum()
    if found.calibration is not None:
        vertical = float(found.calibration[2] @ mean[:6])
    return mean if abs(vertical) < _QUIET else np.zeros(values.shape[1])


def plate_channels(file: File, path: Path) -> Sequence[int]:
    """All analog channels (from 0) that belong to plates."""
    numbers: list[int] = []
    for one in range(1, count(file) + 1):
        numbers += channel_numbers(file, one, path)
    return numbers
