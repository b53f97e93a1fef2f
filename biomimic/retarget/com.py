"""Centre of mass that moves as the measured forces say and stays where the motion has it."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded

from biomimic.errors import BadValue
from biomimic.retarget.contact_phases import runs
from biomimic.retarget.floor import velocity

GRAVITY = 9.80665  # [m/s^2]
SHORTEST = 0.5  # [s] about half a stride: an error of speed of 0.03 m/s is then 0.6 % of the weight
WINDOW = 0.05  # [s] over which a speed is taken


@dataclass(frozen=True)
class ComOptions:
    """How far forces and how far the motion are believed.

    Attributes:
        crossover: [Hz] slower than this the motion is followed, faster the forces. A constant error of 0.05 m/s^2
            (0.5 % of the weight) then shifts by 6 mm; the sway of a stride, 0.7 Hz and faster, is the forces'.
        noise: [m/s^2] of the force's acceleration in a single frame.
        offset: [m/s^2] constant error of the forces over the clip: mass, plate drift, a plate that is not level.
    """

    crossover: float = 0.45
    noise: float = 0.3
    offset: float = 0.1


def com_from_forces(
    com: np.ndarray,
    force: np.ndarray,
    mass: float,
    rate: float,
    *,
    scale: float = 1.0,
    options: ComOptions | None = None,
) -> np.ndarray:
    """Centre of mass whose acceleration is the forces' and whose slow part is the motion's, (T, 3) [m].

    Least squares over the whole clip in the difference y from the motion: y'' against what the forces say beyond the
    motion's own acceleration, y against zero, and one constant error of the forces per axis. Frames without force
    keep the motion's acceleration.

    Args:
        com: of the motion, (T, 3) [m], z up.
        force: all forces on the person from the ground, low-passed, (T, 3) [N]; NaN where the plates did not bear
            every foot on the ground.
        mass: of the person whom the forces bore [kg].
        rate: [Hz].
        scale: length of the body in lengths of the person; times being kept, accelerations scale alike.
        options: None for the usual ones.

    Raises:
        BadValue: shapes that do not fit, a place that is not a number, a mass or scale that is not positive.

    Source:
        Double integration of forces: Cavagna, J Appl Physiol 39 (1975) 174-179; joined with kinematics by frequency:
        Maus, Seyfarth and Grimmer, J Exp Biol 214 (2011) 3511-3517.
    """
    options = ComOptions() if options is None else options
    com, force = _checked(com, force, mass, scale)
    if len(com) < 3:
        return com.copy()
    asked = scale * (force / mass - [0.0, 0.0, GRAVITY])[1:-1]
    error = asked - np.diff(com, 2, axis=0) * rate**2
    known = np.isfinite(error).all(axis=1)
    error[~known] = 0.0
    bands = _bands(len(com), rate, options)
    terms = np.column_stack([error, known.astype(float)])
    answer = solveh_banded(bands, _transposed(terms, rate), lower=True)
    left = terms - np.diff(answer, 2, axis=0) * rate**2
    stiff = (options.noise / options.offset) ** 2
    offset = known @ left[:, :3] / (known @ left[:, 3] + stiff)
    return com + answer[:, :3] - answer[:, 3:] * offset


def mass_from_forces(com: np.ndarray, force: np.ndarray, rate: float) -> float:
    """Mass of a person whom plates bore, from the longest stretch of known force [kg].

    The mean vertical force bears the weight and changes the vertical speed, which the motion shows.

    Args:
        com: centre of mass of the motion at the person's size, (T, 3) [m].
        force: all forces on the person from the ground, (T, 3) [N]; NaN where not every foot was on a plate.
        rate: [Hz].

    Raises:
        BadValue: shapes that do not fit, or less than 0.5 s of known force.
    """
    com, force = _checked(com, force, 1.0, 1.0)
    known = runs(np.isfinite(force).all(axis=1)[:, None])
    frames = int(known.length.max()) if len(known.length) else 0
    if frames < max(SHORTEST * rate, 3):
        raise BadValue(
            f"Forces are known for {frames / rate:.2g} s at a time; "
            f"a mass needs {SHORTEST:g} s with every foot on plates."
        )
    half = max(1, round(WINDOW * rate / 2.0))  # at the ends a speed is that of the nearest whole window
    first = int(known.first[known.length.argmax()]) + half
    last = first + frames - 1 - 2 * half
    speed = velocity(com[:, 2], rate, WINDOW)
    gained = (speed[last] - speed[first]) / ((last - first) / rate)
    mean = np.trapezoid(force[first : last + 1, 2]) / (last - first)
    return float(mean / (GRAVITY + gained))


def _bands(count: int, rate: float, options: ComOptions) -> np.ndarray:
    """Normal matrix of second differences and places, its lower bands, (3, T)."""
    ones = np.ones(count - 2)
    bands = np.zeros((3, count))
    for offset, factors in enumerate(((1.0, 4.0, 1.0), (-2.0, -2.0), (1.0,))):
        for row, factor in enumerate(factors):
            bands[offset, row : row + count - 2] += factor * ones
    bands *= rate**4
    bands[0] += (2.0 * np.pi * options.crossover) ** 4
    return bands


def _transposed(acceleration: np.ndarray, rate: float) -> np.ndarray:
    """Second difference transposed, (T - 2, C) to (T, C)."""
    result = np.zeros((len(acceleration) + 2, acceleration.shape[1]))
    result[:-2] += acceleration
    result[1:-1] -= 2.0 * acceleration
    result[2:] += acceleration
    return result * rate**2


def _checked(com: np.ndarray, force: np.ndarray, mass: float, scale: float) -> tuple[np.ndarray, np.ndarray]:
    com, force = np.asarray(com, dtype=float), np.asarray(force, dtype=float)
    if com.ndim != 2 or com.shape[1:] != (3,) or com.shape != force.shape:
        raise BadValue(
            f"A centre of mass of shape {com.shape} and forces of shape {force.shape} were given; "
            "both need one row of x y z per frame."
        )
    if not np.isfinite(com).all():
        raise BadValue("The centre of mass of the motion is not a number in some frames; every frame must be known.")
    if not (np.isfinite(mass) and mass > 0 and np.isfinite(scale) and scale > 0):
        raise BadValue(f"A mass of {mass:g} kg and a scale of {scale:g} were given; both must be positive.")
    return com, force
