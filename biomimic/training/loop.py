"""fit: the loop of collecting and learning that writes a run, and goes on where it was stopped."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import jax

from biomimic.motion import Trajectory
from biomimic.run import Run
from biomimic.training import curriculum, folder, mesh, ppo, processes, sampling, trial, unroll
from biomimic.training.env import Stage
from biomimic.training.metrics import Metrics
from biomimic.training.point import ORDERS, TRIALS, UNROLLS, Point, Progress, Training
from biomimic.training.recipe import Recipe

LEARNING, TRIAL = "ppo", "trial"  # stages in metrics.csv, beside those of the warm start
Teller = Callable[[Progress], None]


def fit(recipe: Recipe, targets: Sequence[Trajectory], *, run: str | Path, progress: Teller | None = None) -> Run:
    """Train a policy and write it as a run; called again after a stop, it goes on as if there had been none.

    Args:
        recipe: what is trained and how.
        targets: what is tracked.
        run: name of the run in ./runs, or path of its folder.
        progress: told after every update and every trial.

    Raises:
        BadValue: recipe and targets do not go together, or devices are asked for that are not there.
        BadRun: the run was begun with another recipe or other targets.
        BadFile: something cannot be written; what was written before is kept.
    """
    return go_on(Training.of(recipe, targets), folder.place_of(run), progress)


def go_on(training: Training, place: Path, progress: Teller | None = None) -> Run:
    """What `fit` does, with a training that was put together before."""
    made = training.open(place)
    if made.manifest.status == "complete":
        return made
    point = training.resumed(made)
    step = 0 if point is None else training.steps(point)
    book = _Book(made, {LEARNING: step, TRIAL: step} if point is not None else None, progress)
    try:
        if point is None:
            point = training.started(made, book.add)
            point = book.trial(training, made, point)
            training.keep(made, point)
        point = _course(training, made, point, book)
    finally:
        book.close()
    return training.complete(made, point)


class _Book:
    """Where figures go: metrics.csv, and whoever wants to know; of several processes only the first keeps one."""

    def __init__(self, run: Run, after: dict[str, int] | None, progress: Teller | None) -> None:
        is_first = processes.index() == 0
        self._metrics = Metrics(run.path, after) if is_first else None
        self._progress = progress if is_first else None

    def add(self, told: Progress, row: dict[str, float]) -> None:
        """Write a row and tell of it."""
        if self._metrics is not None:
            self._metrics.add({"stage": told.stage, "step": told.steps, "count": told.done, **row, **told.figures})
        if self._progress is not None:
            self._progress(told)

    def trial(self, training: Training, run: Run, point: Point) -> Point:
        """Look at the policy, if the recipe wants that now; the point remembers the best."""
        course = training.recipe.course
        done = int(point.update)
        is_last, every = done == course.updates, course.evaluate_every
        if not course.evaluations or not (is_last or (every and done % every == 0)) or processes.index():
            return point
        policy = ppo.policy(processes.own(point.learner))
        found = trial.measure(training.trial_env(), policy, course.evaluation_steps, training.key(TRIALS))
        self.add(Progress(TRIAL, done, course.updates, training.steps(point), found), {"seconds": float(point.seconds)})
        return training.judged(run, point, found)

    def close(self) -> None:
        """Close the files."""
        if self._metrics is not None:
            self._metrics.close()


def _course(training: Training, run: Run, point: Point, book: _Book) -> Point:
    """All updates that are left, with the rows, trials and checkpoints that go with them."""
    course = training.recipe.course
    for done in range(int(point.update) + 1, course.updates + 1):
        point, figures = _update(training, point)
        told = Progress(LEARNING, done, course.updates, training.steps(point), figures)
        book.add(told, {"seconds": float(point.seconds)})
        point = book.trial(training, run, point)
        if done % course.checkpoint_every == 0 or done == course.updates:
            training.keep(run, point)
    return point


def _update(training: Training, point: Point) -> tuple[Point, dict[str, float]]:
    """Collect, learn, and move clips and curriculum on."""
    recipe, number, begun = training.recipe, int(point.update), time.monotonic()
    stage = Stage(
        point.tally.weights,
        curriculum.raised(point.lesson, recipe.curriculum),
        curriculum.limit(point.lesson, recipe.curriculum),
    )
    policy = ppo.policy(processes.own(point.learner))
    drawn = training.key(UNROLLS, number, processes.index())
    flow, batch, sums = unroll.collect(training.env, recipe.ppo, policy, point.flow, stage, drawn)
    sums = processes.summed(sums)
    collected = time.monotonic()
    batch = mesh.deal(training.mesh, batch, 1)
    learner, learnt = training.update(point.learner, batch, training.key(ORDERS, number))
    falls = sums["falls"] / max(float(sums["episodes"]), 1.0)
    figures = unroll.means(sums) | {name: float(value) for name, value in learnt.items()}
    took = time.monotonic() - begun
    figures["steps_per_second"] = float(sums["steps"]) / took
    figures["collecting"] = (collected - begun) / took
    figures |= {f"overflow_{what}": float(count) for what, count in training.env.engine.overflow().items()}
    after = Point(
        learner=learner,
        flow=flow,
        tally=sampling.update(point.tally, sums["clip_ends"], sums["clip_falls"], recipe.sampling),
        lesson=curriculum.update(point.lesson, jax.numpy.float32(falls), recipe.curriculum),
        update=point.update + 1,
        seconds=point.seconds + took,
        best=point.best,
    )
    return after, figures
