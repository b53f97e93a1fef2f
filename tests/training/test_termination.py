"""Ends of episodes: distances by hand, what does not depend on the place, published limits, broken states."""

from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_swings import data_at, made, swinging, view_of

from biomimic import config
from biomimic.training import clips, termination
from biomimic.training.termination import ARMS, PUBLISHED, TRAINING, VALIDATION, Deviations, Limits


@pytest.fixture(scope="module")
def tiny():
    """Body, clips, a view in the state of frame 5 begun there, and its target."""
    embodiment, body = made("tiny")
    packed = clips.pack([swinging(embodiment, 100.0, 20), swinging(embodiment, 0, 50, is_periodic=True)], body)
    start = clips.begin(packed, 0, 5)
    view = view_of(embodiment, data_at(embodiment, start.qpos, start.qvel))
    return body, packed, view, jax.jit(clips.at)(packed, 0, 5, start.origin)


def apart(body, view, target) -> Deviations:
    return jax.jit(lambda *both: termination.deviations(*both, body))(view, target)


def away(**more: float) -> Deviations:
    """A body where it should be, but for what is given."""
    return Deviations(**({"sites": 0.0, "root": 0.0, "turn": 0.0, "places": 0.0, "height": 1.0} | more))


def test_a_body_at_its_target_is_nowhere_else(tiny):
    body, _, view, target = tiny
    found = apart(body, view, target)
    np.testing.assert_allclose(found, [0, 0, 0, 0, 1], atol=1e-5)


def test_distances_by_hand(tiny):
    """All sites but the reference 0.3 m sideways: their mean is 0.3, of all K places (K - 1) / K of it."""
    body, _, view, target = tiny
    found = apart(body, view, target._replace(position=target.position + jnp.array([0.0, 0.3, 0.0])))
    assert float(found.sites) == pytest.approx(0.3, rel=1e-4)
    assert float(found.places) == pytest.approx(0.3 * body.relatives / (body.relatives + 1), rel=1e-4)
    assert float(found.root) == pytest.approx(0.0, abs=1e-5)


def test_only_the_root_notices_that_the_whole_body_is_elsewhere(tiny):
    """Moved by (3, 4, 0): relative sites and turn as before, root and places 5 m away."""
    body, _, view, target = tiny
    shift = jnp.array([3.0, 4.0, 0.0])
    moved = view._replace(qpos=view.qpos.at[:3].add(shift), xpos=view.xpos + shift, centre=view.centre + shift)
    found = apart(body, moved, target)
    np.testing.assert_allclose(found, [0, 5, 0, 5, 1], atol=1e-4)
    assert not bool(termination.is_lost(found, VALIDATION))
    assert bool(termination.is_lost(found, TRAINING)) and bool(termination.is_lost(found, PUBLISHED))


def test_a_turned_root_is_turned_by_its_angle(tiny):
    body, _, view, target = tiny
    half = jnp.array([np.cos(0.4), np.sin(0.4), 0, 0])  # by 0.8 rad about x
    aim = target.qpos[3:7]
    turned = jnp.concatenate(
        [
            (aim[0] * half[0] - aim[1] * half[1])[None],
            aim[0] * half[1:] + half[0] * aim[1:] + jnp.cross(aim[1:], half[1:]),
        ]
    )
    found = apart(body, view._replace(qpos=view.qpos.at[3:7].set(turned)), target)
    assert float(found.turn) == pytest.approx(0.8, abs=1e-5)


@pytest.mark.published
@pytest.mark.parametrize(
    ("limits", "name", "just", "beyond"),
    [
        (TRAINING, "sites", 0.99, 1.01),
        (TRAINING, "root", 0.99, 1.01),
        (TRAINING, "turn", 0.99, 1.01),
        (VALIDATION, "sites", 0.49, 0.51),
        (PUBLISHED, "sites", 0.29, 0.31),
        (PUBLISHED, "root", 0.49, 0.51),
        (ARMS, "places", 0.049, 0.051),
    ],
)
def test_published_limits(limits, name, just, beyond):
    """MuscleMimic: 1 m, 1 m and 1 rad in training; 0.5 m in validation; 0.3 m and 0.5 m in figures; arms 0.05 m."""
    assert not bool(termination.is_lost(away(**{name: just}), limits))
    assert bool(termination.is_lost(away(**{name: beyond}), limits))


def test_limits_that_are_off_let_everything_pass():
    far = away(sites=9.0, root=9.0, turn=3.0)
    assert not bool(termination.is_lost(far, Limits(sites=inf, root=inf, turn=inf)))
    assert not bool(termination.is_lost(away(turn=3.0), VALIDATION))


def test_a_fall_is_a_share_of_the_targets_height():
    limits = Limits(height=0.7)
    assert not bool(termination.is_lost(away(height=0.71), limits)) and bool(
        termination.is_lost(away(height=0.69), limits)
    )


def test_a_curriculum_replaces_the_limit_in_use():
    """That of the sites; of the places where the sites have none. Other limits stay."""
    near = away(sites=0.2, places=0.2)
    assert not bool(termination.is_lost(near, TRAINING)) and bool(termination.is_lost(near, TRAINING, jnp.array(0.1)))
    assert bool(termination.is_lost(near, ARMS)) and not bool(termination.is_lost(near, ARMS, jnp.array(0.3)))
    assert bool(termination.is_lost(away(root=2.0), TRAINING, jnp.array(9.0)))


def test_a_broken_state_terminates(tiny):
    body, _, view, target = tiny
    ended = jax.jit(lambda one, aim: termination.terminated(one, aim, TRAINING, body))
    assert not bool(ended(view, target))
    assert bool(ended(view._replace(qvel=view.qvel.at[3].set(jnp.nan)), target))
    assert bool(ended(view._replace(qpos=view.qpos.at[0].set(jnp.inf)), target))
    assert bool(ended(view._replace(muscle_force=view.muscle_force.at[0].set(jnp.nan)), target))


def test_time_and_clip_cut_an_episode(tiny):
    """20 frames end at the last one, 19; a period never does; 100 steps of horizon end after the hundredth."""
    _, packed, _, _ = tiny
    cut = lambda clip, frame, age: bool(termination.truncated(packed, clip, frame, age, 100))  # noqa: E731
    assert not cut(0, 18, 5) and cut(0, 19, 5) and cut(0, 25, 5)
    assert not cut(1, 10**6, 99) and cut(1, 3, 100)


def test_limits_are_read_from_a_file_and_survive_it():
    found = config.loads(Limits, "sites = 0.3\nturn = inf\nheight = 0.7")
    assert found == Limits(sites=0.3, turn=inf, height=0.7)
    assert config.loads(Limits, config.dumps(ARMS)) == ARMS
