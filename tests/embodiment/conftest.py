"""The compiled bodies, made once per test session."""

import mujoco
import numpy as np
import pytest

from biomimic import embodiment


@pytest.fixture(scope="session")
def body() -> embodiment.Embodiment:
    return embodiment.load("myofullbody")


@pytest.fixture(scope="session")
def corrected() -> embodiment.Embodiment:
    return embodiment.load("myofullbody", muscle_parameters="corrected-trunk")


@pytest.fixture(scope="session")
def posed():
    """A function: body and joints in degrees (by model name) -> MjData at rest with the couplings applied."""

    def pose(body: embodiment.Embodiment, **degrees: float) -> mujoco.MjData:
        data = mujoco.MjData(body.model)
        for joint, value in degrees.items():
            data.qpos[body.model.joint(joint).qposadr[0]] = np.deg2rad(value)
        data.qpos[:] = body.couplings.expand(data.qpos)
        mujoco.mj_forward(body.model, data)
        return data

    return pose
