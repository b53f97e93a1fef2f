"""Results made of numbers that are known: runs whose differences follow by hand."""

import math

import numpy as np

from biomimic.metrics.estimate import Resampling, mean
from biomimic.validate.results import Evidence, Finding, Gate, Outcome, Results, Walk

DRAWS = 200
TRIALS, EACH = 4, 5  # trials and strides in each
PERSON = "falisse2019_walking"  # of role other in the shipped protocol


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
