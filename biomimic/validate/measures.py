"""Names of measures → the functions that make them: the one table of what can be compared with a human curve."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from biomimic.gait.strides import Curves, Strides
from biomimic.metrics import activation, grf, kinetics, waveform
from biomimic.metrics.estimate import Estimate, Resampling, bootstrap, mean
from biomimic.metrics.estimate import undefined as undefined_estimate
from biomimic.validate.protocol import Protocol


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
