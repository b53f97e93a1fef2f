"""Skeleton motions as points: centres of joints, and virtual points that turn with them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biomimic import config
from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Motion
from biomimic.retarget import source_axes
from biomimic.retarget.body_frames import BodyFrames
from biomimic.retarget.source_axes import SIDES, Joints
from biomimic.retarget.source_sizes import sizes

_TABLE = Path(__file__).with_name("joints.toml")
_LEVER = 0.1  # [m] of the virtual points
_LEG, _ARM = ("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")
_BEFORE = {"wrist": "elbow_{side}", "toe": "ankle_{side}"}  # whose bone stands for one that the skeleton lacks
_BONES = (
    ("thigh", "hip", "knee"),
    ("shank", "knee", "ankle"),
    ("upper_arm", "shoulder", "elbow"),
    ("forearm", "elbow", "wrist"),
)
_AHEAD, _RIGHT = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])  # directions of the virtual points
_Row = tuple[str, np.ndarray, str, np.ndarray, float, float]  # name, position, body, place, spread, error


@dataclass(frozen=True)
class Joint:
    """One entry of joints.toml; what each field means stands there."""

    body: str
    at: str
    spread: float
    error: float
    shift: tuple[float, ...] = (0.0, 0.0, 0.0)
    turn: str = ""
    turn_error: float = 0.03
    turn_spread: float = 0.035
    bone: str = ""
    origin: tuple[str, ...] = ()
    along: str = ""

    def on(self, side: str) -> "Joint":
        """With the bodies and joints of one side; "" for the middle."""
        letter, mirror = side[:1], -1.0 if side == "left" else 1.0
        end = f"_{side}" if side else ""
        return Joint(
            body=self.body.format(s=letter),
            at=self.at.format(s=letter),
            spread=self.spread,
            error=self.error,
            shift=(*self.shift[:2], mirror * self.shift[2]),
            turn=self.turn.format(s=letter),
            turn_error=self.turn_error,
            turn_spread=self.turn_spread,
            bone=self.bone and self.bone + end,
            origin=tuple(name.format(side=side) for name in self.origin),
            along=self.along and self.along + end,
        )


def table() -> dict[str, Joint]:
    """Joints of joints.toml by name without side."""
    content = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    for entry in content.values():
        entry["origin"] = entry.pop("from", [])
    return {name: config.build(Joint, entry, name=_TABLE.name, table=name) for name, entry in content.items()}


def is_skeleton(motion: Motion) -> bool:
    """Whether the landmarks are joints with the house's names."""
    return motion.rotation is not None or {"knee_right", "elbow_right"} <= set(motion.landmarks)


def points(motion: Motion, embodiment: Embodiment) -> dict[str, object]:
    """Fields of Targets.

    Raises:
        BadValue: a hip, knee, ankle, shoulder, elbow or wrist that the body needs is missing.
    """
    body = BodyFrames(embodiment)
    _check(motion, body)
    return _Search(motion, body).fields()


def _check(motion: Motion, body: BodyFrames) -> None:
    needed = (_LEG if body.legs else ()) + _ARM
    missing = [f"{joint}_{side}" for joint in needed for side in SIDES if f"{joint}_{side}" not in motion.landmarks]
    if missing:
        raise BadValue(
            f"The skeleton has no {', '.join(missing)}; its joints are {', '.join(motion.landmarks)}. "
            f'To pose the body "{body.name}", {", ".join(needed)} of both sides must be there.'
        )


def _stem(landmark: str) -> str:
    """Entry of the table that a landmark belongs to."""
    return "spine" if landmark.startswith("spine") else landmark.partition("_")[0]


def _length(vector: np.ndarray) -> float:
    """Middle length over the frames, (T, 3) -> [m]."""
    return float(np.median(np.linalg.norm(vector, axis=1)))


