"""Many trials at once: what is not kept yet is simulated, one process a core."""

import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from tqdm import tqdm

from biomimic.errors import BadRun
from biomimic.rollout.kept import Task, make

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ADVICE = "call again with --jobs 1"


def make_all(tasks: list[Task], jobs: int | None = None) -> None:
    """Do what is not done yet, the longest first.

    Args:
        tasks: trials and pictures.
        jobs: processes; None takes one a core.

    Raises:
        BadRun: a process was ended from outside; what was finished is kept.
    """
    missing = sorted((task for task in tasks if not task.is_done), key=lambda task: -task.plan.duration)
    if not missing:
        return
    for variable in THREADS:  # one trial a core: libraries must not each take all of them
        os.environ.setdefault(variable, "1")
    workers = min(jobs or _cores(), len(missing))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(make, task) for task in missing]
        try:
            for done in tqdm(as_completed(waiting), total=len(waiting), desc="simulating", unit="trial"):
                done.result()
        except BrokenProcessPool:
            raise BadRun(f"A simulation was ended from outside, most likely for lack of memory; {ADVICE}.") from None
        finally:
            pool.shutdown(cancel_futures=True)  # after an error, do not begin what waits


def _cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
