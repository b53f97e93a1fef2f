"""The cost of a walk, on recordings of which everything is known."""

from dataclasses import replace

import numpy as np
import pytest
from made_walk import HIP, KNEE

from biomimic.control.score import FALL, SAGITTAL, Gait, Weights, gait, score, target_gait
from biomimic.errors import BadValue
from biomimic.recording import Recording
from biomimic.signals import Signals

EFFORT = 7.0  # sum of squared activations of the trial


@pytest.fixture(scope="module")
def trial(analytic_walk) -> Recording:
    """The walk in closed form with what else a simulated trial has; the hip does not rotate."""
    time = analytic_walk.angles.time
    still = np.zeros((len(time), 2))
    angles = Signals(
        time,
        np.concatenate([analytic_walk.angles.values, still], axis=1),
        (*analytic_walk.angles.names, "hip_rotation_right", "hip_rotation_left"),
        "rad",
    )
    effort = Signals(time, np.tile([4.0, 2.0, 1.0], (len(time), 1)), ("legs", "trunk", "arms"), "1")
    return replace(analytic_walk, kind="simulated", angles=angles, effort=effort)


@pytest.fixture(scope="module")
def aim(trial) -> Gait:
    return gait(trial)


def one(trial: Recording, aim: Gait, weights: Weights | None = None):
    return score([trial], [10.0], aim, weights)


def changed(signals: Signals, prefix: str, change) -> Signals:
    """The channels that begin so, changed."""
    columns = [i for i, name in enumerate(signals.names) if name.startswith(prefix)]
    values = np.array(signals.values)
    values[:, columns] = change(values[:, columns])
    return signals.with_values(values)


def bounded(quality: float) -> float:
    return FALL * quality / (FALL + quality)


def test_the_aim_itself_costs_its_effort(trial, aim):
    found = one(trial, aim)
    assert (found.falls, found.lasted) == (0, 1.0)
    assert found.sagittal == pytest.approx(0.0, abs=0.01) and found.turning == pytest.approx(0.0, abs=0.01)
    assert found.force == pytest.approx(0.0, abs=1e-3) and found.peaks == pytest.approx(0.0, abs=1e-3)
    assert found.effort == pytest.approx(EFFORT) and found.single == 0.0 and found.offset == 0.0
    assert found.cost == pytest.approx(bounded(Weights().effort * EFFORT), abs=0.1)


def test_an_angle_that_is_off_by_hand(trial, aim):
    # hip flexion 6 degrees off on both sides: 6 / 3 = 2 degrees over hip, knee and ankle
    angles = changed(trial.angles, "hip_flexion", lambda values: values + np.radians(6.0))
    found = one(replace(trial, angles=angles), aim)
    assert found.sagittal == pytest.approx(2.0, abs=0.01)
    assert found.cost == pytest.approx(bounded(Weights().effort * EFFORT + 2.0 * Weights().sagittal), abs=0.1)
    # adduction 6 degrees off: 6 / 2 over adduction and rotation
    angles = changed(trial.angles, "hip_adduction", lambda values: values - np.radians(6.0))
    assert one(replace(trial, angles=angles), aim).turning == pytest.approx(3.0, abs=0.01)


def test_a_force_that_is_too_large_by_hand(trial, aim, analytic_facts):
    # 10 % more force: both peaks and the valley are 10 % off, and the RMSE is 10 % of the root mean square
    force = trial.force.with_values(1.1 * trial.force.values)
    found = one(replace(trial, force=force), aim)
    share = np.linspace(0, 1, 101)
    curve = analytic_facts.amplitude * (np.sin(np.pi * share) + np.sin(3 * np.pi * share) / 3)
    assert found.force == pytest.approx(0.1 * np.sqrt(np.mean(curve**2)), rel=0.05)
    assert found.peaks == pytest.approx(0.1 * (2 * analytic_facts.peak + analytic_facts.valley), rel=0.05)


def test_one_hump_is_no_double_peak(trial, aim, analytic_facts):
    time, channels = trial.force.time, {}
    for side in ("right", "left"):
        inside = analytic_facts.phase(time, side) / analytic_facts.stance
        hump = 1000.0 * np.sin(np.pi * np.minimum(inside, 1.0))
        channels[f"vertical_{side}"] = np.where(inside < 1.0, hump, 0.0)
    force = Signals(time, np.column_stack(list(channels.values())), tuple(channels), "N")
    assert one(replace(trial, force=force), aim).single == 1.0


