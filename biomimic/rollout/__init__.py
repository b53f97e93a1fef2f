"""Rollout: a controller, a body and a target in physics → Recording, in the form of a measured trial."""

from dataclasses import replace

from biomimic import config, control
from biomimic.embodiment import load
from biomimic.errors import BadRun
from biomimic.motion import Trajectory
from biomimic.recording import Recording
from biomimic.rollout.loop import Controller, simulate
from biomimic.rollout.plan import DIRECTIONS, Plan, Push
from biomimic.run import Run

__all__ = ["DIRECTIONS", "Controller", "Plan", "Push", "rollout", "simulate"]


def rollout(run: Run, target: Trajectory, plan: Plan) -> Recording:
    """One trial of a run on MuJoCo C; the same arguments give the same bytes.

    Args:
        run: names the body, its muscle parameters and the controller's settings.
        target: what the controller follows, made for the run's body.
        plan: the trial.

    Raises:
        BadRun: the run's controller is no tracker, or the target belongs to another body.
        BadFile, BadValue: the settings are wrong, or the controller cannot follow this target.
    """
    manifest = run.manifest
    if manifest.controller != "tracker":
        raise BadRun(f'Run "{run.name}" has a {manifest.controller} for a controller; this version rolls out trackers.')
    if target.embodiment != manifest.embodiment:
        raise BadRun(
            f'Run "{run.name}" has the body "{manifest.embodiment}", and its target was made for '
            f'"{target.embodiment}"; make the target for this body.'
        )
    body = load(manifest.embodiment, muscle_parameters=manifest.muscle_parameters, timestep=plan.physics_step)
    if target.qpos.shape[1] != body.model.nq:
        raise BadRun(
            f'The target of run "{run.name}" has {target.qpos.shape[1]} coordinates, its body "{body.name}" has '
            f"{body.model.nq}; make the target for this body."
        )
    settings = config.load(control.Settings, run.settings)
    recording = simulate(body, control.build(body, target, settings), plan)
    source = replace(recording.provenance, source=f'run "{run.name}", simulated', sha256=run.identity)
    return replace(recording, provenance=source)
