"""Sources: every entry is complete, marks become words, unknown ones are named."""

import re

import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.report import references
from biomimic.report.blocks import Paragraph, Section, Sources, Table
from biomimic.report.references import Entry


def test_every_source_is_complete_and_told_apart():
    library = references.library()
    for one in library.values():
        assert one.doi or one.url or one.year < 1990, one.key
        assert not one.doi or re.fullmatch(r"10\.\d{4,9}/\S+", one.doi), one.key
        assert one.kind != "article" or (one.volume and one.pages), one.key
        assert all("," in author for author in one.authors), one.key
    assert len({(one.who, one.year) for one in library.values()}) == len(library)
    assert len({one.doi for one in library.values() if one.doi}) == sum(bool(one.doi) for one in library.values())
    assert list(library) == sorted(library)


def test_marks_become_words():
    text = f"{references.named('zeni2008')} do so {references.cite('hicks2015', 'bland1986')}."
    assert text == "Zeni et al. [-@zeni2008] do so [@hicks2015; @bland1986]."
    assert references.plain(text) == "Zeni et al. (2008) do so (Hicks et al. 2015; Bland & Altman 1986)."


def test_an_unknown_key_names_a_close_one():
    with pytest.raises(UnknownName, match='Did you mean "?zeni2008'):
        references.cite("zeni2009")


def test_what_only_looks_like_a_mark_stays():
    text = "mail@host, [@], [@ x], @zeni2008, [see @zeni2008]"
    assert references.plain(text) == text


def test_a_doi_in_a_table_counts_as_use_and_may_hold_brackets():
    table = Table("T.", ("a",), (("after doi:10.1016/S0966-6362(98)00043-5.",), ("x (doi:10.1115/1.4029304)",)), "l")
    sections = (Section("a", "A", (table,)), Section("b", "B", (Paragraph("[@zeni2008]"),)))
    assert [one.key for one in references.used(sections)] == ["hicks2015", "lenhoff1999", "zeni2008"]
    (block,) = references.section(sections).blocks
    assert isinstance(block, Sources) and block.items[0].address == "https://doi.org/10.1115/1.4029304"


def test_a_line_of_the_list():
    found = references.entry("lenhoff1999").text
    assert found.startswith("Lenhoff MW, Santner TJ, Otis JC, Peterson MGE,")
    assert found.endswith("Gait & Posture 9(1):10–17. doi:10.1016/S0966-6362(98)00043-5")


def test_bibtex_writes_accents_and_ranges():
    text = references.bibtex([references.entry("falisse2019"), references.entry("todorov2012")])
    assert r"Serrancol{\'{i}}, Gil" in text and "pages = {5026--5033}" in text and "booktitle = {2012 IEEE" in text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"key": "Hicks2015"}, "key of small letters"),
        ({"year": 2014}, "must agree"),
        ({"authors": ()}, "lacks its authors"),
    ],
)
def test_an_incomplete_source_is_refused(wrong, words):
    good = {"key": "hicks2015", "kind": "article", "year": 2015, "authors": ("A, B",), "title": "T", "journal": "J"}
    with pytest.raises(BadValue, match=words):
        Entry(**(good | wrong))
