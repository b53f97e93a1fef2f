"""Sizes of a person's segments against the body's, from the person's own joint centres."""

from collections.abc import Mapping

import numpy as np

from biomimic.retarget.body_frames import BodyFrames

SIDES = ("right", "left")
# length -> bodies of this model between whose origins it lies
_BONES = {
    "thigh": ("femur", "tibia"),
    "shank": ("tibia", "talus"),
    "foot": ("calcn", "toes"),
    "upper_arm": ("humerus", "ulna"),
    "forearm": ("ulna", "lunate"),
}
_ALL = ("pelvis", "trunk", "head", "shoulder", "upper_arm", "forearm", "hand", "thigh", "shank", "foot")
_LIMITS = (0.5, 1.6)  # a size outside is no person's


def sizes(lengths: Mapping[str, float], frames: BodyFrames) -> dict[str, float]:
    """Person / body by segment of the body, mean of both sides; all segments or, where too little is known, none.

    Segments whose length is not known have the size of the legs, or of the arms where the body has no legs.

    The trunk's size is that of what stands on the lumbar spine, and the shoulder's that of the clavicle, so that hips,
    spine and shoulders together are as high and as wide as the person's.

    Args:
        lengths: of the person [m]: thigh_right, shank_left, ..., and of the middle: hips and shoulders (widths), trunk
            (middle of the hips to middle of the shoulders), as `OsimModel.lengths` has them.
        frames: of the body.
    """
    found = {}
    for segment, (first, second) in _BONES.items():
        there = [side for side in SIDES if f"{segment}_{side}" in lengths and f"{first}_{side[0]}" in frames.ids]
        ratios = [
            lengths[f"{segment}_{side}"] / np.linalg.norm(frames.place(f"{first}_{side[0]}", f"{second}_{side[0]}"))
            for side in there
        ]
        if ratios:
            found[segment] = float(np.mean(ratios))
    if "hips" in lengths and frames.legs:
        found["pelvis"] = lengths["hips"] / float(np.linalg.norm(frames.place("femur_r", "femur_l")))
    limbs = [
        found[segment]
        for segment in (("thigh", "shank") if frames.legs else ("upper_arm", "forearm"))
        if segment in found
    ]
    if not limbs:
        return {}
    person = float(np.mean(limbs))
    found |= _trunk(lengths, frames, found.get("pelvis", person))
    return {segment: float(np.clip(found.get(segment, person), *_LIMITS)) for segment in _ALL}


def _trunk(lengths: Mapping[str, float], frames: BodyFrames, pelvis: float) -> dict[str, float]:
    sized = {}
    if "trunk" in lengths and frames.legs:
        spine = frames.place("pelvis", "lumbar5")
        low = spine - 0.5 * (frames.place("pelvis", "femur_r") + frames.place("pelvis", "femur_l"))
        high = 0.5 * (frames.place("pelvis", "humerus_r") + frames.place("pelvis", "humerus_l")) - spine
        sized["trunk"] = _longer(pelvis * low, high, lengths["trunk"])
    if "shoulders" in lengths:
        near, far = (abs(frames.place("thorax", f"{bone}_r")[2]) for bone in ("clavicle", "humerus"))
        sized["shoulder"] = (0.5 * lengths["shoulders"] - sized.get("trunk", pelvis) * near) / (far - near)
    return sized


def _longer(start: np.ndarray, step: np.ndarray, length: float) -> float:
    """Factor of `step` that makes start + factor x step this long."""
    square, mixed, rest = step @ step, start @ step, start @ start - length**2
    return float((-mixed + np.sqrt(max(mixed**2 - square * rest, 0.0))) / square)
