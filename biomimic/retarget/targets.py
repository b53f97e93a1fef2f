"""Points that a recorded person gives: where each is over time, and where it lies on which body of the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Motion
from biomimic.retarget import joint_targets, marker_targets
from biomimic.retarget.marker_places import OsimModel
from biomimic.signals import frozen_array


@dataclass(frozen=True, eq=False)
class Targets:
    """P points over T frames, each fixed to a body.

    Attributes:
        names: P names: a landmark, or "knee_right:1" and "knee_right:2" for the virtual points that turn with it.
        position: (T, P, 3) [m] in the house frame, NaN where a point was not seen.
        bodies: (P,) ids of bodies of the embodiment's model.
        offsets: (P, 3) prior place in the body's frame, at the model's size [m].
        spread: (P,) prior standard deviation of the place [m].
        weights: (P,) 1 / variance of the data [1/m^2].
        dropped: landmarks of the motion that no body of this model follows, and those it does not need.
        sizes: person / body of the segments (names of `Embodiment.segments`) whose lengths the source tells: the bones
            of a skeleton, or the joints of a scaled OpenSim model.
    """

    names: tuple[str, ...]
    position: np.ndarray
    bodies: np.ndarray
    offsets: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    dropped: tuple[str, ...] = ()
    sizes: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = tuple(self.names)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "dropped", tuple(self.dropped))
        shapes = {
            "position": (None, len(names), 3),
            "offsets": (len(names), 3),
            "spread": (len(names),),
            "weights": (len(names),),
        }
        for name, shape in shapes.items():
            object.__setattr__(self, name, frozen_array(getattr(self, name), shape=shape, what=name))
        bodies = np.array(self.bodies, dtype=int)
        bodies.flags.writeable = False
        object.__setattr__(self, "bodies", bodies)
        if len(set(names)) != len(names) or bodies.shape != (len(names),):
            raise BadValue("Names of points must be unique, and each must have one body.")
        if not (np.isfinite(self.offsets).all() and (self.spread > 0).all() and (self.weights > 0).all()):
            raise BadValue("Places must be finite, spreads and weights positive.")


def targets(motion: Motion, embodiment: Embodiment, places: OsimModel | None = None) -> Targets:
    """What the body shall follow.

    Args:
        motion: a skeleton with the house's joint names, or skin markers with names of a known laboratory.
        embodiment: the body.
        places: the person's scaled OpenSim model; its places of markers go before the table's, with the deviation of
            the markers from them as spread. Of no use to a skeleton.

    Raises:
        BadValue: too little is there to pose the body; what is missing is named.
    """
    if joint_targets.is_skeleton(motion):
        return Targets(**joint_targets.points(motion, embodiment))
    return Targets(**marker_targets.points(motion, embodiment, places))
