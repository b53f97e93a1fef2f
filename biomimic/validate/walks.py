"""Recordings → strides, by the protocol's own filters, events and rules; both sides of a comparison go through here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from biomimic.gait import cycles as gait_cycles
from biomimic.gait import events as gait_events
from biomimic.gait import filters, strides
from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import SIDES, Strides
from biomimic.metrics import kinetics, power, spatiotemporal
from biomimic.recording import Recording
from biomimic.signals import Signals
from biomimic.validate.protocol import Protocol

Key = tuple[str, str, str]  # quantity, side, phase
MAX_TURN = np.radians(15.0)  # change of the direction of travel from one stride to the next
MAX_SPEED = 0.10  # change of speed from one stride to the next
SHORTEST = 1.0  # [s] a trial that fell earlier holds no stride and is too short for the filters
TREADMILL = 0.3  # [m/s] a pelvis slower than this stands on a moving belt, or nobody walks
SAME = 0.15  # [s] heel strikes of two methods closer than this are the same one
STRAY = 5.0  # [N] floor contact of anything but the feet
QUANTITIES = ("angles", "force", "activity", "moment", "power")
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
        gait: "walking" or "running".
        duty: share of the stride that a foot is loaded, median over whole strides; NaN if unknown.
        by_position: sides with strides whose end the heel's position tells, since the next step missed the plates.
    """

    recording: Recording
    filtered: dict[str, Signals]
    cycles: dict[str, Cycles]
    agreement: dict[str, gait_events.Agreement] = field(default_factory=dict)
    gait: str = "walking"
    duty: float = float("nan")
    by_position: tuple[str, ...] = ()


def measure(recording: Recording, number: int, protocol: Protocol) -> Trial:
    """Filter a trial and find its strides.

    Args:
        recording: with force; angles, activity, moment and position as far as it has them.
        number: of the trial.
        protocol: its filters, events and stride rules are used.
    """
    if recording.force.time[-1] - recording.force.time[0] < SHORTEST:
        return Trial(recording, {}, {side: _no_cycles(side, number) for side in SIDES})
    recording = _regular(recording)
    filtered = filter_all(recording, protocol)
    threshold, shortest = protocol.events.threshold_n, protocol.events.min_stance_s
    force = filtered["force"]
    found = {side: gait_events.detect(force, side=side, threshold=threshold, min_stance=shortest) for side in SIDES}
    span = _span(filtered)
    recognised = gait_events.recognise(found["right"], found["left"])
    gait = recognised.name or "walking"
    rule = replace(gait_cycles.RULES[gait], skip_strides=protocol.trials.skip_strides)
    position = None
    if _has_feet(recording):
        position = filters.low_pass(recording.position, order=protocol.filters.order, cutoff=protocol.filters.angles_hz)
    cycles, agreement, by_position = {}, {}, ()
    for side, other in (("right", "left"), ("left", "right")):
        opposite = found[other] if _sees_both(recording, found[other], span) else None
        whole = found[side] if position is None or recording.kind == "simulated" else _ended(found[side], position)
        chosen = gait_cycles.choose(whole, opposite, span=span, rule=rule, trial=number, fall=recording.fall)
        cycles[side] = _steady(chosen, recording)
        if len(cycles[side]) and len(whole.heel_strike) > len(found[side].heel_strike):
            by_position += (side,)
        if position is not None and len(chosen):
            zeni = gait_events.detect_from_positions(position, side=side)
            agreement[side] = gait_events.agreement(found[side], zeni)
    return Trial(recording, filtered, cycles, agreement, gait, recognised.duty, by_position)


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
    if {"angles", "moment"} <= filtered.keys() and set(recording.moment.names) & set(recording.angles.names):
        filtered["power"] = power.power(filtered["angles"], filtered["moment"], recording.mass)
    if recording.activity is not None:
        filtered["activity"] = filters.envelope(recording.activity, order=order, cutoff=protocol.filters.activity_hz)
    return filtered


