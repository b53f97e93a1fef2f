"""Tables and marker files: what is written is what OpenSim and our readers read."""

import numpy as np
import pytest
from made_trials import made_trial

from biomimic.errors import BadValue
from biomimic.lab import tables
from biomimic.readers import trc
from biomimic.readers.storage import read_table
from biomimic.signals import Signals


def test_opensim_frame_is_a_turn():
    # forward stays, up is the second axis, left becomes minus right
    assert tables.to_opensim([1.0, 2.0, 3.0]).tolist() == [1.0, 3.0, -2.0]
    turn = np.column_stack([tables.to_opensim(axis) for axis in np.eye(3)])
    assert np.linalg.det(turn) == pytest.approx(1.0)
    assert tables.to_house(tables.to_opensim([4.0, 5.0, 6.0])).tolist() == [4.0, 5.0, 6.0]


def test_table_comes_back(tmp_path):
    values = np.array([[0.1, -2.5e-9], [np.nan, 1e6], [np.pi, 3.0]])
    table = Signals([0.0, 0.01, 0.02], values, ("knee_angle_r", "pelvis_tx"), "SI")
    path = tables.write_table(tmp_path / "angles.mot", table)
    found = read_table(path)
    assert found.names == table.names
    assert found.values == pytest.approx(values, rel=1e-11, nan_ok=True)
    lines = path.read_text().splitlines()
    assert lines[0] == "angles" and "inDegrees=no" in lines and "nRows=3" in lines and "nColumns=3" in lines


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (Signals([], np.zeros((0, 1)), ("a",), "SI"), "would be empty"),
        (Signals([0.0], np.zeros((1, 0)), (), "SI"), "would be empty"),
        (Signals([0.0], [[1.0]], ("left knee",), "SI"), '"left knee" has a blank in its name'),
    ],
)
def test_table_that_cannot_be_one(tmp_path, table, message):
    with pytest.raises(BadValue, match=message):
        tables.write_table(tmp_path / "a.sto", table)
    assert not list(tmp_path.iterdir())


def test_markers_come_back_in_the_house_frame(tmp_path, tiny):
    trial = made_trial(tiny)
    names = tuple(tiny.landmarks)
    place = np.stack([[trial.position.channel(f"{n}_{axis}") for axis in "xyz"] for n in names]).transpose(2, 0, 1)
    place = np.array(place)
    place[5, 3] = np.nan
    path = tables.write_markers(tmp_path / "walk.trc", trial.position.time + 0.5, place, names)
    motion = trc.read(path)
    assert motion.landmarks == names and motion.rate == pytest.approx(100.0) and trc.first_time(path) == 0.5
    assert motion.position == pytest.approx(place, abs=1e-11, nan_ok=True)


def test_uneven_frames_are_refused(tmp_path):
    with pytest.raises(BadValue, match="equal time steps"):
        tables.write_markers(tmp_path / "a.trc", np.array([0.0, 0.01, 0.03]), np.zeros((3, 1, 3)), ("a",))


def test_wrong_shape_is_named(tmp_path):
    with pytest.raises(BadValue, match=r"2 markers at 3 times .* shape \(3, 1, 3\)"):
        tables.write_markers(tmp_path / "a.trc", np.arange(3.0), np.zeros((3, 1, 3)), ("a", "b"))
