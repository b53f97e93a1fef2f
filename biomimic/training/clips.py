"""Targets as device arrays: many trajectories packed row after row, and what a clip shows at a control frame."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from biomimic.errors import BadValue
from biomimic.motion import Trajectory
from biomimic.training import clip_rows
from biomimic.training.body import Body
from biomimic.training.sites import rotation_vector

ENDLESS = 2**30  # frames of a periodic clip


class Clips(NamedTuple):
    """R rows of C clips, all of one body; a clip's rows are one control step apart, those of a periodic one less.

    What no clip has is None; what only some have is zero where `..._known` is false.

    Attributes:
        qpos: (R, nq).
        qvel: (R, nv).
        place: of the reference site, (R, 3) [m].
        position: of the other sites relative to it, (R, K - 1, 3) [m].
        quaternion: of their turns, w x y z, (R, K - 1, 4).
        velocity: relative velocities, rotation first, (R, K - 1, 6).
        start: first row of each clip, (C,).
        rows: number of them, (C,).
        stride: rows per control step: 1, or less than 1 row spacing for a periodic clip, (C,).
        frames: control frames until the end, (C,).
        cycle: control frames that differ: those of one period, or all, (C,).
        is_periodic: (C,).
        progress: displacement in one period, (C, 3) [m]; (C, 0) for a fixed root.
        load: contact force on the figure along the model's axes, then vertical of right and left foot, (R, 5) [N].
        load_known: (C, 5).
        pressure: of the whole contact force relative to the root in the plane, (R, 2) [m].
        pressure_known: per row, (R,).
        moment: net joint moments of `Body.moment_names`, (R, M) [N m].
        moment_known: (C, M).
        com: centre of mass, (R, 3) [m].
        com_known: (C,).
    """

    qpos: jax.Array
    qvel: jax.Array
    place: jax.Array
    position: jax.Array
    quaternion: jax.Array
    velocity: jax.Array
    start: jax.Array
    rows: jax.Array
    stride: jax.Array
    frames: jax.Array
    cycle: jax.Array
    is_periodic: jax.Array
    progress: jax.Array
    load: jax.Array | None = None
    load_known: jax.Array | None = None
    pressure: jax.Array | None = None
    pressure_known: jax.Array | None = None
    moment: jax.Array | None = None
    moment_known: jax.Array | None = None
    com: jax.Array | None = None
    com_known: jax.Array | None = None

    @property
    def count(self) -> int:
        """Number of clips."""
        return len(self.start)


class Target(NamedTuple):
    """What a clip shows at one control frame; names as in `Clips`, without the leading axes.

    Attributes:
        rotation: rotation vectors of the relative turns, at most pi, (K - 1, 3) [rad].
        phase: share of the clip that is over, in [0, 1).
    """

    qpos: jax.Array
    qvel: jax.Array
    place: jax.Array
    position: jax.Array
    rotation: jax.Array
    velocity: jax.Array
    phase: jax.Array
    load: jax.Array | None
    load_known: jax.Array | None
    pressure: jax.Array | None
    pressure_known: jax.Array | None
    moment: jax.Array | None
    moment_known: jax.Array | None
    com: jax.Array | None
    com_known: jax.Array | None


class Start(NamedTuple):
    """A start from a clip, with the root above the origin of the plane.

    Attributes:
        qpos: (nq,).
        qvel: (nv,).
        origin: shift of the clip in the plane from then on, (2,) [m].
    """

    qpos: jax.Array
    qvel: jax.Array
    origin: jax.Array


def pack(trajectories: Sequence[Trajectory], body: Body, *, loads: bool = False) -> Clips:
    """Trajectories as arrays on the device; everything of their sites is found by MuJoCo's kinematics.

    Clips of another rate than the control rate are interpolated to it with their own speeds; periodic ones are laid out
    finer by Fourier series.

    Args:
        trajectories: at least one, of this body.
        body: theirs.
        loads: find contact force and centre of pressure that the motion itself asks for, by inverse dynamics. Measured
            forces, where a trajectory has them, come first.

    Raises:
        BadValue: none was given, one is of another body or shorter than two frames, or a period is no whole cycle.
    """
    if not trajectories:
        raise BadValue("No target was given; training needs at least one trajectory.")
    found = [clip_rows.of(trajectory, body, loads=loads) for trajectory in trajectories]
    rows = np.array([len(clip.qpos) for clip in found])
    periodic = np.array([clip.period is not None for clip in found])
    stride = np.array([1.0 if c.period is None else len(c.qpos) * body.control_step / c.period for c in found])
    cycle = np.ceil(rows / stride - 1e-9).astype(int)
    every = {name: np.concatenate([getattr(clip, name) for clip in found]) for name in clip_rows.ALWAYS}
    per_clip = {
        "start": np.cumsum(rows) - rows,
        "rows": rows,
        "frames": np.where(periodic, ENDLESS, rows),
        "cycle": cycle,
    }
    return Clips(
        **{name: jnp.asarray(values, dtype=jnp.float32) for name, values in every.items()},
        **{name: jnp.asarray(values, dtype=jnp.int32) for name, values in per_clip.items()},
        stride=jnp.asarray(stride, dtype=jnp.float32),
        is_periodic=jnp.asarray(periodic),
        progress=jnp.asarray(np.stack([clip.progress for clip in found]), dtype=jnp.float32),
        **_sometimes(found),
    )


def _sometimes(found: list[clip_rows.Rows]) -> dict[str, jax.Array]:
    """What only some clips have, with what is known of it."""
    arrays = {}
    for name in clip_rows.SOMETIMES:
        known = np.concatenate if name == "pressure" else np.stack  # by row, or by clip
        is_known = known([getattr(clip, f"{name}_known") for clip in found])
        if is_known.any():
            values = np.concatenate([getattr(clip, name) for clip in found])
            arrays[name] = jnp.asarray(values, dtype=jnp.float32)
            arrays[f"{name}_known"] = jnp.asarray(is_known)
    return arrays


def at(clips: Clips, clip: jax.Array, frame: jax.Array, origin: jax.Array | None = None) -> Target:
    """The target of one body; periodic clips go on for ever, others stay at their last frame.

    Args:
        clips: packed.
        clip: which one, ().
        frame: control steps since its first row, (); whole, or between two.
        origin: shift in the plane, (2,) [m]; None leaves the clip where it was recorded.
    """
    rows = clips.rows[clip]
    place = frame * clips.stride[clip]
    turns = jnp.where(clips.is_periodic[clip], jnp.floor(place / rows), 0.0)
    place = jnp.where(clips.is_periodic[clip], place - turns * rows, jnp.clip(place, 0, rows - 1))
    before = jnp.clip(jnp.floor(place).astype(jnp.int32), 0, rows - 1)
    part = place - before
    over = before + 1 >= rows
    after = jnp.where(over, jnp.where(clips.is_periodic[clip], 0, rows - 1), before + 1)
    first, second = clips.start[clip] + before, clips.start[clip] + after

    def between(values: jax.Array | None) -> jax.Array | None:
        return None if values is None else values[first] + part * (values[second] - values[first])

    def turned(values: jax.Array) -> jax.Array:
        same = jnp.sum(values[first] * values[second], axis=-1, keepdims=True) >= 0
        mixed = values[first] + part * (jnp.where(same, values[second], -values[second]) - values[first])
        return mixed / jnp.linalg.norm(mixed, axis=-1, keepdims=True)

    qpos, reference, com = between(clips.qpos), between(clips.place), between(clips.com)
    if clips.progress.shape[-1]:
        wraps = jnp.where(clips.is_periodic[clip] & over, part, 0.0)
        shift = (turns + wraps) * clips.progress[clip]
        if origin is not None:
            shift = shift + jnp.concatenate([origin, jnp.zeros(1)])
        qpos = jnp.concatenate([qpos[:3] + shift, turned(clips.qpos[:, 3:7]), qpos[7:]])
        reference = reference + shift
        com = None if com is None else com + shift
    return Target(
        qpos=qpos,
        qvel=between(clips.qvel),
        place=reference,
        position=between(clips.position),
        rotation=rotation_vector(turned(clips.quaternion)),
        velocity=between(clips.velocity),
        phase=place / rows,
        load=between(clips.load),
        load_known=_of(clips.load_known, clip),
        pressure=between(clips.pressure),
        pressure_known=None if clips.pressure is None else clips.pressure_known[first] & clips.pressure_known[second],
        moment=between(clips.moment),
        moment_known=_of(clips.moment_known, clip),
        com=com,
        com_known=_of(clips.com_known, clip),
    )


def _of(values: jax.Array | None, clip: jax.Array) -> jax.Array | None:
    return None if values is None else values[clip]


def begin(clips: Clips, clip: jax.Array, frame: jax.Array) -> Start:
    """State of a clip at a frame, moved so that the root stands above the origin of the plane; one body."""
    target = at(clips, clip, frame)
    if not clips.progress.shape[-1]:
        return Start(target.qpos, target.qvel, jnp.zeros(2))
    origin = -target.qpos[:2]
    return Start(target.qpos.at[:2].set(0.0), target.qvel, origin)


def is_over(clips: Clips, clip: jax.Array, frame: jax.Array) -> jax.Array:
    """Whether a clip has come to its last frame; a periodic one never does."""
    return frame >= clips.frames[clip] - 1
