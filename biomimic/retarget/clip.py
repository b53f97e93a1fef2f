"""GMR-Fit: a clip of motion capture as states of a body, hard limits kept, feet planted, muscles continuous."""

import time
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from biomimic.embodiment import Embodiment
from biomimic.motion import Motion, Trajectory
from biomimic.provenance import Provenance
from biomimic.retarget import checks, ground, record
from biomimic.retarget.clip_options import ClipOptions
from biomimic.retarget.contact import Points as Soles
from biomimic.retarget.contact import contact_points
from biomimic.retarget.ground import Ground
from biomimic.retarget.marker_places import OsimModel
from biomimic.retarget.options import Contact
from biomimic.retarget.proportions import Points, Proportions, fit_proportions
from biomimic.retarget.record import Record
from biomimic.retarget.settle import problem_of, settle
from biomimic.retarget.skeleton import Skeleton
from biomimic.retarget.solve import Pull, solve
from biomimic.retarget.targets import Targets, targets
from biomimic.signals import Signals


@dataclass(frozen=True, eq=False)
class Carried:
    """A clip carried over to the body's size.

    Attributes:
        targets: names and bodies of the points.
        places: of the points in their bodies at the body's size, (P, 3) [m].
        source: scaled source in the model's world, (T, P, 3) [m], NaN where not seen.
        start: poses of the body that show the person's joint coordinates, (T, nq).
        ground: what the feet stand on; None for a body without feet.
    """

    targets: Targets
    places: np.ndarray
    source: np.ndarray
    start: np.ndarray
    ground: Ground | None


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
        force: ground reaction on right and left foot, x y z each, at the motion's frames in the house frame, (T, 6)
            [N]; it tells contacts and steers the centre of mass.
        places: of markers on the person's scaled OpenSim model, or None for the table's.

    Raises:
        BadValue: the motion cannot be one of a person, or too few of its points are known.
    """
    options = ClipOptions() if options is None else options
    began = time.perf_counter()
    carried = carry(motion, embodiment, options, force=force, places=places)
    skeleton = Skeleton(embodiment)
    pull = Pull(carried.targets.bodies, carried.places, carried.source, carried.targets.weights[:, None])
    settled = settle(embodiment, skeleton, pull, carried.start, carried.ground, options)
    qpos = settled.qpos
    trajectory = trajectory_of(skeleton, embodiment, qpos, (options.rate, motion.provenance), settled.contact)
    found = Fitted(carried.targets.names, carried.targets.bodies, carried.places)
    house = embodiment.to_house(carried.source if skeleton.floating else _in_root(carried.source, qpos))
    seconds = time.perf_counter() - began
    return trajectory, record.assess(
        trajectory, embodiment, scaled_source=house, points=found, angles=angles, seconds=seconds
    )


def carry(
    motion: Motion,
    embodiment: Embodiment,
    options: ClipOptions,
    *,
    force: np.ndarray | None = None,
    places: OsimModel | None = None,
) -> Carried:
    """Fit a person-size skeleton to a clip and carry pose and points over to the body's own size."""
    checks.check_motion(motion)
    motion = checks.fill_gaps(checks.drop_spikes(motion), options.longest_gap)
    motion = checks.resample(motion, options.rate)
    aim = targets(motion, embodiment, places)
    points = Points(embodiment.to_model(aim.position), aim.bodies, aim.offsets, aim.spread, aim.weights)
    skeleton = Skeleton(embodiment)
    rest = skeleton.neutral(1)[0, skeleton.joint_places]
    person = fit_proportions(embodiment, skeleton, points, rest, options.proportions, aim.sizes)
    pull = Pull(points.bodies, person.places, points.position, points.weights[:, None])
    problem = problem_of(skeleton, (pull,), rest, options)
    solved = solve(
        problem,
        _between(skeleton, person, len(points.position)),
        most_steps=options.fit.person_steps,
        tolerance=options.fit.tolerance,
    )
    return _scaled(embodiment, skeleton, (aim, points, person), solved.qpos, (options, force))


