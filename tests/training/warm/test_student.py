"""The network learns what the linear map leaves, held-out labels are not shown to it, and a critic learns returns."""

import jax
import numpy as np
import pytest

from biomimic.training import network, normalize
from biomimic.training.actions import Actions, Dynamics, reachable
from biomimic.training.network import Network
from biomimic.training.ppo import PPO
from biomimic.training.warm import collect, critic, student
from biomimic.training.warm.settings import WarmStart

WIDTH, ACTIONS = 6, 2
MUSCLES = Dynamics(np.full(ACTIONS, 0.01), np.full(ACTIONS, 0.04), 5, 0.002)
WARM = WarmStart(rounds=1, epochs=30, batch=64, rate=3e-3, hold_out=0.1, values=60)


def fresh(*, skip: bool = False) -> network.Parameters:
    settings = Network(hidden=(32, 32), skip=skip, knots=2, head=0.0)
    params = network.init(jax.random.key(0), settings, WIDTH, ACTIONS, WIDTH if skip else 0)
    return params | {"normaliser": normalize.init(WIDTH)}


def labelled(count: int = 3000) -> student.Lesson:
    """Observations whose first three numbers are phase and flags, and a bent function of the other three."""
    rng = np.random.default_rng(1)
    seen = rng.normal(size=(count, WIDTH)).astype(np.float32)
    seen[:, 0], seen[:, 1:3] = rng.uniform(size=count), 1.0
    action = np.stack([np.abs(seen[:, 3]), seen[:, 4] * seen[:, 5]], axis=1)
    none = np.zeros((count, 0), np.float16)
    return student.Lesson(seen, action.astype(np.float32), none, Actions(kind="acceleration"), MUSCLES)


def test_network_learns_what_the_linear_map_leaves():
    taught = student.teach(fresh(skip=True), labelled(), WARM, seed=0)
    assert taught.skip == pytest.approx(
        np.mean(labelled().action ** 2), rel=1e-5
    )  # the table is zero: nothing explained
    assert taught.held_out < 0.3 * taught.skip
    assert taught.loss < 0.3 * taught.skip
    seen, action = labelled(200)[:2]
    assert np.mean((np.asarray(network.mode(taught.params, seen)) - action) ** 2) < 0.3 * np.mean(action**2)


def test_what_muscles_cannot_do_is_no_error():
    """Labels at the least activation that can be reached: whatever is asked for below them costs (nearly) nothing."""
    lesson = labelled(500)
    activation = np.full((500, ACTIONS), 0.8, np.float16)
    least, _ = reachable(MUSCLES, np.float32(activation))
    muscular = lesson._replace(
        action=np.asarray(least), activation=activation, actions=Actions(kind="activation", rest=0.0, gain=1.0)
    )
    below = student.teach(fresh(), muscular, WarmStart(rounds=1, epochs=0), seed=0)  # a fresh network asks for about 0
    above = student.teach(fresh(), muscular._replace(action=np.asarray(least) + 0.1), WarmStart(rounds=1), seed=0)
    assert below.skip < 0.05**2
    assert above.skip > 0.1**2


def test_without_epochs_the_policy_stays_the_linear_map():
    params = fresh(skip=True)
    taught = student.teach(params, labelled(), WarmStart(rounds=1, epochs=0), seed=0)
    assert taught.params is params and np.isnan(taught.held_out)


def test_same_seed_same_student():
    first, second = (student.teach(fresh(), labelled(600), WARM, seed=3) for _ in range(2))
    for one, other in zip(jax.tree.leaves(first.params), jax.tree.leaves(second.params)):
        assert np.array_equal(one, other)


def test_critic_learns_returns():
    """The reward is the fourth number of an observation that never changes: the return is 1 / (1 - 0.9) of it."""
    rng = np.random.default_rng(2)
    level = rng.uniform(0.5, 1.5, 64).astype(np.float32)
    seen = np.zeros((80, 64, WIDTH), np.float32)
    seen[..., 3] = level
    never = np.zeros((80, 64), bool)
    walked = collect.Rewards(seen, np.tile(level, (80, 1)), never, never)
    ppo = PPO(environments=64, discount=0.9, is_reward_scaled=False)
    policy, _, figures = critic.fit(fresh(), walked, WARM, ppo)
    assert figures["explained_variance"] > 0.9
    assert np.asarray(network.value(policy, seen[0])) == pytest.approx(10 * level, rel=0.1)


def test_returns_by_hand():
    """Discount 0.5, one body: rewards 1 2 3 4, a fall after the second; the mean reward is 2.5, so 5 lies beyond.

    From the end: 4 + 0.5 * 5 = 6.5, of which 0.5 is made up; 3 + 0.5 * 6.5 = 6.25 (0.25 made up); 2 at the fall, known;
    1 + 0.5 * 2 = 2, known.
    """
    reward, fell = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[False], [True], [False], [False]])
    value, known = critic.returns(reward, fell, np.zeros_like(fell), 0.5)
    assert value[:, 0] == pytest.approx([2.0, 2.0, 6.25, 6.5])
    assert known[:, 0].tolist() == [True, True, False, False]


def test_what_comes_before_a_fall_is_left_out():
    """Body 0 falls at step 5, having begun anew after step 3; body 1 is cut at step 2 and never falls."""
    fell, done = np.zeros((8, 2), bool), np.zeros((8, 2), bool)
    fell[5, 0] = done[5, 0] = done[3, 0] = done[2, 1] = True
    kept = collect._before_falls(fell, done, 4)
    assert kept[:, 0].tolist() == [True, True, True, True, False, False, True, True]
    assert kept[:, 1].all()
