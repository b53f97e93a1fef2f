"""What the tracker wants of the body's accelerations, as one quadratic form, in JAX: the twin of the tracker's tasks.

Contacts between limbs are not seen here (the tracker brakes them); everything else is the same.
"""

from typing import NamedTuple

import numpy as np
from jax import numpy as jnp

from biomimic.control.contact import EDGES, POINTS, RAYS
from biomimic.control.cycle import LIMBS
from biomimic.control.settings import Settings
from biomimic.control.tracker import LEG, NEWTONS, PRE, asked_moments
from biomimic.embodiment import Embodiment
from biomimic.training import actions
from biomimic.training.layer import dynamics, feet, footing
from biomimic.training.layer.course import Point


class Plan(NamedTuple):
    """Constants of the tasks.

    Attributes:
        ground: target, settings and axes.
        frame: constants of the equations of motion.
        feet: contact points.
        legs: columns of each leg's joints, (2, 7).
        arm: columns of the arms' joints.
        limbs, trunk: bodies of elbows and wrists (4,), and of the trunk.
        house: rows forward, left, up in the model's world, (3, 3).
        limited: columns of joints with limits; place: their coordinates; low, high: limits [rad].
        activation: activation dynamics of the muscles.
        sees_landing: whether the stride block holds where the swinging foot should land.
        sees_torque: whether it holds the torque that relaxing muscles leave.
        asked: columns of the joint moments that are asked for; asked_weight: square roots of their weights;
            asked_value: which of the target's moments, -1 for zero.
    """

    ground: footing.Ground
    frame: dynamics.Frame
    feet: feet.Feet
    legs: np.ndarray
    arm: np.ndarray
    limbs: np.ndarray
    trunk: int
    house: np.ndarray
    limited: np.ndarray
    place: np.ndarray
    low: np.ndarray
    high: np.ndarray
    activation: actions.Dynamics
    sees_landing: bool
    sees_torque: bool
    asked: np.ndarray
    asked_weight: np.ndarray
    asked_value: np.ndarray

    @property
    def settings(self) -> Settings:
        """Of the tracker."""
        return self.ground.settings


class Sight(NamedTuple):
    """What is computed once of a view and used by footing, tasks and observation.

    Attributes:
        motion: equations of motion.
        place: contact points, (POINTS, 3) [m]; height: of them, (POINTS,) [m].
        touching: right, left, (2,) bool.
        ankles: (2, 3) [m].
        com: (3,) [m]; com_speed: (3,) [m/s].
    """

    motion: dynamics.Motion
    place: jnp.ndarray
    height: jnp.ndarray
    touching: jnp.ndarray
    ankles: jnp.ndarray
    com: jnp.ndarray
    com_speed: jnp.ndarray


class Wish(NamedTuple):
    """The tasks: 1/2 a' weight a - slope' a over the independent accelerations, and rays the feet can bear.

    Attributes:
        weight: (I, I); slope: (I,).
        rays: generalised force per unit of contact unknown, (I, RAYS).
        used: which rays may bear load, (RAYS,) bool.
    """

    weight: jnp.ndarray
    slope: jnp.ndarray
    rays: jnp.ndarray
    used: jnp.ndarray


def see(plan: Plan, view) -> Sight:
    """The parts of a view that everything else needs."""
    found = dynamics.motion(plan.frame, view)
    place, height = feet.places(plan.feet, view)
    touching = feet.touching(plan.feet, view, height)
    return Sight(found, place, height, touching, view.xpos[plan.feet.ankles], found.com, found.com_speed)


def wish(plan: Plan, view, sight: Sight, memory: footing.Footing, point: Point) -> Wish:
    """The tracker's tasks at a state; `point` is the target at the memory's phase, with the settings' lead."""
    found = sight.motion
    here = jnp.concatenate([sight.place, sight.ankles, view.xpos[plan.limbs], view.xpos[plan.limbs]])
    trunk = np.full(len(plan.limbs), plan.trunk)
    body = np.concatenate([plan.feet.body, plan.feet.ankles, plan.limbs, trunk])
    jacobian, speed, drift = dynamics.points(plan.frame, view, found, here, body)
    weight, slope = _posture(plan, view, sight, memory, point)
    rows = [
        _com(plan, sight, memory, point),
        _swing(plan, sight, memory, point, [part[POINTS : POINTS + 2] for part in (jacobian, speed, drift)]),
        _arms(plan, view, point, [part[POINTS + 2 :] for part in (jacobian, speed, drift)]),
        _standing(plan, memory, sight, [part[:POINTS] for part in (jacobian, speed, drift)]),
    ]
    J, wanted, w = (jnp.concatenate(parts) for parts in zip(*rows))
    weighted = J.T * w
    weight, slope = weight + weighted @ J, slope + weighted @ wanted
    entries, aim, share = _single(plan, view, sight, point)
    weight = weight.at[entries, entries].add(share)
    slope = slope.at[entries].add(share * aim)
    mu = plan.settings.contact.friction
    edges = np.array([[mu, 0, 1], [-mu, 0, 1], [0, mu, 1], [0, -mu, 1]])
    used = jnp.repeat(_bears(plan, memory, sight), EDGES)
    rays = jnp.einsum("ek,pki->ipe", edges, jacobian[:POINTS]).reshape(len(slope), RAYS)
    size = np.arange(len(slope))
    return Wish(weight.at[size, size].add(1e-6), slope, NEWTONS * jnp.where(used, rays, 0.0), used)


