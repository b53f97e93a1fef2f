"""Closes the chosen stride: the end runs over into the begin, and what is left are the harmonics of the stride."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance
from biomimic.reference.fold import fold
from biomimic.retarget import fourier
from biomimic.retarget.cycle import GRAVITY
from biomimic.retarget.poses import Poses, joint_names, positions
from biomimic.retarget.stride.choice import ARMS, Choice
from biomimic.retarget.stride.options import StrideOptions
from biomimic.retarget.stride.path import path, pose_com
from biomimic.signals import Signals

_SLOW = ("flex_extension", "lat_bending", "axial_rotation", "adduction", "hip_rotation", "subtalar")


@dataclass(frozen=True, eq=False)
class Closed:
    """One stride, N frames from right heel strike on, straight ahead along house x.

    Attributes:
        poses: of the body, periodic.
        com: centre of mass without the progress, (N, 3) [m], house axes; all its harmonics. The clip's own, or that
            which the forces move where the clip has forces only, or that of the poses.
        force: right x y z, left x y z, (N, 6) [body weights], or None where there is none in some part of the stride.
        heading: direction of the walk in the clip, which was turned to house x [rad].
    """

    poses: Poses
    com: np.ndarray
    force: np.ndarray | None
    heading: float


def close(clip: Trajectory, embodiment: Embodiment, choice: Choice, options: StrideOptions) -> Closed:
    """The chosen stride of a clip as periodic poses, turned to walk along house x."""
    way = path(embodiment, clip)
    lag = round(choice.period * clip.rate)
    travel = _travel(way.root[:, :2], clip, choice, lag)
    heading = float(np.arctan2(travel[1], travel[0]))
    back = Rotation.from_euler("z", -heading)
    stride = np.array([np.hypot(*travel), 0.0, 0.0])
    root = _still(back.apply(way.root), stride, clip, choice)
    com = _still(back.apply(_com(clip, embodiment)), stride, clip, choice)
    turn = (back * way.facing).as_rotvec()
    kept = options.cycle.harmonics
    joints = _closed(way.joints, clip, choice, options)
    for column, name in enumerate(joint_names(embodiment)):
        joints[:, column] = fourier.smooth(joints[:, column], _harmonics(name, options))
    place = fourier.smooth(_closed(root, clip, choice, options), kept.root)
    middle = place.mean(axis=0) * [1.0, 1.0, 0.0]
    mass, period = _closed(com, clip, choice, options) - middle, choice.period * options.time_ratio
    force = _force(clip, back.as_matrix(), choice, options)
    if force is not None and clip.com is None:
        total = (force[:, :3] + force[:, 3:] - [0.0, 0.0, 1.0]) * GRAVITY
        mass = mass.mean(axis=0) + fourier.integrate_twice(total, period, kept.com)
    return Closed(
        poses=Poses(
            root=embodiment.to_model(place - middle),
            turn=fourier.smooth(_closed(turn, clip, choice, options), kept.turn),
            joints=joints,
            travel=embodiment.to_model(stride),
            period=period,
        ),
        com=mass,
        force=force,
        heading=heading,
    )


def _com(clip: Trajectory, embodiment: Embodiment) -> np.ndarray:
    return embodiment.to_house(clip.com if clip.com is not None else pose_com(embodiment, clip.qpos))


def _harmonics(name: str, options: StrideOptions) -> int:
    kept = options.cycle.harmonics
    if name.startswith(ARMS):
        return kept.arms
    return kept.slow if any(part in name for part in _SLOW) else kept.fast


def _travel(root: np.ndarray, clip: Trajectory, choice: Choice, lag: int) -> np.ndarray:
    """Displacement in one stride, mean over the seam, (2,) [m]."""
    start, width = round(choice.start * clip.rate), round(choice.fade * clip.rate)
    seam = np.arange(start - width, start + width + 1)
    return np.mean(root[seam + lag] - root[seam], axis=0)


def _still(place: np.ndarray, stride: np.ndarray, clip: Trajectory, choice: Choice) -> np.ndarray:
    """Places without the progress since the right heel strike, (T, 3) [m]."""
    time = np.arange(len(place)) / clip.rate
    return place - (time[:, None] - choice.strike) / choice.period * stride


def _closed(values: np.ndarray, clip: Trajectory, choice: Choice, options: StrideOptions) -> np.ndarray:
    """The stretch with its seam faded, from right heel strike on, (frames, C)."""
    first = round((choice.start - choice.fade) * clip.rate)
    last = round((choice.start + choice.period + choice.fade) * clip.rate)
    rows = np.arange(first, last + 1)
    names = tuple(str(column) for column in range(values.shape[1]))
    cut = Signals(rows / clip.rate, values[rows], names, "1")
    cycle = fold(cut, start=choice.strike, period=choice.period).values[:-1]
    return fourier.smooth(cycle, options.cycle.harmonics.measured, count=options.cycle.frames)


def _force(clip: Trajectory, back: np.ndarray, choice: Choice, options: StrideOptions) -> np.ndarray | None:
    """Forces of the stride, scaled so that on average they bear the body, (N, 6) [body weights].

    None where the clip has no forces, or where there is a part of the stride in which they bear nothing.
    """
    if clip.force is None:
        return None
    turned = np.column_stack([clip.force[:, :3] @ back.T, clip.force[:, 3:] @ back.T])
    cycle = _closed(turned, clip, choice, options)
    vertical = cycle[:, [2, 5]].sum(axis=1)
    if vertical.min() < options.least_load * vertical.mean():
        return None
    return cycle / vertical.mean()


def stated(clip: Trajectory, choice: Choice, closed: Closed) -> Provenance:
    """Provenance of the clip and what was taken from it."""
    source = clip.provenance
    born = "with its forces" if closed.force is not None else "forces from the motion of the centre of mass"
    note = (
        f"one stride closed: {choice.period:.4g} s from {choice.start:.4g} s of the clip on, seam faded over "
        f"{2 * choice.fade:.3g} s, joints {np.degrees(choice.angle):.2g} degrees apart there; heading of "
        f"{np.degrees(closed.heading):.2f} degrees removed; {born}. {source.note}"
    )
    return Provenance(source.source, source.licence, source.sha256, note.strip())


def angles(embodiment: Embodiment, poses: Poses) -> dict[str, np.ndarray]:
    """House angles of the poses, name → (N,) [rad]."""
    return dict(zip(embodiment.angle_names, embodiment.trajectory_angles(positions(embodiment, poses)).T))
