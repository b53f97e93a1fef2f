"""What the floor does to two balls, worked by hand: 2 kg on the right, 6 kg on the left, 0.4 m apart."""

import mujoco
import numpy as np
import pytest
from rollout_bodies import APART, RADIUS, Constant, balls

from biomimic.rollout import Plan, simulate
from biomimic.rollout.contact import contact_force

GRAVITY = 9.81  # [m/s^2] of the engine
PLACE = np.array([0, 0, RADIUS, 1, 0, 0, 0], dtype=float)  # balls on the floor


def lifted(height: float) -> np.ndarray:
    return PLACE + np.array([0, 0, height, 0, 0, 0, 0])


def test_at_rest_each_ball_bears_its_weight_where_it_touches():
    recording = simulate(balls(RADIUS), Constant(PLACE), Plan("rest", 1.0))
    last = {name: recording.force.channel(name)[-1] for name in recording.force.names}
    assert last["vertical_right"] == pytest.approx(2 * GRAVITY, rel=1e-4)
    assert last["vertical_left"] == pytest.approx(6 * GRAVITY, rel=1e-4)
    assert recording.floor.channel("floor_z")[-1] == pytest.approx(8 * GRAVITY, rel=1e-4)
    assert max(abs(last[name]) for name in last if "vertical" not in name) < 1e-3
    pressure = recording.pressure
    assert pressure.channel("pressure_y_right")[-1] == pytest.approx(-APART / 2, abs=1e-4)  # right is -y
    assert pressure.channel("pressure_y_left")[-1] == pytest.approx(APART / 2, abs=1e-4)
    assert pressure.channel("pressure_x_left")[-1] == pytest.approx(0.0, abs=1e-6)
    assert recording.fall is None and recording.applied.values.max() == 0.0


def test_a_landing_gives_the_impulse_of_weight_and_lost_speed():
    # 8 kg at 1 m/s downwards come to rest within 1 s: 8 kg x (9.81 m/s^2 x 1 s + 1 m/s) = 86.48 N s.
    controller = Constant(lifted(0.004), speed=(0.0, 0.0, -1.0))
    recording = simulate(balls(RADIUS), controller, Plan("landing", 1.0))
    vertical = recording.floor.channel("floor_z")
    assert vertical[0] == 0.0 and np.isnan(recording.pressure.values[0]).all()  # in the air
    assert vertical.max() > 2 * 8 * GRAVITY
    assert vertical.sum() * 0.002 == pytest.approx(86.48, rel=1e-3)


def test_sideways_friction_points_outward_on_one_side_and_inward_on_the_other():
    # 8 kg slide to the left (+y, model +x) at 0.3 m/s until friction has stopped them: -8 kg x 0.3 m/s = -2.4 N s.
    recording = simulate(balls(RADIUS), Constant(PLACE, speed=(0.3, 0.0, 0.0)), Plan("slide", 1.0))
    right, left = (0.002 * recording.force.channel(f"lateral_{side}").sum() for side in ("right", "left"))
    assert right > 0.01  # outward
    assert left < -1.0  # inward
    assert left - right == pytest.approx(-2.4, rel=1e-2)
    assert 0.002 * recording.floor.channel("floor_y").sum() == pytest.approx(left - right)


def test_forward_friction_is_anterior():
    # Balls that slide forward (model -y) at 1 m/s end up rolling at 5/7 m/s: 8 kg x (5/7 - 1) m/s = -2.286 N s, of
    # which each ball takes the share of its mass.
    recording = simulate(balls(RADIUS), Constant(PLACE, speed=(0.0, -1.0, 0.0)), Plan("roll", 1.0))
    for side, mass in (("right", 2.0), ("left", 6.0)):
        impulse = 0.002 * recording.force.channel(f"anterior_{side}").sum()
        assert impulse == pytest.approx(mass * (5 / 7 - 1), rel=0.02)


@pytest.mark.parametrize("cone", ["pyramidal", "elliptic"])
@pytest.mark.parametrize("condim", [1, 3, 4, 6])
def test_decoded_contacts_are_those_of_the_engine(condim, cone):
    model = balls(RADIUS, condim, cone).model
    data = mujoco.MjData(model)
    data.qvel[:] = [0.4, -0.7, -0.2, 1.0, 2.0, 8.0]
    for _ in range(20):
        mujoco.mj_step(model, data)
    mujoco.mj_forward(model, data)
    contact = data.contact
    found = contact_force(data.efc_force, contact.efc_address, contact.dim, contact.friction, cone == "pyramidal")
    expected = np.zeros((data.ncon, 6))
    for i in range(data.ncon):
        mujoco.mj_contactForce(model, data, i, expected[i])
    assert data.ncon and np.abs(expected).max() > 1.0
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_free_moment_of_a_spinning_foot_brakes_the_spin():
    # Torsional friction only: both balls turn counter-clockwise about the vertical, the floor turns them back.
    controller = _Spinning(PLACE)
    recording = simulate(balls(RADIUS, condim=4), controller, Plan("spin", 0.3))
    assert recording.free_moment.values.sum(axis=0).max() * 0.002 < -1e-5  # [N m s]


@pytest.mark.oracle
@pytest.mark.parametrize("side", ["right", "left"])
def test_wrench_of_a_whole_foot_is_the_sum_of_the_contacts_of_the_engine(body, standing, side):
    # Pressed 3 mm into the floor, turned and leaning, at rest: up to 14 contacts, summed one by one.
    qpos = standing.copy()
    qpos[2] -= 0.003
    turn = np.array([0.9, 0.0, 0.01, 0.2])
    mujoco.mju_mulQuat(qpos[3:7], turn / np.linalg.norm(turn), standing[3:7])
    recording = simulate(body, Constant(qpos, 0.2), Plan("pressed", 0.01))
    found = [recording.force.channel(f"{name}_{side}")[0] for name in ("anterior", "lateral", "vertical")]
    force = found * np.array([1.0, -1.0 if side == "right" else 1.0, 1.0])  # outward is -y on the right
    place = [recording.pressure.channel(f"pressure_{axis}_{side}")[0] for axis in "xy"] + [0.0]
    free = [0.0, 0.0, recording.free_moment.channel(f"free_moment_{side}")[0]]

    data = mujoco.MjData(body.model)
    data.qpos[:], data.act[:] = qpos, 0.2
    mujoco.mj_forward(body.model, data)
    total, moment = np.zeros(3), np.zeros(3)
    for i, contact in enumerate(data.contact):
        if contact.geom[0] == body.model.geom("floor").id and contact.geom[1] in body.feet[side].geom_ids:
            local = np.zeros(6)
            mujoco.mj_contactForce(body.model, data, i, local)
            pull = body.to_house(contact.frame.reshape(3, 3).T @ local[:3])
            total += pull
            moment += np.cross(body.to_house(contact.pos), pull)
    assert found[2] > 400.0
    np.testing.assert_allclose(force, total, atol=1e-6)
    np.testing.assert_allclose(np.cross(place, force) + free, moment, atol=1e-6)


class _Spinning(Constant):
    """Starts with a spin about the vertical."""

    def start(self, data: mujoco.MjData, phase: float) -> None:
        super().start(data, phase)
        data.qvel[5] = 2.0
