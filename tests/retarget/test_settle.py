"""The body on its floor: a made-up walk that sinks, slides, stands still or has no feet."""

from dataclasses import dataclass, replace

import mujoco
import numpy as np
import pytest
from walking_people import Walker, walker

from biomimic import embodiment
from biomimic.embodiment import Embodiment
from biomimic.retarget.clip_options import ClipOptions
from biomimic.retarget.contact import Points, contact_points
from biomimic.retarget.ground import Ground, detect
from biomimic.retarget.guards import Guard
from biomimic.retarget.options import Contact
from biomimic.retarget.settle import Settled, problem_of, resettle, settle
from biomimic.retarget.skeleton import ROOT, Skeleton
from biomimic.retarget.solve import Pull

BODIES = (
    "pelvis thorax femur_r femur_l tibia_r tibia_l calcn_r calcn_l toes_r toes_l humerus_r humerus_l ulna_r ulna_l"
).split()
OPTIONS = ClipOptions()
MM = 1e-3  # [m]


@dataclass(frozen=True, eq=False)
class Laid:
    """A clip, settled, and what is known of it."""

    qpos: np.ndarray  # before
    ground: Ground
    settled: Settled
    soles: Points
    skeleton: Skeleton
    body: Embodiment

    def lower(self, qpos: np.ndarray) -> np.ndarray:
        """Lowest places of the contact points, (T, S, 3) [m], house frame."""
        place = self.body.to_house(self.skeleton.pose(qpos).points(self.soles.bodies, self.soles.places))
        return place - np.array([0.0, 0.0, 1.0]) * self.soles.radii[:, None]


def points(body: Embodiment, skeleton: Skeleton, qpos: np.ndarray) -> Pull:
    """Three points of each body, known to 10 mm."""
    bodies = np.repeat([body.model.body(name).id for name in BODIES], 3)
    places = np.tile(0.1 * np.eye(3), (len(BODIES), 1))
    return Pull(bodies, places, skeleton.pose(qpos).points(bodies, places), 0.010**-2)


def laid(body: Embodiment, qpos: np.ndarray, *, real: np.ndarray | None = None) -> Laid:
    """Settled; contacts are those of the poses `real`, (T, nq), where these are others."""
    skeleton, soles = Skeleton(body), contact_points(body, Contact())
    feet = skeleton.pose(qpos if real is None else real).points(soles.bodies, soles.places)
    ground = detect(body.to_house(feet), soles, OPTIONS.rate)
    settled = settle(body, skeleton, points(body, skeleton, qpos), qpos, ground, OPTIONS)
    return Laid(qpos, ground, settled, soles, skeleton, body)


def deepest(body: Embodiment, qpos: np.ndarray) -> float:
    """Depth of the deepest contact with the floor that MuJoCo finds [m]."""
    model, data, depth = body.model, mujoco.MjData(body.model), 0.0
    floor = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, "floor")
    for pose in qpos:
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_collision(model, data)
        pairs = data.contact.geom[: data.ncon]
        depth = max(depth, float(-data.contact.dist[: data.ncon][(pairs == floor).any(axis=1)].min(initial=0.0)))
    return depth


def travel(place: np.ndarray, contact: np.ndarray) -> float:
    """Largest distance of a planted point from where it stood first in the same contact [m]."""
    most = 0.0
    for point, own in enumerate(contact.T):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], own.astype(int), [0]])))
        for first, end in zip(edges[::2], edges[1::2]):
            away = place[first:end, point, :2] - place[first, point, :2]
            most = max(most, float(np.linalg.norm(away, axis=1).max()))
    return most


@pytest.fixture(scope="module")
def walk(body) -> Walker:
    return walker(body, seconds=1.2)


@pytest.fixture(scope="module")
def sunk(body, walk) -> Laid:
    """The walk 3 cm too low, its contacts as seen at the right height."""
    low = walk.qpos.copy()
    low[:, 2] -= 0.03
    return laid(body, low, real=walk.qpos)


@pytest.fixture(scope="module")
def sliding(body, walk) -> Laid:
    """The walk with feet that slide by up to 2 cm to and fro, its contacts as seen without."""
    slid = walk.qpos.copy()
    slid[:, 1] += 0.02 * np.sin(2.0 * np.pi * 1.5 * np.arange(len(slid)) / 100.0)
    return laid(body, slid, real=walk.qpos)


