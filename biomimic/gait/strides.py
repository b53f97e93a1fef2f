"""Strides of one side and their summary: the form in which measured and simulated walking meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator, PPoly

from biomimic import errors
from biomimic.errors import BadValue, NotEnoughData
from biomimic.gait.cycles import Cycles
from biomimic.provenance import Provenance
from biomimic.signals import Signals, frozen_array

STANDARD_GRAVITY = 9.80665  # [m/s^2] one body weight is mass times this
POINTS = 101  # 0 ... 100 % inclusive
MISSING_SHARE = 0.01  # a stride with more missing samples than this is not measured
MISSING_TIME = 0.1  # [s] nor one with a longer gap
STEADY_UNITS = ("N", "BW", "1")  # force and activity: no overshoot allowed, so PCHIP; all else cubic spline
MIRRORED = ("pelvis_list", "pelvis_rotation", "lumbar_bending", "lumbar_rotation")  # defined for the right side
SIDES = ("right", "left")
PHASES = ("stride", "stance")
UNITS_OF_COUNT = ("subjects", "trials", "strides")


@dataclass(frozen=True, eq=False)
class Strides:
    """Time-normalised strides of one quantity and one side.

    Attributes:
        side: "right" or "left".
        names: C channels, without the side: "knee_flexion".
        unit: of the values.
        values: (S, 101, C), 0 ... 100 % of `phase`; NaN where a stride could not be measured.
        duration: (S,) of the whole stride, heel strike to next heel strike [s]; NaN if unknown.
        stance: (S,) share of the stride from heel strike to toe-off, in (0, 1); NaN if unknown.
        trial: (S,) number of the trial each stride comes from.
        phase: what 0 ... 100 % spans: "stride" (heel strike to next heel strike) or "stance" (heel strike to toe-off).
    """

    side: str
    names: tuple[str, ...]
    unit: str
    values: np.ndarray
    duration: np.ndarray
    stance: np.ndarray
    trial: np.ndarray
    phase: str = "stride"

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "values", frozen_array(self.values))
        object.__setattr__(self, "duration", frozen_array(self.duration))
        object.__setattr__(self, "stance", frozen_array(self.stance))
        object.__setattr__(self, "trial", _whole(self.trial))
        if self.side not in SIDES:
            raise BadValue(f'Strides are of side "right" or "left", not "{self.side}".')
        _check_names(self.names, "Strides")
        _check_phase(self.phase, "Strides")
        count = len(self.duration) if self.duration.ndim == 1 else 0
        wanted = (count, POINTS, len(self.names))
        if self.values.shape != wanted or not self.duration.shape == self.stance.shape == self.trial.shape == (count,):
            raise BadValue(
                f"Strides with {count} durations and {len(self.names)} channels need values of shape {wanted} and "
                f"stance and trial of shape ({count},); found {self.values.shape}, {self.stance.shape} and "
                f"{self.trial.shape}."
            )
        if np.any((self.stance <= 0) | (self.stance >= 1)):
            raise BadValue(
                f"Stance is a share of the stride between 0 and 1; found {np.nanmin(self.stance):.3g} to "
                f"{np.nanmax(self.stance):.3g}. Give 0.62 for 62 %."
            )
        if np.any(self.duration <= 0):
            raise BadValue(f"A stride lasts longer than 0 s; the shortest found is {np.nanmin(self.duration):.3g} s.")

    def __len__(self) -> int:
        return len(self.duration)

    def channel(self, name: str) -> np.ndarray:
        """One channel, (S, 101)."""
        return self.values[:, :, _index(self.names, name, f"strides of the {self.side} side")]

    def select(self, names: tuple[str, ...]) -> Strides:
        """The same strides with only these channels, in this order."""
        index = [_index(self.names, name, f"strides of the {self.side} side") for name in names]
        return replace(self, names=tuple(names), values=self.values[:, :, index])

    def take(self, which: np.ndarray) -> Strides:
        """The chosen strides (numbers or a mask), in that order; a number may appear twice."""
        return replace(
            self,
            values=self.values[which],
            duration=self.duration[which],
            stance=self.stance[which],
            trial=self.trial[which],
        )

    def summary(self, provenance: Provenance | None = None) -> Curves:
        """Mean and SD over the strides, point by point, leaving NaN out; no SD when there is one stride."""
        mean, sd = _mean_and_sd(self)
        return Curves(
            names=self.names,
            unit=self.unit,
            mean=mean,
            sd=sd if len(self) > 1 else None,
            n=len(self),
            of="strides",
            provenance=provenance,
            phase=self.phase,
        )


@lru_cache(maxsize=64)  # every check and every person compared with asks for the same
def _mean_and_sd(strides: Strides) -> tuple[np.ndarray, np.ndarray]:
    """(101, C) each, NaN left out."""
    measured = np.isfinite(strides.values)
    count = measured.sum(axis=0)
    total = np.where(measured, strides.values, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    square = np.where(measured, (strides.values - mean) ** 2, 0.0).sum(axis=0)
    return mean, np.sqrt(np.divide(square, count - 1, out=np.full(count.shape, np.nan), where=count > 1))


@dataclass(frozen=True, eq=False)
class Curves:
    """Mean and spread of time-normalised curves, published or summarised from strides.

    Attributes:
        names: C channels, without the side.
        unit: of mean and sd.
        mean: (101, C), 0 ... 100 % of `phase`.
        sd: (101, C) over the n units counted by `of`; None when n is 1.
        n: how many.
        of: what n counts: "subjects", "trials" or "strides".
        provenance: where published curves come from; None for a summary of our own strides.
        phase: "stride" or "stance", as in Strides.
    """

    names: tuple[str, ...]
    unit: str
    mean: np.ndarray
    sd: np.ndarray | None
    n: int
    of: str
    provenance: Provenance | None = None
    phase: str = "stride"

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "mean", frozen_array(self.mean))
        _check_names(self.names, "Curves")
        _check_phase(self.phase, "Curves")
        wanted = (POINTS, len(self.names))
        if self.mean.shape != wanted:
            raise BadValue(
                f"Curves of {len(self.names)} channels need a mean of shape {wanted}; found {self.mean.shape}."
            )
        if self.of not in UNITS_OF_COUNT:
            raise BadValue(f'Curves count "subjects", "trials" or "strides", not "{self.of}".')
        if self.n < 0 or (self.n <= 1 and self.sd is not None):
            raise BadValue(f"Curves with n = {self.n} have no standard deviation: give sd = None or the right n.")
        if self.sd is None:
            return
        object.__setattr__(self, "sd", frozen_array(self.sd))
        if self.sd.shape != wanted or np.any(self.sd < 0):
            raise BadValue(f"The sd of Curves has shape {wanted} and is never negative; found {self.sd.shape}.")

    def channel(self, name: str) -> np.ndarray:
        """Mean of one channel, (101,)."""
        return self.mean[:, _index(self.names, name, "curves")]

    def spread(self, name: str) -> np.ndarray | None:
        """Standard deviation of one channel, (101,), or None when there is none."""
        return None if self.sd is None else self.sd[:, _index(self.names, name, "curves")]

    def select(self, names: tuple[str, ...]) -> Curves:
        """The same curves with only these channels, in this order."""
        index = [_index(self.names, name, "curves") for name in names]
        sd = None if self.sd is None else self.sd[:, index]
        return replace(self, names=tuple(names), mean=self.mean[:, index], sd=sd)


def cut(signals: Signals, cycles: Cycles, *, phase: str = "stride") -> Strides:
    """One quantity, cut into the strides of one side at the exact event times and normalised to 101 points.

    Channels of this side lose their suffix, those of the other side are left out, those without a side are kept;
    `MIRRORED` ones are negated for the left side, so that both sides can be averaged. Angles, moments and positions
    are interpolated by a cubic spline, force and activity by a monotone one (PCHIP), both over the whole record.
    A stride is NaN in a channel that does not cover it, misses more than 1 % of it, or has a gap over 100 ms.

    Args:
        signals: (T, C), filtered as a whole.
        cycles: S strides of one side.
        phase: "stride" for heel strike to next heel strike, "stance" for heel strike to toe-off.

    Returns:
        Strides (S, 101, C).
    """
    _check_phase(phase, "Strides")
    columns = {own: k for k, name in enumerate(signals.names) if (own := _own_name(name, cycles.side)) is not None}
    end = cycles.end if phase == "stride" else cycles.toe_off
    at = cycles.start[:, None] + (end - cycles.start)[:, None] * np.linspace(0.0, 1.0, POINTS)  # (S, 101)
    values = np.empty((len(cycles), POINTS, len(columns)))
    wanted = signals.values[:, list(columns.values())]
    whole = np.isfinite(wanted).all(axis=0)
    complete = tuple(k for k, known in zip(columns.values(), whole) if known)
    values[:, :, whole] = _interpolate(signals.time, wanted[:, whole], at, lambda: _through(signals, complete))
    for k in np.flatnonzero(~whole):
        values[:, :, k] = _bridge(signals.time, wanted[:, k], at, signals.unit)
    mirrored = [name.split("/")[-1] in MIRRORED for name in columns]
    if cycles.side == "left":
        values[:, :, mirrored] *= -1.0
    return Strides(
        side=cycles.side,
        names=tuple(columns),
        unit=signals.unit,
        values=values,
        duration=cycles.duration,
        stance=cycles.stance,
        trial=np.full(len(cycles), cycles.trial),
        phase=phase,
    )


def in_body_weights(strides: Strides, mass: float) -> Strides:
    """Force in body weights: divided by mass times 9.80665 m/s^2.

    Args:
        strides: force [N].
        mass: of the person or model whose force it is [kg].
    """
    if strides.unit != "N":
        raise BadValue(f'Body weights are made from force in "N"; these strides are in "{strides.unit}".')
    if not mass > 0:
        raise BadValue(f"Body mass is positive; got {mass:g} kg.")
    return replace(strides, unit="BW", values=strides.values / (mass * STANDARD_GRAVITY))


def stack(parts: Sequence[Strides]) -> Strides:
    """The strides of several trials as one, the trial numbered by its place in `parts`.

    Args:
        parts: same side, unit, channels and phase.
    """
    if not parts:
        raise NotEnoughData("There are no strides to stack; give at least one trial.")
    first = parts[0]
    for k, part in enumerate(parts):
        for what in ("side", "unit", "names", "phase"):
            if getattr(part, what) != getattr(first, what):
                raise BadValue(
                    f"Trials to stack have the same {what}; trial 0 has {getattr(first, what)}, "
                    f"trial {k} has {getattr(part, what)}."
                )
    return replace(
        first,
        values=np.concatenate([part.values for part in parts]),
        duration=np.concatenate([part.duration for part in parts]),
        stance=np.concatenate([part.stance for part in parts]),
        trial=np.concatenate([np.full(len(part), k) for k, part in enumerate(parts)]),
    )


def _own_name(name: str, side: str) -> str | None:
    """The channel's name without this side; None if it belongs to the other side."""
    other = SIDES[1 - SIDES.index(side)]
    words = name.split("_")
    if other in words:
        return None
    return "_".join(word for word in words if word != side)


