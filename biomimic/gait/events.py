"""Heel strikes and toe-offs: from vertical force, or from positions where there is no force."""

from typing import NamedTuple

import numpy as np
from scipy.signal import find_peaks

from biomimic.errors import BadValue, NotEnoughData
from biomimic.signals import Signals

STILL = 0.5  # [m] a pelvis that moves less than this has no heading of its own (treadmill)
SWING_SHARE = 0.3  # a heel or toe excursion counts if it is this share of the whole range
DUTY = 0.5  # share of the stride on one foot above which a gait walks and below which it runs
IN_THE_AIR = 0.01  # share of the time without any foot on the ground that is more than the error of two events
STRIDE_SHARE = 0.6  # of the median stride: least distance between two events of one foot (Zeni 2008)


class Events(NamedTuple):
    """Contacts of one foot in time order: contact k lasts from heel_strike[k] to toe_off[k] [s].

    The first heel strike is NaN if the record begins with the foot loaded, the last toe-off if it ends so.
    """

    side: str
    heel_strike: np.ndarray  # (K,)
    toe_off: np.ndarray  # (K,)


class Agreement(NamedTuple):
    """How far two methods disagree about the events of one foot [s]."""

    heel_strike: float  # median absolute difference
    heel_strike_95: float  # 95th percentile
    toe_off: float
    toe_off_95: float
    matched: int  # events found by both
    missed: int  # events found by one only


class Gait(NamedTuple):
    """What a record shows: walking, running, or neither."""

    name: str  # "walking", "running", or "" with the reason in `note`
    duty: float  # median share of the stride that a foot is loaded
    flight: float  # share of the time in which neither foot is
    note: str = ""


def detect(
    force: Signals,
    *,
    side: str,
    threshold: float = 20.0,
    min_stance: float = 0.08,
    max_gap: float = 0.04,
    min_peak: float = 0.0,
) -> Events:
    """Heel strikes and toe-offs of one foot from its vertical force.

    A contact begins when the force rises through the threshold and ends when it falls below it, both times by linear
    interpolation between samples. Gaps shorter than `max_gap` are closed, then contacts shorter than `min_stance`
    or with a peak under `min_peak` are dropped, unless the record cuts them off and nobody can know.

    Args:
        force: channel `vertical_<side>` is used, (T, C) [N]; filter it at 20 Hz or more, 6 Hz moves the events.
        side: "right" or "left".
        threshold: [N].
        min_stance: shortest contact [s].
        max_gap: longest interruption of one contact [s].
        min_peak: least peak force of a stance [N]; 0.6 body weights for walking.

    Returns:
        Events; empty if the foot never loads.

    Raises:
        UnknownName: `force` has no channel for this side.
        BadValue: force in another unit than newtons, or missing samples.

    Source:
        20 N: usual for walking on plates (Zeni, Richards, Higginson, Gait & Posture 2008);
        the gap, contact and peak rules are those of this package.
    """
    if force.unit != "N":
        raise BadValue(f'Events are detected on force in "N"; these signals are in "{force.unit}".')
    vertical = force.channel(f"vertical_{side}")
    if np.isnan(vertical).any():
        first = force.time[np.argmax(np.isnan(vertical))]
        raise BadValue(
            f"vertical_{side} is missing in {np.isnan(vertical).sum()} samples, first at {first:.6g} s; events need "
            "all of them. Use Signals.between to leave that part out."
        )
    start, end = _crossings(force.time, vertical, threshold)
    first, last = force.time[0], force.time[-1]
    apart = start[1:] - end[:-1] >= max_gap
    start = np.concatenate((start[:1], start[1:][apart]))
    end = np.concatenate((end[:-1][apart], end[-1:]))
    begin, finish = np.nan_to_num(start, nan=first), np.nan_to_num(end, nan=last)
    sound = (finish - begin >= min_stance) & (_peaks(force.time, vertical, begin, finish) >= min_peak)
    keep = sound | np.isnan(start) | np.isnan(end)
    return Events(side=side, heel_strike=start[keep], toe_off=end[keep])


