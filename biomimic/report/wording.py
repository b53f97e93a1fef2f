"""How names, numbers and units are written in a report."""

import math
import re
import statistics
from collections.abc import Sequence

from biomimic.metrics.estimate import Estimate

# channel → (name, y label with the sign convention)
CHANNELS = {
    "hip_flexion": ("Hip flexion", "flexion +, extension −"),
    "knee_flexion": ("Knee flexion", "flexion +, extension −"),
    "ankle_dorsiflexion": ("Ankle dorsiflexion", "dorsi +, plantar −"),
    "hip_adduction": ("Hip adduction", "adduction +, abduction −"),
    "hip_rotation": ("Hip rotation", "internal +, external −"),
    "pelvis_tilt": ("Pelvis tilt", "anterior +, posterior −"),
    "pelvis_list": ("Pelvis list", "own side, down +"),
    "pelvis_rotation": ("Pelvis rotation", "own side, forward +"),
    "lumbar_extension": ("Trunk extension", "extension +, flexion −"),
    "lumbar_bending": ("Trunk bending", "to own, side +"),
    "lumbar_rotation": ("Trunk rotation", "to other, side +"),
    "vertical": ("Vertical force", "up +"),
    "anterior": ("Fore-aft force", "forward +, backward −"),
    "lateral": ("Sideways force", "outward +, inward −"),
}
MOMENTS = {
    "hip_flexion": ("Hip flexion", "flexion +, extension −"),
    "knee_flexion": ("Knee flexion", "flexion +, extension −"),
    "ankle_dorsiflexion": ("Ankle", "dorsi +, plantar −"),
    "hip_adduction": ("Hip adduction", "adduction +, abduction −"),
}
MUSCLES = (
    "soleus",
    "gastrocnemius",
    "tibialis_anterior",
    "medial_hamstrings",
    "biceps_femoris",
    "vastus_lateralis",
    "vastus_medialis",
    "rectus_femoris",
    "gluteus_maximus",
    "gluteus_medius",
)
METRICS = {
    "correlation": "r",
    "mean_correlation": "mean r",
    "rmse": "RMSE",
    "rmse_without_offset": "RMSE without offset",
    "best_correlation": "best r",
    "best_lag": "lag of best r",
    "double_peak_share": "strides with a double peak",
    "first_peak": "first peak",
    "first_peak_time": "time of first peak",
    "valley": "valley",
    "valley_time": "time of valley",
    "second_peak": "second peak",
    "second_peak_time": "time of second peak",
    "vertical_impulse": "vertical impulse",
    "loading_rate": "loading rate",
    "braking_peak": "braking peak",
    "propulsion_peak": "propulsion peak",
    "braking_impulse": "braking impulse",
    "propulsion_impulse": "propulsion impulse",
    "offset": "offset",
    "peak_ratio": "largest value, ratio to human",
    "highest_difference": "highest point, difference",
    "lowest_difference": "lowest point, difference",
    "side_correlation": "r of right and left side",
    "excitation_correlation": "r of the excitation",
    "burst_A1": "burst A1, shank over foot",
    "burst_A2": "burst A2, push-off",
    "burst_K1": "burst K1, knee yields",
    "burst_K2": "burst K2, knee extends",
    "burst_K3": "burst K3, around toe-off",
    "burst_K4": "burst K4, swing braked",
    "burst_H1": "burst H1, hip extends",
    "burst_H2": "burst H2, flexors stretched",
    "burst_H3": "burst H3, pull-off",
    "running_active_peak": "active peak",
    "running_active_peak_time": "time of active peak",
    "running_impact_present": "strides with an impact transient",
    "running_impact_peak": "impact peak",
    "running_impact_time": "time of impact peak",
    "running_loading_rate": "loading rate of running",
    "running_stance_time": "stance time of running",
    "running_duty": "duty factor",
    "applied_wrench": "largest force or moment from outside",
    "newton_residual": "mean Newton residual",
    "newton_residual_rms": "root mean square Newton residual",
    "weight_support": "mean vertical force over whole strides",
    "strides": "strides used",
    "sign_checks": "sign checks passed",
    "heel_strike_disagreement": "heel strike, force against foot position (median)",
    "toe_off_disagreement": "toe-off, force against foot position (median)",
    "starts_walked": "starts that walked their whole time",
    "endurance": "longest walk",
    "pushes_withstood": "pushes withstood",
    "speed": "speed",
    "speed_difference": "difference in speed",
    "stride_time": "stride time",
    "stride_time_difference": "difference in stride time",
    "stride_length": "stride length",
    "step_length": "step length",
    "step_width": "step width",
    "step_time": "step time",
    "cadence": "cadence",
    "stance_fraction": "stance, share of the stride",
    "stance_difference": "difference in stance share",
    "double_support": "double support, share of the stride",
    "effort": "sum of squared activations",
    "stride_time_variation": "variation of stride time (SD / mean)",
    "rmse_in_sd": "RMSE in human SD",
    "gain": "gain",
    "cmc": "CMC, stride to stride",
    "gait_variable_score": "Gait Variable Score",
    "gait_profile_score": "Gait Profile Score",
    "outside_band": "share of the cycle outside the band of people",
    "depth_index": "depth of the valley",
    "net_impulse_share": "net fore-aft impulse over braking impulse",
    "outward_peak": "outward peak",
    "inward_peak": "inward peak",
    "scaled_speed_difference": "difference in speed at the same leg length",
    "symmetry_angle": "symmetry angle",
    "pressure_length": "path length",
    "pressure_excursion": "forward excursion",
    "pressure_excursion_share": "forward excursion over foot length",
    "onset": "onset of the main burst, difference",
    "burst_end": "end of the main burst, difference",
    "overlap": "overlap of bursts (Jaccard)",
    "centre": "centre of activity",
    "centre_difference": "centre of activity, difference",
    "silent_muscles": "silent muscles",
    "fast_share": "share of the power above 6 Hz",
    "total_variation": "rises and falls of a stride, summed",
    "onset_time": "onset of the main burst, difference",
    "burst_end_time": "end of the main burst, difference",
    "cocontraction_stance": "co-contraction in stance",
    "cocontraction_swing": "co-contraction in swing",
    "synergies": "synergies needed",
    "synergy_vaf": "variance they account for, uncentred",
    "synergy_similarity": "likeness of matched synergies (cosine)",
    "cross_vaf": "variance that the person's synergies account for",
    "coordination_similarity": "likeness of the muscles' correlations",
    "umberger_power": "power after Umberger",
    "umberger_cost": "cost of transport after Umberger",
    "bhargava_power": "power after Bhargava",
    "bhargava_cost": "cost of transport after Bhargava",
    "unconstrained_muscles": "muscles free in most of the cycle",
    "necessary_muscles": "muscles that must be active",
    "feasible_width": "mean width of the feasible activation",
    "infeasible_instants": "instants without a solution",
    "effort_over_least_squares": "effort over the least sum of squares",
    "effort_over_least_cubes": "effort over the least sum of cubes",
    "muscle_width": "mean width of the feasible activation",
    "muscle_place": "place of the activation in its range",
}
DOMAINS = {  # domain of findings → title of its section
    "kinematics": "Kinematics",
    "ground reaction force": "Ground reaction force",
    "muscles": "Muscles",
    "moments": "Joint moments",
    "powers": "Joint powers",
    "coordination": "Muscle coordination",
    "redundancy": "What the muscles could have done",
    "energetics": "Energetics index",
    "residuals": "Residuals of inverse dynamics",
}

