"""fit: a run with all its files, exact continuation, and what is refused in one sentence."""

import dataclasses
import resource
import signal

import numpy as np
import pytest

from biomimic import embodiment, run
from biomimic.errors import BadFile, BadRun, BadValue
from biomimic.training import checkpoint, examples, folder, loop, metrics, point, recipe, trial
from biomimic.training.network import Network
from biomimic.training.observation import Blocks
from biomimic.training.optimise import Optimiser
from biomimic.training.point import Training
from biomimic.training.ppo import PPO
from biomimic.training.recipe import Body, Course, Recipe
from biomimic.training.termination import Limits

FEW = Recipe(
    title="a few updates",
    body=Body("tiny", "tiny", threads=1),
    course=Course(updates=6, horizon=40, checkpoint_every=2, evaluate_every=3, evaluations=8, evaluation_steps=20),
    observation=Blocks(muscle_length=False, muscle_speed=False, muscle_force=False, steps=1),
    limits=Limits(sites=0.2),
    network=Network(hidden=(8,)),
    ppo=PPO(environments=8, unroll=10, minibatches=2),
    optimiser=Optimiser(kind="adam"),
)


@pytest.fixture(scope="module")
def targets():
    return list(examples.tiny_targets(embodiment.load("tiny", muscle_parameters="tiny"), 2).values())


@pytest.fixture(scope="module")
def training(targets):
    return Training.of(FEW, targets)


@pytest.fixture(scope="module")
def undisturbed(training, tmp_path_factory):
    return loop.go_on(training, tmp_path_factory.mktemp("runs") / "walk1")


class Killed(BaseException):
    """Stands for a kill between two updates."""


def test_a_run_with_all_its_files(undisturbed):
    opened = run.open_run(undisturbed.path)
    names = opened.manifest
    assert names.controller == "policy" and names.status == "complete" and names.settings == "recipe.toml"
    assert set(names.files) == {"policy.npz", "recipe.toml", "target_000.npz", "target_001.npz"}
    assert names.shaped_by == ("angles",)  # no forces or moments in the reward, no tracker
    assert names.versions["jax"] and names.versions["mujoco"] and names.backend.startswith("mujoco, jax on 1 x cpu")
    assert folder.recipe_of(opened) == FEW
    policy = folder.policy_of(opened)
    assert policy["actor"]["out"]["w"].shape == (8, 10) and np.isfinite(policy["normaliser"]["mean"]).all()
    assert checkpoint.latest(opened.path).name == "000000000480.npz"  # 6 updates of 8 bodies and 10 steps


def test_one_row_for_each_update_and_trial(undisturbed):
    columns, rows = metrics.read(undisturbed.path / "metrics.csv")
    assert [row["step"] for row in rows if row["stage"] == "ppo"] == ["80", "160", "240", "320", "400", "480"]
    assert [row["count"] for row in rows if row["stage"] == "trial"] == ["0", "3", "6"]
    for wanted in ("reward", "kl", "term_site_position", "term_cost_out_of_bounds", "steps_per_second", "survived"):
        assert wanted in columns


def test_stopped_anywhere_it_goes_on_to_the_same_bits(training, undisturbed, tmp_path):
    """Stopped after updates 3, 4 and 5, each before its checkpoint; checkpoints are written after every second."""
    place, told = tmp_path / "walk1", []

    def stop(progress):
        told.append((progress.stage, progress.done))
        if told.count(("ppo", progress.done)) == 1 and progress.stage == "ppo" and progress.done in (3, 4, 5):
            raise Killed

    for _ in range(3):
        with pytest.raises(Killed):
            loop.go_on(training, place, stop)
        with pytest.raises(BadRun, match="has no policy yet"):
            run.open_run(place)
    made = loop.go_on(training, place, stop)
    assert (made.path / "policy.npz").read_bytes() == (undisturbed.path / "policy.npz").read_bytes()
    assert [told.count(("ppo", done)) for done in range(1, 7)] == [1, 1, 3, 2, 2, 1]
    rows = metrics.read(made.path / "metrics.csv")[1]
    assert [row["count"] for row in rows if row["stage"] == "ppo"] == list("123456")
    assert [row["count"] for row in rows if row["stage"] == "trial"] == list("036")


