"""Frames of a model's bodies in its reference pose: standing, arms hanging, thumbs forward."""

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue


class BodyFrames:
    """Places and axes of the bodies.

    Attributes:
        name: of the embodiment.
        ids: body -> its index.
        origin: (B, 3) [m] in the model's world.
        segments: body -> segment that it belongs to.
        turn: (B, 3, 3), axes as columns; all bodies that points are attached to have x forward, y up, z right.
    """

    def __init__(self, embodiment: Embodiment) -> None:
        model = embodiment.model
        data = mujoco.MjData(model)
        data.qpos[:] = embodiment.couplings.expand(model.qpos0)
        mujoco.mj_kinematics(model, data)
        self.name = embodiment.name
        self.ids = {model.body(k).name: k for k in range(model.nbody)}
        if "thorax" not in self.ids:
            raise BadValue(
                f'No person can be retargeted to the body "{embodiment.name}", which has no thorax; '
                'use "myofullbody" or "bimanual".'
            )
        self.segments = {
            model.body(int(k)).name: segment for segment, some in embodiment.segments.items() for k in some
        }
        self.origin = data.xpos.copy()
        self.turn = data.xmat.reshape(-1, 3, 3).copy()

    @property
    def legs(self) -> bool:
        """Whether the body has a pelvis with legs."""
        return "pelvis" in self.ids

    def place(self, body: str, at: str) -> np.ndarray:
        """Origin of a body in the frame of another one, (3,) [m]."""
        return self.moved(body, at, np.zeros(3))

    def moved(self, body: str, start: str, place: np.ndarray) -> np.ndarray:
        """A place on the body `start` in the frame of another one, (3,) [m]."""
        first, second = self.ids[body], self.ids[start]
        world = self.origin[second] + self.turn[second] @ place
        return self.turn[first].T @ (world - self.origin[first])
