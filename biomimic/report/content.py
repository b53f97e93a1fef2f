"""Results → Report: which sections, in which order, and which of them a failed gate greys."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biomimic.evaluation import Evaluation
from biomimic.report import (
    background,
    comparisons,
    figures,
    gates,
    methods,
    muscles,
    people,
    questions,
    redundancy,
    references,
    tracked,
    verdict,
)
from biomimic.report.blocks import Figure, Paragraph, Report, Section
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import ANOTHER_SPEED, Results


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


def build(
    results: Results,
    protocol: Protocol,
    film: Film | None = None,
    more: Sequence[Section] = (),
    evaluation: Evaluation | None = None,
) -> Report:
    """The report of one walker under one protocol: a run, a measured person, or a data set.

    Args:
        results: with their evidence.
        protocol: under which they were measured.
        film: pictures of one stride; None says that none were asked for.
        more: sections made elsewhere, e.g. on sensitivity; they stand before the published work.
        evaluation: of the run's policy on every clip, or None.
    """
    judged = (
        verdict.section(results, protocol),
        background.physics(results),
        *tracked.sections(questions.tracking(results), results, evaluation),
        gates.grey(questions.human(results, protocol), results),
        gates.grey(questions.retargeting(results), results),
        *(gates.grey(section, results) for section in _domains(results, protocol)),
        gates.grey(background.stability(results, protocol), results, gates.ALL),
        gates.grey(background.steps(results, protocol), results, gates.ALL),
        _film(film),
        *more,
        gates.grey(comparisons.published(results, protocol), results),
        methods.section(results, protocol),
    )
    sections = (*judged, references.section(judged), background.provenance(results), background.exclusions(results))
    title = f"{results.run or 'A walk'}: {protocol.title.lower()}"
    return Report(title, _subtitle(results, protocol) + _speed(results), (*sections, background.files()))


def _domains(results: Results, protocol: Protocol) -> tuple[Section, ...]:
    return (
        comparisons.kinematics(results, protocol),
        comparisons.force(results, protocol),
        muscles.section(results, protocol),
        comparisons.moments(results, protocol),
        *redundancy.sections(results),
        *comparisons.others(results, protocol),
    )


def _subtitle(results: Results, protocol: Protocol) -> str:
    if not people.is_simulated(results):
        return f"{protocol.title}. A measured walk, held against other people as a simulated one would be."
    run = results.identity.get("run", {})
    body, parameters = run.get("embodiment", ""), run.get("muscle_parameters", "")
    text = f"{protocol.title}. A muscle-driven walk in physics, measured against people"
    text += f"; body {body}" if body else ""
    return text + (f", muscle parameters {parameters}." if body and parameters else ".")


def _speed(results: Results) -> str:
    """A warning on the first page where people of another speed were compared with on request."""
    asked = any(ANOTHER_SPEED in gate.found for gate in results.gates)
    return (
        " People of another speed were compared with, as was asked for: read no difference as one of gait."
        if asked
        else ""
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
