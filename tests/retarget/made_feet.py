"""Feet that walk, run, stand or hop in closed form: places of their points, and when each part is planted."""

from dataclasses import dataclass

import numpy as np

from biomimic.retarget.contact import Points

RADIUS = 0.02  # [m]
PART = {"heel": 0.0, "metatarsal": 0.165, "toe": 0.23}  # [m] ahead of the heel
KINDS = ("heel", "metatarsal", "toe")
POINTS = Points(
    names=tuple(f"{side} {kind}" for side in ("right", "left") for kind in KINDS),
    bodies=np.zeros(6, dtype=int),
    places=np.zeros((6, 3)),
    radii=np.full(6, RADIUS),
    sides=np.repeat([0, 1], 3),
    kinds=KINDS * 2,
)


@dataclass(frozen=True)
class Gait:
    """A gait of straight steps along x.

    Attributes:
        speed: [m/s].
        period: of the stride [s].
        duty: share of the stride on one foot.
        flat: shares of the stance at which the foot gets flat, and the heel rises.
        strike: pitch at touch-down, toes up [rad].
        off: pitch at toe-off, heel up [rad].
        clearance: [m] of the sole in the middle of swing.
    """

    speed: float
    period: float
    duty: float
    flat: tuple[float, float] = (0.15, 0.6)
    strike: float = 0.35
    off: float = 0.9
    clearance: float = 0.05


WALK = Gait(1.3, 1.1, 0.62)
SLOW = Gait(1.0, 1.25, 0.65)
RUN = Gait(4.0, 0.68, 0.33, flat=(0.25, 0.5), strike=0.25, off=0.8, clearance=0.15)


def feet(gait: Gait, duration: float, *, rate: float = 100.0, start: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Centres of the points (T, 6, 3) [m] on a floor z = 0 at rest, and when each is planted (T, 6).

    Args:
        gait: how.
        duration: [s].
        rate: [Hz].
        start: phase of the right foot's stride in the first frame.
    """
    time = np.arange(round(duration * rate) + 1) / rate
    both = [_foot(gait, time / gait.period + start + shift, y) for shift, y in ((0.0, -0.1), (0.5, 0.1))]
    place, planted = (np.concatenate(parts, axis=1) for parts in zip(*both))
    return place, planted


def standing(duration: float, *, rate: float = 100.0) -> np.ndarray:
    """Two flat feet at rest, (T, 6, 3) [m]."""
    frames = round(duration * rate) + 1
    one = [[ahead, y, RADIUS] for y in (-0.1, 0.1) for ahead in PART.values()]
    return np.tile(np.array(one), (frames, 1, 1))


def on_belt(place: np.ndarray, speed: float, *, rate: float = 100.0) -> np.ndarray:
    """The same seen from a laboratory through which the floor moves backward."""
    time = np.arange(len(place)) / rate
    return place - time[:, None, None] * np.array([speed, 0.0, 0.0])


def tilted(place: np.ndarray, slope: float) -> np.ndarray:
    """The same in a laboratory whose floor rises along x."""
    turn = np.arctan(slope)
    c, s = np.cos(turn), np.sin(turn)
    return place @ np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def _foot(gait: Gait, phase: np.ndarray, y: float) -> tuple[np.ndarray, np.ndarray]:
    stride = gait.speed * gait.period
    own, number = phase % 1.0, np.floor(phase)
    flat, rise = (share * gait.duty for share in gait.flat)
    landing = _smooth((own - 0.0) / flat)
    rising = _smooth((own - rise) / (gait.duty - rise), late=True)
    swing = np.clip((own - gait.duty) / (1.0 - gait.duty), 0.0, 1.0)
    back = swing**3 * (10.0 - 15.0 * swing + 6.0 * swing**2)
    pitch = np.where(own < gait.duty, gait.strike * (1.0 - landing) - gait.off * rising, 0.0)
    pitch = np.where(own >= gait.duty, -gait.off + (gait.off + gait.strike) * back, pitch)
    heel = _pivot(gait, own, pitch, swing, back)
    heel[:, 0] += number * stride
    parts = np.array(list(PART.values()))
    place = np.empty((len(phase), 3, 3))
    place[..., 0] = heel[:, :1] + parts * np.cos(pitch)[:, None]
    place[..., 1] = y
    place[..., 2] = heel[:, 1:] + parts * np.sin(pitch)[:, None]
    planted = np.column_stack(
        [own < rise, (own >= flat) & (own < rise), (own >= flat) & (own < gait.duty)],
    )
    return place, planted


def _pivot(gait: Gait, own: np.ndarray, pitch: np.ndarray, swing: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Forward and upward place of the heel: it turns around itself, then around the toe's end, then it swings."""
    length, stride = PART["toe"], gait.speed * gait.period
    toe_turn = np.minimum(pitch, 0.0)
    x = np.where(pitch < 0.0, length * (1.0 - np.cos(toe_turn)), 0.0)
    z = RADIUS - length * np.sin(toe_turn)
    begin = length * (1.0 - np.cos(gait.off))
    lift = gait.clearance * np.sin(np.pi * swing)
    low = np.maximum(RADIUS, RADIUS - length * np.sin(pitch))
    flying = own >= gait.duty
    x = np.where(flying, begin + (stride - begin) * back, x)
    return np.column_stack([x, np.where(flying, low + lift, z)])


def _smooth(share: np.ndarray, *, late: bool = False) -> np.ndarray:
    """From 0 to 1: landing ends softly, rising begins softly."""
    share = np.clip(share, 0.0, 1.0)
    return share**2 if late else 1.0 - (1.0 - share) ** 2
