"""Muscle synergies and the likeness of coordination: how muscles go together, whatever each one's amplitude.

Every muscle's mean curve is first divided by its peak. The number of muscles drives the number of synergies, so that
only equal sets of muscles may be compared; take a silent muscle off both sides.
"""

import itertools
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata

from biomimic.errors import BadValue
from biomimic.gait.strides import Curves, Strides
from biomimic.metrics.activation import unusable
from biomimic.metrics.estimate import NONE, Estimate, Resampling, bootstrap, undefined
from biomimic.metrics.waveform import is_flat, pearson

TOLERANCE = 1e-8  # of the factorisation
FIRST_STEPS, LAST_STEPS = 50, 10000  # iterations of every start, and of the best one
FEWEST = 4  # muscles for a likeness of correlations: fewer have too few pairs
MOST = 10  # synergies by which a walk can be rebuilt


@dataclass(frozen=True)
class Rule:
    """How synergies are found and counted.

    Args:
        vaf: least share of all activity that they explain ...
        muscle_vaf: ... and of each muscle's.
        restarts: random starts beside the one from a singular value decomposition.
        seed: of the random starts.

    Source:
        limits: Clark et al., J Neurophysiol 103 (2010) 844-857, and the validation protocol of this package.
    """

    vaf: float = 0.90
    muscle_vaf: float = 0.75
    restarts: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        if not (0 < self.vaf <= 1 and 0 <= self.muscle_vaf <= 1):
            raise BadValue(f"Explained shares lie between 0 and 1; got {self.vaf:g} and {self.muscle_vaf:g}.")


@dataclass(frozen=True, eq=False)
class Synergies:
    """Activity of M muscles as a product of K synergies, in the order of their peaks in the stride.

    Attributes:
        names: M muscles.
        weights: share of each muscle in each synergy, (M, K), each of length 1.
        activity: of each synergy over the stride, (100, K).
        vaf: share of all activity explained, 1 - |E - WH|^2 / |E|^2, uncentred.
        muscle_vaf: the same of each muscle, (M,).
        enough: whether both limits of the rule are met.
    """

    names: tuple[str, ...]
    weights: np.ndarray
    activity: np.ndarray
    vaf: float
    muscle_vaf: np.ndarray
    enough: bool

    def __len__(self) -> int:
        return self.weights.shape[1]


class Match(NamedTuple):
    """Synergies of two walks in pairs, the best assignment first."""

    pairs: tuple[tuple[int, int], ...]  # numbers in the first and the second
    weights: np.ndarray  # cosine of the weights of each pair, (P,)
    activity: np.ndarray  # correlation of their activities, (P,)
    alone: tuple[int, int]  # synergies of the first and the second without a partner


def envelopes(curves: Curves) -> np.ndarray:
    """Mean curves divided by their peaks, without the repeated last point, (100, M).

    Raises:
        BadValue: a muscle that is never active, or not measured.
    """
    if curves.phase != "stride":
        raise BadValue(f'Synergies are found over whole strides; these curves span a "{curves.phase}".')
    mean = np.maximum(curves.mean[:-1], 0.0)  # a filter may undershoot
    peak = mean.max(axis=0)
    if not np.all(peak > 0):
        bad = [name for name, highest in zip(curves.names, peak) if not highest > 0]
        raise BadValue(
            f"Synergies need active muscles; {', '.join(bad)} is never active or not measured. Leave it out."
        )
    return mean / peak


def decompose(curves: Curves, rule: Rule | None = None, *, count: int | None = None) -> Synergies:
    """The fewest synergies that explain the mean curves, or a given number of them.

    Non-negative matrix factorisation: every start is followed for some steps, the best one to the end.

    Args:
        curves: mean activity of M muscles; of strides their summary.
        rule: limits and starts.
        count: number of synergies; None: the smallest that meets the limits.

    Source:
        Lee & Seung, Nature 401 (1999) 788-791; Torres-Oviedo & Ting, J Neurophysiol 98 (2007) 2144-2156.
    """
    rule = rule or Rule()
    own = list(curves.names)
    curves = curves.select(sorted(own))  # so that the order of the muscles decides nothing
    activity = envelopes(curves)
    muscles = len(own)
    if count is not None and not 1 <= count <= muscles:
        raise BadValue(f"{muscles} muscles have 1 to {muscles} synergies; {count} were asked for.")
    for number in range(1, muscles + 1) if count is None else (count,):
        found = _factorised(activity, curves.names, number, rule)
        if found.enough:
            break
    place = [curves.names.index(name) for name in own]
    return replace(found, names=tuple(own), weights=found.weights[place], muscle_vaf=found.muscle_vaf[place])


