"""Every constant of the retargeting of clips, with its unit and why it has this value."""

from dataclasses import dataclass, field

from biomimic.errors import BadValue
from biomimic.retarget.ground import GroundOptions
from biomimic.retarget.proportions import ProportionOptions


@dataclass(frozen=True)
class FitOptions:
    """Deviations that cost 1 in the search for a clip's poses; a point's own deviation is in its table.

    Attributes:
        bend_root: [m/s^2] acceleration of the root.
        bend_turn: [rad/s^2] angular acceleration of the root.
        bend_joint: [rad/s^2] acceleration of a joint. Against one point at 0.4 m known to 10 mm these three pass what
            lies below 12 Hz: (2 pi 12 Hz)^2 x 0.01 m / 0.4 m = 142 rad/s^2.
        rest: [rad] joint coordinates from rest, for what no point sees.
        planted: [m] a planted point from its place along the floor, in each round; the third and later ones are only
            for clips in which something still sinks by more than `depth` or slides by more than `slid`.
        depth: [m] see above; the published measure counts 1 mm.
        slid: [m] see above; twice that can lie between two frames of a contact.
        sliding: share of the contact that may be given up because it slides, before firmer rounds are tried.
        resting: [m] its height; softer, since the points of the model's sole are not in one plane (up to 5 mm).
        above: [m] a contact point below the floor.
        resting_own: [m] the same where the person's own model tells how the feet are turned.
        clearance: [m] height that everything keeps above the floor, so that nothing dips below between frames.
        touch: [m] a point meant to be planted that is higher does not touch: the foot rolls over others.
        near: [m] shapes other than the feet's are held above the floor if they start lower than this.
        lift: [m] height that points in the air shall keep, so that the body's thicker sole does not scuff,
        lift_begin: [s] from this time before or after a contact,
        lift_time: [s] in full after as long again.
        guard: [rad] beyond a plane that a muscle's path must not cross.
        calm: factor on the weight of the joints' bend in each round, near steps that the published rule counts,
        calm_time: [s] this near.
        person_steps: most steps on the person-size skeleton: few, for what is left over is carried to the body.
        body_steps: most steps on the body, in each round.
        rounds: of guarding and calming tendons.
        rough: the person-size search and all rounds on the body but the last end when a step lowers the cost by less
            than this share.
        tolerance: the last round ends so.
    """

    bend_root: float = 50.0
    bend_turn: float = 150.0
    bend_joint: float = 150.0
    rest: float = 1.0
    planted: tuple[float, ...] = (0.001, 0.0004, 0.0002, 0.0001, 0.0001)
    depth: float = 0.0007
    slid: float = 0.002
    sliding: float = 0.03
    resting: float = 0.003
    resting_own: float = 0.020
    above: float = 0.0005
    clearance: float = 0.0008
    touch: float = 0.005
    near: float = 0.05
    lift: float = 0.005
    lift_begin: float = 0.04
    lift_time: float = 0.06
    guard: float = 0.002
    calm: float = 8.0
    calm_time: float = 0.15
    person_steps: int = 3
    body_steps: int = 12
    rounds: int = 4
    rough: float = 1e-2
    tolerance: float = 3e-3


@dataclass(frozen=True)
class ClipOptions:
    """How a clip becomes a trajectory.

    Attributes:
        rate: of the trajectory [Hz].
        longest_gap: of a marker that is filled by a cubic [s].
        force_hz: low-pass of the plates' forces that steer the centre of mass [Hz].
        most_shift: [m] (RMS) by which forces may move the centre of mass; plates that bore all of every foot moved it
            by 1 to 8 mm, plates of which one lacked 15 % of the load by 16 mm. Beyond, the forces steer nothing.
        has_own_feet: the source tells how the feet are turned about their ankles, as joint angles do: feet are not laid
            flat on the floor.
        ground: how floor and contacts are found.
        proportions: how sizes are found.
        fit: what the poses' search weighs.
    """

    rate: float = 100.0
    longest_gap: float = 0.2
    force_hz: float = 20.0
    most_shift: float = 0.012
    has_own_feet: bool = False
    ground: GroundOptions = field(default_factory=GroundOptions)
    proportions: ProportionOptions = field(default_factory=ProportionOptions)
    fit: FitOptions = field(default_factory=FitOptions)

    def __post_init__(self) -> None:
        if not 20.0 <= self.rate <= 1000.0:
            raise BadValue(f"A trajectory of {self.rate:g} Hz was asked for; 20 to 1000 Hz are possible.")
