"""Runs of policies nobody trained: random networks on the small body, small enough to know everything about."""

from pathlib import Path

import jax
import numpy as np

from biomimic import embodiment
from biomimic.motion import Trajectory
from biomimic.run import Run
from biomimic.training import assemble, folder, network, normalize
from biomimic.training.actions import Actions
from biomimic.training.examples import tiny_targets
from biomimic.training.network import Network, Parameters
from biomimic.training.observation import Blocks
from biomimic.training.recipe import Body, Recipe

RECIPE = Recipe(
    title="nobody trained it",
    body=Body("tiny", muscle_parameters="tiny", threads=1),
    actions=Actions(kind="activation"),
    observation=Blocks(sites=False, goal="none"),  # less to compile
    network=Network(hidden=(16,), head=1.0),
)


def tiny_clips(count: int = 2, seconds: float = 1.0) -> list[Trajectory]:
    return list(tiny_targets(embodiment.load("tiny", muscle_parameters="tiny"), count, seconds=seconds).values())


def begun_run(place: Path, targets: list[Trajectory], recipe: Recipe = RECIPE) -> Run:
    """A run whose policy is still to come."""
    made_on = folder.MadeOn(assemble.load_body(recipe).sha256, "by a test", assemble.tracker_settings(recipe))
    return folder.begin(recipe, targets, place, made_on)


def random_policy(targets: list[Trajectory], recipe: Recipe = RECIPE, seed: int = 0) -> Parameters:
    """Parameters drawn without compiling anything."""
    env = assemble.build(recipe, assemble.load_body(recipe), targets, assemble.tracker_settings(recipe), 1)
    sizes = env.observation_size, env.task.action_size, env.stride_size
    form = jax.eval_shape(lambda key: network.init(key, recipe.network, *sizes), jax.random.key(0))
    random = np.random.default_rng(seed)
    params = jax.tree.map(lambda leaf: np.float32(0.3 * random.standard_normal(leaf.shape)), form)
    return params | {"normaliser": normalize.init(env.observation_size)}


def made_run(place: Path, targets: list[Trajectory], recipe: Recipe = RECIPE) -> Run:
    """A complete run whose network is random."""
    return folder.complete(begun_run(place, targets, recipe), random_policy(targets, recipe))
