"""How muscles work together: antagonists, synergies, and which muscles rise and fall with which; people beside."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from biomimic.gait import strides
from biomimic.gait.strides import SIDES, Curves, Strides
from biomimic.metrics import activation, cocontraction, synergy
from biomimic.metrics.estimate import Resampling
from biomimic.validate.people import FEW, Person, compared
from biomimic.validate.physics import counted
from biomimic.validate.results import Finding
from biomimic.validate.subject import Subject
from biomimic.validate.walks import Key

DOMAIN = "coordination"
PARTS = ("stance", "swing")
MOST = 12  # people whose coordination is compared for the ceiling
LEAST = 4  # muscles below which synergies and similarities mean nothing


def findings(walker: Subject, people: Sequence[Person], resampling: Resampling) -> list[Finding]:
    """Silent muscles, jitter, co-contraction by stance and swing, synergies and similarity of coordination, per side.

    Args:
        walker: what is measured.
        people: compared with; those without EMG of a side are left out.
        resampling: of strides within trials.
    """
    cut = walker.cut
    found = _steadiness(walker, resampling)
    for side in SIDES:
        key = ("activity", side, "stride")
        if key not in cut:
            continue
        listed = [one for one in compared(people) if one.role != "target" and key in one.strides]
        humans = _humans(people, key)
        found += _antagonists(cut[key], listed, key, resampling)
        for one in listed:
            found += _together(cut[key], one, humans, key, resampling)
    return found


def _steadiness(walker: Subject, resampling: Resampling) -> list[Finding]:
    """Muscles that are never used, and how much of each one's activity is faster than a muscle of a walk needs."""
    found = []
    for side in SIDES:
        key = ("activity", side, "stride")
        if key not in walker.cut or walker.kind == "measured":
            continue
        silent = activation.silent_muscles(walker.cut[key])
        note = ", ".join(silent) or "none"
        estimate = counted(len(silent), len(walker.cut[key].names), "muscles", "muscles")
        found.append(Finding(DOMAIN, "silent_muscles", estimate, side=side, note=note))
        able = [t for t in walker.compared if t.recording.activity is not None and len(t.cycles[side])]
        raw = strides.stack([strides.cut(t.recording.activity, t.cycles[side]) for t in able])
        for name in raw.names:
            estimate = activation.high_frequency_share(raw, name, resampling)
            found.append(Finding(DOMAIN, "fast_share", estimate, name, side, note=estimate.note))
            estimate = activation.total_variation(raw, name, resampling)
            found.append(Finding(DOMAIN, "total_variation", estimate, name, side, note=estimate.note))
    return found


def _antagonists(walk: Strides, able: Sequence[Person], key: Key, resampling: Resampling) -> list[Finding]:
    found = []
    for pair in cocontraction.PAIRS:
        if not set(pair) <= set(walk.names):
            continue
        name = f"{pair[0]} and {pair[1]}"
        for part in PARTS:
            estimate = cocontraction.cocontraction(walk, pair, resampling, part=part)
            shared = {"channel": name, "side": key[1], "note": estimate.note}
            have = [one for one in able if all(one.has(key, muscle) for muscle in pair)]
            if not have:
                found.append(Finding(DOMAIN, f"cocontraction_{part}", estimate, **shared))
            for one in have:
                human = cocontraction.cocontraction(_emg(one, key), pair, _single(resampling), part=part)
                found.append(
                    Finding(
                        DOMAIN,
                        f"cocontraction_{part}",
                        estimate,
                        reference=one.name,
                        human=human.value,
                        n_human=human.n,
                        of_human=one.entry.of,
                        **shared,
                    )
                )
    return found


def _humans(people: Sequence[Person], key: Key) -> dict[str, Strides]:
    """Single people with EMG, at most `MOST` of them, evenly spaced."""
    rows = {}
    for one in (one for one in people if one.role in ("same", "other") and key in one.strides):
        own = _emg(one, key)
        many = {f"{one.name} {k}": own.take(np.array([k])) for k in range(len(own))} if one.is_several else {}
        rows |= many or {one.name: own}
    names = list(rows)
    kept = np.unique(np.linspace(0, len(names) - 1, MOST).astype(int)) if len(names) > MOST else range(len(names))
    return {names[k]: rows[names[k]] for k in kept}


