"""Cache files hold what the layout says, come back as they went, and say what is wrong with them."""

import dataclasses

import mujoco
import numpy as np
import pytest
from cache_clips import swinging

from biomimic import embodiment
from biomimic.errors import BadFile, BadValue
from biomimic.retarget import musclemimic_cache as cache

SITES = (  # of the full body, in the order of its bodies
    "pelvis_mimic",
    "right_hip_mimic",
    "right_knee_mimic",
    "right_ankle_mimic",
    "right_toes_mimic",
)


@pytest.fixture(scope="module")
def body():
    return embodiment.load("myofullbody")


@pytest.fixture(scope="module")
def clip(body):
    return swinging(body)


@pytest.fixture
def written(body, clip, tmp_path):
    path = cache.cache_path(tmp_path, body, "KIT/3/walk_04_poses")
    return cache.write_cache(path, clip, body)


def _changed(path, **changes):
    with np.load(path) as package:
        content = {name: package[name] for name in package.files}
    content |= changes
    other = path.with_name("other.npz")
    np.savez(other, **{name: value for name, value in content.items() if value is not None})
    return other


def test_path_is_where_musclemimic_looks(body, tmp_path):
    wanted = tmp_path / "MyoFullBody/gmr/KIT/3/walk_04_poses.npz"
    assert cache.cache_path(tmp_path, body, "KIT/3/walk_04_poses") == wanted
    assert cache.cache_path(tmp_path, body, "/KIT/3/walk_04_poses.npz") == wanted
    with pytest.raises(BadValue, match="below the cache folder"):
        cache.cache_path(tmp_path, body, "../walk")


@pytest.mark.published
def test_widths_are_those_of_the_published_layout(written):
    """Bodies, sites and coordinates of the trained body: 102 with the world, 17, 89 and 88."""
    with np.load(written, allow_pickle=False) as package:
        shapes = {name: package[name].shape for name in package.files}
        kinds = {package[name].dtype for name in ("qpos", "qvel", "xpos", "cvel", "site_xmat", "body_pos")}
        assert package["frequency"] == 100.0 and package["split_points"].tolist() == [0, 40]
    assert kinds == {np.dtype(np.float32)}
    assert (shapes["qpos"], shapes["qvel"]) == ((40, 89), (40, 88))
    assert [shapes[name] for name in ("xpos", "xquat", "cvel", "subtree_com")] == [(40, 102, n) for n in (3, 4, 6, 3)]
    assert (shapes["site_xpos"], shapes["site_xmat"], shapes["joint_names"]) == ((40, 17, 3), (40, 17, 9), (83,))


def test_rows_are_what_the_physics_says(body, clip, written):
    """Frame 7 against a full forward pass of the engine; the sites lie at the origins of their bodies."""
    data = mujoco.MjData(body.model)
    data.qpos[:], data.qvel[:] = clip.qpos[7], clip.qvel[7]
    mujoco.mj_forward(body.model, data)
    with np.load(written) as package:
        for name in ("xpos", "xquat", "cvel", "subtree_com"):
            np.testing.assert_allclose(package[name][7], getattr(data, name), atol=3e-6)
        names = package["site_names"].tolist()
        assert len(names) == 17 and [name for name in names if name in SITES] == list(SITES)
        for name, of in (("pelvis_mimic", "pelvis"), ("left_hand_mimic", "lunate_l"), ("left_toes_mimic", "toes_l")):
            site, number = names.index(name), body.model.body(of).id
            assert package["site_bodyid"][site] == number
            np.testing.assert_allclose(package["site_xpos"][7, site], data.xpos[number], atol=1e-6)
            np.testing.assert_allclose(package["site_xmat"][7, site], data.xmat[number], atol=1e-6)


