"""Skin markers as points: names of laboratories, places on the bones."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from biomimic import config
from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Motion
from biomimic.retarget import osim_places
from biomimic.retarget.body_frames import BodyFrames
from biomimic.retarget.marker_places import OsimModel

_TABLE = Path(__file__).with_name("marker_sets.toml")
_ERROR = 0.015  # [m] of markers that only the person's own model knows
_MIRROR = np.array([1.0, 1.0, -1.0])
# part of the body: how many markers it needs, and on which bodies; with legs, and for the arms alone
_LEGS = {
    "the pelvis": (3, ("pelvis",)),
    **{f"the {side} thigh and shank": (2, (f"femur_{side[0]}", f"tibia_{side[0]}")) for side in ("right", "left")},
    **{f"the {side} foot": (2, (f"calcn_{side[0]}", f"toes_{side[0]}")) for side in ("right", "left")},
}
_ARMS = {
    "the trunk": (3, ("thorax", "scapula_r", "scapula_l")),
    **{
        f"the {side} arm": (3, tuple(f"{bone}_{side[0]}" for bone in ("humerus", "ulna", "radius", "thirdmc")))
        for side in ("right", "left")
    },
}


@dataclass(frozen=True)
class Place:
    """One entry of [places] in marker_sets.toml; what each field means stands there."""

    body: str
    spread: float
    error: float
    at: tuple[float, ...] = (0.0, 0.0, 0.0)
    joint: str = ""


@dataclass(frozen=True)
class Family:
    """Names of one laboratory: without side prefix, and unsided ones."""

    sided: dict[str, str]
    middle: dict[str, str]

    def find(self, name: str) -> tuple[str, str] | None:
        """Place and side ("r", "l" or "") of a marker; None where the family does not know it."""
        plain = re.sub(r"[\s._\-]", "", name).lower().removesuffix("study")
        if plain in self.middle:
            return self.middle[plain], ""
        for prefix in ("right", "left", "r", "l"):
            if plain.startswith(prefix) and plain[len(prefix) :] in self.sided:
                return self.sided[plain[len(prefix) :]], prefix[0]
        return None


@dataclass(frozen=True, eq=False)
class Attached:
    """Where a marker sits: body of the model, place at the model's size (3,) [m], spread [m], error [m]."""

    body: str
    place: np.ndarray
    spread: float
    error: float


@cache
def tables() -> tuple[dict[str, Place], dict[str, Family]]:
    """Places and families of marker_sets.toml."""
    content = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    places = {
        key: config.build(Place, entry, name=_TABLE.name, table=f"places.{key}")
        for key, entry in content["places"].items()
    }
    families = {
        key: config.build(Family, entry, name=_TABLE.name, table=f"families.{key}")
        for key, entry in content["families"].items()
    }
    return places, families


def named(landmarks: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Landmark -> place of the table ("" for one that is not used) and side; unknown ones are left out."""
    families = tables()[1]
    found = {key: {name: hit for name in landmarks if (hit := family.find(name))} for key, family in families.items()}
    best = max(found, key=lambda key: len(found[key]))
    order = [best, *(key for key in families if key != best)]
    hits = {name: [found[key][name] for key in order if name in found[key]] for name in landmarks}
    return {name: some[0] for name, some in hits.items() if some}


def points(motion: Motion, embodiment: Embodiment, model: OsimModel | None) -> dict[str, object]:
    """Fields of Targets.

    Args:
        motion: markers.
        embodiment: the body.
        model: the person's scaled OpenSim model, whose places of markers go before the table's.

    Raises:
        BadValue: too few markers are known; the parts of the body without are named.
    """
    frames = BodyFrames(embodiment)
    attached = _of_table(motion, frames)
    if model is not None:
        attached |= _of_model(motion, frames, model, attached)
    kept = [name for name in motion.landmarks if name in attached]
    _check(motion, frames, [attached[name].body for name in kept])
    columns = [motion.landmarks.index(name) for name in kept]
    return {
        "names": tuple(kept),
        "position": motion.position[:, columns],
        "bodies": np.array([frames.ids[attached[name].body] for name in kept]),
        "offsets": np.array([attached[name].place for name in kept]),
        "spread": np.array([attached[name].spread for name in kept]),
        "weights": np.array([attached[name].error for name in kept]) ** -2.0,
        "dropped": tuple(name for name in motion.landmarks if name not in attached),
        "sizes": {} if model is None else osim_places.known_sizes(motion, frames, model),
    }


def _of_table(motion: Motion, frames: BodyFrames) -> dict[str, Attached]:
    found = {}
    for name, (key, side) in named(motion.landmarks).items():
        if not key:
            continue
        entry = tables()[0][key]
        body = entry.body.format(s=side)
        if body not in frames.ids:
            continue
        at = np.array(entry.at) * (_MIRROR if side == "l" else 1.0)
        start = frames.place(body, entry.joint.format(s=side)) if entry.joint else 0.0
        found[name] = Attached(body, start + at, entry.spread, entry.error)
    return found


def _of_model(motion: Motion, frames: BodyFrames, model: OsimModel, table: dict[str, Attached]) -> dict[str, Attached]:
    """Places of the person's own model; bodies and errors are the table's where it knows the marker."""
    unused = {name for name, (key, _) in named(motion.landmarks).items() if not key}

    def settle(name: str) -> str | None:
        return table[name].body if name in table else None

    carried = osim_places.carried(motion, frames, model, settle)
    return {
        name: Attached(body, place, spread, table[name].error if name in table else _ERROR)
        for name, (body, place, spread) in carried.items()
        if name not in unused
    }


def _check(motion: Motion, frames: BodyFrames, bodies: list[str]) -> None:
    lacking = []
    for part, (needed, some) in (_LEGS if frames.legs else _ARMS).items():
        there = sum(body in some for body in bodies)
        if there < needed:
            lacking.append(f"{part} ({there} of {needed})")
    if lacking:
        listed = ", ".join(motion.landmarks[:60])
        raise BadValue(
            f'Too few known markers for the body "{frames.name}" on {", ".join(lacking)}; the file has {listed}. '
            f"Marker sets known by name: {', '.join(tables()[1])}; others need the places of a scaled OpenSim model."
        )
