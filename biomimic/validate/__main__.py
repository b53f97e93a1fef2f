"""python -m biomimic.validate --run run42: roll a run out, measure it against people, write the report."""

import argparse
import platform
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("numpy", "scipy", "mujoco", "jax", "matplotlib", "jinja2", "typst", "musclemimic-models")
FILM_S = 5.0  # [s] simulated for the pictures of one stride
DEFAULT = "level_walking"  # protocol of recordings, which name none
GOOD, UNMET, BAD = 0, 1, 2  # exit codes


def main(arguments: list[str] | None = None) -> int:
    """Parse, open, roll out, evaluate, write; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a terminal that lacks a sign shows a question mark
    options = _parser().parse_args(arguments)
    if options.same_seeds and len(options.run or ()) != len(options.against):
        _parser().error("--same-seeds needs as many runs after --run as after --against")
    if not (options.run or options.recording or options.selftest):
        _parser().error("one of --run, --recording and --selftest is needed")
    from biomimic.errors import BiomimicError  # imports wait until the arguments are known to be good

    try:
        if options.selftest and (wrong := _selftest()):
            print(wrong, file=sys.stderr)
            return BAD
        if not (options.run or options.recording):
            return GOOD
        return _several(options) if options.run and (len(options.run) > 1 or options.against) else _one(options)
    except BiomimicError as error:
        print(str(error), file=sys.stderr)
        return BAD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m biomimic.validate",
        description=__doc__.partition(": ")[2],
        epilog="Exit codes: 0 report written; 1 with --check, a gate failed or a criterion is unmet; 2 bad input.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--run", nargs="+", metavar="RUN", help="name or folder of a run; several are put side by side")
    what.add_argument(
        "--recording",
        nargs="+",
        metavar="FILE",
        help="recordings (.npz) of one walker, or the name of a human data set, validated as if they were a run",
    )
    parser.add_argument(
        "--against", nargs="+", default=[], metavar="RUN", help="the run, or runs, that the others are held against"
    )
    parser.add_argument(
        "--people", nargs="+", default=[], metavar="FILE", help="recordings of more people to compare with"
    )
    parser.add_argument("--same-seeds", action="store_true", help="runs of both sides belong together in their order")
    parser.add_argument("--protocol", help="name or path of a protocol; by default the one named in run.toml")
    parser.add_argument("--out", type=Path, help="folder of the report; by default runs/<run>/validation/<protocol>")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a gate fails or a criterion is not met")
    parser.add_argument(
        "--allow-speed-mismatch",
        action="store_true",
        help="compare with people of another speed all the same; the report says so",
    )
    parser.add_argument(
        "--selftest", action="store_true", help="first compute published known answers; they join the report's appendix"
    )
    parser.add_argument("--jobs", type=_positive, help="trials rolled out at once; by default one a core")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 1")
    return number


def _selftest() -> str:
    """Print every known answer; what is wrong, in words, or nothing."""
    from biomimic.validate import selftest

    answers = selftest.run()
    print("\n".join(selftest.lines(answers)))
    wrong = selftest.failed(answers)
    names = ", ".join(one.name for one in wrong[:10])
    return f"{len(wrong)} of {len(answers)} known answers are not reproduced here: {names}." if wrong else ""


class Measured(NamedTuple):
    """One walker, measured: what is written about it and where."""

    results: object
    protocol: object
    film: object
    out: Path
    sensitivity: object
    evaluation: object = None


def _one(options: argparse.Namespace) -> int:
    measured = _run(options.run[0], options) if options.run else _recordings(options)
    _write(measured, options.selftest)
    return UNMET if options.check and not measured.results.passed else GOOD


def _several(options: argparse.Namespace) -> int:
    """Every run's own report, then one about their differences."""
    from biomimic import files
    from biomimic.errors import BadValue
    from biomimic.run import open_run
    from biomimic.validate.compare import compare

    names = [*options.run, *options.against]
    called = [open_run(name).name for name in names]  # a wrong name is said before anything is simulated
    if len(set(called)) < len(called):
        raise BadValue(f"Runs to compare have different names, each given once; found {', '.join(called)}.")
    folder = options.out or Path("runs") / "compared" / "_".join(Path(name).name for name in names)
    folder = files.check_writable(folder)
    own = {name: folder / Path(name).name for name in names}
    measured = {name: _run(name, options, own[name]) for name in names}
    for one in measured.values():
        _write(one, options.selftest)
    protocol = measured[names[0]].protocol
    against = [measured[name].results for name in options.against] or None
    results = [measured[name].results for name in options.run]
    compared = compare(results, against, protocol, same_seeds=options.same_seeds)
    _write_difference(compared, protocol, folder)
    passed = all(one.results.passed for one in measured.values())
    return UNMET if options.check and not passed else GOOD


