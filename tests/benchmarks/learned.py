"""What reinforcement learning adds to a warm-started policy: the run and its own clone, before and after.

    python tests/benchmarks/learned.py RUN [RUN ...] [--seconds 20] [--forces 100] [--walks 48] [--csv out.csv]
        [--pushed-only] [--figure curves.svg]

For each run (one per seed) and for the clone that its warm start left behind (`warm/policy.npz`):

- quiet trials: time to fall from ten phases that nobody trained on (i / 10);
- single pushes on the pelvis that it survives (0.1 s, four directions, 5 s of walking before and 5 s after);
- pushed walks: as in training (the recipe's table [pushes]), but with starts and pushes that neither training nor its
  trials have drawn, the same ones for both policies: time to fall, share that lasts, return; and the difference of the
  pairs with a 95 % bootstrap interval, n counts walks.
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

import jax
import numpy as np
from tqdm import tqdm

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from biomimic import run as runs  # noqa: E402
from biomimic.motion import Trajectory  # noqa: E402
from biomimic.rollout import DIRECTIONS, Plan, Push, rollout  # noqa: E402
from biomimic.training import assemble, folder, network, trial  # noqa: E402
from biomimic.training.warm import stages  # noqa: E402

AT, AFTER = 5.0, 5.0  # [s] of a push, and of walking that counts as survival
PHASE = 0.03  # of the trials with a push
SMOOTHED = 10  # updates of PPO in a point of its curve
KEY = 20261122  # of starts and pushes of the pushed walks


def clone_of(run: runs.Run, place: Path) -> Path:
    """A run like this one with the policy of its warm start."""
    files = {name: (run.path / name).read_bytes() for name in run.manifest.files}
    files[folder.POLICY] = (run.path / stages.FOLDER / stages.CLONE).read_bytes()
    return runs.create(replace(run.manifest, name=f"{run.name}-clone"), files, folder=place).path


def lasted(path: Path, plan: Plan) -> float:
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
        waiting = [pool.submit(lasted, path, plan) for plan in wanted.values()]
        return {name: one.result() for name, one in tqdm(zip(wanted, waiting), total=len(wanted), desc=path.name)}


def pushed(run: runs.Run, policies: list[Path], walks: int, seconds: float) -> list[trial.Walked]:
    """The pushed walks of each policy file, all from the same starts and with the same pushes."""
    recipe = folder.recipe_of(run)
    body = assemble.load_body(recipe)
    unlabelled = replace(recipe, ppo=replace(recipe.ppo, imitation=0.0))
    env = assemble.build(unlabelled, body, folder.targets_of(run), folder.tracker_of(run), walks)
    sizes = env.observation_size, env.task.action_size, env.stride_size
    like = jax.eval_shape(lambda key: network.init(key, recipe.network, *sizes), jax.random.key(0))
    return [
        trial.walk(env, folder.policy_of(runs.open_run(path), like), round(seconds * 100), jax.random.key(KEY))
        for path in policies
    ]


def interval(difference: np.ndarray) -> str:
    """Mean of the pairs with its 95 % percentile bootstrap interval."""
    rng = np.random.default_rng(0)
    means = rng.choice(difference, (5000, len(difference))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{difference.mean():+.2f} [{low:+.2f}, {high:+.2f}] (n {len(difference)} walks)"


def _quiet(path: Path, options: argparse.Namespace) -> dict[str, object]:
    found = measure(path, options.seconds, options.forces)
    lived = np.array([time for name, time in found.items() if name.startswith("start")])
    row = {"median time to fall [s]": float(np.median(lived)), "mean [s]": round(float(lived.mean()), 2)}
    row["starts that last"] = f"{int((lived >= options.seconds).sum())} of {len(lived)}"
    for force in options.forces:
        own = [found[f"{force:g} N {direction}"] for direction in DIRECTIONS]
        row[f"pushes of {force:g} N survived"] = f"{sum(time >= AT + AFTER for time in own)} of {len(own)}"
    return row


def _pushed(walked: trial.Walked) -> dict[str, object]:
    return {
        "pushed walks: median time to fall [s]": round(float(np.median(walked.time)), 2),
        "pushed walks: mean [s]": round(float(walked.time.mean()), 2),
        "pushed walks that last": f"{int((~walked.failed).sum())} of {len(walked.time)}",
        "pushed walks: return": round(float(walked.gathered.mean()), 1),
    }


def figure(names: list[str], path: Path) -> None:
    """Learning curves of the runs: trials without exploration, and falls of the exploring bodies."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    plt.rcParams |= {"svg.hashsalt": "learned", "svg.fonttype": "none", "font.size": 9}
    drawn, panels = plt.subplots(1, 3, figsize=(9.0, 2.8), layout="constrained")
    labels = ("Time to fall in trials [s]", "Return in trials", "Falls per second, exploring")
    for name, color in zip(names, ("#0072b2", "#d55e00", "#009e73", "#cc79a7")):
        run = runs.open_run(name)
        with (run.path / "metrics.csv").open() as file:
            rows = list(csv.DictReader(file))
        trials, updates = ([row for row in rows if row["stage"] == stage] for stage in ("trial", "ppo"))
        label = f"seed {folder.recipe_of(run).seed}"
        for panel, column in zip(panels, ("time", "return")):
            steps = _column(trials, "step") / 1000
            panel.plot(steps, _column(trials, column), "o-", color=color, markersize=3, linewidth=0.9, label=label)
        falls = np.convolve(_column(updates, "falls_per_second"), np.ones(SMOOTHED) / SMOOTHED, "valid")
        steps = np.convolve(_column(updates, "step"), np.ones(SMOOTHED) / SMOOTHED, "valid") / 1000
        panels[2].plot(steps, falls, color=color, linewidth=0.9, label=label)
    for panel, label in zip(panels, labels):
        panel.set(xlabel="Thousands of control steps", ylabel=label)
        panel.set_ylim(bottom=0)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].legend(frameon=False, fontsize=7, loc="lower right")
    drawn.savefig(path, metadata={"Date": None})


def _column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--forces", type=float, nargs="*", default=[100.0])
    parser.add_argument("--walks", type=int, default=48)
    parser.add_argument("--pushed-only", action="store_true", help="leave the quiet trials and single pushes out")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--figure", type=Path, help="learning curves of the runs (.svg)")
    options = parser.parse_args()
    rows = []
    for name in options.runs:
        run = runs.open_run(name)
        with tempfile.TemporaryDirectory() as place:
            paths = [clone_of(run, Path(place)), run.path]
            walked = pushed(run, paths, options.walks, options.seconds)
            for kind, path, outcome in zip(("clone", "after PPO"), paths, walked, strict=True):
                quiet = {} if options.pushed_only else _quiet(path, options)
                rows.append({"run": run.name, "policy": kind} | quiet | _pushed(outcome))
                print(rows[-1], flush=True)
        before, after = walked
        print(f"{run.name}: time to fall when pushed, after less before [s]: {interval(after.time - before.time)}")
        print(f"{run.name}: return when pushed, after less before: {interval(after.gathered - before.gathered)}")
    if options.figure:
        figure(options.runs, options.figure)
    if options.csv:
        with options.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
