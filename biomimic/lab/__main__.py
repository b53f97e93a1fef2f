"""python -m biomimic.lab process trial.toml --out folder: a trial through OpenSim, and recordings back to it."""

import argparse
import sys
from pathlib import Path

GOOD, BAD = 0, 2


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 with one sentence on standard error."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    from biomimic.errors import BiomimicError

    commands = {"process": _process, "emg": _emg, "export": _export, "compare": _compare, "body": _body}
    try:
        commands[options.command](options)
    except BiomimicError as error:
        print(error, file=sys.stderr)
        return BAD
    return GOOD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m biomimic.lab", description=__doc__.partition(": ")[2], epilog="Exit codes: 0 done; 2 bad input."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    process = commands.add_parser(
        "process", help="markers, forces, EMG and a model to a recording and a quality page; a stopped run goes on"
    )
    process.add_argument("settings", type=Path, help="settings of the trial (.toml)")
    process.add_argument("--out", type=Path, required=True, help="folder for all files of OpenSim and the recording")
    emg = commands.add_parser("emg", help="envelopes of raw EMG alone; needs no opensim")
    emg.add_argument("file", type=Path, help="raw signals (.anc, .mot, .sto)")
    emg.add_argument("--side", choices=("right", "left"), default="right", help="leg that was recorded")
    emg.add_argument("--out", type=Path, required=True, help="table to write (.sto)")
    export = commands.add_parser("export", help="a recording as files that OpenSim opens; needs no opensim")
    compare = commands.add_parser("compare", help="a simulated recording through OpenSim's inverse dynamics")
    for command in (export, compare):
        command.add_argument("--recording", type=Path, required=True, help="recording (.npz)")
        command.add_argument("--out", type=Path, required=True, help="folder for the files")
        command.add_argument("--embodiment", default="myofullbody", help="body of a simulated recording")
        command.add_argument("--muscle-parameters", help="set of muscle parameters; moments need none")
    export.add_argument("--family", default="rajagopal2016", help="names and signs of the angles' file")
    export.add_argument("--cutoff", type=float, default=0.0, help="low pass of all of it [Hz]; 0: as it is")
    compare.add_argument("--cutoff", type=float, default=15.0, help="low pass of both sides [Hz]; 0: none")
    body = commands.add_parser("body", help="the simulated body as an OpenSim model; needs no opensim")
    body.add_argument("--embodiment", default="myofullbody", help="name of the body")
    body.add_argument("--out", type=Path, required=True, help="model to write (.osim)")
    return parser


def _process(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from biomimic.lab import page, quality, settings, trial

    chosen = settings.load(options.settings)
    bars: list[tqdm] = []

    def tell(step: str, share: float) -> None:
        if not bars or bars[-1].desc != step:
            for bar in bars[-1:]:
                bar.close()
            bars.append(tqdm(total=1.0, desc=step, bar_format="{desc:<14}{percentage:3.0f} %|{bar:30}| {elapsed}"))
        bars[-1].update(share - bars[-1].n)

    try:
        done = trial.process(chosen, options.out, tell)
    finally:
        for bar in bars:
            bar.close()
    found = quality.measure(chosen, options.out, done)
    found.save(options.out / "quality.json")
    left = sorted(path.name for path in options.out.iterdir() if path.is_file())
    made = page.write(options.out / "quality.html", found, chosen, done.recording, left)
    beyond = sum(check.passed is False for check in found.checks)
    print(f"Done now: {', '.join(done.done) or 'nothing, all was kept'}.")
    print(f"{len(found.checks)} checks, {beyond} beyond their threshold: {made}")
    print(f"Recording: {options.out / 'recording.npz'}")


def _emg(options: argparse.Namespace) -> None:
    from biomimic.lab import emg, tables
    from biomimic.lab.settings import Emg

    settings = Emg(file=str(options.file), side=options.side)
    found = emg.envelopes(settings)
    print(emg.words(settings), f"Normaliser: {found.normaliser}.")
    for name in found.activity.names:
        note = "" if name in found.usable else "  not usable: it never comes to rest"
        print(f"{name:<28}floor {found.floor[name]:.2f} of its maximum{note}")
    print(tables.write_table(options.out, found.activity))


def _export(options: argparse.Namespace) -> None:
    from biomimic.lab import export
    from biomimic.recording import Recording

    recording = Recording.load(options.recording)
    body = _load(options) if recording.coordinates is not None else None
    left = export.write(recording, options.out, embodiment=body, family=options.family, cutoff=options.cutoff)
    for what, path in left.items():
        print(f"{what:<16}{path}")


def _compare(options: argparse.Namespace) -> None:
    from biomimic import files
    from biomimic.lab import compare
    from biomimic.recording import Recording

    recording = Recording.load(options.recording)
    found = compare.inverse_dynamics(recording, _load(options), options.out, cutoff=options.cutoff)
    text = compare.table(found)
    print(text)
    print(files.write(options.out / "comparison.txt", text + "\n"))


def _body(options: argparse.Namespace) -> None:
    from biomimic import embodiment
    from biomimic.lab import body

    print(body.write(options.out, embodiment.load(options.embodiment)))


def _load(options: argparse.Namespace):
    from biomimic import embodiment

    return embodiment.load(options.embodiment, muscle_parameters=options.muscle_parameters)


if __name__ == "__main__":
    sys.exit(main())