def test_distance_from_the_line(trial, aim):
    position = changed(trial.position, "com_y", lambda values: values - 0.05)
    assert one(replace(trial, position=position), aim).offset == pytest.approx(0.05)


def test_scaling_mass_and_force_changes_next_to_nothing(trial, aim):
    """Only the moment at which 20 N are passed."""
    found = one(replace(trial, mass=2 * trial.mass, force=trial.force.with_values(2 * trial.force.values)), aim)
    assert found.force < 0.02 and found.peaks < 1e-3 and found.sagittal < 0.5


def test_muscle_activity_does_not_enter(trial, aim):
    none = replace(trial, activity=None)
    loud = replace(trial, activity=trial.activity.with_values(1.0 - trial.activity.values))
    assert one(none, aim) == one(trial, aim) == one(loud, aim)


def test_a_fall_costs_more_than_any_posture(trial, aim):
    """The best walk that falls at its very last moment against one that is as wrong as can be and does not fall."""
    angles = trial.angles.with_values(trial.angles.values + 100.0)
    force = trial.force.with_values(20.0 * trial.force.values)
    effort = trial.effort.with_values(1e3 * trial.effort.values)
    worst = one(replace(trial, angles=angles, force=force, effort=effort), aim)
    fallen = one(replace(trial, fall=10.0 - 1e-6), aim)
    assert worst.cost < FALL < fallen.cost


def test_later_and_fewer_falls_cost_less(trial, aim):
    early, late = replace(trial, fall=3.0), replace(trial, fall=6.0)
    costs = [
        score(trials, [10.0, 10.0], aim).cost
        for trials in ([trial, trial], [trial, late], [trial, early], [trial, None], [late, early], [None, None])
    ]
    assert costs == sorted(costs) and len(set(costs)) == len(costs)
    # a fall at 6 of 10 s: one fall and 0.4 missing
    assert costs[1] - costs[0] == pytest.approx(1.4 * FALL)
    assert costs[-1] == pytest.approx(2 * 2.0 * FALL + FALL)  # and no stride to judge


def test_only_the_first_trial_is_judged_for_quality(trial, aim):
    pushed = replace(trial, effort=trial.effort.with_values(9 * trial.effort.values), push="100 N")
    assert score([trial, pushed], [10.0, 10.0], aim).cost == one(trial, aim).cost


def test_weights_are_costs_per_unit(trial, aim):
    nothing = Weights(**{name: 0.0 for name in vars(Weights())})
    assert one(trial, aim, nothing).cost == 0.0
    assert one(trial, aim, replace(nothing, effort=1.0)).cost == pytest.approx(bounded(EFFORT))


def test_a_trial_without_strides_costs_as_much_as_a_fall(trial, aim):
    force = trial.force.with_values(0.0 * trial.force.values)
    found = one(replace(trial, force=force), aim)
    assert found.cost == FALL and found.falls == 0 and np.isnan(found.sagittal)


def test_a_trial_without_its_duration_is_one_sentence(trial, aim):
    with pytest.raises(BadValue, match="1 trials and 2 durations were given; a score needs one of each"):
        score([trial], [1.0, 2.0], aim)


def test_gait_of_a_target(body, made):
    """Right hip HIP cos(2 pi phase), the left one the same from its own strike at half a cycle; 100 N on each foot."""
    found = target_gait(body, made)
    phase = np.linspace(0, 1, 101)
    hip = np.degrees(HIP * np.cos(2 * np.pi * phase))
    for k in (0, 1):  # the strikes are found up to a frame early: the force of the frames is a step
        angle = np.degrees(found.angles[k].mean(axis=0))
        assert angle[:, 0] == pytest.approx(hip, abs=2.0)
        assert angle[:, SAGITTAL.index("knee_flexion")].max() == pytest.approx(np.degrees(2 * KNEE), abs=0.5)
        assert found.vertical[k].max() == pytest.approx(100.0 / (body.mass * 9.80665), rel=0.25)


def test_a_target_without_a_period_is_one_sentence(body, made):
    with pytest.raises(BadValue, match="tuned towards a periodic target with forces; this one has none"):
        target_gait(body, replace(made, period=None))
