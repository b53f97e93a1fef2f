"""The simulated body as an OpenSim model: the same masses, lengths, joint axes and couplings, without muscles.

Each MuJoCo body becomes an OpenSim body, its joints one CustomJoint. A joint that follows another one of the same body
(the knee's translations) becomes a function inside the CustomJoint; one that follows a joint of another body (kneecap,
spine) becomes a coordinate with a CoordinateCouplerConstraint. The couplings are exact here and soft in MuJoCo.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue, NotEnoughData
from biomimic.lab import setup
from biomimic.lab.tables import to_opensim
from biomimic.recording import Recording
from biomimic.signals import Signals

ROOT = ("pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz")
_ROOT_AXES = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))  # tilt, list, rotation, as in Rajagopal 2016
_FREE, _SLIDE, _HINGE = mujoco.mjtJoint.mjJNT_FREE, mujoco.mjtJoint.mjJNT_SLIDE, mujoco.mjtJoint.mjJNT_HINGE
_SHOWN = 0.1  # [kg] bodies lighter than this are not drawn
_DENSITY = 1000.0  # [kg/m^3] of the ellipsoids that are drawn


@dataclass(frozen=True)
class _Coupling:
    """A joint as a polynomial of another one, coefficients of falling order; no driver: a constant."""

    driver: str | None
    coefficients: tuple[float, ...]


def write(path: str | Path, embodiment: Embodiment) -> Path:
    """The body as an .osim file.

    Args:
        path: with the ending .osim.
        embodiment: as it was simulated.

    Raises:
        BadValue: a joint that a CustomJoint cannot express (a ball, a slide after a hinge, hinges about two points).
    """
    model, couplings = embodiment.model, _couplings(embodiment.model)
    root = ElementTree.Element("Model", name=plain(embodiment.name))
    setup.fill(root, credits="", length_units="meters", force_units="N")
    setup.fill(root, gravity=to_opensim(embodiment.to_house(model.opt.gravity)))
    ElementTree.SubElement(root, "Ground", name="ground")
    bodies = setup.objects(root, "BodySet", name="bodyset")
    joints = setup.objects(root, "JointSet", name="jointset")
    for body in range(1, model.nbody):
        bodies.append(_body(model, body))
        joints.append(_joint(embodiment, body, couplings))
    constraints = setup.objects(root, "ConstraintSet", name="constraintset")
    for name, coupling in couplings.items():
        if not _is_inside(model, name, coupling):
            constraints.append(_constraint(name, coupling))
    markers = setup.objects(root, "MarkerSet", name="markerset")
    for name, body, offset in zip(embodiment.landmarks, *embodiment.landmark_places):
        marker = ElementTree.SubElement(markers, "Marker", name=name)
        setup.fill(marker, socket_parent_frame=_frame(model, int(body)), location=offset, fixed=True)
    return setup.write(path, root)


def coordinates(embodiment: Embodiment, recording: Recording) -> Signals:
    """Coordinates of the written model along a simulated trial [rad, m].

    Joints that follow another one inside a CustomJoint have no coordinate; the others are set to what their driver
    asks for, as OpenSim has them.

    Raises:
        NotEnoughData: the trial has no coordinates, or not those of this body.
    """
    model, table = embodiment.model, recording.coordinates
    if table is None or table.values.shape[1] != model.nq:
        found = "none" if table is None else f"{table.values.shape[1]}"
        raise NotEnoughData(
            f'Trial "{recording.trial}" has {found} of the {model.nq} coordinates of {embodiment.name}; only a '
            "simulated trial of this very body can be put on its OpenSim model."
        )
    couplings = _couplings(model)
    qpos = embodiment.couplings.expand(table.values)
    channels: dict[str, np.ndarray] = {}
    for joint in range(model.njnt):
        name, place = model.joint(joint).name, model.jnt_qposadr[joint]
        if model.jnt_type[joint] == _FREE:
            channels |= dict(zip(ROOT, _root(embodiment, joint, qpos[:, place : place + 7]).T))
        elif name not in couplings or not _is_inside(model, name, couplings[name]):
            channels[plain(name)] = qpos[:, place]
    return Signals(table.time, np.column_stack(list(channels.values())), tuple(channels), "SI")


def carried(embodiment: Embodiment) -> dict[str, dict[str, tuple[float, ...]]]:
    """Driver → joint with a coordinate of its own that follows it → slope, a polynomial of the driver (falling order).

    A moment of the follower acts on the driver as slope x moment.
    """
    model = embodiment.model
    found: dict[str, dict[str, tuple[float, ...]]] = {}
    for name, coupling in _couplings(model).items():
        if not _is_inside(model, name, coupling):
            slope = tuple(float(c) for c in np.polyder(coupling.coefficients))
            found.setdefault(coupling.driver or "", {})[name] = slope
    return found


def _couplings(model: mujoco.MjModel) -> dict[str, _Coupling]:
    """Joint → what it follows, by the model's joint equalities, in absolute coordinates."""
    found = {}
    for row in range(model.neq):
        if model.eq_type[row] != mujoco.mjtEq.mjEQ_JOINT or not model.eq_active0[row]:
            continue
        first, second = int(model.eq_obj1id[row]), int(model.eq_obj2id[row])
        own = float(model.qpos0[model.jnt_qposadr[first]])
        rising = np.array(model.eq_data[row, :5])
        if second < 0:
            found[model.joint(first).name] = _Coupling(None, (own + float(rising[0]),))
            continue
        shift = np.polynomial.Polynomial([-float(model.qpos0[model.jnt_qposadr[second]]), 1.0])
        absolute = np.polynomial.Polynomial(rising)(shift) + own
        falling = tuple(float(c) for c in reversed(absolute.coef))
        found[model.joint(first).name] = _Coupling(model.joint(second).name, falling)
    return found


