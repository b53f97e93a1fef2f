"""The phase-scheduled linear skip path, by hand."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp

from biomimic.errors import BadValue
from biomimic.training import skip


def _table():
    """Two knots, one input, one output: gain 1 and constant 10 at phase 0, gain 3 and constant 30 at phase 0.5.

    The four combinations of stance flags add 100 times their number to the constant.
    """
    table = np.zeros((4, 2, 2, 1), np.float32)
    table[:, 0, 0, 0], table[:, 1, 0, 0] = 1.0, 3.0
    table[:, 0, 1, 0], table[:, 1, 1, 0] = 10.0, 30.0
    table[:, :, 1, 0] += 100.0 * np.arange(4)[:, None]
    return jnp.asarray(table)


@pytest.mark.parametrize(
    ("stride", "expected"),
    [
        # phase, right, left, error
        ((0.0, 0, 0, 2.0), 1 * 2 + 10),  # at the first knot
        ((0.5, 0, 0, 2.0), 3 * 2 + 30),  # at the second
        ((0.125, 0, 0, 2.0), 0.75 * 12 + 0.25 * 36),  # a quarter of the way: 18
        ((0.75, 0, 0, 2.0), 0.5 * 36 + 0.5 * 12),  # half way back to the first: the stride is a circle
        ((0.0, 0, 1, 2.0), 12 + 100),  # left foot only: combination 1
        ((0.0, 1, 0, 2.0), 12 + 200),  # right foot only: combination 2
        ((0.0, 1, 1, 2.0), 12 + 300),
        ((1.0, 0, 0, 2.0), 12),  # a phase rounded up to 1 is phase 0
    ],
)
def test_map_at_phase_and_stance(stride, expected):
    assert float(skip.apply(_table(), jnp.asarray(stride, jnp.float32))[0]) == pytest.approx(expected, rel=1e-6)


def test_width_counts_phase_and_flags():
    assert skip.width(skip.init(130, 354)) == 133
    assert skip.init(130, 354).shape == (4, 32, 131, 354)


def test_large_batches_give_the_same():
    rng = np.random.default_rng(0)
    table = jnp.asarray(rng.normal(size=(4, 4, 131, 354)), jnp.float32)
    stride = rng.normal(size=(4, 200, 133)).astype(np.float32)
    stride[..., 0], stride[..., 1:3] = rng.uniform(size=(4, 200)), stride[..., 1:3] > 0
    assert 200 * 131 * 354 < skip.GATHERED < 800 * 131 * 354
    whole = skip.apply(table, jnp.asarray(stride))
    assert whole.shape == (4, 200, 354)
    np.testing.assert_allclose(whole[2], skip.apply(table, jnp.asarray(stride[2])), atol=2e-4)


def test_is_linear_in_the_errors_and_continuous_over_the_end_of_the_stride():
    table = jax.random.normal(jax.random.key(1), (4, 32, 4, 2))
    head = jnp.array([0.37, 1.0, 0.0])

    def at(*errors):
        return skip.apply(table, jnp.concatenate([head, jnp.array(errors)]))

    np.testing.assert_allclose(at(1, 2, 3) + at(3, 2, 1) - at(4, 4, 4), at(0, 0, 0), atol=1e-5)
    late, early = (skip.apply(table, jnp.array([phase, 1.0, 1.0, 1.0, 1.0, 1.0])) for phase in (0.99999, 0.00001))
    np.testing.assert_allclose(late, early, atol=1e-2)


def test_gradient_reaches_the_two_knots_only():
    slope = jax.grad(lambda table: skip.apply(table, jnp.array([0.125, 0.0, 1.0, 2.0]))[0])(_table())
    expected = np.zeros((4, 2, 2, 1))
    expected[1, 0, :, 0] = 0.75 * np.array([2.0, 1.0])
    expected[1, 1, :, 0] = 0.25 * np.array([2.0, 1.0])
    np.testing.assert_allclose(slope, expected, atol=1e-6)


def test_empty_table_is_refused():
    with pytest.raises(BadValue, match="0 inputs, 3 outputs and 32 knots"):
        skip.init(0, 3)
