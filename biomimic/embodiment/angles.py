"""House angles of a body: signed joint coordinates, and rotations of one body relative to another."""

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from biomimic.embodiment.description import BodyRotation, JointAngle

_AXES = "xyz"


@dataclass(frozen=True, eq=False)
class AngleMap:
    """Angles from coordinates and body orientations; vectorised over any leading axes.

    The R rotations are evaluated together: house-frame rotation of body relative to base = before (base' body) after,
    which is the identity in the reference pose.

    Attributes:
        names: of the C angles, joint angles first, then those of the rotations.
    """

    names: tuple[str, ...]
    joint_qpos: np.ndarray  # (J,)
    joint_sign: np.ndarray  # (J,)
    joint_offset: np.ndarray  # (J,) [rad]
    body: np.ndarray  # (R,)
    base: np.ndarray  # (R,)
    before: np.ndarray  # (R, 3, 3)
    after: np.ndarray  # (R, 3, 3)
    entries: np.ndarray  # (5, R) places of the matrix entries ik, jk, kk, ij, ii for the axes i, j, k
    parity: np.ndarray  # (R,) +1 when the axes are in cyclic order
    signs: np.ndarray  # (R, 3)

    @classmethod
    def of(
        cls,
        model: mujoco.MjModel,
        angles: dict[str, JointAngle],
        rotations: Sequence[BodyRotation],
        house: np.ndarray,
        reference: np.ndarray,
    ) -> "AngleMap":
        """The map for a model.

        Args:
            model: every joint and body named by the definitions is in it.
            angles: joint angles by name.
            rotations: body rotations.
            house: rows are the house axes in the model's world, (3, 3).
            reference: body orientations in the reference pose, (nbody, 3, 3).
        """
        joints = [model.joint(angle.joint).id for angle in angles.values()]
        body = np.array([model.body(rotation.body).id for rotation in rotations], dtype=int)
        base = np.array([model.body(rotation.relative_to).id for rotation in rotations], dtype=int)
        i, j, k = np.array([[_AXES.index(a) for a in r.axes] for r in rotations], dtype=int).reshape(-1, 3).T
        return cls(
            names=(*angles, *(name for rotation in rotations for name in rotation.angles)),
            joint_qpos=model.jnt_qposadr[joints].astype(int),
            joint_sign=np.array([angle.sign for angle in angles.values()], dtype=float),
            joint_offset=np.array([angle.offset for angle in angles.values()], dtype=float),
            body=body,
            base=base,
            before=house @ reference[base],
            after=np.swapaxes(reference[body], 1, 2) @ house.T,
            entries=9 * np.arange(len(body)) + np.array([3 * i + k, 3 * j + k, 3 * k + k, 3 * i + j, 3 * i + i]),
            parity=np.where((j - i) % 3 == 1, 1.0, -1.0),
            signs=np.array([rotation.signs for rotation in rotations], dtype=float).reshape(-1, 3),
        )

    def of_pose(self, qpos: np.ndarray, orientation: np.ndarray) -> np.ndarray:
        """The angles, (..., nq), (..., nbody, 3, 3) -> (..., C) [rad].

        Args:
            qpos: coordinates that satisfy the couplings.
            orientation: of every body in the model's world (`MjData.xmat`).
        """
        lead = qpos.shape[:-1]
        joints = qpos[..., self.joint_qpos] * self.joint_sign + self.joint_offset
        relative = np.swapaxes(orientation[..., self.base, :, :], -1, -2) @ orientation[..., self.body, :, :]
        turned = (self.before @ relative @ self.after).reshape(*lead, -1)
        ik, jk, kk, ij, ii = np.moveaxis(turned[..., self.entries], -2, 0)
        middle = np.arcsin(np.clip(self.parity * ik, -1.0, 1.0))
        first = np.arctan2(-self.parity * jk, kk)
        third = np.arctan2(-self.parity * ij, ii)
        rotations = np.stack([first, middle, third], axis=-1) * self.signs
        return np.concatenate([joints, rotations.reshape(*lead, self.signs.size)], axis=-1)
