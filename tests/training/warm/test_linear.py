"""The phase-scheduled linear map finds a map that is there, and shrinks where nothing was seen."""

import numpy as np
import pytest
from jax import numpy as jnp

from biomimic.errors import BadValue
from biomimic.training import skip
from biomimic.training.warm import linear

INPUTS, OUTPUTS, KNOTS = 3, 2, 8


def samples(rng, count: int, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    stride = np.concatenate(
        [rng.uniform(size=(count, 1)), rng.integers(0, 2, (count, 2)), rng.normal(size=(count, INPUTS))], axis=1
    ).astype(np.float32)
    return stride, np.asarray(skip.apply(jnp.asarray(table, jnp.float32), jnp.asarray(stride)))


def test_a_map_that_is_there_is_found():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(4, KNOTS, INPUTS + 1, OUTPUTS))
    stride, label = samples(rng, 20_000, truth)
    found = linear.fit(linear.add(linear.empty(INPUTS, OUTPUTS, KNOTS), stride, label), 1e-8)
    assert found == pytest.approx(truth, abs=1e-3)
    fresh, expected = samples(rng, 200, truth)
    assert np.asarray(skip.apply(jnp.asarray(found), jnp.asarray(fresh))) == pytest.approx(expected, abs=2e-3)


def test_samples_may_come_in_parts_and_in_any_order():
    rng = np.random.default_rng(2)
    stride, label = samples(rng, 400, rng.normal(size=(4, KNOTS, INPUTS + 1, OUTPUTS)))
    nothing = linear.empty(INPUTS, OUTPUTS, KNOTS)
    once = linear.add(nothing, stride, label)
    twice = linear.add(linear.add(nothing, stride[250:], label[250:]), stride[:250], label[:250])
    for whole, parts in zip(once, twice):
        assert parts == pytest.approx(whole, rel=1e-9, abs=1e-9)


def test_a_constant_label_is_learned_from_one_phase_for_all():
    """Only phases in [0, 0.1] with both feet down are seen; the map of all the rest is the map of all samples."""
    rng = np.random.default_rng(3)
    stride = np.zeros((500, 3 + INPUTS))
    stride[:, 0], stride[:, 1:3] = rng.uniform(0, 0.1, 500), 1.0
    label = np.full((500, OUTPUTS), 7.0)
    table = linear.fit(linear.add(linear.empty(INPUTS, OUTPUTS, KNOTS), stride, label), 0.1)
    seen = np.array([[0.6, 1.0, 0.0, 0.0, 0.0, 0.0], [0.05, 1.0, 1.0, 0.0, 0.0, 0.0]], np.float32)
    found = np.asarray(skip.apply(jnp.asarray(table), jnp.asarray(seen)))
    assert found == pytest.approx(np.full((2, OUTPUTS), 7.0), rel=0.01)


def test_weights_count_as_copies():
    rng = np.random.default_rng(4)
    stride, label = samples(rng, 100, rng.normal(size=(4, KNOTS, INPUTS + 1, OUTPUTS)))
    nothing = linear.empty(INPUTS, OUTPUTS, KNOTS)
    heavy = linear.add(nothing, stride, label, np.full(100, 3.0))
    copies = linear.add(nothing, np.tile(stride, (3, 1)), np.tile(label, (3, 1)))
    assert linear.fit(heavy, 0.1) == pytest.approx(linear.fit(copies, 0.1), abs=1e-5)


def test_rows_that_are_no_numbers_are_left_out():
    rng = np.random.default_rng(5)
    stride, label = samples(rng, 100, rng.normal(size=(4, KNOTS, INPUTS + 1, OUTPUTS)))
    nothing = linear.empty(INPUTS, OUTPUTS, KNOTS)
    clean = linear.add(nothing, stride[1:], label[1:])
    stride[0, 4] = np.nan
    assert linear.fit(linear.add(nothing, stride, label), 0.1) == pytest.approx(linear.fit(clean, 0.1))


def test_bad_input_is_named():
    nothing = linear.empty(INPUTS, OUTPUTS, KNOTS)
    with pytest.raises(BadValue, match="no labels to fit"):
        linear.fit(nothing, 0.1)
    with pytest.raises(BadValue, match="Samples of 5 numbers"):
        linear.add(nothing, np.zeros((2, 5)), np.zeros((2, OUTPUTS)))
