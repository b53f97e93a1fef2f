"""Foot-contact inverse kinematics: poses near the person's in which loaded points stand still on the floor.

One Gauss-Newton search over the whole cycle; the unknowns are Fourier coefficients of the correction to the root and
the legs, so the result is smooth by construction.
"""

from dataclasses import dataclass, replace

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.retarget.cycle import GRAVITY, SIDES
from biomimic.retarget.fitting import Normal, Series
from biomimic.retarget.fourier import pendulum, smooth
from biomimic.retarget.options import Contact, Options
from biomimic.retarget.poses import Poses, joint_names, positions, turn_jacobian

LEG = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle", "subtalar_angle", "mtp_angle")
_SLOW = ("adduction", "rotation", "subtalar")
_CAPSULE = mujoco.mjtGeom.mjGEOM_CAPSULE
_COM, _PLACES = 0, (1, 2)  # unknowns after the coefficients: height of the centre of mass, place of each foot


@dataclass(frozen=True, eq=False)
class Points:
    """Contact points: the ends of the feet's capsules, right foot first.

    Attributes:
        names: geom of the model and end of its axis, e.g. "r_foot_col1:-1".
        bodies: (P,).
        places: centre of each end in its body, (P, 3) [m].
        radii: (P,) [m].
        sides: 0 right, 1 left, (P,).
        kinds: "heel", "metatarsal" or "toe".
    """

    names: tuple[str, ...]
    bodies: np.ndarray
    places: np.ndarray
    radii: np.ndarray
    sides: np.ndarray
    kinds: tuple[str, ...]

    def windows(self, options: Contact) -> np.ndarray:
        """Begin and end of each point's load as fractions of its foot's own cycle, (P, 2)."""
        return np.array(
            [{"heel": options.heel, "metatarsal": options.metatarsal, "toe": options.toe}[kind] for kind in self.kinds]
        )

    def own_phase(self, frames: int, left_strike: float) -> np.ndarray:
        """Phase of each point's foot in its own cycle, (N, P)."""
        return (np.arange(frames)[:, None] / frames - left_strike * self.sides) % 1.0


@dataclass(frozen=True, eq=False)
class Aim:
    """Where the centre of mass shall be, and who bears it.

    Attributes:
        forward: displacement from steady progress, (N,) [m].
        up: displacement from its mean height, (N,) [m].
        share: of the weight on the right foot, (N,).
        left_strike: phase of the left heel strike.
    """

    forward: np.ndarray
    up: np.ndarray
    share: np.ndarray
    left_strike: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """The poses found, and how.

    Attributes:
        poses: root moved so that the centre of mass is where it was asked for.
        com: that place in house axes without the progress, (N, 3) [m].
        contact: which points are loaded, (N, P).
        residual: root mean square of the centre of mass from it before the root was moved, (3,) [m].
        steps: of the search.
    """

    poses: Poses
    com: np.ndarray
    contact: np.ndarray
    residual: np.ndarray
    steps: int


def contact_points(embodiment: Embodiment, options: Contact) -> Points:
    """The contact points of a body with feet.

    Raises:
        BadValue: the body has no feet.
    """
    if set(embodiment.feet) != set(SIDES):
        raise BadValue(f'The body "{embodiment.name}" has no feet, so it cannot walk. Use "myofullbody".')
    model = embodiment.model
    data = mujoco.MjData(model)
    data.qpos[:] = embodiment.couplings.expand(model.qpos0)
    mujoco.mj_kinematics(model, data)
    ankle = dict(zip(embodiment.landmarks, embodiment.landmark_position(data)))
    found = []
    for side, name in enumerate(SIDES):
        for geom in embodiment.feet[name].geom_ids:
            if model.geom_type[geom] != _CAPSULE:
                continue  # a capsule sole is what touches; other shapes only fill the foot
            for end in (-1, 1):
                axis = np.array([0.0, 0.0, end * model.geom_size[geom, 1]])
                world = data.geom_xpos[geom] + data.geom_xmat[geom].reshape(3, 3) @ axis
                body = model.geom_bodyid[geom]
                place = data.xmat[body].reshape(3, 3).T @ (world - data.xpos[body])
                ahead = float((embodiment.house @ world)[0] - ankle[f"ankle_{name}"][0])
                kind = "heel" if ahead < 0.0 else "toe" if ahead > options.toe_reach else "metatarsal"
                label = f"{model.geom(geom).name}:{end:+d}"
                found.append((label, body, place, model.geom_size[geom, 0], side, kind))
    names, bodies, places, radii, sides, kinds = zip(*found)
    return Points(names, np.array(bodies), np.array(places), np.array(radii), np.array(sides), kinds)


