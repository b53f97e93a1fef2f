"""What is true of a made-up cohort is found again: ceilings, bands, effects of mixed models.

The short form has few replications and tolerances of so many standard errors; the long one has 200 and the limits of
the claim. An estimator that counted strides as people, averaged r and not Fisher's z, or took the SD of the wrong level
fails both (`test_wrong_estimators_are_found_out`).
"""

from dataclasses import replace

import numpy as np
import pytest
from made_studies import band_coverage, found_ceilings, found_effects, mean

from biomimic.errors import BadValue, UnknownName
from biomimic.metrics.bands import position, prediction_band
from biomimic.metrics.estimate import Resampling
from biomimic.reference.cohort import Cohort, draw
from biomimic.reference.truth import expected_ceilings, value_truth
from biomimic.validate import sample_size
from biomimic.validate.sample_size import Claim, enough, power, rate

PEOPLE, STRIDES = 12, 5
COHORT = Cohort(people=PEOPLE, strides=STRIDES).only("knee_flexion", "soleus", "vertical")
NEAR = 4.0  # standard errors within which a mean has to be: a false alarm in 16,000


def check_ceilings(name, replications, groups):
    """The mean z of each kind of ceiling against the mean z of independent draws of the formula."""
    found, true = found_ceilings(COHORT, name, replications), expected_ceilings(COHORT, name, groups=groups)
    for kind, error in zip(("pair", "left_out", "within"), true.errors):
        wide = np.tanh(found[kind].value + found[kind].error) - np.tanh(found[kind].value)
        print(f"{name} {kind}: {np.tanh(found[kind].value):.4f} ± {wide:.4f}, true {getattr(true, kind):.4f}")
        apart = found[kind].value - np.arctanh(getattr(true, kind))
        assert abs(apart) < NEAR * np.hypot(found[kind].error, error), (name, kind, found[kind], true)


def test_ceilings_are_found_again():
    check_ceilings("knee_flexion", 12, 300)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["knee_flexion", "soleus", "vertical"])
def test_ceilings_are_found_again_200_times(name):
    check_ceilings(name, 200, 4000)


def test_bands_cover_what_they_say():
    for kind, found in band_coverage(replace(COHORT, people=20), "knee_flexion", 12, draws=100).items():
        assert 0.86 - NEAR * found.error <= found.value <= 0.93 + NEAR * found.error, kind
        assert found.error < 0.03


@pytest.mark.slow
@pytest.mark.parametrize("people", [12, 20, 40])
@pytest.mark.parametrize("name", ["knee_flexion", "vertical"])
def test_bands_cover_what_they_say_200_times(name, people):
    for kind, found in band_coverage(replace(COHORT, people=people), name, 200).items():
        print(f"{name} {people} people, {kind}: {found.value:.3f} ± {found.error:.3f}")
        assert 0.86 <= found.value <= 0.93, (kind, found)


def check_effects(replications, near):
    """Group difference, effect of speed and both spreads of two groups of twelve."""
    cohort = replace(COHORT.only("knee_flexion"), seed=replications)
    true = value_truth(cohort, "knee_flexion", 72)
    found = found_effects(cohort, "knee_flexion", 72, 1.0 * true[1], true)
    assert found.failed <= 0.02 * replications
    for name, wanted in (("difference", 0.0), ("per_speed", true[3]), ("within", true[2])):
        value, error = mean(getattr(found, name))
        print(f"{name}: {value:.5f} ± {error:.5f}, true {wanted:.5f} rad")
        assert abs(value - wanted) < near * error, (name, value, wanted, error)
    value, error = mean(found.between**2)  # REML is unbiased in the variance
    print(
        f"between: {value**0.5:.5f}, true {true[1]:.5f} rad; intervals that hold the truth: {found.covered.mean():.3f}"
    )
    print(f"of speed {found.speed_covered.mean():.3f}; models that could not be used: {found.failed}")
    assert abs(value - true[1] ** 2) < near * error
    return found


