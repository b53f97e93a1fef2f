"""Ground force for OpenSim: the wrench is kept, by writing and by filtering."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from made_trials import made_trial

from biomimic.errors import BadValue, NotEnoughData
from biomimic.lab import loads
from biomimic.readers import opensim
from biomimic.readers.storage import read_table


@pytest.fixture(scope="module")
def trial(tiny):
    return made_trial(tiny)


def wrench(found: loads.Loads) -> np.ndarray:
    """Force and moment about the origin, (T, S, 6)."""
    return np.concatenate([found.force, np.cross(found.point, found.force) + found.moment], axis=2)


def test_outward_is_away_from_the_middle(trial):
    # the trial has 5 N outward on both feet: to the right (-y) on the right foot, to the left (+y) on the left one
    found = loads.of_recording(trial)
    assert found.sides == ("right", "left")
    assert found.force[:, 0, 1] == pytest.approx(-5.0) and found.force[:, 1, 1] == pytest.approx(5.0)


def test_files_come_back_as_they_were(trial, tmp_path):
    loads.write(loads.of_recording(trial), tmp_path / "grf.mot", tmp_path / "loads.xml")
    force, pressure, moment = opensim.read_forces(tmp_path / "grf.mot", opensim.names("rajagopal2016"))
    for found, expected in ((force, trial.force), (pressure, trial.pressure), (moment, trial.free_moment)):
        assert found.select(expected.names).values == pytest.approx(expected.values, abs=1e-9)


def test_external_loads_name_columns_that_are_there(trial, tmp_path):
    bodies = {"right": "foot_r", "left": "foot_l"}
    table, xml = loads.write(loads.of_recording(trial), tmp_path / "grf.mot", tmp_path / "loads.xml", bodies)
    document = ElementTree.parse(xml).getroot()
    columns = read_table(table).names
    found = list(document.iter("ExternalForce"))
    assert [one.find("applied_to_body").text for one in found] == ["foot_r", "foot_l"]
    for one in found:
        for key in ("force_identifier", "point_identifier", "torque_identifier"):
            assert {one.find(key).text + axis for axis in "xyz"} <= set(columns)
    assert document.find("ExternalLoads/datafile").text == "grf.mot"


def test_foot_in_the_air_has_no_force_and_a_place_between_its_steps(trial):
    # loaded at x = t - 0.05 m until 0.5 s and from 1.0 s on: 0.45 m and 0.95 m, so 0.70 m in the middle
    gone = np.array(trial.pressure.values)
    air = (trial.pressure.time > 0.501) & (trial.pressure.time < 0.999)
    gone[air, 0] = np.nan
    found = loads.of_recording(replace(trial, pressure=trial.pressure.with_values(gone)))
    far = (trial.pressure.time > 0.56) & (trial.pressure.time < 0.94)
    assert np.abs(found.force[far, 0]).max() == 0.0 and np.abs(found.moment[air, 0]).max() == 0.0
    assert found.point[75, 0, 0] == pytest.approx(0.70, abs=1e-9)
    assert np.isfinite(found.point).all()


def test_small_force_beside_a_contact_is_kept_where_the_foot_was(trial):
    gone = np.array(trial.pressure.values)
    gone[(trial.pressure.time > 0.501) & (trial.pressure.time < 0.999), 0] = np.nan
    found = loads.of_recording(replace(trial, pressure=trial.pressure.with_values(gone)))
    for frame, place in ((53, 0.45), (97, 0.95)):
        assert found.force[frame, 0, 2] == pytest.approx(trial.force.channel("vertical_right")[frame])
        assert found.point[frame, 0, 0] == pytest.approx(place, abs=1e-9)


def test_filter_keeps_a_wrench_that_is_slow(trial):
    # everything in it turns once a second or slower; 30 Hz must not touch it away from the ends
    before = loads.of_recording(trial)
    after = loads.filtered(before, order=4, cutoff=30.0)
    inner = slice(30, -30)
    assert wrench(after)[inner] == pytest.approx(wrench(before)[inner], abs=0.1)


def test_filter_acts_on_the_wrench_and_not_on_the_point(trial):
    # a point that jumps to and fro by 0.1 m while the force is constant: its mean stays, and the moment with it
    time = trial.force.time
    jumps = 0.05 * (-1.0) ** np.arange(len(time))
    point = np.zeros((len(time), 1, 3))
    point[:, 0, 0] = 0.3 + jumps
    force = np.tile([0.0, 0.0, 100.0], (len(time), 1, 1))
    found = loads.filtered(loads.Loads(time, ("right",), force, point, np.zeros_like(force)), order=4, cutoff=10.0)
    assert found.point[20:-20, 0, 0] == pytest.approx(0.3, abs=1e-3)


def test_filter_keeps_what_a_light_foot_does(trial):
    # a force that swings between 0 and 40 N: below 20 N there is no centre of pressure, but the wrench is all there
    time = trial.force.time
    light = 20.0 - 20.0 * np.cos(2.0 * np.pi * time)
    force = np.column_stack([0.1 * light, 0.0 * light, light])[:, None]
    point = np.tile([0.3, 0.1, 0.0], (len(time), 1, 1))
    before = loads.Loads(time, ("right",), force, point, np.zeros_like(force))
    after = loads.filtered(before, order=4, cutoff=30.0)
    assert wrench(after)[20:-20] == pytest.approx(wrench(before)[20:-20], abs=0.01)
    assert after.point[20:-20] == pytest.approx(point[20:-20], abs=1e-3)


def test_weight_is_the_mean_of_both_feet(trial):
    # 100 + 30 sin and 90 - 30 sin: 190 N at all times
    assert loads.weight(loads.of_recording(trial), 0.2, 1.1) == pytest.approx(190.0)
    with pytest.raises(BadValue, match="No force lies between 7 and 8 s"):
        loads.weight(loads.of_recording(trial), 7.0, 8.0)


def test_trial_without_a_point_of_attack(trial):
    with pytest.raises(NotEnoughData, match="has no centre of pressure; OpenSim needs force and its point of attack"):
        loads.of_recording(replace(trial, pressure=None))
    never = trial.pressure.with_values(np.full_like(trial.pressure.values, np.nan))
    with pytest.raises(NotEnoughData, match="right foot is never loaded"):
        loads.of_recording(replace(trial, pressure=never))
