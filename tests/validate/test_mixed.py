import numpy as np
import pandas as pd
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.validate.mixed import Design, Inference, group_difference, mixed_model
from biomimic.validate.permutation import permute

# reaction time [ms] of 18 subjects on ten days of little sleep (Belenky et al., Journal of Sleep Research 12, 2003)
SLEEP = """
308 249.5600 258.7047 250.8006 321.4398 356.8519 414.6901 382.2038 290.1486 430.5853 466.3535
309 222.7339 205.2658 202.9778 204.7070 207.7161 215.9618 213.6303 217.7272 224.2957 237.3142
310 199.0539 194.3322 234.3200 232.8416 229.3074 220.4579 235.4208 255.7511 261.0125 247.5153
330 321.5426 300.4002 283.8565 285.1330 285.7973 297.5855 280.2396 318.2613 305.3495 354.0487
331 287.6079 285.0000 301.8206 320.1153 316.2773 293.3187 290.0750 334.8177 293.7469 371.5811
332 234.8606 242.8118 272.9613 309.7688 317.4629 309.9976 454.1619 346.8311 330.3003 253.8644
333 283.8424 289.5550 276.7693 299.8097 297.1710 338.1665 332.0265 348.8399 333.3600 362.0428
334 265.4731 276.2012 243.3647 254.6723 279.0244 284.1912 305.5248 331.5229 335.7469 377.2990
335 241.6083 273.9472 254.4907 270.8021 251.4519 254.6362 245.4523 235.3110 235.7541 237.2466
337 312.3666 313.8058 291.6112 346.1222 365.7324 391.8385 404.2601 416.6923 455.8643 458.9167
349 236.1032 230.3167 238.9256 254.9220 250.7103 269.7744 281.5648 308.1020 336.2806 351.6451
350 256.2968 243.4543 256.2046 255.5271 268.9165 329.7247 379.4445 362.9184 394.4872 389.0527
351 250.5265 300.0576 269.8939 280.5891 271.8274 304.6336 287.7466 266.5955 321.5418 347.5655
352 221.6771 298.1939 326.8785 346.8555 348.7402 352.8287 354.4266 360.4326 375.6406 388.5417
369 271.9235 268.4369 257.2424 277.6566 314.8222 317.2135 298.1353 348.1229 340.2800 366.5131
370 225.2640 234.5235 238.9008 240.4730 267.5373 344.1937 281.1481 347.5855 365.1630 372.2288
371 269.8804 272.4428 277.8989 281.7895 279.1705 284.5120 259.2658 304.6306 350.7807 369.4692
372 269.4117 273.4740 297.5968 310.6316 287.1726 329.6076 334.4818 343.2199 369.1417 364.1236
"""
BOTH = ("simulated", "human")
PLAIN = Design("peak", "who", "unit")


def sleep(scale=1.0):
    rows = [line.split() for line in SLEEP.strip().splitlines()]
    return pd.DataFrame(
        [(row[0], day, scale * float(value)) for row in rows for day, value in enumerate(row[1:])],
        columns=["subject", "days", "reaction"],
    )


def walks(means, strides=6, spread=0.1, seed=0):
    """Strides of units with these means, {group: means}; sides alternate, the right one 0.2 higher."""
    generator = np.random.default_rng(seed)
    rows = [
        (group, f"{group}_{k}", side, 1.2 + 0.1 * generator.normal(), mean + (0.2 if side == "right" else 0.0) + noise)
        for group, values in means.items()
        for k, mean in enumerate(values)
        for side in ("right", "left")
        for noise in spread * generator.normal(size=strides)
    ]
    return pd.DataFrame(rows, columns=["who", "unit", "side", "speed", "peak"])


@pytest.mark.published("mixed_model")
def test_sleep_study_with_random_slopes():
    # Bates et al., Journal of Statistical Software 67 (2015): 251.405 (6.825), 10.467 (1.546), SD 24.74 and 5.92,
    # correlation 0.07, residual 25.59, REML criterion 1743.6
    found = mixed_model(sleep(), "reaction ~ days", unit="subject", slopes="days")
    first, slope = found.effects
    assert (first.value, first.error) == pytest.approx((251.405, 6.825), abs=6e-4)
    assert (slope.value, slope.error) == pytest.approx((10.467, 1.546), abs=6e-4)
    spreads, correlations = dict(found.spreads), dict(found.correlations)
    assert (spreads["unit"], spreads["days"]) == pytest.approx((24.741, 5.922), abs=1e-3)
    assert correlations["unit, days"] == pytest.approx(0.066, abs=1e-3)
    assert found.residual == pytest.approx(25.592, abs=1e-3)
    assert found.deviance == pytest.approx(1743.628, abs=1e-3)
    assert found.n == 18 and found.of == "subjects" and found.rows == 180 and not found.note


