"""Anatomical axes of a recorded skeleton's joints, whatever axes its files use.

The body's own frames have x forward, y up, z right in its reference pose: standing, arms hanging, thumbs forward.
Here each joint of the source gets a constant rotation from such a frame to its own axes. It comes from the source's
rest pose if that is a standing one (SMPL, CMU, DeepMimic: all joints unturned make a T-pose or a person at attention),
and otherwise from the clip: bones, the line between the hips, and what is up on average.
"""

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.motion import Motion

SIDES = ("right", "left")
_UPRIGHT = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # forward, up, right as columns, house frame
_FRAMES = 300  # at most so many frames are looked at
_LEG, _HIPS, _FOOT = 40.0, 25.0, 50.0  # [deg] how far bones of a standing rest pose may be from plumb, side, ahead
_STILL = 30.0  # [%] of the frames, those with the slowest ankle, in which a foot is taken to stand
_ARM = ("shoulder", "elbow", "wrist")
_SWEEP = 0.05  # [rad] deviation of an elbow's flexion in the clip above which its axis can be seen
_DOWN = ("hip", "knee", "shoulder", "elbow", "wrist")  # joints whose bones point down in the reference pose


@dataclass(frozen=True, eq=False)
class Joints:
    """A skeleton motion by name, at some of its frames.

    Attributes:
        place: joint -> (T, 3) [m], house frame.
        turn: joint -> (T, 3, 3), the joint's axes as columns in the house frame; empty without rotations.
    """

    place: dict[str, np.ndarray]
    turn: dict[str, np.ndarray]

    @classmethod
    def of(cls, motion: Motion) -> "Joints":
        """At most 300 frames, evenly spread."""
        kept = np.unique(np.linspace(0, len(motion.position) - 1, _FRAMES).astype(int))
        place = {name: motion.position[kept, k] for k, name in enumerate(motion.landmarks)}
        turn = {}
        if motion.rotation is not None:
            turn = {name: matrices(motion.rotation[kept, k]) for k, name in enumerate(motion.landmarks)}
        return cls(place, turn)

    def local(self, joint: str, vector: np.ndarray) -> np.ndarray:
        """Mean of a vector in the joint's own axes, (T, 3) -> (3,)."""
        return np.einsum("tji,tj->i", self.turn[joint], vector) / len(vector)

    def bone(self, joint: str, end: str) -> np.ndarray:
        """From a joint to another one in the first one's own axes, (3,) [m]."""
        return self.local(joint, self.place[end] - self.place[joint])


def matrices(rotation: np.ndarray) -> np.ndarray:
    """Quaternions w x y z as matrices, (T, 4) -> (T, 3, 3)."""
    return Rotation.from_quat(rotation, scalar_first=True).as_matrix()


def standard() -> np.ndarray:
    """Axes of a skeleton that stands unturned in the house frame: forward, up, right as columns, (3, 3)."""
    return _UPRIGHT.copy()


def rest_axes(joints: Joints, top: str) -> np.ndarray | None:
    """Forward, up, right of an unturned skeleton as columns in its own axes, (3, 3); None where it does not stand.

    Args:
        joints: with rotations.
        top: the highest joint of the trunk.
    """
    downs = [_unit(joints.bone(f"hip_{side}", f"knee_{side}")) for side in SIDES]
    downs += [_unit(joints.bone(f"knee_{side}", f"ankle_{side}")) for side in SIDES]
    root = "pelvis" if "pelvis" in joints.turn else top
    right = _unit(joints.local(root, joints.place["hip_right"] - joints.place["hip_left"]))
    ahead = [_unit(joints.bone(f"ankle_{side}", f"toe_{side}")) for side in SIDES if f"toe_{side}" in joints.place]
    for axes in _axis_frames():
        forward, up, side = axes.T
        if all(_near(-up, bone, _LEG) for bone in downs) and _near(side, right, _HIPS):
            if all(_near(forward, bone, _FOOT) for bone in ahead):
                return axes
    return None


def clip_axes(joints: Joints, joint: str, bone: tuple[str, str]) -> np.ndarray:
    """Anatomical axes of a joint from the clip alone, (3, 3) columns forward, up, right in the joint's own axes.

    Args:
        joints: with rotations and both hips.
        joint: whose axes.
        bone: joints at the near and far end of what turns with it; either may be "" where the skeleton has none.
    """
    world, weight = _pelvis_frames(joints), np.ones(len(joints.place[joint]))
    name, _, side = joint.partition("_")
    along = joints.place[bone[0]] - joints.place[bone[1]] if all(end in joints.place for end in bone) else None
    if name in ("ankle", "toe"):
        weight = _standing(joints.place[f"ankle_{side}"]).astype(float)
        if along is not None:
            world = _frames(forward=-along, up=world[..., 1], keep="up")
    elif name in _DOWN and along is not None:
        world = _frames(forward=world[..., 0], up=along, keep="up")
    local = np.einsum("t,tji,tjk->ik", weight, joints.turn[joint], world)
    left, _, right = np.linalg.svd(local)
    return left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right


