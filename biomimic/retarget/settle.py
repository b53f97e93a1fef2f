"""The body on its floor: poses near the scaled source, feet planted while loaded, nothing below the floor."""

from dataclasses import dataclass, replace

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.retarget import ground
from biomimic.retarget.clip_options import ClipOptions, FitOptions
from biomimic.retarget.contact import Points as Soles
from biomimic.retarget.contact import contact_points
from biomimic.retarget.ground import Ground
from biomimic.retarget.guards import Guard
from biomimic.retarget.options import Contact
from biomimic.retarget.proportions import spreads
from biomimic.retarget.skeleton import ROOT, Pose, Skeleton
from biomimic.retarget.solve import Above, Problem, Pull, solve

_CAPSULES = (int(mujoco.mjtGeom.mjGEOM_CAPSULE), int(mujoco.mjtGeom.mjGEOM_SPHERE))
_ELLIPSOIDS = (int(mujoco.mjtGeom.mjGEOM_ELLIPSOID), int(mujoco.mjtGeom.mjGEOM_BOX))


@dataclass(frozen=True, eq=False)
class Settled:
    """Poses on the floor.

    Attributes:
        qpos: (T, nq of the skeleton).
        contact: which points of the feet touch the floor, (T, S), or None for a body without feet.
        problem: whose answer the poses are.
    """

    qpos: np.ndarray
    contact: np.ndarray | None
    problem: Problem


@dataclass(frozen=True, eq=False)
class _Balls:
    """Spheres that stand for the other collision shapes of the body.

    Attributes:
        bodies: (N,).
        places: of their centres in the bodies, (N, 3) [m].
        radii: (N,) [m].
    """

    bodies: np.ndarray
    places: np.ndarray
    radii: np.ndarray


def problem_of(skeleton: Skeleton, pulls: tuple[Pull, ...], options: ClipOptions) -> Problem:
    """The search for poses that follow points, smoothly."""
    fit = options.fit
    rest = skeleton.neutral(1)[0, skeleton.joint_places]
    bend = np.concatenate([np.full(3, fit.bend_root), np.full(3, fit.bend_turn), np.full(len(rest), fit.bend_joint)])
    return Problem(
        skeleton=skeleton,
        pulls=pulls,
        bend=bend**-2.0,
        rest=rest,
        rest_weight=spreads(skeleton, fit.rest, options.proportions) ** -2.0,
        rate=options.rate,
        guard_weight=fit.guard**-2.0,
    )


def settle(
    embodiment: Embodiment,
    skeleton: Skeleton,
    source: Pull,
    start: np.ndarray,
    found: Ground | None,
    options: ClipOptions,
) -> Settled:
    """Poses of the body near the scaled source.

    Where feet stand is asked anew after each round: on the floor a foot lies flatter than in the source, and points
    that do not touch then are let go. Floor and planted points grow firmer from round to round until nothing sinks or
    slides; what still slides after the last round, as dancers' feet do, is no contact.

    Args:
        embodiment: the body.
        skeleton: of it, at its own size.
        source: its points and the scaled source.
        start: poses, (T, nq of the skeleton).
        found: floor and contact phases, or None for a body without feet.
        options: weights.
    """
    problem = problem_of(skeleton, (source,), options)
    fit = options.fit
    if found is None:
        return Settled(_solved(problem, start, fit), None, problem)
    soles = contact_points(embodiment, Contact())
    qpos, planted = start, found
    for number, firmness in enumerate(fit.planted):
        pose = skeleton.pose(qpos)
        stand = _stand(embodiment, pose, soles, planted, (options, firmness))
        above = _floor(embodiment, pose, soles, planted.contact, (options, firmness))
        problem = replace(problem, pulls=(source, stand), above=above)
        qpos = _solved(problem, qpos, fit, is_last=number > 0)
        pose = skeleton.pose(qpos)
        low = _heights(pose, soles) < fit.touch
        held, touching = planted.contact, found.contact & low
        contact = held & low & (_slid(pose, stand) < fit.slid)
        sliding = (held & low).sum() - contact.sum()
        if number > 0 and sliding <= fit.sliding * contact.sum() and _depth(pose, above, fit) < fit.depth:
            break
        planted = replace(found, contact=touching, firm=np.where(touching, found.firm, 0.0))
    return Settled(qpos, contact, problem)


def resettle(
    embodiment: Embodiment, settled: Settled, guards: tuple[Guard, ...], steps: np.ndarray, options: ClipOptions
) -> Settled:
    """The same again.

    Args:
        embodiment: the body.
        settled: so far.
        guards: half spaces that the joint coordinates must stay in.
        steps: frames around which joints are to move more smoothly, (F,).
        options: weights.
    """
    problem, fit = settled.problem, options.fit
    frames, size = len(settled.qpos), problem.skeleton.size
    bend = np.broadcast_to(problem.bend, (max(frames - 2, 0), size)).copy()
    if len(steps):
        apart = np.abs(np.arange(1, frames - 1)[:, None] - steps).min(axis=1) / options.rate
        bend[:, ROOT:] *= np.where(apart < fit.calm_time, fit.calm, 1.0)[:, None]
    padded = tuple(_padded(guard, size) for guard in guards)
    problem = replace(problem, guards=padded, bend=bend)
    qpos, contact = settled.qpos, settled.contact
    for _ in fit.planted:
        qpos = _solved(problem, qpos, fit)
        pose = problem.skeleton.pose(qpos)
        if _depth(pose, problem.above, fit) < fit.depth:
            break
        problem = replace(problem, above=tuple(replace(some, weight=4.0 * some.weight) for some in problem.above))
    if contact is not None:
        stand = problem.pulls[1]
        still = np.isfinite(stand.target).all(axis=-1) & (_slid(pose, stand) < fit.slid)
        contact = still & (_heights(pose, contact_points(embodiment, Contact())) < fit.touch)
    return Settled(qpos, contact, problem)


