"""One whole stride out of a record that begins and ends in the middle of one."""

import numpy as np

from biomimic.errors import NotEnoughData
from biomimic.signals import Signals


def fold(signals: Signals, *, start: float, period: float) -> Signals:
    """The record laid onto one cycle: what was seen a whole period earlier or later fills what is missing.

    Where the record covers a phase twice, both passes are cross-faded linearly, each with a weight that grows with its
    distance from its end of the record, so the cycle has no step where one pass takes over from the other.

    Args:
        signals: regular in time, without gaps, and at least one period long, (T, C).
        start: begin of the cycle, e.g. a heel strike; may lie outside the record [s].
        period: [s].

    Returns:
        Signals from `start` to `start + period` inclusive; the first and the last row are equal.

    Raises:
        NotEnoughData: the record is shorter than a period.
    """
    first, last = signals.time[0], signals.time[-1]
    if last - first < period:
        raise NotEnoughData(
            f"A cycle of {period:.4g} s was asked of a record from {first:.4g} to {last:.4g} s, which is shorter. "
            "Use a record of at least one period."
        )
    count = int(round(period * signals.rate))
    time = start + period * np.arange(count + 1) / count
    passes = np.arange(np.floor((first - start) / period) - 1, np.ceil((last - start) / period) + 1)
    total, weight = np.zeros((count + 1, len(signals.names))), np.zeros(count + 1)
    for number in passes:
        at = time + number * period
        share = np.clip(np.minimum(at - first, last - at), 0.0, None)
        copy = np.column_stack([np.interp(at, signals.time, column) for column in signals.values.T])
        total += share[:, None] * copy
        weight += share
    values = total / weight[:, None]
    values[-1] = values[0]
    return Signals(time, values, signals.names, signals.unit)
