"""Actor and critic as pure functions of a dict of parameters; the action is a diagonal Gaussian.

A layer is linear, LayerNorm, SiLU; options are a gated shortcut around it and a soft mixture of experts inside it. The
spread of the Gaussian does not depend on the state and cannot shrink below a floor. An optional phase-scheduled linear
map of the raw stride block (skip.py) is added to the actor's mean. The tree tells the form and is all one needs:

    actor/0/w (in, out), b (out,), scale (out,), offset (out,)        critic/... likewise, its own weights
    actor/1/gate ()                                                  gated residual: where in and out are equally wide
    actor/1/router (in, E), temperature (), enter (E, in, h), enter_b (E, h), w (E, h, out), b (E, out)   experts
    actor/out/w, b      std/log (A,), std/floor ()      skip/table (4, K, inputs + 1, A)      normaliser/mean, ...

A policy to act with holds `normaliser` (normalize.py) beside the parameters; without one, observations are taken as
they are. The temperature and the floor are constants: no gradient reaches them.

Source:
    Saxe, McClelland, Ganguli, ICLR 2014 (orthogonal start); Ba, Kiros, Hinton, 2016 (LayerNorm); Shazeer et al., ICLR
    2017 (load balance of experts); gate started at -2, 16 experts, temperature 0.5: Li et al., arXiv 2603.25544.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
from jax import numpy as jnp

from biomimic.config import ranged
from biomimic.errors import BadValue
from biomimic.training import normalize, skip

Parameters = dict  # nested: name → array or Parameters
Layers = dict[str, dict[str, jax.Array]]  # "0", "1", ..., "out" → arrays

EPSILON = 1e-5  # of LayerNorm
GAIN = math.sqrt(2)  # of hidden layers; keeps the size of rectified signals


@dataclass(frozen=True)
class Network:
    """Shape of actor and critic and the first spread of the actions."""

    hidden: tuple[int, ...] = (256, 256)  # widths of the layers
    critic: tuple[int, ...] = ()  # widths of the critic; empty: as the actor
    residual: bool = False  # gated shortcuts around the hidden layers that keep the width
    gate: float = -2.0  # its sigmoid, 0.119, is the first weight of a layer beside its shortcut
    experts: int = ranged(0, low=0)  # 0: none; else all of them work on every observation, softly weighted
    expert_layer: int = ranged(1, low=0)  # the layer that is made of experts
    expert_share: float = ranged(0.5, low=0.01)  # width inside an expert as a share of the layer's width
    temperature: float = ranged(0.5, low=0.01)  # of the softmax over experts
    std: float = ranged(0.3, low=1e-4)  # first standard deviation of actions
    std_floor: float = ranged(0.01, low=0.0)  # below which it cannot fall
    head: float = ranged(0.01, low=0.0)  # gain of the actor's last layer; 0: starts as the skip path alone
    skip: bool = False  # phase-scheduled linear map of the stride block
    knots: int = ranged(32, low=1)  # phases of that map

    def __post_init__(self):
        if not self.hidden or min((*self.hidden, *self.critic)) < 1:
            raise BadValue(
                f"Layers of widths {self.hidden} and {self.critic}: hidden needs one or more, each at least 1."
            )
        depth = min(len(self.hidden), len(self.critic or self.hidden))
        if self.experts and self.expert_layer >= depth:
            raise BadValue(
                f"expert_layer = {self.expert_layer}, but there are {depth} layers; it may be 0 to {depth - 1}."
            )
        if self.std <= self.std_floor:
            raise BadValue(f"std = {self.std} must be above std_floor = {self.std_floor}.")


class Output(NamedTuple):
    """What the network says of a batch of observations."""

    mean: jax.Array  # (..., A)
    std: jax.Array  # (A,)
    value: jax.Array  # (...)
    imbalance: jax.Array  # () load imbalance of the experts of actor and critic; 0 without experts


def init(
    key: jax.Array, settings: Network, observation_size: int, action_size: int, stride_size: int = 0
) -> Parameters:
    """Fresh parameters: orthogonal weights, zero constants, a skip table of zeros.

    Args:
        key: random key.
        settings: the recipe's network.
        observation_size: width O of an observation.
        action_size: width A of an action.
        stride_size: width of the stride block, which comes first in the observation; needed with `settings.skip`.

    Raises:
        BadValue: a size is below 1, or the skip path has no stride block to read.
    """
    if min(observation_size, action_size) < 1:
        found = f"{observation_size} observations and {action_size} actions"
        raise BadValue(f"A network for {found} was asked for; both must be 1 or more.")
    if settings.skip and not skip.SCHEDULE < stride_size <= observation_size:
        raise BadValue(
            f"The skip path needs the stride block at the head of the observation, 4 to {observation_size} numbers; "
            f"it has {stride_size}. Switch on the block stride, or set skip = false."
        )
    actor, critic = jax.random.split(key)
    params = {
        "actor": _layers(actor, settings, settings.hidden, (observation_size, action_size, settings.head)),
        "critic": _layers(critic, settings, settings.critic or settings.hidden, (observation_size, 1, 1.0)),
        "std": {
            "log": jnp.full(action_size, 0.5 * math.log(settings.std**2 - settings.std_floor**2), jnp.float32),
            "floor": jnp.float32(settings.std_floor),
        },
    }
    if settings.skip:
        params["skip"] = {"table": skip.init(stride_size - skip.SCHEDULE, action_size, settings.knots)}
    return params


def forward(params: Parameters, observation: jax.Array) -> Output:
    """Mean, spread and value of raw observations (..., O), and the load imbalance of the batch."""
    seen = _seen(params, observation)
    mean, uneven = _run(params["actor"], seen)
    value, uneven_too = _run(params["critic"], seen)
    return Output(mean + _skipped(params, observation), std(params), value[..., 0], uneven + uneven_too)


def mode(params: Parameters, observation: jax.Array) -> jax.Array:
    """The deterministic action (..., A) of raw observations (..., O)."""
    return _run(params["actor"], _seen(params, observation))[0] + _skipped(params, observation)


def value(params: Parameters, observation: jax.Array) -> jax.Array:
    """The critic's expectation (...) of raw observations (..., O)."""
    return _run(params["critic"], _seen(params, observation))[0][..., 0]


