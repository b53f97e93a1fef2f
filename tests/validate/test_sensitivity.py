"""The sweep of settings on the formula walk: nothing moved changes nothing, and a moved part is the whole moved."""

import json
from dataclasses import replace

import numpy as np
import pytest
from synthetic_walk import STANCE, person, record

from biomimic.recording import Recording
from biomimic.reference import ReferenceData
from biomimic.signals import Signals
from biomimic.validate import sensitivity, subject
from biomimic.validate.evaluate import About, assess
from biomimic.validate.protocol import Comparison, Criterion, Planned, Protocol, load_protocol
from biomimic.validate.remeasure import Bench, value_of, with_value

SAME, OTHER = "rajagopal2016_walking", "falisse2019_walking"
MUSCLES = ("soleus", "tibialis_anterior", "vastus_lateralis")  # too few for synergies
METRICS = ("correlation", "rmse", "double_peak_share")


@pytest.fixture(scope="module")
def protocol(short) -> Protocol:
    """One draw, three muscles, and only what verdicts rest on: quick to evaluate as a whole."""
    comparisons = tuple(
        replace(
            one,
            metrics=tuple(name for name in one.metrics if name in METRICS),
            channels=MUSCLES if one.quantity == "activity" else one.channels[:3],
            mean_of=MUSCLES if one.quantity == "activity" else one.mean_of,
        )
        for one in short.comparisons
    )
    criteria = tuple(one for one in short.criteria if one.domain != "muscles")
    once = replace(short.resampling, draws=1)
    return replace(short, resampling=once, comparisons=comparisons, criteria=criteria)


def few(recording: Recording) -> Recording:
    names = [f"{muscle}_{side}" for muscle in MUSCLES for side in ("right", "left")]
    return replace(recording, activity=recording.activity.select(names))


@pytest.fixture(scope="module")
def walk(recordings):
    return [few(one) for one in recordings]


@pytest.fixture(scope="module")
def case(protocol, people, walk):
    walker = subject.planned(walk, protocol)
    return assess(walker, people, protocol, About("formula")), walker


def bench(case, people, protocol) -> Bench:
    return Bench(*case, people, protocol, subject.planned, False)


