"""The adapter of Schreiber 2019: stances of recordings, and C3D trials with the markers' names of that data set."""

from pathlib import Path

import ezc3d
import numpy as np
import pytest

from biomimic.errors import BadFile
from biomimic.provenance import Provenance
from biomimic.recording import Recording
from biomimic.reference import population, schreiber2019
from biomimic.signals import Signals

MASS, RATE, SAMPLES = 70.0, 100, 10  # [kg], frames per second, analog samples a frame
WEIGHT = MASS * 9.80665
STEPS = {"right": (0.5, 1.2, 0.6, -0.1), "left": (1.05, 1.75, 1.3, 0.1)}  # first and last [s], x and y of the foot [m]


def load(time: np.ndarray, side: str) -> np.ndarray:
    """Force of the ground on a foot, (T, 3) [N], x forward, y left, z up."""
    first, last, _, _ = STEPS[side]
    share = np.clip((time - first) / (last - first), 0.0, 1.0)
    vertical = WEIGHT * (np.sin(np.pi * share) + 0.3 * np.sin(3 * np.pi * share))
    return np.column_stack((-0.15 * WEIGHT * np.sin(2 * np.pi * share), 0.0 * share, vertical))


def recording(force: np.ndarray, time: np.ndarray, side: str) -> Recording:
    signals = Signals(time, force[:, [2, 0]], (f"vertical_{side}", f"anterior_{side}"), "N")
    return Recording("measured", "made", MASS, Provenance("made"), force=signals)


def test_a_whole_contact_becomes_a_stance_in_body_weights():
    time = np.arange(0.0, 2.0, 1e-3)
    ((curve, lasted),) = schreiber2019._stances(recording(load(time, "right"), time, "right"), "right")
    assert lasted == pytest.approx(0.7, abs=0.02) and curve.shape == (101, 2)
    # at mid-stance sin 90° + 0.3 sin 270° = 0.7; at 25 % (1 + 0.3) sin 45°
    assert curve[50, 0] == pytest.approx(0.7, abs=0.01) and curve[25, 0] == pytest.approx(1.3 * 0.5**0.5, abs=0.01)
    assert curve[25, 1] == pytest.approx(-0.15, abs=0.002) and curve[75, 1] == pytest.approx(0.15, abs=0.002)


def test_a_contact_that_is_cut_off_does_not_count():
    time = np.arange(0.8, 2.0, 1e-3)
    assert not schreiber2019._stances(recording(load(time, "right"), time, "right"), "right")
    assert not schreiber2019._stances(recording(load(time, "right"), time, "right"), "left")


def _markers(time: np.ndarray) -> dict[str, np.ndarray]:
    """Places of the markers, (T, 3) [m]; a foot stands where its plate is and swings before and after."""
    pelvis = 1.1 * time
    found = {}
    for letter, side in (("R", "right"), ("L", "left")):
        first, last, x, y = STEPS[side]
        foot = np.interp(time, (first - 0.45, first, last, last + 0.45), (x - 1.2, x, x, x + 1.2))
        for name, ahead, up in (("FCC", -0.05, 0.03), ("FM1", 0.12, 0.02), ("FM2", 0.13, 0.02), ("FM5", 0.1, 0.02)):
            found[f"{letter}_{name}"] = np.column_stack((foot + ahead, np.full(len(time), y), np.full(len(time), up)))
        for name, ahead in (("IAS", 0.1), ("IPS", -0.1)):
            place = np.column_stack((pelvis + ahead, np.full(len(time), y), np.full(len(time), 0.95)))
            found[f"{letter}_{name}"] = place
    return found


def write(path: Path) -> None:
    """One right and one left step, each on the middle of a plate of type 2, in millimetres."""
    time = np.arange(0.0, 2.2, 1.0 / RATE)
    fine = np.arange(len(time) * SAMPLES) / (RATE * SAMPLES)
    markers, file = _markers(time), ezc3d.c3d()
    data = np.ones((4, len(markers), len(time)))
    data[:3] = 1000.0 * np.stack(list(markers.values())).transpose(2, 0, 1)
    file["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    file["parameters"]["POINT"]["RATE"]["value"] = [float(RATE)]
    file["parameters"]["POINT"]["LABELS"]["value"] = list(markers)
    file["data"]["points"] = data
    plates, corners = [], []
    for side, (_, _, x, y) in STEPS.items():
        # the plate's x is forward, its y to the right, its z down; it states the force on the person in these axes
        plates.append(np.column_stack((load(fine, side) * [1.0, -1.0, -1.0], np.zeros((len(fine), 3)))))
        half = np.array([[0.25, -0.15], [-0.25, -0.15], [-0.25, 0.15], [0.25, 0.15]])
        corners.append(1000.0 * np.column_stack((half + [x, y], np.zeros(4))).T)
    analog = file["parameters"]["ANALOG"]
    analog["UNITS"]["value"] = (["N"] * 3 + ["Nmm"] * 3) * 2
    analog["RATE"]["value"] = [float(RATE * SAMPLES)]
    analog["LABELS"]["value"] = [f"P{plate}_{k}" for plate in (1, 2) for k in range(6)]
    file["data"]["analogs"] = np.hstack(plates).T[None]
    file.add_parameter("FORCE_PLATFORM", "USED", [2])
    file.add_parameter("FORCE_PLATFORM", "TYPE", [2, 2])
    file.add_parameter("FORCE_PLATFORM", "ZERO", [1, 0])
    file.add_parameter("FORCE_PLATFORM", "CHANNEL", np.arange(1.0, 13.0).reshape(2, 6).T)
    file.add_parameter("FORCE_PLATFORM", "ORIGIN", np.zeros((3, 2)))
    file.add_parameter("FORCE_PLATFORM", "CORNERS", np.stack(corners, axis=2))
    file.write(str(path))


def test_trials_become_stances_by_condition(tmp_path):
    (tmp_path / "people.csv").write_text(f"person,mass_kg\n2014001,{MASS}\n")
    (tmp_path / "2014001").mkdir()
    for name in ("2014001_C4_01", "2014001_C4_02", "2014001_C5_01"):
        write(tmp_path / "2014001" / f"{name}.c3d")
    walks = schreiber2019.read(tmp_path, {})
    assert [walk.condition for walk in walks] == ["own", "fast"] and walks[0].speed == pytest.approx(1.1, abs=0.05)
    for side in ("right", "left"):
        rows = walks[0].parts["force", side, "stance"]
        assert len(rows) == 2 and rows.channel("vertical")[0, 50] == pytest.approx(0.7, abs=0.02)
        assert rows.channel("anterior")[0, 75] == pytest.approx(0.15, abs=0.01)
    found = population.build(walks, schreiber2019.SOURCE)
    assert list(found) == ["schreiber2019_fast", "schreiber2019_own"]


def test_files_that_are_no_trials_say_why(tmp_path):
    (tmp_path / "people.csv").write_text("person,mass_kg\n2014001,heavy\n")
    with pytest.raises(BadFile, match=r"people\.csv: every row is a person and a mass in kg"):
        schreiber2019.read(tmp_path, {})
