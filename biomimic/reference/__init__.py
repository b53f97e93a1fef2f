"""Registry of measured human data: load(name) gives recordings or time-normalised strides, hashes checked."""

import csv
import hashlib
import io
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from biomimic import config, errors, share
from biomimic.errors import BadFile, BadValue
from biomimic.gait.strides import POINTS, SIDES, Curves, Strides
from biomimic.provenance import Provenance, sha256
from biomimic.recording import UNITS as RECORDING_UNITS
from biomimic.recording import Recording
from biomimic.signals import Signals

REGISTRY = "registry.toml"
FIGURES = "spatiotemporal.csv"
UNITS = {"angles": "rad", "force": "BW", "activity": "1", "moment": "N m/kg"}  # of curves, by quantity


@dataclass(frozen=True)
class Entry:
    """One table of the registry.

    Args:
        title: one line for the report.
        source: DOI or address of the data.
        licence: licence under which they are given on.
        attribution: words the licence or good manners ask for.
        form: "recording" (time series) or "curves" (101 points per stride).
        subjects: how many people.
        mass_kg: of the person, for body weights [kg].
        of: what a row of the curves is: "strides", "trials" or "subjects".
        note: what a reader of the report must know.
        filters: that the curves passed, named as in a protocol: order, angles_hz, force_hz, activity_hz, moment_hz;
            empty if the source does not say.
        leg_length_m: hip to knee to ankle joint centre of the person [m]; None if unknown.
        files: file name → "sha256:" and the hex digest.
    """

    title: str
    source: str
    licence: str
    attribution: str
    form: str = config.one_of("recording", "curves")
    subjects: int = config.ranged(low=1)
    mass_kg: float = config.ranged(low=1.0, high=300.0)
    of: str = config.one_of("subjects", "trials", "strides", default="strides")
    note: str = ""
    filters: dict[str, float] = field(default_factory=dict)
    leg_length_m: float | None = None
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """One spatiotemporal figure of a person: mean, SD between the counted units (NaN when there is one), n and unit."""

    mean: float
    sd: float
    n: int
    unit: str


@dataclass(frozen=True, eq=False)
class ReferenceData:
    """Measured human data of one data set.

    Args:
        name: in the registry.
        entry: what the registry says of it.
        provenance: source, licence, one hash over all files, and the attribution.
        recordings: time series, when `form` is "recording".
        parts: (quantity, side, phase) → Strides, when `form` is "curves"; the n rows are what `entry.of` says.
        figures: (name, side) → Figure; side "" for what has none, e.g. speed.
    """

    name: str
    entry: Entry
    provenance: Provenance
    recordings: tuple[Recording, ...] = ()
    parts: dict[tuple[str, str, str], Strides] = field(default_factory=dict)
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)

    @property
    def mass(self) -> float:
        """Mass of the person [kg]."""
        return self.entry.mass_kg

    @property
    def n(self) -> int:
        """Number of rows of the curves, counted in `entry.of`."""
        return max((len(part) for part in self.parts.values()), default=0)

    def has(self, quantity: str, side: str, phase: str = "stride") -> bool:
        """True when the data set has this quantity on this side."""
        return (quantity, side, phase) in self.parts

    def strides(self, quantity: str, side: str, phase: str = "stride") -> Strides:
        """The single strides or trials of one quantity and side.

        Args:
            quantity: "angles" [rad], "force" [BW], "activity" [1] or "moment" [N m/kg].
            side: "right" or "left".
            phase: "stride" or "stance".

        Raises:
            UnknownName: the data set does not have it; what it has is listed.
        """
        key = (quantity, side, phase)
        if key not in self.parts:
            known = [" ".join(part) for part in self.parts]
            raise errors.unknown("quantity, side and phase", " ".join(key), known, where=f'in reference "{self.name}"')
        return self.parts[key]

    def curves(self, quantity: str, side: str, phase: str = "stride") -> Curves:
        """Mean and SD over the rows of one quantity and side; no SD when there is one row."""
        return replace(self.strides(quantity, side, phase).summary(self.provenance), of=self.entry.of)

    def figure(self, name: str, side: str = "") -> Figure:
        """One spatiotemporal figure, e.g. "speed", or "stance_fraction" with a side.

        Raises:
            UnknownName: the data set does not have it.
        """
        if (name, side) not in self.figures:
            known = [" ".join(key).strip() for key in self.figures]
            raise errors.unknown("figure", f"{name} {side}".strip(), known, where=f'in reference "{self.name}"')
        return self.figures[name, side]


def names(folder: str | Path | None = None) -> tuple[str, ...]:
    """Names of the data sets in the registry."""
    return tuple(sorted(_registry(_folder(folder))))


