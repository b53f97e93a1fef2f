"""The command's form with --coordinates: a periodic target for a body from one measured walk with plate forces."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from biomimic import embodiment, files
from biomimic.provenance import Provenance
from biomimic.retarget import quality
from biomimic.retarget.cycle import fold_trial, read_trial
from biomimic.retarget.options import Options
from biomimic.retarget.walk import periodic_target


def parser() -> argparse.ArgumentParser:
    """Of this form."""
    made = argparse.ArgumentParser(prog="python -m biomimic.retarget", description=__doc__)
    made.add_argument("--coordinates", type=Path, required=True, help="OpenSim joint angles of one walk (.mot, .sto)")
    made.add_argument("--forces", type=Path, required=True, help="its plate forces (.mot, .sto)")
    made.add_argument("--moments", type=Path, default=None, help="its net joint moments (.sto); optional")
    made.add_argument("--embodiment", default="myofullbody", help="body to make the target for")
    made.add_argument("--out", type=Path, required=True, help="target to write (.npz)")
    made.add_argument("--source", default="", help="where the files come from, e.g. a DOI; default: their names")
    made.add_argument("--licence", default="", help="licence of the files")
    made.add_argument("--mass", type=float, default=None, help="of the person [kg]; default: what the plates weigh")
    made.add_argument("--family", default="rajagopal2016", help="OpenSim model family of the coordinates")
    made.add_argument("--length-ratio", type=float, default=Options().length_ratio, help="leg length body / person")
    made.add_argument("--keep-time", action="store_true", help="keep the person's stride time, not the Froude number")
    made.add_argument("--frames", type=int, default=Options().frames, help="frames per stride")
    return made


def make(given: argparse.Namespace) -> Iterator[str]:
    """Read, fit and write the target; what is being done and what came of it, line by line.

    Raises:
        BiomimicError: the files or the result cannot be used, in one sentence.
    """
    files.check_writable(given.out.parent)
    options = Options(length_ratio=given.length_ratio, dynamic_similarity=not given.keep_time, frames=given.frames)
    yield f"reading {given.coordinates.name}, {given.forces.name}"
    trial = read_trial(
        coordinates=given.coordinates, forces=given.forces, moments=given.moments, mass=given.mass, family=given.family
    )
    trial = replace(trial, provenance=_stated(trial.provenance, given))
    yield f"loading {given.embodiment}"
    body = embodiment.load(given.embodiment)
    yield "fitting the arms, then the legs to the floor (some seconds)"
    target = periodic_target(trial, body, options)
    human = fold_trial(trial, options)
    found = quality.assess(target, human, body, options)
    target.save(given.out)
    speed = float(np.linalg.norm(target.qvel[:, :2].mean(axis=0)))
    yield f"period {target.period:.4f} s, speed {speed:.3f} m/s, {len(target.qpos)} frames"
    for name, agreement in found.angles.items():
        yield f"{name}: r {agreement.r:.3f}, RMSE {np.degrees(agreement.rmse):.1f} degrees against the person"
    yield (
        f"loaded points slip {1e3 * found.slip:.0f} mm/s and are {1e3 * found.floating:.1f} mm off the floor; "
        f"deepest {1e3 * found.penetration[0]:.1f} mm"
    )
    yield str(given.out)


def _stated(found: Provenance, given: argparse.Namespace) -> Provenance:
    """Provenance with what the command line says of source and licence; the files stand in the note."""
    return replace(found, source=given.source or found.source, licence=given.licence)
