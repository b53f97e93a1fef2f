"""Loads: centre of pressure by hand, moments against MuJoCo and virtual work, fatigue against its closed form."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from made_swings import data_at, made, swing, trajectory, view_of

from biomimic.rollout.log import reduced
from biomimic.training import clips, loads, reward
from biomimic.training.examples import tiny_targets
from biomimic.training.loads import Fatigue
from biomimic.training.reward import Transition, Weights


def test_centre_of_pressure_by_hand():
    """100 N up at (0.2, -0.1, 0) below a root at height 0.5, and 10 N forward: moment about the root r x F.

    r = (0.2, -0.1, -0.5), F = (10, 0, 100): r x F = (-10, -25, 1).
    """
    contact = jnp.array([10.0, 0.0, 100.0, -10.0, -25.0, 1.0])
    place, known = loads.pressure(contact, 0.5)
    np.testing.assert_allclose(place, [0.2, -0.1], atol=1e-6)
    assert known and not loads.pressure(contact * 0.1, 0.5)[1]


@pytest.mark.oracle
def test_contact_force_is_the_sum_of_the_contacts():
    """mj_contactForce of all contacts of a body on its feet, their moment about the root; touch is the upward part."""
    embodiment, body = made("tiny")
    model = embodiment.model
    pose = tiny_targets(embodiment, 1, seconds=0.1)["squat"].qpos[0]
    data = data_at(embodiment, pose, np.zeros(model.nv))
    mujoco.mj_step(model, data, 40)  # it sinks in
    mujoco.mj_forward(model, data)
    contact, total, moment = np.zeros(6), np.zeros(3), np.zeros(3)
    for k in range(data.ncon):
        mujoco.mj_contactForce(model, data, k, contact)
        floor_first = model.geom_bodyid[data.contact[k].geom[0]] == 0
        force = (1.0 if floor_first else -1.0) * data.contact[k].frame.reshape(3, 3).T @ contact[:3]
        total += force
        moment += np.cross(data.contact[k].pos - data.xpos[1], force)
    assert total[2] > 50
    seen = view_of(embodiment, data)
    found = np.asarray(loads.wrench(seen, body))
    np.testing.assert_allclose(found[:3], total, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found[3:], moment, rtol=1e-3, atol=5e-3)
    np.testing.assert_allclose(np.sum(loads.feet(seen, body)), total[2], rtol=0.02)


def test_muscle_torques_and_joint_moments():
    """MuJoCo's generalised actuator force, and the reduced forces of muscles and passive structures."""
    for name in ("tiny", "bimanual"):
        embodiment, body = made(name)
        qpos, qvel = swing(embodiment, np.array([0.4]))
        data = data_at(embodiment, qpos[0], qvel[0], activation=0.3)
        seen = view_of(embodiment, data, dynamics=True)
        torque = jax.jit(lambda view, of=body: loads.muscle_torque(view, of))(seen)
        size = np.abs(data.qfrc_actuator).max()
        np.testing.assert_allclose(torque, data.qfrc_actuator, atol=1e-5 * size)
        moments = jax.jit(lambda view, of=body: loads.joint_moments(view, of))(seen)
        force = data.qfrc_actuator + data.qfrc_passive
        expected = reduced(embodiment.couplings, data.qpos[None], force[None])[0]
        np.testing.assert_allclose(moments, expected[body.moment_column] * body.moment_scale, atol=1e-5 * size)


def test_matches_of_loads_by_hand():
    """One of five forces 0.3 body weights off: exp(-10 x 0.09 / 5); pressure 0.1 m off along x: exp(-100 x 0.005)."""
    embodiment, body = made("tiny")
    qpos = np.tile(embodiment.couplings.expand(embodiment.model.qpos0), (4, 1))
    nv = embodiment.model.nv
    force = np.tile([0, 0, body.weight / 2, 0, 0, body.weight / 2], (4, 1))
    still = trajectory(embodiment, qpos, np.zeros((4, nv)), force=force)
    packed = clips.pack([still], body, loads=True)
    target, weights = jax.jit(clips.at)(packed, 0, 1), Weights(load=1.0, pressure=1.0)
    view = view_of(embodiment, data_at(embodiment, qpos[0], np.zeros(nv)))
    place = np.asarray(target.pressure)
    height = float(qpos[0, 2])
    lift = np.array([0, 0, body.weight])
    contact = np.concatenate([lift, np.cross([place[0] + 0.1, place[1], -height], lift)])
    memory = reward.start(view, body)._replace(
        wrench=jnp.asarray(contact, dtype=jnp.float32), feet=jnp.array([0.8, 0.5]) * body.weight
    )
    none = jnp.zeros(body.muscles)
    step = Transition(view, target, none, none, memory)
    found = jax.jit(lambda one: reward.terms(one, weights, body))(step)
    assert float(found["load"]) == pytest.approx(np.exp(-10 * 0.09 / 5), rel=1e-4)
    assert float(found["pressure"]) == pytest.approx(np.exp(-100 * 0.01 / 2), rel=1e-3)


def test_contact_forces_are_averaged():
    """A step of the force with the time constant of a control step: half of it in the first, three quarters in two."""
    embodiment, body = made("tiny")
    qpos = embodiment.couplings.expand(embodiment.model.qpos0)
    view = view_of(embodiment, data_at(embodiment, qpos, np.zeros(embodiment.model.nv)))
    view = view._replace(constraint=jnp.zeros(6), touch=jnp.zeros(4))
    memory = reward.start(view, body)
    loaded = view._replace(constraint=jnp.zeros(6).at[2].set(100.0), touch=jnp.array([10.0, 20.0, 0.0, 5.0]))
    once = reward.advance(memory, loaded, Weights(load_time=0.01), body)
    twice = reward.advance(once, loaded, Weights(load_time=0.01), body)
    np.testing.assert_allclose([once.wrench[2], twice.wrench[2]], [50.0, 75.0], rtol=1e-6)
    np.testing.assert_allclose(twice.feet, [22.5, 3.75], rtol=1e-6)


def test_fatigue_follows_its_closed_form():
    """Activation a for t seconds: M = a F / R (1 - exp(-R t)); then rest: it decays with exp(-R t)."""
    embodiment, body = made("tiny")
    qpos = embodiment.couplings.expand(embodiment.model.qpos0)
    view = view_of(embodiment, data_at(embodiment, qpos, np.zeros(embodiment.model.nv), activation=0.5))
    weights = Weights(fatigue=Fatigue(rate=0.02, recovery=0.05, speedup=10.0))
    forward = jax.jit(lambda memory, view: reward.advance(memory, view, weights, body))
    memory = reward.start(view, body)
    for _ in range(200):
        memory = forward(memory, view)
    tired = 0.5 * 0.02 / 0.05 * (1 - np.exp(-0.05 * 10 * 2))
    np.testing.assert_allclose(memory.tired, tired, rtol=5e-3)
    resting = view._replace(activation=jnp.zeros(body.muscles))
    for _ in range(100):
        memory = forward(memory, resting)
    np.testing.assert_allclose(memory.tired, tired * np.exp(-0.05 * 10), rtol=5e-3)


def test_change_of_speed_is_that_of_the_last_step():
    embodiment, body = made("tiny")
    qpos, qvel = swing(embodiment, np.array([0.1, 0.11]))
    views = [view_of(embodiment, data_at(embodiment, *state)) for state in zip(qpos, qvel)]
    memory = reward.advance(reward.start(views[0], body), views[1], Weights(), body)
    np.testing.assert_allclose(memory.change, qvel[1] - qvel[0], atol=1e-5)
