"""The made-up cohort: its strides are what its formula says, on paper and by counting."""

from dataclasses import replace

import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.gait.strides import POINTS
from biomimic.reference import cohort as made
from biomimic.reference.cohort import CHANNELS, SHARE, Cohort, data_sets, draw, population
from biomimic.reference.truth import expected_ceilings, first_ceilings, truth, value_truth, with_ceiling

STILL = Cohort(speed_between=0.0, speed_within=0.0, timing_between=0.0, timing_within=0.0, spread=0.0)


def rows(cohort, name):
    """(people, strides, 101)."""
    return np.array([one.values[name] for one in draw(cohort)])


def test_without_any_spread_everybody_walks_the_mean():
    # knee at 0 %: 22 + 20 cos(-4.6) + 14 cos(-2.2) = 22 - 2.243 - 8.239 = 11.518 degrees
    knee = rows(STILL, "knee_flexion")
    assert np.degrees(knee[:, :, 0]) == pytest.approx(11.518, abs=1e-3) and np.ptp(knee, axis=(0, 1)).max() == 0
    # at 72 %, in swing: 22 + 20 cos(4.524 - 4.6) + 14 cos(9.048 - 2.2) = 22 + 19.942 + 11.827
    assert np.degrees(knee[0, 0, 72]) == pytest.approx(53.769, abs=2e-3) and 66 <= knee[0, 0].argmax() <= 78
    # vertical at 25 % of the stance: 0.98 sin 45° + 0.42 sin 135° = 1.4 / sqrt 2
    assert rows(STILL, "vertical")[0, 0, 25] == pytest.approx(1.4 / np.sqrt(2.0))
    assert rows(STILL, "soleus")[0, 0, [42, 0]] == pytest.approx([0.54, 0.04], abs=2e-3)  # the burst's peak and floor


def test_the_same_seed_gives_the_same_people_and_more_are_added():
    few, many = rows(Cohort(people=3, seed=5), "soleus"), rows(Cohort(people=9, seed=5), "soleus")
    assert np.array_equal(few, many[:3]) and not np.array_equal(few, rows(Cohort(people=3, seed=6), "soleus"))
    assert np.array_equal(few, rows(Cohort(people=3, seed=5).only("soleus"), "soleus"))


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda one: one.name)
def test_mean_and_covariance_are_what_the_formula_says(channel):
    cohort = Cohort(people=1500, strides=3, seed=11).only(channel.name)
    values, known = rows(cohort, channel.name), truth(cohort, channel.name)
    own = values.mean(axis=1)
    error = np.sqrt(np.maximum(np.diag(known.between + known.within / 3), 1e-30) / 1500)
    assert np.sqrt(np.mean(((own.mean(axis=0) - known.mean)[1:-1] / error[1:-1]) ** 2)) < 2.0
    apart = values - own[:, None]
    within = np.einsum("psi,psj->ij", apart, apart) / (1500 * 2)
    between = np.cov(own.T) - within / 3
    # n = 1500: the error of a variance is sqrt(2 / n) = 4 %, of the sum over the cycle less; skewed EMG more
    assert np.trace(within) == pytest.approx(np.trace(known.within), rel=0.06)
    assert np.trace(between) == pytest.approx(np.trace(known.between), rel=0.12)
    if channel.name == "knee_flexion":
        assert np.abs(between - known.between).max() < 0.15 * known.between.max()


def test_speed_changes_the_curves_by_the_slope():
    cohort = Cohort(people=400, strides=2, speed_between=0.2, spread=0.2, timing_between=0.0).only("hip_flexion")
    speed = np.concatenate([one.speed for one in draw(cohort)])
    values = rows(cohort, "hip_flexion").reshape(-1, POINTS)
    slope = np.polynomial.polynomial.polyfit(speed, values, 1)[1]
    # SD of a person 1.1 degrees, of the speeds 0.2 m/s: the error of the slope is 1.1 / 0.2 / sqrt(400) = 0.28 degrees
    assert slope == pytest.approx(truth(cohort, "hip_flexion").per_speed, abs=np.radians(1.1))
    still = value_truth(cohort, "hip_flexion", 0)
    # level 2 and wave 6 cos 0.25, damped by the shift by less than a thousandth
    assert np.degrees(still[3]) == pytest.approx(2 + 6 * np.cos(0.25), abs=0.02)


