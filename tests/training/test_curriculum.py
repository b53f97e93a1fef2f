"""Curricula: worked by hand after MuscleMimic's rules, with bounds and counters that are set back."""

import jax.numpy as jnp
import pytest

from biomimic import config
from biomimic.errors import BadValue
from biomimic.training import curriculum
from biomimic.training.curriculum import Curriculum, Growing, Tightening
from biomimic.training.reward import Weights

# Without smoothing, so that the rate given is the rate that counts.
TIGHT = Curriculum(tightening=Tightening(factor=0.9, smoothing=1.0, patience=3))


def limits(settings: Curriculum, rates: list[float]) -> list[float]:
    state, found = curriculum.start(settings, Weights()), []
    for rate in rates:
        state = curriculum.update(state, jnp.array(rate), settings)
        found.append(float(curriculum.limit(state, settings)))
    return found


@pytest.mark.published
def test_the_limit_shrinks_after_some_low_rates():
    """0.5 -> 0.45 after the third low rate in a row (factor 0.9), then the count begins anew."""
    assert limits(TIGHT, [0.05] * 6) == pytest.approx([0.5, 0.5, 0.45, 0.45, 0.45, 0.405])


@pytest.mark.published
def test_a_rate_between_sets_the_counter_back():
    assert limits(TIGHT, [0.05, 0.05, 0.15, 0.05, 0.05, 0.05]) == pytest.approx([0.5] * 5 + [0.45])


@pytest.mark.published
def test_the_limit_grows_again_but_never_above_the_first_or_below_the_least():
    """High rates undo one step and no more; many low ones end at 0.1."""
    found = limits(TIGHT, [0.05] * 3 + [0.9] * 6)
    assert found[2] == pytest.approx(0.45) and found[-1] == pytest.approx(0.5)
    assert max(limits(TIGHT, [0.9] * 9)) == pytest.approx(0.5)
    assert min(limits(TIGHT, [0.0] * 60)) == pytest.approx(0.1)


def test_a_change_of_side_counts_anew():
    assert limits(TIGHT, [0.05, 0.05, 0.9, 0.05, 0.05]) == pytest.approx([0.5] * 5)


def test_rates_are_smoothed():
    """From 1.0 with a share of 0.1 the running rate is 0.9^n: below 0.1 after 22 zeros, the fifth of them the 26th."""
    settings = Curriculum(tightening=Tightening())
    found = limits(settings, [0.0] * 26)
    assert found[24] == pytest.approx(0.5) and found[25] == pytest.approx(0.475)


@pytest.mark.published
def test_velocity_weights_grow_while_few_fail():
    """0.1 grows by 2 % at every fifth low rate, but the first rate only begins the running one; 0.4 is the end."""
    settings = Curriculum(growing=Growing())
    state, seen = curriculum.start(settings, Weights()), []
    for _ in range(11):
        state = curriculum.update(state, jnp.array(0.01), settings)
        seen.append(float(curriculum.raised(state, settings)["joint_velocity"]))
    assert seen[4:6] == pytest.approx([0.1, 0.102]) and seen[10] == pytest.approx(0.1 * 1.02**2)
    assert curriculum.raised(state, settings)["root_velocity"] == pytest.approx(0.1 * 1.02**2)
    fast = Curriculum(growing=Growing(growth=1.0, patience=1))
    for _ in range(5):
        state = curriculum.update(state, jnp.array(0.01), fast)
    assert float(state.weights[0]) == pytest.approx(0.4)
    weights = state.weights
    for _ in range(5):
        state = curriculum.update(state, jnp.array(0.5), fast)
    assert state.weights.tolist() == weights.tolist()


def test_a_weight_above_the_end_stays():
    settings = Curriculum(growing=Growing(growth=1.0, patience=1, most=0.4))
    state = curriculum.start(settings, Weights(joint_velocity=0.5, root_velocity=0.3))
    for _ in range(3):
        state = curriculum.update(state, jnp.array(0.0), settings)
    assert state.weights.tolist() == pytest.approx([0.5, 0.4])


def test_without_curricula_the_recipe_holds():
    none = Curriculum()
    state = curriculum.update(curriculum.start(none, Weights()), jnp.array(0.0), none)
    assert curriculum.limit(state, none) is None and curriculum.raised(state, none) == {}


def test_rate_of_termination_by_hand():
    """Three episodes ended, one of them terminated; none ended: 0."""
    failed, cut = jnp.array([True, False, False, False]), jnp.array([False, True, True, False])
    assert float(curriculum.rate(failed, cut)) == pytest.approx(1 / 3)
    assert float(curriculum.rate(failed & False, cut & False)) == 0.0


def test_settings_from_a_file():
    found = config.loads(Curriculum, "[tightening]\nfirst = 0.4\n[growing]\nmost = 0.3")
    assert found == Curriculum(Tightening(first=0.4), Growing(most=0.3))
    with pytest.raises(BadValue, match="may not shrink from 0.05 m to 0.1 m"):
        config.loads(Curriculum, "[tightening]\nfirst = 0.05")
    with pytest.raises(BadValue, match="Rates of 0.3 and 0.2 were given"):
        Tightening(low=0.3)
