"""python -m biomimic.control: a run folder, one sentence for what is wrong, quick help."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from biomimic import config, control
from biomimic.control.__main__ import main
from biomimic.motion import Trajectory
from biomimic.run import create, open_run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def target(made, tmp_path, monkeypatch) -> Path:
    """A target in a folder of its own, from which the command is called."""
    monkeypatch.chdir(tmp_path)
    return made.save(tmp_path / "target_000.npz")


def failed(capsys, *words) -> str:
    """The sentence that the command ends with."""
    assert main([str(word) for word in words]) == 2
    found = capsys.readouterr().err
    assert found.count("\n") == 1 and "Traceback" not in found
    return found


def test_a_run_is_made_and_what_comes_next_is_said(target, capsys):
    assert main(["--target", str(target), "--out", "runs/walk1", "--note", "a try"]) == 0
    printed = capsys.readouterr().out
    assert "python -m biomimic.validate --run walk1\n" in printed
    assert "python -m biomimic.control tune --run walk1\n" in printed
    run = open_run("walk1")
    manifest = run.manifest
    assert (manifest.controller, manifest.embodiment) == ("tracker", "myofullbody")
    assert manifest.muscle_parameters == "corrected-trunk"
    assert manifest.protocol == "level_walking" and manifest.note == "a try"
    assert manifest.shaped_by == ("angles", "force", "moment")
    assert run.target.read_bytes() == target.read_bytes()
    assert config.load(control.Settings, run.settings) == control.Settings()
    assert Trajectory.load(run.target).period == pytest.approx(1.1)


def test_settings_are_read_and_kept_whole(target, tmp_path):
    (tmp_path / "mine.toml").write_text("[trunk]\nlateral_weight = 500\n[moments]\nhuman = false\n")
    words = ["--target", str(target), "--out", str(tmp_path / "elsewhere/w"), "--settings", "mine.toml"]
    assert main(words) == 0
    run = open_run(tmp_path / "elsewhere/w")
    found = config.load(control.Settings, run.settings)
    assert found.trunk.lateral_weight == 500.0 and not found.moments.human
    assert run.manifest.shaped_by == ("angles", "force")


def test_wrong_input_is_one_sentence(target, capsys, tmp_path):
    good = ("--target", target, "--out", "runs/walk1")
    assert "was asked for as a trajectory and does not exist" in failed(capsys, "--target", "no.npz", "--out", "runs/a")
    assert 'No muscle parameter set "foo"' in failed(capsys, *good, "--muscle-parameters", "foo")
    assert 'Did you mean "level_walking"' in failed(capsys, *good, "--protocol", "level_waling")
    (tmp_path / "bad.toml").write_text("[trunk]\nlateral_wight = 1.0\n")
    assert 'unknown key "lateral_wight" in [trunk]' in failed(capsys, *good, "--settings", "bad.toml")
    assert not Path("runs").exists()  # nothing half-written
    assert main([str(word) for word in good]) == 0
    capsys.readouterr()
    assert 'There is a run "walk1" in runs already' in failed(capsys, *good)


def test_a_target_without_a_period_is_one_sentence(made, target, capsys):
    replace(made, period=None).save(target)
    assert "needs a periodic target" in failed(capsys, "--target", target, "--out", "runs/walk1")


def test_tuning_refuses_before_it_begins(target, capsys):
    assert 'No run "walk1"' in failed(capsys, "tune", "--run", "walk1")
    assert main(["--target", str(target), "--out", "runs/walk1"]) == 0
    capsys.readouterr()
    assert 'No setting "trunk.nothing"' in failed(capsys, "tune", "--run", "walk1", "--names", "trunk.nothing")
    assert "There is a run in runs/walk1 already" in failed(capsys, "tune", "--run", "walk1", "--out", "walk1")
    assert "of 2 candidates" in failed(capsys, "tune", "--run", "walk1", "--candidates", "2")
    policy = replace(open_run("walk1").manifest, name="p", controller="policy", target="t.npz", settings="s.toml")
    create(policy, {"t.npz": b"", "s.toml": ""})
    assert 'Run "p" has a policy for a controller; only trackers can be tuned' in failed(capsys, "tune", "--run", "p")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["p", "walk1"]


@pytest.mark.slow
def test_a_tuned_run_is_made(target, capsys):
    assert main(["--target", str(target), "--out", "runs/walk1"]) == 0
    words = [
        "tune",
        "--run",
        "walk1",
        "--generations",
        "1",
        "--candidates",
        "4",
        "--names",
        "effort.weight",
        "--jobs",
        "2",
    ]
    assert main(words) == 0
    assert "python -m biomimic.validate --run walk1-tuned" in capsys.readouterr().out
    assert open_run("walk1-tuned").manifest.note == "Settings searched from those of run walk1."
    assert Path("runs/walk1-tuned.tuning.npz").is_file()


@pytest.mark.parametrize("words", [(), ("tune",)])
def test_help_is_there(words):
    call = [sys.executable, "-m", "biomimic.control", *words, "--help"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "usage: python -m biomimic.control" in done.stdout