def _posture(plan: Plan, view, sight: Sight, memory: footing.Footing, point: Point):
    posture, size = plan.settings.posture, len(plan.frame.couplings.independent)
    stiffness, floor = np.full(size, posture.stiffness), np.full(size, posture.floor)
    stiffness[plan.legs[:, 4:]] = posture.foot_stiffness
    floor[plan.legs[:, 4:]] = posture.foot_floor
    stiffness[plan.arm] = posture.arm_stiffness
    stands, rise = memory.stands[:, None], _rise(plan, memory)[:, None]
    swing = jnp.concatenate(
        [
            jnp.repeat(posture.swing * rise + posture.unloading * (1 - rise), 4, axis=1),
            posture.swing_foot * rise + posture.unloading * (1 - rise),
            jnp.ones((2, plan.legs.shape[1] - 5)),
        ],
        axis=1,
    )
    legs = jnp.where(stands, _standing_share(plan, memory)[:, None], swing)
    share = jnp.ones(size, view.qpos.dtype).at[plan.legs].set(legs).at[plan.arm].set(posture.arm)
    error = point.joints[0] - view.qpos[plan.ground.course.joints]
    speed_error = point.joints[1] - sight.motion.speed[6:]
    aim = point.joints[2] + stiffness[6:] * error + 2 * np.sqrt(stiffness[6:]) * speed_error
    wanted = jnp.concatenate([jnp.zeros(6, aim.dtype), aim])
    root = jnp.sqrt(share)
    weight = posture.weight * (root[:, None] * sight.motion.mass_matrix * root)
    extra = jnp.zeros(size, weight.dtype).at[plan.legs[:, 2]].add(posture.hip_rotation)
    weight = weight + jnp.diag(floor * share + extra)
    weight = weight.at[:6].set(0.0).at[:, :6].set(0.0)
    return weight, weight @ wanted


def _standing_share(plan: Plan, memory: footing.Footing) -> jnp.ndarray:
    """Share of the posture weight on each leg if it stands, (2,): it changes while the leg is unloaded."""
    posture = plan.settings.posture
    x = jnp.clip((memory.own - PRE) / (plan.settings.swing.start - PRE), 0, 1)
    late = posture.stance + (posture.unloading - posture.stance) * x * x * (3 - 2 * x)
    return jnp.where(memory.own > 0.9, posture.stance, late)


def _rise(plan: Plan, memory: footing.Footing) -> jnp.ndarray:
    """How far the path of each swinging foot has taken over from the posture of its leg, (2,), 0 to 1."""
    onset = plan.settings.swing.onset
    x = jnp.minimum(footing.swung(plan.ground, memory) / onset, 1.0) if onset else jnp.ones(2)
    return x * x * (3 - 2 * x)


def _com(plan: Plan, sight: Sight, memory: footing.Footing, point: Point):
    trunk, found, house = plan.settings.trunk, sight.motion, jnp.asarray(plan.house)
    stiffness = np.array([trunk.forward_stiffness, trunk.lateral_stiffness, trunk.vertical_stiffness])
    weight = jnp.array([trunk.forward_weight, trunk.lateral_weight, trunk.vertical_weight])
    error = house @ (point.com[0] + footing.travel(plan.ground, memory) - found.com)
    speed_error = house @ (point.com[1] + memory.drift - found.com_speed)
    wanted = house @ (point.com[2] - found.com_drift) + stiffness * error + 2 * np.sqrt(stiffness) * speed_error
    return house @ found.com_jacobian, wanted, weight


def _swing(plan: Plan, sight: Sight, memory: footing.Footing, point: Point, ankles):
    swing, (jacobian, speed, drift) = plan.settings.swing, ankles
    goal, goal_speed = footing.landing(plan.ground, memory, point, sight.ankles)
    rise, urgency = _rise(plan, memory), 1.0 + (swing.urgent - 1.0) * footing.urgency(plan.ground, memory)
    stiffness = (swing.stiffness * rise * jnp.sqrt(urgency))[:, None]
    wanted = point.ankles[2].reshape(2, 3) + stiffness * (goal - sight.ankles)
    wanted = wanted + 2 * jnp.sqrt(stiffness) * (goal_speed - speed) - drift
    weight = (rise * urgency * ~memory.stands)[:, None] * jnp.array([swing.weight, swing.weight, swing.vertical_weight])
    return jacobian.reshape(6, -1), wanted.ravel(), weight.ravel()


