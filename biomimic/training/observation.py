"""What a policy sees of its body and its target: named blocks, each switched on or off by the recipe."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from biomimic import config
from biomimic.errors import BadValue
from biomimic.training.body import Body
from biomimic.training.clips import Clips, Target, at
from biomimic.training.sites import relative, rotation_vector, sites
from biomimic.training.view import BodyView


@dataclass(frozen=True)
class Blocks:
    """Blocks of the observation, in this order; the defaults are the 2418 numbers of MuscleMimic's full body.

    Args:
        stride: bookkeeping of a periodic target's stride, as it is handed in.
        stride_landing: in it, where the swinging foot should land, and the speeds of the points of the feet.
        stride_torque: in it, the joint torque that is left if all muscles relax as fast as they can.
        joint_position: coordinates without the root's place in the plane.
        joint_velocity: all speeds.
        muscle_length: of the paths [m].
        muscle_speed: [m/s].
        muscle_force: [N].
        excitation: of the control step just done.
        activation: of the muscles.
        touch: touch sensors [N].
        sites: relative positions, rotation vectors and velocities of the imitated sites.
        goal: what is seen of the target at each step ahead: "sites": relative site positions, and from the second step
            on the changes of the root's position and speed; "full": coordinates, speeds and all relative quantities.
        steps: steps ahead, the first being now.
        spacing: control steps between them.
        phase: of the clip: "share" that is over; "circle": sine and cosine of it, without a jump where a period ends.
        drift: how far the root is from its target: position and turn; needs a free root.
    """

    stride: bool = False
    stride_landing: bool = False
    stride_torque: bool = False
    joint_position: bool = True
    joint_velocity: bool = True
    muscle_length: bool = True
    muscle_speed: bool = True
    muscle_force: bool = True
    excitation: bool = True
    activation: bool = True
    touch: bool = True
    sites: bool = True
    goal: str = config.one_of("sites", "full", "none", default="sites")
    steps: int = config.ranged(5, low=1, high=100)
    spacing: int = config.ranged(20, low=1, high=1000)
    phase: str = config.one_of("share", "circle", "none", default="share")
    drift: bool = False


class Instant(NamedTuple):
    """One instant of one body and its target.

    Attributes:
        view: of the body.
        clip: which one, ().
        frame: of the clip, ().
        origin: shift of the clip in the plane, (2,) [m].
        stride: block of the stride, (W,), or None.
    """

    view: BodyView
    clip: jax.Array
    frame: jax.Array
    origin: jax.Array
    stride: jax.Array | None = None


def layout(blocks: Blocks, body: Body, stride: int = 0) -> dict[str, slice]:
    """Where each part stands in the observation.

    Args:
        blocks: of the recipe.
        body: which is seen.
        stride: numbers of the stride block.

    Raises:
        BadValue: the stride is asked for and there is none, or the drift of a fixed root, or nothing at all.
    """
    if blocks.stride and not stride:
        raise BadValue("The observation's stride block was asked for; only periodic targets of a walking body have it.")
    if blocks.drift and not body.has_free_root:
        raise BadValue(f'The observation\'s drift was asked for; the root of "{body.name}" is fixed.')
    model, others = body.model, body.relatives
    widths = {
        "stride": blocks.stride * stride,
        "joint_position": blocks.joint_position * (model.nq - 2 * body.has_free_root),
        "joint_velocity": blocks.joint_velocity * model.nv,
        "muscle_length": blocks.muscle_length * model.nu,
        "muscle_speed": blocks.muscle_speed * model.nu,
        "muscle_force": blocks.muscle_force * model.nu,
        "excitation": blocks.excitation * model.nu,
        "activation": blocks.activation * model.na,
        "touch": blocks.touch * body.touches,
        "site_position": blocks.sites * 3 * others,
        "site_rotation": blocks.sites * 3 * others,
        "site_velocity": blocks.sites * 6 * others,
        "goal": _goal_width(blocks, body),
        "phase": {"share": 1, "circle": 2, "none": 0}[blocks.phase],
        "drift": blocks.drift * 6,
    }
    slices, first = {}, 0
    for name, count in widths.items():
        if count:
            slices[name] = slice(first, first + count)
            first += count
    if not first:
        raise BadValue("Every block of the observation is switched off; a policy must see something.")
    return slices


def width(blocks: Blocks, body: Body, stride: int = 0) -> int:
    """Numbers of the observation; arguments and errors of `layout`."""
    return max(part.stop for part in layout(blocks, body, stride).values())


def _goal_width(blocks: Blocks, body: Body) -> int:
    model, others = body.model, body.relatives
    if blocks.goal == "none":
        return 0
    if blocks.goal == "full":
        return blocks.steps * (model.nq - 2 * body.has_free_root + model.nv + 12 * others)
    return blocks.steps * 3 * others + (blocks.steps - 1) * 9 * body.has_free_root


def observe(instant: Instant, clips: Clips, blocks: Blocks, body: Body) -> jax.Array:
    """The observation of one body, (O,), laid out as `layout` says."""
    view, now = instant.view, at(clips, instant.clip, instant.frame, instant.origin)
    parts = [instant.stride] if blocks.stride else []
    own = (
        (blocks.joint_position, view.qpos[2:] if body.has_free_root else view.qpos),
        (blocks.joint_velocity, view.qvel),
        (blocks.muscle_length, view.muscle_length),
        (blocks.muscle_speed, view.muscle_speed),
        (blocks.muscle_force, view.muscle_force),
        (blocks.excitation, view.excitation),
        (blocks.activation, view.activation),
        (blocks.touch, view.touch),
    )
    parts += [values for is_wanted, values in own if is_wanted]
    if blocks.sites:
        found = relative(sites(view, body))
        parts += [found.position, rotation_vector(found.quaternion), found.velocity]
    if blocks.goal != "none":
        parts += _goal(instant, clips, blocks, body)
    if blocks.phase == "share":
        parts.append(now.phase)
    elif blocks.phase == "circle":
        angle = 2 * jnp.pi * now.phase
        parts += [jnp.sin(angle), jnp.cos(angle)]
    if blocks.drift:
        parts.append(drift(view, now))
    return jnp.concatenate([jnp.ravel(part) for part in parts])


def _goal(instant: Instant, clips: Clips, blocks: Blocks, body: Body) -> list[jax.Array]:
    frames = instant.frame + blocks.spacing * jnp.arange(blocks.steps)
    ahead = jax.vmap(lambda frame: at(clips, instant.clip, frame, instant.origin))(frames)
    if blocks.goal == "full":
        first = 2 if body.has_free_root else 0
        return [ahead.qpos[:, first:], ahead.qvel, ahead.position, ahead.rotation, ahead.velocity]
    if not body.has_free_root:
        return [ahead.position]
    change = [ahead.qpos[1:, :3] - ahead.qpos[0, :3], ahead.qvel[1:, :6] - ahead.qvel[0, :6]]
    later = ahead.position[1:].reshape(blocks.steps - 1, 3 * body.relatives)
    return [ahead.position[0], jnp.concatenate([*change, later], axis=1)]


def drift(view: BodyView, target: Target) -> jax.Array:
    """From the root to its target: way along the world's axes, then turn in the root's frame, (6,) [m, rad]."""
    own, aim = view.qpos[3:7], target.qpos[3:7]
    w = jnp.sum(own * aim)
    vector = own[0] * aim[1:] - aim[0] * own[1:] - jnp.cross(own[1:], aim[1:])
    turn = rotation_vector(jnp.concatenate([w[None], vector]))
    return jnp.concatenate([target.qpos[:3] - view.qpos[:3], turn])
