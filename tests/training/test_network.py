"""Actor and critic: layers by hand, sizes as published, the spread's floor, the skip path, the errors."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp

from biomimic import config
from biomimic.errors import BadValue
from biomimic.training import network, normalize
from biomimic.training.network import Network

KEY = jax.random.key(0)
QUICK = {"xla_backend_optimization_level": 0}  # compiles faster


def _silu(x):
    return x / (1 + np.exp(-x))


def _by_numpy(layers, signal):
    """The network as docs describe it, in NumPy and float64."""
    for index in range(len(layers) - 1):
        layer = {name: np.asarray(value, float) for name, value in layers[str(index)].items()}
        linear = signal @ layer["w"] + layer["b"]
        centred = linear - linear.mean(axis=-1, keepdims=True)
        standard = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
        fresh = _silu(standard * layer["scale"] + layer["offset"])
        if "gate" in layer:
            fresh = signal + fresh / (1 + np.exp(-layer["gate"]))
        signal = fresh
    return signal @ np.asarray(layers["out"]["w"], float) + np.asarray(layers["out"]["b"], float)


def test_forward_is_what_numpy_says():
    params = network.init(KEY, Network(hidden=(16, 16, 8), critic=(12,), residual=True, head=1.0), 5, 3)
    assert "gate" in params["actor"]["1"] and "gate" not in params["actor"]["2"]  # 16 to 8 changes the width
    seen = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    out = jax.jit(network.forward, compiler_options=QUICK)(params, seen)
    np.testing.assert_allclose(out.mean, _by_numpy(params["actor"], seen), atol=1e-5)
    np.testing.assert_allclose(out.value, _by_numpy(params["critic"], seen)[:, 0], atol=1e-5)
    np.testing.assert_allclose(network.mode(params, seen), out.mean, atol=1e-6)
    np.testing.assert_allclose(network.value(params, seen), out.value, atol=1e-6)


def test_gated_residual_starts_at_0_1192():
    params = network.init(KEY, Network(hidden=(2, 2), residual=True), 2, 1)
    layers = params["actor"]
    layers["0"] |= {"scale": jnp.zeros(2), "offset": jnp.array([1.0, -1.0])}  # first layer: silu(1), silu(-1)
    layers["1"] |= {"scale": jnp.zeros(2), "offset": jnp.full(2, 1.2784645)}  # second layer: silu(1.2784645) = 1
    layers["out"] |= {"w": jnp.array([[1.0], [0.0]])}
    # silu(1) = 0.7310586 passes by, sigmoid(-2) * 1 = 0.1192029 is added
    assert float(network.mode(params, jnp.zeros(2))[0]) == pytest.approx(0.7310586 + 0.1192029, abs=1e-6)


@pytest.mark.published
@pytest.mark.parametrize(
    ("settings", "millions"),
    [
        (Network(hidden=(1024,) * 16), 18.6),
        (Network(hidden=(1024,) * 12 + (2048,) * 3 + (1024,)), 27.0),
        (Network(hidden=(1408, *(2688,) * 5, 1408, 768, 384), residual=True), 41.4),
    ],
    ids=["base", "gmr", "resnet"],
)
def test_sizes_of_published_actors(settings, millions):
    """Parameters of MuscleMimic's actors, 2418 observations and 354 muscles (arXiv 2603.25544 and its code)."""
    params = jax.eval_shape(lambda: network.init(KEY, settings, 2418, 354))
    assert network.count(params["actor"]) / 1e6 == pytest.approx(millions, abs=0.1)


def test_load_imbalance_by_hand():
    assert float(network.imbalance(jnp.full((6, 16), 1 / 16))) == pytest.approx(0.0, abs=1e-6)
    assert float(network.imbalance(jnp.eye(16)[jnp.zeros(6, int)])) == pytest.approx(15.0)
    # mean shares 0.75 and 0.25: 2 * (0.5625 + 0.0625) - 1 = 0.25
    assert float(network.imbalance(jnp.array([[1.0, 0.0], [0.5, 0.5]]))) == pytest.approx(0.25)


def test_experts_by_hand():
    """Two experts that ignore their input: one answers 3, the other 7; the router knows the sign of the input."""
    params = network.init(KEY, Network(hidden=(2,), critic=(1,), experts=2, expert_layer=0, temperature=0.5), 1, 1)
    layer = params["actor"]["0"]
    assert layer["enter"].shape == (2, 1, 1) and layer["w"].shape == (2, 1, 2)
    params["critic"]["0"] |= {"router": jnp.zeros((1, 2))}  # its experts are used alike
    layer |= {"router": jnp.array([[0.5, -0.5]]), "w": jnp.zeros((2, 1, 2))}
    layer |= {"b": jnp.array([[3.0, 0.0], [7.0, 0.0]]), "scale": jnp.ones(2)}
    params["actor"]["0"] = layer
    params["actor"]["out"] |= {"w": jnp.array([[1.0], [0.0]]), "b": jnp.zeros(1)}
    # Input 1, temperature 0.5: softmax(1, -1) = 0.8807971, 0.1192029. Input -1: the other way round, so balanced.
    assert float(network.forward(params, jnp.array([[1.0], [-1.0]])).imbalance) == pytest.approx(0.0, abs=1e-6)
    uneven = 2 * (0.8807971**2 + 0.1192029**2) - 1
    assert float(network.forward(params, jnp.array([[1.0]])).imbalance) == pytest.approx(uneven, abs=1e-6)
    # Their sum before LayerNorm: (0.8807971 * 3 + 0.1192029 * 7, 0); LayerNorm of (s, 0) is (1, -1) but for epsilon
    s = 0.8807971 * 3 + 0.1192029 * 7
    standard = (s / 2) / np.sqrt(s**2 / 4 + 1e-5)
    assert float(network.mode(params, jnp.array([1.0]))[0]) == pytest.approx(_silu(standard), abs=1e-6)


