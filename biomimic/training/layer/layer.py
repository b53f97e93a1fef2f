"""The muscle layer: wanted accelerations -> activations with least effort, and the teacher that wants them."""

from typing import NamedTuple

import mujoco
import numpy as np
from jax import numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve

from biomimic.control import qp
from biomimic.control.contact import RAYS
from biomimic.control.cycle import Cycle
from biomimic.control.settings import Settings
from biomimic.control.tracker import DT, Tracker
from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory
from biomimic.training import actions
from biomimic.training.layer import course, footing, stride, tasks

ITERATIONS = 20  # of the interior point at most; 9 are usual
STARTS = 100  # phases at which activations to begin with are kept
LEAST_SCALE = 5.0  # [rad/s^2 or m/s^2] of an action's unit


class Memory(NamedTuple):
    """What a body carries from one control step to the next.

    Attributes:
        footing: phase clock and footing.
        guess: solution of the last programme, activations and contact rays, (n + RAYS,); the next one starts there.
    """

    footing: footing.Footing
    guess: jnp.ndarray


class Look(NamedTuple):
    """One view, worked out once: sight, target and tasks."""

    sight: tasks.Sight
    point: course.Point
    wish: tasks.Wish


class Layer(NamedTuple):
    """A body, a periodic target and the tracker's settings as one set of pure functions; see `build`.

    Attributes:
        plan: constants.
        muscles: how many there are.
        scale: unit of each acceleration for a policy, (I,): how much the target itself accelerates (root mean square
            over the cycle), but not below LEAST_SCALE [rad/s^2 or m/s^2].
        starts: activations with which the tracker begins, at STARTS phases spread evenly over the cycle, (STARTS, n).
    """

    plan: tasks.Plan
    muscles: int
    scale: np.ndarray
    starts: np.ndarray

    @property
    def accelerations(self) -> int:
        """How many there are to want, I."""
        return len(self.scale)

    @property
    def width(self) -> int:
        """Numbers of the stride block."""
        return stride.width(self.plan)

    def resting(self, phase: jnp.ndarray) -> jnp.ndarray:
        """Activations of a body that is put into the target at a phase, as if it had walked before, (n,)."""
        nearest = jnp.round((phase % 1.0) * STARTS).astype(int) % STARTS
        return jnp.asarray(self.starts)[nearest]

    def begin(self, phase: jnp.ndarray, activation: jnp.ndarray) -> Memory:
        """Memory of a body that was put into the target at a phase with these activations, (n,)."""
        rays = jnp.zeros(RAYS, activation.dtype)
        return Memory(footing.begin(self.plan.ground, phase), jnp.concatenate([activation, rays]))

    def look(self, memory: Memory, view) -> tuple[Memory, Look]:
        """Bring the memory up to date with a view and work out what the tracker would want.

        Args:
            memory: of this body.
            view: of it, with `Dynamics`.
        """
        sight = tasks.see(self.plan, view)
        point = course.at(self.plan.ground.course, memory.footing.phase, self.plan.settings.effort.lead)
        memory = memory._replace(footing=footing.update(self.plan.ground, memory.footing, point, sight))
        return memory, Look(sight, point, tasks.wish(self.plan, view, sight, memory.footing, point))

    def wanted(self, look: Look) -> jnp.ndarray:
        """The teacher's action: accelerations that fulfil its tasks best if muscles cost nothing, in `scale`, (I,)."""
        return cho_solve(cho_factor(look.wish.weight, lower=True), look.wish.slope) / self.scale

    def drive(self, memory: Memory, view, look: Look, action: jnp.ndarray) -> tuple[jnp.ndarray, Memory]:
        """Activations in [0, 1] to be reached in this control step, (n,), and the memory with the next guess.

        Args:
            memory: up to date with the view.
            view: of one body.
            look: of that view.
            action: wanted accelerations of the independent speeds, in units of `scale`, (I,).
        """
        problem = self.problem(view, look, action)
        solution = qp.minimise(problem, memory.guess, iterations=ITERATIONS)
        return solution.x[: self.muscles], memory._replace(guess=solution.x)

    def problem(self, view, look: Look, action: jnp.ndarray) -> qp.Problem:
        """The control step as box-constrained least squares over activations (n,) and contact rays (RAYS,)."""
        plan, found, wish = self.plan, look.sight.motion, look.wish
        effort, contact = plan.settings.effort, plan.settings.contact
        force = jnp.concatenate([found.pull, wish.rays, found.rest[:, None]], axis=1)
        factor = jnp.linalg.cholesky(wish.weight)
        response = (factor.T @ jnp.linalg.inv(found.inertia)) @ force
        asked = plan.asked_weight[:, None] * found.pull[plan.asked]
        values = jnp.append(look.point.moments[0], 0.0)[plan.asked_value]
        low, high = actions.reachable(plan.activation, view.activation)
        zeros, dtype = jnp.zeros(RAYS, force.dtype), force.dtype
        weight = np.concatenate([np.full(self.muscles, effort.weight + effort.change), np.full(RAYS, contact.ray)])
        return qp.Problem(
            A=jnp.concatenate([response[:, :-1], jnp.pad(asked, ((0, 0), (0, RAYS)))]),
            b=jnp.concatenate(
                [
                    factor.T @ (self.scale * action) - response[:, -1],
                    plan.asked_weight * (values - found.passive[plan.asked]),
                ]
            ),
            d=jnp.asarray(weight, dtype),
            c=jnp.concatenate([-effort.change * view.activation, zeros]),
            low=jnp.concatenate([low, zeros]),
            high=jnp.concatenate([high, jnp.where(wish.used, jnp.inf, 0.0).astype(dtype)]),
        )

    def excitation(self, activation: jnp.ndarray, wanted: jnp.ndarray) -> jnp.ndarray:
        """Excitation in [0, 1] that brings activation to a wanted one in a control step, as near as can be, (n,)."""
        return actions.excitation(self.plan.activation, activation, wanted)

    def advance(self, memory: Memory) -> Memory:
        """The clock moved on by one control step."""
        return memory._replace(footing=footing.advance(self.plan.ground, memory.footing))

    def stride(self, memory: Memory, view, look: Look) -> jnp.ndarray:
        """What a policy observes of the stride, (stride.width(layer.plan),)."""
        return stride.observe(self.plan, view, look.sight, memory.footing, look.point)


