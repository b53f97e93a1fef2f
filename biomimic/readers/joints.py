"""A skeleton of joints: its kinematics over all frames at once, and its joints by their house names."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from biomimic.errors import BadValue, UnknownName
from biomimic.readers import quaternions

_TABLES = Path(__file__).with_name("skeletons.toml")
_SIDES = ("left", "right")
_UNSIDED = ("pelvis", "neck", "head")
REQUIRED = ("pelvis", *(f"{joint}_{side}" for side in _SIDES for joint in ("hip", "knee", "ankle")))


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Joints in a tree.

    Args:
        names: J names, as the file has them.
        parents: J indices, -1 for a root; a parent stands before its children.
        offsets: (J, 3) place of each joint in its parent's frame, in the file's unit and axes.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray

    def __post_init__(self) -> None:
        if any(parent >= joint for joint, parent in enumerate(self.parents)):
            raise BadValue("The joints of a skeleton must be listed with every parent before its children.")

    def rest(self) -> np.ndarray:
        """(J, 3) places of the joints with nothing turned and the root's own offset left out."""
        place = np.zeros((len(self.names), 3))
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                place[joint] = place[parent] + self.offsets[joint]
        return place

    def pose(
        self, local: np.ndarray, root: np.ndarray, offsets: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Places and orientations of all joints in all frames.

        Args:
            local: (T, J, 4) turn of each joint against its parent, w x y z.
            root: (T, 3) place of the root.
            offsets: (T, J, 3) instead of the skeleton's own, where joints also slide.

        Returns:
            position (T, J, 3) and rotation (T, J, 4) in the file's own world.
        """
        position = np.empty((len(self.names), len(local), 3))
        rotation = np.empty((len(self.names), len(local), 4))
        for joint, parent in enumerate(self.parents):
            if parent < 0:
                position[joint], rotation[joint] = root, local[:, joint]
                continue
            offset = self.offsets[joint] if offsets is None else offsets[:, joint]
            position[joint] = position[parent] + quaternions.rotate(rotation[parent], offset)
            rotation[joint] = quaternions.multiply(rotation[parent], local[:, joint])
        return position.swapaxes(0, 1), rotation.swapaxes(0, 1)


@dataclass(frozen=True)
class Known:
    """A skeleton that was recognised.

    Args:
        family: name of its table.
        joints: house name → index of the file's joint, in the order pelvis, spine1 ..., neck, head, left, right.
    """

    family: str
    joints: dict[str, int]


def recognise(names: Sequence[str], where: str | Path) -> Known:
    """Which family of skeletons the joints belong to, and what they are called here.

    Args:
        names: joints of the file.
        where: the file, for the error.

    Raises:
        UnknownName: no family has a pelvis and both hips, knees and ankles among these joints.
    """
    place = {}
    for index, name in enumerate(names):
        place.setdefault(_plain(name), index)
    found = [Known(family, _match(table, place)) for family, table in _families().items()]
    complete = [known for known in found if all(joint in known.joints for joint in REQUIRED)]
    if complete:
        return max(complete, key=lambda known: len(known.joints))
    raise _not_known(names, where, max(found, key=lambda known: sum(joint in known.joints for joint in REQUIRED)))


def _not_known(names: Sequence[str], where: str | Path, closest: Known) -> UnknownName:
    listed = ", ".join(names[:40]) + (f", … ({len(names)} in all)" if len(names) > 40 else "")
    missing = [joint for joint in REQUIRED if joint not in closest.joints]
    if len(missing) <= 3:
        alternatives = _candidates(_families()[closest.family])
        wanted = "; ".join(f"{joint} (would be {' or '.join(alternatives[joint]) or 'unnamed'})" for joint in missing)
        return UnknownName(
            f"{where} has a skeleton of the {closest.family} family without {wanted}. Its joints: {listed}."
        )
    return UnknownName(
        f"{where} has a skeleton that is not known here: no pelvis with hips, knees and ankles was recognised among "
        f"its joints {listed}. Known families: {', '.join(_families())}."
    )


@cache
def _families() -> dict[str, dict]:
    return tomllib.loads(_TABLES.read_text(encoding="utf-8"))


def _candidates(table: dict) -> dict[str, list[str]]:
    """House name → names the file may use; spine is left out."""
    candidates = {joint: list(table[joint]) for joint in _UNSIDED}
    for side, word in zip(_SIDES, table["sides"]):
        candidates |= {
            f"{joint}_{side}": [name.format(side=word) for name in names] for joint, names in table["sided"].items()
        }
    return candidates


def _match(table: dict, place: dict[str, int]) -> dict[str, int]:
    found = {}
    for joint, names in _candidates(table).items():
        present = [place[_plain(name)] for name in names if _plain(name) in place]
        if present:
            found[joint] = present[0]
        if joint == "pelvis":
            trunk = sorted({place[_plain(name)] for name in table["spine"] if _plain(name) in place})
            found |= {f"spine{number}": index for number, index in enumerate(trunk, start=1)}
    return found


@cache
def _plain(name: str) -> str:
    short = re.sub(r"[\s_.\-]", "", name.rsplit(":", 1)[-1]).lower()
    return re.sub(r"^mixamorig\d*", "", short)
