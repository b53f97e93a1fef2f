"""A report of the formula walk, made once."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "validate"))

from synthetic_walk import person, record  # noqa: E402

from biomimic.report import Film, build  # noqa: E402
from biomimic.validate.evaluate import evaluate  # noqa: E402
from biomimic.validate.protocol import Pushes, Resampling, Trials, load_protocol  # noqa: E402


@pytest.fixture(scope="session")
def protocol():
    """Two starts, a long walk and one push."""
    return replace(
        load_protocol("level_walking"),
        trials=Trials(count=2, duration_s=9.0, endurance_s=10.0),
        pushes=Pushes(watch_s=2.0, directions=("left",)),
        resampling=Resampling(draws=20),
    )


@pytest.fixture(scope="session")
def results(protocol):
    """Of a walk that falls after the push."""
    people = {
        "rajagopal2016_walking": person("rajagopal2016_walking", rows=1, sides=("right", "left")),
        "falisse2019_walking": person("falisse2019_walking", rows=3, sides=("right",)),
    }
    falls = {"push_left": 6.0}
    walks = [record(plan, fall=falls.get(plan.name), seed=i) for i, plan in enumerate(protocol.planned)]
    identity = {
        "run": {"name": "formula", "embodiment": "myofullbody", "muscle_parameters": "corrected-trunk"},
        "humans": {name: _words(data) for name, data in people.items()},
        "versions": {"biomimic": "0"},
    }
    return evaluate(walks, people, protocol, run="formula", shaped_by=("angles", "force"), identity=identity)


def _words(data) -> dict:
    entry = data.entry
    return {
        "title": entry.title,
        "source": entry.source,
        "licence": entry.licence,
        "attribution": entry.attribution,
        "subjects": 1,
        "note": "<made> & up",
        "sha256": "0" * 64,
    }


@pytest.fixture(scope="session")
def report(results, protocol):
    """With three grey pictures."""
    frames = [np.full((40, 20, 3), shade, np.uint8) for shade in (60, 120, 180)]
    return build(results, protocol, Film(frames, (0.0, 33.0, 66.0), "start_0"))
