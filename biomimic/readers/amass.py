"""Motion of AMASS and other SMPL, SMPL-H and SMPL-X files (.npz)."""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile
from biomimic.motion import Motion
from biomimic.readers import arrays, quaternions, standing
from biomimic.readers.joints import Skeleton, recognise

PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
_TURNING = 22  # joints that turn in every variant; hands follow the wrists
_TABLES = Path(__file__).with_name("smpl.toml")
_RATES = ("mocap_framerate", "mocap_frame_rate", "mocap_fps", "fps")
_SMPLX_WIDTH = 165  # columns of `poses`: SMPL has 72, SMPL-H 156
_NEEDED = ("v_template", "shapedirs", "J_regressor")
_HAND = {"smplh": (25, 40), "smplx": (28, 43)}  # first joint of the middle fingers, left and right
_TURN = 6.0 * np.pi  # [rad] more than any rotation vector holds: the file means degrees
_FAR = 20.0  # [m] more than any pelvis's height: the file means millimetres or centimetres


def read(path: str | Path, *, body_model: str | Path | None = None, up: str | None = None) -> Motion:
    """Joints of an AMASS file in the house frame, heading as recorded.

    Args:
        path: npz with `poses` (or `root_orient` and `pose_body`), `trans` and a frame rate.
        body_model: npz file of the SMPL-H or SMPL-X body (model.npz, SMPLX_MALE.npz …), whose joints are then placed
            by the file's `betas`. None takes the neutral body's published joint places and leaves `betas` unused.
        up: axis of the file's world that points up; None expects z, as AMASS has it, and refuses a file whose
            person stands along another axis.

    Raises:
        BadFile: no AMASS file, no frames, something that is no number, or another up axis or unit than AMASS has.
    """
    path = Path(path)
    content = _content(path)
    turns, trans, rate, kind = _arrays(content, path)
    names, offsets, note = _body(content, kind, body_model, path)
    skeleton = Skeleton(names, PARENTS, offsets)
    local = np.zeros((len(turns), len(names), 4))
    local[..., 0] = 1.0
    local[:, :_TURNING] = quaternions.of_axis_angle(turns)
    position, rotation = skeleton.pose(local, trans + offsets[0])
    notes = (f"{kind.upper()} file, heading as recorded", note)
    posed = standing.Posed(path, rate, skeleton, recognise(names, path), position, rotation, notes)
    if up is None and len(turns) and np.isfinite(position).all():
        _check_world(posed)
    return standing.motion(posed, unit=1.0, up="z" if up is None else up)


