"""Where the body can push: points of the feet on the floor, joints at their limits, limbs that touch each other."""

import mujoco
import numpy as np

from biomimic.control.balance import Balance
from biomimic.control.dynamics import Dynamics, Tasks
from biomimic.control.settings import Settings
from biomimic.embodiment import Embodiment

POINTS = 16  # ends of the four capsules of each foot
EDGES = 4  # of the friction pyramid
RAYS = POINTS * EDGES


class FootContacts:
    """Contact points of both feet, the rays of force they can bear and the task that they stand still.

    Attributes (after `update`):
        rays: generalised force per newton along each edge, (I, RAYS).
        used: which rays may bear load, (RAYS,) bool.
        geoms: geoms of both feet.
    """

    def __init__(self, embodiment: Embodiment, settings: Settings) -> None:
        model = embodiment.model
        self._settings = settings.contact
        self.geoms = np.concatenate([embodiment.feet[side].geom_ids for side in ("right", "left")])
        capsules = [g for g in self.geoms if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_CAPSULE]
        self._body = np.repeat(model.geom_bodyid[capsules], 2)
        self._radius = np.repeat(model.geom_size[capsules, 0], 2)
        ends = []
        for geom in capsules:
            turn = np.zeros(9)
            mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
            axis = turn.reshape(3, 3)[:, 2] * model.geom_size[geom, 1]
            ends += [model.geom_pos[geom] - axis, model.geom_pos[geom] + axis]
        self._end = np.array(ends)
        mu = settings.contact.friction
        self._edges = np.array([[mu, 0, 1], [-mu, 0, 1], [0, mu, 1], [0, -mu, 1]])

    def update(self, dynamics: Dynamics, balance: Balance) -> None:
        """Find the points that may bear load and how they move."""
        data, settings = dynamics.data, self._settings
        turn = data.xmat[self._body].reshape(-1, 3, 3)
        place = data.xpos[self._body] + np.einsum("kij,kj->ki", turn, self._end)
        height = place[:, 2] - self._radius
        half = POINTS // 2
        late = [balance.settings.swing.start <= own < settings.unloading for own in balance.own]
        bears = [balance.stands[k] or late[k] for k in (0, 1)]
        self._active = [i for i in range(POINTS) if bears[i // half] and height[i] < settings.near]
        self.rays = np.zeros((len(dynamics.speed), RAYS))
        self.used = np.zeros(RAYS, dtype=bool)
        self._rows = []
        for i in self._active:
            jacobian, speed, drift = dynamics.point(place[i], self._body[i])
            span = slice(EDGES * i, EDGES * (i + 1))
            self.rays[:, span] = (self._edges @ jacobian).T
            self.used[span] = True
            if balance.stands[i // half]:
                self._rows.append((jacobian, -settings.damping * speed - drift))

    def add(self, tasks: Tasks) -> None:
        """Standing points are to stay where they are."""
        if self._rows:
            jacobian = np.concatenate([row[0] for row in self._rows])
            wanted = np.concatenate([row[1] for row in self._rows])
            tasks.add(jacobian, wanted, np.full(len(wanted), self._settings.weight))


class Barriers:
    """Joints near a limit and body parts that touch: what closes is braked, along one direction each.

    Neither is planned to bear load: a plan that leans on a knee's stop lets go of the muscles before the stop acts.
    """

    def __init__(self, embodiment: Embodiment, settings: Settings) -> None:
        model, couplings = embodiment.model, embodiment.couplings
        self._model, self._settings = model, settings.contact
        columns = np.arange(6, len(couplings.independent))
        joints = model.dof_jntid[couplings.independent[columns]]
        limited = model.jnt_limited[joints].astype(bool)
        self._columns, joints = columns[limited], joints[limited]
        self._place = model.jnt_qposadr[joints]
        self._low, self._high = model.jnt_range[joints].T
        self._floor = model.geom("floor").id

    def add(self, tasks: Tasks, dynamics: Dynamics) -> None:
        """Brake what closes in on a limit or another body part."""
        data, settings = dynamics.data, self._settings
        angle, speed = data.qpos[self._place], dynamics.speed[self._columns]
        low, high = angle - self._low < settings.limit, self._high - angle < settings.limit
        closing = np.flatnonzero((low & (speed < 0)) | (high & (speed > 0)))
        weight = np.full(len(closing), settings.limit_weight)
        tasks.add_entries(self._columns[closing], -settings.damping * speed[closing], weight)
        for i in range(data.ncon):
            pair = data.contact.geom[i]
            if self._floor not in pair and data.contact.dist[i] < 0.0:
                self._touch(tasks, dynamics, pair, i)

    def _touch(self, tasks: Tasks, dynamics: Dynamics, pair: np.ndarray, i: int) -> None:
        """The normal points from the first geom to the second."""
        place, normal = dynamics.data.contact.pos[i], dynamics.data.contact.frame[i][:3]
        first, second = (dynamics.point(place, self._model.geom_bodyid[geom]) for geom in pair)
        speed = normal @ (second[1] - first[1])
        if speed < 0.0:
            wanted = -self._settings.damping * speed - normal @ (second[2] - first[2])
            tasks.add((normal @ (second[0] - first[0]))[None], np.array([wanted]), np.array([self._settings.weight]))
