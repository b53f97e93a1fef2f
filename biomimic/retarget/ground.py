"""Floor, belt and contact phases of a moving pair of feet, and where planted points stand."""

from dataclasses import dataclass, field

import numpy as np

from biomimic.errors import BadValue
from biomimic.retarget import contact_phases as phases
from biomimic.retarget import floor
from biomimic.retarget.contact import Points
from biomimic.retarget.floor import FloorOptions

SIDES = ("right", "left")
LOADED, UNLOADED, UNSEEN = 1, 0, -1


@dataclass(frozen=True)
class GroundOptions:
    """When a point of a foot counts as planted.

    A point's distance from being planted is d^2 = (height / `height`)^2 + (speed / v)^2, where v is `speed_share` of
    the 95th percentile of the points' speed, kept within `speed`. It is planted where d < `leave` around any moment
    with d < 1.

    Attributes:
        height: [m] of the sole above the floor; higher points are free however still they are. Soles give by 5 mm, and
            planted places vary by as much; a swinging toe clears the floor by 10 to 20 mm, but at over 2 m/s.
        speed_share: of that percentile, which is about 4 m/s in walking and 7 to 9 m/s in running.
        speed: [m/s] least and largest speed that counts as still; the least stands above marker noise, the largest
            below the speed of a heel 20 ms after it left the floor.
        leave: at this distance contact ends: noise does not interrupt it, and a landing foot that still slows down,
            at 0.5 m/s when walking and 1 m/s when running (smeared by the filters of a laboratory), has touched down.
        rising: upward speed counts so many times: a heel that begins to rise is no longer planted.
        least: [s] shorter contacts are dropped: sprinters have 0.1 s of stance, and a part of the foot has less.
        longest_gap: [s] shorter interruptions are closed, if the point stays within `bridge`.
        bridge: distance up to which an interruption is one of noise.
        slip: [m] a point further from the mean place of its contact slides, lands or rolls off and is free there;
            feet that stand still stray by 10 to 20 mm in captures.
        threshold: [N] vertical force of a loaded foot, the usual one.
        loaded: distance that still counts as planted while the plates say that the foot is loaded.
        least_agreement: with less overlap of loaded frames with those found from motion (over their union), forces
            are of other feet or times; recorded walks and runs show 0.80 to 1.0.
        no_plate: share of a contact found from motion without any force, from which on it fell beside the plates.
        stray: [m] of a planted point from its place, besides what its whole foot does.
        yaw: [rad] by how much a planted foot may seem to turn before it pulls at its place.
        drift: [m] the same for how far it seems to slide.
        floor: how floor and belt are found.
    """

    height: float = 0.015
    speed_share: float = 0.08
    speed: tuple[float, float] = (0.2, 0.8)
    leave: float = 2.0
    rising: float = 2.0
    least: float = 0.06
    longest_gap: float = 0.05
    bridge: float = 2.5
    slip: float = 0.025
    threshold: float = 20.0
    loaded: float = 2.5
    least_agreement: float = 0.5
    no_plate: float = 0.3
    stray: float = 0.003
    yaw: float = 0.1
    drift: float = 0.05
    floor: FloorOptions = field(default_factory=FloorOptions)


@dataclass(frozen=True, eq=False)
class Ground:
    """What a clip's feet stand on, and when.

    Attributes:
        rate: [Hz].
        origin: a point of the floor in the clip's own frame, (3,) [m].
        normal: of the floor, upward, (3,).
        belt: velocity of the floor's surface, along it, (3,) [m/s]; zero for a floor at rest.
        contact: which points are planted, (T, P).
        firm: how firmly, 1 at rest on the floor, 0 when free, (T, P).
        sole: height of each point's lower end over the floor while planted, (P,) [m]; what the fit of the person's
            feet left over.
        spread: of planted heights around the plane [m], NaN if nothing was ever planted.
        force_used: whether a plate told the contacts of the right and of the left foot.
        weighed: frames in which the plates bore every foot on the ground, (T,).
        note: one sentence for a record.
    """

    rate: float
    origin: np.ndarray
    normal: np.ndarray
    belt: np.ndarray
    contact: np.ndarray
    firm: np.ndarray
    sole: np.ndarray
    spread: float
    force_used: tuple[bool, bool]
    weighed: np.ndarray
    note: str

    @property
    def slope(self) -> float:
        """Tangent of the floor's lean."""
        return float(np.hypot(self.normal[0], self.normal[1]) / self.normal[2])

    @property
    def turn(self) -> np.ndarray:
        """The smallest rotation that levels the floor, (3, 3): level vector = turn @ vector."""
        x, y, z = self.normal
        twist = np.array([[0.0, 0.0, -x], [0.0, 0.0, -y], [x, y, 0.0]])
        return np.eye(3) + twist + twist @ twist / (1.0 + z)


