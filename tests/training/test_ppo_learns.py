"""PPO learns a toy task from nothing: push a point to its goal and hold it there."""

import jax
import numpy as np
from jax import numpy as jnp

from biomimic.training import network, noise, optimise, ppo

BODIES, STEPS, UPDATES, HORIZON = 64, 16, 30, 50
SETTINGS = ppo.PPO(environments=BODIES, unroll=STEPS, minibatches=4, discount=0.95, noise=noise.Noise(0.03))
SHAPE = network.Network(hidden=(32, 32), std=0.5)
OPTIMISER = optimise.Optimiser(kind="muon", rate=1e-2, schedule="linear", horizon=UPDATES)


def _fresh(key):
    """Place and goal in [-1, 1], speed in [-0.5, 0.5], clock 0."""
    place, speed, goal = jax.random.uniform(key, (3, BODIES), minval=-1, maxval=1)
    return jnp.stack([place, 0.5 * speed, goal, jnp.zeros(BODIES)], axis=1)


def _step(carry, key):
    """One step of 0.1 s of a mass pushed with up to 3 N/kg; out of bounds is failure, 50 steps are the time limit."""
    body, offset, policy = carry
    draw, new, start = jax.random.split(key, 3)
    drawn = ppo.act(SETTINGS, policy, body[:, :3], offset, draw)
    push = jnp.clip(drawn.action[:, 0], -1, 1)
    place, speed, goal, clock = body.T
    speed = speed + 0.3 * push
    place = place + 0.1 * speed
    after = jnp.stack([place, speed, goal, clock + 1], axis=1)
    terminated = jnp.abs(place) > 3
    truncated = (clock + 1 >= HORIZON) & ~terminated
    done = (terminated | truncated)[:, None]
    body = jnp.where(done, _fresh(new), after)
    offset = jnp.where(done, noise.start(start, network.std(policy), BODIES), drawn.offset)
    reward = 1 - (place - goal) ** 2 - 0.01 * push**2
    row = ppo.Unroll(
        observation=carry[0][:, :3],
        action=drawn.action,
        log_probability=drawn.log_probability,
        value=drawn.value,
        reward=reward,
        next_value=network.value(policy, after[:, :3]),
        terminated=terminated,
        truncated=truncated,
        shift=drawn.shift,
    )
    return (body, offset, policy), row


def _train(seed):
    """Mean reward of each update, and the figures."""
    begin, body, run = jax.random.split(jax.random.key(seed), 3)
    learner = ppo.start(OPTIMISER, network.init(begin, SHAPE, 3, 1), 3, BODIES)

    def once(carry, key):
        learner, body, offset = carry
        collect, learn = jax.random.split(key)
        policy = ppo.policy(learner)
        (body, offset, _), unroll = jax.lax.scan(_step, (body, offset, policy), jax.random.split(collect, STEPS))
        learner, figures = ppo.update(SETTINGS, OPTIMISER, learner, unroll, learn)
        return (learner, body, offset), {**figures, "reward": jnp.mean(unroll.reward)}

    carry = (learner, _fresh(body), jnp.zeros((BODIES, 1)))
    return jax.lax.scan(once, carry, jax.random.split(run, UPDATES))[1]


def test_point_mass_is_learnt_by_three_seeds_of_three():
    quick = {"xla_backend_optimization_level": 0}  # nearly all of the time is compiling
    figures = jax.device_get(jax.jit(jax.vmap(_train), compiler_options=quick)(jnp.arange(3)))
    reward = figures["reward"]  # (3, UPDATES); 1 is the most there is, standing still gives about 1/3
    assert (reward[:, :5].mean(axis=1) < 0.5).all()
    assert (reward[:, -10:].mean(axis=1) > 0.8).all()
    assert (figures["explained_variance"][:, -10:].mean(axis=1) > 0.6).all()
    assert figures["skipped"].sum() == 0 and figures["dropped"].sum() == 0
    assert np.median(figures["kl"]) < 0.1
