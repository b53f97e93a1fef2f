"""A clip carried over to the body: fitted on a person-size skeleton, levelled, made smaller or larger."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation, Slerp

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Motion
from biomimic.retarget import checks, flat_feet, ground
from biomimic.retarget.clip_options import ClipOptions
from biomimic.retarget.com import com_from_forces, mass_from_forces
from biomimic.retarget.contact import Points as Soles
from biomimic.retarget.contact import contact_points
from biomimic.retarget.ground import Ground
from biomimic.retarget.marker_places import OsimModel
from biomimic.retarget.options import Contact
from biomimic.retarget.proportions import Points, Proportions, fit_proportions
from biomimic.retarget.settle import problem_of
from biomimic.retarget.skeleton import Pose, Skeleton
from biomimic.retarget.solve import Problem, Pull, solve
from biomimic.retarget.targets import Targets, targets

_LEG = ("thigh", "shank")


@dataclass(frozen=True, eq=False)
class Carried:
    """A clip at the body's size.

    Attributes:
        targets: names and bodies of the points.
        places: of the points in their bodies, (P, 3) [m].
        source: scaled source in the model's world, (T, P, 3) [m], NaN where not seen.
        start: poses that show the person's joint coordinates, (T, nq of the skeleton).
        ground: what the feet stand on; None for a body without feet.
        size: person / body by segment.
        notes: what was noticed.
    """

    targets: Targets
    places: np.ndarray
    source: np.ndarray
    start: np.ndarray
    ground: Ground | None
    size: dict[str, float]
    notes: tuple[str, ...]

    @property
    def pull(self) -> Pull:
        """The points' pull on the body."""
        return Pull(self.targets.bodies, self.places, self.source, self.targets.weights[:, None])


@dataclass(frozen=True, eq=False)
class _Person:
    """The person-size fit of a clip; `places` of the points may be turned later, `qpos` (T, nq) follows them."""

    points: Points
    proportions: Proportions
    places: np.ndarray
    qpos: np.ndarray

    @property
    def leg(self) -> float:
        """Leg of the person / of the body; 1 for a body without legs."""
        sizes = [value for name, value in self.proportions.size.items() if name in _LEG]
        return float(np.mean(sizes)) if sizes else 1.0


def carry(
    motion: Motion,
    embodiment: Embodiment,
    options: ClipOptions,
    *,
    force: np.ndarray | None = None,
    places: OsimModel | None = None,
) -> Carried:
    """Fit a person-size skeleton to a clip and carry poses and points over to the body's own size.

    The scaled source of a point is where the body has it in the person's pose, plus what the person-size fit left over
    divided by the segment's size. So each segment is scaled by its own size and no error of the fit is lost.

    Args:
        motion: joints or markers of a person.
        embodiment: the body.
        options: all constants.
        force: ground reaction on right and left foot at the frames of `options.rate`, house frame, (T, 6) [N].
        places: the person's scaled OpenSim model with places of markers, or None.

    Raises:
        BadValue: the motion cannot be one of a person, or too few of its points are known.
    """
    checks.check_motion(motion)
    motion = checks.fill_gaps(checks.drop_spikes(motion), options.longest_gap)
    motion = checks.resample(motion, options.rate)
    aim = targets(motion, embodiment, places)
    points = Points(embodiment.to_model(aim.position), aim.bodies, aim.offsets, aim.spread, aim.weights)
    skeleton = Skeleton(embodiment)
    rest = skeleton.neutral(1)[0, skeleton.joint_places]
    found = fit_proportions(embodiment, skeleton, points, rest, options.proportions, aim.sizes)
    person = _posed(
        skeleton,
        _Person(points, found, found.places, _between(skeleton, found, points)),
        options,
        options.fit.person_steps,
    )
    if not embodiment.feet:
        return _scaled(skeleton, aim, person, None, options)
    soles = contact_points(embodiment, Contact())
    floor = _floor(embodiment, skeleton, soles, person, (options, force))
    if places is None and not options.has_own_feet:
        turns = flat_feet.tilts(embodiment.model, soles, floor)
        flat = flat_feet.flattened(
            embodiment.model, soles, turns, (points.bodies, person.places), person.proportions.scale
        )
        person = _posed(skeleton, replace(person, places=flat), options, 1)
        floor = _floor(embodiment, skeleton, soles, person, (options, force))
    return _levelled(embodiment, skeleton, (aim, person, soles, floor), (options, force))


def _posed(skeleton: Skeleton, person: _Person, options: ClipOptions, most_steps: int) -> _Person:
    """All frames of the person-size skeleton, near the poses so far."""
    points = person.points
    pull = Pull(points.bodies, person.places, points.position, points.weights[:, None])
    problem: Problem = problem_of(skeleton, (pull,), options)
    solved = solve(problem, person.qpos, most_steps=most_steps, tolerance=options.fit.rough)
    return replace(person, qpos=solved.qpos)


def _between(skeleton: Skeleton, person: Proportions, points: Points) -> np.ndarray:
    """Poses of all frames between those of the frames looked at, (T, nq)."""
    frames = len(points.position)
    at = np.clip(np.arange(frames), person.frames[0], person.frames[-1])
    if len(person.frames) == 1:
        return np.repeat(person.qpos, frames, axis=0)
    qpos = np.array([np.interp(at, person.frames, column) for column in person.qpos.T]).T
    turns = Slerp(person.frames, Rotation.from_quat(person.qpos[:, 3:7], scalar_first=True))
    qpos[:, 3:7] = turns(at).as_quat(scalar_first=True)
    return skeleton.couplings_expand(qpos)


