"""One environment, three bodies of physics: MuJoCo C on threads, MuJoCo Warp, and the rollout's single MjData."""

from dataclasses import replace

import jax
import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.rollout.policy import Policy
from biomimic.training import assemble, engine, network
from biomimic.training.env import Env, Stage
from biomimic.training.network import Parameters
from biomimic.training.playing import Player
from biomimic.training.recipe import load_recipe
from biomimic.training.sources import load as load_targets

pytestmark = pytest.mark.slow  # compiles the environment three times

STEPS, SIZE = 12, 2
STAGE = Stage(np.ones(1, np.float32), {}, None)


@pytest.fixture(scope="module")
def tiny() -> tuple[embodiment.Embodiment, Env, Parameters]:
    """The body, its environment on MuJoCo C with starts at the first frame, and an untrained policy."""
    recipe = load_recipe("smoke")
    recipe = replace(recipe, targets=("made:tiny:1",), sampling=replace(recipe.sampling, frame="first"))
    body = assemble.load_body(recipe)
    env = assemble.build(recipe, body, load_targets(recipe.targets, body), assemble.tracker_settings(recipe), SIZE)
    sizes = env.observation_size, env.task.action_size, env.stride_size
    return body, env, network.init(jax.random.key(0), recipe.network, *sizes)


def seen(env: Env, params: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Observations (STEPS + 1, B, O) and rewards (STEPS, B) under the policy's mode."""
    state = env.reset(jax.random.key(1), STAGE)
    observations, rewards = [state.observation], []
    for _ in range(STEPS):
        state, outcome = env.step(state, network.mode(params, state.observation), STAGE)
        assert not np.asarray(outcome.done).any()
        observations.append(state.observation)
        rewards.append(outcome.reward)
    return np.array(observations), np.array(rewards)


def test_the_rollout_sees_what_training_sees(tiny):
    body, env, params = tiny
    expected, _ = seen(env, params)
    policy = Policy(body, Player(env.task, env.clips, params, is_dynamic=env.engine.is_dynamic))
    data = mujoco.MjData(body.model)
    policy.start(data, 0.0)
    for step in range(STEPS + 1):
        mujoco.mj_step1(body.model, data)
        data.ctrl[:] = policy.excitations(data)
        np.testing.assert_allclose(policy._state.observation[0], expected[step, 0], rtol=1e-4, atol=1e-4)
        mujoco.mj_step2(body.model, data)
        for _ in range(4):
            mujoco.mj_step(body.model, data)


def test_both_engines_lead_to_the_same(tiny):
    """Relative to the largest number of each observation; forces differ by rounding in single precision."""
    pytest.importorskip("mujoco_warp", reason="the extra `warp` is not installed")
    body, env, params = tiny
    traced = replace(env, engine=engine.load(body.model, SIZE, kind="warp_cpu"))
    (expected, reward), (found, traced_reward) = seen(env, params), seen(traced, params)
    scale = np.abs(expected).max(axis=(0, 1)) + 1
    assert np.abs((found - expected) / scale).max() < 2e-3
    np.testing.assert_allclose(traced_reward, reward, atol=1e-3)
    assert (reward > 0).all()
