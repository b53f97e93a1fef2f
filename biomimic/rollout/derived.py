"""What only the body's model can tell of a recording: drive of the EMG muscles, energy rates, spaces of solutions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from biomimic.embodiment import Embodiment
from biomimic.embodiment.fibres import energy_rate
from biomimic.embodiment.solution_space import SolutionSpace, solution_space
from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import Curves
from biomimic.metrics.energetics import Bhargava, Umberger
from biomimic.recording import UNITS, Recording
from biomimic.signals import Signals

LAWS = {"umberger": Umberger(), "bhargava": Bhargava()}
TENSION = 0.6e6  # [N/m^2] of muscle, for the masses behind the energy index: Rajagopal et al. 2016


@dataclass(frozen=True, eq=False)
class Derived:
    """One entry a recording, or a side.

    Args:
        drive: excitation of the muscles that EMG can be compared with.
        energy: law → power of the groups of muscles [W].
        spaces: side → activations that make the same joint moments in one stride of the first recording.
    """

    drive: tuple[Signals, ...]
    energy: dict[str, tuple[Signals, ...]]
    spaces: dict[str, SolutionSpace]


def derived(
    embodiment: Embodiment,
    recordings: Sequence[Recording],
    cycles: Mapping[str, Cycles],
    emg: Mapping[str, Curves],
) -> Derived:
    """All of it for some recordings of one walker.

    Args:
        embodiment: the body that was simulated, with its muscle parameters.
        recordings: simulated.
        cycles: side → strides of the first recording; a side without any has no space.
        emg: side → EMG of the person who is tracked, as far as it was recorded.
    """
    spaces = {
        side: solution_space(embodiment, recordings[0], own, emg=emg.get(side))
        for side, own in cycles.items()
        if len(own) and "legs" in embodiment.groups
    }
    energy = {
        name: tuple(energy_rate(embodiment, one, law, specific_tension=TENSION) for one in recordings)
        for name, law in LAWS.items()
    }
    return Derived(tuple(_drive(embodiment, one) for one in recordings), energy, spaces)


def _drive(embodiment: Embodiment, recording: Recording) -> Signals:
    excitation = recording.excitation
    return Signals(
        excitation.time, embodiment.activity(excitation.values), tuple(embodiment.muscles), UNITS["activity"]
    )
