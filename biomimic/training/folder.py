"""The folder of a run that is trained: made, opened again where a training stopped, completed."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from biomimic import config
from biomimic import run as runs
from biomimic.control.settings import Settings
from biomimic.errors import BadRun, BadValue
from biomimic.motion import Trajectory
from biomimic.provenance import sha256, version
from biomimic.run import Manifest, Run
from biomimic.training import checkpoint
from biomimic.training.recipe import Recipe, differences

RECIPE = "recipe.toml"  # with every value, so that later defaults change nothing
GIVEN = "recipe_given.toml"  # verbatim
TRACKER = "tracker.toml"  # settings of the tracker behind the muscle layer, where there is one
POLICY = "policy.npz"
KIND = "policy"  # of that file
PACKAGES = ("jax", "jaxlib", "mujoco", "mujoco-warp", "warp-lang", "optax", "numpy", "musclemimic-models")


def place_of(run: str | Path) -> Path:
    """The folder of a run given by name (in ./runs) or by path."""
    text = str(run)
    is_path = isinstance(run, Path) or "/" in text or os.sep in text
    return Path(text) if is_path else runs.WORKING / text


def found(place: Path) -> Run | None:
    """The run in a folder, in training or complete; None if there is no such folder."""
    return runs.open_training(place) if (place / runs.MANIFEST).is_file() else None


class MadeOn(NamedTuple):
    """What a training stands on beside its recipe: hash of the compiled body, backend in words, tracker's settings."""

    model_sha256: str
    backend: str
    settings: Settings | None


def begin(recipe: Recipe, targets: Sequence[Trajectory], place: Path, made_on: MadeOn) -> Run:
    """Make the folder of a run, or open the one where this training was stopped.

    Args:
        recipe: what is trained.
        targets: what is tracked.
        place: the folder.
        made_on: what it stands on.

    Raises:
        BadRun: the folder holds another recipe, other targets or no run of training.
    """
    if (place / runs.MANIFEST).is_file():
        return _opened(recipe, targets, place)
    if place.exists():
        raise BadRun(f"{place} exists and holds no run; choose another name, or move the folder away.")
    names = [f"target_{i:03d}.npz" for i in range(len(targets))]
    manifest = Manifest(
        schema=runs.SCHEMA,
        name=place.name,
        controller="policy",
        embodiment=recipe.body.embodiment,
        muscle_parameters=recipe.body.muscle_parameters,
        protocol=recipe.protocol,
        target=names[0],
        settings=RECIPE,
        created=date.today().isoformat(),
        note=recipe.note,
        shaped_by=_shaped_by(recipe, targets, made_on.settings),
        versions={package: version(package) for package in ("biomimic", *PACKAGES)},
        status="training",
        model_sha256=made_on.model_sha256,
        backend=made_on.backend,
    )
    content: dict[str, bytes | str] = {name: _bytes(target, place) for name, target in zip(names, targets)}
    content[RECIPE] = config.dumps(recipe)
    if recipe.text:
        content[GIVEN] = recipe.text
    if made_on.settings is not None:
        content[TRACKER] = config.dumps(made_on.settings)
    return runs.create(manifest, content, folder=place.parent)


def recipe_of(run: Run) -> Recipe:
    """The recipe of a run that was trained.

    Raises:
        BadRun: its controller is no policy.
    """
    if run.manifest.controller != "policy":
        raise BadRun(f'Run "{run.name}" has a {run.manifest.controller} for a controller; only policies have a recipe.')
    return config.load(Recipe, run.settings)


def tracker_of(run: Run) -> Settings | None:
    """Settings of the tracker behind the muscle layer and the stride of a run; None where it has none."""
    return config.load(Settings, run.path / TRACKER) if TRACKER in run.manifest.files else None


def targets_of(run: Run) -> list[Trajectory]:
    """All targets of a run, the first of them its own."""
    names = sorted(name for name in run.manifest.files if name.startswith("target") and name.endswith(".npz"))
    return [Trajectory.load(run.path / name) for name in names]


def policy_of(run: Run, like: dict | None = None) -> dict:
    """Parameters and observation statistics of a run that was trained, as `network.mode` takes them.

    Args:
        run: complete.
        like: parameters whose form they must have; the statistics may be of any number of observations there were.

    Raises:
        BadRun: its controller is no policy, or it is one of another network.
        BadFile: the file is missing or truncated.
    """
    if run.manifest.controller != "policy":
        raise BadRun(f'Run "{run.name}" has a {run.manifest.controller} for a controller, and a policy was asked for.')
    path = run.path / POLICY
    found = checkpoint.tree(path, kind=KIND)
    if like is None:
        return found
    form = {**like, "normaliser": found["normaliser"]} if "normaliser" in found else like
    return checkpoint.load(path, form, kind=KIND)


def complete(run: Run, policy: object) -> Run:
    """Write the policy into the run and mark it as complete."""
    path = checkpoint.save(run.path / f".{POLICY}.part", policy, kind=KIND)
    content = {POLICY: path.read_bytes()}
    path.unlink()
    return runs.complete(run, content)


def check_targets(recipe: Recipe, targets: Sequence[Trajectory]) -> None:
    """Prove that the targets are states of the recipe's body.

    Raises:
        BadValue: there is none, or one is of another body.
    """
    if not targets:
        raise BadValue("No target was given: name one or more with --targets, or in the recipe's targets.")
    for number, target in enumerate(targets):
        if target.embodiment != recipe.body.embodiment:
            raise BadValue(
                f"Target {number + 1} of {len(targets)} ({target.provenance.source}) is for the body "
                f'"{target.embodiment}", and the recipe trains "{recipe.body.embodiment}". Retarget the motion to that '
                "body, or take another recipe."
            )


def _shaped_by(recipe: Recipe, targets: Sequence[Trajectory], tracker: Settings | None) -> tuple[str, ...]:
    """Which of the tracked person's quantities the policy learned from: they are no independent witnesses of it."""
    reward, has_moments = recipe.reward, any(target.moment is not None for target in targets)
    forces = tracker is not None or any(target.force is not None for target in targets) and reward.needs_loads
    asked = tracker is not None and tracker.moments.human and tracker.moments.weight > 0
    moments = has_moments and (asked or reward.moment > 0)
    return ("angles", *(("force",) if forces else ()), *(("moment",) if moments else ()))


def _opened(recipe: Recipe, targets: Sequence[Trajectory], place: Path) -> Run:
    run = runs.open_training(place)
    changes = differences(recipe_of(run), recipe)
    if changes:
        more = f" (and {len(changes) - 1} more)" if len(changes) > 1 else ""
        raise BadRun(
            f'Run "{run.name}" was begun with another recipe: {changes[0]}{more}. Give that recipe, or another run.'
        )
    known = [value for name, value in sorted(run.manifest.files.items()) if name.startswith("target")]
    found = [f"sha256:{_hash(target, place)}" for target in targets]
    if found != known:
        raise BadRun(
            f'Run "{run.name}" was begun with {len(known)} other targets than the {len(found)} given now. Give the '
            "same ones, leave --targets out to take the run's own, or choose another run."
        )
    return run


def _bytes(target: Trajectory, place: Path) -> bytes:
    path = target.save(place.parent / f".{place.name}.target.{os.getpid()}.npz")
    try:
        return path.read_bytes()
    finally:
        path.unlink()


def _hash(target: Trajectory, place: Path) -> str:
    path = target.save(place.parent / f".{place.name}.target.{os.getpid()}.npz")
    try:
        return sha256(path)
    finally:
        path.unlink()
