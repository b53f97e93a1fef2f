"""Report → what a paper takes from it: figures, the numbers behind them, tables, the methods text, its sources.

Everything is made from the blocks of the report, so it says what the report says; the same report gives the same
bytes.
"""

import re

from biomimic.report import latex, pdf, references, tabular
from biomimic.report.blocks import Bullets, Paragraph, Report, Table

METHODS = "methods"  # name of the section that becomes methods.md
HEAD = '---\ntitle: "Methods"\nbibliography: references.bib\nlink-citations: true\n---\n'
SPECIAL = re.compile(r"([\\`*<>\[\]$^~|@#]|(?<![^\W_])_|_(?![^\W_]))")  # an underscore inside a word is only text


def contents(report: Report) -> dict[str, str | bytes]:
    """Every file by its path inside the folder of the report.

    figures/<name>.svg, .pdf and .csv; tables/<number>_<name>.csv and .tex; captions.csv; methods.md; references.bib.
    """
    found: dict[str, str | bytes] = {}
    for figure in report.figures:
        found[f"figures/{figure.name}.svg"] = figure.svg
        found[f"figures/{figure.name}.pdf"] = pdf.drawing(figure)
        found[f"figures/{figure.name}.csv"] = tabular.figure_csv(figure)
    for name, label, table in tabular.named_tables(report):
        found[f"tables/{name}.csv"] = tabular.table_csv(table)
        found[f"tables/{name}.tex"] = latex.table(table, label)
    found["captions.csv"] = tabular.captions_csv(report)
    found["methods.md"] = methods(report)
    found["references.bib"] = references.bibtex(references.used(report.sections))
    return found


def methods(report: Report) -> str:
    """The methods section as Markdown, its citations as keys of references.bib; empty text if there is no such section.

    Raises:
        UnknownName: it cites a source that is not in reports/references.toml.
    """
    blocks = [block for section in report.sections if section.name == METHODS for block in section.blocks]
    parts = []
    for block in blocks:
        if isinstance(block, Paragraph):
            parts.append(_markdown(block.text))
        elif isinstance(block, Bullets):
            parts.append("\n".join(f"- {_markdown(item)}" for item in block.items))
        elif isinstance(block, Table):
            parts.append(_table(block))
    return "\n".join([HEAD, *(f"{part}\n" for part in parts)]) if parts else ""


def _table(table: Table) -> str:
    rule = " | ".join("---:" if side == "r" else ":---" for side in table.align)
    rows = [" | ".join(map(_markdown, row)) for row in table.rows]
    lines = [f"| {line} |" for line in (" | ".join(map(_markdown, table.header)), rule, *rows)]
    return "\n".join([*lines, "", f": {_markdown(table.caption)}"])


def _markdown(text: str) -> str:
    """Text with its special characters escaped and its citations as they are; keys that are not known are an error."""
    parts, last = [], 0
    for found in references.MARK.finditer(text):
        for key in found.group(2).split("; @"):
            references.entry(key)
        parts += [SPECIAL.sub(r"\\\1", text[last : found.start()]), found.group()]
        last = found.end()
    return "".join([*parts, SPECIAL.sub(r"\\\1", text[last:])])
