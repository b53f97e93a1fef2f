"""Clips to retarget: the recordings in a folder or in a list, and the files that belong to each."""

import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from biomimic import config
from biomimic.errors import BadFile, BadValue
from biomimic.readers import coordinates

ENDINGS = (".npz", ".bvh", ".amc", ".trc", ".c3d", ".txt", ".mot", ".sto")
_SHAPES = ("shape.npz", "_stagei.npz")  # what AMASS keeps beside its motions: a person's shape, no motion
_MARKERS = (".trc", ".c3d")  # what joint angles were computed from
_PEEK = 16384  # characters of a file that say what it holds


@dataclass(frozen=True)
class Clip:
    """One recording and what belongs to it.

    Attributes:
        name: of its results, relative to the folder they go to, parts joined by "/".
        path: of the recording.
        angles: joint angles of the same trial (OpenSim), to compare with, or None.
        forces: plate forces of the same trial (OpenSim), or None.
        model: scaled OpenSim model with the places of the markers, or None.
        skeleton: .asf of an .amc, or None.
    """

    name: str
    path: Path
    angles: Path | None = None
    forces: Path | None = None
    model: Path | None = None
    skeleton: Path | None = None

    @property
    def files(self) -> dict[str, Path]:
        """What the result depends on, by role."""
        roles = ("path", "angles", "forces", "model", "skeleton")
        return {role: getattr(self, role) for role in roles if getattr(self, role) is not None}


@dataclass(frozen=True)
class _Entry:
    path: str
    name: str | None = None
    angles: str | None = None
    forces: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class _List:
    clip: tuple[_Entry, ...]


def find(source: str | Path, *, without: Path | None = None) -> tuple[Clip, ...]:
    """The clips of a folder (searched to the bottom), of one file, or of a TOML list of [[clip]] tables.

    Recordings are .npz (AMASS), .bvh, .amc, .trc, .c3d, .txt that hold the frames of a DeepMimic clip, and OpenSim
    joint angles (.mot, .sto) where no .trc or .c3d lies beside them. What belongs to <stem> is found by name:
    <stem>_ik.mot or .sto, <stem>_grf.mot or .sto, and the only .osim of its folder; an .amc's .asf has the name up to
    the last "_", or is the only one of its folder.

    Args:
        source: folder, recording, or TOML list; paths in a list are relative to it.
        without: folder that is not searched: where the results go.

    Raises:
        BadFile: nothing there, or no clip in it.
        BadValue: two clips of a list have one name.
    """
    source = Path(source)
    if source.is_dir():
        return _named(_searched(source, without), source)
    if not source.is_file():
        raise BadFile(f"{source} does not exist; give a folder of clips, one clip, or a TOML list of clips.")
    if source.suffix.lower() == ".toml":
        return _listed(source)
    if source.suffix.lower() not in ENDINGS:
        raise BadFile(f"{source} is no clip: its name ends with none of {', '.join(ENDINGS)}, nor is it a .toml list.")
    return (_with_companions(source.stem, source),)


def _searched(folder: Path, without: Path | None) -> list[Path]:
    found = []
    banned = without.resolve() if without is not None else None
    for place, folders, names in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(name for name in folders if (here / name).resolve() != banned)
        if here.resolve() == banned:
            break
        found += [here / name for name in sorted(names) if _is_clip(here / name, names)]
    if not found:
        raise BadFile(f"{folder} holds no clip; looked for, in all its folders: {', '.join(ENDINGS)}.")
    return found


def _is_clip(path: Path, beside: list[str]) -> bool:
    ending = path.suffix.lower()
    if ending not in ENDINGS or path.name.startswith(".") or path.name.endswith(_SHAPES):
        return False
    if ending == ".txt":
        return '"Frames"' in _begin(path)
    if ending in (".mot", ".sto"):
        return not any(name.lower().endswith(_MARKERS) for name in beside) and coordinates.begins(_begin(path))
    return True


def _begin(path: Path) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_PEEK)
    except OSError:
        return ""


def _named(paths: list[Path], folder: Path) -> tuple[Clip, ...]:
    """Names are paths in the folder without the ending; where two files differ only in it, it stays, as _bvh."""
    stems = [path.relative_to(folder).with_suffix("").as_posix() for path in paths]
    count = Counter(stems)
    return tuple(
        _with_companions(stem if count[stem] == 1 else f"{stem}_{path.suffix[1:].lower()}", path)
        for stem, path in zip(stems, paths)
    )


def _with_companions(name: str, path: Path) -> Clip:
    ending = path.suffix.lower()
    beside = sorted(path.parent.iterdir())
    if ending == ".amc":
        same = path.with_name(path.stem.rpartition("_")[0] + ".asf")
        return Clip(name, path, skeleton=same if same in beside else _only(beside, ".asf"))
    if ending not in (".trc", ".c3d", ".mot", ".sto"):
        return Clip(name, path)
    stem = path.stem.removesuffix("_ik")
    tables = {one.stem: one for one in beside if one.suffix in (".mot", ".sto")}
    return Clip(
        name,
        path,
        angles=path if ending in (".mot", ".sto") else tables.get(f"{stem}_ik"),
        forces=tables.get(f"{stem}_grf"),
        model=_only(beside, ".osim"),
    )


def _only(paths: list[Path], ending: str) -> Path | None:
    found = [path for path in paths if path.suffix.lower() == ending]
    return found[0] if len(found) == 1 else None


def _listed(path: Path) -> tuple[Clip, ...]:
    folder, clips = path.parent, []
    for entry in config.load(_List, path).clip:
        recording = folder / entry.path
        if not recording.is_file():
            raise BadFile(f'{path} lists "{entry.path}", which is not there; paths are relative to the list.')
        found = _with_companions(entry.name or recording.stem, recording)
        given = {role: folder / getattr(entry, role) for role in ("angles", "forces", "model") if getattr(entry, role)}
        clips.append(replace(found, **given))
    double = [name for name, count in Counter(clip.name for clip in clips).items() if count > 1]
    if double:
        raise BadValue(f'{path} has more than one clip "{double[0]}"; give each [[clip]] a name of its own.')
    return tuple(clips)
