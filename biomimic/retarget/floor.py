"""Where the floor lies and whether it moves: belt velocity and floor plane from points of the feet."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.signal import savgol_filter

from biomimic.retarget import contact_phases as phases

GRID = 0.2  # [m/s] cell of the coarse search for the velocity that most low points share
FASTEST = 15.0  # [m/s] feet of sprinters; faster ones are jumps of a record
SHIFTS = 8  # steps of the mean shift that follows; it converges within five
PARTS = 3  # of each contact


@dataclass(frozen=True)
class FloorOptions:
    """How the floor is found. Standard deviations are those of a least squares with priors.

    Attributes:
        window: [s] velocities come from a parabola over so much time: 5 frames at 100 Hz; marker noise of 1 mm then
            gives 0.03 m/s, a heel strike is smeared by less than 20 ms.
        least_belt: [m/s] a slower common motion of loaded feet is skating of a capture, not a treadmill.
        belt_width: [m/s] loaded feet agree with the belt to about this: belts slow down by 3 to 5 % at foot strike.
        vertical: [m/s] low points that rise or sink faster are hardly loaded; a belt of 4 m/s that leans 10 % sinks
            by 0.4 m/s.
        at_rest: a floor at rest wins if at least this share as many points share its velocity as share the belt's.
        low: share of the lowest frames of each foot that may be loaded: running has 30 % to 35 % of stance.
        still: [m/s] a point slower than this against the floor may be planted and so show where the floor is.
        shortest: [s] least time it has to be still: longer than the turn of a swinging foot, shorter than the shortest
            stance of a sprint (0.1 s).
        noise: [m] height of planted points around the plane: markers, soft soles, a fitted foot.
        sole: [m] how well the height of each point over the sole is known beforehand.
        slope: tangent by which floors usually lean; a metre of steps outweighs it (CMU's lab leans 0.02), and a belt
            that sinks or rises shows itself that it leans.
        steepest: a plane leaning more is no floor one walks on as on a level one (treadmills end at 0.15).
        outlier: [m] planted points that stay further above the floor are on a step, or held in the air.
        start: [m] the same before the plane is known.
    """

    window: float = 0.05
    least_belt: float = 0.3
    belt_width: float = 0.15
    vertical: float = 0.3
    at_rest: float = 0.6
    low: float = 0.5
    still: float = 0.25
    shortest: float = 0.06
    noise: float = 0.005
    sole: float = 0.01
    slope: float = 0.01
    steepest: float = 0.16
    outlier: float = 0.03
    start: float = 0.12


class Plane(NamedTuple):
    """The floor.

    Attributes:
        origin: a point on it, (3,) [m].
        normal: upward unit vector, (3,).
        sole: height of each point's lower end over it while planted, (P,) [m].
        spread: root mean square of the planted heights around it [m], NaN if nothing was ever planted.
    """

    origin: np.ndarray
    normal: np.ndarray
    sole: np.ndarray
    spread: float


def velocity(place: np.ndarray, rate: float, window: float) -> np.ndarray:
    """Velocity of points by a moving parabola, (T, ...) [m/s]; at the ends that of the nearest whole window.

    Args:
        place: (T, ...) [m].
        rate: [Hz].
        window: [s].
    """
    count = max(3, 2 * round(window * rate / 2.0) + 1)
    if len(place) < count:
        return np.gradient(place, 1.0 / rate, axis=0) if len(place) > 1 else np.zeros_like(place)
    moving = savgol_filter(place, count, 2, deriv=1, delta=1.0 / rate, axis=0, mode="nearest")
    half = count // 2  # a parabola's slope at its own end is six times as noisy
    moving[:half], moving[-half:] = moving[half], moving[-half - 1]
    return moving


def belt(place: np.ndarray, moving: np.ndarray, feet: list[np.ndarray], options: FloorOptions) -> np.ndarray:
    """Velocity that most of the low points share, (3,) [m/s]; zero if that is near rest.

    Overground, planted feet rest and swinging ones spread over many velocities, so rest is the most frequent
    velocity; on a treadmill it is the belt's.

    Args:
        place: lower ends of the points, (T, P, 3) [m].
        moving: their velocity, (T, P, 3) [m/s].
        feet: indices of the points of each foot.
        options: as named.
    """
    samples, weights = [], []
    for foot in feet:
        lowest = foot[place[:, foot, 2].argmin(axis=1)]
        frames = np.arange(len(place))
        height = _without_trend(place[frames, lowest])
        chosen = height <= np.quantile(height, options.low)
        speed = moving[frames, lowest][chosen]
        samples.append(speed)
        weights.append(np.exp(-0.5 * (speed[:, 2] / options.vertical) ** 2))
    samples, weights = np.concatenate(samples), np.concatenate(weights)
    found = _mode(samples[:, :2], weights, options.belt_width)
    if np.linalg.norm(found) < options.least_belt:
        return np.zeros(3)
    near = weights * _kernel(samples[:, :2] - found, options.belt_width)
    if (weights * _kernel(samples[:, :2], options.belt_width)).sum() >= options.at_rest * near.sum():
        return np.zeros(3)
    return np.array([*found, near @ samples[:, 2] / near.sum()])


def _without_trend(place: np.ndarray) -> np.ndarray:
    """Heights without their slope over ground, (T,) [m]; a floor that leans 2 % rises 10 cm in 5 m."""
    over = place[:, :2] - place[:, :2].mean(axis=0)
    normal = over.T @ over + len(place) * np.eye(2)  # a prior: 1 m of travel, so standing shows no slope
    height = place[:, 2] - place[:, 2].mean()
    return height - over @ np.linalg.solve(normal, over.T @ height)


def _kernel(error: np.ndarray, width: float) -> np.ndarray:
    """Gaussian of the length of each row, (N,)."""
    return np.exp(-0.5 * (error**2).sum(axis=-1) / width**2)


def _mode(samples: np.ndarray, weights: np.ndarray, width: float) -> np.ndarray:
    """Most frequent velocity, (2,): fullest cell and its neighbours, then mean shift with a Gaussian kernel."""
    cells = np.round(np.clip(samples, -FASTEST, FASTEST) / GRID).astype(int)
    cells -= cells.min(axis=0)
    table = np.zeros(cells.max(axis=0) + 3)
    for ahead in (-1, 0, 1):
        for aside in (-1, 0, 1):
            np.add.at(table, (cells[:, 0] + 1 + ahead, cells[:, 1] + 1 + aside), weights)
    best = np.array(np.unravel_index(table.argmax(), table.shape)) - 1
    near = (np.abs(cells - best) <= 1).all(axis=1)
    return shifted(np.average(samples[near], axis=0, weights=weights[near] + 1e-12), samples, weights, width)


def shifted(found: np.ndarray, samples: np.ndarray, weights: np.ndarray, width: float) -> np.ndarray:
    """The most frequent sample near `found`: mean shift with a Gaussian kernel, (K,)."""
    for _ in range(SHIFTS):
        pull = weights * _kernel(samples - found, width) + 1e-300
        found = pull @ samples / pull.sum()
    return found


def plane(
    place: np.ndarray, planted: np.ndarray, weights: np.ndarray, running: np.ndarray, options: FloorOptions
) -> Plane:
    """The plane under planted points, each of which may stand at a height of its own.

    Every third of a run of planted frames counts once: on a belt the points of a foot are planted over the same stretch
    of it, and only their way along it shows how it leans. Heights above the plane lose their weight (a foot held
    still in the air, a step); the search begins with a wide band around all of them and narrows it.

    Args:
        place: lower ends of the points, (T, P, 3) [m].
        planted: (T, P), may hold wrong ones.
        weights: how surely a point is planted, (T, P).
        running: velocity of the belt, (3,) [m/s].
        options: as named.
    """
    count = place.shape[1]
    found = phases.runs(planted)
    if not len(found.column):
        lowest = place.reshape(-1, 3)[place[..., 2].argmin()]
        return Plane(lowest.copy(), np.array([0.0, 0.0, 1.0]), np.zeros(count), float("nan"))
    parts = PARTS * len(found.column)
    label = _parts(found, planted.shape)
    points = phases.mean(np.concatenate([place, weights[..., None]], axis=-1), weights + 1e-6, label, parts)
    seen = np.isfinite(points[:, 0])
    points, column = points[seen], np.repeat(found.column, PARTS)[seen]
    middle = points[:, :2].mean(axis=0)
    terms = np.column_stack([np.ones(len(points)), points[:, :2] - middle, np.eye(count)[column]])
    shown = abs(running[2]) / max(np.hypot(running[0], running[1]), options.least_belt)
    for lean in (options.slope + shown, 1e-9):
        answer, weight = _fit(terms, points[:, 2:], lean, options)
        if np.hypot(answer[1], answer[2]) <= options.steepest:
            break
    error = points[:, 2] - terms @ answer
    spread = float(np.sqrt(weight @ error**2 / weight.sum())) if weight.sum() > 0 else float("nan")
    normal = np.array([-answer[1], -answer[2], 1.0])
    origin = np.array([*middle, answer[0]])
    return Plane(origin, normal / np.linalg.norm(normal), answer[3:], spread)


def _parts(found: phases.Runs, shape: tuple[int, int]) -> np.ndarray:
    """Number of the third of a run that each frame belongs to, -1 outside of all, (T, P)."""
    label = phases.number(found, shape)
    since = np.arange(shape[0])[:, None] - found.first[label]
    return np.where(label < 0, -1, PARTS * label + PARTS * since // found.length[label])


def _fit(terms: np.ndarray, points: np.ndarray, lean: float, options: FloorOptions) -> tuple[np.ndarray, np.ndarray]:
    """Height, slopes and soles by reweighted least squares of height and surety (N, 2), and the last weights."""
    height, surety = points.T
    prior = np.full(terms.shape[1], (options.noise / options.sole) ** 2)
    prior[:3] = 1e-9, (options.noise / lean) ** 2, (options.noise / lean) ** 2
    weight = np.ones(len(height))
    answer = np.zeros(terms.shape[1])
    answer[0] = np.median(height)
    widths = np.geomspace(options.start, options.outlier, 5)
    for step, width in enumerate((np.inf, np.inf, *widths, widths[-1], widths[-1])):
        error = height - terms @ answer
        if step > 0:
            weight = 1.0 / (1.0 + np.abs(error) / options.noise) if np.isinf(width) else _one_sided(error, width)
            weight = weight * surety
        normal = (terms * weight[:, None]).T @ terms + np.diag(prior)
        answer = np.linalg.solve(normal, (terms * weight[:, None]).T @ height)
    return answer, weight


def _one_sided(error: np.ndarray, width: float) -> np.ndarray:
    """Weights: none beyond `width` above the plane (Tukey), less and less below it (Huber)."""
    above = np.clip(1.0 - (error / width) ** 2, 0.0, None) ** 2
    below = width / np.maximum(np.abs(error), width)
    return np.where(error > 0.0, above, below)
