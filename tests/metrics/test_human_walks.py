"""Two measured walks whose figures were worked out with other programs; skipped where the files are not at hand."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator
from scipy.io import loadmat

from biomimic.gait import cycles, events, filters, strides
from biomimic.metrics import grf, kinetics, spatiotemporal, waveform
from biomimic.signals import Signals

DATA = Path(__file__).parents[2] / "../shared/data"
TREADMILL = DATA / "gait2392-subject01-walk"
GROUND = DATA / "rajagopal2016-walk"
SPEEDS = DATA / "bovi2011-normative"
SCALED = DATA / "falisse2019-walk"
WEIGHT = 9.80665


def needs(folder):
    return pytest.mark.skipif(not folder.is_dir(), reason=f"the raw walk {folder.name} is not at hand")


def force_table(path, prefixes, mass):
    """Force of both feet in house names, and the events of both."""
    lines = [line.rstrip() for line in path.read_text().splitlines()]
    head = lines.index("endheader") + 1
    names = lines[head].split("\t")
    table = dict(zip(names, np.array([line.split() for line in lines[head + 1 :] if line], float).T))
    columns, channels = [], []
    for side, prefix in prefixes.items():
        for axis, letter in (("vertical", "y"), ("anterior", "x")):
            columns.append(table[f"{prefix}v{letter}"])
            channels.append(f"{axis}_{side}")
    force = filters.regular(Signals(table["time"], np.column_stack(columns), tuple(channels), "N"))
    found = {side: events.detect(force, side=side, min_peak=0.6 * mass * WEIGHT) for side in prefixes}
    return force, found


def markers(path, wanted):
    """Horizontal positions in house frame [m]: x forward, y left."""
    lines = path.read_text().splitlines()
    names = [name.strip() for name in lines[3].split("\t")]
    rows = [line.split("\t") for line in lines[5:] if line.strip()]
    numbers = np.array([[float(cell) if cell.strip() else np.nan for cell in row[: 3 * 41 + 2]] for row in rows])
    columns, channels = [], []
    for marker, point in wanted.items():
        first = names.index(marker)
        columns += [numbers[:, first] / 1000, -numbers[:, first + 2] / 1000]
        channels += [f"{point}_x", f"{point}_y"]
    return Signals(numbers[:, 1], np.column_stack(columns), tuple(channels), "m")


def stance_of(force, chosen, mass):
    return strides.in_body_weights(strides.cut(force, chosen, phase="stance"), mass)


def treadmill(side):
    force, found = force_table(
        TREADMILL / "subject01_walk1_grf.mot", {"right": "ground_force_", "left": "1_ground_force_"}, 72.6
    )
    other = "left" if side == "right" else "right"
    chosen = cycles.choose(found[side], found[other], span=(force.time[0], force.time[-1]))
    return force, chosen


@pytest.mark.oracle(
    "stride_time",
    "cadence",
    "stance_fraction",
    "double_peak_share",
    "first_peak",
    "first_peak_time",
    "valley",
    "valley_time",
    "second_peak",
    "second_peak_time",
    "loading_rate",
    "vertical_impulse",
)
@needs(TREADMILL)
@pytest.mark.parametrize(
    "side, duration, stance, peaks, times, rate, impulse",
    [
        ("right", 1.235, 0.641, (1.076, 0.833, 1.080), (25, 42, 78), 6.7, 0.625),
        ("left", 1.213, 0.636, (1.082, 0.800, 1.139), (23, 42, 77), 7.0, 0.607),
    ],
)
def test_treadmill_stride(side, duration, stance, peaks, times, rate, impulse):
    force, chosen = treadmill(side)
    assert len(chosen) == 1
    figures = spatiotemporal.figures(chosen)
    np.testing.assert_allclose(figures.duration, duration, atol=1.5e-3)
    np.testing.assert_allclose(figures.cadence, 120 / duration, atol=0.12)
    np.testing.assert_allclose(figures.stance, stance, atol=1e-3)
    found = stance_of(force, chosen, 72.6)
    peak = grf.double_peak(found)
    assert peak.present.all()
    np.testing.assert_allclose([peak.first[0], peak.valley[0], peak.second[0]], peaks, atol=1e-3)
    np.testing.assert_allclose([peak.first_time[0], peak.valley_time[0], peak.second_time[0]], times, atol=1.0)
    np.testing.assert_allclose(grf.loading_rate(found), rate, atol=0.05)
    np.testing.assert_allclose(grf.impulse(found), impulse, atol=1e-3)


@pytest.mark.oracle("braking_peak", "propulsion_peak", "braking_impulse", "propulsion_impulse")
@needs(TREADMILL)
@pytest.mark.parametrize(
    "side, braking, propulsion, impulses",
    [("right", -0.141, 0.186, (-0.031, 0.033)), ("left", -0.145, 0.193, (-0.028, 0.035))],
)
def test_treadmill_braking_and_propulsion(side, braking, propulsion, impulses):
    force, chosen = treadmill(side)
    found = grf.braking_and_propulsion(stance_of(force, chosen, 72.6))
    np.testing.assert_allclose([found.braking[0], found.propulsion[0]], [braking, propulsion], atol=6e-4)
    np.testing.assert_allclose([found.braking_impulse[0], found.propulsion_impulse[0]], impulses, atol=6e-4)
    assert 18 <= found.braking_time[0] <= 19 and 83 <= found.propulsion_time[0] <= 84


@pytest.mark.oracle("weight_support")
@needs(TREADMILL)
def test_treadmill_force_is_in_newtons():
    force, chosen = treadmill("right")
    np.testing.assert_allclose(kinetics.weight_support(force, chosen, 72.6), 1.0040, atol=2e-4)


@pytest.mark.published("heel_strike_disagreement", "toe_off_disagreement")
@needs(TREADMILL)
@pytest.mark.parametrize("side, letter", [("right", "R"), ("left", "L")])
def test_treadmill_events_from_markers_are_within_two_frames(side, letter):
    # Zeni 2008: 94 % of treadmill events within one frame of 1/60 s of those from force
    wanted = {"V.Sacral": "pelvis", f"{letter}.Heel": f"heel_{side}", f"{letter}.Toe.Tip": f"toe_{side}"}
    position = markers(TREADMILL / "subject01_walk1.trc", wanted)
    _, found = force_table(
        TREADMILL / "subject01_walk1_grf.mot", {"right": "ground_force_", "left": "1_ground_force_"}, 72.6
    )
    agreed = events.agreement(found[side], events.detect_from_positions(position, side=side))
    assert agreed.matched >= 3
    assert max(agreed.heel_strike, agreed.toe_off) < 2 / 60


@pytest.mark.oracle("stride_time", "double_peak_share")
@needs(GROUND)
def test_overground_events_and_stride():
    force, found = force_table(GROUND / "grf_walk.mot", {"right": "ground_force_r_", "left": "ground_force_l_"}, 85.27)
    np.testing.assert_allclose(found["right"].heel_strike, [0.2665, 1.411], atol=1e-3)
    np.testing.assert_allclose(found["right"].toe_off, [1.0235, 2.1675], atol=1e-3)
    np.testing.assert_allclose([found["left"].heel_strike[0], found["left"].toe_off[0]], [0.8355, 1.5895], atol=1e-3)
    chosen = cycles.choose(found["right"], None, span=(0.0, 2.389))  # the step before has no plate: no order check
    np.testing.assert_allclose(chosen.duration, 1.145, atol=1e-3)
    assert grf.double_peak(stance_of(force, chosen, 85.27)).present.all()


@pytest.mark.oracle("envelope")
@needs(GROUND)
def test_envelopes_of_raw_emg_have_the_shape_of_the_published_ones():
    # published: band-pass 50-500 Hz, rectified, low-pass 7.5 Hz order 4, critically damped 15 Hz
    raw = np.loadtxt(GROUND / "emg_walk_raw.anc", skiprows=11)[:, 19:]
    table = np.loadtxt(GROUND / "electromyography.sto", skiprows=7)[: len(raw), 1:]
    names = tuple("soleus gastrocnemius tibialis_anterior hamstrings biceps vastus_l vastus_m rectus max med".split())
    emg = Signals(np.arange(len(raw)) / 2000.0, raw, names, "1")
    band = filters.low_pass(filters.high_pass(emg, order=4, cutoff=20.0), order=4, cutoff=450.0)
    ours = filters.envelope(band, order=4, cutoff=6.0).values
    found = waveform.pearson(ours[400:-400].T, table[400:-400].T)
    assert np.delete(found, 8).min() > 0.98
    assert found[8] > 0.8  # gluteus maximus: noise at half of its maximum, so the band matters


@pytest.mark.selfmade("null_correlation")
@needs(GROUND)
def test_a_force_without_shape_correlates_well_with_this_slow_walk():
    force, found = force_table(GROUND / "grf_walk.mot", {"right": "ground_force_r_", "left": "ground_force_l_"}, 85.27)
    chosen = cycles.choose(found["right"], None, span=(0.0, 2.389))
    null = waveform.null_correlation(stance_of(force, chosen, 85.27).summary(), "vertical")
    assert dict(null.parts)["trapezoid"] == pytest.approx(0.920, abs=2e-3)
    assert dict(null.parts)["half-sine"] == pytest.approx(0.766, abs=2e-3)


SLOW_TO_FAST = ("very_slow_XS", "slow_S", "natural", "medium_M", "fast_L")
PEAKS = {
    "first_peak": "First vertical peak force [BW]",
    "valley": "Mid stance force min [BW]",
    "second_peak": "Second vertical peak force [BW]",
    "braking_peak": "Peak braking force [BW]",
    "propulsion_peak": "Peak propulsive force [BW]",
}


def adults_at_five_speeds():
    """Mean stance force of twenty adults at each speed, and what the authors print: (task, parameter) → mean."""
    rows = list(csv.DictReader((SPEEDS / "bovi2011_grf.csv").open()))
    printed = {
        (row["task"], row["parameter"]): float(row["mean"])
        for row in csv.DictReader((SPEEDS / "bovi2011_parameters.csv").open())
        if row["group"] == "adult"
    }
    stances = []
    for task in SLOW_TO_FAST:
        stance = printed[task, "Stance time [%GC]"]
        at = np.linspace(0.0, stance, 101)
        curves = []
        for name in ("vertical", "anterior_posterior"):
            mine = [row for row in rows if (row["group"], row["task"], row["variable"]) == ("adult", task, name)]
            curve = [(float(row["cycle_percent"]), float(row["mean"])) for row in mine]
            curves.append(PchipInterpolator(*np.array(curve).T)(at))
        stances.append((np.stack(curves, axis=1), printed[task, "Stride time [s]"], stance / 100))
    values, duration, share = (np.array(part) for part in zip(*stances))
    numbers = {"duration": duration, "stance": share, "trial": np.zeros(5, int), "phase": "stance"}
    return strides.Strides("right", ("vertical", "anterior"), "BW", values, **numbers), printed


@needs(SPEEDS)
@pytest.mark.published("double_peak_share", "first_peak", "first_peak_time", "valley", "depth_index", "loading_rate")
def test_faster_walking_has_higher_earlier_peaks_and_a_deeper_valley():
    force, _ = adults_at_five_speeds()
    peak = grf.double_peak(force)
    assert peak.present.all()
    for rising in (peak.first, peak.depth, -peak.valley, -peak.first_time, grf.loading_rate(force)):
        assert (np.diff(rising) > -1e-9).all()
    shear = grf.braking_and_propulsion(force)
    assert (np.diff(shear.braking) < 0).all() and (np.diff(shear.propulsion) > 0).all()


@needs(SPEEDS)
@pytest.mark.oracle("first_peak", "valley", "second_peak", "braking_peak", "propulsion_peak")
@pytest.mark.parametrize("name", PEAKS)
def test_peaks_of_mean_curves_are_near_the_printed_means_of_peaks(name):
    # the mean of curves whose peaks do not meet is flatter: peaks a little smaller, the valley a little higher
    force, printed = adults_at_five_speeds()
    found = grf.figure(force, name).values
    theirs = np.array([printed[task, PEAKS[name]] for task in SLOW_TO_FAST])
    np.testing.assert_allclose(found, theirs, atol=0.03)
    assert ((theirs - found) * (-1.0 if name in ("valley", "braking_peak") else 1.0) > 0).all()


@needs(SCALED)
@pytest.mark.oracle("stride_length")
def test_lengths_of_eleven_strides_that_their_authors_give():
    # theirs are between the markers of the heel, ours the way of the pelvis, which a stride of steady speed makes equal
    data = loadmat(SCALED / "ExperimentalData.mat", squeeze_me=True, struct_as_record=False)["ExperimentalData"]
    coordinates, theirs = data.Q.subject1.Qs, data.StrideLength.subject1.all
    way = coordinates.all[:, [str(name) for name in coordinates.colheaders].index("pelvis_tx")]  # (100, 11)
    time = np.linspace(0.0, 1.05, 100)
    once, unknown = np.zeros(1), np.full(1, np.nan)
    stride = cycles.Cycles("right", once, once + 0.65, once + 1.05, unknown, unknown)
    lengths = []
    for column in way.T:
        position = Signals(time, np.column_stack((column, 0.0 * time)), ("pelvis_x", "pelvis_y"), "m")
        lengths.append(spatiotemporal.figures(stride, position).stride_length[0])
    np.testing.assert_allclose(lengths, theirs, atol=0.05)
    assert np.mean(lengths) == pytest.approx(1.377, abs=0.015)
