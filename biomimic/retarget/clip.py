"""GMR-Fit: a clip of motion capture as states of a body, hard limits kept, feet planted, muscles continuous."""

import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.embodiment import Embodiment
from biomimic.motion import Motion, Trajectory
from biomimic.provenance import Provenance
from biomimic.retarget import record
from biomimic.retarget.carry import Carried, carry
from biomimic.retarget.clip_options import ClipOptions
from biomimic.retarget.contact import contact_points
from biomimic.retarget.guards import Guard, guards
from biomimic.retarget.marker_places import OsimModel
from biomimic.retarget.options import Contact
from biomimic.retarget.record import Record
from biomimic.retarget.settle import Settled, resettle, settle
from biomimic.retarget.skeleton import Skeleton
from biomimic.retarget.tendons import Crossing, Paths, clip_crossings, large_steps
from biomimic.signals import Signals


@dataclass(frozen=True, eq=False)
class Fitted:
    """What points the record compares: names, bodies and places on the body."""

    names: tuple[str, ...]
    bodies: np.ndarray
    offsets: np.ndarray


def retarget(
    motion: Motion,
    embodiment: Embodiment,
    options: ClipOptions | None = None,
    *,
    angles: Signals | None = None,
    force: np.ndarray | None = None,
    places: OsimModel | None = None,
) -> tuple[Trajectory, Record]:
    """A clip as a trajectory of a body, and how good it is.

    Args:
        motion: joints or markers of a person.
        embodiment: the body.
        options: None for the usual ones.
        angles: of the source, compared in the record [rad]; time 0 is the clip's first frame.
        force: ground reaction on right and left foot, x y z each, house frame, at frames of `options.rate` from the
            motion's first on, (T, 6) [N]; it tells contacts and steers the centre of mass.
        places: the person's scaled OpenSim model, whose places of markers and sizes go before the table's, or None.

    Raises:
        BadValue: the motion cannot be one of a person, or too few of its points are known.
    """
    options = ClipOptions() if options is None else options
    began = time.perf_counter()
    carried = carry(motion, embodiment, options, force=force, places=places)
    if places is not None or options.has_own_feet:
        options = replace(options, fit=replace(options.fit, resting=options.fit.resting_own))
    skeleton = Skeleton(embodiment)
    settled = settle(embodiment, skeleton, carried.pull, carried.start, carried.ground, options)
    settled, crossed = _continuous(embodiment, skeleton, settled, options)
    clip = (options.rate, motion.provenance)
    trajectory = trajectory_of(skeleton, embodiment, settled.qpos, clip, settled.contact)
    found = Fitted(carried.targets.names, carried.targets.bodies, carried.places)
    house = embodiment.to_house(source_of(carried, skeleton, settled.qpos))
    seconds = time.perf_counter() - began
    made = record.assess(trajectory, embodiment, scaled_source=house, points=found, angles=angles, crossed=crossed)
    return trajectory, replace(made, seconds=seconds, notes=(*made.notes, *carried.notes))


def _continuous(
    embodiment: Embodiment, skeleton: Skeleton, settled: Settled, options: ClipOptions
) -> tuple[Settled, list[Crossing]]:
    """Solved again until no muscle's path slips off what it wraps around and none changes its length in a jump.

    Slips are looked for at four times the frame rate and guarded against; around steps that the published rule counts
    the joints are held smoother. With the poses come the slips that are left.
    """
    laid: tuple[Guard, ...] = ()
    paths = Paths(embodiment, np.arange(embodiment.model.ntendon))
    for number in range(options.fit.rounds + 1):
        qpos = skeleton.body_qpos(settled.qpos)
        crossed = clip_crossings(embodiment, qpos)
        steps = large_steps(paths.lengths(qpos[:, paths.addresses]), embodiment.model.tendon_length0)
        if number == options.fit.rounds or not crossed and not len(steps):
            break
        laid = (*laid, *guards(embodiment, qpos, crossed))
        settled = resettle(embodiment, settled, laid, steps, options)
    return settled, crossed


def source_of(carried: Carried, skeleton: Skeleton, qpos: np.ndarray) -> np.ndarray:
    """The scaled source in the model's world; as the root sees it for a body that is fixed there, (T, P, 3) [m]."""
    if skeleton.floating:
        return carried.source
    turn = Rotation.from_quat(qpos[:, 3:7], scalar_first=True).as_matrix()
    return (carried.source - qpos[:, None, :3]) @ turn


def trajectory_of(
    skeleton: Skeleton,
    embodiment: Embodiment,
    qpos: np.ndarray,
    clip: tuple[float, Provenance],
    contact: np.ndarray | None,
) -> Trajectory:
    """States, landmarks and contacts of poses, (T, nq of the skeleton); clip: rate [Hz] and provenance."""
    rate, provenance = clip
    soles = contact_points(embodiment, Contact()) if contact is not None else None
    step = skeleton.difference(qpos[:-1], qpos[1:])
    speed = 0.5 * rate * (np.concatenate([step[:1], step]) + np.concatenate([step, step[-1:]]))
    rooted = qpos if skeleton.floating else _unmoved(qpos)
    pose = skeleton.pose(rooted)
    bodies, places = embodiment.landmark_places
    turn = Rotation.from_matrix(pose.turn[:, bodies].reshape(-1, 3, 3)).as_quat(scalar_first=True)
    return Trajectory(
        rate=rate,
        qpos=skeleton.body_qpos(qpos),
        qvel=skeleton.body_speeds(qpos, speed),
        landmark_position=pose.points(bodies, places),
        landmark_rotation=turn.reshape(len(qpos), len(bodies), 4),
        landmarks=tuple(embodiment.landmarks),
        embodiment=embodiment.name,
        model_sha256=embodiment.sha256,
        provenance=provenance,
        contact=contact,
        contact_points=() if soles is None else soles.names,
    )


def _unmoved(qpos: np.ndarray) -> np.ndarray:
    """The same joints on a root at rest in the world's origin."""
    still = qpos.copy()
    still[:, :7] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    return still
