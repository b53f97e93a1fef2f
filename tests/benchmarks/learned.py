"""What reinforcement learning adds to a warm-started policy: the run and its own clone, before and after.

    python tests/benchmarks/learned.py RUN [RUN ...] [--seconds 20] [--forces 100 150] [--csv out.csv]

For each run (one per seed) and for the clone that its warm start left behind (`warm/policy.npz`): time to fall from ten
phases that nobody trained on (i / 10), and which pushes on the pelvis it survives (0.1 s, four directions, 5 s of
walking before and 5 s after). Return stands in the run's metrics.csv, at trial 0 and at the last one.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from biomimic import run as runs  # noqa: E402
from biomimic.motion import Trajectory  # noqa: E402
from biomimic.rollout import DIRECTIONS, Plan, Push, rollout  # noqa: E402
from biomimic.training import folder  # noqa: E402
from biomimic.training.warm import stages  # noqa: E402

AT, AFTER = 5.0, 5.0  # [s] of a push, and of walking that counts as survival
PHASE = 0.03  # of the trials with a push


def clone_of(run: runs.Run, place: Path) -> Path:
    """A run like this one with the policy of its warm start."""
    files = {name: (run.path / name).read_bytes() for name in run.manifest.files}
    files[folder.POLICY] = (run.path / stages.FOLDER / stages.CLONE).read_bytes()
    return runs.create(replace(run.manifest, name=f"{run.name}-clone"), files, folder=place).path


def trial(path: Path, plan: Plan) -> float:
    """Time to fall [s]; the plan's duration if it does not."""
    run = runs.open_run(path)
    fall = rollout(run, Trajectory.load(run.target), plan).fall
    return plan.duration if fall is None else fall


def plans(seconds: float, forces: list[float]) -> dict[str, Plan]:
    """Quiet trials from ten phases, then pushes of every force in every direction."""
    found = {f"start {i / 10:.1f}": Plan(f"start{i}", seconds, i / 10) for i in range(10)}
    for force in forces:
        for direction in DIRECTIONS:
            push = Push(direction, force, at=AT)
            found[f"{force:g} N {direction}"] = Plan(f"{direction}{force:g}", AT + AFTER, PHASE, push)
    return found


def measure(path: Path, seconds: float, forces: list[float]) -> dict[str, float]:
    """Times to fall of all trials, one process a core."""
    wanted = plans(seconds, forces)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(trial, path, plan) for plan in wanted.values()]
        return {name: one.result() for name, one in tqdm(zip(wanted, waiting), total=len(wanted), desc=path.name)}


def returns(run: runs.Run) -> tuple[float, float]:
    """Return of the trial before the first update and after the last one."""
    with (run.path / "metrics.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["stage"] == "trial"]
    return float(rows[0]["return"]), float(rows[-1]["return"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--forces", type=float, nargs="*", default=[100.0, 150.0])
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    rows = []
    for name in options.runs:
        run = runs.open_run(name)
        before, after = returns(run)
        with tempfile.TemporaryDirectory() as place:
            for kind, path, value in (("clone", clone_of(run, Path(place)), before), ("after PPO", run.path, after)):
                found = measure(path, options.seconds, options.forces)
                lived = np.array([time for trial, time in found.items() if trial.startswith("start")])
                row = {"run": run.name, "policy": kind, "return": round(value, 1)}
                row |= {"median time to fall [s]": float(np.median(lived)), "mean [s]": round(float(lived.mean()), 2)}
                row["starts that last"] = f"{int((lived >= options.seconds).sum())} of {len(lived)}"
                for force in options.forces:
                    own = [found[f"{force:g} N {direction}"] for direction in DIRECTIONS]
                    row[f"pushes of {force:g} N survived"] = f"{sum(time >= AT + AFTER for time in own)} of {len(own)}"
                rows.append(row)
                print(row, flush=True)
    if options.csv:
        with options.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
