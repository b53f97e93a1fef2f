"""Every trial of the shared human data is read by one call; its figures are those that the data's own notes state."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from biomimic.errors import BiomimicError
from biomimic.motion import Motion
from biomimic.readers import Told, laboratory, read
from biomimic.readers.overview import Overview, overview

DOCS = Path(__file__).parents[2] / "docs/readers.md"


class Trial(NamedTuple):
    """One call, and what the notes beside the files say of the trial; None where they say nothing.

    Args:
        folder: of the files.
        files: given together.
        told: what they do not say.
        speed: [m/s], lowest and highest.
        knee: largest flexion [deg].
        vertical: peaks [BW].
        emg: muscle → phase of its peak [% of the stride], from and to, past 100 where it wraps.
    """

    folder: str
    files: tuple[str, ...]
    told: Told | None = None
    speed: tuple[float, float] | None = None
    knee: tuple[float, float] | None = None
    vertical: tuple[float, float] | None = None
    emg: dict[str, tuple[float, float]] = {}


RAJAGOPAL = ("coordinates.sto", "grf_walk.mot", "electromyography.sto", "id_walk.sto", "markers_walk.trc")
LATE = (35.0, 60.0)  # % of the stride: late stance
LANDING = (90.0, 110.0)
WALKING_KNEE, WALKING_PEAK = (58.0, 74.0), (0.85, 1.25)  # of all walking trials together; some steps slow down
TRIALS = [
    Trial(
        "rajagopal2016-walk", (*RAJAGOPAL, "subject_walk_scaled.osim"), Told(emg_side="right"), (1.2, 1.3), (70, 75),
        (1.05, 1.18), {"soleus_right": LATE, "gastrocnemius_right": LATE, "tibialis_anterior_right": LANDING},
    ),
    Trial("rajagopal2016-walk", ("emg_walk_raw.anc", "grf_walk.mot"), Told(mass=85.27, emg_side="right"),
          vertical=(1.05, 1.18), emg={"soleus_right": LATE, "tibialis_anterior_right": LANDING}),
    Trial("falisse2019-walk", ("gait_14_ik.mot", "gait_14_grf.mot", "gait_14_id.sto", "subject1.osim"), None,
          (1.22, 1.43), (64, 68), WALKING_PEAK),
    Trial("gait2392-subject01-walk", ("subject01_walk1_ik.mot", "subject01_walk1_grf.mot", "subject01_walk1.trc"),
          Told(mass=72.6), None, (68, 73), (1.05, 1.15)),  # 805 N twice
    *(
        Trial("opencap-walk-subject4",
              (f"walking{k}_ik.mot", f"walking{k}_grf.mot", f"walking{k}.trc", "optimized_scale_and_markers.osim"),
              None, (1.24, 1.36), WALKING_KNEE, WALKING_PEAK)
        for k in (1, 2, 4)
    ),
    Trial("hamner2010-run-subject02", ("subject02_running_ik.mot", "subject02_running_grf.mot", "subject02_running.trc",
          "subject02_scaled.osim"), None, (3.8, 4.1), (98, 115), (2.2, 2.7)),
    *(
        Trial("hamner2013-run-subject01", (f"run{k}_ik.mot", f"run{k}_grf.mot", f"run{k}.trc", "final.osim"), None,
              speed, (85, 106), peak)
        for k, speed, peak in ((200, (1.9, 2.1), (2.1, 2.3)), (300, (2.9, 3.1), (2.45, 2.6)))
    ),
    Trial("rajagopal2016-run", ("grf_run.mot", "motion_capture_run.trc"), Told(mass=73.3), None, None, (2.2, 2.8)),
    Trial("c3d-gait-btk", ("PiG_Motion-FlatFoot-One.c3d",), None, None, (45, 74), (0.5, 1.25),
          {"tibialis_anterior_right": (98, 107), "gastrocnemius_right": (44, 50)}),
    Trial("c3d-gait-btk", ("Gait.c3d",), Told(mass=80.0), None, None, (0.85, 1.25)),
    Trial("c3d-gait-opensim", ("walking2.c3d",), Told(mass=80.0), None, None, (0.6, 1.25)),
    Trial("c3d-gait-opensim", ("walking5.c3d",), Told(mass=80.0), None, None, (0.6, 1.25)),
    Trial("cmu-mocap", ("bvh/07_01_walk_from_fbx.bvh",), None, (1.33, 1.39), WALKING_KNEE),
    Trial("cmu-mocap", ("bvh/08_02_walk_from_fbx.bvh",), None, (1.51, 1.57), WALKING_KNEE),
    Trial("cmu-mocap", ("bvh/09_11_run_from_fbx.bvh",), None, (3.43, 3.53), (100, 125)),
    Trial("cmu-mocap-amass-format", ("CMU_07_01_walk_poses.npz",), None, (1.33, 1.39), WALKING_KNEE),
    Trial("cmu-mocap-amass-format", ("CMU_08_02_walk_poses.npz",), None, (1.51, 1.57), WALKING_KNEE),
    Trial("cmu-mocap-amass-format", ("CMU_09_11_run_poses.npz",), None, (3.43, 3.53), (100, 125)),
    Trial("deepmimic-motions", ("humanoid3d_walk.txt",), None, (0.95, 1.01), (60, 80)),
    Trial("deepmimic-motions", ("humanoid3d_run.txt",), None, (3.5, 3.6), (90, 125)),
    Trial("bandai-namco-bvh", ("dataset-2_walk_normal_001.bvh",), None, (1.05, 1.15), WALKING_KNEE),
    Trial("bandai-namco-bvh", ("dataset-2_walk_active_001.bvh",), None, (1.35, 1.45), (58, 80)),
    Trial("bandai-namco-bvh", ("dataset-2_run_normal_001.bvh",), None, (3.5, 3.7), (100, 140)),
    Trial("bandai-namco-bvh", ("dataset-2_run_active_002.bvh",), None, (3.4, 3.6), (100, 140)),
    *(Trial("cmu-mocap", (name,)) for name in ("amc/11_01.amc", "bvh/131_01.bvh", "bvh/131_02.bvh", "bvh/131_03.bvh")),
    *(Trial("cmu-mocap-amass-format", (f"CMU_131_0{k}_start_walk_stop_poses.npz",)) for k in (1, 2)),
    *(Trial("rajagopal2016-walk", (f"static_walk_{k}.trc",), None, (-0.03, 0.03)) for k in (1, 2)),
    Trial("rajagopal2016-run", ("static_run.trc",), None, (-0.03, 0.03)),
]  # fmt: skip
NO_TRIALS = (".mat", ".xls", ".xlsx", ".csv", ".md")  # curves and tables of curves, for the reference data sets
COMPANIONS = (".osim", ".asf")
HEAD = (
    "| trial | gait | speed [m/s] | knee, right / left [deg] | vertical force, right [BW] | left [BW] | EMG [%] |\n"
    "|---|---|---|---|---|---|---|"
)


def _overview(trial: Trial, shared: Path) -> Overview:
    files = [shared / trial.folder / name for name in trial.files]
    found = read(files if len(files) > 1 else files[0], trial.told)
    marked = laboratory.read_events(files[0]) if files[0].suffix == ".c3d" else None
    return overview(found, marked)


@pytest.fixture(scope="module")
def overviews(shared_data) -> list[tuple[Trial, Overview]]:
    return [(trial, _overview(trial, shared_data)) for trial in TRIALS]


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-0.00", "0.00") if np.isfinite(value) else "–"


def _row(trial: Trial, one: Overview) -> str:
    knees = " / ".join(_number(one.knee.get(side, np.nan), 0) for side in ("right", "left"))
    forces = [" ".join(_number(v, 2) for v in one.vertical.get(side, (np.nan,))) for side in ("right", "left")]
    short = {"soleus_right": "SOL", "gastrocnemius_right": "GAS", "tibialis_anterior_right": "TA"}
    emg = ", ".join(f"{short[name]} {percent:.0f}" for name, percent in one.emg.items() if name in short)
    name = f"{trial.folder}/{trial.files[0]}"
    return f"| {name} | {one.gait or '–'} | {_number(one.speed, 2)} | {knees} | {' | '.join(forces)} | {emg or '–'} |"


def test_every_trial_has_the_figures_that_its_notes_state(overviews):
    print(f"\n{HEAD}")
    wrong = []
    for trial, one in overviews:
        print(_row(trial, one))
        stated = [("speed", trial.speed, [one.speed]), ("knee", trial.knee, list(one.knee.values()))]
        stated.append(("vertical", trial.vertical, [value for pair in one.vertical.values() for value in pair]))
        for name, span, values in stated:
            if span is not None and not (values and all(span[0] <= value <= span[1] for value in values)):
                wrong.append(f"{trial.folder}/{trial.files[0]}: {name} {values}, stated {span}")
        for muscle, (low, high) in trial.emg.items():
            found = one.emg[muscle]
            if not any(low <= value <= high for value in (found, found + 100.0)):
                wrong.append(f"{trial.folder}/{trial.files[0]}: {muscle} at {found:.0f} %, stated {low} to {high}")
    assert not wrong, "\n".join(wrong)


def test_runners_run_and_walkers_walk(overviews):
    gaits = {trial.folder: one.gait for trial, one in overviews if one.gait}
    assert {name: gait for name, gait in gaits.items() if "run" in name} == {
        "hamner2010-run-subject02": "running",
        "hamner2013-run-subject01": "running",
        "rajagopal2016-run": "running",
    }
    assert all(gait == "walking" for name, gait in gaits.items() if "walk" in name)


def test_the_table_in_the_docs_is_this_one(overviews):
    text = DOCS.read_text(encoding="utf-8")
    missing = [row for row in [HEAD, *(_row(trial, one) for trial, one in overviews)] if row not in text]
    assert not missing, "\n".join(missing)


def test_no_shared_file_is_left_out(shared_data):
    """What is in no trial is a companion of one, or refused with a sentence that says where it belongs."""
    used = {shared_data / trial.folder / name for trial in TRIALS for name in trial.files}
    rest = [path for path in sorted(shared_data.rglob("*")) if path.is_file() and path not in used]
    assert {path.suffix for path in rest} <= {*NO_TRIALS, *COMPANIONS}
    for path in rest:
        if path.suffix in NO_TRIALS:
            with pytest.raises(BiomimicError, match="no trial|does not say its units"):
                read(path)


def test_the_run_of_rajagopal_is_in_newtons(shared_data):
    """Its notes: largest vertical force 1977 N."""
    found = read([shared_data / "rajagopal2016-run" / name for name in ("grf_run.mot", "motion_capture_run.trc")],
                 Told(mass=73.3))  # fmt: skip
    assert found.force.values.max() == pytest.approx(1977, abs=1)
    assert not isinstance(found, Motion) and "pelvis_x" in found.position.names
