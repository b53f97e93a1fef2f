"""run42 through OpenSim: its inverse dynamics beside MuJoCo's own moments."""

import pytest

from biomimic import embodiment
from biomimic.lab import compare
from biomimic.motion import Trajectory
from biomimic.rollout import Plan, rollout
from biomimic.run import open_run

pytestmark = pytest.mark.slow
JOINTS = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")


def test_moments_of_run42_are_mujoco_s_own(with_opensim, tmp_path):
    """4 s of walking: peaks within 10 %, r above 0.98 over 400 samples of one trial.

    Ceiling 1, the body and its motion being the same; null: one of both half a stride later, below 0.5.
    """
    run = open_run("run42")
    recording = rollout(run, Trajectory.load(run.target), Plan("four seconds", 4.0, 0.0))
    body = embodiment.load("myofullbody")
    found = {one.angle: one for one in compare.inverse_dynamics(recording, body, tmp_path)}
    for one in (found[f"{joint}_{side}"] for joint in JOINTS for side in ("right", "left")):
        assert one.r > 0.98 and one.null < 0.5, one
        assert one.peak_difference < 0.10, one
        assert abs(one.largest[0] - one.largest[1]) < 0.10 * abs(one.largest[1]), one
        assert abs(one.smallest[0] - one.smallest[1]) < 0.10 * abs(one.smallest[1]), one
