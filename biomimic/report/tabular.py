"""Tables and the numbers behind figures → CSV, and the names that tables have in files."""

import csv
import io
from collections.abc import Iterable, Sequence

from biomimic.report import references
from biomimic.report.blocks import Figure, Report, Table, cell

MISSING = "–"  # what a report prints where there is no number
PLAIN = str.maketrans({"−": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2060": None})


def figure_csv(figure: Figure) -> str:
    """The numbers behind a figure, one row a point, six significant digits; empty where there is no number."""
    return _csv([figure.data.header, *([cell(value) for value in row] for row in figure.data.rows)])


def table_csv(table: Table) -> str:
    """A table as it is printed, with signs that a spreadsheet reads: a minus is a hyphen, a missing number empty.

    A table with greyed rows has a last column that marks them.
    """
    is_grey = "muted" in table.tones
    rows = [[_plain(value) for value in row] for row in table.rows]
    if is_grey:
        rows = [[*row, "yes" if tone == "muted" else ""] for row, tone in zip(rows, table.tones)]
    return _csv([[*map(_plain, table.header), *(["greyed"] if is_grey else [])], *rows])


def named_tables(report: Report) -> tuple[tuple[str, str, Table], ...]:
    """Every table with the stem of its files, e.g. 03_agreement, and its LaTeX label."""
    return tuple(
        (f"{number:02d}_{table.slug}", f"tab:{table.slug}-{number}", table)
        for number, table in enumerate(report.tables, start=1)
    )


def captions_csv(report: Report) -> str:
    """What each file of figures/ and tables/ shows: its caption, and for figures the words for those who cannot see."""
    header = ("file", "number", "caption", "in words")
    rows = [
        (f"figures/{figure.name}", f"Figure {number}", figure.caption, figure.alternative)
        for number, figure in enumerate(report.figures, start=1)
    ]
    rows += [
        (f"tables/{name}", f"Table {number}", table.caption, "")
        for number, (name, _, table) in enumerate(named_tables(report), start=1)
    ]
    return _csv([header, *([references.plain(text) for text in row] for row in rows)])


def _plain(text: str) -> str:
    written = references.plain(text).translate(PLAIN)
    return "" if written == MISSING else written


def _csv(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
