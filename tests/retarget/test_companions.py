"""Angles and forces beside a clip: the knee's sign, the clip's own time, plates given to feet."""

from pathlib import Path

import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.readers import trc
from biomimic.retarget import companions

DATA = Path(__file__).parents[2] / "../shared/data"
FRAMES = 101  # 1 s at 100 Hz


def _table(path: Path, columns: dict[str, np.ndarray], *, degrees: bool = False) -> Path:
    lines = ["inDegrees=yes" if degrees else "inDegrees=no", "endheader", "\t".join(columns)]
    lines += ["\t".join(f"{value:.6f}" for value in row) for row in zip(*columns.values())]
    path.write_text("\n".join(lines) + "\n")
    return path


def _feet() -> Motion:
    """Two heels that stand 0.2 m apart and a head."""
    position = np.zeros((FRAMES, 3, 3))
    position[:, 0, 1], position[:, 1, 1], position[:, 2, 2] = -0.1, 0.1, 1.6
    return Motion(100.0, position, ("R.Heel", "LHEE", "Head"), Provenance("made by this test"))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_knee_flexion_is_positive_whatever_the_model(tmp_path, sign):
    time = np.linspace(2.0, 3.0, 51)
    knee = 0.4 + 0.3 * np.sin(6.0 * time)
    path = _table(tmp_path / "ik.mot", {"time": time, "hip_flexion_r": 0.1 * time, "knee_angle_r": sign * knee})
    found = companions.angles(path, start=2.2)
    np.testing.assert_allclose(found.channel("knee_flexion_right"), knee, atol=1e-6)
    assert found.time[0] == pytest.approx(-0.2) and found.unit == "rad"


def _plates(path: Path, *, prefix: str, sideways: np.ndarray, load: np.ndarray) -> Path:
    """One plate; `sideways` is where the load acts, to the left [m]."""
    zeros, columns = np.zeros(len(load)), {"time": 0.5 + np.arange(len(load)) / 1000.0}
    for axis, value in zip("xyz", (0.1 * load, load, -0.05 * load)):
        columns[f"{prefix}v{axis}"] = value
    for axis, value in zip("xyz", (zeros, zeros, -sideways)):
        columns[f"{prefix}p{axis}"] = value
    return _table(path, columns)


def test_each_stretch_goes_to_the_nearer_foot(tmp_path):
    load = np.zeros(1001)
    load[100:300], load[500:800] = 700.0, 500.0
    sideways = np.where(np.arange(1001) < 400, -0.08, 0.12)  # first under the right foot, then under the left one
    path = _plates(tmp_path / "grf.mot", prefix="1_ground_force_", sideways=sideways, load=load)
    found = companions.forces(path, _feet(), 100.0, start=0.5)
    assert found.shape == (FRAMES, 6)
    np.testing.assert_allclose(found[20], [70.0, 35.0, 700.0, 0.0, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(found[60], [0.0, 0.0, 0.0, 50.0, 25.0, 500.0], atol=1e-6)
    assert not found[40].any()


def test_load_far_from_both_feet_is_nobodys(tmp_path):
    path = _plates(tmp_path / "grf.mot", prefix="p", sideways=np.full(1001, 2.0), load=np.full(1001, 700.0))
    assert not companions.forces(path, _feet(), 100.0, start=0.5).any()


def test_named_columns_need_no_pressure(tmp_path):
    load = np.full(1001, 700.0)
    columns = {"time": np.arange(1001) / 1000.0}
    columns |= {f"ground_force_l_v{axis}": value for axis, value in zip("xyz", (0.0 * load, load, 0.0 * load))}
    found = companions.forces(_table(tmp_path / "grf.mot", columns), _feet(), 100.0)
    np.testing.assert_allclose(found[:, 5], 700.0)
    assert not found[:, :3].any()


def test_frames_outside_of_the_record_are_unknown(tmp_path):
    path = _plates(tmp_path / "grf.mot", prefix="p", sideways=np.full(501, 0.1), load=np.full(501, 700.0))
    found = companions.forces(path, _feet(), 100.0, start=0.25)  # the record begins 0.25 s later and ends at 0.75 s
    known = np.isfinite(found).all(axis=1)
    assert np.flatnonzero(known)[[0, -1]].tolist() == [25, 75] and known.sum() == 51


def test_forces_that_say_no_foot(tmp_path):
    load = np.full(101, 700.0)
    columns = {"time": np.arange(101) / 100.0} | {f"plate1_v{axis}": load for axis in "xyz"}
    with pytest.raises(BadValue, match='"plate1_v…" do not say the foot and have no centre of pressure'):
        companions.forces(_table(tmp_path / "grf.mot", columns), _feet(), 100.0)
    with pytest.raises(BadFile, match="has no force columns"):
        companions.forces(_table(tmp_path / "ik.mot", {"time": np.arange(101.0), "knee": load}), _feet(), 100.0)


def test_feet_that_no_name_tells(tmp_path):
    path = _plates(tmp_path / "grf.mot", prefix="p", sideways=np.zeros(101), load=np.full(101, 700.0))
    position = np.zeros((FRAMES, 2, 3))
    position[:, 1, 2] = 1.6
    motion = Motion(100.0, position, ("heel", "head"), Provenance("made by this test"))
    with pytest.raises(BadValue, match="No landmark of the right foot is known by its name"):
        companions.forces(path, motion, 100.0)


def test_opencap_walk_bears_the_person_on_both_feet():
    folder = DATA / "opencap-walk-subject4"
    if not folder.is_dir():
        pytest.skip(f"the OpenCap walk is not at {folder}")
    motion = trc.read(folder / "walking1.trc")
    found = companions.forces(folder / "walking1_grf.mot", motion, 100.0)
    assert found.shape == (len(motion.position), 6)
    # 62.6 kg weigh 614 N; both peaks of a walk's vertical force are 1.1 to 1.25 times that
    assert 1.05 < found[:, 2].max() / 614.0 < 1.3 and 1.05 < found[:, 5].max() / 614.0 < 1.3