def _is_inside(model: mujoco.MjModel, name: str, coupling: _Coupling) -> bool:
    """Whether a coupled joint needs no coordinate: a constant, or driven by a joint of the same body."""
    if coupling.driver is None:
        return True
    return int(model.joint(name).bodyid[0]) == int(model.joint(coupling.driver).bodyid[0])


def _body(model: mujoco.MjModel, body: int) -> ElementTree.Element:
    turn = _matrix(model.body_iquat[body])
    inertia = turn @ np.diag(model.body_inertia[body]) @ turn.T
    entries = [inertia[k] for k in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]
    element = ElementTree.Element("Body", name=plain(model.body(body).name))
    mass = float(model.body_mass[body])
    if mass >= _SHOWN:
        parts = ElementTree.SubElement(element, "components")
        frame = ElementTree.SubElement(parts, "PhysicalOffsetFrame", name="shape")
        drawn = ElementTree.SubElement(frame, "attached_geometry")
        radii = _radii(np.array(model.body_inertia[body]), mass)
        setup.fill(ElementTree.SubElement(drawn, "Ellipsoid", name="ellipsoid"), radii=radii)
        setup.fill(frame, socket_parent="..", translation=model.body_ipos[body], orientation=_euler(turn))
    return setup.fill(element, mass=mass, mass_center=model.body_ipos[body], inertia=entries)


def _radii(inertia: np.ndarray, mass: float) -> np.ndarray:
    """Half axes of the homogeneous ellipsoid with this inertia, scaled to the density of water [m]."""
    squares = np.maximum(2.5 * (inertia.sum() / 2.0 - inertia) / mass, 1e-6)
    radii = np.sqrt(squares)
    return radii * (mass / (_DENSITY * 4.0 / 3.0 * math.pi * radii.prod())) ** (1.0 / 3.0)


def _joint(embodiment: Embodiment, body: int, couplings: dict[str, _Coupling]) -> ElementTree.Element:
    model = embodiment.model
    first, count = int(model.body_jntadr[body]), int(model.body_jntnum[body])
    joints = list(range(first, first + count))
    if joints and model.jnt_type[joints[0]] == _FREE:
        return _free(embodiment, body, joints[0])
    kind = "CustomJoint" if joints else "WeldJoint"
    element = ElementTree.Element(kind, name=f"{plain(model.body(body).name)}_joint")
    hinges = [joint for joint in joints if model.jnt_type[joint] == _HINGE]
    slides = [joint for joint in joints if model.jnt_type[joint] == _SLIDE]
    _check(model, body, joints, slides)
    centre = np.array(model.jnt_pos[hinges[0]]) if hinges else np.zeros(3)
    turn, place = _matrix(model.body_quat[body]), np.array(model.body_pos[body])
    parent = int(model.body_parentid[body])
    if parent == 0:
        turn, place = _world(embodiment) @ turn, _world(embodiment) @ place
    _frames(element, model, (parent, place + turn @ centre, turn), (body, centre, np.eye(3)))
    if joints:
        free = [
            joint
            for joint in joints
            if model.joint(joint).name not in couplings
            or not _is_inside(model, model.joint(joint).name, couplings[model.joint(joint).name])
        ]
        _coordinates(element, model, free)
        _transform(element, model, (hinges, slides), couplings)
    return element


