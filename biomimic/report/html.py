"""Report → one HTML file that needs nothing beside it."""

import re
from urllib.parse import quote

from biomimic import share
from biomimic.report import latex, references, tabular
from biomimic.report.blocks import Figure, Report, Sources
from biomimic.report.figures import COLOURS, INK
from biomimic.report.records import numbered

_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_SIZE = re.compile(r'(<svg[^>]*?) (?:width|height)="[^"]*"')
_LAYER = re.compile(r'<g id="(single|band|spread|panel)-')
_SAFE = ",;:()=+/?@!$'*~-._"  # signs that may stand in an address as they are


def render(report: Report) -> str:
    """The HTML text of a report; the same report gives the same text.

    Every value is escaped, a name the template does not find is an error, and the drawings lie inline.
    """
    import jinja2  # imported here: the command line answers --help without it

    folder = share.folder("reports")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    has_list = any(isinstance(block, Sources) for section in report.sections for block in section.blocks)
    environment.filters |= {"said": _Said(has_list), "plain": references.plain}
    template = environment.from_string((folder / "template.html").read_text(encoding="utf-8"))
    as_is = jinja2.utils.markupsafe.Markup
    return template.render(
        title=report.title,
        subtitle=report.subtitle,
        sections=numbered(report),
        drawings={figure.name: as_is(inline(figure)) for figure in report.figures},
        downloads=_downloads(report),
        layers={figure.name: layers(figure) for figure in report.figures},
        style=as_is((folder / "style.css").read_text(encoding="utf-8")),
    )


def inline(figure: Figure) -> str:
    """The drawing as an <svg> element that scales, follows the page's text colour and shares no id with another."""
    svg = _METADATA.sub("", _PROLOGUE.sub("", figure.svg, count=1))
    svg = _SIZE.sub(r"\1", _SIZE.sub(r"\1", svg, count=1), count=1)
    svg = _LAYER.sub(r'<g class="\1" id="\1-', svg)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{figure.name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{figure.name}-\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{figure.name}-\1"', svg)
    for kind, colour in COLOURS.items():  # lighter ones on a dark page
        svg = svg.replace(colour, f"var(--curve-{kind})")
    return svg.replace(INK, "currentColor").replace("<svg", '<svg aria-hidden="true"', 1)


def layers(figure: Figure) -> tuple[str, ...]:
    """Parts of a drawing that a reader may switch off: single strides, bands, spreads."""
    found = {match.group(1) for match in _LAYER.finditer(figure.svg)}
    return tuple(name for name in ("single", "band", "spread") if name in found)


def _downloads(report: Report) -> dict[str, str]:
    """Addresses that hold a file: the numbers of each figure, each table as CSV and as LaTeX."""
    found = {}
    for figure in report.figures:
        found[f"{figure.name}.csv"] = _address("text/csv", tabular.figure_csv(figure))
    for name, label, table in tabular.named_tables(report):
        found[f"{name}.csv"] = _address("text/csv", tabular.table_csv(table))
        found[f"{name}.tex"] = _address("application/x-tex", latex.table(table, label))
    return found


def _address(kind: str, text: str) -> str:
    return f"data:{kind};charset=utf-8,{quote(text, safe=_SAFE)}"


class _Said:
    """Text for the page: escaped, citations and DOIs as links."""

    def __init__(self, has_list: bool):
        self._has_list = has_list

    def __call__(self, text: str):
        import jinja2

        escape, as_is = jinja2.utils.markupsafe.escape, jinja2.utils.markupsafe.Markup
        link = as_is('<a href="{}">{}</a>').format

        def cited(key: str, shown: str) -> str:
            return link(f"#ref-{key}", shown) if self._has_list else escape(shown)

        def rest(part: str) -> str:
            parts = references.DOI.split(part)  # every second part is a DOI
            said = [
                link(f"https://doi.org/{one}", f"doi:{one}") if k % 2 else escape(one) for k, one in enumerate(parts)
            ]
            return "".join(said)

        return as_is(references.rewritten(text, cited, rest))
