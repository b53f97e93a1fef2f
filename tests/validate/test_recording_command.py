"""python -m biomimic.validate --recording: a person, or any recording, as if it were a run."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from synthetic_walk import record

from biomimic.validate.protocol import Planned

ROOT = Path(__file__).parents[2]


def _call(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "biomimic.validate", *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(cwd), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def _refused(done: subprocess.CompletedProcess, words: str) -> None:
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def reported(tmp_path_factory) -> Path:
    """A folder with two reports of one recording, read from two places."""
    folder = tmp_path_factory.mktemp("reports")
    walk = replace(record(Planned("walk", 12.0, 0.0), seed=0), kind="measured", applied=None, effort=None)
    path = walk.save(folder / "walk.npz")
    (folder / "elsewhere").mkdir()
    copy = shutil.copy(path, folder / "elsewhere" / "walk.npz")
    for file, out in ((path, "one"), (copy, "two")):
        done = _call("--recording", str(file), "--out", str(folder / out), "--check", cwd=folder)
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 1), done.stderr
    return folder


def test_a_measured_walk_has_a_whole_report(reported):
    names = {path.relative_to(reported / "one").as_posix() for path in (reported / "one").rglob("*") if path.is_file()}
    assert names >= {"report.html", "report.pdf", "results.json", "verdict.json", "methods.md", "references.bib"}
    assert any(name.startswith("figures/") and name.endswith(".csv") for name in names)
    assert any(name.startswith("tables/") and name.endswith(".tex") for name in names)


def test_the_verdict_for_machines_says_what_gates_found(reported):
    verdict = json.loads((reported / "one" / "verdict.json").read_text())
    status = {gate["id"]: gate["status"] for gate in verdict["gates"]}
    assert len(status) == 11
    assert status["G3"] == "not applicable"
    assert not verdict["criteria"]  # limits are for runs


def test_another_place_gives_the_same_bytes(reported):
    files = sorted(path for path in (reported / "one").rglob("*") if path.is_file())
    for path in files:
        other = reported / "two" / path.relative_to(reported / "one")
        assert path.read_bytes() == other.read_bytes(), path.name


def test_known_answers_can_be_computed_alone(tmp_path):
    done = _call("--selftest", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "known answers, all as expected" in done.stdout
    assert "WRONG" not in done.stdout


def test_something_must_be_asked_for(tmp_path):
    done = _call(cwd=tmp_path)
    assert done.returncode == 2
    assert "one of --run, --recording and --selftest is needed" in done.stderr


def test_an_unknown_data_set_is_answered_with_the_closest_name(tmp_path):
    _refused(_call("--recording", "falisse2019_waking", cwd=tmp_path), 'Did you mean "falisse2019_walking"')


def test_a_missing_recording_is_named(tmp_path):
    _refused(_call("--recording", "nobody.npz", cwd=tmp_path), "nobody.npz")


def test_more_people_are_read_before_anything_is_written(tmp_path):
    done = _call("--recording", "falisse2019_walking", "--people", "nobody.npz", cwd=tmp_path)
    _refused(done, "nobody.npz")
    assert not list(tmp_path.iterdir())


def test_a_recording_without_force_says_what_is_missing(tmp_path):
    walk = replace(record(Planned("walk", 12.0, 0.0), seed=0), force=None, floor=None)
    path = walk.save(tmp_path / "walk.npz")
    _refused(_call("--recording", str(path), cwd=tmp_path), "has no ground reaction force")


def test_pairs_of_seeds_need_two_sides_of_one_length(tmp_path):
    done = _call("--run", "run42", "run42-free", "--against", "run42-stiff", "--same-seeds", cwd=tmp_path)
    assert done.returncode == 2
    assert "as many runs after --run as after --against" in done.stderr
