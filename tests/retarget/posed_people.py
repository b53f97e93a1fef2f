"""Motions made from the body's own kinematics: what a perfect recording of it would be."""

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.embodiment import Embodiment
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.retarget.body_frames import BodyFrames
from biomimic.retarget.joint_targets import table
from biomimic.retarget.targets import Targets

SIDED = ("hip", "knee", "ankle", "toe", "shoulder", "elbow", "wrist", "hand")
MIDDLE = ("pelvis", "spine", "neck", "head")
JOINTS = (*MIDDLE, *(f"{joint}_{side}" for side in ("right", "left") for joint in SIDED))


def walking(body: Embodiment, frames: int = 40) -> np.ndarray:
    """Poses in which hips, knees, elbows and shoulders swing and the body turns and travels, (T, nq)."""
    qpos = np.tile(body.model.qpos0, (frames, 1))
    phase = 2.0 * np.pi * np.arange(frames) / frames
    swings = {"hip_flexion": (0.1, 0.4), "knee_angle": (0.5, 0.4), "elbow_flex": (0.6, 0.4), "shoulder_rot": (0.0, 0.2)}
    for side, late in (("r", 0.0), ("l", np.pi)):
        for joint, (mean, swing) in swings.items():
            qpos[:, body.model.joint(f"{joint}_{side}").qposadr[0]] = mean + swing * np.sin(phase + late)
    if body.model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE:
        qpos[:, :3] += np.outer(np.arange(frames) * 0.01, [0.0, -1.0, 0.0])
        qpos[:, 3:7] = Rotation.from_euler("z", 0.3 * np.sin(phase)[:, None]).as_quat(scalar_first=True)
    return body.couplings.expand(qpos)


def recorded(body: Embodiment, qpos: np.ndarray, *, own_axes: dict[str, np.ndarray] | None = None) -> Motion:
    """Joints of the house's table at their places on the body.

    Args:
        body: whose poses.
        qpos: (T, nq).
        own_axes: joint -> constant turn from the body's frame to the source's, (3, 3); the body's own where missing.
    """
    frames, entries = BodyFrames(body), table()
    rows = []
    for name in JOINTS:
        stem, _, side = name.partition("_")
        entry = entries[stem].on(side)
        place = frames.place(entry.body, entry.at) + np.array(entry.shift)
        rows.append((frames.ids[entry.body], place, frames.ids[entry.turn or entry.body]))
    data = mujoco.MjData(body.model)
    position, rotation = np.empty((len(qpos), len(JOINTS), 3)), np.empty((len(qpos), len(JOINTS), 4))
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(body.model, data)
        turns = data.xmat.reshape(-1, 3, 3)
        for column, (number, place, turning) in enumerate(rows):
            position[frame, column] = body.house @ (data.xpos[number] + turns[number] @ place)
            own = (own_axes or {}).get(JOINTS[column], np.eye(3))
            turn = Rotation.from_matrix(body.house @ turns[turning] @ own)
            rotation[frame, column] = turn.as_quat(scalar_first=True)
    return Motion(100.0, position, JOINTS, Provenance("made by this test"), rotation=rotation)


def distance(body: Embodiment, aim: Targets, qpos: np.ndarray) -> np.ndarray:
    """Of the points on the posed body from where they should be, (T, P) [m]."""
    data = mujoco.MjData(body.model)
    found = np.empty(aim.position.shape)
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(body.model, data)
        turned = (data.xmat.reshape(-1, 3, 3)[aim.bodies] @ aim.offsets[..., None])[..., 0]
        found[frame] = body.to_house(data.xpos[aim.bodies] + turned)
    return np.linalg.norm(found - aim.position, axis=-1)
