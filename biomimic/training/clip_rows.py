"""One trajectory as the rows of a packed clip: at the control rate, with sites, forces and moments."""

import copy
from dataclasses import dataclass

import jax
import mujoco
import numpy as np

from biomimic.errors import BadValue
from biomimic.motion import Trajectory
from biomimic.training.body import Body
from biomimic.training.sites import Sites, relative

FINER = 2  # rows of a periodic clip per control step, so that the line between two of them is close to the motion
LOADED = 50.0  # [N] vertical force from which a centre of pressure is known
ALWAYS = ("qpos", "qvel", "place", "position", "quaternion", "velocity")
SOMETIMES = ("load", "pressure", "moment", "com")


@dataclass(frozen=True, eq=False)
class Rows:
    """One clip; names, shapes and units as in `clips.Clips`, NumPy.

    Attributes:
        period: [s], or None.
    """

    period: float | None
    progress: np.ndarray
    qpos: np.ndarray
    qvel: np.ndarray
    place: np.ndarray
    position: np.ndarray
    quaternion: np.ndarray
    velocity: np.ndarray
    load: np.ndarray
    load_known: np.ndarray
    pressure: np.ndarray
    pressure_known: np.ndarray
    moment: np.ndarray
    moment_known: np.ndarray
    com: np.ndarray
    com_known: np.ndarray


def of(trajectory: Trajectory, body: Body, *, loads: bool) -> Rows:
    """The rows of one trajectory; see `clips.pack`."""
    _check(trajectory, body)
    is_periodic = trajectory.period is not None
    progress = _progress(trajectory, body)
    change = _fourier if is_periodic else _interpolated
    qpos, qvel = change(trajectory, body, progress)
    qpos = body.couplings.expand(qpos)
    count = len(qpos)
    step = trajectory.period / count if is_periodic else body.control_step
    extra = _Extra(trajectory, body, count, progress)
    load, load_known = extra.load()
    pressure, pressure_known = np.zeros((count, 2)), np.zeros(count, dtype=bool)
    if loads and body.has_free_root:
        wrench = _wrench(body, qpos, qvel, step, is_periodic)
        pressure, pressure_known = _pressure(qpos, wrench)
        if not load_known.any():
            load[:, :3], load_known[:3] = wrench[:, :3], True
    moment, moment_known = extra.moment()
    com, com_known = extra.com()
    return Rows(
        period=trajectory.period,
        progress=progress,
        qpos=qpos,
        qvel=qvel,
        **_kinematics(body, qpos, qvel),
        load=load,
        load_known=load_known,
        pressure=pressure,
        pressure_known=pressure_known,
        moment=moment,
        moment_known=moment_known,
        com=com,
        com_known=com_known,
    )


def _check(trajectory: Trajectory, body: Body) -> None:
    model, shape = body.model, (trajectory.qpos.shape[1], trajectory.qvel.shape[1])
    if trajectory.embodiment != body.name or shape != (model.nq, model.nv):
        raise BadValue(
            f'A target for "{trajectory.embodiment}" with {shape[0]} coordinates and {shape[1]} speeds was given for '
            f'"{body.name}", which has {model.nq} and {model.nv}; make the target for this body.'
        )
    if len(trajectory.qpos) < 2:
        raise BadValue("A target of a single frame was given; at least two are needed.")
    if trajectory.period is not None and not np.isclose(
        len(trajectory.qpos) / trajectory.rate, trajectory.period, rtol=1e-4
    ):
        raise BadValue(
            f"A periodic target of {trajectory.period:g} s has {len(trajectory.qpos)} frames at "
            f"{trajectory.rate:g} Hz; they must fill one period."
        )


def _progress(trajectory: Trajectory, body: Body) -> np.ndarray:
    """Displacement of a period, (3,) [m]; zero for a clip that ends, (0,) for a fixed root."""
    if not body.has_free_root:
        return np.zeros(0)
    if trajectory.period is None:
        return np.zeros(3)
    return np.mean(trajectory.qvel[:, :3], axis=0) * trajectory.period * [1.0, 1.0, 0.0]


