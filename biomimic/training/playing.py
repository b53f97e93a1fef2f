"""Playing: bodies that follow a policy without exploration from chosen frames of chosen clips.

Observation, meaning of actions, bookkeeping and reset are those of the environment it was trained in, compiled for the
processor, so that a machine with a GPU plays the same walk as one without. Physics is the caller's.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import jax
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadRun
from biomimic.motion import Trajectory
from biomimic.run import Run
from biomimic.training import assemble, env, folder, network
from biomimic.training.clips import Clips
from biomimic.training.engine import Physics
from biomimic.training.env import Begin, Outcome, Stage, State, Task
from biomimic.training.network import Parameters
from biomimic.training.termination import Limits
from biomimic.training.view import BodyView


class Player:
    """A policy, its task and the clips that it follows.

    Attributes:
        task: as trained, but for the limits of termination where others were asked for.
        clips: packed.
        is_dynamic: whether views must carry the equations of motion.
    """

    def __init__(self, task: Task, all_clips: Clips, params: Parameters, *, is_dynamic: bool) -> None:
        self.task, self.is_dynamic = task, is_dynamic
        self._cpu = jax.local_devices(backend="cpu")[0]
        self.clips, self._params = jax.device_put((all_clips, params), self._cpu)
        self._stage = Stage(np.ones(self.clips.count, np.float32), {}, None)

    def place(self, clip: Sequence[int], frame: Sequence[float]) -> tuple[Begin, Physics]:
        """Where bodies begin that are put into clips at frames, and their physics there."""
        with jax.default_device(self._cpu):
            return env.place(self.task, self.clips, np.asarray(clip, np.int32), np.asarray(frame, np.float32))

    def begin(self, begun: Begin, view: BodyView) -> State:
        """Bodies that have been placed and forwarded, with their first observation."""
        with jax.default_device(self._cpu):
            return env.first(self.task, self.clips, view, begun)._replace(view=view)

    def act(self, state: State) -> tuple[jax.Array, State]:
        """Excitations (B, nu) of the policy's mode, and the state with the action and the clock moved on."""
        with jax.default_device(self._cpu):
            return _act(self.task, self._params, state)

    def see(self, state: State, view: BodyView) -> tuple[State, Outcome]:
        """The state one control step later, and what the step led to."""
        with jax.default_device(self._cpu):
            moved = state._replace(physics=(), view=view, observation=())
            after, outcome = env.judge(self.task, self.clips, moved, state.action, self._stage)
            return after._replace(view=view), outcome


def load(run: Run, body: Embodiment, targets: Sequence[Trajectory], limits: Limits | None = None) -> Player:
    """The policy of a run.

    Args:
        run: that was trained.
        body: its body.
        targets: what is followed: those that it was trained on, or others of the same body.
        limits: of termination; None: those of the recipe.

    Raises:
        BadRun: it has no policy, or one of another network or body.
        BadFile, BadValue: its recipe or policy is damaged, or it cannot follow these targets.
    """
    recipe = folder.recipe_of(run)
    if run.manifest.model_sha256 not in ("", body.sha256):
        raise BadRun(
            f'Run "{run.name}" was trained on another "{body.name}" (its model is {run.manifest.model_sha256[:12]}…, '
            f"this one is {body.sha256[:12]}…). Install the versions that its run.toml names, or train it again."
        )
    here = replace(
        recipe, body=replace(recipe.body, engine="mujoco", threads=1), ppo=replace(recipe.ppo, imitation=0.0)
    )
    made = assemble.build(here, body, targets, folder.tracker_of(run), 1)
    sizes = made.observation_size, made.task.action_size, made.stride_size
    like = jax.eval_shape(lambda key: network.init(key, recipe.network, *sizes), jax.random.key(0))
    params = folder.policy_of(run, like)
    task = made.task if limits is None else replace(made.task, limits=limits)
    return Player(task, made.clips, params, is_dynamic=made.engine.is_dynamic)


@partial(jax.jit, static_argnums=0)
def _act(task: Task, params: Parameters, state: State) -> tuple[jax.Array, State]:
    action = network.mode(params, state.observation)
    command = env.command_one_by_one if task.is_programmed else env.command  # as in training, to the bit
    excitation, memory, *_ = command(task, state.memory, state.view, action)
    return excitation, state._replace(memory=memory, action=action)
