"""Does a verdict hang on a setting? Each setting one step down and one up, and what it touches is measured again."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from biomimic.errors import BiomimicError
from biomimic.reference import ReferenceData
from biomimic.validate.protocol import Protocol
from biomimic.validate.remeasure import Bench, Build, Setting, value_of
from biomimic.validate.results import Outcome, Results
from biomimic.validate.subject import Subject

PEAKS = ("double_peak_share", "first_peak", "first_peak_time", "valley", "valley_time")
PEAKS += ("second_peak", "second_peak_time", "depth_index")
LAGS = ("best_correlation", "best_lag")
UNVARIED = (
    ("scale of EMG and activation", "correlation and timing do not change with scale, silence is judged before it"),
    ("largest difference of speed", "its gate names the difference itself"),
    ("synergies, co-contraction, bands, redundancy, energy", "no gate and no score rests on them"),
)
HEADER = ("setting", "as it is", "instead", "verdicts that change", "largest change of a score", "where")

SETTINGS = (
    Setting("low-pass filter of the angles", "filters.angles_hz", "Hz", 2 / 3, 4 / 3, ("angles", "power")),
    Setting("low-pass filter of the ground force", "filters.force_hz", "Hz", 0.75, 1.5, ("force",), finds=True),
    Setting("low-pass filter of the activity", "filters.activity_hz", "Hz", 2 / 3, 4 / 3, ("activity",)),
    Setting("low-pass filter of the moments", "filters.moment_hz", "Hz", 2 / 3, 4 / 3, ("moment", "power")),
    Setting("force that makes a contact", "events.threshold_n", "N", 0.5, 2.0, finds=True),
    Setting("shortest stance", "events.min_stance_s", "s", 0.75, 1.25, finds=True),
    Setting("first strides left out", "trials.skip_strides", "strides", -1, 1, finds=True),
    Setting("least depth of a double peak", "valley_prominence_bw", "BW", 0.4, 1.6, metrics=PEAKS),
    Setting("largest lag", "max_lag_s", "s", 0.5, 1.5, metrics=LAGS),
)


@dataclass(frozen=True)
class Flip:
    """A verdict that changes: a gate, a criterion, or a score that comes or goes; before and after in words."""

    kind: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Row:
    """One step of one setting.

    Args:
        setting: in words.
        unit: of before and after.
        before, after: value of the setting.
        flips: verdicts that change.
        change: largest change of a domain's score, with its sign; 0 where no score rests on the setting.
        where: domain and people of that score; empty without one.
    """

    setting: str
    unit: str
    before: float
    after: float
    flips: tuple[Flip, ...]
    change: float
    where: str = ""


@dataclass(frozen=True)
class Sensitivity:
    """All steps, what could not be varied and why, and what the steps did not move.

    Args:
        rows: one a step.
        held: (what, why) of what was not varied.
        note: how the steps were made, and whose curves they do not reach.
    """

    rows: tuple[Row, ...]
    held: tuple[tuple[str, str], ...]
    note: str

    @property
    def flipping(self) -> tuple[Row, ...]:
        """The steps that change a verdict."""
        return tuple(row for row in self.rows if row.flips)


def sweep(
    results: Results,
    walker: Subject,
    humans: Mapping[str, ReferenceData],
    protocol: Protocol,
    *,
    build: Build | None = None,
    allows_speed: bool = False,
) -> Sensitivity:
    """Every setting one step down and up: which gates and criteria change, and how far the scores move.

    Only what a setting touches is filtered, cut and measured again, and only values, without intervals.

    Args:
        results: of the walker under the protocol as it is.
        walker: that was evaluated.
        humans: the protocol's data sets by name.
        protocol: whose settings are moved.
        build: makes the walker from recordings and a protocol, as it was made, e.g. `subject.recorded`; None for a
            data set of curves, which cannot be cut anew.
        allows_speed: as in the evaluation.
    """
    bench = Bench(results, walker, humans, protocol, build, allows_speed)
    rows, held = [], list(UNVARIED)
    for setting in SETTINGS:
        if why := bench.holds(setting):
            held.append((setting.name, why))
            continue
        for value in _steps(protocol, setting):
            try:
                rows.append(_row(setting, protocol, value, (results, bench.under(setting, value))))
            except BiomimicError as error:
                held.append((f"{setting.name}: {value:g} {setting.unit}", str(error)))
    return Sensitivity(tuple(rows), tuple(held), bench.note)


def table(sensitivity: Sensitivity) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Header and rows of text for a report."""
    rows = [
        (
            row.setting,
            f"{row.before:g} {row.unit}",
            f"{row.after:g} {row.unit}",
            "; ".join(f"{flip.name}: {flip.before} → {flip.after}" for flip in row.flips) or "none",
            f"{row.change:+.2f}" if row.where else "",
            row.where or "no score rests on it",
        )
        for row in sensitivity.rows
    ]
    return HEADER, tuple(rows)


def record(sensitivity: Sensitivity) -> dict:
    """The same for JSON."""
    rows = [{**vars(row), "flips": [vars(flip) for flip in row.flips]} for row in sensitivity.rows]
    held = [{"setting": name, "why": why} for name, why in sensitivity.held]
    return {"rows": rows, "held": held, "note": sensitivity.note}


def _steps(protocol: Protocol, setting: Setting) -> list[float]:
    """The two values beside a setting; one where the lower one does not exist."""
    value = value_of(protocol, setting.path)
    if isinstance(value, int):
        return [step for step in (value + int(setting.down), value + int(setting.up)) if step >= 0]
    return [float(f"{value * factor:.4g}") for factor in (setting.down, setting.up) if value > 0]


def _row(setting: Setting, protocol: Protocol, value: float, pair: tuple[Results, Results]) -> Row:
    before = float(value_of(protocol, setting.path))
    change, where = (0.0, "") if setting.metrics else _largest(*pair)
    return Row(setting.name, setting.unit, before, float(value), _flips(*pair), change, where)


def _flips(first: Results, changed: Results) -> tuple[Flip, ...]:
    flips = [
        Flip("gate", f"{old.name} {old.title}", old.status, new.status)
        for old, new in zip(first.gates, changed.gates)
        if old.status != new.status
    ]
    flips += [
        Flip("criterion", _named(old), _reached(old), _reached(new))
        for old, new in zip(first.outcomes, changed.outcomes)
        if old.passed != new.passed
    ]
    flips += [
        Flip("score", f"{old.domain}, {old.reference}", f"{old.value:.2f}", f"{new.value:.2f}")
        for old, new in zip(first.scores, changed.scores)
        if math.isfinite(old.value) != math.isfinite(new.value)
    ]
    return tuple(flips)


def _largest(first: Results, changed: Results) -> tuple[float, str]:
    """Largest change of a domain's score and whose it is."""
    moved = {f"{a.domain}, {a.reference}": b.value - a.value for a, b in zip(first.scores, changed.scores)}
    moved = {name: change for name, change in moved.items() if math.isfinite(change)}
    where = max(moved, key=lambda name: abs(moved[name]), default="")
    return moved.get(where, 0.0), where


def _named(outcome: Outcome) -> str:
    return ", ".join(word for word in (outcome.domain, outcome.metric, outcome.channel, outcome.reference) if word)


def _reached(outcome: Outcome) -> str:
    verdict = "met" if outcome.passed else "unmet"
    value = math.nan if outcome.worst is None else outcome.worst.value
    return f"{verdict} ({value:.3g})" if math.isfinite(value) else f"{verdict} ({outcome.note})"