def _together(
    walk: Strides, one: Person, humans: dict[str, Strides], key: Key, resampling: Resampling
) -> list[Finding]:
    """Synergies and similarity of coordination on the muscles that the walk and every person with EMG have."""
    silent = activation.silent_muscles(walk)
    shared_by = [set(human.names) for human in (*humans.values(), _emg(one, key))]
    muscles = [name for name in walk.names if name not in silent and all(name in names for names in shared_by)]
    note = f"on {len(muscles)} muscles: {', '.join(muscles)}" + (f"; silent: {', '.join(silent)}" if silent else "")
    shared = {"side": key[1], "reference": one.name, "of_human": one.entry.of, "note": note}
    if len(muscles) < LEAST:
        return []
    own, human = walk.select(tuple(muscles)), _emg(one, key).select(tuple(muscles))
    shared["n_human"] = len(human)
    curves = human.summary()
    theirs = synergy.decompose(curves)
    ours = synergy.decompose(own.summary(), count=len(theirs))
    enough = synergy.decompose(own.summary())
    matched = synergy.match(theirs, ours)
    ceiling = _between({name: rows for name, rows in humans.items() if name != one.name}, curves, theirs)
    null = _renamed(own.summary(), ours, curves, theirs)
    return [
        Finding(DOMAIN, "synergies", counted(len(enough), 1, "mean curves", "synergies"), human=len(theirs), **shared),
        Finding(DOMAIN, "synergy_vaf", counted(ours.vaf, 1, "mean curves", "1"), human=theirs.vaf, **shared),
        Finding(
            DOMAIN,
            "synergy_similarity",
            counted(_mean(matched.weights), 1, "mean curves", "1"),
            **shared,
            null=null["synergy_similarity"],
            ceiling=ceiling["synergy_similarity"],
            ceiling_from=ceiling["words"],
        ),
        Finding(
            DOMAIN,
            "cross_vaf",
            synergy.cross_vaf(own, theirs, resampling),
            **shared,
            null=null["cross_vaf"],
            ceiling=ceiling["cross_vaf"],
            ceiling_from=ceiling["words"],
        ),
        Finding(
            DOMAIN,
            "coordination_similarity",
            synergy.representational_similarity(own, curves, resampling),
            **shared,
            null=null["coordination_similarity"],
            ceiling=ceiling["coordination_similarity"],
            ceiling_from=ceiling["words"],
        ),
    ]


def _renamed(own: Curves, ours: synergy.Synergies, curves: Curves, theirs: synergy.Synergies) -> dict[str, float]:
    """The same measures of the walk with every muscle called by another one's name, averaged: what names alone give."""
    values = {"synergy_similarity": [], "cross_vaf": [], "coordination_similarity": []}
    for places in range(1, len(own.names)):
        names = tuple(own.names[(k + places) % len(own.names)] for k in range(len(own.names)))
        wrong = replace(own, names=names)
        values["synergy_similarity"].append(_mean(synergy.match(theirs, replace(ours, names=names)).weights))
        values["cross_vaf"].append(synergy.cross_vaf_of(wrong, theirs))
        values["coordination_similarity"].append(synergy.similarity_of(wrong, curves))
    return {name: _mean(each) for name, each in values.items()}


def _between(others: dict[str, Strides], curves: Curves, theirs: synergy.Synergies) -> dict:
    """The same measures of every other person against these curves, averaged; NaN when there is no other."""
    values = {"synergy_similarity": [], "cross_vaf": [], "coordination_similarity": []}
    for rows in others.values():
        mean = rows.select(curves.names).summary()
        matched = synergy.match(theirs, synergy.decompose(mean, count=len(theirs)))
        values["synergy_similarity"].append(_mean(matched.weights))
        values["cross_vaf"].append(synergy.cross_vaf_of(mean, theirs))
        values["coordination_similarity"].append(synergy.similarity_of(mean, curves))
    count = len(others)
    words = "none: only one person's EMG was recorded on this side"
    if others:
        words = f"other people against the same curves (n = {count} {'person' if count == 1 else 'people'}"
        words += ", provisional: fewer than 8)" if count < FEW else ")"
    return {name: _mean(each) for name, each in values.items()} | {"words": words}


def _emg(one: Person, key: Key) -> Strides:
    """A person's complete rows, relative to the peak: their unit is the laboratory's."""
    rows = one.strides[key]
    able = rows.names if len(rows) == 1 else tuple(name for name in rows.names if one.complete(key, name))
    return activation.relative_to_peak(rows.select(able), silent=0.0)


def _single(resampling: Resampling) -> Resampling:
    """One draw: of a person only the value is used."""
    return replace(resampling, draws=1)


def _mean(values: Sequence[float] | np.ndarray) -> float:
    known = np.asarray(values, float)
    return float(known.mean()) if len(known) else math.nan
