"""Adaptive sampling, curricula, advantages and losses of MuscleMimic 0.1.0 itself are ours on the same numbers.

Runs in an environment of its own: `python -m tox run -e musclemimic`.
"""

from importlib import metadata

import jax.numpy as jnp
import numpy as np
import pytest

from biomimic.training import curriculum, losses, ppo, sampling
from biomimic.training.reward import Weights

pytest.importorskip("musclemimic", reason="MuscleMimic is compared with in an environment of its own")
if metadata.version("musclemimic") != "0.1.0":
    pytest.skip("these tests compare with musclemimic 0.1.0", allow_module_level=True)
theirs_sampling = pytest.importorskip("musclemimic.algorithms.common.adaptive_sampling")
theirs_curriculum = pytest.importorskip("musclemimic.algorithms.common.curriculum")
theirs_buffer = pytest.importorskip("musclemimic.rl_core.rollout_buffer")
theirs_loss = pytest.importorskip("musclemimic.algorithms.ppo.loss")

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


@pytest.mark.parametrize("seed", range(3))
def test_adaptive_sampling(seed):
    random = np.random.default_rng(seed)
    settings = sampling.Sampling(adaptive=True, exponent=1.0 + seed)
    tally = sampling.start(30, settings)
    for _ in range(4):
        clip = jnp.asarray(random.integers(0, 30, (7, 11)))
        failed, cut = jnp.asarray(random.random((7, 11)) < 0.3), jnp.asarray(random.random((7, 11)) < 0.3)
        _, done, early = theirs_sampling.compute_per_traj_termination_stats(
            {"final_traj_no": clip}, failed | cut, failed, 30
        )
        ended, terminated = sampling.count(clip, failed, cut, 30)
        np.testing.assert_array_equal(ended, done)
        np.testing.assert_array_equal(terminated, early)
        weights, *_ = theirs_sampling.compute_adaptive_weights(
            done, early, tally.ended, tally.failed, beta=0.2, alpha=settings.exponent, floor_mix=0.1
        )
        tally = sampling.update(tally, ended, terminated, settings)
        np.testing.assert_allclose(tally.weights, weights, rtol=1e-5)


def test_curricula():
    """400 updates with rates that wander: the same limit and the same weights all along."""
    mine = curriculum.Curriculum(curriculum.Tightening(patience=3, smoothing=0.5), curriculum.Growing(growth=0.1))
    limits = mine.tightening
    settings = {
        "init_ema_val": 1.0, "low_band": limits.low, "high_band": limits.high, "adjust_factor": limits.factor,
        "consecutive_k": 3, "min_threshold": limits.least, "ema_alpha": 0.5,
    }  # fmt: skip
    constants = theirs_curriculum.create_curriculum_params(settings)
    theirs = theirs_curriculum.create_curriculum_state(limits.first, 1.0)
    grown = theirs_curriculum.create_reward_curriculum_state({"qvel_w_sum_init": 0.1, "root_vel_w_sum_init": 0.1})
    state, random, seen = curriculum.start(mine, Weights()), np.random.default_rng(0), set()
    for step in range(400):
        rate = jnp.float32(np.clip(0.13 + 0.13 * np.sin(step / 20) + 0.05 * random.normal(), 0, 1))
        theirs, _, _ = theirs_curriculum.update_curriculum_state(theirs, rate, constants)
        grown = theirs_curriculum.update_reward_curriculum_state(grown, rate, 0.2, 0.1, 0.4, 0.4, 0.08, 5)
        state = curriculum.update(state, rate, mine)
        assert float(state.limit) == pytest.approx(float(theirs.current_threshold), rel=1e-5)
        assert float(state.weights[0]) == pytest.approx(float(grown.qvel_w_sum), rel=1e-5)
        seen.add((round(float(state.limit), 4), round(float(state.weights[0]), 4)))
    assert len(seen) > 10


@pytest.mark.parametrize("seed", range(3))
def test_advantages_and_losses(seed):
    """GAE of random unrolls in which episodes end both ways, clipped surrogate and value loss."""
    random = np.random.default_rng(seed)
    rewards, values = random.normal(size=(2, 12, 5)).astype("float32")
    last = random.normal(size=5).astype("float32")
    failed, cut = random.random((2, 12, 5)) < 0.15
    cut &= ~failed
    unroll = [jnp.asarray(part) for part in (rewards, values, failed | cut, failed, last)]
    theirs, _ = theirs_buffer.compute_gae(*unroll, 0.99, 0.95)
    following = np.concatenate([values[1:], last[None]])
    settings = ppo.PPO(discount=0.99, trace=0.95)
    np.testing.assert_allclose(ppo.gae(settings, rewards, values, following, failed, cut), theirs, rtol=1e-4, atol=1e-5)
    new, old, gain = random.normal(size=(3, 40)).astype("float32") * 0.3
    assert float(jnp.mean(losses.surrogate(new - old, gain, 0.2))) == pytest.approx(
        float(theirs_loss.ppo_actor_loss(new, old, gain, 0.2)), rel=1e-4, abs=1e-6
    )
    assert float(jnp.mean(losses.value_loss(new, old, gain, 0.2))) == pytest.approx(
        float(theirs_loss.ppo_value_loss(new, old, gain, 0.2)), rel=1e-4
    )
