"""Zero-lag Butterworth filters whose order and cut-off are those of the result, and EMG envelopes."""

import numpy as np
from scipy import signal

from biomimic.errors import BadValue, NotEnoughData
from biomimic.signals import Signals

JITTER = 1e-3  # share of a sample step by which a regular record may deviate
SHORTEST = 3  # a stretch is filtered if it has more than SHORTEST * order samples


def correction(order: int) -> float:
    """Factor between the design and the resulting -3 dB frequency of a filter run forward and backward.

    Two passes of order `order`/2 multiply the gains, so each pass may only lose half of the 3 dB:
    (sqrt(2) - 1)^(1/order), 0.8022433 for the usual resulting order 4.

    Source:
        Winter, Biomechanics and motor control of human movement, 4th ed. 2009, section 3.4.4.
    """
    return (np.sqrt(2.0) - 1.0) ** (1.0 / order)


def low_pass(signals: Signals, *, order: int, cutoff: float) -> Signals:
    """The signals without what is faster than `cutoff`, zero lag.

    `order` and `cutoff` are those of the result of both passes: order 4 is a second-order design run forward and
    back, and the gain at `cutoff` is 0.7071. The correction is applied to the pre-warped frequency. The ends are
    padded by odd reflection over at least 1 s and 3 periods of the cut-off (or the whole record if it is shorter).
    Missing values stay missing: each stretch between them is filtered by itself, and a stretch of no more than
    3 * order samples becomes NaN.

    Args:
        signals: regular in time, (T, C).
        order: resulting order, even.
        cutoff: resulting -3 dB point [Hz].

    Raises:
        BadValue: odd order, cut-off outside 0 ... half the sampling rate, or irregular sampling.
        NotEnoughData: fewer samples than the filter needs.
    """
    return _filtered(signals, order, cutoff, "lowpass")


def high_pass(signals: Signals, *, order: int, cutoff: float) -> Signals:
    """The signals without what is slower than `cutoff`, zero lag; arguments and gaps as in `low_pass`."""
    return _filtered(signals, order, cutoff, "highpass")


def rectify(signals: Signals) -> Signals:
    """Full-wave rectified signals."""
    return signals.with_values(np.abs(signals.values))


def envelope(signals: Signals, *, order: int = 4, cutoff: float = 6.0) -> Signals:
    """Rectified and low-passed signals: the form in which EMG and activation are compared.

    A muscle activation is not negative, so for it this is the same low-pass filter. Raw EMG is band-passed first
    (`high_pass` at 20 Hz, `low_pass` at 450 Hz); an envelope that is filtered again is only made smoother.

    Args:
        signals: raw or band-passed EMG, or activation, (T, C).
        order: resulting order, even.
        cutoff: resulting -3 dB point [Hz].
    """
    return low_pass(rectify(signals), order=order, cutoff=cutoff)


def regular(signals: Signals, *, rate: float | None = None) -> Signals:
    """The signals at equal time steps, by linear interpolation.

    For records whose printed times are rounded (0.0017, 0.0033, 0.005 s) or that have to meet another rate.

    Args:
        signals: (T, C).
        rate: [Hz]; by default the mean rate of the record.
    """
    rate = signals.rate if rate is None else rate
    if rate <= 0:
        raise BadValue(f"A sampling rate is positive; got {rate:g} Hz.")
    first, last = signals.time[0], signals.time[-1]
    count = int(np.floor((last - first) * rate + 1e-6)) + 1
    time = first + np.arange(count) / rate
    values = np.column_stack([np.interp(time, signals.time, column) for column in signals.values.T])
    return Signals(time=time, values=values, names=signals.names, unit=signals.unit)


def is_regular(signals: Signals) -> bool:
    """Whether the time steps are equal enough for a filter."""
    steps = np.diff(signals.time)
    return len(steps) > 0 and bool(np.abs(steps - steps.mean()).max() <= JITTER * steps.mean())


def _filtered(signals: Signals, order: int, cutoff: float, kind: str) -> Signals:
    rate = _regular_rate(signals)
    if order < 2 or order % 2:
        raise BadValue(f"A zero-lag filter has an even resulting order (each pass is half of it); got {order}. Use 4.")
    if not 0 < cutoff < rate / 2:
        raise BadValue(
            f"A cut-off of {cutoff:g} Hz does not fit signals sampled at {rate:g} Hz: "
            f"it lies between 0 and {rate / 2:g} Hz."
        )
    factor = correction(order)
    warped = np.tan(np.pi * cutoff / rate) / (factor if kind == "lowpass" else 1.0 / factor)
    sections = signal.butter(order // 2, 2.0 / np.pi * np.arctan(warped), btype=kind, output="sos")
    pad = int(np.ceil(max(1.0, 3.0 / cutoff) * rate))
    shortest = SHORTEST * order
    if len(signals) <= shortest:
        raise NotEnoughData(
            f"A filter of resulting order {order} needs more than {shortest} samples; there are {len(signals)}."
        )
    values = np.full(signals.values.shape, np.nan)
    whole = np.isfinite(signals.values).all(axis=0)
    if whole.any():
        values[:, whole] = _two_passes(sections, signals.values[:, whole], pad)
    for column in np.flatnonzero(~whole):
        for start, end in _stretches(signals.values[:, column], shortest):
            values[start:end, column] = _two_passes(sections, signals.values[start:end, column], pad)
    return signals.with_values(values)


def _two_passes(sections: np.ndarray, values: np.ndarray, pad: int) -> np.ndarray:
    return signal.sosfiltfilt(sections, values, axis=0, padtype="odd", padlen=min(pad, len(values) - 1))


def _stretches(values: np.ndarray, shortest: int) -> list[tuple[int, int]]:
    """Begin and end (exclusive) of each run of more than `shortest` finite samples."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], np.isfinite(values), [False])).astype(int)))
    return [(start, end) for start, end in zip(edges[::2], edges[1::2]) if end - start > shortest]


def _regular_rate(signals: Signals) -> float:
    """Sampling rate [Hz] of signals at equal time steps."""
    if len(signals) < 2:
        raise NotEnoughData("A filter needs more than one sample.")
    steps = np.diff(signals.time)
    if not is_regular(signals):
        raise BadValue(
            f"A filter needs equal time steps; these lie between {steps.min():.6g} and {steps.max():.6g} s. "
            "Use filters.regular first."
        )
    return 1.0 / steps.mean()
