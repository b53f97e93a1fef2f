"""What the muscles of a body can do at instants of a simulated recording."""

from typing import NamedTuple

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue, NotEnoughData
from biomimic.gait.strides import POINTS, Curves
from biomimic.metrics.redundancy import Capacity
from biomimic.recording import Recording
from biomimic.signals import Signals

PHASES = 51  # 0, 2, ... 100 % of the stride
AGREEMENT = 0.02  # of the recorded joint moments: most by which those of the recorded activation may differ from them
MARGIN = 2  # samples on each side of an instant from which its speed is taken


class TypicalStride(NamedTuple):
    """The stride of a trial that is closest to the mean of its strides."""

    number: int  # among the strides given
    start: float  # [s]
    end: float  # [s]
    times: np.ndarray  # (N,) recorded instants closest to evenly spaced phases, 0 and 100 % included [s]


def typical_stride(recording: Recording, start: np.ndarray, end: np.ndarray, *, phases: int = PHASES) -> TypicalStride:
    """The stride whose angles are closest to the mean of all strides, root mean square over all angles and phases.

    Args:
        recording: simulated.
        start, end: of S strides of one side, (S,) [s].
        phases: how many instants; each is the recorded one closest to its phase, none is taken twice.

    Raises:
        NotEnoughData: no stride lies within the recording.
    """
    time, angles = recording.angles.time, recording.angles.values
    start, end = np.asarray(start, float), np.asarray(end, float)
    inside = np.flatnonzero(
        (start >= time[min(MARGIN, len(time) - 1)]) & (end <= time[-1 - min(MARGIN, len(time) - 1)])
    )
    if not len(inside):
        raise NotEnoughData(
            f'None of {len(start)} strides lies within trial "{recording.trial}", from {time[0]:g} to {time[-1]:g} s.'
        )
    phase = np.linspace(0.0, 1.0, POINTS)
    at = start[inside, None] + (end - start)[inside, None] * phase
    curves = np.stack([np.interp(at, time, channel) for channel in angles.T], axis=-1)  # (S, 101, C)
    distance = ((curves - curves.mean(axis=0)) ** 2).mean(axis=(1, 2))
    best = int(inside[np.argmin(distance)])
    wanted = np.linspace(start[best], end[best], phases)
    rows = np.unique(np.searchsorted(0.5 * (time[1:] + time[:-1]), wanted))
    return TypicalStride(best, float(start[best]), float(end[best]), time[rows])


def of_recording(embodiment: Embodiment, recording: Recording, times: np.ndarray) -> Capacity:
    """Force of every muscle on the independent coordinates, but for the root's, at recorded instants.

    Lengths, moment arms, and the force-length-velocity law are the engine's own at the recorded coordinates; speeds
    are differences of these over +-2 samples, put back by the half physics step by which the engine's coordinates lag
    its speeds. What is required is what the recorded activation makes.

    Args:
        embodiment: the body that was simulated, with its muscle parameters.
        recording: simulated, with coordinates, activation and acceleration.
        times: (N,) [s]; the closest recorded instants are taken.

    Raises:
        BadValue: a measured recording, another body, or joint moments other than the recorded ones.
        NotEnoughData: an instant in the first or last two samples of the recording.
    """
    _check(embodiment, recording)
    model, couplings = embodiment.model, embodiment.couplings
    time, coordinates = recording.coordinates.time, recording.coordinates.values
    rows = np.searchsorted(0.5 * (time[1:] + time[:-1]), np.asarray(times, float))
    if len(rows) and (rows.min() < MARGIN or rows.max() >= len(time) - MARGIN):
        raise NotEnoughData(
            f"Instants from {np.min(times):g} to {np.max(times):g} s were asked for; speeds need {MARGIN} samples on "
            f"each side, so they must lie from {time[MARGIN]:g} to {time[-1 - MARGIN]:g} s."
        )
    moving = np.flatnonzero(model.jnt_type[model.dof_jntid[couplings.independent]] != mujoco.mjtJoint.mjJNT_FREE)
    data, arms = mujoco.MjData(model), np.zeros((model.nu, model.nv))
    active = np.zeros((len(rows), model.nu, len(moving)))
    passive = np.zeros((len(rows), len(moving)))
    step, late = 1.0 / recording.coordinates.rate, 0.5 / recording.acceleration.rate
    for place, row in enumerate(rows):
        data.qpos[:] = coordinates[row]
        data.qvel[:] = _speed(model, coordinates[row - MARGIN : row + MARGIN + 1], step, late)
        gain, bias = _law(model, data, arms)
        reach = arms @ couplings.jacobian(coordinates[row])[:, moving]
        active[place], passive[place] = gain[:, None] * reach, bias @ reach
    activation = recording.activation.values[rows]
    found = Capacity(
        times=time[rows],
        muscles=embodiment.actuators,
        coordinates=tuple(couplings.names[column] for column in moving),
        active=active,
        passive=passive,
        required=np.einsum("nmd,nm->nd", active, activation) + passive,
        activation=activation,
    )
    _check_moments(embodiment, recording, found, rows)
    return found


