"""Which feet stand, where the target is laid on the floor, when and where the next step lands."""

import mujoco
import numpy as np

from biomimic.control.cycle import Cycle, Point
from biomimic.control.settings import Settings
from biomimic.embodiment import Embodiment

GRAVITY = 9.81  # [m/s^2], as in the model
LAND = 0.92  # a foot may land from this share of its own cycle on; earlier touches are scuffs
STILL = 0.30  # a foot that has not landed by this share of its cycle is not expected any more
WAIT = 0.06  # a foot waits at most this share of the cycle for the other one to land before it swings
SPREAD = 0.6  # a step's shift is complete after this share of the swing
REACH = 0.7  # share of the swing from which the foot reaches for the floor
SLEW = 0.25  # the clock is moved by at most this share of its speed


class Balance:
    """Phase clock, footing and capture-point stepping.

    The capture point (extrapolated centre of mass) diverges from the standing foot like an inverted pendulum; the
    swinging foot is sent to where the error at touchdown would be, so that one step takes it up.

    Attributes:
        phase: of the cycle, in [0, 1); cycles: whole cycles since the start.
        stands: right, left.
        anchor: shift of the target's positions on the floor, (2,) [m].

    Source:
        Hof, J. Biomech. 38, 2005 and Hum. Mov. Sci. 27, 2008 (extrapolated centre of mass and foot placement).
    """

    def __init__(self, embodiment: Embodiment, cycle: Cycle, settings: Settings, dt: float) -> None:
        model = embodiment.model
        self.cycle, self.settings, self.dt = cycle, settings, dt
        self.ankles = [model.body(embodiment.landmarks[f"ankle_{side}"].body).id for side in ("right", "left")]
        self.floor = model.geom("floor").id
        owner = np.full(model.ngeom, -1)
        for k, side in enumerate(("right", "left")):
            owner[embodiment.feet[side].geom_ids] = k
        self._owner = owner
        self._left = embodiment.house[1, :2]  # sideways and forward in the model's horizontal plane
        self._forward = embodiment.house[0, :2]
        self.start(0.0)

    def start(self, phase: float) -> None:
        """Forget everything and begin at a phase."""
        self.phase, self.cycles = phase % 1.0, 0
        self.own = self._own()
        self.stands = [own < self.settings.swing.start for own in self.own]
        self.anchor = None
        self.lowered = [0.0, 0.0]
        self._debt = 0.0
        self.error = np.zeros(2)

    @property
    def travel(self) -> np.ndarray:
        """What has to be added to the cycle's positions: progress so far and the anchor, (3,) [m]."""
        return (self.cycles + self.phase) * self.cycle.progress + np.append(self.anchor, 0.0)

    def update(self, data: mujoco.MjData, point: Point, com: np.ndarray, com_speed: np.ndarray) -> None:
        """Decide which feet stand, lay the target on the standing feet and find the capture-point error."""
        self._feet(data)
        bare = (self.cycles + self.phase) * self.cycle.progress
        if self.anchor is None:
            self.anchor = (com - point.com[0] - bare)[:2]
        load = np.array([point.share[0][0], 1.0 - point.share[0][0]]).clip(0.0, 1.0) * self.stands
        if load.sum() > 0:
            shift = sum(
                load[k] * (data.xpos[self.ankles[k]] - point.ankles[0][3 * k : 3 * k + 3] - bare)[:2] for k in (0, 1)
            )
            self.anchor = self.anchor + self.dt / self.settings.balance.settle * (shift / load.sum() - self.anchor)
        self.drift = self._line(com)
        self.pendulum = np.sqrt(GRAVITY / com[2])
        offset = (com - point.com[0] - self.travel)[:2]
        self.error = offset + (com_speed - point.com[1] - self.drift)[:2] / self.pendulum

    @property
    def urgency(self) -> float:
        """0 while the capture point is where it should be within `calm`, 1 when it is off by three times as much."""
        calm = self.settings.balance.calm
        return float(np.clip((np.linalg.norm(self.error) - calm) / (2 * calm), 0.0, 1.0))

    def advance(self) -> None:
        """Move the clock on by one control step."""
        balance = self.settings.balance
        pace = 1.0
        if sum(self.stands) == 1:
            pace += min(balance.hurry * max(0.0, float(np.linalg.norm(self.error)) - balance.calm), 0.4)
        step = self.dt / self.cycle.period
        paid = float(np.clip(self._debt, -SLEW * step, SLEW * step))
        self._debt -= paid
        self.phase += step * pace + paid
        if self.phase >= 1.0:
            self.phase -= 1.0
            self.cycles += 1
        self.own = self._own()

    def landing(self, k: int, point: Point, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the ankle of swinging foot k should be now, (3,) [m], and how fast, (3,) [m/s].

        `other` is the standing ankle: the feet do not come closer than `feet_apart` sideways.
        """
        swing = self.settings.swing
        done = self.swung(k)
        left = (1 - done) * (1 - swing.start) * self.cycle.period
        growth = np.exp(min(self.pendulum * left * swing.growth, 3.0))
        forward = swing.forward_gain * growth * (self.error @ self._forward)
        sideways = swing.lateral_gain * growth * (self.error @ self._left)
        shift = np.clip([forward, sideways], -swing.longest, swing.longest)
        spread = 0.5 * np.pi * min(1.0, done / SPREAD)
        part, pace = np.sin(spread), 0.5 * np.pi / SPREAD * np.cos(spread) * (done < SPREAD)
        offset = shift[0] * self._forward + shift[1] * self._left
        goal = point.ankles[0][3 * k : 3 * k + 3] + self.travel
        speed = point.ankles[1][3 * k : 3 * k + 3].copy()
        duration = (1 - swing.start) * self.cycle.period
        goal[:2] += part * offset
        goal[2] += swing.clearance * np.sin(np.pi * done) ** 2 - self.lowered[k]
        if 0.0 < done < 1.0:
            speed[:2] += pace / duration * offset
            speed[2] += swing.clearance * np.pi / duration * np.sin(2 * np.pi * done)
        reach = max(0.0, done - REACH) / (1 - REACH)
        goal[2] -= swing.depth * reach**2
        speed[2] -= swing.depth * 2 * reach / (1 - REACH) / duration * (done < 1.0)
        outward = self._left * (-1 if k == 0 else 1)
        gap = (goal - other)[:2] @ outward
        if gap < swing.feet_apart:
            goal[:2] += (swing.feet_apart - gap) * outward
        return goal, speed

    def swung(self, k: int) -> float:
        """Share of the swing of foot k that is over, 0 to 1."""
        start = self.settings.swing.start
        return float(np.clip((self.own[k] - start) / (1 - start), 0, 1)) if self.own[k] > STILL else 1.0

    def _own(self) -> tuple[float, float]:
        """Each foot's own phase, from its heel strike on."""
        return self.phase, (self.phase - self.cycle.left_strike) % 1.0

    def _line(self, com: np.ndarray) -> np.ndarray:
        """Speed with which a sideways offset from the line x = 0 is walked off, (3,) [m/s]."""
        balance = self.settings.balance
        speed = np.clip(-(com[:2] @ self._left) / balance.line, -balance.line_speed, balance.line_speed)
        return np.append(speed * self._left, 0.0)

    def _feet(self, data: mujoco.MjData) -> None:
        swing = self.settings.swing
        touching = self._touching(data)
        for k in (0, 1):
            own, waits = self.own[k], not self.stands[1 - k] and self.own[k] < swing.start + WAIT
            if self.stands[k]:
                if swing.start < own < 0.9 and not waits:
                    self.stands[k], self.lowered[k] = False, 0.0
            elif touching[k] and (own > LAND or own < STILL):
                self.stands[k], self.lowered[k] = True, 0.0
                late = (own - self.settings.balance.touchdown + 0.5) % 1.0 - 0.5
                self._debt = -self.settings.balance.reset * float(np.clip(late, -0.08, 0.08))
            elif own < 0.5:
                self.lowered[k] = min(self.lowered[k] + 0.1 * self.dt, swing.late)

    def _touching(self, data: mujoco.MjData) -> tuple[bool, bool]:
        if not data.ncon:
            return False, False
        geom = data.contact.geom
        floor = (geom == self.floor).any(axis=1) & (data.contact.dist < 0)
        owner = self._owner[geom].max(axis=1)[floor]
        return bool((owner == 0).any()), bool((owner == 1).any())
