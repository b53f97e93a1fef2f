"""Recordings → strides, by the protocol's own filters, events and rules; both sides of a comparison go through here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.interpolate import PchipInterpolator

from biomimic.gait import cycles as gait_cycles
from biomimic.gait import events as gait_events
from biomimic.gait import filters, strides
from biomimic.gait.cycles import CycleRule, Cycles
from biomimic.gait.strides import POINTS, SIDES, Curves, Strides
from biomimic.metrics import kinetics, spatiotemporal
from biomimic.provenance import Provenance
from biomimic.recording import Recording
from biomimic.reference import Entry, Figure, ReferenceData
from biomimic.signals import Signals
from biomimic.validate.protocol import Human, Protocol

MAX_TURN = np.radians(15.0)  # change of the direction of travel from one stride to the next
MAX_SPEED = 0.10  # change of speed from one stride to the next
SHORTEST = 1.0  # [s] a trial that fell earlier holds no stride and is too short for the filters
STRAY = 5.0  # [N] floor contact of anything but the feet
REASONS = {
    **gait_cycles.REASONS,
    "heading": "the direction of travel changed by more than 15° from the stride before",
    "speed": "the speed changed by more than 10 % from the stride before",
    "floor contact": "something other than a foot touched the floor",
}


@dataclass(frozen=True, eq=False)
class Trial:
    """One undisturbed trial with its filtered signals and its strides.

    Args:
        recording: as recorded.
        filtered: quantity → filtered signals.
        cycles: side → strides used, and those that were not.
        agreement: side → disagreement of force events with position events; empty without positions.
    """

    recording: Recording
    filtered: dict[str, Signals]
    cycles: dict[str, Cycles]
    agreement: dict[str, gait_events.Agreement] = field(default_factory=dict)


def measure(recording: Recording, number: int, protocol: Protocol) -> Trial:
    """Filter a trial and find its strides.

    Args:
        recording: with force; angles, activity, moment and position as far as it has them.
        number: of the trial.
        protocol: its filters, events and stride rules are used.
    """
    if recording.force.time[-1] - recording.force.time[0] < SHORTEST:
        return Trial(recording, {}, {side: _no_cycles(side, number) for side in SIDES})
    filtered = filter_all(recording, protocol)
    threshold, shortest = protocol.events.threshold_n, protocol.events.min_stance_s
    force = filtered["force"]
    found = {side: gait_events.detect(force, side=side, threshold=threshold, min_stance=shortest) for side in SIDES}
    span = _span(filtered)
    rule = CycleRule(skip_strides=protocol.trials.skip_strides)
    cycles, agreement = {}, {}
    for side, other in (("right", "left"), ("left", "right")):
        chosen = gait_cycles.choose(found[side], found[other], span=span, rule=rule, trial=number, fall=recording.fall)
        cycles[side] = _steady(chosen, recording)
        if recording.position is not None and len(chosen):
            position = filters.low_pass(
                recording.position, order=protocol.filters.order, cutoff=protocol.filters.angles_hz
            )
            zeni = gait_events.detect_from_positions(position, side=side)
            agreement[side] = gait_events.agreement(found[side], zeni)
    return Trial(recording, filtered, cycles, agreement)


def _no_cycles(side: str, number: int) -> Cycles:
    nothing = np.zeros(0)
    return Cycles(side, nothing, nothing, nothing, nothing, nothing, number)


def filter_all(recording: Recording, protocol: Protocol) -> dict[str, Signals]:
    """The quantities that are compared, each through the protocol's filter."""
    order = protocol.filters.order
    cutoffs = {
        "angles": protocol.filters.angles_hz,
        "force": protocol.filters.force_hz,
        "moment": protocol.filters.moment_hz,
    }
    filtered = {
        name: filters.low_pass(getattr(recording, name), order=order, cutoff=cutoff)
        for name, cutoff in cutoffs.items()
        if getattr(recording, name) is not None
    }
    if recording.activity is not None:
        filtered["activity"] = filters.envelope(recording.activity, order=order, cutoff=protocol.filters.activity_hz)
    return filtered


def cut_all(trials: Sequence[Trial]) -> dict[tuple[str, str, str], Strides]:
    """Strides of all trials by (quantity, side, phase); force in body weights, moments per kg of body mass.

    Trials without any stride on a side add nothing; a quantity that no trial has is left out.
    """
    cut: dict[tuple[str, str, str], Strides] = {}
    for quantity in ("angles", "force", "activity", "moment"):
        for side in SIDES:
            able = [t for t in trials if quantity in t.filtered and len(t.cycles[side])]
            if not able:
                continue
            phases = ("stride", "stance") if quantity == "force" else ("stride",)
            for phase in phases:
                cut[quantity, side, phase] = strides.stack([_cut(trial, quantity, side, phase) for trial in able])
    return cut


