"""Rays of contact force against the engine, the task that standing points rest, and barriers."""

import mujoco
import numpy as np
import pytest

from biomimic.control.balance import Balance
from biomimic.control.contact import EDGES, POINTS, RAYS, Barriers, FootContacts
from biomimic.control.cycle import Cycle
from biomimic.control.dynamics import Dynamics, Tasks
from biomimic.control.settings import Settings

DT = 0.01  # [s]
SETTINGS = Settings()


@pytest.fixture(scope="module")
def dynamics(body) -> Dynamics:
    return Dynamics(body, DT, 0.0)


@pytest.fixture(scope="module")
def balance(body, made) -> Balance:
    return Balance(body, Cycle(body, made), SETTINGS, DT)


@pytest.fixture
def on_floor(body, standing, dynamics):
    """A function of a height [m]: dynamics of the standing body, moving at random, lifted by it."""

    def state(height: float = 0.0) -> Dynamics:
        data = mujoco.MjData(body.model)
        data.qpos[:] = standing
        data.qpos[2] += height
        motion = np.random.default_rng(3).normal(size=len(body.couplings.independent))
        data.qvel[:] = 0.1 * body.couplings.jacobian(data.qpos) @ motion
        mujoco.mj_forward(body.model, data)
        dynamics.update(data)
        return dynamics

    return state


def ends(body, data) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the feet's capsules in the world, right foot first, (POINTS, 3) [m], and their bodies."""
    places, bodies = [], []
    for side in ("right", "left"):
        for geom in body.feet[side].geom_ids:
            if body.model.geom_type[geom] != mujoco.mjtGeom.mjGEOM_CAPSULE:
                continue
            axis = data.geom_xmat[geom].reshape(3, 3)[:, 2] * body.model.geom_size[geom, 1]
            places += [data.geom_xpos[geom] - axis, data.geom_xpos[geom] + axis]
            bodies += [body.model.geom_bodyid[geom]] * 2
    return np.array(places), np.array(bodies)


@pytest.mark.oracle
def test_rays_are_the_engines_generalised_forces(body, on_floor, balance):
    """The four edges of a point add up to 4 N straight up, and differ by 2 x friction along the floor."""
    dynamics, feet = on_floor(-0.002), FootContacts(body, SETTINGS)
    balance.start(0.05)  # both feet stand
    feet.update(dynamics, balance)
    places, bodies = ends(body, dynamics.data)
    assert len(places) == POINTS and feet.rays.shape == (len(dynamics.speed), RAYS)
    checked = 0
    for i in np.flatnonzero(feet.used.reshape(POINTS, EDGES).all(axis=1)):
        edges = feet.rays[:, EDGES * i : EDGES * (i + 1)]
        friction = SETTINGS.contact.friction
        for force, found in (
            ((0, 0, 1), edges.sum(axis=1) / 4),
            ((1, 0, 0), (edges[:, 0] - edges[:, 1]) / (2 * friction)),
            ((0, 1, 0), (edges[:, 2] - edges[:, 3]) / (2 * friction)),
        ):
            full = np.zeros(body.model.nv)
            mujoco.mj_applyFT(
                body.model, dynamics.data, np.array(force, float), np.zeros(3), places[i], bodies[i], full
            )
            assert found == pytest.approx(dynamics.expand.T @ full, abs=1e-9)
            checked += 1
    assert checked >= 3 * 8  # heels and toes of both feet


def test_only_points_near_the_floor_of_a_standing_foot_bear_load(body, on_floor, balance):
    feet = FootContacts(body, SETTINGS)
    balance.start(0.3)  # the left foot, in the middle of its cycle after 0.49, swings; the right one stands
    assert balance.stands == [True, False]
    feet.update(on_floor(-0.002), balance)
    used = feet.used.reshape(2, -1)
    assert used[0].any() and not used[1].any()
    assert not feet.rays[:, ~feet.used].any()
    feet.update(on_floor(0.05), balance)
    assert not feet.used.any()


def test_standing_points_are_to_come_to_rest(body, on_floor, balance):
    """The task asks of every standing point, and of it alone, -damping x its speed as acceleration."""
    dynamics, feet, tasks = on_floor(-0.002), FootContacts(body, SETTINGS), Tasks(len(body.couplings.independent))
    balance.start(0.3)
    feet.update(dynamics, balance)
    feet.add(tasks)
    places, bodies = ends(body, dynamics.data)
    expected = Tasks(len(tasks.slope))
    for i in np.flatnonzero(feet.used.reshape(POINTS, EDGES).all(axis=1)):
        jacobian, speed, drift = dynamics.point(places[i], bodies[i])
        wanted = -SETTINGS.contact.damping * speed - drift
        expected.add(jacobian, wanted, np.full(3, SETTINGS.contact.weight))
    assert tasks.weight == pytest.approx(expected.weight) and tasks.slope == pytest.approx(expected.slope)


def test_no_contact_no_task(body, on_floor, balance):
    feet, tasks = FootContacts(body, SETTINGS), Tasks(len(body.couplings.independent))
    balance.start(0.3)
    feet.update(on_floor(0.05), balance)
    feet.add(tasks)
    assert not tasks.weight.any() and not tasks.slope.any()


@pytest.mark.parametrize(("speed", "brakes"), [(2.0, False), (-2.0, True)])
def test_a_joint_that_runs_into_its_limit_is_braked(body, standing, dynamics, speed, brakes):
    data, column = mujoco.MjData(body.model), body.couplings.column("knee_angle_r")
    joint = body.model.joint("knee_angle_r")
    data.qpos[:] = standing
    data.qpos[2] += 1.0
    data.qpos[joint.qposadr[0]] = joint.range[0] + 0.5 * SETTINGS.contact.limit
    data.qpos[:] = body.couplings.expand(data.qpos)
    motion = np.zeros(len(body.couplings.independent))
    motion[column] = speed
    data.qvel[:] = body.couplings.jacobian(data.qpos) @ motion
    mujoco.mj_forward(body.model, data)
    dynamics.update(data)
    tasks = Tasks(len(motion))
    Barriers(body, SETTINGS).add(tasks, dynamics)
    assert tasks.weight[column, column] == pytest.approx(SETTINGS.contact.limit_weight if brakes else 0.0, abs=1e-9)
    wanted = -SETTINGS.contact.damping * speed * SETTINGS.contact.limit_weight
    assert tasks.slope[column] == pytest.approx(wanted if brakes else 0.0, abs=1e-9)
