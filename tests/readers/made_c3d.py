"""C3D files of the made walk: markers, two force plates of any type, EMG, events, Plug-in Gait angles."""

from pathlib import Path

import ezc3d
import made_gait
import numpy as np
from made_gait import MARKERS, Walk

RATE, SAMPLES = 50, 10  # frames per second, analog samples a frame
DEPTH = 0.04  # [m] of the plates' origin below their surface
SENSORS = (0.12, 0.2)  # [m] a and b of type 3
CALIBRATION = np.diag([1.5, 1.4, 5.0, 0.6, 0.5, 0.4]) + 0.01  # of type 4, to N and N m


def corners(x: float, y: float, turn: int = 0) -> np.ndarray:
    """(4, 3) [m] of a plate of 0.5 by 0.6 m around a place, its z down, turned by quarters about the vertical."""
    half = np.array(
        [[0.25, -0.3], [-0.25, -0.3], [-0.25, 0.3], [0.25, 0.3]]
    )  # +x +y of a frame whose y is the lab's -y
    half = half if turn % 2 == 0 else half * [1.2, 1.0 / 1.2]
    angle = 0.5 * np.pi * turn
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([half @ spin.T + [x, y], np.zeros(4)])


def channels(kind: int, force: np.ndarray, point: np.ndarray, free: np.ndarray, place: np.ndarray) -> np.ndarray:
    """What a plate of a type gives for a force on the person, lengths in metres; worked out from the wrench.

    The plate's x is the direction from corner 2 to 1, y that from corner 4 to 1 (3 to 2), z points down.
    """
    x = place[0] - place[1]
    y = place[0] - place[3]
    axes = np.stack([x / np.linalg.norm(x), y / np.linalg.norm(y), [0.0, 0.0, -1.0]])  # rows: the plate's axes
    f = force @ axes.T
    r = (np.column_stack([point, np.zeros(len(point))]) - place.mean(axis=0)) @ axes.T
    r = np.where(np.isfinite(r), r, 0.0)
    torque = np.column_stack([np.zeros((len(free), 2)), -free])  # about the plate's z, which points down
    if kind == 1:
        return np.column_stack([f, r[:, :2], torque[:, 2]])
    below = r + [0.0, 0.0, -DEPTH]  # from the origin, which lies below the surface, to where the force acts
    m = np.cross(below, f) + torque
    if kind == 2:
        return np.column_stack([f, m])
    if kind == 4:
        return np.column_stack([f, m]) @ np.linalg.inv(CALIBRATION).T
    return _sensors(f, m)


