"""Guards: half-spaces of the independent coordinates that keep a muscle path on its side of what it wraps around."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from biomimic.embodiment import Embodiment
from biomimic.retarget.record import phases
from biomimic.retarget.tendons import Crossing, Curve, Paths, StrictRule, course, crossings, within

_LINE = np.linspace(0.0, 1.0, 25)
_SHIFT = 2e-3  # [rad] of one joint, to see how the place of the slip moves
_REACH = 0.02  # [rad] how far along the line the moved place is looked for
_TRIED = 0.1  # [rad] a joint that changes a path's length does so within this


@dataclass(frozen=True)
class GuardRule:
    """How guards are laid.

    Attributes:
        margin: distance that is kept from the place of the slip [rad].
        window: frames that share one guard.
        before: frames before and after that it also covers, so that a smooth curve has room to turn.
        approach: steps towards the nearest place of the slip.
    """

    margin: float = 0.01
    window: int = 5
    before: int = 3
    approach: int = 1


@dataclass(frozen=True, eq=False)
class Guard:
    """In frames first..last the independent coordinates q must satisfy normal q <= bound.

    Attributes:
        first: frame.
        last: frame, included.
        normal: unit vector, zero for the root, (I,).
        bound: [rad].
        tendon: whose slip is prevented.
    """

    first: int
    last: int
    normal: np.ndarray
    bound: float
    tendon: str


def guards(
    embodiment: Embodiment, qpos: np.ndarray, found: list[Crossing], rule: GuardRule | None = None
) -> tuple[Guard, ...]:
    """Guards against the crossings of a clip; solve again under them, look for crossings again, and so on.

    For each muscle, stretches between crossings belong together when a straight line through the joints leads from one
    to the other without a slip; those with most frames in all are home, and all others have to stay on home's side.

    Args:
        embodiment: the body.
        qpos: the clip, (T, nq).
        found: its crossings (`tendons.clip_crossings`).
        rule: how guards are laid.
    """
    rule, laid = rule or GuardRule(), []
    for tendon in sorted({crossing.tendon for crossing in found}):
        path = _Path(embodiment, qpos, tendon)
        at = np.array([crossing.at for crossing in found if crossing.tendon == tendon])
        away = path.away(at)
        stretches = [
            (start, min(start + rule.window, end) - 1)
            for first, end in phases(away)
            for start in range(first, end, rule.window)
        ]
        laid += [path.guard(first, last, path.joints[(first + last) // 2], ~away, rule) for first, last in stretches]
        laid += [path.guard_between(*pair, ~away, rule) for pair in path.unseen(at, away)]
    return tuple(guard for guard in laid if guard is not None)


class _Path:
    """One muscle over a clip of T frames."""

    def __init__(self, embodiment: Embodiment, qpos: np.ndarray, tendon: int) -> None:
        self.paths = Paths(embodiment, np.array([tendon]))
        self.name = embodiment.model.tendon(tendon).name
        self.independent = len(embodiment.couplings.independent)
        self.joints = qpos[:, self.paths.addresses]
        self.curve = course(self.paths, qpos)
        self.least = StrictRule().least
        self.moved = self._moved(self.joints[0]) | self._moved(self.joints.mean(axis=0))  # (J,) joints that count

    def away(self, at: np.ndarray) -> np.ndarray:
        """Frames that are not at home, (T,) bool, from the times of the crossings in frames."""
        edges = np.unique(np.concatenate([[0], np.floor(at).astype(int) + 1, [len(self.joints)]]))
        branches: list[np.ndarray] = []
        for first, end in sorted(zip(edges[:-1], edges[1:]), key=lambda stretch: stretch[0] - stretch[1]):
            same = next((branch for branch in branches if self._reaches(first, end, branch)), None)
            if same is None:
                same = np.zeros(len(self.joints), dtype=bool)
                branches.append(same)
            same[first:end] = True
        return ~max(branches, key=np.count_nonzero)

    def _reaches(self, first: int, end: int, branch: np.ndarray) -> bool:
        """Whether a straight line leads from frames first..end-1 to the nearest frame of a branch without a slip."""
        apart, mate = self._nearest(self.joints[first:end], branch)
        start = int(apart.argmin())
        return not self._slips(self.joints[first + start], self.joints[mate[start]])

    def unseen(self, at: np.ndarray, away: np.ndarray) -> list[tuple[float, float]]:
        """Times of slips that return before the next frame."""
        return [(a, b) for a, b in zip(at[:-1], at[1:]) if np.floor(a) == np.floor(b) and not away[int(a)]]

    def guard_between(self, out: float, back: float, home: np.ndarray, rule: GuardRule) -> Guard | None:
        """The guard against a slip between two frames at home: as far before it as the smooth curve goes beyond it."""
        pose = self.curve(0.5 * (out + back))
        guard = self.guard(int(out), int(out) + 1, pose, home, rule)
        if guard is None:
            return None
        depth = guard.normal[self.paths.columns] @ pose - guard.bound - rule.margin
        return replace(guard, bound=guard.bound - 2.0 * max(depth, 0.0))

    def guard(self, first: int, last: int, pose: np.ndarray, home: np.ndarray, rule: GuardRule) -> Guard | None:
        """The guard that brings a pose (J,) back home, for the frames first..last; None if there is no slip between."""
        end = pose.copy()
        end[self.moved] = self.joints[self._nearest(pose[None], home)[1][0], self.moved]
        place = self._slip(pose, end, -1)
        if place is None:
            return None
        normal = self._normal(place, pose - end)
        for _ in range(rule.approach):
            nearer = self._slip(pose, pose - 2.0 * (normal @ (pose - place)) * normal, None)
            if nearer is not None:
                place, normal = nearer, self._normal(nearer, normal)
        full = np.zeros(self.independent)
        full[self.paths.columns] = normal
        span = max(0, first - rule.before), min(len(self.joints) - 1, last + rule.before)
        return Guard(*span, full, float(normal @ place) - rule.margin, self.name)

    def _moved(self, pose: np.ndarray) -> np.ndarray:
        tried = np.concatenate([pose + _TRIED * np.eye(len(pose)), pose - _TRIED * np.eye(len(pose)), pose[None]])
        length = self.paths.lengths(tried)[:, 0]
        return (np.abs(length[:-1] - length[-1]) > 1e-9).reshape(2, -1).any(axis=0)

    def _nearest(self, poses: np.ndarray, home: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distance of poses from the nearest frame at home, and that frame, (N, J) -> (N,), (N,)."""
        frames = np.flatnonzero(home)
        apart, mate = cKDTree(self.joints[np.ix_(frames, self.moved)]).query(poses[:, self.moved])
        return apart, frames[mate]

    def _line(self, begin: np.ndarray, end: np.ndarray) -> Curve:
        return lambda share: begin + np.asarray(share)[:, None] * (end - begin)

    def _slips(self, begin: np.ndarray, end: np.ndarray) -> bool:
        other = begin.copy()
        other[self.moved] = end[self.moved]
        return bool(crossings(self.paths, self._line(begin, other), _LINE, self.least))

    def _slip(self, begin: np.ndarray, end: np.ndarray, which: int | None) -> np.ndarray | None:
        """Joints at a slip on the line: the one of that number, or the one nearest to the middle; None without any."""
        found = crossings(self.paths, self._line(begin, end), _LINE, self.least)
        if not found:
            return None
        return found[which].joints if which is not None else min(found, key=lambda c: abs(c.at - 0.5)).joints

    def _normal(self, place: np.ndarray, outward: np.ndarray) -> np.ndarray:
        """Unit normal of the surface of slips at a place of it, pointing outward, (J,)."""
        along = outward / np.linalg.norm(outward)
        normal = np.zeros(len(place))
        for joint in np.flatnonzero(self.moved):
            shifted = place.copy()
            shifted[joint] += _SHIFT
            line = self._line(shifted - _REACH * along, shifted + _REACH * along)
            slip = within(self.paths, line, _LINE[[0, -1]], 0, self.least)
            if slip is not None:
                normal[joint] = -_REACH * (2.0 * slip.at - 1.0) / _SHIFT
        return normal / np.linalg.norm(normal)
