"""Killed ten times at random moments, a training ends with the parameters of one that was left alone, to the bit."""

import os
import random
import subprocess
import sys
import time

import pytest

from biomimic.training import metrics

RECIPE = """
title = "to be killed"
targets = ["made:tiny:2"]
[body]
embodiment = "tiny"
muscle_parameters = "tiny"
threads = 1
[course]
updates = 100
horizon = 60
checkpoint_every = 1
evaluate_every = 50
evaluations = 16
evaluation_steps = 30
[observation]
muscle_force = false
steps = 2
[limits]
sites = 0.2
[network]
hidden = [32]
[ppo]
environments = 16
unroll = 16
minibatches = 4
epochs = 2
target_kl = 0.01
[ppo.noise]
time_constant_s = 0.05
[sampling]
adaptive = true
[curriculum.tightening]
first = 0.2
"""


def _start(place, run):
    kept = {"JAX_COMPILATION_CACHE_DIR": str(place / "cache"), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    command = [sys.executable, "-m", "biomimic.training", "--recipe", "killed.toml", "--run", run]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=place, env={**os.environ, **kept}, stdout=quiet, stderr=quiet)


def _wait_until(run, updates, process):
    """Until so many updates are in the figures of a run, or the process has ended."""
    while updates and process.poll() is None:
        if (run / "metrics.csv").exists() and len(metrics.read(run / "metrics.csv")[1]) > updates:
            return
        time.sleep(0.02)


@pytest.mark.slow
def test_ten_kills_change_nothing(tmp_path):
    (tmp_path / "killed.toml").write_text(RECIPE)
    assert _start(tmp_path, "warm").wait() == 0  # fills the cache of compiled programs
    assert _start(tmp_path, "whole").wait() == 0
    draw = random.Random(0)
    for updates in sorted([0, 0, 0, *draw.sample(range(2, 90), 7)]):  # three times before it has got anywhere
        process = _start(tmp_path, "killed")
        _wait_until(tmp_path / "runs" / "killed", updates, process)
        time.sleep(draw.uniform(0.0, 8.0 if updates == 0 else 0.3))
        process.kill()
        assert process.wait() == -9, "it was complete before the last kill; give it more updates"
    assert _start(tmp_path, "killed").wait() == 0
    whole, killed = tmp_path / "runs" / "whole", tmp_path / "runs" / "killed"
    assert (killed / "policy.npz").read_bytes() == (whole / "policy.npz").read_bytes()
    counts = [[row["count"] for row in metrics.read(run / "metrics.csv")[1]] for run in (whole, killed)]
    assert counts[0] == counts[1]
