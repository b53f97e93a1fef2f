"""Parts of an evaluation made again under a changed protocol; what a setting does not touch is taken over."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from biomimic.gait.strides import SIDES
from biomimic.metrics import activation
from biomimic.metrics.estimate import Resampling
from biomimic.recording import UNITS, Recording
from biomimic.reference import ReferenceData
from biomimic.signals import Signals
from biomimic.validate import audit, ceiling, criteria, gates, physics, summary, whole_body
from biomimic.validate.measures import METRICS, Pair
from biomimic.validate.people import Person, group, person
from biomimic.validate.protocol import Comparison, Protocol
from biomimic.validate.results import Finding, Results
from biomimic.validate.subject import Subject
from biomimic.validate.walks import QUANTITIES, Key, Trial, cut_all, filter_all

Build = Callable[[Sequence[Recording], Protocol], Subject]
Place = tuple[str, str, str, str, str]  # of a finding: domain, metric, channel, side, reference
ONCE = Resampling(draws=1)  # values only
EVENTS = ("force", "position", "floor")  # what strides are found by
POINTS = ("pelvis", "heel", "toe")
FIXED = "curves that were filtered and cut when they were made"
UNUSED = "no criterion of this protocol rests on it"


@dataclass(frozen=True)
class Setting:
    """One setting and its steps.

    Args:
        name: in words.
        path: field of the protocol, e.g. "filters.angles_hz".
        unit: of it.
        down, up: factors; of a whole number, what is added.
        filtered: quantities whose signals it filters.
        finds: whether it decides which strides there are, and where they begin.
        metrics: that it touches, if it is no more than these.
    """

    name: str
    path: str
    unit: str
    down: float
    up: float
    filtered: tuple[str, ...] = ()
    finds: bool = False
    metrics: tuple[str, ...] = ()

    @property
    def quantities(self) -> tuple[str, ...]:
        """Whose strides it changes."""
        return QUANTITIES if self.finds else self.filtered


@dataclass(frozen=True, eq=False)
class Bench:
    """An evaluation as it is, ready to be repeated in part.

    Args:
        results: of the walker under the protocol.
        walker, humans, protocol, build, allows_speed: as in `sensitivity.sweep`.
        singles: the people, made of `humans`.
    """

    results: Results
    walker: Subject
    humans: Mapping[str, ReferenceData]
    protocol: Protocol
    build: Build | None
    allows_speed: bool
    singles: dict[str, Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for human in self.protocol.humans:
            self.singles[human.name] = person(human, self.humans[human.name], self.protocol)

    @property
    def is_cut(self) -> bool:
        """Whether the walker can be cut anew."""
        return self.build is not None and bool(self.walker.trials)

    def moving(self) -> list[str]:
        """Data sets of recordings, which are cut by the protocol too."""
        return [name for name, data in self.humans.items() if data.recordings]

    def holds(self, setting: Setting) -> str:
        """Why a setting is not varied; empty if it is."""
        if setting.metrics:
            used = {criterion.metric for criterion in self.protocol.criteria}
            return "" if used & set(setting.metrics) else UNUSED
        return "" if self.is_cut or self.moving() else FIXED

    @property
    def note(self) -> str:
        """How the steps were made, and whose curves they do not reach."""
        words = "Each setting is moved by itself, and what it touches is measured again, without intervals."
        curves = [name for name in self.humans if name not in self.moving()]
        if curves:
            words += f" The curves of {', '.join(curves)} were filtered and cut when their data set was made:"
            words += " against them only the walk moves." if self.is_cut else " they do not move."
        if not self.is_cut:
            words += " The walker is a data set of curves and does not move."
        return words + (f" The recordings of {', '.join(self.moving())} move too." if self.moving() else "")

    def under(self, setting: Setting, value: float) -> Results:
        """The results if a setting had this value: gates, criteria, scores, and the findings that they rest on."""
        protocol = with_value(self.protocol, setting.path, value)
        walker, touched = self.walker, QUANTITIES if setting.metrics else ()
        if self.is_cut and not setting.metrics:
            walker, touched = _rebuilt(self, setting, protocol)
        singles = dict(self.singles)
        for human in protocol.humans if not setting.metrics else ():
            if self.humans[human.name].recordings:
                singles[human.name] = person(human, self.humans[human.name], protocol)
                touched = setting.quantities
        if not touched:
            return self.results
        people = tuple(one for one in (*singles.values(), group(tuple(singles.values()))) if one is not None)
        again = _findings(self, setting, touched, (walker, people, protocol))
        checks = self.results.audit if setting.metrics else audit.checks(walker, people, protocol)
        again |= _placed([audit.finding(checks)])
        findings = tuple(again.get(_place(one), one) for one in self.results.findings)
        return replace(
            self.results,
            findings=findings,
            gates=gates.gates(walker, findings, checks, people, self.allows_speed),
            outcomes=criteria.outcomes(findings, protocol),
            scores=summary.scores(findings, people),
        )


def _rebuilt(bench: Bench, setting: Setting, protocol: Protocol) -> tuple[Subject, tuple[str, ...]]:
    """The walker under a changed setting, and which quantities it changed; all others are taken over."""
    walker, trials = bench.walker, bench.walker.still
    checked = "angles" in setting.filtered  # positions that check the events pass the filter of the angles
    if setting.finds or checked:
        found = bench.build([_for_events(recording) for _, recording in walker.trials], protocol).still
        trials = tuple(replace(new, recording=old.recording, filtered=old.filtered) for old, new in zip(trials, found))
    trials = tuple(replace(one, filtered=_filtered(one, setting, protocol)) for one in trials)
    same = all(_same_cycles(old, new) for old, new in zip(walker.still, trials))
    touched = setting.filtered if same else QUANTITIES
    parts = [
        replace(one, filtered={name: one.filtered[name] for name in touched if name in one.filtered})
        for one in trials[: walker.starts]
    ]
    cut = {key: rows for key, rows in walker.cut.items() if key[0] not in touched} | cut_all(parts)
    if walker.kind == "measured" and "activity" in touched:
        relative = {key: activation.relative_to_peak(rows, silent=0.0) for key, rows in cut.items() if _is_emg(key)}
        cut |= relative
    return replace(walker, still=trials, cut=cut), touched


def _for_events(recording: Recording) -> Recording:
    """A recording with what its strides are found by; of all else one channel, for the time that it covers."""
    slim: dict[str, Signals | None] = {}
    for name in UNITS:
        signals = getattr(recording, name)
        if signals is not None and name not in EVENTS:
            slim[name] = signals.select(signals.names[:1]) if name in QUANTITIES else None
    slim["force"] = recording.force.select([f"vertical_{side}" for side in SIDES])
    if recording.position is not None:
        names = [name for name in recording.position.names if name.partition("_")[0] in POINTS]
        slim["position"] = recording.position.select(names)
    return replace(recording, **slim)


def _filtered(trial: Trial, setting: Setting, protocol: Protocol) -> dict[str, Signals]:
    if not setting.filtered or not trial.filtered:
        return trial.filtered
    needed = {"angles", "moment"} if "power" in setting.filtered else set(setting.filtered)
    rest = {name: None for name in QUANTITIES if name in UNITS and name not in needed}
    return trial.filtered | filter_all(replace(trial.recording, **rest), protocol)


def _same_cycles(old: Trial, new: Trial) -> bool:
    names = ("start", "toe_off", "end")
    return all(np.array_equal(getattr(old.cycles[s], n), getattr(new.cycles[s], n)) for s in SIDES for n in names)


def _is_emg(key: Key) -> bool:
    return key[0] == "activity"


def _findings(
    bench: Bench, setting: Setting, touched: tuple[str, ...], now: tuple[Subject, Sequence[Person], Protocol]
) -> dict[Place, Finding]:
    """What gates, criteria and scores rest on, measured again by its place."""
    walker, people, protocol = now
    first = _placed(bench.results.findings)
    again: dict[Place, Finding] = {}
    for comparison in (one for one in protocol.comparisons if one.quantity in touched):
        wanted = {one.metric for one in protocol.criteria if one.domain == comparison.domain} | {"correlation"}
        for metric in wanted & set(comparison.metrics) & set(setting.metrics or METRICS):
            again |= _compared(comparison, metric, (first, *now), bench)
        again |= _averaged(comparison, first, again)
    if setting.finds or "angles" in setting.filtered:
        again |= _placed(physics.findings(walker, protocol, ONCE))
        again |= _placed(whole_body.spatiotemporal_findings(walker, people, ONCE))
    return again


def _compared(comparison: Comparison, metric: str, what: tuple, bench: Bench) -> dict[Place, Finding]:
    """One measure of one comparison, for those people, sides and channels that had it."""
    first, walker, people, protocol = what
    again = {}
    for one in people:
        for side in SIDES:
            key = (comparison.quantity, side, comparison.phase)
            places = {name: (comparison.domain, metric, name, side, one.name) for name in comparison.channels}
            for channel, place in ((name, place) for name, place in places.items() if place in first):
                if key not in walker.cut or not one.has(key, channel):
                    gone = replace(first[place].estimate, value=math.nan, low=math.nan, high=math.nan, draws=None)
                    again[place] = replace(first[place], estimate=gone, score_draws=None, note="no stride is left")
                    continue
                pair = Pair(walker.cut[key], one.curves(key), one.strides[key], channel, key[0], protocol, ONCE)
                changed = replace(first[place], estimate=METRICS[metric](pair), score_draws=None)
                if bench.moving() and metric == "correlation":
                    top = ceiling.ceiling(people, one, key, channel)
                    changed = replace(changed, null=ceiling.null(pair.human, channel), ceiling=top.value)
                    changed = replace(changed, doubt=ceiling.doubt(people, key, channel))
                again[place] = changed
    return again


def _averaged(
    comparison: Comparison, first: Mapping[Place, Finding], again: Mapping[Place, Finding]
) -> dict[Place, Finding]:
    """Means over channels, from the correlations that were measured again."""
    found = {}
    for place, old in first.items():
        if place[:2] != (comparison.domain, "mean_correlation") or not math.isfinite(old.value):
            continue
        each = [(comparison.domain, "correlation", name, place[3], place[4]) for name in comparison.mean_of]
        values = [again[one].value for one in each if one in again]
        if values:
            mean = replace(old.estimate, value=float(np.mean(values)), low=math.nan, high=math.nan, draws=None)
            found[place] = replace(old, estimate=mean)
    return found


def _place(finding: Finding) -> Place:
    return finding.domain, finding.metric, finding.channel, finding.side, finding.reference


def _placed(findings: Iterable[Finding]) -> dict[Place, Finding]:
    return {_place(finding): finding for finding in findings}


def value_of(protocol: Protocol, path: str) -> float:
    """What a protocol says of a setting, e.g. of "filters.angles_hz"."""
    value = protocol
    for name in path.split("."):
        value = getattr(value, name)
    return value


def with_value(protocol: Protocol, path: str, value: float) -> Protocol:
    """The protocol with another value of one setting."""
    part, _, name = path.rpartition(".")
    if not part:
        return replace(protocol, **{name: value})
    return replace(protocol, **{part: replace(getattr(protocol, part), **{name: value})})
