"""The full body, the walk that ships and its tracker, loaded once; every JAX number here is float64."""

from pathlib import Path

import jax
import pytest

from biomimic import config, control, embodiment
from biomimic.motion import Trajectory
from biomimic.training import layer

SHIPPED = Path(__file__).parents[3] / "training/run42"


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def walker():
    return embodiment.load("myofullbody", muscle_parameters="corrected-trunk", timestep=0.002)


@pytest.fixture(scope="session")
def target() -> Trajectory:
    return Trajectory.load(SHIPPED / "target.npz")


@pytest.fixture(scope="session")
def settings() -> control.Settings:
    return config.load(control.Settings, SHIPPED / "settings.toml")


@pytest.fixture(scope="session")
def built(walker, target, settings) -> layer.Layer:
    return layer.build(walker, target, settings)
