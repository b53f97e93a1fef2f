"""Which stride of a clip repeats best: its period, its begin, and when its feet touch and leave the floor."""

from dataclasses import dataclass

import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue, NotEnoughData
from biomimic.motion import Trajectory
from biomimic.retarget.cycle import SIDES
from biomimic.retarget.poses import joint_names
from biomimic.retarget.stride.options import StrideOptions
from biomimic.retarget.stride.path import Path, path
from biomimic.retarget.stride.steps import Steps, steps

USUAL_STANCE = 0.62  # share of the stride that a foot is loaded in walking
AROUND = 0.3  # share of a stride before and after a stretch in which its events are looked for too
ARMS = ("elv_angle", "shoulder", "elbow", "pro_sup", "deviation", "flexion_")


@dataclass(frozen=True)
class Choice:
    """One stride of a clip.

    Attributes:
        start: of the stretch that is used [s from the first frame]; not a heel strike.
        period: [s].
        fade: [s] before the start and after the end that is used to close the stride.
        strike: right heel strike [s]; it may lie up to a period before or after the stretch.
        left_strike: phase of the left heel strike, in (0, 1).
        stance: share of the stride that a foot is loaded, mean of both feet.
        speed: [m/s].
        angle: root mean square difference of the legs' and trunk's joints a stride apart at the seam [rad].
        relative: the same of poses and speeds, divided by how much they vary in the stride; 0 is periodic.
    """

    start: float
    period: float
    fade: float
    strike: float
    left_strike: float
    stance: float
    speed: float
    angle: float
    relative: float


def choose(clip: Trajectory, embodiment: Embodiment, options: StrideOptions, *, at: float | None = None) -> Choice:
    """The stride of a clip whose end is most like its begin in pose and speed.

    Every stretch in which both feet touch the floor once is tried, at each frame and for each stride time.

    Args:
        clip: states of the body; with contacts or forces its steps are known better.
        embodiment: the body.
        options: all constants.
        at: [s from the first frame] a moment that must lie in the stride, or None.

    Raises:
        NotEnoughData: the clip is shorter than a stride, or there is no stride with one step of each foot.
        BadValue: the clip is not the body's.
    """
    _check(clip, embodiment)
    search = _search(clip, embodiment, options)
    best = None
    for lag in range(search.frames(options.shortest), search.frames(options.longest) + 1):
        starts = search.starts(lag, at)
        relative = search.relative(starts, lag)
        for k in np.argsort(relative):
            if best is not None and relative[k] >= best[0]:
                break
            if search.is_stride(starts[k], lag):
                best = (float(relative[k]), int(starts[k]), lag)
                break
    if best is None:
        raise NotEnoughData(search.nothing(at))
    if best[0] > options.most_relative:
        raise NotEnoughData(
            f"The most periodic stride of this clip, {best[2] / clip.rate:.2f} s from {best[1] / clip.rate:.2f} s on, "
            f"ends {best[0]:.2f} of its own motion away from where it began, at most {options.most_relative:g} is "
            "allowed; a clip of steady level walking would work."
        )
    return search.choice(*best)


def _check(clip: Trajectory, embodiment: Embodiment) -> None:
    if clip.qpos.shape[1] != embodiment.model.nq:
        raise BadValue(
            f'The clip has {clip.qpos.shape[1]} coordinates, the body "{embodiment.name}" has {embodiment.model.nq}; '
            "retarget the motion to this body."
        )


def _search(clip: Trajectory, embodiment: Embodiment, options: StrideOptions) -> "_Search":
    legs = np.array([k for k, name in enumerate(joint_names(embodiment)) if not name.startswith(ARMS)])
    way = path(embodiment, clip)
    features = _features(way, legs, embodiment.leg_length, clip.rate)
    return _Search(clip.rate, way, legs, features, steps(clip, embodiment, options), options)


def _features(way: Path, legs: np.ndarray, leg_length: float, rate: float) -> np.ndarray:
    """What is compared a stride apart, (T, F): legs, trunk and pelvis, and their speeds, all as angles.

    Lengths are divided by the leg length, and speeds count by what they change in a radian of a stride of a second.
    """
    still = np.column_stack([way.joints[:, legs], way.turn, way.root[:, 2] / leg_length])
    moving = np.column_stack([still, way.root[:, :2] / leg_length])
    found = np.column_stack([still, np.gradient(moving, axis=0) * rate / (2.0 * np.pi)])
    return found - found.mean(axis=0)


