"""Gait Profile Score against each person, and bands in which the next person's whole curve would lie."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from biomimic.gait.strides import SIDES, Strides
from biomimic.metrics import bands, profile
from biomimic.metrics.estimate import Resampling
from biomimic.validate.people import FEW, Person
from biomimic.validate.physics import counted
from biomimic.validate.protocol import DOMAIN_OF, Protocol
from biomimic.validate.results import Finding
from biomimic.validate.walks import Key

LEVEL = 0.90  # of people whose whole curve the band is to hold


def findings(cut: dict[Key, Strides], people: Sequence[Person], resampling: Resampling) -> list[Finding]:
    """Gait Profile Score of the walk against each person; its note names the variables that it rests on.

    Source:
        Baker et al., Gait & Posture 30 (2009) 265-269, doi:10.1016/j.gaitpost.2009.05.020.
    """
    found = []
    own = {side: cut["angles", side, "stride"] for side in SIDES if ("angles", side, "stride") in cut}
    for one in (one for one in people if one.role != "target"):
        theirs = {
            side: one.curves(("angles", side, "stride")) for side in own if ("angles", side, "stride") in one.strides
        }
        if not theirs:
            continue
        score = profile.movement_analysis_profile(own, theirs, resampling)
        found.append(
            Finding(
                "kinematics",
                "gait_profile_score",
                score.overall,
                reference=one.name,
                n_human=max(curves.n for curves in theirs.values()),
                of_human=one.entry.of,
                note=score.words,
            )
        )
    return found


def people_bands(people: Sequence[Person], protocol: Protocol) -> dict[tuple, bands.Band]:
    """Simultaneous prediction bands of people's curves by (reference, quantity, side, phase, channel).

    Only of eight people or more: a band of fewer is so wide that nothing lies outside.
    """
    group = next((one for one in people if one.role == "group"), None)
    if group is None:
        return {}
    found = {}
    for key, channel in _compared(group, protocol):
        rows = group.rows(key, channel)
        if len(rows) >= FEW:
            how = Resampling(protocol.resampling.draws, LEVEL, protocol.resampling.seed)
            found[(group.name, *key, channel)] = bands.prediction_band(rows, np.arange(len(rows)), "subjects", how)
    return found


def outside(
    cut: dict[Key, Strides], people: Sequence[Person], made: dict[tuple, bands.Band], resampling: Resampling
) -> list[Finding]:
    """Share of the cycle in which the walk's mean curve leaves the band; beside it the same of each person left out."""
    found = []
    group = next((one for one in people if one.role == "group"), None)
    for (reference, *where, channel), band in made.items():
        key = tuple(where)
        if key not in cut or channel not in cut[key].names:
            continue
        own = cut[key].summary().channel(channel)
        own = own / np.nanmax(own) if key[0] == "activity" else own  # people's EMG is relative to its peak
        place = bands.position(band, own[None])
        how = replace(resampling, level=band.level)
        rows = group.rows(key, channel)
        left_out = bands.held_out(rows, np.arange(len(rows)), "subjects", how)
        share = float(np.asarray(place.outside).ravel()[0])
        words = "the whole curve lies inside" if share == 0.0 else "not inside throughout"
        found.append(
            Finding(
                DOMAIN_OF[key[0]],
                "outside_band",
                counted(share, 1, "mean curves", "1"),
                channel=channel,
                side=key[1],
                reference=reference,
                human=left_out.mean_outside,
                n_human=band.n,
                of_human="subjects",
                note=f"{words}; band of {100 * band.level:.0f} %, mean ± {band.factor:.2f} SD",
            )
        )
    return found


def _compared(group: Person, protocol: Protocol) -> list[tuple[Key, str]]:
    wanted = {
        ((one.quantity, side, one.phase), channel): None
        for one in protocol.comparisons
        for side in SIDES
        for channel in one.channels
    }
    return [(key, channel) for key, channel in wanted if group.has(key, channel)]
