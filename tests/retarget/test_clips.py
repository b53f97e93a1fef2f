"""Clips found in folders and lists, and the files that belong to them."""

from pathlib import Path

import pytest

from biomimic.errors import BadFile, BadValue
from biomimic.retarget.clips import find

DATA = Path(__file__).parents[2] / "../shared/data"
COLUMNS = "endheader\ntime\tpelvis_tx\thip_flexion_r\tknee_angle_r\n0\t0\t0\t0\n"


def _touch(folder: Path, *names: str, text: str = "x") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_every_kind_is_found_and_nothing_else(tmp_path):
    _touch(
        tmp_path, "a/one.npz", "a/shape.npz", "a/male_stagei.npz", "two.bvh", "notes.txt", "README.md", ".hidden.bvh"
    )
    _touch(tmp_path, "b/three.trc", "b/three_grf.mot", "b/emg.sto", "c/four.c3d")
    _touch(tmp_path, "d/five_ik.mot", "b/three_ik.mot", text=COLUMNS)
    _touch(tmp_path, "walk.txt", text='{"Loop": "wrap",\n"Frames": [[0.03]]}')
    assert [clip.name for clip in find(tmp_path)] == ["two", "walk", "a/one", "b/three", "c/four", "d/five_ik"]


def test_results_are_not_searched(tmp_path):
    _touch(tmp_path, "one.npz", "results/one.npz")
    assert [clip.name for clip in find(tmp_path, without=tmp_path / "results")] == ["one"]


def test_companions_by_name(tmp_path):
    _touch(tmp_path, "walk.trc", "walk_grf.mot", "other.osim", "10.asf", "11.asf", "11_01.amc")
    _touch(tmp_path, "walk_ik.mot", text=COLUMNS)
    amc, walk = find(tmp_path)
    assert {role: path.name for role, path in walk.files.items()} == {
        "path": "walk.trc",
        "angles": "walk_ik.mot",
        "forces": "walk_grf.mot",
        "model": "other.osim",
    }
    assert amc.skeleton == tmp_path / "11.asf"


def test_two_models_belong_to_nobody(tmp_path):
    _touch(tmp_path, "walk.trc", "one.osim", "two.osim")
    assert find(tmp_path / "walk.trc")[0].model is None


def test_same_stem_keeps_the_ending(tmp_path):
    _touch(tmp_path, "07_01.bvh", "07_01.amc")
    assert [clip.name for clip in find(tmp_path)] == ["07_01_amc", "07_01_bvh"]


def test_list_names_files_relative_to_itself(tmp_path):
    _touch(tmp_path, "data/walk.trc", "data/static.trc", "data/angles.sto", "data/loads.mot")
    (tmp_path / "clips.toml").write_text(
        '[[clip]]\npath = "data/walk.trc"\nname = "rajagopal"\nangles = "data/angles.sto"\nforces = "data/loads.mot"\n'
        '[[clip]]\npath = "data/static.trc"\n'
    )
    walk, static = find(tmp_path / "clips.toml")
    assert (walk.name, walk.angles, walk.forces) == (
        "rajagopal",
        tmp_path / "data/angles.sto",
        tmp_path / "data/loads.mot",
    )
    assert (static.name, static.angles) == ("static", None)


def test_list_with_a_wrong_line(tmp_path):
    path = tmp_path / "clips.toml"
    path.write_text('[[clip]]\npath = "gone.trc"\n')
    with pytest.raises(BadFile, match='lists "gone.trc", which is not there'):
        find(path)
    path.write_text('[[clip]]\npath = "gone.trc"\nmodell = "a.osim"\n')
    with pytest.raises(BadFile, match='unknown key "modell".*Did you mean'):
        find(path)
    _touch(tmp_path, "a/walk.trc", "b/walk.trc")
    path.write_text('[[clip]]\npath = "a/walk.trc"\n[[clip]]\npath = "b/walk.trc"\n')
    with pytest.raises(BadValue, match='more than one clip "walk"'):
        find(path)


def test_nothing_there(tmp_path):
    with pytest.raises(BadFile, match="does not exist; give a folder of clips"):
        find(tmp_path / "nowhere")
    with pytest.raises(BadFile, match="holds no clip"):
        find(tmp_path)
    _touch(tmp_path, "clip.fbx")
    with pytest.raises(BadFile, match="is no clip: its name ends with none of .npz, .bvh"):
        find(tmp_path / "clip.fbx")


def test_shared_data():
    if not DATA.is_dir():
        pytest.skip(f"the shared data are not at {DATA}")
    clips = {clip.name: clip for clip in find(DATA)}
    assert clips["cmu-mocap/amc/11_01"].skeleton.name == "11.asf"
    assert clips["falisse2019-walk/gait_14_ik"].forces.name == "gait_14_grf.mot"
    assert clips["opencap-walk-subject4/walking1"].angles.name == "walking1_ik.mot"
    assert "deepmimic-motions/humanoid3d_walk" in clips and "rajagopal2016-walk/coordinates" not in clips
