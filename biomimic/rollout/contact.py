"""What the floor does to the body: contact forces of every physics step, summed per foot."""

from dataclasses import dataclass

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment

LOADED = 1.0  # [N] below this vertical force there is no centre of pressure; laboratories mask at 10 to 20 N
_FIELDS = ("geom", "pos", "frame", "friction", "dim", "efc_address")


@dataclass(frozen=True, eq=False)
class FloorForce:
    """Wrenches of the floor on the body in the house frame, S physics steps.

    Attributes:
        feet: force on each foot, right and left, (S, 2, 3) [N].
        pressure: centre of pressure of each foot on the floor, x and y, (S, 2, 2) [m]; NaN while unloaded.
        free_moment: of each foot about the vertical through its centre of pressure, (S, 2) [N m], counter-clockwise
            seen from above; 0 while unloaded.
        total: force on the whole body, (S, 3) [N].
    """

    feet: np.ndarray
    pressure: np.ndarray
    free_moment: np.ndarray
    total: np.ndarray


class FloorLog:
    """Contacts of every physics step as the engine left them; decoded all at once at the end, which takes less time."""

    def __init__(self, embodiment: Embodiment) -> None:
        model = embodiment.model
        self._embodiment = embodiment
        self._is_pyramidal = model.opt.cone == mujoco.mjtCone.mjCONE_PYRAMIDAL
        self._is_floor = model.body_weldid[model.geom_bodyid] == 0
        self._foot = np.full(model.ngeom, -1)
        for place, side in enumerate(("right", "left")):
            if side in embodiment.feet:
                self._foot[embodiment.feet[side].geom_ids] = place
        self._contacts: list[tuple[np.ndarray, ...]] = []
        self._rows: list[np.ndarray] = []
        self._step: list[int] = []
        self._first: list[int] = []

    def add(self, data: mujoco.MjData, step: int) -> None:
        """Keep the contacts of a physics step whose forces are computed (after `mj_step2`)."""
        if not data.ncon:
            return
        contact = data.contact
        self._contacts.append(tuple(getattr(contact, name).copy() for name in _FIELDS))
        first = data.ne + data.nf + data.nl
        self._rows.append(data.efc_force[first:].copy())
        self._step.append(step)
        self._first.append(first)

    def decode(self, steps: int) -> FloorForce:
        """The wrenches of the first `steps` physics steps."""
        wrench = np.zeros((steps, 3, 6))  # of right foot, left foot and all, about the house origin
        if self._contacts:
            self._sum(wrench)
        force, moment = wrench[:, :2, :3], wrench[:, :2, 3:]
        vertical = force[..., 2]
        loaded = vertical >= LOADED
        share = np.where(loaded, vertical, np.nan)
        x, y = -moment[..., 1] / share, moment[..., 0] / share
        free = moment[..., 2] - (x * force[..., 1] - y * force[..., 0])
        return FloorForce(force, np.stack([x, y], axis=-1), np.where(loaded, free, 0.0), wrench[:, 2, :3])

    def _sum(self, wrench: np.ndarray) -> None:
        geom, pos, frame, friction, dim, address = (np.concatenate(parts) for parts in zip(*self._contacts))
        count = [len(parts[0]) for parts in self._contacts]
        shift = np.concatenate([[0], np.cumsum([len(rows) for rows in self._rows])[:-1]]) - self._first
        address = np.where(address < 0, -1, address + np.repeat(shift, count))
        step = np.repeat(self._step, count)
        floor = self._is_floor[geom]  # (N, 2)
        keep = (floor[:, 0] != floor[:, 1]) & (address >= 0) & (step < len(wrench))
        geom, pos, floor, step = geom[keep], pos[keep], floor[keep], step[keep]
        axes = frame[keep].reshape(-1, 3, 3)
        local = contact_force(np.concatenate(self._rows), address[keep], dim[keep], friction[keep], self._is_pyramidal)
        sign = np.where(floor[:, 0], 1.0, -1.0)[:, None]  # the engine gives the force on the second geom
        force = self._embodiment.to_house(sign * (local[:, None, :3] @ axes)[:, 0])
        torque = self._embodiment.to_house(sign * (local[:, None, 3:] @ axes)[:, 0])
        moment = torque + np.cross(self._embodiment.to_house(pos), force)
        each = np.concatenate([force, moment], axis=1)
        foot = self._foot[np.where(floor[:, 0], geom[:, 1], geom[:, 0])]
        on_foot = foot >= 0
        np.add.at(wrench, (step[on_foot], foot[on_foot]), each[on_foot])
        np.add.at(wrench, (step, 2), each)


def contact_force(
    rows: np.ndarray, address: np.ndarray, dim: np.ndarray, friction: np.ndarray, is_pyramidal: bool
) -> np.ndarray:
    """Force and torque of N contacts in their own frames, normal first, (N, 6) [N, N m].

    The same as `mj_contactForce`, for many contacts at once.

    Args:
        rows: constraint forces, (E,).
        address: first row of each contact, (N,).
        dim: dimensions of each contact, 1, 3, 4 or 6, (N,).
        friction: coefficients, (N, 5).
        is_pyramidal: friction cone of the model.
    """
    found = np.zeros((len(address), 6))
    for size in np.unique(dim):
        here = dim == size
        start = address[here][:, None]
        if size == 1 or not is_pyramidal:
            found[here, :size] = rows[start + np.arange(size)]
            continue
        edges = rows[start + np.arange(2 * (size - 1))].reshape(-1, size - 1, 2)
        found[here, 0] = edges.sum(axis=(1, 2))
        found[here, 1:size] = (edges[..., 0] - edges[..., 1]) * friction[here, : size - 1]
    return found
