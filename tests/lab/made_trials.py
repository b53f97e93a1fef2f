"""Motions of a simulated body that are known in closed form, and trials made of them."""

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.provenance import Provenance
from biomimic.recording import UNITS, Recording
from biomimic.signals import Signals


def swing(body: Embodiment, time: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates, speeds and accelerations of a motion whose derivatives are exact, couplings included.

    Every independent joint swings around 0.2 with its own phase; the root moves forward, up and down and tilts about
    the house's y axis.
    """
    model, rule = body.model, body.couplings
    qpos = np.tile(model.qpos0, (len(time), 1)).astype(float)
    speed, push = np.zeros((2, len(time), model.nv))
    for joint in range(model.njnt):
        place, column = model.jnt_qposadr[joint], model.jnt_dofadr[joint]
        if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
            _root(qpos, speed, push, time, place)
        elif column in rule.independent:
            turn = 2.0 * np.pi * time + joint
            qpos[:, place] = 0.2 + 0.15 * np.sin(turn)
            speed[:, column] = 0.15 * 2.0 * np.pi * np.cos(turn)
            push[:, column] = -0.15 * (2.0 * np.pi) ** 2 * np.sin(turn)
    qpos = rule.expand(qpos)
    for row in range(len(time)):
        jacobian = rule.jacobian(qpos[row])
        own = speed[row, rule.independent]
        push[row] = jacobian @ push[row, rule.independent] + rule.drift(qpos[row], own)
        speed[row] = jacobian @ own
    return qpos, speed, push


def _root(qpos: np.ndarray, speed: np.ndarray, push: np.ndarray, time: np.ndarray, place: int) -> None:
    """1 m/s along x, 3 cm up and down, 0.1 rad of tilt about y; for a body whose world is the house's."""
    turn = 2.0 * np.pi * time
    qpos[:, place] = time
    qpos[:, place + 2] = 0.9 + 0.03 * np.sin(2.0 * turn)
    speed[:, 0] = 1.0
    speed[:, 2] = 0.03 * 4.0 * np.pi * np.cos(2.0 * turn)
    push[:, 2] = -0.03 * (4.0 * np.pi) ** 2 * np.sin(2.0 * turn)
    tilt = 0.1 * np.sin(turn)
    qpos[:, place + 3 : place + 7] = np.column_stack([np.cos(tilt / 2), 0.0 * tilt, np.sin(tilt / 2), 0.0 * tilt])
    speed[:, 4] = 0.1 * 2.0 * np.pi * np.cos(turn)
    push[:, 4] = -0.1 * (2.0 * np.pi) ** 2 * np.sin(turn)


def needed(body: Embodiment, poses: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Generalised force on the independent speeds that the motion needs without any ground, (T, I).

    By MuJoCo's mass matrix and bias, less the inertia of the rotors, which people do not have.
    """
    model = body.model
    data, rows = mujoco.MjData(model), []
    for pose, speed, push in zip(*poses):
        data.qpos[:], data.qvel[:] = pose, speed
        mujoco.mj_fwdPosition(model, data)
        mujoco.mj_fwdVelocity(model, data)
        inertia = np.zeros(model.nv)
        mujoco.mj_mulM(model, data, inertia, push)
        total = inertia + data.qfrc_bias - model.dof_armature * push
        rows.append(body.couplings.jacobian(pose).T @ total)
    return np.array(rows)


def made_trial(body: Embodiment, seconds: float = 1.5) -> Recording:
    """A simulated trial with both feet on the ground and moments that follow from the motion."""
    time = np.arange(round(100 * seconds) + 1) / 100.0
    poses = swing(body, time)
    turn = 2.0 * np.pi * time
    vertical = {"right": 100.0 + 30.0 * np.sin(turn), "left": 90.0 - 30.0 * np.sin(turn)}
    force, pressure, free = {}, {}, {}
    total = np.zeros((len(time), body.couplings.independent.size))
    for side, sign in (("right", -1.0), ("left", 1.0)):
        ahead, outward = 10.0 * np.cos(turn), 5.0 + 0.0 * time
        place = np.column_stack([time + 0.05 * sign, 0.1 * sign + 0.0 * time, 0.0 * time])
        vector = np.column_stack([ahead, sign * outward, vertical[side]])
        moment = 2.0 * np.sin(turn)
        force |= {f"vertical_{side}": vertical[side], f"anterior_{side}": ahead, f"lateral_{side}": outward}
        pressure |= {f"pressure_x_{side}": place[:, 0], f"pressure_y_{side}": place[:, 1]}
        free |= {f"free_moment_{side}": moment}
        wrench = np.concatenate([vector, np.cross(place, vector)], axis=1)
        wrench[:, 5] += moment
        total -= by_foot(body, poses, wrench, side)
    total += needed(body, poses)
    moments = {name: total[:, one.column] * one.scale for name, one in body.moments.items()}
    parts = {"force": force, "pressure": pressure, "free_moment": free, "moment": moments}
    angles = dict(zip(body.angle_names, body.trajectory_angles(poses[0]).T))
    points = body.trajectory_landmarks(poses[0])
    spots = {f"{name}_{axis}": points[:, k, i] for k, name in enumerate(body.landmarks) for i, axis in enumerate("xyz")}
    parts |= {"angles": angles, "position": spots}
    made = {name: _signals(time, channels, UNITS[name]) for name, channels in parts.items()}
    names = tuple(str(column) for column in range(body.model.nq))
    made["coordinates"] = Signals(time, poses[0], names, "1")
    return Recording("simulated", "made", body.mass, Provenance("made by a test"), **made)


def by_foot(body: Embodiment, poses: tuple, wrench: np.ndarray, side: str) -> np.ndarray:
    """What the ground's wrench (about the origin) does to the independent speeds, (T, I)."""
    model, data, rows = body.model, mujoco.MjData(body.model), []
    foot = body.feet[side].body_ids[0]
    for pose, pushed in zip(poses[0], wrench):
        data.qpos[:] = pose
        mujoco.mj_fwdPosition(model, data)
        linear, turning = np.zeros((2, 3, model.nv))
        mujoco.mj_jac(model, data, linear, turning, np.zeros(3), foot)
        force, moment = body.house.T @ pushed[:3], body.house.T @ pushed[3:]  # from the house's axes to the model's
        rows.append(body.couplings.jacobian(pose).T @ (linear.T @ force + turning.T @ moment))
    return np.array(rows)


def _signals(time: np.ndarray, channels: dict[str, np.ndarray], unit: str) -> Signals:
    return Signals(time, np.column_stack(list(channels.values())), tuple(channels), unit)
