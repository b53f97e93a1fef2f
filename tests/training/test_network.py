"""Actor and critic: layers by hand, sizes as published, the spread's floor, the skip path, the errors."""

from functools import cache

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


def _softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


@cache
def _rich():
    """A network with everything in it: 9 observations, the first 6 of them the stride block, and 2 actions."""
    settings = Network(hidden=(8, 8), residual=True, experts=3, skip=True, knots=4, head=0.5, std_floor=0.05)
    return network.init(KEY, settings, 9, 2, stride_size=6)


def _copy():
    return jax.tree.map(lambda leaf: leaf, _rich())


@cache
def _seen():
    seen = np.random.default_rng(0).normal(size=(40, 9)).astype(np.float32)
    seen[:, 0], seen[:, 1:3] = np.linspace(0, 0.99, 40), seen[:, 1:3] > 0
    return seen


def _by_numpy(layers, signal):
    """The layers as the module describes them, in NumPy and float64."""
    for index in range(len(layers) - 1):
        layer = {name: np.asarray(value, float) for name, value in layers[str(index)].items()}
        if "router" in layer:
            share = _softmax(signal @ layer["router"] / layer["temperature"])
            inside = [_silu(signal @ w + b) for w, b in zip(layer["enter"], layer["enter_b"])]
            answers = [h @ w + b for h, w, b in zip(inside, layer["w"], layer["b"])]
            linear = sum(share[:, [number]] * answer for number, answer in enumerate(answers))
        else:
            linear = signal @ layer["w"] + layer["b"]
        centred = linear - linear.mean(axis=-1, keepdims=True)
        standard = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
        fresh = _silu(standard * layer["scale"] + layer["offset"])
        if "gate" in layer:
            fresh = signal + fresh / (1 + np.exp(-layer["gate"]))
        signal = fresh
    return signal @ np.asarray(layers["out"]["w"], float) + np.asarray(layers["out"]["b"], float)


_forward = jax.jit(network.forward, compiler_options=QUICK)


def test_forward_is_what_numpy_says():
    params = _rich()
    assert "router" in params["actor"]["1"] and "gate" in params["actor"]["1"]
    assert "gate" not in params["actor"]["0"]  # 9 to 8 changes the width
    out = _forward(params, _seen())
    np.testing.assert_allclose(out.mean, _by_numpy(params["actor"], _seen()), atol=1e-5)  # the skip table is 0
    np.testing.assert_allclose(out.value, _by_numpy(params["critic"], _seen())[:, 0], atol=1e-5)
    np.testing.assert_allclose(network.mode(params, _seen()), out.mean, atol=1e-6)
    np.testing.assert_allclose(network.value(params, _seen()), out.value, atol=1e-6)


def test_gated_residual_starts_at_0_1192():
    # first layer gives silu(1) and silu(-1), the second silu(1.2784645) = 1 to both, whatever comes in
    zero = {"w": jnp.zeros((2, 2)), "b": jnp.zeros(2), "scale": jnp.zeros(2)}
    layers = {
        "0": {**zero, "offset": jnp.array([1.0, -1.0])},
        "1": {**zero, "offset": jnp.full(2, 1.2784645), "gate": jnp.float32(Network().gate)},
        "out": {"w": jnp.array([[1.0], [0.0]]), "b": jnp.zeros(1)},
    }
    # silu(1) = 0.7310586 passes by, sigmoid(-2) * 1 = 0.1192029 is added
    assert float(network.mode({"actor": layers}, jnp.zeros(2))[0]) == pytest.approx(0.7310586 + 0.1192029, abs=1e-6)


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
    layer = {"router": jnp.array([[0.5, -0.5]]), "temperature": jnp.float32(0.5)}
    layer |= {"enter": jnp.ones((2, 1, 1)), "enter_b": jnp.zeros((2, 1)), "w": jnp.zeros((2, 1, 2))}
    layer |= {"b": jnp.array([[3.0, 0.0], [7.0, 0.0]]), "scale": jnp.ones(2), "offset": jnp.zeros(2)}
    layers = {"0": layer, "out": {"w": jnp.array([[1.0], [0.0]]), "b": jnp.zeros(1)}}
    # input 1, temperature 0.5: softmax(1, -1) = 0.8807971, 0.1192029; the sum of the answers is s, and 0
    s = 0.8807971 * 3 + 0.1192029 * 7
    # LayerNorm of (s, 0) is (1, -1) but for its epsilon
    expected = _silu((s / 2) / np.sqrt(s**2 / 4 + 1e-5))
    assert float(network.mode({"actor": layers}, jnp.array([1.0]))[0]) == pytest.approx(expected, abs=1e-6)


def test_constants_get_no_gradient_and_all_else_does():
    def total(params):
        out = network.forward(params, _seen())
        return jnp.sum(out.mean**2) + jnp.sum(out.std) + jnp.sum(out.value**2) + out.imbalance

    slope = jax.jit(jax.grad(total), compiler_options=QUICK)(_rich())
    still = [
        jax.tree_util.keystr(path, simple=True, separator="/")
        for path, leaf in jax.tree_util.tree_leaves_with_path(slope)
        if not np.abs(leaf).max() > 0
    ]
    assert still == ["actor/1/temperature", "critic/1/temperature", "std/floor"]


def test_weights_start_orthogonal():
    w = np.asarray(_rich()["actor"]["0"]["w"])
    np.testing.assert_allclose(w.T @ w, 2 * np.eye(8), atol=1e-5)  # gain sqrt(2)
    w = np.asarray(_rich()["actor"]["out"]["w"])
    np.testing.assert_allclose(w.T @ w, 0.25 * np.eye(2), atol=1e-6)  # gain 0.5


def test_spread_starts_as_asked_and_keeps_above_its_floor():
    params = _copy()
    np.testing.assert_allclose(network.std(params), 0.3, rtol=1e-6)
    params["std"]["log"] = jnp.full(2, -30.0)
    np.testing.assert_allclose(network.std(params), 0.05, rtol=1e-6)
    np.testing.assert_allclose(network.std(network.with_std(params, 3.0)), 3.0, rtol=1e-6)
    with pytest.raises(BadValue, match="standard deviation of 0.01 .* above the floor of 0.05"):
        network.with_std(params, 0.01)


def test_normaliser_of_a_policy_is_applied_to_the_network_but_not_to_the_skip_path():
    params = _copy()
    # 2 * first error + 3 * second + 4 * third + 0.5, at every phase and stance
    params["skip"]["table"] = jnp.zeros((4, 4, 4, 2)).at[..., 0].set(jnp.array([2.0, 3.0, 4.0, 0.5]))
    statistics = normalize.update(normalize.init(9), jnp.asarray(_seen()))
    normalised = (_seen() - _seen().mean(axis=0)) / _seen().std(axis=0)
    mode = _forward({**params, "normaliser": statistics}, _seen()).mean
    skipped = _seen()[:, 3:6] @ [2.0, 3.0, 4.0] + 0.5
    np.testing.assert_allclose(mode[:, 0], _by_numpy(params["actor"], normalised)[:, 0] + skipped, atol=1e-4)
    np.testing.assert_allclose(mode[:, 1], _by_numpy(params["actor"], normalised)[:, 1], atol=1e-4)


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
