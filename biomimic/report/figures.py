"""One function per kind of figure: curves and numbers in, a Drawing out: SVG text and the numbers it shows.

The same input gives the same bytes.
"""

import io
import math
import re
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from biomimic import share
from biomimic.report.blocks import Data, Drawing

INK = "#222222"  # text and axes; the HTML page replaces it by its own text colour
WIDTH = 7.2  # inch
NARROW = 4  # columns from which panels are too narrow for six numbers below

# Okabe and Ito (2008), colours that stay apart in every common form of colour blindness; line styles differ as well
SIMULATED = "#0072b2"
COLOURS = {"simulated": SIMULATED, "same": "#d55e00", "other": "#009e73"}
STYLES = {"simulated": "-", "same": "--", "other": ":"}
WIDTHS = {"simulated": 1.7, "same": 1.4, "other": 1.5}
LAYERS = {"other": 2, "same": 4, "simulated": 3}
SINGLE = 20  # single strides drawn at most, spread evenly over those given
LENGTH = 101  # points of a curve

_PATH = re.compile(r' d="[^"]*"')
_DIGITS = re.compile(r"(\.\d\d)\d+")  # a hundredth of a point is finer than any screen or printer


@dataclass(frozen=True, eq=False)
class Line:
    """One curve with its spread.

    Args:
        kind: "simulated", "same" (the recorded person) or "other" (another person): colour and line style.
        label: words for the legend, with n and its unit.
        mean: (101,).
        spread: (101,) standard deviation, or None.
        single: (n, 101) single strides or trials, drawn thin; at most `SINGLE` of them; or None.
        band: (2, 101) lower and upper edge, e.g. of a simultaneous band, drawn with an outline; or None.
    """

    kind: str
    label: str
    mean: np.ndarray
    spread: np.ndarray | None = None
    single: np.ndarray | None = None
    band: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Panel:
    """One set of axes: title, y label with sign convention and unit, curves, and a short note under the title.

    Args:
        title: what is drawn, with its side.
        axis: y label with the sign convention; the unit in brackets at its end.
        lines: in the order of the legend.
        note: one short line.
        marks: upright lines [% of the x axis].
        x_label: with its unit in brackets.
        clusters: (start, end) [% of the x axis] in which a test over the whole curve finds a difference; bars at the
            foot of the panel.
    """

    title: str
    axis: str
    lines: tuple[Line, ...]
    note: str = ""
    marks: tuple[float, ...] = ()
    x_label: str = "gait cycle [%]"
    clusters: tuple[tuple[float, float], ...] = ()


def curves(panels: Sequence[Panel], *, columns: int, height: float = 1.55) -> Drawing:
    """Small multiples of curves over the gait cycle or over stance.

    Args:
        panels: in reading order.
        columns: panels in a row.
        height: of one row [inch].
    """
    with _style() as plt:
        rows = -(-len(panels) // columns)
        figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, rows * height + 0.35), squeeze=False)
        for index, (axis, panel) in enumerate(zip(axes.flat, panels)):
            axis.set_gid(f"panel-{index}")
            _draw(axis, panel, index)
            axis.set_xticks((0, 20, 40, 60, 80, 100) if columns < NARROW else (0, 50, 100))
        for axis in list(axes.flat)[len(panels) :]:
            axis.set_visible(False)
        for index, panel in enumerate(panels):
            axes.flat[index].set_xlabel(panel.x_label)
        _legend(figure, panels)
        return Drawing(_svg(figure, plt), curves_data(panels))


def curves_data(panels: Sequence[Panel]) -> Data:
    """The numbers behind panels, long form: one row a point of a line; upright lines and clusters at the end.

    Returns:
        Columns panel, unit, x of (what x is a share of), x [%], line (its label up to the colon, if that is enough to
        tell the lines apart), mean, spread; and low and high where a line has a band.
    """
    labels = {line.label for panel in panels for line in panel.lines}
    names = {label: label.partition(":")[0] for label in labels}
    if len(set(names.values())) < len(labels):
        names = {label: label for label in labels}
    has_band = any(line.band is not None for panel in panels for line in panel.lines)
    header = ("panel", "unit", "x of", "x [%]", "line", "mean", "spread", *(("low", "high") if has_band else ()))
    rows = []
    for panel in panels:
        place = (panel.title, _unit(panel.axis), panel.x_label.partition(" [")[0])
        for line in panel.lines:
            parts = [line.mean, _or_gap(line.spread), *(_or_gap(line.band, 2) if has_band else ())]
            rows += [
                (*place, x, names[line.label], *point)
                for x, point in zip(_percent().tolist(), zip(*map(_plain, parts)))
            ]
        empty = (math.nan,) * (len(header) - 5)
        rows += [(*place, float(mark), "upright line", *empty) for mark in panel.marks]
        for number, (start, end) in enumerate(panel.clusters, start=1):
            rows += [(*place, float(x), f"cluster {number}", *empty) for x in (start, end)]
    return Data(header, tuple(rows))


