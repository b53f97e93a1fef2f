"""When a difference between two walks matters, and which of the two is then nearer to people."""

import math
from dataclasses import dataclass

import numpy as np

from biomimic.errors import BadValue
from biomimic.validate.results import Finding
from biomimic.validate.statistics import DEGREE, MARGINS, margin

NAN = math.nan
OURS = "limit of this project"
CLIP = 0.9999  # as in Finding.score
NOT_JUDGED = {  # domain → why its differences are not judged by their size
    "physics": "gates judge it",
    "retargeting": "about the target, not the walk",
    "stability": "trials were counted, not resampled",
}

SCORE = 0.10  # of the way from the null to a typical human
CORRELATION = 0.05
ERROR_SHARE = 0.25  # of the human error
FIGURE_SHARE = 0.10  # of the human figure
LAG = 0.03  # [s]
RATIO = 0.10
TIMING = 3.0  # [% of the cycle]
MORE = (
    "cmc",
    "overlap",
    "synergy_similarity",
    "cross_vaf",
    "coordination_similarity",
)  # 1 is what people reach at best
LESS = ("rmse", "gait_variable_score", "gait_profile_score")  # beginnings of names of errors
TO_ZERO = ("offset", "onset", "burst_end")  # and whatever ends in _difference or _lag
CIRCULAR = ("onset", "burst_end", "centre_difference")  # places on the circle of the stride [%]
TO_ONE = ("gain", "peak_ratio")
UNITS = {  # where neither a margin nor a person gives a scale
    "rad": (1.6 * DEGREE, "least important difference of the Gait Profile Score, Baker et al. 2012"),
    "BW": (0.05, OURS),
    "N m/kg": (0.10, OURS),
    "W/kg": (0.20, OURS),
    "%": (TIMING, f"3 % of the cycle; {OURS}"),
}
LEAST = {"1": 0.05} | {unit: value for unit, (value, _) in UNITS.items()}  # of limits that are a share of a figure
SAME_MARGIN = {
    "stance_fraction": "stance",
    "offset": "highest_difference",
}  # name in findings → name in the table of margins


@dataclass(frozen=True)
class Limit:
    """Smallest difference that matters.

    Attributes:
        value: on the scale on which it is judged.
        unit: of the value; "score" for a correlation with a null and a ceiling.
        source: where it comes from.
    """

    value: float
    unit: str
    source: str


def is_agreement(finding: Finding) -> bool:
    """Whether it is a likeness to people, of which more is better."""
    return bool(finding.reference) and ("correlation" in finding.metric or finding.metric in MORE)


def is_error(finding: Finding) -> bool:
    """Whether it is an error against people, which less is better."""
    return bool(finding.reference) and finding.metric.startswith(LESS)


def limit(first: Finding, second: Finding) -> Limit:
    """Smallest difference between two values of one measure that matters.

    A margin of the literature or the project where there is one, else a share of the human figure or error; where
    people give no scale either, the limit of the unit, and last a share of the larger value.
    """
    finding, unit = first, first.estimate.unit
    if is_agreement(finding):
        if _has_score(first, second):
            return Limit(SCORE, "score", f"a tenth of the way from the null to a typical human; {OURS}")
        return Limit(CORRELATION, "1", OURS)
    if is_error(finding) and math.isfinite(finding.ceiling):
        return Limit(ERROR_SHARE * finding.ceiling, unit, f"a quarter of the human error; {OURS}")
    if finding.metric in TO_ONE:
        return Limit(RATIO, "1", f"a tenth of the person's own; {OURS}")
    if finding.metric.endswith("_lag"):
        return Limit(LAG, "s", OURS)
    known = _margin(first, second)
    if known is not None:
        return known
    return _of_people(first) or _of_values(first, second)


