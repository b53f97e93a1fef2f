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

    Attributes:
        names: of the C angles, joint angles first, then those of the rotations.
    """

    names: tuple[str, ...]
    joint_qpos: np.ndarray  # (J,)
    joint_sign: np.ndarray  # (J,)
    joint_offset: np.ndarray  # (J,) [rad]
    rotations: tuple["_Rotation", ...]

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
        return cls(
            names=(*angles, *(name for rotation in rotations for name in rotation.angles)),
            joint_qpos=model.jnt_qposadr[joints].astype(int),
            joint_sign=np.array([angle.sign for angle in angles.values()], dtype=float),
            joint_offset=np.array([angle.offset for angle in angles.values()], dtype=float),
            rotations=tuple(_Rotation.of(model, rotation, house, reference) for rotation in rotations),
        )

    def of_pose(self, qpos: np.ndarray, orientation: np.ndarray) -> np.ndarray:
        """The angles, (..., nq), (..., nbody, 3, 3) -> (..., C) [rad].

        Args:
            qpos: coordinates that satisfy the couplings.
            orientation: of every body in the model's world (`MjData.xmat`).
        """
        parts = [qpos[..., self.joint_qpos] * self.joint_sign + self.joint_offset]
        parts += [rotation.angles(orientation) for rotation in self.rotations]
        return np.concatenate(parts, axis=-1)


@dataclass(frozen=True, eq=False)
class _Rotation:
    """House-frame rotation of body relative to base: before @ (base' body) @ after, identity in the reference pose."""

    body: int
    base: int
    before: np.ndarray  # (3, 3)
    after: np.ndarray  # (3, 3)
    axes: tuple[int, int, int]
    parity: float  # +1 when the axes are in cyclic order
    signs: np.ndarray  # (3,)

    @classmethod
    def of(
        cls, model: mujoco.MjModel, rotation: BodyRotation, house: np.ndarray, reference: np.ndarray
    ) -> "_Rotation":
        body, base = model.body(rotation.body).id, model.body(rotation.relative_to).id
        first, second, third = (_AXES.index(axis) for axis in rotation.axes)
        return cls(
            body=body,
            base=base,
            before=house @ reference[base],
            after=reference[body].T @ house.T,
            axes=(first, second, third),
            parity=1.0 if (second - first) % 3 == 1 else -1.0,
            signs=np.array(rotation.signs, dtype=float),
        )

    def angles(self, orientation: np.ndarray) -> np.ndarray:
        """Intrinsic rotations about the three axes times their signs, (..., nbody, 3, 3) -> (..., 3) [rad]."""
        relative = np.swapaxes(orientation[..., self.base, :, :], -1, -2) @ orientation[..., self.body, :, :]
        r = self.before @ relative @ self.after
        i, j, k = self.axes
        middle = np.arcsin(np.clip(self.parity * r[..., i, k], -1.0, 1.0))
        first = np.arctan2(-self.parity * r[..., j, k], r[..., k, k])
        third = np.arctan2(-self.parity * r[..., i, j], r[..., i, i])
        return np.stack([first, middle, third], axis=-1) * self.signs
