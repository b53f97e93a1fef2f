"""results.json, metrics.csv and exclusions.csv."""

import csv
import io
import json
import math

import pytest

from biomimic.metrics.estimate import Estimate
from biomimic.validate.results import COLUMNS, Finding, exclusions_csv, metrics_csv, to_json


def test_json_has_sorted_keys_and_six_significant_digits(results):
    content = json.loads(to_json(results))
    assert list(content) == sorted(content)
    finding = content["findings"][0]
    assert list(finding) == sorted(finding)
    numbers = [f["value"] for f in content["findings"] if f["value"] is not None]
    assert all(number == float(f"{number:.6g}") for number in numbers)


def test_what_could_not_be_measured_is_null_not_nan(results):
    text = to_json(results)
    assert "NaN" not in text and "Infinity" not in text
    assert '"ceiling": null' in text


def test_metrics_csv_has_one_row_a_finding(results):
    rows = list(csv.DictReader(io.StringIO(metrics_csv(results))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(results.findings)
    knee = next(r for r in rows if r["metric"] == "correlation" and r["channel"] == "knee_flexion")
    assert knee["unit"] == "1" and knee["of"] == "strides in 2 trials"


def test_exclusions_name_the_reason(results):
    rows = list(csv.DictReader(io.StringIO(exclusions_csv(results))))
    assert {row["code"] for row in rows} == {"start", "incomplete"}
    # two strides are skipped on each side of each of the three undisturbed trials
    assert sum(row["code"] == "start" for row in rows) == 2 * 2 * 3


def _correlation(value: float, null: float, ceiling: float) -> Finding:
    estimate = Estimate(value, math.nan, math.nan, 0.95, 10, "strides", "1")
    return Finding("kinematics", "correlation", estimate, null=null, ceiling=ceiling)


@pytest.mark.published("score")
@pytest.mark.parametrize(("r", "score"), [(0.70, -0.20), (0.80, 0.03), (0.90, 0.39), (0.95, 0.74), (0.97, 1.00)])
def test_score_of_published_example(r, score):
    # vertical force of ten adults at self-selected speed: null 0.790 (trapezoid), ceiling 0.970 (leave one out),
    # from the notes of this project's validation protocol, section 2.2
    assert _correlation(r, 0.790, 0.970).score == pytest.approx(score, abs=0.01)


def test_no_score_where_the_ceiling_is_not_above_the_null():
    assert math.isnan(_correlation(0.9, 0.8, 0.7).score)
