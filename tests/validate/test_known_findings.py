"""Findings whose numbers follow from made-up walks by arithmetic: what is counted, averaged and set side by side."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_walk import MADE_UP, PERIOD, SPEED, STANCE, person, record

from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import Strides
from biomimic.metrics.estimate import Resampling
from biomimic.recording import Recording
from biomimic.reference import Entry, Figure, ReferenceData
from biomimic.signals import Signals
from biomimic.validate import audit, coordination, feet, people, physics, subject, whole_body
from biomimic.validate.evaluate import About, assess
from biomimic.validate.measures import METRICS, Pair
from biomimic.validate.protocol import Comparison, Human, Planned, Pushes, Trials, load_protocol
from biomimic.validate.walks import Trial

QUICK = Resampling(draws=20)
PERCENT = np.arange(101)
TURN = 2.0 * np.pi * PERCENT / 100.0
PROTOCOL = load_protocol("level_walking")


def rows(names, curves, *, side="right", unit="1", phase="stride"):
    """Three equal strides of 1.1 s, 62 % stance; curves (101, C)."""
    values = np.repeat(np.asarray(curves, float)[None], 3, axis=0)
    return Strides(side, names, unit, values, np.full(3, PERIOD), np.full(3, STANCE), np.zeros(3, int), phase)


def entry(**more) -> Entry:
    about = {"title": "Made up", "source": "a formula", "licence": "none", "attribution": "nobody", "form": "curves"}
    return Entry(**(about | {"subjects": 1, "mass_kg": 80.0, "of": "trials"} | more))


def data(name, parts, figures=None, **more) -> ReferenceData:
    return ReferenceData(name, entry(**more), MADE_UP, parts=parts, figures=figures or {})


def only(findings, metric, **where):
    found = [f for f in findings if f.metric == metric and all(getattr(f, k) == v for k, v in where.items())]
    assert len(found) == 1, [(f.metric, f.channel, f.side) for f in found]
    return found[0].value


def planned(falls=None):
    """Two starts of 9 s, a walk of 10 s and two pushes of 7.1 s; `falls` by trial name."""
    protocol = replace(
        PROTOCOL,
        trials=Trials(count=2, duration_s=9.0, endurance_s=10.0),
        pushes=Pushes(at_s=5.0, watch_s=2.0, directions=("forward", "left")),
    )
    made = [record(plan, fall=(falls or {}).get(plan.name), rate=100.0) for plan in protocol.planned]
    return subject.planned(made, protocol), protocol


@pytest.mark.published("starts_walked", "endurance", "pushes_withstood")
def test_falls_are_shares_of_what_was_planned():
    # one of two starts falls, one of two pushes; the longest walk is the planned 10 s
    walker, protocol = planned({"start_1": 6.0, "push_left": 6.2})
    found = whole_body.stability(walker, protocol)
    assert only(found, "starts_walked") == 0.5 and only(found, "pushes_withstood") == 0.5
    assert only(found, "endurance") == 10.0
    walker, protocol = planned({"start_0": 4.0, "endurance": 7.5})
    assert only(whole_body.stability(walker, protocol), "endurance") == 9.0  # that of the other start


@pytest.mark.published("applied_wrench")
def test_a_hand_that_is_no_push_is_found():
    walker, protocol = planned()
    assert only(physics.findings(walker, protocol, QUICK), "applied_wrench") == 0.0  # 100 N within the push
    held = subject.recorded([record(Planned("held", 12.0, 0.0), hand=3.0)], PROTOCOL)
    assert only(physics.findings(held, PROTOCOL, QUICK), "applied_wrench") == 3.0


@pytest.mark.published("strides")
def test_strides_are_counted_between_heel_strikes():
    # 12 s at 1.1 s: right heel strikes at 0, 1.1 ... 11.0, left at 0.55 ... 11.55: ten strides each, two left out
    walker = subject.recorded([record(Planned("walk", 12.0, 0.0))], PROTOCOL)
    found = physics.findings(walker, PROTOCOL, QUICK)
    assert only(found, "strides", side="right") == 8 and only(found, "strides", side="left") == 8


@pytest.mark.published("sign_checks")
def test_one_wrong_sign_of_eight():
    # hip, knee, ankle and the fore-aft force of two sides
    human = person("human", rows=1, sides=("right", "left"))
    compared = [people.person(Human("human", "other"), human, PROTOCOL)]
    walker = subject.recorded([record(Planned("walk", 12.0, 0.0))], PROTOCOL)
    assert audit.finding(audit.checks(walker, compared, PROTOCOL)).value == 1.0
    key = ("angles", "right", "stride")
    turned = walker.cut[key].values * np.where(np.array(walker.cut[key].names) == "knee_flexion", -1.0, 1.0)
    walker = replace(walker, cut=walker.cut | {key: replace(walker.cut[key], values=turned)})
    found = audit.finding(audit.checks(walker, compared, PROTOCOL))
    assert (found.value, found.estimate.n) == (7 / 8, 8)


@pytest.mark.published("speed_difference", "stride_time_difference", "stance_difference", "scaled_speed_difference")
def test_differences_from_a_person_by_hand():
    walk = data("walk", {("angles", "right", "stride"): rows(("knee_flexion",), np.sin(TURN)[:, None], unit="rad")})
    walk = replace(walk, figures={("speed", ""): Figure(SPEED, np.nan, 1, "m/s")})
    figures = {
        ("speed", ""): Figure(1.0, np.nan, 1, "m/s"),
        ("stride_time", "right"): Figure(1.0, np.nan, 1, "s"),
        ("stance_fraction", "right"): Figure(0.60, np.nan, 1, "1"),
    }
    walker = replace(subject.data_set(walk, PROTOCOL), leg_length=1.00)
    one = people.person(Human("human", "other"), data("human", {}, figures, leg_length_m=0.81), PROTOCOL)
    found = whole_body.spatiotemporal_findings(walker, [one], QUICK)
    right = {"side": "right", "reference": "human"}
    assert only(found, "speed_difference", **right) == pytest.approx(0.2)  # 1.2 and 1.0 m/s
    assert only(found, "stride_time_difference", **right) == pytest.approx(0.1)  # 1.1 and 1.0 s
    assert only(found, "stance_difference", **right) == pytest.approx(0.02)  # 62 and 60 %
    # Froude: on legs of 0.81 instead of 1.00 m the walk has 0.9 of its speed, 1.08 m/s
    assert only(found, "scaled_speed_difference", **right) == pytest.approx(0.08)


@pytest.mark.published("mean_correlation", "correlation")
def test_mean_of_a_perfect_and_of_no_agreement():
    # r of a sine with itself 1, with a cosine 0: their mean 0.5
    names, key = ("hip_flexion", "knee_flexion"), ("angles", "right", "stride")
    walk = data("walk", {key: rows(names, np.column_stack([np.sin(TURN), np.sin(TURN)]), unit="rad")})
    human = data("human", {key: rows(names, np.column_stack([np.sin(TURN), np.cos(TURN)]), unit="rad")})
    compared = Comparison("kinematics", "angles", ("correlation",), names, mean_of=names)
    humans = (Human("human", "other"),)
    protocol = replace(PROTOCOL, humans=humans, comparisons=(compared,), criteria=(), resampling=QUICK)
    results = assess(subject.data_set(walk, protocol), {"human": human}, protocol, About())
    values = {f.channel: f.value for f in results.find("correlation")}
    assert values == pytest.approx({"hip_flexion": 1.0, "knee_flexion": 0.0}, abs=1e-12)
    assert only(results.findings, "mean_correlation") == pytest.approx(0.5, abs=1e-12)


@pytest.mark.published("side_correlation")
def test_right_and_left_muscles():
    names = ("soleus", "gastrocnemius")
    right = rows(names, np.column_stack([1.0 + np.sin(TURN), 1.0 + np.sin(TURN)]))
    left = rows(names, np.column_stack([1.0 + 0.3 * np.sin(TURN), 1.0 + np.cos(TURN)]), side="left")
    cut = {("activity", side, "stride"): part for side, part in (("right", right), ("left", left))}
    found = whole_body.symmetry(cut, QUICK)
    assert only(found, "side_correlation", channel="soleus") == pytest.approx(1.0)
    assert only(found, "side_correlation", channel="gastrocnemius") == pytest.approx(0.0, abs=1e-12)


@pytest.mark.published("effort")
def test_mean_effort_over_whole_strides():
    # 2 + sin over whole periods of the stride
    time = np.arange(0.0, 6.0, 0.01)
    effort = Signals(time, (2.0 + np.sin(2.0 * np.pi * time / PERIOD))[:, None], ("legs",), "1")
    start = np.array([0.3, 1.4])
    cycles = Cycles("right", start, start + 0.68, start + PERIOD, start + 0.1, start + 0.55)
    trial = Trial(Recording("simulated", "walk", 80.0, MADE_UP, effort=effort), {}, {"right": cycles})
    assert only(whole_body.effort([trial], QUICK), "effort") == pytest.approx(2.0, abs=1e-4)


@pytest.mark.published(
    *("running_active_peak", "running_active_peak_time", "running_impact_present", "running_impact_peak"),
    *("running_impact_time", "running_stance_time", "running_duty", "running_loading_rate"),
)
def test_running_force_by_hand():
    # a triangle of 1.6 BW at 20 ms, down to 1.2 BW at 40 ms, 2.5 BW at 110 ms, in the air after 245 ms of 700 ms
    time = np.arange(0.0, 5.0, 0.001)
    shape = np.interp((time - 1.0) % 0.7, (0.0, 0.02, 0.04, 0.11, 0.245), (0.0, 1.6, 1.2, 2.5, 0.0))
    vertical = 70.0 * 9.80665 * np.where((time >= 1.0) & ((time - 1.0) % 0.7 < 0.245), shape, 0.0)
    force = Signals(time, np.column_stack([vertical, vertical]), ("vertical_right", "vertical_left"), "N")
    start = 1.0 + 0.7 * np.arange(4)
    both = {
        side: Cycles(side, start, start + 0.245, start + 0.7, start + 0.595, start + 0.35) for side in ("right", "left")
    }
    trial = Trial(Recording("measured", "run", 70.0, MADE_UP, force=force), {}, both, gait="running")
    found = feet.running_force([trial], QUICK)
    expected = {"active_peak": 2.5, "active_peak_time": 0.11 / 0.245, "impact_present": 1.0, "impact_peak": 1.6}
    expected |= {"impact_time": 0.02, "loading_rate": 80.0, "stance_time": 0.245, "duty": 0.35}
    values = {name: only(found, f"running_{name}", side="right") for name in expected}
    assert values == pytest.approx(expected, rel=1e-6)


def bell(centre):
    away = (PERCENT - centre + 50) % 100 - 50
    return np.exp(-((away / 4.0) ** 2))


def grouped(groups):
    """Six muscles in two groups, one burst at 20 and one at 70 %."""
    weights = np.array([[float(muscle in group) for group in groups] for muscle in "abcdef"])
    return np.column_stack([bell(20), bell(70)]) @ weights.T


@pytest.mark.published("synergies", "synergy_vaf", "synergy_similarity", "cross_vaf")
def test_two_groups_of_muscles_by_hand():
    # the walk drives abc, then def; the person abd, then cef. Each pair of synergies shares two muscles of three:
    # cosine 2/3. On the person's synergies abc has the parts 2/sqrt 3 and 1/sqrt 3: (4/3 + 1/3) of 3 are rebuilt
    key, names = ("activity", "right", "stride"), tuple("abcdef")
    walker = subject.Subject("measured", (), (), 0, {key: rows(names, grouped(("abc", "def")))})
    human = data("human", {key: rows(names, grouped(("abd", "cef")))})
    one = people.person(Human("human", "other"), human, PROTOCOL)
    found = coordination.findings(walker, [one], QUICK)
    assert only(found, "synergies") == 2
    assert only(found, "synergy_vaf") == pytest.approx(1.0, abs=1e-9)
    assert only(found, "synergy_similarity") == pytest.approx(2 / 3, abs=1e-4)
    assert only(found, "cross_vaf") == pytest.approx(5 / 9, abs=1e-4)


@pytest.mark.published("coordination_similarity")
def test_likeness_of_coordination_by_hand():
    # 1 + cos of phases 0, 20, 60 and 140 degrees: two muscles correlate by the cosine of their difference, in the order
    # ab bc ac cd bd ad. With the last two exchanged the order is ab bd ad cd bc ac: four ranks differ by 3, so that
    # Spearman's rho is 1 - 6 x 36 / (6 x 35) = -1/35
    key, names = ("activity", "right", "stride"), tuple("abcd")

    def waves(*phases):
        return np.column_stack([1.0 + np.cos(TURN - np.radians(phase)) for phase in phases])

    one = people.person(Human("human", "other"), data("human", {key: rows(names, waves(0, 20, 140, 60))}), PROTOCOL)
    walker = subject.Subject("measured", (), (), 0, {key: rows(names, waves(0, 20, 60, 140))})
    found = coordination.findings(walker, [one], QUICK)
    assert only(found, "coordination_similarity") == pytest.approx(-1 / 35, abs=1e-9)


@pytest.mark.published(
    *("burst_A1", "burst_A2", "burst_K1", "burst_K2", "burst_K3", "burst_K4", "burst_H1", "burst_H2", "burst_H3")
)
def test_bursts_of_power_by_name():
    # triangles whose peaks are the answer, each within its part of the stride
    share = PERCENT / 100.0
    hip = np.interp(share, (0, 0.1, 0.2, 0.4, 0.5, 0.6, 0.7, 1), (0, 0.5, 0, -0.45, 0, 1.2, 0, 0))
    at = (0, 0.1, 0.15, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1)
    knee = np.interp(share, at, (0, -0.9, 0, 0.4, 0, 0, -1.1, 0, 0, -1.3, 0))
    ankle = np.interp(share, (0, 0.1, 0.4, 0.45, 0.55, 0.62, 1), (0, 0, -0.6, 0, 3.3, 0, 0))
    joints = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
    walk = rows(joints, np.column_stack([hip, knee, ankle]), unit="W/kg")
    expected = {"A1": -0.6, "A2": 3.3, "K1": -0.9, "K2": 0.4, "K3": -1.1, "K4": -1.3, "H1": 0.5, "H2": -0.45, "H3": 1.2}
    for name, value in expected.items():
        pair = Pair(walk, walk.summary(), walk, "ankle_dorsiflexion", "power", PROTOCOL, QUICK)
        assert METRICS[f"burst_{name}"](pair).value == pytest.approx(value), name
