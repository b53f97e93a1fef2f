"""A clip from end to end: a made-up person walks, and the body does what the person did."""

from dataclasses import dataclass

import mujoco
import numpy as np
import pytest
from walking_people import Walker, as_joints, as_markers, changed, walker

from biomimic import embodiment
from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Trajectory
from biomimic.retarget.clip import retarget, trajectory_of
from biomimic.retarget.clip_options import ClipOptions
from biomimic.retarget.proportions import ProportionOptions
from biomimic.retarget.record import Record
from biomimic.retarget.skeleton import ROOT, Skeleton
from biomimic.signals import Signals

OPTIONS = ClipOptions(proportions=ProportionOptions(frames=10))  # fewer than usual, which is quicker
SIZE = 1.08
# root mean square [deg]; the target's own soles creep and sink by some mm, which the feet then have to make up for
NEAR = {"hip_flexion": 1.5, "knee_angle": 2.0, "ankle_angle": 3.0, "hip_adduction": 2.0, "elbow_flex": 3.0}
NEAR |= {"flex_extension": 1.5, "lat_bending": 1.5, "axial_rotation": 1.5, "hip_rotation": 4.0, "shoulder_elv": 2.0}


@dataclass(frozen=True, eq=False)
class Done:
    """A person, and what became of the recording."""

    person: Walker
    body: Embodiment
    trajectory: Trajectory
    record: Record

    @property
    def angles(self) -> np.ndarray:
        """Of the joints of the person's skeleton, (T, J) [rad]."""
        model = self.body.model
        return self.trajectory.qpos[:, [model.joint(name).qposadr[0] for name in self.person.skeleton.names[ROOT:]]]

    def apart(self) -> dict[str, float]:
        """Root mean square difference from the person's angles by joint [deg]."""
        off = np.degrees(self.angles - self.person.angles)
        return dict(zip(self.person.skeleton.names[ROOT:], np.sqrt((off**2).mean(axis=0))))


def done(body: Embodiment, person: Walker, motion) -> Done:
    return Done(person, body, *retarget(motion, body, OPTIONS))


@pytest.fixture(scope="module")
def walk(body) -> Walker:
    return walker(body, seconds=1.2, size=SIZE)


@pytest.fixture(scope="module")
def of_joints(body, walk) -> Done:
    time = np.arange(120) / 100.0
    skeleton = walk.skeleton
    knee = walk.angles[:, skeleton.names.index("knee_angle_r") - ROOT]
    own = embodiment.load("myofullbody").trajectory_angles(walk.qpos)
    names = body.angle_names
    angles = Signals(time, own, tuple(names), "rad")
    assert np.abs(knee - own[:, names.index("knee_flexion_right")]).max() < 1e-9  # else this is no test of angles
    return Done(walk, body, *retarget(as_joints(walk), body, OPTIONS, angles=angles))


@pytest.fixture(scope="module")
def of_markers(body, walk) -> Done:
    return done(body, walk, as_markers(walk, noise=0.001, moved=0.004))


@pytest.fixture(scope="module")
def of_forces(body, walk) -> Done:
    return Done(walk, body, *retarget(as_joints(walk), body, OPTIONS, force=walk.force))


@pytest.fixture(params=["of_joints", "of_markers", "of_forces"])
def each(request) -> Done:
    return request.getfixturevalue(request.param)


def test_angles_are_the_persons(each):
    apart = each.apart()
    for name, most in NEAR.items():
        for side in ("_r", "_l") if f"{name}_r" in apart else ("",):
            assert apart[name + side] < most, name + side


def test_angles_of_the_record_are_measured_against_the_source(of_joints):
    found = of_joints.record.angles
    for side, end in (("right", "r"), ("left", "l")):
        assert np.degrees(found[f"knee_flexion_{side}"]) == pytest.approx(
            of_joints.apart()[f"knee_angle_{end}"], abs=0.05
        )
        assert max(np.degrees(found[f"{name}_{side}"]) for name in ("hip_flexion", "ankle_dorsiflexion")) < 4.0


def test_all_that_a_clip_has_to_keep_is_kept(each):
    record = each.record
    assert record.broken() == ()
    assert record.limits.percent == 0.0 and record.limits.largest < 1e-3
    assert record.coupling.largest < 1e-12
    assert record.ground.percent == 0.0 and record.ground.deepest < 1e-3
    assert record.jumps.large == 0 and record.strict.count == 0
    assert record.skate.largest < 2e-3 and record.skate.stances >= 16
    assert record.nearness.rmse < 0.010


def test_joints_are_in_their_ranges(each):
    model = each.body.model
    free = model.dof_jntid[each.body.couplings.independent[ROOT:]]
    values = each.trajectory.qpos[:, model.jnt_qposadr[free]]
    assert (values >= model.jnt_range[free, 0]).all() and (values <= model.jnt_range[free, 1]).all()


def test_feet_touch_the_floor_when_the_persons_did(each):
    contact = each.trajectory.contact
    assert contact.shape == each.person.contact.shape
    assert (contact == each.person.contact).mean() > 0.9
    # strikes of the heels: the right one at 1.14 s (that at 0 s is the clip's begin), the left one half a stride before
    soles = each.trajectory.contact_points
    for heel in ("r_foot_col1:-1", "l_foot_col1:-1"):
        column = soles.index(heel)
        starts = [np.flatnonzero(np.diff(some[:, column].astype(int)) > 0) for some in (contact, each.person.contact)]
        assert abs(int(starts[0][-1]) - int(starts[1][-1])) <= 3


def test_the_body_walks_as_far_as_a_person_of_its_size(each):
    way = each.trajectory.qpos[-1, :3] - each.trajectory.qpos[0, :3]
    own = (each.person.qpos[-1, :3] - each.person.qpos[0, :3]) / SIZE
    np.testing.assert_allclose(way, own, atol=0.03)


