"""Residual forces and moments at the pelvis, judged by two published rules: they need not agree."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import SIDES
from biomimic.signals import Signals

HICKS, CHECKLIST = "Hicks 2015", "OpenSim checklist"
SOURCES = {
    HICKS: "Hicks, Uchida, Seth, Rajagopal & Delp, J Biomech Eng 137 (2015) 020905, doi:10.1115/1.4029304",
    CHECKLIST: 'OpenSim documentation, "Simulation with OpenSim - Best Practices", checklist of residual reduction',
}
FORCE_SHARE = 0.05  # of the largest external force (Hicks)
MOMENT_SHARE = 0.01  # of the height of the centre of mass times that force (Hicks)
PEAK_FORCE, RMS_FORCE = (10.0, 25.0), (5.0, 15.0)  # [N] strict and wide limit (checklist)
PEAK_MOMENT, RMS_MOMENT = 75.0, 50.0  # [N m] (checklist)


class Size(NamedTuple):
    """Peak and root mean square of one residual [N] or [N m]."""

    name: str
    unit: str
    peak: float
    rms: float


@dataclass(frozen=True)
class Verdict:
    """One residual under one rule.

    Attributes:
        rule: "Hicks 2015" or "OpenSim checklist"; its source is in `SOURCES`.
        name: of the residual, e.g. "residual_x" or "FY".
        statistic: "peak" or "rms".
        value: largest size or RMS.
        limit: what it has to stay below; of a range that a rule gives, the wide end.
        unit: "N" or "N m".
        passed: whether it does; False where the value is missing.
        note: what the rule says besides.
    """

    rule: str
    name: str
    statistic: str
    value: float
    limit: float
    unit: str
    passed: bool
    note: str = ""


def sizes(residuals: Signals) -> tuple[Size, ...]:
    """Peak and RMS of each residual over the record; NaN where one is missing anywhere.

    Args:
        residuals: forces [N] or moments [N m], as `readers.opensim.read_residuals` gives them.
    """
    if residuals.unit not in ("N", "N m"):
        raise BadValue(f'Residuals are in "N" or "N m"; these signals are in "{residuals.unit}".')
    peaks = np.abs(residuals.values).max(axis=0, initial=0.0)
    rms = np.sqrt((residuals.values**2).mean(axis=0)) if len(residuals) else np.full(len(residuals.names), np.nan)
    return tuple(
        Size(name, residuals.unit, float(peak), float(mean)) for name, peak, mean in zip(residuals.names, peaks, rms)
    )


def grade(found: tuple[Size, ...], *, external_force: float, height: float) -> tuple[Verdict, ...]:
    """Each residual, peak and RMS, under both rules.

    There is no consensus on what is good enough: the rules differ, so both are given, each with its limit. Hicks 2015
    grows with the person and the task, the checklist does not.

    Args:
        found: from `sizes`, forces and moments together.
        external_force: largest net external force on the body, from `largest_external_force` [N].
        height: of the centre of mass above the ground [m].
    """
    if not (external_force > 0 and height > 0):
        raise BadValue(
            f"The rule of Hicks needs a largest external force and a height of the centre of mass above 0; got "
            f"{external_force:g} N and {height:g} m."
        )
    verdicts = []
    for one in found:
        force = one.unit == "N"
        share = FORCE_SHARE * external_force if force else MOMENT_SHARE * height * external_force
        words = "5 % of the largest external force" if force else "1 % of it times the height of the centre of mass"
        for statistic, value in (("peak", one.peak), ("rms", one.rms)):
            limit, note = _checklist(one.unit, statistic, value)
            verdicts.append(Verdict(HICKS, one.name, statistic, value, share, one.unit, value < share, words))
            verdicts.append(Verdict(CHECKLIST, one.name, statistic, value, limit, one.unit, value < limit, note))
    return tuple(verdicts)


def largest_external_force(force: Signals) -> float:
    """Largest size of the summed ground force of both feet [N].

    Args:
        force: vertical, anterior and lateral (outward) of each side that is there [N].
    """
    if force.unit != "N":
        raise BadValue(f'External force is in "N"; these signals are in "{force.unit}".')
    total = np.zeros((len(force), 3))
    for side in SIDES:
        if f"vertical_{side}" not in force.names:
            continue
        leftward = 1.0 if side == "left" else -1.0
        parts = (force.channel(f"anterior_{side}"), leftward * force.channel(f"lateral_{side}"))
        total += np.column_stack((*parts, force.channel(f"vertical_{side}")))
    return float(np.linalg.norm(total, axis=1).max(initial=0.0))


def _checklist(unit: str, statistic: str, value: float) -> tuple[float, str]:
    """Limit of the checklist, and where the value lies in the range it gives for forces."""
    if unit == "N m":
        return (PEAK_MOMENT if statistic == "peak" else RMS_MOMENT), ""
    low, high = PEAK_FORCE if statistic == "peak" else RMS_FORCE
    where = "below" if value < low else "within" if value < high else "above"
    return high, f"{where} the range of {low:g} to {high:g} N"
