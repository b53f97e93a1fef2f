"""One trial of a laboratory from raw files to a Recording: the steps in order, each skipped if nothing has changed."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from biomimic import config, files
from biomimic.errors import BadFile, BadValue, NotEnoughData, unknown
from biomimic.gait import events
from biomimic.lab import emg, inverse, loads, steps, tool
from biomimic.lab.settings import Settings
from biomimic.lab.tables import to_house, write_markers, write_table
from biomimic.motion import Motion
from biomimic.provenance import Provenance, sha256, version
from biomimic.readers import c3d, laboratory, opensim, points, trc
from biomimic.readers import trial as trials
from biomimic.readers.told import Told
from biomimic.recording import UNITS, Recording
from biomimic.signals import Signals

Tell = Callable[[str, float], None]  # step, share of it that is done


@dataclass(frozen=True)
class Processed:
    """What a run left.

    Attributes:
        recording: of the trial.
        envelopes: of the EMG, or None.
        model: description of the person's model.
        span: first and last time of the kinematics [s].
        done: steps that were done now; the others were kept.
    """

    recording: Recording
    envelopes: emg.Envelopes | None
    model: dict
    span: tuple[float, float]
    done: tuple[str, ...]


def process(settings: Settings, folder: str | Path, tell: Tell = lambda step, share: None) -> Processed:
    """All steps of a trial.

    Args:
        settings: with absolute paths, from `settings.load`.
        folder: where every file is left; a stopped run goes on there.
        tell: told each step and how much of it is done.

    Raises:
        BadFile: an input that cannot be read, or OpenSim stopped; its log is named.
        BadRun: opensim is not installed.
        BadValue, UnknownName, NotEnoughData: settings that do not fit the files.
    """
    folder = files.check_writable(folder)
    files.write(folder / "settings_used.toml", config.dumps(settings))
    done = []

    def step(name: str, work: Callable[[], bool]) -> None:
        tell(name, 0.0)
        if work():
            done.append(name)
        tell(name, 1.0)

    step("model", lambda: subject(settings, folder))
    model = json.loads((folder / "subject.json").read_text(encoding="utf-8"))
    if settings.markers:
        step("kinematics", lambda: kinematics(settings, folder, lambda share: tell("kinematics", share)))
    step("coordinates", lambda: coordinates(settings, folder))
    span = _span(settings, opensim.read_table(folder / "coordinates.mot").time)
    if settings.forces:
        step("loads", lambda: ground(settings, folder))
        step("dynamics", lambda: dynamics(settings, folder, span))
        if settings.dynamics.muscles:
            step("muscles", lambda: muscles(settings, folder, span, lambda share: tell("muscles", share)))
    envelopes = None
    if settings.emg.file:
        tell("emg", 0.0)
        envelopes = emg.envelopes(settings.emg)
        write_table(folder / "emg_envelope.sto", envelopes.activity)
        tell("emg", 1.0)
    recording = assemble(settings, folder, envelopes)
    recording.save(folder / "recording.npz")
    return Processed(recording, envelopes, model, span, tuple(done))


def subject(settings: Settings, folder: Path) -> bool:
    """subject.osim: the model that was given, scaled if asked for, with coordinates locked; whether it was made now."""
    locked, scaling = settings.kinematics.locked, settings.scaling
    made = False
    source = Path(settings.model)
    if scaling is not None:
        static, first = read_markers(scaling.markers)
        if not first <= scaling.start < scaling.end <= first + static.duration + 1e-9:
            raise BadValue(
                f"The static trial lasts from {first:g} to {first + static.duration:g} s; {scaling.start:g} to "
                f"{scaling.end:g} s was asked for."
            )

        def work() -> None:
            shutil.copyfile(settings.model, folder / "generic.osim")
            _write_markers(folder / "static.trc", static, first)
            generic = tool.prepare(settings.model, folder / "generic_read.osim")
            inverse.scale(folder, generic, scaling, settings.mass, static.landmarks)

        made = steps.run(
            folder,
            "scale",
            inputs=[settings.model, scaling.markers],
            outputs=["scaled.osim", "scale_setup.xml", "scale_setup.log", "static.trc", "generic.osim"],
            words=config.dumps(scaling) + repr(settings.mass),
            work=work,
        )
        source = folder / "scaled.osim"
    return made | steps.run(
        folder,
        "model",
        inputs=[source],
        outputs=["subject.osim", "subject.json"],
        words=repr(locked),
        work=lambda: tool.prepare(source, folder / "subject.osim", locked),
    )


def kinematics(settings: Settings, folder: Path, watch: Callable[[float], None] | None = None) -> bool:
    """ik.mot by inverse kinematics of markers.trc; whether it was made now."""
    motion, first = read_markers(settings.markers, settings.forward)
    span = _span(settings, np.array([first, first + motion.duration]))
    model = json.loads((folder / "subject.json").read_text(encoding="utf-8"))
    weights = inverse.weighted(motion.landmarks, model["markers"], settings.kinematics.weights)

    def work() -> None:
        _write_markers(folder / "markers.trc", motion, first)
        inverse.inverse_kinematics(folder, weights, settings.kinematics, span, _share(span, watch))

    return steps.run(
        folder,
        "kinematics",
        inputs=[folder / "subject.osim", settings.markers],
        outputs=["ik.mot", "ik_setup.xml", "markers.trc", "ik_marker_errors.sto", "ik_model_marker_locations.sto"],
        words=config.dumps(settings.kinematics) + repr((span, settings.forward)),
        work=work,
    )


def coordinates(settings: Settings, folder: Path) -> bool:
    """coordinates.mot: plain names, radians, coupled coordinates by their constraint; whether it was made now.

    OpenSim's inverse dynamics silently ignores columns with state paths (/jointset/…/value), and its files have
    coupled coordinates in degrees beside others in radians.
    """
    source = folder / "ik.mot" if settings.markers else Path(settings.coordinates)

    def work() -> None:
        table = opensim.read_table(source)
        model = json.loads((folder / "subject.json").read_text(encoding="utf-8"))
        known = [name for name in table.names if name in model["coordinates"]]
        missing = [
            name
            for name, one in model["coordinates"].items()
            if name not in known and not one["follows"] and not one["locked"] and name.startswith("pelvis_")
        ]
        if missing:
            raise BadFile(
                f"{source} lacks the coordinate {missing[0]} of the model; it has {', '.join(table.names[:10])}."
            )
        write_table(folder / "coordinates.mot", table.select(known))
        tool.complete(folder / "subject.osim", folder / "coordinates.mot")

    return steps.run(
        folder,
        "coordinates",
        inputs=[source, folder / "subject.osim"],
        outputs=["coordinates.mot", "coordinates_com.sto"],
        words="",
        work=work,
    )


def ground(settings: Settings, folder: Path) -> bool:
    """grf.mot and external_loads.xml; whether they were made now."""
    model = json.loads((folder / "subject.json").read_text(encoding="utf-8"))
    for side, foot in settings.ground.bodies.items():
        if foot not in model["bodies"]:
            raise unknown("body", foot, model["bodies"], where=f"in the model, for the {side} foot")

    def work() -> None:
        found = loads.of_recording(read_ground(settings))
        if settings.ground.cutoff:
            found = loads.filtered(found, order=4, cutoff=settings.ground.cutoff)
        loads.write(found, folder / "grf.mot", folder / "external_loads.xml", settings.ground.bodies)

    return steps.run(
        folder,
        "loads",
        inputs=[settings.forces, settings.markers or settings.coordinates],
        outputs=["grf.mot", "external_loads.xml"],
        words=config.dumps(settings.ground) + repr((settings.family, settings.forward, settings.mass)),
        work=work,
    )


def dynamics(settings: Settings, folder: Path, span: tuple[float, float]) -> bool:
    """id.sto; whether it was made now."""
    return steps.run(
        folder,
        "dynamics",
        inputs=[folder / name for name in ("subject.osim", "coordinates.mot", "grf.mot", "external_loads.xml")],
        outputs=["id.sto", "id_setup.xml"],
        words=repr((settings.dynamics.cutoff, span)),
        work=lambda: inverse.inverse_dynamics(folder, settings.dynamics, span, True),
    )


def muscles(
    settings: Settings, folder: Path, span: tuple[float, float], watch: Callable[[float], None] | None = None
) -> bool:
    """so_activation.sto and so_force.sto; whether they were made now."""
    model = json.loads((folder / "subject.json").read_text(encoding="utf-8"))
    if not model["muscles"]:
        raise NotEnoughData(f"{settings.model} has no muscles; set muscles = false in [dynamics].")
    return steps.run(
        folder,
        "muscles",
        inputs=[folder / name for name in ("subject.osim", "coordinates.mot", "grf.mot", "external_loads.xml")],
        outputs=["so_activation.sto", "so_force.sto", "so_setup.xml", "reserves.xml"],
        words=config.dumps(settings.dynamics) + repr(span),
        work=lambda: inverse.static_optimisation(folder, model, settings.dynamics, span, _share(span, watch)),
    )


def read_markers(path: str | Path, forward: str = "") -> tuple[Motion, float]:
    """Markers of a .trc or .c3d file, turned so that the person goes along x, and the time of the first frame [s].

    Args:
        path: of the file.
        forward: axis of the laboratory, z up, in which the person goes or faces; empty finds it.

    Raises:
        BadFile: another kind of file, or one that cannot be read.
        BadValue: the way the person goes or faces cannot be told.
    """
    path = Path(path)
    readers = {".trc": trc, ".c3d": c3d}
    if path.suffix.lower() not in readers:
        raise BadFile(f"{path} is no file of markers that can be read here; .trc or .c3d is needed.")
    reader = readers[path.suffix.lower()]
    motion = reader.read(path)
    turn, _ = points.turn_to_forward(motion, forward or None)
    return replace(motion, position=motion.position @ turn.T), reader.first_time(path)


def read_ground(settings: Settings) -> Recording:
    """Force, centre of pressure and free moment of the trial, unfiltered and turned as the markers are.

    Plates that do not name their foot are given to the foot that stands on them.
    """
    told = Told(
        mass=settings.mass, family=settings.family, plates=settings.ground.plates, forward=settings.forward or None
    )
    used = [settings.forces, settings.markers or settings.coordinates]
    if Path(settings.forces).suffix.lower() == ".c3d":
        return laboratory.read(settings.forces, told)
    return trials.read([file for file in used if not file.lower().endswith(".c3d")], told)


def contacts(recording: Recording, threshold: float) -> dict[str, events.Events]:
    """Side → heel strikes and toe-offs by the vertical force."""
    if recording.force is None:
        return {}
    sides = [side for side in loads.SIDES if f"vertical_{side}" in recording.force.names]
    return {side: events.detect(recording.force, side=side, threshold=threshold) for side in sides}


def assemble(settings: Settings, folder: Path, envelopes: emg.Envelopes | None) -> Recording:
    """The Recording of what the steps left in the folder, in house names, frame and signs."""
    names = opensim.names(settings.family, emg_side=settings.emg.side)
    used = [file for file in (settings.markers, settings.coordinates, settings.forces, settings.emg.file) if file]
    trial = opensim.read_recording(
        coordinates=folder / "coordinates.mot", mass=settings.mass, names=names, provenance=_provenance(settings, used)
    )
    parts: dict[str, Signals | None] = {"position": _position(trial, folder)}
    if settings.forces:
        raw = read_ground(settings)
        parts |= {name: getattr(raw, name) for name in ("force", "pressure", "free_moment")}
        parts["moment"] = opensim.read_moments(folder / "id.sto", names)
        if settings.dynamics.muscles:
            model = json.loads((folder / "subject.json").read_text(encoding="utf-8"))
            for name, file in (("activation", "so_activation.sto"), ("muscle_force", "so_force.sto")):
                table = opensim.read_table(folder / file).select(model["muscles"])
                parts[name] = Signals(table.time, table.values, table.names, UNITS[name])
    if envelopes is not None:
        parts["activity"] = envelopes.activity
    return replace(trial, trial=settings.trial, **parts)


def _position(trial: Recording, folder: Path) -> Signals:
    """Pelvis and centre of mass of the model [m]."""
    com = opensim.read_table(folder / "coordinates_com.sto")
    place = np.column_stack([trial.position.values, to_house(com.values)])
    return Signals(com.time, place, (*trial.position.names, "com_x", "com_y", "com_z"), UNITS["position"])


def _provenance(settings: Settings, used: list[str]) -> Provenance:
    hashes = ", ".join(f"{Path(file).name} {sha256(file)[:16]}" for file in [settings.model, *used])
    note = f"biomimic {version('biomimic')}, OpenSim {version('opensim')}; {hashes}"
    if settings.emg.file:
        note += f"; {emg.words(settings.emg)}"
    return Provenance(settings.source or Path(used[0]).name, settings.licence, sha256(used[0]), note)


def _write_markers(path: Path, motion: Motion, first: float) -> None:
    time = first + np.arange(len(motion.position)) / motion.rate
    write_markers(path, time, motion.position, motion.landmarks)


def _span(settings: Settings, time: np.ndarray) -> tuple[float, float]:
    start = float(time[0]) if settings.start is None else settings.start
    end = float(time[-1]) if settings.end is None else settings.end
    if not time[0] - 1e-6 <= start < end <= time[-1] + 1e-6:
        raise BadValue(f"The trial lasts from {time[0]:g} to {time[-1]:g} s; {start:g} to {end:g} s was asked for.")
    return max(start, float(time[0])), min(end, float(time[-1]))


def _share(span: tuple[float, float], watch: Callable[[float], None] | None) -> Callable[[float], None] | None:
    """Turns the time that was reached into a share of the trial."""
    if watch is None:
        return None
    return lambda time: watch(float(np.clip((time - span[0]) / (span[1] - span[0]), 0.0, 1.0)))
