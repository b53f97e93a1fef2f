"""Data that the tests make themselves: a walk known in closed form."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from biomimic.provenance import Provenance
from biomimic.recording import Recording
from biomimic.signals import Signals

GRAVITY = 9.80665  # [m/s^2]


class AnalyticFacts(NamedTuple):
    """What is known of `analytic_walk` without measuring it.

    With s the share of stance, the vertical force of a foot is A (sin pi s + 1/3 sin 3 pi s) body weights.
    Its maxima lie where cos^2(pi s) = 1/2, at s = 1/4 and 3/4, and are A (1 + 1/3) / sqrt 2; the valley at s = 1/2 is
    2/3 A. Its mean over stance is A 2/pi (1 + 1/9) = A 20/(9 pi), so both feet carry one body weight on average
    if A = 9 pi / (40 stance).
    """

    mass: float = 80.0  # [kg]
    speed: float = 1.25  # [m/s]
    period: float = 1.1  # stride [s]
    stance: float = 0.62  # share of the stride
    first_right: float = 0.30  # contact of the right foot begins [s]; the left one half a stride later
    duration: float = 10.0  # [s]
    braking: float = 0.15  # largest braking and propulsive force [BW], at 25 and 75 % of stance

    @property
    def amplitude(self) -> float:
        """A [BW]."""
        return 9.0 * np.pi / (40.0 * self.stance)

    @property
    def peak(self) -> float:
        """Both maxima of the vertical force, at 25 and 75 % of stance [BW]."""
        return self.amplitude * 4.0 / 3.0 / np.sqrt(2.0)

    @property
    def valley(self) -> float:
        """Minimum of the vertical force between them, at 50 % of stance [BW]."""
        return self.amplitude * 2.0 / 3.0

    def touchdown(self, side: str) -> np.ndarray:
        """Times at which the force of this foot begins to rise from zero [s]."""
        first = self.first_right + (0.0 if side == "right" else 0.5 * self.period)
        times = first + self.period * np.arange(-2, 12)
        return times[(times >= 0) & (times <= self.duration)]

    def phase(self, time: np.ndarray, side: str) -> np.ndarray:
        """Share of the stride of this side, in [0, 1)."""
        first = self.first_right + (0.0 if side == "right" else 0.5 * self.period)
        return ((time - first) / self.period) % 1.0

    def angle(self, name: str, phase: np.ndarray) -> np.ndarray:
        """Angle of a side at a share of its stride [rad]."""
        turn = 2.0 * np.pi * phase
        curves = {
            "hip_flexion": 10.0 + 20.0 * np.cos(turn),
            "knee_flexion": 30.0 - 25.0 * np.cos(turn + 0.5),
            "ankle_dorsiflexion": 3.0 + 10.0 * np.sin(2.0 * turn),
            "hip_adduction": 4.0 * np.sin(turn),
        }
        return np.radians(curves[name])


ANGLES = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion", "hip_adduction")
BURSTS = {"soleus": 0.45, "tibialis_anterior": 0.02, "vastus_lateralis": 0.10}  # share of the stride of the peak


def _angles(facts: AnalyticFacts) -> Signals:
    time = np.arange(int(facts.duration * 100) + 1) / 100.0
    channels = {
        f"{name}_{side}": facts.angle(name, facts.phase(time, side)) for side in ("right", "left") for name in ANGLES
    }
    turn = 2.0 * np.pi * facts.phase(time, "right")
    channels["pelvis_tilt"] = np.radians(8.0 + np.cos(2.0 * turn))
    channels["pelvis_list"] = np.radians(4.0 * np.sin(turn))  # odd about half a stride: both sides agree once mirrored
    return Signals(time, np.column_stack(list(channels.values())), tuple(channels), "rad")


def _force(facts: AnalyticFacts) -> Signals:
    time = np.arange(int(facts.duration * 1000) + 1) / 1000.0
    weight = facts.mass * GRAVITY
    channels = {}
    for side in ("right", "left"):
        share = facts.phase(time, side) / facts.stance
        loaded, angle = share < 1.0, np.pi * share
        vertical = facts.amplitude * (np.sin(angle) + np.sin(3.0 * angle) / 3.0)
        channels[f"vertical_{side}"] = np.where(loaded, weight * vertical, 0.0)
        channels[f"anterior_{side}"] = np.where(loaded, -weight * facts.braking * np.sin(2.0 * angle), 0.0)
        channels[f"lateral_{side}"] = np.where(loaded, -weight * 0.04 * np.sin(angle), 0.0)
    return Signals(time, np.column_stack(list(channels.values())), tuple(channels), "N")


def _positions(facts: AnalyticFacts) -> Signals:
    """The heel is furthest ahead of the pelvis at touchdown, the toe furthest behind it at toe-off."""
    time = np.arange(int(facts.duration * 100) + 1) / 100.0
    forward, still = facts.speed * time, np.zeros_like(time)
    channels = {"pelvis_x": forward, "pelvis_y": still, "pelvis_z": still + 0.95}
    channels |= {"com_x": forward, "com_y": still, "com_z": still + 1.0}
    for side, outward in (("right", -0.09), ("left", 0.09)):
        turn = 2.0 * np.pi * facts.phase(time, side)
        channels[f"heel_{side}_x"] = forward + 0.35 * np.cos(turn)
        channels[f"toe_{side}_x"] = forward - 0.45 * np.cos(turn - 2.0 * np.pi * facts.stance)
        for point in ("heel", "toe"):
            channels[f"{point}_{side}_y"] = still + outward
            channels[f"{point}_{side}_z"] = still + 0.03
    return Signals(time, np.column_stack(list(channels.values())), tuple(channels), "m")


def _activity(facts: AnalyticFacts) -> Signals:
    """One burst per stride and muscle, exp(8 (cos 2 pi (phase - peak) - 1))."""
    time = np.arange(int(facts.duration * 100) + 1) / 100.0
    channels = {}
    for side in ("right", "left"):
        for muscle, peak in BURSTS.items():
            turn = 2.0 * np.pi * (facts.phase(time, side) - peak)
            channels[f"{muscle}_{side}"] = np.exp(8.0 * (np.cos(turn) - 1.0))
    return Signals(time, np.column_stack(list(channels.values())), tuple(channels), "1")


@pytest.fixture(scope="session")
def analytic_facts() -> AnalyticFacts:
    """What is known of `analytic_walk`."""
    return AnalyticFacts()


@pytest.fixture(scope="session")
def analytic_walk(analytic_facts: AnalyticFacts) -> Recording:
    """A walk in closed form: known events, a double peak whose total is one body weight per stride, known angles."""
    return Recording(
        kind="measured",
        trial="analytic",
        mass=analytic_facts.mass,
        provenance=Provenance("closed form"),
        angles=_angles(analytic_facts),
        force=_force(analytic_facts),
        position=_positions(analytic_facts),
        activity=_activity(analytic_facts),
    )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of raw human data beside the checkout; skips where it is not there."""
    folder = Path(__file__).parents[1] / "../shared/data"
    if not folder.is_dir():
        pytest.skip("the raw human data are not on this machine")
    return folder
