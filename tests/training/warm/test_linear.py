"""The map that may ask for more than a muscle can reach finds what was asked for, from labels that were cut off."""

import numpy as np
import pytest
from jax import numpy as jnp

from biomimic.errors import BadValue
from biomimic.training import skip
from biomimic.training.warm import linear

INPUTS, OUTPUTS, KNOTS = 3, 2, 6
FREE = linear.Shrinkage(common=1e-6, own=1e-6, smooth=0.0, repeats=0)


def states(rng, count: int) -> np.ndarray:
    """Phase, flags, inputs."""
    flags = rng.integers(0, 2, (count, 2))
    return np.concatenate([rng.uniform(size=(count, 1)), flags, rng.normal(size=(count, INPUTS))], axis=1)


def reached(stride: np.ndarray, wanted: np.ndarray, low: float = -np.inf, high: float = np.inf) -> linear.Samples:
    edges = np.full(wanted.shape, low), np.full(wanted.shape, high)
    return linear.Samples(stride, np.clip(wanted, low, high), *edges)


def mapped(table: np.ndarray, stride: np.ndarray) -> np.ndarray:
    return np.asarray(skip.apply(jnp.asarray(table, jnp.float32), jnp.asarray(stride, jnp.float32)))


def test_a_map_that_is_there_is_found():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(4, KNOTS, INPUTS + 1, OUTPUTS))
    stride = states(rng, 3000)
    found = linear.fit(reached(stride, mapped(truth, stride)), KNOTS, FREE)
    assert found == pytest.approx(truth, abs=1e-3)


def test_it_is_the_minimum_of_what_it_says():
    """With one combination and no shrinkage of the own map's kind, the dense normal equations give the same."""
    rng = np.random.default_rng(2)
    stride = states(rng, 150)
    stride[:, 1:3] = 1.0
    label = rng.normal(size=(150, OUTPUTS))
    settings = linear.Shrinkage(common=2.0, own=1e12, smooth=1e-9, repeats=0)
    found = linear.fit(reached(stride, label), KNOTS, settings)[3]
    inputs = stride[:, 3:]
    rows = np.concatenate([(inputs - inputs.mean(0)) / (inputs.std(0) + 1e-3), np.ones((150, 1))], axis=1)
    dense, place = np.zeros((150, KNOTS, INPUTS + 1)), stride[:, 0] * KNOTS
    for i, k in enumerate(place.astype(int)):
        dense[i, k] = rows[i] * (1 - place[i] + k)
        dense[i, (k + 1) % KNOTS] = rows[i] * (place[i] - k)
    dense = dense.reshape(150, -1)
    ridge = np.diag(np.tile([2.0] * INPUTS + [2e-3], KNOTS))
    maps = np.linalg.solve(dense.T @ dense + ridge, dense.T @ label).reshape(KNOTS, INPUTS + 1, OUTPUTS)
    assert found[:, :INPUTS] == pytest.approx(maps[:, :INPUTS] / (inputs.std(0) + 1e-3)[:, None], abs=1e-4)


def test_labels_cut_off_do_not_flatten_the_map():
    """Half of the labels are cut at zero: plain least squares halves the gain, the repeated fit finds most of it."""
    rng = np.random.default_rng(3)
    truth = np.zeros((4, KNOTS, INPUTS + 1, OUTPUTS))
    truth[:, :, 0] = 0.1
    stride = states(rng, 2000)
    samples = reached(stride, mapped(truth, stride), low=0.0)
    plain = linear.fit(samples, KNOTS, FREE)[:, :, 0].mean()
    repeated = linear.fit(samples, KNOTS, FREE._replace(repeats=12))[:, :, 0].mean()
    assert plain == pytest.approx(0.05, abs=0.005)
    assert repeated > 0.085


def test_a_rare_combination_borrows_the_gains_of_its_phase():
    rng = np.random.default_rng(4)
    truth = np.broadcast_to(rng.normal(size=(KNOTS, INPUTS + 1, OUTPUTS)), (4, KNOTS, INPUTS + 1, OUTPUTS))
    stride = states(rng, 2000)
    stride[:, 1:3] = 1.0
    stride[:10, 1] = 0.0
    found = linear.fit(reached(stride, mapped(truth, stride)), KNOTS, FREE)
    assert found[1] == pytest.approx(truth[1], abs=1e-3)


def test_inputs_that_are_not_used_have_no_gain():
    rng = np.random.default_rng(5)
    stride = states(rng, 500)
    samples = reached(stride, stride[:, 3:5])
    table = linear.fit(samples, KNOTS, used=np.array([False, True, True]))
    assert (table[:, :, 0] == 0).all() and (table[:, :, 1] != 0).any()


def test_what_does_not_fit_is_said():
    stride, label = np.zeros((5, 6)), np.zeros((5, 2))
    with pytest.raises(BadValue, match="2 knots"):
        linear.fit(reached(stride, label), 2)
    with pytest.raises(BadValue, match='"low" has shape'):
        linear.fit(linear.Samples(stride, label, label[:4], label), KNOTS)
    with pytest.raises(BadValue, match="0 samples"):
        linear.fit(reached(stride[:0], label[:0]), KNOTS)