def detect(
    place: np.ndarray,
    points: Points,
    rate: float,
    options: GroundOptions | None = None,
    *,
    force: np.ndarray | None = None,
) -> Ground:
    """Floor, belt and contacts of a clip.

    Args:
        place: centres of the feet's points, (T, P, 3) [m], z up, any heading.
        points: their radii and sides.
        rate: frames per second [Hz]; 60 Hz and more, slower clips are resampled first.
        options: None for the usual ones.
        force: ground reaction on right and left foot, x y z each, at the same frames, (T, 6) [N]; NaN where not
            measured. Contacts beside the plates are taken from the motion.

    Raises:
        BadValue: places that are not numbers, or shapes that do not fit.
    """
    options = GroundOptions() if options is None else options
    place = _checked(place, points, force)
    lower = place - np.array([0.0, 0.0, 1.0]) * np.asarray(points.radii)[None, :, None]
    moving = floor.velocity(lower, rate, options.floor.window)
    feet = [np.flatnonzero(np.asarray(points.sides) == side) for side in np.unique(points.sides)]
    belt = floor.belt(lower, moving, feet, options.floor)
    speed = np.linalg.norm(moving - belt, axis=-1)
    shortest = max(2, round(options.floor.shortest * rate))
    planted = phases.tidy(speed < options.floor.still, longest_gap=0, least=shortest)
    firm = np.exp(-((speed / options.floor.still) ** 2))
    for _ in range(2):
        plane = floor.plane(lower, planted, firm * planted, belt, feet, options.floor)
        belt = _along(belt, plane.normal)
        distance = _distance(lower, moving - belt, plane, options)
        planted = _contacts(distance, rate, options)
        firm = np.exp(-(distance**2))
    stand = lower - (belt * (np.arange(len(lower)) / rate)[:, None])[:, None]
    contact, used, weighed, words = _with_force(planted, distance, points, (rate, force), options)
    contact = _standing(contact, stand, firm, rate, options)
    return Ground(
        rate=rate,
        origin=plane.origin,
        normal=plane.normal,
        belt=belt,
        contact=contact,
        firm=np.where(contact, np.maximum(firm, 1e-3), 0.0),
        sole=plane.sole,
        spread=plane.spread,
        force_used=used,
        weighed=weighed,
        note=_note(plane, belt, words),
    )


def level(points: np.ndarray, ground: Ground) -> np.ndarray:
    """Points in a world whose floor is z = 0 and at rest, (T, ..., 3) [m].

    The floor's lean is turned away, its height subtracted, and on a treadmill the belt's travel since the first frame
    is added, so that the body walks over ground.

    Args:
        points: in the clip's own frame, (T, ..., 3) [m]; T frames as in `detect`.
        ground: what `detect` found.
    """
    points = np.asarray(points, dtype=float)
    travel = ground.belt * (np.arange(len(points)) / ground.rate)[:, None]
    travel = travel.reshape(len(points), *(1,) * (points.ndim - 2), 3)
    level_origin = ground.origin * [1.0, 1.0, 0.0]
    return (points - travel - ground.origin) @ ground.turn.T + level_origin


def anchors(place: np.ndarray, ground: Ground, points: Points, options: GroundOptions | None = None) -> np.ndarray:
    """Where each planted point stands during each of its contacts, (T, P, 3) [m], NaN while it is free.

    One place per contact. The points of one foot keep the distances that they have while planted together: a foot
    that slides in the capture is moved as a whole before its places are averaged.

    Args:
        place: centres of the points on a level floor at rest, (T, P, 3) [m]; of the person or of another body.
        ground: what `detect` found.
        points: their radii and sides.
        options: None for the usual ones.
    """
    options = GroundOptions() if options is None else options
    found = phases.runs(ground.contact)
    label = phases.number(found, ground.contact.shape)
    stand = place[..., :2].copy()
    for _ in range(8):
        goal = phases.mean(stand, ground.firm, label, len(found.column))
        for side in np.unique(points.sides):
            foot = np.flatnonzero(np.asarray(points.sides) == side)
            stand[:, foot] = _settled(place[:, foot, :2], goal[label[:, foot]], ground.firm[:, foot], options)
    result = np.full(place.shape, np.nan)
    goal = phases.mean(stand, ground.firm, label, len(found.column))
    planted = label >= 0
    result[planted, :2] = goal[label[planted]]
    result[..., 2] = np.where(planted, np.asarray(points.radii), np.nan)
    return result


