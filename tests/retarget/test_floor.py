"""Belt and floor from feet whose belt and floor are known."""

import numpy as np
import pytest
from made_feet import POINTS, RADIUS, RUN, SLOW, WALK, feet, on_belt, standing, tilted

from biomimic.retarget import contact_phases as phases
from biomimic.retarget import floor
from biomimic.retarget.floor import FloorOptions

OPTIONS = FloorOptions()
FEET = [np.arange(3), np.arange(3, 6)]


def belt_of(place: np.ndarray) -> np.ndarray:
    return floor.belt(place, floor.velocity(place, 100.0, OPTIONS.window), FEET, OPTIONS)


def plane_of(place: np.ndarray) -> floor.Plane:
    lower = place - [0.0, 0.0, RADIUS]
    speed = np.linalg.norm(floor.velocity(lower, 100.0, OPTIONS.window), axis=-1)
    planted = phases.tidy(speed < OPTIONS.still, longest_gap=0, least=6)
    return floor.plane(lower, planted, planted.astype(float), np.zeros(3), FEET, OPTIONS)


@pytest.mark.parametrize("rate", [30.0, 60.0, 100.0, 250.0])
def test_the_velocity_of_a_throw_is_exact_where_the_window_is_whole(rate):
    time = np.arange(40) / rate
    throw = np.column_stack([2.0 * time, 3.0 * time - 4.905 * time**2])
    expected = np.column_stack([np.full(40, 2.0), 3.0 - 9.81 * time])
    half = max(1, round(0.05 * rate / 2.0))
    assert np.allclose(floor.velocity(throw, rate, 0.05)[half:-half], expected[half:-half], atol=1e-9)


def test_two_frames_have_a_velocity_and_one_has_none():
    assert np.allclose(floor.velocity(np.array([[0.0], [0.1]]), 100.0, 0.05), 10.0)
    assert np.allclose(floor.velocity(np.array([[0.3]]), 100.0, 0.05), 0.0)


@pytest.mark.parametrize("gait", [SLOW, WALK, RUN])
def test_overground_there_is_no_belt(gait):
    assert not belt_of(feet(gait, 3.0)[0]).any()


@pytest.mark.parametrize("gait", [SLOW, WALK, RUN])
def test_on_a_treadmill_the_belt_is_found(gait):
    belt = belt_of(on_belt(feet(gait, 3.0)[0], gait.speed))
    assert belt == pytest.approx([-gait.speed, 0.0, 0.0], abs=0.05 * gait.speed)


def test_a_belt_that_leans_sinks():
    place = tilted(on_belt(feet(WALK, 3.0)[0], WALK.speed), 0.10)
    assert -0.15 < belt_of(place)[2] < -0.05  # 0.13 m/s, less what rising toes take from it


def test_standing_has_no_belt():
    assert not belt_of(standing(1.0)).any()


@pytest.mark.parametrize("slope", [-0.05, 0.0, 0.02])
def test_the_slope_of_a_floor_walked_over_is_found(slope):
    normal = plane_of(tilted(feet(WALK, 4.0)[0], slope)).normal
    assert -normal[0] / normal[2] == pytest.approx(slope, abs=0.003)
    assert normal[1] == pytest.approx(0.0, abs=0.003)


def test_a_foot_held_still_in_the_air_is_not_the_floor():
    place = standing(3.0)
    place[50:250, 3:, 2] += 0.2
    found = plane_of(place)
    assert found.origin[2] == pytest.approx(0.0, abs=1e-3)
    assert found.normal == pytest.approx([0.0, 0.0, 1.0], abs=1e-3)


def test_points_fitted_too_high_are_told_from_the_floor():
    place = feet(WALK, 4.0)[0]
    place[:, [0, 3], 2] += 0.008
    sole = plane_of(place).sole
    assert sole[[0, 3]].mean() - sole[[1, 2, 4, 5]].mean() == pytest.approx(0.008, abs=0.002)


def test_feet_that_never_rest_stand_on_their_lowest_point():
    place = standing(0.5)
    place[..., 0] += np.linspace(0.0, 3.0, len(place))[:, None]
    place[..., 2] += np.linspace(0.5, 1.0, len(place))[:, None]
    found = plane_of(place)
    assert found.origin[2] == pytest.approx(0.5)
    assert np.isnan(found.spread)
    assert len(found.sole) == len(POINTS.names)
