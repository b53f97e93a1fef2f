"""Whether the parts of a C3D file fit into each other, looked at before its library opens it.

The library believes what the file says of its sizes; a damaged one would make it read beyond the file, take all memory
or crash. So the header and the parameter section are walked through here first, and the sizes held against the file's.

Source:
    The C3D File Format User Guide, Motion Lab Systems: sections on the header, parameters and the 3D data.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path

from biomimic.errors import BadFile

BLOCK = 512  # bytes
KEY = 0x50
PC, DEC, MIPS = 84, 85, 86  # processors: low byte first; floats of the VAX; high byte first
SIZES = {-1: 1, 1: 1, 2: 2, 4: 4}  # bytes of a letter, byte, integer, float
_NAME = 127
_MOST_DIMENSIONS = 7
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
        first, last: frames, counted from 1; `last` is 65535 where there are more than the header can count.
        parameters: "GROUP:NAME" → parameter.
    """

    processor: int
    points: int
    analogs: int
    samples: int
    first: int
    last: int
    parameters: dict[str, Parameter]

    @property
    def order(self) -> str:
        """How `struct` calls the order of bytes."""
        return ">" if self.processor == MIPS else "<"

    def integers(self, name: str) -> tuple[int, ...]:
        """Values of a parameter of bytes or integers, unsigned; empty where there is none."""
        found = self.parameters.get(name)
        if found is None or found.kind not in (1, 2):
            return ()
        return struct.unpack(f"{self.order}{found.count}{'B' if found.kind == 1 else 'H'}", found.data)


def check(path: str | Path) -> Layout:
    """Walk through header and parameters of a C3D file.

    Raises:
        BadFile: no such file, no C3D file, parameters that run into each other or beyond the file, or data that the
            file is too short for.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
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
    layout = Layout(
        processor,
        points=words[1],
        analogs=words[2],
        samples=words[9],
        first=words[3],
        last=words[4],
        parameters=_parameters(content, begin, order, path),
    )
    _agree(layout, path)
    start = (words[8] - 1) * BLOCK
    if start < BLOCK or start > len(content):
        raise BadFile(f"{path} is damaged: its header places the data at byte {start} of {len(content)}.")
    width = _width(layout, content[12:16])
    _enough(layout, len(content) - start, width, path)
    return layout


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
    if layout.last < layout.first:
        raise BadFile(f"{path} has no frames: its first is {layout.first}, its last {layout.last}.")


def _width(layout: Layout, scale: bytes) -> int:
    """Bytes of one frame: floats where the scale of the points is negative, else integers."""
    negative = scale[1] & 0x80 if layout.processor == DEC else struct.unpack(f"{layout.order}f", scale)[0] < 0
    return (4 if negative else 2) * (4 * layout.points + layout.analogs)


def _enough(layout: Layout, left: int, width: int, path: Path) -> None:
    frames = layout.last - layout.first + 1
    if width == 0:
        raise BadFile(f"{path} has neither points nor analog channels.")
    there = left // width
    if layout.last < 65535 and there < frames:
        raise BadFile(f"{path} is cut short: its header promises {frames} frames, {there} are there.")
