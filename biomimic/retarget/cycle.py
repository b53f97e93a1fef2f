"""A measured walk folded onto one gait cycle that begins with the right heel strike."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, NotEnoughData
from biomimic.gait import events, filters
from biomimic.provenance import Provenance, sha256
from biomimic.readers import opensim
from biomimic.recording import Recording
from biomimic.reference.fold import fold
from biomimic.retarget import fourier
from biomimic.retarget.options import Options
from biomimic.signals import Signals

GRAVITY = 9.80665  # [m/s^2]
SIDES = ("right", "left")
FORCE_ORDER = 4  # resulting order of the low-pass filter of the forces
# coordinates of the Rajagopal 2016 arm; the left one's axes are mirrored, so signs agree on both sides
ARMS = {"arm_flexion": "arm_flex", "arm_adduction": "arm_add", "arm_rotation": "arm_rot", "elbow_flexion": "elbow_flex"}


@dataclass(frozen=True, eq=False)
class HumanCycle:
    """One stride of a person, periodic, N frames from right heel strike on; straight ahead is house x.

    Attributes:
        period: [s].
        left_strike: phase of the left heel strike, in (0, 1).
        stride: length [m].
        heading: direction in which the person walked, which was turned to house x [rad].
        mass: that the plates weighed [kg].
        angles: name → (N,) [rad], house names, and arm_flexion_right … elbow_flexion_left if the trial has them.
        pelvis: without the progress, (N, 3) [m], house frame.
        force: right x y z, left x y z on the body, (N, 6) [N], house frame.
        moment: name of the angle → (N,) [N m].
    """

    period: float
    left_strike: float
    stride: float
    heading: float
    mass: float
    angles: Mapping[str, np.ndarray]
    pelvis: np.ndarray
    force: np.ndarray
    moment: Mapping[str, np.ndarray]


def read_trial(
    *,
    coordinates: str | Path,
    forces: str | Path,
    moments: str | Path | None = None,
    mass: float | None = None,
    family: str = "rajagopal2016",
) -> Recording:
    """One measured walk with all that a periodic target needs: house angles and arm angles, pelvis, forces, moments.

    Args:
        coordinates: OpenSim file of joint angles.
        forces: OpenSim file of plate forces.
        moments: OpenSim file of net joint moments, or None.
        mass: of the person [kg]; None: what the plates weigh over one stride.
        family: of the OpenSim model.
    """
    names = opensim.names(family)
    files = [Path(file) for file in (coordinates, forces, moments) if file is not None]
    source = Provenance(
        source=", ".join(file.name for file in files),
        sha256=sha256(files[0]),
        note="; ".join(f"{file.name} sha256 {sha256(file)}" for file in files),
    )
    trial = opensim.read_recording(
        coordinates=coordinates, forces=forces, mass=1.0 if mass is None else mass, names=names, provenance=source
    )
    trial = replace(trial, angles=_with_arms(trial.angles, opensim.read_table(coordinates)))
    if moments is not None:
        trial = replace(trial, moment=opensim.read_moments(moments, names))
    return trial if mass is not None else replace(trial, mass=fold_trial(trial, Options()).mass)


def fold_trial(trial: Recording, options: Options) -> HumanCycle:
    """The stride between the first two right heel strikes, filled from what was seen a period earlier or later.

    Raises:
        BadFile: the trial has no angles, no pelvis position or no force.
        NotEnoughData: no two right and one left heel strike, or a record shorter than a stride.
    """
    for name in ("angles", "position", "force"):
        if getattr(trial, name) is None:
            raise BadFile(f'Trial "{trial.trial}" has no {name}; a target needs joint angles, pelvis and plate force.')
    _check_known(trial.force)
    force = filters.low_pass(filters.regular(trial.force), order=FORCE_ORDER, cutoff=options.force_hz)
    start, period, left = _strikes(force, trial.trial, options)
    angles = _folded(trial.angles, start, period, options)
    travel, position = _progress(trial.position, start, period)
    heading = float(np.arctan2(travel[1], travel[0]))
    pelvis = _turned(_folded_array(position, start, period, options), heading)
    if "pelvis_rotation" in angles:
        angles["pelvis_rotation"] = angles["pelvis_rotation"] - heading
    loads = np.column_stack(
        [_stance(force, side, (start, period, strike), options) for side, strike in zip(SIDES, (start, left))]
    )
    loads = np.column_stack([_turned(loads[:, :3], heading), _turned(loads[:, 3:], heading)])
    _check_walk(loads[:, 2] + loads[:, 5], trial.trial, options)
    moment = {} if trial.moment is None else _folded(trial.moment, start, period, options)
    return HumanCycle(
        period=period,
        left_strike=((left - start) / period) % 1.0,
        stride=float(np.hypot(travel[0], travel[1])),
        heading=heading,
        mass=float(loads[:, [2, 5]].sum(axis=1).mean() / GRAVITY),
        angles=angles,
        pelvis=pelvis,
        force=loads,
        moment=moment,
    )


def _check_walk(vertical: np.ndarray, trial: str, options: Options) -> None:
    if vertical.min() < options.threshold:
        percent = 100 * vertical.argmin() / len(vertical)
        raise BadFile(
            f'Trial "{trial}" has no foot on the plates at {percent:.0f} % of the stride; '
            "a target needs a walk with force plates under both feet all the time."
        )


def _with_arms(angles: Signals, table: Signals) -> Signals:
    columns = {f"{house}_{side}": f"{name}_{side[0]}" for house, name in ARMS.items() for side in SIDES}
    if not set(columns.values()) <= set(table.names):
        return angles
    values = np.column_stack([angles.values, *(table.channel(column) for column in columns.values())])
    return Signals(angles.time, values, (*angles.names, *columns), angles.unit)


def _strikes(force: Signals, trial: str, options: Options) -> tuple[float, float, float]:
    """First right heel strike, stride time, and the next left heel strike, or an earlier one if there is none [s]."""
    found = {}
    for side in SIDES:
        strikes = events.detect(force, side=side, threshold=options.threshold).heel_strike
        found[side] = strikes[strikes - options.lead >= force.time[0]]  # false for NaN: an unseen strike
    if len(found["right"]) < 2 or len(found["left"]) < 1:
        raise NotEnoughData(
            f'Trial "{trial}" has {len(found["right"])} right and {len(found["left"])} left heel strikes; '
            "a stride needs two right ones and a left one on the force plates."
        )
    start, end = found["right"][:2]
    left = found["left"]
    following = left[left > start]
    return float(start), float(end - start), float(following[0] if len(following) else left[-1])


def _folded(signals: Signals, start: float, period: float, options: Options) -> dict[str, np.ndarray]:
    values = _folded_array(filters.regular(signals), start, period, options)
    return {name: values[:, column] for column, name in enumerate(signals.names)}


def _folded_array(signals: Signals, start: float, period: float, options: Options) -> np.ndarray:
    _check_known(signals)
    cycle = fold(signals, start=start, period=period)
    return fourier.smooth(cycle.values[:-1], options.harmonics.measured, count=options.frames)


def _check_known(signals: Signals) -> None:
    if not np.isfinite(signals.values).all():
        row, column = np.argwhere(~np.isfinite(signals.values))[0]
        raise BadFile(
            f'"{signals.names[column]}" is not a number at {signals.time[row]:.4g} s; a target needs every frame.'
        )


def _progress(position: Signals, start: float, period: float) -> tuple[np.ndarray, Signals]:
    """Displacement in one stride (3,) [m], its height left out, and the pelvis without it."""
    pelvis = filters.regular(position.select(["pelvis_x", "pelvis_y", "pelvis_z"]))
    first, last = pelvis.time[0], pelvis.time[-1]
    if last - first < period:
        raise NotEnoughData(
            f"The pelvis is known from {first:.4g} to {last:.4g} s, but a stride takes {period:.4g} s. "
            "Use a record of at least one stride."
        )
    times = np.linspace(first, last - period, 50)
    travel = np.array(
        [np.mean(np.interp(times + period, pelvis.time, c) - np.interp(times, pelvis.time, c)) for c in pelvis.values.T]
    ) * [1.0, 1.0, 0.0]
    still = pelvis.values - (pelvis.time[:, None] - start) / period * travel
    return travel, pelvis.with_values(still)


def _stance(force: Signals, side: str, strike: tuple[float, float, float], options: Options) -> np.ndarray:
    """Force of one foot over the cycle, from one contact only, (N, 3) [N], house axes."""
    start, period, own = strike
    first = own - options.lead
    times = first + (start + period * np.arange(options.frames) / options.frames - first) % period
    if times.min() < force.time[0] or times.max() > force.time[-1]:
        raise NotEnoughData(
            f"The {side} foot's force is needed from {times.min():.4g} to {times.max():.4g} s, "
            f"the record goes from {force.time[0]:.4g} to {force.time[-1]:.4g} s. Use a longer record."
        )
    outward = -1.0 if side == "right" else 1.0  # house y points to the left
    channels = ((f"anterior_{side}", 1.0), (f"lateral_{side}", outward), (f"vertical_{side}", 1.0))
    return np.column_stack([sign * np.interp(times, force.time, force.channel(name)) for name, sign in channels])


def _turned(vectors: np.ndarray, heading: float) -> np.ndarray:
    """Vectors seen by somebody who faces `heading`, (N, 3)."""
    c, s = np.cos(heading), np.sin(heading)
    return vectors @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
