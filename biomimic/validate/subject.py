"""What is validated: a simulated walk, recordings of a person, or a human data set taken for a walk."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import Strides
from biomimic.metrics import activation
from biomimic.recording import Recording
from biomimic.reference import Figure, ReferenceData
from biomimic.validate.people import person
from biomimic.validate.protocol import Human, Planned, Protocol
from biomimic.validate.walks import Key, Trial, cut_all, measure


@dataclass(frozen=True, eq=False)
class Subject:
    """The walker that is measured; the same form for a person and for a simulation.

    Args:
        kind: "simulated" or "measured".
        trials: (plan, recording), pushed ones too; empty for a data set of curves.
        still: undisturbed trials, filtered, with their strides; the long walk is the last.
        starts: how many of `still` are compared with people; the long walk counts for physics and stability only.
        cut: (quantity, side, phase) → strides of the starts.
        figures: spatiotemporal figures of a data set of curves.
        leg_length: hip to knee to ankle joint centre [m]; None if unknown.
    """

    kind: str
    trials: tuple[tuple[Planned, Recording], ...]
    still: tuple[Trial, ...]
    starts: int
    cut: dict[Key, Strides]
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)
    leg_length: float | None = None

    @property
    def compared(self) -> tuple[Trial, ...]:
        """The trials whose strides are compared with people."""
        return self.still[: self.starts]


def planned(recordings: Sequence[Recording], protocol: Protocol, leg_length: float | None = None) -> Subject:
    """The trials a protocol plans, in its order.

    Args:
        recordings: one a planned trial.
        protocol: what is measured and how.
        leg_length: of the walker [m], to compare its speed with that of people of another size.

    Raises:
        BadValue: the recordings are not those the protocol plans.
    """
    names = [plan.name for plan in protocol.planned]
    found = [recording.trial for recording in recordings]
    if names != found:
        raise BadValue(f"The protocol plans the trials {', '.join(names)}; the recordings are {', '.join(found)}.")
    pairs = tuple(zip(protocol.planned, recordings))
    still = [recording for plan, recording in pairs if not plan.push]
    trials = tuple(measure(recording, index, protocol) for index, recording in enumerate(still))
    starts = protocol.trials.count
    return Subject(_kind(recordings), pairs, trials, starts, cut_all(trials[:starts]), leg_length=leg_length)


def recorded(recordings: Sequence[Recording], protocol: Protocol, leg_length: float | None = None) -> Subject:
    """Any recordings of one walker, measured or simulated: no trial was planned, so each is taken for what it is.

    Args:
        recordings: of one walker, with force.
        protocol: what is measured and how.
        leg_length: as in `planned`.

    Raises:
        BadValue: no recording, one without force, or two trials of one name.
    """
    names = [recording.trial for recording in recordings]
    if not names or len(set(names)) != len(names):
        raise BadValue(f"Recordings of one walker have different trial names; found {', '.join(names) or 'none'}.")
    for recording in recordings:
        if recording.force is None:
            raise BadValue(
                f'Trial "{recording.trial}" has no ground reaction force, and strides are found from it. '
                "Add the force plates' file to the recording."
            )
    pairs = tuple((Planned(one.trial, _length(one), float("nan")), one) for one in recordings)
    short = any(_length(one) < 10.0 for one in recordings)
    rule = replace(protocol, trials=replace(protocol.trials, skip_strides=0)) if short else protocol
    trials = tuple(measure(recording, index, rule) for index, recording in enumerate(recordings))
    kind = _kind(recordings)
    return Subject(kind, pairs, trials, len(trials), _relative(cut_all(trials), kind), leg_length=leg_length)


def one_stride(recording: Recording, protocol: Protocol) -> dict[Key, Strides]:
    """One whole stride of each side of a recording that repeats itself, e.g. of a target."""
    cut = recorded([recording], protocol).cut
    return {key: rows.take(np.array([len(rows) // 2])) for key, rows in cut.items()}


def data_set(data: ReferenceData, protocol: Protocol) -> Subject:
    """A human data set as if it were a walk: the positive control."""
    if data.recordings:
        return recorded(data.recordings, protocol, data.entry.leg_length_m)
    own = person(Human(data.name, "other"), data, protocol)
    cut = _relative(own.strides, "measured")
    return Subject("measured", (), (), 0, cut, own.figures, data.entry.leg_length_m)


def _relative(cut: dict[Key, Strides], kind: str) -> dict[Key, Strides]:
    """EMG on the scale of its own peak: its unit is whatever the laboratory divided by, so none of it is silence."""
    if kind == "simulated":
        return cut
    return {
        key: activation.relative_to_peak(rows, silent=0.0) if key[0] == "activity" else rows
        for key, rows in cut.items()
    }


def _length(recording: Recording) -> float:
    time = recording.force.time
    return float(time[-1] - time[0])


def _kind(recordings: Sequence[Recording]) -> str:
    kinds = sorted({recording.kind for recording in recordings})
    if len(kinds) != 1:
        raise BadValue("A walker is measured or simulated, not both; give recordings of one kind.")
    return kinds[0]