@dataclass(frozen=True, eq=False)
class _Search:
    """A clip seen frame by frame.

    Attributes:
        rate: [Hz].
        way: of the body, T frames.
        legs: columns of the legs' and trunk's joints.
        features: poses and speeds, (T, F).
        steps: strikes and toe-offs of the right and of the left foot, in frames.
        options: all constants.
    """

    rate: float
    way: Path
    legs: np.ndarray
    features: np.ndarray
    steps: tuple[Steps, Steps]
    options: StrideOptions

    def frames(self, seconds: float) -> int:
        """The nearest number of frames."""
        return int(round(seconds * self.rate))

    def width(self, lag: int) -> int:
        """Frames of the fade on each side of the seam: as many as the clip allows, at most those of the options."""
        return min(self.frames(self.options.fade), (len(self.way.root) - 1 - lag) // 2)

    def starts(self, lag: int, at: float | None) -> np.ndarray:
        """First frames of the stretches of this length."""
        width = self.width(lag)
        if width < max(1, self.frames(self.options.least_fade)):
            return np.arange(0)
        first, last = width, len(self.way.root) - 1 - lag - width
        if at is not None:
            first, last = max(first, self.frames(at) - lag), min(last, self.frames(at))
        return np.arange(first, last + 1)

    def relative(self, starts: np.ndarray, lag: int) -> np.ndarray:
        """Difference of poses and speeds across the seam over their variation in the stride, (S,)."""
        if not len(starts):
            return np.zeros(0)
        width = self.width(lag)
        apart = _sums(np.sum((self.features[lag:] - self.features[:-lag]) ** 2, axis=1))
        difference = (apart[starts + width + 1] - apart[starts - width]) / (2 * width + 1)
        total, square = _sums(self.features), _sums(self.features**2)
        mean = (total[starts + lag] - total[starts]) / lag
        variation = np.sum((square[starts + lag] - square[starts]) / lag - mean**2, axis=1)
        return np.sqrt(difference / np.maximum(variation, 1e-12))

    def is_stride(self, start: int, lag: int) -> bool:
        """Whether each foot steps once in a stretch and the body goes somewhere."""
        fast = np.linalg.norm(self.way.travel(start, lag)) >= self.options.least_speed * lag / self.rate
        return bool(fast) and self.strikes(start, lag) is not None

    def strikes(self, start: int, lag: int) -> tuple[float, float, float] | None:
        """Frame of the right strike, of the left one, and share of stance, if each foot steps once in a stretch.

        The share is that of the feet whose toe-off is seen.
        """
        strikes, shares = [], []
        for strike, off in self.steps:
            first, last = (_once(events, start, lag, self.options) for events in (strike, off))
            if first is None:
                return None
            strikes.append(first)
            shares += [] if last is None else [((last - first) / lag) % 1.0]
        return (*strikes, float(np.mean(shares)) if shares else USUAL_STANCE)

    def choice(self, relative: float, start: int, lag: int) -> Choice:
        """What is told of a stretch."""
        right, left, stance = self.strikes(start, lag)
        width, joints = self.width(lag), self.way.joints[:, self.legs]
        seam = np.arange(start - width, start + width + 1)
        return Choice(
            start=float(start / self.rate),
            period=float(lag / self.rate),
            fade=float(width / self.rate),
            strike=float(right / self.rate),
            left_strike=float(((left - right) / lag) % 1.0),
            stance=float(np.clip(stance, *self.options.stance)),
            speed=float(np.linalg.norm(self.way.travel(start, lag)) * self.rate / lag),
            angle=float(np.sqrt(np.mean((joints[seam + lag] - joints[seam]) ** 2))),
            relative=relative,
        )

    def nothing(self, at: float | None) -> str:
        """Why there is no stride."""
        counts = " and ".join(f"{len(strike)} {side}" for side, (strike, _) in zip(SIDES, self.steps))
        where = "" if at is None else f" around {at:g} s"
        return (
            f"No stride of {self.options.shortest:g} to {self.options.longest:g} s in which each foot steps once was "
            f"found{where} in {(len(self.way.root) - 1) / self.rate:.2f} s with {counts} heel strikes; a clip of level "
            "walking a little longer than one stride would work."
        )


def _sums(values: np.ndarray) -> np.ndarray:
    """Running sums of the rows, the first one zero, (T, ...) -> (T + 1, ...)."""
    return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])


def _once(events: np.ndarray, start: int, lag: int, options: StrideOptions) -> float | None:
    """The event of one foot that happens once in a stretch, or as seen a stride earlier or later, in frames."""
    near = events[(events >= start - AROUND * lag) & (events <= start + (1.0 + AROUND) * lag)]
    if not len(near):
        return None
    turn = np.exp(2j * np.pi * (near - start) / lag)
    mean = np.angle(turn.mean())
    apart = np.abs(np.angle(turn * np.exp(-1j * mean))) / (2.0 * np.pi)
    if apart.max() > options.agree:
        return None
    return start + (mean / (2.0 * np.pi) % 1.0) * lag
