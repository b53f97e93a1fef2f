"""Places of markers on a person's scaled OpenSim model, carried over to the bodies of this model at its own size."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.motion import Motion
from biomimic.retarget import source_axes
from biomimic.retarget.body_frames import BodyFrames
from biomimic.retarget.marker_places import OsimModel, misfit
from biomimic.retarget.source_sizes import sizes

_LEAST = 0.003  # [m] spread of a place that fits the person perfectly: the bones of the two models differ
_ALONE = 1.5  # spread of markers on bodies with fewer than three, by the middle deviation of the others
_FRAMES = 20  # that are looked at
_ASKEW = 0.3  # cosine: no leg's sideways axis is further from the pelvis's
_STRANGE = 0.020  # [m] a place that far from the person's marker is another marker's; the table's is better


@dataclass(frozen=True)
class _Pair:
    """What a body of OpenSim's full-body models becomes.

    Attributes:
        body: of this model.
        segment: of this model, whose size it has.
        anchor: bodies whose mean origin is laid over each other.
        quarter: +1 or -1 where the frame is turned by 90 degrees about its long axis: in OpenSim's reference pose the
            palms face forward, in this model's inward.
        end: body whose direction from the anchor is laid over this model's too, or "": the ankle of some models lies a
            centimetre further forward under the knee.
    """

    body: str
    segment: str
    anchor: tuple[str, ...]
    quarter: int = 0
    end: str = ""


def _pairs(side: str) -> dict[str, _Pair]:
    hand = f"hand_{side}"
    quarter = 1 if side == "r" else -1
    own = {"femur": "thigh", "tibia": "shank", "humerus": "upper_arm", "ulna": "forearm"}
    # the shank stands on the ankle, so markers of the foot keep their places relative to that
    return {
        **{f"{bone}_{side}": _Pair(f"{bone}_{side}", segment, (f"{bone}_{side}",)) for bone, segment in own.items()},
        **{
            f"{bone}_{side}": _Pair(f"{bone}_{side}", "foot", (f"talus_{side}",)) for bone in ("talus", "calcn", "toes")
        },
        f"tibia_{side}": _Pair(f"tibia_{side}", "shank", (f"tibia_{side}",), end=f"talus_{side}"),
        f"radius_{side}": _Pair(f"radius_{side}", "forearm", (hand,), quarter),
        hand: _Pair(f"thirdmc_{side}", "forearm", (hand,), quarter),
    }


_PAIRS = {
    # legs hang on the hip joints, so markers of the pelvis keep their places relative to these
    "pelvis": _Pair("pelvis", "pelvis", ("femur_r", "femur_l")),
    "torso": _Pair("thorax", "trunk", ("humerus_r", "humerus_l")),
    **_pairs("r"),
    **_pairs("l"),
}


def known_sizes(motion: Motion, frames: BodyFrames, model: OsimModel) -> dict[str, float]:
    """Person / body by segment; of a model whose markers are not the person's, only the limbs: those were measured."""
    found = sizes(model.lengths, frames)
    distance = misfit(model, motion)
    if distance and np.median([*distance.values()]) < _STRANGE:
        return found
    return {segment: size for segment, size in found.items() if segment not in ("trunk", "shoulder", "head")}


def carried(
    motion: Motion, frames: BodyFrames, model: OsimModel, settle: Callable[[str], str | None]
) -> dict[str, tuple[str, np.ndarray, float]]:
    """Marker -> body, place (3,) [m] at this model's size, spread [m].

    The spread is how far the file's places are from the person's markers: markers of a generic model that was never
    fitted get a wide one.

    Args:
        motion: markers of the person.
        frames: of this model's bodies.
        model: the person's.
        settle: marker -> body on which it sits here whatever the file says (an acromion on the shoulder blade, not on
            the trunk), or None.
    """
    known = {_plain(name): name for name in model.markers}
    scale = sizes(model.lengths, frames)
    person = float(np.mean([*scale.values()])) if scale else 1.0
    distance = misfit(model, motion) | dict.fromkeys(_crossed(model, motion), np.inf)
    unseen = max(_LEAST, _ALONE * float(np.median([*distance.values()]))) if distance else _STRANGE
    found = {}
    for name in motion.landmarks:
        own = name if name in model.markers else known.get(_plain(name))
        if own is None:
            continue
        body, place = model.markers[own]
        pair = _PAIRS.get(body)
        if pair is None or pair.body not in frames.ids or not _complete(pair, frames, model):
            continue
        away = distance.get(own, unseen)
        if away > _STRANGE:
            continue
        place = _turn(pair, frames, model) @ _relative(pair, place, model.poses, body)
        place = place / scale.get(pair.segment, person) + np.mean(
            [frames.place(pair.body, one) for one in _here(pair.anchor)], axis=0
        )
        if body == "torso" and frames.legs:
            place[0] += _forward(frames, model, scale)
        seat = settle(name) or pair.body
        if seat != pair.body:
            place = frames.moved(seat, pair.body, place)
        found[name] = (seat, place, max(_LEAST, away))
    return found