def build(
    embodiment: Embodiment,
    target: Trajectory,
    settings: Settings,
    *,
    sees_landing: bool = False,
    sees_torque: bool = False,
) -> Layer:
    """The tracker of a body and a periodic target as pure functions.

    Args:
        embodiment: the body.
        target: what is tracked.
        settings: of the tracker.
        sees_landing: the stride block also holds where the swinging foot should land.
        sees_torque: it also holds the joint torque that relaxing muscles leave.

    Raises:
        BadValue: the target is not periodic, was made for another body, or the body has actuators but muscles.
    """
    house = embodiment.house
    cycle = Cycle(embodiment, target)
    ground = footing.Ground(course.of(cycle), settings, house[0, :2], house[1, :2], DT)
    return Layer(
        plan=tasks.plan(embodiment, ground, sees_landing=sees_landing, sees_torque=sees_torque),
        muscles=embodiment.model.nu,
        scale=_scale(cycle),
        starts=_starts(embodiment, target, settings),
    )


def _starts(embodiment: Embodiment, target: Trajectory, settings: Settings) -> np.ndarray:
    """Activations with which the tracker begins at STARTS phases, (STARTS, n)."""
    tracker, data = Tracker(embodiment, target, settings), mujoco.MjData(embodiment.model)
    found = []
    for phase in np.arange(STARTS) / STARTS:
        tracker.start(data, phase)
        found.append(data.act.copy())
    return np.array(found)


def _scale(cycle: Cycle) -> np.ndarray:
    """Root mean square of the target's own accelerations: root, turn, joints, (I,), but not below LEAST_SCALE."""
    parts = np.concatenate([cycle.table[:, 2, cycle.slices[name]] for name in ("com", "turn", "joints")], axis=1)
    return np.maximum(np.sqrt(np.mean(parts**2, axis=0)), LEAST_SCALE)
