"""How names, numbers and units are written in a report."""

import math

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
QUANTITIES = {"angles": "angle", "force": "force", "activity": "activity", "moment": "moment"}

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
    "peak_ratio": "largest moment, ratio to human",
    "highest_difference": "highest point, difference",
    "lowest_difference": "lowest point, difference",
    "side_correlation": "r of right and left side",
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
}

# unit in memory → (factor, decimals, unit as written); a share is written in per cent
UNITS = {
    "rad": (180.0 / math.pi, 1, "°"),
    "BW": (1.0, 3, "BW"),
    "BW s": (1.0, 3, "BW s"),
    "BW/s": (1.0, 1, "BW/s"),
    "N": (1.0, 1, "N"),
    "N m/kg": (1.0, 2, "N m/kg"),
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
)


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
        return "–"
    text = f"{value:.{digits}f}"
    if float(text) == 0.0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def quantity(value: float, unit: str, *, bare: bool = False) -> str:
    """A value in the unit it is written in, e.g. radians as degrees."""
    factor, digits, written = UNITS.get(unit, (1.0, 3, unit))
    text = number(value * factor, digits)
    return text if bare or not written or text == "–" else f"{text}{TIE}{written}"


def estimate(value: Estimate, *, metric_name: str = "", bare: bool = False) -> str:
    """Value and interval, e.g. 0.95 [0.94, 0.96]; without an interval, or when it rounds to the value, only that."""
    unit = unit_of(metric_name, value.unit)
    text = quantity(value.value, unit, bare=True)
    if math.isfinite(value.low) and math.isfinite(value.high):
        low, high = quantity(value.low, unit, bare=True), quantity(value.high, unit, bare=True)
        text += f" [{low}, {high}]" if (low, high) != (text, text) else ""
    written = UNITS.get(unit, (1.0, 3, unit))[2]
    return text if bare or not written or text == "–" else f"{text}{TIE}{written}"


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
    """A metric as it is written."""
    return METRICS.get(name, name.replace("_", " "))


def listed(words: list[str] | tuple[str, ...]) -> str:
    """Words joined by commas and a last "and"."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def counted(n: int, unit: str) -> str:
    """A count with its unit in the right number: 1 stride, 11 trials, 152 strides in 10 trials."""
    first, _, rest = unit.partition(" ")
    if n == 1 and first.endswith("s"):
        first = first.removesuffix("es") if first.endswith("shes") else first[:-1]
    return f"{n} {first} {rest}".strip()


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
