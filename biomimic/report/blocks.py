"""The parts of a report: sections of paragraphs, lists, tables, figures and boxes, all plain words."""

from dataclasses import dataclass

from biomimic.errors import BadValue

TONES = ("", "good", "bad", "muted")


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of plain sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Box:
    """A framed list of sentences with a title, for what the reader must not overlook."""

    title: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of words and numbers already formatted as text.

    `align` holds one letter a column, l or r. `tones` holds one word a row out of `TONES`; it colours the row's
    last cell, and the words in that cell say the same, so nothing is told by colour alone.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    tones: tuple[str, ...] = ()

    def __post_init__(self):
        widths = {len(self.header), len(self.align), *(len(row) for row in self.rows)}
        if len(widths) != 1:
            raise BadValue(f'Table "{self.caption}" has rows of {sorted(widths)} cells. All rows need the same number.')
        if self.tones and (len(self.tones) != len(self.rows) or set(self.tones) - set(TONES)):
            raise BadValue(f'Table "{self.caption}" needs one tone a row, each one of {", ".join(TONES[1:])} or empty.')


@dataclass(frozen=True)
class Figure:
    """One drawing: SVG text, its caption, and the same content in words for readers who cannot see it."""

    name: str
    svg: str
    caption: str
    alternative: str


Block = Paragraph | Bullets | Box | Table | Figure


@dataclass(frozen=True)
class Section:
    """A titled run of blocks; `name` is its anchor."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """What both files say, in order."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures in the order of the report."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Figure))


def numbered(report: Report) -> tuple[dict, ...]:
    """Sections as plain records, with sections, tables and figures numbered in order: what both layouts read."""
    count = {"figure": 0, "table": 0}
    return tuple(
        {
            "name": section.name,
            "number": index,
            "title": section.title,
            "blocks": [_record(block, count) for block in section.blocks],
        }
        for index, section in enumerate(report.sections, start=1)
    )


def _record(block: Block, count: dict) -> dict:
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text}
    if isinstance(block, Bullets):
        return {"kind": "bullets", "items": list(block.items)}
    if isinstance(block, Box):
        return {"kind": "box", "title": block.title, "items": list(block.items)}
    if isinstance(block, Figure):
        count["figure"] += 1
        record = {"kind": "figure", "name": block.name, "alternative": block.alternative}
        return record | {"caption": f"Figure {count['figure']}. {block.caption}"}
    count["table"] += 1
    return {
        "kind": "table",
        "caption": f"Table {count['table']}. {block.caption}",
        "header": list(block.header),
        "rows": [list(row) for row in block.rows],
        "align": list(block.align),
        "tones": list(block.tones) or [""] * len(block.rows),
    }
