"""Outcome: the one small file that says whether a clip is done, failed or has to be done; written last."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from biomimic import config, files
from biomimic.errors import BadFile, BiomimicError

SCHEMA = 1
ENDING = ".clip.json"  # of an outcome
TRAJECTORY, RECORD, FILM, CACHE = ".npz", ".record.json", ".svg", ".musclemimic.npz"
ENDINGS = (TRAJECTORY, RECORD, FILM, CACHE)  # of a result's files
BASELINE = "baseline_mink"  # folder of the baseline's results among ours


@dataclass(frozen=True)
class Outcome:
    """What became of one clip.

    Attributes:
        clip: its name.
        key: hash of all that the result depends on.
        source: file name of the recording.
        sentence: why there is no result; empty when there is one.
        is_fault: the program failed, not the clip.
        frames: of the trajectory.
        seconds: reading, retargeting, drawing and writing took, together.
        files: name of each file of the result -> its size [bytes].
        schema: of this file.
    """

    clip: str
    key: str
    source: str
    sentence: str = ""
    is_fault: bool = False
    frames: int = 0
    seconds: float = 0.0
    files: dict[str, int] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def is_done(self) -> bool:
        """There is a result."""
        return not self.sentence

    def is_complete(self, folder: Path) -> bool:
        """Every file of the result is there with its size."""
        return all(_size(folder / name) == size for name, size in self.files.items())

    def save(self, folder: Path) -> Path:
        """Write beside the result, atomically."""
        text = json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"
        return files.write(folder / f"{Path(self.clip).name}{ENDING}", text)

    @classmethod
    def load(cls, path: Path) -> "Outcome | None":
        """What `save` wrote; None where there is no such file, or of another schema."""
        try:
            return config.build(cls, json.loads(config.read_text(path)), name=str(path))
        except (BiomimicError, json.JSONDecodeError):
            return None


def place(out: Path, clip: str) -> tuple[Path, str]:
    """Folder of a clip's result, and how the names of its files begin."""
    path = out / clip
    return path.parent, path.name


def every(out: Path, *, without: tuple[str, ...] = ()) -> list[tuple[Path, Outcome]]:
    """All outcomes below a folder with the folder each lies in, by name; some folders of it may be left out."""
    paths = [path for path in sorted(out.rglob(f"*{ENDING}")) if path.relative_to(out).parts[0] not in without]
    found = [(path.parent, Outcome.load(path)) for path in paths]
    return [(folder, outcome) for folder, outcome in found if outcome is not None]


def is_held(folder: Path, stem: str) -> bool:
    """A process began this clip and did not end it."""
    return (folder / f".{stem}.lock").exists()


def release(folder: Path, stem: str) -> None:
    """Forget that a process, which is no more, began this clip."""
    (folder / f".{stem}.lock").unlink(missing_ok=True)


def clear(folder: Path, stem: str) -> None:
    """Remove an older result, the outcome first.

    Raises:
        BadFile: a file cannot be removed.
    """
    try:
        for ending in (ENDING, *ENDINGS):
            (folder / f"{stem}{ending}").unlink(missing_ok=True)
    except OSError as error:
        raise BadFile(f"{folder} cannot be written to: {error.strerror}.") from None


def sweep(out: Path, stems: set[tuple[Path, str]]) -> None:
    """Remove files that a killed process began to write; nobody else may be at work on these clips.

    Args:
        out: folder of all results.
        stems: folder and begin of the names of each clip that was dealt with.
    """
    for part in out.rglob(".*.part"):
        name = part.name.removeprefix(".").removesuffix(".part").rpartition(".")[0]
        if any(name.endswith(end) and (part.parent, name.removesuffix(end)) in stems for end in (ENDING, *ENDINGS)):
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def held(folder: Path, stem: str) -> Iterator[None]:
    """Only one process at a time works on a clip: after a kill, processes of the old call may still finish theirs.

    The system lets go of the lock when its process ends, however it ends. Where files cannot be locked, nothing is
    held: a clip may be done twice then, but never by halves.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    path = folder / f".{stem}.lock"
    try:
        with open(path, "w") as file:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
            release(folder, stem)
    except PermissionError:
        raise BadFile(f"{folder} cannot be written to.") from None


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1
