"""Checkpoints: any tree comes back to the bit, another network's is refused, a full disk loses nothing."""

import resource
import signal
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from biomimic.errors import BadFile, BadRun
from biomimic.training import checkpoint


class Pair(NamedTuple):
    mean: jnp.ndarray
    count: jnp.ndarray


def _tree(width=4):
    return {
        "actor": [{"w": jnp.arange(3.0 * width).reshape(3, width), "b": jnp.zeros(width)}, {"w": jnp.ones((width, 2))}],
        "statistics": Pair(jnp.array([0.1, 0.2]), jnp.array(7, jnp.int32)),
        "engine": np.array([1 / 3, 2 / 3]),
        "key": jax.random.key(3),
        "empty": (),
    }


def test_a_tree_comes_back_to_the_bit(tmp_path):
    tree = _tree()
    path = checkpoint.save(tmp_path / "one.npz", tree)
    found = checkpoint.load(path, tree)
    assert jax.tree.structure(found) == jax.tree.structure(tree)
    assert found["engine"].dtype == np.float64 and isinstance(found["engine"], np.ndarray)
    np.testing.assert_array_equal(found["engine"], tree["engine"])
    np.testing.assert_array_equal(found["actor"][0]["w"], tree["actor"][0]["w"])
    assert isinstance(found["statistics"], Pair) and int(found["statistics"].count) == 7
    np.testing.assert_array_equal(jax.random.uniform(found["key"]), jax.random.uniform(tree["key"]))
    assert checkpoint.save(tmp_path / "two.npz", found).read_bytes() == path.read_bytes()


def test_keys_are_paths_that_numpy_reads(tmp_path):
    path = checkpoint.save(tmp_path / "one.npz", _tree())
    with np.load(path) as package:
        assert package["actor/0/w"].shape == (3, 4) and "statistics/mean" in package.files


def test_nested_dictionaries_are_read_without_a_form(tmp_path):
    params = {"actor": {"0": {"w": jnp.ones((2, 3))}, "out": {"b": jnp.zeros(3)}}}
    found = checkpoint.tree(checkpoint.save(tmp_path / "policy.npz", params, kind="policy"), kind="policy")
    assert jax.tree.structure(found) == jax.tree.structure(params)
    np.testing.assert_array_equal(found["actor"]["0"]["w"], 1)


def test_the_form_may_be_given_by_shapes(tmp_path):
    path = checkpoint.save(tmp_path / "one.npz", _tree()["actor"])
    found = checkpoint.load(path, jax.eval_shape(lambda: _tree()["actor"]))
    assert isinstance(found[0]["w"], jax.Array)


def test_another_networks_checkpoint_is_refused(tmp_path):
    path = checkpoint.save(tmp_path / "one.npz", _tree(width=5))
    with pytest.raises(BadRun, match=r'another network.*"actor/0/b" is 5 \(float32\) there and 4 \(float32\) in this'):
        checkpoint.load(path, _tree())
    short = _tree()
    del short["actor"][1]
    with pytest.raises(BadRun, match=r'it has "actor/1/w", which this recipe lacks'):
        checkpoint.load(checkpoint.save(tmp_path / "two.npz", _tree()), short)
    with pytest.raises(BadRun, match=r'it lacks "actor/1/w", which this recipe has'):
        checkpoint.load(checkpoint.save(tmp_path / "two.npz", short), _tree())


def test_a_truncated_one_is_refused(tmp_path):
    path = checkpoint.save(tmp_path / "one.npz", _tree())
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadFile, match="truncated"):
        checkpoint.load(path, _tree())


def test_a_disk_that_takes_no_more_loses_nothing(tmp_path):
    before = checkpoint.write(tmp_path, 100, {"w": jnp.ones(3)}, keep=2)
    limit, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    draw = np.random.default_rng(0).normal(size=20_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
    try:
        with pytest.raises(BadFile, match=r"000000000200\.npz cannot be written: .*\. What was written before is kept"):
            checkpoint.write(tmp_path, 200, {"w": draw}, keep=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert checkpoint.latest(tmp_path) == before and list(before.parent.iterdir()) == [before]
    np.testing.assert_array_equal(checkpoint.load(before, {"w": np.zeros(3, np.float32)})["w"], 1)


def test_only_the_newest_are_kept(tmp_path):
    assert checkpoint.latest(tmp_path) is None
    for step in (1, 20, 300):
        checkpoint.write(tmp_path, step, {"w": jnp.ones(1)}, keep=2)
    assert [path.name for path in sorted((tmp_path / "checkpoints").iterdir())] == [
        "000000000020.npz",
        "000000000300.npz",
    ]
    assert checkpoint.latest(tmp_path).name == "000000000300.npz"
