"""What is usually done, to compare with: differential inverse kinematics, frame by frame, with mink and daqp.

Points pull on the bodies, joint limits are inequalities, couplings are tasks beside the points; every frame starts
where the last one ended. Nothing here knows of the floor, of smoothness or of muscles. It follows the same points as
ours, scaled by the same fit of the whole clip. mink and daqp are the extra `baseline`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType
from typing import Any

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Motion, Trajectory
from biomimic.provenance import Provenance
from biomimic.retarget import carry, clip, record
from biomimic.retarget.clip_options import ClipOptions
from biomimic.retarget.contact import Points, contact_points
from biomimic.retarget.options import Contact
from biomimic.retarget.quality import orientations
from biomimic.retarget.record import Record
from biomimic.retarget.skeleton import Skeleton
from biomimic.signals import Signals

_TOUCH = 0.005  # [m] a point of a loaded foot that is higher does not touch


@dataclass(frozen=True)
class BaselineOptions:
    """Constants of the baseline.

    Attributes:
        iterations: steps per frame.
        first: most steps for the first frame, which starts from rest under the points.
        still: [m or rad] the first frame is done when no coordinate moves more than this in a step.
        coupling: weight of a coupling by that of an average point, each by its deviation [m or rad]. GMR-Fit as
            published has 5 for couplings and 40 to 100 for points, thus about 0.1: then couplings break by up to
            0.5 rad. With 10 they hold to about 3e-4 at the same speed and 0.2 mm more of distance.
        damping: on the diagonal, as GMR-Fit's.
    """

    iterations: int = 10
    first: int = 200
    still: float = 1e-4
    coupling: float = 10.0
    damping: float = 0.5

    def __post_init__(self) -> None:
        if self.iterations < 1 or self.first < 1:
            raise BadValue(f"{self.iterations} iterations a frame, {self.first} at first, were asked for; at least 1.")


def retarget(
    motion: Motion,
    embodiment: Embodiment,
    options: BaselineOptions | None = None,
    *,
    angles: Signals | None = None,
    force: np.ndarray | None = None,
    places: object = None,
) -> tuple[Trajectory, Record]:
    """A clip as a trajectory by the baseline, and how good it is; the seconds in the record are those of mink alone.

    Args: as `clip.retarget`, but for the options.
    """
    usual = ClipOptions()
    carried = carry.carry(motion, embodiment, usual, force=force, places=places)
    source = clip.source_of(carried, Skeleton(embodiment), carried.start)
    house, aim = embodiment.to_house(source), carried.targets
    begin = time.perf_counter()
    qpos = fit(house, aim.bodies, carried.places, aim.weights, embodiment, options)
    seconds = time.perf_counter() - begin
    made = trajectory(qpos, embodiment, usual.rate, motion.provenance)
    if carried.ground is not None:
        soles = contact_points(embodiment, Contact())
        touching = carried.ground.contact & (_heights(embodiment, qpos, soles) < _TOUCH)
        made = replace(made, contact=touching, contact_points=soles.names)
    points = clip.Fitted(aim.names, aim.bodies, carried.places)
    found = record.assess(made, embodiment, scaled_source=house, points=points, angles=angles)
    return made, replace(found, seconds=seconds, notes=(*found.notes, "mink and daqp; the seconds are theirs alone"))


def fit(
    source: np.ndarray,
    bodies: np.ndarray,
    offsets: np.ndarray,
    weights: np.ndarray,
    embodiment: Embodiment,
    options: BaselineOptions | None = None,
) -> np.ndarray:
    """Poses of the body that follow points, (T, nq); couplings hold only as well as the iterations get them.

    Args:
        source: where the points should be, (T, P, 3) in the house frame [m], NaN where unknown.
        bodies: ids of the bodies they lie on, (P,).
        offsets: their places in the bodies' frames, (P, 3) [m].
        weights: of the points, (P,) [1/m^2].
        embodiment: the body.
        options: None for the usual ones.

    Raises:
        BadValue: the shapes do not fit together, or mink or daqp is not installed.
    """
    options = options or BaselineOptions()
    mink = _library()
    source = embodiment.to_model(np.asarray(source, dtype=float))
    bodies, offsets, weights = np.asarray(bodies), np.asarray(offsets, dtype=float), np.asarray(weights, dtype=float)
    if source.ndim != 3 or source.shape[1:] != offsets.shape or bodies.shape != weights.shape != (source.shape[1],):
        raise BadValue(f"{source.shape} source points, {offsets.shape} places and {weights.shape} weights do not fit.")
    model = skeleton_of(embodiment.model)
    configuration = mink.Configuration(model, _start(embodiment, source[0], bodies, offsets))
    points = _points(mink, bodies, offsets, weights)
    tasks = [points]
    if model.neq:
        scale = float(np.sqrt(weights.mean()))
        tasks.append(mink.EqualityConstraintTask(model, cost=options.coupling * scale))
    limits = [mink.ConfigurationLimit(model)]
    qpos = np.empty((len(source), model.nq))
    for frame, target in enumerate(source):
        points.target = target
        for _ in range(options.iterations if frame else options.first):
            step = mink.solve_ik(configuration, tasks, 1.0, "daqp", damping=options.damping, limits=limits)
            configuration.integrate_inplace(step, 1.0)
            if frame == 0 and np.abs(step).max() < options.still:
                break
        qpos[frame] = configuration.q
    return qpos


def trajectory(qpos: np.ndarray, embodiment: Embodiment, rate: float, provenance: Provenance) -> Trajectory:
    """Poses as a trajectory, speeds as central differences.

    Args:
        qpos: (T, nq).
        embodiment: the body.
        rate: [Hz].
        provenance: of the source.
    """
    model, frames = embodiment.model, len(qpos)
    step = np.zeros((frames + 1, model.nv))
    for frame in range(1, frames):
        mujoco.mj_differentiatePos(model, step[frame], 1.0 / rate, qpos[frame - 1], qpos[frame])
    step[0], step[-1] = step[min(1, frames)], step[max(frames - 1, 0)]
    marks = embodiment.landmarks.values()
    on = [model.body(m.body).id if m.body else int(model.site(m.site).bodyid[0]) for m in marks]
    return Trajectory(
        rate=rate,
        qpos=qpos,
        qvel=0.5 * (step[1:] + step[:-1]),
        landmark_position=embodiment.to_model(embodiment.trajectory_landmarks(qpos)),
        landmark_rotation=orientations(embodiment, qpos)[:, on],
        landmarks=tuple(embodiment.landmarks),
        embodiment=embodiment.name,
        model_sha256=embodiment.sha256,
        provenance=provenance,
    )


def skeleton_of(
    model: mujoco.MjModel, bodies: Sequence[int] = (), offsets: Sequence[np.ndarray] = ()
) -> mujoco.MjModel:
    """Bodies, joints and joint couplings of a model, nothing else: the same coordinates in less time.

    Args:
        model: compiled.
        bodies: ids of bodies that get a site each, "point0", "point1", ...
        offsets: places of these sites in their bodies [m].
    """
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.compiler.autolimits = False
    spec.compiler.balanceinertia = True
    spec.option.jacobian = mujoco.mjtJacobian.mjJAC_DENSE
    flags = mujoco.mjtDisableBit
    spec.option.disableflags = flags.mjDSBL_CONTACT | flags.mjDSBL_LIMIT | flags.mjDSBL_FRICTIONLOSS
    made = [spec.worldbody]
    for number in range(1, model.nbody):
        made.append(
            made[model.body_parentid[number]].add_body(
                name=model.body(number).name,
                pos=model.body_pos[number],
                quat=model.body_quat[number],
                mass=1.0,
                inertia=[1.0, 1.0, 1.0],
                explicitinertial=True,
            )
        )
    for point, (number, place) in enumerate(zip(bodies, offsets)):
        made[number].add_site(name=f"point{point}", pos=place)
    for number in range(model.njnt):
        made[model.jnt_bodyid[number]].add_joint(
            name=model.joint(number).name,
            type=mujoco.mjtJoint(model.jnt_type[number]),
            pos=model.jnt_pos[number],
            axis=model.jnt_axis[number],
            range=model.jnt_range[number],
            limited=int(model.jnt_limited[number]),
            ref=_reference(model, number),
        )
    for number in np.flatnonzero((model.eq_type == mujoco.mjtEq.mjEQ_JOINT) & (model.eq_active0 == 1)):
        driver = model.eq_obj2id[number]
        spec.add_equality(
            type=mujoco.mjtEq.mjEQ_JOINT,
            name1=model.joint(int(model.eq_obj1id[number])).name,
            name2=model.joint(int(driver)).name if driver >= 0 else "",
            data=model.eq_data[number],
        )
    return spec.compile()


def _reference(model: mujoco.MjModel, joint: int) -> float:
    is_free = model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE
    return 0.0 if is_free else float(model.qpos0[model.jnt_qposadr[joint]])


def _library() -> ModuleType:
    try:
        import_module("daqp")
        return import_module("mink")
    except ImportError as error:
        raise BadValue(
            f"The baseline needs mink and daqp, and {error.name} is missing: pip install 'biomimic[baseline]'."
        ) from None


def _points(mink: ModuleType, bodies: np.ndarray, offsets: np.ndarray, weights: np.ndarray) -> Any:
    """A task of mink that pulls points of bodies to places in the world; `target` is (P, 3), NaN where unknown."""
    usual = np.repeat(np.sqrt(weights), 3)

    class PointTask(mink.Task):
        target: np.ndarray

        def compute_error(self, configuration: Any) -> np.ndarray:
            off = self._places(configuration.data) - self.target
            known = np.isfinite(off)
            self.cost = usual * known.ravel()
            return np.where(known, off, 0.0).ravel()

        def compute_jacobian(self, configuration: Any) -> np.ndarray:
            model, data = configuration.model, configuration.data
            found = np.empty((len(bodies), 3, model.nv))
            for point, (body, place) in enumerate(zip(bodies, self._places(data))):
                mujoco.mj_jac(model, data, found[point], None, place, body)
            return found.reshape(-1, model.nv)

        def _places(self, data: mujoco.MjData) -> np.ndarray:
            turn = data.xmat[bodies].reshape(-1, 3, 3)
            return data.xpos[bodies] + (turn @ offsets[:, :, None])[..., 0]

    return PointTask(cost=usual)


def _start(embodiment: Embodiment, target: np.ndarray, bodies: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Rest, inside all limits, the whole body turned and moved to lie best under the points, (nq,)."""
    model, data = embodiment.model, mujoco.MjData(embodiment.model)
    hinged = (model.jnt_type != mujoco.mjtJoint.mjJNT_FREE) & (model.jnt_limited == 1)
    qpos = model.qpos0.copy()
    low, high = model.jnt_range[hinged].T
    place = model.jnt_qposadr[hinged]
    outside = (qpos[place] < low) | (qpos[place] > high)
    qpos[place] = np.where(outside, 0.5 * (low + high), qpos[place])
    qpos = embodiment.couplings.expand(qpos)
    if model.jnt_type[0] != mujoco.mjtJoint.mjJNT_FREE:
        return qpos
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    turned = (data.xmat[bodies].reshape(-1, 3, 3) @ offsets[:, :, None])[..., 0]
    here, known = data.xpos[bodies] + turned, np.isfinite(target).all(axis=1)
    here, there = here[known], target[known]
    turn, _ = Rotation.align_vectors(there - there.mean(axis=0), here - here.mean(axis=0))
    root = Rotation.from_quat(qpos[3:7], scalar_first=True)
    qpos[:3] = there.mean(axis=0) + turn.apply(qpos[:3] - here.mean(axis=0))
    qpos[3:7] = (turn * root).as_quat(scalar_first=True)
    return qpos


def _heights(embodiment: Embodiment, qpos: np.ndarray, soles: Points) -> np.ndarray:
    """Of the lowest parts of the feet above the floor, (T, P) [m]."""
    data, heights = mujoco.MjData(embodiment.model), np.empty((len(qpos), len(soles.names)))
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(embodiment.model, data)
        turn = data.xmat[soles.bodies].reshape(-1, 3, 3)
        place = data.xpos[soles.bodies] + (turn @ soles.places[:, :, None])[..., 0]
        heights[frame] = place @ embodiment.house[2] - soles.radii
    return heights
