"""Reduced equations of motion against the engine's full ones; points and the centre of mass against differences."""

import copy

import mujoco
import numpy as np
import pytest

from biomimic.control.dynamics import Dynamics, Tasks

DT = 0.01  # [s]
SEEDS = range(3)


@pytest.fixture(scope="module")
def free(body) -> Dynamics:
    """Without the share of damping that is taken implicitly."""
    return Dynamics(body, DT, 0.0)


def acceleration(dynamics: Dynamics, activation: np.ndarray) -> np.ndarray:
    """Independent accelerations without contact, (I,)."""
    return np.linalg.solve(dynamics.inertia, dynamics.pull @ activation + dynamics.rest)


def full_mass(model, data) -> np.ndarray:
    found = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, found)
    return found


def moved(body, data, change: np.ndarray, step: float) -> mujoco.MjData:
    """The state a little later (or earlier) on a path with this acceleration (nv,), its kinematics done."""
    near = mujoco.MjData(body.model)
    near.qpos[:], near.qvel[:] = data.qpos, data.qvel + step * change
    mujoco.mj_integratePos(body.model, near.qpos, data.qvel + 0.5 * step * change, step)
    mujoco.mj_fwdPosition(body.model, near)
    mujoco.mj_fwdVelocity(body.model, near)
    return near


