"""PPO: worked cases of its terms, and what an update does and leaves alone."""

from dataclasses import replace
from functools import cache, partial

import jax
import numpy as np
import pytest
from jax import numpy as jnp

from biomimic import config
from biomimic.errors import BadValue
from biomimic.training import losses, network, noise, normalize, optimise, ppo

T, B, WIDTH, A = 4, 8, 3, 2  # steps, bodies, numbers of an observation and of an action
SETTINGS = ppo.PPO(environments=B, unroll=T, minibatches=2)
OPTIMISER = optimise.Optimiser(kind="adam", rate=1e-3)


def _column(*values):
    return jnp.asarray(values, jnp.float32)[:, None]


def _ends(*steps, of):
    return jnp.array([step in steps for step in range(of)])[:, None]


def _gae(settings, reward, value, next_value, terminated=(), truncated=()):
    over = (_ends(*terminated, of=len(reward)), _ends(*truncated, of=len(reward)))
    return np.asarray(ppo.gae(settings, _column(*reward), _column(*value), _column(*next_value), *over))[:, 0]


def test_gae_with_truncation_and_termination():
    # discount 0.5, trace 0.5. Step 4 fails:             1            - 4 = -3
    # step 3 is cut off, its value counts:               1 + 0.5 * 9  - 3 = 2.5, and nothing of step 4
    # step 2:  1 + 0.5 * 3 - 2 = 0.5,                    0.5 + 0.25 * 2.5   = 1.125
    # step 1:  1 + 0.5 * 2 - 1 = 1,                      1 + 0.25 * 1.125   = 1.28125
    settings = ppo.PPO(discount=0.5, trace=0.5)
    found = _gae(settings, (1, 1, 1, 1), (1, 2, 3, 4), (2, 3, 9, 5), terminated=(3,), truncated=(2,))
    np.testing.assert_array_equal(found, [1.28125, 1.125, 2.5, -3.0])


@pytest.mark.oracle
def test_gae_of_musclemimic():
    """Reward 1, value 0.5, discount 0.99, trace 0.95, three steps; values of its tests."""
    settings, row = ppo.PPO(), (0.5,) * 3
    np.testing.assert_allclose(_gae(settings, (1, 1, 1), row, row), [2.8109, 1.9308, 0.995], atol=5e-5)
    assert _gae(settings, (1, 1, 1), row, row, terminated=(2,))[2] == pytest.approx(0.5)
    assert _gae(settings, (1, 1, 1), row, row, truncated=(2,))[2] == pytest.approx(0.995)
    assert _gae(settings, (1, 1, 1), row, row, truncated=(0,))[0] == pytest.approx(0.995)


def test_gae_with_full_trace_is_the_return_less_the_value():
    settings = ppo.PPO(discount=0.9, trace=1.0)
    found = _gae(settings, (1, 2, 3), (10, 20, 30), (20, 30, 40))
    assert found[0] == pytest.approx(1 + 0.9 * 2 + 0.81 * 3 + 0.729 * 40 - 10, rel=1e-6)


def test_gae_never_reads_the_value_after_a_failure():
    found = _gae(ppo.PPO(), (1, 1), (0, 0), (1, np.nan), terminated=(1,))
    assert found == pytest.approx([1 + 0.99 + 0.99 * 0.95, 1.0])


@pytest.mark.parametrize(
    ("ratio", "advantage", "expected"),
    [
        (1.5, 1.0, -1.2),  # the gain is clipped: min(1.5, 1.2)
        (1.5, -1.0, 1.5),  # the loss is not
        (0.5, 1.0, -0.5),
        (0.5, -1.0, 0.8),
        (1.1, 2.0, -2.2),  # inside
    ],
)
def test_clipped_surrogate(ratio, advantage, expected):
    assert float(losses.surrogate(jnp.log(ratio), advantage, 0.2)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("value", "clip", "expected"),
    [
        (1.5, 0.2, 0.5 * 0.8**2),  # target 2, old 1: 1.5 errs by 0.5, but 1 + 0.2 errs by 0.8
        (1.1, 0.2, 0.5 * 0.9**2),  # not clipped
        (3.0, 0.2, 0.5 * 1.0**2),  # the larger of 1 and 0.8
        (1.5, 0.0, 0.5 * 0.5**2),  # no clip
    ],
)
def test_value_clip(value, clip, expected):
    assert float(losses.value_loss(value, 1.0, 2.0, clip)) == pytest.approx(expected, rel=1e-6)


def test_approximate_kl():
    # ratio 1.5: 0.5 - log 1.5 = 0.0945349; ratio 0.5: -0.5 + log 2 = 0.1931472; ratio 1: 0
    found = losses.divergence(jnp.log(jnp.array([1.5, 0.5, 1.0])))
    np.testing.assert_allclose(found, [0.0945349, 0.1931472, 0.0], atol=1e-6)
    # and its mean over draws of the old policy is the KL: N(0, 1) against N(0.1, 1) has 0.1^2 / 2 = 0.005
    draws = jax.random.normal(jax.random.key(0), (200_000,))
    assert float(losses.divergence(0.1 * draws - 0.005).mean()) == pytest.approx(0.005, rel=0.02)


