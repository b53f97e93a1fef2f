from dataclasses import replace

import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.gait.strides import Curves, Strides
from biomimic.metrics import profile
from biomimic.metrics.estimate import Resampling

QUICK = Resampling(draws=200)
PHASE = 2 * np.pi * np.linspace(0, 1, 101)
MEASURED = tuple(name for name in profile.VARIABLES if name != "foot_progression")


def human(names=profile.VARIABLES, phase="stride"):
    mean = np.column_stack([np.sin(PHASE + k) for k in range(len(names))])
    return Curves(names, "rad", mean, None, 1, "subjects", phase=phase)


def walk(side, off, *, names=profile.VARIABLES, count=3, noise=0.0, trial=None):
    """Strides that are `off` [degrees] from the human mean, one number per variable."""
    generator = np.random.default_rng(0 if side == "left" else 1)
    values = human(names).mean + np.radians(np.broadcast_to(off, (len(names),)))
    values = values + noise * generator.normal(size=(count, 1, len(names)))
    return Strides(
        side=side,
        names=names,
        unit="rad",
        values=values,
        duration=np.full(count, 1.1),
        stance=np.full(count, 0.6),
        trial=np.zeros(count, int) if trial is None else trial,
    )


@pytest.mark.published("gait_profile_score")
def test_root_mean_square_of_nine_scores():
    # squares 25 9 16 36 25 49 16 36 64 sum to 276; sqrt(276 / 9) = 5.5377
    assert profile.gait_profile_score([5, 3, 4, 6, 5, 7, 4, 6, 8]) == pytest.approx(5.5377, abs=5e-5)


@pytest.mark.published("gait_profile_score", "movement_analysis_profile")
def test_overall_score_of_fifteen_variables():
    # left 3 degrees off in nine variables, right 4 degrees in six: sqrt((9 * 9 + 6 * 16) / 15) = sqrt(11.8)
    found = profile.movement_analysis_profile(
        {"right": walk("right", 4.0), "left": walk("left", 3.0)}, {"right": human(), "left": human()}, QUICK
    )
    assert np.degrees(found.overall.value) == pytest.approx(np.sqrt(11.8))
    assert {side: np.degrees(score.value) for side, score in found.sides} == pytest.approx({"right": 4.0, "left": 3.0})
    assert found.name == "Gait Profile Score" and found.words == "Gait Profile Score, all 15" and not found.missing
    assert len(found.used) == 15 and "left pelvis_tilt" in found.used and "right pelvis_tilt" not in found.used
    assert len(found.scores) == 18 and found.overall.n == 6 and found.overall.of == "strides"


@pytest.mark.published("gait_variable_score")
def test_variable_score_is_taken_on_51_points():
    # off by 1 at 0 and 100 % only, both among the 51 points: sqrt(2 / 51); off at 1 %: not among them
    ends, between = np.zeros(101), np.zeros(101)
    ends[[0, -1]], between[1] = 1.0, 1.0
    for shift, expected in ((ends, np.sqrt(2 / 51)), (between, 0.0)):
        strides = walk("right", 0.0, names=("knee_flexion",))
        strides = replace(strides, values=strides.values + shift[:, None])
        found = profile.gait_variable_score(strides, human(("knee_flexion",)), "knee_flexion", QUICK)
        assert found.value == pytest.approx(expected, abs=1e-12) and found.unit == "rad"


def test_a_reduced_set_is_not_called_the_score():
    found = profile.movement_analysis_profile(
        {side: walk(side, 2.0, names=MEASURED) for side in ("right", "left")},
        {side: human(MEASURED) for side in ("right", "left")},
        QUICK,
    )
    assert found.name == "GPS of 13 variables"
    assert found.missing == ("right foot_progression", "left foot_progression")
    assert found.words == "GPS of 13 variables, without right foot_progression, left foot_progression"
    assert np.degrees(found.overall.value) == pytest.approx(2.0)


def test_one_side_lends_its_pelvis():
    found = profile.movement_analysis_profile({"right": walk("right", 2.0)}, {"right": human()}, QUICK)
    assert found.name == "GPS of 9 variables" and "right pelvis_list" in found.used
    assert found.missing == tuple(f"left {name}" for name in profile.LEG)


def test_unmeasured_angles_are_missing_and_not_zero():
    strides = walk("left", 2.0)
    values = strides.values.copy()
    values[:, 50, profile.VARIABLES.index("hip_rotation")] = np.nan
    values[0, 50, profile.VARIABLES.index("knee_flexion")] = np.nan  # one stride only
    found = profile.movement_analysis_profile({"left": replace(strides, values=values)}, {"left": human()}, QUICK)
    assert "left hip_rotation" in found.missing and "left knee_flexion" in found.used and found.overall.n == 2
    nothing = profile.movement_analysis_profile({}, {}, QUICK)
    assert np.isnan(nothing.overall.value) and nothing.name == "GPS of 0 variables"
    assert nothing.overall.note == "no variable of the profile was measured"


def test_interval_comes_from_strides_within_trials():
    trial = np.repeat([0, 1, 2], 4)
    strides = {side: walk(side, 3.0, count=12, noise=0.02, trial=trial) for side in ("right", "left")}
    found = profile.movement_analysis_profile(strides, {side: human() for side in strides}, QUICK)
    assert found.overall.low < found.overall.value < found.overall.high
    assert found.overall.n == 24 and found.overall.of == "strides in 3 trials"
    single = profile.movement_analysis_profile(
        {side: walk(side, 3.0, count=1) for side in strides}, {side: human() for side in strides}, QUICK
    )
    assert np.isnan(single.overall.low) and single.overall.note == "one stride: no interval"


def test_the_stance_has_no_profile():
    strides = replace(walk("left", 1.0), phase="stance")
    with pytest.raises(BadValue, match='scored over the whole stride; these strides span the "stance"'):
        profile.movement_analysis_profile({"left": strides}, {"left": human(phase="stance")}, QUICK)
    with pytest.raises(BadValue, match='strides of unit "rad" cannot be compared with curves of unit "deg"'):
        profile.movement_analysis_profile({"left": walk("left", 1.0)}, {"left": replace(human(), unit="deg")}, QUICK)
