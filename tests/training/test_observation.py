"""Observation: published widths, what stands where, the look ahead, and blocks that are switched off."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_swings import data_at, made, swinging, view_of

from biomimic import config
from biomimic.errors import BadValue
from biomimic.training import clips, observation
from biomimic.training.observation import Blocks, Instant
from biomimic.training.sites import relative, rotation_vector, sites

# Of MuscleMimic's arms: muscle force and activation only, all of one step ahead, no touch.
ARMS = Blocks(muscle_length=False, muscle_speed=False, excitation=False, touch=False, goal="full", steps=1, spacing=1)


observe = jax.jit(observation.observe, static_argnums=(2, 3))


@pytest.fixture(scope="module")
def tiny():
    """Embodiment, body, two clips, and an instant at frame 25 of the first, with the body in the state of frame 10."""
    embodiment, body = made("tiny")
    packed = clips.pack([swinging(embodiment, 100.0, 90), swinging(embodiment, 0, 60, is_periodic=True)], body)
    data = data_at(embodiment, packed.qpos[10], packed.qvel[10], activation=0.3)
    instant = Instant(view_of(embodiment, data), jnp.array(0), jnp.array(25), jnp.array([0.5, -0.25]))
    return embodiment, body, packed, instant


@pytest.mark.published
def test_widths_of_the_full_body():
    """87 + 88 + 5 x 354 + 4 + 16 x 12 + (48 + 4 x 57 + 1) = 2418 (MuscleMimic)."""
    _, body = made("myofullbody")
    found = {name: part.stop - part.start for name, part in observation.layout(Blocks(), body).items()}
    muscles = ("muscle_length", "muscle_speed", "muscle_force", "excitation", "activation")
    assert (found["joint_position"], found["joint_velocity"], found["touch"]) == (87, 88, 4)
    assert [found[name] for name in muscles] == [354] * 5
    assert found["site_position"] + found["site_rotation"] + found["site_velocity"] == 192
    assert found["goal"] + found["phase"] == 277
    assert observation.width(Blocks(), body) == 2418


@pytest.mark.published
def test_widths_of_the_arms():
    """76 + 76 + 2 x 126 + 6 x 12 + (76 + 76 + 6 x 12 + 1) = 701 with MuscleMimic's settings; one step ahead."""
    _, body = made("bimanual")
    assert observation.width(ARMS, body) == 701
    concise = dataclasses.replace(ARMS, goal="sites")
    assert observation.width(concise, body) == 701 - 2 * 76 - 6 * 9


def test_every_part_stands_where_the_layout_says(tiny):
    """Own state, relative sites, target of now, changes of the root ahead, share of the clip: 25 / 90."""
    _, body, packed, instant = tiny
    blocks = Blocks(steps=3, spacing=20, drift=True)
    found, where = observe(instant, packed, blocks, body), observation.layout(blocks, body)
    assert found.shape == (observation.width(blocks, body),)
    view = instant.view
    np.testing.assert_array_equal(found[where["joint_position"]], view.qpos[2:])
    for name in ("muscle_length", "muscle_speed", "muscle_force", "excitation", "activation", "touch"):
        np.testing.assert_array_equal(found[where[name]], getattr(view, name))
    np.testing.assert_array_equal(found[where["joint_velocity"]], view.qvel)
    own = jax.jit(lambda view: relative(sites(view, body)))(view)
    np.testing.assert_allclose(found[where["site_position"]], own.position.ravel(), atol=1e-6)
    np.testing.assert_allclose(found[where["site_rotation"]], rotation_vector(own.quaternion).ravel(), atol=1e-6)
    np.testing.assert_allclose(found[where["site_velocity"]], own.velocity.ravel(), atol=1e-5)
    assert float(found[where["phase"]][0]) == pytest.approx(25 / 90)
    np.testing.assert_allclose(found[where["goal"]], _ahead(packed, 25, 3, 20), atol=1e-6)
    away = packed.qpos[25, :3] + jnp.array([0.5, -0.25, 0.0]) - view.qpos[:3]
    np.testing.assert_allclose(found[where["drift"]][:3], away, atol=1e-6)


def _ahead(packed, frame, steps, spacing):
    """The look ahead in NumPy, clamped at the last frame of the first clip."""
    rows = [min(frame + k * spacing, int(packed.rows[0]) - 1) for k in range(steps)]
    qpos, qvel, position = (np.asarray(values)[rows] for values in (packed.qpos, packed.qvel, packed.position))
    parts = [position[0].ravel()]
    for k in range(1, steps):
        parts += [qpos[k, :3] - qpos[0, :3], qvel[k, :6] - qvel[0, :6], position[k].ravel()]
    return np.concatenate(parts)


@pytest.mark.parametrize("frame", [0, 40, 89])
def test_look_ahead_ends_with_the_clip(tiny, frame):
    _, body, packed, instant = tiny
    blocks = Blocks(steps=4, spacing=20)
    found = observe(instant._replace(frame=jnp.array(frame)), packed, blocks, body)
    goal = found[observation.layout(blocks, body)["goal"]]
    np.testing.assert_allclose(goal, _ahead(packed, frame, 4, 20), atol=1e-6)


