"""Evidence → panels: which curves stand in which axes."""

import math
from collections.abc import Sequence

import numpy as np

from biomimic.gait.strides import SIDES, Curves
from biomimic.metrics import activation
from biomimic.report import wording
from biomimic.report.figures import Line, Panel
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Results

AXES = {"angles": "°", "force": "BW", "activity": "1", "moment": "N m/kg"}
PEOPLE = {"same": "the recorded person", "other": "another person"}
SHORT = {"same": "Recorded", "other": "Another"}
STRIDE, STANCE = "gait cycle [%]", "stance [%]"


def panel(results: Results, protocol: Protocol, key: tuple[str, str, str], channel: str) -> Panel | None:
    """One channel of one side: the walk, the recorded person, another person; None if the walk lacks it.

    Args:
        results: with their evidence.
        protocol: says who is who.
        key: quantity, side, phase.
        channel: name without side.
    """
    strides = results.evidence.simulated.get(key)
    if strides is None or channel not in strides.names or not len(strides):
        return None
    quantity, side, phase = key
    if quantity == "activity":
        strides = activation.relative_to_peak(strides)
    lines = [_line("simulated", simulated_label(results), strides.summary(), channel, quantity)]
    for human in protocol.humans:
        curves = results.evidence.human.get((human.name, *key))
        if curves is not None and channel in curves.names:
            scaled = activation.curves_relative_to_peak(curves) if quantity == "activity" else curves
            lines.append(_line(human.role, human_label(results, human.role, human.name), scaled, channel, quantity))
    name, sign = wording.CHANNELS.get(channel, (wording.channel(channel), "share of peak"))
    if quantity == "moment":
        name, sign = wording.MOMENTS.get(channel, (name, sign))
    marks = () if phase == "stance" else (100.0 * float(np.nanmean(strides.stance)),)
    label = STANCE if phase == "stance" else STRIDE
    return Panel(
        f"{name}, {side}",
        f"{sign} [{AXES[quantity]}]",
        tuple(lines),
        _note(results, protocol, key, channel),
        marks,
        label,
    )


def panels(
    results: Results, protocol: Protocol, quantity: str, channels: Sequence[str], phase: str = "stride"
) -> list[Panel]:
    """Panels of channels, all of the right side, then all of the left; what the walk lacks is left out."""
    keys = [((quantity, side, phase), channel) for side in SIDES for channel in channels]
    found = [panel(results, protocol, key, channel) for key, channel in keys]
    return [one for one in found if one is not None]


def simulated_label(results: Results) -> str:
    """Legend of the walk: counts of both sides."""
    counts = {}
    for (_, side, _), strides in results.evidence.simulated.items():
        counts[side] = (len(strides), len(np.unique(strides.trial)))
    words = " and ".join(f"{counts[side][0]} {side}" for side in SIDES if side in counts)
    trials = max((count[1] for count in counts.values()), default=0)
    return f"simulated walk: mean ± SD, n = {words} strides of {wording.counted(trials, 'trials')}"


def human_label(results: Results, role: str, name: str) -> str:
    """Legend of a person: what n counts."""
    curves = [c for (one, *_), c in results.evidence.human.items() if one == name]
    n, of = max(((c.n, c.of) for c in curves), default=(0, "strides"))
    spread = "mean ± SD, " if n > 1 else ""
    each = " a side" if n == 1 else ""
    return f"{PEOPLE[role].removeprefix('the ')} ({name}): {spread}n = {wording.counted(n, of)}{each}"


def _line(kind: str, label: str, curves: Curves, channel: str, quantity: str) -> Line:
    factor = 180.0 / math.pi if quantity == "angles" else 1.0
    spread = curves.spread(channel)
    return Line(kind, label, factor * curves.channel(channel), None if spread is None else factor * spread)


def _note(results: Results, protocol: Protocol, key: tuple[str, str, str], channel: str) -> str:
    """r with each person, in the order of the protocol."""
    domain = {"angles": "kinematics", "force": "ground reaction force", "activity": "muscles", "moment": "moments"}
    words = []
    for human in protocol.humans:
        found = results.find("correlation", domain=domain[key[0]], channel=channel, side=key[1], reference=human.name)
        if found:
            words.append(wording.number(found[0].value))
    return f"r {' / '.join(words)}" if words else ""