@pytest.mark.parametrize(("name", "fingers"), [("myofullbody", False), ("myofullbody", True), ("bimanual", True)])
def test_comes_back_as_it_went(name, fingers, tmp_path):
    body = embodiment.load(name, fingers=fingers)
    clip = dataclasses.replace(swinging(body, frames=12), rate=120.0)
    back = cache.read_cache(cache.write_cache(tmp_path / "clip.npz", clip, body), body)
    assert (back.rate, back.embodiment, back.landmarks) == (120.0, name, clip.landmarks)
    np.testing.assert_allclose(back.qpos, clip.qpos, atol=3e-7)
    np.testing.assert_allclose(back.qvel, clip.qvel, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(back.landmark_position, clip.landmark_position, atol=2e-6)


def test_same_clip_same_bytes(body, clip, written, tmp_path):
    assert cache.write_cache(tmp_path / "again.npz", clip, body).read_bytes() == written.read_bytes()


def test_fingers_come_and_go(body, clip, written, tmp_path):
    whole = embodiment.load("myofullbody", fingers=True)
    more = cache.read_cache(written, whole)
    assert more.qpos.shape[1] == 129
    np.testing.assert_allclose(more.landmark_position, clip.landmark_position, atol=2e-6)
    fewer = cache.read_cache(cache.write_cache(tmp_path / "whole.npz", more, whole), body)
    np.testing.assert_allclose(fewer.qpos, clip.qpos, atol=3e-7)


def test_joints_are_found_by_name(body, clip, written):
    """The same file with the last two joints exchanged."""
    with np.load(written) as package:
        names, qpos, qvel = (package[name].copy() for name in ("joint_names", "qpos", "qvel"))
    names[[-1, -2]] = names[[-2, -1]]
    qpos[:, [-1, -2]], qvel[:, [-1, -2]] = qpos[:, [-2, -1]], qvel[:, [-2, -1]]
    back = cache.read_cache(_changed(written, joint_names=names, qpos=qpos, qvel=qvel), body)
    np.testing.assert_allclose(back.qpos, clip.qpos, atol=3e-7)
    np.testing.assert_allclose(back.qvel, clip.qvel, rtol=1e-6, atol=1e-6)


def test_one_clip_of_several(body, clip, written):
    several = _changed(written, split_points=np.array([0, 15, 40]))
    assert len(cache.read_cache(several, body, clip=1).qpos) == 25
    with pytest.raises(BadValue, match="holds 2 clips; say which one with clip=0 to clip=1"):
        cache.read_cache(several, body)
    with pytest.raises(BadValue, match="holds clips 0 to 1"):
        cache.read_cache(several, body, clip=2)


def test_pickled_members_are_never_opened(body, written):
    """MuscleMimic pickles its absent metadata; a pickle where numbers belong is refused."""
    absent = _changed(written, metadata=np.array(None, dtype=object))
    assert len(cache.read_cache(absent, body).qpos) == 40
    with pytest.raises(BadFile, match="pickled"):
        cache.read_cache(_changed(written, qpos=np.array({"a": 1}, dtype=object)), body)


def test_note_says_how_far_model_and_couplings_are_off(body, written):
    assert cache.read_cache(written, body).provenance.note.startswith("MuscleMimic cache, clip 0; couplings off by")
    with np.load(written) as package:
        place, qpos = package["body_pos"].copy(), package["qpos"].copy()
    place[10, 2] += 0.003
    assert "3 mm elsewhere" in cache.read_cache(_changed(written, body_pos=place), body).provenance.note
    dependent = body.couplings.dependent_qpos[0]
    qpos[4, dependent] += 0.25
    assert "off by up to 0.25" in cache.read_cache(_changed(written, qpos=qpos), body).provenance.note


def test_errors_say_what_is_wrong(body, clip, written, tmp_path):
    arms = embodiment.load("bimanual")
    with pytest.raises(BadFile, match="does not exist"):
        cache.read_cache(tmp_path / "none.npz", body)
    (tmp_path / "half.npz").write_bytes(written.read_bytes()[:2000])
    with pytest.raises(BadFile, match="truncated"):
        cache.read_cache(tmp_path / "half.npz", body)
    with pytest.raises(BadFile, match='lacks "qvel"'):
        cache.read_cache(_changed(written, qvel=None), body)
    with pytest.raises(BadFile, match="not retargeted to bimanual: .* Load the other embodiment"):
        cache.read_cache(written, arms)
    with pytest.raises(BadFile, match="qpos has 88 columns, and its joints need 89"):
        cache.read_cache(_changed(written, qpos=clip.qpos[:, 1:]), body)
    with pytest.raises(BadFile, match="qpos is not a number at frame 3"):
        broken = np.array(clip.qpos)
        broken[3, 20] = np.nan
        cache.read_cache(_changed(written, qpos=broken), body)
    with pytest.raises(BadValue, match="of myofullbody with 89 coordinates, and a cache of bimanual with 76"):
        cache.write_cache(tmp_path / "arms.npz", clip, arms)


def test_side_file_lies_beside(tmp_path):
    path = cache.write_analysis(tmp_path / "walk.npz", np.full((3, 17), 0.01), 250.0)
    assert path == tmp_path / "walk_analysis.npz"
    with np.load(path) as package:
        assert package["retarget_fps"] == 250.0 and package["pos_error"].shape == (3, 17)
