"""Phase clock, footing and capture-point stepping in JAX: the twin of `biomimic.control.balance`.

A policy above the muscle layer, and every policy that follows a periodic target by its clock, carries this as its
memory: pure functions of a record, for one body; `jax.vmap` makes many of it.

Source:
    Hof, J. Biomech. 38, 2005 and Hum. Mov. Sci. 27, 2008 (extrapolated centre of mass and foot placement).
"""

from typing import NamedTuple

from jax import numpy as jnp

from biomimic.control.balance import GRAVITY, LAND, REACH, SLEW, SPREAD, STILL, WAIT
from biomimic.control.settings import Settings
from biomimic.training.layer.course import Course, Point

LATE = 0.08  # of the cycle: largest timing error of a touchdown that the clock takes over
HURRY = 0.4  # the clock speeds up by at most this share
SINK = 0.1  # [m/s] at which a late foot is lowered


class Footing(NamedTuple):
    """Memory of one body.

    Attributes:
        phase: of the cycle, in [0, 1); cycles: whole cycles since the start.
        own: each foot's own phase, right and left, (2,).
        stands: right, left, (2,) bool.
        anchor: shift of the target's positions on the floor, (2,) [m].
        is_laid: whether the anchor was set.
        lowered: how far a late foot is lowered, (2,) [m].
        debt: timing error that the clock has yet to take over.
        drift: speed with which a sideways offset is walked off, (3,) [m/s].
        pendulum: frequency of the inverted pendulum [1/s].
        error: of the capture point, (2,) [m].
    """

    phase: jnp.ndarray
    cycles: jnp.ndarray
    own: jnp.ndarray
    stands: jnp.ndarray
    anchor: jnp.ndarray
    is_laid: jnp.ndarray
    lowered: jnp.ndarray
    debt: jnp.ndarray
    drift: jnp.ndarray
    pendulum: jnp.ndarray
    error: jnp.ndarray


class Ground(NamedTuple):
    """What footing needs to know beside the view.

    Attributes:
        course: the target.
        settings: of the tracker.
        forward, left: horizontal axes of the house in the model's world, (2,) each.
        dt: control step [s].
    """

    course: Course
    settings: Settings
    forward: jnp.ndarray
    left: jnp.ndarray
    dt: float


def begin(ground: Ground, phase: jnp.ndarray) -> Footing:
    """Memory of a body that is put into the target at a phase."""
    phase = jnp.asarray(phase) % 1.0
    own, zero = _own(ground, phase), jnp.zeros_like(phase)
    return Footing(
        phase=phase,
        cycles=zero,
        own=own,
        stands=own < ground.settings.swing.start,
        anchor=jnp.zeros(2, phase.dtype),
        is_laid=jnp.zeros((), bool),
        lowered=jnp.zeros(2, phase.dtype),
        debt=zero,
        drift=jnp.zeros(3, phase.dtype),
        pendulum=zero + 3.0,
        error=jnp.zeros(2, phase.dtype),
    )


def travel(ground: Ground, footing: Footing) -> jnp.ndarray:
    """What has to be added to the target's positions: progress so far and the anchor, (3,) [m]."""
    return _bare(ground, footing) + jnp.append(footing.anchor, 0.0)


def update(ground: Ground, footing: Footing, point: Point, seen) -> Footing:
    """Which feet stand, the target laid on the standing feet, and the capture-point error.

    Args:
        ground: target and settings.
        footing: memory.
        point: the target at the memory's phase.
        seen: has `touching` (2,) bool, `ankles` (2, 3) [m], `com` (3,) [m] and `com_speed` (3,) [m/s].
    """
    balance = ground.settings.balance
    stands, lowered, debt = _feet(ground, footing, seen.touching)
    bare = _bare(ground, footing)
    anchor = jnp.where(footing.is_laid, footing.anchor, (seen.com - point.com[0] - bare)[:2])
    load = jnp.clip(jnp.stack([point.share[0, 0], 1.0 - point.share[0, 0]]), 0.0, 1.0) * stands
    total = jnp.sum(load)
    shift = load @ (seen.ankles - point.ankles[0].reshape(2, 3) - bare)[:, :2] / jnp.where(total > 0, total, 1.0)
    anchor = jnp.where(total > 0, anchor + ground.dt / balance.settle * (shift - anchor), anchor)
    aside = jnp.clip(-(seen.com[:2] @ ground.left) / balance.line, -balance.line_speed, balance.line_speed)
    drift = jnp.append(aside * ground.left, 0.0)
    pendulum = jnp.sqrt(GRAVITY / jnp.maximum(seen.com[2], 0.1))
    offset = (seen.com - point.com[0] - bare)[:2] - anchor
    error = offset + (seen.com_speed - point.com[1] - drift)[:2] / pendulum
    return footing._replace(
        stands=stands,
        lowered=lowered,
        debt=debt,
        anchor=anchor,
        is_laid=jnp.ones((), bool),
        drift=drift,
        pendulum=pendulum,
        error=error,
    )


