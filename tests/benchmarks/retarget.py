"""Speed of the retargeting beside the plain mink baseline, on the same clips, in one run.

    python tests/benchmarks/retarget.py [FOLDER] [--jobs 2] [--clips NAME ...]

Two tables. The first, on one thread in CPU time (which a busy machine disturbs least), with RMSE and deepest
penetration: our whole pipeline from the read motion to the trajectory, the fit of proportions included; our search
with mink's task, points only, without floor, smoothness and rest; mink with daqp. The last two get the points that
the fit of proportions scaled for nothing. Ratios: of our whole pipeline and of our search alone to mink with 10
iterations. Three forms of mink: all points in one task of ours, 10 and 1 iterations per frame, and one FrameTask a
point on the same pruned model, 10 iterations, as its documentation would have it. The second, by the clock: both
methods in bulk on all jobs, with reading, our fit of proportions, record, filmstrip and writing for both.
Set OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1, else the ratios mean nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

from biomimic import embodiment  # noqa: E402
from biomimic.errors import BiomimicError  # noqa: E402
from biomimic.retarget import baseline, bulk, clip, clips, method, record  # noqa: E402
from biomimic.retarget.baseline import BaselineOptions  # noqa: E402
from biomimic.retarget.clip_options import ClipOptions  # noqa: E402
from biomimic.retarget.settle import settle  # noqa: E402
from biomimic.retarget.skeleton import Skeleton  # noqa: E402

DATA = ROOT / "../shared/data"
OURS, FREE, TEN, ONE, TASKS = "ours", "ours, points only", "mink 10", "mink 1", "mink 10, FrameTasks"
FORMS = (OURS, FREE, TEN, ONE, TASKS)


@dataclass(frozen=True)
class Result:
    """Of one clip by one form."""

    frames: int
    seconds: float  # of CPU
    rmse: float  # [m]
    depth: float  # [m]


def by_frame_tasks(source: np.ndarray, carried: clip.Carried, body: embodiment.Embodiment) -> np.ndarray:
    """As `baseline.fit`, with one FrameTask a point; its error turns with the frame, so the target does too."""
    import mink

    options, aim = BaselineOptions(), carried.targets
    model = baseline.skeleton_of(body.model, aim.bodies, carried.places)
    start = baseline.fit(source[:1], aim.bodies, carried.places, aim.weights, body, options)[0]
    configuration = mink.Configuration(model, start)
    cost = np.sqrt(aim.weights)
    tasks = [mink.FrameTask(f"point{k}", "site", weight, 0.0) for k, weight in enumerate(cost)]
    held = mink.EqualityConstraintTask(model, cost=options.coupling * float(np.sqrt(aim.weights.mean())))
    limits, qpos = [mink.ConfigurationLimit(model)], np.empty((len(source), model.nq))
    for frame, places in enumerate(body.to_model(source)):
        known = np.isfinite(places).all(axis=1)
        for k in np.flatnonzero(known):
            turn = mink.SO3.from_matrix(configuration.data.site_xmat[k].reshape(3, 3))
            tasks[k].set_target(mink.SE3.from_rotation_and_translation(turn, places[k]))
        active = [held, *(tasks[k] for k in np.flatnonzero(known))]
        for _ in range(options.iterations):
            step = mink.solve_ik(configuration, active, 1.0, "daqp", damping=options.damping, limits=limits)
            configuration.integrate_inplace(step, 1.0)
        qpos[frame] = configuration.q
    return qpos


def compare(one: clips.Clip, body: embodiment.Embodiment) -> dict[str, Result]:
    """All forms on one clip."""
    options = ClipOptions()
    read = method.read(one, options)
    given = {"force": read.force, "places": read.places}
    begin = time.perf_counter()
    (_, ours), spent = _timed(lambda: clip.retarget(read.motion, body, options, **given))
    share = ours.seconds / (time.perf_counter() - begin)  # the rest makes the record
    carried = clip.carry(read.motion, body, options, **given)
    source, aim = body.to_house(carried.source), carried.targets
    results = {OURS: Result(ours.frames, share * spent, ours.nearness.rmse, ours.ground.deepest)}
    points = clip.Fitted(aim.names, aim.bodies, carried.places)
    forms: dict[str, Callable[[], np.ndarray]] = {
        name: lambda count=count: baseline.fit(
            source, aim.bodies, carried.places, aim.weights, body, BaselineOptions(iterations=count)
        )
        for name, count in ((TEN, 10), (ONE, 1))
    }
    skeleton = Skeleton(body)
    forms[FREE] = lambda: skeleton.body_qpos(
        settle(body, skeleton, carried.pull, carried.start, None, _points_only(options)).qpos
    )
    forms[TASKS] = lambda: by_frame_tasks(source, carried, body)
    for name, form in forms.items():
        qpos, spent = _timed(form)
        made = baseline.trajectory(qpos, body, options.rate, read.motion.provenance)
        found = record.assess(made, body, scaled_source=source, points=points)
        results[name] = Result(found.frames, spent, found.nearness.rmse, found.ground.deepest)
    return results


def _points_only(options: ClipOptions) -> ClipOptions:
    """Nothing but points and limits, as mink has it."""
    fit = replace(options.fit, bend_root=1e5, bend_turn=1e5, bend_joint=1e5, rest=1e3, tolerance=1e-4)
    return replace(options, fit=fit, proportions=replace(options.proportions, subtalar_spread=1e3))


def _timed(work: Callable) -> tuple:
    begin = time.process_time()
    return work(), time.process_time() - begin


def alone(chosen: tuple[clips.Clip, ...], body: embodiment.Embodiment) -> None:
    """The first table."""
    print(f"{'one thread, CPU time':40s} frames" + "".join(f" | {name:^22s}" for name in FORMS) + " | ratios")
    print(f"{'':46s}" + " |    f/s   mm  deep mm   " * len(FORMS))
    every: list[dict[str, Result]] = []
    for one in chosen:
        try:
            found = compare(one, body)
        except BiomimicError as error:
            print(f"{one.name[-40:]:40s} {error}")
            continue
        every.append(found)
        _row(one.name, found)
    if not every:
        return
    total = {}
    for name in FORMS:
        mine = [found[name] for found in every]
        frames = sum(one.frames for one in mine)
        square = sum(one.frames * one.rmse**2 for one in mine) / frames
        total[name] = Result(frames, sum(o.seconds for o in mine), square**0.5, max(o.depth for o in mine))
    _row("all", total)
    for name in (OURS, FREE):
        near = sum(found[name].rmse <= found[TEN].rmse + 1e-4 for found in every)
        print(f'"{name}" has an RMSE of at most 0.1 mm above that of "{TEN}" on {near} of {len(every)} clips')
    print()


def _row(name: str, found: dict[str, Result]) -> None:
    results = [found[form] for form in FORMS]
    cells = [f"{o.frames / o.seconds:7.0f} {1e3 * o.rmse:5.1f} {1e3 * o.depth:6.1f}" for o in results]
    ratios = " ".join(f"{found[TEN].seconds / found[form].seconds:5.2f}" for form in (OURS, FREE))
    print(f"{name[-40:]:40s} {found[OURS].frames:6d}" + "".join(f" | {cell:^22s}" for cell in cells) + f" | {ratios}")


def together(chosen: tuple[clips.Clip, ...], jobs: int) -> None:
    """The second table."""
    speeds = {}
    for name in (method.OURS, method.MINK):
        with tempfile.TemporaryDirectory() as folder:
            work = bulk.Work(embodiment="myofullbody", out=Path(folder), method=name)
            done = bulk.run(chosen, work, jobs=jobs)
            speeds[name] = done.speed
            print(f"in bulk, {jobs} jobs, {name:9s}: {done.frames} frames in {done.seconds:.1f} s by the clock", end="")
            print(f" = {done.speed:.0f} frames/s; {len(done.failed)} clips failed")
    print(f"ratio: {speeds[method.OURS] / speeds[method.MINK]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of the retargeting beside the plain mink baseline.")
    parser.add_argument("folder", nargs="?", default=DATA, help="clips, as for python -m biomimic.retarget")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--clips", nargs="*", default=[], help="only clips whose name contains one of these")
    options = parser.parse_args()
    found = clips.find(options.folder)
    chosen = tuple(one for one in found if not options.clips or any(part in one.name for part in options.clips))
    alone(chosen, embodiment.load("myofullbody"))
    together(chosen, options.jobs)


if __name__ == "__main__":
    main()
