"""Joints of skeletons as points on the body: a perfect recording is met, families differ where they should."""

from pathlib import Path

import numpy as np
import pytest
from posed_people import JOINTS, distance, recorded, walking
from scipy.spatial.transform import Rotation

from biomimic import embodiment
from biomimic.errors import BadValue
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.readers import amass, bvh
from biomimic.retarget.body_frames import BodyFrames
from biomimic.retarget.targets import targets

DATA = Path(__file__).parents[2] / "../shared/data"
SMPL = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])  # forward z, up y, right -x


@pytest.fixture(scope="module")
def stills(body):
    """The reference pose at eight places, turned about the vertical axis and leaning, (8, nq)."""
    qpos = np.tile(body.couplings.expand(body.model.qpos0), (8, 1))
    random = np.random.default_rng(0)
    qpos[:, :3] += random.normal(0.0, 0.5, (8, 3))
    qpos[:, 3:7] = Rotation.from_rotvec(random.normal(0.0, 0.3, (8, 3))).as_quat(scalar_first=True)
    return qpos


def without(motion: Motion, *names: str) -> Motion:
    kept = [k for k, name in enumerate(motion.landmarks) if name not in names]
    rotation = motion.rotation[:, kept]
    landmarks = tuple(motion.landmarks[k] for k in kept)
    return Motion(motion.rate, motion.position[:, kept], landmarks, Provenance("made by this test"), rotation=rotation)


def place(aim, name: str) -> np.ndarray:
    return aim.offsets[aim.names.index(name)]


def test_perfect_recording_of_the_reference_pose_is_met_exactly(body, stills):
    aim = targets(recorded(body, stills), body)
    assert distance(body, aim, stills).max() < 1e-9
    assert aim.dropped == ()
    assert {name.partition(":")[0] for name in aim.names} == set(JOINTS)


def test_perfect_recording_of_a_walk_is_met(body):
    qpos = walking(body)
    aim = targets(recorded(body, qpos), body)
    centres = np.array([":" not in name for name in aim.names])
    far = distance(body, aim, qpos).max(axis=0)
    assert far[centres].max() < 0.001
    assert far[~centres].max() < 0.005  # 0.1 m off: the elbow's axis is found from the clip to 3 degrees


def test_axes_of_the_source_do_not_matter(body):
    qpos = walking(body)
    own = targets(recorded(body, qpos), body)
    smpl = targets(recorded(body, qpos, own_axes={joint: SMPL.T for joint in JOINTS}), body)
    np.testing.assert_allclose(smpl.offsets, own.offsets, atol=1e-9)
    np.testing.assert_allclose(smpl.position, own.position, atol=1e-9)


def test_axes_along_the_bones_are_found_from_the_clip(body):
    qpos = walking(body)
    axes = dict(zip(JOINTS, Rotation.random(len(JOINTS), rng=1).as_matrix()))
    aim = targets(recorded(body, qpos, own_axes=axes), body)
    legs = [k for k, name in enumerate(aim.names) if name.startswith(("hip", "knee", "pelvis", "spine", "shoulder"))]
    assert distance(body, aim, qpos)[:, legs].max() < 0.010  # 0.1 m off: 6 degrees


def test_pelvis_lies_where_this_skeleton_has_it(body, stills):
    motion = recorded(body, stills[:1])
    position = motion.position.copy()
    hips = position[:, [JOINTS.index("hip_right"), JOINTS.index("hip_left")]].mean(axis=1)
    pelvis = JOINTS.index("pelvis")
    turn = Rotation.from_quat(motion.rotation[:, pelvis], scalar_first=True)
    position[:, pelvis] = hips + turn.apply([-0.048, 0.098, 0.0])  # CMU: behind and above the middle of the hips
    cmu = Motion(100.0, position, JOINTS, Provenance("made by this test"), rotation=motion.rotation)
    # the middle of the body's hips is at -0.0563 -0.0785 0.0
    np.testing.assert_allclose(place(targets(cmu, body), "pelvis"), [-0.1043, 0.0195, 0.0], atol=2e-4)


def test_hips_belong_to_the_pelvis_and_knees_turn_with_the_shank(body, stills):
    aim = targets(recorded(body, stills), body)
    held = {name: body.model.body(number).name for name, number in zip(aim.names, aim.bodies)}
    assert held["hip_right"] == "pelvis" and held["hip_left:1"] == "femur_l"
    assert held["knee_right"] == held["knee_right:2"] == "tibia_r"
    assert held["ankle_left"] == "talus_l" and held["ankle_left:1"] == "calcn_l"


