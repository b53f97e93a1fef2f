"""Bodies for the tests of the pure task, motions of them that are known at every instant, and views of states."""

from functools import cache

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from biomimic import embodiment
from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance
from biomimic.training import view
from biomimic.training.body import Body

SPEED = 0.7  # [m/s] along x
TURN = 0.3  # [rad] amplitude about the vertical
PERIOD = 1.3  # [s] of the slowest swing


@cache
def made(name: str) -> tuple[Embodiment, Body]:
    """An embodiment at a physics step of 2 ms, and its constants."""
    found = embodiment.load(name, timestep=0.002)
    return found, Body.of(found)


def swing(of: Embodiment, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates and speeds at some times [s]: every joint swings in its range, the root walks and turns."""
    model, couplings, pace = of.model, of.couplings, 2 * np.pi / PERIOD
    qpos, speed = np.tile(model.qpos0, (len(time), 1)), np.zeros((len(time), len(couplings.independent)))
    for column, dof in enumerate(couplings.independent):
        joint = model.dof_jntid[dof]
        if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
            continue
        low, high = model.jnt_range[joint]
        beat = pace * (1 + joint % 2)
        qpos[:, model.jnt_qposadr[joint]] = 0.5 * (low + high) + 0.2 * (high - low) * np.sin(beat * time + joint)
        speed[:, column] = 0.2 * (high - low) * beat * np.cos(beat * time + joint)
    if view.has_free_root(model):
        angle = TURN * np.sin(pace * time)
        qpos[:, 0] = SPEED * time + 0.05 * np.sin(pace * time)
        qpos[:, 2] += 0.02 * np.cos(pace * time)
        qpos[:, 3:7] = np.stack([np.cos(angle / 2), 0 * angle, 0 * angle, np.sin(angle / 2)], axis=1)
        speed[:, 0] = SPEED + 0.05 * pace * np.cos(pace * time)
        speed[:, 2] = -0.02 * pace * np.sin(pace * time)
        speed[:, 5] = TURN * pace * np.cos(pace * time)
    qpos = couplings.expand(qpos)
    return qpos, np.stack([couplings.jacobian(pose) @ own for pose, own in zip(qpos, speed)])


def swinging(of: Embodiment, rate: float, frames: int, *, is_periodic: bool = False) -> Trajectory:
    """`swing` as a trajectory; a periodic one has `frames` frames in one period, whatever the rate."""
    rate = frames / PERIOD if is_periodic else rate
    qpos, qvel = swing(of, np.arange(frames) / rate)
    return trajectory(of, qpos, qvel, rate, period=PERIOD if is_periodic else None)


def trajectory(of: Embodiment, qpos: np.ndarray, qvel: np.ndarray, rate: float = 100.0, **more: object) -> Trajectory:
    """States as a trajectory of a body."""
    marks = len(of.landmarks)
    return Trajectory(
        rate=rate,
        qpos=qpos,
        qvel=qvel,
        landmark_position=np.zeros((len(qpos), marks, 3)),
        landmark_rotation=np.tile([1.0, 0.0, 0.0, 0.0], (len(qpos), marks, 1)),
        landmarks=tuple(of.landmarks),
        embodiment=of.name,
        model_sha256=of.sha256,
        provenance=Provenance("made by this test"),
        **more,
    )


def data_at(of: Embodiment, qpos: np.ndarray, qvel: np.ndarray, activation: float = 0.0) -> mujoco.MjData:
    """MjData of a state, forward done."""
    data = mujoco.MjData(of.model)
    data.qpos[:], data.qvel[:], data.act[:] = qpos, qvel, activation
    mujoco.mj_forward(of.model, data)
    return data


def view_of(of: Embodiment, data: mujoco.MjData, *, dynamics: bool = False) -> view.BodyView:
    """The view of one body as JAX arrays."""
    return jax.tree.map(jnp.asarray, view.of_data(of.model, data, dynamics=dynamics))
