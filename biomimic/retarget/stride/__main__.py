"""python -m biomimic.retarget.stride: one stride of a retargeted clip of walking as a target for the tracker."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from biomimic import embodiment, files
from biomimic.errors import BadFile, BiomimicError
from biomimic.gait import filters
from biomimic.motion import Trajectory
from biomimic.readers import opensim
from biomimic.retarget.cycle import FORCE_ORDER, SIDES
from biomimic.retarget.stride import Stride, StrideOptions, periodic_stride


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 with one sentence on standard error."""
    given = _parser().parse_args(arguments)
    try:
        files.check_writable(given.out.parent)
        _make(given)
    except BiomimicError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _make(given: argparse.Namespace) -> None:
    options = StrideOptions(time_ratio=given.time_ratio)
    clip = Trajectory.load(given.clip)
    if given.forces is not None:
        clip = replace(clip, force=_forces(given, clip, options), com=None)
    body = embodiment.load(clip.embodiment)
    made = periodic_stride(clip, body, options, at=given.at)
    stated = made.target.provenance
    stated = replace(stated, source=given.source or stated.source, licence=given.licence or stated.licence)
    replace(made.target, provenance=stated).save(given.out)
    _tell(made)
    print(given.out)


def _forces(given: argparse.Namespace, clip: Trajectory, options: StrideOptions) -> np.ndarray:
    """Plate forces at the frames of the clip, (T, 6) [N], house frame."""
    plates = dict(_plate(text) for text in given.plates) or None
    force = opensim.read_forces(given.forces, opensim.names(given.family, plates=plates))[0]
    force = filters.low_pass(filters.regular(force), order=FORCE_ORDER, cutoff=options.cycle.force_hz)
    time = given.begin + np.arange(len(clip.qpos)) / clip.rate
    late = time[-1] - force.time[-1]
    if time[0] < force.time[0] - 0.5 / clip.rate or late > 0.5 / clip.rate:
        raise BadFile(
            f"{given.forces} holds {force.time[0]:.4g} to {force.time[-1]:.4g} s, the clip lasts from {time[0]:.4g} to "
            f"{time[-1]:.4g} s; say with --begin when the clip begins, or cut it."
        )
    outward = dict(zip(SIDES, (-1.0, 1.0)))  # house y points to the left
    columns = [
        sign * np.interp(time, force.time, force.channel(f"{axis}_{side}"))
        for side in SIDES
        for axis, sign in (("anterior", 1.0), ("lateral", outward[side]), ("vertical", 1.0))
    ]
    return np.column_stack(columns)


def _plate(text: str) -> tuple[str, str]:
    prefix, _, side = text.rpartition("=")
    if not prefix or side not in SIDES:
        raise BadFile(f'--plates got "{text}"; it takes prefix=side, as in ground_force_1_=right.')
    return prefix, side


def _tell(made: Stride) -> None:
    target, choice, found = made.target, made.choice, made.quality
    speed = float(np.linalg.norm(target.qvel[:, :2].mean(axis=0)))
    print(
        f"stride of {choice.period:.3f} s from {choice.start:.2f} s on, {np.degrees(choice.angle):.1f} degrees apart "
        f"at its seam; left heel strike at {100 * choice.left_strike:.0f} %, stance {100 * choice.stance:.0f} %"
    )
    origin = "the clip's forces" if made.closed.force is not None else f"its motion, {made.harmonics} harmonics"
    print(f"period {target.period:.4f} s, speed {speed:.3f} m/s, {len(target.qpos)} frames; forces: {origin}")
    for name, agreement in found.angles.items():
        print(f"{name}: r {agreement.r:.3f}, RMSE {np.degrees(agreement.rmse):.1f} degrees against the clip")
    print(
        f"loaded points slip {1e3 * found.slip:.0f} mm/s and are {1e3 * found.floating:.1f} mm off the floor; "
        f"deepest {1e3 * found.penetration[0]:.1f} mm"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m biomimic.retarget.stride", description=__doc__)
    parser.add_argument("clip", type=Path, help="trajectory made by python -m biomimic.retarget (.npz)")
    parser.add_argument("--out", type=Path, required=True, help="target to write (.npz)")
    parser.add_argument("--at", type=float, help="moment that the stride must hold [s]; default: the best stride")
    parser.add_argument("--time-ratio", type=float, default=1.0, help="stride time of the body / of the clip")
    parser.add_argument("--source", default="", help="where the clip comes from; default: what its file says")
    parser.add_argument("--licence", default="", help="licence of the clip; default: what its file says")
    parser.add_argument("--forces", type=Path, help="plate forces (.mot, .sto) where the clip has none")
    parser.add_argument("--begin", type=float, default=0.0, help="time of the clip's first frame in that file [s]")
    parser.add_argument("--family", default="rajagopal2016", help="OpenSim model family of the force file")
    parser.add_argument(
        "--plates", nargs="*", default=[], metavar="PREFIX=SIDE", help="foot of each plate, e.g. ground_force_1_=right"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
