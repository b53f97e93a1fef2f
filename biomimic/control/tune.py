"""Search of the tracker's settings over short rollouts: log-normal CMA-ES, every core, saved after each generation."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import Field, dataclass, fields, replace
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biomimic import archive, config, errors
from biomimic.control import build
from biomimic.control.score import Gait, Score, score, target_gait
from biomimic.control.settings import Settings
from biomimic.embodiment import Embodiment
from biomimic.errors import BadFile, BadValue
from biomimic.motion import Trajectory
from biomimic.recording import Recording
from biomimic.rollout import Plan, Push, simulate

SCHEMA = 1
PART = 0.15  # of its range by which a setting with two bounds moves where another one grows e-fold
FRESH = 0.07  # of the cycle: the winner is chosen from starts that the search has not seen

NAMES = tuple(
    f"{group}.{name}"
    for group, names in {
        "posture": "stiffness foot_stiffness weight stance unloading swing swing_foot hip_rotation arm",
        "trunk": "pelvis_stiffness pelvis_weight pelvis_yaw yaw_stiffness forward_stiffness lateral_stiffness "
        "vertical_stiffness forward_weight lateral_weight vertical_weight",
        "swing": "start stiffness weight vertical_weight clearance forward_gain lateral_gain growth feet_apart depth",
        "contact": "weight",
        "effort": "weight damping lead",
        "moments": "weight subtalar",
        "balance": "settle line touchdown reset hurry",
        "arms": "weight",
    }.items()
    for name in names.split()
)

PLANS = (
    Plan("quiet", 9.0),
    Plan("forward", 5.0, 0.2, Push("forward", at=2.0)),
    Plan("backward", 5.0, 0.4, Push("backward", at=2.0)),
    Plan("left", 5.0, 0.6, Push("left", at=2.0)),
    Plan("right", 5.0, 0.8, Push("right", at=2.0)),
)


@dataclass(frozen=True)
class Search:
    """What is searched and how long.

    Args:
        names: settings to search, as "trunk.lateral_weight"; empty: those of `NAMES` that are not switched off by a 0.
        generations: of candidates, in all; a resumed search counts those it has.
        candidates: in a generation.
        spread: standard deviation of the first generation, in e-folds.
        seed: of the candidates.
        workers: processes; 0 computes in this one, None takes one a core.
        plans: trials of every candidate, the first one without a push.
    """

    names: tuple[str, ...] = ()
    generations: int = 40
    candidates: int = 12
    spread: float = 0.22
    seed: int = 1
    workers: int | None = None
    plans: tuple[Plan, ...] = PLANS

    def __post_init__(self) -> None:
        if min(self.generations, self.candidates - 3) < 1 or not self.spread > 0:
            raise BadValue(
                f"A search of {self.generations} generations of {self.candidates} candidates with spread "
                f"{self.spread:g} was asked for; it needs at least 1, at least 4 and more than 0."
            )
        if not self.plans or self.plans[0].push is not None:
            raise BadValue("The first trial of a search is judged for posture and force; it must be there, unpushed.")


class Generation(NamedTuple):
    """How far a search is."""

    number: int  # from 1
    best: Score | None  # of this generation; None for one that an earlier call computed
    median: float  # cost
    least: float  # cost so far


class Space:
    """Settings as points of a vector space whose origin is the start.

    A setting with two bounds moves evenly, every other one grows or shrinks by a factor.
    """

    def __init__(self, settings: Settings, names: tuple[str, ...]) -> None:
        self.settings, self.names = settings, names
        known = _entries(settings)
        self._parts = []
        for name in names:
            if name not in known:
                raise errors.unknown("setting", name, known)
            group, _, entry = name.partition(".")
            value = getattr(getattr(settings, group), entry)
            low, high, is_even = _range(known[name])
            if isinstance(value, bool):
                raise BadValue(f"{name} is true or false and cannot be searched; leave it out.")
            if not (is_even or value > 0):
                raise BadValue(f"{name} = {value:g} cannot be searched by factors; start it at a number above 0.")
            self._parts.append((group, entry, value, low, high, is_even))

    def at(self, point: np.ndarray) -> Settings:
        """Settings at a point, (N,); the origin gives the start itself."""
        changed: dict[str, dict[str, float]] = {}
        for (group, entry, value, low, high, is_even), x in zip(self._parts, point):
            moved = value + PART * (high - low) * x if is_even else value * np.exp(x)
            changed.setdefault(group, {})[entry] = float(np.clip(moved, low, high))
        groups = {group: replace(getattr(self.settings, group), **values) for group, values in changed.items()}
        return replace(self.settings, **groups)


def usual(settings: Settings) -> tuple[str, ...]:
    """Those of `NAMES` that can be searched from these settings: a weight of 0 stays switched off."""
    known = _entries(settings)

    def value(name: str) -> float:
        group, _, entry = name.partition(".")
        return getattr(getattr(settings, group), entry)

    return tuple(name for name in NAMES if value(name) > 0 or _range(known[name])[2])


def _entries(settings: Settings) -> dict[str, Field]:
    """Every setting by its name."""
    groups = {group.name: fields(getattr(settings, group.name)) for group in fields(settings)}
    return {f"{group}.{entry.name}": entry for group, entries in groups.items() for entry in entries}


def _range(entry: Field) -> tuple[float | None, float | None, bool]:
    """Lower and upper bound of a setting, and whether it has both and so moves evenly."""
    low, high = entry.metadata.get("low"), entry.metadata.get("high")
    return low, high, low is not None and high is not None


class Job(NamedTuple):
    """One candidate, with everything that a process needs to judge it."""

    embodiment: Embodiment
    target: Trajectory
    settings: Settings
    plans: tuple[Plan, ...]
    aim: Gait


def judge(job: Job) -> Score:
    """Roll a candidate out and score it; if the first trial falls, the others are not tried and count as falls."""
    trials: list[Recording | None] = [None] * len(job.plans)
    tracker = build(job.embodiment, job.target, job.settings)
    for i, plan in enumerate(job.plans):
        try:
            trials[i] = simulate(job.embodiment, tracker, plan)
        except BadValue:  # not finite within the first control step
            trials[i] = None
        if i == 0 and (trials[0] is None or trials[0].fall is not None):
            break
    return score(trials, [plan.duration for plan in job.plans], job.aim)


def tune(
    embodiment: Embodiment,
    target: Trajectory,
    settings: Settings,
    *,
    search: Search | None = None,
    state: str | Path | None = None,
    progress: Callable[[Generation], None] | None = None,
) -> Settings:
    """The best settings that a log-normal CMA-ES finds around given ones; see `score` for what is good.

    At the end the best candidate, the centre of the last generation and the start are judged again from phases that the
    search has not seen, and the best of them is returned.

    Args:
        embodiment: compiled with the physics step of the plans.
        target: what the tracker follows.
        settings: where the search begins.
        search: what is searched and how long.
        state: file that is written after every generation; if it is there, the search goes on from it.
        progress: called after every generation.

    Raises:
        UnknownName, BadValue: a setting that is not there or cannot be searched, or a target that cannot be tracked.
        BadFile: the state is of another search, or cannot be read or written.

    Source:
        Hansen, The CMA evolution strategy: a tutorial, arXiv:1604.00772.
    """
    search = search or Search()
    search = replace(search, names=search.names or usual(settings))
    for plan in search.plans:
        if not np.isclose(embodiment.model.opt.timestep, plan.physics_step):
            raise BadValue(
                f"The body was compiled with a physics step of {embodiment.model.opt.timestep:g} s, and trial "
                f'"{plan.trial}" of the search has {plan.physics_step:g} s; make both the same.'
            )
    space, aim = Space(settings, search.names), target_gait(embodiment, target)
    evolution, history = _evolution(search), _History(state, _key(embodiment, target, settings, search))

    def job(point: np.ndarray, plans: tuple[Plan, ...]) -> Job:
        return Job(embodiment, target, space.at(point), plans, aim)

    with _pool(search) as pool:
        spread = map if pool is None else pool.map
        for number in range(search.generations):
            points = np.array(evolution.ask())
            if number == 0:
                points[0] = 0.0
            costs, best = history.known(number, points), None
            if costs is None:
                scores = list(spread(judge, [job(point, search.plans) for point in points]))
                costs, best = np.array([one.cost for one in scores]), min(scores, key=lambda one: one.cost)
                history.add(points, costs)
            evolution.tell(list(points), list(costs))
            if progress:
                progress(Generation(number + 1, best, float(np.median(costs)), history.least(number + 1)))
        last = np.stack([history.best(search.generations), evolution.result.xfavorite, np.zeros(len(search.names))])
        fresh = tuple(replace(plan, phase=(plan.phase + FRESH) % 1.0) for plan in search.plans)
        final = [one.cost for one in spread(judge, [job(point, fresh) for point in last])]
    return space.at(last[int(np.argmin(final))])


def _evolution(search: Search):
    import cma

    random = np.random.default_rng(search.seed)
    options = {
        "popsize": search.candidates,
        "randn": lambda *shape: random.standard_normal(shape),
        "seed": np.nan,
        "verbose": -9,
    }
    return cma.CMAEvolutionStrategy(np.zeros(len(search.names)), search.spread, options)


def _pool(search: Search):
    workers = (os.cpu_count() or 1) if search.workers is None else search.workers
    if workers == 0:
        return nullcontext()
    return ProcessPoolExecutor(min(workers, search.candidates), mp_context=get_context("spawn"))


def _key(embodiment: Embodiment, target: Trajectory, settings: Settings, search: Search) -> str:
    """Hash of everything that the course of a search depends on, but for the length and the number of processes."""
    same = replace(search, generations=1, workers=0)
    digest = hashlib.sha256(f"{embodiment.sha256} {same} {config.dumps(settings)}".encode())
    for part in (target.qpos, target.force, target.com, target.moment):
        digest.update(b"-" if part is None else part.tobytes())
    return digest.hexdigest()


class _History:
    """Candidates and costs of all generations; with a file, kept there."""

    def __init__(self, path: str | Path | None, key: str) -> None:
        self._path, self._key = path, key
        self._points: list[np.ndarray] = []
        self._costs: list[np.ndarray] = []
        if path is None or not Path(path).exists():
            return
        content = archive.load(path, "tuning", SCHEMA)
        if str(archive.required(content, "key", path)) != key:
            raise BadFile(
                f"{path} belongs to a search of another target, body, start or kind; remove it to begin anew, or name "
                "another output."
            )
        self._points = list(archive.required(content, "points", path))
        self._costs = list(archive.required(content, "costs", path))

    def known(self, number: int, points: np.ndarray) -> np.ndarray | None:
        """Costs of a generation that was computed before; its candidates must be those asked for."""
        if number >= len(self._costs):
            return None
        if not np.array_equal(self._points[number], points):
            raise BadFile(
                f"{self._path} holds other candidates than this search draws in generation {number + 1}; it was made "
                "with other versions of cma or numpy. Remove it to begin anew."
            )
        return self._costs[number]

    def add(self, points: np.ndarray, costs: np.ndarray) -> None:
        """Keep a generation, (P, N) and (P,)."""
        self._points.append(points)
        self._costs.append(costs)
        if self._path is not None:
            content = {"key": np.array(self._key), "points": np.array(self._points), "costs": np.array(self._costs)}
            archive.save(self._path, "tuning", SCHEMA, content)

    def least(self, generations: int) -> float:
        """Least cost of the first generations."""
        return float(np.min(self._costs[:generations]))

    def best(self, generations: int) -> np.ndarray:
        """The candidate with the least cost, (N,)."""
        costs = np.concatenate(self._costs[:generations])
        return np.concatenate(self._points[:generations])[int(np.argmin(costs))]