def _padded(guard: Guard, size: int) -> Guard:
    """With zeros for the root that a body fixed to the world gets here."""
    return replace(guard, normal=np.concatenate([np.zeros(size - len(guard.normal)), guard.normal]))


def _solved(problem: Problem, start: np.ndarray, fit: FitOptions, *, is_last: bool = True) -> np.ndarray:
    return solve(problem, start, most_steps=fit.body_steps, tolerance=fit.tolerance if is_last else fit.rough).qpos


def _heights(pose: Pose, soles: Soles) -> np.ndarray:
    """Of the soles' lowest points over the floor, (T, S) [m]."""
    return pose.points(soles.bodies, soles.places)[..., 2] - soles.radii


def _stand(embodiment: Embodiment, pose: Pose, soles: Soles, planted: Ground, how: tuple[ClipOptions, float]) -> Pull:
    """Planted points to their places."""
    options, firmness = how
    places = embodiment.to_house(pose.points(soles.bodies, soles.places))
    stand = ground.anchors(places, planted, soles, options.ground)
    weight = np.array([firmness, firmness, options.fit.resting]) ** -2.0
    return Pull(soles.bodies, soles.places, embodiment.to_model(stand), weight)


def _slid(pose: Pose, stand: Pull) -> np.ndarray:
    """Distance of planted points from their places along the floor, 0 where free, (T, S) [m]."""
    away = (stand.target - pose.points(stand.bodies, stand.places))[..., :2]
    return np.where(np.isfinite(away).all(axis=-1), np.linalg.norm(away, axis=-1), 0.0)


def _depth(pose: Pose, above: tuple[Above, ...], fit: FitOptions) -> float:
    """Of the deepest point below the floor, where swinging feet may be as low as others [m]."""
    deepest = 0.0
    for some in above:
        least = np.minimum(some.least, np.min(some.least, axis=0))
        deepest = max(deepest, float((least - fit.clearance - pose.points(some.bodies, some.places)[..., 2]).max()))
    return deepest


def _floor(
    embodiment: Embodiment, pose: Pose, soles: Soles, contact: np.ndarray, how: tuple[ClipOptions, float]
) -> tuple[Above, ...]:
    """Nothing goes below the floor; swinging feet keep some distance, other shapes matter where they come near."""
    options, firmness = how
    fit = options.fit
    weight = min(firmness, fit.above) ** -2.0
    least = np.asarray(soles.radii) + fit.clearance + _swing_height(contact, options)
    above = [Above(soles.bodies, soles.places, least, weight)]
    balls = _balls(embodiment)
    low = (pose.points(balls.bodies, balls.places)[..., 2] - balls.radii).min(axis=0) < fit.near
    if low.any():
        height = balls.radii[low] + fit.clearance
        above.append(Above(balls.bodies[low], balls.places[low], height, weight))
    return tuple(above)


def _swing_height(contact: np.ndarray, options: ClipOptions) -> np.ndarray:
    """Height that points in the air shall keep, rising with the time to their next or last contact, (T, S) [m]."""
    fit = options.fit
    frames = np.arange(len(contact))
    apart = np.full(contact.shape, np.inf)
    for point, own in enumerate(contact.T):
        at = np.flatnonzero(own)
        if len(at):
            after = np.searchsorted(at, frames)
            apart[:, point] = np.minimum(
                np.abs(frames - at[np.minimum(after, len(at) - 1)]), np.abs(frames - at[np.maximum(after - 1, 0)])
            )
    share = np.clip((apart / options.rate - fit.lift_begin) / fit.lift_time, 0.0, 1.0)
    return fit.lift * share


def _balls(embodiment: Embodiment) -> _Balls:
    """Spheres for all collision shapes but the feet's capsules: capsule ends, and ends and corners of ellipsoids."""
    model = embodiment.model
    bodies, places, radii = [], [], []
    feet = np.concatenate([foot.geom_ids for foot in embodiment.feet.values()])
    for geom in np.flatnonzero((model.geom_contype != 0) & (model.geom_bodyid != 0)):
        kind, size = int(model.geom_type[geom]), model.geom_size[geom]
        if kind in _CAPSULES and geom not in feet:
            ends, radius = np.array([[0, 0, -size[1]], [0, 0, size[1]]]), size[0]
        elif kind in _ELLIPSOIDS:
            corners = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T / np.sqrt(3.0)
            ends, radius = np.vstack([corners, np.eye(3), -np.eye(3)]) * size, 0.0
        else:
            continue
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
        places.append(model.geom_pos[geom] + ends @ turn.reshape(3, 3).T)
        bodies += [model.geom_bodyid[geom]] * len(ends)
        radii += [radius] * len(ends)
    return _Balls(np.array(bodies), np.concatenate(places), np.array(radii))
