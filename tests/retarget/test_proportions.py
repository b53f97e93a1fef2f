"""Sizes and places from a clip: a made-up person whose sizes, places and poses are known."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from walking_people import Walker, walker

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.retarget.proportions import Points, ProportionOptions, Proportions, fit_proportions
from biomimic.retarget.skeleton import Skeleton

BODIES = (
    "pelvis thorax femur_r femur_l tibia_r tibia_l talus_r talus_l toes_r toes_l humerus_r humerus_l ulna_r ulna_l "
    "lunate_r lunate_l"
).split()
SIZES = {
    "pelvis": 1.05,
    "trunk": 1.16,
    "head": 1.1,
    "shoulder": 1.06,
    "upper_arm": 1.14,
    "forearm": 1.04,
    "hand": 1.1,
    "thigh": 1.15,
    "shank": 1.03,
    "foot": 1.12,
}
SEEN = ("trunk", "upper_arm", "forearm", "thigh", "shank", "foot", "shoulder", "pelvis")
OPTIONS = ProportionOptions(frames=16)


@dataclass(frozen=True, eq=False)
class Made:
    """A person and what a perfect recording shows: three points of each body, one near its joint."""

    person: Walker
    points: Points
    places: np.ndarray

    @property
    def rest(self) -> np.ndarray:
        skeleton = self.person.skeleton
        return skeleton.neutral(1)[0, skeleton.joint_places]


def made(body: Embodiment, *, size: float | dict[str, float], astray: float = 0.0, error: float = 0.01) -> Made:
    """Joint centres known to 10 mm, and two points 0.1 m off each whose places are unknown.

    Args:
        body: of which the person is made.
        size: of it.
        astray: deviation of the places of known points from what is believed [m].
        error: deviation that the data are believed to have [m].
    """
    person = walker(body, seconds=1.0, size=size)
    bodies = np.repeat([body.model.body(name).id for name in BODIES], 3)
    offsets = np.tile([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0]], (len(BODIES), 1))
    spread = np.tile([0.010, np.inf, np.inf], len(BODIES))
    spread[:6] = 0.010  # pelvis and trunk show their turn
    rng = np.random.default_rng(0)
    known = np.isfinite(spread)[:, None]
    places = offsets * person.scale[bodies][:, None] + np.where(known, astray, 0.03) * rng.normal(size=offsets.shape)
    world = person.skeleton.pose(person.qpos).points(bodies, places)
    weights = np.full(len(bodies), error**-2)
    return Made(person, Points(world, bodies, np.where(known, offsets, 0.0), spread, weights), places)


def fitted(body: Embodiment, seen: Made, **changed) -> tuple[Proportions, Skeleton]:
    skeleton = Skeleton(body)
    points = changed.pop("points", seen.points)
    return fit_proportions(body, skeleton, points, seen.rest, OPTIONS, **changed), skeleton


@pytest.fixture(scope="module")
def larger(body) -> Made:
    return made(body, size=1.08)


@pytest.fixture(scope="module")
def uneven(body) -> Made:
    return made(body, size=SIZES, error=0.002)


@pytest.fixture(scope="module")
def uneven_fit(body, uneven) -> tuple[Proportions, Skeleton]:
    return fitted(body, uneven)


def test_a_person_who_is_larger_everywhere_is_larger_everywhere(body, larger):
    found, _ = fitted(body, larger)
    assert set(found.size) == set(body.segments)
    for segment in SEEN:
        assert found.size[segment] == pytest.approx(1.08, abs=0.01), segment
    assert found.rmse < 0.002


def test_sizes_of_segments_are_found(uneven_fit):
    for segment in SEEN:
        assert uneven_fit[0].size[segment] == pytest.approx(SIZES[segment], abs=0.02), segment


def test_places_of_which_nothing_is_known_are_found(uneven, uneven_fit):
    unknown = np.isinf(uneven.points.spread)
    away = np.linalg.norm(uneven_fit[0].places - uneven.places, axis=1)
    assert away[unknown].max() < 0.02 and np.median(away[unknown]) < 0.006


def test_angles_are_found_with_the_sizes(uneven, uneven_fit):
    person, found = uneven.person, uneven_fit[0]
    off = found.qpos[:, person.skeleton.joint_places] - person.angles[found.frames]
    rms = dict(zip(person.skeleton.names[6:], np.degrees(np.sqrt((off**2).mean(axis=0)))))
    for name in ("hip_flexion", "knee_angle", "ankle_angle", "elbow_flex"):
        assert max(rms[f"{name}_r"], rms[f"{name}_l"]) < 2.0, name


def test_the_skeleton_is_left_at_the_persons_size(body, uneven, uneven_fit):
    found, skeleton = uneven_fit
    own = skeleton.pose(found.qpos).points(uneven.points.bodies, found.places)
    off = np.linalg.norm(own - uneven.points.position[found.frames], axis=-1)
    assert np.sqrt((off**2).mean()) == pytest.approx(found.rmse, rel=1e-9)
    assert found.rmse < 0.003
    for segment, bodies in body.segments.items():
        np.testing.assert_allclose(found.scale[bodies], found.size[segment], rtol=1e-12)


def test_both_sides_have_one_size_and_mirrored_people_are_mirrored(body, uneven, uneven_fit):
    """Mirrored in the model's plane of symmetry, x; right points become left ones."""
    model, points = body.model, uneven.points
    other = {"r": "l", "l": "r"}
    swap = []
    for k, number in enumerate(points.bodies):
        name = model.body(int(number)).name
        twin = name[:-1] + other[name[-1]] if name[-2:] in ("_r", "_l") else name
        swap.append(3 * BODIES.index(twin) + k % 3)
    flip = points.position[:, swap] * [-1.0, 1.0, 1.0]
    found, skeleton = fitted(body, uneven, points=replace(points, position=flip))
    # the arms and the trunk of the model itself differ from side to side by some mm
    for segment in SEEN:
        assert found.size[segment] == pytest.approx(uneven_fit[0].size[segment], abs=0.01), segment
    right, left = (
        [skeleton.joint_places[skeleton.names.index(f"{name}_{side}") - 6] for name in ("hip_flexion", "knee_angle")]
        for side in "rl"
    )
    np.testing.assert_allclose(found.qpos[:, right], uneven_fit[0].qpos[:, left], atol=np.deg2rad(2.0))


