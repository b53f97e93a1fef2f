"""python -m biomimic.rollout: what it writes, and how it says no."""

import pytest
from made_policies import begun_run, made_run, tiny_clips

from biomimic.recording import Recording
from biomimic.rollout.__main__ import main


@pytest.fixture(scope="module")
def targets():
    return tiny_clips(1, seconds=0.5)


@pytest.fixture(scope="module")
def run(targets, tmp_path_factory):
    return made_run(tmp_path_factory.mktemp("runs") / "made", targets)


def test_a_trial_is_described_and_kept(run, tmp_path, capsys):
    assert main(["--run", str(run.path), "--seconds", "0.1", "--recording", str(tmp_path / "trial.npz")]) == 0
    assert "Followed for 0.1 s without a fall. Recording:" in capsys.readouterr().out
    kept = Recording.load(tmp_path / "trial.npz")
    assert kept.trial == "rollout" and len(kept.excitation) == 10


def test_the_network_becomes_an_onnx_file(run, tmp_path, capsys):
    onnx = pytest.importorskip("onnx", reason="the extra export is not installed")
    assert main(["--run", str(run.path), "--onnx", str(tmp_path / "policy.onnx")]) == 0
    made = onnx.load(tmp_path / "policy.onnx")
    noted = {one.key: one.value for one in made.metadata_props}
    assert noted["run"] == "made" and noted["embodiment"] == "tiny" and '"kind": "activation"' in noted["actions"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--video", "walk.gif"], "only mp4 files are written"),
        (["--phase", "1.5"], "a phase is in [0, 1)"),
        (["--seconds", "0.005"], 'duration of trial "rollout"'),
    ],
)
def test_bad_input_is_one_sentence(run, arguments, words, capsys):
    assert main(["--run", str(run.path), *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said and len(said.splitlines()) == 1


def test_a_run_that_is_still_in_training_is_one_sentence(targets, tmp_path, capsys):
    begun = begun_run(tmp_path / "begun", targets)
    assert main(["--run", str(begun.path)]) == 2
    said = capsys.readouterr().err
    assert "training" in said and len(said.splitlines()) == 1


def test_an_evaluation_of_a_tracker_is_one_sentence(capsys):
    assert main(["--run", "run42", "--evaluate"]) == 2
    assert 'Run "run42" has a tracker for a controller' in capsys.readouterr().err
