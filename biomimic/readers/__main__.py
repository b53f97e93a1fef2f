"""python -m biomimic.readers read ik.mot grf.mot …: recordings from, and to, files of other programs."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

GOOD, BAD = 0, 2


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 with one sentence on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a sign shows a question mark
    options = _parser().parse_args(arguments)
    from biomimic.errors import BiomimicError

    commands = {"read": _read, "opensim": _opensim, "write-evalkit": _write, "read-evalkit": _episodes}
    try:
        commands[options.command](options)
    except BiomimicError as error:
        print(error, file=sys.stderr)
        return BAD
    return GOOD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m biomimic.readers", description="Recordings from, and to, files of other programs."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_read(commands.add_parser("read", help="one trial out of any files of a laboratory"))
    opensim = commands.add_parser("opensim", help="one trial of a laboratory, from OpenSim's files, nothing proved")
    opensim.add_argument("--coordinates", type=Path, help="joint angles (.mot, .sto)")
    opensim.add_argument("--forces", type=Path, help="ground forces (.mot, .sto)")
    opensim.add_argument("--moments", type=Path, help="joint moments of inverse dynamics (.sto)")
    opensim.add_argument("--emg", type=Path, help="EMG envelopes (.sto)")
    opensim.add_argument("--mass", type=float, required=True, help="of the person [kg]")
    opensim.add_argument("--family", required=True, help="whose names and signs hold: rajagopal2016, gait2392, …")
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


def _add_read(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="of one trial; what each is, it says itself"
    )
    parser.add_argument(
        "--out", type=Path, help="recording or motion to write (.npz); without it only figures are shown"
    )
    parser.add_argument("--mass", type=float, help="of the person [kg]")
    parser.add_argument("--family", help="of the OpenSim model: rajagopal2016, lai2017, gait2392, gait10dof18")
    parser.add_argument(
        "--plate",
        action="append",
        default=[],
        metavar="NAME=SIDE",
        help="foot on a plate, e.g. ground_force_1_=right or 2=left; none leaves it out",
    )
    parser.add_argument("--emg-side", choices=("right", "left"), help="of EMG whose channels do not say it")
    parser.add_argument(
        "--muscle",
        action="append",
        default=[],
        metavar="CHANNEL=NAME",
        help="muscle of an EMG channel, e.g. CH3=soleus_right",
    )
    unit = parser.add_mutually_exclusive_group()
    unit.add_argument(
        "--degrees", action="store_true", default=None, help="angles are degrees, where the file is silent"
    )
    unit.add_argument("--radians", action="store_false", dest="degrees", help="angles are radians, where it is silent")
    parser.add_argument("--up", help="axis of the file that points up, e.g. z")
    parser.add_argument("--forward", help="axis in which the person goes once z is up: x, -x, y or -y (--forward=-x)")
    parser.add_argument("--subject", help="whose markers to take")
    parser.add_argument("--from", dest="start", type=float, help="first time that is kept [s]")
    parser.add_argument("--to", dest="end", type=float, help="last time that is kept [s]")
    parser.add_argument("--accept", action="append", default=[], metavar="CHANNEL", help="may fail the audit of signs")
    parser.add_argument("--skeleton", help=".asf file of an .amc file")
    parser.add_argument("--body-model", help="SMPL-H or SMPL-X body of an AMASS file")
    parser.add_argument("--episode", type=int, help="of a rollout file, from 0")
    parser.add_argument("--touch-unit", help='of a rollout\'s touch sensors, "N" or "BW"')


def _read(options: argparse.Namespace) -> None:
    from biomimic import files
    from biomimic.readers import read
    from biomimic.readers.overview import lines, overview
    from biomimic.recording import Recording

    if options.out is not None:
        files.check_writable(options.out.parent)
    found = read(options.files, _told(options))
    if options.out is not None and isinstance(found, Recording):
        found = replace(found, trial=options.out.stem)
    print("\n".join(lines(overview(found, _marked(options.files)))))
    print(f"  {found.provenance.note}")
    if options.out is not None:
        print(found.save(options.out))


def _marked(paths: list[Path]):
    if len(paths) != 1 or paths[0].suffix.lower() != ".c3d":
        return None
    from biomimic.readers import laboratory

    return laboratory.read_events(paths[0])


def _told(options: argparse.Namespace):
    from biomimic.errors import BadValue
    from biomimic.readers import Told

    span = None
    if options.start is not None or options.end is not None:
        span = (-1e9 if options.start is None else options.start, 1e9 if options.end is None else options.end)
    pairs = {}
    for name in ("plate", "muscle"):
        wrong = [one for one in getattr(options, name) if "=" not in one]
        if wrong:
            raise BadValue(f'--{name} was given "{wrong[0]}"; it is written NAME=VALUE.')
        pairs[name] = dict(one.rsplit("=", 1) for one in getattr(options, name))
    return Told(
        mass=options.mass,
        family=options.family,
        plates=pairs["plate"],
        emg_side=options.emg_side,
        muscles=pairs["muscle"],
        degrees=options.degrees,
        up=options.up,
        forward=options.forward,
        subject=options.subject,
        span=span,
        accepted=tuple(options.accept),
        skeleton=options.skeleton,
        body_model=options.body_model,
        episode=options.episode,
        touch_unit=options.touch_unit,
    )


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


def _episodes(options: argparse.Namespace) -> None:
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
