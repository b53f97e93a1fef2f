"""Where episodes start: which clip, more often those that fail, and at which frame."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from biomimic import config
from biomimic.training.clips import Clips

TINY = 1e-6  # keeps rates and priorities away from 0 / 0
MARGIN = 0.01  # of a cycle that is left out around each spared phase


@dataclass(frozen=True)
class Sampling:
    """How starts are drawn. The defaults are MuscleMimic's.

    Args:
        frame: "uniform" over the clip, or its "first".
        adaptive: clips whose episodes terminate more often are drawn more often.
        smoothing: share of the newest counts in the running ones.
        exponent: of the rate of termination.
        floor: share that is drawn uniformly all the same.
        ended: episodes of each clip before the first count.
        failed: of them terminated.
        spared: phases of a periodic clip, spread evenly from 0 on, around which no episode starts (half of `MARGIN` to
            either side): starts for tests that nobody trained on; 0: none.
    """

    frame: str = config.one_of("uniform", "first", default="uniform")
    adaptive: bool = False
    smoothing: float = config.ranged(0.2, low=0.0, high=1.0)
    exponent: float = config.ranged(1.0, low=0.0)
    floor: float = config.ranged(0.1, low=0.0, high=1.0)
    ended: float = config.ranged(10.0, low=0.0)
    failed: float = config.ranged(5.0, low=0.0)
    spared: int = config.ranged(0, low=0, high=50)


class Tally(NamedTuple):
    """Running counts of C clips.

    Attributes:
        ended: episodes, (C,).
        failed: of them terminated, (C,).
        weights: probabilities of the clips, (C,).
    """

    ended: jax.Array
    failed: jax.Array
    weights: jax.Array


def start(count: int, settings: Sampling) -> Tally:
    """The tally of some clips before the first episode: all alike."""
    return Tally(
        ended=jnp.full(count, settings.ended),
        failed=jnp.full(count, settings.failed),
        weights=jnp.full(count, 1.0 / count),
    )


def count(clip: jax.Array, terminated: jax.Array, truncated: jax.Array, clips: int) -> tuple[jax.Array, jax.Array]:
    """Episodes that ended, and those of them that terminated, by clip, (C,) each.

    Args:
        clip: which was followed, (...) as `terminated` and `truncated`.
        terminated: lost the target.
        truncated: were cut.
        clips: how many there are.
    """
    rows = clip.ravel()
    ended = jnp.zeros(clips).at[rows].add((terminated | truncated).ravel().astype("float32"))
    return ended, jnp.zeros(clips).at[rows].add(terminated.ravel().astype("float32"))


def update(tally: Tally, ended: jax.Array, failed: jax.Array, settings: Sampling) -> Tally:
    """The tally with new counts, (C,) each, and the weights that follow; uniform weights if not adaptive."""
    new = settings.smoothing
    all_ended = (1 - new) * tally.ended + new * ended
    all_failed = (1 - new) * tally.failed + new * failed
    weights = priorities(all_failed / (all_ended + TINY), settings) if settings.adaptive else tally.weights
    return Tally(all_ended, all_failed, weights)


def priorities(rate: jax.Array, settings: Sampling) -> jax.Array:
    """Probabilities of clips by their rates of termination, (C,): at least floor / C; uniform if no rate is a number.

    Source:
        prioritised replay of levels by a power of a rate, mixed with the uniform distribution.
    """
    wanted = (rate + TINY) ** settings.exponent
    wanted = jnp.where(jnp.isfinite(wanted), wanted, 0.0)
    together = jnp.sum(wanted)
    uniform = 1.0 / rate.shape[0]
    share = jnp.where(jnp.isfinite(together) & (together > 0), wanted / together, uniform)
    return (1 - settings.floor) * share + settings.floor * uniform


def draw(key: jax.Array, weights: jax.Array, clips: Clips, settings: Sampling) -> tuple[jax.Array, jax.Array]:
    """Clip and first frame of one episode, ().

    A frame is any of one period of a periodic clip, and any but the last of one that ends.
    """
    key_clip, key_frame = jax.random.split(key)
    clip = jax.random.categorical(key_clip, jnp.log(weights))
    if settings.frame == "first":
        return clip, jnp.zeros((), dtype=jnp.int32)
    last = clips.cycle[clip] - jnp.where(clips.is_periodic[clip], 0, 1)
    frame = jax.random.randint(key_frame, (), 0, jnp.maximum(last, 1))
    if not settings.spared:
        return clip, frame
    share = jax.random.uniform(key_frame) * settings.spared
    gap = MARGIN * settings.spared
    phase = (jnp.floor(share) + 0.5 * gap + (1 - gap) * (share % 1.0)) / settings.spared
    period = clips.rows[clip] / clips.stride[clip]
    return clip, jnp.where(clips.is_periodic[clip], phase * period, frame)
