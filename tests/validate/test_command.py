"""python -m biomimic.validate: what it answers to wrong input, without a traceback."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from biomimic import run
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance

ROOT = Path(__file__).parents[2]
MANIFEST = run.Manifest(
    schema=1,
    name="walk1",
    controller="tracker",
    embodiment="myofullbody",
    muscle_parameters="corrected-trunk",
    protocol="level_walking",
    target="target_000.npz",
    settings="settings.toml",
    created="2026-01-01",
)


def _call(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "biomimic.validate", *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(cwd)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def folder(tmp_path) -> Path:
    """A current folder with a run whose target is no trajectory."""
    run.create(MANIFEST, {"target_000.npz": b"not a target", "settings.toml": ""}, folder=tmp_path / "runs")
    return tmp_path


def _refused(done: subprocess.CompletedProcess, words: str) -> None:
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unknown_run_is_answered_with_the_closest_name(folder):
    _refused(_call("--run", "walk2", cwd=folder), 'Did you mean "walk1"')


def test_an_unknown_protocol_is_answered_with_the_closest_name(folder):
    _refused(_call("--run", "walk1", "--protocol", "level_waking", cwd=folder), 'Did you mean "level_walking"')


def test_a_changed_target_is_named(folder):
    (folder / "runs" / "walk1" / "target_000.npz").write_bytes(b"not")
    _refused(_call("--run", "walk1", cwd=folder), "target_000.npz was changed or cut short")


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_simulated(folder):
    (folder / "file").write_text("")
    Trajectory(
        rate=10.0,
        qpos=np.zeros((2, 3)),
        qvel=np.zeros((2, 3)),
        landmark_position=np.zeros((2, 0, 3)),
        landmark_rotation=np.zeros((2, 0, 4)),
        landmarks=(),
        embodiment="myofullbody",
        model_sha256="0",
        provenance=Provenance("made here"),
    ).save(folder / "target.npz")
    content = {"target_000.npz": (folder / "target.npz").read_bytes(), "settings.toml": ""}
    run.create(replace(MANIFEST, name="walk3"), content, folder=folder / "runs")
    _refused(_call("--run", "walk3", "--out", "file/report", cwd=folder), "cannot be written")


def test_a_target_that_is_none_is_said_before_anything_is_written(folder):
    before = sorted(folder.rglob("*"))
    _refused(_call("--run", "walk1", cwd=folder), "target_000.npz is truncated or no npz file")
    assert sorted(folder.rglob("*")) == before


def test_help_is_there(folder):
    done = _call("--help", cwd=folder)
    assert done.returncode == 0 and "--protocol" in done.stdout


def test_jobs_are_counted_from_one(folder):
    done = _call("--run", "walk1", "--jobs", "0", cwd=folder)
    assert done.returncode == 2 and "not a number of at least 1" in done.stderr