@lru_cache(maxsize=2)  # stride and stance of a side go through the same one
def _through(signals: Signals, columns: tuple[int, ...]) -> PPoly:
    return _spline(signals.time, signals.values[:, columns], signals.unit)


def _spline(time: np.ndarray, values: np.ndarray, unit: str) -> PPoly:
    return (PchipInterpolator if unit in STEADY_UNITS else CubicSpline)(time, values, axis=0)


def _interpolate(time: np.ndarray, values: np.ndarray, at: np.ndarray, made: Callable[[], PPoly]) -> np.ndarray:
    """Values (T, C) at times (S, 101), by the spline through them; NaN in strides that the record does not cover."""
    result = np.full((*at.shape, values.shape[1]), np.nan)
    covered = (at[:, 0] >= time[0]) & (at[:, -1] <= time[-1]) if len(time) > 1 else np.zeros(len(at), bool)
    if covered.any() and values.shape[1]:
        result[covered] = made()(at[covered])
    return result


def _bridge(time: np.ndarray, values: np.ndarray, at: np.ndarray, unit: str) -> np.ndarray:
    """One channel with missing samples at times (S, 101); NaN in strides that miss too much."""
    known = np.isfinite(values)
    seen, there = time[known], values[known, None]
    result = _interpolate(seen, there, at, lambda: _spline(seen, there, unit))[:, :, 0]
    missing = np.concatenate(([0], np.cumsum(~known)))
    first, last = np.searchsorted(time, at[:, 0]), np.searchsorted(time, at[:, -1], side="right")
    share = (missing[last] - missing[first]) / np.maximum(last - first, 1)
    gap = np.flatnonzero(np.diff(time[known]) > MISSING_TIME)
    begin, end = time[known][gap], time[known][gap + 1]
    torn = ((begin[None, :] < at[:, -1:]) & (end[None, :] > at[:, :1])).any(axis=1)
    result[(share > MISSING_SHARE) | torn] = np.nan
    return result


def _check_names(names: tuple[str, ...], what: str) -> None:
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise BadValue(f"{what} name each channel once; found twice: {', '.join(twice)}.")


def _check_phase(phase: str, what: str) -> None:
    if phase not in PHASES:
        raise BadValue(f'{what} span a "stride" or a "stance", not "{phase}".')


def _index(names: tuple[str, ...], name: str, where: str) -> int:
    if name not in names:
        raise errors.unknown("channel", name, names, where=f"in these {where}")
    return names.index(name)


def _whole(numbers: np.ndarray) -> np.ndarray:
    array = np.array(numbers, dtype=int)
    array.flags.writeable = False
    return array
