"""A short protocol and results of the formula walk, made once."""

from dataclasses import replace

import pytest
from synthetic_walk import person, record

from biomimic.validate.evaluate import evaluate
from biomimic.validate.protocol import Protocol, Pushes, Resampling, Trials, load_protocol


@pytest.fixture(scope="session")
def short() -> Protocol:
    """The shipped protocol with two starts of 9 s, a long walk of 10 s and two pushes."""
    return replace(
        load_protocol("level_walking"),
        trials=Trials(count=2, duration_s=9.0, endurance_s=10.0, skip_strides=2, min_strides=5),
        pushes=Pushes(at_s=5.0, watch_s=2.0, directions=("forward", "left")),
        resampling=Resampling(draws=50),
    )


@pytest.fixture(scope="session")
def people():
    """The tracked person (3 degrees off) and another one with eleven trials."""
    return {
        "rajagopal2016_walking": person("rajagopal2016_walking", rows=1, sides=("right", "left"), offset_deg=3.0),
        "falisse2019_walking": person("falisse2019_walking", rows=11, sides=("right",)),
    }


@pytest.fixture(scope="session")
def recordings(short):
    """One recording a planned trial."""
    return tuple(record(plan, seed=i) for i, plan in enumerate(short.planned))


@pytest.fixture(scope="session")
def results(short, people, recordings):
    """Findings of the formula walk; angles and force of the tracked person are said to have shaped it."""
    return evaluate(recordings, people, short, run="formula", shaped_by=("angles", "force"))