@dataclass(frozen=True, eq=False)
class Person:
    """A human data set in the form in which it is compared.

    Args:
        name: of the data set.
        role: "same" or "other".
        entry: what the registry says of it.
        provenance: source, licence, hash.
        strides: (quantity, side, phase) → rows; what a row is, `entry.of` says.
        figures: (name, side) → spatiotemporal figure.
    """

    name: str
    role: str
    entry: Entry
    provenance: Provenance
    strides: dict[tuple[str, str, str], Strides]
    figures: dict[tuple[str, str], Figure]

    def has(self, key: tuple[str, str, str], channel: str) -> bool:
        """Whether the person was recorded on this quantity, side and phase, and channel."""
        return key in self.strides and channel in self.strides[key].names and self.complete(key, channel) > 0

    def complete(self, key: tuple[str, str, str], channel: str) -> int:
        """Number of rows without gaps in this channel."""
        return int(np.isfinite(self.strides[key].channel(channel)).all(axis=1).sum())

    def curves(self, key: tuple[str, str, str]) -> Curves:
        """Mean and SD over the rows."""
        return replace(self.strides[key].summary(self.provenance), of=self.entry.of)


def person(human: Human, data: ReferenceData, protocol: Protocol) -> Person:
    """A human data set, its recordings cut by the protocol's own rules, its force also over the stance."""
    cut = dict(data.parts)
    if data.recordings:
        first = replace(protocol, trials=replace(protocol.trials, skip_strides=0))
        cut |= cut_all([measure(recording, i, first) for i, recording in enumerate(data.recordings)])
    for side in SIDES:
        key, stance = ("force", side, "stride"), ("force", side, "stance")
        if key in cut and stance not in cut:
            cut[stance] = _stance_part(cut[key])
    return Person(human.name, human.role, data.entry, data.provenance, cut, dict(data.figures))


def _stance_part(whole: Strides) -> Strides:
    """The rows from heel strike to toe-off, on 101 points; NaN where the stance share is not known."""
    percent = np.linspace(0.0, 1.0, POINTS)
    values = np.full(whole.values.shape, np.nan)
    for row in np.flatnonzero(np.isfinite(whole.stance)):
        values[row] = PchipInterpolator(percent, whole.values[row], axis=0)(percent * whole.stance[row])
    return replace(whole, values=values, phase="stance")


def _cut(trial: Trial, quantity: str, side: str, phase: str) -> Strides:
    part = strides.cut(trial.filtered[quantity], trial.cycles[side], phase=phase)
    mass = trial.recording.mass
    if quantity == "force":
        return strides.in_body_weights(part, mass)
    return kinetics.per_kilogram(part, mass) if quantity == "moment" else part


def _span(filtered: dict[str, Signals]) -> tuple[float, float]:
    """Time that all signals cover [s]."""
    return max(s.time[0] for s in filtered.values()), min(s.time[-1] for s in filtered.values())


def _steady(cycles: Cycles, recording: Recording) -> Cycles:
    """Without strides that turn, that change speed, or in which something other than a foot was on the floor."""
    if recording.position is not None and len(cycles):
        change = spatiotemporal.steadiness(spatiotemporal.figures(cycles, recording.position))
        turned = change.turn > MAX_TURN
        cycles = gait_cycles.drop(cycles, turned, "heading")
        cycles = gait_cycles.drop(cycles, change.speed[~turned] > MAX_SPEED, "speed")
    if recording.floor is not None and len(cycles):
        cycles = gait_cycles.drop(cycles, _stray(cycles, recording), "floor contact")
    return cycles


def _stray(cycles: Cycles, recording: Recording) -> np.ndarray:
    """(S,) mask of the strides in which the floor carries more than the feet do."""
    feet = recording.force.channel("vertical_right") + recording.force.channel("vertical_left")
    excess = recording.floor.channel("floor_z") - np.interp(recording.floor.time, recording.force.time, feet)
    where = recording.floor.time[np.abs(excess) > STRAY]
    first, last = np.searchsorted(where, cycles.start), np.searchsorted(where, cycles.end)
    return last > first
