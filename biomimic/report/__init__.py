"""Report: what both files say (content), how they look (html, pdf), and writing them."""

from pathlib import Path

from biomimic import files
from biomimic.report import html, pdf
from biomimic.report.blocks import Report
from biomimic.report.content import Film, build

__all__ = ["Film", "Report", "build", "write"]


def write(report: Report, folder: str | Path) -> tuple[Path, Path]:
    """Write report.html and report.pdf, each through a temporary name; both are made before either is written.

    Args:
        report: what they say.
        folder: where they shall lie.

    Returns:
        Paths of the two files.

    Raises:
        BadFile: the folder cannot be written to.
    """
    page, document = html.render(report), pdf.render(report)
    folder = Path(folder)
    return files.write(folder / "report.html", page), files.write(folder / "report.pdf", document)
