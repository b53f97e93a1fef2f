"""Nulls and ceilings."""

import numpy as np
import pytest
from synthetic_walk import MUSCLES, activity, person

from biomimic.gait.strides import POINTS, Curves
from biomimic.validate import ceiling
from biomimic.validate.people import person as prepared
from biomimic.validate.protocol import Human, load_protocol

WALK = load_protocol("level_walking")
PHASE = np.linspace(0.0, 1.0, POINTS)


def _people(rows: int = 3):
    one = prepared(Human("a", "same"), person("a", rows=1, sides=("right", "left")), WALK)
    other = prepared(Human("b", "other"), person("b", rows=rows, sides=("right",)), WALK)
    return one, other


def _stance(**channels: np.ndarray) -> Curves:
    return Curves(tuple(channels), "BW", np.column_stack([*channels.values()]), None, 1, "strides", phase="stance")


def test_a_straight_line_is_the_null_of_the_fore_aft_force():
    # r of a line with one period of a sine: |cov| / (sd sd) = (1 / 2pi) / (sqrt(1/12) sqrt(1/2)) = 0.7797
    curves = _stance(anterior=-np.sin(2 * np.pi * PHASE))
    assert ceiling.null(curves, "anterior") == pytest.approx(0.7797, abs=0.015)  # 101 samples with both ends


def test_the_null_of_the_vertical_force_is_one_when_the_force_is_a_half_sine():
    assert ceiling.null(_stance(vertical=np.sin(np.pi * PHASE)), "vertical") == pytest.approx(1.0)


def test_the_sign_of_a_null_shape_is_chosen_to_fit():
    assert ceiling.null(_stance(lateral=-np.sin(np.pi * PHASE)), "lateral") == pytest.approx(1.0)


def test_best_finds_a_shift_and_not_a_larger_one():
    curve = np.sin(2 * np.pi * PHASE)
    late = np.sin(2 * np.pi * (PHASE - 0.07))
    assert ceiling.best(curve, late, 7) == pytest.approx(1.0)
    # one point short of it: cos(2 pi 0.01)
    assert ceiling.best(curve, late, 6) == pytest.approx(np.cos(2 * np.pi * 0.01), abs=1e-6)
    assert ceiling.best(curve, late, 0) == pytest.approx(np.cos(2 * np.pi * 0.07), abs=5e-3)


def test_freedom_to_shift_raises_the_null():
    curves = Curves(MUSCLES, "1", np.column_stack([activity(name, PHASE) for name in MUSCLES]), None, 1, "strides")
    assert ceiling.null(curves, "soleus", 9) > ceiling.null(curves, "soleus") + 0.2


def test_the_tracked_person_is_held_against_trials_of_one_person():
    one, other = _people()
    found = ceiling.ceiling((one, other), one, ("angles", "right", "stride"), "knee_flexion")
    assert 0.98 < found.value < 1.0
    assert found.words == "within one person (b, right leg, n = 3 trials)"


def test_the_other_leg_stands_in_where_a_side_was_recorded_once():
    one, other = _people()
    found = ceiling.ceiling((one, other), one, ("angles", "left", "stride"), "knee_flexion")
    assert found.words == "within one person (b, right leg, n = 3 trials)"


def test_another_person_is_held_against_people():
    one, other = _people()
    found = ceiling.ceiling((one, other), other, ("angles", "right", "stride"), "knee_flexion")
    assert found.value == pytest.approx(1.0, abs=1e-3)  # both walk by the same formula
    assert found.words == "between people (n = 1 pair, provisional: fewer than 8)"


def test_without_a_second_trial_the_reason_stands_in_place_of_the_ceiling():
    one, _ = _people()
    found = ceiling.ceiling((one,), one, ("angles", "right", "stride"), "knee_flexion")
    assert np.isnan(found.value)
    assert found.words == "none: nobody was recorded more than once on this channel"


def test_a_channel_with_more_spread_than_shape_is_doubted():
    _, other = _people()
    key = ("angles", "right", "stride")
    rows = other.strides[key]
    values = rows.values.copy()
    values[:, :, rows.names.index("hip_rotation")] = np.radians([[-10.0], [0.0], [10.0]]) + 0.01 * PHASE
    noisy = {**other.strides, key: type(rows)(**{**vars(rows), "values": values})}
    changed = type(other)(**{**vars(other), "strides": noisy})
    # SD 10 degrees = 0.1745 rad over a range of 0.01 rad
    assert ceiling.doubt((changed,), key, "hip_rotation") == "spread of 17.45 of its range in b"
    assert ceiling.doubt((changed,), key, "knee_flexion") == ""