def muscle_moments(embodiment: Embodiment, capacity: Capacity) -> np.ndarray:
    """Moments that the muscles make, by the angles of `embodiment.moments` in that order, (N, K) [N m]."""
    columns = [capacity.coordinates.index(moment.joint) for moment in embodiment.moments.values()]
    return capacity.required[:, columns] * np.array([moment.scale for moment in embodiment.moments.values()])


def activity(embodiment: Embodiment, times: np.ndarray, activation: np.ndarray) -> Signals:
    """The EMG-comparable muscles of an activation of all actuators, e.g. of the one with the least effort.

    Args:
        embodiment: whose weights are used.
        times: (N,) [s].
        activation: (N, nu).
    """
    return Signals(times, embodiment.activity(activation), tuple(embodiment.muscles), "1")


def as_wanted(embodiment: Embodiment, capacity: Capacity, stride: TypicalStride, emg: Curves, side: str) -> np.ndarray:
    """EMG as an activation to come close to, (N, nu); NaN for actuators under no electrode.

    EMG has no scale of its own: each muscle's curve is scaled so that its peak is that of the controller.

    Args:
        embodiment: whose muscles are meant.
        capacity: of all its actuators at the instants of the stride.
        stride: of the side that the EMG is of.
        emg: channels as soleus, of one stride.
        side: "right" or "left".
    """
    wanted = np.full(capacity.activation.shape, np.nan)
    chosen = activity(embodiment, capacity.times, capacity.activation)
    percent = np.linspace(0.0, 1.0, POINTS)
    phase = (capacity.times - stride.start) / (stride.end - stride.start)
    for name in emg.names:
        curve = np.maximum(emg.channel(name), 0.0)
        muscle = embodiment.muscles.get(f"{name}_{side}")
        if muscle is None or not curve.max() > 0:
            continue
        scaled = curve / curve.max() * chosen.channel(f"{name}_{side}").max()
        wanted[:, muscle.actuators] = np.interp(phase, percent, scaled)[:, None]
    return wanted


def _check(embodiment: Embodiment, recording: Recording) -> None:
    for name in ("coordinates", "activation", "acceleration"):
        if getattr(recording, name) is None:
            raise BadValue(
                f'Trial "{recording.trial}" ({recording.kind}) has no {name}; what muscles can do is found from '
                "simulated recordings with coordinates, activation and acceleration."
            )
    if recording.activation.names != embodiment.actuators or recording.coordinates.values.shape[1] != (
        embodiment.model.nq
    ):
        raise BadValue(
            f'Trial "{recording.trial}" is of a body with {len(recording.activation.names)} muscles and '
            f"{recording.coordinates.values.shape[1]} coordinates; {embodiment.name} was given, which has "
            f"{embodiment.model.nu} and {embodiment.model.nq}. Load the body that was simulated."
        )


def _check_moments(embodiment: Embodiment, recording: Recording, found: Capacity, rows: np.ndarray) -> None:
    """The recorded activation makes the recorded moments: the body is the one that was simulated."""
    if recording.moment is None or not len(rows):
        return
    wanted = recording.moment.select([f"muscle/{name}" for name in embodiment.moments]).values[rows]
    wrong, size = (np.sqrt(np.mean(m**2)) for m in (muscle_moments(embodiment, found) - wanted, wanted))
    if wrong > AGREEMENT * size:
        raise BadValue(
            f'With {embodiment.name} and muscle parameters "{embodiment.muscle_parameters}", the activation of trial '
            f'"{recording.trial}" makes joint moments that differ from the recorded ones by {wrong:.3g} N m (root mean '
            f"square) of {size:.3g} N m. The trial is a {recording.provenance.source}; load that body."
        )


def _speed(model: mujoco.MjModel, coordinates: np.ndarray, step: float, late: float) -> np.ndarray:
    """Speed in the middle of five samples, (nv,).

    Args:
        model: whose coordinates they are.
        coordinates: (5, nq).
        step: between them [s].
        late: how long after the instant of its coordinates a central difference belongs [s].
    """

    def moved(first: int, last: int) -> np.ndarray:
        change = np.zeros(model.nv)
        mujoco.mj_differentiatePos(model, change, 1.0, coordinates[first], coordinates[last])
        return change

    speed = (8.0 * moved(1, 3) - moved(0, 4)) / (12.0 * step)
    return speed - late * (moved(2, 3) - moved(1, 2)) / step**2


def _law(model: mujoco.MjModel, data: mujoco.MjData, arms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Force of each actuator per unit of activation, and without activation, (nu,) each; fills the moment arms."""
    mujoco.mj_fwdPosition(model, data)
    mujoco.mj_fwdVelocity(model, data)
    data.act[:] = 0.0
    mujoco.mj_fwdActuation(model, data)
    bias = data.actuator_force.copy()
    data.act[:] = 1.0
    mujoco.mj_fwdActuation(model, data)
    mujoco.mju_sparse2dense(
        arms, data.actuator_moment.ravel(), data.moment_rownnz, data.moment_rowadr, data.moment_colind.ravel()
    )
    return data.actuator_force - bias, bias
