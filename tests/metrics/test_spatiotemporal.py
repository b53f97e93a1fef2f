import numpy as np
import pytest

from biomimic.errors import UnknownName
from biomimic.gait.cycles import Cycles
from biomimic.metrics import spatiotemporal
from biomimic.metrics.estimate import Resampling
from biomimic.signals import Signals


def cycles(side="right", count=4, period=1.2):
    start = 1.0 + period * np.arange(count)
    return Cycles(side, start, start + 0.72, start + period, start + 0.12, start + 0.6)


def walk(heading=0.0, speed=1.25):
    """Heels 0.32 m apart along and 0.10 m across the way at every instant: right ahead and right of left."""
    time = np.arange(0, 10, 0.01)
    forward, left = np.array([np.cos(heading), np.sin(heading)]), np.array([-np.sin(heading), np.cos(heading)])
    pelvis = speed * time[:, None] * forward
    points = {"pelvis": pelvis, "heel_right": pelvis + 0.32 * forward - 0.10 * left, "heel_left": pelvis}
    names = tuple(f"{point}_{axis}" for point in points for axis in "xy")
    return Signals(time, np.hstack(list(points.values())), names, "m")


@pytest.mark.published(
    "speed",
    "stride_time",
    "cadence",
    "stride_length",
    "step_length",
    "step_width",
    "stance_fraction",
    "double_support",
    "single_support",
    "walk_ratio",
)
@pytest.mark.parametrize("heading", [0.0, 2.0, -1.0])
def test_figures_of_a_walk_in_any_direction(heading):
    found = spatiotemporal.figures(cycles(), walk(heading))
    np.testing.assert_allclose(found.duration, 1.2)
    np.testing.assert_allclose(found.cadence, 100.0)  # 2 steps in 1.2 s
    np.testing.assert_allclose(found.stance, 0.6)
    np.testing.assert_allclose(found.double_support, 0.2)  # 0.12 s twice in 1.2 s
    np.testing.assert_allclose(found.single_support, 0.4)  # stance without double support
    np.testing.assert_allclose(found.flight, 0.0)
    np.testing.assert_allclose(found.walk_ratio, 0.75 / 100)  # step of 0.75 m at 100 steps/min
    np.testing.assert_allclose(found.speed, 1.25)
    np.testing.assert_allclose(found.stride_length, 1.5)
    np.testing.assert_allclose(found.step_length, 0.32)
    np.testing.assert_allclose(found.step_width, 0.10)
    np.testing.assert_allclose(found.heading, heading)


def test_width_is_outward_on_both_sides():
    left = spatiotemporal.figures(cycles("left"), walk())
    np.testing.assert_allclose(left.step_width, 0.10)
    np.testing.assert_allclose(left.step_length, -0.32)


def test_without_positions_only_times_are_known():
    found = spatiotemporal.figures(cycles())
    assert np.isfinite(found.double_support).all() and np.isnan(found.speed).all() and np.isnan(found.step_width).all()


@pytest.mark.published("flight", "double_support", "single_support")
def test_a_run_has_flight_and_no_double_support():
    # stride of 0.7 s, each foot 0.245 s on the ground: twice 0.105 s in the air
    start = 1.0 + 0.7 * np.arange(3)
    found = spatiotemporal.figures(Cycles("right", start, start + 0.245, start + 0.7, start + 0.595, start + 0.35))
    np.testing.assert_allclose(found.flight, 0.30)
    np.testing.assert_allclose(found.double_support, 0.0)
    np.testing.assert_allclose(found.single_support, 0.35)
    np.testing.assert_allclose(found.cadence, 120 / 0.7)
    unknown = np.full(3, np.nan)
    alone = spatiotemporal.figures(Cycles("right", start, start + 0.245, start + 0.7, unknown, unknown))
    assert np.isnan(alone.flight).all() and np.isnan(alone.double_support).all()


def test_a_person_without_heel_markers_has_a_speed():
    found = spatiotemporal.figures(cycles(), walk().select(("pelvis_x", "pelvis_y")))
    np.testing.assert_allclose(found.speed, 1.25)
    assert np.isnan(found.step_length).all() and np.isnan(found.step_width).all()


def test_turning_and_accelerating_strides():
    found = spatiotemporal.figures(cycles(), walk())
    changed = found._replace(heading=np.array([3.1, -3.1, -3.1, -3.1]), speed=np.array([1.0, 1.0, 1.2, 1.2]))
    steady = spatiotemporal.steadiness(changed)
    np.testing.assert_allclose(steady.turn, [0, 2 * np.pi - 6.2, 0, 0], atol=1e-12)
    np.testing.assert_allclose(steady.speed, [0, 0, 0.2, 0])


@pytest.mark.published("stride_time_variation")
def test_variation_by_hand():
    # 1.0 1.1 1.2: mean 1.1, SD 0.1 -> 9.0909 %
    found = spatiotemporal.variation(np.array([1.0, 1.1, 1.2]), np.zeros(3, int), Resampling(draws=200))
    assert found.value == pytest.approx(100 * 0.1 / 1.1) and found.unit == "%"
    assert spatiotemporal.variation(np.full(5, 1.1), np.zeros(5, int), Resampling(draws=20)).value == 0.0
    assert "two strides" in spatiotemporal.variation(np.array([1.1]), np.zeros(1, int), Resampling()).note


def test_missing_points_are_named():
    with pytest.raises(UnknownName, match="heel_right_x"):
        spatiotemporal.figures(cycles(), walk().select(("pelvis_x", "pelvis_y", "heel_left_x", "heel_left_y")))
