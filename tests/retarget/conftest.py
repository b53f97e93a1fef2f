"""A person who walks in closed form, and one who walks as the shipped curves say; the body, loaded once."""

from pathlib import Path

import numpy as np
import pytest

from biomimic import embodiment, reference
from biomimic.provenance import Provenance
from biomimic.recording import Recording
from biomimic.signals import Signals

SIDES = ("right", "left")
PERIOD = 1.1  # [s]
STRIKE = 0.3  # [s] right heel strike; the left foot follows half a period later
SPEED = 1.3  # [m/s]
PEAK = 900.0  # [N] of each half sine of vertical force
STANCE = 0.62  # of the cycle
RAW = Path(__file__).parents[2] / "../shared/data/rajagopal2016-walk"


def vertical(time: np.ndarray, strike: float) -> np.ndarray:
    """Half sines over stance, zero in swing [N]."""
    own = (time - strike) / PERIOD % 1.0
    return np.where(own < STANCE, PEAK * np.sin(np.pi * np.minimum(own / STANCE, 1.0)), 0.0)


@pytest.fixture
def closed_form() -> Recording:
    """Angles that are sines of the phase; the pelvis walks 10 degrees to the left of x; two half sines of force."""
    time = np.arange(0.45, 1.85, 0.005)
    phase = 2.0 * np.pi * (time - STRIKE) / PERIOD
    angles = Signals(time, np.column_stack([0.3 * np.sin(phase), 0.1 + 0.2 * np.cos(2.0 * phase)]), ("a", "b"), "rad")
    ahead, aside = np.cos(np.deg2rad(10.0)), np.sin(np.deg2rad(10.0))
    along = SPEED * time + 0.02 * np.sin(2.0 * phase)
    across = 0.03 * np.cos(phase)
    pelvis = np.column_stack([ahead * along - aside * across, aside * along + ahead * across, 0.9 + 0.0 * time])
    clock = np.arange(0.0, 2.6, 0.001)
    loads = {}
    for side, strike in zip(SIDES, (STRIKE, STRIKE + PERIOD / 2.0)):
        load = vertical(clock, strike)
        loads |= {f"vertical_{side}": load, f"anterior_{side}": 0.1 * load, f"lateral_{side}": 0.05 * load}
    return Recording(
        "measured",
        "closed form",
        70.0,
        Provenance("made by this test"),
        angles=angles,
        force=Signals(clock, np.column_stack(list(loads.values())), tuple(loads), "N"),
        position=Signals(time, pelvis, ("pelvis_x", "pelvis_y", "pelvis_z"), "m"),
    )


@pytest.fixture(scope="session")
def shipped() -> Recording:
    """The curves of rajagopal2016_walking, repeated for three strides at 200 Hz; the pelvis moves on evenly."""
    data = reference.load("rajagopal2016_walking")
    period, offset = data.figure("stride_time", "right").mean, data.figure("step_time", "left").mean
    time = np.arange(0.0, 3.0 * period, 0.005)
    moved = {"right": 0.0, "left": offset}

    def repeated(quantity: str, scale: float, unit: str) -> Signals:
        table = {}
        for side in ("left", "right"):  # what has no side comes from the right one
            strides = data.strides(quantity, side)
            at = 100.0 * ((time - moved[side]) / period % 1.0)
            for name, curve in zip(strides.names, strides.values[0].T):
                label = name if name.startswith(("pelvis", "lumbar")) else f"{name}_{side}"
                table[label] = scale * np.interp(at, np.arange(101), curve)
        return Signals(time, np.column_stack(list(table.values())), tuple(table), unit)

    tables = {
        "angles": repeated("angles", 1.0, "rad"),
        "force": repeated("force", data.mass * 9.80665, "N"),
        "moment": repeated("moment", data.mass, "N m"),
    }
    pelvis = np.column_stack([data.figure("speed").mean * time, 0.0 * time, 0.975 + 0.0 * time])
    position = Signals(time, pelvis, ("pelvis_x", "pelvis_y", "pelvis_z"), "m")
    return Recording("measured", "shipped", data.mass, data.provenance, position=position, **tables)


@pytest.fixture(scope="session")
def body() -> embodiment.Embodiment:
    return embodiment.load("myofullbody")


@pytest.fixture
def raw() -> Path:
    if not RAW.is_dir():
        pytest.skip(f"the raw files of the Rajagopal 2016 walk are not at {RAW}")
    return RAW
