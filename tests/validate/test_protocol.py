"""The protocol file: what it plans, and what is wrong with a wrong one."""

from dataclasses import replace

import pytest

from biomimic import config
from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.validate.protocol import Criterion, Protocol, load_protocol

MINIMAL = """
title = "T"
version = "1"
criteria = []
comparisons = []
[[humans]]
name = "a"
role = "same"
"""


def test_the_shipped_protocol_plans_ten_starts_a_long_walk_and_four_pushes():
    planned = load_protocol("level_walking").planned
    assert [plan.name for plan in planned[:10]] == [f"start_{i}" for i in range(10)]
    assert [plan.phase for plan in planned[:10]] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    assert (planned[10].name, planned[10].duration) == ("endurance", 60.0)
    # 5 s before the push, 0.1 s of it, 5 s after
    assert [(plan.push, plan.duration) for plan in planned[11:]] == [
        (name, pytest.approx(10.1)) for name in ("forward", "backward", "left", "right")
    ]


def test_every_shipped_limit_has_a_source():
    assert all(criterion.source for criterion in load_protocol("level_walking").criteria)


def test_limits():
    assert Criterion("physics", "m", "s", at_least=0.9).met(0.9)
    assert not Criterion("physics", "m", "s", at_most=0.15).met(0.151)
    assert Criterion("physics", "m", "s", within=(0.98, 1.02)).met(1.02)
    assert not Criterion("physics", "m", "s", at_least=0.9).met(float("nan"))


def test_a_criterion_without_source_does_not_load():
    text = MINIMAL.replace("criteria = []", "").replace("comparisons = []", "comparisons = []\n")
    text += '[[criteria]]\ndomain = "physics"\nmetric = "strides"\nat_least = 5.0\n'
    with pytest.raises(BadValue, match="needs a metric and a source"):
        config.loads(Protocol, text)


def test_a_criterion_with_two_limits_is_refused():
    with pytest.raises(BadValue, match="at_least and at_most; give exactly one"):
        Criterion("physics", "m", "s", at_least=0.1, at_most=0.2)


def test_an_unknown_key_is_named_with_the_known_ones():
    with pytest.raises(
        BadFile, match='unknown key "treshold_n" in \\[events\\]. Known keys: threshold_n, min_stance_s'
    ):
        config.loads(Protocol, MINIMAL + "[events]\ntreshold_n = 20.0\n", name="p.toml")


def test_an_unknown_protocol_is_answered_with_the_closest_name():
    with pytest.raises(UnknownName, match='Did you mean "level_walking"'):
        load_protocol("level_waking")


def test_an_unknown_reference_in_a_criterion():
    protocol = load_protocol("level_walking")
    wrong = Criterion("kinematics", "rmse", "s", reference="falisse", at_most=1.0)
    with pytest.raises(UnknownName, match="falisse2019_walking"):
        replace(protocol, criteria=(wrong,))


def test_writing_and_reading_gives_the_same_protocol():
    protocol = load_protocol("level_walking")
    assert config.loads(Protocol, config.dumps(protocol)) == protocol
