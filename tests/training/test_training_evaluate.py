"""Evaluation by hand: a target that the body keeps by itself, one that it cannot follow, and what is counted."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "rollout"))

from made_policies import made_run, tiny_clips  # noqa: E402

from biomimic.errors import BadRun  # noqa: E402
from biomimic.evaluation import load  # noqa: E402
from biomimic.rollout import Plan as Trial  # noqa: E402
from biomimic.rollout import controllers, simulate  # noqa: E402
from biomimic.rollout.film import Watched  # noqa: E402
from biomimic.training.evaluate import Plan, evaluate  # noqa: E402
from biomimic.training.termination import Limits  # noqa: E402

SECONDS = 0.3
LIMIT = 0.03  # [m] of the pelvis: a random policy sinks below it soon after the start


@pytest.fixture(scope="module")
def targets():
    return tiny_clips(2, seconds=SECONDS)


@pytest.fixture(scope="module")
def run(targets, tmp_path_factory):
    return made_run(tmp_path_factory.mktemp("runs") / "made", targets)


@pytest.fixture(scope="module")
def followed(run):
    return evaluate(run, Plan(random_starts=2, limits=Limits(sites=1e6, root=LIMIT, turn=1e6)), threads=1)


def test_every_clip_is_tried_from_its_first_frame_and_from_random_ones(followed, targets):
    assert [one.begun for one in followed.attempts] == 2 * ["first frame", "random", "random"]
    whole = (len(targets[0].qpos) - 1) * 0.01
    assert [one.start + one.planned for one in followed.attempts] == pytest.approx(6 * [whole])
    assert followed.attempts[0].start == 0.0
    assert len({one.clip for one in followed.attempts}) == 2


def test_how_far_and_how_closely_agree_with_the_rollout(run, followed, targets):
    trial, target = Trial("made", SECONDS), targets[0]
    body = controllers.body(run, target, trial)
    watched = Watched(controllers.build(run, body, target))
    simulate(body, watched, trial)
    own, wanted = np.array(watched.qpos)[1:], np.array(target.qpos)[1 : len(watched.qpos)]
    shifted = wanted[:, :3] - np.append(target.qpos[0, :2], 0.0)
    root = np.linalg.norm(own[:, :3] - shifted, axis=1)
    steps = int(np.argmax(root > LIMIT))  # whole steps that kept the limit
    assert 3 < steps < len(root) - 3  # else this test shows nothing
    first = followed.attempts[0]
    assert (first.ended, first.followed) == ("pelvis", pytest.approx(steps * 0.01))
    assert first.root_error == pytest.approx(root[:steps].mean(), rel=1e-4)
    hinges = [body.model.joint(name).qposadr[0] for name in body.couplings.names[6:]]
    angle = np.abs(own - wanted)[:steps, hinges].mean()
    assert first.joint_error == pytest.approx(angle, rel=1e-4)


def test_it_is_kept_beside_the_run(run, followed):
    followed.save(run.path)
    again = load(run.path)
    assert again.policy == run.manifest.files["policy.npz"].removeprefix("sha256:")
    assert [one.clip for one in again.attempts] == [one.clip for one in followed.attempts]


def test_a_tracker_is_one_sentence(run):
    tracker = replace(run, manifest=replace(run.manifest, controller="tracker"))
    with pytest.raises(BadRun, match='Run "made" has a tracker for a controller'):
        evaluate(tracker)