def _run(name: str, options: argparse.Namespace, out: Path | None = None) -> Measured:
    """A run, rolled out under its protocol and measured."""
    from biomimic import embodiment, files
    from biomimic.motion import Trajectory
    from biomimic.recording import Recording
    from biomimic.rollout.pool import make_all
    from biomimic.rollout.target import recording as target_recording
    from biomimic.run import open_run
    from biomimic.validate import subject
    from biomimic.validate.evaluate import About, assess
    from biomimic.validate.protocol import load_protocol, path_of

    run = open_run(name)
    chosen = options.protocol or run.manifest.protocol
    protocol, humans = _people(load_protocol(chosen), options.people)
    stem = path_of(chosen).stem
    target = Trajectory.load(run.target)  # a wrong target is said before anything is simulated
    out = files.check_writable(
        out or (options.out if len(options.run) == 1 else None) or run.output / "validation" / stem
    )
    folder = run.output / "recordings" / stem
    tasks = _tasks(run, protocol, files.check_writable(folder))
    make_all(tasks, options.jobs)
    *paths, film = (task.path for task in tasks)
    recordings = [Recording.load(path) for path in paths]
    manifest = run.manifest
    body = embodiment.load(manifest.embodiment, muscle_parameters=manifest.muscle_parameters)
    tracked = target_recording(target, body)
    walker = subject.planned(recordings, protocol, body.leg_length)
    about = About(
        run=run.name,
        shaped_by=manifest.shaped_by or None,
        identity=_identity(run, protocol, path_of(chosen), humans, paths),
        target={} if tracked is None else subject.one_stride(tracked, protocol),
        allows_speed=options.allow_speed_mismatch,
        body=_body(body, walker, humans, protocol),
    )
    results = assess(walker, humans, protocol, about)
    build = partial(subject.planned, leg_length=body.leg_length)
    swept = _sweep(options, results, walker, humans, protocol, build)
    return Measured(results, protocol, _film(film), out, swept, _evaluation(run))


def _evaluation(run):
    """How the run's policy followed every clip; None if it was not evaluated, or has changed since."""
    from biomimic import evaluation

    found = evaluation.load(run.output) or evaluation.load(run.path)
    known = {digest.removeprefix("sha256:") for digest in run.manifest.files.values()}
    return found if found is not None and found.policy in known else None


def _sweep(options, results, walker, humans: dict, protocol, build):
    """Whether a verdict hangs on a setting: each one step down and up."""
    from biomimic.validate.sensitivity import sweep

    return sweep(results, walker, humans, protocol, build=build, allows_speed=options.allow_speed_mismatch)


def _body(embodiment, walker, humans: dict, protocol):
    """What the body's model adds: drive and energy of each start, and the space of solutions of one stride a side."""
    from biomimic.rollout.derived import TENSION, derived
    from biomimic.validate.body import Body, Space

    same = next((humans[one.name] for one in protocol.humans if one.role == "same"), None)
    first = walker.compared[0]
    sides = [side for side in first.cycles if same is not None and same.has("activity", side)]
    emg = {side: same.curves("activity", side) for side in sides}
    found = derived(embodiment, [trial.recording for trial in walker.compared], first.cycles, emg)
    spaces = {
        side: Space(
            side, first.recording.trial, len(s.capacity.coordinates), s.freedoms, s.openness, s.effort, s.strides
        )
        for side, s in found.spaces.items()
    }
    return Body(spaces, found.energy, found.drive, TENSION)


def _recordings(options: argparse.Namespace) -> Measured:
    """Recordings of one walker, or a human data set, as if they were a run; the data set itself is left out."""
    from biomimic import files, reference
    from biomimic.recording import Recording
    from biomimic.report import Film
    from biomimic.validate import subject
    from biomimic.validate.evaluate import About, assess
    from biomimic.validate.protocol import load_protocol, of_recordings, path_of

    chosen = options.protocol or DEFAULT
    names = options.recording
    is_data_set = len(names) == 1 and not names[0].endswith(".npz")
    data = reference.load(names[0]) if is_data_set else None
    label = data.name if data else Path(names[0]).stem
    plain = of_recordings(load_protocol(chosen), without=label)
    protocol, humans = _people(plain, [name for name in options.people if name not in names])
    out = files.check_writable(options.out or Path("runs") / f"recording-{label}" / "validation" / path_of(chosen).stem)
    walker = (
        subject.data_set(data, protocol) if data else subject.recorded([Recording.load(n) for n in names], protocol)
    )
    hashes = {} if is_data_set else {Path(name).stem: Path(name) for name in names}
    identity = _what_for(protocol, path_of(chosen), humans, hashes)
    identity["run"] = {"name": label, "kind": walker.kind, "note": _note(data, label)}
    about = About(label, None, identity, allows_speed=options.allow_speed_mismatch)
    film = Film(reason="No pictures: the recordings were not made by this package's simulation.")
    results = assess(walker, humans, protocol, about)
    build = subject.recorded if walker.still else None
    return Measured(results, protocol, film, out, _sweep(options, results, walker, humans, protocol, build))


def _note(data, label: str) -> str:
    return data.entry.note if data else f"Recordings of one walker, beginning with {label}; no run was rolled out."


