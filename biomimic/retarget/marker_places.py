"""Where a person's markers sit on the bodies of an OpenSim model, and how long its segments are (.osim files)."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from biomimic import errors
from biomimic.errors import BadFile
from biomimic.motion import Motion
from biomimic.provenance import Provenance, sha256
from biomimic.readers import markers

# segment → body whose origin is its begin, body whose origin is its end; alternatives by model family
_SEGMENTS = {
    "thigh_right": ("femur_r", ("tibia_r",)),
    "thigh_left": ("femur_l", ("tibia_l",)),
    "shank_right": ("tibia_r", ("talus_r",)),
    "shank_left": ("tibia_l", ("talus_l",)),
    "foot_right": ("calcn_r", ("toes_r",)),
    "foot_left": ("calcn_l", ("toes_l",)),
    "upper_arm_right": ("humerus_r", ("ulna_r",)),
    "upper_arm_left": ("humerus_l", ("ulna_l",)),
    "forearm_right": ("ulna_r", ("hand_r",)),
    "forearm_left": ("ulna_l", ("hand_l",)),
    "hips": ("femur_r", ("femur_l",)),
    "shoulders": ("humerus_r", ("humerus_l",)),
}


@dataclass(frozen=True, eq=False)
class OsimJoint:
    """How a body hangs on another one.

    Args:
        name: of the joint.
        parent: body it hangs on.
        child: body that hangs on it.
        place: (3,) [m] joint centre in the parent's frame, all coordinates zero.
        pose: (4, 4) of the child in the parent's frame [m], all coordinates zero.
    """

    name: str
    parent: str
    child: str
    place: np.ndarray
    pose: np.ndarray


@dataclass(frozen=True, eq=False)
class OsimModel:
    """Markers and joints of an OpenSim model. Frames are OpenSim's: x forward, y up, z right.

    Args:
        name: of the model.
        mass: [kg] of each body.
        joints: of the skeleton; each body is the child of at most one.
        markers: name → (body, place (3,) [m] in the body's frame).
        provenance: where it comes from.
    """

    name: str
    mass: dict[str, float]
    joints: tuple[OsimJoint, ...]
    markers: dict[str, tuple[str, np.ndarray]]
    provenance: Provenance

    @cached_property
    def poses(self) -> dict[str, np.ndarray]:
        """Body → its pose (4, 4) in the ground frame [m], all coordinates zero."""
        hangs = {joint.child: joint for joint in self.joints}
        found: dict[str, np.ndarray] = {}

        def pose(body: str, above: tuple[str, ...] = ()) -> np.ndarray:
            if body in above:
                raise BadFile(f"{self.provenance.source}: body {body} hangs on itself.")
            if body not in found:
                joint = hangs.get(body)
                found[body] = np.eye(4) if joint is None else pose(joint.parent, (*above, body)) @ joint.pose
            return found[body]

        return {body: pose(body) for body in [*self.mass, *hangs]}

    def distance(self, first: str, second: str) -> float:
        """Between the origins of two bodies, all coordinates zero [m].

        Raises:
            UnknownName: there is no such body.
        """
        for body in (first, second):
            if body not in self.poses:
                raise errors.unknown("body", body, self.poses, where=f"in {self.provenance.source}")
        return float(np.linalg.norm(self.poses[first][:3, 3] - self.poses[second][:3, 3]))

    @property
    def lengths(self) -> dict[str, float]:
        """Segment → length [m]; only those whose bodies the model has.

        thigh, shank, foot, upper_arm, forearm (_right, _left), hips and shoulders are distances between the origins of
        bodies with all coordinates zero; trunk is the height of the middle of the shoulders above that of the hips.
        """
        found = {}
        for segment, (first, ends) in _SEGMENTS.items():
            end = next((body for body in ends if body in self.poses), None)
            if first in self.poses and end is not None:
                found[segment] = self.distance(first, end)
        if "hips" in found and "shoulders" in found:
            low, high = (
                np.mean([self.poses[f"{bone}_{side}"][:3, 3] for side in "rl"], axis=0) for bone in ("femur", "humerus")
            )
            found["trunk"] = float(np.linalg.norm(high - low))
        return found

    def marker_positions(self) -> dict[str, np.ndarray]:
        """Marker → its place (3,) in the ground frame [m], all coordinates zero."""
        return {
            name: (self.poses[body] @ np.append(place, 1.0))[:3]
            for name, (body, place) in self.markers.items()
            if body in self.poses
        }


def read_osim(path: str | Path) -> OsimModel:
    """Markers with their bodies and places, and the joints, of an .osim file of OpenSim 3 or 4.

    Joints are taken with all coordinates zero; translations that follow a coordinate (a sliding knee) are evaluated
    there.

    Args:
        path: of the file.

    Raises:
        BadFile: no such file, no XML, or no OpenSim model with bodies.
    """
    path = Path(path)
    try:
        root = ET.parse(path).getroot()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    except ET.ParseError as error:
        raise BadFile(f"{path} is no OpenSim model or is cut short: {error}.") from None
    model = root.find("Model")
    if model is None:
        raise BadFile(f"{path} is no OpenSim model: it has no <Model>.")
    bodies = [body for body in model.iter("Body") if body.get("name") != "ground"]
    if not bodies:
        raise BadFile(f"{path}: its model has no bodies.")
    mass = {body.get("name", ""): _vector(body.findtext("mass", "0"), 1, path)[0].item() for body in bodies}
    joints = [_joint(element, body, path) for element, body in _joint_elements(model)]
    found = {}
    for marker in model.iter("Marker"):
        socket = marker.findtext("socket_parent_frame") or marker.findtext("body") or ""
        found[marker.get("name", "")] = (_last(socket), _vector(marker.findtext("location", ""), 3, path))
    source = Provenance(path.name, sha256=sha256(path))
    return OsimModel(model.get("name", ""), mass, tuple(joints), found, source)


def misfit(model: OsimModel, motion: Motion) -> dict[str, float]:
    """How far the model's marker places are from those of a person [m]: marker → root mean square distance.

    In up to 64 frames, the markers of each body (three at least, seen together) are laid over the measured ones by
    the best turn and shift. A model that was fitted to this person gives 2 to 15 mm; much more, and the file's places
    are another person's or generic.

    Args:
        model: with markers.
        motion: of markers, in any frame.
    """
    few = markers.sample(motion.position)
    bodies: dict[str, list[str]] = {}
    for name, (body, _) in model.markers.items():
        if name in motion.landmarks:
            bodies.setdefault(body, []).append(name)
    found = {}
    for names in bodies.values():
        measured = few[:, [motion.landmarks.index(name) for name in names]]
        measured = measured[np.isfinite(measured).all(axis=(1, 2))]
        if len(names) < 3 or not len(measured):
            continue
        places = np.array([model.markers[name][1] for name in names])
        distance = _rigid_residual(places, measured)
        found |= dict(zip(names, np.sqrt(np.mean(distance**2, axis=0)).tolist()))
    return found


def _rigid_residual(places: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Distances (S, N) [m] left between places (N, 3) and measured (S, N, 3) after the best turn and shift.

    Source:
        Kabsch, Acta Crystallographica A 32 (1976) 922.
    """
    local = places - places.mean(axis=0)
    seen = measured - measured.mean(axis=1, keepdims=True)
    left, _, right = np.linalg.svd(np.einsum("ni,snj->sij", local, seen))
    mirrored = np.linalg.det(left @ right) < 0
    left[mirrored, :, 2] *= -1.0
    return np.linalg.norm(seen - local @ (left @ right), axis=2)


def _last(socket: str) -> str:
    """The body at the end of a path such as /bodyset/torso."""
    return socket.strip().rstrip("/").rpartition("/")[2]


def _vector(text: str | None, count: int, path: Path) -> np.ndarray:
    try:
        numbers = np.array((text or "").split(), dtype=np.float64)
    except ValueError:
        numbers = np.empty(0)
    if numbers.size != count:
        raise BadFile(f'{path}: "{(text or "").strip()[:40]}" stands where {count} numbers belong.')
    return numbers


def _joint_elements(model: ET.Element) -> list[tuple[ET.Element, str]]:
    """Joint elements with the body that owns them (OpenSim 3), or "" (OpenSim 4, where sockets name it)."""
    found = [(joint, body.get("name", "")) for body in model.iter("Body") for joint in body.findall("Joint/*")]
    return found + [(joint, "") for joint in model.findall("JointSet/objects/*")]


def _pose(translation: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """(4, 4) of a place [m] and body-fixed turns about x, y, z [rad]."""
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("XYZ", angles).as_matrix()
    pose[:3, 3] = translation
    return pose


def _joint(element: ET.Element, owner: str, path: Path) -> OsimJoint:
    if owner:
        ends = [(_last(element.findtext("parent_body", "")), "location_in_parent", "orientation_in_parent")]
        ends.append((owner, "location", "orientation"))
        frames = [
            (body, _pose(*(_vector(element.findtext(key, "0 0 0"), 3, path) for key in keys))) for body, *keys in ends
        ]
    else:
        offsets = {frame.get("name", ""): frame for frame in element.iter("PhysicalOffsetFrame")}
        frames = [_frame(element.findtext(f"socket_{end}_frame", ""), offsets, path) for end in ("parent", "child")]
    (parent, hook), (child, eye) = frames
    moved = hook @ _at_zero(element.find("SpatialTransform"), path)
    return OsimJoint(element.get("name", ""), parent, child, moved[:3, 3], moved @ np.linalg.inv(eye))


def _frame(socket: str, offsets: dict[str, ET.Element], path: Path) -> tuple[str, np.ndarray]:
    """Body of a frame, and the frame's pose in it."""
    offset = offsets.get(_last(socket))
    if offset is None:
        return _last(socket), np.eye(4)
    place, turn = (_vector(offset.findtext(key, "0 0 0"), 3, path) for key in ("translation", "orientation"))
    return _last(offset.findtext("socket_parent", "")), _pose(place, turn)


def _at_zero(transform: ET.Element | None, path: Path) -> np.ndarray:
    """Pose (4, 4) of a custom joint whose coordinates are all zero."""
    pose = np.eye(4)
    if transform is None:
        return pose
    turn = Rotation.identity()
    for axis in transform.findall("TransformAxis"):
        value = _value(axis, path)
        along = _vector(axis.findtext("axis", "0 0 0"), 3, path)
        if axis.get("name", "").startswith("translation"):
            pose[:3, 3] += value * along
        elif value:
            turn = turn * Rotation.from_rotvec(value * along / np.linalg.norm(along))
    pose[:3, :3] = turn.as_matrix()
    return pose


def _value(element: ET.Element, path: Path) -> float:
    """What the function inside `element` gives at zero."""
    for function in element.iter():
        if function.tag == "MultiplierFunction":
            scale = _vector(function.findtext("scale", "1"), 1, path)[0]
            inner = function.find("function")
            return float(scale * _value(inner, path)) if inner is not None else 0.0
        if function.tag == "Constant":
            return float(_vector(function.findtext("value", "0"), 1, path)[0])
        if function.tag in ("LinearFunction", "PolynomialFunction"):
            numbers = function.findtext("coefficients", "0").split()
            return float(numbers[-1])  # highest power first
        if function.tag in ("SimmSpline", "NaturalCubicSpline", "PiecewiseLinearFunction", "GCVSpline"):
            return _interpolated(function, path)
    return 0.0


def _interpolated(function: ET.Element, path: Path) -> float:
    x, y = (np.array(function.findtext(key, "").split(), dtype=np.float64) for key in "xy")
    if x.size != y.size or x.size < 2:
        raise BadFile(f"{path}: a spline has {x.size} places and {y.size} values.")
    if function.tag == "PiecewiseLinearFunction" or x.size == 2:
        return float(np.interp(0.0, x, y))
    return float(CubicSpline(x, y, bc_type="natural")(0.0))
