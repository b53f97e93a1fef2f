"""Motion (landmarks of a recorded person) and Trajectory (states of a model); save and load."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from biomimic import archive
from biomimic.errors import BadFile, BadValue
from biomimic.provenance import Provenance
from biomimic.signals import frozen_array

SCHEMA = 1


def _set(noun: object, name: str, value: object) -> None:
    object.__setattr__(noun, name, value)


def _check_quaternions(rotation: np.ndarray, what: str) -> None:
    length = np.linalg.norm(rotation, axis=-1)
    wrong = np.abs(length - 1.0) > 1e-6
    if wrong.any():
        frame, landmark = np.argwhere(wrong)[0]
        raise BadValue(
            f"{what} must be unit quaternions w x y z; frame {frame}, landmark {landmark} has length "
            f"{length[frame, landmark]:.6g}."
        )


def _check_finite(array: np.ndarray, what: str) -> None:
    if not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(array))[0]
        raise BadValue(
            f"{what} is not a number at frame {place[0]}, column {place[1:].tolist()}; every frame must be known."
        )


def _check_rate(rate: float) -> None:
    if not (np.isfinite(rate) and rate > 0):
        raise BadValue(f"A rate of {rate} Hz was given; it must be positive.")


@dataclass(frozen=True, eq=False)
class Motion:
    """Landmarks of a moving person, in the house frame (x forward, y left, z up).

    Args:
        rate: frames per second [Hz].
        position: (T, K, 3) [m], NaN where a landmark was not seen.
        landmarks: K unique names.
        provenance: where it comes from.
        rotation: (T, K, 4) unit quaternions w x y z, or None.
        height: of the person [m], or None.
        mass: of the person [kg], or None.
    """

    rate: float
    position: np.ndarray
    landmarks: tuple[str, ...]
    provenance: Provenance
    rotation: np.ndarray | None = None
    height: float | None = None
    mass: float | None = None

    def __post_init__(self) -> None:
        _check_rate(self.rate)
        landmarks = tuple(self.landmarks)
        if len(set(landmarks)) != len(landmarks):
            raise BadValue("Landmark names must be unique.")
        position = frozen_array(self.position, shape=(None, len(landmarks), 3), what="position")
        _set(self, "landmarks", landmarks)
        _set(self, "position", position)
        if self.rotation is not None:
            rotation = frozen_array(self.rotation, shape=(len(position), len(landmarks), 4), what="rotation")
            _check_quaternions(rotation, "Landmark rotations")
            _set(self, "rotation", rotation)

    @property
    def duration(self) -> float:
        """Time from the first to the last frame [s]."""
        return (len(self.position) - 1) / self.rate

    def save(self, path: str | Path) -> Path:
        """Write to one npz file, atomically."""
        return _save(self, path, "motion")

    @classmethod
    def load(cls, path: str | Path) -> "Motion":
        """Read what `save` wrote."""
        return _load(cls, path, "motion")


@dataclass(frozen=True, eq=False)
class Trajectory:
    """States of a model over time; with a period, one cycle that repeats.

    The optional arrays belong to a periodic target: what the feet touch, which forces and moments the
    person showed, and where the centre of mass should be. All positions in the model's own world frame unless said
    otherwise; row T of a periodic target would equal row 0 (moved on by one stride).

    Args:
        rate: frames per second [Hz].
        qpos: (T, nq) model positions, finite.
        qvel: (T, nv) model velocities, finite.
        landmark_position: (T, K, 3) [m].
        landmark_rotation: (T, K, 4) unit quaternions w x y z.
        landmarks: K unique names.
        embodiment: name of the body the states belong to.
        model_sha256: hash of the compiled body's description.
        provenance: where it comes from.
        period: [s] of a periodic target, or None.
        contact: (T, P) bool, which contact points are loaded, or None.
        contact_points: P names.
        force: (T, 6) [N] right foot x y z, left foot x y z in the house frame, on the body, or None.
        moment: (T, M) [N m] net joint moments, or None.
        moment_names: M names of angles, e.g. "knee_flexion_right".
        com: (T, 3) [m] centre of mass, or None.
    """

    rate: float
    qpos: np.ndarray
    qvel: np.ndarray
    landmark_position: np.ndarray
    landmark_rotation: np.ndarray
    landmarks: tuple[str, ...]
    embodiment: str
    model_sha256: str
    provenance: Provenance
    period: float | None = None
    contact: np.ndarray | None = None
    contact_points: tuple[str, ...] = ()
    force: np.ndarray | None = None
    moment: np.ndarray | None = None
    moment_names: tuple[str, ...] = ()
    com: np.ndarray | None = None

    def __post_init__(self) -> None:
        _check_rate(self.rate)
        for name in ("landmarks", "contact_points", "moment_names"):
            _set(self, name, tuple(getattr(self, name)))
        qpos = frozen_array(self.qpos, shape=(None, None), what="qpos")
        frames, marks = len(qpos), len(self.landmarks)
        if self.period is not None and not self.period > 0:
            raise BadValue(f"A period of {self.period} s was given; it must be positive.")
        shapes = {
            "qpos": (frames, None),
            "qvel": (frames, None),
            "landmark_position": (frames, marks, 3),
            "landmark_rotation": (frames, marks, 4),
            "force": (frames, 6),
            "moment": (frames, len(self.moment_names)),
            "com": (frames, 3),
        }
        for name, shape in shapes.items():
            if getattr(self, name) is not None:
                array = frozen_array(getattr(self, name), shape=shape, what=name)
                _check_finite(array, name)
                _set(self, name, array)
        _check_quaternions(self.landmark_rotation, "Landmark rotations")
        if self.contact is not None:
            contact = np.array(self.contact, dtype=bool)
            if contact.shape != (frames, len(self.contact_points)):
                raise BadValue(f"contact has shape {contact.shape}, expected {(frames, len(self.contact_points))}.")
            contact.flags.writeable = False
            _set(self, "contact", contact)

    @property
    def duration(self) -> float:
        """The period of a periodic target, else the time from the first to the last frame [s]."""
        return self.period if self.period is not None else (len(self.qpos) - 1) / self.rate

    def save(self, path: str | Path) -> Path:
        """Write to one npz file, atomically."""
        return _save(self, path, "trajectory")

    @classmethod
    def load(cls, path: str | Path) -> "Trajectory":
        """Read what `save` wrote."""
        return _load(cls, path, "trajectory")


_NAMES = ("landmarks", "contact_points", "moment_names")
_NUMBERS = ("rate", "height", "mass", "period")
_TEXTS = ("embodiment", "model_sha256")
Noun = TypeVar("Noun", Motion, Trajectory)


def _save(noun: Motion | Trajectory, path: str | Path, kind: str) -> Path:
    arrays = {}
    for field in dataclasses.fields(noun):
        value = getattr(noun, field.name)
        if isinstance(value, Provenance):
            arrays[field.name] = np.array(value.to_json())
        elif field.name in _NAMES:
            arrays[field.name] = np.array(value, dtype=np.str_)
        elif value is not None:
            arrays[field.name] = np.asarray(value)
    return archive.save(path, kind, SCHEMA, arrays)


def _load(cls: type[Noun], path: str | Path, kind: str) -> Noun:
    content = archive.load(path, kind, SCHEMA)
    try:
        return cls(**_fields(cls, content, path))
    except BadValue as error:
        raise BadFile(f"{path}: {error}") from None


def _fields(cls: type[Noun], content: dict[str, np.ndarray], path: str | Path) -> dict[str, object]:
    found = {}
    for field in dataclasses.fields(cls):
        if field.name not in content and field.default is not dataclasses.MISSING:
            continue
        value = archive.required(content, field.name, path)
        if field.name == "provenance":
            found[field.name] = Provenance.from_json(str(value))
        elif field.name in _NAMES:
            found[field.name] = tuple(str(name) for name in value)
        elif field.name in _NUMBERS:
            found[field.name] = float(frozen_array(value, shape=(), what=field.name))
        else:
            found[field.name] = str(value) if field.name in _TEXTS else value
    return found