def test_explained_variance():
    target, weight = jnp.array([1.0, 2.0, 3.0, 99.0]), jnp.array([1.0, 1.0, 1.0, 0.0])
    assert float(losses.explained(target, target, weight)) == pytest.approx(1.0)
    assert float(losses.explained(jnp.full(4, 7.0), target, weight)) == pytest.approx(0.0, abs=1e-6)
    # errors 0, 1, 0 (variance 2 / 9) against targets 1, 2, 3 (variance 2 / 3): 1 - 1 / 3
    assert float(losses.explained(jnp.array([1.0, 1.0, 3.0, 0.0]), target, weight)) == pytest.approx(2 / 3)


def test_imitation_weight_falls_to_nothing():
    settings = ppo.PPO(imitation=2.0, imitation_until=10)
    assert [float(ppo.imitation_weight(settings, update)) for update in (0, 5, 10, 11)] == [2.0, 1.0, 0.0, 0.0]
    assert float(ppo.imitation_weight(ppo.PPO(imitation=2.0), 10**6)) == 2.0


@cache
def _params():
    return network.init(jax.random.key(0), network.Network(hidden=(8, 8)), WIDTH, A)


def _learner(optimiser=OPTIMISER):
    return ppo.start(optimiser, _params(), WIDTH, B)


@cache
def _unroll():
    """Steps drawn from the policy itself; body 3 fails at step 1, body 5 is cut off at step 2."""
    keys = jax.random.split(jax.random.key(1), 5)
    observation = jax.random.normal(keys[0], (T, B, WIDTH))
    rows = observation.reshape(-1, WIDTH)
    seen = ppo.act(SETTINGS, ppo.policy(_learner()), rows, jnp.zeros((T * B, A)), keys[1])
    return ppo.Unroll(
        observation,
        seen.action.reshape(T, B, A),
        seen.log_probability.reshape(T, B),
        seen.value.reshape(T, B),
        jax.random.normal(keys[2], (T, B)),
        jax.random.normal(keys[3], (T, B)),
        jnp.zeros((T, B), bool).at[1, 3].set(True),
        jnp.zeros((T, B), bool).at[2, 5].set(True),
    )


@cache
def _update(settings=SETTINGS, optimiser=OPTIMISER):
    quick = {"xla_backend_optimization_level": 0}  # compiles in two thirds of the time
    return jax.jit(partial(ppo.update, settings, optimiser), compiler_options=quick)


KEY = jax.random.key(7)


def _same(left, right):
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(left), jax.tree.leaves(right)))


def test_one_update():
    learner, unroll = _learner(), _unroll()
    after, figures = _update()(learner, unroll, KEY)
    assert not _same(after.params["actor"], learner.params["actor"])
    assert not _same(after.params["critic"], learner.params["critic"])
    assert int(after.updates) == 1 and int(figures["skipped"]) == 0 and float(figures["dropped"]) == 0
    assert float(figures["rate"]) == pytest.approx(1e-3)
    rows = np.asarray(unroll.observation).reshape(-1, WIDTH)
    np.testing.assert_allclose(after.normaliser["mean"], rows.mean(axis=0), atol=1e-6)
    again, same = _update()(learner, unroll, KEY)
    assert _same(again, after) and _same(same, figures)


def test_first_step_of_an_update_sees_the_policy_that_acted():
    """With filtered noise too ratios are 1 before anything moved: no KL, no clip, loss minus the mean advantage."""
    settings = replace(SETTINGS, minibatches=1, advantage="raw", noise=noise.Noise(time_constant_s=0.05))
    learner, unroll = _learner(), _unroll()
    with pytest.raises(BadValue, match="an unroll needs `shift`"):
        ppo.update(settings, OPTIMISER, learner, unroll, KEY)
    previous = 0.2 * jax.random.normal(KEY, (T * B, A))
    seen = ppo.act(settings, ppo.policy(learner), unroll.observation.reshape(-1, WIDTH), previous, KEY)
    np.testing.assert_allclose(seen.shift, settings.noise.rho * previous, rtol=1e-6)
    unroll = unroll._replace(
        action=seen.action.reshape(T, B, A),
        log_probability=seen.log_probability.reshape(T, B),
        shift=seen.shift.reshape(T, B, A),
    )
    figures = _update(settings)(learner, unroll, KEY)[1]
    assert float(figures["kl"]) == pytest.approx(0.0, abs=1e-6)
    assert float(figures["clip_share"]) == 0.0
    reward = normalize.scaled(learner.scale, unroll.reward, unroll.terminated | unroll.truncated, 0.99)[1]
    advantage = ppo.gae(settings, reward, unroll.value, unroll.next_value, unroll.terminated, unroll.truncated)
    assert float(figures["policy_loss"]) == pytest.approx(-float(advantage.mean()), abs=1e-5)
    assert float(figures["value_loss"]) == pytest.approx(0.5 * float((advantage**2).mean()), rel=1e-4)


