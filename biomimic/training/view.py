"""What one instant of bodies shows: the same record from a rollout's MjData and from either engine of training."""

from collections.abc import Callable
from typing import NamedTuple

import mujoco
import numpy as np

from biomimic.errors import BadValue

ROOT = 1  # body whose subtree is the whole figure
DYNAMICS = ("M", "actuator_moment", "cdof", "cdof_dot", "qfrc_bias", "qfrc_passive")  # MjData's names for `Dynamics`
LARGEST = 1e10  # beyond this MuJoCo calls a coordinate, speed or acceleration bad


class Dynamics(NamedTuple):
    """What the equations of motion need beside the view. Leading axes (...) are those of the view.

    Attributes:
        mass_matrix: lower triangle by rows, structure `model.M_rownnz`, `M_rowadr`, `M_colind`, (..., nC).
        moment: moment arms of the actuators, structure `moment_structure(model)`, (..., nJ) [m].
        cdof: axes of the degrees of freedom about the centre of mass, rotation first, (..., nv, 6).
        cdof_dot: their rates of change, (..., nv, 6).
        bias: Coriolis, centrifugal and gravitational force, (..., nv) [N m or N].
        passive: springs, dampers and ligaments, (..., nv) [N m or N].
    """

    mass_matrix: np.ndarray
    moment: np.ndarray
    cdof: np.ndarray
    cdof_dot: np.ndarray
    bias: np.ndarray
    passive: np.ndarray


class BodyView(NamedTuple):
    """One instant of a body, (...) = (), or of B bodies, (...) = (B,).

    Position and velocity stages belong to the state itself (as after `mj_step1`); muscle force, touch and constraint
    force are those of the last physics step, and after a reset those of the start with no excitation.

    Attributes:
        qpos: coordinates, (..., nq) [m or rad].
        qvel: speeds, (..., nv).
        activation: of the muscles, (..., na).
        excitation: of the control step just done, (..., nu).
        muscle_length: of the paths, (..., nu) [m].
        muscle_speed: (..., nu) [m/s].
        muscle_force: pulling is negative, (..., nu) [N].
        touch: touch sensors in the order of the model, (..., S) [N].
        xpos: origins of the bodies, (..., nbody, 3) [m].
        xmat: their orientations, (..., nbody, 3, 3).
        cvel: their velocities at the centre of mass of the figure, rotation first, (..., nbody, 6).
        centre: centre of mass of the figure, (..., 3) [m].
        constraint: generalised constraint force on a free root: its first three are the whole contact force on the
            figure [N]; zeros for a fixed root, (..., 6).
        dynamics: None unless asked for.
    """

    qpos: np.ndarray
    qvel: np.ndarray
    activation: np.ndarray
    excitation: np.ndarray
    muscle_length: np.ndarray
    muscle_speed: np.ndarray
    muscle_force: np.ndarray
    touch: np.ndarray
    xpos: np.ndarray
    xmat: np.ndarray
    cvel: np.ndarray
    centre: np.ndarray
    constraint: np.ndarray
    dynamics: Dynamics | None


class MomentStructure(NamedTuple):
    """Where the moment arms stand in the matrix (nu, nv): row i holds `count[i]` values from `first[i]` on.

    Attributes:
        count: (nu,).
        first: (nu,).
        columns: degrees of freedom of all values, (nJ,).
    """

    count: np.ndarray
    first: np.ndarray
    columns: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """Actuators of all values, (nJ,)."""
        return np.repeat(np.arange(len(self.count)), self.count)


def of_data(
    model: mujoco.MjModel, data: mujoco.MjData, *, dynamics: bool = False, dtype: type = np.float32
) -> BodyView:
    """The view of one body whose position and velocity stages are done (`mj_step1` or `mj_forward`); copies.

    Args:
        model: of the data.
        data: read only.
        dynamics: with the equations of motion.
        dtype: of all numbers; float32 gives the same bits as the engine on MuJoCo C.
    """

    def cast(values: np.ndarray) -> np.ndarray:
        return np.array(values, dtype=dtype)

    return collect(model, lambda name: getattr(data, name), cast=cast, dynamics=dynamics)


def collect(
    model: mujoco.MjModel,
    read: Callable[[str], np.ndarray],
    *,
    cast: Callable[[np.ndarray], np.ndarray],
    dynamics: bool,
) -> BodyView:
    """The view from fields of MjData, each read by name, with any leading axes and brought to its type by `cast`."""

    def take(name: str) -> np.ndarray:
        return cast(read(name))

    xpos, force = take("xpos"), read("qfrc_constraint")
    return BodyView(
        qpos=take("qpos"),
        qvel=take("qvel"),
        activation=take("act"),
        excitation=take("ctrl"),
        muscle_length=take("actuator_length"),
        muscle_speed=take("actuator_velocity"),
        muscle_force=take("actuator_force"),
        touch=cast(read("sensordata")[..., touch_addresses(model)]),
        xpos=xpos,
        xmat=take("xmat").reshape(*xpos.shape, 3),
        cvel=take("cvel"),
        centre=cast(read("subtree_com")[..., ROOT, :]),
        constraint=cast(force[..., :6] if has_free_root(model) else np.zeros((*force.shape[:-1], 6))),
        dynamics=Dynamics(*(take(name) for name in DYNAMICS)) if dynamics else None,
    )


def touch_addresses(model: mujoco.MjModel) -> np.ndarray:
    """Where the touch sensors stand in the sensor data, (S,)."""
    return model.sensor_adr[model.sensor_type == mujoco.mjtSensor.mjSENS_TOUCH]


def has_free_root(model: mujoco.MjModel) -> bool:
    """Whether the first joint lets the whole figure move."""
    return model.njnt > 0 and model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE


def moment_structure(model: mujoco.MjModel) -> MomentStructure:
    """Structure of the actuators' moment arms: the same in every pose for actuators on tendons and joints.

    Raises:
        BadValue: the body has other actuators, whose structure may change from pose to pose.
    """
    lasting = (mujoco.mjtTrn.mjTRN_TENDON, mujoco.mjtTrn.mjTRN_JOINT)
    if not np.isin(model.actuator_trntype, lasting).all():
        raise BadValue(
            "The dynamics of a body with actuators on sites, bodies or cranks were asked for; "
            "only actuators on tendons and joints have moment arms of a lasting structure."
        )
    data = mujoco.MjData(model)
    mujoco.mj_fwdPosition(model, data)
    return MomentStructure(data.moment_rownnz.copy(), data.moment_rowadr.copy(), data.moment_colind.ravel().copy())


def is_sound(view: BodyView) -> np.ndarray:
    """Whether state and forces are finite and the state within what MuJoCo calls good, (...); NumPy or JAX arrays."""
    good = abs(view.qpos).max(axis=-1) < LARGEST  # false for NaN
    good &= abs(view.qvel).max(axis=-1) < LARGEST
    for values in (view.activation, view.muscle_force, view.constraint):
        if values.shape[-1]:
            good &= abs(values).max(axis=-1) < np.inf
    return good