def arm_axes(joints: Joints, joint: str, bone: tuple[str, str]) -> np.ndarray | None:
    """As `clip_axes`, for shoulder, elbow and wrist: the axis of the elbow points right; None where it cannot be seen.

    The rest pose does not tell the twist of the upper arm: in CMU's T-pose, elbows bend 30 degrees off the horizontal.
    """
    side = joint.partition("_")[2]
    if not {f"{name}_{side}" for name in _ARM} <= set(joints.place) or not set(bone) <= set(joints.place):
        return None
    shoulder = joints.turn[f"shoulder_{side}"]
    near, middle, far = (joints.place[f"{name}_{side}"] for name in _ARM)
    forearm = np.einsum("tji,tj->ti", shoulder, _unit(far - middle))
    mean = forearm.mean(axis=0)
    _, spread, sweep = np.linalg.svd(forearm - mean, full_matrices=False)
    if spread[0] < _SWEEP * np.sqrt(len(forearm)):
        return None
    bending = -np.sum(_unit(middle - near) * _unit(far - middle), axis=1)  # grows with flexion
    forward = sweep[0] * np.sign((forearm - mean) @ sweep[0] @ (bending - bending.mean()))
    axis = shoulder @ np.cross(forward, -mean)
    up = _unit(joints.local(joint, joints.place[bone[0]] - joints.place[bone[1]]))
    right = joints.local(joint, axis)
    right = _unit(right - up * (up @ right))
    return np.column_stack([np.cross(up, right), up, right])


def rolled(axes: np.ndarray, bone: np.ndarray) -> np.ndarray:
    """Axes turned about the forward one until a bone that points down lies in their plane of forward and up, (3, 3).

    In a rest pose with legs apart the feet are in line with the shanks (CMU), not flat on a floor.

    Args:
        axes: columns forward, up, right.
        bone: in the same frame, (3,).
    """
    _, up, right = axes.T @ bone
    return axes @ Rotation.from_euler("x", -np.arctan2(right, -up)).as_matrix()


def align(axes: np.ndarray, model: np.ndarray, bone: np.ndarray, *, level: bool = False) -> np.ndarray:
    """Axes turned the shortest way so that the body's bone points where the source's does, (3, 3).

    Args:
        axes: from the body's frame to the source's, (3, 3).
        model: bone in the body's frame, (3,).
        bone: bone in the source's axes, (3,).
        level: turn about the vertical axis only (a foot stays flat, and its toes point the same way).
    """
    start, end = _unit(axes @ model), _unit(bone)
    if level:
        up = axes[:, 1]
        start, end = _unit(start - up * (start @ up)), _unit(end - up * (end @ up))
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        axis, sine = axes[:, 0], 0.0  # already there, or opposite: about the forward axis
    angle = np.arctan2(sine, start @ end)
    return Rotation.from_rotvec(angle * _unit(axis)).as_matrix() @ axes


def _pelvis_frames(joints: Joints) -> np.ndarray:
    """Level frames that face where the hips do, (T, 3, 3)."""
    right = joints.place["hip_right"] - joints.place["hip_left"]
    up = np.broadcast_to([0.0, 0.0, 1.0], right.shape)
    return _frames(forward=np.cross(up, right), up=up, keep="forward")


def _frames(*, forward: np.ndarray, up: np.ndarray, keep: str) -> np.ndarray:
    """Frames, columns forward, up, right, from two directions of which `keep` is met exactly, (T, 3) -> (T, 3, 3)."""
    first, second = (forward, up) if keep == "forward" else (up, forward)
    first = _unit(first)
    second = _unit(second - first * np.sum(first * second, axis=-1, keepdims=True))
    forward, up = (first, second) if keep == "forward" else (second, first)
    return np.stack([forward, up, np.cross(forward, up)], axis=-1)


def _standing(ankle: np.ndarray) -> np.ndarray:
    """Frames in which an ankle is slow, (T, 3) -> (T,)."""
    if len(ankle) < 3:
        return np.ones(len(ankle), dtype=bool)
    speed = np.linalg.norm(np.gradient(ankle, axis=0), axis=1)
    return speed <= np.percentile(speed, _STILL)


def _axis_frames() -> list[np.ndarray]:
    """The 24 right-handed frames along the axes, columns forward, up, right; the house's own first."""
    found = [_UPRIGHT]
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        frame = np.zeros((3, 3))
        frame[order, range(3)] = signs
        if np.linalg.det(frame) > 0:
            found.append(frame)
    return found


def _near(first: np.ndarray, second: np.ndarray, degrees: float) -> bool:
    return bool(first @ second > np.cos(np.deg2rad(degrees)))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-12)
