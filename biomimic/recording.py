"""Recording: one trial, measured on a person or simulated; save and load."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biomimic import archive
from biomimic.errors import BadFile, BadValue
from biomimic.provenance import Provenance
from biomimic.signals import Signals

SCHEMA = 1

UNITS = {
    "angles": "rad",
    "force": "N",
    "pressure": "m",
    "free_moment": "N m",
    "activity": "1",
    "excitation": "1",
    "activation": "1",
    "muscle_force": "N",
    "muscle_length": "m",
    "moment": "N m",
    "position": "m",
    "acceleration": "m/s^2",
    "floor": "N",
    "applied": "N",
    "effort": "1",
    "coordinates": "1",
}
_SINGLE = ("excitation", "activation", "muscle_force", "muscle_length")  # one channel per actuator: float32 on disk


@dataclass(frozen=True, eq=False)
class Recording:
    """One trial; the same form whether a laboratory or the simulation made it.

    House frame (x forward, y left, z up); forces are those of the ground on the body; None means that the trial
    does not have the quantity, NaN that it could not be measured at that time.

    Args:
        kind: "measured" or "simulated".
        trial: label of the trial.
        mass: of the body [kg].
        provenance: where it comes from.
        angles: [rad] house names, e.g. knee_flexion_right, pelvis_tilt.
        force: [N] vertical_right, anterior_right, lateral_right (outward), and the same for the left.
        pressure: [m] centre of pressure, pressure_x_right, pressure_y_right, and left; NaN while unloaded.
        free_moment: [N m] free_moment_right, free_moment_left.
        activity: [1] what EMG can be compared with, e.g. soleus_right: activation or normalised envelope.
        excitation: [1] every actuator by its model name.
        activation: [1] every actuator by its model name.
        muscle_force: [N] every actuator by its model name.
        muscle_length: [m] every actuator by its model name.
        moment: [N m] net moment by the name of the angle, and by source as muscle/<angle>, passive/<angle>.
        position: [m] com_x, pelvis_x, heel_right_x, toe_right_x, …, also y and z.
        acceleration: [m/s^2] com_x, com_y, com_z at the physics rate, aligned with the forces that cause it.
        floor: [N] floor_x, floor_y, floor_z: all contact of the body with the floor, at the physics rate.
        applied: [N] largest: largest absolute force or moment applied from outside in each control step.
        effort: [1] legs, trunk, arms: sum of squared activations.
        coordinates: [1] qpos of the simulated body by joint [rad, m, unit quaternions], for drawing it.
        fall: time of the fall [s], or None.
        push: what pushed the body, in words; empty if nothing did.
    """

    kind: str
    trial: str
    mass: float
    provenance: Provenance
    angles: Signals | None = None
    force: Signals | None = None
    pressure: Signals | None = None
    free_moment: Signals | None = None
    activity: Signals | None = None
    excitation: Signals | None = None
    activation: Signals | None = None
    muscle_force: Signals | None = None
    muscle_length: Signals | None = None
    moment: Signals | None = None
    position: Signals | None = None
    acceleration: Signals | None = None
    floor: Signals | None = None
    applied: Signals | None = None
    effort: Signals | None = None
    coordinates: Signals | None = None
    fall: float | None = None
    push: str = ""

    def __post_init__(self) -> None:
        if self.kind not in ("measured", "simulated"):
            raise BadValue(f'A recording is "measured" or "simulated", not "{self.kind}".')
        if not (np.isfinite(self.mass) and self.mass > 0):
            raise BadValue(f"A recording has a mass of {self.mass} kg; it must be positive.")
        for name, unit in UNITS.items():
            signals = getattr(self, name)
            if signals is not None and signals.unit != unit:
                raise BadValue(f'{name} of trial "{self.trial}" is in "{signals.unit}"; it must be in "{unit}".')

    def save(self, path: str | Path) -> Path:
        """Write to one npz file, atomically; per-actuator values as float32, all others as float64."""
        arrays = {
            "trial": np.array(self.trial),
            "recording_kind": np.array(self.kind),
            "mass": np.array(float(self.mass)),
            "provenance": np.array(self.provenance.to_json()),
            "push": np.array(self.push),
        }
        if self.fall is not None:
            arrays["fall"] = np.array(float(self.fall))
        for name in UNITS:
            signals = getattr(self, name)
            if signals is None:
                continue
            arrays[f"{name}/time"] = signals.time
            arrays[f"{name}/values"] = signals.values.astype(np.float32) if name in _SINGLE else signals.values
            arrays[f"{name}/names"] = np.array(signals.names, dtype=np.str_)
        return archive.save(path, "recording", SCHEMA, arrays)

    @classmethod
    def load(cls, path: str | Path) -> "Recording":
        """Read what `save` wrote.

        Raises:
            BadFile: missing, truncated, of another schema, or with content a recording cannot have.
        """
        content = archive.load(path, "recording", SCHEMA)
        try:
            signals = {name: _signals(content, name, path) for name in UNITS}
            return cls(
                kind=str(archive.required(content, "recording_kind", path)),
                trial=str(archive.required(content, "trial", path)),
                mass=float(archive.required(content, "mass", path)),
                provenance=Provenance.from_json(str(archive.required(content, "provenance", path))),
                fall=float(content["fall"]) if "fall" in content else None,
                push=str(archive.required(content, "push", path)),
                **signals,
            )
        except BadValue as error:
            raise BadFile(f"{path}: {error}") from None


def _signals(content: dict[str, np.ndarray], name: str, path: str | Path) -> Signals | None:
    if f"{name}/time" not in content:
        return None
    names = archive.required(content, f"{name}/names", path)
    values = archive.required(content, f"{name}/values", path)
    return Signals(content[f"{name}/time"], values, tuple(str(channel) for channel in names), UNITS[name])