@pytest.mark.oracle
@pytest.mark.parametrize("seed", SEEDS)
def test_acceleration_solves_the_full_equations_with_rigid_couplings(body, free, airborne, seed):
    """[M C'; C 0] [a; -force] = [engine's forces; -dC/dt v] with the couplings as constraint rows C.

    The engine's forces are those of muscles, joints and motion; limits and limbs that touch are left out on both sides.
    """
    data, model, couplings = airborne(seed), body.model, body.couplings
    free.update(data)
    rows = len(couplings.dependent)
    constraint = np.zeros((rows, model.nv))
    constraint[np.arange(rows), couplings.dependent] = 1.0
    driver = couplings.independent[couplings.driver_column]
    np.subtract.at(constraint, (np.arange(rows), driver), couplings.slope(data.qpos))
    system = np.block([[full_mass(model, data), constraint.T], [constraint, np.zeros((rows, rows))]])
    force = data.qfrc_actuator + data.qfrc_passive - data.qfrc_bias
    right = np.concatenate([force, free.drift[couplings.dependent]])
    expected = np.linalg.solve(system, right)[: model.nv]
    found = acceleration(free, data.act)
    assert np.allclose(found, expected[couplings.independent], rtol=1e-6, atol=1e-6 * np.abs(expected).max())
    assert np.allclose(free.expand @ found + free.drift, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


@pytest.mark.oracle
@pytest.mark.parametrize(("speed", "tolerance"), [(0.0, 5e-3), (0.3, 2e-2)])
def test_acceleration_is_that_of_the_engine(body, free, airborne, speed, tolerance):
    """Where the engine's couplings are made nearly rigid, and limits and contacts are off.

    Its couplings cannot be more than 99.99 % rigid, which leaves 0.1 to 0.3 % of the largest acceleration (first
    tolerance), and leave out dC/dt v, which grows with the square of the speed (second tolerance).
    """
    rigid = copy.copy(body.model)
    rigid.eq_solimp[:] = 0.9999, 0.9999, 0.001, 0.5, 2.0
    rigid.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_LIMIT | mujoco.mjtDisableBit.mjDSBL_CONTACT
    for seed in SEEDS:
        data, twin = airborne(seed, speed=speed), mujoco.MjData(rigid)
        free.update(data)
        twin.qpos[:], twin.qvel[:], twin.act[:] = data.qpos, data.qvel, data.act
        mujoco.mj_forward(rigid, twin)
        expected = twin.qacc[body.couplings.independent]
        found = acceleration(free, data.act)
        assert np.abs(found - expected).max() < tolerance * np.abs(expected).max()


@pytest.mark.parametrize("seed", SEEDS)
def test_muscles_leave_the_flight_of_the_centre_of_mass_alone(body, free, airborne, seed):
    """In the air its acceleration is that of gravity whatever the muscles do."""
    data = airborne(seed)
    free.update(data)
    for activation in (data.act, np.ones(body.model.nu), np.zeros(body.model.nu)):
        found = free.com_jacobian @ acceleration(free, activation) + free.com_drift
        assert found == pytest.approx([0.0, 0.0, -9.81], abs=1e-6)
    assert np.abs(free.pull[:6]).max() < 1e-9  # no muscle pulls at the root


@pytest.mark.parametrize("seed", SEEDS)
def test_centre_of_mass_by_differences(body, free, airborne, seed):
    data = airborne(seed)
    free.update(data)
    mujoco.mj_subtreeVel(body.model, data)
    assert free.com == pytest.approx(data.subtree_com[1])
    assert free.com_speed == pytest.approx(data.subtree_linvel[1], abs=1e-9)
    assert free.com_jacobian @ free.speed == pytest.approx(data.subtree_linvel[1], abs=1e-9)
    rng = np.random.default_rng(seed)
    wanted = rng.normal(size=len(free.speed))  # any motion that keeps the couplings
    full, step, speeds = free.expand @ wanted + free.drift, 1e-4, []
    for sign in (-1, 1):
        near = moved(body, data, full, sign * step)
        mujoco.mj_subtreeVel(body.model, near)
        speeds.append(near.subtree_linvel[1].copy())
    difference = (speeds[1] - speeds[0]) / (2 * step)
    assert free.com_jacobian @ wanted + free.com_drift == pytest.approx(difference, abs=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("place", ["ankle_right", "wrist_left"])
def test_point_by_differences(body, free, airborne, seed, place):
    data, rng = airborne(seed), np.random.default_rng(seed)
    free.update(data)
    fixed = body.model.body(body.landmarks[place].body).id
    local = np.array([0.05, -0.1, 0.02])  # in the body's frame [m]
    jacobian, speed, drift = free.point(_world(data, fixed, local), fixed)
    assert jacobian @ free.speed == pytest.approx(speed, abs=1e-9)
    wanted, step = rng.normal(size=len(free.speed)), 1e-4
    near = [moved(body, data, free.expand @ wanted + free.drift, sign * step) for sign in (-1, 1)]
    places = [_world(state, fixed, local) for state in near]
    assert speed == pytest.approx((places[1] - places[0]) / (2 * step), abs=1e-5)
    twice = (places[1] - 2 * _world(data, fixed, local) + places[0]) / step**2
    assert jacobian @ wanted + drift == pytest.approx(twice, abs=1e-4)


def _world(data, fixed: int, local: np.ndarray) -> np.ndarray:
    return data.xpos[fixed] + data.xmat[fixed].reshape(3, 3) @ local


def test_implicit_damping_adds_what_brakes(body, free, airborne):
    """inertia - mass matrix = share * dt * (damping of joints and muscles): symmetric, never negative, linear in it."""
    data = airborne(0)
    free.update(data)
    assert np.array_equal(free.inertia, free.mass_matrix)
    parts = []
    for share in (0.5, 1.0):
        damped = Dynamics(body, DT, share)
        damped.update(data)
        parts.append(damped.inertia - damped.mass_matrix)
        assert np.array_equal(damped.mass_matrix, free.mass_matrix) and np.array_equal(damped.pull, free.pull)
    assert parts[1] == pytest.approx(2 * parts[0])
    assert np.allclose(parts[1], parts[1].T, atol=1e-12) and np.linalg.eigvalsh(parts[1]).min() > -1e-9
    joint = (free.expand.T * body.model.dof_damping) @ free.expand
    assert np.linalg.eigvalsh(parts[1] / DT - joint).min() > -1e-9  # the muscles' share brakes as well


def test_mass_matrix_is_that_of_the_kinetic_energy(body, free, airborne):
    data = airborne(1)
    free.update(data)
    whole = 0.5 * data.qvel @ full_mass(body.model, data) @ data.qvel
    assert 0.5 * free.speed @ free.mass_matrix @ free.speed == pytest.approx(whole)


def test_tasks_are_weighted_least_squares():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(5, 4)), rng.normal(size=(3, 4))
    b, c, w = rng.normal(size=5), rng.normal(size=3), rng.uniform(1, 2, 3)
    tasks = Tasks(4)
    tasks.add(first, b, np.full(5, 2.0))
    tasks.add(second, c, w)
    found = np.linalg.solve(tasks.weight, tasks.slope)
    rows = np.concatenate([np.sqrt(2.0) * first, np.sqrt(w)[:, None] * second])
    expected = np.linalg.lstsq(rows, np.concatenate([np.sqrt(2.0) * b, np.sqrt(w) * c]), rcond=None)[0]
    assert found == pytest.approx(expected)


def test_entries_and_squares_are_rows_too():
    # entries 1 and 3 with weights 2 and 5 are rows of the identity; a square weight W is rows R with R'R = W
    rng = np.random.default_rng(1)
    root, wanted = rng.normal(size=(4, 4)), rng.normal(size=4)
    single, rows = Tasks(4), Tasks(4)
    single.add_entries(np.array([1, 3]), wanted[[1, 3]], np.array([2.0, 5.0]))
    single.add_square(root.T @ root, wanted)
    rows.add(np.eye(4)[[1, 3]], wanted[[1, 3]], np.array([2.0, 5.0]))
    rows.add(root, root @ wanted, np.ones(4))
    assert single.weight == pytest.approx(rows.weight) and single.slope == pytest.approx(rows.slope)
    assert np.linalg.solve(single.weight, single.slope) == pytest.approx(wanted)  # both ask for the same
