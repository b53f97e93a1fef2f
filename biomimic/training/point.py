"""A training put together, and the point it has come to: started, kept in checkpoints, resumed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from biomimic.control.settings import Settings
from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Trajectory
from biomimic.run import Run, open_run
from biomimic.training import (
    assemble,
    checkpoint,
    curriculum,
    devices,
    folder,
    mesh,
    network,
    optimise,
    ppo,
    processes,
    sampling,
    unroll,
)
from biomimic.training import recipe as recipes
from biomimic.training.env import Env, Stage
from biomimic.training.recipe import Recipe
from biomimic.training.unroll import Flow
from biomimic.training.warm import stages as warm

BEST = "best.npz"  # in a run's folder, while it is trained: the policy of the best trial
UNROLLS, ORDERS, FIRST, WEIGHTS, TRIALS, WARM = range(6)  # branches of the recipe's random key


class Point(NamedTuple):
    """All that decides how a training goes on; a checkpoint of it is enough.

    Attributes:
        learner: parameters, moments, statistics.
        flow: bodies in the middle of their episodes, of this process.
        tally: of the clips.
        lesson: of the curriculum.
        update: done so far, ().
        seconds: that they took, ().
        best: time until a body failed and return of the best trial so far, (2,).
    """

    learner: ppo.Learner
    flow: Flow
    tally: sampling.Tally
    lesson: curriculum.State
    update: np.ndarray
    seconds: np.ndarray
    best: np.ndarray


class Progress(NamedTuple):
    """How far a training is.

    Attributes:
        stage: "ppo", "trial" or a stage of the warm start.
        done: updates so far, or what the stage counts.
        total: of them.
        steps: control steps of all bodies so far.
        figures: of the row that was written to metrics.csv.
    """

    stage: str
    done: int
    total: int
    steps: int
    figures: dict[str, float]


@dataclass(frozen=True, eq=False)
class Training:
    """A recipe with its body, targets, devices and environment.

    Attributes:
        recipe: what is trained and how.
        targets: what is tracked.
        body: compiled.
        settings: of the tracker behind the muscle layer, or None.
        mesh: of the devices.
        env: of this process's bodies.
    """

    recipe: Recipe
    targets: tuple[Trajectory, ...]
    body: Embodiment
    settings: Settings | None
    mesh: Mesh
    env: Env

    @classmethod
    def of(cls, recipe: Recipe, targets: Sequence[Trajectory]) -> "Training":
        """Put everything together; nothing is written yet.

        Raises:
            BadValue, BadFile, BadRun: recipe, targets and devices do not go together.
        """
        recipes.check(recipe)
        folder.check_targets(recipe, targets)
        row = mesh.build(devices.find(recipe.devices), recipe.ppo)
        body, settings = assemble.load_body(recipe), assemble.tracker_settings(recipe)
        env = assemble.build(recipe, body, targets, settings, processes.share(recipe.ppo.environments))
        made = cls(recipe, tuple(targets), body, settings, row, env)
        made._prove()
        return made

    def trial_env(self) -> Env:
        """Bodies for one trial."""
        return assemble.evaluation(self.env, self.recipe, self.body, self.recipe.course.evaluations)

    @cached_property
    def update(self) -> Callable[[ppo.Learner, ppo.Unroll, jax.Array], tuple[ppo.Learner, dict[str, jax.Array]]]:
        """One update, compiled for the mesh."""
        return mesh.updater(self.mesh, self.recipe.ppo, self.recipe.optimiser)

    def key(self, *branch: int) -> jax.Array:
        """Random key of a branch, the same in every process that names the same branch."""
        key = jax.random.key(self.recipe.seed)
        for number in branch:
            key = jax.random.fold_in(key, number)
        return key

    def steps(self, point: Point) -> int:
        """Control steps of all bodies up to a point."""
        return int(point.update) * self.recipe.ppo.environments * self.recipe.ppo.unroll

    def open(self, place: Path) -> Run:
        """The run's folder, made by the first process or found as it was left."""
        if processes.index() == 0:
            folder.begin(self.recipe, self.targets, place, self._made_on())
        processes.meet("folder")
        return folder.begin(self.recipe, self.targets, place, self._made_on())

    def started(self, run: Run, tell: Callable) -> Point:
        """The point before the first update: from random weights, from another run or from a warm start."""
        policy, recipe = self._first_policy(), self.recipe
        if not recipe.warm.rounds:
            return self._placed(self._fresh(policy))
        if processes.count() > 1:
            raise BadValue(
                "The recipe asks for a warm start, which one process does; make that run first (course.updates = 0), "
                "then name it in start.run of the recipe for several hosts."
            )
        setting = warm.Setting(recipe, self.env, self.body, self.key(WARM))
        found = warm.start(setting, policy, run.path, lambda *told: tell(Progress(*told), {}))
        point = self._fresh(found.policy)
        return self._placed(point._replace(learner=point.learner._replace(scale=found.scale)))

    def resumed(self, run: Run) -> Point | None:
        """The point of the newest checkpoint, or None.

        Raises:
            BadRun: it is of another network or recipe.
            BadFile: it cannot be read.
        """
        path = checkpoint.latest(run.path, processes.index(), processes.count())
        if path is None:
            return None
        like = self._stored(self._fresh(self._policy()))
        found = checkpoint.load(path, like)
        physics = self.env.engine.put(found.flow.state.physics)
        state = found.flow.state._replace(physics=())
        flow = jax.device_put(found.flow._replace(state=state), jax.local_devices()[0])
        flow = flow._replace(state=flow.state._replace(physics=physics))
        return self._placed(found._replace(flow=flow))

    def keep(self, run: Run, point: Point) -> None:
        """Write a checkpoint of this process."""
        stored = self._stored(point._replace(learner=processes.own(point.learner)))
        place = (processes.index(), processes.count())
        checkpoint.write(run.path, self.steps(point), stored, place=place, keep=self.recipe.course.keep)

    def judged(self, run: Run, point: Point, found: dict[str, float]) -> Point:
        """The point after a trial; the policy is kept if the recipe chooses the best and this is it."""
        rank = np.array([found["time"], found["return"]])
        if self.recipe.course.chosen == "last" or tuple(rank) <= tuple(point.best):
            return point
        checkpoint.save(run.path / BEST, ppo.policy(processes.own(point.learner)), kind=folder.KIND)
        return point._replace(best=rank)

    def complete(self, run: Run, point: Point) -> Run:
        """Write the policy that the recipe chooses and mark the run as complete."""
        if processes.index() == 0:
            has_best = np.isfinite(point.best).all()
            last = ppo.policy(processes.own(point.learner))
            run = folder.complete(run, checkpoint.tree(run.path / BEST, kind=folder.KIND) if has_best else last)
        processes.meet("complete")
        return open_run(run.path)

    def _prove(self) -> None:
        """Network, optimiser and the run to begin from fit together; told before anything is written."""
        form = jax.eval_shape(self._policy)
        optimise.rate(self.recipe.optimiser, 0)
        optimise.trained(self.recipe.optimiser, form)
        if self.recipe.start.run:
            folder.policy_of(open_run(self.recipe.start.run), like=form)

    def _first_policy(self) -> network.Parameters:
        start, fresh = self.recipe.start, self._policy()
        if start.run:
            fresh = folder.policy_of(open_run(start.run), like=fresh)
        return fresh if start.std is None else network.with_std(fresh, start.std)

    def _policy(self) -> network.Parameters:
        """Random weights."""
        env = self.env
        sizes = env.observation_size, env.task.action_size, env.stride_size
        return jax.jit(network.init, static_argnums=(1, 2, 3, 4))(self.key(WEIGHTS), self.recipe.network, *sizes)

    def _fresh(self, policy: network.Parameters) -> Point:
        recipe, env = self.recipe, self.env
        tally = sampling.start(env.clips.count, recipe.sampling)
        lesson = curriculum.start(recipe.curriculum, recipe.reward)
        stage = Stage(
            tally.weights,
            curriculum.raised(lesson, recipe.curriculum),
            curriculum.limit(lesson, recipe.curriculum),
        )
        device = jax.local_devices()[0]
        return Point(
            learner=ppo.start(recipe.optimiser, policy, env.observation_size, env.engine.size),
            flow=unroll.begin(env, jax.device_put(policy, device), stage, self.key(FIRST, processes.index())),
            tally=tally,
            lesson=lesson,
            update=np.zeros((), np.int64),
            seconds=np.zeros(()),
            best=np.full(2, -np.inf),
        )

    def _stored(self, point: Point) -> Point:
        """With the engine's own state, from which it goes on to the bit."""
        state = point.flow.state
        physics = self.env.engine.save(state.physics)
        return point._replace(flow=point.flow._replace(state=state._replace(physics=physics)))

    def _placed(self, point: Point) -> Point:
        return point._replace(learner=mesh.place(self.mesh, point.learner))

    def _made_on(self) -> folder.MadeOn:
        row = list(self.mesh.devices.flat)
        words = f"{self.recipe.body.engine}, jax on {devices.words(row)}"
        if processes.count() > 1:
            words += f", {processes.count()} processes"
        return folder.MadeOn(self.body.sha256, words, self.settings)
