"""Positive and negative controls on real people: a person scores about 1, what is no person's walk is flagged."""

from dataclasses import replace

import numpy as np
import pytest
import shared_people as people

from biomimic.signals import Signals
from biomimic.validate import subject
from biomimic.validate.evaluate import About, assess
from biomimic.validate.protocol import Human, load_protocol
from biomimic.validate.results import Results
from biomimic.validate.subject import Subject

needs_data = pytest.mark.skipif(people.MISSING, reason=people.WHY)
WALK = load_protocol("level_walking")
QUICK = replace(WALK.resampling, draws=200)


def _against(name: str, walker: Subject) -> Results:
    """A walker against everybody but the person it was made of."""
    protocol, humans = people.leaving_out(name)
    return assess(walker, humans, replace(protocol, resampling=QUICK), About(name))


def _against_itself(walker: Subject) -> Results:
    """A walker made of the tracked person's own curves, against that person: an untouched one would be perfect."""
    humans = {name: people.data_set(name) for name in people.SHIPPED}
    return assess(walker, humans, replace(WALK, resampling=QUICK), About("itself"))


def _failed(results: Results) -> dict[str, tuple[str, ...]]:
    return {gate.name: gate.channels for gate in results.failed_gates}


def _score(results: Results, domain: str, reference: str) -> float:
    return next(s.value for s in results.scores if (s.domain, s.reference) == (domain, reference))


def _changed(recording, quantity: str, change) -> Subject:
    """A recording with one quantity changed: channel name and values in, values out."""
    old = getattr(recording, quantity)
    values = np.column_stack([change(name, old.channel(name)) for name in old.names])
    new = Signals(old.time, values, old.names, old.unit)
    return subject.recorded([replace(recording, **{quantity: new})], WALK)


def _exchanged(name: str) -> str:
    return name.replace("right", "LEFT").replace("left", "right").replace("LEFT", "left")


def _recut(name: str, key: tuple[str, str, str], channel: str, curve) -> Subject:
    """A data set as walker with one channel's rows (S, 101) replaced."""
    walker = subject.data_set(people.data_set(name), WALK)
    rows = walker.cut[key]
    values = np.array(rows.values)
    values[:, :, rows.names.index(channel)] = curve(rows.channel(channel))
    return replace(walker, cut=walker.cut | {key: replace(rows, values=values)})


# positive control


@needs_data
def test_a_person_left_out_scores_one_and_fails_no_gate():
    name = "rajagopal2016_walking"
    results = _against(name, subject.data_set(people.data_set(name), WALK))
    assert not results.failed_gates
    scored = {s.domain: s.value for s in results.scores if s.reference == "people" and np.isfinite(s.value)}
    assert set(scored) == {"kinematics", "ground reaction force"}  # EMG and moments of three others do not exist here
    for domain, value in scored.items():
        assert 0.8 <= value <= 1.2, f"{domain}: {value:.2f}"


@needs_data
@pytest.mark.parametrize("name", [*people.SHIPPED, *people.LABORATORY])
def test_nobody_who_walks_fails_a_gate(name):
    results = _against(name, subject.data_set(people.data_set(name), WALK))
    assert not results.failed_gates, _failed(results)
    assert 0.8 <= _score(results, "kinematics", "people") <= 1.25


# negative controls


@needs_data
def test_exchanged_sides_of_the_angles_are_named():
    recording = people.trial("subject01")
    angles = recording.angles
    swapped = Signals(angles.time, angles.values, tuple(map(_exchanged, angles.names)), angles.unit)
    results = _against("subject01", subject.recorded([replace(recording, angles=swapped)], WALK))
    assert set(_failed(results)["G2"]) >= {
        f"{joint}_{side}"
        for joint in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
        for side in ("right", "left")
    }


@needs_data
def test_exchanged_sides_of_everything_are_named():
    recording = people.trial("subject01")
    both = {
        name: Signals(one.time, one.values, tuple(map(_exchanged, one.names)), one.unit)
        for name in ("angles", "force")
        if (one := getattr(recording, name)) is not None
    }
    results = _against("subject01", subject.recorded([replace(recording, **both)], WALK))
    assert any("pelvis" in name or "lumbar" in name for name in _failed(results)["G2"])


@needs_data
@pytest.mark.parametrize("side", ["right", "left"])
def test_a_knee_that_flexes_the_other_way_is_named(side):
    knee = f"knee_flexion_{side}"
    walker = _changed(people.trial("subject01"), "angles", lambda name, x: -x if name == knee else x)
    assert _failed(_against("subject01", walker))["G2"] == (knee,)


