"""Outcomes of clips: complete or not, one process at a time, nothing left behind by a killed one."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from biomimic.errors import BadFile
from biomimic.retarget import outcome
from biomimic.retarget.outcome import Outcome

ROOT = Path(__file__).parents[2]
DONE = Outcome("a/walk", "key", "walk.bvh", frames=10, seconds=0.5, files={"walk.npz": 3})


def test_save_and_load(tmp_path):
    path = DONE.save(tmp_path)
    assert path.name == "walk.clip.json"
    assert Outcome.load(path) == DONE


@pytest.mark.parametrize("text", ["", "{", '{"clip": 3}', json.dumps({"schema": 99})])
def test_damaged_outcome_is_none(tmp_path, text):
    (tmp_path / "walk.clip.json").write_text(text)
    assert Outcome.load(tmp_path / "walk.clip.json") is None


def test_complete_only_with_every_file_at_its_size(tmp_path):
    assert not DONE.is_complete(tmp_path)
    (tmp_path / "walk.npz").write_bytes(b"ab")
    assert not DONE.is_complete(tmp_path)
    (tmp_path / "walk.npz").write_bytes(b"abc")
    assert DONE.is_complete(tmp_path)


def test_every_leaves_the_baseline_out(tmp_path):
    DONE.save(tmp_path / "a")
    replace(DONE, key="other").save(tmp_path / outcome.BASELINE / "a")
    found = outcome.every(tmp_path, without=(outcome.BASELINE,))
    assert [(folder, one.key) for folder, one in found] == [(tmp_path / "a", "key")]


def test_sweep_removes_only_parts_of_these_clips(tmp_path):
    kept = [".walk.npz", ".other.npz.7.part", ".overview.html.7.part", "walk.npz"]
    gone = [".walk.npz.7.part", ".walk.record.json.7.part", ".walk.svg.7.part", ".walk.clip.json.7.part"]
    for name in kept + gone:
        (tmp_path / name).write_text("x")
    outcome.sweep(tmp_path, {(tmp_path, "walk")})
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_second_process_waits_and_a_killed_one_lets_go(tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from biomimic.retarget import outcome\n"
        "with outcome.held(Path(sys.argv[1]), 'walk'):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    first = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout.readline() == "held\n"
        assert outcome.is_held(tmp_path, "walk")
        second = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        time.sleep(1.0)
        first.kill()
        killed = time.monotonic()
        assert second.stdout.readline() == "held\n"
        assert time.monotonic() - killed < 5.0
    finally:
        first.kill()
        second.kill()
        first.wait(), second.wait()


def test_released_lock_leaves_no_file(tmp_path):
    with outcome.held(tmp_path, "walk"):
        assert outcome.is_held(tmp_path, "walk")
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadFile, match="cannot be written"):
        outcome.clear(tmp_path / "file", "walk")
