"""A walk made of formulas, whose strides, peaks and agreement with a made-up person are known."""

import numpy as np

from biomimic.gait.strides import POINTS, Strides
from biomimic.provenance import Provenance
from biomimic.recording import UNITS, Recording
from biomimic.reference import Entry, Figure, ReferenceData
from biomimic.report.wording import MUSCLES
from biomimic.signals import Signals
from biomimic.validate.protocol import Planned

PERIOD = 1.1  # [s]
STANCE = 0.62  # share of the stride
SPEED = 1.2  # [m/s]
MASS = 80.0  # [kg]
GRAVITY = 9.81  # [m/s^2] of the world in which it "walks"
MADE_UP = Provenance("made by a formula", "none needed")

ANGLES = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion", "hip_adduction", "hip_rotation")
TRUNK = ("pelvis_tilt", "pelvis_list", "pelvis_rotation", "lumbar_extension", "lumbar_bending", "lumbar_rotation")
MIRRORED = ("pelvis_list", "pelvis_rotation", "lumbar_bending", "lumbar_rotation")
MOMENTS = ANGLES[:4]


def angle(name: str, share: np.ndarray) -> np.ndarray:
    """Angle [rad] at a share of the stride; sagittal ones look like a person's."""
    wave = 2 * np.pi * share
    shapes = {
        "hip_flexion": 12 + 22 * np.cos(wave + 0.25),  # lowest at 46 %
        "knee_flexion": 22 + 20 * np.cos(wave - 4.6) + 14 * np.cos(2 * wave - 2.2),
        "ankle_dorsiflexion": 2 + 7 * np.sin(wave - 0.3) + 6 * np.sin(2 * wave - 2.6),
        "hip_adduction": 5 * np.sin(wave),
        "hip_rotation": 4 * np.cos(wave),
        "pelvis_tilt": 5 + np.cos(2 * wave),
        "pelvis_list": 4 * np.sin(wave + 0.3),
        "pelvis_rotation": 5 * np.cos(wave),
        "lumbar_extension": -5 + np.sin(2 * wave),
        "lumbar_bending": 3 * np.sin(wave - 0.4),
        "lumbar_rotation": 6 * np.cos(wave + 0.1),
    }
    return np.radians(shapes[name])


def vertical(share: np.ndarray) -> np.ndarray:
    """Vertical force [body weights] of one foot: two humps in stance; both feet together average one body weight."""
    u = np.mod(share, 1.0) / STANCE
    shape = np.where(u < 1, np.sin(np.pi * u) + 0.45 * np.sin(3 * np.pi * u), 0.0)
    mean = STANCE * (2 / np.pi + 0.45 * 2 / (3 * np.pi))  # integral over the stride
    return 0.5 * shape / mean


def anterior(share: np.ndarray) -> np.ndarray:
    """Fore-aft force [body weights] of one foot: braking, then propulsion, no net impulse."""
    u = np.mod(share, 1.0) / STANCE
    return np.where(u < 1, -0.2 * np.sin(2 * np.pi * u), 0.0)


def activity(name: str, share: np.ndarray) -> np.ndarray:
    """Activation of a muscle: one burst, each muscle at its own phase."""
    centre = MUSCLES.index(name) / len(MUSCLES)
    return 0.05 + 0.6 * np.exp(4 * (np.cos(2 * np.pi * (share - centre)) - 1))


def moment(name: str, share: np.ndarray) -> np.ndarray:
    """Joint moment [N m/kg]."""
    return (MOMENTS.index(name) + 1) / 3 * np.sin(2 * np.pi * share + MOMENTS.index(name))


