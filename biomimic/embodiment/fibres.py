"""Fibres of a simulated walk: normalised lengths, speeds, forces and masses, from the logged path lengths and forces.

A MuJoCo muscle has a rigid tendon, so that all motion of the path is motion of the fibre.
"""

from collections.abc import Sequence

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.embodiment.parameters import fibre_lengths
from biomimic.errors import BadValue, unknown
from biomimic.metrics.energetics import SPECIFIC_TENSION, Bhargava, Fibres, Umberger, muscle_mass
from biomimic.recording import Recording
from biomimic.signals import Signals

LOGGED = ("activation", "excitation", "muscle_force", "muscle_length")
BLOCK = 2000  # samples worked on at once; a long walk of all muscles would not fit into memory many times
TOLERANCE = 0.02  # of the peak force: by how much less than its passive force a muscle may pull


def fibres(
    embodiment: Embodiment,
    recording: Recording,
    *,
    muscles: Sequence[str] | None = None,
    specific_tension: float = SPECIFIC_TENSION,
) -> Fibres:
    """State of the fibres over a recording.

    The active force is the logged force without the passive one at that length; the speed is the central difference
    of the length.

    Args:
        embodiment: the body of the recording, with the same muscle parameters.
        recording: simulated, with activation, excitation, muscle_force and muscle_length of the actuators.
        muscles: actuators; None: all that were recorded.
        specific_tension: from which the muscle masses follow [Pa].

    Raises:
        BadValue: the recording lacks one of them, or its muscles pull less than their passive force: it was made with
            other muscle parameters.
        UnknownName: the body or the recording has no such actuator.
    """
    logged = _logged(recording)
    names = logged["muscle_length"].names if muscles is None else tuple(muscles)
    return _fibres(embodiment, {name: signals.select(names) for name, signals in logged.items()}, specific_tension)


def energy_rate(
    embodiment: Embodiment,
    recording: Recording,
    law: Umberger | Bhargava,
    *,
    specific_tension: float = SPECIFIC_TENSION,
) -> Signals:
    """Rate of the energetics index of each group of muscles (legs, trunk, arms) over a recording [W].

    Args:
        embodiment: the body of the recording, with the same muscle parameters.
        recording: simulated, with activation, excitation, muscle_force and muscle_length of the actuators.
        law: a model of energetics.
        specific_tension: from which the muscle masses follow [Pa].
    """
    logged = _logged(recording)
    time, names = logged["muscle_length"].time, logged["muscle_length"].names
    place = _actuators(embodiment, names)
    member = np.array([np.isin(place, group) for group in embodiment.groups.values()], dtype=float)  # (G, M)
    values = np.empty((len(time), len(member)))
    for start in range(0, len(time), BLOCK):
        first, last = max(start - 1, 0), min(start + BLOCK + 1, len(time))  # one sample more for the speed
        block = {
            name: Signals(time[first:last], signals.values[first:last], names, signals.unit)
            for name, signals in logged.items()
        }
        total = law.rates(_fibres(embodiment, block, specific_tension)).total @ member.T
        values[start : start + BLOCK] = total[start - first : start - first + BLOCK]
    return Signals(time, values, tuple(embodiment.groups), "W")


def active_factor(length: np.ndarray, shortest: np.ndarray, longest: np.ndarray) -> np.ndarray:
    """MuJoCo's active force-length curve, (..., M) [peak forces].

    Args:
        length: (..., M) [optimal lengths].
        shortest, longest: where the curve ends, (M,) [optimal lengths].

    Source:
        MuJoCo documentation, "Muscle actuators", function FL.
    """
    below, above = 0.5 * (shortest + 1.0), 0.5 * (1.0 + longest)
    rising = 0.5 * ((length - shortest) / (below - shortest)) ** 2
    left = 1.0 - 0.5 * ((1.0 - length) / (1.0 - below)) ** 2
    right = 1.0 - 0.5 * ((length - 1.0) / (above - 1.0)) ** 2
    falling = 0.5 * ((longest - length) / (longest - above)) ** 2
    inside = [length < shortest, length <= below, length <= 1.0, length <= above, length <= longest]
    return np.select(inside, [np.zeros_like(length), rising, left, right, falling], 0.0)


