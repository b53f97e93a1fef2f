"""A periodic target in closed form: every coordinate is a constant and a few sines of the phase."""

from __future__ import annotations

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance

PERIOD = 1.1  # [s]
SPEED = 1.2  # [m/s]
FRAMES = 80
SWAY = 0.02  # [m] of the root, one wave a cycle
HIP = 0.3  # [rad] of the right hip, one wave a cycle; the left one half a cycle later
KNEE = 0.2  # [rad] of both knees, two waves a cycle, around as much
LEFT_STRIKE = 0.49  # at frame 39.2: 20 N are a fifth of the way from 0 N at frame 39 to 100 N at frame 40
_ANGLES = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion", "ankle_dorsiflexion")
MOMENTS = tuple(f"{angle}_{side}" for side in ("right", "left") for angle in _ANGLES)
LARGEST = 5.0 * np.arange(1, len(MOMENTS) + 1)  # [N m], one wave a cycle


def made_walk(body: Embodiment, standing: np.ndarray) -> Trajectory:
    """One stride from a right heel strike; the right foot bears load in the first 60 %, the left from 49 to 10 %."""
    model = body.model
    phase = np.arange(FRAMES) / FRAMES
    turn = 2 * np.pi * phase
    qpos = np.tile(standing, (FRAMES, 1))
    forward, left = body.house[0], body.house[1]
    qpos[:, :3] += np.outer(SPEED * PERIOD * phase, forward) + np.outer(SWAY * np.sin(turn), left)
    for side, shift in (("r", 0.0), ("l", np.pi)):
        qpos[:, model.joint(f"hip_flexion_{side}").qposadr[0]] = HIP * np.cos(turn + shift)
        qpos[:, model.joint(f"knee_angle_{side}").qposadr[0]] = KNEE * (1.0 - np.cos(2.0 * turn))
    qpos = body.couplings.expand(qpos)
    qvel = np.zeros((FRAMES, model.nv))
    qvel[:, :3] = SPEED * forward + np.outer(2 * np.pi / PERIOD * SWAY * np.cos(turn), left)
    force = np.zeros((FRAMES, 6))
    force[:, 2] = np.where(phase < 0.6, 100.0, 0.0)
    force[:, 5] = np.where((np.arange(FRAMES) >= 40) | (phase < 0.1), 100.0, 0.0)
    marks = len(body.landmarks)
    return Trajectory(
        rate=FRAMES / PERIOD,
        qpos=qpos,
        qvel=qvel,
        landmark_position=np.zeros((FRAMES, marks, 3)),
        landmark_rotation=np.tile([1.0, 0.0, 0.0, 0.0], (FRAMES, marks, 1)),
        landmarks=tuple(body.landmarks),
        embodiment=body.name,
        model_sha256=body.sha256,
        provenance=Provenance("made by a test"),
        period=PERIOD,
        force=force,
        moment=np.outer(np.sin(turn), LARGEST),
        moment_names=MOMENTS,
        com=_com(model, qpos),
    )


def _com(model: mujoco.MjModel, qpos: np.ndarray) -> np.ndarray:
    data = mujoco.MjData(model)
    found = np.empty((len(qpos), 3))
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        found[frame] = data.subtree_com[1]
    return found
