"""Lengths of the muscles along a motion, and jumps of them: a path that slips off the body it wraps around."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.interpolate import CubicSpline

from biomimic.embodiment import Embodiment

_SMALLEST_REST = 1e-6  # [m] as in the published rule
_WRAPS = (mujoco.mjtWrap.mjWRAP_SPHERE, mujoco.mjtWrap.mjWRAP_CYLINDER)
_PARTS = 8  # into which a step is cut at each level of the search for a jump
_LEVELS = 4

Curve = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class JumpRule:
    """The published rule: a relative step above both `factor` x its running mean and `least` is a jump.

    Source: metrics of the retargeting of Li et al. 2026 (arXiv 2603.25544). The running mean starts at the first step,
    and each step enters it before it is compared with it, so that a jump is a step above 11 x the mean of the steps
    before. A motion counts as one that jumps when a flagged step is above `motion` too; without that threshold the rule
    flags nearly every clip that begins slowly, for then the mean starts near zero.
    """

    factor: float = 10.0
    least: float = 1e-3  # share of the rest length, per frame
    memory: float = 0.01  # weight of the newest step in the running mean
    motion: float = 0.05  # share of the rest length, per frame


@dataclass(frozen=True)
class StrictRule:
    """A jump is a change of length that stays as large however short the step is made."""

    least: float = 1e-4  # [m] jumps below a tenth of a millimetre do not count
    finer: int = 4  # poses per frame at which lengths are looked at, by cubic splines through the joints


@dataclass(frozen=True)
class Jumps:
    """Steps of muscle length that a rule calls jumps.

    Attributes:
        count: pairs of step and muscle.
        large: those of them above 5 % of the rest length; by the published rule a motion with any is one that jumps.
        muscles: how many muscles jump at least once.
        largest: of the jumps [share of the rest length]; 0 without any.
        frame: after the largest one; -1 without any.
        tendon: of the largest one.
    """

    count: int = 0
    large: int = 0
    muscles: int = 0
    largest: float = 0.0
    frame: int = -1
    tendon: str = ""


def relative_steps(lengths: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Absolute change of length from frame to frame as a share of the rest length, (T, n), (n,) -> (T - 1, n)."""
    return np.abs(np.diff(lengths, axis=0)) / np.maximum(rest, _SMALLEST_REST)


def flagged(steps: np.ndarray, rule: JumpRule | None = None) -> np.ndarray:
    """Which steps the published rule calls jumps, (T - 1, n) -> (T - 1, n)."""
    rule = rule or JumpRule()
    found = np.zeros(steps.shape, dtype=bool)
    if not len(steps):
        return found
    mean = steps[0].copy()
    for k, step in enumerate(steps):
        mean += rule.memory * (step - mean)
        found[k] = step > np.maximum(rule.factor * mean, rule.least)
    return found


def published_jumps(lengths: np.ndarray, rest: np.ndarray, names: tuple[str, ...]) -> Jumps:
    """Jumps by the published rule.

    Args:
        lengths: (T, n) [m], one row per frame.
        rest: (n,) [m], lengths in the model's reference pose.
        names: of the n tendons.
    """
    rule, steps = JumpRule(), relative_steps(lengths, rest)
    found = flagged(steps, rule)
    if not found.any():
        return Jumps()
    frame, tendon = np.unravel_index(np.where(found, steps, -1.0).argmax(), steps.shape)
    return Jumps(
        count=int(found.sum()),
        large=int((found & (steps > rule.motion)).sum()),
        muscles=int(found.any(axis=0).sum()),
        largest=float(steps[frame, tendon]),
        frame=int(frame) + 1,
        tendon=names[tendon],
    )


