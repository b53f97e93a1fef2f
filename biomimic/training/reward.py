"""How well a body does: matches in [0, 1] and costs of at least 0, each under its own name, and their sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from biomimic import config
from biomimic.errors import BadValue
from biomimic.training import loads
from biomimic.training.body import Body
from biomimic.training.clips import Target
from biomimic.training.sites import angle_between, relative, rotation_vector, sites
from biomimic.training.view import BodyView

LEAST = -1.0  # all costs together take no more than this


@dataclass(frozen=True)
class Sharpness:
    """Of each match: exp(-sharpness x mean squared error); the errors' units are given.

    Source:
        MuscleMimic 0.1.0 but for the last three, which are design values: a match of 1/e at 0.3 body weights, 0.1 m and
        0.45 N m/kg.
    """

    joint_position: float = config.ranged(10.0, low=0.0)  # [rad, m], and the root's angle [rad], not squared
    joint_velocity: float = config.ranged(2.0, low=0.0)
    root_position: float = config.ranged(10.0, low=0.0)  # [m]
    root_velocity: float = config.ranged(10.0, low=0.0)
    site_position: float = config.ranged(100.0, low=0.0)  # [m]
    site_rotation: float = config.ranged(10.0, low=0.0)  # [rad]
    site_spin: float = config.ranged(0.1, low=0.0)  # [rad/s]
    site_speed: float = config.ranged(0.1, low=0.0)  # [m/s]
    load: float = config.ranged(10.0, low=0.0)  # [body weights]
    pressure: float = config.ranged(100.0, low=0.0)  # [m]
    moment: float = config.ranged(5.0, low=0.0)  # [N m/kg]


@dataclass(frozen=True)
class Costs:
    """Weights of what is taken off.

    Args:
        out_of_bounds: mean square of what the action is beyond its bounds.
        acceleration: squared changes of the joints' speeds in a control step over its duration, summed.
        torque: squared generalised muscle forces of the joints, summed; needs an engine with dynamics.
        action_rate: squared changes of the action, summed.
        effort: mean squared activation.
        fatigue: mean cube of activation over what fatigue has left of the muscle.
    """

    out_of_bounds: float = config.ranged(0.01, low=0.0)
    acceleration: float = config.ranged(0.0, low=0.0)
    torque: float = config.ranged(0.0, low=0.0)
    action_rate: float = config.ranged(0.0, low=0.0)
    effort: float = config.ranged(0.0, low=0.0)
    fatigue: float = config.ranged(0.0, low=0.0)


@dataclass(frozen=True)
class Weights:
    """Weights of the matches, sharpness and costs; the defaults are MuscleMimic's full body, 1.21 in all.

    Args:
        load: contact force on the figure and vertical load of either foot, against the target's.
        pressure: place of the centre of pressure relative to the root; targets packed with loads have it.
        moment: net joint moments (muscles and passive structures) against the target's; needs an engine with dynamics.
        form: "exp_of_mean": exp(-sharpness x mean of squares), or "mean_of_exp": each square on its own; root, load,
            pressure and moment are always the first.
        bounds: of an action, beyond which it costs.
        load_time: time constant over which contact forces are averaged [s].
    """

    joint_position: float = config.ranged(0.1, low=0.0)
    joint_velocity: float = config.ranged(0.1, low=0.0)
    root_position: float = config.ranged(0.1, low=0.0)
    root_velocity: float = config.ranged(0.1, low=0.0)
    site_position: float = config.ranged(0.6, low=0.0)
    site_rotation: float = config.ranged(0.01, low=0.0)
    site_spin: float = config.ranged(0.1, low=0.0)
    site_speed: float = config.ranged(0.1, low=0.0)
    load: float = config.ranged(0.0, low=0.0)
    pressure: float = config.ranged(0.0, low=0.0)
    moment: float = config.ranged(0.0, low=0.0)
    form: str = config.one_of("exp_of_mean", "mean_of_exp", default="exp_of_mean")
    bounds: tuple[float, float] = (-1.0, 1.0)
    load_time: float = config.ranged(0.01, low=0.0)
    sharpness: Sharpness = Sharpness()
    costs: Costs = Costs()
    fatigue: loads.Fatigue = loads.Fatigue()

    def __post_init__(self) -> None:
        if not self.bounds[0] < self.bounds[1]:
            raise BadValue(f"The bounds of an action are {self.bounds[0]:g} and {self.bounds[1]:g}; they must rise.")

    @property
    def is_dynamic(self) -> bool:
        """Whether a term needs an engine whose views carry the equations of motion."""
        return self.moment > 0 or self.costs.torque > 0

    @property
    def needs_loads(self) -> bool:
        """Whether targets must be packed with the contact forces that their motion asks for."""
        return self.load > 0 or self.pressure > 0


MATCHES = tuple(Sharpness.__dataclass_fields__)
COSTS = tuple(Costs.__dataclass_fields__)


class Transition(NamedTuple):
    """One control step of one body, just done.

    Attributes:
        view: of the body after the step.
        target: at the frame after the step, shifted with the origin.
        action: that was taken, (A,).
        previous_action: the one before, (A,).
        memory: after the step.
    """

    view: BodyView
    target: Target
    action: jax.Array
    previous_action: jax.Array
    memory: loads.Memory


def terms(step: Transition, weights: Weights, body: Body) -> dict[str, jax.Array]:
    """All terms of one body by name, (): matches and, with the prefix "cost_", costs.

    Terms of MuscleMimic are always there (those of the root where it is free), the others if they have a weight.

    Raises:
        BadValue: a term needs the equations of motion and the view has none.
    """
    if weights.is_dynamic and step.view.dynamics is None:
        raise BadValue(
            "The reward weighs joint moments or torques; they need an engine with dynamics, and this one has none."
        )
    found = {**_states(step, weights, body), **_sites(step, weights, body)}
    if body.has_free_root:
        found |= _root(step, weights, body)
    return found | _loads(step, weights, body) | _costs(step, weights, body)


def start(view: BodyView, body: Body) -> loads.Memory:
    """Memory of one body after a reset."""
    return loads.start(view, body)


def advance(memory: loads.Memory, view: BodyView, weights: Weights, body: Body) -> loads.Memory:
    """Memory of one body after a control step; before `terms`."""
    return loads.advance(memory, view, weights.fatigue, weights.load_time, body)


def total(found: Mapping[str, jax.Array], weights: Weights, raised: Mapping[str, jax.Array] | None = None) -> jax.Array:
    """The reward: max(0, matches + max(-1, -costs)), and 0 where a state is no number, ().

    Args:
        found: of `terms`.
        weights: of the recipe.
        raised: weights of single matches that a curriculum has changed.
    """
    raised = raised or {}
    gain = sum(raised.get(name, getattr(weights, name)) * found[name] for name in MATCHES if name in found)
    loss = sum(getattr(weights.costs, name) * found[f"cost_{name}"] for name in COSTS if f"cost_{name}" in found)
    value = jnp.maximum(gain + jnp.maximum(-loss, LEAST), 0.0)
    return jnp.where(jnp.isfinite(value), value, 0.0)


def best(weights: Weights, body: Body) -> float:
    """Reward of a step without any error or cost."""
    rootless = () if body.has_free_root else ("root_position", "root_velocity", "load", "pressure")
    return sum(getattr(weights, name) for name in MATCHES if name not in rootless)


def _match(squares: jax.Array, sharpness: float, weights: Weights) -> jax.Array:
    if weights.form == "mean_of_exp":
        return jnp.mean(jnp.exp(-sharpness * squares))
    return jnp.exp(-sharpness * jnp.mean(squares))


def _states(step: Transition, weights: Weights, body: Body) -> dict[str, jax.Array]:
    own, aim = step.view.qpos, step.target.qpos
    if body.has_free_root:
        plain = [0, 1, 2, *body.joint_qpos]
        squares = (own[jnp.array(plain)] - aim[jnp.array(plain)]) ** 2 + angle_between(own[3:7], aim[3:7])
    else:
        squares = (own - aim) ** 2
    speeds = (step.view.qvel - step.target.qvel) ** 2
    return {
        "joint_position": _match(squares, weights.sharpness.joint_position, weights),
        "joint_velocity": _match(speeds, weights.sharpness.joint_velocity, weights),
    }


def _sites(step: Transition, weights: Weights, body: Body) -> dict[str, jax.Array]:
    own, aim, sharp = relative(sites(step.view, body)), step.target, weights.sharpness
    velocities = (own.velocity - aim.velocity) ** 2
    return {
        "site_position": _match((own.position - aim.position) ** 2, sharp.site_position, weights),
        "site_rotation": _match((rotation_vector(own.quaternion) - aim.rotation) ** 2, sharp.site_rotation, weights),
        "site_spin": _match(velocities[:, :3], sharp.site_spin, weights),
        "site_speed": _match(velocities[:, 3:], sharp.site_speed, weights),
    }


def _root(step: Transition, weights: Weights, body: Body) -> dict[str, jax.Array]:
    own, aim, sharp = step.view, step.target, weights.sharpness
    away = jnp.mean((own.qpos[:3] - aim.qpos[:3]) ** 2)
    speeds = jnp.mean((_root_velocity(own.qpos, own.qvel) - _root_velocity(aim.qpos, aim.qvel)) ** 2)
    return {
        "root_position": jnp.exp(-sharp.root_position * away),
        "root_velocity": jnp.exp(-sharp.root_velocity * speeds),
    }


def _loads(step: Transition, weights: Weights, body: Body) -> dict[str, jax.Array]:
    found, sharp = {}, weights.sharpness
    if weights.load and body.has_free_root:
        found["load"] = loads.load_match(step.memory, step.target, sharp.load, body)
    if weights.pressure and body.has_free_root:
        height = step.view.qpos[2]
        found["pressure"] = loads.pressure_match(step.memory, step.target, height, sharp.pressure)
    if weights.moment:
        found["moment"] = loads.moment_match(step.view, step.target, sharp.moment, body)
    return found


def _root_velocity(qpos: jax.Array, qvel: jax.Array) -> jax.Array:
    """Speed and rotation of the root in its own frame, (6,)."""
    w, vector = qpos[3], -qpos[4:7]
    speed = qvel[:3] + 2 * jnp.cross(vector, jnp.cross(vector, qvel[:3]) + w * qvel[:3])
    return jnp.concatenate([speed, qvel[3:6]])


def _costs(step: Transition, weights: Weights, body: Body) -> dict[str, jax.Array]:
    low, high = weights.bounds
    beyond = step.action - jnp.clip(step.action, low, high)
    found = {"cost_out_of_bounds": jnp.mean(beyond**2)}
    if weights.costs.acceleration:
        change = step.memory.change[body.joint_qvel]
        found["cost_acceleration"] = jnp.sum(change**2) / body.control_step
    if weights.costs.torque:
        found["cost_torque"] = jnp.sum(loads.muscle_torque(step.view, body)[body.joint_qvel] ** 2)
    if weights.costs.action_rate:
        found["cost_action_rate"] = jnp.sum((step.action - step.previous_action) ** 2)
    if weights.costs.effort:
        found["cost_effort"] = jnp.mean(step.view.activation**2)
    if weights.costs.fatigue:
        found["cost_fatigue"] = loads.fatigue_cost(step.view.activation, step.memory.tired)
    return found
