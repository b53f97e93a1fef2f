"""Whether the body or the controller made the muscles' activity: a stride and all activations that make its moments."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from biomimic import errors
from biomimic.embodiment import Embodiment
from biomimic.embodiment import capacity as capacities
from biomimic.embodiment.capacity import TypicalStride
from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import Curves, Strides
from biomimic.metrics import least_effort, redundancy
from biomimic.metrics.least_effort import Effort
from biomimic.metrics.redundancy import Capacity, Freedom, Openness, Ranges
from biomimic.recording import Recording

CHOSEN = "controller"
SQUARES, CUBES = "least squares", "least cubes"
NEAREST = "nearest to EMG"


class Peak(NamedTuple):
    """Activation of the most active muscle: the largest over the stride."""

    chosen: float
    least: float  # no activation that makes the moments stays below it


@dataclass(frozen=True, eq=False)
class SolutionSpace:
    """One stride of a trial and the activations that make the same joint moments.

    Attributes:
        stride: the one closest to the mean of the trial.
        group: of actuators: "legs".
        capacity: of the group.
        ranges: feasible activation.
        freedoms: one row for each muscle of the group.
        openness: of the group.
        effort: "least squares" and "least cubes" -> effort of the controller and the least there is.
        peak: of the controller and the least there is.
        activations: "controller", "least squares", "least cubes", with EMG also "nearest to EMG" -> (N, M).
        strides: the same names -> EMG-comparable muscles, one stride through the envelope filter, for correlations.
    """

    stride: TypicalStride
    group: str
    capacity: Capacity
    ranges: Ranges
    freedoms: tuple[Freedom, ...]
    openness: Openness
    effort: dict[str, Effort]
    peak: Peak
    activations: dict[str, np.ndarray]
    strides: dict[str, Strides]


def solution_space(
    embodiment: Embodiment, recording: Recording, cycles: Cycles, *, emg: Curves | None = None, group: str = "legs"
) -> SolutionSpace:
    """Feasible ranges, least efforts and the activation nearest to EMG over the typical stride of a trial.

    Args:
        embodiment: the body that was simulated.
        recording: simulated.
        cycles: strides of one side of it; the typical one is taken.
        emg: mean curves of that side, or None.
        group: of actuators; it must hold all actuators of the coordinates it moves.

    Raises:
        UnknownName: no such group.
        BadValue, NotEnoughData: as `capacity.of_recording` and `capacity.typical_stride` say.
    """
    if group not in embodiment.groups:
        raise errors.unknown("group of actuators", group, embodiment.groups, where=f"in {embodiment.name}")
    stride = capacities.typical_stride(recording, cycles.start, cycles.end)
    whole = capacities.of_recording(embodiment, recording, stride.times)
    members = np.sort(embodiment.groups[group])
    part = whole.of_muscles([embodiment.actuators[k] for k in members])
    ranges = redundancy.feasible_range(part)
    activations = {
        CHOSEN: part.activation,
        SQUARES: least_effort.least_effort(part),
        CUBES: least_effort.least_effort(part, power=3),
    }
    if emg is not None:
        wanted = capacities.as_wanted(embodiment, whole, stride, emg, cycles.side)
        activations[NEAREST] = least_effort.nearest(part, wanted[:, members])
    peaks = least_effort.least_peak(part)
    known = np.isfinite(peaks)
    return SolutionSpace(
        stride=stride,
        group=group,
        capacity=part,
        ranges=ranges,
        freedoms=redundancy.freedoms(ranges, part.activation),
        openness=redundancy.openness(ranges),
        effort={
            name: least_effort.effort(part.activation, activations[name], power=power)
            for name, power in ((SQUARES, 2), (CUBES, 3))
        },
        peak=Peak(
            float(part.activation[known].max(initial=0.0)), float(peaks[known].max()) if known.any() else float("nan")
        ),
        activations=activations,
        strides={
            name: _stride(embodiment, stride, members, activation, cycles.side)
            for name, activation in activations.items()
        },
    )


def _stride(
    embodiment: Embodiment, stride: TypicalStride, members: np.ndarray, activation: np.ndarray, side: str
) -> Strides:
    everything = np.zeros((len(activation), len(embodiment.actuators)))
    everything[:, members] = activation
    signals = capacities.activity(embodiment, stride.times, everything)
    return least_effort.as_stride(signals, stride.start, stride.end, side)
