"""Two measured walks whose figures were worked out with other programs; skipped where the files are not at hand."""

from pathlib import Path

import numpy as np
import pytest

from biomimic.gait import cycles, events, filters, strides
from biomimic.metrics import grf, kinetics, waveform
from biomimic.signals import Signals

DATA = Path(__file__).parents[2] / "../shared/data"
TREADMILL = DATA / "gait2392-subject01-walk"
GROUND = DATA / "rajagopal2016-walk"
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


@needs(TREADMILL)
@pytest.mark.oracle
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
    np.testing.assert_allclose(chosen.duration, duration, atol=1.5e-3)
    np.testing.assert_allclose(chosen.stance, stance, atol=1e-3)
    found = stance_of(force, chosen, 72.6)
    peak = grf.double_peak(found)
    assert peak.present.all()
    np.testing.assert_allclose([peak.first[0], peak.valley[0], peak.second[0]], peaks, atol=1e-3)
    np.testing.assert_allclose([peak.first_time[0], peak.valley_time[0], peak.second_time[0]], times, atol=1.0)
    np.testing.assert_allclose(grf.loading_rate(found), rate, atol=0.05)
    np.testing.assert_allclose(grf.impulse(found), impulse, atol=1e-3)


@needs(TREADMILL)
@pytest.mark.oracle
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


@needs(TREADMILL)
@pytest.mark.oracle
def test_treadmill_force_is_in_newtons():
    force, chosen = treadmill("right")
    np.testing.assert_allclose(kinetics.weight_support(force, chosen, 72.6), 1.0040, atol=2e-4)


@needs(TREADMILL)
@pytest.mark.published
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


@needs(GROUND)
@pytest.mark.oracle
def test_overground_events_and_stride():
    force, found = force_table(GROUND / "grf_walk.mot", {"right": "ground_force_r_", "left": "ground_force_l_"}, 85.27)
    np.testing.assert_allclose(found["right"].heel_strike, [0.2665, 1.411], atol=1e-3)
    np.testing.assert_allclose(found["right"].toe_off, [1.0235, 2.1675], atol=1e-3)
    np.testing.assert_allclose([found["left"].heel_strike[0], found["left"].toe_off[0]], [0.8355, 1.5895], atol=1e-3)
    chosen = cycles.choose(found["right"], None, span=(0.0, 2.389))  # the step before has no plate: no order check
    np.testing.assert_allclose(chosen.duration, 1.145, atol=1e-3)
    assert grf.double_peak(stance_of(force, chosen, 85.27)).present.all()


@needs(GROUND)
@pytest.mark.oracle
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


@needs(GROUND)
@pytest.mark.selfmade
def test_a_force_without_shape_correlates_well_with_this_slow_walk():
    force, found = force_table(GROUND / "grf_walk.mot", {"right": "ground_force_r_", "left": "ground_force_l_"}, 85.27)
    chosen = cycles.choose(found["right"], None, span=(0.0, 2.389))
    null = waveform.null_correlation(stance_of(force, chosen, 85.27).summary(), "vertical")
    assert dict(null.parts)["trapezoid"] == pytest.approx(0.920, abs=2e-3)
    assert dict(null.parts)["half-sine"] == pytest.approx(0.766, abs=2e-3)
