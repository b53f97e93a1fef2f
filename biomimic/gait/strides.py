"""Strides of one side and their summary: the form in which measured and simulated walking meet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from biomimic.errors import BadValue, UnknownName
from biomimic.provenance import Provenance

POINTS = 101  # 0 ... 100 % inclusive
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
        object.__setattr__(self, "values", _frozen(self.values))
        object.__setattr__(self, "duration", _frozen(self.duration))
        object.__setattr__(self, "stance", _frozen(self.stance))
        object.__setattr__(self, "trial", _frozen(self.trial, int))
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
        measured = np.isfinite(self.values)
        count = measured.sum(axis=0)  # (101, C)
        total = np.where(measured, self.values, 0.0).sum(axis=0)
        mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
        square = np.where(measured, (self.values - mean) ** 2, 0.0).sum(axis=0)
        sd = np.sqrt(np.divide(square, count - 1, out=np.full(count.shape, np.nan), where=count > 1))
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
        object.__setattr__(self, "mean", _frozen(self.mean))
        _check_names(self.names, "Curves")
        _check_phase(self.phase, "Curves")
        wanted = (POINTS, len(self.names))
        if self.mean.shape != wanted:
            raise BadValue(f"Curves of {len(self.names)} channels need a mean of shape {wanted}; found {self.mean.shape}.")
        if self.of not in UNITS_OF_COUNT:
            raise BadValue(f'Curves count "subjects", "trials" or "strides", not "{self.of}".')
        if self.n < 0 or (self.n <= 1 and self.sd is not None):
            raise BadValue(f"Curves with n = {self.n} have no standard deviation: give sd = None or the right n.")
        if self.sd is None:
            return
        object.__setattr__(self, "sd", _frozen(self.sd))
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


def _frozen(values: np.ndarray, kind: type = float) -> np.ndarray:
    array = np.array(values, dtype=kind)
    array.flags.writeable = False
    return array


def _check_names(names: tuple[str, ...], what: str) -> None:
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise BadValue(f"{what} name each channel once; found twice: {', '.join(twice)}.")


def _check_phase(phase: str, what: str) -> None:
    if phase not in PHASES:
        raise BadValue(f'{what} span a "stride" or a "stance", not "{phase}".')


def _index(names: tuple[str, ...], name: str, where: str) -> int:
    if name not in names:
        raise UnknownName(f'No channel "{name}" in {where}. It has: {", ".join(names[:10])}.')
    return names.index(name)
