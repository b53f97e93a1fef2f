"""Recordings + human data + protocol → Results: the one place where measures meet curves."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from biomimic.errors import BadValue, unknown
from biomimic.gait.strides import SIDES, Curves, Strides
from biomimic.metrics import activation, grf, kinetics, waveform
from biomimic.metrics.estimate import Estimate, Resampling, bootstrap, mean, measured
from biomimic.metrics.estimate import undefined as undefined_estimate
from biomimic.recording import Recording
from biomimic.reference import ReferenceData
from biomimic.validate import ceiling, criteria, gates, whole_body
from biomimic.validate.protocol import Comparison, Protocol
from biomimic.validate.results import Evidence, Exclusion, Finding, Results
from biomimic.validate.walks import REASONS, Person, Trial, cut_all, measure, person

SHAPED, INDEPENDENT = "shaped the walk", "independent"
NO_CEILING = "none: a ceiling is defined for correlations only"


@dataclass(frozen=True, eq=False)
class Pair:
    """One channel of the simulated strides and of one person.

    Args:
        strides: simulated.
        human: mean curves of the person.
        rows: single strides or trials of the person.
        channel: the one compared.
        quantity: "angles", "force", "activity" or "moment".
        protocol: for its limits and its prominence.
        resampling: for the intervals.
    """

    strides: Strides
    human: Curves
    rows: Strides
    channel: str
    quantity: str
    protocol: Protocol
    resampling: Resampling

    @property
    def lag(self) -> int:
        """Largest lag allowed, in points of the stride."""
        return int(np.floor(self.protocol.max_lag_s * 100.0 / float(np.nanmean(self.strides.duration)) + 1e-9))


Measure = Callable[[Pair], Estimate]


def _correlation(pair: Pair) -> Estimate:
    function = activation.correlation if pair.quantity == "activity" else waveform.correlation
    return function(pair.strides, pair.human, pair.channel, pair.resampling)


def _curve(function: Callable[..., Estimate]) -> Measure:
    return lambda pair: function(pair.strides, pair.human, pair.channel, pair.resampling)


def _lagged(part: str) -> Measure:
    def measure_lag(pair: Pair) -> Estimate:
        limit = pair.protocol.max_lag_s
        found = activation.best_lag(pair.strides, pair.human, pair.channel, pair.resampling, max_lag=limit)
        return getattr(found, part)

    return measure_lag


def _each(values: Callable[[Strides, Protocol], np.ndarray], unit: str) -> Measure:
    """A number per stride; its mean over the strides."""
    return lambda pair: mean(values(pair.strides, pair.protocol), pair.strides.trial, pair.resampling, unit)


def _peak_ratio(pair: Pair) -> Estimate:
    """Largest absolute value of the mean curve, simulated over human."""
    rows, trial, human = waveform.matched(pair.strides, pair.human, pair.channel)
    if not len(rows):
        return undefined_estimate("no stride could be measured", trial, pair.resampling, "1")
    return bootstrap(
        lambda weights: np.abs(weights @ rows).max(axis=1) / np.abs(human).max(), trial, pair.resampling, "1"
    )


def _peaks(name: str) -> Callable[[Strides, Protocol], np.ndarray]:
    def values(strides: Strides, protocol: Protocol) -> np.ndarray:
        found = grf.double_peak(strides, depth=protocol.valley_prominence_bw)
        if name == "present":
            return np.where(found.measured, found.present, np.nan)
        return getattr(found, name) / (100.0 if name.endswith("time") else 1.0)

    return values


def _shear(name: str) -> Callable[[Strides, Protocol], np.ndarray]:
    return lambda strides, _: getattr(grf.braking_and_propulsion(strides), name)


# measures of one number a stride, which a person's own strides have as well: name → (values, unit)
EACH = {
    "double_peak_share": (_peaks("present"), "1"),
    "first_peak": (_peaks("first"), "BW"),
    "first_peak_time": (_peaks("first_time"), "1"),
    "valley": (_peaks("valley"), "BW"),
    "valley_time": (_peaks("valley_time"), "1"),
    "second_peak": (_peaks("second"), "BW"),
    "second_peak_time": (_peaks("second_time"), "1"),
    "vertical_impulse": (lambda strides, _: grf.impulse(strides), "BW s"),
    "loading_rate": (lambda strides, _: grf.loading_rate(strides), "BW/s"),
    "braking_peak": (_shear("braking"), "BW"),
    "propulsion_peak": (_shear("propulsion"), "BW"),
    "braking_impulse": (_shear("braking_impulse"), "BW s"),
    "propulsion_impulse": (_shear("propulsion_impulse"), "BW s"),
}

# a measure comes in with one line here
METRICS: dict[str, Measure] = {
    "correlation": _correlation,
    "rmse": _curve(waveform.rmse),
    "rmse_without_offset": _curve(waveform.rmse_without_offset),
    "offset": _curve(waveform.offset),
    "best_correlation": _lagged("correlation"),
    "best_lag": _lagged("lag"),
    "peak_ratio": _peak_ratio,
    "highest_difference": lambda p: kinetics.peak_difference(p.strides, p.human, p.channel, p.resampling).highest,
    "lowest_difference": lambda p: kinetics.peak_difference(p.strides, p.human, p.channel, p.resampling).lowest,
    **{name: _each(values, unit) for name, (values, unit) in EACH.items()},
}


def evaluate(
    recordings: Sequence[Recording],
    humans: Mapping[str, ReferenceData],
    protocol: Protocol,
    *,
    run: str = "",
    shaped_by: Sequence[str] | None = None,
    identity: Mapping | None = None,
) -> Results:
    """All findings of a set of recordings, and whether they keep the protocol's limits.

    Args:
        recordings: one for each trial of `protocol.planned`, in that order.
        humans: the protocol's data sets by name.
        protocol: what is measured and how.
        run: name of the run.
        shaped_by: quantities of the tracked person that shaped the walk: "angles", "force", "moment"; None if unknown.
        identity: hashes, versions and names for the report.

    Raises:
        BadValue: recordings and protocol do not belong together, or a metric is unknown.
    """
    _check(recordings, protocol)
    planned = list(zip(protocol.planned, recordings))
    still = [recording for plan, recording in planned if not plan.push]
    trials = [measure(recording, index, protocol) for index, recording in enumerate(still)]
    starts = trials[: protocol.trials.count]  # the long walk counts for physics and stability only
    people = tuple(person(human, humans[human.name], protocol) for human in protocol.humans)
    cut = cut_all(starts)
    resampling = Resampling(protocol.resampling.draws, protocol.resampling.level, protocol.resampling.seed)
    checks = gates.sign_audit(cut, people)
    findings = gates.physics(trials, planned, protocol, resampling) + [gates.sign_finding(checks)]
    findings += whole_body.stability(planned, protocol)
    for comparison in protocol.comparisons:
        for one in people:
            findings += _compare(comparison, one, people, cut, (protocol, resampling, shaped_by))
    findings += whole_body.symmetry(cut, resampling)
    findings += whole_body.spatiotemporal_findings(starts, people, resampling)
    findings += whole_body.effort(starts, resampling)
    return Results(
        run=run,
        findings=tuple(findings),
        outcomes=criteria.outcomes(findings, protocol),
        walks=whole_body.walks(planned, trials, protocol),
        exclusions=_exclusions(trials),
        audit=tuple(checks),
        identity=dict(identity or {}),
        evidence=_evidence(cut, people),
    )


def _check(recordings: Sequence[Recording], protocol: Protocol) -> None:
    names = [plan.name for plan in protocol.planned]
    found = [recording.trial for recording in recordings]
    if names != found:
        raise BadValue(f"The protocol plans the trials {', '.join(names)}; the recordings are {', '.join(found)}.")
    for comparison in protocol.comparisons:
        for name in comparison.metrics:
            if name not in METRICS:
                raise unknown("metric", name, METRICS, where="in validate.evaluate")


def _compare(
    comparison: Comparison, one: Person, people: Sequence[Person], cut: dict, how: tuple[Protocol, Resampling, Sequence]
) -> list[Finding]:
    """Findings of one comparison with one person, for the sides and channels that both have."""
    findings = []
    for side in SIDES:
        key = (comparison.quantity, side, comparison.phase)
        if key not in cut:
            continue
        able = [name for name in comparison.channels if one.has(key, name) and name in cut[key].names]
        for channel in able:
            pair = Pair(cut[key], one.curves(key), one.strides[key], channel, comparison.quantity, how[0], how[1])
            for metric in comparison.metrics:
                findings.append(_finding(metric, comparison, (pair, key), (one, people), how[2]))
        if comparison.mean_of:
            findings += _mean_correlation(comparison, (one, people), cut[key], key, how)
    return findings


def _finding(
    metric: str, comparison: Comparison, what: tuple[Pair, tuple], who: tuple[Person, Sequence[Person]], shaped_by
) -> Finding:
    (pair, key), (one, people) = what, who
    estimate = METRICS[metric](pair)
    null, top, doubt = math.nan, ceiling.Ceiling(math.nan, NO_CEILING), ""
    if metric in ("correlation", "best_correlation"):
        lag = pair.lag if metric == "best_correlation" else 0
        null = ceiling.null(pair.human, pair.channel, lag)
        top = ceiling.ceiling(people, one, key, pair.channel, lag)
        doubt = ceiling.doubt(people, key, pair.channel)
    return Finding(
        comparison.domain,
        metric,
        estimate,
        channel=pair.channel,
        side=key[1],
        reference=one.name,
        human=_human(metric, pair),
        n_human=one.complete(key, pair.channel),
        of_human=one.entry.of,
        null=null,
        ceiling=top.value,
        ceiling_from=top.words,
        shaped=shaping(one, comparison.quantity, shaped_by),
        note=estimate.note,
        doubt=doubt,
    )


def shaping(one: Person, quantity: str, shaped_by: Sequence[str] | None) -> str:
    """Whether a person's signal also shaped the walk: only the tracked person's can."""
    if one.role == "other":
        return INDEPENDENT
    if shaped_by is None:
        return "not stated by the run"
    return SHAPED if quantity in {name.removesuffix("s") for name in shaped_by} | set(shaped_by) else INDEPENDENT


def _human(metric: str, pair: Pair) -> float:
    """The same number on the person's own strides, where one stride has such a number."""
    if metric not in EACH:
        return math.nan
    values = EACH[metric][0](pair.rows, pair.protocol)
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _mean_correlation(
    comparison: Comparison,
    who: tuple[Person, Sequence[Person]],
    strides: Strides,
    key: tuple,
    how: tuple[Protocol, Resampling, Sequence],
) -> list[Finding]:
    """Arithmetic mean of the channels' correlations on one side, as published means are made; NaN if any is."""
    (one, people), (_, resampling, shaped_by) = who, how
    channels = [name for name in comparison.mean_of if one.has(key, name) and name in strides.names]
    missing = [name for name in comparison.mean_of if name not in channels]
    if len(missing) == len(comparison.mean_of):
        return []
    rows = [measured(strides, name) for name in channels]
    curves = [one.curves(key).channel(name) for name in channels]
    complete = {len(part) for part, _ in rows} == {len(strides)}
    silent = [name for name in channels if comparison.quantity == "activity" and activation.is_silent(strides, name)]
    note = f"without {', '.join(missing)}, not recorded on this side" if missing else ""
    end = -1 if comparison.quantity == "activity" else None

    def statistic(weights: np.ndarray) -> np.ndarray:
        each = [waveform.pearson((weights @ part)[:, :end], curve[:end]) for (part, _), curve in zip(rows, curves)]
        return np.mean(each, axis=0)

    if silent or not complete:
        why = f"silent: {', '.join(silent)}" if silent else "some strides miss a channel"
        estimate = undefined_estimate(why, strides.trial, resampling, "1")
    else:
        estimate = bootstrap(statistic, strides.trial, resampling, "1")
    people_null = [ceiling.null(one.curves(key), name) for name in channels]
    tops = [top for top in (ceiling.ceiling(people, one, key, name).value for name in channels) if math.isfinite(top)]
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
            shaped=shaping(one, comparison.quantity, shaped_by),
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


def _evidence(cut: dict, people: Sequence[Person]) -> Evidence:
    human = {(one.name, *key): one.curves(key) for one in people for key in one.strides}
    return Evidence(simulated=cut, human=human)
