"""What is kept of every step of a simulation, and the Recording made of it."""

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.embodiment.couplings import Couplings
from biomimic.provenance import Provenance
from biomimic.recording import UNITS, Recording
from biomimic.rollout.contact import FloorLog
from biomimic.rollout.plan import Plan
from biomimic.signals import Signals

POINTS = ("pelvis", "heel_right", "toe_right", "heel_left", "toe_left")  # landmarks of `position`, if the body has them
SOURCES = ("muscle", "passive", "limit")  # of joint moments
SIDES = ("right", "left")
OUTWARD = {"right": -1.0, "left": 1.0}  # sign of the house frame's y


class Log:
    """State at every control step, forces and the speed of the centre of mass at every physics step."""

    def __init__(self, embodiment: Embodiment, plan: Plan) -> None:
        model, rows = embodiment.model, plan.control_steps
        self._embodiment, self._plan, self._substeps = embodiment, plan, plan.substeps
        self.root = int(model.body_rootid[model.body(embodiment.landmarks["pelvis"].body).id])
        self._is_active = model.actuator_actadr >= 0
        self._state = model.actuator_actadr[self._is_active]
        places = list(embodiment.landmarks)
        self._points = tuple(name for name in POINTS if name in places)
        self._places = [places.index(name) for name in self._points]
        self._qpos = np.zeros((rows, model.nq))
        self._orientation = np.zeros((rows, model.nbody, 3, 3))
        self._activation = np.zeros((rows, model.nu))
        self._excitation = np.zeros((rows, model.nu))
        self._muscle = np.zeros((rows, 2, model.nu))  # force and length
        self._force = np.zeros((rows, len(SOURCES), model.nv))  # generalised
        self._position = np.zeros((rows, 1 + len(self._points), 3))
        self._applied = np.zeros(rows)
        self._speed = np.zeros((plan.steps + 1, 3))
        self._floor = FloorLog(embodiment)

    def state(self, row: int, data: mujoco.MjData) -> None:
        """A control step whose position and velocity stages are done and whose excitations are set."""
        self._qpos[row] = data.qpos
        self._orientation[row] = data.xmat.reshape(-1, 3, 3)
        self._excitation[row] = data.ctrl
        self._activation[row, self._is_active] = data.act[self._state]
        self._position[row, 0] = self._embodiment.to_house(data.subtree_com[self.root])
        self._position[row, 1:] = self._embodiment.landmark_position(data)[self._places]

    def speed(self, step: int, data: mujoco.MjData) -> None:
        """Speed of the centre of mass before a physics step, whose velocity stage is done."""
        mujoco.mj_subtreeVel(self._embodiment.model, data)
        self._speed[step] = data.subtree_linvel[self.root]

    def physics(self, step: int, data: mujoco.MjData) -> None:
        """A physics step that was just done: its forces still belong to the state before it."""
        row, within = divmod(step, self._substeps)
        self._floor.add(data, step)
        largest = max(np.abs(data.qfrc_applied).max(), np.abs(data.xfrc_applied).max())
        self._applied[row] = max(self._applied[row], largest)
        if within == 0:
            self._muscle[row] = data.actuator_force, data.actuator_length
            self._force[row, 0] = data.qfrc_actuator
            self._force[row, 1] = data.qfrc_passive
            self._force[row, 2] = self._limit(data)

    def recording(self, rows: int, fall: float | None) -> Recording:
        """The first `rows` control steps as a Recording.

        Args:
            rows: control steps that were completed.
            fall: time of the fall [s], or None.
        """
        embodiment, plan, steps = self._embodiment, self._plan, rows * self._substeps
        control, physics = np.arange(rows) * plan.control_step, np.arange(steps) * plan.physics_step
        floor = self._floor.decode(steps)
        activation = self._activation[:rows]
        effort = {name: np.sum(activation[:, group] ** 2, axis=1) for name, group in embodiment.groups.items()}
        acceleration = np.diff(self._speed[: steps + 1], axis=0) / plan.physics_step
        angles = embodiment.angle_map.of_pose(self._qpos[:rows], self._orientation[:rows])
        actuators = embodiment.actuators
        at_control = {
            "angles": (embodiment.angle_names, angles),
            "excitation": (actuators, np.clip(self._excitation[:rows], 0.0, 1.0)),
            "activation": (actuators, activation),
            "muscle_force": (actuators, -self._muscle[:rows, 0]),  # the engine counts a pull as negative
            "muscle_length": (actuators, self._muscle[:rows, 1]),
            "moment": self._moments(rows),
            "position": (_spatial("com", *self._points), self._position[:rows].reshape(rows, -1)),
            "applied": (("largest",), self._applied[:rows, None]),
            "coordinates": (_coordinates(embodiment.model), self._qpos[:rows]),
        }
        if embodiment.muscles:
            at_control["activity"] = (tuple(embodiment.muscles), embodiment.activity(activation))
        if effort:
            at_control["effort"] = (tuple(effort), np.column_stack(list(effort.values())))
        at_physics = {
            "acceleration": (_spatial("com"), embodiment.to_house(acceleration)),
            "floor": (_spatial("floor"), floor.total),
        }
        if embodiment.feet:
            at_physics["force"] = _foot_force(floor.feet)
            at_physics["pressure"] = (_both("pressure_x", "pressure_y"), floor.pressure.reshape(steps, -1))
            at_physics["free_moment"] = (_both("free_moment"), floor.free_moment)
        fields = {name: Signals(control, values, names, UNITS[name]) for name, (names, values) in at_control.items()}
        fields |= {name: Signals(physics, values, names, UNITS[name]) for name, (names, values) in at_physics.items()}
        return Recording(
            kind="simulated",
            trial=plan.trial,
            mass=embodiment.mass,
            provenance=_provenance(embodiment, plan),
            fall=fall,
            push=plan.push.words if plan.push else "",
            **fields,
        )

    def _limit(self, data: mujoco.MjData) -> np.ndarray:
        """Generalised force of the joint limits, (nv,)."""
        found = np.zeros(self._embodiment.model.nv)
        if data.nl:
            first = data.ne + data.nf
            rows = np.zeros(data.nefc)
            rows[first : first + data.nl] = data.efc_force[first : first + data.nl]
            mujoco.mj_mulJacTVec(self._embodiment.model, data, found, rows)
        return found

    def _moments(self, rows: int) -> tuple[tuple[str, ...], np.ndarray]:
        """Net moments of all angles, then by source, (rows, (1 + sources) M)."""
        moments = self._embodiment.moments
        column = [moment.column for moment in moments.values()]
        scale = np.array([moment.scale for moment in moments.values()])
        parts = {}
        for source, force in zip(SOURCES, np.moveaxis(self._force[:rows], 1, 0)):
            parts[source] = reduced(self._embodiment.couplings, self._qpos[:rows], force)[:, column] * scale
        names = (*moments, *(f"{source}/{name}" for source in SOURCES for name in moments))
        return names, np.concatenate([sum(parts.values()), *parts.values()], axis=1)