def test_every_sample_is_seen_once_in_an_epoch_and_keeps_to_its_group():
    settings = replace(SETTINGS, epochs=3, groups=2, minibatches=4)
    order = np.asarray(ppo._order(settings, KEY, (2, 16)))
    assert order.shape == (12, 2, 4)
    for epoch in np.split(order, 3):
        for group in (0, 1):
            assert sorted(epoch[:, group].ravel()) == list(range(16))
    assert not np.array_equal(order[:4], order[4:8])


def test_batch_of_nan_changes_no_parameter():
    learner, unroll = _learner(), _unroll()
    first, _ = _update()(learner, unroll, KEY)  # so that there are moments that could move
    for field in ("reward", "observation", "log_probability"):
        bad = unroll._replace(**{field: jnp.full_like(getattr(unroll, field), jnp.nan)})
        after, figures = _update()(first, bad, KEY)
        assert _same(after.params, first.params) and _same(after.moments, first.moments), field
        assert int(figures["skipped"]) == 2 and int(after.skipped) == 2
        assert float(figures["dropped"]) == 1.0 and np.isnan(figures["policy_loss"])
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((after.normaliser, after.scale)))


def test_one_body_that_is_lost_leaves_the_others():
    learner, unroll = _learner(), _unroll()
    bad = unroll._replace(
        observation=unroll.observation.at[2, 0].set(jnp.nan), reward=unroll.reward.at[3, 1].set(jnp.inf)
    )
    after, figures = _update()(learner, bad, KEY)
    # body 0 loses one sample; body 1 all four, as each advantage contains the last reward
    assert float(figures["dropped"]) == pytest.approx(5 / (T * B))
    assert int(figures["skipped"]) == 0
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after))
    assert not _same(after.params["actor"], learner.params["actor"])


def test_imitation_draws_the_mean_to_the_labels_and_frozen_parts_stay():
    """Labels count where their weight is 1, and where there is no number none is needed."""
    settings = replace(SETTINGS, imitation=100.0, epochs=10, is_normaliser_frozen=True)
    optimiser = replace(OPTIMISER, rate=1e-2, frozen=("critic", "std"))
    label = jnp.full((T, B, A), 0.7).at[:, 0].set(jnp.nan)
    unroll = _unroll()._replace(label=label, label_weight=jnp.ones((T, B)).at[:, 1].set(0.0))
    start = learner = _learner(optimiser)
    distance = []
    for _ in range(6):
        learner, figures = _update(settings, optimiser)(learner, unroll, KEY)
        distance.append(float(figures["imitation_loss"]))
        assert int(figures["skipped"]) == 0
    assert distance[0] < 0.7**2 and distance[-1] < 0.1 * distance[0]
    assert not _same(learner.params["actor"], start.params["actor"])
    assert _same(learner.params["critic"], start.params["critic"])
    assert _same(learner.params["std"], start.params["std"])
    assert _same(learner.normaliser, start.normaliser)


def test_rate_follows_the_kl():
    def factor(kl, before=1.0, **changes):
        return float(ppo._factor(replace(SETTINGS, **changes), jnp.float32(before), jnp.float32(kl)))

    assert factor(0.5, target_kl=0.02) == pytest.approx(1 / 1.5)
    assert factor(0.001, target_kl=0.02) == pytest.approx(1.5)
    assert factor(0.02, target_kl=0.02) == 1.0 and factor(np.nan, target_kl=0.02) == 1.0 and factor(9.0) == 1.0
    assert factor(0.001, before=9.0, target_kl=0.02) == 10.0


def test_policy_of_a_checkpoint_starts_a_learner_with_its_statistics():
    after, _ = _update()(_learner(), _unroll(), KEY)
    later = ppo.start(OPTIMISER, ppo.policy(after), WIDTH, B)
    assert _same(later.normaliser, after.normaliser) and "normaliser" not in later.params


def test_settings():
    assert SETTINGS.batch == 16
    assert config.loads(ppo.PPO, config.dumps(SETTINGS)) == SETTINGS
    with pytest.raises(BadValue, match="8 environments in 1 groups, 5 steps each, cannot be cut into 3 minibatches"):
        ppo.PPO(environments=8, unroll=5, minibatches=3)
    with pytest.raises(BadValue, match="target_kl needs two minibatches"):
        ppo.PPO(minibatches=1, target_kl=0.1)
    with pytest.raises(BadValue, match="wants 5 steps of 8 environments; the unroll has 4 steps of 8"):
        ppo.update(replace(SETTINGS, unroll=5), OPTIMISER, _learner(), _unroll(), KEY)
