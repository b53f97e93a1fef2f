"""One trial of a person, out of one file or several that belong together: the one entry to all readers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from biomimic.errors import BadFile, BadValue
from biomimic.motion import Motion
from biomimic.provenance import Provenance, sha256
from biomimic.readers import anc, emg, families, kinds, mocap, signs
from biomimic.readers.told import Told
from biomimic.recording import UNITS, Recording
from biomimic.signals import Signals

_NAMES = "rajagopal2016"  # whose table of muscles is used; all families share it
_OPENSIM = ("table", "loads", "model", "trc", "anc")  # kinds that make one trial together


def read(paths: str | Path | Sequence[str | Path], told: Told | None = None) -> Recording | Motion:
    """A trial in house names, frame (x forward, y left, z up), units and signs.

    One file, or several of the same trial: OpenSim's joint angles, forces, moments and EMG (.mot, .sto), its external
    loads (.xml), its model (.osim), markers (.trc) and raw EMG (.anc). What each file is, it says itself; what they do
    not say is asked for by name. Signs and sides are proved by the trial before it is given out.

    Args:
        paths: of the file, or of the files.
        told: what the files do not say.

    Returns:
        A Recording; of files that hold nothing but a motion (markers, skeletons) a Motion.

    Raises:
        BadFile: a file that is missing, damaged, or of no kind known here.
        BadValue: something is needed that no file says, files that do not belong together, or signs or sides that no
            walking or running person has.
        UnknownName: a name that was given is nowhere in the files.
    """
    told = told or Told()
    files = [Path(paths)] if isinstance(paths, (str, Path)) else [Path(path) for path in paths]
    if not files:
        raise BadValue("A trial was asked for without any file; give at least one.")
    found = {path: kinds.kind_of(path) for path in files}
    if len(files) == 1:
        return _single(files[0], found[files[0]], told)
    strange = [path for path, kind in found.items() if kind not in _OPENSIM]
    if strange:
        raise BadValue(
            f"{strange[0]} ({kinds.KINDS[found[strange[0]]]}) is a trial by itself; give it alone, or only files of "
            "OpenSim, markers and EMG of the same trial together."
        )
    return _checked(_together(found, told), told, files[0])


def _single(path: Path, kind: str, told: Told) -> Recording | Motion:
    if kind in kinds.MOTIONS or kind == "trc":
        return mocap.read_motion(path, up=told.up, skeleton=told.skeleton, body_model=told.body_model)
    if kind == "recording":
        return Recording.load(path)
    if kind == "rollout":
        return _episode(path, told)
    if kind == "sheet":
        from biomimic.readers import sheet

        return _checked(sheet.read(path), told, path)
    if kind == "c3d":
        from biomimic.readers import c3d, laboratory  # its library is heavy

        if not laboratory.has_plates(path):
            return c3d.read(path, up=told.up, subject=told.subject)
        return _checked(laboratory.read(path, told), told, path)
    if kind == "model":
        raise BadValue(f"{path} holds {kinds.KINDS[kind]} and no trial; give it together with the trial's files.")
    return _checked(_together({path: kind}, told), told, path)


def _episode(path: Path, told: Told) -> Recording:
    from biomimic.readers import evalkit

    episodes = evalkit.read(path, mass=told.mass, actuators=(), touch_unit=told.touch_unit)
    number = told.episode
    if number is None and len(episodes) != 1:
        raise BadValue(f"{path} holds {len(episodes)} episodes; say which one, from 0 to {len(episodes) - 1}.")
    if not 0 <= (number or 0) < len(episodes):
        raise BadValue(f"{path} has no episode {number}; it holds {len(episodes)}, counted from 0.")
    return episodes[number or 0]


def _together(found: dict[Path, str], told: Told) -> Recording:
    """Files of OpenSim, markers and raw EMG as one trial, before its signs are proved as a whole."""
    from biomimic.readers import osim_trial

    parts = osim_trial.sort(found, told)
    recording, notes = osim_trial.join(parts, told)
    if parts.anc is not None:
        activity, words = _raw_emg(parts.anc, told)
        recording, notes = replace(recording, activity=activity), [*notes, words]
    files = list(found)
    whole = "; ".join([*notes, f"files: {', '.join(path.name for path in files)}"])
    return replace(recording, provenance=Provenance(files[0].name, sha256=sha256(files[0]), note=whole))


def _raw_emg(path: Path, told: Told) -> tuple[Signals, str]:
    table = anc.read(path)
    chosen = emg.channels(table.names, families.names(_NAMES), told.emg_side, told.muscles, path)
    if not chosen:
        raise BadFile(f"{path} has no channel that names a muscle known here; it has: {', '.join(table.names[:12])}.")
    raw = replace(table.select(list(chosen)), names=tuple(chosen.values()))
    return emg.activity(raw, path)


def _checked(recording: Recording, told: Told, path: Path) -> Recording:
    """The trial, cut to the time that is kept, once it has the signs of a person."""
    recording = _cut(recording, told.span, path)
    found = signs.audit(recording.angles, recording.force, recording.mass)
    words = signs.refused(found, told.accepted)
    if words:
        both = recording.angles is not None and recording.force is not None
        if both and signs.swapped(recording.angles, recording.force, found):
            raise BadValue(
                f"{path}: {words}. The legs fit the force once right and left are exchanged; correct the sides."
            )
        channel = next(one.channel for one in found if not one.passed and one.channel not in told.accepted)
        raise BadValue(
            f"{path}: {words}. Correct its sign, side, unit or forward; or accept {channel} if the person moves so."
        )
    waived = sorted({one.channel for one in found if not one.passed})
    note = f"{len(found)} checks of sign and side passed" if not waived else f"failed and accepted: {', '.join(waived)}"
    source = recording.provenance
    return replace(recording, provenance=replace(source, note="; ".join(one for one in (source.note, note) if one)))


def _cut(recording: Recording, span: tuple[float, float] | None, path: Path) -> Recording:
    if span is None:
        return recording
    parts = {name: getattr(recording, name) for name in UNITS if getattr(recording, name) is not None}
    cut = {name: signals.between(*span) for name, signals in parts.items()}
    short = [name for name, signals in cut.items() if len(signals) < 2]
    if short:
        time = parts[short[0]].time
        raise BadValue(
            f"{path}: {short[0]} has nothing from {span[0]:g} to {span[1]:g} s; it lasts from {time[0]:g} to "
            f"{time[-1]:g} s."
        )
    return replace(recording, **cut)
