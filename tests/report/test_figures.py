"""Figures: same input, same bytes; nothing but drawing inside."""

import numpy as np

from biomimic.report.figures import Bar, Line, Panel, curves, strip, trials

CURVE = np.sin(np.linspace(0, 2 * np.pi, 101))


def _panel() -> Panel:
    return Panel("Knee", "flexion + [°]", (Line("simulated", "walk, n = 3", CURVE, 0.1 + 0 * CURVE),), "r 0.9", (62.0,))


def test_the_same_panels_give_the_same_text():
    assert curves([_panel()], columns=1) == curves([_panel()], columns=1)


def test_no_date_no_font_and_no_outside_reference():
    text = curves([_panel()] * 4, columns=3).svg
    assert "<dc:date>" not in text and "font-family" not in text
    assert 'href="http' not in text


def test_a_curve_with_a_gap_is_drawn():
    gap = np.where(np.arange(101) < 50, CURVE, np.nan)
    assert "<svg" in curves([Panel("Knee", "a [°]", (Line("same", "b", gap),))], columns=2).svg


def test_a_fall_is_marked():
    bars = [Bar("start 0", 20.0, 20.0), Bar("push left", 10.0, 6.0, 5.0)]
    assert len(trials(bars).svg) > len(trials(bars[:1]).svg)


def test_pictures_are_embedded():
    text = strip([np.zeros((8, 4, 3), np.uint8)] * 2, ("0 %", "50 %")).svg
    assert text.count("data:image/png;base64") == 2


def test_single_strides_bands_and_clusters_are_layers_of_their_own():
    line = Line("same", "b", CURVE, None, np.stack([CURVE] * 50), np.stack([CURVE - 1, CURVE + 1]))
    text = curves([Panel("Knee", "a [°]", (line,), clusters=((10.0, 20.0),))], columns=1).svg
    assert text.count('id="single-0-0"') == 1 and text.count('id="band-0-0"') == 1 and 'id="panel-0"' in text
    assert 'id="spread-' not in text
