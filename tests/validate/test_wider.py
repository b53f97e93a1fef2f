"""Coordination, what only the body's model tells, sides, and bands: from recordings to findings."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_walk import MASS, SPEED, person

from biomimic import reference
from biomimic.gait.strides import SIDES
from biomimic.metrics.energetics import LABEL
from biomimic.metrics.estimate import Resampling
from biomimic.metrics.least_effort import Effort
from biomimic.metrics.redundancy import Freedom, Openness
from biomimic.signals import Signals
from biomimic.validate import body, coordination, feet, physics, profiles, subject
from biomimic.validate import people as everybody
from biomimic.validate.protocol import Human

QUICK = Resampling(draws=20)
KNEE = {"domain": "kinematics", "channel": "knee_flexion", "side": "right"}
EMG = ("activity", "right", "stride")


@pytest.fixture(scope="module")
def walker(short, recordings):
    return subject.planned(recordings, short)


@pytest.fixture(scope="module")
def same(short):
    data = person("rajagopal2016_walking", rows=1, sides=("right", "left"))
    return everybody.person(Human(data.name, "same"), data, short)


def _find(found: list, metric: str, **where: str):
    able = [f for f in found if f.metric == metric and all(getattr(f, k) == v for k, v in where.items())]
    assert len(able) == 1, [(f.metric, f.channel, f.side) for f in able]
    return able[0]


def test_the_same_muscles_coordinate_alike(walker, same):
    found = coordination.findings(walker, (same,), QUICK)
    one = _find(found, "cross_vaf", side="right")
    own = _find(found, "synergy_vaf", side="right")
    assert one.value == pytest.approx(own.human, abs=0.02)  # as well as the person's synergies rebuild the person
    assert one.ceiling_from == "none: only one person's EMG was recorded on this side"
    pair = _find(found, "cocontraction_stance", side="right", channel="tibialis_anterior and soleus")
    assert pair.value == pytest.approx(pair.human, abs=3.0)  # the same formulas, filtered on one side only
    assert _find(found, "silent_muscles", side="right").note == "none"


def test_muscles_under_each_others_names_are_the_null_of_coordination(short):
    other = reference.load("falisse2019_walking")
    one = everybody.person(Human(other.name, "other"), other, short)
    person_as_walk = subject.data_set(reference.load("rajagopal2016_walking"), short)
    found = coordination.findings(person_as_walk, (one,), QUICK)
    for metric in ("cross_vaf", "coordination_similarity", "synergy_similarity"):
        likeness = _find(found, metric, side="right")
        assert likeness.null < likeness.value - 0.1, metric  # two people go together more than their wrong muscles do
    assert abs(_find(found, "coordination_similarity", side="right").null) < 0.2  # a rank correlation of nothing is 0


def test_a_muscle_that_is_never_used_is_listed(short, recordings, same):
    def asleep(activity: Signals) -> Signals:
        values = np.array(activity.values)
        values[:, activity.names.index("soleus_right")] *= 0.01
        return Signals(activity.time, values, activity.names, activity.unit)

    quiet = subject.planned([replace(one, activity=asleep(one.activity)) for one in recordings], short)
    found = coordination.findings(quiet, (same,), QUICK)
    silent = _find(found, "silent_muscles", side="right")
    assert (silent.value, silent.note) == (1, "soleus")
    assert "silent: soleus" in _find(found, "cross_vaf", side="right").note


def test_power_over_mass_and_way_is_the_index(walker):
    # 10 W for each kg at every instant: 10 W/kg, and 10 / speed J/kg/m
    rates = []
    for trial in walker.compared:
        time = trial.recording.angles.time
        rates.append(Signals(time, np.full((len(time), 1), 10.0 * MASS), ("legs",), "W"))
    found = body.energy(walker, body.Body(energy={"umberger": rates}, specific_tension=0.6e6), QUICK)
    power = _find(found, "umberger_power", channel="legs")
    assert power.value == pytest.approx(10.0)
    assert LABEL in power.note and "0.6 MPa" in power.note
    assert _find(found, "umberger_cost", channel="legs").value == pytest.approx(10.0 / SPEED, rel=0.02)


def test_what_the_motion_leaves_to_the_muscles(same):
    space = body.Space(
        side="right",
        trial="start_0",
        coordinates=14,
        freedoms=(Freedom("soleus_r", 0.4, 0.2, 0.1, 0.0, 0.5, 0.7, 50),),
        openness=Openness(0.5, 0.01, 0.1, 0.9, 80, 49, 1),
        effort={"least squares": Effort(3.0, 2.0, 1.5, 49)},
        strides={"nearest to EMG": same.strides[EMG]},
    )
    found = body.redundancy({"right": space}, (same,), QUICK)
    assert _find(found, "unconstrained_muscles").value == 0.5
    assert _find(found, "infeasible_instants").value == pytest.approx(1 / 50)
    assert _find(found, "effort_over_least_squares").value == 1.5
    assert "14 joint moments held" in _find(found, "unconstrained_muscles").note
    nearest = _find(found, "correlation_nearest_to_EMG", channel="soleus")
    assert nearest.value == pytest.approx(1.0)  # it is the person's own EMG
    assert nearest.null < 0.9 and nearest.ceiling_from


def test_a_walk_of_equal_sides_is_symmetric(walker):
    found = feet.symmetry(walker.cut, QUICK)
    assert {one.channel for one in found} >= {"first_peak", "vertical_impulse"}
    assert max(abs(one.value) for one in found) < 1.0  # per cent


def test_without_both_feet_there_is_no_symmetry(walker):
    right = {key: rows for key, rows in walker.cut.items() if key[1] == SIDES[0]}
    assert feet.symmetry(right, QUICK) == []


def test_a_walk_that_does_not_run_has_no_running_force(walker):
    assert feet.running_force(walker.compared, QUICK) == []


def test_a_curve_outside_all_people_is_outside_their_band(short, walker):
    generator = np.random.default_rng(0)
    key = ("angles", "right", "stride")
    others = []
    for number in range(12):
        data = person(f"p{number}", rows=1, sides=("right",), offset_deg=float(generator.normal(scale=3.0)))
        others.append(everybody.person(Human(data.name, "other"), data, short))
    several = (*others, everybody.group(others))
    made = profiles.people_bands(several, short)
    inside = _find(profiles.outside(walker.cut, several, made, QUICK), "outside_band", **KNEE)
    assert inside.value == 0.0
    assert "the whole curve lies inside" in inside.note
    rows = walker.cut[key]
    far = walker.cut | {key: replace(rows, values=rows.values + np.radians(60.0))}
    found = _find(profiles.outside(far, several, made, QUICK), "outside_band", **KNEE)
    assert found.value == 1.0
    assert (found.n_human, found.of_human) == (12, "subjects")
    assert found.human < 0.3  # people left out lie mostly inside


def test_seven_people_make_no_band(short):
    others = [
        everybody.person(Human(f"p{k}", "other"), person(f"p{k}", rows=1, sides=("right",)), short) for k in range(7)
    ]
    assert profiles.people_bands((*others, everybody.group(others)), short) == {}


@pytest.mark.published("residual_force_peak", "residual_force_rms")
@pytest.mark.parametrize(("unexplained", "checklist"), [(12.0, "kept"), (30.0, "broken")])
def test_a_constant_force_that_nothing_explains_is_the_residual(short, recordings, unexplained, checklist):
    # 30 N is more than the checklist's 25 N and less than 5 % of the ground's largest force (about 1.1 BW)
    def pushed(floor: Signals) -> Signals:
        values = np.array(floor.values)
        values[:, floor.names.index("floor_x")] += unexplained
        return Signals(floor.time, values, floor.names, floor.unit)

    walks = [replace(one, floor=pushed(one.floor)) for one in recordings]
    found = physics.findings(subject.planned(walks, short), short, QUICK)
    for statistic in ("peak", "rms"):
        one = _find(found, f"residual_force_{statistic}", channel="residual_x")
        assert one.value == pytest.approx(unexplained, abs=0.1)  # g of the walk and of the rule differ by 0.03 %
        assert _find(found, f"residual_force_{statistic}", channel="residual_y").value == pytest.approx(0.0, abs=0.1)
    peak = _find(found, "residual_force_peak", channel="residual_x")
    assert f"OpenSim checklist: below 25 N, {checklist}" in peak.note
    assert "Hicks 2015: below" in peak.note and "N, kept; OpenSim" in peak.note


def test_the_drive_of_a_muscle_is_held_against_emg_too(walker, same, short):
    own = [
        replace(trial.recording.activity, values=np.clip(trial.recording.activity.values, 0.0, 1.0))
        for trial in walker.compared
    ]
    found = body.drive(walker, body.Body(drive=own), (same,), short, QUICK)
    one = _find(found, "excitation_correlation", channel="soleus", side="right")
    assert one.value == pytest.approx(1.0, abs=0.01)  # the drive is the activation here, and the person walks alike
    assert one.null < 0.9 and one.ceiling_from
    assert not body.drive(walker, body.Body(), (same,), short, QUICK)
