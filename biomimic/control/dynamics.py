"""Equations of motion in the independent speeds, affine in muscle activation and contact force, at one instant."""

import mujoco
import numpy as np

from biomimic.control.muscles import Muscles
from biomimic.embodiment import Embodiment


class Dynamics:
    """inertia @ acceleration = pull @ activation + rest + (forces of contact), at the state of the last `update`.

    Joint and muscle damping can be taken implicitly: `inertia` then holds, beside the mass matrix, the control step
    times a share of the damping. Without it the foot, which is light, realises a fraction of what is planned.

    Attributes (after `update`), I independent speeds, n muscles:
        expand: G with v = G v_independent, (nv, I).
        drift: acceleration that speed alone causes through the couplings, (nv,).
        speed: independent speeds, (I,).
        mass_matrix: reduced, (I, I).
        inertia: with implicit damping, (I, I).
        pull: generalised force per unit of activation, (I, n) [N m or N].
        passive: generalised force of the muscles without activation, (I,).
        rest: all force that does not depend on the unknowns, (I,).
        com, com_speed: (3,) [m], [m/s]; com_jacobian: (3, I); com_drift: (3,) [m/s^2].
    """

    def __init__(self, embodiment: Embodiment, dt: float, damping: float) -> None:
        self.model = embodiment.model
        self.couplings = embodiment.couplings
        self.muscles = Muscles(self.model)
        self.mass = float(self.model.body_mass.sum())
        self._damping = damping * dt
        self._full = np.zeros((self.model.nv, self.model.nv))
        self._arms = np.zeros((self.model.nu, self.model.nv))
        self._jacobian, self._change = np.zeros((3, self.model.nv)), np.zeros((3, self.model.nv))

    def update(self, data: mujoco.MjData) -> None:
        """Read the state, whose position and velocity stages are done (`mj_step1`)."""
        model, full = self.model, self._full
        self.data = data
        self.speed = data.qvel[self.couplings.independent]
        self.expand = G = self.couplings.jacobian(data.qpos)
        self.drift = self.couplings.drift(data.qpos, self.speed)
        mujoco.mj_fullM(model, data, full)
        self.mass_matrix = G.T @ full @ G
        mujoco.mju_sparse2dense(
            self._arms, data.actuator_moment.ravel(), data.moment_rownnz, data.moment_rowadr, data.moment_colind.ravel()
        )
        arms = self._arms @ G
        gain, bias, slope = self.muscles.law(data.actuator_length, data.actuator_velocity)
        self.pull = (arms * gain[:, None]).T
        self.passive = arms.T @ bias
        braking = (G.T * model.dof_damping) @ G + (arms.T * (-slope * data.act)) @ arms
        self.inertia = self.mass_matrix + self._damping * braking
        self.rest = G.T @ (data.qfrc_passive - data.qfrc_bias - full @ self.drift) + self.passive
        # Rows of the root's translation: mass x acceleration of the centre of mass.
        jacobian = full[:3] / self.mass
        self.com = data.subtree_com[1].copy()
        self.com_speed = jacobian @ data.qvel
        self.com_jacobian = jacobian @ G
        self.com_drift = data.qfrc_bias[:3] / self.mass + model.opt.gravity + jacobian @ self.drift

    def point(self, position: np.ndarray, body: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Jacobian (3, I), velocity (3,) and velocity-caused acceleration (3,) of a point that moves with a body."""
        mujoco.mj_jac(self.model, self.data, self._jacobian, None, position, body)
        mujoco.mj_jacDot(self.model, self.data, self._change, None, position, body)
        qvel = self.data.qvel
        return (
            self._jacobian @ self.expand,
            self._jacobian @ qvel,
            self._change @ qvel + self._jacobian @ self.drift,
        )


class Tasks:
    """A sum of weighted squares |J a - wanted|^2 over the independent accelerations a, as one quadratic form."""

    def __init__(self, size: int) -> None:
        self.weight = np.zeros((size, size))
        self.slope = np.zeros(size)

    def add(self, jacobian: np.ndarray, wanted: np.ndarray, weight: np.ndarray) -> None:
        """Rows (r, I) with wanted accelerations (r,) and weights (r,)."""
        weighted = jacobian.T * weight
        self.weight += weighted @ jacobian
        self.slope += weighted @ wanted

    def add_square(self, weight: np.ndarray, wanted: np.ndarray) -> None:
        """A full symmetric weight (I, I) on the accelerations themselves."""
        self.weight += weight
        self.slope += weight @ wanted

    def add_entries(self, entries: np.ndarray, wanted: np.ndarray, weight: np.ndarray) -> None:
        """Single accelerations, by index (k,)."""
        self.weight[entries, entries] += weight
        self.slope[entries] += weight * wanted
