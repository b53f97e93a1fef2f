import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.gait.strides import Strides
from biomimic.metrics import grf, per_stride
from biomimic.metrics.estimate import Resampling

SHARE = np.linspace(0, 1, 101)


def stance(*curves, name="vertical", unit="BW", phase="stance", duration=1.0, part=0.6):
    count = len(curves)
    return Strides(
        side="right",
        names=(name,),
        unit=unit,
        values=np.array(curves, float)[:, :, None],
        duration=np.full(count, duration),
        stance=np.full(count, part),
        trial=np.zeros(count, int),
        phase=phase,
    )


def two_humps(first=1.1, second=1.2, valley=0.8):
    """Peaks at 25 and 75 %, valley at 50 %, joined by straight lines."""
    return np.interp(SHARE, (0, 0.25, 0.5, 0.75, 1), (0, first, valley, second, 0))


@pytest.mark.published(
    "first_peak", "first_peak_time", "valley", "valley_time", "second_peak", "second_peak_time", "depth_index"
)
def test_peaks_and_valley_by_hand():
    found = grf.double_peak(stance(two_humps()))
    assert found.present.tolist() == [True]
    np.testing.assert_allclose([found.first[0], found.valley[0], found.second[0]], [1.1, 0.8, 1.2])
    np.testing.assert_allclose([found.first_time[0], found.valley_time[0], found.second_time[0]], [25, 50, 75])
    np.testing.assert_allclose(found.depth, 0.35)  # (1.1 + 1.2) / 2 - 0.8


@pytest.mark.published("double_peak_share")
def test_half_sine_has_no_double_peak_two_gaussians_have():
    gaussians = np.exp(-(((SHARE - 0.25) / 0.15) ** 2)) + np.exp(-(((SHARE - 0.75) / 0.15) ** 2))
    half_sine = 1.267 * np.sin(np.pi * SHARE)
    strides = stance(half_sine, gaussians, gaussians, np.full(101, np.nan))
    found = grf.double_peak(strides)
    assert found.present.tolist() == [False, True, True, False]
    assert np.isnan(found.first[0]) and np.isnan(found.depth[0])
    assert found.reasons[1:3] == ("", "")
    assert "second half" in found.reasons[0] and "missing in the stance" in found.reasons[3]
    share = grf.double_peak_share(found, strides.trial, Resampling(draws=200))
    assert share.value == pytest.approx(2 / 3) and share.n == 3  # the missing stride does not count


@pytest.mark.published("double_peak_share")
@pytest.mark.parametrize(
    "curve, present",
    [
        (two_humps(valley=1.051), False),  # the lower peak stands 0.049 BW above the valley
        (two_humps(valley=1.049), True),
        (two_humps() + 0.005 * np.sin(40 * np.pi * SHARE), True),  # ripple under the prominence
    ],
)
def test_depth_and_prominence_decide(curve, present):
    found = grf.double_peak(stance(curve))
    assert found.present[0] == present and np.isfinite(found.valley[0])
    assert found.reasons == (("",) if present else ("the lower peak stands less than 0.05 BW above the valley",))


def test_averaging_can_erase_peaks_so_each_stride_is_judged():
    early = np.interp(SHARE, (0, 0.15, 0.4, 0.6, 1), (0, 1.1, 0.95, 1.1, 0))
    late = np.interp(SHARE, (0, 0.4, 0.6, 0.85, 1), (0, 1.1, 0.95, 1.1, 0))
    assert grf.double_peak(stance(early, late)).present.all()
    assert not grf.double_peak(stance((early + late) / 2)).present.any()


@pytest.mark.published("loading_rate", "steepest_loading")
def test_loading_rate_of_a_ramp():
    # 0 to 1 BW in 0.1 s: 10 BW/s; stance of 0.5 s, so the ramp ends at 20 %
    ramp = np.interp(SHARE, (0, 0.2, 0.5, 0.75, 1), (0, 1.0, 0.7, 1.0, 0))
    strides = stance(ramp, duration=0.8333333333, part=0.6)
    np.testing.assert_allclose(grf.loading_rate(strides), 10.0, rtol=1e-6)
    np.testing.assert_allclose(grf.steepest_loading(strides), 10.0, rtol=1e-6)


def test_steepest_loading_is_never_below_the_mean():
    curve = 1.1 * np.sin(np.pi * np.minimum(SHARE / 0.4, 0.5)) - 0.3 * np.exp(-(((SHARE - 0.5) / 0.1) ** 2))
    assert grf.steepest_loading(stance(curve))[0] >= grf.loading_rate(stance(curve))[0] > 0


