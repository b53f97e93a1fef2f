"""Collecting experience: T control steps of B bodies under a policy, and what they amount to.

Around a traced engine the steps are one `lax.scan`; around MuJoCo C a loop in Python over the same functions.
"""

import dataclasses
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from biomimic.training import network, noise, ppo, sampling
from biomimic.training.engine import CONTROL_STEP
from biomimic.training.env import Env, Outcome, Stage, State
from biomimic.training.ppo import PPO, Act, Unroll


class Flow(NamedTuple):
    """Bodies in the middle of their episodes.

    Attributes:
        state: of the environment.
        offset: of the exploration noise, (B, A).
        gathered: reward of the episode so far, (B,).
    """

    state: State
    offset: jax.Array
    gathered: jax.Array


class Row(NamedTuple):
    """One control step of B bodies as it is kept."""

    observation: jax.Array
    act: Act
    boundary: jax.Array  # (B,) value of the observation before a reset, where truncated
    outcome: Outcome  # without its observation
    gathered: jax.Array  # (B,) reward of the episode up to here


def begin(env: Env, policy: network.Parameters, stage: Stage, key: jax.Array) -> Flow:
    """Bodies that have just been put into their clips."""
    first, second = jax.random.split(key)
    state = env.reset(first, stage)
    offset = noise.start(second, network.std(policy), env.engine.size)
    return Flow(state, offset, jnp.zeros_like(offset[:, 0]))


def collect(
    env: Env, settings: PPO, policy: network.Parameters, flow: Flow, stage: Stage, key: jax.Array
) -> tuple[Flow, Unroll, dict[str, jax.Array]]:
    """T steps under an exploring policy.

    Returns:
        The bodies after them, the unroll to learn from, and figures of `_figures`.
    """
    if env.engine.is_traced:
        return _traced(env, settings, (env.clips, policy, flow, stage), key)
    rows = []
    for own in jax.random.split(key, settings.unroll):
        flow, row = _step(env, settings, (policy, flow, stage), own)
        rows.append(row)
    unroll, figures = _stacked(rows, policy, flow.state.observation, env.clips.count)
    return flow, unroll, figures


@partial(jax.jit, static_argnums=(0, 1))
def _traced(env: Env, settings: PPO, given: tuple, key: jax.Array) -> tuple[Flow, Unroll, dict[str, jax.Array]]:
    all_clips, policy, flow, stage = given
    here = dataclasses.replace(env, clips=all_clips)

    def step(flow: Flow, own: jax.Array) -> tuple[Flow, Row]:
        return _step(here, settings, (policy, flow, stage), own)

    flow, rows = jax.lax.scan(step, flow, jax.random.split(key, settings.unroll))
    return flow, *_summary(rows, policy, flow.state.observation, env.clips.count)


def _step(env: Env, settings: PPO, given: tuple[network.Parameters, Flow, Stage], key: jax.Array) -> tuple[Flow, Row]:
    policy, flow, stage = given
    seen = flow.state.observation
    act, again = _act(settings, policy, seen, flow.offset, key)
    state, outcome = env.step(flow.state, act.action, stage)
    offset, gathered, row = _kept(policy, (seen, act, outcome), again, flow.gathered)
    return Flow(state, offset, gathered), row


@partial(jax.jit, static_argnums=0)
def _act(
    settings: PPO, policy: network.Parameters, observation: jax.Array, offset: jax.Array, key: jax.Array
) -> tuple[Act, jax.Array]:
    """Actions, and the offsets (B, A) that bodies take which begin anew after the step."""
    first, second = jax.random.split(key)
    act = ppo.act(settings, policy, observation, offset, first)
    return act, noise.start(second, network.std(policy), observation.shape[0])


@jax.jit
def _kept(
    policy: network.Parameters, step: tuple[jax.Array, Act, Outcome], again: jax.Array, gathered: jax.Array
) -> tuple[jax.Array, jax.Array, Row]:
    """Noise and gathered reward for the next step, and the row of this one."""
    observation, act, outcome = step
    done, total = outcome.done, gathered + outcome.reward
    boundary = jax.lax.cond(
        outcome.truncated.any(),
        lambda: network.value(policy, outcome.observation),
        lambda: jnp.zeros_like(outcome.reward),
    )
    row = Row(observation, act._replace(offset=()), boundary, outcome._replace(observation=()), total)
    return jnp.where(done[:, None], again, act.offset), jnp.where(done, 0.0, total), row


@partial(jax.jit, static_argnums=3)
def _stacked(
    rows: list[Row], policy: network.Parameters, last: jax.Array, count: int
) -> tuple[Unroll, dict[str, jax.Array]]:
    return _summary(jax.tree.map(lambda *parts: jnp.stack(parts), *rows), policy, last, count)


def _summary(rows: Row, policy: network.Parameters, last: jax.Array, count: int) -> tuple[Unroll, dict[str, jax.Array]]:
    """The unroll, and figures of it.

    Args:
        rows: leading axes (T, B).
        policy: that acted.
        last: observation after the last step, (B, O).
        count: clips there are.
    """
    act, outcome = rows.act, rows.outcome
    following = jnp.concatenate([act.value[1:], network.value(policy, last)[None]])
    unroll = Unroll(
        observation=rows.observation,
        action=act.action,
        log_probability=act.log_probability,
        value=act.value,
        reward=outcome.reward,
        next_value=jnp.where(outcome.truncated, rows.boundary, following),
        terminated=outcome.terminated,
        truncated=outcome.truncated,
        shift=act.shift,
        label=outcome.label,
    )
    return unroll, _figures(rows, count)


def _figures(rows: Row, count: int) -> dict[str, jax.Array]:
    """Sums over an unroll, so that those of several processes can be added; see `means`.

    `steps`, `reward` and terms over all steps; `episodes`, `falls`, `returns` and `lengths` over the episodes that
    ended; `clip_ends` and `clip_falls` by clip, (C,).
    """
    outcome, done = rows.outcome, rows.outcome.done
    falls = outcome.terminated.astype(jnp.float32)
    ended, failed = sampling.count(outcome.clip, outcome.terminated, outcome.truncated, count)
    return {
        "steps": jnp.float32(done.size),
        "reward": jnp.sum(outcome.reward),
        "episodes": jnp.sum(done.astype(jnp.float32)),
        "falls": jnp.sum(falls),
        "returns": jnp.sum(jnp.where(done, rows.gathered, 0.0)),
        "lengths": jnp.sum(jnp.where(done, outcome.age, 0).astype(jnp.float32)),
        "clip_ends": ended,
        "clip_falls": failed,
        **{f"term_{name}": jnp.sum(term) for name, term in outcome.terms.items()},
    }


def means(sums: dict[str, jax.Array]) -> dict[str, float]:
    """Figures for metrics.csv from the sums of an unroll; those of episodes are left out where none ended."""
    sums = {name: float(value) for name, value in sums.items() if not name.startswith("clip_")}
    steps, episodes = sums["steps"], sums["episodes"]
    found = {"reward": sums["reward"] / steps, "falls_per_second": sums["falls"] / steps / CONTROL_STEP}
    if episodes:
        found |= {
            "return": sums["returns"] / episodes,
            "length": sums["lengths"] / episodes,
            "fall_rate": sums["falls"] / episodes,
        }
    return found | {name: value / steps for name, value in sums.items() if name.startswith("term_")}
