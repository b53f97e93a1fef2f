"""Equations of motion in the independent speeds, from a view, in JAX: the twin of `biomimic.control.dynamics`."""

from typing import NamedTuple

import mujoco
import numpy as np
from jax import numpy as jnp

from biomimic.control.muscles import Muscles
from biomimic.embodiment import Embodiment
from biomimic.embodiment.couplings import Couplings


class Frame(NamedTuple):
    """Constants of a body that the equations of motion need, NumPy; I independent speeds, n muscles.

    Attributes:
        couplings: dependent joints as polynomials of independent ones.
        muscles: parameters of the force law.
        column: independent speed that each speed follows, (nv,).
        is_free: which speeds are independent, (nv,).
        mass_rows, mass_columns: place of each entry of the sparse mass matrix (lower triangle), (nM,).
        moment_rows, moment_columns: muscle and speed of each entry of the sparse moment arms, (nJ,).
        above: which speeds move a body, (nbody, nv).
        damping: of the speeds, (nv,) [N m s].
        implicit: share of damping taken implicitly x control step [s].
        mass: [kg]; gravity: (3,) [m/s^2].
    """

    couplings: Couplings
    muscles: Muscles
    column: np.ndarray
    is_free: np.ndarray
    mass_rows: np.ndarray
    mass_columns: np.ndarray
    moment_rows: np.ndarray
    moment_columns: np.ndarray
    above: np.ndarray
    damping: np.ndarray
    implicit: float
    mass: float
    gravity: np.ndarray


class Motion(NamedTuple):
    """inertia @ acceleration = pull @ activation + rest + (forces of contact), at one instant.

    Attributes as those of `biomimic.control.dynamics.Dynamics`.
    """

    expand: jnp.ndarray  # G, (nv, I)
    drift: jnp.ndarray  # (nv,)
    speed: jnp.ndarray  # (I,)
    mass_matrix: jnp.ndarray  # (I, I)
    inertia: jnp.ndarray  # (I, I)
    pull: jnp.ndarray  # (I, n)
    passive: jnp.ndarray  # (I,)
    rest: jnp.ndarray  # (I,)
    com: jnp.ndarray  # (3,)
    com_speed: jnp.ndarray  # (3,)
    com_jacobian: jnp.ndarray  # (3, I)
    com_drift: jnp.ndarray  # (3,)


def frame(embodiment: Embodiment, dt: float, damping: float) -> Frame:
    """Constants of a body; `damping` is the share that is taken implicitly over a control step of dt [s]."""
    model, couplings = embodiment.model, embodiment.couplings
    column, is_free = np.zeros(model.nv, int), np.zeros(model.nv, bool)
    column[couplings.independent] = np.arange(len(couplings.independent))
    column[couplings.dependent] = couplings.driver_column
    is_free[couplings.independent] = True
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    above = np.zeros((model.nbody, model.nv), bool)
    for body in range(1, model.nbody):
        first = model.body_dofadr[body]
        above[body] = above[model.body_parentid[body]]
        above[body, first : first + model.body_dofnum[body]] = True
    return Frame(
        couplings=couplings,
        muscles=Muscles(model),
        column=column,
        is_free=is_free,
        mass_rows=np.repeat(np.arange(model.nv), model.M_rownnz),
        mass_columns=model.M_colind.copy(),
        moment_rows=np.repeat(np.arange(model.nu), data.moment_rownnz),
        moment_columns=data.moment_colind.ravel()[: data.moment_rownnz.sum()].copy(),
        above=above,
        damping=model.dof_damping.copy(),
        implicit=damping * dt,
        mass=float(model.body_mass.sum()),
        gravity=model.opt.gravity.copy(),
    )


def motion(frame: Frame, view) -> Motion:
    """Equations of motion of one body whose view carries `Dynamics`."""
    c, size = frame.couplings, len(frame.couplings.independent)
    speed = view.qvel[c.independent]
    slope, curvature = _slopes(c, view.qpos)
    factor = jnp.ones(c.nv, view.qvel.dtype).at[c.dependent].set(slope)
    expand = jnp.zeros((c.nv, size), view.qvel.dtype).at[np.arange(c.nv), frame.column].set(factor)
    drift = jnp.zeros(c.nv, view.qvel.dtype).at[c.dependent].set(curvature * speed[c.driver_column] ** 2)
    full = jnp.zeros((c.nv, c.nv), view.qvel.dtype)
    full = full.at[frame.mass_rows, frame.mass_columns].set(view.dynamics.mass_matrix)
    full = full + jnp.tril(full, -1).T
    mass_matrix = expand.T @ full @ expand
    entries = view.dynamics.moment * factor[frame.moment_columns]
    arms = jnp.zeros((len(view.muscle_length), size), view.qvel.dtype)
    arms = arms.at[frame.moment_rows, frame.column[frame.moment_columns]].add(entries)
    gain, bias, steep = law(frame.muscles, view.muscle_length, view.muscle_speed)
    passive = bias @ arms
    braking = (expand.T * frame.damping) @ expand + (arms.T * (-steep * view.activation)) @ arms
    jacobian = full[:3] / frame.mass
    return Motion(
        expand=expand,
        drift=drift,
        speed=speed,
        mass_matrix=mass_matrix,
        inertia=mass_matrix + frame.implicit * braking,
        pull=(arms * gain[:, None]).T,
        passive=passive,
        rest=expand.T @ (view.dynamics.passive - view.dynamics.bias - full @ drift) + passive,
        com=view.centre,
        com_speed=jacobian @ view.qvel,
        com_jacobian=jacobian @ expand,
        com_drift=view.dynamics.bias[:3] / frame.mass + frame.gravity + jacobian @ drift,
    )


