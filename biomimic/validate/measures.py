"""Names of measures → the functions that make them: the one table of what can be compared with a human curve."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from biomimic.gait.strides import Curves, Strides
from biomimic.metrics import activation, bursts, grf, kinetics, power, profile, waveform
from biomimic.metrics.estimate import Estimate, Resampling
from biomimic.metrics.per_stride import PerStride, averaged
from biomimic.validate.protocol import Protocol


@dataclass(frozen=True, eq=False)
class Pair:
    """One channel of the simulated strides and of one person.

    Args:
        strides: simulated.
        human: mean curves of the person.
        rows: single strides or trials of the person.
        channel: the one compared.
        quantity: "angles", "force", "activity", "moment" or "power".
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
        function = activation.best_lag if pair.quantity == "activity" else waveform.best_lag
        found = function(pair.strides, pair.human, pair.channel, pair.resampling, max_lag=pair.protocol.max_lag_s)
        return getattr(found, part)

    return measure_lag


def _burst(part: str) -> Measure:
    """On- or offset of the main burst, later than the person's."""
    return lambda pair: getattr(bursts.timing(pair.strides, pair.human, pair.channel, pair.resampling), part)


def _peaks(part: str) -> Measure:
    return lambda pair: getattr(kinetics.peak_difference(pair.strides, pair.human, pair.channel, pair.resampling), part)


Figures = Callable[[Strides, Protocol], PerStride]  # one number a stride


def _force(name: str) -> Figures:
    return lambda strides, protocol: grf.figure(
        strides, name, depth=protocol.valley_prominence_bw, cutoff=protocol.filters.force_hz
    )


def _power(name: str) -> Figures:
    return lambda strides, _: power.burst(strides, name)


# measures of one number a stride, which a person's own strides have as well: name → (figures, unit)
EACH: dict[str, tuple[Figures, str]] = {
    "double_peak_share": (_force("double_peak_share"), "1"),
    "first_peak": (_force("first_peak"), "BW"),
    "first_peak_time": (_force("first_peak_time"), "1"),
    "valley": (_force("valley"), "BW"),
    "valley_time": (_force("valley_time"), "1"),
    "second_peak": (_force("second_peak"), "BW"),
    "second_peak_time": (_force("second_peak_time"), "1"),
    "depth_index": (_force("depth_index"), "BW"),
    "vertical_impulse": (_force("vertical_impulse"), "BW s"),
    "loading_rate": (_force("loading_rate"), "BW/s"),
    "steepest_loading": (_force("steepest_loading"), "BW/s"),
    "braking_peak": (_force("braking_peak"), "BW"),
    "propulsion_peak": (_force("propulsion_peak"), "BW"),
    "braking_impulse": (_force("braking_impulse"), "BW s"),
    "propulsion_impulse": (_force("propulsion_impulse"), "BW s"),
    "net_impulse_share": (_force("net_impulse_share"), "1"),
    "outward_peak": (_force("outward_peak"), "BW"),
    "inward_peak": (_force("inward_peak"), "BW"),
    **{f"burst_{name}": (_power(name), "W/kg") for name in power.BURSTS},
}


def _each(figures: Figures, unit: str) -> Measure:
    """A number per stride; its mean over the strides."""
    return lambda pair: averaged(figures(pair.strides, pair.protocol), pair.strides.trial, pair.resampling, unit)


# differences whose size between people is their ceiling, and shares whose mean between people is
BETWEEN = {
    **dict.fromkeys(("offset", "best_lag", "onset", "onset_time", "burst_end", "burst_end_time"), abs),
    **dict.fromkeys(("centre_difference", "highest_difference", "lowest_difference"), abs),
    **dict.fromkeys(("overlap", "gait_variable_score"), float),
}

# a measure comes in with one line here
METRICS: dict[str, Measure] = {
    "correlation": _correlation,
    "rmse": _curve(waveform.rmse),
    "rmse_without_offset": _curve(waveform.rmse_without_offset),
    "rmse_in_sd": _curve(waveform.rmse_in_sd),
    "offset": _curve(waveform.offset),
    "gain": _curve(waveform.gain),
    "intercept": _curve(waveform.intercept),
    "cmc": lambda pair: waveform.cmc(pair.strides, pair.channel, pair.resampling),
    "best_correlation": _lagged("correlation"),
    "best_lag": _lagged("lag"),
    "gait_variable_score": _curve(profile.gait_variable_score),
    "onset": _burst("onset"),
    "onset_time": _burst("onset_time"),
    "burst_end": _burst("offset"),
    "burst_end_time": _burst("offset_time"),
    "overlap": _curve(activation.overlap),
    "centre_difference": _curve(bursts.centre_difference),
    "peak_ratio": _curve(kinetics.peak_ratio),
    "highest_difference": _peaks("highest"),
    "lowest_difference": _peaks("lowest"),
    **{name: _each(figures, unit) for name, (figures, unit) in EACH.items()},
}
