"""Kinematics of all frames at once: against MuJoCo's own, finite differences, and ranges worked by hand."""

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from biomimic import embodiment
from biomimic.embodiment import Embodiment
from biomimic.retarget.skeleton import ROOT, Skeleton

FINGERS, ARMS = "myofullbody with fingers", "bimanual"
BODIES = ("myofullbody", FINGERS, ARMS)


@pytest.fixture(scope="module")
def loaded(body) -> dict[str, tuple[Embodiment, Skeleton]]:
    several = {
        "myofullbody": body,
        FINGERS: embodiment.load("myofullbody", fingers=True),
        ARMS: embodiment.load("bimanual"),
    }
    return {name: (one, Skeleton(one)) for name, one in several.items()}


@pytest.fixture(params=BODIES)
def pair(request, loaded) -> tuple[Embodiment, Skeleton]:
    return loaded[request.param]


def poses(skeleton: Skeleton, frames: int, *, seed: int = 0, margin: float = 0.0) -> np.ndarray:
    """Random coordinates in range, couplings kept, the root anywhere."""
    rng = np.random.default_rng(seed)
    qpos = skeleton.neutral(frames)
    qpos[:, :3] = rng.normal(size=(frames, 3))
    qpos[:, 3:7] = Rotation.from_rotvec(rng.normal(size=(frames, 3))).as_quat(scalar_first=True)
    low, high = skeleton.lower[ROOT:] + margin, skeleton.upper[ROOT:] - margin
    qpos[:, skeleton.joint_places] = rng.uniform(low, np.maximum(high, low), size=(frames, len(low)))
    return skeleton.couplings_expand(qpos)


def some_points(one: Embodiment, count: int = 25) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.integers(1, one.model.nbody, count), 0.1 * rng.normal(size=(count, 3))


