"""What people say about their files where the files do not say it themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from biomimic import errors
from biomimic.errors import BadValue
from biomimic.gait.strides import SIDES

NOBODY = "none"


@dataclass(frozen=True)
class Told:
    """Facts that are given because a file lacks them; a fact that contradicts the file is an error.

    Args:
        mass: of the person [kg].
        family: of the model whose names and signs hold, one of `families.known`.
        plates: prefix of force columns ("ground_force_1_") or number of a plate ("2") → "right", "left" or "none".
        emg_side: side on which EMG without a side in its names was recorded.
        muscles: EMG channel → house name with its side ("soleus_right"), "" for a channel that is left out.
        degrees: whether angles are degrees, for tables that do not say it.
        up: axis of a marker file that points up.
        forward: axis of the laboratory, z up, in which the person goes: "x", "-x", "y" or "-y".
        subject: whose markers to take where there are several people.
        span: first and last time that are kept [s].
        accepted: channels that may fail the audit of signs.
        skeleton: .asf file of an .amc file.
        body_model: body of an AMASS file.
        episode: number of the episode of a rollout file, from 0.
        touch_unit: unit of a rollout's touch sensors, "N" or "BW".
    """

    mass: float | None = None
    family: str | None = None
    plates: Mapping[str, str] = field(default_factory=dict)
    emg_side: str | None = None
    muscles: Mapping[str, str] = field(default_factory=dict)
    degrees: bool | None = None
    up: str | None = None
    forward: str | None = None
    subject: str | None = None
    span: tuple[float, float] | None = None
    accepted: tuple[str, ...] = ()
    skeleton: str | None = None
    body_model: str | None = None
    episode: int | None = None
    touch_unit: str | None = None

    def __post_init__(self) -> None:
        if self.mass is not None and not 2.0 <= self.mass <= 500.0:
            raise BadValue(f"A mass of {self.mass:g} kg was given; a person has 2 to 500 kg.")
        if self.emg_side not in (None, *SIDES):
            raise errors.unknown("side of EMG", str(self.emg_side), SIDES)
        for plate, side in self.plates.items():
            if side not in (*SIDES, NOBODY):
                raise errors.unknown("side", side, (*SIDES, NOBODY), where=f'for the plate "{plate}"')
        if self.span is not None and not self.span[0] < self.span[1]:
            raise BadValue(
                f"The time from {self.span[0]:g} to {self.span[1]:g} s holds nothing; give the earlier first."
            )