# unit in memory → (factor, decimals, unit as written); a share is written in per cent
UNITS = {
    "rad": (180.0 / math.pi, 1, "°"),
    "BW": (1.0, 3, "BW"),
    "BW s": (1.0, 3, "BW s"),
    "BW/s": (1.0, 1, "BW/s"),
    "N": (1.0, 1, "N"),
    "N m": (1.0, 1, "N m"),
    "N m/kg": (1.0, 2, "N m/kg"),
    "W": (1.0, 0, "W"),
    "W/kg": (1.0, 2, "W/kg"),
    "J/kg": (1.0, 2, "J/kg"),
    "J/kg/m": (1.0, 2, "J/(kg m)"),
    "mm": (1.0, 1, "mm"),
    "SD": (1.0, 2, "SD"),
    "synergies": (1.0, 0, ""),
    "muscles": (1.0, 0, "muscles"),
    "m": (1.0, 3, "m"),
    "m/s": (1.0, 2, "m/s"),
    "s": (1.0, 2, "s"),
    "ms": (1000.0, 0, "ms"),
    "1": (1.0, 2, ""),
    "share": (100.0, 1, "%"),
    "%": (1.0, 1, "%"),
    "% BW": (100.0, 2, "% BW"),
    "N or N m": (1.0, 0, "N or N m"),
    "steps/min": (1.0, 1, "steps/min"),
    "strides": (1.0, 0, "strides"),
}
MINUS = "−"
MISSING = "–"  # where there is no number
TIE = "\u00a0"  # a space at which no line breaks, between number and unit
SHARES = (  # measures without unit that are written in per cent
    "double_peak_share",
    "first_peak_time",
    "valley_time",
    "second_peak_time",
    "stance_fraction",
    "stance_difference",
    "stride_time_difference",
    "double_support",
    "starts_walked",
    "pushes_withstood",
    "sign_checks",
    "outside_band",
    "net_impulse_share",
    "pressure_excursion_share",
    "fast_share",
    "synergy_vaf",
    "cross_vaf",
)
NEGATIVE = re.compile(r"(?<![\w.])-(?=\d)")


