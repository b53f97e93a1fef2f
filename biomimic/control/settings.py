"""Settings of the muscle tracker: every gain, weight and limit, with its unit.

The defaults are those of run42. Most were found by a search over short rollouts, scored as in `biomimic.control.score`;
friction and the weights of the moments are design values.
"""

from dataclasses import dataclass, field

from biomimic.config import ranged


@dataclass(frozen=True)
class Posture:
    """Joint tracking; weights multiply the reduced mass matrix, so that light segments weigh little."""

    stiffness: float = ranged(134.5, low=0.0)  # [1/s^2], critically damped as everything here
    foot_stiffness: float = ranged(200.3, low=0.0)  # [1/s^2] ankle, subtalar, toes
    arm_stiffness: float = ranged(40.0, low=0.0)  # [1/s^2]
    weight: float = ranged(9.238, low=0.0)  # per (rad/s^2)^2 per kg m^2
    floor: float = ranged(0.3, low=0.0)  # added to the diagonal, per (rad/s^2)^2
    foot_floor: float = ranged(3.0, low=0.0)  # the same at ankle, subtalar, toes
    stance: float = ranged(0.1817, low=0.0)  # share of the weight on a leg that stands: contact and balance define it
    unloading: float = ranged(0.1443, low=0.0)  # the same at the end of stance
    swing: float = ranged(0.05199, low=0.0)  # share on hip and knee of the swinging leg: the ankle's path defines it
    swing_foot: float = ranged(6.947, low=0.0)  # share on the ankle of the swinging leg: the toe must clear
    hip_rotation: float = ranged(0.581, low=0.0)  # extra weight on both hip rotations, per (rad/s^2)^2
    arm: float = ranged(0.02093, low=0.0)  # share on the arm's joints


@dataclass(frozen=True)
class Trunk:
    """Pelvis orientation and centre of mass."""

    pelvis_stiffness: float = ranged(98.2, low=0.0)  # [1/s^2]
    pelvis_weight: float = ranged(29.37, low=0.0)  # per (rad/s^2)^2
    pelvis_yaw: float = ranged(0.1647, low=0.0)  # share of the weight about the vertical: if high, hips co-contract
    yaw_stiffness: float = ranged(70.75, low=0.0)  # [1/s^2] about the vertical
    forward_stiffness: float = ranged(26.2, low=0.0)  # [1/s^2] centre of mass
    lateral_stiffness: float = ranged(30.75, low=0.0)
    vertical_stiffness: float = ranged(92.41, low=0.0)
    forward_weight: float = ranged(132.6, low=0.0)  # per (m/s^2)^2
    lateral_weight: float = ranged(442.3, low=0.0)
    vertical_weight: float = ranged(104.7, low=0.0)


@dataclass(frozen=True)
class Swing:
    """The swinging foot: path of the ankle, clearance, and where it lands."""

    start: float = ranged(0.615, low=0.4, high=0.8)  # share of the foot's own cycle
    onset: float = ranged(0.3068, low=0.0, high=1.0)  # share of the swing in which the path's stiffness and weight rise
    stiffness: float = ranged(286.9, low=0.0)  # [1/s^2]
    weight: float = ranged(170.5, low=0.0)  # per (m/s^2)^2
    vertical_weight: float = ranged(85.53, low=0.0)
    urgent: float = ranged(2.0, low=1.0)  # weights and stiffness grow up to this factor when balance is at stake
    clearance: float = ranged(0.019, low=0.0)  # [m] added at mid-swing
    depth: float = ranged(0.0, low=0.0)  # [m] below the floor that the foot aims at, so that it lands in time
    late: float = ranged(0.02, low=0.0)  # [m] a late foot is lowered at most so far
    forward_gain: float = ranged(0.7736, low=0.0)  # step length per capture-point error at touchdown
    lateral_gain: float = ranged(1.008, low=0.0)
    growth: float = ranged(0.716, low=0.0)  # of the capture-point error until touchdown, share of the pendulum's
    longest: float = ranged(0.25, low=0.0)  # [m] largest shift of a step
    feet_apart: float = ranged(0.06643, low=0.0)  # [m] least distance between the ankles' lines


@dataclass(frozen=True)
class Contact:
    """Feet on the floor."""

    weight: float = ranged(11.1, low=0.0)  # per (m/s^2)^2 and point
    damping: float = ranged(50.0, low=0.0)  # [1/s] a standing point's speed is braked with it; no stiffness
    near: float = ranged(0.002, low=0.0)  # [m] closer points bear load
    friction: float = ranged(0.5, low=0.0)  # limit that is planned with; the floor itself has 1
    ray: float = ranged(0.3, low=0.0)  # weight per (100 N)^2 along each edge of the friction pyramid
    unloading: float = ranged(0.62, low=0.4, high=0.9)  # until this share of the cycle a toe may still push
    limit: float = ranged(0.03, low=0.0)  # [rad] joints this close to a limit are braked
    limit_weight: float = ranged(1.0, low=0.0)  # per (rad/s^2)^2


@dataclass(frozen=True)
class Effort:
    """Muscles."""

    weight: float = ranged(24.36, low=1e-6)  # per squared activation
    change: float = ranged(0.5, low=0.0)  # per squared change of activation in a control step
    lead: float = ranged(0.02463, low=0.0, high=0.1)  # [s] accelerations and moments are asked for ahead: muscles lag
    damping: float = ranged(0.8209, low=0.0, high=2.0)  # share of joint and muscle damping taken implicitly


@dataclass(frozen=True)
class Moments:
    """Joint moments that are asked for beside the motion."""

    human: bool = True  # follow the person's net moments at hip, knee and ankle
    weight: float = ranged(0.05, low=0.0)  # per (N m)^2
    subtalar: float = ranged(0.1, low=0.0)  # per (N m)^2, towards zero


@dataclass(frozen=True)
class Balance:
    """Where the target is laid on the floor, and its clock."""

    settle: float = ranged(0.04708, low=0.01)  # [s] the target follows the standing foot with this time constant
    line: float = ranged(2.987, low=0.1)  # [s] time in which a sideways offset from the line would be walked off
    line_speed: float = ranged(0.05, low=0.0)  # [m/s] at most
    touchdown: float = ranged(0.03753, low=-0.2, high=0.2)  # share of the cycle at which touchdown is expected
    reset: float = ranged(0.06136, low=0.0, high=1.0)  # share of a touchdown's timing error that the clock takes over
    hurry: float = ranged(3.796, low=0.0)  # clock speeds up per metre of capture-point error beyond `calm`
    calm: float = ranged(0.04, low=0.0)  # [m]


@dataclass(frozen=True)
class Arms:
    """Arm swing as paths of elbow and hand relative to the trunk."""

    stiffness: float = ranged(18.81, low=0.0)  # [1/s^2]
    weight: float = ranged(1.028, low=0.0)  # per (m/s^2)^2


@dataclass(frozen=True)
class Settings:
    """All settings of the tracker."""

    posture: Posture = field(default_factory=Posture)
    trunk: Trunk = field(default_factory=Trunk)
    swing: Swing = field(default_factory=Swing)
    contact: Contact = field(default_factory=Contact)
    effort: Effort = field(default_factory=Effort)
    moments: Moments = field(default_factory=Moments)
    balance: Balance = field(default_factory=Balance)
    arms: Arms = field(default_factory=Arms)
