"""A clip's files read together, and both methods on one small clip."""

from dataclasses import replace
from pathlib import Path

import made_clips
import numpy as np
import pytest

from biomimic.retarget import bulk, clips, method, outcome, overview
from biomimic.retarget.clip_options import ClipOptions
from biomimic.retarget.record import Record

DATA = Path(__file__).parents[2] / "../shared/data"


def test_angles_and_forces_are_on_the_time_of_the_markers(tmp_path):
    """Markers begin at 0.5 s, the angles' table at 0 s and the plates' at 0.4 s."""
    heel = np.tile([0.0, -0.1, 0.03], (51, 1))
    markers = {"R.Heel": heel, "L.Heel": heel * [1.0, -1.0, 1.0], "Sternum": heel * 0.0 + [0.1, 0.0, 1.3]}
    markers |= {"R.Knee": heel + [0.0, 0.0, 0.45], "L.Knee": heel * [1.0, -1.0, 1.0] + [0.0, 0.0, 0.45]}
    made_clips.trc(tmp_path / "walk.trc", markers, start=0.5)
    rows = [f"{0.01 * k:.2f}\t{0.3 + 0.001 * k:.6f}\t{0.4:.6f}" for k in range(151)]
    (tmp_path / "walk_ik.mot").write_text("endheader\ntime\thip_flexion_r\tknee_angle_r\n" + "\n".join(rows) + "\n")
    head = "endheader\ntime\tground_force_r_vx\tground_force_r_vy\tground_force_r_vz\n"
    rows = [f"{0.4 + 0.01 * k:.2f}\t0\t{100.0 + k}\t0" for k in range(101)]
    (tmp_path / "walk_grf.mot").write_text(head + "\n".join(rows) + "\n")
    (clip,) = clips.find(tmp_path / "walk.trc")
    found = method.read(clip, ClipOptions())
    angles = found.angles.between(-1e-9, 1.0)
    assert angles.time[0] == pytest.approx(0.0) and angles.channel("hip_flexion_right")[0] == pytest.approx(0.35)
    assert found.force.shape == (51, 6) and found.force[0, 2] == pytest.approx(110.0, abs=0.6)
    assert found.places is None


def test_opencap_walk_with_all_that_belongs_to_it():
    if not (DATA / "opencap-walk-subject4").is_dir():
        pytest.skip(f"the OpenCap walk is not at {DATA}")
    (clip,) = clips.find(DATA / "opencap-walk-subject4/walking1.trc")
    found = method.read(clip, ClipOptions())
    assert len(found.force) == len(found.motion.position) == 131
    assert "knee_flexion_left" in found.angles.names and "C7" in found.places.markers


def test_baseline_follows_the_same_points(tmp_path):
    pytest.importorskip("mink", reason="the extra `baseline` is not installed")
    made_clips.amass(tmp_path / "clip.npz", frames=20)
    found = clips.find(tmp_path / "clip.npz")
    work = bulk.Work("myofullbody", tmp_path / "out")
    records = []
    for name, folder in ((method.OURS, work.out), (method.MINK, work.out / outcome.BASELINE)):
        assert not bulk.run(found, replace(work, method=name), jobs=1).failed
        records.append(Record.load(folder / "clip.record.json"))
    ours, plain = records
    assert ours.frames == plain.frames == 39 and set(ours.nearness.each) == set(plain.nearness.each)
    assert ours.coupling.rms < plain.coupling.rms  # couplings as tasks are not exact
    (row,) = overview.rows(work.out)
    assert len(row.baseline) == len(row.cells)
    assert overview.text([row]).splitlines()[2].startswith("  mink ")
