"""Differences between runs as sentences: what belongs together is named once, the largest first."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from biomimic.metrics.estimate import Estimate
from biomimic.report import people, wording
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Results

TARGET = "target"
DIFFERS = "differs"
# measures that say the same of a curve, the plainest first: a sentence is led by the first that differs
SHAPE = (
    "correlation",
    "best_correlation",
    "centre_difference",
    "overlap",
    "onset",
    "burst_end",
    "best_lag",
    "cmc",
)
SIZE = (
    "peak_ratio",
    "rmse",
    "rmse_without_offset",
    "rmse_in_sd",
    "gait_variable_score",
    "gain",
    "offset",
    "highest_difference",
    "lowest_difference",
)
PEAKS = ("first_peak", "second_peak", "valley", "depth_index")
COST = ("umberger_cost", "bhargava_cost", "umberger_power", "bhargava_power")
WHOLE = ("effort", "energetics")  # domains whose channels are parts of the body
FAMILIES = {name: family for family in (SHAPE, SIZE, PEAKS, COST) for name in family}


@dataclass(frozen=True)
class Named:
    """Differences of one kind on one channel: the one that is named, and those that go with it.

    `lead` and `others` are records of `validate.paired.Difference`.
    """

    lead: object
    others: tuple

    @property
    def size(self) -> float:
        """Of the one that is named."""
        return self.lead.size

    @property
    def is_of_people(self) -> bool:
        """Whether there are people to hold it against."""
        return bool(self.lead.reference)


def named(pair) -> list[Named]:
    """What differs by more than its limit in a `validate.paired.Pair`, one entry a channel and kind.

    What is measured against people comes first, each part with the largest first. Differences from the target stand
    apart (`tracking`): they say nothing about people.
    """
    groups: dict[tuple, list] = {}
    for one in pair.having(DIFFERS):
        if one.reference != TARGET and not (one.domain == "spatiotemporal" and one.metric.endswith("_difference")):
            groups.setdefault(_kind(one), []).append(one)
    found = [_led(several) for several in groups.values()]
    return sorted(found, key=lambda one: (not one.is_of_people, -one.size))


def _kind(one) -> tuple:
    family = FAMILIES.get(one.metric)
    if one.metric.startswith("burst_") and one.metric not in FAMILIES:
        return one.domain, one.channel, "bursts"
    return one.domain, one.channel, family[0] if family else one.metric


def _led(several: Sequence) -> Named:
    """The plainest measure leads; of its sides and people the one that differs most."""
    family = FAMILIES.get(several[0].metric, ())

    def order(one) -> tuple[int, float]:
        return (family.index(one.metric) if one.metric in family else 0, -one.size)

    lead, *others = sorted(several, key=order)
    return Named(lead, tuple(others))


def sentence(one: Named, names: tuple[str, str], whom: Callable[[str], str]) -> str:
    """A difference in words: both values, the difference with its interval, its size, who is nearer to people.

    Args:
        one: what is named.
        names: of the run and of the one it is held against.
        whom: reference → words.
    """
    lead = one.lead
    values = ", ".join(f"{name} {value}" for name, value in zip(names, written(lead)))
    text = f"{what(lead)}{_with(lead, whom)}: {values}, difference {difference(lead)}, {times(lead.size)} the limit"
    return f"{text}{_nearer(one, names, whom)}{_alike(one)}."


def what(one) -> str:
    """The measure with its channel and side; `one` has domain, metric, channel and side."""
    side = getattr(one, "side", "")
    metric = f"{wording.metric(one.metric)}{bounds(one)}"
    if not one.channel:
        text = f"{wording.domain(one.domain)}: {metric}"
        return f"{text}, {side}" if side else text
    name = channel(one.domain, one.channel)
    return f"{name}, {side}: {metric}" if side else f"{name}: {metric}"


def bounds(one) -> str:
    """Null and ceiling of a correlation, for no r stands without them; empty for other measures."""
    if "correlation" not in one.metric:
        return ""
    top = f"ceiling {wording.number(one.ceiling)}" if math.isfinite(one.ceiling) else "no ceiling"
    return f" (null {wording.number(one.null)}, {top})"


def channel(domain: str, name: str) -> str:
    """A channel with what is measured on it."""
    if domain in ("moments", "powers"):
        return f"{wording.MOMENTS.get(name, (wording.channel(name),))[0]} {domain.removesuffix('s')}"
    text = wording.sentence(wording.channel(name))
    return f"{wording.domain(domain)}, {text.lower()}" if domain in WHOLE else wording.first_upper(text)


def written(one) -> tuple[str, str]:
    """Both values as they are printed."""
    unit = wording.unit_of(one.metric, one.unit)
    return wording.quantity(one.first, unit), wording.quantity(one.second, unit)


def difference(one) -> str:
    """The difference with its sign and interval."""
    text = wording.estimate(Estimate(one.value, one.low, one.high, one.level, 1, "", one.unit), metric_name=one.metric)
    return f"+{text}" if one.value > 0 else text


def times(size: float) -> str:
    """How many times a limit."""
    return f"{size:.0f} times" if size >= 10 else f"{size:.1f} times" if math.isfinite(size) else "many times"


def _with(one, whom: Callable[[str], str]) -> str:
    """With whom, where the value itself depends on the person."""
    is_own = not one.reference or math.isfinite(one.human)
    return "" if is_own else f" with {whom(one.reference)}"


def _nearer(one: Named, names: tuple[str, str], whom: Callable[[str], str]) -> str:
    """Who is nearer to whom; the same measure and side against other people counts."""
    lead = one.lead
    same = [d for d in (lead, *one.others) if (d.metric, d.side) == (lead.metric, lead.side)]
    parts = []
    for number, name in enumerate(names, start=1):
        found = list(dict.fromkeys(whom(d.reference) for d in same if d.nearer == number))
        if found:
            parts.append(f"{name} is nearer to {wording.listed(found)}")
    return f"; {', '.join(parts)}" if parts else ""


def _alike(one: Named) -> str:
    """Whether the other side differs in the same direction."""
    lead = one.lead
    for other in one.others:
        is_same = (other.metric, other.reference) == (lead.metric, lead.reference) and other.side != lead.side
        if is_same and other.side and other.value * lead.value > 0:
            return f"; {other.side} alike"
    return ""


def tracking(pair) -> str:
    """How the two keep to their targets, in one sentence; empty if neither has one."""
    able = [d for d in pair.differences if d.reference == TARGET and d.metric == "rmse" and math.isfinite(d.low)]
    if not able:
        return ""
    apart = [d for d in able if d.verdict == DIFFERS]
    counts = [sum(d.nearer == number for d in apart) for number in (1, 2)]
    return (
        f"Tracking its own target: the RMSE of {len(apart)} of {len(able)} channels and sides differs by more than its "
        f"limit; {pair.run} is nearer to its target on {counts[0]}, {pair.against} on {counts[1]}."
    )


def words_for(results: Results, protocol: Protocol) -> Callable[[str], str]:
    """Reference of a finding → the person in the run of a sentence."""
    known = {one.name: one.words for one in people.partners(results, protocol)}
    return lambda name: known.get(name, "its target" if name == TARGET else name)
