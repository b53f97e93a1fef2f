"""The full body, compiled once per test session, and how it stands."""

import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.embodiment import Embodiment


@pytest.fixture(scope="session")
def body() -> Embodiment:
    return embodiment.load("myofullbody", timestep=0.002)


@pytest.fixture(scope="session")
def standing(body) -> np.ndarray:
    """Coordinates of the body with its soles on the floor, (nq,)."""
    data = mujoco.MjData(body.model)
    qpos = body.couplings.expand(body.model.qpos0)
    data.qpos[:] = qpos
    mujoco.mj_forward(body.model, data)
    floor = body.model.geom("floor").id
    soles = [geom for foot in body.feet.values() for geom in foot.geom_ids]
    qpos[2] -= min(mujoco.mj_geomDistance(body.model, data, floor, geom, 2.0, None) for geom in soles)
    return qpos
