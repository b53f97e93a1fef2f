"""Signals: named channels over time, in one unit."""

from dataclasses import dataclass, replace

import numpy as np

from biomimic import errors


def frozen_array(values: object, *, shape: tuple[int | None, ...] | None = None, what: str = "array") -> np.ndarray:
    """A read-only float64 copy, its shape checked; None in `shape` means any length.

    Raises:
        BadValue: no numbers, or another number of axes or another length than asked for.
    """
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise errors.BadValue(f"{what} must hold numbers only; something else was found in it.") from None
    if shape is not None:
        fits = array.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, array.shape))
        if not fits:
            wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
            raise errors.BadValue(f"{what} has shape {array.shape}, expected {wanted}.")
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Signals:
    """Named channels over time.

    Args:
        time: (T,) [s], strictly increasing.
        values: (T, C), finite or NaN where it could not be measured, never infinite.
        names: C unique channel names.
        unit: one unit for all channels, e.g. "rad", "N", "m/s^2", "1".
    """

    time: np.ndarray
    values: np.ndarray
    names: tuple[str, ...]
    unit: str

    def __post_init__(self) -> None:
        names = tuple(str(name) for name in self.names)
        time = frozen_array(self.time, shape=(None,), what="time")
        values = frozen_array(self.values, shape=(time.size, len(names)), what="values")
        if time.size > 1 and not np.all(np.diff(time) > 0):
            first = int(np.argmin(np.diff(time) > 0))
            raise errors.BadValue(
                f"Time must increase strictly; after {time[first]:.6g} s "
                f"comes {time[first + 1]:.6g} s (row {first + 1})."
            )
        if len(set(names)) != len(names):
            double = sorted({name for name in names if names.count(name) > 1})
            raise errors.BadValue(f"Channel names must be unique; more than once: {', '.join(double[:10])}.")
        if np.isinf(values).any():
            row, column = np.argwhere(np.isinf(values))[0]
            raise errors.BadValue(f'Channel "{names[column]}" is infinite at {time[row]:.6g} s; use NaN for missing.')
        for name, value in (("names", names), ("time", time), ("values", values)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return self.time.size

    @property
    def rate(self) -> float:
        """Samples per second, from the first and the last time [Hz]."""
        if self.time.size < 2:
            raise errors.NotEnoughData("A sampling rate needs at least two samples.")
        return float((self.time.size - 1) / (self.time[-1] - self.time[0]))

    def index(self, name: str) -> int:
        """Column of a channel.

        Raises:
            UnknownName: there is no such channel; the closest names are offered.
        """
        if name not in self.names:
            raise errors.unknown("channel", name, self.names, where=f"in these signals [{self.unit}]")
        return self.names.index(name)

    def channel(self, name: str) -> np.ndarray:
        """One channel, (T,), read-only."""
        return self.values[:, self.index(name)]

    def select(self, names: tuple[str, ...] | list[str]) -> "Signals":
        """The named channels, in the order asked for."""
        columns = [self.index(name) for name in names]
        return replace(self, values=self.values[:, columns], names=tuple(names))

    def between(self, start: float, end: float) -> "Signals":
        """The samples with start <= time <= end [s]."""
        keep = (self.time >= start) & (self.time <= end)
        return replace(self, time=self.time[keep], values=self.values[keep])

    def with_values(self, values: np.ndarray) -> "Signals":
        """The same channels and times with other values, (T, C)."""
        return replace(self, values=values)
