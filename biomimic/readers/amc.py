"""Motion of Acclaim files: a skeleton (.asf) and its frames (.amc), as in the CMU database."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.motion import Motion
from biomimic.readers import quaternions, standing, text
from biomimic.readers.joints import Skeleton, recognise

RATE = 120.0  # [Hz] of the CMU database; an AMC file does not say its rate
_INCH = 0.0254  # [m]


@dataclass(frozen=True, eq=False)
class Bones:
    """What an ASF file holds; a bone carries the joint at its near end.

    Args:
        names: root first, parents before children.
        parents: index of each bone's parent, -1 for the root.
        ends: (J, 3) from a bone's near to its far end in the rest pose, in the file's unit and world; the root's is 0.
        axes: (J, 4) orientation of each bone's own axes in the rest pose.
        channels: what each bone's values are, e.g. ("rx", "rz") or ("tx", "ty", "tz", "rx", "ry", "rz").
        inch: lengths in the file for one inch, or None where it states no unit.
        radians: whether the angles of the ASF are in radians.
        place: (3,) of the root before it moves.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    ends: np.ndarray
    axes: np.ndarray
    channels: tuple[tuple[str, ...], ...]
    inch: float | None
    radians: bool
    place: np.ndarray


def read(
    path: str | Path,
    *,
    skeleton: str | Path | None = None,
    rate: float = RATE,
    unit: float | None = None,
    up: str | None = None,
) -> Motion:
    """Joints of an AMC file in the house frame, in metres, heading as recorded.

    Args:
        path: the .amc file.
        skeleton: its .asf file; None takes the one beside it: of the same name, of the name before the last "_"
            (11.asf for 11_01.amc), or the only one in the folder.
        rate: frames per second [Hz], which the file does not say.
        unit: length of the file's unit [m]; None takes what the ASF says where that gives legs of a person, else
            decides by the length of the legs; both are noted.
        up: axis of the file's world that points up; None finds it from the standing person.

    Raises:
        BadFile: no ASF or AMC file, cut short, bones that do not fit, no frames, impossible legs.
        UnknownName: a skeleton that no family knows.
    """
    path = Path(path)
    source = _beside(path) if skeleton is None else Path(skeleton)
    bones = read_bones(source)
    values, radians = _frames(path, bones)
    offsets = np.array([bones.ends[parent] if parent >= 0 else np.zeros(3) for parent in bones.parents])
    tree = Skeleton(bones.names, bones.parents, offsets)
    local, root = _poses(bones, values, radians)
    position, rotation = tree.pose(local, root)
    notes = (f"skeleton of {source.name}", f"{rate:g} Hz, which the file does not say", "heading as recorded")
    posed = standing.Posed(path, rate, tree, recognise(bones.names, source), position, rotation, notes)
    if unit is None and bones.inch:
        stated = _INCH / bones.inch
        if standing.fits(posed, stated):
            posed = replace(posed, notes=(*notes, f"1 unit is {1000 * stated:.3f} mm as the skeleton file says"))
            unit = stated
    return standing.motion(posed, unit=unit, up=up)


def read_bones(path: str | Path) -> Bones:
    """The skeleton of an ASF file.

    Raises:
        BadFile: no ASF file, cut short, or bones that hang together in no tree.
    """
    path = Path(path)
    sections = _sections(_text(path), path)
    try:
        return _bones(sections)
    except (KeyError, ValueError, IndexError) as error:
        raise BadFile(f"{path} is damaged or no ASF skeleton: {error} cannot be read.") from None


def _text(path: Path) -> str:
    return re.sub(r"#.*", "", text.content(path))


def _beside(path: Path) -> Path:
    candidates = [path.with_suffix(".asf"), path.with_name(path.stem.rpartition("_")[0] + ".asf")]
    inside = sorted(path.parent.glob("*.asf"))
    found = next((candidate for candidate in candidates if candidate in inside), None)
    if found is None and len(inside) == 1:
        found = inside[0]
    if found is None:
        raise BadFile(
            f"{path} needs its skeleton: {len(inside)} .asf files lie beside it and none is called "
            f"{candidates[0].name} or {candidates[1].name}; give skeleton=."
        )
    return found


def _sections(text: str, path: Path) -> dict[str, list[list[str]]]:
    """Section name → its lines as words."""
    sections: dict[str, list[list[str]]] = {}
    lines: list[list[str]] = []
    for line in text.splitlines():
        words = line.split()
        if words and words[0].startswith(":"):
            lines = sections.setdefault(words[0][1:].lower(), [])
        elif words:
            lines.append(words)
    missing = [name for name in ("root", "bonedata", "hierarchy") if name not in sections]
    if missing:
        raise BadFile(f"{path} is no ASF skeleton or is cut short: it has no section :{', :'.join(missing)}.")
    return sections


