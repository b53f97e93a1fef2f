"""How the time of a rollout divides: physics, controller, and what is kept of both.

    python tests/benchmarks/rollout.py RUN [seconds]

RUN is the name or folder of a run. Pin the process to one core (`taskset -c 0`, OPENBLAS_NUM_THREADS=1) for figures of
one core. The same trial is simulated in turn with everything kept and with nothing kept; the least time of each part
over the turns counts, so that the ratios hold on a busy machine.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import mujoco

sys.path.insert(0, str(Path(__file__).parents[2]))

from biomimic import config, control, embodiment  # noqa: E402
from biomimic.motion import Trajectory  # noqa: E402
from biomimic.rollout import Plan, simulate  # noqa: E402
from biomimic.run import open_run  # noqa: E402

TURNS = 3


class Timed:
    """A controller whose time adds up [s]."""

    def __init__(self, controller) -> None:
        self.controller, self.dt, self.start, self.total = controller, controller.dt, controller.start, 0.0

    def excitations(self, data: mujoco.MjData):
        begun = time.perf_counter()
        found = self.controller.excitations(data)
        self.total += time.perf_counter() - begun
        return found


def bare(model: mujoco.MjModel, controller: Timed, plan: Plan, steps: int) -> None:
    """The loop of `simulate` with nothing kept and no fall seen."""
    data = mujoco.MjData(model)
    controller.start(data, plan.phase)
    for step in range(steps):
        mujoco.mj_step1(model, data)
        if step % plan.substeps == 0:
            data.ctrl[:] = controller.excitations(data)
        mujoco.mj_step2(model, data)


def split(run_name: str, seconds: float) -> dict[str, float]:
    """Time of the parts [s], the simulated time [s] and the number of control steps."""
    run = open_run(run_name)
    names, plan = run.manifest, Plan("benchmark", seconds)
    body = embodiment.load(names.embodiment, muscle_parameters=names.muscle_parameters, timestep=plan.physics_step)
    tracker = control.build(body, Trajectory.load(run.target), config.load(control.Settings, run.settings))
    steps = len(simulate(body, tracker, plan).force)  # compiles; a fall ends it early
    parts = []
    for _ in range(TURNS):
        kept, nothing = Timed(tracker), Timed(tracker)
        begun = time.perf_counter()
        simulate(body, kept, plan)
        between = time.perf_counter()
        bare(body.model, nothing, plan, steps)
        ended = time.perf_counter()
        keeping = (between - begun - kept.total, ended - between - nothing.total)
        parts.append((keeping[1], min(kept.total, nothing.total), keeping[0]))
    physics, controlling, both = (min(part) for part in zip(*parts))
    return {
        "physics": physics,
        "controller": controlling,
        "keeping": both - physics,
        "simulated": steps * plan.physics_step,
        "control steps": steps / plan.substeps,
    }


if __name__ == "__main__":
    found = split(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 5.0)
    whole = found["physics"] + found["controller"] + found["keeping"]
    for name in ("physics", "controller", "keeping"):
        each = 1e3 * found[name] / found["control steps"]
        print(f"{name:11s}{100 * found[name] / whole:6.1f} %  {each:7.3f} ms per control step")
    print(f"{found['simulated']:.2f} s simulated in {whole:.2f} s: {found['simulated'] / whole:.2f} times real time")
