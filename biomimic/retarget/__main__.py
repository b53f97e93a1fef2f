"""python -m biomimic.retarget: motion capture as states of a body, one clip or a folder of them."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

GOOD, FAULT, BAD = 0, 1, 2
_EPILOG = """\
exit code: 0 when at least one clip has a result, 2 when none has, 1 when the program itself failed on a clip.
With --coordinates and --forces the command makes a periodic target from one measured walk instead:
  python -m biomimic.retarget --coordinates ik.mot --forces grf.mot --out target.npz
(--coordinates --help tells of that form)"""


def main(arguments: list[str] | None = None) -> int:
    """Exit code as the help says, or 2 with one sentence on standard error."""
    words = sys.argv[1:] if arguments is None else arguments
    if any(len(word) > 2 and "--coordinates".startswith(word.partition("=")[0]) for word in words):
        return _periodic(words)
    given = _parser().parse_args(words)
    from biomimic.errors import BiomimicError

    try:
        return _bulk(given)
    except BiomimicError as error:
        print(error, file=sys.stderr)
        return BAD


def _periodic(words: list[str]) -> int:
    from biomimic.errors import BiomimicError
    from biomimic.retarget import periodic_command

    given = periodic_command.parser().parse_args(words)
    try:
        for line in periodic_command.make(given):
            print(line, flush=True)
    except BiomimicError as error:
        print(error, file=sys.stderr)
        return BAD
    return GOOD


def _bulk(given: argparse.Namespace) -> int:
    from biomimic import files
    from biomimic.retarget import bulk, clips, overview
    from biomimic.retarget.method import MINK

    chosen = _with_given(clips.find(given.source, without=given.out), given)
    fingers = True if given.fingers else None
    work = bulk.Work(
        given.embodiment,
        given.out,
        fingers,
        has_cache=given.format == "musclemimic",
        retry=given.retry,
        body_model=given.body_model,
    )
    done = bulk.run(chosen, work, jobs=given.jobs)
    if given.baseline:
        bulk.run(chosen, replace(work, method=MINK, has_cache=False), jobs=given.jobs)
    found = overview.rows(given.out)
    table = overview.text([row for row in found if row.outcome.clip in {clip.name for clip in chosen}])
    if given.table is not None:
        files.write(given.table, table + "\n")
    page = overview.write(given.out, found)
    print(table)
    print(
        f"{len(chosen)} clips: {len(chosen) - done.kept} done now, {done.kept} before, {len(done.failed)} failed; "
        f"{done.frames} frames in {done.seconds:.1f} s, {done.speed:.0f} frames/s"
    )
    print(page)
    for one in done.failed if len(chosen) == 1 else ():
        print(one.sentence, file=sys.stderr)
    if any(one.is_fault for one in done.failed):
        return FAULT
    return BAD if len(done.failed) == len(chosen) else GOOD


def _with_given(found: tuple, given: argparse.Namespace) -> tuple:
    """The clip with the files the command line names for it."""
    from biomimic.errors import BadValue

    roles = ("angles", "forces", "model")
    named = {role: getattr(given, role) for role in roles if getattr(given, role) is not None}
    if named and len(found) != 1:
        raise BadValue(
            f"--{next(iter(named))} was given for {len(found)} clips; it belongs to one. "
            "Give one clip, or a TOML list that names the files of each."
        )
    return (replace(found[0], **named),) if named else found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m biomimic.retarget",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, help="folder of clips, one clip, or a TOML list of clips")
    parser.add_argument("--embodiment", default="myofullbody", help="body: myofullbody or bimanual")
    parser.add_argument("--fingers", action="store_true", help="keep the finger joints of myofullbody")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results; what is done there is kept")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; default: one a core")
    parser.add_argument("--baseline", choices=("mink",), help="also the plain baseline, in the same table")
    parser.add_argument("--format", choices=("musclemimic",), help="also write this cache layout")
    parser.add_argument("--angles", type=Path, help="joint angles of the one clip, to compare with (.mot, .sto)")
    parser.add_argument("--model", type=Path, help="scaled model of the one clip, with its markers (.osim)")
    parser.add_argument("--forces", type=Path, help="plate forces of the one clip (.mot, .sto)")
    parser.add_argument("--body-model", type=Path, help="SMPL-H or SMPL-X body for AMASS files (.npz)")
    parser.add_argument("--table", type=Path, help="also write the printed table to this file")
    parser.add_argument("--retry", action="store_true", help="try again what failed before")
    return parser


if __name__ == "__main__":
    sys.exit(main())
