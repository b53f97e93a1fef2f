"""Feet and sides: the centre of pressure under each foot, running force, and how alike right and left are."""

from collections.abc import Callable, Sequence

import numpy as np

from biomimic.gait.strides import SIDES, Strides
from biomimic.metrics import grf, pressure, running, spatiotemporal
from biomimic.metrics.estimate import Resampling
from biomimic.metrics.per_stride import PerStride, averaged
from biomimic.validate.results import Finding
from biomimic.validate.walks import Key, Trial

LOADED = 0.05  # [BW] below which a centre of pressure is noise
PRESSURE = {"length": "m", "excursion": "m", "excursion_share": "1"}
RUNNING = {
    "active_peak": "BW",
    "active_peak_time": "1",
    "impact_present": "1",
    "impact_peak": "BW",
    "impact_time": "s",
    "loading_rate": "BW/s",
    "stance_time": "s",
    "duty": "1",
}
SYMMETRIC = {  # figure of the ground force → channel it needs
    "first_peak": "vertical",
    "second_peak": "vertical",
    "vertical_impulse": "vertical",
    "propulsion_impulse": "anterior",
}


def centre_of_pressure(trials: Sequence[Trial], resampling: Resampling) -> list[Finding]:
    """Length and forward excursion of the centre of pressure in each stance, where it was recorded."""
    able = [trial for trial in trials if trial.recording.pressure is not None]
    found = []
    for side in SIDES if able else ():
        paths = [_path(trial, side) for trial in able]
        number = np.repeat(np.arange(len(paths)), [len(path.length.values) for path in paths])
        for name, unit in PRESSURE.items():
            figure = _joined([getattr(path, name) for path in paths])
            estimate = averaged(figure, number, resampling, unit)
            found.append(Finding("centre of pressure", f"pressure_{name}", estimate, side=side, note=estimate.note))
    return found


def running_force(trials: Sequence[Trial], resampling: Resampling) -> list[Finding]:
    """Active peak, impact and loading of the trials that run, from the force as it was recorded."""
    able = [trial for trial in trials if trial.gait == "running"]
    found = []
    for side in SIDES if able else ():
        parts = [running.running_force(t.recording.force, t.cycles[side], t.recording.mass) for t in able]
        number = np.repeat(np.arange(len(parts)), [len(part.duty.values) for part in parts])
        for name, unit in RUNNING.items():
            figure = _joined([getattr(part, name) for part in parts])
            estimate = averaged(figure, number, resampling, unit)
            found.append(Finding("ground reaction force", f"running_{name}", estimate, side=side, note=estimate.note))
    return found


def symmetry(cut: dict[Key, Strides], resampling: Resampling) -> list[Finding]:
    """Symmetry angle of figures of the ground force, right against left.

    Source:
        Zifchock et al. 2008, doi:10.1016/j.gaitpost.2007.08.006.
    """
    keys = [("force", side, "stance") for side in SIDES]
    if any(key not in cut or not len(cut[key]) for key in keys):
        return []
    found = []
    for name, channel in SYMMETRIC.items():
        if any(channel not in cut[key].names for key in keys):
            continue
        estimate = grf.symmetry(cut[keys[0]], cut[keys[1]], _values(name), resampling)
        found.append(Finding("symmetry", "symmetry_angle", estimate, channel=name, note=estimate.note))
    return found


def _values(name: str) -> Callable[[Strides], np.ndarray]:
    return lambda strides: grf.figure(strides, name).values


def _path(trial: Trial, side: str) -> pressure.PressurePath:
    recording, cycles = trial.recording, trial.cycles[side]
    least = LOADED * recording.mass * 9.80665
    loaded = pressure.loaded(recording.pressure, recording.force, least)
    heading = spatiotemporal.figures(cycles, recording.position).heading
    heading = np.where(np.isfinite(heading), heading, 0.0)
    length = None
    if recording.position is not None and {f"heel_{side}_x", f"toe_{side}_x"} <= set(recording.position.names):
        length = pressure.foot_length(recording.position, side)
    return pressure.path(loaded, cycles, heading=heading, foot_length=length)


def _joined(figures: Sequence[PerStride]) -> PerStride:
    values = np.concatenate([figure.values for figure in figures]) if figures else np.zeros(0)
    return PerStride(values, tuple(reason for figure in figures for reason in figure.reasons))