def match(first: Synergies, second: Synergies) -> Match:
    """Pairs of synergies with the highest sum of cosines of their weights (Hungarian method).

    Raises:
        BadValue: the two are not of the same muscles.
    """
    order = _same_muscles(first.names, second.names)
    cosine = first.weights.T @ second.weights[order]
    rows, columns = linear_sum_assignment(-cosine)
    best = np.argsort(-cosine[rows, columns], kind="stable")
    rows, columns = rows[best], columns[best]
    return Match(
        pairs=tuple((int(i), int(j)) for i, j in zip(rows, columns)),
        weights=cosine[rows, columns],
        activity=pearson(first.activity[:, rows].T, second.activity[:, columns].T),
        alone=(len(first) - len(rows), len(second) - len(rows)),
    )


def cross_vaf(strides: Strides, synergies: Synergies, resampling: Resampling) -> Estimate:
    """Share of the activity of a walk that another walk's synergies rebuild (weights kept, activity non-negative).

    NaN with the reason when a muscle is silent or was not measured.

    Args:
        strides: activation of the same muscles.
        synergies: of a person.
        resampling: draws, level and seed.
    """
    _same_muscles(strides.names, synergies.names)
    rows, trial, note = _complete(strides.select(synergies.names))
    if note:
        return undefined(note, trial, resampling, "1")

    def share(weights: np.ndarray) -> np.ndarray:
        curves = np.maximum(np.tensordot(weights, rows, axes=1)[:, :-1], 0.0)  # (D, 100, M)
        return _rebuilt(curves / curves.max(axis=1, keepdims=True), synergies.weights)

    return bootstrap(share, trial, resampling, "1")


def cross_vaf_of(curves: Curves, synergies: Synergies) -> float:
    """The same share for mean curves: of another person, the ceiling of `cross_vaf`."""
    _same_muscles(curves.names, synergies.names)
    return float(_rebuilt(envelopes(curves.select(synergies.names))[None], synergies.weights)[0])


def representational_similarity(strides: Strides, reference: Curves, resampling: Resampling) -> Estimate:
    """Likeness of coordination: Spearman correlation of the correlations between all pairs of muscles, -1 to 1.

    NaN with the reason when a muscle is silent, constant or was not measured, or there are fewer than four.

    Args:
        strides: activation of at least four muscles.
        reference: EMG of the same muscles.
        resampling: draws, level and seed.

    Source:
        Kriegeskorte, Mur & Bandettini, Front Syst Neurosci 2 (2008) 4.
    """
    _same_muscles(strides.names, reference.names)
    rows, trial, note = _complete(strides)
    human = reference.select(strides.names).mean[:-1]
    flat = [name for name, curve in zip(strides.names, human.T) if is_flat(curve) or not np.isfinite(curve).all()]
    if flat and not note:
        note = f"the reference of {flat[0]} is constant or not measured"
    if len(strides.names) < FEWEST:
        note = f"{len(strides.names)} muscles have too few pairs; at least {FEWEST} are needed"
    if note:
        return undefined(note, trial, resampling, "1")
    ranks = rankdata(_pairs(human[None]), axis=-1)

    def likeness(weights: np.ndarray) -> np.ndarray:
        curves = np.tensordot(weights, rows, axes=1)[:, :-1]
        return pearson(rankdata(_pairs(curves), axis=-1), ranks)

    return bootstrap(likeness, trial, resampling, "1")


def similarity_of(curves: Curves, reference: Curves) -> float:
    """The same likeness for mean curves: of another person, the ceiling of `representational_similarity`."""
    _same_muscles(curves.names, reference.names)
    both = [rankdata(_pairs(one.mean[None, :-1]), axis=-1) for one in (curves, reference.select(curves.names))]
    return float(pearson(*both)[0])


def _factorised(activity: np.ndarray, names: tuple[str, ...], number: int, rule: Rule) -> Synergies:
    return _remembered(activity.tobytes(), activity.shape, tuple(names), number, rule)


