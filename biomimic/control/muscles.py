"""MuJoCo's muscle, for all actuators at once: force as an affine function of activation, and the excitation for it."""

import mujoco
import numpy as np

from biomimic.errors import BadValue

SECANTS = 4  # steps to the excitation for an activation; the error left is below 1e-12


class Muscles:
    """The force-length-velocity law and the activation dynamics of a model's muscles, vectorised.

    force = gain(length, speed) * activation + bias(length); pulling forces are negative, as in MuJoCo.

    Source:
        MuJoCo documentation, "Muscle actuators"; Millard et al. 2013 (activation dynamics).
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        gain, bias, dynamics = model.actuator_gainprm, model.actuator_biasprm, model.actuator_dynprm
        if not np.all(model.actuator_gaintype == mujoco.mjtGain.mjGAIN_MUSCLE) or np.any(dynamics[:, 2] != 0):
            raise BadValue("The tracker needs a body with no actuators but muscles of unsmoothed activation dynamics.")
        span = model.actuator_lengthrange
        self.shortest = span[:, 0].copy()
        self.force, self.optimal, self.offset = _scale(gain, span, model.actuator_acc0)
        self.low, self.high, self.fastest, self.eccentric = (gain[:, i].copy() for i in (4, 5, 6, 8))
        self.passive_force, self.passive_optimal, self.passive_offset = _scale(bias, span, model.actuator_acc0)
        self.passive_knee = 0.5 * (1 + bias[:, 5])
        self.passive_share = bias[:, 7].copy()
        self.rise, self.fall = dynamics[:, 0].copy(), dynamics[:, 1].copy()

    def law(self, length: np.ndarray, speed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Gain and bias [N] and the gain's slope over speed [N s/m], (n,) each, at path length [m] and speed [m/s]."""
        fibre = self.offset + (length - self.shortest) / self.optimal
        fast = self.optimal * self.fastest
        rate = speed / fast
        peak = self.force * _active(fibre, self.low, self.high)
        limit = self.eccentric - 1
        slow = np.clip(rate, -1, 0)
        stretch = np.clip(rate, 0, limit)
        over = (limit - stretch) / limit
        factor = np.where(rate <= 0, (slow + 1) ** 2, self.eccentric - limit * over**2)
        slope = np.where(rate <= 0, 2 * (slow + 1), 2 * over)
        passive = self.passive_offset + (length - self.shortest) / self.passive_optimal
        strain = np.maximum(passive - 1, 0) / (self.passive_knee - 1)
        pull = np.where(strain <= 1, 0.5 * strain**2, strain - 0.5)
        return -peak * factor, -self.passive_force * self.passive_share * pull, -peak * slope / fast

    def advance(self, activation: np.ndarray, excitation: np.ndarray, steps: int, dt: float) -> np.ndarray:
        """Activation after some Euler steps of dt [s] with constant excitation, (n,)."""
        for _ in range(steps):
            scale = 0.5 + 1.5 * activation
            time = np.where(excitation > activation, self.rise * scale, self.fall / scale)
            activation = activation + dt * (excitation - activation) / time
        return activation

    def reachable(self, activation: np.ndarray, steps: int, dt: float) -> tuple[np.ndarray, np.ndarray]:
        """Least and largest activation that can be reached in some Euler steps, (n,) each."""
        return (
            self.advance(activation, np.zeros_like(activation), steps, dt),
            self.advance(activation, np.ones_like(activation), steps, dt),
        )

    def excitation(self, activation: np.ndarray, wanted: np.ndarray, steps: int, dt: float) -> np.ndarray:
        """Constant excitation in [0, 1] that brings activation to a wanted, reachable one in some Euler steps.

        The time constant follows the activation, so the inverse is found by secant steps from the one at the mean.
        """
        scale = 0.5 + 0.75 * (activation + wanted)
        time = np.where(wanted > activation, self.rise * scale, self.fall / scale)
        kept = (1 - np.minimum(dt / time, 0.99)) ** steps
        slope = 1 - kept
        found = np.clip((wanted - activation * kept) / slope, 0, 1)
        missing = wanted - self.advance(activation, found, steps, dt)
        for _ in range(SECANTS):
            step = np.clip(found + missing / slope, 0, 1) - found
            found = found + step
            left = wanted - self.advance(activation, found, steps, dt)
            steep = np.abs(step) > 1e-7  # shorter steps say nothing about the slope
            slope = np.maximum(np.where(steep, (missing - left) / np.where(steep, step, 1), slope), 1e-3)
            missing = left
        return found


def _scale(parameters: np.ndarray, span: np.ndarray, acc0: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Peak force [N], optimal length [m] and the normalised length at the shortest path."""
    force = np.where(parameters[:, 2] < 0, parameters[:, 3] / np.maximum(acc0, 1e-15), parameters[:, 2])
    return force, (span[:, 1] - span[:, 0]) / (parameters[:, 1] - parameters[:, 0]), parameters[:, 0].copy()


def _active(fibre: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """MuJoCo's active force-length curve, 0 to 1."""
    below, above = 0.5 * (low + 1), 0.5 * (1 + high)
    rising = 0.5 * ((fibre - low) / (below - low)) ** 2
    left = 1 - 0.5 * ((1 - fibre) / (1 - below)) ** 2
    right = 1 - 0.5 * ((fibre - 1) / (above - 1)) ** 2
    falling = 0.5 * ((high - fibre) / (high - above)) ** 2
    curve = np.where(fibre <= below, rising, np.where(fibre <= 1, left, np.where(fibre <= above, right, falling)))
    return np.where((fibre < low) | (fibre > high), 0.0, curve)