def _unit(axis: str) -> str:
    """What stands in brackets at the end of a label."""
    found = re.search(r"\[([^\]]*)\]\s*$", axis)
    return found.group(1) if found else ""


def _percent() -> np.ndarray:
    return np.linspace(0, 100, LENGTH)


def _or_gap(values: np.ndarray | None, rows: int = 0) -> np.ndarray:
    """The values; without any, numbers that are missing: (101,) or (rows, 101)."""
    return values if values is not None else np.full((rows, LENGTH) if rows else LENGTH, math.nan)


def _plain(values: np.ndarray) -> list[float]:
    return [float(value) for value in values]


def _draw(axis, panel: Panel, index: int) -> None:
    percent = _percent()
    axis.axhline(0, color=INK, linewidth=0.4, alpha=0.5)
    for mark in panel.marks:
        axis.axvline(mark, color=INK, linewidth=0.6, alpha=0.5, linestyle=(0, (2, 2)))
    for number, line in enumerate(panel.lines):
        colour, layer, mark = COLOURS[line.kind], LAYERS[line.kind], f"{index}-{number}"
        if line.single is not None and len(line.single):
            chosen = np.unique(np.linspace(0, len(line.single) - 1, min(SINGLE, len(line.single))).round().astype(int))
            gaps = np.concatenate([np.append(row, math.nan) for row in np.asarray(line.single)[chosen]])
            place = np.tile(np.append(percent, math.nan), len(chosen))
            axis.plot(place, gaps, color=colour, alpha=0.35, linewidth=0.35, zorder=layer - 1, gid=f"single-{mark}")
        if line.band is not None:
            style = {"facecolor": "none", "edgecolor": colour, "linewidth": 0.5, "linestyle": (0, (1, 1))}
            axis.fill_between(percent, *line.band, **style, zorder=layer - 1, gid=f"band-{mark}")
        if line.spread is not None:
            low, high = line.mean - line.spread, line.mean + line.spread
            style = {"color": colour, "alpha": 0.2, "linewidth": 0}
            axis.fill_between(percent, low, high, **style, zorder=layer - 1, gid=f"spread-{mark}")
        axis.plot(percent, line.mean, STYLES[line.kind], color=colour, linewidth=WIDTHS[line.kind], zorder=layer)
    axis.set_title(panel.title, pad=13 if panel.note else 5)
    axis.set_ylabel(panel.axis.replace(", ", "\n"), fontsize=6.5)
    axis.set_xlim(0, 100)
    axis.margins(y=0.08)
    for start, end in panel.clusters:
        foot = axis.get_xaxis_transform()
        axis.plot((start, end), (0.02, 0.02), color=INK, linewidth=2.2, solid_capstyle="butt", transform=foot)
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


def trials(bars: Sequence[Bar]) -> Drawing:
    """How long each trial walked, as horizontal bars."""
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
        return Drawing(_svg(figure, plt), _trials_data(bars))


def _trials_data(bars: Sequence[Bar]) -> Data:
    header = ("trial", "planned [s]", "walked [s]", "pushed at [s]", "fell")
    rows = [
        (
            bar.name,
            float(bar.planned),
            float(bar.walked),
            math.nan if bar.pushed is None else float(bar.pushed),
            "yes" if bar.walked < bar.planned else "no",
        )
        for bar in bars
    ]
    return Data(header, tuple(rows))


def strip(frames: Sequence[np.ndarray], labels: Sequence[str]) -> Drawing:
    """Pictures side by side with a label under each; its numbers are the labels.

    Args:
        frames: (H, W, 3) uint8 each, all of one size.
        labels: one a frame, e.g. per cent of the gait cycle.
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
        rows = tuple((float(number), label) for number, label in enumerate(labels, start=1))
        return Drawing(_svg(figure, plt), Data(("picture", "at"), rows))


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
    return _PATH.sub(lambda path: _DIGITS.sub(r"\1", path.group()), buffer.getvalue())