class _Search:
    """Finds axes and places of one motion on one body."""

    def __init__(self, motion: Motion, body: BodyFrames) -> None:
        self.motion, self.body = motion, body
        self.joints = Joints.of(motion)
        self.top = max((name for name in motion.landmarks if name.startswith("spine")), default="pelvis")
        self.entries = self._entries(table())
        self.sizes = sizes(self._lengths(), body)
        self.axes: dict[str, np.ndarray] = {}
        if self.joints.turn:
            self._find_axes()

    def _entries(self, known: Mapping[str, Joint]) -> dict[str, Joint]:
        """Landmarks that a body of this model follows."""
        found = {}
        for landmark in self.motion.landmarks:
            side = landmark.partition("_")[2]
            if _stem(landmark) not in known or side not in ("", *SIDES):
                continue
            if landmark.startswith("spine") and landmark != self.top:
                continue
            entry = known[_stem(landmark)].on(side)
            if {entry.body, entry.at} <= set(self.body.ids):
                found[landmark] = entry
        order = [*known]
        return dict(sorted(found.items(), key=lambda item: order.index(_stem(item[0]))))

    def _find_axes(self) -> None:
        legs = all(f"{joint}_{side}" in self.joints.place for joint in _LEG for side in SIDES)
        rest = source_axes.rest_axes(self.joints, self.top) if legs else source_axes.standard()
        for name, entry in self.entries.items():
            if entry.turn:
                self.axes[name] = self._axes(name, entry, rest)

    def _axes(self, name: str, entry: Joint, rest: np.ndarray | None) -> np.ndarray:
        """From the frame of the body that turns with a joint to the joint's own axes, (3, 3)."""
        joint, _, side = name.partition("_")
        bone = entry.bone if entry.bone in self.entries else ""
        near, far = (name, bone) if bone else (_BEFORE.get(joint, "").format(side=side), name)
        arm = joint in (_ARM if rest is None else _ARM[:2])
        axes = source_axes.arm_axes(self.joints, name, (near, far)) if arm else None
        if axes is None and rest is None:
            axes = source_axes.clip_axes(self.joints, name, (near, far))
        elif axes is None:
            axes = rest
        if rest is not None and joint == "toe" and near in self.axes:
            return self.axes[near]
        if rest is not None and joint == "ankle":
            axes = source_axes.rolled(rest, self.joints.bone(f"knee_{side}", name))
        if joint == "toe" or not {near, far} <= set(self.entries):
            return axes
        model = self._on(entry.turn, self.entries[far]) - self._on(entry.turn, self.entries[near])
        seen = name if rest is None else near  # unturned, all joints have the same axes
        return source_axes.align(axes, model, self.joints.local(seen, self._bone(near, far)), level=joint == "ankle")

    def _bone(self, near: str, far: str) -> np.ndarray:
        return self.joints.place[far] - self.joints.place[near]

    def fields(self) -> dict[str, object]:
        """Fields of Targets."""
        rows: list[_Row] = []
        for name, entry in self.entries.items():
            column = self.motion.landmarks.index(name)
            centre = self.motion.position[:, column]
            rows.append((name, centre, entry.body, self._place(name, entry), entry.spread, entry.error))
            if name in self.axes:
                turn = source_axes.matrices(self.motion.rotation[:, column])
                rows.extend(self._virtual(name, entry, centre, turn))
        names, places, bodies, offsets, spread, error = zip(*rows)
        return {
            "names": names,
            "position": np.stack(places, axis=1),
            "bodies": np.array([self.body.ids[name] for name in bodies]),
            "offsets": np.array(offsets),
            "spread": np.array(spread),
            "weights": 1.0 / np.array(error) ** 2,
            "dropped": tuple(name for name in self.motion.landmarks if name not in self.entries),
            "sizes": self.sizes,
        }

    def _lengths(self) -> dict[str, float]:
        """Bones of the source [m], without the hips' width, which is no person's, and the foot: its end is its own."""
        ends = {
            f"{segment}_{side}": (f"{first}_{side}", f"{second}_{side}")
            for segment, first, second in _BONES
            for side in SIDES
        }
        ends["shoulders"] = ("shoulder_right", "shoulder_left")
        there = {segment: pair for segment, pair in ends.items() if set(pair) <= set(self.joints.place)}
        found = {segment: _length(self._bone(*pair)) * self._beside(*pair) for segment, pair in there.items()}
        pairs = [(f"hip_{side}", f"shoulder_{side}") for side in SIDES]
        if all(set(pair) <= set(self.joints.place) for pair in pairs):
            found["trunk"] = _length(np.mean([self._bone(*pair) for pair in pairs], axis=0))
        return found

    def _place(self, name: str, entry: Joint) -> np.ndarray:
        """Prior place of a joint's centre on its body, (3,) [m]."""
        held = [origin for origin in entry.origin if origin in self.entries]
        spine = self.top if self.top != "pelvis" else ""
        along = spine if entry.along == "spine" else entry.along
        if not held or along not in self.axes or len(held) < len(entry.origin):
            return self.body.place(entry.body, entry.at) + np.array(entry.shift)
        start = np.mean([self._on(entry.body, self.entries[origin]) for origin in held], axis=0)
        source = self.joints.place[name] - np.mean([self.joints.place[origin] for origin in held], axis=0)
        return start + self.axes[along].T @ self.joints.local(along, source) / self._size(entry.body)

    def _beside(self, near: str, far: str) -> float:
        """Distance of the bodies' origins by that of the table's places of two joints: knees lie 6 mm off theirs."""
        first, second = self.entries.get(near), self.entries.get(far)
        if first is None or second is None:
            return 1.0
        bones = self.body.place(first.body, second.at) - self.body.place(first.body, first.at)
        places = self._on(first.body, second) - self._on(first.body, first)
        return float(np.linalg.norm(bones) / np.linalg.norm(places))

    def _size(self, body: str) -> float:
        """Person / body of the segment that a body belongs to."""
        return self.sizes.get(self.body.segments.get(body, ""), 1.0)

    def _on(self, body: str, entry: Joint) -> np.ndarray:
        """Place of the table for another joint in the frame of a body in the reference pose, (3,) [m]."""
        return self.body.moved(body, entry.body, self.body.place(entry.body, entry.at) + np.array(entry.shift))

    def _virtual(self, name: str, entry: Joint, centre: np.ndarray, turn: np.ndarray) -> list[_Row]:
        """Two points that turn with the joint: ahead and to the right of it, across its bone."""
        axes, found = self.axes[name], []
        start = self.body.moved(entry.turn, entry.body, self._place(name, entry))
        for number, direction in enumerate((_AHEAD, _RIGHT), start=1):
            place = centre + _LEVER * turn @ (axes @ direction)
            offset = start + _LEVER * direction / self._size(entry.turn)
            found.append((f"{name}:{number}", place, entry.turn, offset, entry.turn_spread, entry.turn_error))
        return found
