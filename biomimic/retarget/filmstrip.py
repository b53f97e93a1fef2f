"""A trajectory as stick figures in a row, from the side and from the front, as SVG text."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory
from biomimic.retarget.contact import Points, contact_points
from biomimic.retarget.options import Contact

SIDES = ("right", "left")
# the two sides in Okabe and Ito's blue and vermilion, lighter ones on a dark page; the trunk grey
_LIGHT = {"right": "#0072b2", "left": "#d55e00", "trunk": "#53585f", "open": "#fff"}
_DARK = {"right": "#56b4e9", "left": "#ee8233", "trunk": "#adb3bc", "open": "#17181b"}
_LIMBS = (
    ("hip", "knee", "ankle"),
    ("ankle", "heel"),
    ("ankle", "toe"),
    ("shoulder", "elbow", "wrist", "hand"),
    ("wrist", "thumb"),
)
_TRUNK = (("torso", "neck", "head"), ("hip_right", "hip_left"), ("shoulder_right", "shoulder_left"))
_UNIT = 100.0  # of the drawing in one metre
_HEAD = 0.11  # radius of the drawn head [m]


@dataclass(frozen=True)
class Film:
    """How a filmstrip is laid out.

    Attributes:
        frames: stick figures in a row.
        gap: between neighbours [m].
        least: width that a figure has at least [m].
    """

    frames: int = 12
    gap: float = 0.1
    least: float = 0.75


@dataclass(frozen=True, eq=False)
class _Shape:
    """One line of a figure in its own axes (forward, left, up), (n, 3) [m]; drawn with its true width or thinly."""

    kind: str  # "right", "left" or "trunk"
    points: np.ndarray
    width: float = 0.0  # [m]; 0 draws a thin line with a dot at every joint
    has_head: bool = False  # a head sits on its last point


def draw(trajectory: Trajectory, embodiment: Embodiment, film: Film | None = None) -> str:
    """An <svg> element that needs nothing beside it: right limbs blue, their joints full, left ones orange, open.

    The upper row looks at the person's right side, so that the person faces to the right; the lower row looks into the
    face, so that the person's left is on the right. Each figure is turned so that its own pelvis (shoulders, if there
    is no pelvis) faces ahead. The floor is drawn where the body's floor is, the soles of the feet are the capsules
    that touch it. Under both rows: when each foot is on the floor.

    Args:
        trajectory: of this body.
        embodiment: with or without legs.
        film: layout.
    """
    film = film or Film()
    count = len(trajectory.qpos)
    chosen = np.unique(np.linspace(0, count - 1, min(film.frames, count)).round().astype(int))
    feet = contact_points(embodiment, Contact()) if embodiment.feet else None
    figures = list(_figures(trajectory.qpos[chosen], embodiment, feet))
    everything = np.vstack([shape.points for figure in figures for shape in figure])
    low = 0.0 if feet else float(everything[:, 2].min()) - 0.1
    top = float(everything[:, 2].max()) + (2.0 * _HEAD if feet else 0.1)
    pitch = max(film.least, 2.0 * float(np.abs(everything[:, :2]).max()) + film.gap) * _UNIT
    width, bottom, parts = pitch * len(figures), 0.0, []
    line = max(14.0, width / 75.0)  # height of a line of words, so that long strips can be read too
    for across, sign, words in ((0, 1.0, "from the right side"), (1, 1.0, "from the front")):
        base = bottom + line + top * _UNIT
        parts.append(f'<text x="2" y="{bottom + 0.8 * line:.0f}">{words}</text>')
        parts += [
            _figure(figure, (across, sign), ((number + 0.5) * pitch, base)) for number, figure in enumerate(figures)
        ]
        if feet:
            parts.append(f'<path class="trunk" d="M0 {base:.1f}H{width:.0f}" stroke-width="1"/>')
        bottom = base - low * _UNIT + 10.0
    if feet and trajectory.contact is not None:
        parts.append(_bars(trajectory, feet, (width, bottom + 4.0), line))
        bottom += 3.0 * line + 8.0
    return _svg("".join(parts), width, bottom, line)


def _svg(content: str, width: float, height: float, line: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="film" viewBox="0 0 {width:.0f} {height:.0f}" '
        'fill="none" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" '
        f'font-size="{0.8 * line:.1f}" font-family="system-ui,sans-serif" '
        'role="img" aria-label="Stick figures from the right side and from the front; right blue, left orange.">'
        f"<style>{_rules(_LIGHT)}@media screen and (prefers-color-scheme:dark){{{_rules(_DARK)}}}</style>"
        f"{content}</svg>"
    )


def _rules(colours: dict[str, str]) -> str:
    found = [f".film .{kind}{{stroke:{colour}}}" for kind, colour in colours.items()]
    found += [f".film .{kind}.bar{{fill:{colours[kind]};stroke:none}}" for kind in SIDES]
    return "".join(found) + f".film text{{fill:{colours['trunk']}}}"


def _figures(qpos: np.ndarray, embodiment: Embodiment, feet: Points | None) -> Iterator[list[_Shape]]:
    """The lines of each pose, turned ahead and moved over its own origin."""
    model, data = embodiment.model, mujoco.MjData(embodiment.model)
    thumbs = [mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, f"firstmc_{side[0]}") for side in SIDES]
    hinge = "hip" if "hip_right" in embodiment.landmarks else "shoulder"
    for pose in qpos:
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        place = dict(zip(embodiment.landmarks, embodiment.landmark_position(data)))
        place |= {
            f"thumb_{side}": embodiment.to_house(data.xpos[body]) for side, body in zip(SIDES, thumbs) if body >= 0
        }
        ahead = _ahead(place[f"{hinge}_right"], place[f"{hinge}_left"])
        middle = 0.5 * (place[f"{hinge}_right"] + place[f"{hinge}_left"]) * [1.0, 1.0, 0.0]
        shapes = list(_sticks(place)) + (list(_soles(data, embodiment, feet)) if feet else [])
        yield [replace(shape, points=(shape.points - middle) @ ahead.T) for shape in shapes]


def _ahead(right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Rotation about the vertical to axes forward, left, up of a pelvis, (3, 3)."""
    aside = (left - right)[:2]
    size = np.linalg.norm(aside)
    x, y = aside / size if size > 1e-6 else (0.0, 1.0)
    return np.array([[y, -x, 0.0], [x, y, 0.0], [0.0, 0.0, 1.0]])


