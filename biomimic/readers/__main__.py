"""python -m biomimic.readers opensim --coordinates ik.mot …: recordings from, and to, files of other programs."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

GOOD, BAD = 0, 2


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 with one sentence on standard error."""
    options = _parser().parse_args(arguments)
    from biomimic.errors import BiomimicError

    try:
        {"opensim": _opensim, "write-evalkit": _write, "read-evalkit": _read}[options.command](options)
    except BiomimicError as error:
        print(error, file=sys.stderr)
        return BAD
    return GOOD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m biomimic.readers", description="Recordings from, and to, files of other programs."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    opensim = commands.add_parser("opensim", help="one trial of a laboratory, from OpenSim's files")
    opensim.add_argument("--coordinates", type=Path, help="joint angles (.mot, .sto)")
    opensim.add_argument("--forces", type=Path, help="ground forces (.mot, .sto)")
    opensim.add_argument("--moments", type=Path, help="joint moments of inverse dynamics (.sto)")
    opensim.add_argument("--emg", type=Path, help="EMG envelopes (.sto)")
    opensim.add_argument("--mass", type=float, required=True, help="of the person [kg]")
    opensim.add_argument("--family", required=True, help="whose names and signs hold: rajagopal2016 or gait2392")
    opensim.add_argument("--right", metavar="PREFIX", help="of the right foot's force columns, e.g. ground_force_")
    opensim.add_argument("--left", metavar="PREFIX", help="of the left foot's, e.g. 1_ground_force_")
    opensim.add_argument("--emg-side", choices=("right", "left"), default="right", help="side EMG was recorded on")
    opensim.add_argument("--out", type=Path, required=True, help="recording to write (.npz)")
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


def _opensim(options: argparse.Namespace) -> None:
    from biomimic import files
    from biomimic.readers import opensim

    plates = {prefix: side for prefix, side in ((options.right, "right"), (options.left, "left")) if prefix}
    names = opensim.names(options.family, plates=plates or None, emg_side=options.emg_side)
    files.check_writable(options.out.parent)
    recording = opensim.read_recording(
        coordinates=options.coordinates, forces=options.forces, emg=options.emg, mass=options.mass, names=names
    )
    if options.moments:
        recording = replace(recording, moment=opensim.read_moments(options.moments, names))
    print(replace(recording, trial=options.out.stem).save(options.out))


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
