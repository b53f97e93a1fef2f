"""The search of settings: its space, that it repeats itself and goes on where it stopped, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from biomimic import archive, config
from biomimic.control.score import FALL, Score, target_gait
from biomimic.control.settings import Settings
from biomimic.control.tune import NAMES, Generation, Job, Search, Space, judge, tune, usual
from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.rollout import Plan, Push

# Far too much effort weight: the body sinks within a second, each candidate at another time.
WEAK = replace(Settings(), effort=replace(Settings().effort, weight=1e5))
FALLS = Plan("a", 1.2, phase=0.3)
NAMES_SHORT = ("effort.weight", "balance.reset")
SHORT = Search(names=NAMES_SHORT, generations=2, candidates=4, spread=0.7, workers=0, plans=(FALLS,))


def test_origin_is_the_start():
    names = usual(Settings())
    assert Space(Settings(), names).at(np.zeros(len(names))) == Settings()


def test_what_is_switched_off_stays_so():
    off = replace(Settings(), posture=replace(Settings().posture, hip_rotation=0.0))
    on = replace(Settings(), posture=replace(Settings().posture, hip_rotation=0.3))
    assert "posture.hip_rotation" not in usual(off) and "posture.hip_rotation" in usual(on)
    assert set(usual(off)) < set(NAMES)


def test_factors_and_even_moves_by_hand():
    start = replace(Settings(), balance=replace(Settings().balance, reset=0.4))
    space = Space(start, ("trunk.lateral_weight", "balance.reset"))
    found = space.at(np.array([np.log(2.0), 1.0]))
    assert found.trunk.lateral_weight == pytest.approx(2.0 * start.trunk.lateral_weight)
    assert found.balance.reset == pytest.approx(0.4 + 0.15 * 1.0)  # its range is 0 to 1
    assert found.trunk.vertical_weight == start.trunk.vertical_weight and found.posture == start.posture


def test_settings_stay_in_their_range():
    names = ("balance.reset", "swing.start", "balance.settle", "effort.weight")
    for far in (-50.0, 50.0):
        found = Space(Settings(), names).at(np.full(4, far))
        assert config.loads(Settings, config.dumps(found)) == found  # the file's own check of ranges
    assert Space(Settings(), names).at(np.full(4, -50.0)).balance.reset == 0.0


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("trunk.lateral_wight", UnknownName, 'No setting "trunk.lateral_wight".*Did you mean "trunk.lateral_weight"'),
        ("moments.human", BadValue, "moments.human is true or false and cannot be searched; leave it out"),
        ("posture.hip_rotation", BadValue, "posture.hip_rotation = 0 cannot be searched by factors; start it at a"),
    ],
)
def test_a_setting_that_cannot_be_searched_is_one_sentence(name, error, words):
    start = replace(Settings(), posture=replace(Settings().posture, hip_rotation=0.0))
    with pytest.raises(error, match=words):
        Space(start, (name,))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"candidates": 3}, "A search of 40 generations of 3 candidates"),
        ({"generations": 0}, "A search of 0 generations"),
        (
            {"plans": (Plan("a", 1.0, push=Push("left")),)},
            "The first trial of a search is judged for posture and force",
        ),
    ],
)
def test_an_impossible_search_is_one_sentence(change, words):
    with pytest.raises(BadValue, match=words):
        Search(**change)


def test_where_the_first_trial_falls_the_others_are_not_tried(body, made):
    plans = (FALLS, Plan("never", 1e5))  # the second one would take a day
    found = judge(Job(body, made, WEAK, plans, target_gait(body, made)))
    assert found.falls == 2 and found.cost > 4.0 * FALL and found.lasted < 1e-4


def test_search_repeats_itself_and_goes_on_where_it_stopped(body, made, tmp_path):
    seen: list[Generation] = []
    whole, part = tmp_path / "whole.npz", tmp_path / "part.npz"
    found = tune(body, made, WEAK, search=SHORT, state=whole, progress=seen.append)
    assert [one.number for one in seen] == [1, 2] and seen[1].least <= seen[0].least
    assert all(isinstance(one.best, Score) for one in seen)
    content = archive.load(whole, "tuning", 1)
    assert content["points"].shape == (2, 4, 2) and content["costs"].shape == (2, 4)
    assert not content["points"][0, 0].any()  # the start is the first candidate
    assert len(np.unique(content["costs"])) > 1
    first = {name: value if name == "key" else value[:1] for name, value in content.items()}
    archive.save(part, "tuning", 1, first)  # as a search leaves it that is killed in its second generation
    again: list[Generation] = []
    assert tune(body, made, WEAK, search=SHORT, state=part, progress=again.append) == found
    assert part.read_bytes() == whole.read_bytes()
    assert again[0].best is None and again[0].least == seen[0].least and again[1] == seen[1]


def test_a_state_of_another_search_is_one_sentence(body, made, tmp_path):
    state = tmp_path / "state.npz"
    archive.save(state, "tuning", 1, {"key": np.array("other"), "points": np.zeros(1), "costs": np.zeros(1)})
    with pytest.raises(BadFile, match="state.npz belongs to a search of another target, body, start or kind"):
        tune(body, made, WEAK, search=SHORT, state=state)
    state.write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(BadFile, match="state.npz is truncated or no npz file"):
        tune(body, made, WEAK, search=SHORT, state=state)


def test_another_physics_step_is_one_sentence(body, made):
    search = replace(SHORT, plans=(replace(FALLS, physics_step=0.001),))
    with pytest.raises(
        BadValue, match='compiled with a physics step of 0.002 s, and trial "a" of the search has 0.001 s'
    ):
        tune(body, made, WEAK, search=search)


@pytest.mark.slow
def test_processes_find_the_same(body, made):
    assert tune(body, made, WEAK, search=replace(SHORT, workers=2)) == tune(body, made, WEAK, search=SHORT)
