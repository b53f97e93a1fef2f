"""Poses of a whole clip: against a bounded least squares of another library, closed forms, and what must be kept."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares, lsq_linear

from biomimic.retarget.guards import Guard
from biomimic.retarget.skeleton import ROOT, Skeleton
from biomimic.retarget.solve import Above, Problem, Pull, solve

RATE = 100.0
MANY = 60  # steps, more than are ever needed


@pytest.fixture(scope="module")
def skeleton(body) -> Skeleton:
    return Skeleton(body)


@pytest.fixture
def nothing(body) -> Pull:
    """A point of the pelvis that was never seen."""
    return Pull(np.array([body.model.body("pelvis").id]), np.zeros((1, 3)), np.full((1, 1, 3), np.nan), 1.0)


def free(skeleton: Skeleton, pull: Pull, frames: int, *, bend: float = 1e-4, rest: float = 1.0) -> Problem:
    """Weak preferences only; joints rest in the neutral pose."""
    joints = skeleton.neutral(frames)[:, skeleton.joint_places]
    weights = np.full(joints.shape[1], rest)
    return Problem(skeleton, (pull,), np.full(skeleton.size, bend), joints, weights, RATE)


def held(body, skeleton: Skeleton, qpos: np.ndarray, names: str, weight: float = 1e4) -> Pull:
    """Three points of each body, where they are in these poses."""
    bodies = np.repeat([body.model.body(name).id for name in names.split()], 3)
    places = np.tile(0.1 * np.eye(3), (len(bodies) // 3, 1))
    return Pull(bodies, places, skeleton.pose(qpos).points(bodies, places), weight)


def column(skeleton: Skeleton, name: str) -> int:
    return skeleton.names.index(name)


def swaying(skeleton: Skeleton, frames: int) -> np.ndarray:
    """Poses in the middle of all ranges, with slow sines, the root moving on."""
    time = np.arange(frames)[:, None] / RATE
    low, high = skeleton.lower[ROOT:], skeleton.upper[ROOT:]
    qpos = skeleton.neutral(frames)
    phase = np.linspace(0.0, 6.0, len(low))
    qpos[:, skeleton.joint_places] = 0.5 * (low + high) + 0.1 * (high - low) * np.sin(5.0 * time + phase)
    qpos[:, :3] += time * [0.0, -1.0, 0.1]
    return skeleton.couplings_expand(qpos)


@pytest.mark.parametrize("local", [False, True])
def test_each_joint_is_the_bounded_least_squares_of_its_wishes(skeleton, nothing, local):
    """Without points the search is linear: wishes beyond the limits, and the bend."""
    frames = 50
    problem = free(skeleton, nothing, frames)
    rng = np.random.default_rng(0)
    low, high = skeleton.lower[ROOT:], skeleton.upper[ROOT:]
    middle, wide = 0.5 * (low + high), 0.5 * (high - low)
    time = np.arange(frames)[:, None] / RATE
    wish = middle + 1.5 * wide * np.sin(9.0 * time + np.linspace(0.0, 6.0, len(low)))
    weight = rng.uniform(0.5, 2.0, len(low))
    bend = 10.0 ** rng.uniform(-7.0, -4.0, skeleton.size)
    if local:
        bend = bend * rng.uniform(0.0, 3.0, (frames - 2, 1))
    problem = replace(problem, rest=wish, rest_weight=weight, bend=bend)
    found = solve(problem, skeleton.neutral(frames), most_steps=MANY, tolerance=1e-12)
    found = found.qpos[:, skeleton.joint_places]
    second = np.diff(np.eye(frames), 2, axis=0) * RATE**2
    for k in range(0, len(low), 3):
        own = np.broadcast_to(bend, (frames - 2, skeleton.size))[:, ROOT + k]
        matrix = np.vstack([np.sqrt(weight[k]) * np.eye(frames), np.sqrt(own)[:, None] * second])
        right = np.concatenate([np.sqrt(weight[k]) * wish[:, k], np.zeros(frames - 2)])
        expected = lsq_linear(matrix, right, (low[k], high[k]), tol=1e-12).x
        np.testing.assert_allclose(found[:, k], expected, atol=2e-4 * wide[k], err_msg=skeleton.names[ROOT + k])


def test_one_pose_is_that_of_another_library(body, skeleton):
    """Arms and legs pulled to where they cannot get, against a trust region search with bounds."""
    rng = np.random.default_rng(0)
    start = skeleton.neutral(1)
    start[:, skeleton.joint_places] += 0.3
    start = skeleton.move(start, np.zeros((1, skeleton.size)))
    pull = held(body, skeleton, start, "pelvis thorax tibia_r calcn_l ulna_r lunate_l", 100.0)
    pull = replace(pull, target=pull.target + 0.1 * rng.normal(size=pull.target.shape))
    problem = free(skeleton, pull, 1, rest=0.1)
    low, high = skeleton.lower[ROOT:], skeleton.upper[ROOT:]

    def residual(step: np.ndarray) -> np.ndarray:
        qpos = skeleton.move(start, step[None])
        off = skeleton.pose(qpos).points(pull.bodies, pull.places) - pull.target
        joints = qpos[:, skeleton.joint_places] - problem.rest
        return np.concatenate([10.0 * off.ravel(), np.sqrt(0.1) * joints.ravel()])

    joints = start[0, skeleton.joint_places]
    inside = np.clip(np.zeros(skeleton.size - ROOT), low - joints + 1e-6, high - joints - 1e-6)
    bounds = [np.concatenate([np.full(ROOT, way * np.inf), edge - joints]) for way, edge in ((-1, low), (1, high))]
    other = least_squares(residual, np.concatenate([np.zeros(ROOT), inside]), bounds=bounds, xtol=1e-10, ftol=1e-10)
    found = solve(problem, start, most_steps=MANY, tolerance=1e-10)
    at = found.qpos[0, skeleton.joint_places]
    assert ((at == low) | (at == high)).sum() >= 5  # else this would be no test of limits
    assert found.cost == pytest.approx(other.cost, rel=1e-6)
    assert np.abs(skeleton.difference(found.qpos, skeleton.move(start, other.x[None]))).max() < 1e-3


def test_limits_and_couplings_hold_exactly(body, skeleton):
    frames = 20
    qpos = swaying(skeleton, frames)
    beyond = qpos.copy()
    beyond[:, skeleton.joint_places] += np.where(np.arange(len(skeleton.joint_places)) % 2, 1.5, -1.5)
    beyond = skeleton.couplings_expand(beyond)  # no person can
    pull = held(body, skeleton, beyond, "pelvis thorax humerus_r lunate_r lunate_l calcn_r toes_l")
    found = solve(free(skeleton, pull, frames), qpos, most_steps=15).qpos
    joints = found[:, skeleton.joint_places]
    assert (joints >= skeleton.lower[ROOT:]).all() and (joints <= skeleton.upper[ROOT:]).all()
    assert ((joints == skeleton.lower[ROOT:]) | (joints == skeleton.upper[ROOT:])).mean() > 0.1
    assert np.abs(body.couplings.residual(found)).max() == 0.0
    np.testing.assert_allclose(np.linalg.norm(found[:, 3:7], axis=1), 1.0, atol=1e-12)


def test_a_start_beyond_the_limits_is_brought_back(skeleton, nothing):
    start = skeleton.neutral(3)
    start[:, skeleton.joint_places] = 9.0
    found = solve(free(skeleton, nothing, 3), start, most_steps=0)
    np.testing.assert_array_equal(found.qpos[:, skeleton.joint_places], np.tile(skeleton.upper[ROOT:], (3, 1)))
    assert found.steps == 0


def test_poses_are_recovered_from_points(body, skeleton):
    truth = swaying(skeleton, 25)
    bodies = (
        "pelvis thorax femur_r femur_l tibia_r tibia_l calcn_r calcn_l toes_r toes_l humerus_r humerus_l ulna_r ulna_l"
    )
    pull = held(body, skeleton, truth, f"{bodies} radius_r radius_l lunate_r lunate_l", 1e6)
    problem = free(skeleton, pull, 25, bend=1e-9, rest=1e-6)
    found = solve(problem, skeleton.neutral(25) + 0.0, most_steps=MANY, tolerance=1e-12)
    assert np.abs(skeleton.difference(found.qpos, truth)).max() < 1e-4


@pytest.mark.parametrize("hertz", [2.0, 6.0, 12.0, 24.0])
def test_bend_damps_a_sine_of_a_wish_as_the_closed_form_says(skeleton, nothing, hertz):
    """w (q - s) + b q'''' = 0 for a wish s: a sine passes with 1 / (1 + b / w omega^4), omega that of differences."""
    frames, name = 200, "elbow_flex_r"
    k = column(skeleton, name) - ROOT
    wave = 0.2 * np.sin(2.0 * np.pi * hertz * np.arange(frames) / RATE)
    problem = free(skeleton, nothing, frames, bend=150.0**-2)
    wish = problem.rest.copy()
    wish[:, k] = 1.0 + wave
    weight = np.full(len(wish[0]), (0.4 / 0.010) ** 2)  # as of one point at 0.4 m known to 10 mm
    found = solve(replace(problem, rest=wish, rest_weight=weight), skeleton.neutral(frames), most_steps=MANY)
    omega = 2.0 * RATE * np.sin(np.pi * hertz / RATE)
    expected = 1.0 / (1.0 + omega**4 / (150.0 * 0.4 / 0.010) ** 2)
    inner = slice(50, 150)
    answer = found.qpos[inner, skeleton.joint_places[k]] - 1.0
    assert answer @ wave[inner] / (wave[inner] @ wave[inner]) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(("hertz", "share"), [(3.0, 0.997), (12.0, 0.551), (24.0, 0.093)])
def test_bend_damps_what_a_point_on_the_forearm_shows(body, skeleton, hertz, share):
    """One point at 0.4 m known to 10 mm against 150 rad/s^2: half passes at 12 Hz.

    With omega = 200 / s sin(pi f / 100 Hz) what passes is 1 / (1 + (omega^2 / (150 x 0.4 / 0.01))^2).
    """
    frames, small = 80, 0.05
    k, name = column(skeleton, "elbow_flex_r"), "ulna_r"
    truth = skeleton.neutral(frames)
    wave = small * np.sin(2.0 * np.pi * hertz * np.arange(frames) / RATE)
    truth[:, skeleton.joint_places[k - ROOT]] = 1.0
    start = skeleton.couplings_expand(truth)
    own = np.array([body.model.body(name).id])
    axis = body.model.jnt_axis[body.model.joint("elbow_flex_r").id]
    away = np.cross(axis, [0.0, 0.0, 1.0])
    place = 0.4 * (away / np.linalg.norm(away))[None]
    pose = skeleton.pose(start)
    there = pose.points(own, place)
    lever = skeleton.jacobian(pose, own, there)[..., k]
    point = Pull(own, place, there + lever * wave[:, None, None], 0.010**-2)
    trunk = held(body, skeleton, start, "pelvis", 1e9)
    problem = free(skeleton, trunk, frames, bend=150.0**-2)
    stiff = np.full(skeleton.size - ROOT, 1e8)
    stiff[k - ROOT] = 1e-6
    rest = start[:, skeleton.joint_places]
    found = solve(replace(problem, pulls=(trunk, point), rest=rest, rest_weight=stiff), start, most_steps=MANY)
    inner = slice(20, 60)
    answer = found.qpos[inner, skeleton.joint_places[k - ROOT]] - 1.0
    assert answer @ wave[inner] / (wave[inner] @ wave[inner]) == pytest.approx(share, abs=0.003)


def test_a_jolt_passes_where_the_bend_is_let_go(skeleton, nothing):
    frames, k = 40, 3
    problem = free(skeleton, nothing, frames, bend=1e-3)
    wish = np.tile(0.5 * (skeleton.lower[ROOT:] + skeleton.upper[ROOT:]), (frames, 1))
    wish[20:, k] += 0.1
    problem = replace(problem, rest=wish)
    bend = np.full((frames - 2, skeleton.size), 1e-3)
    bend[18:20] = 0.0  # second differences around frames 19 and 20
    place = skeleton.joint_places[k]
    even = solve(problem, skeleton.neutral(frames), most_steps=MANY, tolerance=1e-12).qpos[:, place]
    local = solve(replace(problem, bend=bend), skeleton.neutral(frames), most_steps=MANY, tolerance=1e-12)
    np.testing.assert_allclose(local.qpos[:, place], wish[:, k], atol=1e-4)
    assert np.abs(np.diff(even)).max() < 0.03


def test_guards_are_kept_in_their_frames_only(skeleton, nothing):
    frames = 12
    k = column(skeleton, "elbow_flex_r")
    problem = free(skeleton, nothing, frames, bend=0.0)
    wish = problem.rest.copy()
    wish[:, k - ROOT] = 1.2
    normal = np.zeros(skeleton.size)
    normal[k] = 1.0
    guard = Guard(4, 6, normal, 0.7, "some muscle")
    problem = replace(problem, rest=wish, guards=(guard,), guard_weight=1e6)
    found = solve(problem, skeleton.neutral(frames), most_steps=MANY, tolerance=1e-12)
    angle = found.qpos[:, skeleton.joint_places[k - ROOT]]
    weighed = (1.2 + 1e6 * 0.7) / (1.0 + 1e6)
    np.testing.assert_allclose(angle[4:7], weighed, atol=1e-6)
    np.testing.assert_allclose(angle[[0, 3, 7, 11]], 1.2, atol=1e-6)


def test_a_guard_across_two_joints_moves_both(skeleton, nothing):
    one, two = column(skeleton, "shoulder_elv_r"), column(skeleton, "elbow_flex_r")
    problem = free(skeleton, nothing, 3, bend=0.0)
    wish = problem.rest.copy()
    wish[:, [one - ROOT, two - ROOT]] = 1.0
    normal = np.zeros(skeleton.size)
    normal[[one, two]] = 0.6, 0.8
    problem = replace(problem, rest=wish, guards=(Guard(0, 2, normal, 1.0, "some muscle"),), guard_weight=0.002**-2)
    found = solve(problem, skeleton.neutral(3), most_steps=MANY, tolerance=1e-12).qpos
    # the nearest point of the plane 0.6 a + 0.8 b = 1 to (1, 1) is (1, 1) - 0.4 (0.6, 0.8)
    np.testing.assert_allclose(found[:, skeleton.joint_places[[one - ROOT, two - ROOT]]], [[0.76, 0.68]] * 3, atol=1e-5)


def test_points_stay_above_the_floor(body, skeleton):
    frames = 8
    start = skeleton.neutral(frames)
    everything = held(body, skeleton, start, "pelvis thorax calcn_r calcn_l")
    sunk = replace(everything, target=everything.target - [0.0, 0.0, 0.05])
    heels = np.array([body.model.body(f"calcn_{side}").id for side in "rl"])
    floor = np.tile(skeleton.pose(start).origin[0, heels, 2], (frames, 1))
    floor[4:, 1] = -np.inf  # the left heel may sink there
    above = Above(heels, np.zeros((2, 3)), floor, 1e8)
    problem = replace(free(skeleton, sunk, frames, bend=0.0), above=(above,))
    found = skeleton.pose(solve(problem, start, most_steps=MANY, tolerance=1e-10).qpos)
    height = found.origin[:, heels, 2]
    assert (height - floor)[np.isfinite(floor)].min() > -1e-4
    assert (height[4:, 1] < skeleton.pose(start).origin[0, heels[1], 2] - 0.02).all()


def test_points_far_above_the_floor_do_not_feel_it(body, skeleton):
    start = swaying(skeleton, 6)
    pull = held(body, skeleton, start, "pelvis thorax calcn_r calcn_l")
    own = np.array([body.model.body("lunate_r").id])
    above = Above(own, np.zeros((1, 3)), np.array(-2.0), 1e8)
    problem = free(skeleton, pull, 6)
    with_floor = solve(replace(problem, above=(above,)), start, most_steps=5).qpos
    np.testing.assert_allclose(with_floor, solve(problem, start, most_steps=5).qpos, atol=1e-12)


def test_what_was_not_seen_does_not_pull(body, skeleton):
    truth = swaying(skeleton, 10)
    pull = held(body, skeleton, truth, "pelvis thorax tibia_r ulna_l")
    extra = held(body, skeleton, skeleton.neutral(10), "lunate_r")
    gone = replace(extra, target=np.full_like(extra.target, np.nan))
    problem = free(skeleton, pull, 10)
    start = skeleton.neutral(10)
    with_gone = solve(replace(problem, pulls=(pull, gone)), start, most_steps=6).qpos
    np.testing.assert_allclose(with_gone, solve(problem, start, most_steps=6).qpos, atol=1e-12)
    assert np.isfinite(with_gone).all()


def test_one_unknown_coordinate_leaves_the_others(body, skeleton):
    start = skeleton.neutral(2)
    pull = held(body, skeleton, start, "pelvis")
    target = pull.target + [0.1, 0.2, 0.3]
    target[..., 2] = np.nan
    found = solve(free(skeleton, replace(pull, target=target), 2), start, most_steps=20, tolerance=1e-9).qpos
    np.testing.assert_allclose(found[:, :3] - start[:, :3], [[0.1, 0.2, 0.0]] * 2, atol=1e-4)


def test_a_gap_is_bridged_smoothly(body, skeleton):
    """An arc that only its ends tell: between them the joint goes on as a cubic, which for a straight line is it."""
    frames, k = 30, column(skeleton, "elbow_flex_r")
    truth = skeleton.neutral(frames)
    truth[:, skeleton.joint_places[k - ROOT]] = np.linspace(0.5, 1.2, frames)
    pull = held(body, skeleton, truth, "pelvis thorax humerus_r ulna_r", 1e6)
    target = pull.target.copy()
    target[10:20] = np.nan
    problem = free(skeleton, replace(pull, target=target), frames, bend=1e-6, rest=1e-6)
    found = solve(problem, truth[:1].repeat(frames, axis=0), most_steps=MANY, tolerance=1e-12)
    np.testing.assert_allclose(found.qpos[:, skeleton.joint_places[k - ROOT]], np.linspace(0.5, 1.2, frames), atol=2e-3)


@pytest.mark.parametrize("frames", [1, 2])
def test_clips_without_a_bend(body, skeleton, frames):
    truth = swaying(skeleton, 30)[5 : 5 + frames]
    pull = held(body, skeleton, truth, "pelvis thorax femur_r tibia_r calcn_r")
    problem = replace(free(skeleton, pull, frames, rest=1e-3), bend=np.full(skeleton.size, 1e6))
    found = solve(problem, skeleton.neutral(frames), most_steps=MANY, tolerance=1e-10)
    assert found.qpos.shape == truth.shape
    off = skeleton.pose(found.qpos).points(pull.bodies, pull.places) - pull.target
    assert np.abs(off).max() < 2e-3


def test_a_clip_played_backward_gives_the_answer_backward(body, skeleton):
    truth = swaying(skeleton, 20)
    rng = np.random.default_rng(2)
    pull = held(body, skeleton, truth, "pelvis thorax femur_l tibia_l calcn_l ulna_r")
    pull = replace(pull, target=pull.target + 0.01 * rng.normal(size=pull.target.shape))
    problem = free(skeleton, pull, 20)
    back = replace(problem, pulls=(replace(pull, target=pull.target[::-1]),))
    forth = solve(problem, truth, most_steps=10, tolerance=1e-9).qpos
    np.testing.assert_allclose(solve(back, truth[::-1], most_steps=10, tolerance=1e-9).qpos, forth[::-1], atol=1e-6)


def test_the_search_never_ends_worse_than_it_began(body, skeleton):
    rng = np.random.default_rng(3)
    start = swaying(skeleton, 6)
    pull = held(body, skeleton, start, "pelvis thorax calcn_r lunate_l", 1e6)
    pull = replace(pull, target=pull.target + rng.normal(size=pull.target.shape))  # nonsense
    problem = free(skeleton, pull, 6)
    costs = [solve(problem, start, most_steps=steps, tolerance=0.0).cost for steps in (0, 1, 3, 8)]
    assert (np.diff(costs) <= 0.0).all() and costs[-1] < costs[0]
