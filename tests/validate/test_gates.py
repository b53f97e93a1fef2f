"""Gates: each one passes on the formula walk and fails where it must."""

import math
from dataclasses import replace

import numpy as np
import pytest
from synthetic_walk import person, record

from biomimic.report import content
from biomimic.signals import Signals
from biomimic.validate import subject
from biomimic.validate.evaluate import About, assess
from biomimic.validate.results import STATUSES


def _gates(recordings, people, protocol, **about) -> dict:
    walker = subject.planned(recordings, protocol, about.pop("leg_length", None))
    return {gate.name: gate for gate in assess(walker, people, protocol, About("walk", **about)).gates}


def _faster(data, factor: float):
    figure = data.figures["speed", ""]
    return replace(data, figures=data.figures | {("speed", ""): replace(figure, mean=factor * figure.mean)})


def _swapped(recordings, quantity: str, change) -> list:
    return [replace(one, **{quantity: change(getattr(one, quantity))}) for one in recordings]


def test_no_gate_fails_on_the_formula_walk(results):
    assert [gate.name for gate in results.gates] == [f"G{number}" for number in range(1, 12)]
    assert not results.failed_gates
    assert all(gate.status in STATUSES and gate.found and gate.limit for gate in results.gates)


def test_degrees_called_radians_are_named(short, people, recordings):
    def degrees(angles: Signals) -> Signals:
        return Signals(angles.time, np.degrees(angles.values), angles.names, "rad")

    gate = _gates(_swapped(recordings, "angles", degrees), people, short)["G1"]
    assert gate.failed
    assert "it is in degrees if that is" in gate.found
    assert "knee_flexion_right" in gate.channels


def test_a_walk_without_a_record_of_wrenches_is_not_believed(short, people, recordings):
    gate = _gates([replace(one, applied=None) for one in recordings], people, short)["G3"]
    assert (gate.status, gate.found) == ("fail", "the trials did not record it")


def test_a_fall_of_half_the_walks_is_no_sample(short, people):
    walks = [record(plan, seed=i) for i, plan in enumerate(short.planned)]
    fallen = [replace(one, fall=8.0) if not one.push else one for one in walks]
    gate = _gates(fallen, people, short)["G10"]
    assert gate.failed
    assert "3 of 3 undisturbed trials fell" in gate.found
    one = _gates([replace(walks[0], fall=8.0), *walks[1:]], people, short)["G10"]
    assert one.status == "warning"
    assert one.channels == ("start_0",)


def test_a_missing_value_of_a_simulation_is_instability(short, people, recordings):
    def torn(moment: Signals) -> Signals:
        values = np.array(moment.values)
        values[700] = math.nan
        return Signals(moment.time, values, moment.names, moment.unit)

    gate = _gates(_swapped(recordings, "moment", torn), people, short)["G9"]
    assert gate.failed
    assert "start_0: moment holds missing values" in gate.found


def test_joints_do_not_spin(short, people, recordings):
    def jump(angles: Signals) -> Signals:
        values = np.array(angles.values)
        values[700, angles.names.index("knee_flexion_right")] += 1.0  # within one sample of 10 ms: 100 rad/s
        return Signals(angles.time, values, angles.names, angles.unit)

    gate = _gates(_swapped(recordings, "angles", jump), people, short)["G9"]
    assert gate.failed
    assert "a joint turns at" in gate.found


def test_the_speed_is_compared_at_the_same_leg_length_too(short, people, recordings):
    far = {name: _faster(data, 1.2) for name, data in people.items()}
    assert _gates(recordings, far, short)["G8"].failed
    # v^2 / (g L): a leg 1.44 times as long walks 1.2 times as fast at the same Froude number
    long = {name: replace(data, entry=replace(data.entry, leg_length_m=1.44)) for name, data in far.items()}
    gate = _gates(recordings, long, short, leg_length=1.0)["G8"]
    assert gate.status == "pass"
    assert "(0.000 at the same leg length)" in gate.found


def test_another_speed_can_be_asked_for_and_stays_marked(short, people, recordings):
    far = {name: _faster(data, 1.2) for name, data in people.items()}
    gate = _gates(recordings, far, short, allows_speed=True)["G8"]
    assert gate.status == "warning"


def test_another_person_of_another_speed_is_a_warning_that_names_him(short, people, recordings):
    other = "falisse2019_walking"
    gate = _gates(recordings, people | {other: _faster(people[other], 1.3)}, short)["G8"]
    assert (gate.status, gate.channels) == ("warning", (other,))


def test_unstated_filters_are_a_warning(short, people, recordings):
    gate = _gates(recordings, people, short)["G7"]
    assert gate.status == "warning"
    assert "filters not stated by the source" in gate.found
    stated = vars(short.filters)
    alike = {n: replace(data, entry=replace(data.entry, filters=dict(stated))) for n, data in people.items()}
    assert _gates(recordings, alike, short)["G7"].status == "pass"
    smooth = {n: replace(d, entry=replace(d.entry, filters=stated | {"force_hz": 6.0})) for n, d in people.items()}
    assert "force_hz 6 for 20" in _gates(recordings, smooth, short)["G7"].found


def test_too_few_strides_of_a_simulation_fail(short, people):
    brief = [replace(record(plan, seed=i), fall=4.0) for i, plan in enumerate(short.planned)]
    assert _gates(brief, people, short)["G6"].failed


@pytest.mark.parametrize("late", [0.09, -0.09])
def test_angles_on_another_clock(short, people, recordings, late):
    def moved(angles: Signals) -> Signals:
        return Signals(angles.time + late * 1.1, angles.values, angles.names, angles.unit)

    gate = _gates(_swapped(recordings, "angles", moved), people, short)["G11"]
    assert gate.failed
    assert f"{round(100 * late):+d} % of the cycle" in gate.found


def test_a_measured_person_has_no_wrench_to_record(short):
    walker = subject.data_set(person("somebody", rows=3, sides=("right",)), short)
    protocol = replace(short, criteria=())
    people = {one.name: person(one.name, rows=3, sides=("right",)) for one in short.humans}
    gates = {gate.name: gate for gate in assess(walker, people, protocol, About("somebody")).gates}
    assert {gates[name].status for name in ("G3", "G5", "G9", "G10")} == {"not applicable"}
    assert gates["G6"].status == "warning"


def test_the_first_page_says_that_another_speed_was_asked_for(short, people, recordings):
    far = {name: _faster(data, 1.2) for name, data in people.items()}
    walker = subject.planned(recordings, short)
    asked = assess(walker, far, short, About("walk", allows_speed=True))
    assert "another speed" in content.build(asked, short).subtitle
    assert "another speed" not in content.build(assess(walker, people, short, About("walk")), short).subtitle
