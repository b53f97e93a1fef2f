"""python -m biomimic.rollout --run run42: let a run walk; as a video, a recording, an evaluation or an ONNX file."""

import argparse
import sys
from pathlib import Path

GOOD, BAD = 0, 2  # exit codes


def main(arguments: list[str] | None = None) -> int:
    """Parse, open, roll out, write; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a terminal that lacks a sign shows a question mark
    options = _parser().parse_args(arguments)
    from biomimic.errors import BiomimicError  # imports wait until the arguments are known to be good

    try:
        _write(options)
    except BiomimicError as error:
        print(str(error), file=sys.stderr)
        return BAD
    return GOOD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m biomimic.rollout",
        description=__doc__.partition(": ")[2],
        epilog="Exit codes: 0 done; 2 bad input. Without any of the outputs, one trial is simulated and described.",
    )
    parser.add_argument("--run", required=True, metavar="RUN", help="name or folder of a run")
    parser.add_argument("--video", type=Path, metavar="FILE", help="write the trial as an mp4 file, in real time")
    parser.add_argument("--recording", type=Path, metavar="FILE", help="keep the trial as an npz file")
    parser.add_argument("--evaluate", action="store_true", help="follow every clip; writes evaluation.json")
    parser.add_argument("--onnx", type=Path, metavar="FILE", help="write the policy's network as an ONNX file")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the trial; 10 by default")
    parser.add_argument("--phase", type=float, default=0.0, help="of the gait cycle at the start, in [0, 1)")
    return parser


def _write(options: argparse.Namespace) -> None:
    from biomimic.motion import Trajectory
    from biomimic.rollout import Plan, rollout, video
    from biomimic.run import open_run

    run = open_run(options.run)
    plan = Plan("rollout", options.seconds, options.phase)
    if options.evaluate:
        _evaluate(run)
    if options.onnx:
        _export(run, options.onnx)
    if options.video:
        fall = video.shoot(run, Trajectory.load(run.target), plan, options.video)
        print(f"{_words(plan.duration, fall)} Video: {options.video}")
    if options.recording or not (options.evaluate or options.onnx or options.video):
        recording = rollout(run, Trajectory.load(run.target), plan)
        kept = f" Recording: {recording.save(options.recording)}" if options.recording else ""
        print(_words(plan.duration, recording.fall) + kept)


def _words(planned: float, fall: float | None) -> str:
    return f"Followed for {planned:g} s without a fall." if fall is None else f"Fell after {fall:.2f} of {planned:g} s."


def _evaluate(run) -> None:
    from biomimic.metrics.estimate import Resampling
    from biomimic.training import evaluate

    found = evaluate.evaluate(run)
    path = found.save(run.output)
    drawn = Resampling()
    success, coverage = found.success(drawn), found.coverage(drawn)
    print(f"{100 * success.value:.1f} % of {success.n} attempts to the end, {100 * coverage.value:.1f} % of the time.")
    print(f"Evaluation: {path}")


def _export(run, path: Path) -> None:
    from biomimic.training import export

    print(f"ONNX: {export.write(run, path)}")


if __name__ == "__main__":
    sys.exit(main())
