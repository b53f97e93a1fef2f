"""The parts of a C3D file, and whether they fit into each other and into the file, before a number is taken from it.

A damaged file says of its sizes what it likes. ezc3d 1.7 believes it: it reads beyond the file, takes all memory or
ends the whole process, with some files even where all sizes fit. So files are walked through and decoded here; the
tests hold every value against ezc3d's.

Source:
    The C3D File Format User Guide, Motion Lab Systems: sections on the header, parameters and the 3D data.
"""

import math
import struct
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile

BLOCK = 512  # bytes
KEY = 0x50
PC, DEC, MIPS = 84, 85, 86  # processors: low byte first; floats of the VAX; high byte first
SIZES = {-1: 1, 1: 1, 2: 2, 4: 4}  # bytes of a letter, byte, integer, float
_MOST_DIMENSIONS = 7
_COUNTED = 65535  # frames that the header can count to
_MOST_SAMPLES = 1000  # of an analog channel within one frame


@dataclass(frozen=True)
class Parameter:
    """One parameter as it lies in the file.

    Args:
        kind: -1 letters, 1 bytes, 2 integers, 4 floats.
        dimensions: fastest first; none for a single value.
        data: its bytes.
    """

    kind: int
    dimensions: tuple[int, ...]
    data: bytes

    @property
    def count(self) -> int:
        """How many values it has."""
        return math.prod(self.dimensions)


@dataclass(frozen=True)
class Layout:
    """What a C3D file says of itself.

    Args:
        processor: 84, 85 or 86.
        points: number of points.
        analogs: values of all analog channels in one frame.
        samples: analog samples of each channel in a frame.
        first: frame, counted from 1.
        frames: how many there are.
        rate: frames per second by the header [Hz].
        scale: of integer points; not positive where points and analogs are floats.
        start: byte at which the data begin.
        parameters: "GROUP:NAME" → parameter.
    """

    processor: int
    points: int
    analogs: int
    samples: int
    first: int
    frames: int
    rate: float
    scale: float
    start: int
    parameters: dict[str, Parameter]

    @property
    def order(self) -> str:
        """How `struct` calls the order of bytes."""
        return ">" if self.processor == MIPS else "<"

    @property
    def is_float(self) -> bool:
        """Whether the data are floats, else integers of two bytes."""
        return not self.scale > 0

    @property
    def width(self) -> int:
        """Bytes of one frame."""
        return (4 if self.is_float else 2) * (4 * self.points + self.analogs)

    def integers(self, name: str) -> tuple[int, ...]:
        """Values of a parameter of bytes or integers, unsigned; empty where there is none."""
        found = self.parameters.get(name)
        if found is None or found.kind not in (1, 2):
            return ()
        return struct.unpack(f"{self.order}{found.count}{'B' if found.kind == 1 else 'H'}", found.data)


def check(content: bytes, path: Path) -> Layout:
    """Walk through header and parameters of a C3D file.

    Args:
        content: of the file.
        path: of the file, for errors.

    Raises:
        BadFile: no C3D file, parameters that run into each other or beyond the file, or data that the file is too
            short for.
    """
    if not content:
        raise BadFile(f"{path} is empty and does not begin as one of C3D; copy it again.")
    if len(content) < 2 * BLOCK or content[1] != KEY or content[0] == 0:
        raise BadFile(f"{path} is no C3D file: it does not begin as one.")
    begin = (content[0] - 1) * BLOCK
    if begin < BLOCK or begin + 4 > len(content):
        raise BadFile(f"{path} is damaged: its header places the parameters at byte {begin} of {len(content)}.")
    processor = content[begin + 3]
    if processor not in (PC, DEC, MIPS):
        raise BadFile(f"{path} is damaged: its parameters name the processor {processor}; 84, 85 or 86 is expected.")
    order = ">" if processor == MIPS else "<"
    words = struct.unpack(f"{order}10H", content[:20])
    start = (words[8] - 1) * BLOCK
    if start < BLOCK or start > len(content):
        raise BadFile(f"{path} is damaged: its header places the data at byte {start} of {len(content)}.")
    scale, rate = (float(floats(content[place : place + 4], processor)[0]) for place in (12, 20))
    layout = Layout(
        processor,
        points=words[1],
        analogs=words[2],
        samples=words[9],
        first=words[3],
        frames=words[4] - words[3] + 1,
        rate=rate,
        scale=scale,
        start=start,
        parameters=_parameters(content, begin, order, path),
    )
    _agree(layout, path)
    return replace(layout, frames=_frames(layout, words[4], len(content) - start, path))


