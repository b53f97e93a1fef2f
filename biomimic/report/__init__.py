"""Report: what both files say (content), how they look (html, pdf), what a paper takes (paper), and writing them."""

from pathlib import Path

from biomimic import files
from biomimic.report import html, paper, pdf
from biomimic.report.blocks import Report
from biomimic.report.content import Film, build

__all__ = ["Film", "Report", "build", "contents", "write"]


def contents(report: Report) -> dict[str, str | bytes]:
    """Every file made from a report, by its path inside the report's folder: both layouts and what a paper takes."""
    return {"report.html": html.render(report), "report.pdf": pdf.render(report), **paper.contents(report)}


def write(report: Report, folder: str | Path) -> tuple[Path, Path]:
    """Write all files of a report, each through a temporary name; all are made before any is written.

    Figures and tables of an earlier report in the same folder are removed if this one has none of their name.

    Args:
        report: what they say.
        folder: where they shall lie.

    Returns:
        Paths of report.html and report.pdf.

    Raises:
        BadFile: the folder cannot be written to.
    """
    made, folder = contents(report), Path(folder)
    for name, data in made.items():
        files.write(folder / name, data)
    for old in stale(folder, made):
        old.unlink()
    return folder / "report.html", folder / "report.pdf"


def stale(folder: Path, made: dict[str, str | bytes]) -> list[Path]:
    """Files in figures/ and tables/ of the kinds written there that are not among those just made."""
    kinds = {"figures": (".svg", ".pdf", ".csv"), "tables": (".csv", ".tex")}
    found = [path for name in kinds for path in sorted((folder / name).glob("*")) if path.suffix in kinds[name]]
    return [path for path in found if path.relative_to(folder).as_posix() not in made]
