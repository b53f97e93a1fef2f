"""Rollout file → recordings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, BadValue
from biomimic.gait.strides import STANDARD_GRAVITY
from biomimic.provenance import Provenance, sha256
from biomimic.readers import arrays
from biomimic.readers.evalkit import layout
from biomimic.readers.evalkit.layout import ANGLES, FREE, POST, PRE, ROOT, SENSORS
from biomimic.recording import Recording
from biomimic.signals import Signals

_EPISODE = re.compile(rf"episode_\d+_({'|'.join((*layout.EPISODE, *layout.MORE_EPISODE))})")
_WANTED = (*layout.HEADER, *layout.MORE_HEADER)
_HOUSE = np.array(layout.HOUSE)
_NEWTON_METRES, _NEWTONS = ("nm", "n_m"), ("n", "newtons")


@dataclass(frozen=True)
class _Rollout:
    """What holds for all episodes of a file."""

    path: Path
    content: Mapping[str, np.ndarray]
    dt: float
    joints: tuple[str, ...]
    mass: float
    actuators: tuple[str, ...]
    muscles: Mapping[str, Mapping[str, float]]
    touch_unit: str
    phase: str


def read(
    path: str | Path,
    *,
    mass: float | None = None,
    actuators: Sequence[str] | None = None,
    muscles: Mapping[str, Mapping[str, float]] | None = None,
    touch_unit: str | None = None,
    activation_phase: str | None = None,
) -> list[Recording]:
    """The episodes of a rollout file of MyoFullBody, in house names, frame and signs.

    Each has `coordinates` (qpos), `angles` of the legs and of the pelvis (trunk angles are no entries of qpos, they
    need the body's kinematics), `position` of the pelvis, and as far as the file goes `activation`, `activity`,
    `force` (vertical only: touch sensors feel no shear) and `moment` of the muscles, named muscle/<angle>. An episode
    shorter than its target has ended early: that time is its `fall`. What the file does not say has to be given.

    Args:
        path: npz file.
        mass: of the body [kg]; files with kinetics say it.
        actuators: names in the order of the activation columns; () leaves the muscles out.
        muscles: EMG-comparable muscle → actuator → weight, for `activity`; None leaves it out.
        touch_unit: "N" or "BW", of touch observations in a file without kinetics; "" leaves the force out.
        activation_phase: "pre_step" or "post_step"; None takes what the file says, or post_step as mm-evalkit does.

    Raises:
        BadFile: missing, truncated, no rollout, or with content that contradicts itself.
        BadValue: something is needed that neither the file nor the caller says, or both say and differ.
        UnknownName: `muscles` names an actuator that the file does not have.
    """
    path = Path(path)
    content = _load(path)
    rollout = _Rollout(
        path=path,
        content=content,
        dt=_number(content, "dt", path),
        joints=_strings(content, "joint_names", path),
        mass=_mass(content, mass, path),
        actuators=_actuators(content, actuators, path),
        muscles={} if muscles is None else muscles,
        touch_unit=_touch_unit(content, touch_unit, path),
        phase=_phase(content, activation_phase, path),
    )
    digest = sha256(path)
    try:
        return [_recording(rollout, number, digest) for number in range(int(_number(content, "n_episodes", path)))]
    except BadValue as error:
        raise BadFile(f"{path}: {error}") from None


def _load(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise BadFile(f"{path} was asked for as a rollout and does not exist.")
    wanted = [name for name in arrays.names(path) if name in _WANTED or _EPISODE.fullmatch(name)]
    return arrays.load(path, wanted)


def _needed(content: Mapping[str, np.ndarray], name: str, path: Path) -> np.ndarray:
    if name not in content:
        raise BadFile(f'{path} is no rollout as mm-evalkit 0.1 reads it, or is damaged: it lacks "{name}".')
    return content[name]


def _number(content: Mapping[str, np.ndarray], name: str, path: Path) -> float:
    found = _needed(content, name, path)
    if found.size != 1 or found.dtype.kind not in "iuf" or not np.isfinite(found).all():
        raise BadFile(f'{path}: "{name}" must be one number.')
    return float(found.item())


def _strings(content: Mapping[str, np.ndarray], name: str, path: Path) -> tuple[str, ...]:
    return tuple(str(value) for value in np.atleast_1d(_needed(content, name, path)))


def _table(content: Mapping[str, np.ndarray], name: str, path: Path, rows: int | None = None) -> np.ndarray:
    """One row per control step, (rows, C)."""
    values = _needed(content, name, path)
    if values.ndim != 2 or values.dtype.kind not in "iuf" or rows not in (None, len(values)):
        wanted = "one row per step" if rows is None else f"{rows} rows, as many as joint positions"
        raise BadFile(f'{path}: "{name}" must be a table of numbers with {wanted}; its shape is {values.shape}.')
    return values.astype(float)


def _mass(content: Mapping[str, np.ndarray], mass: float | None, path: Path) -> float:
    if "model_mass_kg" not in content:
        if mass is None:
            raise BadValue(f"{path} does not say the mass of the body; give mass=… in kg.")
        return mass
    said = _number(content, "model_mass_kg", path)
    if mass is not None and not np.isclose(mass, said, rtol=1e-6):
        raise BadValue(f"{path} says a mass of {said:g} kg and mass={mass:g} was given; leave it out.")
    return said


def _actuators(content: Mapping[str, np.ndarray], actuators: Sequence[str] | None, path: Path) -> tuple[str, ...]:
    said = _strings(content, "muscle_names", path) if "muscle_names" in content else None
    if actuators is None:
        if said is None:
            raise BadValue(
                f"{path} does not name its actuators; give actuators=… in the model's order, or () to leave them out."
            )
        return said
    if len(actuators) and said is not None and tuple(actuators) != said:
        raise BadValue(f"{path} names its actuators, and others were given; leave actuators out.")
    return tuple(actuators)


def _touch_unit(content: Mapping[str, np.ndarray], unit: str | None, path: Path) -> str:
    if "force_sensor_names" in content:
        return "N"
    if unit is None:
        raise BadValue(
            f'{path} does not say the unit of its touch observations; give touch_unit="N" or "BW", or "" to leave the '
            "force out."
        )
    if unit not in ("N", "BW", ""):
        raise BadValue(f'Touch observations are in "N" or "BW", or left out with ""; touch_unit was "{unit}".')
    return unit


def _phase(content: Mapping[str, np.ndarray], asked: str | None, path: Path) -> str:
    said = str(content["activation_sample_phase"]) if "activation_sample_phase" in content else None
    phase = (said or POST) if asked is None else asked
    if phase not in (PRE, POST):
        raise BadValue(f'Activation of {path.name} is sampled "{PRE}" or "{POST}", not "{phase}".')
    if said is not None and said != phase:
        raise BadValue(f"{path} says that activation was sampled {said}, and {phase} was asked for.")
    return phase


def _recording(rollout: _Rollout, number: int, digest: str) -> Recording:
    content, path, name = rollout.content, rollout.path, f"episode_{number}"
    qpos = _table(content, f"{name}_joint_positions", path)
    rows = len(qpos)
    time = content.get(f"{name}_timesteps", np.arange(rows) * rollout.dt)
    coordinates = Signals(time, qpos, _coordinate_names(rollout.joints, qpos.shape[1], path), "1")
    angles, position = _pose(coordinates, path)
    activation = _activation(rollout, name, time)
    force, moment = _force(rollout, name, time), _moment(rollout, name, time)
    late = int(_number(content, f"{name}_traj_length", path)) - rows
    group = str(content["motion_group"]) if "motion_group" in content else path.stem
    trial = f"{group} {_number(content, f'{name}_traj_id', path):g}"
    notes = [f"activation sampled {rollout.phase}"] if activation is not None else []
    notes += ["vertical force from touch sensors, which feel no shear"] if force is not None else []
    notes += ["moments of the muscles, the knee's only where it is complete"] if moment is not None else []
    notes += [f"ended {late * rollout.dt:.2f} s before its target"] if late > 1 else []
    return Recording(
        kind="simulated",
        trial=str(content[f"{name}_trial"]) if f"{name}_trial" in content else trial,
        mass=rollout.mass,
        provenance=Provenance(path.name, sha256=digest, note="; ".join(notes)),
        angles=angles,
        position=position,
        coordinates=coordinates,
        activation=activation,
        activity=_activity(activation, rollout.muscles),
        force=force,
        moment=moment,
        fall=float(time[-1] + rollout.dt) if late > 1 else None,
    )


def _coordinate_names(joints: tuple[str, ...], width: int, path: Path) -> tuple[str, ...]:
    """A name for each entry of qpos."""
    if width == len(joints):
        return joints
    if joints[:1] != (ROOT,) or width != len(joints) - 1 + FREE:
        raise BadFile(f"{path}: {len(joints)} joints do not explain {width} coordinates.")
    return (*(f"{ROOT}/{place}" for place in range(FREE)), *joints[1:])


def _pose(coordinates: Signals, path: Path) -> tuple[Signals, Signals | None]:
    """Angles of the legs and the pelvis [rad], and the position of the pelvis [m]."""
    known = {house: joint for house, joint in ANGLES.items() if joint in coordinates.names}
    if not known:
        raise BadFile(f"{path} has none of the leg joints of MyoFullBody, such as {ANGLES['hip_flexion_right']}.")
    values, names = coordinates.select(list(known.values())).values, tuple(known)
    if f"{ROOT}/0" not in coordinates.names:
        return Signals(coordinates.time, values, names, "rad"), None
    root = coordinates.select([f"{ROOT}/{place}" for place in range(FREE)]).values
    if not (np.linalg.norm(root[:, 3:], axis=1) > 0).all():
        raise BadFile(f"{path}: the pelvis has no orientation; a quaternion of its free joint is zero or missing.")
    values, names = np.hstack([values, _pelvis(root[:, 3:])]), (*names, "pelvis_tilt", "pelvis_list", "pelvis_rotation")
    place = Signals(coordinates.time, root[:, :3] @ _HOUSE.T, ("pelvis_x", "pelvis_y", "pelvis_z"), "m")
    return Signals(coordinates.time, values, names, "rad"), place


def _pelvis(quaternion: np.ndarray) -> np.ndarray:
    """Tilt, list and rotation, (T, 4) w x y z → (T, 3) [rad]: intrinsic about house y, x, z, zero upright."""
    quaternion = quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True)
    w, (x, y, z) = quaternion[:, 0], (quaternion[:, 1:] @ _HOUSE.T).T
    tilt = np.arctan2(2.0 * (x * z + w * y), 1.0 - 2.0 * (x**2 + y**2))
    side = np.arcsin(np.clip(2.0 * (w * x - y * z), -1.0, 1.0))
    turn = np.arctan2(2.0 * (x * y + w * z), 1.0 - 2.0 * (x**2 + z**2))
    return np.column_stack([tilt, side, turn])


def _activation(rollout: _Rollout, name: str, time: np.ndarray) -> Signals | None:
    if not rollout.actuators:
        return None
    values = _table(rollout.content, f"{name}_muscle_activations", rollout.path, len(time))
    if values.shape[1] != len(rollout.actuators):
        raise BadFile(
            f"{rollout.path} has {values.shape[1]} columns of activation and {len(rollout.actuators)} names for them."
        )
    return Signals(time + rollout.dt * (rollout.phase == POST), values, rollout.actuators, "1")


def _activity(activation: Signals | None, muscles: Mapping[str, Mapping[str, float]]) -> Signals | None:
    if activation is None or not muscles:
        return None
    columns = [
        sum(weight * activation.channel(actuator) for actuator, weight in parts.items()) for parts in muscles.values()
    ]
    return Signals(activation.time, np.column_stack(columns), tuple(muscles), "1")


def _force(rollout: _Rollout, name: str, time: np.ndarray) -> Signals | None:
    """Vertical force of both feet [N], (T, 2)."""
    content, path = rollout.content, rollout.path
    if "force_sensor_names" in content:
        names, units = _named(content, "force_sensor_names", "force_sensor_units", path)
        if any(units.get(sensor, "").casefold() not in _NEWTONS for sensor in SENSORS):
            raise BadFile(f"{path} has no force sensors {', '.join(SENSORS)} in N; it has {', '.join(names)}.")
        values = _table(content, f"{name}_force_sensor_values", path, len(time))
        values, time = values[:, [names.index(sensor) for sensor in SENSORS]], time + rollout.dt
    elif not rollout.touch_unit or f"{name}_touch_observations" not in content:
        return None
    else:
        values = _table(content, f"{name}_touch_observations", path, len(time))
        if values.shape[1] != len(SENSORS):
            raise BadFile(f"{path} has {values.shape[1]} columns of touch; they should be {', '.join(SENSORS)}.")
        values = values * (rollout.mass * STANDARD_GRAVITY if rollout.touch_unit == "BW" else 1.0)
    feet = np.column_stack([values[:, 0] + values[:, 1], values[:, 2] + values[:, 3]])
    return Signals(time, feet, ("vertical_right", "vertical_left"), "N")


def _moment(rollout: _Rollout, name: str, time: np.ndarray) -> Signals | None:
    """Moments of the muscles [N m].

    The force on the knee's own coordinate is not its moment if the muscles also pull on coordinates that follow the
    knee (patella, translations): where the file lists those, the knee is left out.
    """
    content, path = rollout.content, rollout.path
    if "generalized_actuator_force_joint_names" not in content:
        return None
    joints, units = _named(content, "generalized_actuator_force_joint_names", "generalized_actuator_force_units", path)
    kept = {house: joint for house, joint in ANGLES.items() if joint in joints}
    kept = {house: joint for house, joint in kept.items() if not any(_follows(other, joint) for other in joints)}
    if any(units[joint].casefold() not in _NEWTON_METRES for joint in kept.values()):
        raise BadFile(f"{path} has joint moments in a unit other than Nm.")
    values = _table(content, f"{name}_generalized_actuator_forces", path, len(time))
    values = values[:, [joints.index(joint) for joint in kept.values()]]
    return Signals(time + rollout.dt, values, tuple(f"muscle/{house}" for house in kept), "N m") if kept else None


def _named(
    content: Mapping[str, np.ndarray], names: str, units: str, path: Path
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Columns of a table, and the unit of each."""
    columns, found = _strings(content, names, path), _strings(content, units, path)
    if len(columns) != len(found):
        raise BadFile(f'{path} has {len(columns)} "{names}" and {len(found)} units.')
    return columns, dict(zip(columns, found))


def _follows(other: str, joint: str) -> bool:
    """Whether a joint is one that follows this one: knee_angle_beta_rotation1_r follows knee_angle_r."""
    stem, side = joint[:-2], joint[-2:]
    return other != joint and other.startswith(f"{stem}_") and other.endswith(side)
