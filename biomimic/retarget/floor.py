"""Where the floor lies and whether it moves: belt velocity and floor plane from points of the feet."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.signal import savgol_filter

from biomimic.retarget import contact_phases as phases

GRID = 0.2  # [m/s] cell of the coarse search for the velocity that most low points share
FASTEST = 15.0  # [m/s] feet of sprinters; faster ones are jumps of a record
SHIFTS = 8  # steps of the mean shift that follows; it converges within five


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
        unturned: [m/s] points of a foot that lies flat differ by less: 1 rad/s over its length.
        least_flat: frames of flat feet that tell how the belt moves.
        at_rest: a floor at rest wins if at least this share as many points share its velocity as share the belt's.
        low: share of the lowest frames of each foot that may be loaded: running has 30 % to 35 % of stance.
        still: [m/s] a point slower than this against the floor may be planted and so show where the floor is.
        shortest: [s] least time it has to be still: longer than the turn of a swinging foot, shorter than the shortest
            stance of a sprint (0.1 s).
        stance: [m] height of a planted foot around the plane, all its points alike: soft soles, a fitted leg.
        noise: [m] the same of a single point besides.
        foot: [m] by which a planted foot of the fitted person hovers or sinks as a whole.
        tilt: [rad] by which it pitches and rolls: the turn of a foot about its ankle is what sources tell worst.
        sole: [m] by which its points are off besides.
        slope: tangent by which floors usually lean; three steps outweigh it (CMU's lab leans 0.02).
        steepest: a plane leaning more is no floor one walks on as on a level one (treadmills end at 0.15).
        outlier: [m] planted points that stay further above the floor are on a step, or held in the air.
        start: [m] the same before the plane is known.
    """

    window: float = 0.05
    least_belt: float = 0.3
    belt_width: float = 0.15
    vertical: float = 0.3
    unturned: float = 0.2
    least_flat: int = 10
    at_rest: float = 0.6
    low: float = 0.5
    still: float = 0.25
    shortest: float = 0.06
    stance: float = 0.01
    noise: float = 0.004
    foot: float = 0.01
    tilt: float = 0.15
    sole: float = 0.005
    slope: float = 0.02
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
    velocity; on a treadmill it is the belt's. A foot that does not turn moves as the belt does, and so shows whether
    the belt leans; where no foot is ever flat the belt is taken for level.

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
    samples, weights = np.concatenate(samples)[:, :2], np.concatenate(weights)
    found = _mode(samples, weights, options.belt_width)
    if np.linalg.norm(found) < options.least_belt:
        return np.zeros(3)
    near, rest = (weights @ _kernel(samples - at, options.belt_width) for at in (found, np.zeros(2)))
    if rest >= options.at_rest * near:
        return np.zeros(3)
    flat = np.concatenate([_unturned(moving[:, foot], found, options) for foot in feet])
    return np.median(flat, axis=0) if len(flat) >= options.least_flat else np.array([*found, 0.0])


def _unturned(moving: np.ndarray, belt: np.ndarray, options: FloorOptions) -> np.ndarray:
    """Velocity of a foot in the frames in which all its points move alike and about as the belt, (N, 3) [m/s]."""
    middle = moving.mean(axis=1)
    apart = np.linalg.norm(moving - middle[:, None], axis=-1).max(axis=1)
    along = np.linalg.norm(middle[:, :2] - belt, axis=1)
    return middle[(apart < options.unturned) & (along < 2.0 * options.belt_width)]


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
    place: np.ndarray,
    planted: np.ndarray,
    weights: np.ndarray,
    running: np.ndarray,
    feet: list[np.ndarray],
    options: FloorOptions,
) -> Plane:
    """The plane under planted points, each of which may stand at a height of its own.

    The points of a foot err together, so each stance has a height of its own besides. Heights above the plane lose
    their weight (a foot held still in the air, a step); the search begins with a wide band around all of them and
    narrows it. A lean that hangs on single stances is shrunk. On a belt, the belt's own velocity tells how it leans:
    its feet cover too little ground, and heels land at one end of it and toes leave at the other.

    Args:
        place: lower ends of the points, (T, P, 3) [m].
        planted: (T, P), may hold wrong ones.
        weights: how surely a point is planted, (T, P).
        running: velocity of the belt, (3,) [m/s].
        feet: indices of the points of each foot.
        options: as named.
    """
    count = place.shape[1]
    found = phases.runs(planted)
    if not len(found.column):
        lowest = place.reshape(-1, 3)[place[..., 2].argmin()]
        return Plane(lowest.copy(), np.array([0.0, 0.0, 1.0]), np.zeros(count), float("nan"))
    points, column, begin = _samples(place, planted, weights, feet)
    middle = points[:, :2].mean(axis=0)
    terms = np.column_stack([np.ones(len(points)), points[:, :2] - middle, np.eye(count)[column]])
    prior = np.zeros((terms.shape[1], terms.shape[1]))
    prior[:3, :3] = np.diag([1e-9, *[(options.noise / options.slope) ** 2] * 2])
    for foot in feet:
        prior[np.ix_(3 + foot, 3 + foot)] = _soles(place[:, foot], weights[:, foot], options)
    heights = _Heights(terms, points[:, 2], points[:, 3], begin, prior, options)
    if running.any():
        lean = running[:2] * running[2] / (running[:2] @ running[:2])
    else:
        answer, weight = heights.fit()
        lean = answer[1:3] * heights.steady(weight)
    lean = lean * (np.hypot(*lean) <= options.steepest)
    prior[[1, 2], [1, 2]] = 1e9
    level = heights._replace(height=points[:, 2] - terms[:, 1:3] @ lean)
    answer, weight = level.fit()
    error = level.height - terms @ answer
    spread = float(np.sqrt(weight @ error**2 / weight.sum())) if weight.sum() > 0 else float("nan")
    normal = np.array([-lean[0], -lean[1], 1.0])
    return Plane(np.array([*middle, answer[0]]), normal / np.linalg.norm(normal), answer[3:], spread)


