"""Speed of the muscle tracker on one core, where the time goes, and its programme against a general solver.

    python tests/benchmarks/tracker.py [RUN] [seconds]

RUN is the name or folder of a run, run42 unless another is named. Pin the process to one core (`taskset -c 0`,
OPENBLAS_NUM_THREADS=1) for figures of one core. The solvers take the same problems of the walk in turn, so that their
ratio holds on a busy machine; the real-time factor does not.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import mujoco
import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "control")]

from test_qp import by_piqp  # noqa: E402

from biomimic import config, control, embodiment  # noqa: E402
from biomimic.control import qp, tracker  # noqa: E402
from biomimic.motion import Trajectory  # noqa: E402
from biomimic.run import open_run  # noqa: E402

PHYSICS_STEP = 0.002  # [s]
PROTOTYPE = (0.5, 0.6)  # real-time factor of the prototype on one core, physics step 1 ms
PROBLEMS = 20  # of the walk, spread over it evenly, for the comparison of solvers
PARTS = ("physics", "programme", "tasks and matrices", "rest")


class Clock:
    """Wall time by name [s]: `timed` makes a function whose calls add up."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(PARTS, 0.0)

    def timed(self, part: str, function):
        def call(*arguments):
            begun = time.perf_counter()
            found = function(*arguments)
            self.spent[part] += time.perf_counter() - begun
            return found

        return call


def build(run_name: str) -> tracker.Tracker:
    """The tracker of a run."""
    run = open_run(run_name)
    names = run.manifest
    body = embodiment.load(names.embodiment, muscle_parameters=names.muscle_parameters, timestep=PHYSICS_STEP)
    return control.build(body, Trajectory.load(run.target), config.load(control.Settings, run.settings))


def walk(walker: tracker.Tracker, seconds: float) -> tuple[Clock, float, list]:
    """Times of the parts, simulated seconds (less if it falls) and the programmes with their first guesses."""
    clock, problems, model = Clock(), [], walker.model
    data = mujoco.MjData(model)
    walker.start(data, 0.0)
    mujoco.mj_step1(model, data)
    walker.excitations(data)  # compiled by now
    walker.start(data, 0.0)

    def kept(problem, guess):
        problems.append((problem, guess))
        return solve(problem, guess)

    solve = clock.timed("programme", qp.solve)
    tracker.qp = SimpleNamespace(Problem=qp.Problem, solve=kept)
    for owner, name in (
        (walker.dynamics, "update"),
        (walker.feet, "update"),
        (walker, "_tasks"),
        (walker, "_problem"),
    ):
        setattr(owner, name, clock.timed("tasks and matrices", getattr(owner, name)))
    step1, step2, step = (clock.timed("physics", getattr(mujoco, name)) for name in ("mj_step1", "mj_step2", "mj_step"))
    height, done = 0.75 * data.qpos[2], 0
    begun = time.perf_counter()
    while done < round(seconds / walker.dt) and data.qpos[2] > height:
        done += 1
        step1(model, data)
        data.ctrl[:] = walker.excitations(data)
        step2(model, data)
        for _ in range(walker.substeps - 1):
            step(model, data)
    whole = time.perf_counter() - begun
    tracker.qp = qp
    clock.spent["rest"] = whole - sum(clock.spent.values())
    return clock, done * walker.dt, problems


def compare(problems: list) -> tuple[np.ndarray, np.ndarray]:
    """Times [ms] and relative suboptimality of `solve` and of dense PIQP for the same problems, (P, 2) each."""
    chosen = [problems[i] for i in np.linspace(1, len(problems) - 1, PROBLEMS).astype(int)]
    times, values = np.zeros((PROBLEMS, 2)), np.zeros((PROBLEMS, 2))
    for row, (problem, guess) in enumerate(chosen):
        movable = problem.high > problem.low
        begun = time.perf_counter()
        ours = qp.solve(problem, guess).x
        between = time.perf_counter()
        theirs = problem.low.copy()
        theirs[movable] = by_piqp(_only(problem, movable))
        times[row] = 1e3 * (between - begun), 1e3 * (time.perf_counter() - between)
        values[row] = qp.objective(problem, ours), qp.objective(problem, theirs)
    least = values.min(axis=1, keepdims=True)
    return times, (values - least) / np.maximum(np.abs(least), 1.0)


def _only(problem: qp.Problem, movable: np.ndarray) -> qp.Problem:
    """Without the unknowns that are held at zero: a general solver should not pay for them."""
    return qp.Problem(problem.A[:, movable], problem.b, *(part[movable] for part in problem[2:]))


def main(words: list[str]) -> None:
    walker = build(words[0] if words else "run42")
    clock, simulated, problems = walk(walker, float(words[1]) if len(words) > 1 else 5.0)
    whole = sum(clock.spent.values())
    factor, steps = simulated / whole, simulated / walker.dt
    for part in PARTS:
        spent = clock.spent[part]
        print(f"{part:20s}{100 * spent / whole:6.1f} %  {1e3 * spent / steps:7.3f} ms per control step")
    ratios = " to ".join(f"{factor / old:.1f}" for old in reversed(PROTOTYPE))
    print(f"{simulated:.2f} s simulated in {whole:.2f} s: real-time factor {factor:.2f}")
    print(
        f"  {ratios} times the prototype's {PROTOTYPE[0]} to {PROTOTYPE[1]}, which took physics steps of 1 ms, not 2 ms"
    )
    times, above = compare(problems)
    middle, worst = np.median(times, axis=0), above.max(axis=0)
    ratio = np.median(times[:, 1] / times[:, 0])
    print(f"{PROBLEMS} programmes of this walk, {len(problems[0][0].d)} unknowns, {len(problems[0][0].b)} rows:")
    print(f"  solve, with the last step's start {middle[0]:7.3f} ms, relative suboptimality at most {worst[0]:.1e}")
    print(f"  PIQP, dense, movable unknowns     {middle[1]:7.3f} ms, {ratio:.1f} times as long, {worst[1]:.1e}")


if __name__ == "__main__":
    main(sys.argv[1:])