def test_nothing_is_below_the_floor(body, sunk):
    assert deepest(body, sunk.qpos) > 0.03
    assert deepest(body, sunk.settled.qpos) < 1.0 * MM
    assert sunk.lower(sunk.settled.qpos)[..., 2].min() > -1.0 * MM


def test_planted_points_are_on_the_floor(sunk):
    height = sunk.lower(sunk.settled.qpos)[..., 2][sunk.settled.contact]
    assert len(height) > 500 and height.max() <= OPTIONS.fit.touch


def test_the_body_is_lifted_and_not_folded(walk, sunk):
    """Feet 3 cm below the floor lift the body in whole or bend the legs; both share it."""
    joints = sunk.skeleton.joint_places
    knees = [joints[sunk.skeleton.names.index(f"knee_angle_{side}") - ROOT] for side in "rl"]
    assert (sunk.settled.qpos[:, 2] - sunk.qpos[:, 2]).mean() > 0.005
    assert np.abs(sunk.settled.qpos[:, knees] - walk.qpos[:, knees]).mean() < np.deg2rad(10.0)


@pytest.mark.parametrize(("clip", "most"), [("sunk", 2.0 * MM), ("sliding", 1.0 * MM)])
def test_planted_points_stay_where_they_are(request, clip, most):
    """A body that has to rise by 3 cm is given a little more: what slides by 2 mm is no contact."""
    found = request.getfixturevalue(clip)
    assert found.settled.contact.mean() > 0.3
    assert travel(found.lower(found.settled.qpos), found.settled.contact) < most


def test_a_slide_of_the_source_is_taken_away(sliding):
    assert travel(sliding.lower(sliding.qpos), sliding.settled.contact) > 0.02


def test_only_what_was_planted_is_planted(sunk, sliding):
    for found in (sunk, sliding):
        assert not (found.settled.contact & ~found.ground.contact).any()
        assert (found.settled.contact == found.ground.contact).mean() > 0.93


def test_limits_and_couplings_are_kept(body, sunk):
    joints = sunk.settled.qpos[:, sunk.skeleton.joint_places]
    assert (joints >= sunk.skeleton.lower[ROOT:]).all() and (joints <= sunk.skeleton.upper[ROOT:]).all()
    assert np.abs(body.couplings.residual(sunk.settled.qpos)).max() == 0.0


def test_points_in_the_air_clear_the_floor(sunk):
    """A point that is not planted within 0.1 s is 5 mm above the floor, but for what the floor's softness gives."""
    near = sunk.ground.contact.copy()
    for shift in range(1, 11):
        near[shift:] |= sunk.ground.contact[:-shift]
        near[:-shift] |= sunk.ground.contact[shift:]
    assert sunk.lower(sunk.settled.qpos)[..., 2][~near].min() > 4.0 * MM


def test_a_foot_that_slides_by_10_cm_stands_before_and_after_only(body):
    """The body stands, glides 10 cm ahead within 0.3 s and stands again."""
    skeleton = Skeleton(body)
    soles = contact_points(body, Contact())
    qpos = skeleton.neutral(150)
    lowest = (skeleton.pose(qpos[:1]).points(soles.bodies, soles.places)[..., 2] - soles.radii).min()
    share = np.clip((np.arange(150) - 60) / 30.0, 0.0, 1.0)
    qpos[:, 1] -= 0.1 * share**2 * (3.0 - 2.0 * share)
    qpos[:, 2] -= lowest
    found = laid(body, qpos)
    contact = found.settled.contact
    assert contact[:50].any(axis=1).all() and contact[100:].any(axis=1).all()
    assert not contact[70:80].any()
    place = found.lower(found.settled.qpos)
    assert travel(place, contact) < 1.0 * MM
    assert (place[120, :, 0] - place[30, :, 0]).mean() == pytest.approx(0.1, abs=0.01)


