import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import Curves, Strides
from biomimic.metrics import kinetics
from biomimic.metrics.estimate import Resampling
from biomimic.signals import Signals

PHASE = 2 * np.pi * np.linspace(0, 1, 101)
MASS, GRAVITY = 70.0, 9.80665


def cycles(start=(1.0, 2.1), period=1.1):
    start = np.asarray(start)
    nan = np.full(len(start), np.nan)
    return Cycles("right", start, start + 0.7, start + period, nan, nan)


def moments(*curves, unit="N m"):
    count = len(curves)
    return Strides(
        side="right",
        names=("knee_flexion",),
        unit=unit,
        values=np.array(curves, float)[:, :, None],
        duration=np.full(count, 1.1),
        stance=np.full(count, 0.6),
        trial=np.zeros(count, int),
    )


def bounce(extra=0.0, late=0):
    """Floor force on a mass whose centre accelerates as 2 sin(2 pi t / 0.55) upward, `late` samples late."""
    time = np.arange(0, 4, 0.001)
    up = 2.0 * np.sin(2 * np.pi * time / 0.55)
    motion = np.column_stack([np.zeros_like(up), np.zeros_like(up), up])
    force = MASS * (motion + [0, 0, GRAVITY]) + [0, 0, extra]
    acceleration = Signals(time, np.roll(motion, late, axis=0), ("com_x", "com_y", "com_z"), "m/s^2")
    return Signals(time, force, ("floor_x", "floor_y", "floor_z"), "N"), acceleration


@pytest.mark.published("extremes")
def test_extremes_by_hand():
    found = kinetics.extremes(moments(30 * np.sin(PHASE), np.full(101, np.nan)), "knee_flexion")
    np.testing.assert_allclose(found.highest, [30, np.nan])
    np.testing.assert_allclose(found.highest_time, [25, np.nan])
    np.testing.assert_allclose(found.lowest, [-30, np.nan])
    np.testing.assert_allclose(found.lowest_time, [75, np.nan])


@pytest.mark.published("highest_difference", "lowest_difference", "peak_ratio")
def test_peaks_against_a_reference():
    human = Curves(("knee_flexion",), "N m", 25 * np.sin(PHASE)[:, None], None, 1, "subjects")
    both = moments(30 * np.sin(PHASE), 32 * np.sin(PHASE))
    found = kinetics.peak_difference(both, human, "knee_flexion", Resampling(draws=200))
    assert found.highest.value == pytest.approx(6.0) and found.lowest.value == pytest.approx(-6.0)
    assert (found.highest.low, found.highest.high) == (pytest.approx(5.0), pytest.approx(7.0))
    ratio = kinetics.peak_ratio(both, human, "knee_flexion", Resampling(draws=200))  # mean of 30 and 32, over 25
    assert ratio.value == pytest.approx(31 / 25)
    nothing = Curves(("knee_flexion",), "N m", np.zeros((101, 1)), None, 1, "subjects")
    assert "zero throughout" in kinetics.peak_ratio(both, nothing, "knee_flexion", Resampling(draws=20)).note


def test_mass_and_moment_scaled_together_change_nothing():
    light = kinetics.per_kilogram(moments(30 * np.sin(PHASE)), 60.0)
    heavy = kinetics.per_kilogram(moments(60 * np.sin(PHASE)), 120.0)
    np.testing.assert_allclose(light.values, heavy.values)
    assert light.unit == "N m/kg"
    with pytest.raises(BadValue, match='"N m".*"N m/kg"'):
        kinetics.per_kilogram(light, 60.0)


@pytest.mark.published("weight_support")
def test_weight_support_of_half_sines():
    # each foot a half-sine of 0.62 of the stride and peak pi / (4 * 0.62) BW: one body weight over a whole stride
    time = np.arange(0, 6, 0.001)
    peak = np.pi / (4 * 0.62) * MASS * GRAVITY
    feet = []
    for late in (0.0, 0.55):
        phase = ((time - late) / 1.1) % 1
        feet.append(peak * np.sin(np.pi * phase / 0.62) * (phase < 0.62))
    force = Signals(time, np.column_stack(feet), ("vertical_right", "vertical_left"), "N")
    np.testing.assert_allclose(kinetics.weight_support(force, cycles([1.0, 2.3333]), MASS), 1.0, atol=1e-4)
    assert np.isnan(kinetics.weight_support(force, cycles([5.5]), MASS)).all()  # not covered
    light = force.with_values(0.5 * force.values)
    np.testing.assert_allclose(kinetics.weight_support(light, cycles([1.0]), MASS / 2), 1.0, atol=1e-4)


@pytest.mark.published("newton_residual", "newton_residual_rms")
def test_newtons_law_holds_and_a_force_too_much_is_found():
    clean = kinetics.newton_residual(*bounce(), cycles(), mass=MASS)
    np.testing.assert_allclose(clean.mean, 0.0, atol=1e-12)
    held = kinetics.newton_residual(*bounce(extra=0.03 * MASS * GRAVITY), cycles(), mass=MASS)
    np.testing.assert_allclose(held.mean, 0.03, rtol=1e-6)  # something holds the body with 3 % of its weight
    np.testing.assert_allclose(held.rms, 0.03, rtol=1e-6)
    np.testing.assert_allclose(held.axis_rms, [[0, 0, 0.03]] * 2, atol=1e-9)


@pytest.mark.published("newton_residual_rms")
def test_one_step_late_is_seen():
    # derivative of 2 sin(w t) is 2 w cos(w t): one millisecond late leaves an RMS of 2 w 0.001 / sqrt(2) m/s^2
    late = kinetics.newton_residual(*bounce(late=1), cycles(), mass=MASS)
    np.testing.assert_allclose(late.rms, 2 * (2 * np.pi / 0.55) * 0.001 / np.sqrt(2) / GRAVITY, rtol=1e-2)


def test_missing_samples_leave_a_stride_out():
    floor, acceleration = bounce()
    values = floor.values.copy()
    values[1500] = np.nan
    found = kinetics.newton_residual(floor.with_values(values), acceleration, cycles(), mass=MASS)
    assert np.isnan(found.mean).tolist() == [True, False]


def test_other_instants_are_refused():
    floor, acceleration = bounce()
    with pytest.raises(BadValue, match="4000 samples from 0 s.*3000 from 1 s.*same instants"):
        kinetics.newton_residual(floor, acceleration.between(1.0, 4.0), cycles(), mass=MASS)
    force = Signals(floor.time, floor.values, floor.names, "BW")
    with pytest.raises(BadValue, match='"N".*"BW"'):
        kinetics.weight_support(force, cycles(), MASS)
