"""Running force: closed forms, and three measured runs; these are skipped where the files are not at hand."""

from pathlib import Path

import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.gait import cycles, events, filters
from biomimic.gait.cycles import Cycles
from biomimic.metrics import running, spatiotemporal
from biomimic.readers import opensim
from biomimic.signals import Signals

DATA = Path(__file__).parents[2] / "../shared/data"
MASS, WEIGHT = 70.0, 70.0 * 9.80665
PERIOD, STANCE = 0.7, 0.245  # [s]: duty 0.35


def needs(folder):
    return pytest.mark.skipif(not (DATA / folder).is_dir(), reason=f"the raw run {folder} is not at hand")


def strides(count=4, stance=STANCE):
    start = 1.0 + PERIOD * np.arange(count)
    return Cycles("right", start, start + stance, start + PERIOD, start + 0.595, start + 0.35)


def run(shape, rate=1000.0, stance=STANCE):
    """Force on the right foot: `shape` of the time since the strike [s], in body weights."""
    time = np.arange(0, 5, 1 / rate)
    since = (time - 1.0) % PERIOD
    loaded = (since < stance) & (time >= 1.0)
    return Signals(time, (WEIGHT * np.where(loaded, shape(since), 0.0))[:, None], ("vertical_right",), "N")


def half_sine(since):
    return np.pi / (4 * 0.35) * np.sin(np.pi * since / STANCE)


def with_impact(since):
    """A triangle of 1.6 BW at 20 ms, down to 1.2 BW at 40 ms, then up to 2.5 BW at 110 ms and down."""
    return np.interp(since, (0.0, 0.02, 0.04, 0.11, STANCE), (0.0, 1.6, 1.2, 2.5, 0.0))


@pytest.mark.published("active_peak", "active_peak_time", "stance_time", "duty")
def test_half_sine_of_a_run_has_one_peak():
    # two such stances a stride carry one body weight: pi / (4 * 0.35) = 2.244 BW, in the middle
    found = running.running_force(run(half_sine), strides(), MASS)
    np.testing.assert_allclose(found.active_peak.values, 2.244, atol=1e-3)
    np.testing.assert_allclose(found.active_peak_time.values, 0.5, atol=5e-3)
    np.testing.assert_allclose(found.stance_time.values, STANCE)
    np.testing.assert_allclose(found.duty.values, 0.35)
    assert set(found.impact_present.values) == {0.0} and set(found.impact_present.reasons) == {""}
    assert np.isnan(found.impact_peak.values).all() and set(found.impact_peak.reasons) == {running.NO_IMPACT}


@pytest.mark.published("running_loading_rate")
def test_loading_without_impact_is_that_up_to_13_percent_of_stance():
    # sin(pi 0.13) = 0.39715; 20 and 80 % of it at asin(0.07943) and asin(0.31772) of the half-sine
    top = np.pi / 1.4 * np.sin(np.pi * 0.13)
    times = np.arcsin(np.array([0.2, 0.8]) * np.sin(np.pi * 0.13)) * STANCE / np.pi
    found = running.running_force(run(half_sine), strides(), MASS)
    np.testing.assert_allclose(found.loading_rate.values, 0.6 * top / np.diff(times)[0], rtol=2e-3)
    assert (found.steepest_loading.values >= found.loading_rate.values).all()


@pytest.mark.published("impact_peak", "impact_time", "running_loading_rate", "running_steepest_loading")
def test_impact_transient_by_hand():
    found = running.running_force(run(with_impact), strides(), MASS)
    np.testing.assert_allclose(found.impact_present.values, 1.0)
    np.testing.assert_allclose(found.impact_peak.values, 1.6, rtol=1e-6)
    np.testing.assert_allclose(found.impact_time.values, 0.02, atol=1e-9)
    np.testing.assert_allclose(found.loading_rate.values, 80.0, rtol=1e-6)  # 1.6 BW in 20 ms
    np.testing.assert_allclose(found.steepest_loading.values, 80.0, rtol=1e-6)
    np.testing.assert_allclose(found.active_peak.values, 2.5)
    np.testing.assert_allclose(found.active_peak_time.values, 0.11 / STANCE)


def test_an_impact_higher_than_the_active_peak_is_not_taken_for_it():
    found = running.running_force(
        run(lambda t: np.interp(t, (0, 0.015, 0.04, 0.11, STANCE), (0, 2.9, 1, 2.3, 0))), strides(), MASS
    )
    np.testing.assert_allclose(found.impact_peak.values, 2.9)
    np.testing.assert_allclose(found.active_peak.values, 2.3)


def test_a_filter_takes_the_impact_away_and_nobody_may_claim_it():
    smooth = filters.low_pass(run(with_impact), order=4, cutoff=6.0)
    told = running.running_force(smooth, strides(), MASS, cutoff=6.0)
    reason = "force filtered at 6 Hz: impact and loading need 50 Hz or more"
    for figure in (told.impact_present, told.impact_peak, told.impact_time, told.loading_rate, told.steepest_loading):
        assert np.isnan(figure.values).all() and set(figure.reasons) == {reason}
    assert np.isfinite(told.active_peak.values).all()
    assert not running.running_force(smooth, strides(), MASS).impact_present.values.any()  # what it would have said
    slow = running.running_force(run(with_impact, rate=100.0), strides(), MASS)
    assert set(slow.loading_rate.reasons) == {"force sampled at 100 Hz: impact and loading need 200 Hz or more"}


