"""The box at the head of the report: what it cannot claim."""

from biomimic.report import people, scores, wording
from biomimic.report.blocks import Box
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Results

FEW_UNITS = 5  # independent walkers below which no p value is given
FEW_PEOPLE = 8  # people below which a ceiling between people is provisional
SMOOTH_HZ = 50.0  # low-pass filter of the force below which an impact is no longer in it
MOMENTS = ", but the joint moments of the same person did, and muscles make moments"


def box(results: Results, protocol: Protocol) -> Box:
    """Every limit of what was measured, as sentences."""
    items = [_unit(results)]
    items += [_shaping(results, human.name) for human in protocol.humans if human.role == "same"]
    items += [_range(results, protocol), _ceilings(results, protocol)]
    items += _simulated(results) if people.is_simulated(results) else _measured()
    items.append(
        f"Ground force passed a {protocol.filters.force_hz:g} Hz low-pass filter"
        + (
            ": nothing is said about impacts, and a loading rate holds for this filter only."
            if protocol.filters.force_hz < SMOOTH_HZ
            else "."
        )
    )
    items.append("One speed on level ground was tested: other speeds, slopes, turns and uneven ground were not.")
    items.append(
        "There is no scientific consensus on what is good enough: limits stand with their source, grades are a choice "
        "of this project."
    )
    notes = results.identity.get("humans", {})
    items += [f"{name}: {notes[name]['note']}" for name in notes if notes[name].get("note")]
    return Box("What this report cannot claim", tuple(items))


def _unit(results: Results) -> str:
    """Strides of one walk are repeats, not a sample."""
    right = max((len(s) for (_, side, _), s in results.evidence.simulated.items() if side == "right"), default=0)
    left = max((len(s) for (_, side, _), s in results.evidence.simulated.items() if side == "left"), default=0)
    whose = "one controller on one body" if people.is_simulated(results) else "one person"
    strides = f"its {right} right and {left} left strides are repeats of {whose}, not a sample of walkers"
    if right + left == 1:
        strides = f"its one stride is of {whose}, not a sample of walkers"
    return (
        f"One walk is one unit, however many strides it has: {strides}. Intervals that resample strides describe this "
        f"walk only. No p value is given below {FEW_UNITS} independent units; here there is 1."
    )


def _range(results: Results, protocol: Protocol) -> str:
    """How many people, and what that forbids."""
    stated = results.identity.get("humans", {})
    count = sum(int(one.get("subjects", 1)) for one in stated.values()) or len(protocol.humans)
    whom = wording.counted(count, "people") if count != 1 else "one person"
    if count >= FEW_PEOPLE:
        return f"The human data are of {whom}, who do not stand for all healthy people."
    return f"The human data are of {whom}: nothing here says whether the walk lies within the range of healthy people."


def _ceilings(results: Results, protocol: Protocol) -> str:
    """Whether the ceilings are provisional, and why."""
    found = scores.of_partners(results, protocol)
    weak = dict.fromkeys(score.provisional for score in found if score.provisional and score.n)
    text = f"Ceilings between people are provisional below {FEW_PEOPLE} people, and too low when few stand behind them"
    return f"{text}. Here: {'; '.join(weak)}." if weak else f"{text}."


def _simulated(results: Results) -> list[str]:
    domains = {finding.domain for finding in results.findings}
    fit = "The motion that was tracked had to be fitted to another body first"
    if "retargeting" in domains:
        fit += ": what that cost is told apart in its own section, for the quantities that the target states."
    else:
        fit += ": errors of that fit are not told apart from those of the control."
    tendons = "The muscles have rigid tendons: nothing is said about fibre speed, tendon energy or metabolic cost."
    if "energetics" in domains:
        tendons = (
            "The energetics are an index for comparing walks of one body, not a metabolic rate: the muscles have rigid "
            "tendons, so their fibres move as people's do not."
        )
    return [
        "Activations are not per cent of a voluntary maximum: muscle activity is compared in shape and timing only. "
        "Each muscle is scaled to its own peak, and the body's leg muscles are stronger than most people's, so the "
        "size of an activation means nothing here.",
        "Good angles and forces are no evidence on muscles: many activations make the same motion. Only the comparison "
        "with EMG speaks of that, for the muscles and the side that were recorded.",
        fit,
        tendons,
    ]


def _measured() -> list[str]:
    return [
        "EMG has no unit that two people share: it is compared in shape and timing only.",
        "The person was measured as a run is: this report shows what the measures say of a human, and a simulation's "
        "report is to be read beside it.",
    ]


def _shaping(results: Results, name: str) -> str:
    """Which comparisons with the tracked person are a test of tracking, and which are independent."""
    if not people.is_simulated(results):
        return f"{name} is compared with as the recorded person, although no controller tracked anybody here."
    words: dict[str, dict[str, None]] = {}
    for finding in results.findings:
        if finding.reference == name and finding.shaped:
            words.setdefault(finding.shaped, {})[finding.domain] = None
    parts = []
    for shaped, domains in words.items():
        listed = wording.listed(list(domains))
        if shaped == "shaped the walk":
            parts.append(
                f"{listed}: the recorded person's own signals shaped the walk, so agreement there shows tracking"
            )
        elif shaped == "independent":
            parts.append(
                f"{listed}: these signals of the recorded person did not enter the controller, so agreement is no "
                "tracking" + (MOMENTS if "muscles" in domains and "moments" in words.get("shaped the walk", {}) else "")
            )
        else:
            parts.append(f"{listed}: the run does not state whether the recorded person's signals shaped the walk")
    return (
        f"Comparison with {name}. {wording.first_upper('; '.join(parts))}."
        if parts
        else f"Nothing was compared with {name}."
    )
