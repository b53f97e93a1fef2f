"""Quality of a processed trial: marker errors, residuals, reserves, weight and mass, each beside its threshold."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from biomimic import files
from biomimic.errors import BadFile
from biomimic.gait.strides import STANDARD_GRAVITY
from biomimic.lab import inverse, loads, trial
from biomimic.lab.settings import Settings
from biomimic.lab.trial import Processed
from biomimic.readers import opensim

CHECKLIST = "OpenSim checklist"
HICKS = "Hicks 2015"
OURS = "this package"
MARKER_RMS, MARKER_MAX = 0.02, 0.04  # [m] of inverse kinematics: OpenSim, Simulation with OpenSim - Best Practices
STATIC_RMS, STATIC_MAX = 0.01, 0.02  # [m] of the static pose, bony landmarks: the same
FORCE_PEAK, FORCE_RMS = 25.0, 15.0  # [N] residuals after residual reduction: the same, upper end of "acceptable"
MOMENT_PEAK, MOMENT_RMS = 75.0, 50.0  # [N m] the same
HICKS_FORCE, HICKS_MOMENT = 0.05, 0.01  # of the peak net external force; of it x height of the centre of mass
RESERVE = 0.10  # of the peak net moment at that joint
MASS = 0.02  # share by which model and person, force and weight may differ
_FORCES = ("residual_x", "residual_y", "residual_z")
_MOMENTS = ("residual_tilt", "residual_list", "residual_rotation")


@dataclass(frozen=True)
class Check:
    """One figure beside its threshold.

    Args:
        group: what it belongs to.
        name: what was measured.
        value: figure; NaN where it could not be measured.
        unit: of it.
        limit: threshold, an upper one.
        source: of the threshold.
        note: what must be known.
    """

    group: str
    name: str
    value: float
    unit: str
    limit: float
    source: str
    note: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether it is within the threshold; None where it could not be measured."""
        return None if math.isnan(self.value) else bool(self.value <= self.limit)


