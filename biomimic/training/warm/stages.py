"""The warm start: rounds of walking, asking and fitting; the best policy; a critic that knows what it is worth.

Every round leaves a file in the run's folder, so that a stop costs one round at most; what is drawn depends on the seed
and the round alone, so that the policy is the same with and without the stop.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from biomimic import archive
from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.training import assemble, checkpoint, normalize, skip
from biomimic.training.env import Env
from biomimic.training.layer.stride import of_arms
from biomimic.training.network import Parameters
from biomimic.training.playing import Player
from biomimic.training.recipe import Recipe
from biomimic.training.warm import collect, critic, linear, student, survival
from biomimic.training.warm.collect import Labels
from biomimic.training.warm.settings import WarmStart

FOLDER, SCHEMA, KIND = "warm", 1, "labels"
CLONE = "policy.npz"  # in that folder: the policy before reinforcement learning
ROUND, VALUES = "warm", "values"  # stages in metrics.csv
STARTS = (np.arange(10) + 0.5) / 10  # phases of the trials that choose a policy; the tests' are i / 10

Tell = Callable[[str, int, int, int, dict[str, float]], None]  # stage, done, total, steps so far, figures


class Warm(NamedTuple):
    """Where reinforcement learning begins.

    Attributes:
        policy: parameters with normaliser.
        scale: of rewards, for as many bodies as learn; that of no data if the critic was not fitted.
    """

    policy: Parameters
    scale: normalize.Scale


class Setting(NamedTuple):
    """What a warm start works with.

    Attributes:
        recipe: of the training.
        env: that is trained in; its task and clips are taken.
        body: compiled.
        key: of everything that is drawn.
    """

    recipe: Recipe
    env: Env
    body: Embodiment
    key: jax.Array


def start(setting: Setting, policy: Parameters, place: Path, tell: Tell) -> Warm:
    """A policy that does what the tracker does.

    Args:
        setting: recipe, environment, body, random key.
        policy: fresh parameters.
        place: folder of the run; rounds that lie there are not walked again.
        tell: hears of every round.

    Raises:
        BadValue: the recipe has no tracker to learn from, or no linear map and no network to teach.
    """
    recipe, env = setting.recipe, _own(setting)
    _check(recipe, env)
    policy = policy if "normaliser" in policy else policy | {"normaliser": normalize.init(env.observation_size)}
    calm = collect.calmed(recipe.warm)
    paces = [(collect.pushed(env, pace), pace) for pace in (recipe.warm, calm)]  # of the tracker, of a policy
    data, best, longest, driver, steps = [], policy, -1.0, None, 0
    for number in range(recipe.warm.rounds):
        begun = time.monotonic()
        found = _labels(setting, paces[driver is not None], driver, (place, number))
        collected = time.monotonic() - begun
        data.append((found.observation, found.action, found.activation))
        steps += round(found.seconds / env.task.body.control_step)
        if number + 1 < min(recipe.warm.alone, recipe.warm.rounds):
            figures = {"labels": len(found.action), "label_falls": found.falls, "collecting_s": collected}
            tell(ROUND, number + 1, recipe.warm.rounds, steps, figures)
            continue
        driver, figures = _taught(setting, driver or policy, data)
        player = Player(env.task, env.clips, driver, is_dynamic=True)
        lived = survival.times(player, STARTS, recipe.warm.trial, recipe.body.threads)
        if lived.mean() > longest:
            best, longest = driver, float(lived.mean())
        figures |= {"labels": len(np.concatenate([part[1] for part in data])), "label_falls": found.falls}
        figures |= {"time_to_fall": float(np.median(lived)), "time_to_fall_mean": float(lived.mean())}
        figures |= {"perfect": int((lived >= recipe.warm.trial).sum()), "collecting_s": collected}
        tell(ROUND, number + 1, recipe.warm.rounds, steps, figures | {"seconds": time.monotonic() - begun})
    found = _valued(setting, env, best, (steps, tell))
    checkpoint.save(place / FOLDER / CLONE, found.policy, kind="policy")
    return found


def _own(setting: Setting) -> Env:
    """The environment with as many bodies as the warm start wants, without what only PPO needs."""
    env = assemble.evaluation(setting.env, setting.recipe, setting.body, setting.recipe.warm.bodies)
    return replace(env, task=replace(env.task, is_labelled=False))


def _check(recipe: Recipe, env: Env) -> None:
    if env.task.layer is None or not env.stride_size:
        raise BadValue(
            "The recipe asks for a warm start, which needs the stride in the observation and one periodic target for "
            "the tracker; set observation.stride = true, or warm.rounds = 0."
        )
    if not (recipe.network.skip or recipe.warm.epochs):
        raise BadValue(
            "The recipe asks for a warm start and gives it nothing to teach; set network.skip = true or warm.epochs."
        )


def _labels(
    setting: Setting, pace: tuple[Env, WarmStart], driver: Parameters | None, place: tuple[Path, int]
) -> Labels:
    """The labels of a round: those of its file, or walked now and kept there."""
    folder, number = place
    path = folder / FOLDER / f"round_{number:03d}.npz"
    if path.is_file():
        content = archive.load(path, KIND, SCHEMA)
        values = [archive.required(content, name, path) for name in Labels._fields]
        return Labels(*values[:-2], int(values[-2]), float(values[-1]))
    key = jax.random.fold_in(setting.key, number)
    found = collect.labels(*pace, driver, key)
    archive.save(path, KIND, SCHEMA, {name: np.asarray(value) for name, value in found._asdict().items()})
    return found


def _taught(setting: Setting, policy: Parameters, data: list) -> tuple[Parameters, dict[str, float]]:
    """A policy fitted to all labels so far, and figures."""
    recipe = setting.recipe
    together = tuple(np.concatenate(parts) for parts in zip(*data))
    lesson = student.Lesson(*together, recipe.actions, setting.env.task.muscles)
    if recipe.network.skip:
        policy = policy | {"skip": {"table": jnp.asarray(_table(setting, lesson))}}
    taught = student.teach(policy, lesson, recipe.warm, recipe.seed + len(data))
    figures = {"loss": taught.loss, "held_out": taught.held_out, "loss_linear": taught.skip}
    return taught.params, {name: value for name, value in figures.items() if np.isfinite(value)}


def _table(setting: Setting, lesson: student.Lesson) -> np.ndarray:
    """The linear map, fitted for each group of muscles with the inputs that count for it."""
    recipe, layer = setting.recipe, setting.env.task.layer
    low, high = lesson.reach()
    held = linear.Shrinkage.of(recipe.warm.ridge)
    stride = lesson.observation[:, : layer.width]
    if recipe.actions.kind == "acceleration":
        return linear.fit(linear.Samples(stride, lesson.action, low, high), recipe.network.knots, held)
    table = np.zeros(skip.shape(layer.width - skip.SCHEDULE, lesson.action.shape[1], recipe.network.knots), np.float32)
    for name, own in setting.body.groups.items():
        used = None if name == "arms" else ~of_arms(layer.plan)
        samples = linear.Samples(stride, lesson.action[:, own], low[:, own], high[:, own])
        table[..., own] = linear.fit(samples, recipe.network.knots, held, used)
    return table


def _valued(setting: Setting, env: Env, policy: Parameters, told: tuple[int, Tell]) -> Warm:
    """The policy with a critic fitted to what it gathers, and the scale of its rewards."""
    recipe, (steps, tell) = setting.recipe, told
    bodies = setting.env.engine.size
    if not recipe.warm.values:
        return Warm(policy, normalize.scale(bodies))
    begun = time.monotonic()
    key = jax.random.fold_in(setting.key, recipe.warm.rounds)
    gathered = collect.rewards(env, policy, recipe.warm.value_seconds, key)
    policy, scale, figures = critic.fit(policy, gathered, recipe.warm, recipe.ppo)
    steps += gathered.reward.size
    tell(VALUES, 1, 1, steps, figures | {"seconds": time.monotonic() - begun})
    return Warm(policy, scale._replace(running=jnp.zeros(bodies, jnp.float32)))
