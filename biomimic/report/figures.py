"""One function per kind of figure: curves and numbers in, SVG text out. The same input gives the same bytes."""

import io
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from biomimic import share

INK = "#222222"  # text and axes; the HTML page replaces it by its own text colour
WIDTH = 7.2  # inch
NARROW = 4  # columns from which panels are too narrow for six numbers below

# Okabe and Ito (2008), colours that stay apart in every common form of colour blindness; line styles differ as well
SIMULATED = "#0072b2"
COLOURS = {"simulated": SIMULATED, "same": "#d55e00", "other": "#009e73"}
STYLES = {"simulated": "-", "same": "--", "other": ":"}
WIDTHS = {"simulated": 1.7, "same": 1.4, "other": 1.5}
LAYERS = {"other": 2, "same": 4, "simulated": 3}


@dataclass(frozen=True, eq=False)
class Line:
    """One curve with its spread.

    Args:
        kind: "simulated", "same" (the recorded person) or "other" (another person): colour and line style.
        label: words for the legend, with n and its unit.
        mean: (101,).
        spread: (101,) standard deviation, or None.
    """

    kind: str
    label: str
    mean: np.ndarray
    spread: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Panel:
    """One set of axes: title, y label with sign convention and unit, curves, and a short note inside."""

    title: str
    axis: str
    lines: tuple[Line, ...]
    note: str = ""
    marks: tuple[float, ...] = ()  # vertical lines, in units of the x axis
    x_label: str = "gait cycle [%]"


def curves(panels: Sequence[Panel], *, columns: int, height: float = 1.55) -> str:
    """Small multiples of curves over the gait cycle or over stance, as SVG text.

    Args:
        panels: in reading order.
        columns: panels in a row.
        height: of one row [inch].
    """
    with _style() as plt:
        rows = -(-len(panels) // columns)
        figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, rows * height + 0.35), squeeze=False)
        for axis, panel in zip(axes.flat, panels):
            _draw(axis, panel)
            axis.set_xticks((0, 20, 40, 60, 80, 100) if columns < NARROW else (0, 50, 100))
        for axis in list(axes.flat)[len(panels) :]:
            axis.set_visible(False)
        for index, panel in enumerate(panels):
            axes.flat[index].set_xlabel(panel.x_label)
        _legend(figure, panels)
        return _svg(figure, plt)


def _draw(axis, panel: Panel) -> None:
    percent = np.linspace(0, 100, 101)
    axis.axhline(0, color=INK, linewidth=0.4, alpha=0.5)
    for mark in panel.marks:
        axis.axvline(mark, color=INK, linewidth=0.6, alpha=0.5, linestyle=(0, (2, 2)))
    for line in panel.lines:
        colour, layer = COLOURS[line.kind], LAYERS[line.kind]
        if line.spread is not None:
            low, high = line.mean - line.spread, line.mean + line.spread
            axis.fill_between(percent, low, high, color=colour, alpha=0.2, linewidth=0, zorder=layer - 1)
        axis.plot(percent, line.mean, STYLES[line.kind], color=colour, linewidth=WIDTHS[line.kind], zorder=layer)
    axis.set_title(panel.title, pad=13 if panel.note else 5)
    axis.set_ylabel(panel.axis.replace(", ", "\n"), fontsize=6.5)
    axis.set_xlim(0, 100)
    axis.margins(y=0.08)
    if panel.note:  # under the title, where no curve can be
        axis.annotate(panel.note, (0, 1), (0, 3.5), xycoords="axes fraction", textcoords="offset points", fontsize=6.2)


def _legend(figure, panels: Sequence[Panel]) -> None:
    """One legend above all panels; each label once."""
    from matplotlib.lines import Line2D

    seen = {line.label: line.kind for panel in panels for line in panel.lines}
    handles = [
        Line2D([], [], color=COLOURS[kind], linestyle=STYLES[kind], linewidth=WIDTHS[kind], label=label)
        for label, kind in seen.items()
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=1 if len(handles) > 2 else len(handles))


@dataclass(frozen=True)
class Bar:
    """One trial: its name, how long it was to last and how long it walked [s], and when it was pushed [s]."""

    name: str
    planned: float
    walked: float
    pushed: float | None = None


def trials(bars: Sequence[Bar]) -> str:
    """How long each trial walked, as horizontal bars; SVG text."""
    with _style() as plt:
        figure, axis = plt.subplots(figsize=(WIDTH, 0.15 * len(bars) + 0.6))
        for row, bar in enumerate(bars):
            fell = bar.walked < bar.planned
            axis.barh(row, bar.planned, height=0.62, color="none", edgecolor=INK, linewidth=0.4)
            axis.barh(row, bar.walked, height=0.62, color=COLOURS["same"] if fell else SIMULATED, alpha=0.75)
            if fell:
                axis.plot(bar.walked, row, "x", color=INK, markersize=5)
            if bar.pushed is not None:
                axis.plot(bar.pushed, row, "v", color=INK, markersize=4)
        axis.set_yticks(range(len(bars)), [bar.name for bar in bars])
        axis.invert_yaxis()
        axis.grid(False, axis="y")
        axis.set_xlabel("time walked [s]   (triangle: push, cross: fall)")
        return _svg(figure, plt)


def strip(frames: Sequence[np.ndarray], labels: Sequence[str]) -> str:
    """Pictures side by side with a label under each, as SVG text.

    Args:
        frames: (H, W, 3) uint8 each, all of one size.
        labels: one a frame.
    """
    with _style() as plt:
        ratio = frames[0].shape[0] / frames[0].shape[1]
        width = WIDTH / len(frames)
        figure, axes = plt.subplots(1, len(frames), figsize=(WIDTH, width * ratio + 0.25), squeeze=False)
        for axis, frame, label in zip(axes.flat, frames, labels):
            axis.imshow(frame, interpolation="none", aspect="equal")
            axis.set_xticks([])
            axis.set_yticks([])
            axis.grid(False)
            axis.set_xlabel(label)
            for spine in axis.spines.values():
                spine.set_visible(False)
        return _svg(figure, plt)


@contextmanager
def _style():
    """Draw in the shipped style, without a display; gives pyplot."""
    import matplotlib  # imported here: the command line answers --help without it

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    with plt.style.context(str(share.folder("reports") / "style.mplstyle")):
        yield plt


def _svg(figure, plt) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return buffer.getvalue()
