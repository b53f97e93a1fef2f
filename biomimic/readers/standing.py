"""What a file of joints does not say: its unit, which way is up, how the rest pose faces; and the Motion made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, BadValue
from biomimic.motion import Motion
from biomimic.provenance import Provenance, sha256
from biomimic.readers import quaternions
from biomimic.readers.joints import Known, Skeleton

AXES = ("x", "y", "z", "-x", "-y", "-z")
CMU_UNIT = 0.0254 / 0.45  # [m], one unit of the CMU database is 1 / 0.45 inch; mocap.cs.cmu.edu, "length 0.45"
_UNITS = {"metres": 1.0, "centimetres": 0.01, "millimetres": 0.001, "CMU units of 56.444 mm": CMU_UNIT}
_LEG = (0.6, 1.1)  # [m] hip to ankle along the bones, from a child of 1.2 m to a man of 2.2 m (Winter: 0.491 height)
_UPRIGHT = 0.8  # cosine between the body and the axis that is called up
_FACING = 0.9  # cosine between a rest pose's directions and the file's axes
_STEP, _TIMES = 0.15, 5.0  # first frame: a joint moves this far [m] and this many times as far as in the next ones


@dataclass(frozen=True, eq=False)
class Posed:
    """Joints of a file in all frames, in the file's own unit, axes and names.

    Args:
        path: the file.
        rate: [Hz].
        skeleton: its joints.
        known: which of them have house names.
        position: (T, J, 3).
        rotation: (T, J, 4) orientation in the file's world.
        notes: what the reader decided so far, for the provenance.
    """

    path: Path
    rate: float
    skeleton: Skeleton
    known: Known
    position: np.ndarray
    rotation: np.ndarray
    notes: tuple[str, ...] = field(default=())

    def at(self, joint: str) -> np.ndarray:
        """(T, 3) place of a joint by its house name."""
        return self.position[:, self.known.joints[joint]]


def motion(
    posed: Posed, *, unit: float | None = None, up: str | None = None, world: np.ndarray | None = None
) -> Motion:
    """The Motion in the house frame, in metres.

    Args:
        posed: what the file holds.
        unit: length of the file's unit [m]; None decides it by the length of the legs.
        up: axis of the file's world that points up, one of x y z -x -y -z; None finds it from the standing person.
        world: (3, 3) turn from the file's world to the house frame where the format fixes it; overrides `up`.

    Raises:
        BadFile: no frames, no numbers, legs of impossible length, or a person who does not stand upright.
    """
    _check(posed)
    scale, unit_note = _unit(posed, unit)
    notes = [f"skeleton family {posed.known.family}", *posed.notes, unit_note]
    first = first_frame(posed, scale)
    if first:
        notes.append("frame 0 (rest pose) dropped")
    if world is None:
        found = upward(posed) if up is None else up
        world = turn_up(found)
        notes.append(f"{found} of the file is up")
    if _chest_has_no_length(posed.skeleton, posed.known.joints):
        notes.append("the chest bone has no length in this file, neck and shoulders stand that much too low")
    facing = rest_axes(posed.skeleton, posed.known.joints)
    if facing is None:
        notes.append("joint axes are the file's own, its rest pose does not stand")
    indices = list(posed.known.joints.values())
    position = scale * posed.position[first:, indices] @ world.T
    left = quaternions.of_matrix(world)
    right = quaternions.of_matrix(np.eye(3) if facing is None else facing)
    rotation = quaternions.multiply(quaternions.multiply(left, posed.rotation[first:, indices]), right)
    provenance = Provenance(posed.path.name, sha256=sha256(posed.path), note="; ".join(note for note in notes if note))
    try:
        return Motion(
            posed.rate, position, tuple(posed.known.joints), provenance, rotation=quaternions.continuous(rotation)
        )
    except BadValue as error:
        raise BadFile(f"{posed.path}: {error}") from None


def fits(posed: Posed, unit: float) -> bool:
    """Whether the legs are a person's with this unit [m]."""
    return _LEG[0] <= unit * _legs(posed) <= _LEG[1]


def upward(posed: Posed) -> str:
    """Axis of the file's world along which the body stands, from ankles to neck or head, over the whole clip.

    Raises:
        BadFile: the body stands along no axis, as in a clip of somebody lying or crawling.
    """
    joints = posed.known.joints
    top = next(joint for joint in ("neck", "head", *reversed(list(joints))) if joint in joints)
    body = posed.at(top) - 0.5 * (posed.at("ankle_left") + posed.at("ankle_right"))
    mean = np.median(body / np.linalg.norm(body, axis=1, keepdims=True), axis=0)
    axis = int(np.argmax(np.abs(mean)))
    if abs(mean[axis]) < _UPRIGHT:
        raise BadFile(
            f"{posed.path}: which axis is up cannot be found, the body stands along none (ankles to {top}: "
            f"{mean[0]:.2f} {mean[1]:.2f} {mean[2]:.2f}); give up=, one of {', '.join(AXES)}."
        )
    return AXES[axis + (3 if mean[axis] < 0 else 0)]