def _of_people(finding: Finding) -> Limit | None:
    """A share of the human figure, and where that is next to nothing the limit of the unit; None without people."""
    unit, figure = finding.estimate.unit, abs(finding.human)
    has_figure = math.isfinite(figure) and not finding.metric.endswith("_difference")
    if has_figure and FIGURE_SHARE * figure >= LEAST.get(unit, 0.0):
        return Limit(FIGURE_SHARE * figure, unit, f"{100 * FIGURE_SHARE:g} % of the human figure; {OURS}")
    if finding.reference and (has_figure and unit in LEAST or unit in UNITS):
        value, source = UNITS.get(unit) or (LEAST[unit], OURS)
        return Limit(value, unit, source)
    return None


def _of_values(first: Finding, second: Finding) -> Limit:
    if "correlation" in first.metric:
        return Limit(CORRELATION, "1", OURS)
    largest = max(abs(first.value), abs(second.value))
    return Limit(FIGURE_SHARE * largest, first.estimate.unit, f"{100 * FIGURE_SHARE:g} % of the larger value; {OURS}")


def size(apart: float, limit: Limit) -> float:
    """|difference| over the limit, both on the scale of the limit."""
    if limit.value > 0:
        return abs(apart) / limit.value
    return math.inf if apart else 0.0


def judged(finding: Finding, other: Finding, values: np.ndarray) -> np.ndarray:
    """Values of a measure on the scale on which the limit stands.

    A correlation is turned into its score; what lies above a typical human, or further below the null than a human
    lies above it, is not counted. Likeness without a null counts up to that of people, an error down to theirs.

    Args:
        finding: whose null and ceiling count.
        other: the finding it is held against.
        values: of the measure, any shape.
    """
    values = np.asarray(values, float)
    if is_agreement(finding) and _has_score(finding, other):
        null, top = (float(np.arctanh(np.clip(r, -CLIP, CLIP))) for r in (finding.null, finding.ceiling))
        return np.clip((np.arctanh(np.clip(values, -CLIP, CLIP)) - null) / (top - null), -1.0, 1.0)
    if math.isfinite(finding.ceiling) and is_agreement(finding):
        return np.minimum(values, finding.ceiling)
    if math.isfinite(finding.ceiling) and is_error(finding):
        return np.maximum(values, finding.ceiling)
    return values


def distance(finding: Finding, other: Finding, values: np.ndarray) -> np.ndarray:
    """How far values of a measure are from people, on any scale that orders them; NaN where people say nothing.

    Args:
        finding, other, values: as in `judged`.
    """
    values = np.asarray(values, float)
    if is_agreement(finding):
        return -judged(finding, other, values)
    if is_error(finding):
        return judged(finding, other, values)
    if finding.metric in TO_ONE:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.abs(np.log(values))
    if finding.reference and (finding.metric.endswith(("_difference", "_lag")) or finding.metric in TO_ZERO):
        return np.abs(values)
    if math.isfinite(finding.human):
        return np.abs(values - finding.human)
    return np.full(values.shape, NAN)


def _has_score(*findings: Finding) -> bool:
    return all(
        math.isfinite(finding.null) and math.isfinite(finding.ceiling) and finding.ceiling > finding.null
        for finding in findings
    )


def _margin(first: Finding, second: Finding) -> Limit | None:
    """The entry of the table of margins, made absolute; None where there is none in this unit."""
    name = first.metric
    if first.domain == "spatiotemporal":  # a difference has the margin of what differs
        name = name.removeprefix("scaled_").removesuffix("_difference")
    name = SAME_MARGIN.get(name, name)
    unit = first.estimate.unit
    entry = next((one for one in MARGINS if one.metric == name), None)
    if entry is None or not (entry.relative or entry.unit == unit):
        return None
    mean = first.human if math.isfinite(first.human) else 0.5 * (abs(first.value) + abs(second.value))
    if entry.relative and unit == "1":  # a share already
        mean = 1.0
    try:
        found = margin(name, human_mean=mean, unit=unit)
    except BadValue:  # neither walk has a value
        return None
    return Limit(found.value, unit, found.source)
