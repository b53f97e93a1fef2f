"""What a body's TOML file holds: what its joints, points, muscles and feet are called here."""

from dataclasses import dataclass, field
from pathlib import Path

from biomimic import config
from biomimic.errors import unknown

_FOLDER = Path(__file__).parent
_BODIES = ("myofullbody", "bimanual", "tiny")


@dataclass(frozen=True)
class Frame:
    """House axes in the model's world, each (3,)."""

    forward: tuple[float, ...]
    left: tuple[float, ...]
    up: tuple[float, ...]


@dataclass(frozen=True)
class Fingers:
    """Whether fingers are kept when nothing is asked, and shell patterns of what goes when they are not."""

    kept: bool = False
    joints: tuple[str, ...] = ()
    muscles: tuple[str, ...] = ()


@dataclass(frozen=True)
class JointAngle:
    """angle = sign x joint + offset [rad]."""

    joint: str
    sign: int = config.ranged(low=-1, high=1)
    offset: float = 0.0


@dataclass(frozen=True)
class BodyRotation:
    """Three angles of a body relative to another one: signs x intrinsic rotations about house axes, in this order."""

    body: str
    relative_to: str
    axes: tuple[str, ...]
    angles: tuple[str, ...]
    signs: tuple[int, ...]


@dataclass(frozen=True)
class CoupledMoment:
    """moment = sign x generalised force of the joint / gain; gain: rotation of the angle per unit of the joint."""

    joint: str
    sign: int
    gain: float


@dataclass(frozen=True)
class Landmark:
    """A site of the model, or the origin of a body: one of the two is named."""

    site: str = ""
    body: str = ""


@dataclass(frozen=True)
class FootBodies:
    """Bodies of one foot, heel first."""

    bodies: tuple[str, ...]


@dataclass(frozen=True)
class Description:
    """One TOML file of this folder.

    The model is the body `package_name` of musclemimic-models or the `file` of this folder: one of the two is named.
    Of `muscle_parameters`, the sets that describe this body, the first is the one it was made with.
    """

    muscle_parameters: tuple[str, ...]
    frame: Frame
    sides: dict[str, str]
    landmarks: dict[str, Landmark]
    groups: dict[str, tuple[str, ...]]
    package_name: str = ""
    file: str = ""
    fingers: Fingers = Fingers()
    angles: dict[str, JointAngle] = field(default_factory=dict)
    rotations: tuple[BodyRotation, ...] = ()
    moments: dict[str, CoupledMoment] = field(default_factory=dict)
    muscles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    feet: dict[str, FootBodies] = field(default_factory=dict)
    segments: dict[str, tuple[str, ...]] = field(default_factory=dict)


def bodies() -> tuple[str, ...]:
    """Names of the bodies that `load` accepts."""
    return _BODIES


def describe(name: str) -> Description:
    """The description of a body.

    Raises:
        UnknownName: no body has this name.
    """
    if name not in _BODIES:
        raise unknown("embodiment", name, _BODIES)
    return config.load(Description, _FOLDER / f"{name}.toml")
