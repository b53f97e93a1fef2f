"""Every clip of a run once from its first frame and from random frames: how far and how closely it is followed.

The policy acts without exploration, on MuJoCo C, in the environment it was trained in. Only the limits are others:
those with which results are published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from tqdm import tqdm

from biomimic.evaluation import Attempt, Evaluation
from biomimic.motion import Trajectory
from biomimic.run import Run
from biomimic.training import assemble, clips, engine, folder, playing, termination
from biomimic.training.body import Body
from biomimic.training.clips import Clips
from biomimic.training.engine import CONTROL_STEP, Engine
from biomimic.training.env import State
from biomimic.training.playing import Player
from biomimic.training.termination import ARMS, PUBLISHED, Limits
from biomimic.training.view import is_sound

BODIES = 64  # at once


@dataclass(frozen=True)
class Plan:
    """What is tried, and when an attempt is lost.

    Args:
        random_starts: for each clip, beside the one from its first frame.
        seed: of their frames.
        periodic: how long a periodic target is followed, which has no end [s].
        limits: None: the published ones for a body with a free root, or for arms on a fixed trunk.

    Source:
        limits: Li et al., arXiv 2603.25544.
    """

    random_starts: int = 3
    seed: int = 0
    periodic: float = 20.0
    limits: Limits | None = None


class _Try(NamedTuple):
    """One attempt before it is made: clip, first control frame, control steps to go, and how it begins."""

    clip: int
    frame: int
    steps: int
    begun: str


class _Step(NamedTuple):
    """What one control step of B bodies showed, (B,) each."""

    joint: jax.Array  # [rad]
    speed: jax.Array  # [rad/s]
    root: jax.Array  # [m]
    site: jax.Array  # [m]
    is_sound: jax.Array
    sites_lost: jax.Array
    root_lost: jax.Array


def evaluate(run: Run, plan: Plan | None = None, *, threads: int = 0) -> Evaluation:
    """Follow every target of a run.

    Args:
        run: of a policy.
        plan: starts and limits.
        threads: of MuJoCo C; 0: one per processor.

    Raises:
        BadRun: the run's controller is no policy, or its parameters belong to another network.
    """
    plan = plan or Plan()
    recipe, targets = folder.recipe_of(run), folder.targets_of(run)
    body = assemble.load_body(recipe)
    player = playing.load(run, body, targets)
    limits = plan.limits or (PUBLISHED if player.task.body.has_free_root else ARMS)
    tries, names = _tries(player.clips, plan), _names(targets)
    size = min(BODIES, len(tries))
    moved = engine.load(body.model, size, threads=threads, dynamics=player.is_dynamic)
    attempts: list[Attempt] = []
    with tqdm(total=sum(one.steps for one in tries), desc="evaluating", unit="step") as progress:
        for first in range(0, len(tries), size):
            some = tries[first : first + size]
            attempts += _follow(player, moved, (some, names), limits, progress)
    return Evaluation(
        run=run.name,
        policy=run.manifest.files[folder.POLICY].removeprefix("sha256:"),
        engine=f"MuJoCo {mujoco.__version__}",
        site_limit=limits.sites if limits.sites < inf else limits.places,
        root_limit=limits.root,
        attempts=tuple(attempts),
    )


def _tries(packed: Clips, plan: Plan) -> list[_Try]:
    """One try from the first frame and some from random frames for each clip, in the order of the clips."""
    random, tries = np.random.default_rng(plan.seed), []
    for clip in range(packed.count):
        is_periodic = bool(packed.is_periodic[clip])
        last = int(packed.cycle[clip]) - 1 if is_periodic else int(packed.frames[clip]) - 2
        frames = [0, *random.integers(0, last, plan.random_starts, endpoint=True)]
        for number, frame in enumerate(frames):
            left = round(plan.periodic / CONTROL_STEP) if is_periodic else int(packed.frames[clip]) - 1 - int(frame)
            tries.append(_Try(clip, int(frame), left, "random" if number else "first frame"))
    return tries


def _follow(
    player: Player, moved: Engine, tried: tuple[Sequence[_Try], Sequence[str]], limits: Limits, progress: tqdm
) -> list[Attempt]:
    """Make some attempts at once; bodies that are not needed repeat the last one, and nobody looks at them."""
    tries, names = tried
    filled = [*tries, *[tries[-1]] * (moved.size - len(tries))]
    begun, start = player.place([one.clip for one in filled], [one.frame for one in filled])
    physics, view = moved.reset(None, np.ones(moved.size, bool), start)
    state = player.begin(begun, view)
    summed, lived = np.zeros((4, moved.size)), np.zeros(moved.size, int)
    ended, goal = np.full(moved.size, "", object), np.array([one.steps for one in filled])
    while True:
        is_open = (ended == "") & (lived < goal)
        if not is_open[: len(tries)].any():
            break
        excitation, state = player.act(state)
        physics, view = moved.step(physics, excitation)
        state, _ = player.see(state, view)
        seen = jax.device_get(_look(player.task.body, limits, player.clips, state))
        for word, is_lost in (("pelvis", seen.root_lost), ("sites", seen.sites_lost), ("not finite", ~seen.is_sound)):
            ended[is_open & is_lost] = word
        kept = is_open & (ended == "")
        lived += kept
        summed[:, kept] += np.stack(seen[:4])[:, kept]
        progress.update(int(kept[: len(tries)].sum()))
    return [_attempt(one, names[one.clip], str(ended[k]), int(lived[k]), summed[:, k]) for k, one in enumerate(tries)]


def _attempt(one: _Try, name: str, ended: str, lived: int, summed: np.ndarray) -> Attempt:
    mean = summed / lived if lived else np.full(4, np.nan)
    times = (one.frame * CONTROL_STEP, one.steps * CONTROL_STEP, lived * CONTROL_STEP)
    return Attempt(name, *times, ended, one.begun, *(float(value) for value in mean))


def _names(targets: Sequence[Trajectory]) -> list[str]:
    """A name for each target: where it comes from, numbered where several have the same."""
    found = [target.provenance.source for target in targets]
    return [
        name if found.count(name) == 1 else f"{name} ({found[: k + 1].count(name)})" for k, name in enumerate(found)
    ]


@partial(jax.jit, static_argnums=(0, 1))
def _look(body: Body, limits: Limits, packed: Clips, state: State) -> _Step:
    """Distances from the targets, and who has lost them; B bodies."""
    angles, speeds = _angles(body)

    def one(state: State) -> _Step:
        target = clips.at(packed, state.clip, state.frame, state.origin)
        far = termination.deviations(state.view, target, body)
        return _Step(
            joint=jnp.mean(jnp.abs(state.view.qpos[angles] - target.qpos[angles])),
            speed=jnp.mean(jnp.abs(state.view.qvel[speeds] - target.qvel[speeds])),
            root=far.root,
            site=far.sites,
            is_sound=is_sound(state.view),
            sites_lost=(far.sites > limits.sites) | (far.places > limits.places),
            root_lost=far.root > limits.root,
        )

    return jax.vmap(one)(state._replace(physics=()))


def _angles(body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates and speeds of the hinges that move on their own."""
    model = body.model
    free = set(body.couplings.names)
    hinges = [
        joint
        for joint in range(model.njnt)
        if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE and model.joint(joint).name in free
    ]
    return model.jnt_qposadr[hinges], model.jnt_dofadr[hinges]
