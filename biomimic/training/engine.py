"""Engines of training: many bodies of one model, advanced together by one control step."""

from typing import NamedTuple, Protocol

import mujoco
import numpy as np

from biomimic.errors import BadValue, unknown
from biomimic.training.view import BodyView

CONTROL_STEP = 0.01  # [s]
KINDS = ("mujoco", "warp", "warp_cpu")


class Physics(NamedTuple):
    """All that decides the future of B bodies beside their excitation.

    Attributes:
        qpos: (B, nq).
        qvel: (B, nv).
        activation: (B, na).
        warmstart: acceleration from which the solver starts, (B, nv); zeros do.
    """

    qpos: np.ndarray
    qvel: np.ndarray
    activation: np.ndarray
    warmstart: np.ndarray


class Engine(Protocol):
    """B bodies. The state is passed through: what a call returns is what the next one takes.

    A traced engine computes from its arguments alone and may be called under `jax.jit` and `jax.lax.scan`. Another one
    keeps the state itself, in double precision: it takes the Physics of its last answer, checks that it is that, and
    what was cast to float32 on the way loses nothing.
    """

    size: int  # B
    is_traced: bool
    is_dynamic: bool  # views carry Dynamics

    def reset(self, physics: Physics | None, chosen: np.ndarray, start: Physics) -> tuple[Physics, BodyView]:
        """Put the chosen bodies (B,) into the start, with no excitation; the others stay as they are.

        `physics` is None to begin anew, when all must be chosen. Only chosen rows of the view mean something: the
        caller keeps the view of the others.
        """

    def step(
        self, physics: Physics, excitation: np.ndarray, push: np.ndarray | None = None
    ) -> tuple[Physics, BodyView]:
        """One control step with excitations (B, nu) in [0, 1], and forces (B, 3) [N] at the origin of a free root.

        A body that fails (a state that is not finite or beyond all bounds) is never put back in secret: its view is
        not sound (`view.is_sound`), and it must be reset.
        """

    def save(self, physics: Physics) -> Physics:
        """NumPy arrays from which `put` goes on as if nothing had been between."""

    def overflow(self) -> dict[str, int]:
        """Bodies whose capacity for contacts or constraints did not suffice since the engine was made, by what lacked.

        Their view is not sound in the step in which it happens. Empty for MuJoCo C, whose capacity grows.
        """

    def put(self, saved: Physics) -> Physics:
        """Go on from a saved state: the next step has the same bits as without the interruption."""


def load(model: mujoco.MjModel, size: int, *, kind: str = "mujoco", threads: int = 0, dynamics: bool = False) -> Engine:
    """An engine for bodies of one model.

    Args:
        model: its time step divides the control step; it is not written to.
        size: number of bodies.
        kind: "mujoco", MuJoCo C on threads; "warp", MuJoCo Warp on a CUDA device; "warp_cpu", the same code on the
            processor, 10 to 50 times slower than MuJoCo C: for tests.
        threads: of MuJoCo C; 0: one per processor.
        dynamics: views carry Dynamics.

    Raises:
        UnknownName: no such kind.
        BadValue: no bodies, a time step that does not divide the control step, or CUDA asked for where there is none.
    """
    substeps(model)
    if size < 1:
        raise BadValue(f"{size} bodies were asked for; an engine needs at least 1.")
    if threads < 0:
        raise BadValue(f"{threads} threads were asked for; it must be 0 (one per processor) or more.")
    if kind == "mujoco":
        from biomimic.training.engine_mujoco import MujocoEngine

        return MujocoEngine(model, size, threads=threads, dynamics=dynamics)
    if kind in ("warp", "warp_cpu"):
        from biomimic.training.engine_warp import WarpEngine

        return WarpEngine(model, size, device="cuda" if kind == "warp" else "cpu", dynamics=dynamics)
    raise unknown("engine", kind, KINDS)


def substeps(model: mujoco.MjModel) -> int:
    """Physics steps in a control step.

    Raises:
        BadValue: the time step does not divide the control step.
    """
    count = round(CONTROL_STEP / model.opt.timestep)
    if count < 1 or not np.isclose(count * model.opt.timestep, CONTROL_STEP, rtol=1e-9, atol=0.0):
        raise BadValue(
            f"The body was compiled with a physics step of {model.opt.timestep:g} s, which does not divide the control "
            f"step of {CONTROL_STEP:g} s; compile it with 0.002 s."
        )
    return count


def standing(model: mujoco.MjModel, size: int) -> Physics:
    """All bodies at rest in the model's own pose with relaxed muscles."""
    return Physics(
        np.tile(model.qpos0, (size, 1)),
        np.zeros((size, model.nv)),
        np.zeros((size, model.na)),
        np.zeros((size, model.nv)),
    )
