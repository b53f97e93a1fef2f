"""The same recipe on several devices and on several processes, shown on processors."""

import os
import re
import socket
import subprocess
import sys

import numpy as np
import pytest

from biomimic import run
from biomimic.training import folder

RECIPE = """
title = "dealt out"
targets = ["made:tiny:1"]
[body]
embodiment = "tiny"
muscle_parameters = "tiny"
threads = 1
[course]
updates = {updates}
horizon = 60
checkpoint_every = 2
evaluations = 0
[observation]
muscle_force = false
steps = 1
[network]
hidden = [16]
[ppo]
environments = 16
unroll = 10
minibatches = 2
groups = 4
"""
pytestmark = pytest.mark.slow


def _start(place, *more, devices=1):
    flags = re.sub(r"--xla_force_host_platform_device_count=\d+", "", os.environ.get("XLA_FLAGS", ""))
    kept = {
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": str(place / "cache"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "XLA_FLAGS": f"{flags} --xla_force_host_platform_device_count={devices}".strip(),
    }
    command = [sys.executable, "-m", "biomimic.training", *more]
    return subprocess.Popen(command, cwd=place, env={**os.environ, **kept}, stderr=subprocess.PIPE, text=True)


def _port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


def _together(place, name, processes=2):
    """Processes of one training, their exit codes."""
    where = ("--coordinator", f"localhost:{_port()}", "--processes", str(processes))
    command = ("--recipe", "dealt.toml", "--run", name, *where)
    started = [_start(place, *command, "--process", str(i)) for i in range(processes)]
    errors = [process.communicate(timeout=900)[1] for process in started]
    return [process.returncode for process in started], errors


@pytest.fixture
def place(tmp_path):
    (tmp_path / "dealt.toml").write_text(RECIPE.format(updates=4))
    return tmp_path


def test_four_devices_learn_what_one_learns(place):
    for name, devices in (("one", 1), ("four", 4)):
        process = _start(place, "--recipe", "dealt.toml", "--run", name, devices=devices)
        assert process.wait() == 0, process.stderr.read()
    one, four = (run.open_run(place / "runs" / name) for name in ("one", "four"))
    assert four.manifest.backend == "mujoco, jax on 4 x cpu"
    first, second = folder.policy_of(one), folder.policy_of(four)
    for name in ("w", "b"):
        np.testing.assert_allclose(first["actor"]["0"][name], second["actor"]["0"][name], atol=2e-4)
    np.testing.assert_allclose(first["normaliser"]["mean"], second["normaliser"]["mean"], atol=1e-4)


def test_groups_that_cannot_be_dealt_out(place):
    process = _start(place, "--recipe", "dealt.toml", "--run", "three", devices=3)
    _, error = process.communicate()
    assert process.returncode == 2 and "4 groups of bodies cannot be dealt out to 3 devices" in error
    assert len(error.strip().splitlines()) == 1 and not (place / "runs").exists()


def test_two_processes_train_one_policy_and_go_on_after_a_stop(place):
    codes, errors = _together(place, "whole")
    assert codes == [0, 0], errors
    names = sorted(path.name for path in (place / "runs" / "whole" / "checkpoints").iterdir())
    assert names == [f"00000000{step:04d}-{i}of2.npz" for step in (320, 640) for i in (0, 1)]
    whole = run.open_run(place / "runs" / "whole")
    assert whole.manifest.backend == "mujoco, jax on 2 x cpu, 2 processes"
    stopped = place / "runs" / "stopped"
    stopped.parent.mkdir(exist_ok=True)
    _cut(place / "runs" / "whole", stopped)
    codes, errors = _together(place, "stopped")
    assert codes == [0, 0], errors
    assert (stopped / "policy.npz").read_bytes() == (whole.path / "policy.npz").read_bytes()


def _cut(whole, place):
    """The folder as a stop after the checkpoint of update 2 leaves it: one process had written that of update 4."""
    place.mkdir()
    (place / "checkpoints").mkdir()
    text = (whole / "run.toml").read_text().replace('status = "complete"', 'status = "training"')
    text = re.sub(r'"policy.npz" = .*\n', "", text).replace('name = "whole"', 'name = "stopped"')
    (place / "run.toml").write_text(text)
    for name in ("recipe.toml", "recipe_given.toml", "target_000.npz", "metrics.csv"):
        (place / name).write_bytes((whole / name).read_bytes())
    for name in ("000000000320-0of2.npz", "000000000320-1of2.npz", "000000000640-0of2.npz"):
        (place / "checkpoints" / name).write_bytes((whole / "checkpoints" / name).read_bytes())
