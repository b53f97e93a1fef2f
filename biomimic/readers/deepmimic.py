"""Motion of DeepMimic's humanoid3d files (JSON text)."""

import json
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.motion import Motion
from biomimic.readers import quaternions, standing
from biomimic.readers.joints import Skeleton, recognise

# joint, parent, place in the parent's frame [m] (x forward, y up, z right), numbers a frame holds for it
# Source: data/characters/humanoid3d.txt of github.com/xbpeng/DeepMimic
_JOINTS = (
    ("root", -1, (0.0, 0.0, 0.0), 4),
    ("chest", 0, (0.0, 0.236151, 0.0), 4),
    ("neck", 1, (0.0, 0.223894, 0.0), 4),
    ("right_hip", 0, (0.0, 0.0, 0.084887), 4),
    ("right_knee", 3, (0.0, -0.421546, 0.0), 1),
    ("right_ankle", 4, (0.0, -0.409870, 0.0), 4),
    ("right_shoulder", 1, (-0.02405, 0.24350, 0.18311), 4),
    ("right_elbow", 6, (0.0, -0.274788, 0.0), 1),
    ("right_wrist", 7, (0.0, -0.258947, 0.0), 0),
    ("left_hip", 0, (0.0, 0.0, -0.084887), 4),
    ("left_knee", 9, (0.0, -0.421546, 0.0), 1),
    ("left_ankle", 10, (0.0, -0.409870, 0.0), 4),
    ("left_shoulder", 1, (-0.02405, 0.24350, -0.18311), 4),
    ("left_elbow", 12, (0.0, -0.274788, 0.0), 1),
    ("left_wrist", 13, (0.0, -0.258947, 0.0), 0),
)
_COLUMNS = 44  # duration, root place, then the joints
_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # x forward, y up, z right → house
_EVEN = 1e-3  # share by which frame durations may differ


def read(path: str | Path) -> Motion:
    """Joints of a DeepMimic humanoid3d file in the house frame; x is forward.

    Raises:
        BadFile: no such file, no numbers, frames of another width or of uneven duration.
    """
    path = Path(path)
    frames, loop = _frames(path)
    skeleton = Skeleton(
        tuple(name for name, *_ in _JOINTS),
        tuple(parent for _, parent, *_ in _JOINTS),
        np.array([place for *_, place, _ in _JOINTS]),
    )
    local = np.zeros((len(frames), len(_JOINTS), 4))
    local[..., 0] = 1.0
    column = 4
    for joint, (_, _, _, count) in enumerate(_JOINTS):
        given = frames[:, column : column + count]
        if count == 4:
            local[:, joint] = _unit(given, skeleton.names[joint], path)
        elif count == 1:  # an angle about z, to the right
            local[:, joint] = quaternions.of_axis_angle(given * np.array([0.0, 0.0, 1.0]))
        column += count
    position, rotation = skeleton.pose(local, frames[:, 1:4])
    notes = ("joint places of humanoid3d.txt", f'loop "{loop}"')
    known = recognise(skeleton.names, path)
    posed = standing.Posed(path, _rate(frames[:, 0], path), skeleton, known, position, rotation, notes)
    return standing.motion(posed, unit=1.0, world=_WORLD)


def _frames(path: Path) -> tuple[np.ndarray, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        frames = content["Frames"]
        values = np.array(frames, dtype=float)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise BadFile(
            f'{path} is no DeepMimic motion or is cut short: JSON with "Frames" of {_COLUMNS} numbers each is expected.'
        ) from None
    if not values.size:
        raise BadFile(f"{path} holds no frames.")
    if values.ndim != 2 or values.shape[1] != _COLUMNS:
        raise BadFile(
            f"{path}: its frames have {values.shape[-1]} numbers, humanoid3d has {_COLUMNS}; other characters of "
            "DeepMimic are not known here."
        )
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise BadFile(f"{path}: frame {int(np.argmax(bad))} holds something that is not a number.")
    return values, str(content.get("Loop", ""))


def _unit(given: np.ndarray, joint: str, path: Path) -> np.ndarray:
    length = np.linalg.norm(given, axis=1, keepdims=True)
    if (np.abs(length - 1.0) > 0.01).any():
        frame = int(np.argmax(np.abs(length - 1.0)))
        raise BadFile(f"{path}: the quaternion of {joint} in frame {frame} has length {length[frame, 0]:.4g}, not 1.")
    return given / length


def _rate(durations: np.ndarray, path: Path) -> float:
    """Frames per second; the last frame's duration says nothing and is 0 in some files."""
    used = durations[:-1] if len(durations) > 1 else durations
    if (used <= 0).any() or np.ptp(used) > _EVEN * used.mean():
        raise BadFile(
            f"{path}: its frames last {used.min():.4g} to {used.max():.4g} s; only an even, positive duration is read."
        )
    rate = float(1.0 / used.mean())
    return float(round(rate)) if abs(rate - round(rate)) < _EVEN * rate else rate
