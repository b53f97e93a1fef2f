"""A run folder in, a Recording out; and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from biomimic import config, control
from biomimic.errors import BadFile, BadRun, BadValue
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance
from biomimic.rollout import Plan, rollout
from biomimic.run import Manifest, Run, create

SETTINGS = config.dumps(control.Settings())


@pytest.fixture(scope="module")
def target(body, standing) -> Trajectory:
    """Standing as a walk without progress: one pose, the load going from foot to foot."""
    frames = 40
    load = 0.5 * body.mass * 9.81 * (1.0 + np.sin(2 * np.pi * np.arange(frames) / frames + 0.3))
    force = np.zeros((frames, 6))
    force[:, 2], force[:, 5] = load, load[::-1]
    marks = len(body.landmarks)
    return Trajectory(
        rate=40.0,
        qpos=np.tile(standing, (frames, 1)),
        qvel=np.zeros((frames, body.model.nv)),
        landmark_position=np.zeros((frames, marks, 3)),
        landmark_rotation=np.tile([1.0, 0.0, 0.0, 0.0], (frames, marks, 1)),
        landmarks=tuple(body.landmarks),
        embodiment="myofullbody",
        model_sha256=body.sha256,
        provenance=Provenance("made by a test"),
        period=1.0,
        force=force,
        com=np.tile(standing[:3], (frames, 1)),
    )


def _run(folder, target: Trajectory, **change: str) -> Run:
    path = target.save(folder / "target.npz")
    manifest = Manifest(
        schema=1,
        name="try",
        controller="tracker",
        embodiment="myofullbody",
        muscle_parameters="corrected-trunk",
        protocol="level_walking",
        target="target.npz",
        settings="settings.toml",
        created="2025-01-01",
    )
    content = {"target.npz": path.read_bytes(), "settings.toml": SETTINGS}
    return create(replace(manifest, **change), content, folder=folder)


def test_a_run_gives_a_recording_that_names_it(target, tmp_path):
    run = _run(tmp_path, target)
    recording = rollout(run, target, Plan("start 0", 0.05))
    assert (recording.kind, recording.trial, recording.push) == ("simulated", "start 0", "")
    assert recording.provenance.source == 'run "try", simulated'
    assert recording.provenance.sha256 == run.identity
    assert "0.05 s from phase 0.0" in recording.provenance.note
    assert len(recording.angles) == 5 and len(recording.force) == 25
    assert 0.0 <= recording.excitation.values.min() and recording.excitation.values.max() <= 1.0
    assert recording.applied.values.max() == 0.0


def test_a_target_of_another_body_is_one_sentence(target, tmp_path):
    run = _run(tmp_path, target)
    with pytest.raises(BadRun, match='Run "try" has the body "myofullbody", and its target was made for "bimanual"'):
        rollout(run, replace(target, embodiment="bimanual"), Plan("a", 0.05))
    with pytest.raises(BadRun, match='has 88 coordinates, its body "myofullbody" has 89'):
        rollout(run, replace(target, qpos=target.qpos[:, 1:]), Plan("a", 0.05))


def test_a_target_that_is_not_finite_is_one_sentence(target):
    qpos = target.qpos.copy()
    qpos[3, 7] = np.nan
    with pytest.raises(BadValue, match=r"qpos is not a number at frame 3, column \[7\]"):
        replace(target, qpos=qpos)


@pytest.mark.parametrize(("name", "value"), [("qpos", [["a", "b"]]), ("rate", "fast")])
def test_a_target_that_holds_no_numbers_is_one_sentence(target, tmp_path, name, value):
    with np.load(target.save(tmp_path / "good.npz")) as good:
        np.savez(tmp_path / "bad.npz", **{**good, name: np.array(value)})
    with pytest.raises(BadFile, match=rf"bad\.npz: {name} must hold numbers only"):
        Trajectory.load(tmp_path / "bad.npz")
