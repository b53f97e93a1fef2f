"""Whole curves of groups of runs: a difference in a known stretch is found there and nowhere else; few runs, no p."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from made_runs import STRETCH, walk

from biomimic.metrics.curves import Inference
from biomimic.validate.compare import GROUPS, compare, to_json
from biomimic.validate.over_curves import AGAINST_ONE, PAIRS, over_curves
from biomimic.validate.results import Evidence

BEND = 0.6  # [rad], many standard deviations between runs


def _group(count: int, head: int, bend: float = 0.0) -> list:
    return [walk(f"{head}{k}", 100 * head + k, bend=bend) for k in range(count)]


def _knee(found):
    return next(one for one in found if (one.channel, one.side) == ("knee_flexion", "right"))


@pytest.fixture(scope="module")
def six(short):
    """Six runs that bend the right knee further in one stretch, against six that do not."""
    return over_curves(_group(6, 5, BEND), _group(6, 6), short)  # seeds without a chance find at 5 % a curve


@pytest.mark.selfmade("over_curves")
def test_a_bend_in_one_stretch_is_found_there_and_nowhere_else(six):
    knee = _knee(six)
    assert len(knee.clusters) == 1 and knee.is_sure and not knee.note
    (cluster,) = knee.clusters
    middle = STRETCH[0] + 5, STRETCH[1] - 5  # at its ends the bend is as small as what runs differ by
    assert STRETCH[0] <= cluster.start <= middle[0] and middle[1] <= cluster.end <= STRETCH[1]
    assert cluster.extreme > knee.threshold and STRETCH[0] < knee.at < STRETCH[1]
    assert knee.where == f"{cluster.start:.0f} to {cluster.end:.0f} % of the stride"
    assert not [one for one in six if one is not knee and (one.clusters or one.is_sure)]


@pytest.mark.published("over_curves")
def test_p_is_that_of_the_arrangements_and_holm_counts_the_curves_of_the_domain(six):
    """2 of the 924 arrangements of 6 and 6 are as extreme; 3 angles on 2 sides are one family, so p times 6."""
    knee = _knee(six)
    assert knee.p == knee.floor == pytest.approx(2 / 924) and knee.n == (6, 6)
    assert (knee.family, knee.method) == ("kinematics, curves", "Holm")
    assert knee.adjusted == pytest.approx(6 * 2 / 924)
    phases = {(one.domain, one.phase) for one in six}
    assert phases == {("kinematics", "stride"), ("ground reaction force", "stance"), ("muscles", "stride")}


def test_curves_that_are_alike_in_all_runs_are_not_tested_by_rounding(six, short):
    still = [one for one in six if one.domain == "ground reaction force"]
    assert len(still) == 6 and all(one.p == 1.0 and one.extreme == 0.0 for one in still)


def test_exchanged_groups_exchange_the_sign(six, short):
    turned = over_curves(_group(6, 6), _group(6, 5, BEND), short)
    for one, other in zip(six, turned):
        assert other.extreme == pytest.approx(-one.extreme) and other.p == one.p


@pytest.mark.published("over_curves")
@pytest.mark.parametrize(("first", "second"), [(6, 1), (1, 6)])
def test_one_run_held_against_is_taken_as_given(short, first, second):
    """Signs of six differences: p is at least 2 / 2^6."""
    knee = _knee(over_curves(_group(first, 1, BEND), _group(second, 2), short))
    assert knee.test == AGAINST_ONE and knee.n == (first, second) and knee.extreme > 0
    assert knee.floor == pytest.approx(2 / 2**6) and knee.p >= knee.floor


def test_runs_of_the_same_seeds_are_pairs(short):
    """What both runs of a seed share drops out: their difference is the bend alone, up to a small part of its own."""
    first = [walk(f"a{k}", k, bend=BEND * (1 + 0.1 * k)) for k in range(6)]
    second = [walk(f"b{k}", k) for k in range(6)]
    found = over_curves(first, second, short, same_seeds=True)
    knee = _knee(found)
    assert knee.test == PAIRS and knee.n == (6, 6) and knee.p == pytest.approx(2 / 2**6)
    assert knee.clusters[0].start == pytest.approx(STRETCH[0], abs=1) and all(
        one.p == 1.0 for one in found if one is not knee
    )


@pytest.mark.parametrize(("first", "second"), [(4, 4), (6, 4), (4, 6), (4, 1), (1, 3)])
def test_below_five_runs_there_is_no_p_anywhere(short, first, second):
    for one in over_curves(_group(first, 1, BEND), _group(second, 2), short):
        assert all(map(math.isnan, (one.p, one.adjusted, one.floor, one.threshold, one.field.p)))
        assert not one.clusters and not one.where and not one.is_sure and "at least 5" in one.note


def test_from_eight_runs_random_field_theory_stands_beside_it(short):
    found = over_curves(_group(8, 1, BEND), _group(8, 2), short, inference=Inference(draws=500))
    knee = _knee(found)
    assert knee.p == knee.floor == pytest.approx(1 / 501)
    assert knee.field.threshold == pytest.approx(knee.threshold, rel=0.35) and knee.field.p < 0.001
    assert "do not vary" in next(one for one in found if one.domain == "ground reaction force").field.how


def test_a_silent_muscle_leaves_its_run_out(short):
    def quiet(one):
        cut = {
            key: replace(strides, values=0.01 * strides.values) if key[0] == "activity" else strides
            for key, strides in one.evidence.simulated.items()
        }
        return replace(one, evidence=Evidence(simulated=cut))

    first = _group(6, 1)
    found = over_curves([quiet(first[0]), *first[1:]], _group(6, 2), short)
    assert {one.n for one in found if one.domain == "muscles"} == {(5, 6)}
    alone = over_curves(_group(6, 2), [quiet(first[0])], short)
    assert all(one.n == (6, 0) and one.note for one in alone if one.domain == "muscles")


def test_a_channel_that_a_run_lacks_is_not_compared(short):
    one = walk("other", 7)
    cut = {key: strides for key, strides in one.evidence.simulated.items() if key[0] != "angles"}
    found = over_curves([replace(one, evidence=Evidence(simulated=cut)), *_group(5, 1)], _group(6, 2), short)
    assert found and "kinematics" not in {one.domain for one in found}
    assert over_curves([replace(one, evidence=Evidence())] * 2, _group(2, 2), short) == ()


def test_a_comparison_holds_them_and_its_file_is_valid(short):
    compared = compare(_group(5, 1, BEND), _group(5, 2), short)
    assert compared.scheme == GROUPS and _knee(compared.curves).clusters
    read = json.loads(to_json(compared), parse_constant=pytest.fail)
    knee = next(one for one in read["curves"] if (one["channel"], one["side"]) == ("knee_flexion", "right"))
    assert knee["clusters"][0]["start"] < np.mean(STRETCH) < knee["clusters"][0]["end"] and knee["where"]
    assert {one["metric"] for one in read["strides"]} >= {"first_peak", "braking_peak"}
    single = compare(_group(2, 1)[:1], _group(1, 2)[0], short)
    assert single.curves == single.strides == ()
