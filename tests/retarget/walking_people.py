"""People who walk: the shipped walking target at another size of the body, recorded as joints or as skin markers."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from posed_people import JOINTS
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from biomimic import embodiment
from biomimic.embodiment import Embodiment
from biomimic.motion import Motion, Trajectory
from biomimic.provenance import Provenance
from biomimic.retarget.body_frames import BodyFrames
from biomimic.retarget.joint_targets import table
from biomimic.retarget.skeleton import Skeleton
from biomimic.retarget.targets import targets

TARGET = Path(__file__).parents[2] / "training/run42/target.npz"
MARKERS = (
    "RASI LASI RPSI LPSI RTHI LTHI RKNE LKNE RTIB LTIB RANK LANK RHEE LHEE RTOE LTOE C7 T10 CLAV STRN RSHO LSHO RELB "
    "LELB RWRA LWRA RWRB LWRB RFIN LFIN"
).split()
MADE = Provenance("made by this test")


@dataclass(frozen=True, eq=False)
class Walker:
    """A walk of a body, known exactly.

    Attributes:
        body: whose joints move.
        skeleton: of it, at the person's size.
        scale: person / body of each body of the model, (B,).
        qpos: of the skeleton, (T, nq); the root as far from the floor as the person's size asks.
        contact: which contact points touch the floor, (T, P).
        force: on right and left foot, house frame, (T, 6) [N], for the target's own mass and size.
        rate: [Hz].
    """

    body: Embodiment
    skeleton: Skeleton
    scale: np.ndarray
    qpos: np.ndarray
    contact: np.ndarray
    force: np.ndarray
    rate: float = 100.0

    @property
    def angles(self) -> np.ndarray:
        """Independent joint coordinates, (T, J) [rad]."""
        return self.qpos[:, self.skeleton.joint_places]


def walker(body: Embodiment, *, seconds: float = 1.2, size: float | dict[str, float] = 1.0, rate: float = 100.0):
    """The shipped target for some time from right heel strike on.

    Args:
        body: with legs, with or without fingers, or the arms alone: what it lacks is left out, what the target lacks
            rests.
        seconds: length.
        size: of the person / the body, or of its segments.
        rate: [Hz].
    """
    target, skeleton = Trajectory.load(TARGET), Skeleton(body)
    time = np.arange(round(seconds * rate)) / rate
    values = _repeated(target, time)
    qpos = skeleton.neutral(len(time))
    for place, name in zip(skeleton.joint_places, skeleton.names[6:]):
        if name in values:
            qpos[:, place] = values[name]
    scale = np.full(body.model.nbody, size) if np.isscalar(size) else np.ones(body.model.nbody)
    for segment, own in {} if np.isscalar(size) else size.items():
        scale[body.segments[segment]] = own
    leg = float(np.mean(scale[body.segments["thigh"]])) if body.feet else 1.0
    qpos[:, :3], qpos[:, 3:7] = leg * values["place"], values["turn"]
    qpos = skeleton.move(qpos, np.zeros((len(qpos), skeleton.size)))
    skeleton.rescale(scale)
    phase = np.floor(time / target.period * len(target.qpos)).astype(int) % len(target.qpos)
    return Walker(body, skeleton, scale, qpos, target.contact[phase], target.force[phase], rate)


def as_joints(person: Walker) -> Motion:
    """Places and turns of the joints of joints.toml.

    Axes are the body's own (forward, up, right); without legs, whose rest pose would tell, they are those that arms
    alone must have: forward, left, up when they hang.
    """
    frames, entries = BodyFrames(person.body), table()
    there = [name for name in JOINTS if _entry(entries, name).body in frames.ids]
    own = np.eye(3) if frames.legs else np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    pose = person.skeleton.pose(person.qpos)
    position, rotation = [], []
    for name in there:
        entry = _entry(entries, name)
        number = frames.ids[entry.body]
        place = (frames.place(entry.body, entry.at) + np.array(entry.shift)) * person.scale[number]
        position.append(pose.points(np.array([number]), place[None])[:, 0])
        turn = person.body.house @ pose.turn[:, frames.ids[entry.turn or entry.body]] @ own
        rotation.append(Rotation.from_matrix(turn).as_quat(scalar_first=True))
    position = person.body.to_house(np.stack(position, axis=1))
    return Motion(person.rate, position, tuple(there), MADE, rotation=np.stack(rotation, axis=1))


def as_markers(person: Walker, *, noise: float = 0.0, moved: float = 0.0) -> Motion:
    """Skin markers of Plug-in Gait at their places of the table.

    Args:
        person: who wears them.
        noise: deviation of each coordinate in each frame [m].
        moved: deviation of each marker's constant place from the table's [m].
    """
    rng = np.random.default_rng(0)
    shape = (len(person.qpos), len(MARKERS), 3)
    aim = targets(Motion(person.rate, np.zeros(shape), tuple(MARKERS), MADE), person.body)
    places = aim.offsets * person.scale[aim.bodies][:, None] + moved * rng.normal(size=aim.offsets.shape)
    world = person.body.to_house(person.skeleton.pose(person.qpos).points(aim.bodies, places))
    return Motion(person.rate, world + noise * rng.normal(size=world.shape), aim.names, MADE)


def changed(motion: Motion, position: np.ndarray, turn: np.ndarray | None = None) -> Motion:
    """The same recording elsewhere: other places, (T, K, 3) [m], all axes turned, (3, 3)."""
    rotation = motion.rotation
    if turn is not None and rotation is not None:
        own = Rotation.from_quat(rotation.reshape(-1, 4), scalar_first=True)
        rotation = (Rotation.from_matrix(turn) * own).as_quat(scalar_first=True).reshape(rotation.shape)
    return replace(motion, position=position, rotation=rotation)


def _entry(entries: dict, name: str):
    stem, _, side = name.partition("_")
    return entries[stem].on(side)


def _repeated(target: Trajectory, time: np.ndarray) -> dict[str, np.ndarray]:
    """The cycle's coordinates at any time: joints by name, place and turn of the root in the model's world."""
    strides = int(np.ceil(time[-1] / target.period)) + 2
    grid = np.arange(-len(target.qpos), strides * len(target.qpos)) / target.rate
    qpos = np.tile(target.qpos, (strides + 1, 1))
    travel = target.period * target.qvel[:, :2].mean(axis=0)
    qpos[:, :2] += np.repeat(np.arange(-1, strides), len(target.qpos))[:, None] * travel
    values = CubicSpline(grid, qpos)(time)
    turn = RotationSpline(grid, Rotation.from_quat(qpos[:, 3:7], scalar_first=True))(time)
    joints = {name: values[:, place] for name, place in _joints(target.embodiment).items()}
    return joints | {"place": values[:, :3], "turn": turn.as_quat(scalar_first=True)}


@cache
def _joints(name: str) -> dict[str, int]:
    """Places of a body's joints among its coordinates, without the root's."""
    model = embodiment.load(name).model
    return {model.joint(k).name: int(model.jnt_qposadr[k]) for k in range(1, model.njnt)}
