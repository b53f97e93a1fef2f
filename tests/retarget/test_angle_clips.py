"""Clips that are joint angles alone: the body gets those angles back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from biomimic import embodiment
from biomimic.retarget import clips, method

DATA = Path(__file__).parents[2] / "../shared/data"
LIMIT = np.radians(4.0)
SAGITTAL = tuple(
    f"{angle}_{side}" for angle in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion") for side in ("right", "left")
)


@pytest.fixture(scope="module")
def body():
    return embodiment.load("myofullbody")


def _march(path: Path, frames: int = 50) -> Path:
    """Marching on the spot, right knee first, degrees, knees negative; the pelvis stays over the standing leg."""
    phase = 2.0 * np.pi * np.arange(frames) / frames
    lift = {"r": np.maximum(np.sin(phase), 0.0) ** 2, "l": np.maximum(-np.sin(phase), 0.0) ** 2}
    columns = {"time": 0.02 * np.arange(frames), "pelvis_tilt": 0.0, "pelvis_list": 0.0, "pelvis_rotation": 0.0}
    columns |= {"pelvis_tx": 0.0, "pelvis_ty": 0.93, "pelvis_tz": 0.0}
    for side, raised in lift.items():
        columns |= {f"hip_flexion_{side}": 40.0 * raised, f"knee_angle_{side}": -70.0 * raised - 1.0}
        columns |= {f"ankle_angle_{side}": 10.0 * raised}
    rows = np.column_stack([np.broadcast_to(values, frames) for values in columns.values()])
    text = "\n".join("\t".join(f"{value:.6f}" for value in row) for row in rows)
    path.write_text("march\ninDegrees=yes\nendheader\n" + "\t".join(columns) + "\n" + text + "\n")
    return path


def test_a_march_comes_back(tmp_path, body):
    """The file is its own angles; 40 degrees of hip and 70 of knee are found on the side that has them."""
    (clip,) = clips.find(_march(tmp_path / "march.mot"))
    assert clip.angles == clip.path
    trajectory, record = method.ours(clip, body)
    for name in SAGITTAL:
        assert record.angles[name] < LIMIT, f"{name}: {np.degrees(record.angles[name]):.1f} degrees"
    of_body = dict(zip(body.angle_names, body.trajectory_angles(trajectory.qpos).T))
    highest = {side: int(np.argmax(of_body[f"knee_flexion_{side}"])) for side in ("right", "left")}
    assert highest["right"] == pytest.approx(25, abs=3) and highest["left"] == pytest.approx(75, abs=3)


@pytest.mark.slow
@pytest.mark.parametrize("generic", [False, True], ids=["own", "generic"])
@pytest.mark.parametrize(
    "name",
    [
        "falisse2019-walk/gait_14_ik.mot",
        "rajagopal2016-walk/coordinates.sto",
        "opencap-walk-subject4/walking1_ik.mot",
        "hamner2013-run-subject01/run200_ik.mot",
    ],
)
def test_shared_angles_come_back(body, name, generic):
    if not (DATA / name).is_file():
        pytest.skip(f"the trial is not at {DATA / name}")
    (clip,) = clips.find(DATA / name)
    assert clip.model is not None
    trajectory, record = method.ours(replace(clip, model=None) if generic else clip, body)
    for angle in SAGITTAL:
        assert record.angles[angle] < LIMIT, f"{angle}: {np.degrees(record.angles[angle]):.1f} degrees"
    place = body.to_house(trajectory.qpos[:, :3])
    assert place[-1, 0] - place[0, 0] > 0.8 * trajectory.duration  # forward, on the treadmill too
    assert record.nearness.rmse < 0.025
