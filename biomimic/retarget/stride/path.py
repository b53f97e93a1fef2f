"""The way of the body through a clip: position, orientation and joints, apart from where it heads."""

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory
from biomimic.retarget.contact import Points
from biomimic.retarget.poses import joint_places


@dataclass(frozen=True, eq=False)
class Path:
    """A clip in independent coordinates.

    Attributes:
        root: position of the root in house axes, (T, 3) [m].
        facing: orientation of the root relative to its reference pose, which is not turned, T rotations in the model's
            world.
        joints: independent joints, (T, J) [rad].
    """

    root: np.ndarray
    facing: Rotation
    joints: np.ndarray

    @property
    def turn(self) -> np.ndarray:
        """Rotation vector relative to the mean heading, (T, 3) [rad]."""
        return (self.heading.inv() * self.facing).as_rotvec()

    @property
    def heading(self) -> Rotation:
        """Rotation about the vertical that is nearest to the mean orientation."""
        x, y, z, w = self.facing.mean().as_quat()
        return Rotation.from_quat([0.0, 0.0, z, w])

    def travel(self, start: int, lag: int) -> np.ndarray:
        """Displacement over the floor from a frame to `lag` frames later, (2,) [m]."""
        return self.root[start + lag, :2] - self.root[start, :2]


def path(embodiment: Embodiment, clip: Trajectory) -> Path:
    """The clip's way."""
    return Path(
        root=embodiment.to_house(clip.qpos[:, :3]),
        facing=Rotation.from_quat(clip.qpos[:, 3:7], scalar_first=True),
        joints=clip.qpos[:, joint_places(embodiment)],
    )


def pose_com(embodiment: Embodiment, qpos: np.ndarray) -> np.ndarray:
    """Centre of mass of the body in each pose, (T, nq) -> (T, 3) [m], in the model's world."""
    data, found = mujoco.MjData(embodiment.model), np.empty((len(qpos), 3))
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(embodiment.model, data)
        mujoco.mj_comPos(embodiment.model, data)
        found[frame] = data.subtree_com[1]
    return found


def point_places(embodiment: Embodiment, qpos: np.ndarray, points: Points) -> np.ndarray:
    """Centres of the contact points in each pose, (T, nq) -> (T, P, 3) [m], house axes."""
    data, found = mujoco.MjData(embodiment.model), np.empty((len(qpos), len(points.names), 3))
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(embodiment.model, data)
        turned = (data.xmat[points.bodies].reshape(-1, 3, 3) @ points.places[:, :, None])[..., 0]
        found[frame] = embodiment.to_house(data.xpos[points.bodies] + turned)
    return found