def same(first, second) -> None:
    assert [gate.status for gate in first.gates] == [gate.status for gate in second.gates]
    assert [one.passed for one in first.outcomes] == [one.passed for one in second.outcomes]
    assert [one.domain for one in first.scores] == [one.domain for one in second.scores]
    values = [[one.value for one in results.scores] for results in (first, second)]
    np.testing.assert_allclose(*values, rtol=1e-9, equal_nan=True)
    reached = [[np.nan if o.worst is None else o.worst.value for o in results.outcomes] for results in (first, second)]
    np.testing.assert_allclose(*reached, rtol=1e-9, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("setting", sensitivity.SETTINGS, ids=lambda one: one.path)
def test_a_step_of_no_length_changes_nothing(setting, case, people, protocol):
    same(bench(case, people, protocol).under(setting, value_of(protocol, setting.path)), case[0])


@pytest.mark.parametrize(
    "path, value",
    [("filters.angles_hz", 4.0), ("filters.force_hz", 10.0), ("events.threshold_n", 60.0), ("trials.skip_strides", 4)],
)
def test_what_is_measured_again_is_what_the_whole_evaluation_finds(path, value, case, people, protocol, walk):
    setting = next(one for one in sensitivity.SETTINGS if one.path == path)
    changed = with_value(protocol, path, value)
    whole = assess(subject.planned(walk, changed), people, changed, About("formula"))
    part = bench(case, people, protocol).under(setting, value)
    same(part, whole)
    scores = [[one.value for one in results.scores] for results in (part, case[0])]
    assert not np.allclose(*scores, rtol=1e-9, equal_nan=True)  # and it is not what it was


def test_a_criterion_at_its_edge_flips_and_is_named(case, people, protocol, walk):
    # mid-stance of sin + 0.45 sin 3 is 0.55, its peaks are found numerically; both are scaled by 0.5 / mean
    share = np.linspace(0, 1, 10001)
    shape = (np.sin(np.pi * share) + 0.45 * np.sin(3 * np.pi * share)) * 0.5 / (STANCE * 2.3 / np.pi)
    depth = shape.max() - shape[5000]
    edge = replace(protocol, valley_prominence_bw=float(depth / 1.4))  # one step up is 1.6 / 1.4 of the depth
    walker = subject.planned(walk, edge)
    results = assess(walker, people, edge, About("formula"))
    swept = sensitivity.sweep(results, walker, people, edge, build=subject.planned)
    (row,) = swept.flipping
    assert (row.setting, row.after) == ("least depth of a double peak", pytest.approx(1.6 * depth / 1.4, rel=1e-3))
    (flip,) = row.flips
    assert (flip.kind, flip.before, flip.after) == ("criterion", "met (1)", "unmet (0)")
    assert flip.name == f"ground reaction force, double_peak_share, vertical, {SAME}"
    assert (row.change, row.where) == (0.0, "")


def test_steps_of_the_protocol(case, people, protocol):
    swept = sensitivity.sweep(*case, people, protocol, build=subject.planned)
    steps = {}
    for row in swept.rows:
        steps.setdefault(row.setting, [row.before]).append(row.after)
    assert steps["low-pass filter of the angles"] == [6.0, 4.0, 8.0]
    assert steps["low-pass filter of the ground force"] == [20.0, 15.0, 30.0]
    assert steps["force that makes a contact"] == [20.0, 10.0, 40.0]
    assert steps["shortest stance"] == [0.2, 0.15, 0.25]
    assert steps["first strides left out"] == [2.0, 1.0, 3.0]
    assert steps["least depth of a double peak"] == [0.05, 0.02, 0.08]
    held = dict(swept.held)
    assert held["largest lag"] == "no criterion of this protocol rests on it"
    assert "do not change with scale" in held["scale of EMG and activation"]
    assert "filtered and cut when their data set was made: against them only the walk moves" in swept.note
    header, rows = sensitivity.table(swept)
    assert len(rows) == len(swept.rows) and {len(row) for row in rows} == {len(header)}
    assert json.loads(json.dumps(sensitivity.record(swept)))["rows"][0]["after"] == 4.0


def test_no_stride_can_be_left_out_less_than_none(people, protocol, walk):
    none = with_value(protocol, "trials.skip_strides", 0)
    walker = subject.planned(walk, none)
    swept = sensitivity.sweep(assess(walker, people, none, About()), walker, people, none, build=subject.planned)
    assert [row.after for row in swept.rows if row.setting == "first strides left out"] == [1.0]


def test_a_filter_that_the_sampling_does_not_allow_is_named(people, protocol):
    slow = [_slower(few(record(Planned("slow", 12.0, 0.0))), "activity", 15.0)]
    walker = subject.recorded(slow, protocol)
    results = assess(walker, people, protocol, About())
    held = dict(sensitivity.sweep(results, walker, people, protocol, build=subject.recorded).held)
    assert "sampled at 15 Hz" in held["low-pass filter of the activity: 8 Hz"]


def test_curves_are_not_cut_anew(people, protocol):
    parts = {key: rows for key, rows in people[OTHER].parts.items() if key[0] != "activity"}
    walker = subject.data_set(replace(people[OTHER], parts=parts), protocol)
    results = assess(walker, people, protocol, About("curves"))
    swept = sensitivity.sweep(results, walker, people, protocol)
    assert {row.setting for row in swept.rows} == {"least depth of a double peak"}
    held = dict(swept.held)
    assert held["low-pass filter of the angles"] == "curves that were filtered and cut when they were made"
    assert "The walker is a data set of curves and does not move." in swept.note


def test_recordings_of_people_move_too():
    plain = load_protocol("level_walking")
    compared = Comparison("kinematics", "angles", ("correlation",), ("knee_flexion",))
    limit = Criterion("kinematics", "correlation", "a test", "knee_flexion", OTHER, at_least=0.5)
    protocol = replace(plain, humans=plain.humans[1:], comparisons=(compared,), criteria=(limit,))
    made, one = person(OTHER, rows=2, sides=("right",)), record(Planned("a", 12.0, 0.0))
    people = {OTHER: ReferenceData(OTHER, made.entry, made.provenance, recordings=(_quick_knee(few(one)),))}
    walker = subject.recorded([few(record(Planned("walk", 12.0, 0.3)))], protocol)
    results = assess(walker, people, protocol, About())
    swept = sensitivity.sweep(results, walker, people, protocol, build=subject.recorded)
    assert f"The recordings of {OTHER} move too." in swept.note
    measured = Bench(results, walker, people, protocol, None, False)  # the walker stays
    setting = sensitivity.SETTINGS[0]
    values = [
        measured.under(setting, hz).find("correlation", channel="knee_flexion", side="right")[0].value
        for hz in (4.0, 6.0, 8.0)
    ]
    assert values[0] > values[1] > values[2]  # the lower the cut-off, the less of the 7 Hz is left


def _slower(recording: Recording, name: str, rate: float) -> Recording:
    signals = getattr(recording, name)
    time = np.arange(0.0, signals.time[-1], 1.0 / rate)
    values = np.column_stack([np.interp(time, signals.time, column) for column in signals.values.T])
    return replace(recording, **{name: Signals(time, values, signals.names, signals.unit)})


def _quick_knee(recording: Recording) -> Recording:
    """A person whose knee trembles eight times a stride."""
    angles = recording.angles
    wave = 0.2 * np.sin(2 * np.pi * 8 / 1.1 * angles.time)
    quick = [angles.channel(n) + wave if n.startswith("knee") else angles.channel(n) for n in angles.names]
    return replace(recording, angles=angles.with_values(np.column_stack(quick)), kind="measured")
