"""A made-up person carried over to the body: over ground, on a treadmill, on a slope, with forces, with gaps."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from walking_people import Walker, as_joints, as_markers, changed, walker

from biomimic import embodiment
from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Motion
from biomimic.retarget.carry import Carried, carry
from biomimic.retarget.clip_options import ClipOptions
from biomimic.retarget.contact import contact_points
from biomimic.retarget.options import Contact
from biomimic.retarget.proportions import ProportionOptions
from biomimic.retarget.skeleton import ROOT, Skeleton

OPTIONS = ClipOptions(proportions=ProportionOptions(frames=10))  # fewer than usual, which is quicker
SIZE = 1.08
GRAVITY = np.array([0.0, 0.0, 9.80665])
FLEXION = ("hip_flexion", "knee_angle", "ankle_angle")


@pytest.fixture(scope="module")
def walk(body) -> Walker:
    return walker(body, seconds=1.2, size=SIZE)


@pytest.fixture(scope="module")
def skeleton(body) -> Skeleton:
    return Skeleton(body)


@pytest.fixture(scope="module")
def joints(walk) -> Motion:
    return as_joints(walk)


@pytest.fixture(scope="module")
def carried(body, joints) -> Carried:
    return carry(joints, body, OPTIONS)


@pytest.fixture(scope="module")
def marked(body, walk) -> Carried:
    return carry(as_markers(walk), body, OPTIONS)


def angles(found: Carried, skeleton: Skeleton) -> np.ndarray:
    return found.start[:, skeleton.joint_places]


def without_drift(apart: np.ndarray) -> np.ndarray:
    """Without what grows evenly with time, the same for all points, (T, P, 3) -> (T, P, 3)."""
    time = np.linspace(-1.0, 1.0, len(apart))
    middle = apart.mean(axis=1)
    trend = np.polynomial.polynomial.polyfit(time, middle, 1)
    return apart - np.polynomial.polynomial.polyval(time, trend).T[:, None]


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean(values**2)))


@pytest.mark.parametrize("of", ["carried", "marked"])
def test_sizes_of_all_segments(request, of):
    found = request.getfixturevalue(of)
    np.testing.assert_allclose([*found.size.values()], SIZE, atol=0.015)


@pytest.mark.parametrize("of", ["carried", "marked"])
def test_poses_show_the_persons_angles(request, walk, skeleton, of):
    off = np.degrees(angles(request.getfixturevalue(of), skeleton) - walk.angles)
    for name, errors in zip(skeleton.names[ROOT:], off.T):
        most = 2.0 if name[:-2] in FLEXION else 5.0
        assert rms(errors) < most or of == "marked" and name.startswith("mtp"), name  # toes bear no marker


def test_the_scaled_source_is_what_the_body_itself_would_have_shown(body, carried):
    """The person is the body at 1.08, so divided by that its joints are the body's own."""
    own = as_joints(walker(body, seconds=1.2))
    for name in ("hip_right", "knee_left", "ankle_right", "shoulder_left", "elbow_right", "wrist_left"):
        source = body.to_house(carried.source[:, carried.targets.names.index(name)])
        away = source - own.position[:, own.landmarks.index(name)]
        assert np.ptp(away, axis=0).max() < 0.02, name  # within a constant: who knows where the walk began
        assert np.abs(away[:, 2]).max() < 0.02, name


def test_what_the_fit_leaves_over_is_kept(walk, joints, carried, skeleton):
    """A knee seen 3 cm off in ten frames is 3 cm / size off the pose that is carried over."""
    position = joints.position.copy()
    knee = joints.landmarks.index("knee_right")
    position[50:60, knee, 1] += 0.03
    found = carry(changed(joints, position), walk.body, OPTIONS)
    k = found.targets.names.index("knee_right")
    own = skeleton.pose(found.start).points(found.targets.bodies, found.places)
    residual, usual = found.source[:, k] - own[:, k], np.linalg.norm(carried.source - own, axis=-1)[:, k]
    assert np.linalg.norm(residual[52:58], axis=1).min() > 0.005
    # residual and pose together: the source itself is where it was seen
    shift = walk.body.to_house(found.source[:, k] - carried.source[:, k])
    assert np.median(shift[52:58, 1]) == pytest.approx(0.03 / SIZE, abs=0.003)
    assert np.median(np.linalg.norm(residual[:30], axis=1)) < 2.0 * np.median(usual) + 0.005


