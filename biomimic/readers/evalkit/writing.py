"""Recordings → rollout file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from biomimic import archive
from biomimic.errors import BadValue
from biomimic.readers.evalkit.layout import ANGLES, DT, NEAR, POST, PRE, SENSORS, SIDES
from biomimic.recording import Recording
from biomimic.signals import Signals

KIND, SCHEMA = "mm-evalkit rollout", 1  # two keys of our own; mm-evalkit passes them over
_NEEDED = ("coordinates", "activation", "force")
_NOTE = "whole vertical force of a foot in the sensor of its heel; moments of the muscles alone, the knee's complete"


def write(
    recordings: Sequence[Recording],
    path: str | Path,
    *,
    targets: Sequence[Signals] | None = None,
    numbers: Sequence[int] | None = None,
    motion_group: str = "",
) -> Path:
    """Recordings as a rollout file that mm-evalkit 0.1 loads, one episode each.

    The whole vertical force of a foot goes to the sensor of its heel and the one of the toes stays zero, because a
    recording does not divide it. If all recordings have the muscle moments of the leg angles, mass, these moments and
    the foot forces are written too, sampled after the step, and the last state, after which nothing is known, is left
    out. Knee moments are complete, with what the muscles do through the patella, unlike raw actuator forces of MuJoCo.

    Args:
        recordings: simulated, with coordinates, activation and force, one state every 0.01 s.
        path: npz file.
        targets: coordinates of the motion that each one imitated, on its time axis and to its end; None takes the
            recording itself, so that what mm-evalkit calls mfb-retargeted compares it with itself.
        numbers: places of the motions in the motion group (`traj_id`); 0, 1, 2, … by default.
        motion_group: name of a motion group of mm-evalkit, e.g. "GAIT120_TESTING"; empty writes none.

    Raises:
        BadValue: a recording lacks something mm-evalkit needs, or they do not fit into one file.
        UnknownName: a target lacks a coordinate, or the force a foot.
    """
    _check(recordings, targets, numbers)
    first = recordings[0]
    has_kinetics = all(_has_moments(recording) for recording in recordings)
    joints = dict.fromkeys(name.split("/")[0] for name in first.coordinates.names)
    content = {
        "n_episodes": np.array(len(recordings)),
        "dt": np.array(DT),
        "joint_names": np.array(list(joints)),
        "muscle_names": np.array(first.activation.names),
        "activation_sample_phase": np.array(PRE),
        "note": np.array(_NOTE),
    }
    content |= {"motion_group": np.array(motion_group)} if motion_group else {}
    if has_kinetics:
        content |= {
            "kinetics_sample_phase": np.array(POST),
            "generalized_actuator_force_joint_names": np.array(list(ANGLES.values())),
            "generalized_actuator_force_units": np.array(["Nm"] * len(ANGLES)),
            "force_sensor_names": np.array(SENSORS),
            "force_sensor_units": np.array(["N"] * len(SENSORS)),
            "model_mass_kg": np.array(float(first.mass)),
        }
    for place, recording in enumerate(recordings):
        target = None if targets is None else targets[place]
        number = place if numbers is None else numbers[place]
        part = {"traj_id": np.array(int(number)), **_episode(recording, target, has_kinetics)}
        content |= {f"episode_{place}_{name}": values for name, values in part.items()}
    return archive.save(path, KIND, SCHEMA, content)


def _has_moments(recording: Recording) -> bool:
    return recording.moment is not None and {f"muscle/{name}" for name in ANGLES} <= set(recording.moment.names)


def _check(recordings: Sequence[Recording], targets: Sequence | None, numbers: Sequence[int] | None) -> None:
    """What can be said before an episode is made."""
    if not recordings:
        raise BadValue("No recording was given; a rollout file holds at least one.")
    for what, given in (("targets", targets), ("numbers", numbers)):
        if given is not None and len(given) != len(recordings):
            raise BadValue(f"{len(recordings)} recordings need as many {what}; {len(given)} were given.")
    first = recordings[0]
    for recording in recordings:
        for name in _NEEDED:
            if getattr(recording, name) is None:
                raise BadValue(f'Trial "{recording.trial}" has no {name}, and mm-evalkit needs it.')
        for name in ("coordinates", "activation"):
            if getattr(recording, name).names != getattr(first, name).names:
                raise BadValue(f'Trials "{first.trial}" and "{recording.trial}" differ in the names of their {name}.')
        if not np.isclose(recording.mass, first.mass, rtol=1e-9):
            raise BadValue(f"One file has one body; these weigh {first.mass:g} and {recording.mass:g} kg.")
        steps = np.diff(recording.coordinates.time)
        if not len(steps) or np.abs(steps - DT).max() > NEAR:
            raise BadValue(f'mm-evalkit takes one state every {DT:g} s; trial "{recording.trial}" has another step.')


def _episode(recording: Recording, target: Signals | None, has_kinetics: bool) -> dict[str, np.ndarray]:
    """Arrays of one episode."""
    coordinates, force = recording.coordinates, recording.force
    at = [coordinates, recording.activation, force]
    after = [force, recording.moment] if has_kinetics else []
    begin = max([*(part.time[0] for part in at), *(part.time[0] - DT for part in after)])
    end = min([*(part.time[-1] for part in at), *(part.time[-1] - DT for part in after)])
    time = coordinates.time[(coordinates.time > begin - NEAR) & (coordinates.time < end + NEAR)]
    if not len(time):
        raise BadValue(f'Coordinates, activation and forces of trial "{recording.trial}" do not overlap in time.')
    content = {
        "trial": np.array(recording.trial),
        "timesteps": time,
        "joint_positions": _sampled(coordinates, time),
        "muscle_activations": _sampled(recording.activation, time),
        "touch_observations": _touch(force, time),
    }
    if has_kinetics:
        moments = recording.moment.select([f"muscle/{name}" for name in ANGLES])
        content["generalized_actuator_forces"] = _sampled(moments, time + DT)
        content["force_sensor_values"] = _touch(force, time + DT)
        content["kinetics_reference_steps"] = np.arange(1, len(time) + 1)
    content["traj_qpos"] = _imitated(recording, target, time, has_kinetics)
    content["traj_length"] = np.array(len(content["traj_qpos"]))
    for name, values in content.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise BadValue(f'Trial "{recording.trial}" has missing values in its {name}, and mm-evalkit refuses them.')
    return content


def _imitated(recording: Recording, target: Signals | None, time: np.ndarray, has_kinetics: bool) -> np.ndarray:
    """Coordinates of the imitated motion: one row more than the episode, further rows tell that it ended early."""
    rows, ended = len(time), recording.fall is not None
    least = rows + 2 if ended else rows + has_kinetics
    source = recording.coordinates if target is None else target.select(recording.coordinates.names)
    values = source.values[np.searchsorted(source.time, time[0] - NEAR) :]
    if target is None:
        values = np.concatenate([values, np.repeat(values[-1:], max(0, least - len(values)), axis=0)])
        return values[: max(least, rows + 1)]
    if len(values) < least:
        raise BadValue(
            f'Trial "{recording.trial}" has {rows} states and its target {len(values)}; mm-evalkit needs {least}'
            + (" to see that it ended early." if ended else ".")
        )
    return values if ended else values[: rows + 1]


def _touch(force: Signals, time: np.ndarray) -> np.ndarray:
    """Sensors of both feet [N], (T, 4)."""
    right, left = (_sampled(force.select([f"vertical_{side}"]), time)[:, 0] for side in SIDES.values())
    return np.column_stack([right, np.zeros(len(time)), left, np.zeros(len(time))])


def _sampled(signals: Signals, time: np.ndarray) -> np.ndarray:
    """Values at these times, (T, C): the samples where there are any, else linear between them."""
    place = np.minimum(np.searchsorted(signals.time, time - NEAR), len(signals) - 1)
    if np.abs(signals.time[place] - time).max() < NEAR:
        return signals.values[place]
    return np.column_stack([np.interp(time, signals.time, column) for column in signals.values.T])