def _free(embodiment: Embodiment, body: int, joint: int) -> ElementTree.Element:
    """The body's six coordinates against the ground, zero where it stands upright and faces forward."""
    model = embodiment.model
    element = ElementTree.Element("CustomJoint", name="ground_pelvis")
    upright = _upright(embodiment, joint)
    _frames(element, model, (0, np.zeros(3), np.eye(3)), (body, np.zeros(3), upright.T))
    group = ElementTree.SubElement(element, "coordinates")
    start = to_opensim(embodiment.to_house(model.qpos0[model.jnt_qposadr[joint] :][:3]))
    for name, value in zip(ROOT, (0.0, 0.0, 0.0, *start)):
        limit = math.pi if value == 0.0 and "_t" not in name[-3:-1] else 1e3
        setup.fill(ElementTree.SubElement(group, "Coordinate", name=name), default_value=value, range=(-limit, limit))
    transform = ElementTree.SubElement(element, "SpatialTransform")
    for number, (name, axis) in enumerate(zip(ROOT[:3], _ROOT_AXES), 1):
        _axis(transform, f"rotation{number}", axis, _Coupling(name, (1.0, 0.0)))
    for number, (name, axis) in enumerate(zip(ROOT[3:], np.eye(3)), 1):
        _axis(transform, f"translation{number}", axis, _Coupling(name, (1.0, 0.0)))
    return element


def _check(model: mujoco.MjModel, body: int, joints: list[int], slides: list[int]) -> None:
    kinds = [int(model.jnt_type[joint]) for joint in joints]
    name = model.body(body).name
    hinges = [joint for joint in joints if joint not in slides]
    if any(kind not in (_SLIDE, _HINGE) for kind in kinds):
        raise BadValue(f'Body "{name}" has a joint that is neither a hinge nor a slide; OpenSim needs these two kinds.')
    if joints != slides + hinges or len(slides) > 3 or len(hinges) > 3:
        raise BadValue(
            f'Body "{name}" has {len(joints)} joints; a CustomJoint has up to 3 slides before up to 3 hinges.'
        )
    if hinges and np.ptp(model.jnt_pos[hinges], axis=0).max() > 1e-9:
        raise BadValue(f'The hinges of body "{name}" turn about different points; a CustomJoint has one.')


def _frames(element: ElementTree.Element, model: mujoco.MjModel, parent: tuple, child: tuple) -> None:
    """Where the joint sits on both bodies: (body, place (3,), orientation (3, 3)) of parent and child."""
    names = [f"{plain(model.body(one[0]).name) if one[0] else 'ground'}_offset" for one in (parent, child)]
    setup.fill(element, socket_parent_frame=names[0], socket_child_frame=names[1])
    frames = ElementTree.SubElement(element, "frames")
    for name, (body, place, turn) in zip(names, (parent, child)):
        frame = ElementTree.SubElement(frames, "PhysicalOffsetFrame", name=name)
        setup.fill(frame, socket_parent=_frame(model, body), translation=place, orientation=_euler(turn))


def _coordinates(element: ElementTree.Element, model: mujoco.MjModel, joints: list[int]) -> None:
    group = ElementTree.SubElement(element, "coordinates")
    for joint in joints:
        default = float(model.qpos0[model.jnt_qposadr[joint]])
        span = model.jnt_range[joint] if model.jnt_limited[joint] else (default - math.pi, default + math.pi)
        one = ElementTree.SubElement(group, "Coordinate", name=plain(model.joint(joint).name))
        setup.fill(one, default_value=default, range=span)


def _transform(
    element: ElementTree.Element,
    model: mujoco.MjModel,
    joints: tuple[list[int], list[int]],
    couplings: dict[str, _Coupling],
) -> None:
    """Axes and functions of hinges and slides; unused axes complete the three directions."""
    transform = ElementTree.SubElement(element, "SpatialTransform")
    for kind, used in zip(("rotation", "translation"), joints):
        axes = _completed([np.array(model.jnt_axis[joint]) for joint in used])
        for number, axis in enumerate(axes, 1):
            coupling = _Coupling(None, (0.0,))
            if number <= len(used):
                coupling = _displacement(model, used[number - 1], couplings)
            _axis(transform, f"{kind}{number}", axis, coupling)


