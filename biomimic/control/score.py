"""How good simulated walks are, for the search of settings: survival first, then posture, force, effort and line.

No muscle activity of the person enters, so that EMG stays an independent witness of a tuned walk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue, NotEnoughData
from biomimic.gait import cycles, events, filters, strides
from biomimic.metrics import grf
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance
from biomimic.recording import Recording
from biomimic.signals import Signals

SIDES = ("right", "left")
SAGITTAL = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
TURNING = ("hip_adduction", "hip_rotation")
CUTOFF = 20.0  # [Hz] low-pass of force, as for events
SETTLE = 2.0  # [s] at the start that are not judged
FALL = 100.0  # cost of a fall; everything else together costs less
REPEATS = 4  # cycles of the target that are laid out, so that whole strides can be cut from them


class Gait(NamedTuple):
    """Strides of a walk, right side first; S may differ between the sides."""

    angles: tuple[np.ndarray, np.ndarray]  # (S, 101, 5) [rad] over the stride: SAGITTAL, TURNING
    vertical: tuple[np.ndarray, np.ndarray]  # (S, 101) [BW] over stance
    double: tuple[np.ndarray, np.ndarray]  # (S,) whether the vertical force has a double peak


@dataclass(frozen=True)
class Weights:
    """Cost per unit of what is judged."""

    sagittal: float = 0.33  # per degree of RMSE at hip, knee and ankle
    turning: float = 0.25  # per degree of RMSE of hip adduction and rotation
    force: float = 40.0  # per body weight of RMSE of the vertical force in stance
    peaks: float = 8.0  # per body weight, sum of the errors of both peaks and the valley
    single: float = 3.0  # times the share of strides without a double peak
    effort: float = 0.2  # per sum of squared activations
    offset: float = 10.0  # per metre of mean sideways distance from the line


class Score(NamedTuple):
    """A cost and what it is made of; NaN where no stride could be cut."""

    cost: float
    falls: int  # trials that did not last
    lasted: float  # share of the planned time
    sagittal: float = np.nan  # [degrees]
    turning: float = np.nan  # [degrees]
    force: float = np.nan  # [BW]
    peaks: float = np.nan  # [BW]
    single: float = np.nan  # share of strides
    effort: float = np.nan
    offset: float = np.nan  # [m]


def score(
    trials: Sequence[Recording | None], durations: Sequence[float], aim: Gait, weights: Weights | None = None
) -> Score:
    """Cost of simulated trials of one controller.

    Each trial that falls costs `FALL` (1 + share of its planned time that is missing); a trial that is None counts as a
    fall at its start. To this comes the quality of the first trial, which is not pushed: the weighted sum q of all
    errors as FALL q / (FALL + q), less than one fall however bad the posture; FALL itself where there is no stride.
    Angles and force are compared stride by stride with the mean of the aim.

    Args:
        trials: the first one without a push.
        durations: planned, one a trial [s].
        aim: what the target does, see `target_gait`.
        weights: cost per unit.

    Raises:
        BadValue: no trials, or another number of durations.
    """
    if not trials or len(trials) != len(durations):
        raise BadValue(f"{len(trials)} trials and {len(durations)} durations were given; a score needs one of each.")
    ends = [_end(trial, duration) for trial, duration in zip(trials, durations)]
    missing = [1.0 - end / duration for end, duration in zip(ends, durations) if end < duration]
    cost, lasted = FALL * (len(missing) + sum(missing)), sum(ends) / sum(durations)
    quality = _quality(trials[0], aim) if trials[0] is not None else None
    if quality is None:
        return Score(cost + FALL, len(missing), lasted)
    weights = weights or Weights()
    total = sum(getattr(weights, name) * value for name, value in quality.items())
    return Score(cost + FALL * total / (FALL + total), len(missing), lasted, **quality)


def target_gait(embodiment: Embodiment, target: Trajectory) -> Gait:
    """Strides of the target itself: its angles and its force, cut as those of a simulated walk are.

    Raises:
        BadValue: the target has no period or no force.
        NotEnoughData: no stride can be cut from it.
    """
    if target.period is None or target.force is None:
        raise BadValue("Settings are tuned towards a periodic target with forces; this one has none.")
    frames = len(target.qpos)
    time = np.arange(REPEATS * frames) * target.period / frames
    angles = np.tile(embodiment.trajectory_angles(target.qpos), (REPEATS, 1))
    force = np.tile(target.force[:, [2, 5]], (REPEATS, 1))
    recording = Recording(
        kind="measured",
        trial="target",
        mass=embodiment.mass,
        provenance=Provenance("target"),
        angles=Signals(time, angles, embodiment.angle_names, "rad"),
        force=Signals(time, force, tuple(f"vertical_{side}" for side in SIDES), "N"),
    )
    found = gait(recording, settle=0.0)
    if found is None:
        raise NotEnoughData("No stride can be cut from the target; its feet must bear and leave load in turn.")
    return found


def gait(recording: Recording, *, settle: float = SETTLE) -> Gait | None:
    """Strides of both sides, or None if one side has none.

    Args:
        recording: with angles and vertical force of both feet.
        settle: time at the start that is left out [s].
    """
    if len(recording.force) <= 3 * 4 or recording.force.time[-1] <= settle:
        return None
    force = filters.low_pass(recording.force, order=4, cutoff=CUTOFF)
    found = {side: events.detect(force, side=side) for side in SIDES}
    span = (0.0, min(recording.angles.time[-1], force.time[-1]))
    angles, vertical, double = [], [], []
    for side, other in zip(SIDES, SIDES[::-1]):
        rule = cycles.CycleRule(skip_time=settle)
        chosen = cycles.choose(found[side], found[other], span=span, rule=rule, fall=recording.fall)
        if not len(chosen):
            return None
        names = tuple(f"{name}_{side}" for name in (*SAGITTAL, *TURNING))
        angles.append(strides.cut(recording.angles.select(names), chosen).values)
        alone = force.select((f"vertical_{side}",))
        stance = strides.in_body_weights(strides.cut(alone, chosen, phase="stance"), recording.mass)
        vertical.append(stance.channel("vertical"))
        double.append(grf.double_peak(stance).present)
    return Gait(tuple(angles), tuple(vertical), tuple(double))


def _end(trial: Recording | None, duration: float) -> float:
    """Time that a trial lasted [s]."""
    if trial is None:
        return 0.0
    return duration if trial.fall is None else min(trial.fall, duration * (1 - 1e-9))


def _quality(trial: Recording, aim: Gait) -> dict[str, float] | None:
    """Errors by the names of Weights, or None if no stride can be judged."""
    found = gait(trial)
    if found is None or not all(np.isfinite(part).all() for part in (*found.angles, *found.vertical)):
        return None
    degrees, force, peaks = [], [], []
    for k in range(len(SIDES)):
        wanted = aim.angles[k].mean(axis=0)
        degrees.append(np.degrees(_rmse(found.angles[k], wanted)))
        force.append(_rmse(found.vertical[k], aim.vertical[k].mean(axis=0)).mean())
        peaks.append(np.abs(_three(found.vertical[k].mean(axis=0)) - _three(aim.vertical[k].mean(axis=0))).sum())
    each = np.mean([part.mean(axis=0) for part in degrees], axis=0)  # (5,)
    late = trial.effort.time >= SETTLE
    return {
        "sagittal": float(each[: len(SAGITTAL)].mean()),
        "turning": float(each[len(SAGITTAL) :].mean()),
        "force": float(np.mean(force)),
        "peaks": float(np.mean(peaks)),
        "single": float(1.0 - np.mean(np.concatenate(found.double))),
        "effort": float(trial.effort.values[late].sum(axis=1).mean()),
        "offset": float(np.abs(trial.position.channel("com_y")[trial.position.time >= SETTLE]).mean()),
    }


def _rmse(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Over the 101 points of each stride, (S, 101, ...) and (101, ...) -> (S, ...)."""
    return np.sqrt(np.mean((values - wanted) ** 2, axis=1))


def _three(curve: np.ndarray) -> np.ndarray:
    """Highest point of each half of stance and the lowest between them, (101,) -> (3,)."""
    middle = len(curve) // 2
    first, second = int(curve[:middle].argmax()), middle + int(curve[middle:].argmax())
    return np.array([curve[first], curve[first : second + 1].min(), curve[second]])
