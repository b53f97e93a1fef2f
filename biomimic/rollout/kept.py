"""Recordings that are kept beside a run: made once, used again while run, plan and versions are the same."""

import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from biomimic import archive, files
from biomimic.motion import Trajectory
from biomimic.rollout import film, rollout
from biomimic.rollout.plan import Plan
from biomimic.run import open_run

FILM_SCHEMA = 1


@dataclass(frozen=True)
class Task:
    """One trial to simulate and keep, or one stride to film.

    Args:
        run: path of the run's folder.
        folder: where recordings lie.
        plan: of the trial; its label names the file.
        stamp: run and versions the recording depends on, beside the plan.
        is_film: keep pictures of one stride instead of a recording.
    """

    run: Path
    folder: Path
    plan: Plan
    stamp: dict[str, str]
    is_film: bool = False

    @property
    def path(self) -> Path:
        """The recording, or the pictures."""
        return self.folder / f"{self.plan.trial}.npz"

    @property
    def text(self) -> str:
        """Everything the recording depends on."""
        content = {"plan": asdict(self.plan), "made by": self.stamp, "film": self.is_film}
        return json.dumps(content, sort_keys=True, indent=1) + "\n"

    @property
    def is_done(self) -> bool:
        """Whether what lies there was made by this very task, and is whole."""
        mark = self.path.with_suffix(".json")
        is_own = mark.is_file() and mark.read_text(encoding="utf-8", errors="replace") == self.text
        return is_own and zipfile.is_zipfile(self.path)  # false for a missing or cut file


def make(task: Task) -> None:
    """Simulate and keep; the mark is written last, and without it a recording is made again after a kill.

    Pictures that could not be drawn get no mark; the next call tries again.
    """
    run = open_run(task.run)
    target = Trajectory.load(run.target)
    mark = task.path.with_suffix(".json")
    mark.unlink(missing_ok=True)
    if not task.is_film:
        rollout(run, target, task.plan).save(task.path)
        files.write(mark, task.text)
        return
    drawn = film.stride(run, target, task.plan)
    content = {"frames": np.array(drawn.frames, np.uint8), "percents": np.array(drawn.percents)}
    archive.save(task.path, "film", FILM_SCHEMA, {**content, "reason": np.array(drawn.reason)})
    if drawn.reason != film.NONE:
        files.write(mark, task.text)


def pictures(path: Path) -> film.Pictures:
    """The pictures that `make` kept.

    Raises:
        BadFile: missing or truncated.
    """
    content = archive.load(path, "film", FILM_SCHEMA)
    frames, percents = (archive.required(content, name, path) for name in ("frames", "percents"))
    reason = str(archive.required(content, "reason", path))
    return film.Pictures(tuple(frames), tuple(float(percent) for percent in percents), reason)
