import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from biomimic import files
from biomimic.errors import BadFile

ROOT = Path(__file__).parents[1]


def test_text_is_written_as_utf8_and_folders_are_made(tmp_path):
    path = files.write(tmp_path / "a" / "b.txt", "1 ± 2\n")
    assert path.read_bytes() == b"1 \xc2\xb1 2\n"
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]


def test_replaces_the_old_file(tmp_path):
    files.write(tmp_path / "x", b"old")
    files.write(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"new"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BadFile, match=r"cannot be written: .*\. Choose a folder that can be written to\.$"):
        files.write(tmp_path / "file" / "x.txt", "text")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_is_found_before_the_work(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(BadFile, match="Permission denied"):
        files.check_writable(tmp_path)


def test_writable_folder_stays_empty(tmp_path):
    assert list(files.check_writable(tmp_path / "new").iterdir()) == []


def test_a_killed_process_leaves_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "data"
    sizes = {1_000_000, 2_000_000}
    script = (
        "import sys; from biomimic import files\n"
        "while True:\n"
        "    files.write(sys.argv[1], b'a' * 1_000_000)\n"
        "    files.write(sys.argv[1], b'b' * 2_000_000)\n"
    )
    for delay in (0.05, 0.11):
        process = subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=ROOT)
        while not path.exists():
            time.sleep(0.01)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        content = path.read_bytes()
        assert len(content) in sizes and len(set(content)) == 1
    files.write(path, b"next")
    assert path.read_bytes() == b"next"
