"""Any motion-capture file is read by what it is."""

import json
import shutil

import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.readers import mocap

CLIPS = {
    "cmu-mocap-amass-format/CMU_07_01_walk_poses.npz": ("amass", 316),
    "cmu-mocap/bvh/08_02_walk_from_fbx.bvh": ("bvh", 309),
    "cmu-mocap/amc/11_01.amc": ("amc", 597),
    "deepmimic-motions/humanoid3d_run.txt": ("deepmimic", 25),
    "bandai-namco-bvh/dataset-2_run_normal_001.bvh": ("bvh", 68),
}
MARKERS = {
    "opencap-walk-subject4/walking1.trc": "trc",
    "rajagopal2016-walk/markers_walk.trc": "trc",
    "c3d-gait-opensim/walking2.c3d": "c3d",
}


def _standing():
    poses = np.zeros((5, 156))
    poses[:, 0] = np.pi / 2
    return {"poses": poses, "trans": np.zeros((5, 3)), "mocap_framerate": np.array(60.0)}


def test_npz_is_amass_or_our_own(tmp_path):
    np.savez(tmp_path / "walk.npz", **_standing())
    motion = mocap.read_motion(tmp_path / "walk.npz")
    assert "SMPLH" in motion.provenance.note
    assert mocap.kind_of(motion.save(tmp_path / "saved.npz")) == "motion"
    again = mocap.read_motion(tmp_path / "saved.npz")
    np.testing.assert_array_equal(again.position, motion.position)
    assert again.landmarks == motion.landmarks


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"HIERARCHY\nROOT Hips\n", "bvh"),
        (b"\xef\xbb\xbfHIERARCHY\r\n", "bvh"),
        (b"PathFileType\t4\t(X/Y/Z)\ta.trc\n", "trc"),
        (b'\n{\n"Loop": "wrap"', "deepmimic"),
        (b":FULLY-SPECIFIED\n:DEGREES\n", "amc"),
        (b"\x02\x50\x01\x00", "c3d"),
    ],
)
def test_a_file_without_a_telling_name_is_known_by_its_beginning(tmp_path, start, kind):
    (tmp_path / "clip.dat").write_bytes(start)
    assert mocap.kind_of(tmp_path / "clip.dat") == kind


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("grf.mot", "not a whole person.s joint angles of OpenSim"),
        ("11.asf", "give the .amc file"),
        ("a.fbx", "export the clip as .bvh"),
        ("a.pkl", "pickles are not opened"),
        ("notes.md", "of no kind that is known here; known are AMASS"),
        ("a.npz", "truncated or no npz file"),
    ],
)
def test_what_is_no_motion(tmp_path, name, message):
    (tmp_path / name).write_text("something else")
    with pytest.raises(BadFile, match=message):
        mocap.read_motion(tmp_path / name)


def test_states_of_a_body_and_missing_files(tmp_path):
    np.savez(tmp_path / "cache.npz", qpos=np.zeros((3, 7)))
    with pytest.raises(BadFile, match="retargeted already"):
        mocap.read_motion(tmp_path / "cache.npz")
    with pytest.raises(BadFile, match="does not exist or is a folder"):
        mocap.read_motion(tmp_path / "absent.bvh")
    with pytest.raises(BadFile, match="does not exist or is a folder"):
        mocap.read_motion(tmp_path)


def test_up_cannot_be_given_where_it_is_fixed(tmp_path):
    still = Motion(10.0, np.zeros((3, 1, 3)), ("pelvis",), Provenance("made"))
    with pytest.raises(BadValue, match='up="y" was given .* z always points up'):
        mocap.read_motion(still.save(tmp_path / "a.npz"), up="y")
    (tmp_path / "b.txt").write_text(json.dumps({"Frames": []}))
    with pytest.raises(BadValue, match="y always points up"):
        mocap.read_motion(tmp_path / "b.txt", up="z")


@pytest.mark.parametrize("clip", CLIPS)
def test_skeleton_clips(shared_data, clip):
    kind, frames = CLIPS[clip]
    assert mocap.kind_of(shared_data / clip) == kind
    motion = mocap.read_motion(shared_data / clip)
    assert len(motion.position) == frames and motion.rotation is not None
    assert {"pelvis", "spine1", "neck", "knee_right", "ankle_left", "wrist_right"} <= set(motion.landmarks)


def test_upper_case_suffix(shared_data, tmp_path):
    shutil.copy(shared_data / "bandai-namco-bvh/dataset-2_run_normal_001.bvh", tmp_path / "RUN.BVH")
    assert len(mocap.read_motion(tmp_path / "RUN.BVH").position) == 68


@pytest.mark.parametrize("clip", MARKERS)
def test_marker_clips(shared_data, clip):
    if clip.endswith("c3d"):
        pytest.importorskip("ezc3d")
    assert mocap.kind_of(shared_data / clip) == MARKERS[clip]
    motion = mocap.read_motion(shared_data / clip)
    assert motion.rotation is None and len(motion.landmarks) > 20
