"""Centre of mass from forces: closed forms."""

import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.retarget.com import GRAVITY, com_from_forces, mass_from_forces

RATE, MASS = 100.0, 70.0
TIME = np.arange(0.0, 5.0, 1.0 / RATE)


def bounce(time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A walk: steady progress, sway once and bounce twice a stride; and the force that it takes."""
    turning = 2.0 * np.pi * np.array([1.8, 0.9, 1.8])
    size = np.array([0.01, 0.02, 0.02])
    place = size * np.sin(time[:, None] * turning) + np.outer(time, [1.3, 0.0, 0.0]) + [0.0, 0.0, 0.95]
    acceleration = -size * turning**2 * np.sin(time[:, None] * turning)
    return place, MASS * (acceleration + [0.0, 0.0, GRAVITY])


PLACE, FORCE = bounce(TIME)
STEADY = PLACE - bounce(TIME)[0] + np.outer(TIME, [1.3, 0.0, 0.0]) + [0.0, 0.0, 0.95]
INSIDE = slice(50, -50)


def rms(error: np.ndarray) -> float:
    return float(np.sqrt((error[INSIDE] ** 2).mean()))


def test_a_motion_that_agrees_with_its_forces_stays():
    assert np.abs(com_from_forces(PLACE, FORCE, MASS, RATE) - PLACE).max() < 2e-4


def test_the_bounce_comes_from_the_forces_and_the_place_from_the_motion():
    found = com_from_forces(STEADY, FORCE, MASS, RATE)
    left = rms(found - PLACE) / rms(STEADY - PLACE)
    assert left < 0.12  # sway at twice the crossover: 1 / (1 + 2^4) of it stays the motion's
    assert np.abs((found - STEADY).mean(axis=0)).max() < 2e-3


def test_a_person_who_weighs_more_than_the_plates_say_does_not_sink():
    found = com_from_forces(PLACE, FORCE, 1.01 * MASS, RATE)
    assert rms(found - PLACE) < 2e-3


def test_frames_without_force_keep_the_motion():
    force = FORCE.copy()
    force[200:300] = np.nan
    found = com_from_forces(PLACE, force, MASS, RATE)
    assert np.abs(found - PLACE).max() < 3e-4
    assert com_from_forces(PLACE, np.full_like(FORCE, np.nan), MASS, RATE) == pytest.approx(PLACE)


def test_accelerations_scale_with_the_body():
    found = com_from_forces(0.9 * PLACE, FORCE, MASS, RATE, scale=0.9)
    assert np.abs(found - 0.9 * PLACE).max() < 2e-4


def test_a_throw_is_a_parabola():
    time = np.arange(0.0, 0.5, 1.0 / RATE)
    throw = np.column_stack([3.0 * time, 0.0 * time, 1.0 + 2.0 * time - 0.5 * GRAVITY * time**2])
    line = np.column_stack([3.0 * time, 0.0 * time, np.polyval(np.polyfit(time, throw[:, 2], 1), time)])
    found = com_from_forces(line, np.zeros((len(time), 3)), MASS, RATE)
    bend = np.diff(found[:, 2], 2) * RATE**2
    assert bend.mean() == pytest.approx(-GRAVITY, rel=0.05)


def test_two_frames_have_no_acceleration():
    assert com_from_forces(PLACE[:2], FORCE[:2], MASS, RATE) == pytest.approx(PLACE[:2])


def test_forces_of_another_length_are_refused():
    with pytest.raises(BadValue, match=r"shape \(500, 3\) and forces of shape \(499, 3\)"):
        com_from_forces(PLACE, FORCE[:-1], MASS, RATE)


def test_no_mass_is_refused():
    with pytest.raises(BadValue, match="mass of 0 kg"):
        com_from_forces(PLACE, FORCE, 0.0, RATE)


@pytest.mark.parametrize("frames", [60, 110, 300])
def test_the_mass_is_what_the_plates_bear(frames):
    force = np.full_like(FORCE, np.nan)
    force[40 : 40 + frames] = FORCE[40 : 40 + frames]
    assert mass_from_forces(PLACE, force, RATE) == pytest.approx(MASS, rel=0.02)


def test_a_glimpse_of_force_is_no_mass():
    force = np.full_like(FORCE, np.nan)
    force[40:80] = FORCE[40:80]
    with pytest.raises(BadValue, match=r"0\.4 s at a time; a mass needs 0\.5 s"):
        mass_from_forces(PLACE, force, RATE)
