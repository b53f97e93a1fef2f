"""Rows of text of a CSV file or of the first sheet of an .xlsx workbook."""

import csv
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from biomimic.errors import BadFile

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_MOST = 50_000_000  # bytes of one part of a workbook; a larger one is no table of people


def rows(path: Path) -> list[list[str]]:
    """All rows, the header first; cells that are empty are "".

    Raises:
        BadFile: no table, or no workbook with a sheet.
    """
    found = _workbook(path) if path.suffix.lower() == ".xlsx" else _text(path)
    if not found:
        raise BadFile(f"{path} holds no table.")
    return found


def _text(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    return [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)]


def _workbook(path: Path) -> list[list[str]]:
    try:
        with zipfile.ZipFile(path) as package:
            names = package.namelist()
            sheet = min((name for name in names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)), default=None)
            if sheet is None:
                raise BadFile(f"{path} has no sheet.")
            shared = _part(package, "xl/sharedStrings.xml", path) if "xl/sharedStrings.xml" in names else None
            content = _part(package, sheet, path)
    except (zipfile.BadZipFile, ElementTree.ParseError):
        raise BadFile(f"{path} is no .xlsx workbook; open it in a spreadsheet and save it as CSV.") from None
    words = ["".join(t.text or "" for t in one.iter(f"{_SPACE}t")) for one in shared] if shared is not None else []
    return [row for one in content.iter(f"{_SPACE}row") if any(row := _cells(one, words))]


def _part(package: zipfile.ZipFile, name: str, path: Path) -> ElementTree.Element:
    if package.getinfo(name).file_size > _MOST:
        raise BadFile(f"{path}: {name} is larger than any table of people.")
    text = package.read(name)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise BadFile(f"{path}: {name} defines entities, which no spreadsheet does.")
    return ElementTree.fromstring(text)


def _cells(row: ElementTree.Element, words: list[str]) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{_SPACE}c"):
        place = _column(cell.get("r", ""), len(cells))
        cells += [""] * (place - len(cells))
        value = cell.find(f"{_SPACE}v")
        text = (value.text or "") if value is not None else "".join(t.text or "" for t in cell.iter(f"{_SPACE}t"))
        if cell.get("t") == "s" and text.isdigit() and int(text) < len(words):
            text = words[int(text)]
        cells.append(text.strip())
    return cells


def _column(reference: str, otherwise: int) -> int:
    letters = re.match(r"[A-Z]+", reference)
    if letters is None:
        return otherwise
    number = 0
    for letter in letters.group():
        number = 26 * number + ord(letter) - 64
    return max(number - 1, otherwise)