def record(
    plan: Planned, *, rate: float = 500.0, fall: float | None = None, hand: float = 0.0, seed: int = 0
) -> Recording:
    """One trial of the walk.

    Args:
        plan: name, duration, start phase and push.
        rate: of all signals [Hz].
        fall: time of a fall [s].
        hand: force from outside outside the pushes [N].
        seed: of a small wobble of amplitude and timing between trials.
    """
    generator = np.random.default_rng(seed)
    time = np.arange(0.0, (fall or plan.duration) + 1e-9, 1.0 / rate)
    share = time / PERIOD + plan.phase
    shares = {"right": share, "left": share + 0.5}
    wobble = 1.0 + 0.02 * generator.standard_normal()
    angles = {f"{name}_{side}": wobble * angle(name, shares[side]) for name in ANGLES for side in shares}
    angles |= {name: wobble * angle(name, share) for name in TRUNK}
    weight = MASS * 9.80665
    force = {f"vertical_{side}": weight * vertical(part) for side, part in shares.items()}
    force |= {f"anterior_{side}": weight * anterior(part) for side, part in shares.items()}
    force |= {f"lateral_{side}": -0.05 * force[f"vertical_{side}"] for side in shares}
    floor_z = force["vertical_right"] + force["vertical_left"]
    floor_x = force["anterior_right"] + force["anterior_left"]
    floor_y = force["lateral_left"] - force["lateral_right"]
    applied = np.full(len(time), hand)
    if plan.push:
        applied[(time >= 5.0) & (time < 5.1)] = 100.0
    signals = {
        "angles": angles,
        "force": force,
        "activity": {f"{name}_{side}": wobble * activity(name, shares[side]) for name in MUSCLES for side in shares},
        "moment": {f"{name}_{side}": MASS * moment(name, shares[side]) for name in MOMENTS for side in shares},
        "position": _positions(time, shares),
        "acceleration": {
            "com_x": floor_x / MASS,
            "com_y": floor_y / MASS,
            "com_z": floor_z / MASS - GRAVITY,
        },
        "floor": {"floor_x": floor_x, "floor_y": floor_y, "floor_z": floor_z},
        "applied": {"largest": applied},
        "effort": {"legs": 2 + np.sin(share), "trunk": 1 + 0 * share, "arms": 0.5 + 0 * share},
    }
    parts = {
        name: Signals(time, np.column_stack([*part.values()]), (*part,), UNITS[name]) for name, part in signals.items()
    }
    return Recording("simulated", plan.name, MASS, MADE_UP, fall=fall, push=plan.push, **parts)


def _positions(time: np.ndarray, shares: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Pelvis at constant speed; heel furthest ahead at heel strike, toe furthest behind at toe-off."""
    pelvis, still = SPEED * time, np.zeros(len(time))
    position = {"com_x": pelvis, "com_y": still, "com_z": still + 1.0}
    position |= {"pelvis_x": pelvis, "pelvis_y": still, "pelvis_z": still + 1.0}
    for side, share in shares.items():
        out = -0.05 if side == "right" else 0.05
        position[f"heel_{side}_x"] = pelvis + 0.35 * np.cos(2 * np.pi * share)
        position[f"toe_{side}_x"] = pelvis + 0.35 * np.cos(2 * np.pi * (share - STANCE + 0.5))
        position |= {f"{part}_{side}_y": still + out for part in ("heel", "toe")}
        position |= {f"{part}_{side}_z": still for part in ("heel", "toe")}
    return position


def person(name: str, *, rows: int, sides: tuple[str, ...], offset_deg: float = 0.0, seed: int = 1) -> ReferenceData:
    """A made-up person who walks by the same formulas, a constant number of degrees off in each angle.

    Args:
        name: of the data set.
        rows: strides; with one there is no spread.
        sides: recorded; muscles on the right only.
        offset_deg: added to every angle [deg].
        seed: of the differences between rows.
    """
    share = np.linspace(0.0, 1.0, POINTS)
    generator = np.random.default_rng(seed)
    gains = np.ones(1) if rows == 1 else 1.0 + 0.05 * generator.standard_normal(rows)
    # shifts between rows make trial-to-trial correlations lower than 1
    shifts = np.zeros(1) if rows == 1 else 0.01 * generator.standard_normal(rows)

    def strides(side: str, unit: str, names: tuple[str, ...], value) -> Strides:
        values = [
            np.column_stack([gain * value(n, share + shift) for n in names]) for gain, shift in zip(gains, shifts)
        ]
        count = len(gains)
        return Strides(side, names, unit, values, np.full(count, PERIOD), np.full(count, STANCE), np.arange(count))

    off = np.radians(offset_deg)
    force = {"vertical": vertical, "anterior": anterior, "lateral": lambda s: -0.05 * vertical(s)}
    parts = {}
    for side in sides:

        def turned(n, s, side=side):
            shifted = s if side == "right" or n not in TRUNK else s + 0.5
            return (-1.0 if side == "left" and n in MIRRORED else 1.0) * angle(n, shifted) + off

        parts["angles", side, "stride"] = strides(side, "rad", ANGLES + TRUNK, turned)
        parts["force", side, "stride"] = strides(side, "BW", tuple(force), lambda n, s: force[n](s))
        parts["moment", side, "stride"] = strides(side, "N m/kg", MOMENTS, moment)
    parts["activity", "right", "stride"] = strides("right", "1", MUSCLES, activity)
    figures = {("speed", ""): Figure(SPEED, np.nan, 1, "m/s")}
    for side in sides:
        figures["stride_time", side] = Figure(PERIOD, np.nan, 1, "s")
        figures["stance_fraction", side] = Figure(STANCE, np.nan, 1, "1")
    entry = Entry(
        "Made-up person", "a formula", "none needed", "nobody", "curves", 1, MASS, "strides" if rows == 1 else "trials"
    )
    return ReferenceData(name, entry, MADE_UP, parts=parts, figures=figures)
