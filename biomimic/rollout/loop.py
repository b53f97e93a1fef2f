"""The loop: physics, a controller at its own rate, and what is kept of both."""

from typing import Protocol

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.recording import Recording
from biomimic.rollout.log import Log
from biomimic.rollout.plan import DIRECTIONS, Plan

# Below this share of its height at the start, a landmark has fallen; walking lowers neither by more than a tenth.
FALLEN = {"pelvis": 0.7, "head": 0.75}
_BROKEN = (mujoco.mjtWarning.mjWARN_BADQPOS, mujoco.mjtWarning.mjWARN_BADQVEL, mujoco.mjtWarning.mjWARN_BADQACC)


class Controller(Protocol):
    """What drives the muscles: a tracker or a policy."""

    dt: float  # control step [s]

    def start(self, data: mujoco.MjData, phase: float) -> None:
        """Write qpos, qvel and act of a phase in [0, 1), and forget what was before."""

    def excitations(self, data: mujoco.MjData) -> np.ndarray:
        """Excitations (nu,) for the coming control step; called after `mj_step1`."""


def simulate(embodiment: Embodiment, controller: Controller, plan: Plan) -> Recording:
    """One trial on MuJoCo C: the same arguments give the same bytes.

    Forces are kept at every physics step, states at every control step, all with the time of the state they belong to.
    The acceleration of the centre of mass pairs with the forces: a_k = (v_k+1 - v_k) / dt. The trial ends at a fall:
    when pelvis or head are below a share of their height at the start, or the state is not finite.

    Args:
        embodiment: compiled with the plan's physics step; its model is not written to.
        controller: its control step is the plan's.
        plan: the trial.

    Raises:
        BadValue: the steps do not agree, the controller's start is not finite, or the first control step already fails.

    Source:
        momentum for the pairing: after a step of MuJoCo the contacts still belong to the state before integration.
    """
    model = embodiment.model
    _check_steps(model, controller, plan)
    data = mujoco.MjData(model)
    controller.start(data, plan.phase)
    if not (np.isfinite(data.qpos).all() and np.isfinite(data.qvel).all() and np.isfinite(data.act).all()):
        raise BadValue(f"The controller's start at phase {plan.phase:g} is not finite; check its target.")
    log, watch, pushes = Log(embodiment, plan), _Watch(embodiment), _Pushes(embodiment, plan)
    rows, fall = plan.control_steps, None
    steps, substeps = plan.steps, plan.substeps
    for step in range(steps + 1):
        mujoco.mj_step1(model, data)
        log.speed(step, data)
        row, within = divmod(step, substeps)
        if within == 0:
            end = watch.end(row, data)
            if end is None and step < steps and not _drive(data, controller):
                end = row
            if end is not None:
                rows, fall = end, end * plan.control_step
                break
            if step == steps:
                break
            log.state(row, data)
        pushes.apply(step, data)
        mujoco.mj_step2(model, data)
        log.physics(step, data)
    if rows == 0:
        raise BadValue(
            f'Trial "{plan.trial}" is not finite within its first control step; check the start, the excitations and '
            f"the physics step of {plan.physics_step:g} s."
        )
    return log.recording(rows, fall)


def _drive(data: mujoco.MjData, controller: Controller) -> bool:
    """Set the excitations; False if they are no numbers."""
    excitations = controller.excitations(data)
    data.ctrl[:] = excitations
    return bool(np.isfinite(excitations).all())


class _Watch:
    """Sees a fall."""

    def __init__(self, embodiment: Embodiment) -> None:
        model = embodiment.model
        watched = [name for name in FALLEN if name in embodiment.landmarks]
        self._bodies = [model.body(embodiment.landmarks[name].body).id for name in watched]
        self._share = np.array([FALLEN[name] for name in watched])
        self._up = embodiment.house[2]
        self._least = None

    def end(self, row: int, data: mujoco.MjData) -> int | None:
        """Control steps that count if the trial ends before this one, else None."""
        height = data.xpos[self._bodies] @ self._up
        if self._least is None:
            self._least = self._share * height
        if any(data.warning[kind].number for kind in _BROKEN):
            return max(row - 1, 0)  # the engine has put the body back to its initial pose since
        return row if (height < self._least).any() else None


class _Pushes:
    """Applies the push of a plan, and nothing else."""

    def __init__(self, embodiment: Embodiment, plan: Plan) -> None:
        self._body = embodiment.model.body(embodiment.landmarks["pelvis"].body).id
        self._first = self._last = -1
        if plan.push:
            self._first = round(plan.push.at / plan.physics_step)
            self._last = round((plan.push.at + plan.push.duration) / plan.physics_step)
            self._force = plan.push.force * embodiment.to_model(np.array(DIRECTIONS[plan.push.direction]))

    def apply(self, step: int, data: mujoco.MjData) -> None:
        """Switch the push on at its first physics step and off after its last."""
        if step == self._last:
            data.xfrc_applied[self._body] = 0.0
        elif step == self._first:
            data.xfrc_applied[self._body, :3] = self._force


def _check_steps(model: mujoco.MjModel, controller: Controller, plan: Plan) -> None:
    for what, found, wanted in (
        ("body was compiled with a physics step", model.opt.timestep, plan.physics_step),
        ("controller has a control step", controller.dt, plan.control_step),
    ):
        if not np.isclose(found, wanted, rtol=1e-9, atol=0.0):
            raise BadValue(f"The {what} of {found:g} s, and {wanted:g} s was planned; make both the same.")
