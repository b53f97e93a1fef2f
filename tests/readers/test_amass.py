"""AMASS files: a person made by hand, the CMU clips, and what may be wrong with a file."""

import time

import numpy as np
import pytest

from biomimic.errors import BadFile
from biomimic.readers import amass

UPRIGHT = np.array([np.pi / 2, 0.0, 0.0])  # SMPL has y up; this turn makes it z, facing -y
SPEEDS = {"CMU_07_01_walk": 1.36, "CMU_08_02_walk": 1.54, "CMU_09_11_run": 3.48}  # [m/s], the clips' README


def _standing(frames=20, width=156):
    poses = np.zeros((frames, width))
    poses[:, :3] = UPRIGHT
    return {
        "poses": poses,
        "trans": np.tile([0.0, 0.0, 1.2], (frames, 1)),
        "mocap_framerate": np.array(60.0),
        "betas": np.zeros(16),
        "gender": np.array("neutral"),
    }


def _read(tmp_path, content, **options):
    np.savez(tmp_path / "clip_poses.npz", **content)
    return amass.read(tmp_path / "clip_poses.npz", **options)


def _at(motion, joint):
    return motion.position[:, motion.landmarks.index(joint)]


def flexion(motion, side, joints=("hip", "knee", "ankle")):
    """Angle between the two segments that meet at the middle joint [deg]."""
    upper, middle, lower = (_at(motion, f"{joint}_{side}") for joint in joints)
    first, second = middle - upper, lower - middle
    cosine = np.sum(first * second, axis=1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def test_standing_person_by_hand(tmp_path):
    """y up becomes z up and the person faces -y: body x (left) is world x, body z (forward) is world -y."""
    motion = _read(tmp_path, _standing())
    assert motion.rate == 60.0 and motion.landmarks[:5] == ("pelvis", "spine1", "spine2", "spine3", "neck")
    np.testing.assert_allclose(_at(motion, "pelvis")[3], [-0.0018, -0.2233, 1.2 + 0.0282], atol=1e-12)
    np.testing.assert_allclose(
        (_at(motion, "hip_left") - _at(motion, "pelvis"))[0], [0.0695, 0.0068, -0.0914], atol=1e-12
    )
    # joint axes forward, left, up point to -y, x, z: a quarter turn to the right
    quarter = np.array([np.sqrt(0.5), 0, 0, -np.sqrt(0.5)])
    np.testing.assert_allclose(np.abs(motion.rotation @ quarter), 1.0, atol=1e-12)
    assert "betas unused" in motion.provenance.note and len(motion.provenance.sha256) == 64


def test_bent_knee_by_hand(tmp_path):
    """The shank turned by 90 deg about the axis to the left points backwards: the ankle lies behind the knee."""
    content = _standing()
    content["poses"][:, 3 * 4 : 3 * 4 + 3] = [np.pi / 2, 0.0, 0.0]
    motion = _read(tmp_path, content)
    shank = (_at(motion, "ankle_left") - _at(motion, "knee_left"))[0]
    np.testing.assert_allclose(shank, [-0.0136, 0.3980, 0.0437], atol=1e-12)  # +y is backwards here
    np.testing.assert_allclose(_at(motion, "ankle_right"), _at(_read(tmp_path, _standing()), "ankle_right"))


def test_smplx_layout_gives_the_same_as_one_array(tmp_path):
    content = _standing(width=165)
    content["poses"][:, 3:66] = np.random.default_rng(2).normal(0.0, 0.1, (20, 63))
    whole = _read(tmp_path, content)
    poses = content.pop("poses")
    content |= {"root_orient": poses[:, :3], "pose_body": poses[:, 3:66], "surface_model_type": np.array("smplx")}
    content["mocap_frame_rate"] = content.pop("mocap_framerate")
    parts = _read(tmp_path, content)
    np.testing.assert_array_equal(whole.position, parts.position)
    assert "SMPLX" in parts.provenance.note and parts.rate == 60.0
    np.testing.assert_allclose(_at(parts, "pelvis")[0], [0.0031, -0.3514, 1.2 + 0.0120], atol=1e-12)


def test_another_up_axis_is_refused_and_can_be_given(tmp_path):
    content = _standing()
    content["poses"][:, :3] = 0.0  # y up
    with pytest.raises(BadFile, match='stands along y, AMASS files have z up; give up="y"'):
        _read(tmp_path, content)
    motion = _read(tmp_path, content, up="y")
    assert (_at(motion, "neck") - _at(motion, "ankle_left"))[0, 2] > 1.0


def _broken(change):
    content = _standing()
    change(content)
    return content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("poses"), "lacks poses, so it is no AMASS motion"),
        (lambda c: c.pop("trans"), "lacks trans"),
        (lambda c: c.pop("mocap_framerate"), "no frame rate; one of mocap_framerate"),
        (lambda c: c.update(mocap_framerate=np.array(0.0)), "must be positive"),
        (lambda c: c["poses"].__setitem__((7, 10), np.nan), "not a number in frame 7"),
        (lambda c: c["trans"].__setitem__((5, 0), np.nan), "not a number in frame 5"),
        (lambda c: c.update(poses=c["poses"][:0], trans=c["trans"][:0]), "holds no frames"),
        (lambda c: c.update(trans=c["trans"][:3]), "as many frames"),
        (lambda c: c.update(trans=1000.0 * c["trans"]), "1200 m high; AMASS has metres"),
        (lambda c: c.update(poses=np.degrees(c["poses"])), "these are degrees"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, change, message):
    with pytest.raises(BadFile, match=message):
        _read(tmp_path, _broken(change))