def _displacement(model: mujoco.MjModel, joint: int, couplings: dict[str, _Coupling]) -> _Coupling:
    """What a joint moves its body by: the coordinate, its driver's polynomial or a constant, less the reference."""
    name, reference = model.joint(joint).name, float(model.qpos0[model.jnt_qposadr[joint]])
    own = couplings.get(name)
    if own is None or not _is_inside(model, name, own):
        return _Coupling(name, (1.0, -reference))
    return _Coupling(own.driver, (*own.coefficients[:-1], own.coefficients[-1] - reference))


def _completed(axes: list[np.ndarray]) -> list[np.ndarray]:
    """Three axes: those given, then directions that are far from them."""
    found = list(axes)
    for candidate in np.eye(3):
        if len(found) < 3 and all(np.linalg.norm(np.cross(candidate, axis)) > 0.5 for axis in found):
            found.append(candidate)
    return found


def _axis(parent: ElementTree.Element, name: str, axis: object, coupling: _Coupling) -> None:
    element = ElementTree.SubElement(parent, "TransformAxis", name=name)
    setup.fill(element, coordinates=plain(coupling.driver) if coupling.driver else "", axis=axis)
    element.append(_function(coupling, name="function"))


def _function(coupling: _Coupling, name: str = "") -> ElementTree.Element:
    named = {"name": name} if name else {}
    if coupling.driver is None:
        return setup.fill(ElementTree.Element("Constant", named), value=coupling.coefficients[-1])
    kind = "LinearFunction" if len(coupling.coefficients) == 2 else "PolynomialFunction"
    return setup.fill(ElementTree.Element(kind, named), coefficients=coupling.coefficients)


def _constraint(name: str, coupling: _Coupling) -> ElementTree.Element:
    element = ElementTree.Element("CoordinateCouplerConstraint", name=f"{plain(name)}_coupling")
    setup.fill(element, isEnforced=True)
    ElementTree.SubElement(element, "coupled_coordinates_function").append(_function(coupling))
    driver = plain(coupling.driver or "")
    return setup.fill(element, independent_coordinate_names=driver, dependent_coordinate_name=plain(name))


def _root(embodiment: Embodiment, joint: int, pose: np.ndarray) -> np.ndarray:
    """The six coordinates of a free joint's poses, (T, 7) -> (T, 6) [rad, m]; angles without jumps."""
    world, upright = _world(embodiment), _upright(embodiment, joint)
    turned = np.array([world @ _matrix(quaternion) @ upright.T for quaternion in pose[:, 3:]])
    angles = [
        np.arctan2(-turned[:, 0, 1], turned[:, 1, 1]),
        np.arcsin(np.clip(turned[:, 2, 1], -1.0, 1.0)),
        np.arctan2(-turned[:, 2, 0], turned[:, 2, 2]),
    ]
    return np.column_stack([np.unwrap(np.array(angles).T, axis=0), pose[:, :3] @ world.T])


def _upright(embodiment: Embodiment, joint: int) -> np.ndarray:
    """Orientation of a free joint's body in OpenSim's ground where the model stands as published, (3, 3)."""
    place = int(embodiment.model.jnt_qposadr[joint])
    return _world(embodiment) @ _matrix(embodiment.model.qpos0[place + 3 : place + 7])


def _world(embodiment: Embodiment) -> np.ndarray:
    """The model's world in OpenSim's ground, (3, 3)."""
    return np.column_stack([to_opensim(embodiment.to_house(axis)) for axis in np.eye(3)])


def _matrix(quaternion: np.ndarray) -> np.ndarray:
    found = np.zeros(9)
    mujoco.mju_quat2Mat(found, np.array(quaternion, dtype=float))
    return found.reshape(3, 3)


def _euler(turn: np.ndarray) -> tuple[float, float, float]:
    """Body-fixed angles about x, y, z [rad]."""
    middle = math.asin(min(1.0, max(-1.0, float(turn[0, 2]))))
    if abs(turn[0, 2]) > 1.0 - 1e-12:
        return math.atan2(math.copysign(1.0, middle) * turn[1, 0], turn[1, 1]), middle, 0.0
    return math.atan2(-turn[1, 2], turn[2, 2]), middle, math.atan2(-turn[0, 1], turn[0, 0])


def _frame(model: mujoco.MjModel, body: int) -> str:
    return f"/bodyset/{plain(model.body(body).name)}" if body else "/ground"


def plain(name: str) -> str:
    """A name without blanks and slashes, which OpenSim does not allow."""
    return re.sub(r"\W", "_", name)
