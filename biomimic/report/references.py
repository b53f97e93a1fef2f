"""Sources that a report may cite: reports/references.toml, marks in texts, the list of what was cited, BibTeX.

A text cites with a mark, `[@hicks2015]` or `[@hicks2015; @zeni2008]`, or `[-@zeni2008]` for the year alone; `cite` and
`named` make them. Each layout writes marks in its own way, and what a report cites is found in its texts.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from biomimic import config, errors, share
from biomimic.errors import BadValue
from biomimic.report import latex
from biomimic.report.blocks import Section, Source, Sources, words

KEY = r"[a-z]+\d{4}[a-z]?"
MARK = re.compile(rf"\[(-?)@({KEY}(?:; @{KEY})*)\]")
DOI = re.compile(r"\bdoi:(10\.\d{4,9}/(?:\([^\s()]*\)|[^\s;,()\[\]])*[^\s;,.()\[\]])")
FILE = "references.toml"
MANY = 2  # authors named in a text; of more, the first with "et al."


@dataclass(frozen=True)
class Entry:
    """One source.

    Args:
        key: short name: first author's family name and the year, then a letter if need be.
        kind: of BibTeX.
        year: of publication.
        authors: "Family, Given names", in order.
        title: in full.
        journal: or the proceedings of a paper, or the publisher of a book.
        volume, number, pages: as printed.
        doi: without the resolver's address; empty where there is none.
        url: only where there is no DOI.
    """

    key: str
    kind: str = config.one_of("article", "inproceedings", "book", "misc")
    year: int = config.ranged(low=1800, high=2100)
    authors: tuple[str, ...] = ()
    title: str = ""
    journal: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    doi: str = ""
    url: str = ""

    def __post_init__(self):
        if not re.fullmatch(KEY, self.key):
            raise BadValue(f'The source "{self.key}" needs a key of small letters and a year, e.g. hicks2015.')
        if not (self.authors and self.title and self.journal):
            raise BadValue(f'The source "{self.key}" lacks its authors, its title or where it appeared. Add them.')
        if str(self.year) not in self.key:
            raise BadValue(f'The source "{self.key}" is of {self.year}; its key and its year must agree.')

    @property
    def who(self) -> str:
        """Authors as a text names them."""
        families = [author.partition(",")[0] for author in self.authors]
        return " & ".join(families) if len(families) <= MANY else f"{families[0]} et al."

    @property
    def address(self) -> str:
        """Where it can be found; empty when neither a DOI nor an address is known."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url

    @property
    def text(self) -> str:
        """One line of a list of sources."""
        authors = ", ".join(_initials(author) for author in self.authors)
        place = self.journal + (f" {self.volume}" if self.volume else "") + (f"({self.number})" if self.number else "")
        place += f"{':' if self.volume else ', '}{self.pages}" if self.pages else ""
        title = self.title if self.title.endswith("?") else f"{self.title}."
        return f"{authors} ({self.year}). {title} {place}." + (f" doi:{self.doi}" if self.doi else "")


@dataclass(frozen=True)
class _Library:
    source: tuple[Entry, ...]


@cache
def library() -> dict[str, Entry]:
    """Every known source by its key.

    Raises:
        BadFile, BadValue: the file is missing or wrong, or a key stands in it twice.
    """
    entries = config.load(_Library, share.folder("reports") / FILE).source
    found = {entry.key: entry for entry in entries}
    if len(found) != len(entries):
        twice = sorted({entry.key for entry in entries if sum(entry.key == other.key for other in entries) > 1})
        raise BadValue(f"{FILE} lists {', '.join(twice)} more than once.")
    return found


def entry(key: str) -> Entry:
    """One source.

    Raises:
        UnknownName: no source has this key; close ones are named.
    """
    if key not in library():
        raise errors.unknown("source", key, library(), where=f"in reports/{FILE}")
    return library()[key]


def cite(*keys: str) -> str:
    """A mark that a report shows as "(Hicks et al. 2015)" and methods.md as a citation key.

    Raises:
        UnknownName: no source has this key.
    """
    return f"[{'; '.join(f'@{entry(key).key}' for key in keys)}]"


def named(key: str) -> str:
    """Authors in the run of a sentence, with a mark: "Hicks et al. (2015)"."""
    return f"{entry(key).who} [-@{key}]"


def plain(text: str) -> str:
    """The text with its marks written out: "(Hicks et al. 2015; Zeni et al. 2008)"."""
    return rewritten(text, lambda _, shown: shown)


def rewritten(text: str, write: Callable[[str, str], str], other: Callable[[str], str] = str) -> str:
    """A text with every mark replaced.

    Args:
        text: with marks.
        write: of key and shown words, e.g. "Hicks et al. 2015", what stands for one source.
        other: of what lies between marks, what stands for it.

    Raises:
        UnknownName: a mark names a source that is not known.
    """
    parts, last = [], 0
    for found in MARK.finditer(text):
        parts.append(other(text[last : found.start()]))
        keys = found.group(2).split("; @")
        shown = [str(entry(key).year) if found.group(1) else f"{entry(key).who} {entry(key).year}" for key in keys]
        parts.append(f"({'; '.join(write(*pair) for pair in zip(keys, shown))})")
        last = found.end()
    return "".join([*parts, other(text[last:])])


def used(sections: Iterable[Section]) -> tuple[Entry, ...]:
    """The sources that these sections cite, by a mark or by a DOI in their words; by author, then year.

    Raises:
        UnknownName: a mark names a source that is not known.
    """
    by_doi = {one.doi.lower(): key for key, one in library().items() if one.doi}
    keys = set()
    for text in (text for section in sections for block in section.blocks for text in words(block)):
        keys |= {key for found in MARK.finditer(text) for key in found.group(2).split("; @")}
        keys |= {by_doi[doi.lower()] for doi in DOI.findall(text) if doi.lower() in by_doi}
    return tuple(sorted((entry(key) for key in keys), key=lambda one: (one.who.lower(), one.year, one.key)))


def section(sections: Iterable[Section]) -> Section:
    """The list of the sources that these sections cite, as the last section but those on files and provenance."""
    items = tuple(Source(one.key, one.text, one.address) for one in used(sections))
    return Section("references", "References", (Sources(items),))


def bibtex(entries: Iterable[Entry]) -> str:
    """references.bib: one entry a source, accents and special characters written so that every BibTeX reads them."""
    return "\n".join(_bibtex(one) for one in entries)


def _bibtex(one: Entry) -> str:
    place = {"article": "journal", "inproceedings": "booktitle", "book": "publisher", "misc": "howpublished"}[one.kind]
    fields = {
        "author": " and ".join(latex.escape(author) for author in one.authors),
        "title": f"{{{latex.escape(one.title)}}}",
        place: latex.escape(one.journal),
        "year": str(one.year),
        "volume": one.volume,
        "number": latex.escape(one.number),
        "pages": one.pages.replace("–", "--"),
        "doi": one.doi,
        "url": one.url,
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@{one.kind}{{{one.key},\n" + ",\n".join(lines) + "\n}\n"


def _initials(author: str) -> str:
    """ "Delp, Scott L." as "Delp SL"; hyphens in given names stay out."""
    family, _, given = author.partition(",")
    letters = "".join(part[0] for part in re.split(r"[\s.\-]+", given) if part)
    return f"{family} {letters}".strip()
