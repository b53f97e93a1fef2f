"""What is measured on the walk as a whole: falls, speed and steps, symmetry of muscle activity, effort."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.integrate import cumulative_trapezoid

from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import SIDES, Strides
from biomimic.metrics import spatiotemporal, waveform
from biomimic.metrics.estimate import Estimate, Resampling, bootstrap, mean
from biomimic.recording import Recording
from biomimic.signals import Signals
from biomimic.validate.people import Person
from biomimic.validate.physics import counted
from biomimic.validate.protocol import Planned, Protocol
from biomimic.validate.results import Finding, Walk
from biomimic.validate.subject import Subject
from biomimic.validate.walks import TREADMILL, Trial

COVERED = 0.05  # [s] by which a record may end before its planned end

# field of StrideFigures → (name in findings and in human data, unit)
FIGURES = {
    "speed": ("speed", "m/s"),
    "duration": ("stride_time", "s"),
    "cadence": ("cadence", "steps/min"),
    "stride_length": ("stride_length", "m"),
    "step_length": ("step_length", "m"),
    "step_width": ("step_width", "m"),
    "stance": ("stance_fraction", "1"),
    "double_support": ("double_support", "1"),
}
DIFFERENCES = {
    "speed": "speed_difference",
    "stride_time": "stride_time_difference",
    "stance_fraction": "stance_difference",
}


def walked(plan: Planned, recording: Recording) -> float:
    """How long a trial walked, at most as long as planned [s]."""
    end = recording.fall if recording.fall is not None else float(recording.force.time[-1])
    return plan.duration if end >= plan.duration - COVERED else end


def fell(plan: Planned, recording: Recording) -> bool:
    """Whether a trial did not walk to its end."""
    return recording.fall is not None or walked(plan, recording) < plan.duration


def walks(walker: Subject, protocol: Protocol) -> tuple[Walk, ...]:
    """One line a trial: planned and walked time, fall, push, strides."""
    strides = {trial.recording.trial: {side: len(trial.cycles[side]) for side in SIDES} for trial in walker.still}
    return tuple(
        Walk(
            trial=plan.name,
            planned=plan.duration,
            walked=walked(plan, recording),
            phase=plan.phase,
            fell=fell(plan, recording),
            push=plan.push,
            pushed_at=protocol.pushes.at_s if plan.push else math.nan,
            strides_right=strides.get(plan.name, {}).get("right", 0),
            strides_left=strides.get(plan.name, {}).get("left", 0),
        )
        for plan, recording in walker.trials
    )


def stability(walker: Subject, protocol: Protocol) -> list[Finding]:
    """Share of the starts that walked their whole time, the longest walk, share of the pushes withstood."""
    if not walker.trials:
        return []
    starts = [not fell(*pair) for pair in walker.trials[: walker.starts]]
    pushes = [not fell(plan, recording) for plan, recording in walker.trials if plan.push]
    longest = max(walked(*pair) for pair in walker.trials if not pair[0].push)
    findings = [
        Finding("stability", "starts_walked", counted(np.mean(starts), len(starts), "starts", "share")),
        Finding("stability", "endurance", counted(longest, 1, "walks", "s")),
    ]
    if pushes:
        share = counted(np.mean(pushes), len(pushes), "pushes", "share")
        findings.append(Finding("stability", "pushes_withstood", share))
    return findings


def spatiotemporal_findings(walker: Subject, people: Sequence[Person], resampling: Resampling) -> list[Finding]:
    """Speed, times, lengths and shares per side, beside those of each person, and the differences that have limits."""
    findings = []
    for side in SIDES:
        series, trial = _series(walker, side)
        for name, (written, unit) in FIGURES.items():
            estimate = mean(series[name], trial, resampling, unit)
            for one in (one for one in people if one.role != "target"):
                findings += _figure(estimate, (series[name], trial), (written, side), one, resampling)
        for one in people:
            findings += _scaled_speed((series["speed"], trial), side, walker.leg_length, one, resampling)
        variation = spatiotemporal.variation(series["duration"], trial, resampling)
        findings.append(Finding("spatiotemporal", "stride_time_variation", variation, side=side))
    return findings


def _series(walker: Subject, side: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """One number a stride of every figure, (S,), and the trials (S,); of a data set of curves what it states."""
    if walker.still:
        trials = walker.compared
        parts = [spatiotemporal.figures(trial.cycles[side], _over_ground(trial)) for trial in trials]
        number = np.repeat(np.arange(len(parts)), [len(part.duration) for part in parts])
        return {name: np.concatenate([getattr(part, name) for part in parts]) for name in FIGURES}, number
    rows = next((strides for (_, own, _), strides in walker.cut.items() if own == side), None)
    count = 0 if rows is None else len(rows)
    series = {}
    for name, (written, _) in FIGURES.items():
        stated = walker.figures.get((written, side), walker.figures.get((written, "")))
        series[name] = np.full(count, np.nan if stated is None else stated.mean)
    if count:
        series |= {"duration": rows.duration, "stance": rows.stance}
    return series, np.arange(count) if rows is None else rows.trial


def _over_ground(trial: Trial) -> Signals | None:
    """Positions of a walk over ground; on a treadmill they say nothing of speed and length."""
    position = trial.recording.position
    if position is None:
        return None
    way = [position.channel(f"pelvis_{axis}")[-1] - position.channel(f"pelvis_{axis}")[0] for axis in "xy"]
    time = position.time[-1] - position.time[0]
    return position if np.hypot(*way) > TREADMILL * time else None


def symmetry(cut: dict[tuple[str, str, str], Strides], resampling: Resampling) -> list[Finding]:
    """Correlation of the mean activity of the right and the left leg, muscle by muscle."""
    keys = [("activity", side, "stride") for side in SIDES]
    if any(key not in cut for key in keys):
        return []
    right, left = (cut[key] for key in keys)
    curves = left.summary()
    findings = []
    for name in (name for name in right.names if name in left.names):
        estimate = waveform.correlation(right, curves, name, resampling)
        findings.append(
            Finding(
                "muscles",
                "side_correlation",
                estimate,
                channel=name,
                null=waveform.null_correlation(curves, name).value,
                ceiling_from="none: EMG of both legs was recorded from nobody here",
                note=estimate.note,
            )
        )
    return findings


def effort(trials: Sequence[Trial], resampling: Resampling) -> list[Finding]:
    """Mean sum of squared activations over whole strides, by group of muscles."""
    able = [trial for trial in trials if trial.recording.effort is not None and len(trial.cycles["right"])]
    if not able:
        return []
    parts = [_stride_means(trial.recording.effort, trial.cycles["right"]) for trial in able]
    place = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    values = np.concatenate(parts)
    return [
        Finding("effort", "effort", mean(values[:, k], place, resampling, "1"), channel=name)
        for k, name in enumerate(able[0].recording.effort.names)
    ]


def _figure(
    estimate: Estimate, drawn: tuple[np.ndarray, np.ndarray], what: tuple[str, str], one: Person, resampling: Resampling
) -> list[Finding]:
    """The figure beside one person's, and the difference where the protocol may limit it."""
    name, side = what
    human = one.figures.get((name, side), one.figures.get((name, "")))
    known = {"human": human.mean, "n_human": human.n, "of_human": one.entry.of} if human else {}
    shared = {"side": side, "reference": one.name, "note": estimate.note}
    findings = [Finding("spatiotemporal", name, estimate, **shared, **known)]
    if name in DIFFERENCES and human:
        scale = human.mean if name == "stride_time" else 1.0
        unit = "1" if name != "speed" else "m/s"
        difference = _distance(drawn, human.mean, scale, resampling, unit)
        findings.append(Finding("spatiotemporal", DIFFERENCES[name], difference, **shared, **known))
    return findings