def floats(data: bytes, processor: int) -> np.ndarray:
    """Numbers of four bytes, in the form of the processor that wrote them."""
    if processor == DEC:  # words exchanged, and an exponent that is two too large
        words = np.frombuffer(data, "<u2").reshape(-1, 2)[:, ::-1]
        with np.errstate(all="ignore"):
            return np.ascontiguousarray(words).view("<f4")[:, 0].astype(np.float64) / 4.0
    with np.errstate(invalid="ignore"):
        return np.frombuffer(data, f"{'>' if processor == MIPS else '<'}f4").astype(np.float64)


def _parameters(content: bytes, begin: int, order: str, path: Path) -> dict[str, Parameter]:
    """All parameters by group and name; records are chained by offsets."""
    end = min(begin + content[begin + 2] * BLOCK, len(content)) if content[begin + 2] else len(content)
    groups: dict[int, str] = {}
    found: list[tuple[int, str, Parameter]] = []
    place = begin + 4
    while place + 4 <= end:
        length, group = struct.unpack("bb", content[place : place + 2])
        length = abs(length)
        if length == 0:
            break
        after = place + 2 + length
        if group == 0 or after + 2 > end:
            raise BadFile(f"{path} is damaged: the parameter at byte {place} runs beyond the section of parameters.")
        name = content[place + 2 : after].decode("latin-1").strip().upper()
        (offset,) = struct.unpack(f"{order}H", content[after : after + 2])
        following = after + offset
        if following > end or (offset and offset < 3):
            raise BadFile(f"{path} is damaged: the parameter {name} at byte {place} leads to byte {following}.")
        stop = following if offset else end
        if group < 0:
            groups[-group] = name
        else:
            found.append((group, name, _parameter(content, after + 2, stop, (name, path))))
        if offset == 0:
            break
        place = following
    return {f"{groups.get(group, group)}:{name}": parameter for group, name, parameter in found}


def _parameter(content: bytes, place: int, stop: int, where: tuple[str, Path]) -> Parameter:
    name, path = where
    if place + 2 > stop:
        raise BadFile(f"{path} is damaged: the parameter {name} is cut short.")
    (kind,), count = struct.unpack("b", content[place : place + 1]), content[place + 1]
    dimensions = tuple(content[place + 2 : place + 2 + count])
    begin = place + 2 + count
    if kind not in SIZES or count > _MOST_DIMENSIONS or len(dimensions) < count:
        raise BadFile(f"{path} is damaged: the parameter {name} has type {kind} and {count} dimensions.")
    size = SIZES[kind] * math.prod(dimensions)
    if begin + size > stop:
        room = max(stop - begin, 0)
        raise BadFile(f"{path} is damaged: the parameter {name} of {size} bytes does not fit into the {room} it has.")
    return Parameter(kind, dimensions, content[begin : begin + size])


def _agree(layout: Layout, path: Path) -> None:
    """Header and parameters must say the same of points and analog channels."""
    used = layout.integers("POINT:USED")
    if used and used[0] != layout.points:
        raise BadFile(f"{path} is damaged: its header has {layout.points} points, POINT:USED says {used[0]}.")
    if layout.samples > _MOST_SAMPLES:
        raise BadFile(f"{path} is damaged: it claims {layout.samples} analog samples a frame.")
    channels = layout.integers("ANALOG:USED")
    if channels and channels[0] * layout.samples != layout.analogs:
        raise BadFile(
            f"{path} is damaged: its header has {layout.analogs} analog values a frame, ANALOG:USED says "
            f"{channels[0]} channels of {layout.samples} samples."
        )


def _frames(layout: Layout, last: int, left: int, path: Path) -> int:
    """How many frames there are; more than 65535 are counted in the group TRIAL, or by the length of the file."""
    width = layout.width
    if width == 0:
        raise BadFile(f"{path} has neither points nor analog channels.")
    there, promised = left // width, layout.frames
    ends = [layout.integers(f"TRIAL:ACTUAL_{name}_FIELD") for name in ("START", "END")]
    if all(len(end) == 2 for end in ends) and last == _COUNTED:
        promised = sum((end[0] + 65536 * end[1]) * sign for end, sign in zip(ends, (-1, 1))) + 1
    elif last == _COUNTED:
        promised = there
    if promised < 1:
        raise BadFile(f"{path} has no frames: its first is {layout.first}, its last {last}.")
    if there < promised:
        raise BadFile(f"{path} is cut short: its header promises {promised} frames, {there} are there.")
    return promised
