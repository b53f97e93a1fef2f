"""Muon, Adam, schedules: steps by hand, orthogonality, and moments only where they are used."""

from functools import partial

import jax
import numpy as np
import optax
import pytest
from jax import numpy as jnp

from biomimic.errors import BadValue, UnknownName
from biomimic.training import network, optimise
from biomimic.training.optimise import Optimiser

QUICK = {"xla_backend_optimization_level": 0}  # compiles faster


def _net(experts=0):
    """Shapes of a network's parameters."""
    shape = network.Network(hidden=(8, 8), critic=(8, 8), skip=True, knots=2, experts=experts)
    return jax.eval_shape(lambda: network.init(jax.random.key(0), shape, 8, 3, stride_size=5))


def test_linear_rate_falls_from_its_start_to_zero():
    settings = Optimiser(rate=4e-4, schedule="linear", horizon=100)
    rates = np.array([optimise.rate(settings, update) for update in range(120)])
    assert rates[0] == pytest.approx(4e-4) and rates[50] == pytest.approx(2e-4)
    assert rates[100] == 0 and rates[119] == 0
    assert (np.diff(rates[:101]) < 0).all()


def test_cosine_rate_warms_up_and_ends_at_its_share():
    settings = Optimiser(rate=1e-3, schedule="cosine", horizon=110, warmup=10, end_share=0.1)
    rates = [float(optimise.rate(settings, update)) for update in (0, 5, 10, 60, 110, 200)]
    # half way down: 1e-3 * (0.1 + 0.9 * 0.5) = 5.5e-4
    assert rates == pytest.approx([0.0, 5e-4, 1e-3, 5.5e-4, 1e-4, 1e-4], abs=1e-9)


def test_constant_rate_needs_no_horizon_and_others_do():
    assert float(optimise.rate(Optimiser(rate=0.5), 10**6)) == 0.5
    with pytest.raises(BadValue, match='"linear" falls until update 0, but warms up for 0; set horizon'):
        optimise.rate(Optimiser(schedule="linear"), 3)


def _one_step(settings, params, gradient, rate=1.0):
    """What is taken off the parameters by a first step, and the moments after it."""

    @partial(jax.jit, compiler_options=QUICK)
    def first(params, gradient):
        after, state = optimise.step(settings, gradient, optimise.init(settings, params), params, rate)
        return jax.tree.map(lambda old, new: old - new, params, after), state

    return first(params, gradient)


def test_muon_step_is_nearly_orthogonal_whatever_the_gradients_size():
    settings = Optimiser(kind="muon", clip=0.0)
    params = {"actor": {"w": jnp.zeros((5, 5)), "wide": jnp.zeros((4, 16)), "experts": jnp.zeros((3, 6, 4))}}
    gradient = jax.tree.map(lambda leaf: 1e-3 * jax.random.normal(jax.random.key(0), leaf.shape), params)
    step, _ = _one_step(settings, params, gradient)
    for name, widened in (("w", 1.0), ("wide", 2.0), ("experts", 1.0)):  # sqrt(16 / 4) = 2
        singular = np.linalg.svd(np.asarray(step["actor"][name]), compute_uv=False) / widened
        assert singular.min() > 0.6 and singular.max() < 1.3, name  # 0.7 to 1.2 is what five iterations reach
    ahead = np.asarray(step["actor"]["w"] * gradient["actor"]["w"]).sum()
    u, _, v = np.linalg.svd(np.asarray(gradient["actor"]["w"]))
    assert ahead > 0  # downhill
    assert np.trace(np.asarray(step["actor"]["w"]).T @ u @ v) / 5 == pytest.approx(1.0, abs=0.25)  # towards U V'
    bigger, _ = _one_step(settings, params, jax.tree.map(lambda leaf: 1e4 * leaf, gradient))
    np.testing.assert_allclose(bigger["actor"]["w"], step["actor"]["w"], atol=1e-3)


@pytest.mark.oracle
def test_muon_is_that_of_optax():
    settings = Optimiser(kind="muon", clip=0.0, rate=0.02, epsilon=1e-8)
    params = {"actor": {"b": jnp.ones(4), "w": jax.random.normal(jax.random.key(1), (6, 4))}}
    theirs = {"w": optax.contrib.muon(0.02), "b": optax.adam(0.02)}

    @partial(jax.jit, compiler_options=QUICK)
    def three_steps(params):
        ours, state = params, optimise.init(settings, params)
        expected = params["actor"]
        their_state = {name: theirs[name].init(part) for name, part in expected.items()}
        for number in range(3):
            gradient = jax.tree.map(lambda leaf, n=number: jnp.sin(leaf * (n + 1)), params)
            ours, state = optimise.step(settings, gradient, state, ours, jnp.float32(0.02))
            for name, rule in theirs.items():
                step, their_state[name] = rule.update(gradient["actor"][name], their_state[name], expected[name])
                expected = {**expected, name: expected[name] + step}
        return ours["actor"], expected

    ours, expected = three_steps(params)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), ours, expected)


