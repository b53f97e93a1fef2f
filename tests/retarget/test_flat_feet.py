"""Feet of the body, turned about their ankles by known angles and put back."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from biomimic import embodiment
from biomimic.retarget import flat_feet
from biomimic.retarget.contact import contact_points
from biomimic.retarget.ground import detect
from biomimic.retarget.options import Contact

DEG = np.pi / 180.0


@pytest.fixture(scope="module")
def body():
    return embodiment.load("myofullbody")


def placed(body, pitch: float, roll: float, bodies: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Points of a standing body whose feet are turned about their ankles, house frame, (1, P, 3) [m]."""
    model, data = body.model, mujoco.MjData(body.model)
    data.qpos[:] = body.couplings.expand(model.qpos0)
    mujoco.mj_kinematics(model, data)
    result = []
    for own, place in zip(bodies, places):
        side = "r" if model.body(int(own)).name.endswith("_r") else "l"
        frame = data.xmat[model.body(f"calcn_{side}").id].reshape(3, 3)
        ankle = data.xpos[model.body(f"talus_{side}").id]
        world = data.xpos[own] + data.xmat[own].reshape(3, 3) @ place
        turn = (Rotation.from_euler("x", -roll) * Rotation.from_euler("z", pitch)).as_matrix()
        result.append(ankle + frame @ turn @ frame.T @ (world - ankle))
    return body.to_house(np.array(result))[None]


@pytest.mark.parametrize(("pitch", "roll"), [(0.0, 0.0), (-8.0, 0.0), (5.0, 6.0), (-4.0, -8.0)])
def test_the_turn_of_planted_feet_is_found(body, pitch, roll):
    soles = contact_points(body, Contact())
    stand = np.repeat(placed(body, pitch * DEG, roll * DEG, soles.bodies, soles.places), 50, axis=0)
    found = flat_feet.tilts(body.model, soles, detect(stand, soles, 100.0))
    assert found == pytest.approx(np.tile([pitch * DEG, roll * DEG], (2, 1)), abs=2.5 * DEG)


def test_turning_the_places_makes_the_sole_flat_under_resting_points(body):
    model, soles = body.model, contact_points(body, Contact())
    bodies = np.array([model.body(name).id for name in ("calcn_r", "calcn_r", "toes_r")])
    marks = np.array([[0.0, 0.03, 0.0], [0.15, 0.02, 0.04], [0.05, 0.02, 0.0]])
    tilted = placed(body, -8.0 * DEG, 0.0, bodies, marks)
    own = flat_feet.flattened(model, soles, np.tile([-8.0 * DEG, 0.0], (2, 1)), (bodies, marks), np.ones(model.nbody))
    assert placed(body, 0.0, 0.0, bodies, own) == pytest.approx(tilted, abs=1e-6)


def test_other_bodies_keep_their_points(body):
    model, soles = body.model, contact_points(body, Contact())
    bodies, marks = np.array([model.body("tibia_r").id]), np.array([[0.0, -0.2, 0.03]])
    own = flat_feet.flattened(model, soles, np.full((2, 2), 0.1), (bodies, marks), np.ones(model.nbody))
    assert (own == marks).all()


def test_a_foot_that_walks_on_its_edge_stays(body):
    soles = contact_points(body, Contact())
    stand = np.repeat(placed(body, 0.0, 0.0, soles.bodies, soles.places), 50, axis=0)
    ground = detect(stand, soles, 100.0)
    steep = replace(ground, sole=0.5 * soles.places[:, 2])
    assert flat_feet.tilts(body.model, soles, steep)[:, 1] == pytest.approx([0.0, 0.0])
