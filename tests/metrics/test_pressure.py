from pathlib import Path

import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.gait import cycles, events, filters
from biomimic.gait.cycles import Cycles
from biomimic.metrics import pressure
from biomimic.readers import opensim
from biomimic.signals import Signals

TREADMILL = Path(__file__).parents[2] / "../shared/data" / "gait2392-subject01-walk"
TIME = np.arange(0, 4, 0.001)


def stances(count=2):
    start = 1.0 + 1.1 * np.arange(count)
    nothing = np.full(count, np.nan)
    return Cycles("right", start, start + 0.7, start + 1.1, nothing, nothing)


def way(x, y):
    """A centre of pressure of the right foot, known while it is loaded; x and y are of the share of stance [m]."""
    share = ((TIME - 1.0) % 1.1) / 0.7
    loaded = (share <= 1.0) & (TIME >= 1.0)
    values = np.column_stack((x(share), y(share)))
    return Signals(TIME, np.where(loaded[:, None], values, np.nan), ("pressure_x_right", "pressure_y_right"), "m")


def nowhere(share):
    return np.zeros_like(share)


@pytest.mark.published("pressure_length", "pressure_excursion", "pressure_excursion_share")
def test_a_straight_roll_from_heel_to_toe():
    # 0.2 m forward on a foot of 0.25 m
    found = pressure.path(way(lambda s: 0.2 * s, nowhere), stances(), foot_length=0.25)
    np.testing.assert_allclose(found.length.values, 0.2, rtol=2e-3)
    np.testing.assert_allclose(found.excursion.values, 0.2, rtol=2e-3)
    np.testing.assert_allclose(found.excursion_share.values, 0.8, rtol=2e-3)


@pytest.mark.published("pressure_length", "pressure_excursion")
@pytest.mark.parametrize("heading", [0.0, 2.0, -1.0])
def test_a_half_circle_in_any_direction(heading):
    # radius 0.1 m: length pi 0.1, forward 0.2
    forward, leftward = (np.array([np.cos(a), np.sin(a)]) for a in (heading, heading + np.pi / 2))

    def place(axis):
        return lambda s: 0.1 * (-np.cos(np.pi * s) * forward[axis] + np.sin(np.pi * s) * leftward[axis])

    found = pressure.path(way(place(0), place(1)), stances(), heading=np.full(2, heading))
    np.testing.assert_allclose(found.length.values, 0.1 * np.pi, rtol=2e-3)
    np.testing.assert_allclose(found.excursion.values, 0.2, rtol=2e-3)
    assert set(found.excursion_share.reasons) == {pressure.NO_FOOT}


def test_a_belt_carries_the_foot_back():
    still = pressure.path(way(lambda s: 0.2 * s - 1.1 * 0.7 * s, nowhere), stances(), belt=1.1)
    np.testing.assert_allclose(still.excursion.values, 0.2, rtol=2e-3)


def test_a_gap_is_missing_and_ends_are_not():
    full = way(lambda s: 0.2 * s, nowhere)
    values = full.values.copy()
    values[1300] = np.nan  # inside the first stance
    values[2100:2115] = np.nan  # the first 15 ms of the second
    found = pressure.path(full.with_values(values), stances())
    assert found.length.reasons == (pressure.MISSING, "")
    assert np.isnan(found.length.values).tolist() == [True, False]
    values[2100:2250] = np.nan  # a fifth of it
    assert pressure.path(full.with_values(values), stances()).length.reasons[1] == pressure.MISSING


@pytest.mark.published("strike_index")
@pytest.mark.parametrize(
    ("place", "index", "name"), [(0.0, 0.0, "rearfoot"), (0.125, 0.5, "midfoot"), (0.225, 0.9, "forefoot")]
)
def test_strike_index(place, index, name):
    # foot of 0.25 m along x, its heel at 1.0 m
    points = {"heel_right_x": 1.0, "heel_right_y": 0.0, "toe_right_x": 1.25, "toe_right_y": 0.0}
    position = Signals(TIME, np.tile(list(points.values()), (len(TIME), 1)), tuple(points), "m")
    found = pressure.strike_index(way(lambda s: 1.0 + place + 0.0 * s, nowhere), position, stances())
    np.testing.assert_allclose(found.values, index, atol=1e-12)
    assert [pressure.strike(one) for one in found.values] == [name, name]
    assert pressure.strike(float("nan")) == ""


def test_places_under_a_light_foot_are_left_out():
    force = Signals(TIME, np.where(TIME < 2.0, 30.0, 400.0)[:, None], ("vertical_right",), "N")
    kept = pressure.loaded(way(lambda s: s, nowhere), force, 40.0)
    assert np.isnan(kept.values[TIME < 2.0]).all() and np.isfinite(kept.values[(TIME > 2.15) & (TIME < 2.75)]).all()


def test_foot_length_and_refused_input():
    names = tuple(f"{point}_right_{axis}" for point in ("heel", "toe") for axis in "xyz")
    position = Signals(TIME, np.tile([0.0, 0.0, 0.0, 0.24, 0.0, 0.07], (len(TIME), 1)), names, "m")
    assert pressure.foot_length(position, "right") == pytest.approx(0.25)
    straight = way(lambda s: 0.2 * s, nowhere)
    with pytest.raises(BadValue, match="length of a foot is positive; got 0 m"):
        pressure.path(straight, stances(), foot_length=0.0)
    with pytest.raises(BadValue, match='in "m".*"mm"'):
        pressure.path(Signals(TIME, straight.values, straight.names, "mm"), stances())


@pytest.mark.skipif(not TREADMILL.is_dir(), reason="the raw treadmill walk is not at hand")
@pytest.mark.parametrize("side", ["right", "left"])
def test_a_person_rolls_over_about_a_foot_length(side):
    # on the belt at 1.1 m/s (speed of the heel marker in stance), heel to toe marker 0.288 m
    plates = {"ground_force_": "right", "1_ground_force_": "left"}
    file = TREADMILL / "subject01_walk1_grf.mot"
    force, place, _ = opensim.read_forces(file, opensim.names("gait2392", plates=plates))
    force = filters.regular(force)
    chosen = cycles.choose(events.detect(force, side=side), None, span=(force.time[0], force.time[-1]))
    place = pressure.loaded(place, force, 0.1 * 72.6 * 9.80665)
    found = pressure.path(place, chosen, foot_length=0.288, belt=1.1)
    assert 0.8 < found.excursion_share.values[0] < 1.1
    assert found.excursion.values[0] < found.length.values[0] < 1.15 * found.excursion.values[0]
