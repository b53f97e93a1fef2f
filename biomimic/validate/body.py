"""What only the body's model can tell: what the motion leaves to each muscle, and the energy index.

The model itself is not known here: whoever rolls a walk out computes these from it and hands them over.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from biomimic.gait import filters, strides
from biomimic.gait.strides import SIDES, Strides
from biomimic.metrics import activation, energetics, spatiotemporal
from biomimic.metrics.estimate import Resampling, mean
from biomimic.metrics.least_effort import Effort
from biomimic.metrics.redundancy import Freedom, Openness
from biomimic.signals import Signals
from biomimic.validate import ceiling
from biomimic.validate.people import Person
from biomimic.validate.physics import counted
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Finding
from biomimic.validate.subject import Subject

ONE = "one stride: no interval"
PUBLISHED_OPEN = 0.73  # of muscles unconstrained in walking: Simpson et al. 2015, doi:10.1016/j.jbiomech.2015.07.037


@dataclass(frozen=True, eq=False)
class Space:
    """The activations that make the same joint moments in one stride.

    Args:
        side: of the stride.
        trial: it was taken from.
        coordinates: how many joint moments are held.
        freedoms: one a muscle.
        openness: of the muscles together.
        effort: "least squares", "least cubes" → effort of the controller and the least there is.
        strides: "controller", "least squares", "least cubes", "nearest to EMG" → EMG-comparable muscles, one stride.
    """

    side: str
    trial: str
    coordinates: int
    freedoms: tuple[Freedom, ...]
    openness: Openness
    effort: Mapping[str, Effort]
    strides: Mapping[str, Strides]


@dataclass(frozen=True, eq=False)
class Body:
    """Everything the model adds to the recordings.

    Args:
        spaces: by side.
        energy: name of a metabolic law → power of muscle groups [W], one Signals a compared trial.
        drive: excitation of the muscles that EMG can be compared with, one Signals a compared trial.
        specific_tension: behind the muscle masses [N/m^2].
    """

    spaces: Mapping[str, Space] = field(default_factory=dict)
    energy: Mapping[str, Sequence[Signals]] = field(default_factory=dict)
    drive: Sequence[Signals] = ()
    specific_tension: float = math.nan


def redundancy(spaces: Mapping[str, Space], people: Sequence[Person], resampling: Resampling) -> list[Finding]:
    """What the motion leaves to the muscles, what the controller makes of it, and what EMG could have been reached.

    The correlation of the least-effort solution and of the activation nearest to EMG, beside the controller's own in
    the same stride, tells a body that cannot from a controller that does not.
    """
    found = []
    for side, space in spaces.items():
        opened, n = space.openness, space.openness.muscles
        note = f"one stride of {space.trial}, {space.coordinates} joint moments held, {opened.instants} instants"
        shared = {"side": side, "note": note}
        for name, value in (
            ("unconstrained_muscles", opened.unconstrained),
            ("necessary_muscles", opened.necessary),
            ("feasible_width", opened.width),
            ("infeasible_instants", opened.infeasible / max(1, opened.instants + opened.infeasible)),
        ):
            found.append(Finding("redundancy", name, counted(value, n, "muscles", "share"), **shared))
        for name, effort in space.effort.items():
            metric = f"effort_over_{name.replace(' ', '_')}"
            estimate = counted(effort.ratio, effort.instants, "instants", "1")
            found.append(Finding("redundancy", metric, estimate, **shared))
        for one in space.freedoms:
            words = f"range above 95 % in {100 * one.wide:.0f} % of the cycle; {note}"
            estimate = counted(one.width, one.instants, "instants", "share")
            found.append(Finding("redundancy", "muscle_width", estimate, one.muscle, side, note=words))
            estimate = counted(one.place, one.instants, "instants", "share")
            found.append(Finding("redundancy", "muscle_place", estimate, one.muscle, side, note=note))
        for one in people:
            found += _against_emg(space, one, people, resampling)
    return found


def _against_emg(space: Space, one: Person, people: Sequence[Person], resampling: Resampling) -> list[Finding]:
    """Correlation with EMG of each way to make the same moments; n is one stride."""
    key = ("activity", space.side, "stride")
    if one.role not in ("same", "group") or key not in one.strides:
        return []
    found = []
    for way, own in space.strides.items():
        for muscle in (name for name in own.names if one.has(key, name)):
            estimate = activation.correlation(own, one.curves(key), muscle, resampling)
            top = ceiling.ceiling(people, one, key, muscle)
            found.append(
                Finding(
                    "redundancy",
                    f"correlation_{way.replace(' ', '_')}",
                    estimate,
                    channel=muscle,
                    side=space.side,
                    reference=one.name,
                    n_human=one.complete(key, muscle),
                    of_human=one.entry.of,
                    null=ceiling.null(one.curves(key), muscle),
                    ceiling=top.value,
                    ceiling_from=top.words,
                    note=estimate.note or ONE,
                )
            )
    return found


def drive(
    walker: Subject, body: Body, people: Sequence[Person], protocol: Protocol, resampling: Resampling
) -> list[Finding]:
    """Correlation of the excitation with EMG, beside that of the activation: EMG is nearer to the drive of a muscle."""
    able = [(trial, own) for trial, own in zip(walker.compared, body.drive)]
    found = []
    for side in SIDES:
        parts = [
            strides.cut(_envelope(own, protocol), trial.cycles[side]) for trial, own in able if len(trial.cycles[side])
        ]
        if not parts:
            continue
        key, rows = ("activity", side, "stride"), strides.stack(parts)
        for one in (one for one in people if one.role != "target" and key in one.strides):
            for muscle in (name for name in rows.names if one.has(key, name)):
                estimate = activation.correlation(rows, one.curves(key), muscle, resampling)
                top = ceiling.ceiling(people, one, key, muscle)
                found.append(
                    Finding(
                        "muscles",
                        "excitation_correlation",
                        estimate,
                        channel=muscle,
                        side=side,
                        reference=one.name,
                        n_human=one.complete(key, muscle),
                        of_human=one.entry.of,
                        null=ceiling.null(one.curves(key), muscle),
                        ceiling=top.value,
                        ceiling_from=top.words,
                        note=estimate.note,
                        doubt=ceiling.doubt(people, key, muscle),
                    )
                )
    return found


def _envelope(own: Signals, protocol: Protocol) -> Signals:
    """Excitation through the filter that EMG and activation go through."""
    return filters.envelope(own, order=protocol.filters.order, cutoff=protocol.filters.activity_hz)


def energy(walker: Subject, body: Body, resampling: Resampling) -> list[Finding]:
    """Metabolic index per stride by law and group of muscles: power per mass, and cost per mass and way."""
    found = []
    for law, rates in body.energy.items():
        groups = rates[0].names if rates else ()
        for group in groups:
            power, cost, number = [], [], []
            for index, (trial, rate) in enumerate(zip(walker.compared, rates)):
                cycles = trial.cycles["right"]
                if not len(cycles):
                    continue
                speed = spatiotemporal.figures(cycles, trial.recording.position).speed
                one = energetics.per_stride(
                    Signals(rate.time, rate.channel(group)[:, None], (group,), "W"),
                    cycles,
                    mass=trial.recording.mass,
                    speed=speed,
                )
                power.append(one.power)
                cost.append(one.cost)
                number.append(np.full(len(cycles), index))
            note = f"{energetics.LABEL}; specific tension {body.specific_tension / 1e6:g} MPa"
            place = np.concatenate(number) if number else np.zeros(0)
            for metric, parts, unit in (("power", power, "W/kg"), ("cost", cost, "J/kg/m")):
                values = np.concatenate(parts) if parts else np.zeros(0)
                estimate = mean(values, place, resampling, unit)
                found.append(Finding("energetics", f"{law}_{metric}", estimate, channel=group, note=note))
    return found
