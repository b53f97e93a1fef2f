"""Report → PDF: the same blocks in the same order, typeset by typst from reports/template.typ."""

import json
import tempfile
from pathlib import Path

from biomimic import share
from biomimic.report import references
from biomimic.report.blocks import Figure, Report
from biomimic.report.records import numbered

PICTURE_DENSITY = 150.0  # [pixels per inch] of a figure as a picture
PAGE = '#set page(width: auto, height: auto, margin: {}, fill: {})\n#image("figure.svg", width: 18cm)'
PICTURE_PAGE = PAGE.format("8pt", "white")
DRAWING_PAGE = "#set document(date: none)\n" + PAGE.format("2pt", "none")


def picture(figure: Figure) -> bytes:
    """A figure as PNG on white, for pages that cannot show the report."""
    return _alone(figure, PICTURE_PAGE, format="png", ppi=PICTURE_DENSITY)


def drawing(figure: Figure) -> bytes:
    """A figure as PDF of one page, 18 cm wide, its text as outlines; the same figure gives the same bytes."""
    return _alone(figure, DRAWING_PAGE, format="pdf", timestamp=0)


def _alone(figure: Figure, page: str, **options: object) -> bytes:
    import typst  # imported here: it loads an 80 MB library

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "figure.svg").write_text(figure.svg, encoding="utf-8")
        source = folder / "figure.typ"
        source.write_text(page, encoding="utf-8")
        return typst.compile(str(source), root=str(folder), ignore_system_fonts=True, **options)


def render(report: Report) -> bytes:
    """The PDF of a report; the same report gives the same bytes.

    The words travel as JSON and the figures as SVG files, so no text needs escaping and nothing of the machine
    (paths, clock, system fonts) reaches the document.
    """
    import typst  # imported here: it loads an 80 MB library

    template = share.folder("reports") / "template.typ"
    sections = numbered(report, references.plain)
    content = {"title": report.title, "subtitle": report.subtitle, "sections": sections}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "report.json").write_text(json.dumps(content, sort_keys=True, ensure_ascii=False), encoding="utf-8")
        for figure in report.figures:
            (folder / f"{figure.name}.svg").write_text(figure.svg, encoding="utf-8")
        source = folder / "report.typ"
        source.write_bytes(template.read_bytes())
        return typst.compile(str(source), root=str(folder), ignore_system_fonts=True, timestamp=0)