def _fourier(trajectory: Trajectory, body: Body, progress: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates and speeds of one period on a finer grid."""
    count = FINER * int(np.ceil(trajectory.period / body.control_step))
    qpos = np.array(trajectory.qpos)
    travel = np.arange(len(qpos))[:, None] / len(qpos) * progress
    if body.has_free_root:
        qpos[:, :3] -= travel
        flips = np.sum(qpos[1:, 3:7] * qpos[:-1, 3:7], axis=1) < 0
        qpos[1:, 3:7] *= np.where(np.cumsum(flips) % 2, -1.0, 1.0)[:, None]
    qpos = finer(qpos, count)
    if body.has_free_root:
        qpos[:, :3] += np.arange(count)[:, None] / count * progress
        qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    return qpos, finer(trajectory.qvel, count)


def finer(values: np.ndarray, count: int) -> np.ndarray:
    """A periodic signal on another number of samples by its Fourier series, (T, C) -> (count, C)."""
    samples = len(values)
    series = np.fft.rfft(values, axis=0)
    if samples % 2 == 0 and count > samples:
        series[-1] *= 0.5  # the highest frequency belongs half to either sign
    return np.fft.irfft(series, n=count, axis=0) * (count / samples)


def _interpolated(trajectory: Trajectory, body: Body, _: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates and speeds at the control rate: cubic between two frames with their speeds, turns at even speed."""
    rate, wanted = trajectory.rate, 1.0 / body.control_step
    if np.isclose(rate, wanted, rtol=1e-6):
        return np.array(trajectory.qpos), np.array(trajectory.qvel)
    qpos, qvel = trajectory.qpos, trajectory.qvel
    before, part = _between(len(qpos), rate, body.control_step)
    x = part[:, None]
    speed = (1 - x) * qvel[before] + x * qvel[before + 1]
    found = np.empty((len(before), qpos.shape[1]))
    columns, speeds = body.joint_qpos, body.joint_qvel
    if body.has_free_root:
        columns, speeds = np.concatenate([[0, 1, 2], columns]), np.concatenate([[0, 1, 2], speeds])
        found[:, 3:7] = _turned(qpos[:, 3:7], before, part)
    p, q = qpos[before][:, columns], qpos[before + 1][:, columns]
    u, v = qvel[before][:, speeds] / rate, qvel[before + 1][:, speeds] / rate
    found[:, columns] = (
        (1 + 2 * x) * (1 - x) ** 2 * p + x**2 * (3 - 2 * x) * q + x * (1 - x) ** 2 * u - x**2 * (1 - x) * v
    )
    return found, speed


def _between(frames: int, rate: float, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Frame before each control step, and the part of the way to the next one."""
    count = int(np.floor((frames - 1) / rate / step + 1e-9)) + 1
    place = np.minimum(np.arange(count) * step * rate, frames - 1)
    before = np.minimum(place.astype(int), frames - 2)
    return before, place - before


def _turned(quaternions: np.ndarray, before: np.ndarray, part: np.ndarray) -> np.ndarray:
    first, second = quaternions[before], quaternions[before + 1]
    cosine = np.sum(first * second, axis=1, keepdims=True)
    second, cosine = np.where(cosine < 0, -second, second), np.minimum(np.abs(cosine), 1.0)
    angle, x = np.arccos(cosine), part[:, None]
    sine = np.where(angle < 1e-6, 1.0, np.sin(angle))
    near = np.where(angle < 1e-6, 1 - x, np.sin((1 - x) * angle) / sine)
    far = np.where(angle < 1e-6, x, np.sin(x * angle) / sine)
    mixed = near * first + far * second
    return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


def _kinematics(body: Body, qpos: np.ndarray, qvel: np.ndarray) -> dict[str, np.ndarray]:
    """Place of the reference and relative sites of all rows."""
    model, count, marks = body.model, len(qpos), len(body.site_body)
    data = mujoco.MjData(model)
    place, turn, speed = np.empty((count, marks, 3)), np.empty((count, marks, 3, 3)), np.empty((count, marks, 6))
    for row in range(count):
        data.qpos[:], data.qvel[:] = qpos[row], qvel[row]
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_comVel(model, data)
        turn[row] = data.xmat.reshape(-1, 3, 3)[body.site_body]
        place[row] = data.xpos[body.site_body] + (turn[row] @ body.site_offset[:, :, None])[..., 0]
        speed[row] = data.cvel[body.site_body]
        speed[row, :, 3:] += np.cross(speed[row, :, :3], place[row] - data.subtree_com[1])
    reference = place[:, 0].copy()
    found = jax.jit(jax.vmap(relative))(Sites(place - reference[:, None], turn, speed))
    return {"place": reference, **{name: np.asarray(values) for name, values in found._asdict().items()}}


def _wrench(body: Body, qpos: np.ndarray, qvel: np.ndarray, step: float, is_periodic: bool) -> np.ndarray:
    """Force and moment on the root that the motion asks for, along the world's axes, (T, 6) [N, N m].

    Source:
        inverse dynamics without constraints: inner forces do not act on a free root, so what is left is the ground's.
    """
    model = copy.copy(body.model)
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONSTRAINT | mujoco.mjtDisableBit.mjDSBL_SENSOR)
    data = mujoco.MjData(model)
    if is_periodic:
        acceleration = (np.roll(qvel, -1, axis=0) - np.roll(qvel, 1, axis=0)) / (2 * step)
    else:
        acceleration = np.gradient(qvel, step, axis=0)
    wrench = np.empty((len(qpos), 6))
    for row in range(len(qpos)):
        data.qpos[:], data.qvel[:], data.qacc[:] = qpos[row], qvel[row], acceleration[row]
        mujoco.mj_inverse(model, data)
        wrench[row, :3] = data.qfrc_inverse[:3]
        wrench[row, 3:] = data.xmat[1].reshape(3, 3) @ data.qfrc_inverse[3:6]
    return wrench


def _pressure(qpos: np.ndarray, wrench: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre of pressure on the floor z = 0 relative to the root, (T, 2) [m], and where it is known, (T,)."""
    force, moment = wrench[:, :3], wrench[:, 3:]
    known = force[:, 2] > LOADED
    vertical = np.where(known, force[:, 2], 1.0)
    x = -(moment[:, 1] + qpos[:, 2] * force[:, 0]) / vertical
    y = (moment[:, 0] - qpos[:, 2] * force[:, 1]) / vertical
    return np.where(known[:, None], np.stack([x, y], axis=1), 0.0), known


class _Extra:
    """What a trajectory may have beside its states, on `count` rows."""

    def __init__(self, trajectory: Trajectory, body: Body, count: int, progress: np.ndarray) -> None:
        self._trajectory, self._body, self._count, self._progress = trajectory, body, count, progress

    def load(self) -> tuple[np.ndarray, np.ndarray]:
        if self._trajectory.force is None:
            return np.zeros((self._count, 5)), np.zeros(5, dtype=bool)
        feet = self._on_rows(self._trajectory.force).reshape(-1, 2, 3) @ self._body.house
        return np.concatenate([feet.sum(axis=1), feet[:, :, 2]], axis=1), np.ones(5, dtype=bool)

    def moment(self) -> tuple[np.ndarray, np.ndarray]:
        names = self._body.moment_names
        found, known = np.zeros((self._count, len(names))), np.zeros(len(names), dtype=bool)
        if self._trajectory.moment is not None:
            values = self._on_rows(self._trajectory.moment)
            for column, name in enumerate(names):
                if name in self._trajectory.moment_names:
                    found[:, column] = values[:, self._trajectory.moment_names.index(name)]
                    known[column] = True
        return found, known

    def com(self) -> tuple[np.ndarray, np.ndarray]:
        com = self._trajectory.com
        if com is None:
            return np.zeros((self._count, 3)), np.array(False)
        if self._trajectory.period is None or not len(self._progress):
            return self._on_rows(com), np.array(True)
        steady = self._on_rows(com - np.arange(len(com))[:, None] / len(com) * self._progress)
        return steady + np.arange(self._count)[:, None] / self._count * self._progress, np.array(True)

    def _on_rows(self, values: np.ndarray) -> np.ndarray:
        if self._trajectory.period is not None:
            return finer(values, self._count)
        if len(values) == self._count:
            return np.array(values)
        before, part = _between(len(values), self._trajectory.rate, self._body.control_step)
        return (1 - part[:, None]) * values[before] + part[:, None] * values[before + 1]
