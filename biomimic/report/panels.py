"""Evidence → panels: which curves stand in which axes, and the bands of people."""

import math
from collections.abc import Sequence

import numpy as np

from biomimic.gait.strides import SIDES, Curves, Strides
from biomimic.metrics import activation
from biomimic.report import people, wording
from biomimic.report.figures import Line, Panel
from biomimic.validate.protocol import DOMAIN_OF, Protocol
from biomimic.validate.results import Results

AXES = {"angles": "°", "force": "BW", "activity": "1", "moment": "N m/kg", "power": "W/kg"}
KINDS = {"same": "same", "other": "other", "group": "other"}  # role → kind of line
STRIDE, STANCE = "gait cycle [%]", "stance [%]"

Key = tuple[str, str, str]  # quantity, side, phase


def panel(results: Results, protocol: Protocol, key: Key, channel: str, *, single: bool = True) -> Panel | None:
    """One channel of one side: the walk, the recorded person, other people; None if the walk lacks it.

    Args:
        results: with their evidence.
        protocol: says who is who.
        key: quantity, side, phase.
        channel: name without side.
        single: whether single strides are drawn too.
    """
    strides = _walk(results, key, channel)
    if strides is None:
        return None
    quantity, side, phase = key
    factor = _factor(quantity)
    rows = factor * strides.channel(channel) if single and len(strides) > 1 else None
    own = _line("simulated", people.walk_label(results), strides.summary(), channel, factor)
    lines = [Line(own.kind, own.label, own.mean, own.spread, rows)]
    for partner in people.partners(results, protocol):
        curves = results.evidence.human.get((partner.name, *key))
        if curves is None or channel not in curves.names or not np.isfinite(curves.channel(channel)).any():
            continue
        scaled = activation.curves_relative_to_peak(curves) if quantity == "activity" else curves
        line = _line(KINDS[partner.role], people.label(results, partner), scaled, channel, factor)
        edges = band(results, partner.name, key, channel)
        lines.append(line if edges is None else Line(line.kind, line.label, line.mean, line.spread, None, edges))
    name, sign = wording.CHANNELS.get(channel, (wording.channel(channel), "share of peak"))
    if quantity in ("moment", "power"):
        name, sign = wording.MOMENTS.get(channel, (name, sign))
    sign = "generated +, absorbed −" if quantity == "power" else sign
    marks = () if phase == "stance" or not np.isfinite(strides.stance).any() else (100.0 * np.nanmean(strides.stance),)
    label = STANCE if phase == "stance" else STRIDE
    note = _note(results, protocol, key, channel)
    return Panel(f"{name}, {side}", f"{sign} [{AXES[quantity]}]", tuple(lines), note, tuple(map(float, marks)), label)


def panels(
    results: Results, protocol: Protocol, quantity: str, channels: Sequence[str], phase: str = "stride"
) -> list[Panel]:
    """Panels of channels, all of the right side, then all of the left; what the walk lacks is left out."""
    keys = [((quantity, side, phase), channel) for side in SIDES for channel in channels]
    found = [panel(results, protocol, key, channel) for key, channel in keys]
    return [one for one in found if one is not None]


def band(results: Results, reference: str, key: Key, channel: str) -> np.ndarray | None:
    """Edges of the simultaneous band of people, (2, 101) in the unit that is drawn; None where there is none."""
    found = results.evidence.bands.get((reference, *key, channel))
    if found is None or not math.isfinite(found.factor):
        return None
    scale = 1.0 / float(found.mean.max()) if key[0] == "activity" else _factor(key[0])  # EMG: of its own peak
    return scale * np.array([found.low, found.high])


def band_words(results: Results) -> str:
    """What the bands are, e.g. for a caption; empty without bands."""
    known = [one for one in results.evidence.bands.values() if math.isfinite(one.factor)]
    if not known:
        return ""
    counts = [one.n for one in known]
    n = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else f"{counts[0]}"
    words = "people" if known[0].of == "subjects" else known[0].of
    return (
        f"Outlined band: where the whole curve of one more person lies with a chance of {100 * known[0].level:.0f} %, "
        f"n = {n} {words}."
    )


def _walk(results: Results, key: Key, channel: str) -> Strides | None:
    """The strides of the walk as they are drawn, activity on the scale of its peak; None if it lacks the channel."""
    strides = results.evidence.simulated.get(key)
    if strides is None or channel not in strides.names or not len(strides):
        return None
    if key[0] != "activity":
        return strides
    scaled = activation.relative_to_peak(strides, silent=activation.SILENT if people.is_simulated(results) else 0.0)
    return scaled if np.isfinite(scaled.channel(channel)).any() else None


def _factor(quantity: str) -> float:
    return 180.0 / math.pi if quantity == "angles" else 1.0


def _line(kind: str, label: str, curves: Curves, channel: str, factor: float) -> Line:
    spread = curves.spread(channel)
    return Line(kind, label, factor * curves.channel(channel), None if spread is None else factor * spread)


def _note(results: Results, protocol: Protocol, key: Key, channel: str) -> str:
    """Score against each partner, in the order of the legend."""
    words = []
    for partner in people.partners(results, protocol):
        place = {"domain": DOMAIN_OF[key[0]], "channel": channel, "side": key[1], "reference": partner.name}
        found = results.find("correlation", **place)
        if found:
            words.append(wording.MISSING if found[0].doubt else wording.number(found[0].score))
    return f"S {' / '.join(words)}" if words else ""
