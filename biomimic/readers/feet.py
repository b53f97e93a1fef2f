"""Whose foot is on a plate: by the landmarks of the feet, step by step."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import SIDES
from biomimic.motion import Motion
from biomimic.readers import points

LOADED = 30.0  # [N] above this a plate bears a foot
SHORT = 0.06  # [s] shorter loads are blows to the plate, no steps
NEAR = 0.35  # [m] a centre of pressure farther from both feet is none of theirs
CLEARER = 1.5  # times as far the other foot has to be, or both stand on the plate
BORNE = 0.1  # share of its largest load above which a plate's centre of pressure is clear


@dataclass(frozen=True, eq=False)
class Load:
    """What one plate measured, in the house frame.

    Args:
        name: of the plate, in words.
        time: (T,) [s].
        vertical: (T,) [N], upward positive.
        point: (T, 2) centre of pressure [m], NaN while unloaded; None where there is none.
    """

    name: str
    time: np.ndarray
    vertical: np.ndarray
    point: np.ndarray | None


def shares(load: Load, motion: Motion, start: float, path: str | Path) -> dict[str, np.ndarray]:
    """Which of a plate's samples belong to each foot, 0 or 1, (T,) each.

    Args:
        load: of the plate.
        motion: of the person, in the same frame.
        start: time of the motion's first frame [s].
        path: of the file, for errors.

    Raises:
        BadValue: a step on the plate is near no foot, or near both; the feet or the point are not known.
    """
    steps = list(contacts(load))
    found = {side: np.zeros(len(load.time)) for side in SIDES}
    if not steps:
        return found
    if load.point is None:
        raise BadValue(
            f"{path}: {load.name} has no centre of pressure, so which foot stood on it cannot be told; say its side."
        )
    places = {side: _middle(motion, side, path) for side in SIDES}
    end = start + (len(motion.position) - 1) / motion.rate
    seen = [(a, b) for a, b in steps if load.time[b - 1] >= start and load.time[a] <= end]
    for first, last in seen:
        apart = {side: _apart(places[side], motion.rate, start, load, (first, last)) for side in SIDES}
        found[_foot(apart, load, (first, last), path)][_whole(load, (first, last), steps)] = 1.0
    for first, last in (span for span in steps if span not in seen):
        found[_usual(found, load, (first, last), path)][_whole(load, (first, last), steps)] = 1.0
    return found


def _whole(load: Load, span: tuple[int, int], steps: list[tuple[int, int]]) -> slice:
    """A step with its begin and end, where its force is low but not yet gone; at most half-way to the next step."""
    first, last = span
    before = max((b for _, b in steps if b <= first), default=0)
    after = min((a for a, _ in steps if a >= last), default=len(load.time))
    empty = np.flatnonzero(~(load.vertical > 0.0))
    earlier, later = empty[empty < first], empty[empty >= last]
    low = (before + first) // 2 if before else 0
    high = (last + after + 1) // 2 if after < len(load.time) else after
    begin = max(int(earlier[-1]) + 1 if len(earlier) else 0, low)
    return slice(begin, min(int(later[0]) if len(later) else len(load.time), high))


def _usual(found: dict[str, np.ndarray], load: Load, span: tuple[int, int], path: str | Path) -> str:
    """The foot of a step outside of the motion's time: the one that made all steps within it."""
    sides = [side for side in SIDES if found[side].any()]
    if len(sides) == 1:
        return sides[0]
    raise BadValue(
        f"{path}: {load.name} is loaded from {load.time[span[0]]:.3f} to {load.time[span[1] - 1]:.3f} s, when the feet "
        "were not recorded; say the side of that plate, leave it out, or cut the file of forces to the motion's time."
    )


def contacts(load: Load) -> list[tuple[int, int]]:
    """First sample and the one after the last of each step on a plate."""
    loaded = load.vertical > LOADED
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loaded, [False]]).astype(int)))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist())
    return [(a, b) for a, b in pairs if load.time[b - 1] - load.time[a] > SHORT]


def _foot(apart: dict[str, float], load: Load, span: tuple[int, int], path: str | Path) -> str:
    """The side that is clearly the nearer one."""
    near = min(SIDES, key=lambda side: apart[side])
    far = next(side for side in SIDES if side != near)
    words = f"{path}: {load.name} is loaded from {load.time[span[0]]:.3f} to {load.time[span[1] - 1]:.3f} s"
    if not apart[near] <= NEAR:
        reach = f"the nearer foot is {apart[near]:.2f} m away" if np.isfinite(apart[near]) else "no foot is seen then"
        raise BadValue(
            f"{words}, but {reach} from where its force acts; leave that plate out, or check its corners and the clock."
        )
    if apart[far] < CLEARER * apart[near] and apart[far] <= NEAR:
        raise BadValue(
            f"{words} with the right foot {apart['right']:.2f} m and the left foot {apart['left']:.2f} m from where "
            "its force acts, so both may stand on it; leave that plate out, say its side, or cut the trial there."
        )
    return near


def _middle(motion: Motion, side: str, path: str | Path) -> np.ndarray:
    """(T, 2) middle between heel and toes of a side."""
    parts = [place for place in (points.heel(motion, side), points.toe(motion, side)) if place is not None]
    parts = parts or [place for place in (points.foot(motion, side, ("ankle", "ank")),) if place is not None]
    if not parts:
        raise BadValue(
            f"{path}: the {side} foot has no landmark that is known by its name (heel, toe, ankle), so plates cannot "
            "be given to feet; say the side of each plate."
        )
    return np.mean(np.stack(parts), axis=0)[:, :2]


def _apart(place: np.ndarray, rate: float, start: float, load: Load, span: tuple[int, int]) -> float:
    """Median distance of a foot from the point of force over a step [m]; endless where it was not seen."""
    first, last = span
    vertical = load.vertical[first:last]
    clear = vertical >= max(BORNE * vertical.max(), LOADED)
    frame = np.round((load.time[first:last][clear] - start) * rate).astype(int)
    point = load.point[first:last][clear]
    inside = (frame >= 0) & (frame < len(place))
    distance = np.linalg.norm(place[frame[inside]] - point[inside], axis=1)
    distance = distance[np.isfinite(distance)]
    return float(np.median(distance)) if len(distance) else float("inf")
