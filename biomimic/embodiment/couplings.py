"""Joint couplings: dependent coordinates as polynomials of independent ones, with their derivatives.

MuJoCo enforces joint equalities softly; inverse kinematics, reduced dynamics and moment arms need them exactly.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

from biomimic.errors import BadValue

_DEGREE = 4  # of MuJoCo's joint equality polynomial


@dataclass(frozen=True, eq=False)
class Couplings:
    """The joint equalities of a model: nq coordinates, nv speeds, D coupled joints, I independent speeds.

    Attributes:
        independent: speeds that no coupling sets, in the model's order, (I,).
        names: joint of each independent speed (a free joint is listed six times), I names.
        dependent: speeds that a coupling sets, (D,).
    """

    nq: int
    nv: int
    names: tuple[str, ...]
    independent: np.ndarray
    dependent: np.ndarray
    dependent_qpos: np.ndarray  # (D,)
    driver_qpos: np.ndarray  # (D,); a joint fixed by a constant is its own driver with coefficients of zero
    driver_column: np.ndarray  # (D,) column of the driver among the independent speeds
    dependent_reference: np.ndarray  # (D,)
    driver_reference: np.ndarray  # (D,)
    coefficients: np.ndarray  # (_DEGREE + 1, D), constant first
    selection: np.ndarray  # (nv, I) jacobian with all couplings at rest

    @classmethod
    def of(cls, model: mujoco.MjModel) -> "Couplings":
        """The couplings of a compiled model.

        Raises:
            BadValue: a coupled joint drives another one, or is coupled twice.
        """
        joints = [k for k in range(model.neq) if model.eq_type[k] == mujoco.mjtEq.mjEQ_JOINT and model.eq_active0[k]]
        first = model.eq_obj1id[joints].astype(int)
        second = model.eq_obj2id[joints].astype(int)
        dependent = model.jnt_dofadr[first].astype(int)
        if len(set(first)) != len(first) or set(first) & set(second):
            both = sorted(model.joint(j).name for j in set(first) & set(second))
            raise BadValue(
                f"The joint couplings of this model form a chain or set a joint twice ({', '.join(both)}); "
                "only joints that depend directly on an independent joint are supported."
            )
        independent = np.setdiff1d(np.arange(model.nv), dependent)
        fixed = second < 0
        column = np.searchsorted(independent, model.jnt_dofadr[np.where(fixed, 0, second)])
        coefficients = model.eq_data[joints, : _DEGREE + 1].T.copy()
        coefficients[1:, fixed] = 0.0
        driver = model.jnt_qposadr[np.where(fixed, first, second)].astype(int)
        selection = np.zeros((model.nv, len(independent)))
        selection[independent, np.arange(len(independent))] = 1.0
        return cls(
            nq=model.nq,
            nv=model.nv,
            names=tuple(model.joint(j).name for j in model.dof_jntid[independent]),
            independent=independent,
            dependent=dependent,
            dependent_qpos=model.jnt_qposadr[first].astype(int),
            driver_qpos=driver,
            driver_column=np.where(fixed, 0, column),
            dependent_reference=model.qpos0[model.jnt_qposadr[first]],
            driver_reference=model.qpos0[driver],
            coefficients=coefficients,
            selection=selection,
        )

    def column(self, joint: str) -> int:
        """Column of an independent one-axis joint among the independent speeds."""
        return self.names.index(joint)

    def expand(self, qpos: np.ndarray) -> np.ndarray:
        """A copy of the coordinates in which every dependent joint follows its driver, (..., nq) -> (..., nq)."""
        full = np.array(qpos, dtype=float)
        x = full[..., self.driver_qpos] - self.driver_reference
        c = self.coefficients
        full[..., self.dependent_qpos] = (
            self.dependent_reference + c[0] + x * (c[1] + x * (c[2] + x * (c[3] + x * c[4])))
        )
        return full

    def residual(self, qpos: np.ndarray) -> np.ndarray:
        """How far each dependent joint is from its coupling, (..., nq) -> (..., D) [m or rad]."""
        qpos = np.asarray(qpos, dtype=float)
        return (qpos - self.expand(qpos))[..., self.dependent_qpos]

    def slope(self, qpos: np.ndarray) -> np.ndarray:
        """Derivative of each dependent joint by its driver, (..., nq) -> (..., D)."""
        x = np.asarray(qpos)[..., self.driver_qpos] - self.driver_reference
        c = self.coefficients
        return c[1] + x * (2.0 * c[2] + x * (3.0 * c[3] + x * (4.0 * c[4])))

    def jacobian(self, qpos: np.ndarray) -> np.ndarray:
        """G with v = G v_independent, (nq,) -> (nv, I)."""
        jacobian = self.selection.copy()
        jacobian[self.dependent, self.driver_column] = self.slope(qpos)
        return jacobian

    def drift(self, qpos: np.ndarray, speed: np.ndarray) -> np.ndarray:
        """The part of the acceleration that speed alone causes, dG/dt v_independent, (nq,), (I,) -> (nv,).

        `speed` holds the independent speeds; with it a = G a_independent + drift.
        """
        x = qpos[self.driver_qpos] - self.driver_reference
        c = self.coefficients
        drift = np.zeros(self.nv)
        curvature = 2.0 * c[2] + x * (6.0 * c[3] + x * (12.0 * c[4]))
        drift[self.dependent] = curvature * speed[self.driver_column] ** 2
        return drift