def _arms(plan: Plan, view, point: Point, limbs):
    """Elbows and wrists relative to the trunk."""
    arms, count = plan.settings.arms, len(LIMBS)
    jacobian, speed, drift = (part[:count] - part[count:] for part in limbs)
    turn = view.xmat[plan.trunk]
    target = jnp.einsum("ij,dkj->dki", turn, point.limbs.reshape(3, count, 3))
    error = target[0] - (view.xpos[plan.limbs] - view.xpos[plan.trunk])
    wanted = target[2] + arms.stiffness * error + 2 * np.sqrt(arms.stiffness) * (target[1] - speed) - drift
    return jacobian.reshape(3 * count, -1), wanted.ravel(), jnp.full(3 * count, arms.weight)


def _standing(plan: Plan, memory: footing.Footing, sight: Sight, ends):
    """Points of standing feet are to stay where they are."""
    contact, (jacobian, speed, drift) = plan.settings.contact, ends
    weight = contact.weight * (_bears(plan, memory, sight) & jnp.repeat(memory.stands, POINTS // 2))
    wanted = -contact.damping * speed - drift
    return jacobian.reshape(3 * POINTS, -1), wanted.ravel(), jnp.repeat(weight, 3)


def _bears(plan: Plan, memory: footing.Footing, sight: Sight) -> jnp.ndarray:
    """Which contact points may bear load, (POINTS,) bool."""
    contact = plan.settings.contact
    late = (plan.settings.swing.start <= memory.own) & (memory.own < contact.unloading)
    return jnp.repeat(memory.stands | late, POINTS // 2) & (sight.height < contact.near)


def _single(plan: Plan, view, sight: Sight, point: Point):
    """Single accelerations: pelvis orientation, and joints that close in on a limit."""
    trunk, contact = plan.settings.trunk, plan.settings.contact
    stiffness = np.array([trunk.pelvis_stiffness, trunk.pelvis_stiffness, trunk.yaw_stiffness])
    error = turn_between(point.turn[0], view.qpos[3:7])
    aim = point.turn[2] + stiffness * error + 2 * np.sqrt(stiffness) * (point.turn[1] - view.qvel[3:6])
    weight = trunk.pelvis_weight * jnp.array([1.0, 1.0, trunk.pelvis_yaw])
    angle, speed = view.qpos[plan.place], sight.motion.speed[plan.limited]
    low, high = angle - plan.low < contact.limit, plan.high - angle < contact.limit
    closing = (low & (speed < 0)) | (high & (speed > 0))
    entries = np.concatenate([np.arange(3, 6), plan.limited])
    return (
        entries,
        jnp.concatenate([aim, -contact.damping * speed]),
        jnp.concatenate([weight, contact.limit_weight * closing]),
    )


def turn_between(turn: jnp.ndarray, quaternion: jnp.ndarray) -> jnp.ndarray:
    """Rotation vector from a unit quaternion to a rotation vector's orientation, in the quaternion's frame, (3,)."""
    angle = jnp.sqrt(jnp.sum(turn**2) + 1e-30)
    a = jnp.concatenate([jnp.cos(0.5 * angle)[None], jnp.sin(0.5 * angle) / angle * turn])
    q = quaternion / jnp.sqrt(jnp.sum(quaternion**2))
    w, v = q[0], -q[1:]  # the inverse
    real = w * a[0] - v @ a[1:]
    part = w * a[1:] + a[0] * v + jnp.cross(v, a[1:])
    part, real = jnp.where(real < 0, -part, part), jnp.abs(real)
    length = jnp.sqrt(jnp.sum(part**2) + 1e-30)
    return 2.0 * jnp.arctan2(length, real) / length * part


def plan(
    embodiment: Embodiment, ground: footing.Ground, *, sees_landing: bool = False, sees_torque: bool = False
) -> Plan:
    """Constants of the tasks for a body."""
    model, couplings, settings = embodiment.model, embodiment.couplings, ground.settings
    names, legs, columns = couplings.names, [], {}
    for side in ("right", "left"):
        own = {f"{angle}_{side}": embodiment.moments[f"{angle}_{side}"].column for angle in LEG}
        legs.append([*own.values(), names.index(f"mtp_angle_{side[0]}")])
        columns.update(own)
    arms = ("elv_angle", "shoulder", "elbow", "pro_sup", "deviation", "flexion_")
    free = np.arange(6, len(couplings.independent))
    joints = model.dof_jntid[couplings.independent[free]]
    limited = model.jnt_limited[joints].astype(bool)
    joints = joints[limited]
    asked, weight, value = asked_moments(columns, settings, ground.course.moment_names)
    return Plan(
        ground=ground,
        frame=dynamics.frame(embodiment, ground.dt, settings.effort.damping),
        feet=feet.feet(embodiment),
        legs=np.array(legs),
        arm=np.array([i for i, name in enumerate(names) if name.startswith(arms)]),
        limbs=np.array([model.body(embodiment.landmarks[name].body).id for name in LIMBS]),
        trunk=int(model.body(embodiment.landmarks["torso"].body).id),
        house=embodiment.house,
        limited=free[limited],
        place=model.jnt_qposadr[joints].astype(int),
        low=model.jnt_range[joints, 0].copy(),
        high=model.jnt_range[joints, 1].copy(),
        activation=actions.dynamics(model, ground.dt),
        sees_landing=sees_landing,
        sees_torque=sees_torque,
        asked=asked,
        asked_weight=weight,
        asked_value=value,
    )
