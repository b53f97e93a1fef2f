"""An answer that is known before it is computed: printed in a source, or given by another program."""

import math
from dataclasses import dataclass

import numpy as np

from biomimic.gait.strides import POINTS, Curves, Strides
from biomimic.metrics.estimate import Resampling

PUBLISHED, ORACLE = "published", "oracle"
ONCE = Resampling(draws=1)
SHARE = np.linspace(0.0, 1.0, POINTS)
DURATION = 1.1  # [s] of the made-up strides
CHANNEL = "made_up"


@dataclass(frozen=True)
class Answer:
    """One number that this package computed now, and the number that it must be.

    Args:
        name: what was asked.
        metrics: the measures that it vouches for, by the names they have in reports.
        value: computed now.
        expected: NaN where the measure is not defined and must say so.
        tolerance: largest difference allowed.
        source: where the expected number is printed, or the program that gave it.
        kind: `PUBLISHED` or `ORACLE`.
    """

    name: str
    metrics: tuple[str, ...]
    value: float
    expected: float
    tolerance: float
    source: str
    kind: str = PUBLISHED

    @property
    def passed(self) -> bool:
        """Whether the number is the one it must be."""
        if math.isnan(self.expected):
            return math.isnan(self.value)
        return abs(self.value - self.expected) <= self.tolerance


def strides(*curves: np.ndarray, unit: str = "rad", phase: str = "stride", stance: float = 0.6) -> Strides:
    """Right strides of one channel, 1.1 s each."""
    count = len(curves)
    return Strides(
        side="right",
        names=(CHANNEL,),
        unit=unit,
        values=np.array(curves, float)[:, :, None],
        duration=np.full(count, DURATION),
        stance=np.full(count, stance),
        trial=np.zeros(count, int),
        phase=phase,
    )


def person(curve: np.ndarray, sd: float | None = None, *, unit: str = "rad") -> Curves:
    """Mean curve of ten people with one SD throughout, or of one person without."""
    mean = np.asarray(curve, float)[:, None]
    spread = None if sd is None else np.full(mean.shape, sd)
    return Curves((CHANNEL,), unit, mean, spread, 1 if sd is None else 10, "subjects")
