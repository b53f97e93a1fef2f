"""Bodies to simulate: a compiled model, and what its joints, points, muscles and feet are called here."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import mujoco
import numpy as np

from biomimic.embodiment import parameters
from biomimic.embodiment.angles import AngleMap
from biomimic.embodiment.compile import compile_model, source
from biomimic.embodiment.couplings import Couplings
from biomimic.embodiment.description import Description, JointAngle, Landmark, bodies, describe
from biomimic.embodiment.parameters import PUBLISHED, parameter_sets
from biomimic.errors import BadFile, BadValue, unknown

__all__ = ["PUBLISHED", "Embodiment", "Foot", "Moment", "Muscle", "bodies", "load", "parameter_sets"]


@dataclass(frozen=True, eq=False)
class Muscle:
    """What one electrode reads: actuators and their weights, which add to one.

    Attributes:
        names: actuators.
        actuators: their indices, (n,).
        weights: shares of the peak isometric force, (n,).
    """

    names: tuple[str, ...]
    actuators: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Moment:
    """Net moment of an angle: scale x reduced generalised force (G' force) of an independent joint.

    Attributes:
        joint: independent joint of the model.
        column: of it among the independent speeds of the couplings.
        scale: sign / gain; the gain is 1 but for the coupled trunk joints.
    """

    joint: str
    column: int
    scale: float


@dataclass(frozen=True, eq=False)
class Foot:
    """One foot: its bodies (heel first) and the geoms of them that can touch the floor.

    Attributes:
        bodies: names.
        body_ids: (n,).
        geoms: names.
        geom_ids: (m,).
    """

    bodies: tuple[str, ...]
    body_ids: np.ndarray
    geoms: tuple[str, ...]
    geom_ids: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class Embodiment:
    """A body: the model is never written to once loaded.

    Attributes:
        name: "myofullbody", "bimanual" or "tiny".
        model: compiled.
        landmarks: name -> site or body of the model.
        angles: name -> joint, sign, offset; only those that are a coordinate, see `angle_names` for all.
        moments: angle -> independent joint and scale.
        muscles: EMG-comparable muscle with side -> actuators and weights.
        groups: "legs", "trunk", "arms" -> indices of actuators; every actuator is in one.
        feet: side -> bodies and contact geoms; empty for a body without legs.
        segments: name -> bodies that share one size, both sides together.
        house: rows are the house axes (forward, left, up) in the model's world, (3, 3).
        couplings: dependent joints as polynomials of independent ones.
        angle_map: all angles from coordinates and body orientations.
        mass: [kg].
        muscle_parameters: name of the muscle parameter set.
        sha256: of the names and numbers of the model that decide its motion, but for the time step.
    """

    name: str
    model: mujoco.MjModel
    landmarks: Mapping[str, Landmark]
    angles: Mapping[str, JointAngle]
    moments: Mapping[str, Moment]
    muscles: Mapping[str, Muscle]
    groups: Mapping[str, np.ndarray]
    feet: Mapping[str, Foot]
    segments: Mapping[str, np.ndarray]
    house: np.ndarray
    couplings: Couplings
    angle_map: AngleMap
    mass: float
    muscle_parameters: str
    sha256: str
    _landmark_body: np.ndarray  # (K,)
    _landmark_offset: np.ndarray  # (K, 3) in the body's frame [m]

    @property
    def angle_names(self) -> tuple[str, ...]:
        """Names of all angles, in the order of `joint_angles`."""
        return self.angle_map.names

    @property
    def actuators(self) -> tuple[str, ...]:
        """Names of all actuators, in the model's order."""
        return tuple(self.model.actuator(i).name for i in range(self.model.nu))

    @property
    def leg_length(self) -> float | None:
        """Hip to knee to ankle joint centre [m], mean of both sides; None for a body without legs."""
        places = list(self.landmarks)
        wanted = [f"{joint}_{side}" for side in ("right", "left") for joint in ("hip", "knee", "ankle")]
        if not all(name in places for name in wanted):
            return None
        data = mujoco.MjData(self.model)
        mujoco.mj_kinematics(self.model, data)
        points = self.landmark_position(data)[[places.index(name) for name in wanted]].reshape(2, 3, 3)
        return float(np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1).mean())

    @property
    def landmark_places(self) -> tuple[np.ndarray, np.ndarray]:
        """Bodies of the landmarks, (K,), and their places in them, (K, 3) [m]."""
        return self._landmark_body, self._landmark_offset

    def joint_angles(self, data: mujoco.MjData) -> np.ndarray:
        """All angles of one pose whose kinematics are done, (C,) [rad]."""
        return self.angle_map.of_pose(data.qpos, data.xmat.reshape(-1, 3, 3))

    def trajectory_angles(self, qpos: np.ndarray) -> np.ndarray:
        """All angles of many poses, (T, nq) -> (T, C) [rad]; the poses satisfy the couplings."""
        return self.angle_map.of_pose(qpos, self._kinematics(qpos)[1])

    def landmark_position(self, data: mujoco.MjData) -> np.ndarray:
        """House-frame landmarks of one pose whose kinematics are done, in the order of `landmarks`, (K, 3) [m]."""
        return self._place(data.xpos, data.xmat.reshape(-1, 3, 3))

    def trajectory_landmarks(self, qpos: np.ndarray) -> np.ndarray:
        """House-frame landmarks of many poses, (T, nq) -> (T, K, 3) [m]; the poses satisfy the couplings."""
        return self._place(*self._kinematics(qpos))

    def activity(self, activation: np.ndarray) -> np.ndarray:
        """Activity of the EMG-comparable muscles, in the order of `muscles`, (..., nu) -> (..., M)."""
        parts = [activation[..., muscle.actuators] @ muscle.weights for muscle in self.muscles.values()]
        return np.stack(parts, axis=-1)

    def to_house(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors or points of the model's world in the house frame, (..., 3) -> (..., 3)."""
        return np.asarray(vectors) @ self.house.T

    def to_model(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors or points of the house frame in the model's world, (..., 3) -> (..., 3)."""
        return np.asarray(vectors) @ self.house

    def _place(self, position: np.ndarray, orientation: np.ndarray) -> np.ndarray:
        turned = (orientation[..., self._landmark_body, :, :] @ self._landmark_offset[:, :, None])[..., 0]
        return self.to_house(position[..., self._landmark_body, :] + turned)

    def _kinematics(self, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        data = mujoco.MjData(self.model)
        position = np.empty((len(qpos), self.model.nbody, 3))
        orientation = np.empty((len(qpos), self.model.nbody, 3, 3))
        for frame, pose in enumerate(qpos):
            data.qpos[:] = pose
            mujoco.mj_kinematics(self.model, data)
            position[frame] = data.xpos
            orientation[frame] = data.xmat.reshape(-1, 3, 3)
        return position, orientation


def load(
    name: str,
    *,
    fingers: bool | None = None,
    muscle_parameters: str | None = None,
    timestep: float = 0.001,
    visual: bool = False,
) -> Embodiment:
    """A body, compiled anew: those of the package musclemimic-models, or the small one of our own, "tiny".

    Args:
        name: "myofullbody", "bimanual" or "tiny".
        fingers: keep the 40 finger joints and the 62 muscles that move them; None: only for the arms alone.
        muscle_parameters: name of a muscle parameter set, stamped into every result; None: that of the body's makers.
        timestep: of the physics [s].
        visual: keep meshes and textures, which only drawing needs; the motion is the same without.

    Raises:
        UnknownName: no such body, or no such muscle parameter set for it.
        BadValue: the time step is not positive, or another version of the package is installed.
        BadFile: the body's description names something that the model lacks.
    """
    description = describe(name)
    muscle_parameters = description.muscle_parameters[0] if muscle_parameters is None else muscle_parameters
    chosen = parameters.load_set(muscle_parameters)
    if muscle_parameters not in description.muscle_parameters:
        known = description.muscle_parameters
        raise unknown("muscle parameter set", muscle_parameters, known, where=f"for embodiment {name}")
    if not 0.0 < timestep <= 0.01:
        raise BadValue(f"A time step of {timestep} s was asked for; it must be above 0 and at most 0.01 s.")
    keep = description.fingers.kept if fingers is None else fingers
    model = compile_model(
        source(description),
        without_joints=() if keep else description.fingers.joints,
        without_muscles=() if keep else description.fingers.muscles,
        timestep=timestep,
        visual=visual,
    )
    groups = _groups(name, model, description.groups)
    trunk = [model.actuator(int(i)).name for i in groups.get("trunk", ())]
    parameters.apply(model, chosen, must_match=trunk)
    return _assemble(name, model, description, groups, muscle_parameters)


def _assemble(
    name: str, model: mujoco.MjModel, description: Description, groups: dict[str, np.ndarray], muscle_parameters: str
) -> Embodiment:
    _check(name, model, description)
    house = np.array([description.frame.forward, description.frame.left, description.frame.up])
    couplings = Couplings.of(model)
    data = mujoco.MjData(model)
    data.qpos[:] = couplings.expand(model.qpos0)
    mujoco.mj_kinematics(model, data)
    reference = data.xmat.reshape(-1, 3, 3).copy()
    body, offset = _landmark_places(model, description.landmarks)
    return Embodiment(
        name=name,
        model=model,
        landmarks=description.landmarks,
        angles=description.angles,
        moments=_moments(description, couplings),
        muscles=_muscles(model, description),
        groups=groups,
        feet={side: _foot(model, foot.bodies) for side, foot in description.feet.items()},
        segments=_segments(model, description.segments),
        house=house,
        couplings=couplings,
        angle_map=AngleMap.of(model, description.angles, description.rotations, house, reference),
        mass=float(model.body_mass.sum()),
        muscle_parameters=muscle_parameters,
        sha256=_fingerprint(model),
        _landmark_body=body,
        _landmark_offset=offset,
    )


def _check(name: str, model: mujoco.MjModel, description: Description) -> None:
    """Every name in the description exists in the model."""
    moved = [angle.joint for angle in description.angles.values()]
    moved += [moment.joint for moment in description.moments.values()]
    held = [part for rotation in description.rotations for part in (rotation.body, rotation.relative_to)]
    held += [body for foot in description.feet.values() for body in foot.bodies]
    held += [body for bodies in description.segments.values() for body in bodies]
    held += [landmark.body for landmark in description.landmarks.values() if landmark.body]
    sites = [landmark.site for landmark in description.landmarks.values() if landmark.site]
    ends = description.sides.values()
    pulled = [stem + end for stems in description.muscles.values() for stem in stems for end in ends]
    where = f"in embodiment {name}"
    for kind, asked, known in (
        ("joint", moved, [model.joint(i).name for i in range(model.njnt)]),
        ("body", held, [model.body(i).name for i in range(model.nbody)]),
        ("site", sites, [model.site(i).name for i in range(model.nsite)]),
        ("actuator", pulled, [model.actuator(i).name for i in range(model.nu)]),
    ):
        for missing in set(asked) - set(known):
            raise BadFile(str(unknown(kind, missing, known, where=where)))


def _groups(name: str, model: mujoco.MjModel, patterns: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
    found: dict[str, list[int]] = {group: [] for group in patterns}
    for i in range(model.nu):
        actuator = model.actuator(i).name
        fits = [group for group, some in patterns.items() if any(fnmatchcase(actuator, pattern) for pattern in some)]
        if len(fits) != 1:
            raise BadFile(
                f'{name}.toml: actuator "{actuator}" is in {len(fits)} groups ({", ".join(fits)}); '
                "the patterns of [groups] must put it in exactly one."
            )
        found[fits[0]].append(i)
    return {group: np.array(indices, dtype=int) for group, indices in found.items()}


def _moments(description: Description, couplings: Couplings) -> dict[str, Moment]:
    moments = {
        name: Moment(angle.joint, couplings.column(angle.joint), float(angle.sign))
        for name, angle in description.angles.items()
    }
    for name, moment in description.moments.items():
        moments[name] = Moment(moment.joint, couplings.column(moment.joint), moment.sign / moment.gain)
    return moments


def _muscles(model: mujoco.MjModel, description: Description) -> dict[str, Muscle]:
    muscles = {}
    for side, suffix in description.sides.items():
        for muscle, stems in description.muscles.items():
            names = tuple(stem + suffix for stem in stems)
            actuators = np.array([model.actuator(actuator).id for actuator in names])
            force = model.actuator_gainprm[actuators, 2]
            muscles[f"{muscle}_{side}"] = Muscle(names, actuators, force / force.sum())
    return muscles


def _foot(model: mujoco.MjModel, names: tuple[str, ...]) -> Foot:
    bodies_of_foot = np.array([model.body(name).id for name in names])
    touching = np.isin(model.geom_bodyid, bodies_of_foot) & (model.geom_contype != 0)
    geoms = np.flatnonzero(touching)
    return Foot(names, bodies_of_foot, tuple(model.geom(i).name for i in geoms), geoms)


def _segments(model: mujoco.MjModel, first: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
    """Every body belongs to the segment of the nearest body named at or above it."""
    begins = {model.body(body).id: name for name, some in first.items() for body in some}
    segment = [""] * model.nbody
    for body in range(1, model.nbody):
        segment[body] = begins.get(body, segment[model.body_parentid[body]])
    return {name: np.flatnonzero([name == own for own in segment]) for name in first}


def _landmark_places(model: mujoco.MjModel, landmarks: Mapping[str, Landmark]) -> tuple[np.ndarray, np.ndarray]:
    body = np.empty(len(landmarks), dtype=int)
    offset = np.zeros((len(landmarks), 3))
    for k, landmark in enumerate(landmarks.values()):
        if landmark.site:
            body[k] = model.site(landmark.site).bodyid[0]
            offset[k] = model.site(landmark.site).pos
        else:
            body[k] = model.body(landmark.body).id
    return body, offset


def _fingerprint(model: mujoco.MjModel) -> str:
    """SHA-256 over names, couplings, inertias, paths, muscles and contact geoms.

    Numbers enter with six significant digits, so that the last bits of a compiler's arithmetic do not count. Meshes and
    the time step do not enter.
    """
    on_site = model.wrap_type == mujoco.mjtWrap.mjWRAP_SITE
    on_geom = np.isin(model.wrap_type, (mujoco.mjtWrap.mjWRAP_SPHERE, mujoco.mjtWrap.mjWRAP_CYLINDER))
    wrapped = model.wrap_objid[on_geom]
    solid = np.union1d(np.flatnonzero(model.geom_contype), wrapped)
    names = [model.joint(i).name for i in range(model.njnt)]
    names += [model.body(i).name for i in range(model.nbody)]
    names += [model.actuator(i).name for i in range(model.nu)]
    names += [model.site(i).name for i in model.wrap_objid[on_site]]
    names += [model.geom(i).name for i in (*wrapped, *solid)]
    digest = hashlib.sha256("\n".join(names).encode())
    for values in (
        model.qpos0,
        model.jnt_axis,
        model.jnt_pos,
        model.jnt_range,
        model.dof_damping,
        model.dof_armature,
        model.body_pos,
        model.body_quat,
        model.body_mass,
        model.body_ipos,
        model.body_inertia,
        model.eq_data,
        model.site_pos,
        model.wrap_type,
        model.actuator_gainprm,
        model.actuator_biasprm,
        model.actuator_dynprm,
        model.actuator_lengthrange,
        model.actuator_ctrlrange,
        model.geom_size[solid],
        model.geom_pos[solid],
        model.geom_friction[solid],
    ):
        text = np.char.mod("%.5e", np.asarray(values, dtype=float).ravel() + 0.0)
        digest.update(",".join(text).encode())
    return digest.hexdigest()
