"""A C3D file as arrays: points, analog channels and parameters, whichever processor wrote it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.readers import c3d_layout
from biomimic.readers.c3d_layout import Layout, Parameter

_RATES = 0.01  # share by which the header and POINT:RATE may differ


@dataclass(frozen=True, eq=False)
class File:
    """What a C3D file holds.

    Args:
        path: of the file.
        layout: its parts.
        rate: frames per second [Hz].
        points: (T, K, 3) in the file's unit and axes, NaN where a point was not seen.
        analogs: (T * S, C) scaled as the file says.
    """

    path: Path
    layout: Layout
    rate: float
    points: np.ndarray
    analogs: np.ndarray

    @property
    def start(self) -> float:
        """Time of the first frame [s]; the first frame of the capture is at 0."""
        return (self.layout.first - 1) / self.rate

    @property
    def analog_rate(self) -> float:
        """Analog samples of a channel per second [Hz]."""
        return self.rate * self.layout.samples

    def values(self, group: str, name: str) -> np.ndarray:
        """Numbers or words of a parameter, axes as the file counts them; empty where there is none."""
        found = self.layout.parameters.get(f"{group}:{name}".upper())
        return np.zeros(0) if found is None else _values(found, self.layout.processor)

    def word(self, group: str, name: str) -> str:
        """First word of a parameter; empty where there is none."""
        found = self.values(group, name)
        return str(found.flat[0]).strip() if found.size else ""

    def words(self, group: str, name: str) -> list[str]:
        """All words of a parameter, also those that go on in <name>2, <name>3 …"""
        return [str(one).strip() for one in _continued(self.layout, group, name)]

    @property
    def labels(self) -> list[str]:
        """Names of all points; unnamed ones are empty."""
        count = self.points.shape[1]
        found = self.words("POINT", "LABELS")[:count]
        return found + [""] * (count - len(found))


def read(path: str | Path) -> File:
    """Open a C3D file.

    Raises:
        BadFile: no such file, no C3D file, damaged or cut short, or without a rate.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    layout = c3d_layout.check(content, path)
    raw = _raw(content, layout)
    points = raw[:, : 4 * layout.points].reshape(layout.frames, layout.points, 4)
    with np.errstate(all="ignore"):
        unseen = (points[..., 3] < 0) | ~np.isfinite(points).all(axis=2)
        places = points[..., :3] * (1.0 if layout.is_float else layout.scale)
    places[unseen] = np.nan
    return File(path, layout, _rate(layout, path), places, _analogs(raw, layout, path))


def _raw(content: bytes, layout: Layout) -> np.ndarray:
    """(T, 4 K + A) the data as they lie in the file."""
    data = content[layout.start : layout.start + layout.frames * layout.width]
    if layout.is_float:
        return c3d_layout.floats(data, layout.processor).reshape(layout.frames, -1)
    return np.frombuffer(data, f"{layout.order}i2").astype(np.float64).reshape(layout.frames, -1)


def _analogs(raw: np.ndarray, layout: Layout, path: Path) -> np.ndarray:
    """(T * S, C) (what was counted - its offset) * its scale * the scale of all."""
    samples = layout.samples
    if not layout.analogs or not samples:
        return np.zeros((0, 0))
    channels = layout.analogs // samples
    values = raw[:, 4 * layout.points :].reshape(layout.frames * samples, channels)
    is_unsigned = "".join(str(one) for one in _continued(layout, "ANALOG", "FORMAT")).strip().upper() == "UNSIGNED"
    if is_unsigned and not layout.is_float:
        values = values % 65536.0
    scale, offset = (_per_channel(layout, name, channels, path) for name in ("SCALE", "OFFSET"))
    if is_unsigned:
        offset = offset % 65536.0
    general = _continued(layout, "ANALOG", "GEN_SCALE")
    with np.errstate(all="ignore"):
        found = (values - offset) * scale * (float(general[0]) if general else 1.0)
    if not np.isfinite(found).all():
        channel = int(np.argwhere(~np.isfinite(found))[0, 1])
        raise BadFile(
            f"{path}: the analog channel {channel + 1} holds something that is no number; the file is damaged."
        )
    return found


def _per_channel(layout: Layout, name: str, channels: int, path: Path) -> np.ndarray:
    found = _continued(layout, "ANALOG", name)[:channels]
    missing = 1.0 if name == "SCALE" else 0.0
    if any(isinstance(one, str) for one in found):
        raise BadFile(f"{path} is damaged: ANALOG:{name} holds words; numbers are needed.")
    return np.array([*found, *([missing] * (channels - len(found)))], dtype=np.float64)


def _rate(layout: Layout, path: Path) -> float:
    """By the parameter, which the header repeats."""
    stated = [one for one in _continued(layout, "POINT", "RATE") if not isinstance(one, str)]
    rate = float(stated[0]) if stated else layout.rate
    if not (np.isfinite(rate) and 0 < rate < 1e6):
        raise BadFile(f"{path} gives a frame rate of {rate:g} Hz; it must be positive.")
    if layout.rate > 0 and not abs(rate - layout.rate) <= _RATES * rate:
        raise BadFile(f"{path}: its header says {layout.rate:g} Hz, POINT:RATE {rate:g} Hz; correct one of them.")
    return rate


def _continued(layout: Layout, group: str, name: str) -> list:
    """Values of a parameter in the order of the file, with those that go on in <name>2 and so on."""
    found, number = [], 1
    while True:
        one = layout.parameters.get(f"{group}:{name}{number if number > 1 else ''}")
        if one is None:
            return found
        found += list(_values(one, layout.processor).ravel(order="F").tolist())
        number += 1


def _values(one: Parameter, processor: int) -> np.ndarray:
    """Of shape `dimensions`; words lose the first axis, their letters."""
    order = ">" if processor == c3d_layout.MIPS else "<"
    if one.kind == -1:
        length = one.dimensions[0] if one.dimensions else 1
        count = len(one.data) // length if length else 0
        words = [one.data[k * length : (k + 1) * length].decode("latin-1").rstrip("\0 ") for k in range(count)]
        return (
            np.array(words, dtype=object).reshape(one.dimensions[1:] or (count,), order="F") if length else np.zeros(0)
        )
    kinds = {1: "u1", 2: f"{order}i2"}
    values = c3d_layout.floats(one.data, processor) if one.kind == 4 else np.frombuffer(one.data, kinds[one.kind])
    return values.astype(np.float64).reshape(one.dimensions or (1,), order="F")
