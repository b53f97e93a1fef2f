"""Settings of the warm start: a recipe's table [warm]."""

from dataclasses import dataclass
from math import inf

from biomimic.config import ranged


@dataclass(frozen=True)
class WarmStart:
    """How a policy learns from the tracker before any reinforcement learning.

    In the first rounds the tracker drives; in the later ones the policy of the round before, and the tracker says what
    it would do (DAgger). All labels are kept. The policy of the round that falls last from starts nobody trained on
    goes on.

    Args:
        rounds: of collecting and fitting; 0: no warm start.
        alone: of them, the first ones, in which the tracker drives all bodies and nothing is fitted but after the last.
        bodies: at once.
        seconds: that each body walks in a round.
        teacher: share of the time that the tracker drives in the later rounds.
        turns: shortest and longest time before it is drawn again who drives a body [s]; 0: once for the whole round.
        noise: spread of filtered noise on the actions of both, in units of action.
        noise_least: each walk draws its own spread between this share of it and all of it.
        noise_time: over which that noise forgets itself [s].
        clean: share of the walks without noise.
        push: strongest of the pushes at the root, one every two seconds [N]; clean walks are pushed too.
        calm: share of noise and pushes that is left where a policy drives, so that its walks stay near the tracker's.
        every: control steps from one label to the next.
        foreign: share of the labelled states that are labelled once more with activations of another visit to the same
            phase, so that the policy learns what follows from the state and what from the muscles.
        off_course: of the capture point beyond which a walk is given up, and nothing is learned from there [m].
        before_fall: what is left out before a fall [s]: nothing helps there.
        ridge: shrinkage of the linear map, in samples per phase knot.
        epochs: of the network beside the linear map, in each round, from where the last one left it; 0: the linear map
            alone.
        batch: samples in a step of it.
        rate: of its first step; it falls to 0 along half a cosine.
        hold_out: share of the labels kept from the network, in blocks, to report how well it generalises.
        trial: how long a policy must walk to be perfect [s].
        values: epochs of the critic on what the best policy gathers; 0: the critic stays as it is.
        value_seconds: that each body walks for them.
    """

    rounds: int = ranged(0, low=0)
    alone: int = ranged(1, low=1)
    bodies: int = ranged(24, low=1)
    seconds: float = ranged(8.0, low=0.1)
    teacher: float = ranged(0.2, low=0.0, high=1.0)
    turns: tuple[float, float] = (0.0, 0.0)
    noise: float = ranged(0.1, low=0.0)
    noise_least: float = ranged(1.0, low=0.0, high=1.0)
    noise_time: float = ranged(0.06, low=0.0)
    clean: float = ranged(0.0, low=0.0, high=1.0)
    push: float = ranged(0.0, low=0.0)
    calm: float = ranged(1.0, low=0.0, high=1.0)
    every: int = ranged(1, low=1)
    foreign: float = ranged(0.0, low=0.0, high=1.0)
    off_course: float = ranged(inf, low=0.0)
    before_fall: float = ranged(0.3, low=0.0)
    ridge: float = ranged(1.0, low=0.0)
    epochs: int = ranged(0, low=0)
    batch: int = ranged(512, low=1)
    rate: float = ranged(1e-3, low=0.0)
    hold_out: float = ranged(0.05, low=0.0, high=0.5)
    trial: float = ranged(10.0, low=0.1)
    values: int = ranged(0, low=0)
    value_seconds: float = ranged(10.0, low=0.1)
