"""What an evaluation counts, worked by hand; and its file."""

import json
from dataclasses import replace

import numpy as np
import pytest

from biomimic import evaluation
from biomimic.errors import BadFile, BadValue
from biomimic.evaluation import Attempt, Evaluation
from biomimic.metrics.estimate import Resampling

FEW = Resampling(draws=200)
WON = Attempt("walk", 0.0, 4.0, 4.0, "", "first frame", 0.10, 0.5, 0.05, 0.02)
LOST = Attempt("turn", 0.0, 6.0, 1.0, "sites", "first frame", 0.20, 1.0, 0.10, 0.04)
NEVER = Attempt("turn", 2.0, 4.0, 0.0, "pelvis", "random", np.nan, np.nan, np.nan, np.nan)
MADE = Evaluation("run9", "ab" * 32, "MuJoCo 4", 0.3, 0.5, (WON, LOST, NEVER))


def test_success_coverage_and_errors_by_hand():
    first = MADE.begun("first frame")
    assert first.success(FEW).value == 0.5  # one of two
    assert first.coverage(FEW).value == pytest.approx(0.5)  # 4 + 1 of 4 + 6 s
    # every second counts the same: (4 s x 0.10 + 1 s x 0.20) / 5 s
    assert first.error("joint_error", FEW).value == pytest.approx(0.12)
    assert first.error("root_error", FEW).value == pytest.approx(0.06)
    assert first.success(FEW).of == "clips" and first.success(FEW).n == 2


def test_what_was_never_followed_has_no_error_and_still_counts_as_lost():
    assert MADE.success(FEW).value == pytest.approx(1 / 3)
    assert MADE.error("joint_error", FEW).value == pytest.approx(0.12)
    assert np.isnan(MADE.begun("random").error("site_error", FEW).value)
    assert MADE.success(FEW).of == "starts in 2 clips"


def test_the_file_gives_back_what_was_written(tmp_path):
    path = MADE.save(tmp_path)
    again = evaluation.load(tmp_path)
    assert again.attempts[:2] == MADE.attempts[:2] and again.policy == MADE.policy
    assert np.isnan(again.attempts[2].joint_error)
    assert path.read_bytes() == again.save(tmp_path).read_bytes()
    assert evaluation.load(tmp_path / "elsewhere") is None


def test_a_file_that_is_cut_short_is_one_sentence(tmp_path):
    path = MADE.save(tmp_path)
    whole = path.read_text()
    path.write_text(whole[:100])
    with pytest.raises(BadFile, match="cut short or no evaluation. Evaluate the run again"):
        evaluation.load(tmp_path)
    path.write_text(json.dumps(json.loads(whole) | {"schema": 9}))
    with pytest.raises(BadFile, match="has schema 9, this version reads 1"):
        evaluation.load(tmp_path)


def test_more_followed_than_planned_is_refused():
    with pytest.raises(BadValue, match='Of "walk", 5 s were followed of 4 s planned'):
        replace(WON, followed=5.0)
    with pytest.raises(BadValue, match='ends with nothing, sites, pelvis, not finite; found "first frame" and "tired"'):
        replace(WON, ended="tired")
