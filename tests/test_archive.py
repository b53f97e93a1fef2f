import numpy as np
import pytest

from biomimic import archive
from biomimic.errors import BadFile


def test_same_content_same_bytes_whatever_the_order(tmp_path):
    one = archive.save(tmp_path / "1.npz", "thing", 3, {"a": np.arange(4.0), "b": np.array("text")})
    two = archive.save(tmp_path / "2.npz", "thing", 3, {"b": np.array("text"), "a": np.arange(4.0)})
    assert one.read_bytes() == two.read_bytes()


def test_numpy_reads_it_too(tmp_path):
    path = archive.save(tmp_path / "x.npz", "thing", 1, {"a": np.array([1.5, np.nan])})
    with np.load(path) as content:
        np.testing.assert_array_equal(content["a"], [1.5, np.nan])


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_truncated(tmp_path, share):
    path = archive.save(tmp_path / "x.npz", "thing", 1, {"a": np.random.default_rng(0).normal(size=1000)})
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(BadFile, match=r"x\.npz is truncated or no npz file; make or copy the thing again\.$"):
        archive.load(path, "thing", 1)


def test_flipped_bytes(tmp_path):
    path = archive.save(tmp_path / "x.npz", "thing", 1, {"a": np.random.default_rng(0).normal(size=1000)})
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(BadFile):
        archive.load(path, "thing", 1)


@pytest.mark.parametrize(
    ("kind", "schema", "message"),
    [
        ("other", 1, "holds a thing, and a other was asked for"),
        ("thing", 2, "has schema 1 and this version reads schema 2: make the file again"),
        ("thing", 0, "has schema 1 and this version reads schema 0: install a newer biomimic"),
    ],
)
def test_wrong_kind_or_schema(tmp_path, kind, schema, message):
    path = archive.save(tmp_path / "x.npz", "thing", 1, {})
    with pytest.raises(BadFile, match=message):
        archive.load(path, kind, schema)


def test_missing_file_and_foreign_files(tmp_path):
    with pytest.raises(BadFile, match="was asked for as a thing and does not exist"):
        archive.load(tmp_path / "absent.npz", "thing", 1)
    np.savez(tmp_path / "foreign.npz", a=np.zeros(3))
    with pytest.raises(BadFile, match="without kind and schema"):
        archive.load(tmp_path / "foreign.npz", "thing", 1)
    np.save(tmp_path / "plain.npy", np.zeros(3))
    with pytest.raises(BadFile, match="no npz file"):
        archive.load(tmp_path / "plain.npy", "thing", 1)


def test_objects_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle=False"):
        archive.save(tmp_path / "x.npz", "thing", 1, {"a": np.array([{}], dtype=object)})
    assert not (tmp_path / "x.npz").exists()
