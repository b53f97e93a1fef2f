"""When the feet of a clip touch and leave the floor: by plates, else by how feet move, sharpened by contacts."""

from typing import NamedTuple

import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.gait import events
from biomimic.motion import Trajectory
from biomimic.retarget.contact import Points, contact_points
from biomimic.retarget.contact_phases import tidy
from biomimic.retarget.cycle import SIDES
from biomimic.retarget.stride.options import StrideOptions
from biomimic.signals import Signals

LOADED = 20.0  # [N] the usual threshold of a loaded foot
_PARTS = ("heel", "toe")


class Steps(NamedTuple):
    """One foot's events, in frames; each array is in order, and one may be longer than the other."""

    strike: np.ndarray
    off: np.ndarray


def steps(clip: Trajectory, embodiment: Embodiment, options: StrideOptions) -> tuple[Steps, Steps]:
    """Heel strikes and toe-offs of the right and of the left foot.

    A foot that plates saw is told by its force. Else its heel is furthest ahead of the pelvis at heel strike, its toe
    furthest behind at toe-off; the strike, which this rule sees early, is moved to the contact that begins near it.

    Source:
        Zeni, Richards, Higginson, Gait & Posture 27 (2008) 710-714.
    """
    least = max(1, round(options.blink * clip.rate))
    on_floor = _on_floor(clip, contact_points(embodiment, options.cycle.contact))
    moved = _positions(clip, embodiment)
    found = []
    for side, name in enumerate(SIDES):
        if clip.force is not None and (clip.force[:, 2 + 3 * side] >= LOADED).any():
            found.append(_edges(clip.force[:, 2 + 3 * side] >= LOADED, least))
            continue
        seen = events.detect_from_positions(moved, side=name)
        strike, off = (times[np.isfinite(times)] * clip.rate for times in seen[1:])
        if on_floor is not None:
            strike = _moved(strike, _edges(on_floor[:, side], least).strike, options.near * clip.rate)
        found.append(Steps(strike, off))
    return tuple(found)


def _on_floor(clip: Trajectory, points: Points) -> np.ndarray | None:
    """Whether any point of each foot is loaded, (T, 2), or None where the clip has no contacts."""
    if clip.contact is None:
        return None
    side_of = dict(zip(points.names, points.sides))
    strange = [name for name in clip.contact_points if name not in side_of]
    if strange:
        raise BadValue(
            f'The clip has a contact point "{strange[0]}", which is none of this body: {", ".join(points.names)}.'
        )
    sides = np.array([side_of[name] for name in clip.contact_points])
    return np.column_stack([clip.contact[:, sides == side].any(axis=1) for side in (0, 1)])


def _positions(clip: Trajectory, embodiment: Embodiment) -> Signals:
    """Pelvis, heels and toes in house axes."""
    marks, places = list(embodiment.landmarks), embodiment.trajectory_landmarks(clip.qpos)
    points = ("pelvis", *(f"{part}_{side}" for side in SIDES for part in _PARTS))
    columns = {f"{point}_{axis}": places[:, marks.index(point), k] for point in points for k, axis in enumerate("xyz")}
    return Signals(np.arange(len(places)) / clip.rate, np.column_stack(list(columns.values())), tuple(columns), "m")


def _edges(loaded: np.ndarray, least: int) -> Steps:
    """Begins and ends of loading; gaps of at most `least` frames are closed, then shorter contacts left out."""
    change = np.diff(tidy(loaded[:, None], longest_gap=least, least=least)[:, 0].astype(int))
    return Steps(np.flatnonzero(change > 0) + 0.5, np.flatnonzero(change < 0) + 0.5)


def _moved(strikes: np.ndarray, contacts: np.ndarray, near: float) -> np.ndarray:
    """Each strike, or the contact nearest to it if there is one near."""
    if not len(contacts):
        return strikes
    closest = contacts[np.abs(strikes[:, None] - contacts[None, :]).argmin(axis=1)]
    return np.where(np.abs(closest - strikes) <= near, closest, strikes)