def _renamed(places: int) -> Results:
    """The tracked person's own EMG with every muscle called by the name of another one."""
    walker = subject.data_set(people.data_set("rajagopal2016_walking"), WALK)
    key = ("activity", "right", "stride")
    rows = walker.cut[key]
    moved = replace(rows, values=np.roll(rows.values, places, axis=2))
    return _against_itself(replace(walker, cut=walker.cut | {key: moved}))


def test_emg_under_other_names_scores_as_wrong_muscles_do():
    assert _score(_renamed(0), "muscles", "rajagopal2016_walking") > 1.0
    results = _renamed(5)
    assert _score(results, "muscles", "rajagopal2016_walking") < 0.3
    assert _score(results, "muscles", "falisse2019_walking") < 0.3


@pytest.mark.parametrize("places", range(1, 10))
def test_emg_under_other_names_is_told_from_the_names_that_fit(places):
    assert not _renamed(0).failed_gates
    gate = next(gate for gate in _renamed(places).gates if gate.name == "G2")
    assert gate.failed
    assert "soleus fits" in gate.found


@needs_data
def test_newtons_labelled_body_weights_are_found_by_their_size():
    recording = people.trial("subject01")
    weight = recording.mass * 9.80665
    walker = _changed(recording, "force", lambda _, x: x * weight)
    failed = _failed(_against("subject01", walker))
    assert "vertical_right" in failed["G1"]
    assert "G4" in failed


@needs_data
def test_body_weights_labelled_newtons_are_found_by_their_size():
    recording = people.trial("subject01")
    weight = recording.mass * 9.80665
    results = _against("subject01", _changed(recording, "force", lambda _, x: x / weight))
    gate = next(gate for gate in results.gates if gate.name == "G1")
    assert gate.failed
    assert "in body weights, multiply it by the weight" in gate.found


@needs_data
@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_mass_off_by_a_tenth_is_found_by_the_weight_that_is_carried(factor):
    recording = people.trial("subject01")
    walker = subject.recorded([replace(recording, mass=factor * recording.mass)], WALK)
    assert "G4" in _failed(_against("subject01", walker))
    assert "G4" not in _failed(_against("subject01", subject.recorded([recording], WALK)))


@needs_data
@pytest.mark.parametrize("share", [0.08, -0.08])
def test_angles_that_run_on_another_clock_than_the_force(share):
    recording = people.trial("subject01")
    late = share * 1.22  # [s], stride time of this person
    angles = Signals(recording.angles.time + late, recording.angles.values, recording.angles.names, "rad")
    failed = _failed(_against("subject01", subject.recorded([replace(recording, angles=angles)], WALK)))
    assert set(failed["G11"]) >= {"hip_flexion", "knee_flexion"}


def test_a_trapezoid_is_no_ground_force():
    ramps = np.interp(np.linspace(0.0, 1.0, 101), (0.0, 0.15, 0.85, 1.0), (0.0, 1.0, 1.0, 0.0))
    key = ("force", "right", "stance")
    walker = _recut("rajagopal2016_walking", key, "vertical", lambda rows: np.tile(ramps, (len(rows), 1)))
    results = _against_itself(walker)
    for reference in people.SHIPPED:
        found = results.find("correlation", channel="vertical", side="right", reference=reference)
        assert found[0].score < 0.3
    share = results.find("double_peak_share", channel="vertical", side="right")
    assert {finding.value for finding in share} == {0.0}


@needs_data
def test_a_channel_that_does_not_change_is_named():
    walker = _changed(
        people.trial("subject01"), "angles", lambda name, x: 0.0 * x + 0.3 if name == "hip_flexion_left" else x
    )
    assert "hip_flexion_left" in _failed(_against("subject01", walker))["G1"]


@needs_data
def test_fast_walking_is_not_held_against_slow_walking():
    fast, slow = people.norms("fast_L", 1.9), people.norms("natural", 1.2)
    protocol = replace(WALK, humans=(Human(slow.name, "other"),), criteria=(), resampling=QUICK)
    failed = assess(subject.data_set(fast, protocol), {slow.name: slow}, protocol, About("fast")).failed_gates
    assert [gate.name for gate in failed] == ["G8"]
    allowed = assess(subject.data_set(fast, protocol), {slow.name: slow}, protocol, About("fast", allows_speed=True))
    gate = next(gate for gate in allowed.gates if gate.name == "G8")
    assert gate.status == "warning"
    assert "compared all the same" in gate.found
