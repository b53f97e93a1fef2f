"""Gates: what must hold before any number is believed. A failed gate greys what follows it, and never hides it."""

import math
from collections.abc import Sequence

import numpy as np

from biomimic.validate import audit
from biomimic.validate.people import Person
from biomimic.validate.results import ANOTHER_SPEED, Check, Finding, Gate
from biomimic.validate.subject import Subject

ENOUGH, STABLE = 5, 10  # strides on a side: fewer refuse inference, fewer give no stable mean
WEIGHT = (0.98, 1.02)  # body weights that the ground carries on average
RESIDUAL, RESIDUAL_RMS = 0.01, 0.05  # body weights
SPEED = 0.1  # [m/s]
DISAGREEMENT = 0.02  # [s] between two methods for events
WILD = 60.0  # [rad/s] no joint turns faster in walking or running
SHARE = 0.5  # of the trials that may end early before the rest is no sample of the walk
PASS, FAIL, WARN, NONE = "pass", "fail", "warning", "not applicable"


def gates(
    walker: Subject,
    findings: Sequence[Finding],
    checks: Sequence[Check],
    people: Sequence[Person],
    allows_speed: bool = False,
) -> tuple[Gate, ...]:
    """All gates, in order.

    Args:
        walker: what is measured.
        findings: physics, stability and spatiotemporal ones among them.
        checks: of the audit.
        people: compared with.
        allows_speed: whether a comparison at another speed was asked for; its gate then warns instead of failing.

    Source:
        validation protocol of this package, section 5.1; each gate names its own.
    """
    return (
        _units(checks),
        _signs(walker, checks),
        _wrench(walker, findings),
        _support(findings),
        _newton(walker, findings),
        _strides(walker, findings),
        _filters(people),
        _speed(findings, people, allows_speed),
        _finite(walker),
        _ended(walker),
        _clock(checks, findings),
        *_gait(walker),
    )


def _units(checks: Sequence[Check]) -> Gate:
    able = [check for check in checks if check.name in (audit.UNIT, audit.CONSTANT)]
    bad = [check for check in able if not check.passed]
    found = _words(bad) if bad else f"{len(able)} checks of size and change, all as expected"
    limit = "every quantity has the size its unit gives it, and changes over the cycle"
    return Gate("G1", "schema and units", FAIL if bad else PASS, found, limit, channels=_names(bad))


def _signs(walker: Subject, checks: Sequence[Check]) -> Gate:
    """Muscles named wrongly fail it in a laboratory's recording; in a simulation the names are the body's own."""
    able = [check for check in checks if check.name == audit.SIGN]
    mixed = [check for check in checks if check.name == audit.MUSCLE and not check.passed]
    bad = [check for check in able if not check.passed] + (mixed if walker.kind == "measured" else [])
    trunk = [check for check in checks if check.name == audit.TURNED]
    turned = [check for check in trunk if not check.passed]
    exchanged = len(turned) >= 3 and len(turned) > len(trunk) / 2
    limit = f"no channel agrees better by {audit.SIGN_MARGIN:g} in r with its sign or its sides exchanged"
    if bad or exchanged:
        words = "right and left look exchanged: " if exchanged and not bad else ""
        shown = bad or turned
        return Gate("G2", "signs and sides", FAIL, words + _words(shown), limit, channels=_names(shown))
    if not able:
        return Gate("G2", "signs and sides", NONE, "no angle that people were recorded on", limit)
    found = f"{len(able)} channels and sides agree best as declared"
    if turned or mixed:
        shown = turned + mixed
        return Gate("G2", "signs and sides", WARN, f"{found}; {_words(shown)}", limit, channels=_names(shown))
    return Gate("G2", "signs and sides", PASS, found, limit)


def _wrench(walker: Subject, findings: Sequence[Finding]) -> Gate:
    title, limit = "no hand of God", "nothing but the ground acts on the body: exactly 0 outside the planned pushes"
    if walker.kind == "measured":
        return Gate("G3", title, NONE, "a person was measured", limit)
    value = _one(findings, "applied_wrench")
    if not math.isfinite(value):
        return Gate("G3", title, FAIL, "the trials did not record it", limit)
    return Gate("G3", title, PASS if value == 0.0 else FAIL, f"largest {value:.3g} N or N m", limit)


