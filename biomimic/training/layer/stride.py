"""The observation block "stride": where the body is in its stride and how far from the target, in JAX.

The errors are those that the tracker's own tasks are made of. No activations are among them: a policy that sees its
last action copies it. Two parts come on demand: where the swinging foot should land, which a policy otherwise has to
find from the capture point, with the speeds of the points of the feet; and the joint torque that is left if all muscles
relax as fast as they can: what the next action has to live with.
"""

import numpy as np
from jax import numpy as jnp

from biomimic.control.contact import POINTS
from biomimic.training import actions
from biomimic.training.layer import footing, tasks
from biomimic.training.layer.course import Point

HARMONICS = 4
LANDING = 6 + 6 + POINTS  # numbers: places and speeds of the ankles, speeds of the points
SCALE = {"height": 0.02, "place": 0.1, "speed": 0.5, "torque": 20.0}  # [m], [m], [m/s], [N m]: entries of about one


def width(plan: tasks.Plan) -> int:
    """How many numbers `observe` gives."""
    return _width(plan) + plan.sees_landing * LANDING + plan.sees_torque * len(plan.ground.course.joints)


def _width(plan: tasks.Plan) -> int:
    return 3 + 2 * HARMONICS + 2 * len(plan.ground.course.joints) + 6 + 6 + 2 + 2 + POINTS + 4 + 6 + 6 + 2 + 1


def observe(plan: tasks.Plan, view, sight: tasks.Sight, memory: footing.Footing, point: Point) -> jnp.ndarray:
    """Phase in [0, 1), stance flags right and left (0 or 1), then errors scaled to about one, (width(plan),)."""
    ground = plan.ground
    turns = 2 * jnp.pi * memory.phase * jnp.arange(1, HARMONICS + 1)
    here, house = footing.travel(ground, memory), jnp.asarray(plan.house)
    target = (point.ankles[0].reshape(2, 3) + here - sight.ankles) @ house.T
    target_speed = point.ankles[1].reshape(2, 3)
    ankle_speed = _speed(view, plan.feet.ankles, sight.ankles)
    apart = (house[:2] @ (sight.ankles[1] - sight.ankles[0])) / SCALE["place"]
    parts = [
        memory.phase[None],
        memory.stands.astype(view.qpos.dtype),
        jnp.sin(turns),
        jnp.cos(turns),
        5.0 * (point.joints[0] - view.qpos[ground.course.joints]),
        0.5 * (point.joints[1] - sight.motion.speed[6:]),
        5.0 * tasks.turn_between(point.turn[0], view.qpos[3:7]),
        0.5 * (point.turn[1] - view.qvel[3:6]),
        house @ (point.com[0] + here - sight.com) / SCALE["place"],
        house @ (point.com[1] + memory.drift - sight.com_speed) / SCALE["speed"],
        jnp.stack([ground.forward, ground.left]) @ memory.error / SCALE["place"],
        memory.lowered / SCALE["height"],
        jnp.clip(sight.height / SCALE["height"], -2.0, 10.0),
        sight.touching.astype(view.qpos.dtype),
        footing.swung(ground, memory),
        target.ravel() / SCALE["place"],
        ((target_speed - ankle_speed) @ house.T).ravel() / SCALE["speed"],
        apart,
        (sight.com[2:] - point.com[0, 2:]) / SCALE["place"],
    ]
    if plan.sees_landing:
        parts.append(_landing(plan, view, sight, memory, point))
    if plan.sees_torque:
        least, _ = actions.reachable(plan.activation, view.activation)
        parts.append((sight.motion.pull @ least)[6:] / SCALE["torque"])
    return jnp.concatenate(parts)


def of_arms(plan: tasks.Plan) -> np.ndarray:
    """Which numbers behind the first three are errors of the arms' joints or torque there, (width(plan) - 3,) bool."""
    joints = np.zeros(len(plan.ground.course.joints), bool)
    joints[plan.arm - 6] = True
    rest = np.zeros(_width(plan) + plan.sees_landing * LANDING - 3 - 2 * HARMONICS - 2 * len(joints), bool)
    parts = [np.zeros(2 * HARMONICS, bool), joints, joints, rest, joints[: plan.sees_torque * len(joints)]]
    return np.concatenate(parts)


def _landing(plan: tasks.Plan, view, sight: tasks.Sight, memory: footing.Footing, point: Point) -> jnp.ndarray:
    """How far swinging ankles are from where they should be, and how much too slow, and how fast points sink."""
    house = jnp.asarray(plan.house)
    goal, goal_speed = footing.landing(plan.ground, memory, point, sight.ankles)
    swings = ~memory.stands[:, None]
    place = jnp.where(swings, (goal - sight.ankles) @ house.T, 0.0)
    speed = jnp.where(swings, (goal_speed - _speed(view, plan.feet.ankles, sight.ankles)) @ house.T, 0.0)
    rise = _speed(view, plan.feet.body, sight.place)[:, 2]
    return jnp.concatenate([place.ravel() / SCALE["place"], speed.ravel() / SCALE["speed"], rise / SCALE["speed"]])


def _speed(view, body: np.ndarray, place: jnp.ndarray) -> jnp.ndarray:
    """Velocity in the world of places (N, 3) on bodies (N,), (N, 3) [m/s]."""
    carried = view.cvel[body]
    return carried[:, 3:] + jnp.cross(carried[:, :3], place - view.centre)
