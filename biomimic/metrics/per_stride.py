"""One number per stride, and why it is missing where it is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.metrics.estimate import Estimate, Resampling, mean

UNDEFINED = "not defined in this stride"


class PerStride(NamedTuple):
    """A figure of S strides."""

    values: np.ndarray  # (S,), NaN where it is not defined or was not measured
    reasons: tuple[str, ...]  # (S,), empty where there is a value


def explained(values: np.ndarray, faults: Mapping[str, np.ndarray]) -> PerStride:
    """The values with the first fault of each stride as its reason; a stride with a fault has no value.

    Args:
        values: (S,).
        faults: reason → (S,) mask, or one truth for all strides; a NaN without any fault is not defined.
    """
    values = np.array(values, float)
    reasons = np.full(values.shape, "", dtype=object)
    for reason, mask in faults.items():
        reasons[np.broadcast_to(mask, values.shape) & (reasons == "")] = reason
    values[reasons != ""] = np.nan
    reasons[np.isnan(values) & (reasons == "")] = UNDEFINED
    return PerStride(values, tuple(str(reason) for reason in reasons))


def averaged(figure: PerStride, trial: np.ndarray, resampling: Resampling, unit: str) -> Estimate:
    """Mean over the strides that have a value; if none has one, the note says why, the most frequent reason first.

    Args:
        figure: of S strides.
        trial: (S,) number of the trial.
        resampling: draws, level and seed.
        unit: of the values.
    """
    if len(trial) != len(figure.values):
        raise BadValue(f"{len(figure.values)} strides need one trial number each; found {len(trial)}.")
    found = mean(figure.values, trial, resampling, unit)
    if not figure.reasons or "" in figure.reasons:
        return found
    reasons = sorted(set(figure.reasons), key=lambda reason: (-figure.reasons.count(reason), reason))
    return replace(found, note="; ".join(reasons))
