"""Heights that a smooth random curve rarely reaches: random field theory in one dimension, from the published formulas.

The chance that a test statistic exceeds u anywhere is 1 - exp(-E), where E = P(one point exceeds u) + resels rho(u) is
the expected number of excursions (Worsley 1996) and rho the density of upcrossings per resel. It holds for smooth
curves of normal errors; the permutation tests of `permutation` assume neither and are the default.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import optimize, stats
from scipy.special import gammaln

from biomimic.errors import BadValue

KINDS = ("Z", "t", "F", "T2", "X2")
RESEL = 4.0 * np.log(2.0)  # squared rate of change of a field whose FWHM is 1
FLAT = 1e-12  # a residual below this share of the largest is zero


class Smoothness(NamedTuple):
    """How rough the residuals are."""

    fwhm: float  # full width at half maximum of the kernel that would make noise this smooth [points]
    resels: float  # length of the curve in widths


@dataclass(frozen=True)
class Law:
    """Distribution of a test statistic at one point.

    Attributes:
        kind: "Z" (normal), "t", "F", "T2" (Hotelling) or "X2" (chi-squared).
        df: Z: (); t: (error,); F: (effect, error); T2: (components, error); X2: (degrees of freedom,).
    """

    kind: str
    df: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        counts = {"Z": 0, "t": 1, "F": 2, "T2": 2, "X2": 1}
        if self.kind not in counts:
            raise BadValue(f'A statistic is one of {", ".join(KINDS)}, not "{self.kind}".')
        if len(self.df) != counts[self.kind] or any(not df > 0 for df in self.df):
            raise BadValue(f"{self.kind} has {counts[self.kind]} positive degrees of freedom; got {self.df}.")
        if self.kind == "T2" and self.df[1] < self.df[0]:
            raise BadValue(
                f"T2 of {self.df[0]:g} components needs at least as many error degrees of freedom; it has "
                f"{self.df[1]:g}. Take more units or fewer components."
            )

    def tail(self, height: float) -> float:
        """Chance that one point exceeds a height."""
        return float(self._point().sf(height / self._scale()))

    def quantile(self, tail: float) -> float:
        """Height that one point exceeds with this chance."""
        return float(self._point().isf(tail) * self._scale())

    def upcrossings(self, height: float) -> float:
        """Expected upcrossings of a height per resel, for unit variance of the errors everywhere.

        Source:
            Worsley, Adv. Appl. Probab. 26 (1994) 13-42 (Z, t, F, X2); Cao & Worsley, Ann. Stat. 27 (1999) 925-942 (T2).
        """
        if self.kind == "Z":
            return float(np.sqrt(RESEL) / (2 * np.pi) * np.exp(-(height**2) / 2))
        if self.kind == "t":
            (error,) = self.df
            return float(np.sqrt(RESEL) / (2 * np.pi) * (1 + height**2 / error) ** (-(error - 1) / 2))
        if self.kind == "X2":
            return float(np.sqrt(RESEL / np.pi) * np.exp(_log_half(height, self.df[0]) - height / 2))
        effect, error = self.df
        if self.kind == "F":
            ratio = effect * height / error
            gammas = gammaln((error + effect - 1) / 2) - gammaln(error / 2) - gammaln(effect / 2)
            slope = -(error + effect - 2) / 2
        else:
            ratio = height / error
            gammas = gammaln((error + 1) / 2) - gammaln((error - effect + 2) / 2) - gammaln(effect / 2)
            slope = -(error - 1) / 2
        return float(np.sqrt(RESEL / np.pi) * np.exp(gammas) * ratio ** ((effect - 1) / 2) * (1 + ratio) ** slope)

    def _point(self):
        if self.kind == "Z":
            return stats.norm()
        if self.kind == "t":
            return stats.t(self.df[0])
        if self.kind == "X2":
            return stats.chi2(self.df[0])
        effect, error = self.df
        return stats.f(effect, error if self.kind == "F" else error - effect + 1)

    def _scale(self) -> float:
        """T2 is a multiple of F."""
        if self.kind != "T2":
            return 1.0
        effect, error = self.df
        return error * effect / (error - effect + 1)


def smoothness(residuals: np.ndarray) -> Smoothness:
    """Width and length in widths of curves from their residuals; several components are averaged.

    The rate of change at a point is that of the residuals there over their size there; residuals are not scaled
    before. Points where nothing varies are left out.

    Args:
        residuals: (n, Q) or (n, Q, C).

    Source:
        Kiebel et al., NeuroImage 10 (1999) 756-766, equation 4, for one dimension.
    """
    residuals = np.asarray(residuals, float)
    if residuals.shape[1] == 1:
        return Smoothness(float("nan"), 0.0)
    if residuals.ndim == 3:
        width = float(np.mean([smoothness(residuals[:, :, k]).fwhm for k in range(residuals.shape[2])]))
        return Smoothness(width, (residuals.shape[1] - 1) / width)
    size = (residuals**2).sum(axis=0)
    varies = size > FLAT**2 * size.max()
    if not varies.any():
        raise BadValue("The curves do not vary from unit to unit, so their smoothness is not defined.")
    change = (np.gradient(residuals, axis=1) ** 2).sum(axis=0)
    rate = np.sqrt(change[varies] / size[varies] / RESEL).mean()
    if rate == 0:
        raise BadValue("The residuals are constant along the curve, so it has no smoothness; test its mean instead.")
    return Smoothness(float(1.0 / rate), float((residuals.shape[1] - 1) * rate))


def expected_excursions(law: Law, height: float, resels: float) -> float:
    """Expected number of stretches above a height."""
    return law.tail(height) + resels * law.upcrossings(height)


def chance(law: Law, height: float, resels: float) -> float:
    """Chance that the statistic exceeds a height anywhere; of a single point (no resels) its own tail."""
    if resels == 0:
        return law.tail(height)
    return float(-np.expm1(-expected_excursions(law, height, resels)))


def critical_height(law: Law, alpha: float, resels: float) -> float:
    """Height that the statistic exceeds anywhere with chance alpha, one-sided.

    Args:
        law: of the statistic.
        alpha: between 0 and 1; half of it for a two-sided test of t or Z.
        resels: length of the curve in widths; 0 for a single number.
    """
    if not 0 < alpha < 1:
        raise BadValue(f"The error rate of a test lies between 0 and 1; got {alpha:g}. Give 0.05 for 5 %.")
    if resels == 0:
        return law.quantile(alpha)
    wanted = -np.log1p(-alpha)
    low = law.quantile(min(wanted, 0.999))
    high = low + max(abs(low), 1.0)
    while expected_excursions(law, high, resels) > wanted:
        high *= 2.0
    return float(optimize.brentq(lambda height: expected_excursions(law, height, resels) - wanted, low, high))


def cluster_chance(law: Law, height: float, extent: float, resels: float) -> float:
    """Chance that some stretch above a height is at least this long, one-sided.

    Args:
        law: of the statistic.
        height: that defines the stretches.
        extent: length of the stretch [resels].
        resels: length of the curve in widths.

    Source:
        Friston et al., Hum. Brain Mapp. 1 (1994) 210-220, equations 10-14, in one dimension.
    """
    if resels == 0:
        return law.tail(height)
    mean_above = law.tail(height)
    if mean_above == 0:
        return 0.0
    rate = (0.5 * np.sqrt(np.pi) * law.upcrossings(height) / mean_above) ** 2  # Gamma(3/2) = sqrt(pi) / 2
    return float(-np.expm1(-expected_excursions(law, height, resels) * np.exp(-rate * extent**2)))


def _log_half(height: float, df: float) -> float:
    """log of (u / 2)^((k - 1) / 2) / Gamma(k / 2)."""
    return (df - 1) / 2 * np.log(height / 2) - gammaln(df / 2) if height > 0 else -np.inf
