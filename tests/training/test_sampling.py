"""Where episodes start: counts and weights by hand, bounds of the weights, and draws that keep to them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_swings import made, swinging

from biomimic.training import clips, sampling
from biomimic.training.sampling import Sampling

ADAPTIVE = Sampling(adaptive=True)
priorities = jax.jit(sampling.priorities, static_argnums=1)


def test_counts_by_hand():
    """Four episodes end in two steps of four bodies: clip 0 terminated once of two, clip 2 once of two."""
    clip = jnp.array([[0, 0, 1, 2], [0, 0, 1, 2]])
    failed = jnp.array([[1, 0, 0, 1], [0, 0, 0, 0]], dtype=bool)
    cut = jnp.array([[0, 1, 0, 0], [0, 0, 0, 1]], dtype=bool)
    ended, terminated = sampling.count(clip, failed, cut, 3)
    assert ended.tolist() == [2, 0, 2] and terminated.tolist() == [1, 0, 1]


def test_running_counts_by_hand():
    """(1 - 0.2) old + 0.2 new from the priors 10 and 5: 8.4 ended, 4.4 failed; rate 0.5238."""
    tally = sampling.update(sampling.start(2, ADAPTIVE), jnp.array([2.0, 0.0]), jnp.array([2.0, 0.0]), ADAPTIVE)
    np.testing.assert_allclose(tally.ended, [8.4, 8.0], rtol=1e-6)
    np.testing.assert_allclose(tally.failed, [4.4, 4.0], rtol=1e-6)
    share = (4.4 / 8.4) / (4.4 / 8.4 + 0.5)
    np.testing.assert_allclose(tally.weights, [0.9 * share + 0.05, 0.9 * (1 - share) + 0.05], rtol=1e-5)


@pytest.mark.published
@pytest.mark.parametrize("exponent", [0.5, 1.0, 3.0])
def test_weights_add_to_one_and_none_is_below_the_floor(exponent):
    """MuscleMimic: sum 1 to 1e-5, each at least floor / N."""
    settings = dataclasses.replace(ADAPTIVE, exponent=exponent, floor=0.2)
    rate = jnp.asarray(np.random.default_rng(0).uniform(size=50).astype("float32")).at[3].set(0.0)
    weights = priorities(rate, settings)
    assert float(weights.sum()) == pytest.approx(1.0, abs=1e-5)
    assert float(weights.min()) >= 0.2 / 50 - 1e-9
    assert (np.argsort(weights) == np.argsort(rate)).all()  # what fails more is drawn more


@pytest.mark.published
@pytest.mark.parametrize("rates", [[0.3] * 4, [0.0] * 4, [np.nan] * 4, [np.inf] * 4])
def test_equal_or_broken_rates_are_uniform(rates):
    np.testing.assert_allclose(priorities(jnp.array(rates), ADAPTIVE), [0.25] * 4, rtol=1e-5)


def test_a_broken_rate_does_not_spoil_the_others():
    found = priorities(jnp.array([np.nan, 0.5, 0.5]), ADAPTIVE)
    np.testing.assert_allclose(found, [0.1 / 3, 0.45 + 0.1 / 3, 0.45 + 0.1 / 3], rtol=1e-5)


def test_without_adaptation_all_clips_stay_alike():
    tally = sampling.update(sampling.start(3, Sampling()), jnp.array([9.0, 0, 0]), jnp.array([9.0, 0, 0]), Sampling())
    np.testing.assert_allclose(tally.weights, [1 / 3] * 3, rtol=1e-6)
    assert float(tally.failed[0]) > float(tally.failed[1])  # but they are counted


@pytest.fixture(scope="module")
def packed():
    """Clips of 3 frames and of one period of 130 frames."""
    embodiment, body = made("tiny")
    return clips.pack([swinging(embodiment, 100.0, 3), swinging(embodiment, 0, 60, is_periodic=True)], body)


def draws(packed, weights, settings, count=4000):
    keys = jax.random.split(jax.random.key(1), count)
    one = jax.jit(jax.vmap(lambda key: sampling.draw(key, jnp.array(weights), packed, settings)))
    return (np.asarray(values) for values in one(keys))


def test_clips_are_drawn_by_their_weights_and_frames_evenly(packed):
    """0.25 of 4000 are 1000, give or take five times sqrt(750); the last frame of a clip that ends is never a start."""
    clip, frame = draws(packed, [0.25, 0.75], Sampling())
    assert abs(np.sum(clip == 0) - 1000) < 140
    assert set(frame[clip == 0]) == {0, 1} and abs(frame[clip == 0].mean() - 0.5) < 0.08
    assert frame[clip == 1].min() == 0 and frame[clip == 1].max() == 129
    assert abs(frame[clip == 1].mean() - 64.5) < 4


def test_a_clip_without_weight_is_never_drawn_and_first_is_first(packed):
    clip, frame = draws(packed, [0.0, 1.0], Sampling(frame="first"), 200)
    assert (clip == 1).all() and (frame == 0).all()


def test_spared_phases_are_never_starts():
    """Of 20 phases spread evenly, no start is within 0.005 of one; all that lies between is drawn evenly."""
    found, body = made("tiny")
    packed = clips.pack([swinging(found, 0.0, 50, is_periodic=True)], body)
    period = float(packed.rows[0] / packed.stride[0])
    settings = Sampling(spared=20)
    draw = jax.jit(lambda key: sampling.draw(key, jnp.ones(1), packed, settings)[1])
    frames = np.array([draw(key) for key in jax.random.split(jax.random.key(5), 400)])
    phase = frames / period
    distance = np.abs(phase * 20 - np.round(phase * 20)) / 20
    assert distance.min() >= 0.005 - 1e-6
    assert 0.0 <= phase.min() and phase.max() < 1.0
    counts = np.histogram(phase, bins=4, range=(0, 1))[0]
    assert counts.min() > 60  # 100 each but for chance