@pytest.mark.oracle("mixed_model")
def test_sleep_study_with_random_intercepts():
    # R, lme4
    found = mixed_model(sleep(), "reaction ~ days", unit="subject")
    assert dict(found.spreads)["unit"] == pytest.approx(37.124, abs=1e-3)
    assert found.residual == pytest.approx(30.991, abs=1e-3) and found.deviance == pytest.approx(1786.465, abs=1e-3)
    assert [one.error for one in found.effects] == pytest.approx([9.747, 0.804], abs=1e-3)


def test_the_unit_of_the_metric_does_not_matter():
    # in seconds every variance is under 0.01, where the library would call them zero
    seconds = mixed_model(sleep(1e-3), "reaction ~ days", unit="subject")
    assert not seconds.note and dict(seconds.spreads)["unit"] == pytest.approx(0.037124, abs=1e-6)
    with pytest.raises(UnknownName, match='No fixed effect "day" in "reaction ~ days".*Did you mean "days"'):
        seconds.effect("day")


def test_strides_are_nested_in_units():
    means = {"simulated": np.linspace(1.2, 2.2, 6), "human": np.linspace(0.9, 1.9, 6)}
    few = group_difference(walks(means, strides=3), PLAIN, groups=BOTH)
    many = group_difference(walks(means, strides=40), PLAIN, groups=BOTH)
    assert few.value == pytest.approx(0.3, abs=0.1) and many.value == pytest.approx(0.3, abs=0.03)
    assert many.high - many.low > 0.8 * (few.high - few.low)  # more strides are not more people
    assert many.n == (6, 6) and many.rows == (480, 480) and many.method == "mixed model (REML)"
    assert many.p > 0.05 and "all 924 arrangements" in many.p_from and many.p_floor == pytest.approx(2 / 924)


@pytest.mark.oracle("group_difference")
def test_balanced_model_is_the_t_test_of_the_means():
    # with balanced strides the mixed model's difference and error are those of the units' means (pooled)
    table = walks({"simulated": np.linspace(1.0, 2.0, 6), "human": np.linspace(0.5, 1.5, 6)}, spread=0.01)
    found = group_difference(table, PLAIN, groups=BOTH)
    means = table.groupby(["who", "unit"])["peak"].mean()
    first, second = means["simulated"].to_numpy(), means["human"].to_numpy()
    error = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 6)
    assert found.value == pytest.approx(first.mean() - second.mean(), rel=1e-6)
    assert (found.high - found.low) / 2 == pytest.approx(2.228139 * error, rel=1e-3)  # t(0.975, 10)


def test_many_units_are_tested_by_the_model_and_covariates_are_taken_out():
    generator = np.random.default_rng(4)
    means = {name: generator.normal(size=12) + shift for name, shift in (("simulated", 1.5), ("human", 0.0))}
    table = walks(means).assign(peak=lambda t: t["peak"] + 3.0 * t["speed"])
    design = Design("peak", "who", "unit", covariates=("speed", "side"))
    found = group_difference(table, design, groups=BOTH)
    assert found.p_from == "z of the mixed model" and found.n == (12, 12) and 0 < found.p < 0.05
    turned = group_difference(table, design, groups=("human", "simulated"))
    assert turned.value == pytest.approx(-found.value, rel=1e-4) and turned.p == pytest.approx(found.p, rel=1e-3)
    formula = "peak ~ C(who) + speed + C(side)"
    assert mixed_model(table, formula, unit="unit").effect("speed").value == pytest.approx(3.0, abs=0.3)


def test_fall_back_says_so():
    # the means of the units differ far less than chance would let them: the variance between units is at zero
    table = walks({"simulated": np.zeros(5) + 0.05, "human": np.zeros(6)}, spread=0.0)
    table["peak"] += np.tile([1.0, -1.0, 0.5, -0.5, 0.2, -0.2], 22) + 1e-4 * np.arange(132)
    found = group_difference(table, PLAIN, groups=BOTH, inference=Inference(draws=500))
    assert found.method == "means of the units (Welch)" and "the mixed model could not be used (" in found.note
    assert "permutation of the means of 11 units: all 462 arrangements" == found.p_from
    nested = Design("peak", "who", "unit", nested=("side",))
    both = group_difference(table, nested, groups=BOTH)
    assert both.note.startswith("without side as a level (") and both.p == found.p


