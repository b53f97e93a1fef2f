"""Scalars in a file that TensorBoard opens: TFRecord frames around Event messages, written without TensorFlow."""

import struct
from collections.abc import Mapping
from pathlib import Path

from biomimic.errors import BadFile

NAME = "events.out.tfevents.0"
_POLYNOMIAL = 0x82F63B78  # CRC-32C, reversed
_MASK = 0xA282EAD8


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ _POLYNOMIAL if byte & 1 else byte >> 1
        table.append(byte)
    return tuple(table)


_TABLE = _table()


class Events:
    """Writes one event file anew.

    Args:
        folder: where TensorBoard looks.
        begin: time of the first start [s since 1970].

    Source:
        tensorflow/core/util/event.proto and lib/io/record_writer: the two formats.
    """

    def __init__(self, folder: str | Path, begin: float) -> None:
        self._path, self._begin = Path(folder) / NAME, begin
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self._path, "wb")
        except OSError as error:
            raise self._fault(error) from None
        self._write(_double(1, begin) + _bytes(3, b"brain.Event:2"))

    def add(self, step: int, elapsed: float, numbers: Mapping[str, float]) -> None:
        """Write some scalars of a step, `elapsed` seconds after the first start."""
        if numbers:
            values = b"".join(_bytes(1, _bytes(1, name.encode()) + _float(2, x)) for name, x in numbers.items())
            self._write(_double(1, self._begin + elapsed) + _integer(2, step) + _bytes(5, values))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, message: bytes) -> None:
        length = struct.pack("<Q", len(message))
        try:
            self._file.write(length + _checksum(length) + message + _checksum(message))
            self._file.flush()
        except OSError as error:
            raise self._fault(error) from None

    def _fault(self, error: OSError) -> BadFile:
        reason = error.strerror or "the system refused"
        return BadFile(
            f"{self._path} cannot be written: {reason}. The training's checkpoints are kept: make room there, then "
            "start the same command again."
        )


def crc32c(data: bytes) -> int:
    """Castagnoli's cyclic redundancy check."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _checksum(data: bytes) -> bytes:
    value = crc32c(data)
    rotated = ((value >> 15) | (value << 17)) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + _MASK) & 0xFFFFFFFF)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def _integer(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _double(field: int, number: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", number)


def _float(field: int, number: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", number)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content
