"""A periodic, contact-consistent target from a clip of walking that was retargeted to the body."""

from dataclasses import dataclass, replace

import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory
from biomimic.retarget import contact, fourier, quality
from biomimic.retarget.contact import Aim, Fitted
from biomimic.retarget.cycle import GRAVITY, HumanCycle
from biomimic.retarget.options import Contact, Options
from biomimic.retarget.poses import positions, speeds
from biomimic.retarget.quality import Quality
from biomimic.retarget.stride import load
from biomimic.retarget.stride.choice import USUAL_STANCE, Choice, choose
from biomimic.retarget.stride.clearance import clear
from biomimic.retarget.stride.closing import Closed, angles, close, stated
from biomimic.retarget.stride.options import StrideOptions
from biomimic.retarget.stride.path import point_places


@dataclass(frozen=True, eq=False)
class Stride:
    """A periodic target and how it came about.

    Attributes:
        target: for the tracker.
        choice: the stride that was taken.
        closed: it, before the feet were put on the floor.
        harmonics: of the centre of mass that were kept.
        quality: of the target against the closed stride.
    """

    target: Trajectory
    choice: Choice
    closed: Closed
    harmonics: int
    quality: Quality


def periodic_stride(
    clip: Trajectory, embodiment: Embodiment, options: StrideOptions | None = None, *, at: float | None = None
) -> Stride:
    """One stride of a retargeted clip as a periodic target, from right heel strike to right heel strike.

    The stride that repeats best is taken, closed, and put on the floor as a measured walk is: loaded parts of the feet
    stand still. With forces in the clip, they say who bears the weight and the clip's centre of mass is kept with all
    its harmonics; without, the weight goes from foot to foot while both are loaded, the centre of mass keeps few
    harmonics, and the forces are those that move it.

    Args:
        clip: states of this body at an even rate, at least a little longer than a stride, with contacts or forces.
        embodiment: a body with feet.
        options: all constants.
        at: [s from the first frame] a moment that the stride must hold; None takes the best one of the clip.

    Raises:
        BadValue: the body has no feet, the clip is not its own or knows no contacts, or the result is beyond the
            ceilings.
        NotEnoughData: no stride was found.
    """
    options = options or StrideOptions()
    contact.contact_points(embodiment, options.cycle.contact)
    choice = choose(clip, embodiment, options, at=at)
    closed = close(clip, embodiment, choice, options)
    start = clear(closed.poses, embodiment, options)
    fitting = replace(options.cycle, contact=_windows(options.cycle.contact, choice.stance))
    aim, kept = _aim(closed, choice, options)
    fitted = contact.fit(embodiment, start, aim, fitting)
    force = _force(fitted, aim, closed, embodiment, fitting)
    target = _trajectory(fitted, force, (clip, choice, closed), embodiment, fitting)
    found = quality.assess(target, _as_human(closed, choice, force, embodiment), embodiment, fitting)
    quality.refuse(found, options.cycle.ceilings)
    return Stride(target, choice, closed, kept, found)


def _windows(contacts: Contact, stance: float) -> Contact:
    """The windows of load of the parts of a foot, which end at the usual stance, stretched to the one that was seen."""
    ratio = stance / USUAL_STANCE
    stretched = {
        part: tuple(ratio * edge for edge in getattr(contacts, part)) for part in ("heel", "metatarsal", "toe")
    }
    return replace(contacts, **stretched)


def _aim(closed: Closed, choice: Choice, options: StrideOptions) -> tuple[Aim, int]:
    frames = options.cycle.frames
    phase = np.arange(frames) / frames
    if closed.force is not None:
        vertical = np.maximum(closed.force[:, [2, 5]], 0.0)
        right, kept = vertical[:, 0] / vertical.sum(axis=1), options.cycle.harmonics.com
        com = fourier.smooth(closed.com, kept)
    else:
        right = load.share(phase, choice.left_strike, choice.stance)
        com, kept = load.bearable(closed.com, closed.poses.period, options)
    com = com - com.mean(axis=0)
    return Aim(com[:, 0], com[:, 2], right, choice.left_strike), kept


def _force(fitted: Fitted, aim: Aim, closed: Closed, embodiment: Embodiment, options: Options) -> np.ndarray:
    """Forces of the feet, (N, 6) [N]: the clip's own, else those that move the centre of mass."""
    weight = embodiment.mass * GRAVITY
    if closed.force is not None:
        return closed.force * weight
    place = _bearing(fitted, embodiment, options)
    return load.feet(fitted.com, place, aim.share, fitted.poses.period) * weight


def _bearing(fitted: Fitted, embodiment: Embodiment, options: Options) -> np.ndarray:
    """Mean place of the loaded points of each foot without the progress, (N, 4) [m]; in swing where it stood last."""
    points = contact.contact_points(embodiment, options.contact)
    place = point_places(embodiment, positions(embodiment, fitted.poses), points)[..., :2]
    place = place - embodiment.to_house(fitted.poses.advance)[:, None, :2]
    found = np.zeros((len(place), 4))
    for side in (0, 1):
        mine = fitted.contact & (points.sides == side)
        count = mine.sum(axis=1)
        mean = np.einsum("np,npk->nk", mine, place) / np.maximum(count, 1)[:, None]
        known = np.flatnonzero(count)
        last = known[np.searchsorted(known, np.arange(len(place)), side="right") - 1]  # -1: the last one of the stride
        found[:, 2 * side : 2 * side + 2] = mean[last]
    return found


def _trajectory(
    fitted: Fitted,
    force: np.ndarray,
    origin: tuple[Trajectory, Choice, Closed],
    embodiment: Embodiment,
    options: Options,
) -> Trajectory:
    poses = fitted.poses
    qpos = positions(embodiment, poses)
    bodies, _ = embodiment.landmark_places
    return Trajectory(
        rate=options.frames / poses.period,
        qpos=qpos,
        qvel=speeds(embodiment, poses, qpos),
        landmark_position=embodiment.to_model(embodiment.trajectory_landmarks(qpos)),
        landmark_rotation=quality.orientations(embodiment, qpos)[:, bodies],
        landmarks=tuple(embodiment.landmarks),
        embodiment=embodiment.name,
        model_sha256=embodiment.sha256,
        provenance=stated(*origin),
        period=poses.period,
        contact=fitted.contact,
        contact_points=contact.contact_points(embodiment, options.contact).names,
        force=force,
        com=embodiment.to_model(fitted.com) + poses.advance,
    )


def _as_human(closed: Closed, choice: Choice, force: np.ndarray, embodiment: Embodiment) -> HumanCycle:
    """The closed stride in the form of a measured one, which the target's quality is judged against."""
    return HumanCycle(
        period=closed.poses.period,
        left_strike=choice.left_strike,
        stride=float(np.linalg.norm(closed.poses.travel)),
        heading=closed.heading,
        mass=embodiment.mass,
        angles=angles(embodiment, closed.poses),
        pelvis=embodiment.to_house(closed.poses.root),
        force=force,
        moment={},
    )