def test_constants_get_no_gradient_and_all_else_does():
    settings = Network(hidden=(8, 8, 8), residual=True, experts=3, expert_layer=1, skip=True, knots=4, head=1.0)
    params = network.init(KEY, settings, 9, 2, 6)
    seen = jax.random.uniform(KEY, (300, 9)).at[:, 1:3].set(jax.random.bernoulli(KEY, 0.5, (300, 2)).astype(float))

    def total(params):
        out = network.forward(params, seen)
        return jnp.sum(out.mean**2) + jnp.sum(out.std) + jnp.sum(out.value**2) + out.imbalance

    slope = jax.jit(jax.grad(total), compiler_options=QUICK)(params)
    still = [
        jax.tree_util.keystr(path, simple=True, separator="/")
        for path, leaf in jax.tree_util.tree_leaves_with_path(slope)
        if not np.abs(leaf).max() > 0
    ]
    assert still == ["actor/1/temperature", "critic/1/temperature", "std/floor"]


def test_weights_start_orthogonal():
    params = network.init(KEY, Network(hidden=(6, 4)), 5, 3)
    w = np.asarray(params["actor"]["0"]["w"])
    np.testing.assert_allclose(w @ w.T, 2 * np.eye(5), atol=1e-5)  # gain sqrt(2)
    w = np.asarray(params["actor"]["out"]["w"])
    np.testing.assert_allclose(w.T @ w, 1e-4 * np.eye(3), atol=1e-8)  # gain 0.01


def test_spread_starts_as_asked_and_keeps_above_its_floor():
    params = network.init(KEY, Network(std=0.3, std_floor=0.05), 2, 4)
    np.testing.assert_allclose(network.std(params), 0.3, rtol=1e-6)
    params["std"]["log"] = jnp.full(4, -30.0)
    np.testing.assert_allclose(network.std(params), 0.05, rtol=1e-6)
    np.testing.assert_allclose(network.std(network.with_std(params, 3.0)), 3.0, rtol=1e-6)
    with pytest.raises(BadValue, match="standard deviation of 0.01 .* above the floor of 0.05"):
        network.with_std(params, 0.01)


def test_normaliser_of_a_policy_is_applied():
    params = network.init(KEY, Network(hidden=(4,), head=1.0), 2, 1)
    statistics = normalize.update(normalize.init(2), jnp.array([[1.0, 10.0], [3.0, 30.0]]))
    raw = jnp.array([[2.0, 30.0]])
    mode = network.mode({**params, "normaliser": statistics}, raw)
    np.testing.assert_allclose(mode, network.mode(params, jnp.array([[0.0, 1.0]])), atol=1e-5)


def test_skip_reads_the_raw_head_and_is_added():
    settings = Network(hidden=(4,), skip=True, head=0.0)
    params = network.init(KEY, settings, 6, 1, 5)
    table = params["skip"]["table"]
    assert table.shape == (4, 32, 3, 1)
    params["skip"]["table"] = table.at[:, :, :, 0].set(jnp.array([2.0, 3.0, 0.5]))
    params["normaliser"] = normalize.update(normalize.init(6), jax.random.normal(KEY, (9, 6)))
    # phase, flags, errors 1 and 10, one number the skip path does not read: 2 * 1 + 3 * 10 + 0.5
    assert float(network.mode(params, jnp.array([0.3, 1, 0, 1.0, 10.0, 99.0]))[0]) == pytest.approx(32.5)


def test_settings_survive_a_file():
    settings = Network(hidden=(8, 8), residual=True, skip=True)
    assert config.loads(Network, config.dumps(settings)) == settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hidden = []", "hidden needs one or more"),
        ("experts = 4\nexpert_layer = 2", "expert_layer = 2, but there are 2 layers; it may be 0 to 1"),
        ("std = 0.01", "std = 0.01 must be above std_floor = 0.01"),
        ("widths = [3]", 'unknown key "widths"'),
    ],
)
def test_bad_settings(text, message):
    with pytest.raises(Exception, match=message):
        config.loads(Network, text)


def test_skip_without_stride_block_is_refused():
    with pytest.raises(BadValue, match="stride block at the head of the observation, 4 to 6 numbers; it has 0"):
        network.init(KEY, Network(skip=True), 6, 1)
    with pytest.raises(BadValue, match="0 observations and 3 actions"):
        network.init(KEY, Network(), 0, 3)
