"""Force plates of C3D files, types 1 to 4: what the ground did to the person, in the laboratory's frame.

A plate has axes of its own, which its corners tell: the first lies towards +x +y, the second towards -x +y, the third
towards -x -y. Whether a file holds the force on the plate or on the person differs between laboratories; a person can
only be pushed upward, so the sign that makes the vertical force upward is taken for the whole plate.

Source:
    The C3D File Format User Guide, Motion Lab Systems, "The FORCE_PLATFORM group"; Kistler, formulas for 8 channels.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile

LOADED = 20.0  # [N] below this a centre of pressure is noise
_CHANNELS = {1: 6, 2: 6, 3: 8, 4: 6}
_OUTSIDE = 0.10  # [m] beyond its edge where a force may seem to act
_SHARE = 0.2  # of the clearly loaded samples that may lie farther out
_CLEAR = (50.0, 0.2)  # [N] and share of the largest load above which a centre of pressure is clear
_FLAT = 1e-4  # [m^2] least area of a plate


@dataclass(frozen=True, eq=False)
class Plate:
    """A force plate as the file describes it.

    Args:
        number: from 1.
        kind: 1 to 4.
        corners: (4, 3) [m] in the laboratory's frame.
        origin: (3,) [m] what ORIGIN means for this type.
        calibration: (6, 6) from channels to N and N m, of type 4; else None.
    """

    number: int
    kind: int
    corners: np.ndarray
    origin: np.ndarray
    calibration: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Wrench:
    """Force of a plate on the person in the laboratory's frame.

    Args:
        force: (T, 3) [N].
        point: (T, 3) centre of pressure on the plate's surface [m], NaN while unloaded.
        moment: (T, 3) [N m] free moment, about the plate's normal.
        was_turned: whether the file held the force on the plate.
    """

    force: np.ndarray
    point: np.ndarray
    moment: np.ndarray
    was_turned: bool


def check(plate: Plate, path: str | Path) -> None:
    """Refuse plates that cannot be computed.

    Raises:
        BadFile: another type, corners that span no area, or numbers that are none.
    """
    if plate.kind not in _CHANNELS:
        raise BadFile(
            f"{path}: force plate {plate.number} is of type {plate.kind}; types 1 to 4 are read. Convert it to type 2, "
            "or leave it out."
        )
    if not np.isfinite(plate.corners).all() or not np.isfinite(plate.origin).all():
        raise BadFile(
            f"{path}: corners or origin of force plate {plate.number} are no numbers; correct or leave it out."
        )
    x, y = _sides(plate.corners)
    if np.linalg.norm(np.cross(x, y)) < _FLAT:
        raise BadFile(
            f"{path}: the corners of force plate {plate.number} span no area, so its place is unknown; write them into "
            "FORCE_PLATFORM:CORNERS, or leave the plate out."
        )


def wrench(plate: Plate, channels: np.ndarray, up: np.ndarray, path: str | Path) -> Wrench:
    """Force, centre of pressure and free moment of a plate.

    Args:
        plate: checked.
        channels: (T, 6 or 8) in N, N m and m, in the order of its type.
        up: (3,) the laboratory's vertical.
        path: of the file, for errors.

    Raises:
        BadFile: too few channels, or a force that seems to act beside the plate.
    """
    if channels.shape[1] < _CHANNELS[plate.kind]:
        raise BadFile(
            f"{path}: force plate {plate.number} is of type {plate.kind}, which has {_CHANNELS[plate.kind]} channels, "
            f"and {channels.shape[1]} are named in FORCE_PLATFORM:CHANNEL."
        )
    force, moment = _at_surface(plate, channels)
    axes = frame(plate.corners)
    laboratory = force @ axes.T
    vertical = laboratory @ up
    is_turned = bool(-np.min(vertical, initial=0.0) > np.max(vertical, initial=0.0))
    sign = -1.0 if is_turned else 1.0
    pressing = np.where(np.abs(force[:, 2]) >= LOADED, force[:, 2], np.nan)
    x, y = -moment[:, 1] / pressing, moment[:, 0] / pressing
    turning = np.nan_to_num(moment[:, 2] - (x * force[:, 1] - y * force[:, 0]))
    point = plate.corners.mean(axis=0) + np.column_stack([x, y, np.zeros(len(x))]) @ axes.T
    _check_inside(plate, sign * vertical, np.column_stack([x, y]), path)
    return Wrench(sign * laboratory, point, sign * turning[:, None] * axes[:, 2], is_turned)


def frame(corners: np.ndarray) -> np.ndarray:
    """(3, 3) columns: the plate's axes x, y and z in the laboratory's frame."""
    x, y = _sides(corners)
    x = x / np.linalg.norm(x)
    z = np.cross(x, y)
    z = z / np.linalg.norm(z)
    return np.column_stack([x, np.cross(z, x), z])


def _sides(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vectors along the plate's x and y, as long as its sides."""
    first, second, third, fourth = corners
    return 0.5 * (first + fourth - second - third), 0.5 * (first + second - third - fourth)


def _at_surface(plate: Plate, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Force and moment about the middle of the surface in the plate's axes, (T, 3) each."""
    c = channels.T
    if plate.kind == 1:  # Fx Fy Fz, centre of pressure x y, free moment
        force = channels[:, :3]
        x, y, free = c[3:6]
        return force, np.column_stack([y * c[2], -x * c[2], free + x * c[1] - y * c[0]])
    if plate.kind == 3:  # Fx12 Fx34 Fy14 Fy23 Fz1 Fz2 Fz3 Fz4, sensors at +-a, +-b
        a, b, _ = plate.origin
        force = np.column_stack([c[0] + c[1], c[2] + c[3], c[4:8].sum(axis=0)])
        moment = np.column_stack(
            [b * (c[4] + c[5] - c[6] - c[7]), a * (c[5] + c[6] - c[4] - c[7]), b * (c[1] - c[0]) + a * (c[2] - c[3])]
        )
        return force, _moved(force, moment, np.array([0.0, 0.0, plate.origin[2]]))
    six = channels[:, :6] if plate.calibration is None else channels[:, :6] @ plate.calibration.T
    return six[:, :3], _moved(six[:, :3], six[:, 3:6], plate.origin)


def _moved(force: np.ndarray, moment: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Moment about the middle of the surface, which lies at `origin` from where it was measured.

    The plate's z points down and its sensors lie below the surface, so z of the way there is negative; files that
    have it positive hold the way back.
    """
    way = -origin if origin[2] > 0 else origin
    return moment - np.cross(way, force)


def _check_inside(plate: Plate, vertical: np.ndarray, point: np.ndarray, path: str | Path) -> None:
    clear = vertical > max(_CLEAR[0], _CLEAR[1] * float(np.max(vertical, initial=0.0)))
    if not clear.any():
        return
    half = 0.5 * np.array([np.linalg.norm(side) for side in _sides(plate.corners)])
    outside = (np.abs(point[clear]) > half + _OUTSIDE).any(axis=1)
    if outside.mean() > _SHARE:
        raise BadFile(
            f"{path}: the force of plate {plate.number} seems to act beside the plate in {100 * outside.mean():.0f} % "
            "of its loaded samples; its corners, origin, channels or the unit of its moments are wrong. Correct them, "
            "or leave the plate out."
        )
