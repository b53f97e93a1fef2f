"""Who drives, how much noise a walk gets, and which samples are kept."""

from types import SimpleNamespace

import numpy as np
import pytest

from biomimic.training.warm import collect
from biomimic.training.warm.settings import WarmStart

STEP = collect.CONTROL_STEP


def walked(settings: WarmStart, share: float, steps: int, bodies: int = 40) -> np.ndarray:
    """Whether the tracker drives, (steps, bodies)."""
    walks, rows = collect.Walks(settings, bodies, share, np.random.default_rng(1)), []
    for _ in range(steps):
        walks.step()
        rows.append(walks.is_taught)
    return np.array(rows)


def test_turns_last_as_long_as_asked_and_share_the_time():
    taught = walked(WarmStart(turns=(0.05, 0.2)), 0.35, 3000)
    assert taught.mean() == pytest.approx(0.35, abs=0.03)
    changes = [np.flatnonzero(np.diff(column)) for column in taught.T.astype(int)]
    assert min(np.diff(times).min() for times in changes) >= round(0.05 / STEP)
    whole = walked(WarmStart(), 0.35, 50, bodies=400)
    assert (whole == whole[0]).all() and whole[0].mean() == pytest.approx(0.35, abs=0.07)
    assert walked(WarmStart(turns=(0.05, 0.2)), 1.0, 100).all() and not walked(WarmStart(), 0.0, 20).any()


def test_walks_draw_their_noise_anew_when_they_begin():
    settings = WarmStart(noise=0.03, noise_least=0.5, clean=0.25)
    walks = collect.Walks(settings, 4000, 1.0, np.random.default_rng(2))
    noisy = walks.spread > 0
    assert noisy.mean() == pytest.approx(0.75, abs=0.03)
    assert walks.spread[noisy].min() >= 0.015 and walks.spread.max() <= 0.03
    before, begun = walks.spread.copy(), np.arange(4000) < 1000
    walks.begin(begun)
    np.testing.assert_array_equal(walks.spread[1000:], before[1000:])
    assert (walks.spread[:1000] != before[:1000]).mean() > 0.8
    plain = collect.Walks(WarmStart(noise=0.1), 9, 1.0, np.random.default_rng(2))
    np.testing.assert_array_equal(plain.spread, 0.1)


def test_samples_come_body_by_body_without_the_steps_before_a_fall():
    """Two bodies, six steps; the second falls in steps 3 and 5, the first one's step 1 is no number."""
    found = collect._Found(1)
    for step in range(6):
        seen = np.array([[step], [10 + step]], np.float32)
        view = SimpleNamespace(activation=np.full((2, 3), 0.1 * step))
        label = np.where(step == 1, np.array([[np.nan], [1.0]]), 1.0)
        found.keep(SimpleNamespace(observation=seen, view=view), label, np.ones(2, bool))
        if step == 2:  # labelled once more with other activations
            found.keep(SimpleNamespace(observation=seen + 0.5, view=view), label, np.array([False, True]))
        fell = np.array([False, step in (3, 5)])
        found.end(fell, fell)
    labels = found.labels(2, 0.12)
    assert labels.observation[:, 0].tolist() == [0, 2, 3, 4, 5, 10, 11]
    assert labels.falls == 2 and labels.seconds == 0.12
    assert labels.activation.shape == (7, 1) and labels.activation.dtype == np.float16
    every = found.labels(0, 0.12)
    assert every.observation[:, 0].tolist() == [0, 2, 3, 4, 5, 10, 11, 12, 12.5, 13, 14, 15]
