"""A periodic target that can be asked at any phase: values, speeds and accelerations of everything that is tracked."""

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Trajectory

GRID = 400  # phases at which the Fourier series is laid out; between them it is interpolated linearly
LOADED = 20.0  # [N] a foot that bears more stands (the usual threshold for heel strike)
LIMBS = ("elbow_right", "wrist_right", "elbow_left", "wrist_left")


class Point:
    """The target at one phase. Every attribute is a triple: value, first, second time derivative.

    Attributes:
        joints: independent joint coordinates, (J,).
        turn: root orientation as a rotation vector, (3,).
        root: root position, (3,) [m].
        com: centre of mass, (3,) [m].
        ankles: right and left, (6,) [m].
        limbs: elbows and wrists in the trunk's frame, (12,) [m].
        share: of the load that the right foot bears, (1,).
        moments: net joint moments, (M,) [N m].
    """

    __slots__ = ("ankles", "com", "joints", "limbs", "moments", "root", "share", "turn")


class Cycle:
    """A periodic Trajectory as Fourier series over the phase; phase 0 is the right heel strike.

    Attributes:
        period: [s].
        progress: displacement of one cycle, (3,) [m]; the positions of `at` have it removed.
        left_strike: phase of the left heel strike.
        joints: coordinates (indices into qpos) of `Point.joints`, (J,).
        moment_names: angles of `Point.moments`.
        table: values, first and second time derivatives at GRID phases, (GRID, 3, C).
        slices: which columns of the table are an attribute of `Point`.
    """

    def __init__(self, embodiment: Embodiment, target: Trajectory) -> None:
        if target.period is None or target.force is None or target.com is None:
            raise BadValue("The tracker needs a periodic target with forces and a centre of mass; this one has none.")
        model, couplings = embodiment.model, embodiment.couplings
        if target.qpos.shape[1] != model.nq:
            raise BadValue(
                f'The target has {target.qpos.shape[1]} coordinates, the body "{embodiment.name}" has {model.nq}; '
                "make the target for this body."
            )
        self.period = float(target.period)
        self.progress = np.mean(target.qvel[:, :3], axis=0) * self.period * [1, 1, 0]
        self.moment_names = target.moment_names
        self.joints = model.jnt_qposadr[model.dof_jntid[couplings.independent[6:]]]
        self.left_strike = _strike(target.force[:, 5])
        samples = len(target.qpos)
        travel = np.arange(samples)[:, None] / samples * self.progress
        ankles, limbs = _follow(embodiment, target.qpos)
        load = np.maximum(target.force[:, [2, 5]], 0)
        parts = {
            "joints": target.qpos[:, self.joints],
            "turn": np.array([_rotation_vector(pose[3:7]) for pose in target.qpos]),
            "root": target.qpos[:, :3] - travel,
            "com": target.com - travel,
            "ankles": ankles - np.tile(travel, 2),
            "limbs": limbs,
            "share": _low_pass(load[:, :1] / np.maximum(load.sum(axis=1, keepdims=True), 1.0), 8),
            "moments": target.moment if target.moment is not None else np.zeros((samples, 0)),
        }
        self.slices, stack, first = {}, [], 0
        for name, values in parts.items():
            self.slices[name] = slice(first, first + values.shape[1])
            stack.append(values)
            first += values.shape[1]
        self.table = np.stack([_resample(np.concatenate(stack, axis=1), k, self.period) for k in range(3)], axis=1)
        for name, copies in (("root", 1), ("com", 1), ("ankles", 2)):
            self.table[:, 1, self.slices[name]] += np.tile(self.progress / self.period, copies)

    def at(self, phase: float, lead: float = 0.0) -> Point:
        """The target at a phase; whole cycles do not count.

        Accelerations and moments are those `lead` seconds later.
        """
        row = self._row(phase)
        if lead:
            ahead = self._row(phase + lead / self.period)
            row[2] = ahead[2]
            row[:, self.slices["moments"]] = ahead[:, self.slices["moments"]]
        point = Point()
        for name, span in self.slices.items():
            setattr(point, name, row[:, span])
        return point

    def _row(self, phase: float) -> np.ndarray:
        place = (phase % 1.0) * GRID
        i, part = int(place) % GRID, place - int(place)
        return (1 - part) * self.table[i] + part * self.table[(i + 1) % GRID]

    def pose(self, model: mujoco.MjModel, phase: float) -> np.ndarray:
        """Model coordinates at a phase with the progress of this cycle; dependent joints are not set, (nq,)."""
        point = self.at(phase)
        qpos = model.qpos0.copy()
        qpos[:3] = point.root[0] + (phase % 1.0) * self.progress
        qpos[3:7] = quaternion(point.turn[0])
        qpos[self.joints] = point.joints[0]
        return qpos


def quaternion(turn: np.ndarray) -> np.ndarray:
    """Unit quaternion of a rotation vector, (3,) -> (4,)."""
    found = np.array([1.0, 0.0, 0.0, 0.0])
    mujoco.mju_quatIntegrate(found, np.ascontiguousarray(turn), 1.0)
    return found


def _rotation_vector(turn: np.ndarray) -> np.ndarray:
    found = np.zeros(3)
    mujoco.mju_quat2Vel(found, np.ascontiguousarray(turn), 1.0)
    return found


def _strike(force: np.ndarray) -> float:
    """Phase at which a vertical force (T,) [N] of one cycle begins."""
    before = np.roll(force, 1)
    rises = np.flatnonzero((before < LOADED) & (force >= LOADED))
    if not len(rises):
        raise BadValue(f"The target's left foot never begins to bear {LOADED:g} N; it cannot be walked.")
    i = rises[0]
    return float((i - 1 + (LOADED - before[i]) / (force[i] - before[i])) / len(force)) % 1.0


def _follow(embodiment: Embodiment, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ankles (T, 6) in the model's world and limbs (T, 12) in the trunk's frame, both [m]."""
    model = embodiment.model
    data = mujoco.MjData(model)
    ankles = [model.body(embodiment.landmarks[f"ankle_{side}"].body).id for side in ("right", "left")]
    limbs = [model.body(embodiment.landmarks[name].body).id for name in LIMBS]
    trunk = model.body(embodiment.landmarks["torso"].body).id
    feet, arms = np.empty((len(qpos), 6)), np.empty((len(qpos), 12))
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        feet[frame] = data.xpos[ankles].ravel()
        arms[frame] = ((data.xpos[limbs] - data.xpos[trunk]) @ data.xmat[trunk].reshape(3, 3)).ravel()
    return feet, arms


def _low_pass(values: np.ndarray, harmonics: int) -> np.ndarray:
    series = np.fft.rfft(values, axis=0)
    series[harmonics + 1 :] = 0
    return np.fft.irfft(series, n=len(values), axis=0)


def _resample(values: np.ndarray, derivative: int, period: float) -> np.ndarray:
    """A periodic signal (T, C), or a time derivative of it, on the grid, (GRID, C)."""
    samples = len(values)
    series = np.fft.rfft(values, axis=0)
    if samples % 2 == 0:
        series[-1] = 0
    series = series * (2j * np.pi * np.arange(len(series))[:, None] / period) ** derivative
    return np.fft.irfft(series, n=GRID, axis=0) * GRID / samples
