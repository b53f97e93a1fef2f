"""What a paper takes from a report: the same words, in forms that other programs read."""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from biomimic.errors import UnknownName
from biomimic.report import latex, paper, references, tabular, write
from biomimic.report.blocks import Bullets, Data, Drawing, Figure, Paragraph, Report, Section, Table
from biomimic.report.figures import Bar, Line, Panel, curves, strip, trials

ROOT = Path(__file__).parents[2]
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><path d="M0 0L20 10" stroke="black"/></svg>'
NASTY = "a_b & c% #1 {x} ~ ^ \\ $5 “q” − ± ≥ ° é √"


@pytest.fixture(scope="module")
def small() -> Report:
    """One section of every block that a paper takes something from."""
    table = Table(
        "Agreement with someone. Two rows.",
        ("Channel", "r", "RMSE [°]"),
        (("Hip, right", "−0.98 [−0.99, 0.97]", "2.00"), ("Knee", "–", "1\u00a0°")),
        "lrr",
        ("", "muted"),
    )
    figure = Figure("knee", Drawing(DRAWING, Data(("x [%]", "mean"), ((0.0, 1 / 3), (1.0, float("nan"))))), "K.", "w")
    texts = (Paragraph(f"As in {references.named('zeni2008')} {references.cite('hicks2015')}."), Bullets(("a * b",)))
    return Report("t", "s", (Section("angles", "A", (table, figure)), Section("methods", "M", (*texts, table))))


@pytest.fixture(scope="module")
def made(small) -> dict:
    return paper.contents(small)


def _read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_every_figure_and_table_has_its_files(made):
    assert sorted(made) == [
        "captions.csv",
        "figures/knee.csv",
        "figures/knee.pdf",
        "figures/knee.svg",
        "methods.md",
        "references.bib",
        *(f"tables/{n}_agreement_with_someone.{kind}" for n in ("01", "02") for kind in ("csv", "tex")),
    ]


def test_numbers_of_a_figure_have_six_digits_and_gaps_are_empty(made):
    assert made["figures/knee.csv"] == "x [%],mean\n0,0.333333\n1,\n"


def test_a_figure_is_a_pdf_without_a_date(made):
    data = made["figures/knee.pdf"]
    assert data.startswith(b"%PDF") and b"CreationDate" not in data and b"ModDate" not in data


def test_a_spreadsheet_reads_the_numbers_of_a_table(made):
    rows = _read(made["tables/01_agreement_with_someone.csv"])
    assert rows[0] == ["Channel", "r", "RMSE [°]", "greyed"]
    assert rows[1] == ["Hip, right", "-0.98 [-0.99, 0.97]", "2.00", ""]
    assert rows[2] == ["Knee", "", "1 °", "yes"]


def test_methods_keep_citation_keys_and_only_used_sources_are_listed(made):
    text = made["methods.md"]
    assert "As in Zeni et al. [-@zeni2008] [@hicks2015]." in text and r"- a \* b" in text
    assert re.findall(r"@\w+\{(\w+),", made["references.bib"]) == ["hicks2015", "zeni2008"]
    assert set(re.findall(r"@([a-z]+\d{4})", text)) == {"hicks2015", "zeni2008"}


def test_a_mark_that_nobody_knows_is_an_error():
    report = Report("t", "s", (Section("methods", "M", (Paragraph("So say we [@hicks2051]."),)),))
    with pytest.raises(UnknownName, match="hicks2015"):
        paper.contents(report)


def test_captions_say_which_file_shows_what(made):
    rows = _read(made["captions.csv"])
    assert rows[1] == ["figures/knee", "Figure 1", "K.", "w"]
    assert [row[0] for row in rows[2:]] == ["tables/01_agreement_with_someone", "tables/02_agreement_with_someone"]


@pytest.mark.published("escape")
def test_latex_special_characters_are_only_text():
    """The ten special characters of TeX, as listed in Lamport, LaTeX (1994), section 2.1."""
    assert latex.escape("& % $ # _ { }") == r"\& \% \$ \# \_ \{ \}"
    assert latex.escape("~^\\") == r"\textasciitilde{}\textasciicircum{}\textbackslash{}"
    assert latex.escape("−3 ≤ x ± 2 °") == r"$-$3 $\leq$ x $\pm$ 2 $^\circ$"
    assert latex.escape("Serrancolí") == r"Serrancol{\'{i}}"


def test_a_latex_table_keeps_units_cites_and_marks_greyed_rows(made):
    text = made["tables/01_agreement_with_someone.tex"]
    assert r"RMSE [$^\circ$]" in text and r"\label{tab:agreement_with_someone-1}" in text
    assert r"\textit{Knee}" in text and "Rows in italics stand in grey" in text
    cited = latex.table(Table("C [@zeni2008].", ("a",), (("1",),), "l"), "tab:c")
    assert r"\cite{zeni2008}" in cited


