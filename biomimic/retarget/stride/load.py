"""Who bears the weight, and with what force, where there are no plates."""

import numpy as np

from biomimic.retarget import fourier
from biomimic.retarget.cycle import GRAVITY
from biomimic.retarget.stride.options import StrideOptions


def share(phase: np.ndarray, left_strike: float, stance: float) -> np.ndarray:
    """Share of the weight on the right foot, (N,): the weight goes over smoothly while both feet are loaded.

    Args:
        phase: of the stride from right heel strike on, (N,).
        left_strike: phase of the left heel strike.
        stance: share of the stride that each foot is loaded, above a half.

    Source:
        The transfer in double support as half a cosine; how near it is to measured forces is in the tests.
    """
    onto_right = (left_strike + stance) % 1.0  # left toe-off: duration of the first double support
    onto_left = stance - left_strike
    begun = _ramp(phase, onto_right)
    return np.where(phase < left_strike, begun, 1.0 - _ramp(phase - left_strike, onto_left))


def _ramp(phase: np.ndarray, duration: float) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(phase / max(duration, 1e-6), 0.0, 1.0))


def bearable(com: np.ndarray, period: float, options: StrideOptions) -> tuple[np.ndarray, int]:
    """The centre of mass with as many harmonics as a body can bear, and their number.

    Height first: where its acceleration asks for more than `strongest` or less than `weakest` body weights, the highest
    harmonic is left out, down to two a stride (one a step), and these then are made smaller.

    Args:
        com: without the progress, (N, 3) [m], house axes.
        period: [s].
        options: limits.
    """
    mean = com.mean(axis=0)
    for kept in range(options.com, 1, -1):
        moved = fourier.smooth(com, kept)
        load = 1.0 + _second(moved[:, 2], period) / GRAVITY
        if options.weakest <= load.min() and load.max() <= options.strongest:
            return moved, kept
    ratio = min((options.strongest - 1.0) / (load.max() - 1.0), (1.0 - options.weakest) / (1.0 - load.min()))
    moved[:, 2] = mean[2] + min(1.0, ratio) * (moved[:, 2] - mean[2])
    return moved, kept


def feet(com: np.ndarray, place: np.ndarray, right: np.ndarray, period: float) -> np.ndarray:
    """Force on each foot, right x y z, left x y z, (N, 6) [body weights], that moves the centre of mass as given.

    Each foot pushes along the line from where it bears to the centre of mass, so that nothing turns the body; what is
    left of the horizontal force is shared like the weight.

    Args:
        com: centre of mass, (N, 3) [m], house axes, without the progress.
        place: where each foot bears, right x y, left x y, (N, 4) [m], without the progress.
        right: share of the weight on the right foot, (N,).
        period: [s].
    """
    total = np.column_stack([_second(com[:, axis], period) / GRAVITY for axis in range(3)]) + [0.0, 0.0, 1.0]
    parts = []
    for side, load in enumerate((right, 1.0 - right)):
        vertical = load * total[:, 2]
        along = (com[:, :2] - place[:, 2 * side : 2 * side + 2]) / com[:, 2:3]
        parts.append(np.column_stack([vertical[:, None] * along, vertical]))
    rest = total[:, :2] - parts[0][:, :2] - parts[1][:, :2]
    for part, load in zip(parts, (right, 1.0 - right)):
        part[:, :2] += load[:, None] * rest
    return np.hstack(parts)


def _second(values: np.ndarray, period: float) -> np.ndarray:
    return fourier.derivative(fourier.derivative(values, period), period)
