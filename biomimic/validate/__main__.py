"""python -m biomimic.validate --run run42: roll a run out, measure it against people, write the report."""

import argparse
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PACKAGES = ("numpy", "scipy", "mujoco", "jax", "matplotlib", "jinja2", "typst", "musclemimic-models")
FILM_S = 5.0  # [s] simulated for the pictures of one stride
ADVICE = "call again with --jobs 1"
GOOD, UNMET, BAD = 0, 1, 2  # exit codes


def main(arguments: list[str] | None = None) -> int:
    """Parse, open, roll out, evaluate, write; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a terminal that lacks a sign shows a question mark
    options = _parser().parse_args(arguments)
    from biomimic.errors import BiomimicError  # imports wait until the arguments are known to be good

    try:
        return _run(options)
    except BiomimicError as error:
        print(str(error), file=sys.stderr)
        return BAD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m biomimic.validate", description=__doc__.partition(": ")[2])
    parser.add_argument("--run", required=True, help="name of a run, or path of its folder")
    parser.add_argument("--protocol", help="name or path of a protocol; by default the one named in run.toml")
    parser.add_argument("--out", type=Path, help="folder of the report; by default runs/<run>/validation/<protocol>")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a criterion is not met")
    parser.add_argument("--jobs", type=_positive, help="trials rolled out at once; by default one a core")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 1")
    return number


def _run(options: argparse.Namespace) -> int:
    from biomimic import files, reference
    from biomimic.motion import Trajectory
    from biomimic.recording import Recording
    from biomimic.run import open_run
    from biomimic.validate.evaluate import evaluate
    from biomimic.validate.protocol import load_protocol, path_of

    run = open_run(options.run)
    chosen = options.protocol or run.manifest.protocol
    protocol = load_protocol(chosen)
    name = path_of(chosen).stem
    Trajectory.load(run.target)  # a wrong target is said before anything is simulated
    humans = {human.name: reference.load(human.name) for human in protocol.humans}
    out = files.check_writable(options.out or run.output / "validation" / name)
    folder = run.output / "recordings" / name
    tasks = _tasks(run, protocol, files.check_writable(folder))
    _simulate(tasks, options.jobs)
    *paths, film = (task.path for task in tasks)
    recordings = [Recording.load(path) for path in paths]
    identity = _identity(run, protocol, path_of(chosen), humans, paths)
    stated = run.manifest.shaped_by or None
    results = evaluate(recordings, humans, protocol, run=run.name, shaped_by=stated, identity=identity)
    _write(results, protocol, _film(film), out)
    return UNMET if options.check and not results.passed else GOOD


def _tasks(run, protocol, folder: Path) -> list:
    """What has to be simulated: the planned trials in order, then one stride for the pictures."""
    from biomimic.rollout.kept import Task
    from biomimic.rollout.plan import Plan, Push

    stamp = {"run": run.identity, **{name: _version(name) for name in ("biomimic", "mujoco", "jax")}}
    pushes, tasks = protocol.pushes, []
    for planned in protocol.planned:
        push = Push(planned.push, pushes.force_n, pushes.duration_s, pushes.at_s) if planned.push else None
        tasks.append(Task(run.path, folder, Plan(planned.name, planned.duration, planned.phase, push), stamp))
    return [*tasks, Task(run.path, folder, Plan("film", FILM_S), stamp, is_film=True)]


def _simulate(tasks: list, jobs: int | None) -> None:
    """Do what is not done yet, the longest first, one process a core."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    from tqdm import tqdm

    from biomimic.errors import BadRun
    from biomimic.rollout.kept import make

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


def _version(package: str) -> str:
    """Version of an installed package; of this one also when it runs from a checkout."""
    if package == "biomimic":
        from biomimic import __version__

        return __version__
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _identity(run, protocol, file: Path, humans: dict, paths: list[Path]) -> dict:
    """Names, hashes and versions that pin what was measured; no path, no date."""
    from biomimic.provenance import sha256

    manifest = run.manifest
    return {
        "run": {
            "name": run.name,
            "sha256 of run.toml": run.identity,
            "controller": manifest.controller,
            "embodiment": manifest.embodiment,
            "muscle_parameters": manifest.muscle_parameters,
            "target": manifest.target,
            "shaped by": ", ".join(manifest.shaped_by),
            "note": manifest.note,
            **{f"sha256 of {name}": digest.removeprefix("sha256:") for name, digest in sorted(manifest.files.items())},
        },
        "protocol": {"name": file.stem, "version": protocol.version, "sha256": sha256(file)},
        "humans": {name: _human(data) for name, data in humans.items()},
        "versions": {name: _version(name) for name in ("biomimic", *PACKAGES)} | {"python": platform.python_version()},
        "recordings": {path.stem: sha256(path) for path in paths},
    }


def _human(data) -> dict:
    entry = data.entry
    return {
        "title": entry.title,
        "source": entry.source,
        "licence": entry.licence,
        "attribution": entry.attribution,
        "subjects": entry.subjects,
        "note": entry.note,
        "sha256": data.provenance.sha256,
    }


def _film(path: Path):
    """Pictures of one stride, or the reason why there are none."""
    from biomimic.report import Film
    from biomimic.rollout.kept import pictures

    drawn = pictures(path)
    return Film(drawn.frames, drawn.percents, "start 0", drawn.reason)


def _write(results, protocol, film, out: Path) -> None:
    """All files are made before the first is written; each is written through a temporary name."""
    from biomimic import files, report
    from biomimic.report import html, pdf, verdict
    from biomimic.validate import results as written

    built = report.build(results, protocol, film)
    content = {
        "report.html": html.render(built),
        "report.pdf": pdf.render(built),
        "first.png": pdf.picture(built.figures[0]),
        "results.json": written.to_json(results),
        "metrics.csv": written.metrics_csv(results),
        "exclusions.csv": written.exclusions_csv(results),
    }
    for name, data in content.items():
        files.write(out / name, data)
    print("\n".join(verdict.lines(results)))
    print(f"Report: {out / 'report.html'}\n        {out / 'report.pdf'}")


if __name__ == "__main__":
    sys.exit(main())
