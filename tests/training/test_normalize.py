"""Running statistics: those of NumPy over all data, and none from what is not finite."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp

from biomimic.training import normalize


def test_equals_numpy_over_all_batches():
    rng = np.random.default_rng(0)
    rows = rng.normal([1.0, -20.0, 300.0], [0.1, 5.0, 2.0], (5000, 3)).astype(np.float32)
    statistics = normalize.init(3)
    for part in np.split(rows, [1, 7, 1000, 1003, 3000]):
        statistics = jax.jit(normalize.update)(statistics, part)
    np.testing.assert_allclose(statistics["mean"], rows.astype(float).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(statistics["variance"], rows.astype(float).var(axis=0), rtol=1e-4)
    assert float(statistics["count"]) == 5000


def test_two_batches_by_hand():
    # 1 and 3, then 8: mean 4, variance ((-3)^2 + (-1)^2 + 4^2) / 3 = 26 / 3
    first = normalize.update(normalize.init(1), jnp.array([[1.0], [3.0]]))
    assert (float(first["mean"][0]), float(first["variance"][0])) == (2.0, 1.0)
    both = normalize.update(first, jnp.array([[8.0]]))
    assert float(both["mean"][0]) == pytest.approx(4.0)
    assert float(both["variance"][0]) == pytest.approx(26 / 3)
    # the value 8 is 4 above the mean: 4 / sqrt(26 / 3) = 1.3587
    assert float(normalize.apply(both, jnp.array([8.0]))[0]) == pytest.approx(1.35873, abs=1e-5)


def test_without_data_nothing_changes_but_the_far_ends():
    seen = normalize.apply(normalize.init(3), jnp.array([0.5, -2.0, 1e6]))
    np.testing.assert_allclose(seen, [0.5, -2.0, 10.0], rtol=1e-6)


def test_rows_that_are_not_finite_are_left_out():
    rows = jnp.array([[1.0, 2.0], [jnp.nan, 5.0], [3.0, 4.0], [jnp.inf, 0.0]])
    statistics = normalize.update(normalize.init(2), rows)
    np.testing.assert_allclose(statistics["mean"], [2.0, 3.0])
    assert float(statistics["count"]) == 2
    nothing = normalize.update(statistics, jnp.full((3, 2), jnp.nan))
    for name, value in statistics.items():
        np.testing.assert_array_equal(nothing[name], value)


def test_reward_is_divided_by_the_spread_of_the_discounted_return():
    # One body, discount 0.5, rewards 1 2 | 4 with an end after the second: returns 1, 2.5, 4
    reward = jnp.array([[1.0], [2.0], [4.0]])
    done = jnp.array([[False], [True], [False]])
    scale, scaled = normalize.scaled(normalize.scale(1), reward, done, 0.5)
    spread = np.std([1.0, 2.5, 4.0])
    np.testing.assert_allclose(scaled[:, 0], np.array([1.0, 2.0, 4.0]) / spread, rtol=1e-5)
    assert float(scale.running[0]) == 4.0  # carried on into the next batch
    scale, scaled = normalize.scaled(scale, jnp.array([[1.0]]), jnp.array([[True]]), 0.5)
    assert float(normalize.spread(scale)) == pytest.approx(np.std([1.0, 2.5, 4.0, 3.0]), rel=1e-5)
    assert float(scale.running[0]) == 0.0


def test_scaled_rewards_do_not_depend_on_their_unit():
    reward = jax.random.normal(jax.random.key(0), (20, 4))
    done = jax.random.uniform(jax.random.key(1), (20, 4)) < 0.1
    first = normalize.scaled(normalize.scale(4), reward, done, 0.9)[1]
    other = normalize.scaled(normalize.scale(4), 1000 * reward, done, 0.9)[1]
    np.testing.assert_allclose(first, other, rtol=1e-4)


def test_a_reward_that_is_no_number_does_not_reach_the_scale():
    reward = jnp.array([[1.0, jnp.nan], [2.0, 3.0]])
    scale, _ = normalize.scaled(normalize.scale(2), reward, jnp.zeros((2, 2), bool), 0.5)
    assert np.isfinite(jax.tree.leaves(jax.tree.map(np.asarray, scale))[0]).all()
    assert float(normalize.spread(scale)) == pytest.approx(np.std([1.0, 2.5, 3.0]), rel=1e-5)