def test_pull_holds_points_places_and_source(carried):
    pull = carried.pull
    np.testing.assert_array_equal(pull.target, carried.source)
    np.testing.assert_array_equal(pull.bodies, carried.targets.bodies)
    np.testing.assert_array_equal(np.broadcast_to(pull.weight, pull.target.shape)[0, :, 2], carried.targets.weights)
    assert pull.places.shape == (len(carried.targets.names), 3)


def test_the_bodys_soles_are_on_the_floor(body, carried, skeleton):
    soles = contact_points(body, Contact())
    height = skeleton.pose(carried.start).points(soles.bodies, soles.places)[..., 2] - soles.radii
    lowest = np.where(carried.ground.contact, height, np.nan)
    lowest = lowest[carried.ground.contact.any(axis=1)]
    assert abs(np.median(np.nanmin(lowest, axis=1))) < 0.002


def test_contacts_are_near_those_of_the_target(walk, carried, marked):
    for found in (carried, marked):
        assert (found.ground.contact == walk.contact).mean() > 0.9


def test_a_treadmill_is_left_behind(body, joints, carried, skeleton):
    time = np.arange(len(joints.position))[:, None, None] / joints.rate
    found = carry(changed(joints, joints.position - time * [1.2, 0.0, 0.0]), body, OPTIONS)
    assert found.ground.belt[0] == pytest.approx(-1.2, rel=0.04)  # the target's own soles creep by 3 cm/s
    assert carried.ground.belt == pytest.approx(np.zeros(3), abs=0.0)
    assert "on a belt of 1.1" in found.notes[0] and "belt" not in carried.notes[0]
    assert rms(without_drift(found.source - carried.source)) < 0.006
    assert rms(angles(found, skeleton) - angles(carried, skeleton)) < np.deg2rad(0.5)
    assert (found.ground.contact == carried.ground.contact).mean() > 0.97


def test_a_slope_is_taken_away(body, skeleton):
    """Four steps, for two alone do not outweigh that floors are level."""
    walk = as_joints(walker(body, seconds=2.4, size=SIZE))
    level = carry(walk, body, OPTIONS)
    turn = Rotation.from_euler("y", -np.arctan(0.02)).as_matrix()
    uphill = changed(walk, walk.position @ turn.T, turn)
    assert uphill.position[-1, 0, 2] - walk.position[-1, 0, 2] > 0.04
    found = carry(uphill, body, OPTIONS)
    assert found.ground.slope == pytest.approx(0.02, abs=0.002) and level.ground.slope < 0.002
    assert rms(found.source - level.source) < 0.004
    assert rms(angles(found, skeleton) - angles(level, skeleton)) < np.deg2rad(0.3)


def test_another_heading_is_another_heading_and_nothing_else(body, joints, carried, skeleton):
    turn = Rotation.from_euler("z", 130.0, degrees=True).as_matrix()
    moved = joints.position @ turn.T + [3.0, -2.0, 0.4]
    found = carry(changed(joints, moved, turn), body, OPTIONS)
    there = body.to_house(carried.source) @ turn.T
    back = body.to_house(found.source) - there
    assert np.ptp(back, axis=(0, 1))[:2].max() < 0.01
    assert np.abs(back[..., 2]).max() < 0.005
    assert rms(angles(found, skeleton) - angles(carried, skeleton)) < np.deg2rad(0.3)


def test_the_centre_of_mass_follows_the_forces(body, walk, joints, carried, skeleton):
    """Forces of the target bear 84 kg: the body's acceleration is theirs over that mass and the person's size."""
    found = carry(joints, body, OPTIONS, force=walk.force)
    total = walk.force[:, :3] + walk.force[:, 3:]
    asked = (total / body.mass - GRAVITY)[10:-10] / SIZE
    errors = []
    for clip in (carried, found):
        com = body.to_house(skeleton.center_of_mass(skeleton.pose(clip.start)))
        errors.append(rms((np.diff(com, 2, axis=0) * 1e4)[9:-9] - asked))
    assert errors[1] < 0.5 * errors[0] and errors[1] < 0.2
    assert "follows the plates in 100 % of the frames" in found.notes[1]
    assert float(found.notes[1].split("weigh ")[1].split(" kg")[0]) == pytest.approx(body.mass, rel=0.02)
    assert found.ground.force_used == (True, True)