def detect_from_positions(position: Signals, *, side: str) -> Events:
    """Heel strikes and toe-offs of one foot from the heel and toe relative to the pelvis, for records without force.

    Heel strike is where the heel is furthest ahead of the pelvis, toe-off where the toe is furthest behind it, along
    the direction in which the pelvis travels over the record (house x where it stays in place, as on a treadmill).
    Extrema are refined by a parabola through three samples.

    Args:
        position: channels pelvis_x, pelvis_y, heel_<side>_x, heel_<side>_y, toe_<side>_x, toe_<side>_y [m].
        side: "right" or "left".

    Returns:
        Events in alternating order: a heel strike without a toe-off before the next one is dropped, and conversely.

    Source:
        Zeni, Richards, Higginson, Gait & Posture 27 (2008) 710-714, doi:10.1016/j.gaitpost.2007.07.007.
    """
    pelvis = _horizontal(position, "pelvis")
    travel = pelvis[-1] - pelvis[0]
    forward = travel / np.linalg.norm(travel) if np.linalg.norm(travel) > STILL else np.array([1.0, 0.0])
    heel = (_horizontal(position, f"heel_{side}") - pelvis) @ forward
    toe = (_horizontal(position, f"toe_{side}") - pelvis) @ forward
    strikes = _peak_times(position.time, heel)
    lifts = _peak_times(position.time, -toe)
    following = np.searchsorted(lifts, strikes)  # the toe-off after each heel strike
    until = np.append(strikes[1:], np.inf)
    lift = np.append(lifts, np.nan)[following]  # NaN after the last one
    paired = (lift < until) | (np.isnan(lift) & np.isinf(until))
    earlier = lifts[: following[0]][-1:] if len(strikes) else lifts[:0]  # ends a contact that began before the record
    return Events(
        side=side,
        heel_strike=np.concatenate((np.full(len(earlier), np.nan), strikes[paired])),
        toe_off=np.concatenate((earlier, lift[paired])),
    )


def agreement(first: Events, second: Events, *, window: float = 0.2) -> Agreement:
    """Disagreement between two sets of events of the same foot.

    Each event of `first` meets the nearest one of `second`; further than `window` apart counts as missed.

    Args:
        first: e.g. from force.
        second: e.g. from positions.
        window: [s], well under half a step.
    """
    strikes = _nearest(first.heel_strike, second.heel_strike, window)
    lifts = _nearest(first.toe_off, second.toe_off, window)
    events = sum(np.isfinite(times).sum() for times in (*first[1:], *second[1:]))
    matched = len(strikes) + len(lifts)
    return Agreement(
        heel_strike=_percentile(strikes, 50),
        heel_strike_95=_percentile(strikes, 95),
        toe_off=_percentile(lifts, 50),
        toe_off_95=_percentile(lifts, 95),
        matched=matched,
        missed=int(events - 2 * matched),
    )


def recognise(right: Events, left: Events) -> Gait:
    """Whether the feet walk or run: running loads each for less than half of its stride, with flight between them.

    Args:
        right: contacts of the right foot.
        left: contacts of the left foot, of the same record.

    Returns:
        Gait; its name is empty where there is no whole stride of either foot, or where duty and flight disagree, as
        they do if a foot steps beside the force plate.

    Source:
        Alexander & Jayes, J Zool 185 (1978) 27-40: duty factor above 0.5 in walking, below 0.5 in running.
    """
    strikes = [one.heel_strike[np.isfinite(one.heel_strike)] for one in (right, left)]
    if max(len(times) for times in strikes) < 2 or min(len(one.heel_strike) for one in (right, left)) < 1:
        return Gait(
            "", float("nan"), float("nan"), "there is no whole stride of one foot beside a contact of the other"
        )
    longer = max(strikes, key=len)
    parts = [_duties(one) for one in (right, left)]
    duty = float(np.median(np.concatenate(parts)))
    flight = 1.0 - _loaded((right, left), float(longer[0]), float(longer[-1])) / float(longer[-1] - longer[0])
    airborne = flight > IN_THE_AIR
    if airborne == (duty < DUTY):
        return Gait("running" if airborne else "walking", duty, flight)
    found = f"each foot is loaded for {100 * duty:.0f} % of its stride and neither foot for {100 * flight:.0f} % of it"
    return Gait("", duty, flight, f"neither walking nor running: {found}")