def _sensors(f: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Eight channels of a Kistler plate with this force and moment about its origin."""
    a, b = SENSORS
    share = np.array([[1.0, 1, 1, 1], [b, b, -b, -b], [-a, a, a, -a]])  # Fz, Mx, My of four vertical sensors
    vertical = np.stack([f[:, 2], m[:, 0], m[:, 1]], axis=1) @ np.linalg.pinv(share).T
    # Mz = b (Fx34 - Fx12) + a (Fy14 - Fy23); let the y sensors share evenly
    fx34 = 0.5 * (f[:, 0] + m[:, 2] / b)
    return np.column_stack([f[:, 0] - fx34, fx34, 0.5 * f[:, 1], 0.5 * f[:, 1], vertical])


def write(path: Path, *, kind: int = 2, sign: float = 1.0, turn: int = 0, first: int = 1, change=None) -> Path:
    """One right and one left step on a plate each, in millimetres."""
    walk = Walk()
    frames = len(walk.time(RATE))
    time, fine = walk.time(RATE), np.arange(frames * SAMPLES) / (RATE * SAMPLES)
    places, analogs = [], []
    for side in ("right", "left"):
        begin, end = made_gait.FIRST[side], made_gait.FIRST[side] + made_gait.STANCE * made_gait.PERIOD
        on = ((fine >= begin) & (fine <= end))[:, None]
        point = walk.point(fine, side)
        middle = walk.point(np.array([0.5 * (begin + end)]), side)[0]
        place = corners(*middle, turn)
        values = channels(
            kind, walk.force(fine, side) * on, point, 0.01 * walk.force(fine, side)[:, 2] * on[:, 0], place
        )
        places.append(place)
        analogs.append(sign * values if kind != 1 else values * [sign, sign, sign, 1, 1, sign])
    file = ezc3d.c3d()
    _points(file, walk.markers(time), time, walk)
    _plates(file, kind, places, analogs, np.column_stack([walk.burst(fine, "right", p) for p in (0.45, 0.02)]))
    file["header"]["points"]["first_frame"] = first - 1
    file.add_parameter("EVENT", "LABELS", ["Foot Strike", "Foot Off", "Foot Strike"])
    file.add_parameter("EVENT", "CONTEXTS", ["Right", "Right", "Right"])
    when = np.array([made_gait.FIRST["right"] + share * made_gait.PERIOD for share in (0, made_gait.STANCE, 1)])
    file.add_parameter("EVENT", "TIMES", np.vstack([np.zeros(3), when + (first - 1) / RATE]))
    if change is not None:
        change(file)
    file.write(str(path))
    return path


def _points(file, markers: np.ndarray, time: np.ndarray, walk: Walk) -> None:
    knee = np.column_stack([walk.angle("knee", "right", time), np.zeros((len(time), 2))])
    points = np.ones((4, len(MARKERS) + 1, len(time)))
    points[:3, :-1] = 1000.0 * markers.transpose(2, 1, 0)
    points[:3, -1] = knee.T
    file["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    file["parameters"]["POINT"]["RATE"]["value"] = [float(RATE)]
    file["parameters"]["POINT"]["LABELS"]["value"] = [*MARKERS, "RKneeAngles"]
    file.add_parameter("POINT", "ANGLES", ["RKneeAngles"])
    file.add_parameter("PROCESSING", "Bodymass", [made_gait.MASS])
    file["data"]["points"] = points


def _plates(file, kind: int, places: list[np.ndarray], analogs: list[np.ndarray], emg: np.ndarray) -> None:
    units = {1: ["N"] * 3 + ["mm", "mm", "Nmm"], 2: ["N"] * 3 + ["Nmm"] * 3, 3: ["N"] * 8, 4: ["V"] * 6}[kind]
    scale = {1: [1, 1, 1, 1e3, 1e3, 1e3], 2: [1, 1, 1, 1e3, 1e3, 1e3], 3: [1] * 8, 4: [1] * 6}[kind]
    count = len(units)
    values = np.hstack([*(one * scale for one in analogs), emg])
    file["parameters"]["ANALOG"]["UNITS"]["value"] = units * 2 + ["V", "V"]
    file["parameters"]["ANALOG"]["RATE"]["value"] = [float(RATE * SAMPLES)]
    labels = [f"C{k}_{p}" for p in (1, 2) for k in range(count)] + ["R_SOL", "R_TA"]
    file["parameters"]["ANALOG"]["LABELS"]["value"] = labels
    file["data"]["analogs"] = values.T[None]
    origin = [1000 * SENSORS[0], 1000 * SENSORS[1], -1000 * DEPTH] if kind == 3 else [0.0, 0.0, -1000 * DEPTH]
    numbers = np.arange(1, 2 * count + 1).reshape(2, count).T
    file.add_parameter("FORCE_PLATFORM", "USED", [2])
    file.add_parameter("FORCE_PLATFORM", "TYPE", [kind, kind])
    file.add_parameter("FORCE_PLATFORM", "ZERO", [1, 0])
    file.add_parameter("FORCE_PLATFORM", "CHANNEL", numbers.astype(float))
    file.add_parameter("FORCE_PLATFORM", "ORIGIN", np.column_stack([origin, origin]) if kind != 1 else np.zeros((3, 2)))
    file.add_parameter("FORCE_PLATFORM", "CORNERS", np.stack([1000.0 * place.T for place in places], axis=2))
    matrix = CALIBRATION * np.array([1, 1, 1, 1e3, 1e3, 1e3])[:, None]
    file.add_parameter("FORCE_PLATFORM", "CAL_MATRIX", np.stack([matrix, matrix], axis=2) if kind == 4 else [])