def test_effects_of_mixed_models_are_found_again():
    found = check_effects(8, 5.0)  # eight say little of their own spread, so the tolerance is wider
    assert found.covered.mean() > 0.6 and found.speed_covered.mean() > 0.6  # the long form says how often


@pytest.mark.slow
def test_effects_of_mixed_models_are_found_again_200_times():
    found = check_effects(200, NEAR)
    # stated 0.95, with a standard error of 0.015 from 200; the interval of 24 units is that of a normal number and not
    # of a t with 21 degrees of freedom, which costs 0.016
    assert 0.95 - 0.016 - 0.046 < found.covered.mean() < 0.95 + 0.046
    assert 0.95 - 0.046 < found.speed_covered.mean() < 0.95 + 0.046


def test_wrong_estimators_are_found_out():
    # strides taken for people: a band far too narrow for a new person
    cohort = replace(COHORT.only("knee_flexion"), people=PEOPLE)
    fresh = np.array([one.values["knee_flexion"].mean(axis=0) for one in draw(replace(cohort, people=300, seed=77))])
    inside = []
    for seed in range(6):
        rows = draw(replace(cohort, seed=seed))[0].values["knee_flexion"]  # five strides of one person
        band = prediction_band(rows, np.arange(len(rows)), resampling=Resampling(100, 0.9, seed))
        inside.append(position(band, fresh).inside.mean())
    assert np.mean(inside) < 0.6
    # r averaged as it is, not as Fisher's z: below the truth by more than the standard errors that are allowed
    spread = replace(COHORT.only("soleus"), spread=1.5)
    true, z = expected_ceilings(spread, "soleus", groups=1000), []
    for seed in range(40):
        means = np.array([one.values["soleus"].mean(axis=0) for one in draw(replace(spread, seed=seed))])
        z.append(np.arctanh(np.corrcoef(means)[np.triu_indices(PEOPLE, 1)].mean()))
    plain = mean(z)
    assert plain.value < np.arctanh(true.pair) - NEAR * np.hypot(plain.error, true.errors[0])


def test_power_grows_with_the_number_of_units_and_false_claims_stay_rare():
    claim, cohort = Claim("equivalence", size=1.5, true=0.0), Cohort(strides=2)
    few, many = (power(claim, n, cohort, replications=40, seed=3) for n in (5, 20))
    assert many.power.value > few.power.value + 0.3 and many.power.value > 0.9
    assert few.error.low <= 0.05 and many.error.low <= 0.05
    assert enough([many, few], 0.9) is many and enough([few], 0.99) is None


@pytest.mark.slow
@pytest.mark.published("power")
def test_power_of_a_difference_is_that_of_the_t_test():
    # two groups of 20, true difference 1 SD of the units: power 0.869 (Cohen 1988, table 2.3.5: 87 at d = 1, n = 20);
    # a z test and strides that scatter move it by a few hundredths
    found = power(Claim("difference", size=1.0), 20, Cohort(strides=10), replications=200, seed=5)
    assert found.power.low - 0.03 <= 0.869 <= found.power.high + 0.03
    assert found.error.low <= 0.07


@pytest.mark.published("rate")
def test_interval_of_a_share():
    # Wilson: 0 of 10 → 0 to z² / (n + z²) = 3.8415 / 13.8415; 5 of 10 → 0.2366 to 0.7634 (Newcombe 1998)
    assert rate(0, 10).low == 0.0 and rate(0, 10).high == pytest.approx(3.8415 / 13.8415, abs=1e-4)
    half = rate(5, 10)
    assert (half.low, half.high) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_claims_that_cannot_be_made_are_refused():
    with pytest.raises(UnknownName, match='No kind of claim "equal". Known: difference, equivalence'):
        Claim("equal")
    with pytest.raises(BadValue, match="asked of 4 units a group; below 5 this package makes none"):
        power(Claim("difference"), 4, Cohort())
    with pytest.raises(BadValue, match="between 0 and 100; got 172"):
        Claim("difference", percent=172)
    assert sample_size.KINDS == ("difference", "equivalence")
