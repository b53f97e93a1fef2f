"""Recipes: every shipped one loads, what is wrong in a file is one sentence, differences have words."""

import dataclasses
import math

import pytest

from biomimic import config, share
from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.training import recipe
from biomimic.training.recipe import Body, Recipe

SHIPPED = sorted(path.stem for path in share.folder("training").glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_recipe_loads_and_is_written_in_full(name):
    found = recipe.load_recipe(name)
    recipe.check(found)
    assert found.title and found.text.startswith("#")
    assert config.loads(Recipe, config.dumps(found)) == found


def test_the_shipped_ones():
    wanted = {"smoke", "walking_laptop", "walking", "generalist", "bimanual", "finetune"}
    assert wanted <= set(SHIPPED)


def test_finetune_goes_on_from_what_walking_makes():
    first, second = recipe.load_recipe("walking"), recipe.load_recipe("finetune")
    for part in ("body", "actions", "observation", "tracker", "targets"):
        assert getattr(first, part) == getattr(second, part)
    assert dataclasses.replace(second.network, std=first.network.std) == first.network
    assert second.start.run and second.start.std > first.network.std and not second.warm.rounds


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("[ppo]\nenvironments = 0", BadValue, r"ppo\.environments = 0 is out of range; allowed is at least 1"),
        ("[ppo]\nenviroments = 8", BadFile, r'unknown key "enviroments" in \[ppo\].*Did you mean "environments"'),
        ("[course]\nupdates = 1.5", BadValue, r"course\.updates = 1\.5 has the wrong type; expected is a whole number"),
        ('[actions]\nkind = "torque"', BadValue, r"may be excitation, activation, acceleration"),
        ("[ppo]\nenvironments = 8\nunroll = 5\nminibatches = 7", BadValue, "cannot be cut into 7 minibatches"),
        ("[network]\nhidden = []", BadValue, "hidden needs one or more"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_sentence(tmp_path, text, kind, message):
    path = tmp_path / "mine.toml"
    path.write_text(f'title = "mine"\n[body]\nembodiment = "tiny"\n{text}\n')
    with pytest.raises(kind, match=message) as caught:
        recipe.load_recipe(path)
    assert "mine.toml" in str(caught.value) and "\n" not in str(caught.value)


def test_names_that_are_not_there(tmp_path):
    with pytest.raises(UnknownName, match='No recipe "smok".*Did you mean "smoke"'):
        recipe.load_recipe("smok")
    with pytest.raises(BadFile, match="absent.toml does not exist"):
        recipe.load_recipe(str(tmp_path / "absent.toml"))


def test_differences_in_words():
    one = Recipe("one", Body("tiny"))
    other = dataclasses.replace(one, title="two", ppo=dataclasses.replace(one.ppo, unroll=40))
    assert recipe.differences(one, one) == []
    assert recipe.differences(one, other) == [
        "title = 'one' there and 'two' now",
        "ppo.unroll = 20 there and 40 now",
    ]


def test_a_value_that_a_file_cannot_hold():
    strange = Recipe("strange", Body("tiny", timestep=math.nan))
    with pytest.raises(BadValue, match="body.timestep"):
        recipe.check(strange)