def std(params: Parameters) -> jax.Array:
    """Standard deviation (A,) of the actions: the root of floor^2 + exp(2 log), smooth down to the floor."""
    floor = jax.lax.stop_gradient(params["std"]["floor"])
    return jnp.sqrt(floor**2 + jnp.exp(2 * params["std"]["log"]))


def with_std(params: Parameters, wanted: float) -> Parameters:
    """The same parameters with the spread of every action set anew, e.g. before fine-tuning.

    Raises:
        BadValue: it is not above the floor.
    """
    floor = float(params["std"]["floor"])
    if not wanted > floor:
        raise BadValue(f"A standard deviation of {wanted} was asked for; it must be above the floor of {floor:.4g}.")
    log = jnp.full_like(params["std"]["log"], 0.5 * math.log(wanted**2 - floor**2))
    return {**params, "std": {**params["std"], "log": log}}


def count(params: Parameters) -> int:
    """Numbers in a tree of parameters."""
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def imbalance(share: jax.Array) -> jax.Array:
    """How uneven the experts are used: 0 when all alike, E - 1 when one does everything.

    Args:
        share: (N, E) weights of E experts for N observations, rows sum to 1.

    Returns:
        E * sum of the squared mean shares - 1, ().
    """
    mean = jnp.mean(share, axis=0)
    return share.shape[1] * jnp.sum(mean**2) - 1.0


def _seen(params: Parameters, observation: jax.Array) -> jax.Array:
    if "normaliser" not in params:
        return observation
    return normalize.apply(jax.lax.stop_gradient(params["normaliser"]), observation)


