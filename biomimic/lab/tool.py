"""One tool of OpenSim in a process of its own: python -m biomimic.lab.tool ik ik_setup.xml.

OpenSim writes to the terminal, holds the interpreter while it works and may end the process when a model is broken;
in a process of its own it can be watched, and what it says becomes one sentence. Only that process imports opensim.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile, BadRun
from biomimic.lab.tables import write_table
from biomimic.readers.opensim import read_table
from biomimic.signals import Signals

WORDS = {
    "scale": "scaling",
    "ik": "inverse kinematics",
    "id": "inverse dynamics",
    "analyze": "static optimisation",
    "prepare": "reading of the model",
    "complete": "completion of the coordinates",
}
_TIME = re.compile(r"\b(?:t|time)\s*=\s*([-+0-9.eE]+)")
_ERROR = re.compile(r"\[(?:error|critical)\]\s*(?!.*see messages)(?:\w+ Failed: )?(.*)")


def run(kind: str, file: str | Path, watch: Callable[[float], None] | None = None) -> Path:
    """Run one tool on its setup file, in the folder of that file.

    Args:
        kind: "scale", "ik", "id", "analyze", or our own "prepare" and "complete".
        file: setup XML of OpenSim, or JSON for our own.
        watch: told the time in the trial that was reached [s].

    Returns:
        The log, beside the setup file.

    Raises:
        BadRun: opensim is not installed.
        BadFile: the tool stopped; its last words and its log are named.
    """
    file = Path(file).resolve()
    if importlib.util.find_spec("opensim") is None:
        raise BadRun(f"OpenSim's {WORDS[kind]} was asked for and opensim is missing: pip install 'biomimic[opensim]'.")
    log = file.with_suffix(".log")
    folders = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    settings = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, folders)), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "biomimic.lab.tool", kind, file.name]
    said = ""
    with (
        open(log, "w", encoding="utf-8") as kept,
        subprocess.Popen(
            command, cwd=file.parent, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace",
        ) as child,
    ):  # fmt: skip
        for line in child.stdout:
            kept.write(line)
            error, reached = _ERROR.search(line), _TIME.search(line)
            said = error[1].strip() if error else said
            if reached and watch is not None:
                watch(_number(reached[1]))
    if child.returncode:
        reason = said or f"it ended with the code {child.returncode}"
        raise BadFile(f"OpenSim's {WORDS[kind]} stopped at {file}: {reason.rstrip('.')}. All it said is in {log}.")
    return log


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def prepare(model: str | Path, out: str | Path, locked: tuple[str, ...] = ()) -> dict:
    """A model with some coordinates locked, and what it consists of.

    Args:
        model: .osim file.
        out: .osim file to write; a .json of the same name keeps the description.
        locked: coordinates that inverse kinematics must not move.

    Returns:
        mass [kg]; bodies, markers, muscles, actuated coordinates; coordinates with "locked", "default" [rad or m],
        "is_rotation" and the names that "follows" them through a constraint.

    Raises:
        BadFile: no model OpenSim can read, or a locked coordinate that it does not have.
    """
    out = Path(out)
    job = {"model": str(Path(model).resolve()), "out": out.name, "locked": list(locked)}
    file = out.with_name(f"{out.stem}_prepare.json")
    file.write_text(json.dumps(job, indent=1), encoding="utf-8")
    run("prepare", file)
    return json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))


def complete(model: str | Path, table: str | Path) -> None:
    """Set the coordinates that others drive to what their constraint says, and write the centre of mass.

    Files of OpenSim have them in degrees beside radians, or not at all.

    Args:
        model: .osim file in the folder of the table.
        table: .mot file in radians; it is written anew. <stem>_com.sto gets the centre of mass in OpenSim's frame.
    """
    table = Path(table)
    file = table.with_name(f"{table.stem}_complete.json")
    file.write_text(json.dumps({"model": str(Path(model).resolve()), "table": table.name}, indent=1), encoding="utf-8")
    run("complete", file)


def _prepare(file: str) -> None:
    import opensim

    job = json.loads(Path(file).read_text(encoding="utf-8"))
    model = opensim.Model(job["model"])
    model.initSystem()
    coordinates = model.updCoordinateSet()
    names = [coordinates.get(k).getName() for k in range(coordinates.getSize())]
    for name in job["locked"]:
        if name not in names:
            raise RuntimeError(f'the model has no coordinate "{name}" to lock; it has {", ".join(names)}')
        coordinates.get(name).set_locked(True)
    model.finalizeConnections()
    state = model.initSystem()
    followed = _followed(opensim, model)
    forces = [model.getForceSet().get(k) for k in range(model.getForceSet().getSize())]
    actuators = [opensim.CoordinateActuator.safeDownCast(force) for force in forces]
    found = {
        "name": model.getName(),
        "mass": model.getTotalMass(state),
        "bodies": [model.getBodySet().get(k).getName() for k in range(model.getBodySet().getSize())],
        "markers": [model.getMarkerSet().get(k).getName() for k in range(model.getMarkerSet().getSize())],
        "muscles": [model.getMuscles().get(k).getName() for k in range(model.getMuscles().getSize())],
        "actuated": [one.get_coordinate() for one in actuators if one is not None],
        "coordinates": {
            name: {
                "locked": bool(coordinates.get(name).get_locked()),
                "default": coordinates.get(name).getDefaultValue(),
                "is_rotation": coordinates.get(name).getMotionType() == 1,
                "follows": list(followed.get(name, ((),))[0]),
            }
            for name in names
        },
    }
    model.printToXML(job["out"])
    Path(job["out"]).with_suffix(".json").write_text(json.dumps(found, indent=1), encoding="utf-8")


def _followed(opensim: object, model: object) -> dict[str, tuple[tuple[str, ...], object]]:
    """Dependent coordinate → its drivers and their function."""
    found = {}
    for k in range(model.getConstraintSet().getSize()):
        one = opensim.CoordinateCouplerConstraint.safeDownCast(model.getConstraintSet().get(k))
        if one is not None and one.get_isEnforced():
            drivers = one.getIndependentCoordinateNames()
            names = tuple(drivers.get(i) for i in range(drivers.getSize()))
            found[one.getDependentCoordinateName()] = (names, one.getFunction())
    return found


def _complete(file: str) -> None:
    import opensim

    job = json.loads(Path(file).read_text(encoding="utf-8"))
    model = opensim.Model(job["model"])
    state = model.initSystem()
    table = read_table(job["table"])
    channels = dict(zip(table.names, table.values.T))
    coordinates = model.getCoordinateSet()
    for k in range(coordinates.getSize()):
        channels.setdefault(coordinates.get(k).getName(), np.full(len(table), coordinates.get(k).getDefaultValue()))
    for name, (drivers, function) in _followed(opensim, model).items():
        values = np.column_stack([channels[driver] for driver in drivers])
        channels[name] = np.array([function.calcValue(opensim.Vector([float(x) for x in row])) for row in values])
    full = Signals(table.time, np.column_stack(list(channels.values())), tuple(channels), "SI")
    known = [name for name in full.names if coordinates.contains(name)]
    mass = np.empty((len(table), 3))
    for frame, row in enumerate(full.select(known).values):
        for name, value in zip(known, row):
            coordinates.get(name).setValue(state, float(value), False)
        model.realizePosition(state)
        mass[frame] = model.calcMassCenterPosition(state).to_numpy()
    write_table(job["table"], full)
    com = Path(job["table"]).with_name(f"{Path(job['table']).stem}_com.sto")
    write_table(com, Signals(table.time, mass, ("com_x", "com_y", "com_z"), "SI"))


def main(arguments: list[str]) -> int:
    """Run one tool; 0, or 1 after its reason was written."""
    import opensim

    kind, file = arguments
    opensim.Logger.setLevelString("info")
    opensim.Logger.removeFileSink()
    Path("opensim.log").unlink(missing_ok=True)  # opened where it was imported; the log has what it would hold
    tools = {
        "scale": opensim.ScaleTool,
        "ik": opensim.InverseKinematicsTool,
        "id": opensim.InverseDynamicsTool,
        "analyze": opensim.AnalyzeTool,
    }
    try:
        if kind in tools:
            good = tools[kind](file).run()
        else:
            good = {"prepare": _prepare, "complete": _complete}[kind](file) is None
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        sys.stdout.write(f"[error] {lines[0] if lines else 'no reason was given'}\n")
        return 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