def test_walking_strides_and_gaps_have_reasons():
    walking = running.running_force(run(half_sine), strides(stance=0.4), MASS)
    assert set(walking.active_peak.reasons) == set(walking.stance_time.reasons) == {running.WALKS}
    holed = run(half_sine)
    values = holed.values.copy()
    values[1100] = np.nan
    found = running.running_force(holed.with_values(values), strides(), MASS)
    assert found.active_peak.reasons == (running.MISSING, "", "", "")
    assert running.running_force(holed.between(0.0, 3.2), strides(), MASS).active_peak.reasons[-1] == running.MISSING
    nothing = np.zeros(0)
    none = Cycles("right", nothing, nothing, nothing, nothing, nothing)
    assert running.running_force(holed, none, MASS).active_peak.values.shape == (0,)


def test_refused_input():
    force = run(half_sine)
    with pytest.raises(BadValue, match='"N".*"BW"'):
        running.running_force(Signals(force.time, force.values, force.names, "BW"), strides(), MASS)
    with pytest.raises(BadValue, match="Body mass is positive; got 0 kg"):
        running.running_force(force, strides(), 0.0)
    with pytest.raises(UnknownName, match="vertical_right"):
        running.running_force(Signals(force.time, force.values, ("vertical_left",), "N"), strides(), MASS)


def measured(file, plates, side):
    """Force, gait and strides of one side of a measured run."""
    force, _, _ = opensim.read_forces(DATA / file, opensim.names("gait2392", plates=plates))
    force = filters.regular(force)
    feet = {name: events.detect(force, side=name) for name in ("right", "left")}
    other = feet["left" if side == "right" else "right"]
    chosen = cycles.choose(feet[side], other, span=(force.time[0], force.time[-1]), rule=cycles.RUNNING)
    return force, events.recognise(feet["right"], feet["left"]), chosen


HAMNER_2013 = {"ground_force_1_": "right", "ground_force_2_": "left"}


@needs("hamner2013-run-subject01")
@pytest.mark.oracle("active_peak")
@pytest.mark.parametrize(("file", "peak"), [("run200_grf.mot", 2.25), ("run300_grf.mot", 2.57)])
def test_hamner_2013_at_2_and_3_meters_per_second(file, peak):
    # largest vertical force noted with the data: 2.25 (in the last step, whose stride is not whole) and 2.57 body
    # weights, of 72.84 kg
    highest = []
    for side in ("right", "left"):
        force, gait, chosen = measured(f"hamner2013-run-subject01/{file}", HAMNER_2013, side)
        assert gait.name == "running" and len(chosen) >= 2
        found = running.running_force(force, chosen, 72.84)
        highest.append(found.active_peak.values.max())
        assert (0.3 < found.active_peak_time.values).all() and (found.active_peak_time.values < 0.55).all()
        assert "force sampled at 100 Hz" in found.loading_rate.reasons[0]
    assert max(highest) == pytest.approx(peak, abs=0.04)


@needs("hamner2013-run-subject01")
def test_faster_running_pushes_harder_and_shorter():
    figures = []
    for file in ("run200_grf.mot", "run300_grf.mot"):
        force, _, chosen = measured(f"hamner2013-run-subject01/{file}", HAMNER_2013, "right")
        found = running.running_force(force, chosen, 72.84)
        figures.append([found.active_peak.values.mean(), found.stance_time.values.mean(), found.duty.values.mean()])
    slow, fast = figures
    assert fast[0] > slow[0] and fast[1] < slow[1] and fast[2] < slow[2]


@needs("hamner2010-run-subject02")
@pytest.mark.published("active_peak", "stance_time", "cadence")
def test_hamner_2010_at_4_meters_per_second():
    # 3 to 4 m/s: 2.2 to 2.7 body weights at 40 to 50 % of a stance of 0.20 to 0.28 s, 150 to 180 steps a minute
    plates = {"ground_force_": "right", "1_ground_force_": "left"}
    force, gait, chosen = measured("hamner2010-run-subject02/subject02_running_grf.mot", plates, "right")
    assert gait.name == "running" and len(chosen) >= 10
    found = running.running_force(force, chosen, 65.9)
    assert 2.2 < found.active_peak.values.mean() < 2.7
    assert 0.35 < found.active_peak_time.values.mean() < 0.5  # at 60 Hz a sample is 6 % of stance
    assert 0.20 < found.stance_time.values.mean() < 0.28
    steps = spatiotemporal.figures(chosen)
    assert 150 < steps.cadence.mean() < 180 and (steps.flight > 0).all() and (steps.double_support == 0).all()
    assert "force sampled at 60 Hz" in found.impact_present.reasons[0]


@needs("rajagopal2016-run")
@pytest.mark.oracle("active_peak")
def test_rajagopal_run_peaks_at_the_stated_force():
    # 1977 N noted with the data; nothing is left above 30 Hz, so its impact cannot be judged
    force, gait, chosen = measured("rajagopal2016-run/grf_run.mot", None, "right")
    assert gait.name == "running" and len(chosen) >= 4
    assert force.values.max() == pytest.approx(1977, abs=1)
    found = running.running_force(force, chosen, 75.0, cutoff=20.0)
    assert (1800 < found.active_peak.values * 75.0 * 9.80665).all()
    assert set(found.impact_present.reasons) == {"force filtered at 20 Hz: impact and loading need 50 Hz or more"}
