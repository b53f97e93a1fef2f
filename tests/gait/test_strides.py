import numpy as np
import pytest

from biomimic.errors import BadValue, NotEnoughData, UnknownName
from biomimic.gait import events, filters, strides
from biomimic.gait.cycles import CycleRule, Cycles, choose
from biomimic.signals import Signals

PERCENT = np.linspace(0, 1, 101)


def cycles(start=(1.0, 2.1), duration=1.1, stance=0.6, side="right"):
    start = np.asarray(start, float)
    nan = np.full(len(start), np.nan)
    return Cycles(side, start, start + stance * duration, start + duration, nan, nan)


def signals(function, names=("knee_flexion_right",), unit="rad", rate=100.0, end=5.0):
    time = np.arange(0, end, 1 / rate)
    return Signals(time, np.column_stack([function(time)] * len(names)), names, unit)


def some(values, **fields):
    values = np.asarray(values, float)
    count = len(values)
    settings = {
        "side": "right",
        "names": ("a",),
        "unit": "N",
        "values": values,
        "duration": np.full(count, 1.1),
        "stance": np.full(count, 0.6),
        "trial": np.zeros(count, int),
    }
    return strides.Strides(**{**settings, **fields})


def test_a_sine_is_cut_at_exact_times():
    # start at 1.0033 s, between samples: the value at x % is sin(2 pi (1.0033 + x 1.1 / 100))
    found = strides.cut(signals(lambda t: np.sin(2 * np.pi * t)), cycles(start=[1.0033]))
    np.testing.assert_allclose(found.values[0, :, 0], np.sin(2 * np.pi * (1.0033 + 1.1 * PERCENT)), atol=1e-5)
    assert found.names == ("knee_flexion",)


def test_cut_over_stance_ends_at_toe_off():
    found = strides.cut(signals(lambda t: t), cycles(), phase="stance")
    np.testing.assert_allclose(found.channel("knee_flexion")[:, [0, 50, 100]], [[1.0, 1.33, 1.66], [2.1, 2.43, 2.76]])
    np.testing.assert_allclose(found.stance, 0.6)
    np.testing.assert_allclose(found.duration, 1.1)


def test_cutting_then_joining_returns_the_signal():
    def wave(t):
        return np.sin(2 * np.pi * t / 1.1) + 0.3 * np.cos(6 * np.pi * t / 1.1)

    found = strides.cut(signals(wave), cycles(start=[1.0, 2.1]))
    time = np.concatenate([1.0 + 1.1 * PERCENT[:-1], 2.1 + 1.1 * PERCENT])
    joined = np.concatenate([found.values[0, :-1, 0], found.values[1, :, 0]])
    np.testing.assert_allclose(joined, wave(time), atol=1e-4)


def test_force_and_activity_do_not_overshoot_angles_are_smooth():
    step = signals(lambda t: (t > 1.5).astype(float), names=("vertical_right",), unit="N", rate=20.0)
    assert strides.cut(step, cycles([1.0])).values.min() >= 0.0
    assert strides.cut(step, cycles([1.0])).values.max() <= 1.0
    as_angle = Signals(step.time, step.values, step.names, "rad")
    assert strides.cut(as_angle, cycles([1.0])).values.max() > 1.05  # a cubic spline rings at a step


def test_sides_are_told_apart_and_unsided_angles_mirrored():
    time = np.arange(0, 5, 0.01)
    names = ("knee_flexion_right", "knee_flexion_left", "pelvis_tilt", "pelvis_list", "muscle/knee_flexion_left")
    all_sides = Signals(time, np.tile([1.0, 2.0, 3.0, 4.0, 5.0], (500, 1)), names, "rad")
    right = strides.cut(all_sides, cycles(side="right"))
    left = strides.cut(all_sides, cycles(side="left"))
    assert right.names == ("knee_flexion", "pelvis_tilt", "pelvis_list")
    np.testing.assert_allclose(right.values[0, 0], [1.0, 3.0, 4.0])
    assert left.names == ("knee_flexion", "pelvis_tilt", "pelvis_list", "muscle/knee_flexion")
    np.testing.assert_allclose(left.values[0, 0], [2.0, 3.0, -4.0, 5.0])


def test_uncovered_and_torn_strides_are_missing_in_that_channel_only():
    time = np.arange(0, 5, 0.01)
    values = np.column_stack([time, time, time, time])
    values[150:165, 1] = np.nan  # 150 ms gap in the first stride
    values[150:151, 2] = np.nan  # one sample of 110: 0.9 %, bridged
    values[250:, 3] = np.nan  # ends within the second stride
    names = tuple(f"{name}_right" for name in "abcd")
    found = strides.cut(Signals(time, values, names, "rad"), cycles(start=[1.0, 2.1]))
    assert np.isfinite(found.values).all(axis=1).tolist() == [[True, False, True, True], [True, True, True, False]]
    np.testing.assert_allclose(found.channel("c")[0], 1.0 + 1.1 * PERCENT)
    outside = strides.cut(Signals(time, values, names, "rad"), cycles(start=[4.5]))
    assert np.isnan(outside.values).all()


