"""The motion a controller tracks, as a recording: cut, filtered and compared like any other walk."""

import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory
from biomimic.recording import UNITS, Recording
from biomimic.rollout.log import OUTWARD, SIDES
from biomimic.signals import Signals

CYCLES = 6  # repeats of a periodic target: enough whole strides away from both ends


def recording(target: Trajectory, embodiment: Embodiment) -> Recording | None:
    """Angles, and force and moments where it has them, of several periods of a periodic target.

    Args:
        target: made for this body.
        embodiment: the body.

    Returns:
        A recording without positions; None for a target that is not periodic or holds no force to find strides by.
    """
    if target.period is None or target.force is None:
        return None
    rows = len(target.qpos)
    time = np.arange(CYCLES * rows) * (target.period / rows)

    def repeated(values: np.ndarray, names: tuple[str, ...], quantity: str) -> Signals:
        return Signals(time, np.tile(values, (CYCLES, 1)), names, UNITS[quantity])

    angles = embodiment.trajectory_angles(target.qpos)
    names = tuple(f"{name}_{side}" for side in SIDES for name in ("vertical", "anterior", "lateral"))
    axes = target.force.reshape(rows, 2, 3)
    feet = [(axes[:, k], OUTWARD[side]) for k, side in enumerate(SIDES)]
    force = np.column_stack([part for foot, out in feet for part in (foot[:, 2], foot[:, 0], out * foot[:, 1])])
    moment = None if target.moment is None else repeated(target.moment, tuple(target.moment_names), "moment")
    return Recording(
        kind="simulated",
        trial="target",
        mass=embodiment.mass,
        provenance=target.provenance,
        angles=repeated(angles, embodiment.angle_names, "angles"),
        force=repeated(force, names, "force"),
        moment=moment,
    )
