"""Retargeted clips in the cache layout of MuscleMimic 0.1: trajectories into it and out of it.

One npz file per clip, `<folder>/<environment>/gmr/<clip>.npz`, in the model's own world: names and a few fields of the
model, then one row per frame with coordinates, speeds, and where every body and every imitated site was.
"""

import io
import zipfile
import zlib
from fnmatch import fnmatchcase
from pathlib import Path

import mujoco
import numpy as np

from biomimic import files
from biomimic.embodiment import Embodiment
from biomimic.embodiment.description import describe
from biomimic.errors import BadFile, BadValue, unknown
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance, sha256
from biomimic.retarget.quality import orientations

ENVIRONMENTS = {"myofullbody": "MyoFullBody", "bimanual": "MyoBimanualArm"}
_METHOD = "gmr"  # folder of the caches that MuscleMimic trains on
_ARM = {"humerus": "shoulder", "ulna": "elbow", "lunate": "hand"}
_LEG = {"femur": "hip", "tibia": "knee", "talus": "ankle", "toes": "toes"}
_ARMS, _LEGS = (
    {f"{body}_{side[0]}": f"{side}_{part}_mimic" for side in ("left", "right") for body, part in limb.items()}
    for limb in (_ARM, _LEG)
)
SITES = {  # body → the site at its origin that is imitated there; in a file they follow the order of the bodies
    "myofullbody": {"pelvis": "pelvis_mimic", "lumbar1": "upper_body_mimic", "head": "head_mimic", **_ARMS, **_LEGS},
    "bimanual": {"thorax": "upper_body_mimic", **_ARMS},
}
_BODY_FIELDS = ("rootid", "weldid", "mocapid", "pos", "quat", "ipos", "iquat")
_EMPTY = ("cvel_parent", "subtree_com_root", "xpos_parent", "xquat_parent")  # filled only while it trains
_NEAR = 1e-5  # [m] bodies closer than this are at the same place, in single precision


def cache_path(folder: str | Path, embodiment: Embodiment, clip: str) -> Path:
    """Where MuscleMimic looks for a clip below its cache folder, e.g. clip "KIT/3/walk_04_poses"."""
    name = clip.removesuffix(".npz").strip("/")
    if not name or ".." in Path(name).parts:
        raise BadValue(f'"{clip}" was given as the name of a clip; a path below the cache folder is needed.')
    return Path(folder) / _environment(embodiment) / _METHOD / f"{name}.npz"


def write_cache(path: str | Path, trajectory: Trajectory, embodiment: Embodiment) -> Path:
    """A trajectory as a cache file that MuscleMimic 0.1 loads, in single precision as its own.

    It imitates at 100 Hz and interpolates other rates when it loads. Contact phases, forces and provenance have no
    place in the layout and stay behind.

    Args:
        path: npz file, see `cache_path`.
        trajectory: states of this body; of a periodic one, one period is written.
        embodiment: MuscleMimic itself trains the full body without and the arms with fingers.

    Raises:
        BadValue: the trajectory is of another body.
    """
    model = embodiment.model
    if trajectory.embodiment != embodiment.name or trajectory.qpos.shape[1] != model.nq:
        raise BadValue(
            f"The trajectory is of {trajectory.embodiment} with {trajectory.qpos.shape[1]} coordinates, and a cache of "
            f"{embodiment.name} with {model.nq} was asked for; load the body as it was retargeted, fingers included."
        )
    environment, sites = _environment(embodiment), SITES[embodiment.name]
    bodies = [i for i in range(model.nbody) if model.body(i).name in sites]
    if len(bodies) != len(sites):
        raise BadFile(f"The model lacks some of the {len(sites)} bodies that {environment} imitates.")
    content = {
        "joint_names": np.array([model.joint(i).name for i in range(model.njnt)]),
        "body_names": np.array([model.body(i).name for i in range(model.nbody)]),
        "site_names": np.array([sites[model.body(i).name] for i in bodies]),
        "frequency": np.array(float(trajectory.rate)),
        "njnt": np.array(model.njnt),
        "jnt_type": model.jnt_type,
        "nbody": np.array(model.nbody),
        **{f"body_{name}": getattr(model, f"body_{name}") for name in _BODY_FIELDS},
        "nsite": np.array(len(bodies)),
        "site_bodyid": np.array(bodies, dtype=np.int32),
        "site_pos": np.zeros((len(bodies), 3)),
        "site_quat": np.tile([1.0, 0.0, 0.0, 0.0], (len(bodies), 1)),
        "qpos": trajectory.qpos,
        "qvel": trajectory.qvel,
        **_kinematics(trajectory, model, bodies),
        **{name: np.empty(0) for name in _EMPTY},
        "split_points": np.array([0, len(trajectory.qpos)], dtype=np.int32),
    }
    return _write(path, content)