def reference(one: Embodiment, skeleton: Skeleton, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places and turns of all bodies by MuJoCo; a body that is fixed to the world is moved with the root."""
    data = mujoco.MjData(one.model)
    places, turns = [], []
    for pose in qpos:
        data.qpos[:] = skeleton.body_qpos(pose[None])[0]
        mujoco.mj_kinematics(one.model, data)
        move, turn = np.zeros(3), np.eye(3)
        if not skeleton.floating:
            move, turn = pose[:3], Rotation.from_quat(pose[3:7], scalar_first=True).as_matrix()
        places.append(move + data.xpos @ turn.T)
        turns.append(turn @ data.xmat.reshape(-1, 3, 3))
    return np.array(places), np.array(turns)


def test_places_and_turns_are_those_of_mujoco(pair):
    one, skeleton = pair
    qpos = poses(skeleton, 6)
    places, turns = reference(one, skeleton, qpos)
    pose = skeleton.pose(qpos)
    moved = slice(1, None)  # the world itself stays, whatever the root of a fixed body does
    np.testing.assert_allclose(pose.origin[:, moved], places[:, moved], atol=1e-12)
    np.testing.assert_allclose(pose.turn[:, moved], turns[:, moved], atol=1e-12)


def test_points_are_carried_by_their_bodies(body, loaded):
    skeleton = loaded["myofullbody"][1]
    qpos = poses(skeleton, 2)
    places, turns = reference(body, skeleton, qpos)
    tibia = body.model.body("tibia_r").id
    expected = places[:, tibia] + turns[:, tibia] @ [0.01, -0.2, 0.05]
    found = skeleton.pose(qpos).points(np.array([tibia]), np.array([[0.01, -0.2, 0.05]]))
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-12)


def test_jacobian_is_what_finite_differences_say(pair):
    one, skeleton = pair
    qpos = poses(skeleton, 2, margin=1e-3)
    bodies, places = some_points(one)
    pose = skeleton.pose(qpos)
    jacobian = skeleton.jacobian(pose, bodies, pose.points(bodies, places))
    assert jacobian.shape == (2, 25, 3, skeleton.size)
    small = 1e-6
    for k in range(skeleton.size):
        step = np.zeros((2, skeleton.size))
        step[:, k] = small
        ahead, back = (skeleton.pose(skeleton.move(qpos, way * step)).points(bodies, places) for way in (1.0, -1.0))
        np.testing.assert_allclose(jacobian[..., k], (ahead - back) / (2 * small), atol=1e-7, err_msg=skeleton.names[k])


def test_normal_equations_are_those_of_the_jacobian(pair):
    one, skeleton = pair
    rng = np.random.default_rng(2)
    qpos = poses(skeleton, 70)  # more than are worked on at a time
    bodies, places = some_points(one)
    pose = skeleton.pose(qpos)
    world = pose.points(bodies, places)
    pull, weight = 0.05 * rng.normal(size=world.shape), rng.uniform(1.0, 100.0, size=world.shape)
    weight[:, 3] = 0.0
    normal = skeleton.normal(pose, bodies, world, pull, weight)
    jacobian = skeleton.jacobian(pose, bodies, world).reshape(70, -1, skeleton.size)
    across = np.swapaxes(jacobian * weight.reshape(70, -1, 1), 1, 2)
    np.testing.assert_allclose(normal.matrix, across @ jacobian, atol=1e-9)
    np.testing.assert_allclose(normal.gradient, -(across @ pull.reshape(70, -1, 1))[..., 0], atol=1e-10)
    np.testing.assert_allclose(normal.cost, 0.5 * (weight * pull**2).sum(axis=(1, 2)), rtol=1e-12)


def test_one_weight_per_point_is_enough(body, loaded):
    skeleton = loaded["myofullbody"][1]
    bodies, places = some_points(body)
    pose = skeleton.pose(poses(skeleton, 2))
    world = pose.points(bodies, places)
    weight = np.linspace(1.0, 5.0, len(bodies))[:, None]
    short = skeleton.normal(pose, bodies, world, 0.1 * world, weight)
    whole = skeleton.normal(pose, bodies, world, 0.1 * world, np.broadcast_to(weight, world.shape))
    np.testing.assert_allclose(short.matrix, whole.matrix, rtol=1e-12)


def test_a_step_turns_the_root_in_its_own_axes_and_drives_coupled_joints(body, loaded):
    skeleton = loaded["myofullbody"][1]
    qpos = skeleton.neutral(1)
    qpos[0, 3:7] = Rotation.from_euler("z", 90, degrees=True).as_quat(scalar_first=True)
    step = np.zeros((1, skeleton.size))
    step[0, :3], step[0, 3] = (1.0, 2.0, 3.0), 0.3
    step[0, skeleton.names.index("flex_extension")] = -0.5
    moved = skeleton.move(qpos, step)
    np.testing.assert_allclose(moved[0, :3] - qpos[0, :3], [1.0, 2.0, 3.0])
    about = Rotation.from_quat(moved[0, 3:7], scalar_first=True) * Rotation.from_euler("z", 90, degrees=True).inv()
    np.testing.assert_allclose(about.as_rotvec(), [0.0, 0.3, 0.0], atol=1e-12)  # its x is the world's y
    # the model's coupling of the lowest lumbar joint is 0.185 of the whole trunk's bend
    lumbar = body.model.joint("L4_L5_FE").qposadr[0]
    assert moved[0, lumbar] == pytest.approx(-0.0925, abs=1e-6)
    assert np.abs(body.couplings.residual(moved)).max() == 0.0
    assert (qpos[0, :3] == skeleton.neutral(1)[0, :3]).all()  # what was given stays


def test_a_step_ends_at_the_limits(pair):
    _, skeleton = pair
    qpos = skeleton.neutral(2)
    far = np.full((2, skeleton.size), 10.0) * [[1.0], [-1.0]]
    moved = skeleton.move(qpos, far)[:, skeleton.joint_places]
    np.testing.assert_array_equal(moved, [skeleton.upper[ROOT:], skeleton.lower[ROOT:]])


def test_difference_is_the_step_that_was_taken(pair):
    _, skeleton = pair
    rng = np.random.default_rng(3)
    start = poses(skeleton, 5, margin=0.03)
    step = 0.02 * rng.uniform(-1.0, 1.0, size=(5, skeleton.size))
    found = skeleton.difference(start, skeleton.move(start, step))
    wide = skeleton.upper - skeleton.lower > 0.06
    np.testing.assert_allclose(found[:, wide], step[:, wide], atol=1e-9)


def test_neutral_pose_is_in_range_with_all_couplings(pair):
    one, skeleton = pair
    qpos = skeleton.neutral(2)
    joints = qpos[:, skeleton.joint_places]
    assert ((joints >= skeleton.lower[ROOT:]) & (joints <= skeleton.upper[ROOT:])).all()
    assert np.abs(one.couplings.residual(skeleton.body_qpos(qpos))).max() == 0.0


def test_ranges_are_the_models_but_where_a_coupled_joint_would_leave_its_own(pair):
    one, skeleton = pair
    narrower = {
        "flex_extension": (-0.18607 / 0.185, 0.083953 / 0.185),  # of L4_L5_FE over its coefficient
        "elv_angle": (-1.658, 2.242),  # shoulder1_r2 is its opposite and turns to -2.242
        "shoulder_elv": (0.0, 0.75 / 0.242),  # sternoclavicular_r2 and unrotscap_r2
    }
    for name, low, high in zip(skeleton.names[ROOT:], skeleton.lower[ROOT:], skeleton.upper[ROOT:]):
        expected = narrower.get(name.removesuffix("_r").removesuffix("_l"), one.model.joint(name).range)
        step = np.ptp(expected) / 1000.0  # places at which a range is tried are this close
        assert low == pytest.approx(expected[0], abs=step) and low >= expected[0] - 1e-12, name
        assert high == pytest.approx(expected[1], abs=step) and high <= expected[1] + 1e-12, name
    assert np.isinf(skeleton.lower[:ROOT]).all() and np.isinf(skeleton.upper[:ROOT]).all()


def test_no_coupled_joint_leaves_its_range_anywhere(pair):
    one, skeleton = pair
    share = np.linspace(0.0, 1.0, 4001)[:, None]  # other places than those tried
    qpos = skeleton.neutral(len(share))
    low, high = skeleton.lower[ROOT:], skeleton.upper[ROOT:]
    qpos[:, skeleton.joint_places] = low + share * (high - low)
    full = skeleton.body_qpos(skeleton.couplings_expand(qpos))
    coupled = one.couplings.dependent_qpos
    joint = one.model.dof_jntid[one.couplings.dependent]
    values, (least, most) = full[:, coupled], one.model.jnt_range[joint].T
    beyond = np.maximum(least - values, values - most).max(axis=0)
    assert beyond.max() <= 1e-3, one.model.joint(joint[beyond.argmax()]).name


def test_places_of_joints_grow_by_the_size_of_the_body_they_hang_on(pair):
    one, skeleton = pair
    qpos = poses(skeleton, 3)
    parent, scale = one.model.body_parentid, np.random.default_rng(5).uniform(0.8, 1.2, one.model.nbody)

    def in_parents() -> np.ndarray:
        pose = skeleton.pose(qpos)
        away = pose.origin - pose.origin[:, parent]
        return (np.swapaxes(pose.turn[:, parent], -1, -2) @ away[..., None])[..., 0]

    own = in_parents()
    skeleton.rescale(scale)
    grown = in_parents()
    skeleton.rescale(np.ones(one.model.nbody))
    hung = slice(2, None) if skeleton.floating else slice(1, None)  # the root's place is a coordinate
    expected = (scale[parent] - 1.0)[:, None] * one.model.body_pos
    # what slides (knee and trunk, some mm) is a coordinate too and has no size
    np.testing.assert_allclose(grown[:, hung] - own[:, hung], np.tile(expected[hung], (3, 1, 1)), atol=1e-12)
    np.testing.assert_array_equal(in_parents(), own)


def test_longer_thighs_only_move_the_knees_out(body, loaded):
    skeleton = loaded["myofullbody"][1]
    model = body.model
    scale = np.ones(model.nbody)
    scale[body.segments["thigh"]] = 1.2
    qpos = skeleton.neutral(1)
    own = skeleton.pose(qpos)
    skeleton.rescale(scale)
    long = skeleton.pose(qpos)
    skeleton.rescale(np.ones(model.nbody))

    def length(pose, first, second):
        return np.linalg.norm(pose.origin[0, model.body(second).id] - pose.origin[0, model.body(first).id])

    place = model.body_pos[model.body("tibia_r").id]
    slid = own.origin[0, model.body("tibia_r").id] - own.origin[0, model.body("femur_r").id]
    slid = np.linalg.norm(slid) - np.linalg.norm(place)
    assert length(long, "femur_r", "tibia_r") == pytest.approx(1.2 * np.linalg.norm(place) + slid, abs=1e-3)
    assert length(long, "tibia_r", "talus_r") == pytest.approx(length(own, "tibia_r", "talus_r"), abs=1e-12)
    assert length(long, "pelvis", "femur_l") == pytest.approx(length(own, "pelvis", "femur_l"), abs=1e-12)
    np.testing.assert_allclose(long.origin[0, model.body("head").id], own.origin[0, model.body("head").id], atol=1e-12)


def test_size_given_at_the_start_is_size_given_later(body):
    scale = np.linspace(0.9, 1.1, body.model.nbody)
    early, late = Skeleton(body, scale), Skeleton(body)
    late.rescale(scale)
    qpos = poses(late, 2)
    np.testing.assert_array_equal(early.pose(qpos).origin, late.pose(qpos).origin)


def test_center_of_mass_is_that_of_mujoco(body, loaded):
    skeleton = loaded["myofullbody"][1]
    qpos = poses(skeleton, 4)
    data = mujoco.MjData(body.model)
    expected = []
    for pose in qpos:
        data.qpos[:] = pose
        mujoco.mj_kinematics(body.model, data)
        mujoco.mj_comPos(body.model, data)
        expected.append(data.subtree_com[0].copy())
    np.testing.assert_allclose(skeleton.center_of_mass(skeleton.pose(qpos)), expected, atol=1e-12)


def test_center_of_mass_of_a_larger_person_is_as_much_further_from_the_root(body):
    own, large = Skeleton(body), Skeleton(body, np.full(body.model.nbody, 1.1))
    qpos = poses(own, 3)
    qpos[:, :3] = 0.0
    expected = 1.1 * own.center_of_mass(own.pose(qpos))
    # knees and trunk slide by some mm whatever the size
    np.testing.assert_allclose(large.center_of_mass(large.pose(qpos)), expected, atol=1e-3)


def test_speeds_of_the_body_are_those_of_mujoco(pair):
    one, skeleton = pair
    rng = np.random.default_rng(4)
    start = poses(skeleton, 3, margin=0.03)
    small = 1e-5
    speed = rng.uniform(-1.0, 1.0, size=(3, skeleton.size))
    ahead, back = skeleton.move(start, small * speed), skeleton.move(start, -small * speed)
    inside = np.isclose(skeleton.difference(back, ahead), 2 * small * speed, atol=1e-12)
    inside[:, :ROOT] = True
    found = skeleton.body_speeds(start, np.where(inside, speed, 0.0))
    expected = np.empty((3, one.model.nv))
    for k in range(3):
        pair_of = [skeleton.body_qpos(q[k : k + 1])[0] for q in (back, ahead)]
        mujoco.mj_differentiatePos(one.model, expected[k], 2 * small, *pair_of)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_derivatives_of_the_couplings(body, loaded):
    skeleton = loaded["myofullbody"][1]
    qpos = poses(skeleton, 2)
    slopes = skeleton.slopes(qpos)
    names = [body.model.joint(body.model.dof_jntid[d]).name for d in body.couplings.dependent]
    # straight lines of the model, whatever the pose
    for name, slope in (("L4_L5_FE", 0.185), ("unrotscap_r2_l", 0.242), ("shoulder1_r2_r", -1.0), ("Abs_t1", 0.0)):
        np.testing.assert_allclose(slopes[:, names.index(name)], slope, atol=1e-5, err_msg=name)
