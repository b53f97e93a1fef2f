"""Vertical force of running: one active peak, an impact transient or none, and how fast the force rises.

Measured on the force as it was recorded, since a filter that suits a walk takes the impact away.
"""

from typing import NamedTuple

import numpy as np
from scipy.signal import find_peaks

from biomimic.errors import BadValue
from biomimic.gait.cycles import Cycles
from biomimic.gait.events import DUTY
from biomimic.gait.strides import STANDARD_GRAVITY
from biomimic.metrics.grf import LOADING, last_rise
from biomimic.metrics.per_stride import PerStride, explained
from biomimic.signals import Signals

PROMINENCE = 0.02  # [BW] least prominence of a peak
IMPACT_TIME = 0.05  # [s] after the strike in which an impact has its peak
LEAST_CUTOFF = 50.0  # [Hz] of a filter that leaves an impact as it is
LEAST_RATE = 200.0  # [Hz] of sampling: two samples in the 10 ms of the shortest rise
EARLY = 0.13  # share of the stance whose force stands in for an impact peak that is not there
SHORTEST = 5  # samples of a stance below which it has no peak

WALKS = "walking: the foot is loaded for half of the stride or longer"
MISSING = "vertical force is missing in the stance"
FEW = f"fewer than {SHORTEST} samples in the stance"
NO_IMPACT = "no impact transient: none is expected of a strike with the fore- or midfoot"


class RunningForce(NamedTuple):
    """One number per stride, (S,), with the reason where there is none."""

    active_peak: PerStride  # [BW]
    active_peak_time: PerStride  # share of the stance
    impact_peak: PerStride  # [BW] missing where there is no impact transient, which is no fault
    impact_time: PerStride  # [s] after the strike
    impact_present: PerStride  # 1 or 0; missing where the force cannot tell
    loading_rate: PerStride  # [BW/s] mean slope, 20 to 80 % of the impact peak or of the force at 13 % of stance
    steepest_loading: PerStride  # [BW/s] largest slope in the same part
    stance_time: PerStride  # [s]
    duty: PerStride  # share of the stride that the foot is loaded


class _Stance(NamedTuple):
    """Force of one stance as it was sampled, begin and end included."""

    time: np.ndarray  # (K,) [s] after the strike
    force: np.ndarray  # (K,) [BW]


def running_force(force: Signals, cycles: Cycles, mass: float, *, cutoff: float | None = None) -> RunningForce:
    """Active peak, impact transient and loading of each stride of a run.

    An impact transient is a peak within 50 ms of the strike, before the active peak; the active peak is the highest
    peak of the rest of the stance. Without a transient the loading is that up to the force at 13 % of stance. Impact
    and loading are NaN where the force was filtered below 50 Hz or sampled below 200 Hz.

    Args:
        force: vertical_<side>, unfiltered or filtered above 50 Hz [N].
        cycles: strides of one side, chosen by the rule `cycles.RUNNING`.
        mass: [kg].
        cutoff: of the filter the force went through [Hz]; None if it went through none.

    Source:
        impact peak within 50 ms: Nigg, Biomechanics of running shoes, 1986; 20 to 80 %: Milner et al., Med Sci Sports
        Exerc 38 (2006) 323-328; 13 % of stance: Willy, Pohl & Davis, North American Congress on Biomechanics, 2008;
        limits of filter and sampling: this package's protocol.
    """
    if force.unit != "N":
        raise BadValue(f'Running is measured on force in "N"; these signals are in "{force.unit}".')
    if not mass > 0:
        raise BadValue(f"Body mass is positive; got {mass:g} kg.")
    values = force.channel(f"vertical_{cycles.side}") / (mass * STANDARD_GRAVITY)
    stances = [_stance(force.time, values, start, end) for start, end in zip(cycles.start, cycles.toe_off)]
    faults = _faults(stances, cycles)
    blunt = faults | _too_smooth(force.rate, cutoff, len(cycles))
    sound = ~np.any([np.zeros(len(cycles), bool), *faults.values()], axis=0)
    found = np.array([_measure(one) if able else _NOTHING for one, able in zip(stances, sound)]).reshape(-1, 6)
    active, active_time, impact, impact_time, mean_slope, slope = found.T
    present = np.where(sound, np.isfinite(impact).astype(float), np.nan)
    absent = blunt | {NO_IMPACT: present == 0}
    stance_time = cycles.toe_off - cycles.start
    walks = {WALKS: faults[WALKS]}
    return RunningForce(
        active_peak=explained(active, faults),
        active_peak_time=explained(active_time / stance_time, faults),
        impact_peak=explained(impact, absent),
        impact_time=explained(impact_time, absent),
        impact_present=explained(present, blunt),
        loading_rate=explained(mean_slope, blunt),
        steepest_loading=explained(slope, blunt),
        stance_time=explained(stance_time, walks),
        duty=explained(cycles.stance, walks),
    )


