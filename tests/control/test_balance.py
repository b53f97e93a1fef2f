"""Capture point, step placement and clock where the answer can be worked out by hand."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
from made_walk import PERIOD

from biomimic.control.balance import GRAVITY, SPREAD, Balance
from biomimic.control.cycle import Cycle
from biomimic.control.settings import Settings

DT = 0.01  # [s]
STEP = DT / PERIOD  # of the clock in one control step
STANDS = 0.3  # phase at which the right foot stands and the left one swings


@pytest.fixture(scope="module")
def cycle(body, made) -> Cycle:
    return Cycle(body, made)


@pytest.fixture
def begun(body, cycle):
    """A function of phase and settings of `balance` and `swing`: the balance, and the body exactly on the target."""

    def state(phase: float, *, balance: dict | None = None, swing: dict | None = None):
        settings = Settings()
        calm = {"line_speed": 0.0, **(balance or {})}
        settings = replace(
            settings, balance=replace(settings.balance, **calm), swing=replace(settings.swing, **(swing or {}))
        )
        found, data, point = Balance(body, cycle, settings, DT), mujoco.MjData(body.model), cycle.at(phase)
        data.qpos[:] = body.couplings.expand(cycle.pose(body.model, phase))
        mujoco.mj_forward(body.model, data)
        found.start(phase)
        found.update(data, point, point.com[0] + phase * cycle.progress, point.com[1])
        return found, data, point

    return state


def test_on_the_target_there_is_no_error(begun, cycle):
    balance, _, _ = begun(STANDS)
    assert balance.stands == [True, False]
    assert balance.error == pytest.approx([0.0, 0.0], abs=1e-6)
    assert balance.anchor == pytest.approx([0.0, 0.0], abs=1e-6)
    assert balance.travel == pytest.approx(STANDS * cycle.progress, abs=1e-6)


def test_capture_point_error_by_hand(begun, cycle):
    """3 cm aside and 0.2 m/s too fast: error = 3 cm along x, 0.2 m/s / sqrt(g / height) along y."""
    balance, data, point = begun(STANDS)
    com = point.com[0] + STANDS * cycle.progress
    balance.update(data, point, com + [0.03, 0.0, 0.0], point.com[1] + [0.0, 0.2, 0.0])
    assert balance.error == pytest.approx([0.03, 0.2 / np.sqrt(GRAVITY / com[2])], abs=1e-6)


def test_the_target_follows_the_standing_foot(begun, cycle):
    """A stance foot 4 cm off pulls the target there: by dt / settle of the way in one control step."""
    balance, data, point = begun(STANDS, balance={"settle": 0.05})
    data.xpos[balance.ankles[0]] += [0.04, -0.02, 0.0]
    load = point.share[0, 0]
    assert load > 0.5  # the right foot alone stands, so its share of the load cancels
    balance.update(data, point, point.com[0] + STANDS * cycle.progress, point.com[1])
    assert balance.anchor == pytest.approx(DT / 0.05 * np.array([0.04, -0.02]), abs=1e-6)


@pytest.mark.parametrize(("offset", "speed"), [(0.01, 0.01 / 3.0), (1.0, 0.05), (-1.0, -0.05)])
def test_an_offset_from_the_line_is_walked_off(body, begun, cycle, offset, speed):
    """Offset / time, at most `line_speed`, towards the line."""
    balance, data, point = begun(STANDS, balance={"line_speed": 0.05, "line": 3.0})
    left = body.house[1]
    com = point.com[0] + STANDS * cycle.progress
    com = com - left * (com @ left) + offset * left
    balance.update(data, point, com, point.com[1])
    assert balance.drift == pytest.approx(-speed * left, abs=1e-9)


def landing(balance, point, data) -> np.ndarray:
    """Goal of the left foot, with the right one where it is."""
    return balance.landing(1, point, data.xpos[balance.ankles[0]])[0]


def test_a_landing_shifts_by_the_gains_times_the_error(body, begun):
    """At the very end of the swing nothing grows any more: forward 0.5 x 6 cm, sideways 1.5 x 2 cm."""
    swing = {"forward_gain": 0.5, "lateral_gain": 1.5, "feet_apart": 0.0}
    balance, data, point = begun(STANDS, swing=swing)
    balance.own = (balance.own[0], 1.0 - 1e-12)
    before = landing(balance, point, data)
    balance.error = 0.06 * body.house[0, :2] + 0.02 * body.house[1, :2]
    shift = body.to_house(landing(balance, point, data) - before)
    assert shift == pytest.approx([0.5 * 0.06, 1.5 * 0.02, 0.0], abs=1e-6)


def test_earlier_in_the_swing_the_error_is_let_grow(begun):
    """With a pendulum of rate w, t before touchdown: gain x error x exp(w t growth)."""
    swing = {"forward_gain": 0.5, "growth": 1.0, "start": 0.6, "longest": 10.0, "feet_apart": -10.0}
    balance, data, point = begun(STANDS, swing=swing)
    shifts = []
    for done in (SPREAD, 0.5 * (1.0 + SPREAD)):  # from SPREAD on the shift is fully there
        balance.own, balance.error = (balance.own[0], 0.6 + 0.4 * done), np.zeros(2)
        before = landing(balance, point, data)
        balance.error = 0.01 * balance.cycle.progress[:2] / np.linalg.norm(balance.cycle.progress)
        shifts.append(np.linalg.norm((landing(balance, point, data) - before)[:2]))
        left = (1 - done) * 0.4 * PERIOD
        assert shifts[-1] == pytest.approx(0.5 * 0.01 * np.exp(balance.pendulum * left), rel=1e-6)
    assert shifts[0] > shifts[1]


def test_a_step_is_never_shifted_beyond_the_longest(begun):
    balance, data, point = begun(STANDS, swing={"longest": 0.2, "feet_apart": -10.0})
    balance.own = (balance.own[0], 1.0 - 1e-12)
    before = landing(balance, point, data)
    balance.error = np.array([5.0, -5.0])
    assert np.abs(landing(balance, point, data) - before)[:2] == pytest.approx([0.2, 0.2], abs=1e-6)


@pytest.mark.parametrize("done", [0.15, 0.5, 0.9])
def test_the_speed_of_a_landing_is_that_of_its_place(begun, cycle, done):
    """With an error that neither changes nor grows, goal and speed belong to one path."""
    balance, data, _ = begun(STANDS, swing={"growth": 0.0, "feet_apart": -10.0, "clearance": 0.03, "longest": 1.0})
    balance.error = np.array([0.1, -0.2])
    start, step = balance.settings.swing.start, 1e-5
    goals = []
    for sign in (-1, 1, 0):
        own = start + done * (1 - start) + sign * step
        phase = (own + cycle.left_strike) % 1.0
        balance.phase, balance.own = phase, (phase, own)
        goal, speed = balance.landing(1, cycle.at(phase), data.xpos[balance.ankles[0]])
        goals.append(goal)
    difference = (goals[1] - goals[0]) / (2 * step * PERIOD)
    assert speed == pytest.approx(difference, abs=0.03)  # [m/s] places lie on straight lines of 1/400 cycle


@pytest.mark.parametrize("sideways", np.linspace(-1.0, 1.0, 9))
def test_feet_never_cross(body, begun, sideways):
    """However far the error lies to the wrong side, the goal keeps the stated distance from the standing ankle."""
    balance, data, point = begun(STANDS, swing={"feet_apart": 0.07, "lateral_gain": 1.0, "longest": 0.5})
    balance.error = sideways * body.house[1, :2]
    for own in (0.7, 0.85, 0.99):
        balance.own = (balance.own[0], own)
        gap = body.to_house(landing(balance, point, data) - data.xpos[balance.ankles[0]])[1]
        assert gap >= 0.07 - 1e-9
    if sideways < -0.5:
        assert gap == pytest.approx(0.07)


def both_touch(body, standing) -> mujoco.MjData:
    data = mujoco.MjData(body.model)
    data.qpos[:] = standing
    data.qpos[2] -= 0.003
    mujoco.mj_forward(body.model, data)
    return data


def clocked(begun, body, standing, phase: float, **balance: float) -> Balance:
    """Both feet on the floor from this phase on, 30 control steps later."""
    found, _, point = begun(phase, balance=balance)
    com = point.com[0] + phase * found.cycle.progress
    found.update(both_touch(body, standing), point, com, point.com[1])
    assert found.stands == [True, True]
    found.error[:] = 0.0
    for _ in range(30):
        found.advance()
    return found


@pytest.mark.parametrize(("reset", "moved"), [(0.0, 0.0), (0.3, 0.015), (1.0, 0.05)])
def test_an_early_touchdown_moves_the_clock_on_by_its_share(begun, body, standing, reset, moved):
    """The right foot lands at 0.97 where 0.02 after the cycle's end was expected: 0.05 of a cycle early."""
    balance = clocked(begun, body, standing, 0.97, touchdown=0.02, reset=reset)
    assert balance.cycles == 1
    assert balance.cycles + balance.phase == pytest.approx(0.97 + 30 * STEP + moved, abs=1e-9)