def test_full_goal_lists_each_quantity_over_the_steps(tiny):
    _, body, packed, instant = tiny
    blocks = Blocks(goal="full", steps=2, spacing=30)
    goal = np.asarray(observe(instant, packed, blocks, body)[observation.layout(blocks, body)["goal"]])
    rows = [25, 55]
    turns = [rotation_vector(packed.quaternion[row]) for row in rows]
    expected = [packed.qpos[row, 2:] for row in rows] + [packed.qvel[row] for row in rows]
    expected += [packed.position[row] for row in rows] + turns + [packed.velocity[row] for row in rows]
    np.testing.assert_allclose(goal, np.concatenate([np.ravel(part) for part in expected]), atol=1e-5)


def test_switches_take_away_their_block_and_nothing_else(tiny):
    _, body, packed, instant = tiny
    instant = instant._replace(stride=jnp.arange(7.0))
    every = Blocks(stride=True, drift=True, steps=2)
    found, where = observe(instant, packed, every, body), observation.layout(every, body, 7)
    np.testing.assert_array_equal(found[:7], np.arange(7.0))  # the stride comes first
    none = {"goal": "none", "phase": "none"}
    for name, parts in {"sites": ("site_position", "site_rotation", "site_velocity")}.items():
        less = dataclasses.replace(every, **{name: False})
        kept = np.concatenate([found[part] for key, part in where.items() if key not in parts])
        np.testing.assert_array_equal(observe(instant, packed, less, body), kept)
    for name in ("stride", "muscle_length", "activation", "touch", "goal", "phase", "drift"):
        less = dataclasses.replace(every, **{name: none.get(name, False)})
        assert name not in observation.layout(less, body, 7)
        assert observation.width(less, body, 7) == found.size - found[where[name]].size


def test_phase_on_a_circle_does_not_jump_where_a_period_ends(tiny):
    _, body, packed, instant = tiny
    blocks = Blocks(phase="circle", steps=1)
    where = observation.layout(blocks, body)["phase"]
    frames = jnp.array([0, 130, 129.9, 32.5])
    at_frame = jax.vmap(lambda frame: observation.observe(instant._replace(clip=1, frame=frame), packed, blocks, body))
    ends = np.asarray(jax.jit(at_frame)(frames))[:, where]
    np.testing.assert_allclose(ends[0], [0, 1], atol=1e-6)
    np.testing.assert_allclose(ends[1], [0, 1], atol=1e-4)
    np.testing.assert_allclose(ends[2], [0, 1], atol=0.01)
    np.testing.assert_allclose(ends[3], [1, 0], atol=1e-5)  # a quarter of 130 frames


def test_drift_turns_towards_the_target(tiny):
    """A body turned by 0.2 rad about its vertical against the target has to turn back."""
    _, _, packed, instant = tiny
    target = jax.jit(clips.at)(packed, 0, 10)
    half = np.array([np.cos(0.1), 0, 0, np.sin(0.1)])
    qpos, aim = instant.view.qpos, target.qpos[3:7]
    turned = jnp.array(
        [
            aim[0] * half[0] - aim[3] * half[3],
            aim[1] * half[0] + aim[2] * half[3],
            aim[2] * half[0] - aim[1] * half[3],
            aim[0] * half[3] + aim[3] * half[0],
        ]
    )
    view = instant.view._replace(qpos=qpos.at[3:7].set(turned))
    np.testing.assert_allclose(jax.jit(observation.drift)(view, target), [0, 0, 0, 0, 0, -0.2], atol=1e-5)


def test_arms_see_their_target(tiny):
    """A fixed root: all coordinates; the goal begins with those of the target."""
    embodiment, body = made("bimanual")
    packed = clips.pack([swinging(embodiment, 100.0, 8)], body)
    data = data_at(embodiment, packed.qpos[3], packed.qvel[3])
    instant = Instant(view_of(embodiment, data), jnp.array(0), jnp.array(3), jnp.zeros(2))
    found, where = observe(instant, packed, ARMS, body), observation.layout(ARMS, body)
    np.testing.assert_allclose(found[where["joint_position"]], packed.qpos[3], atol=1e-6)
    goal = found[where["goal"]]
    np.testing.assert_allclose(goal[:76], packed.qpos[3], atol=1e-6)
    np.testing.assert_allclose(goal[152:170], found[where["site_position"]], atol=1e-5)  # it is where it should be


def test_blocks_are_read_from_a_file():
    found = config.loads(Blocks, 'goal = "full"\nsteps = 1\ntouch = false')
    assert found == Blocks(goal="full", steps=1, touch=False)
    with pytest.raises(BadValue, match='goal = "all" is not allowed; it may be sites, full, none'):
        config.loads(Blocks, 'goal = "all"')


def test_observations_that_cannot_be_made():
    _, body = made("tiny")
    _, arms = made("bimanual")
    off = {field.name: False for field in dataclasses.fields(Blocks) if field.default in (True, False)}
    with pytest.raises(BadValue, match="a policy must see something"):
        observation.layout(Blocks(**{**off, "goal": "none", "phase": "none", "steps": 1, "spacing": 1}), body)
    with pytest.raises(BadValue, match="stride block was asked for"):
        observation.width(Blocks(stride=True), body)
    with pytest.raises(BadValue, match='the root of "bimanual" is fixed'):
        observation.width(Blocks(drift=True), arms)
