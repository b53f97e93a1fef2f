"""Joint power: closed forms; a person whose power another program worked out; published curves of three sources."""

import csv
from collections import defaultdict

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.io import loadmat

from biomimic.errors import BadValue, NotEnoughData, UnknownName
from biomimic.gait import strides as gait_strides
from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import Strides
from biomimic.metrics import power
from biomimic.signals import Signals

MASS, TURN = 70.0, 2 * np.pi / 1.1
SHARE = np.linspace(0, 1, 101)
JOINTS = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")


def strides(values, unit="W/kg", names=JOINTS, duration=1.1):
    values = np.asarray(values, float)
    count = len(values)
    numbers = {"stance": np.full(count, 0.62), "trial": np.zeros(count, int)}
    return Strides("right", names, unit, values, np.broadcast_to(duration, (count,)), **numbers)


def swinging(rate=100.0):
    """Knee 0.5 sin(w t) rad and moment 35 cos(w t) N m: power 17.5 w cos^2(w t) W."""
    time = np.arange(0, 5, 1 / rate)
    angles = Signals(time, 0.5 * np.sin(TURN * time)[:, None], ("knee_flexion_right",), "rad")
    return angles, Signals(time, 35.0 * np.cos(TURN * time)[:, None], ("knee_flexion_right",), "N m")


@pytest.mark.published("power")
def test_power_of_a_swinging_joint():
    angles, moments = swinging()
    found = power.power(angles, moments, MASS)
    assert (found.unit, found.names) == ("W/kg", ("knee_flexion_right",))
    exact = 17.5 * TURN * np.cos(TURN * angles.time) ** 2 / MASS
    np.testing.assert_allclose(found.values[:, 0], exact, atol=1e-4)


@pytest.mark.published("power")
def test_moments_on_another_clock_meet_the_angles():
    angles, _ = swinging(rate=100.0)
    _, moments = swinging(rate=1000.0)
    found = power.power(angles, moments.between(1.0, 5.0), MASS)
    exact = 17.5 * TURN * np.cos(TURN * angles.time) ** 2 / MASS
    known = angles.time >= 1.0
    assert np.isnan(found.values[~known]).all()
    np.testing.assert_allclose(found.values[known, 0], exact[known], atol=1e-4)


@pytest.mark.published("stride_power", "work")
def test_strides_cut_after_and_before_the_product_agree():
    # work of a stride: mean of 17.5 w cos^2 is 8.75 w, times 1.1 s: 8.75 * 2 pi / 70 = 0.7854 J/kg, none negative
    start = np.array([0.4, 1.5])
    nothing = np.full(2, np.nan)
    cycles = Cycles("right", start, start + 0.7, start + 1.1, nothing, nothing)
    angles, moments = swinging()
    before = gait_strides.cut(power.power(angles, moments, MASS), cycles)
    cut = gait_strides.cut(moments, cycles)
    after = power.stride_power(gait_strides.cut(angles, cycles), strides(cut.values / MASS, "N m/kg", cut.names))
    np.testing.assert_allclose(after.values, before.values, atol=2e-4)
    work = power.work(before, "knee_flexion")
    np.testing.assert_allclose(work.positive, 8.75 * 2 * np.pi / MASS, rtol=1e-3)
    np.testing.assert_allclose(work.negative, 0.0, atol=1e-5)
    np.testing.assert_allclose(work.net, work.positive, atol=1e-5)


def test_gaps_stay_gaps():
    angles, moments = swinging()
    values = angles.values.copy()
    values[200:203] = np.nan
    found = power.power(angles.with_values(values), moments, MASS).values[:, 0]
    assert np.isnan(found[200:203]).all() and np.isfinite(np.delete(found, [200, 201, 202])).all()


