"""Motion of BVH files: any order of channels, joints that slide, any up axis, units by the length of the legs."""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.motion import Motion
from biomimic.readers import quaternions, standing, text
from biomimic.readers.joints import Skeleton, recognise

_CHANNEL = re.compile(r"([xyz])(position|rotation)", re.IGNORECASE)
_USUAL = (23.976, 24.0, 25.0, 29.97, 30.0, 50.0, 59.94, 60.0, 90.0, 100.0, 119.88, 120.0, 150.0, 200.0, 240.0, 250.0)


@dataclass
class _Hierarchy:
    """Joints as they are read, one after the other."""

    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float]] = field(default_factory=list)
    channels: list[list[tuple[int, bool]]] = field(default_factory=list)  # (axis, is a rotation) of each column


def read(path: str | Path, *, unit: float | None = None, up: str | None = None) -> Motion:
    """Joints of a BVH file in the house frame, in metres, heading as recorded.

    Position channels of a joint replace its offset, as MotionBuilder and Bandai Namco write them. A first frame in the
    rest pose, which the person jumps out of, is dropped and noted.

    Args:
        path: the file.
        unit: length of the file's unit [m]; None takes the one of metres, centimetres, millimetres and the CMU unit
            with which the legs are 0.6 to 1.1 m long, and notes it.
        up: axis of the file's world that points up; None finds it from the standing person.

    Raises:
        BadFile: no BVH file, cut short, something that is no number, no frames, impossible legs.
        UnknownName: a skeleton that no family knows.
    """
    path = Path(path)
    head, body = _halves(path)
    hierarchy = _hierarchy(head, path)
    rate, values = _frames(body, sum(map(len, hierarchy.channels)), path)
    if not len(values):
        raise BadFile(f"{path} holds no frames.")
    skeleton = Skeleton(tuple(hierarchy.names), tuple(hierarchy.parents), np.array(hierarchy.offsets))
    known = recognise(skeleton.names, path)
    local, offsets = _channels(hierarchy, values)
    slides = np.ptp(offsets[:, 1:], axis=0).any() or not np.array_equal(offsets[0, 1:], skeleton.offsets[1:])
    position, rotation = skeleton.pose(local, offsets[:, 0], offsets if slides else None)
    posed = standing.Posed(path, rate, skeleton, known, position, rotation, ("heading as recorded",))
    return standing.motion(posed, unit=unit, up=up)


def _halves(path: Path) -> tuple[str, str]:
    parts = re.split(r"^\s*MOTION\s*$", text.content(path), maxsplit=1, flags=re.MULTILINE)
    if len(parts) != 2 or "HIERARCHY" not in parts[0]:
        raise BadFile(f"{path} is no BVH file or is cut short: no line HIERARCHY with a line MOTION after it.")
    return parts[0], parts[1]


def _hierarchy(head: str, path: Path) -> _Hierarchy:
    found, open_joints = _Hierarchy(), []  # open_joints: indices, -1 for an end site
    for number, line in enumerate(head.splitlines(), start=1):
        words = line.split()
        if not words or words[0] in ("HIERARCHY", "{"):
            continue
        try:
            _take(found, open_joints, words)
        except (ValueError, IndexError):
            raise BadFile(f'{path}: line {number} of the hierarchy cannot be read: "{line.strip()[:60]}".') from None
    if open_joints or not found.names:
        raise BadFile(f"{path}: the hierarchy is cut short; {len(open_joints)} joints are not closed.")
    return found


def _take(found: _Hierarchy, open_joints: list[int], words: list[str]) -> None:
    """One line of the hierarchy. ValueError or IndexError: it is none."""
    key = words[0].upper()
    if key in ("ROOT", "JOINT"):
        found.parents.append(open_joints[-1] if open_joints else -1)
        if found.parents.count(-1) > 1:
            raise ValueError("a second root")
        open_joints.append(len(found.names))
        found.names.append(" ".join(words[1:]))
        found.offsets.append([0.0, 0.0, 0.0])
        found.channels.append([])
    elif key == "END":
        open_joints.append(-1)
    elif key == "OFFSET":
        offset = [float(word) for word in words[1:4]]
        if len(offset) != 3:
            raise ValueError("an offset has three numbers")
        if open_joints[-1] >= 0:
            found.offsets[open_joints[-1]] = offset
    elif key == "CHANNELS":
        matches = [_CHANNEL.fullmatch(word) for word in words[2:]]
        if len(matches) != int(words[1]) or None in matches:
            raise ValueError("channels that are none")
        found.channels[open_joints[-1]] = [("xyz".index(m[1].lower()), m[2].lower() == "rotation") for m in matches]
    elif key == "}":
        open_joints.pop()
    else:
        raise ValueError("no word of a hierarchy")


def _frames(body: str, columns: int, path: Path) -> tuple[float, np.ndarray]:
    """Rate [Hz] and the (T, columns) values in the file's unit and degrees."""
    match = re.match(r"\s*Frames\s*:\s*(\d+)\s+Frame\s+Time\s*:\s*(\S+)", body, re.IGNORECASE)
    if not match:
        raise BadFile(f"{path}: after MOTION the lines Frames: and Frame Time: are expected.")
    try:
        values = np.fromiter(map(float, body[match.end() :].split()), float)
        step = float(match[2])
    except ValueError:
        raise BadFile(f"{path}: the frames hold something that is no number.") from None
    if not (math.isfinite(step) and step > 0):
        raise BadFile(f"{path}: the frame time is {match[2]} s; it must be positive.")
    promised = int(match[1])
    if values.size != promised * columns:
        raise BadFile(
            f"{path} is cut short or damaged: {promised} frames of {columns} channels were promised, "
            f"{values.size / columns if columns else 0:.1f} frames are there."
        )
    return _rate(match[2]), values.reshape(promised, columns)


def _rate(written: str) -> float:
    """Frames per second; a frame time of 0.0083333 s is 120 Hz that was rounded when it was written."""
    step, decimals = float(written), len(written.partition(".")[2])
    fitting = [usual for usual in _USUAL if round(1.0 / usual, decimals) == step]
    return min(fitting, key=lambda usual: abs(usual - 1.0 / step), default=1.0 / step)


def _channels(hierarchy: _Hierarchy, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turns against the parents (T, J, 4) and places in the parents' frames (T, J, 3)."""
    joints = len(hierarchy.names)
    angles = np.zeros((len(values), joints, 3))
    axes = np.zeros((joints, 3), dtype=int)
    offsets = np.tile(np.array(hierarchy.offsets), (len(values), 1, 1))
    column = 0
    for joint, channels in enumerate(hierarchy.channels):
        turn = 0
        for axis, rotation in channels:
            if rotation:
                angles[:, joint, turn] = values[:, column]
                axes[joint, turn] = axis
                turn += 1
            else:
                offsets[:, joint, axis] = values[:, column]
            column += 1
    return quaternions.of_euler(np.radians(angles), axes), offsets
