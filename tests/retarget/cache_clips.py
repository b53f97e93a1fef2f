"""Made-up clips of both bodies: every joint swings within its range, the whole body moves and turns."""

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance


def swinging(body: Embodiment, frames: int = 40, rate: float = 100.0) -> Trajectory:
    """Coordinates satisfy the couplings, speeds are their differences; it starts at the origin of the floor."""
    model = body.model
    phase = np.linspace(0.0, 3.0, frames)[:, None] + np.arange(model.nq)
    qpos = np.tile(model.qpos0, (frames, 1))
    for joint in range(model.njnt):
        place = model.jnt_qposadr[joint]
        if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
            turn = 0.3 * np.sin(phase[:, 0])
            qpos[:, :3] = np.column_stack([0.0 * turn, -turn, 0.95 + 0.1 * turn])
            qpos[:, 3:7] = np.column_stack([np.cos(turn), 0.0 * turn, 0.0 * turn, np.sin(turn)])
        else:
            low, high = model.jnt_range[joint]
            qpos[:, place] = low + (high - low) * (0.5 + 0.3 * np.sin(phase[:, place]))
    qpos = body.couplings.expand(qpos)
    qvel = np.zeros((frames, model.nv))
    for frame in range(frames - 1):
        mujoco.mj_differentiatePos(model, qvel[frame], 1.0 / rate, qpos[frame], qpos[frame + 1])
    qvel[-1] = qvel[-2]
    marks = len(body.landmarks)
    return Trajectory(
        rate=rate,
        qpos=qpos,
        qvel=qvel,
        landmark_position=body.to_model(body.trajectory_landmarks(qpos)),
        landmark_rotation=np.tile([1.0, 0.0, 0.0, 0.0], (frames, marks, 1)),
        landmarks=tuple(body.landmarks),
        embodiment=body.name,
        model_sha256=body.sha256,
        provenance=Provenance("made by this test"),
    )
