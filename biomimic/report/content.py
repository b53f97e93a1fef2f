"""Results → Report: which sections, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biomimic.report import background, comparisons, figures, methods, verdict
from biomimic.report.blocks import Figure, Paragraph, Report, Section
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Results


@dataclass(frozen=True, eq=False)
class Film:
    """Pictures of one stride, or the reason why there are none.

    Args:
        frames: (H, W, 3) uint8 each, of one size.
        percents: of the gait cycle, one a frame.
        trial: from which trial.
        reason: why there are no frames.
    """

    frames: Sequence[np.ndarray] = ()
    percents: Sequence[float] = ()
    trial: str = ""
    reason: str = ""


def build(results: Results, protocol: Protocol, film: Film | None = None) -> Report:
    """The report of one run under one protocol.

    Args:
        results: with their evidence.
        protocol: under which they were measured.
        film: pictures of one stride; None says that none were asked for.
    """
    run = results.identity.get("run", {})
    body = run.get("embodiment", "")
    parameters = run.get("muscle_parameters", "")
    subtitle = f"{protocol.title}. A muscle-driven walk in physics, measured against people"
    subtitle += f"; body {body}, muscle parameters {parameters}." if body else "."
    return Report(
        title=f"{results.run}: {protocol.title.lower()}",
        subtitle=subtitle,
        sections=(
            verdict.section(results, protocol),
            background.gates(results, protocol),
            comparisons.kinematics(results, protocol),
            comparisons.force(results, protocol),
            comparisons.muscles(results, protocol),
            comparisons.moments(results, protocol),
            background.stability(results, protocol),
            background.steps(results, protocol),
            _film(film),
            comparisons.published(results, protocol),
            methods.section(results, protocol),
            background.provenance(results),
            background.exclusions(results),
            background.files(),
        ),
    )


def _film(film: Film | None) -> Section:
    if film is None or not film.frames:
        reason = film.reason if film is not None and film.reason else "No pictures were made for this report."
        return Section("film", "One stride in pictures", (Paragraph(reason),))
    labels = [f"{percent:.0f} %" for percent in film.percents]
    caption = (
        f"One stride of trial {film.trial.replace('_', ' ')} in {len(labels)} pictures (n = 1 stride), seen from the "
        "right; below each: per cent of the gait cycle. Muscles: grey-blue at rest, red when active."
    )
    words = f"Side view of the body at {', '.join(labels)} of the gait cycle, walking to the right."
    picture = Figure("film", figures.strip(film.frames, labels), caption, words)
    return Section("film", "One stride in pictures", (picture,))
