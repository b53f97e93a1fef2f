"""The parts of a quality record: joint ranges, floor, couplings, skate, nearness, and what a clip has to keep."""

from dataclasses import dataclass

from biomimic.retarget.options import DEG


@dataclass(frozen=True)
class Limits:
    """Joint ranges: hinges and slides, coupled ones too.

    The model contradicts itself: with its couplings kept exactly, coupled joints of the knee leave their own ranges by
    up to 0.00025 rad (0.014 degrees) between 42 and 50 degrees of flexion, and by less elsewhere. So the published
    figure cannot be 0 % while a knee bends, and `percent` lets coupled joints have this much.

    Attributes:
        percent: of all pairs of frame and joint, outside by more than 1e-5, or 1e-3 for a coupled joint.
        published: the same by the published rule, outside by more than 1e-5 for every joint [%].
        largest: excess [rad or m], its joint and frame; 0, "" and -1 without any.
    """

    percent: float
    published: float
    largest: float
    joint: str
    frame: int


@dataclass(frozen=True)
class Ground:
    """Contacts with the floor.

    Attributes:
        percent: of frames with a contact deeper than 1 mm, as published.
        deepest: contact [m], its geom and frame; 0, "" and -1 without any.
        lowest: lowest geom centre of the clip [m]; published: above 5 mm the clip floats.
        hover: highest place of the lowest end of a contact point's sphere while in contact [m], or None.
    """

    percent: float
    deepest: float
    geom: str
    frame: int
    lowest: float
    hover: float | None = None


@dataclass(frozen=True)
class Coupling:
    """How far coupled joints are from their polynomials.

    Attributes:
        largest: [rad or m], its joint and frame.
        rms: over frames and couplings [rad or m].
    """

    largest: float
    joint: str
    frame: int
    rms: float


@dataclass(frozen=True)
class Skate:
    """How far planted points travel along the floor: the largest distance of two places within one stance of a point.

    Attributes:
        stances: how many there are.
        largest: [m], the point and the first frame of its stance; 0, "" and -1 without a stance.
        median: [m].
        beyond: stances with more than 5 mm.
    """

    stances: int
    largest: float
    point: str
    frame: int
    median: float
    beyond: int


@dataclass(frozen=True)
class Nearness:
    """Distance of the body's landmarks (joint centres or markers) from the scaled source.

    Attributes:
        rmse: root mean square over frames and landmarks [m].
        largest: [m], the landmark and frame.
        each: root mean square by point [m]; those named "landmark:1" and "landmark:2" lie 0.1 m from a joint's centre
            along two of its axes and show its turn.
    """

    rmse: float
    largest: float
    point: str
    frame: int
    each: dict[str, float]


@dataclass(frozen=True)
class Ceilings:
    """What a clip has to keep to be good."""

    limits: float = 0.0  # [%]
    ground: float = 0.0  # [% of frames]
    jumps: int = 0
    coupling: float = 1e-4  # [rad or m]
    skate: float = 5e-3  # [m]
    nearness: float = 25e-3  # [m]
    angle: float = 4.0 * DEG  # [rad] hip, knee and ankle flexion


@dataclass(frozen=True)
class Figure:
    """One figure of the record in the unit it is read in, and its ceiling."""

    name: str
    value: float | None
    unit: str
    ceiling: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the figure keeps its ceiling; what was not measured or has none, does."""
        return self.value is None or self.ceiling is None or self.value <= self.ceiling
