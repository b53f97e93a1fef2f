"""python -m biomimic.readers evalkit --write out.npz start_0.npz …: recordings to and from files of other programs."""

import argparse
import sys
from pathlib import Path

GOOD, BAD = 0, 2


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 with one sentence on standard error."""
    options = _parser().parse_args(arguments)
    from biomimic.errors import BiomimicError

    try:
        _write(options) if options.command == "write-evalkit" else _read(options)
    except BiomimicError as error:
        print(error, file=sys.stderr)
        return BAD
    return GOOD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m biomimic.readers", description="Recordings to and from the rollout files of mm-evalkit."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write-evalkit", help="our recordings as one rollout file")
    write.add_argument("recordings", nargs="+", type=Path, help="recordings (.npz) of one body")
    write.add_argument("--out", type=Path, required=True, help="file to write (.npz)")
    read = commands.add_parser("read-evalkit", help="a rollout file as our recordings, one file an episode")
    read.add_argument("file", type=Path, help="rollout file (.npz)")
    read.add_argument("--out", type=Path, required=True, help="folder for the recordings")
    read.add_argument("--embodiment", default="myofullbody", help="body whose muscles the file holds")
    read.add_argument("--mass", type=float, help="[kg], where the file does not say it")
    read.add_argument("--touch-unit", help='unit of the touch sensors ("N"), which no file states')
    return parser


def _write(options: argparse.Namespace) -> None:
    from biomimic import files
    from biomimic.readers import evalkit
    from biomimic.recording import Recording

    files.check_writable(options.out.parent)
    print(evalkit.write([Recording.load(path) for path in options.recordings], options.out))


def _read(options: argparse.Namespace) -> None:
    from biomimic import embodiment, files
    from biomimic.readers import evalkit

    body = embodiment.load(options.embodiment)
    weights = {name: dict(zip(one.names, one.weights)) for name, one in body.muscles.items()}
    found = evalkit.read(
        options.file, mass=options.mass, actuators=body.actuators, muscles=weights, touch_unit=options.touch_unit
    )
    folder = files.check_writable(options.out)
    for recording in found:
        print(recording.save(folder / f"{recording.trial}.npz"))


if __name__ == "__main__":
    sys.exit(main())
