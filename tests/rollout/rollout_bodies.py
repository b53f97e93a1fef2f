"""A body small enough to know the answer, and a controller that needs no target."""

from typing import NamedTuple

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment, Foot
from biomimic.embodiment.angles import AngleMap
from biomimic.embodiment.couplings import Couplings
from biomimic.embodiment.description import Landmark

HOUSE = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # the house axes of the full body
RADIUS = 0.1  # [m] of the balls
APART = 0.4  # [m] between their centres

# Two balls of 2 and 6 kg on a massless bar, the heavy one on the left (model +x, house +y).
BALLS = f"""
<mujoco>
  <option timestep="0.002" cone="{{cone}}"/>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1" condim="{{condim}}"/>
    <body name="bar" pos="0 0 {{height}}">
      <freejoint name="root"/>
      <geom name="right" type="sphere" size="{RADIUS}" pos="{-APART / 2} 0 0" mass="2" condim="{{condim}}"/>
      <geom name="left" type="sphere" size="{RADIUS}" pos="{APART / 2} 0 0" mass="6" condim="{{condim}}"/>
    </body>
  </worldbody>
</mujoco>
"""


def balls(height: float, condim: int = 3, cone: str = "pyramidal") -> Embodiment:
    """Two balls whose centres start at this height [m]."""
    model = mujoco.MjModel.from_xml_string(BALLS.format(height=height, condim=condim, cone=cone))
    feet = {
        side: Foot(("bar",), np.array([model.body("bar").id]), (side,), np.array([model.geom(side).id]))
        for side in ("right", "left")
    }
    return Embodiment(
        name="balls",
        model=model,
        landmarks={"pelvis": Landmark(body="bar")},
        angles={},
        moments={},
        muscles={},
        groups={},
        feet=feet,
        segments={},
        house=HOUSE,
        couplings=Couplings.of(model),
        angle_map=AngleMap.of(model, {}, (), HOUSE, np.zeros((model.nbody, 3, 3))),
        mass=float(model.body_mass.sum()),
        muscle_parameters="none",
        sha256="0" * 64,
        _landmark_body=np.array([model.body("bar").id]),
        _landmark_offset=np.zeros((1, 3)),
    )


class Constant(NamedTuple):
    """A controller that starts from one pose at rest and never changes its excitations."""

    qpos: np.ndarray
    excitation: float = 0.0
    speed: tuple[float, ...] = (0.0, 0.0, 0.0)  # of the root, in the model's world [m/s]
    dt: float = 0.01

    def start(self, data: mujoco.MjData, phase: float) -> None:
        data.qpos[:] = self.qpos
        data.qvel[:3] = self.speed
        data.act[:] = self.excitation

    def excitations(self, data: mujoco.MjData) -> np.ndarray:
        return np.full(len(data.ctrl), self.excitation)
