"""The force of several plates on each foot, added up into one force, one point and one free moment."""

from dataclasses import dataclass, field

import numpy as np

from biomimic.gait.strides import SIDES
from biomimic.signals import Signals

_LOADED = 20.0  # [N] below this a centre of pressure is noise


@dataclass(frozen=True, eq=False)
class Push:
    """What one plate does to a person, in the house frame.

    Args:
        force: (T, 3) [N].
        point: (T, 3) [m] where it acts, NaN while unloaded.
        free: (T,) free moment about the vertical [N m].
    """

    force: np.ndarray
    point: np.ndarray
    free: np.ndarray


@dataclass(eq=False)
class Total:
    """Sum over plates: force, and moment about the house's origin at the height of the plates."""

    time: np.ndarray
    force: dict[str, np.ndarray] = field(default_factory=dict)
    moment: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, side: str, share: np.ndarray, push: Push) -> None:
        """One plate's push, as far as it belongs to this foot, (T,) 0 or 1."""
        level = np.nan_to_num(push.point) * [1.0, 1.0, 0.0]  # the surfaces of all plates lie at one height
        about = np.cross(level, push.force) + push.free[:, None] * [0.0, 0.0, 1.0]
        self.force[side] = self.force.get(side, 0.0) + share[:, None] * push.force
        self.moment[side] = self.moment.get(side, 0.0) + share[:, None] * about

    def signals(self) -> tuple[Signals, Signals, Signals]:
        """Force [N], centre of pressure [m] and free moment [N m] as a Recording has them; 0 of a foot on no plate."""
        force, pressure, free = {}, {}, {}
        for side in SIDES:
            if side not in self.force:
                continue
            f, m = self.force[side], self.moment[side]
            vertical = np.where(f[:, 2] >= _LOADED, f[:, 2], np.nan)
            x, y = -m[:, 1] / vertical, m[:, 0] / vertical
            outward = -1.0 if side == "right" else 1.0  # the house's y points to the left
            force |= {f"vertical_{side}": f[:, 2], f"anterior_{side}": f[:, 0], f"lateral_{side}": outward * f[:, 1]}
            pressure |= {f"pressure_x_{side}": x, f"pressure_y_{side}": y}
            free[f"free_moment_{side}"] = np.nan_to_num(m[:, 2] - (x * f[:, 1] - y * f[:, 0]))
        tables = ((force, "N"), (pressure, "m"), (free, "N m"))
        return tuple(
            Signals(self.time, np.column_stack(list(part.values())), tuple(part), unit) for part, unit in tables
        )
