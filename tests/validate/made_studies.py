"""Replications of studies on the made-up cohort, and what the estimators of this package find in each."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from biomimic.metrics.bands import position, prediction_band
from biomimic.metrics.estimate import Resampling
from biomimic.metrics.waveform import to_z
from biomimic.reference.cohort import Cohort, data_sets, draw
from biomimic.validate import ceiling
from biomimic.validate.mixed import Design, group_difference, mixed_model
from biomimic.validate.people import group, person
from biomimic.validate.protocol import Human, load_protocol
from biomimic.validate.sample_size import table

WALK = load_protocol("level_walking")
KEYS = {"knee_flexion": "angles", "ankle_dorsiflexion": "angles", "soleus": "activity", "vertical": "force"}
FRESH = 10_000_000  # first seed of people whom no study has seen


class Mean(NamedTuple):
    """Mean over replications and its standard error."""

    value: float
    error: float


def mean(values) -> Mean:
    """Over replications, NaN left out."""
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    return Mean(float(known.mean()), float(known.std(ddof=1) / np.sqrt(len(known))))


def found_ceilings(cohort: Cohort, name: str, replications: int) -> dict[str, Mean]:
    """Fisher's z of the ceilings that `validate.ceiling` finds: between pairs, of one left out, and within a person."""
    key = (KEYS[name], "right", cohort.channel(name).phase)
    found = {"pair": [], "left_out": [], "within": []}
    for number in range(replications):
        sets = data_sets(replace(cohort.only(name), seed=number))
        people = tuple(person(Human(label, "other"), data, WALK) for label, data in sets.items())
        same = replace(people[0], role="same")
        found["pair"].append(ceiling.ceiling(people, people[0], key, name).value)
        found["left_out"].append(ceiling.ceiling(people, group(people), key, name).value)
        found["within"].append(ceiling.ceiling((same,), same, key, name).value)
    return {kind: mean(to_z(np.array(values))) for kind, values in found.items()}


def band_coverage(cohort: Cohort, name: str, replications: int, draws: int = 150) -> dict[str, Mean]:
    """How many of 400 new people's mean curves, and single strides, lie wholly inside a stated 90 % band."""
    cohort = cohort.only(name)
    fresh = np.array([one.values[name] for one in draw(replace(cohort, people=400, seed=FRESH))])
    found = {"means": [], "strides": []}
    for number in range(replications):
        rows = np.array([one.values[name] for one in draw(replace(cohort, seed=number))])
        people, strides, points = rows.shape
        resampling = Resampling(draws, 0.9, number)
        band = prediction_band(rows.mean(axis=1), np.arange(people), resampling=resampling)
        found["means"].append(position(band, fresh.mean(axis=1)).inside.mean())
        nested = prediction_band(rows.reshape(-1, points), np.repeat(np.arange(people), strides), resampling=resampling)
        found["strides"].append(position(nested, fresh[:, 0]).inside.mean())
    return {kind: mean(values) for kind, values in found.items()}


class Effects(NamedTuple):
    """What mixed models found, one value a replication."""

    difference: np.ndarray  # of the groups, less its truth
    covered: np.ndarray  # whether its interval holds the truth
    per_speed: np.ndarray
    speed_covered: np.ndarray
    between: np.ndarray
    within: np.ndarray
    failed: int  # fits that could not be used


def found_effects(cohort: Cohort, name: str, percent: int, lift: float, truth: tuple) -> Effects:
    """Group difference and effect of speed over replications; `cohort.seed` says how many.

    Args:
        cohort: of each group; its seed is the number of replications.
        name, percent: of the value compared.
        lift: true difference.
        truth: of `reference.truth.value_truth`.
    """
    design = Design("value", "group", "unit", covariates=("speed",))
    rows, failed = [], 0
    for number in range(cohort.seed):
        first = replace(cohort, seed=2 * number + 1, lift={name: lift})
        both = pd.concat(
            (table(first, name, percent, "lifted"), table(replace(cohort, seed=2 * number), name, percent, "plain")),
            ignore_index=True,
        )
        found = group_difference(both, design, groups=("lifted", "plain"))
        model = mixed_model(both, "value ~ group + speed", unit="unit")
        if model.note:
            failed += 1
            continue
        slope = model.effect("speed")
        rows.append(
            (
                found.value - lift,
                found.low <= lift <= found.high,
                slope.value,
                slope.low <= truth[3] <= slope.high,
                dict(model.spreads)["unit"],
                model.residual,
            )
        )
    return Effects(*np.array(rows, float).T, failed)
