"""How good a periodic target is: contact, couplings, limits, nearness to the person."""

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Trajectory
from biomimic.retarget.contact import Points, contact_points
from biomimic.retarget.cycle import HumanCycle
from biomimic.retarget.options import Ceilings, Options


@dataclass(frozen=True)
class Agreement:
    """One angle of the target against the person's: r and RMSE [rad] over the cycle."""

    r: float
    rmse: float


@dataclass(frozen=True)
class Quality:
    """What a target can be judged by.

    Attributes:
        slip: mean speed of loaded contact points along the floor [m/s].
        floating: root mean square height of loaded points above or below the floor [m].
        penetration: deepest contact point below the floor [m], and its frame and name.
        coupling: largest residual of a joint coupling [m or rad].
        limit: largest excess of a joint range [rad], and its frame and joint.
        com: root mean square distance of the body's centre of mass from the target's own [m].
        arm_contacts: pairs of geoms that touch, other than feet and floor, over the cycle.
        angles: name → agreement with the person.
    """

    slip: float
    floating: float
    penetration: tuple[float, int, str]
    coupling: float
    limit: tuple[float, int, str]
    com: float
    arm_contacts: tuple[str, ...]
    angles: Mapping[str, Agreement]


def assess(target: Trajectory, human: HumanCycle, embodiment: Embodiment, options: Options) -> Quality:
    """The quality of a periodic target."""
    points = contact_points(embodiment, options.contact)
    place, com, touching = _poses(embodiment, target.qpos, points)
    height = place[..., 2]
    both = target.contact[:-1] & target.contact[1:]
    moved = np.linalg.norm(np.diff(place[..., :2], axis=0), axis=-1) * target.rate
    frame, point = np.unravel_index(height.argmin(), height.shape)
    return Quality(
        slip=float(moved[both].mean()),
        floating=float(np.sqrt(np.mean(height[target.contact] ** 2))),
        penetration=(float(max(0.0, -height.min())), int(frame), points.names[point]),
        coupling=float(np.abs(embodiment.couplings.residual(target.qpos)).max()),
        limit=_excess(embodiment, target.qpos),
        com=float(np.sqrt(np.mean(np.sum((com - target.com) ** 2, axis=1)))),
        arm_contacts=touching,
        angles=_agreement(target, human, embodiment),
    )


def refuse(found: Quality, ceilings: Ceilings) -> None:
    """Nothing, if the target is within the ceilings.

    Raises:
        BadValue: it is not; the worst frame and joint are named.
    """
    excess, frame, joint = found.limit
    deep, deep_frame, point = found.penetration
    for value, ceiling, what in (
        (found.coupling, ceilings.coupling, "the largest residual of a joint coupling [m or rad]"),
        (excess, ceilings.limit, f'the excess of joint "{joint}" over its range in frame {frame} [rad]'),
        (deep, ceilings.penetration, f'the depth of "{point}" under the floor in frame {deep_frame} [m]'),
        (found.floating, ceilings.floating, "the root mean square height of loaded contact points [m]"),
        (found.com, ceilings.com, "the distance of the centre of mass from where the forces put it [m]"),
    ):
        if value > ceiling:
            raise BadValue(
                f"The target cannot be used: {what} is {value:.3g}, at most {ceiling:.3g} is allowed. "
                "Check the trial's angles and the leg length ratio, or raise the ceiling in the options."
            )


def orientations(embodiment: Embodiment, qpos: np.ndarray) -> np.ndarray:
    """Orientation of every body in the model's world, unit quaternions, (N, nbody, 4)."""
    data = mujoco.MjData(embodiment.model)
    found = np.empty((len(qpos), embodiment.model.nbody, 4))
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(embodiment.model, data)
        found[frame] = data.xquat
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def _poses(embodiment: Embodiment, qpos: np.ndarray, points: Points) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Lowest places of the contact points in house axes, centre of mass in the model's, touching pairs."""
    model, data = embodiment.model, mujoco.MjData(embodiment.model)
    feet = {int(geom) for foot in embodiment.feet.values() for geom in foot.geom_ids}
    place, com, touching = np.empty((len(qpos), len(points.names), 3)), np.empty((len(qpos), 3)), set()
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_fwdPosition(model, data)
        turned = (data.xmat[points.bodies].reshape(-1, 3, 3) @ points.places[:, :, None])[..., 0]
        place[frame] = (data.xpos[points.bodies] + turned) @ embodiment.house.T
        com[frame] = data.subtree_com[1]
        for pair in data.contact.geom[: data.ncon]:
            if not feet & {int(geom) for geom in pair}:
                touching.add(" and ".join(sorted(_geom_name(model, int(geom)) for geom in pair)))
    place[..., 2] -= points.radii
    return place, com, tuple(sorted(touching))


def _geom_name(model: mujoco.MjModel, geom: int) -> str:
    return model.geom(geom).name or f"geom of {model.body(model.geom_bodyid[geom]).name}"


def _excess(embodiment: Embodiment, qpos: np.ndarray) -> tuple[float, int, str]:
    """Largest excess of an independent joint's range [rad], its frame and joint."""
    model, independent = embodiment.model, embodiment.couplings.independent[6:]
    joints = model.dof_jntid[independent]
    values, (low, high) = qpos[:, model.jnt_qposadr[joints]], model.jnt_range[joints].T
    beyond = np.maximum(low - values, values - high) * model.jnt_limited[joints]
    frame, joint = np.unravel_index(beyond.argmax(), beyond.shape)
    return float(max(0.0, beyond.max())), int(frame), model.joint(joints[joint]).name


def _agreement(target: Trajectory, human: HumanCycle, embodiment: Embodiment) -> dict[str, Agreement]:
    angles = dict(zip(embodiment.angle_names, embodiment.trajectory_angles(target.qpos).T))
    found = {}
    for name in (name for name in angles if name in human.angles):
        error = angles[name] - human.angles[name]
        r = float(np.corrcoef(angles[name], human.angles[name])[0, 1])
        found[name] = Agreement(r, float(np.sqrt(np.mean(error**2))))
    return found