@lru_cache(maxsize=256)  # people are the same in every comparison, and each walk meets several of them
def _remembered(content: bytes, shape: tuple[int, int], names: tuple[str, ...], number: int, rule: Rule) -> Synergies:
    activity = np.frombuffer(content).reshape(shape)
    # slow to import, and only this needs it
    from sklearn.decomposition import non_negative_factorization
    from sklearn.exceptions import ConvergenceWarning

    def descend(steps: int, **start) -> tuple[np.ndarray, np.ndarray, float]:
        time, space, _ = non_negative_factorization(
            activity, n_components=number, solver="cd", tol=TOLERANCE, max_iter=steps, **start
        )
        return time, space, float(((activity - time @ space) ** 2).sum())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the starts are meant to stop early
        tries = [descend(FIRST_STEPS, init="nndsvda", random_state=rule.seed)]
        tries += [descend(FIRST_STEPS, init="random", random_state=rule.seed + k) for k in range(rule.restarts)]
        time, space, _ = min(tries, key=lambda one: one[2])
        time, space, _ = descend(LAST_STEPS, init="custom", W=time.copy(), H=space.copy())
    left = (activity - time @ space) ** 2
    size = np.linalg.norm(space, axis=1)
    used = np.where(size > 0, size, 1.0)
    weights, course = (space / used[:, None]).T, time * size
    order = np.argsort(course.argmax(axis=0), kind="stable")
    vaf = float(1.0 - left.sum() / (activity**2).sum())
    muscle_vaf = 1.0 - left.sum(axis=0) / (activity**2).sum(axis=0)
    enough = bool(vaf >= rule.vaf and (muscle_vaf >= rule.muscle_vaf).all())
    return Synergies(tuple(names), weights[:, order], course[:, order], vaf, muscle_vaf, enough)


def _rebuilt(activity: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of activity (D, T, M) that non-negative sums of the weights (M, K) rebuild, (D,).

    Non-negative least squares, exactly: its solution is the plain least squares solution on the synergies that it
    uses, so that the best of all sets with a non-negative solution is it.
    """
    count = weights.shape[1]
    if count > MOST:
        raise BadValue(f"A walk is rebuilt from at most {MOST} synergies; found {count}.")
    onto = activity @ weights  # (D, T, K)
    gram = weights.T @ weights
    best = np.zeros(onto.shape[:-1])
    for size in range(1, count + 1):
        for chosen in itertools.combinations(range(count), size):
            part = onto[..., chosen]
            solution = part @ np.linalg.pinv(gram[np.ix_(chosen, chosen)])
            explained = (part * solution).sum(axis=-1)
            best = np.where((solution >= 0).all(axis=-1), np.maximum(best, explained), best)
    return best.sum(axis=-1) / (activity**2).sum(axis=(-2, -1))


def _pairs(curves: np.ndarray) -> np.ndarray:
    """Correlations of all pairs of muscles, (D, T, M) -> (D, M (M - 1) / 2)."""
    first, second = np.tril_indices(curves.shape[-1], k=-1)
    centred = curves - curves.mean(axis=1, keepdims=True)
    size = np.linalg.norm(centred, axis=1, keepdims=True)
    shape = np.divide(centred, size, out=np.full(centred.shape, np.nan), where=size > 0)
    return (np.swapaxes(shape, -1, -2) @ shape)[:, first, second]


def _complete(strides: Strides) -> tuple[np.ndarray, np.ndarray, str]:
    """Strides measured in all channels (S, 101, M), their trials (S,), and why they cannot be used."""
    known = np.isfinite(strides.values).all(axis=(1, 2))
    rows, trial = strides.values[known], strides.trial[known]
    if not len(rows):
        return rows, trial, NONE
    notes = (unusable(rows[:, :, k], None, name) for k, name in enumerate(strides.names))
    return rows, trial, next((note for note in notes if note), "")


def _same_muscles(first: tuple[str, ...], second: tuple[str, ...]) -> list[int]:
    """Place of each of the first's muscles among the second's.

    Raises:
        BadValue: they are not the same muscles.
    """
    if set(first) != set(second):
        only = sorted(set(first) ^ set(second))
        raise BadValue(
            f"Coordination is compared between equal sets of muscles; found {len(first)} and {len(second)}, and only "
            f"one has {', '.join(only[:10])}. Select the muscles that both have."
        )
    return [second.index(name) for name in first]
