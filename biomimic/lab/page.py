"""The quality page: one HTML file without anything from outside it."""

import math
from collections.abc import Sequence
from pathlib import Path

import jinja2
import numpy as np

from biomimic import files
from biomimic.lab.quality import Check, Quality
from biomimic.lab.settings import Settings
from biomimic.recording import Recording

_TEMPLATE = Path(__file__).with_name("quality.html")
_WIDTH, _HEIGHT, _EDGE = 560.0, 120.0, 6.0  # of a curve's drawing [px]
_POINTS = 400  # most points a curve is drawn with


def write(path: str | Path, quality: Quality, settings: Settings, recording: Recording, left: Sequence[str]) -> Path:
    """The page of a trial.

    Args:
        path: .html file.
        quality: its figures.
        settings: of the trial.
        recording: that was made.
        left: files of the run, for the list at the end.
    """
    groups: dict[str, list[Check]] = {}
    for check in quality.checks:
        groups.setdefault(check.group, []).append(check)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["figure"] = figure
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    text = template.render(
        quality=quality,
        groups=groups,
        failed=[check for check in quality.checks if check.passed is False],
        unknown=[check for check in quality.checks if check.passed is None],
        curves=[
            {
                "title": title,
                "unit": unit,
                "path": line(time, values),
                "ends": (time[0], time[-1]),
                "span": span(values),
            }
            for title, (unit, time, values) in quality.curves.items()
        ],
        settings=settings,
        recording=recording,
        left=left,
        size=(_WIDTH, _HEIGHT),
    )
    return files.write(path, text)


def figure(value: float) -> str:
    """A number with three significant digits; a dash where it is not known."""
    return "–" if math.isnan(value) else f"{value:.3g}"


def span(values: np.ndarray) -> tuple[float, float]:
    """Smallest and largest value of a curve, with zero between them."""
    return min(0.0, float(np.nanmin(values))), max(0.0, float(np.nanmax(values)))


def line(time: np.ndarray, values: np.ndarray) -> str:
    """Path of a curve in the drawing, zero included; gaps are left open."""
    keep = np.unique(np.linspace(0, len(time) - 1, min(len(time), _POINTS)).round().astype(int))
    low, high = span(values)
    x = _EDGE + (time[keep] - time[0]) / max(float(time[-1] - time[0]), 1e-9) * (_WIDTH - 2.0 * _EDGE)
    y = _HEIGHT - _EDGE - (values[keep] - low) / max(high - low, 1e-12) * (_HEIGHT - 2.0 * _EDGE)
    words, pen = [], "M"
    for right, down in zip(x, y):
        if math.isnan(down):
            pen = "M"
            continue
        words.append(f"{pen}{right:.1f} {down:.1f}")
        pen = "L"
    return " ".join(words)