def reached(finding) -> str:
    """A finding's value with its interval; of a correlation with its null and ceiling, for none stands without."""
    text = estimate(finding.estimate, metric_name=finding.metric)
    if "correlation" not in finding.metric:
        return text
    return f"{text} (null {number(finding.null)}, ceiling {number(finding.ceiling)})"


def unit_of(metric_name: str, unit: str) -> str:
    """The unit by which a measure is written: shares in per cent, the best lag in milliseconds."""
    if metric_name in SHARES and unit in ("1", "share"):
        return "share"
    if metric_name.startswith("newton_residual") and unit == "BW":
        return "% BW"
    return "ms" if metric_name in ("best_lag", "heel_strike_disagreement", "toe_off_disagreement") else unit


def number(value: float, digits: int = 2) -> str:
    """A number with a true minus sign; a dash when there is none."""
    if not math.isfinite(value):
        return MISSING
    text = f"{value:.{digits}f}"
    if float(text) == 0.0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def quantity(value: float, unit: str, *, bare: bool = False) -> str:
    """A value in the unit it is written in, e.g. radians as degrees."""
    factor, digits, written = UNITS.get(unit, (1.0, 3, unit))
    text = number(value * factor, digits)
    written = written.removesuffix("s") if text == "1" else written
    return text if bare or not written or text == MISSING else f"{text}{TIE}{written}"


def estimate(value: Estimate, *, metric_name: str = "", bare: bool = False) -> str:
    """Value and interval, e.g. 0.95 [0.94, 0.96]; without an interval, or when it rounds to the value, only that."""
    unit = unit_of(metric_name, value.unit)
    text = quantity(value.value, unit, bare=True)
    if math.isfinite(value.low) and math.isfinite(value.high):
        low, high = quantity(value.low, unit, bare=True), quantity(value.high, unit, bare=True)
        text += f" [{low}, {high}]" if (low, high) != (text, text) else ""
    written = UNITS.get(unit, (1.0, 3, unit))[2]
    return text if bare or not written or text == MISSING else f"{text}{TIE}{written}"


def limit(low: float, high: float, unit: str) -> str:
    """A limit in words, e.g. ≥ 0.95, or 0.98 to 1.02 BW."""
    if math.isfinite(low) and math.isfinite(high):
        return f"{quantity(low, unit, bare=True)} to {quantity(high, unit)}"
    return f"≥{TIE}{quantity(low, unit)}" if math.isfinite(low) else f"≤{TIE}{quantity(high, unit)}"


def channel(name: str) -> str:
    """A channel as it is written: tibialis_anterior → Tibialis anterior."""
    if name in CHANNELS:
        return CHANNELS[name][0]
    return name.replace("_", " ").capitalize()


def metric(name: str) -> str:
    """A metric as it is written; one without words of its own by its name."""
    return METRICS.get(name, name.replace("_", " "))


def domain(name: str) -> str:
    """The title of a domain's section."""
    return DOMAINS.get(name, first_upper(name))


def written_unit(metric_name: str, unit: str) -> str:
    """The unit that stands beside a measure's name; empty for a pure number."""
    return UNITS.get(unit_of(metric_name, unit), (1.0, 3, unit))[2]


def sentence(text: str) -> str:
    """A text of the measuring parts as it is printed: true minus signs, channels as words."""
    text = NEGATIVE.sub(MINUS, text)
    for name in sorted((*CHANNELS, *MUSCLES), key=len, reverse=True):
        if "_" in name:
            text = text.replace(name, name.replace("_", " "))
    return text.replace("_right", " right").replace("_left", " left")


def score(value: float, low: float, high: float) -> str:
    """A score with its interval, e.g. 0.87 [0.85, 0.90]."""
    text = number(value)
    if text == MISSING or not (math.isfinite(low) and math.isfinite(high)):
        return text
    ends = number(low), number(high)
    return text if ends == (text, text) else f"{text} [{ends[0]}, {ends[1]}]"


def median(values: Sequence[float]) -> float:
    """The middle value; NaN when there is none."""
    return statistics.median(values) if values else math.nan


def listed(words: list[str] | tuple[str, ...]) -> str:
    """Words joined by commas and a last "and"."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def counted(n: int, unit: str) -> str:
    """A count with its unit in the right number: 1 stride, 11 trials, 152 strides in 10 trials."""
    head, place, rest = re.match(r"(.*?)( (?:in|of) |$)(.*)", unit).groups()
    if n == 1 and head.endswith("s"):
        head = head.removesuffix("es") if head.endswith("shes") else head[:-1]
    return f"{n} {head}{place}{rest}".strip()


def basis(value: Estimate) -> str:
    """What an estimate rests on: its n and what n counts."""
    return counted(value.n, value.of)


def span(counts: list[int], unit: str) -> str:
    """Counts that differ between channels: 6 to 11 trials."""
    low, high = min(counts), max(counts)
    return counted(high, unit) if low == high else f"{low} to {high} {unit}"


def first_upper(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