def _between(skeleton: Skeleton, person: Proportions, frames: int) -> np.ndarray:
    """Poses of all frames between those of the frames looked at."""
    at = np.clip(np.arange(frames), person.frames[0], person.frames[-1])
    if len(person.frames) == 1:
        return np.repeat(person.qpos, frames, axis=0)
    qpos = np.array([np.interp(at, person.frames, column) for column in person.qpos.T]).T
    turns = Slerp(person.frames, Rotation.from_quat(person.qpos[:, 3:7], scalar_first=True))
    qpos[:, 3:7] = turns(at).as_quat(scalar_first=True)
    return skeleton.couplings_expand(qpos)


def _scaled(
    embodiment: Embodiment,
    skeleton: Skeleton,
    fitted: tuple[Targets, Points, Proportions],
    qpos: np.ndarray,
    how: tuple[ClipOptions, np.ndarray | None],
) -> Carried:
    """Level the world, then shrink or stretch person and travel to the body's size."""
    aim, points, person = fitted
    options, force = how
    pose = skeleton.pose(qpos)
    left = points.position - pose.points(points.bodies, person.places)
    size = np.mean([value for name, value in person.size.items() if name in ("thigh", "shank")] or [1.0])
    found, turn = None, np.eye(3)
    start = qpos.copy()
    if embodiment.feet:
        soles = contact_points(embodiment, Contact())
        feet = pose.points(soles.bodies, soles.places * person.scale[soles.bodies][:, None])
        house = embodiment.to_house(feet)
        found = ground.detect(house, soles, options.rate, options.ground, force=force)
        root = embodiment.to_model(ground.level(embodiment.to_house(qpos[:, :3]), found))
        turn = embodiment.house.T @ found.turn @ embodiment.house
        start[:, :3] = root / size
        turned = Rotation.from_matrix(turn) * Rotation.from_quat(qpos[:, 3:7], scalar_first=True)
        start[:, 3:7] = turned.as_quat(scalar_first=True)
    skeleton.rescale(np.ones(len(person.scale)))
    own = person.places / person.scale[points.bodies][:, None]
    if found is not None:
        start[:, 2] -= _sunk(skeleton, soles, start, found.contact)
    there = skeleton.pose(start).points(points.bodies, own)
    source = there + left @ turn.T / person.scale[points.bodies][:, None]
    return Carried(aim, own, source, start, found)


def _sunk(skeleton: Skeleton, soles: Soles, start: np.ndarray, contact: np.ndarray) -> float:
    """Height of the lowest planted point of a foot, middle over the frames, mean of the feet [m].

    The body's sole is another than the person's: carried over, it hovers or sinks a little.
    """
    height = skeleton.pose(start).points(soles.bodies, soles.places)[..., 2] - soles.radii
    height = np.where(contact, height, np.nan)
    feet = []
    for side in (0, 1):
        planted = height[:, soles.sides == side]
        planted = planted[np.isfinite(planted).any(axis=1)]
        if len(planted):
            feet.append(np.median(np.nanmin(planted, axis=1)))
    return float(np.mean(feet)) if feet else 0.0


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
    bodies, places = _landmarks(embodiment)
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


def _landmarks(embodiment: Embodiment) -> tuple[np.ndarray, np.ndarray]:
    """Bodies, (K,), and places in them, (K, 3) [m], of the embodiment's landmarks."""
    model = embodiment.model
    bodies, places = [], []
    for mark in embodiment.landmarks.values():
        bodies.append(model.body(mark.body).id if mark.body else int(model.site(mark.site).bodyid[0]))
        places.append(np.zeros(3) if mark.body else model.site(mark.site).pos)
    return np.array(bodies), np.array(places)


def _in_root(source: np.ndarray, qpos: np.ndarray) -> np.ndarray:
    """Points in the world as the root sees them, for a body that is fixed there; (T, P, 3), (T, nq)."""
    turn = Rotation.from_quat(qpos[:, 3:7], scalar_first=True).as_matrix()
    return (source - qpos[:, None, :3]) @ turn