def _crossed(model: OsimModel, motion: Motion) -> list[str]:
    """Markers of thighs and shanks that fit the person only with the leg turned the wrong way: names are exchanged."""
    few = motion.position[np.unique(np.linspace(0, len(motion.position) - 1, _FRAMES).astype(int))]
    right = _right(model, motion, few, "pelvis")
    found = []
    for body in (f"{bone}_{side}" for bone in ("femur", "tibia") for side in "rl"):
        own = _right(model, motion, few, body)
        cosine = np.sum(own * right, axis=1)
        cosine = cosine[np.isfinite(cosine)]
        if len(cosine) and np.median(cosine) < _ASKEW:
            found += [name for name, (body_of, _) in model.markers.items() if body_of == body]
    return found


def _right(model: OsimModel, motion: Motion, few: np.ndarray, body: str) -> np.ndarray:
    """Sideways axis of a body, from its markers laid over the person's, (S, 3); NaN where they are too few."""
    names = [name for name, (of, _) in model.markers.items() if of == body and name in motion.landmarks]
    found = np.full((len(few), 3), np.nan)
    if len(names) < 3:
        return found
    places = np.array([model.markers[name][1] for name in names])
    seen = few[:, [motion.landmarks.index(name) for name in names]]
    for frame, points in enumerate(seen):
        if np.isfinite(points).all():
            turn, _ = Rotation.align_vectors(points - points.mean(axis=0), places - places.mean(axis=0))
            found[frame] = turn.apply([0.0, 0.0, 1.0])
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\s._\-]", "", name).lower()


def _here(bodies: tuple[str, ...]) -> list[str]:
    """The same bodies of this model."""
    return [name.replace("hand_", "lunate_") for name in bodies]


def _complete(pair: _Pair, frames: BodyFrames, model: OsimModel) -> bool:
    needed = {*pair.anchor, pair.end or pair.anchor[0]}
    return needed <= set(model.poses) and set(_here(pair.anchor)) <= set(frames.ids)


def _relative(pair: _Pair, place: np.ndarray, poses: Mapping[str, np.ndarray], body: str) -> np.ndarray:
    """From the anchor to a place on a body of their model, in the axes of ours, (3,) [m]."""
    anchor = np.mean([poses[name][:3, 3] for name in pair.anchor], axis=0)
    pose = poses[body]
    x, y, z = place - pose[:3, :3].T @ (anchor - pose[:3, 3])
    # outward becomes forward
    return np.array([pair.quarter * z, y, -pair.quarter * x]) if pair.quarter else np.array([x, y, z])


def _turn(pair: _Pair, frames: BodyFrames, model: OsimModel) -> np.ndarray:
    """Takes the long axis of their bone to ours, (3, 3)."""
    if not pair.end:
        return np.eye(3)
    theirs = _relative(pair, np.zeros(3), model.poses, pair.end)
    theirs = model.poses[pair.anchor[0]][:3, :3].T @ model.poses[pair.end][:3, :3] @ theirs
    return source_axes.align(np.eye(3), theirs, frames.place(pair.anchor[0], pair.end))


def _forward(frames: BodyFrames, model: OsimModel, size: Mapping[str, float]) -> float:
    """How much further forward over the hips their shoulders are than ours, at our trunk's size [m].

    Markers of the trunk keep their places above the pelvis, so that they do not bend the spine.
    """
    hips, shoulders = (
        np.mean([model.poses[f"{bone}_{side}"][:3, 3] for side in "rl"], axis=0) for bone in ("femur", "humerus")
    )
    theirs = float((shoulders - hips)[0])
    spine = frames.place("pelvis", "lumbar5")[0]
    low = spine - np.mean([frames.place("pelvis", f"femur_{side}")[0] for side in "rl"])
    high = np.mean([frames.place("pelvis", f"humerus_{side}")[0] for side in "rl"]) - spine
    return float((theirs - size["pelvis"] * low) / size["trunk"] - high)
