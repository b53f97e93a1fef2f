"""What must hold before any number is believed: no hand from outside, Newton's law, weight support, strides, signs."""

import math
from collections.abc import Sequence

import numpy as np

from biomimic.gait.strides import SIDES, Strides
from biomimic.metrics import kinetics
from biomimic.metrics.estimate import Estimate, Resampling, mean
from biomimic.metrics.waveform import pearson
from biomimic.recording import Recording
from biomimic.validate.protocol import Planned, Protocol
from biomimic.validate.results import Check, Finding
from biomimic.validate.walks import Trial

GRAVITY = 9.81  # [m/s^2] of the simulated world
PUSH_MARGIN = 0.02  # [s] around a push, one control step and its rounding
SIGN_MARGIN = 0.3  # by which a channel with its sign or side exchanged may not agree better
SAGITTAL = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")


def physics(
    trials: Sequence[Trial], recordings: Sequence[tuple[Planned, Recording]], protocol: Protocol, resampling: Resampling
) -> list[Finding]:
    """Largest wrench from outside, Newton's law, weight support, strides, and agreement of two event methods.

    Args:
        trials: undisturbed, with their strides.
        recordings: all trials, the pushed ones too.
        protocol: says when the pushes were.
        resampling: of strides within trials.
    """
    findings = [_applied(recordings, protocol)]
    residual, rms, support, number = [], [], [], []
    for index, trial in enumerate(trials):
        cycles, recording = trial.cycles["right"], trial.recording
        if not len(cycles):
            continue
        support.append(kinetics.weight_support(recording.force, cycles, recording.mass))
        number.append(np.full(len(cycles), index))
        if recording.floor is not None and recording.acceleration is not None:
            law = kinetics.newton_residual(
                recording.floor, recording.acceleration, cycles, mass=recording.mass, gravity=GRAVITY
            )
            residual.append(law.mean)
            rms.append(law.rms)
    place = _joined(number)
    series = {"newton_residual": residual, "newton_residual_rms": rms, "weight_support": support}
    for name, parts in series.items():
        values = _joined(parts) if parts else np.full(len(place), math.nan)
        findings.append(Finding("physics", name, mean(values, place, resampling, "BW")))
    for side in SIDES:
        count = sum(len(trial.cycles[side]) for trial in trials)
        findings.append(Finding("physics", "strides", counted(count, count, "strides", "strides"), side=side))
    return findings + _event_agreement(trials)


def sign_audit(cut: dict[tuple[str, str, str], Strides], people: Sequence) -> list[Check]:
    """Whether any sagittal angle would agree better with its sign changed or with the other side's curve.

    Compared are the mean curves with those of the person who was tracked (or the first one); a lead of more than
    0.3 in r fails. The plausibility of the curves themselves is listed beside it.

    Args:
        cut: simulated strides.
        people: human data sets.
    """
    checks = []
    for side, other in (("right", "left"), ("left", "right")):
        key, opposite = ("angles", side, "stride"), ("angles", other, "stride")
        if key not in cut:
            continue
        for channel in (name for name in SAGITTAL if name in cut[key].names):
            own = cut[key].summary().channel(channel)
            checks.append(_plausible(channel, side, own))
            human = next((p.curves(key).channel(channel) for p in people if p.has(key, channel)), None)
            if human is not None:
                swapped = cut[opposite].summary().channel(channel) if opposite in cut else None
                checks.append(_exchange(channel, side, own, human, swapped))
    return checks


def sign_finding(checks: Sequence[Check]) -> Finding:
    """Share of the sign checks that passed."""
    signs = [check.passed for check in checks if check.name == "sign and side"]
    value = float(np.mean(signs)) if signs else math.nan
    note = "" if signs else "no angle could be checked"
    return Finding("physics", "sign_checks", counted(value, len(signs), "checks", "share", note))


def counted(value: float, n: int, of: str, unit: str, note: str = "") -> Estimate:
    """A number that is counted, not sampled: without an interval."""
    return Estimate(float(value), math.nan, math.nan, 0.95, n, of, unit, note)


def _applied(recordings: Sequence[tuple[Planned, Recording]], protocol: Protocol) -> Finding:
    largest, missing = 0.0, 0
    start = protocol.pushes.at_s - PUSH_MARGIN
    end = protocol.pushes.at_s + protocol.pushes.duration_s + PUSH_MARGIN
    for planned, recording in recordings:
        if recording.applied is None:
            missing += 1
            continue
        time, values = recording.applied.time, np.abs(recording.applied.channel("largest"))
        keep = (time < start) | (time > end) if planned.push else np.ones(len(time), bool)
        largest = max(largest, float(values[keep].max(initial=0.0)))
    note = f"{missing} of {len(recordings)} trials did not record it" if missing else ""
    value = math.nan if missing else largest
    return Finding("physics", "applied_wrench", counted(value, len(recordings), "trials", "N or N m", note))


def _event_agreement(trials: Sequence[Trial]) -> list[Finding]:
    findings = []
    for side in SIDES:
        both = [trial.agreement[side] for trial in trials if side in trial.agreement]
        for name in ("heel_strike", "toe_off"):
            medians = [getattr(one, name) for one in both]
            known = [value for value in medians if math.isfinite(value)]
            value = float(np.median(known)) if known else math.nan
            note = "" if known else "no positions of heel and toe"
            estimate = counted(value, len(known), "trials", "s", note)
            findings.append(Finding("physics", f"{name}_disagreement", estimate, side=side))
    return findings


def _exchange(channel: str, side: str, own: np.ndarray, human: np.ndarray, swapped: np.ndarray | None) -> Check:
    declared = float(pearson(own, human))
    flipped = -declared
    crossed = float(pearson(swapped, human)) if swapped is not None else math.nan
    lead = np.nanmax([flipped - declared, crossed - declared])
    found = f"r {declared:.2f} as declared, {flipped:.2f} with the sign changed, {crossed:.2f} with the other side"
    return Check("sign and side", channel, side, bool(lead <= SIGN_MARGIN), found)


def _plausible(channel: str, side: str, curve: np.ndarray) -> Check:
    """Events of a walking stride that tell a sign error from a poor walk; angles in degrees."""
    degrees = np.degrees(curve)
    if channel == "knee_flexion":
        peak, when = degrees[50:].max(), 50 + int(degrees[50:].argmax())
        passed = bool(degrees.mean() > 0 and 40 <= peak <= 75)
        return Check(
            "plausible curve", channel, side, passed, f"swing peak {peak:.0f}° at {when} %, expected 40 to 75°"
        )
    if channel == "hip_flexion":
        low = int(degrees.argmin())
        passed = 45 <= low <= 60
        return Check("plausible curve", channel, side, passed, f"most extended at {low} %, expected 45 to 60 %")
    low = 40 + int(degrees[40:90].argmin())
    passed = 55 <= low <= 75
    return Check("plausible curve", channel, side, passed, f"most plantarflexed at {low} %, expected 55 to 75 %")


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0)
