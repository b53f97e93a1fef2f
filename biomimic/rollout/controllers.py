"""The controller of a run, put together with its body and its target: a tracker or a policy."""

from biomimic import config, control, embodiment
from biomimic.embodiment import Embodiment
from biomimic.errors import BadRun
from biomimic.motion import Trajectory
from biomimic.rollout.loop import Controller
from biomimic.rollout.plan import Plan
from biomimic.run import Run


def body(run: Run, target: Trajectory, plan: Plan) -> Embodiment:
    """The body of a run, compiled with the plan's physics step.

    Raises:
        BadRun: the target was made for another body.
    """
    manifest = run.manifest
    if target.embodiment != manifest.embodiment:
        raise BadRun(
            f'Run "{run.name}" has the body "{manifest.embodiment}", and its target was made for '
            f'"{target.embodiment}"; make the target for this body.'
        )
    found = embodiment.load(
        manifest.embodiment, muscle_parameters=manifest.muscle_parameters, timestep=plan.physics_step
    )
    if target.qpos.shape[1] != found.model.nq:
        raise BadRun(
            f'The target of run "{run.name}" has {target.qpos.shape[1]} coordinates, its body "{found.name}" has '
            f"{found.model.nq}; make the target for this body."
        )
    return found


def build(run: Run, embodiment: Embodiment, target: Trajectory) -> Controller:
    """The controller that the run names.

    Args:
        run: with settings, or with a recipe and parameters.
        embodiment: its body, from `body`.
        target: what is followed.

    Raises:
        BadFile, BadValue, BadRun: the settings or parameters are wrong, or the controller cannot follow this target.
    """
    if run.manifest.controller == "tracker":
        return control.build(embodiment, target, config.load(control.Settings, run.settings))
    from biomimic.rollout import policy  # needs JAX, which a tracker's users do not wait for

    return policy.build(embodiment, run, target)