def _settled(place: np.ndarray, goal: np.ndarray, weight: np.ndarray, options: GroundOptions) -> np.ndarray:
    """A foot moved and turned in the plane to where its planted points should be, frame by frame, (T, Q, 2) [m].

    Both are least squares with a prior at zero, the turn linear in its angle: planted feet turn by few degrees.
    """
    weight = np.where(np.isfinite(goal[..., 0]), weight, 0.0)
    error = np.where(weight[..., None] > 0, goal - place, 0.0)
    total = weight.sum(axis=1) + 1e-12
    middle = (weight[..., None] * place).sum(axis=1) / total[:, None]
    arm = place - middle[:, None]
    cross = (weight * (arm[..., 0] * error[..., 1] - arm[..., 1] * error[..., 0])).sum(axis=1)
    inertia = (weight * (arm**2).sum(axis=-1)).sum(axis=1)
    stiff = (options.stray / options.yaw) ** 2, (options.stray / options.drift) ** 2
    angle = cross / (inertia + stiff[0])
    shift = (weight[..., None] * error).sum(axis=1) / (total + stiff[1])[:, None]
    turned = angle[:, None, None] * np.stack([-arm[..., 1], arm[..., 0]], axis=-1)
    return place + shift[:, None] + turned


def _checked(place: np.ndarray, points: Points, force: np.ndarray | None) -> np.ndarray:
    place = np.asarray(place, dtype=float)
    expected = (len(place), len(points.radii), 3)
    if place.ndim != 3 or place.shape != expected or not len(place):
        raise BadValue(f"Places of foot points have shape {place.shape}, expected {expected} with at least one frame.")
    if not np.isfinite(place).all():
        frame, point = np.argwhere(~np.isfinite(place))[0][:2]
        raise BadValue(
            f'The place of foot point "{points.names[point]}" is not a number in frame {frame}; '
            "contacts need every frame, so fill gaps first."
        )
    if force is not None and np.shape(force) != (len(place), 6):
        raise BadValue(
            f"Forces have shape {np.shape(force)}, expected {(len(place), 6)}: right x y z, left x y z, "
            "one row per frame of the motion."
        )
    return place