def test_both_sides_have_mirrored_places_and_equal_weights(body, stills):
    aim = targets(recorded(body, stills), body)
    for name in (name for name in aim.names if "_right" in name):
        other = aim.names.index(name.replace("_right", "_left"))
        mine = aim.names.index(name)
        assert aim.spread[mine] == aim.spread[other] and aim.weights[mine] == aim.weights[other]
        if not name.endswith(":2"):  # the second virtual point lies to the right on both sides
            np.testing.assert_allclose(aim.offsets[mine] * [1, 1, -1], aim.offsets[other], atol=3e-4)


def test_knee_point_of_the_tibia_stays_at_one_place_of_the_femur(body):
    qpos = np.tile(body.model.qpos0, (15, 1))
    qpos[:, body.model.joint("knee_angle_r").qposadr[0]] = np.deg2rad(np.arange(0, 75, 5))
    motion = recorded(body, body.couplings.expand(qpos))
    seen = motion.position[:, JOINTS.index("knee_right")]  # the femur stands still
    assert np.linalg.norm(seen - seen.mean(axis=0), axis=1).max() < 0.002


def test_arms_alone_follow_the_upper_body(body, stills):
    arms = embodiment.load("bimanual")
    aim = targets(recorded(body, stills), arms)
    assert {"hip_right", "knee_left", "pelvis"} <= set(aim.dropped)
    assert {"neck", "spine", "shoulder_right", "elbow_left", "wrist_right", "hand_left"} <= set(aim.names)
    assert {arms.model.body(number).name for number in aim.bodies} >= {"thorax", "humerus_r", "lunate_l"}


def test_fingers_change_nothing(body, stills):
    motion = recorded(body, stills)
    fingers = embodiment.load("myofullbody", fingers=True)
    np.testing.assert_allclose(targets(motion, fingers).offsets, targets(motion, body).offsets, atol=1e-9)


def test_positions_alone_give_centres_only(body, stills):
    motion = recorded(body, stills)
    bare = Motion(motion.rate, motion.position, motion.landmarks, Provenance("made by this test"))
    aim = targets(bare, body)
    assert set(aim.names) == set(JOINTS)


def test_skeleton_without_toes_hands_or_spine_is_enough(body, stills):
    lacking = ("toe_right", "toe_left", "hand_right", "hand_left", "spine", "head")
    motion = without(recorded(body, stills), *lacking)
    aim = targets(motion, body)
    assert "ankle_right:1" in aim.names and "wrist_left:2" in aim.names
    assert distance(body, aim, stills).max() < 1e-9


def test_missing_joints_are_named(body, stills):
    with pytest.raises(BadValue, match="no knee_left; its joints are pelvis, .* must be there"):
        targets(without(recorded(body, stills), "knee_left"), body)


@pytest.mark.parametrize(
    ("file", "pelvis"),
    [
        ("cmu-mocap/bvh/07_01_walk_from_fbx.bvh", (-0.104, 0.019)),
        ("cmu-mocap/bvh/131_01.bvh", (-0.097, 0.015)),
        ("cmu-mocap-amass-format/CMU_07_01_walk_poses.npz", (-0.051, 0.015)),
        ("bandai-namco-bvh/dataset-2_walk_normal_001.bvh", (-0.058, -0.056)),
    ],
)
def test_real_skeletons_keep_their_own_pelvis(body, file, pelvis):
    path = DATA / file
    if not path.is_file():
        pytest.skip(f"the raw file is not at {path}")
    motion = (amass if path.suffix == ".npz" else bvh).read(path)
    aim = targets(motion, body)
    np.testing.assert_allclose(place(aim, "pelvis")[:2], pelvis, atol=0.004)  # selfmade
    assert np.isfinite(aim.position).all()


def test_reference_frames_are_the_ones_of_opensim(body):
    frames = BodyFrames(body)
    axes = np.einsum("ij,bjk->bik", body.house, frames.turn)
    for name in ("pelvis", "thorax", "femur_r", "tibia_l", "calcn_r", "humerus_l", "radius_r", "thirdmc_l"):
        np.testing.assert_allclose(axes[frames.ids[name]], [[1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=0.02)
    # Rajagopal 2016, generic model: hip_r in pelvis, ankle_r in tibia
    np.testing.assert_allclose(frames.place("pelvis", "femur_r"), [-0.05628, -0.07849, 0.07726], atol=1e-4)
    np.testing.assert_allclose(frames.place("tibia_r", "talus_r"), [-0.01, -0.4, 0.0], atol=2e-3)


def test_a_body_that_people_do_not_fit_is_refused():
    with pytest.raises(BadValue, match='No person can be retargeted to the body "tiny"'):
        BodyFrames(embodiment.load("tiny"))