def fit(embodiment: Embodiment, start: Poses, aim: Aim, options: Options) -> Fitted:
    """Poses near `start` with feet that stand still on the floor and a centre of mass as `aim` says."""
    search = _Search(embodiment, start, aim, options)
    unknowns = np.zeros(search.size)
    state = search.at(unknowns)
    normal = search.equations(unknowns, state)
    steps = 0
    while steps < options.contact.most_steps:
        better = _better(search, unknowns, normal)
        if better is None:
            break
        before, steps = normal.cost, steps + 1
        unknowns, state, normal = better
        if before - normal.cost < options.contact.tolerance * before:
            break
    asked = search.asked(unknowns, state)
    moved = (asked - state.com) @ embodiment.house
    poses = replace(state.poses, root=state.poses.root + moved)
    error = np.sqrt(np.mean((asked - state.com) ** 2, axis=0))
    return Fitted(poses, asked, search.loaded, error, steps)


def _better(search: "_Search", unknowns: np.ndarray, normal: Normal) -> tuple[np.ndarray, "_State", Normal] | None:
    """The next unknowns with their state and equations: a Gauss-Newton step, shortened until the cost falls."""
    change = normal.step()
    for share in (1.0, 0.5, 0.25, 0.125):
        tried = unknowns + share * change
        state = search.at(tried)
        equations = search.equations(tried, state)
        if equations.cost < normal.cost:
            return tried, state, equations
    return None


@dataclass(frozen=True, eq=False)
class _State:
    """All poses of a cycle, and what the residuals need of them; house axes."""

    poses: Poses
    com: np.ndarray  # (N, 3) without progress
    com_slope: np.ndarray  # (N, 3, D)
    points: np.ndarray  # (N, P, 3) lowest points, with progress
    point_slope: np.ndarray  # (N, P, 3, D)