def test_body_weights():
    found = strides.in_body_weights(some(np.full((2, 101, 1), 1.5 * 70 * 9.80665)), 70.0)
    np.testing.assert_allclose(found.values, 1.5)
    assert found.unit == "BW"
    heavier = strides.in_body_weights(some(np.full((2, 101, 1), 3 * 70 * 9.80665)), 140.0)
    np.testing.assert_allclose(heavier.values, found.values)
    with pytest.raises(BadValue, match='"N".*"BW"'):
        strides.in_body_weights(found, 70.0)
    with pytest.raises(BadValue, match="mass is positive; got 0 kg"):
        strides.in_body_weights(some(np.ones((2, 101, 1))), 0.0)


def test_summary_by_hand():
    # values 1, 2, 6 at every point: mean 3, SD sqrt((4 + 1 + 9) / 2) = 2.6458
    curves = some(np.array([1.0, 2.0, 6.0])[:, None, None] * np.ones((1, 101, 1))).summary()
    np.testing.assert_allclose(curves.channel("a"), 3.0)
    np.testing.assert_allclose(curves.spread("a"), np.sqrt(7.0))
    assert (curves.n, curves.of) == (3, "strides")


def test_summary_of_one_stride_has_no_sd_and_missing_strides_do_not_count_in_a_mean():
    assert some(np.ones((1, 101, 1))).summary().sd is None
    values = np.ones((3, 101, 1))
    values[1] = np.nan
    np.testing.assert_allclose(some(values).summary().mean, 1.0)
    assert np.isnan(some(np.full((2, 101, 1), np.nan)).summary().mean).all()


def test_stack_numbers_the_trials():
    both = strides.stack([some(np.ones((2, 101, 1))), some(np.zeros((3, 101, 1)))])
    assert both.trial.tolist() == [0, 0, 1, 1, 1] and len(both) == 5
    with pytest.raises(BadValue, match="same unit; trial 0 has N, trial 1 has BW"):
        strides.stack([some(np.ones((2, 101, 1))), some(np.ones((2, 101, 1)), unit="BW")])
    with pytest.raises(NotEnoughData, match="no strides to stack"):
        strides.stack([])


def test_select_and_take():
    both = some(np.arange(2 * 101 * 2).reshape(2, 101, 2), names=("a", "b"))
    np.testing.assert_array_equal(both.select(("b",)).values[:, :, 0], both.channel("b"))
    np.testing.assert_array_equal(both.take(np.array([1, 1])).values[0], both.values[1])
    with pytest.raises(ValueError, match="read-only"):
        both.values[0, 0, 0] = 1.0


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"stance": np.array([62.0, 61.0])}, "between 0 and 1; found 61 to 62. Give 0.62 for 62 %"),
        ({"side": "R"}, '"right" or "left", not "R"'),
        ({"names": ("a", "b")}, r"values of shape \(2, 101, 2\).*found \(2, 101, 1\)"),
        ({"duration": np.array([1.0, 0.0])}, "longer than 0 s"),
        ({"phase": "swing"}, '"stride" or a "stance", not "swing"'),
    ],
)
def test_impossible_strides_are_refused(fields, words):
    with pytest.raises(BadValue, match=words):
        some(np.ones((2, 101, 1)), **fields)


def test_impossible_curves_are_refused():
    with pytest.raises(BadValue, match="n = 1 have no standard deviation"):
        strides.Curves(("a",), "N", np.ones((101, 1)), np.ones((101, 1)), 1, "subjects")
    with pytest.raises(BadValue, match='"subjects", "trials" or "strides", not "people"'):
        strides.Curves(("a",), "N", np.ones((101, 1)), None, 1, "people")
    curves = strides.Curves(("knee_flexion",), "rad", np.ones((101, 1)), None, 1, "subjects")
    with pytest.raises(UnknownName, match='"knee_angle".*Did you mean "knee_flexion"'):
        curves.channel("knee_angle")


def test_a_minute_of_walking_is_cut():
    time = np.arange(0, 60, 0.001)
    columns, names = [], []
    for side, late in (("right", 0.3), ("left", 0.85)):
        phase = ((time - late) / 1.1) % 1
        vertical = 800 * np.clip(np.sin(np.pi * phase / 0.62), 0, None) ** 0.4 * (phase < 0.62)
        columns += [vertical, 0.1 * vertical, 0.05 * vertical]
        names += [f"{axis}_{side}" for axis in ("vertical", "anterior", "lateral")]
    force = Signals(time, np.column_stack(columns), tuple(names), "N")
    smooth = filters.low_pass(force, order=4, cutoff=20.0)
    found = {side: events.detect(force, side=side, min_peak=400.0) for side in ("right", "left")}
    chosen = choose(found["right"], found["left"], span=(0.0, 60.0), rule=CycleRule(skip_time=2.0))
    stance = strides.cut(smooth, chosen, phase="stance")
    assert len(stance) == 52 and np.isfinite(stance.values).all()
