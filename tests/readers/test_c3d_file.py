"""Decoded C3D files hold what ezc3d reads of them, and what other processors wrote."""

import struct

import made_c3d
import numpy as np
import pytest

from biomimic.errors import BadFile
from biomimic.readers import c3d_file, c3d_layout

ezc3d = pytest.importorskip("ezc3d")


def _same(path) -> None:
    own, other = c3d_file.read(path), ezc3d.c3d(str(path))
    np.testing.assert_array_equal(own.points, other["data"]["points"][:3].transpose(2, 1, 0))
    np.testing.assert_array_equal(own.analogs, other["data"]["analogs"][0].T)
    assert own.rate == other["header"]["points"]["frame_rate"]
    assert own.layout.first == other["header"]["points"]["first_frame"] + 1
    for group in ("POINT", "ANALOG", "FORCE_PLATFORM", "EVENT"):
        for name in (name for name in other["parameters"].get(group, {}) if name != "__METADATA__"):
            found, wanted = own.values(group, name), np.asarray(other["parameters"][group][name]["value"])
            if wanted.dtype.kind in "fi" and wanted.size:
                np.testing.assert_array_equal(found.ravel(), wanted.ravel(), err_msg=f"{group}:{name}")


@pytest.mark.oracle
@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_made_files_are_decoded_as_ezc3d_does(tmp_path, kind):
    _same(made_c3d.write(tmp_path / "a.c3d", kind=kind, first=7, change=_gap))


def _gap(file):
    points = np.array(file["data"]["points"])
    points[:3, 2, 5:9] = np.nan
    file["data"]["points"] = points


@pytest.mark.oracle
def test_shared_files_are_decoded_as_ezc3d_does(shared_data):
    for path in sorted(shared_data.glob("c3d-*/*.c3d")):
        _same(path)


def _bytes(order: str, processor: int, *, integers: bool, unsigned: bool = False) -> bytes:
    """One point, one analog channel of two samples a frame, three frames, written by hand."""
    scale = 0.5 if integers else -1.0
    pack = (lambda value: struct.pack(f"{order}f", value)) if processor != c3d_layout.DEC else _vax
    number = (lambda value: struct.pack(f"{order}h", value)) if integers else pack
    header = bytearray(512)
    header[0:2] = bytes([2, 0x50])
    header[2:12] = struct.pack(f"{order}5H", 1, 2, 1, 3, 10)
    header[12:16] = pack(scale)
    header[16:20] = struct.pack(f"{order}2H", 3, 2)
    header[20:24] = pack(100.0)
    parameters = bytes([0, 0, 1, processor])
    parameters += _record(order, b"ANALOG", -1, b"\0")
    content = [(b"SCALE", 4, b"\x01\x01", pack(2.0)), (b"OFFSET", 2, b"\x01\x01", struct.pack(f"{order}h", 10))]
    if unsigned:
        content.append((b"FORMAT", -1, b"\x01\x08", b"UNSIGNED"))
    for name, kind, dimensions, data in content:
        parameters += _record(order, name, 1, struct.pack("b", kind) + dimensions + data + b"\0")
    parameters = parameters.ljust(512, b"\0")
    data = b""
    for frame in range(3):
        place = [20 + frame, -40, 60, -1 if frame == 1 else 0]
        counts = [12 + frame, -5 if unsigned else 14]
        data += b"".join(number(value) for value in place + counts)
    return bytes(header) + parameters + data


def _record(order: str, name: bytes, group: int, content: bytes) -> bytes:
    return struct.pack("bb", len(name), group) + name + struct.pack(f"{order}H", len(content) + 2) + content


def _vax(value: float) -> bytes:
    raw = struct.pack("<f", value * 4.0)  # the VAX's exponent is two larger, its words are exchanged
    return raw[2:] + raw[:2]


@pytest.mark.parametrize(("order", "processor"), [("<", c3d_layout.PC), (">", c3d_layout.MIPS), ("<", c3d_layout.DEC)])
@pytest.mark.parametrize("integers", [True, False])
def test_files_of_all_processors(tmp_path, order, processor, integers):
    path = tmp_path / "a.c3d"
    path.write_bytes(_bytes(order, processor, integers=integers))
    found = c3d_file.read(path)
    size = 0.5 if integers else 1.0
    np.testing.assert_allclose(found.points[[0, 2], 0], size * np.array([[20, -40, 60], [22, -40, 60]]))
    assert np.isnan(found.points[1]).all() and found.rate == 100.0 and found.start == 0.0
    # (count - 10) * 2
    np.testing.assert_allclose(found.analogs[:, 0], [4, 8, 6, 8, 8, 8])


def test_unsigned_counts(tmp_path):
    path = tmp_path / "a.c3d"
    path.write_bytes(_bytes("<", c3d_layout.PC, integers=True, unsigned=True))
    assert c3d_file.read(path).analogs[1, 0] == (65536 - 5 - 10) * 2.0


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (0, 200, "places the parameters at byte"),
        (2, 9, "is cut short: its header promises 3 frames"),
        (8, 0, "has no frames"),
        (16, 60, "places the data at byte"),
        (515, 3, "name the processor 3"),
        (525, 255, "the parameter ANALOG at byte 516 leads to byte"),
        (22, 0, "gives a frame rate of|header says"),
    ],
)
def test_parts_that_do_not_fit_are_named(tmp_path, place, value, words):
    data = bytearray(_bytes("<", c3d_layout.PC, integers=False))
    data[place] = value
    if place == 22:
        data[20:24] = struct.pack("<f", -5.0)
    (tmp_path / "a.c3d").write_bytes(bytes(data))
    with pytest.raises(BadFile, match=words):
        c3d_file.read(tmp_path / "a.c3d")
