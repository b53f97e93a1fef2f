"""Mixed models of single strides: a known difference and known spreads come back; few runs give no p."""

import math

import numpy as np
import pytest
from made_runs import EACH, TRIALS, walk

from biomimic.metrics.grf import figure
from biomimic.validate.over_strides import ALIKE, over_strides, spreads, strides_of, without_side

COUNT = TRIALS * EACH  # strides a side
SHIFT, BETWEEN, WITHIN = 0.2, 0.04, 0.06  # of the amplitude: groups, SD of the runs' means, SD of strides


def _even(count: int, seed: int) -> np.ndarray:
    """Random numbers with mean 0 and SD 1 exactly."""
    values = np.random.default_rng(seed).standard_normal(count)
    return (values - values.mean()) / values.std(ddof=1)


def _group(count: int, seed: int, shift: float = 0.0) -> list:
    """Runs whose means differ by exactly BETWEEN, with strides that differ by exactly WITHIN."""
    means = 1.0 + shift + BETWEEN * _even(count, seed)
    return [
        walk(f"{seed}-{k}", 10 * seed + k, amplitude=mean + WITHIN * _even(COUNT, 100 * seed + k))
        for k, mean in enumerate(means)
    ]


@pytest.fixture(scope="module")
def scale():
    """First peak of a stride of amplitude 1."""
    strides = walk("one", 0).evidence.simulated["force", "right", "stance"]
    return float(figure(strides, "first_peak").values[0])


def _peak(found):
    return next(one for one in found if one.metric == "first_peak")


@pytest.mark.published("over_strides")
@pytest.mark.parametrize("count", [6, 10])
def test_a_known_difference_and_its_spreads_come_back(short, scale, count):
    """Balanced strides: REML gives the mean squares. Each run has its strides twice, once a side."""
    rows = 2 * COUNT
    within = WITHIN * math.sqrt((rows - 2) / (rows - 1))  # both sides have the same strides
    between = math.sqrt(BETWEEN**2 - within**2 / rows)
    found = over_strides(_group(count, 1, SHIFT), _group(count, 2), short, draws=200)
    peak = _peak(found)
    assert peak.value == pytest.approx(SHIFT * scale, rel=1e-6)
    assert peak.first - peak.second == pytest.approx(peak.value)
    assert (peak.between, peak.within) == pytest.approx((between * scale, within * scale), rel=2e-3)
    error = scale * BETWEEN * math.sqrt(2 / count)  # of the difference of two means of runs
    assert (peak.high - peak.low) / 2 == pytest.approx({6: 2.2281, 10: 1.9600}[count] * error, rel=2e-3)
    assert (peak.n, peak.rows) == ((count, count), (count * rows, count * rows))
    assert peak.model == peak.spread_from == "mixed model (REML)" and peak.is_sure and not peak.note


@pytest.mark.published("over_strides")
def test_p_counts_runs_and_not_strides(short):
    """Below 20 runs the means of the runs are permuted: 252 arrangements of 5 and 5, however many strides."""
    peak = _peak(over_strides(_group(5, 1, 5 * SHIFT), _group(5, 2), short))
    assert peak.p == peak.floor == pytest.approx(2 / 252) and "252" in peak.test
    assert (peak.method, peak.family) == ("Benjamini-Hochberg", "ground reaction force, strides, exploratory")
    assert peak.adjusted >= peak.p


@pytest.mark.parametrize(("first", "second"), [(4, 4), (6, 4), (6, 1), (1, 6)])
def test_below_five_runs_there_is_an_estimate_and_no_p(short, scale, first, second):
    groups = _group(max(first, 2), 1, SHIFT)[:first], _group(max(second, 2), 2)[:second]
    found = over_strides(*groups, short)
    assert found
    for one in found:
        assert all(map(math.isnan, (one.p, one.adjusted, one.low, one.high))) and not one.test and one.note
    peak = _peak(found)
    assert math.isfinite(peak.value) and peak.n == (first, second) and peak.spread_from == "mean squares"
    assert peak.within == pytest.approx(WITHIN * scale, rel=0.02)
    if min(first, second) > 1:
        assert peak.value == pytest.approx(SHIFT * scale) and peak.between == pytest.approx(BETWEEN * scale, rel=0.1)


def test_what_is_the_same_in_all_strides_is_not_tested_by_rounding(short):
    found = over_strides(_group(5, 1), _group(5, 2), short)
    share = next(one for one in found if one.metric == "double_peak_share")
    assert share.note == ALIKE and share.value == 0.0 and math.isnan(share.p)


def test_the_difference_of_the_sides_is_taken_out_and_one_stride_more_is_no_difference():
    import pandas as pd

    rows = [
        (1.0 + (0.4 if side == "right" else 0.0), "first", f"first {k}", side)
        for k in range(5)
        for side in ("right",) * (3 + (k == 0)) + ("left",) * 3
    ]
    table = without_side(pd.DataFrame(rows, columns=["value", "group", "run", "side"]))
    assert table["value"].to_numpy() == pytest.approx(1.2)
    one_side = table[table["side"] == "right"]
    assert without_side(one_side) is one_side


@pytest.mark.published("spreads")
def test_spreads_by_hand():
    """Runs (0, 2) and (4, 6): within 2; the means 1 and 5 have a variance of 8, less 2 / 2 that strides give."""
    import pandas as pd

    table = pd.DataFrame({"value": [0.0, 2.0, 4.0, 6.0], "group": "first", "run": ["a", "a", "b", "b"]})
    assert spreads(table) == pytest.approx((math.sqrt(7.0), math.sqrt(2.0)))
    between, within = spreads(table[table["run"] == "a"])
    assert math.isnan(between) and within == pytest.approx(math.sqrt(2.0))
    assert spreads(table.assign(value=[0.0, 2.0, 2.0, 0.0])) == pytest.approx((0.0, math.sqrt(2.0)))


def test_strides_without_the_measure_are_not_counted(short):
    """A force with one hump has no valley: a run without any is no unit."""
    comparison = next(one for one in short.comparisons if "valley" in one.metrics)
    flat = walk("flat", 1)
    strides = flat.evidence.simulated["force", "right", "stance"]
    values = np.abs(np.sin(np.pi * np.linspace(0, 1, 101)))[None, :, None] * np.ones((6, 1, 3))
    flat.evidence.simulated["force", "right", "stance"] = type(strides)(**{**vars(strides), "values": values})
    table = strides_of(([flat], [walk("b", 2)]), comparison, "valley", short)
    counts = table.groupby("run").size()
    assert counts["first 0"] == 6 and counts["second 0"] == 12