_NOTHING = (np.nan,) * 6


def _stance(time: np.ndarray, force: np.ndarray, start: float, end: float) -> _Stance:
    first, last = int(np.searchsorted(time, start, side="right")), int(np.searchsorted(time, end))
    if last <= first or start < time[0] or end > time[-1]:
        return _Stance(np.zeros(0), np.full(1, np.nan))
    ends = np.interp((start, end), time, force)
    at = np.concatenate(([start], time[first:last], [end])) - start
    return _Stance(at, np.concatenate((ends[:1], force[first:last], ends[1:])))


def _faults(stances: list[_Stance], cycles: Cycles) -> dict[str, np.ndarray]:
    return {
        WALKS: cycles.stance >= DUTY,
        MISSING: np.array([not np.isfinite(one.force).all() for one in stances], bool),
        FEW: np.array([len(one.time) < SHORTEST for one in stances], bool),
    }


def _too_smooth(rate: float, cutoff: float | None, count: int) -> dict[str, np.ndarray]:
    """Why this force cannot tell an impact, for all strides."""
    faults = {}
    if cutoff is not None and cutoff < LEAST_CUTOFF:
        faults[f"force filtered at {cutoff:g} Hz: impact and loading need {LEAST_CUTOFF:g} Hz or more"] = True
    if rate < LEAST_RATE * (1 - 1e-3):
        faults[f"force sampled at {rate:.4g} Hz: impact and loading need {LEAST_RATE:g} Hz or more"] = True
    return {reason: np.full(count, holds) for reason, holds in faults.items()}


def _measure(one: _Stance) -> tuple[float, ...]:
    """Active peak and its time, impact peak and its time, mean and largest slope of the rise."""
    active, impact = _peaks(one)
    top = one.force[impact] if impact >= 0 else float(np.interp(EARLY * one.time[-1], one.time, one.force))
    until = one.time[impact] if impact >= 0 else EARLY * one.time[-1]
    rise = _rise(one, top, until)
    impact_peak = (one.force[impact], one.time[impact]) if impact >= 0 else (np.nan, np.nan)
    return (one.force[active], one.time[active], *impact_peak, *rise)


def _peaks(one: _Stance) -> tuple[int, int]:
    """Places of the active peak and of the impact; the second is -1 where there is none."""
    peaks, _ = find_peaks(one.force, prominence=PROMINENCE)
    if len(peaks) < 2:
        return int(np.argmax(one.force)), -1
    early = peaks[one.time[peaks] <= IMPACT_TIME]
    later = peaks[one.time[peaks] > IMPACT_TIME]
    if not len(early) or not len(later):
        return int(np.argmax(one.force)), -1
    return int(later[np.argmax(one.force[later])]), int(early[np.argmax(one.force[early])])


def _rise(one: _Stance, top: float, until: float) -> tuple[float, float]:
    """Mean and largest slope between 20 and 80 % of a force that is reached at `until` [BW/s]."""
    before = one.time < until
    time, force = np.append(one.time[before], until), np.append(one.force[before], top)
    ends = [last_rise(time, force, share * top) for share in LOADING]
    if not ends[0] < ends[1]:
        return float("nan"), float("nan")
    slope = np.diff(force) / np.diff(time)
    middle = 0.5 * (time[1:] + time[:-1])
    mean_slope = (LOADING[1] - LOADING[0]) * top / (ends[1] - ends[0])
    steep = slope[(middle >= ends[0]) & (middle <= ends[1])]
    return mean_slope, float(steep.max(initial=mean_slope))
