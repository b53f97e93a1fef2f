"""The loop around MuJoCo Warp: the steps are one program, and a stop changes nothing there either."""

import pytest

from biomimic import embodiment
from biomimic.training import examples, loop
from biomimic.training.network import Network
from biomimic.training.observation import Blocks
from biomimic.training.optimise import Optimiser
from biomimic.training.point import Training
from biomimic.training.ppo import PPO
from biomimic.training.recipe import Body, Course, Recipe

pytest.importorskip("mujoco_warp", reason='MuJoCo Warp is not here; it comes with the extra "warp"')
RECIPE = Recipe(
    title="a few updates on Warp",
    body=Body("tiny", "tiny", engine="warp_cpu", threads=1),
    course=Course(updates=3, horizon=6, checkpoint_every=1, evaluations=0),
    observation=Blocks(muscle_force=False, steps=1),
    network=Network(hidden=(8,)),
    ppo=PPO(environments=2, unroll=4, minibatches=2),
    optimiser=Optimiser(kind="adam"),
)


class Killed(BaseException):
    """Stands for a kill between two updates."""


@pytest.mark.slow
def test_a_training_on_warp_goes_on_to_the_same_bits(tmp_path):
    targets = list(examples.tiny_targets(embodiment.load("tiny", muscle_parameters="tiny"), 1).values())
    training, told = Training.of(RECIPE, targets), []
    whole = loop.go_on(training, tmp_path / "whole")

    def stop(progress):
        told.append(progress.done)
        if told == [1, 2]:
            raise Killed

    with pytest.raises(Killed):
        loop.go_on(training, tmp_path / "stopped", stop)
    stopped = loop.go_on(training, tmp_path / "stopped", stop)
    assert told == [1, 2, 2, 3]
    assert (stopped.path / "policy.npz").read_bytes() == (whole.path / "policy.npz").read_bytes()
