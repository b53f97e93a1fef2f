"""Bulk work in several processes: a cluster as joblib's backend, a clip that takes its process with it."""

import os
import signal
import threading
import time
from pathlib import Path

import joblib
import made_clips
import pytest

from biomimic.motion import Trajectory
from biomimic.retarget import bulk, clips

fcntl = pytest.importorskip("fcntl", reason="the system has no such file locks")


def _source(folder: Path, count: int) -> Path:
    for number in range(count):
        made_clips.amass(folder / f"clip_{number}.npz", frames=20 + number, side=("right", "left")[number % 2])
    return folder


@pytest.mark.slow
def test_local_dask_cluster(tmp_path):
    distributed = pytest.importorskip("distributed", reason="dask's distributed is not installed")
    source, out = _source(tmp_path / "clips", 4), tmp_path / "out"
    (source / "bad.bvh").write_text("HIERARCHY")
    work = bulk.Work("myofullbody", out)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        done = bulk.run(clips.find(source), work)
        again = bulk.run(clips.find(source), work)
    assert [one.clip for one in done.failed] == ["bad"] and (done.kept, again.kept) == (0, 5)
    assert again.outcomes == done.outcomes
    for number in range(4):
        assert len(Trajectory.load(out / f"clip_{number}.npz").qpos) == 2 * (20 + number) - 1


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])
def test_clip_that_ends_its_process(tmp_path, times):
    """As by a system short of memory: once, and all clips get done in new processes; again, and that clip fails."""
    source, out = _source(tmp_path / "clips", 5), tmp_path / "out"
    killed = []
    killer = threading.Thread(target=_kill_at_work, args=(out / ".clip_3.lock", times, killed), daemon=True)
    killer.start()
    done = bulk.run(clips.find(source), bulk.Work("myofullbody", out), jobs=2)
    killer.join(timeout=5.0)
    assert len(killed) == times
    assert [one.clip for one in done.failed] == ["clip_3"] * (times == 2)
    assert not done.failed or "was ended twice from outside" in done.failed[0].sentence
    for number in (0, 1, 2, 3, 4) if times == 1 else (0, 1, 2, 4):
        Trajectory.load(out / f"clip_{number}.npz")
    assert not list(out.glob(".*"))


def _kill_at_work(lock: Path, times: int, killed: list[list[int]]) -> None:
    """End all processes of joblib while one of them holds a clip's lock, so many times."""
    while len(killed) < times:
        time.sleep(0.005)
        if lock.exists() and _is_locked(lock):
            workers = _children(os.getpid())
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
            killed.append(workers)
            while lock.exists() and _is_locked(lock):
                time.sleep(0.005)


def _is_locked(path: Path) -> bool:
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _children(process: int) -> list[int]:
    """Processes of joblib that this one started, the youngest last; Linux only."""
    if not Path("/proc").is_dir():
        pytest.skip("processes are found under /proc only")
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            words = (path / "cmdline").read_text()
        except OSError:
            continue
        if parent == process and "popen_loky" in words:
            found.append(int(path.name))
    return sorted(found)