def test_first_adam_step_by_hand():
    # corrected moments are g and g^2, so the step is g / (|g| + 1e-5), whatever the size of g
    params = {"std": {"log": jnp.zeros(2)}}
    step, _ = _one_step(Optimiser(kind="adam", clip=0.0), params, {"std": {"log": jnp.array([0.25, -3.0])}}, rate=0.1)
    np.testing.assert_allclose(step["std"]["log"], [0.1 * 0.25 / 0.25001, -0.1 * 3 / 3.00001], rtol=1e-5)


def test_gradient_is_clipped_to_its_norm():
    # norm of (3, 4) is 5; clipped to 1 it is (0.6, 0.8): seen in Adam's first moment, a tenth of it
    params = {"std": {"log": jnp.zeros(2)}}
    gradient = {"std": {"log": jnp.array([3.0, 4.0])}}
    assert float(optimise.size(gradient)) == pytest.approx(5.0)
    _, state = _one_step(Optimiser(kind="adam", clip=1.0), params, gradient)
    assert any(np.allclose(leaf, [0.06, 0.08]) for leaf in jax.tree.leaves(state))
    _, state = _one_step(Optimiser(kind="adam", clip=0.0), params, gradient)
    assert any(np.allclose(leaf, [0.3, 0.4]) for leaf in jax.tree.leaves(state))


def _stored(settings, params):
    return network.count(jax.eval_shape(lambda: optimise.init(settings, jax.tree.map(jnp.zeros_like, params))))


def test_no_dead_moments():
    """Muon keeps one number per matrix entry, Adam two per other entry, frozen parts keep none."""
    params = _net()
    matrices = sum(layer["w"].size for stack in ("actor", "critic") for layer in params[stack].values())
    rest = network.count(params) - matrices
    constants = 2 + 3 + 1  # step counts of both, Muon's coefficients (3 numbers) and what chains hold
    stored = _stored(Optimiser(kind="muon"), params)
    assert matrices + 2 * rest <= stored <= matrices + 2 * rest + constants
    frozen = Optimiser(kind="muon", frozen=("skip", "actor", "std"))
    critic = network.count(params["critic"])
    inner = sum(layer["w"].size for layer in params["critic"].values())
    assert inner + 2 * (critic - inner) <= _stored(frozen, params) <= 2 * critic - inner + constants


def test_table_and_vectors_are_adams():
    kinds = optimise.labels(Optimiser(kind="muon"), _net(2))
    assert kinds["skip"]["table"] == "adam" and kinds["std"]["log"] == "adam" and kinds["std"]["floor"] == "adam"
    assert kinds["actor"]["0"] == {"w": "muon", "b": "adam", "scale": "adam", "offset": "adam"}
    experts = {name for name, kind in kinds["actor"]["1"].items() if kind == "muon"}
    assert experts == {"router", "enter", "w"}
    assert kinds["actor"]["out"] == {"w": "muon", "b": "adam"}


def test_without_gradient_nothing_moves():
    params = {"actor": {"w": jnp.ones((3, 2)), "b": jnp.ones(2)}, "skip": {"table": jnp.ones((4, 2, 3, 2))}}
    for kind in ("muon", "adam"):
        step, _ = _one_step(Optimiser(kind=kind), params, jax.tree.map(jnp.zeros_like, params))
        assert all((np.asarray(leaf) == 0).all() for leaf in jax.tree.leaves(step))


def test_decay_shrinks_matrices_only_and_vectors_have_their_rate():
    params = {"actor": {"w": 2 * jnp.ones((2, 2)), "b": jnp.ones(2)}}
    zero = jax.tree.map(jnp.zeros_like, params)
    step, _ = _one_step(Optimiser(decay=0.1), params, zero, rate=0.5)
    np.testing.assert_allclose(step["actor"]["w"], 0.5 * 0.1 * 2, rtol=1e-6)
    np.testing.assert_array_equal(step["actor"]["b"], 0.0)
    settings = Optimiser(rate=1e-2, vector_rate=1e-3, clip=0.0)
    step, _ = _one_step(settings, params, {"actor": {"w": jnp.eye(2), "b": jnp.ones(2)}}, rate=1e-2)
    np.testing.assert_allclose(step["actor"]["b"], 1e-3, rtol=1e-3)


def test_unknown_part_cannot_be_frozen():
    with pytest.raises(UnknownName, match='No part "actr" to freeze in this network.* Did you mean "actor"'):
        optimise.init(Optimiser(frozen=("actr",)), _net())