def _skipped(params: Parameters, observation: jax.Array) -> jax.Array | float:
    if "skip" not in params:
        return 0.0
    table = params["skip"]["table"]
    return skip.apply(table, observation[..., : skip.width(table)])


def _run(layers: Layers, signal: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Output (..., out) of a stack of layers and the load imbalance of its experts, ()."""
    uneven = jnp.zeros((), signal.dtype)
    for index in range(len(layers) - 1):
        layer = layers[str(index)]
        linear, share = _experts(layer, signal) if "router" in layer else (signal @ layer["w"] + layer["b"], None)
        if share is not None:
            uneven = uneven + imbalance(share.reshape(-1, share.shape[-1]))
        fresh = jax.nn.silu(_standard(linear) * layer["scale"] + layer["offset"])
        if "gate" in layer:
            fresh = signal + jax.nn.sigmoid(layer["gate"]) * fresh
        signal = fresh
    return signal @ layers["out"]["w"] + layers["out"]["b"], uneven


def _experts(layer: dict[str, jax.Array], signal: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Sum of the experts' answers (..., out), weighted by the router, and those weights (..., E)."""
    heat = jax.lax.stop_gradient(layer["temperature"])
    share = jax.nn.softmax(signal @ layer["router"] / heat, axis=-1)
    inside = jax.nn.silu(jnp.einsum("...i,eih->...eh", signal, layer["enter"]) + layer["enter_b"])
    answers = jnp.einsum("...eh,eho->...eo", inside, layer["w"]) + layer["b"]
    return jnp.einsum("...e,...eo->...o", share, answers), share


def _standard(signal: jax.Array) -> jax.Array:
    """Signal with mean 0 and variance 1 over its last axis."""
    centred = signal - jnp.mean(signal, axis=-1, keepdims=True)
    return centred * jax.lax.rsqrt(jnp.mean(centred**2, axis=-1, keepdims=True) + EPSILON)


def _layers(key: jax.Array, settings: Network, widths: tuple[int, ...], ends: tuple[int, int, float]) -> Layers:
    """Fresh layers of the given widths between `ends`: width of the input, of the output, gain of the last layer."""
    entered, left, gain = ends
    layers = {}
    for index, out in enumerate(widths):
        key, own = jax.random.split(key)
        is_expert = settings.experts > 0 and index == settings.expert_layer
        layers[str(index)] = (
            _expert_layer(own, settings, entered, out) if is_expert else _layer(own, entered, out, GAIN)
        )
        layers[str(index)] |= {"scale": jnp.ones(out, jnp.float32), "offset": jnp.zeros(out, jnp.float32)}
        if settings.residual and index > 0 and entered == out:
            layers[str(index)]["gate"] = jnp.float32(settings.gate)
        entered = out
    layers["out"] = _layer(key, entered, left, gain)
    return layers


def _layer(key: jax.Array, entered: int, out: int, gain: float) -> dict[str, jax.Array]:
    return {"w": _orthogonal(key, (entered, out), gain), "b": jnp.zeros(out, jnp.float32)}


def _expert_layer(key: jax.Array, settings: Network, entered: int, out: int) -> dict[str, jax.Array]:
    inside, number = max(1, round(settings.expert_share * out)), settings.experts
    enter, leave, route = jax.random.split(key, 3)
    return {
        "router": _orthogonal(route, (entered, number), 0.01),
        "temperature": jnp.float32(settings.temperature),
        "enter": _orthogonal(enter, (number, entered, inside), GAIN),
        "enter_b": jnp.zeros((number, inside), jnp.float32),
        "w": _orthogonal(leave, (number, inside, out), GAIN),
        "b": jnp.zeros((number, out), jnp.float32),
    }


@partial(jax.jit, static_argnums=1)
def _orthogonal(key: jax.Array, shape: tuple[int, ...], gain: float) -> jax.Array:
    return gain * jax.nn.initializers.orthogonal()(key, shape, jnp.float32)
