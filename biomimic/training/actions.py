"""What an action means: excitations, or activations through the exact inverse of activation dynamics."""

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import mujoco
import numpy as np

from biomimic import config
from biomimic.errors import BadValue

SECANTS = 4  # steps to the excitation for an activation; the error left is of the order of float32
STEEP = 1e-4  # shorter secant steps say nothing about the slope in float32


@dataclass(frozen=True)
class Actions:
    """How the numbers of the policy drive the muscles.

    Args:
        kind: "excitation": the muscles' drive; "activation": the activation at the end of the control step, reached by
            the exact inverse of activation dynamics; "acceleration": wanted accelerations above the muscle layer, in
            its own units (rest and gain do not matter then).
        rest: excitation or activation of an action of zero.
        gain: change of it for a unit of action; rest 0.5 and gain 0.5 put all of [0, 1] on actions in [-1, 1], so that
            no part of that range is dead; rest 0 and gain 1 make the action the activation itself.
    """

    kind: str = config.one_of("excitation", "activation", "acceleration", default="excitation")
    rest: float = config.ranged(0.5, low=0.0, high=1.0)
    gain: float = config.ranged(0.5, low=1e-3, high=10.0)


class Dynamics(NamedTuple):
    """Activation dynamics of all muscles, as MuJoCo integrates them.

    Attributes:
        rise: time constants of activation, (nu,) [s].
        fall: time constants of deactivation, (nu,) [s].
        steps: physics steps of a control step.
        dt: physics step [s].
    """

    rise: np.ndarray
    fall: np.ndarray
    steps: int
    dt: float


def dynamics(model: mujoco.MjModel, control_step: float) -> Dynamics:
    """Activation dynamics of a model's muscles over one control step [s].

    Raises:
        BadValue: an actuator is no muscle or its dynamics are smoothed, or the steps do not divide.
    """
    parameters, dt = model.actuator_dynprm, model.opt.timestep
    muscles = model.actuator_dyntype == mujoco.mjtDyn.mjDYN_MUSCLE
    if not muscles.all() or np.any(parameters[:, 2] != 0):
        raise BadValue("Activations can be asked for only of muscles with unsmoothed activation dynamics.")
    steps = round(control_step / dt)
    if steps < 1 or not np.isclose(steps * dt, control_step, rtol=1e-6):
        raise BadValue(
            f"A control step of {control_step:g} s is no whole number of physics steps of {dt:g} s; change one of them."
        )
    return Dynamics(parameters[:, 0].astype(np.float32), parameters[:, 1].astype(np.float32), steps, float(dt))


def command(settings: Actions, muscles: Dynamics, activation: jnp.ndarray, action: jnp.ndarray) -> jnp.ndarray:
    """Excitations (..., nu) for actions (..., nu) of the kinds "excitation" and "activation" at an activation."""
    wanted = jnp.clip(settings.rest + settings.gain * action, 0.0, 1.0)
    return wanted if settings.kind == "excitation" else excitation(muscles, activation, wanted)


def rest_of(settings: Actions, wanted: jnp.ndarray) -> jnp.ndarray:
    """The action whose excitation or activation is the wanted one, (..., nu)."""
    return (wanted - settings.rest) / settings.gain


def advance(muscles: Dynamics, activation: jnp.ndarray, drive: jnp.ndarray) -> jnp.ndarray:
    """Activation after one control step of constant excitation, (..., nu).

    Source:
        MuJoCo documentation, "Muscle actuators"; Millard et al. 2013 (activation dynamics).
    """
    for _ in range(muscles.steps):
        scale = 0.5 + 1.5 * activation
        time = jnp.where(drive > activation, muscles.rise * scale, muscles.fall / scale)
        activation = activation + muscles.dt * (drive - activation) / time
    return activation


def reachable(muscles: Dynamics, activation: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
    """Least and largest activation within one control step, (..., nu) each."""
    return (
        advance(muscles, activation, jnp.zeros_like(activation)),
        advance(muscles, activation, jnp.ones_like(activation)),
    )


def excitation(muscles: Dynamics, activation: jnp.ndarray, wanted: jnp.ndarray) -> jnp.ndarray:
    """Constant excitation in [0, 1] that ends one control step at a wanted activation, or as near as it can, (..., nu).

    The time constant follows the activation, so the inverse is found by secant steps from the one at the mean.
    """
    scale = 0.5 + 0.75 * (activation + wanted)
    time = jnp.where(wanted > activation, muscles.rise * scale, muscles.fall / scale)
    kept = (1 - jnp.minimum(muscles.dt / time, 0.99)) ** muscles.steps
    slope = 1 - kept
    found = jnp.clip((wanted - activation * kept) / slope, 0, 1)
    missing = wanted - advance(muscles, activation, found)
    for _ in range(SECANTS):
        step = jnp.clip(found + missing / slope, 0, 1) - found
        found = found + step
        left = wanted - advance(muscles, activation, found)
        steep = jnp.abs(step) > STEEP
        slope = jnp.maximum(jnp.where(steep, (missing - left) / jnp.where(steep, step, 1), slope), 1e-3)
        missing = left
    return found
