"""Arm swing: the person's upper arm and forearm directions, on the body's own arm."""

from collections.abc import Mapping

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.retarget.fitting import Normal, Series
from biomimic.retarget.options import Arms, Options
from biomimic.retarget.poses import joint_names, joint_places

JOINTS = ("elv_angle", "shoulder_elv", "shoulder_rot", "elbow_flex")  # of the model, + _r or _l
_ELBOW = np.array([0.0144, -0.3200, -0.0099])  # [m] elbow in the person's right humerus, subject_walk_scaled.osim
_HINGE = (-0.0228627, 0.228018, 0.0051689)  # [rad] body-fixed x y z: elbow axis in the right humerus, same file
_TO_HOUSE = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # from OpenSim's x forward, y up, z right


def has_arms(angles: Mapping[str, np.ndarray]) -> bool:
    """Whether the person's arm angles are known."""
    return "arm_flexion_right" in angles and "arm_flexion_left" in angles


def directions(angles: Mapping[str, np.ndarray], side: str) -> tuple[np.ndarray, np.ndarray]:
    """Upper arm and forearm of the person relative to the trunk, unit vectors in house axes, 2 x (N, 3).

    Both sides' coordinates have mirrored axes, so the left arm is the right one's mirror image.
    """
    flexion, adduction, turn, elbow = (
        angles[f"{name}_{side}"] for name in ("arm_flexion", "arm_adduction", "arm_rotation", "elbow_flexion")
    )
    arm = _about(2, flexion) @ _about(0, adduction) @ _about(1, turn)
    hinge = np.eye(3)
    for axis, angle in enumerate(_HINGE):
        hinge = hinge @ _about(axis, np.array([angle]))[0]
    forearm = arm @ (hinge @ _about(2, elbow) @ hinge.T)
    mirror = np.array([1.0, 1.0 if side == "right" else -1.0, 1.0])
    upper = arm @ (_ELBOW / np.linalg.norm(_ELBOW)) @ _TO_HOUSE.T
    lower = forearm @ np.array([0.0, -1.0, 0.0]) @ _TO_HOUSE.T
    return upper * mirror, lower * mirror


def swing(embodiment: Embodiment, angles: Mapping[str, np.ndarray], options: Options) -> dict[str, np.ndarray]:
    """Joint of the model → (N,) [rad] for both arms, smooth over the cycle.

    Without arm angles of the person the arms hang still.
    """
    held = options.arms
    rest = (held.plane[0], held.elevation[0], held.rotation[0], held.elbow[0])
    found = {}
    for side in ("right", "left"):
        if has_arms(angles):
            joints = follow(embodiment, side, directions(angles, side), options)
        else:
            joints = np.tile(rest, (options.frames, 1))
        found |= {f"{name}_{side[0]}": column for name, column in zip(JOINTS, joints.T)}
        found[f"pro_sup_{side[0]}"] = np.full(options.frames, held.pronation)
    return found


def follow(embodiment: Embodiment, side: str, aims: tuple[np.ndarray, np.ndarray], options: Options) -> np.ndarray:
    """The four joints over the cycle, (N, 4), by Gauss-Newton on elbow and wrist.

    `aims` are the directions of upper arm and forearm relative to the trunk, unit vectors in house axes, 2 x (N, 3).
    """
    arm = Arm(embodiment, side)
    pulls = (options.arms.plane, options.arms.elevation, options.arms.rotation, options.arms.elbow)
    rest, loose = (np.array(part) for part in zip(*pulls))
    series = Series(options.frames, [options.harmonics.arms] * len(JOINTS))
    unknowns = np.zeros(len(series.owner))
    for _ in range(options.arms.most_steps):
        joints = rest + series.values(unknowns)
        normal = Normal(len(unknowns))
        frames = np.arange(options.frames)
        for joint in range(len(JOINTS)):
            pick = np.tile(np.eye(len(JOINTS))[joint], (options.frames, 1))
            normal.add(series.rows(pick, frames), joints[:, joint] - rest[joint], loose[joint])
            bend = series.bend * (series.owner == joint)
            normal.add(bend, bend @ unknowns, options.arms.bend)
        _reach(normal, series, arm, (joints, aims), options.arms)
        change = normal.step()
        unknowns = unknowns + change
        if np.abs(change).max() < options.arms.tolerance:
            break
    return np.maximum(rest + series.values(unknowns), [-np.inf, 0.0, -np.inf, 0.0])


class Arm:
    """Shoulder, elbow and wrist of the body in its reference pose, with their derivatives by the four joints."""

    def __init__(self, embodiment: Embodiment, side: str) -> None:
        self.embodiment = embodiment
        self.outward = -1.0 if side == "right" else 1.0
        names = [f"{name}_{side[0]}" for name in JOINTS]
        columns = [embodiment.couplings.column(name) for name in names]
        self.places = joint_places(embodiment)[[joint_names(embodiment).index(name) for name in names]]
        self.columns = columns
        self.bodies = [
            embodiment.model.body(embodiment.landmarks[f"{part}_{side}"].body).id
            for part in ("shoulder", "elbow", "wrist")
        ]
        self.data = mujoco.MjData(embodiment.model)

    def at(self, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places (3, 3) [m] of the three points in house axes and their derivatives (3, 3, 4)."""
        body, data = self.embodiment, self.data
        data.qpos[:] = body.model.qpos0
        data.qpos[self.places] = joints
        data.qpos[:] = body.couplings.expand(data.qpos)
        mujoco.mj_kinematics(body.model, data)
        mujoco.mj_comPos(body.model, data)
        slope = body.couplings.jacobian(data.qpos)[:, self.columns]
        places, slopes = np.empty((3, 3)), np.empty((3, 3, 4))
        full = np.empty((3, body.model.nv))
        for point, number in enumerate(self.bodies):
            mujoco.mj_jacBody(body.model, data, full, None, number)
            places[point] = body.house @ data.xpos[number]
            slopes[point] = body.house @ full @ slope
        return places, slopes


def _reach(
    normal: Normal, series: Series, arm: Arm, state: tuple[np.ndarray, tuple[np.ndarray, np.ndarray]], held: Arms
) -> None:
    """Add how far elbow and wrist are from the person's, and from being away from the body."""
    joints, (upper, lower) = state
    width = np.array([held.along, held.aside, held.along])
    for frame, pose in enumerate(joints):
        places, slopes = arm.at(pose)
        at = np.full(3, frame)
        lengths = np.linalg.norm(np.diff(places, axis=0), axis=1)
        elbow = places[1] - places[0] - lengths[0] * upper[frame]
        wrist = places[2] - places[0] - lengths[0] * upper[frame] - lengths[1] * lower[frame]
        normal.add(series.rows(slopes[1] - slopes[0], at), elbow, width)
        normal.add(series.rows(slopes[2] - slopes[0], at), wrist, width)
        aside = arm.outward * (places[1] - places[0])[1] / lengths[0] - np.sin(held.least_aside)
        if aside < 0.0:
            row = arm.outward * (slopes[1] - slopes[0])[1:2] / lengths[0]
            normal.add(series.rows(row, at[:1]), np.array([aside]), held.aside_width)


def _about(axis: int, angle: np.ndarray) -> np.ndarray:
    """Rotations about one axis, (N,) -> (N, 3, 3)."""
    c, s = np.cos(angle), np.sin(angle)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    rotation = np.zeros((len(angle), 3, 3))
    rotation[:, axis, axis] = 1.0
    rotation[:, i, i] = rotation[:, j, j] = c
    rotation[:, i, j], rotation[:, j, i] = -s, s
    return rotation
