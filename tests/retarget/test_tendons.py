"""Jumps of muscle length: the published rule by hand, path switches found wherever they are, and only those."""

import mujoco
import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from biomimic import embodiment
from biomimic.retarget import tendons
from biomimic.retarget.tendons import Crossing, Jumps, Paths, StrictRule


def poses(body, joints, frames=None) -> np.ndarray:
    """Clip in which the named joints move and all others stay, {name: (T,) or number} -> (T, nq)."""
    frames = frames or max(np.size(values) for values in joints.values())
    qpos = np.tile(body.model.qpos0, (frames, 1))
    for name, values in joints.items():
        qpos[:, body.model.joint(name).qposadr[0]] = values
    return body.couplings.expand(qpos)


def lengths(body, qpos) -> np.ndarray:
    data, found = mujoco.MjData(body.model), np.empty((len(qpos), body.model.ntendon))
    for row, pose in zip(found, qpos):
        data.qpos[:] = pose
        mujoco.mj_forward(body.model, data)
        row[:] = data.ten_length
    return found


def names_of(body) -> tuple[str, ...]:
    return tuple(body.model.tendon(k).name for k in range(body.model.ntendon))


def sweep(low, high, frames) -> np.ndarray:
    """There and back, at rest at both ends."""
    return low + (high - low) * 0.5 * (1.0 - np.cos(np.linspace(0.0, 2.0 * np.pi, frames)))


def test_published_rule_by_hand():
    """The mean starts at the first step, 0.002; a step d is a jump when d > 10 (0.99 mean + 0.01 d): d > 11 mean."""
    steps = np.array([[0.002], [0.002], [0.0219], [0.002]])
    assert not tendons.flagged(steps).any()
    steps[2] = 0.0221
    assert tendons.flagged(steps).ravel().tolist() == [False, False, True, False]


def test_published_rule_has_a_least_step():
    steps = np.array([[0.0], [0.0], [0.00099], [0.0011]])
    assert tendons.flagged(steps).ravel().tolist() == [False, False, False, True]


def test_published_jumps_names_the_largest():
    lengths_by_hand = np.array([[1.0, 2.0], [1.0, 2.0], [1.5, 2.0], [1.5, 2.2]])
    assert tendons.published_jumps(lengths_by_hand, np.array([1.0, 2.0]), ("a", "b")) == Jumps(2, 2, 2, 0.5, 2, "a")
    assert tendons.published_jumps(lengths_by_hand[:1], np.array([1.0, 2.0]), ("a", "b")) == Jumps()


def test_published_motion_threshold():
    """Steps of 4 and 6 % of the rest length after rest: both flagged, one large enough to count."""
    by_hand = np.array([[1.0, 1.0], [1.0, 1.0], [1.04, 1.06]])
    found = tendons.published_jumps(by_hand, np.array([1.0, 1.0]), ("a", "b"))
    assert (found.count, found.large, found.tendon) == (2, 1, "b")


def test_published_rule_flags_a_smooth_start_from_rest(body):
    """A hip that bends by 29 degrees in 0.4 s, minimum jerk, after half a second of standing: no path switches."""
    share = np.clip((np.arange(150) - 50) / 40.0, 0.0, 1.0)
    qpos = poses(body, {"hip_flexion_r": 0.5 * share**3 * (10.0 - 15.0 * share + 6.0 * share**2)})
    found = tendons.published_jumps(lengths(body, qpos), body.model.tendon_length0, names_of(body))
    assert found.count > 100 and found.large == 0
    assert tendons.clip_crossings(body, qpos) == []


def test_lengths_are_the_bodys(body):
    paths = Paths(body)
    rng = np.random.default_rng(0)
    low, high = body.model.jnt_range[[body.model.joint(body.couplings.names[k]).id for k in paths.columns]].T
    joints = low + (high - low) * rng.random((5, len(low)))
    qpos = np.tile(body.model.qpos0, (5, 1))
    qpos[:, paths.addresses] = joints
    expected = lengths(body, body.couplings.expand(qpos))
    assert np.array_equal(paths.lengths(joints), expected[:, paths.tendons])
    assert np.array_equal(paths.lengths(joints, 3)[:, 3], expected[:, paths.tendons[3]])
    on_points_only = np.setdiff1d(np.arange(body.model.ntendon), paths.tendons)
    assert len(on_points_only) == 228 and body.model.tendon_num.min() > 0