@pytest.mark.published("loading_rate")
def test_loading_rate_without_a_first_peak_uses_the_first_half():
    # half-sine of 0.6 s and peak 1 at 50 %: 20 % at asin(.2), 80 % at asin(.8): 0.6 / ((0.927295 - 0.201358) 0.6 / pi)
    found = grf.loading_rate(stance(np.sin(np.pi * SHARE)))
    np.testing.assert_allclose(found, 0.6 / ((0.927295 - 0.201358) * 0.6 / np.pi), rtol=2e-3)


@pytest.mark.published("vertical_impulse")
@pytest.mark.parametrize("duty, peak", [(0.62, 1.267), (0.35, 2.244), (0.30, 2.618)])
def test_half_sine_that_carries_the_weight(duty, peak):
    # two such stances a stride support one body weight: peak = pi / (4 duty); impulse = half a stride of weight
    assert np.pi / (4 * duty) == pytest.approx(peak, abs=5e-4)
    strides = stance(peak * np.sin(np.pi * SHARE), duration=1.1, part=duty)
    np.testing.assert_allclose(grf.impulse(strides), 0.5 * 1.1, rtol=1e-3)


@pytest.mark.published(
    "braking_peak", "propulsion_peak", "braking_impulse", "propulsion_impulse", "net_impulse", "net_impulse_share"
)
def test_braking_and_propulsion_of_a_sine():
    # -0.2 sin over 0.6 s: extremes at 25 and 75 %; impulse of each half 0.2 * 0.3 * 2 / pi
    found = grf.braking_and_propulsion(stance(-0.2 * np.sin(2 * np.pi * SHARE), name="anterior"))
    np.testing.assert_allclose([found.braking[0], found.propulsion[0]], [-0.2, 0.2])
    np.testing.assert_allclose([found.braking_time[0], found.propulsion_time[0]], [25, 75])
    np.testing.assert_allclose(found.propulsion_impulse, 0.2 * 0.3 * 2 / np.pi, rtol=1e-3)
    np.testing.assert_allclose(found.braking_impulse, -found.propulsion_impulse)
    np.testing.assert_allclose(found.net_impulse, 0.0, atol=1e-12)
    assert grf.balance(found).steady.all()
    missing = grf.braking_and_propulsion(stance(np.full(101, np.nan), name="anterior"))
    assert np.isnan([values[0] for values in missing]).all()


@pytest.mark.published("outward_peak", "inward_peak")
def test_lateral_peaks():
    outward, inward = grf.lateral_peaks(
        stance(np.interp(SHARE, (0, 0.05, 0.5, 1), (0, 0.02, -0.06, 0)), name="lateral")
    )
    np.testing.assert_allclose([outward[0], inward[0]], [0.02, -0.06])


@pytest.mark.published("symmetry_index", "symmetry_angle")
def test_symmetry():
    # Robinson 1987 and Zifchock 2008 on 1.1 and 1.0
    assert grf.symmetry_index(1.1, 1.0) == pytest.approx(9.5238, abs=1e-4)
    assert grf.symmetry_angle(1.1, 1.0) == pytest.approx(3.0292, abs=1e-4)


def test_symmetry_of_equal_zero_and_opposite_sides():
    assert grf.symmetry_index(0.7, 0.7) == grf.symmetry_angle(0.7, 0.7) == 0.0
    assert grf.symmetry_angle(1.0, 1.1) == pytest.approx(-grf.symmetry_angle(1.1, 1.0))
    assert np.isnan(grf.symmetry_index(0.1, -0.1)) and np.isnan(grf.symmetry_angle(0.0, 0.0))
    assert abs(grf.symmetry_angle(0.001, -0.001)) <= 100.0


def test_symmetry_of_sides_has_an_interval():
    def side(*sizes):
        return stance(*(size * two_humps() for size in sizes))

    found = grf.symmetry(side(1.08, 1.1, 1.12), side(0.98, 1.0, 1.02), grf.impulse, Resampling(draws=300))
    assert found.value == pytest.approx(3.0292, abs=1e-4)  # means 1.1 and 1.0 of the same curve
    assert 1.5 < found.low < found.value < found.high < 4.5
    assert (found.n, found.of, found.unit) == (6, "strides of both sides", "%")
    same = grf.symmetry(side(1.0, 1.1), side(1.0, 1.1), grf.impulse, Resampling(draws=300))
    assert same.value == 0.0 and same.low < 0.0 < same.high
    assert "no measured stride" in grf.symmetry(side(1.0), side(np.nan), grf.impulse, Resampling()).note
    alone = grf.symmetry(side(1.0), side(1.0), grf.impulse, Resampling())
    assert alone.value == 0.0 and alone.note == "one stride: no interval"