def _floor(
    embodiment: Embodiment,
    skeleton: Skeleton,
    soles: Soles,
    person: _Person,
    how: tuple[ClipOptions, np.ndarray | None],
) -> Ground:
    """What the person's feet stand on."""
    options, force = how
    scale = person.proportions.scale
    feet = skeleton.pose(person.qpos).points(soles.bodies, soles.places * scale[soles.bodies][:, None])
    return ground.detect(embodiment.to_house(feet), soles, options.rate, options.ground, force=force)


def _levelled(
    embodiment: Embodiment,
    skeleton: Skeleton,
    fitted: tuple[Targets, _Person, Soles, Ground],
    how: tuple[ClipOptions, np.ndarray | None],
) -> Carried:
    """The same on a level floor at rest, the centre of mass where the forces have it, feet at the floor's height."""
    aim, person, soles, floor = fitted
    options, force = how
    pose = skeleton.pose(person.qpos)
    start = person.qpos.copy()
    root = ground.level(embodiment.to_house(start[:, :3]), floor)
    notes = (floor.note,)
    if force is not None:
        com = ground.level(embodiment.to_house(skeleton.center_of_mass(pose)), floor)
        shift, note = _by_force(com, force, floor, options)
        root, notes = root + shift, (*notes, note)
    turn = embodiment.house.T @ floor.turn @ embodiment.house
    start[:, :3] = embodiment.to_model(root) / person.leg
    turned = Rotation.from_matrix(turn) * Rotation.from_quat(start[:, 3:7], scalar_first=True)
    start[:, 3:7] = turned.as_quat(scalar_first=True)
    left = (person.points.position - pose.points(person.points.bodies, person.places)) @ turn.T
    return _scaled(skeleton, aim, replace(person, qpos=start), (soles, floor, left, notes), options)


def _by_force(com: np.ndarray, force: np.ndarray, floor: Ground, options: ClipOptions) -> tuple[np.ndarray, str]:
    """Displacement of the person's centre of mass that gives it the forces' acceleration, (T, 3) [m], and a note."""
    both = force[:, :3] + force[:, 3:]
    known = np.isfinite(both).all(axis=1) & floor.weighed
    low = butter(2, options.force_hz, fs=options.rate, output="sos")
    smooth = sosfiltfilt(low, np.where(np.isfinite(both), both, 0.0), axis=0) if len(both) > 20 else both
    level = np.where(known[:, None], smooth @ floor.turn.T, np.nan)
    try:
        mass = mass_from_forces(com, level, options.rate)
    except BadValue as error:
        return np.zeros_like(com), f"Forces do not steer the centre of mass: {error}"
    shift = com_from_forces(com, level, mass, options.rate) - com
    moved = float(np.sqrt((shift**2).sum(axis=1).mean()))
    if moved > options.most_shift:
        return np.zeros_like(com), (
            f"Forces do not steer the centre of mass: they would move it by {1e3 * moved:.0f} mm (RMS), more than the "
            f"{1e3 * options.most_shift:.0f} mm that motion and plates differ by; a foot may have stood beside one."
        )
    return shift, (
        f"The centre of mass follows the plates in {100 * float(known.mean()):.0f} % of the frames (they weigh "
        f"{mass:.1f} kg); it was moved by {1e3 * moved:.1f} mm (RMS)."
    )


def _scaled(
    skeleton: Skeleton,
    aim: Targets,
    person: _Person,
    levelled: tuple[Soles, Ground, np.ndarray, tuple[str, ...]] | None,
    options: ClipOptions,
) -> Carried:
    """Person-size poses and residuals at the body's own size; the skeleton is at that size from here on."""
    points, scale = person.points, person.proportions.scale
    if levelled is None:
        pose = skeleton.pose(person.qpos)
        left, floor, notes = points.position - pose.points(points.bodies, person.places), None, ()
    else:
        soles, floor, left, notes = levelled
    skeleton.rescale(np.ones(len(scale)))
    start = person.qpos.copy()
    if floor is not None:
        start[:, 2] -= _sunk(skeleton.pose(start), soles, floor.contact)
    own = person.places / scale[points.bodies][:, None]
    source = skeleton.pose(start).points(points.bodies, own) + left / scale[points.bodies][:, None]
    return Carried(aim, own, source, start, floor, dict(person.proportions.size), notes)


def _sunk(pose: Pose, soles: Soles, contact: np.ndarray) -> float:
    """Height of the lowest planted point of a foot, middle over the frames, mean of the feet [m].

    The body's sole is another than the person's: carried over, it hovers or sinks a little.
    """
    height = np.where(contact, pose.points(soles.bodies, soles.places)[..., 2] - soles.radii, np.nan)
    feet = []
    for side in (0, 1):
        planted = height[:, np.asarray(soles.sides) == side]
        planted = planted[np.isfinite(planted).any(axis=1)]
        if len(planted):
            feet.append(np.median(np.nanmin(planted, axis=1)))
    return float(np.mean(feet)) if feet else 0.0