def _support(findings: Sequence[Finding]) -> Gate:
    title, limit = "weight support", f"{WEIGHT[0]:.2f} to {WEIGHT[1]:.2f} body weights, mean over whole strides"
    value = _one(findings, "weight_support")
    source = "over whole strides the ground carries the body's weight"
    if not math.isfinite(value):
        return Gate("G4", title, NONE, "no whole stride with both feet on force plates", limit, source)
    kept = WEIGHT[0] <= value <= WEIGHT[1]
    words = f"{value:.3f} body weights" + ("" if kept else "; the mass or the unit of the force is wrong")
    return Gate("G4", title, PASS if kept else FAIL, words, limit, source, () if kept else ("vertical",))


def _newton(walker: Subject, findings: Sequence[Finding]) -> Gate:
    title = "Newton's law"
    limit = f"residual below {100 * RESIDUAL:g} % of body weight on average and {100 * RESIDUAL_RMS:g} % RMS"
    source = "after Hicks et al. 2015, doi:10.1115/1.4029304"
    value, rms = _one(findings, "newton_residual"), _one(findings, "newton_residual_rms")
    if not math.isfinite(value):
        words = "the acceleration of the centre of mass was not recorded"
        return Gate("G5", title, NONE if walker.kind == "measured" else FAIL, words, limit, source)
    kept = value < RESIDUAL and rms < RESIDUAL_RMS
    found = f"{100 * value:.2f} % on average, {100 * rms:.2f} % RMS"
    return Gate("G5", title, PASS if kept else FAIL, found, limit, source)


def _strides(walker: Subject, findings: Sequence[Finding]) -> Gate:
    """A laboratory's trial holds one or two strides by its nature: then inference is refused, and nothing is greyed."""
    counts = {one.side: int(one.value) for one in findings if one.metric == "strides"}
    least = min(counts.values(), default=0)
    limit = f"at least {ENOUGH} a side for any inference, {STABLE} for a stable mean"
    found = ", ".join(f"{count} {side}" for side, count in counts.items()) or "none"
    if any(trial.by_position for trial in walker.still):
        found += " (ends by the heel's position where the next step missed the plates)"
    used = max(counts.values(), default=0)
    if used == 0 or (walker.kind == "simulated" and least < ENOUGH):
        return Gate("G6", "valid strides", FAIL, found, limit)
    if least < ENOUGH:
        return Gate("G6", "valid strides", WARN, f"{found}: no interval or p value can be given", limit)
    status = PASS if least >= STABLE else WARN
    return Gate("G6", "valid strides", status, found, limit)


def _filters(people: Sequence[Person]) -> Gate:
    title, limit = "same filter on both sides", "people's curves passed the filters of this protocol"
    stated = {one.name: one.unlike for one in people if one.role in ("same", "other")}
    other = [f"{name}: {words}" for name, words in stated.items() if words]
    if not other:
        return Gate("G7", title, PASS, f"{len(stated)} data sets, all alike", limit)
    return Gate("G7", title, WARN, "; ".join(other), limit, channels=tuple(n for n, w in stated.items() if w))


def _speed(findings: Sequence[Finding], people: Sequence[Person], allowed: bool) -> Gate:
    """Against the tracked person and against the mean of several the speed must match; a single other one is named."""
    title = "speed"
    limit = f"within {SPEED:g} m/s of the people compared with, as it is or at their leg length (same Froude number)"
    source = "limit of this project: angles and forces change with speed"
    gaps = _gaps(findings)
    if not gaps:
        return Gate("G8", title, NONE, "the speed of one of the two is not known", limit, source)
    found = ", ".join(
        f"{gap:.3f} m/s from {name}" + (f" ({scaled:.3f} at the same leg length)" if math.isfinite(scaled) else "")
        for name, (gap, scaled) in gaps.items()
    )
    far = tuple(name for name, gap in gaps.items() if not np.nanmin(gap) <= SPEED)
    headline = {one.name for one in people if one.role in ("same", "group")} or set(gaps)
    status = PASS if not far else FAIL if headline & set(far) and not allowed else WARN
    if far and allowed:
        found += f"; {ANOTHER_SPEED}"
    return Gate("G8", title, status, found, limit, source, far)


def _gaps(findings: Sequence[Finding]) -> dict[str, tuple[float, float]]:
    """Data set → difference of speed as it is, and at the same leg length (NaN if unknown) [m/s]; the worse side."""
    gaps: dict[str, tuple[float, float]] = {}
    for one in findings:
        if one.metric not in ("speed_difference", "scaled_speed_difference") or not math.isfinite(one.value):
            continue
        gap, scaled = gaps.get(one.reference, (math.nan, math.nan))
        if one.metric == "speed_difference":
            gap = float(np.nanmax([gap, one.value]))
        else:
            scaled = float(np.nanmax([scaled, one.value]))
        gaps[one.reference] = (gap, scaled)
    return gaps


