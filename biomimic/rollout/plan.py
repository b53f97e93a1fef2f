"""Plan: one trial to simulate; Push: what disturbs it."""

import math
from dataclasses import dataclass

from biomimic import errors
from biomimic.errors import BadValue

# house frame: x forward, y left, z up
DIRECTIONS = {
    "forward": (1.0, 0.0, 0.0),
    "backward": (-1.0, 0.0, 0.0),
    "left": (0.0, 1.0, 0.0),
    "right": (0.0, -1.0, 0.0),
}


@dataclass(frozen=True)
class Push:
    """A constant force at the centre of mass of the pelvis for a short time.

    Args:
        direction: "forward", "backward", "left" or "right" in the house frame.
        force: [N].
        duration: [s].
        at: start [s].
    """

    direction: str
    force: float = 100.0
    duration: float = 0.1
    at: float = 5.0

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise errors.unknown("push direction", self.direction, DIRECTIONS)
        _check("force of the push", self.force, 0.0, "N")
        _check("duration of the push", self.duration, 0.0, "s")
        _check("start of the push", self.at, 0.0, "s")

    @property
    def words(self) -> str:
        """As in "100 N for 0.1 s, forward, at 5 s"."""
        return f"{self.force:g} N for {self.duration:g} s, {self.direction}, at {self.at:g} s"


@dataclass(frozen=True)
class Plan:
    """One trial to simulate.

    Args:
        trial: label of the trial.
        duration: [s], a whole number of control steps.
        phase: share of the cycle at which it starts, in [0, 1).
        push: what disturbs it, or None.
        physics_step: [s].
        control_step: [s], a whole number of physics steps.
    """

    trial: str
    duration: float
    phase: float = 0.0
    push: Push | None = None
    physics_step: float = 0.002
    control_step: float = 0.01

    def __post_init__(self) -> None:
        if not 0.0 <= self.phase < 1.0:
            raise BadValue(f'Trial "{self.trial}" starts at phase {self.phase:g}; a phase is in [0, 1).')
        _check("physics step", self.physics_step, 1e-6, "s")
        _check("control step", self.control_step, self.physics_step, "s")
        _check(f'duration of trial "{self.trial}"', self.duration, self.control_step, "s")
        if not math.isclose(self.substeps * self.physics_step, self.control_step, rel_tol=1e-9):
            raise BadValue(
                f"A control step of {self.control_step:g} s holds no whole number of physics steps of "
                f"{self.physics_step:g} s."
            )
        if not math.isclose(self.control_steps * self.control_step, self.duration, rel_tol=1e-9):
            raise BadValue(
                f'Trial "{self.trial}" lasts {self.duration:g} s, no whole number of control steps of '
                f"{self.control_step:g} s."
            )

    @property
    def substeps(self) -> int:
        """Physics steps in a control step."""
        return round(self.control_step / self.physics_step)

    @property
    def control_steps(self) -> int:
        """Control steps in the trial."""
        return round(self.duration / self.control_step)

    @property
    def steps(self) -> int:
        """Physics steps in the trial."""
        return self.control_steps * self.substeps

    @property
    def words(self) -> str:
        """Everything the plan says, but for the label."""
        text = (
            f"{self.duration:g} s from phase {self.phase!r}, physics step {self.physics_step:g} s, "
            f"control step {self.control_step:g} s"
        )
        return f"{text}, push of {self.push.words}" if self.push else text


def _check(what: str, value: float, low: float, unit: str) -> None:
    if not (math.isfinite(value) and value >= low):
        raise BadValue(f"The {what} is {value} {unit}; it must be a number of at least {low:g} {unit}.")
