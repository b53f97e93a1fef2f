"""Poses of one cycle as root position, root rotation vector and independent joints; model states from them."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.embodiment import Embodiment
from biomimic.retarget import fourier


@dataclass(frozen=True, eq=False)
class Poses:
    """A cycle of N poses in the model's world; all periodic, the progress is kept apart.

    Attributes:
        root: position of the root without the progress, (N, 3) [m].
        turn: rotation vector of the root from its reference pose, which is not turned, (N, 3) [rad].
        joints: independent joints in the order of the couplings, without the root, (N, J).
        travel: displacement in one cycle, (3,) [m].
        period: [s].
    """

    root: np.ndarray
    turn: np.ndarray
    joints: np.ndarray
    travel: np.ndarray
    period: float

    @property
    def advance(self) -> np.ndarray:
        """Displacement since the first frame, (N, 3) [m]."""
        return np.arange(len(self.root))[:, None] / len(self.root) * self.travel


def joint_names(embodiment: Embodiment) -> tuple[str, ...]:
    """Model names of the columns of `Poses.joints`."""
    return embodiment.couplings.names[6:]


def joint_places(embodiment: Embodiment) -> np.ndarray:
    """Places of the columns of `Poses.joints` in qpos, (J,)."""
    model, independent = embodiment.model, embodiment.couplings.independent
    return model.jnt_qposadr[model.dof_jntid[independent[6:]]].astype(int)


def positions(embodiment: Embodiment, poses: Poses) -> np.ndarray:
    """Model coordinates with couplings and progress, (N, nq)."""
    qpos = np.tile(embodiment.model.qpos0, (len(poses.root), 1))
    qpos[:, :3] = poses.root + poses.advance
    qpos[:, 3:7] = Rotation.from_rotvec(poses.turn).as_quat(scalar_first=True)
    qpos[:, joint_places(embodiment)] = poses.joints
    return embodiment.couplings.expand(qpos)


def speeds(embodiment: Embodiment, poses: Poses, qpos: np.ndarray) -> np.ndarray:
    """Model velocities, exact derivatives of the periodic poses, (N, nv)."""
    linear = fourier.derivative(poses.root, poses.period) + poses.travel / poses.period
    turning = np.einsum("nij,nj->ni", turn_jacobian(poses.turn), fourier.derivative(poses.turn, poses.period))
    independent = np.hstack([linear, turning, fourier.derivative(poses.joints, poses.period)])
    return np.array([embodiment.couplings.jacobian(q) @ v for q, v in zip(qpos, independent)])


def turn_jacobian(turn: np.ndarray) -> np.ndarray:
    """Angular velocity in the body's own frame by the derivative of its rotation vector, (N, 3) -> (N, 3, 3).

    Source:
        Right Jacobian of SO(3): Chirikjian, Stochastic models, information theory and Lie groups 2, 2012, eq. 10.86.
    """
    square = np.sum(turn**2, axis=-1)[:, None, None]
    angle = np.sqrt(square)
    small = square < 1e-8
    safe = np.where(small, 1.0, square)
    first = np.where(small, 0.5, (1.0 - np.cos(angle)) / safe)
    second = np.where(small, 1.0 / 6.0, (angle - np.sin(angle)) / (safe * np.where(small, 1.0, angle)))
    cross = np.zeros((len(turn), 3, 3))
    for axis in range(3):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        cross[:, j, i], cross[:, i, j] = turn[:, axis], -turn[:, axis]
    return np.eye(3) - first * cross + second * (cross @ cross)
