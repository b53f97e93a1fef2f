"""Loads of one body: averaged contact forces, centre of pressure, joint moments, and fatigue of the muscles."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from biomimic import config
from biomimic.training.body import Body
from biomimic.training.clip_rows import LOADED
from biomimic.training.clips import Target
from biomimic.training.view import BodyView


@dataclass(frozen=True)
class Fatigue:
    """Two rates of the three-compartment model of muscle fatigue, made faster so that an episode of seconds shows it.

    Args:
        rate: active fibres that tire [1/s].
        recovery: tired fibres that recover [1/s].
        speedup: times faster than in a person.

    Source:
        Xia and Frey-Law 2008 (model); rates within those from ankle to shoulder, 0.00589 to 0.0182 and 0.00058
        to 0.00168 per second (Frey-Law et al. 2012, doi:10.1016/j.jbiomech.2012.04.018); the factor is a design value:
        ten seconds stand for ten minutes.
    """

    rate: float = config.ranged(0.00912, low=0.0)
    recovery: float = config.ranged(0.00094, low=0.0)
    speedup: float = config.ranged(60.0, low=0.0)


class Memory(NamedTuple):
    """What the reward keeps from step to step.

    Attributes:
        wrench: contact force on the figure, then its moment about the root, along the world's axes, averaged, (6,).
        feet: vertical load of right and left foot by their touch sensors, averaged, (2,) [N].
        tired: share of each muscle that is tired, (na,).
        speed: of the coordinates at this step, (nv,).
        change: of it since the step before, (nv,).
    """

    wrench: jax.Array
    feet: jax.Array
    tired: jax.Array
    speed: jax.Array
    change: jax.Array


def start(view: BodyView, body: Body) -> Memory:
    """Memory of one body after a reset: rested, and without a past."""
    return Memory(
        wrench=wrench(view, body),
        feet=feet(view, body),
        tired=jnp.zeros_like(view.activation),
        speed=view.qvel,
        change=jnp.zeros_like(view.qvel),
    )


def advance(memory: Memory, view: BodyView, settings: Fatigue, time: float, body: Body) -> Memory:
    """Memory of one body one control step later.

    Args:
        memory: before.
        view: after.
        settings: rates of fatigue.
        time: constant over which contact forces are averaged [s].
        body: its own.

    Source:
        fatigue: dM/dt = rate a - recovery M for tired share M and activation a, in the limit of small M.
    """
    part = body.control_step / (body.control_step + time)
    pace = settings.speedup * body.control_step
    active = jnp.minimum(view.activation, 1 - memory.tired)
    tired = memory.tired + pace * (settings.rate * active - settings.recovery * memory.tired)
    return Memory(
        wrench=memory.wrench + part * (wrench(view, body) - memory.wrench),
        feet=memory.feet + part * (feet(view, body) - memory.feet),
        tired=jnp.clip(tired, 0.0, 0.95),
        speed=view.qvel,
        change=view.qvel - memory.speed,
    )


def wrench(view: BodyView, body: Body) -> jax.Array:
    """Contact force on the figure and its moment about the root along the world's axes, (6,) [N, N m]; 0 if fixed."""
    if not body.has_free_root:
        return jnp.zeros(6)
    return jnp.concatenate([view.constraint[:3], view.xmat[1] @ view.constraint[3:6]])


def feet(view: BodyView, body: Body) -> jax.Array:
    """Touch of right and left foot, (2,) [N]."""
    return jnp.stack([jnp.sum(jnp.where(body.touch_side == side, view.touch, 0.0)) for side in (0, 1)])


def pressure(contact: jax.Array, height: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Centre of pressure on the floor z = 0 relative to the root, (2,) [m], and whether there is one, ().

    Args:
        contact: of `wrench`, (6,).
        height: of the root, () [m].
    """
    vertical = jnp.maximum(contact[2], LOADED)
    x = -(contact[4] + height * contact[0]) / vertical
    y = (contact[3] - height * contact[1]) / vertical
    return jnp.stack([x, y]), contact[2] > LOADED


def load_match(memory: Memory, target: Target, sharpness: float, body: Body) -> jax.Array:
    """Match of the contact force and of either foot's share, in body weights, (); 0 where the target knows none."""
    if target.load is None:
        return jnp.zeros(())
    own = jnp.concatenate([memory.wrench[:3], memory.feet])
    return _known_match(((own - target.load) / body.weight) ** 2, target.load_known, sharpness)


def pressure_match(memory: Memory, target: Target, height: jax.Array, sharpness: float) -> jax.Array:
    """Match of the centre of pressure, (); 0 where there is none. `height`: of the root, () [m]."""
    if target.pressure is None:
        return jnp.zeros(())
    own, is_loaded = pressure(memory.wrench, height)
    known = jnp.broadcast_to(target.pressure_known & is_loaded, 2)
    return _known_match((own - target.pressure) ** 2, known, sharpness)


def _known_match(squares: jax.Array, known: jax.Array, sharpness: float) -> jax.Array:
    count = jnp.sum(known)
    mean = jnp.sum(jnp.where(known, squares, 0.0)) / jnp.maximum(count, 1)
    return jnp.where(count > 0, jnp.exp(-sharpness * mean), 0.0)


def moment_match(view: BodyView, target: Target, sharpness: float, body: Body) -> jax.Array:
    """Match of the net joint moments that the target knows, by body mass, (); 0 where it knows none."""
    if target.moment is None:
        return jnp.zeros(())
    squares = ((joint_moments(view, body) - target.moment) / body.mass) ** 2
    return _known_match(squares, target.moment_known, sharpness)


def muscle_torque(view: BodyView, body: Body) -> jax.Array:
    """Generalised force of the muscles, (nv,); the view carries the moment arms."""
    arms = body.moment_arms
    each = view.dynamics.moment * view.muscle_force[arms.rows]
    return jnp.zeros(body.model.nv).at[arms.columns].add(each)


def joint_moments(view: BodyView, body: Body) -> jax.Array:
    """Net moments of muscles and passive structures by `Body.moment_names`, (M,) [N m]; joint stops do not count.

    Source:
        principle of virtual work: with v = G v_independent the reduced generalised force is G' force.
    """
    force = muscle_torque(view, body) + view.dynamics.passive
    couplings = body.couplings
    coefficients = couplings.coefficients.astype("float32")
    x = view.qpos[couplings.driver_qpos] - couplings.driver_reference.astype("float32")
    slope = coefficients[1] + x * (2 * coefficients[2] + x * (3 * coefficients[3] + x * 4 * coefficients[4]))
    reduced = force[couplings.independent].at[couplings.driver_column].add(slope * force[couplings.dependent])
    return reduced[body.moment_column] * body.moment_scale.astype("float32")


def fatigue_cost(activation: jax.Array, tired: jax.Array) -> jax.Array:
    """Mean cube of the activation over what is not tired, ().

    Source:
        cubes of muscle stress as a measure of endurance: Crowninshield and Brand 1981.
    """
    return jnp.mean((activation / (1 - tired)) ** 3)
