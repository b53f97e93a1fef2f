"""Walks of many people → data sets of the registry, one row a person, by condition or by speed."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from biomimic import config, reference
from biomimic.errors import BadFile, BadValue, NotEnoughData
from biomimic.gait.strides import POINTS, SIDES, Strides
from biomimic.reference import Entry, table
from biomimic.reference.store import Source

LEAST_KNEE, MOST_KNEE = math.radians(20.0), math.radians(95.0)  # largest knee flexion of a walking stride
KNEE_PEAK = (60, 85)  # percent of the stride in which it is
HIP_LOWEST = (38, 68)  # percent of the stride in which a walker's hip is most extended
PEAK_FORCE = (0.7, 2.0)  # body weights that a walking foot bears at its largest

Key = tuple[str, str, str]  # quantity, side, phase


@dataclass(frozen=True, eq=False)
class Walk:
    """One person in one condition.

    Args:
        person: label in the source.
        condition: e.g. "overground_comfortable"; letters, digits and underscores.
        speed: [m/s]; NaN if the source does not say it.
        mass: of the person [kg]; NaN if the source does not say it.
        parts: (quantity, side, phase) → strides or their mean, in the units of the registry.
        place: file the walk was read from.
    """

    person: str
    condition: str
    speed: float
    mass: float
    parts: dict[Key, Strides] = field(default_factory=dict)
    place: str = ""


@dataclass(frozen=True, eq=False)
class DataSet:
    """What is written for one condition: the entry of the registry and file name → text."""

    entry: Entry
    content: dict[str, str]


def build(
    walks: Sequence[Walk], source: Source, *, bin_width: float | None = None, mass: float = math.nan
) -> dict[str, DataSet]:
    """Data sets by name, one for each condition or range of speed, a row being a person.

    Args:
        walks: of all people; every one goes through the audit of its curves.
        source: where they come from.
        bin_width: width of the ranges of speed [m/s]; None keeps the conditions of the source.
        mass: mean of the people [kg], for a source that does not say it.

    Raises:
        BadFile: a curve that no walking person has: another sign, side, unit or beginning of the stride.
        BadValue: no speed for ranges of speed, or no mass.
    """
    if not walks:
        raise NotEnoughData(f"{source.title}: no walk was found in the folder.")
    for walk in walks:
        audit(walk)
    groups: dict[str, list[Walk]] = {}
    for walk in walks:
        groups.setdefault(_label(walk, bin_width), []).append(walk)
    return {f"{source.name}_{label}": _data_set(label, groups[label], source, mass) for label in sorted(groups)}


def write(found: Mapping[str, DataSet], out: Path) -> dict[Path, str]:
    """Path → text of every file to write: the data sets and the registry, in which other data sets stay."""
    file = out / reference.REGISTRY
    entries = {}
    if file.is_file():
        tables = config.parse(config.read_text(file), name=str(file))
        entries = {name: config.build(Entry, one, name=str(file), table=name) for name, one in tables.items()}
    texts = {name: table.dumps(name, entry) for name, entry in entries.items()}
    texts |= {name: table.entry_text(name, one.entry, one.content) for name, one in found.items()}
    content = {out / name / part: text for name, one in found.items() for part, text in one.content.items()}
    return content | {file: "\n".join(texts[name] for name in sorted(texts))}


def audit(walk: Walk) -> None:
    """Refuse curves that no walking person has.

    Raises:
        BadFile: file, channel, what was found and what a walk does.
    """
    for (quantity, side, phase), part in walk.parts.items():
        for name in part.names:
            curve = _mean_curve(part, name)
            fault = _fault(quantity, phase, name, curve) if curve is not None else ""
            if fault:
                raise BadFile(
                    f"{walk.place or walk.person}: {name} of the {side} side {fault}. The file has another sign, side "
                    "or unit than its layout says; leave this person out or correct the file."
                )


def _fault(quantity: str, phase: str, name: str, curve: np.ndarray) -> str:
    """What is wrong with a mean curve (101,); empty if nothing is."""
    at = int(curve[:-1].argmax())
    if (quantity, name) == ("angles", "knee_flexion"):
        if not (curve.mean() > 0 and LEAST_KNEE <= curve.max() <= MOST_KNEE and KNEE_PEAK[0] <= at <= KNEE_PEAK[1]):
            degrees = np.degrees(curve)
            return f"is largest with {degrees.max():.0f}° at {at} % (mean {degrees.mean():.0f}°), not in swing"
    if (quantity, name) == ("angles", "hip_flexion"):
        low = int(curve[:-1].argmin())
        if not HIP_LOWEST[0] <= low <= HIP_LOWEST[1]:
            return f"is lowest at {low} % of the stride, while the hip is most extended at its middle"
    if (quantity, name) == ("force", "vertical") and not PEAK_FORCE[0] <= curve.max() <= PEAK_FORCE[1]:
        return f"reaches {curve.max():.2f} body weights, while a walking foot bears {PEAK_FORCE[0]} to {PEAK_FORCE[1]}"
    if (quantity, name) == ("force", "anterior"):
        half = POINTS // 2 if phase == "stance" else 31
        if not curve[5:half].mean() < 0 < curve[half : 2 * half - 5].mean():
            return "does not brake first and push afterwards"
    if quantity == "activity" and curve.min() < 0:
        return f"falls to {curve.min():.2g}, while an envelope is never negative"
    return ""


def _label(walk: Walk, width: float | None) -> str:
    if width is None:
        if not re.fullmatch(r"[A-Za-z0-9_]+", walk.condition):
            raise BadValue(f'The condition "{walk.condition}" of {walk.place} is no name of letters and digits.')
        return walk.condition
    if not width > 0:
        raise BadValue(f"Ranges of speed have a width above 0 m/s; got {width:g}.")
    if not math.isfinite(walk.speed):
        raise BadValue(
            f"{walk.place or walk.person} does not say its speed; give it by --assume {walk.condition}=1.2 [m/s], or "
            "build by condition."
        )
    first = math.floor(walk.speed / width + 1e-9) * width
    return f"{100 * first:.0f}_to_{100 * (first + width):.0f}_cm_per_s"


def _data_set(label: str, walks: list[Walk], source: Source, mass: float) -> DataSet:
    people = list(dict.fromkeys(walk.person for walk in walks))
    own = {person: [walk for walk in walks if walk.person == person] for person in people}
    masses = [np.nanmean([walk.mass for walk in own[p]]) for p in people if any(w.mass == w.mass for w in own[p])]
    mean_mass = float(np.mean(masses)) if masses else mass
    if not math.isfinite(mean_mass):
        raise BadValue(f"{source.title} does not say anybody's mass; give the mean by --assume mass_kg=70 [kg].")
    content = {}
    for key in sorted({key for walk in walks for key in walk.parts}):
        file, text = table.curves_file(_stacked(key, own), key[0])
        content[file] = text
    content |= [table.figures_file(_figures(own))]
    entry = Entry(
        title=f"{source.title}: {label.replace('_', ' ')}",
        source=f"doi:{source.doi}",
        licence=source.licence,
        attribution=f"{source.citation} Changed: one mean curve a person, time-normalised.",
        form="curves",
        subjects=len(people),
        mass_kg=mean_mass,
        of="subjects",
        note=source.note,
        filters=dict(source.filters),
    )
    content["SOURCE.md"] = _source_text(label, people, source)
    return DataSet(entry, content)


def _stacked(key: Key, own: Mapping[str, list[Walk]]) -> Strides:
    """One row a person, in the order of people; NaN where a person lacks the channel."""
    quantity, side, phase = key
    names = tuple(
        dict.fromkeys(n for walks in own.values() for w in walks if key in w.parts for n in w.parts[key].names)
    )
    rows, numbers, duration, stance = [], [], [], []
    for number, walks in enumerate(own.values(), start=1):
        able = [walk.parts[key] for walk in walks if key in walk.parts]
        if not able:
            continue
        curves = [[_mean_curve(part, name) for part in able if name in part.names] for name in names]
        known = [[curve for curve in column if curve is not None] for column in curves]
        rows.append(np.column_stack([np.mean(c, axis=0) if c else np.full(POINTS, np.nan) for c in known]))
        numbers.append(number)
        duration.append(_known_mean(np.concatenate([part.duration for part in able])))
        stance.append(_known_mean(np.concatenate([part.stance for part in able])))
    unit = reference.UNITS[quantity]
    return Strides(side, names, unit, np.array(rows), duration, stance, numbers, phase)


def _figures(own: Mapping[str, list[Walk]]) -> list[table.Row]:
    rows: list[table.Row] = []
    for number, walks in enumerate(own.values(), start=1):
        speed = _known_mean(np.array([walk.speed for walk in walks]))
        if math.isfinite(speed):
            rows.append(("speed", "", number, "m/s", speed))
        for side in SIDES:
            for name, unit in (("duration", "s"), ("stance", "1")):
                values = [getattr(part, name) for w in walks for key, part in w.parts.items() if key[1] == side]
                mean = _known_mean(np.concatenate(values)) if values else math.nan
                if math.isfinite(mean):
                    label = {"duration": "stride_time", "stance": "stance_fraction"}[name]
                    rows.append((label, side, number, unit, mean))
    return rows


def _mean_curve(part: Strides, name: str) -> np.ndarray | None:
    rows = part.channel(name)
    rows = rows[np.isfinite(rows).all(axis=1)]
    return rows.mean(axis=0) if len(rows) else None


def _known_mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _source_text(label: str, people: Sequence[str], source: Source) -> str:
    rows = "\n".join(f"- row {number}: {person}" for number, person in enumerate(people, start=1))
    return (
        f"# {source.name}_{label}\n\n{source.title}, {label.replace('_', ' ')}: the mean curve of each person.\n\n"
        f"**Source.** doi:{source.doi}\n\n**Licence.** {source.licence}\n\n**Attribution.** {source.citation}\n\n"
        f"**Notes.** {source.note}\n\n**People.**\n{rows}\n"
    )


def periodic(curve: np.ndarray) -> np.ndarray:
    """101 points of a stride given at equal steps of phase without its last point, (n, …) → (101, …)."""
    curve = np.asarray(curve, float)
    closed = np.concatenate((curve, curve[:1]))
    at, phase = np.linspace(0.0, 1.0, POINTS), np.linspace(0.0, 1.0, len(closed))
    flat = closed.reshape(len(closed), -1)
    return np.column_stack([np.interp(at, phase, column) for column in flat.T]).reshape(POINTS, *curve.shape[1:])


def one_stride(side: str, channels: Mapping[str, np.ndarray], unit: str, phase: str = "stride") -> Strides:
    """A mean stride from curves (101,) by name; its duration and stance are not known."""
    nan = [math.nan]
    return Strides(side, tuple(channels), unit, np.column_stack(list(channels.values()))[None], nan, nan, [0], phase)
