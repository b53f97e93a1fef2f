"""The tracker in physics: what it may command, that it repeats itself, and that nothing else acts on the body."""

from dataclasses import replace
from typing import NamedTuple

import mujoco
import numpy as np
import pytest

from biomimic import control, embodiment
from biomimic.control.settings import Settings
from biomimic.control.tracker import Tracker
from biomimic.errors import BadValue

STEPS = 30  # control steps: 0.3 s


class Walked(NamedTuple):
    """The first control steps, the tracker and the data after them."""

    excitations: np.ndarray  # (steps, nu)
    states: np.ndarray  # (steps, nq + nv + na)
    clock: float  # cycles and phase at the end
    tracker: Tracker
    data: mujoco.MjData


def walked(body, target, settings: Settings | None = None, steps: int = STEPS) -> Walked:
    """From phase 0.2 on, in physics on which nothing else acts."""
    tracker, data = control.build(body, target, settings), mujoco.MjData(body.model)
    tracker.start(data, 0.2)
    excitations, states = [], []
    for _ in range(steps):
        mujoco.mj_step1(body.model, data)
        states.append(np.concatenate([data.qpos, data.qvel, data.act]))
        data.ctrl[:] = tracker.excitations(data)
        excitations.append(data.ctrl.copy())
        assert not data.xfrc_applied.any() and not data.qfrc_applied.any() and not data.mocap_pos.size
        mujoco.mj_step2(body.model, data)
        for _ in range(tracker.substeps - 1):
            mujoco.mj_step(body.model, data)
    clock = tracker.balance.cycles + tracker.phase
    return Walked(np.array(excitations), np.array(states), clock, tracker, data)


@pytest.fixture(scope="module")
def trial(body, walk) -> Walked:
    return walked(body, walk)


def test_excitations_are_between_nothing_and_all(trial):
    excitations = trial.excitations
    assert np.isfinite(excitations).all()
    assert excitations.min() >= 0.0 and excitations.max() <= 1.0
    assert excitations.std() > 0.0


def test_two_trackers_do_the_same_to_the_byte(body, walk, trial):
    again = walked(body, walk)
    assert again.excitations.tobytes() == trial.excitations.tobytes()
    assert again.states.tobytes() == trial.states.tobytes()


def test_a_tracker_that_starts_again_forgets(body, walk, trial):
    tracker, data = trial.tracker, mujoco.MjData(body.model)
    tracker.start(data, 0.2)
    mujoco.mj_step1(body.model, data)
    assert tracker.excitations(data).tobytes() == trial.excitations[0].tobytes()
    assert tracker.balance.cycles == 0


def test_body_still_stands(trial):
    data = trial.data
    assert np.isfinite(data.qpos).all() and data.qpos[2] > 0.8  # [m] of the pelvis


def test_planned_activation_is_what_the_muscles_reach(body, walk):
    """One control step of physics brings the activations to the plan, which is within what can be reached."""
    tracker, data = control.build(body, walk), mujoco.MjData(body.model)
    tracker.start(data, 0.2)
    for _ in range(3):
        mujoco.mj_step1(body.model, data)
        low, high = tracker.dynamics.muscles.reachable(data.act, tracker.substeps, body.model.opt.timestep)
        data.ctrl[:] = tracker.excitations(data)
        plan = tracker.solution.x[: body.model.nu]
        assert np.all(plan >= low - 1e-12) and np.all(plan <= high + 1e-12)
        mujoco.mj_step2(body.model, data)
        for _ in range(tracker.substeps - 1):
            mujoco.mj_step(body.model, data)
        assert np.abs(data.act - plan).max() < 1e-9


def test_programme_is_solved(trial):
    solution = trial.tracker.solution
    assert solution.gap < 1e-2 and solution.iterations < 40
    assert solution.x.min() >= 0.0


def test_start_is_in_the_target_with_its_speed(body, made):
    tracker, data = control.build(body, made), mujoco.MjData(body.model)
    tracker.start(data, 0.25)
    frame = len(made.qpos) // 4
    expected = made.qpos[frame].copy()
    expected[:2] = 0.0  # it starts over the origin
    assert data.qpos == pytest.approx(expected, abs=1e-6)
    assert body.couplings.residual(data.qpos) == pytest.approx(0.0, abs=1e-9)
    assert tracker.phase == 0.25 and tracker.balance.cycles == 0
    step, later = 1.0 / len(made.qpos), np.zeros(body.model.nv)
    after, before = made.qpos[frame + 1], made.qpos[frame - 1]
    mujoco.mj_differentiatePos(body.model, later, 2 * step * made.period, before, after)
    assert data.qvel == pytest.approx(later, abs=0.05 * np.abs(later).max())
    assert data.act.min() >= 0.0 and data.act.max() <= 1.0 and data.ctrl.max() == 0.0


def test_clock_runs_at_the_targets_pace(trial, walk):
    """0.3 s later, the clock has moved by 0.3 s of the cycle, but for what touchdowns and haste may change."""
    assert trial.clock - 0.2 == pytest.approx(STEPS * 0.01 / walk.period, rel=0.45)


def first(body, target, human: bool) -> np.ndarray:
    """Excitations of the first control step."""
    settings = Settings()
    settings = replace(settings, moments=replace(settings.moments, human=human))
    return walked(body, target, settings, steps=1).excitations


def test_human_moments_count_only_when_they_are_asked_for(body, made):
    other = replace(made, moment=-made.moment)
    assert first(body, made, False).tobytes() == first(body, other, False).tobytes()
    assert np.abs(first(body, made, True) - first(body, other, True)).max() > 1e-3


def test_a_target_without_moments_can_be_walked(body, made):
    bare = replace(made, moment=None, moment_names=())
    found = first(body, bare, True)
    assert found.min() >= 0.0 and found.max() <= 1.0


def test_model_is_not_written_to(body, trial):
    fresh = embodiment.load("myofullbody", muscle_parameters="corrected-trunk", timestep=0.002)
    assert fresh.sha256 == body.sha256
    for name in ("actuator_gainprm", "actuator_biasprm", "dof_damping", "eq_data", "body_mass", "jnt_range"):
        assert np.array_equal(getattr(fresh.model, name), getattr(body.model, name)), name


def test_another_rate_of_physics_is_kept_to(body, walk):
    """At 1 ms a control step has ten physics steps, and the plan is still reached."""
    fine = embodiment.load("myofullbody", muscle_parameters="corrected-trunk", timestep=0.001)
    excitations, _, _, tracker, data = walked(fine, walk, steps=1)
    assert tracker.substeps == 10 and data.time == pytest.approx(0.01)
    assert np.abs(data.act - tracker.solution.x[: fine.model.nu]).max() < 1e-9
    assert excitations.max() <= 1.0


def test_a_target_that_cannot_be_walked_is_one_sentence(body, made):
    with pytest.raises(BadValue, match="needs a periodic target with forces"):
        control.build(body, replace(made, period=None))
