"""A policy in the world does what it did in training: the same observation, action and physics, to the bit."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_policies import RECIPE, begun_run, made_run, tiny_clips

from biomimic.errors import BadRun
from biomimic.motion import Trajectory
from biomimic.rollout import Plan, controllers, rollout
from biomimic.rollout.film import Watched
from biomimic.rollout.loop import simulate
from biomimic.training import engine, folder, network, playing
from biomimic.training.env import Env, Stage
from biomimic.training.network import Network

STEPS = 20
PLAN = Plan("made", STEPS * 0.01)


@pytest.fixture(scope="module")
def targets() -> list[Trajectory]:
    return tiny_clips()


@pytest.fixture(scope="module")
def run(targets, tmp_path_factory):
    return made_run(tmp_path_factory.mktemp("runs") / "made", targets)


@pytest.fixture(scope="module")
def body(run, targets):
    return controllers.body(run, targets[0], PLAN)


@pytest.fixture(scope="module")
def controller(run, body, targets):
    return controllers.build(run, body, targets[0])


def test_it_does_what_it_did_in_training_to_the_bit(run, body, targets, controller):
    watched = Watched(controller)
    simulate(body, watched, PLAN)
    player = controller.player
    env = Env(player.task, player.clips, engine.load(body.model, 1, threads=1))
    params, stage, mode = folder.policy_of(run), Stage(jnp.ones(1), {}, None), jax.jit(network.mode)
    begun, start = player.place([0], [0.0])
    physics, view = env.engine.reset(None, np.ones(1, bool), start)
    state = player.begin(begun, view)._replace(physics=physics)
    for step in range(STEPS):
        np.testing.assert_array_equal(state.physics.qpos[0], watched.qpos[step], err_msg=f"step {step}")
        np.testing.assert_array_equal(state.physics.activation[0], watched.activation[step])
        state, outcome = env.step(state, mode(params, state.observation), stage)
        assert not bool(outcome.done[0])


def test_a_recording_names_the_run_and_is_the_same_each_time(run, body, targets, controller):
    recording, again = rollout(run, targets[0], PLAN), simulate(body, controller, PLAN)
    assert recording.provenance.source == 'run "made", simulated' and recording.provenance.sha256 == run.identity
    np.testing.assert_array_equal(recording.excitation.values, again.excitation.values)
    assert 0.0 <= recording.excitation.values.min() and recording.excitation.values.max() <= 1.0


def test_trials_of_one_run_share_what_was_compiled_and_other_targets_do_not(run, body, targets, controller):
    assert controllers.build(run, body, targets[0]).player is controller.player
    other = replace(targets[0], qvel=0.5 * targets[0].qvel)
    assert controllers.build(run, body, other).player is not controller.player


def test_a_clip_begins_at_its_first_frame_whatever_the_phase(body, targets, controller):
    watched = Watched(controller)
    simulate(body, watched, replace(PLAN, duration=0.01, phase=0.5))
    np.testing.assert_allclose(watched.qpos[0][2:], targets[0].qpos[0, 2:], atol=1e-6)
    np.testing.assert_allclose(watched.qpos[0][:2], 0.0, atol=1e-7)


def test_a_policy_of_another_network_is_one_sentence(run, targets, tmp_path):
    other = begun_run(tmp_path / "other", targets, replace(RECIPE, network=Network(hidden=(8,))))
    other = folder.complete(other, folder.policy_of(run))
    with pytest.raises(BadRun, match="of another network or recipe"):
        rollout(other, targets[0], PLAN)


def test_a_run_trained_on_another_model_is_one_sentence(run, body, targets):
    changed = replace(run, manifest=replace(run.manifest, model_sha256="f" * 64))
    with pytest.raises(BadRun, match=r'Run "made" was trained on another "tiny" \(its model is ffffffffffff'):
        playing.load(changed, body, targets)
