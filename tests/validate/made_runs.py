"""Results made of numbers that are known: runs whose differences follow by hand."""

import math

import numpy as np

from biomimic.gait.strides import POINTS, SIDES, Strides
from biomimic.metrics.estimate import Resampling, mean
from biomimic.validate.results import Evidence, Finding, Gate, Outcome, Results, Walk

DRAWS = 200
TRIALS, EACH = 4, 5  # trials and strides in each
PERSON = "falisse2019_walking"  # of role other in the shipped protocol
STRETCH = (40, 60)  # points between which `walk` may bend the right knee further
SHARE = np.linspace(0.0, 1.0, POINTS)
HUMPS = np.sin(np.pi * SHARE) + 0.45 * np.sin(3 * np.pi * SHARE)  # vertical force over stance, symmetric in time


def finding(
    metric: str, centre: float, *, domain: str = "ground reaction force", unit: str = "BW", seed: int = 0, **rest
) -> Finding:
    """A mean over strides: trials differ by 0.1, strides by 0.01; the same seed gives the same strides."""
    generator = np.random.default_rng(seed)
    trial = np.repeat(np.arange(TRIALS), EACH)
    values = 0.1 * generator.standard_normal(TRIALS)[trial] + 0.01 * generator.standard_normal(len(trial))
    estimate = mean(values - values.mean() + centre, trial, Resampling(DRAWS), unit)
    return Finding(domain, metric, estimate, **{"reference": PERSON, **rest})


def likeness(value: float, *, domain: str = "kinematics", channel: str = "knee_flexion", seed: int = 0, **rest):
    """A correlation with null 0, and a ceiling of 0.9 unless another is given."""
    bounds = {"null": 0.0, "ceiling": 0.9, "side": "right"} | rest
    made = finding("correlation", value, domain=domain, unit="1", seed=seed, channel=channel, **bounds)
    narrow = made.estimate.draws - value  # correlations of mean curves hardly vary
    estimate = made.estimate.__class__(
        value,
        value - 0.01,
        value + 0.01,
        0.95,
        made.estimate.n,
        made.estimate.of,
        "1",
        draws=value + 0.05 * narrow,
    )
    return Finding(**{**vars(made), "estimate": estimate})


def run(name: str, *findings: Finding, trials: int = TRIALS, **rest) -> Results:
    """Results that hold these findings and as many trials with strides."""
    walks = tuple(Walk(f"start_{k}", 20.0, 20.0, k / TRIALS, False, "", math.nan, EACH, EACH) for k in range(trials))
    parts = {"identity": {"run": {"name": name}}, "gates": (), "outcomes": (), "scores": ()} | rest
    return Results(name, findings, parts.pop("outcomes"), walks, (), (), parts.pop("identity"), Evidence(), **parts)


def gate(status: str) -> Gate:
    """A gate in this state."""
    return Gate("G4", "weight support", status, "1.00 body weights", "0.98 to 1.02 body weights")


def outcome(one: Finding, passed: bool) -> Outcome:
    """A criterion about this finding."""
    limits = (one.domain, one.metric, one.channel, one.reference, 0.5, math.inf)
    return Outcome(*limits, "made up", one, 1, passed)


def walk(name: str, seed: int, *, bend: float = 0.0, amplitude: np.ndarray | None = None) -> Results:
    """Results with made-up strides of angles, force over stance and activity, and no findings.

    Runs of different seeds differ by smooth curves that are drawn anew for each channel and side.

    Args:
        name: of the run.
        seed: of the run.
        bend: added to the right knee between the points of `STRETCH`, highest in the middle [rad].
        amplitude: (S,) factor of the vertical force in each stride, the same on both sides.
    """
    generator = np.random.default_rng(seed)
    factors = np.ones(6) if amplitude is None else np.asarray(amplitude, float)
    count = len(factors)
    hump = np.zeros(POINTS)
    hump[STRETCH[0] : STRETCH[1] + 1] = bend * np.sin(np.linspace(0.0, np.pi, STRETCH[1] - STRETCH[0] + 1))
    evidence = {}
    for side in SIDES:
        angles = [0.3 + 0.05 * _smooth(generator, count) for _ in range(3)]
        angles[1] = angles[1] + (hump if side == "right" else 0.0)
        force = [factors[:, None] * HUMPS, -0.2 * np.sin(2 * np.pi * SHARE) * np.ones((count, 1)), np.zeros((count, 1))]
        force = [part + np.zeros(POINTS) for part in force]
        activity = [0.5 + 0.05 * _smooth(generator, count)]
        names = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
        parts = {
            ("angles", "stride"): (names, "rad", angles),
            ("force", "stance"): (("vertical", "anterior", "lateral"), "BW", force),
            ("activity", "stride"): (("soleus",), "1", activity),
        }
        for (quantity, phase), (channels, unit, rows) in parts.items():
            times = np.full(count, 1.1), np.full(count, 0.62), np.arange(count) // 3
            evidence[quantity, side, phase] = Strides(side, channels, unit, np.stack(rows, axis=2), *times, phase)
    identity = {"run": {"name": name, "kind": "simulated"}}
    return Results(name, (), (), (), (), (), identity, Evidence(simulated=evidence))


def _smooth(generator: np.random.Generator, count: int) -> np.ndarray:
    """One smooth curve of a run, and strides close to it, (count, 101)."""
    waves = np.array([np.sin(2 * np.pi * k * SHARE + phase) / k for k, phase in ((1, 0.3), (2, 1.1), (3, 2.0))])
    own = generator.standard_normal(3) + 0.2 * generator.standard_normal((count, 3))
    return generator.standard_normal() + own @ waves