def test_a_lift_moves_the_whole_group():
    plain, lifted = Cohort(people=3), Cohort(people=3, lift={"knee_flexion": 0.1})
    assert rows(lifted, "knee_flexion") - rows(plain, "knee_flexion") == pytest.approx(0.1)
    assert np.array_equal(rows(lifted, "soleus"), rows(plain, "soleus"))


def test_muscles_stay_positive_and_force_begins_and_ends_with_the_stance():
    wild = Cohort(people=50, spread=3.0)
    assert rows(wild, "soleus").min() > 0
    assert np.abs(rows(wild, "vertical")[:, :, [0, -1]]).max() < 1e-9


def test_ceiling_on_paper():
    # one wave of size 2: variance 2 over the cycle. A of SD 1 in twelve waves, one of which is a gain of the mean and
    # leaves r alone; no B: r = 2 / (2 + 11/12)
    simple = made.Channel("angles", "wave", made.waves(0.0, (2.0, 1, 0.0)), made.waves(0.0), 1.0, 5.0, 0.0)
    cohort = replace(STILL, spread=1.0, channels=(simple,), people=4, strides=1)
    found = first_ceilings(cohort, "wave")
    assert found.pair == pytest.approx(2 / (2 + 11 / 12), abs=0.01)
    assert found.left_out == pytest.approx(
        2 / np.sqrt((2 + 11 / 12) * (2 + 11 / 36)), abs=0.01
    ) and found.within == pytest.approx(1.0)
    assert np.var(simple.mean.at(SHARE)) == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize(("name", "apart"), [("knee_flexion", 0.2), ("soleus", 0.3)])
def test_drawn_ceilings_are_near_those_on_paper(name, apart):
    cohort = replace(Cohort(people=6, strides=3), spread=0.6)
    drawn, paper = expected_ceilings(cohort, name, groups=400), first_ceilings(cohort, name)
    # the mean of Fisher's z lies above the z of the mean, more so where the differences are skewed as on muscles
    assert np.all(np.arctanh(drawn[:3]) > np.arctanh(paper[:3]) - 0.1)
    assert np.arctanh(drawn[:3]) == pytest.approx(np.arctanh(paper[:3]), abs=apart) and max(drawn.errors) < 0.05


def test_a_wanted_ceiling_is_had():
    cohort = with_ceiling(Cohort(people=8, strides=4), "ankle_dorsiflexion", 0.8)
    assert first_ceilings(cohort, "ankle_dorsiflexion").pair == pytest.approx(0.8, abs=1e-6)
    drawn = expected_ceilings(cohort, "ankle_dorsiflexion", groups=400)
    assert drawn.pair == pytest.approx(0.8, abs=0.04)
    with pytest.raises(BadValue, match="ceiling of 0.9999 was asked for on knee_flexion; .* between 0 and 0.99"):
        with_ceiling(Cohort(), "knee_flexion", 0.9999)


def test_people_are_data_sets_and_together_one():
    cohort = Cohort(people=4, strides=6, seed=2)
    people, together = data_sets(cohort), population(cohort)
    assert list(people) == ["person0", "person1", "person2", "person3"] and together.entry.of == "subjects"
    one = people["person2"].strides("angles", "right").channel("knee_flexion")
    assert one.shape == (6, POINTS) and people["person2"].strides("force", "right", "stance").unit == "BW"
    row = together.strides("angles", "right").channel("knee_flexion")[2]
    assert row == pytest.approx(one.mean(axis=0)) and together.n == 4
    speeds = [one.speed.mean() for one in draw(cohort)]
    assert together.figure("speed").mean == pytest.approx(np.mean(speeds))
    assert together.figure("speed").sd == pytest.approx(np.std(speeds, ddof=1))
    assert "Nobody walked" in together.entry.note


def test_bad_cohorts_are_refused():
    with pytest.raises(BadValue, match="A cohort has people and strides; got 0 and 10"):
        Cohort(people=0)
    with pytest.raises(BadValue, match="timing_within of a cohort is an SD .* got -1"):
        Cohort(timing_within=-1)
    with pytest.raises(UnknownName, match='No channel "knee_flexoin" in the cohort.*Did you mean "knee_flexion"'):
        Cohort(lift={"knee_flexoin": 1.0})
    with pytest.raises(BadValue, match="needs two of them; got 1"):
        expected_ceilings(Cohort(people=1), "soleus", groups=5)
