"""Pelvis, heels and toes among the landmarks of a motion, which way a person goes, and how fast over the ground."""

import re

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.strides import SIDES
from biomimic.motion import Motion
from biomimic.signals import Signals

_HEEL = ("heel", "hee", "cal", "calc", "cal1", "hel", "calcaneus", "fcc")
_TOE = (
    "toe",
    "toetip",
    "hlx",
    "hal",
    "hallux",
    "mt2",
    "2meta",
    "mt1",
    "mth1",
    "toemed",
    "mt5",
    "5meta",
    "mth5",
    "toelat",
    "fm2",
    "fm1",
    "fm5",
)
_FRONT, _BACK = ("asis", "asi", "ias"), ("psis", "psi", "ips")  # of the pelvis
_MIDDLE = ("vsacral", "vsac", "sacr", "sacrum", "s2", "s1", "sac")  # of the pelvis, behind
_ANKLE = ("ankle", "ank", "lmal", "ajc")
_TRAVEL = 0.5  # [m] a pelvis that goes less far stands on a belt
_STILL = 0.25  # share of the pelvis's speed below which the feet most often stand still
_OBLIQUE = 25.0  # [deg] off an axis of the laboratory that a walkway may run


def plain(name: str) -> str:
    """A landmark's name in small letters without dots, blanks, underscores and numbers of copies."""
    return re.sub(r"[._ \-]", "", name.lower().removesuffix("_study"))


def sided(name: str) -> tuple[str, str]:
    """A landmark's name without its side, and the side: R.Heel, RHEE, r_calc, heel_right; "" where it has none."""
    for side in SIDES:
        if name.lower().endswith(f"_{side}"):
            return plain(name[: -len(side) - 1]), side
    word = re.sub(r"^(right|left)[._ \-]?", lambda match: match[1][0], name, flags=re.IGNORECASE)
    if word[:1] in "rRlL" and len(word) > 2:
        return plain(word[1:]), "right" if word[0] in "rR" else "left"
    return plain(word), ""


def foot(motion: Motion, side: str, names: tuple[str, ...]) -> np.ndarray | None:
    """(T, 3) [m] the first of these landmarks that a side has; None where it has none."""
    places = {sided(name): k for k, name in reversed(list(enumerate(motion.landmarks)))}
    found = next((places[name, side] for name in names if (name, side) in places), None)
    return None if found is None else motion.position[:, found]


def heel(motion: Motion, side: str) -> np.ndarray | None:
    """(T, 3) [m] the heel's landmark of a side, or None."""
    return foot(motion, side, _HEEL)


def toe(motion: Motion, side: str) -> np.ndarray | None:
    """(T, 3) [m] the landmark of the toes of a side, or None."""
    return foot(motion, side, _TOE)


def pelvis(motion: Motion) -> np.ndarray | None:
    """(T, 3) [m] the middle of the pelvis: of a joint of that name, else of its markers front and back."""
    if "pelvis" in motion.landmarks:
        return motion.position[:, motion.landmarks.index("pelvis")]
    front, back = _girdle(motion)
    if front is None or back is None:
        return None
    return 0.5 * (front + back)


def forward(motion: Motion) -> np.ndarray:
    """The horizontal direction in which a person goes or, on a belt, faces, (2,) of length 1.

    Raises:
        BadValue: neither can be told from the landmarks.
    """
    middle = pelvis(motion)
    if middle is not None:
        seen = middle[np.isfinite(middle).all(axis=1)]
        travel = seen[-1, :2] - seen[0, :2] if len(seen) else np.zeros(2)
        if np.linalg.norm(travel) > _TRAVEL:
            return travel / np.linalg.norm(travel)
    facing = _facing(motion)
    if facing is None:
        raise BadValue(
            f"{motion.provenance.source}: which way the person goes cannot be told, since no landmarks of pelvis or "
            'feet are known by their names; give it as forward, e.g. "x" or "-y".'
        )
    return facing


