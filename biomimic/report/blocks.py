"""The parts of a report: sections of paragraphs, lists, chips, tables, figures, boxes and sources, all plain words."""

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

from biomimic.errors import BadValue

TONES = ("", "good", "warn", "bad", "muted")
SLUG_WORDS, SLUG_LETTERS = 6, 48
DIGITS = 6  # significant digits of numbers behind a figure


class Data(NamedTuple):
    """Numbers behind a figure: names of the columns with their units, and one tuple of numbers or words a row."""

    header: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]


class Drawing(NamedTuple):
    """What a drawing function gives: SVG text, and the numbers it shows."""

    svg: str
    data: Data


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
class Chip:
    """One line of a summary: what it is about, its state in one or two words, and the number behind it.

    `tone` is one of `TONES`: it picks colour and sign; the words of `status` say the same. `target` is the name of
    the section that tells more, or empty.
    """

    title: str
    status: str
    tone: str = ""
    detail: str = ""
    target: str = ""

    def __post_init__(self):
        _check_tone(self.tone, f'Chip "{self.title}"')


@dataclass(frozen=True)
class Chips:
    """A row of chips under one title, for a verdict at a glance."""

    title: str
    items: tuple[Chip, ...]


@dataclass(frozen=True)
class Table:
    """A table of words and numbers already formatted as text.

    `align` holds one letter a column, l or r. `tones` holds one word a row out of `TONES`: good, warn and bad colour
    the row's last cell and set a sign before it, and the words in that cell say the same, so nothing is told by colour
    alone; muted greys the whole row. `name` becomes the name of its files; empty, it is made from the caption.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    tones: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self):
        widths = {len(self.header), len(self.align), *(len(row) for row in self.rows)}
        if len(widths) != 1:
            raise BadValue(f'Table "{self.caption}" has rows of {sorted(widths)} cells. All rows need the same number.')
        if self.tones and (len(self.tones) != len(self.rows) or set(self.tones) - set(TONES)):
            raise BadValue(f'Table "{self.caption}" needs one tone a row, each one of {", ".join(TONES[1:])} or empty.')

    @property
    def slug(self) -> str:
        """Its name in files and addresses: small letters, digits and underscores."""
        return slug(self.name or re.split(r"[.(:;]", self.caption, maxsplit=1)[0])


@dataclass(frozen=True)
class Figure:
    """One drawing with its numbers, its caption, and the same content in words for readers who cannot see it."""

    name: str
    drawing: Drawing
    caption: str
    alternative: str

    def __post_init__(self):
        if not isinstance(self.drawing, Drawing):
            found = type(self.drawing).__name__
            raise BadValue(f'Figure "{self.name}" was given a {found}. Give a Drawing: SVG text and its numbers.')
        if slug(self.name) != self.name:
            raise BadValue(f'Figure "{self.name}" needs a name of small letters, digits and underscores.')
        if not self.data.rows or {len(row) for row in self.data.rows} != {len(self.data.header)}:
            raise BadValue(f'Figure "{self.name}" needs numbers behind it: rows as long as the header, at least one.')

    @property
    def svg(self) -> str:
        """SVG text."""
        return self.drawing.svg

    @property
    def data(self) -> Data:
        """The numbers it shows."""
        return self.drawing.data


@dataclass(frozen=True)
class Source:
    """One entry of the list of sources: its key, how it is printed, and an address or nothing."""

    key: str
    text: str
    address: str = ""


@dataclass(frozen=True)
class Sources:
    """The list of sources that the report cites."""

    items: tuple[Source, ...]


Block = Paragraph | Bullets | Box | Chips | Table | Figure | Sources


@dataclass(frozen=True)
class Section:
    """A titled run of blocks; `name` is its anchor.

    With the tone "grey" all of it is greyed and never hidden; `reason` says why and stands above it.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
    tone: str = ""
    reason: str = ""

    def __post_init__(self):
        if self.tone not in ("", "grey") or bool(self.tone) != bool(self.reason):
            raise BadValue(f'Section "{self.name}" needs both the tone grey and a reason for it, or neither.')


@dataclass(frozen=True)
class Report:
    """What both files say, in order."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]

    def __post_init__(self):
        for what, names in (
            ("sections", [section.name for section in self.sections]),
            ("figures", [figure.name for figure in self.figures]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise BadValue(f"Two {what} of the report are named {', '.join(twice)}. Give each its own name.")

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures in the order of the report."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Figure))

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables in the order of the report."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Table))


def slug(text: str) -> str:
    """Small letters, digits and underscores of the first words of a text."""
    words = re.findall(r"[a-z0-9_]+", text.lower())[:SLUG_WORDS]
    return "_".join(words)[:SLUG_LETTERS].strip("_") or "table"


def cell(value: str | float) -> str:
    """A number behind a figure as text: six significant digits; empty when it is not a number."""
    if isinstance(value, str):
        return value
    return f"{float(value):.{DIGITS}g}" if math.isfinite(value) else ""


def words(block: Block) -> tuple[str, ...]:
    """Every text of a block, for searching."""
    if isinstance(block, Paragraph):
        return (block.text,)
    if isinstance(block, (Bullets, Box)):
        return block.items
    if isinstance(block, Chips):
        return tuple(f"{chip.status} {chip.detail}" for chip in block.items)
    if isinstance(block, Table):
        return (block.caption, *block.header, *(text for row in block.rows for text in row))
    return (block.caption, block.alternative) if isinstance(block, Figure) else ()


def _check_tone(tone: str, where: str) -> None:
    if tone not in TONES:
        raise BadValue(f'{where} has the tone "{tone}". Known tones: {", ".join(TONES[1:])} or empty.')
