"""The plain mink baseline follows points that the body can reach, keeps limits, and says what it lacks."""

import sys

import mujoco
import numpy as np
import pytest
from cache_clips import swinging

from biomimic import embodiment
from biomimic.errors import BadValue
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.retarget import baseline
from biomimic.retarget.baseline import BaselineOptions
from biomimic.retarget.musclemimic_cache import SITES

FRAMES = 8
JOINTS = ["pelvis", "neck", "head"]
JOINTS += [f"{part}_{side}" for side in ("right", "left") for part in (
    "hip", "knee", "ankle", "toe", "shoulder", "elbow", "wrist", "hand")]  # fmt: skip


def _points(body, qpos):
    """Imitated joint centres, each with one more point 0.1 m along the body's z; house frame, (T, P, 3)."""
    model, data = body.model, mujoco.MjData(body.model)
    bodies = np.repeat([model.body(name).id for name in SITES[body.name]], 2)
    offsets = np.tile([[0.0, 0.0, 0.0], [0.0, 0.0, 0.1]], (len(bodies) // 2, 1))
    found = np.empty((len(qpos), len(bodies), 3))
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        found[frame] = data.xpos[bodies] + (data.xmat[bodies].reshape(-1, 3, 3) @ offsets[:, :, None])[..., 0]
    return body.to_house(found), bodies, offsets


@pytest.fixture(scope="module")
def body():
    return embodiment.load("myofullbody")


@pytest.fixture(scope="module")
def reachable(body):
    """Targets made from the body's own joints."""
    return _points(body, swinging(body, frames=FRAMES).qpos)


def test_skeleton_has_the_same_coordinates_and_kinematics(body):
    small = baseline.skeleton_of(body.model)
    assert (small.nq, small.nv, small.nbody, small.neq) == (89, 88, 102, 51)
    assert (small.nu, small.ntendon, small.ngeom, small.nsite) == (0, 0, 0, 0)
    np.testing.assert_array_equal(small.qpos0, body.model.qpos0)
    np.testing.assert_array_equal(small.jnt_range, body.model.jnt_range)
    there, here = mujoco.MjData(body.model), mujoco.MjData(small)
    there.qpos[:] = here.qpos[:] = swinging(body, frames=2).qpos[1]
    mujoco.mj_kinematics(body.model, there)
    mujoco.mj_kinematics(small, here)
    np.testing.assert_allclose(here.xpos, there.xpos, atol=1e-12)
    np.testing.assert_allclose(here.xmat, there.xmat, atol=1e-12)


@pytest.mark.parametrize(("name", "fingers"), [("myofullbody", False), ("bimanual", False)])
def test_reaches_what_can_be_reached(name, fingers):
    pytest.importorskip("mink")
    own = embodiment.load(name, fingers=fingers)
    source, bodies, offsets = _points(own, swinging(own, frames=FRAMES).qpos)
    qpos = baseline.fit(source, bodies, offsets, np.full(len(bodies), 1e4), own)
    there = _points(own, qpos)[0]
    assert qpos.shape == (FRAMES, own.model.nq)
    assert np.sqrt(np.mean(np.sum((there - source) ** 2, axis=2))) < 1e-3
    assert np.abs(own.couplings.residual(qpos)).max() < 1e-3
    hinged = own.model.jnt_type != mujoco.mjtJoint.mjJNT_FREE
    low, high = own.model.jnt_range[hinged].T
    joints = qpos[:, own.model.jnt_qposadr[hinged]]
    assert (joints > low - 1e-6).all() and (joints < high + 1e-6).all()


def test_turned_away_person_is_found(body, reachable):
    """The same points, the person facing backwards 3 m away: the start lies under them."""
    pytest.importorskip("mink")
    source, bodies, offsets = reachable
    turned = source[:1] * [-1.0, -1.0, 1.0] + [3.0, 0.0, 0.0]
    qpos = baseline.fit(turned, bodies, offsets, np.full(len(bodies), 1e4), body)
    assert np.abs(_points(body, qpos)[0] - turned).max() < 3e-3


def test_unseen_points_do_not_pull(body, reachable):
    pytest.importorskip("mink")
    source, bodies, offsets = reachable
    weights = np.full(len(bodies), 1e4)
    holes = source[:4].copy()
    holes[2, [6, 7]] = np.nan
    qpos = baseline.fit(holes, bodies, offsets, weights, body)
    assert np.isfinite(qpos).all()
    assert np.abs(_points(body, qpos)[0] - source[:4])[[0, 1, 3]].max() < 3e-3


def test_trajectory_has_speeds(body):
    clip = swinging(body, frames=20)
    made = baseline.trajectory(clip.qpos, body, clip.rate, clip.provenance)
    middle = 0.5 * (clip.qvel[:-2] + clip.qvel[1:-1])
    np.testing.assert_allclose(made.qvel[1:-1], middle, atol=1e-9)
    np.testing.assert_allclose(made.landmark_position, clip.landmark_position, atol=1e-12)


def test_errors(body, reachable, monkeypatch):
    source, bodies, offsets = reachable
    with pytest.raises(BadValue, match="at least 1"):
        BaselineOptions(iterations=0)
    monkeypatch.setitem(sys.modules, "mink", None)
    with pytest.raises(BadValue, match="needs mink and daqp"):
        baseline.fit(source, bodies, offsets, np.ones(len(bodies)), body)
    monkeypatch.undo()
    pytest.importorskip("mink")
    with pytest.raises(BadValue, match="do not fit"):
        baseline.fit(source, bodies, offsets[:-1], np.ones(len(bodies)), body)


def _marching(body, frames=40):
    """Joint centres and orientations of the body itself, which moves hips, knees and shoulders a little."""
    phase = np.linspace(0.0, 2.0 * np.pi, frames)
    qpos = np.tile(body.model.qpos0, (frames, 1))
    for joint, swing in (("hip_flexion_r", 0.3), ("hip_flexion_l", -0.3), ("knee_angle_r", 0.4), ("knee_angle_l", 0.4)):
        qpos[:, body.model.joint(joint).qposadr[0]] = 0.1 + swing * np.sin(phase) + abs(swing) * ("knee" in joint)
    qpos = body.couplings.expand(qpos)
    names = [name for name in JOINTS if name in body.landmarks]
    columns = [list(body.landmarks).index(name) for name in names]
    place = body.trajectory_landmarks(qpos)[:, columns]
    return Motion(100.0, place, tuple(names), Provenance("made by this test"), rotation=None)


def test_follows_a_whole_clip_and_its_record_says_how_well(body):
    pytest.importorskip("mink")
    made, found = baseline.retarget(_marching(body), body)
    assert made.qpos.shape == (40, 89) and made.contact.shape[0] == 40
    assert found.nearness.rmse < 0.01 and found.limits.percent == 0.0 and found.coupling.largest < 1e-3
    assert found.seconds > 0.0 and "theirs alone" in found.notes[-1]
