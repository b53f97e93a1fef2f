"""How often PPO may learn from one batch: E = 1, 3 and 10 passes on the small body, three seeds each, one table.

    python tests/benchmarks/epochs.py [--epochs 1 3 10] [--seeds 0 1 2] [--rates 2e-3] [--out FOLDER] [--figure SVG]

Recipe `tiny` from random weights; of each form nothing but epochs, learning rate and seed are changed, so all see the
same number of control steps. Every run is trained by `fit` into FOLDER and not trained again if it is there; a
benchmark that was stopped goes on. Columns, mean of the seeds with the range in brackets:

    first, last     mean return of exploring episodes that ended in updates 11 to 25, and in the last 25
    steps to half   control steps (thousands) until the mean return of five updates first reached half of the most that
                    the recipe allows
    stands          share of trials without exploration that followed their target to the end, after the last update
    KL              of the new policy from the one that collected, mean over the updates; "late" in the last quarter of
                    the steps of an update
    clipped         share of samples whose ratio of probabilities was beyond the clip
    std             of the actions after the last update; 0.3 at first
    learning        share of the time that was spent learning, not collecting
    cpu             processor time of collecting and learning, both cores together [s]
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

import jax  # noqa: E402

from biomimic import training  # noqa: E402
from biomimic.training import assemble, reward, sources  # noqa: E402
from biomimic.training.body import Body  # noqa: E402

COLUMNS = ("update", "return", "length", "fall_rate", "kl", "kl_last", "clip_share", "std", "collecting")
FIRST, LAST, SMOOTHED = slice(10, 25), slice(-25, None), 5


def main() -> None:
    options = _options()
    jax.config.update("jax_compilation_cache_dir", str(options.out / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    found = {}
    for rate in options.rates:
        for epochs in options.epochs:
            found[rate, epochs] = [_trained(options, epochs, rate, seed) for seed in options.seeds]
            _table(found)
    if options.figure:
        _figure(found, options.figure)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, nargs="+", default=[1, 3, 10])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rates", type=float, nargs="+", default=[2e-3])
    parser.add_argument("--threads", type=int, default=0, help="of the physics; 0: one per processor")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "biomimic_epochs")
    parser.add_argument("--figure", type=Path, help="curves of all runs (.svg)")
    return parser.parse_args()


def _recipe(threads: int, epochs: int, rate: float, seed: int) -> training.Recipe:
    plain = training.load_recipe("tiny")
    body = dataclasses.replace(plain.body, threads=threads)
    ppo = dataclasses.replace(plain.ppo, epochs=epochs)
    optimiser = dataclasses.replace(plain.optimiser, rate=rate)
    return dataclasses.replace(plain, seed=seed, body=body, ppo=ppo, optimiser=optimiser)


def _trained(options: argparse.Namespace, epochs: int, rate: float, seed: int) -> dict:
    """Columns of one run, its trials and its processor time."""
    made = _recipe(options.threads, epochs, rate, seed)
    folder = options.out / f"epochs{epochs}_rate{rate:g}_seed{seed}"
    kept = folder / "processor.json"
    body = assemble.load_body(made)
    if not kept.exists():
        begin = time.process_time()
        training.fit(made, sources.load(made.targets, body), run=folder)
        kept.write_text(json.dumps(time.process_time() - begin))
    with open(folder / "metrics.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    learnt = [row for row in rows if row["stage"] == "ppo"]
    columns = {name: np.array([float(row[name] or "nan") for row in learnt]) for name in COLUMNS if name != "update"}
    trials = [row for row in rows if row["stage"] == "trial"]
    most = reward.best(made.reward, Body.of(body)) * made.course.horizon
    steps = made.ppo.environments * made.ppo.unroll
    return {**columns, "trials": trials, "most": most, "steps": steps, "cpu": json.loads(kept.read_text())}


def _to_half(run: dict) -> float:
    """Thousands of control steps until the smoothed return first reaches half of the most; inf if it never does."""
    above = np.flatnonzero(_smooth(run["return"]) >= 0.5 * run["most"])
    return (above[0] + SMOOTHED) * run["steps"] / 1000 if len(above) else float("inf")


def _smooth(values: np.ndarray) -> np.ndarray:
    """Running means of some updates; those in which no episode ended have no return."""
    window, known = np.ones(SMOOTHED), np.isfinite(values)
    return np.convolve(np.where(known, values, 0.0), window, "valid") / np.convolve(known, window, "valid")


def _table(found: dict) -> None:
    print(f"\n{'rate':>7} {'E':>3}", end="")
    shown = {
        "first": lambda run: np.nanmean(run["return"][FIRST]),
        "last": lambda run: np.nanmean(run["return"][LAST]),
        "steps to half": _to_half,
        "stands": lambda run: float(run["trials"][-1]["survived"]),
        "KL": lambda run: np.nanmean(run["kl"]),
        "KL late": lambda run: np.nanmean(run["kl_last"]),
        "clipped": lambda run: np.nanmean(run["clip_share"]),
        "std": lambda run: run["std"][-1],
        "learning": lambda run: 1.0 - np.nanmean(run["collecting"]),
        "cpu": lambda run: run["cpu"],
    }
    print("".join(f"{name:>27}" for name in shown))
    for (rate, epochs), runs in found.items():
        cells = [[figure(run) for run in runs] for figure in shown.values()]
        words = [f"{np.mean(c):.3g} ({min(c):.3g} to {max(c):.3g})" for c in cells]
        print(f"{rate:7g} {epochs:3d}" + "".join(f"{word:>27}" for word in words))


def _figure(found: dict, path: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    plt.rcParams |= {"svg.hashsalt": "epochs", "svg.fonttype": "none", "font.size": 9}
    figure, panels = plt.subplots(1, 3, figsize=(9.0, 2.8), layout="constrained")
    shown = (("return", "Mean return"), ("kl", "KL of an update"), ("std", "Spread of the actions"))
    for panel, (column, label) in zip(panels, shown):
        for color, (form, runs) in zip(
            ("#0072b2", "#e69f00", "#d55e00", "#56b4e9", "#009e73", "#cc79a7"), found.items()
        ):
            for run in runs:
                smooth = _smooth(run[column])[::2]
                thousands = (SMOOTHED + 2 * np.arange(len(smooth))) * run["steps"] / 1000
                name = f"E = {form[1]}, rate {form[0]:g}" if run is runs[0] else None
                panel.plot(thousands, smooth, color=color, linewidth=0.9, label=name)
        panel.set(xlabel="Thousands of control steps", ylabel=label)
        panel.spines[["top", "right"]].set_visible(False)
    panels[1].set_yscale("log")
    panels[0].legend(frameon=False, fontsize=7, loc="lower right")
    figure.savefig(path, metadata={"Date": None})
    print(f"\nwritten: {path}")


if __name__ == "__main__":
    main()
