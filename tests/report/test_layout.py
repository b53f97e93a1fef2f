"""The two layouts: greyed parts, chips, sources, downloads, and colours that can be read."""

import re
import shutil
import subprocess
from urllib.parse import unquote

import numpy as np
import pytest

from biomimic import share
from biomimic.errors import BadValue
from biomimic.report import html, pdf, references
from biomimic.report.blocks import Chip, Chips, Data, Drawing, Figure, Paragraph, Report, Section, Table
from biomimic.report.figures import COLOURS, Line, Panel, curves


@pytest.fixture(scope="module")
def fancy() -> Report:
    wave = np.sin(np.linspace(0, 6, 101))
    line = Line("simulated", "walk: n = 2", wave, abs(wave), np.stack([wave, -wave]))
    figure = Figure("knee", curves([Panel("Knee", "a [°]", (line,))] * 2, columns=2), "Knee. n = 2.", "A knee bends.")
    table = Table(
        "Rows. Three.", ("a", "b"), (("1", "met"), ("2", "not met"), ("3", "–")), "ll", ("good", "bad", "muted")
    )
    chips = Chips("Gates", (Chip("G1 Signs", "pass", "good", "6 of 6", "two"), Chip("G2", "not applicable", "muted")))
    one = Section("one", "One", (chips, Paragraph(f"See {references.cite('hicks2015')}."), table))
    two = Section("two", "Two", (figure, table), "grey", "Gate G2 failed <here>.")
    return Report("t", "s", (one, two, references.section((one, two))))


@pytest.fixture(scope="module")
def page(fancy) -> str:
    return html.render(fancy)


def test_a_greyed_section_says_why_and_is_all_there(page):
    part = page[page.index('<section id="two"') :]
    assert 'class="grey"' in part[:60] and "Gate G2 failed &lt;here&gt;." in part
    assert part.count("<svg") == 1 and "not met" in part


def test_a_state_is_said_in_words(page):
    assert '<span class="chip good">pass</span>' in page and '<a href="#two">G1 Signs</a>' in page
    assert (
        '<span class="chip bad">not met</span>' in page and '<tr class="muted"><th scope="row" class="l">3</th>' in page
    )


def test_a_citation_leads_to_the_list(page):
    assert '(<a href="#ref-hicks2015">Hicks et al. 2015</a>)' in page and '<li id="ref-hicks2015">' in page
    assert '<a href="https://doi.org/10.1115/1.4029304">doi:10.1115/1.4029304</a>' in page


def test_without_a_list_a_citation_is_words():
    text = html.render(Report("t", "s", (Section("a", "A", (Paragraph("So [@hicks2015]."),)),)))
    assert "So (Hicks et al. 2015)." in text


def test_every_figure_and_table_carries_its_file(page):
    links = dict(re.findall(r'download="([^"]+)" href="([^"]+)"', page))
    assert set(links) == {"knee.csv", "01_rows.csv", "01_rows.tex", "02_rows.csv", "02_rows.tex"}
    assert unquote(links["knee.csv"].partition(",")[2]).startswith("panel,unit,x of,x [%],line,mean,spread\nKnee,°,")
    assert unquote(links["01_rows.tex"].partition(",")[2]).startswith("% needs booktabs\n")


def test_layers_of_a_drawing_can_be_switched(page):
    assert 'data-layers="single spread"' in page
    assert page.count('<g class="single" id="knee-single-') == 2 and page.count('<g class="panel" id="knee-panel-') == 2


def test_headings_anchors_and_the_skip_link_are_there(page):
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    assert {"main", "one", "two", "references", "table-1", "table-2", "figure-knee"} <= ids
    assert '<a class="skip" href="#main">' in page


def test_the_page_is_complete_without_its_script(page):
    body = page[page.index("<body>") : page.index("<script>")]
    assert (
        "<button" not in body
        and "<input" not in body
        and "hidden" not in re.sub(r"<svg.*?</svg>", "", body, flags=re.S)
    )


def test_nothing_is_fetched(page):
    assert not re.search(r'(src|href)="(?!#|data:|https://doi\.org/)', page)
    assert "@import" not in page and "url(http" not in page and "fetch(" not in page


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    return float(
        np.dot([0.2126, 0.7152, 0.0722], [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts])
    )


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_keeps_the_contrast_of_wcag(scheme):
    """WCAG 2.2, success criterion 1.4.3: text at least 4.5 to 1; definition of relative luminance therein."""
    style = (share.folder("reports") / "style.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    pairs = [(text, back) for text in ("ink", "soft", "accent", "good", "warn", "bad") for back in ("paper", "panel")]
    for text, back in (*pairs, ("good", "good-back"), ("warn", "warn-back"), ("bad", "bad-back")):
        low, high = sorted(_luminance(colours[name]) for name in (text, back))
        assert (high + 0.05) / (low + 0.05) >= 4.5, f"{text} on {back}"
    for kind in COLOURS:  # criterion 1.4.11: graphical objects at least 3 to 1
        low, high = sorted(_luminance(colours[name]) for name in (f"curve-{kind}", "paper"))
        assert (high + 0.05) / (low + 0.05) >= 3.0, kind
    if scheme == 0:
        assert {kind: colours[f"curve-{kind}"] for kind in COLOURS} == COLOURS


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_pdf_says_the_same(fancy, tmp_path):
    (tmp_path / "r.pdf").write_bytes(pdf.render(fancy))
    done = subprocess.run(["pdftotext", str(tmp_path / "r.pdf"), "-"], capture_output=True, text=True, check=True)
    for words in ("G1 Signs", "Gate G2 failed <here>.", "See (Hicks et al. 2015).", "Greyed.", "3. References"):
        assert words in done.stdout


def test_a_long_table_repeats_its_head_in_the_pdf(tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    table = Table("Long.", ("Headword", "b"), tuple((str(k), "x") for k in range(120)), "lr")
    (tmp_path / "r.pdf").write_bytes(pdf.render(Report("t", "s", (Section("a", "A", (table,)),))))
    done = subprocess.run(["pdftotext", str(tmp_path / "r.pdf"), "-"], capture_output=True, text=True, check=True)
    assert done.stdout.count("Headword") == done.stdout.count("\f") > 1


def test_parts_that_make_no_sense_are_refused():
    with pytest.raises(BadValue, match="needs numbers behind it"):
        Figure("f", Drawing("<svg></svg>", Data(("a",), ())), "F.", "w")
    with pytest.raises(BadValue, match="was given a str"):
        Figure("f", "<svg></svg>", "F.", "w")
    with pytest.raises(BadValue, match="both the tone grey and a reason"):
        Section("s", "S", (), "grey")
    with pytest.raises(BadValue, match='has the tone "red"'):
        Chip("a", "b", "red")
    with pytest.raises(BadValue, match="Two sections of the report are named a"):
        Report("t", "s", (Section("a", "A", ()), Section("a", "B", ())))
