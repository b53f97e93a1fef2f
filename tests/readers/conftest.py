"""A walk in closed form of a body with joints and actuators, as a simulation would record it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from biomimic.recording import Recording
from biomimic.signals import Signals

# house angle → joint of MyoFullBody, written out once more so that a slip in the package does not check itself
LEG = {
    "hip_flexion": "hip_flexion",
    "hip_adduction": "hip_adduction",
    "hip_rotation": "hip_rotation",
    "knee_flexion": "knee_angle",
    "ankle_dorsiflexion": "ankle_angle",
    "subtalar_inversion": "subtalar_angle",
}
SIDES = {"right": "_r", "left": "_l"}


def leg_angle(facts, name: str, phase: np.ndarray) -> np.ndarray:
    """Angle of a side at a share of its stride [rad]."""
    turn = 2.0 * np.pi * phase
    if name == "hip_rotation":
        return np.radians(3.0 * np.cos(turn + 1.0))
    if name == "subtalar_inversion":
        return np.radians(5.0 * np.sin(turn - 0.7))
    return facts.angle(name, phase)


def burst(place: int, phase: np.ndarray) -> np.ndarray:
    """Activation of the actuator at this place, one burst per stride of the right side, (T,)."""
    return 0.05 + 0.9 * np.exp(4.0 * (np.cos(2.0 * np.pi * (phase - place / 37.0)) - 1.0))


def muscle_moment(place: int, phase: np.ndarray) -> np.ndarray:
    """Moment of the muscles about the angle at this place of the legs [N m]."""
    return (20.0 + 7.0 * place) * np.sin(2.0 * np.pi * phase + place) - 3.0 * place


@pytest.fixture(scope="session")
def simulated_walk(analytic_walk, analytic_facts) -> Callable[[Sequence[str], Sequence[str]], Recording]:
    """Maker of a recording of `analytic_walk` with these joints (the free one first) and these actuators."""

    def make(joints: Sequence[str], actuators: Sequence[str]) -> Recording:
        time = np.arange(1000) / 100.0
        phase = {side: analytic_facts.phase(time, side) for side in SIDES}
        angles = {f"{name}_{side}": leg_angle(analytic_facts, name, phase[side]) for side in SIDES for name in LEG}
        joint_of = {f"{name}_{side}": LEG[name] + end for side, end in SIDES.items() for name in LEG}
        by_joint = {joint_of[name]: values for name, values in angles.items()}
        qpos = {f"root/{place}": np.zeros_like(time) for place in range(7)}
        qpos["root/1"] = -analytic_facts.speed * time  # the model walks towards -y
        qpos["root/2"] = np.full_like(time, 0.95)
        lean = np.radians(4.0 + np.sin(4.0 * np.pi * phase["right"]))  # forward, about the axis to the left: model x
        qpos["root/3"], qpos["root/4"] = np.cos(0.5 * lean), np.sin(0.5 * lean)
        for place, joint in enumerate(joints[1:]):
            qpos[joint] = by_joint.get(joint, 0.1 * np.sin(2.0 * np.pi * phase["right"] + place))
        activation = np.column_stack([burst(place, phase["right"]) for place in range(len(actuators))])
        moment = {
            f"muscle/{name}": muscle_moment(place, phase[name.split("_")[-1]]) for place, name in enumerate(angles)
        }
        return replace(
            analytic_walk,
            kind="simulated",
            angles=_signals(time, angles, "rad"),
            coordinates=_signals(time, qpos, "1"),
            activation=Signals(time, activation, tuple(actuators), "1"),
            moment=_signals(time, moment, "N m"),
        )

    return make


def _signals(time: np.ndarray, channels: dict[str, np.ndarray], unit: str) -> Signals:
    return Signals(time, np.column_stack(list(channels.values())), tuple(channels), unit)
