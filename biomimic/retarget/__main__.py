"""python -m biomimic.retarget: make a periodic target for a body from one measured walk."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from biomimic import embodiment, files
from biomimic.errors import BiomimicError
from biomimic.provenance import Provenance
from biomimic.retarget import quality
from biomimic.retarget.cycle import fold_trial, read_trial
from biomimic.retarget.options import Options
from biomimic.retarget.walk import periodic_target


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 with one sentence on standard error."""
    given = _parser().parse_args(arguments)
    try:
        files.check_writable(given.out.parent)
        options = Options(length_ratio=given.length_ratio, dynamic_similarity=not given.keep_time, frames=given.frames)
        _make(given, options)
    except BiomimicError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _make(given: argparse.Namespace, options: Options) -> None:
    print(f"reading {given.coordinates.name}, {given.forces.name}", flush=True)
    trial = read_trial(
        coordinates=given.coordinates, forces=given.forces, moments=given.moments, mass=given.mass, family=given.family
    )
    trial = replace(trial, provenance=_stated(trial.provenance, given))
    print(f"loading {given.embodiment}", flush=True)
    body = embodiment.load(given.embodiment)
    print("fitting the arms, then the legs to the floor (some seconds)", flush=True)
    target = periodic_target(trial, body, options)
    human = fold_trial(trial, options)
    found = quality.assess(target, human, body, options)
    target.save(given.out)
    speed = float(np.linalg.norm(target.qvel[:, :2].mean(axis=0)))
    print(f"period {target.period:.4f} s, speed {speed:.3f} m/s, {len(target.qpos)} frames")
    for name, agreement in found.angles.items():
        print(f"{name}: r {agreement.r:.3f}, RMSE {np.degrees(agreement.rmse):.1f} degrees against the person")
    print(
        f"loaded points slip {1e3 * found.slip:.0f} mm/s and are {1e3 * found.floating:.1f} mm off the floor; "
        f"deepest {1e3 * found.penetration[0]:.1f} mm"
    )
    print(given.out)


def _stated(found: Provenance, given: argparse.Namespace) -> Provenance:
    """Provenance with what the command line says of source and licence; the files stand in the note."""
    return replace(found, source=given.source or found.source, licence=given.licence)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m biomimic.retarget", description=__doc__)
    parser.add_argument("--coordinates", type=Path, required=True, help="OpenSim joint angles of one walk (.mot, .sto)")
    parser.add_argument("--forces", type=Path, required=True, help="its plate forces (.mot, .sto)")
    parser.add_argument("--moments", type=Path, default=None, help="its net joint moments (.sto); optional")
    parser.add_argument("--embodiment", default="myofullbody", help="body to make the target for")
    parser.add_argument("--out", type=Path, required=True, help="target to write (.npz)")
    parser.add_argument("--source", default="", help="where the files come from, e.g. a DOI; default: their names")
    parser.add_argument("--licence", default="", help="licence of the files")
    parser.add_argument("--mass", type=float, default=None, help="of the person [kg]; default: what the plates weigh")
    parser.add_argument("--family", default="rajagopal2016", help="OpenSim model family of the coordinates")
    parser.add_argument("--length-ratio", type=float, default=Options().length_ratio, help="leg length body / person")
    parser.add_argument("--keep-time", action="store_true", help="keep the person's stride time, not the Froude number")
    parser.add_argument("--frames", type=int, default=Options().frames, help="frames per stride")
    return parser


if __name__ == "__main__":
    sys.exit(main())
