"""The loop: Newton's law, pushes, falls, time, determinism, and what is refused."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
from rollout_bodies import RADIUS, Constant, balls

from biomimic.errors import BadValue, UnknownName
from biomimic.recording import Recording
from biomimic.rollout import DIRECTIONS, Plan, Push, simulate

GRAVITY = np.array([0.0, 0.0, 9.81])  # [m/s^2] of the engine
PLACE = np.array([0, 0, RADIUS, 1, 0, 0, 0], dtype=float)  # balls on the floor


@pytest.fixture(scope="module")
def collapse(body, standing) -> Recording:
    """The full body, muscles at rest, from standing until it falls."""
    return simulate(body, Constant(standing), Plan("collapse", 2.0))


def _residual(recording: Recording, shift: int = 0) -> np.ndarray:
    """Force minus mass x (acceleration - gravity) of each physics step, (S,) in shares of body weight."""
    count = len(recording.floor) - shift
    motion = recording.acceleration.values[shift:] + GRAVITY
    difference = recording.floor.values[:count] - recording.mass * motion
    return np.linalg.norm(difference, axis=1) / (recording.mass * GRAVITY[2])


@pytest.mark.published
def test_newton_holds_for_the_full_body_only_when_aligned(collapse):
    # The gate: a mean below 1 % of body weight; pairing force with the wrong acceleration costs several times as much.
    assert collapse.floor.rate == pytest.approx(500.0)
    assert collapse.floor.channel("floor_z").max() > 300.0
    assert _residual(collapse).mean() < 0.01
    assert _residual(collapse, shift=1).mean() > 2 * _residual(collapse).mean()


def test_the_floor_touches_nothing_but_the_feet_at_first(collapse):
    feet = collapse.force.channel("vertical_right") + collapse.force.channel("vertical_left")
    start = collapse.floor.time < 0.15
    np.testing.assert_allclose(collapse.floor.channel("floor_z")[start], feet[start], atol=1e-9)


def test_a_fall_ends_the_trial(collapse):
    assert 0.2 < collapse.fall < 1.0
    for signals, rate in ((collapse.force, 500.0), (collapse.acceleration, 500.0), (collapse.angles, 100.0)):
        assert signals.time[0] == 0.0
        assert signals.time[-1] == pytest.approx(collapse.fall - 1.0 / rate)
    height = collapse.position.channel("pelvis_z")
    assert height[-1] < height[0]


def test_excitations_that_are_no_numbers_end_the_trial(body, standing):
    class Failing(Constant):
        def excitations(self, data: mujoco.MjData) -> np.ndarray:
            return super().excitations(data) * (np.nan if data.time > 0.045 else 1.0)

    recording = simulate(body, Failing(standing), Plan("nan", 0.2))
    assert recording.fall == pytest.approx(0.05)
    assert len(recording.angles) == 5 and len(recording.force) == 25


def test_a_state_that_explodes_ends_the_trial(body, standing, tmp_path, monkeypatch):
    class Exploding(Constant):
        def excitations(self, data: mujoco.MjData) -> np.ndarray:
            if data.time > 0.035:
                data.qvel[:] = 1e12
            return super().excitations(data)

    monkeypatch.chdir(tmp_path)  # the engine leaves its own log of such things
    recording = simulate(body, Exploding(standing), Plan("explosion", 0.2))
    assert recording.fall <= 0.05
    assert np.isfinite(recording.angles.values).all()


def test_a_start_that_explodes_is_one_sentence(body, standing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadValue, match='Trial "a" is not finite within its first control step'):
        simulate(body, Constant(standing, speed=(1e12, 0.0, 0.0)), Plan("a", 0.2))
    with pytest.raises(BadValue, match="start at phase 0.25 is not finite"):
        simulate(body, Constant(standing * np.nan), Plan("a", 0.2, phase=0.25))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_push_is_what_newton_misses(direction):
    push = Push(direction, force=20.0, duration=0.1, at=0.1)
    recording = simulate(balls(RADIUS), Constant(PLACE), Plan("push", 0.3, push=push))
    assert recording.push == f"20 N for 0.1 s, {direction}, at 0.1 s"
    time = recording.applied.time
    during = (time > 0.095) & (time < 0.195)
    assert during.sum() == 10
    np.testing.assert_array_equal(recording.applied.channel("largest"), np.where(during, 20.0, 0.0))
    missing = recording.mass * (recording.acceleration.values + GRAVITY) - recording.floor.values
    pushed = (recording.floor.time > 0.099) & (recording.floor.time < 0.199)
    expected = np.where(pushed[:, None], 20.0 * np.array(DIRECTIONS[direction]), 0.0)
    np.testing.assert_allclose(missing, expected, atol=0.4)  # the balls settle and roll: finite steps


def test_without_a_push_nothing_is_applied(collapse):
    assert collapse.push == "" and collapse.applied.values.max() == 0.0


def test_a_hand_from_outside_is_seen():
    class Helped(Constant):
        def excitations(self, data: mujoco.MjData) -> np.ndarray:
            data.qfrc_applied[2] = -3.0 if data.time > 0.055 else 0.0
            return super().excitations(data)

    recording = simulate(balls(RADIUS), Helped(PLACE), Plan("helped", 0.1))
    np.testing.assert_array_equal(recording.applied.channel("largest"), [0.0] * 6 + [3.0] * 4)


def test_the_same_trial_gives_the_same_bytes(body, standing, tmp_path):
    plan = Plan("twice", 0.1)
    files = [simulate(body, Constant(standing, 0.1), plan).save(tmp_path / name) for name in ("a.npz", "b.npz")]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phase": 1.0}, r'Trial "a" starts at phase 1; a phase is in \[0, 1\)'),
        ({"duration": 1.005}, "lasts 1.005 s, no whole number of control steps of 0.01 s"),
        ({"duration": float("nan")}, 'duration of trial "a" is nan s'),
        ({"physics_step": 0.003}, "control step of 0.01 s holds no whole number of physics steps of 0.003 s"),
    ],
)
def test_impossible_plans_are_one_sentence(change, message):
    with pytest.raises(BadValue, match=message):
        replace(Plan("a", 1.0), **change)


def test_unknown_push_direction_offers_the_closest():
    with pytest.raises(UnknownName, match='No push direction "foward".*Did you mean "forward"'):
        Push("foward")
    with pytest.raises(BadValue, match="force of the push is -5"):
        Push("left", force=-5.0)


def test_steps_that_disagree_are_one_sentence():
    with pytest.raises(BadValue, match="compiled with a physics step of 0.002 s, and 0.001 s was planned"):
        simulate(balls(RADIUS), Constant(PLACE), Plan("a", 0.1, physics_step=0.001))
    with pytest.raises(BadValue, match="controller has a control step of 0.02 s, and 0.01 s was planned"):
        simulate(balls(RADIUS), Constant(PLACE, dt=0.02), Plan("a", 0.1))