def test_a_slide_called_a_contact_is_none(body):
    """Who stands on ice: feet glide 10 cm apart while the contacts say that they stand."""
    skeleton = Skeleton(body)
    qpos = skeleton.neutral(80)
    soles = contact_points(body, Contact())
    qpos[:, 2] -= (skeleton.pose(qpos[:1]).points(soles.bodies, soles.places)[..., 2] - soles.radii).min()
    feet = body.to_house(skeleton.pose(qpos).points(soles.bodies, soles.places))
    ground = detect(feet, soles, OPTIONS.rate)
    said = replace(ground, contact=np.ones_like(ground.contact), firm=np.ones_like(ground.firm))
    away = qpos.copy()
    away[:, 1] -= 2.0 * np.arange(80) / 100.0  # 1.6 m in all, further than legs reach
    settled = settle(body, skeleton, points(body, skeleton, away), away, said, OPTIONS)
    place = skeleton.pose(settled.qpos).points(soles.bodies, soles.places)
    assert travel(place, settled.contact) < 4.0 * MM
    assert settled.contact.mean() < 0.5


def test_what_slides_in_spite_of_all_is_no_contact(body, walk):
    """Contacts that weigh less than the source: where it slides by more than 2 mm, so does the foot."""
    soft = replace(OPTIONS, fit=replace(OPTIONS.fit, planted=(0.05, 0.05)))
    skeleton, soles = Skeleton(body), contact_points(body, Contact())
    ground = detect(body.to_house(skeleton.pose(walk.qpos).points(soles.bodies, soles.places)), soles, OPTIONS.rate)
    slid = walk.qpos.copy()
    slid[:, 1] += 0.02 * np.sin(2.0 * np.pi * 1.5 * np.arange(len(slid)) / 100.0)
    settled = settle(body, skeleton, points(body, skeleton, slid), slid, ground, soft)
    assert settled.contact.mean() < 0.5 * ground.contact.mean()
    place = body.to_house(skeleton.pose(settled.qpos).points(soles.bodies, soles.places))
    assert travel(place, settled.contact) < 2.0 * OPTIONS.fit.slid + 1e-6


def test_arms_alone_follow_their_points(body):
    arms = embodiment.load("bimanual")
    person = walker(arms, seconds=0.3)
    bodies = np.repeat(
        [arms.model.body(name).id for name in ("thorax", "humerus_r", "ulna_r", "humerus_l", "ulna_l")], 3
    )
    places = np.tile(0.1 * np.eye(3), (5, 1))
    source = Pull(bodies, places, person.skeleton.pose(person.qpos).points(bodies, places), 0.010**-2)
    settled = settle(arms, Skeleton(arms), source, person.qpos, None, OPTIONS)
    assert settled.contact is None
    off = Skeleton(arms).pose(settled.qpos).points(bodies, places) - source.target
    assert np.linalg.norm(off, axis=-1).max() < 4.0 * MM


def test_guards_are_obeyed_when_settled_again(body, sunk):
    skeleton = sunk.skeleton
    k = skeleton.names.index("knee_angle_r")
    angle = sunk.settled.qpos[:, skeleton.joint_places[k - ROOT]]
    frame = int(angle.argmax())
    normal = np.zeros(skeleton.size)
    normal[k] = 1.0
    guard = Guard(frame - 2, frame + 2, normal, float(angle.max()) - 0.1, "some muscle")
    again = resettle(body, sunk.settled, (guard,), np.array([], dtype=int), OPTIONS)
    over = again.qpos[frame - 2 : frame + 3, skeleton.joint_places[k - ROOT]] - guard.bound
    assert over.max() < 2.0 * OPTIONS.fit.guard
    far = np.abs(np.arange(len(angle)) - frame) > 40
    assert np.abs(again.qpos - sunk.settled.qpos)[far].max() < 0.03


def test_steps_are_calmed_when_settled_again(body, sunk):
    """Joints turn with less acceleration around the frame, elsewhere as before."""
    joints = sunk.skeleton.joint_places
    again = resettle(body, sunk.settled, (), np.array([60]), OPTIONS)

    def bend(qpos: np.ndarray, rows: slice) -> float:
        return float((np.diff(qpos[:, joints], 2, axis=0)[rows] ** 2).sum())

    around, before = slice(50, 70), slice(0, 20)
    assert bend(again.qpos, around) < 0.9 * bend(sunk.settled.qpos, around)
    assert bend(again.qpos, before) == pytest.approx(bend(sunk.settled.qpos, before), rel=0.1)


def test_what_is_asked_of_root_and_joints(body):
    problem = problem_of(Skeleton(body), (), OPTIONS)
    np.testing.assert_allclose(problem.bend[:3], 50.0**-2)
    np.testing.assert_allclose(problem.bend[3:], 150.0**-2)
    assert problem.rate == 100.0 and problem.rest.shape == problem.rest_weight.shape == (31,)