def write_analysis(path: str | Path, error: np.ndarray, speed: float) -> Path:
    """The side file that MuscleMimic's quality figures read, beside the cache file `path`.

    Args:
        path: of the cache file.
        error: distance of each target point in each frame, (T, P) [m].
        speed: of the retargeting [frames/s].
    """
    path = Path(path)
    content = {"pos_error": np.asarray(error, dtype=float), "retarget_fps": np.array(float(speed))}
    return _write(path.with_name(f"{path.stem}_analysis.npz"), content)


def read_cache(path: str | Path, embodiment: Embodiment, *, clip: int | None = None) -> Trajectory:
    """A clip of a cache file as states of the body.

    Joints are found by name. Fingers that only the file has are left out, those that only the body has stay at rest.
    Coordinates are as the file has them: MuscleMimic's own couplings are soft, the note says how far they are off.

    Args:
        path: npz file.
        embodiment: the body it was retargeted to.
        clip: which one of a file that holds several; None takes the only one.

    Raises:
        BadFile: missing, truncated, no cache, or of another body.
        BadValue: the file holds several clips and none was chosen, or fewer than that.
    """
    path = Path(path)
    content = _load(path)
    names = [str(name) for name in content["joint_names"]]
    if len(names) != len(content["jnt_type"]):
        raise BadFile(f"{path} names {len(names)} joints and has the type of {len(content['jnt_type'])}.")
    rate = float(content["frequency"])
    part, number = _clip(content["split_points"], clip, path)
    qpos, qvel = _states(content, names, embodiment, path)
    qpos, qvel = qpos[part], qvel[part]
    place = embodiment.to_model(embodiment.trajectory_landmarks(qpos))
    marks = embodiment.landmarks.values()
    model = embodiment.model
    bodies = [model.body(m.body).id if m.body else int(model.site(m.site).bodyid[0]) for m in marks]
    note = f"MuscleMimic cache, clip {number}; couplings off by up to {_off(embodiment, qpos):.2g}"
    try:
        return Trajectory(
            rate=rate,
            qpos=qpos,
            qvel=qvel,
            landmark_position=place,
            landmark_rotation=orientations(embodiment, qpos)[:, bodies],
            landmarks=tuple(embodiment.landmarks),
            embodiment=embodiment.name,
            model_sha256=embodiment.sha256,
            provenance=Provenance(path.name, sha256=sha256(path), note=note + _moved(content, model)),
        )
    except BadValue as error:
        raise BadFile(f"{path}: {error}") from None


def _environment(embodiment: Embodiment) -> str:
    if embodiment.name not in ENVIRONMENTS:
        raise unknown("MuscleMimic environment of embodiment", embodiment.name, ENVIRONMENTS)
    return ENVIRONMENTS[embodiment.name]


def _kinematics(trajectory: Trajectory, model: mujoco.MjModel, bodies: list[int]) -> dict[str, np.ndarray]:
    """Where all bodies are and how they move, and the imitated sites, which lie at the origins of `bodies`."""
    data, frames = mujoco.MjData(model), len(trajectory.qpos)
    widths = {"xpos": 3, "xquat": 4, "cvel": 6, "subtree_com": 3}
    found = {name: np.empty((frames, model.nbody, width), dtype=np.float32) for name, width in widths.items()}
    turned = np.empty((frames, len(bodies), 9), dtype=np.float32)
    for frame in range(frames):
        data.qpos[:], data.qvel[:] = trajectory.qpos[frame], trajectory.qvel[frame]
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_comVel(model, data)
        for name, values in found.items():
            values[frame] = getattr(data, name)
        turned[frame] = data.xmat[bodies]
    return {**found, "site_xpos": found["xpos"][:, bodies], "site_xmat": turned}


def _write(path: str | Path, content: dict[str, np.ndarray]) -> Path:
    single = {name: a.astype(np.float32) if a.dtype == float and a.ndim else a for name, a in content.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **single)
    return files.write(path, buffer.getvalue())


