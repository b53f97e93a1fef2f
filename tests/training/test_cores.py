"""Functions of many bodies on all cores give what they give on one."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp

from biomimic.training import cores

GIVEN = ({"a": jnp.arange(22.0).reshape(11, 2)}, jnp.arange(11))


@jax.jit
def rows(parts, number):
    return parts["a"] * 10 + number[:, None]


def test_shared_out():
    np.testing.assert_array_equal(cores.share(rows, GIVEN), rows(*GIVEN))


@pytest.mark.parametrize("chosen", [[3], [10, 0, 4, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9]])
def test_some_rows_in_blocks_of_one_size(chosen):
    rows.clear_cache()
    found = cores.some(rows, GIVEN, np.array(chosen))
    np.testing.assert_array_equal(found, np.asarray(rows(*GIVEN))[chosen])
    assert rows._cache_size() == 2  # one for the blocks, one for this comparison