def test_places_astray_within_their_spread_do_not_change_sizes_much(body):
    seen = made(body, size=1.08, astray=0.008)
    found, _ = fitted(body, seen)
    for segment in ("thigh", "shank", "upper_arm", "forearm"):
        assert found.size[segment] == pytest.approx(1.08, abs=0.04), segment
    assert found.rmse < 0.006


def test_points_that_are_seen_at_times_only(body, larger):
    position = larger.points.position.copy()
    rng = np.random.default_rng(1)
    position[rng.random(position.shape[:2]) < 0.2] = np.nan
    found, _ = fitted(body, larger, points=replace(larger.points, position=position))
    for segment in ("trunk", "thigh", "shank", "upper_arm"):
        assert found.size[segment] == pytest.approx(1.08, abs=0.015), segment
    assert np.isfinite(found.qpos).all() and np.isfinite(found.places).all()


def test_without_the_arms_the_arms_have_the_persons_size(body, larger):
    keep = np.flatnonzero([body.model.body(int(b)).name[:-2] not in ("ulna", "lunate") for b in larger.points.bodies])
    points = larger.points
    some = Points(
        *(field[..., keep, :] for field in (points.position,)),
        *(field[keep] for field in (points.bodies, points.offsets, points.spread, points.weights)),
    )
    found, _ = fitted(body, larger, points=some)
    assert found.size["forearm"] == pytest.approx(1.08, abs=0.02)
    assert found.size["hand"] == pytest.approx(1.08, abs=0.02)


def test_a_size_that_is_known_goes_before_the_clip(body, larger):
    found, _ = fitted(body, larger, sizes={"hand": 0.9, "thigh": 1.08})
    assert found.size["hand"] == pytest.approx(0.9, abs=0.02)  # the clip says nothing of hands
    assert found.size["thigh"] == pytest.approx(1.08, abs=0.01)


def test_a_known_size_is_a_wish_and_no_law(body, uneven):
    """Places known to 1 mm on a shank of 0.4 m tell its size to 0.4 %, more than a belief of 1 %; to 30 mm, less."""
    sizes = {}
    for spread in (0.001, 0.030):
        points = replace(uneven.points, spread=np.where(np.isinf(uneven.points.spread), np.inf, spread))
        sizes[spread] = fitted(body, uneven, points=points, sizes={"shank": 1.10})[0].size["shank"]
    assert SIZES["shank"] < sizes[0.001] < 1.065
    assert sizes[0.030] == pytest.approx(1.10, abs=0.01)


def test_the_length_of_a_clip_does_not_matter(body, larger):
    once, _ = fitted(body, larger)
    position = np.tile(larger.points.position, (3, 1, 1))
    thrice, _ = fitted(body, larger, points=replace(larger.points, position=position))
    for segment in body.segments:
        assert thrice.size[segment] == pytest.approx(once.size[segment], abs=0.01), segment


def test_one_frame_is_enough_for_the_size(body, larger):
    found, _ = fitted(body, larger, points=larger.points.at(np.array([10])))
    assert len(found.qpos) == 1
    assert found.size["thigh"] == pytest.approx(1.08, abs=0.03)


def test_too_few_points_of_the_trunk(body, larger):
    keep = np.flatnonzero([body.model.body(int(b)).name.startswith(("tibia", "talus")) for b in larger.points.bodies])
    points = larger.points
    some = Points(
        points.position[:, keep],
        *(field[keep] for field in (points.bodies, points.offsets, points.spread, points.weights)),
    )
    with pytest.raises(BadValue, match="Only 0 points of pelvis, trunk, hips and shoulders are known; at least 3"):
        fitted(body, larger, points=some)


def test_a_trunk_that_is_never_seen(body, larger):
    position = larger.points.position.copy()
    trunk = np.isin(larger.points.bodies, [body.model.body(name).id for name in ("pelvis", "thorax")])
    limbs = np.isin(
        larger.points.bodies, [body.model.body(f"{name}_{s}").id for name in ("femur", "humerus") for s in "rl"]
    )
    position[:, trunk | limbs] = np.nan
    with pytest.raises(BadValue, match="In no frame are three points of pelvis and trunk seen"):
        fitted(body, larger, points=replace(larger.points, position=position))