def test_only_stance_in_body_weights_is_measured():
    with pytest.raises(BadValue, match='these strides span the stride, in "BW".*phase="stance"'):
        grf.double_peak(stance(two_humps(), phase="stride"))
    with pytest.raises(BadValue, match='in "N".*in_body_weights'):
        grf.loading_rate(stance(two_humps(), unit="N"))


@pytest.mark.published("net_impulse_share")
def test_net_impulse_is_judged_against_braking():
    # propulsion 9 and 12 % more than braking: net 0.09 and 0.12 of the braking impulse
    sine = np.sin(2 * np.pi * SHARE)
    curves = [-0.2 * np.where(sine > 0, sine, factor * sine) for factor in (1.09, 1.12)]
    found = grf.balance(grf.braking_and_propulsion(stance(*curves, np.abs(sine), name="anterior")))
    np.testing.assert_allclose(found.share.values[:2], [0.09, 0.12], rtol=1e-6)
    assert found.steady.tolist() == [True, False, False]
    assert found.share.reasons == ("", "", "no braking")


def test_running_is_not_held_to_two_peaks():
    single = 2.244 * np.sin(np.pi * SHARE)
    running = stance(single, single, duration=0.7, part=0.35)
    found = grf.double_peak(running)
    assert not found.measured.any() and set(found.reasons) == {grf.RUNS}
    share = grf.double_peak_share(found, running.trial, Resampling(draws=50))
    assert np.isnan(share.value) and share.n == 0
    figure = grf.figure(running, "double_peak_share")
    assert per_stride.averaged(figure, running.trial, Resampling(draws=50), "1").note == grf.RUNS


def test_every_figure_has_a_value_or_a_reason():
    names = ("vertical", "anterior", "lateral")
    curves = np.stack([two_humps(), -0.2 * np.sin(2 * np.pi * SHARE), 0.05 * np.sin(np.pi * SHARE)], axis=1)
    values = np.stack([curves, np.full((101, 3), np.nan), curves[::-1] * 0.0])
    numbers = {"duration": np.ones(3), "stance": np.full(3, 0.6), "trial": np.zeros(3, int)}
    strides = Strides("right", names, "BW", values, **numbers, phase="stance")
    peak = grf.double_peak(strides)
    for name in grf.FIGURES:
        found = grf.figure(strides, name)
        assert np.isfinite(found.values[0]) and found.reasons[0] == ""
        assert np.isnan(found.values[1]) and "missing in the stance" in found.reasons[1]
        assert np.isnan(found.values[2]) == bool(found.reasons[2])
    assert grf.figure(strides, "first_peak_time").values[0] == pytest.approx(peak.first_time[0] / 100)
    assert grf.figure(strides, "first_peak").reasons[2] == "no peak in the first half of stance"
    with pytest.raises(UnknownName, match='"first_peek".*Did you mean "first_peak"'):
        grf.figure(strides, "first_peek")


def test_loading_needs_a_force_that_was_not_smoothed():
    strides = stance(two_humps())
    assert grf.figure(strides, "loading_rate", cutoff=20.0).reasons == ("",)
    smooth = grf.figure(strides, "loading_rate", cutoff=6.0)
    assert np.isnan(smooth.values[0]) and smooth.reasons == ("force filtered at 6 Hz: loading needs 20 Hz or more",)
    running = grf.figure(stance(two_humps(), part=0.35), "steepest_loading")
    assert running.reasons == (grf.RUNS_RAW,)


def test_averages_count_what_they_rest_on():
    figure = per_stride.explained(np.array([1.0, 2.0, np.nan]), {"too short": np.array([False, False, True])})
    found = per_stride.averaged(figure, np.zeros(3, int), Resampling(draws=50), "BW")
    assert (found.value, found.n, found.note) == (1.5, 2, "")
    with pytest.raises(BadValue, match="3 strides need one trial number each; found 2"):
        per_stride.averaged(figure, np.zeros(2, int), Resampling(), "BW")
    assert per_stride.explained(np.array([np.nan]), {}).reasons == (per_stride.UNDEFINED,)