def turn_to_forward(motion: Motion, given: str | None = None) -> tuple[np.ndarray, str]:
    """(3, 3) turn about the vertical that makes the way the person goes the house's x, and a word on it.

    The nearest axis of the laboratory is taken, since walkways and plates lie along them.

    Args:
        motion: z up, heading as recorded.
        given: axis of the motion that points forward: "x", "-x", "y" or "-y"; None finds it.

    Raises:
        BadValue: the way lies between two axes, or cannot be told; or `given` is no axis.
    """
    axes = {"x": (1.0, 0.0), "-x": (-1.0, 0.0), "y": (0.0, 1.0), "-y": (0.0, -1.0)}
    if given is not None and given not in axes:
        raise BadValue(f'forward is "{given}"; it may be {", ".join(axes)}, once the axis that is up is called z.')
    way = np.array(axes[given]) if given else forward(motion)
    name = max(axes, key=lambda one: float(way @ np.array(axes[one])))
    off = float(np.degrees(np.arccos(np.clip(way @ np.array(axes[name]), -1.0, 1.0))))
    if off > _OBLIQUE:
        raise BadValue(
            f"{motion.provenance.source}: the person goes {off:.0f}° off the nearest axis ({name}) of the laboratory, "
            "so forward and sideways force cannot be told; give forward."
        )
    x, y = axes[name]
    return np.array([[x, y, 0.0], [-y, x, 0.0], [0.0, 0.0, 1.0]]), f"forward is the laboratory's {name}"


def positions(motion: Motion, start: float) -> Signals | None:
    """Pelvis, heels and toes as a Recording has them [m]; None where no pelvis or no foot is known.

    Args:
        motion: in the house frame, x forward.
        start: time of its first frame [s].
    """
    found = {"pelvis": pelvis(motion)}
    for side in SIDES:
        found |= {f"heel_{side}": heel(motion, side), f"toe_{side}": toe(motion, side)}
    known = {name: place for name, place in found.items() if place is not None}
    if not known:
        return None
    names = tuple(f"{name}_{axis}" for name in known for axis in "xyz")
    time = start + np.arange(len(motion.position)) / motion.rate
    return Signals(time, np.hstack(list(known.values())), names, "m")


def speed(motion: Motion) -> float:
    """Speed over the ground [m/s], also on a moving belt; NaN where pelvis or feet are not known.

    The ground moves as the feet most often do along the way: not at all, or with the belt.
    """
    middle = pelvis(motion)
    feet = [foot(motion, side, names) for side in SIDES for names in (_HEEL, _TOE, _ANKLE)]
    feet = [one for one in feet if one is not None]
    if middle is None or not feet or len(motion.position) < 3:
        return float("nan")
    try:
        way = forward(motion)
    except BadValue:
        return float("nan")
    own, *moving = (np.gradient(one[:, :2] @ way, 1.0 / motion.rate) for one in (middle, *feet))
    known = np.concatenate([one[np.isfinite(one)] for one in moving])
    if len(known) < 3 or not np.isfinite(own).any():
        return float("nan")
    pace, ground = float(np.nanmean(own)), _mode(known)
    return pace if abs(ground) < _STILL * abs(pace) else pace - ground


def _mode(values: np.ndarray) -> float:
    """The most frequent value: half of the sample again and again, where it lies closest together.

    Source:
        Bickel & Fruehwirth, Comput Stat Data Anal 50 (2006) 3500-3530: half-sample mode.
    """
    values = np.sort(values)
    while len(values) > 3:
        half = (len(values) + 1) // 2
        width = values[half - 1 :] - values[: len(values) - half + 1]
        first = int(np.argmin(width))
        values = values[first : first + half]
    return float(values.mean())


def _girdle(motion: Motion) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Middle of the front and of the back of the pelvis, (T, 3) each."""
    parts = []
    for names in (_FRONT, _BACK):
        both = [foot(motion, side, names) for side in SIDES]
        parts.append(None if any(one is None for one in both) else 0.5 * (both[0] + both[1]))
    if parts[1] is None:
        places = {plain(name): k for k, name in enumerate(motion.landmarks)}
        behind = next((places[name] for name in _MIDDLE if name in places), None)
        parts[1] = None if behind is None else motion.position[:, behind]
    return parts[0], parts[1]


def _facing(motion: Motion) -> np.ndarray | None:
    """Median direction from the back to the front of the pelvis, else from heels to toes, else of the hips, (2,)."""
    pairs = [_girdle(motion)] + [(toe(motion, side), heel(motion, side)) for side in SIDES] + [_across(motion)]
    for front, back in pairs:
        if front is None or back is None:
            continue
        way = (front - back)[:, :2]
        way = way[np.isfinite(way).all(axis=1)]
        if len(way) and np.linalg.norm(np.median(way, axis=0)) > 0:
            return np.median(way, axis=0) / np.linalg.norm(np.median(way, axis=0))
    return None


def _across(motion: Motion) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Two points (T, 3) one of which lies before the other, made of the line from hip to hip."""
    right, left = (foot(motion, side, ("hip", "hjc")) for side in SIDES)
    if right is None or left is None:
        return None, None
    return np.cross(left - right, (0.0, 0.0, 1.0)), np.zeros_like(left)