def _people(protocol, more: list[str]) -> tuple:
    """The protocol with more people of role other, and all data sets by name."""
    from biomimic import reference
    from biomimic.validate.protocol import Human

    added = {data.name: data for data in (reference.load(name) for name in more)}
    protocol = replace(protocol, humans=(*protocol.humans, *(Human(name, "other") for name in added)))
    return protocol, {one.name: added.get(one.name) or reference.load(one.name) for one in protocol.humans}


def _tasks(run, protocol, folder: Path) -> list:
    """What has to be simulated: the planned trials in order, then one stride for the pictures."""
    from biomimic.provenance import version
    from biomimic.rollout.kept import Task
    from biomimic.rollout.plan import Plan, Push

    stamp = {"run": run.identity, **{name: version(name) for name in ("biomimic", "mujoco", "jax")}}
    pushes, tasks = protocol.pushes, []
    for planned in protocol.planned:
        push = Push(planned.push, pushes.force_n, pushes.duration_s, pushes.at_s) if planned.push else None
        tasks.append(Task(run.path, folder, Plan(planned.name, planned.duration, planned.phase, push), stamp))
    return [*tasks, Task(run.path, folder, Plan("film", FILM_S), stamp, is_film=True)]


def _identity(run, protocol, file: Path, humans: dict, paths: list[Path]) -> dict:
    """Names, hashes and versions that pin what was measured; no path, no date."""
    manifest = run.manifest
    about = {
        "name": run.name,
        "kind": "simulated",
        "sha256 of run.toml": run.identity,
        "controller": manifest.controller,
        "embodiment": manifest.embodiment,
        "muscle_parameters": manifest.muscle_parameters,
        "target": manifest.target,
        "shaped by": ", ".join(manifest.shaped_by),
        "note": manifest.note,
        **{f"sha256 of {name}": digest.removeprefix("sha256:") for name, digest in sorted(manifest.files.items())},
    }
    settings = {"settings": run.settings.read_text(encoding="utf-8")}
    return {"run": about} | settings | _what_for(protocol, file, humans, {path.stem: path for path in paths})


def _what_for(protocol, file: Path, humans: dict, recordings: dict[str, Path]) -> dict:
    from biomimic.provenance import sha256, version

    return {
        "protocol": {"name": file.stem, "version": protocol.version, "sha256": sha256(file)},
        "humans": {name: _human(data) for name, data in humans.items()},
        "versions": {name: version(name) for name in ("biomimic", *PACKAGES)} | {"python": platform.python_version()},
        "recordings": {name: sha256(path) for name, path in recordings.items()},
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


def _write(measured: Measured, with_answers: bool) -> None:
    """All files are made before the first is written; each is written through a temporary name."""
    from biomimic import report
    from biomimic.report import appendix, machine, pdf, verdict
    from biomimic.validate import results as written
    from biomimic.validate import selftest
    from biomimic.validate import sensitivity as sensitivities

    results, protocol, film, out, sensitivity, evaluation = measured
    swept = len(sensitivity.flipping), sensitivity.note, sensitivity.held
    more = [appendix.settings(sensitivities.table(sensitivity), *swept)]
    if with_answers:
        answers = selftest.run()
        more.append(appendix.answers(selftest.table(answers), sum(answer.passed for answer in answers)))
    built = report.build(results, protocol, film, more, evaluation)
    named = results.identity["protocol"]
    content = {
        **report.contents(built),
        "verdict.json": machine.to_json(machine.verdict(results, protocol=named["name"], version=named["version"])),
        "results.json": written.to_json(results),
        "sensitivity.json": machine.to_json(written.rounded(sensitivities.record(sensitivity))),
        "metrics.csv": written.metrics_csv(results),
        "exclusions.csv": written.exclusions_csv(results),
    }
    if built.figures:  # a walker without strides has none
        content["first.png"] = pdf.picture(built.figures[0])
    _replace(content, out)
    print("\n".join(verdict.lines(results)))
    print(f"Report: {out / 'report.html'}\n        {out / 'report.pdf'}")


def _replace(content: dict, out: Path) -> None:
    """Write all files; figures and tables of an earlier report that this one does not have go."""
    from biomimic import files, report

    for name, data in content.items():
        files.write(out / name, data)
    for old in report.stale(out, content):
        old.unlink()


def _write_difference(compared, protocol, out: Path) -> None:
    """The report on differences between runs, in the same two forms, and its table."""
    from biomimic import report
    from biomimic.report import difference
    from biomimic.validate.compare import differences_csv, to_json

    built = difference.build(compared, protocol)
    content = {
        **report.contents(built),
        "differences.json": to_json(compared),
        "differences.csv": differences_csv(compared),
    }
    _replace(content, out)
    print("\n".join(difference.lines(compared)))
    print(f"Differences: {out / 'report.html'}\n             {out / 'report.pdf'}")


if __name__ == "__main__":
    sys.exit(main())