def advance(ground: Ground, footing: Footing) -> Footing:
    """The clock moved on by one control step."""
    balance = ground.settings.balance
    haste = jnp.minimum(balance.hurry * jnp.maximum(0.0, _length(footing.error) - balance.calm), HURRY)
    pace = 1.0 + jnp.where(jnp.sum(footing.stands) == 1, haste, 0.0)
    step = ground.dt / ground.course.period
    paid = jnp.clip(footing.debt, -SLEW * step, SLEW * step)
    phase = footing.phase + step * pace + paid
    over = phase >= 1.0
    phase = jnp.where(over, phase - 1.0, phase)
    return footing._replace(
        phase=phase, cycles=footing.cycles + over, own=_own(ground, phase), debt=footing.debt - paid
    )


def urgency(ground: Ground, footing: Footing) -> jnp.ndarray:
    """0 while the capture point is where it should be within `calm`, 1 when it is off by three times as much."""
    calm = ground.settings.balance.calm
    return jnp.clip((_length(footing.error) - calm) / (2 * calm), 0.0, 1.0)


def swung(ground: Ground, footing: Footing) -> jnp.ndarray:
    """Share of the swing of each foot that is over, (2,), 0 to 1."""
    start = ground.settings.swing.start
    return jnp.where(footing.own > STILL, jnp.clip((footing.own - start) / (1 - start), 0, 1), 1.0)


def landing(ground: Ground, footing: Footing, point: Point, ankles: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
    """Where each ankle should be if it swings, (2, 3) [m], and how fast, (2, 3) [m/s]; `ankles` (2, 3) are now."""
    swing, done = ground.settings.swing, swung(ground, footing)
    duration = (1 - swing.start) * ground.course.period
    growth = jnp.exp(jnp.minimum(footing.pendulum * (1 - done) * duration * swing.growth, 3.0))
    ahead = jnp.clip(swing.forward_gain * growth * (footing.error @ ground.forward), -swing.longest, swing.longest)
    aside = jnp.clip(swing.lateral_gain * growth * (footing.error @ ground.left), -swing.longest, swing.longest)
    spread = 0.5 * jnp.pi * jnp.minimum(1.0, done / SPREAD)
    part, pace = jnp.sin(spread), 0.5 * jnp.pi / SPREAD * jnp.cos(spread) * (done < SPREAD)
    offset = ahead[:, None] * ground.forward + aside[:, None] * ground.left  # (2, 2)
    flies = (done > 0.0) & (done < 1.0)
    reach = jnp.maximum(0.0, done - REACH) / (1 - REACH)
    lift = swing.clearance * jnp.sin(jnp.pi * done) ** 2 - footing.lowered - swing.depth * reach**2
    rise = jnp.where(flies, swing.clearance * jnp.pi / duration * jnp.sin(2 * jnp.pi * done), 0.0)
    rise = rise - swing.depth * 2 * reach / (1 - REACH) / duration * (done < 1.0)
    goal = point.ankles[0].reshape(2, 3) + travel(ground, footing)
    goal = goal + jnp.concatenate([part[:, None] * offset, lift[:, None]], axis=1)
    pushed = jnp.where(flies[:, None], pace[:, None] / duration * offset, 0.0)
    speed = point.ankles[1].reshape(2, 3) + jnp.concatenate([pushed, rise[:, None]], axis=1)
    outward = jnp.stack([-ground.left, ground.left])
    gap = jnp.sum((goal - ankles[::-1])[:, :2] * outward, axis=1)
    wider = jnp.maximum(swing.feet_apart - gap, 0.0)[:, None] * outward
    return goal + jnp.pad(wider, ((0, 0), (0, 1))), speed


def _feet(ground: Ground, footing: Footing, touching: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray, jnp.ndarray]:
    """Stance flags, lowered feet and the clock's debt; the right foot is decided first, as in the tracker."""
    swing, balance = ground.settings.swing, ground.settings.balance
    stands, lowered, debt = list(footing.stands), list(footing.lowered), footing.debt
    for k in (0, 1):
        own = footing.own[k]
        waits = ~stands[1 - k] & (own < swing.start + WAIT)
        lifts = stands[k] & (own > swing.start) & (own < 0.9) & ~waits
        lands = ~stands[k] & touching[k] & ((own > LAND) | (own < STILL))
        sinks = ~stands[k] & ~lands & (own < 0.5)
        late = (own - balance.touchdown + 0.5) % 1.0 - 0.5
        debt = jnp.where(lands, -balance.reset * jnp.clip(late, -LATE, LATE), debt)
        sunk = jnp.minimum(lowered[k] + SINK * ground.dt, swing.late)
        lowered[k] = jnp.where(lifts | lands, 0.0, jnp.where(sinks, sunk, lowered[k]))
        stands[k] = (stands[k] & ~lifts) | lands
    return jnp.stack(stands), jnp.stack(lowered), debt


def _bare(ground: Ground, footing: Footing) -> jnp.ndarray:
    return (footing.cycles + footing.phase) * jnp.asarray(ground.course.progress)


def _own(ground: Ground, phase: jnp.ndarray) -> jnp.ndarray:
    return jnp.stack([phase, (phase - ground.course.left_strike) % 1.0])


def _length(vector: jnp.ndarray) -> jnp.ndarray:
    return jnp.sqrt(jnp.sum(vector**2))