@pytest.mark.published("burst")
def test_bursts_by_hand():
    # ankle: triangles of -0.6 at 40 % and 3.3 at 55 %; knee: -0.9 at 10, 0.4 at 20, -1.1 at 60, -1.3 at 90 %
    ankle = np.interp(SHARE, (0, 0.1, 0.4, 0.45, 0.55, 0.62, 1), (0, 0, -0.6, 0, 3.3, 0, 0))
    at = (0, 0.1, 0.15, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1)
    knee = np.interp(SHARE, at, (0, -0.9, 0, 0.4, 0, 0, -1.1, 0, 0, -1.3, 0))
    hip = np.interp(SHARE, (0, 0.1, 0.2, 0.4, 0.5, 0.6, 0.7, 1), (0, 0.5, 0, -0.45, 0, 1.2, 0, 0))
    found = strides([np.stack([hip, knee, ankle], axis=1)])
    wanted = {"A1": -0.6, "A2": 3.3, "K1": -0.9, "K2": 0.4, "K3": -1.1, "K4": -1.3, "H1": 0.5, "H2": -0.45, "H3": 1.2}
    assert {name: round(float(power.burst(found, name).values[0]), 9) for name in power.BURSTS} == wanted


def test_a_burst_that_is_not_there_has_a_reason():
    flat = np.zeros((2, 101, 3))
    flat[1, 3] = np.nan
    found = power.burst(strides(flat), "A2")
    assert np.isnan(found.values).all()
    assert found.reasons == ("A2: no power generated at 35 to 70 % of the stride", "power is missing in the stride")
    with pytest.raises(UnknownName, match='No burst of power "A3".*Did you mean'):
        power.burst(strides(flat), "A3")


def test_refused_input():
    angles, moments = swinging()
    with pytest.raises(BadValue, match='these are in "deg" and "N m"'):
        power.power(Signals(angles.time, angles.values, angles.names, "deg"), moments, MASS)
    with pytest.raises(NotEnoughData, match="angles are knee_flexion_right; moments are hip_flexion_right"):
        power.power(angles, Signals(moments.time, moments.values, ("hip_flexion_right",), "N m"), MASS)
    with pytest.raises(BadValue, match="mass is positive; got -1 kg"):
        power.power(angles, moments, -1.0)
    one, two = np.zeros((1, 101, 3)), np.zeros((2, 101, 3))
    with pytest.raises(BadValue, match="same strides; found 1 of the right and 2 of the right"):
        power.stride_power(strides(one, "rad"), strides(two, "N m/kg"))
    with pytest.raises(BadValue, match='"rad" over the stride and "N m" over the stride'):
        power.stride_power(strides(one, "rad"), strides(one, "N m"))
    with pytest.raises(BadValue, match='these strides are in "BW"'):
        power.work(strides(one, "BW"), "hip_flexion")


def test_angles_whose_sign_depends_on_the_side_are_left_out():
    time = np.arange(0, 1, 0.01)
    names = ("pelvis_list", "lumbar_extension", "hip_flexion_left")
    angles = Signals(time, np.ones((100, 3)), names, "rad")
    assert power.power(angles, Signals(time, np.ones((100, 3)), names, "N m"), MASS).names == names[1:]


@pytest.mark.oracle("power", "stride_power")
def test_power_of_a_person_as_another_program_worked_it_out(shared_data):
    # 11 trials, 62 kg: the authors' powers are their moments times their velocities; ours come from their angles
    file = shared_data / "falisse2019-walk" / "ExperimentalData.mat"
    if not file.is_file():
        pytest.skip("the raw walk falisse2019-walk is not at hand")
    data = loadmat(file, squeeze_me=True, struct_as_record=False)["ExperimentalData"]
    parts = {
        "Q": data.Q.subject1.Qs,
        "dQ": data.Q.subject1.Qdots,
        "M": data.Torques.subject1,
        "P": data.Powers.subject1,
    }
    columns = {JOINTS[0]: "hip_flexion", JOINTS[1]: "knee_angle", JOINTS[2]: "ankle_angle"}

    def rows(part, column):
        values = parts[part].all[:, [str(name) for name in parts[part].colheaders].index(column)]
        return CubicSpline(np.linspace(0, 1, 100), values)(SHARE).T  # (11, 101)

    speed = np.trapezoid(rows("dQ", "pelvis_tx"), SHARE, axis=1)  # mean speed of the pelvis
    way = rows("Q", "pelvis_tx")
    duration = (way[:, -1] - way[:, 0]) / speed
    angles = strides(np.stack([np.radians(rows("Q", c)) for c in columns.values()], -1), "rad", duration=duration)
    moments = strides(np.stack([rows("M", c) / 62.0 for c in columns.values()], -1), "N m/kg", duration=duration)
    theirs = np.stack([rows("P", c) / 62.0 for c in columns.values()], -1)
    found = power.stride_power(angles, moments)
    np.testing.assert_allclose(found.values, theirs, atol=0.005)  # of peaks of 1.4 to 3.6 W/kg
    peaks = power.burst(found, "A2").values
    np.testing.assert_allclose(peaks, theirs[:, 35:71, 2].max(axis=1), atol=0.005)