def cut_all(trials: Sequence[Trial]) -> dict[Key, Strides]:
    """Strides of all trials by (quantity, side, phase); force in body weights, moments per kg of body mass.

    Trials without any stride on a side add nothing; a quantity that no trial has is left out.
    """
    cut: dict[Key, Strides] = {}
    for quantity in QUANTITIES:
        for side in SIDES:
            able = [t for t in trials if quantity in t.filtered and len(t.cycles[side])]
            if not able:
                continue
            phases = ("stride", "stance") if quantity == "force" else ("stride",)
            for phase in phases:
                cut[quantity, side, phase] = strides.stack([_cut(trial, quantity, side, phase) for trial in able])
    return cut


def _cut(trial: Trial, quantity: str, side: str, phase: str) -> Strides:
    part = strides.cut(trial.filtered[quantity], trial.cycles[side], phase=phase)
    mass = trial.recording.mass
    if quantity == "force":
        return strides.in_body_weights(part, mass)
    return kinetics.per_kilogram(part, mass) if quantity == "moment" else part


def _regular(recording: Recording) -> Recording:
    """The recording with equal time steps, which filters need; clocks of laboratories are printed rounded."""
    uneven = {}
    for name in ("angles", "force", "activity", "moment", "position"):
        signals = getattr(recording, name)
        if signals is not None and not filters.is_regular(signals):
            uneven[name] = filters.regular(signals)
    return replace(recording, **uneven) if uneven else recording


def _sees_both(recording: Recording, other: gait_events.Events, span: tuple[float, float]) -> bool:
    """Whether the other foot's contacts are known: always in a simulation; in a laboratory it may step off the plates.

    A person who walks over two or three plates is seen on each foot once; one who walks on a treadmill or on many
    plates has two contacts of each foot within the record.
    """
    if recording.kind == "simulated":
        return True
    strikes = other.heel_strike[np.isfinite(other.heel_strike)]
    return int(np.sum((strikes >= span[0]) & (strikes <= span[1]))) > 1


def _ended(found: gait_events.Events, position: Signals) -> gait_events.Events:
    """The contacts, and after each whose foot stepped off the plates the next heel strike by the heel's position.

    That strike is moved by what both methods differ where they saw the same one; without any such it is not taken.
    """
    if np.isnan(position.values).any():
        return found
    seen = gait_events.detect_from_positions(position, side=found.side).heel_strike
    seen, strikes = seen[np.isfinite(seen)], found.heel_strike[np.isfinite(found.heel_strike)]
    if not len(seen) or not len(strikes):
        return found
    apart = strikes - seen[np.argmin(np.abs(strikes[:, None] - seen), axis=1)]
    if not (np.abs(apart) <= SAME).any():
        return found
    seen = seen + np.median(apart[np.abs(apart) <= SAME])
    ends = []
    for off in found.toe_off[np.isfinite(found.toe_off)]:
        later = seen[seen > off + SAME]
        following = strikes[strikes > off]
        if len(later) and not (len(following) and following[0] < later[0] + SAME):
            ends.append(float(later[0]))
    start = np.concatenate([found.heel_strike, ends])
    order = np.argsort(np.nan_to_num(start, nan=-np.inf), kind="stable")
    return found._replace(
        heel_strike=start[order], toe_off=np.concatenate([found.toe_off, np.full(len(ends), np.nan)])[order]
    )


def _has_feet(recording: Recording) -> bool:
    names = () if recording.position is None else recording.position.names
    return all(f"{point}_{side}_x" in names for point in ("heel", "toe") for side in SIDES)


def _span(filtered: dict[str, Signals]) -> tuple[float, float]:
    """Time that all signals cover [s]."""
    return max(s.time[0] for s in filtered.values()), min(s.time[-1] for s in filtered.values())


def _steady(cycles: Cycles, recording: Recording) -> Cycles:
    """Without strides that turn, that change speed, or in which something other than a foot was on the floor."""
    walk = spatiotemporal.figures(cycles, recording.position)
    if recording.position is not None and np.nanmax(walk.speed, initial=0.0) > TREADMILL:
        change = spatiotemporal.steadiness(walk)
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
