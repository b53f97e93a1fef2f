"""When an episode ends: the body has lost its target (terminated), or time or clip are over (truncated)."""

from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import jax
import jax.numpy as jnp

from biomimic import config
from biomimic.training.body import Body
from biomimic.training.clips import Clips, Target, is_over
from biomimic.training.sites import angle_between, sites
from biomimic.training.view import BodyView, is_sound


@dataclass(frozen=True)
class Limits:
    """How far a body may be from its target; inf: as far as it likes. The defaults are MuscleMimic's in training.

    Args:
        sites: mean distance of the sites, taken relative to the reference site [m].
        root: distance of the reference site [m].
        turn: angle between the roots [rad].
        places: mean distance of all sites in the world [m], as used for arms on a fixed trunk.
        height: least height of the reference site as a share of the target's; below it the body has fallen.
    """

    sites: float = config.ranged(1.0, low=0.0)
    root: float = config.ranged(1.0, low=0.0)
    turn: float = config.ranged(1.0, low=0.0)
    places: float = config.ranged(inf, low=0.0)
    height: float = config.ranged(0.0, low=0.0, high=1.0)


# Of MuscleMimic 0.1.0: full body in training, in validation and in published figures; arms, and arms with GMR clips.
TRAINING = Limits()
VALIDATION = Limits(sites=0.5, root=inf, turn=inf)
PUBLISHED = Limits(sites=0.3, root=0.5, turn=inf)
ARMS = Limits(sites=inf, root=inf, turn=inf, places=0.05)
ARMS_GMR = Limits(sites=inf, root=inf, turn=inf, places=0.25)


class Deviations(NamedTuple):
    """How far one body is from its target.

    Attributes:
        sites: mean distance of the sites relative to the reference, () [m].
        root: distance of the reference site, () [m].
        turn: angle between the roots, () [rad]; 0 for a fixed root.
        places: mean distance of all sites in the world, () [m].
        height: of the reference site over the target's, ().
    """

    sites: jax.Array
    root: jax.Array
    turn: jax.Array
    places: jax.Array
    height: jax.Array


def deviations(view: BodyView, target: Target, body: Body) -> Deviations:
    """How far one body is from its target, which is shifted with the origin of the episode."""
    place = sites(view, body).place
    related = jnp.linalg.norm(place[1:] - place[0] - target.position, axis=-1)
    aim = jnp.concatenate([target.place[None], target.place + target.position])
    return Deviations(
        sites=jnp.mean(related),
        root=jnp.linalg.norm(place[0] - target.place),
        turn=angle_between(view.qpos[3:7], target.qpos[3:7]) if body.has_free_root else jnp.zeros(()),
        places=jnp.mean(jnp.linalg.norm(place - aim, axis=-1)),
        height=place[0, 2] / target.place[2],
    )


def is_lost(far: Deviations, limits: Limits, sites_limit: jax.Array | None = None) -> jax.Array:
    """Whether a body has lost its target, ().

    Args:
        far: how far it is.
        limits: of the recipe.
        sites_limit: takes the place of the limit of the sites, or of the places where that is the one in use [m], as a
            curriculum has it.
    """
    sites_most, places_most = limits.sites, limits.places
    if sites_limit is not None and sites_most == inf:
        places_most = sites_limit
    elif sites_limit is not None:
        sites_most = sites_limit
    is_far = (far.sites > sites_most) | (far.places > places_most)
    return is_far | (far.root > limits.root) | (far.turn > limits.turn) | (far.height < limits.height)


def terminated(
    view: BodyView, target: Target, limits: Limits, body: Body, sites_limit: jax.Array | None = None
) -> jax.Array:
    """Whether one body has lost its target or its state is broken, (); nothing follows a terminated step."""
    return is_lost(deviations(view, target, body), limits, sites_limit) | ~is_sound(view)


def truncated(clips: Clips, clip: jax.Array, frame: jax.Array, elapsed: jax.Array, horizon: int) -> jax.Array:
    """Whether clip or horizon are over, (); what would follow still has a value.

    Args:
        clips: packed.
        clip: which one, ().
        frame: after the step, ().
        elapsed: control steps since the reset, this one included, ().
        horizon: control steps after which an episode is cut.
    """
    return is_over(clips, clip, frame) | (elapsed >= horizon)