def _scaled_speed(
    drawn: tuple[np.ndarray, np.ndarray], side: str, leg: float | None, one: Person, resampling: Resampling
) -> list[Finding]:
    """Difference of the speeds if the walker had the person's leg length and the same Froude number.

    Source:
        Froude number v^2 / (g L): Alexander & Jayes, Journal of Zoology 201 (1983) 135-152.
    """
    human = one.figures.get(("speed", side), one.figures.get(("speed", "")))
    if human is None or leg is None or one.entry.leg_length_m is None:
        return []
    scale = math.sqrt(one.entry.leg_length_m / leg)
    difference = _distance((drawn[0] * scale, drawn[1]), human.mean, 1.0, resampling, "m/s")
    return [
        Finding(
            "spatiotemporal",
            "scaled_speed_difference",
            difference,
            side=side,
            reference=one.name,
            human=human.mean,
            n_human=human.n,
            of_human=one.entry.of,
        )
    ]


def _distance(
    drawn: tuple[np.ndarray, np.ndarray], human: float, scale: float, resampling: Resampling, unit: str
) -> Estimate:
    values, trial = drawn
    known = np.isfinite(values)
    values, trial = values[known], trial[known]
    return bootstrap(lambda weights: np.abs(weights @ values - human) / scale, trial, resampling, unit)


def _stride_means(signals: Signals, cycles: Cycles) -> np.ndarray:
    """Time averages over each stride, (S, C)."""
    area = cumulative_trapezoid(signals.values, signals.time, axis=0, initial=0.0)
    ends = [np.column_stack([np.interp(t, signals.time, part) for part in area.T]) for t in (cycles.start, cycles.end)]
    return (ends[1] - ends[0]) / cycles.duration[:, None]
