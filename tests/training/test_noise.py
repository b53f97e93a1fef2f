"""Filtered exploration: its spread, its correlation, and the likelihood of what was drawn."""

import jax
import numpy as np
import pytest
import scipy.stats
from jax import numpy as jnp

from biomimic.training import noise


def test_rho_of_a_time_constant():
    assert noise.Noise().rho == 0.0 and noise.Noise().fresh == 1.0
    # 10 ms steps, 60 ms: exp(-1 / 6) = 0.84648, fresh = sqrt(1 - 0.71653) = 0.53242
    filtered = noise.Noise(time_constant_s=0.06)
    assert filtered.rho == pytest.approx(0.846482, abs=1e-6)
    assert filtered.fresh == pytest.approx(0.532417, abs=1e-6)


def test_log_probability_and_entropy_are_those_of_scipy():
    action, mean, std = np.array([0.3, -1.0]), np.array([0.1, 0.5]), np.array([0.2, 2.0])
    expected = scipy.stats.norm(mean, std).logpdf(action).sum()
    assert float(noise.log_probability(*map(jnp.asarray, (action, mean, std)))) == pytest.approx(expected, rel=1e-6)
    # one dimension of spread 1: 0.5 log(2 pi e) = 1.418939
    assert float(noise.entropy(jnp.ones(1))) == pytest.approx(1.418939, abs=1e-6)
    assert float(noise.entropy(jnp.asarray(std))) == pytest.approx(scipy.stats.norm(0, std).entropy().sum(), rel=1e-6)


def _run(settings, steps, bodies, std):
    mean = jnp.broadcast_to(jnp.array([1.0, -3.0]), (bodies, 2))

    def step(previous, key):
        drawn = noise.draw(settings, key, mean, std, previous)
        return drawn.offset, drawn

    start = noise.start(jax.random.key(1), std, bodies)
    return jax.lax.scan(step, start, jax.random.split(jax.random.key(0), steps))[1]


def test_spread_is_stationary_and_neighbours_correlate_by_rho():
    settings, std = noise.Noise(time_constant_s=0.05), jnp.array([0.5, 0.1])
    run = _run(settings, 200, 2000, std)
    offset = np.asarray(run.offset)
    np.testing.assert_allclose(offset[0].std(axis=0), std, rtol=0.06)  # from the first step on; 2000 draws
    np.testing.assert_allclose(offset.std(axis=(0, 1)), std, rtol=0.01)
    for lag in (1, 5):
        pairs = np.corrcoef(offset[:-lag, :, 0].ravel(), offset[lag:, :, 0].ravel())[0, 1]
        assert pairs == pytest.approx(settings.rho**lag, abs=0.01)


def test_sum_of_conditional_likelihoods_is_the_likelihood_of_the_whole_run():
    """Chain rule: the first step's density and the conditional ones multiply to the process's joint density."""
    settings, std = noise.Noise(time_constant_s=0.03), jnp.array([0.5, 0.1])
    run = _run(settings, 6, 1, std)
    offset = np.asarray(run.offset)[:, 0, 0].astype(float)
    apart = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    joint = scipy.stats.multivariate_normal(np.zeros(6), 0.5**2 * settings.rho**apart).logpdf(offset)
    first = scipy.stats.norm(0, 0.5).logpdf(offset[0])
    one = noise.log_probability(run.offset[1:, :, :1], run.shift[1:, :, :1], settings.fresh * std[:1])
    assert first + float(one.sum()) == pytest.approx(joint, rel=1e-4)


def test_white_noise_has_no_shift():
    run = _run(noise.Noise(), 3, 4, jnp.array([0.5, 0.1]))
    np.testing.assert_array_equal(run.shift, 0.0)
    expected = scipy.stats.norm([1.0, -3.0], [0.5, 0.1]).logpdf(np.asarray(run.action)).sum(axis=-1)
    np.testing.assert_allclose(run.log_probability, expected, rtol=1e-5, atol=1e-5)