@dataclass(frozen=True)
class Quality:
    """All checks of a trial, and curves for the page.

    Args:
        trial: label.
        checks: in order of the steps.
        markers: marker → root mean square distance to the model's [m].
        curves: title → (unit, time, values) to draw.
        notes: sentences for the page.
    """

    trial: str
    checks: tuple[Check, ...]
    markers: dict[str, float]
    curves: dict[str, tuple[str, np.ndarray, np.ndarray]]
    notes: tuple[str, ...]

    def save(self, path: str | Path) -> Path:
        """All figures as JSON."""
        checks = [asdict(check) | {"passed": check.passed} for check in self.checks]
        for check in checks:
            check["value"] = None if math.isnan(check["value"]) else float(f"{check['value']:.6g}")
        markers = {name: float(f"{value:.6g}") for name, value in self.markers.items()}
        content = {"trial": self.trial, "checks": checks, "markers_m": markers, "notes": list(self.notes)}
        return files.write(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def measure(settings: Settings, folder: str | Path, done: Processed) -> Quality:
    """Quality of what `trial.process` left in the folder."""
    folder = Path(folder)
    checks: list[Check] = [_mass(settings, done)]
    markers, curves, notes = {}, {}, []
    if settings.scaling is not None:
        checks += _static(folder)
    if settings.markers:
        found, markers, curves = _markers(folder)
        checks += found
    if settings.forces:
        found, drawn, said = _ground(settings, folder, done)
        checks += found
        curves |= drawn
        notes += said
        if settings.dynamics.muscles:
            checks += _reserves(folder, done)
    if done.envelopes is not None:
        notes += _emg(done)
        checks += [
            Check("EMG", f"floor of {name}", floor, "share of its maximum", trial.emg.NOISY, OURS, "5th percentile")
            for name, floor in done.envelopes.floor.items()
        ]
    return Quality(settings.trial, tuple(checks), markers, curves, tuple(notes))


def _mass(settings: Settings, done: Processed) -> Check:
    model, person = done.model["mass"], settings.mass
    note = f"model {model:.2f} kg, person {person:.2f} kg"
    return Check(
        "weight", "mass of the model against the person's", abs(model / person - 1.0), "share", MASS, OURS, note
    )


def _static(folder: Path) -> list[Check]:
    found = inverse.static_errors(folder / "scale_setup.log")
    if found is None:
        return []
    rms, largest, marker = found
    return [
        Check("scaling", "RMS of the markers in the static pose", rms, "m", STATIC_RMS, CHECKLIST),
        Check("scaling", "largest distance in the static pose", largest, "m", STATIC_MAX, CHECKLIST, marker),
    ]


def marker_errors(folder: str | Path) -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    """Distance of each marker of the trial to the model's in every frame of inverse kinematics.

    Args:
        folder: of a run.

    Returns:
        Times (T,) [s], K markers that both have, distances (T, K) [m], NaN where a marker was not seen.

    Raises:
        BadFile: the model's markers and the trial's do not overlap in time.
    """
    folder = Path(folder)
    model = opensim.read_table(folder / "ik_model_marker_locations.sto")
    motion, first = trial.read_markers(folder / "markers.trc")
    names = tuple(name for name in motion.landmarks if f"{name}_tx" in model.names)
    frames = np.round((model.time - first) * motion.rate).astype(int)
    if not names or frames.min() < 0 or frames.max() >= len(motion.position):
        raise BadFile(f"{folder / 'ik_model_marker_locations.sto'} does not belong to markers.trc beside it.")
    distance = []
    for name in names:
        seen = motion.position[frames, motion.landmarks.index(name)]  # house: forward, left, up
        placed = np.column_stack([model.channel(f"{name}_t{axis}") for axis in "xyz"])
        distance.append(np.linalg.norm(trial.to_house(placed) - seen, axis=1))
    return model.time, names, np.column_stack(distance)


def _markers(folder: Path) -> tuple[list[Check], dict[str, float], dict]:
    time, names, distance = marker_errors(folder)
    used = opensim.read_table(folder / "ik_marker_errors.sto")
    rms, largest = used.channel("marker_error_RMS"), used.channel("marker_error_max")
    note = f"worst of {len(used)} frames"
    checks = [
        Check("kinematics", "RMS of the markers, worst frame", float(rms.max()), "m", MARKER_RMS, CHECKLIST, note),
        Check("kinematics", "largest distance of a marker", float(largest.max()), "m", MARKER_MAX, CHECKLIST, note),
    ]
    each = {name: float(np.sqrt(np.nanmean(column**2))) for name, column in zip(names, distance.T)}
    curves = {
        "RMS of all markers": ("m", used.time, rms),
        "Largest distance of a marker": ("m", used.time, largest),
    }
    return checks, dict(sorted(each.items(), key=lambda one: -one[1])), curves


def _ground(settings: Settings, folder: Path, done: Processed) -> tuple[list[Check], dict, list[str]]:
    recording = done.recording
    force, moment = opensim.read_residuals(folder / "id.sto")
    wrench = loads.of_recording(recording)
    inside = (wrench.time >= force.time[0]) & (wrench.time <= force.time[-1])
    external = float(np.linalg.norm(wrench.force.sum(axis=1), axis=1)[inside].max())
    height = float(recording.position.channel("com_z").mean())
    covered, words = _covered(settings, done)
    keep = (force.time >= covered[0]) & (force.time <= covered[1])
    note = f"{covered[0]:.3f} to {covered[1]:.3f} s, while every foot on the ground was on a plate" if words else ""
    checks = []
    for signals, names, limits, share, unit in (
        (force, _FORCES, (FORCE_PEAK, FORCE_RMS), HICKS_FORCE * external, "N"),
        (moment, _MOMENTS, (MOMENT_PEAK, MOMENT_RMS), HICKS_MOMENT * external * height, "N m"),
    ):
        for name in names:
            part = signals.channel(name)[keep]
            peak = float(np.abs(part).max()) if part.size else math.nan
            root = float(np.sqrt(np.mean(part**2))) if part.size else math.nan
            checks += [
                Check("residuals", f"{name}, peak", peak, unit, share, HICKS, note),
                Check("residuals", f"{name}, peak", peak, unit, limits[0], CHECKLIST, "meant for residual reduction"),
                Check("residuals", f"{name}, RMS", root, unit, limits[1], CHECKLIST, "meant for residual reduction"),
            ]
    checks.append(_weight(settings, done, covered if words else None))
    curves = {f"Residual force, {name[-1]}": ("N", force.time, force.channel(name)) for name in _FORCES} | {
        f"Residual moment, {name.removeprefix('residual_')}": ("N m", moment.time, moment.channel(name))
        for name in _MOMENTS
    }
    said = [
        f"Largest net external force {external:.0f} N, mean height of the centre of mass {height:.3f} m: Hicks's "
        f"limits are {HICKS_FORCE * external:.0f} N and {HICKS_MOMENT * external * height:.1f} N m.",
        words or "No time was found in which every foot on the ground was surely on a plate; all of it is taken.",
    ]
    return checks, curves, said


def _covered(settings: Settings, done: Processed) -> tuple[tuple[float, float], str]:
    """Time from the second to the last heel strike of the record: before and after it a foot may be beside a plate."""
    contacts = trial.contacts(done.recording, settings.ground.threshold)
    strikes = np.sort(np.concatenate([one.heel_strike[np.isfinite(one.heel_strike)] for one in contacts.values()]))
    start, end = done.span
    if len(contacts) < 2 or len(strikes) < 3:
        return (start, end), ""
    first, last = max(float(strikes[1]), start), min(float(strikes[-1]), end)
    if last <= first:
        return (start, end), ""
    return (
        first,
        last,
    ), f"Residuals and weight are of {first:.3f} to {last:.3f} s, between the second and the last heel strike."


def _weight(settings: Settings, done: Processed, covered: tuple[float, float] | None) -> Check:
    """Mean vertical force against m (g + mean acceleration of the centre of mass)."""
    name = "mean vertical force against the weight"
    if covered is None:
        return Check("weight", name, math.nan, "share", MASS, OURS, "no step has all its force on plates")
    mean = loads.weight(loads.of_recording(done.recording), *covered)
    com = done.recording.position
    speed = np.gradient(com.channel("com_z"), com.time)
    change = (np.interp(covered[1], com.time, speed) - np.interp(covered[0], com.time, speed)) / (
        covered[1] - covered[0]
    )
    expected = settings.mass * (STANDARD_GRAVITY + change)
    note = (
        f"{mean:.1f} N measured, m (g + a) = {expected:.1f} N over {covered[0]:.3f} to {covered[1]:.3f} s, a = "
        f"{change:+.2f} m/s^2 being the mean acceleration of the centre of mass"
    )
    return Check("weight", name, abs(mean / expected - 1.0), "share", MASS, OURS, note)


def _reserves(folder: Path, done: Processed) -> list[Check]:
    table = opensim.read_table(folder / "so_force.sto")
    moments = opensim.read_table(folder / "id.sto")
    checks = []
    for name in table.names:
        joint = name.removeprefix("reserve_")
        if joint == name or joint.startswith("pelvis_") or f"{joint}_moment" not in moments.names:
            continue
        peak = float(np.abs(moments.channel(f"{joint}_moment")).max())
        used = float(np.abs(table.channel(name)).max())
        note = f"{used:.2f} of {peak:.1f} N m"
        checks.append(
            Check("muscles", f"reserve at {joint}", used / peak, "share of its peak", RESERVE, CHECKLIST, note)
        )
    return checks


def _emg(done: Processed) -> list[str]:
    unusable = [name for name in done.envelopes.activity.names if name not in done.envelopes.usable]
    said = [f"EMG normaliser: {done.envelopes.normaliser}."]
    if unusable:
        said.append(f"Not usable, since it never comes to rest: {', '.join(unusable)}.")
    return said
