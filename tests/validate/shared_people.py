"""Walking people read from shared laboratory files, as walkers and as people to compare with."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from biomimic import reference
from biomimic.gait.strides import POINTS, Strides
from biomimic.provenance import Provenance
from biomimic.readers import opensim
from biomimic.recording import Recording
from biomimic.reference import Entry, Figure, ReferenceData
from biomimic.validate.protocol import Human, Protocol, load_protocol

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
LABORATORY = {  # trial: folder, files, mass [kg], model family, force columns of the right foot, and of the left
    "subject01": ("gait2392-subject01-walk", "subject01_walk1", 72.6, "gait2392", "ground_force_", "1_ground_force_"),
    "opencap4": ("opencap-walk-subject4", "walking4", 62.6, "rajagopal2016", "ground_force_1_", "ground_force_2_"),
}
SHIPPED = ("rajagopal2016_walking", "falisse2019_walking")
MISSING = not (DATA / "gait2392-subject01-walk").is_dir()
WHY = "needs the shared laboratory files"


def trial(name: str) -> Recording:
    """A laboratory's trial: angles, ground force."""
    folder, stem, mass, family, right, left = LABORATORY[name]
    files = DATA / folder
    return opensim.read_recording(
        coordinates=files / f"{stem}_ik.mot",
        forces=files / f"{stem}_grf.mot",
        mass=mass,
        names=opensim.names(family, plates={right: "right", left: "left"}),
    )


def data_set(name: str) -> ReferenceData:
    """A shipped data set, or a laboratory's trial as one."""
    if name in SHIPPED:
        return reference.load(name)
    recording = trial(name)
    entry = Entry(name, name, "tests only", name, "recording", 1, recording.mass)
    return ReferenceData(name, entry, recording.provenance, recordings=(recording,))


def leaving_out(name: str) -> tuple[Protocol, dict[str, ReferenceData]]:
    """The shipped protocol with all walking people but this one, none of them tracked."""
    humans = {other: data_set(other) for other in (*SHIPPED, *LABORATORY) if other != name}
    protocol = replace(
        load_protocol("level_walking"), humans=tuple(Human(other, "other") for other in humans), criteria=()
    )
    return protocol, humans


def norms(task: str, speed: float) -> ReferenceData:
    """Mean curves of twenty adults at one speed (Bovi 2011), as one walker; the ankle's constant offset stays."""
    angles = {"hip_flexion": "Hip Flex/Extension", "knee_flexion": "Knee Flex/Extension"}
    angles |= {"ankle_dorsiflexion": "Ankle Dorsi/Plantarflexion"}
    force = {"vertical": "vertical", "anterior": "anterior_posterior", "lateral": "medio_lateral"}
    folder = DATA / "bovi2011-normative"
    parts = {}
    for quantity, file, names, unit, scale in (
        ("angles", "bovi2011_joint_angles.csv", angles, "rad", np.pi / 180.0),
        ("force", "bovi2011_grf.csv", force, "BW", 1.0),
    ):
        table = _table(folder / file, task)
        values = np.column_stack([scale * table[source] for source in names.values()])[None]
        parts[quantity, "right", "stride"] = Strides(
            "right", tuple(names), unit, values, [_figure(task, "Stride time [s]")], [_stance(task)], [0]
        )
    figures = {("speed", ""): Figure(speed, float("nan"), 1, "m/s")}
    entry = Entry(f"bovi {task}", "doi:10.1016/j.gaitpost.2010.08.009", "tests only", "Bovi 2011", "curves", 1, 70.0)
    return ReferenceData(f"bovi_{task}", entry, Provenance("Bovi 2011"), parts=parts, figures=figures)


def _table(path: Path, task: str) -> dict[str, np.ndarray]:
    with path.open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["group"] == "adult" and row["task"] == task]
    names = dict.fromkeys(row["variable"] for row in rows)
    curves = {name: np.array([float(row["mean"]) for row in rows if row["variable"] == name]) for name in names}
    return {name: curve for name, curve in curves.items() if len(curve) == POINTS}


def _figure(task: str, name: str) -> float:
    with (DATA / "bovi2011-normative" / "bovi2011_parameters.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if (row["group"], row["task"]) == ("adult", task)]
    return next(float(row["mean"]) for row in rows if row["parameter"] == name)


def _stance(task: str) -> float:
    return _figure(task, "Stance time [%GC]") / 100.0
