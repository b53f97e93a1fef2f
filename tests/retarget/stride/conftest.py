"""Clips that the tests make: a walk known in closed form, and the shipped target walked for some strides."""

from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from biomimic import embodiment
from biomimic.motion import Trajectory
from biomimic.run import open_run

HEADING = np.deg2rad(30.0)
RATE = 100.0  # [Hz]


def repeated(target: Trajectory, body: embodiment.Embodiment, *, begin: float, seconds: float) -> Trajectory:
    """A periodic target walked from a share of its stride on, at 100 Hz, turned to the left by HEADING."""
    time = begin * target.period + np.arange(0.0, seconds, 1.0 / RATE)
    cycles, phase = np.divmod(time / target.period, 1.0)
    rows = phase * len(target.qpos)
    lower = rows.astype(int)
    share = (rows - lower)[:, None]
    stride = target.qvel[:, :3].mean(axis=0) * target.period * [1.0, 1.0, 0.0]
    following = (lower + 1) % len(target.qpos)
    wrap = np.where(following == 0, 1.0, 0.0)[:, None] * stride
    turn = Rotation.from_euler("z", HEADING)

    def between(values: np.ndarray, step: np.ndarray | float = 0.0) -> np.ndarray:
        return (1.0 - share) * values[lower] + share * (values[following] + step)

    qpos = between(target.qpos)
    qpos[:, :3] = turn.apply(between(target.qpos[:, :3], wrap) + cycles[:, None] * stride)
    facing = Rotation.from_quat(qpos[:, 3:7], scalar_first=True)
    qpos[:, 3:7] = (turn * facing).as_quat(scalar_first=True)
    qpos = body.couplings.expand(qpos)
    force = between(target.force).reshape(-1, 3) @ turn.as_matrix().T
    return replace(
        target,
        rate=RATE,
        qpos=qpos,
        qvel=_speeds(body, qpos),
        landmark_position=body.to_model(body.trajectory_landmarks(qpos)),
        landmark_rotation=np.tile([1.0, 0.0, 0.0, 0.0], (len(qpos), len(target.landmarks), 1)),
        period=None,
        contact=target.contact[lower],
        force=force.reshape(-1, 6),
        moment=None,
        moment_names=(),
        com=None,
    )


def _speeds(body: embodiment.Embodiment, qpos: np.ndarray) -> np.ndarray:
    found = np.zeros((len(qpos), body.model.nv))
    for row in range(len(qpos) - 1):
        mujoco.mj_differentiatePos(body.model, found[row], 1.0 / RATE, qpos[row], qpos[row + 1])
    found[-1] = found[-2]
    return found


@pytest.fixture(scope="session")
def body() -> embodiment.Embodiment:
    return embodiment.load("myofullbody")


@pytest.fixture(scope="session")
def walked(body) -> Trajectory:
    """The target of run42, a person's stride."""
    return Trajectory.load(open_run("run42").target)


@pytest.fixture(scope="session")
def clip(walked, body) -> Trajectory:
    """Two strides and a half of it, begun in the middle of one."""
    return repeated(walked, body, begin=0.35, seconds=2.5 * walked.period)


@pytest.fixture
def shared() -> Path:
    folder = Path(__file__).parents[3] / "../shared/data"
    if not folder.is_dir():
        pytest.skip(f"the raw clips are not at {folder}")
    return folder
