"""Proximal policy optimisation: from an unroll to new parameters, as one pure function for `jit`.

Failure and time limit are two things: a terminated step has no future, a truncated one has the value of the observation
before the reset, and neither takes advantage over from the step after it. Observation statistics stay fixed during an
update and take in the batch at its end. Samples that are not finite are left out one by one; a minibatch whose loss or
gradient is not finite moves nothing, moments included.

The order of samples is drawn within `groups` blocks of bodies, and each minibatch takes its part of each block. So a
mesh of as many devices (or of a divisor) moves no observation between them, and its update is that of one device.

Source:
    Schulman et al., arXiv 1707.06347 (PPO); Schulman et al., ICLR 2016 (GAE); Pardo et al., ICML 2018 (time limits);
    one epoch per batch for muscles, Li et al., arXiv 2603.25544.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import jax
from jax import numpy as jnp

from biomimic.config import one_of, ranged
from biomimic.errors import BadValue
from biomimic.training import losses, network, noise, normalize, optimise

FACTORS = (0.01, 10.0)  # limits of what the KL rule multiplies the rate by
WORTH = 1.0  # in units of action: a label farther off pulls no harder; the tracker asks for much in a fall
CHANGE = 1.5  # it changes by this, when the KL is more than twice or less than half of what is wanted


@dataclass(frozen=True)
class PPO:
    """Proximal policy optimisation."""

    environments: int = ranged(2048, low=1)  # parallel bodies
    unroll: int = ranged(20, low=1)  # control steps collected per update
    minibatches: int = ranged(32, low=1)
    epochs: int = ranged(1, low=1)  # passes over a batch
    groups: int = ranged(1, low=1)  # blocks of bodies within which samples are mixed: number of devices
    discount: float = ranged(0.99, low=0.0, high=1.0)
    trace: float = ranged(0.95, low=0.0, high=1.0)  # lambda of GAE
    clip: float = ranged(0.2, low=0.0)  # of the ratio of probabilities
    value_clip: float = ranged(0.2, low=0.0)  # change of a value beyond which nothing is gained; 0: unlimited
    value_weight: float = ranged(0.5, low=0.0)
    entropy: float = 0.0  # weight of the entropy bonus
    balance: float = ranged(0.01, low=0.0)  # weight of the experts' imbalance
    imitation: float = ranged(0.0, low=0.0)  # weight of the bounded squared distance to labels
    imitation_until: int = ranged(0, low=0)  # update at which that weight has fallen to 0; 0: it stays
    advantage: str = one_of("minibatch", "batch", "raw", default="minibatch")  # what advantages are normalised over
    is_reward_scaled: bool = True  # rewards are divided by the running spread of the discounted return
    is_normaliser_frozen: bool = False  # observation statistics stay as they are
    target_kl: float | None = ranged(None, low=1e-6)  # the rate follows it; None: it does not
    noise: noise.Noise = field(default_factory=noise.Noise)

    def __post_init__(self):
        if self.environments % self.groups or self.environments // self.groups * self.unroll % self.minibatches:
            raise BadValue(
                f"{self.environments} environments in {self.groups} groups, {self.unroll} steps each, cannot be cut "
                f"into {self.minibatches} minibatches; environments / groups * unroll must be a multiple of those."
            )
        if self.target_kl is not None and self.minibatches * self.epochs < 2:
            raise BadValue("target_kl needs two minibatches or epochs: the first step of an update has no KL yet.")

    @property
    def batch(self) -> int:
        """Samples in a minibatch."""
        return self.environments * self.unroll // self.minibatches


class Unroll(NamedTuple):
    """T control steps of B bodies; the leading axes of every array are (T, B)."""

    observation: jax.Array  # (T, B, O) raw, the one that was acted on
    action: jax.Array  # (T, B, A)
    log_probability: jax.Array  # (T, B) of that action when it was drawn
    value: jax.Array  # (T, B) expected when it was drawn
    reward: jax.Array  # (T, B) raw
    next_value: jax.Array  # (T, B) of the observation before an automatic reset
    terminated: jax.Array  # (T, B) bool: failed
    truncated: jax.Array  # (T, B) bool: out of time, or at the end of the clip
    shift: jax.Array | None = None  # (T, B, A) noise that was known before; None with white noise
    label: jax.Array | None = None  # (T, B, A) actions to imitate
    label_weight: jax.Array | None = None  # (T, B) 0: no label there


class Learner(NamedTuple):
    """All that an update changes; a checkpoint of it is enough to go on."""

    params: network.Parameters
    moments: object  # of the optimiser
    normaliser: dict[str, jax.Array]  # of observations
    scale: normalize.Scale  # of rewards
    factor: jax.Array  # () of the rate, moved by the KL rule
    updates: jax.Array  # () int32, done so far
    skipped: jax.Array  # () int32, minibatches that moved nothing, so far


class Act(NamedTuple):
    """Actions of B bodies and what an unroll keeps of them."""

    action: jax.Array  # (B, A)
    log_probability: jax.Array  # (B,)
    value: jax.Array  # (B,)
    shift: jax.Array  # (B, A)
    offset: jax.Array  # (B, A) `previous` of the next step


class _Samples(NamedTuple):
    """An unroll ready to learn from; leading axes (G, N): groups and samples of each."""

    observation: jax.Array
    action: jax.Array
    log_probability: jax.Array
    value: jax.Array
    advantage: jax.Array
    target: jax.Array  # of the value
    weight: jax.Array  # 1, or 0 where something is not finite
    shift: jax.Array | None
    label: jax.Array | None
    label_weight: jax.Array | None


def start(optimiser: optimise.Optimiser, params: network.Parameters, observation_size: int, bodies: int) -> Learner:
    """A learner before its first update, from fresh or warm-started parameters.

    A `normaliser` among the parameters, as in a policy, becomes the learner's.
    """
    statistics = params.get("normaliser", normalize.init(observation_size))
    params = {name: part for name, part in params.items() if name != "normaliser"}
    nothing = jnp.zeros((), jnp.int32)
    moments = optimise.init(optimiser, params)
    return Learner(params, moments, statistics, normalize.scale(bodies), jnp.float32(1), nothing, nothing)


def policy(learner: Learner) -> network.Parameters:
    """What one needs to act: the parameters and the observation statistics."""
    return {**learner.params, "normaliser": learner.normaliser}


def act(settings: PPO, params: network.Parameters, observation: jax.Array, previous: jax.Array, key: jax.Array) -> Act:
    """Exploring actions of B bodies.

    Args:
        settings: the recipe's PPO.
        params: a policy.
        observation: (B, O), raw.
        previous: (B, A) offsets of the step before; `noise.start` after a reset.
        key: random key.
    """
    seen = network.forward(params, observation)
    drawn = noise.draw(settings.noise, key, seen.mean, seen.std, previous)
    return Act(drawn.action, drawn.log_probability, seen.value, drawn.shift, drawn.offset)


def gae(
    settings: PPO,
    reward: jax.Array,
    value: jax.Array,
    next_value: jax.Array,
    terminated: jax.Array,
    truncated: jax.Array,
) -> jax.Array:
    """Advantages by generalised advantage estimation; every array (T, B).

    Args:
        settings: `discount` and `trace` are used.
        reward: of each step.
        value: of the observation acted on.
        next_value: of the observation after the step, before a reset; not read where terminated.
        terminated: no future after this step.
        truncated: the future goes on, but is not in the next row.
    """
    surprise = reward + settings.discount * jnp.where(terminated, 0.0, next_value) - value
    passed = settings.discount * settings.trace * (1.0 - (terminated | truncated))

    def back(later: jax.Array, row: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        now = row[0] + jnp.where(row[1] > 0, row[1] * later, 0.0)
        return now, now

    return jax.lax.scan(back, jnp.zeros_like(reward[0]), (surprise, passed), reverse=True)[1]


def imitation_weight(settings: PPO, update: jax.Array | int) -> jax.Array:
    """Weight of the imitation term in an update (counted from 0): falls linearly to 0, ()."""
    left = 1.0 - jnp.asarray(update, jnp.float32) / settings.imitation_until if settings.imitation_until else 1.0
    return jnp.asarray(settings.imitation * jnp.maximum(left, 0.0), jnp.float32)


def loss(
    settings: PPO, params: network.Parameters, rows: _Samples, imitation: jax.Array
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Loss of a minibatch (..., leading axes of `rows`) and its parts.

    Args:
        settings: the recipe's PPO.
        params: a policy, its statistics included.
        rows: samples.
        imitation: weight of the imitation term now, ().
    """
    weight = rows.weight
    seen = network.forward(params, rows.observation)
    mean = seen.mean if rows.shift is None else seen.mean + rows.shift
    spread = settings.noise.fresh * seen.std
    change = noise.log_probability(rows.action, mean, spread) - rows.log_probability
    change = jnp.clip(change, -losses.FAR, losses.FAR)
    advantage = losses.standard(rows.advantage, weight) if settings.advantage == "minibatch" else rows.advantage
    parts = {
        "policy_loss": losses.mean(losses.surrogate(change, advantage, settings.clip), weight),
        "value_loss": losses.mean(losses.value_loss(seen.value, rows.value, rows.target, settings.value_clip), weight),
        "kl": losses.mean(losses.divergence(change), weight),
        "clip_share": losses.mean(jnp.abs(jnp.expm1(change)) > settings.clip, weight),
        "value_clip_share": losses.mean(jnp.abs(seen.value - rows.value) > (settings.value_clip or jnp.inf), weight),
        "entropy": noise.entropy(spread),
        "std": jnp.mean(seen.std),
        "imbalance": seen.imbalance,
        "imitation_loss": jnp.zeros(()),
    }
    total = parts["policy_loss"] + settings.value_weight * parts["value_loss"]
    total = total - settings.entropy * parts["entropy"] + settings.balance * seen.imbalance
    if rows.label is not None:
        distance = jnp.mean(losses.bounded(seen.mean - rows.label, WORTH), axis=-1)
        parts["imitation_loss"] = losses.mean(distance, weight * rows.label_weight)
        total = total + imitation * parts["imitation_loss"]
    return total, parts


