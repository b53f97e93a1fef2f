"""The tracker: at every control step a whole-body quadratic programme over activations and contact forces."""

import mujoco
import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtrs

from biomimic.control import qp
from biomimic.control.balance import Balance
from biomimic.control.contact import RAYS, Barriers, FootContacts
from biomimic.control.cycle import LIMBS, Cycle, Point, quaternion
from biomimic.control.dynamics import Dynamics, Tasks
from biomimic.control.settings import Settings
from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory

DT = 0.01  # [s] control step
REST = 0.02  # activation of every muscle at the start
NEWTONS = 100.0  # contact unknowns are in this unit, so that they are about as large as activations
LEG = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion", "ankle_dorsiflexion", "subtalar_inversion")
FREE = ("subtalar_inversion", "hip_rotation")  # moments that are kept small where no human moment is asked for
PRE = 0.5  # share of the foot's cycle from which the posture weight of the unloading leg changes


class Tracker:
    """Drives a muscle-driven body along a periodic target by its muscles alone.

    Call `start`, then at every control step, after `mj_step1`, `excitations`.

    Attributes:
        dt: control step [s].
        cycle: the target.
        balance: clock, footing and step placement.
    """

    def __init__(self, embodiment: Embodiment, target: Trajectory, settings: Settings) -> None:
        self.embodiment, self.settings, self.dt = embodiment, settings, DT
        self.model = embodiment.model
        self.cycle = Cycle(embodiment, target)
        self.balance = Balance(embodiment, self.cycle, settings, DT)
        self.dynamics = Dynamics(embodiment, DT, settings.effort.damping)
        self.feet = FootContacts(embodiment, settings)
        self.barriers = Barriers(embodiment, settings)
        self.substeps = round(DT / self.model.opt.timestep)
        names = embodiment.couplings.names
        self._legs, self._moments = [], {}
        for side in ("right", "left"):
            angles = [f"{angle}_{side}" for angle in LEG]
            columns = {angle: embodiment.moments[angle].column for angle in angles}
            self._legs.append([*columns.values(), names.index(f"mtp_angle_{side[0]}")])
            self._moments.update(columns)
        arms = ("elv_angle", "shoulder", "elbow", "pro_sup", "deviation", "flexion_")
        self._arm = [i for i, name in enumerate(names) if name.startswith(arms)]
        self._limbs = [self.model.body(embodiment.landmarks[name].body).id for name in LIMBS]
        self._trunk = self.model.body(embodiment.landmarks["torso"].body).id
        asked, weight, value = asked_moments(self._moments, settings, self.cycle.moment_names)
        self._asked, self._asked_weight, self._asked_value = asked, weight, value

    def start(self, data: mujoco.MjData, phase: float) -> None:
        """Put the body into the target at a phase, with its speed, and forget what was before."""
        couplings = self.embodiment.couplings
        pose = couplings.expand(self.cycle.pose(self.model, phase))
        point = self.cycle.at(phase)
        speed = np.concatenate([point.root[1], point.turn[1], point.joints[1]])
        data.qpos[:] = pose
        data.qpos[:2] -= pose[:2]
        data.qvel[:] = couplings.jacobian(pose) @ speed
        data.act[:] = REST
        self.balance.start(phase)
        self._guess = None
        mujoco.mj_forward(self.model, data)
        data.act[:] = self._solve(data, free=True)[: self.model.nu]
        self.balance.start(phase)

    @property
    def phase(self) -> float:
        """Phase of the target's cycle, in [0, 1)."""
        return self.balance.phase

    def excitations(self, data: mujoco.MjData) -> np.ndarray:
        """Excitation of every muscle for the coming control step, (nu,), in [0, 1]."""
        wanted = self._solve(data, free=False)[: self.model.nu]
        self.balance.advance()
        return self.dynamics.muscles.excitation(data.act, wanted, self.substeps, self.model.opt.timestep)

    def _solve(self, data: mujoco.MjData, *, free: bool) -> np.ndarray:
        """Activations and contact rays of this step; `free`: any activation can be had at once, as before the start."""
        self.dynamics.update(data)
        point = self.cycle.at(self.balance.phase, self.settings.effort.lead)
        self.balance.update(data, point, self.dynamics.com, self.dynamics.com_speed)
        self.feet.update(self.dynamics, self.balance)
        problem = self._problem(data, point, self._tasks(data, point))
        if free:
            muscles = np.arange(len(problem.d)) < self.model.nu
            low, high = np.where(muscles, 0.0, problem.low), np.where(muscles, 1.0, problem.high)
            problem = problem._replace(c=np.zeros_like(problem.c), low=low, high=high)
        self.solution = qp.solve(problem, self._guess)
        self._guess = self.solution.x
        return self._guess

    def _tasks(self, data: mujoco.MjData, point: Point) -> Tasks:
        tasks = Tasks(len(self.dynamics.speed))
        self._posture(tasks, data, point)
        self._pelvis(tasks, data, point)
        self._com(tasks, point)
        for k in (0, 1):
            if not self.balance.stands[k]:
                self._swing(tasks, data, point, k)
        self._arms(tasks, data, point)
        self.feet.add(tasks)
        self.barriers.add(tasks, self.dynamics)
        return tasks

    def _posture(self, tasks: Tasks, data: mujoco.MjData, point: Point) -> None:
        posture, size = self.settings.posture, len(tasks.slope)
        stiffness, share, floor = np.full(size, posture.stiffness), np.ones(size), np.full(size, posture.floor)
        for k, leg in enumerate(self._legs):
            stiffness[leg[4:]] = posture.foot_stiffness
            floor[leg[4:]] = posture.foot_floor
            if self.balance.stands[k]:
                share[leg] = self._standing_share(k)
            else:
                rise = self._rise(k)
                share[leg[:4]] = posture.swing * rise + posture.unloading * (1 - rise)
                share[leg[4]] = posture.swing_foot * rise + posture.unloading * (1 - rise)
        stiffness[self._arm], share[self._arm] = posture.arm_stiffness, posture.arm
        error = point.joints[0] - data.qpos[self.cycle.joints]
        speed_error = point.joints[1] - self.dynamics.speed[6:]
        wanted = np.zeros(size)
        wanted[6:] = point.joints[2] + stiffness[6:] * error + 2 * np.sqrt(stiffness[6:]) * speed_error
        root = np.sqrt(share)
        weight = posture.weight * (root[:, None] * self.dynamics.mass_matrix * root)
        weight[np.arange(size), np.arange(size)] += floor * share
        turns = [leg[2] for leg in self._legs]
        weight[turns, turns] += posture.hip_rotation
        weight[:6] = weight[:, :6] = 0.0
        tasks.add_square(weight, wanted)

    def _standing_share(self, k: int) -> float:
        """Share of the posture weight on a standing leg: it changes while the leg is unloaded."""
        posture, own = self.settings.posture, self.balance.own[k]
        if own > 0.9:
            return posture.stance
        x = np.clip((own - PRE) / (self.settings.swing.start - PRE), 0, 1)
        return posture.stance + (posture.unloading - posture.stance) * x * x * (3 - 2 * x)

    def _pelvis(self, tasks: Tasks, data: mujoco.MjData, point: Point) -> None:
        trunk, error = self.settings.trunk, np.zeros(3)
        mujoco.mju_subQuat(error, quaternion(point.turn[0]), data.qpos[3:7])
        speed_error = point.turn[1] - data.qvel[3:6]
        stiffness = np.array([trunk.pelvis_stiffness, trunk.pelvis_stiffness, trunk.yaw_stiffness])
        wanted = point.turn[2] + stiffness * error + 2 * np.sqrt(stiffness) * speed_error
        tasks.add_entries(np.arange(3, 6), wanted, trunk.pelvis_weight * np.array([1.0, 1.0, trunk.pelvis_yaw]))

    def _com(self, tasks: Tasks, point: Point) -> None:
        trunk, dynamics, house = self.settings.trunk, self.dynamics, self.embodiment.house
        stiffness = np.array([trunk.forward_stiffness, trunk.lateral_stiffness, trunk.vertical_stiffness])
        weight = np.array([trunk.forward_weight, trunk.lateral_weight, trunk.vertical_weight])
        error = house @ (point.com[0] + self.balance.travel - dynamics.com)
        speed_error = house @ (point.com[1] + self.balance.drift - dynamics.com_speed)
        wanted = house @ (point.com[2] - dynamics.com_drift) + stiffness * error + 2 * np.sqrt(stiffness) * speed_error
        tasks.add(house @ dynamics.com_jacobian, wanted, weight)

    def _swing(self, tasks: Tasks, data: mujoco.MjData, point: Point, k: int) -> None:
        swing, ankles = self.settings.swing, self.balance.ankles
        here = data.xpos[ankles[k]].copy()
        jacobian, speed, drift = self.dynamics.point(here, ankles[k])
        goal, goal_speed = self.balance.landing(k, point, data.xpos[ankles[1 - k]])
        rise, urgency = self._rise(k), 1.0 + (swing.urgent - 1.0) * self.balance.urgency
        stiffness = swing.stiffness * rise * np.sqrt(urgency)
        damping = 2 * np.sqrt(stiffness)
        wanted = point.ankles[2][3 * k : 3 * k + 3] + stiffness * (goal - here) + damping * (goal_speed - speed)
        weight = rise * urgency * np.array([swing.weight, swing.weight, swing.vertical_weight])
        tasks.add(jacobian, wanted - drift, weight)

    def _rise(self, k: int) -> float:
        """How far the path of swinging foot k has taken over from the posture of its leg, 0 to 1."""
        onset = self.settings.swing.onset
        x = min(self.balance.swung(k) / onset, 1.0) if onset else 1.0
        return x * x * (3 - 2 * x)

    def _arms(self, tasks: Tasks, data: mujoco.MjData, point: Point) -> None:
        """Elbows and wrists relative to the trunk, so that the shoulder's singular coordinates do not matter."""
        arms, trunk = self.settings.arms, self._trunk
        if arms.weight == 0:
            return
        turn, damping = data.xmat[trunk].reshape(3, 3), 2 * np.sqrt(arms.stiffness)
        for i, body in enumerate(self._limbs):
            part, here = slice(3 * i, 3 * i + 3), data.xpos[body].copy()
            jacobian, speed, drift = self.dynamics.point(here, body)
            carried, carried_speed, carried_drift = self.dynamics.point(here, trunk)
            error = turn @ point.limbs[0][part] - (here - data.xpos[trunk])
            speed_error = turn @ point.limbs[1][part] - (speed - carried_speed)
            wanted = turn @ point.limbs[2][part] + arms.stiffness * error + damping * speed_error
            tasks.add(jacobian - carried, wanted - drift + carried_drift, np.full(3, arms.weight))

    def _problem(self, data: mujoco.MjData, point: Point, tasks: Tasks) -> qp.Problem:
        """The step as box-constrained least squares over activations (nu) and contact rays."""
        dynamics, effort, contact = self.dynamics, self.settings.effort, self.settings.contact
        size, muscles = len(tasks.slope), self.model.nu
        force = np.concatenate([dynamics.pull, NEWTONS * self.feet.rays], axis=1)
        response = np.linalg.solve(dynamics.inertia, np.concatenate([force, dynamics.rest[:, None]], axis=1))
        tasks.weight[np.arange(size), np.arange(size)] += 1e-6
        factor = dpotrf(tasks.weight, lower=1, clean=1)[0]
        motion = factor.T @ response
        A = np.zeros((size + len(self._asked), force.shape[1]))
        A[:size] = motion[:, :-1]
        A[size:, :muscles] = self._asked_weight[:, None] * dynamics.pull[self._asked]
        values = np.append(point.moments[0], 0.0)[self._asked_value]
        b = np.concatenate(
            [
                dtrtrs(factor, tasks.slope, lower=1)[0] - motion[:, -1],
                self._asked_weight * (values - dynamics.passive[self._asked]),
            ]
        )
        low, high = dynamics.muscles.reachable(data.act, self.substeps, self.model.opt.timestep)
        return qp.Problem(
            A=A,
            b=b,
            d=np.concatenate([np.full(muscles, effort.weight + effort.change), np.full(RAYS, contact.ray)]),
            c=np.concatenate([-effort.change * data.act, np.zeros(RAYS)]),
            low=np.concatenate([low, np.zeros(RAYS)]),
            high=np.concatenate([high, np.where(self.feet.used, np.inf, 0.0)]),
        )


def asked_moments(
    columns: dict[str, int], settings: Settings, known: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which joint moments are asked for: columns, square roots of their weights, places of the values, (R,) each.

    Args:
        columns: angle -> column of its joint among the independent speeds.
        settings: of the tracker.
        known: angles whose moments the target holds; a place of -1 stands for a moment of zero.
    """
    moments, rows = settings.moments, []
    for angle, column in columns.items():
        kind = angle.rsplit("_", 1)[0]
        if kind == "subtalar_inversion":
            rows.append((column, moments.subtalar, -1))
        elif moments.human and angle in known:
            rows.append((column, moments.weight, known.index(angle)))
        elif not moments.human and kind in FREE:
            rows.append((column, moments.weight, -1))
    asked, weight, value = (np.array([row[i] for row in rows]) for i in range(3))
    return asked.astype(int), np.sqrt(weight), value.astype(int)
