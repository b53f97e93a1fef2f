"""Figures beside their thresholds, and the page that shows them."""

import numpy as np

from biomimic.lab import page, quality


def test_both_rules_of_a_residual_are_graded():
    # 40 N of a body with 1000 N: within 5 % (Hicks), beyond 25 N (checklist)
    share = quality.HICKS_FORCE * 1000.0
    assert quality.Check("residuals", "x", 40.0, "N", share, quality.HICKS).passed
    assert quality.Check("residuals", "x", 40.0, "N", quality.FORCE_PEAK, quality.CHECKLIST).passed is False
    assert quality.Check("residuals", "x", float("nan"), "N", share, quality.HICKS).passed is None


def test_page_of_a_gap_is_open():
    time = np.arange(5.0)
    path = page.line(time, np.array([0.0, 1.0, np.nan, 1.0, 0.0]))
    assert path.count("M") == 2 and path.count("L") == 2