def update(
    settings: PPO, optimiser: optimise.Optimiser, learner: Learner, unroll: Unroll, key: jax.Array
) -> tuple[Learner, dict[str, jax.Array]]:
    """One update from one unroll; jit it with the first two arguments fixed.

    Args:
        settings: the recipe's PPO.
        optimiser: the recipe's optimiser.
        learner: before.
        unroll: (T, B, ...).
        key: random key for the order of samples.

    Returns:
        The learner after the update and its figures, each (): means over the minibatches that moved something.
        `kl_last` is that of the last quarter of them, `skipped` the number that moved nothing, `dropped` the share of
        samples left out, `gradient_norm` is taken before the clip.
    """
    _check(settings, unroll)
    scale, samples = _samples(settings, learner, unroll)
    frozen = {name: learner.params[name] for name in optimiser.frozen} | {"normaliser": learner.normaliser}
    imitation = imitation_weight(settings, learner.updates)
    rate = optimise.rate(optimiser, learner.updates) * learner.factor

    def learn(carry: tuple, chosen: jax.Array) -> tuple[tuple, tuple]:
        params, moments = carry
        rows = jax.tree.map(lambda block: jax.vmap(lambda part, index: part[index])(block, chosen), samples)
        slope = jax.value_and_grad(lambda part: loss(settings, {**frozen, **part}, rows, imitation), has_aux=True)
        (total, parts), gradient = slope(params)
        size = optimise.size(gradient)
        after = optimise.step(optimiser, gradient, moments, params, rate)
        is_good = jnp.isfinite(total) & jnp.isfinite(size) & (jnp.sum(rows.weight) > 0)
        carry = jax.tree.map(lambda new, old: jnp.where(is_good, new, old), after, carry)
        return carry, ({**parts, "gradient_norm": size}, is_good)

    carry = (optimise.trained(optimiser, learner.params), learner.moments)
    carry, (parts, good) = jax.lax.scan(learn, carry, _order(settings, key, samples.weight.shape))
    figures = {name: _mean_of_good(part, good) for name, part in parts.items()}
    last = max(1, good.size // 4)
    figures |= {
        "kl_last": _mean_of_good(parts["kl"][-last:], good[-last:]),
        "skipped": jnp.sum(~good),
        "rate": rate,
        "imitation_weight": imitation,
        **_unroll_figures(samples, scale),
    }
    after = learner._replace(
        params={**learner.params, **carry[0]},
        moments=carry[1],
        scale=scale,
        factor=_factor(settings, learner.factor, figures["kl_last"]),
        updates=learner.updates + 1,
        skipped=learner.skipped + figures["skipped"],
    )
    if not settings.is_normaliser_frozen:
        after = after._replace(normaliser=normalize.update(learner.normaliser, unroll.observation))
    return after, figures


def _samples(settings: PPO, learner: Learner, unroll: Unroll) -> tuple[normalize.Scale, _Samples]:
    """New reward scale and the samples in groups; what is not finite becomes 0 with weight 0."""
    scale, reward = learner.scale, unroll.reward
    if settings.is_reward_scaled:
        scale, reward = normalize.scaled(scale, reward, unroll.terminated | unroll.truncated, settings.discount)
    advantage = gae(settings, reward, unroll.value, unroll.next_value, unroll.terminated, unroll.truncated)
    finite = jnp.isfinite(unroll.log_probability + unroll.value + advantage)
    finite &= jnp.all(jnp.isfinite(unroll.observation), axis=-1) & jnp.all(jnp.isfinite(unroll.action), axis=-1)
    label, label_weight = unroll.label, unroll.label_weight
    if label is not None:
        given = jnp.ones_like(advantage) if label_weight is None else label_weight
        label_weight = jnp.where(jnp.all(jnp.isfinite(label), axis=-1), given, 0.0)
        label = jnp.where(jnp.isfinite(label), label, 0.0)
    target = advantage + unroll.value
    if settings.advantage == "batch":
        advantage = losses.standard(jnp.where(finite, advantage, 0.0), finite)
    samples = _Samples(
        observation=unroll.observation,
        action=unroll.action,
        log_probability=unroll.log_probability,
        value=unroll.value,
        advantage=advantage,
        target=target,
        weight=finite.astype(jnp.float32),
        shift=unroll.shift,
        label=label,
        label_weight=label_weight,
    )

    def grouped(block: jax.Array) -> jax.Array:
        sound = jnp.where(finite.reshape(finite.shape + (1,) * (block.ndim - 2)), block, 0.0)
        steps, bodies = block.shape[:2]
        apart = sound.reshape(steps, settings.groups, bodies // settings.groups, *block.shape[2:])
        return apart.swapaxes(0, 1).reshape(settings.groups, -1, *block.shape[2:])

    return scale, jax.tree.map(grouped, samples)


def _order(settings: PPO, key: jax.Array, shape: tuple[int, int]) -> jax.Array:
    """Samples of each minibatch, (epochs * minibatches, G, N / minibatches): every sample once in an epoch."""
    groups, number = shape

    def shuffled(own: jax.Array) -> jax.Array:
        return jax.random.permutation(own, number).reshape(settings.minibatches, -1)

    keys = jax.random.split(key, (settings.epochs, groups))
    order = jax.vmap(jax.vmap(shuffled))(keys)  # (epochs, G, minibatches, N / minibatches)
    return order.swapaxes(1, 2).reshape(settings.epochs * settings.minibatches, groups, -1)


def _unroll_figures(samples: _Samples, scale: normalize.Scale) -> dict[str, jax.Array]:
    """Figures of a whole unroll, before anything was learnt from it."""
    return {
        "explained_variance": losses.explained(samples.value, samples.target, samples.weight),
        "value": losses.mean(samples.value, samples.weight),
        "reward_scale": normalize.spread(scale),
        "dropped": 1.0 - jnp.mean(samples.weight),
    }


def _mean_of_good(values: jax.Array, good: jax.Array) -> jax.Array:
    """Mean over the good ones; NaN where there is none."""
    return jnp.sum(jnp.where(good, values, 0.0)) / jnp.sum(good)


def _factor(settings: PPO, factor: jax.Array, kl: jax.Array) -> jax.Array:
    """Factor of the rate after an update whose KL was `kl`; a KL that is no number leaves it alone."""
    if settings.target_kl is None:
        return factor
    smaller = jnp.where(kl > 2 * settings.target_kl, factor / CHANGE, factor)
    larger = jnp.where(kl < settings.target_kl / 2, factor * CHANGE, smaller)
    return jnp.clip(larger, *FACTORS)


def _check(settings: PPO, unroll: Unroll) -> None:
    """Shapes only, so that it also works on traced arrays."""
    found = unroll.reward.shape
    if found != (settings.unroll, settings.environments):
        wanted = f"{settings.unroll} steps of {settings.environments} environments"
        raise BadValue(f"The recipe's PPO wants {wanted}; the unroll has {found[0]} steps of {found[1]}.")
    if settings.noise.rho > 0 and unroll.shift is None:
        raise BadValue("With filtered noise an unroll needs `shift`, the part of the noise that was known before.")