def _load(path: Path) -> dict[str, np.ndarray]:
    """The arrays that are read; pickled members, such as MuscleMimic's absent metadata, are never touched."""
    needed = ("joint_names", "jnt_type", "frequency", "qpos", "qvel", "split_points")
    if not path.is_file():
        raise BadFile(f"{path} was asked for as a MuscleMimic cache and does not exist.")
    try:
        with np.load(path, allow_pickle=False) as package:
            kept = set(package.files) & {*needed, "body_names", "body_pos"}
            content = {name: package[name] for name in kept}
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, TypeError, AttributeError):
        raise BadFile(f"{path} is truncated, no npz file, or holds pickled objects where numbers belong.") from None
    for name in needed:
        if name not in content:
            raise BadFile(f'{path} is no MuscleMimic cache: it lacks "{name}".')
    for name in ("qpos", "qvel"):
        if content[name].ndim != 2 or content[name].dtype.kind != "f":
            raise BadFile(f'{path}: "{name}" must be a table of numbers; its shape is {content[name].shape}.')
    return content


def _clip(splits: np.ndarray, clip: int | None, path: Path) -> tuple[slice, int]:
    count = len(splits) - 1
    if clip is None and count != 1:
        raise BadValue(f"{path} holds {count} clips; say which one with clip=0 to clip={count - 1}.")
    number = clip or 0
    if not 0 <= number < count:
        raise BadValue(f"Clip {clip} of {path} was asked for, and it holds clips 0 to {count - 1}.")
    return slice(int(splits[number]), int(splits[number + 1])), number


def _states(
    content: dict[str, np.ndarray], names: list[str], embodiment: Embodiment, path: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates and speeds in the order of the model, (T, nq), (T, nv)."""
    model = embodiment.model
    own = [model.joint(i).name for i in range(model.njnt)]
    _check_joints(set(names) ^ set(own), embodiment, path)
    frames = len(content["qpos"])
    rest = {"qpos": embodiment.couplings.expand(model.qpos0), "qvel": np.zeros(model.nv)}
    starts = {"qpos": model.jnt_qposadr, "qvel": model.jnt_dofadr}
    free = content["jnt_type"] == mujoco.mjtJoint.mjJNT_FREE
    states = {}
    for kind, wide in (("qpos", 7), ("qvel", 6)):
        table, width = content[kind], np.where(free, wide, 1)
        if table.shape[1] != width.sum():
            raise BadFile(f"{path}: {kind} has {table.shape[1]} columns, and its joints need {width.sum()}.")
        first = dict(zip(names, np.cumsum(width) - width))
        states[kind] = np.tile(rest[kind], (frames, 1))
        for name in first.keys() & set(own):
            count, start = width[names.index(name)], starts[kind][own.index(name)]
            states[kind][:, start : start + count] = table[:, first[name] : first[name] + count]
    for start in model.jnt_qposadr[model.jnt_type == mujoco.mjtJoint.mjJNT_FREE]:
        turn = states["qpos"][:, start + 3 : start + 7]
        turn /= np.linalg.norm(turn, axis=1, keepdims=True)
    return states["qpos"], states["qvel"]


def _check_joints(odd: set[str], embodiment: Embodiment, path: Path) -> None:
    """Joints that only the file or only the body has must be fingers."""
    fingers = describe(embodiment.name).fingers.joints
    strange = sorted(name for name in odd if not any(fnmatchcase(name, pattern) for pattern in fingers))
    if strange:
        raise BadFile(
            f"{path} was not retargeted to {embodiment.name}: {len(strange)} joints other than fingers are in only one "
            f"of the two, such as {', '.join(strange[:3])}. Load the other embodiment."
        )


def _off(embodiment: Embodiment, qpos: np.ndarray) -> float:
    return float(np.abs(embodiment.couplings.residual(qpos)).max(initial=0.0))


def _moved(content: dict[str, np.ndarray], model: mujoco.MjModel) -> str:
    """Words on how far the file's model differs from ours; older versions of it had other knees."""
    names = [str(name) for name in content.get("body_names", ())]
    if names != [model.body(i).name for i in range(model.nbody)] or "body_pos" not in content:
        return "; the bodies of its model are not those of this one"
    distance = np.linalg.norm(content["body_pos"] - model.body_pos, axis=1).max()
    return f"; a body of its model lies {1e3 * distance:.3g} mm elsewhere" if distance > _NEAR else ""
