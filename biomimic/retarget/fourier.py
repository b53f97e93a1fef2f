"""Periodic functions sampled over one cycle: smoothing, derivatives, integrals, and a basis to fit in."""

import numpy as np

from biomimic.errors import BadValue


def smooth(values: np.ndarray, harmonics: int, *, count: int | None = None) -> np.ndarray:
    """The mean and the first harmonics of a cycle, at `count` samples (as many as before if None), (T, ...)."""
    count = len(values) if count is None else count
    if 2 * harmonics >= min(count, len(values)):
        raise BadValue(f"{harmonics} harmonics need more than {2 * harmonics} samples of a cycle.")
    content = np.fft.rfft(values, axis=0)[: harmonics + 1]
    return np.fft.irfft(content, n=count, axis=0) * (count / len(values))


def derivative(values: np.ndarray, period: float) -> np.ndarray:
    """Time derivative of a cycle, exact for what its samples can hold, (T, ...)."""
    content = np.fft.rfft(values, axis=0)
    if len(values) % 2 == 0:
        content[-1] = 0.0  # the highest harmonic of an even number of samples has no derivative at them
    factor = 2j * np.pi * np.arange(len(content)) / period
    return np.fft.irfft(content * _column(factor, values), n=len(values), axis=0)


def integrate_twice(acceleration: np.ndarray, period: float, harmonics: int) -> np.ndarray:
    """Periodic displacement of zero mean with this acceleration, whose mean is left out, (T, ...).

    Source:
        Integration of ground forces to the motion of the centre of mass: Cavagna, J Appl Physiol 39 (1975) 174-179;
        the periodicity of the stride replaces the constants of integration.
    """
    content = np.fft.rfft(acceleration, axis=0)
    factor = np.zeros(len(content))
    turning = 2.0 * np.pi * np.arange(1, harmonics + 1) / period
    factor[1 : harmonics + 1] = -1.0 / turning**2
    return np.fft.irfft(content * _column(factor, acceleration), n=len(acceleration), axis=0)


def pendulum(support: np.ndarray, period: float, rate: float) -> np.ndarray:
    """The periodic solution of y'' = rate^2 (y - support), (T,).

    Args:
        support: where the weight is borne, (T,) [m].
        period: [s].
        rate: sqrt(gravity / height of the centre of mass) [1/s].

    Source:
        Linear inverted pendulum: Kajita et al., IROS 2001; periodic, so the diverging part has to vanish.
    """
    content = np.fft.rfft(support)
    turning = 2.0 * np.pi * np.arange(len(content)) / period
    return np.fft.irfft(content * rate**2 / (rate**2 + turning**2), n=len(support))


def basis(count: int, harmonics: int) -> np.ndarray:
    """1, cos, sin, cos 2, sin 2, … over one cycle, (count, 2 harmonics + 1)."""
    angle = 2.0 * np.pi * np.arange(count) / count
    columns = [np.ones(count)]
    for k in range(1, harmonics + 1):
        columns += [np.cos(k * angle), np.sin(k * angle)]
    return np.column_stack(columns)


def _column(factor: np.ndarray, like: np.ndarray) -> np.ndarray:
    return factor.reshape(-1, *(1,) * (like.ndim - 1))