def reduced(couplings: Couplings, qpos: np.ndarray, force: np.ndarray) -> np.ndarray:
    """Generalised forces on the independent speeds, G' force of every pose, (T, nq), (T, nv) -> (T, I)."""
    found = force[:, couplings.independent]
    carried = couplings.slope(qpos) * force[:, couplings.dependent]
    np.add.at(found, (slice(None), couplings.driver_column), carried)
    return found


def _foot_force(force: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Channels of force in house names from house axes, (S, 2, 3)."""
    names, columns = [], []
    for place, side in enumerate(SIDES):
        names += [f"vertical_{side}", f"anterior_{side}", f"lateral_{side}"]
        columns += [force[:, place, 2], force[:, place, 0], OUTWARD[side] * force[:, place, 1]]
    return tuple(names), np.column_stack(columns)


def _both(*quantities: str) -> tuple[str, ...]:
    return tuple(f"{quantity}_{side}" for side in SIDES for quantity in quantities)


def _spatial(*points: str) -> tuple[str, ...]:
    return tuple(f"{point}_{axis}" for point in points for axis in "xyz")


def _coordinates(model: mujoco.MjModel) -> tuple[str, ...]:
    """A name for each entry of qpos: its joint, numbered where the joint has several."""
    names = []
    ends = [*model.jnt_qposadr[1:], model.nq]
    for joint, (first, end) in enumerate(zip(model.jnt_qposadr, ends)):
        name = model.joint(joint).name
        names += [name] if end - first == 1 else [f"{name}/{place}" for place in range(end - first)]
    return tuple(names)


def _provenance(embodiment: Embodiment, plan: Plan) -> Provenance:
    return Provenance(
        source=f"simulation of {embodiment.name} with muscle parameters {embodiment.muscle_parameters}",
        note=f"{plan.words}; body {embodiment.sha256[:16]}; MuJoCo {mujoco.__version__}",
    )