def test_a_late_touchdown_holds_the_clock_back(begun, body, standing):
    """The right foot lands at 0.06 of its cycle, 0.04 after it was expected."""
    balance, _, point = begun(0.06, balance={"touchdown": 0.02, "reset": 0.5})
    balance.stands[0] = False
    balance.update(both_touch(body, standing), point, point.com[0] + 0.06 * balance.cycle.progress, point.com[1])
    assert balance.stands[0]
    balance.error[:] = 0.0
    for _ in range(30):
        balance.advance()
    assert balance.phase == pytest.approx(0.06 + 30 * STEP - 0.5 * 0.04, abs=1e-9)


def test_a_landing_moves_the_clock_by_little_at_a_time(begun, body, standing):
    """No step of the clock is more than a quarter away from its own length."""
    balance = clocked(begun, body, standing, 0.97, touchdown=0.02, reset=1.0)
    balance.start(0.97)
    balance.anchor = np.zeros(2)
    begin = balance.phase
    balance.advance()
    assert abs(balance.phase - begin - STEP) <= 0.25 * STEP + 1e-12


def test_whole_cycles_are_counted_and_nothing_jumps(begun, cycle):
    balance, _, _ = begun(STANDS)
    balance.error[:] = 0.0
    travel = [balance.travel]
    for _ in range(250):
        balance.advance()
        travel.append(balance.travel)
    # 250 steps of 1/110 of a cycle from 0.3: 2.573 cycles
    assert balance.cycles == 2 and balance.phase == pytest.approx(STANDS + 250 * STEP - 2.0)
    assert np.diff(travel, axis=0) == pytest.approx(np.tile(STEP * cycle.progress, (250, 1)), abs=1e-12)


def test_a_large_error_hurries_the_clock_on_one_foot(begun):
    """0.1 m beyond `calm` at 2 per metre: 20 % faster, and never more than 40 %."""
    balance, _, _ = begun(STANDS, balance={"hurry": 2.0, "calm": 0.04})
    for error, pace in ((0.04, 1.0), (0.14, 1.2), (9.0, 1.4)):
        balance.start(STANDS)
        balance.error = np.array([error, 0.0])
        balance.advance()
        assert balance.phase == pytest.approx(STANDS + pace * STEP)


def test_a_foot_swings_when_its_time_has_come_and_the_other_one_stands(begun, body, standing):
    found, _, point = begun(0.7)
    found.start(0.5)
    data = both_touch(body, standing)
    data.qpos[2] += 1.0
    mujoco.mj_forward(body.model, data)  # nothing touches, so nothing lands
    found.stands = [True, False]
    found.phase, found.own = 0.65, (0.65, 0.16)
    found.update(data, point, point.com[0] + 0.65 * found.cycle.progress, point.com[1])
    assert found.stands == [True, False]  # it waits for the other one
    found.stands = [True, True]
    found.update(data, point, point.com[0] + 0.65 * found.cycle.progress, point.com[1])
    assert found.stands == [False, True]
