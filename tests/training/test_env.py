"""The environment: starts, ends, renewal of single bodies, and what an unroll keeps of them."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from biomimic.training import assemble, examples, network, ppo, sampling, unroll
from biomimic.training.actions import Actions
from biomimic.training.env import Stage
from biomimic.training.observation import Blocks
from biomimic.training.ppo import PPO
from biomimic.training.recipe import Body, Course, Recipe, Start
from biomimic.training.termination import Limits

BODIES, HORIZON = 4, 5
RECIPE = Recipe(
    title="to look at",
    body=Body("tiny", "tiny", threads=1),
    start=Start(activation=0.2),
    course=Course(horizon=HORIZON),
    actions=Actions(rest=0.2),
    observation=Blocks(muscle_length=False, muscle_speed=False, muscle_force=False, sites=False, goal="none"),
    limits=Limits(sites=0.2, root=0.5),
    network=network.Network(hidden=(8,)),
    ppo=PPO(environments=BODIES, unroll=2 * HORIZON, minibatches=2),
)
STAGE = Stage(jnp.array([0.25, 0.75]), {}, None)


@pytest.fixture(scope="module")
def env():
    body = assemble.load_body(RECIPE)
    targets = list(examples.tiny_targets(body, 2, seconds=2.0).values())
    return assemble.build(RECIPE, body, targets, None, BODIES)


def _still(env):
    return jnp.zeros((BODIES, env.task.action_size))


def test_bodies_start_in_their_clips_above_the_origin(env):
    state = env.reset(jax.random.key(0), STAGE)
    start = np.asarray(env.clips.start)[np.asarray(state.clip)] + np.asarray(state.frame, int)
    wanted = np.asarray(env.clips.qpos)[start]
    np.testing.assert_allclose(state.view.qpos[:, 2:], wanted[:, 2:], atol=1e-6)
    np.testing.assert_allclose(state.view.qpos[:, :2], 0, atol=1e-7)
    np.testing.assert_allclose(state.origin, -wanted[:, :2], atol=1e-6)
    np.testing.assert_allclose(state.view.qvel, np.asarray(env.clips.qvel)[start], atol=1e-6)
    np.testing.assert_allclose(state.view.activation, 0.2, atol=1e-6)
    assert state.observation.shape == (BODIES, env.observation_size) and np.isfinite(state.observation).all()


def test_the_same_key_gives_the_same_bits_and_another_another_start(env):
    first, again, other = (env.reset(jax.random.key(seed), STAGE) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.observation, again.observation)
    assert not np.array_equal(first.frame, other.frame)
    assert len(set(np.asarray(first.frame))) > 1  # every body has a stream of its own


def test_out_of_time_is_truncated_and_all_begin_anew(env):
    state = env.reset(jax.random.key(0), STAGE)
    for step in range(1, HORIZON + 1):
        state, outcome = env.step(state, _still(env), STAGE)
        np.testing.assert_array_equal(outcome.age, step)
        np.testing.assert_array_equal(outcome.truncated, step == HORIZON)
        assert not outcome.terminated.any() and (outcome.reward > 0).all()
    np.testing.assert_array_equal(state.age, 0)
    np.testing.assert_allclose(state.view.qpos[:, :2], 0, atol=1e-7)


def test_a_body_whose_state_is_no_number_is_terminated_alone(env):
    """Only its own row begins anew; it gains nothing, and nothing that is no number gets out."""
    state = env.reset(jax.random.key(0), STAGE)
    state, _ = env.step(state, _still(env), STAGE)
    physics = jax.tree.map(np.array, state.physics)
    physics.qvel[1] = np.nan
    physics = env.engine.put(physics)
    state, outcome = env.step(state._replace(physics=physics), _still(env), STAGE)
    np.testing.assert_array_equal(outcome.terminated, [False, True, False, False])
    np.testing.assert_array_equal(state.age, [2, 0, 2, 2])
    assert outcome.reward[1] == 0 and (outcome.reward[jnp.array([0, 2, 3])] > 0).all()
    assert np.isfinite(outcome.observation).all() and np.isfinite(state.observation).all()
    assert all(np.isfinite(term).all() for term in outcome.terms.values())


@pytest.mark.slow
def test_a_limit_from_a_curriculum_takes_the_place_of_the_recipes(env):
    state = env.reset(jax.random.key(0), STAGE)
    _, outcome = env.step(state, _still(env), STAGE._replace(limit=jnp.float32(1e-6)))
    assert outcome.terminated.all() and not outcome.truncated.any()


@pytest.fixture(scope="module")
def collected(env):
    params = network.init(jax.random.key(3), RECIPE.network, env.observation_size, env.task.action_size)
    policy = ppo.policy(ppo.start(RECIPE.optimiser, params, env.observation_size, BODIES))
    flow = unroll.begin(env, policy, STAGE, jax.random.key(4))
    return policy, unroll.collect(env, RECIPE.ppo, policy, flow, STAGE, jax.random.key(5))


def test_values_after_a_step_are_those_before_the_renewal(env, collected):
    """The second half of the unroll starts anew; a longer horizon shows what would have been seen instead."""
    policy, (_, batch, _) = collected
    running = ~(batch.terminated | batch.truncated)[:-1]
    np.testing.assert_array_equal(batch.next_value[:-1][running], batch.value[1:][running])
    last = HORIZON - 1
    assert batch.truncated[last].all()
    on = replace(env, task=replace(env.task, horizon=10 * HORIZON))
    state = on.reset(jax.random.split(jax.random.key(4))[0], STAGE)
    for action in batch.action[:HORIZON]:
        state, _ = on.step(state, action, STAGE)
    np.testing.assert_allclose(batch.next_value[last], network.value(policy, state.observation), rtol=1e-5)
    assert not np.allclose(batch.next_value[last], batch.value[HORIZON])


def test_figures_of_an_unroll_by_hand(collected):
    _, (flow, batch, sums) = collected
    found = unroll.means(sums)
    assert float(sums["episodes"]) == 2 * BODIES and found["length"] == HORIZON and found["fall_rate"] == 0
    assert found["reward"] == pytest.approx(float(batch.reward.mean()), rel=1e-5)
    assert found["return"] == pytest.approx(float(batch.reward.sum()) / (2 * BODIES), rel=1e-5)
    assert float(sums["clip_ends"].sum()) == 2 * BODIES
    np.testing.assert_array_equal(flow.gathered, 0)


def test_clips_are_drawn_by_their_chances(env):
    def draw(key):
        return sampling.draw(key, STAGE.chance, env.clips, RECIPE.sampling)[0]

    clips = jax.jit(jax.vmap(draw))(jax.random.split(jax.random.key(0), 2000))
    assert float(clips.mean()) == pytest.approx(0.75, abs=0.04)  # four standard errors
