"""What both files say, and that they say the same."""

import re
import shutil
import subprocess

import pytest

from biomimic.errors import BadFile, BadValue
from biomimic.report import html, pdf, wording, write
from biomimic.report.blocks import Bullets, Data, Drawing, Figure, Paragraph, Report, Section, Table
from biomimic.report.figures import INK
from biomimic.report.records import numbered


@pytest.fixture(scope="session")
def page(report) -> str:
    return html.render(report)


@pytest.fixture(scope="session")
def document(report) -> bytes:
    return pdf.render(report)


def test_sections_stand_in_the_order_of_the_design(report):
    names = "verdict gates tracking human retargeting kinematics force muscles moments"
    after = "stability steps film published methods references provenance exclusions files"
    found = [section.name for section in report.sections]
    assert found[:9] == names.split() and found[-9:] == after.split()


def test_the_verdict_has_one_line_a_domain(report):
    lines = next(block for block in report.sections[0].blocks if isinstance(block, Bullets)).items
    lines = [line.replace(wording.TIE, " ") for line in lines]
    starts = [line.partition(":")[0] for line in lines]
    domains = ["Physics", "Stability", "Kinematics", "Ground reaction force", "Muscles", "Spatiotemporal"]
    assert starts == ["Gates", *domains]
    assert lines[1] == "Physics: met, 5 of 5 criteria."
    assert lines[2].startswith("Stability: not met, 1 of 3 criteria; missed: Longest walk 10.00 s (limit ≥ 60.00 s)")


def test_every_figure_says_its_n_and_has_words(report):
    names = [figure.name for figure in report.figures]
    assert names[:6] == ["overview", "angles", "angles_other", "force", "muscles", "moments"]
    assert names[-2:] == ["trials", "film"]
    for figure in report.figures:
        assert re.search(r"n = \d+", figure.caption), figure.name
        assert len(figure.alternative) > 30, figure.name


def test_what_shaped_the_walk_is_said_in_each_comparison(report):
    texts = {section.name: [b.text for b in section.blocks if isinstance(b, Paragraph)] for section in report.sections}
    assert "these figures measure tracking" in texts["kinematics"][0]
    assert "did not enter the controller" in texts["muscles"][0]
    assert "did not enter the controller" in texts["kinematics"][1]


def test_methods_are_written_from_the_protocol(report, results, protocol):
    text = " ".join(block.text for section in report.sections if section.name == "methods" for block in section.blocks)
    assert "crosses 20 N" in text and "angles 6 Hz, ground force 20 Hz" in text and "20 resamples" in text


def test_html_is_one_file_without_links_to_others(page):
    assert not re.search(r'(src|href)="(?!#|data:|https://doi\.org/)', page)
    assert page.count("<script") == 1 and "<script>" in page and "@import" not in page


def test_html_escapes_and_numbers(page):
    assert "&lt;made&gt; &amp; up" in page
    assert ">6. Kinematics <" in page and "Table 1. Gates" in page


def test_html_ids_are_unique_and_referenced_ones_exist(page):
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"url\(#([^)]+)\)", page)) | set(re.findall(r'href="#([^"]+)"', page))
    assert used <= set(ids)


def test_drawings_follow_the_text_colour_of_the_page(page):
    assert INK not in page and "currentColor" in page


def test_html_says_in_words_what_a_figure_shows(report, page):
    assert page.count('role="group" aria-label="') == len(report.figures)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_pdf_says_the_same_words(report, document, tmp_path):
    (tmp_path / "r.pdf").write_bytes(document)
    done = subprocess.run(["pdftotext", str(tmp_path / "r.pdf"), "-"], capture_output=True, text=True, check=True)
    letters = _letters(done.stdout)
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Paragraph):
                assert _letters(block.text[:60]) in letters


def _letters(text: str) -> str:
    """Letters only: line breaks, hyphens and ligatures do not count."""
    for one, two in (("ﬁ", "fi"), ("ﬂ", "fl"), ("ﬀ", "ff"), ("ﬃ", "ffi")):
        text = text.replace(one, two)
    return re.sub(r"[^a-z]", "", text.lower())


def test_pdf_is_tagged_and_has_no_date(document):
    assert document.startswith(b"%PDF") and b"/StructTreeRoot" in document
    assert b"CreationDate" not in document and b"/home" not in document


def test_the_first_figure_is_also_a_picture(report):
    assert pdf.picture(report.figures[0]).startswith(b"\x89PNG")


def test_published_figures_stand_beside_those_of_the_walk(report):
    table = next(section for section in report.sections if section.name == "published").blocks[1]
    ankle = next(row for row in table.rows if row[0] == "Ankle dorsiflexion: r")
    assert ankle[3] == "0.89" and "MuscleMimic" in ankle[4]


def test_a_special_character_of_either_layout_is_only_text(tmp_path):
    nasty = '#set x; $a$ *b* _c_ <script> {{ y }} "quoted" \\n @z'
    table = Table("A table.", ("One", "Two"), ((nasty, "1"),), "lr")
    report = Report(nasty, nasty, (Section("s", nasty, (Paragraph(nasty), Bullets((nasty,)), table)),))
    page, document = write(report, tmp_path)
    assert page.read_text(encoding="utf-8").count("<script>") == 1  # the page's own
    assert document.stat().st_size > 1000


def test_tables_and_figures_are_counted_in_order():
    table = Table("T.", ("a",), (("1",),), "l")
    figure = Figure("f", Drawing("<svg></svg>", Data(("a",), ((1.0,),))), "F.", "words")
    sections = (Section("a", "A", (table, figure)), Section("b", "B", (table,)))
    found = [block["caption"] for part in numbered(Report("t", "s", sections)) for block in part["blocks"]]
    assert found == ["Table 1. T.", "Figure 1. F.", "Table 2. T."]


def test_a_ragged_table_is_refused():
    with pytest.raises(BadValue, match="All rows need the same number"):
        Table("T.", ("a", "b"), (("1",),), "ll")


def test_a_folder_that_is_a_file_gives_one_sentence(report, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadFile, match="cannot be written"):
        write(report, tmp_path / "file")