def _bones(sections: dict[str, list[list[str]]]) -> Bones:
    units = {words[0].lower(): words[1] for words in sections.get("units", [])}
    radians = units.get("angle", "deg").lower().startswith("rad")
    found = {"root": _fields(sections["root"])}
    for block in _blocks(sections["bonedata"]):
        fields = _fields(block)
        found[fields["name"][0]] = fields
    parents = {
        child: words[0] for block in _blocks(sections["hierarchy"]) for words in block for child in words[1:] if child
    }
    names = ["root"]
    for name in names:  # grows: children after their parents
        names += [child for child, parent in parents.items() if parent == name]
        if len(names) > len(found):
            raise ValueError(f"the hierarchy, in which {names[-1]} hangs on itself,")
    if set(names) != set(found):
        raise ValueError(f"the hierarchy of {', '.join(sorted(set(names) ^ set(found)))}")
    ends = [np.zeros(3)] + [_end(found[name]) for name in names[1:]]
    axes = [_turn(found["root"]["orientation"], found["root"].get("axis", ["XYZ"])[0], radians)]
    axes += [_turn(found[name]["axis"][:3], found[name]["axis"][3], radians) for name in names[1:]]
    channels = [found["root"]["order"], *(found[name].get("dof", []) for name in names[1:])]
    return Bones(
        tuple(names),
        tuple(names.index(parents[name]) if name in parents else -1 for name in names),
        np.array(ends),
        np.array(axes),
        tuple(tuple(word.lower() for word in words) for words in channels),
        float(units["length"]) if "length" in units else None,
        radians,
        np.array([float(word) for word in found["root"].get("position", ["0", "0", "0"])]),
    )


def _blocks(lines: list[list[str]]) -> list[list[list[str]]]:
    blocks: list[list[list[str]]] = []
    for words in lines:
        if words[0].lower() == "begin":
            blocks.append([])
        elif words[0].lower() != "end":
            blocks[-1].append(words)
    return blocks


def _fields(lines: list[list[str]]) -> dict[str, list[str]]:
    return {words[0].lower(): words[1:] for words in lines}


def _end(fields: dict[str, list[str]]) -> np.ndarray:
    direction = np.array([float(word) for word in fields["direction"][:3]])
    return float(fields["length"][0]) * direction / np.linalg.norm(direction)


def _turn(angles: list[str], order: str, radians: bool) -> np.ndarray:
    values = np.array([float(word) for word in angles[:3]])
    return quaternions.of_fixed_axes(values if radians else np.radians(values), order.lower())


def _frames(path: Path, bones: Bones) -> tuple[dict[str, np.ndarray], bool]:
    """Bone → its values (T, channels), and whether the angles are radians."""
    text = _text(path)
    radians = bool(re.search(r"^\s*:RADIANS", text, re.IGNORECASE | re.MULTILINE))
    words = re.sub(r"^\s*:.*$", "", text, flags=re.MULTILINE).split()
    if not words:
        raise BadFile(f"{path} holds no frames.")
    layout = _layout(words, bones, path)
    width = 1 + sum(1 + len(bones.channels[bones.names.index(name)]) for name, _ in layout)
    frames, rest = divmod(len(words), width)
    values = {}
    for name, column in layout:
        if set(words[column::width]) != {name} or rest:
            bad = next((i for i, word in enumerate(words[column::width]) if word != name), frames)
            raise BadFile(f"{path} is cut short or damaged: in frame {bad} (from 0) {name} is not where it was before.")
        count = len(bones.channels[bones.names.index(name)])
        try:
            columns = [np.fromiter(map(float, words[column + 1 + k :: width]), float) for k in range(count)]
        except ValueError:
            raise BadFile(f"{path}: a value of {name} is no number.") from None
        values[name] = np.column_stack(columns) if columns else np.zeros((frames, 0))
    return values, radians


def _layout(words: list[str], bones: Bones, path: Path) -> list[tuple[str, int]]:
    """Bones of a frame and the column at which each stands, from the first frame."""
    layout, column = [], 1
    while column < len(words) and words[column] in bones.names:
        name = words[column]
        layout.append((name, column))
        column += 1 + len(bones.channels[bones.names.index(name)])
    present = {name for name, _ in layout}
    missing = [name for name, channels in zip(bones.names, bones.channels) if channels and name not in present]
    if missing or (column < len(words) and not words[column].isdigit()):
        raise BadFile(
            f"{path} does not fit its skeleton: the first frame "
            + (f"has no values for {', '.join(missing[:10])}" if missing else f'goes on with "{words[column]}"')
            + "; give the .asf file of the same person."
        )
    return layout


def _poses(bones: Bones, values: dict[str, np.ndarray], radians: bool) -> tuple[np.ndarray, np.ndarray]:
    """Turns against the parents (T, J, 4), in the axes of the world, and places of the root (T, 3)."""
    frames = len(values["root"])
    local = np.zeros((frames, len(bones.names), 4))
    local[..., 0] = 1.0
    root = np.tile(bones.place, (frames, 1))
    for joint, (name, channels) in enumerate(zip(bones.names, bones.channels)):
        turning = [column for column, channel in enumerate(channels) if channel[0] == "r"]
        if turning:
            angles = values[name][:, turning] * (1.0 if radians else np.pi / 180.0)
            order = "".join(channels[column][1] for column in turning)
            own = quaternions.of_fixed_axes(angles, order)
            axes = bones.axes[joint]
            local[:, joint] = quaternions.multiply(quaternions.multiply(axes, own), quaternions.conjugate(axes))
    for column, channel in enumerate(bones.channels[0]):
        if channel[0] == "t":
            root[:, "xyz".index(channel[1])] += values["root"][:, column]
    return local, root
