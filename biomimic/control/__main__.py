"""python -m biomimic.control: make a run of the muscle tracker, and tune its settings."""

import argparse
import os
import sys
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PACKAGES = ("mujoco", "jax", "numpy", "scipy", "musclemimic-models")
TARGET, SETTINGS = "target.npz", "settings.toml"  # in the run's folder
PHYSICS_STEP = 0.002  # [s] of a search, as of a rollout
GOOD, BAD, STOPPED = 0, 2, 130  # exit codes


def main(arguments: list[str] | None = None) -> int:
    """Make a run, or with "tune" first, tune one; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    words = sys.argv[1:] if arguments is None else arguments
    is_tuning = words[:1] == ["tune"]
    options = _tune_parser().parse_args(words[1:]) if is_tuning else _parser().parse_args(words)
    for variable in THREADS:  # one candidate a core: libraries must not each take all of them
        os.environ.setdefault(variable, "1")
    from biomimic.errors import BiomimicError  # imports wait until the arguments are known to be good

    try:
        return _tune(options) if is_tuning else _create(options)
    except BiomimicError as error:
        print(str(error), file=sys.stderr)
        return BAD
    except KeyboardInterrupt:
        print("Stopped. Complete generations are kept; the same command goes on from them.", file=sys.stderr)
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m biomimic.control",
        description="Make a run of the muscle tracker along a target. Nothing is simulated yet.",
        epilog='"python -m biomimic.control tune --help" tells how to tune the settings of a run.',
    )
    parser.add_argument("--target", type=Path, required=True, help="target made by python -m biomimic.retarget (.npz)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new run, e.g. runs/walk1")
    parser.add_argument(
        "--settings", type=Path, help="settings of the tracker (.toml); by default those of the package"
    )
    parser.add_argument("--muscle-parameters", default="corrected-trunk", help="set of muscle parameters of the body")
    parser.add_argument("--protocol", default="level_walking", help="protocol the run is measured by")
    parser.add_argument("--note", default="", help="what a reader of the report must know about this run")
    return parser


def _tune_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m biomimic.control tune",
        description="Search better settings for a run over short rollouts, and make a run with them.",
    )
    parser.add_argument("--run", required=True, help="name of a run, or path of its folder")
    parser.add_argument("--out", help="name of the new run in ./runs, or its folder; by default <run>-tuned")
    parser.add_argument("--generations", type=_positive, default=40, help="in all; a search that was stopped goes on")
    parser.add_argument("--candidates", type=_positive, default=12, help="in each generation")
    parser.add_argument("--names", nargs="+", metavar="NAME", help='settings to search, e.g. "trunk.lateral_weight"')
    parser.add_argument("--seed", type=int, default=1, help="of the candidates")
    parser.add_argument("--jobs", type=_positive, help="candidates rolled out at once; by default one a core")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 1")
    return number


def _create(options: argparse.Namespace) -> int:
    from biomimic import config, control, embodiment
    from biomimic.motion import Trajectory
    from biomimic.run import create
    from biomimic.validate.protocol import load_protocol

    load_protocol(options.protocol)
    settings = config.load(control.Settings, options.settings) if options.settings else control.Settings()
    target, chosen = Trajectory.load(options.target), options.muscle_parameters
    body = embodiment.load(target.embodiment, muscle_parameters=chosen, timestep=PHYSICS_STEP)
    control.build(body, target, settings)  # proves that the tracker can follow it
    manifest = _manifest(options.out.name, target, settings, chosen, options.protocol, options.note)
    content = {TARGET: options.target.read_bytes(), SETTINGS: config.dumps(settings)}
    run = create(manifest, content, folder=options.out.parent)
    print(f"{run.path}: tracker of {target.embodiment} ({chosen}) along {options.target.name}")
    _next(run)
    print(f"To tune its settings:  python -m biomimic.control tune --run {_asked(run)}")
    return GOOD


def _manifest(name: str, target, settings, muscle_parameters: str, protocol: str, note: str):
    from datetime import date

    from biomimic.provenance import version
    from biomimic.run import SCHEMA, Manifest

    asks_moments = settings.moments.human and settings.moments.weight > 0 and target.moment is not None
    return Manifest(
        schema=SCHEMA,
        name=name,
        controller="tracker",
        embodiment=target.embodiment,
        muscle_parameters=muscle_parameters,
        protocol=protocol,
        target=TARGET,
        settings=SETTINGS,
        created=date.today().isoformat(),
        note=note,
        shaped_by=("angles", "force", *(("moment",) if asks_moments else ())),
        versions={package: version(package) for package in ("biomimic", *PACKAGES)},
    )


def _tune(options: argparse.Namespace) -> int:
    from biomimic import config, control, embodiment, files
    from biomimic.control.tune import Search, Space
    from biomimic.errors import BadRun
    from biomimic.motion import Trajectory
    from biomimic.run import WORKING, create, open_run

    run = open_run(options.run)
    names = run.manifest
    if names.controller != "tracker":
        raise BadRun(f'Run "{run.name}" has a {names.controller} for a controller; only trackers can be tuned.')
    chosen = options.out or f"{run.name}-tuned"
    out = Path(chosen) if os.sep in chosen else WORKING / chosen
    if out.exists():
        raise BadRun(f"There is a run in {out} already; choose another --out or remove the folder.")
    search = Search(
        names=tuple(options.names or ()),
        generations=options.generations,
        candidates=options.candidates,
        seed=options.seed,
        workers=options.jobs,
    )
    start = config.load(control.Settings, run.settings)
    Space(start, search.names)  # proves that they can be searched
    state = files.check_writable(out.parent) / f"{out.name}.tuning.npz"
    body = embodiment.load(names.embodiment, muscle_parameters=names.muscle_parameters, timestep=PHYSICS_STEP)
    target = Trajectory.load(run.target)
    found = _search(body, target, start, search, state)
    note = f"{names.note} Settings searched from those of run {run.name}.".strip()
    manifest = _manifest(out.name, target, found, names.muscle_parameters, names.protocol, note)
    made = create(manifest, {TARGET: run.target.read_bytes(), SETTINGS: config.dumps(found)}, folder=out.parent)
    print(f"{made.path}: settings after {search.generations} generations; the search itself is kept in {state}")
    _next(made)
    return GOOD


def _search(body, target, start, search, state: Path):
    """Tuned settings, with a bar."""
    from tqdm import tqdm

    from biomimic.control.tune import tune

    with tqdm(total=search.generations, desc="tuning", unit="generation") as bar:

        def progress(generation) -> None:
            bar.update()
            bar.set_postfix_str(f"least cost {generation.least:.1f}, median {generation.median:.1f}")

        return tune(body, target, start, search=search, state=state, progress=progress)


def _next(run) -> None:
    print(f"To measure it:         python -m biomimic.validate --run {_asked(run)}")


def _asked(run) -> str:
    """What --run takes for it: the name where it lies in ./runs, else the path."""
    from biomimic.run import WORKING

    return run.name if run.path.parent.resolve() == WORKING.resolve() else str(run.path.resolve())


if __name__ == "__main__":
    sys.exit(main())
