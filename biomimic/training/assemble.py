"""From a recipe and its targets to the environment: the one that is trained in, and those for evaluation."""

from collections.abc import Sequence
from dataclasses import replace

from biomimic import config, embodiment
from biomimic.control.settings import Settings
from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Trajectory
from biomimic.run import open_run
from biomimic.training import actions, clips, engine
from biomimic.training.body import Body
from biomimic.training.engine import CONTROL_STEP
from biomimic.training.env import Env, Task
from biomimic.training.layer import Layer
from biomimic.training.layer import build as build_layer
from biomimic.training.observation import Blocks
from biomimic.training.recipe import Recipe


def load_body(recipe: Recipe) -> Embodiment:
    """The recipe's body, compiled with its physics step."""
    body = recipe.body
    return embodiment.load(body.embodiment, muscle_parameters=body.muscle_parameters, timestep=body.timestep)


def needs_layer(recipe: Recipe) -> bool:
    """Whether actions or observations are those of the tracker's muscle layer and stride."""
    return recipe.observation.stride or recipe.actions.kind == "acceleration"


def tracker_settings(recipe: Recipe) -> Settings | None:
    """Settings of the muscle layer that the recipe names; None where it needs none.

    Raises:
        BadValue: the run that it names has no tracker.
    """
    if not needs_layer(recipe):
        return None
    name = recipe.tracker
    if not name:
        return Settings()
    if name.endswith(".toml"):
        return config.load(Settings, name)
    run = open_run(name)
    if run.manifest.controller != "tracker":
        raise BadValue(
            f'The recipe takes its tracker from run "{run.name}", which has a {run.manifest.controller}; name the run '
            "of a tracker, or the .toml file of its settings."
        )
    return config.load(Settings, run.settings)


def build(
    recipe: Recipe, body: Embodiment, targets: Sequence[Trajectory], settings: Settings | None, bodies: int
) -> Env:
    """The environment of a recipe.

    Args:
        recipe: what is trained.
        body: of `load_body`.
        targets: what is tracked.
        settings: of `tracker_settings`, or of the run.
        bodies: how many at once.

    Raises:
        BadValue: the targets, blocks, actions and reward do not go together.
    """
    constants = Body.of(body, CONTROL_STEP)
    if recipe.pushes.force and not constants.has_free_root:
        raise BadValue(
            f'The recipe pushes its bodies, and the root of "{body.name}" is fixed; a push needs a free root: set '
            "pushes.force = 0."
        )
    layer = None if settings is None else _layer(body, targets, settings, recipe.observation)
    task = Task(
        body=constants,
        actions=recipe.actions,
        muscles=actions.dynamics(body.model, CONTROL_STEP),
        blocks=recipe.observation,
        weights=recipe.reward,
        limits=recipe.limits,
        horizon=recipe.course.horizon,
        activation=recipe.start.activation,
        sampling=recipe.sampling,
        layer=layer,
        pushes=recipe.pushes,
        is_labelled=layer is not None and recipe.ppo.imitation > 0,
    )
    dynamics = layer is not None or recipe.reward.is_dynamic
    moved = engine.load(body.model, bodies, kind=recipe.body.engine, threads=recipe.body.threads, dynamics=dynamics)
    packed = clips.pack(targets, constants, loads=recipe.reward.needs_loads)
    env = Env(task, packed, moved)
    _ = env.observation_size  # proves that the blocks are there
    return env


def evaluation(env: Env, recipe: Recipe, body: Embodiment, bodies: int) -> Env:
    """The same environment on MuJoCo C with another number of bodies."""
    dynamics = env.engine.is_dynamic
    return replace(env, engine=engine.load(body.model, bodies, threads=recipe.body.threads, dynamics=dynamics))


def _layer(body: Embodiment, targets: Sequence[Trajectory], settings: Settings, blocks: Blocks) -> Layer:
    periodic = [target for target in targets if target.period is not None]
    if len(targets) != 1 or not periodic:
        raise BadValue(
            f"The recipe acts or sees through the tracker's stride, which needs exactly one periodic target; "
            f"{len(targets)} were given, {len(periodic)} of them periodic. Give one, or set observation.stride to "
            'false and actions.kind to "excitation" or "activation".'
        )
    seen = {"sees_landing": blocks.stride_landing, "sees_torque": blocks.stride_torque}
    return build_layer(body, targets[0], settings, **seen)