def load(name: str, folder: str | Path | None = None) -> ReferenceData:
    """One data set of measured human data.

    Args:
        name: in the registry, e.g. "rajagopal2016_walking"; the path of a recording (.npz) of one person; or the path
            of a data set beside another registry.toml, e.g. "my_reference/fukuchi2018_treadmill_3".
        folder: another folder with a registry.toml; None takes the shipped one.

    Raises:
        UnknownName: not in the registry; the closest names are offered.
        BadFile: a file is missing, was changed, or is not of the stated form.
    """
    if name.endswith(".npz"):
        return _of_file(Path(name))
    if folder is None and (Path(name).parent / REGISTRY).is_file() and Path(name).name != name:
        return load(Path(name).name, Path(name).parent)
    root = _folder(folder)
    registry = _registry(root)
    if name not in registry:
        raise errors.unknown("reference data", name, sorted(registry), where=f"in {root / REGISTRY}")
    entry = registry[name]
    texts = {file: _checked(root / name / file, stated) for file, stated in sorted(entry.files.items())}
    digest = hashlib.sha256("".join(f"{file} {entry.files[file]}\n" for file in sorted(texts)).encode()).hexdigest()
    provenance = Provenance(entry.source, entry.licence, digest, entry.attribution)
    if entry.form == "recording":
        recording = _recording(name, entry, texts, provenance)
        return ReferenceData(name, entry, provenance, recordings=(recording,))
    rows = _figure_rows(texts[FIGURES], f"{name}/{FIGURES}") if FIGURES in texts else []
    parts = {}
    for file, text in texts.items():
        if file != FIGURES:
            parts[_key(file, name)] = _strides(text, _key(file, name), rows, f"{name}/{file}")
    return ReferenceData(name, entry, provenance, parts=parts, figures=_figures(rows))


def _of_file(path: Path) -> ReferenceData:
    """A recording of one person as a data set of its own."""
    recording = Recording.load(path)
    entry = Entry(
        title=f"recording {path.stem}",
        source=recording.provenance.source,
        licence=recording.provenance.licence or "not stated",
        attribution=recording.provenance.note,
        form="recording",
        subjects=1,
        mass_kg=recording.mass,
    )
    return ReferenceData(path.stem, entry, replace(recording.provenance, sha256=sha256(path)), recordings=(recording,))


def _folder(folder: str | Path | None) -> Path:
    return share.folder("reference_data") if folder is None else Path(folder)


def _registry(root: Path) -> dict[str, Entry]:
    file = root / REGISTRY
    tables = config.parse(config.read_text(file), name=str(file))
    registry = {name: config.build(Entry, table, name=str(file), table=name) for name, table in tables.items()}
    for name, entry in registry.items():
        if not entry.source.strip() or not entry.licence.strip():
            raise BadValue(f"{file}: [{name}] has no source or no licence; data without both are not loaded.")
    return registry


def _checked(path: Path, stated: str) -> str:
    found = f"sha256:{sha256(path)}"
    if found != stated:
        raise BadFile(
            f"{path} has changed: {REGISTRY} says {stated[:15]}…, the file is {found[:15]}…. Restore the file, or "
            f"update {REGISTRY} and SOURCE.md if the change was meant."
        )
    return config.read_text(path)


def _key(file: str, name: str) -> tuple[str, str, str]:
    words = file.removesuffix(".csv").split("_")
    phase = "stance" if "stance" in words else "stride"
    if words[0] not in UNITS or words[-1] not in SIDES or not file.endswith(".csv"):
        raise BadFile(
            f"{name}/{file} is not named as curves are: <quantity>_<side>.csv or <quantity>_stance_<side>.csv with a "
            f"quantity of {', '.join(UNITS)}."
        )
    return words[0], words[-1], phase


def _table(text: str, place: str) -> tuple[tuple[str, ...], np.ndarray]:
    lines = list(csv.reader(io.StringIO(text)))
    try:
        return tuple(lines[0]), np.array([[float(cell or "nan") for cell in line] for line in lines[1:]])
    except (ValueError, IndexError):
        raise BadFile(f"{place} is no table of numbers with one header line.") from None


def _strides(text: str, key: tuple[str, str, str], rows: list[dict[str, str]], place: str) -> Strides:
    header, values = _table(text, place)
    if header[:2] != ("trial", "percent") or values.shape[0] % POINTS or values.shape[0] == 0:
        raise BadFile(f"{place} must begin with the columns trial, percent and have {POINTS} rows per trial.")
    trial = values[::POINTS, 0].astype(int)
    known = {(row["name"], row["side"], int(row["trial"])): float(row["value"]) for row in rows}
    return Strides(
        side=key[1],
        names=header[2:],
        unit=UNITS[key[0]],
        values=values[:, 2:].reshape(len(trial), POINTS, len(header) - 2),
        duration=[known.get(("stride_time", key[1], number), np.nan) for number in trial],
        stance=[known.get(("stance_fraction", key[1], number), np.nan) for number in trial],
        trial=trial,
        phase=key[2],
    )


def _figure_rows(text: str, place: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows or set(rows[0]) != {"name", "side", "trial", "unit", "value"}:
        raise BadFile(f"{place} must have the columns name, side, trial, unit, value.")
    return rows


def _figures(rows: list[dict[str, str]]) -> dict[tuple[str, str], Figure]:
    figures = {}
    for key in dict.fromkeys((row["name"], row["side"]) for row in rows):
        chosen = [row for row in rows if (row["name"], row["side"]) == key]
        values = np.array([float(row["value"]) for row in chosen])
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
        figures[key] = Figure(float(np.mean(values)), sd, len(values), chosen[0]["unit"])
    return figures


def _recording(name: str, entry: Entry, texts: dict[str, str], provenance: Provenance) -> Recording:
    signals = {}
    for file, text in texts.items():
        quantity = file.removesuffix(".csv")
        if quantity not in RECORDING_UNITS:
            known = ", ".join(f"{key}.csv" for key in RECORDING_UNITS)
            raise BadFile(f"{name}/{file} is not named after a quantity of a recording: {known}.")
        header, values = _table(text, f"{name}/{file}")
        if header[0] != "time":
            raise BadFile(f"{name}/{file} must begin with the column time [s].")
        signals[quantity] = Signals(values[:, 0], values[:, 1:], header[1:], RECORDING_UNITS[quantity])
    return Recording("measured", name, entry.mass_kg, provenance, **signals)
