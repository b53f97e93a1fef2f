"""The walk in closed form is what it claims to be, seen through our own events and strides."""

import numpy as np

from biomimic.gait import cycles, events, strides


def test_events_are_where_the_force_begins_and_ends(analytic_walk, analytic_facts):
    found = events.detect(analytic_walk.force, side="right", threshold=1e-6)
    expected = analytic_facts.touchdown("right")
    np.testing.assert_allclose(found.heel_strike[: len(expected)], expected, atol=1.1e-3)
    np.testing.assert_allclose(
        found.toe_off[:5], expected[:5] + analytic_facts.stance * analytic_facts.period, atol=1.1e-3
    )


def test_both_feet_carry_one_body_weight_over_a_stride(analytic_walk, analytic_facts):
    force = analytic_walk.force.between(2.0, 2.0 + 2 * analytic_facts.period - 1e-9)
    total = force.channel("vertical_right") + force.channel("vertical_left")
    assert abs(total.mean() / (80.0 * 9.80665) - 1.0) < 1e-3


def test_double_peak_is_where_it_was_worked_out(analytic_walk, analytic_facts):
    found = {side: events.detect(analytic_walk.force, side=side, threshold=1e-6) for side in ("right", "left")}
    chosen = cycles.choose(found["right"], found["left"], span=(0.0, 10.0))
    force = strides.in_body_weights(strides.cut(analytic_walk.force, chosen, phase="stance"), 80.0)
    curve = force.summary().channel("vertical")
    # A = 9 pi / (40 * 0.62) = 1.1401, peaks 4 / (3 sqrt 2) A = 1.0749 at 25 and 75 %, valley 2/3 A = 0.7601 at 50 %
    np.testing.assert_allclose(curve[[25, 50, 75]], [1.0749, 0.7601, 1.0749], atol=2e-3)
    np.testing.assert_allclose([analytic_facts.peak, analytic_facts.valley], [1.0749, 0.7601], atol=1e-4)
    assert curve.argmax() in (25, 75)
