"""The people a walk is compared with: each alone, and their mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import PchipInterpolator

from biomimic.gait.strides import POINTS, SIDES, Curves, Strides
from biomimic.metrics import activation, power
from biomimic.provenance import Provenance
from biomimic.reference import Entry, Figure, ReferenceData
from biomimic.validate.protocol import Human, Protocol
from biomimic.validate.walks import Key, cut_all, measure

PEOPLE = "people"  # name of the mean of several people in findings
TARGET = "target"  # name of the motion the controller tracks
LISTED = 4  # others who are compared with one by one
FEW = 8  # below this number of people a ceiling between people is provisional (validation protocol, section 2.2)


@dataclass(frozen=True, eq=False)
class Person:
    """Human data in the form in which they are compared.

    Args:
        name: of the data set, "people" or "target".
        role: "same" (the one whose motion is tracked), "other", "group" (several people, one row each) or "target".
        entry: what the registry says of it.
        provenance: source, licence, hash.
        strides: (quantity, side, phase) → rows; what a row is, `entry.of` says.
        figures: (name, side) → spatiotemporal figure.
        unlike: filters that differ from the protocol's, in words; empty if none does.
    """

    name: str
    role: str
    entry: Entry
    provenance: Provenance
    strides: dict[Key, Strides]
    figures: dict[tuple[str, str], Figure]
    unlike: str = ""

    def has(self, key: Key, channel: str) -> bool:
        """Whether there is a complete row of this quantity, side and phase, and channel."""
        return key in self.strides and channel in self.strides[key].names and self.complete(key, channel) > 0

    def complete(self, key: Key, channel: str) -> int:
        """Number of rows without gaps in this channel."""
        return len(self.rows(key, channel))

    def rows(self, key: Key, channel: str) -> np.ndarray:
        """Rows without gaps in this channel, (n, 101)."""
        rows = self.strides[key].channel(channel)
        return rows[np.isfinite(rows).all(axis=1)]

    def curves(self, key: Key) -> Curves:
        """Mean and SD over the rows."""
        return replace(self.strides[key].summary(self.provenance), of=self.entry.of)

    @property
    def is_several(self) -> bool:
        """Whether each row is another person."""
        return self.entry.of == "subjects"


def person(human: Human, data: ReferenceData, protocol: Protocol) -> Person:
    """A human data set, its recordings cut by the protocol's own rules, its force also over the stance."""
    cut = dict(data.parts)
    unlike = "" if data.recordings else _unlike(data.entry, protocol)
    if data.recordings:
        first = replace(protocol, trials=replace(protocol.trials, skip_strides=0))
        cut |= cut_all([measure(recording, i, first) for i, recording in enumerate(data.recordings)])
    strides = with_power(with_stance(cut))
    return Person(human.name, human.role, data.entry, data.provenance, strides, dict(data.figures), unlike)


def _unlike(entry: Entry, protocol: Protocol) -> str:
    """Filters of published curves that are not those of the protocol, or are not stated."""
    if not entry.filters:
        return "filters not stated by the source"
    wanted = vars(protocol.filters)
    other = [f"{name} {value:g} for {wanted[name]:g}" for name, value in entry.filters.items() if value != wanted[name]]
    return ", ".join(other)


def with_power(cut: dict[Key, Strides]) -> dict[Key, Strides]:
    """The same with the power of the joints, made of angles and moments of the same strides where it is missing."""
    cut = dict(cut)
    for side in SIDES:
        angles, moments = cut.get(("angles", side, "stride")), cut.get(("moment", side, "stride"))
        both = angles is not None and moments is not None and len(angles) == len(moments)
        if both and ("power", side, "stride") not in cut:
            cut["power", side, "stride"] = power.stride_power(angles, moments)
    return cut


def with_stance(cut: dict[Key, Strides]) -> dict[Key, Strides]:
    """The same with the force over the stance, made from the whole stride where it is missing."""
    cut = dict(cut)
    for side in SIDES:
        key, stance = ("force", side, "stride"), ("force", side, "stance")
        if key in cut and stance not in cut:
            cut[stance] = _stance_part(cut[key])
    return cut