def large_steps(lengths: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Frames after steps for which the published rule says that a motion jumps, (T, n), (n,) -> (F,)."""
    steps = relative_steps(lengths, rest)
    return np.flatnonzero((flagged(steps) & (steps > JumpRule().motion)).any(axis=1)) + 1


@dataclass(frozen=True, eq=False)
class Crossing:
    """A place where the path of a muscle slips off the body that it wraps around, or back.

    Attributes:
        tendon: of the model.
        at: parameter of the curve, for a clip the time in frames.
        size: change of length in the direction of the curve [m].
        joints: independent joints there, (J,) [rad].
    """

    tendon: int
    at: float
    size: float
    joints: np.ndarray


class Paths:
    """Lengths of muscles at given independent joints; the root stays where it is, for no muscle is fixed to the world.

    Args:
        embodiment: the body.
        chosen: tendons of the model to measure, or None for all that wrap around something, the only ones that can
            jump: between points a path is as smooth as the joints.
    """

    def __init__(self, embodiment: Embodiment, chosen: np.ndarray | None = None) -> None:
        model, couplings = embodiment.model, embodiment.couplings
        moved = couplings.independent[
            model.jnt_type[model.dof_jntid[couplings.independent]] != mujoco.mjtJoint.mjJNT_FREE
        ]
        self.couplings = couplings
        self.columns = np.searchsorted(couplings.independent, moved)
        self.addresses = model.jnt_qposadr[model.dof_jntid[moved]].astype(int)
        self.tendons = wrapped(model) if chosen is None else np.asarray(chosen, dtype=int)
        self._model = copy.deepcopy(model)
        self._points = model.tendon_num.copy()
        self._data = mujoco.MjData(self._model)
        self._pose = model.qpos0.copy()

    def lengths(self, joints: np.ndarray, column: int | None = None) -> np.ndarray:
        """(N, J) [rad] -> (N, tendons) [m]; with a column only that one is right, and found faster."""
        poses = np.tile(self._pose, (len(joints), 1))
        poses[:, self.addresses] = joints
        model, data, found = self._model, self._data, np.empty((len(joints), len(self.tendons)))
        seen = self.tendons if column is None else self.tendons[column]
        model.tendon_num[:] = 0  # a path of no points has no length and costs no time
        model.tendon_num[seen] = self._points[seen]
        for row, pose in zip(found, self.couplings.expand(poses)):
            data.qpos[:] = pose
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_tendon(model, data)
            row[:] = data.ten_length[self.tendons]
        return found


def wrapped(model: mujoco.MjModel) -> np.ndarray:
    """Tendons that wrap around at least one geom, (n,)."""
    owner = np.searchsorted(model.tendon_adr, np.arange(model.nwrap), side="right") - 1
    return np.unique(owner[np.isin(model.wrap_type, _WRAPS)])


def crossings(paths: Paths, curve: Curve, grid: np.ndarray, least: float) -> list[Crossing]:
    """All jumps of the paths along a curve through the joints, in its order, at most one per step and path.

    A jump makes two second differences of opposite sign around it, so their difference is twice as large as the jump;
    smooth paths change their second difference by far less. Every step where half of that is seen is cut finer and
    finer, following the part that stands out most.

    Args:
        paths: what is measured.
        curve: (N,) parameters -> (N, J) joints.
        grid: increasing parameters, (N,).
        least: smallest jump [m].
    """
    lengths = paths.lengths(curve(grid))
    found = []
    for step, column in np.argwhere(_suspects(np.diff(lengths, axis=0), least)):
        crossing = within(paths, curve, grid[step : step + 2], int(column), least)
        if crossing is not None:
            found.append(crossing)
    return sorted(found, key=lambda crossing: crossing.at)


def _suspects(steps: np.ndarray, least: float) -> np.ndarray:
    """Steps that could hide a jump, (N - 1, n) -> (N - 1, n) bool."""
    found = np.abs(steps) >= least
    if len(steps) < 4:
        return found
    bend = np.diff(steps, axis=0)
    found[1:-1] = np.abs(np.diff(bend, axis=0)) >= least
    for edge, inner, last in ((bend[0], bend[1], 0), (bend[-1], bend[-2], -1)):  # one bend only, so its change as well
        found[last] = np.maximum(np.abs(edge), np.abs(edge - inner)) >= 0.5 * least
    return found


def within(paths: Paths, curve: Curve, span: np.ndarray, column: int, least: float) -> Crossing | None:
    """The jump of one path inside one step (2,), or None when what stands out shrinks with the step."""
    for _ in range(_LEVELS):
        grid = np.linspace(*span, _PARTS + 1)
        steps = np.diff(paths.lengths(curve(grid), column)[:, column])
        outstanding = steps - np.median(steps)
        worst = int(np.abs(outstanding).argmax())
        span = grid[worst : worst + 2]
        if abs(outstanding[worst]) < least:
            return None
    joints = curve(span.mean(keepdims=True))[0]
    return Crossing(int(paths.tendons[column]), float(span.mean()), float(outstanding[worst]), joints)


def clip_crossings(embodiment: Embodiment, qpos: np.ndarray, rule: StrictRule | None = None) -> list[Crossing]:
    """All jumps of a clip, found at `rule.finer` times its rate, (T, nq) -> crossings at times in frames."""
    rule, paths = rule or StrictRule(), Paths(embodiment)
    if len(qpos) < 2:
        return []
    grid = np.linspace(0.0, len(qpos) - 1.0, rule.finer * (len(qpos) - 1) + 1)
    return crossings(paths, course(paths, qpos), grid, rule.least)


def course(paths: Paths, qpos: np.ndarray) -> Curve:
    """The independent joints of a clip as a smooth function of the time in frames."""
    return CubicSpline(np.arange(len(qpos)), qpos[:, paths.addresses])


def strict_jumps(embodiment: Embodiment, found: list[Crossing]) -> Jumps:
    """The crossings of a clip, summed up as the published rule's jumps are."""
    if not found:
        return Jumps()
    model = embodiment.model
    shares = [abs(c.size) / max(float(model.tendon_length0[c.tendon]), _SMALLEST_REST) for c in found]
    worst = int(np.argmax(shares))
    return Jumps(
        count=len(found),
        large=int(np.count_nonzero(np.array(shares) > JumpRule().motion)),
        muscles=len({c.tendon for c in found}),
        largest=shares[worst],
        frame=int(np.ceil(found[worst].at)),
        tendon=model.tendon(found[worst].tendon).name,
    )
