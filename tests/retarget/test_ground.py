"""Contacts, levelling and planted places of feet whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from made_feet import POINTS, RADIUS, RUN, SLOW, WALK, feet, on_belt, standing, tilted

from biomimic.errors import BadValue
from biomimic.retarget import contact_phases as phases
from biomimic.retarget.ground import GroundOptions, anchors, detect, level

NOISE = np.random.default_rng(7)
RIGHT, LEFT = slice(0, 3), slice(3, 6)
HEELS = [0, 3]


def shaken(place: np.ndarray, size: float = 0.001) -> np.ndarray:
    return place + NOISE.normal(0.0, size, place.shape)


def by_foot(contact: np.ndarray) -> np.ndarray:
    return np.column_stack([contact[:, RIGHT].any(axis=1), contact[:, LEFT].any(axis=1)])


def late(found: np.ndarray, truth: np.ndarray, edge: str) -> np.ndarray:
    """How late each true edge inside the record is found [frames]; what the record cuts to a rest is left out."""
    ours, true = (phases.runs(mask) for mask in (found, truth))
    inside = (true.first > 0) if edge == "first" else (true.last < len(truth) - 1)
    inside &= true.length > 6
    misses = []
    for column, frame in zip(true.column[inside], getattr(true, edge)[inside]):
        near = getattr(ours, edge)[ours.column == column] - frame
        misses.append(near[np.abs(near).argmin()])
    assert len(ours.column) <= len(true.column)
    return np.array(misses)


def loads(planted: np.ndarray) -> np.ndarray:
    """Forces of plates under feet that are planted so, (T, 6) [N]."""
    force = np.zeros((len(planted), 6))
    force[:, [2, 5]] = 700.0 * by_foot(planted)
    return force


@pytest.mark.parametrize("start", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("gait", [SLOW, WALK, RUN], ids=["slow", "walk", "run"])
def test_steps_are_found_within_five_frames(gait, start):
    place, planted = feet(gait, 3.0, start=start)
    ground = detect(shaken(place), POINTS, 100.0)
    assert np.abs(late(by_foot(ground.contact), by_foot(planted), "first")).max() <= 5
    assert np.abs(late(by_foot(ground.contact), by_foot(planted), "last")).max() <= 5


@pytest.mark.parametrize("rate", [60.0, 250.0])
def test_steps_are_found_at_other_rates(rate):
    place, planted = feet(WALK, 3.0, rate=rate, start=0.3)
    ground = detect(shaken(place), POINTS, rate)
    assert np.abs(late(by_foot(ground.contact), by_foot(planted), "first")).max() <= 0.05 * rate


def test_heel_and_toe_have_contacts_of_their_own():
    place, planted = feet(WALK, 3.0, start=0.3)
    contact = detect(shaken(place), POINTS, 100.0).contact
    assert np.abs(late(contact[:, HEELS], planted[:, HEELS], "last")).max() <= 10
    heel_only = planted[:, 0] & ~planted[:, 2]
    toe_only = planted[:, 2] & ~planted[:, 0]
    assert (contact[heel_only][:, 0]).mean() > 0.9
    assert (contact[toe_only][:, 2]).mean() > 0.9
    assert (~contact[toe_only][:, 0]).mean() > 0.5


def test_running_has_flight():
    place, planted = feet(RUN, 3.0)
    contact = detect(shaken(place), POINTS, 100.0).contact
    assert (~contact.any(axis=1)).mean() == pytest.approx((~planted.any(axis=1)).mean(), abs=0.15)
    assert (~contact.any(axis=1)).mean() > 0.1


def test_standing_plants_all_points_all_the_time():
    place = shaken(standing(2.0))
    ground = detect(place, POINTS, 100.0)
    assert ground.contact.all()
    assert not ground.belt.any()
    stand = anchors(level(place, ground), ground, POINTS)
    assert np.abs(np.diff(stand, axis=0)).max() == 0.0
    assert np.abs(stand - standing(2.0)).max() < 2e-3


def test_a_single_frame_stands():
    assert detect(standing(0.0), POINTS, 100.0).contact.all()


def test_hopping_in_place_leaves_the_floor():
    time = np.arange(300) / 100.0
    height = np.maximum(0.0, 0.1 * np.sin(2.0 * np.pi * 1.5 * time))
    place = standing(2.99)
    place[..., 2] += height[:, None]
    contact = detect(shaken(place), POINTS, 100.0).contact
    assert not contact[height > 0.03].any()
    assert contact[height == 0.0].mean() > 0.9


def test_a_foot_held_in_the_air_is_not_planted():
    place = standing(3.0)
    rise = np.clip((np.arange(301) - 50) / 30.0, 0.0, 1.0) * np.clip((250 - np.arange(301)) / 30.0, 0.0, 1.0)
    place[:, LEFT, 2] += 0.06 * rise[:, None]
    contact = detect(shaken(place), POINTS, 100.0).contact
    assert contact[:, RIGHT].all()
    assert not contact[90:210, LEFT].any()
    assert contact[:45, LEFT].all()


def test_standing_then_walking_then_standing():
    walk, planted = feet(WALK, 3.3)
    place = np.concatenate([np.repeat(walk[:1], 100, axis=0), walk, np.repeat(walk[-1:], 100, axis=0)])
    ground = detect(shaken(place), POINTS, 100.0)
    assert not ground.belt.any()
    assert ground.contact[:95, 0].all()
    assert (by_foot(ground.contact)[100:-100] == by_foot(planted)).mean() > 0.9


@pytest.mark.parametrize("gait", [SLOW, WALK, RUN], ids=["slow", "walk", "run"])
def test_on_a_treadmill_the_body_walks_over_ground(gait):
    place, planted = feet(gait, 3.0, start=0.3)
    seen = on_belt(place, gait.speed)
    ground = detect(shaken(seen), POINTS, 100.0)
    assert ground.belt[0] == pytest.approx(-gait.speed, rel=0.015)
    moved = level(seen, ground)
    assert moved[-1, :, 0] - moved[0, :, 0] == pytest.approx(place[-1, :, 0] - place[0, :, 0], rel=0.02)
    assert (by_foot(ground.contact) == by_foot(planted)).mean() > 0.9
    assert "belt" in ground.note


@pytest.mark.parametrize("slope", [-0.10, 0.10, 0.15])
def test_a_leaning_treadmill_becomes_level_ground(slope):
    place = feet(WALK, 3.0, start=0.3)[0]
    seen = tilted(on_belt(place, WALK.speed), slope)
    ground = detect(shaken(seen), POINTS, 100.0)
    assert ground.slope == pytest.approx(abs(slope), abs=0.005)
    assert level(seen, ground)[..., 2] == pytest.approx(place[..., 2], abs=0.006)


def test_a_floor_that_rises_by_two_percent_becomes_level():
    place, planted = feet(WALK, 3.0, start=0.3)
    seen = tilted(place, 0.02) + [0.3, -2.0, 0.4]
    ground = detect(shaken(seen), POINTS, 100.0)
    assert ground.slope == pytest.approx(0.02, abs=0.003)
    found = level(seen, ground)
    assert found[..., 2] == pytest.approx(place[..., 2], abs=0.004)
    assert np.linalg.norm(found[0, 0] - found[-1, 5]) == pytest.approx(np.linalg.norm(place[0, 0] - place[-1, 5]))
    assert (by_foot(ground.contact) == by_foot(planted)).mean() > 0.9


def test_levelling_turns_the_normal_up():
    ground = detect(tilted(feet(WALK, 3.0)[0], 0.05), POINTS, 100.0)
    assert ground.turn @ ground.normal == pytest.approx([0.0, 0.0, 1.0], abs=1e-12)
    assert ground.turn @ ground.turn.T == pytest.approx(np.eye(3), abs=1e-12)


@pytest.mark.parametrize("gait", [SLOW, WALK, RUN], ids=["slow", "walk", "run"])
def test_planted_places_stay_on_the_floor_near_the_motion(gait):
    place = feet(gait, 3.0, start=0.3)[0]
    ground = detect(shaken(place), POINTS, 100.0)
    stand = anchors(level(place, ground), ground, POINTS)
    planted = np.isfinite(stand[..., 0])
    assert (planted == ground.contact).all()
    assert stand[planted][:, 2] == pytest.approx(RADIUS)
    for column, first, last in zip(*phases.runs(ground.contact)):
        assert np.ptp(stand[first : last + 1, column], axis=0) == pytest.approx(0.0)
    firm = ground.firm > 0.8
    assert np.abs(stand - level(place, ground))[firm].max() < 0.012


def test_a_sliding_foot_keeps_the_distances_of_its_points():
    time = np.arange(101) / 100.0
    place = standing(1.0)
    place[..., 0] += 0.03 * time[:, None]
    ground = replace(detect(standing(1.0), POINTS, 100.0), firm=np.ones((101, 6)))
    ground.contact[60:, 0] = False
    ground.contact[:40, 1:3] = False
    ground.firm[~ground.contact] = 0.0
    stand = anchors(place, ground, POINTS)
    assert stand[50, 2, 0] - stand[50, 0, 0] == pytest.approx(0.23, abs=0.002)
    assert stand[50, 1, 0] - stand[50, 0, 0] == pytest.approx(0.165, abs=0.002)


def test_plates_tell_when_a_foot_is_loaded():
    place, planted = feet(WALK, 3.0, start=0.3)
    ground = detect(shaken(place), POINTS, 100.0, force=loads(planted))
    assert (by_foot(ground.contact) == by_foot(planted)).all()
    assert ground.force_used == (True, True)
    assert ground.weighed.all()


def test_a_step_beside_the_plates_is_found_from_the_motion():
    place, planted = feet(WALK, 3.0, start=0.3)
    force = loads(planted)
    step = phases.runs(by_foot(planted)[:, :1])
    beside = slice(step.first[2], step.last[2] + 1)
    force[beside, :3] = 0.0
    ground = detect(shaken(place), POINTS, 100.0, force=force)
    assert by_foot(ground.contact)[beside, 0].mean() > 0.9
    middle = (step.first[2] + step.last[2]) // 2
    assert not ground.weighed[middle]
    assert ground.weighed[: step.first[2] - 6].all()


def test_forces_of_the_other_foot_are_left_out_and_said():
    place, planted = feet(RUN, 3.0)
    swapped = loads(planted)[:, [3, 4, 5, 0, 1, 2]]
    ground = detect(shaken(place), POINTS, 100.0, force=swapped)
    assert ground.force_used == (False, False)
    assert "right foot's force fits its motion" in ground.note
    assert not ground.weighed.any()
    assert (by_foot(ground.contact) == by_foot(planted)).mean() > 0.85


def test_unmeasured_forces_leave_the_motion_to_tell():
    place = feet(WALK, 2.0)[0]
    ground = detect(place, POINTS, 100.0, force=np.full((len(place), 6), np.nan))
    assert ground.force_used == (False, False)
    assert (ground.contact == detect(place, POINTS, 100.0).contact).all()


def test_a_point_without_place_is_named():
    place = standing(1.0)
    place[17, 4] = np.nan
    with pytest.raises(BadValue, match='"left metatarsal" is not a number in frame 17'):
        detect(place, POINTS, 100.0)


def test_forces_at_another_rate_are_refused():
    with pytest.raises(BadValue, match=r"expected \(101, 6\)"):
        detect(standing(1.0), POINTS, 100.0, force=np.zeros((1010, 6)))


def test_points_that_are_not_those_of_the_body_are_refused():
    with pytest.raises(BadValue, match=r"shape \(101, 4, 3\), expected \(101, 6, 3\)"):
        detect(standing(1.0)[:, :4], POINTS, 100.0)


def test_options_are_used():
    place = standing(2.0)
    place[100:, RIGHT, 2] += 0.03
    strict = detect(place, POINTS, 100.0).contact
    loose = detect(place, POINTS, 100.0, GroundOptions(height=0.05)).contact
    assert not strict[110:, RIGHT].any()
    assert loose[110:, RIGHT].all()
