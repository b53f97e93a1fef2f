"""What the pure functions of training must know of a body: constants, taken once from an Embodiment."""

from dataclasses import dataclass
from functools import cached_property

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.embodiment.couplings import Couplings
from biomimic.errors import BadFile, BadValue
from biomimic.training import view

CONTROL_STEP = 0.01  # [s]
LIMIT = np.inf  # range of a coordinate that has none

_ARM = ("humerus", "ulna", "lunate")
_LEG = ("femur", "tibia", "talus", "toes")
_ARMS = tuple(f"{part}_{side}" for side in "lr" for part in _ARM)
_LEGS = tuple(f"{part}_{side}" for side in "lr" for part in _LEG)
# Bodies whose origins are imitated, the reference first, in MuscleMimic's order; other bodies take their landmarks.
IMITATED = {
    "myofullbody": ("pelvis", "lumbar1", "head", *_ARMS, *_LEGS),
    "bimanual": ("thorax", *_ARMS),
}


@dataclass(frozen=True, eq=False, repr=False)
class Body:
    """Constants of one body: N coordinates and V speeds without a free root's, K imitated sites, S touch sensors.

    Attributes:
        name: of the embodiment.
        model: compiled, never written to.
        control_step: [s].
        has_free_root: the first seven coordinates and six speeds are those of the whole figure.
        joint_qpos: coordinates without the root's, (N,).
        joint_qvel: speeds without the root's, (V,).
        site_names: the first is the reference to which the others are related, K names.
        site_body: (K,).
        site_offset: in the frames of the bodies, (K, 3) [m].
        mass: [kg].
        weight: [N].
        touch_side: foot of each touch sensor: 0 right, 1 left, -1 neither, (S,).
        rise: time constants of activation, (nu,) [s].
        fall: time constants of deactivation, (nu,) [s].
        low: least value of each coordinate, -inf where it has no limit, (nq,).
        high: largest, (nq,).
        house: rows are the house axes in the model's world, (3, 3).
        couplings: dependent joints as polynomials of independent ones.
        moment_names: angles whose net joint moments are known, M names.
        moment_column: of them among the independent speeds, (M,).
        moment_scale: net moment over reduced generalised force, (M,).
    """

    name: str
    model: mujoco.MjModel
    control_step: float
    has_free_root: bool
    joint_qpos: np.ndarray
    joint_qvel: np.ndarray
    site_names: tuple[str, ...]
    site_body: np.ndarray
    site_offset: np.ndarray
    mass: float
    weight: float
    touch_side: np.ndarray
    rise: np.ndarray
    fall: np.ndarray
    low: np.ndarray
    high: np.ndarray
    house: np.ndarray
    couplings: Couplings
    moment_names: tuple[str, ...]
    moment_column: np.ndarray
    moment_scale: np.ndarray

    @classmethod
    def of(cls, embodiment: Embodiment, control_step: float = CONTROL_STEP) -> "Body":
        """Constants of an embodiment.

        Raises:
            BadValue: its up is not the model's z, or it is more than one figure.
            BadFile: the model lacks a body that is imitated.
        """
        model = embodiment.model
        if not np.allclose(embodiment.house[2], [0.0, 0.0, 1.0]):
            raise BadValue(f'"{embodiment.name}" points up along {embodiment.house[2]} of its model; z is needed.')
        if np.any(model.body_rootid[1:] != view.ROOT):
            raise BadValue(f'"{embodiment.name}" has several figures; training needs all bodies below one root.')
        free = view.has_free_root(model)
        names, bodies, offsets = _sites(embodiment)
        limits = np.tile([[-LIMIT], [LIMIT]], model.nq)
        for joint in np.flatnonzero(model.jnt_limited):
            limits[:, model.jnt_qposadr[joint]] = model.jnt_range[joint]
        return cls(
            name=embodiment.name,
            model=model,
            control_step=control_step,
            has_free_root=free,
            joint_qpos=np.arange(7 if free else 0, model.nq),
            joint_qvel=np.arange(6 if free else 0, model.nv),
            site_names=names,
            site_body=bodies,
            site_offset=offsets,
            mass=embodiment.mass,
            weight=embodiment.mass * float(np.linalg.norm(model.opt.gravity)),
            touch_side=_touch_sides(embodiment),
            rise=model.actuator_dynprm[:, 0].copy(),
            fall=model.actuator_dynprm[:, 1].copy(),
            low=limits[0],
            high=limits[1],
            house=embodiment.house,
            couplings=embodiment.couplings,
            moment_names=tuple(embodiment.moments),
            moment_column=np.array([moment.column for moment in embodiment.moments.values()], dtype=int),
            moment_scale=np.array([moment.scale for moment in embodiment.moments.values()], dtype=float),
        )

    @property
    def muscles(self) -> int:
        """Number of actuators."""
        return self.model.nu

    @property
    def touches(self) -> int:
        """Number of touch sensors."""
        return len(self.touch_side)

    @property
    def relatives(self) -> int:
        """Number of sites that are related to the reference."""
        return len(self.site_body) - 1

    @cached_property
    def moment_arms(self) -> view.MomentStructure:
        """Where the values of `Dynamics.moment` stand; asked for only by what needs generalised muscle forces."""
        return view.moment_structure(self.model)


def _sites(embodiment: Embodiment) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Names, bodies (K,) and offsets (K, 3) of what is imitated."""
    model = embodiment.model
    if embodiment.name in IMITATED:
        names = IMITATED[embodiment.name]
        found = [mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, name) for name in names]
        if min(found) < 0:
            raise BadFile(
                f'The model of "{embodiment.name}" lacks the body "{names[int(np.argmin(found))]}" to imitate.'
            )
        return names, np.array(found), np.zeros((len(names), 3))
    names = sorted(embodiment.landmarks, key=lambda name: name != "pelvis")  # stable: the others keep their order
    if len(names) < 2:
        raise BadValue(f'"{embodiment.name}" has {len(names)} landmarks; a reference and one more are needed.')
    bodies, offsets = embodiment.landmark_places
    order = [list(embodiment.landmarks).index(name) for name in names]
    return tuple(names), np.asarray(bodies)[order], np.asarray(offsets)[order]


def _touch_sides(embodiment: Embodiment) -> np.ndarray:
    model = embodiment.model
    sensors = np.flatnonzero(model.sensor_type == mujoco.mjtSensor.mjSENS_TOUCH)
    touched = model.site_bodyid[model.sensor_objid[sensors]]
    sides = np.full(len(sensors), -1)
    for side, name in enumerate(("right", "left")):
        if name in embodiment.feet:
            sides[np.isin(touched, embodiment.feet[name].body_ids)] = side
    return sides