def passive_factor(length: np.ndarray, longest: np.ndarray, strongest: np.ndarray) -> np.ndarray:
    """MuJoCo's passive force-length curve, (..., M) [peak forces].

    Args:
        length: (..., M) [optimal lengths].
        longest: where the active curve ends, (M,) [optimal lengths].
        strongest: passive force at that length over 1.5, MuJoCo's fpmax, (M,) [peak forces].

    Source:
        MuJoCo documentation, "Muscle actuators", function FP.
    """
    strain = np.maximum(length - 1.0, 0.0) / (0.5 * (longest - 1.0))
    return strongest * np.where(strain <= 1.0, 0.5 * strain**2, strain - 0.5)


def _fibres(embodiment: Embodiment, logged: dict[str, Signals], specific_tension: float) -> Fibres:
    model, path = embodiment.model, logged["muscle_length"]
    place = _actuators(embodiment, path.names)
    gain, bias, span = (
        parameters[place] for parameters in (model.actuator_gainprm, model.actuator_biasprm, model.actuator_lengthrange)
    )
    optimal, slack = (lengths[place] for lengths in fibre_lengths(model))
    length = (path.values - slack) / optimal
    peak = _peak_force(gain, model.actuator_acc0[place])
    per_metre = (bias[:, 1] - bias[:, 0]) / (span[:, 1] - span[:, 0])
    stretched = bias[:, 0] + (path.values - span[:, 0]) * per_metre  # the passive law has its own lengths
    passive = _peak_force(bias, model.actuator_acc0[place]) * passive_factor(stretched, bias[:, 5], bias[:, 7])
    active = logged["muscle_force"].values - passive
    _check(active / peak, path)
    return Fibres(
        time=path.time,
        names=path.names,
        activation=logged["activation"].values,
        excitation=logged["excitation"].values,
        length=length,
        speed=np.gradient(length, path.time, axis=0),
        active_force=np.maximum(active, 0.0),
        passive_force=passive,
        force_length=active_factor(length, gain[:, 4], gain[:, 5]),
        peak_force=peak,
        optimal_length=optimal,
        fastest=gain[:, 6],
        mass=muscle_mass(peak, optimal, specific_tension=specific_tension),
    )


def _logged(recording: Recording) -> dict[str, Signals]:
    found = {name: getattr(recording, name) for name in LOGGED}
    missing = [name for name, signals in found.items() if signals is None]
    if missing:
        lacking = " and no ".join(missing)
        raise BadValue(f'Fibres are worked out from a simulated walk; trial "{recording.trial}" has no {lacking}.')
    if len(found["muscle_length"]) < 2:
        raise BadValue(f'Fibre speeds need at least two samples; trial "{recording.trial}" has fewer.')
    return found


def _actuators(embodiment: Embodiment, names: Sequence[str]) -> np.ndarray:
    """Indices of the named actuators, (M,)."""
    known = {name: index for index, name in enumerate(embodiment.actuators)}
    for name in names:
        if name not in known:
            raise unknown("actuator", name, known, where=f"in embodiment {embodiment.name}")
    place = np.array([known[name] for name in names], dtype=int)
    muscle = embodiment.model.actuator_gaintype[place] == mujoco.mjtGain.mjGAIN_MUSCLE
    if not muscle.all():
        raise BadValue(f'Actuator "{names[int(np.argmin(muscle))]}" is no muscle and has no fibre; leave it out.')
    return place


def _peak_force(parameters: np.ndarray, acceleration: np.ndarray) -> np.ndarray:
    """Isometric peak forces, (M,) [N]; MuJoCo scales them by the acceleration at rest where none is given."""
    return np.where(parameters[:, 2] < 0, parameters[:, 3] / np.maximum(acceleration, 1e-15), parameters[:, 2])


def _check(active: np.ndarray, path: Signals) -> None:
    """The logged forces are those of these muscle parameters."""
    least = active.min(axis=0)
    if np.all(least > -TOLERANCE):
        return
    worst = int(np.argmin(least))
    raise BadValue(
        f'Muscle "{path.names[worst]}" pulls up to {-100 * least[worst]:.0f} % of its peak force less than its passive '
        "force at that length: the recording was made with other muscle parameters. Load the body with those."
    )