def test_one_seed_has_no_p_value_but_a_position():
    table = walks({"simulated": [2.1], "human": [1.0, 1.5, 2.0, 2.5, 3.0]}, spread=0.0)
    found = group_difference(table, Design("peak", "who", "unit", of="seeds or subjects"), groups=BOTH)
    assert np.isnan(found.p) and np.isnan(found.low) and found.value == pytest.approx(0.1)
    assert found.position.z == pytest.approx(0.1 / np.sqrt(0.625)) and found.position.percentile == pytest.approx(60)
    assert found.note.startswith("1 and 5 seeds or subjects: no p value below 5 of them; the position")


def test_what_cannot_be_compared_is_refused():
    table = walks({"simulated": [1.0] * 5, "human": [1.0] * 5})
    with pytest.raises(UnknownName, match='No column "paek" in the table.*Did you mean "peak"'):
        group_difference(table, Design("paek", "who", "unit"), groups=BOTH)
    with pytest.raises(UnknownName, match='No group "people" in column "who"'):
        group_difference(table, PLAIN, groups=("simulated", "people"))
    with pytest.raises(BadValue, match="Units left, right are in both groups.*effects.wilcoxon"):
        group_difference(table, Design("peak", "who", "side"), groups=BOTH)
    constant = mixed_model(table.assign(peak=1.0), "peak ~ speed", unit="unit")
    assert constant.note == "the metric does not vary" and not constant.effects
    with pytest.raises(BadValue, match="level between 0 and 1 and at least one draw; got 95"):
        Inference(level=95)


@pytest.mark.published("permute")
def test_permutation_by_hand():
    # of the 252 ways to choose five of ten, two are as extreme as all large against all small
    member = np.repeat([1.0, 0.0], 5)
    value = np.concatenate((np.arange(10.0, 15.0), np.arange(5.0)))
    found = permute(value, member, np.zeros((10, 0)))
    assert found.value == pytest.approx(10.0) and found.p == pytest.approx(2 / 252) == found.floor
    assert found.freedom == pytest.approx(8.0)  # Welch's, for equal spreads and sizes
    assert found.statistic == pytest.approx(10.0)  # SD² 2.5 each: error sqrt(2.5 / 5 + 2.5 / 5) = 1


@pytest.mark.published("permute")
def test_random_permutations_never_give_zero():
    # (b + 1) / (m + 1) with b = 0: one in a thousand and one
    member = np.repeat([1.0, 0.0], 15)
    value = np.concatenate((np.arange(50.0, 65.0), np.arange(15.0)))
    found = permute(value, member, np.zeros((30, 0)), draws=1000)
    assert found.p == pytest.approx(1 / 1001) == found.floor
    assert found == permute(value, member, np.zeros((30, 0)), draws=1000)


@pytest.mark.oracle("permute")
def test_adjusted_difference_is_that_of_least_squares():
    generator = np.random.default_rng(1)
    member, speed = np.repeat([1.0, 0.0], 6), generator.normal(size=12)
    value = 0.5 * member + 2.0 * speed + 0.1 * generator.normal(size=12)
    columns = np.column_stack((speed, np.full(12, 0.5), 2 * speed + 1))  # two of them say nothing new
    found = permute(value, member, columns, draws=300)
    exact = np.linalg.lstsq(np.column_stack((np.ones(12), speed, member)), value, rcond=None)[0]
    assert found.value == pytest.approx(exact[2]) and found.p < 0.05 and found.freedom == 9
    assert "adjusted for covariates" in found.words
    assert permute(value, member, member[:, None]).note == "the covariates already tell the groups apart"


def test_permutation_keeps_its_level_with_unequal_spreads():
    # six noisy people, five quiet seeds, no difference: a p under 0.05 in about one of twenty
    generator = np.random.default_rng(7)
    member = np.repeat([1.0, 0.0], (5, 6))
    draws = generator.normal(size=(200, 11)) * np.where(member == 1, 0.2, 1.0)
    rejected = np.mean([permute(value, member, np.zeros((11, 0))).p <= 0.05 for value in draws])
    assert rejected < 0.11