def members(people: Sequence[Person], key: Key, channel: str) -> list[np.ndarray]:
    """Mean curve (101,) of every single human among these; rows of a data set of several people count each."""
    found = []
    for one in (one for one in people if one.role in ("same", "other") and one.has(key, channel)):
        rows = one.rows(key, channel)
        found += list(rows) if one.is_several else [rows.mean(axis=0)]
    return found


def compared(people: Sequence[Person]) -> tuple[Person, ...]:
    """Whom a walk is compared with, one by one: the tracked person, a few others, the mean of several, the target.

    Where there are more than `LISTED` others, and for a data set of several people, their mean stands for them.
    """
    others = [one for one in people if one.role == "other" and not one.is_several]
    listed = others if len(others) <= LISTED else []
    return tuple(one for one in people if one.role != "other" or one in listed)


def group(people: Sequence[Person]) -> Person | None:
    """The mean of all people but the tracked one, one row each; None when they are fewer than two."""
    others = [one for one in people if one.role == "other"]
    count = sum(one.entry.subjects if one.is_several else 1 for one in others)
    if count < 2:
        return None
    keys = dict.fromkeys(key for one in others for key in one.strides)
    strides = {key: _stacked(others, key) for key in keys}
    names = ", ".join(one.name for one in others)
    entry = Entry(
        title=f"mean of {count} people",
        source=names,
        licence="as the data sets",
        attribution="as the data sets",
        form="curves",
        subjects=count,
        mass_kg=float(np.mean([one.entry.mass_kg for one in others])),
        of="subjects",
    )
    return Person(PEOPLE, "group", entry, Provenance(names), strides, _figures(others))


def target_person(curves: Mapping[Key, Strides]) -> Person | None:
    """The motion that was tracked, in the form of a person; None without one."""
    if not curves:
        return None
    entry = Entry(
        title="the motion the controller tracks",
        source="the run's target",
        licence="as the data it was made of",
        attribution="as the data it was made of",
        form="curves",
        subjects=1,
        mass_kg=1.0,
        of="strides",
    )
    return Person(TARGET, "target", entry, Provenance("the run's target"), with_power(with_stance(dict(curves))), {})


def _stacked(others: Sequence[Person], key: Key) -> Strides:
    """One row a person (101, C), NaN in the channels a person lacks."""
    able = [one for one in others if key in one.strides]
    names = tuple(dict.fromkeys(name for one in able for name in one.strides[key].names))
    rows, duration, stance = [], [], []
    for one in able:
        own = one.strides[key]
        if key[0] == "activity":  # laboratories divide EMG by different things
            own = activation.relative_to_peak(own, silent=0.0)
        many = range(len(own)) if one.is_several else (slice(None),)
        for which in many:
            part = own.take(np.atleast_1d(which)) if one.is_several else own
            curves = part.summary()
            rows.append(np.column_stack([_channel(curves, name) for name in names]))
            duration.append(_mean(part.duration))
            stance.append(_mean(part.stance))
    return Strides(
        side=key[1],
        names=names,
        unit=able[0].strides[key].unit,
        values=np.array(rows),
        duration=duration,
        stance=stance,
        trial=np.arange(len(rows)),
        phase=key[2],
    )


def _channel(curves: Curves, name: str) -> np.ndarray:
    return curves.channel(name) if name in curves.names else np.full(POINTS, np.nan)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _figures(others: Sequence[Person]) -> dict[tuple[str, str], Figure]:
    figures = {}
    for key in dict.fromkeys(key for one in others for key in one.figures):
        found = [one.figures[key] for one in others if key in one.figures]
        values = [figure.mean for figure in found]
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
        figures[key] = Figure(float(np.mean(values)), sd, len(values), found[0].unit)
    return figures


def _stance_part(whole: Strides) -> Strides:
    """The rows from heel strike to toe-off, on 101 points; NaN where the stance share is not known."""
    percent = np.linspace(0.0, 1.0, POINTS)
    values = np.full(whole.values.shape, np.nan)
    for row in np.flatnonzero(np.isfinite(whole.stance)):
        values[row] = PchipInterpolator(percent, whole.values[row], axis=0)(percent * whole.stance[row])
    return replace(whole, values=values, phase="stance")
