"""Places of markers on a person's scaled OpenSim model, carried over to the bodies of this model at its own size."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from biomimic.motion import Motion
from biomimic.retarget.body_frames import BodyFrames
from biomimic.retarget.marker_places import OsimModel, misfit

_LEAST = 0.010  # [m] spread of a place that fits the person perfectly: the bones of the two models differ


@dataclass(frozen=True)
class _Pair:
    """What a body of OpenSim's full-body models becomes.

    Attributes:
        body: of this model.
        anchor: bodies whose mean origin is laid over each other.
        end: bodies whose mean distance from the anchor gives the scale.
        quarter: +1 or -1 where the frame is turned by 90 degrees about its long axis: in OpenSim's reference pose the
            palms face forward, in this model's inward.
    """

    body: str
    anchor: tuple[str, ...]
    end: tuple[str, ...]
    quarter: int = 0


def _pairs(side: str) -> dict[str, _Pair]:
    thigh, shank, ankle, heel, toes = (f"{bone}_{side}" for bone in ("femur", "tibia", "talus", "calcn", "toes"))
    arm, ulna, hand = (f"{bone}_{side}" for bone in ("humerus", "ulna", "hand"))
    quarter = 1 if side == "r" else -1
    return {
        thigh: _Pair(thigh, (thigh,), (shank,)),
        shank: _Pair(shank, (shank,), (ankle,)),
        ankle: _Pair(ankle, (ankle,), (toes,)),
        heel: _Pair(heel, (heel,), (toes,)),
        toes: _Pair(toes, (toes,), (heel,)),
        arm: _Pair(arm, (arm,), (ulna,)),
        ulna: _Pair(ulna, (ulna,), (hand,)),
        f"radius_{side}": _Pair(f"radius_{side}", (hand,), (ulna,), quarter),
        hand: _Pair(f"thirdmc_{side}", (hand,), (ulna,), quarter),
    }


_HIPS, _SHOULDERS = ("femur_r", "femur_l"), ("humerus_r", "humerus_l")
_PAIRS = {
    # legs hang on the hip joints, so markers of the pelvis keep their places relative to these
    "pelvis": _Pair("pelvis", _HIPS, ("pelvis",)),
    "torso": _Pair("thorax", _SHOULDERS, _HIPS),
    **_pairs("r"),
    **_pairs("l"),
}


def carried(
    motion: Motion, frames: BodyFrames, model: OsimModel, settle: Callable[[str], str | None]
) -> dict[str, tuple[str, np.ndarray, float]]:
    """Marker -> body, place (3,) [m] at this model's size, spread [m].

    The spread is how far the file's places are from the person's markers, at least 1 cm: markers of a generic model
    that was never fitted get a wide one.

    Args:
        motion: markers of the person.
        frames: of this model's bodies.
        model: the person's.
        settle: marker -> body on which it sits here whatever the file says (an acromion on the shoulder blade, not on
            the trunk), or None.
    """
    known = {_plain(name): name for name in model.markers}
    distance = misfit(model, motion)
    found = {}
    for name in motion.landmarks:
        own = name if name in model.markers else known.get(_plain(name))
        if own is None:
            continue
        body, place = model.markers[own]
        pair = _PAIRS.get(body)
        if pair is None or pair.body not in frames.ids or not _complete(pair, frames, model):
            continue
        place = _carry(pair, place, body, frames, model)
        seat = settle(name) or pair.body
        if seat != pair.body:
            place = frames.moved(seat, pair.body, place)
        found[name] = (seat, place, max(_LEAST, distance.get(own, 2.0 * _LEAST)))
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\s._\-]", "", name).lower()


def _here(bodies: tuple[str, ...]) -> list[str]:
    """The same bodies of this model."""
    return [name.replace("hand_", "lunate_") for name in bodies]


def _complete(pair: _Pair, frames: BodyFrames, model: OsimModel) -> bool:
    needed = (*pair.anchor, *pair.end)
    return set(needed) <= set(model.poses) and set(_here(needed)) <= set(frames.ids)


def _carry(pair: _Pair, place: np.ndarray, body: str, frames: BodyFrames, model: OsimModel) -> np.ndarray:
    theirs = [np.mean([model.poses[name][:3, 3] for name in some], axis=0) for some in (pair.anchor, pair.end)]
    ours = [
        np.mean([frames.place(pair.body, name) for name in _here(some)], axis=0) for some in (pair.anchor, pair.end)
    ]
    scale = np.linalg.norm(ours[1] - ours[0]) / np.linalg.norm(theirs[1] - theirs[0])
    pose = model.poses[body]
    relative = place - pose[:3, :3].T @ (theirs[0] - pose[:3, 3])
    if pair.quarter:  # outward becomes forward
        x, y, z = relative
        relative = np.array([pair.quarter * z, y, -pair.quarter * x])
    return ours[0] + scale * relative