class _Search:
    """The residuals of one cycle; D corrected coordinates: root position, root rotation, joints of both legs."""

    def __init__(self, embodiment: Embodiment, start: Poses, aim: Aim, options: Options) -> None:
        self.body, self.start, self.aim, self.options = embodiment, start, aim, options
        self.points = contact_points(embodiment, options.contact)
        self.frames = len(start.root)
        names = joint_names(embodiment)
        self.legs = np.array([names.index(f"{joint}_{side[0]}") for side in SIDES for joint in LEG])
        kept = options.harmonics
        self.series = Series(
            self.frames,
            [kept.root] * 3
            + [kept.turn] * 3
            + [kept.slow if any(part in joint for part in _SLOW) else kept.fast for joint in LEG] * 2,
        )
        self.coefficients = len(self.series.owner)
        self.size = self.coefficients + 3
        own = self.points.own_phase(self.frames, aim.left_strike)
        windows = self.points.windows(options.contact)
        self.loaded = (own >= windows[:, 0]) & (own <= windows[:, 1])
        self.least = _least_height(own, windows, options.contact)
        model, independent = embodiment.model, embodiment.couplings.independent
        self.range = model.jnt_range[model.dof_jntid[independent[6 + self.legs]]]
        self.data = mujoco.MjData(model)

    def at(self, unknowns: np.ndarray) -> _State:
        correction = self.series.values(unknowns[: self.coefficients])
        joints = self.start.joints.copy()
        joints[:, self.legs] += correction[:, 6:]
        poses = replace(
            self.start,
            root=self.start.root + correction[:, :3],
            turn=self.start.turn + correction[:, 3:6],
            joints=joints,
        )
        advance = poses.advance @ self.body.house.T
        turning = turn_jacobian(poses.turn)
        parts = [self._pose(q, turn) for q, turn in zip(positions(self.body, poses), turning)]
        com, com_slope, points, point_slope = (np.array(part) for part in zip(*parts))
        return _State(poses, com - advance, com_slope, points, point_slope)

    def _pose(self, qpos: np.ndarray, turning: np.ndarray) -> tuple[np.ndarray, ...]:
        model, data, house = self.body.model, self.data, self.body.house
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        full = self.body.couplings.jacobian(qpos)
        slope = np.hstack([full[:, :3], full[:, 3:6] @ turning, full[:, 6 + self.legs]])
        jacobian = np.empty((3, model.nv))
        mujoco.mj_jacSubtreeCom(model, data, jacobian, 1)
        com, com_slope = house @ data.subtree_com[1], house @ jacobian @ slope
        places, slopes = [], []
        for number, place, radius in zip(self.points.bodies, self.points.places, self.points.radii):
            world = data.xpos[number] + data.xmat[number].reshape(3, 3) @ place
            mujoco.mj_jac(model, data, jacobian, None, world, number)
            places.append(house @ world - [0.0, 0.0, radius])
            slopes.append(house @ jacobian @ slope)
        return com, com_slope, np.array(places), np.array(slopes)

    def equations(self, unknowns: np.ndarray, state: _State) -> Normal:
        """All residuals at a state."""
        normal = Normal(self.size)
        self._add_nearness(normal, unknowns[: self.coefficients])
        self._add_mass(normal, unknowns, state)
        self._add_feet(normal, state)
        self._add_limits(normal, state)
        return normal

    def _add_nearness(self, normal: Normal, coefficients: np.ndarray) -> None:
        """The correction is small and smooth."""
        held = self.options.contact
        small = np.array([held.root] * 3 + list(held.turn) + list(held.joints) * 2)
        bent = np.array([held.bend_root] * 3 + [held.bend_turn] * 3 + [held.bend_joint] * 2 * len(LEG))
        for coordinate in range(len(small)):
            mine = self.series.owner == coordinate
            for table, width in ((self.series.table, small), (self.series.bend, bent)):
                rows = table * mine
                normal.add(rows, rows @ coefficients, width[coordinate])

    def _shares(self, state: _State) -> np.ndarray:
        """How much each foot's place moves the centre of mass sideways, (N, 2)."""
        rate = np.sqrt(GRAVITY / state.com[:, 2].mean())
        right = smooth(pendulum(self.aim.share, self.start.period, rate), self.options.harmonics.com_lateral)
        return np.column_stack([right, 1.0 - right])

    def asked(self, unknowns: np.ndarray, state: _State) -> np.ndarray:
        """Where the centre of mass should be, (N, 3)."""
        extra = unknowns[self.coefficients :]
        sideways = self._shares(state) @ extra[list(_PLACES)]
        return np.column_stack([self.aim.forward, sideways, self.aim.up + extra[_COM]])

    def _add_mass(self, normal: Normal, unknowns: np.ndarray, state: _State) -> None:
        held = self.options.contact
        frames = np.arange(self.frames)
        error = state.com - self.asked(unknowns, state)
        extra = np.zeros((3, self.frames, 3))
        extra[1][:, list(_PLACES)] = -self._shares(state)
        extra[2][:, _COM] = -1.0
        for axis, width in enumerate((held.com_forward, held.com_lateral, held.com_up)):
            rows = np.hstack([self.series.rows(state.com_slope[:, axis], frames), extra[axis]])
            normal.add(rows, error[:, axis], width)
        places = unknowns[self.coefficients + np.array(_PLACES)]
        for side, place in enumerate(places):
            frame = round((held.flat + side * self.aim.left_strike) * self.frames) % self.frames
            mine = (self.points.sides == side) & self.loaded[frame] & (np.array(self.points.kinds) != "toe")
            row = state.point_slope[frame, mine, 1].mean(axis=0)[None]
            link = np.zeros((1, 3))
            link[0, _PLACES[side]] = -1.0
            rows = np.hstack([self.series.rows(row, np.array([frame])), link])
            normal.add(rows, np.array([state.points[frame, mine, 1].mean() - place]), held.place)
        middle = np.zeros((1, self.size))
        middle[0, self.coefficients + np.array(_PLACES)] = 0.5
        normal.add(middle, np.array([places.mean()]), held.place)

    def _add_feet(self, normal: Normal, state: _State) -> None:
        held, height = self.options.contact, state.points[..., 2]
        self._add_heights(normal, state, (self.loaded, height, held.height))
        low = ~self.loaded & (height < self.least)
        self._add_heights(normal, state, (low, height - self.least, held.clearance))
        following = np.roll(np.arange(self.frames), -1)
        frames, points = np.nonzero(self.loaded & self.loaded[following])
        nexts = following[frames]
        wrap = np.where(nexts == 0, 1.0, 0.0)[:, None] * (self.body.house @ self.start.travel)
        moved = state.points[nexts, points] + wrap - state.points[frames, points]
        for axis in (0, 1):
            rows = self.series.rows(state.point_slope[nexts, points, axis], nexts)
            rows -= self.series.rows(state.point_slope[frames, points, axis], frames)
            normal.add(rows, moved[:, axis], held.slip * 100.0 / self.frames)

    def _add_heights(self, normal: Normal, state: _State, which: tuple[np.ndarray, np.ndarray, float]) -> None:
        chosen, error, width = which
        frames, points = np.nonzero(chosen)
        normal.add(self.series.rows(state.point_slope[frames, points, 2], frames), error[frames, points], width)

    def _add_limits(self, normal: Normal, state: _State) -> None:
        held = self.options.contact
        legs = state.poses.joints[:, self.legs]
        for bound, sign in ((self.range[:, 0] + held.limit_margin, 1.0), (self.range[:, 1] - held.limit_margin, -1.0)):
            beyond = np.minimum(sign * (legs - bound), 0.0)
            frames, joints = np.nonzero(beyond < 0.0)
            rows = np.zeros((len(frames), 6 + len(self.legs)))
            rows[np.arange(len(frames)), 6 + joints] = sign
            normal.add(self.series.rows(rows, frames), beyond[frames, joints], held.limit)


def _least_height(own: np.ndarray, windows: np.ndarray, options: Contact) -> np.ndarray:
    """Least height of each point while it is not loaded, (N, P) [m]."""
    near_strike = (own < 0.12) | (own > 0.9)
    least = np.where(near_strike, options.least_late, np.where(own < options.toe[1] + 0.06, 0.0, options.least_swing))
    return np.where((own < windows[:, 0]) | (own > 0.97), 0.0, least)