def _content(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise BadFile(f"{path} was asked for as an AMASS file and does not exist.")
    wanted = {"poses", "root_orient", "pose_body", "trans", "betas", "gender", "surface_model_type", *_RATES}
    found = arrays.names(path)
    content = arrays.load(path, tuple(wanted))
    missing = [] if "trans" in content else ["trans"]
    if "poses" not in content and not {"root_orient", "pose_body"} <= set(content):
        missing.insert(0, "poses")
    if missing:
        raise BadFile(
            f"{path} lacks {' and '.join(missing)}, so it is no AMASS motion (a shape file has none either); "
            f"it has: {', '.join(found[:12])}."
        )
    return content


def _arrays(content: dict[str, np.ndarray], path: Path) -> tuple[np.ndarray, np.ndarray, float, str]:
    """Rotation vectors (T, 22, 3) [rad], root (T, 3) [m], rate [Hz] and the kind of body."""
    if "poses" in content:
        poses = content["poses"]
    else:
        poses = np.concatenate([content["root_orient"], content["pose_body"]], axis=-1)
    trans, rates = content["trans"], [name for name in _RATES if name in content]
    if poses.ndim != 2 or poses.shape[1] < 3 * _TURNING or trans.shape != (len(poses), 3):
        raise BadFile(
            f"{path}: poses have shape {poses.shape} and trans {trans.shape}; expected (frames, 66 or more) and "
            "(frames, 3) with as many frames."
        )
    if not rates:
        raise BadFile(f"{path} has no frame rate; one of {', '.join(_RATES)} is expected.")
    kind = str(content.get("surface_model_type", "smplx" if poses.shape[1] == _SMPLX_WIDTH else "smplh")).lower()
    turns = np.asarray(poses[:, : 3 * _TURNING], float).reshape(len(poses), _TURNING, 3)
    if len(turns) and np.nanmax(np.abs(turns), initial=0.0) > _TURN:
        raise BadFile(f"{path}: poses reach {np.nanmax(np.abs(turns)):.4g} rad; AMASS has radians, these are degrees.")
    rate = float(np.ravel(content[rates[0]])[0])
    return turns, np.asarray(trans, float), rate, "smplx" if kind.startswith("smplx") else "smplh"


def _check_world(posed: standing.Posed) -> None:
    height = float(np.median(np.abs(posed.at("pelvis")[:, 2])))
    if height > _FAR:
        raise BadFile(
            f"{posed.path}: the pelvis is {height:.4g} m high; AMASS has metres, so trans is probably in millimetres."
        )
    found = standing.upward(posed)
    if found != "z":
        raise BadFile(
            f'{posed.path}: the person stands along {found}, AMASS files have z up; give up="{found}" if that is right.'
        )


def _body(
    content: dict[str, np.ndarray], kind: str, body_model: str | Path | None, path: Path
) -> tuple[tuple[str, ...], np.ndarray, str]:
    """Names (24), joint places (24, 3) [m] in their parents' frames, and what to note."""
    table = _published()[kind]
    names = tuple(table)
    if body_model is None:
        return names, np.array(list(table.values())), "neutral published joint places, betas unused"
    betas = np.ravel(np.asarray(content.get("betas", ()), float))
    if not np.isfinite(betas).all():
        raise BadFile(f"{path}: betas hold something that is not a number.")
    joints = _shaped(Path(body_model), kind, betas)
    places = np.vstack([joints[:_TURNING], joints[list(_HAND[kind])]])
    offsets = places - np.where(np.array(PARENTS)[:, None] < 0, 0.0, places[list(PARENTS)])
    return names, offsets, f"joints of {Path(body_model).name} at the file's {betas.size} betas"


@cache
def _published() -> dict[str, dict[str, list[float]]]:
    return tomllib.loads(_TABLES.read_text(encoding="utf-8"))


def _shaped(model: Path, kind: str, betas: np.ndarray) -> np.ndarray:
    """(K, 3) joints of a body model in its rest pose [m], shaped by betas."""
    if not model.is_file():
        raise BadFile(f"{model} was given as the body model and is no file; give SMPL-H's or SMPL-X's model file.")
    template, directions, regressor = _arrays_of_body(model)
    if regressor.shape[0] <= max(_HAND[kind]) or regressor.shape[1] != len(template):
        raise BadFile(
            f"{model} has {regressor.shape[0]} joints; a motion of {kind.upper()} needs a body with hands, "
            f"more than {max(_HAND[kind])} joints."
        )
    used = min(betas.size, directions.shape[-1])
    return regressor @ (template + directions[..., :used] @ betas[:used])


def _arrays_of_body(model: Path) -> tuple[np.ndarray, ...]:
    try:
        content = arrays.load(model, _NEEDED)
        found = tuple(np.asarray(content[name], float) for name in _NEEDED if name in content)
    except (BadFile, ValueError, TypeError):
        raise BadFile(
            f"{model} cannot be read as a body model; give the .npz form of SMPL-H or SMPL-X (a .pkl is not read)."
        ) from None
    missing = [name for name in _NEEDED if name not in content]
    if not missing:
        return found
    raise BadFile(f"{model} lacks {', '.join(missing)}, so it is no SMPL body model.")
