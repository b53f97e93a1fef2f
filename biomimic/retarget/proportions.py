"""GMR-Fit, step 1: a person-size skeleton, from the clip itself.

Sought together, by Gauss-Newton over some frames of the clip: the poses, one size for the whole person, one for each
segment group (both sides alike) and the constant place of every point on its body. Poses are eliminated frame by frame
(Schur complement), so each step solves for the sizes and places alone.

Penalties, each a normal prior: a segment's size against the whole person's (`segment_spread`), the place of a point
against the table's (its own spread), joint coordinates against a rest pose (weak; it decides what no point can see).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.retarget.skeleton import ROOT, Pose, Skeleton

_TRUNK = ("trunk", "shoulder", "head")


@dataclass(frozen=True)
class ProportionOptions:
    """How sizes are found.

    Attributes:
        frames: of the clip that are looked at, spread evenly.
        segment_spread: standard deviation of a segment's size relative to the person's; segment lengths of adults vary
            by 5 to 8 % of stature.
        known_spread: the same where the source's bones tell the size.
        known_trunk_spread: the same for trunk, shoulders and head, whose lengths are not between the same bones in two
            models.
        person_spread: standard deviation of log(person's size): nearly free.
        rest_spread: [rad] how firmly joints stay at rest where points say nothing.
        subtalar_spread: [rad] the same for the subtalar joints: they turn little in gait, and the few points of a foot
            hardly tell their turn from the ankle's; many models lock them.
        rough_steps: with sizes only, before the places of points are sought.
        most_steps: of the search with places.
        tolerance: [1] the search ends when no size changes by more.
    """

    frames: int = 24
    segment_spread: float = 0.12
    known_spread: float = 0.01
    known_trunk_spread: float = 0.12
    person_spread: float = 0.5
    rest_spread: float = 0.6
    subtalar_spread: float = 0.07
    rough_steps: int = 14
    most_steps: int = 8
    tolerance: float = 1e-3


@dataclass(frozen=True, eq=False)
class Proportions:
    """A person-size skeleton and the points on it.

    Attributes:
        size: person / body by segment group, for instance "thigh".
        scale: of each body of the model, (B,).
        places: of the points in their bodies at the person's size, (P, 3) [m].
        frames: that were looked at, (F,).
        qpos: poses there, (F, nq).
        rmse: root mean square distance of the points there [m].
    """

    size: Mapping[str, float]
    scale: np.ndarray
    places: np.ndarray
    frames: np.ndarray
    qpos: np.ndarray
    rmse: float


@dataclass(frozen=True, eq=False)
class Points:
    """Points of a clip in the model's world, as the fit sees them.

    Attributes:
        position: (T, P, 3) [m], NaN where not seen.
        bodies: (P,).
        offsets: prior places in the bodies at the body's own size, (P, 3) [m].
        spread: prior deviation of each place, (P,) [m]; infinite where nothing is known.
        weights: (P,) [1/m^2].
    """

    position: np.ndarray
    bodies: np.ndarray
    offsets: np.ndarray
    spread: np.ndarray
    weights: np.ndarray

    def at(self, frames: np.ndarray) -> "Points":
        """Some frames only."""
        return replace(self, position=self.position[frames])


@dataclass(frozen=True, eq=False)
class _Shape:
    """Sizes: log of the person's, deviation of each segment's; places of points relative to prior x size [m]."""

    person: float
    segments: np.ndarray  # (G,)
    shift: np.ndarray  # (P, 3)


def fit_proportions(
    embodiment: Embodiment,
    skeleton: Skeleton,
    points: Points,
    rest: np.ndarray,
    options: ProportionOptions,
    sizes: Mapping[str, float] | None = None,
) -> Proportions:
    """Sizes, places and poses that fit a clip; the skeleton is left at the person's size.

    Args:
        embodiment: whose segments are scaled.
        skeleton: of it.
        points: of the clip.
        rest: joint coordinates without the root, (J,) [rad].
        options: penalties.
        sizes: person / body of some segments that are known from elsewhere.

    Raises:
        BadValue: too few points with known places are seen to find the person at all.
    """
    return _Fit(embodiment, skeleton, points, rest, options, sizes or {}).run()


class _Fit:
    def __init__(
        self,
        embodiment: Embodiment,
        skeleton: Skeleton,
        points: Points,
        rest: np.ndarray,
        options: ProportionOptions,
        sizes: Mapping[str, float],
    ) -> None:
        self.skeleton, self.options, self.rest = skeleton, options, rest
        self.names = tuple(embodiment.segments)
        self.sizes = np.log([sizes.get(name, np.nan) for name in self.names])
        bodies = embodiment.model.nbody
        self.group = np.zeros(bodies, dtype=int)
        for k, some in enumerate(embodiment.segments.values()):
            self.group[some] = k
        self.parent = embodiment.model.body_parentid
        self.own_place = embodiment.model.body_pos.copy()
        self.first = 1 if skeleton.floating else 0  # the body whose place is the root's
        self.frames = _chosen(points.position, points.weights, options.frames)
        self.points = points.at(self.frames)
        self.known = np.isfinite(points.spread)

    def run(self) -> Proportions:
        shape = _Shape(0.0, np.zeros(len(self.names)), np.zeros_like(self.points.offsets))
        qpos, person = self._begin()
        shape = replace(shape, person=person)
        blind = np.where(self.known & (self.points.spread < 0.05), self.points.weights, 0.0)
        for _ in range(self.options.rough_steps):
            shape, qpos, change = self._step(shape, qpos, blind, places=False)
            if change < 3.0 * self.options.tolerance:
                break
        shape = self._place(shape, qpos)
        for _ in range(self.options.most_steps):
            shape, qpos, change = self._step(shape, qpos, self.points.weights, places=True)
            if change < self.options.tolerance:
                break
        return self._result(shape, qpos)

    def _scale(self, shape: _Shape) -> np.ndarray:
        return np.exp(shape.person + shape.segments)[self.group]

    def _places(self, shape: _Shape) -> np.ndarray:
        return self.points.offsets * self._scale(shape)[self.points.bodies][:, None] + shape.shift

    def _begin(self) -> tuple[np.ndarray, float]:
        """Root poses by rigid registration of the trunk's points in the rest pose; the person's size with it."""
        skeleton, points = self.skeleton, self.points
        qpos = skeleton.neutral(len(self.frames))
        qpos[:, skeleton.joint_places] = np.clip(self.rest, skeleton.lower[ROOT:], skeleton.upper[ROOT:])
        qpos = skeleton.couplings_expand(qpos)
        pose = skeleton.pose(qpos[:1])
        use = self.known & (points.spread < 0.1) & (self._rigid(points.bodies))
        model = pose.points(points.bodies[use], points.offsets[use])[0]
        if use.sum() < 3:
            raise BadValue(
                f"Only {int(use.sum())} points of pelvis, trunk, hips and shoulders are known; at least 3 are needed "
                "to find the person."
            )
        sizes = []
        for k, seen in enumerate(points.position[:, use]):
            good = np.isfinite(seen).all(axis=1)
            if good.sum() < 3:
                continue
            turn, move, size = _similar(model[good], seen[good])
            sizes.append(size)
            start = Rotation.from_quat(qpos[k, 3:7], scalar_first=True)
            qpos[k, 3:7] = (Rotation.from_matrix(turn) * start).as_quat(scalar_first=True)
            qpos[k, :3] = size * turn @ qpos[k, :3] + move
        if not sizes:
            raise BadValue("In no frame are three points of pelvis and trunk seen, so the person cannot be found.")
        return qpos, float(np.log(np.median(sizes)))

    def _rigid(self, bodies: np.ndarray) -> np.ndarray:
        """Bodies that move little against the pelvis: pelvis, trunk, shoulders' and hips' own origins."""
        rigid = {"pelvis", "trunk", "shoulder"}
        near = np.isin(self.group, [k for k, name in enumerate(self.names) if name in rigid])
        origin = (np.abs(self.points.offsets) < 0.03).all(axis=1)
        return near[bodies] | (near[self.parent[bodies]] & origin)

    def _shape_columns(self, pose: Pose, shape: _Shape) -> np.ndarray:
        """Points' change by log person's size and segments' sizes, in the world, (F, P, 3, 1 + G)."""
        scale = self._scale(shape)
        frames, bodies = pose.origin.shape[:2]
        by_size = np.zeros((frames, bodies, 3, len(self.names)))
        for body in range(self.first + 1, bodies):
            above = self.parent[body]
            by_size[:, body] = by_size[:, above]
            arm = pose.turn[:, above] @ (self.own_place[body] * scale[above])
            by_size[:, body, :, self.group[above]] += arm
        own = self.points.bodies
        columns = by_size[:, own]
        reach = (pose.turn[:, own] @ (self.points.offsets * scale[own][:, None])[..., None])[..., 0]
        columns[:, np.arange(len(own)), :, self.group[own]] += np.moveaxis(reach, 1, 0)
        return np.concatenate([columns.sum(axis=-1, keepdims=True), columns], axis=-1)

    def _step(
        self, shape: _Shape, qpos: np.ndarray, weights: np.ndarray, *, places: bool
    ) -> tuple[_Shape, np.ndarray, float]:
        """One Gauss-Newton step for poses, sizes and, if asked, places."""
        skeleton, points = self.skeleton, self.points
        use = weights > 0
        skeleton.rescale(self._scale(shape))
        pose = skeleton.pose(qpos)
        bodies = points.bodies[use]
        world = pose.points(bodies, self._places(shape)[use])
        pull = points.position[:, use] - world
        root = np.where(np.isfinite(pull), np.sqrt(weights[use])[:, None], 0.0)
        pull = np.where(np.isfinite(pull), pull, 0.0)
        frames, count = pull.shape[:2]
        jacobian = skeleton.jacobian(pose, bodies, world) * root[..., None]
        columns = [self._shape_columns(pose, shape)[:, use] * root[..., None]]
        if places:
            turn = pose.turn[:, bodies] * root[..., None]  # (F, P, 3, 3)
            spread = np.zeros((frames, count, 3, count, 3))
            spread[:, np.arange(count), :, np.arange(count)] = np.moveaxis(turn, 1, 0)
            columns.append(spread.reshape(frames, count, 3, 3 * count))
        shared = np.concatenate(columns, axis=-1)
        change, step = self._eliminate(
            jacobian.reshape(frames, 3 * count, -1),
            shared.reshape(frames, 3 * count, -1),
            (pull * root).reshape(frames, -1),
            self._prior(shape, use, places),
            qpos,
        )
        groups = len(self.names)
        shift = shape.shift.copy()
        if places:
            shift[use] += change[1 + groups :].reshape(-1, 3)
        moved = _Shape(shape.person + change[0], shape.segments + change[1 : 1 + groups], shift)
        return moved, skeleton.move(qpos, step), float(np.abs(change[: 1 + groups]).max())

    def _prior(self, shape: _Shape, use: np.ndarray, places: bool) -> tuple[np.ndarray, np.ndarray]:
        """Precision and pull of the penalties, both (Z,); they count once for all frames as one frame does."""
        options = self.options
        known = np.isfinite(self.sizes)
        told = [options.known_trunk_spread if name in _TRUNK else options.known_spread for name in self.names]
        spread = np.where(known, told, options.segment_spread)
        weight = [np.array([options.person_spread**-2.0]), spread**-2.0]
        off = [np.array([0.0]), np.where(known, self.sizes - shape.person, 0.0) - shape.segments]
        if places:
            one = np.where(self.known[use], 1.0 / self.points.spread[use] ** 2, 1e-2)
            weight.append(np.repeat(one, 3))
            off.append(-shape.shift[use].ravel())
        precision = np.concatenate(weight)
        return precision, precision * np.concatenate(off)

    def _eliminate(
        self,
        jacobian: np.ndarray,
        shared: np.ndarray,
        pull: np.ndarray,
        prior: tuple[np.ndarray, np.ndarray],
        qpos: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Shared change (Z,) and pose steps (F, I)."""
        skeleton = self.skeleton
        across = np.swapaxes(jacobian, 1, 2)
        matrix = across @ jacobian
        right = (across @ pull[..., None])[..., 0]
        joints = qpos[:, skeleton.joint_places]
        own = np.arange(ROOT, skeleton.size)
        rest = spreads(skeleton, self.options.rest_spread, self.options) ** -2.0
        matrix[:, own, own] += rest
        right[:, ROOT:] += rest * (self.rest - joints)
        low = (joints <= skeleton.lower[ROOT:] + 1e-9) & (right[:, ROOT:] < 0)
        held = np.zeros(right.shape, dtype=bool)
        held[:, ROOT:] = low | ((joints >= skeleton.upper[ROOT:] - 1e-9) & (right[:, ROOT:] > 0))
        free = ~held
        matrix *= free[:, :, None] & free[:, None, :]
        diagonal = np.arange(skeleton.size)
        matrix[:, diagonal, diagonal] *= 1.0 + 1e-3
        matrix[:, diagonal, diagonal] += np.where(held, 1.0, 1e-3)
        right = np.where(free, right, 0.0)
        mixed = (across @ shared) * free[..., None]  # (F, I, Z)
        solved = np.linalg.solve(matrix, np.concatenate([mixed, right[..., None]], axis=-1))
        whole = np.tensordot(shared, shared, axes=((0, 1), (0, 1)))
        whole -= np.tensordot(mixed, solved[..., :-1], axes=((0, 1), (0, 1)))
        side = np.tensordot(shared, pull, axes=((0, 1), (0, 1)))
        side -= np.tensordot(mixed, solved[..., -1], axes=((0, 1), (0, 1)))
        share = len(pull)  # the mean frame weighs as one measurement, so that clip length does not matter
        precision, off = prior
        change = np.linalg.solve(whole / share + np.diag(precision), side / share + off)
        step = solved[..., -1] - solved[..., :-1] @ change
        return change, np.clip(step, -0.6, 0.6)

    def _place(self, shape: _Shape, qpos: np.ndarray) -> _Shape:
        """Places of points of which nothing is known: their mean in the body, at the poses found so far."""
        skeleton, points = self.skeleton, self.points
        skeleton.rescale(self._scale(shape))
        pose = skeleton.pose(qpos)
        away = points.position - pose.origin[:, points.bodies]
        local = (np.swapaxes(pose.turn[:, points.bodies], -1, -2) @ away[..., None])[..., 0]
        shift = shape.shift.copy()
        unknown = ~self.known
        mean = np.nanmean(local[:, unknown], axis=0)
        shift[unknown] = mean - (points.offsets * self._scale(shape)[points.bodies][:, None])[unknown]
        return replace(shape, shift=shift)

    def _result(self, shape: _Shape, qpos: np.ndarray) -> Proportions:
        skeleton, points = self.skeleton, self.points
        scale = self._scale(shape)
        skeleton.rescale(scale)
        pose = skeleton.pose(qpos)
        off = pose.points(points.bodies, self._places(shape)) - points.position
        square = (off**2).sum(axis=-1)
        size = np.exp(shape.person + shape.segments)
        return Proportions(
            size=dict(zip(self.names, size.tolist())),
            scale=scale,
            places=self._places(shape),
            frames=self.frames,
            qpos=qpos,
            rmse=float(np.sqrt(np.nanmean(square))),
        )


def spreads(skeleton: Skeleton, usual: float, options: ProportionOptions) -> np.ndarray:
    """How far joint coordinates may be from rest, (J,) [rad]."""
    return np.array(
        [options.subtalar_spread if name.startswith("subtalar") else usual for name in skeleton.names[ROOT:]]
    )


def _chosen(position: np.ndarray, weights: np.ndarray, most: int) -> np.ndarray:
    """Frames to look at: evenly spread over those in which nearly all points are seen."""
    seen = np.isfinite(position).all(axis=2).mean(axis=1)
    good = np.flatnonzero(seen >= np.quantile(seen, 0.5))
    return np.unique(good[np.linspace(0, len(good) - 1, min(most, len(good))).round().astype(int)])


def _similar(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Turn, move and size with end ~ size turn start + move.

    Source:
        Umeyama, IEEE Trans PAMI 13:376, 1991, doi:10.1109/34.88573.
    """
    first, second = start - start.mean(axis=0), end - end.mean(axis=0)
    u, singular, vt = np.linalg.svd(second.T @ first)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    turn = (u * sign) @ vt
    size = float((singular * sign).sum() / (first**2).sum())
    return turn, end.mean(axis=0) - size * turn @ start.mean(axis=0), size
