"""Rollout: a controller, a body and a target in physics → Recording, in the form of a measured trial."""

from dataclasses import replace

from biomimic.motion import Trajectory
from biomimic.recording import Recording
from biomimic.rollout import controllers
from biomimic.rollout.loop import Controller, simulate
from biomimic.rollout.plan import DIRECTIONS, Plan, Push
from biomimic.run import Run

__all__ = ["DIRECTIONS", "Controller", "Plan", "Push", "rollout", "simulate"]


def rollout(run: Run, target: Trajectory, plan: Plan) -> Recording:
    """One trial of a run on MuJoCo C; the same arguments give the same bytes.

    Args:
        run: names the body, its muscle parameters and the controller: a tracker with settings, or a policy.
        target: what the controller follows, made for the run's body.
        plan: the trial.

    Raises:
        BadRun: the target belongs to another body, or the parameters to another network.
        BadFile, BadValue: the settings are wrong, or the controller cannot follow this target.
    """
    body = controllers.body(run, target, plan)
    recording = simulate(body, controllers.build(run, body, target), plan)
    source = replace(recording.provenance, source=f'run "{run.name}", simulated', sha256=run.identity)
    return replace(recording, provenance=source)
