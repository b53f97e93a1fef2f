"""The target as a function of phase: closed form, derivatives, period, errors."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
from made_walk import HIP, LARGEST, LEFT_STRIKE, MOMENTS, PERIOD, SPEED, SWAY

from biomimic.control.cycle import Cycle, quaternion
from biomimic.errors import BadValue

NAMES = ("joints", "turn", "root", "com", "ankles", "limbs", "share", "moments")
RATE = 2 * np.pi / PERIOD  # [rad/s] of one wave a cycle


@pytest.fixture(scope="module")
def cycle(body, made) -> Cycle:
    return Cycle(body, made)


@pytest.fixture(scope="module")
def walked(body, walk) -> Cycle:
    return Cycle(body, walk)


def column(body, cycle, joint: str) -> int:
    return list(cycle.joints).index(body.model.joint(joint).qposadr[0])


@pytest.mark.parametrize("phase", [0.0, 0.13, 0.5, 0.97])
def test_sines_come_back(body, cycle, phase):
    # hip = HIP cos(2 pi phase), half a cycle later on the left; phases lie on the grid, so nothing is interpolated
    turn = 2 * np.pi * phase
    for joint, sign in (("hip_flexion_r", 1.0), ("hip_flexion_l", -1.0)):
        found = cycle.at(phase).joints[:, column(body, cycle, joint)]
        wanted = sign * HIP * np.array([np.cos(turn), -RATE * np.sin(turn), -(RATE**2) * np.cos(turn)])
        assert found == pytest.approx(wanted, abs=1e-9)
    assert cycle.at(phase).moments[0] == pytest.approx(np.sin(turn) * LARGEST, abs=1e-9)
    assert cycle.moment_names == MOMENTS


def test_progress_is_in_the_speed_and_not_in_the_position(body, cycle, standing):
    point, forward, left = cycle.at(0.25), body.house[0], body.house[1]
    assert cycle.progress == pytest.approx(SPEED * PERIOD * forward)
    assert point.root[0] == pytest.approx(standing[:3] + SWAY * left, abs=1e-9)
    assert point.root[1] == pytest.approx(SPEED * forward, abs=1e-9)  # the sway is at its turning point
    assert point.root[2] == pytest.approx(-SWAY * RATE**2 * left, abs=1e-9)
    assert point.ankles[1].reshape(2, 3).mean(axis=0) @ forward == pytest.approx(SPEED, abs=0.2)


@pytest.mark.parametrize("which", ["cycle", "walked"])
def test_derivatives_are_those_of_the_values(which, request):
    tested = request.getfixturevalue(which)
    step = 1.0 / 400  # one cell of the grid, inside which all is linear: a longer step sees the series
    time = step * tested.period
    moving = {"root": 1, "com": 1, "ankles": 2}  # their values lack the progress, their speeds have it
    largest = {name: _largest(tested, name) for name in NAMES}
    for phase in np.arange(0.0, 1.0, 0.1):
        before, here, after = (tested.at(phase + k * step) for k in (-1, 0, 1))
        for name in NAMES:
            low, mid, high = (getattr(point, name) for point in (before, here, after))
            speed = (high[0] - low[0]) / (2 * time)
            if name in moving:
                speed = speed + np.tile(tested.progress / tested.period, moving[name])
            second = (high[0] - 2 * mid[0] + low[0]) / time**2
            # a central difference of harmonic k is off by (2 pi k step)^2 / 6 of itself: 1 % for the 16th
            assert speed == pytest.approx(mid[1], abs=0.02 * largest[name][1] + 1e-9)
            assert second == pytest.approx(mid[2], abs=0.02 * largest[name][2] + 1e-6)


def _largest(cycle: Cycle, name: str) -> np.ndarray:
    """Largest value and derivatives over the cycle, (3,)."""
    points = [cycle.at(phase) for phase in np.arange(0.0, 1.0, 0.05)]
    return np.max([np.abs(getattr(point, name)).max(axis=1, initial=0.0) for point in points], axis=0)


@pytest.mark.parametrize("which", ["cycle", "walked"])
def test_period(which, request):
    tested = request.getfixturevalue(which)
    for phase in (0.0, 0.1234, 0.75):
        for name in NAMES:
            here, later = (getattr(tested.at(phase + k), name) for k in (0, 3))
            assert np.allclose(here, later, rtol=0.0, atol=1e-8 * (1 + np.abs(here).max(initial=0.0)))
    end, begin = tested.at(1.0 - 1e-9), tested.at(0.0)
    assert all(np.allclose(getattr(end, name), getattr(begin, name), atol=1e-4) for name in NAMES)


def test_pose_is_the_target_frame(body, made, cycle):
    for frame in (0, 20, 60):  # phases on both grids
        pose = body.couplings.expand(cycle.pose(body.model, frame / len(made.qpos)))
        assert pose == pytest.approx(made.qpos[frame], abs=1e-9)


def test_ankles_are_where_the_engine_puts_them(body, made, cycle):
    data = mujoco.MjData(body.model)
    data.qpos[:] = made.qpos[20]
    mujoco.mj_kinematics(body.model, data)
    for k, side in enumerate(("right", "left")):
        place = data.xpos[body.model.body(body.landmarks[f"ankle_{side}"].body).id]
        found = cycle.at(0.25).ankles[0][3 * k : 3 * k + 3] + 0.25 * cycle.progress
        assert found == pytest.approx(place, abs=1e-6)


def test_left_strike_by_hand(body, made, cycle):
    assert cycle.left_strike == pytest.approx(LEFT_STRIKE)
    force = np.array(made.force)
    force[:, 5] = np.where(np.arange(len(force)) < 40, 40.0, 0.0)  # 20 N half way from frame 79 to frame 0
    assert Cycle(body, replace(made, force=force)).left_strike == pytest.approx(1.0 - 0.5 / 80)


def test_share_of_the_load(cycle):
    # 100 N on the right foot alone, then on the left alone, smoothed to 8 waves a cycle
    assert cycle.at(0.3).share[0, 0] == pytest.approx(1.0, abs=0.15)
    assert cycle.at(0.8).share[0, 0] == pytest.approx(0.0, abs=0.15)
    assert cycle.at(0.05).share[0, 0] == pytest.approx(0.5, abs=0.15)


def test_quaternion_by_hand():
    # a quarter turn about z: (cos 45, 0, 0, sin 45)
    assert quaternion(np.array([0.0, 0.0, np.pi / 2])) == pytest.approx([np.sqrt(0.5), 0, 0, np.sqrt(0.5)])


@pytest.mark.parametrize("missing", ["period", "force", "com"])
def test_a_target_that_is_no_periodic_walk_is_one_sentence(body, made, missing):
    with pytest.raises(BadValue, match="needs a periodic target with forces and a centre of mass; this one has none"):
        Cycle(body, replace(made, **{missing: None}))


def test_a_target_of_another_body_is_one_sentence(body, made):
    with pytest.raises(BadValue, match='The target has 88 coordinates, the body "myofullbody" has 89; make the target'):
        Cycle(body, replace(made, qpos=made.qpos[:, 1:]))


def test_a_left_foot_that_bears_nothing_is_one_sentence(body, made):
    with pytest.raises(BadValue, match="left foot never begins to bear 20 N; it cannot be walked"):
        Cycle(body, replace(made, force=0.0 * made.force))
