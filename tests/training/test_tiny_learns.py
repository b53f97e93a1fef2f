"""From random weights the small body learns to track its targets within two minutes on two cores, whatever the seed."""

import csv
import dataclasses
import time

import numpy as np
import pytest

from biomimic import training
from biomimic.training import assemble, sources

FACTOR = 4.0  # of the mean return: last 25 updates over updates 11 to 25
SECONDS = 240.0  # of processor time: two minutes of two cores


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_small_body_learns_from_nothing(tmp_path, seed):
    recipe = dataclasses.replace(training.load_recipe("tiny"), seed=seed)
    targets = sources.load(recipe.targets, assemble.load_body(recipe))
    begin = time.process_time()
    run = training.fit(recipe, targets, run=tmp_path / "run")
    spent = time.process_time() - begin
    with open(run.path / "metrics.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    gained = np.array([float(row["return"] or "nan") for row in rows if row["stage"] == "ppo"])
    before, after = (row for row in rows if row["stage"] == "trial")
    assert np.nanmean(gained[-25:]) > FACTOR * np.nanmean(gained[10:25])
    assert float(after["survived"]) > float(before["survived"]) + 0.3
    assert spent < SECONDS