def test_forces_where_a_foot_was_beside_the_plates(body, walk, joints):
    force = walk.force.copy()
    force[60:] = np.nan
    found = carry(joints, body, OPTIONS, force=force)
    assert np.isfinite(found.start).all() and np.isfinite(found.source).all()
    share = float(found.notes[1].split("plates in ")[1].split(" %")[0])
    assert 45.0 <= share <= 50.0


def test_forces_that_are_too_short_are_told(body, walk, joints, carried):
    force = walk.force.copy()
    force[20:] = np.nan
    found = carry(joints, body, OPTIONS, force=force)
    assert found.notes[1].startswith("Forces do not steer the centre of mass: Forces are known for")
    np.testing.assert_allclose(found.source, carried.source, atol=0.01)


def test_forces_of_another_number_of_frames(body, walk, joints):
    with pytest.raises(BadValue, match=r"Forces have shape \(70, 6\), expected \(120, 6\)"):
        carry(joints, body, OPTIONS, force=walk.force[:70])


def test_another_frame_rate_becomes_that_of_the_options(body, carried, skeleton):
    person = walker(body, seconds=1.2, size=SIZE, rate=200.0)
    found = carry(as_joints(person), body, OPTIONS)
    assert abs(len(found.start) - len(carried.start)) <= 1
    count = min(len(found.start), len(carried.start))
    off = angles(found, skeleton)[:count] - angles(carried, skeleton)[:count]
    assert rms(off) < np.deg2rad(0.7)


def test_markers_with_noise_gaps_and_a_missing_one(body, walk, skeleton):
    motion = as_markers(walk, noise=0.001, moved=0.006)
    position = motion.position.copy()
    position[40:90, motion.landmarks.index("RTHI")] = np.nan
    gone = motion.landmarks.index("LTIB")
    keep = [k for k in range(len(motion.landmarks)) if k != gone]
    names = tuple(motion.landmarks[k] for k in keep)
    found = carry(replace(motion, position=position[:, keep], landmarks=names), body, OPTIONS)
    assert np.isfinite(found.start).all()
    column = found.targets.names.index("RTHI")
    assert np.isnan(found.source[50:80, column]).all() and np.isfinite(found.source[:35, column]).all()
    off = np.degrees(angles(found, skeleton) - walk.angles)
    for name, errors in zip(skeleton.names[ROOT:], off.T):
        if name[:-2] in FLEXION:
            assert rms(errors) < 4.0, name


def test_arms_alone_stand_on_nothing(joints):
    arms = embodiment.load("bimanual")
    found = carry(joints, arms, OPTIONS)
    assert found.ground is None and found.notes == ()
    assert set(found.size) == set(arms.segments)
    assert found.size["upper_arm"] == pytest.approx(SIZE, abs=0.02)


def test_fingers_rest(walk, joints, skeleton):
    full = embodiment.load("myofullbody", fingers=True)
    found, own = carry(joints, full, OPTIONS), Skeleton(full)
    names = own.names[ROOT:]
    assert len(names) == 71
    off = np.degrees(angles(found, own)[:, [names.index(name) for name in skeleton.names[ROOT:]]] - walk.angles)
    for name, errors in zip(skeleton.names[ROOT:], off.T):
        if name[:-2] in FLEXION:
            assert rms(errors) < 2.0, name
    fingers = [k for k, name in enumerate(names) if name not in skeleton.names]
    rest = own.neutral(1)[0, own.joint_places][fingers]
    np.testing.assert_allclose(angles(found, own)[:, fingers], np.tile(rest, (120, 1)), atol=0.02)


def test_too_few_markers(body: Embodiment, walk):
    motion = as_markers(walk)
    few = [k for k, name in enumerate(motion.landmarks) if name.startswith(("R", "C"))]
    names = tuple(motion.landmarks[k] for k in few)
    with pytest.raises(BadValue, match="Too few known markers .* the left"):
        carry(replace(motion, position=motion.position[:, few], landmarks=names), body, OPTIONS)


def test_millimetres_for_metres(body, joints):
    with pytest.raises(BadValue):
        carry(changed(joints, 1000.0 * joints.position), body, OPTIONS)