def _finite(walker: Subject) -> Gate:
    """NaN may stand where a person could not be measured; infinities and wild speeds are an unstable simulation."""
    title, limit = "stable numbers", f"no missing value in a simulation, no joint faster than {WILD:g} rad/s"
    bad = []
    for _, recording in walker.trials:
        for name in ("angles", "force", "moment"):
            signals = getattr(recording, name)
            if signals is not None and recording.kind == "simulated" and not np.isfinite(signals.values).all():
                bad.append(f"{recording.trial}: {name} holds missing values")
        if recording.angles is not None and len(recording.angles.time) > 1:
            joints = [name for name in recording.angles.names if not name.startswith("pelvis")]
            moved = np.abs(np.diff(recording.angles.select(joints).values, axis=0))
            fastest = float(np.nanmax(moved / np.diff(recording.angles.time)[:, None], initial=0.0))
            if fastest > WILD:
                bad.append(f"{recording.trial}: a joint turns at {fastest:.0f} rad/s")
    trials = "1 trial" if len(walker.trials) == 1 else f"{len(walker.trials)} trials"
    found = "; ".join(bad) or f"{trials} without a missing value"
    if not walker.trials:
        return Gate("G9", title, NONE, "curves, not time series", limit)
    return Gate("G9", title, FAIL if bad else PASS, found, limit)


def _ended(walker: Subject) -> Gate:
    title, limit = "early ends counted", f"at most {100 * SHARE:.0f} % of the undisturbed trials end early"
    still = [(plan, recording) for plan, recording in walker.trials if not plan.push]
    if not still or walker.kind == "measured":
        return Gate("G10", title, NONE, "a person was measured", limit)
    fallen = [recording.trial for _, recording in still if recording.fall is not None]
    found = f"{len(fallen)} of {len(still)} undisturbed trials fell"
    if fallen:
        found += "; their strides up to the fall are kept, and every fall stands in the table of trials"
    status = PASS if not fallen else WARN if len(fallen) / len(still) <= SHARE else FAIL
    return Gate("G10", title, status, found, limit, channels=tuple(fallen))


def _clock(checks: Sequence[Check], findings: Sequence[Finding]) -> Gate:
    """All angles early or late together: the force that cuts the cycles runs on another clock, or the walk does."""
    title = "one clock"
    limit = f"angles together within {audit.LARGEST_LAG:g} % of the cycle; two methods for events within 20 ms"
    lags = [check.value for check in checks if check.name == audit.CLOCK]
    apart = [one.value for one in findings if one.metric == "heel_strike_disagreement" and math.isfinite(one.value)]
    words = [f"angles {np.median(lags):+.0f} % of the cycle (median of {len(lags)})"] if lags else []
    words += [f"force and positions differ by {1000 * max(apart):.0f} ms at heel strike"] if apart else []
    if not words:
        return Gate("G11", title, NONE, "no angle that people were recorded on", limit)
    if lags and abs(float(np.median(lags))) > audit.LARGEST_LAG:
        bad = tuple(check.channel for check in checks if check.name == audit.CLOCK and not check.passed)
        return Gate("G11", title, FAIL, "; ".join(words), limit, channels=tuple(dict.fromkeys(bad)))
    late = bool(apart) and max(apart) > DISAGREEMENT
    return Gate("G11", title, WARN if late else PASS, "; ".join(words), limit)


def _gait(walker: Subject) -> tuple[Gate, ...]:
    """A walker who runs is no walker: said only of those, since all people compared with walk."""
    runs = [trial for trial in walker.still if trial.gait == "running"]
    if not runs:
        return ()
    duty = [trial.duty for trial in runs if math.isfinite(trial.duty)]
    found = f"running in {len(runs)} of {len(walker.still)} trials"
    if duty:
        found += f": each foot is on the ground for {100 * float(np.median(duty)):.0f} % of its stride"
    source = "Alexander & Jayes, J Zool 185 (1978) 27-40: above 50 % in walking, below in running"
    limit = "the person walks, as those do who are compared with"
    return (Gate("G12", "gait", FAIL, found, limit, source, tuple(trial.recording.trial for trial in runs)),)


def _one(findings: Sequence[Finding], metric: str) -> float:
    return next((one.value for one in findings if one.metric == metric), math.nan)


def _words(checks: Sequence[Check]) -> str:
    return "; ".join(f"{check.channel} {check.side}: {check.found}" for check in checks)


def _names(checks: Sequence[Check]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{check.channel}_{check.side}" for check in checks))
