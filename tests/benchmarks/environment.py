"""Environment steps per second beside MuscleMimic 0.1.0's own environment on MuJoCo C: same body, same clip, one run.

    python tests/benchmarks/environment.py [--theirs PYTHON] [--cores 2] [--bodies 64] [--seconds 8] [--turns 5]

Both track the retargeted walk of run43-cmu0701 (ten strides one after another) with the same 2418 numbers of
observation, nine reward terms and limits, from random frames, under uniform random excitations in [0, 1]; bodies that
end begin anew. Each worker is pinned to its cores and the forms take turns, so that ratios hold on a busy machine:

    ours            all bodies of one environment on 1 core, and on all cores
    theirs          one environment (it holds one body) on 1 core, and one on each core
    theirs, bare    the same without target, reward, limits and muscle states: 179 numbers
    outside         share of the processor's time that is not spent within MuJoCo itself (5 steps of 0.002 s)

Rates by the clock are those that count; rates per second of the processor's own time hardly change when others use the
machine too.

MuscleMimic runs in an environment of its own, that of `python -m tox run -e musclemimic`, which is made if missing (it
downloads 2 GB); `--theirs` names the Python of another one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
STRIDES = 10
LIMITS = {  # of MuscleMimic in training
    "mean_site_deviation_threshold": 1.0,
    "root_deviation_threshold": 1.0,
    "root_orientation_threshold": 1.0,
}


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = _write_clip(Path(folder))
        cores = sorted(os.sched_getaffinity(0))[: options.cores]
        here, there = [sys.executable, __file__], [options.theirs or _own_environment(), __file__]
        mine = {n: Worker([*here, "--worker", "ours", ours, str(options.bodies)], cores[:n]) for n in (1, len(cores))}
        other = [Worker([*there, "--worker", "theirs", theirs], [core]) for core in cores]
        forms: dict[str, Callable[[], list[dict]]] = {}
        for count in sorted({1, len(cores)}):
            forms[f"ours, {count} core(s)"] = lambda n=count: _together([mine[n]], f"task {options.seconds}")
            forms[f"theirs, {count} core(s)"] = lambda n=count: _together(other[:n], f"task {options.seconds}")
            forms[f"theirs, bare, {count} core(s)"] = lambda n=count: _together(other[:n], f"bare {options.seconds}")
        _report(forms, options.turns)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--theirs", help="Python of an environment with musclemimic==0.1.0")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--bodies", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--turns", type=int, default=5)
    return parser.parse_args()


def _own_environment() -> str:
    python = ROOT / ".tox/musclemimic/bin/python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "tox", "run", "-e", "musclemimic", "--notest"], cwd=ROOT, check=True)
    return str(python)


def _write_clip(folder: Path) -> tuple[str, str]:
    """The walk without its period, as our trajectory and as MuscleMimic's cache file."""
    import dataclasses

    import numpy as np

    sys.path.insert(0, str(ROOT))
    from biomimic import embodiment
    from biomimic.motion import Trajectory
    from biomimic.retarget.musclemimic_cache import write_cache

    body = embodiment.load("myofullbody")
    walk = Trajectory.load(ROOT / "training/run43-cmu0701/target.npz")
    qpos = np.tile(walk.qpos, (STRIDES, 1))
    qpos[:, :2] += np.repeat(np.arange(STRIDES), len(walk.qpos))[:, None] * walk.period * walk.qvel[:, :2].mean(axis=0)
    absent = dict.fromkeys(("period", "contact", "force", "moment", "com"))
    clip = dataclasses.replace(
        walk,
        qpos=qpos,
        qvel=np.tile(walk.qvel, (STRIDES, 1)),
        landmark_position=body.to_model(body.trajectory_landmarks(qpos)),
        landmark_rotation=np.tile(walk.landmark_rotation, (STRIDES, 1, 1)),
        **absent,
        contact_points=(),
        moment_names=(),
    )
    return str(clip.save(folder / "ours.npz")), str(write_cache(folder / "theirs.npz", clip, body))


class Worker:
    """A process that answers each line of its input with a line of figures."""

    def __init__(self, command: list[str], cores: list[int]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"},
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )

    def ask(self, line: str) -> None:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict:
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise SystemExit("A worker ended; its own message is above.")


def _together(workers: list[Worker], line: str) -> list[dict]:
    for worker in workers:
        worker.ask(line)
    return [worker.answer() for worker in workers]


def _report(forms: dict[str, Callable[[], list[dict]]], turns: int) -> None:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in forms}
    for turn in range(turns + 1):  # the first only warms up
        for name, run in forms.items():
            answers = run()
            total = {key: sum(answer[key] for answer in answers) for key in answers[0]}
            row = {
                "clock": sum(answer["steps"] / answer["seconds"] for answer in answers),
                "processor": total["steps"] / total["cpu"],
                "outside": 1 - total["physics"] / total["cpu"],
                "width": answers[0]["width"],
            }
            if turn:
                found[name].append(row)
    print(f"{'':24s}{'steps/s by the clock':>24s}{'per CPU s':>18s}{'outside':>10s}{'observation':>13s}")
    for name, rows in found.items():
        clock, processor = (_spread([row[key] for row in rows]) for key in ("clock", "processor"))
        outside = statistics.median(row["outside"] for row in rows)
        print(f"{name:24s}{clock:>24s}{processor:>18s}{outside:>10.1%}{rows[0]['width']:>13.0f}")
    for name in [name for name in found if name.startswith("ours")]:
        for other in (name.replace("ours", "theirs"), name.replace("ours", "theirs, bare")):
            for key in ("clock", "processor"):
                ratios = [mine[key] / its[key] for mine, its in zip(found[name], found[other])]
                print(f"{name} over {other}, by the {key}: {_spread(ratios, 2)}")


