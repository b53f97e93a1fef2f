"""Evaluation: how far a controller followed every clip it was given, and how closely; kept beside a run as JSON."""

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from biomimic import files
from biomimic.errors import BadFile, BadValue
from biomimic.metrics.estimate import Estimate, Resampling, bootstrap

SCHEMA = 1
FILE = "evaluation.json"
ENDS = ("", "sites", "pelvis", "not finite")
STARTS = ("first frame", "random")
DIGITS = 6  # significant digits in the file
MEASURES = {  # errors, each a mean over the time that was followed → unit
    "joint_error": "rad",
    "speed_error": "rad/s",
    "root_error": "m",
    "site_error": "m",
}


@dataclass(frozen=True)
class Attempt:
    """One clip followed once.

    Args:
        clip: its name.
        start: where in the clip it began [s].
        planned: time to the end of the clip; of a periodic one, the time that was asked for [s].
        followed: time until a limit was broken, or all of it [s].
        ended: one of `ENDS`: which limit was broken, or empty.
        begun: one of `STARTS`.
        joint_error: mean absolute difference of the joint angles [rad]; NaN if nothing was followed.
        speed_error: the same of their speeds [rad/s].
        root_error: mean distance of the pelvis from its place [m].
        site_error: mean distance of the sites from their places, all relative to the pelvis [m].
    """

    clip: str
    start: float
    planned: float
    followed: float
    ended: str
    begun: str
    joint_error: float
    speed_error: float
    root_error: float
    site_error: float

    def __post_init__(self) -> None:
        if self.ended not in ENDS or self.begun not in STARTS:
            raise BadValue(
                f'An attempt at "{self.clip}" begins at {" or ".join(STARTS)} and ends with nothing, '
                f'{", ".join(ENDS[1:])}; found "{self.begun}" and "{self.ended}".'
            )
        if not 0.0 <= self.followed <= self.planned * (1 + 1e-9):
            raise BadValue(f'Of "{self.clip}", {self.followed:g} s were followed of {self.planned:g} s planned.')

    @property
    def succeeded(self) -> bool:
        """Whether it was followed to its end."""
        return not self.ended


@dataclass(frozen=True)
class Evaluation:
    """Every clip once from its first frame, and from random starts.

    Args:
        run: its name.
        policy: hex SHA-256 of the parameters that were evaluated.
        engine: physics and version.
        site_limit: mean distance of the sites relative to the pelvis at which an attempt ends [m].
        root_limit: distance of the pelvis at which it ends [m].
        attempts: in the order of the clips.
    """

    run: str
    policy: str
    engine: str
    site_limit: float
    root_limit: float
    attempts: tuple[Attempt, ...]

    def begun(self, start: str) -> "Evaluation":
        """Only the attempts that began so, one of `STARTS`."""
        return replace(self, attempts=tuple(one for one in self.attempts if one.begun == start))

    def success(self, resampling: Resampling) -> Estimate:
        """Share of the attempts that were followed to the end."""
        won = np.array([one.succeeded for one in self.attempts], float)
        return self._estimate(lambda weights: weights @ won, "share", resampling)

    def coverage(self, resampling: Resampling) -> Estimate:
        """Share of the planned time that was followed."""
        followed, planned = self._column("followed"), self._column("planned")
        return self._estimate(lambda weights: (weights @ followed) / (weights @ planned), "share", resampling)

    def error(self, name: str, resampling: Resampling) -> Estimate:
        """Mean of one of `MEASURES` over all time that was followed; NaN if there was none."""
        followed = self._column("followed")
        summed = np.where(followed > 0, self._column(name), 0.0) * followed

        def mean(weights: np.ndarray) -> np.ndarray:
            time = weights @ followed
            return np.divide(weights @ summed, time, out=np.full(len(time), np.nan), where=time > 0)

        return self._estimate(mean, MEASURES[name], resampling)

    def _column(self, name: str) -> np.ndarray:
        return np.array([getattr(one, name) for one in self.attempts], float)

    def _estimate(self, statistic, unit: str, resampling: Resampling) -> Estimate:
        """With clips resampled, then starts within each."""
        names = [one.clip for one in self.attempts]
        clips = sorted(set(names))
        found = bootstrap(statistic, np.array([clips.index(name) for name in names], int), resampling, unit)
        return replace(found, of="clips" if len(clips) == len(names) > 1 else f"starts in {_clips(len(clips))}")

    def save(self, folder: str | Path) -> Path:
        """Write evaluation.json into a run's folder: keys sorted, six digits, null for what is no number."""
        content = {"schema": SCHEMA, **asdict(self)}
        text = json.dumps(_rounded(content), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
        return files.write(Path(folder) / FILE, text + "\n")


def load(folder: str | Path) -> Evaluation | None:
    """What `save` wrote; None for a run that was never evaluated.

    Raises:
        BadFile: the file is cut short, or of another schema.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        schema = content.pop("schema")
        if schema != SCHEMA:
            raise BadFile(f"{path} has schema {schema}, this version reads {SCHEMA}. Evaluate the run again.")
        attempts = tuple(_attempt(one) for one in content.pop("attempts"))
        return Evaluation(**content, attempts=attempts)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError, BadValue):
        raise BadFile(f"{path} is cut short or no evaluation. Evaluate the run again.") from None


def _attempt(record: dict) -> Attempt:
    known = {field.name: record[field.name] for field in fields(Attempt)}
    return Attempt(**{name: math.nan if value is None else value for name, value in known.items()})


def _clips(count: int) -> str:
    return f"{count} clip" if count == 1 else f"{count} clips"


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
