"""Movement Analysis Profile: how far each angle is from the human mean curve, and the Gait Profile Score of them.

The Gait Profile Score is defined on fifteen variables: nine of the left side, the pelvis among them, and six of the
right. Where some were not measured the result is called "GPS of k variables" and names those that are missing; such a
score compares with others of the same k only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import POINTS, SIDES, Curves, Strides
from biomimic.metrics.estimate import (
    NONE,
    ONE,
    Estimate,
    Resampling,
    bootstrap,
    counted,
    stride_weights,
    undefined,
    weighted,
)
from biomimic.metrics.waveform import matched

PELVIS = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")  # one bone: counted once, from the left side's strides
LEG = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion", "ankle_dorsiflexion", "foot_progression")
VARIABLES = (*PELVIS, *LEG)
SAMPLES = 51  # every second percent
ALL = len(PELVIS) + 2 * len(LEG)
IMPORTANT = np.radians(1.6)  # [rad] least difference of two scores that matters (Baker 2012)


@dataclass(frozen=True)
class VariableScore:
    """Gait Variable Score of one angle of one side [rad]."""

    channel: str
    side: str
    score: Estimate


@dataclass(frozen=True)
class Profile:
    """Movement Analysis Profile and the score over it.

    Attributes:
        scores: of each variable that could be measured, right side first.
        overall: root mean square of the variables in `used` [rad].
        sides: the same for each side over its own variables, the pelvis in both.
        used: "side channel" of the variables in `overall`.
        missing: those of the fifteen that are not in it.
    """

    scores: tuple[VariableScore, ...]
    overall: Estimate
    sides: tuple[tuple[str, Estimate], ...]
    used: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def name(self) -> str:
        """What `overall` may be called."""
        return "Gait Profile Score" if not self.missing else f"GPS of {len(self.used)} variables"

    @property
    def words(self) -> str:
        """The name, and what is missing."""
        return f"{self.name}, without {', '.join(self.missing)}" if self.missing else f"{self.name}, all {ALL}"


def gait_variable_score(strides: Strides, reference: Curves, channel: str, resampling: Resampling) -> Estimate:
    """Root mean square difference of the mean of the strides from the human mean, over 51 points of the stride.

    Args:
        strides: of angles, over the stride.
        reference: human curves.
        channel: angle.
        resampling: draws, level and seed.

    Source:
        Baker et al., Gait & Posture 30 (2009) 265-269.
    """
    rows, trial, mean = matched(strides, reference, channel)
    _check_phase(strides)
    return bootstrap(lambda weights: _score(weighted(weights, rows), mean), trial, resampling, strides.unit)


def gait_profile_score(scores: np.ndarray) -> np.ndarray:
    """Root mean square of Gait Variable Scores along the last axis.

    Source:
        Baker et al., Gait & Posture 30 (2009) 265-269.
    """
    return np.sqrt((np.asarray(scores, float) ** 2).mean(axis=-1))


def movement_analysis_profile(
    strides: Mapping[str, Strides], reference: Mapping[str, Curves], resampling: Resampling
) -> Profile:
    """Gait Variable Scores of both sides and the Gait Profile Score of those that there are.

    Overall, the pelvis counts once, from the left side; from the right where the left was not measured. Strides enter
    a score of several variables only if all of them were measured.

    Args:
        strides: side → angles, over the stride.
        reference: side → human curves.
        resampling: draws, level and seed.

    Raises:
        BadValue: strides of the stance, or of another unit than the human curves.

    Source:
        Baker et al., Gait & Posture 30 (2009) 265-269.
    """
    able = {side: _able(strides[side], reference[side]) for side in SIDES if side in strides and side in reference}
    able = {side: channels for side, channels in able.items() if channels}
    scores = tuple(
        VariableScore(channel, side, gait_variable_score(strides[side], reference[side], channel, resampling))
        for side, channels in able.items()
        for channel in channels
    )
    overall = _once(able)
    used = tuple(f"{side} {channel}" for side, channels in overall.items() for channel in channels)
    pelvis = {channel for channels in overall.values() for channel in channels if channel in PELVIS}
    missing = [f"left {channel}" for channel in PELVIS if channel not in pelvis]
    legs = [f"{side} {channel}" for side in SIDES for channel in LEG]
    return Profile(
        scores=scores,
        overall=_joint(strides, reference, overall, resampling),
        sides=tuple((side, _joint(strides, reference, {side: able[side]}, resampling)) for side in able),
        used=used,
        missing=(*missing, *(name for name in legs if name not in used)),
    )


def _able(strides: Strides, reference: Curves) -> tuple[str, ...]:
    """Variables that both have and that at least one stride measured."""
    _check_phase(strides)
    both = [name for name in VARIABLES if name in strides.names and name in reference.names]
    return tuple(
        name
        for name in both
        if np.isfinite(strides.channel(name)).all(axis=1).any() and np.isfinite(reference.channel(name)).all()
    )


def _once(able: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The variables of the overall score: each pelvis variable from one side."""
    left = able.get("left", ())
    return {
        side: tuple(name for name in channels if name not in PELVIS or side == "left" or name not in left)
        for side, channels in able.items()
    }


def _joint(
    strides: Mapping[str, Strides],
    reference: Mapping[str, Curves],
    chosen: Mapping[str, tuple[str, ...]],
    resampling: Resampling,
) -> Estimate:
    """Score over the chosen variables of the sides; the sides draw the same trials, then their own strides."""
    values, drawn, trials, unit = [], [], [], "rad"
    for side, channels in chosen.items():
        rows = strides[side].select(channels).values  # (S, 101, C)
        known = np.isfinite(rows).all(axis=(1, 2))
        rows, trial, unit = rows[known], strides[side].trial[known], strides[side].unit
        if not len(rows):
            return undefined(NONE, np.zeros(0), resampling, unit)
        weights = stride_weights(trial, resampling)
        for k, channel in enumerate(channels):
            mean = reference[side].channel(channel)
            values.append(_score(rows[:, :, k].mean(axis=0), mean))
            drawn.append(_score(weights @ rows[:, :, k], mean))
        trials.append(trial)
    if not values:
        return undefined("no variable of the profile was measured", np.zeros(0), resampling, unit)
    trial = np.concatenate(trials)
    value = float(gait_profile_score(np.array(values)))
    tail, nan = 50.0 * (1.0 - resampling.level), float("nan")
    low, high, note = nan, nan, ONE
    if min(len(part) for part in trials) > 1:
        ends = np.percentile(gait_profile_score(np.stack(drawn, axis=1)), (tail, 100.0 - tail))
        low, high, note = min(float(ends[0]), value), max(float(ends[1]), value), ""
    return Estimate(value, low, high, resampling.level, len(trial), counted(trial), unit, note)


def _score(curves: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Root mean square difference over every second percent, along the last axis."""
    every = (POINTS - 1) // (SAMPLES - 1)
    return np.sqrt(((curves - mean)[..., ::every] ** 2).mean(axis=-1))


def _check_phase(strides: Strides) -> None:
    if strides.phase != "stride":
        raise BadValue(f'A gait variable is scored over the whole stride; these strides span the "{strides.phase}".')
