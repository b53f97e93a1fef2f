"""Damaged files of every format end in one sentence: no traceback, no hang over 5 s, no memory over 1 GB."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ALL, FEW, BATCH = 20_000, 300, 2000
SLOWEST, MEMORY = 5.0, 1024.0  # [s] a file may take, [MB] that the whole process may use


def _run(folder: Path, first: int, last: int) -> dict:
    command = [sys.executable, str(Path(__file__).with_name("fuzz_worker.py")), str(folder), str(first), str(last)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode != 0:
        number = (folder / "number").read_text() if (folder / "number").exists() else "none"
        pytest.fail(f"the process ended with {done.returncode} at file {number}: {done.stderr[-1500:]}")
    return json.loads(done.stdout)


def _check(result: dict) -> None:
    assert not result["wrong"], f"{len(result['wrong'])} files, first: {result['wrong'][0]}"
    assert result["slowest"] < SLOWEST and result["memory"] < MEMORY, result


def test_some_damaged_files_end_in_a_sentence(tmp_path):
    _check(_run(tmp_path, 0, FEW))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, ALL, BATCH))
def test_twenty_thousand_damaged_files_end_in_a_sentence(tmp_path, first):
    _check(_run(tmp_path, first, first + BATCH))


def test_the_damage_is_real_and_the_same_in_every_run():
    import fuzz_worker
    import numpy as np

    sound = b"time\tknee_angle_r\n0\t1\n0.1\t2\n" * 30
    made = [fuzz_worker.damaged(sound, np.random.default_rng([20000, k]), [b"other"]) for k in range(200)]
    again = [fuzz_worker.damaged(sound, np.random.default_rng([20000, k]), [b"other"]) for k in range(200)]
    assert made == again
    assert sum(one != sound for one in made) > 190 and len(set(made)) > 150