def table(file, key, value="mean"):
    found = defaultdict(list)
    with file.open() as text:
        for row in csv.DictReader(text):
            found[tuple(row[name] for name in key)].append((float(row["cycle_percent"]) / 100.0, float(row[value])))
    return {name: np.interp(SHARE, *np.array(points).T) for name, points in found.items()}


@pytest.mark.oracle("stride_power")
@pytest.mark.parametrize("task", ["very_slow_XS", "natural", "fast_L"])
def test_power_of_published_mean_curves(shared_data, task):
    # the product of mean curves is not the mean product, so a few per cent are between them
    folder = shared_data / "bovi2011-normative"
    if not folder.is_dir():
        pytest.skip("the published curves bovi2011-normative are not at hand")
    angle, moment, theirs = (
        table(folder / f"bovi2011_joint_{name}.csv", ("group", "task", "variable"))
        for name in ("angles", "moments", "power")
    )
    with (folder / "bovi2011_parameters.csv").open() as text:
        durations = {
            row["task"]: float(row["mean"])
            for row in csv.DictReader(text)
            if (row["group"], row["parameter"]) == ("adult", "Stride time [s]")
        }
    columns = (("Hip Flex/Extension", "Hip Ext/Flexion"), ("Knee Flex/Extension", "Knee Ext/Flexion"))
    columns += (("Ankle Dorsi/Plantarflexion", "Ankle Dorsi/Plantarflexion"),)
    angles = np.stack([np.radians(angle["adult", task, a]) for a, _ in columns], -1)
    moments = np.stack([-moment["adult", task, m] for _, m in columns], -1)  # theirs: extension and push-off positive
    one = durations[task]
    found = power.stride_power(strides([angles], "rad", duration=one), strides([moments], "N m/kg", duration=one))
    for k, joint in enumerate(("Hip", "Knee", "Ankle")):
        curve = theirs["adult", task, joint]
        assert np.corrcoef(found.values[0, :, k], curve)[0, 1] > 0.99
    ankle = theirs["adult", task, "Ankle"].max()
    assert power.burst(found, "A2").values[0] == pytest.approx(ankle, rel=0.06)


@pytest.mark.published("burst")
@pytest.mark.parametrize(("cadence", "push_off"), [("slow", 2.06), ("natural", 3.33), ("fast", 4.58)])
def test_winters_bursts_are_where_he_named_them(shared_data, cadence, push_off):
    file = shared_data / "winter1991-normative" / "winter1991_walking.csv"
    if not file.is_file():
        pytest.skip("the published curves winter1991-normative are not at hand")
    curves = table(file, ("cadence", "quantity", "variable"))
    rows = np.stack([curves[cadence, "joint_power_W_per_kg", joint] for joint in ("hip", "knee", "ankle")], -1)
    found = {name: power.burst(strides([rows]), name) for name in power.BURSTS}
    assert all(np.isfinite(one.values[0]) for one in found.values())
    assert found["A2"].values[0] == pytest.approx(push_off, abs=0.01)