def _sticks(place: dict[str, np.ndarray]) -> Iterator[_Shape]:
    """Limbs and trunk; what the body lacks is left out."""
    for side in SIDES:
        for limb in _LIMBS:
            known = [place[f"{name}_{side}"] for name in limb if f"{name}_{side}" in place]
            if len(known) > 1:
                yield _Shape(side, np.array(known))
    for line in _TRUNK:
        known = [place[name] for name in line if name in place]
        if "torso" in line and "hip_right" in place:
            known = [0.5 * (place["hip_right"] + place["hip_left"]), *known]
        if len(known) > 1:
            yield _Shape("trunk", np.array(known), has_head=line[-1] == "head")


def _soles(data: mujoco.MjData, embodiment: Embodiment, feet: Points) -> Iterator[_Shape]:
    """The capsules under both feet; their two ends follow each other in `feet`."""
    world = np.einsum("pij,pj->pi", data.xmat[feet.bodies].reshape(-1, 3, 3), feet.places) + data.xpos[feet.bodies]
    ends = embodiment.to_house(world)
    for first in range(0, len(ends), 2):
        yield _Shape(SIDES[feet.sides[first]], ends[first : first + 2], 2.0 * float(feet.radii[first]))


def _figure(figure: list[_Shape], view: tuple[int, float], origin: tuple[float, float]) -> str:
    """One figure seen along an axis; `origin` is where the floor under it is drawn."""
    across, sign = view
    found = []
    for kind in ("left", "trunk", "right"):  # the right side is drawn last: it is nearer to who looks at it
        lines, dots, soles = "", "", {}
        for shape in (shape for shape in figure if shape.kind == kind):
            x = origin[0] + sign * _UNIT * shape.points[:, across]
            y = origin[1] - _UNIT * shape.points[:, 2]
            corners = [f"{a:.1f} {b:.1f}" for a, b in zip(x, y)]
            if shape.width:
                soles[shape.width] = soles.get(shape.width, "") + "M" + "L".join(corners)
                continue
            lines += "M" + "L".join(corners)
            dots += "".join(f"M{corner}h0" for corner in corners[:-1])
            if shape.has_head:
                lines += _circle(float(x[-1]), float(y[-1]) - _HEAD * _UNIT, _HEAD * _UNIT)
        found += [
            f'<path class="{kind}" d="{path}" stroke-width="{width * _UNIT:.1f}" stroke-opacity=".45"/>'
            for width, path in soles.items()
        ]
        found.append(f'<path class="{kind}" d="{lines}"/>')
        if kind != "trunk":
            found.append(f'<path class="{kind}" d="{dots}" stroke-width="5"/>')
        if kind == "left":
            found.append(f'<path class="open" d="{dots}" stroke-width="2.6"/>')
    return "".join(found)


def _circle(x: float, y: float, radius: float) -> str:
    half = f"a{radius:.0f} {radius:.0f} 0 1 0"
    return f"M{x - radius:.1f} {y:.1f}{half} {2 * radius:.0f} 0{half} {-2 * radius:.0f} 0"


def _bars(trajectory: Trajectory, feet: Points, corner: tuple[float, float], line: float) -> str:
    """Two lanes over the time of the clip that are filled while a foot is on the floor, with words."""
    width, top = corner
    begin, found = 3.0 * line, []
    lane = width - begin
    places = {name: number for number, name in enumerate(trajectory.contact_points)}
    for number, side in enumerate(SIDES):
        own = [places[name] for name, of in zip(feet.names, feet.sides) if of == number and name in places]
        y = top + line * number
        found.append(f'<text x="2" y="{y + 0.75 * line:.1f}">{side}</text>')
        for first, last in _spans(trajectory.contact[:, own].any(axis=1)):
            x, wide = (lane * share / len(trajectory.contact) for share in (first, last - first))
            found.append(
                f'<rect class="{side} bar" x="{begin + x:.1f}" y="{y:.1f}" width="{wide:.1f}" '
                f'height="{0.8 * line:.1f}"/>'
            )
    seconds = (len(trajectory.qpos) - 1) / trajectory.rate
    found.append(f'<text x="{begin:.0f}" y="{top + 2.8 * line:.1f}">on the floor, 0 to {seconds:.2f} s</text>')
    return "".join(found)


def _spans(loaded: np.ndarray) -> list[tuple[int, int]]:
    """First frame and the frame after the last one of every stretch that is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loaded, [False]]).astype(int)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2])]
