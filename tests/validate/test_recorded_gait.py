"""Recordings of a laboratory: runners are told from walkers, and strides end where the next step missed the plates."""

from dataclasses import replace

import numpy as np
import pytest

from biomimic.signals import Signals
from biomimic.validate import gates, subject
from biomimic.validate.protocol import load_protocol
from biomimic.validate.walks import measure

MASS, PERIOD = 70.0, 0.7  # [kg], [s] of a runner's stride


@pytest.fixture(scope="module")
def protocol():
    return load_protocol("level_walking")


def _runner(walk, duty: float):
    """Half-sine contacts of this share of the stride, feet half a stride apart, one body weight on average."""
    time = walk.force.time
    channels = {}
    for side, begin in (("right", 0.1), ("left", 0.1 + 0.5 * PERIOD)):
        share = ((time - begin) / PERIOD) % 1.0 / duty
        up = MASS * 9.80665 * np.pi / (4.0 * duty) * np.sin(np.pi * share)
        channels[f"vertical_{side}"] = np.where(share < 1.0, up, 0.0)
        channels[f"anterior_{side}"] = np.where(share < 1.0, -100.0 * np.sin(2.0 * np.pi * share), 0.0)
    force = Signals(time, np.column_stack(list(channels.values())), tuple(channels), "N")
    return replace(walk, mass=MASS, force=force, angles=None, position=None, activity=None)


@pytest.mark.parametrize(("duty", "runs"), [(0.35, True), (0.62, False)])
def test_a_runner_fails_a_gate_of_his_own(analytic_walk, protocol, duty, runs):
    walker = subject.recorded([_runner(analytic_walk, duty)], protocol)
    found = {gate.name: gate for gate in gates.gates(walker, (), (), ())}
    assert ("G12" in found) == runs
    if runs:
        assert (
            found["G12"].failed and "running in 1 of 1 trials: each foot is on the ground for 3" in found["G12"].found
        )


def _one_step_each(walk, facts):
    """The walk over two plates: the force of one contact of each foot, nothing else."""
    values = walk.force.values.copy()
    for side in ("right", "left"):
        begin = facts.touchdown(side)[3]
        inside = (walk.force.time >= begin) & (walk.force.time <= begin + facts.stance * facts.period)
        columns = [k for k, name in enumerate(walk.force.names) if name.endswith(side)]
        values[np.ix_(~inside, columns)] = 0.0
    return replace(walk, force=walk.force.with_values(values))


def test_a_step_beside_the_plates_ends_by_the_heel(analytic_walk, analytic_facts, protocol):
    walk = _one_step_each(analytic_walk, analytic_facts)
    rule = replace(protocol, trials=replace(protocol.trials, skip_strides=0))
    trial = measure(walk, 0, rule)
    assert trial.by_position == ("right", "left")
    for side in ("right", "left"):
        assert trial.cycles[side].duration == pytest.approx([analytic_facts.period], abs=0.01)
        assert trial.cycles[side].start[0] == pytest.approx(analytic_facts.touchdown(side)[3], abs=0.02)
    blind = measure(replace(walk, position=walk.position.select(["pelvis_x", "pelvis_y", "pelvis_z"])), 0, rule)
    assert not len(blind.cycles["right"]) and blind.by_position == ()
    whole = measure(analytic_walk, 0, rule)
    assert whole.by_position == () or len(whole.cycles["right"]) >= 7


def test_a_simulated_walk_is_cut_by_its_force_alone(analytic_walk, analytic_facts, protocol):
    walk = replace(_one_step_each(analytic_walk, analytic_facts), kind="simulated")
    trial = measure(walk, 0, replace(protocol, trials=replace(protocol.trials, skip_strides=0)))
    assert not len(trial.cycles["right"]) and trial.by_position == ()