def _along(belt: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """The belt's velocity with the vertical part that keeps it in the floor, (3,)."""
    return np.array([belt[0], belt[1], -(normal[0] * belt[0] + normal[1] * belt[1]) / normal[2]])


def _distance(lower: np.ndarray, moving: np.ndarray, plane: floor.Plane, options: GroundOptions) -> np.ndarray:
    """How far each point is from being planted, (T, P); 1 is the usual limit."""
    height = np.maximum((lower - plane.origin) @ plane.normal - plane.sole, 0.0) / options.height
    still = np.clip(options.speed_share * np.quantile(np.linalg.norm(moving, axis=-1), 0.95), *options.speed)
    up = np.maximum(moving @ plane.normal, 0.0)
    speed = np.sqrt((moving**2).sum(axis=-1) + (options.rising**2 - 1.0) * up**2)
    return np.where(height > 1.0, np.inf, np.hypot(height, speed / still))


def _contacts(distance: np.ndarray, rate: float, options: GroundOptions) -> np.ndarray:
    near = phases.hysteresis(distance < 1.0, distance < options.leave)
    gap, least = round(options.longest_gap * rate), round(options.least * rate)
    return phases.tidy(near, longest_gap=gap, least=least, bridge=distance < options.bridge)


def _standing(
    contact: np.ndarray, stand: np.ndarray, firm: np.ndarray, rate: float, options: GroundOptions
) -> np.ndarray:
    """Contacts without the frames in which a point is away from where it stands, (T, P)."""
    for _ in range(2):
        found = phases.runs(contact)
        label = phases.number(found, contact.shape)
        middle = phases.mean(stand[..., :2], firm + 1e-3, label, len(found.column))
        far = np.zeros(contact.shape, dtype=bool)
        far[contact] = np.hypot(*(stand[contact][:, :2] - middle[label[contact]]).T) > options.slip
        if not far.any():
            break
        contact = phases.tidy(contact & ~far, longest_gap=0, least=round(options.least * rate))
    return contact


def _with_force(
    planted: np.ndarray,
    distance: np.ndarray,
    points: Points,
    plates: tuple[float, np.ndarray | None],
    options: GroundOptions,
) -> tuple[np.ndarray, tuple[bool, bool], np.ndarray, str]:
    """Contacts with what the plates say, whether they said it for each foot, frames they weighed, and words."""
    rate, force = plates
    frames = len(planted)
    if force is None:
        return planted, (False, False), np.zeros(frames, dtype=bool), ""
    contact, used, words = planted.copy(), [False, False], ""
    vertical = np.asarray(force, dtype=float)[:, [2, 5]]
    total = np.nansum(vertical, axis=1)
    weighed = np.isfinite(force).all(axis=1)
    for side, name in enumerate(SIDES):
        foot = np.flatnonzero(np.asarray(points.sides) == side)
        any_planted = planted[:, foot].any(axis=1)
        state = _loads(vertical[:, side], any_planted, (rate, total), options)
        agreement = _overlap(state, any_planted)
        weighed &= state != UNSEEN
        if agreement < options.least_agreement:
            words += f" The {name} foot's force fits its motion in {agreement:.0%} of its contact and was left out."
            weighed[:] = False
        elif agreement >= options.least_agreement:
            contact[:, foot] = _planted_by(state, planted[:, foot], distance[:, foot], (rate, options))
            used[side] = True
    return contact, (used[0], used[1]), weighed, words


def _loads(
    vertical: np.ndarray, planted: np.ndarray, plates: tuple[float, np.ndarray], options: GroundOptions
) -> np.ndarray:
    """LOADED, UNLOADED or UNSEEN in each frame, (T,): beside the plates a foot is not unloaded."""
    rate, total = plates
    known = np.isfinite(vertical)
    loaded = np.where(known, vertical, 0.0) > options.threshold
    gap, least = round(options.longest_gap * rate), round(options.least * rate)
    loaded = phases.tidy(loaded[:, None], longest_gap=gap, least=least)[:, 0]
    state = np.where(loaded, LOADED, np.where(known, UNLOADED, UNSEEN))
    stances = phases.runs(planted[:, None])
    for first, last in zip(stances.first, stances.last):
        span = slice(first, last + 1)
        beside = not loaded[span].any() and np.mean(total[span] < options.threshold) > options.no_plate
        if beside:
            state[span] = UNSEEN
    return state


def _overlap(state: np.ndarray, planted: np.ndarray) -> float:
    """Frames loaded by both over frames loaded by one, where the plates can tell; NaN if there are none."""
    seen = state != UNSEEN
    either = seen & (planted | (state == LOADED))
    return float((planted & (state == LOADED))[seen].sum() / either.sum()) if either.any() else float("nan")


def _planted_by(
    state: np.ndarray, planted: np.ndarray, distance: np.ndarray, how: tuple[float, GroundOptions]
) -> np.ndarray:
    """Planted points of a foot whose load is known; while it is loaded at least one is."""
    rate, options = how
    loaded = (state == LOADED)[:, None]
    nearest = np.zeros(planted.shape, dtype=bool)
    nearest[np.arange(len(state)), distance.argmin(axis=1)] = True
    near = loaded & (phases.hysteresis(distance < 1.0, loaded & (distance < options.loaded)))
    near = phases.tidy(near, longest_gap=round(options.longest_gap * rate), least=round(options.least * rate)) & loaded
    near |= loaded & nearest & ~near.any(axis=1, keepdims=True)
    return np.where((state == UNSEEN)[:, None], planted, near)


def _note(plane: floor.Plane, belt: np.ndarray, words: str) -> str:
    lean = 100.0 * np.hypot(plane.normal[0], plane.normal[1]) / plane.normal[2]
    text = f"Floor at {plane.origin[2]:.3f} m leaning {lean:.1f} %"
    if belt.any():
        text += f", on a belt of {np.linalg.norm(belt):.2f} m/s whose travel was added"
    return f"{text}.{words}"
