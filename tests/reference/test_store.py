"""Fetching: checked, continued where it broke off, and never with a hash that nobody knows."""

import functools
import http.server
import random
import threading
import zipfile

import pytest

from biomimic.errors import BadFile
from biomimic.provenance import sha256
from biomimic.reference import __main__ as command
from biomimic.reference import store

pytest.importorskip("pooch", reason="downloads need pooch")


class _Archive(http.server.BaseHTTPRequestHandler):
    """Serves one content, from any byte on; breaks off once where it is told to."""

    def __init__(self, content, seen, breaks, *rest):
        self.content, self.seen, self.breaks = content, seen, breaks
        super().__init__(*rest)

    def do_GET(self):
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.seen.append(start)
        if self.path != "/data.zip":
            self.send_error(404)
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        end = self.breaks.pop() if self.breaks else len(self.content)
        self.wfile.write(self.content[start:end])

    def log_message(self, *words):
        pass


@pytest.fixture
def archive(tmp_path):
    """A server on this machine: source, content, first bytes that were asked for, places where it breaks off."""
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("inner/walk.bin", random.Random(0).randbytes(300_000))
    content, seen, breaks = path.read_bytes(), [], []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Archive, content, seen, breaks))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    source = store.Source("tiny", "Tiny", "10.1/x", "CC0", "Nobody 2020.", ("data.zip",), address=address)
    yield source, content, seen, breaks
    server.shutdown()
    server.server_close()


def test_a_download_that_broke_off_is_continued(archive, tmp_path):
    source, content, seen, breaks = archive
    breaks.append(200_000)  # three whole blocks of 65,536 and a part of the fourth
    with pytest.raises(BadFile, match="tiny could not be fetched .*continues where it ended.*--offline"):
        list(store.fetch(source, tmp_path / "raw"))
    assert not (tmp_path / "raw" / "data.zip").exists()
    (found,) = store.fetch(source, tmp_path / "raw")
    assert seen == [0, 3 * store.BLOCK] and found.path.read_bytes() == content and found.is_new
    assert found.checked == "" and found.sha256 == sha256(found.path)
    (again,) = store.fetch(source, tmp_path / "raw")
    assert not again.is_new and len(seen) == 2  # what is there is not fetched again
    assert store.unpack(found.path, tmp_path / "raw") == 1
    assert (tmp_path / "raw" / "inner" / "walk.bin").stat().st_size == 300_000


def test_another_content_than_the_pinned_one_is_refused_and_deleted(archive, tmp_path):
    source = archive[0]
    with pytest.raises(BadFile, match=r"data\.zip has sha256 .*, and 000000000000… was expected\. It was deleted"):
        list(store.fetch(source, tmp_path / "raw", {"data.zip": "0" * 64}))
    assert not (tmp_path / "raw" / "data.zip").exists()
    (found,) = store.fetch(source, tmp_path / "raw")
    (pinned,) = store.fetch(source, tmp_path / "raw", {"data.zip": found.sha256})
    assert pinned.checked == "sha256"


def test_a_file_that_is_not_there_and_a_server_that_is_not_there(archive, tmp_path):
    from dataclasses import replace

    with pytest.raises(BadFile, match="could not be fetched .*404.*download other.zip from https://doi.org/10.1/x"):
        list(store.fetch(replace(archive[0], wanted=("other.zip",)), tmp_path / "raw"))
    with pytest.raises(BadFile, match="could not be fetched"):
        list(store.fetch(replace(archive[0], address="http://127.0.0.1:1"), tmp_path / "raw"))


def test_a_folder_that_somebody_filled(archive, tmp_path):
    source, content, _, _ = archive
    (tmp_path / "own").mkdir()
    with pytest.raises(
        BadFile, match=r"own has none of data\.zip of tiny; download them from https://doi\.org/10\.1/x"
    ):
        list(store.check(source, tmp_path / "own"))
    (tmp_path / "own" / "data.zip").write_bytes(content)
    (found,) = store.check(source, tmp_path / "own", {"data.zip": sha256(tmp_path / "own" / "data.zip")})
    assert found.checked == "sha256"
    with pytest.raises(BadFile, match="was expected"):
        list(store.check(source, tmp_path / "own", {"data.zip": "f" * 64}))


def test_an_archive_that_would_write_elsewhere_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as package:
        package.writestr("good.txt", "good")
        package.writestr("../evil.txt", "evil")
    with pytest.raises(BadFile, match=r'bad\.zip holds "\.\./evil\.txt", outside of'):
        store.unpack(tmp_path / "bad.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists() and not (tmp_path / "evil.txt").exists()
    (tmp_path / "bad.zip").write_bytes(b"no archive")
    with pytest.raises(BadFile, match="no sound zip archive"):
        store.unpack(tmp_path / "bad.zip", tmp_path / "out")


def test_the_command_prints_licence_and_citation_first_and_says_that_no_hash_is_known(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "WBDSascii.zip", "w") as package:
        package.writestr("WBDS01walkOCang.txt", "x")
    words = ["fetch", "fukuchi2018", "--offline", str(tmp_path)]
    assert command.main(words) == 0
    said = capsys.readouterr().out
    digest = sha256(tmp_path / "WBDSascii.zip")
    assert said.index("Licence: CC BY 4.0") < said.index("PeerJ 6 (2018) e4640") < said.index(digest)
    assert "No hash of WBDSascii.zip is known here" in said and f"--hash WBDSascii.zip=sha256:{digest}" in said
    assert (tmp_path / "WBDS01walkOCang.txt").read_text() == "x"
    assert command.main([*words, "--hash", f"WBDSascii.zip=sha256:{digest}"]) == 0
    assert "No hash" not in capsys.readouterr().out


def test_no_hash_was_made_up():
    from biomimic.reference import fukuchi2018, gait120, lencioni2019, schreiber2019, wang2022

    for module in (fukuchi2018, gait120, lencioni2019, schreiber2019, wang2022):
        assert not module.SOURCE.hashes  # none of these archives could be reached when this was written
        assert module.SOURCE.citation and module.SOURCE.licence and module.SOURCE.doi.startswith("10.")
