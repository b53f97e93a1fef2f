"""Known answers of the statistics: agreement, equivalence, multiple tests, random fields, correlations."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from biomimic.gait import filters
from biomimic.metrics import bands, random_field, waveform
from biomimic.metrics.estimate import Resampling
from biomimic.signals import Signals
from biomimic.validate import agreement, effects, statistics
from biomimic.validate.answer import ORACLE, Answer

JUDGED = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))
JUDGES = "Shrout & Fleiss, Psychological Bulletin 86 (1979) 420-428, table 2"
WRIGHT = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
MINI = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)
METERS = "Bland & Altman, Lancet 1 (1986) 307-310, peak flow meters"
FIRST = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)
SLEEP = "R, t.test on Student's sleep data"
FIFTEEN = (0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459)
FIFTEEN += (0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000)
BENJAMINI = "Benjamini & Hochberg, J R Statist Soc B 57 (1995) 289-300, section 4"
HOLM = "Holm, Scand J Statist 6 (1979) 65-70, worked by hand"
FIELDS = "spm1d 0.4.55, inverse survival functions"
CMC = "Kadaba et al., J Orthop Res 7 (1989) 849-860, worked by hand"


def answers() -> Iterator[Answer]:
    """All of them, computed now."""
    yield from _correlations()
    yield from _filters()
    yield from _agreement()
    yield from _equivalence()
    yield from _families()
    yield from _fields()
    yield from _bands()


def _correlations() -> Iterator[Answer]:
    mean = waveform.fisher_mean([0.3, 0.9])
    yield Answer("Fisher mean of 0.3 and 0.9", ("fisher_mean",), mean, 0.711823, 1e-6, "Fisher, Metron 1 (1921) 3-32")
    sine = np.sin(2.0 * np.pi * np.linspace(0.0, 1.0, 101))
    sets = {
        "identical curves": (np.stack([sine, sine]), 1.0),
        "sines with offsets of -0.5, 0 and 0.5": (np.stack([sine - 0.5, sine, sine + 0.5]), 0.789583),
        "sines with offsets of -2 and 2": (np.stack([sine - 2.0, sine + 2.0]), float("nan")),
        "a sine and half of it": (np.stack([sine, 0.5 * sine]), 0.894981),
        "three curves of four points": (np.array([[0, 1, 2, 3], [0, 2, 2, 4], [1, 1, 3, 3]], float), 0.890198),
    }
    for name, (curves, expected) in sets.items():
        yield Answer(f"CMC of {name}", ("cmc",), waveform.multiple_correlation(curves)[0], expected, 1e-6, CMC)


def _filters() -> Iterator[Answer]:
    source = "Winter, Biomechanics and motor control of human movement, 2009, section 3.4.4"
    yield Answer(
        "correction of a two-pass filter of order 4", ("low_pass",), filters.correction(4), 0.8022433, 1e-7, source
    )
    time = np.arange(0.0, 60.0, 0.01)
    wave = Signals(time, np.sin(2.0 * np.pi * 6.0 * time)[:, None], ("wave",), "N")
    middle = filters.low_pass(wave, order=4, cutoff=6.0).values[2000:4000, 0]
    gain = float(np.sqrt(2.0) * middle.std())
    yield Answer("gain of the filter at its cut-off", ("low_pass",), gain, np.sqrt(0.5), 2e-4, source)


def _agreement() -> Iterator[Answer]:
    expected = (0.165742, 0.289764, 0.714841, 0.442797, 0.620051, 0.909316)
    for form, value in zip(agreement.FORMS, expected):
        yield Answer(
            f"{form} of six targets and four judges", ("icc",), agreement.icc(JUDGED, form).value, value, 1e-6, JUDGES
        )
    found, two = agreement.bland_altman(WRIGHT, MINI), agreement.bland_altman(WRIGHT, MINI, multiple=2.0)
    for name, value, number in (
        ("bias", found.bias, -2.1176),
        ("SD of the differences", found.sd, 38.7651),
        ("lower limit, 1.96 SD", found.lower, -78.097),
        ("upper limit, 1.96 SD", found.upper, 73.862),
        ("lower limit, 2 SD", two.lower, -79.648),
        ("upper limit, 2 SD", two.upper, 75.413),
    ):
        yield Answer(f"peak flow meters: {name}", ("bland_altman",), value, number, 5e-4, METERS)


def _equivalence() -> Iterator[Answer]:
    welch = statistics.equivalence(FIRST, SECOND, 0.5)
    pooled = statistics.equivalence(FIRST, SECOND, 0.5, kind="pooled")
    paired = statistics.equivalence(FIRST, SECOND, 0.5, kind="paired")
    for name, value, number, tolerance in (
        ("Welch, degrees of freedom", welch.freedom, 17.776, 1e-3),
        ("Welch, t against the lower margin", welch.t_lower, -1.27195, 1e-5),
        ("Welch, p of the lower margin", welch.p_lower, 0.89011, 1e-5),
        ("Welch, t against the upper margin", welch.t_upper, -2.44968, 1e-5),
        ("Welch, p of the upper margin", welch.p_upper, 0.012451, 1e-6),
        ("pooled, p of the lower margin", pooled.p_lower, 0.890210, 1e-6),
        ("pooled, p of the upper margin", pooled.p_upper, 0.012380, 1e-6),
        ("paired, p", paired.p, 0.989241, 1e-6),
    ):
        yield Answer(
            f"equivalence of sleep within 0.5 h: {name}", ("equivalence",), value, number, tolerance, SLEEP, ORACLE
        )


def _families() -> Iterator[Answer]:
    named = {f"test {k}": p for k, p in enumerate(FIFTEEN)}
    rejected = {
        "Benjamini-Hochberg": (statistics.benjamini_hochberg(named, family="fifteen"), 4),
        "Holm": (statistics.holm(named, family="fifteen"), 3),
    }
    for name, (family, count) in rejected.items():
        found = sum(p <= 0.05 for p in family.adjusted)
        yield Answer(f"{name}: rejected of fifteen", (name.lower().replace("-", "_"),), found, count, 0.0, BENJAMINI)
    five = {f"{0.01 * k:.2f}": 0.01 * k for k in range(1, 6)}
    adjusted = statistics.holm(five, family="five").adjusted
    for name, p, expected in zip(five, adjusted, (0.05, 0.08, 0.09, 0.09, 0.09)):
        yield Answer(f"Holm: {name} among 0.01, 0.02, 0.03, 0.04, 0.05", ("holm",), p, expected, 1e-12, HOLM)
    floor = effects.wilcoxon(range(1, 11), [0] * 10).p_floor
    source = "Wilcoxon, Biometrics Bulletin 1 (1945) 80-83: 2 / 2^n"
    yield Answer("smallest p of ten pairs", ("wilcoxon",), floor, 0.001953125, 1e-15, source)


def _fields() -> Iterator[Answer]:
    for law, width, height in (
        (random_field.Law("Z"), 25.0, 2.511268),
        (random_field.Law("t", (8,)), 15.0, 3.785605),
        (random_field.Law("F", (2, 12)), 15.0, 10.310003),
    ):
        value = random_field.critical_height(law, 0.05, 100.0 / width)
        name = f"height of a {law.kind} curve, {width:g} points wide, at 5 %"
        yield Answer(name, ("random_field",), value, height, 1e-6, FIELDS, ORACLE)


def _bands() -> Iterator[Answer]:
    """Constant curves at the quantiles of a normal law: 90 % of them lie within 1.645 SD."""
    count = 2000
    rows = _quantiles(count)[:, None] * np.ones(5)
    band = bands.prediction_band(rows, np.arange(count), resampling=Resampling(20, 0.90, 0))
    source = "normal law, after Lenhoff et al., Gait & Posture 9 (1999) 10-17"
    yield Answer(
        "half width of a 90 % band of constant curves [SD]", ("outside_band",), band.factor, 1.6449, 0.05, source
    )
    beyond = bands.position(band, np.array([[-9.0, 0.0, 0.0, 0.0, 9.0]])).outside.item()
    yield Answer("two points of five outside the band", ("outside_band",), beyond, 0.4, 1e-12, "by definition")


def _quantiles(count: int) -> np.ndarray:
    return norm.ppf((np.arange(count) + 0.5) / count)