def test_no_npz_at_all(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK nothing")
    with pytest.raises(BadFile, match="truncated or no npz"):
        amass.read(tmp_path / "a.npz")
    with pytest.raises(BadFile, match="does not exist"):
        amass.read(tmp_path / "b.npz")


def _model(joints=52, vertices=60):
    """A body whose joint k is vertex k and whose first shape direction lengthens everything below the hips."""
    random = np.random.default_rng(3)
    template = random.normal(0.0, 0.2, (vertices, 3))
    table = np.array(list(amass._published()["smplh"].values()))
    for joint, parent in enumerate(amass.PARENTS):
        template[joint] = table[joint] + (template[parent] if parent >= 0 else 0.0)
    middle = {25: 22, 40: 23}  # the hands' places in the table go to the first joints of the middle fingers
    for finger, hand in middle.items():
        template[finger] = template[hand]
    directions = np.zeros((vertices, 3, 16))
    directions[[4, 5], 1, 0], directions[[7, 8, 10, 11], 1, 0] = -0.01, -0.02
    return {"v_template": template, "shapedirs": directions, "J_regressor": np.eye(joints, vertices)}


def test_body_model_places_the_joints_by_betas(tmp_path):
    np.savez(tmp_path / "model.npz", **_model())
    content = _standing()
    same = _read(tmp_path, content, body_model=tmp_path / "model.npz")
    plain = _read(tmp_path, content)
    np.testing.assert_allclose(same.position, plain.position, atol=1e-12)
    content["betas"][0] = 2.0  # two units of 10 mm each for thigh and shank
    tall = _read(tmp_path, content, body_model=tmp_path / "model.npz")
    drop = _at(plain, "ankle_left")[0, 2] - _at(tall, "ankle_left")[0, 2]
    assert drop == pytest.approx(0.04, abs=1e-12)
    assert "16 betas" in tall.provenance.note


def test_wrong_body_models(tmp_path):
    np.savez(tmp_path / "small.npz", **_model(joints=24))
    with pytest.raises(BadFile, match="has 24 joints; a motion of SMPLH needs a body with hands"):
        _read(tmp_path, _standing(), body_model=tmp_path / "small.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(BadFile, match="no SMPL body model"):
        _read(tmp_path, _standing(), body_model=tmp_path / "other.npz")
    with pytest.raises(BadFile, match="is no file"):
        _read(tmp_path, _standing(), body_model=tmp_path / "absent.npz")


def test_pickled_models_are_not_opened(tmp_path):
    (tmp_path / "SMPLH_NEUTRAL.pkl").write_bytes(b"\x80\x04}.")
    with pytest.raises(BadFile, match="a .pkl is not read"):
        _read(tmp_path, _standing(), body_model=tmp_path / "SMPLH_NEUTRAL.pkl")


@pytest.mark.parametrize("clip", SPEEDS)
def test_cmu_clips(shared_data, clip):
    path = shared_data / "cmu-mocap-amass-format" / f"{clip}_poses.npz"
    amass.read(path)
    start = time.perf_counter()
    motion = amass.read(path)
    assert time.perf_counter() - start < 0.1
    travel = (_at(motion, "pelvis")[-1] - _at(motion, "pelvis")[0])[:2]
    assert np.linalg.norm(travel) / motion.duration == pytest.approx(SPEEDS[clip], abs=0.02)
    low, high = (60.0, 75.0) if "walk" in clip else (95.0, 130.0)  # swing peak of the knee in walking and running
    for side in ("left", "right"):
        assert low < flexion(motion, side).max() < high
    assert (_at(motion, "pelvis")[:, 2] > 0.75).all() and (_at(motion, "head")[:, 2] < 2.0).all()
    # the person walks where the pelvis faces
    w, _, _, z = motion.rotation[:, 0].T
    facing = np.array([(w * w - z * z).mean(), (2 * w * z).mean()])
    assert facing @ travel > 0.95 * np.linalg.norm(facing) * np.linalg.norm(travel)


@pytest.mark.parametrize("clip", ["CMU_131_01_start_walk_stop", "CMU_131_02_start_walk_stop"])
def test_stylised_cmu_clips(shared_data, clip):
    motion = amass.read(shared_data / "cmu-mocap-amass-format" / f"{clip}_poses.npz")
    assert np.isfinite(motion.position).all() and motion.duration > 8.0
    steps = np.linalg.norm(np.diff(motion.position, axis=0), axis=-1).max() * motion.rate
    assert steps < 12.0  # [m/s]
