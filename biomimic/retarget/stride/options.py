"""How a stride is chosen from a clip and closed; every constant with its unit and why it has this value."""

from dataclasses import dataclass, field

from biomimic.errors import BadValue
from biomimic.retarget.options import Options


@dataclass(frozen=True)
class StrideOptions:
    """How a clip of walking becomes one stride that repeats.

    Attributes:
        shortest: [s] stride time; fast walking takes 0.8 s (Bovi et al. 2011: 0.83 s at the fastest), short legs less.
        longest: [s] the same, very slow walking.
        fade: [s] on both sides of the seam, in which one pass is faded into the next, and over which poses and speeds
            a stride apart are compared; about a tenth of a stride, less where the clip holds less.
        least_fade: [s] the least of it; with less there is nothing to compare.
        agree: share of the stride by which strikes of one foot a stride apart may differ.
        blink: [s] contacts and gaps shorter than this are errors of detection, not steps.
        near: [s] a contact that begins so near to a heel strike seen in the motion is this heel strike.
        most_relative: a stride whose poses and speeds are further apart at its ends, in parts of their own variation,
            does not repeat; steady walkers show 0.1 to 0.4.
        least_speed: [m/s] slower is standing or stepping on the spot.
        stance: shares of the stride that a foot may be loaded in walking; detection errors beyond are cut.
        time_ratio: time of the body's walk / time of the clip; 1 keeps the person's stride time.
        com: harmonics of the centre of mass of a clip without forces: what poses alone give is known to about 4 Hz.
        strongest: [body weights] of the whole body's vertical force; walking at 1.25 m/s shows 1.2. A centre of mass
            that asks for more keeps fewer harmonics.
        weakest: [body weights] the same; walking at 1.25 m/s shows 0.7.
        least_load: share of the weight that plates must bear at any moment, else a foot stood beside them and the
            stride's forces are taken from its motion.
        apart: [m] least sideways distance of the ankles' mean places: with less the body's shanks meet. Steps of the
            walkers in the reference sets are 0.07 to 0.1 m wide.
        subtalar: share of the clip's subtalar motion that is kept; the floor moves the foot of a standing leg anyway.
        arm_swing: share of the clip's arm swing that is kept. Of ten starts along CMU clip 07_01 with the default
            settings of the tracker, six walked 10 s with all of it and nine with half of it.
        cycle: constants of the foot-contact fit, harmonics and ceilings, as for a measured walk with plates.
    """

    shortest: float = 0.7
    longest: float = 1.8
    fade: float = 0.1
    least_fade: float = 0.02
    agree: float = 0.08
    blink: float = 0.05
    near: float = 0.1
    most_relative: float = 0.8
    least_speed: float = 0.3
    stance: tuple[float, float] = (0.54, 0.72)
    time_ratio: float = 1.0
    com: int = 4
    strongest: float = 1.3
    weakest: float = 0.65
    least_load: float = 0.2
    apart: float = 0.1
    subtalar: float = 0.3
    arm_swing: float = 0.5
    cycle: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        if not 0.2 <= self.shortest < self.longest:
            raise BadValue(
                f"Stride times from {self.shortest:g} to {self.longest:g} s were asked for; the first must be at least "
                "0.2 s and below the second."
            )
        if not 0.5 <= self.time_ratio <= 2.0:
            raise BadValue(
                f"A time ratio of {self.time_ratio:g} was given; it is the body's stride time divided by the person's, "
                "between 0.5 and 2."
            )
