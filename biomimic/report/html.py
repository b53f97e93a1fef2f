"""Report → one HTML file that needs nothing beside it."""

import re

from biomimic import share
from biomimic.report.blocks import Figure, Report, numbered
from biomimic.report.figures import INK

_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_SIZE = re.compile(r'(<svg[^>]*?) (?:width|height)="[^"]*"')


def render(report: Report) -> str:
    """The HTML text of a report; the same report gives the same text.

    Every value is escaped, a name the template does not find is an error, and the drawings lie inline.
    """
    import jinja2  # imported here: the command line answers --help without it

    folder = share.folder("reports")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((folder / "template.html").read_text(encoding="utf-8"))
    drawings = {figure.name: jinja2.utils.markupsafe.Markup(inline(figure)) for figure in report.figures}
    style = (folder / "style.css").read_text(encoding="utf-8")
    return template.render(
        title=report.title,
        subtitle=report.subtitle,
        sections=numbered(report),
        drawings=drawings,
        style=jinja2.utils.markupsafe.Markup(style),
    )


def inline(figure: Figure) -> str:
    """The drawing as an <svg> element that scales, follows the page's text colour and shares no id with another."""
    svg = _METADATA.sub("", _PROLOGUE.sub("", figure.svg, count=1))
    svg = _SIZE.sub(r"\1", _SIZE.sub(r"\1", svg, count=1), count=1)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{figure.name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{figure.name}-\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{figure.name}-\1"', svg)
    return svg.replace(INK, "currentColor").replace("<svg", '<svg aria-hidden="true"', 1)
