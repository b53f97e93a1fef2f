"""Pushes while learning: one in every stretch, of the size and length asked for, and the same for the same key."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import BadValue
from biomimic.training import assemble, engine, examples, pushes
from biomimic.training.env import Stage
from biomimic.training.pushes import Pushes
from biomimic.training.recipe import Body, Recipe

BODIES, STRETCH, LASTING = 6, 50, 10
PUSHES = Pushes(force=80.0, least=0.5, lasting=0.1, every=0.5)


def felt(settings: Pushes, steps: int = 4 * STRETCH, seed: int = 0) -> np.ndarray:
    """Forces in each control step, (steps, BODIES, 3)."""
    keys = jax.random.split(jax.random.key(seed), BODIES)
    return np.stack([pushes.forces(settings, keys, jnp.full(BODIES, age)) for age in range(steps)])


def test_one_push_in_every_stretch_of_the_size_asked_for():
    force = felt(PUSHES)
    size = np.linalg.norm(force, axis=-1)
    assert (force[..., 2] == 0).all()
    for stretch in size.reshape(4, STRETCH, BODIES):
        assert ((stretch > 0).sum(axis=0) == LASTING).all()
        largest = stretch.max(axis=0)
        assert (largest >= 40 - 1e-4).all() and (largest <= 80 + 1e-4).all()
        np.testing.assert_allclose(stretch.sum(axis=0), LASTING * largest, rtol=1e-5)  # the same all the time
        assert (np.diff((stretch > 0).astype(int), axis=0) == 1).sum(axis=0).max() <= 1  # in one piece


def test_pushes_differ_between_bodies_and_stretches_and_are_the_same_again():
    force = felt(PUSHES)
    np.testing.assert_array_equal(force, felt(PUSHES))
    assert not np.array_equal(force, felt(PUSHES, seed=1))
    largest = np.abs(force).reshape(4, STRETCH, -1).max(axis=1)
    assert len(np.unique(largest[:, :2])) == 8


def test_directions_cover_the_plane():
    many = pushes.forces(replace(PUSHES, every=0.1), jax.random.split(jax.random.key(3), 400), jnp.zeros(400, int))
    angle = np.arctan2(many[:, 1], many[:, 0])
    count, _ = np.histogram(angle, bins=8, range=(-np.pi, np.pi))
    assert count.min() > 25  # 50 expected


@pytest.mark.parametrize("kind", ["mujoco", "warp_cpu"])
def test_a_push_changes_the_momentum_by_force_times_time(kind):
    """In flight and with resting muscles, 30 N for 0.01 s give mass x speed = 0.3 N s in that direction, no more."""
    if kind == "warp_cpu":
        pytest.importorskip("mujoco_warp", reason="the extra `warp` is not installed")
    model = embodiment.load("tiny", timestep=0.002).model
    start = engine.standing(model, 2)
    start.qpos[:, 2] += 1.0
    bodies = engine.load(model, 2, kind=kind, dynamics=False)
    physics, _ = bodies.reset(None, np.ones(2, bool), start)
    push = np.array([[0.0, 0.0, 0.0], [18.0, -24.0, 0.0]], np.float32)
    physics, _ = bodies.step(physics, np.zeros((2, model.nu), np.float32), push)
    momentum = []
    for body in range(2):
        data = mujoco.MjData(model)
        data.qpos[:], data.qvel[:] = (np.asarray(part)[body] for part in physics[:2])
        mujoco.mj_forward(model, data)
        mujoco.mj_subtreeVel(model, data)
        momentum.append(data.subtree_linvel[1] * model.body_subtreemass[1])
    np.testing.assert_allclose(momentum[1] - momentum[0], [0.18, -0.24, 0.0], atol=2e-3)
    physics, _ = bodies.step(physics, np.zeros((2, model.nu), np.float32))  # without one, nothing pushes on
    data.qvel[:] = np.asarray(physics.qvel)[1]
    data.qpos[:] = np.asarray(physics.qpos)[1]
    mujoco.mj_forward(model, data)
    mujoco.mj_subtreeVel(model, data)
    after = data.subtree_linvel[1] * model.body_subtreemass[1]
    np.testing.assert_allclose(after[:2], momentum[1][:2], atol=5e-3)


def test_the_environment_pushes_its_bodies():
    recipe = Recipe(title="pushed", body=Body("tiny", "tiny", threads=1), pushes=replace(PUSHES, every=0.1))
    body = assemble.load_body(recipe)
    targets = list(examples.tiny_targets(body, 1, seconds=2.0).values())
    stage = Stage(jnp.ones(1), {}, None)
    speeds = {}
    for force in (0.0, 80.0):
        env = assemble.build(replace(recipe, pushes=replace(recipe.pushes, force=force)), body, targets, None, 2)
        state = env.reset(jax.random.key(0), stage)
        for _ in range(5):
            state, _ = env.step(state, jnp.zeros((2, env.task.action_size)), stage)
        speeds[force] = np.asarray(state.view.qvel)[:, :2]
    assert np.abs(speeds[80.0] - speeds[0.0]).max() > 0.05


def test_wrong_settings_are_refused():
    with pytest.raises(BadValue, match="must not be the shorter one"):
        Pushes(force=10.0, lasting=0.5, every=0.2)
    recipe = Recipe(title="held", body=Body("bimanual"), pushes=PUSHES)
    body = assemble.load_body(recipe)
    targets = list(examples.reaching_targets(body, 1).values())
    with pytest.raises(BadValue, match="free root"):
        assemble.build(recipe, body, targets, None, 1)
