"""The whole warm start on the full body, in small: rounds that are kept, the same policy after a stop, bad recipes."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.training import actions, assemble, network, recipe, sources
from biomimic.training.layer.stride import of_arms
from biomimic.training.playing import Player
from biomimic.training.warm import stages, survival
from biomimic.training.warm.settings import WarmStart

SMALL = WarmStart(rounds=2, bodies=6, seconds=2.5, epochs=1, batch=128, trial=1.0, values=2, value_seconds=6.0)


def setting(changed: recipe.Recipe) -> stages.Setting:
    body = assemble.load_body(changed)
    targets = sources.load(changed.targets, body)
    env = assemble.build(changed, body, targets, assemble.tracker_settings(changed), 2)
    return stages.Setting(changed, env, body, jax.random.key(4))


def fresh(given: stages.Setting) -> network.Parameters:
    env = given.env
    sizes = env.observation_size, env.task.action_size, env.stride_size
    return network.init(jax.random.key(0), given.recipe.network, *sizes)


@pytest.fixture(scope="module")
def small() -> stages.Setting:
    shipped = recipe.load_recipe("walking_laptop")
    return setting(replace(shipped, warm=SMALL, network=replace(shipped.network, hidden=(32,))))


@pytest.mark.slow
def test_warm_start_walks_and_goes_on_after_a_stop(small, tmp_path):
    rows = []
    found = stages.start(small, fresh(small), tmp_path, lambda *told: rows.append(told))
    assert [row[0] for row in rows] == ["warm", "warm", "values"]
    assert rows[1][4]["labels"] > rows[0][4]["labels"] > 0.9 * 6 * 250
    assert max(row[4]["time_to_fall"] for row in rows[:2]) > 0.6  # [s] of 1, after 15 s of labels

    kept = sorted((tmp_path / stages.FOLDER).glob("round_*.npz"))
    assert len(kept) == 2
    kept[1].unlink()  # as if it had been stopped in the second round
    written = kept[0].stat().st_mtime_ns
    again = stages.start(small, fresh(small), tmp_path, lambda *told: None)
    assert kept[0].stat().st_mtime_ns == written
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(again)):
        assert np.array_equal(one, other)

    untaught = Player(
        small.env.task, small.env.clips, fresh(small) | {"normaliser": found.policy["normaliser"]}, is_dynamic=True
    )
    assert survival.times(untaught, stages.STARTS[:2], 1.0).max() < 1.0  # without a warm start it falls at once


@pytest.mark.slow
def test_activations_are_taught_within_what_muscles_can_reach(tmp_path):
    shipped = recipe.load_recipe("walking_pure")
    small = replace(shipped.warm, rounds=3, alone=2, bodies=4, seconds=1.5, foreign=0.5, trial=0.5)
    given = setting(replace(shipped, warm=small))
    rows = []
    found = stages.start(given, fresh(given), tmp_path, lambda *told: rows.append(told[4]))
    assert "time_to_fall" not in rows[0] and rows[1]["time_to_fall"] > 0.2
    kept = [stages._labels(given, (given.env, small), None, (tmp_path, number)) for number in range(3)]
    for labels in kept:
        states = 4 * 150 // small.every
        assert 0.6 * states < len(labels.action) <= 1.5 * states + 4
        low, high = actions.reachable(given.env.task.muscles, labels.activation.astype(np.float32))
        assert (labels.action >= np.asarray(low) - 2e-3).all() and (labels.action <= np.asarray(high) + 2e-3).all()
    groups, plan = given.body.groups, given.env.task.layer.plan
    table = np.asarray(found.policy["skip"]["table"])[:, :, :-1]
    assert (table[:, :, of_arms(plan)][..., np.concatenate([groups["legs"], groups["trunk"]])] == 0).all()
    assert (table[:, :, of_arms(plan)][..., groups["arms"]] != 0).any()
    same = np.unique(kept[0].observation[:, :-31], axis=0)  # all but the torque that is left
    assert len(same) < len(kept[0].observation)  # states that were labelled twice


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"observation": {"stride": False, "touch": True}}, "needs the stride in the observation"),
        ({"network": {"skip": False}, "warm": {"epochs": 0}}, "gives it nothing to teach"),
    ],
)
def test_recipes_that_cannot_be_taught_are_refused(small, tmp_path, change, words):
    changed = small.recipe
    for part, values in change.items():
        changed = replace(changed, **{part: replace(getattr(changed, part), **values)})
    given = small._replace(recipe=changed)
    env = replace(small.env, task=replace(small.env.task, blocks=changed.observation))
    with pytest.raises(BadValue, match=words):
        stages.start(given._replace(env=env), {}, tmp_path, lambda *told: None)
    assert not list(tmp_path.iterdir())
