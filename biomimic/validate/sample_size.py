"""How many people or seeds a claim needs: the tests of this package on made-up cohorts whose truth is known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from biomimic import errors
from biomimic.errors import BadValue
from biomimic.reference.cohort import Cohort, draw
from biomimic.reference.truth import value_truth
from biomimic.validate.mixed import Design, Inference, group_difference
from biomimic.validate.statistics import LEAST_UNITS, equivalence

KINDS = ("difference", "equivalence")
WALKERS, PEOPLE = "walkers", "people"  # the two groups; a walker is a seed or a run
Z = 1.959964  # normal quantile of a 95 % interval
DESIGN = Design("value", "group", "unit", of="units")


@dataclass(frozen=True)
class Claim:
    """What is to be shown of the value of a channel at one percent of the cycle.

    Args:
        kind: "difference" (walkers and people differ, p < alpha) or "equivalence" (they differ by less than a margin).
        channel: of the cohort.
        percent: of the cycle.
        size: true difference where a difference is claimed, margin where equivalence is; in SD between people.
        true: true difference where equivalence is claimed; in SD between people.
        alpha: of the test.
        spread: SD between walkers, in SD between people; of the shape and level of their curves.
    """

    kind: str
    channel: str = "knee_flexion"
    percent: int = 72
    size: float = 1.0
    true: float = 0.0
    alpha: float = 0.05
    spread: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise errors.unknown("kind of claim", self.kind, KINDS)
        if not 0 <= self.percent <= 100:
            raise BadValue(f"A percent of the cycle lies between 0 and 100; got {self.percent}.")
        if not (self.size > 0 and 0 < self.alpha < 1 and self.spread >= 0 and abs(self.true) < math.inf):
            raise BadValue(
                f"A claim has a size above 0, an alpha between 0 and 1 and a spread of 0 or more; got {self.size:g}, "
                f"{self.alpha:g} and {self.spread:g}."
            )

    @property
    def lifts(self) -> tuple[float, float]:
        """True differences under which the claim is true, and under which it is false."""
        return (self.size, 0.0) if self.kind == "difference" else (self.true, self.size)


@dataclass(frozen=True)
class Rate:
    """How often something happened in replications, with its 95 % interval (Wilson)."""

    value: float
    low: float
    high: float
    replications: int


@dataclass(frozen=True)
class Power:
    """What a number of units gives.

    Attributes:
        n: walkers, and as many people.
        power: how often the claim was made where it is true.
        error: how often where it is false.
    """

    n: int
    power: Rate
    error: Rate


def rate(count: int, replications: int) -> Rate:
    """A share with its interval.

    Source:
        Wilson, Journal of the American Statistical Association 22 (1927) 209-212.
    """
    share, weight = count / replications, Z**2 / replications
    middle, half = share + weight / 2.0, Z * math.sqrt(share * (1.0 - share) / replications + weight / 4 / replications)
    low, high = (middle - half) / (1.0 + weight), (middle + half) / (1.0 + weight)
    return Rate(share, max(low, 0.0), min(high, 1.0), replications)


def power(claim: Claim, n: int, cohort: Cohort, *, replications: int = 200, seed: int = 0) -> Power:
    """How often a claim is made with n walkers and n people, where it is true and where it is false.

    Args:
        claim: what is to be shown, and how large it truly is.
        n: units in each group.
        cohort: formula of the people: spreads, timing, speeds and strides; walkers are drawn by it too.
        replications: studies that are simulated.
        seed: of the first study.

    Raises:
        BadValue: fewer than five units a group, below which this package gives no p value.
    """
    if n < LEAST_UNITS:
        raise BadValue(f"A claim was asked of {n} units a group; below {LEAST_UNITS} this package makes none.")
    if replications < 1:
        raise BadValue(f"At least one study is simulated; got {replications}.")
    cohort = cohort.only(claim.channel)
    _, between, _, _ = value_truth(cohort, claim.channel, claim.percent)
    wins = [0, 0]
    for number in range(replications):
        for k, lift in enumerate(claim.lifts):
            people, walkers = _study(claim, replace(cohort, people=n), lift * between, seed + number)
            wins[k] += _shown(claim, walkers, people, between)
    return Power(n, rate(wins[0], replications), rate(wins[1], replications))


def enough(found: Sequence[Power], wanted: float = 0.8) -> Power | None:
    """The smallest n whose power reaches `wanted`; None if none does."""
    able = [one for one in sorted(found, key=lambda one: one.n) if one.power.value >= wanted]
    return able[0] if able else None


def table(cohort: Cohort, channel: str, percent: int, group: str):
    """Data frame with one row a stride: value at a percent of the cycle, speed, unit and group."""
    import pandas as pd  # takes a second to import

    rows = [
        (value, speed, f"{group} {one.name}", group)
        for one in draw(cohort)
        for value, speed in zip(one.values[channel][:, percent], one.speed)
    ]
    return pd.DataFrame(rows, columns=["value", "speed", "unit", "group"])


def _study(claim: Claim, cohort: Cohort, lift: float, number: int):
    """Tables of one study's people and walkers."""
    people = table(replace(cohort, seed=2 * number), claim.channel, claim.percent, PEOPLE)
    others = replace(
        cohort, seed=2 * number + 1, spread=cohort.spread * claim.spread, lift={claim.channel: lift}, label="seed"
    )
    return people, table(others, claim.channel, claim.percent, WALKERS)


def _shown(claim: Claim, walkers, people, between: float) -> bool:
    """Whether this study makes the claim."""
    if claim.kind == "equivalence":
        first, second = (np.asarray(part.groupby("unit")["value"].mean()) for part in (walkers, people))
        return equivalence(first, second, claim.size * between, alpha=claim.alpha).shown
    import pandas as pd

    both = pd.concat((walkers, people), ignore_index=True)
    inference = Inference(level=1.0 - claim.alpha, draws=1000)
    found = group_difference(both, DESIGN, groups=(WALKERS, PEOPLE), inference=inference)
    return bool(found.p < claim.alpha)