def _spread(values: list[float], digits: int = 0) -> str:
    """Median, least and most."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}, {max(values):.{digits}f})"


class Clock:
    """Adds up the processor's time within a function, that of all threads [s]."""

    def __init__(self, function: Callable) -> None:
        self.function, self.total = function, 0.0

    def __call__(self, *args, **kwargs):
        begun = time.process_time()
        found = self.function(*args, **kwargs)
        self.total += time.process_time() - begun
        return found


def _serve(steppers: dict[str, Callable[[], int]], clocks: list[Clock], widths: dict[str, int]) -> None:
    """Answer lines "<form> <seconds>": step for that long and say how often."""
    for line in sys.stdin:
        form, seconds = line.split()
        for clock in clocks:
            clock.total = 0.0
        steps, begun, used = 0, time.perf_counter(), time.process_time()
        while (passed := time.perf_counter() - begun) < float(seconds):
            steps += steppers[form]()
        found = {"steps": steps, "seconds": passed, "cpu": time.process_time() - used, "width": widths[form]}
        print(json.dumps(found | {"physics": sum(clock.total for clock in clocks)}), flush=True)


def serve_ours(clip: str, bodies: int) -> None:
    import jax
    from mujoco.batch import Batch

    sys.path.insert(0, str(ROOT))
    from biomimic import embodiment
    from biomimic.motion import Trajectory
    from biomimic.training import actions, clips, engine, env
    from biomimic.training.body import Body
    from biomimic.training.observation import Blocks
    from biomimic.training.reward import Weights
    from biomimic.training.sampling import Sampling
    from biomimic.training.termination import Limits

    clocks = [Clock(Batch.step), Clock(Batch.forward)]
    Batch.step = lambda *args, **kwargs: clocks[0](*args, **kwargs)
    Batch.forward = lambda *args, **kwargs: clocks[1](*args, **kwargs)
    loaded = embodiment.load("myofullbody", timestep=0.002)
    body = Body.of(loaded)
    muscles = actions.dynamics(body.model, engine.CONTROL_STEP)
    task = env.Task(body, actions.Actions(), muscles, Blocks(), Weights(), Limits(), 1000, 0.02, Sampling())
    threads = len(os.sched_getaffinity(0))
    world = env.Env(task, clips.pack([Trajectory.load(clip)], body), engine.load(body.model, bodies, threads=threads))
    stage = env.Stage(jax.numpy.ones(1), {}, None)
    key, now = jax.random.key(0), [world.reset(jax.random.key(1), stage), 0]
    draw = jax.jit(
        lambda number: jax.random.uniform(jax.random.fold_in(key, number), (bodies, body.muscles), minval=-1)
    )

    def step() -> int:
        now[0], outcome = world.step(now[0], draw(now[1]), stage)
        jax.block_until_ready((now[0].observation, outcome.reward))
        now[1] += 1
        return bodies

    _serve({"task": step}, clocks, {"task": world.observation_size})


def serve_theirs(clip: str) -> None:
    import loco_mujoco.core.observations.base  # noqa: F401 - first: the wheel's imports go in a circle
    import mujoco
    import numpy as np
    from loco_mujoco.trajectory import Trajectory
    from musclemimic.environments.humanoids.myofullbody import MyoFullBody

    muscles = ("length", "velocity", "force", "excitation", "activation")
    full = MyoFullBody(
        goal_type="GoalTrajMimic",
        goal_params={"n_step_lookahead": 5, "n_step_stride": 20, "use_concise_lookahead": True},
        reward_type="MimicReward",
        terminal_state_type="MeanRelativeSiteDeviationWithRootTerminalStateHandler",
        terminal_state_params=LIMITS,
        init_state_type="TrajInitialStateHandler",
        **{f"enable_muscle_{name}_observations": True for name in muscles},
    )
    full.load_trajectory(Trajectory.load(clip), warn=False)
    bare = MyoFullBody()
    clock = mujoco.mj_step = Clock(mujoco.mj_step)
    rng = np.random.default_rng(0)

    def stepper(world: MyoFullBody) -> Callable[[], int]:
        world.reset()
        age = [0]

        def step() -> int:
            _, _, absorbing, done, _ = world.step(rng.uniform(0, 1, 354))
            age[0] += 1
            if absorbing or done or age[0] >= 100 and world is bare:
                world.reset()
                age[0] = 0
            return 1

        return step

    widths = {"task": len(full.reset()), "bare": len(bare.reset())}
    _serve({"task": stepper(full), "bare": stepper(bare)}, [clock], widths)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        if sys.argv[2] == "ours":
            serve_ours(sys.argv[3], int(sys.argv[4]))
        else:
            serve_theirs(sys.argv[3])
    else:
        main()
