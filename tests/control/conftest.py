"""The full body, loaded once; a walk in closed form; the walk that ships."""

from pathlib import Path

import mujoco
import numpy as np
import pytest
from made_walk import made_walk

from biomimic import embodiment
from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory

SHIPPED = Path(__file__).parents[2] / "training/run42"


@pytest.fixture(scope="session")
def body() -> Embodiment:
    return embodiment.load("myofullbody", muscle_parameters="corrected-trunk", timestep=0.002)


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


@pytest.fixture(scope="session")
def made(body, standing) -> Trajectory:
    """A target of which everything is known in closed form, see made_walk.py."""
    return made_walk(body, standing)


@pytest.fixture(scope="session")
def walk(made) -> Trajectory:
    """The target that ships, or the one in closed form where none ships yet."""
    found = sorted(SHIPPED.glob("target*.npz"))
    return Trajectory.load(found[0]) if found else made


@pytest.fixture
def airborne(body, standing):
    """A function of a seed: data of a body two metres up in a random pose and motion that keep the couplings."""

    def state(seed: int, *, speed: float = 1.0) -> mujoco.MjData:
        rng = np.random.default_rng(seed)
        couplings, data = body.couplings, mujoco.MjData(body.model)
        qpos = standing.copy()
        qpos[2] += 2.0
        joints = body.model.jnt_qposadr[body.model.dof_jntid[couplings.independent[6:]]]
        low, high = body.model.jnt_range[body.model.dof_jntid[couplings.independent[6:]]].T
        middle = np.clip(qpos[joints], low + 0.05, high - 0.05)
        qpos[joints] = np.clip(middle + rng.uniform(-0.2, 0.2, len(joints)), low + 0.02, high - 0.02)
        qpos[3:7] += 0.1 * rng.normal(size=4)
        qpos[3:7] /= np.linalg.norm(qpos[3:7])
        data.qpos[:] = couplings.expand(qpos)
        data.qvel[:] = couplings.jacobian(data.qpos) @ (speed * rng.normal(size=len(couplings.independent)))
        data.act[:] = rng.uniform(size=body.model.nu)
        mujoco.mj_forward(body.model, data)
        return data

    return state
