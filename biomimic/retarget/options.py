"""Every constant of the retargeting, with its unit and why it has this value."""

import math
from dataclasses import dataclass, field

from biomimic.errors import BadValue

DEG = math.pi / 180.0


@dataclass(frozen=True)
class Harmonics:
    """How many harmonics of the stride each part keeps: what a person does on purpose lies below about 7 Hz."""

    root: int = 8  # root translation: the centre of mass has to follow forces with 8 harmonics
    turn: int = 3  # root rotation: faster wiggles of the pelvis are marker noise and shake the whole body
    slow: int = 4  # trunk, hip adduction and rotation, subtalar: as above
    fast: int = 8  # all other joints: the knee's and ankle's loading response needs it
    arms: int = 4  # the arms swing once and, weakly, twice a stride
    com: int = 8  # forward and vertical forces: heel strike and push-off
    com_lateral: int = 3  # sideways, the body is an inverted pendulum and sways once a stride
    measured: int = 10  # measured angles and moments, when they are folded: up to 9 Hz


@dataclass(frozen=True)
class Contact:
    """Foot-contact inverse kinematics: weights are 1 / the deviation [unit] that costs 1.

    Windows are fractions of the foot's own cycle, which begins with its heel strike; they are when each part of a
    shod foot lies on the floor in level walking (Perry and Burnfield, Gait analysis, 2nd ed. 2010, chapter 4).
    """

    heel: tuple[float, float] = (0.0, 0.36)
    metatarsal: tuple[float, float] = (0.08, 0.56)
    toe: tuple[float, float] = (0.10, 0.62)
    flat: float = 0.22  # phase of its own cycle at which a foot stands flat; its place then is the foot's place
    toe_reach: float = 0.18  # [m] contact points further ahead of the ankle are toes
    height: float = 0.0025  # [m] loaded points above or below the floor: about the sole's give
    slip: float = 0.0016  # [m per 1/100 stride] displacement of a loaded point
    clearance: float = 0.002  # [m] unloaded points below their least height
    least_late: float = 0.004  # [m] least height of unloaded points around heel strike
    least_swing: float = 0.015  # [m] least height of unloaded points in swing: a toe clears the floor by 1 to 2 cm
    com_forward: float = 0.004  # [m] centre of mass against the one that the forces prescribe
    com_lateral: float = 0.002  # [m]
    com_up: float = 0.002  # [m]
    place: float = 0.0001  # [m] the foot's place and the line of travel: nearly exact, they only fix what is free
    root: float = 0.5  # [m] root translation from the person's: nearly free, the bodies differ
    turn: tuple[float, ...] = (2 * DEG, 2 * DEG, 4 * DEG)  # [rad] root rotation from the person's
    # [rad] from the person's hip flexion, adduction, rotation, knee, ankle, about how well markers know them; the
    # person's subtalar and toe joints are welded, so ours are nearly free
    joints: tuple[float, ...] = (3 * DEG, 2.5 * DEG, 2.5 * DEG, 3 * DEG, 2 * DEG, 8 * DEG, 14 * DEG)
    bend_root: float = 0.0012  # [m per frame^2] second difference of the correction, at 100 frames a stride
    bend_turn: float = 0.15 * DEG  # [rad per frame^2]
    bend_joint: float = 0.4 * DEG  # [rad per frame^2]
    limit: float = 0.2 * DEG  # [rad] beyond a joint limit
    limit_margin: float = 1.0 * DEG  # [rad] the limit is kept at this distance, else a soft limit pushes back
    tolerance: float = 1e-4  # the search ends when the cost falls by less than this share
    most_steps: int = 40


@dataclass(frozen=True)
class Arms:
    """Arm swing: directions of the upper arm and forearm relative to the trunk, on the body's own lengths.

    The model's arms hang too close to the body: forearm and thigh, humerus and thorax collide. So the forward and
    vertical places of elbow and wrist follow the person, and the arms are held a little away from the body.
    """

    along: float = 0.02  # [m] elbow and wrist forward or up from the person's
    aside: float = 0.10  # [m] elbow and wrist sideways from the person's
    plane: tuple[float, float] = (0.25, 0.4)  # [rad] plane of elevation: where it is pulled to, and how weakly
    elevation: tuple[float, float] = (0.30, 0.15)  # [rad] shoulder elevation: the same; free of collisions
    rotation: tuple[float, float] = (0.0, 0.5)  # [rad] shoulder rotation: the same
    elbow: tuple[float, float] = (0.6, 1.0)  # [rad] elbow flexion: the same
    least_aside: float = 0.22  # [rad] least elevation to the side; less and the forearm meets the thigh
    aside_width: float = 0.01  # [rad] how firmly
    bend: float = 0.02  # [rad per frame^2] second difference of each joint, at 100 frames a stride
    tolerance: float = 1e-4  # [rad] the search ends when no coefficient changes by more
    most_steps: int = 30
    pronation: float = 0.2  # [rad] held: the person's turns by 1 degree


@dataclass(frozen=True)
class Ceilings:
    """What a target may not exceed; beyond it `periodic_target` refuses."""

    coupling: float = 1e-6  # [m or rad] joint coupling residual: larger and the first physics step explodes
    limit: float = 3 * DEG  # [rad] beyond a joint limit
    penetration: float = 0.02  # [m] of a contact point into the floor
    floating: float = 0.01  # [m] root mean square height of loaded points
    com: float = 0.005  # [m] root mean square of the centre of mass from the one prescribed


@dataclass(frozen=True)
class Options:
    """How a measured walk becomes a target.

    Attributes:
        frames: per stride.
        length_ratio: leg length of the body / of the person. MyoFullBody's hip lies 0.846 m above the origin of its
            heel bone; for the person of Rajagopal 2016 figures between 0.917 and 0.924 m are found, depending on how
            the knee is counted.
        dynamic_similarity: walk at the same Froude number: time runs faster by 1 / sqrt(length_ratio), and forces in
            body weights are the person's own. Without it the stride time is the person's, and the forces kept in the
            target are larger than those its centre of mass moves with.
        threshold: [N] vertical force of a loaded foot, the usual one for heel strike.
        force_hz: [Hz] low-pass of the forces (resulting order 4), as in the comparison.
        lead: [s] a foot's force is taken from this time before its heel strike on, so that its rise is whole.
    """

    frames: int = 100
    length_ratio: float = 0.9165
    dynamic_similarity: bool = True
    threshold: float = 20.0
    force_hz: float = 20.0
    lead: float = 0.02
    harmonics: Harmonics = field(default_factory=Harmonics)
    contact: Contact = field(default_factory=Contact)
    arms: Arms = field(default_factory=Arms)
    ceilings: Ceilings = field(default_factory=Ceilings)

    def __post_init__(self) -> None:
        least = 2 * max(self.harmonics.measured, self.harmonics.fast, self.harmonics.root) + 2
        if self.frames < least:
            raise BadValue(f"A target of {self.frames} frames was asked for; its harmonics need at least {least}.")
        if not 0.3 <= self.length_ratio <= 3.0:
            raise BadValue(
                f"A leg length ratio of {self.length_ratio:g} was given; it is the body's leg length divided by the "
                "person's, between 0.3 and 3."
            )
