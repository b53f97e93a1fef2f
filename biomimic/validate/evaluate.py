"""Recordings + human data + protocol → Results: the one place where measures meet curves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from biomimic.errors import unknown
from biomimic.gait.strides import SIDES, Strides
from biomimic.metrics import activation, waveform
from biomimic.metrics.estimate import Resampling, bootstrap, measured, weighted
from biomimic.metrics.estimate import undefined as undefined_estimate
from biomimic.recording import Recording
from biomimic.reference import ReferenceData
from biomimic.validate import (
    among,
    audit,
    body,
    ceiling,
    coordination,
    criteria,
    feet,
    gates,
    physics,
    profiles,
    subject,
    summary,
    whole_body,
)
from biomimic.validate.body import Body
from biomimic.validate.measures import BETWEEN, EACH, METRICS, Pair
from biomimic.validate.people import Person, compared, group, members, person, target_person
from biomimic.validate.protocol import Comparison, Protocol
from biomimic.validate.results import ERRORS, Evidence, Exclusion, Finding, Results
from biomimic.validate.subject import Subject
from biomimic.validate.walks import REASONS, Key, Trial

SHAPED, INDEPENDENT = "shaped the walk", "independent"
NO_CEILING = "none: a ceiling is defined for correlations and RMS errors only"
OF_TARGET = ("correlation", "rmse", "rmse_without_offset")  # measures of how well the target is tracked


@dataclass(frozen=True, eq=False)
class About:
    """What is known of a walk beside its recordings.

    Args:
        run: its name.
        shaped_by: quantities of the tracked person that shaped the walk: "angles", "force", "moment"; None if unknown.
        identity: hashes, versions and names for the report.
        target: curves of the motion that was tracked, by (quantity, side, phase); empty if there is none.
        body: what only the body's model can tell; empty for a person.
        allows_speed: whether people of another speed are compared with all the same; the report says so on each page.
    """

    run: str = ""
    shaped_by: Sequence[str] | None = None
    identity: Mapping = field(default_factory=dict)
    target: Mapping[Key, Strides] = field(default_factory=dict)
    allows_speed: bool = False
    body: Body = field(default_factory=Body)


@dataclass(frozen=True, eq=False)
class Case:
    """Everything that one comparison needs."""

    walker: Subject
    people: tuple[Person, ...]  # single data sets first, then their mean, then the target
    protocol: Protocol
    resampling: Resampling
    shaped_by: Sequence[str] | None


def evaluate(
    recordings: Sequence[Recording],
    humans: Mapping[str, ReferenceData],
    protocol: Protocol,
    *,
    run: str = "",
    shaped_by: Sequence[str] | None = None,
    identity: Mapping | None = None,
) -> Results:
    """All findings of the trials a protocol plans, and whether they keep its limits.

    Args:
        recordings: one for each trial of `protocol.planned`, in that order.
        humans: the protocol's data sets by name.
        protocol: what is measured and how.
        run, shaped_by, identity: as in `About`; what else is known of the walk goes to `assess`.

    Raises:
        BadValue: recordings and protocol do not belong together, or a metric is unknown.
    """
    about = About(run, shaped_by, dict(identity or {}))
    return assess(subject.planned(recordings, protocol), humans, protocol, about)


def assess(walker: Subject, humans: Mapping[str, ReferenceData], protocol: Protocol, about: About) -> Results:
    """All findings of any walker, measured or simulated.

    Args:
        walker: from `subject.planned`, `subject.recorded` or `subject.data_set`.
        humans: the protocol's data sets by name.
        protocol: what is measured and how.
        about: what else is known of the walk.
    """
    _check(protocol)
    singles = tuple(person(human, humans[human.name], protocol) for human in protocol.humans)
    people = tuple(one for one in (*singles, group(singles), target_person(about.target)) if one is not None)
    resampling = Resampling(protocol.resampling.draws, protocol.resampling.level, protocol.resampling.seed)
    case = Case(walker, people, protocol, resampling, about.shaped_by)
    checks = audit.checks(walker, people, protocol)
    findings = physics.findings(walker, protocol, resampling) + [audit.finding(checks)]
    findings += whole_body.stability(walker, protocol)
    listed = compared(people)
    for comparison in protocol.comparisons:
        for one in listed:
            findings += _compare(comparison, one, case)
        findings += _retargeting(comparison, case)
    bands = profiles.people_bands(people, protocol)
    findings += profiles.outside(walker.cut, people, bands, resampling)
    findings += profiles.findings(walker.cut, listed, resampling)
    findings += feet.centre_of_pressure(walker.compared, resampling)
    findings += feet.running_force(walker.compared, resampling)
    findings += coordination.findings(walker, people, resampling)
    findings += body.drive(walker, about.body, listed, protocol, resampling)
    findings += body.redundancy(about.body.spaces, people, resampling)
    findings += body.energy(walker, about.body, resampling)
    findings += feet.symmetry(walker.cut, resampling)
    findings += whole_body.symmetry(walker.cut, resampling)
    findings += whole_body.spatiotemporal_findings(walker, listed, resampling)
    findings += whole_body.effort(walker.compared, resampling)
    return Results(
        run=about.run,
        findings=tuple(findings),
        outcomes=criteria.outcomes(findings, protocol),
        walks=whole_body.walks(walker, protocol),
        exclusions=_exclusions(walker.still),
        audit=tuple(checks),
        identity=dict(about.identity),
        evidence=_evidence(walker.cut, people, bands),
        gates=gates.gates(walker, findings, checks, people, about.allows_speed),
        scores=summary.scores(findings, people),
    )


def _check(protocol: Protocol) -> None:
    for comparison in protocol.comparisons:
        for name in comparison.metrics:
            if name not in METRICS:
                raise unknown("metric", name, METRICS, where="in validate.measures")


def _compare(comparison: Comparison, one: Person, case: Case) -> list[Finding]:
    """Findings of one comparison with one person, for the sides and channels that both have."""
    findings, cut = [], case.walker.cut
    metrics = [name for name in comparison.metrics if one.role != "target" or name in OF_TARGET]
    for side in SIDES:
        key = (comparison.quantity, side, comparison.phase)
        if key not in cut:
            continue
        for channel in (name for name in comparison.channels if one.has(key, name) and name in cut[key].names):
            findings += [_finding(metric, comparison, (one, key, channel), case) for metric in metrics]
        if comparison.mean_of:
            findings += _mean_correlation(comparison, one, key, case)
    return findings


def _finding(metric: str, comparison: Comparison, what: tuple[Person, Key, str], case: Case) -> Finding:
    one, key, channel = what
    strides = case.walker.cut[key]
    pair = Pair(strides, one.curves(key), one.strides[key], channel, key[0], case.protocol, case.resampling)
    estimate = METRICS[metric](pair)
    null, top, doubt = math.nan, ceiling.Ceiling(math.nan, NO_CEILING), ""
    if metric in ("correlation", "best_correlation"):
        lag = pair.lag if metric == "best_correlation" else 0
        null = ceiling.null(pair.human, channel, lag)
        top = ceiling.ceiling(case.people, one, key, channel, lag)
        doubt = ceiling.doubt(case.people, key, channel)
    elif metric in ERRORS:
        top = ceiling.error_ceiling(case.people, one, key, channel, offset=metric == "rmse")
    elif metric in BETWEEN and one.role != "target":
        top = among.people(metric, pair, one, case.people)
    scores = None
    if metric == "correlation":
        several = members([p for p in case.people if p.role == "other"], key, channel) if one.role == "group" else ()
        scores = ceiling.score_draws(estimate, measured(strides, channel), several, (null, top.value), case.resampling)
    place = among.position(metric, pair, estimate, one)
    return Finding(
        comparison.domain,
        metric,
        estimate,
        channel=channel,
        side=key[1],
        reference=one.name,
        human=_human(metric, pair),
        n_human=one.complete(key, channel),
        of_human=one.entry.of,
        null=null,
        ceiling=top.value,
        ceiling_from=top.words,
        score_draws=None if scores is None else scores.draws,
        score_of="" if scores is None else scores.of,
        shaped=shaping(one, key[0], case.shaped_by),
        note="; ".join(text for text in (estimate.note, place) if text),
        doubt=doubt,
    )


def shaping(one: Person, quantity: str, shaped_by: Sequence[str] | None) -> str:
    """Whether a person's signal also shaped the walk: only the tracked person's can, and the target does."""
    if one.role in ("other", "group"):
        return INDEPENDENT
    if one.role == "target":
        return SHAPED
    if shaped_by is None:
        return "not stated by the run"
    known = {name.removesuffix("s") for name in shaped_by} | set(shaped_by)
    made_of = {"power": {"angles", "moment"}}.get(quantity, {quantity})
    return SHAPED if made_of & known else INDEPENDENT


def _retargeting(comparison: Comparison, case: Case) -> list[Finding]:
    """How far the target itself is from the person it was made of: what no controller can be blamed for."""
    same = next((one for one in case.people if one.role == "same"), None)
    goal = next((one for one in case.people if one.role == "target"), None)
    if same is None or goal is None:
        return []
    findings = []
    for side in SIDES:
        key = (comparison.quantity, side, comparison.phase)
        for channel in (name for name in comparison.channels if same.has(key, name) and goal.has(key, name)):
            rows = (goal.strides[key], same.curves(key), same.strides[key])
            pair = Pair(*rows, channel, key[0], case.protocol, case.resampling)
            for metric in (name for name in comparison.metrics if name in OF_TARGET):
                estimate = METRICS[metric](pair)
                null = ceiling.null(pair.human, channel) if metric == "correlation" else math.nan
                top = ceiling.ceiling(case.people, same, key, channel)
                if metric in ERRORS:
                    top = ceiling.error_ceiling(case.people, same, key, channel, offset=metric == "rmse")
                findings.append(
                    Finding(
                        "retargeting",
                        metric,
                        estimate,
                        channel=channel,
                        side=side,
                        reference=same.name,
                        n_human=same.complete(key, channel),
                        of_human=same.entry.of,
                        null=null,
                        ceiling=top.value,
                        ceiling_from=top.words,
                        note=comparison.domain,
                    )
                )
    return findings


def _human(metric: str, pair: Pair) -> float:
    """The same number on the person's own strides, where one stride has such a number."""
    if metric not in EACH:
        return math.nan
    values = EACH[metric][0](pair.rows, pair.protocol).values
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _mean_correlation(comparison: Comparison, one: Person, key: Key, case: Case) -> list[Finding]:
    """Arithmetic mean of the channels' correlations on one side, as published means are made; NaN if any is."""
    strides = case.walker.cut[key]
    channels = [name for name in comparison.mean_of if one.has(key, name) and name in strides.names]
    missing = [name for name in comparison.mean_of if name not in channels]
    if not channels:
        return []
    rows = [measured(strides, name) for name in channels]
    curves = [one.curves(key).channel(name) for name in channels]
    complete = {len(part) for part, _ in rows} == {len(strides)}
    silent = [name for name in channels if key[0] == "activity" and activation.is_silent(strides, name)]
    note = f"without {', '.join(missing)}, not recorded on this side" if missing else ""
    end = -1 if key[0] == "activity" else None

    def statistic(weights: np.ndarray) -> np.ndarray:
        each = [
            waveform.pearson(weighted(weights, part)[:, :end], curve[:end]) for (part, _), curve in zip(rows, curves)
        ]
        return np.mean(each, axis=0)

    if silent or not complete:
        why = f"silent: {', '.join(silent)}" if silent else "some strides miss a channel"
        estimate = undefined_estimate(why, strides.trial, case.resampling, "1")
    else:
        estimate = bootstrap(statistic, strides.trial, case.resampling, "1")
    people_null = [ceiling.null(one.curves(key), name) for name in channels]
    tops = [ceiling.ceiling(case.people, one, key, name).value for name in channels]
    tops = [top for top in tops if math.isfinite(top)]
    words = (
        f"mean over the {len(tops)} of {len(channels)} channels that have one" if tops else "none: no channel has one"
    )
    return [
        Finding(
            comparison.domain,
            "mean_correlation",
            estimate,
            side=key[1],
            reference=one.name,
            n_human=min(one.complete(key, name) for name in channels),
            of_human=one.entry.of,
            null=float(np.mean(people_null)),
            ceiling=float(np.mean(tops)) if tops else math.nan,
            ceiling_from=words,
            shaped=shaping(one, key[0], case.shaped_by),
            note="; ".join(text for text in (estimate.note, note, f"mean of {len(channels)} channels") if text),
        )
    ]


def _exclusions(trials: Sequence[Trial]) -> tuple[Exclusion, ...]:
    return tuple(
        Exclusion(trial.recording.trial, one.side, one.time, one.reason, REASONS.get(one.reason, one.reason))
        for trial in trials
        for side in SIDES
        for one in trial.cycles[side].excluded
    )


def _evidence(cut: dict, people: Sequence[Person], bands: dict) -> Evidence:
    human = {(one.name, *key): one.curves(key) for one in people for key in one.strides}
    return Evidence(simulated=cut, human=human, bands=bands)
