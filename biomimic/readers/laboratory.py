"""A C3D file as a Recording: force plates on feet, EMG, Plug-in Gait's angles, places of pelvis and feet; events."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from biomimic import errors
from biomimic.errors import BadFile, BadValue
from biomimic.gait.events import Events
from biomimic.gait.strides import SIDES
from biomimic.motion import Motion
from biomimic.provenance import Provenance, sha256
from biomimic.readers import c3d, c3d_file, c3d_plates, emg, families, feet, ground, markers, plates, points
from biomimic.readers.c3d_file import File
from biomimic.readers.told import NOBODY, Told
from biomimic.recording import Recording
from biomimic.signals import Signals

_GAIT = Path(__file__).with_name("plug_in_gait.toml")
_AXES = {"x": 0, "y": 1, "z": 2}
_STRIKE, _OFF = "foot strike", "foot off"
_NAMES = "rajagopal2016"  # whose table of muscles is used; all families share it
_APART = 0.15  # [s] an event farther from the begin of a load does not mean it


@dataclass(frozen=True, eq=False)
class _Trial:
    """A loaded file and its frame.

    Args:
        path: of the file.
        file: what it holds.
        motion: markers, x forward, z up; None where there are none.
        up: axis of the file that points up.
        turn: (3, 3) from z up to x forward.
        start: time of the first frame [s].
        notes: what was decided.
    """

    path: Path
    file: File
    motion: Motion | None
    up: str
    turn: np.ndarray
    start: float
    notes: tuple[str, ...]

    def house(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors (..., 3) of the file's frame in the house frame."""
        return markers.to_house(vectors, self.up) @ self.turn.T


def has_plates(path: str | Path) -> bool:
    """Whether a C3D file holds more than markers: plates, or analog channels that may be EMG."""
    file = c3d_file.read(path)
    return c3d_plates.count(file) > 0 or file.analogs.size > 0


def read(path: str | Path, told: Told | None = None) -> Recording:
    """One trial of a C3D file in house names, frame and signs.

    The force of each step on a plate belongs to the foot that is nearest to where it acts. EMG channels are those
    whose labels name a muscle. Angles are those of Plug-in Gait, if the file has them.

    Args:
        path: of the file.
        told: what the file does not say: mass, sides of plates, muscles of EMG channels, forward.

    Raises:
        BadFile: a damaged file, or plates that do not fit the force they measured.
        BadValue: something is needed that the file does not say, or a step on a plate is near no foot or near both.
    """
    told = told or Told()
    trial = _open(Path(path), told)
    mass = told.mass if told.mass is not None else _mass(trial.file)
    if mass is None:
        raise BadValue(f"{path} does not say the mass of the person (PROCESSING:Bodymass); give it in kg.")
    force, pressure, moment, notes = _forces(trial, told)
    activity, said = _activity(trial, told)
    angles, family = _angles(trial)
    position = points.positions(trial.motion, trial.start) if trial.motion is not None else None
    if force is None and activity is None and angles is None:
        raise BadFile(
            f"{path} has neither force plates nor EMG nor angles of Plug-in Gait; read its markers as a motion."
        )
    source = Provenance(
        trial.path.name, sha256=sha256(trial.path), note="; ".join([*trial.notes, *notes, *said, *family])
    )
    recording = Recording("measured", trial.path.stem, mass, source, angles=angles, activity=activity)
    return replace(recording, force=force, pressure=pressure, free_moment=moment, position=position)


def read_events(path: str | Path) -> dict[str, Events]:
    """Heel strikes and toe-offs that somebody marked in a C3D file, by side, on the clock of `c3d.first_time`.

    Times of events count from frame 1 of the capture, not from the first frame of the file.

    Raises:
        BadFile: a damaged file, or events without a time.
    """
    found = _marked(c3d_file.read(path), Path(path))
    return {side: _paired(side, *(sorted(found.get((side, kind), [])) for kind in (_STRIKE, _OFF))) for side in SIDES}