def test_states_have_the_bodys_shape_and_name(each, body):
    trajectory = each.trajectory
    assert trajectory.rate == 100.0 and trajectory.period is None
    assert trajectory.qpos.shape == (120, body.model.nq) and trajectory.qvel.shape == (120, body.model.nv)
    assert trajectory.embodiment == body.name and trajectory.model_sha256 == body.sha256
    assert trajectory.landmarks == tuple(body.landmarks)
    assert each.record.frames == 120 and each.record.seconds > 0.0
    assert each.record.notes[-1 if len(each.record.notes) == 1 else -2].startswith("Floor at")


def test_speeds_are_those_of_the_poses(of_joints, body):
    """Middle of the steps before and after each frame, by MuJoCo."""
    trajectory = of_joints.trajectory
    for frame in (1, 40, 80, 118):
        step = np.empty((2, body.model.nv))
        mujoco.mj_differentiatePos(body.model, step[0], 0.01, *trajectory.qpos[frame - 1 : frame + 1])
        mujoco.mj_differentiatePos(body.model, step[1], 0.01, *trajectory.qpos[frame : frame + 2])
        free = body.couplings.independent
        np.testing.assert_allclose(trajectory.qvel[frame, free], step.mean(axis=0)[free], atol=1e-9)
        np.testing.assert_allclose(trajectory.qvel[frame], step.mean(axis=0), atol=0.02)  # couplings are no lines


def test_landmarks_are_where_the_body_has_them(of_joints, body):
    data = mujoco.MjData(body.model)
    for frame in (0, 77):
        data.qpos[:] = of_joints.trajectory.qpos[frame]
        mujoco.mj_kinematics(body.model, data)
        own = body.to_model(body.landmark_position(data))
        np.testing.assert_allclose(of_joints.trajectory.landmark_position[frame], own, atol=1e-12)
        number = list(body.landmarks).index("knee_right")
        quaternion = data.xquat[body.model.body("tibia_r").id]
        assert abs(quaternion @ of_joints.trajectory.landmark_rotation[frame, number]) == pytest.approx(1.0, abs=1e-9)


def test_a_walk_of_one_size_is_the_walk_of_another(body, of_joints):
    """Who is smaller by a third walks the same, in smaller steps of the same time."""
    small = walker(body, seconds=1.2, size=0.8)
    found = done(body, small, as_joints(small))
    assert np.sqrt(np.mean((found.angles - of_joints.angles) ** 2)) < np.deg2rad(0.7)


def test_a_treadmill_gives_the_same_walk_over_ground(body, walk, of_joints):
    motion = as_joints(walk)
    time = np.arange(120)[:, None, None] / 100.0
    found = done(body, walk, changed(motion, motion.position - time * [1.2, 0.0, 0.0]))
    assert np.sqrt(np.mean((found.angles - of_joints.angles) ** 2)) < np.deg2rad(0.7)
    way = [some.trajectory.qpos[-1, 1] - some.trajectory.qpos[0, 1] for some in (found, of_joints)]
    assert way[0] == pytest.approx(way[1], rel=0.05)
    assert found.record.broken() == ()


@pytest.mark.parametrize("joints", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_with_fingers(joints):
    full = embodiment.load("myofullbody", fingers=True)
    person = walker(full, seconds=0.6, size=SIZE)
    found = done(full, person, as_joints(person) if joints else as_markers(person))
    assert found.trajectory.qpos.shape == (60, full.model.nq)
    assert found.record.broken() == ()
    assert max(found.apart()[f"{name}_{side}"] for name in ("hip_flexion", "knee_angle") for side in "rl") < 2.5
    assert found.record.nearness.rmse < 0.010


def test_arms_alone():
    arms = embodiment.load("bimanual")
    person = walker(arms, seconds=0.6, size=SIZE)
    found = done(arms, person, as_joints(person))
    assert found.trajectory.qpos.shape == (60, arms.model.nq) and found.trajectory.qvel.shape == (60, arms.model.nv)
    assert found.trajectory.contact is None and found.record.skate is None
    assert found.record.broken() == ()
    assert max(found.apart()[f"{name}_{side}"] for name in ("shoulder_elv", "elbow_flex") for side in "rl") < 3.0
    assert found.record.nearness.rmse < 0.010


def test_a_pose_at_rest_moves_at_no_speed(body):
    skeleton = Skeleton(body)
    qpos = skeleton.neutral(4)
    still = trajectory_of(skeleton, body, qpos, (100.0, as_joints(walker(body, seconds=0.1)).provenance), None)
    assert np.abs(still.qvel).max() == 0.0 and still.contact is None and still.contact_points == ()
    qpos[:, 0] += 0.01 * np.arange(4)
    moved = trajectory_of(skeleton, body, qpos, (100.0, still.provenance), None)
    np.testing.assert_allclose(moved.qvel[:, 0], 1.0)


@pytest.mark.parametrize("rate", [5.0, 2000.0])
def test_rates_that_cannot_be(rate):
    with pytest.raises(BadValue, match=rf"A trajectory of {rate:g} Hz was asked for; 20 to 1000 Hz are possible"):
        ClipOptions(rate=rate)


def test_a_trajectory_of_another_rate(body):
    walk = walker(body, seconds=0.6)
    options = ClipOptions(rate=50.0, proportions=OPTIONS.proportions)
    trajectory, record = retarget(as_joints(walk), body, options)
    assert trajectory.rate == record.rate == 50.0
    assert abs(len(trajectory.qpos) - 30) <= 1
    assert record.nearness.rmse < 0.012 and record.ground.percent == 0.0
