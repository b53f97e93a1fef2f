"""Co-contraction of antagonists, by stance and swing: how much muscles work against each other.

Each muscle is first divided by the peak of its mean curve over the stride, for activation and EMG alike; absolute
co-contraction cannot be compared between the two.
"""

import numpy as np

from biomimic.errors import BadValue, unknown
from biomimic.gait.strides import POINTS, Strides
from biomimic.metrics.activation import is_silent, relative_to_peak
from biomimic.metrics.estimate import NONE, Estimate, Resampling, mean, measured, undefined

PAIRS = (  # of the muscles that surface electrodes reach
    ("tibialis_anterior", "soleus"),
    ("tibialis_anterior", "gastrocnemius"),
    ("vastus_lateralis", "biceps_femoris"),
    ("vastus_medialis", "medial_hamstrings"),
    ("rectus_femoris", "biceps_femoris"),
    ("rectus_femoris", "medial_hamstrings"),
    ("rectus_femoris", "gluteus_maximus"),
)
PARTS = ("stride", "stance", "swing")


def falconer_winter(first: np.ndarray, second: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
    """Twice the common area of two activity curves over the sum of their areas, (..., T) -> (...) [%].

    Args:
        first, second: activity, (..., T), not negative.
        where: samples that count, (..., T); None: all.

    Source:
        Falconer & Winter, Electromyogr Clin Neurophysiol 25 (1985) 135-149.
    """
    common = np.sum(np.minimum(first, second), axis=-1, where=True if where is None else where)
    total = np.sum(first + second, axis=-1, where=True if where is None else where)
    return 100.0 * np.divide(2.0 * common, total, out=np.full(np.shape(total), np.nan), where=total > 0)


def rudolph(first: np.ndarray, second: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
    """Mean of lower / higher x (lower + higher) of two activity curves, (..., T) -> (...), 0 to 2.

    Args:
        first, second: activity, (..., T), not negative.
        where: samples that count, (..., T); None: all.

    Source:
        Rudolph, Axe & Snyder-Mackler, Knee Surg Sports Traumatol Arthrosc 8 (2000) 262-269.
    """
    low, high = np.minimum(first, second), np.maximum(first, second)
    share = np.divide(low, high, out=np.zeros(np.shape(high)), where=high > 0)
    counted = np.ones(np.shape(high), bool) if where is None else where
    count = counted.sum(axis=-1)
    total = np.sum(share * (low + high), axis=-1, where=counted)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)


INDICES = {"falconer_winter": (falconer_winter, "%"), "rudolph": (rudolph, "1")}


def cocontraction(
    strides: Strides,
    pair: tuple[str, str],
    resampling: Resampling,
    *,
    index: str = "falconer_winter",
    part: str = "stride",
) -> Estimate:
    """Mean over strides of a co-contraction index of two antagonists.

    NaN with the reason when one of them is silent. Strides without toe-off are left out of stance and swing.

    Args:
        strides: activation over the whole stride; a person's EMG relative to its peak (`relative_to_peak`, silent=0).
        pair: two channels.
        resampling: draws, level and seed.
        index: "falconer_winter" [%] or "rudolph" [1].
        part: "stride", "stance" or "swing".

    Raises:
        UnknownName: no such channel, index or part.
    """
    if index not in INDICES:
        raise unknown("co-contraction index", index, INDICES)
    if part not in PARTS:
        raise unknown("part of the stride", part, PARTS)
    if strides.phase != "stride":
        raise BadValue(f'Co-contraction is measured over whole strides; these span a "{strides.phase}".')
    function, unit = INDICES[index]
    both = strides.select(pair)
    trial = both.trial
    for name in pair:
        rows, trial = measured(both, name)
        if not len(rows):
            return undefined(NONE, trial, resampling, unit)
        if is_silent(both, name):
            return undefined(f"{name} is silent: it has no co-contraction", trial, resampling, unit)
    first, second = np.moveaxis(relative_to_peak(both).values[:, :-1], -1, 0)  # (S, 100) each
    each = function(np.maximum(first, 0.0), np.maximum(second, 0.0), _where(both, part))
    known = np.isfinite(both.values).all(axis=(1, 2))
    return mean(np.where(known, each, np.nan), both.trial, resampling, unit)


def _where(strides: Strides, part: str) -> np.ndarray:
    """Samples of each stride that lie in a part of it, (S, 100); none where toe-off is not known."""
    share = np.linspace(0.0, 1.0, POINTS)[:-1]
    if part == "stride":
        return np.ones((len(strides), POINTS - 1), bool)
    stance = strides.stance[:, None]
    return share < stance if part == "stance" else share >= stance