def test_supinator_slips_at_the_same_angle_at_any_speed(body):
    """Its path depends on the forearm's rotation alone, so the angle of the slip cannot depend on the motion."""
    angles = []
    for frames in (30, 300):
        qpos = poses(body, {"pro_sup_r": sweep(0.0, 1.4, frames)})
        found = tendons.clip_crossings(body, qpos)
        assert {body.model.tendon(c.tendon).name for c in found} == {"SUP_tendon"} and len(found) == 2
        assert found[0].size == pytest.approx(-found[1].size, abs=1e-5)
        column = list(body.couplings.names).index("pro_sup_r") - 6
        angles += [c.joints[column] for c in found]
    assert np.ptp(angles) < 2e-4
    summed = tendons.strict_jumps(body, found)
    assert (summed.count, summed.muscles, summed.tendon) == (2, 1, "SUP_tendon")


def test_a_slip_between_two_frames_that_returns_before_the_next(body):
    """At frame rate nothing is seen; the splines between the frames do cross."""
    at_slip = 1.1814  # [rad]
    qpos = poses(body, {"pro_sup_r": np.array([0.0, 0.6, at_slip - 0.01, at_slip - 0.01, 0.6, 0.0])})
    ours = body.model.tendon("SUP_tendon").id
    assert np.abs(np.diff(lengths(body, qpos)[2:4, ours])).max() < 1e-9
    assert len(tendons.clip_crossings(body, qpos)) == 2


def test_legs_never_slip_in_their_whole_ranges(body):
    rng = np.random.default_rng(1)
    legs = [name for name in body.couplings.names[6:] if name.startswith(("hip", "knee", "ankle", "subtalar", "mtp"))]
    ranges = np.array([body.model.joint(name).range for name in legs])
    knots = ranges[:, 0] + np.ptp(ranges, axis=1) * rng.random((6, len(legs)))
    course = PchipInterpolator(np.linspace(0, 149, 6), knots)(np.arange(150))
    assert tendons.clip_crossings(body, poses(body, dict(zip(legs, course.T)))) == []


def test_crossings_agree_with_a_brute_force_search(body):
    """Along an arm motion every step of 1/25 frame that stands out is one of the crossings, and none is missing."""
    rng = np.random.default_rng(6)
    arm = ("elv_angle_r", "shoulder_elv_r", "shoulder_rot_r", "pro_sup_r")
    ranges = np.array([body.model.joint(name).range for name in arm])
    knots = ranges[:, 0] + np.ptp(ranges, axis=1) * rng.random((7, 4))
    course = PchipInterpolator(np.linspace(0, 149, 7), knots)(np.arange(60, 110))
    qpos = poses(body, dict(zip(arm, course.T)))
    paths = Paths(body)
    grid = np.linspace(0, 49, 49 * 25 + 1)
    fine = np.diff(paths.lengths(tendons.course(paths, qpos)(grid)), axis=0)
    rows, columns = np.nonzero((np.abs(fine[1:-1] - fine[:-2]) > 6e-4) & (np.abs(fine[1:-1] - fine[2:]) > 6e-4))
    expected = sorted((int(paths.tendons[column]), grid[row + 1]) for row, column in zip(rows, columns))
    found = sorted((c.tendon, c.at) for c in tendons.clip_crossings(body, qpos) if abs(c.size) > 1e-3)
    assert len(expected) > 4 and [t for t, _ in found] == [t for t, _ in expected]
    assert all(start <= at <= start + 0.04 for (_, at), (_, start) in zip(found, expected))


def test_jumps_too_small_to_count(body):
    qpos = poses(body, {"pro_sup_r": sweep(0.0, 1.4, 40)})
    assert tendons.clip_crossings(body, qpos, StrictRule(least=0.03)) == []


def test_a_single_pose_cannot_jump(body):
    assert tendons.clip_crossings(body, poses(body, {"pro_sup_r": np.array([1.4])})) == []


def test_arms_alone():
    arms = embodiment.load("bimanual")
    found = tendons.clip_crossings(arms, poses(arms, {"pro_sup_r": sweep(0.0, 1.4, 40)}))
    assert {arms.model.tendon(c.tendon).name for c in found} == {"SUP_tendon"}
    assert all(isinstance(c, Crossing) and np.isfinite(c.joints).all() for c in found)
