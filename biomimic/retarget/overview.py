"""All results of a folder at a glance: a table of the quality figures in text, and a page with filmstrips."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from biomimic import files, share
from biomimic.errors import BiomimicError
from biomimic.retarget import outcome
from biomimic.retarget.figures import Figure
from biomimic.retarget.outcome import BASELINE, FILM, RECORD, Outcome
from biomimic.retarget.record import Record

PAGE = "overview.html"
INLINE = 200  # filmstrips that lie in the page itself; more of them are loaded from beside it when they come into view
# title of a column, and the figure of the record that stands in it
_COLUMNS = (
    ("limits %", "limit violation"),
    ("published %", "limit violation, published rule"),
    ("floor %", "penetration"),
    ("deepest mm", "deepest contact"),
    ("jumps", "tendon jumps, published rule"),
    ("jumps, strict", "tendon jumps, strict"),
    ("steps", "steps above the running mean"),
    ("coupling", "coupling residual"),
    ("skate mm", "skate per stance"),
    ("slip < 5 mm", "travel below 5 mm"),
    ("RMSE mm", "landmark RMSE"),
)
_ANGLE, _SPEED = "angle deg", "frames/s"
TITLES = ("frames", *(title for title, _ in _COLUMNS), _ANGLE, _SPEED)
_MEANING = {
    "limits %": "share of joints and frames beyond the joint's range, coupled joints by more than 0.001 rad",
    "published %": "the same beyond 0.00001 rad: the model's own couplings leave knee ranges by up to 0.00025 rad",
    "floor %": "share of frames with a contact deeper than 1 mm",
    "jumps": "tendon jumps by the published rule",
    "jumps, strict": "tendon jumps by the stricter rule, at four times the frame rate",
    "steps": "steps of muscle length above the running mean, which are no jumps",
    "coupling": "largest residual of a joint coupling, rad or m",
    "skate mm": "largest travel of a planted point in one stance",
    "slip < 5 mm": "largest travel of a sole point that is lower than 5 mm, by geometry alone",
    "RMSE mm": "of the body's points against the scaled source",
    "angle deg": "largest RMSE of hip, knee and ankle flexion against the source's own angles",
    "frames/s": "of the whole work on the clip by one process, reading and writing included",
}


@dataclass(frozen=True)
class Cell:
    """One figure of one clip as words, and whether it is beyond its ceiling."""

    words: str
    is_beyond: bool = False


@dataclass(frozen=True, eq=False)
class Row:
    """One clip.

    Attributes:
        outcome: of it.
        folder: that its files lie in.
        record: of it, or None without a result.
        cells: in the order of TITLES; empty without a result.
        trouble: 0 where all ceilings are kept and failure is endless; the more, the further beyond.
        baseline: cells of the same clip by the plain baseline, empty where there is none.
    """

    outcome: Outcome
    folder: Path
    record: Record | None
    cells: tuple[Cell, ...]
    trouble: tuple[float, float]
    baseline: tuple[Cell, ...] = ()

    @property
    def beyond(self) -> tuple[str, ...]:
        """What is beyond its ceiling; angles are counted."""
        if self.record is None:
            return ()
        angles = {f"{name} RMSE" for name in self.record.angles}
        found = self.record.broken()
        names = [name for name in found if name not in angles]
        count = len(found) - len(names)
        return (*names, *([f"RMSE of {count} angles" if count > 1 else "RMSE of an angle"] if count else []))

    @property
    def film(self) -> Path:
        """The drawing."""
        return self.folder / f"{Path(self.outcome.clip).name}{FILM}"


def rows(out: Path) -> list[Row]:
    """Every clip of a folder of results, the most troubled first."""
    plain = {one.clip: _row(folder, one) for folder, one in outcome.every(out / BASELINE)}
    found = []
    for folder, one in outcome.every(out, without=(BASELINE,)):
        beside = plain.get(one.clip)
        found.append(_row(folder, one, () if beside is None else beside.cells))
    return sorted(found, key=lambda row: (-row.trouble[0], -row.trouble[1], row.outcome.clip))


def _row(folder: Path, one: Outcome, baseline: tuple[Cell, ...] = ()) -> Row:
    record = None
    if one.is_done:
        try:
            record = Record.load(folder / f"{Path(one.clip).name}{RECORD}")
        except BiomimicError as error:  # damaged since: the next call does the clip again
            one = Outcome(one.clip, one.key, one.source, sentence=str(error))
    if record is None:
        return Row(one, folder, None, (), (float("inf"), 0.0), baseline)
    return Row(one, folder, record, _cells(record, one), _trouble(record), baseline)


def _trouble(record: Record) -> tuple[float, float]:
    """How far the ceilings are passed in all, in units of the ceilings (decades count), and how near the nearest is."""
    shares = [
        (figure.value - figure.ceiling, figure.value, figure.ceiling or 1.0)
        for figure in record.figures()
        if figure.value is not None and figure.ceiling is not None
    ]
    passed = sum(math.log1p(max(0.0, excess) / unit) for excess, _, unit in shares)
    return passed, max((value / unit for _, value, unit in shares), default=0.0)


def _cells(record: Record, one: Outcome) -> tuple[Cell, ...]:
    figures = {figure.name: figure for figure in record.figures()}
    found = [Cell(str(record.frames))]
    found += [_cell(figures.get(name)) for _, name in _COLUMNS]
    angles = [figure for name, figure in figures.items() if name.removesuffix(" RMSE") in record.angles]
    held = [figure for figure in angles if figure.ceiling is not None and figure.value is not None]
    found.append(_cell(max(held, key=lambda figure: figure.value, default=None)))
    found.append(Cell(f"{one.frames / one.seconds:.0f}" if one.seconds else "–"))
    return tuple(found)


def _cell(figure: Figure | None) -> Cell:
    if figure is None or figure.value is None:
        return Cell("–")
    return Cell(_words(float(figure.value)), not figure.kept)


def _words(value: float) -> str:
    if value == 0.0:
        return "0"
    if abs(value) < 1e-2:
        return f"{value:.2g}"
    return f"{value:.0f}" if abs(value) >= 100.0 or value == round(value) else f"{value:.3g}"


def text(found: Sequence[Row]) -> str:
    """The table as text: failures first, then a line a clip, the baseline's below it, "!" beyond a ceiling."""
    failed = [row for row in found if row.record is None]
    lines = [f"{row.outcome.clip}: {row.outcome.sentence}" for row in failed]
    if failed:
        lines = ["failed:", *(f"  {line}" for line in lines), ""]
    table = [("clip", *TITLES)]
    for row in found:
        if row.record is not None:
            table.append((row.outcome.clip, *(cell.words + ("!" if cell.is_beyond else " ") for cell in row.cells)))
        if row.baseline:
            name = "  mink" if row.record is not None else f"{row.outcome.clip} (mink)"
            table.append((name, *(cell.words + ("!" if cell.is_beyond else " ") for cell in row.baseline)))
    if len(table) == 1:
        return "\n".join(lines)
    table.append(("ceiling", *_ceilings(found)))
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        cells = [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _ceilings(found: Sequence[Row]) -> tuple[str, ...]:
    """What every column has to keep, as words in the order of TITLES."""
    record = next(row.record for row in found if row.record is not None)
    figures = {figure.name: figure for figure in record.figures()}
    said = ["", *(_ceiling(figures.get(name)) for _, name in _COLUMNS)]
    return (*said, "4 ", "")


def _ceiling(figure: Figure | None) -> str:
    return "" if figure is None or figure.ceiling is None else f"{_words(float(figure.ceiling))} "


def write(out: Path, found: Sequence[Row], *, inline: int = INLINE) -> Path:
    """The page, beside the results; so many drawings lie in it, of the most troubled clips."""
    import jinja2  # imported here: the command line answers --help without it

    for part in out.glob(f".{PAGE}.*.part"):  # of a process that was killed
        part.unlink(missing_ok=True)
    folder = share.folder("reports")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["breakable"] = _breakable
    template = environment.from_string((folder / "retarget_overview.html").read_text(encoding="utf-8"))
    as_is = jinja2.utils.markupsafe.Markup
    done = [row for row in found if row.record is not None]
    page = template.render(
        body=next((row.record.embodiment for row in done), ""),
        failed=[row for row in found if row.record is None],
        done=done,
        titles=TITLES,
        meaning=_MEANING,
        ceilings=_ceilings(found) if done else ("",) * len(TITLES),
        films={row.outcome.clip: as_is(_film(row)) for row in done[:inline]},
        beside={row.outcome.clip: row.film.relative_to(out).as_posix() for row in done},
        worst={row.outcome.clip: _worst(row.record) for row in done},
        style=as_is((folder / "style.css").read_text(encoding="utf-8")),
    )
    return files.write(out / PAGE, page)


def _breakable(name: str):
    """A name that may go on in the next line after / and _."""
    import jinja2

    as_is = jinja2.utils.markupsafe
    return as_is.Markup(re.sub("([/_])", r"\1<wbr>", str(as_is.escape(name))))


def _film(row: Row) -> str:
    try:
        return row.film.read_text(encoding="utf-8")
    except OSError:
        return ""


def _worst(record: Record) -> list[str]:
    """Where the figures beyond their ceilings are worst, as sentences."""
    places = {
        "limit violation": (record.limits.joint, record.limits.frame),
        "penetration": (record.ground.geom, record.ground.frame),
        "coupling residual": (record.coupling.joint, record.coupling.frame),
    }
    if record.skate is not None:
        places["skate per stance"] = (record.skate.point, record.skate.frame)
    if record.nearness is not None:
        places["landmark RMSE"] = (record.nearness.point, record.nearness.frame)
    found = []
    for figure in record.figures():
        if not figure.kept:
            said = f"{figure.name} {_words(figure.value)} {figure.unit} (ceiling {_words(figure.ceiling)})"
            name, frame = places.get(figure.name, ("", -1))
            found.append(said + (f", worst: {name} at frame {frame}" if name else ""))
    return found
