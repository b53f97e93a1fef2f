"""The critic before the first update: fitted to the returns that the warm-started policy gathers."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from biomimic.training import network, normalize
from biomimic.training.ppo import PPO
from biomimic.training.warm.collect import Rewards
from biomimic.training.warm.settings import WarmStart

LEFT = 0.05  # weight of what lies beyond the data at which a return is not learned from


def fit(
    policy: network.Parameters, gathered: Rewards, settings: WarmStart, ppo: PPO
) -> tuple[network.Parameters, normalize.Scale, dict[str, float]]:
    """The policy with a critic that knows its returns, the scale that rewards are divided by, and figures.

    Args:
        policy: with normaliser.
        gathered: on walks of that policy.
        settings: of the warm start.
        ppo: discount, and whether rewards are scaled.
    """
    reward, done = jnp.asarray(gathered.reward), jnp.asarray(gathered.terminated | gathered.truncated)
    scale = normalize.scale(reward.shape[1])
    if ppo.is_reward_scaled:
        scale, reward = normalize.scaled(scale, reward, done, ppo.discount)
    target, known = returns(np.asarray(reward), gathered.terminated, gathered.truncated, ppo.discount)
    observation, wanted = gathered.observation[known], target[known].astype(np.float32)
    rng = np.random.default_rng(0)
    steps = settings.values * max(len(wanted) // settings.batch, 1)
    optimiser = optax.adam(optax.cosine_decay_schedule(settings.rate, steps))
    moments = optimiser.init(policy["critic"])

    @jax.jit
    def step(critic: network.Layers, moments, seen: jax.Array, aim: jax.Array):
        def loss(critic: network.Layers) -> jax.Array:
            return jnp.mean((network.value(policy | {"critic": critic}, seen) - aim) ** 2)

        value, gradient = jax.value_and_grad(loss)(critic)
        change, moments = optimiser.update(gradient, moments, critic)
        return optax.apply_updates(critic, change), moments, value

    critic = policy["critic"]
    for _ in range(settings.values):
        order = rng.permutation(len(wanted))
        for rows in np.array_split(order, max(len(order) // settings.batch, 1)):
            critic, moments, _ = step(critic, moments, observation[rows], wanted[rows])
    policy = policy | {"critic": critic}
    found = np.asarray(jax.jit(network.value)(policy, observation))
    explained = 1.0 - float(np.var(wanted - found) / max(float(np.var(wanted)), 1e-12))
    return policy, scale, {"explained_variance": explained, "reward": float(gathered.reward.mean())}


def returns(
    reward: np.ndarray, terminated: np.ndarray, truncated: np.ndarray, discount: float
) -> tuple[np.ndarray, np.ndarray]:
    """Discounted returns (T, B), and which of them are known, (T, B) bool.

    A fall ends a return. Where a walk is cut, or the data end, what is missing is made up by repeating the mean of what
    was seen; returns of which more than LEFT is made up are not known.
    """
    steps, bodies = reward.shape
    steady = float(reward.mean()) / (1.0 - discount)
    value, missing = np.full(bodies, steady), np.ones(bodies)
    found, left = np.empty((steps, bodies)), np.empty((steps, bodies))
    for t in range(steps - 1, -1, -1):
        value = np.where(terminated[t], 0.0, np.where(truncated[t], steady, value))
        missing = np.where(terminated[t], 0.0, np.where(truncated[t], 1.0, missing))
        value, missing = reward[t] + discount * value, discount * missing
        found[t], left[t] = value, missing
    return found, left <= LEFT
