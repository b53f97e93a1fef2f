"""The engine on MuJoCo C: bodies on a pool of threads, in double precision, the same bits at any number of threads."""

import copy

import mujoco
import numpy as np
from mujoco.batch import Batch, SimulationError

from biomimic.errors import BadValue
from biomimic.training.engine import Physics, substeps
from biomimic.training.view import DYNAMICS, BodyView, collect

_STATE = ("qpos", "qvel", "act", "qacc_warmstart")  # in the order of Physics
_SHOWN = (
    *("actuator_length", "actuator_velocity", "actuator_force", "sensordata", "xpos", "xmat", "cvel"),
    *("subtree_com", "qfrc_constraint"),
)
_BROKEN = [int(getattr(mujoco.mjtWarning, f"mjWARN_BAD{what}")) for what in ("QPOS", "QVEL", "QACC")]


class MujocoEngine:
    """Keeps the bodies itself; see `Engine`. Not for use from several threads at once.

    Attributes:
        size: number of bodies.
        is_traced: False.
        is_dynamic: views carry Dynamics.
    """

    def __init__(self, model: mujoco.MjModel, size: int, *, threads: int = 0, dynamics: bool = False) -> None:
        self.size, self.is_traced, self.is_dynamic = size, False, dynamics
        self._substeps = substeps(model)
        self._model = copy.copy(model)
        self._model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        self._batch = Batch(self._model, size, threads, persistent=True)
        self._fields = {name: self._batch.bind(name) for name in (*_STATE, "ctrl", *_SHOWN)}
        self._applied = self._batch.bind("qfrc_applied")
        if dynamics:
            self._fields |= {name: self._batch.bind(name) for name in DYNAMICS}

    def reset(self, physics: Physics | None, chosen: np.ndarray, start: Physics) -> tuple[Physics, BodyView]:
        """See `Engine.reset`; the view of bodies that were not chosen is that of their last call."""
        chosen = np.asarray(chosen, dtype=bool)
        if physics is not None:
            self._check_own(physics)
        elif not chosen.all():
            raise BadValue("A reset without a state, as the first one is, must choose all bodies.")
        self._write(chosen, start)
        if chosen.any():
            self._batch.forward(chosen)
        return self._physics(), self._view(np.zeros(self.size, dtype=bool))

    def step(
        self, physics: Physics, excitation: np.ndarray, push: np.ndarray | None = None
    ) -> tuple[Physics, BodyView]:
        """See `Engine.step`."""
        self._check_own(physics)
        self._fields["ctrl"][:] = np.asarray(excitation)
        self._applied[:, :3] = 0.0 if push is None else np.asarray(push)
        before = self._counts()
        failed = np.zeros(self.size, dtype=bool)
        try:
            self._batch.step(nstep=self._substeps, stage=mujoco.mjtStage.mjSTAGE_VEL.value)
        except SimulationError as error:
            failed[error.ids] = True
        failed |= (self._counts() != before).any(axis=1)
        return self._physics(), self._view(failed)

    def save(self, physics: Physics) -> Physics:
        """See `Engine.save`: copies in double precision of what the engine keeps."""
        self._check_own(physics)
        return self._physics()

    def put(self, saved: Physics) -> Physics:
        """See `Engine.put`."""
        self._write(np.ones(self.size, dtype=bool), saved)
        self._batch.forward(stage=mujoco.mjtStage.mjSTAGE_VEL.value)
        return self._physics()

    def overflow(self) -> dict[str, int]:
        """See `Engine.overflow`."""
        return {}

    def _write(self, chosen: np.ndarray, start: Physics) -> None:
        for name, values in zip(_STATE, start, strict=True):
            field, values = self._fields[name], np.asarray(values)
            if values.shape != field.shape:
                raise BadValue(
                    f"A start with {name} of shape {values.shape} was given; {self.size} of these bodies need "
                    f"{field.shape}."
                )
            field[chosen] = values[chosen]
        self._fields["ctrl"][chosen] = 0.0

    def _check_own(self, physics: Physics | None) -> None:
        own = self._fields["qpos"].astype(np.float32)
        if physics is None or not np.array_equal(np.asarray(physics.qpos, np.float32), own, equal_nan=True):
            raise BadValue(
                "The engine on MuJoCo C was asked to go on from a state that is not its last; give it the Physics of "
                "its last answer, or put the saved state back first."
            )

    def _counts(self) -> np.ndarray:
        """How often the engine has called a body's state bad, by kind, (B, 3)."""
        return self._batch.warning[:, _BROKEN, 1]

    def _physics(self) -> Physics:
        return Physics(*(self._fields[name].copy() for name in _STATE))

    def _view(self, failed: np.ndarray) -> BodyView:
        view = collect(self._model, self._fields.__getitem__, cast=_single, dynamics=self.is_dynamic)
        view.qpos[failed] = np.nan
        return view


def _single(values: np.ndarray) -> np.ndarray:
    return np.array(values, dtype=np.float32)
