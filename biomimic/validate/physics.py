"""Physics of the walk: no hand from outside, Newton's law, weight support, strides, agreement of two event methods."""

import math
from collections.abc import Sequence

import numpy as np

from biomimic.gait.strides import SIDES
from biomimic.metrics import kinetics, residuals
from biomimic.metrics.estimate import Estimate, Resampling, mean
from biomimic.signals import Signals
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Finding
from biomimic.validate.subject import Subject

GRAVITY = 9.81  # [m/s^2] of the simulated world
PUSH_MARGIN = 0.02  # [s] around a push, one control step and its rounding
WHOLE_STRIDE = ("newton_residual", "newton_residual_rms", "weight_support")


def findings(walker: Subject, protocol: Protocol, resampling: Resampling) -> list[Finding]:
    """Largest wrench from outside, Newton's law, weight support, strides, and agreement of two event methods.

    Args:
        walker: its pushed trials are looked at for wrenches outside the push.
        protocol: says when the pushes were.
        resampling: of strides within trials.
    """
    found = [_applied(walker, protocol)]
    series: dict[str, list[np.ndarray]] = {name: [] for name in WHOLE_STRIDE}
    number = []
    for index, trial in enumerate(walker.still):
        cycles, recording = trial.cycles["right"], trial.recording
        if not len(cycles):
            continue
        number.append(np.full(len(cycles), index))
        unknown = np.full(len(cycles), math.nan)
        both = _on_both_feet(trial, cycles)
        support = kinetics.weight_support(recording.force, cycles, recording.mass) if both.any() else unknown
        series["weight_support"].append(np.where(both, support, math.nan))
        law = None
        if recording.floor is not None and recording.acceleration is not None:
            law = kinetics.newton_residual(
                recording.floor, recording.acceleration, cycles, mass=recording.mass, gravity=GRAVITY
            )
        series["newton_residual"].append(unknown if law is None else law.mean)
        series["newton_residual_rms"].append(unknown if law is None else law.rms)
    place = _joined(number)
    found += [Finding("physics", name, mean(_joined(parts), place, resampling, "BW")) for name, parts in series.items()]
    return found + _residual_rules(walker) + _counts(walker) + _event_agreement(walker)


def counted(value: float, n: int, of: str, unit: str, note: str = "") -> Estimate:
    """A number that is counted, not sampled: without an interval."""
    return Estimate(float(value), math.nan, math.nan, 0.95, n, of, unit, note)


def _on_both_feet(trial, cycles) -> np.ndarray:
    """(S,) mask of the strides in which both feet were seen: a person may step beside the force plates."""
    return np.isfinite(cycles.other_off) & np.isfinite(cycles.other_strike)


def _residual_rules(walker: Subject) -> list[Finding]:
    """Unexplained force on the longest undisturbed trial, under two rules that need not agree."""
    able = [t.recording for t in walker.still if t.recording.floor is not None and t.recording.acceleration is not None]
    able = [recording for recording in able if recording.position is not None]
    if not able:
        return []
    longest = max(able, key=lambda recording: recording.floor.time[-1] - recording.floor.time[0])
    pull = np.array([0.0, 0.0, GRAVITY])
    left = longest.floor.values - longest.mass * (longest.acceleration.values + pull)
    residual = Signals(longest.floor.time, left, tuple(f"residual_{axis}" for axis in "xyz"), "N")
    graded = residuals.grade(
        residuals.sizes(residual),
        external_force=residuals.largest_external_force(longest.force),
        height=float(np.nanmean(longest.position.channel("com_z"))),
    )
    found = []
    for name in residual.names:
        for statistic in ("peak", "rms"):
            both = [one for one in graded if (one.name, one.statistic) == (name, statistic)]
            words = [f"{one.rule}: below {one.limit:.3g} N, {'kept' if one.passed else 'broken'}" for one in both]
            note = f"{longest.trial}; {'; '.join(words)}"
            estimate = counted(both[0].value, len(left), "physics steps", "N")
            found.append(Finding("physics", f"residual_force_{statistic}", estimate, channel=name, note=note))
    return found


def _counts(walker: Subject) -> list[Finding]:
    if walker.still:
        counts = {side: sum(len(trial.cycles[side]) for trial in walker.still) for side in SIDES}
    else:
        counts = {side: len(strides) for (_, side, _), strides in walker.cut.items()}
    return [
        Finding("physics", "strides", counted(count, count, "strides", "strides"), side=side)
        for side, count in counts.items()
    ]


def _applied(walker: Subject, protocol: Protocol) -> Finding:
    largest, missing = 0.0, 0
    start = protocol.pushes.at_s - PUSH_MARGIN
    end = protocol.pushes.at_s + protocol.pushes.duration_s + PUSH_MARGIN
    for planned, recording in walker.trials:
        if recording.applied is None:
            missing += 1
            continue
        time, values = recording.applied.time, np.abs(recording.applied.channel("largest"))
        keep = (time < start) | (time > end) if planned.push else np.ones(len(time), bool)
        largest = max(largest, float(values[keep].max(initial=0.0)))
    note = f"{missing} of {len(walker.trials)} trials did not record it" if missing or not walker.trials else ""
    value = math.nan if note else largest
    return Finding("physics", "applied_wrench", counted(value, len(walker.trials), "trials", "N or N m", note))


def _event_agreement(walker: Subject) -> list[Finding]:
    found = []
    for side in SIDES if walker.still else ():
        both = [trial.agreement[side] for trial in walker.still if side in trial.agreement]
        for name in ("heel_strike", "toe_off"):
            medians = [getattr(one, name) for one in both]
            known = [value for value in medians if math.isfinite(value)]
            value = float(np.median(known)) if known else math.nan
            note = "" if known else "no positions of heel and toe"
            estimate = counted(value, len(known), "trials", "s", note)
            found.append(Finding("physics", f"{name}_disagreement", estimate, side=side))
    return found


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0)
