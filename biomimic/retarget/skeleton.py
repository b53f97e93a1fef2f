"""Kinematics of a body over all frames at once: points, their normal equations, centre of mass; with segment scales.

A bare copy of the body's joints, without muscles, sites and geoms, so that MuJoCo's kinematics take microseconds. A
body that is fixed to the world gets six root coordinates here, so that a moving person can be fitted to it.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.embodiment import Embodiment

ROOT = 6  # speeds of the root, first among the independent ones
_TURNS = slice(3, 7)  # root quaternion in qpos
_CONTRADICTION = 1e-3  # [rad or m] a coupling may leave its own joint's range by less than this: rounding in the model
_CHUNK = 64  # frames whose arrays stay in a processor's cache
_GRID = 2001  # places at which a driver's range is tried


@dataclass(frozen=True, eq=False)
class Pose:
    """Kinematics of T frames in the model's world.

    Attributes:
        qpos: (T, nq).
        origin: of the bodies, (T, B, 3) [m].
        turn: of the bodies, (T, B, 3, 3).
        anchor, axis: of the joints, (T, joints, 3) [m], [1].
    """

    qpos: np.ndarray
    origin: np.ndarray
    turn: np.ndarray
    anchor: np.ndarray
    axis: np.ndarray

    def points(self, bodies: np.ndarray, places: np.ndarray) -> np.ndarray:
        """World places of points fixed to bodies, (P,), (P, 3) -> (T, P, 3) [m]."""
        return self.origin[:, bodies] + (self.turn[:, bodies] @ places[..., None])[..., 0]


@dataclass(frozen=True, eq=False)
class Normal:
    """Normal equations of weighted points in the independent speeds.

    Attributes:
        matrix: (T, I, I).
        gradient: (T, I); downhill is minus this.
        cost: half the weighted sum of squares per frame, (T,).
    """

    matrix: np.ndarray
    gradient: np.ndarray
    cost: np.ndarray


class Skeleton:
    """The joints of an embodiment.

    Attributes:
        lower, upper: range of each independent coordinate, infinite for the root, (I,) [rad or m]. Narrower than the
            model's own range where a coupled joint would leave its range; contradictions below 1e-3 within the model do
            not count.
        names: joint of each independent speed, I names.
    """

    def __init__(self, embodiment: Embodiment, scale: np.ndarray | None = None) -> None:
        """Args: embodiment; scale: of each body's frame and what hangs in it, (B,), or None for the body itself."""
        full = embodiment.model
        self.floating = full.njnt > 0 and full.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE
        self.model = _bare(full, self.floating)
        self._shift = 0 if self.floating else 1
        self._data = mujoco.MjData(self.model)
        self._full = full
        self._places = self.model.body_pos.copy()
        self._scale = np.ones(full.nbody)
        if scale is not None:
            self.rescale(scale)
        self._set_couplings(embodiment)
        self._set_tree()
        self.lower, self.upper = self._ranges()

    @property
    def size(self) -> int:
        """Number of independent speeds, I."""
        return len(self.names)

    def rescale(self, scale: np.ndarray) -> None:
        """Scale the places of the joints in their parents' frames, (B,) of the full model's bodies."""
        self._scale = np.array(scale, dtype=float)
        parent = self._full.body_parentid
        self.model.body_pos[self._shift :] = self._places[self._shift :] * self._scale[parent][:, None]
        self.model.body_pos[: self._shift + 1] = self._places[: self._shift + 1]

    def neutral(self, frames: int) -> np.ndarray:
        """The reference pose, moved into the ranges, (frames, nq)."""
        qpos = np.tile(self.model.qpos0, (frames, 1))
        qpos[:, self.joint_places] = np.clip(qpos[:, self.joint_places], self.lower[ROOT:], self.upper[ROOT:])
        return self.couplings_expand(qpos)

    def body_qpos(self, qpos: np.ndarray) -> np.ndarray:
        """What of the coordinates belongs to the embodiment's own model, (T, nq) -> (T, nq of the body)."""
        return qpos if self.floating else qpos[:, 7:]

    def couplings_expand(self, qpos: np.ndarray) -> np.ndarray:
        """A copy in which the coupled joints follow their drivers."""
        full = np.array(qpos, dtype=float)
        if self.floating:
            return self._couplings.expand(full)
        full[:, 7:] = self._couplings.expand(full[:, 7:])
        return full

    def pose(self, qpos: np.ndarray) -> Pose:
        """Kinematics of many frames, (T, nq), whose couplings hold."""
        model, data = self.model, self._data
        frames = len(qpos)
        origin = np.empty((frames, model.nbody, 3))
        turn = np.empty((frames, model.nbody, 9))
        anchor = np.empty((frames, model.njnt, 3))
        axis = np.empty((frames, model.njnt, 3))
        for t in range(frames):
            data.qpos[:] = qpos[t]
            mujoco.mj_kinematics(model, data)
            origin[t], turn[t] = data.xpos, data.xmat
            anchor[t], axis[t] = data.xanchor, data.xaxis
        turn = turn.reshape(frames, model.nbody, 3, 3)
        return Pose(qpos, origin[:, self._shift :], turn[:, self._shift :], anchor, axis)

    def _parts(self, pose: Pose) -> np.ndarray:
        """Spatial velocity (turning, then the world's origin) per unit of each speed of the model, (T, nv, 6)."""
        parts = np.zeros((len(pose.qpos), self.model.nv, 6))
        parts[:, :3, 3:] = np.eye(3)
        turn = Rotation.from_quat(pose.qpos[:, _TURNS], scalar_first=True).as_matrix()
        axes = np.swapaxes(turn, 1, 2)  # of the root, as rows
        parts[:, 3:6, :3] = axes
        parts[:, 3:6, 3:] = _cross(pose.qpos[:, None, :3], axes)
        hinge, slide = self._hinges, self._slides
        parts[:, ROOT + hinge - 1, :3] = pose.axis[:, hinge]
        parts[:, ROOT + hinge - 1, 3:] = _cross(pose.anchor[:, hinge], pose.axis[:, hinge])
        parts[:, ROOT + slide - 1, 3:] = pose.axis[:, slide]
        return parts

    def slopes(self, qpos: np.ndarray) -> np.ndarray:
        """Derivative of each coupled joint by its driver, (T, nq) -> (T, D)."""
        return self._couplings.slope(qpos if self.floating else qpos[:, 7:])

    def reduce(self, columns: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """Couplings applied to an array over the model's speeds: sums over axis 1, (T, nv, ...) -> (T, I, ...)."""
        reduced = columns[:, self._independent].copy()
        shape = (len(columns), -1) + (1,) * (columns.ndim - 2)
        coupled = columns[:, self._dependent] * slopes.reshape(shape)
        for k, column in enumerate(self._driver):
            reduced[:, column] += coupled[:, k]
        return reduced

    def normal(self, pose: Pose, bodies: np.ndarray, world: np.ndarray, pull: np.ndarray, weight: np.ndarray) -> Normal:
        """Normal equations of points that are pulled.

        Args:
            pose: of T frames.
            bodies: of the points, (P,).
            world: their places, (T, P, 3) [m].
            pull: wanted minus present place, (T, P, 3) [m]; finite.
            weight: (T, P, 3) or broadcastable [1/m^2], along the world's axes.
        """
        weight = np.broadcast_to(weight, pull.shape)
        frames = len(pull)
        matrix, gradient = np.zeros((frames, self.size, self.size)), np.zeros((frames, self.size))
        slopes, every = self.slopes(pose.qpos), self._parts(pose)
        for first in range(0, frames, _CHUNK):
            rows = slice(first, first + _CHUNK)
            parts = every[rows]
            parts[:, self._dependent] *= slopes[rows, :, None]
            loads = _loads(bodies, world[rows], pull[rows], weight[rows])
            for body, inertia, force in loads:
                columns, motion = self._motion(body, parts)
                square = motion @ inertia @ np.swapaxes(motion, 1, 2)
                matrix[rows, columns[:, None], columns] += square
                gradient[rows, columns] -= (motion @ force[..., None])[..., 0]
        return Normal(matrix, gradient, 0.5 * (weight * pull**2).sum(axis=(1, 2)))

    def _motion(self, body: int, parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Independent speeds that move a body, (C,), and the spatial velocity each gives it, (T, C, 6).

        Args:
            body: index.
            parts: of the pose, those of coupled joints times their slopes, (T, nv, 6).
        """
        if body not in self._movers:
            speeds = np.flatnonzero(self._moves[:, body])
            column = self._column[speeds]
            order = np.argsort(column, kind="stable")
            columns, starts = np.unique(column[order], return_index=True)
            self._movers[body] = (speeds[order], columns, starts)
        speeds, columns, starts = self._movers[body]
        return columns, np.add.reduceat(parts[:, speeds], starts, axis=1)

    def jacobian(self, pose: Pose, bodies: np.ndarray, world: np.ndarray) -> np.ndarray:
        """Velocity of points by the independent speeds, (P,), (T, P, 3) -> (T, P, 3, I)."""
        parts = self._parts(pose)[:, None] * self._moves[:, bodies].T[None, :, :, None]  # (T, P, nv, 6)
        velocity = parts[..., 3:] + _cross(parts[..., :3], world[:, :, None])
        slopes = self.slopes(pose.qpos)
        return np.moveaxis(self.reduce(np.moveaxis(velocity, 2, 1), slopes), 1, 3)

    def move(self, qpos: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Coordinates after a step in the independent speeds, kept in range, couplings applied; (T, nq), (T, I)."""
        moved = np.array(qpos)
        moved[:, :3] += step[:, :3]
        turned = Rotation.from_quat(qpos[:, _TURNS], scalar_first=True) * Rotation.from_rotvec(step[:, 3:6])
        moved[:, _TURNS] = turned.as_quat(scalar_first=True)
        joints = qpos[:, self.joint_places] + step[:, ROOT:]
        moved[:, self.joint_places] = np.clip(joints, self.lower[ROOT:], self.upper[ROOT:])
        return self.couplings_expand(moved)

    def difference(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Independent step that leads from one to the other coordinates, (T, nq), (T, nq) -> (T, I)."""
        first = Rotation.from_quat(start[:, _TURNS], scalar_first=True)
        second = Rotation.from_quat(end[:, _TURNS], scalar_first=True)
        joints = end[:, self.joint_places] - start[:, self.joint_places]
        return np.hstack([end[:, :3] - start[:, :3], (first.inv() * second).as_rotvec(), joints])

    def body_speeds(self, qpos: np.ndarray, independent: np.ndarray) -> np.ndarray:
        """Speeds of the embodiment's own model, (T, nq), (T, I) -> (T, nv of the body)."""
        full = np.zeros((len(qpos), self.model.nv))
        full[:, self._independent] = independent
        full[:, self._dependent] = self.slopes(qpos) * independent[:, self._driver]
        return full if self.floating else full[:, ROOT:]

    def center_of_mass(self, pose: Pose) -> np.ndarray:
        """Of the full model's masses at this pose, their places at the present sizes, (T, 3) [m]."""
        place = pose.points(np.arange(self._full.nbody), self._full.body_ipos * self._scale[:, None])
        return np.einsum("tbi,b->ti", place, self._full.body_mass) / self._full.body_mass.sum()

    def _set_couplings(self, embodiment: Embodiment) -> None:
        couplings = embodiment.couplings
        shift = 0 if self.floating else ROOT
        self._couplings = couplings
        root = np.arange(0 if self.floating else ROOT)
        self._independent = np.concatenate([root, couplings.independent + shift]).astype(int)
        self._dependent = couplings.dependent + shift
        self._driver = couplings.driver_column + shift
        self.names = ("root",) * (ROOT if not self.floating else 0) + couplings.names
        joints = self.model.dof_jntid[self._independent[ROOT:]]
        self.joint_places = self.model.jnt_qposadr[joints].astype(int)
        self._joints = joints

    def _set_tree(self) -> None:
        model = self.model
        moves = np.zeros((model.nv, model.nbody), dtype=bool)
        for body in range(1, model.nbody):
            moves[:, body] = moves[:, model.body_parentid[body]]
            first = model.body_dofadr[body]
            moves[first : first + model.body_dofnum[body], body] = True
        self._moves = moves[:, self._shift :]
        self._column = np.empty(model.nv, dtype=int)  # the independent speed that drives each speed
        self._column[self._independent] = np.arange(len(self._independent))
        self._column[self._dependent] = self._driver
        self._movers: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        kinds = model.jnt_type
        self._hinges = np.flatnonzero(kinds == mujoco.mjtJoint.mjJNT_HINGE)
        self._slides = np.flatnonzero(kinds == mujoco.mjtJoint.mjJNT_SLIDE)

    def _ranges(self) -> tuple[np.ndarray, np.ndarray]:
        model = self.model
        lower, upper = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        limited = model.jnt_limited[self._joints].astype(bool)
        lower[ROOT:] = np.where(limited, model.jnt_range[self._joints, 0], -np.inf)
        upper[ROOT:] = np.where(limited, model.jnt_range[self._joints, 1], np.inf)
        coupled = model.dof_jntid[self._dependent]
        for column in np.unique(self._driver[self._driver >= ROOT]):
            if np.isfinite(lower[column]) and np.isfinite(upper[column]):
                followers = coupled[self._driver == column]
                lower[column], upper[column] = self._allowed(column, followers, lower[column], upper[column])
        return lower, upper

    def _allowed(self, column: int, followers: np.ndarray, low: float, high: float) -> tuple[float, float]:
        """Widest part of a driver's range, around its middle or the reference, in which all followers keep theirs."""
        model = self.model
        tried = np.linspace(low, high, _GRID)
        qpos = np.tile(model.qpos0, (_GRID, 1))
        qpos[:, self.joint_places[column - ROOT]] = tried
        values = self.couplings_expand(qpos)[:, model.jnt_qposadr[followers]]
        beyond = np.maximum(model.jnt_range[followers, 0] - values, values - model.jnt_range[followers, 1])
        good = (beyond <= _CONTRADICTION).all(axis=1)
        kept = beyond.max(axis=0) > _CONTRADICTION  # these are kept exactly once they matter at all
        good &= (beyond[:, kept] <= 0).all(axis=1)
        start = int(np.argmin(np.abs(tried - np.clip(model.qpos0[self.joint_places[column - ROOT]], low, high))))
        bad = np.flatnonzero(~good)
        first = bad[bad < start].max() + 1 if (bad < start).any() else 0
        last = bad[bad > start].min() - 1 if (bad > start).any() else _GRID - 1
        return float(tried[first]), float(tried[last])


def _loads(
    bodies: np.ndarray, world: np.ndarray, pull: np.ndarray, weight: np.ndarray
) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Per body with points: its index, their weighted square (T, 6, 6) and weighted pull (T, 6) in spatial velocity."""
    found, group = np.unique(bodies, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(found)))
    ends = np.append(starts[1:], len(order))
    frames = len(world)
    lever = _levers(world[:, order])  # (T, P, 3, 6)
    weighted = lever * weight[:, order, :, None]
    pull = pull[:, order]
    loads = []
    for body, first, last in zip(found, starts, ends):
        own = weighted[:, first:last].reshape(frames, -1, 6)
        across = np.swapaxes(own, 1, 2)
        inertia = across @ lever[:, first:last].reshape(frames, -1, 6)
        force = (across @ pull[:, first:last].reshape(frames, -1, 1))[..., 0]
        loads.append((int(body), inertia, force))
    return loads


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Vector product over the last axis; several times as fast as numpy's."""
    a, b = first, second
    x = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    y = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    return np.stack([x, y, a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]], axis=-1)


def _levers(world: np.ndarray) -> np.ndarray:
    """Velocity of points by spatial velocity: [-p x, 1], (T, P, 3) -> (T, P, 3, 6)."""
    lever = np.zeros((*world.shape, 6))
    x, y, z = world[..., 0], world[..., 1], world[..., 2]
    lever[..., 0, 1], lever[..., 0, 2] = z, -y
    lever[..., 1, 0], lever[..., 1, 2] = -z, x
    lever[..., 2, 0], lever[..., 2, 1] = y, -x
    lever[..., 0, 3] = lever[..., 1, 4] = lever[..., 2, 5] = 1.0
    return lever


def _bare(full: mujoco.MjModel, floating: bool) -> mujoco.MjModel:
    """Bodies and joints only; on a root with six coordinates if the body has none."""
    spec = mujoco.MjSpec()
    bodies = [spec.worldbody]
    if not floating:
        root = spec.worldbody.add_body(name="floating root", mass=1.0, inertia=[1.0, 1.0, 1.0])
        root.add_freejoint()
        bodies = [root]
    for body in range(1, full.nbody):
        parent = bodies[full.body_parentid[body]]
        added = parent.add_body(
            name=full.body(body).name,
            pos=full.body_pos[body],
            quat=full.body_quat[body],
            mass=1.0,
            inertia=[1.0, 1.0, 1.0],
        )
        first = full.body_jntadr[body]
        for joint in range(first, first + full.body_jntnum[body]):
            added.add_joint(
                name=full.joint(joint).name,
                type=full.jnt_type[joint],
                pos=full.jnt_pos[joint],
                axis=full.jnt_axis[joint],
                ref=full.qpos0[full.jnt_qposadr[joint]] if full.jnt_type[joint] != mujoco.mjtJoint.mjJNT_FREE else 0.0,
                limited=bool(full.jnt_limited[joint]),
                range=full.jnt_range[joint],
            )
        bodies.append(added)
    spec.compiler.degree = False
    return spec.compile()