def _duties(events: Events) -> np.ndarray:
    """Share of each whole stride that the foot is loaded."""
    known = np.isfinite(events.heel_strike)
    strikes, lifts = events.heel_strike[known], events.toe_off[known]
    return (lifts[:-1] - strikes[:-1]) / np.diff(strikes)


def _loaded(feet: tuple[Events, ...], start: float, end: float) -> float:
    """Time between start and end in which at least one foot is loaded [s]."""
    begin = np.concatenate([np.nan_to_num(one.heel_strike, nan=start) for one in feet])
    finish = np.concatenate([np.nan_to_num(one.toe_off, nan=end) for one in feet])
    order = np.argsort(begin)
    total, until = 0.0, start
    for first, last in zip(begin[order], finish[order]):
        first, last = max(float(first), until), min(float(last), end)
        total += max(last - first, 0.0)
        until = max(until, last)
    return total


def _crossings(time: np.ndarray, values: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Times at which each loaded run begins and ends [s]; NaN where the record cuts it off."""
    loaded = values >= threshold
    rise = np.flatnonzero(~loaded[:-1] & loaded[1:])
    fall = np.flatnonzero(loaded[:-1] & ~loaded[1:])
    start, end = (_between(time, values, index, threshold) for index in (rise, fall))
    if loaded.size and loaded[0]:
        start = np.concatenate(([np.nan], start))
    if loaded.size and loaded[-1]:
        end = np.concatenate((end, [np.nan]))
    return start, end


def _between(time: np.ndarray, values: np.ndarray, index: np.ndarray, threshold: float) -> np.ndarray:
    """Linear interpolation of the crossing between samples `index` and `index + 1`."""
    share = (threshold - values[index]) / (values[index + 1] - values[index])
    return time[index] + share * (time[index + 1] - time[index])


def _peaks(time: np.ndarray, values: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Largest sample between each start and end."""
    first, last = np.searchsorted(time, start), np.searchsorted(time, end, side="right")
    return np.array([values[a:b].max(initial=-np.inf) for a, b in zip(first, last)])


def _horizontal(position: Signals, point: str) -> np.ndarray:
    """(T, 2) horizontal position of a point [m]."""
    return np.column_stack([position.channel(f"{point}_x"), position.channel(f"{point}_y")])


def _peak_times(time: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Times of the large maxima, no closer than 0.6 of their median distance."""
    if len(values) < 3 or np.isnan(values).any():
        raise NotEnoughData("Events from positions need at least three samples of pelvis, heel and toe without gaps.")
    prominence = max(SWING_SHARE * np.ptp(values), np.finfo(float).tiny)
    peaks, _ = find_peaks(values, prominence=prominence)
    if len(peaks) > 2:
        distance = max(1, int(STRIDE_SHARE * np.median(np.diff(peaks))))
        peaks, _ = find_peaks(values, prominence=prominence, distance=distance)
    before, at, after = values[peaks - 1], values[peaks], values[peaks + 1]
    bend = before - 2 * at + after
    shift = np.divide(0.5 * (before - after), bend, out=np.zeros(len(peaks)), where=bend != 0)
    return time[peaks] + shift * (time[peaks + 1] - time[peaks])


def _nearest(first: np.ndarray, second: np.ndarray, window: float) -> np.ndarray:
    """Distance of each event of `first` to the nearest of `second`, those within the window."""
    first, second = first[np.isfinite(first)], second[np.isfinite(second)]
    if not len(first) or not len(second):
        return np.zeros(0)
    distance = np.abs(first[:, None] - second[None, :]).min(axis=1)
    return distance[distance <= window]


def _percentile(values: np.ndarray, percent: float) -> float:
    return float(np.percentile(values, percent)) if len(values) else float("nan")