def _soles(place: np.ndarray, weights: np.ndarray, options: FloorOptions) -> np.ndarray:
    """Prior of the heights of a foot's points in units of the noise, (Q, Q): a fitted foot stands off and tilts.

    So where the forefoot stands tells how high the heel of the same foot will stand.
    """
    flat = place[weights.sum(axis=1).argmax(), :, :2]
    tilts = options.tilt * (flat - flat.mean(axis=0))
    spread = options.sole**2 * np.eye(len(flat)) + options.foot**2 + tilts @ tilts.T
    return options.noise**2 * np.linalg.inv(spread)


def _samples(
    place: np.ndarray, planted: np.ndarray, weights: np.ndarray, feet: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means of each contact with their weights, (N, 4), ordered by stance; their points, (N,); where stances begin."""
    found = phases.runs(planted)
    label = phases.number(found, planted.shape)
    values = np.concatenate([place, weights[..., None]], axis=-1)
    points = phases.mean(values, weights + 1e-6, label, len(found.column))
    loaded = np.column_stack([planted[:, foot].any(axis=1) for foot in feet])
    stances = phases.number(phases.runs(loaded), loaded.shape)
    side = np.zeros(planted.shape[1], dtype=int)
    for number, foot in enumerate(feet):
        side[foot] = number
    stance = stances[found.first, side[found.column]]
    order = np.argsort(stance, kind="stable")
    begin = np.flatnonzero(np.diff(stance[order], prepend=-1))
    return points[order], found.column[order], begin


class _Heights(NamedTuple):
    """Least squares of the heights of contacts, rows ordered by stance.

    Attributes:
        terms: factors of height, two slopes and P soles, (N, 3 + P).
        height: (N,) [m].
        surety: (N,).
        begin: first row of each stance, (K,).
        prior: (3 + P, 3 + P), in units of the noise.
        options: as named.
    """

    terms: np.ndarray
    height: np.ndarray
    surety: np.ndarray
    begin: np.ndarray
    prior: np.ndarray
    options: FloorOptions

    def fit(self) -> tuple[np.ndarray, np.ndarray]:
        """Height, slopes and soles by reweighted least squares, and the last weights."""
        answer = np.zeros(self.terms.shape[1])
        answer[0] = np.median(self.height)
        weight = self.surety
        widths = np.geomspace(self.options.start, self.options.outlier, 5)
        for step, width in enumerate((np.inf, np.inf, *widths, widths[-1], widths[-1])):
            error = self.height - self.terms @ answer
            if step > 0:
                doubt = 1.0 / (1.0 + np.abs(error) / self.options.stance)
                weight = self.surety * (doubt if np.isinf(width) else _one_sided(error, width))
            rows = self.terms * weight[:, None]
            sums, share = self._stances(rows, weight)
            heights = np.add.reduceat(weight * self.height, self.begin)
            normal = rows.T @ self.terms - (sums * share[:, None]).T @ sums + self.prior
            answer = np.linalg.solve(normal, rows.T @ self.height - sums.T @ (share * heights))
        return answer, weight

    def _stances(self, rows: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums over each stance and the share of them that a height of its own explains, (K, 3 + P), (K,)."""
        sums = np.add.reduceat(rows, self.begin, axis=0)
        own = (self.options.noise / self.options.stance) ** 2
        return sums, 1.0 / (np.add.reduceat(weight, self.begin) + own)

    def steady(self, weight: np.ndarray) -> float:
        """Share of the slope to believe: its square over itself plus its variance when single stances are left out.

        Source:
            Jackknife variance: Tukey 1958, as in Efron, The jackknife, the bootstrap and other resampling plans, 1982.
        """
        count = len(self.begin)
        if count < 3:
            return 0.0
        rows = self.terms * weight[:, None]
        sums, share = self._stances(rows, weight)
        own = np.add.reduceat(rows[:, :, None] * self.terms[:, None, :], self.begin, axis=0)
        own -= share[:, None, None] * sums[:, :, None] * sums[:, None, :]
        right = np.add.reduceat(rows * self.height[:, None], self.begin, axis=0)
        right -= sums * (share * np.add.reduceat(weight * self.height, self.begin))[:, None]
        normal = own.sum(axis=0) - own + self.prior
        answers = np.linalg.solve(normal, (right.sum(axis=0) - right)[..., None])[:, 1:3, 0]
        spread = ((answers - answers.mean(axis=0)) ** 2).sum() * (count - 1) / count
        square = (answers.mean(axis=0) ** 2).sum()
        return float(square / (square + spread)) if square > 0 else 0.0


def _one_sided(error: np.ndarray, width: float) -> np.ndarray:
    """Weights: none beyond `width` above the plane (Tukey), less and less below it (Huber)."""
    above = np.clip(1.0 - (error / width) ** 2, 0.0, None) ** 2
    below = width / np.maximum(np.abs(error), width)
    return np.where(error > 0.0, above, below)