def test_a_long_table_breaks_across_pages():
    rows = tuple((str(k), "x" * 70) for k in range(60))
    text = latex.table(Table("L.", ("a", "b"), rows, "ll"), "tab:l")
    assert r"\begin{longtable}" in text and r"\endhead" in text and r"\allowbreak{}" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_tables_compile_with_article_and_booktabs(made, tmp_path):
    wide = Table(f"Wide {NASTY}.", ("[a]", "b c d"), ((f"*{NASTY}", "y " * 60), ("[z]", NASTY)), "ll")
    parts = [made["tables/01_agreement_with_someone.tex"], latex.table(wide, "tab:w")]
    parts.append(latex.table(Table("L.", ("a",), (("1",),) * 90, "r"), "tab:l"))
    source = r"\documentclass{article}\usepackage{booktabs}\usepackage{longtable}\begin{document}"
    (tmp_path / "t.tex").write_text("\n".join([source, *parts, r"\end{document}"]), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-800:]


def test_numbers_behind_panels_are_those_drawn():
    wave = np.linspace(0.0, 1.0, 101)
    lines = (Line("simulated", "walk: n = 3", wave, 0 * wave + 0.5), Line("same", "person: n = 1", -wave))
    panel = Panel("Knee", "flexion + [°]", lines, marks=(62.0,), clusters=((10.0, 20.0),))
    data = curves([panel], columns=1).data
    assert data.header == ("panel", "unit", "x of", "x [%]", "line", "mean", "spread")
    assert data.rows[50] == ("Knee", "°", "gait cycle", 50.0, "walk", 0.5, 0.5)
    assert data.rows[101 + 100][3:6] == (100.0, "person", -1.0)
    assert [row[3:5] for row in data.rows[202:]] == [
        (62.0, "upright line"),
        (10.0, "cluster 1"),
        (20.0, "cluster 1"),
    ]


def test_a_band_adds_its_edges():
    wave = np.zeros(101)
    data = curves(
        [Panel("K", "a [1]", (Line("same", "b", wave, band=np.stack([wave - 1, wave + 2])),))], columns=1
    ).data
    assert data.header[-2:] == ("low", "high") and data.rows[7][-2:] == (-1.0, 2.0)


def test_numbers_of_trials_and_of_pictures():
    assert trials([Bar("a", 9.0, 6.0, 5.0), Bar("b", 9.0, 9.0)]).data.rows[0] == ("a", 9.0, 6.0, 5.0, "yes")
    assert strip([np.zeros((4, 4, 3), np.uint8)] * 2, ("0 %", "50 %")).data.rows == ((1.0, "0 %"), (2.0, "50 %"))


def test_old_tables_and_figures_go_and_other_files_stay(small, tmp_path):
    for name in ("tables/09_old.tex", "figures/old.svg", "figures/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    write(small, tmp_path)
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert found == {"report.html", "report.pdf", "figures/notes.txt", *paper.contents(small)}


SCRIPT = """
import hashlib, sys
import numpy as np
from biomimic import report
from biomimic.report.blocks import *
from biomimic.report.figures import Line, Panel, curves, strip
wave = np.sin(np.linspace(0, 6, 101))
single = np.stack([wave * k for k in range(30)])
line = Line("simulated", "walk", wave, abs(wave), single, np.stack([wave - 1, wave + 1]))
drawing = curves([Panel("Knee", "a [°]", (line,), clusters=((3.0, 9.0),))] * 2, columns=2)
film = Figure("film", strip([np.zeros((4, 4, 3), np.uint8)], ("0 %",)), "F.", "w")
table = Table("T.", ("a", "b"), (("1", "x"),), "rl", ("good",))
chips = Chips("Gates", (Chip("G1", "pass", "good"),))
parts = (Paragraph("As [@zeni2008]."), chips, table, Figure("one", drawing, "C.", "w"), film)
made = report.contents(Report("t", "s", (Section("methods", "M", parts, "grey", "why"),)))
for name, data in sorted(made.items()):
    print(name, hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest())
"""


def test_two_processes_write_the_same_bytes():
    found = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True)
        found.append(done.stdout)
    assert found[0] == found[1] and found[0].count("\n") == 13


def test_a_table_is_named_by_the_begin_of_its_caption():
    tables = [Table(caption, ("a",), (("1",),), "l") for caption in ("Null: r, and more.", "Steps. Many.", "§")]
    report = Report("t", "s", (Section("s", "S", tuple(tables)),))
    assert [name for name, _, _ in tabular.named_tables(report)] == ["01_null", "02_steps", "03_table"]
