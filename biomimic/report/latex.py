"""Text and tables → LaTeX that compiles with article, booktabs and longtable, in any of its engines."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from biomimic.report.blocks import Table

LONG = 40  # lines from which a table may break across pages
SIZES = {r"\small": 76, r"\footnotesize": 85, r"\scriptsize": 97}  # letters in a line of the article class
WRAPS = (40, 26, 18, 12)  # letters from which the cells of a column wrap; tried until the table fits
GAP, NARROWEST = 1.7, 12  # letters that a gap between columns takes, and that a wrapped column needs
DEEPEST = 4  # lines of a cell that are worth smaller letters
END = r" \tabularnewline"
BREAK = "\ue000"  # where a long word may break, until it is escaped
UNBROKEN = re.compile(r"\S{28,}")  # hashes and addresses
CITED = re.compile(r"\[-?@([a-z0-9]+(?:; @[a-z0-9]+)*)\]")  # as references.MARK, which imports this module

SIGNS = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "\u00a0": "~",
    "\u2009": r"\,",
    "\u202f": r"\,",
    "\u2060": "",
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "…": r"\ldots{}",
    "°": r"$^\circ$",
    "′": r"$'$",
    "·": r"$\cdot$",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "≠": r"$\neq$",
    "→": r"$\rightarrow$",
    "∞": r"$\infty$",
    "√": r"$\sqrt{}$",
    "²": "$^2$",
    "³": "$^3$",
    "ß": r"{\ss}",
    "ø": r"{\o}",
    "Ø": r"{\O}",
    "æ": r"{\ae}",
    "å": r"{\aa}",
    "ł": r"{\l}",
    "ı": r"{\i}",
}
GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "Δ": "Delta", "θ": "theta", "λ": "lambda"}
GREEK |= {"μ": "mu", "µ": "mu", "ν": "nu", "π": "pi", "ρ": "rho", "σ": "sigma", "Σ": "Sigma", "τ": "tau", "χ": "chi"}
ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u030c": "v", "\u0327": "c"}
SIGNS |= {sign: rf"$\{name}$" for sign, name in GREEK.items()}


def escape(text: str) -> str:
    """Text in which every special character is only text; letters with accents become commands.

    A sign that is not known here stays as it is; XeLaTeX and LuaLaTeX print it.
    """
    return "".join(SIGNS[sign] if sign in SIGNS else _letter(sign) for sign in text)


def cited(text: str) -> str:
    r"""As `escape`, with marks of sources as \cite{...}."""
    parts = CITED.split(text)  # every second part is a list of keys
    return "".join(rf"\cite{{{one.replace('; @', ',')}}}" if k % 2 else escape(one) for k, one in enumerate(parts))


def table(block: Table, label: str) -> str:
    """A table with rules of booktabs; one of many lines breaks across pages.

    Args:
        block: the table; muted rows are set in italics, and the caption says so.
        label: for references.
    """
    caption = cited(block.caption)
    if "muted" in block.tones:
        caption += " Rows in italics stand in grey in the report."
    short = escape(re.split(r"\. |\.$", block.caption, maxsplit=1)[0])
    titled = rf"\caption[{{{short}}}]{{{caption}}}\label{{{label}}}"
    shape = _shape(block)
    tones = block.tones or ("",) * len(block.rows)
    head = [_row(cells, (0,) * len(shape.wraps)) for cells in zip(*shape.head)]
    body = [_row(row, shape.wraps, is_muted=tone == "muted") for row, tone in zip(block.rows, tones)]
    size = rf"{shape.size}\setlength{{\tabcolsep}}{{3pt}}"
    begin = "{@{}" + "".join(_column(*pair) for pair in zip(block.align, shape.wraps)) + "@{}}"
    if shape.lines <= LONG:
        lines = [r"\begin{table}[htbp]", r"\centering", size, titled, r"\begin{tabular}" + begin, r"\toprule", *head]
        lines += [r"\midrule", *body, r"\bottomrule", r"\end{tabular}", r"\end{table}"]
        return "\n".join(["% needs booktabs", *lines, ""])
    top = [r"\toprule", *head, r"\midrule"]
    lines = ["{" + size, r"\begin{longtable}" + begin, titled + END, *top, r"\endfirsthead", *top, r"\endhead"]
    lines += [r"\bottomrule", r"\endfoot", *body, r"\end{longtable}", "}"]
    return "\n".join(["% needs booktabs and longtable", *lines, ""])


class _Shape(NamedTuple):
    """How a table is set: size of its letters, share of the line of each wrapped column (else 0), lines of its head
    by column, and how many lines it takes."""

    size: str
    wraps: tuple[float, ...]
    head: tuple[tuple[str, ...], ...]
    lines: int


def _shape(block: Table) -> _Shape:
    """The largest letters, and the fewest wrapped columns, with which a table fits the line."""
    longest = [max([len(row[k]) for row in block.rows], default=0) for k in range(len(block.header))]
    columns, found = range(len(longest)), None
    for limit in WRAPS:
        wrapped = [k for k in columns if block.align[k] == "l" and longest[k] > limit]
        heads = [_split(block.header[k], max(longest[k], 9)) for k in columns]
        needed = [max(longest[k], *map(len, heads[k])) for k in columns]
        fixed = sum(needed[k] for k in columns if k not in wrapped) + GAP * (len(longest) - 1)
        for size, letters in SIZES.items():
            found = (size, letters, letters - fixed, wrapped)
            if letters - fixed >= sum(max(NARROWEST, min(longest[k], 120) / DEEPEST) for k in wrapped):
                return _fitted(block, found, longest)
    return _fitted(block, found, longest)


def _fitted(block: Table, found: tuple[str, int, float, list[int]], longest: list[int]) -> _Shape:
    """Wrapped columns share the room that is left by the length of their text, each at least the narrowest."""
    size, letters, room, wrapped = found
    room = max(room, NARROWEST * len(wrapped))
    total = sum(min(longest[k], 90) for k in wrapped) or 1
    spare = room - NARROWEST * len(wrapped)
    width = {k: min(longest[k] + 2, NARROWEST + spare * min(longest[k], 90) / total) for k in wrapped}
    heads = [_split(name, int(width.get(k, max(longest[k], 9)))) for k, name in enumerate(block.header)]
    deepest = max(map(len, heads))
    head = tuple(tuple([""] * (deepest - len(parts)) + parts) for parts in heads)
    rows = [max([-(-len(row[k]) // max(1, int(width[k]))) for k in wrapped], default=1) for row in block.rows]
    wraps = tuple(round(width[k] / letters, 3) if k in width else 0 for k in range(len(longest)))
    return _Shape(size, wraps, head, deepest + sum(rows))


def _split(words: str, letters: int) -> list[str]:
    """Words of a head in lines of at most so many letters, if they can be."""
    lines = [""]
    for word in words.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > letters:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _column(side: str, wrap: float) -> str:
    return rf"p{{{wrap}\linewidth}}" if wrap else side


def _letter(sign: str) -> str:
    """A letter with an accent as a command; anything else as it is."""
    base, *marks = unicodedata.normalize("NFD", sign)
    if len(marks) != 1 or marks[0] not in ACCENTS:
        return sign
    mark = ACCENTS[marks[0]]
    return f"{{\\{mark}{{{base}}}}}"


def _row(cells: Sequence[str], wraps: Sequence[float], *, is_muted: bool = False) -> str:
    written = [UNBROKEN.sub(lambda found: _broken(found.group()), cell) for cell in cells]
    written = [cited(cell).replace(BREAK, r"\allowbreak{}") for cell in written]
    written = [rf"\textit{{{cell}}}" if is_muted and cell else cell for cell in written]
    return " & ".join((r"\raggedright " if wrap else "") + _held(cell) for cell, wrap in zip(written, wraps)) + END


def _broken(word: str) -> str:
    return BREAK.join(word[k : k + 8] for k in range(0, len(word), 8))


def _held(cell: str) -> str:
    """A bracket or star at the start of a cell would be read as an argument of the line end before it."""
    return "{}" + cell if cell.startswith(("[", "*")) else cell
