"""A walk in closed form, and the files a laboratory would have written of it; the writers know nothing of the readers.

The person goes along x at SPEED; z is up and y to the left in `Walk`, as in the house. OpenSim's files have x forward,
y up, z to the right.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

SPEED, PERIOD, STANCE, MASS = 1.2, 1.1, 0.62, 70.0  # [m/s] [s] [share of the stride] [kg]
WEIGHT = MASS * 9.80665
FIRST = {"right": 0.2, "left": 0.2 + 0.5 * PERIOD}  # [s] heel strikes
FOOT = 0.22  # [m] heel to toe
WIDTH = {"right": -0.1, "left": 0.1}  # [m] y of the feet
MARKERS = ("RASI", "LASI", "RPSI", "LPSI", "C7", "CLAV", "RHEE", "LHEE", "RTOE", "LTOE", "RANK", "LANK")
COORDINATES = (
    *("pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz"),
    *(f"{name}_{s}" for s in "rl" for name in ("hip_flexion", "knee_angle", "ankle_angle")),
)


@dataclass(frozen=True)
class Walk:
    """The walk from 0 to `duration` [s]."""

    duration: float = 2.4

    def time(self, rate: float) -> np.ndarray:
        return np.arange(int(self.duration * rate) + 1) / rate

    def phase(self, time: np.ndarray, side: str) -> np.ndarray:
        return ((time - FIRST[side]) / PERIOD) % 1.0

    def angle(self, name: str, side: str, time: np.ndarray) -> np.ndarray:
        """[deg], flexion and dorsiflexion positive."""
        turn = 2.0 * np.pi * self.phase(time, side)
        if name == "knee":
            return 33.0 - 30.0 * np.cos(turn - 1.3)  # largest at 71 % of the stride
        return 10.0 + 22.0 * np.cos(turn) if name == "hip" else 14.0 * np.cos(turn - 2.7)

    def heel(self, time: np.ndarray, side: str) -> np.ndarray:
        """(T, 3) [m]: still while the foot is loaded, forward in a smooth swing."""
        stride = np.floor((time - FIRST[side]) / PERIOD)
        share = np.clip((self.phase(time, side) - STANCE) / (1.0 - STANCE), 0.0, 1.0)
        landed = SPEED * (FIRST[side] + stride * PERIOD) + 0.25
        x = landed + SPEED * PERIOD * (3.0 * share**2 - 2.0 * share**3)
        z = 0.05 + 0.15 * np.sin(np.pi * share)
        return np.column_stack([x, np.full_like(time, WIDTH[side]), z])

    def force(self, time: np.ndarray, side: str) -> np.ndarray:
        """(T, 3) [N] on the person: two humps, braking then driving, inward."""
        share = self.phase(time, side) / STANCE
        loaded, angle = share < 1.0, np.pi * share
        up = 9.0 * np.pi / (40.0 * STANCE) * (np.sin(angle) + np.sin(3.0 * angle) / 3.0)
        inward = -np.sign(WIDTH[side]) * 0.04 * np.sin(angle)
        return WEIGHT * np.where(loaded, [-0.15 * np.sin(2.0 * angle), inward, up], 0.0).T

    def point(self, time: np.ndarray, side: str) -> np.ndarray:
        """(T, 2) [m] where the force acts: from the heel to the toes."""
        share = np.clip(self.phase(time, side) / STANCE, 0.0, 1.0)
        heel = self.heel(time, side)
        return np.column_stack([heel[:, 0] + FOOT * share, heel[:, 1]])

    def markers(self, time: np.ndarray) -> np.ndarray:
        """(T, K, 3) [m]."""
        pelvis = np.column_stack([SPEED * time, np.zeros_like(time), np.full_like(time, 0.95)])
        places = {"C7": pelvis + [-0.05, 0.0, 0.5], "CLAV": pelvis + [0.08, 0.0, 0.45]}
        for letter, side in (("R", "right"), ("L", "left")):
            outward = np.sign(WIDTH[side])
            places[f"{letter}ASI"] = pelvis + [0.1, 0.12 * outward, 0.0]
            places[f"{letter}PSI"] = pelvis + [-0.1, 0.05 * outward, 0.02]
            heel = self.heel(time, side)
            places |= {f"{letter}HEE": heel, f"{letter}TOE": heel + [FOOT, 0.0, 0.0]}
            places[f"{letter}ANK"] = heel + [0.05, 0.03 * outward, 0.06]
        return np.stack([places[name] for name in MARKERS], axis=1)

    def burst(self, time: np.ndarray, side: str, peak: float) -> np.ndarray:
        """Envelope of a muscle that is most active at this share of the stride."""
        return 0.02 + np.exp(8.0 * (np.cos(2.0 * np.pi * (self.phase(time, side) - peak)) - 1.0))


def table(path: Path, names: list[str], columns: list[np.ndarray], header: str = "inDegrees=no") -> Path:
    """An OpenSim table; the first column is time."""
    rows = "\n".join("\t".join(f"{value:.7g}" for value in row) for row in np.column_stack(columns))
    head = f"{path.stem}\nversion=1\nnRows={len(columns[0])}\nnColumns={len(names)}\n{header}\nendheader\n"
    path.write_text(head + "\t".join(names) + "\n" + rows + "\n")
    return path


def angles(path: Path, knee: int = 1, degrees: bool = True, walk: Walk | None = None, rate: float = 50.0) -> Path:
    """Coordinates; `knee` is the sign of flexion."""
    walk = walk or Walk()
    time = walk.time(rate)
    factor = 1.0 if degrees else np.pi / 180.0
    zero = np.zeros_like(time)
    columns = [time, zero, zero, zero, SPEED * time, zero + 0.95, zero]
    for side in ("right", "left"):
        signs = (("hip", 1), ("knee", knee), ("ankle", 1))
        columns += [sign * factor * walk.angle(name, side, time) for name, sign in signs]
    return table(path, ["time", *COORDINATES], columns, f"inDegrees={'yes' if degrees else 'no'}")


def forces(path: Path, prefixes: dict[str, str], walk: Walk | None = None, rate: float = 200.0) -> Path:
    """Plates; prefix of the columns → side."""
    walk = walk or Walk()
    time = walk.time(rate)
    names, columns = ["time"], [time]
    for prefix, side in prefixes.items():
        force, point = walk.force(time, side), walk.point(time, side)
        names += [f"{prefix}v{axis}" for axis in "xyz"] + [f"{prefix}p{axis}" for axis in "xyz"]
        names.append(prefix.replace("force", "torque") + "y")
        columns += [force[:, 0], force[:, 2], -force[:, 1], point[:, 0], 0 * time, -point[:, 1], 0.01 * force[:, 2]]
    return table(path, names, columns)


def moments(path: Path, knee: int = 1) -> Path:
    time = Walk().time(50.0)
    names = ["time", "hip_flexion_r_moment", "knee_angle_r_moment", "pelvis_tx_force"]
    return table(path, names, [time, 50 * np.sin(time), knee * 30 * np.cos(time), 0 * time])


def emg(path: Path, raw: bool = False, names: tuple[str, ...] = ("soleus_r", "tibialis_anterior_r")) -> Path:
    """EMG: envelopes, or noise under them."""
    walk, rate = Walk(), 1000.0 if raw else 100.0
    time = walk.time(rate)
    noise = (
        np.random.default_rng(1).standard_normal((len(names), len(time))) if raw else np.ones((len(names), len(time)))
    )
    peaks = (0.45, 0.02, 0.1, 0.2)
    columns = [walk.burst(time, "right", peak) * row for peak, row in zip(peaks, noise)]
    return table(path, ["time", *names], [time, *columns])


def trc(path: Path, unit: str = "mm", walk: Walk | None = None, rate: float = 50.0) -> Path:
    walk = walk or Walk()
    time = walk.time(rate)
    x, y, z = np.moveaxis(walk.markers(time), 2, 0)
    places = np.stack([x, z, -y], axis=2) * {"mm": 1000.0, "m": 1.0}[unit]
    head = f"PathFileType\t4\t(X/Y/Z)\t{path.name}\n"
    head += "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n"
    head += f"{rate:g}\t{rate:g}\t{len(time)}\t{len(MARKERS)}\t{unit}\t{rate:g}\t1\t{len(time)}\n"
    head += "Frame#\tTime\t" + "\t\t\t".join(MARKERS) + "\t\t\n\t\t"
    head += "\t".join(f"{axis}{k + 1}" for k in range(len(MARKERS)) for axis in "XYZ") + "\n\n"
    rows = [
        "\t".join([str(k + 1), f"{now:.5f}", *(f"{value:.5f}" for value in place.ravel())])
        for k, (now, place) in enumerate(zip(time, places))
    ]
    path.write_text(head + "\n".join(rows) + "\n")
    return path


def external_loads(path: Path, data: str, bodies: dict[str, str]) -> Path:
    """Prefix of the columns → body."""
    one = (
        '<ExternalForce name="{n}"><applied_to_body>{b}</applied_to_body><force_expressed_in_body>ground'
        "</force_expressed_in_body><point_expressed_in_body>ground</point_expressed_in_body><force_identifier>{p}v"
        "</force_identifier><point_identifier>{p}p</point_identifier><torque_identifier>{t}</torque_identifier>"
        "</ExternalForce>"
    )
    inside = "".join(
        one.format(n=f"f{k}", b=body, p=prefix, t=prefix.replace("force", "torque"))
        for k, (prefix, body) in enumerate(bodies.items())
    )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8" ?>\n<OpenSimDocument Version="40000"><ExternalLoads name="a"><objects>'
        f"{inside}</objects><datafile>{data}</datafile></ExternalLoads></OpenSimDocument>\n"
    )
    return path


def model(path: Path, knee: str = "-0.1 2.1") -> Path:
    path.write_text(
        '<?xml version="1.0" ?>\n<OpenSimDocument Version="40000"><Model name="made"><BodySet><objects>'
        '<Body name="pelvis"><mass>40</mass></Body><Body name="femur_r"><mass>30</mass></Body></objects></BodySet>'
        f'<Joint><Coordinate name="knee_angle_r"><range>{knee}</range></Coordinate></Joint></Model></OpenSimDocument>\n'
    )
    return path


def anc(path: Path, names: tuple[str, ...] = ("SOL", "TA")) -> Path:
    walk, rate = Walk(), 1000.0
    time = walk.time(rate)
    noise = np.random.default_rng(2).standard_normal((len(names), len(time)))
    counts = [
        np.round(2000.0 * walk.burst(time, "right", peak) * row).astype(int) for peak, row in zip((0.45, 0.02), noise)
    ]
    head = "File_Type:\tAnalog R/C ASCII\tGeneration#:\t2\nBoard_Type:\tA\tPolarity:\tBipolar\n"
    head += f"Trial_Name:\tmade\tTrial#:\t1\tDuration(Sec.):\t2.4\t#Channels:\t{len(names)}\n"
    head += f"BitDepth:\t16\tPreciseRate:\t{rate:f}\n\n\nName\t" + "\t".join(names)
    head += "\nRate\t" + "\t".join(["1000"] * len(names)) + "\nRange\t" + "\t".join(["2500"] * len(names)) + "\n"
    rows = "\n".join(
        "\t".join([f"{row[0]:.6f}", *(str(int(v)) for v in row[1:])]) for row in np.column_stack([time, *counts])
    )
    path.write_text(head + rows + "\n")
    return path


def sheet(path: Path) -> Path:
    """CSV in degrees, body weights and a knee that is negative in flexion, with its TOML."""
    walk = Walk()
    time = walk.time(50.0)
    columns = {"t": time, "KneeR": -walk.angle("knee", "right", time), "frame": np.arange(len(time))}
    columns |= {f"Fz_{side[0].upper()}": walk.force(time, side)[:, 2] / WEIGHT for side in ("right", "left")}
    rows = "\n".join(",".join(f"{value:.6f}" for value in row) for row in np.column_stack(list(columns.values())))
    path.write_text(",".join(columns) + "\n" + rows + "\n")
    described = [("KneeR", "angles", "knee_flexion_right", "deg", -1)]
    described += [(f"Fz_{s[0].upper()}", "force", f"vertical_{s}", "BW", 1) for s in ("right", "left")]
    text = f'mass_kg = {MASS}\ntime = "t"\nignore = ["frame"]\n'
    for name, quantity, channel, unit, sign in described:
        text += f'\n[[columns]]\nname = "{name}"\nquantity = "{quantity}"\nchannel = "{channel}"\nunit = "{unit}"\n'
        text += f"sign = {sign}\n"
    path.with_suffix(".toml").write_text(text)
    return path