def _open(path: Path, told: Told) -> _Trial:
    file = c3d_file.read(path)
    named = any(c3d.is_marker(file))
    if not named:
        if told.forward is None:
            raise BadValue(f"{path} has no markers, so which way the person goes is not known; give it as forward.")
        turn, note = points.turn_to_forward(Motion(1.0, np.zeros((1, 0, 3)), (), Provenance(path.name)), told.forward)
        return _Trial(path, file, None, told.up or c3d.vertical(file), turn, file.start, (note,))
    motion, up = markers.oriented(c3d.points(file), up=told.up, subject=told.subject)
    turn, note = points.turn_to_forward(motion, told.forward)
    turned = replace(motion, position=motion.position @ turn.T)
    return _Trial(path, file, turned, up, turn, file.start, (motion.provenance.note, note))


def _mass(file: File) -> float | None:
    for name in ("Bodymass", "BODYMASS", "BodyMass"):
        found = file.values("PROCESSING", name)
        if found.size and np.isfinite(float(found.flat[0])) and float(found.flat[0]) > 0:
            return float(found.flat[0])
    return None


def _times(trial: _Trial) -> np.ndarray:
    """Times of the analog samples [s]."""
    return trial.start + np.arange(len(trial.file.analogs)) / trial.file.analog_rate


def _forces(trial: _Trial, told: Told) -> tuple[Signals | None, Signals | None, Signals | None, tuple[str, ...]]:
    """Force, centre of pressure and free moment of both feet, and what was decided."""
    count = c3d_plates.count(trial.file)
    unknown = [name for name in told.plates if name not in [str(one) for one in range(1, count + 1)]]
    if unknown:
        raise errors.unknown("force plate", unknown[0], [str(n) for n in range(1, count + 1)], where=f"in {trial.path}")
    used = [number for number in range(1, count + 1) if told.plates.get(str(number)) != NOBODY]
    if not used or trial.file.analogs.size == 0:
        return None, None, None, ()
    time = _times(trial)
    total = ground.Total(time)
    notes, marked = [], _marked(trial.file, trial.path)
    for number in used:
        pushed, was_turned = _pushed(trial, number)
        load = feet.Load(f"force plate {number}", time, pushed.force[:, 2], pushed.point[:, :2])
        shares = _shares(trial, told.plates.get(str(number)), load)
        _check_events(load, shares, marked, trial.path)
        for side, share in shares.items():
            total.add(side, share, pushed)
        bearing = [side for side, share in shares.items() if share.any()]
        notes.append(f"plate {number}: {' and '.join(bearing) or 'nobody'}{', sign turned' if was_turned else ''}")
    return *total.signals(), tuple(notes)


def _pushed(trial: _Trial, number: int) -> tuple[ground.Push, bool]:
    """What one plate did to the person, in the house frame."""
    plate = c3d_plates.plate(trial.file, number, trial.path)
    channels = c3d_plates.measured(trial.file, plate, trial.path)
    up = np.linalg.solve(np.stack([trial.house(axis) for axis in np.eye(3)], axis=1), np.array([0.0, 0.0, 1.0]))
    found = plates.wrench(plate, channels, up, trial.path)
    return (
        ground.Push(trial.house(found.force), trial.house(found.point), trial.house(found.moment)[:, 2]),
        found.was_turned,
    )


def _shares(trial: _Trial, side: str | None, load: feet.Load) -> dict[str, np.ndarray]:
    if side is not None:
        return {side: np.ones(len(load.time))}
    if trial.motion is None:
        raise BadValue(f"{trial.path} has no markers, so the foot on {load.name} is not known; say its side.")
    return feet.shares(load, trial.motion, trial.start, trial.path)


def _check_events(load: feet.Load, shares: dict[str, np.ndarray], marked: dict, path: Path) -> None:
    """Refuse a step whose marked heel strike is of the other foot."""
    for first, _ in feet.contacts(load):
        side = next((one for one, share in shares.items() if share[first]), None)
        begin = load.time[first]
        near = {one: min((abs(t - begin) for t in marked.get((one, _STRIKE), [])), default=np.inf) for one in SIDES}
        other = next((one for one in SIDES if one != side), None)
        if side is not None and near[other] < _APART < near[side]:
            raise BadValue(
                f"{path}: {load.name}, loaded at {begin:.3f} s, goes to the {side} foot, but a foot strike of the "
                f"{other} foot is marked there; correct the event, the names of the markers or the side of the plate."
            )


