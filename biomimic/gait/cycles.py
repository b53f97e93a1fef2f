"""Which strides of a trial are used, and why the others are not."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue, unknown
from biomimic.gait.events import Events
from biomimic.signals import frozen_array

GAITS = ("walking", "running")
MAD_TO_SD = 1.4826  # a normal distribution's SD is this many median absolute deviations

REASONS = {
    "incomplete": "the record or a signal does not cover the whole stride",
    "start": "among the first seconds or strides of the trial",
    "fall": "during or after a fall",
    "order": "events not in the order heel strike, other toe-off, other heel strike, toe-off, heel strike "
    "(running: heel strike, toe-off, other heel strike, other toe-off, heel strike)",
    "duration": "shorter or longer than a stride of this gait",
    "outlier": "duration far from the median of the trial",
}


@dataclass(frozen=True)
class CycleRule:
    """Which strides count.

    Args:
        skip_time: begin of the trial that is left out [s].
        skip_strides: first strides of the side that are left out.
        shortest: shortest stride [s]; 0.6 for walking, 0.45 for running.
        longest: longest stride [s]; 1.8 for walking, 1.0 for running.
        spread: a duration counts if it lies within this many robust SD of the median (robust SD: 1.4826 median
            absolute deviations) ...
        tolerance: ... or within this share of the median: a nearly periodic walk has no spread to judge by.
        gait: "walking": both feet are loaded for a while between two steps; "running": after each toe-off neither is.
    """

    skip_time: float = 0.0
    skip_strides: int = 0
    shortest: float = 0.6
    longest: float = 1.8
    spread: float = 3.0
    tolerance: float = 0.02
    gait: str = "walking"

    def __post_init__(self) -> None:
        if self.gait not in GAITS:
            raise unknown("gait", self.gait, GAITS, where="for a stride rule")
        if not 0 < self.shortest < self.longest:
            raise BadValue(
                f"The shortest stride is shorter than the longest; got {self.shortest:g} to {self.longest:g} s."
            )
        if min(self.skip_time, self.skip_strides, self.spread, self.tolerance) < 0:
            raise BadValue("skip_time, skip_strides, spread and tolerance of a stride rule are not negative.")


WALKING = CycleRule()
RUNNING = CycleRule(shortest=0.45, longest=1.0, gait="running")
RULES = {"walking": WALKING, "running": RUNNING}  # by the name that `events.recognise` gives


class Exclusion(NamedTuple):
    """A stride that was found and not used."""

    side: str
    time: float  # its heel strike [s]
    reason: str  # a key of REASONS, or the code given to `drop`
    trial: int


@dataclass(frozen=True, eq=False)
class Cycles:
    """The strides of one side of one trial that are used, and a record of those that are not.

    Attributes:
        side: "right" or "left".
        start, toe_off, end: (S,) heel strike, toe-off, next heel strike of the same foot [s].
        other_off, other_strike: (S,) toe-off and heel strike of the other foot within the stride [s]; NaN if unknown.
        trial: number of the trial.
        excluded: every stride that was found and not used, in time order.
    """

    side: str
    start: np.ndarray
    toe_off: np.ndarray
    end: np.ndarray
    other_off: np.ndarray
    other_strike: np.ndarray
    trial: int = 0
    excluded: tuple[Exclusion, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.start)
        for name in ("start", "toe_off", "end", "other_off", "other_strike"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), shape=(count,), what=name))

    def __len__(self) -> int:
        return len(self.start)

    @property
    def duration(self) -> np.ndarray:
        """(S,) heel strike to next heel strike [s]."""
        return self.end - self.start

    @property
    def stance(self) -> np.ndarray:
        """(S,) share of the stride from heel strike to toe-off."""
        return (self.toe_off - self.start) / self.duration


def choose(
    events: Events,
    other: Events | None,
    *,
    span: tuple[float, float],
    rule: CycleRule = WALKING,
    trial: int = 0,
    fall: float | None = None,
) -> Cycles:
    """The strides of one foot that fulfil the rule, and a reasoned record of the others.

    A stride begins and ends with a detected heel strike, never with an end of the record. A stride with several
    faults is recorded with the first of: incomplete, start, fall, order, duration, outlier.

    Args:
        events: of this foot.
        other: of the other foot; None where only one foot was measured, then the order is not checked.
        span: time covered by the record, or by all its signals [s].
        rule: what counts.
        trial: number of the trial.
        fall: time of the fall [s].

    Source:
        validation protocol of this package, section strides; MAD to SD factor: Leys et al., J Exp Soc Psychol 2013.
    """
    known = np.isfinite(events.heel_strike)
    strikes, lifts = events.heel_strike[known], events.toe_off[known]
    start, toe_off, end = strikes[:-1], lifts[:-1], strikes[1:]
    other_off, other_strike, ordered = _other_foot((start, toe_off, end), other, rule.gait)
    duration = end - start
    faults = {
        "incomplete": (start < span[0]) | (end > span[1]),
        "start": (start < span[0] + rule.skip_time) | (np.arange(len(start)) < rule.skip_strides),
        "fall": end > (np.inf if fall is None else fall),
        "order": ~ordered,
        "duration": (duration < rule.shortest) | (duration > rule.longest),
    }
    sound = ~np.any(list(faults.values()), axis=0)
    faults["outlier"] = sound & _far_from_median(duration, sound, rule)
    everything = Cycles(
        side=events.side,
        start=start,
        toe_off=toe_off,
        end=end,
        other_off=other_off,
        other_strike=other_strike,
        trial=trial,
        excluded=tuple(Exclusion(events.side, float(time), "incomplete", trial) for time in strikes[-1:]),
    )
    return _without(everything, faults)


def drop(cycles: Cycles, which: np.ndarray, reason: str) -> Cycles:
    """The cycles without the marked ones, which join the record with this reason code.

    Args:
        cycles: S strides.
        which: (S,) mask of the strides to leave out.
        reason: short code, e.g. "heading", "speed", "push", "floor contact".
    """
    if np.shape(which) != (len(cycles),):
        raise BadValue(f"A mask over {len(cycles)} strides has shape ({len(cycles)},); found {np.shape(which)}.")
    return _without(cycles, {reason: np.asarray(which, bool)})


def overlapping(cycles: Cycles, start: float, end: float) -> np.ndarray:
    """(S,) mask of the strides that share any time with start ... end [s]."""
    return (cycles.start < end) & (cycles.end > start)


def _without(cycles: Cycles, faults: dict[str, np.ndarray]) -> Cycles:
    marked = np.array(list(faults.values())).reshape(len(faults), len(cycles))
    codes = list(faults)
    bad = np.flatnonzero(marked.any(axis=0))
    found = [
        Exclusion(cycles.side, float(cycles.start[k]), codes[int(np.argmax(marked[:, k]))], cycles.trial) for k in bad
    ]
    keep = ~marked.any(axis=0)
    return replace(
        cycles,
        start=cycles.start[keep],
        toe_off=cycles.toe_off[keep],
        end=cycles.end[keep],
        other_off=cycles.other_off[keep],
        other_strike=cycles.other_strike[keep],
        excluded=tuple(sorted((*cycles.excluded, *found), key=lambda one: one.time)),
    )


def _other_foot(
    own: tuple[np.ndarray, np.ndarray, np.ndarray], other: Events | None, gait: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Toe-off and heel strike of the other foot in each stride (S,), and whether the order is that of the gait."""
    start, toe_off, end = own
    nothing = np.full(len(start), np.nan)
    if other is None:
        return nothing, nothing, np.isfinite(toe_off)
    off, off_count = _only_within(other.toe_off, start, end)
    strike, strike_count = _only_within(other.heel_strike, start, end)
    once = (off_count == 1) & (strike_count == 1)
    if gait == "running":
        ordered = (start < toe_off) & (toe_off < strike) & (strike < off) & (off < end)
    else:
        ordered = (start < off) & (off < strike) & (strike < toe_off) & (toe_off < end)
    return off, strike, once & ordered


def _only_within(times: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First of `times` inside each stride (NaN if there is none) and how many are inside."""
    times = np.sort(times[np.isfinite(times)])
    first, last = np.searchsorted(times, start), np.searchsorted(times, end)
    found = np.append(times, np.nan)[first]
    return np.where(last > first, found, np.nan), last - first


def _far_from_median(duration: np.ndarray, sound: np.ndarray, rule: CycleRule) -> np.ndarray:
    if not sound.any():
        return np.zeros(len(duration), bool)
    median = np.median(duration[sound])
    deviation = np.median(np.abs(duration[sound] - median))
    allowed = max(rule.spread * MAD_TO_SD * deviation, rule.tolerance * median)
    return np.abs(duration - median) > allowed
