"""Runs side by side: differences of walks that differ by a known amount, groups of runs, and no p value for few."""

import csv
import io
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_runs import finding, gate, likeness, outcome, run

from biomimic.errors import BadValue
from biomimic.validate.compare import COLUMNS, GROUPS, NAMED, compare, differences_csv, to_json
from biomimic.validate.evaluate import evaluate
from biomimic.validate.paired import DIFFERS, NOT_JUDGED, UNDECIDED, WITHIN

ROOT = Path(__file__).parents[2]
LARGER = 1.42  # of the knee moment of the second walk


@pytest.fixture(scope="module")
def stronger(short, people, recordings):
    """The formula walk with a knee moment that is 1.42 times as large, and nothing else."""
    changed = []
    for one in recordings:
        factors = np.array([LARGER if name.startswith("knee_flexion") else 1.0 for name in one.moment.names])
        changed.append(replace(one, moment=replace(one.moment, values=one.moment.values * factors)))
    return evaluate(changed, people, short, run="stronger", shaped_by=("angles", "force"))


@pytest.fixture(scope="module")
def compared(stronger, results, short):
    """The stronger walk against the formula walk."""
    return compare([stronger], results, short)


def _only(compared, metric: str, **place):
    found = [
        one
        for one in compared.pairs[0].differences
        if one.metric == metric and all(getattr(one, key) == value for key, value in place.items())
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.published("compare", "peak_ratio")
def test_a_larger_moment_comes_out_with_its_size_and_sign(compared):
    place = {"domain": "moments", "channel": "knee_flexion", "side": "right"}
    ratio = _only(compared, "peak_ratio", reference="rajagopal2016_walking", **place)
    assert ratio.first == pytest.approx(LARGER * ratio.second, rel=1e-9)
    assert ratio.value == pytest.approx((LARGER - 1.0) * ratio.second, rel=1e-9) and ratio.second > 0.9
    assert ratio.low <= ratio.value <= ratio.high and ratio.low > 0
    assert (ratio.verdict, ratio.nearer) == (DIFFERS, 2)
    assert ratio.size == pytest.approx(ratio.value / 0.1)


def test_what_was_not_changed_does_not_differ(compared):
    touched = ("moments", "powers", "residuals", "redundancy", "energetics")
    rest = [one for one in compared.pairs[0].differences if one.domain not in touched]
    assert len(rest) > 100
    assert all(one.value == 0.0 for one in rest if math.isfinite(one.value))
    assert not any(one.verdict == DIFFERS for one in rest)


def test_exchanged_runs_exchange_the_sign(compared, stronger, results, short):
    turned = compare([results], stronger, short).pairs[0].differences
    for one, other in zip(compared.pairs[0].differences, turned):
        if math.isfinite(one.low):
            assert (other.value, other.low, other.high) == pytest.approx((-one.value, -one.high, -one.low), abs=1e-12)
        assert one.verdict == other.verdict and {one.nearer, other.nearer} in ({0}, {1, 2})


def test_a_run_beside_itself_differs_in_nothing(results, short):
    one = compare([results, results], None, short)
    assert list(one.runs) == ["formula", "formula (2)"]
    assert not one.pairs[0].having(DIFFERS) and not one.flips and not one.settings
    for different in one.pairs[0].differences:
        assert not different.value > 0 and not different.value < 0
        assert math.isnan(different.low) or (different.low, different.high) == (0.0, 0.0)
    assert all(score.value == 0.0 == score.low == score.high for score in one.pairs[0].scores)


@pytest.mark.published("pair")
def test_trials_drawn_in_pairs_cancel_what_both_walks_share(short):
    """Strides that are all 0.3 BW higher: every resample differs by exactly 0.3, whatever the trials vary by."""
    first, second = run("a", finding("first_peak", 1.4, human=1.1)), run("b", finding("first_peak", 1.1, human=1.1))
    assert second.findings[0].estimate.high - second.findings[0].estimate.low > 0.03
    one = compare([first], second, short).pairs[0].differences[0]
    assert (one.value, one.low, one.high) == pytest.approx((0.3, 0.3, 0.3), abs=1e-12)
    assert one.of == "strides in 4 trials, trials drawn in pairs"
    assert (one.limit.value, one.size, one.verdict, one.nearer) == (0.10, pytest.approx(3.0), DIFFERS, 2)


def test_other_trials_are_drawn_apart(short):
    first = run("a", finding("first_peak", 1.4), trials=3)
    pair = compare([first], run("b", finding("first_peak", 1.1)), short).pairs[0]
    assert not pair.is_paired and "drawn apart" in pair.differences[0].of
    assert pair.differences[0].high - pair.differences[0].low > 0.03


@pytest.mark.parametrize(
    ("shift", "seed", "verdict"),
    [(0.3, 0, DIFFERS), (0.05, 0, WITHIN), (0.0, 0, WITHIN), (0.09, 1, UNDECIDED), (-0.3, 0, DIFFERS)],
)
def test_a_difference_is_named_only_if_it_is_sure_and_large(short, shift, seed, verdict):
    """The margin of a force peak is 0.10 BW; other strides (seed 1) make the interval wider than that."""
    first, second = run("a", finding("first_peak", 1.1 + shift, seed=seed)), run("b", finding("first_peak", 1.1))
    assert compare([first], second, short).pairs[0].differences[0].verdict == verdict


def test_a_difference_that_is_not_sure_is_never_called_small(short):
    for seed in range(1, 6):
        first, second = run("a", finding("first_peak", 1.1, seed=seed)), run("b", finding("first_peak", 1.1))
        one = compare([first], second, short).pairs[0].differences[0]
        assert one.verdict == (WITHIN if max(-one.low, one.high) <= 0.10 else UNDECIDED)


def test_nobody_is_nearer_when_the_person_lies_between(short):
    sides = [run(name, finding("first_peak", value, human=1.1)) for name, value in (("a", 1.3), ("b", 0.9))]
    one = compare([sides[0]], sides[1], short).pairs[0].differences[0]
    assert (one.verdict, one.nearer) == (DIFFERS, 0)


def test_likeness_above_a_typical_human_is_no_difference(short):
    one = compare([run("a", likeness(0.99))], run("b", likeness(0.93)), short).pairs[0].differences[0]
    assert (one.verdict, one.size) == (WITHIN, 0.0)
    below = compare([run("a", likeness(0.8))], run("b", likeness(0.5)), short).pairs[0].differences[0]
    by_hand = (math.atanh(0.8) - math.atanh(0.5)) / math.atanh(0.9)
    assert (below.verdict, below.nearer) == (DIFFERS, 1) and below.size == pytest.approx(by_hand / 0.1)


def test_what_r_cannot_judge_is_not_judged(short):
    one = compare([run("a", likeness(0.9, doubt="no shape"))], run("b", likeness(0.1)), short).pairs[0].differences[0]
    assert one.verdict == NOT_JUDGED and "no shape" in one.note


def test_scores_are_medians_over_the_same_channels(compared, results):
    for score in compared.pairs[0].scores:
        assert score.n > 0 and score.low <= score.value <= score.high
    own = {(one.domain, one.reference): one for one in results.scores}
    same = [one for one in compared.pairs[0].scores if one.n == own[one.domain, one.reference].n]
    assert same and all(one.second == pytest.approx(own[one.domain, one.reference].value) for one in same)


def test_the_first_run_is_held_against_when_none_is_named(short):
    runs = [run(name, finding("first_peak", value)) for name, value in (("a", 1.0), ("b", 1.3), ("c", 1.6))]
    one = compare(runs, None, short)
    assert one.against == ("a",) and one.held == ("b", "c") and not one.groups
    assert [pair.differences[0].value for pair in one.pairs] == pytest.approx([0.3, 0.6])
    assert compare(runs[1:], runs[0], short).scheme == NAMED


@pytest.mark.parametrize(("results_", "against"), [((), None), (("a",), None), ((), "a")])
def test_one_run_is_no_comparison(short, results_, against):
    runs = [run(name, finding("first_peak", 1.0)) for name in results_]
    with pytest.raises(BadValue, match="needs two different runs"):
        compare(runs, run(against, finding("first_peak", 1.0)) if against else None, short)


def test_what_flips_and_which_settings_differ_is_listed(short):
    one, two = finding("first_peak", 1.0), finding("first_peak", 0.4)
    text = "[effort]\nweight = {}\n[arms]\nstiffness = 1.0\n"
    first = run("a", one, gates=(gate("pass"),), outcomes=(outcome(one, True),))
    second = run("b", two, gates=(gate("fail"),), outcomes=(outcome(two, False),))
    first.identity["settings"], second.identity["settings"] = text.format(1), {"effort": {"weight": 2}}
    found = compare([first], second, short)
    assert [(flip.kind, flip.states) for flip in found.flips] == [
        ("gate", ("pass", "fail")),
        ("criterion", ("met", "not met")),
    ]
    assert {one.name: one.values for one in found.settings} == {
        "effort.weight": ("1", "2"),
        "arms.stiffness": ("1.0", ""),
    }


def _seeds(count: int, shift: float, head: str) -> list:
    """Runs whose peak and correlations lie close together, all moved by the same amount."""
    made = []
    for k in range(count):
        small = 0.002 * k
        made.append(
            run(
                f"{head}{k}",
                finding("first_peak", 1.1 + shift + small, seed=k),
                *(likeness(0.8 - shift + small, channel=name) for name in ("hip_flexion", "knee_flexion")),
            )
        )
    return made


def _measures(compared) -> dict:
    return {(one.metric, one.channel): one for one in compared.groups}


@pytest.mark.published("over_runs")
def test_six_runs_against_six_are_units_of_a_permutation(short):
    """Groups that do not overlap: 2 of the 924 arrangements of 6 and 6 are as extreme; Holm doubles the smaller p."""
    compared = compare(_seeds(6, 0.3, "a"), _seeds(6, 0.0, "b"), short)
    found = _measures(compared)
    assert compared.scheme == GROUPS and not compared.pairs and len(found) == 3
    peak, knee = found["first_peak", ""], found["correlation", "knee_flexion"]
    assert peak.value == pytest.approx(0.3) and peak.n == (6, 6)
    assert peak.p == peak.floor == pytest.approx(2 / 924)
    assert (peak.method, knee.method, knee.family) == ("Benjamini-Hochberg", "Holm", "kinematics")
    assert knee.adjusted == pytest.approx(2 * knee.p) and knee.is_sure and knee.nearer == 2
    assert peak.low < 0.3 < peak.high and peak.g > 0 and not peak.note


@pytest.mark.published("over_runs")
def test_six_runs_against_one_are_signed_ranks(short):
    """All six differences are positive: p = 2 / 2^6."""
    peak = _measures(compare(_seeds(6, 0.3, "a"), _seeds(1, 0.0, "b")[0], short))["first_peak", ""]
    assert peak.p == peak.floor == pytest.approx(2 / 2**6) and peak.n == (6, 1)


@pytest.mark.published("over_runs")
def test_runs_of_the_same_seeds_are_pairs(short):
    compared = compare(_seeds(6, 0.3, "a"), _seeds(6, 0.0, "b"), short, same_seeds=True)
    peak = _measures(compared)["first_peak", ""]
    assert peak.floor == pytest.approx(2 / 2**6)
    assert (peak.low, peak.high) == pytest.approx((0.3, 0.3))  # each pair differs by exactly 0.3


def test_equal_groups_are_shown_to_be_within_the_limit_not_only_not_different(short):
    peak = _measures(compare(_seeds(6, 0.0, "a"), _seeds(6, 0.0, "b"), short))["first_peak", ""]
    assert peak.is_within and not peak.is_sure and peak.p > 0.5 and abs(peak.value) < 1e-12


@pytest.mark.parametrize(("first", "second"), [(4, 4), (2, 2), (6, 4), (4, 6), (1, 3), (3, 1)])
def test_fewer_than_five_runs_give_no_p(short, first, second):
    compared = compare(_seeds(first, 0.3, "a"), _seeds(second, 0.0, "b"), short)
    for one in compared.groups:
        assert math.isnan(one.p) and math.isnan(one.adjusted) and not one.is_within and one.note
    rows = list(csv.DictReader(io.StringIO(differences_csv(compared))))
    assert rows and not any(row["p"] or row["p_adjusted"] for row in rows)


def test_files_hold_every_difference_and_no_missing_number(compared):
    rows = list(csv.DictReader(io.StringIO(differences_csv(compared))))
    assert tuple(rows[0]) == COLUMNS and len(rows) == len(compared.pairs[0].differences)
    assert not any("nan" in value.lower().split() for row in rows for value in row.values())
    read = json.loads(to_json(compared))
    assert read["pairs"][0]["against"] == "formula" and len(read["pairs"][0]["differences"]) == len(rows)


def test_an_unknown_run_beside_others_is_one_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "biomimic.validate", "--run", "run24", "--against", "run42"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert "Traceback" not in done.stderr and 'No run "run24"' in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_places_on_the_stride_differ_by_the_shorter_way_around(short):
    # 49.7 % early beside 38.9 % late: -88.6 %, which is 11.4 % the other way around
    place = {"domain": "muscles", "unit": "%", "channel": "medial_hamstrings", "side": "right"}
    early, late = (finding("centre_difference", value, **place) for value in (-49.7, 38.9))
    found = compare([run("a", early)], run("b", late), short).pairs[0].differences[0]
    assert found.value == pytest.approx(11.4)
    assert 11.0 < found.low <= found.value <= found.high < 11.8