def _activity(trial: _Trial, told: Told) -> tuple[Signals | None, tuple[str, ...]]:
    """EMG envelopes and what was decided."""
    values = trial.file.analogs
    if values.size == 0:
        return None, ()
    labels = trial.file.words("ANALOG", "LABELS")[: values.shape[1]]
    taken = set(c3d_plates.plate_channels(trial.file, trial.path))
    free = {label: k for k, label in reversed(list(enumerate(labels))) if label and k not in taken}
    names = families.names(_NAMES)
    chosen = emg.channels(tuple(reversed(list(free))), names, told.emg_side, told.muscles, trial.path)
    other = [label for label in reversed(list(free)) if label not in chosen and label not in told.muscles]
    notes = [f"analog channels that name no known muscle: {', '.join(other)}"] if other else []
    if not chosen:
        return None, tuple(notes)
    raw = Signals(_times(trial), values[:, [free[label] for label in chosen]], tuple(chosen.values()), "1")
    envelopes, words = emg.activity(raw, trial.path)
    return envelopes, (words, *notes)


def _angles(trial: _Trial) -> tuple[Signals | None, tuple[str, ...]]:
    """Plug-in Gait's angles in house names and signs [rad]."""
    labels = {label.rpartition(":")[2]: k for k, label in reversed(list(enumerate(trial.file.labels)))}
    unit = (trial.file.word("POINT", "ANGLE_UNITS") or "deg").lower()
    if unit not in ("deg", "degrees", "rad"):
        raise BadFile(f'{trial.path} gives its angles in "{unit}"; deg or rad is needed.')
    factor = 1.0 if unit == "rad" else np.pi / 180.0
    found: dict[str, np.ndarray] = {}
    for letter, side in (("R", "right"), ("L", "left")):
        for table, end in (("sided", f"_{side}"), ("unsided", "")):
            for output, entries in _gait()[table].items():
                if f"{letter}{output}" not in labels:
                    continue
                three = c3d.places(trial.file, [labels[f"{letter}{output}"]])[:, 0]
                for house, axis, right, left in entries:
                    sign = right if side == "right" else left
                    found.setdefault(house + end, sign * factor * three[:, _AXES[axis]])
    if not found:
        return None, ()
    time = trial.start + np.arange(trial.file.layout.frames) / trial.file.rate
    values = np.column_stack(list(found.values()))
    seen = np.flatnonzero(np.isfinite(values).any(axis=1))
    if not len(seen):
        return None, ("its angles of Plug-in Gait are empty",)
    kept = slice(seen[0], seen[-1] + 1)
    return Signals(time[kept], values[kept], tuple(found), "rad"), ("angles of Plug-in Gait",)


@cache
def _gait() -> dict:
    return tomllib.loads(_GAIT.read_text(encoding="utf-8"))


def _marked(file: File, path: Path) -> dict[tuple[str, str], list[float]]:
    """(side, what happens) → times [s]."""
    times = np.asarray(file.values("EVENT", "TIMES"), dtype=float)
    labels = [label.lower() for label in file.words("EVENT", "LABELS")]
    contexts = [context.lower() for context in file.words("EVENT", "CONTEXTS")]
    if not labels:
        return {}
    if times.ndim != 2 or times.shape[0] != 2 or times.shape[1] < len(labels) or not np.isfinite(times).all():
        raise BadFile(f"{path} has {len(labels)} events, but not minutes and seconds for each (EVENT:TIMES).")
    found: dict[tuple[str, str], list[float]] = {}
    for label, context, (minutes, seconds) in zip(labels, contexts, times.T):
        if context in SIDES:
            found.setdefault((context, label), []).append(float(60.0 * minutes + seconds))
    return found


def _paired(side: str, strikes: Sequence[float], lifts: Sequence[float]) -> Events:
    """Contacts in time order; a contact whose begin or end was not marked has NaN there."""
    marks = sorted([(time, 0) for time in strikes] + [(time, 1) for time in lifts])
    begin, end = [], []
    for time, kind in marks:
        if kind == 0:
            begin.append(time)
            end.append(np.nan)
        elif end and np.isnan(end[-1]):
            end[-1] = time
        else:
            begin.append(np.nan)
            end.append(time)
    return Events(side, np.array(begin), np.array(end))
