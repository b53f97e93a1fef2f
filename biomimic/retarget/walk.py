"""A periodic, contact-consistent target from one measured walk with plate forces."""

import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.embodiment import Embodiment
from biomimic.errors import BadFile, unknown
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance
from biomimic.recording import Recording
from biomimic.retarget import arms, contact, fourier, quality
from biomimic.retarget.cycle import GRAVITY, SIDES, HumanCycle, fold_trial
from biomimic.retarget.options import Options
from biomimic.retarget.poses import Poses, joint_names, positions, speeds

_LEG = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion", "ankle_dorsiflexion")
LEGS = tuple(f"{name}_{side}" for side in SIDES for name in _LEG)  # angles a trial must have, moments it may have
_PELVIS = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
_TRUNK = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")
_SLOW = ("flex_extension", "lat_bending", "axial_rotation", "adduction", "hip_rotation", "subtalar")


def periodic_target(trial: Recording, embodiment: Embodiment, options: Options | None = None) -> Trajectory:
    """One stride of a measured walk as states of the body, from right heel strike to right heel strike.

    Legs and trunk follow the person's angles, changed as little as it takes for loaded parts of the feet to stand
    still on the floor. Forward and up, the centre of mass moves as the measured forces prescribe; sideways as an
    inverted pendulum over the feet. The arms swing as the person's do, a little away from the body.

    Args:
        trial: with joint angles, pelvis position and plate forces, e.g. from `cycle.read_trial`.
        embodiment: a body with feet.
        options: all constants.

    Raises:
        BadFile, NotEnoughData: the trial lacks something, see `cycle.fold_trial`.
        BadValue: the body has no feet, or the result is beyond the options' ceilings.
    """
    options = options or Options()
    contact.contact_points(embodiment, options.contact)
    human = fold_trial(trial, options)
    start = first_poses(human, embodiment, options)
    fitted = contact.fit(embodiment, start, aim(human, options), options)
    target = _trajectory(fitted, human, trial, embodiment, options)
    quality.refuse(quality.assess(target, human, embodiment, options), options.ceilings)
    return target


def time_ratio(options: Options) -> float:
    """Time of the body's walk / time of the person's: sqrt of the length ratio at the same Froude number.

    Source:
        Alexander and Jayes, J Zool 201 (1983) 135-152: dynamic similarity of walking.
    """
    return float(np.sqrt(options.length_ratio)) if options.dynamic_similarity else 1.0


def aim(human: HumanCycle, options: Options) -> contact.Aim:
    """Motion of the centre of mass from the measured forces, on the body's scale."""
    total = (human.force[:, :3] + human.force[:, 3:]) / human.mass - [0.0, 0.0, GRAVITY]
    moved = fourier.integrate_twice(total, human.period, options.harmonics.com) * options.length_ratio
    vertical = human.force[:, [2, 5]]
    return contact.Aim(moved[:, 0], moved[:, 2], vertical[:, 0] / vertical.sum(axis=1), human.left_strike)


def first_poses(human: HumanCycle, embodiment: Embodiment, options: Options) -> Poses:
    """The person's own angles on the body, arms included; nothing is done about the floor yet."""
    kept, names = options.harmonics, joint_names(embodiment)
    joints = np.zeros((options.frames, len(names)))
    swing = arms.swing(embodiment, human.angles, options)
    for column, name in enumerate(names):
        if name in swing:
            joints[:, column] = swing[name]
    for angle in _TRUNK:
        moment = embodiment.moments[angle]  # joint x gain = angle, and the moment's scale is 1 / gain
        joints[:, names.index(moment.joint)] = _angle(human, angle) * moment.scale
    for angle, joint in embodiment.angles.items():
        if angle in LEGS or angle in human.angles:
            joints[:, names.index(joint.joint)] = (_angle(human, angle) - joint.offset) * joint.sign
    for column, name in enumerate(names):
        slow = any(part in name for part in _SLOW)
        joints[:, column] = fourier.smooth(joints[:, column], kept.slow if slow else kept.fast)
    house = embodiment.house
    # tilt about y, then list about x, then rotation about z, all house axes
    pelvis = Rotation.from_euler("YXZ", np.column_stack([_angle(human, name) for name in _PELVIS]))
    turn = fourier.smooth(pelvis.as_rotvec() @ house, kept.turn)
    root = fourier.smooth(human.pelvis * options.length_ratio, kept.root)
    root = (root - root.mean(axis=0) * [1.0, 1.0, 0.0]) @ house
    travel = np.array([human.stride * options.length_ratio, 0.0, 0.0]) @ house
    return Poses(root, turn, joints, travel, human.period * time_ratio(options))


def _angle(human: HumanCycle, name: str) -> np.ndarray:
    if name not in human.angles:
        raise BadFile(str(unknown("angle", name, human.angles, where="in the trial")))
    return human.angles[name]


def _trajectory(
    fitted: contact.Fitted, human: HumanCycle, trial: Recording, embodiment: Embodiment, options: Options
) -> Trajectory:
    poses = fitted.poses
    qpos = positions(embodiment, poses)
    place, rotation = _landmarks(embodiment, qpos)
    moment_names = LEGS if set(LEGS) <= set(human.moment) else ()
    moment = None
    if moment_names:
        factor = embodiment.mass / trial.mass * options.length_ratio  # the same share of weight x leg length
        moment = np.column_stack([human.moment[name] for name in moment_names]) * factor
    points = contact.contact_points(embodiment, options.contact)
    return Trajectory(
        rate=options.frames / poses.period,
        qpos=qpos,
        qvel=speeds(embodiment, poses, qpos),
        landmark_position=place,
        landmark_rotation=rotation,
        landmarks=tuple(embodiment.landmarks),
        embodiment=embodiment.name,
        model_sha256=embodiment.sha256,
        provenance=_provenance(trial.provenance, human, options),
        period=poses.period,
        contact=fitted.contact,
        contact_points=points.names,
        force=human.force * (embodiment.mass / human.mass),
        moment=moment,
        moment_names=moment_names,
        com=fitted.com @ embodiment.house + poses.advance,
    )


def _landmarks(embodiment: Embodiment, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks in the model's world, (N, K, 3) [m], and orientations of their bodies, (N, K, 4)."""
    bodies, _ = embodiment.landmark_places
    place = embodiment.to_model(embodiment.trajectory_landmarks(qpos))
    return place, quality.orientations(embodiment, qpos)[:, bodies]


def _provenance(source: Provenance, human: HumanCycle, options: Options) -> Provenance:
    similar = "same Froude number" if options.dynamic_similarity else "the person's stride time"
    note = (
        f"retargeted: lengths x {options.length_ratio:.6g}, {similar}; person's stride {human.stride:.4f} m in "
        f"{human.period:.4f} s, plates weighed {human.mass:.2f} kg; heading of {np.degrees(human.heading):.2f} degrees "
        f"removed. {source.note}"
    )
    return Provenance(source.source, source.licence, source.sha256, note.strip())