def points(frame: Frame, view, found: Motion, place: jnp.ndarray, body: np.ndarray):
    """Jacobians (P, 3, I), velocities (P, 3) and velocity-caused accelerations (P, 3) of points that move with bodies.

    Args:
        frame: constants of the body.
        view: of one body.
        found: its equations of motion.
        place: (P, 3) in the world [m].
        body: (P,) bodies they are fixed to.
    """
    axes, change = view.dynamics.cdof, view.dynamics.cdof_dot
    offset = place - view.centre
    carried = view.cvel[body]
    velocity = carried[:, 3:] + jnp.cross(carried[:, :3], offset)
    along = jnp.cross(axes[None, :, :3], offset[:, None]) + axes[None, :, 3:]
    bend = jnp.cross(change[None, :, :3], offset[:, None]) + change[None, :, 3:]
    bend = bend + jnp.cross(axes[None, :, :3], velocity[:, None])
    above = frame.above[body][:, :, None]
    along, bend = jnp.where(above, along, 0.0), jnp.where(above, bend, 0.0)
    drift = jnp.einsum("pvi,v->pi", bend, view.qvel) + jnp.einsum("pvi,v->pi", along, found.drift)
    return jnp.einsum("pvi,vj->pij", along, found.expand), velocity, drift


def law(muscles: Muscles, length: jnp.ndarray, speed: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray, jnp.ndarray]:
    """Gain and bias [N] and the gain's slope over speed [N s/m], (n,) each: `Muscles.law` in JAX."""
    m = muscles
    fibre = m.offset + (length - m.shortest) / m.optimal
    fast = m.optimal * m.fastest
    rate = speed / fast
    peak = m.force * _active(fibre, m.low, m.high)
    limit = m.eccentric - 1
    slow = jnp.clip(rate, -1, 0)
    over = (limit - jnp.clip(rate, 0, limit)) / limit
    factor = jnp.where(rate <= 0, (slow + 1) ** 2, m.eccentric - limit * over**2)
    slope = jnp.where(rate <= 0, 2 * (slow + 1), 2 * over)
    passive = m.passive_offset + (length - m.shortest) / m.passive_optimal
    strain = jnp.maximum(passive - 1, 0) / (m.passive_knee - 1)
    pull = jnp.where(strain <= 1, 0.5 * strain**2, strain - 0.5)
    return -peak * factor, -m.passive_force * m.passive_share * pull, -peak * slope / fast


def _active(fibre: jnp.ndarray, low: np.ndarray, high: np.ndarray) -> jnp.ndarray:
    """MuJoCo's active force-length curve, 0 to 1."""
    below, above = 0.5 * (low + 1), 0.5 * (1 + high)
    rising = 0.5 * ((fibre - low) / (below - low)) ** 2
    left = 1 - 0.5 * ((1 - fibre) / (1 - below)) ** 2
    right = 1 - 0.5 * ((fibre - 1) / (above - 1)) ** 2
    falling = 0.5 * ((high - fibre) / (high - above)) ** 2
    curve = jnp.where(fibre <= below, rising, jnp.where(fibre <= 1, left, jnp.where(fibre <= above, right, falling)))
    return jnp.where((fibre < low) | (fibre > high), 0.0, curve)


def _slopes(couplings: Couplings, qpos: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
    """First and second derivative of each dependent joint by its driver, (D,) each."""
    x = qpos[couplings.driver_qpos] - couplings.driver_reference
    c = couplings.coefficients
    slope = c[1] + x * (2.0 * c[2] + x * (3.0 * c[3] + x * (4.0 * c[4])))
    return slope, 2.0 * c[2] + x * (6.0 * c[3] + x * (12.0 * c[4]))