def test_a_disk_that_takes_no_more_loses_nothing(training, undisturbed, tmp_path):
    """From the third update on no file may grow beyond 12 kB: the checkpoint of the fourth fails."""
    place, limit = tmp_path / "walk1", resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill(progress):
        if progress.done == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, limit[1]))

    try:
        with pytest.raises(BadFile, match=r"cannot be written: File too large\. What was written before is kept"):
            loop.go_on(training, place, fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert checkpoint.latest(place).name == "000000000160.npz"
    made = loop.go_on(training, place)
    assert (made.path / "policy.npz").read_bytes() == (undisturbed.path / "policy.npz").read_bytes()


def test_a_complete_run_is_returned(undisturbed, targets):
    assert loop.fit(FEW, targets, run=undisturbed.path).identity == undisturbed.identity


def test_another_recipe_or_other_targets_are_refused(undisturbed, targets):
    other = dataclasses.replace(FEW, ppo=dataclasses.replace(FEW.ppo, unroll=20), seed=1)
    with pytest.raises(BadRun, match=r"begun with another recipe: seed = 0 there and 1 now \(and 1 more\)\."):
        loop.fit(other, targets, run=undisturbed.path)
    with pytest.raises(BadRun, match="begun with 2 other targets than the 1 given now"):
        loop.fit(FEW, targets[:1], run=undisturbed.path)


def test_a_checkpoint_of_another_network_is_refused(training, undisturbed, tmp_path):
    place = tmp_path / "walk1"
    made = training.open(place)
    checkpoint.write(made.path, 80, {"learner": {"params": {"actor": np.zeros(3)}}}, keep=2)
    with pytest.raises(BadRun, match="is the checkpoint of another network or recipe: it lacks"):
        loop.go_on(training, place)


def test_targets_of_another_body(targets, tmp_path):
    strange = dataclasses.replace(targets[0], embodiment="bimanual")
    with pytest.raises(BadValue, match=r'Target 2 of 2 .* is for the body "bimanual", and the recipe trains "tiny"'):
        loop.fit(FEW, [targets[0], strange], run=tmp_path / "walk1")
    with pytest.raises(BadValue, match="No target was given"):
        loop.fit(FEW, [], run=tmp_path / "walk1")
    assert not (tmp_path / "walk1").exists()


def test_a_recipe_out_of_range_made_in_python(targets, tmp_path):
    with pytest.raises(BadValue, match="ppo.environments = 0 is out of range; allowed is at least 1"):
        loop.fit(dataclasses.replace(FEW, ppo=PPO(environments=0)), targets, run=tmp_path / "walk1")


def test_the_stride_needs_one_periodic_target(targets, tmp_path):
    wanted = dataclasses.replace(FEW, observation=Blocks(stride=True))
    with pytest.raises(BadValue, match="needs exactly one periodic target; 2 were given, 0 of them periodic"):
        loop.fit(wanted, targets, run=tmp_path / "walk1")


def test_a_folder_that_is_no_run(targets, tmp_path, training):
    (tmp_path / "walk1").mkdir()
    with pytest.raises(BadRun, match="exists and holds no run"):
        training.open(tmp_path / "walk1")


@pytest.mark.slow
def test_a_policy_begins_from_a_run(training, undisturbed, targets, tmp_path):
    more = dataclasses.replace(
        FEW,
        start=recipe.Start(run=str(undisturbed.path), std=0.5),
        course=Course(updates=0, evaluations=0),
    )
    made = loop.fit(more, targets, run=tmp_path / "walk2")
    before, after = folder.policy_of(undisturbed), folder.policy_of(made)
    np.testing.assert_array_equal(before["actor"]["0"]["w"], after["actor"]["0"]["w"])
    np.testing.assert_array_equal(before["normaliser"]["mean"], after["normaliser"]["mean"])
    np.testing.assert_allclose(np.hypot(np.exp(after["std"]["log"]), after["std"]["floor"]), 0.5, rtol=1e-5)


def test_the_best_of_all_trials_can_be_chosen(training, tmp_path):
    """By the time until a body failed, then by return; the one before the first update counts too."""
    chosen = dataclasses.replace(FEW, course=dataclasses.replace(FEW.course, chosen="best", evaluate_every=1))
    found = loop.go_on(dataclasses.replace(training, recipe=chosen), tmp_path / "best")
    _, rows = metrics.read(found.path / "metrics.csv")
    ranks = [(float(row["time"]), float(row["return"])) for row in rows if row["stage"] == "trial"]
    assert len(ranks) == 7
    kept = folder.policy_of(found)
    again = trial.measure(training.trial_env(), kept, FEW.course.evaluation_steps, training.key(point.TRIALS))
    assert (again["time"], again["return"]) == pytest.approx(max(ranks), rel=1e-5)
