"""Forces without plates: against closed forms and mechanics."""

import numpy as np
import pytest

from biomimic.retarget.cycle import GRAVITY
from biomimic.retarget.stride import StrideOptions, load

PHASE = np.arange(200) / 200


def test_weight_goes_over_while_both_feet_are_loaded():
    right = load.share(PHASE, 0.5, 0.6)
    assert right[0] == 0.0  # the right foot touches down
    assert right[10] == pytest.approx(0.5)  # middle of the double support from 0 to 10 %
    assert np.allclose(right[20:100], 1.0)  # alone until the left strike
    assert right[110] == pytest.approx(0.5)
    assert np.allclose(right[120:], 0.0)


def test_each_foot_is_loaded_for_its_stance():
    right = load.share(PHASE, 0.47, 0.62)
    assert np.isclose((right > 0).mean(), 0.62, atol=0.011)
    assert np.isclose((right < 1).mean(), 0.62, atol=0.011)


def test_forces_move_the_centre_of_mass_and_do_not_turn_the_body():
    period = 1.1
    turning = 2.0 * np.pi * PHASE
    com = np.column_stack([0.01 * np.sin(2 * turning), 0.02 * np.cos(turning), 1.0 + 0.02 * np.cos(2 * turning)])
    place = np.column_stack([0.3 * np.cos(turning), np.full(200, -0.1), -0.3 * np.cos(turning), np.full(200, 0.1)])
    right = load.share(PHASE, 0.5, 0.6)
    force = load.feet(com, place, right, period)
    total = force[:, :3] + force[:, 3:]
    speed = 2.0 * np.pi / period  # second derivatives by hand
    asked = np.column_stack(
        [
            -0.01 * (2 * speed) ** 2 * np.sin(2 * turning),
            -0.02 * speed**2 * np.cos(turning),
            GRAVITY - 0.02 * (2 * speed) ** 2 * np.cos(2 * turning),
        ]
    )
    assert np.allclose(total, asked / GRAVITY, atol=1e-10)
    assert np.allclose(force[:, 2], right * total[:, 2])
    alone = right == 1.0
    assert np.allclose(force[alone, 3:], 0.0)


def test_feet_push_along_the_line_to_a_centre_of_mass_that_moves_evenly():
    com = np.tile([0.0, 0.0, 0.9], (200, 1))
    place = np.tile([0.3, -0.1, -0.3, 0.1], (200, 1))
    force = load.feet(com, place, np.full(200, 0.5), 1.1)
    assert np.allclose(force[:, 0], -0.5 * 0.3 / 0.9)  # the foot in front brakes
    assert np.allclose(force[:, 3], 0.5 * 0.3 / 0.9)  # the one behind pushes


def test_centre_of_mass_loses_the_harmonics_that_no_body_could_bear():
    options = StrideOptions()
    turning = 2.0 * np.pi * PHASE
    slow = np.column_stack([0.0 * turning, 0.0 * turning, 0.9 + 0.015 * np.cos(2 * turning)])
    kept, harmonics = load.bearable(slow, 1.1, options)
    assert harmonics == options.com
    assert np.allclose(kept, slow)
    shaken = slow + np.column_stack([0.0 * turning, 0.0 * turning, 0.02 * np.cos(4 * turning)])
    kept, harmonics = load.bearable(shaken, 1.1, options)
    assert harmonics == 3
    assert np.allclose(kept, slow)


def test_centre_of_mass_that_bounces_too_much_is_made_lower():
    turning = 2.0 * np.pi * PHASE
    high = np.column_stack([0.0 * turning, 0.0 * turning, 0.9 + 0.1 * np.cos(2 * turning)])
    kept, harmonics = load.bearable(high, 1.1, StrideOptions())
    assert harmonics == 2
    amplitude = 0.5 * np.ptp(kept[:, 2])
    assert amplitude * (4.0 * np.pi / 1.1) ** 2 / GRAVITY == pytest.approx(0.3)  # 1.3 body weights at most
    assert kept[:, 2].mean() == pytest.approx(0.9)
