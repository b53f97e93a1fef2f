"""The formula walk against people who walk by the same formulas: every number is known."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_walk import MASS, PERIOD, SPEED, STANCE, record

from biomimic.errors import BadValue, UnknownName
from biomimic.reference import ReferenceData
from biomimic.validate.evaluate import evaluate
from biomimic.validate.protocol import Comparison, Planned

SAME = "rajagopal2016_walking"
OTHER = "falisse2019_walking"


def _one(results, metric: str, **where: str):
    found = results.find(metric, **where)
    assert len(found) == 1, [vars(finding) for finding in found]
    return found[0]


def test_an_offset_of_three_degrees_is_three_degrees_of_rmse_and_none_without_it(results):
    for side in ("right", "left"):
        place = {"channel": "knee_flexion", "side": side, "reference": SAME}
        # the trials differ by a gain of about 2 %
        assert np.degrees(_one(results, "rmse", domain="kinematics", **place).value) == pytest.approx(3.0, abs=0.8)
        assert np.degrees(_one(results, "rmse_without_offset", **place).value) < 0.6
        assert _one(results, "correlation", domain="kinematics", **place).value == pytest.approx(1.0, abs=1e-3)


def test_force_has_its_two_peaks_in_every_stride(results):
    found = _one(results, "double_peak_share", side="right", reference=SAME)
    assert (found.value, found.human) == (pytest.approx(1.0), pytest.approx(1.0))
    valley = _one(results, "valley", side="right", reference=SAME)
    assert valley.value == pytest.approx(valley.human, abs=0.01)
    # sin + 0.45 sin 3 at mid-stance is 0.55, and 0.5 / (STANCE (2 / pi + 0.3 / pi)) scales it
    assert valley.human == pytest.approx(0.55 * 0.5 / (STANCE * 2.3 / np.pi), abs=0.005)


def test_vertical_impulse_is_half_the_weight_times_the_stride(results):
    assert _one(results, "vertical_impulse", side="left", reference=SAME).value == pytest.approx(0.5 * PERIOD, rel=0.01)


def test_steps(results):
    assert _one(results, "speed", side="right", reference=SAME).value == pytest.approx(SPEED, rel=1e-6)
    assert _one(results, "stride_time", side="right", reference=SAME).value == pytest.approx(PERIOD, rel=1e-3)
    assert _one(results, "stance_fraction", side="left", reference=SAME).value == pytest.approx(STANCE, abs=0.01)
    assert _one(results, "step_width", side="left", reference=SAME).value == pytest.approx(0.1, abs=1e-6)
    assert _one(results, "stride_time_difference", side="right", reference=SAME).value < 1e-3


def test_gates_of_a_walk_that_obeys_newton(results):
    assert _one(results, "applied_wrench").value == 0.0
    assert _one(results, "newton_residual").value < 1e-9
    assert _one(results, "weight_support").value == pytest.approx(1.0, abs=1e-3)
    assert _one(results, "sign_checks").value == 1.0


def test_every_correlation_has_a_null_and_a_ceiling_or_a_reason(results):
    for finding in results.findings:
        if "correlation" not in finding.metric or not np.isfinite(finding.value):
            continue
        assert np.isfinite(finding.null), finding
        assert np.isfinite(finding.ceiling) or finding.ceiling_from.startswith("none"), finding
        assert finding.estimate.n > 0 and finding.estimate.of.startswith("strides")


def test_the_report_knows_which_signals_shaped_the_walk(results):
    assert _one(results, "correlation", channel="vertical", side="right", reference=SAME).shaped == "shaped the walk"
    assert _one(results, "correlation", channel="soleus", side="right", reference=SAME).shaped == "independent"
    assert _one(results, "correlation", channel="vertical", side="right", reference=OTHER).shaped == "independent"


def test_emg_is_compared_on_the_side_that_was_recorded(results):
    assert {finding.side for finding in results.find("correlation", domain="muscles")} == {"right"}


def test_a_mean_correlation_is_the_arithmetic_mean(results, short):
    channels = next(c.mean_of for c in short.comparisons if c.quantity == "activity")
    each = [_one(results, "correlation", channel=name, side="right", reference=SAME).value for name in channels]
    assert _one(results, "mean_correlation", domain="muscles", side="right", reference=SAME).value == pytest.approx(
        np.mean(each)
    )


def test_the_long_walk_and_the_pushed_ones_are_left_out_of_comparisons(results):
    strides = results.evidence.simulated["angles", "right", "stride"]
    assert len(np.unique(strides.trial)) == 2


def test_all_criteria_are_met_by_the_formula_walk(results):
    # the long walk is 10 s here and the protocol wants 60 s
    assert [outcome.metric for outcome in results.outcomes if not outcome.passed] == ["endurance"]


def test_a_fall_is_a_result(short, people):
    falls = {"push_left": 6.0, "start_1": 3.0}
    walks = tuple(record(plan, fall=falls.get(plan.name), seed=i) for i, plan in enumerate(short.planned))
    found = evaluate(walks, people, short, run="formula")
    assert _one(found, "starts_walked").value == 0.5
    assert _one(found, "pushes_withstood").value == 0.5
    assert [(walk.trial, walk.walked) for walk in found.walks if walk.fell] == [("start_1", 3.0), ("push_left", 6.0)]
    assert not found.passed


def test_a_trial_that_falls_at_once_holds_no_stride_and_stops_nothing(short, people):
    walks = tuple(record(plan, fall=0.3, seed=i) for i, plan in enumerate(short.planned))
    found = evaluate(walks, people, short, run="formula")
    assert _one(found, "endurance").value == pytest.approx(0.3)
    assert not any(outcome.passed for outcome in found.outcomes if outcome.domain in ("kinematics", "muscles"))
    assert {outcome.note for outcome in found.outcomes if outcome.domain == "kinematics"} == {"nothing was measured"}


def test_a_recorded_person_goes_through_the_same_events_and_filters(short, people, recordings):
    lab = record(Planned("lab", 5.0, 0.3))
    entry = replace(people[SAME].entry, form="recording")
    measured = ReferenceData(SAME, entry, people[SAME].provenance, recordings=(lab,))
    found = evaluate(recordings, {**people, SAME: measured}, short)
    knee = _one(found, "rmse", channel="knee_flexion", side="left", reference=SAME, domain="kinematics")
    assert np.degrees(knee.value) < 0.8  # the trials differ by a gain of about 2 %
    assert knee.n_human >= 3


def test_a_hand_from_outside_fails_the_gate_but_a_push_in_its_time_does_not(short, people, recordings):
    held = (record(short.planned[0], hand=0.5), *recordings[1:])
    found = evaluate(held, people, short)
    assert _one(found, "applied_wrench").value == 0.5
    assert not next(outcome for outcome in found.outcomes if outcome.metric == "applied_wrench").passed


def test_floor_force_that_does_not_explain_the_motion_fails_the_gate(short, people, recordings):
    first = recordings[0]
    extra = first.floor.with_values(first.floor.values + np.array([0.0, 0.03 * MASS * 9.80665, 0.0]))
    found = evaluate((replace(first, floor=extra), *recordings[1:]), people, short)
    # 3 % of body weight in one of three undisturbed trials, strides nearly equally many
    assert _one(found, "newton_residual").value == pytest.approx(0.01, abs=0.002)


def test_exchanged_sides_are_found_by_the_sign_audit(short, people, recordings):
    flipped = []
    for recording in recordings:
        angles = recording.angles
        column = angles.index("knee_flexion_right")
        values = angles.values.copy()
        values[:, column] *= -1
        flipped.append(replace(recording, angles=angles.with_values(values)))
    found = evaluate(flipped, people, short)
    failed = [check for check in found.audit if not check.passed and check.name == "sign and side"]
    assert [(check.channel, check.side) for check in failed] == [("knee_flexion", "right")]


def test_scaling_force_and_mass_together_changes_nothing(short, people, recordings, results):
    heavy = []
    for recording in recordings:
        force = recording.force.with_values(2 * recording.force.values)
        floor = recording.floor.with_values(2 * recording.floor.values)
        moment = recording.moment.with_values(2 * recording.moment.values)
        heavy.append(replace(recording, mass=2 * recording.mass, force=force, floor=floor, moment=moment))
    protocol = replace(short, events=replace(short.events, threshold_n=40.0))
    found = evaluate(heavy, people, protocol)
    for metric in ("first_peak", "rmse", "correlation", "peak_ratio"):
        pairs = zip(found.find(metric, reference=SAME), results.find(metric, reference=SAME))
        assert all(one.value == pytest.approx(two.value, rel=1e-9) for one, two in pairs)


def test_recordings_of_another_protocol_are_refused(short, people, recordings):
    with pytest.raises(BadValue, match="The protocol plans the trials start_0"):
        evaluate(recordings[1:], people, short)


def test_an_unknown_metric_names_the_closest(short, people, recordings):
    wrong = replace(short, comparisons=(Comparison("kinematics", "angles", ("corelation",), ("knee_flexion",)),))
    with pytest.raises(UnknownName, match='Did you mean "correlation"'):
        evaluate(recordings, people, wrong)
