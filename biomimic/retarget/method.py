"""The two ways a clip's files become a trajectory and its record: ours, and the plain baseline on the same points."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.motion import Motion, Trajectory
from biomimic.readers import mocap, opensim, trc
from biomimic.retarget import checks, companions
from biomimic.retarget.clip import retarget
from biomimic.retarget.clip_options import ClipOptions
from biomimic.retarget.clips import Clip
from biomimic.retarget.marker_places import OsimModel, read_osim
from biomimic.retarget.record import Record
from biomimic.signals import Signals

OURS, MINK = "biomimic", "mink"
_ANGLES = (".mot", ".sto")


@dataclass(frozen=True, eq=False)
class Read:
    """All files of a clip, read.

    Attributes:
        motion: of the person.
        angles: of the source, time 0 at the first frame, or None.
        force: on both feet, (T, 6) [N], or None.
        places: the person's model with places of markers, or None.
    """

    motion: Motion
    angles: Signals | None
    force: np.ndarray | None
    places: OsimModel | None


def read(clip: Clip, options: ClipOptions, body_model: Path | None = None) -> Read:
    """The clip's recording and what belongs to it; `body_model` shapes the person of an AMASS file.

    Raises:
        BiomimicError: what a reader says of a file.
    """
    model = None if clip.model is None else read_osim(clip.model)
    joints = None if model is None else {joint.child: joint.pose[:3, 3] for joint in model.joints}
    motion = mocap.read_motion(clip.path, body_model=body_model, skeleton=clip.skeleton, places=joints)
    start = _start(clip.path)
    if motion.rotation is None:  # a skeleton is seen whole or not at all
        motion, first = checks.trim(motion)
        start += first / motion.rate
    return Read(
        motion,
        None if clip.angles is None else companions.angles(clip.angles, start),
        None if clip.forces is None else companions.forces(clip.forces, motion, options.rate, start),
        model,
    )


def ours(clip: Clip, embodiment: Embodiment, body_model: Path | None = None) -> tuple[Trajectory, Record]:
    """GMR-Fit: `clip.retarget` with all that was measured."""
    options = ClipOptions(has_own_feet=clip.path.suffix.lower() in _ANGLES)
    found = read(clip, options, body_model)
    return retarget(found.motion, embodiment, options, angles=found.angles, force=found.force, places=found.places)


def mink(clip: Clip, embodiment: Embodiment, body_model: Path | None = None) -> tuple[Trajectory, Record]:
    """The plain baseline: the same scaled points, followed frame by frame; its time holds only that.

    Raises:
        BadValue: mink or its solver is not installed.
    """
    from biomimic.retarget import baseline  # its solver is an extra

    found = read(clip, ClipOptions(), body_model)
    return baseline.retarget(found.motion, embodiment, angles=found.angles, force=found.force, places=found.places)


METHODS: Mapping[str, Callable[[Clip, Embodiment, Path | None], tuple[Trajectory, Record]]] = MappingProxyType(
    {OURS: ours, MINK: mink}
)


def _start(path: Path) -> float:
    """Time of the first frame on the clock of the trial's other files [s]."""
    ending = path.suffix.lower()
    if ending == ".trc":
        return trc.first_time(path)
    if ending == ".c3d":
        from biomimic.readers import c3d  # its library is an extra

        return c3d.first_time(path)
    return float(opensim.read_table(path).time[0]) if ending in _ANGLES else 0.0
