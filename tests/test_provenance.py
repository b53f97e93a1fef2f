import pytest

from biomimic.errors import BadFile, BadValue
from biomimic.provenance import Provenance, sha256


@pytest.mark.published
def test_sha256_of_abc(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_round_trip():
    record = Provenance("doi:10.1/x", "MIT", "ab", "± note")
    assert Provenance.from_json(record.to_json()) == record


def test_source_may_not_be_empty():
    with pytest.raises(BadValue, match="empty source"):
        Provenance("  ")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(BadFile, match="absent.csv cannot be read: No such file"):
        sha256(tmp_path / "absent.csv")