def turn_up(axis: str) -> np.ndarray:
    """(3, 3) turn that takes this axis to z and keeps the cyclic order of the others.

    Raises:
        BadValue: no such axis.
    """
    if axis not in AXES:
        raise BadValue(f'up is "{axis}"; it may be one of {", ".join(AXES)}.')
    number = AXES.index(axis) % 3
    turn = np.eye(3)[[(number + 1) % 3, (number + 2) % 3, number]]
    return turn if AXES.index(axis) < 3 else np.diag([1.0, -1.0, -1.0]) @ turn


def rest_axes(skeleton: Skeleton, joints: Mapping[str, int]) -> np.ndarray | None:
    """(3, 3) columns forward, left, up of the person standing in the rest pose; None where it does not stand."""
    rest = skeleton.rest()
    hips = [rest[joints[f"hip_{side}"]] for side in ("left", "right")]
    knees = [rest[joints[f"knee_{side}"]] for side in ("left", "right")]
    ankles = [rest[joints[f"ankle_{side}"]] for side in ("left", "right")]
    directions = [hips[0] - hips[1]]
    directions += [upper - lower for upper, lower in zip(hips + knees, knees + ankles)]
    signed = []
    for direction in directions:
        axis = int(np.argmax(np.abs(direction)))
        if abs(direction[axis]) < _FACING * np.linalg.norm(direction) or not direction.any():
            return None
        signed.append(np.sign(direction[axis]) * np.eye(3)[axis])
    left, up = signed[0], signed[1]
    if abs(left @ up) > 0.5 or any(up @ other < 0.5 for other in signed[1:]):
        return None
    return np.column_stack([np.cross(left, up), left, up])


def first_frame(posed: Posed, scale: float) -> int:
    """1 where frame 0 is a rest pose that the person jumps out of, else 0."""
    if len(posed.position) < 4:
        return 0
    relative = scale * (posed.position[:12] - posed.at("pelvis")[:12, None])
    steps = np.linalg.norm(np.diff(relative, axis=0), axis=-1).max(axis=1)
    return int(steps[0] > _STEP and steps[0] > _TIMES * steps[1:].max())


def _chest_has_no_length(skeleton: Skeleton, joints: Mapping[str, int]) -> bool:
    """Clavicles begin on the highest joint of the spine, as in CMU clips that went through MotionBuilder."""
    chest = max((joint for joint in joints if joint.startswith("spine")), default=None)
    if chest is None or "clavicle_left" not in joints:
        return False
    rest = skeleton.rest()
    size = np.linalg.norm(rest[joints["clavicle_left"]] - rest[joints[chest]])
    return bool(size < 1e-3 * np.ptp(rest))


def _check(posed: Posed) -> None:
    if not len(posed.position):
        raise BadFile(f"{posed.path} holds no frames.")
    for name, values in (("position", posed.position), ("orientation", posed.rotation)):
        bad = ~np.isfinite(values).all(axis=-1)
        if bad.any():
            frame, joint = np.argwhere(bad)[0]
            raise BadFile(
                f"{posed.path}: the {name} of {posed.skeleton.names[joint]} is not a number in frame {frame} "
                f"(in {int(bad.any(axis=1).sum())} frames in all); cut the clip or repair it."
            )


def _unit(posed: Posed, unit: float | None) -> tuple[float, str]:
    leg = _legs(posed)
    if unit is not None:
        if not fits(posed, unit):
            raise BadFile(
                f"{posed.path}: with units of {unit:.6g} m the legs are {unit * leg:.3g} m long from hip to ankle; a "
                f"person's are {_LEG[0]} to {_LEG[1]} m."
            )
        return unit, ""
    fitting = [(word, size) for word, size in _UNITS.items() if _LEG[0] <= size * leg <= _LEG[1]]
    if not fitting:
        raise BadFile(
            f"{posed.path}: the legs are {leg:.4g} units long from hip to ankle, which is no person's {_LEG[0]} to "
            f"{_LEG[1]} m in {', '.join(_UNITS)}; give unit= in metres."
        )
    word, size = fitting[0]
    return size, f"lengths taken as {word}: hip to ankle {size * leg:.3f} m"


def _legs(posed: Posed) -> float:
    """Hip to knee to ankle, median over the clip, mean of both sides, in the file's unit."""
    lengths = []
    for side in ("left", "right"):
        hip, knee, ankle = (posed.at(f"{joint}_{side}") for joint in ("hip", "knee", "ankle"))
        lengths.append(np.median(np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)))
    return float(np.mean(lengths))
